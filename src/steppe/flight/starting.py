"""Starts that are not the station: any phase, from any state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from steppe.config.compile import earth_record
from steppe.config.loader import LoadedMission
from steppe.config.mission import StateStart, SurfaceStart
from steppe.errors import ConfigError
from steppe.flight.plan import Pass
from steppe.flight.running import start_row
from steppe.flight.surroundings import horizontal, on_surface, surroundings
from steppe.frames.earth_orientation import gcrf_to_itrf, teme_to_itrf
from steppe.frames.local import surface_start_to_itrf
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where and when a flight begins, and in what world.

    Attributes
    ----------
    epoch
        Date of time zero.
    world
        For the kernels.
    start
        Start row for the kernels.
    passing
        The passage of the zone, None without a zone.
    station
        Start row of the station, None for flights that do not begin there.
    station_drag_m2_kg
        Drag area over mass of the station.
    provenance, notes
        For the result.
    """

    epoch: datetime
    world: World
    start: Array
    passing: Pass | None
    station: Array | None
    station_drag_m2_kg: float
    provenance: dict[str, str]
    notes: tuple[str, ...]


def begin_elsewhere(loaded: LoadedMission) -> Beginning:
    """Return the beginning of a flight that starts from a state in the mission file."""
    mission = loaded.mission
    given = mission.start.state or mission.start.surface
    if given is None:
        raise ConfigError("this start needs start.state or start.surface", source=loaded.source, key="start")
    earth = earth_record(mission.earth)
    position_m, velocity_m_s = (
        _from_surface(given, loaded) if isinstance(given, SurfaceStart) else _from_state(given, loaded)
    )
    if np.linalg.norm(position_m) < 0.9 * earth.polar_m:
        raise ConfigError(
            f"the start lies {np.linalg.norm(position_m) / 1e3:.0f} km from the centre, inside the Earth; "
            "positions are in metres",
            source=loaded.source,
            key="start",
        )
    ship = loaded.vehicle.ship
    whole = mission.start.phase == "orbit" and ship is not None
    mass_kg = ship.mass_kg if whole and ship else loaded.vehicle.capsule.mass_kg
    bank = 0.0 if mission.start.phase == "orbit" else float(np.radians(given.bank_deg))
    start = start_row(0.0, position_m, velocity_m_s, mass_kg, bank)
    zone = loaded.zone
    place, course = position_m, _course(position_m, velocity_m_s, earth.rotation_rad_s)
    passing = None
    if zone is not None:
        place = on_surface(earth, zone.latitude_deg, zone.longitude_deg, 0.0)
        course = _course_at_zone(position_m, velocity_m_s, place, course)
        up, site = position_m / np.linalg.norm(position_m), place / np.linalg.norm(place)
        arc = _arc_ahead(up, site, horizontal(position_m, course) if zone is None else _toward(up, velocity_m_s))
        distance = float(np.arccos(np.clip(up @ site, -1.0, 1.0))) * 6371e3
        # Time to the zone at the angular rate of the start
        rate = float(np.linalg.norm(velocity_m_s)) / float(np.linalg.norm(position_m)) + 1e-9
        passing = Pass(arc / rate, distance, course)
    around = surroundings(loaded, given.utc, place, course)
    return Beginning(given.utc, around.world, start, passing, None, 0.0, around.provenance, around.notes)


def _toward(up: Array, velocity_m_s: Array) -> Array:
    if np.linalg.norm(velocity_m_s) < 1.0:
        return np.cross(np.array([0.0, 0.0, 1.0]), up)
    return horizontal(up, velocity_m_s)


def _arc_ahead(up: Array, site: Array, ahead: Array) -> float:
    """Return the angle along the course from here to abeam of the site, 0 to 2 pi."""
    return float(np.arctan2(site @ ahead, site @ up) % (2.0 * np.pi))


def _course(position_m: Array, velocity_m_s: Array, rotation_rad_s: float) -> Array:
    """Return the horizontal direction of flight; east for a body at rest."""
    if np.linalg.norm(velocity_m_s) < 1.0 or _is_vertical(position_m, velocity_m_s):
        east = np.cross(np.array([0.0, 0.0, 1.0]), position_m)
        return horizontal(position_m, east if np.linalg.norm(east) > 1.0 else np.array([1.0, 0.0, 0.0]))
    return horizontal(position_m, velocity_m_s)


def _is_vertical(position_m: Array, velocity_m_s: Array) -> bool:
    across = np.cross(position_m, velocity_m_s)
    return bool(np.linalg.norm(across) < 1e-6 * np.linalg.norm(position_m) * np.linalg.norm(velocity_m_s))


def _course_at_zone(position_m: Array, velocity_m_s: Array, zone_m: Array, course: Array) -> Array:
    """Return the course at the zone: along the line from the start, or the present course for a start above it."""
    line = zone_m - position_m
    across = line - zone_m * float(line @ zone_m) / float(zone_m @ zone_m)
    if np.linalg.norm(across) < 50e3:
        return horizontal(zone_m, course)
    far = float(np.arccos(np.clip(position_m @ zone_m / np.linalg.norm(position_m) / np.linalg.norm(zone_m), -1, 1)))
    if far > 1.5:
        normal = np.cross(position_m, velocity_m_s)
        return horizontal(zone_m, np.cross(normal, zone_m))
    return horizontal(zone_m, across)


def _from_surface(given: SurfaceStart, loaded: LoadedMission) -> tuple[Array, Array]:
    earth = earth_record(loaded.mission.earth)
    position_m, velocity_m_s = surface_start_to_itrf(
        np.radians(given.latitude_deg),
        np.radians(given.longitude_deg),
        given.altitude_m,
        given.speed_m_s,
        np.radians(given.flight_path_angle_deg),
        np.radians(given.heading_deg),
        radius_m=earth.radius_m,
        flattening=1.0 - earth.polar_m / earth.radius_m,
    )
    return position_m, velocity_m_s


def _from_state(given: StateStart, loaded: LoadedMission) -> tuple[Array, Array]:
    position_m, velocity_m_s = np.array(given.position_m), np.array(given.velocity_m_s)
    if given.frame == "TEME":
        return teme_to_itrf(given.utc, position_m, velocity_m_s)
    if given.frame == "GCRF":
        return gcrf_to_itrf(given.utc, position_m, velocity_m_s)
    return position_m, velocity_m_s
