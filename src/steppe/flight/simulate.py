"""Flies a mission: plan, one continuous trajectory from the start to the ground, and the discarded modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

import numpy as np

from steppe.config.loader import LoadedMission
from steppe.errors import LANDED
from steppe.flight import assemble
from steppe.flight import phases as ph
from steppe.flight.beside import departing, module_tracks
from steppe.flight.changes import Changes
from steppe.flight.failed_canopies import failed_canopy_phases
from steppe.flight.failing import failed_phases, stuck_module
from steppe.flight.ground import ground_below, noted, planned_ground
from steppe.flight.landing import contact_of
from steppe.flight.opening import openings_of
from steppe.flight.plan import plan_facts
from steppe.flight.preparing import Ready, laid_out, otherwise, ready_to_fly, run_ready
from steppe.flight.result import Flight
from steppe.flight.running import Run
from steppe.flight.sequence import ground_m_of
from steppe.flight.starting import begin
from steppe.frames.geodetic import itrf_to_geodetic
from steppe.kernels import phase as k
from steppe.kernels.guide import BALLISTIC, Guide
from steppe.kernels.motion import World

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A return that is planned and can be flown, and flown again otherwise (`steppe.flight.commanded`).

    `loaded` is the mission as it is flown, `written` without the height of the ground from elevation data.
    """

    loaded: LoadedMission
    ready: Ready
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
    written, loaded = loaded, planned_ground(loaded)
    say("reading the station's orbit, building air and wind")
    beginning = begin(loaded)
    say("planning the burn (the first run compiles the kernels; later runs do not)")
    if changes is not None and changes.known:
        loaded, beginning = changes.applied_to(loaded, beginning)
    ready = ready_to_fly(loaded, beginning)
    if changes is not None and not changes.known:
        loaded, ready = otherwise(loaded, ready, changes)
    return Prepared(*_on_its_ground(loaded, ready), written)


def fly_prepared(prepared: Prepared, *, progress: Progress | None = None) -> Flight:
    """Fly what was prepared; the same preparation gives the same bits."""
    if progress is not None:
        progress("flying")
    flight = _fly_ready(prepared.loaded, _fail(prepared.loaded, prepared.ready))
    flight = noted(flight, prepared.written)
    return replace(flight, contact=contact_of(flight))


def run_prepared(prepared: Prepared, record_every_s: float = 1e9) -> tuple[World, Guide, Run]:
    """Fly what was prepared without outputs; returns the world that the ship believes in, its guidance, the flight."""
    ready = _fail(prepared.loaded, prepared.ready)
    model = ready.beginning.world if ready.model is None else ready.model
    return model, ready.guide, run_ready(prepared.loaded, ready, record_every_s)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A mission planned and flown once, without outputs.

    `loaded` has the height of the ground where it lands; `world` is the true one, `model` that of the ship.
    """

    loaded: LoadedMission
    world: World
    model: World
    guide: Guide
    run: Run


def rehearse(loaded: LoadedMission) -> Rehearsal:
    """Plan a mission and fly it once, without outputs.

    Raises
    ------
    ConfigError, ElementsError, EnvironmentDataError, PlanError
        As `fly`.
    """
    prepared = prepare(loaded)
    model, guide, run = run_prepared(prepared)
    return Rehearsal(prepared.loaded, prepared.world, model, guide, run)


def _on_its_ground(loaded: LoadedMission, ready: Ready) -> tuple[LoadedMission, Ready]:
    """Return the flight to the height of the ground where it lands; its plan knows that of the zone."""
    if loaded.zone is None:
        return loaded, ready
    run = run_ready(loaded, _fail(loaded, ready), record_every_s=1e9)
    if run.status.code != LANDED:
        return loaded, ready
    latitude_rad, longitude_rad, _ = itrf_to_geodetic(run.begins[run.begun, k.X : k.Z + 1])
    below = ground_below(loaded, float(np.degrees(latitude_rad)), float(np.degrees(longitude_rad)))
    return (loaded, ready) if below.zone == loaded.zone else (below, laid_out(below, ready))


def _fail(loaded: LoadedMission, ready: Ready) -> Ready:
    """Return the flight with separation and parachutes failed, where the mission says so: the plan stays."""
    ready = _fail_separation(loaded, ready)
    failure = loaded.mission.failure
    if failure is None or failure.parachute is None:
        return ready

    def fly_them(phases: list[ph.Phase]) -> Run:
        return run_ready(loaded, replace(ready, phases=phases), record_every_s=1.0)

    ground_m = ground_m_of(loaded.zone)
    phases, note = failed_canopy_phases(loaded, ready.phases, fly_them, ready.beginning.world, ground_m)
    return replace(ready, phases=phases, notes=(*ready.notes, note))


def _fail_separation(loaded: LoadedMission, ready: Ready) -> Ready:
    stuck = stuck_module(loaded)
    if stuck is None:
        return ready

    def fly_them(phases: list[ph.Phase]) -> Run:
        return run_ready(loaded, replace(ready, phases=phases), record_every_s=1.0)

    phases, release_m = failed_phases(loaded, ready.phases, fly_them, ready.beginning.world)
    name = stuck.name.replace("_", " ")
    note = f"The {name} stays on the capsule at the separation and breaks free at {release_m / 1e3:.1f} km."
    return replace(ready, phases=phases, guide=ready.guide._replace(law=BALLISTIC), notes=(*ready.notes, note))


def _stopped(loaded: LoadedMission, ready: Ready) -> list[ph.Phase]:
    """Return the phases cut at the stop of the mission, where it has one."""
    stop, phases = loaded.mission.stop, ready.phases
    if stop is None:
        return phases
    if stop.after_s is not None:
        return _cut_after(loaded, ready, stop.after_s)
    kept = [phase for phase in phases if _above(phase, stop.altitude_m or 0.0)]
    last = phases[len(kept)] if len(kept) < len(phases) else phases[-1]
    return [*kept, ph.Phase(last.event, {**last.columns, **ph.falling_through(stop.altitude_m or 0.0)})]


def _cut_after(loaded: LoadedMission, ready: Ready, seconds: float) -> list[ph.Phase]:
    """Return the phases up to a time after the start; which one is then under way, a flight of all of them says."""
    phases, last, since_s = ready.phases, 0, 0.0
    if len(phases) > 1:
        run = run_ready(loaded, ready, record_every_s=1e9)
        begins = run.begins[:, k.TIME] - ready.beginning.start[k.TIME]
        if begins[run.begun] <= seconds:
            return phases
        last = int(np.searchsorted(begins[: run.begun], seconds)) - 1
        since_s = float(begins[last])
    cut = phases[last]
    return [*phases[:last], ph.Phase(cut.event, {**cut.columns, **ph.after(seconds - since_s)})]


def _above(phase: ph.Phase, altitude_m: float) -> bool:
    return phase.columns.get(k.END_KIND) == k.AT_ALTITUDE and phase.columns[k.END_VALUE] > altitude_m


def _fly_ready(loaded: LoadedMission, ready: Ready) -> Flight:
    mission, vehicle, beginning = loaded.mission, loaded.vehicle, ready.beginning
    ready = replace(ready, phases=_stopped(loaded, ready))
    run = run_ready(loaded, ready, mission.output.interval_s)
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
