"""Parachutes that fail: the sequence that is left, and whether the reserve opens."""

from __future__ import annotations

from collections.abc import Callable

from steppe.config.loader import LoadedMission
from steppe.config.vehicle import CanopyStage, Parachutes
from steppe.flight import phases as ph
from steppe.flight.running import Run
from steppe.kernels import flying as k
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.motion import World

RESERVE = "reserve_reefed"
# Assumption: so long after the reserve is full the heat shield goes
_SETTLED_S = 10.0


def left_over(parachutes: Parachutes, failure: str, main_share: float) -> Parachutes:
    """Return the sequence that is left of the parachutes without their reserve.

    Parameters
    ----------
    parachutes
        As planned.
    failure
        ``drogue-failure`` keeps what opened before the drogue, ``main-not-disreefed`` the drag area of the stage before
        the largest canopy, ``main-partly-failed`` a share of the largest.
    main_share
        Share of the drag area of the main that stands where it failed in part.
    """
    stages = parachutes.stages
    largest = max(stage.drag_area_m2 for stage in stages)
    main = next(i for i, stage in enumerate(stages) if stage.drag_area_m2 == largest)
    if failure == "drogue-failure":
        first = next(i for i, stage in enumerate(stages) if stage.name == "drogue")
        kept, area = stages[:first], stages[first - 1].drag_area_m2 if first else 0.0
        return parachutes.model_copy(update={"stages": kept or (stages[0].model_copy(update={"drag_area_m2": area}),)})
    standing = stages[main - 1].drag_area_m2 if failure == "main-not-disreefed" else main_share * largest
    after = tuple(
        stage.model_copy(update={"drag_area_m2": min(stage.drag_area_m2, standing)}) if i >= main else stage
        for i, stage in enumerate(stages)
    )
    # The timeline says what became of the main
    told = after[main].model_copy(update={"name": failure.replace("-", "_")})
    after = (*after[:main], told, *after[main + 1 :])
    return parachutes.model_copy(update={"stages": after})


def with_reserve(planned: Parachutes, left: Parachutes) -> Parachutes:
    """Return what is left of a sequence with the reserve opened beside it, at its decision altitude.

    What the plan would have dropped later (the heat shield) leaves after the reserve is full.
    """
    reserve = planned.reserve
    if reserve is None:
        raise ValueError("the parachutes have no reserve")
    before = [
        stage for stage in left.stages if stage.altitude_m is None or stage.altitude_m > reserve.decision_altitude_m
    ]
    standing = before[-1].drag_area_m2
    opened = standing + reserve.drag_area_m2
    names = {stage.name for stage in before}
    dropped = sum(stage.release_mass_kg for stage in planned.stages if stage.name not in names)
    limit_n = max((stage.load_limit_n or 0.0 for stage in planned.stages), default=0.0) or None
    added = [
        CanopyStage(
            name=RESERVE, altitude_m=reserve.decision_altitude_m, drag_area_m2=standing + reserve.reefed_drag_area_m2,
            inflation_s=1.0, load_limit_n=limit_n,
        ),
        CanopyStage(
            name="reserve_full", delay_s=reserve.reefed_s, drag_area_m2=opened, inflation_s=reserve.inflation_s,
            load_limit_n=limit_n,
        ),
    ]  # fmt: skip
    if dropped > 0.0:
        delay_s = reserve.inflation_s + _SETTLED_S
        late = CanopyStage(name="late_jettison", delay_s=delay_s, drag_area_m2=opened, release_mass_kg=dropped)
        added.append(late)
    engines = left.landing_engines
    if engines is not None and reserve.engine_height_m is not None:
        engines = engines.model_copy(update={"height_m": reserve.engine_height_m})
    return left.model_copy(update={"stages": (*before, *added), "landing_engines": engines})


def failed_canopy_phases(
    loaded: LoadedMission, phases: list[ph.Phase], fly: Callable[[list[ph.Phase]], Run], world: World, ground_m: float
) -> tuple[list[ph.Phase], str]:
    """Return the phases of a flight with its parachutes failed, and a sentence about the reserve.

    Parameters
    ----------
    loaded
        A mission with a parachute failure.
    phases
        As planned, from the start to the ground.
    fly
        Flies phases from the start.
    world
        For altitudes.
    ground_m
        Height of the ground.
    """
    failure, parachutes = loaded.mission.failure, loaded.vehicle.parachutes
    if failure is None or failure.parachute is None or parachutes is None or parachutes.reserve is None:
        raise ValueError("the mission has no parachute failure")
    before = phases[: [phase.event for phase in phases].index("parachute_command")]
    left = left_over(parachutes, failure.parachute, failure.main_share)
    alone = [*before, *ph.canopies(loaded.vehicle, left, ground_m)]
    sink = _sink_rate_at(fly(alone), world, parachutes.reserve.decision_altitude_m)
    words = f"{failure.parachute.replace('-', ' ').capitalize()}: the capsule falls at {sink:.1f} m/s through "
    words += f"{parachutes.reserve.decision_altitude_m / 1e3:g} km"
    limit = parachutes.reserve.sink_limit_m_s
    if sink <= limit:
        return alone, f"{words}; the reserve stays in its container (limit {limit:g} m/s)."
    saved = with_reserve(parachutes, left)
    return [*before, *ph.canopies(loaded.vehicle, saved, ground_m)], f"{words}; the reserve opens."


def _sink_rate_at(run: Run, world: World, altitude_m: float) -> float:
    """Return the sink rate in m/s where a flight falls through an altitude, or of its last sample."""
    sink = 0.0
    for row in run.record:
        x, y, z = row[k.X], row[k.Y], row[k.Z]
        height, up_x, up_y, up_z = altitude_and_up(world.earth, x, y, z)
        sink = -(row[k.U] * up_x + row[k.V] * up_y + row[k.W] * up_z)
        if height <= altitude_m:
            break
    return float(sink)
