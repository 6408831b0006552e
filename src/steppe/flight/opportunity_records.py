"""What is asked about landing opportunities, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from steppe.config.mission import Zone
from steppe.config.vehicle import Vehicle
from steppe.flight.opportunity_search import Candidate
from steppe.frames.elements import StationOrbit

# Practical reach to the side: one-sided bank reaches 106 to 117 km, of which the guidance, which must turn back in
# time, leaves 60 to 80 km; "50 miles" in the press (docs/models/opportunities.md)
MAX_CROSSRANGE_M: Final = 80e3


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes
    ----------
    orbit
        The station.
    zones
        Where to land.
    vehicle
        What lands.
    first, last
        Window of the ignition (UTC).
    delta_v_m_s
        Fixed delta-v; None takes Soyuz practice for the altitude of the station.
    entry_angle_deg
        Fixed path angle relative to the Earth at the entry interface (99.7 km), negative; None lets it float.
    wind_bias
        Whether the aim point stands off the zone by the drift under the canopies.
    max_crossrange_m
        How far to the side the capsule may steer.
    daylight
        Whether a landing in the dark counts as out of reach.
    """

    orbit: StationOrbit
    zones: tuple[Zone, ...]
    vehicle: Vehicle
    first: datetime
    last: datetime
    delta_v_m_s: float | None = None
    entry_angle_deg: float | None = None
    wind_bias: bool = True
    max_crossrange_m: float = MAX_CROSSRANGE_M
    daylight: bool = False


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One landing opportunity; numbers that do not exist are None.

    Attributes
    ----------
    candidate
        The passage of the station.
    reachable, reason
        Whether the capsule can land there, and if not why.
    rank
        1 for the best of all zones; None if out of reach.
    undocking, ignition, separation, interface, parachute, touchdown
        Dates (UTC); the undocking is the latest comfortable one.
    delta_v_m_s, burn_s, propellant_kg, entry_angle_rad, crossrange_m
        As in `steppe.flight.opportunity_targeting.Solution`.
    touchdown_deg, ballistic_deg
        Latitude and longitude.
    sun_elevation_rad
        Of the Sun above the horizon of the landing place at touchdown.
    along_track_uncertainty_s
        How early or late the station may be, from the age of its elements.
    """

    candidate: Candidate
    reachable: bool
    reason: str | None
    rank: int | None
    undocking: datetime
    ignition: datetime | None
    separation: datetime | None
    interface: datetime | None
    parachute: datetime | None
    touchdown: datetime | None
    delta_v_m_s: float | None
    burn_s: float | None
    propellant_kg: float | None
    entry_angle_rad: float | None
    crossrange_m: float
    touchdown_deg: tuple[float, float] | None
    ballistic_deg: tuple[float, float] | None
    sun_elevation_rad: float | None
    along_track_uncertainty_s: float


@dataclass(frozen=True, slots=True)
class Opportunities:
    """The answer.

    Attributes
    ----------
    request
        What was asked.
    found
        In order of time, those out of reach too.
    alternative
        The nearest feasible alternative in one sentence if none is reachable, else None.
    notes
        What the user should know.
    """

    request: Request
    found: tuple[Opportunity, ...]
    alternative: str | None
    notes: tuple[str, ...]

    @property
    def reachable(self) -> list[Opportunity]:
        """The reachable ones, best first."""
        return sorted((one for one in self.found if one.reachable), key=lambda one: one.rank or 0)
