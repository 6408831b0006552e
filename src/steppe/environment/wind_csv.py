"""Reads the levels of a wind from a CSV file, and says what is wrong with it by line and column."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from steppe.environment.wind_model import LARGEST_GAP_M, LARGEST_SPEED_M_S, Level, components
from steppe.errors import ConfigError

_EAST_NORTH: Final = ("altitude_m", "east_m_s", "north_m_s")
_SPEED_FROM: Final = ("altitude_m", "speed_m_s", "direction_deg")


def levels_from_csv(path: Path) -> list[Level]:
    """Return the levels of a CSV file: altitude in m, speed towards the east and the north in m/s.

    The columns are altitude_m, east_m_s, north_m_s (speeds towards the east and the north) or altitude_m, speed_m_s,
    direction_deg (where the wind comes from, clockwise from north, as meteorologists give it). Lines that start with
    ``#`` and empty lines are skipped.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a header, number, order or unit is wrong; the message names line and column.
    """
    source = str(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file in UTF-8"
        raise ConfigError(f"cannot read the wind file: {reason}; check wind.file", source=source) from error
    rows = [(n, line) for n, line in enumerate(lines, start=1) if line.strip() and not line.lstrip().startswith("#")]
    if not rows:
        raise ConfigError(f"the wind file is empty; its first line must be {','.join(_EAST_NORTH)}", source=source)
    header = _header(rows[0][1], rows[0][0], source)
    levels: list[Level] = []
    for number, line in rows[1:]:
        level = _level(line, number, header, source)
        _check_order(levels, level, number, source)
        levels.append(level)
    if not levels:
        raise ConfigError("the wind file has a header but no levels", source=source)
    return levels


def _header(line: str, number: int, source: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in next(csv.reader([line])))
    if names not in (_EAST_NORTH, _SPEED_FROM):
        raise ConfigError(
            f"expected the header {','.join(_EAST_NORTH)} or {','.join(_SPEED_FROM)}, got {line.strip()!r}",
            source=source,
            key=f"line {number}",
        )
    return names


def _level(line: str, number: int, header: tuple[str, ...], source: str) -> Level:
    cells = [cell.strip() for cell in next(csv.reader([line]))]
    if len(cells) != len(header):
        raise ConfigError(f"expected {len(header)} values, got {len(cells)}", source=source, key=f"line {number}")
    values = []
    for name, cell in zip(header, cells, strict=True):
        where = f"line {number}, column {name}"
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ConfigError(f"expected a number, got {cell!r}", source=source, key=where)
        values.append(value)
    altitude_m, second, third = values
    if not -500.0 <= altitude_m <= 200e3:
        message = f"expected an altitude from -500 to 200000 m, got {altitude_m:g}; altitudes are in metres"
        raise ConfigError(message, source=source, key=f"line {number}, column altitude_m")
    if header == _SPEED_FROM:
        east, north = _from_direction(second, third, number, source)
    else:
        east, north = second, third
    speed = math.hypot(east, north)
    if speed > LARGEST_SPEED_M_S:
        raise ConfigError(
            f"a wind of {speed:g} m/s is above {LARGEST_SPEED_M_S:g} m/s; is the file in knots (0.514444 m/s) or km/h?",
            source=source,
            key=f"line {number}, column {header[1]}",
        )
    return altitude_m, east, north


def _from_direction(speed_m_s: float, direction_deg: float, number: int, source: str) -> tuple[float, float]:
    """Return the components of a wind that comes from a direction."""
    if speed_m_s < 0.0:
        message = f"expected a speed of at least 0, got {speed_m_s:g}"
        raise ConfigError(message, source=source, key=f"line {number}, column speed_m_s")
    if not 0.0 <= direction_deg <= 360.0:
        message = f"expected a direction from 0 to 360 deg, got {direction_deg:g}"
        raise ConfigError(message, source=source, key=f"line {number}, column direction_deg")
    return components(speed_m_s, direction_deg)


def _check_order(levels: Sequence[Level], level: Level, number: int, source: str) -> None:
    if not levels:
        return
    where = f"line {number}, column altitude_m"
    step = level[0] - levels[-1][0]
    if step <= 0.0:
        message = f"the altitudes must rise, but {level[0]:g} follows {levels[-1][0]:g}; sort the lines by altitude"
        raise ConfigError(message, source=source, key=where)
    if step > LARGEST_GAP_M:
        message = (
            f"a gap of {step:g} m after {levels[-1][0]:g} m; the largest allowed is {LARGEST_GAP_M:g} m: add levels"
        )
        raise ConfigError(message, source=source, key=where)
