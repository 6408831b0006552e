"""What one change of an input does: signs and sizes that follow from first principles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from steppe.cli.main import run
from steppe.config.loader import load_mission
from steppe.flight.changes import Changes
from steppe.flight.explain import PERTURBATIONS, Effect, as_json, explain
from steppe.flight.result import Flight
from steppe.flight.simulate import fly


@pytest.fixture(scope="module")
def nominal() -> Flight:
    return fly(load_mission("ms-21"))


@pytest.fixture(scope="module")
def effects(nominal: Flight) -> dict[str, Effect]:
    return {one.name: one for one in explain(load_mission("ms-21"), flight=nominal)}


def test_every_input_is_there(effects: dict[str, Effect]) -> None:
    assert set(effects) == {one.name for one in PERTURBATIONS}
    assert all(one.status == "landed" for one in effects.values())


def test_no_change_changes_nothing(nominal: Flight) -> None:
    for changes in (Changes(), Changes(known=True)):
        again = fly(load_mission("ms-21"), changes=changes)
        assert again.events[-1].time_s == pytest.approx(nominal.events[-1].time_s, abs=1e-6)


def test_only_the_ignition_moves_the_ignition(effects: dict[str, Effect]) -> None:
    for name, one in effects.items():
        assert one.ignition_s == pytest.approx(1.0 if name == "ignition" else 0.0, abs=1e-6)


def test_fall_under_the_parachute(nominal: Flight, effects: dict[str, Effect]) -> None:
    # Terminal velocity goes with the square root of mass over drag area, so 1 % of mass is 0.5 % of the time under the
    # main parachute; with all its area 5 % larger the fall takes 2.5 % longer
    opened, landed = nominal.event("main_inflated"), nominal.event("touchdown")
    assert opened is not None and landed is not None
    fall_s = landed.time_s - opened.time_s
    mass, area = effects["mass"].touchdown_s, effects["parachute_area"].touchdown_s
    assert mass is not None and area is not None
    # the descent before the parachutes changes the touchdown by a few seconds more
    assert mass == pytest.approx(-0.005 * fall_s, abs=4.0)
    assert area == pytest.approx(0.025 * fall_s, abs=8.0)


def test_command_higher(nominal: Flight, effects: dict[str, Effect]) -> None:
    higher = effects["command_altitude"]
    assert higher.touchdown_s is not None and higher.parachute_s is not None
    # the command comes 100 m earlier, and 100 m more are flown under the main parachute at 12 to 17 m/s
    assert higher.parachute_s < 0.0
    assert 4.0 < higher.touchdown_s < 9.0


def test_wind_carries_the_canopy(nominal: Flight, effects: dict[str, Effect]) -> None:
    opened, landed = nominal.event("main_inflated"), nominal.event("touchdown")
    assert opened is not None and landed is not None
    drift_km = 5.0 * (landed.time_s - opened.time_s) / 1e3
    for name in ("wind_east", "wind_north"):
        one = effects[name]
        assert one.along_track_km is not None and one.cross_track_km is not None
        assert np.hypot(one.along_track_km, one.cross_track_km) == pytest.approx(drift_km, rel=0.15)


def test_more_delta_v_burns_later_if_the_plan_knows(effects: dict[str, Effect]) -> None:
    later = effects["delta_v"].replanned_ignition_s
    assert later is not None and 8.0 < later < 22.0
    assert effects["ignition"].replanned_ignition_s is None


def test_json_is_strict(effects: dict[str, Effect]) -> None:
    document = as_json(tuple(effects.values()))
    assert len(json.loads(json.dumps(document, allow_nan=False))["inputs"]) == len(PERTURBATIONS)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["fly", "ms-21", "--explain", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in document["explain"]["inputs"]} == {one.name for one in PERTURBATIONS}
