"""What one return of many has for itself, as a row of numbers, and the records that the laws take, made from it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError
from steppe.kernels.deviation import Deviation
from steppe.kernels.guide import Guide
from steppe.kernels.jit import physics
from steppe.kernels.motion import World
from steppe.kernels.navigation import Sensors
from steppe.kernels.phase import Rules

Array = npt.NDArray[np.float64]

# Columns of a case: the numbers of its `Deviation`, the 13 of its `Sensors`, its largest roll rate and acceleration,
# the height of its ground in m
(FIRST, SUBSONIC, SUPERSONIC, HYPERSONIC, LIFT_TO_DRAG) = range(5)
SENSORS, ROLL_RATE, ROLL_ACCELERATION, GROUND = 5, 18, 19, 20
CASE_COLUMNS = 21
# Those of the sensors that the accelerometers read with: scale, bias, drift
READING_COLUMNS = 7


def plain_cases(world: World, guide: Guide, rules: Rules) -> Array:
    """Return one row for returns that all fly in the same world with the same guidance, shape (1, 21)."""
    case = np.zeros((1, CASE_COLUMNS))
    case[0, FIRST : LIFT_TO_DRAG + 1] = world.deviation[-5:]
    case[0, SENSORS:ROLL_RATE] = guide.sensors
    case[0, ROLL_RATE:] = guide.max_rate_rad_s, guide.max_acceleration_rad_s2, rules.ground_m
    return case


def checked_cases(cases: Array | None, world: World, guide: Guide, rules: Rules, count: int) -> Array:
    """Return the cases of `count` returns, contiguous: those given, or one row for all.

    Raises
    ------
    ConfigError
        If the shape is wrong, or a case begins outside the profiles.
    """
    if cases is None:
        return plain_cases(world, guide, rules)
    if cases.ndim != 2 or cases.shape[1] != CASE_COLUMNS or cases.shape[0] not in (1, count):
        raise ConfigError(f"expected an array of shape ({count} or 1, {CASE_COLUMNS}), got {cases.shape}", key="cases")
    last = world.deviation.profiles.shape[0] - world.deviation.layers
    if cases.size and not (cases[:, FIRST].min() >= 0.0 and cases[:, FIRST].max() <= last):
        raise ConfigError(f"expected profiles that begin in the rows 0 to {last:.0f}", key="cases")
    return np.ascontiguousarray(cases, dtype=np.float64)


@physics
def world_of(world: World, case: npt.NDArray[np.float64]) -> World:
    """Return the world of a case."""
    shared = world.deviation
    deviation = Deviation(
        shared.profiles, shared.layers, shared.lowest_m, shared.layers_per_m, case[FIRST], case[SUBSONIC],
        case[SUPERSONIC], case[HYPERSONIC], case[LIFT_TO_DRAG],
    )  # fmt: skip
    return World(world.earth, world.air, world.wind, world.aero, deviation)


@physics
def guide_of(guide: Guide, case: npt.NDArray[np.float64]) -> Guide:
    """Return the guidance of a case: its sensors, and how fast it rolls."""
    s = SENSORS
    sensors = Sensors(
        case[s], case[s + 1], case[s + 2], case[s + 3], case[s + 4], case[s + 5], case[s + 6], case[s + 7],
        case[s + 8], case[s + 9], case[s + 10], case[s + 11], case[s + 12],
    )  # fmt: skip
    return Guide(
        guide.law, guide.period_s, guide.end_altitude_m, guide.aim_x_m, guide.aim_y_m, guide.aim_z_m, guide.ahead_x,
        guide.ahead_y, guide.ahead_z, guide.right_x, guide.right_y, guide.right_z, guide.reference_cosine,
        guide.cosine_per_m_s, guide.first_side, case[ROLL_RATE], case[ROLL_ACCELERATION], guide.ballistic_rate_rad_s,
        guide.relief_load_g, guide.table, guide.reference, guide.trips, sensors,
    )  # fmt: skip


@physics
def rules_of(rules: Rules, case: npt.NDArray[np.float64]) -> Rules:
    """Return the rules of a case: its ground."""
    return Rules(case[GROUND], rules.load_limit_g, rules.record_every_s)
