"""Flies a mission: plan, one continuous trajectory from the start to the ground, and the discarded modules."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from steppe.config.compile import guide_record
from steppe.config.loader import LoadedMission
from steppe.config.mission import Terrain, Zone
from steppe.errors import LANDED, ConfigError
from steppe.flight import assemble
from steppe.flight import phases as ph
from steppe.flight.beside import departing, module_tracks
from steppe.flight.changes import Changes
from steppe.flight.checks import require_propellant, require_stop_below_start
from steppe.flight.failed_canopies import failed_canopy_phases
from steppe.flight.failing import failed_phases, stuck_module
from steppe.flight.ground import noted, settled
from steppe.flight.landing import contact_of
from steppe.flight.opening import openings_of
from steppe.flight.plan import Plan, Problem, aim_frame, brief_guidance, find_pass, plan_facts, plan_return
from steppe.flight.result import Flight
from steppe.flight.running import Run, run_phases, start_row
from steppe.flight.starting import Beginning, begin_elsewhere
from steppe.flight.surroundings import surroundings
from steppe.frames.elements import StationOrbit
from steppe.frames.geodetic import geodetic_to_itrf, itrf_to_geodetic
from steppe.kernels import flying as k
from steppe.kernels.guide import BALLISTIC, Guide
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]
Progress = Callable[[str], None]

# B* to drag area over mass: B* = rho_0 CD A / (2 m) with rho_0 = 0.1570 kg/m2 per Earth radius
# (Vallado, Fundamentals of Astrodynamics and Applications, 4th ed., section 2.4.2)
_BSTAR_TO_DRAG_M2_KG = 2.0 / 0.1570
_AIM_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class _Ready:
    """Everything that is known before the final flight."""

    beginning: Beginning
    guide: Guide
    phases: list[ph.Phase]
    plan: Plan | None
    # The world that the ship believes in, where it is not the true one
    model: World | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A return that is planned and can be flown, and flown again otherwise (`steppe.flight.commanded`).

    `loaded` is the mission as it is flown, `written` without the height of the ground from elevation data.
    """

    loaded: LoadedMission
    ready: _Ready
    written: LoadedMission

    @property
    def world(self) -> World:
        """The true surroundings."""
        return self.ready.beginning.world

    @property
    def epoch(self) -> datetime:
        """The date of time zero."""
        return self.ready.beginning.epoch

    @property
    def guide(self) -> Guide:
        """What the guidance is told."""
        return self.ready.guide

    def told(self, guide: Guide) -> Prepared:
        """Return the same return with another briefing of the guidance."""
        return replace(self, ready=replace(self.ready, guide=guide))

    def in_world(self, world: World) -> Prepared:
        """Return the same return in other surroundings, of which plan and ship know nothing."""
        model = self.ready.beginning.world if self.ready.model is None else self.ready.model
        beginning = replace(self.ready.beginning, world=world)
        return replace(self, ready=replace(self.ready, beginning=beginning, model=model))


def fly(loaded: LoadedMission, *, progress: Progress | None = None, changes: Changes | None = None) -> Flight:
    """Fly a mission.

    Parameters
    ----------
    loaded
        The mission with its vehicle and zone.
    progress
        Called with a short sentence before each long step.
    changes
        What the flight meets otherwise than planned; the plan does not know it unless it says so.

    Returns
    -------
    Flight
        Columns, events, status and provenance. A flight that does not land says so by its status.

    Raises
    ------
    ConfigError, ElementsError, EnvironmentDataError, PlanError
        If the mission cannot be flown as written.
    """
    return fly_prepared(prepare(loaded, progress=progress, changes=changes), progress=progress)


def prepare(loaded: LoadedMission, *, progress: Progress | None = None, changes: Changes | None = None) -> Prepared:
    """Plan a mission as `fly` does, without the final flight.

    Raises
    ------
    ConfigError, ElementsError, EnvironmentDataError, PlanError
        As `fly`.
    """
    say = progress or (lambda _: None)
    written = loaded
    loaded = with_ground(loaded)
    say("reading the station's orbit, building air and wind")
    beginning = begin(loaded)
    say("planning the burn (the first run compiles the kernels; later runs do not)")
    if changes is not None and changes.known:
        loaded, beginning = changes.applied_to(loaded, beginning)
    ready = _prepare(loaded, beginning)
    if changes is not None and not changes.known:
        loaded, ready = _otherwise(loaded, ready, changes)
    return Prepared(loaded, ready, written)


