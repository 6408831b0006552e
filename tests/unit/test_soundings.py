"""Readers of soundings: what they read, and what they refuse with file and line."""

from __future__ import annotations

import math
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wind_files import KNOT_M_S, LEVELS, igra_sounding, write_igra, wyoming_page

from steppe.environment.balanced_wind import geopotential
from steppe.environment.soundings.checks import geometric_altitude, standard_height_gpm
from steppe.environment.soundings.igra import read_igra
from steppe.environment.soundings.reading import kind_of, read_soundings
from steppe.environment.soundings.wyoming import read_wyoming
from steppe.errors import ConfigError, EnvironmentDataError

NOON = datetime(2022, 9, 29, 12, tzinfo=UTC)


def speeds(profile):
    return np.hypot(profile.east_m_s, profile.north_m_s)


def changed(number, **values):
    """Return the levels with one level changed."""
    names = ("pressure", "height", "direction", "speed")
    level = tuple(values.get(name, old) for name, old in zip(names, LEVELS[number], strict=True))
    return (*LEVELS[:number], level, *LEVELS[number + 1 :])


def test_igra_is_read_as_text_and_zipped(tmp_path):
    texts = [igra_sounding(NOON - timedelta(hours=12)), igra_sounding(NOON)]
    for name in ("s.txt", "s.zip"):
        found = read_igra(write_igra(tmp_path / name, texts))
        assert [one.utc for one in found] == [NOON - timedelta(hours=12), NOON]
        assert (found[0].latitude_deg, found[0].longitude_deg, found[0].name) == (47.8, 67.7167, "KZM00035671")
        assert speeds(found[0]) == pytest.approx([level[3] for level in LEVELS], abs=0.05)
        # A wind from 280 deg blows towards the east and a little south
        assert found[0].east_m_s[7] == pytest.approx(36.0 * math.cos(math.radians(10.0)))
        assert found[0].north_m_s[7] == pytest.approx(-36.0 * math.sin(math.radians(10.0)))


def test_igra_reads_only_what_is_near_the_time(tmp_path):
    path = write_igra(tmp_path / "s.txt", [igra_sounding(NOON + timedelta(hours=12 * n)) for n in range(5)])
    assert len(read_igra(path, NOON, 3600.0)) == 1
    with pytest.raises(
        EnvironmentDataError, match=r"within 6 h of 2022-09-20 .* 5 from 2022-09-29 12:00 to 2022-10-01"
    ):
        read_igra(path, NOON - timedelta(days=9), 6 * 3600.0)


def test_igra_missing_heights_come_from_pressure_and_missing_winds_are_left_out(tmp_path):
    nan = math.nan
    without_height = changed(4, height=nan)
    profile = read_igra(write_igra(tmp_path / "a.txt", [igra_sounding(NOON, without_height)]))[0]
    # 400 hPa between 500 hPa (5580 m) and 300 hPa (9160 m), linear in ln p; the standard atmosphere has 7185 m
    expected = 5580.0 + (9160.0 - 5580.0) * math.log(500 / 400) / math.log(500 / 300)
    assert profile.altitude_m[4] == pytest.approx(expected, rel=2e-3)
    profile = read_igra(write_igra(tmp_path / "b.txt", [igra_sounding(NOON, changed(4, direction=nan, speed=nan))]))[0]
    assert (profile.left_out, profile.altitude_m.size) == (1, len(LEVELS) - 1)


def test_igra_levels_without_pressure_go_between_the_others(tmp_path):
    nan = math.nan
    levels = (*LEVELS, (nan, 2000.0, 270.0, 11.0), (nan, 8000.0, 270.0, 28.0))
    profile = read_igra(write_igra(tmp_path / "a.txt", [igra_sounding(NOON, levels)]))[0]
    assert np.all(np.diff(profile.altitude_m) > 0.0)
    assert np.interp(2002.0, profile.altitude_m, profile.east_m_s) == pytest.approx(11.0, abs=0.05)


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (changed(5, speed=160.0), r"line 7: a wind of 160 m/s, expected at most 150 m/s; is the speed in knots"),
        (
            changed(5, height=30052.0),
            r"line 7: a height of 30052 m at 300 hPa, expected about 9164 m; are heights in feet",
        ),
        (changed(5, pressure=30.0), r"line 7: a height of 9160 m at 30 hPa"),
        (
            changed(5, height=6000.0, pressure=420.0),
            r"line 7: the heights must rise, but 6000 m follows 7190 m \(line 6\)",
        ),
        (
            changed(5, height=7190.0, pressure=399.0, speed=5.0),
            r"line 7: a second wind at 7190 m that differs by 21 m/s",
        ),
        (changed(5, direction=400.0), r"line 7: expected a direction from 0 to 360 deg"),
        (
            LEVELS[:3] + LEVELS[6:],
            r"line 5: no wind from 3021 to 10375 m, a gap of 73\d\d m; the largest allowed is 4500",
        ),
        (LEVELS[3:], r"line 2: the wind begins at 55\d\d m, expected at most 3000 m"),
    ],
)
def test_an_impossible_sounding_is_refused_with_its_line(tmp_path, levels, words):
    path = write_igra(tmp_path / "bad.txt", [igra_sounding(NOON, levels)])
    with pytest.raises(ConfigError, match=words) as caught:
        read_igra(path)
    assert "bad.txt" in str(caught.value)


