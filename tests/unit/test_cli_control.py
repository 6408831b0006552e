"""``steppe control``: what is said before anything is served."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from steppe.cli.main import run


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["control", *arguments]) == 1
    return capsys.readouterr().err


def test_without_the_extra_it_says_how_to_get_it(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steppe.cli.control.find_spec", lambda name: None)
    assert "pip install 'steppe[web]'" in said(capsys, "ms-21")


def test_a_folder_without_a_flight_is_named(capsys: Any, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    text = said(capsys, str(tmp_path), "--port", "0")
    assert "events.json" in text and "steppe fly --out" in text


def test_a_wrong_start_names_the_nearest_event(capsys: Any) -> None:
    pytest.importorskip("uvicorn")
    assert "entry_interface" in said(capsys, "ms-21", "--port", "0", "--from", "entry_interfase")


def test_a_folder_without_a_staging_study_is_named(capsys: Any, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    text = said(capsys, "ms-21", "--port", "0", "--recovery", str(tmp_path))
    assert "recovery.json" in text and "steppe recover" in text


def test_a_port_in_use_and_a_short_token_are_refused(capsys: Any) -> None:
    pytest.importorskip("uvicorn")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "--port" in said(capsys, "ms-21", "--port", str(taken.getsockname()[1]))
    assert "at least 8" in said(capsys, "ms-21", "--token", "short")
    assert "at least 8" in said(capsys, "ms-21", "--watch-token", "short")
    assert "two different" in said(capsys, "ms-21", "--token", "one-for-both", "--watch-token", "one-for-both")


def begun(monkeypatch: pytest.MonkeyPatch, capsys: Any, *arguments: str) -> tuple[dict[str, Any], Any]:
    """Return what is printed, and the application that would be served."""
    apps: list[Any] = []
    monkeypatch.setattr("steppe.server.serving.serve", lambda app, listening: apps.append(app))
    assert run(["control", "ms-21", "--port", "0", "--samples", "0", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out), apps[0]


def test_on_another_address_a_token_is_needed_to_watch(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    testclient = pytest.importorskip("starlette.testclient")
    # any address, but only until the socket is closed: nothing is served
    said, app = begun(monkeypatch, capsys, "--host", "0.0.0.0")
    assert len(said["token"]) >= 24 and len(said["watch_token"]) >= 24 and said["token"] != said["watch_token"]
    assert said["page"].endswith(f"?token={said['watch_token']}")
    client = testclient.TestClient(app, base_url="http://10.0.0.7:8472")
    assert client.get("/").status_code == client.get("/api/meta").status_code == 401
    assert client.get(f"/?token={said['watch_token']}").status_code == 200
    # the client keeps the cookie
    assert client.get("/api/meta").status_code == 200
    assert client.get("/api/meta", headers={"host": "evil.example"}).status_code == 421


def test_on_this_machine_anyone_may_watch_unless_told_otherwise(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("starlette")
    said, _ = begun(monkeypatch, capsys)
    assert said["watch_token"] is None and said["page"] == said["address"]
    assert begun(monkeypatch, capsys, "--watch-token", "for the wall")[0]["page"].endswith("?token=for%20the%20wall")
