import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.config.surroundings import Wind as WindChoice
from steppe.config.surroundings import WindLevel
from steppe.environment.balanced_wind import geopotential, gradient_wind
from steppe.environment.wind import balanced_wind, no_wind, table_wind, wind_for, wind_from_csv
from steppe.errors import ConfigError, EnvironmentDataError
from steppe.kernels.wind import wind_at

JANUARY = datetime(2022, 1, 15, tzinfo=UTC)
JULY = datetime(2022, 7, 15, tzinfo=UTC)


def east(utc, latitude_deg, altitude_m, longitude_deg=69.6):
    return wind_at(balanced_wind(utc, latitude_deg, longitude_deg).table, altitude_m)[0]


def strongest(utc, latitudes_deg, sign):
    """Return the strongest zonal-mean wind of one sign between 40 and 80 km."""
    return max(
        sign * np.mean([east(utc, latitude, altitude, longitude) for longitude in range(0, 360, 60)])
        for latitude in latitudes_deg
        for altitude in range(40_000, 81_000, 10_000)
    )


@pytest.mark.validation
@pytest.mark.parametrize(
    ("utc", "latitudes_deg", "sign"),
    [(JANUARY, (25, 35, 45), 1.0), (JANUARY, (-30, -40, -50), -1.0), (JULY, (30, 40, 50), -1.0)],
)
def test_mesospheric_jets_have_their_published_strength(utc, latitudes_deg, sign):
    # American Meteorological Society, Glossary of Meteorology, "mesospheric jet": in January a westerly jet of
    # 60 m/s at 70 km between 25 and 45 N and an easterly jet of comparable intensity between 30 and 50 S; in July
    # the directions are reversed
    assert strongest(utc, latitudes_deg, sign) == pytest.approx(60.0, abs=20.0)


def test_the_stratosphere_turns_with_the_season_over_the_landing_zone():
    assert 30.0 < east(JANUARY, 47.4, 50e3) < 70.0
    assert -70.0 < east(JULY, 47.4, 60e3) < -40.0
    assert 10.0 < east(JULY, 47.4, 10e3) < east(JANUARY, 47.4, 10e3) < 30.0


def test_balanced_wind_is_still_at_the_ground_and_above_120_km():
    table = balanced_wind(JANUARY, 47.4, 69.6).table
    for altitude_m in (-400.0, 0.0, 120e3, 300e3):
        assert wind_at(table, altitude_m) == pytest.approx((0.0, 0.0), abs=0.05)


@pytest.mark.parametrize("latitude_deg", [-90.0, -47.4, -5.0, 0.0, 3.0, 14.9, 15.1, 84.0, 90.0])
def test_balanced_wind_stays_plausible_everywhere(latitude_deg):
    layers = balanced_wind(JULY, latitude_deg, 179.0).table.layers
    assert np.all(np.isfinite(layers))
    assert np.max(np.abs(layers[:, [0, 2]])) < 130.0


def test_a_place_off_the_globe_is_refused():
    with pytest.raises(EnvironmentDataError, match="latitude"):
        balanced_wind(JULY, 91.0, 0.0)


@given(st.floats(-80.0, 80.0), st.floats(5e-5, 1.4e-4), st.floats(-4e-7, 4e-7))
def test_gradient_wind_solves_its_equation(geostrophic, coriolis, curvature):
    if 1.0 + 4.0 * curvature / coriolis * geostrophic < 0.0:
        return
    u = float(gradient_wind(np.array(geostrophic), coriolis, curvature))
    assert coriolis * u + curvature * u * u == pytest.approx(coriolis * geostrophic, abs=1e-9)


def test_geopotential_is_the_integral_of_normal_gravity():
    # Normal gravity of WGS-84 at 45 deg: 9.806199 m/s2 (NGA.STND.0036, Somigliana), 9.65418 m/s2 at 50 km
    z = np.array([0.0, 1.0, 49999.0, 50001.0])
    values = geopotential(z, math.radians(45.0))
    assert values[1] == pytest.approx(9.806199, abs=3e-6)
    assert (values[3] - values[2]) / 2.0 == pytest.approx(9.806199 * (6367.5 / 6417.5) ** 2, rel=2e-4)


@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.floats(-90, 90), st.floats(-90, 90)),
        min_size=1, max_size=12, unique_by=lambda level: level[0],
    )
)  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_table_wind_passes_through_its_levels(levels):
    levels = sorted((100.0 * altitude, u, v) for altitude, u, v in levels)
    table = table_wind(levels)
    for altitude_m, u, v in levels:
        assert wind_at(table, altitude_m) == pytest.approx((u, v), abs=1e-6)
    assert wind_at(table, -500.0) == pytest.approx(levels[0][1:], abs=1e-6)
    assert wind_at(table, 250e3) == pytest.approx(levels[-1][1:], abs=1e-6)


