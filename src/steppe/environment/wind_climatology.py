"""Monthly mean and spread of the wind over each landing zone, from the table that ships with steppe.

Synthetic: the mean balances the pressure of NRLMSIS 2.1, the spread is assumed (docs/models/wind.md).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError, nearest

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
    """

    altitude_m: Floats
    east_m_s: Floats
    north_m_s: Floats
    spread_m_s: Floats


@cache
def _table() -> dict[tuple[str, int], list[tuple[float, ...]]]:
    text = files("steppe.data").joinpath("wind_climatology.csv").read_text("utf-8")
    rows: dict[tuple[str, int], list[tuple[float, ...]]] = {}
    for row in csv.DictReader(text.splitlines()):
        numbers = tuple(float(row[key]) for key in ("altitude_m", "mean_east_m_s", "mean_north_m_s", "spread_m_s"))
        rows.setdefault((row["zone"], int(row["month"])), []).append(numbers)
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
    return MonthlyWind(values[0], values[1], values[2], values[3])
