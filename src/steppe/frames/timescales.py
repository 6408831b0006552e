"""Time scales: UTC as dates, and UTC, TAI, TT and UT1 as Julian dates in two parts, offline.

The first part is the Julian date of midnight (xxxxxxx.5) and the second the fraction of the day, so the sum keeps
better than a nanosecond. Dates are Python dates with a zone; they cannot hold the 61st second of a leap second.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from steppe.errors import EnvironmentDataError
from steppe.frames import iers
from steppe.frames.iers import Orientation

SECONDS_PER_DAY: Final = 86400.0
MJD_ZERO_JD: Final = 2400000.5
# TT - TAI, IAU 1991 resolution A4
TT_MINUS_TAI_S: Final = 32.184
_MJD_ZERO: Final = datetime(1858, 11, 17, tzinfo=UTC)

JulianDate = tuple[float, float]


def utc_mjd(utc: datetime) -> tuple[int, float]:
    """Return the modified Julian day and the seconds since its midnight of a date with a zone.

    Raises
    ------
    EnvironmentDataError
        If the date has no zone: its moment would be a guess.
    """
    if utc.tzinfo is None:
        raise EnvironmentDataError(
            f"the date {utc.isoformat()} has no time zone; use an aware date, as datetime(..., tzinfo=timezone.utc)"
        )
    since = utc.astimezone(UTC) - _MJD_ZERO
    return since.days, since.seconds + since.microseconds * 1e-6


def _normal(day_jd: float, seconds: float) -> JulianDate:
    whole = np.floor(seconds / SECONDS_PER_DAY)
    return float(day_jd + whole), float((seconds - whole * SECONDS_PER_DAY) / SECONDS_PER_DAY)


def _shifted(utc: datetime, shift_s: float) -> JulianDate:
    day, seconds = utc_mjd(utc)
    return _normal(day + MJD_ZERO_JD, seconds + shift_s)


def utc_to_jd(utc: datetime) -> JulianDate:
    """Return the UTC Julian date in two parts; every day has 86400 s, also one with a leap second."""
    return _shifted(utc, 0.0)


def jd_to_utc(jd1: float, jd2: float) -> datetime:
    """Return the date of a UTC Julian date in two parts, rounded to microseconds."""
    days = np.floor(jd1 - MJD_ZERO_JD)
    rest = (jd1 - MJD_ZERO_JD - days) + jd2
    return _MJD_ZERO + timedelta(days=float(days), seconds=round(float(rest) * SECONDS_PER_DAY, 6))


def tai_minus_utc_s(utc: datetime) -> float:
    """Return TAI - UTC in s (leap seconds of the IERS; the last known value holds on)."""
    day, seconds = utc_mjd(utc)
    return iers.tai_minus_utc_at(day + seconds / SECONDS_PER_DAY)


def earth_orientation(utc: datetime) -> Orientation:
    """Return UT1 - UTC, the pole and their quality at a date.

    Beyond the tables the values are zero, the kind is ``"none"`` and the note says what that costs.
    """
    day, seconds = utc_mjd(utc)
    mjd = day + seconds / SECONDS_PER_DAY
    values, kind = iers.orientation_values(mjd)
    ut1, pole_x, pole_y, dx, dy = (float(value) for value in values[:, 0])
    return Orientation(ut1, pole_x, pole_y, dx, dy, kind, iers.orientation_note(mjd, kind))


def ut1_minus_utc_s(utc: datetime) -> float:
    """Return UT1 - UTC in s from IERS Bulletin A (EOP 20 C04 before 1973); 0 beyond the tables, see `time_notes`."""
    return earth_orientation(utc).ut1_minus_utc_s


def utc_to_tai_jd(utc: datetime) -> JulianDate:
    """Return the TAI Julian date in two parts."""
    return _shifted(utc, tai_minus_utc_s(utc))


def utc_to_tt_jd(utc: datetime) -> JulianDate:
    """Return the TT Julian date in two parts."""
    return _shifted(utc, tai_minus_utc_s(utc) + TT_MINUS_TAI_S)


def utc_to_ut1_jd(utc: datetime) -> JulianDate:
    """Return the UT1 Julian date in two parts."""
    return _shifted(utc, ut1_minus_utc_s(utc))


def tai_jd_to_utc(jd1: float, jd2: float) -> datetime:
    """Return the date of a TAI Julian date in two parts, rounded to microseconds.

    The 61st second of a leap second is shown as the first second of the next day.
    """
    tai = jd_to_utc(jd1, jd2)
    # The offset belongs to the UTC that is looked for: one correction suffices except within a leap second
    guess = tai - timedelta(seconds=tai_minus_utc_s(tai))
    return tai - timedelta(seconds=tai_minus_utc_s(guess))


def tt_jd_to_utc(jd1: float, jd2: float) -> datetime:
    """Return the date of a TT Julian date in two parts, rounded to microseconds."""
    return tai_jd_to_utc(jd1, jd2 - TT_MINUS_TAI_S / SECONDS_PER_DAY)


def ut1_jd_to_utc(jd1: float, jd2: float) -> datetime:
    """Return the date of a UT1 Julian date in two parts, rounded to microseconds."""
    ut1 = jd_to_utc(jd1, jd2)
    guess = ut1 - timedelta(seconds=ut1_minus_utc_s(ut1))
    return ut1 - timedelta(seconds=ut1_minus_utc_s(guess))


def time_notes(utc: datetime) -> tuple[str, ...]:
    """Return what the user should know about time and Earth orientation at a date; empty if all was measured."""
    notes = []
    expires = iers.leap_seconds().expires
    if expires is not None and utc > expires:
        notes.append(
            f"The leap second table expires on {expires:%Y-%m-%d}, before {utc:%Y-%m-%d}: TAI - UTC is assumed to "
            "stay as it is. A newer astropy-iers-data covers later dates."
        )
    note = earth_orientation(utc).note
    return (*notes, note) if note else tuple(notes)
