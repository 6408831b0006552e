"""The entry in three planes: altitude over airspeed with its limits, energy over range to go, bank over time."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.flight.result import Flight
from steppe.frames.geodetic import geodesic_distance_m
from steppe.kernels.heating import stagnation_heat_flux

Floats = npt.NDArray[np.float64]

NAMES: Final = (
    "time_s",
    "airspeed_m_s",
    "altitude_m",
    "energy_height_m",
    "range_to_go_m",
    "bank_deg",
    "bank_command_deg",
)
# Where the air is too thin for a density from the pressure that it makes
_THINNEST_PA: Final = 1.0
_SPEEDS: Final = 60
_SLOWEST_M_S: Final = 800.0


def energy_height_m(altitude_m: Floats, airspeed_m_s: Floats) -> Floats:
    """Return the specific energy over standard gravity, h + V^2 / (2 g0), in m; V is the airspeed."""
    return np.asarray(altitude_m + airspeed_m_s**2 / (2.0 * STANDARD_GRAVITY_M_S2))


def range_to_go_m(latitude_deg: Floats, longitude_deg: Floats, aim_deg: tuple[float, float]) -> Floats:
    """Return the geodesic distance to the aim in m; NaN where the place is not known."""
    known = np.isfinite(latitude_deg) & np.isfinite(longitude_deg)
    found = np.full(latitude_deg.shape, math.nan)
    if known.any():
        here = np.radians(latitude_deg[known]), np.radians(longitude_deg[known])
        found[known] = geodesic_distance_m(*here, math.radians(aim_deg[0]), math.radians(aim_deg[1]))
    return found


def aim_of(flight: Flight) -> tuple[float, float]:
    """Return latitude and longitude of the aim: the middle of the zone, else where the flight ends."""
    zone = flight.mission.zone
    if zone is not None:
        return zone.latitude_deg, zone.longitude_deg
    columns = flight.track.columns
    return float(columns["latitude_deg"][-1]), float(columns["longitude_deg"][-1])


def planes_columns(columns: dict[str, Floats], aim_deg: tuple[float, float], from_s: float) -> dict[str, Floats]:
    """Return the columns of the three planes from a moment on.

    Parameters
    ----------
    columns
        Of a track; a bank that it does not have is NaN.
    aim_deg
        From `aim_of`.
    from_s
        Seconds after the epoch.
    """
    keep = columns["time_s"] >= from_s
    altitude, speed = columns["altitude_m"][keep], columns["airspeed_m_s"][keep]
    nothing = np.full(altitude.shape, math.nan)
    found = {name: columns[name][keep] if name in columns else nothing for name in NAMES}
    found["energy_height_m"] = energy_height_m(altitude, speed)
    found["range_to_go_m"] = range_to_go_m(columns["latitude_deg"][keep], columns["longitude_deg"][keep], aim_deg)
    return found


def entry_begin_s(flight: Flight) -> float:
    """Return when the planes begin: the entry interface, else the first sample."""
    entry = flight.event("entry_interface")
    return float(flight.track.columns["time_s"][0]) if entry is None else entry.time_s


def limit_curves(flight: Flight) -> list[dict[str, Any]]:
    """Return curves of equal load and of equal heat flux over airspeed and altitude.

    The air is that of the flight: its density is 2 q / V^2 with the dynamic pressure q of each sample, between samples
    its logarithm is linear in altitude. A load n needs q = n times what the flight had at that airspeed for each g; the
    heat flux is that of `steppe.kernels.heating`. Loads: the guidance turns lift up, the load trips the ballistic
    descent, the load ends the flight; heat: the peak of this flight.

    Returns
    -------
    list of dict
        ``label``, ``kind`` ("load" or "heat"), ``airspeed_m_s`` and ``altitude_m``; what lies outside of the air that
        was flown through is left out.
    """
    columns = flight.track.columns
    if any(name not in columns for name in ("dynamic_pressure_pa", "load_g", "heat_flux_w_m2")):
        return []
    command = flight.event("parachute_command")
    last_s = math.inf if command is None else command.time_s
    pressure, speed = columns["dynamic_pressure_pa"], columns["airspeed_m_s"]
    keep = (columns["time_s"] >= entry_begin_s(flight)) & (columns["time_s"] <= last_s)
    keep &= (pressure > _THINNEST_PA) & np.isfinite(columns["load_g"])
    if keep.sum() < 10:
        return []
    pressure, speed, altitude = pressure[keep], speed[keep], columns["altitude_m"][keep]
    density = 2.0 * pressure / speed**2
    per_g, up = pressure / np.maximum(columns["load_g"][keep], 1e-6), np.argsort(density)
    slow = np.argsort(speed)
    grid = np.linspace(max(_SLOWEST_M_S, float(speed.min())), float(speed.max()), _SPEEDS)
    mission = flight.mission.mission
    guidance = mission.guidance
    curves = []
    for load_g, words in (
        (guidance.relief_load_g, "lift up"), (guidance.trip_load_g, "trip"), (mission.limits.load_g, "limit"),
    ):  # fmt: skip
        wanted = 2.0 * load_g * np.interp(grid, speed[slow], per_g[slow]) / grid**2
        curves.append(("load", f"{words} {load_g:g} g", wanted))
    nose_m = flight.mission.vehicle.capsule.nose_radius_m
    peak = flight.peaks.heat_flux_w_m2
    # the flux goes with the root of the density
    unit = np.array([stagnation_heat_flux(1.0, float(value), nose_m) for value in grid])
    curves.append(("heat", f"{peak * 1e-4:.0f} W/cm², peak of the plan", (peak / unit) ** 2))
    found = []
    for kind, label, wanted in curves:
        inside = (wanted >= density.min()) & (wanted <= density.max())
        if inside.sum() < 2:
            continue
        heights = np.interp(np.log(wanted[inside]), np.log(density[up]), altitude[up])
        speeds = grid[inside].tolist()
        found.append({"label": label, "kind": kind, "airspeed_m_s": speeds, "altitude_m": heights.tolist()})
    return found


def planes_document(
    flight: Flight, columns: dict[str, Floats] | None = None, *, limits: bool = False
) -> dict[str, Any]:
    """Return the three planes as strict JSON.

    Parameters
    ----------
    flight
        The flight; gives aim, begin and limits.
    columns
        Of another track than that of the flight.
    limits
        Whether to add the limit curves.
    """
    rows = planes_columns(columns or flight.track.columns, aim_of(flight), entry_begin_s(flight))
    body: dict[str, Any] = {
        name: [value if math.isfinite(value) else None for value in values.tolist()] for name, values in rows.items()
    }
    return {"columns": body, "limits": limit_curves(flight) if limits else []}
