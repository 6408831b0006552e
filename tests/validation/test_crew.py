"""The crew ledger beside published stays, revolutions and events.

| modelled | source of the numbers | tolerance |
| --- | --- | --- |
| days of stays | NASA and Roscosmos: Rubio 371, Vande Hei 355, MS-07 168, MS-21 195, Koch 328 | 0.6 days (cut) |
| revolutions | revolution numbers of the station's two-line elements, which count them | 1 revolution |
| seats of the MS-22 crew | Roscosmos and NASA: leak 2022-12-15, liner 2023-01-18, MS-23 docked 2023-02-26 | 1 day |
| passage of the plane over the zone | touchdowns near zhezkazgan-se (GCAT, spacefacts) | 5 to 25 min before |
"""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, timedelta

import pytest

from steppe.config.loader import load_zone
from steppe.crew.daylight import landing_days, node_rad
from steppe.crew.reading import parse_utc, read_ledger
from steppe.crew.records import Ledger
from steppe.crew.revolutions import bundled_motion, travelled
from steppe.crew.rules import find_violations

pytestmark = pytest.mark.validation


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return read_ledger()


@pytest.mark.parametrize(
    ("person", "launch", "days"),
    [
        ("Frank Rubio", "2022-09-21", 371),
        ("Mark Vande Hei", "2021-04-09", 355),
        ("Scott Tingle", "2017-12-17", 168),
        ("Oleg Artemyev", "2022-03-18", 195),
        ("Christina Koch", "2019-03-14", 328),
    ],
)
def test_days_of_known_stays(ledger: Ledger, person: str, launch: str, days: int) -> None:
    stay = next(s for s in ledger.stays if s.person == person and f"{s.launch_utc:%Y-%m-%d}" == launch)
    assert stay.days(ledger.coverage.last_utc) == pytest.approx(days, abs=0.6)


def test_the_mean_motion_alone_counts_what_the_catalogue_counts() -> None:
    """Between element sets less than 400 days apart the evenly changing rate is right to 1 revolution in 5700."""
    motion = bundled_motion()
    compared = 0
    for one, after in itertools.pairwise(motion.sets):
        days = (after.utc - one.utc) / timedelta(days=1)
        if days < 400.0:
            rate = 0.5 * (one.nodal_per_day + after.nodal_per_day)
            assert rate * days == pytest.approx(after.number - one.number, abs=1.0), one.utc
            compared += 1
    assert compared >= 20


def test_168_days_are_2616_revolutions_and_not_2688() -> None:
    """MS-07: the press has 2,688, which is 16 a day; the station makes 15.55 from node to node."""
    way = travelled(bundled_motion(), parse_utc("2017-12-17T07:21:01Z"), parse_utc("2018-06-03T12:39:13Z"))
    assert way.revolutions == pytest.approx(2616.2, abs=1.0)
    assert 168 * 16 == 2688
    # 2616 circles of 6,780 km radius
    assert way.distance_m == pytest.approx(2616.2 * 2.0 * math.pi * 6.782e6, rel=1e-3)
    assert not way.extrapolated


def test_the_leak_of_ms_22_replays(ledger: Ledger) -> None:
    window = parse_utc("2022-10-01T00:00Z"), parse_utc("2023-10-01T00:00Z")
    found = {
        (one.rule, one.subject): (f"{one.first_utc:%Y-%m-%d}", f"{one.last_utc:%Y-%m-%d}")
        for one in find_violations(ledger, *window)
    }
    assert found == {
        ("seat", "Sergey Prokopyev"): ("2022-12-15", "2023-02-26"),
        ("seat", "Dmitry Petelin"): ("2022-12-15", "2023-02-26"),
        ("seat", "Frank Rubio"): ("2022-12-15", "2023-01-18"),
        ("liner", "Frank Rubio"): ("2023-01-18", "2023-02-26"),
    }
    assert {s.person for s in ledger.stays if s.down_vehicle == "Soyuz MS-23"} == {
        "Sergey Prokopyev", "Dmitry Petelin", "Frank Rubio",
    }  # fmt: skip
    assert not any(s.down_vehicle == "Soyuz MS-22" or s.up_vehicle == "Soyuz MS-23" for s in ledger.stays)


def test_ships_that_outlived_the_limit(ledger: Ledger) -> None:
    window = ledger.coverage.first_utc, ledger.coverage.last_utc
    found = [one.subject for one in find_violations(ledger, *window) if one.rule == "life"]
    assert found == ["Crew Dragon Crew-8", "Soyuz MS-26", "Soyuz MS-27"]  # 235, 220 and 245 days; MS-23 flew its 215


@pytest.mark.parametrize(
    "touchdown", ["2018-06-03T12:39:13Z", "2018-12-20T05:02:48Z", "2020-02-06T09:12:21Z", "2022-09-29T10:57:11Z"]
)
def test_the_plane_passes_over_the_zone_before_a_real_touchdown(touchdown: str) -> None:
    """A capsule hangs 15 min under its canopies; 100 km to the side of the plane are 5 min more or less."""
    landed = parse_utc(touchdown)
    elements = bundled_motion().nearest(landed)
    window = landed - timedelta(days=2), landed + timedelta(days=2)
    days = landing_days(elements, load_zone("zhezkazgan-se"), *window, -9.0)
    nearest = min(days, key=lambda day: abs(day.utc - landed))
    assert timedelta(minutes=5) < landed - nearest.utc < timedelta(minutes=25)


def test_the_node_turns_as_said() -> None:
    """Turned on under J2 over at most 400 days the node is right to 10 deg a year (docs/models/crew-ledger.md)."""
    motion = bundled_motion()
    for one in motion.sets:
        for other in motion.sets:
            years = (other.utc - one.utc) / timedelta(days=365.25)
            if one.utc > datetime(2013, 1, 1, tzinfo=UTC) and 0.0 < years < 1.1:
                error = math.remainder(node_rad(one, other.utc) - other.node_rad, 2.0 * math.pi)
                assert abs(math.degrees(error)) < 10.0 * max(years, 0.1)
