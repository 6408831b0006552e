"""Casualty expectation against what can be worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from impacts_factory import breakup, impacts_at

from steppe.errors import DEMISED, LANDED, ConfigError, EnvironmentDataError
from steppe.ground.population import Grid, Population, bundled_population
from steppe.ground.risk import THRESHOLD, Rules, assess_risk, casualty_area_m2


def everywhere(per_km2: float) -> Population:
    return Population((Grid(-180.0, -90.0, 90.0, np.full((2, 4), per_km2, np.float32)),), "uniform", "uniform")


def test_casualty_area_of_a_square_metre() -> None:
    # (0.6 + 1)^2 = 2.56 m2, NASA-STD-8719.14, section 4.7
    assert casualty_area_m2(1.0) == pytest.approx(2.56)
    assert casualty_area_m2(0.0) == pytest.approx(0.36)


@given(st.floats(0.0, 100.0), st.floats(0.001, 50.0))
def test_one_piece_over_uniform_people_is_density_times_area(per_km2: float, section_m2: float) -> None:
    risk = assess_risk(impacts_at(47.0, 69.0, section_m2=np.array([section_m2])), everywhere(per_km2))
    assert risk.total.casualties == pytest.approx(per_km2 * 1e-6 * (0.6 + section_m2**0.5) ** 2, rel=1e-5)


def test_pieces_of_one_return_add_up_and_returns_are_averaged() -> None:
    both = assess_risk(impacts_at([47.0, 47.0], [69.0, 70.0], sample=np.zeros(2, int)), everywhere(3.0))
    mean = assess_risk(impacts_at([47.0, 47.0], [69.0, 70.0], sample=np.arange(2)), everywhere(3.0))
    assert both.total.casualties == pytest.approx(2.0 * mean.total.casualties)
    assert both.samples == 1 and np.isnan(both.total.error)
    assert mean.samples == 2 and mean.total.error == 0.0


def test_returns_without_a_row_count_as_returns_without_a_piece() -> None:
    pieces = impacts_at([47.0, 47.0], [69.0, 70.0])
    half = assess_risk(pieces, everywhere(3.0), samples=4)
    assert half.total.casualties == pytest.approx(0.5 * assess_risk(pieces, everywhere(3.0)).total.casualties)


def test_standard_error_is_that_of_a_mean() -> None:
    sections = np.linspace(0.1, 4.0, 50)
    risk = assess_risk(impacts_at(np.full(50, 47.0), np.full(50, 69.0), section_m2=sections), everywhere(2.0))
    each = 2.0e-6 * (0.6 + np.sqrt(sections)) ** 2
    assert risk.total.casualties == pytest.approx(each.mean(), rel=1e-6)
    assert risk.total.error == pytest.approx(each.std(ddof=1) / np.sqrt(50), rel=1e-6)


def test_weak_and_burnt_pieces_hurt_nobody() -> None:
    pieces = impacts_at(
        [47.0, 47.0, np.nan], [69.0, 69.0, np.nan], sample=np.zeros(3, int), energy_j=np.array([14.9, 15.0, np.nan]),
        status=np.array([LANDED, LANDED, DEMISED]), mass_kg=np.array([1.0, 2.0, np.nan]),
    )  # fmt: skip
    risk = assess_risk(pieces, everywhere(1.0))
    assert (risk.total.pieces, risk.total.harmful, risk.total.mass_kg) == (2.0, 1.0, 3.0)
    assert risk.total.casualties == pytest.approx(float(casualty_area_m2(0.25)) * 1e-6, rel=1e-6)
    all_count = assess_risk(pieces, everywhere(1.0), Rules(harmful_j=0.0))
    assert all_count.total.casualties == pytest.approx(2.0 * risk.total.casualties)


def test_shelter_takes_its_part() -> None:
    pieces = impacts_at([47.0], [69.0])
    open_air = assess_risk(pieces, everywhere(1.0)).total.casualties
    assert assess_risk(pieces, everywhere(1.0), Rules(sheltered=0.8)).total.casualties == pytest.approx(0.2 * open_air)
    assert assess_risk(pieces, everywhere(1.0), Rules(sheltered=1.0)).total.casualties == 0.0


@pytest.mark.parametrize("values", [{"sheltered": 1.5}, {"sheltered": -0.1}, {"harmful_j": -1.0}, {"threshold": 0.0}])
def test_rules_that_make_no_sense_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Rules(**values)


def test_bodies_kinds_and_countries_sum_to_the_total() -> None:
    risk = assess_risk(breakup(60), bundled_population())
    total = risk.total.casualties
    assert sum(part.casualties for part in risk.by_body.values()) == pytest.approx(total)
    assert sum(part.casualties for part in risk.by_piece.values()) == pytest.approx(total)
    assert sum(risk.by_country.values()) == pytest.approx(total, rel=1e-6)
    ranked = [part.casualties for part in risk.by_piece.values()]
    assert ranked == sorted(ranked, reverse=True)


def test_mean_density_explains_the_expectation() -> None:
    total = assess_risk(breakup(60), bundled_population()).total
    assert total.casualty_area_m2 * total.people_per_km2 * 1e-6 == pytest.approx(total.casualties)


def test_the_verdict_is_open_within_two_standard_errors() -> None:
    one = assess_risk(impacts_at([47.0], [69.0]), everywhere(1.0)).total
    assert one.verdict(THRESHOLD) == "below" and one.verdict(1e-7) == "above"
    two = assess_risk(impacts_at([47.0] * 2, [69.0] * 2, section_m2=np.array([0.01, 2.0])), everywhere(1.0)).total
    assert two.verdict(two.casualties * 1.2) == "open"


def test_people_that_end_before_the_footprint_are_an_error() -> None:
    small = Population((Grid(60.0, 40.0, 1.0, np.ones((5, 5), np.float32)),), "raster a.asc", "raster a.asc")
    with pytest.raises(EnvironmentDataError, match=r"a\.asc.*1 of 2 impacts.*69\.00 E.*40 to 45 N"):
        assess_risk(impacts_at([42.0, 42.0], [62.0, 69.0]), small)


def test_all_burnt_is_no_risk_and_plain_json() -> None:
    nothing = impacts_at([np.nan] * 2, [np.nan] * 2, status=np.full(2, DEMISED), energy_j=np.full(2, np.nan),
                         mass_kg=np.full(2, np.nan), section_m2=np.full(2, np.nan))  # fmt: skip
    risk = assess_risk(nothing, bundled_population())
    assert risk.total.casualties == 0.0 and risk.by_piece == {}
    json.dumps(risk.as_dict(), allow_nan=False)
