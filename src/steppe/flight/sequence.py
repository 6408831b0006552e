"""Which phases a mission flies through, from its start to the ground."""

from __future__ import annotations

from steppe.config.loader import LoadedMission
from steppe.config.mission import Zone
from steppe.errors import ConfigError
from steppe.flight import phases as ph
from steppe.flight.plan import Plan, Problem
from steppe.kernels import phase as k


def phases_with_burn(loaded: LoadedMission, problem: Problem, plan: Plan) -> list[ph.Phase]:
    """Return the phases of a planned return: to the burn, the burn as it really is, separation, entry and landing."""
    vehicle = loaded.vehicle
    deorbit = problem.deorbit_settings()
    phases = problem.before_burn(plan.ignition_s + deorbit.ignition_error_s)
    phases += problem.burn(deorbit.delta_v_error_m_s)
    phases.append(ph.coast(vehicle, ph.after(plan.split_after_cutoff_s)))
    return phases + entry_and_landing(loaded, "module_separation")


def phases_without_burn(loaded: LoadedMission, start_mass_kg: float) -> list[ph.Phase]:
    """Return the phases of a flight that starts after the burn: an entry, a canopy or a free flight.

    Parameters
    ----------
    loaded
        The mission.
    start_mass_kg
        Mass of a body in free flight.

    Raises
    ------
    ConfigError
        If it starts under a canopy and the vehicle has none.
    """
    mission, vehicle = loaded.mission, loaded.vehicle
    phase = mission.start.phase
    if phase == "entry":
        return entry_and_landing(loaded)
    if phase == "canopy":
        if vehicle.parachutes is None:
            raise ConfigError("a canopy flight needs a vehicle with [parachutes]", source=loaded.source, key="vehicle")
        return ph.canopies(vehicle, vehicle.parachutes, ground_m_of(loaded.zone))
    return [ph.free_flight(vehicle, start_mass_kg)]


def entry_and_landing(loaded: LoadedMission, start_event: str = "start") -> list[ph.Phase]:
    """Return the phases of the capsule alone, the first of which begins with an event; without canopies it falls."""
    vehicle, guidance = loaded.vehicle, loaded.mission.guidance
    end_m = vehicle.parachutes.command_altitude_m if vehicle.parachutes else -1e3
    entry = ph.entry(vehicle, guidance.entry_interface_altitude_m, guidance.start_altitude_m, end_m, start_event)
    if vehicle.parachutes is None:
        entry[-1] = ph.Phase(entry[-1].event, {**entry[-1].columns, k.LANDS: 1.0})
        return entry
    return entry + ph.canopies(vehicle, vehicle.parachutes, ground_m_of(loaded.zone))


def ground_m_of(zone: Zone | None) -> float:
    """Return the height of the ground that the phases end at, in m; zero without a zone."""
    return zone.ground_m if zone else 0.0
