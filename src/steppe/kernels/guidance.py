"""Entry guidance: calls the law in charge once a period, estimates the air, relieves the load, trips to ballistic."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.kernels.air import clamp
from steppe.kernels.apparent import read_clock, reference_speed, steer_by_apparent_velocity
from steppe.kernels.bank import sine_cosine
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.guide import (
    APPARENT_VELOCITY,
    BALLISTIC,
    CALLS,
    COMMAND,
    COSINE,
    DRAG_RATIO,
    DUE_TIME,
    FLIP_TIME,
    LAST_REVERSAL,
    LAW,
    LIFT_RATIO,
    NEXT_PROBE,
    NEXT_RANGE,
    NEXT_SIDE,
    NEXT_TIME,
    OPEN_LOOP,
    OVERLOAD_SINCE,
    PREDICTOR_CORRECTOR,
    SIDE,
    TRIPPED_S,
    WANTED_M,
    Guide,
    bank_size,
)
from steppe.kernels.jit import physics
from steppe.kernels.motion import Forces, State, World, aerodynamic_acceleration
from steppe.kernels.navigation import INTERVAL, PULSE, SENSED, STARTED, navigated_state, platform_tilt
from steppe.kernels.predictor import choose_side, correct_range, foreseen_load, relieved

# The fading filter forgets with this time (Lu 2014 uses first-order filters; the time is ours, of the order of the
# scale height over the sink rate)
_FADING_S = 20.0
# Below this load (m/s2) the ratio of sensed to modelled force is noise
_FILTER_FROM_M_S2 = 0.5
_RATIO_LOW, _RATIO_HIGH = 0.5, 2.0


@physics
def table_bank(table: npt.NDArray[np.float64], elapsed_s: float) -> float:
    """Return the open-loop bank angle in rad: constant before and after the table, linear inside."""
    n = table.shape[0]
    if n == 0:
        return 0.0
    if elapsed_s <= table[0, 0]:
        return table[0, 1]
    for i in range(1, n):
        if elapsed_s <= table[i, 0]:
            part = (elapsed_s - table[i - 1, 0]) / (table[i, 0] - table[i - 1, 0])
            return table[i - 1, 1] + part * (table[i, 1] - table[i - 1, 1])
    return table[n - 1, 1]


@physics
def start_guidance(guide: Guide, time_s: float, bank_rad: float, memory: npt.NDArray[np.float64]) -> None:
    """Fill the memory for a first call at `time_s`."""
    memory[:] = 0.0
    memory[LAW] = guide.law
    memory[COSINE] = guide.reference_cosine
    memory[SIDE] = guide.first_side
    memory[NEXT_TIME] = time_s
    memory[LAST_REVERSAL] = memory[DUE_TIME] = time_s - 1e9
    memory[NEXT_RANGE] = memory[NEXT_PROBE] = memory[NEXT_SIDE] = time_s
    memory[COMMAND] = bank_rad
    memory[DRAG_RATIO] = 1.0
    memory[LIFT_RATIO] = 1.0
    memory[OVERLOAD_SINCE] = memory[FLIP_TIME] = 1e30
    memory[TRIPPED_S] = -1.0


@physics
def sensed_load(nav: npt.NDArray[np.float64]) -> float:
    """Return the load of the last step in g, from the accelerometers."""
    x, y, z = nav[PULSE], nav[PULSE + 1], nav[PULSE + 2]
    return math.sqrt(x * x + y * y + z * z) / (nav[INTERVAL] + 1e-9) / STANDARD_GRAVITY_M_S2


@physics
def estimate_air(
    model: World, forces: Forces, guide: Guide, time_s: float, state: State, bank_rad: float,
    nav: npt.NDArray[np.float64], memory: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Filter the ratios of sensed to modelled drag and lift; they multiply the model in every prediction."""
    if nav[INTERVAL] <= 0.0:
        return
    altitude, up_x, up_y, up_z = altitude_and_up(model.earth, state[0], state[1], state[2])
    sine, cosine = sine_cosine(bank_rad)
    place = (altitude, up_x, up_y, up_z)
    ax, ay, az, _ = aerodynamic_acceleration(model, forces, time_s, state, place, sine, cosine)
    u, v, w = state[3], state[4], state[5]
    inverse_speed = 1.0 / math.sqrt(u * u + v * v + w * w + 1e-12)
    rate = 1.0 / nav[INTERVAL]
    sx, sy, sz = nav[PULSE] * rate, nav[PULSE + 1] * rate, nav[PULSE + 2] * rate
    drag_model = -(ax * u + ay * v + az * w) * inverse_speed
    drag_sensed = -(sx * u + sy * v + sz * w) * inverse_speed
    lift_model = math.sqrt(max(ax * ax + ay * ay + az * az - drag_model * drag_model, 0.0))
    lift_sensed = math.sqrt(max(sx * sx + sy * sy + sz * sz - drag_sensed * drag_sensed, 0.0))
    if drag_model < _FILTER_FROM_M_S2 or lift_model < 0.1 * _FILTER_FROM_M_S2:
        return
    share = guide.period_s / (_FADING_S + guide.period_s)
    drag_ratio = clamp(drag_sensed / drag_model, _RATIO_LOW, _RATIO_HIGH)
    lift_ratio = clamp(lift_sensed / lift_model, _RATIO_LOW, _RATIO_HIGH)
    memory[DRAG_RATIO] += share * (drag_ratio - memory[DRAG_RATIO])
    memory[LIFT_RATIO] += share * (lift_ratio - memory[LIFT_RATIO])


