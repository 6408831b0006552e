"""Everything that is settled before a flight: the plan, what the guidance is told, the phases."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from steppe.config.compile import guide_record
from steppe.config.loader import LoadedMission
from steppe.errors import LANDED, ConfigError
from steppe.flight import phases as ph
from steppe.flight.changes import Changes
from steppe.flight.checks import require_propellant, require_stop_below_start
from steppe.flight.plan import Plan, Problem, aim_frame, brief_guidance, plan_return
from steppe.flight.running import Run, run_phases
from steppe.flight.sequence import entry_and_landing, ground_m_of, phases_with_burn, phases_without_burn
from steppe.flight.starting import Beginning, held_bank_rad
from steppe.kernels import phase as k
from steppe.kernels.guide import Guide
from steppe.kernels.motion import World

_AIM_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything that is known before the final flight.

    Attributes
    ----------
    beginning
        Where, when and in what true world it begins.
    guide
        What the guidance is told.
    phases
        What is flown, in order.
    plan
        The plan of the burn, None for a flight that starts after it.
    model
        The world that the ship believes in, None where it is the true one.
    notes
        For the result.
    """

    beginning: Beginning
    guide: Guide
    phases: list[ph.Phase]
    plan: Plan | None
    model: World | None = None
    notes: tuple[str, ...] = ()


def ready_to_fly(loaded: LoadedMission, beginning: Beginning) -> Ready:
    """Plan the return and lay out the phases of the final flight.

    Raises
    ------
    ConfigError, PlanError
        If there is nothing to aim at, the propellant does not last, or no ignition leads to the zone.
    """
    require_stop_below_start(loaded, beginning.start[k.X : k.Z + 1])
    if loaded.mission.start.phase not in ("station", "orbit"):
        return _ready_after_burn(loaded, beginning)
    problem = _problem(loaded, beginning)
    if problem is None:
        raise ConfigError("a deorbit burn needs a zone to aim at", source=loaded.source, key="zone")
    require_propellant(loaded)
    fixed = _fixed_ignition(loaded, beginning)
    offset = (0.0, 0.0)
    plan = plan_return(problem, offset, fixed)
    # The zone is where the capsule should stand, the aim point where the parachute opens: the difference is the planned
    # drift, found by flying the plan
    for _ in range(_AIM_ROUNDS):
        trial = Ready(beginning, plan.guide, phases_with_burn(loaded, problem, plan), plan)
        run = run_ready(loaded, trial, record_every_s=1e9)
        if run.status.code != LANDED or not _steers(loaded):
            break
        offset = _drift_offset(problem, run)
        plan = plan_return(problem, offset, fixed)
    return Ready(beginning, plan.guide, phases_with_burn(loaded, problem, plan), plan)


def _ready_after_burn(loaded: LoadedMission, beginning: Beginning) -> Ready:
    """Lay out a flight that starts after the burn; a steered entry is aimed so that the drift ends on the zone."""
    phases = phases_without_burn(loaded, float(beginning.start[k.MASS]))
    ready = Ready(beginning, _unplanned_guide(loaded, beginning, (0.0, 0.0)), phases, None)
    problem = _problem(loaded, beginning)
    steers = _steers(loaded) and loaded.mission.start.phase == "entry"
    if not steers or problem is None or loaded.vehicle.parachutes is None:
        return ready
    for _ in range(_AIM_ROUNDS):
        run = run_ready(loaded, ready, record_every_s=1e9)
        if run.status.code != LANDED:
            break
        guide = _unplanned_guide(loaded, beginning, _drift_offset(problem, run))
        ready = Ready(beginning, guide, phases, None)
    return ready


def otherwise(loaded: LoadedMission, ready: Ready, changes: Changes) -> tuple[LoadedMission, Ready]:
    """Return what is flown when things are otherwise than planned: ignition, timer and aim point of the plan stay."""
    changed, beginning = changes.applied_to(loaded, ready.beginning)
    told = replace(ready, beginning=beginning, model=ready.beginning.world)
    return changed, laid_out(changed, told)


