"""Looks at the frame of a GRIB file before ecCodes does: a damaged file can end the whole process there."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

from steppe.errors import ConfigError

_END: Final = b"7777"


def check_grib(path: Path) -> None:
    """Walk through the messages and sections of a GRIB file (WMO FM 92, editions 1 and 2).

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    ConfigError
        If a message is cut off or its sections do not add up; the message names the byte.
    """
    size = path.stat().st_size
    at = 0
    with path.open("rb") as stream:
        while at < size:
            stream.seek(at)
            head = stream.read(16)
            if head[:4] != b"GRIB" or len(head) < 16 or head[7] not in (1, 2):
                raise _broken(path, at)
            length = int.from_bytes(head[8:16] if head[7] == 2 else head[4:7], "big")
            if not 20 <= length <= size - at:
                raise _broken(path, at)
            stream.seek(at + length - 4)
            if stream.read(4) != _END:
                raise _broken(path, at)
            if head[7] == 2 and not _sections_fit(stream, at + 16, at + length - 4):
                raise _broken(path, at)
            at += length


def _sections_fit(stream: BinaryIO, at: int, end: int) -> bool:
    """Return whether the sections of an edition 2 message fill it, with numbers from 1 to 7."""
    while at < end:
        stream.seek(at)
        head = stream.read(5)
        length = int.from_bytes(head[:4], "big")
        if length < 5 or not 1 <= head[4] <= 7:
            return False
        at += length
    return at == end


def _broken(path: Path, at: int) -> ConfigError:
    return ConfigError(
        "expected whole GRIB messages (edition 1 or 2); the file is cut off or damaged: fetch it again",
        source=str(path),
        key=f"byte {at + 1}",
    )
