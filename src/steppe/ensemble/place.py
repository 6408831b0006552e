"""Where a campaign lies: a local folder, or any file system that pyarrow knows (s3://, gs://, hdfs://, ...).

A place holds files of one folder, each there whole or not at all. That is all a campaign needs of a file system.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from steppe.errors import ConfigError, OutputError
from steppe.files import atomic_path, flush_to_disk, is_leftover, output_error

if TYPE_CHECKING:
    from pyarrow import fs

_URI: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
# Stores whose put is atomic: an object has its name only once its upload is complete
_WHOLE_PUTS: Final = ("s3", "gcs", "abfs")
_GCS_PATIENCE_S: Final = 15


class Place(Protocol):
    """The operations that a campaign needs; each raises OutputError with what the user can do.

    ``str(place)`` is what the user gave, without credentials.
    """

    def names(self) -> list[str]:
        """Return the names of the files, in no order; none if the folder does not exist."""

    def make(self) -> None:
        """Make the folder, with those above it."""

    def write(self, name: str, content: memoryview | bytes) -> None:
        """Write a file whole or not at all; it survives a power cut once this returns."""

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file, or None if there is none."""

    def source(self, name: str) -> Any:
        """Return what `pyarrow.parquet.read_table` reads the file from."""

    def whole_source(self, name: str) -> Any:
        """Return the same with all of the file at hand, so that what fails later is the content and not the way."""

    def remove(self, name: str) -> None:
        """Remove a file; it may be gone already."""

    def lock(self) -> int | None:
        """Keep other processes out until the returned handle is closed; None where there are no locks."""

    def free_bytes(self) -> int | None:
        """Return how much room is left, or None where nobody knows."""

    def from_anywhere(self) -> Place:
        """Return the same place for a process with another working folder."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def names(self) -> list[str]:
        """Return the names in the folder."""
        try:
            return os.listdir(self.path)
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            raise OutputError(f"cannot use {self.path} for a campaign: it is a file; name a folder") from None
        except OSError as problem:
            raise output_error(self.path, problem) from problem

    def make(self) -> None:
        """Make the folder; its name is on the disk when this returns."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            flush_to_disk(self.path.absolute().parent)
        except OSError as problem:
            raise output_error(self.path, problem) from problem

    def write(self, name: str, content: memoryview | bytes) -> None:
        """Write beside the target, flush, rename."""
        with atomic_path(self.path / name, durable=True) as temporary, temporary.open("wb") as file:
            file.write(content)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as problem:
            raise OutputError(f"cannot read {self.path / name}: {problem.strerror}") from problem

    def source(self, name: str) -> Path:
        """Return the path of a file."""
        return self.path / name

    def whole_source(self, name: str) -> Path:
        """Return the path of a file."""
        return self.path / name

    def remove(self, name: str) -> None:
        """Remove a file."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as problem:
            raise output_error(self.path / name, problem) from problem

    def lock(self) -> int | None:
        """Lock the folder; the system lets go when this process dies."""
        try:
            import fcntl
        except ImportError:  # Windows: there two writers harm nothing but the time they take
            return None
        try:
            handle = os.open(self.path, os.O_RDONLY)
        except OSError as problem:
            raise output_error(self.path, problem) from problem
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise OutputError(
                f"another process is flying the campaign in {self.path}; wait for it, or choose another folder"
            ) from None
        except OSError:  # a file system without locks
            os.close(handle)
            return None
        return handle

    def free_bytes(self) -> int:
        """Return the free room of the disk; that of the nearest folder above that exists."""
        above = self.path.absolute()
        while not above.exists() and above != above.parent:
            above = above.parent
        try:
            return shutil.disk_usage(above).free
        except OSError as problem:
            raise output_error(self.path, problem) from problem

    def from_anywhere(self) -> Folder:
        """Return the place with its absolute path."""
        return Folder(self.path.absolute())


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of another file system, through pyarrow.

    Attributes
    ----------
    files
        The file system; it travels to other processes.
    path
        The folder on it.
    shown
        What the user gave, without credentials.
    """

    files: fs.FileSystem
    path: str
    shown: str

    def __str__(self) -> str:
        return self.shown

    def names(self) -> list[str]:
        """Return the names under the prefix."""
        from pyarrow import fs

        try:
            about = self.files.get_file_info(self.path)
            if about.type == fs.FileType.File:
                raise OutputError(f"cannot use {self} for a campaign: it is a file; name a folder")
            found = self.files.get_file_info(fs.FileSelector(self.path, allow_not_found=True))
        except (OSError, ValueError) as problem:
            raise _unreachable(self.shown, problem) from problem
        return [entry.base_name for entry in found]

    def make(self) -> None:
        """Make the folder where there are folders."""
        if self._puts_whole():  # names with slashes are all there is
            return
        try:
            self.files.create_dir(self.path, recursive=True)
        except OSError as problem:
            raise _unreachable(self.shown, problem) from problem

    def write(self, name: str, content: memoryview | bytes) -> None:
        """Put the whole object; where a put is not atomic, write beside the target and rename."""
        target = f"{self.path}/{name}"
        stem, dot, suffix = name.rpartition(".")
        first = target if self._puts_whole() else f"{self.path}/.{stem[:40]}-{uuid.uuid4().hex[:12]}{dot}{suffix}"
        try:
            with self.files.open_output_stream(first, compression=None) as stream:
                stream.write(content)
            written = self.files.get_file_info(first).size
            if written is not None and written != len(content):
                raise OSError(f"{written} of {len(content)} bytes arrived")
            if first != target:
                self.files.move(first, target)
        except OSError as problem:
            # closing the stream may have committed a part: a name must never stand for it
            self._drop_part(first, whole=len(content) if first == target else None)
            raise _unreachable(f"{self.shown}/{name}", problem) from problem

    def read(self, name: str) -> bytes | None:
        """Return the content of an object."""
        try:
            with self.files.open_input_stream(f"{self.path}/{name}", compression=None) as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise _unreachable(f"{self.shown}/{name}", problem) from problem

    def source(self, name: str) -> Any:
        """Return an open file."""
        return self.files.open_input_file(f"{self.path}/{name}")

    def whole_source(self, name: str) -> Any:
        """Return the content of an object in memory."""
        import pyarrow as pa

        return pa.BufferReader(self.read(name) or b"")

    def remove(self, name: str) -> None:
        """Delete an object."""
        try:
            self.files.delete_file(f"{self.path}/{name}")
        except FileNotFoundError:
            return
        except OSError as problem:
            raise _unreachable(f"{self.shown}/{name}", problem) from problem

    def lock(self) -> None:
        """Return None: two writers of one campaign put the same bytes, which costs them time and nothing else."""
        return

    def free_bytes(self) -> None:
        """Return None: a store does not say."""
        return

    def from_anywhere(self) -> Store:
        """Return this place."""
        return self

    def _puts_whole(self) -> bool:
        return self.files.type_name in _WHOLE_PUTS

    def _drop_part(self, path: str, whole: int | None) -> None:
        try:
            if whole is None or self.files.get_file_info(path).size != whole:
                self.files.delete_file(path)
        except OSError:  # not there, or out of reach: the first error says what happened
            return