def fly_prepared(prepared: Prepared, *, progress: Progress | None = None) -> Flight:
    """Fly what was prepared; the same preparation gives the same bits."""
    if progress is not None:
        progress("flying")
    flight = _fly_ready(prepared.loaded, _fail(prepared.loaded, prepared.ready))
    flight = flight if prepared.written.mission.terrain == Terrain() else noted(flight, prepared.written)
    return replace(flight, contact=contact_of(flight))


def run_prepared(prepared: Prepared, record_every_s: float = 1e9) -> tuple[World, Guide, Run]:
    """Fly what was prepared without outputs; returns the world that the ship believes in, its guidance, the flight."""
    ready = _fail(prepared.loaded, prepared.ready)
    model = ready.beginning.world if ready.model is None else ready.model
    return model, ready.guide, _run(prepared.loaded, ready, record_every_s)


def with_ground(loaded: LoadedMission) -> LoadedMission:
    """Return a mission with the height of the ground at its touchdown, where it has elevation data, else as it is.

    Raises
    ------
    ConfigError, ElementsError, EnvironmentDataError, PlanError
        As `fly`, and if an elevation file cannot be used or does not cover the zone.
    """

    def landing(trial: LoadedMission) -> tuple[float, float] | None:
        run = rehearse(trial)[3]
        if run.status.code != LANDED:
            return None
        latitude_rad, longitude_rad, _ = itrf_to_geodetic(run.begins[run.begun, k.X : k.Z + 1])
        return float(np.degrees(latitude_rad)), float(np.degrees(longitude_rad))

    return settled(loaded, landing)


def rehearse(loaded: LoadedMission) -> tuple[World, World, Guide, Run]:
    """Plan a mission and fly it once, without outputs.

    Returns
    -------
    tuple
        The true world, the one that the ship believes in, what its guidance is told, and the flight.

    Raises
    ------
    ConfigError, ElementsError, EnvironmentDataError, PlanError
        As `fly`.
    """
    beginning = begin(loaded)
    ready = _fail(loaded, _prepare(loaded, beginning))
    model = beginning.world if ready.model is None else ready.model
    return beginning.world, model, ready.guide, _run(loaded, ready, record_every_s=1e9)


def _otherwise(loaded: LoadedMission, ready: _Ready, changes: Changes) -> tuple[LoadedMission, _Ready]:
    """Return what is flown when things are otherwise than planned: ignition, timer and aim point of the plan stay."""
    changed, beginning = changes.applied_to(loaded, ready.beginning)
    zone = loaded.zone
    if ready.plan is None or zone is None or beginning.passing is None:
        phases = _phases_without_burn(changed, beginning)
        return changed, _Ready(beginning, ready.guide, phases, None, ready.beginning.world)
    departs = loaded.mission.start.phase == "station"
    problem = Problem(changed, beginning.world, beginning.start, zone, beginning.passing, departs)
    phases = _phases_with_burn(changed, problem, ready.plan)
    return changed, _Ready(beginning, ready.guide, phases, ready.plan, ready.beginning.world)


def _fail(loaded: LoadedMission, ready: _Ready) -> _Ready:
    """Return the flight with separation and parachutes failed, where the mission says so: the plan stays."""
    ready = _fail_separation(loaded, ready)
    failure = loaded.mission.failure
    if failure is None or failure.parachute is None:
        return ready

    def fly_them(phases: list[ph.Phase]) -> Run:
        return _run(loaded, replace(ready, phases=phases), record_every_s=1.0)

    ground_m = _ground_m(loaded.zone)
    phases, note = failed_canopy_phases(loaded, ready.phases, fly_them, ready.beginning.world, ground_m)
    return replace(ready, phases=phases, notes=(*ready.notes, note))


def _fail_separation(loaded: LoadedMission, ready: _Ready) -> _Ready:
    stuck = stuck_module(loaded)
    if stuck is None:
        return ready

    def fly_them(phases: list[ph.Phase]) -> Run:
        return _run(loaded, replace(ready, phases=phases), record_every_s=1.0)

    phases, release_m = failed_phases(loaded, ready.phases, fly_them, ready.beginning.world)
    name = stuck.name.replace("_", " ")
    note = f"The {name} stays on the capsule at the separation and breaks free at {release_m / 1e3:.1f} km."
    return replace(ready, phases=phases, guide=ready.guide._replace(law=BALLISTIC), notes=(*ready.notes, note))


