"""The lanes: same bits for every width and thread count, same numbers as a single flight and as plain Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from steppe.environment.air import exponential_air
from steppe.errors import ENDED, NEGATIVE_MASS, NOT_A_NUMBER, OUT_OF_STEPS, OUT_OF_TIME, STATUS, ConfigError
from steppe.kernels import entry_case, lanes
from steppe.kernels.motion import Forces, World
from steppe.kernels.steppers import tsit5

COUNT = 200

# Flies three cases for six steps without the compiler, and prints states and times
PLAIN = """
import json, numpy as np
from steppe.environment.air import exponential_air
from steppe.kernels import entry_case as e, lanes
world = e.entry_world(exponential_air(e.SURFACE_DENSITY_KG_M3, e.SCALE_HEIGHT_M, 250.0))
assert not hasattr(e.fly_entries, "inspect_asm")
ends = lanes.fly_many(e.fly_entries, world, e.FAST._replace(step_limit=6.0), e.entry_cases(3), width=32)
print(json.dumps(ends.tolist()))
"""


@pytest.fixture(scope="module")
def world() -> World:
    return entry_case.entry_world(exponential_air(entry_case.SURFACE_DENSITY_KG_M3, entry_case.SCALE_HEIGHT_M, 250.0))


def _fly(world: World, cases: np.ndarray, **options: int) -> np.ndarray:
    return lanes.fly_many(entry_case.fly_entries, world, entry_case.FAST, cases, **options)


@pytest.fixture(scope="module")
def ends(world: World) -> np.ndarray:
    return _fly(world, entry_case.entry_cases(COUNT))


def test_all_lanes_arrive(ends: np.ndarray) -> None:
    assert np.all(ends[lanes.END_CODE] == ENDED)
    r = np.sqrt(np.sum(ends[:3] ** 2, axis=0))
    assert np.max(np.abs(r - entry_case.EARTH.radius_m - entry_case.END_ALTITUDE_M)) < 2e-3


@pytest.mark.parametrize("width", [32, 96, 256])
def test_width_changes_no_bit(world: World, ends: np.ndarray, width: int) -> None:
    assert np.array_equal(_fly(world, entry_case.entry_cases(COUNT), width=width), ends)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_change_no_bit(world: World, ends: np.ndarray, threads: int) -> None:
    assert np.array_equal(_fly(world, entry_case.entry_cases(COUNT), threads=threads), ends)


def test_number_of_cases_changes_no_bit(world: World, ends: np.ndarray) -> None:
    for count in (1, 31, 65):
        assert np.array_equal(_fly(world, entry_case.entry_cases(count)), ends[:, :count])
    assert _fly(world, entry_case.entry_cases(0)).shape == (lanes.END_ROWS, 0)


def test_lanes_agree_with_the_full_equations(world: World) -> None:
    """Six steps of the single flight's stepper with every law switched on but without effect."""
    steps = 6
    cases = entry_case.entry_cases(3)
    descent = entry_case.FAST._replace(step_limit=float(steps))
    ends = lanes.fly_many(entry_case.fly_entries, world, descent, cases)
    assert np.all(ends[lanes.END_CODE] == OUT_OF_STEPS)
    for case in range(3):
        column = cases[:, case]
        state, clock = (*column[: lanes.MASS + 1], 0.0), 0.0
        forces = Forces(0.0, column[lanes.AREA], column[lanes.LIFT], column[lanes.DRAG], *(0.0,) * 14)
        for _ in range(steps):
            altitude = float(np.sqrt(np.sum(np.square(state[:3])))) - entry_case.EARTH.radius_m
            step = lanes.step_by_altitude(descent, altitude)
            state = tsit5(world, forces, clock, state, step, (entry_case.BANK_RAD, 0.0, 0.0))
            clock += step
        assert ends[lanes.END_STEPS, case] == steps
        assert ends[lanes.END_TIME, case] == pytest.approx(clock, abs=1e-6)
        # Rounding, and one step of Bowring against the radius itself
        assert np.allclose(ends[:3, case], state[:3], rtol=0.0, atol=1e-4)
        assert np.allclose(ends[3:6, case], state[3:6], rtol=0.0, atol=1e-5)


def test_lanes_agree_with_plain_python(world: World) -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN], env=environment, capture_output=True, encoding="utf-8", timeout=300, check=True
    )
    plain = np.array(json.loads(done.stdout))
    descent = entry_case.FAST._replace(step_limit=6.0)
    compiled = lanes.fly_many(entry_case.fly_entries, world, descent, entry_case.entry_cases(3))
    assert np.allclose(plain, compiled, rtol=1e-13, atol=1e-7)


def test_a_bad_lane_ends_alone(world: World, ends: np.ndarray) -> None:
    cases = entry_case.entry_cases(COUNT)
    cases[lanes.X, 3] = np.nan
    cases[lanes.U, 40] = np.inf
    cases[lanes.MASS, 70] = -1.0
    cases[lanes.MASS, 71] = 0.0
    cases[lanes.DRAG, 90] = np.nan
    bad = {3: NOT_A_NUMBER, 40: NOT_A_NUMBER, 70: NEGATIVE_MASS, 71: NEGATIVE_MASS, 90: NOT_A_NUMBER}
    flown = _fly(world, cases)
    for case, code in bad.items():
        assert flown[lanes.END_CODE, case] == code
        assert STATUS[int(flown[lanes.END_CODE, case])].hint
    good = np.setdiff1d(np.arange(COUNT), list(bad))
    assert np.array_equal(flown[:, good], ends[:, good])


def test_a_lane_that_leaves_the_earth_runs_out_of_time(world: World) -> None:
    cases = entry_case.entry_cases(2)
    cases[lanes.U : lanes.W + 1, 1] *= -2.0
    cases[lanes.DRAG, 1] = cases[lanes.LIFT, 1] = 0.0
    flown = _fly(world, cases)
    assert flown[lanes.END_CODE].tolist() == [ENDED, OUT_OF_TIME]


def test_a_collapsed_step_ends_the_lane(world: World) -> None:
    descent = entry_case.FAST._replace(step_s=0.0)
    flown = lanes.fly_many(entry_case.fly_entries, world, descent, entry_case.entry_cases(2))
    assert flown[lanes.END_CODE].tolist() == [OUT_OF_STEPS, OUT_OF_STEPS]


def test_wrong_shapes_are_explained(world: World) -> None:
    with pytest.raises(ConfigError, match=r"shape \(12, n\)"):
        _fly(world, np.zeros((3, 4)))
    with pytest.raises(ConfigError, match="multiple of 32"):
        _fly(world, entry_case.entry_cases(2), width=20)
    with pytest.raises(ConfigError, match="at least one thread"):
        _fly(world, entry_case.entry_cases(2), threads=0)
