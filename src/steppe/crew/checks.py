"""What contradicts itself in a ledger: found and shown, never repaired.

The comparisons of rows are SQL over the database of the ledger; they see the same rows as a reader of its file.
"""

from __future__ import annotations

import difflib
import itertools
import sqlite3
from typing import Final

from steppe.crew.database import open_database
from steppe.crew.records import SECONDS_PER_DAY, Finding, Ledger, Place, Vehicle, iso
from steppe.errors import ConfigError, nearest

# Rows of people and of their vehicle may differ by the rounding of one of them
_ROUNDING_S: Final = 1.0
# Beyond an hour it is another event, not another clock
_CLOCK_S: Final = 3600.0
_SIMILAR: Final = 0.86
_SHOWN: Final = 10

_OVERLAPS: Final = """
SELECT a.person, a.agency, b.agency, a.launch_utc, a.landing_utc, b.launch_utc, b.landing_utc,
  a.file, a.line, b.file, b.line
FROM stays a JOIN stays b ON a.person = b.person AND (a.launch_utc, a.line) < (b.launch_utc, b.line)
WHERE a.landing_utc IS NULL OR b.launch_utc < a.landing_utc ORDER BY b.launch_utc, a.person
"""
_DIFFERENCES: Final = """
SELECT s.person, s.{side}_vehicle, '{event}', s.{column}, m.utc, m.precision_s,
  (julianday(s.{column}) - julianday(m.utc)) * 86400.0, s.file, s.line, m.file, m.line
FROM stays s JOIN movements m ON m.vehicle = s.{side}_vehicle AND m.event = '{event}' AND m.utc IS NOT NULL
WHERE s.{column} IS NOT NULL ORDER BY s.{column}, s.person
"""
_OCCUPANTS: Final = """
SELECT s.{side}_vehicle, v.seats, COUNT(*), GROUP_CONCAT(s.person, ', '), GROUP_CONCAT(s.file || '\n' || s.line, '\t')
FROM stays s JOIN vehicles v ON v.name = s.{side}_vehicle GROUP BY s.{side}_vehicle HAVING COUNT(*) > v.seats
"""
_OPEN: Final = """
SELECT s.person, s.down_vehicle, l.utc, s.file, s.line FROM stays s JOIN landings l ON l.vehicle = s.down_vehicle
WHERE s.landing_utc IS NULL AND l.utc IS NOT NULL ORDER BY s.person
"""
_AGENCIES: Final = """
SELECT person, GROUP_CONCAT(DISTINCT agency), MIN(file), MIN(line), MAX(line) FROM stays
 GROUP BY person HAVING COUNT(DISTINCT agency) > 1 ORDER BY person
"""


def check_ledger(ledger: Ledger) -> list[Finding]:
    """Return everything that a ledger contradicts itself in, errors first."""
    base = open_database(ledger)
    try:
        found = [
            *_unknown_vehicles(ledger), *_orders(ledger), *_overlaps(base), *_differences(base), *_occupants(base),
            *_agencies(base), *_names(ledger), *_seats(ledger), *_open(base, ledger),
        ]  # fmt: skip
    finally:
        base.close()
    rank = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda one: (rank[one.level], one.check, one.places, one.text))


def require_sound(ledger: Ledger) -> Ledger:
    """Return the ledger if no check finds an error.

    Raises
    ------
    ConfigError
        Naming the rows that contradict each other.
    """
    errors = [one for one in check_ledger(ledger) if one.level == "error"]
    if errors:
        more = f"\n... and {len(errors) - _SHOWN} more; see 'steppe crew check'" if len(errors) > _SHOWN else ""
        raise ConfigError("\n".join(str(one) for one in errors[:_SHOWN]) + more, source=ledger.source)
    return ledger


def _unknown_vehicles(ledger: Ledger) -> list[Finding]:
    found = []
    named = [(one.place, name) for one in ledger.stays for name in dict.fromkeys((one.up_vehicle, one.down_vehicle))]
    named += [(one.place, one.vehicle) for one in ledger.seats]
    named += [(one.place, one.vehicle) for one in ledger.conditions]
    for place, name in named:
        if name not in ledger.vehicles:
            hint = nearest(name, ledger.vehicles)
            found.append(
                Finding("error", "unknown-vehicle", f"vehicle '{name}' has no row in movements.csv; {hint}", (place,))
            )
    return found


def _orders(ledger: Ledger) -> list[Finding]:
    found = []
    for stay in ledger.stays:
        if stay.landing_utc is not None and stay.landing_utc <= stay.launch_utc:
            text = f"{stay.person} lands at {iso(stay.landing_utc)}, before the launch at {iso(stay.launch_utc)}"
            found.append(Finding("error", "order", text, (stay.place,)))
    for vehicle in ledger.vehicles.values():
        found += _order_of(vehicle)
    return found


def _order_of(vehicle: Vehicle) -> list[Finding]:
    rows = [one for one in vehicle.movements if one.utc is not None]
    found = []
    for event in ("launch", "landing"):
        same = [one for one in rows if one.event == event]
        if len(same) > 1:
            text = f"{vehicle.name} has {len(same)} rows for its {event}"
            found.append(Finding("error", "order", text, tuple(one.place for one in same)))
    if not any(one.event == "launch" for one in rows):
        text = f"{vehicle.name} has no launch"
        found.append(Finding("error", "order", text, tuple(one.place for one in vehicle.movements)))
    for one, after in itertools.pairwise(rows):
        if one.event == "landing" or after.event == "launch" or (one.event == after.event == "docking"):
            text = f"{vehicle.name}: {after.event} at {iso(after.utc)} after the {one.event} at {iso(one.utc)}"
            found.append(Finding("error", "order", text, (one.place, after.place)))
    return found


