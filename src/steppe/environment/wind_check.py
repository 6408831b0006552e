"""Whether a wind that a user gives can be that of its month: one rule for every flight and for ``steppe wind``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from steppe.config.surroundings import Wind as WindChoice
from steppe.environment.wind_climatology import Floats, MonthlyWind, wind_at_time
from steppe.errors import EnvironmentDataError
from steppe.kernels.wind import Wind, wind_at

# A wind so many spreads from the mean of the month is refused (our choice): docs/models/wind.md says how often that
# meets a real wind, and how often it finds knots taken for m/s
UNUSUAL_SIGMA: Final = 4.0
# Above, the canopies are not yet open and the spread is assumed
CHECKED_TO_M: Final = 40e3
_STEP_M: Final = 250.0
_GIVEN: Final = ("table", "sounding", "grid")


@dataclass(frozen=True, slots=True)
class Unusual:
    """Where a wind lies farthest from its month.

    Attributes
    ----------
    altitude_m
        The level.
    speed_m_s
        The wind there.
    sigmas
        How many spreads (of each axis) it lies from the mean of the month.
    mean_m_s, spread_m_s
        Speed of the mean wind of the month, and the spread on each axis.
    allowed_m_s
        The largest speed in this direction that lies within `UNUSUAL_SIGMA` spreads.
    """

    altitude_m: float
    speed_m_s: float
    sigmas: float
    mean_m_s: float
    spread_m_s: float
    allowed_m_s: float

    def sentence(self) -> str:
        """Return what is unusual, and a question about the unit."""
        return (
            f"At {self.altitude_m / 1e3:.1f} km the wind of {self.speed_m_s:.0f} m/s lies {self.sigmas:.1f} spreads "
            f"from the mean of the month ({self.mean_m_s:.0f} m/s, spread {self.spread_m_s:.0f} m/s on each axis), "
            f"which allows {self.allowed_m_s:.0f} m/s in this direction: are these knots taken for m/s, and are date "
            "and place right?"
        )


def most_unusual(altitude_m: Floats, east_m_s: Floats, north_m_s: Floats, usual: MonthlyWind) -> Unusual | None:
    """Return the level farthest from the month if it lies beyond `UNUSUAL_SIGMA` spreads, else None.

    Parameters
    ----------
    altitude_m
        Levels, shape (levels,), m.
    east_m_s, north_m_s
        The wind, shape (levels,), m/s.
    usual
        Mean and spread of the month.
    """
    parts = (usual.east_m_s, usual.north_m_s, usual.spread_m_s)
    east, north, spread = (np.interp(altitude_m, usual.altitude_m, one) for one in parts)
    away = np.hypot(east_m_s - east, north_m_s - north) / spread
    at = int(np.argmax(away))
    if away[at] < UNUSUAL_SIGMA:
        return None
    speed = math.hypot(east_m_s[at], north_m_s[at])
    mean = math.hypot(east[at], north[at])
    # Largest s with |s u - mean| <= 4 spreads, u the direction of the wind
    along = (float(east_m_s[at] * east[at] + north_m_s[at] * north[at]) / speed) if speed > 0.0 else 0.0
    room = (UNUSUAL_SIGMA * float(spread[at])) ** 2 - (mean**2 - along**2)
    allowed = max(0.0, along + math.sqrt(max(room, 0.0)))
    return Unusual(float(altitude_m[at]), speed, float(away[at]), mean, float(spread[at]), allowed)


def require_usual(
    choice: WindChoice, table: Wind, utc: datetime, latitude_deg: float, longitude_deg: float, ground_m: float | None
) -> None:
    """Refuse the wind of a file or table that is too strong for its month, unless the mission accepts it.

    Parameters
    ----------
    choice
        The part ``[wind]`` of the mission file; ``unusual = "accept"`` lets every wind pass.
    table
        The wind that would be flown.
    utc, latitude_deg, longitude_deg
        Time, with a time zone, and place of the landing; far from the zones of the monthly table nothing is checked.
    ground_m
        Height of the ground there; None stands for sea level.

    Raises
    ------
    EnvironmentDataError
        If the wind is too strong: the level, its speed, what the month allows, and what to do.
    """
    if choice.model not in _GIVEN or choice.unusual == "accept":
        return
    try:
        usual = wind_at_time(utc, latitude_deg, longitude_deg)
    except EnvironmentDataError:
        return
    # The wind of the last level of a table holds above it; there only its own levels can be wrong
    top_m = min(table.lowest_m + len(table.layers) / table.layers_per_m, CHECKED_TO_M)
    low_m = ground_m or 0.0
    altitude_m = np.arange(low_m, max(top_m, low_m) + 1.0, _STEP_M)
    winds = np.array([wind_at(table, float(height)) for height in altitude_m])
    found = most_unusual(altitude_m, winds[:, 0], winds[:, 1], usual)
    if found is not None:
        named = choice.file or ", ".join(choice.files)
        raise EnvironmentDataError(
            f"{named + ': ' if named else ''}{found.sentence()} If the wind is that strong, write wind.unusual = "
            "'accept' in the mission file, or give --unusual-wind to 'steppe fly'; 'steppe wind' shows it beside the "
            "month"
        )
