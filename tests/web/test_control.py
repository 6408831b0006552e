"""The control room in a real browser: it shows the rows, asks nobody, survives a cut, says when it is stale."""

from __future__ import annotations

import csv
import io
import json
import math
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest_web import contrast

from steppe.cli.control import open_mission
from steppe.cli.main import run
from steppe.server.session import Options, Session

pytest.importorskip("starlette")
uvicorn = pytest.importorskip("uvicorn")

TOKEN = "a-token-for-tests"
EVENTS = ("deorbit_ignition", "entry_interface", "peak_load", "main_inflated", "touchdown")


class Served:
    """A server in a thread of its own, which can be cut off and come back with the same session."""

    def __init__(self, session: Session) -> None:
        from steppe.server.app import build

        self.session = session
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.app = build(session, TOKEN)
        self.start()

    def start(self) -> None:
        self.session.closing = False
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=self.port, log_level="error", timeout_graceful_shutdown=1, ws="none"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        for _ in range(200):
            if self.server.started:
                return
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        self.session.closing = True
        self.server.should_exit = True
        self.thread.join(10)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("control") / "ms-21"
    assert run(["fly", "ms-21", "--out", str(out), "--no-figure"]) == 0
    return out


@pytest.fixture(scope="module")
def replayed(folder: Path) -> Iterator[Served]:
    """A stored flight, held."""
    served = Served(open_mission(str(folder), Options(rate=1.0, playing=False)))
    yield served
    served.stop()


