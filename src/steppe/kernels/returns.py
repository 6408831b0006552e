"""Whole returns in lanes: from any phase to the ground, many at once, with the laws and the decisions of one flight.

The vector loop takes one step of every lane; what a flight decides between steps (guidance, events, phases) is done
lane by lane with the functions of `steppe.kernels.flying`. A lane that has landed is filled with the next return.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.errors import ENDED, RUNNING
from steppe.kernels.flying import (
    AFTER_TIME,
    CANOPY_TO_M2,
    END_KIND,
    END_VALUE,
    Motion,
    Phase,
    Rules,
    begin_phase,
    end_function,
    forces_of,
    height_of,
    prepare_step,
    ready_guidance,
    settle_step,
)
from steppe.kernels.guide import COMMAND, MEMORY_SIZE, REVERSALS, Guide
from steppe.kernels.jit import driver, lane_loop, physics
from steppe.kernels.motion import Forces, Laws, State, World
from steppe.kernels.navigation import NAVIGATION_SIZE

Array = npt.NDArray[np.float64]

# Rows of a start: time, state, bank angle (as for one flight)
START_ROWS = 10
# Rows of a lane: what the vector loop reads and writes
STATE, LATER, BANK, RATE, TWIST, TIME, STEP, FORCES, ALTITUDE = 0, 8, 16, 17, 18, 19, 20, 21, 36
LANE_ROWS = 37
# Rows that only the decisions use
(BEFORE, NUMBER, BEGUN, BEGUN_SENSED, INFLATED, INFLATION, INFLATION_RATE, GUIDED_SINCE, PEAK, STEPS) = range(10)
KEPT_ROWS = 10
# Columns of an end: final time, state and status code, phases begun, largest load in g before the canopies, position at
# the parachute command (ITRF, m), bank reversals, steps
(END_TIME, END_STATE, END_CODE, END_PHASES, END_LOAD, END_COMMAND, END_REVERSALS, END_STEPS) = (
    0,
    1,
    9,
    10,
    11,
    12,
    15,
    16,
)
END_COLUMNS = 17

WIDTH = 32


def build_step_returns(laws: Laws, build_stepper: Callable[[Laws], Any]) -> Any:
    """Return the vector loop over returns: (world, lanes), one step of every lane, from rows STATE to rows LATER."""
    stepper, place = build_stepper(laws), laws.place

    @lane_loop
    def step_returns(world: World, lanes: Array) -> None:
        x, y, z, u, v, w, m, s = (
            lanes[0], lanes[1], lanes[2], lanes[3], lanes[4], lanes[5], lanes[6], lanes[7],
        )  # fmt: skip
        x1, y1, z1, u1, v1, w1, m1, s1 = (
            lanes[8], lanes[9], lanes[10], lanes[11], lanes[12], lanes[13], lanes[14], lanes[15],
        )  # fmt: skip
        bank, rate, twist, time, step = lanes[16], lanes[17], lanes[18], lanes[19], lanes[20]
        f0, f1, f2, f3, f4, f5, f6, f7 = (
            lanes[21], lanes[22], lanes[23], lanes[24], lanes[25], lanes[26], lanes[27], lanes[28],
        )  # fmt: skip
        f8, f9, f10, f11, f12, f13, f14 = (
            lanes[29], lanes[30], lanes[31], lanes[32], lanes[33], lanes[34], lanes[35],
        )  # fmt: skip
        altitude = lanes[36]
        for i in range(x.shape[0]):
            forces = Forces(
                f0[i], f1[i], f2[i], f3[i], f4[i], f5[i], f6[i], f7[i], f8[i], f9[i], f10[i], f11[i], f12[i], f13[i],
                f14[i],
            )  # fmt: skip
            state = (x[i], y[i], z[i], u[i], v[i], w[i], m[i], s[i])
            later = stepper(world, forces, time[i], state, step[i], (bank[i], rate[i], twist[i]))
            x1[i], y1[i], z1[i], u1[i], v1[i], w1[i], m1[i], s1[i] = later
            height, _, _, _ = place(world.earth, later[0], later[1], later[2])
            altitude[i] = height

    return step_returns


@physics
def state_in(lanes: Array, first: int, lane: int) -> State:
    """Return the state of a lane, from rows STATE or LATER."""
    return (
        lanes[first, lane],
        lanes[first + 1, lane],
        lanes[first + 2, lane],
        lanes[first + 3, lane],
        lanes[first + 4, lane],
        lanes[first + 5, lane],
        lanes[first + 6, lane],
        lanes[first + 7, lane],
    )


@physics
def motion_in(lanes: Array, lane: int) -> Motion:
    """Return the motion of a lane."""
    return Motion(lanes[TIME, lane], state_in(lanes, STATE, lane), lanes[BANK, lane], lanes[RATE, lane])


@physics
def put_motion(lanes: Array, lane: int, motion: Motion) -> None:
    """Store the motion of a lane."""
    for row in range(8):
        lanes[STATE + row, lane] = motion.state[row]
    lanes[BANK, lane] = motion.bank_rad
    lanes[RATE, lane] = motion.rate_rad_s
    lanes[TIME, lane] = motion.time_s


@physics
def phase_in(row: npt.NDArray[np.float64], kept: Array, lane: int) -> Phase:
    """Return the phase that a lane is in."""
    inflation = (kept[INFLATION, lane], kept[INFLATION_RATE, lane])
    return Phase(
        row,
        int(kept[NUMBER, lane]),
        forces_of(row, kept[BEGUN, lane], inflation),
        kept[BEGUN, lane],
        kept[BEGUN_SENSED, lane],
        kept[INFLATED, lane],
        kept[GUIDED_SINCE, lane],
    )


@physics
def enter_phase(
    world: World, guide: Guide, rules: Rules, rows: npt.NDArray[np.float64], number: int, motion: Motion, lanes: Array,
    kept: Array, nav: Array, memory: Array, end: npt.NDArray[np.float64], lane: int,
) -> bool:  # fmt: skip
    """Enter a phase and those after it that are over at once; returns False where no phase is left."""
    while number < rows.shape[0]:
        inflation = (kept[INFLATION, lane], kept[INFLATION_RATE, lane])
        phase, motion, inflation = begin_phase(world, rows[number], number, motion, inflation, kept[GUIDED_SINCE, lane])
        ready_guidance(guide, phase, motion, nav[lane], memory[lane])
        kept[NUMBER, lane], kept[BEGUN, lane] = number, phase.begun_s
        kept[BEGUN_SENSED, lane], kept[INFLATED, lane] = phase.begun_sensed_m_s, phase.inflated_s
        kept[INFLATION, lane], kept[INFLATION_RATE, lane] = inflation
        kept[GUIDED_SINCE, lane] = phase.guided_since_s
        if end[END_COMMAND] == 0.0 and rows[number, CANOPY_TO_M2] > 0.0:
            for axis in range(3):
                end[END_COMMAND + axis] = motion.state[axis]
        before = end_function(phase, rules, motion.time_s, motion.state[7], height_of(world, motion.state))
        if before > 0.0:
            kept[BEFORE, lane] = before
            forces = phase.forces
            for row in range(15):
                lanes[FORCES + row, lane] = forces[row]
            put_motion(lanes, lane, motion)
            return True
        number += 1
    put_motion(lanes, lane, motion)
    return False


@physics
def write_end(lanes: Array, kept: Array, memory: Array, lane: int, code: int, end: npt.NDArray[np.float64]) -> None:
    """Write how a return ended."""
    end[END_TIME] = lanes[TIME, lane]
    for row in range(8):
        end[END_STATE + row] = lanes[STATE + row, lane]
    end[END_CODE] = code
    end[END_PHASES] = kept[NUMBER, lane] + 1.0
    end[END_LOAD] = kept[PEAK, lane]
    end[END_REVERSALS] = memory[lane, REVERSALS]
    end[END_STEPS] = kept[STEPS, lane]


def build_fly_returns(step_returns: Any, variant: str) -> Any:
    """Return the driver over `step_returns`.

    Returns
    -------
    Callable
        (world, model, guide, phases, starts, rules, width, ends): `phases` of shape (n, phases, 25) or (1, phases, 25)
        for all, `starts` (n, 10), `ends` (n, 17), the columns named by the constants of this module.
    """

    @driver(variant=variant)
    def fly_returns(
        world: World, model: World, guide: Guide, phases: npt.NDArray[np.float64], starts: Array, rules: Rules,
        width: int, ends: Array,
    ) -> int:  # fmt: skip
        total, own = starts.shape[0], phases.shape[0] > 1
        lanes, kept = np.zeros((LANE_ROWS, width)), np.zeros((KEPT_ROWS, width))
        nav, memory = np.zeros((width, NAVIGATION_SIZE)), np.zeros((width, MEMORY_SIZE))
        owner = np.full(width, -1)
        following, flying, rounds = 0, 0, 0
        for lane in range(width):
            lanes[:, lane] = 1.0
            lanes[STEP, lane] = 0.0
        while True:
            for lane in range(width):
                while owner[lane] < 0 and following < total:
                    case = following
                    following += 1
                    start, rows = starts[case], phases[case if own else 0]
                    kept[:, lane] = 0.0
                    kept[INFLATION, lane], kept[INFLATION_RATE, lane], kept[GUIDED_SINCE, lane] = start[0], 1e9, -1.0
                    nav[lane] = 0.0
                    memory[lane] = 0.0
                    memory[lane, COMMAND] = start[9]
                    state = (start[1], start[2], start[3], start[4], start[5], start[6], start[7], start[8])
                    motion = Motion(start[0], state, start[9], 0.0)
                    if enter_phase(world, guide, rules, rows, 0, motion, lanes, kept, nav, memory, ends[case], lane):
                        owner[lane] = case
                        flying += 1
                    else:
                        write_end(lanes, kept, memory, lane, ENDED, ends[case])
            if flying == 0:
                return rounds
            for lane in range(width):
                lanes[STEP, lane] = 0.0
                if owner[lane] >= 0:
                    rows = phases[owner[lane] if own else 0]
                    phase = phase_in(rows[int(kept[NUMBER, lane])], kept, lane)
                    motion, step, twist = prepare_step(
                        model, guide, phase, motion_in(lanes, lane), kept[BEFORE, lane], nav[lane], memory[lane]
                    )
                    lanes[BANK, lane], lanes[STEP, lane], lanes[TWIST, lane] = motion.bank_rad, step, twist
            step_returns(world, lanes)
            rounds += 1
            for lane in range(width):
                if owner[lane] < 0:
                    continue
                case = owner[lane]
                rows = phases[case if own else 0]
                row = rows[int(kept[NUMBER, lane])]
                phase = phase_in(row, kept, lane)
                motion, step, twist = motion_in(lanes, lane), lanes[STEP, lane], lanes[TWIST, lane]
                bank = motion.bank_rad + step * (motion.rate_rad_s + 0.5 * step * twist)
                rate = motion.rate_rad_s + step * twist
                later = Motion(motion.time_s + step, state_in(lanes, LATER, lane), bank, rate)
                later, after, load, code = settle_step(
                    world, model, guide, phase, rules, motion, later, lanes[ALTITUDE, lane], step, twist, nav[lane]
                )
                kept[STEPS, lane] += 1.0
                kept[BEFORE, lane] = after
                if row[CANOPY_TO_M2] == 0.0:
                    kept[PEAK, lane] = max(kept[PEAK, lane], load)
                put_motion(lanes, lane, later)
                goes_on = code == RUNNING
                if goes_on and after <= 0.0:
                    if row[END_KIND] == AFTER_TIME:
                        later = Motion(phase.begun_s + row[END_VALUE], later.state, later.bank_rad, later.rate_rad_s)
                    goes_on = enter_phase(
                        world, guide, rules, rows, phase.number + 1, later, lanes, kept, nav, memory, ends[case], lane
                    )
                    code = RUNNING if goes_on else ENDED
                if not goes_on:
                    write_end(lanes, kept, memory, lane, code, ends[case])
                    owner[lane] = -1
                    flying -= 1

    return fly_returns


def fly_many_returns(
    fly_returns: Any, world: World, model: World, guide: Guide, phases: npt.NDArray[np.float64], starts: Array,
    rules: Rules, *, width: int = WIDTH, threads: int = 1,
) -> Array:  # fmt: skip
    """Fly any number of returns on one thread or more; neither their number nor the width changes a bit of the result.

    Parameters
    ----------
    fly_returns
        A driver of `build_fly_returns`.
    world, model, guide
        True surroundings, those that the ships believe in, and what their guidance is told.
    phases
        Shape (n, phases, 25), or (1, phases, 25) where all fly the same phases.
    starts
        Shape (n, 10): time in s, state (ITRF), bank angle in rad.
    rules
        Ground, load limit; nothing is recorded.
    width, threads
        Lanes of a thread (a multiple of 32), and threads.

    Returns
    -------
    ndarray
        Shape (n, 17); columns named by the constants of this module.
    """
    total = starts.shape[0]
    borders = [total * part // threads for part in range(threads + 1)]

    def share(part: int) -> Array:
        own = slice(borders[part], borders[part + 1])
        ends = np.zeros((borders[part + 1] - borders[part], END_COLUMNS))
        mine = np.ascontiguousarray(phases[own] if phases.shape[0] > 1 else phases)
        fly_returns(world, model, guide, mine, np.ascontiguousarray(starts[own]), rules, width, ends)
        return ends

    if threads == 1:
        return share(0)
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(share, range(threads))))
