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
from steppe.errors import PlanError
from steppe.flight import phases as ph
from steppe.flight.running import Run, run_phases
from steppe.flight.simulate import rehearse, with_ground
from steppe.frames.local import lvlh_basis
from steppe.kernels import flying as k
from steppe.kernels.aero import Aero
from steppe.kernels.air import DENSITY, SLOPE, Air
from steppe.kernels.guide import Guide
from steppe.kernels.motion import World
from steppe.kernels.navigation import Sensors
from steppe.kernels.wind import Wind

Array = npt.NDArray[np.float64]

# The dispersed flights of a station or orbit mission start this long before the planned ignition
LEAD_S = 120.0
# A canopy belongs to the main parachute from this part of the largest drag area on (reefed Soyuz main: 14 %)
_MAIN_PART = 0.1
# Where the three factors on the drag coefficient meet (steppe.config.dispersible)
_SUPERSONIC, _HYPERSONIC = 1.2, 5.0
# Largest layer of a dispersed wind: half the spacing of the profiles, whose kinks fall on its borders
_WIND_LAYER_M = 1000.0


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


def nominal_return(loaded: LoadedMission) -> Nominal:
    """Plan a mission, fly it once, and return where its campaign starts: shortly before the ignition, or at the start.

    Raises
    ------
    PlanError
        If the undispersed flight does not land.
    """
    loaded = with_ground(loaded)
    world, model, guide, run = rehearse(loaded)
    if run.status.name != "landed":
        why = f"{run.status.sentence} {run.status.hint}"
        raise PlanError(f"{loaded.source}: the undispersed flight does not land: {why}")
    names = [phase.event for phase in run.phases]
    ground_m = loaded.zone.ground_height_m if loaded.zone else 0.0
    alone = next(i for i, row in enumerate(run.rows) if row[k.AERO_AREA_M2] > 0.0)
    phases, start = run.phases, run.begins[0, : k.BANK + 1]
    ignition = names.index("deorbit_ignition") if "deorbit_ignition" in names else 0
    if ignition > 0:
        drift = {**run.phases[ignition - 1].columns, k.KICK_RADIAL: 0.0, k.KICK_ALONG: 0.0, k.KICK_CROSS: 0.0}
        begun, lit = run.begins[ignition - 1], run.begins[ignition, k.TIME]
        lead_s = min(LEAD_S, float(lit - begun[k.TIME]))
        before = [ph.Phase(None, {**drift, **ph.after(float(lit - begun[k.TIME]) - lead_s)})]
        start = run_phases(world, None, before, begun[: k.BANK + 1], ground_m=-1e4).begins[-1, : k.BANK + 1]
        phases = (ph.Phase(None, {**drift, **ph.after(lead_s)}), *run.phases[ignition:])
    return Nominal(
        loaded, world, model, guide, phases, start.copy(), run.begins[alone].copy(), run, ground_m, _epoch(loaded)
    )


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
    count = len(samples)
    rows = np.repeat(nominal.rows[None], count, axis=0)
    starts = np.repeat(nominal.start[None], count, axis=0)
    _disperse_start(nominal, samples, starts)
    _disperse_burn(nominal, samples, rows)
    _disperse_capsule(nominal, samples, rows)
    _disperse_canopies(nominal, samples, rows)
    aero = _Aerodynamics.of(nominal, samples)
    sensors, rolls = _sensors(nominal, samples), samples.values("bank_rate_factor")
    ground = nominal.ground_m + samples.values("terrain_height_error_m")
    for i in range(count):
        world = World(
            nominal.world.earth,
            _air(nominal.world.air, samples.altitude_m, samples.density_factor[i]),
            _wind(nominal.world.wind, samples.altitude_m, samples.wind_east_m_s[i], samples.wind_north_m_s[i]),
            aero.table(nominal.world.aero, i),
        )
        guide = nominal.guide._replace(
            sensors=Sensors(*(float(value) for value in sensors[i])),
            max_rate_rad_s=nominal.guide.max_rate_rad_s * float(rolls[i]),
            max_acceleration_rad_s2=nominal.guide.max_acceleration_rad_s2 * float(rolls[i]),
        )
        yield Case(world, guide, rows[i], starts[i], float(ground[i]))


def _air(air: Air, altitude_m: Array, factor: Array) -> Air:
    """Return the air with its density multiplied; the logarithm of the factor is linear in each layer."""
    borders = air.lowest_m + np.arange(air.layers.shape[1] + 1) / air.layers_per_m
    logarithm = np.log(np.interp(borders, altitude_m, factor))
    layers = air.layers.copy()
    layers[:, :, DENSITY] *= np.exp(logarithm[:-1])
    layers[:, :, SLOPE] += np.diff(logarithm)
    return air._replace(layers=layers)


