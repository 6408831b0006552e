"""What the report says of the descent: corridor, canopies and landing, crew, heat and radio; numbers, no drawing."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError
from steppe.flight.corridor import Corridor, Entry, Line, corridor_of
from steppe.flight.crew import CrewLoads
from steppe.flight.crew_limits import AXES, Limit, lasting_g
from steppe.flight.loads import Loads, loads_of
from steppe.flight.result import Flight
from steppe.io.summary import opening_facts

Floats = npt.NDArray[np.float64]

_DURATIONS_S: Final = np.geomspace(0.5, 600.0, 60)
_ENTRY_NAMES: Final = {"lift_up": "lift up all the way", "ballistic": "ballistic"}
_AXIS_NAMES: Final = {"gx": "chest to back", "gy": "sideways", "gz": "head to foot"}


def packed(values: npt.ArrayLike) -> str:
    """Return numbers as base64 of little-endian doubles: exact, and smaller than decimals."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode("ascii")


def descent_document(flight: Flight) -> dict[str, Any]:
    """Return ``corridor``, ``canopies``, ``contact``, ``crew`` and ``heating`` of a flight; None where it has none."""
    loads = None
    # A body that starts below the interface is no crew's ride through the entry
    if flight.event("entry_interface") is not None:
        try:
            loads = loads_of(flight)
        except ConfigError:
            loads = None
    return {
        "corridor": corridor_document(corridor_of(flight)),
        "canopies": [
            {**opening_facts(one), "label": one.stage.replace("_", " ").capitalize()} for one in flight.openings
        ],
        "contact": None if flight.contact is None else asdict(flight.contact),
        "crew": None if loads is None else crew_document(loads.centre),
        "heating": None if loads is None else heating_document(loads),
    }  # fmt: skip


def corridor_document(corridor: Corridor) -> dict[str, Any]:
    """Return a corridor: its lines and entries as packed columns, or the reason why there is none."""
    if corridor.energy_j_kg is None or corridor.range_to_go_m is None:
        return {"reason": corridor.reason}
    return {
        "reason": "",
        "lines": [_line(one) for one in corridor.lines],
        "entries": [_entry(one, corridor.flown_m) for one in corridor.entries],
        "flown": {
            "energy_j_kg": packed(corridor.energy_j_kg),
            "range_to_go_m": packed(corridor.range_to_go_m),
        },
    }


def _line(line: Line) -> dict[str, Any]:
    columns = {"airspeed_m_s": packed(line.speed_m_s), "altitude_m": packed(line.altitude_m)}
    return {
        "kind": line.kind, "value": line.value, "is_limit": line.is_limit, "label": line.label, "columns": columns,
    }  # fmt: skip


def entry_label(entry: Entry) -> str:
    """Return what an entry that could have been flown is called in the figures."""
    return f"{_ENTRY_NAMES[entry.kind]}, {entry.peak_load_g:.1f} g"


def _entry(entry: Entry, flown_m: float) -> dict[str, Any]:
    columns = {name: packed(values) for name, values in entry.columns.items() if name != "range_m"}
    columns["range_to_go_m"] = packed(flown_m - entry.columns["range_m"])
    return {
        "kind": entry.kind,
        "label": entry_label(entry),
        "peak_load_g": entry.peak_load_g,
        "beyond_m": float(entry.columns["range_m"][-1]) - flown_m,
        "columns": columns,
    }


def crew_document(seat: CrewLoads) -> dict[str, Any]:
    """Return for one seat the load that lasted by axis and duration, and the limits."""
    return {
        "seat": seat.seat,
        "duration_s": _DURATIONS_S.tolist(),
        "axes": [
            {
                "axis": axis,
                "label": _AXIS_NAMES.get(axis, axis),
                "peak_g": seat.peak(axis),
                "lasting_g": lasting_g(seat.time_s, np.abs(getattr(seat, axis)), _DURATIONS_S).tolist(),
                "limits": [_limit(seat, axis, limit) for limit in limits],
            }
            for axis, limits in AXES.items()
        ],
        "time_above_s": {f"{level:g}": seconds for level, seconds in seat.time_above_s.items()},
        "jerk_g_s": seat.jerk_g_s,
    }


def _limit(seat: CrewLoads, axis: str, limit: Limit) -> dict[str, Any]:
    margin = seat.margin(axis, limit.name)
    return {
        "name": limit.name,
        "assumed": limit.assumed,
        "source": limit.source,
        "load_g": limit.at(_DURATIONS_S).tolist(),
        "share": None if margin is None else margin.share,
        "duration_s": None if margin is None else margin.duration_s,
    }


def heating_document(loads: Loads) -> dict[str, Any]:
    """Return heat, wall temperature and plasma of an entry as packed columns, with the windows of the radios."""
    heat, plasma = loads.heat, loads.blackout
    return {
        **heat.as_dict(),
        "windows": [window.as_dict() for window in plasma.windows],
        "columns": {
            "time_s": packed(plasma.time_s + loads.entry_s),
            "electrons_m3": packed(plasma.electrons_m3),
            "heat_flux_w_m2": packed(heat.flux_w_m2),
            "second_flux_w_m2": packed(heat.second_flux_w_m2),
            "wall_k": packed(heat.wall_k),
        },
    }
