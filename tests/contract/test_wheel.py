"""The wheel holds what steppe needs at run time and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "steppe"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel by the hook that every installer calls (PEP 517)."""
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_every_file_of_the_package_is_inside(wheel: zipfile.ZipFile) -> None:
    here = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here - set(wheel.namelist()) == set()
    assert any(name.startswith("steppe/config/presets/missions/") for name in here)
    assert "steppe/py.typed" in here


def test_nothing_else_is_inside(wheel: zipfile.ZipFile) -> None:
    others = [name for name in wheel.namelist() if not name.startswith("steppe/")]
    assert [name for name in others if ".dist-info/" not in name] == []
    assert [name for name in wheel.namelist() if "test" in Path(name).parts[1] or "__pycache__" in name] == []


def test_the_licence_is_mit_and_no_file_is_gpl(wheel: zipfile.ZipFile) -> None:
    licences = [name for name in wheel.namelist() if name.endswith("/LICENSE")]
    assert licences
    assert all(wheel.read(name).startswith(b"MIT License") for name in licences)
    words = (b"GNU GENERAL PUBLIC", b"GNU LESSER GENERAL", b"GNU AFFERO", b"GPL-2", b"GPL-3")
    assert [name for name in wheel.namelist() if any(word in wheel.read(name) for word in words)] == []


def test_the_command_is_declared(wheel: zipfile.ZipFile) -> None:
    (entry,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "steppe = steppe.cli.main:main" in wheel.read(entry).decode()
