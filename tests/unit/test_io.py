"""Products of a flight: tables, summary, ground tracks, the folder, and files that are whole or absent."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import flight_factory
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steppe.config.loader import load_mission
from steppe.errors import ConfigError, OutputError
from steppe.files import atomic_path, json_text, write_text
from steppe.flight.result import Flight, Track
from steppe.io import folder as folder_module
from steppe.io.folder import write_folder
from steppe.io.geojson import circle, flight_geojson, split_at_antimeridian, write_geojson
from steppe.io.summary import summary
from steppe.io.tables import read_parquet, write_departure, write_parquet
from steppe.nomenclature import VARIABLES


@pytest.fixture(scope="module")
def flight() -> Flight:
    return flight_factory.complete_flight()


def strict(text: str) -> dict:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


# ---- atomic


def test_a_broken_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with pytest.raises(OutputError, match=r"a\.txt.*disk is full"), atomic_path(target):
        raise OSError(28, "No space left on device")
    assert not target.exists()


@pytest.mark.parametrize(
    ("name", "hint"), [("no/such/a.txt", "create it first"), ("file/a.txt", "not a folder"), ("dir", "is a folder")]
)
def test_a_path_that_cannot_work_gets_a_hint(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dir").mkdir()
    with pytest.raises(OutputError, match=hint):
        write_text(tmp_path / name, "x")


# ---- Parquet


def test_parquet_gives_back_every_column_to_the_bit(flight: Flight, tmp_path: Path) -> None:
    write_parquet(flight, tmp_path / "f.parquet")
    tracks = read_parquet(tmp_path / "f.parquet")
    assert list(tracks) == ["capsule", "Orbital module", "Service module"]
    for track in (flight.track, *flight.modules):
        back = tracks[track.body].columns
        assert back.keys() == track.columns.keys()
        for name, values in track.columns.items():
            np.testing.assert_array_equal(back[name], values, strict=True)


def test_parquet_tells_units_frames_and_where_it_came_from(flight: Flight, tmp_path: Path) -> None:
    write_parquet(flight, tmp_path / "f.parquet")
    schema = pq.read_schema(tmp_path / "f.parquet")
    about = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert about["steppe.mission"] == "test-return"
    assert about["steppe.status"] == "landed"
    assert about["steppe.version"] == "0.1.0"
    assert about["steppe.config_hash"] == "0123456789abcdef"
    assert about["steppe.epoch_utc"] == "2022-09-29T07:34:20.250000Z"
    field = schema.field("vx_m_s").metadata
    assert field == {b"unit": b"m/s", b"frame": b"ITRF", b"meaning": VARIABLES["vx_m_s"].meaning.encode()}
    column = pq.ParquetFile(tmp_path / "f.parquet").metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"


def test_a_column_that_a_module_lacks_is_null_and_undefined_stays_nan(flight: Flight, tmp_path: Path) -> None:
    write_parquet(flight, tmp_path / "f.parquet")
    table = pq.read_table(tmp_path / "f.parquet")
    assert table["load_g"].null_count == sum(len(module) for module in flight.modules)
    mach = read_parquet(tmp_path / "f.parquet")["capsule"].columns["mach"]
    assert np.isnan(mach[0])


def test_a_column_without_a_definition_is_refused(flight: Flight, tmp_path: Path) -> None:
    odd = replace(
        flight, track=Track("capsule", {**flight.track.columns, "speed_furlongs": np.zeros(len(flight.track))})
    )
    with pytest.raises(OutputError, match="speed_furlongs"):
        write_parquet(odd, tmp_path / "f.parquet")


def test_what_is_no_flight_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no")
    for name in ("x.parquet", "missing.parquet"):
        with pytest.raises(OutputError, match=name):
            read_parquet(tmp_path / name)


def test_departure_has_its_own_table(flight: Flight, tmp_path: Path) -> None:
    write_departure(flight, tmp_path / "d.parquet")
    assert flight.departing is not None
    back = read_parquet(tmp_path / "d.parquet")["ship"].columns
    np.testing.assert_array_equal(back["along_track_m"], flight.departing.columns["along_track_m"])
    with pytest.raises(OutputError, match="did not start at a station"):
        write_departure(flight_factory.entry_only(), tmp_path / "e.parquet")


# ---- summary


def test_summary_is_strict_json_with_null_for_undefined(flight: Flight) -> None:
    document = strict(json_text(summary(flight)))
    assert document == summary(flight)
    assert document["mission"] == "test-return"
    assert document["status"] == "landed"
    undocking = document["events"][0]
    assert undocking["utc"] == "2022-09-29T07:34:20.250Z"
    assert undocking["mach"] is None
    assert undocking["difference_s"] == 12.0
    assert undocking["published_utc"] == "2022-09-29T07:34:08.250Z"
    assert document["plan"]["miss_km"] is None
    assert document["peaks"]["load_g"] == flight.peaks.load_g
    assert document["touchdown"]["distance_to_published_km"] == 6.8
    assert document["departure"]["returns"] is False
    assert [module["name"] for module in document["modules"]] == ["Orbital module", "Service module"]
    assert 69e3 < document["modules"][0]["last_altitude_m"] < 72e3


def test_summary_of_a_flight_that_did_not_land(flight: Flight) -> None:
    document = summary(flight_factory.entry_only())
    assert document["touchdown"] is None
    assert document["departure"] is None
    assert document["modules"] == []
    assert document["status"] == "ended"
    assert document["status_sentence"]


def test_local_time_is_the_same_moment(flight: Flight) -> None:
    # Kazakhstan south-east of Zhezkazgan kept UTC+6 in 2022 (IANA tz database, Asia/Almaty)
    event = summary(flight, "Asia/Almaty")["events"][0]
    assert event["local"] == "2022-09-29T13:34:20.250+06:00"
    assert datetime.fromisoformat(event["local"]) == datetime.fromisoformat(event["utc"].replace("Z", "+00:00"))


@pytest.mark.parametrize("name", ["Asia/Almatty", "", "../etc/passwd", "Asia"])
def test_an_unknown_time_zone_is_a_config_error(flight: Flight, name: str) -> None:
    with pytest.raises(ConfigError, match="there is no time zone"):
        summary(flight, name)


# ---- GeoJSON


def test_geojson_has_tracks_events_and_zone(flight: Flight, tmp_path: Path) -> None:
    write_geojson(flight, tmp_path / "t.geojson")
    document = strict((tmp_path / "t.geojson").read_text(encoding="utf-8"))
    assert document == flight_geojson(flight)
    kinds = [feature["properties"]["kind"] for feature in document["features"]]
    assert kinds.count("track") == 3
    assert kinds.count("event") == len(flight.events)
    assert kinds.count("zone") == 1
    capsule = document["features"][0]["geometry"]
    assert capsule["type"] == "MultiLineString"
    for line in capsule["coordinates"]:
        longitudes = np.array(line)[:, 0]
        assert np.all(np.abs(longitudes) <= 180.0)
        assert np.all(np.abs(np.diff(longitudes)) < 180.0)
    for before, after in zip(capsule["coordinates"], capsule["coordinates"][1:], strict=False):
        assert before[-1][0] == -after[0][0] and abs(after[0][0]) == 180.0
        assert before[-1][1:] == after[0][1:]
    assert capsule["coordinates"][-1][-1][1] == pytest.approx(flight.track.columns["latitude_deg"][-1], abs=1e-6)


@given(
    start=st.floats(-179.0, 179.0),
    steps=st.lists(st.floats(-150.0, 150.0).filter(lambda v: abs(v) > 1e-3), min_size=1, max_size=30),
)
def test_split_keeps_every_point_and_never_jumps(start: float, steps: list[float]) -> None:
    longitude = start + np.cumsum([0.0, *steps])
    value = np.linspace(0.0, 1.0, len(longitude))
    pieces = split_at_antimeridian(longitude, value)
    inner = np.concatenate([piece[1] for piece in pieces])
    assert np.all(np.diff(inner) >= 0.0)
    assert set(np.round(value, 9)) <= set(np.round(inner, 9))
    # length along the equator is kept: nothing is drawn twice or left out
    assert sum(np.abs(np.diff(piece[0])).sum() for piece in pieces) == pytest.approx(np.abs(steps).sum(), abs=1e-6)


@given(longitude=st.floats(-180.0, 180.0), latitude=st.floats(-80.0, 80.0), radius=st.floats(1e3, 5e5))
def test_circle_lies_at_its_radius_and_turns_left(longitude: float, latitude: float, radius: float) -> None:
    shape = circle(longitude, latitude, radius)
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    for (ring,) in polygons:
        points = np.array(ring)
        assert ring[0] == ring[-1]
        assert np.all(np.abs(points[:, 0]) <= 180.0)
        lon, lat = np.radians(points).T
        x, y = points.T
        assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0.0
        lon0, lat0 = math.radians(longitude), math.radians(latitude)
        # haversine, an independent way to the distance
        h = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * math.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
        distance = 2.0 * 6378137.0 * np.arcsin(np.sqrt(h))
        on_the_cut = np.abs(points[:, 0]) == 180.0
        np.testing.assert_allclose(distance[~on_the_cut], radius, rtol=1e-3)


def test_circle_round_a_pole_is_a_band() -> None:
    ring = np.array(circle(30.0, 89.0, 300e3)["coordinates"][0])
    assert ring[:, 1].max() == 90.0
    assert (ring[:, 0].min(), ring[:, 0].max()) == (-180.0, 180.0)


# ---- the folder


def test_folder_holds_everything_and_reproduces_the_mission(flight: Flight, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    files = write_folder(flight, out, {"note.txt": lambda path: write_text(path, "hi")}, timezone="Asia/Almaty")
    names = {path.relative_to(out).as_posix() for path in files}
    assert {"flight.parquet", "departure.parquet", "events.json", "track.geojson", "oem/capsule.oem"} <= names
    assert {"rdm/capsule.rdm", "rdm/capsule.xml", "rdm/orbital-module.rdm", "rdm/service-module.xml"} <= names
    assert {"oem/orbital-module.oem", "oem/service-module.oem", "mission.toml", "note.txt"} <= names
    assert names == {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert set(strict((out / "events.json").read_text())["files"]) == names
    assert load_mission(out / "mission.toml").config_hash == flight.mission.config_hash
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_older_flight_is_replaced_and_foreign_files_stay(flight: Flight, tmp_path: Path) -> None:
    write_folder(flight, tmp_path)
    (tmp_path / "my notes.txt").write_text("mine")
    write_folder(flight_factory.entry_only(), tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert "my notes.txt" in names
    assert "oem/orbital-module.oem" not in names
    assert "departure.parquet" not in names
    assert strict((tmp_path / "events.json").read_text())["status"] == "ended"


@pytest.mark.parametrize("marker", [None, "{}", "[1]", "not json", '"mission"'])
def test_a_folder_of_other_origin_is_refused(flight: Flight, tmp_path: Path, marker: str | None) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    if marker is not None:
        (tmp_path / "events.json").write_text(marker)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match="choose a new or empty folder"):
        write_folder(flight, tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_a_forged_list_deletes_nothing_outside(flight: Flight, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep")
    out = tmp_path / "out"
    out.mkdir()
    (out / "events.json").write_text('{"mission": "m", "files": ["../precious.txt"]}')
    write_folder(flight, out)
    assert (tmp_path / "precious.txt").read_text() == "keep"


def test_a_file_in_the_way_is_named(flight: Flight, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="it is a file"):
        write_folder(flight, tmp_path / "out")
    with pytest.raises(OutputError, match="cannot write"):
        write_folder(flight, tmp_path / "out" / "below")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_in_words(flight: Flight, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission"):
        write_folder(flight, tmp_path / "out")


def test_a_failure_half_way_leaves_the_older_flight(
    flight: Flight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_folder(flight, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_module, "write_geojson", full)
    with pytest.raises(OutputError, match="disk is full"):
        write_folder(flight, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
