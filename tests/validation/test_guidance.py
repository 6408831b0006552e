"""Guidance against what was published, and what the laws promise: where they arrive, at what load, with what errors."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from changed_mission import with_changes

from steppe.config.loader import load_mission
from steppe.config.mission import Navigation
from steppe.flight.changes import Changes
from steppe.flight.result import Flight
from steppe.flight.simulate import fly

pytestmark = pytest.mark.validation

# Thirty-one seconds of ignition error move the entry by 240 km (RSC Energia via www1.ru, 2025: 30 s, about 240 km)
EDGE_S = 31.0
# Sources as in docs/models/guidance.md: RSC Energia's accuracy of the automatic descent (russianspaceweb.com)
AUTOMATIC_KM = 28.0


@cache
def flown(name: str, law: str = "predictor-corrector", late_s: float = 0.0) -> Flight:
    return fly(with_changes(load_mission(name), guidance__law=law, deorbit__ignition_error_s=late_s))


def miss_km(flight: Flight) -> float:
    """Return the distance from the aim point at the parachute command."""
    return float(np.hypot(flight.plan["miss_at_command_ahead_km"], flight.plan["miss_at_command_right_km"]))


def reversal_speeds(flight: Flight) -> list[float]:
    columns = flight.track.columns
    steered = columns["time_s"] > flight.event("guidance_start").time_s + 2.0
    side = np.sign(columns["bank_command_deg"][steered])
    return [float(v) for v in columns["airspeed_m_s"][steered][1:][side[1:] * side[:-1] < 0.0]]


# --- predictor-corrector ----------------------------------------------------------------------------------------------

# Earlier first and later reversals, the largest and smallest crossrange, and the worst of all 25 presets; on two the
# load relief acts while the first reversal comes due
EDGES = [(n, s) for n in ("ms-11", "ms-13", "tma-13", "tma-17") for s in (-EDGE_S, 15.0, EDGE_S)]
EDGES += [("tma-14m", EDGE_S), ("tma-15", EDGE_S)]


@pytest.mark.parametrize(("name", "late_s"), EDGES)
def test_the_predictor_corrector_arrives_within_a_kilometre(name: str, late_s: float) -> None:
    flight = flown(name, late_s=late_s)
    assert miss_km(flight) < 1.0
    assert flight.peaks.load_g < 5.0
    speeds = reversal_speeds(flight)
    assert 2 <= len(speeds) <= 4 and min(speeds) > 1500.0


def test_the_edges_are_240_km_apart_from_the_plan() -> None:
    points = [flown("ms-13", late_s=s).event("entry_interface") for s in (-EDGE_S, EDGE_S)]
    apart_s = points[1].time_s - points[0].time_s
    # The same trajectory a minute later: seconds times the ground speed of the orbit
    assert apart_s * 7.0 > 2.0 * 0.9 * 240.0


def test_load_relief_engages_where_the_range_is_short() -> None:
    steep = flown("tma-17", late_s=EDGE_S)
    limit_g = steep.mission.mission.guidance.relief_load_g
    free = fly(with_changes(load_mission("tma-17"), guidance__relief_load_g=20.0, deorbit__ignition_error_s=EDGE_S))
    assert free.peaks.load_g > steep.peaks.load_g + 0.3 > limit_g


def test_guidance_does_not_see_the_truth() -> None:
    """A navigation that believes itself further ahead lands short: so it was the navigated state that it used.

    The 5 km at the split become 3.4 km at the command, for gravity is taken at the wrong place on the way.
    """
    deceived = fly(
        with_changes(load_mission("ms-21"), guidance__navigation=Navigation(position_error_m=(0.0, 5000.0, 0.0)))
    )
    assert deceived.plan["miss_at_command_ahead_km"] == pytest.approx(-3.4, abs=0.7)
    assert abs(float(flown("ms-21").plan["miss_at_command_ahead_km"])) < 0.1


def dispersed(rng: np.random.Generator, navigation: bool = True) -> tuple[Navigation, Changes]:
    """Return one draw. One sigma: a third of 300 ppm, 100 micro-g, 1 deg/h, 30 m, 0.03 m/s; density 5 %, lift to drag
    8/3 % and drag 5/3 % (Shuttle entries and Apollo-type dispersions; see docs/models/navigation.md)."""

    def triple(sigma: float) -> tuple[float, float, float]:
        x, y, z = rng.normal(0.0, sigma, 3)
        return float(x), float(y), float(z)

    errors = Navigation(
        accelerometer_scale=float(rng.normal(0.0, 1e-4)),
        accelerometer_bias_m_s2=triple(100e-6 * 9.80665 / 3.0),
        gyro_drift_deg_h=triple(1.0 / 3.0),
        position_error_m=triple(10.0),
        velocity_error_m_s=triple(0.01),
    )
    changes = Changes(
        density_factor=1.0 + float(rng.normal(0.0, 0.05)),
        lift_to_drag_factor=1.0 + float(rng.normal(0.0, 0.08 / 3.0)),
        drag_factor=1.0 + float(rng.normal(0.0, 0.05 / 3.0)),
    )
    return errors, changes


def test_navigation_errors_and_dispersions_leave_three_kilometres() -> None:
    rng = np.random.default_rng(20220929)
    misses = []
    for _ in range(16):
        errors, changes = dispersed(rng)
        misses.append(miss_km(fly(with_changes(load_mission("ms-21"), guidance__navigation=errors), changes=changes)))
    assert np.quantile(misses, 0.68) < 3.0


# --- apparent velocity ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ms-21", "tma-17"])
@pytest.mark.parametrize("late_s", [-30.0, 0.0, 30.0])
def test_apparent_velocity_keeps_the_published_accuracy(name: str, late_s: float) -> None:
    flight = flown(name, "apparent-velocity", late_s)
    assert miss_km(flight) < (AUTOMATIC_KM if name == "tma-17" else 15.0)
    assert flight.peaks.load_g < 5.0
    assert len(reversal_speeds(flight)) <= 4


def test_the_range_of_absorbed_errors_is_honest() -> None:
    """Inside it the ship lands within the published accuracy, beyond it comes down ballistic."""
    absorbed = flown("ms-21", "apparent-velocity").plan
    assert absorbed["absorbs_late_s"] == pytest.approx(40.0) and absorbed["absorbs_early_s"] == pytest.approx(40.0)
    assert float(absorbed["absorbs_long_km"]) > 240.0
    # A second of ignition is 1.05 s at the entry
    inside, beyond = flown("ms-21", "apparent-velocity", 37.0), flown("ms-21", "apparent-velocity", 41.0)
    # The 5 g hold within the published 30 s; at the edge the load relief of a ship that foresees nothing comes late
    assert miss_km(inside) < AUTOMATIC_KM and inside.peaks.load_g < 5.2
    assert miss_km(beyond) > 100.0 and beyond.peaks.load_g > 7.0


# --- ballistic --------------------------------------------------------------------------------------------------------


def ballistic_after(seconds: float) -> Flight:
    return fly(with_changes(load_mission("ms-21"), guidance__ballistic_after_s=seconds))


def test_a_ballistic_descent_falls_short_as_published() -> None:
    """TMA-1, TMA-10 and TMA-11: 340 to 475 km short, 8 to 9 g; TMA-10 switched over on the way (flightglobal 2007)."""
    flight = ballistic_after(0.0)
    assert -475.0 < float(flight.plan["miss_at_command_ahead_km"]) < -340.0
    assert 8.0 < flight.peaks.load_g < 9.0


def test_a_later_command_falls_less_short() -> None:
    short = [-float(ballistic_after(s).plan["miss_at_command_ahead_km"]) for s in (0, 75, 150, 225, 300)]
    assert all(later < earlier for earlier, later in pairwise(short))
    assert short[-1] < 10.0


def test_the_roll_reaches_its_rate_and_averages_the_lift_out() -> None:
    flight = ballistic_after(0.0)
    since = flight.track.columns["time_s"] - flight.event("guidance_start").time_s
    rolling = (since > 20.0) & (since < 200.0)
    bank = np.unwrap(flight.track.columns["bank_deg"][rolling], period=360.0)
    rate = np.diff(bank) / np.diff(since[rolling])
    assert np.median(rate) == pytest.approx(13.0, abs=0.1)
    turns = np.radians(bank[(bank - bank[0]) < 360.0 * np.floor((bank[-1] - bank[0]) / 360.0)])
    assert abs(np.mean(np.cos(turns))) < 0.05 and abs(np.mean(np.sin(turns))) < 0.05


@pytest.mark.parametrize(
    "changes",
    [
        {"guidance__trip_load_g": 3.0},
        {"guidance__navigation": Navigation(gyro_drift_deg_h=(600.0, 600.0, 600.0))},
    ],
    ids=["load", "tilt"],
)
def test_trips_end_in_a_ballistic_descent(changes: dict[str, object]) -> None:
    flight = fly(with_changes(load_mission("ms-21"), **changes))
    since = flight.track.columns["time_s"] - flight.event("guidance_start").time_s
    late = (since > 240.0) & (since < 280.0)
    bank = np.unwrap(flight.track.columns["bank_deg"][late], period=360.0)
    assert (flight.status.name, np.ptp(bank) > 400.0) == ("landed", True)
