"""Bank angle: sine and cosine without libm, and the roll motion with limited rate and acceleration."""

from __future__ import annotations

import math

from steppe.kernels.air import clamp
from steppe.kernels.jit import physics


@physics
def sine_cosine(angle_rad: float) -> tuple[float, float]:
    """Return sine and cosine for any |angle| up to a few turns: Taylor series of an eighth, doubled three times.

    Error below 1e-11 for |angle| < 2 pi; plain arithmetic, so that lanes stay vectors.
    """
    q = 0.125 * angle_rad
    q2 = q * q
    s = q * (1.0 - q2 / 6.0 * (1.0 - q2 / 20.0 * (1.0 - q2 / 42.0 * (1.0 - q2 / 72.0 * (1.0 - q2 / 110.0)))))
    # v = 1 - cos keeps all digits where the cosine is near one
    v = q2 / 2.0 * (1.0 - q2 / 12.0 * (1.0 - q2 / 30.0 * (1.0 - q2 / 56.0 * (1.0 - q2 / 90.0))))
    s, v = 2.0 * s * (1.0 - v), 2.0 * s * s
    s, v = 2.0 * s * (1.0 - v), 2.0 * s * s
    s, v = 2.0 * s * (1.0 - v), 2.0 * s * s
    return s, 1.0 - v


# The last degrees are approached exponentially with this time: twice the longest step of a steered phase
CREEP_S = 1.0


@physics
def stopping_rate(distance_rad: float, step_s: float, max_acceleration_rad_s2: float) -> float:
    """Return the rate in rad/s at the end of a step of constant acceleration from which the roll can still stop.

    `distance_rad` (>= 0) is what would be left after the step if the rate fell to zero at once. The curve
    rate(left) is left / creep near the command and sqrt(2 a (left - a creep^2 / 2)) beyond a creep^2, where the two
    meet with the same slope, so following it never asks for more than a. With left = distance - step rate / 2 this is
    a quadratic equation: it holds at the end of the step, whatever the step is.
    """
    a = max_acceleration_rad_s2
    near = distance_rad / (CREEP_S + 0.5 * step_s)
    if near <= a * CREEP_S:
        return near
    half = 0.5 * a * step_s
    return math.sqrt(half * half + a * (2.0 * distance_rad - a * CREEP_S * CREEP_S)) - half


@physics
def bank_acceleration(
    bank_rad: float,
    rate_rad_s: float,
    command_rad: float,
    max_rate_rad_s: float,
    max_acceleration_rad_s2: float,
    step_s: float,
) -> float:
    """Return the roll acceleration in rad/s2 that the next step of `step_s` holds.

    Time-optimal switching with both limits: the rate asked for at the end of the step is the one from which the roll
    can still stop at the command without passing it, and the last approach is exponential so that it does not chatter.
    """
    distance = command_rad - bank_rad - 0.5 * step_s * rate_rad_s
    wanted = min(stopping_rate(math.fabs(distance), step_s, max_acceleration_rad_s2), max_rate_rad_s)
    wanted = wanted if distance > 0.0 else -wanted
    return clamp((wanted - rate_rad_s) / (step_s + 1e-9), -max_acceleration_rad_s2, max_acceleration_rad_s2)
