"""The wind that a session flies in, at a few altitudes."""

from __future__ import annotations

import math
from typing import Any, Final

from steppe.flight.sequence import ground_m_of
from steppe.flight.simulate import Prepared
from steppe.kernels.deviation import added_wind
from steppe.kernels.motion import World
from steppe.kernels.wind import wind_at

# Above the ground: where the wind is measured (WMO), and two levels of the descent under the canopy
HEIGHTS_M: Final = (10.0, 2000.0, 5000.0)


def wind_m_s(world: World, altitude_m: float) -> tuple[float, float]:
    """Return the wind of a flight towards east and north at an altitude."""
    east, north = wind_at(world.wind, altitude_m)
    more_east, more_north = added_wind(world.deviation, altitude_m)
    return float(east + more_east), float(north + more_north)


def ground_wind_m_s(prepared: Prepared) -> tuple[float, float]:
    """Return the wind towards east and north 10 m above the landing zone."""
    zone = prepared.loaded.zone
    return wind_m_s(prepared.world, ground_m_of(zone) + HEIGHTS_M[0])


def winds_document(prepared: Prepared | None) -> list[dict[str, Any]]:
    """Return height above the zone, speed and where the wind comes from; nothing without a model."""
    if prepared is None:
        return []
    zone = prepared.loaded.zone
    ground_m = ground_m_of(zone)
    rows = []
    for height_m in HEIGHTS_M:
        east, north = wind_m_s(prepared.world, ground_m + height_m)
        rows.append({"height_m": height_m, "speed_m_s": math.hypot(east, north), "from_deg": from_deg(east, north)})
    return rows


def from_deg(east_m_s: float, north_m_s: float) -> float:
    """Return the direction that a wind comes from, degrees from north over east."""
    return math.degrees(math.atan2(-east_m_s, -north_m_s)) % 360.0
