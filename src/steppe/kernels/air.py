"""Air as tables that a SIMD lane can read: density and speed of sound from per-layer polynomials, no libm.

A table holds columns along the ground track; in each column, layers of equal height hold

    ln(rho / rho_0) = t (a1 + t (a2 + t a3)),     1 / c = b0 + t (b1 + t b2),     0 <= t <= 1,

with t the fraction of the layer climbed. Between columns the values are blended linearly in the sine of the angle
along the track. `steppe.environment.air` builds the tables from NRLMSIS 2.1, US 1976 or an exponential.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.constants import AIR_MOLECULE_DIAMETER_M, AIR_MOLECULE_MASS_KG
from steppe.kernels.jit import physics

# Meaning of the last axis of the table
DENSITY, SLOPE, CURVE, TWIST, INVERSE_SOUND, SOUND_SLOPE, SOUND_CURVE, PRESSURE = range(8)
COEFFICIENTS = 8

# Mean free path of hard spheres, Bird (1994) eq. 1.56: lambda = m / (sqrt(2) pi d^2 rho)
_FREE_PATH_DENSITY_KG_M2 = AIR_MOLECULE_MASS_KG / (math.sqrt(2.0) * math.pi * AIR_MOLECULE_DIAMETER_M**2)


class Air(NamedTuple):
    """A tabulated atmosphere.

    Attributes
    ----------
    layers
        Coefficients, shape (columns, layers, 8); the last axis is named by the constants of this module.
    axis_x, axis_y, axis_z
        Unit vector (ITRF); its scalar product with the direction of a place is the sine of the angle along the track.
    first_sine, columns_per_sine
        The sine of the first column and the number of columns per unit of sine; 0 for a single column.
    lowest_m
        Altitude of the bottom of the first layer in m.
    layers_per_m
        Inverse height of a layer in 1/m.
    """

    layers: npt.NDArray[np.float64]
    axis_x: float
    axis_y: float
    axis_z: float
    first_sine: float
    columns_per_sine: float
    lowest_m: float
    layers_per_m: float


@physics
def clamp(value: float, lowest: float, highest: float) -> float:
    """Return `value` held between two bounds, by selection and without a branch; a NaN becomes the lower one.

    So a lane that has gone wrong reads the first row of a table and not memory outside it.
    """
    value = value if value > lowest else lowest
    return value if value < highest else highest


@physics
def exponential(q: float) -> float:
    """Return exp(q) for |q| < 0.7 by its series to the ninth power: relative error below 1e-8, below 1e-11 for 0.35."""
    q2 = 1.0 + q * (1.0 / 8.0 + q * (1.0 / 72.0))
    q1 = 1.0 + q * (1.0 / 5.0 + q * (1.0 / 30.0 + q * (1.0 / 210.0 * q2)))
    return 1.0 + q * (1.0 + q * (1.0 / 2.0 + q * (1.0 / 6.0 + q * (1.0 / 24.0 * q1))))


@physics
def column_air(layers: npt.NDArray[np.float64], column: int, layer: int, t: float) -> tuple[float, float]:
    """Return density in kg/m3 and inverse speed of sound in s/m at fraction `t` of a layer of one column."""
    q = t * (layers[column, layer, 1] + t * (layers[column, layer, 2] + t * layers[column, layer, 3]))
    rho = layers[column, layer, 0] * exponential(q)
    inverse_sound = layers[column, layer, 4] + t * (layers[column, layer, 5] + t * layers[column, layer, 6])
    return rho, inverse_sound


@physics
def air_at(
    air: Air, altitude_m: float, direction_x: float, direction_y: float, direction_z: float
) -> tuple[float, float]:
    """Return density in kg/m3 and inverse speed of sound in s/m.

    Parameters
    ----------
    air : Air
        The table.
    altitude_m : float
        Geodetic altitude in m; held inside the table, so its ends hold below and above.
    direction_x, direction_y, direction_z : float
        Unit vector from the centre of the Earth to the place (ITRF).
    """
    layers = air.layers
    height = clamp((altitude_m - air.lowest_m) * air.layers_per_m, 0.0, layers.shape[1] - 1e-9)
    layer = int(height)
    t = height - layer
    sine = direction_x * air.axis_x + direction_y * air.axis_y + direction_z * air.axis_z
    along = clamp((sine - air.first_sine) * air.columns_per_sine, 0.0, layers.shape[0] - 1.0)
    first = int(along)
    second = min(first + 1, layers.shape[0] - 1)
    weight = along - first
    rho_a, sound_a = column_air(layers, first, layer, t)
    rho_b, sound_b = column_air(layers, second, layer, t)
    return rho_a + weight * (rho_b - rho_a), sound_a + weight * (sound_b - sound_a)


@physics
def knudsen_number(density_kg_m3: float, length_m: float) -> float:
    """Return mean free path over length; the free path is that of hard spheres (Bird 1994, eq. 1.56)."""
    return _FREE_PATH_DENSITY_KG_M2 / ((density_kg_m3 + 1e-30) * length_m)
