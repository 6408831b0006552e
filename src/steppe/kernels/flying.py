"""One trajectory through its phases: the loop that steps, finds events by a root, steers and records."""

from __future__ import annotations

import math
from typing import NamedTuple

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
    OUT_OF_TIME,
    RECORD_FULL,
    RUNNING,
    SKIPPED_OUT,
)
from steppe.kernels.bank import bank_acceleration
from steppe.kernels.canopies import NEVER_S, Pulls, canopy_pull, filling_s, longest_step
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.guidance import start_guidance, steer
from steppe.kernels.guide import BALLISTIC, COMMAND, LAW, MEMORY_SIZE, NEXT_TIME, Guide
from steppe.kernels.jit import driver, physics
from steppe.kernels.motion import Forces, State, World, lvlh_vector
from steppe.kernels.navigation import NAVIGATION_SIZE, READY, navigate, update_navigation
from steppe.kernels.steppers import flight_step

# Columns of a row of the phase table
(
    END_KIND, END_VALUE, STEP_S, TIME_LIMIT_S, SET_MASS_KG, RELEASE_KG, KICK_RADIAL, KICK_ALONG, KICK_CROSS,
    FIXED_DRAG_M2, AERO_AREA_M2, LIFT_FACTOR, DRAG_FACTOR, CANOPY_FROM_M2, CANOPY_TO_M2, CANOPY_DURATION_S,
    THRUST_N, FLOW_KG_S, THRUST_RADIAL, THRUST_ALONG, THRUST_CROSS, THRUST_TURN_RAD_S, GUIDED, SKIP_ALTITUDE_M, LANDS,
    CANOPY_WAY_M, CANOPY_GROWTH, CANOPY_PASSED_S, AIR_FROM_M2, AIR_TO_M2, PULL_LIMIT_N,
) = range(31)  # fmt: skip
PHASE_COLUMNS = 31

# How a phase ends: after a time, falling through an altitude, at a height above the ground on the way down, when the
# sensed velocity has grown by a value (cut-off on delta-v), or by the clock that the last opening canopy has started:
# after a time, and when it is full or after a time
AFTER_TIME, AT_ALTITUDE, AT_HEIGHT, AT_SENSED_VELOCITY, AFTER_OPENING, AFTER_FILLING = range(6)

# Columns of the record
(TIME, X, Y, Z, U, V, W, MASS, SENSED, BANK, BANK_COMMAND, PHASE) = range(12)
RECORD_COLUMNS = 12

TURN = 2.0 * math.pi
# The last is the fewest steps of a filling
_LONG_S, _ROOT_S, _ROOT_STEPS, _FILLING_STEPS = 1e9, 1e-7, 60, 6.0


class Motion(NamedTuple):
    """A body on its way: time in s, state, bank angle in rad and its rate in rad/s."""

    time_s: float
    state: State
    bank_rad: float
    rate_rad_s: float


class Phase(NamedTuple):
    """A phase under way.

    Attributes
    ----------
    row
        Its row of the phase table.
    number
        Its number.
    forces
        What acts.
    begun_s, begun_sensed_m_s
        Time and sensed velocity at its start.
    over_s
        When it ends, where a clock ends it.
    longest_s
        Its longest step.
    guided_since_s
        When guidance started.
    """

    row: npt.NDArray[np.float64]
    number: int
    forces: Forces
    begun_s: float
    begun_sensed_m_s: float
    over_s: float
    longest_s: float
    guided_since_s: float


class Rules(NamedTuple):
    """Height of the ground in m, load limit in g, time between samples in s."""

    ground_m: float
    load_limit_g: float
    record_every_s: float


