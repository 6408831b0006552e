"""Where the landing points lie: covariance ellipse, order-statistics footprints, and their rings on the map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import WGS84_EQUATORIAL_RADIUS_M, WGS84_FLATTENING
from steppe.ensemble.statistics import CONFIDENCE, Floats, moments, quantile_ranks
from steppe.frames.geodetic import geodetic_to_itrf, local_east_north_up

SHARES: Final = (0.5, 0.9, 0.99, 0.997)
_RING_POINTS: Final = 120
_INVERSE_STEPS: Final = 8
_ECCENTRICITY2: Final = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)


class Plane:
    """The ground about a point in km east and north; distances from the point read true, to 0.1 % within 500 km.

    Parameters
    ----------
    latitude_deg, longitude_deg
        The point, WGS-84.
    """

    def __init__(self, latitude_deg: float, longitude_deg: float) -> None:
        self.latitude_deg, self.longitude_deg = latitude_deg, longitude_deg
        lat, lon = math.radians(latitude_deg), math.radians(longitude_deg)
        self._origin = geodetic_to_itrf(lat, lon, 0.0)
        self._basis = local_east_north_up(lat, lon)
        root = math.sqrt(1.0 - _ECCENTRICITY2 * math.sin(lat) ** 2)
        # radii of curvature along the parallel and the meridian, and their mean
        self._across_m = WGS84_EQUATORIAL_RADIUS_M / root
        self._along_m = WGS84_EQUATORIAL_RADIUS_M * (1.0 - _ECCENTRICITY2) / root**3
        self._radius_m = math.sqrt(self._across_m * self._along_m)

    def to_km(self, latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return km east and north, shape of the arguments."""
        points = geodetic_to_itrf(np.radians(latitude_deg), np.radians(longitude_deg), 0.0)
        offset = points.reshape(3, -1) - self._origin.reshape(3, 1)
        east, north, up = self._basis @ offset
        level = np.hypot(east, north)
        arc = self._radius_m * np.arctan2(level, self._radius_m + up)
        # the arc along the ground instead of its shadow on the tangent plane
        scale = 1e-3 * np.divide(arc, level, out=np.ones_like(level), where=level > 1e-6)
        shape = np.shape(latitude_deg)
        return (east * scale).reshape(shape), (north * scale).reshape(shape)

    def to_deg(self, east_km: npt.ArrayLike, north_km: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return latitude and longitude in deg, the inverse of `to_km` within some 1000 km and off the poles."""
        x, y = np.asarray(east_km, dtype=np.float64), np.asarray(north_km, dtype=np.float64)
        lat = self.latitude_deg + np.degrees(y * 1e3 / self._along_m)
        narrow = self._across_m * np.maximum(np.cos(np.radians(lat)), 0.01)
        lon = self.longitude_deg + np.degrees(x * 1e3 / narrow)
        for _ in range(_INVERSE_STEPS):
            east, north = self.to_km(lat, lon)
            lat = np.clip(lat + np.degrees((y - north) * 1e3 / self._along_m), -90.0, 90.0)
            lon = lon + np.degrees((x - east) * 1e3 / narrow)
        return lat, lon


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse on the ground.

    Attributes
    ----------
    east_km, north_km
        Its centre.
    major_km, minor_km
        Its half axes.
    azimuth_deg
        Course of the long axis, clockwise from north, 0..180.
    """

    east_km: float
    north_km: float
    major_km: float
    minor_km: float
    azimuth_deg: float

    def scaled(self, factor: float) -> Ellipse:
        """Return it with both axes times a factor."""
        return Ellipse(self.east_km, self.north_km, self.major_km * factor, self.minor_km * factor, self.azimuth_deg)

    def ring_km(self) -> tuple[Floats, Floats]:
        """Return points of the outline, counter-clockwise, the last before the first; km east and north."""
        turn = np.linspace(0.0, 2.0 * np.pi, _RING_POINTS, endpoint=False)
        course = math.radians(self.azimuth_deg)
        along, left = self.major_km * np.cos(turn), self.minor_km * np.sin(turn)
        east = self.east_km + along * math.sin(course) - left * math.cos(course)
        north = self.north_km + along * math.cos(course) + left * math.sin(course)
        return east, north


@dataclass(frozen=True, slots=True)
class Footprint:
    """The ellipse that holds a share of all landings.

    Attributes
    ----------
    share
        The share.
    ellipse
        The estimate.
    low, high
        The ellipses between which the true one lies with 95 % confidence; None where there are too few samples.
    """

    share: float
    ellipse: Ellipse
    low: Ellipse | None
    high: Ellipse | None


@dataclass(frozen=True, slots=True)
class Spread:
    """The landing points as a whole.

    Attributes
    ----------
    samples
        How many there are.
    latitude_deg, longitude_deg
        Their mean.
    plane
        The plane about this mean, in which everything here is given.
    sd_east_km, sd_north_km, sd_east_error_km, sd_north_error_km
        Standard deviations and their standard errors.
    correlation
        Of east and north.
    ellipse
        The covariance ellipse: one standard deviation along its axes.
    footprints
        In order of `SHARES`.
    """

    samples: int
    latitude_deg: float
    longitude_deg: float
    plane: Plane
    sd_east_km: float
    sd_north_km: float
    sd_east_error_km: float
    sd_north_error_km: float
    correlation: float
    ellipse: Ellipse
    footprints: tuple[Footprint, ...]


def spread(latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike, confidence: float = CONFIDENCE) -> Spread | None:
    """Return the spread of landing points; None if there are fewer than three or they lie on one line.

    The footprint of share p is the covariance ellipse scaled until it holds the share p of the points: the quantile p
    of their Mahalanobis distances, so no normal distribution is assumed. Its bounds are order statistics of these
    distances (`steppe.ensemble.statistics.quantile_ranks`); centre and shape count as known.

    Parameters
    ----------
    latitude_deg, longitude_deg
        WGS-84, deg, finite, shape (n,).
    confidence
        Of the bounds.
    """
    lat, lon = np.asarray(latitude_deg, dtype=np.float64), np.asarray(longitude_deg, dtype=np.float64)
    if len(lat) < 3:
        return None
    plane = Plane(*_mean_place(lat, lon))
    east, north = plane.to_km(lat, lon)
    covariance = np.cov(east, north)
    values, axes = np.linalg.eigh(covariance)
    if values[0] <= 1e-12 * values[1]:
        return None
    x, y = east - east.mean(), north - north.mean()
    azimuth = math.degrees(math.atan2(axes[0, 1], axes[1, 1])) % 180.0
    minor, major = (math.sqrt(value) for value in values)
    ellipse = Ellipse(float(east.mean()), float(north.mean()), major, minor, azimuth)
    inverse = np.linalg.inv(covariance)
    distance = np.sqrt(inverse[0, 0] * x * x + 2.0 * inverse[0, 1] * x * y + inverse[1, 1] * y * y)
    sides = moments(east), moments(north)
    return Spread(
        samples=len(lat),
        latitude_deg=plane.latitude_deg,
        longitude_deg=plane.longitude_deg,
        plane=plane,
        sd_east_km=sides[0].sd,
        sd_north_km=sides[1].sd,
        sd_east_error_km=sides[0].sd_error,
        sd_north_error_km=sides[1].sd_error,
        correlation=float(covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])),
        ellipse=ellipse,
        footprints=tuple(_footprints(ellipse, np.sort(distance), confidence)),
    )


def _footprints(ellipse: Ellipse, distances: Floats, confidence: float) -> list[Footprint]:
    n = len(distances)
    found = []
    for share in SHARES:
        lower, upper = quantile_ranks(n, share, confidence)
        low = ellipse.scaled(float(distances[lower - 1])) if lower >= 1 else None
        high = ellipse.scaled(float(distances[upper - 1])) if upper <= n else None
        found.append(Footprint(share, ellipse.scaled(float(np.quantile(distances, share))), low, high))
    return found


def _mean_place(latitude_deg: Floats, longitude_deg: Floats) -> tuple[float, float]:
    """Return the mean direction, so that points on both sides of the antimeridian have theirs there."""
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    x, y, z = np.mean(np.cos(lat) * np.cos(lon)), np.mean(np.cos(lat) * np.sin(lon)), np.mean(np.sin(lat))
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
