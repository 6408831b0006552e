"""Whole returns in lanes: from any phase to the ground, many at once, with the laws and the decisions of one flight.

The vector loop (`steppe.kernels.return_steps`) takes one step of every lane and judges it. Only a lane whose step needs
care (a phase ends, guidance is due, an engine burns, something is wrong) is looked at one by one, with the functions of
`steppe.kernels.flying` (`steppe.kernels.return_care`). A lane that has landed is filled with the next return.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.errors import ENDED, RUNNING, ConfigError
from steppe.kernels.dispersed import checked_cases
from steppe.kernels.ends import END_COLUMNS
from steppe.kernels.guide import MEMORY_SIZE, Guide
from steppe.kernels.jit import borrowed, driver, physics
from steppe.kernels.motion import World
from steppe.kernels.navigation import NAVIGATION_SIZE
from steppe.kernels.phase import PHASE_COLUMNS, RECORD_COLUMNS, Rules
from steppe.kernels.refilled import on_threads
from steppe.kernels.return_care import (
    KEPT_ROWS,
    Block,
    Flight,
    Setting,
    end_lane,
    feel_settled,
    look_after,
    prepare_lane,
    setting_of,
    start_lane,
)
from steppe.kernels.return_steps import (
    BLOCK,
    CARE,
    LANE_ROWS,
    NO_CARE,
    OWN,
    UNPOWERED,
    UNPOWERED_AS_PLANNED,
    UNSETTLED,
    build_step_returns,
)
from steppe.kernels.steppers import build_flight_stepper

Array = npt.NDArray[np.float64]

# Rows of a start: time, state, bank angle (as for one flight)
START_ROWS = 10
# Lanes of a thread unless told otherwise
WIDTH = BLOCK


class Returns(NamedTuple):
    """The tables of many returns, one row a return; a table that is the same for all has one row.

    Attributes
    ----------
    phases
        Shape (n, phases, 31) or (1, phases, 31).
    cases
        Shape (n, 21) or (1, 21); columns as in `steppe.kernels.dispersed`.
    starts
        Shape (n, 10): time in s, state (ITRF), bank angle in rad.
    ends
        Output, shape (n, 88), all zero; columns as in `steppe.kernels.ends`.
    begins
        Output, shape (n, phases + 1, 12): the state at the start of each phase that begins and at the end, as of
        `steppe.kernels.flying.fly_phases`; (1, 0, 12) where it is not wanted.
    """

    phases: Array
    cases: Array
    starts: Array
    ends: Array
    begins: Array


@physics
def flight_of(returns: Returns, i: int) -> Flight:
    """Return the tables of return `i`."""
    phases, begins = returns.phases, returns.begins
    return Flight(
        phases[i if phases.shape[0] > 1 else 0], returns.ends[i], begins[i if begins.shape[0] > 1 else 0]
    )  # fmt: skip


@physics
def case_of(returns: Returns, i: int) -> npt.NDArray[np.float64]:
    """Return the case of return `i`."""
    return returns.cases[i if returns.cases.shape[0] > 1 else 0]


@physics
def settle(shared: Setting, returns: Returns, block: Block, owner: npt.NDArray[np.int64], lane: int) -> int:
    """Settle the last step of a lane; returns 1 where its return has ended with it, else 0."""
    i = owner[lane]
    if i < 0:
        return 0
    flight = flight_of(returns, i)
    code = look_after(setting_of(shared, case_of(returns, i)), flight, block, lane)
    if code == RUNNING:
        return 0
    end_lane(flight, block, lane, code)
    owner[lane] = -1
    return 1


@physics
def refill(
    shared: Setting, returns: Returns, block: Block, owner: npt.NDArray[np.int64], lane: int, following: int
) -> int:
    """Put the next return into an empty lane, if there is one that is not over at once; returns the one after it."""
    while owner[lane] < 0 and following < returns.starts.shape[0]:
        i = following
        following += 1
        flight, case = flight_of(returns, i), case_of(returns, i)
        if start_lane(setting_of(shared, case), flight, case, returns.starts[i], block, lane):
            owner[lane] = i
        else:
            end_lane(flight, block, lane, ENDED)
    return following


@physics
def steer_due(shared: Setting, returns: Returns, block: Block, owner: npt.NDArray[np.int64]) -> None:
    """Steer the lanes that need care and prepare their next step."""
    for lane in range(BLOCK):
        i = owner[lane]
        if block.lanes[CARE, lane] != NO_CARE and i >= 0:
            prepare_lane(setting_of(shared, case_of(returns, i)), flight_of(returns, i).rows, block, lane)


@physics
def feel_all(returns: Returns, lanes: npt.NDArray[np.float64], owner: npt.NDArray[np.int64]) -> None:
    """Add the step that the vector loop has just taken to what crew and radio of its returns go through."""
    for lane in range(BLOCK):
        if owner[lane] >= 0:
            feel_settled(lanes, lane, returns.ends[owner[lane]])


class Room(NamedTuple):
    """The lanes of a thread, by blocks, and the number of the return that each flies, or -1."""

    lanes: npt.NDArray[np.float64]
    kept: npt.NDArray[np.float64]
    nav: npt.NDArray[np.float64]
    memory: npt.NDArray[np.float64]
    owner: npt.NDArray[np.int64]


def make_room(width: int) -> Room:
    """Return `width` lanes that fly nothing yet."""
    blocks = width // BLOCK
    lanes = np.ones((blocks, LANE_ROWS, BLOCK))
    lanes[:, CARE], lanes[:, OWN] = UNSETTLED, 0.0
    return Room(
        lanes,
        np.zeros((blocks, KEPT_ROWS, BLOCK)),
        np.zeros((blocks, BLOCK, NAVIGATION_SIZE)),
        np.zeros((blocks, BLOCK, MEMORY_SIZE)),
        np.full((blocks, BLOCK), -1, dtype=np.int64),
    )


def build_fly_returns(step_returns: Any, variant: str) -> Any:
    """Return the driver over `step_returns`.

    Returns
    -------
    Callable
        (setting, tables, room): the `Setting` that the returns share, their tables, and the lanes that fly them.
        Returns how often all lanes were stepped.
    """

    @driver(variant=variant)
    def fly_returns(setting: Setting, tables: Returns, room: Room) -> int:
        # What the caller holds while this runs needs no counting of references
        shared, returns, own = borrowed(setting), borrowed(tables), borrowed(room)
        lanes, kept, nav, memory, owner = own
        blocks, following, flying, rounds = lanes.shape[0], 0, 0, 0
        while True:
            # First every lane is settled, so that those where guidance is due are known together; then they are steered
            for number in range(blocks):
                block = Block(lanes[number], kept[number], nav[number], memory[number])
                for lane in range(BLOCK):
                    if block.lanes[CARE, lane] != NO_CARE:
                        flying -= settle(shared, returns, block, owner[number], lane)
                        if owner[number, lane] < 0:
                            following = refill(shared, returns, block, owner[number], lane, following)
                            flying += 1 if owner[number, lane] >= 0 else 0
            if flying == 0:
                return rounds
            for number in range(blocks):
                block = Block(lanes[number], kept[number], nav[number], memory[number])
                steer_due(shared, returns, block, owner[number])
                step_returns(shared.world, shared.model, shared.rules, lanes[number].reshape(LANE_ROWS * BLOCK))
                feel_all(returns, lanes[number], owner[number])
            rounds += 1

    return fly_returns


# Returns that all fly in the planned world, and returns that each deviate from it
step_returns = build_step_returns(UNPOWERED_AS_PLANNED, build_flight_stepper)
fly_returns = build_fly_returns(step_returns, UNPOWERED_AS_PLANNED.name)
step_dispersed_returns = build_step_returns(UNPOWERED, build_flight_stepper)
fly_dispersed_returns = build_fly_returns(step_dispersed_returns, UNPOWERED.name)


def make_returns(setting: Setting, phases: Array, starts: Array, cases: Array | None, begins: Array | None) -> Returns:
    """Return the tables of returns that have not begun.

    Raises
    ------
    ConfigError
        If a shape cannot be used.
    """
    count = starts.shape[0]
    if starts.ndim != 2 or starts.shape[1] != START_ROWS:
        raise ConfigError(f"expected an array of shape (n, {START_ROWS}), got {starts.shape}", key="starts")
    if phases.ndim != 3 or phases.shape[2] != PHASE_COLUMNS or phases.shape[0] not in (1, count):
        raise ConfigError(
            f"expected an array of shape ({count} or 1, phases, {PHASE_COLUMNS}), got {phases.shape}", key="phases"
        )
    if begins is None:
        begins = np.zeros((1, 0, RECORD_COLUMNS))
    elif begins.shape != (count, phases.shape[1] + 1, RECORD_COLUMNS) or not begins.flags.c_contiguous:
        wanted = (count, phases.shape[1] + 1, RECORD_COLUMNS)
        raise ConfigError(f"expected a contiguous array of shape {wanted}, got {begins.shape}", key="begins")
    return Returns(
        np.ascontiguousarray(phases, dtype=np.float64),
        checked_cases(cases, setting.world, setting.guide, setting.rules, count),
        np.ascontiguousarray(starts, dtype=np.float64),
        np.zeros((count, END_COLUMNS)),
        begins,
    )


def fly_many_returns(
    fly_returns: Any, world: World, model: World, guide: Guide, phases: npt.NDArray[np.float64], starts: Array,
    rules: Rules, *, cases: Array | None = None, begins: Array | None = None, width: int = WIDTH, threads: int = 1,
) -> Array:  # fmt: skip
    """Fly any number of returns on one thread or more; neither their number nor the width changes a bit of the result.

    Parameters
    ----------
    fly_returns
        A driver of `build_fly_returns`.
    world, model, guide
        True surroundings, those that the ships believe in, and what their guidance is told.
    phases
        Shape (n, phases, 31), or (1, phases, 31) where all fly the same phases.
    starts
        Shape (n, 10): time in s, state (ITRF), bank angle in rad.
    rules
        Ground, load limit; nothing is recorded.
    cases
        Shape (n, 21), what each return has for itself, columns as in `steppe.kernels.dispersed`; None where all fly in
        `world` with `guide` over the ground of `rules`. The driver must be one that knows deviations to fly them.
    begins
        Output, shape (n, phases + 1, 12): the state at the start of each phase that begins, and at the end.
    width, threads
        Lanes of a thread (a multiple of 32), and threads.

    Returns
    -------
    ndarray
        Shape (n, 88); columns named in `steppe.kernels.ends`.

    Raises
    ------
    ConfigError
        If a shape, the width or the number of threads cannot be used.
    """
    setting = Setting(world, model, guide, rules)
    whole = make_returns(setting, phases, starts, cases, begins)
    if width < BLOCK or width % BLOCK:
        raise ConfigError(f"expected a positive multiple of {BLOCK} lanes, got {width}", key="width")
    total = starts.shape[0]

    def share(part: slice) -> None:
        if part.start < part.stop:
            mine = Returns(*(table[part] if table.shape[0] == total else table for table in whole))
            fly_returns(setting, mine, make_room(width))

    on_threads(total, threads, share)
    return whole.ends
