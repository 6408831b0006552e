"""What holds for every posting: more units never make it slower, names and order of the places do not matter."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.ground.posting import Problem, best_mean, best_quantile

SEEDS = st.integers(0, 10_000)


def problem(seed: int, units: int, places: int = 6, scenarios: int = 8) -> Problem:
    random = np.random.default_rng(seed)
    time = random.uniform(60.0, 9000.0, (places, scenarios))
    weight = random.random(scenarios) + 0.01
    return Problem(
        time, weight / weight.sum(), np.zeros(places, dtype=np.int64), (units,), 2, np.ones(places, dtype=bool), 2,
        np.full(scenarios, 0.25),
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, units=st.integers(1, 5))
def test_a_unit_more_never_lengthens_the_optimum(seed: int, units: int) -> None:
    fewer, more = (best_mean(problem(seed, count)) for count in (units, units + 1))
    assert more.objective_s <= fewer.objective_s * (1.0 + 1e-7)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, units=st.integers(1, 4), share=st.sampled_from([0.5, 0.9, 0.99]))
def test_a_unit_more_never_lengthens_the_quantile(seed: int, units: int, share: float) -> None:
    fewer, more = (best_quantile(problem(seed, count), share) for count in (units, units + 1))
    assert more.objective_s <= fewer.objective_s + 1e-6


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, units=st.integers(1, 4))
def test_the_order_of_the_places_does_not_matter(seed: int, units: int) -> None:
    one = problem(seed, units)
    order = np.random.default_rng(seed).permutation(one.of_type.size)
    other = Problem(one.time_s[order], one.weight, one.of_type, one.count, one.most, one.team_type, one.team,
                    one.team_weight)  # fmt: skip
    first, second = best_mean(one), best_mean(other)
    assert abs(first.objective_s - second.objective_s) <= 1e-6 * first.objective_s
    assert abs(one.mean_s(first.units) - other.mean_s(first.units[order])) < 1e-9
