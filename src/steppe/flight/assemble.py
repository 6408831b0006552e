"""From records to a `Flight`: columns, events, peaks, touchdown and departure."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from steppe.config.mission import Published, Zone
from steppe.flight.result import Departing, Event, Peaks, Touchdown, Track
from steppe.flight.running import Run
from steppe.frames.geodetic import geodesic_distance_m
from steppe.frames.local import relative_lvlh
from steppe.kernels import derive as d
from steppe.kernels import phase as k
from steppe.kernels.motion import World
from steppe.nomenclature import EVENTS

Array = npt.NDArray[np.float64]

# VHF contact returns at 2.3 km/s in our flight of the only published plasma exit (35.3 km, entry + 376 s, MS-11)
PLASMA_EXIT_M_S = 2300.0

_RECORDED = {
    "time_s": k.TIME, "x_m": k.X, "y_m": k.Y, "z_m": k.Z, "vx_m_s": k.U, "vy_m_s": k.V, "vz_m_s": k.W,
    "mass_kg": k.MASS, "sensed_velocity_m_s": k.SENSED,
}  # fmt: skip
_DERIVED = {
    "altitude_m": d.ALTITUDE, "airspeed_m_s": d.AIRSPEED, "ground_speed_m_s": d.GROUND_SPEED,
    "vertical_speed_m_s": d.VERTICAL_SPEED, "inertial_speed_m_s": d.INERTIAL_SPEED, "mach": d.MACH,
    "density_kg_m3": d.DENSITY, "dynamic_pressure_pa": d.DYNAMIC_PRESSURE, "load_g": d.LOAD,
    "heat_flux_w_m2": d.HEAT_FLUX, "heat_load_j_m2": d.HEAT_LOAD, "canopy_drag_area_m2": d.CANOPY_AREA,
}  # fmt: skip
_DEGREES = {
    "latitude_deg": d.LATITUDE, "longitude_deg": d.LONGITUDE, "flight_path_angle_deg": d.PATH_ANGLE,
    "heading_deg": d.HEADING,
}  # fmt: skip


def track_of(body: str, run: Run, world: World, nose_radius_m: float, *, banked: bool) -> Track:
    """Return the columns of one body; where a phase begins, the sample after the switch is kept."""
    output = run.derived(world, nose_radius_m)
    keep = np.append(np.diff(run.record[:, k.TIME]) > 0.0, True)
    record, output = run.record[keep], output[keep]
    columns = {name: record[:, at] for name, at in _RECORDED.items()}
    columns |= {name: output[:, at] for name, at in _DERIVED.items()}
    columns |= {name: np.degrees(output[:, at]) for name, at in _DEGREES.items()}
    columns["heading_deg"] = columns["heading_deg"] % 360.0
    if banked:
        columns["bank_deg"] = np.degrees(record[:, k.BANK])
        columns["bank_command_deg"] = np.degrees(record[:, k.BANK_COMMAND])
    return Track(body, {name: np.ascontiguousarray(values) for name, values in columns.items()})


def event_at(track: Track, name: str, time_s: float, epoch: datetime, published: Published) -> Event:
    """Return the event at a time of the track, interpolated between samples."""
    columns = track.columns

    def value(column: str) -> float:
        return float(np.interp(time_s, columns["time_s"], columns[column]))

    longitude = np.interp(time_s, columns["time_s"], np.unwrap(columns["longitude_deg"], period=360.0))
    return Event(
        name=name,
        time_s=time_s,
        utc=epoch + timedelta(seconds=time_s),
        altitude_m=value("altitude_m"),
        latitude_deg=value("latitude_deg"),
        longitude_deg=float((longitude + 180.0) % 360.0 - 180.0),
        speed_m_s=value("airspeed_m_s"),
        mach=value("mach"),
        published_utc=published.events.get(name),
        published_precision_s=published.precision_s.get(name),
    )


def events_of(track: Track, run: Run, epoch: datetime, published: Published, landed: bool) -> tuple[Event, ...]:
    """Return the events of the flight in order of time."""
    times: dict[str, float] = {}
    for number in range(run.begun):
        name = run.phases[number].event
        if name is not None and name not in times and name not in ("drift",):
            times[name] = float(run.begins[number, k.TIME])
    if landed:
        times["touchdown"] = float(run.begins[run.begun, k.TIME])
    times |= _entry_events(track, times)
    rank = {name: number for number, name in enumerate(EVENTS)}
    ordered = sorted(times.items(), key=lambda item: (item[1], rank.get(item[0], 99)))
    return tuple(event_at(track, name, time_s, epoch, published) for name, time_s in ordered)


def entry_slice(track: Track, times: dict[str, float]) -> slice:
    """Return the samples from the entry interface (or the start) to the parachute command (or the end).

    A flight that begins with the parachute command has no entry: its samples are all that there are.
    """
    time = track.columns["time_s"]
    first = int(np.searchsorted(time, times.get("entry_interface", time[0])))
    command_s = times.get("parachute_command", time[-1])
    last = int(np.searchsorted(time, command_s)) if command_s > time[0] else len(time)
    return slice(first, max(last, first + 1))


def _entry_events(track: Track, times: dict[str, float]) -> dict[str, float]:
    if "entry_interface" not in times:
        return {}
    part = entry_slice(track, times)
    time, load = track.columns["time_s"][part], track.columns["load_g"][part]
    speed = track.columns["airspeed_m_s"][part]
    found = {"peak_load": float(time[int(np.argmax(load))])}
    below = np.flatnonzero((speed[1:] < PLASMA_EXIT_M_S) & (speed[:-1] >= PLASMA_EXIT_M_S))
    if below.size:
        at = int(below[0])
        share = (speed[at] - PLASMA_EXIT_M_S) / (speed[at] - speed[at + 1])
        found["plasma_exit"] = float(time[at] + share * (time[at + 1] - time[at]))
    return found


def peaks_of(track: Track, events: tuple[Event, ...]) -> Peaks:
    """Return the peaks of the entry, from entry interface to parachute command."""
    part = entry_slice(track, {event.name: event.time_s for event in events})
    columns = track.columns
    return Peaks(
        load_g=float(columns["load_g"][part].max()),
        heat_flux_w_m2=float(columns["heat_flux_w_m2"][part].max()),
        dynamic_pressure_pa=float(columns["dynamic_pressure_pa"][part].max()),
    )


def touchdown_of(track: Track, events: tuple[Event, ...], zone: Zone | None, published: Published) -> Touchdown | None:
    """Return the landing, or None if there was none."""
    landing = next((event for event in events if event.name == "touchdown"), None)
    if landing is None:
        return None
    engines = next((event for event in events if event.name == "soft_landing_ignition"), landing)
    fall = track.columns["vertical_speed_m_s"]
    before = float(abs(np.interp(engines.time_s, track.columns["time_s"], fall)))
    here = (landing.latitude_deg, landing.longitude_deg)

    def kilometres(latitude_deg: float | None, longitude_deg: float | None) -> float | None:
        if latitude_deg is None or longitude_deg is None:
            return None
        there = np.radians([*here, latitude_deg, longitude_deg])
        return float(geodesic_distance_m(*there)) / 1000.0

    return Touchdown(
        utc=landing.utc,
        latitude_deg=landing.latitude_deg,
        longitude_deg=landing.longitude_deg,
        speed_m_s=float(abs(fall[-1])),
        speed_before_engines_m_s=before,
        distance_to_zone_km=kilometres(zone.latitude_deg, zone.longitude_deg) if zone else None,
        distance_to_published_km=kilometres(published.touchdown_latitude_deg, published.touchdown_longitude_deg),
    )


def departing_of(ship: Track, station: Track, settled_s: float, ignition_s: float) -> Departing:
    """Return the motion of the ship relative to the station until the ignition.

    `settled_s` is when the last separation burn has ended: from then on the distance must not fall below what it
    was.
    """

    def vectors(track: Track, names: tuple[str, str, str], times: Array) -> Array:
        own = track.columns["time_s"]
        return np.array([np.interp(times, own, track.columns[name]) for name in names])

    time = station.columns["time_s"]
    time = time[time <= ignition_s + 1e-6]
    place, speed = ("x_m", "y_m", "z_m"), ("vx_m_s", "vy_m_s", "vz_m_s")
    relative = relative_lvlh(vectors(station, place, time), vectors(station, speed, time), vectors(ship, place, time))
    radial, along, cross = (np.asarray(part) for part in relative)
    distance = np.sqrt(radial**2 + along**2 + cross**2)
    after = time >= settled_s
    at_settling = float(distance[after][0])
    closest = float(distance[after].min())
    return Departing(
        columns={
            "time_s": time, "radial_m": radial, "along_track_m": along, "cross_track_m": cross,
            "distance_m": distance,
        },
        distance_at_ignition_m=float(distance[-1]),
        closest_after_separation_m=closest,
        returns=closest < at_settling - 1.0,
    )  # fmt: skip
