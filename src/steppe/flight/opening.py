"""The pull of canopies that open: flown once more in fine steps, because a second between samples hides the peak."""

from __future__ import annotations

import math

import numpy as np

from steppe.config.vehicle import CanopyStage, Parachutes
from steppe.flight import phases as ph
from steppe.flight.result import Opening
from steppe.flight.running import Run, run_phases
from steppe.kernels import derive as d
from steppe.kernels import flying as k
from steppe.kernels.motion import World

# A canopy fills in 0.3 s at least: fifteen steps
_STEP_S = 0.02
# A stage is looked at for so long after it began: the peak comes while it fills
_LOOK_S = 12.0


def openings_of(run: Run, world: World, parachutes: Parachutes | None, nose_radius_m: float) -> tuple[Opening, ...]:
    """Return how each canopy of a flight opens.

    Parameters
    ----------
    run
        The flight, as far as it came.
    world
        Where it flew.
    parachutes
        Diameters and limits of the stages; the reserve is held to the largest limit.
    nose_radius_m
        For the outputs of the kernels.
    """
    if parachutes is None:
        return ()
    names = [phase.event for phase in run.phases]
    if "parachute_command" not in names or names.index("parachute_command") >= run.begun:
        return ()
    fills = [i for i in range(names.index("parachute_command"), run.begun) if run.rows[i, k.CANOPY_DURATION_S] > 0.0]
    fills = [i for i in fills if run.rows[i, k.CANOPY_FROM_M2] < run.rows[i, k.CANOPY_TO_M2] and names[i]]
    found = []
    for number, first in enumerate(fills):
        last = fills[number + 1] if number + 1 < len(fills) else len(names)
        found.append(_opening(run, world, parachutes, nose_radius_m, slice(first, last)))
    return tuple(found)


def _opening(run: Run, world: World, parachutes: Parachutes, nose_radius_m: float, part: slice) -> Opening:
    begin = run.begins[part.start, : k.BANK + 1]
    phases = [ph.Phase(one.event, {**one.columns, k.STEP_S: _STEP_S}) for one in run.phases[part]]
    # The recorded begin has the parts off already, and the last phase of the look ends by time
    once = {k.RELEASE_KG: 0.0}
    phases = [ph.Phase(phases[0].event, {**phases[0].columns, **once}), *phases[1:]]
    looked = phases[:2]
    if len(looked) > 1:
        held = looked[1].columns.get(k.END_VALUE, 0.0) if looked[1].columns.get(k.END_KIND) == k.AFTER_TIME else _LOOK_S
        looked[1] = ph.Phase(looked[1].event, {**looked[1].columns, **ph.after(min(max(held, _STEP_S), _LOOK_S))})
    fine = run_phases(world, None, looked, begin, ground_m=-1e4, record_every_s=_STEP_S)
    output = fine.derived(world, nose_radius_m)
    pressure = output[:, d.DYNAMIC_PRESSURE]
    pull = pressure * output[:, d.CANOPY_AREA]
    at = int(np.argmax(pull))
    row = run.rows[part.start]
    stage = _stage(parachutes, run.phases[part.start].event)
    speed = float(output[0, d.AIRSPEED])
    diameter_m = stage.diameter_m if stage and stage.diameter_m else math.nan
    limits = [one.load_limit_n for one in parachutes.stages if one.load_limit_n]
    limit_n = (stage.load_limit_n or math.nan) if stage else max(limits, default=math.nan)
    # A canopy that opens at rest, or is let go, has no full drag to compare with
    full_n = float(pressure[0] * row[k.CANOPY_TO_M2])
    return Opening(
        stage=stage.name if stage else str(run.phases[part.start].event),
        speed_m_s=speed,
        dynamic_pressure_pa=float(pressure[0]),
        force_n=float(pull[at]),
        load_g=float(output[at, d.LOAD]),
        after_s=float(fine.record[at, k.TIME] - fine.record[0, k.TIME]),
        factor=float(pull[at]) / full_n if full_n > 0.0 else math.nan,
        fill_diameters=float(speed * row[k.CANOPY_DURATION_S] / diameter_m),
        limit_n=float(limit_n),
    )


def _stage(parachutes: Parachutes, event: str | None) -> CanopyStage | None:
    if event == "parachute_command":
        return parachutes.stages[0]
    return next((stage for stage in parachutes.stages if stage.name == event), None)
