"""The dispersed entry case: eight exact ends through the single flight and through the lanes.

| modelled | value |
| --- | --- |
| Earth | sphere, point mass, turning with the air |
| air | exponential, 1.225 kg/m3, 7200 m |
| body | constant coefficients, constant bank of 60 degrees to the right |
| exact ends | DOP853 (scipy) with rtol 1e-13; case 0 also by heyoka at 1e-15, Orekit and hapsira |

The printed places have a last digit of 0.1 m, the speeds and times one of 0.001.
"""

from __future__ import annotations

import numpy as np
import pytest

from steppe.environment.air import exponential_air
from steppe.errors import ENDED
from steppe.flight import phases as ph
from steppe.flight.running import run_phases, start_row
from steppe.kernels import entry_case, lanes, phase
from steppe.kernels.motion import World

pytestmark = pytest.mark.validation

PLACE_M, SPEED_M_S, TIME_S = 1.0, 0.01, 0.01
SINGLE_STEP_S = 0.25


@pytest.fixture(scope="module")
def world() -> World:
    return entry_case.entry_world(exponential_air(entry_case.SURFACE_DENSITY_KG_M3, entry_case.SCALE_HEIGHT_M, 250.0))


def _fly_one(world: World, case: np.ndarray) -> np.ndarray:
    """Fly one case through the phases of a single flight; return it as a column of ends."""
    columns = {
        phase.AERO_AREA_M2: float(case[lanes.AREA]),
        phase.LIFT_FACTOR: float(case[lanes.LIFT]),
        phase.DRAG_FACTOR: float(case[lanes.DRAG]),
        phase.STEP_S: SINGLE_STEP_S,
        **ph.falling_through(entry_case.END_ALTITUDE_M),
    }
    start = start_row(0.0, case[:3], case[3:6], float(case[lanes.MASS]), entry_case.BANK_RAD)
    run = run_phases(world, None, [ph.Phase("start", columns)], start, ground_m=0.0)
    end = run.begins[-1]
    column = np.zeros(lanes.END_ROWS)
    column[: lanes.MASS + 1] = end[phase.X : phase.MASS + 1]
    column[lanes.END_TIME] = end[phase.TIME]
    column[lanes.END_CODE] = run.status.code
    return column


def test_single_flight_reaches_the_exact_ends(world: World) -> None:
    cases = entry_case.entry_cases(8)
    ends = np.column_stack([_fly_one(world, cases[:, case]) for case in range(8)])
    place_m, speed_m_s, time_s = entry_case.errors_to_exact(ends)
    assert place_m.max() < PLACE_M
    assert speed_m_s.max() < SPEED_M_S
    assert time_s.max() < TIME_S


def test_lanes_reach_the_exact_ends_at_tight_steps(world: World) -> None:
    ends = lanes.fly_many(entry_case.fly_entries, world, entry_case.TIGHT, entry_case.entry_cases(8))
    place_m, speed_m_s, time_s = entry_case.errors_to_exact(ends)
    # Half the last printed digit and the small print of the table
    assert place_m.max() < 0.2
    assert speed_m_s.max() < 0.002
    assert time_s.max() < 0.002


def test_tight_steps_are_tight(world: World) -> None:
    cases = entry_case.entry_cases(64)
    ends = lanes.fly_many(entry_case.fly_entries, world, entry_case.TIGHT, cases)
    finer = entry_case.TIGHT._replace(step_s=0.5 * entry_case.TIGHT.step_s)
    place_m, speed_m_s = entry_case.errors_to_reference(
        lanes.fly_many(entry_case.fly_entries, world, finer, cases), ends
    )
    assert place_m < 1e-3
    assert speed_m_s < 1e-5


def test_fast_steps_keep_every_end_within_a_metre(world: World) -> None:
    cases = entry_case.entry_cases(8192)
    fast = lanes.fly_many(entry_case.fly_entries, world, entry_case.FAST, cases)
    tight = lanes.fly_many(entry_case.fly_entries, world, entry_case.TIGHT, cases)
    assert np.all(fast[lanes.END_CODE] == ENDED)
    place_m, speed_m_s = entry_case.errors_to_reference(fast, tight)
    assert place_m < 1.0
    assert speed_m_s < SPEED_M_S


def test_the_lanes_converge_with_the_fifth_order(world: World) -> None:
    cases = entry_case.entry_cases(8)
    exact = lanes.fly_many(entry_case.fly_entries, world, entry_case.TIGHT, cases)
    errors = []
    for step_s in (16.0, 8.0):
        descent = entry_case.TIGHT._replace(step_s=step_s)
        flown = lanes.fly_many(entry_case.fly_entries, world, descent, cases)
        errors.append(entry_case.errors_to_reference(flown, exact)[0])
    order = float(np.log2(errors[0] / errors[1]))
    # Above the formal order where the leading terms partly cancel, as they do for an efficient tableau
    assert 4.5 < order < 7.0
