"""The control room without a browser: session, commands and their log, telemetry and what is wrong with it, headers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steppe.cli.control import open_mission
from steppe.server.app import LARGEST_TELEMETRY, build
from steppe.server.clock import Clock
from steppe.server.ring import Ring
from steppe.server.session import Options, Session, open_feed, open_session

testclient = pytest.importorskip("starlette.testclient")

TOKEN = "a-token-for-tests"
HEAD = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
BASE = "http://127.0.0.1:8472"


@pytest.fixture(scope="module")
def opened() -> Session:
    """What is flown once for all tests; each takes a session of its own over it."""
    return open_mission("ms-21", Options(samples=0), first="guidance_start")


@pytest.fixture
def session(opened: Session, tmp_path: Path) -> Session:
    begin = opened.flight.event("guidance_start").time_s
    options = Options(rate=1.0, start_s=begin, samples=0, playing=False, out=tmp_path / "record")
    return open_session(opened.flight, opened.prepared, "simulation", options)


@pytest.fixture
def client(session: Session) -> Iterator[Any]:
    with testclient.TestClient(build(session, TOKEN), base_url=BASE) as made:
        yield made


@pytest.fixture
def feed(opened: Session) -> Iterator[tuple[Any, Session]]:
    session = open_feed(opened.flight, opened.prepared, Options(samples=0))
    with testclient.TestClient(build(session, TOKEN), base_url=BASE) as made:
        yield made, session


def order(client: Any, **body: Any) -> Any:
    return client.post("/api/command", json=body, headers=HEAD)


def taken(client: Any, operator: str = "Anna") -> str:
    return str(order(client, action="take", operator=operator).json()["lease"])


def test_every_answer_forbids_what_the_page_does_not_need(client: Any) -> None:
    for path in ("/", "/static/control.js", "/static/control.css", "/api/meta", "/api/nothing"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert client.get("/static/../app.py").status_code == 404


def test_another_host_name_is_refused(client: Any) -> None:
    assert client.get("/api/meta", headers={"host": "evil.example:8472"}).status_code == 421
    assert client.get("/api/meta", headers={"host": "localhost:8472"}).status_code == 200
    assert client.get("/api/meta", headers={"host": "[::1]:8472"}).status_code == 200


def test_the_page_asks_nobody_else(client: Any) -> None:
    text = client.get("/").text + client.get("/static/control.css").text
    assert not re.search(r"https?://", text)


def test_the_frame_at_a_sample_is_its_row(client: Any, session: Session) -> None:
    columns = session.flight.track.columns
    row = int(np.searchsorted(columns["time_s"], session.clock.time_s)) + 7
    session.shown_s = session.clock.last_s
    lease = taken(client)
    assert order(client, action="seek", time_s=float(columns["time_s"][row]), lease=lease).json()["ok"]
    values = session.frame()["values"]
    for name, value in values.items():
        assert value == columns[name][row] or (value is None and np.isnan(columns[name][row]))


def frames(text: str) -> list[tuple[str, int, dict[str, Any]]]:
    parts = re.findall(r"id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n", text)
    return [(kind, int(number), json.loads(body)) for number, kind, body in parts]


def test_a_replay_resumes_without_gap_or_duplicate(client: Any, session: Session) -> None:
    session.shown_s = session.clock.last_s
    begin = session.flight.event("soft_landing_ignition").time_s - 40.0
    path = f"/api/stream?from={begin}&rate=100"
    whole = frames(client.get(path).text)
    assert whole[-1][0] == "end"
    assert [number for _, number, _ in whole] == list(range(len(whole)))
    rest = frames(client.get(path, headers={"last-event-id": "1"}).text)
    assert rest == whole[2:]
    assert frames(client.get(path + "&id=1").text) == rest


@pytest.mark.parametrize("query", ["from=x", "from=nan", "from=0&rate=0", "from=0&rate=1e9", "id=-1", "id=9e9"])
def test_a_stream_asked_wrongly_says_so(client: Any, query: str) -> None:
    answer = client.get(f"/api/stream?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_history_is_what_was_shown_and_of_the_columns_that_are_asked(client: Any, session: Session) -> None:
    columns, now_s = session.flight.track.columns, session.clock.time_s
    found = client.get(f"/api/history?names=mach,load_g&from={now_s - 20.0}&to={now_s + 500.0}").json()
    keep = (columns["time_s"] >= now_s - 20.0) & (columns["time_s"] <= now_s)
    assert list(found["columns"]) == ["time_s", "mach", "load_g"] and keep.sum() > 3
    assert found["columns"]["mach"] == columns["mach"][keep].tolist()
    whole = client.get("/api/history").json()["columns"]
    assert set(whole) == set(columns) and max(whole["time_s"]) <= now_s
    wrong = client.get("/api/history?names=machh")
    assert wrong.status_code == 400 and "'mach'" in wrong.json()["error"]
    assert client.get("/api/history?from=-1e308&to=1e308&names=mach").status_code == 200
    assert client.get("/api/history?from=inf").status_code == 400


def test_history_of_telemetry_is_telemetry(feed: tuple[Any, Session]) -> None:
    client, session = feed
    assert client.get("/api/history").json()["columns"]["time_s"] == []
    begin = session.plan.event("entry_interface").time_s
    post(client, "\n".join(packet(session, begin + n, 5000.0) for n in range(10)))
    session.shown_s = begin + 9.5
    found = client.get("/api/history?names=altitude_m,bank_deg").json()["columns"]
    assert found["time_s"] == pytest.approx([begin + n for n in range(10)], abs=1e-5)
    # it is 5 km beside the plan, and telemetry tells no bank angle
    told = session.feed.columns_document()["columns"]["altitude_m"]
    assert found["altitude_m"] == told and found["bank_deg"] == [None] * 10


def test_one_commands_and_the_others_watch(client: Any, session: Session) -> None:
    assert client.post("/api/command", json={"action": "take", "operator": "Eve"}).status_code == 401
    wrong = {"authorization": "Bearer wrong"}
    assert client.post("/api/command", json={"action": "hold"}, headers=wrong).status_code == 401
    # a lease that nobody holds has no key, not an empty one
    assert order(client, action="play", lease="").status_code == 409 and not session.clock.playing
    lease = taken(client)
    other = order(client, action="take", operator="Boris")
    assert other.status_code == 409 and "Anna commands" in other.json()["error"]
    assert order(client, action="play", lease="x").status_code == 409
    assert order(client, action="play", lease=lease).json()["ok"]
    assert order(client, action="rate", value=50, lease=lease).json()["ok"]
    assert session.clock.rate == 50.0
    assert order(client, action="hold", lease=lease).json()["ok"]
    assert order(client, action="release", lease=lease).json()["ok"]
    assert taken(client, "Boris")


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"{", b'{"action": 1}', b'{"action": "explode"}', b'{"action": "rate", "value": "fast"}']
)
def test_a_broken_order_is_answered(client: Any, body: bytes) -> None:
    answer = client.post("/api/command", content=body, headers=HEAD)
    assert answer.status_code in (400, 409)
    assert answer.json()["error"]


def test_a_command_changes_only_what_was_not_shown_and_is_recorded(client: Any, session: Session) -> None:
    before = session.flight
    lease = taken(client)
    answer = order(client, action="ballistic", lease=lease).json()
    assert answer["ok"]
    assert session.version == 1
    count = int(np.searchsorted(before.track.columns["time_s"], answer["effective_s"], side="right"))
    for name, column in before.track.columns.items():
        assert np.array_equal(column[:count], session.flight.track.columns[name][:count], equal_nan=True)
    assert session.flight.peaks.load_g > before.peaks.load_g + 1.0
    again = order(client, action="ballistic", lease=lease)
    assert again.status_code == 409 and "already" in again.json()["error"]
    # the clock was stopped at the moment of effect, and goes on
    assert session.clock.cap_s == float("inf")
    assert order(client, action="wind", east_m_s=15.0, north_m_s=0.0, lease=lease).json()["ok"]
    record = session.options.out
    log = json.loads((record / "commands.json").read_text("utf-8"))["commands"]
    assert [(one["operator"], one["action"]) for one in log if "effective_s" in one] == [
        ("Anna", "ballistic"), ("Anna", "wind"),
    ]  # fmt: skip
    assert all(one["utc"].endswith("Z") for one in log)
    notes = json.loads((record / "events.json").read_text("utf-8"))["notes"]
    assert sum(note.startswith("Commanded by Anna") for note in notes) == 2


def test_who_looks_at_the_past_cannot_command(client: Any, session: Session) -> None:
    lease = taken(client)
    order(client, action="seek", time_s=session.clock.time_s - 500.0, lease=lease)
    answer = order(client, action="ballistic", lease=lease)
    assert answer.status_code == 409 and "past" in answer.json()["error"]


def packet(session: Session, time_s: float, shift_m: float = 0.0) -> str:
    columns = session.plan.track.columns

    def at(names: str) -> list[float]:
        return [float(np.interp(time_s, columns["time_s"], columns[name])) for name in names.split()]

    place = at("x_m y_m z_m")
    place[0] += shift_m
    utc = session.plan.utc_at(time_s).isoformat()
    return json.dumps({"time_utc": utc, "position_m": place, "velocity_m_s": at("vx_m_s vy_m_s vz_m_s")})


def post(client: Any, body: str | bytes) -> Any:
    return client.post("/api/telemetry", content=body, headers=HEAD)


def test_telemetry_is_put_in_order_and_counted(feed: tuple[Any, Session]) -> None:
    client, session = feed
    begin = session.plan.event("entry_interface").time_s
    assert session.feed.status(time.monotonic()).level == "off"
    moments = [begin, begin + 1, begin + 3, begin + 2, begin + 3, begin + 4]
    answer = post(client, "\n".join(packet(session, moment) for moment in moments)).json()
    assert (answer["taken"], answer["duplicates"], answer["late"]) == (5, 1, 1)
    assert [one.time_s for one in session.feed.seen] == pytest.approx([begin + n for n in range(5)], abs=1e-5)
    straight = post(client, packet(session, begin - 100.0)).json()
    assert straight["too_late"] == 1
    jump = post(client, packet(session, begin + 5.0, 50e3)).json()
    assert jump["jumps"] == 1
    assert session.feed.status(time.monotonic()).level == "caution"
    assert any(one["level"] == "caution" for one in session.messages)
    far = post(client, "\n".join(packet(session, begin + 60.0 + n) for n in range(3))).json()
    assert far["taken"] == 3
    columns = session.feed.columns_document()["columns"]
    assert None in columns["altitude_m"]
    assert session.feed.status(time.monotonic() + 30.0).word.startswith("STALE 3")


def test_the_estimate_is_shown_beside_the_plan(feed: tuple[Any, Session]) -> None:
    client, session = feed
    begin = session.plan.event("entry_interface").time_s + 100.0
    post(client, "\n".join(packet(session, begin + n) for n in range(30)))
    values = session.feed.frame(session.plan, begin + 29.0, time.monotonic())["values"]
    columns = session.plan.track.columns
    for name, near in (("altitude_m", 30.0), ("airspeed_m_s", 2.0), ("heading_deg", 0.05), ("load_g", 0.25)):
        assert values[name] == pytest.approx(np.interp(begin + 29.0, columns["time_s"], columns[name]), abs=near)


def test_telemetry_takes_no_orders(feed: tuple[Any, Session]) -> None:
    client, session = feed
    before, lease = session.flight, taken(client)
    for action, words in (("ballistic", "no simulation"), ("hold", "clock is that of the telemetry")):
        answer = order(client, action=action, lease=lease)
        assert answer.status_code == 409 and words in answer.json()["error"].replace("not a", "no")
    assert session.flight is before and session.version == 0


def test_an_ephemeris_message_is_taken(feed: tuple[Any, Session], tmp_path: Path) -> None:
    from steppe.io.ccsds import write_oem

    client, session = feed
    (tmp_path / "oem").mkdir()
    write_oem(session.plan, tmp_path / "oem")
    text = next((tmp_path / "oem").glob("*capsule*.oem")).read_text("utf-8")
    answer = post(client, text)
    assert answer.status_code == 200, answer.text
    assert answer.json()["taken"] > 100
    told = [one for one in session.messages if "telemetry is of Soyuz MS-21" in one["text"]]
    assert [one["level"] for one in told] == ["normal"]


BAD = {
    "malformed": ("{", "line 1: not JSON"),
    "no number": ('{"time_utc": "2022-09-29T10:00:00Z", "position_m": [NaN, 0, 0]}', "NaN"),
    "no zone": ('{"time_utc": "2022-09-29T10:00:00", "position_m": [7e6, 0, 0]}', "time_utc"),
    "kilometres": ('{"time_utc": "2022-09-29T10:00:00Z", "position_m": [6700, 0, 0]}', "metres"),
    "another day": ('{"time_utc": "2023-09-29T10:00:00Z", "position_m": [7e6, 0, 0]}', "another mission"),
    "no position": ('{"time_utc": "2022-09-29T10:00:00Z"}', "latitude_deg"),
    "a list": ("[1, 2]", "expected a JSON object"),
    "nothing": ("  \n ", "holds no state"),
    "no text": (b"\xff\xfe\x00", "UTF-8"),
    "a broken message": ("CCSDS_OEM_VERS = 2.0\nnonsense", "telemetry"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_telemetry_is_refused_whole(feed: tuple[Any, Session], name: str) -> None:
    client, session = feed
    body, words = BAD[name]
    good = packet(session, session.plan.event("entry_interface").time_s)
    if isinstance(body, str) and name not in ("malformed", "a broken message", "nothing"):
        body = f"{good}\n{body}"
    answer = post(client, body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert session.feed.seen == []


def test_telemetry_needs_its_token_and_a_size(feed: tuple[Any, Session], client: Any) -> None:
    fed, _ = feed
    assert fed.post("/api/telemetry", content="{}").status_code == 401
    assert fed.post("/api/telemetry", content="{}", headers={"authorization": "Bearer no"}).status_code == 401
    assert post(fed, b" " * (LARGEST_TELEMETRY + 1)).status_code == 413
    # a session that takes none says how to start one that does
    answer = post(client, "{}")
    assert answer.status_code == 409 and "--feed" in answer.json()["error"]


def test_the_clock_stops_at_its_cap_and_at_the_end() -> None:
    clock = Clock(0.0, 100.0, 10.0, rate=10.0)
    clock.advance(5.0)
    assert clock.advance(6.0) == 20.0
    clock.cap_s = 25.0
    assert clock.advance(7.0) == 25.0 and clock.waiting
    clock.cap_s = float("inf")
    assert clock.advance(100.0) == 100.0
    clock.playing = False
    assert clock.advance(200.0) == 100.0


def test_a_slow_reader_of_the_ring_is_told_what_it_lost() -> None:
    async def read() -> list[str]:
        ring, found = Ring(kept=5), []
        for number in range(12):
            ring.publish("frame", {"n": number})
        async for item in ring.read(3, lambda: len(found) >= 6):
            found.append(item)
            if len(found) == 6:
                break
        return found

    # in a thread: a browser of the page tests may keep a loop running in this one
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: asyncio.run(read())).result()
    assert json.loads(found[0].split("data: ")[1]) == {"from": 4, "to": 7}
    assert [json.loads(one.split("data: ")[1])["n"] for one in found[1:]] == [7, 8, 9, 10, 11]


def test_a_campaign_gives_its_band(opened: Session, tmp_path: Path) -> None:
    from steppe.cli.main import run
    from steppe.server.band import band_of

    assert run(["disperse", "ms-21", "-n", "4", "--seed", "5", "--out", str(tmp_path / "campaign")]) == 0
    band = band_of(tmp_path / "campaign", opened.plan)
    columns, times = opened.plan.track.columns, np.array(band["time_s"])
    middle = np.searchsorted(times, opened.plan.event("entry_interface").time_s + 200.0)
    plan = np.interp(times[middle], columns["time_s"], columns["altitude_m"])
    # four flights with an entry time known to seconds: the plan lies inside, the band is a few km wide
    assert band["altitude_m"]["low"][middle] < plan < band["altitude_m"]["high"][middle]
    assert 0.0 < band["altitude_m"]["high"][middle] - band["altitude_m"]["low"][middle] < 20e3