def laid_out(loaded: LoadedMission, ready: Ready) -> Ready:
    """Return the same plan with the phases of a mission that differs from the planned one."""
    problem = _problem(loaded, ready.beginning)
    if ready.plan is None or problem is None:
        phases = phases_without_burn(loaded, float(ready.beginning.start[k.MASS]))
        return replace(ready, phases=phases, plan=None)
    return replace(ready, phases=phases_with_burn(loaded, problem, ready.plan))


def run_ready(loaded: LoadedMission, ready: Ready, record_every_s: float) -> Run:
    """Fly what is ready; rows of the record come every `record_every_s` and at events."""
    start = ready.beginning.start.copy()
    if loaded.mission.start.phase in ("station", "orbit"):
        start[k.BANK] = ready.guide.first_side * held_bank_rad(loaded)
    return run_phases(
        ready.beginning.world,
        ready.guide,
        ready.phases,
        start,
        ground_m=ground_m_of(loaded.zone),
        model=ready.model,
        load_limit_g=loaded.mission.limits.load_g,
        record_every_s=record_every_s,
    )


def _problem(loaded: LoadedMission, beginning: Beginning) -> Problem | None:
    """Return what the search for the ignition and the aim need, None without a zone to aim at."""
    if loaded.zone is None or beginning.passing is None:
        return None
    departs = loaded.mission.start.phase == "station"
    return Problem(loaded, beginning.world, beginning.start, loaded.zone, beginning.passing, departs)


def _fixed_ignition(loaded: LoadedMission, beginning: Beginning) -> float | None:
    """Return the ignition that the mission file gives, in s after the epoch; None where it is to be found."""
    deorbit = loaded.mission.deorbit
    if deorbit is None or deorbit.ignition_utc is None:
        return None if loaded.mission.start.phase == "station" else 0.0
    seconds = (deorbit.ignition_utc - beginning.epoch).total_seconds()
    ship = loaded.vehicle.ship
    burns = ship.departure.burns if ship and loaded.mission.start.phase == "station" else ()
    earliest = max((burn.delay_s + burn.duration_s for burn in burns), default=0.0)
    if not earliest <= seconds <= 86400.0:
        raise ConfigError(
            f"the ignition must come {earliest:.0f} s to one day after the start at "
            f"{beginning.epoch:%Y-%m-%dT%H:%M:%SZ}, got {deorbit.ignition_utc:%Y-%m-%dT%H:%M:%SZ} ({seconds:+.0f} s)",
            source=loaded.source,
            key="deorbit.ignition_utc",
        )
    return seconds


def _drift_offset(problem: Problem, run: Run) -> tuple[float, float]:
    """Return the aim offset that puts the touchdown of a flown plan on the zone's centre."""
    _, ahead, right = aim_frame(problem, (0.0, 0.0))
    command = next(i for i, phase in enumerate(run.phases) if phase.event == "parachute_command")
    opened, landed = run.begins[command, k.X : k.Z + 1], run.begins[run.begun, k.X : k.Z + 1]
    drift = landed - opened
    # The vertical part of the fall has no horizontal component at the zone
    return -float(drift @ ahead), -float(drift @ right)


def _unplanned_guide(loaded: LoadedMission, beginning: Beginning, offset_m: tuple[float, float]) -> Guide:
    """Return the guidance of a flight that starts after the burn: aim at the zone, along the line to it."""
    vehicle, problem = loaded.vehicle, _problem(loaded, beginning)
    end_m = vehicle.parachutes.command_altitude_m if vehicle.parachutes else 10e3
    if problem is None:
        return guide_record(loaded.mission.guidance, vehicle.capsule.bank, end_m, np.zeros((3, 3)), 1.0)
    side = 1.0 if loaded.mission.guidance.initial_bank_side == "right" else -1.0
    guide = guide_record(loaded.mission.guidance, vehicle.capsule.bank, end_m, aim_frame(problem, offset_m), side)
    if loaded.mission.start.phase != "entry":
        return guide
    start = run_phases(beginning.world, None, entry_and_landing(loaded)[:2], beginning.start, ground_m=-1e4)
    return brief_guidance(loaded, beginning.world, guide, start.begins)[0]


def _steers(loaded: LoadedMission) -> bool:
    """Return whether the guidance of a mission steers to an aim point."""
    return loaded.mission.guidance.law in ("predictor-corrector", "apparent-velocity")
