"""The world of one flight: Earth, air and wind of its date and place, and the landing zone in Earth-fixed axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from steppe.config.compile import aero_record, earth_record
from steppe.config.loader import LoadedMission
from steppe.config.mission import Wind
from steppe.environment.air import air_for
from steppe.environment.wind import wind_for
from steppe.frames.geodetic import geodetic_to_itrf, itrf_to_geodetic
from steppe.kernels.earth import Earth
from steppe.kernels.motion import World

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
    """
    mission = loaded.mission
    latitude_rad, longitude_rad, _ = itrf_to_geodetic(place_itrf_m)
    air = air_for(mission.air, utc, place_itrf_m / np.linalg.norm(place_itrf_m), course_itrf, loaded.folder)
    wind = wind_for(mission.wind, loaded.folder, utc, float(np.degrees(latitude_rad)), float(np.degrees(longitude_rad)))
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
