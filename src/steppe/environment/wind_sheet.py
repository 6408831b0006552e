"""What a mission flies through, level by level, beside what is usual there: for a table, a file and a figure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.config.surroundings import Wind as WindChoice
from steppe.environment.measured_wind import Weighted, blended, measured_columns
from steppe.environment.sourced import Sourced
from steppe.environment.wind import wind_for
from steppe.environment.wind_check import most_unusual
from steppe.environment.wind_climatology import MonthlyWind, wind_at_time
from steppe.errors import EnvironmentDataError
from steppe.kernels.wind import Wind, wind_at

Floats = npt.NDArray[np.float64]
TOP_M: Final = 40e3
STEP_M: Final = 250.0
# The table on the screen
SHOWN_M: Final = (500.0, 1e3, 1.5e3, 2e3, 3e3, 5e3, 8e3, 10e3, 12e3, 16e3, 20e3, 30e3)


@dataclass(frozen=True, slots=True)
class WindSheet:
    """The wind of a mission over altitude.

    Attributes
    ----------
    altitude_m
        Rising, shape (levels,).
    east_m_s, north_m_s
        The wind that is flown, shape (levels,).
    model
        Its name, note and provenance.
    utc, latitude_deg, longitude_deg
        Time and place.
    columns
        The soundings or columns of a grid with their weights; empty for other models.
    usual
        Mean and spread of the month; None where the monthly table does not reach.
    """

    altitude_m: Floats
    east_m_s: Floats
    north_m_s: Floats
    model: Sourced[Wind]
    utc: datetime
    latitude_deg: float
    longitude_deg: float
    columns: Weighted
    usual: MonthlyWind | None

    def usual_at(self, altitude_m: Floats) -> tuple[Floats, Floats, Floats] | None:
        """Return mean east, mean north and spread of the month at altitudes, or None."""
        if self.usual is None:
            return None
        parts = (self.usual.east_m_s, self.usual.north_m_s, self.usual.spread_m_s)
        east, north, spread = (np.interp(altitude_m, self.usual.altitude_m, one) for one in parts)
        return east, north, spread

    def warning(self) -> str:
        """Return a sentence if the wind is far from anything usual, else an empty text."""
        if self.usual is None:
            return ""
        found = most_unusual(self.altitude_m, self.east_m_s, self.north_m_s, self.usual)
        return "" if found is None else found.sentence()

    def rows(self) -> list[dict[str, float | None]]:
        """Return the levels as rows: altitude, speed, direction, components, mean and spread of the month."""
        usual = self.usual_at(self.altitude_m)
        rows: list[dict[str, float | None]] = []
        for k, altitude_m in enumerate(self.altitude_m):
            row: dict[str, float | None] = {
                "altitude_m": float(altitude_m),
                "speed_m_s": math.hypot(self.east_m_s[k], self.north_m_s[k]),
                "direction_deg": direction_deg(float(self.east_m_s[k]), float(self.north_m_s[k])),
                "east_m_s": float(self.east_m_s[k]),
                "north_m_s": float(self.north_m_s[k]),
            }
            for number, name in enumerate(("usual_east_m_s", "usual_north_m_s", "usual_spread_m_s")):
                row[name] = None if usual is None else float(usual[number][k])
            rows.append(row)
        return rows

    def as_json(self) -> dict[str, Any]:
        """Return the sheet as JSON."""
        return {
            "model": self.model.name,
            "utc": self.utc.isoformat(),
            "latitude_deg": self.latitude_deg,
            "longitude_deg": self.longitude_deg,
            "note": self.model.note,
            "warning": self.warning() or None,
            "provenance": self.model.provenance,
            "columns": [
                {
                    "name": one.name, "file": Path(one.source).name, "utc": one.utc.isoformat(), "weight": weight,
                    "latitude_deg": one.latitude_deg, "longitude_deg": one.longitude_deg,
                    "levels": len(one.altitude_m), "levels_left_out": one.left_out,
                    "bottom_m": float(one.altitude_m[0]), "top_m": float(one.altitude_m[-1]),
                }
                for one, weight in self.columns
            ],
            "levels": self.rows(),
        }  # fmt: skip

    def as_csv(self) -> str:
        """Return the flown wind as a table that ``wind.model = "table"`` reads."""
        lines = [f"# {self.model.name}, {self.utc:%Y-%m-%dT%H:%MZ}", "altitude_m,east_m_s,north_m_s"]
        cells = zip(self.altitude_m, self.east_m_s, self.north_m_s, strict=True)
        return "\n".join([*lines, *(f"{height:.0f},{east:.3f},{north:.3f}" for height, east, north in cells)]) + "\n"


def wind_sheet(
    choice: WindChoice,
    folder: Path | None,
    utc: datetime,
    latitude_deg: float,
    longitude_deg: float,
    ground_m: float | None = None,
) -> WindSheet:
    """Return the wind of a mission beside the mean and spread of its month.

    Parameters and errors as `steppe.environment.wind.wind_for`.
    """
    columns: Weighted = ()
    if choice.model in ("sounding", "grid"):
        columns, notes = measured_columns(choice, folder, utc, latitude_deg, longitude_deg, ground_m)
        name = "grid" if choice.model == "grid" else "soundings"
        model = blended(columns, utc, latitude_deg, longitude_deg, name, notes)
    else:
        model = wind_for(choice, folder, utc, latitude_deg, longitude_deg, ground_m)
    try:
        usual = wind_at_time(utc, latitude_deg, longitude_deg)
    except EnvironmentDataError:
        usual = None
    altitude_m = np.arange(STEP_M * math.ceil((ground_m or 0.0) / STEP_M), TOP_M + 1.0, STEP_M)
    winds = np.array([wind_at(model.table, float(height)) for height in altitude_m])
    return WindSheet(altitude_m, winds[:, 0], winds[:, 1], model, utc, latitude_deg, longitude_deg, columns, usual)


def direction_deg(east_m_s: float, north_m_s: float) -> float:
    """Return where a wind comes from, clockwise from north."""
    return math.degrees(math.atan2(-east_m_s, -north_m_s)) % 360.0
