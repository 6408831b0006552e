"""Turns what pydantic found into sentences: which key, which value, what was expected, what may have been meant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from steppe.errors import ConfigError, nearest

_SHOWN_CHARACTERS: Final = 70

# pydantic's error type -> what the reader expects to read
_EXPECTED: Final[dict[str, str]] = {
    "string_type": 'expected text in quotes, for example "text"',
    "float_type": "expected a number",
    "finite_number": "expected a finite number",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "tuple_type": "expected a list, written [a, b, c]",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
    "string_pattern_mismatch": "use small letters, digits and underscores only",
    "string_too_short": "this text must not be empty",
    "string_too_long": "this text is too long",
    "too_short": "this list needs more entries",
    "too_long": "this list has too many entries",
}

# ending of a key -> the unit of its bare number
_UNITS: Final[dict[str, str]] = {
    "_deg_s2": "deg/s2",
    "_rad_s": "rad/s",
    "_deg_s": "deg/s",
    "_m3_s2": "m3/s2",
    "_kg_m3": "kg/m3",
    "_m_s2": "m/s2",
    "_m_s": "m/s",
    "_deg": "deg",
    "_kg": "kg",
    "_m2": "m2",
    "_m": "m",
    "_s": "s",
    "_n": "N",
    "_g": "g",
    "_k": "K",
}


def show(value: object) -> str:
    """Return `value` as it might stand in the file, cut to a length that fits a line."""
    if isinstance(value, Mapping):
        text = "a table with the keys " + ", ".join(map(str, value)) if value else "an empty table"
    elif hasattr(value, "isoformat"):
        text = value.isoformat()
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        try:
            text = repr(value)
        except ValueError:  # an integer of more digits than Python prints
            text = "a huge number"
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 4] + " ..."


def dotted(location: Sequence[int | str]) -> str:
    """Return a path of keys and indices as it is written in messages: ``parachutes.stages[2].delay_s``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def explain(error: ValidationError, model: type[BaseModel], document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (key path, sentence) for every problem that pydantic found.

    Parameters
    ----------
    error
        What pydantic raised.
    model
        The model that was asked to read the document.
    document
        The document as it was read from the file.
    """
    problems = []
    for item in error.errors(include_url=False):
        location = tuple(item["loc"])
        problems.append((dotted(location), _sentence(item, location, model, document)))
    return problems


def _sentence(item: Any, location: tuple[int | str, ...], model: type[BaseModel], document: Mapping[str, Any]) -> str:
    kind: str = item["type"]
    given = _value_at(document, location)
    if kind == "extra_forbidden":
        owner = _model_at(model, location[:-1])
        known = tuple(owner.model_fields) if owner else ()
        return f"unknown key, {nearest(str(location[-1]), known)}"
    if kind == "missing":
        what = "this value" if isinstance(location[-1], int) else "this key"
        return f"{what} is missing; expected {_describe(_type_at(model, location))}{_unit(location)}"
    if kind == "value_error":
        sentence = str(item["msg"]).removeprefix("Value error, ")
        return sentence if isinstance(given, Mapping) or show(given) in sentence else f"= {show(given)}: {sentence}"
    if kind == "literal_error":
        options = [str(option) for option in _options(_type_at(model, location))]
        hint = nearest(given, options) if isinstance(given, str) else ""
        hint = f"; {hint}" if hint.startswith("did you mean") else ""
        return f"= {show(given)}: expected one of {', '.join(options)}{hint}"
    bounds = _range(_type_at(model, location))
    if bounds and kind.startswith(("greater_than", "less_than")):
        return f"= {show(given)}: the allowed range is {bounds}{_unit(location)}"
    sentence = _EXPECTED.get(kind) or str(item["msg"]).replace("Input should", "should").replace("Value", "it")
    return f"= {show(given)}: {sentence}"


def _unit(location: Sequence[int | str]) -> str:
    """Return the unit that the last key of a path ends in, with a blank before it, or an empty text."""
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    return next((f" {unit}" for ending, unit in _UNITS.items() if key.endswith(ending)), "")


def _value_at(document: Any, location: Sequence[int | str]) -> Any:
    for part in location:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return document
    return document


def _parts(annotation: Any) -> Iterator[Any]:
    """Walk through unions and annotations down to the plain types and their constraints."""
    if isinstance(annotation, FieldInfo):
        yield from annotation.metadata
        yield from _parts(annotation.annotation)
    elif get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        for note in notes:
            yield from note.metadata if isinstance(note, FieldInfo) else (note,)
        yield from _parts(inner)
    elif get_origin(annotation) is not None:
        yield annotation
        for inner in get_args(annotation):
            if not isinstance(inner, str | int):
                yield from _parts(inner)
    else:
        yield annotation


def _type_at(model: type[BaseModel], location: Sequence[int | str]) -> Any:
    """Return the annotation of the key at `location`, or None if the models do not know it."""
    here: Any = model
    for part in location:
        if isinstance(part, int):
            here = next((get_args(item)[0] for item in _parts(here) if get_origin(item) is tuple), None)
            continue
        owner = next((item for item in _parts(here) if isinstance(item, type) and issubclass(item, BaseModel)), None)
        if owner is None:
            # a table with free keys, dict[str, value]: what counts is the type of its values
            here = next((get_args(item)[1] for item in _parts(here) if get_origin(item) is dict), None)
        else:
            here = owner.model_fields.get(str(part))
    return here


def _model_at(model: type[BaseModel], location: Sequence[int | str]) -> type[BaseModel] | None:
    found = _type_at(model, location)
    return next((item for item in _parts(found) if isinstance(item, type) and issubclass(item, BaseModel)), None)


def _options(annotation: Any) -> tuple[Any, ...]:
    return next((get_args(item) for item in _parts(annotation) if str(get_origin(item)) == "typing.Literal"), ())


def _range(annotation: Any) -> str:
    """Return the allowed range of a number in words, or an empty text if it has none."""
    lowest, highest, open_below, open_above = -math.inf, math.inf, False, False
    for note in _parts(annotation):
        low = getattr(note, "gt", getattr(note, "ge", None))
        high = getattr(note, "lt", getattr(note, "le", None))
        if isinstance(low, int | float) and low >= lowest:
            lowest, open_below = low, hasattr(note, "gt") or (open_below and low == lowest)
        if isinstance(high, int | float) and high <= highest:
            highest, open_above = high, hasattr(note, "lt") or (open_above and high == highest)
    if math.isfinite(lowest) and math.isfinite(highest) and not (open_below or open_above):
        return f"from {lowest:.10g} to {highest:.10g}"
    words = []
    if math.isfinite(lowest):
        words.append(f"{'more than' if open_below else 'at least'} {lowest:.10g}")
    if math.isfinite(highest):
        words.append(f"{'less than' if open_above else 'at most'} {highest:.10g}")
    return " and ".join(words)


def _describe(annotation: Any) -> str:
    """Return what kind of value a key takes: a number and its range, text, a date, a table, a list."""
    kinds = list(_parts(annotation))
    bounds = _range(annotation)
    names = {getattr(kind, "__name__", "") for kind in kinds}
    if any(get_origin(kind) is tuple for kind in kinds):
        return "a list"
    if "datetime" in names:
        return "a date and time in UTC, for example 2022-09-29T07:34:20Z"
    if any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds):
        return "a table"
    if names & {"float", "int"}:
        return f"a number {bounds}".rstrip()
    return 'text in quotes, for example "text"'


def config_error(problems: list[tuple[str, str]], source: str) -> ConfigError:
    """Return one error for all problems of one file, (key, sentence) each."""
    lines = [_joined(key, text) for key, text in problems]
    if len(problems) == 1:
        key = problems[0][0]
        error = ConfigError(lines[0], source=source)
        error.key = key
        return error
    error = ConfigError(f"{len(problems)} problems:\n" + "\n".join(f"  {line}" for line in lines), source=source)
    error.key = problems[0][0]
    return error


def _joined(key: str, text: str) -> str:
    if not key:
        return text
    return f"{key} {text}" if text.startswith("= ") else f"{key}: {text}"
