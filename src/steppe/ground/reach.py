"""How long a unit takes to a capsule: way, wind, fuel, duty, and what the weather and the night forbid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.recovery import Airfield, Detection, UnitType, Weather
from steppe.frames.geodetic import geodesic_distance_m

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Radio horizon over an Earth of 4/3 radius, 4.12 km for the root of the height in m (ITU-R P.310)
_HORIZON_M: Final = 4120.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where units may wait.

    Attributes
    ----------
    name
        For people: the airfield, or distance and direction from the middle of a footprint.
    latitude_deg, longitude_deg
        Geodetic, WGS-84.
    side
        "guided" or "ballistic": the footprint it belongs to, for an airfield the nearer one.
    airfield
        Whether there is fuel.
    """

    name: str
    latitude_deg: float
    longitude_deg: float
    side: str
    airfield: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """What units of a type can do from each place to each point.

    Attributes
    ----------
    travel_s
        Time on the way, shape (places, points).
    possible
        Whether fuel and duty allow it: to the place, to the point, search, and home again; shape (places, points).
    standoff_s
        Time for the last part that may only be flown after the touchdown.
    """

    travel_s: Floats
    possible: Bools
    standoff_s: float

    def arrival_s(self, unit: UnitType, detection: Detection) -> Floats:
        """Return when a unit is over the point, seconds after the touchdown; infinite where it cannot come.

        Before the touchdown it flies up to the stand-off distance and waits there.

        Parameters
        ----------
        unit
            The type.
        detection
            When the place is known.
        """
        ready_s = detection.after_touchdown_s + unit.reaction_s
        arrival = np.maximum(ready_s + self.travel_s, np.minimum(self.travel_s, self.standoff_s))
        return np.where(self.possible, arrival, np.inf)


def travel_s(
    unit: UnitType, weather: Weather, start_deg: tuple[Floats, Floats], end_deg: tuple[Floats, Floats]
) -> Floats:
    """Return the time on the geodesic in s; infinite where the wind across the course is faster than the unit.

    The ground speed is that of the wind triangle with the wind of the day on the initial course, sqrt(v^2 - c^2) + a
    with the wind c across and a along it; vehicles do not feel the wind.

    Parameters
    ----------
    unit, weather
        The type and the weather.
    start_deg, end_deg
        Latitude and longitude in deg, arrays that broadcast.
    """
    lat1, lon1, lat2, lon2 = (np.radians(np.asarray(value)) for value in (*start_deg, *end_deg))
    distance = geodesic_distance_m(lat1, lon1, lat2, lon2)
    if unit.kind == "vehicle" or (weather.wind_east_m_s == 0.0 and weather.wind_north_m_s == 0.0):
        return np.asarray(distance / unit.cruise_speed_m_s)
    course = np.arctan2(
        np.sin(lon2 - lon1) * np.cos(lat2),
        np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(lon2 - lon1),
    )
    along = weather.wind_east_m_s * np.sin(course) + weather.wind_north_m_s * np.cos(course)
    across = weather.wind_east_m_s * np.cos(course) - weather.wind_north_m_s * np.sin(course)
    left = unit.cruise_speed_m_s**2 - across**2
    speed = np.sqrt(np.maximum(left, 0.0)) + along
    moving = (left > 0.0) & (speed > 0.0)
    return np.asarray(np.divide(distance, speed, out=np.where(distance > 0.0, np.inf, 0.0), where=moving))


def grounded(unit: UnitType, weather: Weather, night: bool) -> str:
    """Return what keeps a type on the ground, or an empty text."""
    wind = math.hypot(weather.wind_east_m_s, weather.wind_north_m_s) + weather.gust_m_s
    if weather.icing and not unit.flies_in_icing:
        return "icing"
    if wind > unit.largest_wind_m_s:
        return f"wind with gusts {wind:.0f} m/s, limit {unit.largest_wind_m_s:.0f} m/s"
    if weather.visibility_m < unit.least_visibility_m:
        return f"visibility {weather.visibility_m:.0f} m, at least {unit.least_visibility_m:.0f} m needed"
    if night and not unit.works_at_night:
        return "night"
    return ""


def reach(
    unit: UnitType,
    weather: Weather,
    places: tuple[Place, ...],
    airfields: tuple[Airfield, ...],
    points_deg: tuple[Floats, Floats],
    *,
    hold_s: float,
    standoff_m: float,
) -> Reach:
    """Return what a type can do.

    Helicopters and aircraft need fuel and duty for: the ferry from the nearest airfield and the hold (neither from an
    airfield), the way to the point, the search, and the way to the airfield nearest to it. Vehicles go back where they
    came from.

    Parameters
    ----------
    unit, weather
        The type and the weather.
    places
        Where it may wait, J of them.
    airfields
        Where there is fuel.
    points_deg
        Latitude and longitude of the touchdowns in deg, shape (S,) each.
    hold_s
        Time with running engines at a place in the field.
    standoff_m
        How near to the touchdown it may be before it.
    """
    at = _columns([(one.latitude_deg, one.longitude_deg) for one in places])
    fields = _columns([(one.latitude_deg, one.longitude_deg) for one in airfields])
    points = (points_deg[0][None, :], points_deg[1][None, :])
    out = travel_s(unit, weather, at, points)
    if unit.kind == "vehicle":
        busy = 2.0 * out + unit.reserve_s
    else:
        rows = (fields[0].T, fields[1].T)
        # from the nearest airfield to each place, and from each point to its nearest airfield
        ferry = travel_s(unit, weather, (fields[0], fields[1]), (at[0].T, at[1].T)).min(axis=0)[:, None]
        home = travel_s(unit, weather, (points[0].T, points[1].T), rows).min(axis=1)[None, :]
        own = np.array([one.airfield for one in places])[:, None]
        busy = np.where(own, 0.0, ferry + hold_s) + out + unit.reserve_s + home
    possible = (busy * unit.cruise_speed_m_s <= unit.range_m) & (busy <= unit.duty_s)
    return Reach(out, possible, standoff_m / unit.cruise_speed_m_s)


def radio_range_m(unit: UnitType) -> float:
    """Return how far an aircraft at its cruise altitude hears a beacon on the ground: the radio horizon."""
    return _HORIZON_M * math.sqrt(max(unit.cruise_altitude_m, 0.0))


def contact_s(unit: UnitType, travel_time_s: Floats) -> Floats:
    """Return when an aircraft on its way has the capsule above its radio horizon, s after it left."""
    return np.asarray(np.maximum(travel_time_s - radio_range_m(unit) / unit.cruise_speed_m_s, 0.0))


def _columns(pairs: list[tuple[float, float]]) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes as columns of shape (n, 1)."""
    values = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return values[:, :1], values[:, 1:]
