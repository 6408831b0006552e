"""A campaign from its plan to its last shard, and one of its flights in full."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.config.dispersions import Dispersions
from steppe.config.loader import LoadedMission, load_dispersions
from steppe.ensemble.cases import IGNITION, Case, Nominal, cases_of, nominal_return
from steppe.ensemble.manifest import STATUS_COLUMN, CampaignSpec
from steppe.ensemble.run import Plan, columns_of, fly_case, fly_samples, limits_of, zone_of
from steppe.ensemble.sampling import draw
from steppe.ensemble.store import Campaign, open_or_resume
from steppe.errors import LANDED, STATUS, ConfigError
from steppe.flight import assemble
from steppe.flight.result import Flight
from steppe.flight.running import Run
from steppe.kernels import flying as k

# Samples in a shard: a second or two of work on one core with the apparent-velocity law
SHARD_SIZE = 4000
# Samples until the first word of progress, and seconds between the later ones
_STRIDE = 100
_SPEAK_EVERY_S = 2.0
_RECORD_ROWS = 60_000

Report = Callable[["Tally"], None]


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a campaign is.

    Attributes
    ----------
    flown
        Samples flown in this run.
    found
        Samples that an earlier run had flown; they count in `failed`, `count` and the spread.
    wanted
        Samples that this run has to fly.
    failed
        Status name to how many ended so; landings are not among them.
    count, mean_km, spread_km
        Landings so far, and mean and standard deviation of the touchdown to the east and north, km; not a number for
        a mission without a zone to measure from.
    """

    flown: int
    wanted: int
    failed: dict[str, int]
    count: int
    mean_km: tuple[float, float]
    spread_km: tuple[float, float]
    found: int = 0

    def with_rows(self, rows: dict[str, npt.NDArray[Any]]) -> Tally:
        """Return the tally with some more rows (Chan, Golub and LeVeque, 1979, for the spread)."""
        status = rows[STATUS_COLUMN]
        failed = dict(self.failed)
        for code in np.unique(status[status != LANDED]):
            name = STATUS[int(code)].name
            failed[name] = failed.get(name, 0) + int((status == code).sum())
        landed = status == LANDED
        added = int(landed.sum())
        if added == 0:
            return replace(self, flown=self.flown + status.size, failed=failed)
        points = np.stack([rows["miss_east_km"][landed], rows["miss_north_km"][landed]])
        total = self.count + added
        mean, old = points.mean(axis=1), np.array(self.mean_km)
        squares = points.var(axis=1) * added + np.array(self.spread_km) ** 2 * self.count
        squares += (mean - old) ** 2 * self.count * added / total
        merged = old + (mean - old) * added / total
        spread = np.sqrt(squares / total)
        return Tally(
            self.flown + status.size, self.wanted, failed, total,
            (float(merged[0]), float(merged[1])), (float(spread[0]), float(spread[1])), self.found,
        )  # fmt: skip


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


def run_campaign(plan: Plan, folder: Path, *, resume: bool, cores: int, report: Report | None = None) -> Tally:
    """Fly every sample that is missing and write its shard; returns the count of all that is there in the end.

    Raises
    ------
    OutputError
        If the folder cannot be used: something else is there, another campaign, no room, no permission.
    """
    taken = open_or_resume(folder, plan.spec, resume)
    wanted = sum(len(plan.spec.samples_of(number)) for number in taken.missing)
    stride = _STRIDE
    try:
        tally = _already_there(taken.campaign, wanted)
        for number in taken.missing:
            indices = plan.spec.samples_of(number)
            parts = []
            first = indices.start
            while first < indices.stop:
                began, there = time.perf_counter(), range(first, min(first + stride, indices.stop))
                rows = fly_samples(plan, there, cores)
                first = there.stop
                rate = len(there) / max(time.perf_counter() - began, 1e-9)
                stride = max(int(min(rate * _SPEAK_EVERY_S, 1e6)), _STRIDE)
                tally = tally.with_rows(rows)
                parts.append(rows)
                if report is not None:
                    report(tally)
            taken.campaign.write_shard(number, {name: np.concatenate([p[name] for p in parts]) for name in parts[0]})
    finally:
        taken.campaign.close()
    return tally


def _already_there(campaign: Campaign, wanted: int) -> Tally:
    """Return the tally of the shards that an earlier run has written."""
    tally = Tally(0, wanted, {}, 0, (0.0, 0.0), (0.0, 0.0))
    codes = {status.name: status.code for status in STATUS.values()}
    for batch in campaign.rows([STATUS_COLUMN, "miss_east_km", "miss_north_km"], partial=True):
        status = np.array([codes[name] for name in batch.column(0).to_pylist()], dtype=np.int64)
        east, north = (batch.column(number).to_numpy(zero_copy_only=False) for number in (1, 2))
        tally = tally.with_rows({STATUS_COLUMN: status, "miss_east_km": east, "miss_north_km": north})
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
    case = next(cases_of(plan.nominal, draw(plan.dispersions, plan.spec.seed, [sample])))
    run = _recorded(plan.nominal, case)
    nominal = plan.nominal
    mission, capsule = nominal.loaded.mission, nominal.loaded.vehicle.capsule
    epoch = nominal.epoch
    track = assemble.track_of("capsule", run, case.world, capsule.nose_radius_m, banked=True)
    # What was published belongs to the real flight, not to a dispersed one
    nothing = type(mission.published)()
    events = assemble.events_of(track, run, epoch, nothing, run.status.code == LANDED)
    return Flight(
        mission=nominal.loaded,
        status=run.status,
        epoch=epoch,
        track=track,
        modules=(),
        events=events,
        peaks=assemble.peaks_of(track, events),
        touchdown=assemble.touchdown_of(track, events, nominal.loaded.zone, nothing),
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
    )


def _recorded(nominal: Nominal, case: Case) -> Run:
    flown = fly_case(nominal, case, np.zeros((_RECORD_ROWS, k.RECORD_COLUMNS)))
    return Run(STATUS[flown.code], nominal.phases, case.rows, flown.record, flown.begins, flown.begun)
