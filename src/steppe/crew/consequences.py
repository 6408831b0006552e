"""What breaks in a schedule if a ship is lost or a landing slips."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from steppe.crew.rotation import Flight, Rotation

SLIP_DAYS: Final = 2
_STEP: Final = timedelta(days=1)


def if_lost(rotation: Rotation) -> list[dict[str, Any]]:
    """Return, for each ship of the schedule, what follows if its launch fails or it is damaged at the station.

    A launch that fails keeps the ship before it until the next one has come and handed over. A ship that is damaged
    leaves its crew without a fit seat until a replacement docks, as after the leak of Soyuz MS-22.
    """
    found = []
    for flight in rotation.flights:
        same = [one for one in rotation.flights if one.family == flight.family]
        index = same.index(flight)
        before = same[index - 1] if index else None
        after = same[index + 1] if index + 1 < len(same) else None
        found.append({
            "vehicle": flight.vehicle,
            "launch_fails": None if flight.flying else _failed(rotation, flight, before, after),
            "damaged_when_docked": (
                f"{flight.family.seats} people have no fit seat for about {rotation.replacement_days} days, until a "
                f"replacement docks (as MS-22)"
            ),
        })  # fmt: skip
    return found


def _failed(rotation: Rotation, flight: Flight, before: Flight | None, after: Flight | None) -> str:
    if before is None:
        return f"the {flight.family.segment} segment stays without a ship of its family"
    plan, life = rotation.plans[flight.family.name], int(flight.family.life_days)
    limit = before.launch + life * _STEP
    latest = limit - (plan.overlap_days[0] + plan.rendezvous_days) * _STEP
    text = f"{before.vehicle} may wait until {limit:%Y-%m-%d}, so a replacement must launch by {latest:%Y-%m-%d}"
    if after is None:
        return text
    relief = after.docking + plan.overlap_days[0] * _STEP
    over = (relief - limit).days
    if over > 0:
        return (
            f"{text}; {after.vehicle} as scheduled is too late: {before.vehicle} would exceed its life by {over} days"
        )
    return f"{text}; {after.vehicle} as scheduled comes in time"


def if_slipped(rotation: Rotation) -> list[dict[str, Any]]:
    """Return, for each landing of the schedule, what breaks if it slips by two days."""
    found = []
    for flight in rotation.flights:
        late = flight.landing + SLIP_DAYS * _STEP
        broken = []
        over = (late - flight.launch).days - int(flight.family.life_days)
        if over > 0:
            broken.append(f"the ship exceeds its life by {over} days")
        dates = {day.utc.date(): day for day in rotation.daylight.get(flight.family.name, ())}
        if dates and late.date() not in dates:
            later = next((date for date in sorted(dates) if date > late.date()), None)
            broken.append("no landing by day" + (f" before {later}" if later else ""))
        broken += [
            f"only {abs((late - date).days)} days from {what}"
            for what, date in _events(rotation, flight)
            if abs((late - date).days) < rotation.separation_days
        ]
        found.append({"vehicle": flight.vehicle, "landing": f"{late:%Y-%m-%d}", "breaks": broken})
    return found


def _events(rotation: Rotation, flight: Flight) -> list[tuple[str, Any]]:
    events = []
    for one in rotation.flights:
        if one is flight:
            continue
        events.append((f"the landing of {one.vehicle}", one.landing))
        if not one.flying:
            events += [(f"the launch of {one.vehicle}", one.launch), (f"the docking of {one.vehicle}", one.docking)]
    return events
