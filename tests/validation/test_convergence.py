"""The integration against itself: order, independence of the step, roots of events, compiled and plain Python.

The end of a smooth problem has an error of the method's order in the step (Hairer, Norsett and Wanner, Solving Ordinary
Differential Equations I, 2nd ed., 1993, section II.3): a wrong coefficient or stage would lower it.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import steppe
from steppe.config.compile import aero_record, earth_record
from steppe.config.surroundings import Earth
from steppe.config.vehicle import Capsule
from steppe.environment.air import exponential_air, no_air
from steppe.environment.wind import no_wind
from steppe.flight import phases as ph
from steppe.flight.result import Flight
from steppe.flight.running import run_phases, start_row
from steppe.kernels import phase as k
from steppe.kernels import steppers
from steppe.kernels.motion import Forces, World
from steppe.kernels.steppers import Stepper

pytestmark = pytest.mark.validation

EXAMPLES = Path(__file__).parents[2] / "examples"
GM_M3_S2, RADIUS_M = 3.986004418e14, 6378137.0

CAPSULE = Capsule.model_validate(
    {
        "mass_kg": 2900.0, "reference_area_m2": 3.8, "reference_length_m": 2.2, "nose_radius_m": 2.2,
        "aerodynamics": {"mach": [0.0], "drag_coefficient": [1.3], "lift_to_drag": [0.26]},
    }
)  # fmt: skip


def orbit(step_s: float) -> np.ndarray:
    """Return the place half a revolution after the perigee of an orbit in zonal gravity."""
    world = World(earth_record(Earth()), no_air(), no_wind(), aero_record(CAPSULE))
    radius = RADIUS_M + 300e3
    speed = 1.05 * math.sqrt(GM_M3_S2 / radius)
    start = start_row(0.0, np.array([radius, 0.0, 0.0]), np.array([0.0, 0.6 * speed, 0.8 * speed]), 1000.0)
    phase = ph.Phase("start", {k.STEP_S: step_s, **ph.after(3200.0)})
    return run_phases(world, None, [phase], start, ground_m=-1e6).begins[-1, k.X : k.Z + 1]


def entry(step_s: float) -> np.ndarray:
    """Return the place after 160 s of a lifting entry at a fixed bank, in exponential air: a table without kinks."""
    world = World(earth_record(Earth()), exponential_air(1.225, 7200.0, 250.0), no_wind(), aero_record(CAPSULE))
    radius, angle = RADIUS_M + 80e3, math.radians(-2.0)
    velocity = 7300.0 * np.array([math.sin(angle), 0.7 * math.cos(angle), math.sqrt(0.51) * math.cos(angle)])
    start = start_row(0.0, np.array([radius, 0.0, 0.0]), velocity, 2900.0, math.radians(50.0))
    columns = {k.STEP_S: step_s, k.AERO_AREA_M2: 3.8, k.LIFT_FACTOR: 1.0, **ph.after(160.0)}
    return run_phases(world, None, [ph.Phase("start", columns)], start, ground_m=-1e6).begins[-1, k.X : k.Z + 1]


def burn(step_s: float) -> np.ndarray:
    """Return the place after a burn of 400 s, in which the mass changes and the thrust turns with the orbit."""
    world = World(earth_record(Earth()), no_air(), no_wind(), aero_record(CAPSULE))
    radius = RADIUS_M + 400e3
    speed = math.sqrt(GM_M3_S2 / radius)
    start = start_row(0.0, np.array([radius, 0.0, 0.0]), np.array([0.0, 0.6 * speed, 0.8 * speed]), 7000.0)
    thrust = {k.THRUST_N: 20e3, k.FLOW_KG_S: 6.0, k.THRUST_ALONG: -0.8, k.THRUST_RADIAL: 0.6}
    phase = ph.Phase("start", {k.STEP_S: step_s, **thrust, **ph.after(400.0)})
    return run_phases(world, None, [phase], start, ground_m=-1e6).begins[-1, k.X : k.Z + 1]


# Steps that divide the time, in the range where the error is above rounding and below the nonlinear
@pytest.mark.parametrize(
    ("problem", "steps", "exact_step"),
    [(orbit, (80.0, 40.0, 20.0), 2.0), (entry, (4.0, 2.0, 1.0), 0.0625), (burn, (80.0, 40.0, 20.0), 1.0)],
)
def test_the_error_falls_with_the_fourth_power_of_the_step(problem, steps, exact_step):
    exact = problem(exact_step)
    errors = [float(np.linalg.norm(problem(step) - exact)) for step in steps]
    orders = [math.log2(coarse / fine) for coarse, fine in pairwise(errors)]
    assert orders == pytest.approx([4.0, 4.0], abs=0.3)


FALL = {
    "utc": "2020-01-01T00:00:00Z", "altitude_m": 122e3, "latitude_deg": 10.0, "longitude_deg": 20.0,
    "speed_m_s": 7800.0, "flight_path_angle_deg": -6.0, "heading_deg": 60.0, "bank_deg": 30.0,
}  # fmt: skip
HANGING = {**FALL, "altitude_m": 7000.0, "speed_m_s": 150.0, "flight_path_angle_deg": -60.0}
STEPS = (
    "DRIFT_STEP_S", "BURN_STEP_S", "COAST_STEP_S", "HIGH_STEP_S", "ENTRY_STEP_S", "INFLATION_STEP_S", "OPENING_STEP_S",
    "OPENED_STEP_S", "CANOPY_STEP_S",
)  # fmt: skip


def apollo(**parts: object) -> Flight:
    """Fly the vehicle of the example of an entry from the Moon: lift, parachutes, US 1976 air with its kinks."""
    loaded = steppe.load_mission(str(EXAMPLES / "apollo-like-entry.toml"))
    read = type(loaded.mission).model_validate({**loaded.mission.model_dump(), **parts})
    return steppe.fly(dataclasses.replace(loaded, mission=read))


def place_of(flight: Flight) -> np.ndarray:
    return np.array([flight.track.columns[name][-1] for name in ("x_m", "y_m", "z_m")])


@pytest.mark.parametrize("phase", ["free", "canopy"])
def test_halving_every_step_does_not_move_the_touchdown(phase, monkeypatch):
    """A lifting entry at a fixed bank, and a descent under canopies: the air has kinks and each inflation a start."""
    start = {"phase": phase, "surface": FALL if phase == "free" else HANGING}
    coarse = apollo(start=start)
    for name in STEPS:
        monkeypatch.setattr(ph, name, 0.5 * getattr(ph, name))
    fine = apollo(start=start)
    assert coarse.status.name == fine.status.name == "landed"
    # The stepper under a canopy is of second order
    metres, seconds = (0.05, 1e-3) if phase == "free" else (2.0, 0.05)
    assert np.linalg.norm(place_of(coarse) - place_of(fine)) < metres
    assert coarse.track.columns["time_s"][-1] == pytest.approx(fine.track.columns["time_s"][-1], abs=seconds)


@pytest.mark.parametrize("case", ["06", "10"])
def test_the_check_cases_do_not_depend_on_the_step(case, monkeypatch):
    loaded = steppe.load_mission(str(EXAMPLES / "nesc" / f"case-{case}.toml"))
    coarse = place_of(steppe.fly(loaded))
    monkeypatch.setattr(ph, "ENTRY_STEP_S", 0.1)
    fine = place_of(steppe.fly(loaded))
    np.testing.assert_allclose(coarse, fine, rtol=0.0, atol=1e-4)


@pytest.mark.parametrize("altitude_m", [100e3, 61234.5, 20e3])
def test_a_fall_through_an_altitude_is_found_as_a_root(altitude_m, monkeypatch):
    """Whatever the step, the flight stops at the altitude itself: 1e-7 s in time, which is 1 mm at 10 km/s."""
    ends = []
    for step_s in (0.5, 0.2):
        monkeypatch.setattr(ph, "ENTRY_STEP_S", step_s)
        flight = apollo(start={"phase": "free", "surface": FALL}, stop={"altitude_m": altitude_m})
        assert flight.status.name == "ended"
        assert flight.track.columns["altitude_m"][-1] == pytest.approx(altitude_m, abs=1e-3)
        ends.append(flight.track.columns["time_s"][-1])
    assert ends[0] == pytest.approx(ends[1], abs=1e-4)


COMPARED = ("time_s", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s", "density_kg_m3", "mach", "load_g")


def short_flights() -> dict[str, list[float]]:
    """Fly a check case, a guided entry and a canopy, and return the last values of each."""
    check = steppe.fly(steppe.load_mission(str(EXAMPLES / "nesc" / "case-08.toml")))
    hanging = apollo(start={"phase": "canopy", "surface": HANGING}, stop={"after_s": 20.0})
    flights = {"check": check, "entry": apollo(stop={"altitude_m": 60e3}), "canopy": hanging}
    return {key: [float(one.track.columns[name][-1]) for name in COMPARED] for key, one in flights.items()}


# Order of each stepper: Kutta (1901) 4, Tsitouras (2011) 5; without a canopy the stepper of the flights is Kutta's
ORDERS = {"rk4": 4.0, "tsit5": 5.0, "flight_step": 4.0}


def rolling_entry(stepper: Stepper, steps: int) -> np.ndarray:
    """Return the place after 128 s of a lifting entry in exponential air, rolling steadily, by the stepper alone."""
    world = World(earth_record(Earth()), exponential_air(1.225, 7200.0, 250.0), no_wind(), aero_record(CAPSULE))
    forces = Forces(*(0.0,) * len(Forces._fields))._replace(aero_area_m2=3.8, lift_factor=1.0, drag_factor=1.0)
    step_s, roll_rad_s = 128.0 / steps, 0.2
    state = (RADIUS_M + 75e3, 0.0, 0.0, -255.0, 5000.0, 5300.0, 2900.0, 0.0)
    for step in range(steps):
        time_s = step * step_s
        state = stepper(world, forces, time_s, state, step_s, (0.3 + roll_rad_s * time_s, roll_rad_s, 0.0))
    return np.array(state[:3])


def high_orbit(stepper: Stepper, steps: int) -> np.ndarray:
    """Return the place after 6000 s on an ellipse without air, by the stepper alone."""
    world = World(earth_record(Earth()), no_air(), no_wind(), aero_record(CAPSULE))
    state = (RADIUS_M + 500e3, 0.0, 0.0, 0.0, 5200.0, 6000.0, 2900.0, 0.0)
    for step in range(steps):
        step_s = 6000.0 / steps
        state = stepper(world, Forces(*(0.0,) * len(Forces._fields)), step * step_s, state, step_s, (0.0, 0.0, 0.0))
    return np.array(state[:3])


def stepper_errors() -> dict[str, list[float]]:
    """Return the errors in m of each stepper: the orbit in 128 and 256 steps, the entry in 32 and 64."""
    found: dict[str, list[float]] = {}
    for name in ORDERS:
        one = getattr(steppers, name)
        found[name] = [
            float(np.linalg.norm(problem(one, steps) - problem(steppers.tsit5, 1024)))
            for problem, several in ((high_orbit, (128, 256)), (rolling_entry, (32, 64)))
            for steps in several
        ]
    return found


@pytest.fixture(scope="module")
def in_plain_python() -> dict[str, dict[str, list[float]]]:
    """Return what a process without the compiler finds: the same text, run by the interpreter."""
    here = Path(__file__)
    code = f"import sys, json; sys.path.insert(0, {str(here.parent)!r}); import {here.stem} as t; "
    code += "print(json.dumps({'flights': t.short_flights(), 'errors': t.stepper_errors()}))"
    words = [sys.executable, "-W", "error", "-c", code]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    answer = subprocess.run(words, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, dict[str, list[float]]] = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize("name", ORDERS)
def test_each_stepper_has_its_order(name, in_plain_python):
    """On an orbit the order itself; while it rolls at least that, for stages at wrong bank angles would lose orders."""
    orbits, finer_orbits, entries, finer_entries = in_plain_python["errors"][name]
    assert math.log2(orbits / finer_orbits) == pytest.approx(ORDERS[name], abs=0.3)
    assert math.log2(entries / finer_entries) > ORDERS[name] - 0.3


def test_long_steps_under_a_canopy_find_the_speed_of_balance():
    """Drag balances weight (exponential air, at the height reached) within 1 %, from a tenth more than it, at 2.5 s.

    There 2g/v times the step is 6.6: RK4 is unstable beyond 2.785, and its speed is no number.
    """
    world = World(earth_record(Earth()), exponential_air(1.225, 7200.0, 250.0), no_wind(), aero_record(CAPSULE))
    none = Forces(*(0.0,) * len(Forces._fields))
    forces = none._replace(canopy_from_m2=800.0, canopy_to_m2=800.0, canopy_rate_per_s=1.0)
    state = (RADIUS_M + 2000.0, 0.0, 0.0, -9.0, 0.0, 0.0, 2900.0, 0.0)
    for step in range(40):
        state = steppers.flight_step(world, forces, 100.0 + 2.5 * step, state, 2.5, (0.0, 0.0, 0.0))
    density = 1.225 * math.exp(-(state[0] - RADIUS_M) / 7200.0)
    assert -state[3] == pytest.approx(math.sqrt(2.0 * 2900.0 * 9.78 / (density * 800.0)), rel=0.01)


def test_no_stepper_is_left_out():
    built = {name.removeprefix("build_") for name in vars(steppers) if name.startswith("build_")}
    assert {name.replace("flight_stepper", "flight_step") for name in built} - {"moved", "rates"} == set(ORDERS)


def test_plain_python_flies_the_same_as_compiled_code(in_plain_python):
    """Without the compiler there are no fused multiply-adds: the ends agree to the growth of rounding."""
    for key, values in short_flights().items():
        np.testing.assert_allclose(in_plain_python["flights"][key], values, rtol=1e-9, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("seconds", [5.0, 100.0, 650.0])
def test_a_flight_stopped_after_a_time_is_the_beginning_of_the_whole_flight(seconds):
    """Through entry, guidance and canopies alike: 5 s lie before the interface, 650 s under the canopies."""
    whole, cut = apollo(), apollo(stop={"after_s": seconds})
    assert cut.status.name == "ended"
    columns, until = whole.track.columns, cut.track.columns
    assert until["time_s"][-1] == pytest.approx(seconds, abs=1e-9)
    same = columns["time_s"] < seconds - 1e-9
    for name in ("time_s", "x_m", "vx_m_s", "bank_deg"):
        np.testing.assert_array_equal(until[name][: same.sum()], columns[name][same])


def test_a_stop_after_the_landing_changes_nothing():
    assert apollo(stop={"after_s": 5000.0}).status.name == "landed"
