"""Predictor-corrector guidance: fly the rest of the entry in prediction, correct the bank angle, foresee reversals.

After Lu (J. Guidance 37, 1137, 2014) and Johnson, Lu and Stachowiak (NTRS 20160014029): once a second the rest of
the entry is flown in prediction with a constant bank angle, a Newton step on its cosine removes the predicted range
error, and the lateral logic reverses the bank when the prediction for the other side has become good enough.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.kernels.air import clamp
from steppe.kernels.bank import sine_cosine
from steppe.kernels.guide import (
    COSINE,
    CROSS,
    DUE_M,
    DUE_TIME,
    FLIP_TIME,
    LAST_REVERSAL,
    NEXT_PROBE,
    NEXT_RANGE,
    NEXT_SIDE,
    OTHER,
    REVERSALS,
    SIDE,
    SLOPE,
    Guide,
    bank_size,
)
from steppe.kernels.jit import physics
from steppe.kernels.motion import PLANNED, Forces, State, World, build_rates
from steppe.kernels.steppers import build_moved
from steppe.kernels.variants import kept, near_ellipsoid, no_canopy, no_thrust

# What the ship's computer flies: no engines, no canopies, the ellipsoid by series
PREDICTION = PLANNED._replace(
    name="prediction", place=near_ellipsoid, canopies=no_canopy, push=no_thrust, mass_after=kept
)
# Prediction steps: by altitude, and where the load relief may act
_HIGH_STEP_S, _LOW_STEP_S, _HIGH_M = 8.0, 6.0, 70e3
_LOAD_STEP_S, _RELIEF_NEAR = 5.0, 0.9
_SHORTEST_S, _FLIP_REACHED_M_S = 0.5, 1.0
_PREDICTION_LIMIT_S = 1500.0
_NO_FLIPS = (0.0, 0.0)
# Load relief looks this far ahead, about half of what the limited roll needs for a quarter turn, over the scale height
# of the air at the peak load (US Standard Atmosphere 1976, 30 to 50 km: 6.6 to 8.0 km)
_FORESIGHT_S = 6.0
_SCALE_HEIGHT_M = 7.3e3
# Load relief: each g above the limit turns this much cosine up. More brings the load down no further, and where relief
# acts the predictions then swing with it and make metres of a rounding error
_RELIEF_PER_G = 1.4
# Where the reference returns of the plan and of the apparent-velocity law reverse
FIRST_REVERSAL_M_S, SECOND_REVERSAL_M_S = 5300.0, 2100.0
# A change of the cosine large against the noise of the prediction and small against its curvature
_PROBE = 0.05
_LARGEST_CHANGE = 0.1
# Bank stays within 15 and 110 degrees while steering: a reserve of lift both ways
_COSINE_LOW, _COSINE_HIGH = math.cos(math.radians(110.0)), math.cos(math.radians(15.0))
# Below this much range (m) per unit of cosine the bank angle no longer steers
_AUTHORITY_M = 3e3
# Where the predictions of the range expect the reversals, and where the first counts on the second: a fifth of the
# crossrange authority is left there, and half of that where the last reversal may come (measured)
_FIRST_M_S, _SECOND_M_S = 5700.0, 2400.0
_CROSS_TOLERANCE_M = 800.0
_REVERSAL_PAUSE_S = 20.0
# A second reversal is expected where the first left more than this; near the second it is two to four times as much
_CROSS_EXPECTED_M = 5e3
# Below this speed a reversal costs more range than the crossrange it saves; the last look is less than this above it
_LAST_REVERSAL_M_S, _LAST_LOOK_M_S = 1500.0, 50.0
# How long a prediction of the range and its slope hold, as parts of the time to go, once a step is smaller than this
_RANGE_PART, _PROBE_PART, _SETTLED = 0.01, 0.05, 0.01
# A reversal is looked for again after this part of the shortest time in which it can come due, at the latest after
# some seconds: the miss after it grows by 1.4 km/s at most (measured above 2 km/s; it is twice the lateral acceleration
# times the time to go). What it grew by since a look longer ago says nothing
_DUE_PART, _FASTEST_M_S, _IDLE_S, _DUE_KEEPS_S = 0.6, 1400.0, 12.0, 13.0
# One that is due within this comes at once, for a step needs a length
_AT_ONCE_S = 1e-3
# Below this change of range per unit of cosine (m) it is found anew with every prediction: relief may hold it down
_FIRM_M = 20e3
_NEVER_S = 1e30


@physics
def speed_of(state: State) -> float:
    """Return the speed relative to the turning Earth in m/s."""
    return math.sqrt(state[3] * state[3] + state[4] * state[4] + state[5] * state[5])


@physics
def roll_rate(guide: Guide, angle_rad: float) -> float:
    """Return the steady rate in rad/s that turns through an angle in the time that the limited roll needs.

    That time is angle / rate + rate / acceleration once the rate limit is reached, else 2 sqrt(angle / acceleration).
    """
    rate, acceleration = guide.max_rate_rad_s, guide.max_acceleration_rad_s2
    if angle_rad * acceleration > rate * rate:
        return angle_rad / (angle_rad / rate + rate / acceleration)
    return 0.5 * math.sqrt(angle_rad * acceleration) + 1e-6


@physics
def foreseen_load(load_g: float, climb_m_s: float, speed_m_s: float, ahead_s: float = _FORESIGHT_S) -> float:
    """Return the load in g some seconds ahead: it grows with the density below and falls with the speed squared."""
    growth = -climb_m_s / _SCALE_HEIGHT_M - 2.0 * STANDARD_GRAVITY_M_S2 * load_g / (speed_m_s + 1.0)
    return load_g * (1.0 + ahead_s * growth)


@physics
def relieved(guide: Guide, cosine: float, load_g: float) -> float:
    """Return the cosine of the bank angle with lift turned up where the load exceeds its limit."""
    return min(cosine + _RELIEF_PER_G * max(load_g - guide.relief_load_g, 0.0), 1.0)


prediction_rates = build_rates(PREDICTION)
_moved = build_moved(PREDICTION)


@physics
def prediction_step(
    world: World, forces: Forces, time_s: float, state: State, step_s: float, bank: tuple[float, float], k1: State
) -> tuple[State, float, float]:
    """Return the state after a step of the third-order method of Kutta (1901), and sine and cosine of the bank angle.

    `bank` is the bank angle at the start (rad) and its rate (rad/s), `k1` the first stage.
    """
    half = 0.5 * step_s
    sine, cosine = sine_cosine(bank[0] + half * bank[1])
    k2 = prediction_rates(world, forces, time_s + half, _moved(state, half, k1), sine, cosine)
    sine, cosine = sine_cosine(bank[0] + step_s * bank[1])
    later = _moved(_moved(state, -step_s, k1), 2.0 * step_s, k2)
    k3 = prediction_rates(world, forces, time_s + step_s, later, sine, cosine)
    sixth = step_s / 6.0
    return _moved(_moved(_moved(state, sixth, k1), sixth, k3), 4.0 * sixth, k2), sine, cosine


@physics
def prediction_length(
    guide: Guide, altitude_m: float, load_g: float, slowing: tuple[float, float], roll_s: float
) -> float:
    """Return the length of a prediction step in s: longer where little happens, and not past what happens next.

    `slowing` is how far the speed is above that of the next reversal (m/s), and how fast it falls (m/s2); `roll_s` is
    what is left of the roll to the other side.
    """
    step = _HIGH_STEP_S if altitude_m > _HIGH_M else _LOW_STEP_S
    if load_g > _RELIEF_NEAR * guide.relief_load_g:
        step = _LOAD_STEP_S
    if slowing[0] < step * slowing[1]:
        step = max(slowing[0] / slowing[1], _SHORTEST_S)
    return min(step, roll_s) if roll_s > _SHORTEST_S else step


@physics
def predicted_end(
    world: World, forces: Forces, guide: Guide, time_s: float, state: State, bank_rad: float, cosine: float,
    side: float, flip_speeds: tuple[float, float],
) -> tuple[float, float, float]:  # fmt: skip
    """Return the predicted miss at the end altitude, ahead and to the right of the aim point, in m, and the time to it.

    The rest of the entry is flown with the laws of `PREDICTION`: from the present bank angle the capsule rolls at its
    rate limit to the angle asked for (`bank_size`), and changes sides below each of two speeds (m/s; 0: never). An
    entry that does not come down within the time limit counts from where it is then.
    """
    elapsed = 0.0
    flipped = 0
    angle = math.fabs(side * bank_size(guide, cosine, speed_of(state)) - bank_rad)
    turning = roll_rate(guide, angle)
    sine, cosine_bank = sine_cosine(bank_rad)
    last = near_ellipsoid(world.earth, state[0], state[1], state[2])[0] <= guide.end_altitude_m
    while elapsed < _PREDICTION_LIMIT_S and not last:
        altitude, up_x, up_y, up_z = near_ellipsoid(world.earth, state[0], state[1], state[2])
        climb = state[3] * up_x + state[4] * up_y + state[5] * up_z
        speed = speed_of(state)
        rate_of = prediction_rates(world, forces, time_s + elapsed, state, sine, cosine_bank)
        load_g = rate_of[7] / STANDARD_GRAVITY_M_S2
        slowing = -(rate_of[3] * state[3] + rate_of[4] * state[4] + rate_of[5] * state[5]) / speed
        flip = flip_speeds[flipped] if flipped < 2 else 0.0
        if flip > 0.0 and speed < flip + _FLIP_REACHED_M_S:
            side = -side
            flipped += 1
            angle = math.fabs(side * bank_size(guide, cosine, speed) - bank_rad)
            turning = roll_rate(guide, angle)
            flip = flip_speeds[flipped] if flipped < 2 else 0.0
        step = prediction_length(guide, altitude, load_g, (speed - flip, slowing), angle / turning)
        last = climb * step <= guide.end_altitude_m - altitude
        if last:
            step = (guide.end_altitude_m - altitude) / climb
        # The angle is reached at the end of the step, so it is the one that is asked for there
        load_g = foreseen_load(load_g, climb, speed, _FORESIGHT_S + step)
        left = side * bank_size(guide, relieved(guide, cosine, load_g), speed - slowing * step) - bank_rad
        rate = clamp(left / step, -turning, turning)
        angle = math.fabs(left - rate * step)
        state, sine, cosine_bank = prediction_step(
            world, forces, time_s + elapsed, state, step, (bank_rad, rate), rate_of
        )
        bank_rad += rate * step
        elapsed += step
    # What the straight line missed of the end altitude is short enough for another
    altitude, up_x, up_y, up_z = near_ellipsoid(world.earth, state[0], state[1], state[2])
    climb = state[3] * up_x + state[4] * up_y + state[5] * up_z
    rest = clamp((guide.end_altitude_m - altitude) / (climb - 1e-9), -_LOW_STEP_S, _LOW_STEP_S)
    dx = state[0] + rest * state[3] - guide.aim_x_m
    dy = state[1] + rest * state[4] - guide.aim_y_m
    dz = state[2] + rest * state[5] - guide.aim_z_m
    return (
        dx * guide.ahead_x + dy * guide.ahead_y + dz * guide.ahead_z,
        dx * guide.right_x + dy * guide.right_y + dz * guide.right_z,
        elapsed + rest,
    )


@physics
def flips_to_come(speed_m_s: float, reversals: float, cross_m: float) -> tuple[float, float]:
    """Return the speeds of the reversals that are still to come, for the prediction of the range.

    `cross_m` is the miss to the side on the present side; where it is small, no second reversal comes.
    """
    if speed_m_s < _LAST_REVERSAL_M_S:
        return _NO_FLIPS
    if reversals < 0.5:
        return (_FIRST_M_S, _SECOND_M_S if speed_m_s > _SECOND_M_S else 0.0)
    if reversals < 1.5 and math.fabs(cross_m) > _CROSS_EXPECTED_M:
        return (_SECOND_M_S, 0.0)
    return _NO_FLIPS


@physics
def correct_range(
    world: World, forces: Forces, guide: Guide, time_s: float, state: State, bank_rad: float,
    memory: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Take one Newton step on the cosine of the bank angle, where one is due.

    A roll through lift up adds range, so the reversals still to come take part in the prediction. While little changes,
    the next prediction can wait for a part of the time to go, and the change of range with the cosine for a longer one.
    """
    soon = time_s + 0.5 * guide.period_s
    if soon < memory[NEXT_RANGE]:
        return
    cosine, side = memory[COSINE], memory[SIDE]
    speed = speed_of(state)
    flips = flips_to_come(speed, memory[REVERSALS], memory[CROSS])
    ahead, _, left_s = predicted_end(world, forces, guide, time_s, state, bank_rad, cosine, side, flips)
    if soon > memory[NEXT_PROBE]:
        probe = cosine + _PROBE if cosine < 0.5 else cosine - _PROBE
        probed, _, _ = predicted_end(world, forces, guide, time_s, state, bank_rad, probe, side, flips)
        memory[SLOPE] = (probed - ahead) / (probe - cosine)
        memory[NEXT_PROBE] = time_s + (_PROBE_PART * left_s if memory[SLOPE] > _FIRM_M else 0.0)
    memory[NEXT_RANGE] = time_s + _RANGE_PART * left_s
    if memory[SLOPE] > _AUTHORITY_M:
        change = clamp(-ahead / memory[SLOPE], -_LARGEST_CHANGE, _LARGEST_CHANGE)
        memory[COSINE] = clamp(cosine + change, _COSINE_LOW, _COSINE_HIGH)
        if math.fabs(change) > _SETTLED:
            memory[NEXT_RANGE] = time_s
    elif speed < _LAST_REVERSAL_M_S:
        memory[NEXT_RANGE] = _NEVER_S


