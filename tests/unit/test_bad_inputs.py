"""Wrong input from the command line to the exit code: one message, no traceback, nothing left behind.

Exit code 1 is a mission that cannot be flown, 2 a flight that did not land.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from steppe.cli.main import run
from steppe.frames.tle import checksum

Steppe = Callable[..., subprocess.CompletedProcess[str]]

LINE1 = "1 25544U 98067A   22272.26549602  .00014767  00000-0  26267-3 0  9990"
LINE2 = "2 25544  51.6450 180.9409 0002599 316.3019 188.2514 15.50383691361327"

STATION = f"""
name = "mine"
vehicle = "soyuz-ms"
zone = "zhezkazgan-se"

[station]
line1 = "{LINE1}"
line2 = "{LINE2}"

[departure]
undocking_utc = 2022-09-29T07:34:20Z

[deorbit]
delta_v_m_s = 128
"""

ENTRY = """
name = "mine"
vehicle = "soyuz-ms"

[start]
phase = "entry"

[start.surface]
utc = 2022-09-29T10:34:00Z
altitude_m = "99.7 km"
latitude_deg = 33.6
longitude_deg = 44.9
speed_m_s = "7619 m/s"
flight_path_angle_deg = -1.7
heading_deg = 47

[guidance]
law = "open-loop"
"""


def fixed(line: str) -> str:
    return line[:68] + str(checksum(line))


def with_line2(column: int, text: str) -> str:
    return fixed(LINE2[: column - 1] + text + LINE2[column - 1 + len(text) :])


# old text, new text, what the one message must say (file, key, value, range, nearest choice: whatever applies)
REFUSED = {
    "unknown key": ("delta_v_m_s = 128", "delta_v = 128", r"mine\.toml.*deorbit\.delta_v: unknown key, did you mean"),
    "wrong unit": ("= 128", '= "128 kg"', r"mine\.toml: deorbit\.delta_v_m_s: expected a speed .*'128 kg'.*mass"),
    "out of range": ("= 128", "= 12800", r"deorbit\.delta_v_m_s = 12800: .*more than 0 and at most 2000 m/s"),
    "unknown vehicle": ('"soyuz-ms"', '"soyuz-mz"', r"vehicle: .*'soyuz-mz', did you mean 'soyuz-ms'"),
    "unknown zone": ('"zhezkazgan-se"', '"zheskazgan"', r"zone: .*'zheskazgan', did you mean 'zhezkazgan-"),
    "checksum": (LINE1, LINE1[:-1] + "3", r"mine\.toml: station.*line 1, column 69: the checksum is '3'.*up to 0"),
    "cut line": (LINE2, LINE2[:-2], r"mine\.toml: station.*line 2.*69 characters, this has 67"),
    "two objects": (LINE2, with_line2(3, "25545"), r"object '25544', line 2 of object '25545'"),
    "decayed orbit": (LINE2, with_line2(53, "17.40000000"), r"decayed or the elements are wrong: 17\.4000 rev"),
    "orbit that decays before the return": (LINE2, with_line2(53, "16.60000000"), r"station: SGP4 stops \d+ s after"),
    "old elements": ("2022-09-29T07", "2022-12-29T07", r"epoch at 2022-09-29.*91\.2 days before.*the limit is 15 days"),
    "new elements": ("2022-09-29T07", "2022-08-29T07", r"epoch at 2022-09-29.*days after.*the limit is 15 days"),
    "zone out of reach": (
        '"zhezkazgan-se"',
        '{ name = "north", latitude_deg = 70, longitude_deg = 60 }',
        r"does not pass within 400 km of zone 'north' \(70\.00 N 60\.00 E\).*nearest passage is \d+ km.*another",
    ),
    "ignition before undocking": (
        "= 128",
        "= 128\nignition_utc = 2022-09-29T07:00:00Z",
        r"deorbit\.ignition_utc must be later than departure\.undocking_utc",
    ),
    "ignition during the separation": (
        "= 128",
        "= 128\nignition_utc = 2022-09-29T07:35:00Z",
        r"mine\.toml: deorbit\.ignition_utc: the ignition must come 255 s to one day after .* got .*\+40 s",
    ),
    "ignition days later": (
        "= 128",
        "= 128\nignition_utc = 2022-10-05T07:35:00Z",
        r"deorbit\.ignition_utc: the ignition must come 255 s to one day after",
    ),
    "delta-v too small": ("= 128", "= 20", r"after a burn of 20\.0 m/s the ship does not come down.*raise deorbit"),
    "delta-v beyond the tanks": (
        "= 128",
        "= 400",
        r"deorbit\.delta_v_m_s: 400 m/s needs 8\d\d kg of propellant.*'soyuz-ms' has 39\d kg.*at most 18\d",
    ),
    "missing wind file": (
        "[deorbit]",
        '[wind]\nmodel = "table"\nfile = "winds.csv"\n[deorbit]',
        r"mine\.toml: wind\.file: cannot read '.*winds\.csv': .*the path counts from the folder of the mission file",
    ),
    "missing elements file": (
        f'line1 = "{LINE1}"\nline2 = "{LINE2}"',
        'file = "iss.tle"',
        r"mine\.toml: station\.file: cannot read '.*iss\.tle'",
    ),
    "vehicle without ship": (
        '"soyuz-ms"',
        '"bare.toml"',
        r"vehicle = 'bare\.toml': .*needs \[ship\] in the file of vehicle 'bare'",
    ),
    "steering without a roll": ('"soyuz-ms"', '"stiff.toml"', r"mine\.toml: .*needs \[capsule\.bank\]"),
}

REFUSED_ENTRIES = {
    "inside the Earth": ('"99.7 km"', "-400", r"mine\.toml: start: the start at -400 m lies below the ground at 0 m"),
    "kilometres as metres": (
        '[start.surface]\nutc = 2022-09-29T10:34:00Z\naltitude_m = "99.7 km"\nlatitude_deg = 33.6\n'
        'longitude_deg = 44.9\nspeed_m_s = "7619 m/s"\nflight_path_angle_deg = -1.7\nheading_deg = 47',
        "[start.state]\nutc = 2022-09-29T10:34:00Z\nposition_m = [3800.0, 3800.0, 3500.0]\n"
        "velocity_m_s = [-5000.0, 3000.0, 4800.0]",
        r"mine\.toml: start: the start lies 6 km from the centre, inside the Earth.*positions are in metres",
    ),
    "below the zone": (
        'altitude_m = "99.7 km"',
        'altitude_m = "300 m"\n#',
        r"mine\.toml: start: the start at 300 m lies below the ground at 343 m \(ground_height_m of zone",
    ),
    "canopy without parachutes": (
        'vehicle = "soyuz-ms"',
        'vehicle = "bare.toml"',
        r"mine\.toml: vehicle = 'bare\.toml': a flight from phase 'canopy'.*needs \[parachutes\]",
    ),
    "closed loop without a zone": ('"open-loop"', '"predictor-corrector"', r"needs a zone to steer to; give zone or"),
    "unknown phase": ('"entry"', '"reentry"', r"start\.phase = 'reentry': .*did you mean 'entry'"),
    "heading in hours": ("heading_deg = 47", 'heading_deg = "3 h"', r"start\.surface\.heading_deg: expected an angle"),
    "stop above the start": (
        "[guidance]",
        "[stop]\naltitude_m = 120e3\n[guidance]",
        r"mine\.toml: stop\.altitude_m: .*120000 m.*above the start at 99700 m",
    ),
}

CAPSULE = """
[capsule]
mass_kg = 2900
reference_area_m2 = 3.8
reference_length_m = 2.2
nose_radius_m = 2.2
[capsule.aerodynamics]
mach = [0, 10]
drag_coefficient = [1.0, 1.3]
lift_to_drag = [0.2, 0.26]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with two vehicles: one that is only a capsule, one of which the capsule cannot roll."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bare.toml").write_text('name = "bare"\n' + CAPSULE, "utf-8")
    import tomli_w

    from steppe.config.loader import load_vehicle

    stiff = load_vehicle("soyuz-ms").model_dump(exclude_none=True)
    del stiff["capsule"]["bank"]
    (tmp_path / "stiff.toml").write_text(tomli_w.dumps(stiff), "utf-8")
    return tmp_path


