"""The entry in three planes: altitude over airspeed, energy over range to go, bank over time.

The lines about the first are those of `steppe.flight.corridor`, which the document of the planned flight carries.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.flight.corridor import energy
from steppe.flight.result import Flight
from steppe.frames.geodetic import geodesic_distance_m
from steppe.io.summary import finite

Floats = npt.NDArray[np.float64]

NAMES: Final = (
    "time_s",
    "airspeed_m_s",
    "altitude_m",
    "energy_j_kg",
    "range_to_go_m",
    "bank_deg",
    "bank_command_deg",
)


def range_to_go_m(latitude_deg: Floats, longitude_deg: Floats, aim_deg: tuple[float, float]) -> Floats:
    """Return the geodesic distance to the aim in m; NaN where the place is not known."""
    known = np.isfinite(latitude_deg) & np.isfinite(longitude_deg)
    found = np.full(latitude_deg.shape, math.nan)
    if known.any():
        here = np.radians(latitude_deg[known]), np.radians(longitude_deg[known])
        found[known] = geodesic_distance_m(*here, math.radians(aim_deg[0]), math.radians(aim_deg[1]))
    return found


def aim_of(flight: Flight) -> tuple[float, float]:
    """Return latitude and longitude of the aim: the middle of the zone, else where the flight ends."""
    zone = flight.mission.zone
    if zone is not None:
        return zone.latitude_deg, zone.longitude_deg
    columns = flight.track.columns
    return float(columns["latitude_deg"][-1]), float(columns["longitude_deg"][-1])


def planes_columns(columns: dict[str, Floats], aim_deg: tuple[float, float], from_s: float) -> dict[str, Floats]:
    """Return the columns of the three planes from a moment on.

    Parameters
    ----------
    columns
        Of a track; a bank that it does not have is NaN.
    aim_deg
        From `aim_of`.
    from_s
        Seconds after the epoch.
    """
    keep = columns["time_s"] >= from_s
    nothing = np.full(int(keep.sum()), math.nan)
    found = {name: columns[name][keep] if name in columns else nothing for name in NAMES}
    found["energy_j_kg"] = energy(columns)[keep]
    found["range_to_go_m"] = range_to_go_m(columns["latitude_deg"][keep], columns["longitude_deg"][keep], aim_deg)
    return found


def entry_begin_s(flight: Flight) -> float:
    """Return when the planes begin: the entry interface, else the first sample."""
    entry = flight.event("entry_interface")
    return float(flight.track.columns["time_s"][0]) if entry is None else entry.time_s


def planes_document(flight: Flight, columns: dict[str, Floats] | None = None) -> dict[str, Any]:
    """Return the three planes as strict JSON.

    Parameters
    ----------
    flight
        The flight; gives aim and begin.
    columns
        Of another track than that of the flight.
    """
    rows = planes_columns(columns or flight.track.columns, aim_of(flight), entry_begin_s(flight))
    return {"columns": finite({name: values.tolist() for name, values in rows.items()})}
