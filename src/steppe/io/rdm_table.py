"""The keywords of the CCSDS Re-entry Data Message, their order and units, and the check of a message against them.

CCSDS 508.1-B-1 (November 2019, with corrigendum 1), tables 3-1 to 3-3 and 4-1. The library that parses messages reads
a wrong unit without a word, so this check comes first; it also knows lines and keywords, which errors should name.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from steppe.errors import MessageError, nearest

_HEADER = "header"
_METADATA = "metadata"
REENTRY: Final = "atmosphericReentryParameters"
IMPACT: Final = "groundImpactParameters"
STATE: Final = "stateVector"
COVARIANCE: Final = "covarianceMatrix"
SPACECRAFT: Final = "spacecraftParameters"
_DETERMINATION = "odParameters"
USER_PREFIX: Final = "USER_DEFINED_"

MANDATORY: Final = (
    "CREATION_DATE", "ORIGINATOR", "MESSAGE_ID", "OBJECT_NAME", "INTERNATIONAL_DESIGNATOR", "CONTROLLED_REENTRY",
    "CENTER_NAME", "TIME_SYSTEM", "EPOCH_TZERO", "ORBIT_LIFETIME", "REENTRY_ALTITUDE",
)  # fmt: skip
OPTIONAL_METADATA: Final = (
    "CATALOG_NAME", "OBJECT_DESIGNATOR", "OBJECT_OWNER", "OBJECT_OPERATOR", "REF_FRAME", "REF_FRAME_EPOCH",
    "EPHEMERIS_NAME", "GRAVITY_MODEL", "ATMOSPHERIC_MODEL", "SOLAR_FLUX_PREDICTION", "N_BODY_PERTURBATIONS",
    "SOLAR_RAD_PRESSURE", "EARTH_TIDES", "INTRACK_THRUST", "DRAG_PARAMETERS_SOURCE", "DRAG_PARAMETERS_ALTITUDE",
    "REENTRY_UNCERTAINTY_METHOD", "REENTRY_DISINTEGRATION", "IMPACT_UNCERTAINTY_METHOD", "PREVIOUS_MESSAGE_ID",
    "PREVIOUS_MESSAGE_EPOCH", "NEXT_MESSAGE_EPOCH",
)  # fmt: skip
STATE_KEYS: Final = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
COVARIANCE_KEYS: Final = tuple(
    f"C{row}_{column}" for number, row in enumerate(STATE_KEYS) for column in STATE_KEYS[: number + 1]
)
INTERVAL_KEYS: Final = ("CONFIDENCE", "START_LON", "START_LAT", "STOP_LON", "STOP_LAT", "CROSS_TRACK")


def _covariance_unit(key: str) -> str:
    return ("km**2", "km**2/s", "km**2/s**2")[key.count("DOT")]


def _rows() -> Iterator[tuple[str, str, str]]:
    """Yield keyword, block and unit ("" for none) in the order of the standard."""
    for key in ("CREATION_DATE", "ORIGINATOR", "MESSAGE_ID"):
        yield key, _HEADER, ""
    order = ["OBJECT_NAME", "INTERNATIONAL_DESIGNATOR", *OPTIONAL_METADATA[:2], "OBJECT_TYPE", *OPTIONAL_METADATA[2:4]]
    order += ["CONTROLLED_REENTRY", "CENTER_NAME", "TIME_SYSTEM", "EPOCH_TZERO", *OPTIONAL_METADATA[4:]]
    for key in order:
        yield key, _METADATA, "km" if key == "DRAG_PARAMETERS_ALTITUDE" else ""
    days = ("ORBIT_LIFETIME_WINDOW_START", "ORBIT_LIFETIME_WINDOW_END")
    yield from (("ORBIT_LIFETIME", REENTRY, "d"), ("REENTRY_ALTITUDE", REENTRY, "km"))
    yield from ((key, REENTRY, "d") for key in days)
    yield from ((key, REENTRY, "") for key in ("NOMINAL_REENTRY_EPOCH", "REENTRY_WINDOW_START", "REENTRY_WINDOW_END"))
    yield "ORBIT_LIFETIME_CONFIDENCE_LEVEL", REENTRY, "%"
    for key in ("IMPACT", "BURN_UP", "BREAK_UP", "LAND_IMPACT", "CASUALTY"):
        yield f"PROBABILITY_OF_{key}", IMPACT, ""
    for key in ("NOMINAL_IMPACT_EPOCH", "IMPACT_WINDOW_START", "IMPACT_WINDOW_END", "IMPACT_REF_FRAME"):
        yield key, IMPACT, ""
    yield from (
        (f"NOMINAL_IMPACT_{axis}", IMPACT, unit) for axis, unit in (("LON", "deg"), ("LAT", "deg"), ("ALT", "m"))
    )
    for number in (1, 2, 3):
        for key, unit in zip(INTERVAL_KEYS, ("%", "deg", "deg", "deg", "deg", "km"), strict=True):
            yield f"IMPACT_{number}_{key}", IMPACT, unit
    yield "EPOCH", STATE, ""
    yield from ((key, STATE, "km/s" if "DOT" in key else "km") for key in STATE_KEYS)
    yield "COV_REF_FRAME", COVARIANCE, ""
    yield from ((key, COVARIANCE, _covariance_unit(key)) for key in COVARIANCE_KEYS)
    for key, unit in (
        ("WET_MASS", "kg"), ("DRY_MASS", "kg"), ("HAZARDOUS_SUBSTANCES", ""), ("SOLAR_RAD_AREA", "m**2"),
        ("SOLAR_RAD_COEFF", ""), ("DRAG_AREA", "m**2"), ("DRAG_COEFF", ""), ("RCS", "m**2"),
        ("BALLISTIC_COEFF", "kg/m**2"), ("THRUST_ACCELERATION", "m/s**2"),
    ):  # fmt: skip
        yield key, SPACECRAFT, unit
    for key, unit in (
        ("TIME_LASTOB_START", ""), ("TIME_LASTOB_END", ""), ("RECOMMENDED_OD_SPAN", "d"), ("ACTUAL_OD_SPAN", "d"),
        ("OBS_AVAILABLE", ""), ("OBS_USED", ""), ("TRACKS_AVAILABLE", ""), ("TRACKS_USED", ""),
        ("RESIDUALS_ACCEPTED", "%"), ("WEIGHTED_RMS", ""),
    ):  # fmt: skip
        yield key, _DETERMINATION, unit


BLOCK: Final = {key: block for key, block, _ in _rows()}
UNIT: Final = {key: unit for key, _, unit in _rows()}
_ORDER = {key: number for number, key in enumerate(BLOCK)}

_KVN_LINE = re.compile(r"(?P<key>\w+)\s*=\s*(?P<value>.*?)(?:\s+\[(?P<unit>[^\]]*)\])?\s*")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a message says: keyword to text, comments in order, and where each keyword stands (for errors)."""

    source: str
    values: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    user: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def wrong(self, key: str, text: str) -> MessageError:
        """Return an error about one keyword."""
        place = self.places.get(key, "")
        return MessageError(": ".join(part for part in (self.source, place, key, text) if part))


