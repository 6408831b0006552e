"""A separation that fails: what the mission file may say, what is flown, and how it is asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from changed_mission import with_changes
from pydantic import ValidationError
from typer.testing import CliRunner

from steppe.cli.main import app
from steppe.config.failure import Failure
from steppe.config.loader import LoadedMission, load_mission
from steppe.ensemble.campaign import fly_one, plan_campaign
from steppe.errors import ConfigError
from steppe.flight.failing import RELEASE_M, with_failure
from steppe.flight.result import Flight
from steppe.flight.simulate import fly

STAYS = "instrument-module-stays"


@pytest.fixture(scope="module")
def ms_21() -> LoadedMission:
    return load_mission("ms-21")


@pytest.fixture(scope="module")
def failed(ms_21: LoadedMission) -> Flight:
    return fly(with_failure(ms_21, STAYS))


@pytest.fixture(scope="module")
def nominal(ms_21: LoadedMission) -> Flight:
    return fly(ms_21)


def failing(loaded: LoadedMission, **keys: object) -> LoadedMission:
    failure = Failure.model_validate({"separation": STAYS, **keys})
    return replace(loaded, mission=loaded.mission.model_copy(update={"failure": failure}))


def at(flight: Flight, column: str, time_s: float) -> float:
    return float(np.interp(time_s, flight.track.columns["time_s"], flight.track.columns[column]))


def time_of(flight: Flight, name: str) -> float:
    event = flight.event(name)
    assert event is not None, name
    return event.time_s


def test_the_plan_does_not_know_the_failure(failed: Flight, nominal: Flight) -> None:
    for name in ("undocking", "deorbit_ignition", "deorbit_cutoff", "module_separation"):
        assert time_of(failed, name) == time_of(nominal, name)
    assert failed.plan["ignition_s"] == nominal.plan["ignition_s"]


def test_the_module_flies_along_until_it_breaks_free(failed: Flight) -> None:
    split, free = time_of(failed, "module_separation"), time_of(failed, "module_release")
    released = failed.event("module_release")
    assert released is not None
    assert released.altitude_m == pytest.approx(RELEASE_M, abs=1.0)
    assert at(failed, "mass_kg", 0.5 * (split + free)) == pytest.approx(2900.0 + 2140.0)
    assert at(failed, "mass_kg", free + 5.0) == pytest.approx(2900.0)
    # no guidance starts, and the capsule rolls from the release on at 13 deg/s
    assert failed.event("guidance_start") is None
    turned = at(failed, "bank_deg", free + 15.0) - at(failed, "bank_deg", free + 10.0)
    assert turned % 360.0 == pytest.approx(5.0 * 13.0, abs=2.0)
    assert any("stays on the capsule" in note and "78.0 km" in note for note in failed.notes)


def test_it_falls_short_with_a_higher_load_and_lands(failed: Flight, nominal: Flight) -> None:
    assert failed.status.name == "landed"
    assert failed.touchdown is not None and nominal.touchdown is not None
    assert 350.0 < (failed.touchdown.distance_to_zone_km or 0.0) < 600.0
    assert failed.peaks.load_g > 1.7 * nominal.peaks.load_g


def test_its_track_begins_where_it_breaks_free(failed: Flight) -> None:
    tracks = {track.body: track for track in failed.modules}
    assert set(tracks) == {"orbital_module", "instrument_module"}
    first = {name: float(track.columns["time_s"][0]) for name, track in tracks.items()}
    assert first["orbital_module"] == pytest.approx(time_of(failed, "module_separation"))
    assert first["instrument_module"] == pytest.approx(time_of(failed, "module_release"))
    assert all(track.columns["altitude_m"][-1] == pytest.approx(70e3, abs=1.0) for track in tracks.values())


def test_released_above_the_guidance_it_still_rolls(ms_21: LoadedMission) -> None:
    flight = fly(failing(ms_21, release_altitude_m=110e3))
    order = [event.name for event in flight.events]
    wanted = ["module_separation", "module_release", "entry_interface", "guidance_start", "parachute_command"]
    assert [name for name in order if name in wanted] == wanted
    assert flight.peaks.load_g > 7.0


def test_the_dynamic_pressure_says_when(ms_21: LoadedMission) -> None:
    flight = fly(failing(ms_21, release_dynamic_pressure_pa=2000.0))
    free = time_of(flight, "module_release")
    assert at(flight, "dynamic_pressure_pa", free) == pytest.approx(2000.0, rel=0.01)
    with pytest.raises(ConfigError, match=r"reaches only \d+ Pa"):
        fly(failing(ms_21, release_dynamic_pressure_pa=9e5))


def test_more_drag_falls_shorter(ms_21: LoadedMission, failed: Flight) -> None:
    draggy = fly(failing(ms_21, drag_area_m2=22.0))
    assert draggy.touchdown is not None and failed.touchdown is not None
    assert (draggy.touchdown.distance_to_zone_km or 0.0) > (failed.touchdown.distance_to_zone_km or 0.0) + 20.0


def test_the_orbital_module_can_stay_where_its_drag_is_given(ms_21: LoadedMission) -> None:
    with pytest.raises(ConfigError, match="attached_drag_area_m2"):
        with_failure(ms_21, "orbital-module-stays")
    flight = fly(failing(ms_21, separation="orbital-module-stays", drag_area_m2=8.0))
    assert flight.status.name == "landed"
    assert at(flight, "mass_kg", time_of(flight, "module_separation") + 10.0) == pytest.approx(2900.0 + 1300.0)


def test_a_campaign_flies_it(ms_21: LoadedMission) -> None:
    plan = plan_campaign(with_failure(ms_21, STAYS), "ms-21", samples=2, seed=4)
    one = fly_one(plan, 1)
    assert one.status.name == "landed"
    assert one.event("module_release") is not None
    assert one.peaks.load_g > 6.5


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"release_altitude_m": 78e3, "release_dynamic_pressure_pa": 1e3}, "breaks free once"),
        ({"separation": "instrument module"}, "instrument-module-stays"),
        ({"drag_area_m2": 0.0}, "greater than 0"),
        ({"altitude": 3}, "Extra inputs"),
    ],
)
def test_a_failure_that_makes_no_sense_is_refused(keys: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Failure.model_validate({"separation": STAYS, **keys})


def test_what_does_not_fit_the_vehicle_is_refused(ms_21: LoadedMission) -> None:
    vehicle = ms_21.vehicle
    assert Failure(separation=STAYS).misfit(vehicle) is None
    key, why = Failure(separation="service-module-stays").misfit(vehicle) or ("", "")
    assert key == "separation" and "orbital-module-stays" in why
    key, why = Failure(separation=STAYS, release_altitude_m=150e3).misfit(vehicle) or ("", "")
    assert key == "release_altitude_m" and "139900" in why


def test_a_flight_that_does_not_separate_cannot_fail(ms_21: LoadedMission) -> None:
    start = ms_21.mission.start.model_copy(update={"phase": "entry"})
    entering = replace(ms_21, mission=ms_21.mission.model_copy(update={"start": start}))
    with pytest.raises(ConfigError, match="starts at the station or in orbit"):
        with_failure(entering, STAYS)


def test_a_failure_in_the_file_stays_with_its_numbers(ms_21: LoadedMission) -> None:
    given = failing(ms_21, release_altitude_m=60e3)
    assert with_failure(given, STAYS).mission.failure == given.mission.failure


def test_the_command_line_fails_it() -> None:
    runner = CliRunner()
    done = runner.invoke(app, ["fly", "ms-21", "--failure", STAYS, "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert "module_release" in json.dumps(document["events"])
    wrong = runner.invoke(app, ["fly", "ms-21", "--failure", "capsule-stays"])
    assert wrong.exit_code == 1


def test_a_ballistic_plan_aims_elsewhere_but_fails_alike(ms_21: LoadedMission, failed: Flight) -> None:
    other = fly(with_failure(with_changes(ms_21, guidance__law="ballistic"), STAYS))
    assert other.peaks.load_g == pytest.approx(failed.peaks.load_g, abs=0.7)
