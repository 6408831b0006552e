"""A campaign from its plan to its last shard, and one of its flights in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from steppe.config.dispersions import Dispersions
from steppe.config.loader import LoadedMission, load_dispersions
from steppe.ensemble.cases import IGNITION, Case, Nominal, cases_of, nominal_return
from steppe.ensemble.executors import Executor, LocalExecutor
from steppe.ensemble.grounds import landings
from steppe.ensemble.manifest import MANIFEST, SHARD_SIZE, STATUS_COLUMN, WIDTHS, CampaignSpec
from steppe.ensemble.place import place_of
from steppe.ensemble.run import Plan, columns_of, fly_case, limits_of, zone_of
from steppe.ensemble.sampling import Samples, draw
from steppe.ensemble.store import Campaign, check_room, open_or_resume
from steppe.ensemble.tally import Tally, tally_of
from steppe.errors import LANDED, STATUS, ConfigError
from steppe.flight import assemble
from steppe.flight.landing import contact
from steppe.flight.opening import openings_of
from steppe.flight.result import Contact, Flight, Touchdown, Track
from steppe.flight.running import Run
from steppe.kernels import phase as k

_RECORD_ROWS = 60_000

Report = Callable[[Tally], None]


def dispersions_of(loaded: LoadedMission) -> Dispersions:
    """Return the dispersions of a mission: those it names, else those named like its vehicle.

    Raises
    ------
    ConfigError
        If there are none, or they cannot be used.
    """
    named = loaded.mission.dispersions
    return load_dispersions(named or loaded.vehicle.name, loaded.folder, asked_by=loaded.source)


def plan_campaign(
    loaded: LoadedMission, mission: str, samples: int, seed: int, shard_size: int = SHARD_SIZE, *,
    start: str = IGNITION,
) -> Plan:  # fmt: skip
    """Plan a campaign: fly its nominal, read its dispersions, write down what it is.

    `start` is where the samples start, as `steppe.ensemble.cases.nominal_return` takes it.

    Raises
    ------
    ConfigError, PlanError
        If the mission or its dispersions cannot be flown, or the numbers are out of range.
    """
    if samples < 1:
        raise ConfigError(f"a campaign needs at least 1 sample, got {samples}", key="-n")
    if not 0 <= seed < 2**64:
        raise ConfigError(f"the seed is a whole number from 0 to 2^64 - 1, got {seed}", key="--seed")
    dispersions = dispersions_of(loaded).of_the_return()
    nominal = nominal_return(loaded, start)
    spec = CampaignSpec(
        mission=mission,
        config_hash=loaded.config_hash,
        seed=seed,
        samples=samples,
        shard_size=shard_size,
        columns=columns_of(dispersions),
        version=version("steppe"),
        models={
            "air": loaded.mission.air.model,
            "wind": loaded.mission.wind.model,
            "guidance": loaded.mission.guidance.law,
        },
        configuration={
            "mission": loaded.mission.model_dump(mode="json", exclude_none=True, exclude={"published"}),
            "vehicle": loaded.vehicle.model_dump(mode="json", exclude_none=True),
            "dispersions": dispersions.model_dump(mode="json", exclude_none=True),
        },
        zone=zone_of(nominal),
        limits=limits_of(nominal),
        start="" if start == IGNITION else start,
    )
    return Plan(nominal, dispersions, spec)


def check_room_first(loaded: LoadedMission, where: str | Path, samples: int, shard_size: int = SHARD_SIZE) -> None:
    """Refuse a new campaign that the disk cannot hold, before anything is planned.

    Raises
    ------
    ConfigError, OutputError
        If there is no room, or the place cannot be used.
    """
    place = place_of(where)
    if samples < 1 or shard_size < 1 or MANIFEST in place.names():
        return
    row_bytes = sum(WIDTHS[column.dtype] for column in columns_of(dispersions_of(loaded)))
    check_room(place, samples, row_bytes, -(-samples // shard_size))


def run_campaign(
    plan: Plan,
    where: str | Path,
    *,
    resume: bool,
    cores: int = 1,
    executor: Executor | None = None,
    report: Report | None = None,
) -> Tally:
    """Fly every sample that is missing and write its shard; returns the count of all that is there in the end.

    Parameters
    ----------
    plan
        The campaign.
    where
        A folder, or a URI as `steppe.ensemble.place.place_of` takes it.
    resume
        Whether a campaign that is there may be continued.
    cores
        Threads, if there is no `executor`.
    executor
        Who flies; this process if None. Changes no bit.
    report
        Called with the tally whenever some more samples are flown.

    Raises
    ------
    ConfigError, OutputError
        If the place cannot be used: something else is there, another campaign, no room, no permission, no network. Or
        if the executor cannot go on.
    """
    taken = open_or_resume(where, plan.spec, resume)
    wanted = sum(len(plan.spec.samples_of(number)) for number in taken.missing)
    try:
        tally = _already_there(taken.campaign, wanted)
        parts = (executor or LocalExecutor(cores)).run(plan, taken.campaign, taken.missing)
        try:
            for part in parts:
                tally = tally.with_part(part)
                if report is not None:
                    report(tally)
        finally:
            # an interruption ends the workers now and not when somebody collects the garbage
            parts.close()
        taken.campaign.require_complete()
    finally:
        taken.campaign.close()
    return tally


def _already_there(campaign: Campaign, wanted: int) -> Tally:
    """Return the tally of the shards that an earlier run has written."""
    tally = Tally(wanted=wanted)
    codes = {status.name: status.code for status in STATUS.values()}
    for batch in campaign.rows([STATUS_COLUMN, "miss_east_km", "miss_north_km"], partial=True):
        names = batch.column(0).dictionary.to_pylist()
        status = np.array([codes[name] for name in names], dtype=np.int64)[batch.column(0).indices.to_numpy()]
        east, north = (batch.column(number).to_numpy(zero_copy_only=False) for number in (1, 2))
        tally = tally.with_part(tally_of({STATUS_COLUMN: status, "miss_east_km": east, "miss_north_km": north}))
    return replace(tally, flown=0, found=tally.flown)


def fly_one(plan: Plan, sample: int) -> Flight:
    """Fly one sample of a campaign with its full output.

    Raises
    ------
    ConfigError
        If the campaign has no such sample.
    """
    if not 0 <= sample < plan.spec.samples:
        raise ConfigError(f"the samples are 0 to {plan.spec.samples - 1}, got {sample}", key="--only")
    samples = draw(plan.dispersions, plan.spec.seed, [sample])
    case = next(cases_of(plan.nominal, samples))
    run = _recorded(plan.nominal, case)
    nominal = plan.nominal
    mission, capsule = nominal.loaded.mission, nominal.loaded.vehicle.capsule
    epoch = nominal.epoch
    track = assemble.track_of("capsule", run, case.world, capsule.nose_radius_m, banked=True)
    # What was published belongs to the real flight, not to a dispersed one
    nothing = type(mission.published)()
    events = assemble.events_of(track, run, epoch, nothing, run.status.code == LANDED)
    touchdown = assemble.touchdown_of(track, events, nominal.loaded.zone, nothing)
    return Flight(
        mission=nominal.loaded,
        status=run.status,
        epoch=epoch,
        track=track,
        modules=(),
        events=events,
        peaks=assemble.peaks_of(track, events),
        touchdown=touchdown,
        departing=None,
        plan={},
        provenance={
            "steppe": plan.spec.version,
            "config_hash": plan.spec.config_hash,
            "seed": str(plan.spec.seed),
            "sample": str(sample),
            "guidance": mission.guidance.law,
        },
        notes=(f"Sample {sample} of the campaign with seed {plan.spec.seed}: a dispersed flight, not the plan.",),
        contact=_contact(nominal, samples, track, touchdown),
        openings=openings_of(run, case.world, nominal.loaded.vehicle.parachutes, capsule.nose_radius_m),
    )


def _contact(nominal: Nominal, samples: Samples, track: Track, touchdown: Touchdown | None) -> Contact | None:
    """Return what happens on the ground after a sample flown alone, with the errors that its row has."""
    if touchdown is None:
        return None
    last = {name: track.columns[name][-1:] for name in ("vertical_speed_m_s", "ground_speed_m_s", "mass_kg")}
    sink, speed = -last["vertical_speed_m_s"], last["ground_speed_m_s"]
    outputs = {
        "touchdown_sink_rate_m_s": sink,
        "touchdown_horizontal_speed_m_s": np.sqrt(np.maximum(speed * speed - sink * sink, 0.0)),
        "sink_rate_m_s": np.array([touchdown.speed_before_engines_m_s]),
    }
    found = landings(nominal, samples, outputs, last["mass_kg"])
    slope_deg = float(samples.values("landing_slope_error_deg")[0])
    return contact(found, slope_deg) if found else None


def _recorded(nominal: Nominal, case: Case) -> Run:
    flown = fly_case(nominal, case, np.zeros((_RECORD_ROWS, k.RECORD_COLUMNS)))
    return Run(STATUS[flown.code], nominal.phases, case.rows, flown.record, flown.begins, flown.begun)
