import math
from datetime import UTC, datetime

import pytest

from steppe.environment.sun import sun_elevation_rad, sun_right_ascension_declination_rad
from steppe.errors import EnvironmentDataError


@pytest.mark.validation
def test_position_of_the_astronomical_example():
    # Meeus, Astronomical Algorithms, 2nd ed., example 25.a: 1992 October 13.0 TD
    right_ascension, declination = sun_right_ascension_declination_rad(datetime(1992, 10, 13, tzinfo=UTC))
    assert math.degrees(right_ascension) % 360.0 == pytest.approx(198.38083, abs=0.01)
    assert math.degrees(declination) == pytest.approx(-7.78507, abs=0.01)


@pytest.mark.validation
def test_elevation_of_the_solar_position_algorithm():
    # Reda and Andreas, Solar Position Algorithm, NREL/TP-560-34302 (2004), appendix A.5: Golden, Colorado,
    # 2003-10-17 12:30:30 UTC-7; zenith angle 50.11162 deg with 0.01633 deg of refraction
    elevation = sun_elevation_rad(
        datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC), math.radians(39.742476), math.radians(-105.1786)
    )
    assert math.degrees(elevation) == pytest.approx(90.0 - 50.11162 - 0.01633, abs=0.01)


def test_the_sun_is_below_the_horizon_at_midnight_and_above_at_noon():
    for month in range(1, 13):
        noon = sun_elevation_rad(datetime(2024, month, 15, 12, tzinfo=UTC), math.radians(47.4), 0.0)
        midnight = sun_elevation_rad(datetime(2024, month, 15, 0, tzinfo=UTC), math.radians(47.4), 0.0)
        assert midnight < 0.0 < noon


def test_the_poles_see_the_declination():
    utc = datetime(2024, 6, 20, 20, 51, tzinfo=UTC)
    assert math.degrees(sun_elevation_rad(utc, math.pi / 2, 1.0)) == pytest.approx(23.44, abs=0.01)
    assert math.degrees(sun_elevation_rad(utc, -math.pi / 2, 1.0)) == pytest.approx(-23.44, abs=0.01)


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(EnvironmentDataError, match="time zone"):
        sun_elevation_rad(datetime(2020, 1, 1), 0.0, 0.0)
