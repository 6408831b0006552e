"""Quantities in files: a bare number is in the unit that the key names; a string carries its own unit.

``altitude_m = 99700`` and ``altitude_m = "99.7 km"`` mean the same. A unit of another kind ("99.7 kg") is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, Strict

# unit -> (kind, factor to SI); international foot, pound, knot and statute mile: NIST SP 811 (2008), appendix B
UNITS: Final[dict[str, tuple[str, float]]] = {
    "m": ("length", 1.0),
    "km": ("length", 1000.0),
    "ft": ("length", 0.3048),
    "nmi": ("length", 1852.0),
    "mi": ("length", 1609.344),
    "m2": ("area", 1.0),
    "ft2": ("area", 0.3048**2),
    "m/s": ("speed", 1.0),
    "km/s": ("speed", 1000.0),
    "km/h": ("speed", 1000.0 / 3600.0),
    "ft/s": ("speed", 0.3048),
    "mph": ("speed", 0.44704),
    "kt": ("speed", 1852.0 / 3600.0),
    "kg": ("mass", 1.0),
    "t": ("mass", 1000.0),
    "lb": ("mass", 0.45359237),
    "slug": ("mass", 4.4482216152605 / 0.3048),
    "s": ("time", 1.0),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "N": ("force", 1.0),
    "kN": ("force", 1000.0),
    "kgf": ("force", 9.80665),
    "lbf": ("force", 4.4482216152605),
    "deg": ("angle", 1.0),
    "rad": ("angle", 180.0 / math.pi),
    "deg/s": ("angular rate", 1.0),
    "rad/s": ("angular rate", 180.0 / math.pi),
    "deg/s2": ("angular acceleration", 1.0),
    "g": ("acceleration in g", 1.0),
    "K": ("temperature", 1.0),
    "kg/m3": ("density", 1.0),
    "W/m2": ("heat flux", 1.0),
    "m/s2": ("acceleration", 1.0),
    "rad/s2": ("angular acceleration", 180.0 / math.pi),
}
_EXAMPLES: Final[dict[str, str]] = {
    "length": '"99.7 km"',
    "area": '"3.80 m2"',
    "speed": '"128 m/s"',
    "mass": '"2900 kg"',
    "time": '"90 s"',
    "force": '"2.95 kN"',
    "angle": '"19 deg"',
    "angular rate": '"15 deg/s"',
    "acceleration in g": '"4 g"',
    "density": '"1.225 kg/m3"',
}
_PATTERN: Final = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z/0-9]+)\s*$")


def parse_quantity(value: Any, kind: str) -> float:
    """Turn a number or a string with a unit into a number in the unit of its key.

    Parameters
    ----------
    value
        A number, taken as it is, or a string such as ``"0.53 m/s"``.
    kind
        What is expected: ``"length"`` (m), ``"speed"`` (m/s), ``"angle"`` (deg) and so on, see `UNITS`.

    Returns
    -------
    float
        The value in SI, angles in degrees as the keys of the files have them.

    Raises
    ------
    ValueError
        If the value is not finite, has no known unit, or a unit of another kind.
    """
    what = f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        shown = str(value).lower() if isinstance(value, bool) else type(value).__name__
        raise ValueError(f"expected {what}, got {shown}; write a number or {_EXAMPLES.get(kind, 'a text with a unit')}")
    if isinstance(value, str):
        match = _PATTERN.match(value)
        units = ", ".join(unit for unit, (of, _) in UNITS.items() if of == kind)
        if match is None or match[2] not in UNITS:
            raise ValueError(
                f"expected {what} with one of the units {units}, got {_short(value)}; "
                f"write a number or {_EXAMPLES.get(kind, 'a text with a unit')}"
            )
        found, factor = UNITS[match[2]]
        if found != kind:
            raise ValueError(f"expected {what} ({units}), got {_short(value)}, which is of the kind {found}")
        number = float(match[1]) * factor
    else:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"expected a finite {kind}, got {_short(value)}")
    return number


def _short(value: float | str) -> str:
    """Return the value for a message, cut to a length that fits a line."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a huge number"
    return text if len(text) <= 50 else text[:46] + " ..."


def quantity(kind: str) -> BeforeValidator:
    """Return the pydantic validator that reads a quantity of one kind."""
    parse: Callable[[Any], float] = lambda value: parse_quantity(value, kind)  # noqa: E731
    return BeforeValidator(parse)


# A plain number: no text, no true or false, nothing infinite
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Length = Annotated[float, quantity("length")]
Area = Annotated[float, quantity("area"), Field(ge=0.0, le=1e5)]
Speed = Annotated[float, quantity("speed")]
Mass = Annotated[float, quantity("mass"), Field(ge=0.0, le=1e7)]
PositiveMass = Annotated[float, quantity("mass"), Field(gt=0.0, le=1e7)]
Duration = Annotated[float, quantity("time"), Field(ge=0.0, le=1e7)]
Force = Annotated[float, quantity("force"), Field(ge=0.0, le=1e9)]
Angle = Annotated[float, quantity("angle"), Field(ge=-360.0, le=360.0)]
Latitude = Annotated[float, quantity("angle"), Field(ge=-90.0, le=90.0)]
Longitude = Annotated[float, quantity("angle"), Field(ge=-180.0, le=360.0)]
AngularRate = Annotated[float, quantity("angular rate"), Field(gt=0.0, le=360.0)]
AngularAcceleration = Annotated[float, quantity("angular acceleration"), Field(gt=0.0, le=360.0)]
LoadG = Annotated[float, quantity("acceleration in g"), Field(gt=0.0, le=1000.0)]
Density = Annotated[float, quantity("density"), Field(gt=0.0, le=1000.0)]
