"""``steppe disperse``: many returns with every error drawn anew, written so that none is lost."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from steppe.cli.terminal import emit, emit_json, progress_line
from steppe.errors import ConfigError

if TYPE_CHECKING:
    from steppe.ensemble.run import Plan
    from steppe.ensemble.tally import Tally

EXAMPLE: Final = "Example:  steppe disperse ms-21 -n 200 --seed 1 --out my-campaign"


def disperse_verb(
    mission: Annotated[str, typer.Argument(metavar="MISSION", help="A preset (steppe missions) or a mission file.")],
    samples: Annotated[int, typer.Option("-n", "--samples", help="How many returns to fly.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="With it and its number, every input of a sample is fixed.")] = 0,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", help="Folder or URI (s3://bucket/folder) of the campaign; default: out/MISSION-campaign."
        ),
    ] = None,
    cores: Annotated[int, typer.Option("--cores", help="Threads or workers; 0 for all cores. Changes no bit.")] = 0,
    executor: Annotated[
        str, typer.Option("--executor", help="Who flies: local threads, a Ray cluster (RAY_ADDRESS), or a CUDA card.")
    ] = "local",
    shard_size: Annotated[
        int, typer.Option("--shard-size", help="Samples in a file; larger ones for more than ten million samples.")
    ] = 4000,
    resume: Annotated[bool, typer.Option("--resume", help="Complete a campaign that was interrupted.")] = False,
    only: Annotated[
        int | None, typer.Option("--only", help="Fly this sample alone, with its full output in DIR-sample-N.")
    ] = None,
    start: Annotated[
        str, typer.Option("--from", help="Where samples start: ignition, entry, or another event of the nominal.")
    ] = "ignition",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Fly many dispersed returns, from shortly before the ignition (or the start, or --from) to the ground."""
    from steppe.config.loader import load_mission
    from steppe.ensemble.campaign import check_room_first, plan_campaign, run_campaign
    from steppe.ensemble.executor_choice import make_executor

    if cores < 0:
        raise ConfigError(f"the number of cores is 1 or more, or 0 for all, got {cores}", key="--cores")
    flown_by = make_executor(executor, cores)
    loaded = load_mission(mission)
    folder = out or str(Path("out") / f"{loaded.mission.name}-campaign")
    if only is None:
        check_room_first(loaded, folder, samples, shard_size)
    with progress_line("planning the nominal return") as say:
        plan = plan_campaign(loaded, mission, samples, seed, shard_size, start=start)
        if only is not None:
            _fly_only(plan, only, folder, as_json)
            return
        began = time.perf_counter()
        tally = run_campaign(
            plan, folder, resume=resume, executor=flown_by,
            report=lambda tally: say(_progress(tally, time.perf_counter() - began)),
        )  # fmt: skip
    seconds = time.perf_counter() - began
    from steppe.ensemble.place import shown_place

    result = _result(plan, tally, shown_place(folder), seconds)
    if as_json:
        emit_json(result)
        return
    emit(_words(result))


def _progress(tally: Tally, seconds: float) -> str:
    rate = tally.flown / max(seconds, 1e-9)
    left = (tally.wanted - tally.flown) / max(rate, 1e-9)
    error = 1.0 / max(2.0 * tally.count, 1.0) ** 0.5
    east, north = tally.spread_km
    spread = f"{east:.2f} x {north:.2f} km (+- {100 * error:.0f} %)" if math.isfinite(east) else "without a zone"
    lost = f", {tally.lost} workers lost" if tally.lost else ""
    return (
        f"{tally.flown} of {tally.wanted} flown, {rate:.0f}/s, {sum(tally.failed.values())} failed{lost}, spread "
        f"{spread}, {left:.0f} s left"
    )


def _result(plan: Plan, tally: Tally, folder: str, seconds: float) -> dict[str, Any]:
    # Standard error of a standard deviation of a normal sample: sigma / sqrt(2 n)
    east, north = tally.spread_km
    known = tally.count > 0 and math.isfinite(east)
    error = (2.0 * tally.count) ** -0.5 if known else None
    return {
        "mission": plan.spec.mission,
        "folder": folder,
        "samples": plan.spec.samples,
        "seed": plan.spec.seed,
        "flown": tally.flown,
        "found": tally.found,
        "landed": tally.count,
        "failed": tally.failed,
        "workers_lost": tally.lost,
        "spread_east_km": east if known else None,
        "spread_north_km": north if known else None,
        "spread_east_error_km": error * east if error else None,
        "spread_north_error_km": error * north if error else None,
        "returns_per_second": tally.flown / seconds if tally.flown else 0.0,
        "seconds": seconds,
        "complete": True,
    }


def _words(result: dict[str, Any]) -> str:
    failed = ", ".join(f"{count} {name}" for name, count in result["failed"].items()) or "none failed"
    lines = [
        f"{result['mission']}: {result['flown']} returns flown in {result['seconds']:.1f} s "
        f"({result['returns_per_second']:.0f} a second), {result['landed']} landed, {failed}"
    ]
    if result["found"]:
        lines.append(f"{result['found']} were there already; landings, failures and spread count them too")
    if result["workers_lost"]:
        lines.append(f"{result['workers_lost']} workers were lost; their shards were flown again")
    if result["spread_east_km"] is not None:
        lines.append(
            "spread of the touchdown, 1 sigma: "
            f"{result['spread_east_km']:.2f} +- {result['spread_east_error_km']:.2f} km "
            f"east-west, {result['spread_north_km']:.2f} +- {result['spread_north_error_km']:.2f} km north-south"
        )
    lines.append(f"written to {result['folder']}; read it with: steppe summary {result['folder']}")
    return "\n".join(lines)


def _fly_only(plan: Plan, sample: int, where: str, as_json: bool) -> None:
    from steppe.ensemble.campaign import fly_one
    from steppe.ensemble.place import local_folder
    from steppe.io.folder import write_folder
    from steppe.io.summary import summary

    flight = fly_one(plan, sample)
    folder = local_folder(where)
    target = folder.parent / f"{folder.name}-sample-{sample}"
    write_folder(flight, target)
    if as_json:
        emit_json(summary(flight))
        return
    landing = flight.touchdown
    where = f"{landing.latitude_deg:.4f} N {landing.longitude_deg:.4f} E" if landing else flight.status.sentence
    emit(f"sample {sample} of seed {plan.spec.seed}: {flight.status.name}, {where}\nwritten to {target}")
