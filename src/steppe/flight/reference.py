"""The reference entries of the apparent-velocity guidance: flown on the ground before the flight."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from steppe.kernels.apparent import PACE
from steppe.kernels.derive import reference_entry
from steppe.kernels.guide import Guide, Reference
from steppe.kernels.motion import World
from steppe.kernels.predictor import FIRST_REVERSAL_M_S, SECOND_REVERSAL_M_S

Array = npt.NDArray[np.float64]

# Bank angles of the family, from 107 to 18 degrees
_COSINES = np.linspace(-0.3, 0.95, 26)
_VELOCITY_STEP_M_S = 25.0
_STEP_S = 0.5
# Where the first reversal goes when the usual one leaves a crossrange that no second removes: the predictor-corrector
# reverses between 6500 and 4400 m/s on the published returns
_OTHER_FIRST_M_S = (5800.0, 6300.0, 6800.0, 4700.0, 4200.0, 3700.0)
# As the predictor-corrector, no reversal below this
_LATEST_SECOND_M_S = 1500.0
_LONGEST_S = 1500.0
# The clock is read when the ship has felt this much (plasma entry of MS-11, CSA: 80.4 km, about 26 m/s in our flight)
TRIGGER_M_S = 26.0


@dataclass(frozen=True, slots=True)
class Absorbed:
    """How far off the entry may be for the apparent-velocity law: early (short) and late (long), in s and m."""

    early_s: float
    late_s: float
    short_m: float
    long_m: float


@dataclass(frozen=True, slots=True)
class Start:
    """Where the reference entries start: a recorded sample at the start of the guidance and the phase flown there.

    `sensed_before_m_s` is the sensed velocity of the sample that navigation has not felt (before its last update).
    """

    sample: Array
    row: Array
    sensed_before_m_s: float


def build_reference(world: World, guide: Guide, start: Start) -> tuple[Reference, Absorbed]:
    """Fly the family of reference entries and the nominal one; return the record for the kernels.

    Every entry turns its lift twice, for a roll through lift up adds range; the second reversal is placed where it
    removes the crossrange of the nominal entry.
    """
    first, second = _reversals(world, guide, start)
    curves = []
    for cosine in _COSINES:
        rows = _entry(world, guide, start, float(cosine), (first, second))
        curves.append((rows[:, 1], rows[-1, 2] - rows[:, 2]))
    longest = max(sensed[-1] for sensed, _ in curves)
    grid = np.arange(0.0, longest + _VELOCITY_STEP_M_S, _VELOCITY_STEP_M_S)
    to_go = np.array([np.interp(grid, sensed, left, left=left[0], right=0.0) for sensed, left in curves])
    # More lift up goes farther at every apparent velocity; where the end of a curve breaks that, the order is restored
    to_go = np.maximum.accumulate(to_go, axis=0)
    nominal = _entry(world, guide, start, guide.reference_cosine, (first, second))
    sensed = nominal[:, 1]
    speed = np.interp(grid, sensed, nominal[:, 3])
    trigger = max(TRIGGER_M_S, float(sensed[0]) + 1.0)
    trigger_range = float(nominal[-1, 2] - np.interp(trigger, sensed, nominal[:, 2]))
    reference = Reference(
        range_to_go_m=np.ascontiguousarray(to_go),
        speed_m_s=np.ascontiguousarray(speed),
        first_cosine=float(_COSINES[0]),
        cosine_step=float(_COSINES[1] - _COSINES[0]),
        velocity_step_m_s=_VELOCITY_STEP_M_S,
        trigger_m_s=trigger,
        trigger_time_s=float(np.interp(trigger, sensed, nominal[:, 0])),
        trigger_range_m=trigger_range,
        reversal_m_s=_sensed_at(nominal, first),
        second_reversal_m_s=_sensed_at(nominal, second) if second > 0.0 else 1e30,
    )
    at_trigger = np.array([np.interp(trigger, grid, row) for row in to_go])
    pace = PACE * float(np.interp(trigger, grid, speed))
    # What the bank angle can make up, and no more than the clock is trusted with: beyond it the descent is ballistic
    trusted_m = guide.trips.corridor_s * pace
    short_m = min(float(at_trigger[-1]) - trigger_range, trusted_m)
    long_m = min(trigger_range - float(at_trigger[0]), trusted_m)
    return reference, Absorbed(short_m / pace, long_m / pace, short_m, long_m)


def _entry(world: World, guide: Guide, start: Start, cosine: float, flips: tuple[float, float]) -> Array:
    output = np.zeros((int(_LONGEST_S / _STEP_S), 5))
    count = reference_entry(world, guide, start.row, start.sample, cosine, guide.first_side, flips, _STEP_S, output)
    rows = output[:count]
    rows[:, 1] -= start.sensed_before_m_s
    return rows


def _reversals(world: World, guide: Guide, start: Start) -> tuple[float, float]:
    """Return the speeds of the two reversals in m/s; the first moves where no second removes the crossrange."""
    for first in (FIRST_REVERSAL_M_S, *_OTHER_FIRST_M_S):
        second = _second_reversal(world, guide, start, first)
        if second > 0.0:
            return first, second
    return FIRST_REVERSAL_M_S, SECOND_REVERSAL_M_S


def _second_reversal(world: World, guide: Guide, start: Start, first: float) -> float:
    """Return the speed of the second reversal that leaves no crossrange, by bisection; 0 where none does."""

    def miss(speed: float) -> float:
        rows = _entry(world, guide, start, guide.reference_cosine, (first, speed))
        return float(rows[-1, 4])

    low, high = _LATEST_SECOND_M_S, first - 500.0
    miss_low, miss_high = miss(low), miss(high)
    if miss_low * miss_high > 0.0:
        return 0.0
    for _ in range(20):
        middle = 0.5 * (low + high)
        value = miss(middle)
        if value * miss_low > 0.0:
            low, miss_low = middle, value
        else:
            high = middle
        if high - low < 1.0:
            break
    return 0.5 * (low + high)


def _sensed_at(rows: Array, speed_m_s: float) -> float:
    """Return the apparent velocity where the speed over ground falls below a value."""
    below = np.flatnonzero(rows[:, 3] < speed_m_s)
    return float(rows[below[0], 1]) if below.size else math.inf
