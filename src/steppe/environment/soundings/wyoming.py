"""Reads soundings of the University of Wyoming (weather.uwyo.edu): the text table, in its page or alone, and its CSV.

The unit of the wind stands in the file and is taken from there: knots (``SKNT``, the form until 2024) or m/s
(``SPED``, and the CSV). A table whose name and unit of the speed contradict each other is refused.

Time and place stand in the page or in the rows of a CSV. Newer pages and the CSV of coded messages lack the place, or
both: then the title, the name of the file (``uwyo-35671-2022092912.csv``, or ``2022092912-35671.csv`` as the site names
it) and the list of stations say them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from steppe.environment.soundings.checks import Heading, RawLevel, profile_of
from steppe.environment.soundings.comments import said
from steppe.environment.soundings.records import BadSounding, Readings, WindProfile
from steppe.environment.soundings.stations import station_of
from steppe.environment.text_files import read_text
from steppe.environment.wind_model import components
from steppe.errors import ConfigError

# International knot: NIST SP 811 (2008), appendix B
KNOT_M_S: Final = 1852.0 / 3600.0
SPEED_UNITS: Final = {"knot": KNOT_M_S, "knots": KNOT_M_S, "kt": KNOT_M_S, "m/s": 1.0}
_UNIT_OF_COLUMN: Final = {"SKNT": KNOT_M_S, "SPED": 1.0}
_TAG: Final = re.compile(r"<[^>]*>")
_TITLE: Final = re.compile(r"Observations.*? at (\d{1,2})\s?(?:Z|UTC) (\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4})")
_STATION: Final = re.compile(r"Observations for Station (\w+)|(?:Station |^\s*)(\w{3,6})\b.*Observations")
_TIME: Final = re.compile(r"Observation time:\s*(\d{6})/(\d{2})(\d{2})")
_LATITUDE: Final = re.compile(r"latitude:\s*([-+]?\d+(?:\.\d+)?)", re.IGNORECASE)
_LONGITUDE: Final = re.compile(r"longitude:\s*([-+]?\d+(?:\.\d+)?)", re.IGNORECASE)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMES: Final = (re.compile(r"uwyo-(?P<id>\w{5})-(?P<time>\d{10})"), re.compile(r"(?P<time>\d{10})-(?P<id>\w{5})"))
# What the site writes where it does not know the place
_NO_PLACE: Final = -99.0


@dataclass(slots=True)
class Draft:
    """One sounding while it is read; `error` is the first thing that makes it useless."""

    line: int
    source: str
    name: str = ""
    utc: datetime | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    levels: list[RawLevel] = field(default_factory=list)
    left_out: int = 0
    has_table: bool = False
    error: ConfigError | None = None

    def fail(self, message: str, line: int, column: str = "") -> None:
        """Note what is wrong, unless something was before."""
        if self.error is None:
            key = f"line {line}" + (f", column {column}" if column else "")
            self.error = ConfigError(message, source=self.source, key=key)

    def number(self, text: str, line: int, column: str) -> float:
        """Return the number in a cell, not a number for an empty one or one that is none."""
        text = text.strip()
        if not text or text.lower() == "nan":
            return math.nan
        try:
            return float(text)
        except ValueError:
            self.fail(f"expected a number, got {text!r}", line, column)
            return math.nan

    def add(self, line: int, pressure_pa: float, height_m: float, direction_deg: float, speed_m_s: float) -> None:
        """Take a level; one without height or wind is left out."""
        if speed_m_s == 0.0 and math.isnan(direction_deg):
            direction_deg = 0.0  # a calm has no direction
        if not all(map(math.isfinite, (height_m, direction_deg, speed_m_s))):
            self.left_out += 1
        elif not 0.0 <= direction_deg <= 360.0 or speed_m_s < 0.0:
            got = f"{direction_deg:g} deg and {speed_m_s:g} m/s"
            self.fail(f"expected a direction from 0 to 360 deg and a speed of at least 0, got {got}", line)
        else:
            east, north = components(speed_m_s, direction_deg)
            self.levels.append(RawLevel(line, height_m, pressure_pa, east, north))


def read_wyoming(path: Path, said_by: str = "") -> tuple[WindProfile, ...]:
    """Return the soundings of a file; see `wyoming_readings`.

    Raises
    ------
    ConfigError
        As there, and if a sounding is bad.
    """
    return wyoming_readings(path, said_by).all_good()


def wyoming_readings(path: Path, said_by: str = "") -> Readings:
    """Return the soundings of a file, good and bad.

    Parameters
    ----------
    path
        A page as the site gives it (HTML), its text, or its CSV.
    said_by
        A name that says station and time where the content does not; default: the name of the file.

    Raises
    ------
    ConfigError
        If the file cannot be read, has no table, or does not say where and when it was measured.
    """
    from steppe.environment.soundings.wyoming_csv import csv_drafts, is_csv_header

    source = str(path)
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text"
        raise ConfigError(f"cannot read the sounding: {reason}", source=source) from error
    lines = [_TAG.sub("", line) for line in text.splitlines()]
    is_csv = any(map(is_csv_header, lines))
    drafts = csv_drafts(lines, source) if is_csv else _from_table(lines, source)
    complete = [draft for draft in drafts if draft.has_table]
    if not complete:
        raise ConfigError(
            "expected a table that begins with PRES and HGHT, found none; the page of a station without a sounding "
            "says so in words: choose another time or station",
            source=source,
        )
    given = said(text)
    for draft in complete:
        _fill(draft, given, said_by or path.name, alone=len(complete) == 1)
    results = [_finished(draft) for draft in complete]
    return Readings(
        tuple(one for one in results if isinstance(one, WindProfile)),
        tuple(one for one in results if isinstance(one, BadSounding)),
    )


def _fill(draft: Draft, given: dict[str, str], file_name: str, *, alone: bool) -> None:
    """Fill what a table does not say: from comments and the file name if it stands alone, from the list of stations."""
    named = next((found for pattern in _NAMES if (found := pattern.search(file_name))), None)
    if alone and named is not None:
        draft.name = draft.name or named["id"]
        if draft.utc is None:
            draft.utc = _moment(f"{named['time'][:8]}T{named['time'][8:]}")
    if alone and given:
        draft.utc = draft.utc or _moment(given.get("utc", ""))
        draft.name = draft.name or given.get("name", "")
        for key in ("latitude_deg", "longitude_deg"):
            if getattr(draft, key) is None and key in given:
                setattr(draft, key, draft.number(given[key], draft.line, key))
    station = station_of(draft.name)
    if station is not None and (draft.latitude_deg is None or draft.longitude_deg is None):
        draft.latitude_deg, draft.longitude_deg = station.latitude_deg, station.longitude_deg


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _finished(draft: Draft) -> WindProfile | BadSounding:
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
        raise draft.error or ConfigError(
            f"the sounding does not say where or when it was; add lines such as: {'; '.join(missing)} (to a CSV: "
            "# utc = 2022-09-29T00:00Z, # latitude_deg = 47.8, # longitude_deg = 67.7), or name the file "
            "uwyo-35671-2022092900.csv",
            source=draft.source,
            key=f"line {draft.line}",
        )
    name = draft.name or "station"
    place = draft.latitude_deg, draft.longitude_deg
    try:
        if draft.error is not None:
            raise draft.error
        return profile_of(draft.levels, Heading(draft.utc, *place, name, draft.source, draft.line), draft.left_out)
    except ConfigError as error:
        return BadSounding(draft.utc, *place, name, error)


def _from_table(lines: list[str], source: str) -> list[Draft]:
    drafts = [Draft(1, source)]
    number = 0
    while number < len(lines):
        line = lines[number]
        title = _TITLE.search(line)
        if title is not None:
            if drafts[-1].utc is not None or drafts[-1].has_table:
                drafts.append(Draft(number + 1, source))
            drafts[-1].utc = _title_time(title, source, number + 1)
            station = _STATION.search(line)
            drafts[-1].name = "" if station is None else station[1] or station[2]
        if line.split()[:2] == ["PRES", "HGHT"]:
            if drafts[-1].has_table:
                drafts.append(Draft(number + 1, source))
            number = _read_rows(lines, number, drafts[-1])
            continue
        # The newer page says the place in the line of its title
        _note_place(line, drafts[-1], number + 1)
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


def _note_place(line: str, draft: Draft, number: int) -> None:
    latitude, longitude, time = (pattern.search(line) for pattern in (_LATITUDE, _LONGITUDE, _TIME))
    if latitude:
        draft.latitude_deg = known_place(float(latitude[1]))
    if longitude:
        draft.longitude_deg = known_place(float(longitude[1]))
    if time:
        try:
            draft.utc = datetime.strptime("".join(time.groups()), "%y%m%d%H%M").replace(tzinfo=UTC)
        except ValueError:
            message = f"expected an observation time YYMMDD/HHMM, got {time[0]!r}"
            raise ConfigError(message, source=draft.source, key=f"line {number}") from None


def known_place(angle_deg: float) -> float | None:
    """Return a latitude or longitude, None for what the site writes where it knows none (-99.99)."""
    return None if math.isnan(angle_deg) or int(angle_deg) == _NO_PLACE else angle_deg


def _read_rows(lines: list[str], at: int, draft: Draft) -> int:
    """Read the table whose names stand in line `at` (from 0), and return the first line after it."""
    names = {found[0]: (index, found.end()) for index, found in enumerate(re.finditer(r"\S+", lines[at]))}
    draft.has_table, draft.line = True, at + 1
    factor = _speed_factor(lines, at, list(names), draft)
    ends = [end for _, end in names.values()]
    wanted = [name for name in ("PRES", "HGHT", "DRCT", "SKNT", "SPED") if name in names]
    row = at + 2
    while row < len(lines):
        line = lines[row]
        row += 1
        if not line.strip().strip("-"):
            if (draft.levels or draft.left_out) and not line.strip():
                break
            continue
        if not re.match(r"\s*\d", line):
            row -= 1
            break
        cells = {}
        for name in wanted:
            index, end = names[name]
            if line[end - 1 : end].strip() and line[end : end + 1].strip():
                draft.fail(f"the values do not stand under their names ({name} ends in column {end})", row)
            cells[name] = draft.number(line[ends[index - 1] if index else 0 : end], row, name)
        if draft.error is None:
            speed = cells.get("SKNT", cells.get("SPED", math.nan))
            draft.add(row, cells["PRES"] * 100.0, cells["HGHT"], cells["DRCT"], speed * factor)
    return row


def _speed_factor(lines: list[str], at: int, names: list[str], draft: Draft) -> float:
    """Return what turns the speeds of a table into m/s; names and units must agree."""
    speed = [name for name in names if name in _UNIT_OF_COLUMN]
    if len(speed) != 1 or "DRCT" not in names:
        draft.fail(f"expected the columns PRES, HGHT, DRCT and SKNT or SPED, got {' '.join(names)}", at + 1)
        return math.nan
    units = lines[at + 1].split() if at + 1 < len(lines) else []
    if len(units) != len(names):
        draft.fail(
            f"expected a line of {len(names)} units under the names of the columns, got {' '.join(units)!r}", at + 2
        )
        return math.nan
    unit = dict(zip(names, units, strict=True))
    for name, wanted in (("PRES", ("hPa", "mb")), ("HGHT", ("m",)), ("DRCT", ("deg",))):
        if unit[name] not in wanted:
            draft.fail(f"expected {name} in {wanted[0]}, got {unit[name]!r}", at + 2)
    given = unit[speed[0]]
    if given not in SPEED_UNITS or SPEED_UNITS[given] != _UNIT_OF_COLUMN[speed[0]]:
        wanted_unit = "knot" if speed[0] == "SKNT" else "m/s"
        draft.fail(
            f"the column {speed[0]} should be in {wanted_unit}, but its unit says {given!r}; correct the file", at + 2
        )
        return math.nan
    return SPEED_UNITS[given]