@physics
def reverse(memory: npt.NDArray[np.float64], time_s: float) -> None:
    """Reverse the bank now; the range and its slope are to be found anew."""
    memory[SIDE] = -memory[SIDE]
    memory[REVERSALS] += 1.0
    memory[LAST_REVERSAL] = time_s
    memory[CROSS] = memory[OTHER]
    memory[NEXT_RANGE] = memory[NEXT_PROBE] = memory[NEXT_SIDE] = time_s
    memory[DUE_TIME] = time_s - 1e9
    memory[FLIP_TIME] = _NEVER_S


@physics
def choose_side(
    world: World, forces: Forces, guide: Guide, time_s: float, state: State, bank_rad: float,
    memory: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Reverse the bank at the moment from which the prediction with the reversals still to come meets the aim.

    The first reversal is followed by another at a fixed speed, so the prediction of it has both; a later one must meet
    the aim alone. The miss so predicted grows through zero at the right moment: how fast it comes says when to look
    again, and, within a period of it, when to reverse.
    """
    if memory[FLIP_TIME] < time_s + 1e-6:
        reverse(memory, time_s)
        return
    # Half a period on, so that rounding cannot move a call from one second to the next
    soon = time_s + 0.5 * guide.period_s
    speed = speed_of(state)
    if soon < memory[NEXT_SIDE] or soon < memory[LAST_REVERSAL] + _REVERSAL_PAUSE_S or speed < _LAST_REVERSAL_M_S:
        return
    side, cosine = memory[SIDE], memory[COSINE]
    _, present, _ = predicted_end(world, forces, guide, time_s, state, bank_rad, cosine, side, _NO_FLIPS)
    memory[CROSS] = present
    memory[NEXT_SIDE] = time_s + _IDLE_S
    if present * side < _CROSS_TOLERANCE_M:
        return
    back_m_s = _SECOND_M_S if memory[REVERSALS] < 0.5 and speed > _SECOND_M_S else 0.0
    _, other, _ = predicted_end(world, forces, guide, time_s, state, bank_rad, cosine, -side, (back_m_s, 0.0))
    due = other * side
    since_s = time_s - memory[DUE_TIME]
    growth = max(due - memory[DUE_M], 0.0) / since_s if since_s < _DUE_KEEPS_S else 0.0
    memory[DUE_M], memory[DUE_TIME] = due, time_s
    # What the first leaves is not predicted; that it is much says that another comes
    memory[OTHER] = other if back_m_s == 0.0 else -2.0 * side * _CROSS_EXPECTED_M
    # The last moment serves as well where it leaves less than half
    last = speed < _LAST_REVERSAL_M_S + _LAST_LOOK_M_S and -due < 0.5 * present * side
    if due + growth * _AT_ONCE_S > 0.0 or last:
        reverse(memory, time_s)
        return
    if -due < growth * guide.period_s:
        memory[FLIP_TIME] = time_s - due / growth
    memory[NEXT_SIDE] = time_s + min(-_DUE_PART * due / _FASTEST_M_S, _IDLE_S)
