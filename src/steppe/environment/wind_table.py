"""Plain tables of wind: a header whose names say the units, then one level a line."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steppe.environment.text_files import read_text
from steppe.environment.wind_model import LARGEST_GAP_M, LARGEST_SPEED_M_S, Level, components
from steppe.errors import ConfigError

_KNOT: Final = 1852.0 / 3600.0
# International foot: NIST SP 811 (2008), appendix B
_FOOT: Final = 0.3048
_LENGTHS: Final = {"m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "km": 1000.0, "ft": _FOOT,
                   "feet": _FOOT}  # fmt: skip
_SPEEDS: Final = {"m_s": 1.0, "ms": 1.0, "mps": 1.0, "m_s-1": 1.0, "ms-1": 1.0, "kt": _KNOT, "kts": _KNOT, "kn": _KNOT,
                  "knot": _KNOT, "knots": _KNOT, "km_h": 1.0 / 3.6, "kmh": 1.0 / 3.6, "kph": 1.0 / 3.6}  # fmt: skip
_ANGLES: Final = {"deg": 1.0, "degree": 1.0, "degrees": 1.0, "": 1.0}
_NAMES: Final = {
    "altitude": ("altitude", "alt", "height", "elevation"),
    "speed": ("speed", "wind_speed", "windspeed", "wspd"),
    "direction": ("direction", "wind_direction", "winddirection", "wdir", "dir"),
    "east": ("east", "u", "eastward", "eastward_wind", "u_wind", "wind_u"),
    "north": ("north", "v", "northward", "northward_wind", "v_wind", "wind_v"),
}
_UNITS: Final = {"altitude": _LENGTHS, "speed": _SPEEDS, "direction": _ANGLES, "east": _SPEEDS, "north": _SPEEDS}
_FORMS: Final = "altitude_m,east_m_s,north_m_s or altitude_m,speed_m_s,direction_deg"


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: its place, its name in the file, what turns it into SI."""

    index: int
    name: str
    factor: float


@dataclass(frozen=True, slots=True)
class _Header:
    """The columns of a table by what they are, how cells are divided, and how many there are."""

    columns: dict[str, _Column]
    divider: str
    width: int


def is_header(line: str) -> bool:
    """Return whether a line names at least the altitude and two columns of wind, with or without units."""
    found = {_meaning(name)[0] for name in _cells(line, _divider(line))}
    return "altitude" in found and ({"speed", "direction"} <= found or {"east", "north"} <= found)


def levels_from_csv(path: Path) -> list[Level]:
    """Return the levels of a table: altitude in m, speed towards the east and the north in m/s.

    The names say the units: ``altitude_m``, ``altitude_ft``, ``speed_kt``, ``speed (km/h)``, ``east_m_s``, ...; columns
    of other things are passed over. Cells are divided by commas, semicolons, tabs or spaces.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a header, number, order or unit is wrong; the message names line and column.
    """
    source = str(path)
    try:
        lines = read_text(path).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise ConfigError(f"cannot read the wind file: {reason}; check wind.file", source=source) from error
    rows = [(n, line) for n, line in enumerate(lines, start=1) if line.strip() and not line.lstrip().startswith("#")]
    if not rows:
        raise ConfigError("the wind file is empty; its first line must be altitude_m,east_m_s,north_m_s", source=source)
    header = _header(rows[0][1], rows[0][0], source)
    levels: list[Level] = []
    for number, line in rows[1:]:
        level = _level(line, number, header, source)
        _check_order(levels, level, number, header, source)
        levels.append(level)
    if not levels:
        raise ConfigError("the wind file has a header but no levels", source=source)
    return levels


def _divider(line: str) -> str:
    return next((mark for mark in (";", ",", "\t") if mark in line), " ")


def _cells(line: str, divider: str) -> list[str]:
    if divider == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=divider), [])]


def _meaning(text: str) -> tuple[str, str]:
    """Return what a name of a column means and its unit: ``("speed", "kt")``; ``("", "")`` for other things."""
    plain = re.sub(r"[\s()\[\]/_]+", "_", text.strip().lower().replace("^", "").replace("\u00b0", "deg")).strip("_")
    for meaning, names in _NAMES.items():
        for name in names:
            if plain == name:
                return meaning, ""
            # Longer names first would do too; a unit that is not known leaves the name unknown, except to the checks
            if plain.startswith(name + "_") and not any(
                len(other) > len(name) and (plain == other or plain.startswith(other + "_"))
                for others in _NAMES.values()
                for other in others
            ):
                return meaning, plain[len(name) + 1 :]
    return "", ""


