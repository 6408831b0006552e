"""Pieces of a break-up: tumbling drag, heating and melting of one piece, and the vector loop over many of them.

The motion is that of `steppe.kernels.motion`, stepped by `steppe.kernels.steppers`; a piece differs from a capsule by
its law of drag, and by a temperature and a mass that the heat changes: half a step of heat with the flux at the start,
a step of motion, half a step of heat with the flux at the end (Strang, SIAM J. Numer. Anal. 5 (1968) 506). The laws,
their sources and what tests them: docs/models/debris.md.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.constants import AIR_HEAT_RATIO, US76_GAS_CONSTANT_J_KMOL_K, US76_MOLAR_MASS_KG_KMOL
from steppe.errors import DEMISED, LANDED, NOT_A_NUMBER, OUT_OF_STEPS, OUT_OF_TIME, RUNNING
from steppe.kernels.aero import rarefaction
from steppe.kernels.air import clamp, knudsen_number
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.heating import AIR_CAPACITY_J_KG_K, tumbling_heat_flux
from steppe.kernels.jit import lane_loop, physics
from steppe.kernels.lanes import step_to_end
from steppe.kernels.motion import FULL, Forces, Laws, State, World, air_velocity, real_air
from steppe.kernels.refilled import build_refilled
from steppe.kernels.steppers import build_rk4
from steppe.kernels.variants import held_bank, kept, no_canopy, no_thrust

Array = npt.NDArray[np.float64]

# Lanes of a block, a multiple of every vector width times LLVM's interleaving; known when compiling, so that LLVM sees
# that no two rows overlap
BLOCK = 32

# Stefan-Boltzmann constant, W/(m2 K4) (CODATA 2018, exact since the SI of 2019)
STEFAN_BOLTZMANN_W_M2_K4 = 5.670374419e-8
# Temperature from the speed of sound: T = c^2 / (gamma R)
_PER_GAMMA_R = US76_MOLAR_MASS_KG_KMOL / (AIR_HEAT_RATIO * US76_GAS_CONSTANT_J_KMOL_K)

# Rows of a case. State (ITRF) and mass; temperature; time; then what does not change: area that the coefficient
# multiplies, fixed drag area, lift over drag, sine and cosine of the roll; length of the Knudsen number, number of the
# shape, first mass, altitude of the ground, how the outer area shrinks (see `shrunk`)
(X, Y, Z, U, V, W, MASS, TEMPERATURE, TIME) = range(9)
(AREA, FIXED, LIFT, SINE, COSINE, LENGTH, SHAPE, FIRST_MASS, GROUND, SHRINKS) = range(9, 19)
# Skin: surface, radius of the stagnation flux, factor of the flux, material (see `Skin`)
(SURFACE, RADIUS, HEAT_FACTOR, CAPACITY, MELTING, FUSION, COLD, SLOPE, FROM, HOT) = range(19, 29)
CASE_ROWS = 29
# Rows that a lane has besides: steps taken, heat taken in, heat radiated, hottest, altitude where melting began, code
(STEPS, HEAT, RADIATED, HOTTEST, ONSET, CODE) = range(29, 35)
LANE_ROWS = 35
# Rows of an end: state, mass, temperature, time, then airspeed, altitude, steps, heat, radiated, hottest, onset, code
(END_SPEED, END_ALTITUDE, END_STEPS, END_HEAT, END_RADIATED, END_HOTTEST, END_ONSET, END_CODE) = range(9, 17)
END_ROWS = 17


class Tumble(NamedTuple):
    """Drag of pieces that tumble, on their mean projected area; takes the place of `World.aero`.

    Attributes
    ----------
    table
        Shape (shapes x rows, 2): drag coefficient at the row's Mach number and its change to the next row.
    rows_per_mach, last_row
        Rows per unit of Mach number, and number of the last row of a shape.
    free_drag
        Coefficient in free-molecular flow.
    length_m
        Length of the Knudsen number in m.
    first_row
        First row of the shape of the piece.
    """

    table: Array
    rows_per_mach: float
    last_row: float
    free_drag: float
    length_m: float
    first_row: float


class Skin(NamedTuple):
    """What the heat meets.

    Attributes
    ----------
    surface_m2
        Whole surface.
    radius_m
        Radius whose stagnation flux counts.
    factor
        Multiplies the flux (dispersion).
    capacity_j_kg_k, melting_k, fusion_j_kg
        Specific heat, melting temperature and heat of fusion.
    cold, slope_per_k, from_k, hot
        Emissivity: `cold` up to `from_k`, then rising by the slope to `hot`.
    """

    surface_m2: float
    radius_m: float
    factor: float
    capacity_j_kg_k: float
    melting_k: float
    fusion_j_kg: float
    cold: float
    slope_per_k: float
    from_k: float
    hot: float


class Fall(NamedTuple):
    """How a piece is flown and where it ends.

    Attributes
    ----------
    end_altitude_m, tolerance_m
        The ground, found to within the tolerance; the loop over lanes puts each piece's own ground here.
    longest_s, slow_s
        Longest step above Mach 1, and below half of it, where nothing melts and the fall is steady.
    share, slow_share
        Longest step over the time m / (rho V CD A) in which drag takes most of the speed, above Mach 1 and below half
        of it (where the fall is steady); 2.8 is where the method of Kutta becomes unstable.
    least_share
        A piece with less than this part of its first mass has burned up.
    time_limit_s, step_limit
        A piece that flies longer or takes more steps ends with a status code.
    """

    end_altitude_m: float
    tolerance_m: float
    longest_s: float
    slow_s: float
    share: float
    slow_share: float
    least_share: float
    time_limit_s: float
    step_limit: float


@physics
def tumbling_coefficients(world: Any, mach: float, density_kg_m3: float) -> tuple[float, float]:
    """Return the drag coefficient of a tumbling piece twice: the second is what its lift over drag multiplies."""
    tumble = world.aero
    table = tumble.table
    # One index for shape and Mach number, made from one number: an index made of two keeps LLVM from vectors
    row_at = tumble.first_row + clamp(mach * tumble.rows_per_mach, 0.0, tumble.last_row)
    row = int(clamp(row_at, 0.0, table.shape[0] - 1e-9))
    t = row_at - row
    drag = table[row, 0] + t * table[row, 1]
    free = rarefaction(knudsen_number(density_kg_m3, tumble.length_m))
    drag += free * (tumble.free_drag - drag)
    return drag, drag


@physics
def air_temperature(inverse_sound_s_m: float) -> float:
    """Return the temperature of the air in K from one over its speed of sound."""
    return _PER_GAMMA_R / (inverse_sound_s_m * inverse_sound_s_m)


@physics
def shrunk(left: float, shrinks: float) -> float:
    """Return the outer area over the first one, `left` of the mass being left.

    `shrinks` 0: the shape stays and is hollowed out; 1: the area goes with the mass, as of a sheet that melts from its
    edges. Between, part of it: (1 - shrinks) + shrinks left.
    """
    return 1.0 + shrinks * (left - 1.0)


@physics
def emissivity(skin: Skin, temperature_k: float) -> float:
    """Return the emissivity at a temperature."""
    return clamp(skin.cold + skin.slope_per_k * (temperature_k - skin.from_k), skin.cold, skin.hot)


@physics
def heated(
    skin: Skin, mass_kg: float, temperature_k: float, flux_w_m2: float, per_k: float, air_k: float, step_s: float
) -> tuple[float, float, float, float]:
    """Return temperature, mass, heat taken in and heat radiated after a step.

    One temperature for the whole piece. The wall takes q (1 - c_p (T - T_air) / (V^2 / 2)), never less than nothing,
    radiates eps sigma T^4, and what is left warms the mass; at the melting temperature it melts mass, which leaves at
    once. Implicit in the linearised temperature, so
    that no thin foil is too quick for the step, and exact in energy: heat in = radiated + stored + carried away.

    Parameters
    ----------
    skin, mass_kg, temperature_k
        The piece before the step.
    flux_w_m2, per_k, air_k
        Cold-wall flux, c_p / (V^2 / 2), and temperature of the air.
    step_s
        Step.
    """
    warmth = 1.0 - per_k * (temperature_k - air_k)
    on = 1.0 if warmth > 0.0 else 0.0
    flux = flux_w_m2 * skin.factor
    taken, taken_per_k = on * flux * warmth, on * flux * per_k
    t3 = temperature_k * temperature_k * temperature_k
    sent = emissivity(skin, temperature_k) * STEFAN_BOLTZMANN_W_M2_K4 * t3 * temperature_k
    sent_per_k = 4.0 * sent / temperature_k
    area = step_s * skin.surface_m2
    capacity = mass_kg * skin.capacity_j_kg_k
    rise = area * (taken - sent) / (capacity + area * (sent_per_k + taken_per_k) + 1e-30)
    to_melting = skin.melting_k - temperature_k
    melts = rise > to_melting
    rise = to_melting if melts else rise
    heat_j, radiated_j = area * (taken - taken_per_k * rise), area * (sent + sent_per_k * rise)
    melted = (heat_j - radiated_j - capacity * rise) / skin.fusion_j_kg
    melted = melted if melts else 0.0
    # The last of the mass takes only the heat that it can
    over = melted - mass_kg
    over = over if over > 0.0 else 0.0
    return temperature_k + rise, mass_kg - melted + over, heat_j - over * skin.fusion_j_kg, radiated_j


@physics
def fragment_code(
    fall: Fall, altitude_m: float, state: State, first_mass_kg: float, time_s: float, steps: float
) -> float:
    """Return RUNNING, LANDED, DEMISED, or the status code of what went wrong, without a branch (later outranks)."""
    code = float(LANDED) if math.fabs(altitude_m - fall.end_altitude_m) < fall.tolerance_m else float(RUNNING)
    code = float(OUT_OF_STEPS) if steps >= fall.step_limit else code
    code = float(OUT_OF_TIME) if time_s > fall.time_limit_s else code
    code = code if state[6] > fall.least_share * first_mass_kg else float(DEMISED)
    total = state[0] + state[1] + state[2] + state[3] + state[4] + state[5] + state[6]
    return code if math.fabs(total) < math.inf else float(NOT_A_NUMBER)


FALLING = FULL._replace(
    name="fragments",
    body=tumbling_coefficients,
    canopies=no_canopy,
    push=no_thrust,
    mass_after=kept,
    bank_after=held_bank,
)


@physics
def air_around(world: World, state: State) -> tuple[float, float, float, float]:
    """Return density in kg/m3, one over the speed of sound in s/m, airspeed in m/s and altitude in m at a state."""
    altitude, up_x, up_y, up_z = altitude_and_up(world.earth, state[0], state[1], state[2])
    inverse_r = 1.0 / math.sqrt(state[0] * state[0] + state[1] * state[1] + state[2] * state[2])
    density, inverse_sound = real_air(world, altitude, state[0] * inverse_r, state[1] * inverse_r, state[2] * inverse_r)
    air_x, air_y, air_z = air_velocity(world, altitude, up_x, up_y, up_z)
    u, v, w = state[3] - air_x, state[4] - air_y, state[5] - air_z
    return density, inverse_sound, math.sqrt(u * u + v * v + w * w + 1e-12), altitude


@physics
def falling_step(
    fall: Fall, density_kg_m3: float, speed_m_s: float, mach: float, drag_area_m2: float, mass_kg: float
) -> float:
    """Return the longest step in s, or a share of the time in which drag takes most of the speed (see `Fall`)."""
    fast = clamp(2.0 * mach - 1.0, 0.0, 1.0)
    share = fall.slow_share + (fall.share - fall.slow_share) * fast
    longest = fall.slow_s + (fall.longest_s - fall.slow_s) * fast
    quick = share * mass_kg / (density_kg_m3 * speed_m_s * drag_area_m2 + 1e-30)
    return quick if quick < longest else longest


@physics
def own_fall(rules: Fall, lanes: Array, i: int) -> Any:
    """Return the rules with the ground of lane `i`."""
    return Fall(
        lanes[GROUND * BLOCK + i], rules.tolerance_m, rules.longest_s, rules.slow_s, rules.share,
        rules.slow_share, rules.least_share, rules.time_limit_s, rules.step_limit,
    )  # fmt: skip


@physics
def skin_of(lanes: Array, i: int, small: float) -> Skin:
    """Return the skin of lane `i` with its outer area shrunk to `small`.

    What is left is smaller in all directions that shrink, and a smaller body takes more flux.
    """
    return Skin(
        lanes[SURFACE * BLOCK + i] * small, lanes[RADIUS * BLOCK + i] * math.sqrt(small),
        lanes[HEAT_FACTOR * BLOCK + i], lanes[CAPACITY * BLOCK + i], lanes[MELTING * BLOCK + i],
        lanes[FUSION * BLOCK + i],
        lanes[COLD * BLOCK + i], lanes[SLOPE * BLOCK + i], lanes[FROM * BLOCK + i], lanes[HOT * BLOCK + i],
    )  # fmt: skip


@physics
def warmed(
    skin: Skin, mass_kg: float, temperature_k: float, density_kg_m3: float, inverse_sound_s_m: float, speed_m_s: float,
    step_s: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Return what `heated` returns, in a stream of air."""
    flux = tumbling_heat_flux(density_kg_m3, speed_m_s, skin.radius_m)
    per_k = 2.0 * AIR_CAPACITY_J_KG_K / (speed_m_s * speed_m_s)
    return heated(skin, mass_kg, temperature_k, flux, per_k, air_temperature(inverse_sound_s_m), step_s)


