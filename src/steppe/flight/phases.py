"""The phases of a return as rows of numbers for the kernels: what acts, how long, and what is said at the start."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.config.vehicle import CanopyStage, Direction, DiscardedModule, Engine, Parachutes, Vehicle
from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.kernels import phase as k

# Steps in s, each against steps of a tenth to a fifth of it: together they move the touchdown of a return by at most
# 13 m and 0.01 s (docs/models/campaigns.md has the table). The roll is steered once a step, so the step of the steered
# entry is part of the vehicle: halving it moves the parachute command by 8 m (MS-21) to 33 m (MS-07), and where that
# makes a reversal one guidance call later, by 0.5 km (TMA-13)
DRIFT_STEP_S = 10.0
BURN_STEP_S = 5.0
COAST_STEP_S = 4.0
HIGH_STEP_S = 2.0
ENTRY_STEP_S = 0.5
INFLATION_STEP_S = 0.4
OPENING_STEP_S = 1.0
OPENED_STEP_S = 1.0
CANOPY_STEP_S = 2.5
ENGINE_STEP_S = 0.02
# Filling time of a stage that gives none
UNTOLD_INFLATION_S = 1.0
# Drag coefficient of a hollow half sphere on its opening, 1.33 to 1.42 (Hoerner, Fluid-Dynamic Drag, 1965, ch. 3):
# gives the breadth of a canopy whose inflated diameter is not told, as in RocketPy
_CUP_DRAG = 1.4
# The two discarded modules are followed to below the 78 km where such modules break up (ISO 27875 practice)
MODULE_END_M = 70e3
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: the event at its start (or None) and the columns of its row that differ from zero."""

    event: str | None
    columns: dict[int, float] = field(default_factory=dict)

    def row(self) -> npt.NDArray[np.float64]:
        """Return the row for the kernels."""
        row = np.zeros(k.PHASE_COLUMNS)
        row[k.TIME_LIMIT_S] = _DAY_S
        row[k.SKIP_ALTITUDE_M] = 1e12
        row[k.DRAG_FACTOR] = 1.0
        for column, value in self.columns.items():
            row[column] = value
        return row


def table(phases: list[Phase]) -> npt.NDArray[np.float64]:
    """Return the phases as one array, shape (n, 31)."""
    return np.array([phase.row() for phase in phases])


def unit(direction: Direction) -> tuple[float, float, float]:
    """Return a direction as a unit vector (radial, along-track, cross-track)."""
    length = math.hypot(direction.radial, direction.along_track, direction.cross_track)
    return direction.radial / length, direction.along_track / length, direction.cross_track / length


def after(seconds: float) -> dict[int, float]:
    """Return the columns of a phase that lasts a fixed time."""
    return {k.END_KIND: k.AFTER_TIME, k.END_VALUE: seconds}


def falling_through(altitude_m: float) -> dict[int, float]:
    """Return the columns of a phase that ends on the way down through an altitude."""
    return {k.END_KIND: k.AT_ALTITUDE, k.END_VALUE: altitude_m}


