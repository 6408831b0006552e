"""The laws of opening canopies against the same equations in other hands, and what they must leave alone.

Modelled: a canopy that fills along a way through the air, t = n D / V (Knacke, NWC TP 6575, 1991, section 5.4), its
drag area and the breadth of its air with a power of time, and the inertia of that air, d(rho k V v)/dt while it fills.

Sources
-------
- DOP853 of scipy at 1e-10 of the same vertical fall, written anew here in the air of the standard atmosphere (US 1976)
  with normal gravity at 47 N: bodies of 1 to 10 kg under canopies that fill in 0.02 to 0.3 s, whose drag fades in
  1/300 s at first. Tolerances: 1 % of the speed at the steps of the flight, 0.2 % and 2 % of the largest pull at those
  of the look at the opening.
- RocketPy 1.13.0 gives its canopies 1.0 of the half sphere of a cup with a drag coefficient of 1.4, which is what
  steppe takes where the inflated diameter is not told (`rocketpy/rocket/parachute.py`, MIT licence; not needed here).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.integrate import solve_ivp

import steppe
from steppe.config.loader import LoadedMission
from steppe.config.mission import Mission, Zone
from steppe.config.vehicle import CanopyStage, Reserve, Vehicle
from steppe.environment.us76 import us76
from steppe.flight.result import Flight

pytestmark = pytest.mark.validation

GRAVITY_M_S2 = 9.8080  # normal gravity at 47 N and sea level (WGS-84, Somigliana)
RADIUS_M = 6367e3


def fly_probe(
    mass_kg: float, stages: list[dict[str, Any]], *, speed_m_s: float, coefficient: float = 0.0,
    altitude_m: float = 1500.0, ground_m: float = 1000.0,
) -> Flight:  # fmt: skip
    """Drop a body without drag of its own straight down into its parachutes, in still standard air."""
    aerodynamics = {"mach": [0.0], "drag_coefficient": [1.0], "lift_to_drag": [0.0]}
    capsule = {
        "mass_kg": mass_kg, "reference_area_m2": 1e-6, "reference_length_m": 0.1, "nose_radius_m": 0.1,
        "aerodynamics": aerodynamics,
    }  # fmt: skip
    parachutes = {"command_altitude_m": altitude_m, "stages": stages, "apparent_mass_coefficient": coefficient}
    vehicle = Vehicle.model_validate({"name": "probe", "capsule": capsule, "parachutes": parachutes})
    start = {
        "utc": "2020-01-01T00:00:00Z", "latitude_deg": 47.0, "longitude_deg": 69.0, "altitude_m": altitude_m,
        "speed_m_s": speed_m_s, "flight_path_angle_deg": -90.0,
    }  # fmt: skip
    zone = Zone(
        name="here", latitude_deg=47.0, longitude_deg=69.0, radius_m=5e3, ground_height_m=ground_m, title="Here"
    )
    document = {
        "name": "drop", "vehicle": "probe", "start": {"phase": "canopy", "surface": start},
        "air": {"model": "us76"}, "wind": {"model": "none"}, "guidance": {"law": "open-loop"},
        "limits": {"load_g": 1000.0},
    }  # fmt: skip
    flight = steppe.fly(LoadedMission(Mission.model_validate(document), vehicle, zone, "test", Path()))
    assert flight.status.name == "landed"
    return flight


def canopy(area_m2: float, **told: Any) -> dict[str, Any]:
    return {"name": "main", "drag_area_m2": area_m2, "fill_diameters": 8.0, "diameter_m": 2.3, **told}


def dop853(
    mass_kg: float, area_m2: float, filling_s: float, power: float, coefficient: float, speed_m_s: float,
    times_s: np.ndarray, altitude_m: float = 1500.0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return speed in m/s and pull in N of the same fall by another integrator; a cup of 1.4 gives the air its size."""
    volume = coefficient * 2.0 / 3.0 * math.pi * (area_m2 / (1.4 * math.pi)) ** 1.5

    def rates(time_s: float, state: np.ndarray) -> tuple[float, float, float]:
        height, speed = state[0], state[1]
        t = min(time_s / filling_s, 1.0)
        density = float(us76(height).density_kg_m3)
        grown = t**power
        taken_in = 1.5 * volume * math.sqrt(grown) * power * t ** (power - 1.0) / filling_s if t < 1.0 else 0.0
        drag = 0.5 * density * area_m2 * grown * speed * speed + density * taken_in * speed
        weight = mass_kg * GRAVITY_M_S2 * (1.0 - 2.0 * height / RADIUS_M)
        faster = (weight - drag) / (mass_kg + density * volume * grown**1.5)
        return -speed, faster, weight - mass_kg * faster

    def slopes(time_s: float, state: np.ndarray) -> tuple[float, float]:
        return rates(time_s, state)[:2]

    parts, state = [], np.array([altitude_m, speed_m_s])
    for begin, end in ((0.0, filling_s), (filling_s, float(times_s[-1]) + 1.0)):
        found = solve_ivp(slopes, (begin, end), state, "DOP853", rtol=1e-10, atol=1e-10, dense_output=True)
        parts.append(found.sol)
        state = found.y[:, -1]
    states = np.array([parts[0](time) if time <= filling_s else parts[1](time) for time in times_s])
    pulls = np.array([rates(time, row)[2] for time, row in zip(times_s, states, strict=True)])
    return states[:, 1], pulls


