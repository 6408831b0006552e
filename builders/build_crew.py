"""Make the seed of the crew ledger: ``src/steppe/data/crew/stays.csv`` and ``movements.csv``.

    python builders/build_crew.py FOLDER

FOLDER holds ``crew.csv`` (one row per person and stay: person, agency, up_vehicle, launch_utc, down_vehicle,
landing_utc, source). Docking, undocking and ports of the returns that steppe knows come from
``src/steppe/data/returns.json``; what neither has is in ADDITIONS, each with its source. Nothing is smoothed: the
rows of people keep their own times, and ``steppe crew check`` compares them with the movements of the vehicles.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA = ROOT / "src" / "steppe" / "data"
STAYS = ("person", "agency", "up_vehicle", "launch_utc", "down_vehicle", "landing_utc", "visit", "source")
MOVEMENTS = ("vehicle", "event", "utc", "precision_s", "port", "source")

RASSVET, POISK, PRICHAL = "Rassvet nadir", "Poisk zenith", "Prichal nadir"
KNOWLEDGE = "general knowledge, to be confirmed"
MS22 = "NASA, scitechdaily.com/leaky-soyuz-spaceship-departs-space-station-and-lands-in-kazakhstan"
MS23 = "russianspaceweb.com/soyuz-ms-23.html"
MS23_MOVE = "en.wikipedia.org/wiki/Soyuz_MS-23; NASA blog of 2023-04-06"
CFT = "NASA, spacecoastdaily.com 2024-08-31 (planned times)"
ADDITIONS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("Soyuz MS-06", "docking", "", "", POISK, "TASS 2017-09-13, tass.com/science/965319 (port)"),
    ("Soyuz MS-13", "docking", "", "", "Zvezda aft", "NASA blog of 2019-08-26 (first port)"),
    ("Soyuz MS-13", "undocking", "2019-08-26T03:35:00Z", "60", "Zvezda aft", "NASA blog of 2019-08-26"),
    ("Soyuz MS-13", "docking", "2019-08-26T03:59:00Z", "60", POISK, "NASA blog of 2019-08-26"),
    ("Soyuz MS-17", "docking", "", "", RASSVET, "energia.ru, news 2020-10-14 (08:48:50 there)"),
    ("Soyuz MS-17", "undocking", "2021-03-19T16:38:00Z", "60", RASSVET, "NASA blog of 2021-03-19"),
    ("Soyuz MS-17", "docking", "2021-03-19T17:12:00Z", "60", POISK, "NASA blog of 2021-03-19"),
    ("Soyuz MS-18", "docking", "2021-04-09T11:04:00Z", "60", RASSVET, "Interfax 2021-04-09"),
    ("Soyuz MS-18", "undocking", "2021-09-28T12:21:00Z", "60", RASSVET, "NASA 2021-09-22 (planned)"),
    ("Soyuz MS-18", "docking", "2021-09-28T13:04:00Z", "60", "Nauka nadir", "NASA 2021-09-29"),
    ("Soyuz MS-19", "docking", "", "", RASSVET, "NASA 2021-09-29 (port)"),
    ("Soyuz MS-22", "docking", "", "", RASSVET, MS22),
    ("Soyuz MS-22", "undocking", "2023-03-28T09:57:00Z", "60", RASSVET, MS22),
    ("Soyuz MS-22", "landing", "2023-03-28T11:46:00Z", "60", "", MS22),
    ("Soyuz MS-23", "launch", "2023-02-24T00:24:29.466Z", "0.001", "", MS23),
    ("Soyuz MS-23", "docking", "2023-02-26T00:58:00Z", "60", POISK, MS23),
    ("Soyuz MS-23", "undocking", "2023-04-06T08:45:00Z", "60", POISK, MS23_MOVE),
    ("Soyuz MS-23", "docking", "2023-04-06T09:22:00Z", "60", PRICHAL, MS23_MOVE),
    ("Soyuz MS-23", "undocking", "2023-09-27T07:54:21Z", "1", PRICHAL, MS23_MOVE),
    ("Boeing Starliner CFT", "docking", "2024-06-06T17:34:00Z", "60", "Harmony forward", KNOWLEDGE),
    ("Boeing Starliner CFT", "undocking", "2024-09-06T22:04:00Z", "60", "Harmony forward", CFT),
    ("Boeing Starliner CFT", "landing", "2024-09-07T04:03:00Z", "60", "", CFT),
    ("Crew Dragon Crew-9", "docking", "2024-09-29T21:30:00Z", "60", "Harmony forward", KNOWLEDGE),
)
_FIELDS = {"launch": "launch_utc", "docking": "dock_utc", "undocking": "undock_utc", "landing": "landing_utc"}


def source_of(text: str) -> tuple[str, str]:
    """Return the kind of visit and the source, without the name of a file that steppe does not have."""
    visit = "short" if "[short visit]" in text else "expedition"
    text = text.replace(" [short visit]", "").replace("landing time as in landings.json", "landing: published times")
    return visit, text.replace("landings.json MS-25", "MS-25: ")


def precision(utc: str) -> str:
    """Return the precision of a time in s: one that ends in :00Z is known to the minute only."""
    return "60" if utc.endswith(":00Z") else "0.1" if "." in utc else "1"


def main(folder: Path) -> int:
    """Write both files."""
    with (folder / "crew.csv").open(encoding="utf-8", newline="") as stream:
        people = list(csv.DictReader(stream))
    stays = [
        {**{key: row[key] for key in STAYS[:6]}, **dict(zip(STAYS[6:], source_of(row["source"]), strict=True))}
        for row in people
    ]
    returns = {one["spacecraft"]: one for one in json.loads((DATA / "returns.json").read_text(encoding="utf-8"))}
    vehicles = dict.fromkeys(row[key] for row in people for key in ("up_vehicle", "down_vehicle"))
    movements: dict[tuple[str, str, str], dict[str, Any]] = {}
    for vehicle in vehicles:
        for event in _FIELDS:
            row = movement(vehicle, event, people, returns.get(vehicle))
            if row:
                movements[vehicle, event, ""] = row
    for addition in ADDITIONS:
        row = dict(zip(MOVEMENTS, addition, strict=True))
        known = movements.get((row["vehicle"], row["event"], ""))
        if known and not row["utc"]:  # the first port of a ship that moved, or a port without a time
            known["port"], known["source"] = row["port"], f"{known['source']}; port: {row['source']}"
        else:
            movements[row["vehicle"], row["event"], "" if row["event"] == "launch" else row["utc"]] = row
    write(DATA / "crew" / "stays.csv", STAYS, stays)
    order = {name: index for index, name in enumerate(vehicles)}
    rows = sorted(movements.values(), key=lambda row: (order[row["vehicle"]], row["utc"] or launched(row, movements)))
    write(DATA / "crew" / "movements.csv", MOVEMENTS, rows)
    return 0


def launched(row: dict[str, Any], movements: dict[tuple[str, str, str], dict[str, Any]]) -> str:
    """Return what sorts a movement without a time behind the launch of its vehicle."""
    return str(movements[row["vehicle"], "launch", ""]["utc"]) + "~"


def movement(vehicle: str, event: str, people: list[dict[str, str]], record: dict[str, Any] | None) -> dict[str, str]:
    """Return a row of movements.csv, from the record of a return if there is one, else from the rows of people."""
    if record is not None and record.get(_FIELDS[event]):
        digits = record.get("time_precision_s", {}).get(_FIELDS[event], 60)
        port = record.get("docking_port_left") or "" if event in ("docking", "undocking") else ""
        port = port.removesuffix(" (MIM1)")
        values = (vehicle, event, record[_FIELDS[event]], f"{digits:g}", port, f"returns.json, {record['id']}")
        return dict(zip(MOVEMENTS, values, strict=True))
    if event not in ("launch", "landing"):
        return {}
    key, column = ("up_vehicle", "launch_utc") if event == "launch" else ("down_vehicle", "landing_utc")
    times = Counter(row[column] for row in people if row[key] == vehicle and row[column])
    if not times:
        return {}
    utc = times.most_common(1)[0][0]
    return dict(zip(MOVEMENTS, (vehicle, event, utc, precision(utc), "", "rows of stays.csv"), strict=True))


def write(path: Path, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{path.relative_to(ROOT)}: {len(rows)} rows")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python builders/build_crew.py FOLDER")
    raise SystemExit(main(Path(sys.argv[1])))
