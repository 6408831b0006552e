"""Soundings in the forms in which their services give them, and bad soundings among good ones.

Forms: igra2-data-format.txt (NOAA NCEI) and answers of weather.uwyo.edu of 2017 to 2026 as public programs that read
them record them (Unidata siphon, BSD-3, and others). The winds are invented unless a test says otherwise.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from wind_files import KNOT_M_S, LEVELS, igra_sounding, write_igra, wyoming_page

from steppe.config.surroundings import Wind as WindChoice
from steppe.environment.measured_wind import measured_columns, measured_wind
from steppe.environment.soundings.igra import igra_readings, read_igra
from steppe.environment.soundings.reading import kind_of, soundings_of
from steppe.environment.soundings.wyoming import read_wyoming, wyoming_readings
from steppe.environment.wind import wind_from_csv
from steppe.errors import ConfigError

NOON = datetime(2022, 9, 29, 12, tzinfo=UTC)
ZONE = (47.367, 69.6)
FULL = "time,longitude,latitude,pressure_hPa,geopotential height_m,temperature_C,wind direction_degree,wind speed_m/s"
# IGRA2 with its flags, missing (-9999) and removed (-8888) values, and a pilot-balloon level without pressure (type 3)
IGRA = """\
#KZM00035671 2022 09 29 00 2331   13 ncdc-gts ncdc-gts  478000   677167
21 -9999  96500B  345B   12B-9999    50   250    40\x20
10 -9999 100000    60 -9999 -9999 -9999 -9999 -9999\x20
10 -9999  92500   720B   80B-9999    90   255    60\x20
30 -9999 -9999   900 -9999 -9999 -9999   260    70\x20
10 -9999  85000  1480B   50B-9999   110   265    90\x20
20 -9999  78000 -9999    20B-9999   120 -8888 -8888\x20
10 -9999  70000  3020B  -30B-9999   130   270   140\x20
20   512  62000 -9999   -90B-9999   130   272   160\x20
10 -9999  50000  5580B -200B-9999   150   275   200\x20
10 -9999  40000  7190B -310B-9999   150   280   260\x20
10 -9999  30000  9160B -450B-9999   150   280   310\x20
10 -9999  20000 11780B -520B-9999   150   280   360\x20
10 -9999  10000 16180B -550B-9999   150   275   180\x20
"""


def speeds(profile):
    return np.hypot(profile.east_m_s, profile.north_m_s)


def test_igra_with_flags_missing_values_and_levels_without_pressure(tmp_path):
    path = tmp_path / "KZM00035671-data.txt"
    path.write_text(IGRA)
    (profile,) = read_igra(path)
    # Released at 23:31 of the day before the nominal hour
    assert profile.utc == datetime(2022, 9, 28, 23, 31, tzinfo=UTC)
    assert speeds(profile) == pytest.approx([4, 6, 7, 9, 14, 16, 20, 26, 31, 36, 18])
    assert profile.left_out == 2
    # 620 hPa between 700 and 500 hPa, linear in the logarithm of pressure
    share = math.log(700 / 620) / math.log(700 / 500)
    assert profile.altitude_m[5] == pytest.approx(3020 + share * (5580 - 3020), abs=6.0)


@pytest.mark.parametrize(
    ("hours", "utc"),
    [
        ("00 2331", datetime(2022, 9, 28, 23, 31, tzinfo=UTC)),
        ("12 1130", datetime(2022, 9, 29, 11, 30, tzinfo=UTC)),
        ("23 0015", datetime(2022, 9, 30, 0, 15, tzinfo=UTC)),
        ("99 0599", datetime(2022, 9, 29, 5, 0, tzinfo=UTC)),
        ("06 9999", datetime(2022, 9, 29, 6, 0, tzinfo=UTC)),
    ],
)
def test_igra_hours(tmp_path, hours, utc):
    (tmp_path / "a.txt").write_text(IGRA.replace("00 2331", hours))
    assert read_igra(tmp_path / "a.txt")[0].utc == utc


def test_igra_pilot_balloons_and_soundings_without_an_hour(tmp_path):
    nan = math.nan
    pilot = tuple((nan, height, direction, speed) for _, height, direction, speed in LEVELS[:10])
    unknown = igra_sounding(NOON).replace(" 12 1200 ", " 99 9999 ")
    path = write_igra(tmp_path / "a.txt", [unknown, igra_sounding(NOON, pilot)])
    (profile,) = read_igra(path)
    assert profile.altitude_m.size == 10
    write_igra(path, [unknown])
    with pytest.raises(ConfigError, match="expected IGRA soundings with a known hour"):
        read_igra(path)
    derived = "#KZM00035671 2022 09 29 00 2331  113" + " -99999" * 17
    path.write_text(derived + "\n")
    with pytest.raises(ConfigError, match=r"line 1: .*derived parameters \(-drvd\)"):
        read_igra(path)


def test_the_new_page_of_wyoming(tmp_path):
    """The title of 2025 and later, its place in one line, and speeds in m/s."""
    rows = wyoming_page(NOON, name="SPED", unit="m/s", factor=1.0).split("<PRE>")[1].split("</PRE>")[0]
    head = "<H1>Observations for Station 35671 at 12 UTC 29 Sep 2022</H1>\n"
    place = "<I>Latitude: 47.80 Longitude: 67.72</I>\n"
    for name, text in (("a.html", head + place), ("b.html", head)):
        (tmp_path / name).write_text(f"<HTML>{text}<PRE>{rows}</PRE>\n<TABLE><TR><TD>CAPE</TD></TR></TABLE></HTML>")
        (profile,) = read_wyoming(tmp_path / name)
        assert (profile.utc, profile.name) == (NOON, "35671")
        assert speeds(profile) == pytest.approx([level[3] for level in LEVELS], abs=0.06)
        assert profile.longitude_deg == pytest.approx(67.7, abs=0.05)


def test_the_old_page_of_wyoming_with_empty_cells(tmp_path):
    """Levels below the ground and above the last wind have empty cells (page of 57494 Wuhan, 8 March 2017)."""
    text = (
        "<HTML>\n<TITLE>University of Wyoming - Radiosonde Data</TITLE>\n"
        '<LINK REL="StyleSheet" HREF="/resources/select.css" TYPE="text/css">\n<BODY BGCOLOR="white">\n'
        "<H2>57494 ZHHH Wuhan Observations at 00Z 08 Mar 2017</H2>\n<PRE>\n"
        "-----------------------------------------------------------------------------\n"
        "   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SKNT   THTA   THTE   THTV\n"
        "    hPa     m      C      C      %    g/kg    deg   knot     K      K      K \n"
        "-----------------------------------------------------------------------------\n"
        " 1020.0     23    2.8    2.4     97   4.48     25      2  274.4  286.6  275.1\n"
        " 1000.0    188    8.8    0.8     57   4.07     40      6  281.9  293.5  282.6\n"
        "  950.2    610    8.1  -15.6     17   1.20     60      4  285.4  289.2  285.6\n"
        "  700.0   3050   -5.0                         270     40  296.0         296.0\n"
        "   20.0  26310  -49.5                                     683.9         683.9\n"
        "</PRE><H3>Station information and sounding indices</H3><PRE>\n"
        "                         Station identifier: ZHHH\n"
        "                             Station number: 57494\n"
        "                           Observation time: 170308/0000\n"
        "                           Station latitude: 30.61\n"
        "                          Station longitude: 114.13\n"
        "                          Station elevation: 23.0\n</PRE>\n</BODY></HTML>\n"
    )
    (tmp_path / "w.html").write_bytes(text.replace("Wuhan", "Wuh\u00e1n").encode("latin-1"))
    (profile,) = read_wyoming(tmp_path / "w.html")
    assert profile.utc == datetime(2017, 3, 8, tzinfo=UTC)
    assert speeds(profile) == pytest.approx([2 * KNOT_M_S, 6 * KNOT_M_S, 4 * KNOT_M_S, 40 * KNOT_M_S])
    assert (profile.left_out, profile.latitude_deg) == (1, 30.61)
    (tmp_path / "w.html").write_text(text.replace("  270     40  296.0  ", "    270     40  296.0"))
    with pytest.raises(
        ConfigError, match=r"line 14: the values do not stand under their names \(DRCT ends in column 49"
    ):
        read_wyoming(tmp_path / "w.html")


def csv_rows(lead="", levels=LEVELS):
    return [f"{lead}{p:6.1f},{h:5.0f}, -5.0,{d:3d},{s:4.1f}" for p, h, d, s in levels]


@pytest.mark.parametrize("lead", ["", "2022-09-29 11:32:00,-99.9900,-99.9900,"])
def test_the_csv_of_coded_messages_says_its_place_by_the_name_of_the_file(tmp_path, lead):
    """Without time and place (July 2026), or with -99.99 for the place; blanks where the wind is missing."""
    head = FULL if lead else FULL.removeprefix("time,longitude,latitude,")
    text = "\n".join([head, *csv_rows(lead), f"{lead}  18.9,26928,-50.5,   ,    "]) + "\n"
    for name in ("uwyo-35671-2022092912.csv", "2022092912-35671.csv"):
        (tmp_path / name).write_text(text)
        assert kind_of(tmp_path / name) == "wyoming"
        (profile,) = read_wyoming(tmp_path / name)
        assert profile.utc == (datetime(2022, 9, 29, 11, 32, tzinfo=UTC) if lead else NOON)
        assert (profile.latitude_deg, profile.longitude_deg, profile.left_out) == (47.8, 67.7, 1)
        assert speeds(profile) == pytest.approx([level[3] for level in LEVELS])
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ConfigError, match=r"does not say where or when .* name the file uwyo-35671-2022092900\.csv"):
        read_wyoming(tmp_path / "a.csv")
    said = "# utc = 2022-09-29T12:00Z\n# latitude_deg = 47.8\n# longitude_deg = 67.7\n"
    (tmp_path / "a.csv").write_text(said + text)
    assert read_wyoming(tmp_path / "a.csv")[0].latitude_deg == 47.8


def test_the_csv_of_full_resolution(tmp_path):
    """Thousands of rows, a swinging balloon, and its drift: time and place are those of the release."""
    height = np.cumsum(np.where(np.arange(4000) % 50 == 0, -4.0, 6.0)) + 400.0
    pressure = 1013.25 * (1.0 - height / 44330.8) ** 5.25588
    pressure = np.where(height > 11000.0, 226.32 * np.exp(-(height - 11000.0) / 6341.6), pressure)
    rows = [
        f"2022-09-29 11:{n // 60 % 60:02d}:{n % 60:02d},{67.7 + n * 1e-4:.4f},47.8000,{p:6.1f},{h:5.0f},-5.0,270,20.0"
        for n, (p, h) in enumerate(zip(pressure, height, strict=True))
    ]
    (tmp_path / "b.csv").write_text("\n".join([FULL, *rows]) + "\n")
    (profile,) = read_wyoming(tmp_path / "b.csv")
    assert profile.longitude_deg == 67.7
    assert profile.altitude_m.size + profile.left_out == 4000
    assert np.all(np.diff(profile.altitude_m) > 0.0)


def bad(text):
    """Return a sounding whose levels are out of order."""
    head, *rows = text.rstrip("\n").split("\n")
    return "\n".join([head, *rows[:3], *reversed(rows[3:])]) + "\n"


def flown(tmp_path, hour, *, when_bad="refuse", kind="igra"):
    """Return columns and notes at an hour of 29 September 2022 from soundings at 0, 6 (bad), 12 and 18 h."""
    times = [NOON + timedelta(hours=hours) for hours in (-12, -6, 0, 6)]
    if kind == "igra":
        texts = [igra_sounding(utc) for utc in times]
        texts[1] = bad(texts[1])
        name = write_igra(tmp_path / "s.txt", texts).name
    else:
        pages = [wyoming_page(utc) for utc in times]
        pages[1] = pages[1].replace("  850.0   1480", "  850.0   14x0")
        name = "s.html"
        (tmp_path / name).write_text("".join(pages))
    choice = WindChoice(model="sounding", file=name, bad_soundings=when_bad)
    utc = NOON + timedelta(hours=hour - 12)
    columns, notes = measured_columns(choice, tmp_path, utc, *ZONE)
    return [one.utc.hour for one, _ in columns], [weight for _, weight in columns], notes


@pytest.mark.parametrize("kind", ["igra", "wyoming"])
def test_a_bad_sounding_among_good_ones(tmp_path, kind):
    words = r"06:00Z; 3 other good near the landing \(.*wind.bad_soundings = 'skip' or give --skip-bad-soundings"
    with pytest.raises(ConfigError, match=words) as caught:
        flown(tmp_path, 9, kind=kind)
    assert ("line 2" if kind == "igra" else "line 37, column HGHT") in str(caught.value)
    # Asked to skip it, the soundings of 0 and 12 h stand about 9 h
    hours, weights, notes = flown(tmp_path, 9, when_bad="skip", kind=kind)
    assert (hours, weights) == ([0, 12], pytest.approx([0.25, 0.75]))
    assert "T06:00Z is bad, and skipped as asked" in notes[0]
    # At 15 h those of 12 and 18 h are needed, and the bad one is not
    hours, _, notes = flown(tmp_path, 15, kind=kind)
    assert hours == [12, 18]
    assert "T06:00Z is bad, and not needed at this time" in notes[0]


def test_a_bad_sounding_far_away_in_time_or_space_says_nothing(tmp_path):
    far = bad(igra_sounding(NOON - timedelta(days=9)))
    away = bad(igra_sounding(NOON, station="RSM00027612", place=(55.75, 37.57)))
    cut_off = "\n".join(igra_sounding(NOON + timedelta(days=30)).splitlines()[:-4]) + "\n"
    write_igra(tmp_path / "s.txt", [far, igra_sounding(NOON), cut_off])
    write_igra(tmp_path / "m.txt", [away])
    model = measured_wind(WindChoice(model="sounding", files=("s.txt", "m.txt")), tmp_path, NOON, *ZONE)
    assert "bad" not in model.note
    with pytest.raises(ConfigError, match=r"m\.txt: line \d+: the heights must rise"):
        measured_wind(WindChoice(model="sounding", file="m.txt"), tmp_path, NOON, *ZONE)


def test_only_bad_soundings_are_refused_even_when_they_may_be_skipped(tmp_path):
    write_igra(tmp_path / "s.txt", [bad(igra_sounding(NOON))])
    for when_bad in ("refuse", "skip"):
        choice = WindChoice(model="sounding", file="s.txt", bad_soundings=when_bad)
        with pytest.raises(ConfigError, match="the heights must rise"):
            measured_wind(choice, tmp_path, NOON, *ZONE)


def test_readings_name_what_is_bad(tmp_path):
    path = write_igra(tmp_path / "s.txt", [igra_sounding(NOON), bad(igra_sounding(NOON + timedelta(hours=12)))])
    found = igra_readings(path)
    assert (len(found.good), [one.utc.day for one in found.bad]) == (1, [30])
    assert len(soundings_of(path, NOON, 3600.0).bad) == 0
    (tmp_path / "w.html").write_text(wyoming_page(NOON) + wyoming_page(NOON + timedelta(hours=12), name="WIND"))
    found = wyoming_readings(tmp_path / "w.html")
    assert len(found.good) == 1
    assert "expected the columns PRES, HGHT, DRCT and SKNT or SPED" in str(found.bad[0].error)


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("altitude_m,speed_kt,direction_deg", "1000,20,270", (1000.0, 20 * KNOT_M_S)),
        ("Altitude (ft);Wind speed (knots);Direction (deg)", "3000;20;270", (914.4, 20 * KNOT_M_S)),
        ("height_km\tspeed_km/h\tdirection", "1.5\t36\t270", (1500.0, 10.0)),
        ("altitude[m] speed[m/s] dir[\u00b0]", "800 7 270", (800.0, 7.0)),
        ("pressure_hPa,temperature_C,altitude_m,wind_speed_m_s,wind_direction_deg", "900,4,988,7,270", (988.0, 7.0)),
        ("altitude_m,u_kt,v_kt", "1000,10,0", (1000.0, 10 * KNOT_M_S)),
    ],
)
def test_a_plain_table_says_its_units_in_its_header(tmp_path, header, row, expected):
    path = tmp_path / "w.csv"
    path.write_text(f"# a table\n{header}\n{row}\n", encoding="utf-8")
    assert kind_of(path) == "csv"
    wind = wind_from_csv(path).table
    assert wind.lowest_m == pytest.approx(expected[0])
    assert (wind.layers[0, 0], wind.layers[0, 2]) == pytest.approx((expected[1], 0.0), abs=1e-9)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("altitude_m,speed,direction_deg", r"line 1: expected the header to say the unit of 'speed' \(m_s, kt, km_h\)"),
        ("altitude,speed_kt,direction_deg", r"the unit of 'altitude' \(m, km, ft\), got none"),
        ("altitude_m,speed_mph,direction_deg", "'speed_mph' .*, got the unit 'mph'"),
        ("altitude_m,speed_m_s,direction_rad", "got the unit 'rad'"),
        ("altitude_m,speed_m_s,speed_kt,direction_deg", "expected one column of speed, got 'speed_m_s' and 'speed_kt'"),
        ("altitude_m,speed_m_s", "expected the header altitude_m,east_m_s,north_m_s or"),
    ],
)
def test_a_plain_table_without_units_is_refused(tmp_path, header, words):
    (tmp_path / "w.csv").write_text(f"{header}\n1000,10,270,0\n")
    with pytest.raises(ConfigError, match=words):
        wind_from_csv(tmp_path / "w.csv")


def test_an_error_page_is_not_a_sounding(tmp_path):
    (tmp_path / "e.html").write_text("<!DOCTYPE html>\n<html><body>Service unavailable</body></html>\n")
    with pytest.raises(ConfigError, match="a web page, perhaps the error of a service"):
        kind_of(tmp_path / "e.html")
    (tmp_path / "u.txt").write_text("Unable to retrieve the data for 35671 at 2022-09-29 12:00:00.\n")
    with pytest.raises(ConfigError, match="begins with 'Unable to retrieve"):
        kind_of(tmp_path / "u.txt")
