"""Takes the pictures of the live page and of the report: every moment, both sizes, light and dark.

Run:  python builders/build_screenshots.py [--out docs/images/screens] [--mission ms-21]

Needs Chromium and the extras web, plots, recovery and test (playwright, Pillow comes with matplotlib).
"""

from __future__ import annotations

import argparse
import io
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

SIZES: Final = ((1440, 900), (1920, 1080))
THEMES: Final = ("light", "dark")
# Event, seconds after it, and the part of the address that opens what is worth seeing then
MOMENTS: Final = (
    ("ignition", "deorbit_ignition", 90.0, "tab=recovery"),
    ("entry", "entry_interface", 60.0, "tab=recovery&side=planes"),
    ("peak-load", "peak_load", 0.0, "tab=recovery"),
    ("main-parachute", "main_inflated", 60.0, "tab=recovery"),
    ("touchdown", "touchdown", 0.0, "tab=messages"),
    ("at-the-capsule", "touchdown", 330.0, "tab=recovery"),
)
# Of the tabs one picture each, at the peak load
TABS: Final = ("landing", "messages", "commands", "opportunities", "campaign", "provenance")
LARGEST_B: Final = 250_000
TOKEN: Final = "a-token-for-pictures"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Take all pictures."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "docs" / "images" / "screens")
    parser.add_argument("--mission", default="ms-21")
    parser.add_argument("--returns", type=int, default=200, help="returns of the campaign beside")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    path = next((found for found in map(shutil.which, _BROWSERS) if found), None)
    with sync_playwright() as play, tempfile.TemporaryDirectory() as scratch:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        campaign = flown(asked.mission, asked.returns, Path(scratch))
        report_pictures(browser, Path(scratch) / "flight", campaign, asked.out)
        live_pictures(browser, asked.mission, campaign, asked.out)
        browser.close()


def flown(mission: str, returns: int, scratch: Path) -> Path:
    """Fly the mission and a campaign; returns the folder of the campaign."""
    from steppe.cli.main import run

    campaign = scratch / "campaign"
    for words in (
        ["fly", mission, "--out", str(scratch / "flight"), "--no-figure"],
        ["disperse", mission, "-n", str(returns), "--seed", "1", "--out", str(campaign)],
        ["summary", str(campaign), "--no-figures"],
    ):
        if run(words) != 0:
            raise SystemExit(f"steppe {' '.join(words)} failed")
    return campaign


def report_pictures(browser: Any, flight: Path, campaign: Path, out: Path) -> None:
    """Take the pictures of both reports, of their first screen and whole."""
    for name, path in (("report", flight / "report.html"), ("campaign", campaign / "summary" / "report.html")):
        for width, height in SIZES:
            for theme in THEMES:
                page = opened(browser, f"{path.as_uri()}#theme={theme}", width, height)
                saved(page, out / f"{name}-{theme}-{width}.png")
                page.context.close()


def live_pictures(browser: Any, mission: str, campaign: Path, out: Path) -> None:
    """Play the flight once, hold it at each moment and take the pictures."""
    from steppe.cli.control import open_mission
    from steppe.server.session import Options

    options = Options(rate=1000.0, samples=32, campaign=campaign, post=True, playing=False)
    session = open_mission(mission, options)
    with served(session) as address:
        for name, event, later_s, fragment in MOMENTS:
            held_at(session, session.flight.event(event).time_s + later_s)
            for width, height in SIZES:
                for theme in THEMES:
                    page = opened(browser, f"{address}#theme={theme}&{fragment}", width, height)
                    saved(page, out / f"control-{name}-{theme}-{width}.png")
                    page.context.close()
            if name == "peak-load":
                tab_pictures(browser, address, out)


def tab_pictures(browser: Any, address: str, out: Path) -> None:
    """Take one picture of each other tab."""
    for number, tab in enumerate(TABS):
        theme = THEMES[number % 2]
        page = opened(browser, f"{address}#theme={theme}&tab={tab}&token={TOKEN}", *SIZES[0])
        page.wait_for_function(
            "() => !document.querySelector('.tab-body').textContent.includes('\u2026')", timeout=60e3
        )
        saved(page, out / f"control-tab-{tab}.png")
        page.context.close()


def held_at(session: Any, time_s: float) -> None:
    """Play up to a moment, hold there, and wait for what is foreseen from there."""
    session.clock.cap_s = min(time_s, session.clock.last_s)
    session.clock.playing = True
    wait(lambda: session.clock.time_s >= session.clock.cap_s, "the flight")
    session.clock.playing = False
    wait(lambda: session.outlook.state != "working" or session.outlook.posted is not None, "the recovery force")
    # nothing is left to predict after the touchdown
    if time_s < float(session.flight.track.columns["time_s"][-1]) - 5.0:
        wait(lambda: (session.prediction or {}).get("time_s") == session.clock.time_s, "the prediction")
    wait(lambda: session.outlook.document(session.clock.time_s)["state"] != "working", "the answer of the force")
    time.sleep(1.5)


def wait(ready: Callable[[], bool], what: str, most_s: float = 120.0) -> None:
    """Wait until something holds."""
    end_s = time.monotonic() + most_s
    while not ready():
        if time.monotonic() > end_s:
            raise SystemExit(f"{what} did not come within {most_s:g} s")
        time.sleep(0.05)


@contextmanager
def served(session: Any) -> Iterator[str]:
    """Serve a session on a free port of this machine."""
    import uvicorn

    from steppe.server.app import build

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(build(session, TOKEN), host="127.0.0.1", port=port, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait(lambda: server.started, "the server")
    yield f"http://127.0.0.1:{port}/"
    session.closing = True
    server.should_exit = True
    thread.join(10)


def opened(browser: Any, address: str, width: int, height: int) -> Any:
    """Open a page and wait until it is drawn."""
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.goto(address)
    page.wait_for_selector("html[data-ready=yes]")
    page.wait_for_timeout(900)
    return page


def saved(page: Any, path: Path) -> None:
    """Save the screen as a PNG of at most 256 colours, small enough for a repository."""
    from PIL import Image

    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in (256, 128, 64, 32):
        # no dithering: text and thin lines stay sharp
        few = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        if path.stat().st_size <= LARGEST_B:
            break
    print(f"{path.name}  {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
