"""The stays and events of a window as a table and as events of a calendar."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Final

from steppe.crew.records import Ledger, Stay, iso
from steppe.io.icalendar import CalendarEvent

COLUMNS: Final = (
    "person", "agency", "vehicle_up", "launch_utc", "vehicle_down", "landing_utc", "days", "visit", "source",
)  # fmt: skip


def stays_between(ledger: Ledger, first: datetime, last: datetime) -> list[Stay]:
    """Return the stays that touch a window."""
    return [s for s in ledger.stays if s.launch_utc < last and (s.landing_utc is None or s.landing_utc > first)]


def stays_csv(ledger: Ledger, first: datetime, last: datetime) -> str:
    """Return the stays of a window as CSV; days until the landing, or until the end of the ledger for open stays."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for stay in stays_between(ledger, first, last):
        writer.writerow([
            stay.person, stay.agency, stay.up_vehicle, iso(stay.launch_utc), stay.down_vehicle, iso(stay.landing_utc),
            f"{stay.days(ledger.coverage.last_utc):.3f}", stay.visit, stay.source,
        ])  # fmt: skip
    return stream.getvalue()


def calendar_events(ledger: Ledger, first: datetime, last: datetime) -> list[CalendarEvent]:
    """Return the movements of vehicles in a window as events of a calendar, with who is in them."""
    events = []
    for vehicle in ledger.vehicles.values():
        for one in vehicle.movements:
            if one.utc is None or not first <= one.utc <= last:
                continue
            rising = one.event in ("launch", "docking")
            crew = [s.person for s in ledger.stays if (s.up_vehicle if rising else s.down_vehicle) == vehicle.name]
            port = f" ({one.port})" if one.port else ""
            who = f"With {', '.join(crew)}." if crew else "Nobody aboard."
            key = f"{vehicle.name} {one.event} {iso(one.utc)}"
            precision = "to the minute" if one.precision_s >= 60.0 else f"to {one.precision_s:g} s"
            text = f"{who}\nTime known {precision}. Source: {one.source}."
            events.append(CalendarEvent(key, one.utc, f"{vehicle.name}: {one.event}{port}", text))
    return events
