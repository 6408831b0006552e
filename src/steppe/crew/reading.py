"""Reads the ledger: four tables in CSV and one TOML file, bundled or in a folder of the user's."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from steppe.crew.records import (
    EVENTS,
    Condition,
    Coverage,
    Event,
    Family,
    Ledger,
    Movement,
    Place,
    SeatMove,
    Stay,
    Vehicle,
)
from steppe.errors import ConfigError, nearest

BUNDLED: Final = "the bundled ledger"
_COLUMNS: Final = {
    "stays.csv": ("person", "agency", "up_vehicle", "launch_utc", "down_vehicle", "landing_utc", "visit", "source"),
    "movements.csv": ("vehicle", "event", "utc", "precision_s", "port", "source"),
    "seats.csv": ("person", "utc", "vehicle", "fit", "source"),
    "conditions.csv": ("vehicle", "utc", "state", "what", "source"),
}
_SHOWN: Final = 20
_Row = TypeVar("_Row")


def read_ledger(folder: Path | None = None) -> Ledger:
    """Return the bundled ledger, or the one of a folder.

    A folder needs ``stays.csv`` and ``movements.csv``; ``seats.csv``, ``conditions.csv`` and ``ledger.toml`` may be
    missing, and the bundled ``ledger.toml`` then holds.

    Raises
    ------
    ConfigError
        If a file is missing or a row cannot be read; the message names file, line and column of every one.
    """
    tables = {name: _Table(name, _text(folder, name)) for name in _COLUMNS}
    toml = _toml(folder)
    stays = tables["stays.csv"].rows(_stay)
    movements = tables["movements.csv"].rows(_movement)
    seats = tables["seats.csv"].rows(_seat)
    conditions = tables["conditions.csv"].rows(_condition)
    problems = [problem for table in tables.values() for problem in table.problems]
    families = {name: Family(name=name, **values) for name, values in toml["families"].items()}
    vehicles = _vehicles(movements, families, problems)
    if problems:
        more = f"\n... and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ConfigError("\n".join(problems[:_SHOWN]) + more)
    transit = toml["coverage"]["transit_days"]
    return Ledger(
        stays=tuple(sorted(stays, key=lambda one: (one.launch_utc, one.person))),
        vehicles=vehicles,
        seats=tuple(sorted(seats, key=lambda one: (one.utc, one.person))),
        conditions=tuple(sorted(conditions, key=lambda one: (one.utc, one.vehicle))),
        families=families,
        coverage=Coverage(
            toml["coverage"]["first_utc"], toml["coverage"]["last_utc"], tuple(toml["coverage"]["gaps"]),
            transit["up"], transit["down"],
        ),
        segments={name: tuple(agencies) for name, agencies in toml["segments"].items()},
        rules=toml["rules"],
        rotation=toml.get("rotation", {}),
        source=BUNDLED if folder is None else str(folder),
    )  # fmt: skip


def parse_utc(text: str) -> datetime:
    """Return a date with a zone, in UTC.

    Raises
    ------
    ValueError
        If the text is no date, or has no zone: its moment would be a guess.
    """
    expected = "expected a date in UTC such as 2018-06-03T12:39:13Z"
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{expected}, got '{text}'") from None
    if value.tzinfo is None:
        raise ValueError(f"{expected}; '{text}' has no zone: add Z if it is UTC")
    return value.astimezone(UTC)


class _Table:
    """A CSV file, its rows and what is wrong with them."""

    def __init__(self, name: str, text: str | None) -> None:
        self.problems: list[str] = []
        self._name = name
        self._found: list[tuple[int, dict[str, str]]] = []
        if text is None:
            return
        reader = csv.DictReader(io.StringIO(text), strict=True)
        try:
            missing = [column for column in _COLUMNS[name] if column not in (reader.fieldnames or ())]
            if missing:
                self.problems.append(f"{name}, line 1: lacks the columns {', '.join(missing)}")
                return
            for row in reader:
                if None in row or None in row.values():
                    self.problems.append(f"{name}, line {reader.line_num}: expected {len(_COLUMNS[name])} columns")
                else:
                    self._found.append((reader.line_num, {key: value.strip() for key, value in row.items()}))
        except csv.Error as problem:
            self.problems.append(f"{name}, line {reader.line_num}: {problem}")

    def rows(self, make: Callable[[dict[str, str], Place], _Row]) -> list[_Row]:
        """Return the rows as records; what cannot be one becomes a problem."""
        made = []
        for line, row in self._found:
            try:
                made.append(make(row, Place(self._name, line)))
            except ValueError as problem:
                self.problems.append(f"{self._name}, line {line}: {problem}")
        return made


def _required(row: dict[str, str], *columns: str) -> None:
    for column in columns:
        if not row[column]:
            raise ValueError(f"{column} is empty")


def _one_of(row: dict[str, str], column: str, choices: Iterable[str]) -> str:
    if row[column] not in choices:
        raise ValueError(f"{column}: expected {' or '.join(choices)}, got '{row[column]}'")
    return row[column]


def _date(row: dict[str, str], column: str) -> datetime:
    try:
        return parse_utc(row[column])
    except ValueError as problem:
        raise ValueError(f"{column}: {problem}") from None


def _stay(row: dict[str, str], place: Place) -> Stay:
    _required(row, "person", "agency", "up_vehicle", "launch_utc", "down_vehicle")
    landing = _date(row, "landing_utc") if row["landing_utc"] else None
    visit = _one_of(row, "visit", ("expedition", "short"))
    return Stay(
        row["person"], row["agency"], row["up_vehicle"], _date(row, "launch_utc"), row["down_vehicle"], landing, visit,
        row["source"], place,
    )  # fmt: skip


def _movement(row: dict[str, str], place: Place) -> Movement:
    _required(row, "vehicle", "event")
    event = cast(Event, _one_of(row, "event", EVENTS))
    if not row["utc"] and event != "docking":
        raise ValueError(f"utc is empty; only a docking may lack its date, this is a {event}")
    utc = _date(row, "utc") if row["utc"] else None
    try:
        precision = float(row["precision_s"] or 60.0)
    except ValueError:
        raise ValueError(f"precision_s: expected seconds, got '{row['precision_s']}'") from None
    return Movement(row["vehicle"], event, utc, precision, row["port"], row["source"], place)


def _seat(row: dict[str, str], place: Place) -> SeatMove:
    _required(row, "person", "vehicle")
    fit = _one_of(row, "fit", ("liner", "makeshift"))
    return SeatMove(row["person"], _date(row, "utc"), row["vehicle"], fit, row["source"], place)


def _condition(row: dict[str, str], place: Place) -> Condition:
    _required(row, "vehicle", "what")
    state = _one_of(row, "state", ("impaired", "fit"))
    return Condition(row["vehicle"], _date(row, "utc"), state, row["what"], row["source"], place)


def _vehicles(movements: list[Movement], families: dict[str, Family], problems: list[str]) -> dict[str, Vehicle]:
    grouped: dict[str, list[Movement]] = {}
    for one in movements:
        grouped.setdefault(one.vehicle, []).append(one)
    made = {}
    for name, rows in grouped.items():
        family = next((one for one in families.values() if name.startswith(one.prefix)), None)
        if family is None:
            prefixes = " or ".join(f"'{one.prefix}'" for one in families.values())
            hint = nearest(name, [one.prefix for one in families.values()])
            problems.append(
                f"{rows[0].place}: '{name}' belongs to no family of ledger.toml; names begin with {prefixes}; {hint}"
            )
            continue
        launches = [one.utc for one in rows if one.event == "launch" and one.utc is not None]
        start = min(launches, default=datetime.min.replace(tzinfo=UTC))
        # a docking without a date comes right after the launch
        rows.sort(key=lambda one: (one.utc or start, EVENTS.index(one.event)))
        made[name] = Vehicle(name, family, tuple(rows))
    return dict(
        sorted(made.items(), key=lambda item: (item[1].when("launch") or item[1].movements[0].utc or start, item[0]))
    )


def _text(folder: Path | None, name: str) -> str | None:
    if folder is None:
        return resources.files("steppe.data").joinpath("crew", name).read_text("utf-8")
    path = folder / name
    if not path.exists() and name in ("seats.csv", "conditions.csv"):
        return None
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not a text file"
        raise ConfigError(
            f"cannot be read: {reason}; a ledger has stays.csv and movements.csv", source=str(path)
        ) from None


def _toml(folder: Path | None) -> dict[str, Any]:
    path = None if folder is None else folder / "ledger.toml"
    own = path is not None and path.exists()
    source = str(path) if own else "ledger.toml"
    text = _text(folder if own else None, "ledger.toml") or ""
    try:
        toml = tomllib.loads(text)
        problem = _toml_problem(toml)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(error), source=source) from None
    except (KeyError, TypeError, AttributeError) as error:
        what = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise ConfigError(f"{what}; copy the bundled ledger.toml and change it", source=source) from None
    if problem:
        raise ConfigError(problem, source=source)
    return toml


def _toml_problem(toml: dict[str, Any]) -> str:
    """Return what is wrong with ledger.toml, "" if nothing is; a missing or unknown key raises."""
    coverage = toml["coverage"]
    for key in ("first_utc", "last_utc"):
        if not isinstance(coverage[key], datetime) or coverage[key].tzinfo is None:
            return f"coverage.{key}: expected a date with a zone, such as 2016-10-30T03:58:00Z, got {coverage[key]}"
    numbers = {f"coverage.transit_days.{key}": coverage["transit_days"][key] for key in ("up", "down")}
    numbers |= {f"rules.{key}": value for key, value in toml["rules"].items()}
    texts = {"coverage.gaps": coverage["gaps"], **{f"segments.{key}": value for key, value in toml["segments"].items()}}
    for name, values in toml["families"].items():
        family = Family(name=name, **values)
        numbers |= {f"families.{name}.seats": family.seats, f"families.{name}.life_days": family.life_days}
        texts |= {f"families.{name}": [family.prefix, family.segment]}
    for key, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0.0 <= number < 1e6:
            return f"{key}: expected a number that is not negative, got {number!r}"
    for key, listed in texts.items():
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            return f"{key}: expected texts, got {listed!r}"
    return ""
