"""Roll law, load relief, reversal bookkeeping and the open-loop table: each piece by itself."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from changed_mission import with_changes
from hypothesis import given, settings
from hypothesis import strategies as st

import steppe
from steppe.kernels.bank import bank_acceleration
from steppe.kernels.guidance import table_bank
from steppe.kernels.predictor import flips_to_come, foreseen_load

# Roll limits of the vehicle file
RATE, ACCELERATION = math.radians(15.0), math.radians(2.2)
ANGLES = st.floats(-math.pi, math.pi)


def roll(bank: float, rate: float, command: float, step_s: float, seconds: float = 40.0) -> npt.NDArray[np.float64]:
    """Return bank angle and rate after every step, shape (steps, 2); the limits hold on the way."""
    rows = []
    for _ in range(round(seconds / step_s)):
        twist = bank_acceleration(bank, rate, command, RATE, ACCELERATION, step_s)
        assert abs(twist) <= ACCELERATION * (1.0 + 1e-9)
        bank, rate = bank + step_s * (rate + 0.5 * step_s * twist), rate + step_s * twist
        assert abs(rate) <= RATE * (1.0 + 1e-9)
        rows.append((bank, rate))
    return np.array(rows)


@settings(max_examples=60)
@given(bank=ANGLES, command=ANGLES, step_s=st.sampled_from([0.1, 0.25, 0.5]))
def test_a_roll_arrives_without_passing_its_command(bank: float, command: float, step_s: float) -> None:
    path = roll(bank, 0.0, command, step_s)
    beyond = np.sign(command - bank) * (path[:, 0] - command)
    assert beyond.max(initial=0.0) < math.radians(0.01)
    assert abs(path[-1, 0] - command) < math.radians(0.01) and abs(path[-1, 1]) < math.radians(0.01)


@settings(max_examples=40)
@given(bank=ANGLES, command=ANGLES)
def test_a_roll_does_not_depend_on_the_step(bank: float, command: float) -> None:
    coarse, fine = roll(bank, 0.0, command, 0.5), roll(bank, 0.0, command, 0.125)[3::4]
    # Measured over 300 pairs: 0.13 deg against a step of 0.25 s
    assert np.max(np.abs(coarse[:, 0] - fine[:, 0])) < math.radians(0.3)


@settings(max_examples=40)
@given(bank=ANGLES, rate=st.floats(-RATE, RATE), command=ANGLES)
def test_a_turning_capsule_settles_too(bank: float, rate: float, command: float) -> None:
    path = roll(bank, rate, command, 0.5, 80.0)
    assert np.max(np.abs(path[-20:, 0] - command)) < math.radians(0.01), "no limit cycle"


def test_a_long_roll_takes_the_time_of_both_limits() -> None:
    path = roll(0.0, 0.0, math.radians(170.0), 0.125)
    arrived = 0.125 * (1 + np.flatnonzero(path[:, 0] > math.radians(169.0))[0])
    # The last degrees are approached more slowly than the limits allow, and one is left
    assert arrived == pytest.approx(170.0 / 15.0 + 15.0 / 2.2, abs=0.6)


def test_the_table_is_linear_between_its_rows_and_constant_outside() -> None:
    table = np.array([[10.0, 0.2], [20.0, -0.6]])
    assert [table_bank(table, t) for t in (0.0, 10.0, 15.0, 20.0, 99.0)] == pytest.approx([0.2, 0.2, -0.2, -0.6, -0.6])
    assert table_bank(np.zeros((0, 2)), 5.0) == 0.0


def test_reversals_are_expected_only_where_they_will_come() -> None:
    assert all(flips_to_come(7000.0, 0.0, 0.0))
    assert flips_to_come(2000.0, 0.0, 20e3)[1] == 0.0, "late and single"
    assert flips_to_come(5000.0, 1.0, 20e3)[0] > 0.0
    assert flips_to_come(3000.0, 1.0, 300.0) == (0.0, 0.0), "nothing left to remove"
    assert flips_to_come(1400.0, 0.0, 20e3) == (0.0, 0.0), "none below 1.5 km/s"


def test_the_foreseen_load_grows_in_a_dive_and_falls_in_a_climb() -> None:
    assert foreseen_load(3.0, -200.0, 6000.0) > 3.0 > foreseen_load(3.0, 50.0, 6000.0)


def test_a_bank_table_is_flown_in_time() -> None:
    times, angles = (0.0, 100.0, 140.0, 300.0), (50.0, 50.0, -70.0, -70.0)
    flight = steppe.fly(
        with_changes(
            steppe.load_mission("ms-21"),
            guidance__law="open-loop",
            guidance__bank_table_time_s=times,
            guidance__bank_table_deg=angles,
        )
    )
    since = flight.track.columns["time_s"] - flight.event("guidance_start").time_s
    steered = (since > 60.0) & (since < 250.0)
    command = flight.track.columns["bank_command_deg"][steered]
    # The command changes once a second: 3 deg in the ramp
    assert np.max(np.abs(command - np.interp(since[steered], times, angles))) < 3.1
    settled = (since > 200.0) & (since < 250.0)
    assert np.max(np.abs(flight.track.columns["bank_deg"][settled] + 70.0)) < 0.1
