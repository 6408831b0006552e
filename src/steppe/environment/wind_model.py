"""How levels of wind become the table that the kernels read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError
from steppe.kernels.wind import Wind

Floats = npt.NDArray[np.float64]
Level = tuple[float, float, float]

# Levels of a table rarely fall on a grid; 100 m follows a sounding closely
TABLE_LAYER_M: Final = 100.0
# A limit of plausibility, our choice: twice the strongest mean wind of the balanced climatology (docs/models/wind.md)
LARGEST_SPEED_M_S: Final = 150.0
# Twice the largest step between the standard pressure levels of radiosonde reports (20 to 10 hPa, 5 km)
LARGEST_GAP_M: Final = 10e3


def layers(lowest_m: float, layer_m: float, east_m_s: Floats, north_m_s: Floats) -> Wind:
    """Return the table whose layers of one height are linear between the given winds at their borders."""
    parts = [east_m_s[:-1], np.diff(east_m_s), north_m_s[:-1], np.diff(north_m_s)]
    return Wind(np.ascontiguousarray(np.stack(parts, axis=1)), float(lowest_m), 1.0 / layer_m)


def table_wind(levels: Sequence[Level]) -> Wind:
    """Return the wind that is linear between levels; below the first and above the last level their wind holds.

    The levels are sampled every 100 m, so a kink may lie up to 50 m from its level.

    Parameters
    ----------
    levels
        Altitude in m, speed towards the east and towards the north in m/s, rising in altitude.

    Raises
    ------
    ConfigError
        If there is no level, a value is not finite, or the altitudes do not rise.
    """
    values = np.array(levels, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 3 or not np.all(np.isfinite(values)):
        raise ConfigError(
            "expected levels of three finite numbers (altitude_m, east_m_s, north_m_s)", key="wind.levels"
        )
    if np.any(np.diff(values[:, 0]) <= 0.0):
        raise ConfigError("the altitudes must rise from level to level", key="wind.levels")
    count = max(1, math.ceil((values[-1, 0] - values[0, 0]) / TABLE_LAYER_M))
    altitude_m = values[0, 0] + TABLE_LAYER_M * np.arange(count + 1)
    east, north = (np.interp(altitude_m, values[:, 0], values[:, k]) for k in (1, 2))
    return layers(values[0, 0], TABLE_LAYER_M, east, north)


def components(speed_m_s: float, direction_deg: float) -> tuple[float, float]:
    """Return the parts towards the east and the north of a wind that comes from a direction (clockwise from north)."""
    angle = math.radians(direction_deg)
    return -speed_m_s * math.sin(angle), -speed_m_s * math.cos(angle)
