"""A return made of numbers alone, for tests of the kernels: no mission, no tables of real air."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.environment.air import exponential_air
from steppe.flight.running import no_guide
from steppe.kernels import flying as k
from steppe.kernels.aero import Aero
from steppe.kernels.earth import Earth
from steppe.kernels.guide import Guide
from steppe.kernels.motion import World
from steppe.kernels.wind import Wind

Array = npt.NDArray[np.float64]

RULES = k.Rules(300.0, 1e9, 1e9)
EARTH = Earth(3.986004418e14, 6378137.0, 6356752.3142, 7.292115e-5, 1.0826e-3, -2.53e-6, -1.62e-6, 0.0)


def world() -> World:
    """Return an ellipsoid with exponential air, wind, and coefficients that change with Mach number."""
    wind = Wind(np.array([[5.0, 20.0, -3.0, 4.0], [25.0, -5.0, 1.0, 0.0]]), 0.0, 1e-4)
    aero = Aero(np.array([[1.0, 0.2, 0.2, 0.1], [1.2, 0.1, 0.3, 0.05], [1.3, 0.0, 0.35, 0.0]]), 0.5, 2.0, 0.1, 2.2)
    return World(EARTH, exponential_air(1.225, 7200.0, 290.0), wind, aero)


def guide() -> Guide:
    """Return a guidance that turns the capsule by a table of bank angles."""
    table = np.array([[0.0, 0.5], [60.0, 1.2], [200.0, -1.0]])
    return no_guide()._replace(
        table=table, max_rate_rad_s=0.2, max_acceleration_rad_s2=0.1, end_altitude_m=10e3, period_s=1.0
    )


def phases() -> Array:
    """Return a free fall, a steered one, a parachute and engines over the ground, shape (1, 5, 25)."""
    rows = np.zeros((5, k.PHASE_COLUMNS))
    rows[:, k.TIME_LIMIT_S], rows[:, k.SKIP_ALTITUDE_M], rows[:, k.DRAG_FACTOR] = 7200.0, 200e3, 1.0
    rows[:, k.AERO_AREA_M2] = 3.8
    rows[:2, k.LIFT_FACTOR], rows[:2, k.STEP_S] = 1.0, 0.5
    rows[:2, k.END_KIND], rows[0, k.END_VALUE], rows[1, k.END_VALUE] = k.AT_ALTITUDE, 80e3, 10e3
    rows[1, k.GUIDED] = 1.0
    rows[2, [k.STEP_S, k.END_VALUE, k.CANOPY_TO_M2, k.CANOPY_DURATION_S]] = 0.05, 4.0, 800.0, 4.0
    rows[3, [k.STEP_S, k.END_KIND, k.END_VALUE]] = 0.5, k.AT_HEIGHT, 5.0
    rows[4, [k.STEP_S, k.END_KIND, k.END_VALUE]] = 0.05, k.AT_ALTITUDE, -1e3
    rows[4, [k.THRUST_N, k.FLOW_KG_S, k.THRUST_RADIAL]] = 20e3, 8.0, 1.0
    rows[3:, k.CANOPY_FROM_M2] = rows[3:, k.CANOPY_TO_M2] = 800.0
    rows[3:, k.LANDS] = 1.0
    return rows[None]


def starts(count: int) -> Array:
    """Return starts at 100 km going east and down, shape (count, 10), the path angle a little different in each."""
    path = np.radians(-2.0 + 0.2 * np.sin(np.arange(count)))
    rows = np.zeros((count, 10))
    rows[:, 1] = EARTH.radius_m + 100e3
    rows[:, 4], rows[:, 5] = 7600.0 * np.sin(path), 7600.0 * np.cos(path) * math.cos(0.5)
    rows[:, 6] = 7600.0 * np.cos(path) * math.sin(0.5)
    rows[:, 7], rows[:, 9] = 2900.0, 0.5
    return rows
