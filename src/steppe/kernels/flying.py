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
    OUT_OF_TIME,
    RECORD_FULL,
    RUNNING,
    SKIPPED_OUT,
)
from steppe.kernels.bank import bank_acceleration
from steppe.kernels.canopies import longest_step
from steppe.kernels.guidance import start_guidance, steer
from steppe.kernels.guide import BALLISTIC, COMMAND, LAW, MEMORY_SIZE, NEXT_TIME, Guide
from steppe.kernels.jit import driver, physics
from steppe.kernels.motion import State, World
from steppe.kernels.navigation import NAVIGATION_SIZE, READY, navigate, update_navigation
from steppe.kernels.phase import (
    AERO_AREA_M2,
    GUIDED,
    LANDS,
    LIFT_FACTOR,
    SKIP_ALTITUDE_M,
    TIME_LIMIT_S,
    Motion,
    Phase,
    Rules,
    begin_phase,
    by_clock,
    end_function,
    height_of,
    state_of,
    write_row,
)
from steppe.kernels.steppers import flight_step

TURN = 2.0 * math.pi
_ROOT_S, _ROOT_STEPS = 1e-7, 60


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
        Shape (n, 31), one row a phase; the columns are the constants of `steppe.kernels.phase`.
    start
        Time in s, the eight numbers of the state, and the bank angle in rad.
    rules
        Ground, load limit, and the time between samples: at most four steps of the phase; the first and last state of
        a phase are always recorded.
    record
        Output, shape (samples, 12); the columns are the constants of `steppe.kernels.phase`.
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
