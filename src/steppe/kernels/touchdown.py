"""The moment after the touchdown: contact with the ground, tipping over its edge, the pull of the canopy, the seat.

The capsule is a planar rigid body with a flat base. x points along the motion on the ground, y away from it; its
rotation is positive over the leading edge. The page docs/models/landing.md has the equations.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.kernels.air import clamp, exponential
from steppe.kernels.jit import driver, physics

Array = npt.NDArray[np.float64]

# Columns of what a landing begins with
(SINK, ALONG, SLOPE, FRICTION, MASS, HANG_SINK, WIND, CUT, SOIL) = range(9)
# Columns of what comes out of it
(NORMAL, SLIDING, LOST, TIPPED, TILT, DRAGGED, STROKE, CAPSULE_G, SEAT_G, DRX, DRY, DRZ, BETA, INJURY) = range(14)
OUTPUT_COLUMNS = 14

# Brinkley's model of the seated body: natural frequencies in rad/s and damping ratios, chest to back, sideways and head
# to foot (Brinkley, Specker, Mosher, AGARD CP-472, 1990). All six confirmed: the manual of NI DIAdem (ChnDRICalc) gives
# the same, from NASA/TM-2008-215198
FREQUENCY_X, FREQUENCY_Y, FREQUENCY_Z = 62.8, 58.0, 52.9
DAMPING_X, DAMPING_Y, DAMPING_Z = 0.2, 0.09, 0.224
# The responses of low risk (0.5 % of injury), eyeballs in, sideways, and head to foot. Not confirmed: quoted from
# memory of that report's table, of which no copy was found. They are those of people in condition
LOW_RISK_X, LOW_RISK_Y, LOW_RISK_Z = 35.0, 14.0, 15.2
# The response head to foot of moderate (5 %) and high risk (50 %), over that of low risk. 18 for 5 % is confirmed
# (Buhrman et al., Safety 5, 71, 2019; MIL-S-9479); 22.8 for 50 % is quoted as above
MODERATE_BETA, HIGH_BETA = 18.0 / LOW_RISK_Z, 22.8 / LOW_RISK_Z
# ln(p / (1 - p)) at 0.5, 5 and 50 %
_LOW_LOGIT, _MODERATE_LOGIT = -5.293304825, -2.944438979
# The height at which weather stations, and so forecasts and soundings, give the wind at the ground (WMO-No. 8, 5.9)
STATION_HEIGHT_M = 10.0

# A pulse takes 20 steps at least
_TILT_STEP_S, _SEAT_STEP_S = 0.005, 0.0005
# After the pulse the slowest of the oscillators is followed for 1.3 of its periods
_RINGING_S = 0.15
_LONGEST_S = 60.0
# As the inertia about a sliding edge goes to zero the push of the ground goes to infinity (Painleve): below this part
# of the body's own the edge jams (our choice; from a fiftieth to two fifths the share that tips changes by 0.1 %)
_JAMS = 0.1
# A seat at the end of its stroke: so much stiffer than before it (assumption)
_BOTTOM_STIFFNESS = 25.0


class Body(NamedTuple):
    """What lands: lengths in m, inertia in kg m2 about the centre of gravity, angles in rad.

    `attachment_m` is the height of the risers above the base, `slack_m` how far the canopy drifts until its lines are
    taut again.
    """

    radius_m: float
    height_m: float
    attachment_m: float
    inertia_kg_m2: float
    slack_m: float
    seat_stroke_m: float
    seat_frequency_rad_s: float
    seat_damping: float
    seat_angle_rad: float


@physics
def edge_speed(body: Body, mass_kg: float, along_m_s: float, normal_m_s: float, friction: float) -> tuple[float, float]:
    """Return the speed of the leading edge along the ground in m/s and the rotation in rad/s after a plastic impact.

    Coulomb's friction acts in the impact as after it. Where the impulse passes behind the leading edge, the base stays
    flat; else the body turns about it, and the edge slides or, where friction holds it, stands.
    """
    lever = friction * body.height_m - body.radius_m
    if lever <= 0.0:
        return max(along_m_s - friction * normal_m_s, 0.0), 0.0
    yielding = 1.0 / mass_kg - body.radius_m * lever / body.inertia_kg_m2
    if yielding > 0.0:
        impulse = normal_m_s / yielding
        rate = lever * impulse / body.inertia_kg_m2
        edge = along_m_s - friction * impulse / mass_kg - rate * body.height_m
        if edge > 0.0:
            return edge, rate
    # The edge stands: angular momentum about it is kept
    momentum = mass_kg * (body.height_m * along_m_s - body.radius_m * normal_m_s)
    about_edge = body.inertia_kg_m2 + mass_kg * (body.height_m * body.height_m + body.radius_m * body.radius_m)
    return 0.0, max(momentum / about_edge, 0.0)


@physics
def tilt_rates(
    body: Body, mass_kg: float, slope: float, friction: float, pull_n: float, tilt: float, rate: float, edge_m_s: float
) -> tuple[float, float, bool]:
    """Return the acceleration of the edge in m/s2, that of the tilt in rad/s2, and whether friction jams the edge.

    The edge stays on the ground. `pull_n` acts along the ground at the risers.
    """
    sine, cosine = math.sin(tilt), math.cos(tilt)
    x = body.height_m * sine - body.radius_m * cosine
    y = body.height_m * cosine + body.radius_m * sine
    along = mass_kg * STANDARD_GRAVITY_M_S2 * math.sin(slope)
    down = mass_kg * STANDARD_GRAVITY_M_S2 * math.cos(slope)
    above = (body.attachment_m - body.height_m) * cosine
    centrifugal = mass_kg * rate * rate
    stands = (x * down + y * along + pull_n * (y + above)) / (body.inertia_kg_m2 + mass_kg * (x * x + y * y))
    if edge_m_s <= 0.0:
        normal = down - mass_kg * stands * x - centrifugal * y
        held = mass_kg * stands * y - centrifugal * x - pull_n - along
        if held >= -friction * normal:
            return 0.0, stands, False
    lever = x + friction * y
    inertia = body.inertia_kg_m2 + mass_kg * x * lever
    if inertia <= _JAMS * body.inertia_kg_m2:
        return 0.0, stands, edge_m_s > 0.0
    turns = (lever * (down - centrifugal * y) + above * pull_n) / inertia
    normal = down - mass_kg * turns * x - centrifugal * y
    speeds = (pull_n + along - friction * normal - mass_kg * turns * y + centrifugal * x) / mass_kg
    return speeds, turns, False


@physics
def canopy_pull(mass_kg: float, hang_sink_m_s: float, wind_m_s: float) -> float:
    """Return the pull in N of a canopy that stands in a wind: it carries the weight at the sink rate of the descent."""
    share = wind_m_s / hang_sink_m_s
    return mass_kg * STANDARD_GRAVITY_M_S2 * share * share if wind_m_s > 0.0 and hang_sink_m_s > 0.0 else 0.0


@physics
def wind_growth(height_m: float, roughness_m: float) -> float:
    """Return the wind at a height over that at the 10 m of a weather station: neutral air over level ground.

    ln(z / z0) / ln(10 m / z0), the logarithmic law of the wall (Stull, An Introduction to Boundary Layer Meteorology,
    1988, section 9.7).
    """
    return math.log(height_m / roughness_m) / math.log(STATION_HEIGHT_M / roughness_m)


@physics
def injury_probability(beta: float) -> float:
    """Return the probability of an injury at Brinkley's `beta`: 0.5 % at 1, 5 % at 1.18, 50 % at 1.5.

    Between and beyond them the logarithm of the odds is linear in beta (derived; no curve was published).
    """
    if beta < MODERATE_BETA:
        logit = _LOW_LOGIT + (beta - 1.0) / (MODERATE_BETA - 1.0) * (_MODERATE_LOGIT - _LOW_LOGIT)
    else:
        logit = _MODERATE_LOGIT * (HIGH_BETA - beta) / (HIGH_BETA - MODERATE_BETA)
    # exp(-x) as the 64th power of exp(-x / 64)
    odds = exponential(clamp(-logit * (1.0 / 64.0), -0.6, 0.6))
    for _ in range(6):
        odds *= odds
    return 1.0 / (1.0 + odds)


@physics
def come_to_rest(
    body: Body, mass_kg: float, slope: float, friction: float, start: tuple[float, float], hang_sink_m_s: float,
    wind_m_s: float, cut_s: float,
) -> tuple[bool, float, float]:  # fmt: skip
    """Return whether the capsule ends on its side, its largest tilt in rad and how far it slides in m.

    `start` is the speed of the edge and the rotation after the impact. From the moment when its lines are taut until
    it is cut the canopy pulls with the wind that it feels. On its side the capsule slides with the same friction.
    """
    edge, rate = start
    taut_s = body.slack_m / wind_m_s if wind_m_s > 0.0 else _LONGEST_S
    tilt = highest = way = time = 0.0
    on_side = False
    weight = mass_kg * STANDARD_GRAVITY_M_S2
    while time < _LONGEST_S:
        pull = 0.0
        if taut_s <= time < cut_s:
            pull = canopy_pull(mass_kg, hang_sink_m_s, wind_m_s - edge)
        if on_side:
            speeds = (pull + weight * (math.sin(slope) - friction * math.cos(slope))) / mass_kg
            turns, jams = 0.0, False
        else:
            speeds, turns, jams = tilt_rates(body, mass_kg, slope, friction, pull, tilt, rate, edge)
        if jams:
            # The edge is stopped at once; angular momentum about it is kept
            x = body.height_m * math.sin(tilt) - body.radius_m * math.cos(tilt)
            y = body.height_m * math.cos(tilt) + body.radius_m * math.sin(tilt)
            rate += mass_kg * y * edge / (body.inertia_kg_m2 + mass_kg * (x * x + y * y))
            edge = 0.0
        if not on_side and tilt <= 0.0 and rate <= 0.0 and turns <= 0.0:
            turns, rate, tilt = 0.0, 0.0, 0.0
            speeds = (pull + weight * (math.sin(slope) - friction * math.cos(slope))) / mass_kg
        if edge <= 0.0 and speeds <= 0.0 and (on_side or (tilt <= 0.0 and rate <= 0.0 and turns <= 0.0)):
            # At rest: nothing happens before the lines are taut, nothing after the canopy is cut
            edge = 0.0
            if time >= min(taut_s, cut_s):
                break
            time = min(taut_s, cut_s)
            continue
        edge = max(edge + speeds * _TILT_STEP_S, 0.0)
        rate += turns * _TILT_STEP_S
        tilt += rate * _TILT_STEP_S
        way += edge * _TILT_STEP_S
        time += _TILT_STEP_S
        if tilt <= 0.0 and rate < 0.0:
            tilt, rate = 0.0, 0.0
        highest = max(highest, tilt)
        if not on_side and tilt >= 0.5 * math.pi:
            on_side, rate = True, 0.0
    return on_side, highest, way


@physics
def half_sine(time_s: float, duration_s: float, change_m_s: float) -> float:
    """Return the acceleration in m/s2 of a half-sine pulse that changes the speed by `change_m_s`."""
    if time_s < 0.0 or time_s > duration_s:
        return 0.0
    return 0.5 * math.pi * change_m_s / duration_s * math.sin(math.pi * time_s / duration_s)


@physics
def swing(place: float, speed: float, push: float, frequency_rad_s: float, damping: float) -> float:
    """Return the acceleration of a damped oscillator whose base is pushed."""
    return push - frequency_rad_s * (frequency_rad_s * place + 2.0 * damping * speed)


@physics
def seat_push(body: Body, place: float, speed: float) -> float:
    """Return the acceleration in m/s2 that the seat gives the body: spring and damper, stiff at the end of its stroke.

    The seat only pushes: nothing pulls the body down into it.
    """
    beyond = max(place - body.seat_stroke_m, 0.0)
    spring = body.seat_frequency_rad_s * body.seat_frequency_rad_s * (place + _BOTTOM_STIFFNESS * beyond)
    return max(spring + 2.0 * body.seat_damping * body.seat_frequency_rad_s * speed, 0.0)


@physics
def seat_response(
    body: Body, normal_m_s: float, lost_m_s: float, duration: float
) -> tuple[float, float, float, float, float]:
    """Return the stroke of the seat in m, the load on it in g, and the dynamic responses chest to back, sideways, down.

    The ground stops the capsule with a half-sine of `duration` s; a sideways change of speed comes in the same time and
    past the damper. To all of them the weight is added, which the seat bears before. Midpoint rule.
    """
    step = min(_SEAT_STEP_S, duration / 20.0)
    toward, spine = math.sin(body.seat_angle_rad), math.cos(body.seat_angle_rad)
    p = v = px = vx = py = vy = pz = vz = 0.0
    stroke = load = top_x = top_y = top_z = 0.0
    for number in range(int((duration + _RINGING_S) / step) + 1):
        time = number * step
        floor, side = half_sine(time, duration, normal_m_s), half_sine(time, duration, lost_m_s)
        seat = seat_push(body, p, v)
        half = 0.5 * step
        mp, mv = p + half * v, v + half * (floor - seat)
        mx, mvx = px + half * vx, vx + half * swing(px, vx, toward * seat, FREQUENCY_X, DAMPING_X)
        my, mvy = py + half * vy, vy + half * swing(py, vy, side, FREQUENCY_Y, DAMPING_Y)
        mz, mvz = pz + half * vz, vz + half * swing(pz, vz, spine * seat, FREQUENCY_Z, DAMPING_Z)
        floor, side = half_sine(time + half, duration, normal_m_s), half_sine(time + half, duration, lost_m_s)
        middle = seat_push(body, mp, mv)
        p, v = p + step * mv, v + step * (floor - middle)
        px, vx = px + step * mvx, vx + step * swing(mx, mvx, toward * middle, FREQUENCY_X, DAMPING_X)
        py, vy = py + step * mvy, vy + step * swing(my, mvy, side, FREQUENCY_Y, DAMPING_Y)
        pz, vz = pz + step * mvz, vz + step * swing(mz, mvz, spine * middle, FREQUENCY_Z, DAMPING_Z)
        stroke, load = max(stroke, p), max(load, middle)
        top_x, top_y, top_z = max(top_x, px), max(top_y, abs(py)), max(top_z, pz)
    to_g = 1.0 / STANDARD_GRAVITY_M_S2
    return (
        stroke,
        1.0 + load * to_g,
        toward + FREQUENCY_X * FREQUENCY_X * top_x * to_g,
        FREQUENCY_Y * FREQUENCY_Y * top_y * to_g,
        spine + FREQUENCY_Z * FREQUENCY_Z * top_z * to_g,
    )


@driver
def land_many(body: Body, inputs: Array, outputs: Array) -> None:
    """Land capsules: `inputs`, shape (n, 9), give `outputs`, shape (n, 14); columns as named above, SI and rad."""
    for i in range(inputs.shape[0]):
        row, out = inputs[i], outputs[i]
        sine, cosine = math.sin(row[SLOPE]), math.cos(row[SLOPE])
        # Downhill the ground falls away under the motion, uphill it comes towards it
        normal = max(row[SINK] * cosine - row[ALONG] * sine, 0.0)
        along = max(row[ALONG] * cosine + row[SINK] * sine, 0.0)
        edge, rate = edge_speed(body, row[MASS], along, normal, row[FRICTION])
        tipped, tilt, way = come_to_rest(
            body, row[MASS], row[SLOPE], row[FRICTION], (edge, rate), row[HANG_SINK], row[WIND], row[CUT]
        )
        lost = max(along - edge - rate * body.height_m, 0.0)
        # Half of the first speed on average over the depth of the soil
        duration = 2.0 * row[SOIL] / max(normal, 0.1)
        stroke, load, x, y, z = seat_response(body, normal, lost, duration)
        out[NORMAL], out[SLIDING], out[LOST] = normal, along, lost
        out[TIPPED], out[TILT], out[DRAGGED] = (1.0 if tipped else 0.0), tilt, way
        out[STROKE], out[SEAT_G] = stroke, load
        out[CAPSULE_G] = 1.0 + 0.5 * math.pi * normal / duration / STANDARD_GRAVITY_M_S2
        out[DRX], out[DRY], out[DRZ] = x, y, z
        x, y, z = x / LOW_RISK_X, y / LOW_RISK_Y, z / LOW_RISK_Z
        out[BETA] = math.sqrt(x * x + y * y + z * z)
        out[INJURY] = injury_probability(out[BETA])
