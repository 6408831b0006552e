"""How times, differences and places are written for people."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from steppe.cli.timeline import clock, difference, event_label, number, place


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0, "0 s"),
        (0.4, "0 s"),
        (-0.4, "0 s"),
        (12.4, "+12 s"),
        (-75.0, "-75 s"),
        (600.0, "+0:10:00"),
        (-3725.0, "-1:02:05"),
    ],
)
def test_difference(seconds: float | None, text: str) -> None:
    assert difference(seconds) == text


def test_the_clock_rounds_and_shows_the_date_once() -> None:
    moment = datetime(2022, 9, 29, 23, 59, 59, 600_000, tzinfo=UTC)
    assert clock(moment, None) == "30 Sep\n00:00:00"
    assert clock(moment, date(2022, 9, 30)) == "00:00:00"
    assert clock(moment, date(2022, 9, 29)) == "30 Sep\n00:00:00"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(math.nan, 1, "–"), (math.inf, 1, "–"), (-0.04, 1, "0.0"), (-0.4, 1, "-0.4"), (7666.25, 1, "7 666.2")],
)
def test_number(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("latitude_deg", "longitude_deg", "text"),
    [
        (47.35, 69.6, "47.3500° N 69.6000° E"),
        (-33.9, -70.5, "33.9000° S 70.5000° W"),
        (0.0, 290.0, "0.0000° N 70.0000° W"),
    ],
)
def test_place(latitude_deg: float, longitude_deg: float, text: str) -> None:
    assert place(latitude_deg, longitude_deg) == text


def test_a_stage_that_the_registry_does_not_know_keeps_its_name() -> None:
    assert event_label("touchdown") == "Touchdown"
    assert event_label("drogue_disreefed") == "Drogue disreefed"
