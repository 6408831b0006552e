"""The files that a mission names: where they stand in it, and what they are called beside a copy of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from steppe.config.mission import Mission

# The key that names a file, where it is not called file
_FIELDS: Final = {"air": "space_weather"}


def named_files(mission: Mission) -> dict[str, str]:
    """Return the files that a mission names: place (``station``, ``wind``, ``wind.files[0]``) to file name."""
    files = {}
    if mission.station is not None and mission.station.file is not None:
        files["station"] = mission.station.file
    if mission.air.space_weather is not None:
        files["air"] = mission.air.space_weather
    for table, record in (("wind", mission.wind), ("terrain", mission.terrain)):
        if record.file is not None:
            files[table] = record.file
        files |= {f"{table}.files[{number}]": name for number, name in enumerate(record.files)}
    return files


def key_of(place: str) -> str:
    """Return the key of the mission file at a place, for messages."""
    return place if "." in place else f"{place}.{_FIELDS.get(place, 'file')}"


def put(document: dict[str, Any], place: str, value: str) -> None:
    """Set what stands for a named file in the tables of a mission."""
    table, _, entry = place.partition(".files[")
    if not entry:
        document[table][_FIELDS.get(table, "file")] = value
        return
    names = list(document[table]["files"])
    names[int(entry[:-1])] = value
    document[table]["files"] = names


def tile_of(place: str, name: str) -> str:
    """Return the corner in the name of an elevation tile, N47E069, or an empty text."""
    found = re.search(r"[NS]\d{2}[EW]\d{3}", Path(name).name.upper()) if place.startswith("terrain") else None
    return found[0] if found else ""


def copy_name(place: str, name: str) -> str:
    """Return the name of a file in a folder that reproduces a flight."""
    words = [re.sub(r"\.files\[(\d+)\]", r"-\1", place), tile_of(place, name)]
    return "-".join(word for word in words if word) + Path(name).suffix
