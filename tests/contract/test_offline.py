"""A flight never asks the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# An audit hook sees every socket, also those that a library opens and whose failure it swallows (PEP 578)
_GUARD = """
import sys
asked = []
def guard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        asked.append(event)
        raise OSError(f"network asked: {event} {arguments}")
sys.addaudithook(guard)
"""
_FLY = """
from steppe.cli.main import run
code = run(["fly", "ms-21", "--json"])
sys.exit(code if not asked else f"network asked: {asked}")
"""
_ASK = """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError:
    pass
sys.exit(0 if asked else 1)
"""


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _GUARD + code],
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=900,
    )


def test_the_guard_sees_a_connection(tmp_path: Path) -> None:
    assert _run(_ASK, tmp_path).returncode == 0


def test_a_flight_asks_no_network(tmp_path: Path) -> None:
    done = _run(_FLY, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "landed"
    assert list(tmp_path.iterdir()) == []
