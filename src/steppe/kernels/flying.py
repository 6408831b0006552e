"""One trajectory through its phases: the loop that steps, finds events by a root, steers and records."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.errors import (
    ENDED,
    HIT_GROUND,
    LANDED,
    LOAD_LIMIT,
    NEGATIVE_MASS,
    NOT_A_NUMBER,
    OUT_OF_STEPS,
    OUT_OF_TIME,
    RECORD_FULL,
    RUNNING,
    SKIPPED_OUT,
)
from steppe.kernels.bank import bank_acceleration
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.guidance import BALLISTIC, COMMAND, MEMORY_SIZE, NEXT_TIME, Guide, start_guidance, steer
from steppe.kernels.jit import driver, physics
from steppe.kernels.motion import Forces, State, World, lvlh_vector
from steppe.kernels.steppers import rk4

# Columns of a row of the phase table
(
    END_KIND, END_VALUE, STEP_S, TIME_LIMIT_S, SET_MASS_KG, RELEASE_KG, KICK_RADIAL, KICK_ALONG, KICK_CROSS,
    FIXED_DRAG_M2, AERO_AREA_M2, LIFT_FACTOR, DRAG_FACTOR, CANOPY_FROM_M2, CANOPY_TO_M2, CANOPY_DURATION_S,
    THRUST_N, FLOW_KG_S, THRUST_RADIAL, THRUST_ALONG, THRUST_CROSS, THRUST_TURN_RAD_S, GUIDED, SKIP_ALTITUDE_M, LANDS,
) = range(25)  # fmt: skip
PHASE_COLUMNS = 25

# How a phase ends: after a time, falling through an altitude, at a height above the ground on the way down, or when
# the sensed velocity has grown by a value (cut-off on delta-v)
AFTER_TIME, AT_ALTITUDE, AT_HEIGHT, AT_SENSED_VELOCITY = 0, 1, 2, 3

# Columns of the record
(TIME, X, Y, Z, U, V, W, MASS, SENSED, BANK, BANK_COMMAND, PHASE) = range(12)
RECORD_COLUMNS = 12

TURN = 2.0 * math.pi
_ROOT_S = 1e-7
_ROOT_STEPS = 60


@physics
def forces_of(row: npt.NDArray[np.float64], began_s: float, canopy: tuple[float, float]) -> Forces:
    """Return the forces of a phase begun at `began_s`; `canopy` is start and rate of the inflation under way."""
    return Forces(
        row[FIXED_DRAG_M2],
        row[AERO_AREA_M2],
        row[LIFT_FACTOR],
        row[DRAG_FACTOR],
        row[CANOPY_FROM_M2],
        row[CANOPY_TO_M2],
        canopy[0],
        canopy[1],
        row[THRUST_N],
        row[FLOW_KG_S],
        row[THRUST_RADIAL],
        row[THRUST_ALONG],
        row[THRUST_CROSS],
        began_s,
        row[THRUST_TURN_RAD_S],
    )


@physics
def end_function(
    world: World, row: npt.NDArray[np.float64], ground_m: float, time_s: float, state: State,
    begun: tuple[float, float],
) -> float:  # fmt: skip
    """Return a function that falls through zero where the phase ends; `begun` is time and sensed velocity then."""
    kind = row[END_KIND]
    if kind == AFTER_TIME:
        return begun[0] + row[END_VALUE] - time_s
    if kind == AT_SENSED_VELOCITY:
        return begun[1] + row[END_VALUE] - state[7]
    altitude, _, _, _ = altitude_and_up(world.earth, state[0], state[1], state[2])
    if kind == AT_HEIGHT:
        return altitude - ground_m - row[END_VALUE]
    return altitude - row[END_VALUE]


@physics
def begin_phase(world: World, row: npt.NDArray[np.float64], state: State) -> State:
    """Return the state after what happens at the start of a phase: parts leave, springs push."""
    kick_x, kick_y, kick_z = lvlh_vector(world.earth, state, row[KICK_RADIAL], row[KICK_ALONG], row[KICK_CROSS])
    mass = row[SET_MASS_KG] if row[SET_MASS_KG] > 0.0 else state[6] - row[RELEASE_KG]
    return (
        state[0],
        state[1],
        state[2],
        state[3] + kick_x,
        state[4] + kick_y,
        state[5] + kick_z,
        mass,
        state[7],
    )


@physics
def write_row(
    table: npt.NDArray[np.float64], at: int, time_s: float, state: State, bank: float, command: float, phase: int
) -> None:
    """Write one sample."""
    table[at, TIME] = time_s
    for i in range(8):
        table[at, X + i] = state[i]
    table[at, BANK] = bank
    table[at, BANK_COMMAND] = command
    table[at, PHASE] = phase


@physics
def trouble(state: State, altitude_m: float, skip_altitude_m: float, load_g: float, load_limit_g: float) -> int:
    """Return RUNNING, or the status code of what went wrong in the last step."""
    total = state[0] + state[1] + state[2] + state[3] + state[4] + state[5] + state[6]
    if not math.isfinite(total):
        return NOT_A_NUMBER
    if state[6] <= 0.0:
        return NEGATIVE_MASS
    if load_g > load_limit_g:
        return LOAD_LIMIT
    climbing = state[0] * state[3] + state[1] * state[4] + state[2] * state[5] > 0.0
    if climbing and altitude_m > skip_altitude_m:
        return SKIPPED_OUT
    return RUNNING


@driver
def fly_phases(
    world: World,
    guide: Guide,
    phases: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    ground_m: float,
    load_limit_g: float,
    record_every_s: float,
    record: npt.NDArray[np.float64],
    begins: npt.NDArray[np.float64],
) -> tuple[int, int, int]:
    """Fly one body through its phases.

    Parameters
    ----------
    world, guide
        Surroundings, and what the guidance knows.
    phases
        Shape (n, 25), one row a phase; the columns are the constants of this module.
    start
        Time in s, the eight numbers of the state, and the bank angle in rad.
    ground_m
        Height of the ground above the ellipsoid in m.
    load_limit_g
        Load that ends the flight.
    record_every_s
        Time between samples, at most four steps of the phase; the first and last state of a phase are always there.
    record
        Output, shape (samples, 12); the columns are the constants of this module.
    begins
        Output, shape (n + 1, 12): the state at the start of each phase (after the split or kick) and at the end.

    Returns
    -------
    tuple
        Status code, number of samples, number of phases begun.
    """
    time_s = start[0]
    state = (start[1], start[2], start[3], start[4], start[5], start[6], start[7], start[8])
    bank, rate = start[9], 0.0
    memory = np.zeros(MEMORY_SIZE)
    memory[COMMAND] = bank
    guided_since = -1.0
    canopy = (0.0, 1e9)
    count = 0
    for phase in range(phases.shape[0]):
        row = phases[phase]
        state = begin_phase(world, row, state)
        begun = (time_s, state[7])
        if row[CANOPY_DURATION_S] > 0.0:
            canopy = (time_s, 1.0 / row[CANOPY_DURATION_S])
        forces = forces_of(row, time_s, canopy)
        if row[GUIDED] <= 0.0:
            rate = 0.0
        if row[GUIDED] > 0.0 and guided_since < 0.0:
            guided_since = time_s
            start_guidance(guide, time_s, bank, memory)
        write_row(begins, phase, time_s, state, bank, memory[COMMAND], phase)
        if count >= record.shape[0]:
            return RECORD_FULL, count, phase
        write_row(record, count, time_s, state, bank, memory[COMMAND], phase)
        count += 1
        next_record = time_s + min(record_every_s, 4.0 * row[STEP_S])
        before = end_function(world, row, ground_m, time_s, state, begun)
        while before > 0.0:
            if time_s - begun[0] > row[TIME_LIMIT_S]:
                return OUT_OF_TIME, count, phase + 1
            if row[GUIDED] > 0.0 and time_s >= memory[NEXT_TIME] - 1e-9:
                steer(world, forces, guide, time_s, guided_since, state, bank, memory)
            # A step ends where something switches: guidance call, end of an inflation, end of the phase
            step = row[STEP_S]
            if row[GUIDED] > 0.0:
                step = min(step, max(memory[NEXT_TIME] - time_s, 1e-6))
            inflated = canopy[0] + 1.0 / canopy[1]
            if time_s < inflated - 1e-9:
                step = min(step, inflated - time_s)
            if row[END_KIND] == AFTER_TIME:
                step = min(step, before)
            twist = 0.0
            if row[GUIDED] > 0.0:
                if guide.law == BALLISTIC:
                    # A steady roll: the command runs ahead of the bank angle by a turn, which is taken off here
                    bank = bank - TURN if bank > TURN else bank
                    memory[COMMAND] = bank + TURN
                twist = bank_acceleration(
                    bank, rate, memory[COMMAND], guide.max_rate_rad_s, guide.max_acceleration_rad_s2, step
                )
            moved = rk4(world, forces, time_s, state, step, (bank, rate, twist))
            after = end_function(world, row, ground_m, time_s + step, moved, begun)
            altitude, _, _, _ = altitude_and_up(world.earth, moved[0], moved[1], moved[2])
            touched = altitude <= ground_m
            if (after <= 0.0 and row[END_KIND] != AFTER_TIME) or touched:
                low, high = 0.0, step
                for _ in range(_ROOT_STEPS):
                    middle = 0.5 * (low + high)
                    moved = rk4(world, forces, time_s, state, middle, (bank, rate, twist))
                    value = end_function(world, row, ground_m, time_s + middle, moved, begun)
                    height, _, _, _ = altitude_and_up(world.earth, moved[0], moved[1], moved[2])
                    if min(value, height - ground_m) > 0.0:
                        low = middle
                    else:
                        high = middle
                    if high - low < _ROOT_S:
                        break
                step = high
                moved = rk4(world, forces, time_s, state, step, (bank, rate, twist))
                after = end_function(world, row, ground_m, time_s + step, moved, begun)
                altitude, _, _, _ = altitude_and_up(world.earth, moved[0], moved[1], moved[2])
                touched = altitude <= ground_m
            load = (moved[7] - state[7]) / step / STANDARD_GRAVITY_M_S2
            state = moved
            time_s += step
            bank += step * (rate + 0.5 * step * twist)
            rate += step * twist
            before = after
            code = trouble(state, altitude, row[SKIP_ALTITUDE_M], load, load_limit_g)
            if touched and code == RUNNING:
                code = LANDED if row[LANDS] > 0.0 else HIT_GROUND
            if time_s >= next_record - 1e-9 or code != RUNNING or before <= 0.0:
                if count >= record.shape[0]:
                    return RECORD_FULL, count, phase + 1
                write_row(record, count, time_s, state, bank, memory[COMMAND], phase)
                count += 1
                next_record = time_s + min(record_every_s, 4.0 * row[STEP_S])
            if code != RUNNING:
                write_row(begins, phase + 1, time_s, state, bank, memory[COMMAND], phase)
                return code, count, phase + 1
            if count > 100_000_000:
                return OUT_OF_STEPS, count, phase + 1
        if row[END_KIND] == AFTER_TIME:
            time_s = begun[0] + row[END_VALUE]
    write_row(begins, phases.shape[0], time_s, state, bank, memory[COMMAND], phases.shape[0] - 1)
    return ENDED, count, phases.shape[0]
