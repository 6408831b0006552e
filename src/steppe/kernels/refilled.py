"""Many cases through a fixed number of lanes: a lane that has ended is filled with the next case."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError
from steppe.kernels.jit import driver

Array = npt.NDArray[np.float64]
Result = TypeVar("Result")


def build_refilled(room: Any, load: Any, step: Any, ended: Any, unload: Any, variant: str) -> Any:
    """Return the driver that flies any number of cases through lanes, each case until its end.

    Which lane a case gets, and what flies beside it, changes no bit of its result.

    Parameters
    ----------
    room
        (width) -> the lanes, an array of any shape.
    load
        (lanes, lane, cases, case): puts a case into a lane.
    step
        (world, setting, lanes): takes one step of every lane, those that have ended too.
    ended
        (lanes, lane): whether the last step found the end of a lane.
    unload
        (world, lanes, lane, ends, case): writes where a lane ended.
    variant
        Names all these in the compile cache; no two drivers share one.

    Returns
    -------
    Callable
        (world, setting, cases, width, ends): one column a case. Returns how often all lanes were stepped.
    """

    @driver(variant=variant)
    def fly_all(world: Any, setting: Any, cases: Array, width: int, ends: Array) -> int:
        total = cases.shape[1]
        lanes = room(width)
        owner = np.full(width, -1)
        if total == 0:
            return 0
        for lane in range(width):
            # Lanes without a case of their own fly one along, so that they hold numbers
            load(lanes, lane, cases, min(lane, total - 1))
            owner[lane] = lane if lane < total else -1
        following, flying, rounds = width, min(width, total), 0
        while flying > 0:
            step(world, setting, lanes)
            rounds += 1
            for lane in range(width):
                if ended(lanes, lane) and owner[lane] >= 0:
                    unload(world, lanes, lane, ends, owner[lane])
                    owner[lane] = following if following < total else -1
                    if following < total:
                        load(lanes, lane, cases, following)
                        following += 1
                    else:
                        flying -= 1
        return rounds

    return fly_all


def on_threads(total: int, threads: int, fly: Callable[[slice], Result]) -> list[Result]:
    """Share out cases to threads, each a part of equal size in one piece, and return what each thread made of its part.

    Parameters
    ----------
    total
        How many cases.
    threads
        How many threads.
    fly
        Flies a part of the cases; called once for each thread, with an empty part where there are too few cases.

    Raises
    ------
    ConfigError
        If there is no thread.
    """
    if threads < 1:
        raise ConfigError(f"expected at least one thread, got {threads}", key="threads")
    parts = [slice(total * part // threads, total * (part + 1) // threads) for part in range(threads)]
    if threads == 1:
        return [fly(parts[0])]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(fly, parts))
