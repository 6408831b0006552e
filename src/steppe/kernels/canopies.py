"""What opening canopies add to a flight: how long they fill, how short the steps must be, and what their lines hold."""

from __future__ import annotations

import math
from typing import NamedTuple

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.flow import flow_at
from steppe.kernels.jit import physics
from steppe.kernels.motion import Forces, State, World, air_velocity, canopy_state, rates, real_air, real_body
from steppe.kernels.steppers import CALM_LIMIT, OPEN_LIMIT

NEVER_S = 1e300
# How near to the limit of the stepper a step may come (dispersed canopies are larger, the air denser a step later),
# and one over the share of its speed that a body may change in it: more for the stabilised method of second order
_OF_LIMIT, _FOLLOWED, _CALMLY = 0.9, 2.0, 8.0
# A body at rest would take no step
_AT_REST_M_S = 0.01


class Pulls(NamedTuple):
    """The largest pull of canopies that fill in N, and the largest share of what the lines of a stage hold."""

    most_n: float
    share: float


@physics
def filling_s(world: World, way_m: float, state: State) -> float:
    """Return how long a canopy takes to fill that opens in a state.

    Knacke (NWC TP 6575, section 5.4): along a way through the air of so many diameters, t = n D / V with the airspeed
    at the begin. A body that is nearly at rest passes the way in a free fall, which bounds the time.
    """
    altitude, up_x, up_y, up_z = altitude_and_up(world.earth, state[0], state[1], state[2])
    air_x, air_y, air_z = air_velocity(world, altitude, up_x, up_y, up_z)
    u, v, w = state[3] - air_x, state[4] - air_y, state[5] - air_z
    squared = max(u * u + v * v + w * w, 0.5 * STANDARD_GRAVITY_M_S2 * way_m)
    return way_m / math.sqrt(squared)


@physics
def calm_step(pressure_pa: float, speed_m_s: float, drag_area_m2: float, mass_kg: float, stands: bool) -> float:
    """Return the longest step in s under canopies, without a branch.

    They slow the body by a = q S / m, so a change of its speed fades with the rate 2 a / v, which the stepper must be
    stable for (the time constant of the drag, m / (rho S v), is v / (2 a)); and the speed itself changes by |a - g| in
    a second, which the stepper should follow.
    """
    braking = pressure_pa * drag_area_m2 / mass_kg
    stable = 2.0 / (_OF_LIMIT * CALM_LIMIT) if stands else 2.0 / (_OF_LIMIT * OPEN_LIMIT)
    follows = _CALMLY if stands else _FOLLOWED
    rate = stable * braking + follows * math.fabs(braking - STANDARD_GRAVITY_M_S2)
    step = (speed_m_s + _AT_REST_M_S) / (rate + 1e-12)
    return step if drag_area_m2 > 0.0 else NEVER_S


@physics
def longest_step(world: World, forces: Forces, until_s: float, state: State) -> float:
    """Return the longest step in s that canopies allow as they are at a time ahead."""
    if forces.canopy_to_m2 <= 0.0:
        return NEVER_S
    _, pressure, speed = flow_at(world, state, altitude_and_up(world.earth, state[0], state[1], state[2]))
    area, _, _ = canopy_state(forces, until_s)
    return calm_step(pressure, speed, area, state[6], forces.canopy_from_m2 == forces.canopy_to_m2)


@physics
def canopy_pull(world: World, forces: Forces, time_s: float, state: State) -> float:
    """Return the pull of the canopies on the body in N: what it feels less its own drag.

    Under engines the lines carry no inertia of the air, and the pull is the drag of the canopies.
    """
    x, y, z, u, v, w, _, _ = state
    altitude, up_x, up_y, up_z = altitude_and_up(world.earth, x, y, z)
    area, _, _ = canopy_state(forces, time_s)
    if area <= 0.0:
        return 0.0
    inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
    density, inverse_sound = real_air(world, altitude, x * inverse_r, y * inverse_r, z * inverse_r)
    air_x, air_y, air_z = air_velocity(world, altitude, up_x, up_y, up_z)
    squared = (u - air_x) * (u - air_x) + (v - air_y) * (v - air_y) + (w - air_z) * (w - air_z)
    pressure = 0.5 * density * squared
    if forces.thrust_n > 0.0:
        return pressure * area
    drag, _ = real_body(world, math.sqrt(squared) * inverse_sound, density)
    body_m2 = forces.fixed_drag_area_m2 + forces.aero_area_m2 * forces.drag_factor * drag
    felt = rates(world, forces, time_s, state, 0.0, 1.0)[7]
    return max(state[6] * felt - pressure * body_m2, 0.0)
