"""Calendars as RFC 5545 wants them: CRLF, lines of at most 75 octets, texts escaped, stable UIDs, times in UTC."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from steppe.files import write_text

# RFC 5545, section 3.1: lines SHOULD NOT be longer than 75 octets, the line break not counted
_LINE_OCTETS: Final = 75
_CRLF: Final = "\r\n"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One event.

    Attributes
    ----------
    key
        What tells the event apart for ever, such as ``"Soyuz MS-07 landing"``; the UID is made of it.
    start, end
        Dates with a zone; without an end it is a moment.
    summary, description
        One line, and the rest.
    tentative
        Whether it is only proposed.
    """

    key: str
    start: datetime
    summary: str
    description: str = ""
    end: datetime | None = None
    tentative: bool = False


def calendar_text(events: Iterable[CalendarEvent], name: str, stamp: datetime) -> str:
    """Return a calendar.

    Parameters
    ----------
    events
        In any order; they are written in the order of time.
    name
        Name of the calendar.
    stamp
        Date of the information (DTSTAMP), so that the same data give the same bytes.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//steppe//crew ledger//EN", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{escape(name)}")
    for event in sorted(events, key=lambda one: (one.start, one.key)):
        lines += ["BEGIN:VEVENT", f"UID:{uid(event.key)}", f"DTSTAMP:{_utc(stamp)}", f"DTSTART:{_utc(event.start)}"]
        if event.end is not None:
            lines.append(f"DTEND:{_utc(event.end)}")
        lines.append(f"SUMMARY:{escape(event.summary)}")
        if event.description:
            lines.append(f"DESCRIPTION:{escape(event.description)}")
        lines += [f"STATUS:{'TENTATIVE' if event.tentative else 'CONFIRMED'}", "TRANSP:TRANSPARENT", "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return "".join(fold(line) + _CRLF for line in lines)


def write_calendar(events: Iterable[CalendarEvent], path: Path, name: str, stamp: datetime) -> None:
    """Write a calendar, whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_text(path, calendar_text(events, name, stamp))


def uid(key: str) -> str:
    """Return a UID (RFC 7986 asks for one without meaning) that is the same for the same key."""
    return hashlib.sha256(key.encode()).hexdigest()[:32] + "@steppe"


def escape(text: str) -> str:
    r"""Return a text as a TEXT value: ``\``, ``;``, ``,`` and line breaks escaped (section 3.3.11).

    Control characters other than line breaks may not stand in a calendar and become blanks.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(letter if letter == "\n" or (letter >= " " and letter != "\x7f") else " " for letter in text)
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line: str) -> str:
    """Return a line cut into pieces of at most 75 octets, never within a character, joined by CRLF and a blank."""
    pieces, piece, size = [], "", 0
    for letter in line:
        octets = len(letter.encode("utf-8"))
        if size + octets > _LINE_OCTETS:
            pieces.append(piece)
            piece, size = "", 1  # the blank that begins a continuation counts
        piece += letter
        size += octets
    return (_CRLF + " ").join([*pieces, piece])


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
