"""Files that are there whole or not at all: written beside the target, then renamed onto it.

Every layer may use this module; it knows nothing of flights.
"""

from __future__ import annotations

import errno
import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steppe.errors import OutputError

_TEMPORARY = re.compile(r"\..{0,40}-[0-9a-f]{12}(\..*)?")
_HINTS = {
    errno.EACCES: "you have no permission to write there; choose another folder",
    errno.EPERM: "you have no permission to write there; choose another folder",
    errno.EROFS: "that disk is read-only; choose another folder",
    errno.ENOSPC: "the disk is full; free some space or choose another disk",
    errno.EDQUOT: "your disk quota is used up; free some space or choose another disk",
    errno.ENOENT: "its parent folder does not exist; create it first",
    errno.ENOTDIR: "a part of that path is a file, not a folder; choose another path",
    errno.EEXIST: "something with that name is in the way; choose another path",
    errno.EISDIR: "that is a folder; name a file in it",
    errno.ENAMETOOLONG: "the name is too long for this disk; choose a shorter one",
}


def output_error(path: Path | str, problem: OSError) -> OutputError:
    """Turn what the system said into what the user can do.

    Parameters
    ----------
    path
        What was to be written.
    problem
        The error of the operating system.
    """
    # pyarrow and ccsds-ndm raise OSError with a text and no errno; the text then has to do
    reason = problem.strerror or str(problem)
    hint = _HINTS.get(problem.errno or 0, "check the path and the disk")
    return OutputError(f"cannot write {path}: {reason}; {hint}")


@contextmanager
def atomic_path(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a temporary name beside `path`; when the block ends well, what was written there becomes `path`.

    Parameters
    ----------
    path
        The file to write. An older file of that name stays untouched until the new one is complete.
    durable
        Wait until file and folder are on the disk, so that the file survives a power cut once the block has ended.

    Yields
    ------
    Path
        The name to write to; it keeps the suffix of `path`, by which some writers choose their format.

    Raises
    ------
    OutputError
        If the file cannot be written; nothing is left behind.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem[:40]}-{uuid.uuid4().hex[:12]}{path.suffix}")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not path.parent.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        yield temporary
        if durable:
            # the content before the name: after a power cut the name must never stand for an empty file
            flush_to_disk(temporary)
        os.replace(temporary, path)
        if durable:
            flush_to_disk(path.parent)
    except OSError as problem:
        raise output_error(path, problem) from problem
    finally:
        # the parent may be what could not be reached, so a failed clean-up must not hide the first error
        try:
            temporary.unlink(missing_ok=True)
        except OSError:
            pass


def is_leftover(name: str) -> bool:
    """Return whether a file name is one of `atomic_path`'s temporary names, which a killed process leaves behind."""
    return _TEMPORARY.fullmatch(name) is not None


def flush_to_disk(path: Path) -> None:
    """Make a file's content, or the names in a folder, survive a power cut (POSIX fsync).

    Raises
    ------
    OSError
        If the system cannot do it for a file; for a folder it is a courtesy that some systems do not offer.
    """
    is_folder = path.is_dir()
    try:
        handle = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    except OSError:
        if is_folder:
            return
        raise
    try:
        os.fsync(handle)
    except OSError:
        if not is_folder:
            raise
    finally:
        os.close(handle)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write a UTF-8 text file, whole or not at all.

    Parameters
    ----------
    path, text
        The file and what it shall hold.
    durable
        As in `atomic_path`.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with atomic_path(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def json_text(document: object, *, indent: int | None = None) -> str:
    """Return a document as strict JSON (no NaN) in UTF-8 with a newline at its end; `indent` spaces for people."""
    return json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, document: object, *, indent: int | None = None) -> None:
    """Write `json_text` of a document, whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_text(path, json_text(document, indent=indent))


def require_marked(folder: Path, what: str, holds: str, marker: str) -> None:
    """Raise OutputError if a folder holds anything, and not the file by which our older products are known.

    Parameters
    ----------
    folder
        Where to write; it may be missing.
    what, holds
        What people call what is written ("the summary"), and what such a folder holds ("summary").
    marker
        Name of the file.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"cannot write {what} to {folder}: it is a file; name a folder")
    try:
        names = [path.name for path in folder.iterdir()] if folder.exists() else []
    except OSError as problem:
        raise output_error(folder, problem) from problem
    if names and marker not in names:
        raise OutputError(
            f"cannot write {what} to {folder}: the folder is not empty and holds no {holds} ({marker}); "
            "choose a new or empty folder"
        )


def made(folder: Path) -> Path:
    """Return a folder, made if it is missing; raise OutputError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise output_error(folder, problem) from problem
    return folder
