"""The folder, the pictures and the verb of falling pieces, on synthetic pieces."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pyarrow.parquet as pq
import pytest
from impacts_factory import EPOCH, breakup, impacts_at
from matplotlib.text import Text

from steppe.cli.main import run
from steppe.errors import DEMISED, OutputError
from steppe.ground.assessment import Assessment, Return, assess
from steppe.ground.population import bundled_population
from steppe.ground.sphere import axes_at
from steppe.io.debris import write_debris_folder
from steppe.io.rdm import read_rdm
from steppe.view.debris import debris_figure, debris_figures
from steppe.view.risk import risk_figure, scientific, written

SITE = (47.3, 69.6)
FILES = ["hazard.geojson", "hazard.kml", "impacts.parquet", "notice.txt", "rdm/capsule.rdm", "rdm/heat_shield.rdm",
         "rdm/orbital_module.rdm", "rdm/service_module.rdm", "risk.json", "summary.json"]  # fmt: skip


def a_return(samples: int = 30) -> Return:
    lat, lon = axes_at(*SITE, 52.0).to_deg(np.linspace(-2500.0, 0.0, 200), 0.0)
    entry = (EPOCH + timedelta(seconds=2900.0), 99.7e3)
    masses = {"orbital_module": 1240.0, "service_module": 2100.0, "heat_shield": 300.0, "capsule": 2900.0}
    return Return("ms-21", "Soyuz MS-21, landing of 2022-09-29", samples, 1, SITE, "South-east of Zhezkazgan",
                  (lat, lon), entry, masses, {"steppe": "0.1", "config_hash": "abc"})  # fmt: skip


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    cases = {"nominal": breakup(30, 2), "ballistic": breakup(30, 3), "dispersed": breakup(30)}
    return assess(a_return(), cases, bundled_population(), separation={"pairs": []})


def burnt() -> Assessment:
    columns = {name: np.full(2, np.nan) for name in ("time_s", "speed_m_s", "mass_kg", "section_m2", "energy_j")}
    nothing = impacts_at([np.nan] * 2, [np.nan] * 2, status=np.full(2, DEMISED), **columns)
    return assess(a_return(2), {"dispersed": nothing}, bundled_population())


def test_the_folder_holds_what_it_lists(assessment: Assessment, tmp_path: Path) -> None:
    files = write_debris_folder(assessment, tmp_path / "out")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in files] == FILES
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert summary["files"] == FILES and summary["samples"] == 30
    assert "depends strongly on the catalogue" in summary["notes"][0]
    modules = summary["scenarios"]["dispersed"]["hazard_areas"][0]
    assert modules["heel"]["short_of_site_km"] > modules["toe"]["short_of_site_km"] > 0.0
    risk = json.loads((tmp_path / "out/risk.json").read_text())
    assert set(risk) == {"nominal", "ballistic", "dispersed"}
    assert risk["dispersed"]["bodies"]["capsule"]["verdict"] == "below"


def test_the_table_gives_every_piece_back(assessment: Assessment, tmp_path: Path) -> None:
    write_debris_folder(assessment, tmp_path / "out")
    table = pq.read_table(tmp_path / "out/impacts.parquet")
    rows = [row for row in table.to_pylist() if row["scenario"] == "dispersed"]
    pieces = assessment.main.impacts
    assert len(rows) == len(pieces)
    for row, k in ((rows[k], k) for k in range(0, len(rows), 17)):
        assert row["body"] == pieces.bodies[pieces.body[k]] and row["piece"] == pieces.pieces[pieces.piece[k]]
        if row["status"] == "landed":
            assert row["latitude_deg"] == pieces.latitude_deg[k]
            assert abs((row["utc"] - EPOCH).total_seconds() - pieces.time_s[k]) < 0.002
        else:
            assert row["status"] == "demised" and row["utc"] is None and row["mass_kg"] is None
    assert table.schema.field("energy_j").metadata[b"unit"] == b"J"
    assert table.schema.metadata[b"steppe.mission"] == b"ms-21"


def test_an_older_assessment_is_replaced_and_a_stranger_is_not(assessment: Assessment, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_debris_folder(assessment, out, {"extra.txt": lambda path: path.write_text("x")})
    (out / "mine.txt").write_text("mine")
    write_debris_folder(assessment, out)
    assert not (out / "extra.txt").exists() and (out / "mine.txt").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "summary.json").write_text('{"campaign": {}}')
    with pytest.raises(OutputError, match="holds no steppe debris assessment"):
        write_debris_folder(assessment, other)
    assert [path.name for path in other.iterdir()] == ["summary.json"]


def test_a_writer_that_fails_leaves_nothing(assessment: Assessment, tmp_path: Path) -> None:
    def broken(path: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="disk is full"):
        write_debris_folder(assessment, tmp_path / "out", {"broken": broken})
    assert list(tmp_path.iterdir()) == []


def test_the_map_file_has_areas_notices_track_and_site(assessment: Assessment, tmp_path: Path) -> None:
    write_debris_folder(assessment, tmp_path / "out")
    features = json.loads((tmp_path / "out/hazard.geojson").read_text())["features"]
    kinds = [item["properties"]["kind"] for item in features]
    # 3 cases of 2 areas, each with 4 shares and 2 ends
    assert {kind: kinds.count(kind) for kind in kinds} == {"hazard": 24, "end": 12, "notice": 2, "track": 1, "site": 1}
    for item in features:
        if item["properties"]["kind"] == "hazard":
            ring = np.array(item["geometry"]["coordinates"][0])
            assert np.array_equal(ring[0], ring[-1])
            assert item["properties"]["contained"] >= item["properties"]["share"]
    root = ET.parse(tmp_path / "out/hazard.kml").getroot()
    names = [name.text for name in root.iter("{http://www.opengis.net/kml/2.3}name")]
    assert len(names) == len(features) + 1 and "nominal ground track" in names


def test_the_notices_are_in_the_text(assessment: Assessment, tmp_path: Path) -> None:
    write_debris_folder(assessment, tmp_path / "out")
    text = (tmp_path / "out/notice.txt").read_text(encoding="ascii")
    assert text.count("NOTAMN") == 2 and text.count("F) SFC G) UNL)") == 2
    assert "LEFT TO YOU" in text and "SOYUZ MS-21 (ORBITAL MODULE, SERVICE MODULE)" in " ".join(text.split())


def test_the_messages_say_where_and_when(assessment: Assessment, tmp_path: Path) -> None:
    write_debris_folder(assessment, tmp_path / "out")
    message = read_rdm(tmp_path / "out/rdm/orbital_module.rdm")
    assert message.reentry.altitude_m == pytest.approx(99.7e3) and message.impact is not None
    assert message.impact.probability["casualty"] == pytest.approx(
        assessment.main.risk.by_body["orbital_module"].casualties, rel=1e-6
    )
    assert len(message.impact.intervals) == 3


def test_without_the_entry_there_are_no_messages(assessment: Assessment, tmp_path: Path) -> None:
    unknown = replace(assessment, about=replace(assessment.about, entry=None))
    assert [path.name for path in write_debris_folder(unknown, tmp_path / "out") if path.suffix == ".rdm"] == []


def test_when_all_burns_up_the_folder_says_so(tmp_path: Path) -> None:
    files = write_debris_folder(burnt(), tmp_path / "out", debris_figures(burnt()))
    assert "debris.png" not in [path.name for path in files]
    assert "NOTAMN" not in (tmp_path / "out/notice.txt").read_text()
    assert json.loads((tmp_path / "out/summary.json").read_text())["notices"] == []


def texts_of(figure: Any) -> list[Text]:
    texts = list(figure.texts)
    for axes in figure.findobj(matplotlib.axes.Axes):
        texts += [*axes.texts, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.get_yticklabels()]
    return [text for text in texts if text.get_text().strip() and text.get_visible()]


@pytest.mark.parametrize("draw", [debris_figure, risk_figure])
def test_no_text_is_cut_off_and_none_covers_another(assessment: Assessment, draw: Any) -> None:
    figure = draw(assessment)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = [(text.get_text(), Text.get_window_extent(text, renderer)) for text in texts_of(figure)]
    for said, box in boxes:
        assert box.x0 >= 0.0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0.0 and box.y1 <= figure.bbox.y1, said
    for k, (said, box) in enumerate(boxes):
        for other, its in boxes[k + 1 :]:
            assert not box.padded(-1.5).overlaps(its.padded(-1.5)), f"{said!r} covers {other!r}"


def test_the_limit_stands_in_the_risk_chart(assessment: Assessment) -> None:
    said = " ".join(text.get_text() for text in texts_of(risk_figure(assessment)))
    assert "limit 10⁻⁴" in said and "All pieces" in said and "Orbital module" in said


@pytest.mark.parametrize(
    ("value", "text"), [(1e-4, "10⁻⁴"), (3.5e-3, "4 × 10⁻³"), (9.99e-6, "10⁻⁵"), (0.0, "0"), (2.0, "2 × 10⁰")]
)
def test_numbers_for_people(value: float, text: str) -> None:
    assert scientific(value) == text


def test_an_expectation_is_written_with_its_error(assessment: Assessment) -> None:
    part = assessment.main.risk.total
    assert written(replace(part, casualties=3.14e-4, error=2.6e-5)) == "(3.1 ± 0.3) × 10⁻⁴"
    assert written(replace(part, casualties=3.14e-4, error=1e-9)) == "3.1 × 10⁻⁴"
    assert written(replace(part, casualties=9.97e-5, error=float("nan"))) == "1.0 × 10⁻⁴"
    assert written(replace(part, casualties=0.0)) == "none"


@dataclass
class Flown:
    """Stands for what `fly_debris` returns."""

    dispersed: Any
    nominal: Any
    ballistic: Any


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the verb take synthetic pieces instead of flying any."""
    flown = Flown(breakup(20), breakup(20, 2), breakup(20, 3))
    monkeypatch.setattr("steppe.ground.debris.fly_debris", lambda *_, **__: flown)
    monkeypatch.setattr("steppe.ground.study.return_of", lambda *_: a_return(20))
    monkeypatch.setattr("steppe.cli.debris._separation", lambda *_: {})


