"""What a column of wind must satisfy before it is used, and geometric altitudes from geopotential heights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.environment.balanced_wind import geopotential
from steppe.environment.soundings.records import Floats, WindProfile
from steppe.environment.wind_model import LARGEST_GAP_M, LARGEST_SPEED_M_S
from steppe.errors import ConfigError

# Below 20 km standard levels lie at most 2.7 km apart; without one of them, 850 to 500 hPa, 4.1 km
SMALLEST_GAP_REFUSED_M: Final = 4500.0
DENSE_BELOW_M: Final = 20e3
# A wind that begins higher says nothing about most of the drift under the main canopy (our choice)
HIGHEST_BOTTOM_M: Final = 3000.0
# Sondes under a swinging balloon fall back by metres; a larger fall is a file out of order (our choice)
JITTER_M: Final = 50.0
# Two winds at one height that differ by more are two measurements, not a rounding (our choice)
SAME_WIND_M_S: Final = 10.0
# Height of a pressure against the U.S. Standard Atmosphere 1976: winter and summer stay inside 10 % + 1 km (assumed)
_HEIGHT_SHARE: Final = 0.10
_HEIGHT_M: Final = 1000.0
GEOPOTENTIAL_NOTE: Final = "geopotential heights, made geometric with WGS-84 normal gravity"


@dataclass(frozen=True, slots=True)
class RawLevel:
    """One level as a file gives it, in SI.

    Attributes
    ----------
    line
        Line of the file, or number of the level.
    height_m
        Geopotential height in geopotential metres.
    pressure_pa
        Pressure, or not a number.
    east_m_s, north_m_s
        Wind towards the east and the north.
    """

    line: int
    height_m: float
    pressure_pa: float
    east_m_s: float
    north_m_s: float


@dataclass(frozen=True, slots=True)
class Heading:
    """What a file says about a column beside its levels.

    Attributes
    ----------
    utc, latitude_deg, longitude_deg, name, source
        As `WindProfile`.
    line
        Line where the column begins.
    word
        What a level is called in messages: ``"line"``, or ``"level"`` of a grid.
    """

    utc: datetime
    latitude_deg: float
    longitude_deg: float
    name: str
    source: str
    line: int
    word: str = "line"

    def error(self, message: str, line: int | None = None) -> ConfigError:
        """Return an error that says file and line."""
        return ConfigError(message, source=self.source, key=f"{self.word} {self.line if line is None else line}")


def geometric_altitude(height_gpm: Floats, latitude_deg: float) -> Floats:
    """Return the geometric altitude in m of geopotential heights in geopotential metres (9.80665 m2/s2 each).

    The geopotential is the integral of the WGS-84 normal gravity (NGA.STND.0036, chapter 4), inverted by Newton's
    method. Heights count from sea level; steppe takes that for the ellipsoid, as for the heights of its zones.

    Parameters
    ----------
    height_gpm
        Geopotential heights, any shape.
    latitude_deg
        Geodetic latitude.
    """
    wanted = np.asarray(height_gpm, dtype=np.float64) * STANDARD_GRAVITY_M_S2
    latitude = math.radians(latitude_deg)
    altitude = wanted / STANDARD_GRAVITY_M_S2
    for _ in range(4):
        slope = geopotential(altitude + 1.0, latitude) - geopotential(altitude, latitude)
        altitude = altitude - (geopotential(altitude, latitude) - wanted) / slope
    return altitude


def standard_height_gpm(pressure_pa: float) -> float:
    """Return the geopotential height of a pressure in the U.S. Standard Atmosphere 1976, in m.

    Below 11 km a lapse of 6.5 K/km, above it one temperature of 216.65 K (within 1 % up to 32 km).
    """
    if pressure_pa > 22632.0:
        return 44330.8 * (1.0 - float((pressure_pa / 101325.0) ** 0.190263))
    return 11000.0 + 6341.6 * math.log(22632.0 / pressure_pa)


def profile_of(levels: Sequence[RawLevel], heading: Heading, left_out: int = 0) -> WindProfile:
    """Check levels and return the column.

    Parameters
    ----------
    levels
        The levels with height and wind, in the order of the file.
    heading
        Time, place and name.
    left_out
        How many levels the reader left out already.

    Raises
    ------
    ConfigError
        If a speed or a height cannot be, heights fall, two winds stand at one height, or a gap is too large.
    """
    if not (-90.0 <= heading.latitude_deg <= 90.0 and -180.0 <= heading.longitude_deg <= 360.0):
        raise heading.error(
            f"expected a latitude from -90 to 90 and a longitude from -180 to 360 deg, got {heading.latitude_deg:g} "
            f"and {heading.longitude_deg:g}"
        )
    kept: list[RawLevel] = []
    for level in levels:
        _check_values(level, heading)
        if _follows(kept, level, heading):
            kept.append(level)
    if len(kept) < 2:
        raise heading.error(f"expected at least 2 levels with height and wind, got {len(kept)}; take another sounding")
    altitude_m = geometric_altitude(np.array([level.height_m for level in kept]), heading.latitude_deg)
    _check_gaps(altitude_m, kept, heading)
    return WindProfile(
        altitude_m=altitude_m,
        east_m_s=np.array([level.east_m_s for level in kept]),
        north_m_s=np.array([level.north_m_s for level in kept]),
        utc=heading.utc,
        latitude_deg=heading.latitude_deg,
        longitude_deg=heading.longitude_deg,
        name=heading.name,
        source=heading.source,
        heights=GEOPOTENTIAL_NOTE,
        left_out=left_out + len(levels) - len(kept),
    )


def _check_values(level: RawLevel, heading: Heading) -> None:
    speed = math.hypot(level.east_m_s, level.north_m_s)
    if not speed <= LARGEST_SPEED_M_S:
        raise heading.error(
            f"a wind of {speed:g} m/s, expected at most {LARGEST_SPEED_M_S:g} m/s; is the speed in knots, "
            "km/h or tenths, where the header says otherwise?",
            level.line,
        )
    if not -500.0 <= level.height_m <= 90e3:
        raise heading.error(
            f"expected a height from -500 to 90000 m, got {level.height_m:g}; heights are in metres", level.line
        )
    if math.isfinite(level.pressure_pa):
        if not 1.0 <= level.pressure_pa <= 110e3:
            raise heading.error(
                f"expected a pressure from 0.01 to 1100 hPa, got {level.pressure_pa / 100.0:g} hPa; is the unit right?",
                level.line,
            )
        usual = standard_height_gpm(level.pressure_pa)
        if level.pressure_pa >= 1000.0 and abs(level.height_m - usual) > _HEIGHT_SHARE * usual + _HEIGHT_M:
            raise heading.error(
                f"a height of {level.height_m:g} m at {level.pressure_pa / 100.0:g} hPa, expected about {usual:.0f} m; "
                "are heights in feet or decametres, or pressures in another unit?",
                level.line,
            )


def _follows(kept: list[RawLevel], level: RawLevel, heading: Heading) -> bool:
    """Return whether a level lies above the last one; False for a repetition or the jitter of a sonde."""
    if not kept:
        return True
    last = kept[-1]
    rise = level.height_m - last.height_m
    if rise > 0.0:
        return True
    if rise < -JITTER_M:
        raise heading.error(
            f"the heights must rise, but {level.height_m:g} m follows {last.height_m:g} m (line {last.line}); sort the "
            "levels by height",
            level.line,
        )
    change = math.hypot(level.east_m_s - last.east_m_s, level.north_m_s - last.north_m_s)
    if rise == 0.0 and change > SAME_WIND_M_S:
        raise heading.error(
            f"a second wind at {level.height_m:g} m that differs by {change:.0f} m/s from line {last.line}; "
            "remove the wrong one",
            level.line,
        )
    return False


def _check_gaps(altitude_m: Floats, kept: Sequence[RawLevel], heading: Heading) -> None:
    if altitude_m[0] > HIGHEST_BOTTOM_M:
        raise heading.error(
            f"the wind begins at {altitude_m[0]:.0f} m, expected at most {HIGHEST_BOTTOM_M:.0f} m: nothing is known "
            "about the air in which the canopy drifts",
            kept[0].line,
        )
    steps = np.diff(altitude_m)
    allowed = np.where(altitude_m[:-1] < DENSE_BELOW_M, SMALLEST_GAP_REFUSED_M, LARGEST_GAP_M)
    wide = np.flatnonzero(steps > allowed)
    if wide.size:
        at = int(wide[0])
        raise heading.error(
            f"no wind from {altitude_m[at]:.0f} to {altitude_m[at + 1]:.0f} m, a gap of {steps[at]:.0f} m; the largest "
            f"allowed is {allowed[at]:.0f} m below 20 km and {LARGEST_GAP_M:.0f} m above: take another sounding",
            kept[at + 1].line,
        )
