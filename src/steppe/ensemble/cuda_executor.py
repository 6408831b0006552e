"""Flies a campaign on a graphics card: the processor draws and writes while the card flies.

The inputs are those of every executor, bit for bit. The card adds and multiplies in another order, so its flights agree
with those of the processor to rounding.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import numpy as np

from steppe.ensemble.cases import Cases, Nominal
from steppe.ensemble.executors import Rows
from steppe.ensemble.flown import FlownCases
from steppe.ensemble.run import Plan, fly_samples
from steppe.ensemble.store import Campaign
from steppe.ensemble.tally import Tally, tally_of
from steppe.errors import ConfigError
from steppe.kernels import phase as k

# Returns on the card at a time: enough to fill the largest card several times over
_AT_ONCE: Final = 262_144
# Chunks in work: one on the card, one that is drawn or written meanwhile
_IN_WORK: Final = 2
# Bytes of one return on the card, assumed: profiles, case, phases, start, begins, end, navigation, guidance
_BYTES_EACH: Final = 11_000
# Part of the free memory of the card that is used
_SHARE: Final = 0.8


class CudaExecutor:
    """Flies on the NVIDIA card that numba finds.

    Parameters
    ----------
    at_once
        Returns on the card at a time, less if its memory is small. Changes no bit.

    Raises
    ------
    ConfigError
        If there is no card that numba can use.
    """

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        from numba import cuda

        if not cuda.is_available():
            raise ConfigError(
                "no NVIDIA card that can be used was found; 'steppe doctor' says what is here", key="--executor cuda"
            )
        self.at_once = at_once

    def run(self, plan: Plan, campaign: Campaign, missing: Sequence[int]) -> Generator[Tally, None, None]:
        """Fly and write shards; see `steppe.ensemble.executors.Executor`."""
        # all that concerns the card happens in one thread: a card is bound to the thread that uses it
        with ThreadPoolExecutor(1) as card, ThreadPoolExecutor(_IN_WORK) as host:
            at_once = card.submit(_most, self.at_once).result()

            def fly(nominal: Nominal, cases: Cases) -> FlownCases:
                return card.submit(fly_cases_on_card, nominal, cases).result()

            def work(numbers: Sequence[int]) -> Tally:
                indices = np.concatenate([np.asarray(plan.spec.samples_of(number)) for number in numbers])
                rows = fly_samples(plan, indices.tolist(), fly=fly, at_once=at_once)
                write(campaign, numbers, rows)
                return tally_of(rows)

            chunks = chunked(plan, missing, at_once)
            flying: deque[Future[Tally]] = deque()
            try:
                for chunk in chunks:
                    flying.append(host.submit(work, chunk))
                    if len(flying) == _IN_WORK:
                        yield flying.popleft().result()
                while flying:
                    yield flying.popleft().result()
            finally:
                for one in flying:
                    one.cancel()


def chunked(plan: Plan, missing: Sequence[int], at_once: int) -> Iterator[list[int]]:
    """Yield shards that fly together: as many whole ones as the card takes, at least one."""
    some: list[int] = []
    samples = 0
    for number in missing:
        here = len(plan.spec.samples_of(number))
        if some and samples + here > at_once:
            yield some
            some, samples = [], 0
        some.append(number)
        samples += here
    if some:
        yield some


def write(campaign: Campaign, numbers: Sequence[int], rows: Rows) -> None:
    """Write the shards of rows that were flown together."""
    first = 0
    for number in numbers:
        here = slice(first, first + len(campaign.spec.samples_of(number)))
        campaign.write_shard(number, {name: values[here] for name, values in rows.items()})
        first = here.stop


def fly_cases_on_card(nominal: Nominal, cases: Cases) -> FlownCases:
    """Fly some samples on the card, as `steppe.ensemble.flown.fly_cases` does on the lanes of a thread."""
    from steppe.kernels.cuda import fly_returns_cuda

    begins = np.zeros((cases.starts.shape[0], cases.rows.shape[1] + 1, k.RECORD_COLUMNS))
    rules = k.Rules(nominal.ground_m, nominal.loaded.mission.limits.load_g, 1e9)
    ends = fly_returns_cuda(
        cases.world, nominal.model, nominal.guide, cases.rows, cases.starts, rules, cases=cases.table, begins=begins
    )
    return FlownCases(ends, begins)


def _most(wanted: int) -> int:
    """Return how many returns the memory of the card holds, at most those wanted."""
    from numba import config, cuda

    if config.ENABLE_CUDASIM:
        return wanted
    free, _ = cuda.current_context().get_memory_info()
    return max(min(wanted, int(free * _SHARE / _BYTES_EACH)), 1)
