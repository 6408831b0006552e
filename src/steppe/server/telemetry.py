"""Reads packets of telemetry: JSON, one state a line, or a CCSDS orbit ephemeris message; all of a body or nothing."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from steppe.errors import SteppeError, TelemetryError
from steppe.flight.estimation import Measurement
from steppe.frames.geodetic import geodetic_to_itrf
from steppe.frames.orbit_messages import read_oem

# Assumed where a packet does not say: a coarse tracker
POSITION_SD_M: Final = 100.0
VELOCITY_SD_M_S: Final = 1.0
_LONGEST_LINE: Final = 4000
_LARGEST_DAYS: Final = 2.0
_RADIUS_M: Final = (6.3e6, 5.0e7)
_FASTEST_M_S: Final = 15_000.0
# An error outside of these is a wrong unit, and its square may be no number
_SD_M: Final = (1e-3, 1e6)
_SD_M_S: Final = (1e-6, 1e4)
# What a refusal says was expected: a packet is in SI, an OEM in km (CCSDS 502.0-B-3, section 5.2.4)
_METRES: Final = ("ITRF in metres", "m/s")
_KM: Final = ("km: the unit of an OEM", "km/s: the unit of an OEM")


@dataclass(frozen=True, slots=True)
class Source:
    """Whose states an orbit ephemeris message holds: its OBJECT_NAME and OBJECT_ID."""

    name: str
    id: str

    def is_other(self, known: Source) -> bool:
        """Return whether this is another object: by the international designators, else by the names."""
        mine, theirs = (_plain(one.id) for one in (self, known))
        if all(one not in ("", "UNKNOWN") for one in (mine, theirs)):
            return mine != theirs
        return _plain(self.name) != _plain(known.name)

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


def _plain(text: str) -> str:
    """Return letters and digits alone: 2022-028A and 2022-028-A are the same."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def read_body(body: bytes, epoch: datetime) -> tuple[list[Measurement], Source | None]:
    """Return the measurements of a body, in its order, and of an OEM whose they are.

    Parameters
    ----------
    body
        UTF-8: lines of JSON, each with ``time_utc`` and either ``position_m`` (with ``velocity_m_s``, ITRF) or
        ``latitude_deg``, ``longitude_deg`` and ``altitude_m`` (WGS-84); or an OEM in KVN or XML.
    epoch
        Time zero of the flight.

    Raises
    ------
    TelemetryError
        If anything in it cannot be used; the message names the line.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise TelemetryError(f"expected UTF-8 text; byte {problem.start} is none") from None
    start = text.lstrip()[:400]
    if start.startswith("CCSDS_OEM_VERS") or ("<oem" in start):
        return _from_oem(text, "xml" if start.startswith("<") else "kvn", epoch)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.append(_from_line(line, f"line {number}", epoch))
    if not found:
        raise TelemetryError("the body holds no state; expected one JSON object a line")
    return found, None


def _from_oem(text: str, form: str, epoch: datetime) -> tuple[list[Measurement], Source]:
    try:
        name, object_id, ephemeris = read_oem(text, form, "telemetry", least=1)
    except SteppeError as problem:
        # Also a date before there was UTC
        raise TelemetryError(problem if str(problem).startswith("telemetry") else f"telemetry: {problem}") from None
    found = []
    for count, part in enumerate(ephemeris.segments, 1):
        times = (part.epoch - epoch).total_seconds() + part.seconds
        # The turning of the Earth is known for these years only, so the time is checked before the frame is left
        for number, time_s in enumerate(times.tolist(), 1):
            _require_near(time_s, f"segment {count}, state {number}")
        position, velocity = part.given_itrf()
        for number, time_s in enumerate(times.tolist()):
            place, speed = position[:, number].tolist(), velocity[:, number].tolist()
            where = f"segment {count}, state {number + 1} ({part.frame})"
            found.append(_checked(time_s, place, speed, {}, where, _KM))
    return found, Source(name, object_id)


def _from_line(line: str, where: str, epoch: datetime) -> Measurement:
    if len(line) > _LONGEST_LINE:
        raise TelemetryError(f"{where}: longer than {_LONGEST_LINE} letters")
    try:
        # NaN and Infinity are no JSON; Python would take them
        row: Any = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise TelemetryError(f"{where}: not JSON ({problem})") from None
    if not isinstance(row, dict):
        raise TelemetryError(f"{where}: expected a JSON object with time_utc and a position")
    time_s = (_moment(row.get("time_utc"), where) - epoch).total_seconds()
    if "position_m" in row:
        velocity = None if row.get("velocity_m_s") is None else _triple(row["velocity_m_s"], "velocity_m_s", where)
        return _checked(time_s, _triple(row["position_m"], "position_m", where), velocity, row, where)
    names = ("latitude_deg", "longitude_deg", "altitude_m")
    latitude, longitude, altitude = (_number(row.get(name), name, where) for name in names)
    if not (abs(latitude) <= 90.0 and abs(longitude) <= 360.0):
        raise TelemetryError(f"{where}: latitude {latitude:g} or longitude {longitude:g} is out of range")
    place = geodetic_to_itrf(math.radians(latitude), math.radians(longitude), altitude)
    return _checked(time_s, [float(value) for value in place], None, row, where)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _require_near(time_s: float, where: str) -> None:
    if not abs(time_s) <= _LARGEST_DAYS * 86400.0:
        raise TelemetryError(f"{where}: {abs(time_s) / 86400.0:.1f} days from the flight; is it another mission?")


def _checked(
    time_s: float, place: list[float], velocity: list[float] | None, row: dict[str, Any], where: str,
    units: tuple[str, str] = _METRES,
) -> Measurement:  # fmt: skip
    _require_near(time_s, where)
    radius = math.hypot(*place)
    if not _RADIUS_M[0] <= radius <= _RADIUS_M[1]:
        raise TelemetryError(f"{where}: {radius / 1e3:.6g} km from the centre of the Earth; expected {units[0]}")
    if velocity is not None and not math.hypot(*velocity) <= _FASTEST_M_S:
        raise TelemetryError(f"{where}: faster than {_FASTEST_M_S / 1e3:g} km/s; expected {units[1]}")
    sds = []
    for name, assumed, (least, most) in (
        ("position_sd_m", POSITION_SD_M, _SD_M),
        ("velocity_sd_m_s", VELOCITY_SD_M_S, _SD_M_S),
    ):
        value = assumed if row.get(name) is None else _number(row[name], name, where)
        if not least <= value <= most:
            raise TelemetryError(f"{where}: {name} is {least:g} to {most:g}, got {value:g}")
        sds.append(value)
    x, y, z = place
    speed = None if velocity is None else (velocity[0], velocity[1], velocity[2])
    return Measurement(time_s, (x, y, z), speed, sds[0], sds[1])


def _moment(value: Any, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        # Beyond the years 1 to 9999 a time has no UTC
        found = None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        got = str(value)[:60]
        raise TelemetryError(f"{where}: time_utc: expected a time such as 2022-09-29T10:34:24.5Z, got '{got}'")
    return found


def _number(value: Any, name: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise TelemetryError(f"{where}: {name} is missing or no finite number")
    return float(value)


def _triple(value: Any, name: str, where: str) -> list[float]:
    if not isinstance(value, list) or len(value) != 3:
        raise TelemetryError(f"{where}: {name}: expected three numbers")
    return [_number(one, name, where) for one in value]
