"""The rules of a feed one by one: what counts as twice there, as a contradiction, as wrong, and what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from steppe.cli.control import open_mission
from steppe.errors import TelemetryError
from steppe.flight.estimation import Measurement
from steppe.server import feed as feeds
from steppe.server import order as orders
from steppe.server.feed import Feed
from steppe.server.order import AHEAD_S, KEPT, Order
from steppe.server.session import Options, Session, open_feed
from steppe.server.telemetry import read_body


def measured(time_s: float, shift_m: float = 0.0, velocity: tuple[float, float, float] | None = None) -> Measurement:
    return Measurement(time_s, (7e6 + shift_m, 0.0, 0.0), velocity, 100.0, 1.0)


def ordered(*times: float) -> Order:
    order = Order()
    for one in times:
        order.add(measured(one))
    return order


def times_of(order: Order) -> list[float]:
    return [one.time_s for one in order.seen]


def test_the_same_moment_is_that_within_a_microsecond_on_both_sides() -> None:
    for again_s in (10.0 - 5e-7, 10.0 + 5e-7, 10.0):
        order = ordered(9.0, 10.0, 11.0, again_s)
        assert (order.duplicates, order.conflicts, len(order.seen)) == (1, 0, 3), again_s
    assert len(ordered(9.0, 10.0, 11.0, 10.0 + 2e-6).seen) == 4


@pytest.mark.parametrize(
    ("again", "conflicts"),
    [
        (measured(1.0, 0.5), 0),
        (measured(1.0, 2.0), 1),
        (measured(1.0, 0.0, (7000.0, 0.0, 0.0)), 0),
        (measured(1.0, 0.0, (7000.05, 0.0, 0.0)), 0),
        (measured(1.0, 0.0, (7001.0, 0.0, 0.0)), 1),
    ],
)
def test_two_of_one_moment_agree_or_contradict(again: Measurement, conflicts: int) -> None:
    order = Order()
    first = measured(1.0, 0.0, (7000.0, 0.0, 0.0))
    order.add(first)
    assert order.add(again) == 1
    assert order.seen == [first] and (order.conflicts, order.duplicates) == (conflicts, 1 - conflicts)


def test_a_shorter_run_behind_is_not_believed() -> None:
    """Five ahead, so it takes five behind: three are not enough."""
    ahead = [9000.0 + n for n in range(5)]
    order = ordered(*ahead, *(float(n) for n in range(4)))
    assert times_of(order) == ahead and order.dismissed == 0 and order.lost == 4
    order.add(measured(4.0))
    assert times_of(order) == [float(n) for n in range(5)]
    # those that came too late at first are used now
    assert order.dismissed == 5 and order.lost == 0


def test_more_than_ten_are_never_dismissed_and_what_waits_is_bounded() -> None:
    ahead = [9000.0 + n for n in range(11)]
    order = ordered(*ahead, *(float(n) for n in range(60)))
    assert times_of(order) == ahead and order.dismissed == 0
    assert len(order.aside) == 11


def test_what_fits_between_stays_when_others_are_dismissed() -> None:
    order = Order(seen=[measured(100.0), measured(90000.0)])
    for one in (99.0, 101.0, 102.0):
        order.add(measured(one))
    assert times_of(order) == [99.0, 100.0, 101.0, 102.0]


def test_no_more_is_kept_however_much_comes_at_once() -> None:
    order = Order(seen=[measured(float(n)) for n in range(KEPT + 5000)])
    assert order.trim() == 5000 and len(order.seen) == KEPT


def test_the_usual_interval_is_that_of_the_last_packets() -> None:
    assert ordered(*(float(n) for n in range(100)), *(100.0 + 10.0 * n for n in range(21))).period_s == 10.0


# --- the feed


@pytest.fixture(scope="module")
def opened() -> Session:
    return open_mission("ms-21", Options(samples=0), feed=True)


@pytest.fixture
def feed(opened: Session) -> Feed:
    return open_feed(opened.plan, opened.prepared, Options(samples=0)).feed


def body(opened: Session, *rows: tuple[float, float]) -> bytes:
    """Return packets of the plan, so many seconds after entry and so many metres aside."""
    columns, plan = opened.plan.track.columns, opened.plan
    begin = plan.event("entry_interface").time_s
    lines = []
    for at_s, shift_m in rows:
        place, velocity = (
            [float(np.interp(begin + at_s, columns["time_s"], columns[name])) for name in names]
            for names in (("x_m", "y_m", "z_m"), ("vx_m_s", "vy_m_s", "vz_m_s"))
        )
        place[0] += shift_m
        utc = plan.utc_at(begin + at_s).isoformat()
        lines.append(json.dumps({"time_utc": utc, "position_m": place, "velocity_m_s": velocity}))
    return "\n".join(lines).encode()


def sent(feed: Feed, opened: Session, *rows: tuple[float, float]) -> dict[str, Any]:
    return feed.take(body(opened, *rows), opened.plan.epoch)


def test_a_contradiction_is_told_and_the_first_stays(feed: Feed, opened: Session) -> None:
    sent(feed, opened, *((float(n), 0.0) for n in range(5)))
    last = feed.estimates[-1]
    found = sent(feed, opened, (4.0, 2000.0), (3.0, 0.0))
    assert (found["taken"], found["duplicates"], found["conflicts"]) == (0, 1, 1)
    assert feed.estimates[-1] is last
    assert any("contradict" in one and "2000 m" in one for one in feed.remarks)
    frame = feed.frame(opened.plan, opened.plan.event("entry_interface").time_s + 4.0, feed.received_s)
    assert frame["feed"]["conflicts"] == 1 and frame["feed"]["dropped"] == 2


def test_the_filter_begins_anew_after_a_long_silence(feed: Feed, opened: Session) -> None:
    sent(feed, opened, *((float(n), 0.0) for n in range(3)))
    sent(feed, opened, *((AHEAD_S + 50.0 + n, 0.0) for n in range(3)))
    # a first packet has no residual: nothing was predicted for it
    assert [one.residual_m == 0.0 for one in feed.estimates[3:]] == [True, False, False]


@pytest.mark.parametrize("problem", [OverflowError("inside"), np.linalg.LinAlgError("singular"), None])
def test_what_the_filter_cannot_do_is_a_jump(
    feed: Feed, opened: Session, monkeypatch: pytest.MonkeyPatch, problem: Exception | None
) -> None:
    sent(feed, opened, (0.0, 0.0))

    def fails(*_: Any) -> Any:
        if problem is None:
            return replace(feed.estimates[0], mean=np.full(9, np.nan))
        raise problem

    monkeypatch.setattr(feeds, "updated", fails)
    assert sent(feed, opened, (1.0, 0.0))["jumps"] == 1
    assert np.isfinite(feed.estimates[-1].mean).all() and feed.estimates[-1].jumped


def test_a_jump_is_counted_once_though_a_late_packet_makes_it_anew(feed: Feed, opened: Session) -> None:
    sent(feed, opened, *((float(n), 0.0) for n in range(6)))
    assert sent(feed, opened, (6.0, 50e3), (7.0, 0.0))["jumps"] == 1
    found = sent(feed, opened, (5.5, 0.0))
    assert found["late"] == 1 and found["jumps"] == 0 and feed.jumps == 1


def test_what_was_too_late_is_not_counted_backwards(feed: Feed, opened: Session) -> None:
    sent(feed, opened, (5000.0, 0.0))
    assert [sent(feed, opened, (float(n), 0.0))["too_late"] for n in range(3)] == [1, 1, 0]


def test_estimates_are_forgotten_with_their_packets(
    feed: Feed, opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "KEPT", 20)
    sent(feed, opened, *((float(n), 0.0) for n in range(30)))
    assert [one.time_s for one in feed.estimates] == [one.time_s for one in feed.seen] and len(feed.seen) == 20


def test_a_fast_feed_is_not_stale_between_two_frames(feed: Feed, opened: Session) -> None:
    sent(feed, opened, *((0.02 * n, 0.0) for n in range(30)))
    # three intervals of 20 ms would be less than a frame
    assert feed.gap_s == 1.5
    assert feed.status(feed.received_s + 1.0).level == "normal"


def test_marks_are_bounded(feed: Feed, opened: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_MARKS", 5)
    sent(feed, opened, *((20.0 - n, 0.0) for n in range(20)))
    assert len(feed.late_s) == 5


def test_nothing_is_said_of_a_motion_that_is_not_known(feed: Feed, opened: Session) -> None:
    begin = opened.plan.event("entry_interface").time_s
    place = {"time_utc": opened.plan.utc_at(begin).isoformat(), "latitude_deg": 34.0, "longitude_deg": 40.0}
    feed.take(json.dumps({**place, "altitude_m": 99e3}).encode(), opened.plan.epoch)
    values = feed.frame(opened.plan, begin, feed.received_s)["values"]
    assert values["altitude_m"] == pytest.approx(99e3, abs=1.0)
    assert values["airspeed_m_s"] is None and values["heat_flux_w_m2"] is None
    nothing = feed.values(replace(feed.estimates[-1], mean=np.full(9, np.nan)))
    json.dumps(nothing, allow_nan=False)


def test_a_frame_of_a_silent_feed_says_so(feed: Feed, opened: Session) -> None:
    assert feed.frame(opened.plan, 0.0, 0.0)["state"]["word"] == "NO TELEMETRY"
    sent(feed, opened, *((float(n), 0.0) for n in range(3)))
    begin = opened.plan.event("entry_interface").time_s
    assert feed.frame(opened.plan, begin, feed.received_s)["state"]["word"] == "TELEMETRY"
    assert feed.frame(opened.plan, begin, feed.received_s + 9.0)["state"]["word"] == "STALE 9 s"


# --- packets

PLACE = '"time_utc": "2022-09-29T10:00:00Z", "latitude_deg": 34, "longitude_deg": 40, "altitude_m": 1e5'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{" + PLACE + "}" + " " * 4000, "longer than 4000"),
        ("[" * 3990, "not JSON"),
        ("{" + PLACE.replace("34", "91") + "}", "latitude 91"),
        ("{" + PLACE.replace("40", "361") + "}", "longitude 361"),
        ("{" + PLACE.replace("1e5", "1e9") + "}", "1.00637e+06 km from the centre"),
        ("{" + PLACE.replace("1e5", "-1e5") + "}", "km from the centre"),
        ("{" + PLACE.replace("1e5", "true") + "}", "altitude_m is missing or no finite number"),
        ("{" + PLACE + ', "position_m": [7e6, 0]}', "expected three numbers"),
        ("{" + PLACE + ', "position_m": [7e6, 0, 0], "velocity_m_s": [15001, 0, 0]}', "faster than 15 km/s"),
    ],
)
def test_a_packet_that_cannot_be_is_refused(text: str, words: str) -> None:
    with pytest.raises(TelemetryError) as problem:
        read_body(text.encode(), datetime(2022, 9, 29, 10, tzinfo=UTC))
    assert words in str(problem.value) and "line 1" in str(problem.value)


def test_a_mark_of_the_byte_order_is_no_letter() -> None:
    (found,), _ = read_body(b"\xef\xbb\xbf{" + PLACE.encode() + b"}", datetime(2022, 9, 29, 10, tzinfo=UTC))
    assert found.time_s == 0.0
