"""Records become missions by the named zone only; bad records and files are reported, never dropped."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from steppe.cli.main import run
from steppe.config.loader import load_mission
from steppe.errors import ConfigError
from steppe.flight.records import (
    bundled_records,
    choose_zone,
    delta_v_by_rule,
    landing_plan_error_s,
    last_orbit,
    mission_of,
    precision_s,
    read_records,
    station_altitude_m,
)
from steppe.flight.validate import as_json, check, summarize, validate

RECORDS = {record["id"]: record for record in bundled_records()}


@pytest.fixture
def ms21() -> dict[str, Any]:
    return copy.deepcopy(RECORDS["MS-21"])


@pytest.mark.parametrize("name", list(RECORDS))
def test_zone_and_orbit_agree_with_the_preset(name: str) -> None:
    preset = load_mission(name.lower())
    mission, zone = mission_of(RECORDS[name])
    assert zone.name == preset.mission.zone
    assert mission.mission.station is not None and preset.mission.station is not None
    assert mission.mission.station.line1 == preset.mission.station.line1
    assert mission.mission.departure == preset.mission.departure
    assert mission.mission.guidance.law == preset.mission.guidance.law


@pytest.mark.parametrize(
    ("town", "direction", "planned_km", "zone"),
    [
        ("Dzhezkazgan", "SE", None, "zhezkazgan-se"),
        ("Jezkazgan", "south-east", 147, "zhezkazgan-se"),
        ("Zhezkazgan", "E", 147, "zhezkazgan-se"),
        ("Zhezkazgan", "ESE", None, "zhezkazgan-se"),
        ("Zhezkazgan", "NE", 121, "zhezkazgan-ne"),
        ("Zhezkazgan", "northeast", None, "zhezkazgan-ne"),
        ("Arkalyk", "N", 85, "arkalyk-north"),
        ("Arkalyk", "NE", 82, "arkalyk-north"),
        ("Arkalyk", "NE", None, "arkalyk-north"),
        ("Arkalyk", "NE", 50, "arkalyk-northeast"),
        ("Arqalyq", "N/NE", None, "arkalyk-north"),
        ("Arkalyk", "S", 34, "arkalyk-south"),
    ],
)
def test_zones_by_name(ms21: dict[str, Any], town: str, direction: str, planned_km: float | None, zone: str) -> None:
    ms21["landing_town"], ms21["landing_direction"] = town, direction
    ms21["planned"] = {} if planned_km is None else {"landing_distance_km": {"value": planned_km}}
    assert choose_zone(ms21).name == zone


def test_the_real_landing_does_not_enter_the_mission(ms21: dict[str, Any]) -> None:
    before, _ = mission_of(ms21)
    ms21["landing_lat_deg"], ms21["landing_lon_deg"], ms21["landing_distance_km"] = 10.0, 20.0, 999
    ms21["landing_utc"] = "2022-09-29T12:34:56Z"
    after, _ = mission_of(ms21)
    published = {"published": before.mission.published}
    assert after.mission.model_copy(update=published) == before.mission
    assert after.zone == before.zone


def test_ballistic_takes_the_target_not_the_place() -> None:
    assert choose_zone(RECORDS["TMA-1"]).name == "arkalyk-north"
    lost = choose_zone(RECORDS["TMA-11"])
    assert lost.name == "arkalyk-north" and not lost.certain


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("station_orbits", [], "no orbit"),
        ("station_orbits", None, "no orbit"),
        ("undock_utc", None, "revolution"),
        ("undock_utc", "noon", "2022-09-29T07:34:20Z"),
        ("undock_utc", "2022-09-01T00:00:00Z", "before undocking"),
        ("landing_town", "Houston", "known: Zhezkazgan, Arkalyk"),
        ("landing_town", None, "known: Zhezkazgan, Arkalyk"),
        ("landing_direction", "NW", "nearest is 'zhezkazgan-ne'"),
        ("landing_direction", "somewhere", "no direction"),
    ],
)
def test_unusable_records_say_why(ms21: dict[str, Any], key: str, value: Any, words: str) -> None:
    ms21[key] = value
    result = check(ms21)
    assert result.main.status == "unusable"
    assert words in " ".join(result.main.reasons)
    assert "MS-21" in " ".join(result.main.reasons)
    document = as_json([result])
    assert document["returns"][0]["status"] == "unusable"
    assert document["returns"][0]["residuals"]["touchdown_s"] is None
    assert document["summary"]["unusable"] == 1
    assert document["summary"]["touchdown_abs_median_s"] is None


def test_last_orbit_without_the_flag(ms21: dict[str, Any]) -> None:
    flagged = last_orbit(ms21)
    for orbit in ms21["station_orbits"]:
        orbit.pop("last_before_undocking")
        orbit.pop("epoch_utc")
    assert last_orbit(ms21)["line1"] == flagged["line1"]


def test_a_flag_after_the_undocking_does_not_count(ms21: dict[str, Any]) -> None:
    expected = last_orbit(ms21)["line1"]
    for orbit in ms21["station_orbits"]:
        orbit["last_before_undocking"] = True
    assert last_orbit(ms21)["line1"] == expected


def test_delta_v_rule() -> None:
    # CSA for MS-11: 128 m/s from 413 km; ovesti.ru/?p=191 and NASA for TMA-01M: 115 m/s from 351 km
    assert delta_v_by_rule(station_altitude_m(RECORDS["MS-11"]))[0] == 128.0
    assert delta_v_by_rule(station_altitude_m(RECORDS["TMA-01M"]))[0] == 115.0


def test_precision_where_none_is_given(ms21: dict[str, Any]) -> None:
    ms21.pop("time_precision_s")
    ms21["deorbit_burn_start_utc"] = "2022-09-29T10:03:00Z"
    assert precision_s(ms21, "deorbit_burn_start_utc") == 60.0
    assert precision_s(ms21, "landing_utc") == 1.0


def test_a_bare_record_is_compared_as_far_as_it_goes(ms21: dict[str, Any]) -> None:
    keys = ("id", "undock_utc", "landing_utc", "landing_town", "landing_direction", "station_orbits")
    result = check({key: ms21[key] for key in keys})
    assert result.main.status == "landed"
    assert result.main.miss is None and result.as_flown is None
    assert result.main.residuals["ignition_s"] is None
    touchdown = result.main.residuals["touchdown_s"]
    assert touchdown is not None and touchdown.status == "unstated" and abs(touchdown.value_s) < 120.0


def test_as_flown_takes_the_published_ignition() -> None:
    result = check(RECORDS["MS-17"], mode="as-flown")
    assert result.planned is None and result.as_flown is not None
    ignition = result.as_flown.residuals["ignition_s"]
    assert ignition is not None and abs(ignition.value_s) < 1e-3
    assert check(RECORDS["MS-21"], mode="as-flown").as_flown is None  # its ignition is published only as a plan


def test_summary_is_over_guided_returns() -> None:
    checked = validate([RECORDS["MS-21"], RECORDS["TMA-1"]], mode="planned")
    summary = summarize(checked)
    touchdown = checked[0].main.residuals["touchdown_s"]
    assert touchdown is not None
    assert summary["touchdown_abs_median_s"] == summary["touchdown_abs_max_s"] == abs(touchdown.value_s)
    assert summary["guided_returns"] == summary["ballistic_returns"] == 1
    along = summary["ballistic_along_track_max_km"]
    assert along is not None and along < 50.0


def test_announced_plans_are_compared_with_the_same_landings(ms21: dict[str, Any]) -> None:
    # MS-21: 10:57:00 announced, 10:57:11 flown; no plan of TMA-07M was published
    assert landing_plan_error_s(ms21) == -11.0
    assert landing_plan_error_s(RECORDS["TMA-07M"]) is None
    assert landing_plan_error_s({**ms21, "status": {"landing_utc": "planned"}}) is None
    summary = summarize(validate([ms21, RECORDS["TMA-07M"]], mode="planned"))
    assert summary["announced_plan_abs_median_s"] == 11.0
    assert summary["announced_plan_count"] == 1
    assert summary["touchdown_abs_median_s_of_announced"] != summary["touchdown_abs_median_s"]
    with pytest.raises(ConfigError, match="landing_utc"):
        landing_plan_error_s({**ms21, "planned": {"landing_utc": "soon"}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "not JSON"),
        ("{}", "expected a list of returns"),
        ("3", "expected a list of returns"),
        ("[3]", "return 1 of 1"),
        ("[]", "empty"),
    ],
)
def test_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str) -> None:
    path = tmp_path / "returns.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=words):
        read_records(path)
    assert run(["validate", str(path)]) == 1
    assert words in capsys.readouterr().err
    assert run(["validate", str(tmp_path / "missing.json")]) == 1


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], ms21: dict[str, Any]) -> None:
    broken = {**ms21, "id": "MS-99", "landing_town": "Houston"}
    path = tmp_path / "returns.json"
    path.write_text(json.dumps({"returns": [ms21, broken]}), "utf-8")
    assert run(["validate", str(path), "--json"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert [one["status"] for one in document["returns"]] == ["landed", "unusable"]
    assert {"ignition_s", "module_separation_s", "entry_interface_s", "parachute_s", "touchdown_s", "touchdown_km"} == (
        set(document["returns"][0]["residuals"])
    )
    assert "cannot use MS-99" in captured.err and "Houston" in captured.err

    picture = tmp_path / "residuals.png"
    assert run(["validate", str(path), "--id", "ms-21", "--figure", str(picture)]) == 0
    assert "MS-21" in capsys.readouterr().out and picture.stat().st_size > 10_000
    assert run(["validate", str(path), "--id", "MS-77"]) == 1
    assert "no return 'MS-77'" in capsys.readouterr().err
