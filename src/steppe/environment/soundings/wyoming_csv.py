"""The CSV of the University of Wyoming, whose names carry their units: ``wind speed_m/s``.

Soundings of full resolution (BUFR) say time, longitude and latitude in each row; those of coded messages (FM35) may
lack these columns or hold -99.99 for the place.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Final

from steppe.environment.soundings.wyoming import SPEED_UNITS, Draft, known_place
from steppe.errors import ConfigError

_NEEDED: Final = ("pressure", "geopotential height", "wind direction", "wind speed")
_UNITS: Final = (("pressure", "hPa"), ("geopotential height", "m"), ("wind direction", "degree"))


def is_csv_header(line: str) -> bool:
    """Return whether a line names the columns of such a table."""
    return "pressure_" in line and "wind speed_" in line and "," in line


def csv_drafts(lines: list[str], source: str) -> list[Draft]:
    """Return the soundings of a file; each begins with a line of names. Time and place are read from bad ones too.

    Raises
    ------
    ConfigError
        If a time is none; what else is wrong stands in the drafts.
    """
    drafts: list[Draft] = []
    columns: dict[str, tuple[int, str]] = {}
    width = 0
    for number, line in enumerate(lines, start=1):
        if is_csv_header(line):
            drafts.append(Draft(number, source, has_table=True))
            columns, width = _columns(line, drafts[-1])
        elif drafts and line.strip() and not line.lstrip().startswith(("#", "Station")):
            cells = next(csv.reader([line]), [])
            if len(cells) == width:
                _row(cells, number, columns, drafts[-1])
            else:
                drafts[-1].fail(f"expected {width} values, got {len(cells)}", number)
    return drafts


def _columns(line: str, draft: Draft) -> tuple[dict[str, tuple[int, str]], int]:
    """Return name -> index and unit, and the number of columns."""
    header = next(csv.reader([line]))
    columns: dict[str, tuple[int, str]] = {}
    for index, text in enumerate(header):
        name, _, unit = text.strip().partition("_")
        columns[name] = (index, unit)
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        draft.fail(f"expected the columns {', '.join(missing)}", draft.line)
        return columns, len(header)
    for name, wanted in _UNITS:
        if columns[name][1] != wanted:
            draft.fail(f"expected {name} in {wanted}, got {columns[name][1]!r}", draft.line)
    if columns["wind speed"][1] not in SPEED_UNITS:
        draft.fail(f"expected wind speed in m/s or knot, got {columns['wind speed'][1]!r}", draft.line)
    return columns, len(header)


def _row(cells: list[str], number: int, columns: dict[str, tuple[int, str]], draft: Draft) -> None:
    if draft.utc is None and "time" in columns:
        draft.utc = _time(cells[columns["time"][0]], draft.source, number)
    if draft.latitude_deg is None and {"latitude", "longitude"} <= columns.keys():
        place = [draft.number(cells[columns[name][0]], number, name) for name in ("latitude", "longitude")]
        draft.latitude_deg, draft.longitude_deg = map(known_place, place)
    value = {name: draft.number(cells[columns[name][0]], number, name) for name in _NEEDED if name in columns}
    if draft.error is None:
        factor = SPEED_UNITS[columns["wind speed"][1]]
        draft.add(
            number, value["pressure"] * 100.0, value["geopotential height"], value["wind direction"],
            value["wind speed"] * factor,
        )  # fmt: skip


def _time(text: str, source: str, number: int) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError:
        message = f"expected a time such as 2022-09-29 00:00:00, got {text!r}"
        raise ConfigError(message, source=source, key=f"line {number}, column time") from None