def place_of(where: str | Path | Place) -> Place:
    """Return the place that a path or a URI names.

    Parameters
    ----------
    where
        A path, ``file:///absolute/path``, or a URI of pyarrow: ``s3://bucket/folder``, ``gs://bucket/folder``, ... with
        its options behind a question mark. A `Place` stays what it is.

    Raises
    ------
    ConfigError
        If pyarrow knows no such file system, or the URI cannot be read.
    OutputError
        If the store cannot be reached.
    """
    if isinstance(where, Folder | Store):
        return where
    text = str(where)
    if isinstance(where, Path) or not _URI.match(text):
        return Folder(Path(text))
    if text.lower().startswith("file://"):
        from urllib.request import url2pathname

        return Folder(Path(url2pathname(urlsplit(text).path)))
    return _connected(text)


def shown_place(where: str) -> str:
    """Return what may be printed of a path or a URI: all but credentials and options."""
    return _without_secrets(where) if _URI.match(where) else where


def local_folder(where: str) -> Path:
    """Return the folder for what belongs to a campaign and stays here: its own, or one of its name in this folder."""
    if _URI.match(where) and not where.lower().startswith("file://"):
        return Path(shown_place(where).rpartition("/")[2])
    found = place_of(where)
    return found.path if isinstance(found, Folder) else Path(where)


def leftovers(place: Place) -> list[str]:
    """Return the temporary files that killed writers left."""
    return [name for name in place.names() if is_leftover(name)]


def _connected(uri: str) -> Store:
    import pyarrow as pa
    from pyarrow import fs

    shown = _without_secrets(uri)
    try:
        files, path = fs.FileSystem.from_uri(_patient(uri))
    except (ValueError, pa.ArrowException) as problem:
        raise ConfigError(
            f"expected a path or a URI of a file system that pyarrow knows (s3://bucket/folder, gs://bucket/folder), "
            f"got {shown}: {_line(problem, uri)}",
            key="--out",
        ) from None
    except OSError as problem:
        raise _unreachable(shown, OSError(_line(problem, uri))) from None
    return Store(files, path.rstrip("/"), shown)


def _patient(uri: str) -> str:
    """Return the URI with a limit where pyarrow would try for a quarter of an hour."""
    if not uri.lower().startswith(("gs://", "gcs://")) or "retry_limit_seconds" in uri:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}retry_limit_seconds={_GCS_PATIENCE_S}"


def _without_secrets(uri: str) -> str:
    """Return a URI without user, password and options, any of which may be a secret."""
    scheme, rest = uri.split("://", 1)
    return f"{scheme}://{rest.split('?')[0].rpartition('@')[2].rstrip('/')}"


def _line(problem: Exception, uri: str) -> str:
    return " ".join(str(problem).split()).replace(uri, _without_secrets(uri))


def _unreachable(shown: str, problem: Exception) -> OutputError:
    if isinstance(problem, OSError) and problem.errno in (13, 28):
        return output_error(shown, problem)
    reason = " ".join(str(problem).split())
    return OutputError(
        f"cannot use {shown}: {reason}; check bucket, network and credentials (those of the environment are used, "
        "for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a role)"
    )
