"""The command: help, exit codes, what goes to which stream. The flights here are made up, nothing is simulated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steppe.cli.fly import default_folder, find_timezone
from steppe.cli.main import app, run
from steppe.config.loader import load_mission, mission_names, vehicle_names, zone_names
from steppe.errors import (
    ENDED,
    LANDED,
    SKIPPED_OUT,
    STATUS,
    ConfigError,
    OutputError,
    PlanError,
)
from steppe.flight.result import Event, Flight, Peaks, Touchdown, Track
from steppe.io.folder import FLIGHT_FOLDER, require_writable

VERBS = tuple(command.name for command in app.registered_commands if command.name)
Steppe = Callable[..., subprocess.CompletedProcess[str]]
_EPOCH = datetime(2022, 9, 29, 7, 34, 20, tzinfo=UTC)


def _flight(code: int = LANDED) -> Flight:
    landing = _EPOCH + timedelta(hours=3, minutes=22)
    event = Event("touchdown", 12120.0, landing, 350.0, 47.35, 69.6, 1.5, 0.004, landing - timedelta(seconds=42), 30.0)
    return Flight(
        mission=load_mission("ms-21"),
        status=STATUS[code],
        epoch=_EPOCH,
        track=Track("ship", {"time_s": np.array([0.0, 12120.0])}),
        modules=(),
        events=(event,),
        peaks=Peaks(4.1, 6.2e5, 1.2e4),
        touchdown=Touchdown(landing, 47.35, 69.6, 1.5, 6.8, 2.5, 1.25),
        departing=None,
        plan={},
        provenance={"version": "0"},
        notes=("the [wind] of the date is a climatology",),
    )


@pytest.fixture
def flies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Any], None]:
    """Replace the simulator: it returns the flight that is given, or raises the error that is given."""
    monkeypatch.chdir(tmp_path)

    def prepare(result: Any) -> None:
        def fly(loaded: Any, *, progress: Any = None) -> Flight:
            if isinstance(result, BaseException):
                raise result
            progress("flying")
            flight: Flight = result
            return flight

        monkeypatch.setattr("steppe.flight.simulate.fly", fly)
        monkeypatch.setattr("steppe.io.folder.write_folder", lambda *args, **kwargs: [])

    return prepare


def test_the_verbs_are_known() -> None:
    assert {"fly", "missions", "vehicles", "zones", "show", "doctor"} <= set(VERBS)


@pytest.mark.parametrize("words", [(), *((verb,) for verb in VERBS)], ids=lambda words: " ".join(words) or "steppe")
def test_help_gives_an_example(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"Example:  steppe {words[0] if words else 'fly'}" in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("steppe ")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "name a verb"),
        (("flyy",), "fly"),
        (("fly",), "Missing argument"),
        (("fly", "ms-21", "--jsn"), "--jsn"),
        (("fly", "ms-99"), "did you mean 'ms-"),
        (("fly", "nowhere/mission.toml"), "nowhere/mission.toml"),
        (("fly", "ms-21", "--timezone", "Europe/Londn"), "'Europe/London'"),
        (("show", "ms-2l"), "did you mean 'ms-2"),
        (("show", "ms-21", "--kind", "planet"), "planet"),
    ],
)
def test_wrong_use_is_one_message_and_exit_code_1(
    words: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(list(words)) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert shown.count("error:") == 1
    assert expected in shown
    assert "Traceback" not in shown


def test_a_landing_is_exit_code_0_and_prints_the_facts(flies: Any, capsys: pytest.CaptureFixture[str]) -> None:
    flies(_flight())
    assert run(["fly", "ms-21", "--timezone", "Asia/Almaty", "--no-figure"]) == 0
    shown = capsys.readouterr()
    for text in (
        "Touchdown", "10:56:20", "16:56:20", "10:55:38", "+42 s", "47.3500° N 69.6000° E",
        "2.5 km from the centre of the zone", "1.2 km from the published landing", "6.8 m/s before", "1.5 m/s after",
        "load 4.1 g", "62.0 W/cm²", "12.0 kPa", "the [wind] of the date is a climatology", "out/ms-21",
    ):  # fmt: skip
        assert text in shown.out
    assert shown.err == ""


def test_a_time_that_was_only_planned_has_a_star(flies: Any, capsys: pytest.CaptureFixture[str]) -> None:
    flight = _flight()
    burn = replace(flight.events[0], name="deorbit_ignition", published_precision_s=60.0)
    flies(replace(flight, events=(burn, *flight.events)))
    assert run(["fly", "ms-21", "--no-figure"]) == 0
    shown = capsys.readouterr().out
    assert " *10:55 " in shown
    assert " 10:55:38 " in shown
    assert "only as planned" in shown


def test_json_is_only_json_and_writes_nothing(flies: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flies(_flight())
    assert run(["fly", "ms-21", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["mission"] == "ms-21"
    assert shown.err == ""
    assert list(tmp_path.iterdir()) == []


def test_json_with_out_writes_the_folder(flies: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    flies(_flight())
    calls: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(
        "steppe.io.folder.write_folder", lambda flight, out, extra, timezone: calls.append((out, list(extra)))
    )
    assert run(["fly", "ms-21", "--json", "--out", "there"]) == 0
    assert run(["fly", "ms-21", "--json", "--out", "there", "--no-figure"]) == 0
    assert calls == [(Path("there"), ["report.html", "figure.png"]), (Path("there"), ["report.html"])]


def test_an_end_that_the_mission_asked_for_is_fine(flies: Any) -> None:
    flies(_flight(ENDED))
    assert run(["fly", "ms-21", "--no-figure"]) == 0


def test_no_landing_is_exit_code_2_and_says_what_to_try(flies: Any, capsys: pytest.CaptureFixture[str]) -> None:
    flies(replace(_flight(SKIPPED_OUT), touchdown=None))
    assert run(["fly", "ms-21", "--json"]) == 2
    shown = capsys.readouterr()
    assert json.loads(shown.out)["status"] == "skipped_out"
    assert STATUS[SKIPPED_OUT].hint in shown.err


def test_an_error_on_purpose_is_exit_code_1(flies: Any, capsys: pytest.CaptureFixture[str]) -> None:
    flies(PlanError("no burn reaches the zone"))
    assert run(["fly", "ms-21", "--debug"]) == 1
    assert capsys.readouterr().err == "error: no burn reaches the zone\n"


@pytest.mark.parametrize("debug", [False, True])
def test_our_fault_is_exit_code_3(flies: Any, capsys: pytest.CaptureFixture[str], debug: bool) -> None:
    flies(ZeroDivisionError("division by zero"))
    assert run(["fly", "ms-21", *(["--debug"] if debug else [])]) == 3
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert "please report" in shown
    assert ("Traceback" in shown) == debug


def test_an_interruption_is_exit_code_130(flies: Any, capsys: pytest.CaptureFixture[str]) -> None:
    flies(KeyboardInterrupt())
    assert run(["fly", "ms-21"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


def test_a_folder_that_cannot_be_written_stops_before_the_flight(
    flies: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    flies(AssertionError("flown although the folder cannot be written"))
    (tmp_path / "file").write_text("")
    assert run(["fly", "ms-21", "--out", "file/below"]) == 1
    assert "is a file" in capsys.readouterr().err
    assert run(["fly", "ms-21", "--out", "file"]) == 1


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    for marker in (None, "{}", "[", "[]"):
        if marker is not None:
            (tmp_path / "events.json").write_text(marker)
        with pytest.raises(OutputError, match="holds no steppe flight"):
            require_writable(tmp_path, FLIGHT_FOLDER)
    (tmp_path / "events.json").write_text('{"mission": "MS-21"}')
    require_writable(tmp_path, FLIGHT_FOLDER)
    require_writable(tmp_path / "new" / "folder", FLIGHT_FOLDER)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.json", "letter.txt"]


@pytest.mark.parametrize(
    ("name", "folder"),
    [("ms-21", "out/ms-21"), ("../../etc", "out/etc"), ("a b/c", "out/a-b-c"), ("..", "out/mission")],
)
def test_the_default_folder_stays_below_out(name: str, folder: str) -> None:
    assert default_folder(name) == Path(folder)


@pytest.mark.parametrize(
    ("wrong", "right"), [("london", "Europe/London"), ("new york", "America/New_York"), ("Asia/Almati", "Asia/Almaty")]
)
def test_an_unknown_time_zone_names_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean '{right}'"):
        find_timezone(wrong)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "Europe", "/etc/localtime"])
def test_a_time_zone_is_no_path(name: str) -> None:
    with pytest.raises(ConfigError, match="time zone"):
        find_timezone(name)


@pytest.mark.parametrize(
    ("verb", "names"), [("missions", mission_names), ("vehicles", vehicle_names), ("zones", zone_names)]
)
def test_lists_name_every_preset(verb: str, names: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == list(names())
    assert run([verb]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in names())


def test_show_prints_a_file_that_can_be_flown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["show", "ms-21"]) == 0
    path = tmp_path / "mine.toml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_mission(str(path)).config_hash == load_mission("ms-21").config_hash


def test_doctor_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["processor"]["cores"] >= 1
    assert isinstance(report["cuda"]["available"], bool)
    assert report["tables"]["Earth orientation"].startswith("1973-01-02 to 20")
    assert report["tables"]["space weather"].count("20") >= 2
    assert isinstance(report["compile cache"]["writable"], bool)
    assert run(["doctor"]) == 0
    assert "compile cache" in capsys.readouterr().out


def test_the_process_ends_with_the_exit_code(steppe_command: Steppe) -> None:
    assert steppe_command("missions").returncode == 0
    done = steppe_command("fly", "ms-99-nowhere.toml")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")


def test_an_ascii_terminal_is_no_failure(steppe_command: Steppe) -> None:
    done = steppe_command("missions", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_reader_that_leaves_is_no_failure(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(0.2)\nfrom steppe.cli.main import main; main()", "missions"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert complaint == b""