def station_orbit(loaded: LoadedMission, before_utc: datetime) -> StationOrbit:
    """Return the station's orbit of a mission."""
    station = loaded.mission.station
    if station is None:
        raise ConfigError("a flight from the station needs [station]", source=loaded.source, key="station")
    if station.file is not None:
        return StationOrbit.from_file((loaded.folder or Path()) / station.file, before_utc=before_utc)
    return StationOrbit.from_lines(str(station.line1), str(station.line2), source=f"{loaded.source}: station")


def begin(loaded: LoadedMission) -> Beginning:
    """Return where, when and in what world a mission begins."""
    return _from_station(loaded) if loaded.mission.start.phase == "station" else begin_elsewhere(loaded)


def _steers(loaded: LoadedMission) -> bool:
    """Return whether the guidance of a mission steers to an aim point."""
    return loaded.mission.guidance.law in ("predictor-corrector", "apparent-velocity")


def _from_station(loaded: LoadedMission) -> Beginning:
    mission, zone, ship = loaded.mission, loaded.zone, loaded.vehicle.ship
    if mission.departure is None or zone is None or ship is None:
        raise ConfigError("a flight from the station needs [departure], a zone and a ship", source=loaded.source)
    epoch = mission.departure.undocking_utc
    orbit = station_orbit(loaded, epoch)
    passing = find_pass(orbit, zone, epoch)
    site = geodetic_to_itrf(np.radians(zone.latitude_deg), np.radians(zone.longitude_deg), 0.0)
    around = surroundings(loaded, epoch + timedelta(seconds=passing.time_s), site, passing.course_itrf)
    position_m, velocity_m_s = orbit.state_itrf(epoch)
    start = start_row(0.0, position_m, velocity_m_s, ship.mass_kg, _held_bank(loaded))
    drag_m2_kg = max(orbit.bstar, 0.0) * _BSTAR_TO_DRAG_M2_KG
    station = start_row(0.0, position_m, velocity_m_s, 1.0)
    notes = (*around.notes, *orbit.notes)
    provenance = {
        **around.provenance,
        "station_orbit": f"{_station_name(loaded, orbit)}, elements of {orbit.epoch:%Y-%m-%dT%H:%M:%SZ}",
    }
    return Beginning(epoch, around.world, start, passing, station, drag_m2_kg, provenance, notes)


def _station_name(loaded: LoadedMission, orbit: StationOrbit) -> str:
    return orbit.name or (loaded.mission.station.name if loaded.mission.station else "station")


def _held_bank(loaded: LoadedMission) -> float:
    return math.radians(loaded.mission.guidance.reference_bank_deg)


def _prepare(loaded: LoadedMission, beginning: Beginning) -> _Ready:
    """Plan the return and lay out the phases of the final flight."""
    mission = loaded.mission
    require_stop_below_start(loaded, beginning.start[k.X : k.Z + 1])
    if mission.start.phase not in ("station", "orbit"):
        return _prepare_rest(loaded, beginning)
    zone = loaded.zone
    if zone is None or beginning.passing is None:
        raise ConfigError("a deorbit burn needs a zone to aim at", source=loaded.source, key="zone")
    require_propellant(loaded)
    problem = Problem(
        loaded, beginning.world, beginning.start, zone, beginning.passing, mission.start.phase == "station"
    )
    fixed = _fixed_ignition(loaded, beginning)
    offset = (0.0, 0.0)
    plan = plan_return(problem, offset, fixed)
    # The zone is where the capsule should stand, the aim point where the parachute opens: the difference is the planned
    # drift, found by flying the plan
    for _ in range(_AIM_ROUNDS):
        trial = _Ready(beginning, plan.guide, _phases_with_burn(loaded, problem, plan), plan)
        run = _run(loaded, trial, record_every_s=1e9)
        if run.status.code != LANDED or not _steers(loaded):
            break
        offset = _drift_offset(problem, run)
        plan = plan_return(problem, offset, fixed)
    return _Ready(beginning, plan.guide, _phases_with_burn(loaded, problem, plan), plan)


