"""One record for every source of wind: a column of geometric altitudes, and a grid of such columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WindProfile:
    """The wind in one column of air.

    Attributes
    ----------
    altitude_m
        Geometric altitude above sea level, rising, shape (levels,).
    east_m_s, north_m_s
        Speed towards the east and the north, shape (levels,).
    utc
        When it was measured, or for when it was computed, with a time zone.
    latitude_deg, longitude_deg
        Where.
    name
        Station or model, for messages and products.
    source
        The file.
    heights
        How the altitudes were found from what the file gives.
    left_out
        Levels that gave no wind of their own: without wind or height, or repeated.
    """

    altitude_m: Floats
    east_m_s: Floats
    north_m_s: Floats
    utc: datetime
    latitude_deg: float
    longitude_deg: float
    name: str
    source: str
    heights: str
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class BadSounding:
    """A sounding that cannot be used.

    Attributes
    ----------
    utc, latitude_deg, longitude_deg, name
        As `WindProfile`.
    error
        Why, with file and line.
    """

    utc: datetime
    latitude_deg: float
    longitude_deg: float
    name: str
    error: ConfigError


@dataclass(frozen=True, slots=True)
class Readings:
    """The soundings of a file: those that can be used, and those that cannot with the reason."""

    good: tuple[WindProfile, ...]
    bad: tuple[BadSounding, ...] = ()

    def all_good(self) -> tuple[WindProfile, ...]:
        """Return the soundings.

        Raises
        ------
        ConfigError
            If one is bad: what is wrong with the first.
        """
        if self.bad:
            raise self.bad[0].error
        return self.good


@dataclass(frozen=True, slots=True)
class WindField:
    """The columns of a grid around a place: the four nodes about it, at all times of a file.

    Attributes
    ----------
    utc
        Times, rising, with a time zone.
    columns
        For each time, the columns with their weights in latitude and longitude, which add to 1.
    name
        The model, for messages and products.
    source
        The file.
    """

    utc: tuple[datetime, ...]
    columns: tuple[tuple[tuple[WindProfile, float], ...], ...]
    name: str
    source: str
