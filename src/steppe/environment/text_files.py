"""Text in the encodings that services, spreadsheets and shells write: UTF-8, UTF-16 with its mark, Windows-1252."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Bytes of no text: control characters other than tab, line feed, form feed and carriage return
_NO_TEXT: Final = bytes(set(range(32)) - {9, 10, 12, 13})


def encoding_of(start: bytes) -> str:
    """Return the encoding that the mark at the start of a file says; ``"utf-8"`` without one."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")


def text_of(content: bytes) -> str:
    """Return the text of a file: by its mark, else UTF-8, else Windows-1252 (a degree sign from a spreadsheet).

    Raises
    ------
    UnicodeDecodeError
        If it is none of these, or no text at all.
    """
    encoding = encoding_of(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8" or content.translate(None, _NO_TEXT) != content:
            raise
        return content.decode("cp1252")


def read_text(path: Path) -> str:
    """Return the text of a file, with plain ends of lines; errors as `text_of` and those of reading."""
    return text_of(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
