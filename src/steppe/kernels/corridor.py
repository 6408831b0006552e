"""What a capsule would feel at each speed and altitude: load, heat flux, and the lift that level flight needs."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.kernels.aero import Aero, coefficients
from steppe.kernels.earth import Earth, altitude_and_up, gravity
from steppe.kernels.heating import stagnation_heat_flux
from steppe.kernels.jit import driver

# Columns of the courses: airspeed in m/s, place (ITRF, m), sine and cosine of the heading
SPEED, PLACE_X, PLACE_Y, PLACE_Z, EASTWARD, NORTHWARD = range(6)
# Columns of the output: load in g, heat flux in W/m2, lift over what level flight needs
LOAD, FLUX, CARRIED = range(3)
OUTPUT_COLUMNS = 3
NOTHING_NEEDED = 1e9


@driver
def corridor_table(
    earth: Earth, aero: Aero, area_per_mass_m2_kg: float, nose_radius_m: float, air: npt.NDArray[np.float64],
    courses: npt.NDArray[np.float64], output: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Fill `output`, shape (courses, altitudes, 3), for a body at trim.

    `air` has shape (altitudes, 3): altitude in m, density in kg/m3, speed of sound in m/s; `courses` (courses, 6).

    Level flight needs L / m = g - V_i^2 / r (N. X. Vinh, Hypersonic and Planetary Entry Flight Mechanics, section 7.2)
    with the inertial speed V_i of the course on the turning Earth and the distance r from its centre. Where nothing is
    needed (orbital speed) `CARRIED` is `NOTHING_NEEDED`.
    """
    for i in range(courses.shape[0]):
        speed = courses[i, SPEED]
        x, y, z = courses[i, PLACE_X], courses[i, PLACE_Y], courses[i, PLACE_Z]
        altitude, up_x, up_y, up_z = altitude_and_up(earth, x, y, z)
        pull_x, pull_y, pull_z = gravity(earth, x, y, z, up_x, up_y, up_z)
        pull = math.sqrt(pull_x * pull_x + pull_y * pull_y + pull_z * pull_z)
        here = math.sqrt(x * x + y * y + z * z)
        turning = earth.rotation_rad_s * math.sqrt(x * x + y * y) / here
        for j in range(air.shape[0]):
            density = air[j, 1]
            drag, lift = coefficients(aero, speed / air[j, 2], density)
            push = 0.5 * density * speed * speed * area_per_mass_m2_kg
            r = here + air[j, 0] - altitude
            east = speed * courses[i, EASTWARD] + turning * r
            north = speed * courses[i, NORTHWARD]
            flat = earth.constant_gravity_m_s2
            needed = flat if flat > 0.0 else pull * (here / r) * (here / r) - (east * east + north * north) / r
            output[i, j, LOAD] = push * math.sqrt(drag * drag + lift * lift) / STANDARD_GRAVITY_M_S2
            output[i, j, FLUX] = stagnation_heat_flux(density, speed, nose_radius_m)
            output[i, j, CARRIED] = push * lift / needed if needed > 0.0 else NOTHING_NEEDED
