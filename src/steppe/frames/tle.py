"""Two-line elements: what a pair of lines must look like, and where it does not."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.errors import ElementsError
from steppe.frames.timescales import jd_to_utc, utc_to_jd

LINE_LENGTH: Final = 69
# Columns (from 1) that hold a fixed character; Hoots and Roehrich, Spacetrack Report No. 3 (1980), and celestrak.org
_FIXED: Final = {
    1: {2: " ", 9: " ", 18: " ", 24: ".", 33: " ", 35: ".", 44: " ", 53: " ", 62: " ", 64: " "},
    2: {2: " ", 8: " ", 12: ".", 17: " ", 21: ".", 26: " ", 34: " ", 38: ".", 43: " ", 47: ".", 52: " ", 55: "."},
}
# First and last column (from 1) and kind of each number
_NUMBERS: Final = {
    1: {
        "epoch year": (19, 20, "digits"),
        "epoch day": (21, 32, "number"),
        "first derivative of the mean motion": (34, 43, "number"),
        "second derivative of the mean motion": (45, 52, "exponent"),
        "drag term BSTAR": (54, 61, "exponent"),
        "element set number": (65, 68, "digits"),
    },
    2: {
        "inclination": (9, 16, "number"),
        "right ascension of the node": (18, 25, "number"),
        "eccentricity": (27, 33, "digits"),
        "argument of perigee": (35, 42, "number"),
        "mean anomaly": (44, 51, "number"),
        "mean motion": (53, 63, "number"),
    },
}
# Object numbers above 99999 begin with a letter: the "Alpha-5" scheme of space-track.org
_OBJECT: Final = re.compile(r"^(?:[A-HJ-NP-Z]\d{4}| *\d+)$")
# SGP4 works with WGS-72: Vallado et al., AIAA 2006-6753, section IV
WGS72_RADIUS_M: Final = 6378135.0
WGS72_GM_M3_S2: Final = 3.986008e14
# Revolutions a day of a circular orbit about 105 km high, where none completes a revolution any more
HIGHEST_MEAN_MOTION_REV_DAY: Final = 16.6

# SGP4 error codes: AIAA 2006-6753, source code, satrec.error
_SGP4_ERRORS: Final = {
    1: "the mean eccentricity left the range 0 to 1, or the mean semi-major axis fell below 0.95 Earth radii",
    2: "the mean motion became negative",
    3: "the perturbed eccentricity left the range 0 to 1",
    4: "the semi-latus rectum became negative",
    5: "the elements describe an orbit below the ground at their epoch",
    6: "the satellite has decayed: the orbit goes below the ground",
}


@dataclass(frozen=True, slots=True)
class MeanElements:
    """Mean elements of SGP4 from an orbit mean-elements message; degrees and revolutions a day, as in the message."""

    epoch: datetime
    object_number: int
    inclination_deg: float
    node_deg: float
    eccentricity: float
    perigee_argument_deg: float
    mean_anomaly_deg: float
    mean_motion_rev_day: float
    bstar: float
    mean_motion_dot: float
    mean_motion_ddot: float
    revolution: int


def checksum(line: str) -> int:
    """Return the checksum of the first 68 columns: the sum of the digits, a minus counted as 1, modulo 10."""
    return sum(int(letter) if letter in "0123456789" else letter == "-" for letter in line[:68]) % 10


def _is_number(text: str, kind: str) -> bool:
    text = text.strip()
    if kind == "exponent":
        text = text.replace(" ", "")
        return len(text) >= 3 and text[-2] in "+-" and text[-1].isdigit() and text[:-2].lstrip("+-").isdigit()
    if kind == "digits":
        return text.replace(" ", "0").isdigit()
    try:
        return math.isfinite(float(text)) and "_" not in text and "e" not in text.lower()
    except ValueError:
        return False


def check_line(line: str, number: int, where: str) -> str:
    """Return the line without its end of line, or say what is wrong with it.

    Parameters
    ----------
    line
        The line.
    number
        1 or 2: which of the two it should be.
    where
        Source for the message, as ``"iss.tle, line 4"``.

    Raises
    ------
    ElementsError
        Naming column, what was expected and what was found.
    """
    text = line.rstrip()
    get_again = "download the element set again, and copy it without changes"
    for column, letter in enumerate(text, 1):
        if not " " <= letter <= "~":
            raise ElementsError(f"{where}, column {column}: {letter!r} is not plain text; {get_again}.\n  {text}")
    if len(text) != LINE_LENGTH:
        raise ElementsError(
            f"{where}: line {number} of a two-line element set has {LINE_LENGTH} characters, this has {len(text)}; "
            f"{get_again} (blanks count).\n  {text}"
        )
    if text[0] != str(number):
        raise ElementsError(
            f"{where}, column 1: expected '{number}', the number of the line, found {text[0]!r}; "
            f"give line 1 first, then line 2.\n  {text}"
        )
    expected = checksum(text)
    if text[68] != str(expected):
        raise ElementsError(
            f"{where}, column 69: the checksum is {text[68]!r}, but the other columns add up to {expected}: at least "
            f"one character is wrong; {get_again}.\n  {text}"
        )
    for column, letter in _FIXED[number].items():
        if text[column - 1] != letter:
            shown = "a blank" if letter == " " else repr(letter)
            raise ElementsError(
                f"{where}, column {column}: expected {shown}, found {text[column - 1]!r}: the columns are shifted; "
                f"{get_again}.\n  {text}"
            )
    for name, (first, last, kind) in _NUMBERS[number].items():
        field = text[first - 1 : last]
        if not _is_number(field, kind):
            raise ElementsError(
                f"{where}, columns {first} to {last}: the {name} is {field!r}, which is not a number; {get_again}."
                f"\n  {text}"
            )
    return text


def check_pair(line1: str, line2: str, where1: str, where2: str) -> tuple[str, str]:
    """Return both lines checked one by one and against each other.

    Raises
    ------
    ElementsError
        If a line is damaged or the two belong to different objects.
    """
    first, second = check_line(line1, 1, where1), check_line(line2, 2, where2)
    if first[2:7] != second[2:7]:
        raise ElementsError(
            f"{where2}, columns 3 to 7: line 1 is of object {first[2:7]!r}, line 2 of object {second[2:7]!r}; "
            f"take both lines from one set.\n  {first}\n  {second}"
        )
    if not _OBJECT.match(first[2:7]) or not first[2:7].strip():
        raise ElementsError(
            f"{where1}, columns 3 to 7: the object number is five digits, the first may be a letter other than I and "
            f"O; this is {first[2:7]!r}.\n  {first}"
        )
    day = float(first[20:32])
    if not 1.0 <= day < 367.0:
        raise ElementsError(f"{where1}, columns 21 to 32: the day of the year is 1 to 366, this is {day}.\n  {first}")
    check_values(
        where2,
        inclination_deg=float(second[8:16]),
        eccentricity=float("0." + second[26:33].replace(" ", "0")),
        mean_motion_rev_day=float(second[52:63]),
        angles_deg={
            "right ascension of the node": float(second[17:25]),
            "argument of perigee": float(second[34:42]),
            "mean anomaly": float(second[43:51]),
        },
    )
    return first, second


def check_values(
    where: str,
    *,
    inclination_deg: float,
    eccentricity: float,
    mean_motion_rev_day: float,
    angles_deg: dict[str, float],
) -> None:
    """Say so if mean elements cannot be those of a satellite that is still up.

    Raises
    ------
    ElementsError
        Naming the element, its value and the range.
    """
    if not 0.0 <= inclination_deg <= 180.0:
        raise ElementsError(f"{where}: the inclination is 0 to 180 deg, this is {inclination_deg}.")
    if not 0.0 <= eccentricity < 1.0:
        raise ElementsError(f"{where}: the eccentricity of an orbit is 0 to below 1, this is {eccentricity}.")
    for name, value in angles_deg.items():
        if not 0.0 <= value <= 360.0:
            raise ElementsError(f"{where}: the {name} is 0 to 360 deg, this is {value}.")
    if not 0.0 < mean_motion_rev_day < math.inf:
        raise ElementsError(f"{where}: the mean motion is above 0 revolutions a day, this is {mean_motion_rev_day}.")
    rate = mean_motion_rev_day * 2.0 * math.pi / 86400.0
    perigee_m = (WGS72_GM_M3_S2 / rate**2) ** (1.0 / 3.0) * (1.0 - eccentricity) - WGS72_RADIUS_M
    if mean_motion_rev_day > HIGHEST_MEAN_MOTION_REV_DAY or perigee_m < 0.0:
        raise ElementsError(
            f"{where}: the orbit has decayed or the elements are wrong: {mean_motion_rev_day:.4f} revolutions a day "
            f"(at most {HIGHEST_MEAN_MOTION_REV_DAY}) and a perigee {perigee_m / 1e3:.0f} km above the ground. "
            "Use an older set, from when the station was up."
        )


@lru_cache(maxsize=64)
def _satellite(elements: tuple[str, str] | MeanElements) -> Any:
    # Cached by its elements and not kept in them: the record of sgp4 cannot be pickled, the orbit must be
    from sgp4.api import WGS72, Satrec

    if isinstance(elements, tuple):
        return Satrec.twoline2rv(*elements, WGS72)
    satellite = Satrec()
    day, fraction = utc_to_jd(elements.epoch)
    rate = 2.0 * math.pi / 1440.0
    # 2433281.5 is 31 December 1949, the zero of sgp4init; derivatives in rev/day^2 and rev/day^3, see SGP4.cpp
    satellite.sgp4init(
        WGS72,
        "i",
        elements.object_number,
        day - 2433281.5 + fraction,
        elements.bstar,
        elements.mean_motion_dot * rate / 1440.0,
        elements.mean_motion_ddot * rate / 1440.0**2,
        elements.eccentricity,
        math.radians(elements.perigee_argument_deg),
        math.radians(elements.inclination_deg),
        math.radians(elements.mean_anomaly_deg),
        elements.mean_motion_rev_day * rate,
        math.radians(elements.node_deg),
    )
    return satellite


@dataclass(frozen=True, slots=True)
class Sgp4Orbit:
    """Mean elements and the theory that they belong to.

    Attributes
    ----------
    elements
        Two lines, or the numbers of an orbit mean-elements message.
    """

    elements: tuple[str, str] | MeanElements

    @property
    def satellite(self) -> Any:
        """The record of the sgp4 package."""
        return _satellite(self.elements)

    @property
    def epoch(self) -> datetime:
        """The epoch of the elements (UTC)."""
        if isinstance(self.elements, MeanElements):
            return self.elements.epoch
        return jd_to_utc(self.satellite.jdsatepoch, self.satellite.jdsatepochF)

    @property
    def inclination_rad(self) -> float:
        """The mean inclination at the epoch in rad (TEME)."""
        return float(self.satellite.inclo)

    def states_teme(
        self, utc: datetime, seconds: npt.NDArray[np.float64], source: str
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return positions in m and velocities in m/s, both (3, N) in TEME.

        Raises
        ------
        ElementsError
            If SGP4 says that the orbit has decayed or its elements make no sense.
        """
        day, fraction = utc_to_jd(utc)
        codes, position, velocity = self.satellite.sgp4_array(np.full(seconds.size, day), fraction + seconds / 86400.0)
        if codes.any():
            first = int(np.flatnonzero(codes)[0])
            raise ElementsError(
                f"{source}: SGP4 stops {float(seconds[first]):.0f} s after {utc:%Y-%m-%dT%H:%M:%SZ} with code "
                f"{int(codes[first])}: {_SGP4_ERRORS.get(int(codes[first]), 'unknown error')}. "
                "Use elements whose epoch is nearer to the date."
            )
        return position.T * 1e3, velocity.T * 1e3

    def mean_semi_major_axis_m(self, utc: datetime, source: str) -> float:
        """Return the mean semi-major axis of SGP4 in m at a date, its drag included."""
        self.states_teme(utc, np.zeros(1), source)
        day, fraction = utc_to_jd(utc)
        satellite = self.satellite
        satellite.sgp4(day, fraction)
        return float(satellite.am) * WGS72_RADIUS_M
