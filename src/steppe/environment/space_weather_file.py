"""Reads daily space weather from CelesTrak's CSV (SW-All.csv, SW-Last5Years.csv): a file newer than the bundled table.

Columns as celestrak.org/SpaceData/SpaceWx-format.php: DATE, AP1 to AP8, AP_AVG, F10.7_OBS, F10.7_OBS_CENTER81 and
F10.7_DATA_TYPE (OBS observed, INT interpolated, PRD predicted by day, PRM by month). Days by month have no ap and end
the table.
"""

from __future__ import annotations

import csv
import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.environment.space_weather import SpaceWeatherTable
from steppe.errors import ConfigError

# A daily flux that differs so much from the median of five days was taken during a radio burst, or misread
LARGEST_CHANGE: Final = 0.35
_AP: Final = tuple(f"AP{k}" for k in range(1, 9))
_COLUMNS: Final = ("DATE", *_AP, "AP_AVG", "F10.7_OBS", "F10.7_OBS_CENTER81", "F10.7_DATA_TYPE")
_OBSERVED: Final = ("OBS", "INT")
# ap of 400 is the top of the scale; fluxes below 60 or above 500 units were never measured (assumed bounds)
_AP_MOST: Final = 400.0
_FLUX_RANGE: Final = (50.0, 500.0)
_SHORTEST_DAYS: Final = 5


def read_space_weather(path: Path) -> SpaceWeatherTable:
    """Return the table of a file.

    Parameters
    ----------
    path
        CSV of CelesTrak.

    Raises
    ------
    ConfigError
        If the file cannot be read or used; the message names line and column.
    """
    source = str(path)
    try:
        content = path.read_bytes()
        reader = csv.DictReader(content.decode("utf-8-sig").splitlines())
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(
                f"expected the columns of CelesTrak, found none named {', '.join(missing[:4])}", source=source
            )
        rows = [(reader.line_num, {name: row[name] or "" for name in _COLUMNS}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not a CSV file in UTF-8"
        raise ConfigError(f"cannot read the space weather: {reason}; check air.space_weather", source=source) from error
    days: list[date] = []
    values: list[list[float]] = []
    observed = 0
    for line, row in rows:
        if not all(row[name] for name in _AP):
            break
        day = _day(row["DATE"], source, line)
        if days and day != days[-1] + timedelta(days=1):
            message = f"expected {days[-1] + timedelta(days=1)}, got {day}; the days must follow each other"
            raise ConfigError(message, source=source, key=f"line {line}")
        days.append(day)
        values.append(_values(row, source, line))
        observed = len(days) if row["F10.7_DATA_TYPE"].strip().upper() in _OBSERVED else observed
    if len(days) < _SHORTEST_DAYS or observed == 0:
        raise ConfigError(f"expected at least {_SHORTEST_DAYS} days, some observed; got {len(days)}", source=source)
    table = np.array(values)
    return SpaceWeatherTable(
        first=days[0],
        last_observed=days[observed - 1],
        last=days[-1],
        ap=np.rint(table[:, :8]).astype(np.int16),
        ap_daily=np.rint(table[:, 8]).astype(np.int16),
        f107_tenths=without_bursts(np.rint(10.0 * table[:, 9])),
        f107a_tenths=np.rint(10.0 * table[:, 10]).astype(np.int16),
        source=f"{path.name}, sha256 {hashlib.sha256(content).hexdigest()[:16]}",
    )


def without_bursts(f107: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    """Return daily fluxes with those during radio bursts replaced by the median of five days."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(f107, 2, mode="edge"), 5)
    median = np.median(around, axis=1)
    outlier = np.abs(f107 / median - 1.0) > LARGEST_CHANGE
    return np.where(outlier, median, f107).astype(np.int16)


def _day(text: str, source: str, line: int) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        key = f"line {line}, column DATE"
        raise ConfigError(f"expected a date such as 2022-09-29, got {text!r}", source=source, key=key) from None


def _values(row: dict[str, str], source: str, line: int) -> list[float]:
    values = []
    for name in (*_AP, "AP_AVG", "F10.7_OBS", "F10.7_OBS_CENTER81"):
        low, high = _FLUX_RANGE if name.startswith("F10.7") else (0.0, _AP_MOST)
        # A single burst may exceed the range of the daily flux; the median replaces it
        high = 10.0 * high if name == "F10.7_OBS" else high
        try:
            value = float(row[name])
            if not low <= value <= high:
                raise ValueError
        except ValueError:
            key = f"line {line}, column {name}"
            message = f"expected a number from {low:g} to {high:g}, got {row[name]!r}"
            raise ConfigError(message, source=source, key=key) from None
        values.append(value)
    return values
