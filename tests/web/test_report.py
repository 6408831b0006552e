"""The report in a real browser: it shows what the files say, asks nobody, can be read and worked by keyboard."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest_web import contrast
from matplotlib.image import imread

from steppe.cli.main import run
from steppe.config.loader import load_mission
from steppe.flight.corridor import corridor_of
from steppe.flight.crew_limits import lasting_g
from steppe.flight.loads import loads_of
from steppe.flight.records import bundled_records
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.view.descent_document import entry_label

SIZE_LIMIT = 2_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flown mission with its report."""
    out = tmp_path_factory.mktemp("report") / "ms-21"
    assert run(["fly", "ms-21", "--out", str(out), "--no-figure"]) == 0
    return out


@pytest.fixture(scope="module")
def flight() -> Flight:
    """The same flight, not from a file."""
    return fly(load_mission("ms-21"))


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small campaign with its report."""
    out = tmp_path_factory.mktemp("report") / "campaign"
    mission = "ms-21"
    assert run(["disperse", mission, "-n", "24", "--seed", "5", "--out", str(out)]) == 0
    assert run(["summary", str(out), "--no-figures"]) == 0
    return out


def opened(watched: Any, path: Path, fragment: str = "theme=light") -> Any:
    watched.page.goto(f"{path.as_uri()}#{fragment}")
    watched.page.wait_for_selector("html[data-ready=yes]")
    return watched.page


def test_the_report_is_one_file_that_asks_nobody(watched: Any, folder: Path) -> None:
    page = opened(watched, folder / "report.html")
    assert (folder / "report.html").stat().st_size < SIZE_LIMIT
    assert watched.complaints == []
    assert [one for one in watched.requests if not one.startswith(("file:", "data:", "blob:"))] == []
    policy = page.get_attribute("meta[http-equiv='Content-Security-Policy']", "content")
    assert "default-src 'none'" in policy


def test_the_timeline_says_what_the_files_say(watched: Any, folder: Path) -> None:
    page = opened(watched, folder / "report.html")
    events = json.loads((folder / "events.json").read_text("utf-8"))["events"]
    rows = page.query_selector_all("table.timeline tbody tr")
    assert len(rows) == len(events)
    for row, event in zip(rows, events, strict=True):
        assert row.get_attribute("data-event") == event["event"]
        # Rounded to the second as the page does
        shown = row.query_selector(".when").inner_text()
        seconds = round(float(event["utc"][17:23]))
        assert shown[:5] == event["utc"][11:16] or seconds == 60
        assert int(shown[6:]) == seconds % 60
        assert float(row.query_selector(".altitude").inner_text()) == pytest.approx(
            event["altitude_m"] / 1e3, abs=0.051
        )
        speed = row.query_selector(".speed").inner_text()
        assert float(speed) == pytest.approx(event["speed_m_s"], abs=0.51)


def exported(page: Any, panel: str) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.click(f"#{panel} .tools button:has-text('CSV')")
    return list(csv.reader(io.StringIO(Path(waiting.value.path()).read_text("utf-8"))))


def number(text: str) -> float:
    return float(text) if text not in ("", "NaN") else math.nan


def column(rows: list[list[str]], header: list[str], name: str) -> np.ndarray:
    return np.array([number(row[header.index(name)]) for row in rows])


def parts(page: Any, panel: str) -> tuple[list[str], dict[str, list[list[str]]]]:
    """The rows of a table whose first column says what they are of."""
    header, *rows = exported(page, panel)
    found: dict[str, list[list[str]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return header, found


@pytest.fixture(scope="module")
def capsule(folder: Path) -> dict[str, np.ndarray]:
    """The columns of the capsule in flight.parquet."""
    table = pq.read_table(folder / "flight.parquet")
    own = table.filter(np.array(table["body"].to_pylist()) == "capsule")
    return {name: own[name].to_numpy() for name in own.column_names if name not in ("body",)}


def from_entry_to_command(folder: Path, capsule: dict[str, np.ndarray]) -> np.ndarray:
    events = {one["event"]: one for one in json.loads((folder / "events.json").read_text("utf-8"))["events"]}
    rise, fall = events["entry_interface"]["altitude_m"], events["parachute_command"]["altitude_m"]
    # Both lie on samples of the track
    first = int(np.argmin(np.abs(capsule["altitude_m"] - rise)))
    last = int(np.argmin(np.abs(capsule["altitude_m"] - fall)))
    return np.arange(first, last + 1)


@pytest.mark.parametrize("panel", ["strips", "ground-track"])
def test_an_exported_panel_equals_the_parquet_rows(
    watched: Any, folder: Path, capsule: dict[str, np.ndarray], panel: str
) -> None:
    page = opened(watched, folder / "report.html")
    header, *rows = exported(page, panel)
    for name in header:
        np.testing.assert_array_equal(column(rows, header, name), capsule[name])


def test_the_corridor_shows_what_was_computed(
    watched: Any, folder: Path, flight: Flight, capsule: dict[str, np.ndarray]
) -> None:
    page = opened(watched, folder / "report.html")
    corridor = corridor_of(flight)
    header, found = parts(page, "corridor")
    part = from_entry_to_command(folder, capsule)
    for name in ("airspeed_m_s", "altitude_m", "load_g", "heat_flux_w_m2"):
        np.testing.assert_array_equal(column(found["flown"], header, name), capsule[name][part])
    for line in corridor.lines:
        rows = found[line.label]
        np.testing.assert_allclose(column(rows, header, "airspeed_m_s"), line.speed_m_s, rtol=1e-12)
        np.testing.assert_allclose(column(rows, header, "altitude_m"), line.altitude_m, rtol=1e-9)
    for entry in corridor.entries:
        rows = found[entry_label(entry)]
        np.testing.assert_allclose(column(rows, header, "load_g"), entry.columns["load_g"], rtol=1e-9)
    assert len(found) == 1 + len(corridor.lines) + len(corridor.entries)


def test_energy_and_range_are_those_of_the_parquet_rows(
    watched: Any, folder: Path, capsule: dict[str, np.ndarray]
) -> None:
    page = opened(watched, folder / "report.html")
    header, found = parts(page, "energy")
    part = from_entry_to_command(folder, capsule)
    energy = 0.5 * capsule["ground_speed_m_s"][part] ** 2 + 9.80665 * capsule["altitude_m"][part]
    np.testing.assert_allclose(column(found["flown"], header, "energy_j_kg"), energy, rtol=1e-12)
    range_m = column(found["flown"], header, "range_to_go_m")
    assert range_m[-1] == 0.0 and np.all(np.diff(range_m) < 0.0)
    # From 99.7 km a Soyuz flies some 2500 km: within a tenth of speed times time
    assert range_m[0] == pytest.approx(2.5e6, rel=0.1)


def test_canopies_and_contact_are_those_of_the_events_file(watched: Any, folder: Path) -> None:
    page = opened(watched, folder / "report.html")
    about = json.loads((folder / "events.json").read_text("utf-8"))
    header, *rows = exported(page, "landing")
    assert header == ["what", "name", "value"]
    shown = {(row[0], row[1]): number(row[2]) for row in rows}
    for opening in about["openings"]:
        for name in ("force_n", "load_g", "speed_m_s"):
            assert shown[opening["stage"], name] == opening[name]
    for name in ("vertical_speed_m_s", "seat_load_g", "beta", "tips_over"):
        assert shown["contact", name] == float(about["contact"][name])
    text = page.inner_text("#landing .small-facts")
    assert f"{about['contact']['seat_load_g']:.1f} g" in text
    assert "stays upright" in text


def test_crew_heat_and_radio_are_those_of_the_loads(watched: Any, folder: Path, flight: Flight) -> None:
    page = opened(watched, folder / "report.html")
    loads = loads_of(flight)
    header, *rows = exported(page, "crew")
    seat, duration = loads.centre, column(rows, header, "duration_s")
    np.testing.assert_allclose(
        column(rows, header, "gx_g"), lasting_g(seat.time_s, np.abs(seat.gx), duration), rtol=1e-9, atol=1e-9
    )
    share = seat.margin("gx", "deconditioned")
    assert share is not None
    assert f"{100 * share.share:.0f} % of the limit" in page.inner_text("#crew .axis:first-child .axis-head")
    header, *rows = exported(page, "heating")
    np.testing.assert_allclose(column(rows, header, "heat_flux_w_m2"), loads.heat.flux_w_m2, rtol=1e-12)
    np.testing.assert_allclose(column(rows, header, "electrons_m3"), loads.blackout.electrons_m3, rtol=1e-9)
    assert f"{loads.heat.as_dict()['peak_wall_temperature_k']:.0f} K" in page.inner_text("#heating .small-facts")


PANELS = ("timeline", "ground-track", "strips", "corridor", "energy", "landing", "crew", "heating", "departure")
CAMPAIGN_PANELS = ("footprint", "limits", "convergence", "quantiles", "distribution-peak_load_g")


def check_picture(page: Any, panel: str) -> None:
    with page.expect_download() as waiting:
        page.click(f"#{panel} .tools button:has-text('PNG')")
    assert waiting.value.suggested_filename == f"{panel}.png"
    data = Path(waiting.value.path()).read_bytes()
    assert data.startswith(b"\x89PNG")
    box = page.query_selector(f"#{panel}").bounding_box()
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == pytest.approx((2 * box["width"], 2 * box["height"]), abs=3)
    pixels = imread(io.BytesIO(data))[:, :, :3]
    # The heading stands in the picture too: dark letters in its first line
    assert pixels[:70].min() < 0.4
    assert len(np.unique((pixels * 255).astype(int).reshape(-1, 3), axis=0)) > 20


@pytest.mark.parametrize("kind", ["flight", "campaign"])
def test_each_panel_saves_itself(watched: Any, folder: Path, campaign: Path, kind: str) -> None:
    path = folder / "report.html" if kind == "flight" else campaign / "summary" / "report.html"
    page = opened(watched, path)
    for panel in PANELS if kind == "flight" else CAMPAIGN_PANELS:
        check_picture(page, panel)
        header, *rows = exported(page, panel)
        assert len(rows) > 1 and all(len(row) == len(header) for row in rows), panel
    assert watched.complaints == []


def test_the_clock_can_be_changed_with_the_keyboard_alone(watched: Any, folder: Path) -> None:
    page = opened(watched, folder / "report.html")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.clock") == "entry":
            break
    page.keyboard.press("Enter")
    assert page.inner_text("tr[data-event=entry_interface] .when") == "+00:00"
    assert re.fullmatch(r"−\d+:\d\d:\d\d|−\d\d:\d\d", page.inner_text("tr[data-event=undocking] .when"))


# What sticks out of its box, and what could be scrolled
_OVERFLOWS = """
() => [...document.querySelectorAll("body *")]
  .filter((one) => one.clientWidth > 0 && !one.closest(".uplot"))
  .filter((one) => one.scrollWidth > one.clientWidth + 1 || /auto|scroll/.test(getComputedStyle(one).overflowX))
  .map((one) => one.tagName + "." + one.className + " in " + (one.closest(".panel")?.id ?? ""))
