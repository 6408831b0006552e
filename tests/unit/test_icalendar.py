"""Calendars keep RFC 5545."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from steppe.io.icalendar import CalendarEvent, calendar_text, escape, fold

_STAMP = datetime(2026, 2, 13, tzinfo=UTC)


def _unfold(text: str) -> str:
    return text.replace("\r\n ", "")


def _unescape(text: str) -> str:
    plain = {"n": "\n", "N": "\n"}
    parts, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            parts.append(plain.get(text[at], text[at]))
        else:
            parts.append(text[at])
        at += 1
    return "".join(parts)


@given(st.text(alphabet=st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",))))
def test_folding_loses_nothing_and_keeps_75_octets(line: str) -> None:
    folded = fold(line)
    assert _unfold(folded) == line
    assert all(len(piece.encode()) <= 75 for piece in folded.split("\r\n"))


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters="\n")))
def test_escaping_can_be_undone(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped and _unescape(escaped) == text


def test_a_calendar_has_what_the_standard_demands() -> None:
    moment = datetime(2018, 6, 3, 12, 39, 13, tzinfo=UTC)
    events = [CalendarEvent("b", moment, "Landing; home, at last", "One\nTwo"), CalendarEvent("a", _STAMP, "Later")]
    text = calendar_text(events, "Crews", _STAMP)
    assert text.endswith("END:VCALENDAR\r\n") and "\n" not in text.replace("\r\n", "")
    lines = _unfold(text).split("\r\n")
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//steppe//crew ledger//EN"]
    assert "DTSTART:20180603T123913Z" in lines and "DTSTAMP:20260213T000000Z" in lines
    assert r"SUMMARY:Landing\; home\, at last" in lines and r"DESCRIPTION:One\nTwo" in lines
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(set(uids)) == 2 and text == calendar_text(reversed(events), "Crews", _STAMP)
