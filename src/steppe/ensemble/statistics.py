"""What samples of one number say about its distribution, and how sure that is (docs/models/statistics.md)."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
CONFIDENCE: Final = 0.95
PROBABILITIES: Final = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
WORST_CASES: Final = 10
# The first step of the convergence table: below it a standard deviation means little
_FIRST_POWER: Final = 4


@dataclass(frozen=True, slots=True)
class Quantile:
    """One quantile and its confidence interval; a bound is None where there are too few samples for it."""

    probability: float
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and standard deviation with their standard errors; `samples` is how many values they rest on."""

    samples: int
    mean: float
    mean_error: float
    sd: float
    sd_error: float


@dataclass(frozen=True, slots=True)
class Proportion:
    """How often something happened: `count` of `samples`, with the Wilson bounds of its probability."""

    count: int
    samples: int
    value: float
    low: float
    high: float


def z_value(confidence: float = CONFIDENCE) -> float:
    """Return the number of standard deviations that a two-sided interval of the normal distribution spans."""
    return NormalDist().inv_cdf(0.5 + confidence / 2.0)


def binomial_cdf(n: int, p: float) -> Floats:
    """Return P(B <= k) for k = 0..n of a binomial distribution, exact to rounding.

    By the ratio of neighbouring terms, started at the largest one, so that nothing overflows for any `n`.
    """
    mode = min(int((n + 1) * p), n)
    k = np.arange(n, dtype=np.float64)
    with np.errstate(divide="ignore"):
        log_ratio = np.log((n - k) / (k + 1.0)) + math.log(p / (1.0 - p))
    log_mass = np.concatenate([[0.0], np.cumsum(log_ratio)])
    mass = np.exp(log_mass - log_mass[mode])
    summed = np.cumsum(mass)
    cumulative: Floats = summed / summed[-1]
    return cumulative


@functools.lru_cache(maxsize=256)
def quantile_ranks(n: int, p: float, confidence: float = CONFIDENCE) -> tuple[int, int]:
    """Return the ranks (from 1) of the order statistics between which the quantile lies with at least `confidence`.

    David and Nagaraja, "Order Statistics", 3rd edition (2003), section 7.1: P(X_(l) <= q < X_(u)) is the probability
    that a binomial number lies in l..u-1, whatever the distribution. Both tails are kept below half of what is left.

    Returns
    -------
    tuple
        Lower and upper rank; 0 or n + 1 where no sample lies far enough out.
    """
    tail = (1.0 - confidence) / 2.0
    below = binomial_cdf(n, p)
    # the largest l with P(B <= l - 1) <= tail and the smallest u with P(B <= u - 1) >= 1 - tail
    lower = int(np.searchsorted(below, tail, side="right"))
    upper = int(np.searchsorted(below, 1.0 - tail, side="left")) + 1
    return lower, upper


