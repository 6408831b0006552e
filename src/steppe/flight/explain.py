"""What matters in a return: each input is changed by one unit, the return is flown again, the differences are listed.

The plan stays (ignition, timer of the split, aim point) and does not know the change; the guidance works in closed loop
and takes out what it can. A second flight in which the plan knows the change gives by how much the ignition would move.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from steppe.config.loader import LoadedMission
from steppe.errors import LANDED, ConfigError, SteppeError
from steppe.flight.changes import Changes
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.frames.geodetic import geodesic_distance_m


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One input, what it is called, and the change of it that is flown."""

    name: str
    label: str
    change: Changes
    needs_burn: bool = False


PERTURBATIONS: Final = (
    Perturbation("delta_v", "deorbit delta-v +1 m/s", Changes(delta_v_m_s=1.0), needs_burn=True),
    Perturbation("ignition", "ignition 1 s later", Changes(ignition_s=1.0), needs_burn=True),
    Perturbation("station_along_track", "station 1 km ahead", Changes(station_ahead_m=1000.0), needs_burn=True),
    Perturbation("mass", "mass +1 %", Changes(mass_factor=1.01)),
    Perturbation("density", "air density +10 %", Changes(density_factor=1.1)),
    Perturbation("lift_to_drag", "lift to drag +5 %", Changes(lift_to_drag_factor=1.05)),
    Perturbation("drag_coefficient", "drag coefficient +5 %", Changes(drag_factor=1.05)),
    Perturbation("wind_east", "wind +5 m/s towards the east", Changes(wind_east_m_s=5.0)),
    Perturbation("wind_north", "wind +5 m/s towards the north", Changes(wind_north_m_s=5.0)),
    Perturbation("parachute_area", "parachute area +5 %", Changes(canopy_factor=1.05)),
    Perturbation("command_altitude", "parachute command 100 m higher", Changes(command_altitude_m=100.0)),
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one change does to the return; None where an event is missing or the plan cannot be made.

    Attributes
    ----------
    touchdown_s, parachute_s
        Later touchdown and parachute command.
    along_track_km, cross_track_km
        Touchdown further along the course at the entry, and to its right.
    ignition_s
        How much later the ignition is in the flight that does not know the change.
    replanned_ignition_s, replanned_touchdown_s
        How much later ignition and touchdown would be if the plan knew the change.
    peak_load_g
        Higher peak load.
    status
        Name of the status of the changed flight.
    """

    name: str
    label: str
    status: str
    touchdown_s: float | None
    parachute_s: float | None
    along_track_km: float | None
    cross_track_km: float | None
    ignition_s: float | None
    replanned_ignition_s: float | None
    replanned_touchdown_s: float | None
    peak_load_g: float


def explain(
    loaded: LoadedMission, *, flight: Flight | None = None, progress: Callable[[str], None] | None = None
) -> tuple[Effect, ...]:
    """Return what each input does to a return.

    Parameters
    ----------
    loaded
        The mission.
    flight
        Its flight, if it was flown already.
    progress
        Called with the label of each change before it is flown.

    Raises
    ------
    ConfigError
        If the mission does not end with a landing, so that there is nothing to compare.
    SteppeError
        As `steppe.flight.simulate.fly`.
    """
    say = progress or (lambda _: None)
    nominal = flight or fly(loaded)
    if nominal.status.code != LANDED or nominal.touchdown is None:
        reason = f"only a return that lands can be explained; this one: {nominal.status.sentence}"
        raise ConfigError(reason, source=loaded.source)
    burns = loaded.mission.start.phase in ("station", "orbit")
    effects = []
    for one in PERTURBATIONS:
        if one.needs_burn and not burns:
            continue
        if one.name in ("parachute_area", "command_altitude") and loaded.vehicle.parachutes is None:
            continue
        say(one.label)
        effects.append(_effect(loaded, nominal, one))
    return tuple(effects)


def _effect(loaded: LoadedMission, nominal: Flight, one: Perturbation) -> Effect:
    changed = fly(loaded, changes=one.change)
    along_km, cross_km = _shift_km(nominal, changed)
    replanned = _replanned(loaded, one)
    return Effect(
        name=one.name,
        label=one.label,
        status=changed.status.name,
        touchdown_s=_later_s(nominal, changed, "touchdown"),
        parachute_s=_later_s(nominal, changed, "parachute_command"),
        along_track_km=along_km,
        cross_track_km=cross_km,
        ignition_s=_later_s(nominal, changed, "deorbit_ignition"),
        replanned_ignition_s=None if replanned is None else _later_s(nominal, replanned, "deorbit_ignition"),
        replanned_touchdown_s=None if replanned is None else _later_s(nominal, replanned, "touchdown"),
        peak_load_g=changed.peaks.load_g - nominal.peaks.load_g,
    )


def _replanned(loaded: LoadedMission, one: Perturbation) -> Flight | None:
    deorbit = loaded.mission.deorbit
    # An ignition that is off its time is no input of a plan, and an ignition given by the mission does not move
    if one.name == "ignition" or deorbit is None or deorbit.ignition_utc is not None:
        return None
    try:
        return fly(loaded, changes=replace(one.change, known=True))
    except SteppeError:
        return None


def _later_s(nominal: Flight, changed: Flight, name: str) -> float | None:
    before, after = nominal.event(name), changed.event(name)
    return None if before is None or after is None else after.time_s - before.time_s


def _shift_km(nominal: Flight, changed: Flight) -> tuple[float | None, float | None]:
    """Return how far the touchdown moved along the course at the entry and to its right, in km."""
    before, after = nominal.touchdown, changed.touchdown
    if before is None or after is None:
        return None, None
    here = np.radians([before.latitude_deg, before.longitude_deg])
    there = np.radians([after.latitude_deg, after.longitude_deg])
    distance_km = float(geodesic_distance_m(here[0], here[1], there[0], there[1])) / 1e3
    north = there[0] - here[0]
    east = (there[1] - here[1]) * math.cos(here[0])
    offset = math.atan2(east, north) - _course_rad(nominal)
    return distance_km * math.cos(offset), distance_km * math.sin(offset)


def _course_rad(flight: Flight) -> float:
    """Return the course at the place of the touchdown of the great circle from the entry (or the start), in rad."""
    track, landing = flight.track.columns, flight.touchdown
    entry = flight.event("entry_interface")
    if landing is None:
        return 0.0
    latitude = entry.latitude_deg if entry else float(track["latitude_deg"][0])
    longitude = entry.longitude_deg if entry else float(track["longitude_deg"][0])
    here = np.radians([landing.latitude_deg, landing.longitude_deg])
    back = np.radians([latitude, longitude])
    turn = back[1] - here[1]
    east = math.sin(turn) * math.cos(back[0])
    north = math.cos(here[0]) * math.sin(back[0]) - math.sin(here[0]) * math.cos(back[0]) * math.cos(turn)
    return math.atan2(east, north) + math.pi


def as_json(effects: tuple[Effect, ...]) -> dict[str, Any]:
    """Return what ``steppe fly --explain --json`` adds to the summary."""
    return {
        "method": "plan fixed (ignition, timer, aim point), guidance in closed loop; replanned_*: the plan knows",
        "inputs": [
            {
                "name": one.name,
                "change": one.label,
                "status": one.status,
                "touchdown_s": one.touchdown_s,
                "parachute_s": one.parachute_s,
                "along_track_km": one.along_track_km,
                "cross_track_km": one.cross_track_km,
                "ignition_s": one.ignition_s,
                "replanned_ignition_s": one.replanned_ignition_s,
                "replanned_touchdown_s": one.replanned_touchdown_s,
                "peak_load_g": one.peak_load_g,
            }
            for one in effects
        ],
    }
