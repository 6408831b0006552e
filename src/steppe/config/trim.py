"""What an error of the trim angle does to a blunt capsule: lift-to-drag ratio and drag of a spherical cap.

Modified Newtonian flow, cp = cp_max cos^2(eta), over a cap of half-angle d (sin d = half the diameter over the radius
of the nose) at the angle of attack a gives, integrated over the cap,

    C_A = cp_max (cos^2 a (1 + cos^2 d) / 2 + sin^2 a sin^2 d / 4),     C_N = cp_max sin a cos a sin^2 d / 2

(J. D. Anderson, *Hypersonic and High-Temperature Gas Dynamics*, section 3.3, for the law; the integral is derived).
Lift is C_A sin a - C_N cos a, drag C_A cos a + C_N sin a. Only ratios are used, so cp_max falls out.

All pressure on a sphere points at its centre, so a capsule is in trim where the force through the centre of the sphere
also passes through the centre of gravity: offset from the axis over distance to the centre of the sphere is C_N / C_A.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.config.vehicle import Capsule

Array = npt.NDArray[np.float64]


def trim_effect(capsule: Capsule, angle_error_deg: Array) -> tuple[Array, Array]:
    """Return the change of the lift-to-drag ratio (to be added) and the factor on the drag coefficient.

    Parameters
    ----------
    capsule
        Its highest Mach number gives the nominal ratio, nose radius and diameter the cap.
    angle_error_deg
        Real less nominal angle of attack in deg, in the direction of more lift, shape (n,); within 10 deg.

    Returns
    -------
    tuple of ndarray
        Change of L/D and factor on CD, each of shape (n,).
    """
    sine2 = _sine2(capsule)
    nominal = _tangent(capsule.aerodynamics.lift_to_drag[-1], sine2)
    angle = np.clip(angle_error_deg, -10.0, 10.0) * (math.pi / 180.0)
    # tan of a small angle by its series (below 4e-7 rad at 10 deg), because the bits of the C library's tan vary
    error = angle * (1.0 + angle * angle * (1.0 / 3.0 + angle * angle * (2.0 / 15.0)))
    tangent = (nominal + error) / (1.0 - nominal * error)
    ratio, drag = _ratio_and_drag(tangent, sine2)
    nominal_ratio, nominal_drag = _ratio_and_drag(np.array([nominal]), sine2)
    return ratio - nominal_ratio, drag / nominal_drag


def trim_angle_deg(capsule: Capsule) -> float:
    """Return the hypersonic angle of attack that gives the capsule its nominal lift-to-drag ratio, in deg."""
    ratio = capsule.aerodynamics.lift_to_drag[-1]
    return math.degrees(math.atan(_tangent(ratio, _sine2(capsule))))


def force_slope(capsule: Capsule, angle_deg: float) -> float:
    """Return C_N / C_A of the cap: the tangent of the angle between the force and the axis of the capsule."""
    sine2 = _sine2(capsule)
    tangent = math.tan(math.radians(angle_deg))
    return 0.5 * sine2 * tangent / (1.0 - 0.5 * sine2 + 0.25 * sine2 * tangent * tangent)


def angle_of_slope_deg(capsule: Capsule, slope: float) -> float:
    """Return the angle of attack at which the force has that slope, in deg: the inverse of `force_slope`, to 45 deg."""
    low, high = 0.0, 45.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if force_slope(capsule, middle) < abs(slope) else (low, middle)
    return math.copysign(low, slope)


def _sine2(capsule: Capsule) -> float:
    return min((0.5 * capsule.reference_length_m / capsule.nose_radius_m) ** 2, 1.0)


def _ratio_and_drag(t: Array, sine2: float) -> tuple[Array, Array]:
    """Return L/D and CD over cp_max of a cap at the tangent of its angle of attack."""
    face = 1.0 - 0.5 * sine2
    below = face + t * t * (0.75 * sine2)
    cosine2 = 1.0 / (1.0 + t * t)
    return t * (face - 0.5 * sine2 + t * t * (0.25 * sine2)) / below, cosine2 * np.sqrt(cosine2) * below


def _tangent(ratio: float, sine2: float) -> float:
    """Return the tangent of the angle of attack with a given L/D, at most 45 deg, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        found, _ = _ratio_and_drag(np.array([middle]), sine2)
        low, high = (middle, high) if found[0] < abs(ratio) else (low, middle)
    return math.copysign(low, ratio)
