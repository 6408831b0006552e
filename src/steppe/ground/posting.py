"""Which units wait where: an exact answer by integer programming, with the proof that there is no better one.

The problem is a p-median with several kinds of units and a team that must follow the first unit; the variant for a
quantile is a maximal covering problem (ReVelle and Swain, Geographical Analysis 2, 30, 1970; Church and ReVelle, Papers
of the Regional Science Association 32, 101, 1974). Solver: SCIP through OR-tools.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError, SteppeError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# What nobody reaches counts as a day
UNREACHED_S: Final = 86400.0
_LIMIT_S: Final = 300.0
_SHARE_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Rule:
    """A bound on the number of units at some options: least <= sum <= most."""

    options: Bools
    least: int
    most: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be placed. An option is a type at a place.

    Attributes
    ----------
    time_s
        Arrival of a unit of each option at each scenario, shape (options, scenarios); infinite if it cannot come.
    weight
        Probability of each scenario, shape (scenarios,), sum 1.
    of_type
        Number of the type of each option, shape (options,).
    count
        Units of each type; all of them are placed.
    most
        Units that one option can hold.
    team_type
        Whether units of an option count for the team, shape (options,).
    team
        How many units make a team.
    team_weight
        0 to 1: what the mean arrival of the team counts beside the first arrival, shape (scenarios,).
    rules
        Further bounds.
    """

    time_s: Floats
    weight: Floats
    of_type: Ints
    count: tuple[int, ...]
    most: int
    team_type: Bools
    team: int = 1
    team_weight: Floats = field(default_factory=lambda: np.zeros(1))
    rules: tuple[Rule, ...] = field(default=())

    def first_s(self, units: Ints) -> Floats:
        """Return the first arrival at each scenario, at most `UNREACHED_S`, for units of shape (options,)."""
        used = self.time_s[units > 0]
        return np.asarray(np.minimum(used.min(axis=0, initial=np.inf), UNREACHED_S))

    def team_s(self, units: Ints) -> Floats:
        """Return the mean arrival of the first `team` units at each scenario; a missing one counts `UNREACHED_S`."""
        times = np.repeat(self.time_s, np.where(self.team_type, units, 0), axis=0)
        padding = np.full((self.team, self.weight.size), UNREACHED_S)
        everyone = np.sort(np.minimum(np.vstack([times, padding]), UNREACHED_S), axis=0)
        return np.asarray(everyone[: self.team].mean(axis=0))

    def mean_s(self, units: Ints) -> float:
        """Return what the mean objective minimises."""
        share = self.team_weight
        return float(self.weight @ ((1.0 - share) * self.first_s(units) + share * self.team_s(units)))

    def quantile_s(self, units: Ints, share: float) -> float:
        """Return the time within which the first unit is there with the given probability."""
        return weighted_quantile(self.first_s(units), self.weight, share)


@dataclass(frozen=True, slots=True)
class Posting:
    """An answer.

    Attributes
    ----------
    units
        Units at each option, shape (options,).
    objective_s, bound_s
        What was reached, and what nobody can go below.
    proven
        Whether the solver has shown that nothing is better (SCIP at its default tolerance, 1e-9 relative).
    """

    units: Ints
    objective_s: float
    bound_s: float
    proven: bool

    @property
    def gap(self) -> float:
        """(objective - bound) / objective."""
        return max(self.objective_s - self.bound_s, 0.0) / max(abs(self.objective_s), 1e-9)