"""
# Text and what it stands on; names of lines stand in their colours on the paper, those of outlines on the land
TEXT = [(one, "--paper") for one in ("--ink", "--soft", "--limit", "--good", "--bad", "--plan", "--actual")]
TEXT += [("--module-b", "--paper"), ("--ink", "--land"), ("--limit", "--land"), ("--soft", "--page")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1920])
@pytest.mark.parametrize("kind", ["flight", "campaign"])
def test_nothing_overflows_and_everything_can_be_read(
    watched: Any, folder: Path, campaign: Path, kind: str, theme: str, width: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": 1080})
    path = folder / "report.html" if kind == "flight" else campaign / "summary" / "report.html"
    opened(watched, path, f"theme={theme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_OVERFLOWS) == []
    for colour, ground in TEXT:
        # WCAG 2.1, criterion 1.4.3: 4.5 to 1 for text
        assert contrast(page, colour, ground) >= 4.5, (colour, ground)
    assert page.evaluate("getComputedStyle(document.body).fontVariantNumeric") == "tabular-nums"


# A4 across less its margins of 9 mm, in CSS pixels of 1/96 inch
PAGE_HEIGHT_PX = (210.0 - 18.0) / 25.4 * 96.0


@pytest.mark.parametrize("kind", ["flight", "campaign"])
def test_it_prints_without_a_cut(watched: Any, folder: Path, campaign: Path, kind: str) -> None:
    path = folder / "report.html" if kind == "flight" else campaign / "summary" / "report.html"
    page = opened(watched, path, "theme=dark")
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    # The table of a campaign is as long as its outputs
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) in {"flight": (3,), "campaign": (3, 4)}[kind]
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(300)
    # What is kept together fits on a page, and nothing sticks out of it; the table of outputs parts between its groups
    kept = "main > :not(#quantiles), #quantiles tbody"
    blocks = page.evaluate(f"[...document.querySelectorAll('{kept}')].map((one) => one.offsetHeight)")
    assert max(blocks) < PAGE_HEIGHT_PX
    assert page.evaluate(_OVERFLOWS) == []
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_flight_without_an_entry_has_a_report_that_says_so(watched: Any, tmp_path: Path) -> None:
    out = tmp_path / "balloon"
    mission = Path(__file__).resolve().parents[2] / "examples" / "weather-balloon-drop.toml"
    assert run(["fly", str(mission), "--out", str(out), "--no-figure"]) == 0
    page = opened(watched, out / "report.html")
    assert watched.complaints == []
    assert "no entry interface" in page.inner_text("#corridor h2")
    assert page.query_selector("#energy") is None and page.query_selector("#crew") is None


def test_the_report_of_a_campaign_shows_its_numbers(watched: Any, campaign: Path) -> None:
    path = campaign / "summary" / "report.html"
    page = opened(watched, path)
    assert path.stat().st_size < SIZE_LIMIT
    assert watched.complaints == []
    assert [one for one in watched.requests if not one.startswith(("file:", "data:", "blob:"))] == []
    outputs = json.loads((campaign / "summary" / "summary.json").read_text("utf-8"))["outputs"]
    mean = page.inner_text("tr[data-output=peak_load_g] td:nth-child(3)")
    assert float(mean) == pytest.approx(outputs["peak_load_g"]["mean"], abs=0.006)
    shown = page.query_selector_all("#quantiles tr[data-output]")
    assert len(shown) == sum("quantiles" in one for one in outputs.values())
    tipped = page.inner_text("tr[data-output=landing_tipped]")
    assert f"{100 * outputs['landing_tipped']['mean']:.1f} %" in tipped
    header, *rows = exported(page, "quantiles")
    row = next(one for one in rows if one[0] == "peak_load_g")
    assert number(row[header.index("worst_1")]) == outputs["peak_load_g"]["worst"][0]["value"]
    assert int(row[header.index("worst_1_sample")]) == outputs["peak_load_g"]["worst"][0]["sample"]
    header, *rows = exported(page, "footprint")
    assert header == ["latitude_deg", "longitude_deg"]
    assert len(rows) == 24


def test_real_landings_stand_beside_the_simulated_ones(campaign: Path) -> None:
    text = (campaign / "summary" / "report.html").read_text("utf-8")
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    real = data["real"]
    records = {one["id"]: one for one in bundled_records()}
    assert len(real["names"]) >= 10
    for name, latitude, longitude in zip(real["names"], real["latitude_deg"], real["longitude_deg"], strict=True):
        assert (latitude, longitude) == (records[name]["landing_lat_deg"], records[name]["landing_lon_deg"])
        assert records[name]["mode"] == "guided"
    # docs/models/campaigns.md: 29 published landings there spread 5.4 by 5.5 km; these are a part of them
    assert real["sd_east_km"] == pytest.approx(5.4, abs=1.5)
    assert real["sd_north_km"] == pytest.approx(5.5, abs=2.0)
