"""The text of a notice to airmen for an area of falling pieces (ICAO Annex 15 and Doc 8126; docs/models/hazard.md)."""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError
from steppe.ground.hazard import Area
from steppe.ground.outline import enclose, holds
from steppe.ground.sphere import distance_km, places_of, unit_vectors

# Free time before the first and after the last impact (assumed): the first piece crosses the airspace within it
MARGIN_S: Final = 900.0
_ROUND_S: Final = 300
_KM_PER_NM: Final = 1.852
# Lines of the aeronautical fixed network hold 69 characters (ICAO Annex 10, volume II)
_LINE: Final = 69
# What the issuing office fills in
_BLANK: Final = "____"
# ICAO Doc 8126, selection criteria: temporary restricted area, activated; navigation warning, IFR and VFR
_SUBJECT: Final = "QRTCA/IV/BO/W"
_POSITION: Final = re.compile(r"(\d{2})(\d{2})([NS]) ?(\d{3})(\d{2})([EW])")
HEAD: Final = """\
TO THE ISSUING OFFICE - NOT PART OF THE NOTICE
SERIES, NUMBER AND FLIGHT INFORMATION REGIONS (____) ARE LEFT TO YOU, AND SO IS THE SUBJECT CODE.
THE AREA IS THE RESULT OF A SIMULATION. EDGES ARE GREAT CIRCLES.
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice.

    Attributes
    ----------
    text
        The notice from bracket to bracket, lines of at most 69 characters.
    corners_minutes
        Latitude and longitude of the corners in minutes of arc, counter-clockwise, shape (k, 2).
    begin_utc, end_utc
        When it holds.
    share
        Part of the pieces that the polygon is made to hold.
    contained
        Part of the pieces that it does hold.
    """

    text: str
    corners_minutes: npt.NDArray[np.int64]
    begin_utc: datetime
    end_utc: datetime
    share: float
    contained: float


def notice(area: Area, spacecraft: str, share: float = 1.0, corners: int = 6) -> Notice:
    """Return the notice for an area.

    Parameters
    ----------
    area
        The area.
    spacecraft
        What comes down, such as "SOYUZ MS-21"; letters beyond A to Z are left out.
    share
        Part of the pieces to be held: one of `steppe.ground.hazard.SHARES`.
    corners
        Most corners of the polygon.

    Raises
    ------
    ConfigError
        If there is no region of that share.
    OutputError
        If the area is too large for one polygon.
    """
    regions = {region.share: region for region in area.regions}
    if share not in regions:
        raise ConfigError(f"there is no region of share {share:g}; choose one of {', '.join(map(str, regions))}")
    ring = regions[share].ring_deg
    minutes = enclose(ring[:, 1], ring[:, 0], corners)
    begin = _rounded(area.first_utc - timedelta(seconds=MARGIN_S), up=False)
    end = _rounded(area.last_utc + timedelta(seconds=MARGIN_S), up=True)
    contained = float(np.mean(holds(minutes, area.latitude_deg, area.longitude_deg)))
    return Notice(_text(minutes, begin, end, area, spacecraft), minutes, begin, end, share, contained)


def position(latitude_minutes: int, longitude_minutes: int) -> str:
    """Return a place as DDMMN DDDMME, given in whole minutes of arc."""
    # longitude within -180 to 180 deg; the antimeridian itself is east
    lon = (longitude_minutes + 180 * 60 - 1) % (360 * 60) - 180 * 60 + 1
    lat = latitude_minutes
    return (
        f"{abs(lat) // 60:02d}{abs(lat) % 60:02d}{'S' if lat < 0 else 'N'} "
        f"{abs(lon) // 60:03d}{abs(lon) % 60:02d}{'W' if lon < 0 else 'E'}"
    )


def parse_position(text: str) -> tuple[int, int]:
    """Return latitude and longitude in minutes of arc of a place written as DDMMN DDDMME.

    Raises
    ------
    ConfigError
        If the text is no such place.
    """
    match = _POSITION.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"expected a place such as 4722N 06936E, got '{text}'")
    lat = int(match[1]) * 60 + int(match[2])
    lon = int(match[4]) * 60 + int(match[5])
    if int(match[2]) > 59 or int(match[5]) > 59 or lat > 90 * 60 or lon > 180 * 60:
        raise ConfigError(f"no place on Earth has the coordinates {text}")
    return (-lat if match[3] == "S" else lat), (-lon if match[6] == "W" else lon)


def _text(minutes: npt.NDArray[np.int64], begin: datetime, end: datetime, area: Area, spacecraft: str) -> str:
    lat, lon = minutes[:, 0] / 60.0, minutes[:, 1] / 60.0
    middle_lat, middle_lon = (float(value) for value in places_of(unit_vectors(lat, lon).mean(axis=1)))
    middle = round(60.0 * middle_lat), round(60.0 * middle_lon)
    reach_nm = math.ceil(distance_km(lat, lon, middle[0] / 60.0, middle[1] / 60.0).max() / _KM_PER_NM)
    places = " - ".join(position(int(a), int(b)) for a, b in [*minutes, minutes[0]])
    sources = ", ".join(_plain(name) for name in area.bodies)
    item = (
        f"E) TEMPO RESTRICTED AREA ACT DUE TO RE-ENTRY AND FALLING DEBRIS OF SPACECRAFT {_plain(spacecraft)} "
        f"({sources}). LATERAL LIMITS: {places}."
    )
    return "\n".join(
        [
            f"({_BLANK}/{_BLANK} NOTAMN",
            f"Q) {_BLANK}/{_SUBJECT}/000/999/{position(*middle).replace(' ', '')}{min(reach_nm, 999):03d}",
            f"A) {_BLANK} B) {begin:%y%m%d%H%M} C) {end:%y%m%d%H%M}",
            *_folded(item),
            "F) SFC G) UNL)",
        ]
    )


def _folded(item: str) -> list[str]:
    """Break lines between words, but not inside a place."""
    joined = _POSITION.sub(lambda match: match[0].replace(" ", "\u00a0"), item)
    lines = textwrap.wrap(joined, _LINE, break_on_hyphens=False, break_long_words=False)
    return [line.replace("\u00a0", " ") for line in lines]


def _plain(text: str) -> str:
    """Return a name in the letters of the fixed network."""
    kept = re.sub(r"[^A-Z0-9 /.-]", " ", text.upper().replace("_", " "))
    return " ".join(kept.split()) or "UNNAMED"


def _rounded(moment: datetime, *, up: bool) -> datetime:
    """Return the moment on full five minutes."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond * 1e-6
    steps = math.ceil(seconds / _ROUND_S) if up else math.floor(seconds / _ROUND_S)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(seconds=steps * _ROUND_S)