def departure(vehicle: Vehicle, ignition_s: float) -> list[Phase]:
    """Return the phases from the hooks' opening to the ignition of the deorbit burn, `ignition_s` later.

    Each separation burn gives its delta-v in its duration at constant thrust; its propellant leaves at the specific
    impulse of the deorbit engine (both burn the same propellants; the difference is grams).
    """
    ship = vehicle.ship
    if ship is None:
        raise ValueError("departure needs a vehicle with a ship")
    drift = {k.FIXED_DRAG_M2: ship.drag_area_m2, k.STEP_S: DRIFT_STEP_S}
    leaving = ship.departure
    kick = [leaving.spring_speed_m_s * part for part in unit(leaving.spring_direction)]
    kicks = dict(zip((k.KICK_RADIAL, k.KICK_ALONG, k.KICK_CROSS), kick, strict=True))
    phases: list[Phase] = []
    event: str | None = "undocking"
    opening = dict(kicks)
    clock, mass = 0.0, ship.mass_kg
    for burn in leaving.burns:
        phases.append(Phase(event, {**drift, **opening, **after(burn.delay_s - clock)}))
        event, opening = None, {}
        exhaust = ship.deorbit_engine.specific_impulse_s * STANDARD_GRAVITY_M_S2
        flow = mass * (1.0 - math.exp(-burn.delta_v_m_s / exhaust)) / burn.duration_s
        radial, along, cross = unit(burn.direction)
        push = {k.THRUST_N: flow * exhaust, k.FLOW_KG_S: flow, k.STEP_S: BURN_STEP_S}
        way = {k.THRUST_RADIAL: radial, k.THRUST_ALONG: along, k.THRUST_CROSS: cross}
        phases.append(Phase("separation_burn", {**drift, **push, **way, **after(burn.duration_s)}))
        event = "drift"
        clock, mass = burn.delay_s + burn.duration_s, mass - flow * burn.duration_s
    phases.append(Phase(event, {**drift, **opening, **after(ignition_s - clock)}))
    return phases


def burn_columns(engine: Engine, drag_area_m2: float) -> dict[int, float]:
    """Return the columns of the engine held in the local retrograde attitude."""
    return {
        k.FIXED_DRAG_M2: drag_area_m2,
        k.STEP_S: BURN_STEP_S,
        k.THRUST_N: engine.thrust_n,
        k.FLOW_KG_S: engine.thrust_n / (engine.specific_impulse_s * STANDARD_GRAVITY_M_S2),
        k.THRUST_ALONG: -1.0,
    }


def deorbit(vehicle: Vehicle, delta_v_m_s: float, orbital_rate_rad_s: float) -> list[Phase]:
    """Return the deorbit burn, cut off on sensed delta-v.

    `orbital_rate_rad_s` is the rate at which the local vertical turns, for an attitude that is held in space.
    """
    ship = vehicle.ship
    if ship is None:
        raise ValueError("a deorbit burn needs a vehicle with a ship")
    engine = ship.deorbit_engine
    exhaust = engine.specific_impulse_s * STANDARD_GRAVITY_M_S2
    longest = ship.mass_kg * exhaust / engine.thrust_n
    cut_off = {k.END_KIND: k.AT_SENSED_VELOCITY, k.END_VALUE: delta_v_m_s, k.TIME_LIMIT_S: longest}
    turn = {k.THRUST_TURN_RAD_S: orbital_rate_rad_s if ship.burn_attitude == "inertial" else 0.0}
    return [Phase("deorbit_ignition", {**burn_columns(engine, ship.drag_area_m2), **turn, **cut_off})]


def coast(vehicle: Vehicle, end: dict[int, float], event: str | None = "deorbit_cutoff") -> Phase:
    """Return the fall of the whole ship after the burn, to the end given in columns."""
    area = vehicle.ship.drag_area_m2 if vehicle.ship else 0.0
    return Phase(event, {k.FIXED_DRAG_M2: area, k.STEP_S: COAST_STEP_S, k.TIME_LIMIT_S: 7200.0, **end})


def capsule_columns(vehicle: Vehicle) -> dict[int, float]:
    """Return the columns of the capsule flying alone at trim."""
    return {
        k.AERO_AREA_M2: vehicle.capsule.reference_area_m2,
        k.LIFT_FACTOR: 1.0,
        k.STEP_S: ENTRY_STEP_S,
        k.TIME_LIMIT_S: 7200.0,
        k.SKIP_ALTITUDE_M: 200e3,
    }


def entry(vehicle: Vehicle, interface_m: float, guidance_m: float, end_m: float, start_event: str) -> list[Phase]:
    """Return the phases of the capsule from the split (or a start above the air) to the parachute command."""
    body = capsule_columns(vehicle)
    # The navigation sums its accelerometers once a step, and reads them from here on
    first = {k.SET_MASS_KG: vehicle.capsule.mass_kg, k.STEP_S: HIGH_STEP_S}
    return [
        Phase(start_event, {**body, **first, **falling_through(interface_m)}),
        Phase("entry_interface", {**body, k.STEP_S: HIGH_STEP_S, **falling_through(guidance_m)}),
        Phase("guidance_start", {**body, k.GUIDED: 1.0, **falling_through(end_m)}),
    ]