@physics
def put_fragment(
    lanes: Array, i: int, later: State, mass_kg: float, temperature_k: float, taken_j: float, sent_j: float
) -> None:
    """Store in lane `i` where a step ended: motion, mass, temperature and heat."""
    lanes[X * BLOCK + i], lanes[Y * BLOCK + i], lanes[Z * BLOCK + i] = later[0], later[1], later[2]
    lanes[U * BLOCK + i], lanes[V * BLOCK + i], lanes[W * BLOCK + i] = later[3], later[4], later[5]
    lanes[MASS * BLOCK + i], lanes[TEMPERATURE * BLOCK + i] = mass_kg, temperature_k
    hottest = lanes[HOTTEST * BLOCK + i]
    lanes[HOTTEST * BLOCK + i] = temperature_k if temperature_k > hottest else hottest
    lanes[HEAT * BLOCK + i] += taken_j
    lanes[RADIATED * BLOCK + i] += sent_j


def build_step_fragments(laws: Laws) -> Any:
    """Return the vector loop: every lane one step further, half of its heat before the motion and half after it.

    Returns
    -------
    Callable
        (world, rules, lanes), with `rules` a `Fall` and `lanes` a flat block of shape (35 x 32,): lane i of row r is at
        r x 32 + i.
    """
    stepper, place = build_rk4(laws), laws.place

    @lane_loop
    def step_fragments(world: Any, rules: Fall, lanes: Array) -> None:
        for i in range(BLOCK):
            # Here and not in a function: a returned record with arrays is counted, and that keeps LLVM from vectors
            tumble = Tumble(
                world.aero.table, world.aero.rows_per_mach, world.aero.last_row, world.aero.free_drag,
                lanes[LENGTH * BLOCK + i], lanes[SHAPE * BLOCK + i] * (world.aero.last_row + 1.0),
            )  # fmt: skip
            own: Any = World(world.earth, world.air, world.wind, tumble, world.deviation)  # type: ignore[arg-type]
            fall = own_fall(rules, lanes, i)
            mass, time, onset = lanes[MASS * BLOCK + i], lanes[TIME * BLOCK + i], lanes[ONSET * BLOCK + i]
            first_mass, shrinks = lanes[FIRST_MASS * BLOCK + i], lanes[SHRINKS * BLOCK + i]
            # A piece that has melted away takes one last step of no length, and must not divide by its mass
            carried = mass if mass > 1e-9 else 1e-9
            small = shrunk(carried / first_mass, shrinks)
            state = (
                lanes[X * BLOCK + i], lanes[Y * BLOCK + i], lanes[Z * BLOCK + i], lanes[U * BLOCK + i],
                lanes[V * BLOCK + i], lanes[W * BLOCK + i], carried, 0.0,
            )  # fmt: skip
            density, inverse_sound, speed, altitude = air_around(own, state)
            _, up_x, up_y, up_z = place(own.earth, state[0], state[1], state[2])
            climb = up_x * state[3] + up_y * state[4] + up_z * state[5]
            code = fragment_code(fall, altitude, state, first_mass, time, lanes[STEPS * BLOCK + i])
            coefficient, _ = tumbling_coefficients(own, speed * inverse_sound, density)
            drag_area = lanes[FIXED * BLOCK + i] + lanes[AREA * BLOCK + i] * small * coefficient
            longest = falling_step(fall, density, speed, speed * inverse_sound, drag_area, carried)
            step = step_to_end(fall, altitude, climb, longest) if code == float(RUNNING) else 0.0
            warm, left, taken, sent = warmed(
                skin_of(lanes, i, small),
                mass,
                lanes[TEMPERATURE * BLOCK + i],
                density,
                inverse_sound,
                speed,
                0.5 * step,
            )
            # The step was chosen for the mass at its start; a piece that melts away in it must not shake apart
            lighter = left if left > 0.5 * carried else 0.5 * carried
            half = shrunk(lighter / first_mass, shrinks)
            forces = Forces(
                lanes[FIXED * BLOCK + i], lanes[AREA * BLOCK + i] * half, lanes[LIFT * BLOCK + i], 1.0, 0.0, 0.0, 0.0,
                0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
            )  # fmt: skip
            begun = (state[0], state[1], state[2], state[3], state[4], state[5], lighter, 0.0)
            later = stepper(own, forces, time, begun, step, (lanes[SINE * BLOCK + i], lanes[COSINE * BLOCK + i], 0.0))
            density, inverse_sound, speed, _ = air_around(own, later)
            # Half a step with the area of its start, half with that of its end to come: second order in the step
            late = 2.0 * half - small if half > 0.75 * small else 0.5 * small
            warm, left, more_taken, more_sent = warmed(
                skin_of(lanes, i, late), left, warm, density, inverse_sound, speed, 0.5 * step
            )
            lanes[ONSET * BLOCK + i] = altitude if (left < mass) & (onset < -1e8) else onset
            put_fragment(lanes, i, later, left, warm, taken + more_taken, sent + more_sent)
            lanes[TIME * BLOCK + i] = time + step
            lanes[STEPS * BLOCK + i] += 1.0
            lanes[CODE * BLOCK + i] = code

    return step_fragments


