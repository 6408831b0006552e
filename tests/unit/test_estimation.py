"""The filter of telemetry: against a flown return with noise added, and against what feeds do wrong.

Modelled: a return of MS-21, its positions and velocities sampled once a second with normal errors. The bounds follow
from the errors put in; no published number enters.
"""

from __future__ import annotations

import numpy as np
import pytest

from steppe.config.compile import earth_record
from steppe.config.loader import load_mission
from steppe.flight.estimation import Measurement, first_estimate, predicted, updated
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.kernels.earth import Earth

NAMES = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")


@pytest.fixture(scope="module")
def flight() -> Flight:
    return fly(load_mission("ms-21"))


@pytest.fixture(scope="module")
def earth(flight: Flight) -> Earth:
    return earth_record(flight.mission.mission.earth)


def truth(flight: Flight, first: str, last: str, step_s: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Times and states, shape (n, 6), between two events."""
    begin, end = (flight.event(name).time_s for name in (first, last))
    times = np.arange(begin, end, step_s)
    columns = flight.track.columns
    return times, np.stack([np.interp(times, columns["time_s"], columns[name]) for name in NAMES], axis=1)


def packet(time_s: float, state: np.ndarray, sd_m: float = 50.0, sd_m_s: float | None = 1.0) -> Measurement:
    speed = None if sd_m_s is None else tuple(float(v) for v in state[3:])
    return Measurement(float(time_s), tuple(float(v) for v in state[:3]), speed, sd_m, sd_m_s or 1.0)


@pytest.mark.parametrize(
    ("first", "last"), [("entry_interface", "parachute_command"), ("deorbit_ignition", "deorbit_cutoff")]
)
def test_the_estimate_is_nearer_than_the_packets(flight: Flight, earth: Earth, first: str, last: str) -> None:
    times, states = truth(flight, first, last)
    noise = np.random.default_rng(4).normal(0.0, 1.0, states.shape) * ([50.0] * 3 + [1.0] * 3)
    estimate = first_estimate(packet(times[0], states[0] + noise[0]))
    errors = []
    for moment, state, off in zip(times[1:], states[1:], noise[1:], strict=True):
        estimate = updated(earth, estimate, packet(moment, state + off))
        assert not estimate.jumped
        errors.append(estimate.mean[:6] - state)
    settled = np.array(errors[20:])
    # the packets have 50 m a component; a filter that adds nothing would too
    assert np.sqrt(np.mean(settled[:, :3] ** 2)) < 35.0
    assert np.sqrt(np.mean(settled[:, 3:] ** 2)) < 1.5


def test_its_uncertainty_is_honest(flight: Flight, earth: Earth) -> None:
    times, states = truth(flight, "entry_interface", "peak_load")
    noise = np.random.default_rng(9).normal(0.0, 50.0, (len(times), 3))
    estimate = first_estimate(packet(times[0], states[0]))
    ratios = []
    for moment, state, off in zip(times[1:], states[1:], noise[1:], strict=True):
        moved = state.copy()
        moved[:3] += off
        estimate = updated(earth, estimate, packet(moment, moved, sd_m_s=None))
        ratios.append(np.sum((estimate.mean[:3] - state[:3]) ** 2) / (3.0 * estimate.position_sd_m**2))
    # the mean of chi-square over its degrees of freedom is 1; the assumed process noise is on the large side
    assert 0.3 < float(np.mean(ratios[20:])) < 1.5


def test_without_packets_it_grows_unsure_and_keeps_to_the_orbit(flight: Flight, earth: Earth) -> None:
    times, states = truth(flight, "deorbit_cutoff", "module_separation", step_s=10.0)
    estimate = first_estimate(packet(times[0], states[0], sd_m=1.0, sd_m_s=0.01))
    later = predicted(earth, estimate, float(times[6]))
    assert np.linalg.norm(later.mean[:3] - states[6, :3]) < 20.0  # 60 s of gravity alone; drag above 350 km is nil
    assert later.position_sd_m > 100.0 * estimate.position_sd_m


def test_a_jump_is_flagged_and_a_lasting_one_believed(flight: Flight, earth: Earth) -> None:
    times, states = truth(flight, "entry_interface", "guidance_start")
    estimate = first_estimate(packet(times[0], states[0]))
    for moment, state in zip(times[1:40], states[1:40], strict=True):
        estimate = updated(earth, estimate, packet(moment, state))
    shifted = states + np.array([20e3, 0.0, 0.0, 0.0, 0.0, 0.0])
    once = updated(earth, estimate, packet(times[40], shifted[40]))
    assert once.jumped
    assert once.residual_m == pytest.approx(20e3, rel=0.02)
    assert np.linalg.norm(once.mean[:3] - states[40, :3]) < 200.0
    for number in (41, 42):
        once = updated(earth, once, packet(times[number], shifted[number]))
    assert np.linalg.norm(once.mean[:3] - shifted[42, :3]) < 1.0
    assert not updated(earth, once, packet(times[43], shifted[43])).jumped