@physics
def forces_of(row: npt.NDArray[np.float64], began_s: float, canopy: tuple[float, float]) -> Forces:
    """Return the forces of a phase begun at `began_s`; `canopy` is start and rate of the last filling."""
    return Forces(
        row[FIXED_DRAG_M2],
        row[AERO_AREA_M2],
        row[LIFT_FACTOR],
        row[DRAG_FACTOR],
        row[CANOPY_FROM_M2],
        row[CANOPY_TO_M2],
        row[AIR_TO_M2],
        row[AIR_FROM_M2],
        # where nothing fills, the canopies have stood for long
        canopy[0] if fills(row) else -_LONG_S,
        canopy[1],
        row[CANOPY_GROWTH],
        row[THRUST_N],
        row[FLOW_KG_S],
        row[THRUST_RADIAL],
        row[THRUST_ALONG],
        row[THRUST_CROSS],
        began_s,
        row[THRUST_TURN_RAD_S],
    )


@physics
def counts_in_peaks(row: npt.NDArray[np.float64]) -> bool:
    """Return whether loads and heat of a phase count: the capsule flies alone and has no canopy yet."""
    return row[LIFT_FACTOR] > 0.0 and row[CANOPY_TO_M2] == 0.0


@physics
def by_clock(row: npt.NDArray[np.float64]) -> bool:
    """Return whether a clock ends a phase."""
    return row[END_KIND] == AFTER_TIME or row[END_KIND] >= AFTER_OPENING


@physics
def fills(row: npt.NDArray[np.float64]) -> bool:
    """Return whether a canopy fills in a phase."""
    return row[CANOPY_DURATION_S] > 0.0 or row[CANOPY_WAY_M] > 0.0


@physics
def duration_s(world: World, row: npt.NDArray[np.float64], state: State) -> float:
    """Return how long the canopy fills that opens in a state: a given time, or the time for a way through the air."""
    return row[CANOPY_DURATION_S] if row[CANOPY_WAY_M] <= 0.0 else filling_s(world, row[CANOPY_WAY_M], state)


@physics
def pulls_after(world: World, phase: Phase, pulls: Pulls, motion: Motion) -> Pulls:
    """Return the largest pulls of the canopies after a step of a phase in which one fills."""
    pull = canopy_pull(world, phase.forces, motion.time_s, motion.state)
    limit = phase.row[PULL_LIMIT_N]
    share = pull / limit if limit > 0.0 else 0.0
    return Pulls(max(pull, pulls.most_n), max(share, pulls.share))


@physics
def state_of(row: npt.NDArray[np.float64]) -> State:
    """Return the state in a sample, a begin or a start."""
    return row[X], row[Y], row[Z], row[U], row[V], row[W], row[MASS], row[SENSED]


@physics
def height_of(world: World, state: State) -> float:
    """Return the geodetic altitude of a state in m."""
    altitude, _, _, _ = altitude_and_up(world.earth, state[0], state[1], state[2])
    return altitude


@physics
def end_function(phase: Phase, rules: Rules, time_s: float, sensed_m_s: float, altitude_m: float) -> float:
    """Return a function of time, sensed velocity and altitude that falls through zero where the phase ends."""
    kind, value = phase.row[END_KIND], phase.row[END_VALUE]
    if by_clock(phase.row):
        return phase.over_s - time_s
    if kind == AT_SENSED_VELOCITY:
        return phase.begun_sensed_m_s + value - sensed_m_s
    if kind == AT_HEIGHT:
        return altitude_m - rules.ground_m - value
    return altitude_m - value


@physics
def begin_state(world: World, row: npt.NDArray[np.float64], state: State) -> State:
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
    table: npt.NDArray[np.float64], at: int, motion: Motion, memory: npt.NDArray[np.float64], phase: int
) -> None:
    """Write one sample."""
    table[at, TIME] = motion.time_s
    for i in range(8):
        table[at, X + i] = motion.state[i]
    table[at, BANK] = motion.bank_rad
    table[at, BANK_COMMAND] = memory[COMMAND]
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


@physics
def step_length(
    world: World, phase: Phase, guide: Guide, motion: Motion, memory: npt.NDArray[np.float64], before: float
) -> float:
    """Return the next step in s: what canopies allow, and it ends where something switches (guidance call, phase)."""
    row, longest = phase.row, phase.longest_s
    step = min(longest, longest_step(world, phase.forces, motion.time_s + longest, motion.state))
    if row[GUIDED] > 0.0:
        step = min(step, max(memory[NEXT_TIME] - motion.time_s, 1e-6))
    if by_clock(row):
        step = min(step, before)
    return step