def test_a_damaged_igra_file_is_refused(tmp_path):
    text = igra_sounding(NOON)
    cases = {
        "\n".join(text.splitlines()[:-2]) + "\n": "line 1: the header promises 14 levels, got 12; is the file cut off",
        "hello\n": "line 1: expected a header that begins with '#'",
        "": "expected IGRA soundings",
        text.replace(" 47", "   ", 0).replace("2022 09 29", "2022 13 29"): "line 1: expected a date",
        text.replace("  4780", "  47x0", 1) if "  4780" in text else text.replace("478000", "47x000"): "columns 56-62",
    }
    for number, (content, words) in enumerate(cases.items()):
        path = tmp_path / f"{number}.txt"
        path.write_text(content)
        with pytest.raises(ConfigError, match=words):
            read_igra(path)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.txt", text)
        archive.writestr("b.txt", text)
    with pytest.raises(ConfigError, match=r"expected one \.txt file"):
        read_igra(tmp_path / "two.zip")
    with pytest.raises(ConfigError, match="cannot read"):
        read_igra(tmp_path / "missing.txt")
    whole = write_igra(tmp_path / "z.zip", [text] * 20).read_bytes()
    (tmp_path / "z.zip").write_bytes(whole[:80] + b"\xff\xff\xff" + whole[83:])
    with pytest.raises(ConfigError, match="cannot read the IGRA file"):
        read_igra(tmp_path / "z.zip")
    (tmp_path / "p.txt").write_text(text.replace(" 40000 ", "     0 "))
    with pytest.raises(ConfigError, match="line 6: expected a pressure above 0 Pa, got 0"):
        read_igra(tmp_path / "p.txt")
    (tmp_path / "b.txt").write_bytes(b"#\xff\xfe")
    with pytest.raises(ConfigError, match="cannot read"):
        read_igra(tmp_path / "b.txt")


@pytest.mark.parametrize(("name", "unit", "factor"), [("SKNT", "knot", 1.0 / KNOT_M_S), ("SPED", "m/s", 1.0)])
def test_wyoming_takes_the_unit_of_the_wind_from_its_header(tmp_path, name, unit, factor):
    path = tmp_path / "w.html"
    path.write_text(wyoming_page(NOON, name=name, unit=unit, factor=factor))
    profile = read_wyoming(path)[0]
    assert speeds(profile) == pytest.approx([level[3] for level in LEVELS], abs=0.03)
    assert (profile.utc, profile.latitude_deg, profile.longitude_deg, profile.name) == (NOON, 47.8, 67.7167, "35671")


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        ("SKNT", "m/s", "line 6: the column SKNT should be in knot, but its unit says 'm/s'"),
        ("SPED", "knot", "line 6: the column SPED should be in m/s"),
        ("SPED", "mph", "line 6: the column SPED should be in m/s"),
        ("WIND", "m/s", "line 5: expected the columns PRES, HGHT, DRCT and SKNT or SPED"),
    ],
)
def test_a_wyoming_table_whose_units_contradict_is_refused(tmp_path, name, unit, words):
    path = tmp_path / "w.html"
    path.write_text(wyoming_page(NOON, name=name, unit=unit, factor=1.0))
    with pytest.raises(ConfigError, match=words):
        read_wyoming(path)


def test_wyoming_details(tmp_path):
    path = tmp_path / "w.html"
    calm = changed(4, speed=math.nan)
    path.write_text(wyoming_page(NOON, calm) + wyoming_page(NOON + timedelta(hours=12)))
    first, second = read_wyoming(path)
    assert (first.left_out, second.left_out) == (1, 0)
    assert second.utc - first.utc == timedelta(hours=12)
    page = wyoming_page(NOON).replace("35671", "99999")
    cases = {
        "<html>Can't get 35671 Observations at 12Z 29 Sep 2022.</html>": "expected a table that begins with PRES",
        page.replace("Station latitude", "Station altitude"): "does not say where or when .* Station latitude",
        page.replace("29 Sep", "31 Sep"): "expected a date",
        page.replace("220929/1200", "229929/1200"): "expected an observation time",
        page.replace("    hPa     m", "    hPa    ft"): "expected HGHT in m, got 'ft'",
        page.replace("  850.0   1480", "  850.0   14x0"): "column HGHT: expected a number, got '14x0'",
    }
    for content, words in cases.items():
        assert content != page
        path.write_text(content)
        with pytest.raises(ConfigError, match=words):
            read_wyoming(path)


