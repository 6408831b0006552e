"""Reads soundings of the Integrated Global Radiosonde Archive, version 2 (NOAA NCEI): fixed-width text, also zipped.

Columns, units and missing values: igra2-data-format.txt at ncei.noaa.gov (Durre, Yin, Vose, Applequist and Arnfield).
Pressures are in Pa, heights in geopotential metres, directions in degrees, speeds in tenths of m/s; -9999 is missing
and -8888 was removed by the quality control.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from steppe.environment.soundings.checks import Heading, RawLevel, profile_of
from steppe.environment.soundings.records import WindProfile
from steppe.environment.wind_model import components
from steppe.errors import ConfigError, EnvironmentDataError

# name -> (first character, one past the last), counted from 0
_HEADER: Final = {
    "year": (13, 17), "month": (18, 20), "day": (21, 23), "hour": (24, 26), "release": (27, 31), "levels": (32, 36),
    "latitude": (55, 62), "longitude": (63, 71),
}  # fmt: skip
_LEVEL: Final = {"pressure": (9, 15), "height": (16, 21), "direction": (40, 45), "speed": (46, 51)}
_MISSING: Final = (-9999, -8888)
_NO_HOUR: Final = 99
_NO_RELEASE: Final = 9999
_WITHOUT_PRESSURE: Final = "3"


def read_igra(path: Path, utc: datetime | None = None, within_s: float = math.inf) -> tuple[WindProfile, ...]:
    """Return the soundings of a file that were released near a time.

    Parameters
    ----------
    path
        The file, as text or zipped.
    utc
        The time, with a time zone; None reads all.
    within_s
        How far from it, in s.

    Raises
    ------
    ConfigError
        If the file cannot be read or used; the message names the line.
    EnvironmentDataError
        If no sounding is near the time; the message says what the file covers.
    """
    found: list[WindProfile] = []
    times: list[datetime] = []
    with _lines(path) as lines:
        for heading, body in _soundings(lines, str(path)):
            times.append(heading.utc)
            if utc is None or abs((heading.utc - utc).total_seconds()) <= within_s:
                profile = _profile(body, heading)
                if profile is not None:
                    found.append(profile)
    if not times:
        raise ConfigError("expected IGRA soundings, whose first line begins with '#' and a station", source=str(path))
    if not found and utc is not None:
        raise EnvironmentDataError(
            f"{path}: no sounding with wind within {within_s / 3600.0:g} h of {utc:%Y-%m-%d %H:%M} UTC; the file has "
            f"{len(times)} from {min(times):%Y-%m-%d %H:%M} to {max(times):%Y-%m-%d %H:%M}; fetch the period that "
            "covers the landing, or raise wind.within_s"
        )
    return tuple(found)


@contextmanager
def _lines(path: Path) -> Iterator[Iterable[str]]:
    source = str(path)
    try:
        if not zipfile.is_zipfile(path):
            with path.open(encoding="ascii") as stream:
                yield stream
            return
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".txt")]
            if len(names) != 1:
                shown = ", ".join(archive.namelist()[:5]) or "nothing"
                raise ConfigError(f"expected one .txt file in the archive, found {shown}", source=source)
            with archive.open(names[0]) as raw:
                yield io.TextIOWrapper(raw, encoding="ascii")
    except (OSError, EOFError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot read the IGRA file: {reason}; fetch it again", source=source) from error


def _soundings(lines: Iterable[str], source: str) -> Iterator[tuple[Heading, list[tuple[int, str]]]]:
    """Yield the heading of each sounding and its lines with their numbers; those without a time are passed over."""
    heading: Heading | None = None
    body: list[tuple[int, str]] = []
    promised = 0
    number = 0
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            if heading is not None:
                _check_complete(heading, promised, len(body))
                yield heading, body
            heading, promised = _heading(line, number, source)
            body = []
        elif heading is not None and line.strip():
            body.append((number, line))
        elif line.strip() and number == 1:
            raise ConfigError("expected a header that begins with '#'", source=source, key="line 1")
    if heading is not None:
        _check_complete(heading, promised, len(body))
        yield heading, body


def _check_complete(heading: Heading, promised: int, found: int) -> None:
    if promised != found:
        raise heading.error(f"the header promises {promised} levels, got {found}; is the file cut off? fetch it again")


def _number(line: str, columns: tuple[int, int], name: str, place: tuple[int, str]) -> int:
    number, source = place
    text = line[columns[0] : columns[1]].strip()
    try:
        return int(text)
    except ValueError:
        key = f"line {number}, columns {columns[0] + 1}-{columns[1]}"
        raise ConfigError(f"expected a whole number ({name}), got {text!r}", source=source, key=key) from None


def _heading(line: str, number: int, source: str) -> tuple[Heading, int]:
    place = (number, source)
    values = {name: _number(line, columns, name, place) for name, columns in _HEADER.items()}
    hour, minute = values["hour"], 0
    try:
        if hour == _NO_HOUR and values["release"] == _NO_RELEASE:
            hour = 12  # neither hour is known: noon of the day
        day = datetime(values["year"], values["month"], values["day"], tzinfo=UTC)
        nominal = day + timedelta(hours=0 if hour == _NO_HOUR else hour)
        if values["release"] != _NO_RELEASE:
            released, minute = divmod(values["release"], 100)
            if not (0 <= released <= 23):
                raise ValueError
            release = day + timedelta(hours=released, minutes=0 if minute > 59 else minute)
            # The release before midnight belongs to the nominal hour 0 of the next day
            if hour != _NO_HOUR and release - nominal > timedelta(hours=12):
                release -= timedelta(days=1)
            nominal = release
    except ValueError:
        raise ConfigError(
            f"expected a date and hours, got {line[13:31].strip()!r}", source=source, key=f"line {number}"
        ) from None
    name = line[1:12].strip()
    latitude, longitude = values["latitude"] / 1e4, values["longitude"] / 1e4
    return Heading(nominal, latitude, longitude, name, source, number), values["levels"]


def _profile(body: list[tuple[int, str]], heading: Heading) -> WindProfile | None:
    """Return the column of a sounding; None where fewer than two levels have wind."""
    by_pressure: list[RawLevel] = []
    by_height: list[RawLevel] = []
    left_out = 0
    for number, line in body:
        place = (number, heading.source)
        values = {name: _number(line, columns, name, place) for name, columns in _LEVEL.items()}
        known = {name: value for name, value in values.items() if value not in _MISSING}
        if known.get("pressure", 1) <= 0:
            raise heading.error(f"expected a pressure above 0 Pa, got {known['pressure']}", number)
        if "height" not in known and "pressure" not in known:
            left_out += 1
            continue
        if "direction" in known and "speed" in known:
            if not 0 <= known["direction"] <= 360 or known["speed"] < 0:
                got = f"{known['direction']} deg and {known['speed'] / 10.0:g} m/s"
                raise heading.error(
                    f"expected a direction from 0 to 360 deg and a speed of at least 0, got {got}", number
                )
            east, north = components(known["speed"] / 10.0, known["direction"])
        else:
            east = north = math.nan
        pressure = float(known.get("pressure", math.nan))
        group = by_height if line[:1] == _WITHOUT_PRESSURE else by_pressure
        group.append(RawLevel(number, float(known.get("height", math.nan)), pressure, east, north))
    complete = _with_heights(by_pressure)
    usable = [[level for level in group if _has_wind(level)] for group in (complete, by_height)]
    left_out += len(by_pressure) + len(by_height) - sum(map(len, usable))
    merged = _merged(*usable)
    left_out += sum(map(len, usable)) - len(merged)
    return profile_of(merged, heading, left_out) if len(merged) >= 2 else None


def _has_wind(level: RawLevel) -> bool:
    return math.isfinite(level.height_m) and math.isfinite(level.east_m_s)


def _with_heights(levels: list[RawLevel]) -> list[RawLevel]:
    """Fill missing heights, linear in the logarithm of pressure between levels that have both (hypsometric law)."""
    known = [level for level in levels if math.isfinite(level.height_m) and math.isfinite(level.pressure_pa)]
    if len(known) < 2:
        return levels
    known = sorted(known, key=lambda level: -level.pressure_pa)
    scale = [-math.log(level.pressure_pa) for level in known]
    heights = [level.height_m for level in known]
    filled = []
    for level in levels:
        here = -math.log(level.pressure_pa) if math.isfinite(level.pressure_pa) else math.nan
        if not math.isfinite(level.height_m) and scale[0] <= here <= scale[-1]:
            height = float(np.interp(here, scale, heights))
            level = RawLevel(level.line, height, level.pressure_pa, level.east_m_s, level.north_m_s)
        filled.append(level)
    return filled


def _merged(by_pressure: list[RawLevel], by_height: list[RawLevel]) -> list[RawLevel]:
    """Put wind levels without pressure between those with pressure; where both have a height, pressure levels stay."""
    taken = {level.height_m for level in by_pressure}
    added = [level for level in by_height if level.height_m not in taken]
    if not added:
        return by_pressure
    return sorted([*by_pressure, *added], key=lambda level: level.height_m)
