"""Write ``docs/mission-file.md`` and ``docs/glossary.md`` from the schema and the registry of variables.

python builders/build_mission_reference.py
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from steppe.config.mission import Mission, Zone
from steppe.config.units import UNITS
from steppe.config.vehicle import Vehicle
from steppe.errors import STATUS
from steppe.nomenclature import EVENTS, VARIABLES

DOCS = Path(__file__).parents[1] / "docs"
_NOTE = "Made by `builders/build_mission_reference.py`; do not edit.\n"


def _bounds(constraints: list[Any]) -> str:
    """Return the allowed range in words; the innermost limits are the tightest or equal."""
    low = high = ""
    for one in constraints:
        for part in (one, *getattr(one, "metadata", ())):
            for name, sign in (("gt", "> "), ("ge", "≥ ")):
                if getattr(part, name, None) is not None:
                    low = f"{sign}{getattr(part, name):g}"
            for name, sign in (("lt", "< "), ("le", "≤ ")):
                if getattr(part, name, None) is not None:
                    high = f"{sign}{getattr(part, name):g}"
    return ", ".join(part for part in (low, high) if part)


def _meant(kind: Any) -> tuple[str, str]:
    """Return what a type is called in the reference, and its range."""
    origin, words = get_origin(kind), get_args(kind)
    if origin is Annotated:
        name, inner = _meant(words[0])
        return name, _bounds(list(words[1:])) or inner
    if origin in (typing.Union, types.UnionType):
        kinds = [_meant(word) for word in words if word is not type(None)]
        return " or ".join(name for name, _ in kinds), next((bounds for _, bounds in kinds if bounds), "")
    if origin is Literal:
        return ", ".join(f'"{word}"' if isinstance(word, str) else str(word) for word in words), ""
    if origin is tuple:
        name, bounds = _meant(words[0])
        count = "" if words[-1] is Ellipsis else f" of {len(words)}"
        return ("tables" if _is_record(words[0]) else f"list{count}: {name}"), bounds
    if origin is dict:
        name, bounds = _meant(words[1])
        return f"table of name = {name}", bounds
    if _is_record(kind):
        return "table", ""
    return {float: "number", int: "whole number", bool: "true or false", str: "text", datetime: "UTC time"}[kind], ""


def _is_record(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, BaseModel)


def _records(kind: Any) -> Iterator[type[BaseModel]]:
    if _is_record(kind):
        yield kind
    for word in get_args(kind):
        yield from _records(word)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}, ""):
        return ""
    if isinstance(value, BaseModel):
        return "as below"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _sentence(model: type[BaseModel]) -> str:
    return re.sub(r"(?<!`)`(?!`)([^`]+)`", r"`\1`", inspect.cleandoc(model.__doc__ or "")).replace("``", "`")


def sections(model: type[BaseModel], path: str, heading: str) -> Iterator[str]:
    """Yield the reference of a table and of the tables in it, as lines."""
    yield from ("", heading, "", _sentence(model), "", "| key | what | range | default |", "| --- | --- | --- | --- |")
    inner: list[tuple[str, type[BaseModel], bool]] = []
    for key, field in model.model_fields.items():
        kind = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        name, bounds = _meant(kind)
        yield f"| `{key}` | {name} | {bounds} | {_default(field)} |"
        for record in _records(field.annotation):
            inner.append((f"{path}.{key}" if path else key, record, name == "tables"))
    for where, record, many in inner:
        title = f"[[{where}]]" if many else f"[{where}]"
        yield from sections(record, where, f"### `{title}`")


def mission_reference() -> str:
    """Return the text of ``docs/mission-file.md``."""
    kinds: dict[str, list[str]] = {}
    for unit, (kind, _) in UNITS.items():
        kinds.setdefault(kind, []).append(unit)
    lines = [
        "# Mission, vehicle and zone files", "", _NOTE,
        "The files are TOML. A key says its unit; a bare number is in that unit, a text carries its own:",
        "`altitude_m = 99700` and `altitude_m = \"99.7 km\"` mean the same. An unknown key, a unit of another kind and "
        "a value out of range are refused with the key, the value and what would be valid.",
        "", "| kind | units |", "| --- | --- |",
        *(f"| {kind} | {', '.join(f'`{unit}`' for unit in units)} |" for kind, units in kinds.items()),
        "", "`vehicle` and `zone` are names of presets or paths from the folder of the mission file; a zone may also "
        "be a table in the mission file. `published.events` takes the names of the [glossary](glossary.md) and of the "
        "stages of the parachutes.",
        *sections(Mission, "", "## Mission file"),
        *sections(Vehicle, "", "## Vehicle file"),
        *sections(Zone, "", "## Zone file"),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def glossary() -> str:
    """Return the text of ``docs/glossary.md``."""
    lines = [
        "# Glossary", "", _NOTE,
        "## Columns", "",
        "Each column of `flight.parquet` and `departure.parquet` carries its unit, frame and meaning in the file too. "
        "Events, summaries and figures use the same names.", "",
        "| column | unit | frame or reference | meaning |", "| --- | --- | --- | --- |",
        *(f"| `{v.name}` | {v.unit} | {v.frame} | {v.meaning} |" for v in VARIABLES.values()),
        "", "## Events", "",
        "In the order of the return. The stages of the parachutes of a vehicle are events too.", "",
        "| name | in the timeline |", "| --- | --- |", *(f"| `{name}` | {label} |" for name, label in EVENTS.items()),
        "", "## How a flight ends", "",
        "Exit code 0 for `landed` and `ended`, 2 for the others.", "",
        "| status | meaning | what to try |", "| --- | --- | --- |",
        *(f"| `{s.name}` | {s.sentence} | {s.hint} |" for s in STATUS.values() if s.name != "running"),
        "", "## Frames", "", "| frame | what |", "| --- | --- |",
        "| ITRF | Earth-fixed, turning with the Earth; polar motion is left out of the turning axis of the motion |",
        "| TEME | the inertial frame of two-line elements and SGP4 |",
        "| GCRF | the inertial frame of the stars |",
        "| LVLH | radial (away from the Earth), along-track (horizontal, in flight direction), cross-track (normal) |",
        "| velocity | bank angle about the velocity relative to the air; zero is lift up, positive is to the right |",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write both files."""
    (DOCS / "mission-file.md").write_text(mission_reference(), encoding="utf-8")
    (DOCS / "glossary.md").write_text(glossary(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
