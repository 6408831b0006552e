"""Writes the mission presets and the bundled records from a file of Soyuz returns. See README.md beside this file."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from steppe.config.loader import load_mission
from steppe.errors import ConfigError
from steppe.flight.records import EVENT_KEYS, choose_zone, conflicts_of, delta_v_by_rule, last_orbit, station_altitude_m

ROOT = Path(__file__).resolve().parents[1] / "src" / "steppe"
MISSIONS = ROOT / "config" / "presets" / "missions"
RECORDS = ROOT / "data" / "returns.json"

Json = dict[str, Any]

# The words that the mission file gives for a zone, where the record says more than town, direction and distance
REASONS = {
    "TMA-1": "target near Arkalyk; the ballistic descent fell short of it",
    "TMA-11": "planned 80 km north of Arkalyk; the ballistic descent fell short of it",
    "TMA-06M": "planned 50 km north-east of Arkalyk",
}


def zone_of(record: Json) -> tuple[str, str]:
    """Return the zone preset and why, from town, direction and planned distance."""
    choice = choose_zone(record)
    return choice.name, REASONS.get(record["id"], choice.why)


def delta_v_of(record: Json) -> tuple[float, str]:
    """Return the size of the deorbit burn in m/s and where it comes from: planned before reported before the rule."""
    planned = record["planned"].get("deorbit_dv_m_s")
    if planned:
        return planned["value"], f"planned: {planned['source'][0]}"
    if "deorbit_dv_m_s" in record:
        status, source = record["status"]["deorbit_dv_m_s"], record["sources"]["deorbit_dv_m_s"][0]
        return record["deorbit_dv_m_s"], f"{status}: {source}"
    delta_v, rule = delta_v_by_rule(station_altitude_m(record))
    if record["undock_utc"] >= "2012-11":
        rule = "every published burn since late 2012 is 128 m/s"
    elif record["undock_utc"] >= "2008":
        rule = "every published burn from 2009 to 2011 is 115 m/s"
    return delta_v, f"not published for this flight: {rule}"


def quoted(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def date_of(text: str) -> str:
    """Return a TOML date, without a fraction that is zero."""
    return text.replace(".000Z", "Z")


def events_of(record: Json) -> tuple[list[str], list[str], list[str]]:
    """Return the lines of events and of precisions with their sources, and the events that are only planned."""
    events, precisions, planned = [], [], []
    for key, name in EVENT_KEYS.items():
        if key not in record:
            continue
        status, source = record["status"].get(key, "actual"), record["sources"].get(key, ["as planned"])
        events.append(f"{name} = {date_of(record[key])}  # {status}: {source[0]}")
        precision = record["time_precision_s"].get(key, 60)
        precisions.append(f"{name} = {precision}")
        if status == "planned":
            planned.append(name)
        if name == "deorbit_ignition" and "deorbit_burn_duration_s" in record:
            duration, how = record["deorbit_burn_duration_s"], record["status"]["deorbit_burn_duration_s"]
            end = datetime.fromisoformat(record[key]) + timedelta(seconds=duration)
            events.append(f"deorbit_cutoff = {end:%Y-%m-%dT%H:%M:%SZ}  # ignition and {duration} s, {how}")
            precisions.append(f"deorbit_cutoff = {max(precision, 1)}")
            if "planned" in (status, how):
                planned.append("deorbit_cutoff")
    return events, precisions, planned


def published_of(record: Json) -> list[str]:
    """Return the lines of ``[published]``."""
    events, precisions, planned = events_of(record)
    sources = {source: None for key in (*EVENT_KEYS, "landing_lat_deg") for source in record["sources"].get(key, ())}
    notes = conflicts_of(record)
    lines = ["[published]", "sources = [", *(f"  {quoted(source)}," for source in sources), "]"]
    lines += [f"planned_events = [{', '.join(map(quoted, planned))}]"]
    if "landing_lat_deg" in record:
        source = record["sources"]["landing_lat_deg"][0]
        lines.append(f"touchdown_latitude_deg = {record['landing_lat_deg']}  # {source}")
        lines.append(f"touchdown_longitude_deg = {record['landing_lon_deg']}")
    lines.append(f"launch_utc = {date_of(record['launch_utc'])}")
    lines.append(f"crew = [{', '.join(quoted(person['name']) for person in record['crew_landing'])}]")
    if notes:
        lines += ["notes = [  # on what the sources disagree", *(f"  {quoted(note)}," for note in notes), "]"]
    return [*lines, "", "[published.events]", *events, "", "[published.precision_s]", *precisions]


def mission_of(record: Json) -> str:
    """Return the text of a mission file."""
    orbit, (zone, why), (delta_v, whence) = last_orbit(record), zone_of(record), delta_v_of(record)
    ballistic = record["mode"] == "ballistic"
    undocked = record["sources"]["undock_utc"][0]
    lines = [
        f"# {record['spacecraft']}, landed {record['landing_utc'][:10]}. Made by builders/build_missions.py.",
        f"name = {quoted(record['id'].lower())}",
        f"title = {quoted(record['spacecraft'] + ', landing of ' + record['landing_utc'][:10])}",
        'vehicle = "soyuz-ms"',
        f"zone = {quoted(zone)}  # {why}",
        "",
        "[station]",
        'name = "ISS"',
        f"# the last public set from before the undocking, of {orbit['epoch_utc']}",
        f"line1 = {quoted(orbit['line1'])}",
        f"line2 = {quoted(orbit['line2'])}",
        f"source = {quoted('github ' + orbit['source'])}",
        "",
        "[departure]",
        f"undocking_utc = {date_of(record['undock_utc'])}  # {record['status']['undock_utc']}: {undocked}",
        "",
        "[deorbit]",
        f"delta_v_m_s = {delta_v:g}  # {whence}",
        "",
    ]
    if ballistic:
        lines += ["[guidance]", 'law = "ballistic"  # what was flown; a guided descent was planned', ""]
    return "\n".join([*lines, *published_of(record)]) + "\n"


def main() -> None:
    """Read the records named on the command line and write the presets and the bundled copy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("returns", type=Path, help="the JSON file of returns")
    records: list[Json] = json.loads(parser.parse_args().returns.read_text("utf-8"))
    MISSIONS.mkdir(parents=True, exist_ok=True)
    for old in MISSIONS.glob("*.toml"):
        old.unlink()
    for record in records:
        try:
            last_orbit(record)
        except ConfigError as problem:
            print(f"left out: {problem}")
            continue
        path = MISSIONS / f"{record['id'].lower()}.toml"
        path.write_text(mission_of(record), "utf-8")
        load_mission(path)
    RECORDS.write_text(json.dumps(records, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    print(f"{len(list(MISSIONS.glob('*.toml')))} missions, {len(records)} records")


if __name__ == "__main__":
    main()
