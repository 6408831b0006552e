"""``steppe wind``, ``steppe terrain`` and what a flight writes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from test_terrain import MISSION, hgt
from wind_files import KNOT_M_S, LEVELS, igra_sounding, write_igra

import steppe
from steppe.cli.main import run
from steppe.environment.wind import wind_from_csv
from steppe.flight.ground import Elevation
from steppe.flight.surroundings import wind_sheet_of, with_wind_of
from steppe.flight.terrain_sheet import terrain_sheet, with_terrain_of
from steppe.kernels.wind import wind_at

NOON = datetime(2022, 9, 29, 12, tzinfo=UTC)


def test_the_wind_of_a_file_as_table_files_and_json(tmp_path, capsys):
    path = write_igra(tmp_path / "s.txt", [igra_sounding(NOON - timedelta(hours=12)), igra_sounding(NOON)])
    assert run(["wind", "ms-21", "--file", str(path), "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    for words in ("soundings, 2022-09-29 10:54 UTC", "KZM00035671", "91%", "9%", "spread", "GOST R 54084-2010"):
        assert words in shown
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["wind.csv", "wind.json", "wind.png"]
    # What is written can be flown
    sheet = wind_sheet_of(with_wind_of(steppe.load_mission("ms-21"), path), NOON)
    assert run(["wind", "ms-21", "--file", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    again = wind_from_csv(tmp_path / "out" / "wind.csv").table
    for row in document["levels"][::20]:
        assert wind_at(again, row["altitude_m"]) == pytest.approx((row["east_m_s"], row["north_m_s"]), abs=1e-3)
        assert row["speed_m_s"] == pytest.approx(np.hypot(row["east_m_s"], row["north_m_s"]))
    assert [one["levels"] for one in document["columns"]] == [len(LEVELS), len(LEVELS)]
    assert document["warning"] is None and sheet.warning() == ""


def test_knots_taken_for_metres_a_second_are_asked_about(tmp_path, capsys):
    """A jet of 45 m/s is strong; the same numbers in knots called m/s are beyond what the month knows."""
    strong = tuple((p, h, d, 2.0 * s) for p, h, d, s in LEVELS)
    mistaken = tuple((p, h, d, s / KNOT_M_S) for p, h, d, s in strong)
    for levels, asked in ((LEVELS, False), (mistaken, True)):
        path = write_igra(tmp_path / f"{asked}.txt", [igra_sounding(NOON, levels)])
        assert run(["wind", "ms-21", "--file", str(path)]) == 0
        assert ("WARNING" in capsys.readouterr().out) == asked
    sheet = wind_sheet_of(with_wind_of(steppe.load_mission("ms-21"), tmp_path / "True.txt"), NOON)
    assert "knots taken for m/s" in sheet.warning()


def test_a_flight_in_a_sounding_over_a_tile_shows_both(tmp_path, capsys):
    write_igra(tmp_path / "s.txt", [igra_sounding(NOON)])
    hgt(tmp_path / "N47E069.hgt", lambda latitude, longitude: 400.0 + 0.0 * (latitude + longitude))
    text = MISSION + '[wind]\nmodel = "sounding"\nfile = "s.txt"\n[terrain]\nfile = "N47E069.hgt"\n'
    (tmp_path / "m.toml").write_text(text)
    assert run(["fly", str(tmp_path / "m.toml"), "--out", str(tmp_path / "out")]) == 0
    names = {one.name for one in (tmp_path / "out").iterdir()}
    assert {"wind.csv", "wind.png", "terrain.png"} <= names
    events = json.loads((tmp_path / "out" / "events.json").read_text())
    assert events["provenance"]["terrain"] == "N47E069.hgt"
    assert events["provenance"]["ground_slope_deg"] == "0.00"


def test_the_terrain_of_a_mission_as_table_files_and_json(tmp_path, capsys):
    assert run(["terrain", "ms-21", "--at", "47.3, 69.5", "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    for words in ("centre of zhezkazgan-se", "published landing", "47.3 N 69.5 E", "343", "bundled grid"):
        assert words in shown
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["terrain.csv", "terrain.json", "terrain.png"]
    rows = (tmp_path / "out" / "terrain.csv").read_text().splitlines()
    assert len(rows) == 1 + 181 * 181
    tile = hgt(
        tmp_path / "N47E069.hgt", lambda latitude, longitude: 500.0 + 300.0 * (longitude - 69.5) + 0.0 * latitude
    )
    assert run(["terrain", "ms-21", "--file", str(tile), "--json"]) == 0
    places = json.loads(capsys.readouterr().out)["places"]
    assert (places[0]["height_m"], places[0]["source"]) == (pytest.approx(530.0, abs=0.6), "N47E069.hgt")
    assert places[0]["slope_deg"] == pytest.approx(0.228, abs=0.12)
    for words, said in (("47.3", "expected 'LATITUDE LONGITUDE'"), ("95 69", "expected a latitude to 90")):
        assert run(["terrain", "ms-21", "--at", words]) == 1
        assert said in capsys.readouterr().err
    assert run(["terrain", "ms-21", "--file", str(tmp_path / "none.hgt")]) == 1


def test_a_void_under_the_touchdown_falls_back_to_the_bundled_grid(tmp_path):
    tile = hgt(
        tmp_path / "N47E069.hgt", lambda latitude, longitude: np.where(longitude > 69.8, -32768, 400.0 + 0 * latitude)
    )
    loaded = with_terrain_of(steppe.load_mission("ms-21"), [tile])
    elevation = Elevation.of(loaded)
    assert elevation is not None
    assert elevation.at(47.3, 69.5).source == "N47E069.hgt"
    assert "bundled grid" in elevation.at(47.3, 69.9).source
    assert np.isfinite(terrain_sheet(loaded).height_m).all()
