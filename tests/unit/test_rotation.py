"""Proposed rotations keep what they promise, and say what breaks."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from steppe.cli.main import run
from steppe.crew.consequences import if_lost, if_slipped
from steppe.crew.daylight import LandingDay, landing_days, sure_days
from steppe.crew.reading import read_ledger
from steppe.crew.revolutions import ElementSet, bundled_motion
from steppe.crew.rotation import Rotation, propose
from steppe.crew.rotation_products import rotation_csv, rotation_events
from steppe.errors import PlanError

_FIRST, _LAST = datetime(2026, 2, 14, tzinfo=UTC), datetime(2027, 6, 30, tzinfo=UTC)
_STEP = timedelta(days=1)


@pytest.fixture(scope="module")
def elements() -> ElementSet:
    return bundled_motion().sets[-1]


@pytest.fixture(scope="module")
def rotation(elements: ElementSet) -> Rotation:
    return propose(read_ledger(), elements, _FIRST, _LAST)


def test_every_ship_keeps_life_handover_and_spacing(rotation: Rotation) -> None:
    for name, plan in rotation.plans.items():
        flights = [one for one in rotation.flights if one.family.name == name]
        assert flights[0].flying and flights[-1].landing >= _LAST - _STEP
        assert all(0 < one.days <= one.family.life_days for one in flights)
        for one, after in itertools.pairwise(flights):
            low, high = plan.overlap_days
            assert low <= (one.landing - after.docking) // _STEP <= high
            assert after.launch - one.launch >= plan.spacing_days * _STEP


def test_landings_are_by_day_with_a_margin(rotation: Rotation) -> None:
    landings = [one for one in rotation.flights if one.family.name == "Soyuz MS"]
    days = {day.utc.date() for day in rotation.daylight["Soyuz MS"]}
    for one in landings:
        assert one.passing is not None and one.passing.sun_elevation_rad > 0.0
        assert one.passing.utc.date() == one.landing.date()
        assert all(one.landing.date() + shift * _STEP in days for shift in range(-5, 6))
    assert all(one.passing is None for one in rotation.flights if one.family.name == "Crew Dragon")


def test_no_two_events_are_too_near(rotation: Rotation) -> None:
    landings = [one.landing for one in rotation.flights]
    launches = [one.launch for one in rotation.flights if not one.flying]
    for one, other in itertools.combinations(sorted(landings + launches), 2):
        assert other - one >= rotation.separation_days * _STEP


def test_the_same_window_gives_the_same_schedule(rotation: Rotation, elements: ElementSet) -> None:
    assert rotation.optimal
    assert propose(read_ledger(), elements, _FIRST, _LAST).flights == rotation.flights


def test_a_ship_beyond_its_life_stops_the_plan(elements: ElementSet) -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)
    with pytest.raises(PlanError, match=r"MS-28 has been in space for 359 days .* the ledger ends on 2026-02-13"):
        propose(read_ledger(), elements, start, start + timedelta(days=300))


def test_wishes_that_exclude_each_other(elements: ElementSet) -> None:
    ledger = read_ledger()
    plan = {**ledger.rotation["Soyuz MS"], "overlap_days": [190, 195], "spacing_days": 200}
    with pytest.raises(PlanError, match="no schedule"):
        propose(replace(ledger, rotation={"Soyuz MS": plan}), elements, _FIRST, _LAST)


def test_a_slip_out_of_life_and_daylight_is_seen(rotation: Rotation) -> None:
    flight = next(one for one in rotation.flights if one.vehicle == "Soyuz MS-29")
    late = replace(flight, landing=flight.launch + int(flight.family.life_days) * _STEP)
    only = [LandingDay(late.landing, 0.1), LandingDay(late.landing + 9 * _STEP, 0.1)]
    changed = replace(rotation, flights=(late,), daylight={"Soyuz MS": only})
    found = if_slipped(changed)[0]
    day = (late.landing + 9 * _STEP).date()
    assert found["breaks"] == ["the ship exceeds its life by 2 days", f"no landing by day before {day}"]


def test_a_lost_ship_is_counted_through(rotation: Rotation) -> None:
    found = {one["vehicle"]: one["launch_fails"] for one in if_lost(rotation)}
    # MS-28 left on 2025-11-27 and may stay 215 days; a relief needs 1 day to dock and 5 to hand over
    assert "may wait until 2026-06-30, so a replacement must launch by 2026-06-24" in found["Soyuz MS-29"]
    assert found["Soyuz MS-28"] is None


def test_days_near_an_edge_are_not_sure(elements: ElementSet) -> None:
    start = elements.utc + timedelta(days=900)
    days = [LandingDay(start + shift * _STEP, 0.2) for shift in range(20)]
    sure = sure_days(days, elements)
    assert [day.utc for day in sure] == [day.utc for day in days[5:15]]  # 900 days: 4.1 days, so 5


def test_the_plane_meets_the_zone_once_a_day_and_earlier_each_time(elements: ElementSet) -> None:
    from steppe.config.loader import load_zone

    start = elements.utc
    days = landing_days(elements, load_zone("zhezkazgan-se"), start, start + timedelta(days=60), -2.0)
    steps = [(after.utc - one.utc) / timedelta(minutes=1) for one, after in itertools.pairwise(days)]
    earlier = [1440.0 - step for step in steps if step < 1441.0]
    # The Earth turns 360.99 deg in a day and the node -4.97: the next meeting is 1 - 360 / 365.95 days earlier
    assert len(earlier) >= 57 and all(value == pytest.approx(23.4, abs=0.1) for value in earlier)


def test_a_zone_beyond_the_orbit_is_refused(elements: ElementSet) -> None:
    from steppe.config.loader import load_zone

    zone = load_zone("zhezkazgan-se").model_copy(update={"latitude_deg": 60.0})
    with pytest.raises(PlanError, match="lies beyond the orbit"):
        landing_days(elements, zone, _FIRST, _LAST)


def test_products_name_every_ship(rotation: Rotation) -> None:
    table, events = rotation_csv(rotation), rotation_events(rotation)
    assert len({event.key for event in events}) == len(events)
    for flight in rotation.flights:
        assert flight.vehicle in table
        assert any(event.key == f"{flight.vehicle} proposed landing" for event in events)
    assert all(event.tentative for event in events)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    window = ["rotation", "--from", "2026-02-14", "--to", "2026-12-01"]
    assert run([*window, "--json", "--out", str(tmp_path / "plan")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"flights", "if_lost", "if_slipped", "off_target_days", "notes"} <= set(answer)
    written = sorted(path.name for path in (tmp_path / "plan").iterdir())
    assert written == ["rotation.csv", "rotation.ics", "rotation.png"]
    assert math.isfinite(answer["flights"][0]["sun_deg"])
    assert run(["rotation", "--from", "2026-11-21", "--to", "2027-12-01"]) == 2
    assert "error: Soyuz MS-28 has been in space" in capsys.readouterr().err
    assert run(["rotation", "--from", "2027-01-01", "--to", "2026-01-01"]) == 1
    assert run(["rotation", "--from", "soon", "--to", "2026-01-01"]) == 1
