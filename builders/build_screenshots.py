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
# Reports whose second screen is shown too
LOWER: Final = (("report", "light", 1440), ("report", "dark", 1920))
# Name in the folder above, and the picture that it is
IN_THE_DOCUMENTS: Final = {
    "report-light-1440.png": "report-light-1440.png",
    "report-dark-1920.png": "report-dark-1920.png",
    "control-peak-load.png": "control-peak-load-light-1440.png",
    "control-parachute-1920.png": "control-main-parachute-light-1920.png",
}
LARGEST_B: Final = 195_000
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
        ballistic_picture(browser, asked.mission, asked.out)
        browser.close()
    for name, shown in IN_THE_DOCUMENTS.items():
        shutil.copyfile(asked.out / shown, asked.out.parent / name)


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
    """Take the pictures of both reports: their first screen, and the descent below it."""
    for name, path in (("report", flight / "report.html"), ("campaign", campaign / "summary" / "report.html")):
        for width, height in SIZES:
            for theme in THEMES:
                page = opened(browser, f"{path.as_uri()}#theme={theme}", width, height)
                saved(page, out / f"{name}-{theme}-{width}.png")
                if (name, theme, width) in LOWER:
                    page.evaluate("document.querySelector('#strips').scrollIntoView()")
                    page.wait_for_timeout(300)
                    saved(page, out / f"{name}-descent-{theme}-{width}.png")
                page.context.close()


def live_pictures(browser: Any, mission: str, campaign: Path, out: Path) -> None:
    """Play the flight once, hold it at each moment and take the pictures."""
    from steppe.cli.control import open_mission
    from steppe.server.session import Options

    options = Options(rate=1000.0, samples=32, campaign=campaign, post=True, playing=False)
    session = open_mission(mission, options)
    with served(session) as address:
        for name, event, later_s, fragment in MOMENTS:
            moment_s = session.flight.event(event).time_s + later_s
            if name == "touchdown":
                # As in a room that plays at its pace, the last prediction is not old
                held_at(session, moment_s - 30.0)
            held_at(session, moment_s)
            for width, height in SIZES:
                for theme in THEMES:
                    page = opened(browser, f"{address}#theme={theme}&{fragment}", width, height)
                    saved(page, out / f"control-{name}-{theme}-{width}.png")
                    page.context.close()
            if name == "peak-load":
                tab_pictures(browser, address, out)


def ballistic_picture(browser: Any, mission: str, out: Path) -> None:
    """Order the ballistic descent some time before the peak load, and take a picture at the load that follows."""
    from steppe.cli.control import open_mission
    from steppe.server.session import Options

    session = open_mission(mission, Options(rate=1000.0, samples=32, post=True, playing=False))
    with served(session) as address:
        held_at(session, session.flight.event("guidance_start").time_s + 80.0)
        page = opened(browser, f"{address}#theme=dark&tab=messages&token={TOKEN}", *SIZES[0])
        page.evaluate("window.steppe.orders.name = 'Anna'; window.steppe.orders.send({action: 'ballistic'})")
        planned_s = session.plan.event("peak_load").time_s
        wait(lambda: session.flight.event("peak_load").time_s < planned_s - 5.0, "the order")
        held_at(session, session.flight.event("peak_load").time_s)
        page.wait_for_timeout(2000)
        saved(page, out.parent / "control-ballistic.png")
        page.context.close()


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
    for colours in (256, 192, 128, 64):
        few_colours(picture, colours).save(path, optimize=True)
        if path.stat().st_size <= LARGEST_B:
            break
    print(f"{path.name}  {path.stat().st_size / 1e3:.0f} kB")


def few_colours(picture: Any, colours: int) -> Any:
    """Reduce a picture to a palette that keeps its flat colours as they are: white stays white.

    Half of the palette are the commonest colours; the rest is cut from the others by the root of their number, so
    that thin lines of a colour of their own keep it. No dithering: text and thin lines stay sharp.
    """
    import numpy as np
    from PIL import Image
    from scipy.spatial import cKDTree

    pixels = np.asarray(picture).reshape(-1, 3).astype(np.int64)
    codes, inverse, counts = np.unique(pixels @ (65536, 256, 1), return_inverse=True, return_counts=True)
    known = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1).astype(np.uint8)
    order = np.argsort(-counts)
    palette = known[order[: colours // 2]]
    rest = order[colours // 2 :]
    if rest.size:
        many = np.repeat(known[rest], np.ceil(np.sqrt(counts[rest])).astype(int), axis=0)
        left = colours - len(palette)
        cut = Image.fromarray(many[None]).quantize(left, method=Image.Quantize.MEDIANCUT, kmeans=2)
        palette = np.concatenate([palette, np.array(cut.getpalette()[: 3 * left], np.uint8).reshape(-1, 3)])
    nearest = cKDTree(palette.astype(float)).query(known.astype(float))[1].astype(np.uint8)
    few = Image.fromarray(nearest[inverse].reshape(picture.height, picture.width), "P")
    few.putpalette(palette.tobytes())
    return few


if __name__ == "__main__":
    main()
