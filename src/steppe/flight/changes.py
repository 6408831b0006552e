"""What is otherwise than the plan believed: changes that the flight meets and the plan does not know."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from steppe.config.compile import aero_record
from steppe.config.loader import LoadedMission
from steppe.config.mission import Deorbit
from steppe.config.vehicle import Vehicle
from steppe.flight.starting import Beginning
from steppe.kernels import phase as k
from steppe.kernels.air import DENSITY

Row = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Changes:
    """Differences between the flown return and the planned one; the plan, its timer and its aim point stay.

    Attributes
    ----------
    delta_v_m_s, ignition_s
        Added to the deorbit burn and to its moment.
    station_ahead_m
        How far the station really is ahead of its elements along the orbit, in m.
    mass_factor
        Multiplies the masses of ship and capsule and what falls off (propellant and modules stay).
    density_factor
        Multiplies the density of the air at every altitude.
    lift_to_drag_factor, drag_factor
        Multiply the capsule's lift-to-drag ratio (at the same drag) and its drag coefficient (at the same ratio).
    canopy_factor
        Multiplies the drag areas of all parachutes.
    wind_east_m_s, wind_north_m_s
        Added to the wind at every altitude.
    command_altitude_m
        Added to the altitude of the parachute command.
    known
        Whether the plan knows all this: then it is made anew, and only what it cannot mend remains.
    """

    delta_v_m_s: float = 0.0
    ignition_s: float = 0.0
    station_ahead_m: float = 0.0
    mass_factor: float = 1.0
    density_factor: float = 1.0
    lift_to_drag_factor: float = 1.0
    drag_factor: float = 1.0
    canopy_factor: float = 1.0
    wind_east_m_s: float = 0.0
    wind_north_m_s: float = 0.0
    command_altitude_m: float = 0.0
    known: bool = False

    def applied_to(self, loaded: LoadedMission, beginning: Beginning) -> tuple[LoadedMission, Beginning]:
        """Return the mission and the beginning that are really flown."""
        mission = loaded.mission
        if mission.deorbit is not None:
            mission = mission.model_copy(update={"deorbit": self._deorbit(mission.deorbit)})
        changed = replace(loaded, mission=mission, vehicle=self._vehicle(loaded.vehicle))
        return changed, self._beginning(changed, beginning)

    def _deorbit(self, deorbit: Deorbit) -> Deorbit:
        if self.known:
            return deorbit.model_copy(update={"delta_v_m_s": deorbit.delta_v_m_s + self.delta_v_m_s})
        return deorbit.model_copy(
            update={
                "delta_v_error_m_s": deorbit.delta_v_error_m_s + self.delta_v_m_s,
                "ignition_error_s": deorbit.ignition_error_s + self.ignition_s,
            }
        )

    def _vehicle(self, vehicle: Vehicle) -> Vehicle:
        aero = vehicle.capsule.aerodynamics
        free_drag, free_ratio = aero.free_molecular_drag_coefficient, aero.free_molecular_lift_to_drag
        aero = aero.model_copy(
            update={
                "drag_coefficient": tuple(value * self.drag_factor for value in aero.drag_coefficient),
                "lift_to_drag": tuple(value * self.lift_to_drag_factor for value in aero.lift_to_drag),
                "free_molecular_drag_coefficient": None if free_drag is None else free_drag * self.drag_factor,
                "free_molecular_lift_to_drag": None if free_ratio is None else free_ratio * self.lift_to_drag_factor,
            }
        )
        capsule = vehicle.capsule.model_copy(
            update={"aerodynamics": aero, "mass_kg": vehicle.capsule.mass_kg * self.mass_factor}
        )
        update: dict[str, object] = {"capsule": capsule}
        if vehicle.ship is not None:
            update["ship"] = vehicle.ship.model_copy(update={"mass_kg": vehicle.ship.mass_kg * self.mass_factor})
        if vehicle.parachutes is not None:
            stages = tuple(
                stage.model_copy(
                    update={
                        "drag_area_m2": stage.drag_area_m2 * self.canopy_factor,
                        "release_mass_kg": stage.release_mass_kg * self.mass_factor,
                    }
                )
                for stage in vehicle.parachutes.stages
            )
            command_m = vehicle.parachutes.command_altitude_m + self.command_altitude_m
            update["parachutes"] = vehicle.parachutes.model_copy(
                update={"stages": stages, "command_altitude_m": command_m}
            )
        return vehicle.model_copy(update=update)

    def _beginning(self, changed: LoadedMission, beginning: Beginning) -> Beginning:
        world = beginning.world
        layers = world.air.layers.copy()
        layers[..., DENSITY] *= self.density_factor  # the density at the bottom of each layer; the shape above it stays
        wind = world.wind.layers.copy()
        wind[:, 0] += self.wind_east_m_s
        wind[:, 2] += self.wind_north_m_s
        world = world._replace(
            air=world.air._replace(layers=layers),
            wind=world.wind._replace(layers=wind),
            aero=aero_record(changed.vehicle.capsule),
        )
        start = _moved_ahead(beginning.start, self.station_ahead_m, world.earth.rotation_rad_s)
        start[k.MASS] *= self.mass_factor
        station = beginning.station
        if station is not None:
            station = _moved_ahead(station, self.station_ahead_m, world.earth.rotation_rad_s)
        return replace(beginning, world=world, start=start, station=station)


def _moved_ahead(start: Row, ahead_m: float, rotation_rad_s: float) -> Row:
    """Return a start row turned along its inertial orbit, so that it is further ahead at the same radius and speed."""
    position, velocity = start[k.X : k.Z + 1], start[k.U : k.W + 1]
    spin = np.array([0.0, 0.0, rotation_rad_s])
    inertial = velocity + np.cross(spin, position)
    normal = np.cross(position, inertial)
    length = float(np.linalg.norm(normal))
    moved = start.copy()
    if ahead_m == 0.0 or length == 0.0:
        return moved
    angle = ahead_m / float(np.linalg.norm(position))
    # Rodrigues' rotation of vectors that lie across the axis
    turned = [math.cos(angle) * v + math.sin(angle) * np.cross(normal / length, v) for v in (position, inertial)]
    moved[k.X : k.Z + 1] = turned[0]
    moved[k.U : k.W + 1] = turned[1] - np.cross(spin, turned[0])
    return moved