@physics
def roll_command(phase: Phase, guide: Guide, motion: Motion, memory: npt.NDArray[np.float64], step_s: float) -> float:
    """Return the roll acceleration of the next step in rad/s2."""
    if phase.row[GUIDED] <= 0.0:
        return 0.0
    return bank_acceleration(
        motion.bank_rad,
        motion.rate_rad_s,
        memory[COMMAND],
        guide.ballistic_rate_rad_s if memory[LAW] == BALLISTIC else guide.max_rate_rad_s,
        guide.max_acceleration_rad_s2,
        step_s,
    )


@physics
def moved_by(world: World, phase: Phase, motion: Motion, step_s: float, twist: float) -> Motion:
    """Return the motion one step later."""
    bank, rate = motion.bank_rad, motion.rate_rad_s
    state = flight_step(world, phase.forces, motion.time_s, motion.state, step_s, (bank, rate, twist))
    bank += step_s * (rate + 0.5 * step_s * twist)
    return Motion(motion.time_s + step_s, state, bank, rate + step_s * twist)


@physics
def nearest_end(phase: Phase, rules: Rules, motion: Motion, altitude_m: float) -> float:
    """Return the smaller of the end function and the height above the ground: it falls through zero at either."""
    ends = end_function(phase, rules, motion.time_s, motion.state[7], altitude_m)
    height = altitude_m - rules.ground_m
    # A clock needs no root: its phases end where a step ends
    return height if by_clock(phase.row) else min(ends, height)


@physics
def locate_end(world: World, phase: Phase, rules: Rules, motion: Motion, step_s: float, twist: float) -> Motion:
    """Return the motion where the phase ends or the body touches the ground inside a step.

    Regula falsi in the Illinois form (Dowell and Jarratt, BIT 11, 168, 1971), each trial a step of the integrator
    itself, so the root has its accuracy and no interpolation enters. The answer lies past the root by less than 1e-7 s.
    """
    low, high = 0.0, step_s
    g_low = nearest_end(phase, rules, motion, height_of(world, motion.state))
    if g_low <= 0.0:  # the last root, by another rounding
        return moved_by(world, phase, motion, _ROOT_S, twist)
    later = moved_by(world, phase, motion, high, twist)
    g_high = nearest_end(phase, rules, later, height_of(world, later.state))
    side = 0
    for _ in range(_ROOT_STEPS):
        if high - low < _ROOT_S:
            break
        middle = (low * g_high - high * g_low) / (g_high - g_low)
        # Aim a little past the root, so that the bracket closes from its far side
        middle = min(max(middle + 0.4 * _ROOT_S, low + 0.1 * _ROOT_S), high - 0.1 * _ROOT_S)
        trial = moved_by(world, phase, motion, middle, twist)
        g = nearest_end(phase, rules, trial, height_of(world, trial.state))
        if g > 0.0:
            low, g_low = middle, g
            g_high = 0.5 * g_high if side == 1 else g_high
            side = 1
        else:
            high, g_high, later = middle, g, trial
            g_low = 0.5 * g_low if side == -1 else g_low
            side = -1
    return later


@physics
def prepare_step(
    world: World, model: World, guide: Guide, phase: Phase, motion: Motion, before: float,
    nav: npt.NDArray[np.float64], memory: npt.NDArray[np.float64],
) -> tuple[Motion, float, float]:  # fmt: skip
    """Steer if it is time to; return the motion, the length of the next step and its roll acceleration."""
    row = phase.row
    if row[GUIDED] > 0.0 and motion.time_s >= memory[NEXT_TIME] - 1e-9:
        mass, bank = motion.state[6], motion.bank_rad
        steer(model, phase.forces, guide, motion.time_s, phase.guided_since_s, bank, mass, nav, memory)
    if row[GUIDED] > 0.0 and memory[LAW] == BALLISTIC:
        # A steady roll: the command runs ahead of the bank angle by a turn, which is taken off here
        bank = motion.bank_rad - TURN if motion.bank_rad > TURN else motion.bank_rad
        motion = Motion(motion.time_s, motion.state, bank, motion.rate_rad_s)
        memory[COMMAND] = bank + TURN
    step = step_length(world, phase, guide, motion, memory, before)
    return motion, step, roll_command(phase, guide, motion, memory, step)


