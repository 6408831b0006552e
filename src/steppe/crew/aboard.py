"""Who is aboard at a date, and the stays of one person.

"Aboard" is from launch to landing: aboard the station or one of its ships. Who of them is aboard the station itself,
docked with it, and who is in a ship on the way, stands beside.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from steppe.crew.records import Ledger, Stay, iso
from steppe.crew.revolutions import StationMotion, travelled
from steppe.crew.seats import seat_at
from steppe.errors import ConfigError, nearest

MEANING: Final = "from launch to landing: aboard the station, or a ship on the way to or from it"
# The press multiplies the days by this; the station makes about 15.5
PRESS_REVOLUTIONS_PER_DAY: Final = 16


def aboard_dict(ledger: Ledger, utc: datetime) -> dict[str, Any]:
    """Return who is in space at a date, ready for JSON.

    ``aboard`` has one entry per person in the order of vehicles and names: ``since_utc`` is the launch, ``days`` the
    days of 86400 s since, ``vehicle_down`` the vehicle of the return, ``seat`` the vehicle in which the person could
    leave at that moment. ``place`` is ``"station"``, the name of a ship in free flight, or ``"station or SHIP"`` where
    the ledger has no docking or undocking and cannot tell.

    Raises
    ------
    ConfigError
        If the date is before everything that the ledger has.
    """
    if all(utc < stay.launch_utc for stay in ledger.stays):
        raise ConfigError(
            f"{iso(utc)} is before the first launch in the ledger; it is complete from "
            f"{ledger.coverage.first_utc:%Y-%m-%d} to {ledger.coverage.last_utc:%Y-%m-%d}",
            source=ledger.source,
        )
    entries = [_entry(ledger, stay, utc) for stay in sorted(ledger.aboard(utc), key=lambda s: (s.launch_utc, s.person))]
    docked = []
    for vehicle in ledger.vehicles.values():
        berth, port = vehicle.berth(utc, ledger.coverage)
        if berth != "ground":
            docked.append(
                {"vehicle": vehicle.name, "state": berth, "port": port or None, "days": _days(vehicle.days(utc))}
            )
    return {
        "utc": iso(utc),
        "meaning": MEANING,
        "aboard": entries,
        "aboard_station": [one["person"] for one in entries if one["place"] == "station"],
        "in_a_ship": [one["person"] for one in entries if one["place"] != "station"],
        "vehicles": docked,
        "notes": coverage_notes(ledger, utc),
    }


def _entry(ledger: Ledger, stay: Stay, utc: datetime) -> dict[str, Any]:
    ship = stay.up_vehicle
    seat = seat_at(ledger, stay, utc)
    place = "station"
    for name in dict.fromkeys((ship, stay.down_vehicle)):
        vehicle = ledger.vehicles[name]
        berth, _ = vehicle.berth(utc, ledger.coverage)
        rides = (name == ship and not _arrived(ledger, stay, utc)) or (
            name == stay.down_vehicle and _left(ledger, stay, utc)
        )
        if rides and berth in ("free", "uncertain"):
            place = name if berth == "free" else f"station or {name}"
    return {
        "person": stay.person,
        "agency": stay.agency,
        "since_utc": iso(stay.launch_utc),
        "vehicle_down": stay.down_vehicle,
        "days": _days(stay.days(utc)),
        "vehicle_up": stay.up_vehicle,
        "landing_utc": iso(stay.landing_utc),
        "place": place,
        "seat": seat.vehicle or None,
        "seat_state": seat.fit,
    }


def _arrived(ledger: Ledger, stay: Stay, utc: datetime) -> bool:
    docked = ledger.vehicles[stay.up_vehicle].when("docking")
    if docked is not None:
        return docked <= utc
    return stay.days(utc) >= ledger.coverage.transit_up_days


def _left(ledger: Ledger, stay: Stay, utc: datetime) -> bool:
    if stay.landing_utc is None:
        return False
    vehicle = ledger.vehicles[stay.down_vehicle]
    departure = vehicle.departure_utc
    if departure is not None and departure != vehicle.when("landing"):
        return departure <= utc
    return (stay.landing_utc - utc).total_seconds() < ledger.coverage.transit_down_days * 86400.0


def coverage_notes(ledger: Ledger, utc: datetime) -> list[str]:
    """Return what a reader of an answer about a date must know of the ledger's limits."""
    coverage, notes = ledger.coverage, list(ledger.coverage.gaps)
    if utc < coverage.first_utc:
        notes.insert(0, f"the ledger is complete from {coverage.first_utc:%Y-%m-%d} only: others were aboard as well")
    if utc > coverage.last_utc:
        notes.insert(
            0,
            f"the ledger ends on {coverage.last_utc:%Y-%m-%d}: whoever was up then counts as aboard, and later "
            "launches are missing",
        )
    return notes


def find_person(ledger: Ledger, text: str) -> str:
    """Return the full name that a text means: all of it, or a part that only one name has.

    Raises
    ------
    ConfigError
        If nobody or several people are meant.
    """
    wanted, names = " ".join(text.lower().split()), ledger.persons()
    exact = [name for name in names if name.lower() == wanted]
    found = exact or [name for name in names if wanted in name.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"'{text}' may be {', '.join(found)}; give the whole name", source=ledger.source)
    parts = {part: name for name in names for part in (name, name.split()[-1])}
    raise ConfigError(f"nobody in the ledger is called '{text}'; {nearest(text, parts)}", source=ledger.source)


def person_dict(ledger: Ledger, person: str, until: datetime, motion: StationMotion) -> dict[str, Any]:
    """Return the stays of a person up to a date, ready for JSON: days, revolutions and distance of each and in all."""
    stays, totals = [], {"days": 0.0, "revolutions": 0.0, "distance_km": 0.0}
    for stay in ledger.stays:
        if stay.person != person or stay.launch_utc > until:
            continue
        end = until if stay.landing_utc is None else min(until, stay.landing_utc)
        way, days = travelled(motion, stay.launch_utc, end), stay.days(until)
        totals["days"] += days
        totals["revolutions"] += way.revolutions
        totals["distance_km"] += way.distance_m / 1e3
        stays.append(
            {
                "vehicle_up": stay.up_vehicle,
                "launch_utc": iso(stay.launch_utc),
                "vehicle_down": stay.down_vehicle,
                "landing_utc": iso(stay.landing_utc),
                "agency": stay.agency,
                "open": stay.landing_utc is None,
                "days": _days(days),
                "revolutions": round(way.revolutions),
                "revolutions_per_day": round(way.revolutions / days, 3) if days else None,
                "revolutions_extrapolated": way.extrapolated,
                "press_revolutions": round(days) * PRESS_REVOLUTIONS_PER_DAY,
                "distance_km": round(way.distance_m / 1e3, -3),
                "source": stay.source,
            }
        )
    return {
        "person": person,
        "until_utc": iso(until),
        "stays": stays,
        "days": _days(totals["days"]),
        "revolutions": round(totals["revolutions"]),
        "distance_km": round(totals["distance_km"], -3),
        "notes": coverage_notes(ledger, until),
    }


def _days(value: float) -> float:
    return round(value, 3)
