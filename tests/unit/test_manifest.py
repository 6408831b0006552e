"""People and cargo in the capsule: mass, centre of gravity, trim, and where that lands."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.config.boarding import GRAVITY_CENTRE_X_M, boarded, boarding
from steppe.config.loader import LoadedMission, load_mission, load_vehicle
from steppe.config.manifest import Cargo, Manifest, Seat
from steppe.config.reproducible import write_reproducible
from steppe.config.trim import angle_of_slope_deg, force_slope, trim_angle_deg
from steppe.errors import ConfigError
from steppe.flight.result import Flight
from steppe.flight.simulate import fly

VEHICLE = load_vehicle("soyuz-ms")

# Derived start: the entry interface of MS-03 (Russo and Bortolato), path angle from the propagated deorbit
MISSION = """
name = "entry"
vehicle = "soyuz-ms"
[start]
phase = "entry"
[start.surface]
utc = 2017-06-02T13:47:25Z
altitude_m = 99700
latitude_deg = 34.583
longitude_deg = 45.933
speed_m_s = 7619
flight_path_angle_deg = -1.7
heading_deg = 47.0
[air]
model = "us76"
[wind]
model = "none"
[stop]
altitude_m = 12000
[guidance]
law = "{law}"
{table}
"""
LIFT = "bank_table_time_s = [0]\nbank_table_deg = [60]"


def mission(folder: Path, law: str, manifest: str = "") -> LoadedMission:
    path = folder / "entry.toml"
    path.write_text(MISSION.format(law=law, table=LIFT if law == "open-loop" else "") + manifest)
    return load_mission(path)


def end(flight: Flight) -> tuple[float, float, float]:
    """Return time, latitude and longitude at the end."""
    columns = flight.track.columns
    return tuple(float(columns[name][-1]) for name in ("time_s", "latitude_deg", "longitude_deg"))  # type: ignore[return-value]


def range_km(flight: Flight) -> float:
    _, latitude, longitude = (math.radians(value) for value in end(flight))
    there = math.radians(34.583), math.radians(45.933)
    cosine = math.sin(latitude) * math.sin(there[0])
    cosine += math.cos(latitude) * math.cos(there[0]) * math.cos(longitude - there[1])
    return 6371.0 * math.acos(cosine)


def test_the_default_manifest_changes_nothing(tmp_path: Path) -> None:
    assert boarded(VEHICLE, Manifest()) is VEHICLE
    plain, named = mission(tmp_path, "ballistic"), mission(tmp_path, "ballistic", "[manifest]\n")
    assert named.vehicle == plain.vehicle
    assert named.config_hash == plain.config_hash
    assert end(fly(named)) == end(fly(plain))


@pytest.mark.parametrize("angle_deg", [5.0, 12.0, 17.0, 24.0])
def test_the_trim_law_is_that_of_a_cap_integrated_panel_by_panel(angle_deg: float) -> None:
    """Newtonian pressure on 300 by 360 panels of the cap: no moment about the centre of gravity that the law gives.

    The flow comes from below (-z), so the force points up and the centre of gravity lies below the axis.
    """
    capsule = VEHICLE.capsule
    radius, half = capsule.nose_radius_m, math.asin(0.5 * capsule.reference_length_m / capsule.nose_radius_m)
    ring, turn = np.meshgrid((np.arange(300) + 0.5) / 300 * half, (np.arange(360) + 0.5) / 360 * 2.0 * math.pi)
    outwards = np.stack([-np.cos(ring), np.sin(ring) * np.sin(turn), np.sin(ring) * np.cos(turn)])
    place = radius * outwards + np.array([radius, 0.0, 0.0])[:, None, None]
    angle = math.radians(angle_deg)
    flow = np.array([math.cos(angle), 0.0, math.sin(angle)])
    pressure = np.maximum(-np.tensordot(flow, outwards, 1), 0.0) ** 2 * np.sin(ring)
    force = -(outwards * pressure).sum((1, 2))
    torque = -(np.cross(place, outwards, axis=0) * pressure).sum((1, 2))
    offset = force_slope(capsule, angle_deg) * (radius - GRAVITY_CENTRE_X_M)
    about = torque - np.cross([GRAVITY_CENTRE_X_M, 0.0, -offset], force)
    assert abs(about[1]) < 1e-4 * abs(force[0])
    assert force[2] / force[0] == pytest.approx(force_slope(capsule, angle_deg), rel=1e-4)


def test_the_centre_of_gravity_of_the_nominal_capsule_lies_where_the_literature_puts_it() -> None:
    """Offsets of 59 to 67 mm were derived for 16 to 18 deg by a panel code; trim at 17 deg gives 60 mm here."""
    offset = force_slope(VEHICLE.capsule, trim_angle_deg(VEHICLE.capsule)) * (
        VEHICLE.capsule.nose_radius_m - GRAVITY_CENTRE_X_M
    )
    assert 0.055 < offset < 0.067


@given(st.floats(-24.0, 24.0))
def test_slope_and_angle_are_inverse(angle_deg: float) -> None:
    capsule = VEHICLE.capsule
    assert angle_of_slope_deg(capsule, force_slope(capsule, angle_deg)) == pytest.approx(angle_deg, abs=1e-9)


def test_a_heavier_person_on_the_side_of_the_offset_trims_steeper() -> None:
    """By hand: 20 kg at (0.05, 0, 0.04) m from the centre of gravity move it by 20 / 2920 of that."""
    found = boarding(VEHICLE, Manifest(centre=Seat(person_kg=100.0)))
    assert found.mass_change_kg == 20.0
    assert found.shift_x_m == pytest.approx(0.05 * 20.0 / 2920.0, rel=1e-9)
    assert found.shift_y_m == 0.0
    assert found.shift_z_m == pytest.approx((0.10 - 0.0603) * 20.0 / 2920.0, rel=0.02)
    assert found.trim_change_deg > 0.0 < found.lift_to_drag_change
    assert found.drag_factor < 1.0
    vehicle = boarded(VEHICLE, Manifest(centre=Seat(person_kg=100.0)))
    assert VEHICLE.ship is not None and vehicle.ship is not None
    assert vehicle.capsule.mass_kg == 2920.0
    assert vehicle.ship.mass_kg == VEHICLE.ship.mass_kg + 20.0
    assert vehicle.capsule.aerodynamics.lift_to_drag[-1] == pytest.approx(found.lift_to_drag)


def test_a_light_crew_without_samples_trims_flatter() -> None:
    found = boarding(VEHICLE, Manifest(centre=Seat(person_kg=60.0), cargo=()))
    assert found.mass_change_kg == -70.0
    assert found.trim_change_deg < 0.0 > found.lift_to_drag_change


def test_an_asymmetric_crew_turns_the_lift_to_the_light_side() -> None:
    heavy_left = boarding(VEHICLE, Manifest(left=Seat(person_kg=95.0), right=Seat(person_kg=55.0)))
    heavy_right = boarding(VEHICLE, Manifest(left=Seat(person_kg=55.0), right=Seat(person_kg=95.0)))
    assert heavy_left.shift_y_m < 0.0 < heavy_right.shift_y_m
    # By hand: 15 kg more and 25 kg less at 0.45 m on either side of 2,890 kg
    assert heavy_left.shift_y_m == pytest.approx(-(15.0 + 25.0) * 0.45 / 2890.0, abs=1e-12)
    assert heavy_left.roll_of_lift_deg == -heavy_right.roll_of_lift_deg < -3.0
    assert heavy_left.trim_change_deg == heavy_right.trim_change_deg > 0.0


masses = st.floats(40.0, 120.0)


@settings(max_examples=50, deadline=None)
@given(masses, masses, masses, st.floats(0.0, 50.0))
def test_any_crew_gives_a_capsule_that_flies(centre: float, left: float, right: float, cargo: float) -> None:
    items = (Cargo(mass_kg=cargo),)
    manifest = Manifest(
        centre=Seat(person_kg=centre), left=Seat(person_kg=left), right=Seat(person_kg=right), cargo=items
    )
    found = boarding(VEHICLE, manifest)
    assert found.mass_change_kg == pytest.approx(centre + left + right - 240.0 + cargo - 50.0, abs=1e-9)
    assert abs(found.trim_change_deg) < 3.0
    assert (found.trim_change_deg > 0.0) == (found.lift_to_drag_change > 0.0)
    vehicle = boarded(VEHICLE, manifest)
    assert type(vehicle).model_validate(vehicle.model_dump()) == vehicle


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[manifest.cargo]]\nmass_kg = 60\n", ["60 kg", "3 on board", "50 kg"]),
        ("[manifest.left]\nempty = true\n[[manifest.cargo]]\nmass_kg = 151\n", ["151 kg", "2 on board", "150 kg"]),
        ("[manifest.left]\nperson_kg = 400\n", ["manifest.left.person_kg", "400", "120"]),
        ("[manifest.middle]\nperson_kg = 80\n", ["manifest.middle"]),
        ("[manifest.left]\nempty = true\n[[manifest.cargo]]\nmass_kg = 150\nz_m = -2.5\n", ["10 deg", "manifest"]),
    ],
)
def test_what_cannot_come_back_is_refused_in_words(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        mission(tmp_path, "ballistic", text)
    for word in words:
        assert word in str(caught.value)


def test_a_written_mission_flies_the_same_and_keeps_the_manifest(tmp_path: Path) -> None:
    loaded = mission(tmp_path, "ballistic", '[manifest.centre]\nname = "A. Person"\nperson_kg = 100\n')
    write_reproducible(loaded, tmp_path / "again")
    again = load_mission(tmp_path / "again" / "mission.toml")
    assert again.vehicle == loaded.vehicle
    assert again.config_hash == loaded.config_hash
    assert again.mission.manifest is not None
    assert (again.mission.manifest.applied, again.mission.manifest.centre.name) == (True, "A. Person")


HEAVY = """
[manifest.centre]
person_kg = {0}
[manifest.left]
person_kg = {0}
[manifest.right]
person_kg = {0}
"""


def test_a_heavy_crew_flies_farther_ballistically(tmp_path: Path) -> None:
    """Ballistic range grows with m / (CD S): 90 kg more of 2900 and a steeper trim give about 4 % more of it."""
    flights = {kg: fly(mission(tmp_path, "ballistic", HEAVY.format(kg))) for kg in (65, 80, 110)}
    reach = {kg: range_km(flight) for kg, flight in flights.items()}
    assert reach[65] < reach[80] - 1.0 < reach[80] + 2.0 < reach[110] < reach[80] + 40.0


def test_more_lift_flies_farther_at_the_same_bank(tmp_path: Path) -> None:
    """50 kg of samples moved from the axis to the side of the offset: more trim, more lift, more range."""
    place = "[[manifest.cargo]]\nmass_kg = 50\nx_m = 0.7\nz_m = {0}\n"
    flights = [fly(mission(tmp_path, "open-loop", place.format(z))) for z in (-0.3, 0.3, 0.6)]
    reach = [range_km(flight) for flight in flights]
    assert reach[0] < reach[1] - 20.0 < reach[1] + 10.0 < reach[2]


def test_the_effect_is_there_for_reports() -> None:
    values: dict[str, Any] = boarding(VEHICLE, Manifest(cargo=())).as_dict()
    assert values["mass_change_kg"] == -50.0
    assert all(isinstance(value, float) for value in values.values())
