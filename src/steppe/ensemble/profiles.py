"""Profiles of density and wind: normal at every altitude and correlated between altitudes.

A profile is a first-order autoregression from node to node, which has the correlation exp(-dh / L) between altitudes
dh apart: the simplest stationary process with a given correlation length, and the one behind the one-step perturbation
model of NASA's Global Reference Atmospheric Model (Justus and Leslie, NASA/TM-2008-215581, section 2).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.dispersions import Density, WindProfile
from steppe.ensemble.streams import Array, Indices, add_series, fill_exponentials, stream_number

DENSITY_STREAM: Final = "profile.density"
WAVE_STREAM: Final = "profile.density_waves"
EAST_STREAM: Final = "profile.wind_east"
NORTH_STREAM: Final = "profile.wind_north"
STREAMS: Final = (DENSITY_STREAM, WAVE_STREAM, EAST_STREAM, NORTH_STREAM)


def draw_density(density: Density | None, seed: np.uint64, samples: Indices, altitude_m: Array) -> Array:
    """Return factors on the density of the air.

    Parameters
    ----------
    density
        What the dispersion file says; None gives ones, without memory for them.
    seed, samples
        Seed and numbers of the samples.
    altitude_m
        Altitudes of the nodes in m, rising.

    Returns
    -------
    ndarray
        Shape (samples, nodes): (1 + bias) exp(sigma x) with x standard normal.
    """
    shape = (samples.size, altitude_m.size)
    if density is None:
        return np.broadcast_to(np.float64(1.0), shape)
    nodes = np.array(density.altitude_m)
    sigma = linear(altitude_m, nodes, density.sigma)
    share = linear(altitude_m, nodes, density.wave_share or (0.0,) * nodes.size)
    kept = autocorrelations(altitude_m, density.correlation_length_m)
    if density.layer_boundary_m is not None and density.layer_correlation is not None:
        crossed = np.searchsorted(altitude_m, density.layer_boundary_m)
        if 0 < crossed < altitude_m.size:
            kept[crossed] = density.layer_correlation
    exponents = np.zeros(shape)
    _add(seed, samples, DENSITY_STREAM, kept, sigma * np.sqrt(1.0 - share), exponents)
    if density.wave_correlation_length_m is not None:
        kept = autocorrelations(altitude_m, density.wave_correlation_length_m)
        _add(seed, samples, WAVE_STREAM, kept, sigma * np.sqrt(share), exponents)
    fill_exponentials(exponents, exponents)
    if density.bias:
        exponents *= 1.0 + linear(altitude_m, nodes, density.bias)
    return exponents


def draw_wind(wind: WindProfile | None, seed: np.uint64, samples: Indices, altitude_m: Array) -> tuple[Array, Array]:
    """Return what is added to the wind towards the east and the north in m/s, each of shape (samples, nodes).

    Parameters as in `draw_density`; None gives zeros.
    """
    shape = (samples.size, altitude_m.size)
    if wind is None:
        calm = np.broadcast_to(np.float64(0.0), shape)
        return calm, calm
    nodes = np.array(wind.altitude_m)
    sigma = linear(altitude_m, nodes, wind.sigma_m_s)
    kept = autocorrelations(altitude_m, wind.correlation_length_m)
    speeds = []
    for stream, bias in ((EAST_STREAM, wind.bias_east_m_s), (NORTH_STREAM, wind.bias_north_m_s)):
        speed = np.zeros(shape)
        _add(seed, samples, stream, kept, sigma, speed)
        if bias:
            speed += linear(altitude_m, nodes, bias)
        speeds.append(speed)
    return speeds[0], speeds[1]


def autocorrelations(altitude_m: Array, length_m: float) -> Array:
    """Return the correlation of each node with the one below it, exp(-dh / L); 0 for the lowest node."""
    kept = np.zeros((1, altitude_m.size))
    kept[0, 1:] = np.maximum(-np.diff(altitude_m) / length_m, -700.0)
    fill_exponentials(kept, kept)
    kept[0, 0] = 0.0
    rates: Array = kept[0]
    return rates


def linear(altitude_m: Array, nodes_m: Array, values: tuple[float, ...]) -> Array:
    """Return `values` of the nodes at other altitudes: linear between, held beyond the ends."""
    found: npt.NDArray[np.float64] = np.interp(altitude_m, nodes_m, np.array(values))
    return found


def _add(seed: np.uint64, samples: Indices, stream: str, kept: Array, weight: Array, out: Array) -> None:
    add_series(seed, samples, stream_number(stream), kept, np.sqrt(1.0 - kept * kept), weight, out)
