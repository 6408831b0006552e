"""What guidance is told before the entry, and what it remembers from call to call."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.kernels.air import clamp
from steppe.kernels.jit import physics
from steppe.kernels.navigation import Sensors

# Laws
OPEN_LOOP, PREDICTOR_CORRECTOR, BALLISTIC, APPARENT_VELOCITY = 0, 1, 2, 3

# What the guidance remembers
(
    LAW, COSINE, SIDE, NEXT_TIME, SLOPE, REVERSALS, LAST_REVERSAL, COMMAND, CROSS, CALLS, DRAG_RATIO, LIFT_RATIO,
    OVERLOAD_SINCE, FLOWN_M, WANTED_M, TRIPPED_S, DUE_M, DUE_TIME, NEXT_RANGE, NEXT_PROBE, NEXT_SIDE,
    FLIP_TIME, OTHER,
) = range(23)  # fmt: skip
MEMORY_SIZE = 23


class Reference(NamedTuple):
    """A family of reference entries at constant bank angles, against the apparent velocity.

    Attributes
    ----------
    range_to_go_m
        Shape (angles, samples): range from an apparent velocity to the parachute command.
    speed_m_s
        Shape (samples,): speed over ground of the nominal entry.
    first_cosine, cosine_step
        Cosines of the bank angles.
    velocity_step_m_s
        Apparent velocity between samples; the first sample is at zero.
    trigger_m_s
        Apparent velocity at which the clock is read.
    trigger_time_s
        When the nominal entry reaches it.
    trigger_range_m
        Range from there to the parachute command that the plan needs.
    reversal_m_s, second_reversal_m_s
        Apparent velocities of the planned reversals.
    """

    range_to_go_m: npt.NDArray[np.float64]
    speed_m_s: npt.NDArray[np.float64]
    first_cosine: float
    cosine_step: float
    velocity_step_m_s: float
    trigger_m_s: float
    trigger_time_s: float
    trigger_range_m: float
    reversal_m_s: float
    second_reversal_m_s: float


class Trips(NamedTuple):
    """What sends the ship into the ballistic descent.

    Attributes
    ----------
    command_s
        Seconds after the start of the guidance at which the crew or the ground commands it.
    load_g, load_time_s
        Sensed load, and how long it must last.
    tilt_rad
        Tilt of the platform.
    corridor_s
        Largest error of the entry time that the apparent-velocity law accepts.
    """

    command_s: float
    load_g: float
    load_time_s: float
    tilt_rad: float
    corridor_s: float


class Guide(NamedTuple):
    """What the guidance is told before the entry.

    Attributes
    ----------
    law
        One of the constants of this module.
    period_s
        Time between two calls in s.
    end_altitude_m
        Geodetic altitude at which the range counts (parachute command).
    aim_x_m, aim_y_m, aim_z_m
        Aim point at that altitude (ITRF).
    ahead_x, ahead_y, ahead_z
        Horizontal unit vector of the planned course at the aim point (ITRF).
    right_x, right_y, right_z
        Horizontal unit vector to the right of it.
    reference_cosine
        Cosine of the nominal bank angle.
    cosine_per_m_s
        How the cosine of the bank angle changes with speed, about `PIVOT_M_S`.
    first_side
        +1 to start with lift to the right, -1 to the left.
    max_rate_rad_s, max_acceleration_rad_s2
        Roll limits.
    ballistic_rate_rad_s
        Roll rate of the ballistic descent.
    relief_load_g
        Sensed load above which lift is turned up.
    table
        Open-loop bank angle against time since the start of the guidance, shape (n, 2): s, rad.
    reference
        For the apparent-velocity law.
    trips
        What ends the guided descent.
    sensors
        Errors of the navigation.
    """

    law: int
    period_s: float
    end_altitude_m: float
    aim_x_m: float
    aim_y_m: float
    aim_z_m: float
    ahead_x: float
    ahead_y: float
    ahead_z: float
    right_x: float
    right_y: float
    right_z: float
    reference_cosine: float
    cosine_per_m_s: float
    first_side: float
    max_rate_rad_s: float
    max_acceleration_rad_s2: float
    ballistic_rate_rad_s: float
    relief_load_g: float
    table: npt.NDArray[np.float64]
    reference: Reference
    trips: Trips
    sensors: Sensors


# The bank profile turns about this speed
PIVOT_M_S = 4000.0


@physics
def bank_size(guide: Guide, cosine: float, speed_m_s: float) -> float:
    """Return the size of the bank angle in rad at a speed; its cosine is linear in speed (Lu 2014: in energy)."""
    return math.acos(clamp(cosine + guide.cosine_per_m_s * (speed_m_s - PIVOT_M_S), -1.0, 1.0))
