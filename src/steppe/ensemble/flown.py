"""Flies drawn samples on the lanes of one thread, and what comes back of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from steppe.ensemble.cases import Cases, Nominal
from steppe.kernels import phase as k
from steppe.kernels.returns import fly_dispersed_returns, fly_many_returns

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FlownCases:
    """What the lanes returned: ends, shape (n, 88), and the states at the starts of the phases, (n, phases + 1, 12)."""

    ends: Array
    begins: Array


Fly = Callable[[Nominal, Cases], FlownCases]


def fly_cases(nominal: Nominal, cases: Cases) -> FlownCases:
    """Fly some samples on the lanes of one thread."""
    begins = np.zeros((cases.starts.shape[0], cases.rows.shape[1] + 1, k.RECORD_COLUMNS))
    rules = k.Rules(nominal.ground_m, nominal.loaded.mission.limits.load_g, 1e9)
    ends = fly_many_returns(
        fly_dispersed_returns, cases.world, nominal.model, nominal.guide, cases.rows, cases.starts, rules,
        cases=cases.table, begins=begins,
    )  # fmt: skip
    return FlownCases(ends, begins)
