"""In which seat each person could leave, at every moment.

A seat begins in the vehicle of the launch. Who comes home in another vehicle gets a seat in that one when the last
ship of its family arrives before the own ship leaves: ships that meet swap liners then (docs/models/crew-ledger.md).
Rows of ``seats.csv`` come on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from steppe.crew.records import Condition, Ledger, Stay

NOMINAL: Final = "nominal"
IMPAIRED: Final = "impaired"
MAKESHIFT: Final = "makeshift"
NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of one person from a date to a date (None: open).

    Attributes
    ----------
    person
        Who.
    vehicle
        Where; "" if there is none.
    fit
        ``nominal``, ``makeshift`` (no seat of its own kind), ``impaired`` (in a vehicle that is to be used only in an
        emergency) or ``none``.
    first_utc, last_utc
        From when to when.
    why
        What is wrong, "" for a nominal seat.
    """

    person: str
    vehicle: str
    fit: str
    first_utc: datetime
    last_utc: datetime | None
    why: str


def swap_utc(ledger: Ledger, stay: Stay) -> datetime | None:
    """Return when the person's seat goes to the vehicle of the return; None if it was there from the start."""
    if stay.up_vehicle == stay.down_vehicle:
        return None
    up, down = ledger.vehicles[stay.up_vehicle], ledger.vehicles[stay.down_vehicle]
    leaving = min((one for one in (up.departure_utc, stay.landing_utc) if one is not None), default=None)
    arrivals = [
        vehicle.arrival_utc
        for vehicle in ledger.vehicles.values()
        if vehicle.family == down.family and vehicle.arrival_utc is not None
        and (leaving is None or vehicle.arrival_utc <= leaving)
    ]  # fmt: skip
    own = down.arrival_utc or stay.launch_utc
    return max([stay.launch_utc, own, *(one for one in arrivals if one is not None)])


def seats_of(ledger: Ledger, stay: Stay) -> list[Seat]:
    """Return the seats of a stay in the order of time, without gaps from launch to landing."""
    moves = [(stay.launch_utc, stay.up_vehicle, NOMINAL)]
    swap = swap_utc(ledger, stay)
    if swap is not None:
        moves.append((swap, stay.down_vehicle, NOMINAL))
    moves += [
        (one.utc, one.vehicle, MAKESHIFT if one.fit == "makeshift" else NOMINAL)
        for one in ledger.seats
        if one.person == stay.person and stay.holds(one.utc)
    ]
    moves.sort(key=lambda one: one[0])
    seats: list[Seat] = []
    for index, (first, name, fit) in enumerate(moves):
        last = moves[index + 1][0] if index + 1 < len(moves) else stay.landing_utc
        if last is None or last > first:
            seats += _pieces(ledger, stay, name, fit, first, last)
    return seats


def seat_at(ledger: Ledger, stay: Stay, utc: datetime) -> Seat:
    """Return the seat of a person in space at a date."""
    return next(
        seat
        for seat in seats_of(ledger, stay)
        if seat.first_utc <= utc and (seat.last_utc is None or utc < seat.last_utc)
    )


def _pieces(ledger: Ledger, stay: Stay, name: str, fit: str, first: datetime, last: datetime | None) -> list[Seat]:
    """Cut a seat where its vehicle is damaged, mended, or leaves without the person."""
    vehicle = ledger.vehicles[name]
    gone = vehicle.departure_utc
    with_person = name == stay.down_vehicle and stay.landing_utc is not None
    cuts = {first}
    changes = [one for one in ledger.conditions if one.vehicle == name]
    cuts |= {one.utc for one in changes if one.utc > first and (last is None or one.utc < last)}
    left_behind = gone is not None and not with_person and (last is None or gone < last)
    if left_behind and gone is not None and gone > first:
        cuts.add(gone)
    ordered = sorted(cuts)
    seats = []
    for index, begin in enumerate(ordered):
        end = ordered[index + 1] if index + 1 < len(ordered) else last
        if left_behind and gone is not None and begin >= gone:
            seats.append(Seat(stay.person, "", NONE, begin, end, f"{name} left without {stay.person}"))
            continue
        seats.append(Seat(stay.person, name, *_fit(fit, name, changes, begin, end)))
    return seats


def _fit(
    fit: str, name: str, changes: list[Condition], begin: datetime, end: datetime | None
) -> tuple[str, datetime, datetime | None, str]:
    state = max((one for one in changes if one.utc <= begin), key=lambda one: one.utc, default=None)
    if state is not None and state.state == IMPAIRED:
        return IMPAIRED, begin, end, f"{name}: {state.what}"
    if fit == MAKESHIFT:
        return MAKESHIFT, begin, end, f"a makeshift place in {name}"
    return fit, begin, end, ""
