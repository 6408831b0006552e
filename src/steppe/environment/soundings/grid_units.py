"""The units that grids are given in, as their services write them."""

from __future__ import annotations

import re
from typing import Any, Final

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.errors import ConfigError

_KNOT: Final = 1852.0 / 3600.0
SPEED: Final = {"ms-1": 1.0, "m/s": 1.0, "m/sec": 1.0, "meterspersecond": 1.0, "metres/second": 1.0, "knots": _KNOT,
                "knot": _KNOT, "kt": _KNOT, "kts": _KNOT}  # fmt: skip
HEIGHT: Final = {"gpm": 1.0, "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0,
                 "geopotentialmeter": 1.0, "m2s-2": 1.0 / STANDARD_GRAVITY_M_S2,
                 "m2/s2": 1.0 / STANDARD_GRAVITY_M_S2}  # fmt: skip
PRESSURE: Final = {"hpa": 100.0, "hectopascal": 100.0, "hectopascals": 100.0, "millibars": 100.0, "millibar": 100.0,
                   "mb": 100.0, "mbar": 100.0, "pa": 1.0, "pascal": 1.0, "pascals": 1.0}  # fmt: skip
DEGREES: Final = ("degrees_north", "degrees_east", "degree_north", "degree_east", "degrees_n", "degrees_e", "degreen",
                  "degreee", "degrees", "degree")  # fmt: skip


def unit_of(variable: Any) -> str:
    """Return the unit of an xarray variable: its ``units``, else what stands in brackets in its ``long_name``."""
    given = str(variable.attrs.get("units", "")).strip()
    if given:
        return given
    # GrADS servers (NOMADS OPeNDAP) give no other: "** ... geopotential height [gpm]"
    found = re.search(r"\[([^\]]+)\]\s*$", str(variable.attrs.get("long_name", "")))
    return found[1] if found else ""


def factor_of(variable: Any, factors: dict[str, float], source: str, key: str) -> float:
    """Return what turns the unit of a variable into SI.

    Raises
    ------
    ConfigError
        If the unit is missing or not one of `factors`.
    """
    given = unit_of(variable)
    plain = given.lower().replace("**", "").replace("^", "").replace(" ", "").replace("_", "")
    if plain not in factors:
        known = ", ".join(factors)
        raise ConfigError(f"expected the {key} '{variable.name}' in one of {known}, got {given!r}", source=source)
    return factors[plain]
