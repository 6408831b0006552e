"""Simpler laws for the equations of motion, each with the arguments of the full law that it stands for.

A variant leaves out at compile time what a case does not have; `steppe.kernels.motion.build_rates` puts it together.
"""

from __future__ import annotations

import math

import numpy as np

from steppe.kernels.aero import Aero
from steppe.kernels.air import Air, exponential
from steppe.kernels.earth import Earth
from steppe.kernels.jit import physics
from steppe.kernels.motion import Forces, Laws, State, World


@physics
def sphere(earth: Earth, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Return altitude in m over a sphere of the equatorial radius, and the unit vector away from its centre."""
    r = math.sqrt(x * x + y * y + z * z)
    inverse_r = 1.0 / r
    return r - earth.radius_m, x * inverse_r, y * inverse_r, z * inverse_r


@physics
def point_mass(
    earth: Earth, x: float, y: float, z: float, _up_x: float, _up_y: float, _up_z: float
) -> tuple[float, float, float]:
    """Return the acceleration in m/s2 towards a point mass (ITRF components)."""
    inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
    pull = -earth.gm * inverse_r * inverse_r * inverse_r
    return pull * x, pull * y, pull * z


@physics
def held(value: float, lowest: float, highest: float) -> float:
    """Return `value` between two bounds; NaN becomes the lowest, so that no table is read outside."""
    value = value if value > lowest else lowest
    return value if value < highest else highest


@physics
def log_linear_air(air: Air, altitude_m: float, _x: float, _y: float, _z: float) -> tuple[float, float]:
    """Return density in kg/m3 and inverse speed of sound in s/m where ln(rho) and sound are linear in each layer.

    One column: exact for an exponential atmosphere.
    """
    layers = air.layers
    height = held((altitude_m - air.lowest_m) * air.layers_per_m, 0.0, layers.shape[1] - 1e-9)
    # 32 bits: AVX2 has no conversion of packed doubles to 64; unsigned: no test for an index from the end
    whole = np.int32(height)
    t = height - whole
    layer = np.uint32(whole)
    return layers[0, layer, 0] * exponential(t * layers[0, layer, 1]), layers[0, layer, 4] + t * layers[0, layer, 5]


@physics
def still_air(
    _world: World, _altitude_m: float, _up_x: float, _up_y: float, _up_z: float
) -> tuple[float, float, float]:
    """Return no wind: the air turns with the Earth."""
    return 0.0, 0.0, 0.0


@physics
def constant_coefficients(aero: Aero, _mach: float, _density_kg_m3: float) -> tuple[float, float]:
    """Return the first row of the table: drag and lift coefficient of every flow."""
    return aero.table[0, 0], aero.table[0, 2]


@physics
def no_canopy(_forces: Forces, _time_s: float) -> float:
    """Return no drag area."""
    return 0.0


@physics
def no_thrust(_world: World, _forces: Forces, _time_s: float, _state: State) -> tuple[float, float, float]:
    """Return no acceleration."""
    return 0.0, 0.0, 0.0


@physics
def kept(mass_kg: float, _step_s: float, _rate_kg_s: float) -> float:
    """Return the same mass."""
    return mass_kg


@physics
def held_bank(bank: tuple[float, float, float], _elapsed_s: float) -> tuple[float, float]:
    """Return sine and cosine of a bank angle that holds; here `bank` starts with the two."""
    return bank[0], bank[1]


# A body of constant mass and coefficients over a sphere with exponential air
SMOOTH_ENTRY = Laws(
    name="smooth-entry",
    place=sphere,
    pull=point_mass,
    air=log_linear_air,
    air_motion=still_air,
    body=constant_coefficients,
    canopies=no_canopy,
    push=no_thrust,
    mass_after=kept,
    bank_after=held_bank,
)
