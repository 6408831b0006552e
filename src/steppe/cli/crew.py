"""``steppe crew``: who is aboard at a date, the stays of a person, the checks of the ledger, and its rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from steppe.cli.plan import read_utc
from steppe.cli.terminal import emit, emit_json, emit_rich, message, plain_table
from steppe.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from steppe.crew.records import Ledger

CHECK_FAILED: Final = 2
EXAMPLE: Final = "Example:  steppe crew --on 2018-06-03T12:00Z"


@dataclass(frozen=True, slots=True)
class _Question:
    """What the command line asks."""

    folder: Path | None
    first: str
    last: str
    as_json: bool
    out: Path | None
    database: Path | None


def crew_verb(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[check | rules | PERSON]", help="The checks, the rules, or (part of) a person's name."),
    ] = None,
    on: Annotated[str, typer.Option("--on", help="Who is aboard at this moment, UTC, with a zone: ...T12:00Z.")] = "",
    first: Annotated[str, typer.Option("--from", help="Start of the window (rules, --out), UTC.")] = "",
    last: Annotated[str, typer.Option("--to", help="End of the window (rules, --out, PERSON), UTC.")] = "",
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="Folder with stays.csv and movements.csv; default: the bundled one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write crew.png, crew.csv and crew.ics of the window to this folder.")
    ] = None,
    database: Annotated[Path | None, typer.Option("--database", help="Write the ledger as an SQLite file.")] = None,
) -> None:
    """Say who is aboard, when and in which seat they can leave; check the ledger and its rules."""
    from steppe.crew.reading import read_ledger

    question = _Question(ledger, first, last, as_json, out, database)
    asked = " ".join(words or ())
    loaded = read_ledger(ledger)
    if asked == "check":
        _check(loaded, question)
        return
    from steppe.crew.checks import require_sound

    require_sound(loaded)
    if asked and on:
        raise ConfigError("give either --on or a person, not both", key="--on")
    if database is not None:
        from steppe.crew.database import write_database

        write_database(loaded, database)
    if out is not None:
        _write(loaded, question, out)
    if asked == "rules":
        _rules(loaded, question)
    elif asked:
        _person(loaded, asked, question)
    elif on:
        _aboard(loaded, on, question)
    elif database is None and out is None:
        raise ConfigError("ask for a moment with --on 2018-06-03T12:00Z, for a person, for 'check' or for 'rules'")


def read_moment(text: str, option: str) -> datetime:
    """Return a date of the command line, which must have a zone: an hour without one is another hour elsewhere.

    Raises
    ------
    ConfigError
        If the text is no date or lacks its zone.
    """
    from steppe.crew.reading import parse_utc

    try:
        return parse_utc(text)
    except ValueError as problem:
        raise ConfigError(str(problem), key=option) from None


def _window(ledger: Ledger, question: _Question) -> tuple[datetime, datetime]:
    first = read_utc(question.first, "--from") if question.first else ledger.coverage.first_utc
    last = read_utc(question.last, "--to") if question.last else ledger.coverage.last_utc
    if first >= last:
        raise ConfigError(f"the window is empty: --to ({last:%Y-%m-%d}) must be later than --from ({first:%Y-%m-%d})")
    return first, last


def _aboard(ledger: Ledger, on: str, question: _Question) -> None:
    from steppe.crew.aboard import aboard_dict

    answer = aboard_dict(ledger, read_moment(on, "--on"))
    if question.as_json:
        emit_json(answer)
        return
    people = answer["aboard"]
    at_station = len(answer["aboard_station"])
    others = f"; {len(people) - at_station} in a ship on the way" if len(people) > at_station else ""
    emit(f"{answer['utc']}: {len(people)} in space, {at_station} of them aboard the station{others}\n")
    table = plain_table(
        "person", "agency", "since (launch)", "days", "where", "seat now", "returns in", right=("days",)
    )
    for one in people:
        seat = one["seat"] or "none"
        seat += "" if one["seat_state"] in ("nominal", "none") else f" ({one['seat_state']})"
        since = one["since_utc"][:16].replace("T", " ")
        days = f"{one['days']:.1f}"
        table.add_row(one["person"], one["agency"], since, days, one["place"], seat, one["vehicle_down"])
    emit_rich(table)
    emit("")
    for vehicle in answer["vehicles"]:
        port = f", {vehicle['port']}" if vehicle["port"] else ""
        emit(f"{vehicle['vehicle']}: {vehicle['state']}{port}, day {vehicle['days']:.0f}")
    for note in answer["notes"]:
        emit(f"Note: {note}.")


def _person(ledger: Ledger, text: str, question: _Question) -> None:
    from steppe.crew.aboard import find_person, person_dict
    from steppe.crew.revolutions import bundled_motion

    until = read_utc(question.last, "--to") if question.last else ledger.coverage.last_utc
    answer = person_dict(ledger, find_person(ledger, text), until, bundled_motion())
    if question.as_json:
        emit_json(answer)
        return
    number = len(answer["stays"])
    emit(f"{answer['person']}: {number} {'stay' if number == 1 else 'stays'}, {answer['days']:.1f} days, about "
         f"{answer['revolutions']} revolutions and {answer['distance_km'] / 1e6:.1f} million km\n")  # fmt: skip
    table = plain_table(
        "up", "launch", "down", "landing", "days", "rev", "rev a day", "16 a day", "million km",
        right=("days", "rev", "rev a day", "16 a day", "million km"),
    )  # fmt: skip
    for one in answer["stays"]:
        landing = "open" if one["open"] else one["landing_utc"][:16].replace("T", " ")
        mark = "~" if one["revolutions_extrapolated"] else ""
        table.add_row(
            one["vehicle_up"],
            one["launch_utc"][:16].replace("T", " "),
            one["vehicle_down"],
            landing,
            f"{one['days']:.2f}",
            f"{mark}{one['revolutions']}",
            f"{one['revolutions_per_day']:.3f}",
            str(one["press_revolutions"]),
            f"{one['distance_km'] / 1e6:.1f}",
        )
    emit_rich(table)
    emit("\nRevolutions are the station's, counted by its two-line elements; ~: beyond the bundled elements, by the\n"
         "mean motion of the last. The press multiplies the whole days by 16.")  # fmt: skip


def _check(ledger: Ledger, question: _Question) -> None:
    from steppe.crew.checks import check_ledger
    from steppe.crew.reading import BUNDLED
    from steppe.crew.sources import compare_with_returns

    found = check_ledger(ledger)
    if ledger.source == BUNDLED:
        found += compare_with_returns(ledger)
    counts = {level: sum(one.level == level for one in found) for level in ("error", "warning", "note")}
    if question.as_json:
        emit_json({
            "ledger": ledger.source, "stays": len(ledger.stays), "people": len(ledger.persons()),
            "vehicles": len(ledger.vehicles), **{f"{level}s": number for level, number in counts.items()},
            "findings": [
                {"level": one.level, "check": one.check, "text": one.text,
                 "rows": [{"file": place.file, "line": place.line} for place in one.places]}
                for one in found
            ],
        })  # fmt: skip
    else:
        for level in counts:
            for one in (one for one in found if one.level == level):
                emit(f"{level}: {one}")
        emit(f"\n{ledger.source}: {len(ledger.stays)} stays of {len(ledger.persons())} people in "
             f"{len(ledger.vehicles)} vehicles; {counts['error']} errors, {counts['warning']} warnings, "
             f"{counts['note']} notes")  # fmt: skip
    if counts["error"]:
        raise typer.Exit(CHECK_FAILED)


def _rules(ledger: Ledger, question: _Question) -> None:
    from steppe.crew.rules import RULES, find_violations

    first, last = _window(ledger, question)
    found = find_violations(ledger, first, last)
    if question.as_json:
        answer: dict[str, Any] = {"from_utc": f"{first:%Y-%m-%dT%H:%M:%SZ}", "to_utc": f"{last:%Y-%m-%dT%H:%M:%SZ}"}
        emit_json({**answer, "rules": RULES, "violations": [one.as_dict() for one in found]})
    else:
        table = plain_table("rule", "from", "to", "days", "what", right=("days",))
        for one in found:
            row = one.as_dict()
            end = (row["to_utc"] or "where the ledger ends")[:16].replace("T", " ")
            short = one.last_utc is not None and one.last_utc - one.first_utc < timedelta(minutes=1)
            days = "" if row["days"] is None or short else f"{row['days']:.1f}"
            table.add_row(one.rule, row["from_utc"][:16].replace("T", " "), "" if short else end, days, one.text)
        if found:
            emit_rich(table)
        emit(f"\n{len(found)} violations of {len(RULES)} rules from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    if found:
        message("rules of the ledger are broken; they are data: see ledger.toml")
        raise typer.Exit(CHECK_FAILED)


def _write(ledger: Ledger, question: _Question, folder: Path) -> None:
    from steppe.crew.products import calendar_events, stays_csv
    from steppe.files import write_text
    from steppe.io.icalendar import write_calendar
    from steppe.view.crew import save_crew_figure

    first, last = _window(ledger, question)
    make_folder(folder)
    save_crew_figure(ledger, first, last, folder / "crew.png")
    write_text(folder / "crew.csv", stays_csv(ledger, first, last))
    events = calendar_events(ledger, first, last)
    write_calendar(events, folder / "crew.ics", "Crews and ships", ledger.coverage.last_utc)
    message(f"wrote crew.png, crew.csv and crew.ics ({len(events)} events) to {folder}")


def make_folder(folder: Path) -> None:
    """Make the folder of ``--out`` if it is missing.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise OutputError(f"cannot write to {folder}: {reason}; choose another folder with --out") from problem
