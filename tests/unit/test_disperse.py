"""Campaigns from the command line to the rows: the same bits however they are flown, and no sample lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from steppe.cli.main import run
from steppe.config.loader import LoadedMission, load_mission
from steppe.ensemble import executors
from steppe.ensemble import run as runs
from steppe.ensemble.campaign import fly_one, plan_campaign, run_campaign
from steppe.ensemble.cases import cases_of
from steppe.ensemble.run import Plan, fly_samples
from steppe.ensemble.sampling import draw
from steppe.ensemble.store import Campaign, gather
from steppe.ensemble.tally import Tally
from steppe.errors import LANDED, ConfigError, OutputError
from steppe.kernels import phase as k

ROOT = Path(__file__).parents[2]
OPEN_LOOP = '\n[guidance]\nlaw = "open-loop"\n'
ENTRY = (ROOT / "examples" / "soyuz-from-entry.toml").read_text(encoding="utf-8")


def write_mission(folder: Path, more: str = "", head: str = "") -> Path:
    path = folder / "quick.toml"
    path.write_text(head + ENTRY + OPEN_LOOP + more, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> LoadedMission:
    """An entry without guidance, which flies in three milliseconds."""
    return load_mission(write_mission(tmp_path_factory.mktemp("mission")))


@pytest.fixture(scope="module")
def plan(quick: LoadedMission) -> Plan:
    return plan_campaign(quick, "quick.toml", 60, 5, shard_size=25)


@pytest.fixture(scope="module")
def steered() -> Plan:
    return plan_campaign(load_mission("ms-21"), "ms-21", 8, 3)


def bits(rows: dict[str, Any]) -> dict[str, bytes]:
    return {name: np.asarray(values).tobytes() for name, values in rows.items()}


def table(folder: Path) -> dict[str, Any]:
    campaign = Campaign.open(folder)
    rows = gather(campaign, campaign.spec.names)
    return {name: v.tolist() if v.dtype == object else v.tobytes() for name, v in rows.items()}


def strict(text: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"not JSON: {word}")

    return json.loads(text, parse_constant=refuse)


# --- the same bits


@pytest.mark.parametrize("which", ["plan", "steered"])
def test_cores_and_order_change_no_bit(which: str, request: pytest.FixtureRequest) -> None:
    plan = request.getfixturevalue(which)
    one = fly_samples(plan, range(8), cores=1)
    assert (one["status"] == LANDED).all()
    assert bits(fly_samples(plan, range(8), cores=2)) == bits(one)
    assert bits(fly_samples(plan, range(8), cores=50)) == bits(one)
    back = fly_samples(plan, [7, 6, 5, 4, 3, 2, 1, 0], cores=2)
    assert bits({name: values[::-1] for name, values in back.items()}) == bits(one)
    assert bits(fly_samples(plan, [5])) == bits({name: values[5:6] for name, values in one.items()})


def test_chunks_and_shards_change_no_bit(
    quick: LoadedMission, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_campaign(plan, tmp_path / "a", resume=False, cores=1)
    monkeypatch.setattr(executors, "_FIRST_STRIDE", 7)
    monkeypatch.setattr(runs, "_DRAWN_AT_ONCE", 3)
    other = plan_campaign(quick, "quick.toml", 60, 5, shard_size=11)
    run_campaign(other, tmp_path / "b", resume=False, cores=2)
    assert len(list((tmp_path / "b").glob("shard-*.parquet"))) == 6
    assert table(tmp_path / "a") == table(tmp_path / "b")


def test_a_longer_campaign_begins_with_the_shorter_one(quick: LoadedMission, plan: Plan) -> None:
    longer = plan_campaign(quick, "quick.toml", 500, 5)
    assert bits(fly_samples(longer, range(10))) == bits(fly_samples(plan, range(10)))
    other = plan_campaign(quick, "quick.toml", 60, 6)
    assert bits(fly_samples(other, range(10)))["miss_km"] != bits(fly_samples(plan, range(10)))["miss_km"]


@pytest.mark.parametrize("which", ["plan", "steered"])
def test_a_sample_alone_lands_where_its_row_says(which: str, request: pytest.FixtureRequest) -> None:
    plan = request.getfixturevalue(which)
    rows = fly_samples(plan, range(8))
    for sample in (0, 7):
        flight = fly_one(plan, sample)
        assert flight.touchdown is not None
        assert flight.touchdown.latitude_deg == pytest.approx(rows["touchdown_latitude_deg"][sample], abs=1e-8)
        assert flight.touchdown.longitude_deg == pytest.approx(rows["touchdown_longitude_deg"][sample], abs=1e-8)
        assert flight.peaks.load_g == pytest.approx(rows["peak_load_g"][sample], rel=1e-3)
        # The openings are flown once more in fine steps, with the dispersed canopies
        assert max(one.force_n for one in flight.openings) == pytest.approx(rows["canopy_pull_n"][sample], rel=1e-3)
    with pytest.raises(ConfigError, match="samples are 0 to"):
        fly_one(plan, plan.spec.samples)


@pytest.mark.parametrize("mission", ["ms-21", "quick"])
def test_an_empty_dispersion_file_gives_the_planned_flight(mission: str, tmp_path: Path) -> None:
    (tmp_path / "nothing.toml").write_text('name = "nothing"\n', encoding="utf-8")
    path = write_mission(tmp_path, head='dispersions = "nothing.toml"\n')
    loaded = load_mission(path if mission == "quick" else "ms-21")
    if mission == "ms-21":
        mission_there = loaded.mission.model_copy(update={"dispersions": "nothing.toml"})
        loaded = replace(loaded, mission=mission_there, folder=tmp_path)
    plan = plan_campaign(loaded, mission, 3, 1)
    rows = fly_samples(plan, range(3))
    assert (rows["status"] == LANDED).all()
    assert np.ptp(rows["miss_km"]) == 0.0
    planned = plan.nominal.run.begins[plan.nominal.run.begun, k.X : k.Z + 1]
    case = next(cases_of(plan.nominal, draw(plan.dispersions, 1, [1])))
    flown = runs.fly_case(plan.nominal, case, np.zeros((8000, k.RECORD_COLUMNS)))
    assert np.linalg.norm(flown.begins[-1, k.X : k.Z + 1] - planned) < 1.0
    assert rows["touchdown_after_plan_s"] == pytest.approx(0.0, abs=0.01)


# --- kill -9


def test_kill_9_and_resume_give_the_undisturbed_campaign(tmp_path: Path) -> None:
    path, folder = write_mission(tmp_path), tmp_path / "killed"
    words = ["disperse", str(path), "-n", "500", "--seed", "9", "--out", str(folder), "--cores", "1", "--resume"]
    words += ["--shard-size", "20"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    moments = random.Random(7)
    killed = 0
    for goal in (0, 8, 16):
        child = subprocess.Popen(
            [sys.executable, "-m", "steppe.cli.main", *words], env=environment, stdout=subprocess.DEVNULL
        )
        give_up = time.monotonic() + 60.0
        while child.poll() is None and len(list(folder.glob("shard-*.parquet"))) < goal:
            assert time.monotonic() < give_up
            time.sleep(0.002)
        time.sleep(moments.uniform(0.0, 0.06) if goal else moments.uniform(0.5, 1.5))
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
    assert killed >= 2
    there = list(folder.glob("shard-*.parquet"))
    assert 0 < len(there) < 25
    plan = plan_campaign(load_mission(path), str(path), 500, 9, shard_size=20)
    tally = run_campaign(plan, folder, resume=True, cores=2)
    assert (tally.found, tally.flown) == (20 * len(there), 500 - 20 * len(there))
    whole = run_campaign(plan, tmp_path / "undisturbed", resume=False, cores=1)
    assert table(folder) == table(tmp_path / "undisturbed")
    # what is found counts in the spread like what is flown
    assert (tally.count, tally.failed) == (whole.count, whole.failed)
    assert tally.spread_km == pytest.approx(whole.spread_km, rel=1e-9)
    rows = gather(Campaign.open(folder), ["sample", "miss_east_km", "miss_north_km"])
    assert rows["sample"].tolist() == list(range(500))
    assert whole.spread_km == pytest.approx((np.std(rows["miss_east_km"]), np.std(rows["miss_north_km"])), rel=1e-9)


def test_a_campaign_that_is_complete_is_resumed_without_a_flight(plan: Plan, tmp_path: Path) -> None:
    reports: list[Tally] = []
    first = run_campaign(plan, tmp_path / "a", resume=False, cores=1, report=reports.append)
    assert [report.flown for report in reports] == [25, 50, 60]
    again = run_campaign(plan, tmp_path / "a", resume=True, cores=1)
    assert (again.flown, again.found, again.count) == (0, 60, first.count)


def test_another_seed_or_configuration_is_refused_with_the_difference(
    quick: LoadedMission, plan: Plan, tmp_path: Path
) -> None:
    run_campaign(plan, tmp_path / "a", resume=False, cores=1)
    before = table(tmp_path / "a")
    with pytest.raises(OutputError, match=r"another campaign[^\0]*seed"):
        run_campaign(plan_campaign(quick, "quick.toml", 60, 6, shard_size=25), tmp_path / "a", resume=True, cores=1)
    heavier = quick.vehicle.capsule.model_copy(update={"mass_kg": 2950.0})
    changed = replace(quick, vehicle=quick.vehicle.model_copy(update={"capsule": heavier}))
    with pytest.raises(OutputError, match=r"another campaign[^\0]*mass_kg"):
        run_campaign(plan_campaign(changed, "quick.toml", 60, 5, shard_size=25), tmp_path / "a", resume=True, cores=1)
    with pytest.raises(OutputError, match="--resume"):
        run_campaign(plan, tmp_path / "a", resume=False, cores=1)
    assert table(tmp_path / "a") == before


# --- the command


def test_the_command_reports_what_it_flew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, folder = write_mission(tmp_path), tmp_path / "campaign"
    words = ["disperse", str(path), "-n", "12", "--seed", "4", "--out", str(folder)]
    assert run([*words, "--json"]) == 0
    shown = capsys.readouterr()
    result = strict(shown.out)
    assert (result["flown"], result["landed"], result["failed"], result["samples"]) == (12, 12, {}, 12)
    assert result["spread_east_km"] > result["spread_east_error_km"] > 0.0
    assert result["spread_north_error_km"] == pytest.approx(result["spread_north_km"] / 24**0.5)
    assert shown.err == ""
    assert run([*words, "--resume"]) == 0
    assert "12 were there already" in capsys.readouterr().out
    assert run([*words, "--only", "3", "--json"]) == 0
    alone = strict(capsys.readouterr().out)
    rows = gather(Campaign.open(folder), ["touchdown_latitude_deg"])
    assert alone["touchdown"]["latitude_deg"] == pytest.approx(rows["touchdown_latitude_deg"][3], abs=1e-6)
    assert (tmp_path / "campaign-sample-3" / "events.json").exists()


def test_a_flight_that_fails_is_a_row_with_its_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # half of the flights lose nearly all of their lift, and then the load exceeds the limit
    (tmp_path / "unlucky.toml").write_text(
        '[[parameter]]\nname = "lift_to_drag_factor"\ndistribution = "empirical"\nvalues = [1, 0.1]\nsource = "test"\n',
        encoding="utf-8",
    )
    path = write_mission(tmp_path, "\n[limits]\nload_g = 6.5\n", 'dispersions = "unlucky.toml"\n')
    folder = tmp_path / "campaign"
    words = ["disperse", str(path), "-n", "20", "--seed", "1", "--out", str(folder)]
    assert run([*words, "--json"]) == 0
    result = strict(capsys.readouterr().out)
    rows = gather(Campaign.open(folder), ["sample", "status", "miss_km", "input_lift_to_drag_factor"])
    failed = np.flatnonzero(rows["input_lift_to_drag_factor"] == 0.1)
    assert 0 < failed.size < 20
    assert (result["flown"], result["landed"]) == (20, 20 - failed.size)
    assert list(result["failed"].values()) == [failed.size]
    assert rows["sample"].tolist() == list(range(20))
    assert np.flatnonzero(rows["status"] != "landed").tolist() == failed.tolist()
    assert set(rows["status"][failed]) == set(result["failed"])
    assert np.isnan(rows["miss_km"][failed]).all()
    assert np.isfinite(np.delete(rows["miss_km"], failed)).all()
    assert run([*words, "--only", str(failed[0])]) == 0
    assert next(iter(result["failed"])) in capsys.readouterr().out


def test_a_mission_without_a_zone_has_no_spread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_mission(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('zone = "zhezkazgan-se"\n', ""), encoding="utf-8")
    assert run(["disperse", str(path), "-n", "3", "--out", str(tmp_path / "campaign"), "--json"]) == 0
    result = strict(capsys.readouterr().out)
    assert (result["landed"], result["spread_east_km"], result["spread_north_error_km"]) == (3, None, None)
    assert run(["disperse", str(path), "-n", "3", "--out", str(tmp_path / "other")]) == 0
    assert "nan" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-n", "0"], "at least 1 sample"),
        (["-n", "-4"], "at least 1 sample"),
        (["-n", "many"], "integer"),
        (["--seed", "-1"], "seed is a whole number"),
        (["--seed", str(2**64)], "seed is a whole number"),
        (["--cores", "-1"], "cores"),
        (["-n", "5", "--only", "5"], "samples are 0 to 4"),
        (["-n", "5", "--only", "-1"], "samples are 0 to 4"),
        (["--executor", "rye"], "did you mean 'ray'?"),
        (["--shard-size", "0"], "at least 1 sample"),
    ],
    ids=str,
)
def test_wrong_numbers_are_one_message(
    words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = write_mission(tmp_path), tmp_path / "campaign"
    assert run(["disperse", str(path), "--out", str(folder), *words]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("error:") == 1 and expected in shown.err
    assert not (folder / "manifest.json").exists()


def test_no_room_is_said_before_anything_is_flown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    folder = tmp_path / "campaign"
    assert run(["disperse", str(write_mission(tmp_path)), "-n", "100000", "--out", str(folder)]) == 1
    assert "no room" in capsys.readouterr().err
    assert not folder.exists()


def test_wrong_places_are_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_mission(tmp_path)
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine", encoding="utf-8")
    for words, expected in (
        (["ms-2l"], "ms-21"),
        ([str(path), "--out", str(tmp_path / "file")], "it is a file"),
        ([str(path), "--out", str(tmp_path / "file" / "sub")], "file"),
        ([str(path), "--out", str(tmp_path / "full")], "not empty"),
    ):
        assert run(["disperse", *words, "-n", "2"]) == 1, words
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("error:") == 1 and expected in shown.err, shown.err
        assert "Traceback" not in shown.err
    assert (tmp_path / "full" / "letter.txt").read_text(encoding="utf-8") == "mine"
    assert [entry.name for entry in (tmp_path / "full").iterdir()] == ["letter.txt"]


def test_a_vehicle_without_dispersions_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_mission(tmp_path, head='dispersions = "soyuz-mz"\n')
    assert run(["disperse", str(path), "-n", "2", "--out", str(tmp_path / "campaign")]) == 1
    assert "soyuz-ms" in capsys.readouterr().err
