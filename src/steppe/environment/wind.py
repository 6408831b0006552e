"""Builds the wind tables that the kernels read: balanced climatology, levels, a CSV file, measured wind, none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from steppe.config.surroundings import Wind as WindChoice
from steppe.environment.balanced_wind import FADE_TO_M, balanced_levels
from steppe.environment.sourced import Sourced
from steppe.environment.wind_model import Level, layers, table_wind
from steppe.environment.wind_table import levels_from_csv
from steppe.errors import EnvironmentDataError
from steppe.kernels.wind import Wind

BALANCED_LAYER_M: Final = 500.0


def wind_for(
    choice: WindChoice,
    folder: Path | None,
    utc: datetime,
    latitude_deg: float,
    longitude_deg: float,
    ground_m: float | None = None,
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
    ground_m
        Height of the ground there, for the wind at 10 m of a grid.

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
    if choice.model == "monthly":
        from steppe.environment.wind_climatology import monthly_model

        return monthly_model(utc, latitude_deg, longitude_deg)
    if choice.model in ("sounding", "grid"):
        # Imported here for the start-up time: most flights read no sounding
        from steppe.environment.measured_wind import measured_wind

        return measured_wind(choice, folder, utc, latitude_deg, longitude_deg, ground_m)
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
    direction_deg (where the wind comes from, clockwise from north, as meteorologists give it); other units stand in the
    names (`steppe.environment.wind_table`). Lines that start with ``#`` and empty lines are skipped.

    Parameters
    ----------
    path
        The file; `levels_from_csv` says what may stand in it.

    Raises
    ------
    ConfigError
        As `levels_from_csv`.
    """
    levels = levels_from_csv(path)
    return Sourced(table_wind(levels), "table", _range_note(levels), {"wind": f"{path.name}, {len(levels)} levels"})


def _range_note(levels: Sequence[Level]) -> str:
    bottom, top = levels[0][0], levels[-1][0]
    return f"The wind table covers {bottom:g} to {top:g} m; the wind of its ends holds below and above."