def _header(line: str, number: int, source: str) -> _Header:
    divider = _divider(line)
    cells = _cells(line, divider)
    columns: dict[str, _Column] = {}
    key = f"line {number}"
    for index, text in enumerate(cells):
        meaning, unit = _meaning(text)
        if not meaning:
            continue
        if unit not in _UNITS[meaning]:
            known = ", ".join(_unit_names(meaning))
            got = f"the unit {unit!r}" if unit else "none"
            raise ConfigError(
                f"expected the header to say the unit of '{text}' ({known}), got {got}; for example {_FORMS}",
                source=source,
                key=key,
            )
        if meaning in columns:
            raise ConfigError(
                f"expected one column of {meaning}, got '{columns[meaning].name}' and '{text}'; remove one",
                source=source,
                key=key,
            )
        columns[meaning] = _Column(index, text.lower(), _UNITS[meaning][unit])
    pairs = [pair for pair in (("east", "north"), ("speed", "direction")) if set(pair) <= columns.keys()]
    if "altitude" not in columns or len(pairs) != 1:
        raise ConfigError(f"expected the header {_FORMS}, got {line.strip()!r}", source=source, key=key)
    return _Header(columns, divider, len(cells))


def _unit_names(meaning: str) -> tuple[str, ...]:
    return {"altitude": ("m", "km", "ft"), "direction": ("deg",)}.get(meaning, ("m_s", "kt", "km_h"))


def _level(line: str, number: int, header: _Header, source: str) -> Level:
    cells = _cells(line, header.divider)
    if len(cells) != header.width:
        raise ConfigError(f"expected {header.width} values, got {len(cells)}", source=source, key=f"line {number}")
    values = {}
    for meaning, column in header.columns.items():
        cell = cells[column.index]
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            key = f"line {number}, column {column.name}"
            raise ConfigError(f"expected a number, got {cell!r}", source=source, key=key)
        values[meaning] = value * column.factor
    altitude_m = values["altitude"]
    if not -500.0 <= altitude_m <= 200e3:
        message = f"expected an altitude from -500 to 200000 m, got {altitude_m:g}; are altitudes in metres?"
        key = f"line {number}, column {header.columns['altitude'].name}"
        raise ConfigError(message, source=source, key=key)
    if "speed" in values:
        east, north = _from_direction(values, number, header, source)
    else:
        east, north = values["east"], values["north"]
    speed = math.hypot(east, north)
    if speed > LARGEST_SPEED_M_S:
        name = header.columns["speed" if "speed" in values else "east"].name
        raise ConfigError(
            f"a wind of {speed:g} m/s is above {LARGEST_SPEED_M_S:g} m/s; is the file in knots (0.514444 m/s) or km/h? "
            "then write so in the header, for example speed_kt",
            source=source,
            key=f"line {number}, column {name}",
        )
    return altitude_m, east, north


def _from_direction(values: dict[str, float], number: int, header: _Header, source: str) -> tuple[float, float]:
    """Return the components of a wind that comes from a direction."""
    if values["speed"] < 0.0:
        message = f"expected a speed of at least 0, got {values['speed']:g}"
        raise ConfigError(message, source=source, key=f"line {number}, column {header.columns['speed'].name}")
    if not 0.0 <= values["direction"] <= 360.0:
        message = f"expected a direction from 0 to 360 deg, got {values['direction']:g}"
        raise ConfigError(message, source=source, key=f"line {number}, column {header.columns['direction'].name}")
    return components(values["speed"], values["direction"])


def _check_order(levels: Sequence[Level], level: Level, number: int, header: _Header, source: str) -> None:
    if not levels:
        return
    where = f"line {number}, column {header.columns['altitude'].name}"
    step = level[0] - levels[-1][0]
    if step <= 0.0:
        message = f"the altitudes must rise, but {level[0]:g} m follows {levels[-1][0]:g} m; sort the lines by altitude"
        raise ConfigError(message, source=source, key=where)
    if step > LARGEST_GAP_M:
        message = (
            f"a gap of {step:g} m after {levels[-1][0]:g} m; the largest allowed is {LARGEST_GAP_M:g} m: add levels"
        )
        raise ConfigError(message, source=source, key=where)
