"""``steppe validate``: fly published returns and show how far the flights are from what really happened."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from steppe.cli.terminal import emit_json, emit_rich, message, plain_table, progress_line
from steppe.errors import ConfigError, OutputError, nearest

if TYPE_CHECKING:
    from rich.table import Table

    from steppe.flight.records import Json
    from steppe.flight.validate import Checked, Compared, Residual

RECORD_UNUSABLE: Final = 2
EXAMPLE: Final = "Example:  steppe validate --id MS-21 --id MS-11"
_MISSING: Final = "–"


class Mode(StrEnum):
    """Which of the two comparisons."""

    planned = "planned"
    as_flown = "as-flown"
    both = "both"


def validate_verb(
    file: Annotated[
        Path | None, typer.Argument(help="JSON file of returns in the format of the bundled ones; default: those.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    mode: Annotated[
        Mode,
        typer.Option("--mode", help="planned: from what was known before; as-flown: with the published ignition."),
    ] = Mode.both,
    ids: Annotated[list[str] | None, typer.Option("--id", help="Only this return; may be given again.")] = None,
    figure: Annotated[Path | None, typer.Option("--figure", help="Draw the residuals into this file (PNG).")] = None,
) -> None:
    """Plan and fly published returns from what was known before, and compare with what happened."""
    from steppe.flight.records import bundled_records, read_records

    records = _selected(bundled_records() if file is None else read_records(file), ids or [])
    if figure is not None and not figure.absolute().parent.is_dir():
        raise OutputError(f"cannot write {figure}: there is no folder {figure.absolute().parent}")
    with progress_line("validate: loading the models") as progress:
        from steppe.flight.validate import as_json as document
        from steppe.flight.validate import validate

        checked = validate(records, mode=mode.value, progress=lambda text: progress(f"validate: {text}"))
    if figure is not None:
        from steppe.view.validation import write_residuals

        write_residuals(checked, figure)
    if as_json:
        emit_json(document(checked, mode=mode.value))
    else:
        _print(checked, mode)
    bad = [one for one in checked if not one.usable or (one.as_flown is not None and not one.as_flown.usable)]
    for one in bad:
        broken = [part for part in (one.planned, one.as_flown) if part is not None and not part.usable]
        reasons = dict.fromkeys(reason for part in broken for reason in part.reasons)
        message(f"cannot use {one.id}: {'; '.join(reasons)}")
    lost = [one for one in checked if one.usable and one.main.status != "landed"]
    for one in lost:
        message(f"{one.id} did not land: {'; '.join(one.main.reasons)}")
    if bad or lost:
        raise typer.Exit(RECORD_UNUSABLE)


def _selected(records: list[Json], ids: list[str]) -> list[Json]:
    from steppe.flight.records import name_of

    if not ids:
        return records
    by_name = {name_of(record, number).lower(): record for number, record in enumerate(records)}
    for one in ids:
        if one.strip().lower() not in by_name:
            known = [name_of(record, number) for number, record in enumerate(records)]
            raise ConfigError(f"there is no return '{one}'; {nearest(one, known)}", key="--id")
    wanted = {one.strip().lower() for one in ids}
    return [record for name, record in by_name.items() if name in wanted]


def _print(checked: tuple[Checked, ...], mode: Mode) -> None:
    from steppe.flight.validate import summarize

    parts: list[object] = []
    if mode is not Mode.as_flown:
        parts += ["", "planned: flown from the elements, the zone and the undocking time; flown minus published", ""]
        parts += [_table([(one, one.planned) for one in checked])]
        parts += ["", _summary(summarize(checked))]
    if mode is not Mode.planned:
        parts += ["", "as flown: with the published ignition and delta-v; flown minus published", ""]
        parts += [_table([(one, one.as_flown) for one in checked if one.as_flown is not None])]
        parts += ["", _summary(summarize(checked, as_flown=True))]
    parts += ["", "~ published to the minute    * published only as a plan", ""]
    emit_rich(*parts)  # type: ignore[arg-type]


def _table(rows: list[tuple[Checked, Compared | None]]) -> Table:
    times = ("ignition\ns", "separation\ns", "entry\ns", "parachute\ns", "touchdown\ns")
    numbers = (*times, "miss\nkm", "along\nkm", "across\nkm", "peak\ng", "published\ng")
    table = plain_table("return", "zone", *numbers, right=numbers)
    for one, compared in rows:
        if compared is None or not compared.usable:
            table.add_row(one.id, "cannot be used", *[_MISSING] * len(numbers))
            continue
        miss = compared.miss
        places = (miss.distance_km, miss.along_track_km, miss.cross_track_km) if miss else (None, None, None)
        zone = "ballistic" if one.mode == "ballistic" else one.zone or _MISSING
        table.add_row(
            one.id,
            zone if compared.status == "landed" else compared.status,
            *(_seconds(residual) for residual in compared.residuals.values()),
            _number(places[0], ".1f"),
            _number(places[1], "+.1f"),
            _number(places[2], "+.1f"),
            _number(compared.peak_load_g, ".1f"),
            _number(one.published_max_g, ".1f"),
        )
    return table


def _seconds(residual: Residual | None) -> str:
    if residual is None:
        return _MISSING
    marks = ("~" if not residual.second_precise else "") + ("*" if residual.status == "planned" else "")
    return f"{residual.value_s:+.0f}{marks:<2}"


def _number(value: float | None, form: str) -> str:
    return _MISSING if value is None else format(value, form)


def _summary(summary: dict[str, float | int | None]) -> Table:
    from rich.table import Table

    def value(key: str, form: str = ".1f") -> str:
        return _number(summary[key], form)

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column()
    rows = (
        (
            "guided touchdown",
            f"median {value('touchdown_abs_median_s')} s, root mean square {value('touchdown_rms_s')} s, worst "
            f"{value('touchdown_abs_max_s')} s, mean {value('touchdown_mean_s', '+.1f')} s "
            f"({summary['guided_compared']} of {summary['guided_returns']} returns)",
        ),
        (
            "guided place",
            f"median {value('touchdown_median_km')} km, root mean square {value('touchdown_rms_km')} km, worst "
            f"{value('touchdown_max_km')} km ({summary['guided_with_position']} returns with coordinates)",
        ),
        (
            "ignition",
            f"median {value('ignition_second_precise_abs_median_s')} s, worst "
            f"{value('ignition_second_precise_abs_max_s')} s ({summary['ignition_second_precise_count']} published to "
            f"the second); median {value('ignition_minute_precise_abs_median_s')} s of those to the minute",
        ),
        (
            "ballistic",
            f"worst {value('ballistic_along_track_max_km')} km along track, "
            f"{value('ballistic_load_difference_max_g')} g, {value('ballistic_touchdown_abs_max_s')} s "
            f"({summary['ballistic_returns']} returns)",
        ),
    )
    for label, text in rows:
        grid.add_row(label, text)
    if summary["announced_plan_count"]:
        grid.add_row(
            "announced plans",
            f"the planners' own landing times: median {value('announced_plan_abs_median_s')} s, worst "
            f"{value('announced_plan_abs_max_s')} s ({summary['announced_plan_count']} published; "
            f"steppe on the same: {value('touchdown_abs_median_s_of_announced')} s)",
        )
    if summary["unusable"]:
        grid.add_row("cannot be used", f"{summary['unusable']} of {summary['returns']}, see below")
    return grid