def module_fall(
    module: DiscardedModule, end_m: float, event: str = "module_separation", *, pushed: bool = True
) -> Phase:
    """Return the fall of a discarded module, pushed by its springs or not, down through an altitude."""
    speed = module.separation_speed_m_s if pushed else 0.0
    kick = [speed * part for part in unit(module.separation_direction)]
    columns = {
        k.FIXED_DRAG_M2: module.drag_area_m2,
        k.STEP_S: COAST_STEP_S,
        k.TIME_LIMIT_S: 7200.0,
        **dict(zip((k.KICK_RADIAL, k.KICK_ALONG, k.KICK_CROSS), kick, strict=True)),
        **falling_through(end_m),
    }
    return Phase(event, columns)


def _stage_columns(vehicle: Vehicle, stage: CanopyStage, before: _Standing, after: _Standing) -> dict[int, float]:
    return {
        k.AERO_AREA_M2: vehicle.capsule.reference_area_m2,
        # Under a canopy the capsule hangs and swings: no lift in a fixed direction
        k.LIFT_FACTOR: 0.0,
        k.CANOPY_FROM_M2: before.drag_area_m2,
        k.CANOPY_TO_M2: after.drag_area_m2,
        k.AIR_FROM_M2: before.air_m2,
        k.AIR_TO_M2: after.air_m2,
        k.PULL_LIMIT_N: stage.load_limit_n or 0.0,
        k.TIME_LIMIT_S: 7200.0,
    }


class _Standing(NamedTuple):
    """What stands of the canopies: their drag area, and the volume of the air that moves with them to the power 2/3."""

    drag_area_m2: float
    air_m2: float


def _stand(parachutes: Parachutes, stage: CanopyStage, before: _Standing) -> _Standing:
    if stage.drag_area_m2 == before.drag_area_m2:
        return before
    volume_m3 = parachutes.apparent_mass_coefficient * half_sphere_m3(stage)
    return _Standing(stage.drag_area_m2, volume_m3 ** (2.0 / 3.0))


def half_sphere_m3(stage: CanopyStage) -> float:
    """Return the half sphere under a canopy that stands, in m3."""
    diameter_m = stage.inflated_diameter_m or 2.0 * math.sqrt(stage.drag_area_m2 / (_CUP_DRAG * math.pi))
    return math.pi / 12.0 * diameter_m**3


def _filling(stage: CanopyStage) -> dict[int, float]:
    """Return the columns of how a canopy fills: along a way through the air, or in a time."""
    if stage.fill_diameters is not None and stage.diameter_m is not None:
        how = {k.CANOPY_WAY_M: stage.fill_diameters * stage.diameter_m}
    else:
        how = {k.CANOPY_DURATION_S: stage.inflation_s or UNTOLD_INFLATION_S}
    return {**how, k.CANOPY_GROWTH: stage.growth_exponent, k.STEP_S: INFLATION_STEP_S}


