"""Re-entry messages to text and back, through the library ccsds-ndm-py and our own check of keywords and units."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

from steppe.errors import MessageError, OutputError
from steppe.io import rdm_table as t
from steppe.io.rdm_records import (
    FRAME,
    PROBABILITIES,
    Impact,
    Interval,
    Notation,
    Reentry,
    ReentryMessage,
    State,
    utc,
)

_DAY_S = 86400.0
_SCHEMA = (
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation='
    '"https://sanaregistry.org/r/ndmxml_unqualified/ndmxml-2.0.0-master-2.0.xsd"'
)
# 508.1-B-1 section 5.2.2.1: 254 characters a line, keyword included
_COMMENT_LENGTH = 240


def to_text(message: ReentryMessage, notation: Notation) -> str:
    """Return a message as text; OutputError if it breaks a rule of the standard."""
    import ccsds_ndm

    try:
        segment = ccsds_ndm.RdmSegment(metadata=_metadata(ccsds_ndm, message), data=_data(ccsds_ndm, message))
        header = ccsds_ndm.RdmHeader(
            originator=_capitals(message.originator),
            creation_date=_date(message.created or datetime.now(UTC).replace(microsecond=0)),
            message_id=_capitals(message.message_id),
            comment=[_ascii(line)[:_COMMENT_LENGTH] for line in message.comments],
        )
        text = str(ccsds_ndm.Rdm(header=header, segment=segment).to_str(notation))
    except (ccsds_ndm.NdmError, ValueError, OverflowError) as problem:
        raise OutputError(f"cannot write the re-entry message of '{message.object_name}': {problem}") from problem
    text = _with_units_kvn(text) if notation == "kvn" else _with_units_xml(text)
    try:
        from_text(text, "the message")
    except MessageError as problem:
        raise OutputError(f"cannot write the re-entry message of '{message.object_name}': {problem}") from problem
    return text


def _with_units_kvn(text: str) -> str:
    """Add the units, which the library leaves out and 508.1-B-1 section 5.2.4.1 demands."""
    lines = []
    for line in text.splitlines():
        key = line.split(None, 1)[0] if line.strip() else ""
        unit = t.UNIT.get(key, "")
        lines.append(f"{line} [{unit}]" if unit and not line.endswith("]") else line)
    return "\n".join(lines).rstrip() + "\n"


def _with_units_xml(text: str) -> str:
    """Add the units and the schema to the root, which the library leaves out (sections 4.4.3 and 4.4.9)."""

    def unit(match: re.Match[str]) -> str:
        given = t.UNIT.get(match[1], "")
        return f'<{match[1]} units="{given}">' if given else match[0]

    text = re.sub(r"<([A-Z][A-Z0-9_]*)>", unit, text)
    return text.replace("<rdm ", f"<rdm{_SCHEMA} ", 1).replace("><", ">\n<").rstrip() + "\n"


def _metadata(library: Any, message: ReentryMessage) -> Any:
    metadata = library.RdmMetadata(
        object_name=_capitals(message.object_name),
        international_designator=_capitals(message.designator),
        epoch_tzero=_date(message.epoch),
        controlled_reentry=_capitals(message.controlled),
        center_name="EARTH",
        time_system="UTC",
    )
    metadata.object_type = _capitals(message.object_type)
    given = dict(message.metadata)
    if message.state is not None:
        given.setdefault("REF_FRAME", FRAME)
    for key, text in given.items():
        value: Any = float(text) if key == "DRAG_PARAMETERS_ALTITUDE" else _capitals(text)
        setattr(metadata, key.lower(), value)
    return metadata


def _data(library: Any, message: ReentryMessage) -> Any:
    given: dict[str, Any] = {"atmospheric_reentry_parameters": _reentry(library, message.reentry)}
    if message.impact is not None:
        given["ground_impact_parameters"] = library.GroundImpactParameters(**_impact(message.impact))
    state = message.state
    if state is not None:
        numbers = [_digits(1e-3 * value) for value in (*state.position_m, *state.velocity_m_s)]
        given["state_vector"] = library.StateVector(_date(state.epoch), *numbers)
        if state.covariance is not None:
            matrix = dict(zip(t.COVARIANCE_KEYS, state.covariance, strict=True))
            values = {key.lower(): _digits(1e-6 * value) for key, value in matrix.items()}
            frame = _capitals(state.covariance_frame) or None
            given["covariance_matrix"] = library.OpmCovarianceMatrix(**values, cov_ref_frame=frame)
    body = {
        "wet_mass": message.mass_kg, "drag_area": message.drag_area_m2, "drag_coeff": message.drag_coefficient,
        "ballistic_coeff": message.ballistic_kg_m2,
    }  # fmt: skip
    if any(value is not None for value in body.values()):
        spacecraft = library.RdmSpacecraftParameters(wet_mass=None, dry_mass=None)
        for name, number in body.items():
            if number is not None:
                setattr(spacecraft, name, _digits(number))
        given["spacecraft_parameters"] = spacecraft
    if message.user_defined:
        own = {_capitals(name).replace(" ", "_"): _ascii(text) for name, text in message.user_defined.items()}
        given["user_defined_parameters"] = library.UserDefined(parameters=own)
    return library.RdmData(**given)


def _reentry(library: Any, reentry: Reentry) -> Any:
    block = library.AtmosphericReentryParameters(
        orbit_lifetime=_digits(reentry.lifetime_s / _DAY_S), reentry_altitude=_digits(1e-3 * reentry.altitude_m)
    )
    if reentry.epoch is not None:
        block.nominal_reentry_epoch = _date(reentry.epoch)
    if reentry.window is not None:
        block.reentry_window_start, block.reentry_window_end = (_date(date) for date in reentry.window)
    if reentry.confidence_percent is not None:
        block.orbit_lifetime_confidence_level = _digits(reentry.confidence_percent)
    return block


def _impact(impact: Impact) -> dict[str, Any]:
    block: dict[str, Any] = {f"probability_of_{name}": _digits(value) for name, value in impact.probability.items()}
    if impact.epoch is not None:
        block["nominal_impact_epoch"] = _date(impact.epoch)
    if impact.window is not None:
        block["impact_window_start"], block["impact_window_end"] = (_date(date) for date in impact.window)
    if impact.latitude_deg is not None and impact.longitude_deg is not None:
        block["impact_ref_frame"] = FRAME
        block["nominal_impact_lon"] = _digits(impact.longitude_deg)
        block["nominal_impact_lat"] = _digits(impact.latitude_deg)
    if impact.altitude_m is not None:
        block["nominal_impact_alt"] = _digits(impact.altitude_m)
    for number, one in enumerate(impact.intervals, start=1):
        values = (
            one.confidence_percent, one.start_longitude_deg, one.start_latitude_deg, one.stop_longitude_deg,
            one.stop_latitude_deg, 1e-3 * one.cross_track_m,
        )  # fmt: skip
        for key, value in zip(t.INTERVAL_KEYS, values, strict=True):
            block[f"impact_{number}_{key.lower()}"] = _digits(value)
    return block


def from_text(text: str, source: str) -> ReentryMessage:
    """Read a message; MessageError if it is none or breaks a rule of the standard."""
    import ccsds_ndm

    rows = t.read_rows(text, source)
    message = _Reading(rows).message()
    try:
        ccsds_ndm.Rdm.from_str(text)
    except (ccsds_ndm.NdmError, ValueError) as problem:
        raise MessageError(f"{source}: {problem}") from None
    return message


class _Reading:
    """A message from the rows of a file."""

    def __init__(self, rows: t.Rows) -> None:
        self.rows = rows
        self.given = rows.values

    def number(self, key: str, factor: float = 1.0) -> float:
        try:
            return float(self.given[key]) * factor
        except ValueError:
            raise self.rows.wrong(key, f"expected a number, got '{self.given[key]}'") from None

    def maybe(self, key: str, factor: float = 1.0) -> float | None:
        return self.number(key, factor) if key in self.given else None

    def date(self, key: str) -> datetime:
        text = self.given[key]
        found = re.fullmatch(r"(\d{4}-(?:\d\d-\d\d|\d{3}))T(\d\d:\d\d:\d\d)(\.\d*)?Z?", text)
        if found is None:
            raise self.rows.wrong(key, f"expected a date such as 2022-09-29T10:34:20.5, got '{text}'")
        pattern = "%Y-%m-%dT%H:%M:%S" if found[1].count("-") == 2 else "%Y-%jT%H:%M:%S"
        try:
            day = datetime.strptime(f"{found[1]}T{found[2]}", pattern).replace(tzinfo=UTC)
        except ValueError:
            raise self.rows.wrong(key, f"there is no such date: '{text}'") from None
        return day.replace(microsecond=min(round(float(f"0{found[3] or '.0'}0") * 1e6), 999999))

    def maybe_date(self, key: str) -> datetime | None:
        return self.date(key) if key in self.given else None

    def window(self, name: str) -> tuple[datetime, datetime] | None:
        first, last = self.maybe_date(f"{name}_WINDOW_START"), self.maybe_date(f"{name}_WINDOW_END")
        return None if first is None or last is None else (first, last)

    def message(self) -> ReentryMessage:
        for key, expected in (("TIME_SYSTEM", "UTC"), ("CENTER_NAME", "EARTH")):
            if self.given[key].upper() != expected:
                raise self.rows.wrong(key, f"steppe reads messages in {expected} only, got '{self.given[key]}'")
        reentry = Reentry(
            self.number("REENTRY_ALTITUDE", 1e3), self.number("ORBIT_LIFETIME", _DAY_S),
            self.maybe_date("NOMINAL_REENTRY_EPOCH"), self.window("REENTRY"),
            self.maybe("ORBIT_LIFETIME_CONFIDENCE_LEVEL"),
        )  # fmt: skip
        impact = self.impact()
        return ReentryMessage(
            message_id=self.given["MESSAGE_ID"],
            object_name=self.given["OBJECT_NAME"],
            epoch=self.date("EPOCH_TZERO"),
            reentry=reentry,
            impact=None if impact == Impact() else impact,
            state=self.state(),
            designator=self.given["INTERNATIONAL_DESIGNATOR"],
            object_type=self.given.get("OBJECT_TYPE", "UNKNOWN"),
            controlled=self.given["CONTROLLED_REENTRY"],
            originator=self.given["ORIGINATOR"],
            created=self.date("CREATION_DATE"),
            mass_kg=self.maybe("WET_MASS"),
            drag_area_m2=self.maybe("DRAG_AREA"),
            drag_coefficient=self.maybe("DRAG_COEFF"),
            ballistic_kg_m2=self.maybe("BALLISTIC_COEFF"),
            metadata={key: self.given[key] for key in t.OPTIONAL_METADATA if key in self.given},
            user_defined=dict(self.rows.user),
            comments=tuple(self.rows.comments),
        )

    def impact(self) -> Impact:
        probability = {
            name: self.number(f"PROBABILITY_OF_{name.upper()}")
            for name in PROBABILITIES
            if f"PROBABILITY_OF_{name.upper()}" in self.given
        }
        return Impact(
            probability, self.maybe_date("NOMINAL_IMPACT_EPOCH"), self.window("IMPACT"),
            self.maybe("NOMINAL_IMPACT_LAT"), self.maybe("NOMINAL_IMPACT_LON"), self.maybe("NOMINAL_IMPACT_ALT"),
            tuple(self.interval(number) for number in (1, 2, 3) if f"IMPACT_{number}_CONFIDENCE" in self.given),
        )  # fmt: skip

    def interval(self, number: int) -> Interval:
        confidence, start_lon, start_lat, stop_lon, stop_lat, across = (
            self.number(f"IMPACT_{number}_{key}") for key in t.INTERVAL_KEYS
        )
        return Interval(confidence, start_lat, start_lon, stop_lat, stop_lon, across * 1e3)

    def state(self) -> State | None:
        if "X" not in self.given:
            return None
        x, y, z, u, v, w = (self.number(key, 1e3) for key in t.STATE_KEYS)
        covariance = None
        if t.COVARIANCE_KEYS[0] in self.given:
            covariance = tuple(self.number(key, 1e6) for key in t.COVARIANCE_KEYS)
        return State(self.date("EPOCH"), (x, y, z), (u, v, w), covariance, self.given.get("COV_REF_FRAME", ""))


def _date(value: datetime) -> str:
    """Return a CCSDS calendar date in UTC, whole seconds without a fraction."""
    return utc(value).replace(tzinfo=None).isoformat()


def _digits(value: float) -> float:
    """Round to the 16 digits that 508.1-B-1 section 5.3.3.3 allows; ValueError if there is no number."""
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {value}")
    return float(f"{float(value):.15e}")


def _capitals(text: str) -> str:
    """Return text as section 5.2.3.3 wants it: capitals, one line, printable ASCII."""
    return _ascii(text).upper()


def _ascii(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]+", "?", " ".join(text.split()))
