"""Which inputs drive which outputs: rank correlations and first-order Sobol indices from the rows of a campaign.

No further flights are needed: the indices are estimated from the given samples (docs/models/statistics.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ensemble.statistics import CONFIDENCE, Floats, ranks, z_value

# Units of the bootstrap: enough for a stable spread, few enough that each still fills all bins
_BLOCKS: Final = 64
_REPLICATES: Final = 400
# Below this a bin mean says nothing
_SMALLEST: Final = 40
_MOST_BINS: Final = 100


@dataclass(frozen=True, slots=True)
class Driver:
    """How one input moves one output.

    Attributes
    ----------
    input
        Name of the input.
    spearman, spearman_low, spearman_high
        Rank correlation and its confidence interval.
    sobol, sobol_low, sobol_high
        First-order index: the part of the variance of the output that goes away if this input is known; and its
        confidence interval.
    """

    input: str
    spearman: float
    spearman_low: float
    spearman_high: float
    sobol: float
    sobol_low: float
    sobol_high: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """An input made ready once for all outputs: centred ranks of unit length, and the bin of each sample."""

    name: str
    rank: Floats
    bin: npt.NDArray[np.int64]
    bins: int


def prepare(name: str, values: npt.ArrayLike) -> Prepared | None:
    """Return an input ready for `driver`; None if it does not vary, or there are fewer than 40 samples."""
    x = np.asarray(values, dtype=np.float64)
    if len(x) < _SMALLEST or np.ptp(x) == 0.0:
        return None
    rank = ranks(x)
    bins = int(np.clip(round(len(x) ** 0.4), 4, _MOST_BINS))
    levels = np.unique(rank)
    if len(levels) <= bins:  # a switch or a small whole number: each value is a bin
        where, bins = np.searchsorted(levels, rank), len(levels)
    else:
        where = np.minimum(((rank - 0.5) * bins / len(x)).astype(np.int64), bins - 1)
    return Prepared(name, _unit(rank), where.astype(np.int64), bins)


def drivers(inputs: list[Prepared], output: npt.ArrayLike, confidence: float = CONFIDENCE) -> list[Driver]:
    """Return the inputs with what they do to an output, the strongest (largest Sobol index) first.

    Spearman's rank correlation, with Fisher's transformation and the standard error of Bonett and Wright
    (Psychometrika 65, 23, 2000). The Sobol index is the correlation ratio over bins of equal count of the input
    (Plischke, Borgonovo and Smith, Eur. J. Oper. Res. 226, 536, 2013), less the share that bins take by chance
    (Kelley, PNAS 21, 554, 1935). Its bounds come from a bootstrap over 64 blocks of samples.

    Parameters
    ----------
    inputs
        From `prepare`, of the same samples.
    output
        Finite numbers, shape (n,).
    confidence
        Of the bounds.
    """
    y = np.asarray(output, dtype=np.float64)
    if len(y) < _SMALLEST or np.ptp(y) == 0.0:
        return []
    y = (y - np.mean(y)) / np.std(y)
    rank = _unit(ranks(y))
    block = np.arange(len(y)) % _BLOCKS
    squares = np.asarray(np.bincount(block, y * y, _BLOCKS), dtype=np.float64)
    # fixed, so that the same campaign always gives the same bounds
    chosen = np.random.default_rng(0).multinomial(_BLOCKS, np.full(_BLOCKS, 1.0 / _BLOCKS), size=_REPLICATES)
    weights = np.vstack([np.ones(_BLOCKS), chosen.astype(np.float64)])
    found = []
    for one in inputs:
        rho, low, high = _spearman(float(rank @ one.rank), len(y), confidence)
        found.append(Driver(one.name, rho, low, high, *_sobol(one, y, block, squares, weights, confidence)))
    return sorted(found, key=lambda driver: (-driver.sobol, -abs(driver.spearman), driver.input))


def _spearman(rho: float, n: int, confidence: float) -> tuple[float, float, float]:
    rho = min(max(rho, -1.0), 1.0)
    if abs(rho) > 1.0 - 1e-12:
        return rho, rho, rho
    half = z_value(confidence) * math.sqrt((1.0 + rho * rho / 2.0) / (n - 3))
    middle = math.atanh(rho)
    return rho, math.tanh(middle - half), math.tanh(middle + half)


def _sobol(
    one: Prepared, y: Floats, block: npt.NDArray[Any], squares: Floats, weights: Floats, confidence: float
) -> tuple[float, float, float]:
    cell = block * one.bins + one.bin
    size = _BLOCKS * one.bins
    counts = np.bincount(cell, minlength=size).reshape(_BLOCKS, one.bins).astype(np.float64)
    sums = np.bincount(cell, y, size).reshape(_BLOCKS, one.bins)
    indices = _correlation_ratio(weights @ counts, weights @ sums, weights @ squares)
    index = float(indices[0])
    # bins take a further share of every replicate by chance: its spread is of use, its mean is not
    half = z_value(confidence) * float(np.std(indices[1:], ddof=1))
    low, high = (min(max(value, 0.0), 1.0) for value in (index - half, index + half))
    return min(max(index, 0.0), 1.0), low, high


def _correlation_ratio(counts: Floats, sums: Floats, squares: Floats) -> Floats:
    """Return the part of the variance between the bins, free of what chance puts there; one for each row."""
    n = counts.sum(axis=1)
    total = squares - sums.sum(axis=1) ** 2 / n
    filled = counts > 0.0
    between = (np.divide(sums**2, counts, out=np.zeros_like(sums), where=filled)).sum(axis=1)
    between -= sums.sum(axis=1) ** 2 / n
    groups = filled.sum(axis=1)
    within = (total - between) / np.maximum(n - groups, 1.0)
    # An output that differs in a few samples only may not differ at all in a replicate
    varies = total > 1e-9 * n
    ratio: Floats = np.divide(between - (groups - 1.0) * within, total, out=np.zeros_like(total), where=varies)
    return ratio


def _unit(rank: Floats) -> Floats:
    centred = rank - np.mean(rank)
    unit: Floats = centred / np.sqrt(centred @ centred)
    return unit
