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
from steppe.kernels.canopies import Pulls
from steppe.kernels.ends import END_COMMAND, END_FELT, no_peaks, peaks_after, write_end
from steppe.kernels.felt import NOTHING_FELT, Felt, felt_after
from steppe.kernels.flying import moved_by, prepare_step, ready_guidance, settle_step
from steppe.kernels.guide import COMMAND, MEMORY_SIZE, REVERSALS, Guide
from steppe.kernels.jit import driver, physics
from steppe.kernels.motion import World
from steppe.kernels.navigation import NAVIGATION_SIZE
from steppe.kernels.phase import (
    CANOPY_TO_M2,
    Motion,
    Rules,
    begin_phase,
    by_clock,
    counts_in_peaks,
    end_function,
    fills,
    height_of,
    pulls_after,
    write_row,
)
from steppe.kernels.return_care import Setting, setting_of
from steppe.kernels.returns import Returns, case_of, flight_of, make_returns

Array = npt.NDArray[np.float64]

# Threads of a block: few, because a return needs most of the registers that a thread can have
THREADS = 64


class Tables(NamedTuple):
    """What the threads read and write, one row a return.

    Attributes
    ----------
    returns
        Phases, cases, starts, ends and begins, as for the lanes.
    navs, memories
        Room for navigation and guidance, one row a return, all zero.
    """

    returns: Returns
    navs: Array
    memories: Array