def _wind(wind: Wind, altitude_m: Array, east_m_s: Array, north_m_s: Array) -> Wind:
    """Return the wind with a profile added; the borders of its own layers stay, so that adding zero changes nothing."""
    own_step_m = 1.0 / wind.layers_per_m
    step_m = own_step_m / np.ceil(own_step_m / _WIND_LAYER_M)
    own = wind.lowest_m + np.arange(wind.layers.shape[0] + 1) * own_step_m
    below = max(int(np.ceil((wind.lowest_m - altitude_m[0]) / step_m)), 0)
    above = int(np.ceil((max(own[-1], altitude_m[-1]) - wind.lowest_m) / step_m - 1e-6))
    borders = wind.lowest_m + np.arange(-below, above + 1) * step_m
    columns = []
    for first, added in ((0, east_m_s), (2, north_m_s)):
        ends = np.append(wind.layers[:, first], wind.layers[-1, first] + wind.layers[-1, first + 1])
        values = np.interp(borders, own, ends) + np.interp(borders, altitude_m, added)
        columns += [values[:-1], np.diff(values)]
    return Wind(np.ascontiguousarray(np.stack(columns, axis=1)), float(borders[0]), float(1.0 / step_m))


@dataclass(frozen=True, slots=True)
class _Aerodynamics:
    """Factors on drag by Mach number and on the lift-to-drag ratio, one row a sample."""

    drag: Array
    ratio: Array

    @classmethod
    def of(cls, nominal: Nominal, samples: Samples) -> _Aerodynamics:
        capsule = nominal.loaded.vehicle.capsule
        change, trimmed = trim_effect(capsule, samples.values("trim_angle_error_deg"))
        ratio = samples.values("lift_to_drag_factor") * (1.0 + change / capsule.aerodynamics.lift_to_drag[-1])
        names = ("drag_subsonic_factor", "drag_supersonic_factor", "drag_hypersonic_factor")
        return cls(np.stack([samples.values(name) * trimmed for name in names], axis=1), ratio)

    def table(self, aero: Aero, i: int) -> Aero:
        """Return the Mach table of a sample."""
        mach = np.arange(aero.table.shape[0]) / aero.rows_per_mach
        band = np.searchsorted([_SUPERSONIC, _HYPERSONIC], mach, side="right")
        drag = aero.table[:, 0] * self.drag[i, band]
        lift = aero.table[:, 2] * self.drag[i, band] * self.ratio[i]
        table = np.zeros_like(aero.table)
        table[:, 0], table[:-1, 1] = drag, np.diff(drag)
        table[:, 2], table[:-1, 3] = lift, np.diff(lift)
        return aero._replace(table=table)


def _triple(samples: Samples, pattern: str) -> Array:
    """Return radial, along-track and cross-track values, shape (n, 3)."""
    return np.stack([samples.values(pattern.format(axis)) for axis in ("radial", "along", "cross")], axis=1)


def _disperse_start(nominal: Nominal, samples: Samples, starts: Array) -> None:
    if nominal.number("deorbit_ignition") is None:
        return
    basis = lvlh_basis(nominal.start[k.X : k.Z + 1], nominal.start[k.U : k.W + 1])
    starts[:, k.X : k.Z + 1] += _triple(samples, "station_{}_error_m") @ basis
    starts[:, k.U : k.W + 1] += _triple(samples, "station_{}_speed_error_m_s") @ basis
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


def _disperse_capsule(nominal: Nominal, samples: Samples, rows: Array) -> None:
    heavy = rows[:, :, k.SET_MASS_KG] > 0.0
    rows[:, :, k.SET_MASS_KG] += np.where(heavy, samples.values("capsule_mass_error_kg")[:, None], 0.0)
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
    for number in range(table.shape[0]):
        duration = table[number, k.CANOPY_DURATION_S]
        if duration <= 0.0:
            continue
        rows[:, number, k.CANOPY_DURATION_S] *= filling
        filled = table[number, k.END_VALUE] if table[number, k.END_KIND] == k.AFTER_TIME else 0.0
        reefed = _MAIN_PART * largest <= table[number, k.CANOPY_TO_M2] < largest
        hang = number + 1
        timed = hang < table.shape[0] and table[hang, k.END_KIND] == k.AFTER_TIME
        whole = filled + (table[hang, k.END_VALUE] if timed else 0.0)
        rows[:, number, k.END_VALUE] = filled * filling
        if timed:
            delay = whole * cutting if reefed else whole
            rows[:, hang, k.END_VALUE] = np.maximum(delay - filled * filling, 0.0)
    engines = nominal.number("soft_landing_ignition")
    if engines is not None:
        rows[:, engines - 1, k.END_VALUE] += samples.values("landing_engine_height_error_m")
        strength = samples.values("landing_engine_thrust_factor")
        rows[:, engines, k.THRUST_N] *= strength
        rows[:, engines, k.FLOW_KG_S] *= strength


def _sensors(nominal: Nominal, samples: Samples) -> Array:
    """Return the errors of the navigation of each sample, shape (n, 13), as `steppe.kernels.navigation.Sensors`."""
    basis = lvlh_basis(nominal.update[k.X : k.Z + 1], nominal.update[k.U : k.W + 1])
    return np.concatenate(
        [
            samples.values("accelerometer_scale_error")[:, None],
            _triple(samples, "accelerometer_{}_bias_m_s2") @ basis,
            np.radians(_triple(samples, "gyro_{}_drift_deg_h") / 3600.0) @ basis,
            _triple(samples, "navigation_{}_error_m") @ basis,
            _triple(samples, "navigation_{}_speed_error_m_s") @ basis,
        ],
        axis=1,
    )
