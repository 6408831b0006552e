"""The plugin of examples/openmct in an unmodified Open MCT: its values are the rows, they move, and nobody is asked.

`steppe control` replays a stored flight in a process of its own, `serve.mjs` serves the page, a real Chromium shows it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from steppe.cli.main import run
from steppe.nomenclature import VARIABLES

EXAMPLE = Path(__file__).parents[2] / "examples" / "openmct"
TOKEN, WATCH = "a-token-for-tests", "a token to watch"
# What Chromium says of drawing without a graphics card, and of nothing that is ours
NOT_OURS = ("GPU stall due to ReadPixels",)
RATE = 20.0


def _needed() -> None:
    lacks = None
    if shutil.which("node") is None:
        lacks = "node is missing: apt-get install nodejs npm"
    elif not (EXAMPLE / "node_modules" / "openmct" / "dist" / "openmct.js").is_file():
        lacks = "Open MCT is not installed: cd examples/openmct && npm ci"
    if lacks and os.environ.get("CI"):
        pytest.fail(lacks)
    if lacks:
        pytest.skip(lacks)


@dataclass(frozen=True)
class Shown:
    """A stored flight and the servers that show it."""

    control: str
    page: str
    rows: dict[str, Any]
    row: int

    def order(self, **order: Any) -> Any:
        return _asked(f"{self.control}api/command", order, f"Bearer {TOKEN}")[1]


def _asked(address: str, body: Any = None, authorization: str = "", **headers: str) -> tuple[int, Any]:
    sent = {"content-type": "application/json", "authorization": authorization, **headers}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, sent), timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    _needed()
    folder = tmp_path_factory.mktemp("openmct") / "ms-21"
    assert run(["fly", "ms-21", "--out", str(folder), "--no-figure"]) == 0
    table = pq.read_table(folder / "flight.parquet").to_pydict()
    capsule = np.array(table["body"]) == "capsule"
    rows = {name: np.array(table[name], dtype=np.float64)[capsule] for name in VARIABLES if name in table}
    row = int(np.argmax(rows["dynamic_pressure_pa"]))
    verb = [sys.executable, "-m", "steppe.cli.main", "control", str(folder), "--hold", "--json", "--port", "0"]
    verb += ["--from", repr(float(rows["time_s"][row])), "--rate", str(RATE), "--token", TOKEN, "--watch-token", WATCH]
    with subprocess.Popen(verb, stdout=subprocess.PIPE, encoding="utf-8") as control:
        try:
            text = ""
            while not text.endswith("}\n"):
                line = control.stdout.readline()
                assert line, f"steppe control ended: {text}"
                text += line
            address = json.loads(text)["address"]
            port = address.rstrip("/").rpartition(":")[2]
            variables = {**os.environ, "STEPPE_WATCH_TOKEN": WATCH}
            server = ["node", str(EXAMPLE / "serve.mjs"), "0", port]
            with subprocess.Popen(server, stdout=subprocess.PIPE, encoding="utf-8", env=variables) as page:
                try:
                    yield Shown(address, page.stdout.readline().strip(), rows, row)
                finally:
                    page.terminate()
        finally:
            control.terminate()


def opened(watched: Any, shown: Shown, what: str = "overview") -> Any:
    watched.page.goto(f"{shown.page}#/browse/steppe:return/steppe:{what}")
    watched.page.wait_for_selector("[aria-label='lad value'], .gl-plot canvas, .c-plan", timeout=20_000)
    return watched.page


def told(page: Any) -> dict[str, str]:
    """Return what the table of the latest values says."""
    read = """() => Object.fromEntries([...document.querySelectorAll('[aria-label="lad row"]')].map((row) =>
      [row.querySelector('[aria-label="lad name"]'), row.querySelector('[aria-label="lad value"]')]
        .map((one) => one.textContent.trim())))"""
    return dict(page.evaluate(read))


def nothing_else_was_asked_or_said(watched: Any, shown: Shown) -> None:
    ours = [one for one in watched.complaints if not any(other in one for other in NOT_OURS)]
    assert ours == []
    assert [one for one in watched.requests if not one.startswith((shown.page, "data:", f"blob:{shown.page}"))] == []


PLACES = (("altitude_m", 3), ("airspeed_m_s", 1), ("vertical_speed_m_s", 1), ("mach", 2), ("load_g", 2),
          ("dynamic_pressure_pa", 3), ("heat_flux_w_m2", 1), ("bank_deg", 1), ("latitude_deg", 5),
          ("mass_kg", 1))  # fmt: skip


def test_the_latest_values_are_the_parquet_row(watched: Any, shown: Shown) -> None:
    page = opened(watched, shown)
    page.wait_for_function("() => !document.querySelector('[aria-label=\"lad row\"]')?.textContent.includes('---')")
    told_now = told(page)
    for name, digits in PLACES:
        known = VARIABLES[name]
        row = shown.rows[name][shown.row] * known.display_factor
        assert float(told_now[known.label]) == pytest.approx(row, abs=0.51 * 10**-digits), name
    assert told_now["Phase"] == "Guidance starts" and told_now["State"] == "NORMAL"
    # the clock of the page is that of the flight, held
    assert page.evaluate("openmct.time.getClock().key") == "steppe"
    nothing_else_was_asked_or_said(watched, shown)


def test_history_is_the_parquet_rows_and_is_drawn(watched: Any, shown: Shown) -> None:
    page = opened(watched, shown)
    asked = """async (key) => {
      const object = await openmct.objects.get({ namespace: 'steppe', key });
      const { start, end } = openmct.time.getBounds();
      return openmct.telemetry.request(object, { start, end });
    }"""
    times = shown.rows["time_s"]
    wanted = (times >= times[shown.row] - 900.0) & (times <= times[shown.row])
    for name in ("altitude_m", "load_g"):
        found = page.evaluate(asked, name)
        rows = shown.rows[name][wanted] * VARIABLES[name].display_factor
        # to the bit: JSON carries the shortest text of a double
        assert [one["value"] for one in found][-len(rows) :] == rows.tolist()
        assert len(found) - len(rows) in (0, 1)
    # each strip holds a line of its colour, which means that WebGL or what stands in for it has drawn
    from matplotlib.image import imread

    plots = page.locator(".gl-plot-display-area")
    assert plots.count() == 4
    for number, colour in enumerate(((0x43, 0xB0, 0xFF), (0xFF, 0x9A, 0x4D), (0x58, 0xC9, 0x8A), (0xFF, 0x80, 0x80))):
        until, drawn = time.monotonic() + 5.0, 0
        while drawn < 200 and time.monotonic() < until:
            picture = imread(io.BytesIO(plots.nth(number).screenshot()))[..., :3]
            drawn = int((np.abs(picture - np.array(colour) / 255.0).max(axis=-1) < 0.12).sum())
        assert drawn >= 200, number
    nothing_else_was_asked_or_said(watched, shown)


def test_the_plan_stands_beside(watched: Any, shown: Shown) -> None:
    page = opened(watched, shown)
    page.wait_for_selector(".c-plan__activity-label")
    bars = page.eval_on_selector_all(
        ".c-plan__activity",
        "(all) => all.map((one) => [one.querySelector('text').textContent.trim(), "
        "+one.querySelector('use').getAttribute('x'), +one.querySelector('use').getAttribute('width')])",
    )
    wanted = ["Deorbit burn, cut-off", "Separation of the modules", "Entry interface", "Guidance starts"]
    assert [name for name, _, _ in sorted(bars, key=lambda one: one[1])] == wanted
    # the widths are to each other as the times
    width = {name: pixels for name, _, pixels in bars}
    entry, separation = ((one["at"], one["to"]) for one in _spans(page, "entry_interface", "module_separation"))
    part = (entry[1] - entry[0]) / (separation[1] - separation[0])
    assert width["Entry interface"] / width["Separation of the modules"] == pytest.approx(part, rel=0.01)
    nothing_else_was_asked_or_said(watched, shown)


def _spans(page: Any, *names: str) -> list[dict[str, float]]:
    """Return when each of some planned events comes, and the one after it."""
    planned = page.evaluate("fetch('/api/meta').then((one) => one.json()).then((one) => one.planned)")
    at = {one["event"]: number for number, one in enumerate(planned)}
    return [{"at": planned[at[name]]["time_s"], "to": planned[at[name] + 1]["time_s"]} for name in names]


def test_values_move_with_the_flight(watched: Any, shown: Shown) -> None:
    page = opened(watched, shown)
    page.evaluate("""async () => {
      window.heard = [];
      const object = await openmct.objects.get({ namespace: 'steppe', key: 'altitude_m' });
      openmct.telemetry.subscribe(object, (datum) => window.heard.push(datum));
    }""")
    # held: the clock ticks and nothing is new
    page.wait_for_timeout(400)
    assert page.evaluate("window.heard") == []
    before, lease = told(page), shown.order(action="take", operator="tester")["lease"]
    shown.order(action="play", lease=lease)
    try:
        page.wait_for_function("() => window.heard.length >= 20", timeout=15_000)
        page.wait_for_function(
            "(old) => document.querySelectorAll('[aria-label=\"lad value\"]')[2].textContent.trim() !== old",
            arg=before["Altitude"],
        )
    finally:
        shown.order(action="hold", lease=lease)
    heard = page.evaluate("window.heard")
    epoch_s = page.evaluate("fetch('/api/meta').then((one) => one.json()).then((one) => one.epoch_unix_s)")
    moments = np.array([one["utc"] for one in heard]) / 1e3 - epoch_s
    # ten frames a second, each once and in order; a busy machine may leave some longer
    assert np.all(np.diff(moments) > 0.0) and np.median(np.diff(moments)) == pytest.approx(0.1 * RATE, rel=0.3)
    # between samples a frame is linear; 1 mm is what a double of Unix milliseconds leaves of 200 m/s
    altitude = np.interp(moments, shown.rows["time_s"], shown.rows["altitude_m"]) * 1e-3
    assert np.array([one["value"] for one in heard]) == pytest.approx(altitude, abs=1e-6)
    # the table has stopped where the clock was held
    page.wait_for_timeout(300)
    now_s = page.evaluate("openmct.time.now()") / 1e3 - epoch_s
    shown_km = float(told(page)["Altitude"])
    assert shown_km == pytest.approx(np.interp(now_s, shown.rows["time_s"], shown.rows["altitude_m"]) * 1e-3, abs=1e-3)
    # and the window of all plots has gone with it: 15 min before to 1 min after
    window = page.evaluate("openmct.time.getBounds()")
    assert [window["start"] / 1e3 - epoch_s, window["end"] / 1e3 - epoch_s] == pytest.approx(
        [now_s - 900.0, now_s + 60.0], abs=1e-3
    )
    shown.order(action="seek", time_s=float(shown.rows["time_s"][shown.row]), lease=lease)
    shown.order(action="release", lease=lease)
    nothing_else_was_asked_or_said(watched, shown)


def test_the_page_can_read_and_nothing_else(shown: Shown) -> None:
    assert _asked(f"{shown.page}api/meta")[0] == 200
    # the token to watch is that of the server of the page, not of the browser; orders do not pass with any token
    assert _asked(f"{shown.control}api/meta")[0] == 401
    order = {"action": "take", "operator": "Eve"}
    assert _asked(f"{shown.page}api/command", order, f"Bearer {TOKEN}")[0] == 405
    assert _asked(f"{shown.page}api/flight/plan")[0] == 404
    assert _asked(f"{shown.page}api/meta", host="evil.example")[0] == 421
    assert _asked(f"{shown.page}api/meta", origin="http://evil.example")[0] == 403
    assert _asked(f"{shown.page}api/meta", **{"sec-fetch-site": "cross-site"})[0] == 403
    port = int(shown.page.rstrip("/").rpartition(":")[2])
    for path in (
        "/serve.mjs", "/package.json", "/openmct/../package.json", "/openmct/..%2fpackage.json", "/openmct/%00",
        "/openmct/", "/openmct/..%2f..%2f..%2fserve.mjs", "/openmct/%", "//etc/passwd",
        "/openmct//etc/passwd", "/openmct/%252e%252e/",
    ):  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), 5.0) as link:
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            assert link.recv(200).split()[1] == b"404", path
