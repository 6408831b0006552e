"""``steppe control``: what is said before anything is served."""

from __future__ import annotations

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


def test_a_port_in_use_and_a_short_token_are_refused(capsys: Any) -> None:
    pytest.importorskip("uvicorn")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "--port" in said(capsys, "ms-21", "--port", str(taken.getsockname()[1]))
    assert "at least 8" in said(capsys, "ms-21", "--token", "short")
