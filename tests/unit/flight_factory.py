"""A made-up return with the shape of a real one, to test what is written and drawn without flying anything."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from steppe.config.loader import LoadedMission
from steppe.config.mission import Mission, Zone
from steppe.config.vehicle import Vehicle
from steppe.errors import ENDED, LANDED, STATUS
from steppe.flight.result import Departing, Event, Flight, Peaks, Touchdown, Track

Floats = npt.NDArray[np.float64]

EPOCH = datetime(2022, 9, 29, 7, 34, 20, 250000, tzinfo=UTC)
IGNITION_S = 9000.0
RADIUS_M = 6378137.0
GM = 3.986004418e14
ROTATION = 7.292115e-5
G0 = 9.80665
ZONE = Zone(name="test-zone", title="South-east of a town", latitude_deg=47.364, longitude_deg=69.608, radius_m=28e3)


def loaded(start: str = "station") -> LoadedMission:
    """Return a mission that no solver has to like: only its names, zone and title are read."""
    capsule = {
        "mass_kg": 2900.0,
        "reference_area_m2": 3.8,
        "reference_length_m": 2.2,
        "nose_radius_m": 2.2,
        "aerodynamics": {"mach": [5.0], "drag_coefficient": [1.3], "lift_to_drag": [0.26]},
    }
    vehicle = Vehicle.model_validate({"name": "test-capsule", "title": "A capsule", "capsule": capsule})
    surface = {
        "utc": "2022-09-29T10:00:00Z", "altitude_m": 1e5, "latitude_deg": 40.0, "longitude_deg": 50.0,
        "speed_m_s": 7600.0,
    }  # fmt: skip
    document = {
        "name": "test-return",
        "title": "Soyuz Test",
        "vehicle": "test-capsule",
        "guidance": {"law": "ballistic"},
        "start": {"phase": "entry", "surface": surface},
        "published": {"touchdown_latitude_deg": 47.33, "touchdown_longitude_deg": 69.58},
    }
    return LoadedMission(Mission.model_validate(document), vehicle, ZONE, "test", Path())


def _descend() -> dict[str, Floats]:
    """Fall along a plane over a turning sphere: a burn, an ellipse, air that thins by e every 7.2 km, a canopy."""
    h, v, gamma, s, load, flux = 418e3, math.sqrt(GM / (RADIUS_M + 418e3)), 0.0, 0.0, 0.0, 0.0
    rows = []
    area = 4.94
    for t in range(round(IGNITION_S)):
        rows.append((float(t), h, v, 0.0, v * t * RADIUS_M / (RADIUS_M + h), 0.0, 0.0, 0.0, area))
    t = IGNITION_S
    s = v * t * RADIUS_M / (RADIUS_M + h)
    while h > 400.0 and t < 15000.0:
        rho = 1.225 * math.exp(-h / 7200.0)
        if h < 10.5e3:
            area = min(800.0, area + 25.0)
        drag = 0.5 * rho * v * v * area / 2900.0
        lift = 0.18 * drag if area < 5.0 else 0.0
        flux = 1.7415e-4 * math.sqrt(rho / 2.2) * v**3
        load = math.hypot(drag, lift) / G0
        rows.append((t, h, v, gamma, s, load, flux, rho, area))
        r = RADIUS_M + h
        gravity = GM / (r * r)
        thrust = 128.0 / 285.0 if IGNITION_S <= t < IGNITION_S + 285.0 else 0.0
        step = 1.0 if area < 5.0 else 0.25
        for _ in range(round(1.0 / step)):
            rate = -drag - gravity * math.sin(gamma) - thrust
            gamma += step * (lift / max(v, 1.0) - (gravity / max(v, 1.0) - v / r) * math.cos(gamma))
            v += step * rate
            h += step * v * math.sin(gamma)
            s += step * v * math.cos(gamma) * RADIUS_M / r
        t += 1.0
    columns = np.array(rows).T
    names = ("t", "h", "v", "gamma", "s", "load", "flux", "rho", "area")
    return dict(zip(names, columns, strict=True))


def _ground(s: Floats, t: Floats, course_deg: float = 62.0) -> tuple[Floats, Floats]:
    """Return latitude and longitude in rad on the great circle that ends in the zone, under a turning Earth."""
    lat1, back = math.radians(47.352), math.radians(course_deg + 180.0)
    reach = (s[-1] - s) / RADIUS_M
    lat = np.arcsin(math.sin(lat1) * np.cos(reach) + math.cos(lat1) * np.sin(reach) * math.cos(back))
    x = math.sin(back) * np.sin(reach) * math.cos(lat1)
    east = np.unwrap(np.arctan2(x, np.cos(reach) - math.sin(lat1) * np.sin(lat)))
    # under the canopy the air carries the capsule round with the Earth
    lon = math.radians(69.66) + east + ROTATION * np.maximum(t[-1] - 900.0 - t, 0.0)
    return lat, (lon + np.pi) % (2.0 * np.pi) - np.pi


def _columns(fall: dict[str, Floats]) -> dict[str, Floats]:
    t, h, v = fall["t"], fall["h"], fall["v"]
    lat, lon = _ground(fall["s"], t)
    position = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]).T * (RADIUS_M + h)
    velocity = np.gradient(position, t, axis=1)
    zero = np.zeros_like(t)
    bank = np.where(h < 80e3, np.where(np.sin(t / 45.0) > 0.0, 58.0, -58.0), 0.0)
    return {
        "time_s": t, "x_m": position[0], "y_m": position[1], "z_m": position[2],
        "vx_m_s": velocity[0], "vy_m_s": velocity[1], "vz_m_s": velocity[2],
        "mass_kg": zero + 2900.0, "altitude_m": h, "latitude_deg": np.degrees(lat), "longitude_deg": np.degrees(lon),
        "airspeed_m_s": v, "ground_speed_m_s": v, "vertical_speed_m_s": v * np.sin(fall["gamma"]),
        "inertial_speed_m_s": v, "flight_path_angle_deg": np.degrees(fall["gamma"]), "heading_deg": zero + 62.0,
        "bank_deg": bank, "bank_command_deg": bank, "mach": np.where(h < 120e3, v / 300.0, np.nan),
        "density_kg_m3": fall["rho"], "dynamic_pressure_pa": 0.5 * fall["rho"] * v * v, "load_g": fall["load"],
        "heat_flux_w_m2": fall["flux"], "heat_load_j_m2": np.cumsum(fall["flux"]),
        "sensed_velocity_m_s": np.cumsum(fall["load"]) * G0, "canopy_drag_area_m2": fall["area"],
    }  # fmt: skip


def _index(columns: dict[str, Floats], below_m: float) -> int:
    return int(np.flatnonzero(columns["altitude_m"] < below_m)[0])


def _event(columns: dict[str, Floats], name: str, k: int, late_s: float | None = None) -> Event:
    row = {key: float(value[k]) for key, value in columns.items()}
    utc = EPOCH + timedelta(seconds=row["time_s"])
    return Event(
        name, row["time_s"], utc, row["altitude_m"], row["latitude_deg"], row["longitude_deg"], row["airspeed_m_s"],
        row["mach"], None if late_s is None else utc - timedelta(seconds=late_s), None if late_s is None else 60.0,
    )  # fmt: skip


def _events(c: dict[str, Floats]) -> tuple[Event, ...]:
    entry, command = _index(c, 99.7e3), _index(c, 10.6e3)
    places = {
        "undocking": (0, 12.0),
        "deorbit_ignition": (int(IGNITION_S), -4.0),
        "deorbit_cutoff": (int(IGNITION_S) + 285, None),
        "module_separation": (_index(c, 140e3), 9.5),
        "entry_interface": (entry, -7.0),
        "guidance_start": (_index(c, 80.4e3), None),
        "peak_load": (int(np.argmax(c["load_g"][:command])), None),
        "plasma_exit": (_index(c, 38e3), None),
        "parachute_command": (command, 31.0),
        "drogue": (command + 17, None),
        "main_inflated": (command + 60, None),
        "heat_shield_jettison": (_index(c, 5.5e3), None),
        "soft_landing_ignition": (len(c["time_s"]) - 2, None),
        "touchdown": (len(c["time_s"]) - 1, 42.0),
    }
    return tuple(_event(c, name, k, late) for name, (k, late) in places.items())


def _module(c: dict[str, Floats], name: str, from_m: float, to_m: float, sideways_deg: float) -> Track:
    """Return a module that keeps to the capsule's way, a little beside it, and lags in the air."""
    rows = slice(_index(c, from_m), _index(c, to_m))
    keep = ("time_s", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s", "altitude_m", "longitude_deg", "airspeed_m_s")
    columns = {key: c[key][rows].copy() for key in keep}
    columns["latitude_deg"] = c["latitude_deg"][rows] + sideways_deg * np.linspace(0.0, 1.0, len(columns["time_s"]))
    return Track(name, columns)


def _departing() -> Departing:
    t = np.arange(0.0, IGNITION_S + 1.0, 10.0)
    rate = 2.0 * math.pi / 5560.0
    radial = 2.0 * 0.6 / rate * (np.cos(rate * t) - 1.0) * (t > 180.0) - 0.12 * t * (t <= 180.0)
    along = (4.0 * 0.6 / rate * np.sin(rate * t) - 3.0 * 0.6 * t) * (t > 180.0) * -1.0
    cross = np.zeros_like(t)
    columns = {
        "time_s": t,
        "radial_m": radial,
        "along_track_m": along,
        "cross_track_m": cross,
        "distance_m": np.hypot(radial, along),
    }
    return Departing(columns, float(columns["distance_m"][-1]), 21.4, False)


def complete_flight() -> Flight:
    """Return a landed flight from the station: capsule, two modules, all events, a departure."""
    c = _columns(_descend())
    events = _events(c)
    modules = (_module(c, "Orbital module", 140e3, 70e3, 0.6), _module(c, "Service module", 140e3, 62e3, -0.5))
    command = _index(c, 10.6e3)
    flown = slice(0, command)
    peaks = Peaks(
        float(c["load_g"][flown].max()), float(c["heat_flux_w_m2"].max()), float(c["dynamic_pressure_pa"].max())
    )
    landing = Touchdown(events[-1].utc, events[-1].latitude_deg, events[-1].longitude_deg, 2.4, 6.9, 4.1, 6.8)
    provenance = {"steppe": "0.1.0", "config_hash": "0123456789abcdef", "air_model": "exponential, \u03c1\u2080 1.225"}
    return Flight(
        loaded(), STATUS[LANDED], EPOCH, Track("capsule", c), modules, events, peaks, landing, _departing(),
        {"ignition_utc": "2022-09-29T10:04:20.250Z", "delta_v_m_s": 128.0, "miss_km": float("nan")}, provenance,
        ("made up",),
    )  # fmt: skip


def entry_only() -> Flight:
    """Return a flight that began at the entry, was ended at 15 km, and knows of no bank, module or departure."""
    whole = complete_flight()
    c = whole.track.columns
    rows = slice(_index(c, 99e3), _index(c, 15e3))
    columns = {key: value[rows] for key, value in c.items() if key not in ("bank_deg", "bank_command_deg")}
    first, last = columns["time_s"][0], columns["time_s"][-1]
    mission = replace(whole.mission, zone=None)
    return replace(
        whole, mission=mission, status=STATUS[ENDED], track=Track("capsule", columns), modules=(), touchdown=None,
        events=tuple(event for event in whole.events if first <= event.time_s <= last), departing=None, plan={},
    )  # fmt: skip