@physics
def settle_step(
    world: World, model: World, guide: Guide, phase: Phase, rules: Rules, motion: Motion, later: Motion,
    altitude_m: float, step_s: float, twist: float, nav: npt.NDArray[np.float64],
) -> tuple[Motion, float, float, int]:  # fmt: skip
    """Judge a step that was taken: where the phase ends inside it, go back to there; carry the navigation along.

    Returns the motion, the end function after the step, the load in g and RUNNING or a status code.
    """
    row = phase.row
    after = end_function(phase, rules, later.time_s, later.state[7], altitude_m)
    if (after <= 0.0 and not by_clock(row)) or altitude_m <= rules.ground_m:
        later = locate_end(world, phase, rules, motion, step_s, twist)
        altitude_m = height_of(world, later.state)
        after = end_function(phase, rules, later.time_s, later.state[7], altitude_m)
    length = later.time_s - motion.time_s
    load = (later.state[7] - motion.state[7]) / (length + 1e-12) / STANDARD_GRAVITY_M_S2
    if nav[READY] > 0.0 and row[LIFT_FACTOR] > 0.0:
        navigate(model, guide.sensors, motion.time_s, motion.state, later.state, length, nav)
    code = trouble(later.state, altitude_m, row[SKIP_ALTITUDE_M], load, rules.load_limit_g)
    if altitude_m <= rules.ground_m and code == RUNNING:
        code = LANDED if row[LANDS] > 0.0 else HIT_GROUND
    if later.time_s - phase.begun_s > row[TIME_LIMIT_S] and code == RUNNING and after > 0.0:
        code = OUT_OF_TIME
    return later, after, load, code


@physics
def fly_phase(
    world: World, model: World, guide: Guide, phase: Phase, rules: Rules, motion: Motion,
    nav: npt.NDArray[np.float64], memory: npt.NDArray[np.float64], record: npt.NDArray[np.float64], count: int,
) -> tuple[int, Motion, int]:  # fmt: skip
    """Fly one phase to its end; return RUNNING or a status code, the motion there and the number of samples."""
    every = min(rules.record_every_s, 4.0 * phase.longest_s)
    next_record = motion.time_s + every
    before = end_function(phase, rules, motion.time_s, motion.state[7], height_of(world, motion.state))
    # Written so that a NaN goes on to the status check
    while not before <= 0.0:
        motion, step, twist = prepare_step(world, model, guide, phase, motion, before, nav, memory)
        later = moved_by(world, phase, motion, step, twist)
        altitude = height_of(world, later.state)
        motion, before, _, code = settle_step(
            world, model, guide, phase, rules, motion, later, altitude, step, twist, nav
        )
        if motion.time_s >= next_record - 1e-9 or code != RUNNING or before <= 0.0:
            if count >= record.shape[0]:
                return RECORD_FULL, motion, count
            write_row(record, count, motion, memory, phase.number)
            count += 1
            next_record = motion.time_s + every
        if code != RUNNING:
            return code, motion, count
    return RUNNING, motion, count


@physics
def begin_phase(
    world: World, row: npt.NDArray[np.float64], number: int, motion: Motion, inflation: tuple[float, float],
    guided_since_s: float,
) -> tuple[Phase, Motion, tuple[float, float]]:  # fmt: skip
    """Return a phase that begins now, the motion after what happens at its start, and the last filling.

    `inflation` is start time and rate of the last canopy that opened.
    """
    rate = motion.rate_rad_s if row[GUIDED] > 0.0 else 0.0
    motion = Motion(motion.time_s, begin_state(world, row, motion.state), motion.bank_rad, rate)
    longest = row[STEP_S]
    if fills(row):
        duration = duration_s(world, row, motion.state)
        inflation = (motion.time_s - row[CANOPY_PASSED_S], 1.0 / duration)
        longest = min(longest, duration / _FILLING_STEPS)
    if row[GUIDED] > 0.0 and guided_since_s < 0.0:
        guided_since_s = motion.time_s
    forces = forces_of(row, motion.time_s, inflation)
    over = over_at(row, motion.time_s, inflation)
    phase = Phase(row, number, forces, motion.time_s, motion.state[7], over, longest, guided_since_s)
    return phase, motion, inflation


