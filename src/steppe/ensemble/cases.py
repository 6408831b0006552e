"""From drawn errors to what the kernels fly: start, phases, world, guidance and ground of each return."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from steppe.config.loader import LoadedMission
from steppe.config.trim import trim_effect
from steppe.ensemble.sampling import Samples
from steppe.ensemble.streams import fill_layers
from steppe.errors import ConfigError, PlanError
from steppe.flight import phases as ph
from steppe.flight.relief import Relief, relief_of
from steppe.flight.running import Run, run_phases
from steppe.flight.sequence import ground_m_of
from steppe.flight.simulate import rehearse
from steppe.frames.local import lvlh_basis
from steppe.kernels import phase as k
from steppe.kernels.deviation import NO_DEVIATION, PROFILE_COLUMNS, Deviation
from steppe.kernels.dispersed import (
    CASE_COLUMNS,
    FIRST,
    GROUND,
    LIFT_TO_DRAG,
    ROLL_ACCELERATION,
    ROLL_RATE,
    SENSORS,
    SUBSONIC,
)
from steppe.kernels.guide import Guide
from steppe.kernels.motion import World
from steppe.kernels.navigation import Sensors

Array = npt.NDArray[np.float64]

# The dispersed flights of a station or orbit mission start this long before the planned ignition
LEAD_S = 120.0
# A canopy belongs to the main parachute from this part of the largest drag area on (reefed Soyuz main: 14 %)
_MAIN_PART = 0.1
# What `steppe disperse --from` calls the start before the ignition, and other names of events
IGNITION, _ALIASES = "ignition", {"entry": "entry_interface"}


@dataclass(frozen=True, slots=True)
class Nominal:
    """The undispersed return that the samples depart from.

    Attributes
    ----------
    loaded
        The mission.
    world, model, guide
        True world of the plan, the one that the ship believes in, and what its guidance is told.
    phases
        The phases that are dispersed, from the start of the campaign to the ground.
    start
        Start row for the kernels, shape (10,).
    update
        State at the last update of the navigation, shape (12,).
    run
        The undispersed flight.
    ground_m
        Height of the ground.
    epoch
        Date of time zero.
    since
        Where the samples start: "ignition", or the name of an event of the undispersed flight.
    relief
        Slopes of the ground about the zone, or None where the mission has no elevation tiles.
    """

    loaded: LoadedMission
    world: World
    model: World
    guide: Guide
    phases: tuple[ph.Phase, ...]
    start: Array
    update: Array
    run: Run
    ground_m: float
    epoch: datetime
    since: str = IGNITION
    relief: Relief | None = None

    @property
    def rows(self) -> Array:
        """The phase table, shape (phases, columns)."""
        return ph.table(list(self.phases))

    def number(self, event: str) -> int | None:
        """Return the number of the phase that begins with an event, or None."""
        return next((i for i, phase in enumerate(self.phases) if phase.event == event), None)


@dataclass(frozen=True, slots=True)
class Case:
    """What one sample flies."""

    world: World
    guide: Guide
    rows: Array
    start: Array
    ground_m: float


@dataclass(frozen=True, slots=True)
class Cases:
    """What some samples fly, as the lanes take it.

    Attributes
    ----------
    world
        The world of the plan with the profiles of all samples.
    table
        Shape (n, 21); columns as in `steppe.kernels.dispersed`.
    rows
        Shape (n, phases, 31).
    starts
        Shape (n, 10).
    """

    world: World
    table: Array
    rows: Array
    starts: Array

    def one(self, guide: Guide, i: int) -> Case:
        """Return what one of the samples flies, for the loop of a single flight."""
        case = self.table[i]
        factors = (float(value) for value in case[FIRST : LIFT_TO_DRAG + 1])
        own = guide._replace(
            sensors=Sensors(*(float(value) for value in case[SENSORS:ROLL_RATE])),
            max_rate_rad_s=float(case[ROLL_RATE]),
            max_acceleration_rad_s2=float(case[ROLL_ACCELERATION]),
        )
        world = self.world._replace(deviation=Deviation(*self.world.deviation[:4], *factors))
        return Case(world, own, self.rows[i], self.starts[i], float(case[GROUND]))


def nominal_return(loaded: LoadedMission, start: str = IGNITION) -> Nominal:
    """Plan a mission, fly it once, and return where its campaign starts.

    Parameters
    ----------
    loaded
        The mission.
    start
        "ignition" for 120 s before the ignition of the deorbit burn (a mission that starts later: at its start), or
        the event of the undispersed flight where the samples start; "entry" means "entry_interface".

    Raises
    ------
    ConfigError
        If the flight has no such event.
    PlanError
        If the undispersed flight does not land.
    """
    flown = rehearse(loaded)
    loaded, world, model, guide, run = flown.loaded, flown.world, flown.model, flown.guide, flown.run
    if run.status.name != "landed":
        why = f"{run.status.sentence} {run.status.hint}"
        raise PlanError(f"{loaded.source}: the undispersed flight does not land: {why}")
    names = [phase.event for phase in run.phases]
    ground_m = ground_m_of(loaded.zone)
    relief = relief_of(loaded)
    alone = next(i for i, row in enumerate(run.rows) if row[k.AERO_AREA_M2] > 0.0)
    if start != IGNITION:
        first = _number_of(start, names, run.begun)
        phases, row = run.phases[first:], run.begins[first, : k.BANK + 1]
        update = run.begins[max(alone, first)]
        # The recorded start has the parts off and the push given already
        once = {k.KICK_RADIAL: 0.0, k.KICK_ALONG: 0.0, k.KICK_CROSS: 0.0, k.RELEASE_KG: 0.0}
        phases = (ph.Phase(phases[0].event, {**phases[0].columns, **once}), *phases[1:])
        return Nominal(
            loaded, world, model, guide, phases, row.copy(), update.copy(), run, ground_m, _epoch(loaded), start, relief
        )
    phases, row = run.phases, run.begins[0, : k.BANK + 1]
    ignition = names.index("deorbit_ignition") if "deorbit_ignition" in names else 0
    if ignition > 0:
        drift = {**run.phases[ignition - 1].columns, k.KICK_RADIAL: 0.0, k.KICK_ALONG: 0.0, k.KICK_CROSS: 0.0}
        begun, lit = run.begins[ignition - 1], run.begins[ignition, k.TIME]
        lead_s = min(LEAD_S, float(lit - begun[k.TIME]))
        before = [ph.Phase(None, {**drift, **ph.after(float(lit - begun[k.TIME]) - lead_s)})]
        row = run_phases(world, None, before, begun[: k.BANK + 1], ground_m=-1e4).begins[-1, : k.BANK + 1]
        phases = (ph.Phase(None, {**drift, **ph.after(lead_s)}), *run.phases[ignition:])
    return Nominal(
        loaded,
        world,
        model,
        guide,
        phases,
        row.copy(),
        run.begins[alone].copy(),
        run,
        ground_m,
        _epoch(loaded),
        relief=relief,
    )


def _number_of(start: str, names: list[str | None], begun: int) -> int:
    """Return the number of the phase that a campaign starts with."""
    event = _ALIASES.get(start, start)
    known = [name for name in names[:begun] if name]
    if event not in known:
        there = ", ".join([IGNITION, *_ALIASES, *known])
        raise ConfigError(f"expected one of {there}; got '{start}'", key="--from")
    return names.index(event)


def _epoch(loaded: LoadedMission) -> datetime:
    start, departure = loaded.mission.start, loaded.mission.departure
    given = start.state or start.surface
    if given is not None:
        return given.utc
    if departure is None:
        raise PlanError(f"{loaded.source}: the mission has neither a start nor a departure, so it has no date")
    return departure.undocking_utc


def cases_of(nominal: Nominal, samples: Samples) -> Iterator[Case]:
    """Turn drawn samples into what is flown, one after another."""
    cases = tables_of(nominal, samples)
    for i in range(len(samples)):
        yield cases.one(nominal.guide, i)


def tables_of(nominal: Nominal, samples: Samples) -> Cases:
    """Turn drawn samples into the tables that the lanes fly."""
    count = len(samples)
    rows = np.repeat(nominal.rows[None], count, axis=0)
    starts = np.repeat(nominal.start[None], count, axis=0)
    _disperse_start(nominal, samples, starts)
    _disperse_burn(nominal, samples, rows)
    _disperse_capsule(nominal, samples, rows, starts)
    _disperse_canopies(nominal, samples, rows)
    deviation = _profiles(samples)
    table = np.empty((count, CASE_COLUMNS))
    table[:, FIRST] = deviation.layers * np.arange(count) if deviation.profiles.shape[0] > 1 else 0.0
    table[:, SUBSONIC : LIFT_TO_DRAG + 1] = _aerodynamics(nominal, samples)
    table[:, SENSORS:ROLL_RATE] = _sensors(nominal, samples)
    rolls = samples.values("bank_rate_factor")
    table[:, ROLL_RATE] = nominal.guide.max_rate_rad_s * rolls
    table[:, ROLL_ACCELERATION] = nominal.guide.max_acceleration_rad_s2 * rolls
    table[:, GROUND] = nominal.ground_m + samples.values("terrain_height_error_m")
    return Cases(nominal.world._replace(deviation=deviation), table, rows, starts)


def _profiles(samples: Samples) -> Deviation:
    """Return the layers between the nodes of the profiles: the wind and the logarithm of the density linear in each."""
    drawn = (samples.density_factor, samples.wind_east_m_s, samples.wind_north_m_s)
    # What is not drawn is one value repeated without memory for it
    if not any(values.strides[-1] for values in drawn):
        return NO_DEVIATION
    altitude_m = samples.altitude_m
    layers = altitude_m.size - 1
    profiles = np.empty((len(samples) * layers, PROFILE_COLUMNS))
    density, east, north = (np.ascontiguousarray(values) for values in drawn)
    fill_layers(density, east, north, profiles)
    spacing_m = float(altitude_m[-1] - altitude_m[0]) / layers
    return NO_DEVIATION._replace(
        profiles=profiles, layers=float(layers), lowest_m=float(altitude_m[0]), layers_per_m=1.0 / spacing_m
    )


def _aerodynamics(nominal: Nominal, samples: Samples) -> Array:
    """Return factors on the drag coefficient below Mach 1.2, to 5 and above, and on the lift-to-drag ratio, (n, 4)."""
    capsule = nominal.loaded.vehicle.capsule
    change, trimmed = trim_effect(capsule, samples.values("trim_angle_error_deg"))
    ratio = samples.values("lift_to_drag_factor") * (1.0 + change / capsule.aerodynamics.lift_to_drag[-1])
    names = ("drag_subsonic_factor", "drag_supersonic_factor", "drag_hypersonic_factor")
    return np.stack([*(samples.values(name) * trimmed for name in names), ratio], axis=1)


def _triple(samples: Samples, pattern: str) -> Array:
    """Return radial, along-track and cross-track values, shape (n, 3)."""
    return np.stack([samples.values(pattern.format(axis)) for axis in ("radial", "along", "cross")], axis=1)


def _turned(triple: Array, basis: Array) -> Array:
    """Return vectors given along three axes in ITRF, each axis in its turn: a matrix product rounds by its size."""
    turned: Array = triple[:, :1] * basis[0] + triple[:, 1:2] * basis[1] + triple[:, 2:] * basis[2]
    return turned


def _disperse_start(nominal: Nominal, samples: Samples, starts: Array) -> None:
    """Move the start: the ship before its burn, or whatever a campaign from a later event starts with."""
    burns = nominal.number("deorbit_ignition") is not None
    if not burns and nominal.since == IGNITION:
        return
    basis = lvlh_basis(nominal.start[k.X : k.Z + 1], nominal.start[k.U : k.W + 1])
    starts[:, k.X : k.Z + 1] += _turned(_triple(samples, "station_{}_error_m"), basis)
    starts[:, k.U : k.W + 1] += _turned(_triple(samples, "station_{}_speed_error_m_s"), basis)
    if nominal.rows[0, k.AERO_AREA_M2] == 0.0:
        starts[:, k.MASS] += samples.values("ship_mass_error_kg")


def _disperse_burn(nominal: Nominal, samples: Samples, rows: Array) -> None:
    burn = nominal.number("deorbit_ignition")
    if burn is None:
        return
    if burn > 0:
        rows[:, burn - 1, k.END_VALUE] += samples.values("ignition_error_s")
    thrust, impulse = samples.values("thrust_factor"), samples.values("specific_impulse_factor")
    rows[:, burn, k.THRUST_N] *= thrust
    rows[:, burn, k.FLOW_KG_S] *= thrust / impulse
    rows[:, burn, k.END_VALUE] += samples.values("delta_v_error_m_s")
    pitch, yaw = np.radians(samples.values("burn_pitch_error_deg")), np.radians(samples.values("burn_yaw_error_deg"))
    rows[:, burn, k.THRUST_RADIAL] = np.sin(pitch)
    rows[:, burn, k.THRUST_ALONG] = -np.cos(pitch) * np.cos(yaw)
    rows[:, burn, k.THRUST_CROSS] = np.cos(pitch) * np.sin(yaw)


def _disperse_capsule(nominal: Nominal, samples: Samples, rows: Array, starts: Array) -> None:
    heavy = rows[:, :, k.SET_MASS_KG] > 0.0
    rows[:, :, k.SET_MASS_KG] += np.where(heavy, samples.values("capsule_mass_error_kg")[:, None], 0.0)
    if nominal.since != IGNITION and nominal.rows[0, k.AERO_AREA_M2] > 0.0:
        starts[:, k.MASS] += samples.values("capsule_mass_error_kg")
    command = nominal.number("parachute_command")
    if command is not None and command > 0:
        rows[:, command - 1, k.END_VALUE] += samples.values("chute_command_error_m")


def _disperse_canopies(nominal: Nominal, samples: Samples, rows: Array) -> None:
    table = nominal.rows
    largest = float(table[:, k.CANOPY_TO_M2].max())
    if largest <= 0.0:
        return
    drogue, main = samples.values("drogue_drag_area_factor"), samples.values("main_drag_area_factor")
    filling, cutting = samples.values("inflation_time_factor"), samples.values("reefing_delay_factor")
    for column in (k.CANOPY_FROM_M2, k.CANOPY_TO_M2):
        factor = np.where(table[None, :, column] >= _MAIN_PART * largest, main[:, None], drogue[:, None])
        rows[:, :, column] *= factor
    for column in (k.CANOPY_DURATION_S, k.CANOPY_WAY_M):
        rows[:, :, column] *= filling[:, None]
    rows[:, :, k.CANOPY_GROWTH] *= samples.values("growth_exponent_factor")[:, None]
    # The kernels keep the volume of the carried air to the power 2/3
    broader = samples.values("apparent_mass_factor")[:, None] ** (2.0 / 3.0)
    for column in (k.AIR_FROM_M2, k.AIR_TO_M2):
        rows[:, :, column] *= broader
    reefed = (table[:, k.CANOPY_TO_M2] >= _MAIN_PART * largest) & (table[:, k.CANOPY_TO_M2] < largest)
    by_opening = (table[:, k.END_KIND] == k.AFTER_OPENING) | (table[:, k.END_KIND] == k.AFTER_FILLING)
    rows[:, :, k.END_VALUE] *= np.where((reefed & by_opening)[None], cutting[:, None], 1.0)
    engines = nominal.number("soft_landing_ignition")
    if engines is not None:
        # A capsule that waits falls on at the sink rate of the undispersed flight
        late_m = samples.values("landing_engine_delay_error_s") * _sink_rate_m_s(nominal, "soft_landing_ignition")
        rows[:, engines - 1, k.END_VALUE] += samples.values("landing_engine_height_error_m") - late_m
        strength = samples.values("landing_engine_thrust_factor") * _burning(nominal, samples)
        rows[:, engines, k.THRUST_N] *= strength
        rows[:, engines, k.FLOW_KG_S] *= strength


def _sink_rate_m_s(nominal: Nominal, event: str) -> float:
    """Return the rate of descent at an event of the undispersed flight."""
    number = next(i for i, phase in enumerate(nominal.run.phases) if phase.event == event)
    place, speed = nominal.run.begins[number, k.X : k.Z + 1], nominal.run.begins[number, k.U : k.W + 1]
    return -float(speed @ place) / float(np.linalg.norm(place))


def _burning(nominal: Nominal, samples: Samples) -> Array:
    """Return the share of the landing engines that burn."""
    parachutes = nominal.loaded.vehicle.parachutes
    count = parachutes.landing_engines.count if parachutes and parachutes.landing_engines else 1
    share: Array = np.clip(1.0 - samples.values("landing_engines_out_error") / count, 0.0, 1.0)
    return share


def _sensors(nominal: Nominal, samples: Samples) -> Array:
    """Return the errors of the navigation of each sample, shape (n, 13), as `steppe.kernels.navigation.Sensors`."""
    basis = lvlh_basis(nominal.update[k.X : k.Z + 1], nominal.update[k.U : k.W + 1])
    return np.concatenate(
        [
            samples.values("accelerometer_scale_error")[:, None],
            _turned(_triple(samples, "accelerometer_{}_bias_m_s2"), basis),
            _turned(np.radians(_triple(samples, "gyro_{}_drift_deg_h") / 3600.0), basis),
            _turned(_triple(samples, "navigation_{}_error_m"), basis),
            _turned(_triple(samples, "navigation_{}_speed_error_m_s"), basis),
        ],
        axis=1,
    )
