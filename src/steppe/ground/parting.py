"""Flies dispersed separations: the modules from the split to 70 km, ship and station from the undocking on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from steppe.config.loader import LoadedMission
from steppe.config.vehicle import DiscardedModule
from steppe.ensemble.cases import Case, Nominal
from steppe.ensemble.sampling import Samples
from steppe.errors import ENDED, ConfigError
from steppe.flight import phases as ph
from steppe.flight.beside import MODULE_END_M, module_phase, station_phase
from steppe.flight.failing import stuck_module
from steppe.flight.starting import Beginning, begin
from steppe.frames.geodetic import itrf_to_geodetic
from steppe.frames.local import lvlh_basis
from steppe.ground.approach import positions_at
from steppe.kernels import phase as k
from steppe.kernels.flying import fly_phases
from steppe.kernels.guide import PREDICTOR_CORRECTOR

Array = npt.NDArray[np.float64]

# Fragmentation of such modules (ISO 27875 practice): below it they are no bodies any more
BREAK_UP_M = 78e3
# Time between the points of a curve; an eighth of its square times 0.1 m/s2 of drag at 100 km is 1 cm
MODULE_STEP_S = 1.0
DEPARTURE_STEP_S = 10.0
_RECORD_EVERY_S = 2.0
_RECORD_ROWS = 20_000
_NUMBERS = ("first", "second")
_FREE = k.Rules(-1e4, 1e9, _RECORD_EVERY_S)
_KICKS = (k.KICK_RADIAL, k.KICK_ALONG, k.KICK_CROSS)
_THRUSTS = (k.THRUST_RADIAL, k.THRUST_ALONG, k.THRUST_CROSS)


@dataclass(frozen=True, slots=True)
class Body:
    """One body that is followed: name, hard-body radius, and where its centre is before the parting.

    `offset_m` is radial, along-track and cross-track from the capsule (the station).
    """

    name: str
    radius_m: float
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Parted:
    """The ways of some bodies in one sample, at the times of the grid.

    Attributes
    ----------
    positions_m
        Body to positions in ITRF, shape (times, 3), with as many times as the body has way.
    breaks_up_s
        Body to the time after the parting when it falls through `BREAK_UP_M`; only bodies that break up.
    """

    positions_m: dict[str, Array]
    breaks_up_s: dict[str, float]


def turned(direction: tuple[float, float, float], pitch_rad: float, yaw_rad: float) -> Array:
    """Return a unit vector (radial, along-track, cross-track) turned in the orbital plane and out of it.

    A direction across the orbit is turned to the radial by the pitch, and along the track by the yaw.
    """
    radial, along, cross = direction
    level = math.hypot(radial, along)
    in_plane = np.array([along, -radial, 0.0]) / level if level > 1e-9 else np.array([1.0, 0.0, 0.0])
    own = np.array([radial, along, cross])
    found: Array = (
        math.cos(pitch_rad) * math.cos(yaw_rad) * own
        + math.sin(pitch_rad) * math.cos(yaw_rad) * in_plane
        + math.sin(yaw_rad) * np.cross(own, in_plane)
    )
    return found


def split_bodies(loaded: LoadedMission) -> tuple[Body, ...]:
    """Return the bodies of the split: the capsule and the modules that come off.

    Raises
    ------
    ConfigError
        If the vehicle does not say how large they are.
    """
    split, capsule, stuck = loaded.vehicle.split, loaded.vehicle.capsule, stuck_module(loaded)
    if split is None:
        raise ConfigError("a separation needs a vehicle with [split]", source=loaded.source, key="vehicle")
    bodies = [Body("capsule", _given(loaded, "capsule.hard_body_radius_m", capsule.hard_body_radius_m))]
    for module in split.modules:
        if module == stuck:
            continue
        where = f"split.modules '{module.name}'"
        radius_m = _given(loaded, f"{where} hard_body_radius_m", module.hard_body_radius_m)
        distance_m = _given(loaded, f"{where} centre_distance_m", module.centre_distance_m)
        radial, along, cross = (distance_m * part for part in ph.unit(module.separation_direction))
        bodies.append(Body(module.name, radius_m, (radial, along, cross)))
    return tuple(bodies)


def departure_bodies(loaded: LoadedMission) -> tuple[Body, ...]:
    """Return ship and station, or nothing for a flight that does not begin docked."""
    ship, station = loaded.vehicle.ship, loaded.mission.station
    if ship is None or station is None or loaded.mission.start.phase != "station":
        return ()
    radius_m = _given(loaded, "ship.hard_body_radius_m", ship.hard_body_radius_m)
    return (Body("ship", radius_m), Body("station", station.hard_body_radius_m))


def _given(loaded: LoadedMission, key: str, value: float | None) -> float:
    if value is None:
        name = loaded.vehicle.name
        raise ConfigError(
            f"recontact can only be judged where sizes are known: give {key} in the file of vehicle '{name}'",
            source=loaded.source,
            key="vehicle",
        )
    return value


class Parting:
    """Everything that the separations of one mission have in common.

    Parameters
    ----------
    nominal
        The undispersed return.
    """

    def __init__(self, nominal: Nominal) -> None:
        loaded = nominal.loaded
        split = nominal.number("module_separation")
        if split is None:
            raise ConfigError(
                "separations need a flight that splits: start at the station or in orbit", source=loaded.source
            )
        self.nominal = nominal
        self.bodies = split_bodies(loaded)
        self.departing = departure_bodies(loaded)
        self.first = split
        self.last = _last_row(nominal, split)
        self.beginning: Beginning | None = begin(loaded) if self.departing else None
        events = [phase.event for phase in nominal.run.phases]
        self.ignition = events.index("deorbit_ignition") if self.departing else 0
        begins = nominal.run.begins
        self.ignition_s = float(begins[self.ignition, k.TIME] - begins[0, k.TIME])

    def split(self, case: Case, samples: Samples, i: int, record: Array) -> Parted | None:
        """Fly capsule and modules of one sample from the split to 70 km; None if the capsule does not get there."""
        rows = case.rows[: self.last + 1].copy()
        if case.guide.law == PREDICTOR_CORRECTOR:
            # 10 km of fall at the bank angle that it has, far from the modules by then: its calls would take the time
            rows[:, k.GUIDED] = 0.0
        rows[-1, k.END_KIND], rows[-1, k.END_VALUE] = k.AT_ALTITUDE, MODULE_END_M
        flown = _fly(self.nominal, case, rows, case.start, record)
        if flown is None:
            return None
        whole, begins = flown
        own = whole[whole[:, k.PHASE] >= self.first]
        start = begins[self.first]
        grid = _grid(float(start[k.TIME]), float(own[-1, k.TIME]), MODULE_STEP_S)
        positions, breaks_up = {"capsule": positions_at(own, grid)}, {}
        modules = self.nominal.loaded.vehicle.split.modules if self.nominal.loaded.vehicle.split else ()
        names = {body.name: body for body in self.bodies}
        for number, module in enumerate(modules):
            if module.name not in names:
                continue
            row, place = _pushed(module, names[module.name], samples, i, number, start)
            flown = _fly(self.nominal, case, row[None], place, record)
            if flown is None:
                return None
            grid = _grid(float(start[k.TIME]), float(flown[0][-1, k.TIME]), MODULE_STEP_S)
            positions[module.name] = positions_at(flown[0], grid)
            breaks_up[module.name] = _falls_through(flown[0], BREAK_UP_M) - float(start[k.TIME])
        return Parted(positions, breaks_up)

    def departure(self, case: Case, samples: Samples, i: int, record: Array) -> Parted | None:
        """Fly ship and station of one sample from the undocking to the ignition."""
        beginning = self.beginning
        if beginning is None or beginning.station is None:
            return None
        rows = self._departure_rows(samples, i)
        start = beginning.start.copy()
        start[k.MASS] += samples.values("ship_mass_error_kg")[i]
        station = station_phase(beginning.station_drag_m2_kg, self.ignition_s).row()[None]
        station[:, k.FIXED_DRAG_M2] *= samples.values("station_drag_area_factor")[i]
        grid = _grid(float(start[k.TIME]), float(start[k.TIME]) + self.ignition_s, DEPARTURE_STEP_S)
        positions = {}
        for name, own, place in (("ship", rows, start), ("station", station, beginning.station)):
            flown = _fly(self.nominal, case, own, place, record)
            if flown is None:
                return None
            positions[name] = positions_at(flown[0], grid)
        return Parted(positions, {})

    def _departure_rows(self, samples: Samples, i: int) -> Array:
        rows = self.nominal.run.rows[: self.ignition].copy()
        rows[:, k.FIXED_DRAG_M2] *= samples.values("ship_drag_area_factor")[i]
        for row in rows:
            if row[k.THRUST_N] > 0.0:
                row[[k.THRUST_N, k.FLOW_KG_S]] *= samples.values("departure_burn_factor")[i]
                _turn(row, _THRUSTS, "departure_burn", samples, i)
        rows[0, list(_KICKS)] *= samples.values("undocking_speed_factor")[i]
        _turn(rows[0], _KICKS, "undocking", samples, i)
        return rows


def _turn(row: Array, columns: tuple[int, int, int], name: str, samples: Samples, i: int) -> None:
    """Turn a vector of a phase by the drawn pitch and yaw; its length stays."""
    vector = row[list(columns)]
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        return
    radial, along, cross = (float(part) / length for part in vector)
    row[list(columns)] = length * turned((radial, along, cross), *_angles(name, samples, i))


def _angles(name: str, samples: Samples, i: int) -> tuple[float, float]:
    pitch, yaw = samples.values(f"{name}_pitch_error_deg")[i], samples.values(f"{name}_yaw_error_deg")[i]
    return math.radians(pitch), math.radians(yaw)


def _pushed(
    module: DiscardedModule, body: Body, samples: Samples, i: int, number: int, start: Array
) -> tuple[Array, Array]:
    """Return the phase of a module as drawn, and its start beside the capsule; from the third on nothing is drawn."""
    row = module_phase(module).row()
    mass = module.mass_kg
    if number < len(_NUMBERS):
        name = f"{_NUMBERS[number]}_module"
        _turn(row, _KICKS, f"{name}_separation", samples, i)
        row[list(_KICKS)] *= samples.values(f"{name}_separation_speed_factor")[i]
        row[k.FIXED_DRAG_M2] *= samples.values(f"{name}_drag_area_factor")[i]
        mass *= float(samples.values(f"{name}_mass_factor")[i])
    place = start[: k.BANK + 1].copy()
    place[k.X : k.Z + 1] += np.array(body.offset_m) @ lvlh_basis(start[k.X : k.Z + 1], start[k.U : k.W + 1])
    place[k.MASS] = mass
    return row, place


def _last_row(nominal: Nominal, split: int) -> int:
    """Return the phase in which the capsule falls through the end of the modules."""
    rows = nominal.rows
    for number in range(split, rows.shape[0]):
        if rows[number, k.END_KIND] == k.AT_ALTITUDE and rows[number, k.END_VALUE] <= MODULE_END_M:
            return number
    raise ConfigError(f"the flight ends above {MODULE_END_M / 1e3:.0f} km", source=nominal.loaded.source)


def _fly(nominal: Nominal, case: Case, rows: Array, start: Array, record: Array) -> tuple[Array, Array] | None:
    """Fly phases; return the record and the starts of the phases, or None if they did not come to their end."""
    begins = np.zeros((rows.shape[0] + 1, k.RECORD_COLUMNS))
    rows = np.ascontiguousarray(rows)
    code, count, _ = fly_phases(case.world, nominal.model, case.guide, rows, start, _FREE, record, begins)
    return (record[:count].copy(), begins) if code == ENDED else None


def _grid(start_s: float, end_s: float, step_s: float) -> Array:
    return start_s + step_s * np.arange(int((end_s - start_s) / step_s + 1e-9) + 1, dtype=np.float64)


def _falls_through(record: Array, altitude_m: float) -> float:
    """Return when a falling body passes an altitude."""
    _, _, height = itrf_to_geodetic(record[:, k.X : k.Z + 1].T)
    return float(np.interp(-altitude_m, -height, record[:, k.TIME]))


def record_room() -> Array:
    """Return working memory for one thread."""
    return np.zeros((_RECORD_ROWS, k.RECORD_COLUMNS))