LIGHT = [
    pytest.param(10.0, 3.0, 1.0, 0.0, 60.0, id="10 kg, linear, no air"),
    pytest.param(10.0, 3.0, 2.0, 1.0, 60.0, id="10 kg, square, with its air"),
    pytest.param(1.0, 3.0, 2.0, 1.0, 80.0, id="1 kg under 3 m2"),
    pytest.param(1.0, 3.0, 1.0, 0.0, 80.0, id="1 kg under 3 m2, no air"),
    pytest.param(5.0, 30.0, 6.0, 0.5, 100.0, id="5 kg under 30 m2, sixth power"),
]


@pytest.mark.parametrize(("mass_kg", "area_m2", "power", "coefficient", "speed_m_s"), LIGHT)
def test_light_bodies_open_as_with_another_integrator(
    mass_kg: float, area_m2: float, power: float, coefficient: float, speed_m_s: float
) -> None:
    stages = [canopy(area_m2, growth_exponent=power)]
    flight = fly_probe(mass_kg, stages, speed_m_s=speed_m_s, coefficient=coefficient)
    (opening,) = flight.openings
    filling_s = 8.0 * 2.3 / speed_m_s
    assert opening.fill_diameters == pytest.approx(8.0, rel=1e-9)
    # the flight itself, at its own steps, and the fine look at the opening
    track = flight.track.columns
    speed, _ = dop853(mass_kg, area_m2, filling_s, power, coefficient, speed_m_s, track["time_s"])
    assert np.max(np.abs(track["airspeed_m_s"] / speed - 1.0)) < 0.01
    times = opening.curve["time_s"]
    speed, pull = dop853(mass_kg, area_m2, filling_s, power, coefficient, speed_m_s, times)
    assert np.max(np.abs(opening.curve["airspeed_m_s"] / speed - 1.0)) < 0.002
    fine_s = np.linspace(0.0, 1.2 * filling_s, 400)
    fine = dop853(mass_kg, area_m2, filling_s, power, coefficient, speed_m_s, fine_s)[1]
    assert opening.force_n == pytest.approx(float(fine.max()), rel=0.02)
    # at the end of the filling the areas cease to grow, and the pull jumps
    off = np.abs(times - filling_s) > 1e-3
    assert np.max(np.abs(opening.curve["pull_n"] - pull)[off]) < 0.02 * float(fine.max())


def test_a_filling_in_a_fifth_of_a_second_may_be_told_as_a_time() -> None:
    """A mission that gives its time flies as before, and as one that gives the way of the same time."""
    by_time = fly_probe(10.0, [{"name": "main", "drag_area_m2": 3.0, "inflation_s": 0.2}], speed_m_s=60.0)
    by_way = fly_probe(10.0, [canopy(3.0, fill_diameters=12.0 / 2.3)], speed_m_s=60.0)
    assert by_time.openings[0].force_n == pytest.approx(by_way.openings[0].force_n, rel=1e-9)
    assert by_time.track.columns["time_s"][-1] == pytest.approx(by_way.track.columns["time_s"][-1], abs=1e-6)


@settings(max_examples=6, deadline=None)
@given(mass_kg=st.floats(5.0, 50.0), coefficient=st.floats(0.1, 2.0))
def test_the_carried_air_changes_the_way_to_the_balance_only(mass_kg: float, coefficient: float) -> None:
    stages = [canopy(10.0)]
    bare, airy = (fly_probe(mass_kg, stages, speed_m_s=50.0, coefficient=value) for value in (0.0, coefficient))
    assert bare.touchdown is not None
    assert airy.touchdown is not None
    assert airy.touchdown.speed_m_s == pytest.approx(bare.touchdown.speed_m_s, rel=2e-4)
    # at the balance the canopy carries the weight, and the capsule feels one g, with the air and without
    assert airy.openings[0].curve["pull_n"][-1] == pytest.approx(mass_kg * 9.805, rel=0.01)
    # the air that is brought to speed brakes before the canopy is full
    assert airy.openings[0].curve["airspeed_m_s"][5] <= bare.openings[0].curve["airspeed_m_s"][5]


def test_a_body_at_rest_fills_its_canopy_in_a_fall() -> None:
    """The way of 18.4 m from rest takes sqrt(2 x 18.4 / 9.80665) = 1.94 s, not the time at no speed."""
    flight = fly_probe(10.0, [canopy(3.0)], speed_m_s=0.0)
    inflated = flight.event("main_inflated")
    assert inflated is not None
    assert inflated.time_s == pytest.approx(math.sqrt(2.0 * 18.4 / 9.80665), rel=1e-6)


def test_a_canopy_fills_in_one_way_only() -> None:
    stage = {"name": "main", "drag_area_m2": 10.0}
    with pytest.raises(ValidationError, match="give one of the two"):
        CanopyStage.model_validate({**stage, "inflation_s": 1.0, "fill_diameters": 8.0, "diameter_m": 4.0})
    with pytest.raises(ValidationError, match="Give its diameter_m"):
        CanopyStage.model_validate({**stage, "fill_diameters": 8.0})
    reserve = {
        "decision_altitude_m": 5e3, "sink_limit_m_s": 12.0, "reefed_drag_area_m2": 60.0, "reefed_s": 4.0,
        "drag_area_m2": 400.0, "inflation_s": 3.0,
    }  # fmt: skip
    assert Reserve.model_validate(reserve).drogue_s is None
    with pytest.raises(ValidationError, match="drogue_s, drogue_sink_m_s missing"):
        Reserve.model_validate({**reserve, "drogue_drag_area_m2": 13.0})