def read_rows(text: str, source: str) -> Rows:
    """Read a message in either notation and check keywords, order and units.

    Parameters
    ----------
    text
        The message.
    source
        What errors call it.

    Raises
    ------
    MessageError
        If it is no Re-entry Data Message or breaks a rule of its tables; line and keyword are named.
    """
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        raise MessageError(f"{source}: the file is empty; expected a CCSDS Re-entry Data Message")
    rows = _read_xml(start, source) if start.startswith("<") else _read_kvn(text, source)
    for key in MANDATORY:
        if not rows.values.get(key):
            raise MessageError(f"{source}: {key} is missing; CCSDS 508.1-B-1 makes it mandatory")
    _check_blocks(rows)
    return rows


def _read_kvn(text: str, source: str) -> Rows:
    rows = Rows(source)
    begun, last = False, -1
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip().lstrip("\ufeff")
        if not line:
            continue
        place = f"line {number}"
        if not begun:
            _check_version(line, source, place)
            begun = True
        elif line.split(None, 1)[0] == "COMMENT":
            rows.comments.append(line[len("COMMENT") :].strip())
        else:
            found = _KVN_LINE.fullmatch(line)
            if found is None:
                raise MessageError(f"{source}: {place}: expected 'KEYWORD = value [unit]', got '{line[:60]}'")
            last = _take(rows, found["key"], found["value"], found["unit"], place, last)
    return rows


