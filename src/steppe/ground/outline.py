"""A convex polygon with few corners on whole minutes of arc that holds given places (docs/models/hazard.md)."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.errors import OutputError
from steppe.ground.sphere import RADIUS_KM, axes_at, places_of, unit_vectors

Floats = npt.NDArray[np.float64]

# Half a minute of arc in latitude and in longitude, the most that rounding moves a corner: 0.93 km times root 2
_ROUNDING_KM: Final = 1.4
# The gnomonic plane stretches without bound towards 90 deg from its middle
_FARTHEST_DEG: Final = 60.0
_ATTEMPTS: Final = 12
_MANY: Final = 500
_DIRECTIONS: Final = 32


def enclose(
    latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike, corners: int = 6, free_km: float = 1.0
) -> npt.NDArray[np.int64]:
    """Return a polygon round places: its corners in whole minutes of arc, its edges great circles.

    On the gnomonic plane (Snyder, USGS Professional Paper 1395, 1987, p. 164) great circles are straight. The convex
    hull there is moved outward, loses the edges that cost least area until few corners are left, and is rounded.

    Parameters
    ----------
    latitude_deg, longitude_deg
        The places in deg, shape (n,), n at least 1.
    corners
        Most corners, 3 or more; the number is met where corners can go, as they always can down to 4.
    free_km
        Free ground round the places.

    Returns
    -------
    numpy.ndarray
        Latitude and longitude in minutes, counter-clockwise, the last corner before the first; shape (k, 2).

    Raises
    ------
    OutputError
        If the places reach farther than 60 deg from their middle: that is no area for one notice.
    """
    lat, lon = np.asarray(latitude_deg, dtype=np.float64), np.asarray(longitude_deg, dtype=np.float64)
    middle = places_of(unit_vectors(lat, lon).mean(axis=1))
    plane = _Gnomonic(float(middle[0]), float(middle[1]))
    points = np.column_stack(plane.to_km(lat, lon))
    hull = hull_of(points)
    for attempt in range(_ATTEMPTS):
        # a thin or tiny hull gets a body by the rim, which is why the rim comes first
        ring = _few_corners(moved_out(hull, free_km + _ROUNDING_KM * (1 + attempt)), corners)
        minutes = np.rint(60.0 * np.column_stack(plane.to_deg(*ring.T))).astype(np.int64)
        minutes = _without_repeats(minutes)
        if len(minutes) > 2 and bool(np.all(holds(minutes, lat, lon))):
            return minutes
    raise OutputError("no polygon on whole minutes of arc holds these places; is one of them at a pole?")


def holds(minutes: npt.NDArray[np.int64], latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> Floats:
    """Return which places (deg) lie within a convex counter-clockwise polygon of great circles, corners in minutes."""
    corners = unit_vectors(minutes[:, 0] / 60.0, minutes[:, 1] / 60.0)
    normals = np.cross(corners, np.roll(corners, -1, axis=1), axis=0)
    places = unit_vectors(latitude_deg, longitude_deg)
    inside: Floats = np.all(np.tensordot(normals.T, places, axes=1) >= 0.0, axis=0)
    return inside


class _Gnomonic:
    """The plane that touches the sphere at a place; great circles are straight lines."""

    def __init__(self, latitude_deg: float, longitude_deg: float) -> None:
        self._basis = axes_at(latitude_deg, longitude_deg, 0.0).basis

    def to_km(self, latitude_deg: Floats, longitude_deg: Floats) -> tuple[Floats, Floats]:
        """Return km east and north of the middle."""
        up, north, west = np.tensordot(self._basis, unit_vectors(latitude_deg, longitude_deg), axes=1)
        if up.min() < math.cos(math.radians(_FARTHEST_DEG)):
            raise OutputError(
                f"the area reaches farther than {_FARTHEST_DEG:g} deg from its middle; no single notice can hold it"
            )
        return -RADIUS_KM * west / up, RADIUS_KM * north / up

    def to_deg(self, east_km: Floats, north_km: Floats) -> tuple[Floats, Floats]:
        """Return latitude and longitude in deg."""
        own = np.stack([np.full_like(east_km, RADIUS_KM), north_km, -east_km])
        return places_of(np.tensordot(self._basis.T, own, axes=1))


def hull_of(points: Floats) -> Floats:
    """Return the convex hull of points, shape (n, 2), counter-clockwise.

    A. M. Andrew, Information Processing Letters 9, 216 (1979), after points inside the polygon of the outermost ones in
    a few directions have been left out (S. G. Akl and G. T. Toussaint, same journal 7, 219, 1978).
    """
    if len(points) > _MANY:
        turn = np.linspace(0.0, 2.0 * np.pi, _DIRECTIONS, endpoint=False)
        # a long thin cloud is outermost in few directions unless it is made round first
        scale = np.maximum(np.ptp(points, axis=0), 1e-9)
        outermost = np.argmax(points / scale @ np.stack([np.cos(turn), np.sin(turn)]), axis=0)
        inner = hull_of(points[outermost])
        if len(inner) > 2:
            points = np.concatenate([inner, points[~_deep_inside(inner, points)]])
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered

    def chain(rows: Floats) -> list[Floats]:
        line: list[Floats] = []
        for row in rows:
            while len(line) > 1 and _cross(line[-1] - line[-2], row - line[-2]) <= 0.0:
                line.pop()
            line.append(row)
        return line[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def _deep_inside(hull: Floats, points: Floats) -> npt.NDArray[np.bool_]:
    inside = np.ones(len(points), dtype=bool)
    for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        inside &= (b[0] - a[0]) * (points[:, 1] - a[1]) - (b[1] - a[1]) * (points[:, 0] - a[0]) > 0.0
    return inside


def _cross(a: Floats, b: Floats) -> float:
    return float(a[0] * b[1] - a[1] * b[0])


def moved_out(hull: Floats, rim_km: float) -> Floats:
    """Return the hull of octagons of a radius round each corner: it keeps the rim free and never has a spike."""
    # the octagon that goes round the circle, not into it
    turn = np.arange(8) * np.pi / 4.0 + np.pi / 8.0
    round_one = rim_km / math.cos(math.pi / 8.0) * np.column_stack([np.cos(turn), np.sin(turn)])
    return hull_of((hull[:, None, :] + round_one[None, :, :]).reshape(-1, 2))


def _few_corners(ring: Floats, most: int) -> Floats:
    """Drop the edges whose neighbours, made longer, add the least area, until few corners are left."""
    while len(ring) > most:
        best, best_area, best_corner = -1, math.inf, np.zeros(2)
        n = len(ring)
        for k in range(n):
            before, a, b, after = (ring[(k + j) % n] for j in (-1, 0, 1, 2))
            turn = _cross(a - before, after - b)
            if turn <= 1e-9 * float(np.linalg.norm(a - before) * np.linalg.norm(after - b)):
                continue  # the neighbours of this edge never meet
            part = _cross(b - a, after - b) / turn
            corner = a + part * (a - before)
            area = 0.5 * abs(_cross(b - a, corner - a))
            if area < best_area:
                best, best_area, best_corner = k, area, corner
        if best < 0:
            break
        ring = np.array([best_corner if j == best else ring[j] for j in range(n) if j != (best + 1) % n])
    return ring


def _without_repeats(minutes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    keep = np.any(minutes != np.roll(minutes, 1, axis=0), axis=1)
    return minutes[keep] if keep.any() else minutes[:1]
