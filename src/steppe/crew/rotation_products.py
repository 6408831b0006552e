"""A proposed rotation as plain values, as a table, and as events of a calendar."""

from __future__ import annotations

import csv
import io
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from steppe.crew.consequences import if_lost, if_slipped
from steppe.crew.daylight import edge_error_days, passage_error_min
from steppe.crew.records import iso
from steppe.crew.rotation import Flight, Rotation
from steppe.io.icalendar import CalendarEvent

if TYPE_CHECKING:
    from steppe.flight.opportunity_records import Opportunities

_COLUMNS: Final = (
    "vehicle", "family", "in_space", "launch", "docking", "landing", "days", "over_target", "passing_utc", "sun_deg",
)  # fmt: skip


def rotation_dict(rotation: Rotation, elements_age_days: float, near: dict[str, Opportunities]) -> dict[str, Any]:
    """Return a rotation ready for JSON; dates of days without a clock time, UTC."""
    return {
        "from": f"{rotation.first:%Y-%m-%d}",
        "to": f"{rotation.last:%Y-%m-%d}",
        "optimal": rotation.optimal,
        "off_target_days": rotation.off_target_days,
        "flights": [_flight(flight, near) for flight in rotation.flights],
        "if_lost": if_lost(rotation),
        "if_slipped": if_slipped(rotation),
        "notes": notes(elements_age_days),
    }


def notes(elements_age_days: float) -> list[str]:
    """Return what a reader of the dates must know."""
    return [
        f"landings are approximate: the plane of the orbit is from elements {abs(elements_age_days):.0f} days from the "
        f"start, so a passage may be {passage_error_min(elements_age_days):.0f} min off and the edge of a span of "
        f"daylight {edge_error_days(elements_age_days):.1f} days; the revolution is chosen later, by reboosts",
        "ships and crews that are not in the ledger do not count",
    ]


def _flight(flight: Flight, near: dict[str, Opportunities]) -> dict[str, Any]:
    passing = flight.passing
    best = next(iter(near[flight.vehicle].reachable), None) if flight.vehicle in near else None
    return {
        "vehicle": flight.vehicle,
        "family": flight.family.name,
        "seats": flight.family.seats,
        "in_space": flight.flying,
        "launch": f"{flight.launch:%Y-%m-%d}",
        "docking": None if flight.flying else f"{flight.docking:%Y-%m-%d}",
        "landing": f"{flight.landing:%Y-%m-%d}",
        "days": flight.days,
        "over_target": flight.days - flight.target_days,
        "life_left_days": int(flight.family.life_days) - flight.days,
        "passing_utc": None if passing is None else iso(passing.utc.replace(second=0, microsecond=0)),
        "sun_deg": None if passing is None else round(math.degrees(passing.sun_elevation_rad), 1),
        "opportunity": None
        if best is None
        else {
            "undocking_utc": iso(best.undocking),
            "ignition_utc": iso(best.ignition),
            "touchdown_utc": iso(best.touchdown),
            "crossrange_km": round(best.crossrange_m / 1e3, 1),
        },
    }


def rotation_csv(rotation: Rotation) -> str:
    """Return the schedule as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_flight(flight, {}) for flight in rotation.flights)
    return stream.getvalue()


def rotation_events(rotation: Rotation, near: dict[str, Opportunities] | None = None) -> list[CalendarEvent]:
    """Return launches, dockings, landings and opportunities as tentative events; a landing by day at its passage."""
    events = []
    for flight in rotation.flights:
        if not flight.flying:
            for what, day in (("launch", flight.launch), ("docking", flight.docking)):
                events.append(_event(flight, what, day, "Proposed day."))
        if flight.passing is None:
            events.append(_event(flight, "landing", flight.landing, f"Proposed day, after {flight.days} days."))
            continue
        degrees = math.degrees(flight.passing.sun_elevation_rad)
        text = f"Proposed, after {flight.days} days; approximate, the Sun {degrees:.0f} deg high."
        key = f"{flight.vehicle} proposed landing"
        start = flight.passing.utc
        events.append(CalendarEvent(key, start, f"{flight.vehicle}: landing (proposed)", text, None, True))
    return events + [event for name, found in (near or {}).items() for event in _opportunities(name, found)]


def _opportunities(vehicle: str, found: Opportunities) -> list[CalendarEvent]:
    """Return the reachable opportunities of one landing, from undocking to touchdown."""
    events = []
    for one in found.reachable:
        text = (
            f"Rank {one.rank}, revolution {one.candidate.revolution}, {one.crossrange_m / 1e3:+.0f} km to the side; "
            f"ignition {iso(one.ignition)}, touchdown {iso(one.touchdown)}."
        )
        key = f"{vehicle} opportunity {one.candidate.zone.name} {one.candidate.revolution}"
        summary = f"{vehicle}: landing opportunity, {one.candidate.zone.name}"
        events.append(CalendarEvent(key, one.undocking, summary, text, one.touchdown, True))
    return events


def _event(flight: Flight, what: str, day: Any, text: str) -> CalendarEvent:
    summary = f"{flight.vehicle}: {what} (proposed)"
    return CalendarEvent(f"{flight.vehicle} proposed {what}", day, summary, text, day + timedelta(days=1), True)