def test_the_verb_prints_areas_and_risk(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["debris", "ms-21", "-n", "20", "--out", str(tmp_path / "out"), "--no-figures"]) == 0
    said = capsys.readouterr().out
    for word in ("orbital module, service module", "casualty expectation", "by country", "notice.txt", "1e-4"):
        assert word in said
    assert max(map(len, said.splitlines()[:-1])) <= 140


def test_the_verb_gives_json(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["debris", "ms-21", "-n", "20", "--out", str(tmp_path / "out"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["risk"]["casualty_expectation"] > 0.0 and document["seconds"] >= 0.0
    assert any(name.endswith("debris.png") for name in document["files"])


def test_people_of_ones_own(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raster = tmp_path / "mine.asc"
    raster.write_text("ncols 2\nnrows 2\nxllcorner 30\nyllcorner 10\ncellsize 40\n" + "2 2\n2 2\n")
    assert run(["debris", "ms-21", "--population", str(raster), "--out", str(tmp_path / "out"), "--no-figures"]) == 0
    assert "raster mine.asc" in capsys.readouterr().out
    raster.write_text("ncols 2\nnrows 2\nxllcorner 0\nyllcorner 20\ncellsize 1\n" + "2 2\n2 2\n")
    assert run(["debris", "ms-21", "--population", str(raster), "--out", str(tmp_path / "new")]) == 1
    assert "use a raster that covers the footprint" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ms-21", "-n", "0"], "the number of returns is 1 or more"),
        (["ms-21", "--cores", "-1"], "cores"),
        (["ms-99"], "ms-"),
        (["ms-21", "--population", "nothing.asc"], "there is no population raster"),
        (["ms-21", "--sheltered", "2"], "0 to 1"),
    ],
)
def test_wrong_use_says_how_to_mend_it(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["debris", *words]) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_a_folder_that_is_not_ours_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    assert run(["debris", "ms-21", "--out", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert run(["debris", "ms-21", "--out", str(tmp_path / "thesis.txt")]) == 1
    assert "it is a file" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    assert run(["debris", "ms-21", "--out", str(tmp_path / "file" / "out")]) == 1
    assert "a part of that path is a file" in capsys.readouterr().err