@physics
def load_fragment(lanes: Array, lane: int, cases: Array, case: int) -> None:
    """Put a case into a lane."""
    for row in range(CASE_ROWS):
        lanes[row * BLOCK + lane] = cases[row, case]
    lanes[STEPS * BLOCK + lane] = 0.0
    lanes[HEAT * BLOCK + lane] = 0.0
    lanes[RADIATED * BLOCK + lane] = 0.0
    lanes[HOTTEST * BLOCK + lane] = cases[TEMPERATURE, case]
    lanes[ONSET * BLOCK + lane] = -1e9
    lanes[CODE * BLOCK + lane] = RUNNING


@physics
def unload_fragment(world: World, lanes: Array, lane: int, ends: Array, case: int) -> None:
    """Write where a lane ended; the step that found the end is not counted, for it moved nothing."""
    for row in range(TIME + 1):
        ends[row, case] = lanes[row * BLOCK + lane]
    state = (
        lanes[X * BLOCK + lane], lanes[Y * BLOCK + lane], lanes[Z * BLOCK + lane], lanes[U * BLOCK + lane],
        lanes[V * BLOCK + lane], lanes[W * BLOCK + lane], 1.0, 0.0,
    )  # fmt: skip
    _, _, speed, altitude = air_around(world, state)
    ends[END_SPEED, case] = speed
    ends[END_ALTITUDE, case] = altitude
    ends[END_STEPS, case] = lanes[STEPS * BLOCK + lane] - 1.0
    for row in range(HEAT, CODE + 1):
        ends[END_HEAT + row - HEAT, case] = lanes[row * BLOCK + lane]


@physics
def fragment_room(width: int) -> Array:
    """Return room for fragments; the width is always that of a block."""
    return np.empty(LANE_ROWS * width)


@physics
def has_ended(lanes: Array, lane: int) -> bool:
    """Return whether the last step of a fragment found its end."""
    return lanes[CODE * BLOCK + lane] != RUNNING


step_fragments = build_step_fragments(FALLING)
# (world, fall, cases, width, ends): cases of shape (29, n), ends of shape (17, n), width always `BLOCK`
fly_fragments = build_refilled(
    fragment_room, load_fragment, step_fragments, has_ended, unload_fragment, f"fragments, {FALLING.name}"
)
