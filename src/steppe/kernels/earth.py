"""The Earth: shape, rotation and zonal gravity, without trigonometry."""

from __future__ import annotations

import math
from typing import NamedTuple

from steppe.kernels.jit import physics


class Earth(NamedTuple):
    """Shape, rotation and gravity of the planet.

    Attributes
    ----------
    gm
        Gravitational parameter in m3/s2.
    radius_m
        Equatorial radius in m, of the ellipsoid and of the harmonics.
    polar_m
        Polar radius in m; equal to `radius_m` for a sphere.
    rotation_rad_s
        Rate of rotation about the z axis in rad/s.
    j2, j3, j4
        Unnormalised zonal harmonics.
    constant_gravity_m_s2
        Where positive, gravity is this constant towards the geodetic nadir and the rest is ignored (check cases).
    """

    gm: float
    radius_m: float
    polar_m: float
    rotation_rad_s: float
    j2: float
    j3: float
    j4: float
    constant_gravity_m_s2: float


@physics
def altitude_and_up(earth: Earth, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Return geodetic altitude in m and the unit normal of the ellipsoid at a place in ITRF.

    One step of Bowring (Survey Review 23, 323, 1976) in sines and cosines as ratios, so without libm and without a
    pole. Below 1000 km the altitude is good to 1e-6 m and the normal to 1e-9.
    """
    a, b = earth.radius_m, earth.polar_m
    e2 = 1.0 - (b / a) * (b / a)
    p = math.sqrt(x * x + y * y + 1e-12)
    ta, tb = a * z, b * p
    n = 1.0 / math.sqrt(ta * ta + tb * tb)
    s, c = ta * n, tb * n
    up_z = z + e2 / (1.0 - e2) * b * s * s * s
    up_p = p - e2 * a * c * c * c
    n = 1.0 / math.sqrt(up_z * up_z + up_p * up_p)
    up_z, up_p = up_z * n, up_p * n
    altitude_m = p * up_p + z * up_z - a * math.sqrt(1.0 - e2 * up_z * up_z)
    scale = up_p / p
    return altitude_m, scale * x, scale * y, up_z


@physics
def gravity(
    earth: Earth, x: float, y: float, z: float, up_x: float, up_y: float, up_z: float
) -> tuple[float, float, float]:
    """Return the gravitational acceleration in m/s2 (ITRF components), zonal harmonics to degree 4.

    From U = GM/r (1 - sum J_n (a/r)^n P_n(z/r)), with P'_{n+1} and P_{n+1} by the Legendre recurrences
    (Vallado, Fundamentals of Astrodynamics and Applications, 4th ed., section 8.6).
    """
    inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
    s = z * inverse_r
    q = earth.radius_m * inverse_r
    s2 = s * s
    q2 = q * q
    j2, j3, j4 = earth.j2 * q2, earth.j3 * q2 * q, earth.j4 * q2 * q2
    across = (
        -1.0
        + j2 * (7.5 * s2 - 1.5)
        + j3 * s * (17.5 * s2 - 7.5)
        + j4 * (s2 * (39.375 * s2 - 26.25) + 1.875)
    )  # fmt: skip
    along = (
        -s
        + j2 * s * (7.5 * s2 - 4.5)
        + j3 * (s2 * (17.5 * s2 - 15.0) + 1.5)
        + j4 * s * (s2 * (39.375 * s2 - 43.75) + 9.375)
    )  # fmt: skip
    strength = earth.gm * inverse_r * inverse_r
    sideways = strength * across * inverse_r
    flat = earth.constant_gravity_m_s2
    on = 1.0 if flat > 0.0 else 0.0
    central = 1.0 - on
    return (
        central * sideways * x - on * flat * up_x,
        central * sideways * y - on * flat * up_y,
        central * strength * along - on * flat * up_z,
    )
