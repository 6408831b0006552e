"""Parachutes against another program, published Soyuz figures and closed forms.

Modelled: canopies that fill along a way, with the air in them, masses that leave, failures, the reserve. Not modelled:
the mass of the canopy, the swing.

Sources
-------
- RocketPy 1.13.0 (MIT licence), run once, not needed here: 16 kg without drag of its own fall from 3300 m above sea
  level at 47 N in the standard atmosphere without wind; a drogue of 1 m2 at once, a main of 10 m2 at 800 m above a
  ground of 300 m. Main at 124.66 s, ground at 276.82 s with 5.135 m/s. It gives the canopies the inertia of their air.
- RocketPy again, three cases, lags after the triggers (checked at 1000 Hz): once with parachutes of the radius of a
  cup with a drag coefficient of 1.4, whose air it carries from the first moment without taking up its momentum, once of
  1 mm, which carry none. An independent DOP853 integration of the same equations gives the first to 0.02 s (248.72,
  358.95, 423.77 s). Steppe takes up the momentum of the air, so its touchdown lies between; 0.05 s for the filling.
- Soyuz: 230 to 80 m/s under the drogue (CSA) or to 90 (digest), 35 m/s under the reefed main (CSA), 7.2 m/s at the
  ground (CSA, NASA), 14:18 and 14:20 from the command to the touchdown (MS-11, CSA; TMA-07M, orbita.zenite.nu).
- Reserve: 8 to 11 m/s at the ground before the engines (Popov, Rostec), 2.4 m/s after them, 4.0 at most (RSC Energia).
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import steppe
from steppe.config.failure import Failure
from steppe.config.loader import LoadedMission, load_vehicle
from steppe.config.mission import Mission, Zone
from steppe.config.vehicle import Vehicle
from steppe.errors import ConfigError
from steppe.flight.failed_canopies import left_over
from steppe.flight.failing import with_failure
from steppe.flight.result import Flight

pytestmark = pytest.mark.validation

GROUND_M = 380.0
FILLING_S = 0.05
FAILURES = ("drogue-failure", "main-not-disreefed", "main-partly-failed")


def drop(vehicle: Vehicle, altitude_m: float, speed_m_s: float, ground_m: float = GROUND_M) -> LoadedMission:
    """Return a mission that begins with the parachute command, straight down in still standard air."""
    start = {
        "utc": "2020-01-01T00:00:00Z", "latitude_deg": 47.0, "longitude_deg": 69.0, "altitude_m": altitude_m,
        "speed_m_s": speed_m_s, "flight_path_angle_deg": -90.0,
    }  # fmt: skip
    zone = Zone(
        name="here", latitude_deg=47.0, longitude_deg=69.0, radius_m=5e3, ground_height_m=ground_m, title="Here"
    )
    document = {
        "name": "drop", "vehicle": vehicle.name, "start": {"phase": "canopy", "surface": start},
        "air": {"model": "us76"}, "wind": {"model": "none"}, "guidance": {"law": "open-loop"},
    }  # fmt: skip
    return LoadedMission(Mission.model_validate(document), vehicle, zone, "test", Path())


def seconds(flight: Flight, event: str) -> float:
    found = flight.event(event)
    assert found is not None
    return found.time_s


def probe(mass_kg: float = 16.0) -> Vehicle:
    """Return the body of the RocketPy run: canopies that open in 0.1 s, no drag of its own."""
    aerodynamics = {"mach": [0.0], "drag_coefficient": [1.0], "lift_to_drag": [0.0]}
    capsule = {
        "mass_kg": mass_kg, "reference_area_m2": 1e-6, "reference_length_m": 0.1, "nose_radius_m": 0.1,
        "aerodynamics": aerodynamics,
    }  # fmt: skip
    stages = [
        {"name": "drogue", "drag_area_m2": 1.0, "inflation_s": 0.1},
        {"name": "main", "altitude_m": 1100.0, "drag_area_m2": 10.0, "inflation_s": 0.1},
    ]
    parachutes = {"command_altitude_m": 3300.0, "stages": stages}
    return Vehicle.model_validate({"name": "probe", "capsule": capsule, "parachutes": parachutes})


def test_two_parachutes_fall_as_in_rocketpy() -> None:
    """RocketPy checks its triggers at 100 Hz; its main opens at once, with the inertia of its air, ours in 0.1 s."""
    flight = steppe.fly(drop(probe(), 3300.0, 0.01, 300.0))
    assert flight.touchdown is not None
    assert seconds(flight, "main") == pytest.approx(124.66, abs=0.05)
    assert seconds(flight, "touchdown") == pytest.approx(276.82, abs=0.1)
    assert flight.touchdown.speed_m_s == pytest.approx(5.135, abs=0.005)


def lagging(
    mass_kg: float, from_m: float, drogue: tuple[float, float], main: tuple[float, float], main_m: float
) -> Vehicle:
    """Return a body with a drogue and a main of (drag area in m2, lag in s)."""
    capsule = {
        "mass_kg": mass_kg, "reference_area_m2": 1e-6, "reference_length_m": 0.1, "nose_radius_m": 0.1,
        "aerodynamics": {"mach": [0.0], "drag_coefficient": [1.0], "lift_to_drag": [0.0]},
    }  # fmt: skip
    # A lag counts from the trigger: a stage of the same area stands for the height
    waits = {"name": "trigger", "altitude_m": main_m, "drag_area_m2": drogue[0]}
    last = {"name": "main", "delay_s": main[1], "drag_area_m2": main[0], "inflation_s": FILLING_S}
    first = {"name": "drogue", "delay_s": drogue[1], "drag_area_m2": drogue[0], "inflation_s": FILLING_S}
    parachutes = {"command_altitude_m": from_m, "stages": [first, waits, last]}
    return Vehicle.model_validate({"name": "probe", "capsule": capsule, "parachutes": parachutes})


@pytest.mark.parametrize(
    ("mass_kg", "from_m", "speed_m_s", "drogue", "main", "main_m", "trigger_s", "ground_s", "ground_m_s"),
    [
        pytest.param(120.0, 5000.0, 60.0, (2.5, 0.0), (30.0, 0.0), 1500.0, 106.13, (248.72, 248.96), 8.120,
                     id="120 kg, no lag"),
        pytest.param(40.0, 8000.0, 1.0, (1.5, 2.0), (12.0, 3.0), 1000.0, 272.24, (358.93, 359.06), 7.412,
                     id="40 kg, lags of 2 and 3 s"),
        pytest.param(1200.0, 9000.0, 150.0, (10.0, 1.0), (300.0, 1.5), 3300.0, 89.32, (423.77, 424.83), 8.121,
                     id="1200 kg at 150 m/s, lags of 1 and 1.5 s"),
    ],
)  # fmt: skip
def test_two_parachutes_with_lags_fall_as_in_rocketpy(
    mass_kg: float, from_m: float, speed_m_s: float, drogue: tuple[float, float], main: tuple[float, float],
    main_m: float, trigger_s: float, ground_s: tuple[float, float], ground_m_s: float,
) -> None:  # fmt: skip
    vehicle = lagging(mass_kg, from_m, drogue, main, main_m)
    flight = steppe.fly(drop(vehicle, from_m, speed_m_s, 300.0))
    assert flight.touchdown is not None
    assert seconds(flight, "trigger") == pytest.approx(trigger_s, abs=0.05)
    assert seconds(flight, "main") - seconds(flight, "trigger") == pytest.approx(main[1], abs=1e-6)
    assert ground_s[0] - 0.05 < seconds(flight, "touchdown") < ground_s[1] + 0.05
    assert flight.touchdown.speed_m_s == pytest.approx(ground_m_s, abs=0.005)


def test_a_first_stage_waits_after_the_command() -> None:
    """A fall of 2 s without air drag gains g t; the same lag of the first stage was passed over before."""
    flight = steppe.fly(drop(lagging(40.0, 8000.0, (1.5, 2.0), (12.0, 0.0), 1000.0), 8000.0, 1.0, 300.0))
    assert seconds(flight, "drogue") == pytest.approx(2.0, abs=1e-9)
    opening = next(one for one in flight.openings if one.stage == "drogue")
    assert opening.speed_m_s == pytest.approx(1.0 + 2.0 * 9.783, abs=0.02)


@settings(max_examples=4, deadline=None)
@given(mass_kg=st.floats(16.0, 40.0), more=st.floats(1.05, 2.0))
def test_the_heavier_falls_faster(mass_kg: float, more: float) -> None:
    light, heavy = (steppe.fly(drop(probe(mass), 3300.0, 0.01, 300.0)) for mass in (mass_kg, more * mass_kg))
    assert light.touchdown is not None
    assert heavy.touchdown is not None
    assert seconds(heavy, "touchdown") < seconds(light, "touchdown")
    # at the ground drag balances weight: the speed goes with the root of the mass
    assert heavy.touchdown.speed_m_s / light.touchdown.speed_m_s == pytest.approx(math.sqrt(more), rel=0.01)


@pytest.fixture(scope="module")
def soyuz() -> LoadedMission:
    return drop(load_vehicle("soyuz-ms"), 10750.0, 226.0)


@pytest.fixture(scope="module")
def planned(soyuz: LoadedMission) -> Flight:
    return steppe.fly(soyuz)


def test_the_soyuz_descends_as_published(planned: Flight) -> None:
    opening = {one.stage: one for one in planned.openings}
    assert 80.0 < opening["main_reefed"].speed_m_s < 90.0
    assert opening["main_full"].speed_m_s == pytest.approx(35.0, abs=1.0)
    assert 14 * 60 < seconds(planned, "touchdown") < 14 * 60 + 40
    assert planned.touchdown is not None
    assert planned.touchdown.speed_before_engines_m_s == pytest.approx(7.2, abs=0.3)


def test_opening_loads_stay_inside_what_drag_can_give(planned: Flight) -> None:
    """No canopy pulls more than the drag of the full canopy at the first dynamic pressure, 15 % for air and fall."""
    assert [one.stage for one in planned.openings] == ["pilot_chutes", "drogue", "main_reefed", "main_full"]
    for one in planned.openings:
        assert 0.0 < one.factor <= 1.15
        assert one.load_g < 6.0
    # a light canopy on a heavy body opens without slowing it (Knacke: factor near 1), the main slows the capsule first
    factors = [one.factor for one in planned.openings]
    assert factors == sorted(factors, reverse=True)
    assert all(one.margin > 0.0 for one in planned.openings if math.isfinite(one.limit_n))


@pytest.mark.parametrize("failure", FAILURES)
def test_the_reserve_brings_the_capsule_down(soyuz: LoadedMission, planned: Flight, failure: str) -> None:
    flight = steppe.fly(with_failure(soyuz, failure))
    assert flight.status.name == "landed"
    assert flight.touchdown is not None
    assert flight.event("reserve_inflated") is not None
    assert flight.touchdown.speed_before_engines_m_s < 11.0
    # RSC Energia: at most 4.0 m/s under the reserve
    assert flight.touchdown.speed_m_s < 4.0
    assert seconds(flight, "touchdown") < seconds(planned, "touchdown")
    assert float(flight.track.columns["mass_kg"][-1]) == pytest.approx(
        float(planned.track.columns["mass_kg"][-1]), abs=20.0
    )
    if failure == "drogue-failure":
        assert flight.touchdown.speed_before_engines_m_s > 8.0
        assert flight.event("reserve_drogue") is not None
    else:
        assert flight.event("reserve_drogue") is None
    assert min(one.margin for one in flight.openings if math.isfinite(one.limit_n)) > 0.0


def test_a_main_that_nearly_holds_needs_no_reserve(soyuz: LoadedMission) -> None:
    failure = Failure(parachute="main-partly-failed", main_share=0.8)
    mission = soyuz.mission.model_copy(update={"failure": failure})
    flight = steppe.fly(LoadedMission(mission, soyuz.vehicle, soyuz.zone, "test", Path()))
    assert flight.event("reserve_inflated") is None
    assert flight.touchdown is not None
    # terminal speed goes with the root of the drag area, the body's 3.4 m2 aside
    assert flight.touchdown.speed_before_engines_m_s == pytest.approx(7.3 / math.sqrt(0.8), abs=0.15)
    assert any("stays in its container" in note for note in flight.notes)


def test_what_is_left_of_a_sequence(soyuz: LoadedMission) -> None:
    parachutes = soyuz.vehicle.parachutes
    assert parachutes is not None
    assert [one.name for one in left_over(parachutes, "drogue-failure", 0.5).stages] == ["pilot_chutes"]
    assert max(one.drag_area_m2 for one in left_over(parachutes, "main-not-disreefed", 0.5).stages) == 110.0
    assert max(one.drag_area_m2 for one in left_over(parachutes, "main-partly-failed", 0.5).stages) == 385.0


def test_a_failure_that_cannot_happen_says_why(soyuz: LoadedMission) -> None:
    with pytest.raises(ConfigError, match=r"reserve.*'probe' has none"):
        with_failure(drop(probe(), 3300.0, 0.01), "main-not-disreefed")
    with pytest.raises(ConfigError, match="drogue-failure"):
        with_failure(soyuz, "drogue-fails")
    with pytest.raises(ValueError, match="separation or parachute"):
        Failure()
