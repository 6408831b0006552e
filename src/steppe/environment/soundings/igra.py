"""Reads soundings of the Integrated Global Radiosonde Archive, version 2 (NOAA NCEI): fixed-width text, also zipped.

Columns, units and missing values: igra2-data-format.txt at ncei.noaa.gov (Durre, Yin, Vose, Applequist and Arnfield).
Pressures are in Pa, heights in geopotential metres, directions in degrees, speeds in tenths of m/s; -9999 is missing
and -8888 was removed by the quality control. A header has 71 characters; the derived files (-drvd) have longer ones and
other columns, and are refused.
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
from steppe.environment.soundings.records import BadSounding, Readings, WindProfile
from steppe.environment.text_files import encoding_of
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
# Headers of -data files end in column 71; those of -drvd files in column 156
_LONGEST_HEADER: Final = 80
_HALF_DAY: Final = timedelta(hours=12)


def read_igra(path: Path, utc: datetime | None = None, within_s: float = math.inf) -> tuple[WindProfile, ...]:
    """Return the soundings of a file that were released near a time; see `igra_readings`.

    Raises
    ------
    ConfigError
        As there, and if a sounding near the time is bad.
    EnvironmentDataError
        As there.
    """
    return igra_readings(path, utc, within_s).all_good()


def igra_readings(path: Path, utc: datetime | None = None, within_s: float = math.inf) -> Readings:
    """Return the soundings of a file that were released near a time, good and bad.

    Soundings far from the time are not looked into, so damage there does no harm. One whose hour is not known is passed
    over.

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
        If the file cannot be read or a header is damaged; the message names the line.
    EnvironmentDataError
        If no sounding is near the time; the message says what the file covers.
    """
    good: list[WindProfile] = []
    bad: list[BadSounding] = []
    times: list[datetime] = []
    with _lines(path) as lines:
        for heading, promised, body in _soundings(lines, str(path)):
            times.append(heading.utc)
            if utc is not None and abs((heading.utc - utc).total_seconds()) > within_s:
                continue
            try:
                _check_complete(heading, promised, len(body))
                profile = _profile(body, heading)
            except ConfigError as error:
                bad.append(BadSounding(heading.utc, heading.latitude_deg, heading.longitude_deg, heading.name, error))
                continue
            if profile is not None:
                good.append(profile)
    if not times:
        raise ConfigError(
            "expected IGRA soundings with a known hour, whose first line begins with '#' and a station",
            source=str(path),
        )
    if not good and not bad and utc is not None:
        raise EnvironmentDataError(
            f"{path}: no sounding with wind within {within_s / 3600.0:g} h of {utc:%Y-%m-%d %H:%M} UTC; the file has "
            f"{len(times)} from {min(times):%Y-%m-%d %H:%M} to {max(times):%Y-%m-%d %H:%M}; fetch the period that "
            "covers the landing, or raise wind.within_s"
        )
    return Readings(tuple(good), tuple(bad))


@contextmanager
def _lines(path: Path) -> Iterator[Iterable[str]]:
    source = str(path)
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as raw:
                encoding = encoding_of(raw.read(4))
            with path.open(encoding=encoding) as stream:
                yield stream
            return
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".txt")]
            if len(names) != 1:
                shown = ", ".join(archive.namelist()[:5]) or "nothing"
                raise ConfigError(f"expected one .txt file in the archive, found {shown}", source=source)
            with archive.open(names[0]) as beginning:
                encoding = encoding_of(beginning.read(4))
            with archive.open(names[0]) as member:
                yield io.TextIOWrapper(member, encoding=encoding)
    except (OSError, EOFError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot read the IGRA file: {reason}; fetch it again", source=source) from error


def _soundings(lines: Iterable[str], source: str) -> Iterator[tuple[Heading, int, list[tuple[int, str]]]]:
    """Yield the heading of each sounding, its promised levels and its lines with their numbers.

    Those whose hour is not known are passed over.
    """
    heading: Heading | None = None
    begun = False
    body: list[tuple[int, str]] = []
    promised = 0
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            if heading is not None:
                yield heading, promised, body
            heading, promised = _heading(line, number, source)
            begun, body = True, []
        elif heading is not None and line.strip():
            body.append((number, line))
        elif line.strip() and not begun:
            raise ConfigError("expected a header that begins with '#'", source=source, key=f"line {number}")
    if heading is not None:
        yield heading, promised, body


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


def _heading(line: str, number: int, source: str) -> tuple[Heading | None, int]:
    """Return what a header says and the promised levels; None where the hour is not known."""
    place = (number, source)
    if len(line.rstrip()) > _LONGEST_HEADER:
        raise ConfigError(
            "expected a header of 71 characters, got a longer one: is this the file of derived parameters (-drvd)? "
            "take the one that ends in -data.txt",
            source=source,
            key=f"line {number}",
        )
    values = {name: _number(line, columns, name, place) for name, columns in _HEADER.items()}
    try:
        utc = _released(values)
    except ValueError:
        raise ConfigError(
            f"expected a date and hours, got {line[13:31].strip()!r}", source=source, key=f"line {number}"
        ) from None
    if utc is None:
        return None, values["levels"]
    name = line[1:12].strip()
    latitude, longitude = values["latitude"] / 1e4, values["longitude"] / 1e4
    return Heading(utc, latitude, longitude, name, source, number), values["levels"]


def _released(values: dict[str, int]) -> datetime | None:
    """Return the release, or the nominal hour where that is all there is; None where neither is known.

    Raises
    ------
    ValueError
        If there is no such date or hour.
    """
    day = datetime(values["year"], values["month"], values["day"], tzinfo=UTC)
    hour, release = values["hour"], values["release"]
    nominal = None if hour == _NO_HOUR else day + timedelta(hours=hour)
    if hour != _NO_HOUR and not 0 <= hour <= 23:
        raise ValueError
    if release == _NO_RELEASE:
        return nominal
    hours, minutes = divmod(release, 100)
    if not 0 <= hours <= 23:
        raise ValueError
    released = day + timedelta(hours=hours, minutes=0 if minutes > 59 else minutes)
    # The date is that of the nominal hour: a release before midnight for 00 UTC carries the date of the next day
    if nominal is not None and abs(released - nominal) > _HALF_DAY:
        released += timedelta(days=-1 if released > nominal else 1)
    return released


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
