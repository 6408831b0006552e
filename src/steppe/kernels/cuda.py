"""Whole returns on a graphics card: one thread a return, the same physics functions as on the processor.

numba compiles the laws of this package for the card where a kernel calls them. The kernel is built when it is first
asked for, so that this module can be imported on a machine without a card.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import config, cuda

from steppe.errors import ENDED, NOT_A_NUMBER, RUNNING, ConfigError
from steppe.kernels.flying import (
    AFTER_TIME,
    CANOPY_TO_M2,
    END_KIND,
    END_VALUE,
    PHASE_COLUMNS,
    Motion,
    Rules,
    begin_phase,
    end_function,
    height_of,
    moved_by,
    prepare_step,
    ready_guidance,
    settle_step,
)
from steppe.kernels.guide import COMMAND, MEMORY_SIZE, REVERSALS, Guide
from steppe.kernels.jit import driver, physics
from steppe.kernels.motion import World
from steppe.kernels.navigation import NAVIGATION_SIZE
from steppe.kernels.returns import (
    END_CODE,
    END_COLUMNS,
    END_COMMAND,
    END_LOAD,
    END_PHASES,
    END_REVERSALS,
    END_STATE,
    END_STEPS,
    END_TIME,
    START_ROWS,
)

Array = npt.NDArray[np.float64]

# Threads of a block: few, because a return needs most of the registers that a thread can have
THREADS = 64


class Tables(NamedTuple):
    """What the threads read and write, one row a return.

    Attributes
    ----------
    phases
        Shape (n, phases, 25), or (1, phases, 25) for all.
    starts
        Shape (n, 10).
    navs, memories
        Room for navigation and guidance, one row a return, all zero.
    ends
        Shape (n, 17), columns as in `steppe.kernels.returns`.
    """

    phases: Array
    starts: Array
    navs: Array
    memories: Array
    ends: Array


@physics
def write_end(
    motion: Motion, code: int, phases: int, load_g: float, reversals: float, steps: float, end: npt.NDArray[np.float64]
) -> None:
    """Write how a return ended."""
    end[END_TIME] = motion.time_s
    for row in range(8):
        end[END_STATE + row] = motion.state[row]
    end[END_CODE] = code
    end[END_PHASES] = phases
    end[END_LOAD] = load_g
    end[END_REVERSALS] = reversals
    end[END_STEPS] = steps


@physics
def fly_return(
    world: World, model: World, guide: Guide, phases: npt.NDArray[np.float64], start: npt.NDArray[np.float64],
    rules: Rules, nav: npt.NDArray[np.float64], memory: npt.NDArray[np.float64], end: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Fly one return through its phases without allocating anything.

    Parameters
    ----------
    world, model, guide, rules
        As for `steppe.kernels.flying.fly_phases`.
    phases
        Shape (phases, 25).
    start
        Shape (10,): time in s, state (ITRF), bank angle in rad.
    nav, memory
        Room for navigation and guidance, one row of each table, all zero.
    end
        Output, shape (17,), all zero.
    """
    state = (start[1], start[2], start[3], start[4], start[5], start[6], start[7], start[8])
    motion = Motion(start[0], state, start[9], 0.0)
    memory[COMMAND] = start[9]
    inflation, guided_since = (start[0], 1e9), -1.0
    peak, steps, code = 0.0, 0.0, RUNNING
    number = 0
    while code == RUNNING and number < phases.shape[0]:
        row = phases[number]
        phase, motion, inflation = begin_phase(world, row, number, motion, inflation, guided_since)
        guided_since = phase.guided_since_s
        ready_guidance(guide, phase, motion, nav, memory)
        if end[END_COMMAND] == 0.0 and row[CANOPY_TO_M2] > 0.0:
            for axis in range(3):
                end[END_COMMAND + axis] = motion.state[axis]
        before = end_function(phase, rules, motion.time_s, motion.state[7], height_of(world, motion.state))
        # A NaN takes its first step, which ends it with its status
        while code == RUNNING and not before <= 0.0:
            motion, step, twist = prepare_step(model, guide, phase, motion, before, nav, memory)
            later = moved_by(world, phase, motion, step, twist)
            altitude = height_of(world, later.state)
            motion, before, load, code = settle_step(
                world, model, guide, phase, rules, motion, later, altitude, step, twist, nav
            )
            steps += 1.0
            if code == RUNNING and not math.isfinite(motion.time_s + before):
                code = NOT_A_NUMBER
            if row[CANOPY_TO_M2] == 0.0 and load > peak:
                peak = load
        if code == RUNNING and row[END_KIND] == AFTER_TIME:
            motion = Motion(phase.begun_s + row[END_VALUE], motion.state, motion.bank_rad, motion.rate_rad_s)
        number += 1
    write_end(motion, ENDED if code == RUNNING else code, number, peak, memory[REVERSALS], steps, end)


