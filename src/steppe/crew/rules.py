"""The rules that a station must keep at every moment, and when they were broken.

Between two events nothing changes, so each rule is asked once per span and what lasts is joined. The numbers are in
``ledger.toml``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from steppe.crew.records import Ledger, Stay, Vehicle, iso
from steppe.crew.seats import IMPAIRED, MAKESHIFT, NOMINAL, NONE, Seat, seats_of

RULES: Final = {
    "seat": "everyone in space has a seat in a vehicle that is fit",
    "liner": "everyone has a seat of their own kind in that vehicle, a custom liner where it needs one",
    "capacity": "no vehicle has more people than seats",
    "life": "no vehicle is longer in space than it may be",
    "port": "no port has two vehicles",
    "segment": "each segment of the station has someone trained for it",
    "handover": "when a ship leaves, someone who stays in its segment has been there long enough",
}
_BROKEN: Final = {NONE: "seat", IMPAIRED: "seat", MAKESHIFT: "liner"}


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken from a date to a date (None: still so where the ledger ends)."""

    rule: str
    subject: str
    first_utc: datetime
    last_utc: datetime | None
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        days = None if self.last_utc is None else round((self.last_utc - self.first_utc) / timedelta(days=1), 2)
        return {
            "rule": self.rule, "subject": self.subject, "from_utc": iso(self.first_utc), "to_utc": iso(self.last_utc),
            "days": days, "text": self.text,
        }  # fmt: skip


def find_violations(ledger: Ledger, first: datetime, last: datetime) -> list[Violation]:
    """Return what broke the rules between two dates, in the order of time.

    A violation that began before or ends after the window is shown whole.
    """
    seats = [seat for stay in ledger.stays for seat in seats_of(ledger, stay)]
    horizon = min(last, max(ledger.end_utc(), ledger.coverage.last_utc))
    found = [*_seats(seats), *_capacity(ledger, seats), *_life(ledger, horizon), *_ports(ledger)]
    found += [*_segments(ledger, horizon), *_handovers(ledger)]
    inside = [one for one in found if one.first_utc < last and (one.last_utc is None or one.last_utc > first)]
    return sorted(inside, key=lambda one: (one.first_utc, list(RULES).index(one.rule), one.subject))


def _seats(seats: Iterable[Seat]) -> list[Violation]:
    return [
        Violation(_BROKEN[seat.fit], seat.person, seat.first_utc, seat.last_utc, f"{seat.person} has {_has(seat)}")
        for seat in seats
        if seat.fit != NOMINAL
    ]


def _has(seat: Seat) -> str:
    if seat.fit == NONE:
        return f"no seat: {seat.why}"
    if seat.fit == IMPAIRED:
        return f"a seat for an emergency only; {seat.why}"
    return f"{seat.why}, not a seat of their own kind"


def _spans(dates: Iterable[datetime | None]) -> list[tuple[datetime, datetime]]:
    ordered = sorted({one for one in dates if one is not None})
    return list(itertools.pairwise(ordered))


def _joined(rule: str, pieces: Iterable[tuple[str, datetime, datetime | None, str]]) -> list[Violation]:
    """Join pieces of one subject and one text that follow one another."""
    found: list[Violation] = []
    for subject, first, last, text in pieces:
        before = next(
            (i for i, one in enumerate(found) if (one.subject, one.text, one.last_utc) == (subject, text, first)), -1
        )
        if before >= 0:
            found[before] = Violation(rule, subject, found[before].first_utc, last, text)
        else:
            found.append(Violation(rule, subject, first, last, text))
    return found


def _capacity(ledger: Ledger, seats: list[Seat]) -> list[Violation]:
    pieces = []
    for vehicle in ledger.vehicles.values():
        own = [seat for seat in seats if seat.vehicle == vehicle.name and seat.fit != MAKESHIFT]
        for first, last in _spans(date for seat in own for date in (seat.first_utc, seat.last_utc)):
            inside = [
                seat.person
                for seat in own
                if seat.first_utc <= first and (seat.last_utc is None or seat.last_utc > first)
            ]
            if len(inside) > vehicle.family.seats:
                text = f"{vehicle.name} has {vehicle.family.seats} seats for {', '.join(sorted(inside))}"
                pieces.append((vehicle.name, first, last, text))
    return _joined("capacity", pieces)


