"""Monthly mean and spread of the wind over each landing zone, from the table that ships with steppe.

The lowest 3 km above the ground are published (GOST R 54084-2010). From 5 km upwards it is synthetic: the mean balances
the pressure of NRLMSIS 2.1, the spread is assumed (docs/models/wind.md).
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.loader import load_zone
from steppe.environment.balanced_wind import FADE_TO_M
from steppe.environment.sourced import Sourced
from steppe.environment.wind_model import layers
from steppe.errors import ConfigError, EnvironmentDataError, nearest
from steppe.frames.geodetic import geodesic_distance_m
from steppe.kernels.wind import Wind

PUBLISHED: Final = "GOST R 54084-2010"
LAYER_M: Final = 100.0
# The table of a zone serves so far from it: the grid of the standard is 5 by 10 deg (our choice)
FARTHEST_M: Final = 500e3

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MonthlyWind:
    """The wind of a month over a zone.

    Attributes
    ----------
    altitude_m
        Geodetic altitudes, shape (levels,).
    east_m_s, north_m_s
        Mean speed towards the east and the north, shape (levels,).
    spread_m_s
        Standard deviation of the wind of the day on each axis, shape (levels,).
    zone
        Whose table it is.
    published_to_m
        Highest altitude of published values; above it, mean and spread are synthetic.
    """

    altitude_m: Floats
    east_m_s: Floats
    north_m_s: Floats
    spread_m_s: Floats
    zone: str = ""
    published_to_m: float = 0.0


@cache
def _table() -> dict[tuple[str, int], list[tuple[float, ...]]]:
    """Return zone and month -> altitude, mean east, mean north, spread, and 1 where it is published."""
    text = files("steppe.data").joinpath("wind_climatology.csv").read_text("utf-8")
    rows: dict[tuple[str, int], list[tuple[float, ...]]] = {}
    for row in csv.DictReader(text.splitlines()):
        numbers = tuple(float(row[key]) for key in ("altitude_m", "mean_east_m_s", "mean_north_m_s", "spread_m_s"))
        published = float(row["source"] == PUBLISHED)
        rows.setdefault((row["zone"], int(row["month"])), []).append((*numbers, published))
    return rows


def monthly_wind(zone: str, month: int) -> MonthlyWind:
    """Return the wind of a month over a zone.

    Parameters
    ----------
    zone
        Name of a zone that comes with steppe.
    month
        1 to 12.

    Raises
    ------
    ConfigError
        If there is no such zone or month.
    """
    rows = _table().get((zone, month))
    if rows is None:
        zones = sorted({name for name, _ in _table()})
        if zone in zones:
            raise ConfigError(f"expected a month from 1 to 12, got {month}")
        raise ConfigError(f"no climatology of the zone '{zone}', {nearest(zone, zones)}")
    values = np.array(rows).T
    published_to_m = float(values[0][values[4] > 0.0].max())
    return MonthlyWind(values[0], values[1], values[2], values[3], zone, published_to_m)


def wind_at_time(utc: datetime, latitude_deg: float, longitude_deg: float) -> MonthlyWind:
    """Return mean and spread of the nearest zone, linear in time between the middles of the months.

    Parameters
    ----------
    utc
        Time, with a time zone.
    latitude_deg, longitude_deg
        Place of the landing.

    Raises
    ------
    EnvironmentDataError
        If no zone of the table is within 500 km.
    """
    away = {zone: _distance_m(zone, latitude_deg, longitude_deg) for zone in sorted({name for name, _ in _table()})}
    zone = min(away, key=lambda name: away[name])
    if not away[zone] <= FARTHEST_M:
        raise EnvironmentDataError(
            f"the monthly wind covers the landing zones of Kazakhstan, the nearest of which ({zone}) is "
            f"{away[zone] / 1e3:.0f} km from {latitude_deg:.3f} N {longitude_deg:.3f} E; "
            "write wind.model = 'climatology'"
        )
    moment = utc.astimezone(UTC)
    # Middle of a month: 15.2 days
    months = moment.month - 1 + (moment.day - 1 + moment.hour / 24.0) / 30.44 - 0.5
    before, share = divmod(months, 1.0)
    one, two = (monthly_wind(zone, int(before + k) % 12 + 1) for k in (0, 1))
    return MonthlyWind(
        one.altitude_m,
        (1.0 - share) * one.east_m_s + share * two.east_m_s,
        (1.0 - share) * one.north_m_s + share * two.north_m_s,
        (1.0 - share) * one.spread_m_s + share * two.spread_m_s,
        zone,
        one.published_to_m,
    )


def monthly_model(utc: datetime, latitude_deg: float, longitude_deg: float) -> Sourced[Wind]:
    """Return the monthly mean wind for a flight: below its lowest level that holds, above 80 km it fades out to 120 km.

    Parameters and errors as `wind_at_time`.
    """
    mean = wind_at_time(utc, latitude_deg, longitude_deg)
    lowest_m = LAYER_M * math.floor(float(mean.altitude_m[0]) / LAYER_M)
    altitude_m = np.arange(lowest_m, FADE_TO_M + LAYER_M, LAYER_M)
    nodes = np.append(mean.altitude_m, FADE_TO_M)
    east, north = (np.interp(altitude_m, nodes, np.append(speed, 0.0)) for speed in (mean.east_m_s, mean.north_m_s))
    note = (
        f"The wind is the monthly mean of the zone {mean.zone}: published ({PUBLISHED}) up to "
        f"{mean.published_to_m:.0f} m, synthetic above; the wind of the day differs by its weather."
    )
    words = f"monthly mean of {mean.zone}, {utc.astimezone(UTC):%Y-%m-%d}"
    return Sourced(layers(lowest_m, LAYER_M, east, north), "monthly mean", note, {"wind": words})


def _distance_m(zone: str, latitude_deg: float, longitude_deg: float) -> float:
    there = load_zone(zone)
    angles = (there.latitude_deg, there.longitude_deg, latitude_deg, longitude_deg)
    return float(geodesic_distance_m(*map(math.radians, angles)))
