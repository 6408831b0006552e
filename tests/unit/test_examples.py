"""Every example is flown, and does what its first lines promise; it is read as a user reads it, from its own folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from steppe.config.loader import load_mission, load_vehicle
from steppe.errors import ConfigError
from steppe.flight.result import Flight, Touchdown
from steppe.flight.simulate import fly

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def kind(path: Path) -> str:
    """Tell missions from vehicles: only a vehicle has a capsule of its own."""
    return "vehicle" if "\n[capsule]" in path.read_text("utf-8") else "mission"


MISSIONS = sorted(path.stem for path in EXAMPLES.glob("*.toml") if kind(path) == "mission")
VEHICLES = sorted(path.stem for path in EXAMPLES.glob("*.toml") if kind(path) == "vehicle")


@cache
def flown(name: str) -> Flight:
    return fly(load_mission(EXAMPLES / f"{name}.toml"))


def landing(name: str) -> Touchdown:
    touchdown = flown(name).touchdown
    assert touchdown is not None
    return touchdown


@pytest.mark.parametrize("name", MISSIONS)
def test_a_mission_flies_to_the_ground(name: str) -> None:
    assert flown(name).status.name == "landed"
    assert landing(name).utc > flown(name).epoch


@pytest.mark.parametrize("name", MISSIONS)
def test_a_mission_has_the_name_of_its_file_and_says_how_to_run_it(name: str) -> None:
    assert flown(name).mission.mission.name == name
    assert f"steppe fly {name}.toml" in (EXAMPLES / f"{name}.toml").read_text("utf-8")


@pytest.mark.parametrize("name", VEHICLES)
def test_a_vehicle_can_be_read_and_is_used(name: str) -> None:
    assert load_vehicle(EXAMPLES / f"{name}.toml").capsule.mass_kg > 0.0
    assert any(f'vehicle = "{name}.toml"' in (EXAMPLES / f"{one}.toml").read_text("utf-8") for one in MISSIONS)


def test_every_example_was_found() -> None:
    assert {"apollo-like-entry", "free-fall-sphere", "soyuz-from-entry"} <= set(MISSIONS)
    assert {"my-capsule", "iron-sphere"} <= set(VEHICLES)


def test_apollo_lands_within_15_km_of_its_target_with_less_than_8_g() -> None:
    assert (landing("apollo-like-entry").distance_to_zone_km or np.inf) < 15.0
    assert flown("apollo-like-entry").peaks.load_g == pytest.approx(7.8, abs=0.15)


def test_the_sphere_falls_as_a_heavy_sphere_does() -> None:
    columns = flown("free-fall-sphere").track.columns
    fall_s = columns["time_s"][-1]
    # In a vacuum it would fall sqrt(2 x 40 km / 9.75 m/s2) = 90.6 s; air makes that a little longer
    assert 91.0 < fall_s < 110.0
    # Faster than sound still, and not far above the terminal speed sqrt(2 m g / (rho CD A)) = 297 m/s at Mach 1.2
    assert 340.0 < landing("free-fall-sphere").speed_m_s < 500.0
    # East of where it was let go: by the wind, and because the top moves east faster than the ground
    assert landing("free-fall-sphere").longitude_deg > 69.6


def test_the_capsule_from_the_entry_interface_reaches_the_zone() -> None:
    assert (landing("soyuz-from-entry").distance_to_zone_km or np.inf) < 5.0


def test_the_ballistic_capsule_falls_some_400_km_short() -> None:
    assert 380.0 < (landing("soyuz-ballistic-from-orbit").distance_to_zone_km or 0.0) < 500.0
    assert 8.0 < flown("soyuz-ballistic-from-orbit").peaks.load_g < 9.2


def test_the_dropped_module_drifts_with_the_wind_of_its_file() -> None:
    # 15 minutes in winds of 4 to 31 m/s from the west
    assert 5.0 < (landing("weather-balloon-drop").distance_to_zone_km or 0.0) < 25.0
    assert landing("weather-balloon-drop").longitude_deg > 69.65


def test_an_example_moved_without_its_vehicle_says_which_file_is_missing(tmp_path: Path) -> None:
    text = (EXAMPLES / "free-fall-sphere.toml").read_text("utf-8")
    (tmp_path / "moved.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"vehicle.*iron-sphere\.toml"):
        load_mission(tmp_path / "moved.toml")


def test_the_failed_separation_falls_short_as_tma_11_did() -> None:
    flight = flown("soyuz-failed-separation")
    assert flight.event("module_release") is not None
    assert 400.0 < (landing("soyuz-failed-separation").distance_to_zone_km or 0.0) < 475.0
    assert 8.0 < flight.peaks.load_g < 9.5
