"""``steppe recover``: who waits where, so that the hatch is open soonest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import typer

from steppe.cli.terminal import can_draw, emit, emit_json, emit_rich, plain_table, progress_line
from steppe.errors import ConfigError

if TYPE_CHECKING:
    from steppe.config.loader import LoadedMission
    from steppe.config.recovery import RecoveryFile
    from steppe.ground.plans import Plan
    from steppe.ground.recovery import Recovery
    from steppe.ground.touchdowns import Touchdowns

EXAMPLE: Final = "Example:  steppe recover ms-21 -n 50 --out staging"
_OBJECTIVES: Final = ("mean", "quantile")


def recover_verb(
    mission: Annotated[str, typer.Argument(metavar="MISSION", help="A preset (steppe missions) or a mission file.")],
    campaign: Annotated[
        Path | None, typer.Option("--campaign", help="Guided touchdowns from this folder (steppe disperse --out).")
    ] = None,
    force: Annotated[
        str, typer.Option("--force", help="A preset or a file: airfields, fleet, times.")
    ] = "soyuz-kazakhstan",
    samples: Annotated[int, typer.Option("-n", "--samples", help="Returns to fly for each side.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of these returns.")] = 0,
    objective: Annotated[str, typer.Option("--objective", help="What is least: mean or quantile.")] = "mean",
    quantile: Annotated[float, typer.Option("--quantile", help="Which quantile, with --objective quantile.")] = 0.9,
    units: Annotated[
        list[str] | None, typer.Option("--units", help="TYPE=NUMBER to place, for example mi-8=8, without spare ones.")
    ] = None,
    wind_east: Annotated[float | None, typer.Option("--wind-east", help="Wind towards the east, m/s.")] = None,
    wind_north: Annotated[float | None, typer.Option("--wind-north", help="Wind towards the north, m/s.")] = None,
    gust: Annotated[float | None, typer.Option("--gust", help="Gusts above the wind, m/s.")] = None,
    visibility: Annotated[float | None, typer.Option("--visibility", help="Visibility, m.")] = None,
    icing: Annotated[bool | None, typer.Option("--icing/--no-icing", help="Whether there is icing.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for JSON, CSV, GeoJSON, KML and figure.")] = None,
    figure: Annotated[bool, typer.Option("--figure/--no-figure", help="Draw the figure.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the study as JSON.")] = False,
) -> None:
    """Post helicopters, vehicles and aircraft so that the hatch is open soonest, and compare with other postings."""
    from steppe.config.loader import load_mission, load_recovery
    from steppe.ground.recovery import plan_recovery
    from steppe.io.recovery import check_recovery_folder, write_recovery

    if objective not in _OBJECTIVES:
        raise ConfigError(f"expected one of {', '.join(_OBJECTIVES)}, got '{objective}'", key="--objective")
    if not 0.0 < quantile < 1.0:
        raise ConfigError(f"expected a share between 0 and 1, got {quantile:g}", key="--quantile")
    given = load_recovery(force)
    weather = {
        "wind_east_m_s": wind_east, "wind_north_m_s": wind_north, "gust_m_s": gust, "visibility_m": visibility,
        "icing": icing,
    }  # fmt: skip
    changed = with_changes(given, units or [], {key: value for key, value in weather.items() if value is not None})
    loaded = load_mission(mission)
    if out is not None:
        check_recovery_folder(out)
    with progress_line("reading the mission") as say:
        guided, ballistic = _both_sides(loaded, mission, campaign, samples, seed, say)
        study = plan_recovery(
            loaded.mission.name, changed, guided, ballistic, objective=cast(Literal["mean", "quantile"], objective),
            share=quantile, source=force, progress=say,
        )  # fmt: skip
        files = [] if out is None else write_recovery(study, out)
        if out is not None and figure:
            files += _draw(study, out)
    if as_json:
        emit_json({**study.as_dict(), "files": [str(path) for path in files]})
        return
    _print(study)
    if files:
        emit("\nWritten: " + ", ".join(str(path) for path in files))


def with_changes(force: RecoveryFile, units: list[str], weather: dict[str, Any]) -> RecoveryFile:
    """Return the file with other numbers of units and another weather.

    Parameters
    ----------
    force
        The file.
    units
        Texts ``TYPE=NUMBER``: how many to place; there are no spare ones then.
    weather
        Keys of `Weather` to replace.

    Raises
    ------
    ConfigError
        If a type is unknown, or a number out of range.
    """
    from pydantic import ValidationError

    from steppe.config.messages import explain
    from steppe.config.recovery import RecoveryFile, Weather
    from steppe.errors import nearest

    document = force.model_dump(mode="python")
    fleet = {entry["type"]: entry for entry in document["fleet"]}
    for text in units:
        name, _, number = (part.strip() for part in text.partition("="))
        if name not in fleet:
            raise ConfigError(f"the fleet has no type '{name}', {nearest(name, fleet)}", key="--units")
        if not number.isdecimal() or not 1 <= int(number) <= 100:
            raise ConfigError(f"expected {name}=NUMBER with 1 to 100 units, got '{text}'", key="--units")
        fleet[name]["count"] = int(number)
        fleet[name]["spare"] = 0
    document["weather"] = {**document["weather"], **weather}
    try:
        return RecoveryFile.model_validate(document)
    except ValidationError as error:
        problems = explain(error, RecoveryFile, document)
        known = {f"weather.{key}": key for key in Weather.model_fields}
        lines = [f"--{known.get(key, key).removesuffix('_m_s').removesuffix('_m').replace('_', '-')} {text}"
                 for key, text in problems]  # fmt: skip
        raise ConfigError("; ".join(lines)) from None


def _both_sides(
    loaded: LoadedMission, mission: str, campaign: Path | None, samples: int, seed: int, say: Any
) -> tuple[Touchdowns, Touchdowns]:
    from steppe.ground.touchdowns import campaign_touchdowns, flown_touchdowns

    if campaign is not None:
        say("reading the campaign")
        # the campaign does not tell the date of its touchdown: the undispersed ballistic one is within minutes of it
        ballistic = flown_touchdowns(loaded, mission, "ballistic", samples, seed)
        return campaign_touchdowns(campaign, loaded, ballistic.utc), ballistic
    say(f"flying {samples} guided returns")
    guided = flown_touchdowns(loaded, mission, "guided", samples, seed)
    say(f"flying {samples} ballistic returns")
    return guided, flown_touchdowns(loaded, mission, "ballistic", samples, seed)


def _draw(study: Recovery, out: Path) -> list[Path]:
    if not can_draw():
        return []
    from steppe.view.recovery import save_recovery_figure

    save_recovery_figure(study, out / "figure.png")
    return [out / "figure.png"]


def _print(study: Recovery) -> None:
    from steppe.ground.plans import PROBABILITIES
    from steppe.ground.recovery import first_shares

    emit(f"{study.mission}: {study.force.title or study.force.name}; least is the {study.objective}")
    for points in (study.guided, study.ballistic):
        (long, short), _ = points.axes_km()
        lat, lon = points.mean_deg
        light = "night" if study.setup.night(points) else "day"
        emit(
            f"{points.side:9s} {lat:.2f} N {lon:.2f} E, spread {long:.1f} x {short:.1f} km, {points.utc:%H:%M} UTC, "
            f"{light}; {points.origin}"
        )
    emit("\nMinutes from the touchdown to the open hatch:")
    shares = " / ".join(f"{100 * p:g}" for p in PROBABILITIES) + " %"
    table = plain_table(
        "posting", f"guided {shares}", f"ballistic {shares}", "mean", "proven",
        right=(f"guided {shares}", f"ballistic {shares}", "mean", "proven"),
    )  # fmt: skip
    for plan in study.plans:
        proven = "yes" if plan.posting.proven else f"gap {100 * plan.posting.gap:.1f} %"
        mean = f"{plan.mean_hatch_s / 60.0:.1f}"
        table.add_row(plan.title, _minutes(plan, "guided"), _minutes(plan, "ballistic"), mean, proven)
    emit_rich(table)
    best = study.optimum
    emit("\nWho waits where:")
    table = plain_table("units", "place", "lat N", "lon E", "first at the capsule", right=("lat N", "lon E"))
    firsts = [f"{100 * share:.1f} %" for share in first_shares(study, best)]
    radio = study.radio.posts if study.radio is not None else ()
    for post, first in zip((*best.posts, *radio), (*firsts, *["listens"] * len(radio)), strict=True):
        place = post.place
        table.add_row(
            f"{post.count} {post.type}", place.name, f"{place.latitude_deg:.3f}", f"{place.longitude_deg:.3f}", first
        )
    emit_rich(table)
    tasks = study.force.tasks
    leave = ", ".join(
        f"{who} +{(tasks.first_out_s + number * tasks.each_next_s) / 60.0:g}" for number, who in enumerate(tasks.order)
    )
    emit(f"\nOut of the capsule, minutes after the open hatch: {leave}")
    if not study.force.weather.icing:
        iced = ", ".join(f"{side} {_quantile(times, 0.5)}" for side, times in best.icing.items())
        emit(f"With icing, optimum, median minutes to the open hatch: {iced}")
    for note in study.notes:
        emit(note)


def _minutes(plan: Plan, side: str) -> str:
    from steppe.ground.plans import PROBABILITIES

    return " / ".join(_quantile(getattr(plan, side), p) for p in PROBABILITIES)


def _quantile(times: Any, share: float) -> str:
    from steppe.ground.posting import UNREACHED_S

    value = times.quantile_s("hatch_s", share)
    return "nobody" if value >= UNREACHED_S else f"{value / 60.0:.1f}"
