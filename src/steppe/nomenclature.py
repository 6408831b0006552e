"""The registry of variables: every column, label, unit and frame that steppe shows is defined here, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Variable:
    """One quantity.

    Attributes
    ----------
    name
        Column name; its ending is the unit.
    unit
        Unit of the stored values ("1" for a pure number).
    frame
        Frame or reference that gives the value its meaning, "" if it has none.
    meaning
        One line for the reader.
    label
        Short label for figures and tables.
    display_unit
        Unit for people.
    display_factor
        Multiply the stored value by this to get the display unit.
    """

    name: str
    unit: str
    frame: str
    meaning: str
    label: str
    display_unit: str
    display_factor: float = 1.0


_ROWS: Final = (
    Variable("time_s", "s", "UTC seconds since the epoch", "time since the epoch of the flight", "Time", "s"),
    Variable("x_m", "m", "ITRF", "position, x component", "x", "km", 1e-3),
    Variable("y_m", "m", "ITRF", "position, y component", "y", "km", 1e-3),
    Variable("z_m", "m", "ITRF", "position, z component", "z", "km", 1e-3),
    Variable("vx_m_s", "m/s", "ITRF", "velocity relative to the turning Earth, x component", "vx", "m/s"),
    Variable("vy_m_s", "m/s", "ITRF", "velocity relative to the turning Earth, y component", "vy", "m/s"),
    Variable("vz_m_s", "m/s", "ITRF", "velocity relative to the turning Earth, z component", "vz", "m/s"),
    Variable("mass_kg", "kg", "", "mass of the body", "Mass", "kg"),
    Variable("altitude_m", "m", "WGS-84 geodetic", "height above the ellipsoid", "Altitude", "km", 1e-3),
    Variable("latitude_deg", "deg", "WGS-84 geodetic", "latitude, north positive", "Latitude", "deg"),
    Variable("longitude_deg", "deg", "WGS-84 geodetic", "longitude, east positive", "Longitude", "deg"),
    Variable("airspeed_m_s", "m/s", "air", "speed relative to the moving air", "Airspeed", "m/s"),
    Variable("ground_speed_m_s", "m/s", "ITRF", "speed relative to the turning Earth", "Speed", "m/s"),
    Variable("vertical_speed_m_s", "m/s", "geodetic", "rate of climb, up positive", "Vertical speed", "m/s"),
    Variable("inertial_speed_m_s", "m/s", "inertial", "speed in the inertial frame", "Inertial speed", "m/s"),
    Variable(
        "flight_path_angle_deg", "deg", "ITRF, geodetic", "angle of the Earth-relative velocity above the horizon",
        "Flight-path angle", "deg",
    ),
    Variable("heading_deg", "deg", "ITRF, geodetic", "Earth-relative course, clockwise from north", "Heading", "deg"),
    Variable("bank_deg", "deg", "velocity", "bank angle, positive turns the lift to the right", "Bank angle", "deg"),
    Variable("bank_command_deg", "deg", "velocity", "bank angle that guidance asks for", "Bank command", "deg"),
    Variable("mach", "1", "air", "Mach number", "Mach", ""),
    Variable("density_kg_m3", "kg/m3", "", "density of the air", "Density", "kg/m³"),
    Variable("dynamic_pressure_pa", "Pa", "air", "dynamic pressure", "Dynamic pressure", "kPa", 1e-3),
    Variable("load_g", "g", "body", "sensed acceleration over standard gravity", "Load", "g"),
    Variable("heat_flux_w_m2", "W/m2", "", "cold-wall stagnation heat flux (Sutton-Graves)", "Heat flux", "W/cm²",
             1e-4),
    Variable("heat_load_j_m2", "J/m2", "", "heat flux summed over time", "Heat load", "kJ/cm²", 1e-7),
    Variable("sensed_velocity_m_s", "m/s", "body", "sensed acceleration summed over time (apparent velocity)",
             "Apparent velocity", "m/s"),
    Variable("canopy_drag_area_m2", "m2", "air", "drag coefficient times area of the canopies", "Canopy drag area",
             "m²"),
    Variable("radial_m", "m", "LVLH of the station", "relative position, away from the Earth", "Radial", "km", 1e-3),
    Variable("along_track_m", "m", "LVLH of the station", "relative position, in flight direction", "Along-track",
             "km", 1e-3),
    Variable("cross_track_m", "m", "LVLH of the station", "relative position, along the orbit normal", "Cross-track",
             "km", 1e-3),
    Variable("distance_m", "m", "", "distance between ship and station", "Distance", "km", 1e-3),
)  # fmt: skip

VARIABLES: Final[dict[str, Variable]] = {row.name: row for row in _ROWS}

# Event name -> what the timeline calls it; the order is the order of the return
EVENTS: Final[dict[str, str]] = {
    "undocking": "Undocking",
    "deorbit_ignition": "Deorbit burn, ignition",
    "deorbit_cutoff": "Deorbit burn, cut-off",
    "module_separation": "Separation of the modules",
    "entry_interface": "Entry interface",
    "guidance_start": "Guidance starts",
    "module_release": "Stuck module breaks free",
    "peak_load": "Peak load",
    "plasma_exit": "End of the plasma",
    "parachute_command": "Parachute command",
    "main_inflated": "Main parachute inflated",
    "heat_shield_jettison": "Heat shield jettisoned",
    "soft_landing_ignition": "Soft-landing engines",
    "touchdown": "Touchdown",
}
