"""Builds the wind tables that the kernels read: balanced climatology, levels, a CSV file, measured wind, none."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from steppe.config.mission import Wind as WindChoice
from steppe.environment.balanced_wind import FADE_TO_M, balanced_levels
from steppe.environment.sourced import Sourced
from steppe.environment.wind_model import (
    LARGEST_GAP_M,
    LARGEST_SPEED_M_S,
    Level,
    components,
    layers,
    table_wind,
)
from steppe.errors import ConfigError, EnvironmentDataError
from steppe.kernels.wind import Wind

BALANCED_LAYER_M: Final = 500.0
_EAST_NORTH: Final = ("altitude_m", "east_m_s", "north_m_s")
_SPEED_FROM: Final = ("altitude_m", "speed_m_s", "direction_deg")


def wind_for(
    choice: WindChoice, folder: Path | None, utc: datetime, latitude_deg: float, longitude_deg: float
) -> Sourced[Wind]:
    """Return the wind that a mission file asks for.

    Parameters
    ----------
    choice
        The part ``[wind]`` of the mission file.
    folder
        Folder of the mission file, from which ``wind.file`` and ``wind.files`` are taken; None stands for the current
        folder.
    utc
        Date of the landing, with a time zone.
    latitude_deg, longitude_deg
        Place of the landing.

    Raises
    ------
    ConfigError
        If the wind file cannot be read or used.
    EnvironmentDataError
        If the date has no time zone, or a file does not cover the date and the place.
    """
    if choice.model == "none":
        return Sourced(no_wind(), "none", "", {"wind": "none"})
    if choice.model == "climatology":
        return balanced_wind(utc, latitude_deg, longitude_deg)
    if choice.model in ("sounding", "grid"):
        # The readers stand above this module: they blend into the climatology that is built here
        from steppe.environment.measured_wind import measured_wind

        return measured_wind(choice, folder, utc, latitude_deg, longitude_deg)
    if choice.file is not None:
        return wind_from_csv((folder or Path()) / choice.file)
    levels = [(level.altitude_m, level.east_m_s, level.north_m_s) for level in choice.levels]
    return Sourced(table_wind(levels), "table", _range_note(levels), {"wind": f"table of {len(levels)} levels"})


def no_wind() -> Wind:
    """Return still air."""
    return Wind(np.zeros((1, 4)), 0.0, 1.0 / FADE_TO_M)


def balanced_wind(utc: datetime, latitude_deg: float, longitude_deg: float) -> Sourced[Wind]:
    """Return the climatological wind of a date and place, in balance with the pressure of NRLMSIS 2.1.

    See `steppe.environment.balanced_wind` for the equations and docs/models/wind.md for the limits: no weather, no
    boundary layer, still at the ground, faded out from 90 to 120 km.

    Parameters
    ----------
    utc
        Date with a time zone.
    latitude_deg, longitude_deg
        Geodetic position.

    Raises
    ------
    EnvironmentDataError
        If the date has no time zone or the position is not finite.
    """
    if not (math.isfinite(longitude_deg) and -90.0 <= latitude_deg <= 90.0):
        raise EnvironmentDataError(
            f"the wind needs a latitude from -90 to 90 deg and a longitude, got {latitude_deg!r} and {longitude_deg!r}"
        )
    altitude_m = np.arange(0.0, FADE_TO_M + 1.0, BALANCED_LAYER_M)
    east, north = balanced_levels(utc, latitude_deg, longitude_deg, altitude_m)
    day = utc.astimezone(UTC).date().isoformat()
    return Sourced(
        layers(altitude_m[0], BALANCED_LAYER_M, east, north),
        "balanced climatology",
        "The wind is a climatological mean in balance with NRLMSIS 2.1; the wind of the day differs by its weather.",
        {"wind": f"balance of NRLMSIS 2.1, {day}, {latitude_deg:.3f} N {longitude_deg:.3f} E"},
    )


def wind_from_csv(path: Path) -> Sourced[Wind]:
    """Return the wind of a CSV file with a header line.

    The columns are altitude_m, east_m_s, north_m_s (speeds towards the east and the north) or altitude_m, speed_m_s,
    direction_deg (where the wind comes from, clockwise from north, as meteorologists give it). Lines that start with
    ``#`` and empty lines are skipped.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a header, number, order or unit is wrong; the message names line and column.
    """
    levels = levels_from_csv(path)
    return Sourced(table_wind(levels), "table", _range_note(levels), {"wind": f"{path.name}, {len(levels)} levels"})


def levels_from_csv(path: Path) -> list[Level]:
    """Return the levels of a CSV file: altitude in m, speed towards the east and the north in m/s.

    Raises
    ------
    ConfigError
        As `wind_from_csv`.
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


def _range_note(levels: Sequence[Level]) -> str:
    bottom, top = levels[0][0], levels[-1][0]
    return f"The wind table covers {bottom:g} to {top:g} m; the wind of its ends holds below and above."


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
