"""The world of one flight: Earth, air and wind of its date and place, and the landing zone in Earth-fixed axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from steppe.config.compile import aero_record, earth_record
from steppe.config.loader import LoadedMission
from steppe.config.surroundings import Wind
from steppe.environment.air import air_for
from steppe.environment.wind import wind_for
from steppe.environment.wind_check import require_usual
from steppe.errors import ConfigError
from steppe.frames.geodetic import geodetic_to_itrf, itrf_to_geodetic
from steppe.kernels.earth import Earth
from steppe.kernels.motion import World

if TYPE_CHECKING:
    from steppe.environment.wind_sheet import WindSheet

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The world of one flight.

    Attributes
    ----------
    world
        For the kernels.
    provenance
        Names of the models and dates of the tables.
    notes
        What the user should know: fall-backs, ends of tables.
    """

    world: World
    provenance: dict[str, str]
    notes: tuple[str, ...]


def surroundings(loaded: LoadedMission, utc: datetime, place_itrf_m: Vector, course_itrf: Vector) -> Surroundings:
    """Build the world of a flight that passes a place on a course.

    Parameters
    ----------
    loaded
        The mission.
    utc
        When the flight passes the place.
    place_itrf_m
        The landing zone, or the start of a flight without one, shape (3,), m.
    course_itrf
        Horizontal unit vector of the ground track there, shape (3,).

    Raises
    ------
    EnvironmentDataError
        If a table or file does not cover time and place, or its wind is too strong for the month and the mission does
        not accept that.
    """
    mission = loaded.mission
    latitude_rad, longitude_rad, _ = itrf_to_geodetic(place_itrf_m)
    air = air_for(mission.air, utc, place_itrf_m / np.linalg.norm(place_itrf_m), course_itrf, loaded.folder)
    place_deg = float(np.degrees(latitude_rad)), float(np.degrees(longitude_rad))
    ground_m = None if loaded.zone is None else loaded.zone.ground_height_m
    wind = wind_for(mission.wind, loaded.folder, utc, *place_deg, ground_m)
    require_usual(mission.wind, wind.table, utc, *place_deg, ground_m)
    earth = earth_record(mission.earth)
    gravity = (
        "constant" if earth.constant_gravity_m_s2 > 0.0 else f"zonal harmonics to degree {mission.earth.zonal_degree}"
    )
    provenance = {
        "earth": f"{mission.earth.shape}, {gravity}",
        "air": air.name,
        "wind": wind.name,
        **{key: str(value) for key, value in (air.provenance | wind.provenance).items() if key not in ("air", "wind")},
    }
    notes = tuple(note for note in (air.note, wind.note) if note)
    return Surroundings(World(earth, air.table, wind.table, aero_record(loaded.vehicle.capsule)), provenance, notes)


def with_wind_of(loaded: LoadedMission, path: Path) -> LoadedMission:
    """Return a mission that flies in the wind of a file, whose kind its content says.

    Parameters
    ----------
    loaded
        The mission.
    path
        IGRA2, University of Wyoming, a CSV table (with time and place a sounding), NetCDF or GRIB; counted from the
        working folder.

    Raises
    ------
    ConfigError
        If the file cannot be read or is none of these.
    """
    from steppe.environment.soundings.reading import kind_of, says_where

    kind = kind_of(path)
    model = "grid" if kind in ("netcdf", "grib") else "sounding"
    if kind == "csv" and not says_where(path):
        model = "table"
    wind = Wind.model_validate({"model": model, "file": str(path.absolute())})
    return replace(loaded, mission=loaded.mission.model_copy(update={"wind": wind}))


def with_bad_soundings_skipped(loaded: LoadedMission) -> LoadedMission:
    """Return a mission that flies with the other soundings where a bad one is needed."""
    wind = loaded.mission.wind.model_copy(update={"bad_soundings": "skip"})
    return replace(loaded, mission=loaded.mission.model_copy(update={"wind": wind}))


def with_unusual_wind_accepted(loaded: LoadedMission) -> LoadedMission:
    """Return a mission that flies in its wind however far that lies from the mean of the month."""
    wind = loaded.mission.wind.model_copy(update={"unusual": "accept"})
    return replace(loaded, mission=loaded.mission.model_copy(update={"wind": wind}))


def wind_sheet_of(loaded: LoadedMission, utc: datetime) -> WindSheet:
    """Return the wind over the zone of a mission (or its start, without one) beside that of the month.

    Parameters
    ----------
    loaded
        The mission.
    utc
        When it passes the zone.

    Raises
    ------
    ConfigError
        If the mission says no place, or its wind cannot be used.
    EnvironmentDataError
        If no file covers time and place.
    """
    from steppe.environment.wind_sheet import wind_sheet

    zone, start = loaded.zone, loaded.mission.start.surface
    if zone is not None:
        place = zone.latitude_deg, zone.longitude_deg, zone.ground_m
    elif start is not None:
        place = start.latitude_deg, start.longitude_deg, 0.0
    else:
        raise ConfigError("the mission has no zone, which says where the wind is wanted", source=loaded.source)
    return wind_sheet(loaded.mission.wind, loaded.folder, utc, *place)


def on_surface(earth: Earth, latitude_deg: float, longitude_deg: float, altitude_m: float) -> Vector:
    """Return a geodetic place in ITRF, shape (3,), m, on the Earth of the mission."""
    flattening = 1.0 - earth.polar_m / earth.radius_m
    place: Vector = geodetic_to_itrf(
        np.radians(latitude_deg), np.radians(longitude_deg), altitude_m, radius_m=earth.radius_m, flattening=flattening
    )
    return place


def horizontal(place_m: Vector, direction: Vector) -> Vector:
    """Return the part of a direction across the radius at a place, as a unit vector, shape (3,)."""
    up = place_m / np.linalg.norm(place_m)
    flat = direction - up * float(direction @ up)
    result: Vector = flat / np.linalg.norm(flat)
    return result
