"""What crew and radio of a return go through: sums of the kernels against the history, columns against a flight."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.cli.main import run
from steppe.config.loader import load_mission
from steppe.ensemble.campaign import fly_one, plan_campaign, run_campaign
from steppe.ensemble.crew_outputs import lasting_loads_g, limits_g
from steppe.ensemble.run import Plan, fly_samples
from steppe.flight.blackout import critical_density_m3
from steppe.flight.crew import LEVELS_G, load_values
from steppe.flight.crew_limits import AXES, time_above_s
from steppe.flight.equilibrium_air import stagnation
from steppe.flight.loads import loads_of
from steppe.kernels import felt as f
from steppe.kernels.heating import stagnation_heat_flux
from steppe.view.campaign_crew import crew_figure

SAMPLES = (0, 3)


@pytest.fixture(scope="module")
def ballistic() -> Plan:
    return plan_campaign(load_mission("tma-11"), "tma-11", 4, 1)


@pytest.fixture(scope="module")
def rows(ballistic: Plan) -> dict[str, np.ndarray]:
    return fly_samples(ballistic, range(4))


def above(loads: np.ndarray, level: float, step_s: float = 1.0) -> float:
    """Return the time above a level by the bins of the kernel, for loads at the middles of steps."""
    times = np.zeros(f.LOAD_BINS)
    for before, now in pairwise(loads):
        f.spend(times, before, now, step_s)
    return float(times[round(level / f.LOAD_BIN_G) :].sum())


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0.0, 15.9), min_size=2, max_size=40).map(np.array))
def test_the_bins_keep_all_the_time_and_its_place(loads: np.ndarray) -> None:
    """Linear between the points, as `time_above_s` takes a history: equal at the borders of the bins."""
    time = np.arange(float(loads.size))
    assert above(loads, 0.0) == pytest.approx(time[-1])
    for level in LEVELS_G:
        # A constant history on a border counts to the bin above it
        if not np.any(loads == level):
            assert above(loads, level) == pytest.approx(time_above_s(time, loads, level), abs=1e-6)


def test_a_load_beyond_the_bins_or_none_at_all_is_harmless() -> None:
    assert above(np.array([0.0, 40.0]), 8.0) == pytest.approx(0.8)
    times = np.zeros(f.LOAD_BINS)
    f.spend(times, 1.0, np.nan, 1.0)
    assert times.sum() == 0.0


def test_the_speed_that_cuts_vhf_is_that_of_the_chemistry() -> None:
    """At 2 m/s above and below the fit the electrons stand above and below what stops 121.75 MHz."""
    density = np.geomspace(1.1e-4, 0.09, 12)
    speed = np.array([f.vhf_cut_speed(one) for one in density])
    critical = critical_density_m3(121.75e6)
    assert (stagnation(density, speed + 2.0).electron_density_m3 > critical).all()
    assert (stagnation(density, speed - 2.0).electron_density_m3 < critical).all()


@pytest.mark.parametrize(("density", "speed"), [(3e-3, 2600.0), (3e-3, 2100.0), (2e-2, 2250.0)])
def test_the_margin_finds_the_speed_in_flux_and_pressure(density: float, speed: float) -> None:
    margin = f.cut_margin(stagnation_heat_flux(density, speed, 1.0), 0.5 * density * speed * speed)
    assert margin == pytest.approx(speed - f.vhf_cut_speed(density), abs=1e-6)
    assert f.cut_margin(0.0, 0.0) < 0.0 < f.cut_margin(stagnation_heat_flux(1e-4, 7000.0, 1.0), 2450.0)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_row_says_what_its_flight_alone_says(ballistic: Plan, rows: dict[str, np.ndarray], sample: int) -> None:
    """0.1 s of the times above a level (samples of 1 s), 0.1 s of the blackout, 1 % of loads and limits."""
    flight = fly_one(ballistic, sample)
    loads = loads_of(flight)
    seat = loads.centre
    for level in (3.0, 4.0, 8.0):
        assert rows[f"time_above_{level:g}_g_s"][sample] == pytest.approx(seat.time_above_s[level], abs=0.1)
    assert rows["time_above_1_g_s"][sample] == pytest.approx(seat.time_above_s[1.0], abs=0.5)
    assert rows["peak_wall_temperature_k"][sample] == pytest.approx(loads.heat.wall_k.max(), abs=2.0)
    assert rows["blackout_end_s"][sample] == pytest.approx(loads.blackout.windows[0].end_s, abs=0.1)
    assert rows["peak_gx_g"][sample] == pytest.approx(seat.peak("gx"), rel=0.01)
    entry = seat.time_s <= seat.command_s
    whole = load_values(seat.time_s[entry], seat.load_g[entry])["load_limit_share"]
    part = rows["peak_gx_g"][sample] / rows["peak_load_g"][sample]
    assert rows["limit_share_gx"][sample] == pytest.approx(part * whole, rel=0.01)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_alone_touches_the_ground_as_its_row_says(
    ballistic: Plan, rows: dict[str, np.ndarray], sample: int
) -> None:
    """Lanes and single flight round in another order: 1e-6 of each number, the same fate."""
    contact = fly_one(ballistic, sample).contact
    assert contact is not None
    assert contact.tips_over == (rows["landing_tipped"][sample] == 1.0)
    for column, value in {
        "landing_vertical_speed_m_s": contact.vertical_speed_m_s,
        "landing_horizontal_speed_m_s": contact.horizontal_speed_m_s, "landing_beta": contact.beta,
        "landing_seat_load_g": contact.seat_load_g, "landing_capsule_load_g": contact.capsule_load_g,
        "landing_injury_probability": contact.injury_probability, "landing_dragged_m": contact.dragged_m,
    }.items():  # fmt: skip
        assert value == pytest.approx(rows[column][sample], rel=1e-5, abs=1e-6), column
    assert contact.slope_deg == rows["input_landing_slope_error_deg"][sample]


def test_a_constant_load_lasts_as_long_as_it_did() -> None:
    """5 g for 60 s: 5 g up to 60 s, nothing beyond."""
    times = np.zeros((1, f.LOAD_BINS))
    times[0, 20] = 60.0
    reached = np.ascontiguousarray(times[:, ::-1].cumsum(axis=1)[:, ::-1])
    lasting = lasting_loads_g(reached, np.array([5.0]))
    share = float(np.max(lasting / limits_g("gx")))
    # The limit at 60 s: linear in the logarithm between 6.3 g at 50 s and 5 g at 90 s
    limit = 6.3 - 1.3 * np.log(60.0 / 50.0) / np.log(90.0 / 50.0)
    assert share == pytest.approx(5.0 / limit, rel=0.03)
    assert AXES["gx"][0].name == "deconditioned"


def test_a_summary_tells_the_crew_in_units_for_people(
    ballistic: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_campaign(ballistic, tmp_path / "c", resume=False)
    assert run(["summary", str(tmp_path / "c")]) == 0
    shown = capsys.readouterr().out
    for words in ("peak load, chest to back", "risk of injury", "end of the blackout", "landing_tipped > 0.5"):
        assert words in shown
    # What stands in that table does not stand among the plain outputs too
    assert "time_above_3_g_s" not in shown
    assert (tmp_path / "c" / "summary" / "crew.png").read_bytes().startswith(b"\x89PNG")


def test_a_campaign_without_crew_columns_has_no_figure_of_them() -> None:
    assert crew_figure({"outputs": {}, "limits": [], "campaign": {"mission": "x", "rows": 1}}) is None
