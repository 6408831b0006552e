"""Draws the errors of each flight of a campaign: sample i depends on (seed, i) alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.dispersible import DISPERSIBLES
from steppe.config.dispersions import Correlation, Dispersions, Parameter
from steppe.ensemble.profiles import draw_density, draw_wind
from steppe.ensemble.streams import (
    LARGEST_SEED,
    Array,
    Indices,
    fill_exponentials,
    fill_probabilities,
    fill_quantiles,
    fill_uniforms,
    normal_probability,
    stream_number,
)
from steppe.errors import ConfigError, nearest

_LARGEST_INDEX: Final = 2**63 - 1
_BELOW_ONE: Final = 1.0 - 2.0**-53


@dataclass(frozen=True, slots=True)
class Samples:
    """What some flights of a campaign do otherwise than planned.

    Attributes
    ----------
    seed
        Seed of the campaign.
    indices
        Numbers of the samples, shape (n,).
    columns
        Parameter name to its values in the unit that the name ends in, shape (n,); only what is dispersed.
    altitude_m
        Altitudes of the nodes of the profiles in m, shape (nodes,).
    density_factor
        Factor on the density of the air, shape (n, nodes); read-only if it is 1 throughout.
    wind_east_m_s, wind_north_m_s
        Added to the wind, shape (n, nodes); read-only if it is 0 throughout.
    """

    seed: int
    indices: Indices
    columns: Mapping[str, Array]
    altitude_m: Array
    density_factor: Array
    wind_east_m_s: Array
    wind_north_m_s: Array

    def __len__(self) -> int:
        """Return the number of samples."""
        return int(self.indices.size)

    def values(self, name: str) -> Array:
        """Return the values of a parameter, shape (n,); the nominal value if it is not dispersed.

        Raises
        ------
        ConfigError
            If no parameter has this name.
        """
        if name not in DISPERSIBLES:
            raise ConfigError(f"there is no parameter '{name}', {nearest(name, DISPERSIBLES)}")
        if name in self.columns:
            return self.columns[name]
        return np.full(self.indices.size, DISPERSIBLES[name].nominal)


def draw(dispersions: Dispersions, seed: int, indices: npt.ArrayLike) -> Samples:
    """Draw samples of a campaign.

    The random numbers come from Philox4x32-10 with the seed as key and (sample, parameter, block) as counter. So any
    subset in any order gives the same bits as all at once, and a parameter added to the file leaves the others alone
    (those of its own correlated group excepted).

    Parameters
    ----------
    dispersions
        What is dispersed, and how.
    seed
        Seed of the campaign, 0 to 2^64 - 1.
    indices
        Numbers of the samples, whole and not negative, shape (n,). The memory needed is about 24 bytes for each node
        of the profiles and 8 for each parameter, for each sample: draw a large campaign in parts.

    Raises
    ------
    ConfigError
        If the seed or an index is out of range.
    """
    key, samples = _checked_seed(seed), _checked_indices(indices)
    entries = {entry.name: entry for entry in dispersions.parameter}
    grouped = {name: group for group in dispersions.correlation for name in group.parameters}
    columns = {}
    together: dict[str, Array] = {}
    for name, entry in entries.items():
        if name not in grouped:
            columns[name] = _alone(entry, key, samples)
            continue
        if name not in together:
            together |= _correlated_normals(grouped[name], key, samples)
        columns[name] = _shaped(entry, together[name], None)
    altitude_m = np.array(dispersions.grid.altitudes_m())
    east, north = draw_wind(dispersions.wind, key, samples, altitude_m)
    return Samples(
        seed=int(seed),
        indices=samples,
        columns=MappingProxyType(columns),
        altitude_m=altitude_m,
        density_factor=draw_density(dispersions.density, key, samples, altitude_m),
        wind_east_m_s=east,
        wind_north_m_s=north,
    )


def _checked_seed(seed: int) -> np.uint64:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= int(seed) <= LARGEST_SEED:
        raise ConfigError(f"the seed is a whole number from 0 to {LARGEST_SEED}, got {seed!r}", key="seed")
    return np.uint64(int(seed))


def _checked_indices(indices: npt.ArrayLike) -> Indices:
    given = np.asarray(indices)
    if given.size == 0:
        given = given.astype(np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise ConfigError(f"sample numbers are a list of whole numbers, got {given.dtype} of shape {given.shape}")
    if given.size and (int(given.min()) < 0 or int(given.max()) > _LARGEST_INDEX):
        raise ConfigError(f"sample numbers run from 0 to {_LARGEST_INDEX}, got {given.min()} to {given.max()}")
    return np.ascontiguousarray(given, dtype=np.int64)


def _uniforms(name: str, key: np.uint64, samples: Indices) -> Array:
    out = np.empty(samples.size)
    fill_uniforms(key, samples, stream_number(name), out)
    return out


def _quantiles(p: Array) -> Array:
    out = np.empty_like(p)
    fill_quantiles(p, out)
    return out


def _alone(entry: Parameter, key: np.uint64, samples: Indices) -> Array:
    if entry.distribution == "constant":
        return np.full(samples.size, float(entry.value or 0.0))
    uniforms = _uniforms(entry.name, key, samples)
    if entry.distribution in _BY_NORMAL:
        return _shaped(entry, _quantiles(uniforms), uniforms)
    return _shaped(entry, uniforms, uniforms)


def _correlated_normals(group: Correlation, key: np.uint64, samples: Indices) -> dict[str, Array]:
    """Return standard normal values of a group with its correlations: the triangular root of the matrix times z."""
    root = triangular_root(group.matrix)
    plain = [_quantiles(_uniforms(name, key, samples)) for name in group.parameters]
    found = {}
    for row, name in zip(root, group.parameters, strict=True):
        # sums in a fixed order and no matrix product, whose rounding depends on its size
        total = np.zeros(samples.size)
        for weight, values in zip(row, plain, strict=True):
            if weight != 0.0:
                total += weight * values
        found[name] = total
    return found


def triangular_root(matrix: tuple[tuple[float, ...], ...]) -> list[list[float]]:
    """Return the lower triangular L with L L^T = matrix, for a positive semidefinite matrix (Cholesky-Banachiewicz).

    A pivot that rounding brings to zero gives a column of zeros: that variable follows from those before it.
    """
    size = len(matrix)
    root = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j]
            for k in range(j):
                rest -= root[i][k] * root[j][k]
            if i == j:
                root[i][i] = rest**0.5 if rest > 1e-12 else 0.0
            elif root[j][j] > 0.0:
                root[i][j] = rest / root[j][j]
    return root


def _shaped(entry: Parameter, normals: Array, uniforms: Array | None) -> Array:
    """Turn standard normal values (uniform ones if the distribution is not built on them) into the distribution."""
    if entry.distribution in _BY_NORMAL:
        return _BY_NORMAL[entry.distribution](entry, normals)
    if entry.distribution == "constant":
        return np.full(normals.size, float(entry.value or 0.0))
    if uniforms is None:
        uniforms = np.empty_like(normals)
        fill_probabilities(normals, uniforms)
    return _BY_UNIFORM[entry.distribution](entry, uniforms)


def _normal(entry: Parameter, z: Array) -> Array:
    return entry.centre + entry.spread * z


def _split_normal(entry: Parameter, z: Array) -> Array:
    below, above = entry.spreads
    return entry.centre + np.where(z < 0.0, below, above) * z


def _lognormal(entry: Parameter, z: Array) -> Array:
    exponents: Array = np.clip(entry.spread * z, -700.0, 700.0).reshape(1, -1)
    fill_exponentials(exponents, exponents)
    found: Array = float(entry.median or 1.0) * exponents[0]
    return found


def _truncated(entry: Parameter, uniforms: Array) -> Array:
    centre, sigma = entry.centre, entry.spread
    low, high = entry.bounds
    a, b = (low - centre) / sigma, (high - centre) / sigma
    # in the lower half of the distribution small probabilities keep all their digits
    side = -1.0 if a > 0.0 else 1.0
    if side < 0.0:
        a, b = -b, -a
    first, last = normal_probability(a), normal_probability(b)
    p = first + uniforms * (last - first)
    z = _quantiles(np.clip(p, 1e-300, _BELOW_ONE))
    found: Array = np.clip(centre + side * sigma * z, low, high)
    return found


def _uniform(entry: Parameter, uniforms: Array) -> Array:
    low, high = entry.bounds
    return np.clip(low + uniforms * (high - low), low, high)


def _empirical(entry: Parameter, uniforms: Array) -> Array:
    values = np.array(entry.values or (0.0,))
    weights = np.array(entry.weights or (1.0,) * values.size)
    # in rising order, so that a correlation means something
    order = np.argsort(values, kind="stable")
    steps = np.cumsum(weights[order])
    rank = np.searchsorted(steps, uniforms * steps[-1], side="right").clip(max=values.size - 1)
    found: Array = values[order][rank]
    return found


_BY_NORMAL: Final[dict[str, Callable[[Parameter, Array], Array]]] = {
    "normal": _normal,
    "split-normal": _split_normal,
    "lognormal": _lognormal,
}
_BY_UNIFORM: Final[dict[str, Callable[[Parameter, Array], Array]]] = {
    "truncated": _truncated,
    "uniform": _uniform,
    "empirical": _empirical,
}