def _check_version(line: str, source: str, place: str) -> None:
    key, _, value = (part.strip() for part in line.partition("="))
    if key != "CCSDS_RDM_VERS":
        other = re.fullmatch(r"CCSDS_(\w+)_VERS", key)
        what = f"a CCSDS {other[1]}" if other else f"'{line[:60]}'"
        raise MessageError(f"{source}: {place}: not a Re-entry Data Message: it begins with {what}, not CCSDS_RDM_VERS")
    if value != "1.0":
        raise MessageError(f"{source}: {place}: CCSDS_RDM_VERS: expected version 1.0 (CCSDS 508.1-B-1), got '{value}'")


def _read_xml(text: str, source: str) -> Rows:
    # entities are no part of the standard and can make a small file fill the memory
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MessageError(f"{source}: a Re-entry Data Message has no DOCTYPE and no ENTITY; remove them")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as problem:
        raise MessageError(f"{source}: not well-formed XML: {problem}") from None
    name = root.tag.rpartition("}")[2]
    if name != "rdm" or root.get("id") != "CCSDS_RDM_VERS":
        raise MessageError(f"{source}: not a Re-entry Data Message: the root is <{name}>, expected <rdm> "
                           'with id="CCSDS_RDM_VERS"')  # fmt: skip
    _check_version(f"CCSDS_RDM_VERS = {root.get('version', '')}", source, "<rdm>")
    rows = Rows(source)
    last = -1
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        value = " ".join((element.text or "").split())
        if tag == "COMMENT":
            rows.comments.append(value)
        elif tag == "USER_DEFINED":
            rows.user[element.get("parameter", "")] = value
        elif tag.isupper():
            last = _take(rows, tag, value, element.get("units"), f"<{tag}>", last)
    return rows


def _take(rows: Rows, key: str, value: str, unit: str | None, place: str, last: int) -> int:
    """Keep one keyword if it is known, new, in order and in its unit; return its number in the order."""
    if key.startswith(USER_PREFIX):
        rows.user[key[len(USER_PREFIX) :]] = value
        return len(_ORDER)
    if key not in BLOCK:
        raise MessageError(f"{rows.source}: {place}: unknown keyword {key}; {nearest(key, BLOCK)}")
    if key in rows.values:
        raise MessageError(f"{rows.source}: {place}: {key} is there twice")
    rows.places[key] = place
    if not value:
        raise rows.wrong(key, "the value is missing")
    if unit is not None and unit != UNIT[key]:
        expected = f"[{UNIT[key]}]" if UNIT[key] else "no unit"
        raise rows.wrong(key, f"expected {expected}, got [{unit}]")
    if _ORDER[key] < last:
        raise rows.wrong(key, "out of order; CCSDS 508.1-B-1 fixes the order of the keywords (5.3.2.10)")
    rows.values[key] = value
    return _ORDER[key]


def _check_blocks(rows: Rows) -> None:
    """Check what must come together (sections 3.5.10 to 3.5.21)."""
    given = rows.values
    _all_or_none(rows, ("EPOCH", *STATE_KEYS), "a state vector is complete or absent (3.5.20)")
    _all_or_none(rows, COVARIANCE_KEYS, "a covariance matrix is complete or absent (3.5.21)")
    if "X" in given and "REF_FRAME" not in given:
        raise rows.wrong("REF_FRAME", "is missing; a state vector needs it")
    if COVARIANCE_KEYS[0] in given and "X" not in given:
        raise rows.wrong(COVARIANCE_KEYS[0], "a covariance matrix needs a state vector (3.5.19)")
    place = ("NOMINAL_IMPACT_LON", "NOMINAL_IMPACT_LAT")
    _all_or_none(rows, place, "a place of impact needs both (3.5.10)")
    if place[0] in given and "IMPACT_REF_FRAME" not in given:
        raise rows.wrong("IMPACT_REF_FRAME", "is missing; a place of impact needs it (3.5.10)")
    there = []
    for number in (1, 2, 3):
        keys = tuple(f"IMPACT_{number}_{key}" for key in INTERVAL_KEYS)
        _all_or_none(rows, keys, "a confidence interval is complete or absent (3.5.13)")
        there.append(keys[0] in given)
    if there != sorted(there, reverse=True):
        raise rows.wrong("IMPACT_1_CONFIDENCE", "is missing; intervals count from 1 without a gap (3.5.14)")


def _all_or_none(rows: Rows, keys: tuple[str, ...], rule: str) -> None:
    missing = [key for key in keys if key not in rows.values]
    if missing and len(missing) < len(keys):
        raise rows.wrong(missing[0], f"is missing; {rule}")
