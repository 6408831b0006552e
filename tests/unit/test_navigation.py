"""Navigation: what the ship knows follows the truth with perfect sensors, and errs as its sensors do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

import steppe
from steppe.flight.running import run_phases
from steppe.flight.simulate import rehearse
from steppe.kernels import phase as k
from steppe.kernels.motion import State, World
from steppe.kernels.navigation import (
    NAVIGATION_SIZE,
    PLACE,
    SENSED,
    SPEED,
    Sensors,
    navigate,
    platform_tilt,
    update_navigation,
)

Array = npt.NDArray[np.float64]
PERFECT = Sensors(*(0.0,) * 13)


@pytest.fixture(scope="module")
def entry() -> tuple[World, Array]:
    """Return the world and every step of MS-21 from the split to the parachute command."""
    flown = rehearse(steppe.load_mission("ms-21"))
    world, guide, run = flown.world, flown.guide, flown.run
    again = run_phases(world, guide, list(run.phases), run.begins[0, :10], ground_m=0.0, record_every_s=1e-3)
    names = [phase.event for phase in run.phases]
    phase = again.record[:, k.PHASE]
    chosen = (phase >= names.index("module_separation")) & (phase < names.index("parachute_command"))
    return world, again.record[chosen]


def state_of(row: Array) -> State:
    return (row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])


def carried(entry: tuple[World, Array], sensors: Sensors) -> tuple[Array, Array]:
    """Return the navigation memory at the command and the true row there."""
    world, rows = entry
    nav = np.zeros(NAVIGATION_SIZE)
    update_navigation(sensors, rows[0, 0], state_of(rows[0]), nav)
    for before, after in pairwise(rows):
        step = after[0] - before[0]
        if step > 0.0:
            navigate(world, sensors, before[0], state_of(before), state_of(after), step, nav)
    return nav, rows[-1]


def miss(nav: Array, true: Array) -> float:
    return float(np.linalg.norm(nav[PLACE : PLACE + 3] - true[k.X : k.Z + 1]))


def test_perfect_sensors_follow_the_truth(entry: tuple[World, Array]) -> None:
    nav, true = carried(entry, PERFECT)
    assert miss(nav, true) < 2.0  # measured 0.5 m after 14 minutes
    assert np.linalg.norm(nav[SPEED : SPEED + 3] - true[k.U : k.W + 1]) < 0.01
    assert nav[SENSED] == pytest.approx(true[k.SENSED] - entry[1][0, k.SENSED], abs=0.1)


def test_a_wrong_update_shifts_the_navigated_place(entry: tuple[World, Array]) -> None:
    nav, true = carried(entry, PERFECT._replace(place_x=1000.0))
    assert 500.0 < miss(nav, true) < 3000.0


def test_a_scale_error_shows_in_the_sensed_velocity(entry: tuple[World, Array]) -> None:
    straight, _ = carried(entry, PERFECT)
    scaled, _ = carried(entry, PERFECT._replace(scale=1e-3))
    assert scaled[SENSED] / straight[SENSED] == pytest.approx(1.001, abs=1e-6)


def test_a_bias_grows_with_the_time_squared(entry: tuple[World, Array]) -> None:
    seconds = entry[1][-1, 0] - entry[1][0, 0]
    nav, true = carried(entry, PERFECT._replace(bias_x=1e-3))
    # Half the bias times the time squared, changed by the gravity that is taken at the wrong place
    assert miss(nav, true) == pytest.approx(0.5e-3 * seconds**2, rel=0.5)


def test_the_platform_tilts_with_its_drift() -> None:
    assert platform_tilt(PERFECT._replace(drift_x=3e-6, drift_y=4e-6), 100.0) == pytest.approx(5e-4)
