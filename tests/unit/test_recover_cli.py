"""``steppe recover`` from the command line: products, options, and what it refuses."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

import campaign_factory
import pytest
from recovery_factory import both

from steppe.cli.main import run
from steppe.config.failure import Failure
from steppe.config.loader import LoadedMission
from steppe.errors import OutputError
from steppe.ground import touchdowns as source
from steppe.ground.recovery import plan_recovery
from steppe.view.recovery import recovery_figure


@pytest.fixture
def unflown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take made-up touchdowns instead of flying."""

    def made_up(loaded: LoadedMission, mission: str, side: str, samples: int, seed: int) -> source.Touchdowns:
        return both(samples)[side == "ballistic"]

    monkeypatch.setattr(source, "flown_touchdowns", made_up)


def force_file(folder: Path, old: str = "", new: str = "") -> Path:
    text = resources.files("steppe.config").joinpath("presets/recovery/soyuz-kazakhstan.toml").read_text("utf-8")
    assert old in text
    path = folder / "mine.toml"
    path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return path


@pytest.mark.usefixtures("unflown")
def test_the_folder_holds_all_products(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "staging"
    assert run(["recover", "ms-21", "-n", "12", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "airfields only" in shown and "optimum" in shown and "first at the capsule" in shown
    names = ["figure.png", "posts.csv", "recovery.geojson", "recovery.json", "recovery.kml"]
    assert sorted(path.name for path in out.iterdir()) == names
    study = json.loads((out / "recovery.json").read_text(encoding="utf-8"))
    assert [plan["name"] for plan in study["plans"]][-1] == "optimum"
    assert study["plans"][-1]["proven_optimal"] and study["plans"][-1]["gap"] < 1e-6
    assert study["extraction"][0]["who"].startswith("commander")
    with (out / "posts.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["plan"] == "optimum"]
    assert sum(float(row["first_at_capsule_probability"]) for row in rows) == pytest.approx(1.0, abs=1e-4)
    assert sum(int(row["count"]) for row in rows if row["type"] == "mi-8") == 10
    features = json.loads((out / "recovery.geojson").read_text(encoding="utf-8"))["features"]
    kinds = {feature["properties"]["kind"] for feature in features}
    assert kinds == {"airfield", "footprint", "post", "leg"}
    root = ElementTree.parse(out / "recovery.kml").getroot()
    assert len(root.findall(".//{*}Placemark")) == len(features)
    assert root.findall(".//{*}LineString")
    assert run(["recover", "ms-21", "-n", "12", "--out", str(out), "--no-figure"]) == 0  # an older study is replaced


@pytest.mark.usefixtures("unflown")
def test_json_is_strict_and_options_count(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["recover", "ms-21", "-n", "20", "--json", "--units", "mi-8=8", "--wind-east", "5", "--no-icing"]
    assert run(arguments) == 0
    study = json.loads(capsys.readouterr().out)
    assert study["weather"]["wind_east_m_s"] == 5.0 and study["weather"]["icing"] is False
    posts = study["plans"][-1]["posts"]
    assert sum(post["count"] for post in posts if post["type"] == "mi-8") == 8
    assert study["files"] == []


@pytest.mark.usefixtures("unflown")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--units", "mi-9=3"], r"--units: the fleet has no type 'mi-9', did you mean 'mi-8'?"),
        (["--units", "mi-8=0"], "--units: expected mi-8=NUMBER with 1 to 100 units, got 'mi-8=0'"),
        (["--units", "mi-8"], "--units: expected mi-8=NUMBER"),
        (["--objective", "best"], "--objective: expected one of mean, quantile, got 'best'"),
        (["--objective", "quantile", "--quantile", "1"], "--quantile: expected a share between 0 and 1, got 1"),
        (["--wind-east", "99"], "--wind-east = 99.0: the allowed range is from -60 to 60 m/s"),
        (["--wind-east", "45"], "nobody who opens the hatch can move: "),
        (["--force", "soyuz-kazakstan"], "did you mean 'soyuz-kazakhstan'?"),
        (["--campaign", "nowhere"], "nowhere holds no campaign: it has no manifest.json; name the --out folder"),
    ],
)
def test_wrong_options_are_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recover", "ms-21", "-n", "12", *arguments]) == 1
    shown = capsys.readouterr()
    assert said in shown.err and shown.out == ""
    assert "Traceback" not in shown.err


@pytest.mark.usefixtures("unflown")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("latitude_deg = 49.6714", "latitude_deg = 149.6", "airfield[0].latitude_deg = 149.6: the allowed range is"),
        ("latitude_deg = 49.6714\nlongitude_deg = 73.3364", "latitude_deg = 42\nlongitude_deg = 51",
         "airfield.UAKK: airfield 'Karaganda' at 42 N 51 E lies in the sea"),
        ("latitude_deg = 49.6714\nlongitude_deg = 73.3364", "latitude_deg = 49.6714\nlongitude_deg = -73.3364",
         "'Karaganda' at 49.6714 N -73.3364 E is 86"),
        ("latitude_deg = 47.7092\nlongitude_deg = 67.7383", "latitude_deg = 49.6720\nlongitude_deg = 73.3360",
         "airfield 'Zhezkazgan' lies where 'Karaganda' lies"),
        ("elevation_m = 381", "elevation_m = 1250", "ground about 47.7092 N 67.7383 E is 313 to 390 m high"),
        ("elevation_m = 381", "elevation_m = 1250", 'is it in feet (write "1250 ft")'),
        ("elevation_m = 538", "elevation_m = 0", "539 to 714 m high (bundled grid of heights); is the place wrong?"),
        ('cruise_speed_m_s = "225 km/h"', "cruise_speed_m_s = 225", 'is it in km/h? write "225 km/h"'),
        ('cruise_speed_m_s = "225 km/h"', "cruise_speed_m_s = -60", "cruise_speed_m_s = -60: the allowed range"),
        ('range_m = "985 km"', "range_m = 985", "its reserve of 30 min takes 112 km of it: nothing is left"),
        ('duty_s = "8 h"', "duty_s = 8", "may work 8 s and keeps 1800 s of it in reserve"),
        ('type = "mi-8"\ncount', 'type = "mi-80"\ncount', "fleet has the unknown type 'mi-80', did you mean 'mi-8'?"),
        ("count = 12\nspare = 2", "count = 0", "fleet[0].count = 0: the allowed range is from 1 to 100"),
        ("count = 12\nspare = 2", "count = 2\nspare = 2", "2 spare of 2: at least one unit must be left to place"),
        ('icao = "UAKK"', 'icao = "karaganda"', "airfield[0].icao"),
        ("cruise_speed_m_s", "cruise_m_s", "unknown key, did you mean 'cruise_speed_m_s'?"),
        ('name = "Zhezkazgan"', 'name = "Karaganda"', "airfield names Karaganda twice"),
        ('side = "guided"', 'side = "gided"', "expected one of guided, ballistic; did you mean 'guided'?"),
    ],
)  # fmt: skip
def test_wrong_files_are_said(
    old: str, new: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = force_file(tmp_path, old, new)
    assert run(["recover", "ms-21", "-n", "12", "--force", str(path)]) == 1
    shown = capsys.readouterr().err
    assert said in shown and "Traceback" not in shown


@pytest.mark.usefixtures("unflown")
def test_another_folder_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    assert run(["recover", "ms-21", "-n", "12", "--out", str(tmp_path)]) == 1
    assert "the folder is not empty and holds no staging study" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_campaign_of_another_mission_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    campaign_factory.write(tmp_path / "c", campaign_factory.spec(50, 50))
    assert run(["recover", "ms-21", "-n", "12", "--campaign", str(tmp_path / "c")]) == 1
    assert "is of the mission 'ms-21' with other values" in capsys.readouterr().err


def test_a_campaign_gives_its_landings(tmp_path: Path) -> None:
    from steppe.config.loader import load_mission

    loaded = load_mission("ms-21")
    written = campaign_factory.spec(100, 50, config_hash=loaded.config_hash)
    campaign_factory.write(tmp_path / "c", written)
    found = source.campaign_touchdowns(tmp_path / "c", loaded, both()[0].utc)
    assert len(found) == 98 and found.failed == 2
    (long, _), _ = found.axes_km()
    assert 5.0 < long < 8.5
    ballistic = loaded.mission.model_copy(
        update={"guidance": loaded.mission.guidance.model_copy(update={"law": "ballistic"})}
    )
    other = replace(loaded, mission=ballistic)
    campaign_factory.write(tmp_path / "b", campaign_factory.spec(20, 20, config_hash=other.config_hash))
    with pytest.raises(Exception, match="is of ballistic returns"):
        source.campaign_touchdowns(tmp_path / "b", other, both()[0].utc)
    stays = loaded.mission.model_copy(update={"failure": Failure(separation="instrument-module-stays")})
    unsteered = replace(loaded, mission=stays)
    campaign_factory.write(tmp_path / "s", campaign_factory.spec(20, 20, config_hash=unsteered.config_hash))
    with pytest.raises(Exception, match="'instrument-module-stays', which fall without lift"):
        source.campaign_touchdowns(tmp_path / "s", unsteered, both()[0].utc)
    campaign_factory.write(tmp_path / "part", campaign_factory.spec(100, 50, config_hash=loaded.config_hash), [0])
    with pytest.raises(OutputError, match="--resume"):
        source.campaign_touchdowns(tmp_path / "part", loaded, both()[0].utc)


def test_too_few_landings_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recover", "ms-21", "-n", "3"]) == 1
    assert "only 3 of 3 guided returns landed; a footprint needs at least 10" in capsys.readouterr().err


def test_the_figure_draws_any_study(tmp_path: Path) -> None:
    """Few units, no airfield plan, one place that holds several kinds."""
    from steppe.config.loader import load_recovery

    force = load_recovery("soyuz-kazakhstan")
    fleet = tuple(one.model_copy(update={"count": 1, "spare": 0}) for one in force.fleet if one.type != "an-26")
    study = plan_recovery("few", force.model_copy(update={"fleet": fleet}), *both(20), representatives=4)
    assert study.radio is None
    figure = recovery_figure(study)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("1 Mi-8" in text for text in texts) and len(figure.axes) == 4
