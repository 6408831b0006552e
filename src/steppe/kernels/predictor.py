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
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.guide import COSINE, CROSS, DUE_M, DUE_TIME, LAST_REVERSAL, REVERSALS, SIDE, SLOPE, Guide, bank_size
from steppe.kernels.jit import physics
from steppe.kernels.motion import Forces, State, World
from steppe.kernels.steppers import rk4

# Prediction steps: 8 s above 70 km, 2 s below; 4 s are too coarse for the load relief and the miss to the side
_HIGH_STEP_S, _LOW_STEP_S, _HIGH_M = 8.0, 2.0, 70e3
_PREDICTION_LIMIT_S = 1500.0
_NO_FLIPS = (0.0, 0.0)
# Load relief looks this far ahead, about half of what the limited roll needs for a quarter turn, over the scale height
# of the air at the peak load (US Standard Atmosphere 1976, 30 to 50 km: 6.6 to 8.0 km)
_FORESIGHT_S = 6.0
_SCALE_HEIGHT_M = 7.3e3
# Load relief: each g above the limit turns this much cosine up
_RELIEF_PER_G = 1.8
# Where the lateral logic below reverses on the reference returns
FIRST_REVERSAL_M_S, SECOND_REVERSAL_M_S = 5300.0, 2100.0
# A change of the cosine large against the noise of the prediction and small against its curvature
_PROBE = 0.05
_LARGEST_CHANGE = 0.1
# Bank stays within 15 and 110 degrees while steering: a reserve of lift both ways
_COSINE_LOW, _COSINE_HIGH = math.cos(math.radians(110.0)), math.cos(math.radians(15.0))
# Below this much range (m) per unit of cosine the bank angle no longer steers
_AUTHORITY_M = 3e3
# The first reversal comes while the predicted miss after it is still this part of the present one, on the other side:
# the second then removes the remainder exactly, where a third of the crossrange authority is left. A first reversal
# below the speed given must remove the miss alone. Later ones mend what dispersions leave
_FIRST_REMAINDER = 0.35
_SINGLE_REVERSAL_M_S = 4000.0
_CROSS_TOLERANCE_M = 800.0
_REVERSAL_PAUSE_S = 20.0
# A second reversal is expected where the first left more than this; near the second it is two to four times as much
_CROSS_EXPECTED_M = 5e3
# Below this speed a reversal costs more range than the crossrange it saves
_LAST_REVERSAL_M_S = 1500.0


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
def foreseen_load(load_g: float, climb_m_s: float, speed_m_s: float) -> float:
    """Return the load in g some seconds ahead: it grows with the density below and falls with the speed squared."""
    growth = -climb_m_s / _SCALE_HEIGHT_M - 2.0 * STANDARD_GRAVITY_M_S2 * load_g / (speed_m_s + 1.0)
    return load_g * (1.0 + _FORESIGHT_S * growth)


@physics
def relieved(guide: Guide, cosine: float, load_g: float) -> float:
    """Return the cosine of the bank angle with lift turned up where the load exceeds its limit."""
    return min(cosine + _RELIEF_PER_G * max(load_g - guide.relief_load_g, 0.0), 1.0)


@physics
def predicted_end(
    world: World, forces: Forces, guide: Guide, time_s: float, state: State, bank_rad: float, cosine: float,
    side: float, flip_speeds: tuple[float, float],
) -> tuple[float, float]:  # fmt: skip
    """Return the predicted miss at the end altitude, ahead and to the right of the aim point, in m.

    The rest of the entry is flown with the full equations of motion: from the present bank angle the capsule rolls at
    its rate limit to the angle asked for (`bank_size`), and changes sides below each of two speeds (m/s; 0: never). An
    entry that does not come down within the time limit counts from where it is then.
    """
    elapsed = 0.0
    flipped = 0
    now = math.sqrt(state[3] * state[3] + state[4] * state[4] + state[5] * state[5])
    turning = roll_rate(guide, math.fabs(side * bank_size(guide, cosine, now) - bank_rad))
    altitude, up_x, up_y, up_z = altitude_and_up(world.earth, state[0], state[1], state[2])
    last, last_altitude, step = state, altitude, _LOW_STEP_S
    load_g, rate = 0.0, 0.0
    while altitude > guide.end_altitude_m and elapsed < _PREDICTION_LIMIT_S:
        step = _HIGH_STEP_S if altitude > _HIGH_M else _LOW_STEP_S
        last, last_altitude = state, altitude
        speed = math.sqrt(state[3] * state[3] + state[4] * state[4] + state[5] * state[5])
        climb = state[3] * up_x + state[4] * up_y + state[5] * up_z
        size = bank_size(guide, relieved(guide, cosine, foreseen_load(load_g, climb, speed)), speed)
        if (flipped == 0 and speed < flip_speeds[0]) or (flipped == 1 and speed < flip_speeds[1]):
            side = -side
            flipped += 1
            turning = roll_rate(guide, math.fabs(side * size - bank_rad))
        rate = clamp((side * size - bank_rad) / step, -turning, turning)
        state = rk4(world, forces, time_s + elapsed, state, step, (bank_rad, rate, 0.0))
        bank_rad += rate * step
        elapsed += step
        load_g = (state[7] - last[7]) / (step * STANDARD_GRAVITY_M_S2)
        altitude, up_x, up_y, up_z = altitude_and_up(world.earth, state[0], state[1], state[2])
    # The last step again, as short as the straight line says: what is left to interpolate is small
    part = clamp((last_altitude - guide.end_altitude_m) / (last_altitude - altitude + 1e-9), 0.0, 1.0)
    last = rk4(world, forces, time_s + elapsed - step, last, part * step, (bank_rad - rate * step, rate, 0.0))
    last_altitude, _, _, _ = altitude_and_up(world.earth, last[0], last[1], last[2])
    part = (last_altitude - guide.end_altitude_m) / (last_altitude - altitude + 1e-3)
    dx = last[0] + part * (state[0] - last[0]) - guide.aim_x_m
    dy = last[1] + part * (state[1] - last[1]) - guide.aim_y_m
    dz = last[2] + part * (state[2] - last[2]) - guide.aim_z_m
    return (
        dx * guide.ahead_x + dy * guide.ahead_y + dz * guide.ahead_z,
        dx * guide.right_x + dy * guide.right_y + dz * guide.right_z,
    )


