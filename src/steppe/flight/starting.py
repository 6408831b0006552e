"""Where, when and in what world a flight begins: at the station, or in any phase from any state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.compile import earth_record
from steppe.config.loader import LoadedMission
from steppe.config.mission import StateStart, SurfaceStart
from steppe.errors import ConfigError
from steppe.flight.checks import require_above_ground
from steppe.flight.passages import Pass, distance_m, find_pass
from steppe.flight.running import start_row
from steppe.flight.surroundings import horizontal, on_surface, surroundings
from steppe.frames.earth_orientation import gcrf_to_itrf, teme_to_itrf
from steppe.frames.elements import StationOrbit
from steppe.frames.geodetic import geodetic_to_itrf
from steppe.frames.local import surface_start_to_itrf
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]

# Nearer than this a start counts as above the zone; farther than 1.5 rad as beyond its horizon
_ABOVE_ZONE_M = 50e3
_FAR_COSINE = float(np.cos(1.5))
# B* to drag area over mass: B* = rho_0 CD A / (2 m) with rho_0 = 0.1570 kg/m2 per Earth radius
# (Vallado, Fundamentals of Astrodynamics and Applications, 4th ed., section 2.4.2)
_BSTAR_TO_DRAG_M2_KG: Final = 2.0 / 0.1570


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


def begin(loaded: LoadedMission) -> Beginning:
    """Return where, when and in what world a mission begins.

    Raises
    ------
    ConfigError, ElementsError, EnvironmentDataError, PlanError
        If the start cannot be used, or the station does not come by the zone in time.
    """
    return _from_station(loaded) if loaded.mission.start.phase == "station" else _elsewhere(loaded)


def station_orbit(loaded: LoadedMission, before_utc: datetime) -> StationOrbit:
    """Return the station's orbit of a mission.

    Parameters
    ----------
    loaded
        The mission.
    before_utc
        Of an elements file with several sets, the last one before this date is taken.

    Raises
    ------
    ConfigError
        If the mission has no ``[station]``.
    ElementsError
        If its elements or its ephemeris cannot be used.
    """
    station = loaded.mission.station
    if station is None:
        raise ConfigError("a flight from the station needs [station]", source=loaded.source, key="station")
    if station.file is not None:
        return StationOrbit.from_file((loaded.folder or Path()) / station.file, before_utc=before_utc)
    return StationOrbit.from_lines(str(station.line1), str(station.line2), source=f"{loaded.source}: station")


def held_bank_rad(loaded: LoadedMission) -> float:
    """Return the bank angle that the ship holds until the guidance steers, as the mission says."""
    return math.radians(loaded.mission.guidance.reference_bank_deg)


def _from_station(loaded: LoadedMission) -> Beginning:
    mission, zone, ship = loaded.mission, loaded.zone, loaded.vehicle.ship
    if mission.departure is None or zone is None or ship is None:
        raise ConfigError("a flight from the station needs [departure], a zone and a ship", source=loaded.source)
    epoch = mission.departure.undocking_utc
    orbit = station_orbit(loaded, epoch)
    passing = find_pass(orbit, zone, epoch)
    site = geodetic_to_itrf(np.radians(zone.latitude_deg), np.radians(zone.longitude_deg), 0.0)
    around = surroundings(loaded, epoch + timedelta(seconds=passing.time_s), site, passing.course_itrf)
    position_m, velocity_m_s = orbit.state_itrf(epoch)
    start = start_row(0.0, position_m, velocity_m_s, ship.mass_kg, held_bank_rad(loaded))
    drag_m2_kg = max(orbit.bstar, 0.0) * _BSTAR_TO_DRAG_M2_KG
    station = start_row(0.0, position_m, velocity_m_s, 1.0)
    notes = (*around.notes, *orbit.notes)
    provenance = {
        **around.provenance,
        "station_orbit": f"{_station_name(loaded, orbit)}, elements of {orbit.epoch:%Y-%m-%dT%H:%M:%SZ}",
    }
    return Beginning(epoch, around.world, start, passing, station, drag_m2_kg, provenance, notes)


def _station_name(loaded: LoadedMission, orbit: StationOrbit) -> str:
    return orbit.name or (loaded.mission.station.name if loaded.mission.station else "station")


def _elsewhere(loaded: LoadedMission) -> Beginning:
    """Return the beginning of a flight that starts from a state in the mission file."""
    mission = loaded.mission
    given = mission.start.state or mission.start.surface
    if given is None:
        raise ConfigError("this start needs start.state or start.surface", source=loaded.source, key="start")
    earth = earth_record(mission.earth)
    position_m, velocity_m_s = (
        _from_surface(given, loaded) if isinstance(given, SurfaceStart) else _from_state(given, loaded)
    )
    require_above_ground(loaded, position_m)
    ship = loaded.vehicle.ship
    whole = mission.start.phase == "orbit" and ship is not None
    mass_kg = ship.mass_kg if whole and ship else loaded.vehicle.capsule.mass_kg
    bank = 0.0 if mission.start.phase == "orbit" else float(np.radians(given.bank_deg))
    start = start_row(0.0, position_m, velocity_m_s, mass_kg, bank)
    zone = loaded.zone
    place, course = position_m, _course(position_m, velocity_m_s)
    passing = None
    if zone is not None:
        place = on_surface(earth, zone.latitude_deg, zone.longitude_deg, 0.0)
        passing = _passing(position_m, velocity_m_s, place, course)
        course = passing.course_itrf
    around = surroundings(loaded, given.utc, place, course)
    return Beginning(given.utc, around.world, start, passing, None, 0.0, around.provenance, around.notes)


def _course(position_m: Array, velocity_m_s: Array) -> Array:
    """Return the horizontal direction of flight; east for a body at rest or on a vertical."""
    up = position_m / np.linalg.norm(position_m)
    flat = velocity_m_s - up * float(up @ velocity_m_s)
    if np.linalg.norm(flat) > 1e-3:
        return horizontal(position_m, velocity_m_s)
    east = np.array([-up[1], up[0], 0.0])
    return horizontal(position_m, east if np.linalg.norm(east) > 1e-6 else np.array([1.0, 0.0, 0.0]))


def _passing(position_m: Array, velocity_m_s: Array, zone_m: Array, course: Array) -> Pass:
    """Return how a flight from here passes the zone, if it keeps its course and angular rate."""
    up, site = position_m / np.linalg.norm(position_m), zone_m / np.linalg.norm(zone_m)
    ahead = float(np.arctan2(site @ course, site @ up) % (2.0 * np.pi))
    rate_rad_s = float(np.linalg.norm(velocity_m_s)) / float(np.linalg.norm(position_m)) + 1e-9
    return Pass(ahead / rate_rad_s, distance_m(site, position_m), _course_at_zone(position_m, zone_m, course))


def _course_at_zone(position_m: Array, zone_m: Array, course: Array) -> Array:
    """Return the course at the zone: along the line from the start, or the present course for a start above it."""
    line = zone_m - position_m
    across = line - zone_m * float(line @ zone_m) / float(zone_m @ zone_m)
    if np.linalg.norm(across) < _ABOVE_ZONE_M:
        return horizontal(zone_m, course)
    cosine = float(position_m @ zone_m) / float(np.linalg.norm(position_m) * np.linalg.norm(zone_m))
    along = np.cross(np.cross(position_m, course), zone_m)
    # Beyond a quarter of the globe the line says little: take the great circle flown, unless the zone is its pole
    if cosine < _FAR_COSINE and np.linalg.norm(along) > 1e-3 * np.linalg.norm(position_m) * np.linalg.norm(zone_m):
        return horizontal(zone_m, along)
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
