"""Who flies the missing shards of a campaign: this process, Ray workers on any number of machines, or a card.

An executor flies shards, writes each of them whole, and says what it has flown. It decides nothing: which samples a
shard has and what they draw follows from the plan, so every executor leaves the same campaign.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from steppe.ensemble.run import Plan, fly_samples
from steppe.ensemble.store import Campaign
from steppe.ensemble.tally import Tally, tally_of

Rows = dict[str, npt.NDArray[Any]]

# Samples until the first word of progress, and seconds between the later ones
_FIRST_STRIDE: Final = 100
_SPEAK_EVERY_S: Final = 2.0
_MOST_AT_ONCE: Final = 1_000_000


class Executor(Protocol):
    """Flies and writes shards."""

    def run(self, plan: Plan, campaign: Campaign, missing: Sequence[int]) -> Generator[Tally, None, None]:
        """Fly the missing shards and write them; yield the tally of each part flown since the last one.

        Parameters
        ----------
        plan
            What is flown.
        campaign
            Where its shards are written, held by this process.
        missing
            Numbers of the shards to fly.

        Raises
        ------
        SteppeError
            If it cannot go on. What was written stays, and a resumed campaign flies the rest.
        """


@dataclass(frozen=True, slots=True)
class LocalExecutor:
    """Flies in threads of this process, one shard after the other.

    Attributes
    ----------
    cores
        Number of threads.
    """

    cores: int = 1

    def run(self, plan: Plan, campaign: Campaign, missing: Sequence[int]) -> Generator[Tally, None, None]:
        """Fly and write shards; see `Executor`."""
        stride = _FIRST_STRIDE
        for number in missing:
            indices = plan.spec.samples_of(number)
            parts: list[Rows] = []
            first = indices.start
            while first < indices.stop:
                began, some = time.perf_counter(), range(first, min(first + stride, indices.stop))
                rows = fly_samples(plan, some, self.cores)
                first = some.stop
                rate = len(some) / max(time.perf_counter() - began, 1e-9)
                stride = max(int(min(rate * _SPEAK_EVERY_S, _MOST_AT_ONCE)), _FIRST_STRIDE)
                parts.append(rows)
                yield tally_of(rows)
            campaign.write_shard(number, joined(parts))


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of some parts as one."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def usable_cores() -> int:
    """Return how many cores this process may use, which a container can make fewer than the machine has."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