@physics
def over_at(row: npt.NDArray[np.float64], begun_s: float, inflation: tuple[float, float]) -> float:
    """Return when a clock ends a phase, not before its begin; a time far away where none does."""
    value = row[END_VALUE]
    if row[END_KIND] == AFTER_TIME:
        return begun_s + value
    if row[END_KIND] == AFTER_OPENING:
        return max(inflation[0] + value, begun_s)
    if row[END_KIND] == AFTER_FILLING:
        return max(inflation[0] + min(value, 1.0 / inflation[1]), begun_s)
    return NEVER_S


@physics
def ready_guidance(
    guide: Guide, phase: Phase, motion: Motion, nav: npt.NDArray[np.float64], memory: npt.NDArray[np.float64]
) -> None:
    """Give navigation its last update when the capsule flies alone, and guidance its memory when it starts."""
    if phase.row[AERO_AREA_M2] > 0.0 and nav[READY] == 0.0:
        # The last update before the entry is that of the split, or of the start
        update_navigation(guide.sensors, motion.time_s, motion.state, nav)
    if phase.row[GUIDED] > 0.0 and phase.guided_since_s == motion.time_s:
        start_guidance(guide, motion.time_s, motion.bank_rad, memory)


@driver
def fly_phases(
    world: World,
    model: World,
    guide: Guide,
    phases: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    rules: Rules,
    record: npt.NDArray[np.float64],
    begins: npt.NDArray[np.float64],
) -> tuple[int, int, int]:
    """Fly one body through its phases.

    Parameters
    ----------
    world, model, guide
        True surroundings, those that the ship believes in, and what the guidance is told.
    phases
        Shape (n, 31), one row a phase; the columns are the constants of this module.
    start
        Time in s, the eight numbers of the state, and the bank angle in rad.
    rules
        Ground, load limit, and the time between samples: at most four steps of the phase; the first and last state of
        a phase are always recorded.
    record
        Output, shape (samples, 12); the columns are the constants of this module.
    begins
        Output, shape (n + 1, 12): the state at the start of each phase (after the split or kick) and at the end.

    Returns
    -------
    tuple
        Status code, number of samples, number of phases begun.
    """
    motion = Motion(start[0], state_of(start), start[9], 0.0)
    memory = np.zeros(MEMORY_SIZE)
    memory[COMMAND] = motion.bank_rad
    nav = np.zeros(NAVIGATION_SIZE)
    guided_since = -1.0
    inflation = (start[0], 1e9)
    count = 0
    for number in range(phases.shape[0]):
        row = phases[number]
        phase, motion, inflation = begin_phase(world, row, number, motion, inflation, guided_since)
        guided_since = phase.guided_since_s
        ready_guidance(guide, phase, motion, nav, memory)
        if count >= record.shape[0]:
            return RECORD_FULL, count, number
        write_row(begins, number, motion, memory, number)
        write_row(record, count, motion, memory, number)
        code, motion, count = fly_phase(world, model, guide, phase, rules, motion, nav, memory, record, count + 1)
        if code != RUNNING:
            write_row(begins, number + 1, motion, memory, number)
            return code, count, number + 1
        if by_clock(row):
            # The clock, not the sum of the steps, says when a timed phase is over
            motion = Motion(phase.over_s, motion.state, motion.bank_rad, motion.rate_rad_s)
    write_row(begins, phases.shape[0], motion, memory, phases.shape[0] - 1)
    return ENDED, count, phases.shape[0]
