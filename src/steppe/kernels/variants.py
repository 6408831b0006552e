"""Simpler laws for the equations of motion, each with the arguments of the full law that it stands for.

A variant leaves out at compile time what a case does not have; `steppe.kernels.motion.build_rates` puts it together.
"""

from __future__ import annotations

import math

from steppe.kernels.air import clamp, exponential
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
def near_ellipsoid(earth: Earth, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Return geodetic altitude in m and the normal of the ellipsoid from series in its flatness, with one square root.

    Height over the geocentric radius a / sqrt(1 + e s^2), e = (a/b)^2 - 1, s the sine of the geocentric latitude; the
    normal is along (x, y, (a/b)^2 z). Below 100 km the altitude is good to 2 m and the normal to 1e-4.
    """
    inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
    sine = z * inverse_r
    square = sine * sine
    stretch = (earth.radius_m / earth.polar_m) * (earth.radius_m / earth.polar_m)
    flat, tilt = (stretch - 1.0) * square, (stretch * stretch - 1.0) * square
    ground = earth.radius_m * (1.0 - flat * (0.5 - 0.375 * flat))
    scale = inverse_r * (1.0 - tilt * (0.5 - tilt * (0.375 - 0.3125 * tilt)))
    return (x * x + y * y + z * z) * inverse_r - ground, scale * x, scale * y, scale * stretch * z


@physics
def point_mass(
    earth: Earth, x: float, y: float, z: float, _up_x: float, _up_y: float, _up_z: float
) -> tuple[float, float, float]:
    """Return the acceleration in m/s2 towards a point mass (ITRF components)."""
    inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
    pull = -earth.gm * inverse_r * inverse_r * inverse_r
    return pull * x, pull * y, pull * z


@physics
def isothermal_air(world: World, altitude_m: float, _x: float, _y: float, _z: float) -> tuple[float, float]:
    """Return density in kg/m3 and inverse speed of sound in s/m of an exponential atmosphere.

    The first layer of the table holds for all altitudes. exp(q) is the 64th power of exp(q / 64): relative error below
    1e-10 for |q| < 20. No look-up, because on a processor without a fast gather instruction (AVX2 before Skylake and
    Zen 4) LLVM takes the lanes apart for everything that the place of a look-up depends on.
    """
    air = world.air
    first = air.layers[0, 0]
    q = first[1] * (altitude_m - air.lowest_m) * air.layers_per_m
    power = exponential(clamp(q * (1.0 / 64.0), -0.7, 0.7))
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    return first[0] * power, first[4]


@physics
def still_air(
    _world: World, _altitude_m: float, _up_x: float, _up_y: float, _up_z: float
) -> tuple[float, float, float]:
    """Return no wind: the air turns with the Earth."""
    return 0.0, 0.0, 0.0


@physics
def constant_coefficients(world: World, _mach: float, _density_kg_m3: float) -> tuple[float, float]:
    """Return the first row of the table: drag and lift coefficient of every flow."""
    return world.aero.table[0, 0], world.aero.table[0, 2]


@physics
def no_canopy(_forces: Forces, _time_s: float) -> tuple[float, float, float]:
    """Return no drag area and no air."""
    return 0.0, 0.0, 0.0


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
    air=isothermal_air,
    air_motion=still_air,
    body=constant_coefficients,
    canopies=no_canopy,
    push=no_thrust,
    mass_after=kept,
    bank_after=held_bank,
)
