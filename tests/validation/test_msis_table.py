"""The tabulated NRLMSIS 2.1 against pymsis itself, the distribution of the model's own code."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pymsis
import pytest

from steppe.environment.air import msis_air
from steppe.environment.space_weather import space_weather_at
from steppe.environment.track import ORBIT_RATE_RAD_S, columns_along
from steppe.kernels.air import air_at

pytestmark = pytest.mark.validation

UTC_TARGET = datetime(2022, 9, 29, 10, 57, tzinfo=UTC)
SQUEEZE = (1 - 1 / 298.257223563) ** 2


def unit(latitude_deg, longitude_deg):
    latitude, longitude = math.atan(SQUEEZE * math.tan(math.radians(latitude_deg))), math.radians(longitude_deg)
    return np.array(
        [math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)]
    )


TARGET = unit(47.4, 69.6)
EAST = np.array([-math.sin(math.radians(69.6)), math.cos(math.radians(69.6)), 0.0])
FLIGHT = math.sin(math.radians(62)) * EAST + math.cos(math.radians(62)) * np.cross(TARGET, EAST)


@pytest.fixture(scope="module")
def track():
    columns = columns_along(TARGET, FLIGHT)
    return columns, msis_air([UTC_TARGET + timedelta(seconds=float(s)) for s in columns.time_s], columns)


def errors(table, direction, latitude_deg, longitude_deg, utc, altitude_m):
    """Return the relative errors of density and speed of sound."""
    weather = space_weather_at(utc)
    truth = pymsis.calculate(
        np.datetime64(utc.replace(tzinfo=None)), longitude_deg, latitude_deg, altitude_m / 1e3,
        weather.f107_sfu, weather.f107a_sfu, [weather.ap], version=2.1, geomagnetic_activity=-1,
    ).reshape(-1, 11).astype(float)  # fmt: skip
    sound = np.sqrt(1.4 * np.nansum(truth[:, 1:10], axis=1) * 1.380649e-23 * truth[:, 10] / truth[:, 0])
    ours = np.array([air_at(table, float(z), *(float(d) for d in direction)) for z in altitude_m])
    return np.abs(ours[:, 0] / truth[:, 0] - 1.0), np.abs(ours[:, 1] * sound - 1.0)


@pytest.mark.parametrize("column", [0, 8, 15])
def test_on_a_column_the_table_is_the_model(track, column):
    columns, table = track
    latitude, longitude = columns.latitude_deg[column], columns.longitude_deg[column]
    utc = UTC_TARGET + timedelta(seconds=float(columns.time_s[column]))
    altitude_m = np.random.default_rng(column).uniform(-500.0, 200e3, 600)
    density, sound = errors(table, unit(latitude, longitude), latitude, longitude, utc, altitude_m)
    assert density.max() < 3e-5
    assert sound.max() < 5e-5


@pytest.mark.parametrize(("cross_km", "bound"), [(0.0, 3e-3), (100.0, 1.0e-2)])
def test_between_columns_and_beside_the_track_the_error_is_bounded(track, cross_km, bound):
    columns, table = track
    across = np.cross(TARGET, FLIGHT)
    altitude_m = np.random.default_rng(3).uniform(0.0, 200e3, 150)
    for sine in (columns.sine[1:] + columns.sine[:-1]) / 2.0:
        angle = math.radians(-32.5) + math.asin(sine)
        place = math.cos(angle) * TARGET + math.sin(angle) * FLIGHT
        cross = cross_km / 6371.0
        place = math.cos(cross) * place + math.sin(cross) * across
        latitude = math.degrees(math.atan2(place[2], SQUEEZE * math.hypot(place[0], place[1])))
        longitude = math.degrees(math.atan2(place[1], place[0]))
        utc = UTC_TARGET + timedelta(seconds=angle / ORBIT_RATE_RAD_S)
        density, _ = errors(table, place, latitude, longitude, utc, altitude_m)
        assert density.max() < bound


def test_columns_differ_by_more_than_the_error_between_them(track):
    """The columns earn their place: from end to end the density at 80 km changes by far more than the bound above."""
    _, table = track
    layer = 80
    densities = table.layers[:, layer, 0]
    assert densities.max() / densities.min() > 1.05
