"""The quantities of a campaign that concern crew, shield and radio: what the table and the figure show, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Quantity:
    """One line of the table.

    Attributes
    ----------
    column
        Its column.
    label
        What people call it.
    unit
        Unit for people, "" for a pure number.
    factor
        Multiply the stored value by this to get that unit.
    """

    column: str
    label: str
    unit: str
    factor: float = 1.0


CREW: Final = (
    Quantity("peak_gx_g", "peak load, chest to back", "g"),
    Quantity("peak_gy_g", "peak load, sideways", "g"),
    Quantity("peak_gz_g", "peak load, head to foot", "g"),
    Quantity("limit_share_gx", "share of the limit, chest to back", "%", 100.0),
    Quantity("limit_share_gy", "share of the limit, sideways (assumed)", "%", 100.0),
    Quantity("limit_share_gz", "share of the limit, head to foot (assumed)", "%", 100.0),
    Quantity("time_above_1_g_s", "time above 1 g", "s"),
    Quantity("time_above_3_g_s", "time above 3 g", "s"),
    Quantity("time_above_4_g_s", "time above 4 g", "s"),
    Quantity("time_above_8_g_s", "time above 8 g", "s"),
    Quantity("jerk_g_s", "fastest change of the load", "g/s"),
    Quantity("peak_heat_flux_w_m2", "peak heat flux", "W/cm²", 1e-4),
    Quantity("heat_load_j_m2", "heat load", "kJ/cm²", 1e-7),
    Quantity("peak_wall_temperature_k", "shield in balance", "K"),
    Quantity("blackout_end_s", "end of the blackout after entry, VHF", "s"),
    Quantity("landing_vertical_speed_m_s", "contact, across the ground", "m/s"),
    Quantity("landing_horizontal_speed_m_s", "contact, along the ground", "m/s"),
    Quantity("landing_tilt_deg", "largest tilt after it", "deg"),
    Quantity("landing_dragged_m", "way along the ground", "m"),
    Quantity("landing_capsule_load_g", "load on the floor", "g"),
    Quantity("landing_seat_load_g", "load on the seat", "g"),
    Quantity("landing_beta", "Brinkley's beta", ""),
    Quantity("landing_injury_probability", "risk of injury, people in condition", "%", 100.0),
)
# The share of them is said by the limits and not by quantiles
_ONLY_COUNTED: Final = "landing_tipped"
SHOWN_APART: Final = frozenset({_ONLY_COUNTED, *(one.column for one in CREW)})
# Landings whose attitude was reported: 13 of 24 on their side (docs/models/landing.md)
REPORTED_TIPPED: Final = (13, 24)


def known(outputs: Mapping[str, Mapping[str, Any]]) -> list[Quantity]:
    """Return the quantities that a campaign has values for."""
    return [one for one in CREW if outputs.get(one.column, {}).get("samples")]


def tipped(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how often the capsule ends on its side, with bounds; None where a campaign does not say."""
    for limit in document["limits"]:
        if limit["column"] == _ONLY_COUNTED and limit["exceeded"]["samples"]:
            found: Mapping[str, Any] = limit["exceeded"]
            return found
    return None
