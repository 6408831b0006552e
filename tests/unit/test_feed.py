"""Telemetry that is wrong on purpose: what is believed, what is said of it, and that nothing holds the room up."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steppe.cli.control import open_mission
from steppe.errors import TelemetryError
from steppe.flight.estimation import Measurement
from steppe.server.order import AHEAD_S, KEPT, WINDOW_S, Order
from steppe.server.session import Options, Session, open_feed


@pytest.fixture(scope="module")
def opened() -> Session:
    return open_mission("ms-21", Options(samples=0), feed=True)


class Fed:
    """A feed that packets of the planned flight come to."""

    def __init__(self, opened: Session) -> None:
        self.session = open_feed(opened.plan, opened.prepared, Options(samples=0))
        self.feed = self.session.feed
        self.begin = opened.plan.event("entry_interface").time_s

    def packet(self, at_s: float, said_s: float | None = None, shift_m: float = 0.0, **more: Any) -> dict[str, Any]:
        """Return the state of the plan so many seconds after entry, saying that it is of another moment."""
        columns, plan = self.session.plan.track.columns, self.session.plan
        place, velocity = (
            [float(np.interp(self.begin + at_s, columns["time_s"], columns[name])) for name in names]
            for names in (("x_m", "y_m", "z_m"), ("vx_m_s", "vy_m_s", "vz_m_s"))
        )
        place[0] += shift_m
        utc = plan.utc_at(self.begin + (at_s if said_s is None else said_s)).isoformat()
        return {"time_utc": utc, "position_m": place, "velocity_m_s": velocity, **more}

    def take(self, *packets: dict[str, Any]) -> dict[str, Any]:
        return self.feed.take("\n".join(map(json.dumps, packets)).encode(), self.session.plan.epoch)

    def frame(self) -> dict[str, Any]:
        self.session.tick()
        found = self.session.frame()
        # what a stream carries, and what a page asks for
        json.dumps([found, self.feed.columns_document()], allow_nan=False)
        return found

    @property
    def moments(self) -> list[float]:
        return [round(one.time_s - self.begin, 3) for one in self.feed.seen]


@pytest.fixture
def fed(opened: Session) -> Fed:
    return Fed(opened)


def test_one_wrong_clock_does_not_stop_the_feed(fed: Fed) -> None:
    fed.take(*(fed.packet(n) for n in range(10)))
    begun = time.monotonic()
    assert fed.take(fed.packet(9.5, said_s=86400.0))["aside"] == 1
    assert time.monotonic() - begun < 2.0
    assert fed.feed.status(fed.feed.received_s).word == "TIME"
    assert fed.frame()["time_s"] - fed.begin < 12.1
    assert "ahead" in fed.feed.remarks[-1]
    assert fed.take(*(fed.packet(10.0 + n) for n in range(5)))["taken"] == 5
    assert fed.moments == [float(n) for n in range(15)]
    assert fed.feed.status(fed.feed.received_s).word == "FEED"


def test_a_wrong_first_packet_is_dismissed_by_the_third_that_agrees(fed: Fed) -> None:
    fed.take(fed.packet(0.0, said_s=86400.0))
    assert [fed.take(fed.packet(float(n)))["too_late"] for n in range(2)] == [1, 1]
    found = fed.take(fed.packet(2.0))
    assert found["dismissed"] == 1 and fed.moments == [0.0, 1.0, 2.0]
    assert any("was wrong" in one for one in fed.feed.remarks)
    assert fed.frame()["time_s"] - fed.begin < 5.0


def test_a_real_silence_is_believed_after_three(fed: Fed) -> None:
    fed.take(*(fed.packet(float(n)) for n in range(5)))
    later = AHEAD_S + 100.0
    assert [fed.take(fed.packet(later + n))["aside"] for n in range(3)] == [1, 2, 0]
    assert len(fed.moments) == 8
    assert any("gap of 696 s" in one or "gap of 697 s" in one for one in fed.feed.remarks)
    # the filter has begun anew: it does not claim to know the place from before
    assert fed.feed.estimates[5].position_sd_m == pytest.approx(100.0)
    assert None in fed.feed.columns_document()["columns"]["altitude_m"]


def test_an_old_recording_does_not_push_out_what_is_live(fed: Fed) -> None:
    fed.take(*(fed.packet(100.0 + n) for n in range(20)))
    assert fed.take(*(fed.packet(float(n)) for n in range(30)))["too_late"] == 30
    assert len(fed.moments) == 20 and fed.moments[0] == 100.0
    assert any("too late" in one for one in fed.feed.remarks)
    # what was there is there twice, however old
    assert fed.take(*(fed.packet(100.0 + n) for n in range(20)))["duplicates"] == 20


def test_an_ephemeris_of_long_steps_is_taken(fed: Fed) -> None:
    for number in range(8):
        fed.take(fed.packet(0.0, said_s=900.0 * number))
    assert len(fed.moments) == 8


def test_the_order_in_a_body_changes_nothing_but_the_count(fed: Fed, opened: Session) -> None:
    packets = [fed.packet(n / 50.0) for n in range(300)]
    begun = time.monotonic()
    found = fed.take(*packets[::-1])
    # made anew for each, it would be 45000 updates of 0.1 ms and more
    assert time.monotonic() - begun < 3.0
    assert (found["taken"], found["late"], found["too_late"]) == (300, 299, 0)
    straight = Fed(opened)
    straight.take(*packets)
    assert np.array_equal(fed.feed.estimates[-1].mean, straight.feed.estimates[-1].mean)


BAD_ERRORS = ({"position_sd_m": 1e308}, {"position_sd_m": 1e-300}, {"velocity_sd_m_s": 1e200}, {"position_sd_m": -1.0},
              {"velocity_sd_m_s": 0}, {"position_sd_m": "1"}, {"position_sd_m": [1]})  # fmt: skip


@pytest.mark.parametrize("more", BAD_ERRORS)
def test_an_error_that_is_none_is_refused_and_leaves_no_trace(fed: Fed, more: dict[str, Any]) -> None:
    fed.take(fed.packet(0.0))
    with pytest.raises(TelemetryError, match="line 2"):
        fed.take(fed.packet(1.0), fed.packet(2.0, **more))
    assert fed.moments == [0.0] and len(fed.feed.estimates) == 1


def test_a_state_that_falls_into_the_earth_leaves_numbers(fed: Fed) -> None:
    for start_m in (6.5e6, 6.4e6, 6.31e6):
        down = [{**fed.packet(0.0, said_s=400.0 * n), "position_m": [start_m, 0, 0], "velocity_m_s": [-15e3, 0, 0]}
                for n in range(4)]  # fmt: skip
        fed.take(*down)
        assert fed.frame()["values"]["altitude_m"] is not None
        fed.feed.states(fed.session.clock.time_s)


def test_a_silence_is_stale_after_a_minute_at_most(fed: Fed) -> None:
    fed.take(*(fed.packet(300.0 * n) for n in range(4)))
    assert fed.feed.status(time.monotonic() + 59.0).level == "normal"
    assert fed.feed.status(time.monotonic() + 61.0).word.startswith("STALE")
    # and nobody predicts for the 15 min that three intervals are, ten times a second
    assert fed.feed.now_s(time.monotonic() + 1000.0, 0.0) - fed.begin < 900.0 + 61.0


def test_a_tracker_that_repeats_itself_is_stale(fed: Fed) -> None:
    fed.take(*(fed.packet(float(n)) for n in range(5)))
    heard_s = fed.feed.received_s
    # the same packet, one from long ago, and one with a wrong clock: none is news
    for packet in (fed.packet(4.0), fed.packet(-300.0), fed.packet(4.0, said_s=90000.0)):
        fed.take(packet)
        assert fed.feed.received_s == heard_s
    assert fed.feed.status(heard_s + 4.0).word == "STALE 4 s"
    fed.take(fed.packet(5.0))
    assert fed.feed.received_s > heard_s


def test_a_remark_is_not_made_for_every_packet(fed: Fed) -> None:
    fed.take(*(fed.packet(100.0 + n) for n in range(20)))
    for number in range(50):
        fed.take(fed.packet(number / 10.0))
    assert len(fed.feed.remarks) == 1


def test_columns_are_made_once_for_all_who_ask(fed: Fed) -> None:
    fed.take(*(fed.packet(float(n)) for n in range(5)))
    assert fed.feed.columns_document() is fed.feed.columns_document()
    before = fed.feed.columns_document()
    fed.take(fed.packet(5.0))
    assert len(fed.feed.columns_document()["columns"]["time_s"]) == len(before["columns"]["time_s"]) + 1


def measured(time_s: float) -> Measurement:
    return Measurement(time_s, (7e6, 0.0, 0.0), None, 100.0, 1.0)


@given(st.lists(st.floats(-2e5, 2e5), max_size=60))
def test_whatever_comes_the_packets_stay_in_order_and_are_counted(times: list[float]) -> None:
    order = Order()
    for moment in times:
        before = list(order.seen)
        first = order.add(measured(moment))
        assert order.seen[:first] == before[:first]
    found = [one.time_s for one in order.seen]
    assert found == sorted(set(found))
    assert len(order.aside) <= 11 and min(order.duplicates, order.late, order.lost, order.dismissed) >= 0
    # each packet is in one place only
    assert len(found) + order.duplicates + order.dismissed <= len(times)


def test_the_oldest_are_forgotten() -> None:
    order = Order(seen=[measured(float(n)) for n in range(KEPT)])
    assert order.trim() == 0
    order.add(measured(float(KEPT)))
    assert order.trim() == KEPT // 10 and order.seen[0].time_s == KEPT // 10
    assert order.add(measured(KEPT - WINDOW_S - 5.0)) == len(order.seen) and order.duplicates == 1
