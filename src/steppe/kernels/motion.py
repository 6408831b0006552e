"""The equations of motion: one right-hand side for orbit, burn, entry and canopy.

The state is Earth-fixed (ITRF, turning at a constant rate): position, velocity relative to the turning Earth, mass,
and the sensed acceleration summed over time. Phases differ by `Forces`, never by another function.

The right-hand side is written once, in `build_rates`, over a set of `Laws`. The compiler folds the laws in, so a
variant with simpler laws (`steppe.kernels.variants`) costs nothing for what it leaves out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from steppe.kernels.aero import Aero, bridged, coefficients, continuum
from steppe.kernels.air import Air, air_at, clamp
from steppe.kernels.bank import sine_cosine
from steppe.kernels.deviation import NO_DEVIATION, Deviation, added_wind, coefficient_factors, density_factor
from steppe.kernels.earth import Earth, altitude_and_up, gravity
from steppe.kernels.jit import physics
from steppe.kernels.wind import Wind, wind_at

# x, y, z in m; u, v, w in m/s (ITRF); mass in kg; sensed velocity in m/s
State = tuple[float, float, float, float, float, float, float, float]


class World(NamedTuple):
    """Everything outside the vehicle, the aerodynamics of the capsule, and how a flight deviates from the plan."""

    earth: Earth
    air: Air
    wind: Wind
    aero: Aero
    deviation: Deviation = NO_DEVIATION


class Forces(NamedTuple):
    """What acts in a phase.

    Attributes
    ----------
    fixed_drag_area_m2
        Drag coefficient times area that does not depend on Mach number (ship, discarded module).
    aero_area_m2
        Reference area of the capsule's Mach table; 0 while the capsule does not fly alone.
    lift_factor, drag_factor
        Multiply the table's coefficients (0 for no lift; dispersions).
    canopy_from_m2, canopy_to_m2
        Drag area of the canopies before and after the filling.
    air_to_m2, air_from_m2
        Volume of the air that moves with the canopies to the power 2/3, after the filling and before it.
    canopy_start_s, canopy_rate_per_s, canopy_growth
        When the filling starts, one over its duration, and the power of time with which the areas grow.
    thrust_n, mass_flow_kg_s
        Thrust and propellant flow.
    thrust_radial, thrust_along, thrust_cross
        Direction of the thrust in LVLH of the inertial orbit at `thrust_since_s` (unit vector).
    thrust_since_s, thrust_turn_rad_s
        Start of the burn, and the rate at which LVLH turns away under the thrust: 0 for an attitude held in LVLH, the
        orbital rate for an attitude held by gyros in inertial space.
    """

    fixed_drag_area_m2: float
    aero_area_m2: float
    lift_factor: float
    drag_factor: float
    canopy_from_m2: float
    canopy_to_m2: float
    air_to_m2: float
    air_from_m2: float
    canopy_start_s: float
    canopy_rate_per_s: float
    canopy_growth: float
    thrust_n: float
    mass_flow_kg_s: float
    thrust_radial: float
    thrust_along: float
    thrust_cross: float
    thrust_since_s: float
    thrust_turn_rad_s: float


@physics
def canopy_state(forces: Forces, time_s: float) -> tuple[float, float, float]:
    """Return drag area of the canopies in m2, volume of the air in them in m3, and its growth in m3/s.

    The drag area grows with a power of time while a canopy fills: Knacke, Parachute Recovery Systems Design Manual (NWC
    TP 6575, 1991), section 5.4 (1 for ribbon, 2 for solid cloth). The breadth of the air follows the drag area; a
    canopy that gives air back (one is let go) leaves its momentum behind.
    """
    t = (time_s - forces.canopy_start_s) * forces.canopy_rate_per_s
    # Not at 1: the last stage of the last step of a filling may lie a rounding past its end, where all still grows
    if t > 1.5:
        return standing_canopies(forces, time_s)
    t = clamp(t, 0.0, 1.0)
    power = forces.canopy_growth if forces.canopy_growth > 1.0 else 1.0
    slope = t ** (power - 1.0)
    part, change = slope * t, forces.air_to_m2 - forces.air_from_m2
    air = forces.air_from_m2 + change * part
    root = math.sqrt(air)
    growth = 1.5 * root * change * power * slope * forces.canopy_rate_per_s
    return (
        forces.canopy_from_m2 + (forces.canopy_to_m2 - forces.canopy_from_m2) * part,
        air * root,
        growth if growth > 0.0 else 0.0,
    )


@physics
def standing_canopies(forces: Forces, _time_s: float) -> tuple[float, float, float]:
    """Return the same of canopies that stand: their areas after the filling."""
    return forces.canopy_to_m2, forces.air_to_m2 * math.sqrt(forces.air_to_m2), 0.0


@physics
def planned_air(
    world: World, altitude_m: float, direction_x: float, direction_y: float, direction_z: float
) -> tuple[float, float]:
    """Return density in kg/m3 and inverse speed of sound in s/m of the plan, as `air_at`."""
    return air_at(world.air, altitude_m, direction_x, direction_y, direction_z)


@physics
def real_air(
    world: World, altitude_m: float, direction_x: float, direction_y: float, direction_z: float
) -> tuple[float, float]:
    """Return density in kg/m3 and inverse speed of sound in s/m of this flight; the sound is that of the plan."""
    density, inverse_sound = air_at(world.air, altitude_m, direction_x, direction_y, direction_z)
    return density * density_factor(world.deviation, altitude_m), inverse_sound


@physics
def in_itrf(east: float, north: float, up_x: float, up_y: float, up_z: float) -> tuple[float, float, float]:
    """Return a horizontal vector given by its parts to the east and north in ITRF components."""
    across = 1.0 / math.sqrt(up_x * up_x + up_y * up_y + 1e-24)
    east_x, east_y = -up_y * across, up_x * across
    return (
        east * east_x - north * up_z * east_y,
        east * east_y + north * up_z * east_x,
        north * (up_x * east_y - up_y * east_x),
    )


@physics
def planned_wind(world: World, altitude_m: float, up_x: float, up_y: float, up_z: float) -> tuple[float, float, float]:
    """Return the velocity of the air of the plan relative to the turning Earth in m/s (ITRF components)."""
    east, north = wind_at(world.wind, altitude_m)
    return in_itrf(east, north, up_x, up_y, up_z)


@physics
def air_velocity(world: World, altitude_m: float, up_x: float, up_y: float, up_z: float) -> tuple[float, float, float]:
    """Return the velocity of the air of this flight relative to the turning Earth in m/s (ITRF components)."""
    east, north = wind_at(world.wind, altitude_m)
    more_east, more_north = added_wind(world.deviation, altitude_m)
    return in_itrf(east + more_east, north + more_north, up_x, up_y, up_z)


@physics
def planned_body(world: World, mach: float, density_kg_m3: float) -> tuple[float, float]:
    """Return drag and lift coefficient of the plan, as `coefficients`."""
    return coefficients(world.aero, mach, density_kg_m3)


@physics
def real_body(world: World, mach: float, density_kg_m3: float) -> tuple[float, float]:
    """Return drag and lift coefficient of this flight; what they are in free-molecular flow does not deviate."""
    drag, lift = continuum(world.aero, mach)
    on_drag, on_lift = coefficient_factors(world.deviation, mach)
    return bridged(world.aero, drag * on_drag, lift * on_lift, density_kg_m3)


@physics
def lvlh_vector(earth: Earth, state: State, radial: float, along: float, cross: float) -> tuple[float, float, float]:
    """Return a vector given in LVLH (radial, along-track, cross-track) in ITRF components.

    Along-track is horizontal in the plane of the inertial velocity v + omega x r; cross-track is the orbit normal.
    """
    x, y, z, u, v, w, _, _ = state
    u, v = u - earth.rotation_rad_s * y, v + earth.rotation_rad_s * x
    inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
    rx, ry, rz = x * inverse_r, y * inverse_r, z * inverse_r
    climb = rx * u + ry * v + rz * w
    ax, ay, az = u - climb * rx, v - climb * ry, w - climb * rz
    n = 1.0 / math.sqrt(ax * ax + ay * ay + az * az + 1e-12)
    ax, ay, az = ax * n, ay * n, az * n
    cx, cy, cz = ry * az - rz * ay, rz * ax - rx * az, rx * ay - ry * ax
    return (
        radial * rx + along * ax + cross * cx,
        radial * ry + along * ay + cross * cy,
        radial * rz + along * az + cross * cz,
    )


@physics
def thrust_acceleration(world: World, forces: Forces, time_s: float, state: State) -> tuple[float, float, float]:
    """Return thrust over mass in m/s2 (ITRF components)."""
    # LVLH pitches down at the orbital rate, so a direction fixed in space pitches up in it
    sine, cosine = sine_cosine(forces.thrust_turn_rad_s * (time_s - forces.thrust_since_s))
    radial = cosine * forces.thrust_radial + sine * forces.thrust_along
    along = cosine * forces.thrust_along - sine * forces.thrust_radial
    x, y, z = lvlh_vector(world.earth, state, radial, along, forces.thrust_cross)
    push = forces.thrust_n / state[6]
    return push * x, push * y, push * z


@physics
def burned(mass_kg: float, step_s: float, rate_kg_s: float) -> float:
    """Return the mass in kg after a step at a rate of change."""
    return mass_kg + step_s * rate_kg_s


@physics
def turning(bank: tuple[float, float, float], elapsed_s: float) -> tuple[float, float]:
    """Return sine and cosine of a bank angle given by angle, rate and acceleration (rad, rad/s, rad/s2)."""
    return sine_cosine(bank[0] + elapsed_s * (bank[1] + 0.5 * elapsed_s * bank[2]))


class Laws(NamedTuple):
    """The physical laws that one variant of the equations of motion is made of; all functions of `physics`.

    Attributes
    ----------
    name
        Names the variant in the compile cache.
    place
        (earth, x, y, z) -> altitude in m and the unit normal, as `altitude_and_up`.
    pull
        (earth, x, y, z, up_x, up_y, up_z) -> m/s2, as `gravity`.
    air
        (world, altitude_m, direction_x, direction_y, direction_z) -> density and inverse speed of sound, as `real_air`.
    air_motion
        (world, altitude_m, up_x, up_y, up_z) -> m/s, as `air_velocity`.
    body
        (world, mach, density_kg_m3) -> drag and lift coefficient, as `real_body`.
    canopies
        (forces, time_s) -> m2, m3 and m3/s, as `canopy_state`.
    push
        (world, forces, time_s, state) -> m/s2, as `thrust_acceleration`.
    mass_after
        (mass_kg, step_s, rate_kg_s) -> kg, as `burned`.
    bank_after
        (bank, elapsed_s) -> sine and cosine of the bank angle, as `turning`.
    """

    name: str
    place: Callable[..., Any]
    pull: Callable[..., Any]
    air: Callable[..., Any]
    air_motion: Callable[..., Any]
    body: Callable[..., Any]
    canopies: Callable[..., Any]
    push: Callable[..., Any]
    mass_after: Callable[..., Any]
    bank_after: Callable[..., Any]


FULL = Laws(
    name="full",
    place=altitude_and_up,
    pull=gravity,
    air=real_air,
    air_motion=air_velocity,
    body=real_body,
    canopies=canopy_state,
    push=thrust_acceleration,
    mass_after=burned,
    bank_after=turning,
)
# What the ship believes in, and what flies where nothing is dispersed: the same without the deviations
PLANNED = FULL._replace(name="planned", air=planned_air, air_motion=planned_wind, body=planned_body)


def build_aerodynamics(laws: Laws) -> Callable[..., tuple[float, float, float, float]]:
    """Return the function that gives drag and lift over mass, and the air carried along, under a set of laws."""
    air_law, air_motion, body, canopies = laws.air, laws.air_motion, laws.body, laws.canopies

    @physics
    def aerodynamic_acceleration(
        world: World, forces: Forces, time_s: float, state: State, place: tuple[float, float, float, float],
        sine_bank: float, cosine_bank: float,
    ) -> tuple[float, float, float, float]:  # fmt: skip
        """Return drag and lift over mass in m/s2 (ITRF components), and the mass of the carried air over the body's.

        `place` is the altitude in m and the local normal. Lift is turned by the bank angle about the airspeed: zero
        bank is up, positive bank turns it to the right. Air that a canopy takes in is brought to its speed, which
        brakes like a drag of density times growth of the volume times speed.
        """
        x, y, z, u, v, w, mass, _ = state
        altitude_m, up_x, up_y, up_z = place
        inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
        density, inverse_sound = air_law(world, altitude_m, x * inverse_r, y * inverse_r, z * inverse_r)
        air_x, air_y, air_z = air_motion(world, altitude_m, up_x, up_y, up_z)
        u, v, w = u - air_x, v - air_y, w - air_z
        squared = u * u + v * v + w * w + 1e-12
        speed = math.sqrt(squared)
        drag_coefficient, lift_coefficient = body(world, speed * inverse_sound, density)
        canopy_area, volume, growth = canopies(forces, time_s)
        drag_area = (
            forces.fixed_drag_area_m2 + forces.aero_area_m2 * forces.drag_factor * drag_coefficient + canopy_area
        )
        lift_area = forces.aero_area_m2 * forces.lift_factor * lift_coefficient
        inverse_mass = 1.0 / mass
        half = 0.5 * density
        drag = half * inverse_mass * (drag_area * speed + 2.0 * growth)
        # With v the airspeed and n the normal, v^2 n - (n.v) v lies across v and upwards and v x n to the right; their
        # lengths are |v| and 1 times |v x n|, whose square v^2 - (n.v)^2 the small number keeps from zero in a fall
        climb = up_x * u + up_y * v + up_z * w
        lift = half * (lift_area * inverse_mass) / math.sqrt(squared * (1.0 + 1e-12) - climb * climb)
        upward, sideward = lift * cosine_bank * speed, lift * sine_bank * squared
        along = drag + upward * climb
        upward *= squared
        return (
            upward * up_x - along * u + sideward * (v * up_z - w * up_y),
            upward * up_y - along * v + sideward * (w * up_x - u * up_z),
            upward * up_z - along * w + sideward * (u * up_y - v * up_x),
            density * volume * inverse_mass,
        )

    return aerodynamic_acceleration


def build_rates(laws: Laws) -> Callable[..., State]:
    """Return the right-hand side under a set of laws."""
    place_law, pull_law, push_law = laws.place, laws.pull, laws.push
    aerodynamic_acceleration = build_aerodynamics(laws)

    @physics
    def rates(world: World, forces: Forces, time_s: float, state: State, sine_bank: float, cosine_bank: float) -> State:
        """Return the time derivative of the state.

        The air that a canopy carries along has inertia but no weight: the pressure around it holds it up.

        Parameters
        ----------
        world, forces
            What surrounds the vehicle and what acts on it.
        time_s
            Seconds since the epoch of the flight.
        state
            See `State`.
        sine_bank, cosine_bank
            Of the bank angle at `time_s`.
        """
        x, y, z, u, v, w, _, _ = state
        place = place_law(world.earth, x, y, z)
        force_x, force_y, force_z, carried = aerodynamic_acceleration(
            world, forces, time_s, state, place, sine_bank, cosine_bank
        )
        push_x, push_y, push_z = push_law(world, forces, time_s, state)
        force_x, force_y, force_z = force_x + push_x, force_y + push_y, force_z + push_z
        pull_x, pull_y, pull_z = pull_law(world.earth, x, y, z, place[1], place[2], place[3])
        spin = world.earth.rotation_rad_s
        pull_x, pull_y = pull_x + spin * spin * x, pull_y + spin * spin * y
        # What the body feels: of all that pulls, the share that the carried air takes off its weight is missing
        share = 1.0 / (1.0 + carried)
        force_x = share * (force_x - carried * pull_x)
        force_y = share * (force_y - carried * pull_y)
        force_z = share * (force_z - carried * pull_z)
        return (
            u,
            v,
            w,
            pull_x + force_x + 2.0 * spin * v,
            pull_y + force_y - 2.0 * spin * u,
            pull_z + force_z,
            -forces.mass_flow_kg_s,
            math.sqrt(force_x * force_x + force_y * force_y + force_z * force_z),
        )

    return rates


aerodynamic_acceleration = build_aerodynamics(FULL)
rates = build_rates(FULL)
