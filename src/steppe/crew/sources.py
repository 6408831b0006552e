"""What the ledger says beside the published returns that steppe flies: who sat where, when, and who disagrees."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Final

from steppe.crew.records import Finding, Ledger, Place

# The fields of a return that a ledger of crews depends on
_DATES: Final = ("launch_utc", "dock_utc", "undock_utc", "landing_utc", "duration_s", "docking_port_left")
_ROUNDING_S: Final = 2.0


def compare_with_returns(ledger: Ledger) -> list[Finding]:
    """Return where the ledger and ``returns.json`` differ, and on which dates the sources disagree."""
    records = json.loads(resources.files("steppe.data").joinpath("returns.json").read_text("utf-8"))
    found: list[Finding] = []
    for record in records:
        vehicle = ledger.vehicles.get(record["spacecraft"])
        if vehicle is not None:
            found += _crew(ledger, record) + _duration(ledger, record)
            found += _conflicts(record, vehicle.movements[0].place)
    return found


def _crew(ledger: Ledger, record: dict[str, Any]) -> list[Finding]:
    name = record["spacecraft"]
    here = {stay.person: stay for stay in ledger.stays if stay.down_vehicle == name}
    there = {one["name"]: one["agency"] for one in record["crew_landing"]}
    found = []
    for person in sorted(set(there) ^ set(here)):
        where = "returns.json" if person in there else "the ledger"
        places = (here[person].place,) if person in here else ()
        found.append(Finding("warning", "crew-differs", f"only {where} has {person} landing in {name}", places))
    for person in sorted(set(there) & set(here)):
        if here[person].agency != there[person]:
            text = f"{person} is of {here[person].agency}, in returns.json of {there[person]}"
            found.append(Finding("warning", "agency-spelling", text, (here[person].place,)))
    return found


def _duration(ledger: Ledger, record: dict[str, Any]) -> list[Finding]:
    vehicle, said = ledger.vehicles[record["spacecraft"]], record.get("duration_s")
    launch, landing = vehicle.when("launch"), vehicle.when("landing")
    if said is None or launch is None or landing is None:
        return []
    difference = (landing - launch).total_seconds() - said
    if abs(difference) <= _ROUNDING_S:
        return []
    text = f"{vehicle.name}: landing minus launch is {difference:+.0f} s from the published duration of {said} s"
    return [Finding("warning", "duration-differs", text, tuple(one.place for one in vehicle.movements))]


def _conflicts(record: dict[str, Any], place: Place) -> list[Finding]:
    return [
        Finding(
            "note", "sources-disagree",
            f"{record['spacecraft']}, {one['field']}: {'; '.join(str(value) for value in one['values'])}", (place,),
        )
        for one in record.get("conflicts", ())
        if one.get("field") in _DATES
    ]  # fmt: skip
