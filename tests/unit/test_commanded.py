"""Commands to a return under way: all before stays bit for bit, the rest is flown anew, late ones are refused."""

from __future__ import annotations

import numpy as np
import pytest

from steppe.config.loader import load_mission
from steppe.ensemble.prediction import flown_of, nominal_from, predict_landing
from steppe.errors import CommandError, ConfigError
from steppe.flight.commanded import (
    changed_below,
    failures_of,
    switched_to_ballistic,
    with_failure_now,
    with_wind_below,
)
from steppe.flight.result import Flight
from steppe.flight.running import run_phases
from steppe.flight.simulate import Prepared, fly_prepared, prepare
from steppe.io.folder import write_folder
from steppe.io.stored import read_folder
from steppe.kernels import phase as k
from steppe.kernels.wind import wind_at


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(load_mission("ms-21"))


@pytest.fixture(scope="module")
def flight(prepared: Prepared) -> Flight:
    return fly_prepared(prepared)


def moment(flight: Flight, event: str, after_s: float) -> float:
    """A sample of the flight a little after an event."""
    times = flight.track.columns["time_s"]
    return float(times[np.searchsorted(times, flight.event(event).time_s + after_s)])


def same_until(one: Flight, other: Flight, time_s: float) -> bool:
    count = int(np.searchsorted(one.track.columns["time_s"], time_s, side="right"))
    return all(
        np.array_equal(column[:count], other.track.columns[name][:count], equal_nan=True)
        for name, column in one.track.columns.items()
    )


@pytest.mark.parametrize(("event", "after_s"), [("entry_interface", -300), ("guidance_start", 50.3), ("peak_load", 0)])
def test_the_ballistic_descent_begins_when_commanded(
    prepared: Prepared, flight: Flight, event: str, after_s: float
) -> None:
    at_s = moment(flight, event, after_s)
    flown = fly_prepared(switched_to_ballistic(prepared, flight, at_s))
    assert same_until(flight, flown, at_s)
    # shorter and harder than the guided one, the more the earlier
    assert flown.peaks.load_g > flight.peaks.load_g + 0.2
    assert flown.touchdown is not None
    assert flown.touchdown.longitude_deg < flight.touchdown.longitude_deg


def test_a_later_command_costs_less(prepared: Prepared, flight: Flight) -> None:
    shorts = []
    for after_s in (0.0, 60.0, 120.0, 180.0):
        flown = fly_prepared(switched_to_ballistic(prepared, flight, moment(flight, "guidance_start", after_s)))
        shorts.append(flown.touchdown.distance_to_zone_km)
    assert shorts == sorted(shorts, reverse=True)
    assert shorts[0] > 300.0


@pytest.mark.parametrize("event", ["deorbit_cutoff", "guidance_start", "peak_load", "main_inflated"])
def test_a_wind_below_moves_the_landing_downwind(prepared: Prepared, flight: Flight, event: str) -> None:
    at_s = moment(flight, event, 20.0)
    flown = fly_prepared(with_wind_below(prepared, flight, 20.0, 0.0, at_s))
    assert same_until(flight, flown, at_s)
    # about 870 s under canopies at 20 m/s are 17 km; 0.24 deg of longitude there
    assert 0.15 < flown.touchdown.longitude_deg - flight.touchdown.longitude_deg < 0.30


def test_the_changed_wind_is_untouched_above_and_constant_below(prepared: Prepared) -> None:
    wind = prepared.world.wind
    changed = changed_below(wind, 5_300.0, 12.0, -3.0)
    for altitude_m in (5_300.0, 5_301.0, 8_000.0, 60_000.0, 300_000.0):
        assert wind_at(changed, altitude_m) == wind_at(wind, altitude_m)
    for altitude_m in (4_000.0, 1_234.0, 0.0):
        east, north = np.subtract(wind_at(changed, altitude_m), wind_at(wind, altitude_m))
        assert (east, north) == (pytest.approx(12.0), pytest.approx(-3.0))


def test_a_separation_fails_only_before_it(prepared: Prepared, flight: Flight) -> None:
    case = failures_of(prepared.loaded)[0]
    at_s = moment(flight, "module_separation", -30.0)
    failed = with_failure_now(prepared, flight, case, at_s)
    flown = fly_prepared(failed)
    assert same_until(flight, flown, at_s)
    assert flown.event("module_release") is not None
    with pytest.raises(CommandError, match="parted 10 s ago"):
        with_failure_now(prepared, flight, case, flight.event("module_separation").time_s + 10.0)
    with pytest.raises(CommandError, match="failed already"):
        with_failure_now(failed, flown, case, at_s)
    with pytest.raises(ConfigError, match="orbital"):
        with_failure_now(prepared, flight, "orbital-stays", at_s)


