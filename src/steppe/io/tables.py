"""The columns of a flight as one Parquet file that pandas, DuckDB and R read; units and frames travel in the schema."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steppe.errors import OutputError
from steppe.files import atomic_path
from steppe.flight.result import Flight, Track
from steppe.nomenclature import VARIABLES

if TYPE_CHECKING:
    import pyarrow as pa

_BODY = "body"
_PREFIX = "steppe."
_BODIES = "steppe.bodies"


def write_parquet(flight: Flight, path: Path) -> None:
    """Write the ship/capsule and the modules as one table.

    Parameters
    ----------
    flight
        The flight.
    path
        The Parquet file (zstd). The dictionary column ``body`` names the body; a column that a body does not have
        is null there. Each field carries ``unit``, ``frame`` and ``meaning``; the file carries ``steppe.mission``,
        ``steppe.status``, ``steppe.epoch_utc`` and the provenance (version, configuration hash, models).

    Raises
    ------
    OutputError
        If the file cannot be written, or a column is not in `steppe.nomenclature.VARIABLES`.
    """
    _write((flight.track, *flight.modules), _file_metadata(flight), path)


def write_departure(flight: Flight, path: Path) -> None:
    """Write the ship's way from the station in the station's LVLH frame, as one Parquet table.

    Raises
    ------
    OutputError
        If the flight did not start at a station, or the file cannot be written.
    """
    if flight.departing is None:
        raise OutputError(f"cannot write {path}: this flight did not start at a station, so there is no departure")
    _write((Track("ship", flight.departing.columns),), _file_metadata(flight), path)


def read_parquet(path: Path) -> dict[str, Track]:
    """Read back what `write_parquet` wrote.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        Body name to its track, with the columns that this body had.

    Raises
    ------
    OutputError
        If the file is missing, or is no table of a steppe flight.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as problem:
        raise OutputError(f"cannot read {path}: {problem}; expected the flight.parquet of a steppe flight") from problem
    described = (table.schema.metadata or {}).get(_BODIES.encode())
    if described is None or _BODY not in table.column_names:
        raise OutputError(f"cannot read {path}: it is a Parquet file, but not the flight.parquet of a steppe flight")
    tracks = {}
    for body, names in json.loads(described).items():
        rows = table.filter(pc.equal(table[_BODY], body))
        tracks[body] = Track(body, {name: rows[name].to_numpy().astype(np.float64) for name in names})
    return tracks


def _file_metadata(flight: Flight) -> dict[str, str]:
    about = dict(flight.provenance)
    about["version"] = about.pop("steppe", "")
    return {
        **about,
        "mission": flight.mission.mission.name,
        "epoch_utc": flight.epoch.isoformat().replace("+00:00", "Z"),
        "status": flight.status.name,
    }


def _write(tracks: Iterable[Track], metadata: dict[str, str], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tracks = tuple(tracks)
    present = {name for track in tracks for name in track.columns}
    unknown = sorted(present - VARIABLES.keys())
    if unknown:
        raise OutputError(
            f"cannot write {path}: columns that steppe.nomenclature does not define: {', '.join(unknown)}"
        )
    names = [name for name in VARIABLES if name in present]
    schema = _schema(names, tracks, metadata)
    parts = [_part(track, names, schema) for track in tracks]
    with atomic_path(path) as temporary:
        pq.write_table(pa.concat_tables(parts).unify_dictionaries(), temporary, compression="zstd")


def _schema(names: list[str], tracks: tuple[Track, ...], metadata: dict[str, str]) -> pa.Schema:
    import pyarrow as pa

    meaning = {"unit": "", "frame": "", "meaning": "the body that this row belongs to"}
    fields = [pa.field(_BODY, pa.dictionary(pa.int32(), pa.string()), metadata=meaning)]
    for name in names:
        variable = VARIABLES[name]
        about = {"unit": variable.unit, "frame": variable.frame, "meaning": variable.meaning}
        fields.append(pa.field(name, pa.float64(), metadata=about))
    bodies = {track.body: [name for name in names if name in track.columns] for track in tracks}
    keyed = {f"{_PREFIX}{key}": value for key, value in metadata.items()}
    return pa.schema(fields, metadata={**keyed, _BODIES: json.dumps(bodies)})


def _part(track: Track, names: list[str], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    body: Any = pa.DictionaryArray.from_arrays(np.zeros(len(track), dtype=np.int32), [track.body])
    columns = [
        # NaN (undefined, such as Mach above the air) is a value; null means that the body has no such column
        pa.array(track.columns[name], from_pandas=False)
        if name in track.columns
        else pa.nulls(len(track), pa.float64())
        for name in names
    ]
    return pa.Table.from_arrays([body, *columns], schema=schema)
