"""The folder of a flight: everything is written aside first and moved to its place when it is complete."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from steppe.config.reproducible import write_reproducible
from steppe.errors import OutputError
from steppe.files import output_error, write_json
from steppe.flight.result import Flight
from steppe.io.ccsds import write_oem
from steppe.io.czml import write_czml
from steppe.io.geojson import write_geojson
from steppe.io.rdm_build import write_flight_messages
from steppe.io.summary import summary
from steppe.io.tables import write_departure, write_parquet


@dataclass(frozen=True, slots=True)
class FolderKind:
    """By what a folder of products is known.

    Attributes
    ----------
    product
        What people call what it holds.
    marker
        The JSON file that lists the products under ``files``.
    key
        A key of that file which no other kind has.
    """

    product: str
    marker: str
    key: str


FLIGHT_FOLDER: Final = FolderKind("flight", "events.json", "mission")


def write_folder(
    flight: Flight,
    out: Path,
    extra: Mapping[str, Callable[[Path], None]] | None = None,
    timezone: str | None = None,
) -> list[Path]:
    """Write all products of a flight.

    ``flight.parquet``, ``departure.parquet`` (if it left a station), ``events.json``, ``track.geojson``,
    ``flight.czml``, ``oem/*.oem``, ``rdm/*`` (re-entry messages), the mission that reproduces the flight, and
    what `extra` adds. ``events.json`` also lists the files.

    Parameters
    ----------
    flight
        The flight.
    out
        The folder, made if it is missing. The folder of an older flight is replaced: its products go, files of other
        origin stay. Any other folder that is not empty is refused.
    extra
        Further files: name to a function that writes it, such as ``{"flight.png": lambda path: ...}``.
    timezone
        IANA name for the local times in ``events.json``.

    Returns
    -------
    list of Path
        The files, sorted.

    Raises
    ------
    OutputError
        If the folder is not ours to overwrite or cannot be written; it is then as it was before.
    ConfigError
        If the time zone is unknown.
    """
    return fill_folder(out, FLIGHT_FOLDER, lambda folder: _write_products(flight, folder, extra or {}, timezone))


def fill_folder(out: Path, kind: FolderKind, write: Callable[[Path], list[str]]) -> list[Path]:
    """Write a folder of products aside and move them to their place when they are complete.

    Parameters
    ----------
    out
        The folder, made if it is missing; an older one of the same kind is replaced, any other is refused.
    kind
        By what a folder of this kind is known.
    write
        Writes everything, the marker with its list of files too, into the folder it is given, and returns the names.

    Raises
    ------
    OutputError
        If the folder is not ours to overwrite or cannot be written; it is then as it was before.
    """
    out = Path(out)
    try:
        out = out.resolve()
        old_files = check_folder(out, kind)
        # inside a folder that exists: its parent may be read-only or on another disk (a mounted volume)
        temporary = (out if out.exists() else out.parent) / f".steppe-{uuid.uuid4().hex[:12]}.tmp"
        temporary.mkdir(parents=True)
        try:
            files = write(temporary)
            _take_place(temporary, out, old_files, files, kind.marker)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as problem:
        raise output_error(out, problem) from problem
    return [out / file for file in files]


def require_writable(out: Path, kind: FolderKind) -> None:
    """Find out before a long computation, without leaving anything behind, whether `fill_folder` can write a folder.

    Parameters
    ----------
    out
        The folder; it need not be there yet.
    kind
        By what a folder of this kind is known.

    Raises
    ------
    OutputError
        If the folder, or the nearest one above it that exists, cannot be written, or it holds anything else.
    """
    above = Path(out).absolute()
    try:
        check_folder(above, kind)
        while not above.exists():
            above = above.parent
        with tempfile.TemporaryDirectory(dir=above, prefix=".steppe-"):
            pass
    except FileNotFoundError as problem:
        # the folder is there, but takes no entries, as /proc
        raise OutputError(f"cannot write {out}: {above} takes no new files; choose another folder") from problem
    except OSError as problem:
        raise output_error(Path(out), problem) from problem


def check_folder(out: Path, kind: FolderKind) -> set[str]:
    """Return the names of the older products in a folder.

    Raises
    ------
    OutputError
        If it holds anything else.
    """
    if not out.exists():
        return set()
    if not out.is_dir():
        raise OutputError(f"cannot write the {kind.product} to {out}: it is a file; name a folder")
    if not any(out.iterdir()):
        return set()
    try:
        marker = json.loads((out / kind.marker).read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, ValueError):
        marker = None
    if not isinstance(marker, dict) or kind.key not in marker:
        raise OutputError(
            f"cannot write the {kind.product} to {out}: the folder is not empty and holds no steppe {kind.product} "
            f"({kind.marker} with '{kind.key}'); choose a new or empty folder"
        )
    files = marker.get("files", [])
    return {str(name) for name in files} if isinstance(files, list) else set()


def _write_products(
    flight: Flight, folder: Path, extra: Mapping[str, Callable[[Path], None]], timezone: str | None
) -> list[str]:
    write_parquet(flight, folder / "flight.parquet")
    if flight.departing is not None:
        write_departure(flight, folder / "departure.parquet")
    write_geojson(flight, folder / "track.geojson")
    write_czml(flight, folder / "flight.czml")
    (folder / "oem").mkdir()
    write_oem(flight, folder / "oem")
    (folder / "rdm").mkdir()
    write_flight_messages(flight, folder / "rdm")
    write_reproducible(flight.mission, folder)
    for name, write in extra.items():
        write(folder / name)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    files = sorted({*files, FLIGHT_FOLDER.marker})
    document = {**summary(flight, timezone), "files": files}
    write_json(folder / FLIGHT_FOLDER.marker, document, indent=2)
    return files


def _take_place(temporary: Path, out: Path, old_files: set[str], files: list[str], marker: str) -> None:
    """Move the finished products to where they belong; the marker goes last, so that it never announces too much."""
    if not out.exists():
        os.replace(temporary, out)
        return
    for name in sorted(files, key=lambda name: name == marker):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary / name, out / name)
    for name in old_files - set(files):
        stale = (out / name).resolve()
        # the list comes from a file that anyone may have edited: never delete outside the folder
        if stale.is_relative_to(out) and stale.is_file():
            stale.unlink()
