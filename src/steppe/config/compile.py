"""From files to kernel records: the only place where both the schema and the kernels are known."""

from __future__ import annotations

import math

import numpy as np

from steppe import constants
from steppe.config.mission import Guidance, Navigation
from steppe.config.surroundings import Earth as EarthConfig
from steppe.config.vehicle import BankLimits, Capsule
from steppe.kernels.aero import Aero
from steppe.kernels.earth import Earth
from steppe.kernels.guide import (
    APPARENT_VELOCITY,
    BALLISTIC,
    OPEN_LOOP,
    PREDICTOR_CORRECTOR,
    Guide,
    Reference,
    Trips,
)
from steppe.kernels.navigation import Sensors

# Rows per unit of Mach number: nodes at multiples of 0.05 fall on rows, so such tables are exact
_ROWS_PER_MACH = 20.0

LAWS = {
    "open-loop": OPEN_LOOP,
    "predictor-corrector": PREDICTOR_CORRECTOR,
    "ballistic": BALLISTIC,
    "apparent-velocity": APPARENT_VELOCITY,
}


def earth_record(earth: EarthConfig) -> Earth:
    """Return the Earth of a mission as the kernels know it."""
    radius_m = earth.radius_m or (
        constants.WGS84_EQUATORIAL_RADIUS_M if earth.shape == "wgs84" else constants.SPHERICAL_RADIUS_M
    )
    flattening = constants.WGS84_FLATTENING if earth.shape == "wgs84" else 0.0
    rotation = constants.EARTH_ROTATION_RAD_S if earth.rotation_rad_s is None else earth.rotation_rad_s
    j2 = constants.EARTH_J2 if earth.j2 is None else earth.j2
    return Earth(
        gm=earth.gm_m3_s2 or constants.WGS84_GM_M3_S2,
        radius_m=radius_m,
        polar_m=radius_m * (1.0 - flattening),
        rotation_rad_s=rotation if earth.rotating else 0.0,
        j2=j2 if earth.zonal_degree >= 2 else 0.0,
        j3=constants.EARTH_J3 if earth.zonal_degree >= 3 else 0.0,
        j4=constants.EARTH_J4 if earth.zonal_degree >= 4 else 0.0,
        constant_gravity_m_s2=earth.gravity_m_s2 or 0.0,
    )


def aero_record(capsule: Capsule) -> Aero:
    """Return the capsule's Mach table on an even grid, linear between the nodes of the file."""
    aero = capsule.aerodynamics
    rows = max(2, math.ceil(aero.mach[-1] * _ROWS_PER_MACH) + 1)
    mach = np.arange(rows) / _ROWS_PER_MACH
    drag = np.interp(mach, aero.mach, aero.drag_coefficient)
    lift = np.interp(mach, aero.mach, aero.lift_to_drag) * drag
    table = np.zeros((rows, 4))
    table[:, 0], table[:-1, 1] = drag, np.diff(drag)
    table[:, 2], table[:-1, 3] = lift, np.diff(lift)
    free_drag = aero.free_molecular_drag_coefficient
    free_ratio = aero.free_molecular_lift_to_drag
    free_drag = float(drag[-1]) if free_drag is None else free_drag
    free_lift = float(lift[-1]) if free_ratio is None else free_ratio * free_drag
    return Aero(table, _ROWS_PER_MACH, free_drag, free_lift, capsule.reference_length_m)


def guide_record(
    guidance: Guidance, bank: BankLimits | None, end_altitude_m: float, aim: np.ndarray, first_side: float
) -> Guide:
    """Return what the guidance is told.

    Parameters
    ----------
    guidance, bank
        The law and its numbers, and the roll limits of the capsule (none: it cannot roll).
    end_altitude_m
        Altitude of the parachute command in m.
    aim
        Shape (3, 3): aim point in m, unit vector ahead, unit vector to the right (ITRF).
    first_side
        +1 or -1.
    """
    table = np.column_stack([guidance.bank_table_time_s, np.radians(guidance.bank_table_deg)])
    if table.shape[0] == 0:
        side = 1.0 if guidance.initial_bank_side == "right" else -1.0
        table = np.array([[0.0, side * math.radians(guidance.reference_bank_deg)]])
    rate_deg_s = bank.max_rate_deg_s if bank else 1e-6
    x, y, z, ahead_x, ahead_y, ahead_z, right_x, right_y, right_z = (float(value) for value in aim.reshape(9))
    return Guide(
        law=LAWS[guidance.law],
        period_s=guidance.period_s,
        end_altitude_m=end_altitude_m,
        aim_x_m=x,
        aim_y_m=y,
        aim_z_m=z,
        ahead_x=ahead_x,
        ahead_y=ahead_y,
        ahead_z=ahead_z,
        right_x=right_x,
        right_y=right_y,
        right_z=right_z,
        reference_cosine=math.cos(math.radians(guidance.reference_bank_deg)),
        cosine_per_m_s=guidance.cosine_per_km_s * 1e-3,
        first_side=first_side,
        max_rate_rad_s=math.radians(rate_deg_s),
        max_acceleration_rad_s2=math.radians(bank.max_acceleration_deg_s2 if bank else 1e-6),
        ballistic_rate_rad_s=math.radians(min(rate_deg_s, guidance.ballistic_roll_rate_deg_s)),
        relief_load_g=guidance.relief_load_g,
        table=np.ascontiguousarray(table),
        reference=no_reference(),
        trips=trips_record(guidance),
        sensors=sensors_record(guidance.navigation, np.eye(3)),
    )


def trips_record(guidance: Guidance) -> Trips:
    """Return what ends the guided descent; a table of bank angles is flown as written, whatever it does to the load."""
    if guidance.law == "open-loop":
        return Trips(command_s=1e30, load_g=1e9, load_time_s=1e30, tilt_rad=1e9, corridor_s=1e30)
    return Trips(
        command_s=1e30 if guidance.ballistic_after_s is None else guidance.ballistic_after_s,
        load_g=guidance.trip_load_g,
        load_time_s=guidance.trip_load_time_s,
        tilt_rad=math.radians(guidance.trip_tilt_deg),
        corridor_s=guidance.trip_entry_time_s,
    )


def no_reference() -> Reference:
    """Return an empty reference for the laws that need none."""
    return Reference(np.zeros((2, 2)), np.zeros(2), 0.0, 1.0, 1.0, 1e30, 0.0, 0.0, 1e30, 1e30)


def sensors_record(errors: Navigation, basis: np.ndarray) -> Sensors:
    """Return the errors of the navigation in ITRF; `basis` has radial, along-track and cross-track as rows."""
    bias = np.array(errors.accelerometer_bias_m_s2) @ basis
    drift = np.radians(np.array(errors.gyro_drift_deg_h) / 3600.0) @ basis
    place = np.array(errors.position_error_m) @ basis
    speed = np.array(errors.velocity_error_m_s) @ basis
    return Sensors(errors.accelerometer_scale, *(float(value) for value in (*bias, *drift, *place, *speed)))
