"""What holds for every source file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "steppe").rglob("*.py"))
_ALL = sorted(path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.py"))
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
_MAX_LINES = 500
# Without the docstring: what a screen shows at once
_MAX_FUNCTION_LINES = 80


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_sources_are_found() -> None:
    assert len(SOURCES) > 10


@pytest.mark.parametrize("path", _ALL, ids=_id)
def test_a_file_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < _MAX_LINES


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    words = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - words


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_a_function_is_seen_at_once(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [one.name for one in functions if _code_lines(one) > _MAX_FUNCTION_LINES] == []


@pytest.mark.parametrize("path", SOURCES, ids=_id)
def test_nothing_is_left_unfinished(path: Path) -> None:
    assert _UNFINISHED.findall(path.read_text(encoding="utf-8")) == []


def test_imports_point_down() -> None:
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
