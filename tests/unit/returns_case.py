"""A return made of numbers alone, for tests of the kernels: no mission, no tables of real air."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.environment.air import exponential_air
from steppe.flight.running import no_guide
from steppe.kernels import dispersed as d
from steppe.kernels import phase as k
from steppe.kernels.aero import Aero
from steppe.kernels.deviation import NO_DEVIATION
from steppe.kernels.dispersed import plain_cases
from steppe.kernels.earth import Earth
from steppe.kernels.guide import Guide
from steppe.kernels.motion import World
from steppe.kernels.return_care import Setting
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
    """Return a free fall, a steered one, a parachute and engines over the ground, shape (1, 5, 31)."""
    rows = np.zeros((5, k.PHASE_COLUMNS))
    rows[:, k.TIME_LIMIT_S], rows[:, k.SKIP_ALTITUDE_M], rows[:, k.DRAG_FACTOR] = 7200.0, 200e3, 1.0
    rows[:, k.AERO_AREA_M2] = 3.8
    rows[:2, k.LIFT_FACTOR], rows[:2, k.STEP_S] = 1.0, 0.5
    rows[:2, k.END_KIND], rows[0, k.END_VALUE], rows[1, k.END_VALUE] = k.AT_ALTITUDE, 80e3, 10e3
    rows[1, k.GUIDED] = 1.0
    rows[2, [k.STEP_S, k.END_VALUE, k.CANOPY_TO_M2, k.CANOPY_WAY_M, k.CANOPY_GROWTH]] = 0.05, 40.0, 800.0, 100.0, 1.5
    rows[2, [k.END_KIND, k.PULL_LIMIT_N]] = k.AFTER_FILLING, 1e5
    rows[2:4, k.AIR_TO_M2] = 200.0
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


def dispersed(count: int) -> tuple[Setting, Array]:
    """Return a setting with profiles of density and wind, and cases of which each deviates in its own way."""
    phase = np.arange(count)[:, None] + np.array([0.0, 1.0, 2.0, 3.0])
    nodes = np.stack([0.1 * np.sin(phase), 9.0 * np.cos(phase), 7.0 * np.sin(2.0 * phase)], axis=2)
    layers = np.stack([nodes[:, :-1], np.diff(nodes, axis=1)], axis=3).reshape(count * 3, 6)
    deviation = NO_DEVIATION._replace(profiles=layers, layers=3.0, lowest_m=0.0, layers_per_m=1.0 / 40e3)
    planned = world()
    setting = Setting(planned._replace(deviation=deviation), planned, guide(), RULES)
    cases = plain_cases(planned, guide(), RULES).repeat(count, axis=0)
    cases[:, d.FIRST] = 3.0 * np.arange(count)
    swing = 0.05 * np.sin(np.arange(count))[:, None]
    cases[:, d.SUBSONIC : d.LIFT_TO_DRAG + 1] = 1.0 + swing * np.array([1.0, -0.5, 0.7, -1.0])
    cases[:, d.SENSORS] = 0.01 * swing[:, 0]
    cases[:, d.SENSORS + 1 : d.SENSORS + 7] = 1e-3 * swing
    cases[:, d.ROLL_RATE : d.GROUND] *= 1.0 + swing
    cases[:, d.GROUND] += 200.0 * swing[:, 0]
    return setting, cases
