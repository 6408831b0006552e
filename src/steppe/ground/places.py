"""Where units may wait: airfields, and positions in the field about the two footprints."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from steppe.config.recovery import Airfield, Waiting
from steppe.ensemble.footprint import Plane
from steppe.frames.geodetic import geodesic_distance_m
from steppe.ground.land import on_land
from steppe.ground.reach import Place
from steppe.ground.touchdowns import Touchdowns

_POINTS: Final = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")


def candidate_places(
    airfields: tuple[Airfield, ...], waiting: Waiting, guided: Touchdowns, ballistic: Touchdowns
) -> tuple[Place, ...]:
    """Return the places where units may wait: airfields first, then those in the field.

    Field positions: the middle of each footprint, and rings of `directions` points about it, `rings` standard
    deviations out along both axes of the touchdowns and at least `least_distance_m` away. Open are those on land where
    a touchdown within `clearance_m` is not more probable than `clearance_probability`.

    Parameters
    ----------
    airfields, waiting
        From the recovery file.
    guided, ballistic
        The touchdowns.
    """
    places = [_airfield(one, guided, ballistic) for one in airfields]
    for side in (guided, ballistic):
        plane = Plane(*side.mean_deg)
        east, north = plane.to_km(side.latitude_deg, side.longitude_deg)
        for name, x, y in _grid_km(side, waiting):
            near = float(np.mean(np.hypot(east - x, north - y) * 1e3 < waiting.clearance_m))
            lat, lon = (float(value) for value in plane.to_deg(x, y))
            if near <= waiting.clearance_probability and on_land(lat, lon):
                places.append(Place(f"{name}, {side.side} side", lat, lon, side.side, False))
    return tuple(places)


def _grid_km(side: Touchdowns, waiting: Waiting) -> list[tuple[str, float, float]]:
    """Return name, km east and km north of the positions about one footprint, without repetitions."""
    (long, short), course = side.axes_km()
    least_km = waiting.least_distance_m * 1e-3
    found = [("middle", 0.0, 0.0)]
    for ring in waiting.rings:
        for number in range(waiting.directions):
            turn = 2.0 * math.pi * number / waiting.directions
            along, across = ring * long * math.cos(turn), ring * short * math.sin(turn)
            radius = math.hypot(along, across)
            # out to the least distance, in the direction of the circle where the ellipse is a point
            if radius < least_km:
                along, across = least_km * math.cos(turn), least_km * math.sin(turn)
            x = along * math.sin(course) + across * math.cos(course)
            y = along * math.cos(course) - across * math.sin(course)
            if all(math.hypot(x - a, y - b) > 0.5 for _, a, b in found):
                found.append((_where(x, y), x, y))
    return found


def _where(east_km: float, north_km: float) -> str:
    course = math.degrees(math.atan2(east_km, north_km)) % 360.0
    return f"{math.hypot(east_km, north_km):.0f} km {_POINTS[round(course / 22.5) % 16]}"


def _airfield(one: Airfield, guided: Touchdowns, ballistic: Touchdowns) -> Place:
    here = math.radians(one.latitude_deg), math.radians(one.longitude_deg)
    near, far = (
        float(geodesic_distance_m(*here, *(math.radians(value) for value in side.mean_deg)))
        for side in (guided, ballistic)
    )
    return Place(one.name, one.latitude_deg, one.longitude_deg, "guided" if near <= far else "ballistic", True)