def _prepare_rest(loaded: LoadedMission, beginning: Beginning) -> _Ready:
    """Lay out a flight that starts after the burn; a steered entry is aimed so that the drift ends on the zone."""
    mission, phases = loaded.mission, _phases_without_burn(loaded, beginning)
    ready = _Ready(beginning, _unplanned_guide(loaded, beginning, (0.0, 0.0)), phases, None)
    steers = _steers(loaded) and mission.start.phase == "entry"
    if not steers or loaded.zone is None or beginning.passing is None or loaded.vehicle.parachutes is None:
        return ready
    problem = Problem(loaded, beginning.world, beginning.start, loaded.zone, beginning.passing, False)
    for _ in range(_AIM_ROUNDS):
        run = _run(loaded, ready, record_every_s=1e9)
        if run.status.code != LANDED:
            break
        guide = _unplanned_guide(loaded, beginning, _drift_offset(problem, run))
        ready = _Ready(beginning, guide, phases, None)
    return ready


def _fixed_ignition(loaded: LoadedMission, beginning: Beginning) -> float | None:
    deorbit = loaded.mission.deorbit
    if deorbit is None or deorbit.ignition_utc is None:
        return None if loaded.mission.start.phase == "station" else 0.0
    seconds = (deorbit.ignition_utc - beginning.epoch).total_seconds()
    ship = loaded.vehicle.ship
    burns = ship.departure.burns if ship and loaded.mission.start.phase == "station" else ()
    earliest = max((burn.delay_s + burn.duration_s for burn in burns), default=0.0)
    if not earliest <= seconds <= 86400.0:
        raise ConfigError(
            f"the ignition must come {earliest:.0f} s to one day after the start at "
            f"{beginning.epoch:%Y-%m-%dT%H:%M:%SZ}, got {deorbit.ignition_utc:%Y-%m-%dT%H:%M:%SZ} ({seconds:+.0f} s)",
            source=loaded.source,
            key="deorbit.ignition_utc",
        )
    return seconds


def _drift_offset(problem: Problem, run: Run) -> tuple[float, float]:
    """Return the aim offset that puts the touchdown of a flown plan on the zone's centre."""
    _, ahead, right = aim_frame(problem, (0.0, 0.0))
    command = next(i for i, phase in enumerate(run.phases) if phase.event == "parachute_command")
    opened, landed = run.begins[command, k.X : k.Z + 1], run.begins[run.begun, k.X : k.Z + 1]
    drift = landed - opened
    # The vertical part of the fall has no horizontal component at the zone
    return -float(drift @ ahead), -float(drift @ right)


def _phases_with_burn(loaded: LoadedMission, problem: Problem, plan: Plan) -> list[ph.Phase]:
    vehicle = loaded.vehicle
    deorbit = problem.deorbit_settings()
    phases = problem.before_burn(plan.ignition_s + deorbit.ignition_error_s)
    phases += problem.burn(deorbit.delta_v_error_m_s)
    phases.append(ph.coast(vehicle, ph.after(plan.split_after_cutoff_s)))
    return phases + _entry_and_landing(loaded, "module_separation")


def _entry_and_landing(loaded: LoadedMission, start_event: str | None) -> list[ph.Phase]:
    vehicle, guidance = loaded.vehicle, loaded.mission.guidance
    end_m = vehicle.parachutes.command_altitude_m if vehicle.parachutes else -1e3
    entry = ph.entry(
        vehicle, guidance.entry_interface_altitude_m, guidance.start_altitude_m, end_m, start_event or "start"
    )
    if vehicle.parachutes is None:
        entry[-1] = ph.Phase(entry[-1].event, {**entry[-1].columns, k.LANDS: 1.0})
        return entry
    return entry + ph.canopies(vehicle, vehicle.parachutes, _ground_m(loaded.zone))


def _ground_m(zone: Zone | None) -> float:
    return zone.ground_height_m if zone else 0.0


def _phases_without_burn(loaded: LoadedMission, beginning: Beginning) -> list[ph.Phase]:
    mission, vehicle = loaded.mission, loaded.vehicle
    phase = mission.start.phase
    if phase == "entry":
        return _entry_and_landing(loaded, None)
    if phase == "canopy":
        if vehicle.parachutes is None:
            raise ConfigError("a canopy flight needs a vehicle with [parachutes]", source=loaded.source, key="vehicle")
        return ph.canopies(vehicle, vehicle.parachutes, _ground_m(loaded.zone))
    return [ph.free_flight(vehicle, beginning.start[7])]


