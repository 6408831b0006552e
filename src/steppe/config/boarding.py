"""What people and cargo do to the capsule: mass, centre of gravity, trim angle, lift-to-drag ratio and drag."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from steppe.config.manifest import Manifest
from steppe.config.trim import angle_of_slope_deg, force_slope, trim_angle_deg, trim_effect
from steppe.config.vehicle import Vehicle
from steppe.errors import ConfigError

# Behind the apex of the shield. Derived: tables of the trim of the cap bracket 0.75 to 0.85 m; not published
GRAVITY_CENTRE_X_M: Final = 0.80
# Where the mass of a person lies in the axes of `Cargo`. Assumed: no drawing of the seats was found. The centre seat
# lies on the side of the offset, the two others beside it with their shoulders outwards
SEAT_PLACES_M: Final = {"centre": (0.85, 0.0, 0.10), "left": (0.85, -0.45, 0.05), "right": (0.85, 0.45, 0.05)}


@dataclass(frozen=True, slots=True)
class Boarding:
    """The difference that a manifest makes to the capsule of the vehicle file.

    Attributes
    ----------
    mass_change_kg
        Of the capsule, and of the ship with it.
    shift_x_m, shift_y_m, shift_z_m
        Of the centre of gravity: away from the shield, to the right, to the side of the offset.
    trim_angle_deg, trim_change_deg
        The hypersonic angle of attack, and how much larger it is than with the vehicle file's masses.
    lift_to_drag, lift_to_drag_change
        The hypersonic ratio and its change.
    drag_factor
        On the drag coefficient.
    roll_of_lift_deg
        How far the lift turns about the axis of the capsule, because the centre of gravity leaves the plane of
        symmetry. The control steers the lift by what the accelerometers feel, so the flight does not see it.
    """

    mass_change_kg: float
    shift_x_m: float
    shift_y_m: float
    shift_z_m: float
    trim_angle_deg: float
    trim_change_deg: float
    lift_to_drag: float
    lift_to_drag_change: float
    drag_factor: float
    roll_of_lift_deg: float

    def as_dict(self) -> dict[str, float]:
        """Return plain values for JSON."""
        return asdict(self)


def boarding(vehicle: Vehicle, manifest: Manifest) -> Boarding:
    """Return what a manifest changes in a capsule whose masses are those of `Manifest()`.

    Moments of the masses that differ move the centre of gravity; the trim follows from `steppe.config.trim`.

    Raises
    ------
    ConfigError
        If the capsule would not be in trim within 10 deg of its nominal angle, where the law holds.
    """
    capsule = vehicle.capsule
    nominal_deg = trim_angle_deg(capsule)
    to_centre_m = capsule.nose_radius_m - GRAVITY_CENTRE_X_M
    start = np.array([GRAVITY_CENTRE_X_M, 0.0, to_centre_m * force_slope(capsule, nominal_deg)])
    change_kg, moment = _change(manifest)
    mass_kg = capsule.mass_kg + change_kg
    gravity_centre = (capsule.mass_kg * start + moment) / mass_kg
    x, y, z = (float(value) for value in gravity_centre)
    slope = math.hypot(y, z) / (capsule.nose_radius_m - x)
    unchanged = change_kg == 0.0 and not moment.any()
    angle_deg = nominal_deg if unchanged else angle_of_slope_deg(capsule, math.copysign(slope, z))
    if abs(angle_deg - nominal_deg) > 10.0:
        raise ConfigError(
            f"the centre of gravity puts the capsule at {angle_deg:.1f} deg, more than 10 deg from the "
            f"{nominal_deg:.1f} deg of the vehicle; put less mass to one side",
            key="manifest",
        )
    ratio_change, drag = trim_effect(capsule, np.array([angle_deg - nominal_deg]))
    ratio = capsule.aerodynamics.lift_to_drag[-1]
    return Boarding(
        change_kg, x - float(start[0]), y, z - float(start[2]), angle_deg, angle_deg - nominal_deg,
        ratio + float(ratio_change[0]), float(ratio_change[0]), float(drag[0]), math.degrees(math.atan2(y, z)),
    )  # fmt: skip


def boarded(vehicle: Vehicle, manifest: Manifest) -> Vehicle:
    """Return the vehicle with the people and the cargo of a manifest in it; unchanged for the default one.

    The ratio of lift to drag changes by the same share at every Mach number, as a dispersed trim angle does.

    Raises
    ------
    ConfigError
        As in `boarding`.
    """
    found = boarding(vehicle, manifest)
    if found.mass_change_kg == 0.0 and found.trim_change_deg == 0.0:
        return vehicle
    capsule = vehicle.capsule
    share = found.lift_to_drag / capsule.aerodynamics.lift_to_drag[-1]
    aerodynamics = capsule.aerodynamics.model_copy(
        update={
            "drag_coefficient": tuple(value * found.drag_factor for value in capsule.aerodynamics.drag_coefficient),
            "lift_to_drag": tuple(value * share for value in capsule.aerodynamics.lift_to_drag),
        }
    )
    update = {"mass_kg": capsule.mass_kg + found.mass_change_kg, "aerodynamics": aerodynamics}
    changed: dict[str, object] = {"capsule": capsule.model_copy(update=update), "crew": manifest.crew}
    if vehicle.ship is not None:
        changed["ship"] = vehicle.ship.model_copy(update={"mass_kg": vehicle.ship.mass_kg + found.mass_change_kg})
    return vehicle.model_copy(update=changed)


def _change(manifest: Manifest) -> tuple[float, np.typing.NDArray[np.float64]]:
    """Return by how many kg and kg m (three axes) a manifest differs from the default one."""
    total, moment = 0.0, np.zeros(3)
    for sign, one in ((1.0, manifest), (-1.0, Manifest())):
        rows = [(getattr(one, name).mass_kg, place) for name, place in SEAT_PLACES_M.items()]
        rows += [(item.mass_kg, (item.x_m, item.y_m, item.z_m)) for item in one.cargo]
        for mass_kg, place in rows:
            total += sign * mass_kg
            moment += sign * mass_kg * np.array(place)
    return total, moment