@physics
def flips_to_come(speed_m_s: float, reversals: float, cross_m: float) -> tuple[float, float]:
    """Return the speeds of the reversals that are still to come, for the prediction of the range.

    `cross_m` is the miss to the side on the present side; where it is small, no second reversal comes.
    """
    if speed_m_s < _LAST_REVERSAL_M_S:
        return _NO_FLIPS
    if reversals < 0.5:
        return (FIRST_REVERSAL_M_S, SECOND_REVERSAL_M_S if speed_m_s > _SINGLE_REVERSAL_M_S else 0.0)
    if reversals < 1.5 and math.fabs(cross_m) > _CROSS_EXPECTED_M:
        return (SECOND_REVERSAL_M_S, 0.0)
    return _NO_FLIPS


@physics
def correct_range(
    world: World, forces: Forces, guide: Guide, time_s: float, state: State, bank_rad: float,
    memory: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Take one Newton step on the cosine of the bank angle.

    A roll through lift up adds range, so the reversals still to come take part in the prediction.
    """
    cosine, side = memory[COSINE], memory[SIDE]
    speed = math.sqrt(state[3] * state[3] + state[4] * state[4] + state[5] * state[5])
    flips = flips_to_come(speed, memory[REVERSALS], memory[CROSS])
    ahead, _ = predicted_end(world, forces, guide, time_s, state, bank_rad, cosine, side, flips)
    probe = cosine + _PROBE if cosine < 0.5 else cosine - _PROBE
    probed, _ = predicted_end(world, forces, guide, time_s, state, bank_rad, probe, side, flips)
    slope = (probed - ahead) / (probe - cosine)
    memory[SLOPE] = slope
    if slope > _AUTHORITY_M:
        change = clamp(-ahead / slope, -_LARGEST_CHANGE, _LARGEST_CHANGE)
        memory[COSINE] = clamp(cosine + change, _COSINE_LOW, _COSINE_HIGH)


@physics
def choose_side(
    world: World, forces: Forces, guide: Guide, time_s: float, state: State, bank_rad: float,
    memory: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Reverse the bank when the prediction for the other side has become good enough.

    The miss on the present side grows with time and the miss after a reversal shrinks; reversing a little before it
    vanishes leaves a smaller error of the opposite sign for the next reversal, so a few reversals suffice.
    """
    if memory[SLOPE] < _AUTHORITY_M or time_s - memory[LAST_REVERSAL] < _REVERSAL_PAUSE_S:
        return
    speed = math.sqrt(state[3] * state[3] + state[4] * state[4] + state[5] * state[5])
    if speed < _LAST_REVERSAL_M_S:
        return
    side = memory[SIDE]
    _, present = predicted_end(world, forces, guide, time_s, state, bank_rad, memory[COSINE], side, _NO_FLIPS)
    _, other = predicted_end(world, forces, guide, time_s, state, bank_rad, memory[COSINE], -side, _NO_FLIPS)
    memory[CROSS] = present
    outward = present * side > 0.0
    first = memory[REVERSALS] < 0.5 and speed > _SINGLE_REVERSAL_M_S
    remainder = _FIRST_REMAINDER if first else 0.0
    # Grows through zero at the right moment; a call half a period before it is nearer to it than the next call
    due = other * side + remainder * math.fabs(present)
    growth = due - memory[DUE_M] if time_s - memory[DUE_TIME] < 1.5 * guide.period_s else 0.0
    memory[DUE_M], memory[DUE_TIME] = due, time_s
    if math.fabs(present) > _CROSS_TOLERANCE_M and outward and due + 0.5 * growth > 0.0:
        memory[SIDE] = -side
        memory[REVERSALS] += 1.0
        memory[LAST_REVERSAL] = time_s
        memory[CROSS] = other
