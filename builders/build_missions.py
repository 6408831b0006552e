"""Writes the mission presets and the bundled records from a file of Soyuz returns. See README.md beside this file."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from steppe.config.loader import load_mission

ROOT = Path(__file__).resolve().parents[1] / "src" / "steppe"
MISSIONS = ROOT / "config" / "presets" / "missions"
RECORDS = ROOT / "data" / "returns.json"

Json = dict[str, Any]

# key of the record -> name of the event
EVENTS = {
    "undock_utc": "undocking",
    "deorbit_burn_start_utc": "deorbit_ignition",
    "module_separation_utc": "module_separation",
    "entry_interface_utc": "entry_interface",
    "entry_guidance_start_utc": "guidance_start",
    "plasma_exit_utc": "plasma_exit",
    "parachute_open_command_utc": "parachute_command",
    "soft_landing_engines_utc": "soft_landing_ignition",
    "landing_utc": "touchdown",
}
# Zones by the published plan of the flight; where the record names only the town of the target, so does the reason.
ZONES = {
    "TMA-1": ("arkalyk-north", "target near Arkalyk; the ballistic descent fell short of it"),
    "TMA-11": ("arkalyk-north", "planned 80 km north of Arkalyk; the ballistic descent fell short of it"),
    "TMA-06M": ("arkalyk-northeast", "planned 50 km north-east of Arkalyk"),
}


def zone_of(record: Json) -> tuple[str, str]:
    """Return the zone preset and why, from town, direction and planned distance."""
    if record["id"] in ZONES:
        return ZONES[record["id"]]
    town, direction = record["landing_town"], record["landing_direction"]
    planned = record["planned"].get("landing_distance_km")
    distance = f"planned {planned['value']} km from" if planned else "target near"
    if town == "Zhezkazgan":
        # "ESE" is how one source words the usual zone south-east of the town (148 km SE in the others)
        zone = {"SE": "zhezkazgan-se", "ESE": "zhezkazgan-se", "NE": "zhezkazgan-ne"}[direction]
    else:
        zone = {"S": "arkalyk-south"}.get(direction, "arkalyk-north")
    return zone, f"{distance} {town}, direction {direction}"


def delta_v_of(record: Json) -> tuple[float, str]:
    """Return the size of the deorbit burn in m/s and where it comes from: planned before reported before the rule."""
    planned = record["planned"].get("deorbit_dv_m_s")
    if planned:
        return planned["value"], f"planned: {planned['source'][0]}"
    if "deorbit_dv_m_s" in record:
        status, source = record["status"]["deorbit_dv_m_s"], record["sources"]["deorbit_dv_m_s"][0]
        return record["deorbit_dv_m_s"], f"{status}: {source}"
    undocking = record["undock_utc"]
    if undocking >= "2012-11":
        return 128.0, "not published for this flight: every published burn since late 2012 is 128 m/s"
    if undocking >= "2008":
        return 115.0, "not published for this flight: every published burn from 2009 to 2011 is 115 m/s"
    # in between by the mean motion of the station: 115.2 m/s at 15.729 and 128 m/s at 15.51 revolutions a day
    revolutions = float(orbit_of(record)["line2"][52:63])
    value = 115.2 + (15.729 - revolutions) / (15.729 - 15.51) * (128.0 - 115.2)
    return round(value, 1), "not published: by the mean motion, between 115.2 m/s (TMA-01M) and 128 m/s (TMA-07M)"


def orbit_of(record: Json) -> Json:
    """Return the last two-line element set from before the undocking."""
    return next(orbit for orbit in record.get("station_orbits", ()) if orbit["last_before_undocking"])


def quoted(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def date_of(text: str) -> str:
    """Return a TOML date, without a fraction that is zero."""
    return text.replace(".000Z", "Z")


def events_of(record: Json) -> tuple[list[str], list[str], list[str]]:
    """Return the lines of events and of precisions with their sources, and the events that are only planned."""
    events, precisions, planned = [], [], []
    for key, name in EVENTS.items():
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
    sources = {source: None for key in (*EVENTS, "landing_lat_deg") for source in record["sources"].get(key, ())}
    notes = [
        f"{conflict['field']}: " + "; ".join(str(value) for value in conflict["values"])
        for conflict in record.get("conflicts") or ()
    ]
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
    orbit, (zone, why), (delta_v, whence) = orbit_of(record), zone_of(record), delta_v_of(record)
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
        if not any(orbit["last_before_undocking"] for orbit in record.get("station_orbits", ())):
            print(f"{record['id']}: no station orbit from before the undocking, left out")
            continue
        path = MISSIONS / f"{record['id'].lower()}.toml"
        path.write_text(mission_of(record), "utf-8")
        load_mission(path)
    RECORDS.write_text(json.dumps(records, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    print(f"{len(list(MISSIONS.glob('*.toml')))} missions, {len(records)} records")


if __name__ == "__main__":
    main()
