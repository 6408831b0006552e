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
from pathlib import Path

import numpy as np
import pytest

import steppe
from steppe.config.compile import aero_record, earth_record
from steppe.config.mission import Earth
from steppe.config.vehicle import Capsule
from steppe.environment.air import exponential_air, no_air
from steppe.environment.wind import no_wind
from steppe.flight import phases as ph
from steppe.flight.running import run_phases, start_row
from steppe.kernels import flying as k
from steppe.kernels.motion import World

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
    """Return the place after 160 s of a lifting entry at a fixed bank, in exponential air, the one table without kinks."""
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
    orders = [math.log2(coarse / fine) for coarse, fine in zip(errors, errors[1:], strict=False)]
    assert orders == pytest.approx([4.0, 4.0], abs=0.3)


STEPS = ("DRIFT_STEP_S", "BURN_STEP_S", "COAST_STEP_S", "ENTRY_STEP_S", "INFLATION_STEP_S", "CANOPY_STEP_S")


def apollo(**parts: object) -> steppe.Flight:
    """Fly the example of an entry from the Moon: open-loop bank table, parachutes, US 1976 air with its kinks."""
    loaded = steppe.load_mission(str(EXAMPLES / "apollo-like-entry.toml"))
    read = type(loaded.mission).model_validate({**loaded.mission.model_dump(), **parts})
    return steppe.fly(dataclasses.replace(loaded, mission=read))


def test_halving_every_step_does_not_move_the_touchdown(monkeypatch):
    """The table of the bank has corners, the air kinks and the inflation a start: still no step may matter."""
    coarse = apollo()
    for name in STEPS:
        monkeypatch.setattr(ph, name, 0.5 * getattr(ph, name))
    fine = apollo()
    places = [np.array([flight.track.columns[name][-1] for name in ("x_m", "y_m", "z_m")]) for flight in (coarse, fine)]
    assert coarse.status.name == fine.status.name == "landed"
    print(np.linalg.norm(places[0] - places[1]), coarse.track.columns["time_s"][-1]-fine.track.columns["time_s"][-1], coarse.peaks.load_g-fine.peaks.load_g)
    assert np.linalg.norm(places[0] - places[1]) < 1.0
    assert coarse.peaks.load_g == pytest.approx(fine.peaks.load_g, rel=1e-3)
    times = [flight.track.columns["time_s"][-1] for flight in (coarse, fine)]
    assert times[0] == pytest.approx(times[1], abs=0.05)


def test_the_check_case_does_not_depend_on_the_step(monkeypatch):
    loaded = steppe.load_mission(str(EXAMPLES / "nesc" / "case-10.toml"))
    coarse = steppe.fly(loaded).track.columns
    monkeypatch.setattr(ph, "ENTRY_STEP_S", 0.1)
    fine = steppe.fly(loaded).track.columns
    for name in ("x_m", "y_m", "z_m"):
        print(np.abs(coarse[name][::1]-fine[name][:: (len(fine[name])-1)//30]).max(), len(fine[name]))
        np.testing.assert_allclose(coarse[name][-1], fine[name][-1], rtol=0.0, atol=1e-4)


@pytest.mark.parametrize("altitude_m", [100e3, 61234.5, 20e3])
def test_a_fall_through_an_altitude_is_found_as_a_root(altitude_m, monkeypatch):
    """Whatever the step, the flight stops at the altitude itself: 1e-7 s in time, which is 1 mm at 10 km/s."""
    ends = []
    for step_s in (0.5, 0.2):
        monkeypatch.setattr(ph, "ENTRY_STEP_S", step_s)
        flight = apollo(start=FALL, stop={"altitude_m": altitude_m})
        assert flight.status.name == "ended"
        assert flight.track.columns["altitude_m"][-1] == pytest.approx(altitude_m, abs=1e-3)
        ends.append(flight.track.columns["time_s"][-1])
    print(ends[0]-ends[1])
    assert ends[0] == pytest.approx(ends[1], abs=1e-4)


FALL = {
    "phase": "free",
    "surface": {
        "utc": "2020-01-01T00:00:00Z", "altitude_m": 122e3, "latitude_deg": 10.0, "longitude_deg": 20.0,
        "speed_m_s": 7800.0, "flight_path_angle_deg": -6.0, "heading_deg": 60.0, "bank_deg": 30.0,
    },
}  # fmt: skip
COMPARED = ("time_s", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s", "density_kg_m3", "mach", "load_g")


def short_flights() -> dict[str, list[float]]:
    """Fly a check case, a guided entry and a canopy, and return the last values of each."""
    check = steppe.fly(steppe.load_mission(str(EXAMPLES / "nesc" / "case-08.toml")))
    hanging = {"phase": "canopy", "surface": {**FALL["surface"], "altitude_m": 3000.0, "speed_m_s": 100.0}}
    flights = {"check": check, "entry": apollo(stop={"altitude_m": 70e3}), "canopy": apollo(start=hanging)}
    return {key: [float(one.track.columns[name][-1]) for name in COMPARED] for key, one in flights.items()}


def test_plain_python_flies_the_same_as_compiled_code():
    """Without the compiler there are no fused multiply-adds: the ends agree to the growth of rounding."""
    here = Path(__file__)
    code = f"import sys, json; sys.path.insert(0, {str(here.parent)!r}); import {here.stem} as t; "
    code += "print(json.dumps(t.short_flights()))"
    words = [sys.executable, "-W", "error", "-c", code]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    answer = subprocess.run(words, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert answer.returncode == 0, answer.stderr
    plain = json.loads(answer.stdout)
    for key, values in short_flights().items():
        np.testing.assert_allclose(plain[key], values, rtol=1e-9, atol=1e-6, err_msg=key)