@pytest.fixture
def simulated() -> Iterator[Served]:
    served = Served(open_mission("ms-21", Options(rate=10.0, samples=0), first="guidance_start"))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def manned(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A stored flight with a campaign beside it and two posts by hand, held at the peak load."""
    from steppe.config.loader import load_recovery
    from steppe.ground.reach import Place
    from steppe.ground.response import Posted
    from steppe.ground.setup import Post

    campaign = tmp_path_factory.mktemp("control") / "campaign"
    assert run(["disperse", "ms-21", "-n", "12", "--seed", "5", "--out", str(campaign)]) == 0
    session = open_mission(str(folder), Options(rate=1.0, playing=False, campaign=campaign), first="peak_load")
    zone = session.flight.mission.zone
    near = Place("7 km N, guided side", zone.latitude_deg + 0.063, zone.longitude_deg, "guided", False)
    far = Place("150 km W, guided side", zone.latitude_deg, zone.longitude_deg - 2.0, "guided", False)
    away = Place("away", 20.0, 60.0, "ballistic", False)
    posts = (
        Post("mi-8", near, 2),
        Post("pem", near, 1),
        Post("mi-8", far, 1),
        Post("mi-8", away, 1),
        Post("an-26", far, 1),
    )
    session.outlook.posted = Posted(load_recovery("soyuz-kazakhstan"), posts, "Posted by hand")
    served = Served(session)
    yield served
    served.stop()


def opened(watched: Any, served: Served, fragment: str = "theme=light") -> Any:
    # the page of the test before is gone, its lease would last a minute more
    served.session.lease.release()
    watched.page.goto(f"{served.address}#{fragment}&token={TOKEN}&operator=tester")
    watched.page.wait_for_selector("html[data-ready=yes]")
    return watched.page


def sent(page: Any, **order: Any) -> Any:
    return page.evaluate("(order) => window.steppe.orders.send(order)", order)


def gone_to(page: Any, time_s: float) -> None:
    sent(page, action="seek", time_s=time_s)
    page.wait_for_function("(t) => Number(document.documentElement.dataset.time) === t", arg=time_s)


def shown(page: Any, name: str) -> float:
    return float(page.inner_text(f"[data-value={name}]").replace("−", "-").split("°")[0])


def test_the_digitals_equal_the_parquet_rows(watched: Any, replayed: Served, folder: Path) -> None:
    page = opened(watched, replayed)
    table = pq.read_table(folder / "flight.parquet")
    capsule = table.filter(np.array(table["body"].to_pylist()) == "capsule")
    times = capsule["time_s"].to_numpy()
    for event in EVENTS[1:4]:
        row = int(np.searchsorted(times, replayed.session.flight.event(event).time_s)) + 3
        gone_to(page, float(times[row]))
        for name, factor, digits in (
            ("altitude_m", 1e-3, 3), ("ground_speed_m_s", 1, 1), ("airspeed_m_s", 1, 1), ("vertical_speed_m_s", 1, 1),
            ("load_g", 1, 2), ("mach", 1, 2), ("heat_flux_w_m2", 1e-4, 1), ("dynamic_pressure_pa", 1e-3, 2),
        ):  # fmt: skip
            assert shown(page, name) == pytest.approx(capsule[name][row].as_py() * factor, abs=0.51 * 10**-digits), name
        # the frame itself carries every bit
        values = page.evaluate("window.steppe.model.frame.values")
        for name, value in values.items():
            assert value == capsule[name][row].as_py() or (value is None and np.isnan(capsule[name][row].as_py()))


def test_it_asks_nobody_and_complains_of_nothing(watched: Any, replayed: Served) -> None:
    page = opened(watched, replayed)
    for key in "1234567":
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    assert watched.complaints == []
    assert [one for one in watched.requests if not one.startswith((replayed.address, "data:", "blob:"))] == []
    policy = page.evaluate("fetch('/').then((one) => one.headers.get('content-security-policy'))")
    assert "default-src 'self'" in policy and "unsafe" not in policy


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080)])
def test_one_screen_without_scroll_bars_that_can_be_read(
    watched: Any, replayed: Served, theme: str, width: int, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    opened(watched, replayed, f"theme={theme}")
    for event in EVENTS:
        gone_to(page, replayed.session.flight.event(event).time_s)
        page.wait_for_timeout(60)
        overflow = """() => [...document.querySelectorAll('html, body, main, .left, .right, .block, .holder')]
          .filter((one) => one.scrollHeight > one.clientHeight + 2 || one.scrollWidth > one.clientWidth + 2)
          .map((one) => one.id || one.className || one.tagName)"""
        assert page.evaluate(overflow) == [], event
    for colour in ("--ink", "--soft", "--limit", "--good", "--bad", "--warning", "--serious"):
        # WCAG 2.1, criterion 1.4.3: 4.5 to 1 for text
        assert contrast(page, colour, "--paper") >= 4.5, colour
        if colour != "--limit":  # which is drawn on paper only
            assert contrast(page, colour, "--page") >= 4.5, colour


def test_it_is_worked_by_keyboard_alone(watched: Any, simulated: Served) -> None:
    page = opened(watched, simulated)
    page.keyboard.press("o")
    page.wait_for_function("() => document.querySelector('#operator').textContent === 'tester'")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('#mode').textContent === 'SIM HOLD'")
    before = float(page.evaluate("document.documentElement.dataset.time"))
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(t) => Math.abs(Number(document.documentElement.dataset.time) - t) < 0.01", arg=before - 10)
    page.keyboard.press("End")
    page.wait_for_function("(t) => Number(document.documentElement.dataset.time) >= t - 0.01", arg=before)
    page.keyboard.press("]")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('#mode').textContent === 'SIM ×20'")
    page.keyboard.press("3")
    assert "tab=commands" in page.url or "tab=messages" in page.url
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    assert "clock=ignition" in page.url
    assert page.inner_text("tr[data-event=deorbit_ignition] td:nth-child(2)") == "+00:00"


def test_a_command_is_drawn_beside_the_plan(watched: Any, simulated: Served) -> None:
    page = opened(watched, simulated)
    plan_end = simulated.session.plan.event("touchdown").time_s
    assert sent(page, action="ballistic")["ok"]
    page.wait_for_function("() => document.querySelector('.state').textContent.includes('BALLISTIC')")
    page.wait_for_function(
        "(end) => window.steppe.model.live.events.find((one) => one.event === 'touchdown').time_s < end - 10",
        arg=plan_end,
    )
    page.keyboard.press("2" if simulated.session.options.samples == 0 else "3")
    assert "tester: ballistic descent" in page.inner_text(".tab-body")
    times = page.evaluate("[...window.steppe.model.live.tracks[0].columns.time_s]")
    assert times == simulated.session.flight.track.columns["time_s"].tolist()


def test_a_cut_is_marked_stale_and_mended_without_gap_or_duplicate(watched: Any, simulated: Served) -> None:
    page = opened(watched, simulated)
    page.evaluate("""() => {
      window.seen = [];
      const take = window.steppe.take.bind(window.steppe);
      window.steppe.take = (frame) => { window.seen.push(window.steppe.link.lastId); take(frame); };
    }""")
    page.wait_for_timeout(500)
    session, ring = simulated.session, simulated.session.ring
    simulated.stop()
    page.wait_for_function("() => document.querySelector('#stale').textContent.startsWith('STALE')", timeout=8000)
    assert page.evaluate("document.body.classList.contains('stale')")
    veils = page.eval_on_selector_all(".veil", "(all) => all.map((one) => one.textContent)")
    assert len(veils) >= 7 and all(one.startswith("STALE") for one in veils)
    cut = ring.last
    # frames go on while nobody can hear them
    for _ in range(20):
        session.tick()
    simulated.start()
    page.wait_for_function("(id) => window.steppe.link.lastId > id + 25", arg=cut, timeout=15000)
    assert page.inner_text("#stale") == ""
    seen = page.evaluate("window.seen")
    messages = page.evaluate("window.steppe.link.duplicates")
    assert messages == 0
    assert len(seen) == len(set(seen)) and seen == sorted(seen)
    # ids between two frames belong to messages and landings; nothing that was published is missing
    missing = set(range(seen[0], seen[-1] + 1)) - set(seen)
    spoken = sum("event: frame" not in one for one in ring._items)
    assert len(missing) <= spoken
    watched.complaints[:] = [one for one in watched.complaints if "ERR_" not in one]
    assert watched.complaints == []


def test_the_token_to_watch_leaves_the_address_and_a_cookie_stays(watched: Any, replayed: Served) -> None:
    from steppe.server.app import build

    plain, replayed.app = replayed.app, build(replayed.session, TOKEN, watch="a-token-to-watch")
    replayed.stop()
    replayed.start()
    try:
        assert watched.page.goto(replayed.address).status == 401
        watched.page.goto(f"{replayed.address}?token=a-token-to-watch#token={TOKEN}&operator=tester")
        watched.page.wait_for_selector("html[data-ready=yes]")
        assert "a-token-to-watch" not in watched.page.url and TOKEN in watched.page.url
        assert watched.page.evaluate("document.cookie") == ""
        # files, documents and the stream come by the cookie, and so does the page when it is loaded again
        replayed.session.lease.release()
        watched.page.reload()
        watched.page.wait_for_selector("html[data-ready=yes]")
        assert sent(watched.page, action="hold")
    finally:
        replayed.stop()
        replayed.app = plain
        replayed.start()


def own(watched: Any, served: Served, fragment: str = "theme=light") -> Any:
    """Open the page of a watcher, who has no token."""
    served.session.lease.release()
    watched.page.goto(f"{served.address}#{fragment}")
    watched.page.wait_for_selector("html[data-ready=yes]")
    return watched.page


def number(text: str) -> float:
    return float(text.strip().replace("\u2212", "-").split(" ")[0])


def test_the_recovery_tab_says_what_the_server_counts(watched: Any, manned: Served) -> None:
    page = own(watched, manned, "theme=light&tab=recovery")
    page.wait_for_selector("tr[data-post]")
    found = page.evaluate("fetch('/api/recovery').then((one) => one.json())")
    assert found["state"] == "ready" and len(found["posts"]) == 5
    for number_, post in enumerate(found["posts"]):
        cells = page.eval_on_selector_all(f"tr[data-post='{number_}'] td", "(all) => all.map((one) => one.textContent)")
        assert cells[0].endswith(post["status"] + (f": {post['why']}" if post["why"] else "")), post
        assert cells[1].lower().endswith(f"{post['count']} {post['type']}")
        assert number(cells[3]) == pytest.approx(post["distance_km"], abs=0.51)
        if post["after_touchdown_s"] is None:
            assert cells[4] == cells[5] == "–"
            continue
        assert number(cells[5]) == pytest.approx(post["after_touchdown_s"] / 60.0, abs=0.051)
        if post["task"] == "hatch":
            hours, minutes, seconds = (int(part) for part in cells[4].split(":"))
            utc = (page.evaluate("window.steppe.model.meta.epoch_unix_s") + post["eta_s"]) % 86400.0
            assert hours * 3600 + minutes * 60 + seconds == pytest.approx(utc, abs=0.51)
            assert number(cells[6]) == pytest.approx(100.0 * post["first"], abs=0.51)
    hatch = page.inner_text("#recovery-hatch").removesuffix(" min after touchdown").split(" / ")
    assert [float(one) for one in hatch] == pytest.approx(
        [found["hatch_s"][p] / 60.0 for p in ("50", "90", "99")], abs=0.051
    )
    assert "150 km" not in page.inner_text("#first") and "7 km N" in page.inner_text("#first")
    assert f"Sun {found['light']['sun_elevation_deg']:.0f}°" in page.inner_text("#recovery-light")
    page.keyboard.press("c")
    assert page.inner_text("tr[data-post='0'] .eta").startswith("+")
    assert watched.complaints == []


def test_a_watcher_replays_alone_and_comes_back(watched: Any, manned: Served) -> None:
    page = own(watched, manned)
    room_s = manned.session.clock.time_s
    assert page.inner_text("#live") == "● LIVE"
    box = page.locator(".track").bounding_box()
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 10)
    page.wait_for_function("(t) => Number(document.documentElement.dataset.time) < t - 60", arg=room_s)
    assert page.inner_text("#mode").startswith("OWN") and page.evaluate("document.body.classList.contains('own')")
    page.click("button[data-rate='60']")
    page.wait_for_function("() => document.querySelector('#mode').textContent === 'OWN ×60'")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('#mode').textContent === 'OWN HOLD'")
    page.wait_for_timeout(300)
    held = float(page.evaluate("document.documentElement.dataset.time"))
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(t) => Math.abs(Number(document.documentElement.dataset.time) - t) < 0.01", arg=held - 10.0)
    # what is shown is the row of the flight, and the address names the moment
    values = page.evaluate("window.steppe.model.frame.values")
    columns = manned.session.flight.track.columns
    assert values["altitude_m"] == pytest.approx(
        np.interp(held - 10.0, columns["time_s"], columns["altitude_m"]), abs=1e-3
    )
    assert manned.session.clock.time_s == room_s and manned.session.lease.holder(time.monotonic()) is None
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(t) => Math.abs(Number(document.documentElement.dataset.time) - t) < 0.01", arg=held - 20.0)
    page.keyboard.press("t")
    assert f"at={held - 20.0:.1f}" in page.url and "play=no" in page.url
    page.reload()
    page.wait_for_function("(t) => Math.abs(Number(document.documentElement.dataset.time) - t) < 0.06", arg=held - 20.0)
    page.keyboard.press("l")
    page.wait_for_function("(t) => Number(document.documentElement.dataset.time) === t", arg=room_s)
    assert page.inner_text("#live") == "● LIVE" and not page.evaluate("document.body.classList.contains('own')")
    assert watched.complaints == []


def test_a_return_of_the_ensemble_is_replayed_with_a_click(watched: Any, manned: Served) -> None:
    page = own(watched, manned, "theme=light&tab=campaign&view=failures")
    page.wait_for_selector("button[data-sample]")
    assert "landed" in page.inner_text(".tab-body") and "12" in page.inner_text(".tab-body")
    sample = int(page.get_attribute("button[data-sample]", "data-sample"))
    page.click("button[data-sample]")
    page.wait_for_function("(n) => document.querySelector('#mode').textContent.startsWith(`NO. ${n}`)", arg=sample)
    expected = page.evaluate("(n) => fetch(`/api/sample/${n}`).then((one) => one.json())", sample)
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('.state').textContent.includes('LANDED')")
    values = page.evaluate("window.steppe.model.frame.values")
    assert values["latitude_deg"] == pytest.approx(expected["touchdown"]["latitude_deg"], abs=1e-9)
    page.click("button[data-view=footprint]")
    page.wait_for_selector(".foot canvas")
    assert "view=footprint" in page.url and f"sample={sample}" in page.url
    page.click("#live")
    page.wait_for_function("() => !document.querySelector('#mode').textContent.startsWith('NO.')")
    times = page.wait_for_function(
        "(n) => window.steppe.model.live.tracks[0].columns.time_s.length === n",
        arg=len(manned.session.flight.track.columns["time_s"]),
    )
    assert times
    assert watched.complaints == []


def saved(page: Any, selector: str) -> Path:
    with page.expect_download() as waiting:
        page.click(selector)
    return Path(waiting.value.path())


def test_panels_are_saved_as_table_and_picture(watched: Any, manned: Served) -> None:
    page = own(watched, manned)
    flight = manned.session.flight
    header, *rows = csv.reader(io.StringIO(saved(page, "#strips .tools button:has-text('CSV')").read_text("utf-8")))
    columns = flight.track.columns
    shown_s = manned.session.clock.time_s
    assert float(rows[-1][0]) <= shown_s < float(rows[-1][0]) + 10.0
    at = int(np.searchsorted(columns["time_s"], float(rows[0][0])))
    for index, name in enumerate(header):
        got = [float(row[index]) if row[index] else math.nan for row in rows]
        np.testing.assert_array_equal(got, columns[name][at : at + len(rows)])
    page.keyboard.press("s")
    page.wait_for_selector("#strips[data-side=planes] .plane-holder canvas")
    assert "side=planes" in page.url
    header, *rows = csv.reader(io.StringIO(saved(page, "#strips .tools button:has-text('CSV')").read_text("utf-8")))
    assert header[:3] == ["time_s", "airspeed_m_s", "altitude_m"] and float(rows[-1][0]) <= shown_s
    for selector in ("#strips .tools button:has-text('PNG')", ".zone .tools button:has-text('PNG')"):
        assert saved(page, selector).read_bytes().startswith(b"\x89PNG")
    recovery = saved(page, "#tabs .tools button:has-text('CSV')").read_text("utf-8")
    assert recovery.startswith("type,count") and "mi-8,2,helicopter" in recovery
    assert watched.complaints == []


def test_telemetry_is_shown_and_its_end_is_marked(watched: Any) -> None:
    session = open_mission("ms-21", Options(samples=0), feed=True)
    served = Served(session)
    try:
        page = opened(watched, served)
        assert page.inner_text("#mode") == "LIVE"
        begin = session.plan.event("peak_load").time_s
        columns = session.plan.track.columns
        lines = []
        for moment in np.arange(begin - 30.0, begin, 1.0):
            place = [float(np.interp(moment, columns["time_s"], columns[name])) for name in ("x_m", "y_m", "z_m")]
            lines.append(json.dumps({"time_utc": session.plan.utc_at(moment).isoformat(), "position_m": place}))
        answer = page.evaluate(
            """([body, token]) => fetch('/api/telemetry', {method: 'POST', body,
               headers: {authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson'}})
               .then((one) => one.json())""",
            ["\n".join(lines), TOKEN],
        )
        assert answer["taken"] == 30
        page.wait_for_function("() => window.steppe.model.live.tracks[0].columns.time_s.length === 30")
        altitude = float(np.interp(begin, columns["time_s"], columns["altitude_m"]))
        assert abs(shown(page, "altitude_m") - altitude / 1e3) < 1.5
        page.wait_for_function("() => document.querySelector('#stale').textContent.startsWith('STALE')", timeout=8000)
        assert page.evaluate("document.body.classList.contains('stale')")
        assert watched.complaints == []
    finally:
        served.stop()
