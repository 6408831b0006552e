"""Apparent-velocity guidance: what a ship with an accelerometer and a clock can do.

The summed sensed acceleration W tells how much speed is gone, and so the speed; the clock tells when. Read once at the
start, the clock gives the error of the entry time and with it the range that is needed; from then on the distance flown
is summed from the speed that belongs to W, and the bank angle is the one whose reference entry covers the rest.
After the public descriptions of the Soyuz automatic descent (RSC Energia, www1.ru 2025: entry time errors of 30 s or
240 km are absorbed); the law itself was never published.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.kernels.air import clamp
from steppe.kernels.guide import COSINE, FLOWN_M, REVERSALS, SIDE, SLOPE, WANTED_M, Guide, Reference
from steppe.kernels.jit import physics

# As for the predictor-corrector: a reserve of lift both ways
_COSINE_LOW, _COSINE_HIGH = math.cos(math.radians(110.0)), math.cos(math.radians(15.0))
# Range lost per second of lateness, over the speed at the trigger (7.5 km/s over ground). A late ignition moves the
# entry along at the ground speed of the orbit, 7.0 km/s; a weak burn at 7.8 km/s. The clock cannot tell them apart
PACE = 0.97
# Below this change of range per unit of cosine the summed distance is no longer good enough to steer by
_AUTHORITY_M = 40e3


@physics
def reference_speed(reference: Reference, sensed_m_s: float) -> float:
    """Return the speed over ground in m/s that belongs to an apparent velocity."""
    last = reference.speed_m_s.shape[0] - 1
    at = clamp(sensed_m_s / reference.velocity_step_m_s, 0.0, last - 1e-9)
    i = int(at)
    return reference.speed_m_s[i] + (at - i) * (reference.speed_m_s[i + 1] - reference.speed_m_s[i])


@physics
def range_to_go(reference: Reference, angle: int, sensed_m_s: float) -> float:
    """Return the range in m that one reference entry still covers."""
    table = reference.range_to_go_m
    at = clamp(sensed_m_s / reference.velocity_step_m_s, 0.0, table.shape[1] - 1 - 1e-9)
    i = int(at)
    return table[angle, i] + (at - i) * (table[angle, i + 1] - table[angle, i])


@physics
def cosine_for_range(reference: Reference, sensed_m_s: float, wanted_m: float) -> tuple[float, float]:
    """Return the cosine of the bank angle whose reference entry covers a range, and the range per unit of cosine."""
    angles = reference.range_to_go_m.shape[0]
    low = range_to_go(reference, 0, sensed_m_s)
    for angle in range(1, angles):
        high = range_to_go(reference, angle, sensed_m_s)
        if wanted_m <= high or angle == angles - 1:
            slope = (high - low) / reference.cosine_step
            part = (wanted_m - low) / (high - low) if high - low > 1.0 else 0.5
            return reference.first_cosine + (angle - 1 + part) * reference.cosine_step, slope
        low = high
    return reference.first_cosine, 0.0


@physics
def read_clock(
    reference: Reference, time_s: float, sensed_m_s: float, load_m_s2: float, memory: npt.NDArray[np.float64]
) -> float:
    """Read the clock once: returns the error of the entry time in s and leaves the range that is needed.

    The trigger lies part of a guidance period back: the excess of sensed velocity over the present load says how much.
    A late entry has flown on at the speed of the orbit, so less range is left, by about speed times lateness.
    """
    speed = reference_speed(reference, sensed_m_s)
    since_s = (sensed_m_s - reference.trigger_m_s) / (load_m_s2 + 1e-9)
    late_s = time_s - since_s - reference.trigger_time_s
    memory[WANTED_M] = reference.trigger_range_m - PACE * speed * late_s
    memory[FLOWN_M] = speed * since_s
    return late_s


@physics
def steer_by_apparent_velocity(guide: Guide, sensed_m_s: float, memory: npt.NDArray[np.float64]) -> None:
    """Set the cosine and the side of the bank angle from the apparent velocity."""
    reference = guide.reference
    wanted = memory[WANTED_M] - memory[FLOWN_M]
    cosine, slope = cosine_for_range(reference, sensed_m_s, wanted)
    memory[SLOPE] = slope
    if slope > _AUTHORITY_M:
        memory[COSINE] = clamp(cosine, _COSINE_LOW, _COSINE_HIGH)
    memory[FLOWN_M] += guide.period_s * reference_speed(reference, sensed_m_s)
    first = memory[REVERSALS] < 0.5 and sensed_m_s > reference.reversal_m_s
    second = memory[REVERSALS] > 0.5 and memory[REVERSALS] < 1.5 and sensed_m_s > reference.second_reversal_m_s
    if first or second:
        memory[SIDE] = -memory[SIDE]
        memory[REVERSALS] += 1.0
