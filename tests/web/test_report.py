"""The report in a real browser: it shows what the files say, asks nobody, can be read and worked by keyboard."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest_web import contrast

from steppe.cli.main import run

SIZE_LIMIT = 2_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flown mission with its report."""
    out = tmp_path_factory.mktemp("report") / "ms-21"
    assert run(["fly", "ms-21", "--out", str(out), "--no-figure"]) == 0
    return out


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


@pytest.mark.parametrize("panel", ["strips", "ground-track", "corridor"])
def test_an_exported_panel_equals_the_parquet_rows(watched: Any, folder: Path, panel: str) -> None:
    page = opened(watched, folder / "report.html")
    header, *rows = exported(page, panel)
    table = pq.read_table(folder / "flight.parquet")
    capsule = table.filter(np.array(table["body"].to_pylist()) == "capsule")
    for number, name in enumerate(header):
        page_values = np.array([float(row[number]) if row[number] not in ("", "NaN") else np.nan for row in rows])
        np.testing.assert_array_equal(page_values, capsule[name].to_numpy())


def test_a_panel_is_saved_as_a_picture(watched: Any, folder: Path) -> None:
    page = opened(watched, folder / "report.html")
    with page.expect_download() as waiting:
        page.click("#strips .tools button:has-text('PNG')")
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")


def test_the_clock_can_be_changed_with_the_keyboard_alone(watched: Any, folder: Path) -> None:
    page = opened(watched, folder / "report.html")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.clock") == "entry":
            break
    page.keyboard.press("Enter")
    assert page.inner_text("tr[data-event=entry_interface] .when") == "+00:00"
    assert re.fullmatch(r"−\d+:\d\d:\d\d|−\d\d:\d\d", page.inner_text("tr[data-event=undocking] .when"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1920])
def test_nothing_overflows_and_everything_can_be_read(watched: Any, folder: Path, theme: str, width: int) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": 1080})
    opened(watched, folder / "report.html", f"theme={theme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for colour in ("--ink", "--soft", "--limit", "--good"):
        # WCAG 2.1, criterion 1.4.3: 4.5 to 1 for text
        assert contrast(page, colour, "--paper") >= 4.5, colour


def test_it_prints(watched: Any, folder: Path) -> None:
    page = opened(watched, folder / "report.html", "theme=dark")
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page[^s]", printed)) <= 6


def test_the_report_of_a_campaign_shows_its_numbers(watched: Any, campaign: Path) -> None:
    path = campaign / "summary" / "report.html"
    page = opened(watched, path)
    assert path.stat().st_size < SIZE_LIMIT
    assert watched.complaints == []
    outputs = json.loads((campaign / "summary" / "summary.json").read_text("utf-8"))["outputs"]
    mean = page.inner_text("tr[data-output=peak_load_g] td:nth-child(2)")
    assert float(mean) == pytest.approx(outputs["peak_load_g"]["mean"], abs=0.006)
    assert len(page.query_selector_all("#quantiles tbody tr")) == sum("quantiles" in one for one in outputs.values())
    header, *rows = exported(page, "footprint")
    assert header == ["latitude_deg", "longitude_deg"]
    assert len(rows) == 24
