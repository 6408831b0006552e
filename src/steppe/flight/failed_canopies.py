"""Parachutes that fail: the sequence that is left, and whether the reserve opens."""

from __future__ import annotations

import math
from collections.abc import Callable

from steppe.config.loader import LoadedMission
from steppe.config.vehicle import CanopyStage, Parachutes, Reserve
from steppe.flight import phases as ph
from steppe.flight.running import Run
from steppe.kernels import phase as k
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.motion import World

RESERVE = "reserve_reefed"
# Assumption: so long after the reserve begins to fill the heat shield goes
_SETTLED_S = 13.0


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
    after = tuple(_smaller(stage, standing) if i >= main else stage for i, stage in enumerate(stages))
    # The timeline says what became of the main
    told = after[main].model_copy(update={"name": failure.replace("-", "_")})
    after = (*after[:main], told, *after[main + 1 :])
    return parachutes.model_copy(update={"stages": after})


def _smaller(stage: CanopyStage, drag_area_m2: float) -> CanopyStage:
    """Return a stage of which only so much stands; its air is as broad as what stands."""
    if stage.drag_area_m2 <= drag_area_m2:
        return stage
    update: dict[str, float] = {"drag_area_m2": drag_area_m2}
    if stage.inflated_diameter_m is not None:
        update["inflated_diameter_m"] = stage.inflated_diameter_m * math.sqrt(drag_area_m2 / stage.drag_area_m2)
    return stage.model_copy(update=update)


def _beside(standing: CanopyStage, canopy: CanopyStage) -> CanopyStage:
    """Return a canopy opened beside what stands: drag areas and volumes of air add."""
    volume_m3 = ph.half_sphere_m3(standing) + ph.half_sphere_m3(canopy)
    both = {
        "drag_area_m2": standing.drag_area_m2 + canopy.drag_area_m2,
        "inflated_diameter_m": (12.0 / math.pi * volume_m3) ** (1.0 / 3.0),
    }
    return canopy.model_copy(update=both)


def _filled(canopy: CanopyStage, diameter_m: float | None, fill_diameters: float | None) -> CanopyStage:
    """Return a canopy that fills along a way, where that is told."""
    if fill_diameters is None:
        return canopy
    way = {"diameter_m": diameter_m, "fill_diameters": fill_diameters, "inflation_s": None}
    return canopy.model_copy(update=way)


def reserve_stages(reserve: Reserve, sink_m_s: float, limit_n: float | None) -> tuple[CanopyStage, ...]:
    """Return the stages of a reserve alone that opens at a sink rate: its drogue if it is fast, reefed, full."""
    canopy = CanopyStage(
        name=RESERVE, altitude_m=reserve.decision_altitude_m, drag_area_m2=reserve.reefed_drag_area_m2,
        growth_exponent=reserve.growth_exponent, load_limit_n=limit_n,
    )  # fmt: skip
    broad = {}
    if reserve.inflated_diameter_m is not None:
        part = math.sqrt(reserve.reefed_drag_area_m2 / reserve.drag_area_m2)
        broad = {"inflated_diameter_m": reserve.inflated_diameter_m * part}
    reefed = _filled(canopy.model_copy(update=broad), reserve.diameter_m, reserve.reefed_fill_diameters)
    whole = {
        "name": "reserve_full", "altitude_m": None, "delay_s": reserve.reefed_s, "drag_area_m2": reserve.drag_area_m2,
        "inflated_diameter_m": reserve.inflated_diameter_m, "inflation_s": reserve.inflation_s,
    }  # fmt: skip
    full = _filled(canopy.model_copy(update=whole), reserve.diameter_m, reserve.fill_diameters)
    area_m2, hang_s, fast_m_s = reserve.drogue_drag_area_m2, reserve.drogue_s, reserve.drogue_sink_m_s
    if area_m2 is None or hang_s is None or fast_m_s is None or sink_m_s <= fast_m_s:
        return reefed, full
    drogue = canopy.model_copy(update={"name": "reserve_drogue", "drag_area_m2": area_m2, "growth_exponent": 1.0})
    reefed = reefed.model_copy(update={"altitude_m": None, "delay_s": hang_s})
    return _filled(drogue, reserve.drogue_diameter_m, reserve.drogue_fill_diameters), reefed, full


def _faster(drag_area_m2: float, planned_m2: float) -> float:
    """Return by how much faster than planned a capsule sinks under a drag area, as a part of the planned speed."""
    return math.sqrt(planned_m2 / drag_area_m2) - 1.0 if drag_area_m2 != planned_m2 else 1e-9


def with_reserve(planned: Parachutes, left: Parachutes, sink_m_s: float = 0.0) -> Parachutes:
    """Return what is left of a sequence with the reserve opened beside it, at its decision altitude and sink rate.

    What the plan would have dropped later (the heat shield) leaves after the reserve is full. The altimeter sees the
    speed: the engines fire between the heights for the main and for the reserve alone, as the sink rate lies.
    """
    reserve = planned.reserve
    if reserve is None:
        raise ValueError("the parachutes have no reserve")
    before = [
        stage for stage in left.stages if stage.altitude_m is None or stage.altitude_m > reserve.decision_altitude_m
    ]
    # The stage that opened what stands knows how broad it is
    standing = next(stage for stage in before if stage.drag_area_m2 == before[-1].drag_area_m2)
    names = {stage.name for stage in before}
    dropped = sum(stage.release_mass_kg for stage in planned.stages if stage.name not in names)
    limit_n = max((stage.load_limit_n or 0.0 for stage in planned.stages), default=0.0) or None
    added = [_beside(standing, stage) for stage in reserve_stages(reserve, sink_m_s, limit_n)]
    if dropped > 0.0:
        late = {"name": "late_jettison", "delay_s": _SETTLED_S, "release_mass_kg": dropped}
        added.append(added[-1].model_copy(update=late))
    engines = left.landing_engines
    if engines is not None and reserve.engine_height_m is not None:
        largest_m2 = max(stage.drag_area_m2 for stage in planned.stages)
        share = _faster(added[-1].drag_area_m2, largest_m2) / _faster(reserve.drag_area_m2, largest_m2)
        height_m = engines.height_m + min(max(share, 0.0), 1.0) * (reserve.engine_height_m - engines.height_m)
        engines = engines.model_copy(update={"height_m": height_m})
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
    saved = with_reserve(parachutes, left, sink)
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
