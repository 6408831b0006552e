"""``steppe rotation``: which ships should come and go when, with landings by day, and what breaks if one is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from steppe.cli.crew import make_folder
from steppe.cli.plan import read_utc
from steppe.cli.terminal import emit, emit_json, emit_rich, message, plain_table, progress_line
from steppe.errors import ConfigError, PlanError

if TYPE_CHECKING:
    from steppe.crew.rotation import Rotation
    from steppe.flight.opportunity_records import Opportunities

IMPOSSIBLE: Final = 2
EXAMPLE: Final = "Example:  steppe rotation --from 2026-02-14 --to 2027-12-31"
_LONGEST_DAYS: Final = 3653.0


def rotation_verb(
    first: Annotated[str, typer.Option("--from", help="Start of the window, UTC; ships in space then count.")],
    last: Annotated[str, typer.Option("--to", help="End of the window, UTC.")],
    station: Annotated[
        str, typer.Option("--station", help="File of elements, or a mission whose station is meant.")
    ] = "ms-21",
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="Folder of another ledger; its ledger.toml holds the wishes.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write rotation.png, rotation.csv and rotation.ics to this folder.")
    ] = None,
) -> None:
    """Propose launches and returns that keep the rules of the ledger, with landings by day."""
    window = read_utc(first, "--from"), read_utc(last, "--to")
    span = (window[1] - window[0]).total_seconds() / 86400.0
    if not 1.0 <= span <= _LONGEST_DAYS:
        raise ConfigError(f"expected a window of 1 day to 10 years, got {span:.0f} days", key="--to")
    from steppe.crew.checks import require_sound
    from steppe.crew.daylight import element_set
    from steppe.crew.reading import read_ledger
    from steppe.crew.rotation import opportunities_near, propose, require_solver
    from steppe.crew.rotation_products import rotation_dict
    from steppe.flight.opportunities import read_station

    require_solver()
    loaded = require_sound(read_ledger(ledger))
    orbit = read_station(station, *window)
    with progress_line("looking for a schedule") as progress:
        try:
            found = propose(loaded, element_set(orbit), *window)
        except PlanError as problem:
            message(f"error: {problem}")
            raise typer.Exit(IMPOSSIBLE) from None
        progress("looking for landing opportunities")
        near = opportunities_near(orbit, found)
    answer = rotation_dict(found, orbit.age_days(window[0]), near)
    if out is not None:
        _write((found, near), answer, out)
    if as_json:
        emit_json(answer)
    else:
        _print(answer)


def _print(answer: dict[str, Any]) -> None:
    table = plain_table(
        "ship", "launch", "docking", "landing", "days", "over target", "zone under orbit", "Sun deg",
        right=("days", "over target", "Sun deg"),
    )  # fmt: skip
    for one in answer["flights"]:
        passing = "at sea" if one["passing_utc"] is None else one["passing_utc"][11:16]
        if one["opportunity"] is not None:
            passing = f"touchdown {one['opportunity']['touchdown_utc'][:16].replace('T', ' ')}"
        sun = "" if one["sun_deg"] is None else f"{one['sun_deg']:.0f}"
        docking = one["docking"] or "in space"
        table.add_row(
            one["vehicle"], one["launch"], docking, one["landing"], str(one["days"]), f"{one['over_target']:+d}",
            passing, sun,
        )  # fmt: skip
    emit_rich(table)
    proof = "the best there is" if answer["optimal"] else "the best found in 20 s"
    emit(f"\n{answer['off_target_days']} days over and under the target stays; {proof}.\n\nIf a launch fails:")
    for one in answer["if_lost"]:
        if one["launch_fails"] is not None:
            emit(f"  {one['vehicle']}: {one['launch_fails']}.")
    emit("\nIf a ship is damaged at the station:")
    for text in dict.fromkeys(one["damaged_when_docked"] for one in answer["if_lost"]):
        emit(f"  {text}.")
    slipped = [one for one in answer["if_slipped"] if one["breaks"]]
    emit("\nIf a landing slips two days: " + ("" if slipped else "nothing breaks."))
    for one in slipped:
        emit(f"  {one['vehicle']} to {one['landing']}: {'; '.join(one['breaks'])}.")
    emit("")
    for note in answer["notes"]:
        emit(f"Note: {note}.")


def _write(result: tuple[Rotation, dict[str, Opportunities]], answer: dict[str, Any], folder: Path) -> None:
    from steppe.crew.rotation_products import rotation_csv, rotation_events
    from steppe.files import write_text
    from steppe.io.icalendar import write_calendar
    from steppe.view.rotation import save_rotation_figure

    found, near = result
    make_folder(folder)
    note = answer["notes"][0]
    save_rotation_figure(found, note[0].upper() + note[1:] + ".", folder / "rotation.png")
    write_text(folder / "rotation.csv", rotation_csv(found))
    write_calendar(rotation_events(found, near), folder / "rotation.ics", "Proposed rotation", found.first)
    message(f"wrote rotation.png, rotation.csv and rotation.ics to {folder}")
