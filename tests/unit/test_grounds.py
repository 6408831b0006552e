"""The columns of a campaign that belong to the ground: what they are made of, and what changes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from steppe.config.dispersions import Dispersions
from steppe.config.loader import load_mission
from steppe.ensemble.cases import Nominal, nominal_return, tables_of
from steppe.ensemble.flown import FlownCases, fly_cases
from steppe.ensemble.grounds import on_the_ground
from steppe.ensemble.run import limits_of, outputs_of
from steppe.ensemble.sampling import Samples, draw
from steppe.ensemble.sensitivity import drivers, prepare
from steppe.flight.failing import with_failure
from steppe.flight.landing import Conditions, canopy_wind_factor, land
from steppe.flight.phases import Phase
from steppe.kernels.phase import PULL_LIMIT_N

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "weather-balloon-drop.toml"


@pytest.fixture(scope="module")
def nominal() -> Nominal:
    return nominal_return(load_mission(str(EXAMPLE)))


def samples_of(count: int = 3, **values: float) -> Samples:
    """Return samples that differ from the nominal by given values."""
    parameters = [
        {"name": name, "distribution": "constant", "value": value, "source": "test"} for name, value in values.items()
    ]
    return draw(Dispersions.model_validate({"parameter": parameters}), 1, np.arange(count))


def grounded(nominal: Nominal, samples: Samples) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], FlownCases]:
    flown = fly_cases(nominal, tables_of(nominal, samples))
    outputs = outputs_of(nominal, flown)
    return on_the_ground(nominal, samples, flown, outputs), outputs, flown


def test_the_columns_are_the_landing_of_what_was_flown(nominal: Nominal) -> None:
    ground, outputs, _ = grounded(nominal, samples_of(landing_speed_error_m_s=2.0, landing_slope_error_deg=3.0))
    landing = nominal.loaded.vehicle.landing
    assert landing is not None
    speed = canopy_wind_factor(landing) * outputs["touchdown_horizontal_speed_m_s"]
    conditions = Conditions(
        outputs["touchdown_sink_rate_m_s"], speed + 2.0, outputs["sink_rate_m_s"], speed, 2500.0, 3.0
    )
    wanted = land(landing, conditions)
    np.testing.assert_allclose(ground["landing_beta"], wanted["beta"], rtol=1e-9)
    np.testing.assert_allclose(ground["landing_dragged_m"], wanted["dragged_m"], rtol=1e-3)
    assert set(ground["landing_tipped"]) <= {0.0, 1.0}


def test_a_gale_tips_the_capsule_and_a_canopy_cut_at_once_does_not_drag_it(nominal: Nominal) -> None:
    calm = grounded(nominal, samples_of())[0]
    fast = grounded(nominal, samples_of(landing_speed_error_m_s=12.0, landing_friction_factor=3.0))[0]
    assert calm["landing_tipped"].max() == 0.0
    assert fast["landing_tipped"].min() == 1.0
    assert fast["landing_beta"].min() > calm["landing_beta"].max()


def test_what_acts_on_the_ground_leaves_the_flight_alone(nominal: Nominal) -> None:
    plain = fly_cases(nominal, tables_of(nominal, samples_of()))
    names = ("landing_speed_error_m_s", "landing_slope_error_deg", "landing_soil_depth_factor", "canopy_cut_error_s")
    moved = fly_cases(nominal, tables_of(nominal, samples_of(**dict.fromkeys(names, 1.3))))
    assert plain.ends.tobytes() == moved.ends.tobytes()


def test_silent_and_late_engines_land_harder(nominal: Nominal) -> None:
    def sink(**values: float) -> float:
        return float(grounded(nominal, samples_of(1, **values))[1]["touchdown_sink_rate_m_s"][0])

    plain = sink()
    assert plain < sink(landing_engine_delay_error_s=0.02) < 7.0
    assert plain + 0.8 < sink(landing_engines_out_error=1.0) < sink(landing_engines_out_error=6.0)
    assert sink(landing_engines_out_error=6.0) == pytest.approx(7.3, abs=0.3)


def test_a_vehicle_that_does_not_say_what_lands_has_no_ground(nominal: Nominal) -> None:
    vehicle = nominal.loaded.vehicle.model_copy(update={"landing": None})
    bare = replace(nominal, loaded=replace(nominal.loaded, vehicle=vehicle))
    assert grounded(bare, samples_of())[0] == {}
    assert "landing_tipped" not in [limit.column for limit in limits_of(bare)]
    assert "landing_tipped" in [limit.column for limit in limits_of(nominal)]


def test_the_lines_of_the_canopies_are_a_limit_where_the_vehicle_knows_it(nominal: Nominal) -> None:
    limit = next(limit for limit in limits_of(nominal) if limit.column == "canopy_pull_share")
    assert limit.bound == 1.0 and limit.above
    phases = [Phase(one.event, {**one.columns, PULL_LIMIT_N: 0.0}) for one in nominal.phases]
    assert "canopy_pull_share" not in [limit.column for limit in limits_of(replace(nominal, phases=phases))]


def test_a_campaign_flies_the_failure_of_its_mission() -> None:
    failed = nominal_return(with_failure(load_mission(str(EXAMPLE)), "main-not-disreefed"))
    assert failed.number("reserve_inflated") is not None
    _, outputs, flown = grounded(failed, samples_of(2, main_drag_area_factor=0.9))
    assert np.isfinite(outputs["touchdown_sink_rate_m_s"]).all()
    assert 8.5 < outputs["sink_rate_m_s"][0] < 10.0
    assert flown.ends.shape[0] == 2


def test_an_output_that_differs_in_one_sample_has_drivers_without_a_division_by_zero() -> None:
    tipped = np.zeros(45)
    tipped[7] = 1.0
    wind = prepare("wind", np.linspace(0.0, 9.0, 45))
    assert wind is not None
    (found,) = drivers([wind], tipped)
    assert np.isfinite([found.sobol, found.sobol_low, found.sobol_high]).all()
