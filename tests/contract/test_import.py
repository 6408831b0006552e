"""``import steppe`` is fast and pulls in nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

import steppe

_LIMIT_S = 0.3
_HEAVY = ("numba", "numpy", "pydantic", "matplotlib", "pyarrow", "typer", "rich", "sgp4", "erfa", "pymsis")


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, timeout=60)
    return done.stdout


def test_import_takes_less_than_0_3_s() -> None:
    code = "import time; t = time.perf_counter(); import steppe; print(time.perf_counter() - t)"
    assert min(float(_python(code)) for _ in range(5)) < _LIMIT_S


def test_import_pulls_in_nothing_heavy() -> None:
    loaded = _python("import sys, steppe; print(*sys.modules)").split()
    assert [name for name in _HEAVY if name in loaded] == []


def test_the_command_shows_its_help_without_the_physics() -> None:
    loaded = _python("import sys, steppe.cli.main; print(*sys.modules)").split()
    assert [name for name in ("numba", "numpy", "pydantic", "matplotlib") if name in loaded] == []


@pytest.mark.parametrize("name", steppe.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(steppe, name) is not None
    assert name in dir(steppe)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="load_mission"):
        steppe.flyy  # noqa: B018