def _unplanned_guide(loaded: LoadedMission, beginning: Beginning, offset_m: tuple[float, float]) -> Guide:
    """Return the guidance of a flight that starts after the burn: aim at the zone, along the line to it."""
    vehicle, zone = loaded.vehicle, loaded.zone
    end_m = vehicle.parachutes.command_altitude_m if vehicle.parachutes else 10e3
    if zone is None or beginning.passing is None:
        return guide_record(loaded.mission.guidance, vehicle.capsule.bank, end_m, np.zeros((3, 3)), 1.0)
    problem = Problem(loaded, beginning.world, beginning.start, zone, beginning.passing, False)
    side = 1.0 if loaded.mission.guidance.initial_bank_side == "right" else -1.0
    guide = guide_record(loaded.mission.guidance, vehicle.capsule.bank, end_m, aim_frame(problem, offset_m), side)
    if loaded.mission.start.phase != "entry":
        return guide
    start = run_phases(beginning.world, None, _entry_and_landing(loaded, None)[:2], beginning.start, ground_m=-1e4)
    return brief_guidance(loaded, beginning.world, guide, start.begins)[0]


def _stopped(loaded: LoadedMission, ready: _Ready) -> list[ph.Phase]:
    """Return the phases cut at the stop of the mission, where it has one."""
    stop, phases = loaded.mission.stop, ready.phases
    if stop is None:
        return phases
    if stop.after_s is not None:
        return _cut_after(loaded, ready, stop.after_s)
    kept = [phase for phase in phases if _above(phase, stop.altitude_m or 0.0)]
    last = phases[len(kept)] if len(kept) < len(phases) else phases[-1]
    return [*kept, ph.Phase(last.event, {**last.columns, **ph.falling_through(stop.altitude_m or 0.0)})]


def _cut_after(loaded: LoadedMission, ready: _Ready, seconds: float) -> list[ph.Phase]:
    """Return the phases up to a time after the start; which one is then under way, a flight of all of them says."""
    phases, last, since_s = ready.phases, 0, 0.0
    if len(phases) > 1:
        run = _run(loaded, ready, record_every_s=1e9)
        begins = run.begins[:, k.TIME] - ready.beginning.start[k.TIME]
        if begins[run.begun] <= seconds:
            return phases
        last = int(np.searchsorted(begins[: run.begun], seconds)) - 1
        since_s = float(begins[last])
    cut = phases[last]
    return [*phases[:last], ph.Phase(cut.event, {**cut.columns, **ph.after(seconds - since_s)})]


def _above(phase: ph.Phase, altitude_m: float) -> bool:
    return phase.columns.get(k.END_KIND) == k.AT_ALTITUDE and phase.columns[k.END_VALUE] > altitude_m


def _run(loaded: LoadedMission, ready: _Ready, record_every_s: float) -> Run:
    start = ready.beginning.start.copy()
    if loaded.mission.start.phase in ("station", "orbit"):
        start[9] = ready.guide.first_side * _held_bank(loaded)
    return run_phases(
        ready.beginning.world,
        ready.guide,
        ready.phases,
        start,
        ground_m=_ground_m(loaded.zone),
        model=ready.model,
        load_limit_g=loaded.mission.limits.load_g,
        record_every_s=record_every_s,
    )


def _fly_ready(loaded: LoadedMission, ready: _Ready) -> Flight:
    mission, vehicle, beginning = loaded.mission, loaded.vehicle, ready.beginning
    ready = replace(ready, phases=_stopped(loaded, ready))
    run = _run(loaded, ready, mission.output.interval_s)
    track = assemble.track_of("capsule", run, beginning.world, vehicle.capsule.nose_radius_m, banked=True)
    landed = run.status.code == LANDED
    events = assemble.events_of(track, run, beginning.epoch, mission.published, landed)
    return Flight(
        mission=loaded,
        status=run.status,
        epoch=beginning.epoch,
        track=track,
        modules=() if ready.plan is None else module_tracks(loaded, run, beginning.world),
        events=events,
        peaks=assemble.peaks_of(track, events),
        touchdown=assemble.touchdown_of(track, events, loaded.zone, mission.published),
        departing=None if ready.plan is None else departing(beginning, ready.plan.ignition_s, run, track),
        plan=plan_facts(ready.plan, ready.guide, run),
        provenance={
            "steppe": version("steppe"),
            "config_hash": loaded.config_hash,
            "vehicle": vehicle.name,
            "guidance": mission.guidance.law,
            **beginning.provenance,
        },
        notes=(*beginning.notes, *ready.notes),
        openings=openings_of(run, beginning.world, vehicle.parachutes, vehicle.capsule.nose_radius_m),
    )
