"""The radiosonde stations about the landing zones: to choose by, and to place a sounding that does not say where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Station:
    """A radiosonde station: WMO number, name, and its place to a tenth of a degree."""

    number: str
    name: str
    latitude_deg: float
    longitude_deg: float


# WMO block 28, 35 and 38; places to a tenth of a degree (10 km), good enough to choose by and to weigh by distance
STATIONS: Final = (
    Station("35671", "Zhezkazgan", 47.8, 67.7),
    Station("35394", "Karaganda", 49.8, 73.2),
    Station("35229", "Aktobe", 50.3, 57.2),
    Station("28952", "Kostanay", 53.2, 63.6),
    Station("38064", "Kyzylorda", 44.8, 65.5),
)


def station_of(number: str) -> Station | None:
    """Return the station of a WMO number, or None if it is none of ours."""
    return next((one for one in STATIONS if one.number == number), None)
