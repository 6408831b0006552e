"""Quantities with units: what a string means does not depend on how it is spelled."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steppe.config.units import UNITS, parse_quantity

numbers = st.floats(-1e12, 1e12, allow_nan=False)
units = st.sampled_from(sorted(UNITS))


@given(numbers, units)
def test_a_unit_is_its_factor(value, unit):
    kind, factor = UNITS[unit]
    assert parse_quantity(f"{value!r} {unit}", kind) == value * factor


@given(numbers, units, st.sampled_from(["", " ", "   "]))
def test_blanks_do_not_matter(value, unit, blank):
    kind, _ = UNITS[unit]
    # "1e5m" would be ambiguous only if a unit began with a digit or an exponent; none does
    assert parse_quantity(f"{blank}{value!r}{blank}{unit}{blank}", kind) == parse_quantity(f"{value!r} {unit}", kind)


@given(numbers, units)
def test_a_bare_number_is_taken_as_it_is(value, unit):
    assert parse_quantity(value, UNITS[unit][0]) == value


@given(numbers, units, units)
def test_a_unit_of_another_kind_is_refused(value, unit, other):
    kind, other_kind = UNITS[unit][0], UNITS[other][0]
    if kind != other_kind:
        with pytest.raises(ValueError, match=f"which is of the kind {kind}"):
            parse_quantity(f"{value!r} {unit}", other_kind)


@given(st.one_of(st.text(max_size=20), st.booleans(), st.none(), st.lists(st.integers(), max_size=2)), units)
def test_anything_else_is_a_value_error_or_a_finite_number(value, unit):
    try:
        number = parse_quantity(value, UNITS[unit][0])
    except ValueError as error:
        assert "expected a" in str(error)
    else:
        assert math.isfinite(number)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "1e999 m", 10**400])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="finite"):
        parse_quantity(value, "length")


@pytest.mark.validation
@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        # NIST SP 811 (2008), appendix B.8; exact values
        ("1 ft", "length", 0.3048),
        ("1 mi", "length", 1609.344),
        ("1 nmi", "length", 1852.0),
        ("1 lb", "mass", 0.45359237),
        ("1 kgf", "force", 9.80665),
        ("1 mph", "speed", 0.44704),
        ("1 kt", "speed", 0.514444444444),
        ("1 slug", "mass", 14.5939029372),
        ("1 lbf", "force", 4.4482216152605),
        ("1 rad", "angle", 57.2957795131),
    ],
)
def test_factors_of_nist(text, kind, expected):
    assert parse_quantity(text, kind) == pytest.approx(expected, rel=1e-11)
