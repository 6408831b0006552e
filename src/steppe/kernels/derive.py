"""Outputs from states: everything a person reads, computed from recorded states by the laws that flew them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.kernels.air import clamp
from steppe.kernels.bank import sine_cosine
from steppe.kernels.canopies import canopy_pull
from steppe.kernels.earth import Earth, altitude_and_up
from steppe.kernels.guide import Guide, bank_size
from steppe.kernels.heating import stagnation_heat_flux
from steppe.kernels.jit import driver
from steppe.kernels.motion import World, air_velocity, canopy_state, rates, real_air
from steppe.kernels.phase import BANK, CANOPY_PASSED_S, PHASE, TIME, U, X, duration_s, fills, forces_of, state_of
from steppe.kernels.predictor import predicted_end, roll_rate
from steppe.kernels.steppers import rk4

# Columns of the output
(
    ALTITUDE, LATITUDE, LONGITUDE, AIRSPEED, GROUND_SPEED, VERTICAL_SPEED, INERTIAL_SPEED, PATH_ANGLE, HEADING,
    MACH, DENSITY, DYNAMIC_PRESSURE, LOAD, HEAT_FLUX, HEAT_LOAD, CANOPY_AREA, CANOPY_PULL,
) = range(17)  # fmt: skip
OUTPUT_COLUMNS = 17


@driver
def derive(
    world: World,
    phases: npt.NDArray[np.float64],
    begins: npt.NDArray[np.float64],
    record: npt.NDArray[np.float64],
    nose_radius_m: float,
    output: npt.NDArray[np.float64],
) -> None:
    """Fill `output`, shape (samples, 17), from the record of `fly_phases`; angles in rad, load in g.

    The load is the sensed acceleration of the right-hand side at the sample, in g.
    """
    heat_load = 0.0
    for i in range(record.shape[0]):
        row = record[i]
        phase = int(row[PHASE])
        started, rate = 0.0, 1e9
        for earlier in range(phase + 1):
            if fills(phases[earlier]):
                started = begins[earlier, TIME] - phases[earlier, CANOPY_PASSED_S]
                rate = 1.0 / duration_s(world, phases[earlier], state_of(begins[earlier]))
        forces = forces_of(phases[phase], begins[phase, TIME], (started, rate))
        state = state_of(row)
        x, y, z, u, v, w, _, _ = state
        altitude, up_x, up_y, up_z = altitude_and_up(world.earth, x, y, z)
        inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
        density, inverse_sound = real_air(world, altitude, x * inverse_r, y * inverse_r, z * inverse_r)
        air_x, air_y, air_z = air_velocity(world, altitude, up_x, up_y, up_z)
        airspeed = math.sqrt((u - air_x) ** 2 + (v - air_y) ** 2 + (w - air_z) ** 2)
        across = 1.0 / math.sqrt(up_x * up_x + up_y * up_y + 1e-24)
        east_x, east_y = -up_y * across, up_x * across
        climb = u * up_x + v * up_y + w * up_z
        east = u * east_x + v * east_y
        north = -u * up_z * east_y + v * up_z * east_x + w * (up_x * east_y - up_y * east_x)
        ground = math.sqrt(u * u + v * v + w * w)
        spin = world.earth.rotation_rad_s
        sine, cosine = sine_cosine(row[BANK])
        rate_of = rates(world, forces, row[TIME], state, sine, cosine)
        heat = stagnation_heat_flux(density, airspeed, nose_radius_m)
        if i > 0:
            heat_load += 0.5 * (heat + output[i - 1, HEAT_FLUX]) * (row[TIME] - record[i - 1, TIME])
        output[i, ALTITUDE] = altitude
        output[i, LATITUDE] = math.atan2(up_z, math.sqrt(up_x * up_x + up_y * up_y))
        output[i, LONGITUDE] = math.atan2(y, x)
        output[i, AIRSPEED] = airspeed
        output[i, GROUND_SPEED] = ground
        output[i, VERTICAL_SPEED] = climb
        output[i, INERTIAL_SPEED] = math.sqrt((u - spin * y) ** 2 + (v + spin * x) ** 2 + w * w)
        output[i, PATH_ANGLE] = math.atan2(climb, math.sqrt(east * east + north * north))
        output[i, HEADING] = math.atan2(east, north)
        output[i, MACH] = airspeed * inverse_sound
        output[i, DENSITY] = density
        output[i, DYNAMIC_PRESSURE] = 0.5 * density * airspeed * airspeed
        output[i, LOAD] = rate_of[7] / STANDARD_GRAVITY_M_S2
        output[i, HEAT_FLUX] = heat
        output[i, HEAT_LOAD] = heat_load
        output[i, CANOPY_AREA] = canopy_state(forces, row[TIME])[0]
        output[i, CANOPY_PULL] = canopy_pull(world, forces, row[TIME], state)


# Columns of the output of `locate`
PLACE_LATITUDE, PLACE_LONGITUDE, PLACE_CLIMB, PLACE_SPEED, PLACE_PATH_ANGLE = range(5)
PLACE_COLUMNS = 5


@driver
def locate(earth: Earth, rows: npt.NDArray[np.float64], output: npt.NDArray[np.float64]) -> None:
    """Fill `output`, shape (n, 5), from states in rows as of a record, shape (n, 12), each by itself.

    Geodetic latitude and longitude in rad, vertical speed and speed over ground in m/s, flight-path angle in rad.
    """
    for i in range(rows.shape[0]):
        x, y, z, u, v, w = rows[i, X], rows[i, X + 1], rows[i, X + 2], rows[i, U], rows[i, U + 1], rows[i, U + 2]
        _, up_x, up_y, up_z = altitude_and_up(earth, x, y, z)
        climb, squared = u * up_x + v * up_y + w * up_z, u * u + v * v + w * w
        output[i, PLACE_LATITUDE] = math.atan2(up_z, math.sqrt(up_x * up_x + up_y * up_y))
        output[i, PLACE_LONGITUDE] = math.atan2(y, x)
        output[i, PLACE_CLIMB], output[i, PLACE_SPEED] = climb, math.sqrt(squared)
        output[i, PLACE_PATH_ANGLE] = math.atan2(climb, math.sqrt(max(squared - climb * climb, 0.0)))


@driver
def predict(
    world: World, guide: Guide, phase: npt.NDArray[np.float64], sample: npt.NDArray[np.float64], cosine: float,
    side: float, flip_speeds: tuple[float, float],
) -> tuple[float, float]:  # fmt: skip
    """Return the miss ahead and to the right of the aim point in m, from one recorded sample at a constant bank.

    See `steppe.kernels.guidance.predicted_end`; the capsule has the bank angle already.
    """
    forces = forces_of(phase, sample[0], (0.0, 1e9))
    state = (sample[1], sample[2], sample[3], sample[4], sample[5], sample[6], sample[7], sample[8])
    bank = side * math.fabs(sample[BANK])
    ahead, right, _ = predicted_end(world, forces, guide, sample[0], state, bank, cosine, side, flip_speeds)
    return ahead, right


@driver
def reference_entry(
    world: World, guide: Guide, phase: npt.NDArray[np.float64], sample: npt.NDArray[np.float64], cosine: float,
    side: float, flip_speeds: tuple[float, float], step_s: float, output: npt.NDArray[np.float64],
) -> int:  # fmt: skip
    """Fly one entry at a constant bank angle from a recorded sample to the end altitude.

    Fills rows of `output`, shape (samples, 5): time in s, apparent velocity in m/s, range over ground in m, speed over
    ground in m/s, miss to the right of the aim point in m (of the position itself). Returns the number of rows.
    """
    forces = forces_of(phase, sample[0], (0.0, 1e9))
    state = (sample[1], sample[2], sample[3], sample[4], sample[5], sample[6], sample[7], sample[8])
    time_s, flown, flipped = sample[0], 0.0, 0
    bank = sample[BANK]
    count = 0
    while count < output.shape[0]:
        x, y, z, u, v, w, _, _ = state
        altitude, up_x, up_y, up_z = altitude_and_up(world.earth, x, y, z)
        climb = u * up_x + v * up_y + w * up_z
        speed = math.sqrt(u * u + v * v + w * w)
        radius = math.sqrt(x * x + y * y + z * z)
        over_ground = math.sqrt(max(speed * speed - climb * climb, 0.0)) * world.earth.radius_m / radius
        right = (
            (x - guide.aim_x_m) * guide.right_x
            + (y - guide.aim_y_m) * guide.right_y
            + (z - guide.aim_z_m) * guide.right_z
        )
        output[count, 0], output[count, 1], output[count, 2] = time_s, state[7], flown
        output[count, 3], output[count, 4] = over_ground, right
        count += 1
        if altitude <= guide.end_altitude_m:
            return count
        if (flipped == 0 and speed < flip_speeds[0]) or (flipped == 1 and speed < flip_speeds[1]):
            side = -side
            flipped += 1
        size = bank_size(guide, cosine, speed)
        turning = roll_rate(guide, 2.0 * size)
        rate = clamp((side * size - bank) / step_s, -turning, turning)
        state = rk4(world, forces, time_s, state, step_s, (bank, rate, 0.0))
        bank += rate * step_s
        time_s += step_s
        flown += over_ground * step_s
    return count
