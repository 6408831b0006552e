"""Space weather from a file of CelesTrak instead of the bundled table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

import steppe
from steppe.environment.space_weather import bundled_table, space_weather_at
from steppe.environment.space_weather_file import read_space_weather
from steppe.errors import ConfigError

HEAD = "DATE," + ",".join(f"AP{k}" for k in range(1, 9)) + ",AP_AVG,F10.7_OBS,F10.7_OBS_CENTER81,F10.7_DATA_TYPE"
FIRST = date(2022, 9, 20)


def row(day, flux=150.0, kind="OBS", ap=8):
    return f"{FIRST + timedelta(days=day)}," + f"{ap}," * 8 + f"{ap},{flux},140.0,{kind}"


def write(folder, rows):
    path = folder / "sw.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return path


def test_a_file_is_read_like_the_bundled_table(tmp_path):
    rows = [row(day) for day in range(12)] + [row(12, 155.0, "PRD"), row(13, 155.0, "PRD")]
    rows.append(f"{FIRST + timedelta(days=30)}," + "," * 8 + ",150,150,PRM")
    table = read_space_weather(write(tmp_path, rows))
    assert (table.first, table.last_observed, table.last) == (FIRST, date(2022, 10, 1), date(2022, 10, 3))
    weather = space_weather_at(datetime(2022, 9, 29, 11, tzinfo=UTC), table)
    assert (weather.f107_sfu, weather.f107a_sfu, weather.ap[0], weather.status) == (150.0, 140.0, 8.0, "observed")
    assert bundled_table().source != table.source


def test_a_burst_is_replaced_by_the_median(tmp_path):
    table = read_space_weather(write(tmp_path, [row(day, 900.0 if day == 5 else 150.0) for day in range(10)]))
    assert np.all(table.f107_tenths == 1500)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(day) for day in (0, 1, 3, 4, 5)], "line 4: expected 2022-09-22, got 2022-09-23"),
        ([row(0).replace("2022-09-20", "20.9.2022")], "line 2, column DATE: expected a date"),
        ([row(0, 5.0)], "line 2, column F10.7_OBS: expected a number from 50 to 5000, got '5.0'"),
        ([row(0, ap=900)], "line 2, column AP1: expected a number from 0 to 400"),
        ([row(day) for day in range(3)], "at least 5 days"),
        ([row(0).rsplit(",", 2)[0]], "line 2, column F10.7_OBS_CENTER81: expected a number from 50 to 500, got ''"),
        ([row(day, kind="PRD") for day in range(8)], "some observed"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, rows, words):
    with pytest.raises(ConfigError, match=words):
        read_space_weather(write(tmp_path, rows))


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("<html>")
    with pytest.raises(ConfigError, match="expected the columns of CelesTrak, found none named DATE"):
        read_space_weather(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not a CSV file in UTF-8"):
        read_space_weather(tmp_path / "a.csv")
    with pytest.raises(ConfigError, match=r"cannot read .* check air\.space_weather"):
        read_space_weather(tmp_path / "none.csv")


def test_a_mission_flies_with_the_weather_of_its_file(tmp_path):
    write(tmp_path, [row(day, 250.0, ap=100) for day in range(40)])
    text = (
        'name = "m"\nvehicle = "soyuz-ms"\n[start]\nphase = "free"\n[start.surface]\nutc = 2022-09-29T10:42:53Z\n'
        "altitude_m = 90000\nlatitude_deg = 47.4\nlongitude_deg = 69.5\nspeed_m_s = 100\n[air]\n"
    )
    (tmp_path / "m.toml").write_text(text + 'space_weather = "sw.csv"\n')
    flight = steppe.fly(steppe.load_mission(tmp_path / "m.toml"))
    assert "F10.7 250" in flight.provenance["space_weather"]
    assert flight.provenance["space_weather_table"].startswith("sw.csv, sha256")
    (tmp_path / "m.toml").write_text(text + 'space_weather = "none.csv"\n')
    with pytest.raises(ConfigError, match=r"air\.space_weather: cannot read"):
        steppe.load_mission(tmp_path / "m.toml")
