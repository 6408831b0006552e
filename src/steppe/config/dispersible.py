"""The registry of what a campaign can disperse: name, unit, the value that changes nothing, and what it means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Dispersible:
    """One quantity that a dispersion file may name.

    Attributes
    ----------
    name
        Its name; the ending is the unit. Names end in ``_error_<unit>`` (added) or ``_factor`` (multiplied).
    unit
        Unit of its values ("1" for a pure number).
    kind
        Kind of unit for values written as text, see `steppe.config.units.UNITS`; "" takes bare numbers only.
    nominal
        The value of an undisturbed flight: 0 for what is added, 1 for what is multiplied.
    meaning
        One line for the reader.
    part
        What it changes: "return", flown by campaigns, or "separation", the bodies that part from each other.
    """

    name: str
    unit: str
    kind: str
    nominal: float
    meaning: str
    part: str = "return"

    @property
    def is_factor(self) -> bool:
        """Whether it multiplies and must therefore stay above zero."""
        return self.nominal == 1.0


# Ending of a name -> unit and kind of text; the longest ending that fits counts
_UNITS: Final = (
    ("_m_s2", "m/s2", "acceleration"),
    ("_m_s", "m/s", "speed"),
    ("_deg_h", "deg/h", ""),
    ("_deg", "deg", "angle"),
    ("_kg", "kg", "mass"),
    ("_m", "m", "length"),
    ("_s", "s", "time"),
)


def _added(name: str, meaning: str) -> Dispersible:
    unit, kind = next(((unit, kind) for ending, unit, kind in _UNITS if name.endswith(ending)), ("1", ""))
    return Dispersible(name, unit, kind, 0.0, meaning)


def _multiplied(name: str, meaning: str) -> Dispersible:
    return Dispersible(name, "1", "", 1.0, meaning)


_FRAME: Final = "in the local orbital frame"

_ROWS: Final = (
    # the orbit and the deorbit burn
    _added("station_radial_error_m", f"real less planned position at the ignition, radial, {_FRAME}"),
    _added("station_along_error_m", f"real less planned position at the ignition, along-track, {_FRAME}"),
    _added("station_cross_error_m", f"real less planned position at the ignition, cross-track, {_FRAME}"),
    _added("station_radial_speed_error_m_s", f"real less planned velocity at the ignition, radial, {_FRAME}"),
    _added("station_along_speed_error_m_s", f"real less planned velocity at the ignition, along-track, {_FRAME}"),
    _added("station_cross_speed_error_m_s", f"real less planned velocity at the ignition, cross-track, {_FRAME}"),
    _added("ignition_error_s", "how much later than planned the deorbit engine ignites"),
    _added("delta_v_error_m_s", "how much more than planned the deorbit burn changes the velocity"),
    _multiplied("thrust_factor", "thrust of the deorbit engine over nominal"),
    _multiplied("specific_impulse_factor", "specific impulse of the deorbit engine over nominal"),
    _added("burn_pitch_error_deg", "thrust direction of the deorbit burn, turned up out of the local horizontal"),
    _added("burn_yaw_error_deg", "thrust direction of the deorbit burn, turned to the orbit normal"),
    _added("ship_mass_error_kg", "mass of the ship at its start, real less nominal"),
    # the capsule
    _added("capsule_mass_error_kg", "mass of the capsule, real less nominal"),
    _multiplied("drag_hypersonic_factor", "drag coefficient of the capsule above Mach 5 over nominal"),
    _multiplied("drag_supersonic_factor", "drag coefficient of the capsule at Mach 1.2 to 5 over nominal"),
    _multiplied("drag_subsonic_factor", "drag coefficient of the capsule below Mach 1.2 over nominal"),
    _multiplied("lift_to_drag_factor", "lift-to-drag ratio of the capsule over nominal"),
    _added("trim_angle_error_deg", "trim angle of attack, real less nominal: changes lift-to-drag ratio and drag"),
    _multiplied("bank_rate_factor", "rate and acceleration of the roll over nominal"),
    # the navigation
    _added("navigation_radial_error_m", f"position error of the last navigation update, radial, {_FRAME}"),
    _added("navigation_along_error_m", f"position error of the last navigation update, along-track, {_FRAME}"),
    _added("navigation_cross_error_m", f"position error of the last navigation update, cross-track, {_FRAME}"),
    _added("navigation_radial_speed_error_m_s", f"velocity error of the last navigation update, radial, {_FRAME}"),
    _added("navigation_along_speed_error_m_s", f"velocity error of the last navigation update, along-track, {_FRAME}"),
    _added("navigation_cross_speed_error_m_s", f"velocity error of the last navigation update, cross-track, {_FRAME}"),
    _added("accelerometer_scale_error", "scale factor error of the accelerometers"),
    _added("accelerometer_radial_bias_m_s2", f"bias of the accelerometers, radial, {_FRAME} of the last update"),
    _added("accelerometer_along_bias_m_s2", f"bias of the accelerometers, along-track, {_FRAME} of the last update"),
    _added("accelerometer_cross_bias_m_s2", f"bias of the accelerometers, cross-track, {_FRAME} of the last update"),
    _added("gyro_radial_drift_deg_h", f"drift of the platform about the radial axis, {_FRAME} of the last update"),
    _added("gyro_along_drift_deg_h", f"drift of the platform about the along-track axis, {_FRAME} of the last update"),
    _added("gyro_cross_drift_deg_h", f"drift of the platform about the cross-track axis, {_FRAME} of the last update"),
    # parachutes and landing
    _added("chute_command_error_m", "altitude of the parachute command, real less nominal"),
    _multiplied("drogue_drag_area_factor", "drag area of pilots and drogue over nominal"),
    _multiplied("main_drag_area_factor", "drag area of the main parachute over nominal"),
    _multiplied("inflation_time_factor", "inflation times of all canopies, or their ways to fill, over nominal"),
    _multiplied("growth_exponent_factor", "power of time with which the canopies grow over nominal; never below 1"),
    _multiplied("apparent_mass_factor", "mass of the air that moves with the canopies over nominal"),
    _multiplied("reefing_delay_factor", "delay of the reefing cutters over nominal"),
    _added("terrain_height_error_m", "height of the ground, real less the zone's"),
    _added("landing_engine_height_error_m", "height at which the landing engines fire, real less nominal"),
    _multiplied("landing_engine_thrust_factor", "thrust of the landing engines over nominal"),
    _added("landing_engine_delay_error_s", "how much later than commanded the landing engines fire"),
    _added("landing_engines_out_error", "how many of the landing engines stay silent"),
    # on the ground: what the trajectory does not know
    _added("landing_speed_error_m_s", "horizontal speed at the touchdown from gusts and swing, along the motion"),
    _added("landing_slope_error_deg", "slope of the ground down in the direction of the motion"),
    _multiplied("landing_friction_factor", "friction of base and edge in the soil over nominal"),
    _multiplied("landing_soil_depth_factor", "depth in which the ground stops the capsule over nominal"),
    _added("canopy_cut_error_s", "how much later than nominal the canopy is cut after the touchdown"),
)


def _module_rows(which: str) -> tuple[Dispersible, ...]:
    """Return what can be dispersed of one module of ``split.modules``."""
    module = f"{which}_module"
    rows = (
        _multiplied(f"{module}_separation_speed_factor", f"separation speed of the {which} module over nominal"),
        _added(f"{module}_separation_pitch_error_deg", f"separation direction of the {which} module, in the orbit"),
        _added(f"{module}_separation_yaw_error_deg", f"separation direction of the {which} module, out of the orbit"),
        _multiplied(f"{module}_drag_area_factor", f"drag area of the {which} module (attitude) over nominal"),
        _multiplied(f"{module}_mass_factor", f"mass of the {which} module over nominal"),
    )
    return rows


_SEPARATION_ROWS: Final = tuple(
    replace(row, part="separation")
    for row in (
        *_module_rows("first"),
        *_module_rows("second"),
        _multiplied("undocking_speed_factor", "speed of the undocking springs over nominal"),
        _added("undocking_pitch_error_deg", "direction of the undocking springs, in the orbit"),
        _added("undocking_yaw_error_deg", "direction of the undocking springs, out of the orbit"),
        _multiplied("departure_burn_factor", "velocity change of the separation burns over nominal"),
        _added("departure_burn_pitch_error_deg", "direction of the separation burns, in the orbit"),
        _added("departure_burn_yaw_error_deg", "direction of the separation burns, out of the orbit"),
        _multiplied("ship_drag_area_factor", "drag area of the ship (attitude) over nominal"),
        _multiplied("station_drag_area_factor", "drag area of the station over nominal"),
    )
)

DISPERSIBLES: Final[dict[str, Dispersible]] = {row.name: row for row in (*_ROWS, *_SEPARATION_ROWS)}