def test_wyoming_csv(tmp_path):
    path = tmp_path / "w.csv"
    head = (
        "time,longitude,latitude,pressure_hPa,geopotential height_m,temperature_C,wind direction_degree,wind speed_m/s"
    )
    rows = [f"2022-09-29 11:{n:02d}:00,67.7,47.8,{p},{h:.0f},-5,{d},{s}" for n, (p, h, d, s) in enumerate(LEVELS)]
    path.write_text("\n".join([head, *rows]) + "\n")
    profile = read_wyoming(path)[0]
    assert kind_of(path) == "wyoming"
    assert profile.utc == datetime(2022, 9, 29, 11, tzinfo=UTC)
    assert speeds(profile) == pytest.approx([level[3] for level in LEVELS])
    path.write_text("\n".join([head.replace("speed_m/s", "speed_knot"), *rows]) + "\n")
    assert speeds(read_wyoming(path)[0]) == pytest.approx([level[3] * KNOT_M_S for level in LEVELS])
    path.write_text("\n".join([head.replace("speed_m/s", "speed_mph"), *rows]) + "\n")
    with pytest.raises(ConfigError, match="expected wind speed in m/s or knot, got 'mph'"):
        read_wyoming(path)


def test_a_table_with_time_and_place_is_a_sounding(tmp_path):
    path = tmp_path / "s.csv"
    rows = "altitude_m,east_m_s,north_m_s\n400,1,2\n4000,9,2\n"
    path.write_text("# utc = 2022-09-29T12:00Z\n# latitude_deg = 47.8\n# longitude_deg = 67.7\n" + rows)
    profile = read_soundings(path, NOON, 60.0)[0]
    assert (profile.utc, profile.latitude_deg, list(profile.east_m_s)) == (NOON, 47.8, [1.0, 9.0])
    with pytest.raises(EnvironmentDataError, match="no sounding within 1 h"):
        read_soundings(path, NOON + timedelta(hours=2), 3600.0)
    path.write_text(rows)
    with pytest.raises(ConfigError, match="must say when and where"):
        read_soundings(path, NOON, 60.0)


def test_an_unknown_file_is_refused(tmp_path):
    for content, words in ((b"hello\n", "begins with 'hello'"), (b"", "an empty file")):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(ConfigError, match=words):
            kind_of(tmp_path / "x")
    with pytest.raises(ConfigError, match="cannot read the wind file"):
        kind_of(tmp_path / "none")


@given(st.floats(-400.0, 60e3), st.floats(-89.0, 89.0))
def test_geometric_altitudes_invert_the_geopotential(height_gpm, latitude_deg):
    altitude = geometric_altitude(np.array([height_gpm]), latitude_deg)
    assert geopotential(altitude, math.radians(latitude_deg)) / 9.80665 == pytest.approx(height_gpm, abs=1e-4)


def test_heights_of_pressures_are_those_of_the_standard_atmosphere():
    # U.S. Standard Atmosphere 1976, table I: 540.2 hPa at 5000 m, 264.4 at 10000, 54.75 at 20000, 11.97 at 30000
    # (geopotential); above 20 km one temperature stands for a rising one
    for pressure_pa, height_m, within in (
        (54020.0, 5000, 5),
        (26436.0, 10000, 5),
        (5475.0, 20000, 5),
        (1172.0, 30000, 250),
    ):
        assert standard_height_gpm(pressure_pa) == pytest.approx(height_m, abs=within)


@given(
    st.lists(st.tuples(st.floats(0.0, 360.0), st.floats(0.0, 140.0)), min_size=len(LEVELS), max_size=len(LEVELS)),
    st.datetimes(datetime(1960, 1, 1), datetime(2090, 1, 1)),
)
@settings(max_examples=25)
def test_what_is_written_is_read(tmp_path_factory, winds, moment):
    folder = tmp_path_factory.mktemp("round")
    utc = moment.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    levels = [(p, h, round(d), round(s, 1)) for (p, h, _, _), (d, s) in zip(LEVELS, winds, strict=True)]
    igra = read_igra(write_igra(folder / "a.txt", [igra_sounding(utc, levels)]))[0]
    (folder / "w.html").write_text(wyoming_page(utc, levels, name="SPED", unit="m/s", factor=1.0))
    wyoming = read_wyoming(folder / "w.html")[0]
    assert igra.utc == utc
    assert igra.east_m_s == pytest.approx(wyoming.east_m_s, abs=1e-9)
    assert speeds(igra) == pytest.approx([level[3] for level in levels], abs=1e-9)
