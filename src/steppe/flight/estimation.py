"""Estimates the present state from telemetry: an extended Kalman filter with what is not gravity as a state of its own.

State: position and velocity (ITRF), and the acceleration by all but gravity (air, engine, canopy) as a first-order
Gauss-Markov process (Gelb, Applied Optimal Estimation, 1974, section 3.8). Gravity and the turning of the Earth are
those of the flight. So the filter needs to know neither the phase nor the attitude (docs/models/telemetry-filter.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from steppe.kernels.earth import Earth, altitude_and_up, gravity

Array = npt.NDArray[np.float64]

# Assumed, from the flight of the model: the sensed acceleration of an entry reaches 40 m/s2 and changes in about 20 s
ACCELERATION_SD_M_S2 = 15.0
ACCELERATION_TIME_S = 20.0
# Innovations beyond this share of a chi-square with 3 degrees of freedom count as a jump (0.1 %: 16.27)
JUMP_CHI2 = 16.27
# So many jumps in a row, and the feed is believed again
_BELIEVED_AFTER = 3
_LARGEST_STEP_S = 2.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One packet: seconds after the epoch, position and, where known, velocity (ITRF, SI), and their errors."""

    time_s: float
    position_m: tuple[float, float, float]
    velocity_m_s: tuple[float, float, float] | None
    position_sd_m: float
    velocity_sd_m_s: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the filter believes at one moment.

    Attributes
    ----------
    time_s
        Seconds after the epoch.
    mean
        Position (m), velocity (m/s), acceleration without gravity (m/s2), shape (9,), ITRF.
    covariance
        Shape (9, 9).
    residual_m
        Distance of the last measured position from the predicted one.
    jumped
        Whether the last packet was too far off to be believed.
    refused
        How many packets in a row were.
    """

    time_s: float
    mean: Array
    covariance: Array
    residual_m: float = 0.0
    jumped: bool = False
    refused: int = 0

    @property
    def position_sd_m(self) -> float:
        """Root of the mean variance of the three position components, m."""
        return math.sqrt(float(np.trace(self.covariance[:3, :3])) / 3.0)

    def drawn(self, count: int, seed: int = 1) -> list[Array]:
        """Return positions and velocities drawn from the uncertainty, each shape (6,); the first is the mean."""
        root = np.linalg.cholesky(self.covariance[:6, :6] + 1e-12 * np.eye(6))
        normals = np.random.default_rng(seed).standard_normal((count, 6))
        normals[0] = 0.0
        return [self.mean[:6] + root @ row for row in normals]


def first_estimate(seen: Measurement) -> Estimate:
    """Return the estimate after a first packet; without a velocity it is open to 8 km/s."""
    mean = np.zeros(9)
    mean[:3] = seen.position_m
    sd = [seen.position_sd_m] * 3 + [8000.0] * 3 + [ACCELERATION_SD_M_S2] * 3
    if seen.velocity_m_s is not None:
        mean[3:6] = seen.velocity_m_s
        sd[3:6] = [seen.velocity_sd_m_s] * 3
    return Estimate(seen.time_s, mean, np.diag(np.square(sd)))


def predicted(earth: Earth, last: Estimate, time_s: float) -> Estimate:
    """Return the estimate at a later moment without new measurements."""
    mean, covariance = last.mean.copy(), last.covariance
    left = time_s - last.time_s
    steps = max(math.ceil(left / _LARGEST_STEP_S), 1)
    for _ in range(steps if left > 0.0 else 0):
        step = left / steps
        transition = _transition(earth, mean, step)
        mean = _moved(earth, mean, step)
        covariance = transition @ covariance @ transition.T + _noise(step)
    return replace(last, time_s=time_s, mean=mean, covariance=0.5 * (covariance + covariance.T))


def updated(earth: Earth, last: Estimate, seen: Measurement) -> Estimate:
    """Return the estimate after one more packet, not earlier than the last.

    A packet farther off than `JUMP_CHI2` is refused and flagged; the third in a row starts the filter anew.
    """
    here = predicted(earth, last, seen.time_s)
    rows = 6 if seen.velocity_m_s is not None else 3
    measured = np.array([*seen.position_m, *(seen.velocity_m_s or ())])
    sd = np.array([seen.position_sd_m] * 3 + [seen.velocity_sd_m_s] * 3)[:rows]
    off = measured - here.mean[:rows]
    spread = here.covariance[:rows, :rows] + np.diag(sd * sd)
    chi2 = float(off[:3] @ np.linalg.solve(spread[:3, :3], off[:3]))
    residual_m = float(np.linalg.norm(off[:3]))
    if chi2 > JUMP_CHI2:
        if last.refused + 1 >= _BELIEVED_AFTER:
            return replace(first_estimate(seen), residual_m=residual_m, jumped=True)
        return replace(here, residual_m=residual_m, jumped=True, refused=last.refused + 1)
    gain = np.linalg.solve(spread, here.covariance[:rows]).T
    kept = np.eye(9)
    kept[:, :rows] -= gain
    # Joseph's form stays symmetric and positive
    covariance = kept @ here.covariance @ kept.T + gain @ np.diag(sd * sd) @ gain.T
    return Estimate(seen.time_s, here.mean + gain @ off, covariance, residual_m)


def _field(earth: Earth, position: Array, velocity: Array) -> Array:
    """Return gravity and the accelerations of the turning frame in m/s2."""
    x, y, z = (float(value) for value in position)
    _, up_x, up_y, up_z = altitude_and_up(earth, x, y, z)
    pull: Array = np.array(gravity(earth, x, y, z, up_x, up_y, up_z))
    rate = earth.rotation_rad_s
    u, v = float(velocity[0]), float(velocity[1])
    turning: Array = np.array([rate * rate * x + 2.0 * rate * v, rate * rate * y - 2.0 * rate * u, 0.0])
    return pull + turning


def _rates(earth: Earth, mean: Array) -> Array:
    rest = mean[6:9]
    field = _field(earth, mean[:3], mean[3:6])
    rates: Array = np.concatenate([mean[3:6], field + rest, -rest / ACCELERATION_TIME_S])
    return rates


def _moved(earth: Earth, mean: Array, step: float) -> Array:
    """Take one step of the classical Runge-Kutta method."""
    k1 = _rates(earth, mean)
    k2 = _rates(earth, mean + 0.5 * step * k1)
    k3 = _rates(earth, mean + 0.5 * step * k2)
    k4 = _rates(earth, mean + step * k3)
    moved: Array = mean + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return moved


def _transition(earth: Earth, mean: Array, step: float) -> Array:
    """Return how a small error grows over a step: the exponential of the Jacobian to the third order."""
    radius = float(np.linalg.norm(mean[:3]))
    up = mean[:3] / radius
    slope = earth.gm / radius**3 * (3.0 * np.outer(up, up) - np.eye(3))
    rate = earth.rotation_rad_s
    slope[0, 0] += rate * rate
    slope[1, 1] += rate * rate
    jacobian = np.zeros((9, 9))
    jacobian[:3, 3:6] = np.eye(3)
    jacobian[3:6, :3] = slope
    jacobian[3, 4], jacobian[4, 3] = 2.0 * rate, -2.0 * rate
    jacobian[3:6, 6:9] = np.eye(3)
    jacobian[6:9, 6:9] = -np.eye(3) / ACCELERATION_TIME_S
    small = jacobian * step
    grown: Array = np.eye(9) + small + small @ small / 2.0 + small @ small @ small / 6.0
    return grown


def _noise(step: float) -> Array:
    """Return the covariance that the acceleration adds in a step (white noise on its rate, integrated)."""
    strength = 2.0 * ACCELERATION_SD_M_S2**2 / ACCELERATION_TIME_S
    t = step
    block = np.array(
        [
            [t**5 / 20.0, t**4 / 8.0, t**3 / 6.0],
            [t**4 / 8.0, t**3 / 3.0, t**2 / 2.0],
            [t**3 / 6.0, t**2 / 2.0, t],
        ]
    )
    noise: Array = np.kron(strength * block, np.eye(3)).astype(np.float64)
    return noise
