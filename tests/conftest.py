"""What all tests share: one way to draw examples, and one flight per test process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from steppe.flight.result import Flight

# The same examples on every machine and in every run; the first call of a compiled kernel breaks any deadline
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci")

Steppe = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def ms21() -> Flight:
    """Soyuz MS-21, flown once per test process."""
    import steppe

    return steppe.fly(steppe.load_mission("ms-21"))


@pytest.fixture
def steppe_command(tmp_path: Path) -> Steppe:
    """Run the command in a process of its own, with an empty folder as its working folder."""

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        # COLUMNS keeps the width of the help from depending on where the tests run
        environment = {**os.environ, "COLUMNS": "120", "PYTHONWARNINGS": "error", **variables}
        return subprocess.run(
            [sys.executable, "-m", "steppe.cli.main", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )

    return run