def _life(ledger: Ledger, horizon: datetime) -> list[Violation]:
    found = []
    for vehicle in ledger.vehicles.values():
        launch, limit, days = vehicle.when("launch"), vehicle.family.life_days, vehicle.days(horizon)
        # published limits are whole days: 215 d 11 h is 215 days
        if launch is not None and int(days) > limit:
            landed = vehicle.when("landing")
            text = f"{vehicle.name} is {days:.1f} days in space, {days - limit:.1f} more than its {limit:g}"
            found.append(Violation("life", vehicle.name, launch + timedelta(days=limit), landed, text))
    return found


def _ports(ledger: Ledger) -> list[Violation]:
    clearance = timedelta(days=ledger.rules.get("port_clearance_days", 0.0))
    held: dict[str, list[tuple[datetime, datetime | None, str]]] = {}
    for vehicle in ledger.vehicles.values():
        for port, first, last in _berths(vehicle):
            held.setdefault(port, []).append((first, last, vehicle.name))
    found = []
    for port, spans in held.items():
        spans.sort(key=lambda span: span[0])
        for (_, left, one), (docked, gone, other) in itertools.pairwise(spans):
            if left is None or docked < left + clearance:
                ends = [date for date in (left, gone) if date is not None]
                text = f"{one} and {other} are both at {port}"
                found.append(Violation("port", port, docked, min(ends, default=None), text))
    return found


def _berths(vehicle: Vehicle) -> list[tuple[str, datetime, datetime | None]]:
    """Return port, docking and undocking of a vehicle, as far as both port and docking are known."""
    berths = []
    rows = [one for one in vehicle.movements if one.event != "launch"]
    for index, one in enumerate(rows):
        if one.event == "docking" and one.utc is not None and one.port:
            berths.append((one.port, one.utc, rows[index + 1].utc if index + 1 < len(rows) else None))
    return berths


def _segment_of(ledger: Ledger, stay: Stay) -> str:
    if stay.visit == "short":
        return ""
    return next((name for name, agencies in ledger.segments.items() if stay.agency in agencies), "")


def _on_station(ledger: Ledger, stay: Stay) -> tuple[datetime, datetime | None]:
    """Return from when to when a person is aboard the station, by launch and landing where no more is known."""
    up, down = ledger.vehicles[stay.up_vehicle], ledger.vehicles[stay.down_vehicle]
    arrival = up.when("docking") or stay.launch_utc
    departure = down.departure_utc if stay.landing_utc is not None else None
    return arrival, departure if departure is not None else stay.landing_utc


def _segments(ledger: Ledger, horizon: datetime) -> list[Violation]:
    spans = [(*_on_station(ledger, stay), _segment_of(ledger, stay)) for stay in ledger.stays]
    edges = [ledger.coverage.first_utc, horizon, *(date for span in spans for date in span[:2])]
    pieces: list[tuple[str, datetime, datetime | None, str]] = []
    for first, last in _spans(edges):
        if first < ledger.coverage.first_utc or last > horizon:
            continue
        inside = {segment for begin, end, segment in spans if begin <= first and (end is None or end > first)}
        pieces += [
            (segment, first, last, f"nobody aboard is trained for the {segment} segment")
            for segment in ledger.segments
            if segment not in inside
        ]
    return _joined("segment", pieces)


def _handovers(ledger: Ledger) -> list[Violation]:
    needed = ledger.rules.get("handover_days", 0.0)
    found = []
    for vehicle in ledger.vehicles.values():
        leaving, segment = vehicle.departure_utc, vehicle.family.segment
        crew = [stay for stay in ledger.stays if stay.down_vehicle == vehicle.name]
        if leaving is None or not crew or leaving < ledger.coverage.first_utc:
            continue
        staying = [
            (leaving - _on_station(ledger, stay)[0]) / timedelta(days=1)
            for stay in ledger.aboard(leaving)
            if stay.down_vehicle != vehicle.name and _segment_of(ledger, stay) == segment
        ]
        longest = max(staying, default=0.0)
        if longest < needed:
            who = f"the longest there has been there {longest:.1f} days" if staying else "nobody stays there"
            text = f"{vehicle.name} leaves the {segment} segment after a handover shorter than {needed:g} days: {who}"
            found.append(Violation("handover", vehicle.name, leaving, leaving + timedelta(seconds=1), text))
    return found
