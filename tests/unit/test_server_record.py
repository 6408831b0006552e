"""What a commanded session leaves on the disk, and that it is shown again as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steppe.cli.control import open_mission
from steppe.errors import OutputError
from steppe.server.app import build
from steppe.server.session import Options, Session, open_session

testclient = pytest.importorskip("starlette.testclient")

TOKEN = "a-token-for-tests"
HEAD = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
BASE = "http://127.0.0.1:8472"


@pytest.fixture(scope="module")
def opened() -> Session:
    return open_mission("ms-21", Options(samples=0), first="guidance_start")


@pytest.fixture
def session(opened: Session, tmp_path: Path) -> Session:
    begin = opened.flight.event("guidance_start").time_s
    options = Options(rate=1.0, start_s=begin, samples=0, playing=False, out=tmp_path / "record")
    return open_session(opened.flight, opened.prepared, "simulation", options)


def ordered(session: Session, *orders: dict[str, Any]) -> list[int]:
    """Take the lease, order, and close the room; returns the answers."""
    with testclient.TestClient(build(session, TOKEN), base_url=BASE) as client:

        def order(**body: Any) -> Any:
            return client.post("/api/command", json=body, headers=HEAD)

        lease = order(action="take", operator="Anna").json()["lease"]
        return [order(lease=lease, **one).status_code for one in orders]


def commands(session: Session) -> list[dict[str, Any]]:
    return list(json.loads((session.options.out / "commands.json").read_text("utf-8"))["commands"])


@pytest.fixture
def stored(session: Session) -> Iterator[tuple[Session, list[int]]]:
    """A session with every kind of order, saved."""
    answers = ordered(
        session,
        {"action": "rate", "value": 20},
        {"action": "ballistic"},
        {"action": "fail", "case": "drogue-failure"},
        {"action": "wind", "east_m_s": 5.0, "north_m_s": -3.0},
        {"action": "ballistic"},
        {"action": "hold"},
        {"action": "release"},
    )
    yield session, answers


def test_a_commanded_session_is_saved_and_shown_again(stored: tuple[Session, list[int]]) -> None:
    session, answers = stored
    assert answers == [200, 200, 200, 200, 409, 200, 200]
    folder, log = session.options.out, commands(session)
    assert [one["action"] for one in log] == [
        "take", "rate", "ballistic", "fail", "wind", "ballistic", "hold", "release",
    ]  # fmt: skip
    assert all(one["operator"] == "Anna" and one["utc"].endswith("Z") for one in log)
    assert [one["action"] for one in log if one.get("refused")] == ["ballistic"]
    about = json.loads((folder / "events.json").read_text("utf-8"))
    assert "commands.json" in about["files"]
    noted = [note for note in about["notes"] if note.startswith("Commanded by Anna, effective")]
    assert [note.split(": ")[-1] for note in noted] == [
        "ballistic descent.", "drogue-failure.", "wind below changed by +5 m/s east, -3 m/s north.",
    ]  # fmt: skip
    # the folder is a flight: it is replayed to the bit, with the orders beside it
    again = open_mission(str(folder), Options(samples=0))
    assert again.kind == "replay" and again.log == log
    for name, column in session.flight.track.columns.items():
        assert np.array_equal(column, again.flight.track.columns[name], equal_nan=True), name
    assert again.flight.event("reserve_deployment") is not None or again.flight.peaks.load_g > 6.0
    with testclient.TestClient(build(again, TOKEN), base_url=BASE) as client:
        meta = client.get("/api/meta").json()
        assert [one["text"] for one in meta["log"]] == [one["text"] for one in log]
        text = client.get("/api/stream?from=1e9&rate=1000").text
        frame = next(json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: "))
    assert frame["values"]["latitude_deg"] == session.flight.touchdown.latitude_deg


def test_a_session_that_is_only_held_is_recorded_too(session: Session) -> None:
    assert ordered(session, {"action": "hold"}) == [200]
    assert [one["action"] for one in commands(session)] == ["take", "hold"]
    again = open_mission(str(session.options.out), Options(samples=0))
    assert len(again.log) == 2 and again.flight.notes == session.flight.notes


def test_a_session_without_orders_writes_nothing(session: Session) -> None:
    with testclient.TestClient(build(session, TOKEN), base_url=BASE) as client:
        assert client.post("/api/command", json={"action": "explode"}, headers=HEAD).status_code == 409
    assert not session.options.out.exists()


def test_a_record_that_cannot_be_written_is_told_and_written_later(session: Session) -> None:
    folder = session.options.out
    folder.mkdir()
    (folder / "letter.txt").write_text("not ours", "utf-8")
    assert ordered(session, {"action": "ballistic"}, {"action": "release"}) == [200, 200]
    told = [one for one in session.messages if "the record is not written" in one["text"]]
    assert told and told[0]["level"] == "serious"
    assert [one.name for one in folder.iterdir()] == ["letter.txt"]
    (folder / "letter.txt").unlink()
    assert ordered(session) == []
    assert [one["action"] for one in commands(session)].count("ballistic") == 1


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"commands": 1}', '{"commands": [{"utc": 1}]}', '{"commands": ["x"]}', "[" * 9000]
)
def test_a_spoilt_log_is_refused(session: Session, text: str) -> None:
    assert ordered(session) == []
    (session.options.out / "commands.json").write_text(text, "utf-8")
    with pytest.raises(OutputError, match=r"commands\.json"):
        open_mission(str(session.options.out), Options(samples=0))