def canopies(vehicle: Vehicle, parachutes: Parachutes, ground_m: float) -> list[Phase]:
    """Return the phases from the parachute command to the ground.

    A stage whose drag area equals the one before does not inflate; the end of the inflation of the largest canopy is
    the event `main_inflated` (`reserve_inflated` where that is the reserve). Only from then on does touching the ground
    count as a landing.
    """
    phases: list[Phase] = []
    stages = _with_the_wait(parachutes.stages)
    largest = max(stage.drag_area_m2 for stage in stages)
    main = next(index for index, stage in enumerate(stages) if stage.drag_area_m2 == largest)
    inflated = "reserve_inflated" if stages[main].name.startswith("reserve") else "main_inflated"
    before = _Standing(0.0, 0.0)
    for index, stage in enumerate(stages):
        stands = _stand(parachutes, stage, before)
        base = _stage_columns(vehicle, stage, before, stands)
        grows = stands.drag_area_m2 != before.drag_area_m2
        opening = {k.RELEASE_KG: stage.release_mass_kg}
        event: str | None = "parachute_command" if index == 0 else stage.name
        later = stages[index + 1] if index + 1 < len(stages) else None
        timed = later is not None and later.altitude_m is None
        wait_s = later.delay_s if later else 0.0
        if grows:
            until = {k.END_KIND: k.AFTER_FILLING, k.END_VALUE: wait_s if timed else _DAY_S}
            start = {**_filling(stage), **until, k.LANDS: 1.0 if index > main else 0.0}
            phases.append(Phase(event, {**base, **opening, **start}))
            event, opening = (inflated if index == main else None), {}
        hang = {**base, k.STEP_S: CANOPY_STEP_S, k.LANDS: 1.0 if index >= main else 0.0}
        if index >= main:
            # The largest canopy stands: its area no longer grows, which is where the stepper may take long steps
            hang |= {k.CANOPY_FROM_M2: stands.drag_area_m2, k.AIR_FROM_M2: stands.air_m2}
        if grows:
            hang[k.STEP_S] = OPENED_STEP_S
        waiting = {**hang, **after(wait_s), k.STEP_S: min(hang[k.STEP_S], OPENING_STEP_S)}
        if grows:
            waiting[k.END_KIND] = k.AFTER_OPENING
        if timed:
            phases.append(Phase(event, {**waiting, **opening}))
        elif later is not None and later.altitude_m is not None:
            if wait_s > 0.0:
                phases.append(Phase(event, {**waiting, **opening}))
                event, opening = None, {}
            phases.append(Phase(event, {**hang, **opening, **falling_through(later.altitude_m)}))
        else:
            phases.extend(_to_the_ground(hang, opening, event, parachutes, ground_m))
        before = stands
    return phases


def _with_the_wait(stages: tuple[CanopyStage, ...]) -> tuple[CanopyStage, ...]:
    """Return the stages, with one of no area before a first one that waits after the command."""
    first = stages[0]
    if first.delay_s == 0.0 and first.altitude_m is None:
        return stages
    nothing = {"drag_area_m2": 0.0, "delay_s": 0.0, "altitude_m": None, "release_mass_kg": 0.0}
    return (first.model_copy(update=nothing), *stages)


def _to_the_ground(
    hang: dict[int, float], opening: dict[int, float], event: str | None, parachutes: Parachutes, ground_m: float
) -> list[Phase]:
    engines = parachutes.landing_engines
    if engines is None:
        return [Phase(event, {**hang, **opening, **falling_through(ground_m - 100.0)})]
    flow = engines.thrust_n / (engines.specific_impulse_s * STANDARD_GRAVITY_M_S2)
    thrust = {k.THRUST_N: engines.thrust_n, k.FLOW_KG_S: flow, k.THRUST_RADIAL: 1.0}
    # Lines do not push: the capsule that its engines slow leaves the air in the canopy to fall on
    slack = {**hang, k.AIR_FROM_M2: 0.0, k.AIR_TO_M2: 0.0, k.STEP_S: ENGINE_STEP_S}
    return [
        Phase(event, {**hang, **opening, k.END_KIND: k.AT_HEIGHT, k.END_VALUE: engines.height_m}),
        Phase("soft_landing_ignition", {**slack, **thrust, **after(engines.burn_s)}),
        Phase(None, {**slack, **falling_through(ground_m - 100.0)}),
    ]


def free_flight(vehicle: Vehicle, mass_kg: float) -> Phase:
    """Return one unguided phase of the capsule's body at a fixed bank angle, down to the ground."""
    body = {**capsule_columns(vehicle), k.STEP_S: ENTRY_STEP_S, k.LANDS: 1.0, k.TIME_LIMIT_S: _DAY_S}
    # A free body may be in orbit: climbing is no failure
    body[k.SKIP_ALTITUDE_M] = 1e12
    return Phase("start", {**body, k.SET_MASS_KG: mass_kg, **falling_through(-2e4)})