@pytest.mark.parametrize("levels", [[], [(0.0, math.nan, 0.0)], [(1.0, 0.0, 0.0), (1.0, 2.0, 0.0)]])
def test_impossible_levels_are_refused(levels):
    with pytest.raises(ConfigError, match=r"wind\.levels"):
        table_wind(levels)


def write(folder, text):
    path = folder / "wind.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_meteorological_direction_is_where_the_wind_comes_from(tmp_path):
    path = write(tmp_path, "# sounding\naltitude_m, speed_m_s, direction_deg\n0,10,270\n\n1000,10,0\n2000,5,45\n")
    wind = wind_from_csv(path)
    assert wind_at(wind.table, 0.0) == pytest.approx((10.0, 0.0), abs=1e-9)
    assert wind_at(wind.table, 1000.0) == pytest.approx((0.0, -10.0), abs=1e-6)
    assert wind_at(wind.table, 2000.0) == pytest.approx((-5 / math.sqrt(2), -5 / math.sqrt(2)), abs=1e-6)
    assert "0 to 2000 m" in wind.note
    assert "wind.csv" in wind.provenance["wind"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("altitude_m,east_m_s,north_m_s\n", "no levels"),
        ("height,u,v\n0,1,2\n", "line 1: expected the header"),
        ("altitude_m,east_m_s,north_m_s\n0,1\n", "line 2: expected 3 values, got 2"),
        ("altitude_m,east_m_s,north_m_s\n0,x,2\n", "line 2, column east_m_s: expected a number, got 'x'"),
        ("altitude_m,east_m_s,north_m_s\n0,1,nan\n", "line 2, column north_m_s: expected a number"),
        ("altitude_m,east_m_s,north_m_s\n0,1,\n", "line 2, column north_m_s: expected a number, got ''"),
        ("altitude_m,east_m_s,north_m_s\n#c\n0,1,2\n0,1,2\n", "line 4, column altitude_m: the altitudes must rise"),
        ("altitude_m,east_m_s,north_m_s\n0,1,2\n20000,1,2\n", "line 3, column altitude_m: a gap of 20000 m"),
        ("altitude_m,east_m_s,north_m_s\n900000,1,2\n", "metres"),
        ("altitude_m,east_m_s,north_m_s\n0,151,2\n", "line 2, column east_m_s: .*knots"),
        ("altitude_m,speed_m_s,direction_deg\n0,-1,2\n", "line 2, column speed_m_s"),
        ("altitude_m,speed_m_s,direction_deg\n0,1,400\n", "line 2, column direction_deg"),
    ],
)
def test_a_bad_wind_file_is_refused_with_line_and_column(tmp_path, text, words):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=words) as caught:
        wind_from_csv(path)
    assert str(path) in str(caught.value)


def test_a_missing_or_binary_wind_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        wind_from_csv(tmp_path / "no.csv")
    # Bytes of no text, and what a mark says is UTF-16 but holds no table
    (tmp_path / "b.csv").write_bytes(b"\x00\x80\xff\x01")
    with pytest.raises(ConfigError, match="not a text file"):
        wind_from_csv(tmp_path / "b.csv")
    (tmp_path / "c.csv").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ConfigError, match="expected the header altitude_m"):
        wind_from_csv(tmp_path / "c.csv")


def test_the_mission_file_chooses_the_wind(tmp_path):
    write(tmp_path, "altitude_m,east_m_s,north_m_s\n0,1,2\n")
    level = WindLevel(altitude_m=0.0, east_m_s=3.0, north_m_s=4.0)
    cases = {
        "climatology": WindChoice(),
        "table of 1 levels": WindChoice(model="table", levels=(level,)),
        "wind.csv, 1 levels": WindChoice(model="table", file="wind.csv"),
        "none": WindChoice(model="none"),
    }
    winds = {name: wind_for(choice, tmp_path, JULY, 47.4, 69.6) for name, choice in cases.items()}
    assert "NRLMSIS 2.1, 2022-07-15" in winds.pop("climatology").provenance["wind"]
    assert all(wind.provenance["wind"] == name for name, wind in winds.items())
    assert wind_at(winds["table of 1 levels"].table, 30e3) == (3.0, 4.0)
    assert wind_at(winds["none"].table, 30e3) == (0.0, 0.0)
    assert wind_at(no_wind(), -100.0) == (0.0, 0.0)
