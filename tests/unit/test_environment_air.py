import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.config.surroundings import Air as AirChoice
from steppe.environment.air import air_for, exponential_air, msis_air, no_air, us76_air
from steppe.environment.track import columns_along, single_column
from steppe.environment.us76 import us76
from steppe.errors import EnvironmentDataError
from steppe.kernels.air import air_at, column_air

UTC_TARGET = datetime(2022, 9, 29, 10, 57, tzinfo=UTC)
TARGET = np.array([0.2362, 0.6351, 0.7350])
FLIGHT = np.array([-0.9, 0.1, 0.3])
unit_vectors = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: math.hypot(*v) > 0.2).map(np.array)


def read(table, altitude_m, direction=(1.0, 0.0, 0.0)):
    return air_at(table, float(altitude_m), *(float(part) for part in direction))


@pytest.mark.parametrize("scale_height_m", [150.0, 7200.0, 90e3])
def test_exponential_air_is_exact_to_1e9(scale_height_m):
    table = exponential_air(1.225, scale_height_m, 250.0)
    for altitude_m in np.linspace(-499.0, min(600e3, 600 * scale_height_m), 997):
        density, inverse_sound = read(table, altitude_m)
        assert density == pytest.approx(1.225 * math.exp(-altitude_m / scale_height_m), rel=1e-9)
        assert 1.0 / inverse_sound == pytest.approx(math.sqrt(1.4 * 8314.32 / 28.9644 * 250.0), rel=1e-12)


def test_us76_table_stays_within_its_stated_error():
    table = us76_air()
    altitudes = np.random.default_rng(7).uniform(-500.0, 600e3, 6000)
    altitudes = np.concatenate([altitudes, np.linspace(46.9e3, 51.8e3, 500), np.linspace(11.0e3, 11.3e3, 100)])
    state = us76(altitudes)
    values = np.array([read(table, z) for z in altitudes])
    assert np.max(np.abs(values[:, 0] / state.density_kg_m3 - 1.0)) < 2e-4
    assert np.max(np.abs(values[:, 1] * state.speed_of_sound_m_s - 1.0)) < 2e-4
    # The check cases of NASA fly below the first kink of the standard, at 11.019 km
    low = altitudes < 10.9e3
    assert np.max(np.abs(values[low, 0] / state.density_kg_m3[low] - 1.0)) < 1e-9


@pytest.mark.parametrize("build", [us76_air, lambda: msis_air([UTC_TARGET], single_column(TARGET))])
def test_density_is_continuous_between_layers(build):
    layers = build().layers
    for layer in range(layers.shape[1] - 1):
        top = column_air(layers, 0, layer, 1.0)
        bottom = column_air(layers, 0, layer + 1, 0.0)
        assert top == pytest.approx(bottom, rel=1e-9)


def test_pressure_is_that_of_the_bottom_of_the_layer():
    layers = us76_air().layers
    altitudes = -500.0 + 100.0 * np.arange(layers.shape[1])
    assert layers[0, :, 7] == pytest.approx(us76(altitudes).pressure_pa, rel=1e-12)


def test_no_air_has_no_density_and_a_finite_mach_number():
    assert read(no_air(), 50e3) == (0.0, pytest.approx(1.0 / 340.294))


def test_above_the_table_the_top_holds():
    table = us76_air()
    assert read(table, 900e3) == pytest.approx(read(table, 600.5e3), rel=1e-9)


@given(unit_vectors, unit_vectors, st.floats(0.05, 2.0), st.floats(0.0, 0.5), st.integers(2, 40))
@settings(max_examples=50, deadline=None)
def test_axis_gives_each_column_its_sine(target, direction, back, ahead, count):
    if np.linalg.norm(np.cross(target, direction)) < 0.01:
        return
    columns = columns_along(target, direction, back, ahead, count)
    geocentric = np.arctan((1 - 1 / 298.257223563) ** 2 * np.tan(np.radians(columns.latitude_deg)))
    longitude = np.radians(columns.longitude_deg)
    places = np.stack(
        [np.cos(geocentric) * np.cos(longitude), np.cos(geocentric) * np.sin(longitude), np.sin(geocentric)], axis=1
    )
    assert places @ columns.axis_itrf == pytest.approx(columns.sine, abs=1e-9)
    assert np.all(np.diff(columns.time_s) > 0.0)
    assert np.diff(columns.sine) == pytest.approx(np.full(count - 1, np.diff(columns.sine)[0]), abs=1e-12)


def test_columns_end_where_they_were_asked_to():
    columns = columns_along([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], math.radians(70), math.radians(5), 16)
    assert columns.longitude_deg[[0, -1]] == pytest.approx([-70.0, 5.0])
    assert columns.latitude_deg == pytest.approx(np.zeros(16), abs=1e-12)
    assert columns.time_s[0] == pytest.approx(-70.0 / 360.0 * 92.5 * 60.0)


@pytest.mark.parametrize(
    ("target", "direction", "word"),
    [
        ([0.0, 0.0, 0.0], [0.0, 1.0, 0.0], "target"),
        ([1.0, 0.0, math.nan], [0.0, 1.0, 0.0], "target"),
        ([1.0, 0.0, 0.0], [2.0, 0.0, 0.0], "vertical"),
        ([1.0, 0.0, 0.0], [0.0, 0.0, 0.0], "direction"),
    ],
)
def test_impossible_tracks_are_refused(target, direction, word):
    with pytest.raises(EnvironmentDataError, match=word):
        columns_along(target, direction)


def test_impossible_arcs_are_refused():
    with pytest.raises(EnvironmentDataError, match="arc"):
        columns_along([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], math.radians(170), math.radians(20))


def test_as_many_dates_as_columns_are_needed():
    with pytest.raises(EnvironmentDataError, match="one date per column"):
        msis_air([UTC_TARGET], columns_along(TARGET, FLIGHT))


@pytest.mark.parametrize("altitude_m", [math.nan, -6e3, 1.1e6])
def test_us76_refuses_altitudes_it_does_not_cover(altitude_m):
    with pytest.raises(EnvironmentDataError, match="metres"):
        us76([0.0, altitude_m])


@pytest.mark.parametrize(
    ("model", "columns", "word"),
    [("msis", 16, "NRLMSIS"), ("us76", 1, "1976"), ("exponential", 1, "exponential"), ("none", 1, "none")],
)
def test_the_mission_file_chooses_the_air(model, columns, word):
    air = air_for(AirChoice(model=model), UTC_TARGET, TARGET, FLIGHT)
    assert air.table.layers.shape[0] == columns
    assert air.table.layers.flags.c_contiguous
    assert word in air.name
    assert word in air.provenance["air"]


def test_without_a_direction_there_is_one_column():
    assert air_for(AirChoice(), UTC_TARGET, TARGET, None).table.layers.shape[0] == 1


def test_air_of_a_date_without_space_weather_says_so():
    air = air_for(AirChoice(), datetime(2090, 1, 1, tzinfo=UTC), TARGET, FLIGHT)
    assert "2090-01-01" in air.note
    assert "fallback" in air.provenance["space_weather"]
