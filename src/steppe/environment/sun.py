"""Where the Sun stands, to a hundredth of a degree."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from steppe.errors import EnvironmentDataError

_J2000: Final = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_right_ascension_declination_rad(utc: datetime) -> tuple[float, float]:
    """Return the apparent right ascension (-pi to pi) and declination of the Sun in rad, equator and equinox of date.

    Low-precision formulas of The Astronomical Almanac, section C, "Low precision formulas for the Sun": 0.01 deg
    between 1950 and 2050. UTC stands for terrestrial time: the difference of 69 s moves the Sun by 0.001 deg.

    Parameters
    ----------
    utc
        Date with a time zone.

    Raises
    ------
    EnvironmentDataError
        If `utc` has no time zone.
    """
    days = _days_since_j2000(utc)
    mean_longitude = math.radians((280.460 + 0.9856474 * days) % 360.0)
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360.0)
    longitude = mean_longitude + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly))
    obliquity = math.radians(23.439 - 0.0000004 * days)
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    return right_ascension, math.asin(math.sin(obliquity) * math.sin(longitude))


def sun_elevation_rad(utc: datetime, latitude_rad: float, longitude_rad: float) -> float:
    """Return the elevation of the centre of the Sun above the horizon in rad, without refraction and parallax.

    The hour angle uses Greenwich mean sidereal time (Meeus, Astronomical Algorithms, 2nd ed., equation 12.4) with UTC
    for UT1, which differ by less than 0.9 s or 0.004 deg. The error is below 0.05 deg from 1950 to 2050.

    Parameters
    ----------
    utc
        Date with a time zone.
    latitude_rad, longitude_rad
        Geodetic latitude and longitude (east positive).

    Raises
    ------
    EnvironmentDataError
        If `utc` has no time zone.
    """
    right_ascension, declination = sun_right_ascension_declination_rad(utc)
    sidereal = math.radians((280.46061837 + 360.98564736629 * _days_since_j2000(utc)) % 360.0)
    hour_angle = sidereal + longitude_rad - right_ascension
    sine = math.sin(latitude_rad) * math.sin(declination)
    sine += math.cos(latitude_rad) * math.cos(declination) * math.cos(hour_angle)
    return math.asin(min(1.0, max(-1.0, sine)))


def next_crossing_s(utc: datetime, latitude_rad: float, longitude_rad: float, elevation_rad: float) -> float | None:
    """Return the time until the Sun next passes an elevation, up or down, to a second; None if not within a day.

    Parameters
    ----------
    utc
        From when on, with a time zone.
    latitude_rad, longitude_rad
        Geodetic latitude and longitude (east positive).
    elevation_rad
        Of the centre of the Sun; -0.833 deg is the usual border of the day (The Astronomical Almanac, section A).

    Raises
    ------
    EnvironmentDataError
        If `utc` has no time zone.
    """

    def above(seconds: float) -> bool:
        return sun_elevation_rad(utc + timedelta(seconds=seconds), latitude_rad, longitude_rad) >= elevation_rad

    now = above(0.0)
    # ten minutes: the Sun is never up or down for less, but for days at the polar circle
    late = next((step * 600.0 for step in range(1, 145) if above(step * 600.0) != now), None)
    if late is None:
        return None
    early = late - 600.0
    while late - early > 1.0:
        middle = 0.5 * (early + late)
        early, late = (middle, late) if above(middle) == now else (early, middle)
    return late


def _days_since_j2000(utc: datetime) -> float:
    if utc.tzinfo is None:
        raise EnvironmentDataError(f"the Sun needs a date with a time zone, got {utc.isoformat()}; add UTC")
    return (utc - _J2000).total_seconds() / 86400.0