def quantiles(
    values: npt.ArrayLike, probabilities: Sequence[float] = PROBABILITIES, confidence: float = CONFIDENCE
) -> list[Quantile]:
    """Return quantiles (linear between order statistics: Hyndman and Fan 1996, type 7) with confidence intervals.

    Parameters
    ----------
    values
        Finite numbers, shape (n,), n >= 1.
    probabilities
        Between 0 and 1.
    confidence
        Of the intervals.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    found = []
    for p in probabilities:
        lower, upper = quantile_ranks(n, p, confidence)
        low = float(ordered[lower - 1]) if lower >= 1 else None
        high = float(ordered[upper - 1]) if upper <= n else None
        found.append(Quantile(p, float(np.quantile(ordered, p)), low, high))
    return found


def moments(values: npt.ArrayLike) -> Moments:
    """Return mean and standard deviation with standard errors that hold for any distribution with a fourth moment.

    The variance of the sample variance is (m4 - s^4 (n - 3)/(n - 1))/n (Cramer, "Mathematical Methods of Statistics",
    1946, section 27.4); half of its root over s is the standard error of s.

    Parameters
    ----------
    values
        Finite numbers, shape (n,). Below two there is no spread: NaN.
    """
    x = np.asarray(values, dtype=np.float64)
    n = len(x)
    mean = float(np.mean(x)) if n else math.nan
    if n < 2:
        return Moments(n, mean, math.nan, math.nan, math.nan)
    centred = x - mean
    square = centred * centred
    variance = float(np.sum(square)) / (n - 1)
    sd = math.sqrt(variance)
    if sd == 0.0:
        return Moments(n, mean, 0.0, 0.0, 0.0)
    fourth = float(np.mean(square * square))
    of_variance = max(fourth - variance**2 * (n - 3) / (n - 1), 0.0) / n
    return Moments(n, mean, sd / math.sqrt(n), sd, math.sqrt(of_variance) / (2.0 * sd))


def wilson(count: int, samples: int, confidence: float = CONFIDENCE) -> Proportion:
    """Return a probability with its score interval (Wilson, J. Am. Stat. Assoc. 22, 209, 1927).

    It stays within 0..1, and says something even when nothing or everything happened.
    """
    if samples == 0:
        return Proportion(0, 0, math.nan, 0.0, 1.0)
    z2 = z_value(confidence) ** 2
    p = count / samples
    middle = (p + z2 / (2.0 * samples)) / (1.0 + z2 / samples)
    half = math.sqrt(z2 * (p * (1.0 - p) / samples + z2 / (4.0 * samples**2))) / (1.0 + z2 / samples)
    low = 0.0 if count == 0 else max(middle - half, 0.0)
    high = 1.0 if count == samples else min(middle + half, 1.0)
    return Proportion(count, samples, p, low, high)


def upper_bound(count: int, samples: int, confidence: float = CONFIDENCE) -> float:
    """Return the exact one-sided upper bound of a probability (Clopper and Pearson, Biometrika 26, 404, 1934).

    It is the p at which so few events have the probability 1 - confidence; with none in n it is
    1 - (1 - confidence)^(1/n), close to 3/n for 95 % ("rule of three").
    """
    if count >= samples:
        return 1.0
    if count == 0:
        return -math.expm1(math.log1p(-confidence) / samples)
    low, high = count / samples, 1.0
    while high - low > 1e-12 * high:
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        if float(binomial_cdf(samples, middle)[count]) > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return high


def worst(
    values: npt.ArrayLike, samples: npt.NDArray[np.int64], which: str, count: int = WORST_CASES
) -> list[tuple[int, float]]:
    """Return the worst cases as (sample number, value), the worst first; equal ones by their sample number.

    Parameters
    ----------
    values, samples
        Finite numbers and their sample numbers, shape (n,).
    which
        "high", "low", or "far" from the median.
    count
        How many.
    """
    x = np.asarray(values, dtype=np.float64)
    if which == "far" and len(x):
        badness = np.abs(x - np.median(x))
    else:
        badness = -x if which == "low" else x
    if len(x) > count:
        edge = np.partition(badness, len(x) - count)[len(x) - count]
        candidates = np.flatnonzero(badness >= edge)
    else:
        candidates = np.arange(len(x))
    order = candidates[np.lexsort((samples[candidates], -badness[candidates]))][:count]
    return [(int(samples[k]), float(x[k])) for k in order]


def convergence(values: npt.ArrayLike) -> list[Moments]:
    """Return the moments of the first 16, 32, 64, ... values and of all of them."""
    x = np.asarray(values, dtype=np.float64)
    sizes = []
    power = _FIRST_POWER
    while 2**power < len(x):
        sizes.append(2**power)
        power += 1
    return [moments(x[:size]) for size in [*sizes, len(x)]]


def ranks(values: npt.ArrayLike) -> Floats:
    """Return ranks from 1; equal values share the mean of theirs."""
    x = np.asarray(values, dtype=np.float64)
    order = np.argsort(x, kind="stable")
    ordered = x[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(x) else np.empty(0, dtype=bool)
    group = np.cumsum(first) - 1
    begin = np.flatnonzero(first)
    end = np.append(begin[1:], len(x))
    result = np.empty(len(x))
    result[order] = ((begin + 1 + end) / 2.0)[group]
    return result


def number(value: Any) -> float | None:
    """Return a float for JSON: None where there is none (NaN, infinite)."""
    return float(value) if value is not None and math.isfinite(value) else None