def test_a_drogue_fails_only_before_it_opens(prepared: Prepared, flight: Flight) -> None:
    assert "drogue-failure" in failures_of(prepared.loaded)
    at_s = moment(flight, "parachute_command", -20.0)
    flown = fly_prepared(with_failure_now(prepared, flight, "drogue-failure", at_s))
    assert same_until(flight, flown, at_s)
    assert flown.event("reserve_full") is not None
    assert flown.touchdown is not None
    # Without the drogue the capsule falls faster for the first kilometres
    assert flown.touchdown.utc < flight.touchdown.utc
    drogue = flight.event("drogue")
    assert drogue is not None
    with pytest.raises(CommandError, match="cannot fail any more"):
        with_failure_now(prepared, flight, "drogue-failure", drogue.time_s + 5.0)


def test_late_and_impossible_commands_are_refused_with_the_reason(prepared: Prepared, flight: Flight) -> None:
    with pytest.raises(CommandError, match="not steered any more"):
        switched_to_ballistic(prepared, flight, moment(flight, "parachute_command", 5.0))
    at_s = moment(flight, "guidance_start", 10.0)
    once = switched_to_ballistic(prepared, flight, at_s)
    with pytest.raises(CommandError, match="ballistic already"):
        switched_to_ballistic(once, fly_prepared(once), at_s + 5.0)
    with pytest.raises(CommandError, match="at most"):
        with_wind_below(prepared, flight, 500.0, 0.0, at_s)
    with pytest.raises(CommandError, match="at most"):
        with_wind_below(prepared, flight, float("nan"), 0.0, at_s)
    with pytest.raises(CommandError, match="over"):
        with_wind_below(prepared, flight, 1.0, 0.0, 1e6)


def test_a_prediction_from_any_moment_surrounds_the_landing(prepared: Prepared, flight: Flight) -> None:
    flown = flown_of(prepared)
    radii = []
    for event in ("peak_load", "parachute_command", "main_inflated"):
        found = predict_landing(flown, moment(flight, event, 3.0), samples=24)
        assert found is not None and found.landed == 24
        # mean of 24 with a spread of some 3 km: 4 standard errors
        assert found.miss_km < 3.0
        assert abs(found.touchdown_s - flight.event("touchdown").time_s) < 20.0
        radii.append(found.major_km)
    again = predict_landing(flown, moment(flight, "main_inflated", 3.0), samples=24)
    assert again.major_km == radii[-1]
    assert predict_landing(flown, 1e6) is None


@pytest.mark.parametrize(
    ("event", "after_s", "until"),
    [
        ("deorbit_ignition", 150.0, "entry_interface"),
        ("deorbit_cutoff", 600.0, "entry_interface"),
        ("module_separation", 30.0, "guidance_start"),
        ("parachute_command", 0.4, "heat_shield_jettison"),
        ("main_inflated", 20.0, "soft_landing_ignition"),
    ],
)
def test_what_is_left_of_a_flight_goes_on_as_it_was(
    prepared: Prepared, flight: Flight, event: str, after_s: float, until: str
) -> None:
    """Without dispersions the rest flies the same way: burn direction, timers, inflation under way."""
    nominal = nominal_from(flown_of(prepared), moment(flight, event, after_s))
    run = run_phases(nominal.world, nominal.guide, list(nominal.phases), nominal.start, ground_m=nominal.ground_m)
    number = next(i for i, phase in enumerate(nominal.phases) if phase.event == until)
    there, whole = run.begins[number], nominal.run
    same = next(i for i, phase in enumerate(whole.phases) if phase.event == until)
    # the steps fall elsewhere; a drogue that was filling goes on with a slightly other law
    assert abs(there[k.TIME] - whole.begins[same, k.TIME]) < 0.1
    assert np.linalg.norm(there[k.X : k.Z + 1] - whole.begins[same, k.X : k.Z + 1]) < 60.0


def test_a_stored_flight_reads_back_to_the_bit(flight: Flight, tmp_path: object) -> None:
    out = tmp_path / "flight"
    write_folder(flight, out)
    stored = read_folder(out)
    assert same_until(flight, stored, 1e9)
    assert [one.name for one in stored.events] == [one.name for one in flight.events]
    assert stored.touchdown == pytest.approx(flight.touchdown) or stored.touchdown.latitude_deg == pytest.approx(
        flight.touchdown.latitude_deg
    )
    assert stored.epoch == flight.epoch
