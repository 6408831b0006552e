"""The pull of canopies that open: flown once more in fine steps, because a second between samples hides the peak."""

from __future__ import annotations

import math

import numpy as np

from steppe.config.vehicle import Parachutes
from steppe.flight import phases as ph
from steppe.flight.failed_canopies import RESERVE
from steppe.flight.result import Opening
from steppe.flight.running import Run, run_phases
from steppe.kernels import derive as d
from steppe.kernels import phase as k
from steppe.kernels.motion import World

# Longest step of the look, and the fewest steps of a filling
_STEP_S, _STEPS = 0.02, 50
# A stage is looked at for so long after it filled, or until the next: the peak comes while it fills
_LOOK_S = 25.0


def openings_of(run: Run, world: World, parachutes: Parachutes | None, nose_radius_m: float) -> tuple[Opening, ...]:
    """Return how each canopy of a flight opens.

    Parameters
    ----------
    run
        The flight, as far as it came.
    world
        Where it flew.
    parachutes
        Diameters of the stages; the reserve is held to the largest limit of them.
    nose_radius_m
        For the outputs of the kernels.
    """
    if parachutes is None:
        return ()
    names = [phase.event for phase in run.phases]
    if "parachute_command" not in names or names.index("parachute_command") >= run.begun:
        return ()
    fills = [i for i in range(names.index("parachute_command"), run.begun) if k.fills(run.rows[i])]
    fills = [i for i in fills if run.rows[i, k.CANOPY_FROM_M2] < run.rows[i, k.CANOPY_TO_M2] and names[i]]
    found = []
    for number, first in enumerate(fills):
        last = fills[number + 1] if number + 1 < len(fills) else len(names)
        found.append(_opening(run, world, parachutes, nose_radius_m, slice(first, last)))
    return tuple(found)


def _opening(run: Run, world: World, parachutes: Parachutes, nose_radius_m: float, part: slice) -> Opening:
    begin, row = run.begins[part.start, : k.BANK + 1], run.rows[part.start]
    filling_s = k.duration_s(world, row, k.state_of(begin))
    step_s = min(_STEP_S, filling_s / _STEPS)
    # From the rows that flew: those of a dispersed flight differ from its phases
    flown = zip(run.phases[part], run.rows[part], strict=True)
    phases = [ph.Phase(one.event, {**dict(enumerate(map(float, values))), k.STEP_S: step_s}) for one, values in flown]
    # The recorded begin has the parts off already, and the last phase of the look ends by time
    once = {k.RELEASE_KG: 0.0}
    phases = [ph.Phase(phases[0].event, {**phases[0].columns, **once}), *phases[1:]]
    looked = phases[:2]
    if len(looked) > 1:
        held = _LOOK_S
        if part.start + 2 <= run.begun:
            held = float(run.begins[part.start + 2, k.TIME] - run.begins[part.start + 1, k.TIME])
        looked[1] = ph.Phase(looked[1].event, {**looked[1].columns, **ph.after(min(max(held, step_s), _LOOK_S))})
    fine = run_phases(world, None, looked, begin, ground_m=-1e4, record_every_s=step_s)
    output = fine.derived(world, nose_radius_m)
    pressure, pull = output[:, d.DYNAMIC_PRESSURE], output[:, d.CANOPY_PULL]
    at = int(np.argmax(pull))
    name = _stage_name(parachutes, run.phases[part.start].event)
    speed = float(output[0, d.AIRSPEED])
    # A canopy that opens at rest, or is let go, has no full drag to compare with
    full_n = float(pressure[0] * row[k.CANOPY_TO_M2])
    return Opening(
        stage=name,
        speed_m_s=speed,
        dynamic_pressure_pa=float(pressure[0]),
        force_n=float(pull[at]),
        load_g=float(output[at, d.LOAD]),
        after_s=float(fine.record[at, k.TIME] - fine.record[0, k.TIME]),
        factor=float(pull[at]) / full_n if full_n > 0.0 else math.nan,
        fill_diameters=speed * filling_s / _diameter_m(parachutes, name),
        limit_n=float(row[k.PULL_LIMIT_N]) or math.nan,
        curve={
            "time_s": fine.record[:, k.TIME].copy(),
            "airspeed_m_s": output[:, d.AIRSPEED].copy(),
            "pull_n": pull.copy(),
            "drag_area_m2": output[:, d.CANOPY_AREA].copy(),
        },
    )


def _stage_name(parachutes: Parachutes, event: str | None) -> str:
    return parachutes.stages[0].name if event == "parachute_command" else str(event)


def _diameter_m(parachutes: Parachutes, name: str) -> float:
    """Return the diameter of a stage's canopy laid flat, not a number where the vehicle file does not say."""
    of = {stage.name: stage.diameter_m for stage in parachutes.stages}
    reserve = parachutes.reserve
    if reserve is not None:
        of |= {"reserve_drogue": reserve.drogue_diameter_m, RESERVE: reserve.diameter_m}
        of["reserve_full"] = reserve.diameter_m
    return of.get(name) or math.nan
