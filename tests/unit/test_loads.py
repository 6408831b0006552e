"""Loads on the crew, limits, heat, blackout, and the verb that shows them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.cli.main import run
from steppe.config.loader import load_mission, load_vehicle
from steppe.errors import ConfigError
from steppe.flight.blackout import blackout_of, critical_density_m3
from steppe.flight.crew import LEVELS_G, body_axes, crew_loads, load_values
from steppe.flight.crew_limits import AXES, GX, lasting_g, time_above_s
from steppe.flight.heating import heat_of
from steppe.flight.loads import Loads, loads_of
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.kernels.heating import (
    brandis_johnston_heat_flux,
    radiative_wall_temperature,
    stagnation_heat_flux,
)

CAPSULE = load_vehicle("soyuz-ms").capsule


@pytest.fixture(scope="module")
def ms21() -> Flight:
    return fly(load_mission("ms-21"))


@pytest.fixture(scope="module")
def loads(ms21: Flight) -> Loads:
    return loads_of(ms21)


# --- the arithmetic


def test_time_above_of_a_triangle_is_exact() -> None:
    """From 0 to 8 g and back in 80 s: 80 (1 - level / 8) s above a level, whatever the samples."""
    for samples in (3, 41, 81):
        time = np.linspace(0.0, 80.0, samples)
        load = 8.0 - np.abs(time - 40.0) / 5.0
        for level in (0.0, 1.0, 3.0, 4.0, 7.9):
            assert time_above_s(time, load, level) == pytest.approx(80.0 * (1.0 - level / 8.0), abs=1e-9)
        assert time_above_s(time, load, 8.0) == 0.0


def test_two_peaks_last_as_long_as_both() -> None:
    time = np.arange(0.0, 101.0)
    load = np.where(((time >= 10) & (time <= 20)) | ((time >= 60) & (time <= 70)), 5.0, 1.0)
    assert lasting_g(time, load, np.array([5.0, 19.0]))[1] == pytest.approx(5.0)
    assert lasting_g(time, load, np.array([40.0]))[0] == pytest.approx(1.0)
    assert lasting_g(time, load, np.array([1000.0]))[0] == 0.0


histories = st.lists(st.floats(0.0, 20.0), min_size=3, max_size=60).map(np.array)


@settings(max_examples=60, deadline=None)
@given(histories, st.floats(0.1, 10.0))
def test_a_history_that_is_heavier_is_never_better(load: np.ndarray, more: float) -> None:
    time = np.arange(float(len(load)))
    light, heavy = load_values(time, load), load_values(time, load + more)
    assert heavy["load_limit_share"] >= light["load_limit_share"] - 1e-12
    assert heavy["jerk_g_s"] == pytest.approx(light["jerk_g_s"], abs=1e-9)
    for level in LEVELS_G:
        assert heavy[f"time_above_{level:g}_g_s"] >= light[f"time_above_{level:g}_g_s"] - 1e-9
        assert 0.0 <= light[f"time_above_{level:g}_g_s"] <= time[-1]


@given(st.floats(0.0, 20.0), st.floats(-0.5, 0.5), st.floats(0.0, 1.57), st.floats(-1.0, 1.0))
def test_the_axes_of_the_body_keep_the_size_of_the_load(load: float, tilt: float, seat: float, fan: float) -> None:
    gx, gy, gz = body_axes(np.array([load]), np.array([tilt]), seat, fan)
    assert math.sqrt(gx[0] ** 2 + gy[0] ** 2 + gz[0] ** 2) == pytest.approx(load, abs=1e-9)


def test_a_couch_across_the_load_takes_it_all_chest_to_back() -> None:
    gx, gy, gz = body_axes(np.array([4.0]), np.array([0.0]), math.radians(90.0), 0.3)
    assert (gx[0], gy[0]) == (4.0, 0.0)
    assert gz[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("condition", "duration_s", "load_g"),
    [
        ("deconditioned", 0.5, 14.0), ("deconditioned", 10.0, 10.0), ("deconditioned", 30.0, 8.0),
        ("deconditioned", 50.0, 6.3), ("deconditioned", 90.0, 5.0), ("deconditioned", 120.0, 4.3),
        ("deconditioned", 150.0, 4.0), ("deconditioned", 3600.0, 4.0), ("conditioned", 0.5, 19.0),
        ("conditioned", 5.0, 16.0), ("conditioned", 300.0, 7.5), ("emergency", 0.5, 38.0), ("emergency", 120.0, 8.8),
        ("emergency", 1200.0, 5.0),
    ],
)  # fmt: skip
def test_the_limits_chest_to_back_are_those_of_the_standard(condition: str, duration_s: float, load_g: float) -> None:
    """NASA-STD-3001 volume 2 revision F, table 6.5-1, +Ax."""
    limit = next(one for one in GX if one.name == condition)
    assert limit.at(np.array([duration_s]))[0] == pytest.approx(load_g)
    assert not limit.assumed


def test_limits_without_a_source_say_so() -> None:
    for limits in AXES.values():
        for limit in limits:
            assert limit.assumed == limit.source.startswith("assumed"), limit.name
            assert list(limit.duration_s) == sorted(limit.duration_s)
            assert list(limit.load_g) == sorted(limit.load_g, reverse=True)


def test_a_load_at_the_limit_uses_all_of_it() -> None:
    """6.3 g for 50 s is the limit of a deconditioned crew; half a g more exceeds it."""
    time = np.arange(0.0, 50.1, 0.1)
    at_limit = load_values(time, np.full_like(time, 6.3))["load_limit_share"]
    beyond = load_values(time, np.full_like(time, 6.8))["load_limit_share"]
    assert at_limit == pytest.approx(1.0, abs=0.01)
    assert beyond > 1.05


def test_jerk_before_and_under_the_canopy_are_told_apart() -> None:
    time = np.arange(0.0, 20.0)
    load = np.where(time < 10.0, 0.1 * time, 1.0 + 3.0 * (time == 12.0))
    found = crew_loads({"time_s": time, "load_g": load}, CAPSULE, 10.0, 19.0)
    assert (found.jerk_g_s, found.canopy_jerk_g_s) == (pytest.approx(0.1), pytest.approx(3.0))
    assert found.as_dict()["canopy_peak_load_g"] == 4.0


# --- heat


def test_the_wall_radiates_what_it_gets() -> None:
    """5.670374e-8 x 0.85 x 2000^4 = 771 kW/m2."""
    assert radiative_wall_temperature(0.85 * 5.670374419e-8 * 2000.0**4, 0.85) == pytest.approx(2000.0)
    assert radiative_wall_temperature(-1.0, 0.85) == 0.0


def test_the_second_correlation_lies_above_the_first_and_ends_at_3_km_s() -> None:
    """57 km, 6.85 km/s, 2.235 m: 75 W/cm2 by Sutton and Graves, 89 by Brandis and Johnston (computed elsewhere)."""
    density = 4.0e-4
    first = stagnation_heat_flux(density, 6850.0, 2.235) * 1e-4
    second = brandis_johnston_heat_flux(density, 6850.0, 2.235) * 1e-4
    assert first == pytest.approx(75.0, abs=1.0)
    assert second == pytest.approx(89.0, abs=2.5)
    assert math.isnan(brandis_johnston_heat_flux(density, 2999.0, 2.235))
    assert math.isnan(brandis_johnston_heat_flux(0.0, 5000.0, 2.235))


def test_the_heat_load_is_the_integral_of_the_flux() -> None:
    time = np.linspace(0.0, 100.0, 11)
    columns = {"time_s": time, "heat_flux_w_m2": 2.0 * time, "density_kg_m3": 0.0 * time, "airspeed_m_s": 0.0 * time}
    heat = heat_of(columns, 2.2)
    assert heat.load_j_m2 == pytest.approx(1e4)
    assert heat.as_dict()["peak_flux_brandis_johnston_w_m2"] is None


# --- blackout


def test_a_slow_or_thin_flight_is_never_cut() -> None:
    n = 50
    base = {"time_s": np.arange(float(n)), "altitude_m": np.linspace(9e4, 3e4, n)}
    slow = blackout_of({**base, "density_kg_m3": np.full(n, 1e-3), "airspeed_m_s": np.full(n, 900.0)}, 2.2)
    thin = blackout_of({**base, "density_kg_m3": np.full(n, 1e-9), "airspeed_m_s": np.full(n, 7600.0)}, 2.2)
    for found in (slow, thin):
        assert all(window.begin_s is None and window.end_s is None for window in found.windows)
        json.dumps([window.as_dict() for window in found.windows], allow_nan=False)


def test_a_higher_frequency_is_cut_for_a_shorter_time(loads: Loads) -> None:
    ends = [window.end_s for window in loads.blackout.windows]
    assert ends == sorted(ends, key=lambda value: -(value or 0.0))
    assert [critical_density_m3(hertz) for hertz in (121.75e6, 250e6, 2.2e9)] == sorted(
        window.critical_m3 for window in loads.blackout.windows
    )


# --- a flight


def test_the_seats_of_a_flight_agree(loads: Loads, ms21: Flight) -> None:
    centre, left, right = (loads.seats[name] for name in ("centre", "left", "right"))
    assert centre.peak("load_g") == pytest.approx(ms21.peaks.load_g, rel=1e-9)
    assert left.peak("gy") == -right.peak("gy") != 0.0
    assert centre.peak("gx") > 0.95 * centre.peak("load_g")
    margin = centre.margin("gx", "deconditioned")
    before = centre.margin("gx", "conditioned")
    assert margin is not None and before is not None
    # a guided return leaves a deconditioned crew a third, and people who have not flown yet two thirds
    assert 0.5 < margin.share < 0.8
    assert before.share < margin.share
    entry = centre.time_s <= centre.command_s
    values = load_values(centre.time_s[entry], centre.load_g[entry])
    assert values["time_above_3_g_s"] == centre.time_above_s[3.0]


def test_the_verb_prints_writes_and_draws(
    ms21: Flight, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("steppe.flight.simulate.fly", lambda loaded, progress=None: ms21)
    assert run(["loads", "ms-21", "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    for word in ("deconditioned", "assumed", "VHF 121.75 MHz", "published, MS-11", "Brandis-Johnston", "loads.png"):
        assert word in shown
    document = json.loads((tmp_path / "out" / "loads.json").read_text())
    assert document["crew"]["centre"]["time_above_3_g_s"] > 60.0
    assert (tmp_path / "out" / "loads.png").read_bytes().startswith(b"\x89PNG")
    assert run(["loads", "ms-21", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["heat"]["peak_flux_w_m2"] > 5e5


def test_the_verb_says_what_is_wrong(
    ms21: Flight, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["loads", "ms-21", "--out", str(tmp_path / "file" / "below")]) == 1
    assert "choose another folder" in capsys.readouterr().err
    assert run(["loads", "no-such-mission"]) == 1


def test_a_flight_without_entry_is_refused(ms21: Flight) -> None:
    from dataclasses import replace

    last = {name: values[-2:] for name, values in ms21.track.columns.items()}
    short = replace(ms21, track=replace(ms21.track, columns=last), events=())
    with pytest.raises(ConfigError, match="no entry"):
        loads_of(short)