def complaint(folder: Path, text: str, capsys: pytest.CaptureFixture[str], *words: str, code: int = 1) -> str:
    """Fly a mission file that must not fly; return the message after all checks that hold for every one."""
    (folder / "mine.toml").write_text(text, "utf-8")
    before = sorted(folder.rglob("*"))
    capsys.readouterr()
    assert run(["fly", "mine.toml", *words]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ") and shown.err.count("error:") == 1
    assert "Traceback" not in shown.err and "Error" not in shown.err
    assert len(shown.err) < 1200
    assert sorted(folder.rglob("*")) == before, "something was left behind"
    return shown.err


@pytest.mark.parametrize("case", REFUSED)
def test_a_return_that_cannot_be_flown(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, says = REFUSED[case]
    assert old in STATION
    said = complaint(folder, STATION.replace(old, new), capsys)
    assert re.search(says, said, re.DOTALL), said


@pytest.mark.parametrize("case", REFUSED_ENTRIES)
def test_a_start_that_cannot_be_flown(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, says = REFUSED_ENTRIES[case]
    assert old in ENTRY
    text = ENTRY.replace(old, new)
    if case == "canopy without parachutes":
        text = text.replace('"entry"', '"canopy"')
    if case == "below the zone":
        text = text.replace('vehicle = "soyuz-ms"', 'vehicle = "soyuz-ms"\nzone = "zhezkazgan-se"')
    said = complaint(folder, text, capsys)
    assert re.search(says, said, re.DOTALL), said


def test_an_unknown_time_zone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(folder, ENTRY, capsys, "--timezone", "Europe/Londn")
    assert "--timezone" in said and "'Europe/Londn'" in said and "did you mean 'Europe/London'?" in said


def test_an_output_folder_below_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "taken").write_text("", "utf-8")
    said = complaint(folder, ENTRY, capsys, "--out", "taken/flight")
    assert "taken/flight" in said and "is a file" in said and "--out" in said


def test_an_output_folder_with_something_else_in_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "letters").mkdir()
    (folder / "letters" / "dear.txt").write_text("dear", "utf-8")
    said = complaint(folder, ENTRY, capsys, "--out", "letters")
    assert "the folder is not empty and holds no steppe flight" in said and "--out" in said


def test_an_output_folder_that_belongs_to_someone_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # /proc refuses new folders to everybody, even to root in a container
    if not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    said = complaint(folder, ENTRY, capsys, "--out", "/proc/flight")
    assert "cannot write /proc/flight" in said and "choose another folder" in said and "--out" in said


def test_a_mission_that_does_not_exist(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fly", "ms-2l"]) == 1
    assert "did you mean 'ms-21'" in capsys.readouterr().err


def test_two_problems_come_in_one_message(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(folder, ENTRY.replace("heading_deg", "heading").replace("= -1.7", "= -170"), capsys)
    assert "2 problems" in said or "3 problems" in said
    assert "flight_path_angle_deg = -170" in said and "did you mean 'heading_deg'" in said


def test_the_process_says_it_once_and_ends_with_1(steppe_command: Steppe, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(STATION.replace(LINE1, LINE1[:-1] + "3"), "utf-8")
    done = steppe_command("fly", "mine.toml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("error:") == 1 and "checksum" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.toml"]


# --- flights that do not land -----------------------------------------------------------------------------------------

NOT_LANDED = {
    # Faster than escape, shallow and lift up: leaves for good
    "skipped_out": (
        [('"7619 m/s"', '"10.9 km/s"'), ("= -1.7", "= -3"), ('"open-loop"', '"open-loop"\nreference_bank_deg = 0')],
        "climbed out of the atmosphere again",
    ),
    "load_limit": ([("[guidance]", "[limits]\nload_g = 3\n[guidance]")], "load exceeded the limit"),
    # A ball of lead: the parachutes are not open before the ground
    "hit_ground": ([("= -1.7", "= -60"), ('"soyuz-ms"', '"dart.toml"')], "before its sequence was complete"),
}


@pytest.mark.parametrize("status", NOT_LANDED)
def test_a_flight_that_does_not_land_is_exit_code_2(
    status: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, says = NOT_LANDED[status]
    dart = 'name = "dart"\n' + CAPSULE.replace("mass_kg = 2900", "mass_kg = 900000").replace("[0.2, 0.26]", "[0, 0]")
    dart += '[parachutes]\ncommand_altitude_m = 500\n[[parachutes.stages]]\nname = "one"\ndrag_area_m2 = 10\n'
    (folder / "dart.toml").write_text(dart, "utf-8")
    text = ENTRY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "mine.toml").write_text(text, "utf-8")
    assert run(["fly", "mine.toml", "--json"]) == 2
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert result["status"] == status
    assert result["touchdown"] is None
    assert shown.err.count("\n") == 1 and says in shown.err
    # The table for people says the same
    assert run(["fly", "mine.toml", "--no-figure", "--out", "flight"]) == 2
    assert says in capsys.readouterr().err
    assert (folder / "flight" / "events.json").is_file()
