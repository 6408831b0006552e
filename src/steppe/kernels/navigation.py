"""What the ship knows: accelerometers with errors, and a position integrated from them since the last update.

Guidance never sees the true state. The accelerometers give the change of velocity that gravity did not make; scale,
bias and platform drift spoil it; position and velocity are integrated from it with the on-board gravity.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.kernels.earth import altitude_and_up, gravity
from steppe.kernels.jit import physics
from steppe.kernels.motion import State, World

# What navigation remembers
(PLACE, SPEED, PULSE, INTERVAL, SENSED, STARTED, READY) = (0, 3, 6, 9, 10, 11, 12)
NAVIGATION_SIZE = 13


class Sensors(NamedTuple):
    """Errors of the navigation; all zero for a perfect one. Vectors are ITRF components.

    Attributes
    ----------
    scale
        Scale factor error of the accelerometers.
    bias_x, bias_y, bias_z
        Bias of the accelerometers in m/s2.
    drift_x, drift_y, drift_z
        Drift of the platform in rad/s.
    place_x, place_y, place_z, speed_x, speed_y, speed_z
        Error of position (m) and velocity (m/s) at the last update.
    """

    scale: float
    bias_x: float
    bias_y: float
    bias_z: float
    drift_x: float
    drift_y: float
    drift_z: float
    place_x: float
    place_y: float
    place_z: float
    speed_x: float
    speed_y: float
    speed_z: float


@physics
def unfelt_acceleration(world: World, x: float, y: float, z: float, u: float, v: float) -> tuple[float, float, float]:
    """Return what no accelerometer feels, in m/s2 (ITRF): gravity, Coriolis and centrifugal acceleration."""
    earth = world.earth
    _, up_x, up_y, up_z = altitude_and_up(earth, x, y, z)
    pull_x, pull_y, pull_z = gravity(earth, x, y, z, up_x, up_y, up_z)
    spin = earth.rotation_rad_s
    return pull_x + 2.0 * spin * v + spin * spin * x, pull_y - 2.0 * spin * u + spin * spin * y, pull_z


@physics
def update_navigation(sensors: Sensors, time_s: float, state: State, nav: npt.NDArray[np.float64]) -> None:
    """Set the navigated state by an update from outside: the true one with the errors of the update."""
    nav[PLACE] = state[0] + sensors.place_x
    nav[PLACE + 1] = state[1] + sensors.place_y
    nav[PLACE + 2] = state[2] + sensors.place_z
    nav[SPEED] = state[3] + sensors.speed_x
    nav[SPEED + 1] = state[4] + sensors.speed_y
    nav[SPEED + 2] = state[5] + sensors.speed_z
    nav[PULSE : PULSE + 3] = 0.0
    nav[INTERVAL] = 0.0
    nav[SENSED] = 0.0
    nav[STARTED] = time_s
    nav[READY] = 1.0


@physics
def sensed_pulse(
    world: World, sensors: Sensors, elapsed_s: float, before: State, after: State, step_s: float
) -> tuple[float, float, float]:
    """Return the change of velocity in m/s that the accelerometers report for a step, with their errors.

    The true one is the change of velocity less gravity and the turning frame, by the trapezoid over the step.
    """
    ax, ay, az = unfelt_acceleration(world, before[0], before[1], before[2], before[3], before[4])
    bx, by, bz = unfelt_acceleration(world, after[0], after[1], after[2], after[3], after[4])
    half = 0.5 * step_s
    px = after[3] - before[3] - half * (ax + bx)
    py = after[4] - before[4] - half * (ay + by)
    pz = after[5] - before[5] - half * (az + bz)
    tx, ty, tz = sensors.drift_x * elapsed_s, sensors.drift_y * elapsed_s, sensors.drift_z * elapsed_s
    gain = 1.0 + sensors.scale
    return (
        gain * px + ty * pz - tz * py + sensors.bias_x * step_s,
        gain * py + tz * px - tx * pz + sensors.bias_y * step_s,
        gain * pz + tx * py - ty * px + sensors.bias_z * step_s,
    )


@physics
def navigate(
    world: World, sensors: Sensors, time_s: float, before: State, after: State, step_s: float,
    nav: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Carry the navigated state over a step that began at `time_s`, with the on-board gravity.

    The trapezoid of Heun, as in the accelerometers: with perfect sensors the two cancel, and what is left after the
    entry is the trapezoid of the position, metres.
    """
    px, py, pz = sensed_pulse(world, sensors, time_s - nav[STARTED], before, after, step_s)
    half = 0.5 * step_s
    u, v, w = nav[SPEED], nav[SPEED + 1], nav[SPEED + 2]
    x, y, z = nav[PLACE], nav[PLACE + 1], nav[PLACE + 2]
    fx, fy, fz = unfelt_acceleration(world, x, y, z, u, v)
    u1, v1, w1 = u + px + step_s * fx, v + py + step_s * fy, w + pz + step_s * fz
    gx, gy, gz = unfelt_acceleration(world, x + half * (u + u1), y + half * (v + v1), z + half * (w + w1), u1, v1)
    nav[SPEED] = u + px + half * (fx + gx)
    nav[SPEED + 1] = v + py + half * (fy + gy)
    nav[SPEED + 2] = w + pz + half * (fz + gz)
    nav[PLACE] += half * (u + nav[SPEED])
    nav[PLACE + 1] += half * (v + nav[SPEED + 1])
    nav[PLACE + 2] += half * (w + nav[SPEED + 2])
    nav[PULSE], nav[PULSE + 1], nav[PULSE + 2] = px, py, pz
    nav[INTERVAL] = step_s
    nav[SENSED] += math.sqrt(px * px + py * py + pz * pz)


@physics
def navigated_state(nav: npt.NDArray[np.float64], mass_kg: float) -> State:
    """Return the navigated state; the sensed velocity is that of the accelerometers since the last update."""
    return (
        nav[PLACE],
        nav[PLACE + 1],
        nav[PLACE + 2],
        nav[SPEED],
        nav[SPEED + 1],
        nav[SPEED + 2],
        mass_kg,
        nav[SENSED],
    )


@physics
def platform_tilt(sensors: Sensors, elapsed_s: float) -> float:
    """Return how far the platform has drifted since the last update, in rad."""
    x, y, z = sensors.drift_x, sensors.drift_y, sensors.drift_z
    return elapsed_s * math.sqrt(x * x + y * y + z * z)
