"""The examples of the README and of docs/ run, their links and paths exist, and the generated pages are up to date."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from steppe.cli.main import run

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")
_PATH = re.compile(r"`((?:src|tests|builders|docs|examples)/[\w./-]+)`")


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(page: Path) -> Iterator[re.Match[str]]:
    yield from _FENCE.finditer(page.read_text(encoding="utf-8"))


def _is_example(block: re.Match[str]) -> bool:
    return block["kind"] in ("sh", "python") or block["file"] is not None


_WITH_EXAMPLES = [page for page in PAGES if any(_is_example(block) for block in _blocks(page))]


def _load_builder(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, ROOT / "builders" / f"{name}.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses look their module up there
    specification.loader.exec_module(module)
    return module


def _run_shell(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        assert words[0] == "steppe", f"only steppe commands can be tested, got: {line}"
        target = words[words.index(">") + 1] if ">" in words else None
        arguments = words[1 : words.index(">")] if target else words[1:]
        capsys.readouterr()
        code = run(arguments)
        shown = capsys.readouterr()
        assert code == 0, f"{line}\n{shown.err}"
        if target:
            Path(target).write_text(shown.out, encoding="utf-8")


def test_there_are_examples() -> None:
    assert {"README.md", "docs/tutorials/first-return.md"} <= {_name(page) for page in _WITH_EXAMPLES}


@pytest.mark.parametrize("page", _WITH_EXAMPLES, ids=_name)
def test_examples_run_in_order_in_an_empty_folder(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    names: dict[str, object] = {"__name__": _name(page)}
    for block in _blocks(page):
        if block["file"]:
            Path(block["file"]).write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "sh":
            _run_shell(block["text"], capsys)
        elif block["kind"] == "python":
            exec(compile(block["text"], _name(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_and_paths_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    missing = [path for path in _PATH.findall(text) if not (ROOT / path).exists()]
    assert broken + missing == []


@pytest.mark.parametrize(("page", "maker"), [("mission-file.md", "mission_reference"), ("glossary.md", "glossary")])
def test_a_generated_page_is_up_to_date(page: str, maker: str) -> None:
    wanted = getattr(_load_builder("build_mission_reference"), maker)()
    found = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert found == wanted, f"docs/{page} is out of date; run: python builders/build_mission_reference.py"


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "images").iterdir()), ids=lambda path: path.name)
def test_a_picture_is_small(picture: Path) -> None:
    assert picture.stat().st_size < 400_000


def test_every_part_to_fill_in_is_filled() -> None:
    builder = _load_builder("build_validation")
    for page, names in (
        ("README.md", ("timeline", "headline", "returns")),
        ("docs/validation.md", ("headline", "medians")),
    ):
        text = (ROOT / page).read_text(encoding="utf-8")
        for name in names:
            assert "NEW" in builder.replaced(text, name, ["NEW"])
            between = text.split(f"<!-- begin {name} -->")[1].split(f"<!-- end {name} -->")[0]
            assert between.strip(), f"{page} has no {name}; run: python builders/build_validation.py"
