"""Finds a preset or a file of the user and reads it as TOML; what is in it is the loader's concern."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from steppe.config.messages import show
from steppe.errors import ConfigError, nearest


class Kind(StrEnum):
    """What a TOML file of steppe describes."""

    MISSION = "mission"
    VEHICLE = "vehicle"
    ZONE = "zone"
    DISPERSIONS = "dispersions"
    DEBRIS = "debris"
    RECOVERY = "recovery"

    @property
    def folder(self) -> str:
        """The folder of the presets of this kind."""
        return f"{self.value}s" if self in (Kind.MISSION, Kind.VEHICLE, Kind.ZONE) else self.value


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed TOML file.

    Attributes
    ----------
    content
        Its tables, not yet checked.
    source
        Where it came from, for messages: a path, or ``preset ms-21``.
    folder
        The folder that the files it names count from, None for a preset.
    """

    content: dict[str, Any]
    source: str
    folder: Path | None


def preset_names(kind: Kind) -> tuple[str, ...]:
    """Return the names of the presets of a kind, in the order of the alphabet."""
    entries = _presets().joinpath(kind.folder).iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml")))


def preset_text(kind: Kind, name: str) -> str:
    """Return the TOML text of a preset by its exact name."""
    return _presets().joinpath(kind.folder, f"{name}.toml").read_text("utf-8")


def read_document(kind: Kind, name_or_path: str | Path, beside: Path | None = None, asked_by: str = "") -> Document:
    """Return a preset by its name, or a file by its path.

    Parameters
    ----------
    kind
        What the file should describe, for messages and for the presets to look in.
    name_or_path
        The name of a preset in any case, or a path (`looks_like_path`).
    beside
        The folder that a relative path counts from; None is the working folder.
    asked_by
        The file that names this one, for messages.

    Raises
    ------
    ConfigError
        If there is no such preset or file, or it is not TOML in UTF-8.
    """
    text = str(name_or_path)
    key = kind.value if asked_by else ""
    if isinstance(name_or_path, Path) or looks_like_path(text):
        path = (beside or Path()) / text
        source = str(path)
        return Document(_parse(_read_text(path, kind, asked_by or source, key), source), source, path.parent)
    name = text.strip().lower()
    if name not in preset_names(kind):
        close = nearest(text, preset_names(kind))
        own = f"; a file of your own is named by its path, for example {text.strip() or 'my'}.toml"
        reason = f"there is no {kind} preset '{text}', {close}{'' if close.startswith('did') else own}"
        raise ConfigError(reason, source=asked_by, key=key)
    source = f"preset {name}"
    return Document(_parse(preset_text(kind, name), source), source, None)


def looks_like_path(text: str) -> bool:
    """Return whether a text is a path, not the name of a preset: it has a folder in it or ends in ``.toml``."""
    return "/" in text or os.sep in text or "\\" in text or text.lower().endswith(".toml")


def _presets() -> Traversable:
    return resources.files("steppe.config").joinpath("presets")


def _read_text(path: Path, kind: Kind, source: str, key: str) -> str:
    try:
        if path.is_dir():
            reason = f"'{path}' is a folder, not a {kind} file; name the file in it, for example {path / kind}.toml"
            raise ConfigError(reason, source=source, key=key)
        if path.exists() and not path.is_file():
            raise ConfigError(f"'{path}' is not a regular file", source=source, key=key)
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        reason = f"there is no {kind} file '{path}'"
        name = path.name.lower().removesuffix(".toml")
        close = nearest(name, preset_names(kind))
        if close.startswith("did you mean"):
            reason += f"; {close} (a preset, written without .toml)"
        raise ConfigError(reason, source="" if source == str(path) else source, key=key) from None
    except UnicodeDecodeError as problem:
        reason = f"'{path}' is not UTF-8 text (byte {problem.start}); save it as UTF-8 in your editor"
        raise ConfigError(reason, source="" if source == str(path) else source, key=key) from None
    except (OSError, ValueError) as problem:
        reason = f"cannot read the {kind} file '{path}': {reason_of(problem)}"
        raise ConfigError(reason, source="" if source == str(path) else source, key=key) from None


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(_syntax_message(str(problem), text), source=source) from None
    except (ValueError, RecursionError) as problem:
        reason = "tables nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise ConfigError(f"not a usable TOML file: {reason}", source=source) from None


def _syntax_message(problem: str, text: str) -> str:
    """Return where the TOML is broken, the line itself, and what usually helps."""
    help_text = (
        'write key = value, text in "quotes", lists as [1, 2], tables as [name], dates as 2022-09-29T07:34:20Z; '
        "each key and table once"
    )
    place = re.search(r"\(at line (\d+), column (\d+)\)", problem)
    if place is None:
        lines = text.count("\n") + 1
        return f"TOML syntax error: {problem} (the file has {lines} lines); {help_text}"
    line, column = int(place[1]), int(place[2])
    rows = text.splitlines()
    shown = rows[line - 1].strip() if line <= len(rows) else ""
    what = problem[: place.start()].strip()
    return f"TOML syntax error at line {line}, column {column}: {what}: {show(shown)}; {help_text}"


def reason_of(problem: Exception) -> str:
    """Return why the system refused a file, in its own words."""
    if isinstance(problem, OSError):
        return problem.strerror or type(problem).__name__
    return str(problem)
