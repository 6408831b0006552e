"""The loader finds presets and files, follows what they name, and writes missions that read back the same."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from steppe.config.loader import (
    load_mission,
    load_vehicle,
    load_zone,
    mission_names,
    vehicle_names,
    zone_names,
)
from steppe.config.reproducible import write_reproducible
from steppe.errors import ConfigError, OutputError
from steppe.nomenclature import EVENTS

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ENTRY = """
name = "drop"
vehicle = "soyuz-ms"
[start]
phase = "free"
[start.surface]
utc = 2020-01-01T00:00:00Z
altitude_m = "30000 ft"
latitude_deg = 0
longitude_deg = 0
speed_m_s = 0
"""


def write(folder: Path, text: str, name: str = "mission.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", mission_names())
def test_every_mission_preset_loads_and_is_complete(name):
    loaded = load_mission(name)
    assert loaded.mission.name == name
    assert loaded.source == f"preset {name}"
    assert loaded.folder is None
    assert loaded.vehicle.name == "soyuz-ms"
    assert loaded.mission.deorbit is not None
    assert loaded.mission.deorbit.ignition_utc is None, "the burn is for steppe to plan"
    assert {"undocking", "touchdown"} <= set(loaded.mission.published.events)
    assert set(loaded.mission.published.events) <= set(EVENTS)
    assert set(loaded.mission.published.precision_s) == set(loaded.mission.published.events)


def test_there_is_a_mission_for_every_record_with_an_orbit_before_undocking():
    records = json.loads(resources.files("steppe.data").joinpath("returns.json").read_text("utf-8"))
    flown = {
        record["id"].lower(): record
        for record in records
        if any(orbit["last_before_undocking"] for orbit in record.get("station_orbits", ()))
    }
    assert set(mission_names()) == set(flown)
    for name, record in flown.items():
        mission = load_mission(name).mission
        last = next(orbit for orbit in record["station_orbits"] if orbit["last_before_undocking"])
        assert (mission.station.line1, mission.station.line2) == (last["line1"], last["line2"])
        assert last["epoch_utc"] < record["undock_utc"]
        assert mission.published.touchdown_latitude_deg == record.get("landing_lat_deg")
        assert (mission.guidance.law == "ballistic") == (record["mode"] == "ballistic")


def test_the_zone_never_comes_from_the_landing_of_the_flight():
    zones = {name: load_zone(name) for name in zone_names()}
    for name in mission_names():
        loaded = load_mission(name)
        assert isinstance(loaded.mission.zone, str)
        assert loaded.zone == zones[loaded.mission.zone]


def test_masses_of_the_soyuz_add_up():
    # RSC Energia and NASA: capsule 2900 kg, orbital module 1300 kg; about 280 kg for the burn at 1 kg/s
    soyuz = load_vehicle("soyuz-ms")
    parts = soyuz.capsule.mass_kg + sum(module.mass_kg for module in soyuz.split.modules)
    assert 270 <= soyuz.ship.mass_kg - parts <= 300
    assert soyuz.ship.propellant_kg > 280


def test_preset_names_are_not_case_sensitive():
    assert load_mission("MS-21").config_hash == load_mission("ms-21").config_hash
    assert load_vehicle("Soyuz-MS").name == "soyuz-ms"


@pytest.mark.parametrize("names", [mission_names(), vehicle_names(), zone_names()])
def test_names_are_sorted_and_not_empty(names):
    assert names
    assert list(names) == sorted(names)


def test_examples_load():
    loaded = load_mission(EXAMPLES / "apollo-like-entry.toml")
    assert loaded.vehicle.name == "apollo-command-module"
    assert loaded.folder == EXAMPLES
    assert loaded.mission.start.surface.altitude_m == pytest.approx(123551.0)


def test_files_beside_the_mission_are_found(tmp_path):
    write(
        tmp_path, 'name = "c"\n' + EXAMPLES.joinpath("my-capsule.toml").read_text("utf-8").split("\n", 3)[3], "v.toml"
    )
    write(tmp_path, 'name = "z"\nlatitude_deg = 1\nlongitude_deg = 2\n', "z.toml")
    text = ENTRY.replace('"soyuz-ms"', '"v.toml"\nzone = "./z.toml"')
    loaded = load_mission(write(tmp_path, text))
    assert (loaded.vehicle.name, loaded.zone.name) == ("c", "z")


@pytest.mark.parametrize("name", ["ms-21", "tma-1", EXAMPLES / "apollo-like-entry.toml"])
def test_a_reproducible_copy_has_the_same_hash(tmp_path, name):
    loaded = load_mission(name)
    write_reproducible(loaded, tmp_path / "deep" / "copy")
    again = load_mission(tmp_path / "deep" / "copy" / "mission.toml")
    assert again.config_hash == loaded.config_hash
    assert again.vehicle == loaded.vehicle
    assert again.zone == loaded.zone
    assert not list(tmp_path.rglob("*.partial"))


def test_a_reproducible_copy_takes_the_named_files_along(tmp_path):
    write(tmp_path, "altitude_m,east_m_s,north_m_s\n0,1,2\n", "my wind.csv")
    text = ENTRY + '[wind]\nmodel = "table"\nfile = "my wind.csv"\n'
    loaded = load_mission(write(tmp_path, text))
    write_reproducible(loaded, tmp_path / "copy")
    again = load_mission(tmp_path / "copy" / "mission.toml")
    assert again.config_hash == loaded.config_hash
    assert again.read_beside("wind") == loaded.read_beside("wind")
    (tmp_path / "copy" / "wind.csv").write_text("altitude_m,east_m_s,north_m_s\n0,9,9\n", "utf-8")
    assert again.config_hash != loaded.config_hash


def test_the_hash_sees_every_value_and_no_spelling(tmp_path):
    first = load_mission(write(tmp_path, ENTRY, "a.toml"))
    spelled = load_mission(write(tmp_path, ENTRY.replace('"30000 ft"', "9144.0") + "# a comment\n", "b.toml"))
    other = load_mission(write(tmp_path, ENTRY.replace('"30000 ft"', '"30001 ft"'), "c.toml"))
    assert spelled.config_hash == first.config_hash
    assert other.config_hash != first.config_hash


def test_the_hash_does_not_depend_on_the_process():
    code = "from steppe.config.loader import load_mission; print(load_mission('ms-07').config_hash)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == load_mission("ms-07").config_hash


def test_writing_where_a_file_is_says_so(tmp_path):
    blocked = write(tmp_path, "", "taken")
    with pytest.raises(OutputError, match="taken"):
        write_reproducible(load_mission("ms-21"), blocked)


def test_the_loader_does_not_load_the_compiler():
    code = "import sys, steppe.config.loader; sys.exit('numba' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "mission.toml"
    path.write_bytes(b"\xef\xbb\xbf" + ENTRY.encode())
    assert load_mission(path).mission.name == "drop"


def test_free_flight_needs_no_parachutes_but_a_canopy_flight_does(tmp_path):
    head = EXAMPLES.joinpath("my-capsule.toml").read_text("utf-8")
    write(tmp_path, head.split("[parachutes]")[0].replace("[capsule.bank]", "").split("max_rate")[0], "bare.toml")
    text = ENTRY.replace('"soyuz-ms"', '"bare.toml"')
    assert load_mission(write(tmp_path, text)).vehicle.parachutes is None
    with pytest.raises(ConfigError, match=r"phase 'canopy' .* needs \[parachutes\] .* 'apollo-command-module'"):
        load_mission(write(tmp_path, text.replace('"free"', '"canopy"')))
    steered = text.replace('"free"', '"entry"').replace('name = "drop"', 'name = "drop"\nzone = "zhezkazgan-se"')
    with pytest.raises(ConfigError, match=r"needs \[capsule.bank\]"):
        load_mission(write(tmp_path, steered))
    assert (
        load_mission(write(tmp_path, steered + '[guidance]\nlaw = "ballistic"\n')).mission.guidance.law == "ballistic"
    )