def _overlaps(base: sqlite3.Connection) -> list[Finding]:
    found = []
    for person, agency, other, up, down, later, _, *places in base.execute(_OVERLAPS):
        text = (
            f"{person} would be in two places: a stay from {_short(up)} to {_short(down)} and one from {_short(later)}"
        )
        if agency != other:
            text += f"; the agencies differ ({agency}, {other}): if these are two people, tell their names apart"
        found.append(Finding("error", "two-places", text, _places(places)))
    return found


def _differences(base: sqlite3.Connection) -> list[Finding]:
    found = []
    for side, event, column in (("up", "launch", "launch_utc"), ("down", "landing", "landing_utc")):
        query = _DIFFERENCES.format(side=side, event=event, column=column)
        for person, vehicle, _, here, there, precision, difference, *places in base.execute(query):
            if abs(difference) <= max(_ROUNDING_S, 0.0 if precision < 60.0 else 60.0):
                continue
            level = "error" if abs(difference) > _CLOCK_S else "warning"
            text = (
                f"{person}'s {event} in {vehicle} is at {_short(here)}, the vehicle's own at {_short(there)}: "
                f"{_span(difference)} apart"
            )
            found.append(Finding(level, f"{event}-differs", text, _places(places)))
    return found


def _occupants(base: sqlite3.Connection) -> list[Finding]:
    found = []
    for side, verb in (("up", "leave"), ("down", "come back")):
        for vehicle, seats, number, people, rows in base.execute(_OCCUPANTS.format(side=side)):
            places = _places([part for row in rows.split("\t") for part in row.split("\n")])
            text = f"{number} people {verb} in {vehicle}, which has {seats} seats: {people}"
            found.append(Finding("error", "seats", text, tuple(sorted(places))))
    return found


def _agencies(base: sqlite3.Connection) -> list[Finding]:
    found = []
    for person, agencies, file, first, last in base.execute(_AGENCIES):
        text = f"{person} flies for several agencies ({agencies}): two people with one name, or two spellings?"
        found.append(Finding("warning", "agency-differs", text, (Place(file, first), Place(file, last))))
    return found


def _names(ledger: Ledger) -> list[Finding]:
    names = ledger.persons()
    first: dict[str, Place] = {}
    for stay in ledger.stays:
        first.setdefault(stay.person, stay.place)
    found = []
    for index, name in enumerate(names):
        for other in names[index + 1 :]:
            alike = difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()
            if alike >= _SIMILAR or sorted(name.lower().split()) == sorted(other.lower().split()):
                text = f"'{name}' and '{other}' may be two spellings of one name"
                found.append(Finding("warning", "spelling", text, (first[name], first[other])))
    return found


def _seats(ledger: Ledger) -> list[Finding]:
    found = []
    for one in ledger.seats:
        if not any(stay.person == one.person and stay.holds(one.utc) for stay in ledger.stays):
            hint = "" if one.person in ledger.persons() else f"; {nearest(one.person, ledger.persons())}"
            text = f"{one.person} is not in space at {iso(one.utc)}, when a seat is moved{hint}"
            found.append(Finding("error", "seat-of-nobody", text, (one.place,)))
    return found


def _open(base: sqlite3.Connection, ledger: Ledger) -> list[Finding]:
    found = []
    for person, vehicle, landed, *place in base.execute(_OPEN):
        text = f"{person}'s stay is open, but {vehicle} landed at {_short(landed)}"
        found.append(Finding("error", "open-stay", text, _places(place)))
    by_vehicle: dict[str, list[Place]] = {}
    for stay in ledger.stays:
        if stay.landing_utc is None and stay.down_vehicle in ledger.vehicles:
            by_vehicle.setdefault(stay.down_vehicle, []).append(stay.place)
    for vehicle_name, places in by_vehicle.items():
        vehicle = ledger.vehicles[vehicle_name]
        days = vehicle.days(ledger.coverage.last_utc)
        text = (
            f"{len(places)} stays that end in {vehicle.name} are open; on {ledger.coverage.last_utc:%Y-%m-%d}, where "
            f"the ledger ends, it had been up {days:.0f} of at most {vehicle.family.life_days:g} days"
        )
        found.append(Finding("note", "open-stay", text, tuple(places)))
    for vehicle in ledger.vehicles.values():
        landing = vehicle.when("landing")
        lacking = ["docking"] * (vehicle.when("docking") is None) + ["undocking"] * (vehicle.departure_utc == landing)
        if lacking and landing is not None:
            text = f"{vehicle.name}: no date of {' and '.join(lacking)}; aboard the station is uncertain near both ends"
            found.append(Finding("note", "unknown-docking", text, (vehicle.movements[0].place,)))
    return found


def _places(flat: list[object]) -> tuple[Place, ...]:
    return tuple(Place(str(flat[at]), int(str(flat[at + 1]))) for at in range(0, len(flat), 2))


def _short(text: str | None) -> str:
    return "an open end" if text is None else text.replace(".000000Z", "Z").replace("00000Z", "Z")


def _span(seconds: float) -> str:
    size = abs(seconds)
    if size < 120.0:
        return f"{size:.1f} s"
    return f"{size / 60.0:.1f} min" if size < _CLOCK_S else f"{size / SECONDS_PER_DAY:.2f} days"
