"""One frame of the stream: the values of a flight at a moment, as a page shows them."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from steppe.constants import WGS84_EQUATORIAL_RADIUS_M
from steppe.flight.result import Flight
from steppe.nomenclature import EVENTS

VALUES: Final = (
    "altitude_m", "latitude_deg", "longitude_deg", "airspeed_m_s", "ground_speed_m_s", "vertical_speed_m_s",
    "inertial_speed_m_s", "flight_path_angle_deg", "heading_deg", "mach", "dynamic_pressure_pa", "load_g",
    "heat_flux_w_m2", "bank_deg", "bank_command_deg", "mass_kg", "sensed_velocity_m_s", "canopy_drag_area_m2",
)  # fmt: skip
_TURNING: Final = frozenset({"longitude_deg", "heading_deg", "bank_deg", "bank_command_deg"})
# Gravitational parameter of the Earth, m3/s2 (EGM2008)
_GM_M3_S2: Final = 3.986004415e14


def values_at(flight: Flight, time_s: float) -> dict[str, float | None]:
    """Return the columns of a flight at a moment: the row itself where the moment is a sample, linear in between.

    Parameters
    ----------
    flight
        The flight.
    time_s
        Seconds after the epoch; before the first and after the last sample these hold.

    Returns
    -------
    dict
        Name to value in the units of the registry; None where it is undefined.
    """
    columns = flight.track.columns
    times = columns["time_s"]
    after = min(max(int(np.searchsorted(times, time_s, side="right")), 1), len(times) - 1)
    before = after - 1
    span = float(times[after] - times[before])
    part = min(max((time_s - float(times[before])) / span, 0.0), 1.0) if span > 0.0 else 1.0
    found: dict[str, float | None] = {}
    for name in VALUES:
        if name in columns:
            value = between(float(columns[name][before]), float(columns[name][after]), part, name in _TURNING)
            found[name] = value if math.isfinite(value) else None
    return found


def between(first: float, second: float, part: float, turning: bool = False) -> float:
    """Return the value at a part of the way, exact at both ends; angles take the short way round."""
    if part <= 0.0:
        return first
    if part >= 1.0:
        return second
    change = second - first
    if turning:
        change = (change + 180.0) % 360.0 - 180.0
    return first + part * change


def burn_at(flight: Flight, time_s: float) -> dict[str, float] | None:
    """Return what the deorbit burn has done and has to do, and the perigee that its cut-off now would leave.

    Returns
    -------
    dict or None
        ``done_m_s``, ``to_go_m_s``, ``perigee_m`` (height above the equatorial radius, two-body); None outside of it.
    """
    lit, cut = flight.event("deorbit_ignition"), flight.event("deorbit_cutoff")
    if lit is None or cut is None or not lit.time_s <= time_s <= cut.time_s:
        return None
    columns = flight.track.columns
    times, sensed = columns["time_s"], columns["sensed_velocity_m_s"]
    now, begun, ended = (float(np.interp(moment, times, sensed)) for moment in (time_s, lit.time_s, cut.time_s))
    return {"done_m_s": now - begun, "to_go_m_s": max(ended - now, 0.0), "perigee_m": _perigee_m(flight, time_s)}


def _perigee_m(flight: Flight, time_s: float) -> float:
    columns = flight.track.columns
    at = int(np.searchsorted(columns["time_s"], time_s, side="right")) - 1
    radius_m = float(np.linalg.norm([columns[name][at] for name in ("x_m", "y_m", "z_m")]))
    speed = float(columns["inertial_speed_m_s"][at])
    climb = float(columns["vertical_speed_m_s"][at])
    across = math.sqrt(max(speed * speed - climb * climb, 0.0))
    energy = 0.5 * speed * speed - _GM_M3_S2 / radius_m
    moment = radius_m * across
    eccentricity = math.sqrt(max(1.0 + 2.0 * energy * moment * moment / _GM_M3_S2**2, 0.0))
    return moment * moment / _GM_M3_S2 / (1.0 + eccentricity) - WGS84_EQUATORIAL_RADIUS_M


def phase_at(flight: Flight, time_s: float) -> tuple[str, str]:
    """Return name and label of the last event that has happened, as the phase under way."""
    last = None
    for event in flight.events:
        # peaks are moments, not phases
        if event.time_s <= time_s and event.name not in ("peak_load", "plasma_exit"):
            last = event
    if last is None:
        return "before", "Before the start"
    return last.name, label_of(last.name)


def label_of(event: str) -> str:
    """Return what the timeline calls an event."""
    return EVENTS.get(event, event.replace("_", " ").capitalize())


def events_of(flight: Flight) -> list[dict[str, Any]]:
    """Return the events of a flight: name, label, time."""
    return [{"event": one.name, "label": label_of(one.name), "time_s": one.time_s} for one in flight.events]
