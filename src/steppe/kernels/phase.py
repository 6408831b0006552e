"""A phase of a flight: its row of the table, what acts in it, how it begins and ends, and what is recorded of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.kernels.canopies import NEVER_S, Pulls, canopy_pull, filling_s
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.guide import COMMAND
from steppe.kernels.jit import physics
from steppe.kernels.motion import Forces, State, World, lvlh_vector

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

# Since when canopies stand that do not fill, and the fewest steps of a filling
_LONG_S, _FILLING_STEPS = 1e9, 6.0


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
def state_of(row: npt.NDArray[np.float64]) -> State:
    """Return the state in a sample, a begin or a start."""
    return row[X], row[Y], row[Z], row[U], row[V], row[W], row[MASS], row[SENSED]


@physics
def height_of(world: World, state: State) -> float:
    """Return the geodetic altitude of a state in m."""
    altitude, _, _, _ = altitude_and_up(world.earth, state[0], state[1], state[2])
    return altitude


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
def pulls_after(world: World, phase: Phase, pulls: Pulls, motion: Motion) -> Pulls:
    """Return the largest pulls of the canopies after a step of a phase in which one fills."""
    pull = canopy_pull(world, phase.forces, motion.time_s, motion.state)
    limit = phase.row[PULL_LIMIT_N]
    share = pull / limit if limit > 0.0 else 0.0
    return Pulls(max(pull, pulls.most_n), max(share, pulls.share))
