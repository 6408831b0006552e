"""Reads back the folder of a flight: what was written is what is shown, nothing is flown again."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from steppe.config.loader import load_mission
from steppe.errors import STATUS, OutputError
from steppe.flight.result import Departing, Event, Flight, Peaks, Touchdown, Track
from steppe.io.tables import read_parquet


def read_folder(folder: Path) -> Flight:
    """Return the flight of a folder that `steppe.io.folder.write_folder` wrote.

    Raises
    ------
    OutputError
        If the folder holds no flight, or a file of it cannot be read.
    ConfigError
        If its mission file cannot be used.
    """
    folder = Path(folder)
    about = _document(folder / "events.json")
    loaded = load_mission(folder / "mission.toml")
    bodies = read_parquet(folder / "flight.parquet")
    try:
        track = bodies.pop("capsule")
        epoch = datetime.fromisoformat(_epoch_text(folder / "flight.parquet").replace("Z", "+00:00"))
        status = next(one for one in STATUS.values() if one.name == about["status"])
        landing = about["touchdown"]
        return Flight(
            mission=loaded,
            status=status,
            epoch=epoch,
            track=track,
            modules=tuple(bodies.values()),
            events=tuple(_event(row, epoch) for row in about["events"]),
            peaks=Peaks(**about["peaks"]),
            touchdown=None if landing is None else _touchdown(landing),
            departing=_departing(folder / "departure.parquet", about["departure"]),
            plan=about["plan"],
            provenance=about["provenance"],
            notes=tuple(about["notes"]),
        )
    except (KeyError, TypeError, ValueError, StopIteration) as problem:
        raise OutputError(f"cannot read the flight in {folder}: events.json lacks or spoils {problem}") from None


def _document(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise OutputError(f"cannot read {path}: {reason}; expected the folder of 'steppe fly --out'") from None
    except ValueError as problem:
        raise OutputError(f"cannot read {path}: it is not JSON ({problem})") from None
    if not isinstance(content, dict) or "events" not in content:
        raise OutputError(f"cannot read {path}: it holds no events; expected the folder of 'steppe fly --out'")
    return content


def _epoch_text(path: Path) -> str:
    return str((pq.read_schema(path).metadata or {})[b"steppe.epoch_utc"].decode())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _event(row: dict[str, Any], epoch: datetime) -> Event:
    utc = _moment(row["utc"])
    published = row["published_utc"]
    return Event(
        name=row["event"],
        # the file says milliseconds
        time_s=(utc - epoch).total_seconds(),
        utc=utc,
        altitude_m=_number(row["altitude_m"]),
        latitude_deg=_number(row["latitude_deg"]),
        longitude_deg=_number(row["longitude_deg"]),
        speed_m_s=_number(row["speed_m_s"]),
        mach=_number(row["mach"]),
        published_utc=None if published is None else _moment(published),
        published_precision_s=row["published_precision_s"],
    )


def _touchdown(row: dict[str, Any]) -> Touchdown:
    return Touchdown(
        utc=_moment(row["utc"]),
        latitude_deg=row["latitude_deg"],
        longitude_deg=row["longitude_deg"],
        speed_m_s=row["speed_m_s"],
        speed_before_engines_m_s=row["speed_before_engines_m_s"],
        distance_to_zone_km=row["distance_to_zone_km"],
        distance_to_published_km=row["distance_to_published_km"],
    )


def _departing(path: Path, about: dict[str, Any] | None) -> Departing | None:
    if about is None or not path.is_file():
        return None
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as problem:
        raise OutputError(f"cannot read {path}: {problem}") from None
    names = [name for name in table.column_names if name != "body"]
    track = Track("ship", {name: table[name].to_numpy() for name in names})
    return Departing(
        columns=track.columns,
        distance_at_ignition_m=about["distance_at_ignition_m"],
        closest_after_separation_m=about["closest_after_separation_m"],
        returns=about["returns"],
    )
