"""The entry corridor of a flight: where load and heat flux are constant, where full lift carries, what could be flown.

Every line is drawn in the air that the flight met: its density and speed of sound are those of the flown samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from steppe.config.compile import aero_record, earth_record, guide_record
from steppe.config.mission import Mission
from steppe.config.vehicle import Capsule
from steppe.constants import MEAN_RADIUS_M, STANDARD_GRAVITY_M_S2
from steppe.errors import SteppeError
from steppe.flight import assemble
from steppe.flight import phases as ph
from steppe.flight.heating import EMISSIVITY
from steppe.flight.result import Flight
from steppe.flight.running import run_phases, start_row
from steppe.flight.starting import begin
from steppe.kernels import corridor as kc
from steppe.kernels import phase as k
from steppe.kernels.earth import Earth
from steppe.kernels.guide import BALLISTIC, Guide
from steppe.kernels.heating import radiative_wall_temperature

Array = npt.NDArray[np.float64]

# A steered Soyuz stays near 4 g, a ballistic one reaches 8 to 9 g (docs/models/corridor.md); drawn where no load that
# the mission names is as near as this factor: closer lines would lie within 1.6 km of one another
LOADS_G: Final = (4.0, 8.0)
_NEAR: Final = 1.25
# Round numbers about what a return from orbit meets; no limit of the shield was published
HEAT_FLUXES_W_M2: Final = (25e4, 50e4, 100e4)
# No air worth a line above, and the nodes of speed and altitude that lines are found on
_HIGHEST_M: Final = 125e3
_SLOWEST_M_S: Final = 250.0
_SPEEDS: Final = 72
_ALTITUDE_STEP_M: Final = 500.0
_RECORD_EVERY_S: Final = 2.0
_STATE: Final = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s", "mass_kg")
_KEPT: Final = ("time_s", "altitude_m", "airspeed_m_s", "load_g", "heat_flux_w_m2")


@dataclass(frozen=True, slots=True)
class Air:
    """The air that a flight met, shape (n,), rising in altitude: density in kg/m3, speed of sound in m/s."""

    altitude_m: Array
    density_kg_m3: Array
    sound_m_s: Array

    def at(self, altitude_m: Array) -> tuple[Array, Array]:
        """Return density (linear in its logarithm) and speed of sound at some altitudes."""
        density = np.exp(np.interp(altitude_m, self.altitude_m, np.log(self.density_kg_m3)))
        return density, np.interp(altitude_m, self.altitude_m, self.sound_m_s)


Role = Literal["", "relief", "trip", "limit"]


@dataclass(frozen=True, slots=True)
class Load:
    """A load in g, and what the mission does there.

    `role` is ``relief`` (the guidance turns lift up), ``trip`` (lasting so long it ends the guided descent), ``limit``
    (the flight counts as failed) or empty.
    """

    value_g: float
    role: Role = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One boundary in the plane of airspeed and altitude.

    Attributes
    ----------
    kind
        ``load``, ``heat_flux`` or ``equilibrium_glide``.
    value
        The constant load in g or heat flux in W/m2; not a number for the glide.
    role
        Of a load, as in `Load`.
    wall_k
        Temperature of a wall in radiative balance with the flux, not a number for the others.
    speed_m_s, altitude_m
        The points, shape (n,), rising in airspeed; only where the line exists.
    """

    kind: str
    value: float
    role: Role
    wall_k: float
    speed_m_s: Array
    altitude_m: Array

    @property
    def is_limit(self) -> bool:
        """Return whether it is the load that ends the mission as a failure."""
        return self.role == "limit"

    @property
    def label(self) -> str:
        """Return what the line is called in every figure and page."""
        if self.kind == "load":
            return f"{self.role} {self.value:g} g".lstrip()
        if self.kind == "heat_flux":
            return f"{self.value * 1e-4:g} W/cm², wall {round(self.wall_k, -1):.0f} K"
        return "equilibrium glide"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that could have been flown from the same state: ``lift_up`` or ``ballistic``.

    `columns` are time, altitude, airspeed, load and heat flux to the altitude of the parachute command, and
    ``range_m``, the way over the ground since the entry.
    """

    kind: str
    columns: dict[str, Array]

    @property
    def peak_load_g(self) -> float:
        """Return the largest load in g."""
        return float(self.columns["load_g"].max())


@dataclass(frozen=True, slots=True)
class Corridor:
    """The corridor of a flight.

    Attributes
    ----------
    lines, entries
        What is drawn about the flown line.
    energy_j_kg, range_to_go_m
        Of the flown samples from the entry to the parachute command, shape (n,): energy over mass relative to the
        turning Earth, v^2/2 + g0 h, and the way over the ground that is left.
    flown_m
        The whole way from the entry to the parachute command.
    reason
        Why there is none; empty where there is one.
    """

    lines: tuple[Line, ...] = ()
    entries: tuple[Entry, ...] = ()
    energy_j_kg: Array | None = None
    range_to_go_m: Array | None = None
    flown_m: float = math.nan
    reason: str = ""


def corridor_of(flight: Flight) -> Corridor:
    """Return the corridor of a flight; where it makes no sense the reason is given and nothing else.

    Raises
    ------
    ConfigError, ElementsError, EnvironmentDataError
        As `steppe.flight.simulate.fly`, whose surroundings it builds again.
    """
    columns, command = flight.track.columns, flight.event("parachute_command")
    entry = flight.event("entry_interface")
    if entry is None:
        return Corridor(reason="this flight has no entry interface: it begins below it or ends above it")
    end_s = float(columns["time_s"][-1]) if command is None else command.time_s
    part = (columns["time_s"] >= entry.time_s) & (columns["time_s"] <= end_s)
    if part.sum() < 3:
        return Corridor(reason="this flight ends at the entry interface")
    air = air_met(columns)
    speeds = np.linspace(_SLOWEST_M_S, float(columns["airspeed_m_s"][part].max()), _SPEEDS)
    if speeds[-1] <= 2.0 * _SLOWEST_M_S or len(air.altitude_m) < 3:
        return Corridor(reason="this flight is too slow at the entry interface for a corridor")
    flown = {name: values[part] for name, values in columns.items()}
    mission, mass_kg = flight.mission.mission, float(flown["mass_kg"][0])
    capsule, earth = flight.mission.vehicle.capsule, earth_record(mission.earth)
    lines = boundaries(capsule, mass_kg, earth, air, courses_of(flown, speeds), loads_of_mission(mission))
    ranged_m = range_m(flown)
    return Corridor(
        tuple(lines),
        possible_entries(flight, entry.time_s),
        energy(flown),
        ranged_m[-1] - ranged_m,
        float(ranged_m[-1]),
    )


def loads_of_mission(mission: Mission) -> tuple[Load, ...]:
    """Return the loads that a line is drawn for: those that the mission names, and round ones where none is near."""
    named = [Load(mission.limits.load_g, "limit")]
    # A table of bank angles is flown as written, and a ballistic capsule has nothing to relieve
    if mission.guidance.law in ("predictor-corrector", "apparent-velocity"):
        named += [Load(mission.guidance.relief_load_g, "relief"), Load(mission.guidance.trip_load_g, "trip")]
    values = [one.value_g for one in named]
    free = [Load(level) for level in LOADS_G if not any(1.0 / _NEAR < level / value < _NEAR for value in values)]
    return tuple(sorted([*named, *free], key=lambda one: one.value_g))


def air_met(columns: dict[str, Array]) -> Air:
    """Return the air of the samples of a track, one value for each altitude, below `_HIGHEST_M`."""
    use = (columns["altitude_m"] < _HIGHEST_M) & (columns["airspeed_m_s"] > 1.0) & (columns["density_kg_m3"] > 0.0)
    altitude, first = np.unique(columns["altitude_m"][use], return_index=True)
    sound = columns["airspeed_m_s"][use] / np.maximum(columns["mach"][use], 1e-6)
    return Air(altitude, columns["density_kg_m3"][use][first], sound[first])


def energy(columns: dict[str, Array]) -> Array:
    """Return v^2/2 + g0 h in J/kg, of the speed over the ground."""
    result: Array = 0.5 * columns["ground_speed_m_s"] ** 2 + STANDARD_GRAVITY_M_S2 * columns["altitude_m"]
    return result


def range_m(columns: dict[str, Array]) -> Array:
    """Return the way over the ground since the first sample in m: great circles from sample to sample."""
    latitude, longitude = np.radians(columns["latitude_deg"]), np.radians(columns["longitude_deg"])
    # haversine: the steps are short, and the mean radius is within 0.3 % of any radius of the ellipsoid
    half = np.sin(0.5 * np.diff(latitude)) ** 2
    half = half + np.cos(latitude[1:]) * np.cos(latitude[:-1]) * np.sin(0.5 * np.diff(longitude)) ** 2
    steps = 2.0 * MEAN_RADIUS_M * np.arcsin(np.sqrt(half))
    return np.concatenate([[0.0], np.cumsum(steps)])


def courses_of(flown: dict[str, Array], speeds_m_s: Array) -> Array:
    """Return place and course of the flight at some airspeeds, shape (n, 6), as the kernel reads them."""
    order = np.argsort(flown["airspeed_m_s"])

    def at(values: Array) -> Array:
        return np.interp(speeds_m_s, flown["airspeed_m_s"][order], values[order])

    heading = np.radians(flown["heading_deg"])
    place = [at(flown[name]) for name in ("x_m", "y_m", "z_m")]
    return np.column_stack([speeds_m_s, *place, at(np.sin(heading)), at(np.cos(heading))])


def boundaries(
    capsule: Capsule, mass_kg: float, earth: Earth, air: Air, courses: Array, loads: tuple[Load, ...]
) -> list[Line]:
    """Return the lines of constant load, of constant heat flux, and of the glide in balance.

    Parameters
    ----------
    capsule, mass_kg
        What flies, at trim.
    earth
        For weight and curve.
    air
        What it flies in.
    courses
        From `courses_of`, rising in airspeed.
    loads
        The loads to draw, as from `loads_of_mission`.
    """
    count = max(int((air.altitude_m[-1] - air.altitude_m[0]) / _ALTITUDE_STEP_M), 2) + 1
    heights = np.linspace(air.altitude_m[0], air.altitude_m[-1], count)
    table = np.zeros((len(courses), count, kc.OUTPUT_COLUMNS))
    kc.corridor_table(
        earth, aero_record(capsule), capsule.reference_area_m2 / mass_kg, capsule.nose_radius_m,
        np.column_stack([heights, *air.at(heights)]), np.ascontiguousarray(courses), table,
    )  # fmt: skip
    speeds = courses[:, kc.SPEED]
    found: list[Line] = []
    for load in loads:
        altitude = _where(table[:, :, kc.LOAD], load.value_g, heights)
        found += _line("load", load.value_g, speeds, altitude, role=load.role)
    for flux in HEAT_FLUXES_W_M2:
        wall_k = float(radiative_wall_temperature(flux, EMISSIVITY))
        found += _line("heat_flux", flux, speeds, _where(table[:, :, kc.FLUX], flux, heights), wall_k=wall_k)
    return found + _line("equilibrium_glide", math.nan, speeds, _where(table[:, :, kc.CARRIED], 1.0, heights))


def possible_entries(flight: Flight, entry_s: float) -> tuple[Entry, ...]:
    """Fly the same capsule from the same state with its lift up all the way, and rolling (ballistic).

    The surroundings are those that the mission file describes. A capsule without lift flies the second only.
    """
    loaded, columns = flight.mission, flight.track.columns
    vehicle, guidance = loaded.vehicle, loaded.mission.guidance
    try:
        world = begin(loaded).world
    except SteppeError:
        return ()
    row = [float(np.interp(entry_s, columns["time_s"], columns[name])) for name in _STATE]
    start = start_row(entry_s, np.array(row[0:3]), np.array(row[3:6]), row[6])
    end_m = vehicle.parachutes.command_altitude_m if vehicle.parachutes else 0.0
    _, high, low = ph.entry(vehicle, guidance.entry_interface_altitude_m, guidance.start_altitude_m, end_m, "start")
    rolling = guide_record(guidance, vehicle.capsule.bank, end_m, np.zeros((3, 3)), 1.0)._replace(law=BALLISTIC)
    still = ph.Phase(low.event, {key: value for key, value in low.columns.items() if key != k.GUIDED})
    flights: list[tuple[str, Guide | None, ph.Phase]] = [("ballistic", rolling, low)]
    if max(vehicle.capsule.aerodynamics.lift_to_drag) > 0.0:
        flights.insert(0, ("lift_up", None, still))
    found = []
    for kind, guide, last in flights:
        run = run_phases(world, guide, [high, last], start, ground_m=-1e4, record_every_s=_RECORD_EVERY_S)
        track = assemble.track_of("capsule", run, world, vehicle.capsule.nose_radius_m, banked=False).columns
        kept = {name: track[name] for name in _KEPT}
        found.append(Entry(kind, {**kept, "energy_j_kg": energy(track), "range_m": range_m(track)}))
    return tuple(found)


def _where(values: Array, level: float, heights: Array) -> Array:
    """Return the greatest altitude at which each row reaches a level; not a number where it never does or always."""
    altitude = np.full(values.shape[0], np.nan)
    for i, row in enumerate(values):
        reached = np.flatnonzero(row >= level)
        if not reached.size or reached[-1] + 1 >= len(heights):
            continue
        at = int(reached[-1])
        if not (math.isfinite(row[at]) and row[at + 1] > 0.0):
            continue
        # all of these fall almost exponentially with altitude
        share = math.log(row[at] / level) / math.log(row[at] / row[at + 1])
        altitude[i] = heights[at] + share * (heights[at + 1] - heights[at])
    return altitude


def _line(
    kind: str, value: float, speeds: Array, altitude: Array, *, role: Role = "", wall_k: float = math.nan
) -> list[Line]:
    exists = np.isfinite(altitude)
    return [Line(kind, value, role, wall_k, speeds[exists], altitude[exists])] if exists.sum() > 1 else []