@physics
def estimated_forces(forces: Forces, memory: npt.NDArray[np.float64]) -> Forces:
    """Return the forces with the estimated ratios, for predictions."""
    return Forces(
        forces.fixed_drag_area_m2,
        forces.aero_area_m2,
        forces.lift_factor * memory[LIFT_RATIO],
        forces.drag_factor * memory[DRAG_RATIO],
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        1.0,
        1.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    )


@physics
def check_trips(
    guide: Guide, time_s: float, started_s: float, nav: npt.NDArray[np.float64], memory: npt.NDArray[np.float64]
) -> None:
    """Switch to the ballistic descent where a trip condition holds; there is no way back."""
    if memory[LAW] == BALLISTIC:
        return
    load = sensed_load(nav)
    if load < guide.trips.load_g:
        memory[OVERLOAD_SINCE] = 1e30
    elif memory[OVERLOAD_SINCE] > 1e29:
        memory[OVERLOAD_SINCE] = time_s
    overloaded = time_s - memory[OVERLOAD_SINCE] >= guide.trips.load_time_s
    tilted = platform_tilt(guide.sensors, time_s - nav[STARTED]) > guide.trips.tilt_rad
    if overloaded or tilted or time_s - started_s >= guide.trips.command_s:
        memory[LAW] = BALLISTIC
        memory[TRIPPED_S] = time_s


@physics
def steer(
    model: World, forces: Forces, guide: Guide, time_s: float, started_s: float, bank_rad: float, mass_kg: float,
    nav: npt.NDArray[np.float64], memory: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Call the guidance once: leaves the commanded bank angle (rad) in the memory.

    `model` is the air that the ship knows, `nav` the navigated state; the true ones do not come here.
    """
    check_trips(guide, time_s, started_s, nav, memory)
    law = int(memory[LAW])
    if law == PREDICTOR_CORRECTOR:
        state = navigated_state(nav, mass_kg)
        estimate_air(model, forces, guide, time_s, state, bank_rad, nav, memory)
        known = estimated_forces(forces, memory)
        correct_range(model, known, guide, time_s, state, bank_rad, memory)
        choose_side(model, known, guide, time_s, state, bank_rad, memory)
        speed = math.sqrt(state[3] * state[3] + state[4] * state[4] + state[5] * state[5])
        _, up_x, up_y, up_z = altitude_and_up(model.earth, state[0], state[1], state[2])
        climb = state[3] * up_x + state[4] * up_y + state[5] * up_z
        load = foreseen_load(sensed_load(nav), climb, speed)
        memory[COMMAND] = memory[SIDE] * bank_size(guide, relieved(guide, memory[COSINE], load), speed)
    elif law == APPARENT_VELOCITY:
        sensed = nav[SENSED]
        if sensed >= guide.reference.trigger_m_s:
            if memory[WANTED_M] == 0.0:
                load_m_s2 = sensed_load(nav) * STANDARD_GRAVITY_M_S2
                late_s = read_clock(guide.reference, time_s, sensed, load_m_s2, memory)
                if math.fabs(late_s) > guide.trips.corridor_s:
                    memory[LAW] = BALLISTIC
                    memory[TRIPPED_S] = time_s
            steer_by_apparent_velocity(guide, sensed, memory)
        speed = reference_speed(guide.reference, sensed)
        memory[COMMAND] = memory[SIDE] * bank_size(guide, relieved(guide, memory[COSINE], sensed_load(nav)), speed)
    elif law == OPEN_LOOP:
        memory[COMMAND] = table_bank(guide.table, time_s - started_s)
    memory[CALLS] += 1.0
    # A reversal comes at its moment, between two calls
    flip_s, regular_s = memory[FLIP_TIME], time_s + guide.period_s
    memory[NEXT_TIME] = flip_s if time_s < flip_s < regular_s else regular_s
