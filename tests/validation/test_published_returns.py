"""Every return with a public station orbit, event by event against what was published.

The flights know the elements of the station from before the undocking, the zone, the undocking and the delta-v; the
ignition is planned. Published times are in the mission files with their sources and their precision; most of them are
plans from before the landing. Tolerances are what the flights reach, and none is wider than half as much again.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from steppe.config.loader import load_mission, mission_names
from steppe.flight.result import Event, Flight
from steppe.flight.simulate import fly
from steppe.frames.geodetic import geodesic_distance_m

pytestmark = pytest.mark.validation

BALLISTIC = ("tma-1", "tma-11")
GUIDED = tuple(name for name in mission_names() if name not in BALLISTIC)


@cache
def flown(name: str) -> Flight:
    return fly(load_mission(name))


def event(name: str, wanted: str) -> Event:
    found = flown(name).event(wanted)
    assert found is not None, f"{name} has no {wanted}"
    return found


# --- all of them ------------------------------------------------------------------------------------------------------


def test_there_are_27_returns() -> None:
    assert len(mission_names()) == 27
    laws = {name: load_mission(name).mission.guidance.law for name in mission_names()}
    assert tuple(name for name, law in laws.items() if law == "ballistic") == BALLISTIC


@pytest.mark.parametrize("name", GUIDED)
def test_a_guided_return_lands_in_the_zone_on_time(name: str) -> None:
    flight = flown(name)
    assert flight.status.name == "landed"
    assert flight.touchdown is not None and flight.touchdown.distance_to_zone_km is not None
    assert flight.touchdown.distance_to_zone_km < 5.0
    # Zones are named from a town and rounded; the real ones landed up to 16 km from their centres (RECOVERY of 29
    # landings since 2010: scatter 5.5 km, largest 15.7 km), and 18.6 km in the zone north of Arkalyk (TMA-13)
    if flight.touchdown.distance_to_published_km is not None:
        assert flight.touchdown.distance_to_published_km < 25.0
    difference_s = event(name, "touchdown").difference_s
    assert difference_s is not None
    assert abs(difference_s) < 90.0


def test_half_of_the_guided_returns_touch_down_within_25_seconds() -> None:
    differences = [event(name, "touchdown").difference_s for name in GUIDED]
    assert float(np.median(np.abs(np.array(differences, dtype=float)))) <= 25.0


@pytest.mark.parametrize("name", BALLISTIC)
def test_a_ballistic_return_falls_short_by_400_km_at_8_g(name: str) -> None:
    flight = flown(name)
    assert flight.status.name == "landed"
    touchdown = flight.touchdown
    assert touchdown is not None and touchdown.distance_to_published_km is not None
    assert touchdown.distance_to_published_km < 50.0
    # TMA-11: 420, 428 or 475 km short; TMA-1: 440 to 460 km (press); "8 to 9 g", flown 8.2 to 8.6 (TMA-10, TMA-11)
    assert touchdown.distance_to_zone_km is not None
    assert 400.0 < touchdown.distance_to_zone_km < 500.0
    assert 8.0 < flight.peaks.load_g < 9.2
    # TMA-11's 08:29:44 (GCAT); both burns are known to the minute or not at all
    difference_s = event(name, "touchdown").difference_s
    assert difference_s is not None and abs(difference_s) < 120.0


@pytest.mark.parametrize("name", mission_names())
def test_the_ship_leaves_the_station_and_never_returns(name: str) -> None:
    departing = flown(name).departing
    assert departing is not None
    assert not departing.returns
    assert 20e3 < departing.distance_at_ignition_m < 45e3


@pytest.mark.parametrize("name", GUIDED)
def test_the_burn(name: str) -> None:
    plan = flown(name).plan
    delta_v = load_mission(name).mission.deorbit
    assert delta_v is not None
    assert plan["delta_v_m_s"] == pytest.approx(delta_v.delta_v_m_s, abs=0.01)
    # 128 m/s in 276 to 285 s (flights 2012 to 2019); 114.9 m/s in 255 to 261 s (TMA-01M, TMA-19, TMA-20): with the
    # same engine and mass ours is 2 s below that
    low, high = (276.0, 285.0) if delta_v.delta_v_m_s > 120.0 else (250.0, 261.0)
    assert low <= float(plan["burn_duration_s"] or 0.0) <= high
    # 280 kg for 128 m/s: rocket equation with 302 s (KTDU-80)
    assert float(plan["propellant_kg"] or 0.0) == pytest.approx(2.19 * delta_v.delta_v_m_s, abs=10.0)


# --- ignition ---------------------------------------------------------------------------------------------------------


def ignitions_to_the_second() -> dict[str, float]:
    found = {}
    for name in GUIDED:
        ignition = event(name, "deorbit_ignition")
        if ignition.difference_s is not None and ignition.published_precision_s == 1.0:
            found[name] = ignition.difference_s
    return found


def test_the_planned_ignition_is_that_of_the_control_centre() -> None:
    # The only number that says whether the whole chain (air, drag, lift, range) is right, because the published
    # ignition came from the control centre's own plan for the same zone
    differences = ignitions_to_the_second()
    assert len(differences) >= 7
    absolute = np.abs(list(differences.values()))
    assert np.all(absolute < 30.0), differences
    assert float(np.median(absolute)) < 20.0


# --- MS-11: the timeline of the Canadian Space Agency, to the second --------------------------------------------------
# asc-csa.gc.ca/eng/missions/expedition58/david-saint-jacques-returns-to-earth.asp: times, altitudes, speeds as planned

MS11 = [  # event, seconds after the ignition, tolerance
    ("module_separation", 27 * 60 + 26, 15.0),
    ("entry_interface", 30 * 60 + 17, 15.0),
    ("guidance_start", 31 * 60 + 46, 15.0),
    ("plasma_exit", 36 * 60 + 33, 20.0),
    ("parachute_command", 38 * 60 + 34, 20.0),
    ("soft_landing_ignition", 52 * 60 + 50, 30.0),
]


@pytest.mark.parametrize(("name", "after_s", "tolerance_s"), MS11, ids=[row[0] for row in MS11])
def test_ms11_event_after_the_ignition(name: str, after_s: float, tolerance_s: float) -> None:
    flown_s = event("ms-11", name).time_s - event("ms-11", "deorbit_ignition").time_s
    assert flown_s == pytest.approx(after_s, abs=tolerance_s)


@pytest.mark.parametrize("name", [row[0] for row in MS11])
def test_ms11_event_by_the_clock(name: str) -> None:
    difference_s = event("ms-11", name).difference_s
    assert difference_s is not None
    assert abs(difference_s) < 30.0


def test_ms11_burn_altitudes_and_speeds() -> None:
    # Published: 128 m/s in 281 s (279 flown), 432.7 km at the ignition, 32 km from the station, 80.4 km at guidance
    # start, 35.3 km at the end of the plasma, 10.8 km and 230 m/s at the parachute
    assert float(flown("ms-11").plan["burn_duration_s"] or 0.0) == pytest.approx(280.0, abs=3.0)
    assert event("ms-11", "deorbit_ignition").altitude_m == pytest.approx(432.7e3, abs=1e3)
    departing = flown("ms-11").departing
    assert departing is not None
    assert departing.distance_at_ignition_m == pytest.approx(32e3, abs=2e3)
    assert event("ms-11", "module_separation").altitude_m == pytest.approx(139.9e3, abs=100.0)
    assert event("ms-11", "plasma_exit").altitude_m == pytest.approx(35.3e3, abs=1.5e3)
    assert event("ms-11", "parachute_command").speed_m_s == pytest.approx(230.0, abs=10.0)


def test_ms11_landing_speeds() -> None:
    # 7.2 m/s under the parachute, about 1.5 m/s after the engines (CSA: 24 ft/s and 5 ft/s)
    touchdown = flown("ms-11").touchdown
    assert touchdown is not None
    assert touchdown.speed_before_engines_m_s == pytest.approx(7.2, abs=0.5)
    assert 1.0 <= touchdown.speed_m_s <= 2.6


# --- MS-03: the state at the entry interface --------------------------------------------------------------------------


def test_ms03_entry_interface() -> None:
    # github alsy93/Project (Russo, Bortolato), from the descent data of MS-03: 13:47:25 UTC, 99.7 km, 7619 m/s relative
    # to the Earth, 34.583 N 45.933 E (printed as degree.minute), then 2427 km in 494 s to the parachutes at 13:55:39.
    # Ours is on the same track some 40 km further back, 15 to 20 s earlier; the ignition is known to the minute.
    interface = event("ms-03", "entry_interface")
    assert interface.altitude_m == pytest.approx(99.7e3, abs=50.0)
    columns = flown("ms-03").track.columns
    speed = float(np.interp(interface.time_s, columns["time_s"], columns["ground_speed_m_s"]))
    assert speed == pytest.approx(7619.0, abs=12.0)
    angle = float(np.interp(interface.time_s, columns["time_s"], columns["flight_path_angle_deg"]))
    assert angle == pytest.approx(-1.70, abs=0.07)
    assert interface.latitude_deg == pytest.approx(34.583, abs=0.4)
    assert interface.longitude_deg == pytest.approx(45.933, abs=0.45)
    difference = np.radians([interface.latitude_deg - 34.583, interface.longitude_deg - 45.933])
    north_km, east_km = 6378.0 * difference * [1.0, np.cos(np.radians(34.583))]
    heading = np.radians(47.0)  # the same source
    assert abs(east_km * np.cos(heading) - north_km * np.sin(heading)) < 10.0
    assert abs(east_km * np.sin(heading) + north_km * np.cos(heading)) < 60.0


def test_ms03_range_and_time_from_the_interface_to_the_parachutes() -> None:
    interface, command = event("ms-03", "entry_interface"), event("ms-03", "parachute_command")
    # Ours takes 484 s: with a harder end of the entry (4.2 g where "about 4" was planned) it needs less time
    assert command.time_s - interface.time_s == pytest.approx(494.0, abs=15.0)
    ends = np.radians([interface.latitude_deg, interface.longitude_deg, command.latitude_deg, command.longitude_deg])
    assert float(geodesic_distance_m(*ends)) == pytest.approx(2427e3, abs=60e3)
