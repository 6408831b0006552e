"""Readers of CCSDS orbit messages (CCSDS 502.0-B-3): mean elements (OMM) and ephemerides (OEM)."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import numpy as np

from steppe.errors import ElementsError
from steppe.frames.ephemeris import DEFAULT_DEGREE, DEFAULT_METHOD, Ephemeris, Frame, Method, Segment
from steppe.frames.timescales import TT_MINUS_TAI_S, tai_minus_utc_s
from steppe.frames.tle import MeanElements, check_values

# GPS time is behind TAI by 19 s: IS-GPS-200, section 3.3.4
_TAI_MINUS_GPS_S: Final = 19.0
_SYSTEMS: Final = ("UTC", "TAI", "TT", "GPS")
_UNIT: Final = re.compile(r"\s*\[[^\]]*\]\s*$")
_EPOCH: Final = re.compile(r"^(\d{4})-(?:(\d{2})-(\d{2})|(\d{3}))T(\d{2}):(\d{2}):(\d{2})(\.\d*)?Z?$")


def parse_epoch(text: str, where: str) -> datetime:
    """Return a CCSDS date (calendar or day of the year) as a date with the zone UTC, rounded to microseconds.

    Raises
    ------
    ElementsError
        If it is not such a date.
    """
    match = _EPOCH.match(text.strip())
    try:
        if match is None:
            raise ValueError("not in the form of CCSDS")
        year, month, day, of_year, hour, minute, second, fraction = match.groups()
        date = datetime(int(year), int(month or 1), int(day or 1), int(hour), int(minute), tzinfo=UTC)
        if of_year and not 1 <= int(of_year) <= 366:
            raise ValueError("the day of the year is 1 to 366")
        if not 0 <= int(second) <= 60:
            raise ValueError("the second is 0 to 60")
        days = int(of_year) - 1 if of_year else 0
        return date + timedelta(days=days, seconds=int(second), microseconds=round(float(f"0{fraction or '.0'}") * 1e6))
    except (ValueError, OverflowError) as error:
        raise ElementsError(
            f"{where}: expected a date such as 2025-12-09T01:41:00.000, found {text!r} ({error})."
        ) from error


def _kvn_fields(text: str) -> list[dict[str, str]]:
    sets: list[dict[str, str]] = []
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        key = key.strip()
        if not equals or key.startswith("COMMENT"):
            continue
        if key == "CCSDS_OMM_VERS" or not sets:
            sets.append({})
        sets[-1][key] = _UNIT.sub("", value).strip()
    return sets


def _xml_fields(text: str, source: str) -> list[dict[str, str]]:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ElementsError(f"{source}: not well-formed XML: {error}.") from error
    sets = []
    for segment in root.iter():
        if segment.tag.rpartition("}")[2] == "segment":
            leaves = (leaf for leaf in segment.iter() if len(leaf) == 0 and leaf.text)
            sets.append({leaf.tag.rpartition("}")[2]: (leaf.text or "").strip() for leaf in leaves})
    return sets


def _json_fields(text: str, source: str) -> list[dict[str, str]]:
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ElementsError(f"{source}: not valid JSON: {error}.") from error
    rows = data if isinstance(data, list) else [data]
    if not all(isinstance(row, dict) for row in rows):
        raise ElementsError(f"{source}: expected an OMM as a JSON object or a list of them.")
    return [{str(key): str(value) for key, value in row.items() if value is not None} for row in rows]


def _required(fields: Mapping[str, str], key: str, where: str) -> str:
    if not fields.get(key):
        shown = ", ".join(sorted(fields)[:20]) or "nothing"
        raise ElementsError(f"{where}: the orbit mean-elements message has no {key}; it has: {shown}.")
    return fields[key]


def _float(fields: Mapping[str, str], key: str, where: str, default: str | None = None) -> float:
    text = (fields.get(key) or default) if default is not None else _required(fields, key, where)
    try:
        value = float(str(text))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ElementsError(f"{where}: {key} should be a number, found {text!r}.")
    return value


def _mean_elements(fields: Mapping[str, str], where: str) -> MeanElements:
    theory = fields.get("MEAN_ELEMENT_THEORY", "SGP4")
    if theory.upper() not in ("SGP4", "SGP/SGP4"):
        raise ElementsError(f"{where}: MEAN_ELEMENT_THEORY is {theory!r}; steppe reads mean elements of SGP4.")
    for key, expected in (("REF_FRAME", "TEME"), ("TIME_SYSTEM", "UTC"), ("CENTER_NAME", "EARTH")):
        found = fields.get(key, expected)
        if found.upper() != expected:
            raise ElementsError(f"{where}: {key} is {found!r}; elements of SGP4 need {expected}.")
    angles = {key: _float(fields, key, where) for key in ("RA_OF_ASC_NODE", "ARG_OF_PERICENTER", "MEAN_ANOMALY")}
    elements = MeanElements(
        epoch=parse_epoch(_required(fields, "EPOCH", where), f"{where}, EPOCH"),
        object_number=int(_float(fields, "NORAD_CAT_ID", where, "0")),
        inclination_deg=_float(fields, "INCLINATION", where),
        node_deg=angles["RA_OF_ASC_NODE"],
        eccentricity=_float(fields, "ECCENTRICITY", where),
        perigee_argument_deg=angles["ARG_OF_PERICENTER"],
        mean_anomaly_deg=angles["MEAN_ANOMALY"],
        mean_motion_rev_day=_float(fields, "MEAN_MOTION", where),
        bstar=_float(fields, "BSTAR", where),
        mean_motion_dot=_float(fields, "MEAN_MOTION_DOT", where, "0"),
        mean_motion_ddot=_float(fields, "MEAN_MOTION_DDOT", where, "0"),
        revolution=int(_float(fields, "REV_AT_EPOCH", where, "0")),
    )
    check_values(
        where,
        inclination_deg=elements.inclination_deg,
        eccentricity=elements.eccentricity,
        mean_motion_rev_day=elements.mean_motion_rev_day,
        angles_deg=angles,
    )
    return elements


def read_omm(text: str, form: str, source: str) -> list[tuple[str, str, MeanElements]]:
    """Return name, object id and mean elements of every set of an orbit mean-elements message.

    Parameters
    ----------
    text
        The file.
    form
        ``"kvn"``, ``"xml"``, ``"json"`` or ``"csv"``.
    source
        Its name, for messages.

    Raises
    ------
    ElementsError
        If it cannot be read; the message names the set and the keyword.
    """
    if form == "kvn":
        sets = _kvn_fields(text)
    elif form == "xml":
        sets = _xml_fields(text, source)
    elif form == "json":
        sets = _json_fields(text, source)
    else:
        sets = [{k: v for k, v in row.items() if k and isinstance(v, str)} for row in csv.DictReader(io.StringIO(text))]
    if not sets:
        raise ElementsError(f"{source}: found no orbit mean-elements message in this {form.upper()} file.")
    return [
        (fields.get("OBJECT_NAME", ""), fields.get("OBJECT_ID", ""), _mean_elements(fields, f"{source}, set {count}"))
        for count, fields in enumerate(sets, 1)
    ]


def _frame(name: str, where: str) -> Frame:
    plain = name.upper().replace("-", "").replace("_", "")
    if plain.startswith("ITRF"):
        return "ITRF"
    frames: dict[str, Frame] = {
        "TEME": "TEME",
        "GCRF": "GCRF",
        "ICRF": "GCRF",
        "EME2000": "EME2000",
        "J2000": "EME2000",
    }
    if plain not in frames:
        raise ElementsError(f"{where}: REF_FRAME {name!r} is not read; use EME2000, GCRF, ICRF, TEME or ITRF.")
    return frames[plain]


def _to_utc(moment: datetime, system: str, where: str) -> datetime:
    plain = system.strip().upper()
    if plain not in _SYSTEMS:
        raise ElementsError(f"{where}: TIME_SYSTEM {system!r} is not read; use one of {', '.join(_SYSTEMS)}.")
    if plain == "UTC":
        return moment
    ahead_of_tai = {"TAI": 0.0, "TT": TT_MINUS_TAI_S, "GPS": -_TAI_MINUS_GPS_S}[plain]
    guess = moment - timedelta(seconds=tai_minus_utc_s(moment) + ahead_of_tai)
    return moment - timedelta(seconds=tai_minus_utc_s(guess) + ahead_of_tai)


def _segment(part: Any, where: str, least: int) -> Segment:
    meta = part.metadata
    if meta.center_name.upper() != "EARTH":
        raise ElementsError(f"{where}: CENTER_NAME is {meta.center_name!r}; a station orbit needs EARTH.")
    frame = _frame(meta.ref_frame, where)
    method = (meta.interpolation or DEFAULT_METHOD).upper()
    if method not in ("HERMITE", "LAGRANGE", "LINEAR"):
        raise ElementsError(f"{where}: INTERPOLATION {method!r} is not read; use HERMITE, LAGRANGE or LINEAR.")
    degree = 1 if method == "LINEAR" else int(meta.interpolation_degree or DEFAULT_DEGREE)
    if not 1 <= degree <= 15:
        raise ElementsError(f"{where}: INTERPOLATION_DEGREE is 1 to 15, this is {degree}.")

    def moment(text: str) -> datetime:
        return _to_utc(parse_epoch(text, where), meta.time_system, where)

    moments = [moment(text) for text in part.data.state_vector_epochs]
    if len(moments) < least:
        raise ElementsError(f"{where}: expected at least {least} states, found {len(moments)}.")
    epoch = moments[0]
    seconds = np.array([(each - epoch).total_seconds() for each in moments])
    if not np.all(np.diff(seconds) > 0.0):
        late = int(np.flatnonzero(np.diff(seconds) <= 0.0)[0]) + 1
        raise ElementsError(
            f"{where}: times must rise; state {late + 1} ({moments[late]}) is not after the one before."
        )
    states = np.array(part.data.state_vector_numpy, dtype=np.float64)[:, :6].T * 1e3
    if not np.isfinite(states).all():
        raise ElementsError(f"{where}: a state is not finite.")
    usable = [(meta.useable_start_time, seconds[0], max), (meta.useable_stop_time, seconds[-1], min)]
    first, last = (
        inner((moment(text) - epoch).total_seconds(), float(edge)) if text else float(edge)
        for text, edge, inner in usable
    )
    return Segment(epoch, seconds, states, frame, cast(Method, method), degree, first, last)


def read_oem(text: str, form: str, source: str, least: int = 2) -> tuple[str, str, Ephemeris]:
    """Return name, object id and ephemeris of an orbit ephemeris message (KVN or XML, by ccsds-ndm-py).

    Parameters
    ----------
    text
        The file.
    form
        ``"kvn"`` or ``"xml"``.
    source
        Its name, for messages.
    least
        States that a segment needs: two to interpolate, one where only the states themselves count.

    Raises
    ------
    ElementsError
        If it cannot be read, or has a frame, time system or centre that a station orbit cannot have.
    """
    from ccsds_ndm import Oem

    try:
        message = Oem.from_str(text, form)
    except ValueError as error:
        raise ElementsError(f"{source}: not a valid orbit ephemeris message: {error}") from error
    segments = [_segment(part, f"{source}, segment {count}", least) for count, part in enumerate(message.segments, 1)]
    if not segments:
        raise ElementsError(f"{source}: the orbit ephemeris message has no segment.")
    ids = {part.metadata.object_id for part in message.segments}
    if len(ids) > 1:
        raise ElementsError(f"{source}: holds several objects ({', '.join(sorted(ids))}); keep the station's segments.")
    meta = message.segments[0].metadata
    return meta.object_name, meta.object_id, Ephemeris(tuple(sorted(segments, key=lambda part: part.epoch)))
