"""Reads soundings of the University of Wyoming (weather.uwyo.edu): the text table, in its page or alone, and its CSV.

The unit of the wind stands in the file and is taken from there: knots (``SKNT``, the form until 2024) or m/s
(``SPED``, and the CSV). A table whose name and unit of the speed contradict each other is refused.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from steppe.environment.soundings.checks import Heading, RawLevel, profile_of
from steppe.environment.soundings.records import WindProfile
from steppe.environment.wind_model import components
from steppe.errors import ConfigError

# International knot: NIST SP 811 (2008), appendix B
KNOT_M_S: Final = 1852.0 / 3600.0
_SPEED_UNITS: Final = {"knot": KNOT_M_S, "knots": KNOT_M_S, "kt": KNOT_M_S, "m/s": 1.0}
_UNIT_OF_COLUMN: Final = {"SKNT": KNOT_M_S, "SPED": 1.0}
_TAG: Final = re.compile(r"<[^>]*>")
_TITLE: Final = re.compile(r"Observations.*? at (\d{1,2})\s?(?:Z|UTC) (\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4})")
_STATION: Final = re.compile(r"(?:Station |^\s*)(\w{3,6})\b.*Observations|Observations for Station (\w+)")
_TIME: Final = re.compile(r"Observation time:\s*(\d{6})/(\d{2})(\d{2})")
_LATITUDE: Final = re.compile(r"latitude:\s*([-+]?\d+(?:\.\d+)?)", re.IGNORECASE)
_LONGITUDE: Final = re.compile(r"longitude:\s*([-+]?\d+(?:\.\d+)?)", re.IGNORECASE)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CSV_NEEDED: Final = (
    "time",
    "longitude",
    "latitude",
    "pressure",
    "geopotential height",
    "wind direction",
    "wind speed",
)


@dataclass(slots=True)
class _Draft:
    """One sounding while it is read."""

    line: int
    name: str = ""
    utc: datetime | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    levels: list[RawLevel] = field(default_factory=list)
    left_out: int = 0
    has_table: bool = False


def read_wyoming(path: Path) -> tuple[WindProfile, ...]:
    """Return the soundings of a file.

    Parameters
    ----------
    path
        A page as the site gives it (HTML), its text, or its CSV.

    Raises
    ------
    ConfigError
        If the file cannot be read or used; the message names line and column.
    """
    source = str(path)
    try:
        lines = [_TAG.sub("", line) for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file in UTF-8"
        raise ConfigError(f"cannot read the sounding: {reason}", source=source) from error
    start = next((n for n, line in enumerate(lines) if line.startswith("time,") and "wind speed_" in line), None)
    drafts = [_from_csv(lines, start, source)] if start is not None else _from_table(lines, source)
    complete = [draft for draft in drafts if draft.has_table]
    if not complete:
        raise ConfigError(
            "expected a table that begins with PRES and HGHT, found none; the page of a station without a sounding "
            "says so in words: choose another time or station",
            source=source,
        )
    return tuple(_finished(draft, source) for draft in complete)


def _finished(draft: _Draft, source: str) -> WindProfile:
    missing = [
        words
        for words, value in (
            ("Station latitude: 47.80", draft.latitude_deg),
            ("Station longitude: 67.72", draft.longitude_deg),
            ("Observation time: 220929/0000", draft.utc),
        )
        if value is None
    ]
    if missing or draft.utc is None or draft.latitude_deg is None or draft.longitude_deg is None:
        raise ConfigError(
            f"the sounding does not say where or when it was; add lines such as: {'; '.join(missing)}",
            source=source,
            key=f"line {draft.line}",
        )
    name = draft.name or "station"
    heading = Heading(draft.utc, draft.latitude_deg, draft.longitude_deg, name, source, draft.line)
    return profile_of(draft.levels, heading, draft.left_out)


def _from_table(lines: list[str], source: str) -> list[_Draft]:
    drafts = [_Draft(1)]
    number = 0
    while number < len(lines):
        line = lines[number]
        title = _TITLE.search(line)
        words = line.split()
        if title is not None:
            if drafts[-1].utc is not None or drafts[-1].has_table:
                drafts.append(_Draft(number + 1))
            drafts[-1].utc = _title_time(title, source, number + 1)
            station = _STATION.search(line)
            drafts[-1].name = "" if station is None else station[1] or station[2]
        elif words[:2] == ["PRES", "HGHT"]:
            if drafts[-1].has_table:
                drafts.append(_Draft(number + 1))
            number = _read_rows(lines, number, drafts[-1], source)
            continue
        else:
            _note_place(line, drafts[-1], source, number + 1)
        number += 1
    return drafts


def _title_time(title: re.Match[str], source: str, number: int) -> datetime:
    hour, day, month, year = title.groups()
    try:
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), tzinfo=UTC)
    except ValueError:
        key = f"line {number}"
        raise ConfigError(
            f"expected a date such as 00Z 29 Sep 2022, got {title[0]!r}", source=source, key=key
        ) from None


def _note_place(line: str, draft: _Draft, source: str, number: int) -> None:
    found = _LATITUDE.search(line)
    if found:
        draft.latitude_deg = float(found[1])
    found = _LONGITUDE.search(line)
    if found:
        draft.longitude_deg = float(found[1])
    found = _TIME.search(line)
    if found:
        try:
            draft.utc = datetime.strptime("".join(found.groups()), "%y%m%d%H%M").replace(tzinfo=UTC)
        except ValueError:
            message = f"expected an observation time YYMMDD/HHMM, got {found[0]!r}"
            raise ConfigError(message, source=source, key=f"line {number}") from None


def _read_rows(lines: list[str], at: int, draft: _Draft, source: str) -> int:
    """Read the table whose names stand in line `at` (from 0), and return the first line after it."""
    names = {found[0]: (index, found.end()) for index, found in enumerate(re.finditer(r"\S+", lines[at]))}
    factor = _speed_factor(lines, at, list(names), source)
    ends = [end for _, end in names.values()]
    speed_name = "SKNT" if "SKNT" in names else "SPED"
    draft.has_table, draft.line = True, at + 1
    row = at + 2
    while row < len(lines):
        line = lines[row]
        row += 1
        if not line.strip().strip("-"):
            if draft.levels or draft.left_out:
                if not line.strip():
                    break
            continue
        if not re.match(r"\s*\d", line):
            row -= 1
            break
        cells = {}
        for name in ("PRES", "HGHT", "DRCT", speed_name):
            index, end = names[name]
            text = line[ends[index - 1] if index else 0 : end].strip()
            cells[name] = _value(text, source, row, name)
        _add(draft, row, cells["PRES"] * 100.0, cells["HGHT"], cells["DRCT"], cells[speed_name] * factor, source)
    return row


def _speed_factor(lines: list[str], at: int, names: list[str], source: str) -> float:
    """Return what turns the speeds of a table into m/s; names and units must agree."""
    key = f"line {at + 2}"
    speed = [name for name in names if name in _UNIT_OF_COLUMN]
    if len(speed) != 1 or "DRCT" not in names:
        message = f"expected the columns PRES, HGHT, DRCT and SKNT or SPED, got {' '.join(names)}"
        raise ConfigError(message, source=source, key=f"line {at + 1}")
    units = lines[at + 1].split() if at + 1 < len(lines) else []
    if len(units) != len(names):
        message = f"expected a line of {len(names)} units under the names of the columns, got {' '.join(units)!r}"
        raise ConfigError(message, source=source, key=key)
    unit = dict(zip(names, units, strict=True))
    for name, wanted in (("PRES", ("hPa", "mb")), ("HGHT", ("m",)), ("DRCT", ("deg",))):
        if unit[name] not in wanted:
            raise ConfigError(f"expected {name} in {wanted[0]}, got {unit[name]!r}", source=source, key=key)
    given = unit[speed[0]]
    if given not in _SPEED_UNITS or _SPEED_UNITS[given] != _UNIT_OF_COLUMN[speed[0]]:
        wanted_unit = "knot" if speed[0] == "SKNT" else "m/s"
        raise ConfigError(
            f"the column {speed[0]} should be in {wanted_unit}, but its unit says {given!r}; correct the file",
            source=source,
            key=key,
        )
    return _SPEED_UNITS[given]


def _value(text: str, source: str, number: int, name: str) -> float:
    """Return the number in a cell, not a number for an empty one."""
    if not text or text.lower() == "nan":
        return math.nan
    try:
        return float(text)
    except ValueError:
        key = f"line {number}, column {name}"
        raise ConfigError(f"expected a number, got {text!r}", source=source, key=key) from None


def _add(
    draft: _Draft, number: int, pressure_pa: float, height_m: float, direction_deg: float, speed_m_s: float, source: str
) -> None:
    if not all(map(math.isfinite, (height_m, direction_deg, speed_m_s))):
        draft.left_out += 1
        return
    if not 0.0 <= direction_deg <= 360.0 or speed_m_s < 0.0:
        got = f"{direction_deg:g} deg and {speed_m_s:g} m/s"
        message = f"expected a direction from 0 to 360 deg and a speed of at least 0, got {got}"
        raise ConfigError(message, source=source, key=f"line {number}")
    east, north = components(speed_m_s, direction_deg)
    draft.levels.append(RawLevel(number, height_m, pressure_pa, east, north))


def _from_csv(lines: list[str], at: int, source: str) -> _Draft:
    """Read the CSV form, whose names carry their units: ``wind speed_m/s``."""
    header = next(csv.reader([lines[at]]))
    columns: dict[str, tuple[int, str]] = {}
    for index, text in enumerate(header):
        name, _, unit = text.strip().partition("_")
        columns[name] = (index, unit)
    key = f"line {at + 1}"
    missing = [name for name in _CSV_NEEDED if name not in columns]
    if missing:
        raise ConfigError(f"expected the columns {', '.join(missing)}", source=source, key=key)
    for name, wanted in (("pressure", "hPa"), ("geopotential height", "m"), ("wind direction", "degree")):
        if columns[name][1] != wanted:
            raise ConfigError(f"expected {name} in {wanted}, got {columns[name][1]!r}", source=source, key=key)
    unit = columns["wind speed"][1]
    if unit not in _SPEED_UNITS:
        raise ConfigError(f"expected wind speed in m/s or knot, got {unit!r}", source=source, key=key)
    draft = _Draft(at + 1, has_table=True)
    for number, line in enumerate(lines[at + 1 :], start=at + 2):
        cells = next(csv.reader([line]), [])
        if len(cells) != len(header):
            if line.strip() and not line.lstrip().startswith("Station"):
                raise ConfigError(
                    f"expected {len(header)} values, got {len(cells)}", source=source, key=f"line {number}"
                )
            continue
        value = {name: _value(cells[columns[name][0]].strip(), source, number, name) for name in _CSV_NEEDED[1:]}
        if draft.utc is None:
            draft.utc = _csv_time(cells[columns["time"][0]], source, number)
            draft.latitude_deg, draft.longitude_deg = value["latitude"], value["longitude"]
        _add(
            draft, number, value["pressure"] * 100.0, value["geopotential height"], value["wind direction"],
            value["wind speed"] * _SPEED_UNITS[unit], source,
        )  # fmt: skip
    return draft


def _csv_time(text: str, source: str, number: int) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError:
        message = f"expected a time such as 2022-09-29 00:00:00, got {text!r}"
        raise ConfigError(message, source=source, key=f"line {number}, column time") from None
