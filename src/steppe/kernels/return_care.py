"""What a lane needs one by one: a step settled, a phase entered, guidance called, an end written.

The functions of `steppe.kernels.phase` and `steppe.kernels.flying` decide, as in a single flight; here is how a lane's
rows become what they take.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.errors import ENDED, NOT_A_NUMBER, RUNNING
from steppe.kernels import return_steps as r
from steppe.kernels.canopies import NEVER_S, Pulls, longest_step
from steppe.kernels.dispersed import FIRST, LIFT_TO_DRAG, READING_COLUMNS, SENSORS, guide_of, rules_of, world_of
from steppe.kernels.ends import END_COMMAND, END_FELT, Peaks, no_peaks, peaks_after, write_end
from steppe.kernels.felt import NOTHING_FELT, Felt, felt_after
from steppe.kernels.flying import moved_by, prepare_step, ready_guidance, settle_step
from steppe.kernels.guide import BALLISTIC, COMMAND, LAW, NEXT_TIME, PREDICTOR_CORRECTOR, REVERSALS, Guide
from steppe.kernels.jit import physics
from steppe.kernels.motion import State, World
from steppe.kernels.navigation import INTERVAL, PULSE, READY, SENSED, STARTED
from steppe.kernels.phase import (
    AT_HEIGHT,
    AT_SENSED_VELOCITY,
    CANOPY_TO_M2,
    END_KIND,
    END_VALUE,
    GUIDED,
    LIFT_FACTOR,
    SKIP_ALTITUDE_M,
    THRUST_N,
    TIME_LIMIT_S,
    Motion,
    Phase,
    Rules,
    begin_phase,
    by_clock,
    counts_in_peaks,
    end_function,
    fills,
    forces_of,
    height_of,
    pulls_after,
    write_row,
)

Array = npt.NDArray[np.float64]

# Rows that only the decisions use
(NUMBER, BEGUN, BEGUN_SENSED, INFLATION, INFLATION_RATE, GUIDED_SINCE, OVER, PULL, PULL_SHARE) = range(9)
KEPT_ROWS = 9


class Setting(NamedTuple):
    """True surroundings, those that the ship believes in, what its guidance is told, ground and load limit."""

    world: World
    model: World
    guide: Guide
    rules: Rules


class Block(NamedTuple):
    """The lanes of a block: rows of the vector loop and of the decisions, navigation and guidance by lane."""

    lanes: Array
    kept: Array
    nav: Array
    memory: Array


class Flight(NamedTuple):
    """The tables of one return: its phases, its end, and the states where its phases begin (no rows: not wanted)."""

    rows: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]
    begins: npt.NDArray[np.float64]


@physics
def setting_of(shared: Setting, case: npt.NDArray[np.float64]) -> Setting:
    """Return the setting of a case, a row of `steppe.kernels.dispersed`."""
    return Setting(
        world_of(shared.world, case), shared.model, guide_of(shared.guide, case), rules_of(shared.rules, case)
    )


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
    return Motion(lanes[r.TIME, lane], state_in(lanes, r.STATE, lane), lanes[r.BANK, lane], lanes[r.RATE, lane])


@physics
def put_motion(lanes: Array, lane: int, motion: Motion) -> None:
    """Store the motion of a lane."""
    for row in range(8):
        lanes[r.STATE + row, lane] = motion.state[row]
    lanes[r.BANK, lane] = motion.bank_rad
    lanes[r.RATE, lane] = motion.rate_rad_s
    lanes[r.TIME, lane] = motion.time_s


@physics
def peaks_in(lanes: Array, lane: int) -> Peaks:
    """Return the peaks of a lane."""
    return Peaks(
        lanes[r.PEAK, lane], lanes[r.FLUX, lane], lanes[r.HEAT, lane], lanes[r.PRESSURE, lane],
        lanes[r.LAST_FLUX, lane], lanes[r.PRESSURE_NOW, lane],
    )  # fmt: skip


@physics
def put_peaks(lanes: Array, lane: int, peaks: Peaks) -> None:
    """Store the peaks of a lane."""
    lanes[r.PEAK, lane], lanes[r.FLUX, lane], lanes[r.HEAT, lane] = peaks.load_g, peaks.flux_w_m2, peaks.heat_j_m2
    lanes[r.PRESSURE, lane], lanes[r.LAST_FLUX, lane] = peaks.pressure_pa, peaks.last_w_m2
    lanes[r.PRESSURE_NOW, lane] = peaks.now_pa


@physics
def put_felt(lanes: Array, lane: int, felt: Felt) -> None:
    """Store what a lane remembers of its last step."""
    for row in range(3):
        lanes[r.FELT_BEFORE + row, lane] = felt[row]


@physics
def feel(lanes: Array, lane: int, end: npt.NDArray[np.float64], load_g: float, step_s: float) -> None:
    """Add a step that counts to what crew and radio of a lane go through; its time, flux and pressure are stored."""
    before = lanes[r.FELT_BEFORE :, lane]
    felt = Felt(before[0], before[1], before[2])
    flow = (lanes[r.LAST_FLUX, lane], lanes[r.PRESSURE_NOW, lane])
    put_felt(lanes, lane, felt_after(end, END_FELT, felt, load_g, step_s, lanes[r.TIME, lane], flow))


@physics
def feel_settled(lanes: Array, lane: int, end: npt.NDArray[np.float64]) -> None:
    """Add the step that the vector loop has settled in a lane, if it counts."""
    if lanes[r.CARE, lane] != r.UNSETTLED and lanes[r.COUNTS, lane] > 0.0:
        feel(lanes, lane, end, lanes[r.LOAD_NOW, lane], lanes[r.LENGTH, lane])


@physics
def pulls_in(block: Block, lane: int) -> Pulls:
    """Return the largest pulls of the canopies of a lane."""
    return Pulls(block.kept[PULL, lane], block.kept[PULL_SHARE, lane])


@physics
def phase_in(row: npt.NDArray[np.float64], block: Block, lane: int) -> Phase:
    """Return the phase that a lane is in."""
    kept = block.kept
    inflation = (kept[INFLATION, lane], kept[INFLATION_RATE, lane])
    return Phase(
        row,
        int(kept[NUMBER, lane]),
        forces_of(row, kept[BEGUN, lane], inflation),
        kept[BEGUN, lane],
        kept[BEGUN_SENSED, lane],
        kept[OVER, lane],
        block.lanes[r.LONGEST, lane],
        kept[GUIDED_SINCE, lane],
    )


@physics
def put_phase(lanes: Array, kept: Array, lane: int, phase: Phase, rules: Rules) -> None:
    """Store what the vector loop needs to know of a phase that begins."""
    row = phase.row
    kind, value = row[END_KIND], row[END_VALUE]
    lanes[r.LONGEST, lane], kept[OVER, lane] = phase.longest_s, phase.over_s
    lanes[r.TIMED, lane] = 1.0 if by_clock(row) else 0.0
    for term in range(4):
        lanes[r.SUM + term, lane] = 0.0
    if by_clock(row):
        lanes[r.SUM, lane], lanes[r.SUM + 1, lane] = phase.over_s, -1.0
    elif kind == AT_SENSED_VELOCITY:
        lanes[r.SUM, lane], lanes[r.SUM + 2, lane] = phase.begun_sensed_m_s + value, -1.0
    else:
        lanes[r.SUM, lane], lanes[r.SUM + 3, lane] = -value - (rules.ground_m if kind == AT_HEIGHT else 0.0), 1.0
    lanes[r.SKIP, lane], lanes[r.LAST, lane] = row[SKIP_ALTITUDE_M], phase.begun_s + row[TIME_LIMIT_S]
    lanes[r.COUNTS, lane] = 1.0 if counts_in_peaks(row) else 0.0
    for force in range(r.FORCES_ROWS):
        lanes[r.FORCES + force, lane] = phase.forces[force]
    kept[NUMBER, lane], kept[BEGUN, lane] = phase.number, phase.begun_s
    kept[BEGUN_SENSED, lane], kept[GUIDED_SINCE, lane] = phase.begun_sensed_m_s, phase.guided_since_s


@physics
def put_case(lanes: Array, lane: int, case: npt.NDArray[np.float64], setting: Setting) -> None:
    """Store what a return has for itself and the vector loop needs."""
    for column in range(FIRST, LIFT_TO_DRAG + 1):
        lanes[r.OWN + column, lane] = case[column]
    for column in range(READING_COLUMNS):
        lanes[r.READING + column, lane] = case[SENSORS + column]
    lanes[r.ROLLS, lane], lanes[r.GROUND_M, lane] = setting.guide.max_acceleration_rad_s2, setting.rules.ground_m


@physics
def prepare_lane(setting: Setting, rows: npt.NDArray[np.float64], block: Block, lane: int) -> None:
    """Steer if it is time to, and store what the next step needs to know of guidance and navigation."""
    lanes, nav, memory, guide = block.lanes, block.nav[lane], block.memory[lane], setting.guide
    row, law = rows[int(block.kept[NUMBER, lane])], memory[LAW]
    guided, phase, motion = row[GUIDED] > 0.0, phase_in(row, block, lane), motion_in(lanes, lane)
    lanes[r.CALM, lane] = longest_step(setting.world, phase.forces, motion.time_s + phase.longest_s, motion.state)
    if guided:
        motion, _, _ = prepare_step(
            setting.world, setting.model, guide, phase, motion, lanes[r.BEFORE, lane], nav, memory
        )
        lanes[r.BANK, lane] = motion.bank_rad
        law = memory[LAW]
    reads = nav[READY] > 0.0 and row[LIFT_FACTOR] > 0.0
    spins = guided and law == BALLISTIC
    lanes[r.STEERED, lane] = 1.0 if guided else 0.0
    lanes[r.CALL, lane] = memory[NEXT_TIME] if guided else NEVER_S
    lanes[r.WANTED, lane] = memory[COMMAND]
    lanes[r.FASTEST, lane] = guide.ballistic_rate_rad_s if spins else guide.max_rate_rad_s
    lanes[r.READS, lane], lanes[r.SINCE, lane] = 1.0 if reads else 0.0, nav[STARTED]
    # Only the predictor-corrector asks where it is; its navigation is carried along step by step
    places = reads and guide.law == PREDICTOR_CORRECTOR
    lanes[r.ALWAYS, lane] = 1.0 if spins or places or alone(row) else 0.0


@physics
def alone(row: npt.NDArray[np.float64]) -> bool:
    """Return whether a lane takes the steps of a phase by itself: the vector loop knows no thrust and no filling."""
    return row[THRUST_N] > 0.0 or fills(row)


@physics
def enter_phase(setting: Setting, flight: Flight, number: int, motion: Motion, block: Block, lane: int) -> bool:
    """Enter a phase and those after it that are over at once; returns False where no phase is left."""
    lanes, kept, nav, memory = block.lanes, block.kept, block.nav[lane], block.memory[lane]
    world, rows = setting.world, flight.rows
    while number < rows.shape[0]:
        inflation = (kept[INFLATION, lane], kept[INFLATION_RATE, lane])
        phase, motion, inflation = begin_phase(world, rows[number], number, motion, inflation, kept[GUIDED_SINCE, lane])
        ready_guidance(setting.guide, phase, motion, nav, memory)
        lanes[r.FELT, lane] = nav[SENSED]
        kept[INFLATION, lane], kept[INFLATION_RATE, lane] = inflation
        put_phase(lanes, kept, lane, phase, setting.rules)
        put_motion(lanes, lane, motion)
        if flight.end[END_COMMAND] == 0.0 and rows[number, CANOPY_TO_M2] > 0.0:
            for axis in range(3):
                flight.end[END_COMMAND + axis] = motion.state[axis]
        if flight.begins.shape[0] > 0:
            write_row(flight.begins, number, motion, memory, number)
        before = end_function(phase, setting.rules, motion.time_s, motion.state[7], height_of(world, motion.state))
        # A NaN flies on into its first step, which ends it with its status
        if not before <= 0.0:
            lanes[r.BEFORE, lane] = before
            return True
        number += 1
    return False


@physics
def start_lane(
    setting: Setting, flight: Flight, case: npt.NDArray[np.float64], start: npt.NDArray[np.float64], block: Block,
    lane: int,
) -> bool:  # fmt: skip
    """Put a return into a lane; returns False where it is over at once."""
    lanes, kept = block.lanes, block.kept
    kept[:, lane] = 0.0
    lanes[r.FELT, lane], lanes[r.STEPS, lane] = 0.0, 0.0
    kept[INFLATION, lane], kept[INFLATION_RATE, lane], kept[GUIDED_SINCE, lane] = start[0], 1e9, -1.0
    block.nav[lane] = 0.0
    block.memory[lane] = 0.0
    block.memory[lane, COMMAND] = start[9]
    put_case(lanes, lane, case, setting)
    state = (start[1], start[2], start[3], start[4], start[5], start[6], start[7], start[8])
    put_peaks(lanes, lane, no_peaks(setting.world, state, counts_in_peaks(flight.rows[0])))
    put_felt(lanes, lane, NOTHING_FELT)
    return enter_phase(setting, flight, 0, Motion(start[0], state, start[9], 0.0), block, lane)


@physics
def settle_lane(setting: Setting, phase: Phase, block: Block, lane: int, end: npt.NDArray[np.float64]) -> int:
    """Settle a step that needs care, as a single flight does; returns RUNNING or a status code."""
    lanes, nav, world = block.lanes, block.nav[lane], setting.world
    motion, step, twist = motion_in(lanes, lane), lanes[r.LENGTH, lane], lanes[r.TWIST, lane]
    if lanes[r.READS, lane] > 0.0:
        nav[SENSED] = lanes[r.FELT, lane]
    if alone(phase.row):
        later = moved_by(world, phase, motion, step, twist)
        altitude = height_of(world, later.state)
    else:
        bank = motion.bank_rad + step * (motion.rate_rad_s + 0.5 * step * twist)
        rate = motion.rate_rad_s + step * twist
        later = Motion(motion.time_s + step, state_in(lanes, r.LATER, lane), bank, rate)
        altitude = lanes[r.ALTITUDE, lane]
    later, after, load, code = settle_step(
        world, setting.model, setting.guide, phase, setting.rules, motion, later, altitude, step, twist, nav
    )
    lanes[r.FELT, lane], lanes[r.BEFORE, lane] = nav[SENSED], after
    if fills(phase.row):
        pulls = pulls_after(world, phase, pulls_in(block, lane), later)
        block.kept[PULL, lane], block.kept[PULL_SHARE, lane] = pulls
    else:
        counts, length = lanes[r.COUNTS, lane] > 0.0, later.time_s - motion.time_s
        put_peaks(lanes, lane, peaks_after(world, peaks_in(lanes, lane), later.state, load, length, counts))
    put_motion(lanes, lane, later)
    if counts:
        feel(lanes, lane, end, load, length)
    # A clock that is no number would never end a phase
    if code == RUNNING and not math.isfinite(later.time_s + after):
        return NOT_A_NUMBER
    return code


@physics
def tell_navigation(lanes: Array, nav: npt.NDArray[np.float64], lane: int) -> None:
    """Bring the navigation of a lane up to what the vector loop has read from the accelerometers.

    Not its position, which no law asks for whose steps the vector loop settles.
    """
    if lanes[r.READS, lane] > 0.0:
        nav[SENSED] = lanes[r.FELT, lane]
        nav[INTERVAL] = lanes[r.LENGTH, lane]
        for axis in range(3):
            nav[PULSE + axis] = lanes[r.PULSES + axis, lane]


@physics
def look_after(setting: Setting, flight: Flight, block: Block, lane: int) -> int:
    """Do what the last step of a lane asks for, but steer: settle it, enter the next phase. Returns a status code."""
    lanes = block.lanes
    if lanes[r.CARE, lane] == r.DUE:
        tell_navigation(lanes, block.nav[lane], lane)
        return RUNNING
    row = flight.rows[int(block.kept[NUMBER, lane])]
    phase = phase_in(row, block, lane)
    code = settle_lane(setting, phase, block, lane, flight.end)
    if code != RUNNING or not lanes[r.BEFORE, lane] <= 0.0:
        return code
    later = motion_in(lanes, lane)
    if by_clock(row):
        later = Motion(phase.over_s, later.state, later.bank_rad, later.rate_rad_s)
    return RUNNING if enter_phase(setting, flight, phase.number + 1, later, block, lane) else ENDED


@physics
def end_lane(flight: Flight, block: Block, lane: int, code: int) -> None:
    """Write how the return of a lane ended."""
    memory, number = block.memory[lane], int(block.kept[NUMBER, lane])
    motion = motion_in(block.lanes, lane)
    peaks = peaks_in(block.lanes, lane)
    steps, pulls = block.lanes[r.STEPS, lane], pulls_in(block, lane)
    write_end(motion, code, number + 1.0, memory[REVERSALS], steps, peaks, pulls, flight.end)
    if flight.begins.shape[0] > 0:
        write_row(flight.begins, number + 1, motion, memory, number)