@physics
def fly_return(
    setting: Setting, phases: npt.NDArray[np.float64], start: npt.NDArray[np.float64], nav: npt.NDArray[np.float64],
    memory: npt.NDArray[np.float64], end: npt.NDArray[np.float64], begins: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Fly one return through its phases without allocating anything.

    Parameters
    ----------
    setting
        World, model, guidance and rules of this return.
    phases
        Shape (phases, 31).
    start
        Shape (10,): time in s, state (ITRF), bank angle in rad.
    nav, memory
        Room for navigation and guidance, one row of each table, all zero.
    end, begins
        Outputs, one row of each table of `steppe.kernels.returns.Returns`.
    """
    world, model, guide, rules = setting.world, setting.model, setting.guide, setting.rules
    state = (start[1], start[2], start[3], start[4], start[5], start[6], start[7], start[8])
    motion = Motion(start[0], state, start[9], 0.0)
    memory[COMMAND] = start[9]
    inflation, guided_since = (start[0], 1e9), -1.0
    steps, code = 0.0, RUNNING
    peaks = no_peaks(world, state, counts_in_peaks(phases[0]))
    pulls = Pulls(0.0, 0.0)
    felt = Felt(NOTHING_FELT[0], NOTHING_FELT[1], NOTHING_FELT[2])
    number = 0
    while code == RUNNING and number < phases.shape[0]:
        row = phases[number]
        phase, motion, inflation = begin_phase(world, row, number, motion, inflation, guided_since)
        guided_since = phase.guided_since_s
        ready_guidance(guide, phase, motion, nav, memory)
        if end[END_COMMAND] == 0.0 and row[CANOPY_TO_M2] > 0.0:
            for axis in range(3):
                end[END_COMMAND + axis] = motion.state[axis]
        if begins.shape[0] > 0:
            write_row(begins, number, motion, memory, number)
        before = end_function(phase, rules, motion.time_s, motion.state[7], height_of(world, motion.state))
        # A NaN takes its first step, which ends it with its status
        while code == RUNNING and not before <= 0.0:
            motion, step, twist = prepare_step(world, model, guide, phase, motion, before, nav, memory)
            later = moved_by(world, phase, motion, step, twist)
            altitude = height_of(world, later.state)
            began_s = motion.time_s
            motion, before, load, code = settle_step(
                world, model, guide, phase, rules, motion, later, altitude, step, twist, nav
            )
            steps += 1.0
            counts, length = counts_in_peaks(row), motion.time_s - began_s
            peaks = peaks_after(world, peaks, motion.state, load, length, counts)
            if counts:
                flow = (peaks.last_w_m2, peaks.now_pa)
                felt = felt_after(end, END_FELT, felt, load, length, motion.time_s, flow)
            if fills(row):
                pulls = pulls_after(world, phase, pulls, motion)
            if code == RUNNING and not math.isfinite(motion.time_s + before):
                code = NOT_A_NUMBER
        if code == RUNNING and by_clock(row):
            motion = Motion(phase.over_s, motion.state, motion.bank_rad, motion.rate_rad_s)
        number += 1
    write_end(motion, ENDED if code == RUNNING else code, number, memory[REVERSALS], steps, peaks, pulls, end)
    if begins.shape[0] > 0:
        write_row(begins, number, motion, memory, number - 1)


@physics
def fly_row(shared: Setting, tables: Tables, i: int) -> None:
    """Fly the return of row `i`."""
    returns = tables.returns
    flight, setting = flight_of(returns, i), setting_of(shared, case_of(returns, i))
    start, nav, memory = returns.starts[i], tables.navs[i], tables.memories[i]
    fly_return(setting, flight.rows, start, nav, memory, flight.end, flight.begins)


@driver
def fly_returns_one_by_one(shared: Setting, tables: Tables) -> None:
    """Fly the returns on the processor with the function of the card, one after the other."""
    for i in range(tables.returns.starts.shape[0]):
        fly_row(shared, tables, i)


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
    """Return the kernel: (setting, tables), one thread a return. Needs numba's CUDA target."""
    if not config.ENABLE_CUDASIM:
        _teach_card_the_smaller_of_two()

    def return_thread(shared: Setting, tables: Tables) -> None:
        i = cuda.grid(1)
        if i < tables.returns.starts.shape[0]:
            fly_row(shared, tables, i)

    return cuda.jit(return_thread)


def _on_card(value: Any) -> Any:
    """Return a record with its arrays copied to the card."""
    if isinstance(value, tuple):
        parts = [_on_card(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    # The simulator has no memory of its own, and its stand-in for an array cannot go into compiled laws
    return cuda.to_device(value) if isinstance(value, np.ndarray) and not config.ENABLE_CUDASIM else value


def make_tables(
    setting: Setting, phases: Array, starts: Array, cases: Array | None = None, begins: Array | None = None
) -> Tables:
    """Return the tables of returns that have not begun.

    Raises
    ------
    ConfigError
        If a shape cannot be used.
    """
    returns, count = make_returns(setting, phases, starts, cases, begins), starts.shape[0]
    return Tables(returns, np.zeros((count, NAVIGATION_SIZE)), np.zeros((count, MEMORY_SIZE)))


def fly_returns_cuda(
    world: World, model: World, guide: Guide, phases: Array, starts: Array, rules: Rules, *,
    cases: Array | None = None, begins: Array | None = None,
) -> Array:  # fmt: skip
    """Fly any number of returns on the graphics card, or in numba's simulator where NUMBA_ENABLE_CUDASIM=1.

    Parameters
    ----------
    world, model, guide, phases, starts, rules, cases, begins
        As for `steppe.kernels.returns.fly_many_returns`.

    Returns
    -------
    ndarray
        Shape (n, 88); columns as in `steppe.kernels.ends`.

    Raises
    ------
    ConfigError
        If a shape cannot be used, or the machine has no card that numba can use.
    """
    if not cuda.is_available():
        raise ConfigError(
            "expected an NVIDIA card with driver and toolkit; 'steppe doctor' says what is here", key="cuda"
        )
    setting = Setting(world, model, guide, rules)
    tables = make_tables(setting, phases, starts, cases, begins)
    count, own = starts.shape[0], tables.returns
    if count == 0:
        return own.ends
    on_card = _on_card(tables)
    return_kernel()[(count + THREADS - 1) // THREADS, THREADS](_on_card(setting), on_card)
    if on_card.returns.ends is not own.ends:
        on_card.returns.ends.copy_to_host(own.ends)
        if begins is not None:
            on_card.returns.begins.copy_to_host(own.begins)
    return own.ends
