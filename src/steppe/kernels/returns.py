"""Whole returns in lanes: from any phase to the ground, many at once, with the laws and the decisions of one flight.

The vector loop takes one step of every lane and judges it: step length, roll, accelerometers, end of phase, trouble.
Only a lane whose step needs care (a phase ends, guidance is due, an engine burns, something is wrong) is looked at one
by one, with the functions of `steppe.kernels.flying`. A lane that has landed is filled with the next return.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.errors import ENDED, NOT_A_NUMBER, RUNNING, ConfigError
from steppe.kernels.flying import (
    AFTER_TIME,
    AT_HEIGHT,
    AT_SENSED_VELOCITY,
    CANOPY_TO_M2,
    END_KIND,
    END_VALUE,
    GUIDED,
    LIFT_FACTOR,
    PHASE_COLUMNS,
    SKIP_ALTITUDE_M,
    STEP_S,
    THRUST_N,
    TIME_LIMIT_S,
    Motion,
    Phase,
    Rules,
    begin_phase,
    end_function,
    forces_of,
    height_of,
    moved_by,
    prepare_step,
    ready_guidance,
    settle_step,
)
from steppe.kernels.guide import (
    BALLISTIC,
    COMMAND,
    LAW,
    MEMORY_SIZE,
    NEXT_TIME,
    PREDICTOR_CORRECTOR,
    REVERSALS,
    Guide,
)
from steppe.kernels.jit import driver, physics
from steppe.kernels.motion import State, World
from steppe.kernels.navigation import (
    INTERVAL,
    NAVIGATION_SIZE,
    PULSE,
    READY,
    SENSED,
    STARTED,
)
from steppe.kernels.return_steps import (
    ALTITUDE,
    ALWAYS,
    BANK,
    BEFORE,
    BLOCK,
    CALL,
    CARE,
    COUNTS,
    FASTEST,
    FELT,
    FORCES,
    FORCES_ROWS,
    INFLATED,
    LANE_ROWS,
    LAST,
    LATER,
    LENGTH,
    LONGEST,
    NO_CARE,
    PEAK,
    PULSES,
    RATE,
    READS,
    SINCE,
    SKIP,
    STATE,
    STEERED,
    STEPS,
    SUM,
    TIME,
    TIMED,
    TWIST,
    UNPOWERED,
    UNSETTLED,
    WANTED,
    build_step_returns,
)
from steppe.kernels.steppers import build_rk4

Array = npt.NDArray[np.float64]

# Rows of a start: time, state, bank angle (as for one flight)
START_ROWS = 10
# Rows that only the decisions use
(NUMBER, BEGUN, BEGUN_SENSED, INFLATION, INFLATION_RATE, GUIDED_SINCE) = range(6)
KEPT_ROWS = 6
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

# Lanes of a thread unless told otherwise
WIDTH = BLOCK
_NEVER_S = 1e300


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
def phase_in(row: npt.NDArray[np.float64], lanes: Array, kept: Array, lane: int) -> Phase:
    """Return the phase that a lane is in."""
    inflation = (kept[INFLATION, lane], kept[INFLATION_RATE, lane])
    return Phase(
        row,
        int(kept[NUMBER, lane]),
        forces_of(row, kept[BEGUN, lane], inflation),
        kept[BEGUN, lane],
        kept[BEGUN_SENSED, lane],
        lanes[INFLATED, lane],
        kept[GUIDED_SINCE, lane],
    )


@physics
def put_phase(lanes: Array, kept: Array, lane: int, phase: Phase, rules: Rules) -> None:
    """Store what the vector loop needs to know of a phase that begins."""
    row = phase.row
    kind, value = row[END_KIND], row[END_VALUE]
    lanes[LONGEST, lane], lanes[INFLATED, lane] = row[STEP_S], phase.inflated_s
    lanes[TIMED, lane] = 1.0 if kind == AFTER_TIME else 0.0
    for term in range(4):
        lanes[SUM + term, lane] = 0.0
    if kind == AFTER_TIME:
        lanes[SUM, lane], lanes[SUM + 1, lane] = phase.begun_s + value, -1.0
    elif kind == AT_SENSED_VELOCITY:
        lanes[SUM, lane], lanes[SUM + 2, lane] = phase.begun_sensed_m_s + value, -1.0
    else:
        lanes[SUM, lane], lanes[SUM + 3, lane] = -value - (rules.ground_m if kind == AT_HEIGHT else 0.0), 1.0
    lanes[SKIP, lane], lanes[LAST, lane] = row[SKIP_ALTITUDE_M], phase.begun_s + row[TIME_LIMIT_S]
    lanes[COUNTS, lane] = 1.0 if row[CANOPY_TO_M2] == 0.0 else 0.0
    for force in range(FORCES_ROWS):
        lanes[FORCES + force, lane] = phase.forces[force]
    kept[NUMBER, lane], kept[BEGUN, lane] = phase.number, phase.begun_s
    kept[BEGUN_SENSED, lane], kept[GUIDED_SINCE, lane] = phase.begun_sensed_m_s, phase.guided_since_s


@physics
def prepare_lane(model: World, guide: Guide, phase: Phase, lanes: Array, nav: Array, memory: Array, lane: int) -> None:
    """Steer if it is time to, and store what the next step needs to know of guidance and navigation."""
    row, law = phase.row, memory[lane, LAW]
    guided = row[GUIDED] > 0.0
    if guided:
        motion, _, _ = prepare_step(
            model, guide, phase, motion_in(lanes, lane), lanes[BEFORE, lane], nav[lane], memory[lane]
        )
        lanes[BANK, lane] = motion.bank_rad
        law = memory[lane, LAW]
    reads = nav[lane, READY] > 0.0 and row[LIFT_FACTOR] > 0.0
    spins = guided and law == BALLISTIC
    lanes[STEERED, lane] = 1.0 if guided else 0.0
    lanes[CALL, lane] = memory[lane, NEXT_TIME] if guided else _NEVER_S
    lanes[WANTED, lane] = memory[lane, COMMAND]
    lanes[FASTEST, lane] = guide.ballistic_rate_rad_s if spins else guide.max_rate_rad_s
    lanes[READS, lane], lanes[SINCE, lane] = 1.0 if reads else 0.0, nav[lane, STARTED]
    # Only the predictor-corrector asks where it is; its navigation is carried along step by step
    places = reads and guide.law == PREDICTOR_CORRECTOR
    lanes[ALWAYS, lane] = 1.0 if spins or places or row[THRUST_N] > 0.0 else 0.0


@physics
def enter_phase(
    world: World, model: World, guide: Guide, rules: Rules, rows: npt.NDArray[np.float64], number: int, motion: Motion,
    lanes: Array, kept: Array, nav: Array, memory: Array, end: npt.NDArray[np.float64], lane: int,
) -> bool:  # fmt: skip
    """Enter a phase and those after it that are over at once; returns False where no phase is left."""
    while number < rows.shape[0]:
        inflation = (kept[INFLATION, lane], kept[INFLATION_RATE, lane])
        phase, motion, inflation = begin_phase(world, rows[number], number, motion, inflation, kept[GUIDED_SINCE, lane])
        ready_guidance(guide, phase, motion, nav[lane], memory[lane])
        lanes[FELT, lane] = nav[lane, SENSED]
        kept[INFLATION, lane], kept[INFLATION_RATE, lane] = inflation
        put_phase(lanes, kept, lane, phase, rules)
        put_motion(lanes, lane, motion)
        if end[END_COMMAND] == 0.0 and rows[number, CANOPY_TO_M2] > 0.0:
            for axis in range(3):
                end[END_COMMAND + axis] = motion.state[axis]
        before = end_function(phase, rules, motion.time_s, motion.state[7], height_of(world, motion.state))
        # A NaN flies on into its first step, which ends it with its status
        if not before <= 0.0:
            lanes[BEFORE, lane] = before
            prepare_lane(model, guide, phase, lanes, nav, memory, lane)
            return True
        number += 1
    return False


@physics
def settle_lane(
    world: World, model: World, guide: Guide, phase: Phase, rules: Rules, lanes: Array, nav: Array, lane: int
) -> int:
    """Settle a step that needs care, as a single flight does; returns RUNNING or a status code."""
    motion, step, twist = motion_in(lanes, lane), lanes[LENGTH, lane], lanes[TWIST, lane]
    if lanes[READS, lane] > 0.0:
        nav[lane, SENSED] = lanes[FELT, lane]
    if phase.row[THRUST_N] > 0.0:
        later = moved_by(world, phase, motion, step, twist)
        altitude = height_of(world, later.state)
    else:
        bank = motion.bank_rad + step * (motion.rate_rad_s + 0.5 * step * twist)
        rate = motion.rate_rad_s + step * twist
        later = Motion(motion.time_s + step, state_in(lanes, LATER, lane), bank, rate)
        altitude = lanes[ALTITUDE, lane]
    later, after, load, code = settle_step(
        world, model, guide, phase, rules, motion, later, altitude, step, twist, nav[lane]
    )
    lanes[FELT, lane], lanes[BEFORE, lane] = nav[lane, SENSED], after
    if lanes[COUNTS, lane] > 0.0:
        lanes[PEAK, lane] = max(lanes[PEAK, lane], load)
    put_motion(lanes, lane, later)
    # A clock that is no number would never end a phase
    if code == RUNNING and not math.isfinite(later.time_s + after):
        return NOT_A_NUMBER
    return code


@physics
def tell_navigation(lanes: Array, nav: Array, lane: int) -> None:
    """Bring the navigation of a lane up to what the vector loop has read from the accelerometers.

    Not its position, which no law asks for whose steps the vector loop settles.
    """
    if lanes[READS, lane] > 0.0:
        nav[lane, SENSED] = lanes[FELT, lane]
        nav[lane, INTERVAL] = lanes[LENGTH, lane]
        for axis in range(3):
            nav[lane, PULSE + axis] = lanes[PULSES + axis, lane]


@physics
def write_end(lanes: Array, kept: Array, memory: Array, lane: int, code: int, end: npt.NDArray[np.float64]) -> None:
    """Write how a return ended."""
    end[END_TIME] = lanes[TIME, lane]
    for row in range(8):
        end[END_STATE + row] = lanes[STATE + row, lane]
    end[END_CODE] = code
    end[END_PHASES] = kept[NUMBER, lane] + 1.0
    end[END_LOAD] = lanes[PEAK, lane]
    end[END_REVERSALS] = memory[lane, REVERSALS]
    end[END_STEPS] = lanes[STEPS, lane]


@physics
def start_lane(
    world: World, model: World, guide: Guide, rules: Rules, rows: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64], lanes: Array, kept: Array, nav: Array, memory: Array,
    end: npt.NDArray[np.float64], lane: int,
) -> bool:  # fmt: skip
    """Put a return into a lane; returns False where it is over at once."""
    kept[:, lane] = 0.0
    lanes[FELT, lane], lanes[PEAK, lane], lanes[STEPS, lane] = 0.0, 0.0, 0.0
    kept[INFLATION, lane], kept[INFLATION_RATE, lane], kept[GUIDED_SINCE, lane] = start[0], 1e9, -1.0
    nav[lane] = 0.0
    memory[lane] = 0.0
    memory[lane, COMMAND] = start[9]
    motion = Motion(
        start[0], (start[1], start[2], start[3], start[4], start[5], start[6], start[7], start[8]), start[9], 0.0
    )
    return enter_phase(world, model, guide, rules, rows, 0, motion, lanes, kept, nav, memory, end, lane)


@physics
def look_after(
    world: World, model: World, guide: Guide, rules: Rules, rows: npt.NDArray[np.float64], lanes: Array, kept: Array,
    nav: Array, memory: Array, end: npt.NDArray[np.float64], lane: int,
) -> int:  # fmt: skip
    """Do what the last step of a lane asks for: settle it, go on to the next phase, steer. Returns a status code."""
    row = rows[int(kept[NUMBER, lane])]
    phase = phase_in(row, lanes, kept, lane)
    if lanes[CARE, lane] == UNSETTLED:
        code = settle_lane(world, model, guide, phase, rules, lanes, nav, lane)
        if code != RUNNING:
            return code
        if lanes[BEFORE, lane] <= 0.0:
            later = motion_in(lanes, lane)
            if row[END_KIND] == AFTER_TIME:
                later = Motion(phase.begun_s + row[END_VALUE], later.state, later.bank_rad, later.rate_rad_s)
            number = phase.number + 1
            goes_on = enter_phase(world, model, guide, rules, rows, number, later, lanes, kept, nav, memory, end, lane)
            return RUNNING if goes_on else ENDED
    else:
        tell_navigation(lanes, nav, lane)
    prepare_lane(model, guide, phase, lanes, nav, memory, lane)
    return RUNNING


def build_fly_returns(step_returns: Any, variant: str) -> Any:
    """Return the driver over `step_returns`.

    Returns
    -------
    Callable
        (world, model, guide, phases, starts, rules, width, ends): `phases` of shape (n, phases, 25) or (1, phases, 25)
        for all, `starts` (n, 10), `ends` (n, 17), the columns named by the constants of this module. Returns how often
        all lanes were stepped.
    """

    @driver(variant=variant)
    def fly_returns(
        world: World, model: World, guide: Guide, phases: npt.NDArray[np.float64], starts: Array, rules: Rules,
        width: int, ends: Array,
    ) -> int:  # fmt: skip
        total, own = starts.shape[0], phases.shape[0] > 1
        blocks = width // BLOCK
        lanes, kept = np.ones((blocks, LANE_ROWS, BLOCK)), np.zeros((blocks, KEPT_ROWS, BLOCK))
        nav, memory = np.zeros((blocks, BLOCK, NAVIGATION_SIZE)), np.zeros((blocks, BLOCK, MEMORY_SIZE))
        owner = np.full((blocks, BLOCK), -1)
        following, flying, rounds = 0, 0, 0
        lanes[:, CARE] = UNSETTLED
        while True:
            for place in range(width):
                block, lane = place // BLOCK, place % BLOCK
                if lanes[block, CARE, lane] == NO_CARE:
                    continue
                case = owner[block, lane]
                if case >= 0:
                    code = look_after(
                        world, model, guide, rules, phases[case if own else 0], lanes[block], kept[block], nav[block],
                        memory[block], ends[case], lane,
                    )  # fmt: skip
                    if code != RUNNING:
                        write_end(lanes[block], kept[block], memory[block], lane, code, ends[case])
                        owner[block, lane] = -1
                        flying -= 1
                while owner[block, lane] < 0 and following < total:
                    case = following
                    following += 1
                    if start_lane(
                        world, model, guide, rules, phases[case if own else 0], starts[case], lanes[block],
                        kept[block], nav[block], memory[block], ends[case], lane,
                    ):  # fmt: skip
                        owner[block, lane] = case
                        flying += 1
                    else:
                        write_end(lanes[block], kept[block], memory[block], lane, ENDED, ends[case])
            if flying == 0:
                return rounds
            for block in range(blocks):
                step_returns(world, model, guide, rules, lanes[block].reshape(LANE_ROWS * BLOCK))
            rounds += 1

    return fly_returns


step_returns = build_step_returns(UNPOWERED, build_rk4)
fly_returns = build_fly_returns(step_returns, f"{UNPOWERED.name}, rk4")


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

    Raises
    ------
    ConfigError
        If a shape, the width or the number of threads cannot be used.
    """
    if starts.ndim != 2 or starts.shape[1] != START_ROWS:
        raise ConfigError(f"expected an array of shape (n, {START_ROWS}), got {starts.shape}", key="starts")
    if phases.ndim != 3 or phases.shape[2] != PHASE_COLUMNS or phases.shape[0] not in (1, starts.shape[0]):
        raise ConfigError(
            f"expected an array of shape ({starts.shape[0]} or 1, phases, {PHASE_COLUMNS}), got {phases.shape}",
            key="phases",
        )
    if width < BLOCK or width % BLOCK:
        raise ConfigError(f"expected a positive multiple of {BLOCK} lanes, got {width}", key="width")
    if threads < 1:
        raise ConfigError(f"expected at least one thread, got {threads}", key="threads")
    total = starts.shape[0]
    borders = [total * part // threads for part in range(threads + 1)]

    def share(part: int) -> Array:
        own = slice(borders[part], borders[part + 1])
        ends = np.zeros((borders[part + 1] - borders[part], END_COLUMNS))
        if ends.shape[0] == 0:
            return ends
        mine = np.ascontiguousarray(phases[own] if phases.shape[0] > 1 else phases)
        fly_returns(world, model, guide, mine, np.ascontiguousarray(starts[own]), rules, width, ends)
        return ends

    if threads == 1:
        return share(0)
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(share, range(threads))))
