"""Along and across a track on the sphere of the mean radius: good anywhere, also over poles and the antimeridian."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from steppe.constants import MEAN_RADIUS_M

Floats = npt.NDArray[np.float64]
RADIUS_KM = MEAN_RADIUS_M * 1e-3
# A cloud less longer than wide than this has no direction of its own
_ROUND = 1.5


@dataclass(frozen=True, slots=True)
class TrackAxes:
    """A great circle with a direction, as axes of the ground.

    Geodetic latitudes are taken as those of the sphere, which makes distances wrong by up to 0.5 %.

    Attributes
    ----------
    latitude_deg, longitude_deg
        Where along and across are zero.
    course_deg
        Direction of flight there, clockwise from north.
    basis
        Unit vectors of the origin, of the direction of flight, and to the left of it; shape (3, 3), Earth-fixed.
    """

    latitude_deg: float
    longitude_deg: float
    course_deg: float
    basis: Floats

    def to_km(self, latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return km along the great circle and across it (left positive), shape of the arguments."""
        up, ahead, left = np.tensordot(self.basis, unit_vectors(latitude_deg, longitude_deg), axes=1)
        return RADIUS_KM * np.arctan2(ahead, up), RADIUS_KM * np.arcsin(np.clip(left, -1.0, 1.0))

    def to_deg(self, along_km: npt.ArrayLike, across_km: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return latitude and longitude in deg, the inverse of `to_km`."""
        s, c = np.broadcast_arrays(np.asarray(along_km) / RADIUS_KM, np.asarray(across_km) / RADIUS_KM)
        own = np.stack([np.cos(c) * np.cos(s), np.cos(c) * np.sin(s), np.sin(c)])
        return places_of(np.tensordot(self.basis.T, own, axes=1))


def unit_vectors(latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> Floats:
    """Return directions from the middle of the sphere, shape (3, ...)."""
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    vectors: Floats = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return vectors


def places_of(vectors: Floats) -> tuple[Floats, Floats]:
    """Return latitude and longitude in deg of directions, shape (3, ...), of any length."""
    x, y, z = vectors
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def distance_km(latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike, latitude: float, longitude: float) -> Floats:
    """Return great-circle distances in km from one place (deg)."""
    a, b = unit_vectors(latitude_deg, longitude_deg), unit_vectors(latitude, longitude)
    # the chord is exact for short distances, where the cosine is not
    chord = np.linalg.norm(a - b.reshape((3,) + (1,) * (a.ndim - 1)), axis=0)
    distance: Floats = 2.0 * RADIUS_KM * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))
    return distance


def axes_at(latitude_deg: float, longitude_deg: float, course_deg: float) -> TrackAxes:
    """Return the axes of the great circle through a place on a course."""
    lat, lon, course = math.radians(latitude_deg), math.radians(longitude_deg), math.radians(course_deg)
    up = unit_vectors(latitude_deg, longitude_deg)
    east = np.array([-math.sin(lon), math.cos(lon), 0.0])
    north = np.array([-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)])
    ahead = north * math.cos(course) + east * math.sin(course)
    return TrackAxes(latitude_deg, longitude_deg, course_deg % 360.0, np.stack([up, ahead, np.cross(up, ahead)]))


def fit_axes(latitude_deg: Floats, longitude_deg: Floats, track_deg: tuple[Floats, Floats] | None = None) -> TrackAxes:
    """Return the great circle along a cloud of points.

    Parameters
    ----------
    latitude_deg, longitude_deg
        The points in deg, at least one, shape (n,).
    track_deg
        Latitudes and longitudes of the ground track in the order of flight. It gives the direction, and the course too
        where the cloud is about as wide as long. Without it the direction is eastward.
    """
    lat, lon = (float(value) for value in places_of(unit_vectors(latitude_deg, longitude_deg).mean(axis=1)))
    plain = axes_at(lat, lon, 0.0)
    north, left = plain.to_km(latitude_deg, longitude_deg)
    moments = np.array([[np.mean(left * left), -np.mean(left * north)], [-np.mean(left * north), np.mean(north**2)]])
    values, vectors = np.linalg.eigh(moments)
    course = math.degrees(math.atan2(vectors[0, 1], vectors[1, 1])) % 360.0
    flown = 90.0 if track_deg is None else _course_near(plain, track_deg)
    if values[1] <= _ROUND**2 * values[0]:
        course = flown
    elif math.cos(math.radians(course - flown)) < 0.0:
        course += 180.0
    return axes_at(lat, lon, course)


def _course_near(plain: TrackAxes, track_deg: tuple[Floats, Floats]) -> float:
    """Return the course of a track where it passes the origin of axes that look north."""
    lat, lon = (np.asarray(part, dtype=np.float64) for part in track_deg)
    if len(lat) < 2:
        return 90.0
    far = distance_km(lat, lon, plain.latitude_deg, plain.longitude_deg)
    k = int(np.clip(np.argmin(far), 1, len(far) - 2)) if len(far) > 2 else 0
    ends = slice(k - 1, k + 2) if len(far) > 2 else slice(0, 2)
    north, left = plain.to_km(lat[ends], lon[ends])
    if np.hypot(north[-1] - north[0], left[-1] - left[0]) == 0.0:
        return 90.0
    return math.degrees(math.atan2(-(left[-1] - left[0]), north[-1] - north[0])) % 360.0
