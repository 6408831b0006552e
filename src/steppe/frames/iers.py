"""Tables of the Earth's rotation, read where they lie: leap seconds, UT1 - UTC and the pole, from astropy-iers-data.

Bulletin A of the IERS (finals2000A) has fixed-length records, one a day, so a date is a seek and not a search: a few
records are read and kept, never the whole file. EOP 20 C04 serves the years before Bulletin A begins (1973).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from steppe.errors import EnvironmentDataError

ARCSECOND_RAD: Final = np.pi / (180.0 * 3600.0)
# MJD of 1 January 1972, from when UTC differs from TAI by whole seconds (ITU-R TF.460)
_FIRST_WHOLE_LEAP_MJD: Final = 41317
# |UT1 - UTC| stays below this by definition of UTC (ITU-R TF.460-6)
LARGEST_UT1_MINUS_UTC_S: Final = 0.9
# Columns of finals2000A.all, from the ReadMe.finals2000A beside it, counted from 0
_FINALS: Final = {"pole_x": (18, 27), "pole_y": (37, 46), "ut1": (58, 68), "dx": (97, 106), "dy": (116, 125)}
_FINALS_FLAG: Final = 57

Kind = Literal["measured", "predicted", "none"]


@dataclass(frozen=True, slots=True)
class Orientation:
    """What the tables say about the turning Earth at one moment.

    Attributes
    ----------
    ut1_minus_utc_s
        UT1 - UTC in s.
    pole_x_rad, pole_y_rad
        Polar motion (ITRF).
    cip_dx_rad, cip_dy_rad
        Observed corrections to the celestial pole of IAU 2006/2000A.
    kind
        ``"measured"``, ``"predicted"``, or ``"none"`` when no table covers the date: then all values are zero.
    note
        What the user should know; empty for measured values.
    """

    ut1_minus_utc_s: float
    pole_x_rad: float
    pole_y_rad: float
    cip_dx_rad: float = 0.0
    cip_dy_rad: float = 0.0
    kind: Kind = "measured"
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Record:
    mjd: int
    values: tuple[float, float, float, float, float]
    kind: Kind


@dataclass(frozen=True, slots=True)
class LeapSeconds:
    """The table of leap seconds: MJD from which a value of TAI - UTC holds, and when the table expires."""

    mjd: tuple[float, ...]
    tai_minus_utc_s: tuple[float, ...]
    expires: datetime | None


def mjd_date(mjd: float) -> str:
    """Return the calendar date of a modified Julian date as YYYY-MM-DD."""
    return str(np.datetime64("1858-11-17", "D") + np.timedelta64(int(np.floor(mjd)), "D"))


@cache
def leap_seconds() -> LeapSeconds:
    """Read the leap second table of the IERS.

    Raises
    ------
    EnvironmentDataError
        If the table is missing or empty.
    """
    import astropy_iers_data

    path = Path(astropy_iers_data.IERS_LEAP_SECOND_FILE)
    text = _read_text(path)
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not rows:
        raise EnvironmentDataError(f"{path}: expected leap seconds, found none; reinstall astropy-iers-data")
    found = re.search(r"expires on (\d+ \w+ \d{4})", text)
    expires = datetime.strptime(found[1] + " +0000", "%d %B %Y %z") if found else None
    return LeapSeconds(tuple(float(row[0]) for row in rows), tuple(float(row[4]) for row in rows), expires)


def tai_minus_utc_at(mjd: float) -> float:
    """Return TAI - UTC in s at a UTC modified Julian date; constant after the last leap second that is known.

    Raises
    ------
    EnvironmentDataError
        Before 1960, when UTC did not exist.
    """
    table = leap_seconds()
    if mjd >= _FIRST_WHOLE_LEAP_MJD:
        return table.tai_minus_utc_s[int(np.searchsorted(table.mjd, mjd, side="right")) - 1]
    # 36934 is 1 January 1960; erfa.dat knows the drifting UTC of 1960 to 1971 and warns before it
    if mjd < 36934:
        raise EnvironmentDataError(f"UTC begins in 1960; {mjd_date(mjd)} has none. Give a later date")
    import erfa

    year, month, day = (int(part) for part in mjd_date(mjd).split("-"))
    return float(erfa.dat(year, month, day, mjd - np.floor(mjd)))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentDataError(f"{path}: cannot be read ({error}); reinstall astropy-iers-data") from error


@cache
def _finals_layout() -> tuple[Path, int, int, int]:
    """Return path, record length in bytes, first MJD and number of records of Bulletin A."""
    import astropy_iers_data

    path = Path(astropy_iers_data.IERS_A_FILE)
    try:
        with path.open("rb") as file:
            first = file.readline()
        return path, len(first), int(float(first[7:15])), path.stat().st_size // len(first)
    except (OSError, ValueError, ZeroDivisionError) as error:
        raise EnvironmentDataError(f"{path}: cannot be read ({error}); reinstall astropy-iers-data") from error


@lru_cache(maxsize=4096)
def _finals_record(mjd: int) -> _Record | None:
    path, length, first, count = _finals_layout()
    if not 0 <= mjd - first < count:
        return None
    with path.open("rb") as file:
        file.seek((mjd - first) * length)
        line = file.read(length).decode("ascii", "replace")
    try:
        if int(float(line[7:15])) != mjd:
            raise ValueError(f"record of MJD {line[7:15].strip()} where MJD {mjd} should be")
        fields = {name: line[start:end].strip() for name, (start, end) in _FINALS.items()}
        if not (fields["pole_x"] and fields["pole_y"] and fields["ut1"]):
            return None
        arc = ARCSECOND_RAD
        values = (
            float(fields["ut1"]),
            float(fields["pole_x"]) * arc,
            float(fields["pole_y"]) * arc,
            float(fields["dx"] or 0.0) * 1e-3 * arc,
            float(fields["dy"] or 0.0) * 1e-3 * arc,
        )
    except ValueError as error:
        raise EnvironmentDataError(f"{path}: {error}; reinstall astropy-iers-data") from error
    return _Record(mjd, values, "measured" if line[_FINALS_FLAG] == "I" else "predicted")


@cache
def _early_records() -> dict[int, _Record]:
    """Read the years of EOP 20 C04 that Bulletin A does not have (1962 to 1972)."""
    import astropy_iers_data

    path, until = Path(astropy_iers_data.IERS_B_FILE), _finals_layout()[2]
    records: dict[int, _Record] = {}
    for line in _read_text(path).splitlines():
        if line.startswith("#") or not line.strip():
            continue
        row = line.split()
        mjd = int(float(row[4]))
        if mjd >= until:
            break
        pole_x, pole_y, ut1, dx, dy = (float(value) for value in row[5:10])
        arc = ARCSECOND_RAD
        records[mjd] = _Record(mjd, (ut1, pole_x * arc, pole_y * arc, dx * arc, dy * arc), "measured")
    return records


def _record(mjd: int) -> _Record | None:
    return _finals_record(mjd) if mjd >= _finals_layout()[2] else _early_records().get(mjd)


@cache
def last_day() -> int:
    """Return the MJD of the last day for which Bulletin A gives or predicts all values."""
    _, _, first, count = _finals_layout()
    mjd = first + count - 1
    while mjd > first and _finals_record(mjd) is None:
        mjd -= 1
    return mjd


def orientation_values(mjd: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], Kind]:
    """Interpolate the tables linearly between midnights.

    Parameters
    ----------
    mjd
        UTC modified Julian dates, scalar or shape (N,).

    Returns
    -------
    (values, kind)
        Rows UT1 - UTC in s, pole x, pole y, celestial pole dX, dY in rad: shape (5, N) (N = 1 for a scalar). Where
        no table covers a date all are zero. The kind is that of the worst date.
    """
    days = np.atleast_1d(np.asarray(mjd, dtype=np.float64))
    first, last = int(np.floor(days.min())), int(np.floor(days.max())) + 1
    wanted = range(first, last + 1) if last - first < 5000 else sorted({*np.floor(days), *(np.floor(days) + 1)})
    records = [record for record in (_record(int(day)) for day in wanted) if record is not None]
    if not records:
        return np.zeros((5, days.size)), "none"
    grid = np.array([record.mjd for record in records], dtype=np.float64)
    table = np.array([record.values for record in records]).T
    # UT1 - TAI is smooth, UT1 - UTC jumps by a second at each leap second
    table[0] -= [tai_minus_utc_at(day) for day in grid]
    values = np.array([np.interp(days, grid, row) for row in table])
    offsets, inverse = np.unique(np.floor(days), return_inverse=True)
    values[0] += np.array([tai_minus_utc_at(day) for day in offsets])[inverse]
    covered = (days >= grid[0]) & (days <= grid[-1])
    values[:, ~covered] = 0.0
    if not covered.all():
        return values, "none"
    return values, "predicted" if any(record.kind == "predicted" for record in records) else "measured"


def orientation_note(mjd: float, kind: Kind) -> str:
    """Return the sentence that tells how far Earth orientation of that kind can be trusted; empty if measured."""
    if kind == "measured":
        return ""
    if kind == "predicted":
        return f"Earth orientation for {mjd_date(mjd)} is a prediction of IERS Bulletin A."
    return (
        f"No Earth orientation for {mjd_date(mjd)}: the tables reach from 1962-01-01 to {mjd_date(last_day())}. "
        f"UT1 = UTC and a pole at rest are used; UT1 may differ by {LARGEST_UT1_MINUS_UTC_S} s, which is 0.42 km "
        "on the equator. A newer astropy-iers-data covers later dates."
    )