def weighted_quantile(values: Floats, weight: Floats, share: float) -> float:
    """Return the least value v such that values up to v have together at least the share of the weight."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][min(int(np.searchsorted(reached, share - _SHARE_SLACK)), values.size - 1)])


def best_mean(problem: Problem) -> Posting:
    """Return the posting with the least mean time.

    Raises
    ------
    ConfigError
        If OR-tools is not installed, or no posting keeps the rules.
    SteppeError
        If the solver finds nothing in its time.
    """
    model = _Model(problem)
    model.minimise_mean()
    return model.solve()


def best_quantile(problem: Problem, share: float) -> Posting:
    """Return the posting with the least quantile of the first arrival, and among those the least mean.

    The quantile is one of the arrival times, so the smallest that can be kept is found by bisection; at each step the
    solver says how much of the probability can be reached in that time at best.

    Raises
    ------
    ConfigError
        As `best_mean`, or if the share is not between 0 and 1.
    """
    if not 0.0 < share < 1.0:
        raise ConfigError(f"expected a share between 0 and 1, got {share:g}", key="--quantile")
    finite = problem.time_s[np.isfinite(problem.time_s) & (problem.time_s < UNREACHED_S)]
    times = np.append(np.unique(finite), UNREACHED_S)
    low, high, proven = 0, times.size - 1, True
    while low < high:
        middle = (low + high) // 2
        model = _Model(problem, with_times=False)
        model.maximise_cover(float(times[middle]))
        found = model.solve()
        enough = -found.objective_s >= share - _SHARE_SLACK
        # a bound below the share proves that this time is too short
        proven &= enough or -found.bound_s < share - _SHARE_SLACK
        low, high = (low, middle) if enough else (middle + 1, high)
    model = _Model(problem)
    model.minimise_mean()
    model.require_cover(float(times[low]), share)
    found = model.solve()
    value = problem.quantile_s(found.units, share)
    return Posting(found.units, value, float(times[low]), proven and value <= times[low] + 1e-6)


class _Model:
    """The integer program; counts are whole, the assignments of scenarios then are whole by themselves."""

    def __init__(self, problem: Problem, *, with_times: bool = True) -> None:
        try:
            from ortools.linear_solver.python import model_builder
        except ImportError as missing:
            raise ConfigError(
                "the places of the units are found with OR-tools, which is not installed; install it with: "
                "pip install 'steppe[recovery]'"
            ) from missing
        self.problem = problem
        self._builder = model_builder
        self._model = model_builder.Model()
        self._sum = model_builder.LinearExpr.weighted_sum
        options = problem.of_type.size
        self._units = [self._model.new_int_var(0, problem.most, f"u{o}") for o in range(options)]
        for number, count in enumerate(problem.count):
            self._bound(problem.of_type == number, count, count)
        for rule in problem.rules:
            self._bound(rule.options, rule.least, rule.most)
        self._terms: list[tuple[Any, float]] = []
        if with_times:
            team = np.broadcast_to(problem.team_weight, problem.weight.shape)
            self._assign(1, problem.weight * (1.0 - team), np.ones(options, dtype=bool))
            self._assign(problem.team, problem.weight * team / problem.team, problem.team_type)

    def _bound(self, options: Bools, least: int, most: int) -> None:
        chosen = [self._units[o] for o in np.flatnonzero(options)]
        self._model.add_linear_constraint(self._sum(chosen, [1.0] * len(chosen)), float(least), float(most))

    def _assign(self, wanted: int, price: Floats, allowed: Bools) -> None:
        """Let each scenario be served by `wanted` different units, the missing ones at the price of a day."""
        times = self.problem.time_s
        for s in np.flatnonzero(price > 0.0):
            useful = np.flatnonzero(allowed & (times[:, s] < UNREACHED_S))
            missing = self._model.new_num_var(0.0, float(wanted), "")
            served = [missing]
            self._terms.append((missing, float(price[s]) * UNREACHED_S))
            for o in useful:
                part = self._model.new_num_var(0.0, float(wanted), "")
                self._model.add_linear_constraint(self._sum([part, self._units[o]], [1.0, -1.0]), ub=0.0)
                served.append(part)
                self._terms.append((part, float(price[s]) * float(times[o, s])))
            self._model.add_linear_constraint(self._sum(served, [1.0] * len(served)), float(wanted), float(wanted))

    def minimise_mean(self) -> None:
        """Minimise the mean time."""
        variables, costs = zip(*self._terms, strict=True)
        self._model.minimize(self._sum(list(variables), list(costs)))

    def _covered(self, limit_s: float) -> list[Any]:
        covered = []
        for s in range(self.problem.weight.size):
            one = self._model.new_num_var(0.0, 1.0, "")
            near = [self._units[o] for o in np.flatnonzero(self.problem.time_s[:, s] <= limit_s)]
            self._model.add_linear_constraint(self._sum([one, *near], [1.0] + [-1.0] * len(near)), ub=0.0)
            covered.append(one)
        return covered

    def maximise_cover(self, limit_s: float) -> None:
        """Maximise the probability that a unit is there in time (as the least of its negative)."""
        self._model.minimize(self._sum(self._covered(limit_s), (-self.problem.weight).tolist()))

    def require_cover(self, limit_s: float, share: float) -> None:
        """Ask for a unit in time with a probability."""
        covered = self._covered(limit_s)
        weights = self.problem.weight.tolist()
        self._model.add_linear_constraint(self._sum(covered, weights), lb=share - _SHARE_SLACK)

    def solve(self) -> Posting:
        """Solve; a solution that is not proven to be the best is returned with its bound."""
        solver = self._builder.Solver("scip")
        solver.set_time_limit_in_seconds(_LIMIT_S)
        status = solver.solve(self._model)
        known = self._builder.SolveStatus
        if status == known.INFEASIBLE:
            rules = "; ".join(rule.meaning for rule in self.problem.rules)
            raise ConfigError(
                f"no posting of {sum(self.problem.count)} units keeps all the rules{': ' if rules else ''}{rules}; add "
                "places or raise waiting.most_at_one"
            )
        if status not in (known.OPTIMAL, known.FEASIBLE):
            raise SteppeError(f"the solver found no posting in {_LIMIT_S:.0f} s ({status}); reduce the places or units")
        units = np.array([round(solver.value(one)) for one in self._units], dtype=np.int64)
        return Posting(units, solver.objective_value, solver.best_objective_bound, status == known.OPTIMAL)
