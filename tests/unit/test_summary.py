"""``steppe summary``: the numbers of a campaign with known statistics, its files, its figures and its refusals."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import campaign_factory as factory
import matplotlib.image
import numpy as np
import pytest

from steppe.cli.main import run
from steppe.ensemble.store import Campaign
from steppe.ensemble.summary import summarise
from steppe.io.campaign import footprint_geojson
from steppe.view.campaign import quantity

ROOT = Path(__file__).parents[2]
KML = "{http://www.opengis.net/kml/2.3}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("campaign") / "ms-21"
    factory.write(path, factory.spec(4000, 500))
    return path


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(summarise(Campaign.open(folder)).document, allow_nan=False))
    return found


def test_failures_are_counted_and_no_row_is_lost(document: dict[str, Any]) -> None:
    statuses = document["statuses"]
    assert statuses["landed"]["count"] == 3920 and statuses["out_of_time"]["count"] == 80
    assert sum(status["count"] for status in statuses.values()) == 4000
    assert document["outputs"]["peak_load_g"]["samples"] == 3920
    assert document["outputs"]["peak_load_g"]["without_value"] == 80
    assert document["campaign"]["complete"] is True


def test_the_landings_have_the_known_spread(document: dict[str, Any]) -> None:
    landing = document["landing"]
    for side, known in (("east", factory.SD_EAST_KM), ("north", factory.SD_NORTH_KM)):
        assert abs(landing[f"sd_{side}_km"] - known) < 4.0 * landing[f"sd_{side}_standard_error_km"]
    assert landing["correlation"] == pytest.approx(factory.CORRELATION, abs=0.06)
    inside = document["zone"]["landed_inside"]
    # a flight that did not land did not land in the zone
    assert inside["samples"] == 4000 and inside["low"] < inside["value"] < inside["high"] < 0.985


def test_limits_worst_cases_and_drivers(document: dict[str, Any]) -> None:
    rows = factory.rows(range(4000))
    load = rows["peak_load_g"]
    limit = next(entry for entry in document["limits"] if entry["column"] == "peak_load_g")
    assert limit["exceeded"]["count"] == int(np.nansum(load > 5.0)) and limit["without_value"] == 80
    worst = document["outputs"]["peak_load_g"]["worst"]
    assert len(worst) == 10 and worst[0]["sample"] == int(np.nanargmax(load))
    assert worst[0]["value"] == pytest.approx(np.nanmax(load))
    assert document["outputs"]["propellant_left_kg"]["worst"][0]["sample"] == int(
        np.nanargmin(rows["propellant_left_kg"])
    )
    assert document["outputs"]["touchdown_latitude_deg"]["worst"] == []
    # the load is 0.3 z1 + 0.1 z2: nine tenths and one tenth of the variance
    first, second = document["outputs"]["peak_load_g"]["drivers"][:2]
    assert (first["input"], second["input"]) == ("input_density_factor", "input_mass_kg")
    assert first["sobol"] == pytest.approx(0.9, abs=0.03) and second["sobol"] == pytest.approx(0.1, abs=0.04)


def test_the_order_of_reading_does_not_change_the_summary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = summarise(Campaign.open(folder)).document
    monkeypatch.setattr("steppe.ensemble.summary._COLUMNS_BYTES", 8 * 4000)
    assert summarise(Campaign.open(folder)).document == whole


def test_the_verb_prints_tables_and_writes_files(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(["summary", str(folder), "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    for part in ("4000 flights", "99.7 % footprint", "out_of_time", "peak_load_g > 5", "input_density_factor"):
        assert part in shown
    assert sorted(path.name for path in out.iterdir()) == [
        "distributions.png", "drivers.png", "footprint.geojson", "footprint.kml", "footprint.png", "report.html",
        "summary.json",
    ]  # fmt: skip
    for figure in out.glob("*.png"):
        pixels = matplotlib.image.imread(figure)
        assert min(pixels.shape[:2]) > 500 and pixels[..., :3].std() > 0.02
    # a second time: an older summary is replaced, and the same campaign gives the same bytes
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert run(["summary", str(folder), "--out", str(out)]) == 0
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}


def test_json_is_the_summary(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["summary", str(folder), "--json", "--no-figures", "--out", str(tmp_path / "out")]) == 0
    printed = json.loads(capsys.readouterr().out)
    files = printed.pop("files")
    assert printed == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [Path(file).name for file in files] == ["summary.json", "footprint.geojson", "footprint.kml", "report.html"]


def test_the_default_place_is_inside_and_does_not_disturb_the_campaign(tmp_path: Path) -> None:
    factory.write(tmp_path / "a", factory.spec(60, 20))
    assert run(["summary", str(tmp_path / "a"), "--no-figures"]) == 0
    assert (tmp_path / "a" / "summary" / "summary.json").exists()
    assert Campaign.open(tmp_path / "a").missing_shards() == []


def test_the_footprint_as_geojson_and_kml(folder: Path, tmp_path: Path) -> None:
    assert run(["summary", str(folder), "--no-figures", "--out", str(tmp_path / "out")]) == 0
    collection = json.loads((tmp_path / "out" / "footprint.geojson").read_text())
    kinds = [feature["properties"]["kind"] for feature in collection["features"]]
    assert kinds.count("footprint") == 12 and {"ellipse", "mean", "zone"} <= set(kinds)
    for feature in collection["features"]:
        if feature["geometry"]["type"] == "Polygon":
            ring = np.array(feature["geometry"]["coordinates"][0])
            assert np.array_equal(ring[0], ring[-1])
            x, y = ring.T
            assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0.0  # counter-clockwise (RFC 7946, section 3.1.6)
    root = ET.parse(tmp_path / "out" / "footprint.kml").getroot()
    assert len(root.findall(f".//{KML}Placemark")) == len(collection["features"])
    names = [name.text for name in root.findall(f".//{KML}Placemark/{KML}name")]
    assert "99.7 % of the landings, upper bound" in names and "Zhezkazgan, south-east" in names


def test_a_footprint_across_the_antimeridian_is_cut() -> None:
    ring = [[180.0 + 0.1 * np.cos(t), 50.0 + 0.1 * np.sin(t)] for t in np.linspace(0, 2 * np.pi, 40, endpoint=False)]
    shape = {"kind": "footprint", "share": 0.5, "bound": "estimate", "ring_deg": ring}
    geometry = footprint_geojson({"landing": None, "zone": None}, [shape])["features"][0]["geometry"]
    assert geometry["type"] == "MultiPolygon" and len(geometry["coordinates"]) == 2
    longitudes = [point[0] for polygon in geometry["coordinates"] for point in polygon[0]]
    assert max(longitudes) == 180.0 and min(longitudes) == -180.0


def test_an_incomplete_campaign_is_refused_unless_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    factory.write(tmp_path / "a", factory.spec(100, 10), shards=[0, 1, 2, 5, 6, 9])
    assert run(["summary", str(tmp_path / "a")]) == 1
    error = capsys.readouterr().err
    assert "4 of 10 shards are missing (40 of 100 samples)" in error and "--resume" in error and "--partial" in error
    assert not (tmp_path / "a" / "summary").exists()
    assert run(["summary", str(tmp_path / "a"), "--partial"]) == 0
    shown = capsys.readouterr().out
    assert "60 flights of 100, 4 shards are missing" in shown
    assert json.loads((tmp_path / "a" / "summary" / "summary.json").read_text())["campaign"]["complete"] is False


def test_a_campaign_without_a_row_and_one_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    factory.write(tmp_path / "none", factory.spec(10, 10), shards=[])
    assert run(["summary", str(tmp_path / "none"), "--partial"]) == 1
    assert "no rows yet" in capsys.readouterr().err
    factory.write(tmp_path / "one", factory.spec(1, 10))
    assert run(["summary", str(tmp_path / "one"), "--no-figures"]) == 0
    assert "landed" in capsys.readouterr().out


def test_a_campaign_in_which_nobody_landed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = factory.spec(20, 20, zone=None)
    campaign = Campaign.create(tmp_path / "a", spec)
    rows = factory.rows(range(20))
    for name in spec.names[6:]:
        rows[name] = np.full(20, np.nan)
    campaign.write_shard(0, {**rows, "status": np.full(20, factory.OUT_OF_TIME_CODE)})
    assert run(["summary", str(tmp_path / "a")]) == 0
    document = json.loads((tmp_path / "a" / "summary" / "summary.json").read_text())
    assert document["landing"] is None and document["outputs"]["peak_load_g"]["samples"] == 0
    assert "out_of_time" in capsys.readouterr().out


@pytest.mark.parametrize("prepare", ["missing", "empty", "file", "foreign"])
def test_what_is_no_campaign(tmp_path: Path, capsys: pytest.CaptureFixture[str], prepare: str) -> None:
    place = tmp_path / "a"
    if prepare == "file":
        place.write_text("x")
    elif prepare != "missing":
        place.mkdir()
    if prepare == "foreign":
        (place / "events.json").write_text("{}")
    assert run(["summary", str(place)]) == 1
    error = capsys.readouterr().err
    assert "holds no campaign" in error and "Traceback" not in error


def test_a_foreign_folder_is_not_written_to(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    assert run(["summary", str(folder), "--out", str(tmp_path)]) == 1
    assert "holds no summary" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_damaged_shard_is_an_error_with_a_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    campaign = factory.write(tmp_path / "a", factory.spec(40, 20))
    campaign.shard_path(1).write_bytes(campaign.shard_path(1).read_bytes()[:-30])
    assert run(["summary", str(tmp_path / "a")]) == 1
    error = capsys.readouterr().err
    assert "shard-000001.parquet" in error and "--resume" in error


def test_a_campaign_of_one_output_and_no_inputs(tmp_path: Path) -> None:
    columns = (*factory.COLUMNS[:2], factory.COLUMNS[9])
    spec = replace(factory.spec(50, 50), columns=columns, limits=())
    rows = factory.rows(range(50))
    Campaign.create(tmp_path / "a", spec).write_shard(0, {column.name: rows[column.name] for column in columns})
    assert run(["summary", str(tmp_path / "a")]) == 0
    assert sorted(path.name for path in (tmp_path / "a" / "summary").iterdir()) == [
        "distributions.png", "report.html", "summary.json",
    ]  # fmt: skip


def test_names_for_people() -> None:
    assert quantity("touchdown_sink_rate_m_s", "m/s") == "Touchdown sink rate"
    assert quantity("input_density_factor", "1") == "Density factor"


def test_the_example_of_the_guide_runs(folder: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "read-a-campaign.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```py\n(.*?)^```$", page, re.M | re.S)
    assert examples
    (tmp_path / "my-campaign").symlink_to(folder)
    for example in examples:
        done = subprocess.run(
            [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