@driver
def fly_returns_one_by_one(world: World, model: World, guide: Guide, rules: Rules, tables: Tables) -> None:
    """Fly the returns on the processor with the function of the card, one after the other."""
    own = tables.phases.shape[0] > 1
    for i in range(tables.starts.shape[0]):
        fly_return(
            world, model, guide, tables.phases[i if own else 0], tables.starts[i], rules, tables.navs[i],
            tables.memories[i], tables.ends[i],
        )  # fmt: skip


@cache
def _teach_card_the_smaller_of_two() -> None:
    """Give min and max of two numbers to numba's CUDA target, which cannot compile its own since they are variadic."""
    from numba.core import types
    from numba.core.extending import overload

    @overload(min, target="cuda")
    def smaller(a: Any, b: Any) -> Any:
        if isinstance(a, types.Number) and isinstance(b, types.Number):

            def choose(a: Any, b: Any) -> Any:
                return a if a < b else b

            return choose
        return None

    @overload(max, target="cuda")
    def larger(a: Any, b: Any) -> Any:
        if isinstance(a, types.Number) and isinstance(b, types.Number):

            def choose(a: Any, b: Any) -> Any:
                return a if a > b else b

            return choose
        return None


@cache
def return_kernel() -> Any:
    """Return the kernel: (world, model, guide, rules, tables), one thread a return. Needs numba's CUDA target."""
    if not config.ENABLE_CUDASIM:
        _teach_card_the_smaller_of_two()

    def return_thread(world: World, model: World, guide: Guide, rules: Rules, tables: Tables) -> None:
        i = cuda.grid(1)
        own = tables.phases.shape[0] > 1
        if i < tables.starts.shape[0]:
            fly_return(
                world, model, guide, tables.phases[i if own else 0], tables.starts[i], rules, tables.navs[i],
                tables.memories[i], tables.ends[i],
            )  # fmt: skip

    return cuda.jit(return_thread)


def _on_card(value: Any) -> Any:
    """Return a record with its arrays copied to the card."""
    if isinstance(value, tuple):
        parts = [_on_card(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    # The simulator has no memory of its own, and its stand-in for an array cannot go into compiled laws
    return cuda.to_device(value) if isinstance(value, np.ndarray) and not config.ENABLE_CUDASIM else value


def make_tables(phases: Array, starts: Array) -> Tables:
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
    return Tables(
        np.ascontiguousarray(phases, dtype=np.float64),
        np.ascontiguousarray(starts, dtype=np.float64),
        np.zeros((count, NAVIGATION_SIZE)),
        np.zeros((count, MEMORY_SIZE)),
        np.zeros((count, END_COLUMNS)),
    )


def fly_returns_cuda(world: World, model: World, guide: Guide, phases: Array, starts: Array, rules: Rules) -> Array:
    """Fly any number of returns on the graphics card, or in numba's simulator where NUMBA_ENABLE_CUDASIM=1.

    Parameters
    ----------
    world, model, guide, phases, starts, rules
        As for `steppe.kernels.returns.fly_many_returns`.

    Returns
    -------
    ndarray
        Shape (n, 17); columns as in `steppe.kernels.returns`.

    Raises
    ------
    ConfigError
        If a shape cannot be used, or the machine has no card that numba can use.
    """
    if not cuda.is_available():
        raise ConfigError(
            "expected an NVIDIA card with driver and toolkit; 'steppe doctor' says what is here", key="cuda"
        )
    tables = make_tables(phases, starts)
    count = tables.starts.shape[0]
    if count == 0:
        return tables.ends
    on_card = _on_card(tables)
    surroundings = _on_card((world, model, guide, rules))
    return_kernel()[(count + THREADS - 1) // THREADS, THREADS](*surroundings, on_card)
    if on_card.ends is not tables.ends:
        on_card.ends.copy_to_host(tables.ends)
    return tables.ends
