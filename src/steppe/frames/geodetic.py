"""Places on an ellipsoid: geodetic coordinates, local directions, and geodesic distance, for arrays of points."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import WGS84_EQUATORIAL_RADIUS_M, WGS84_FLATTENING

Array = npt.NDArray[np.float64]

# Fixed points of Bowring's formula from his start value: the third changes nothing above 1e-12 rad from -1000 km to
# far space; five keep the round trip to rounding nearer the centre too
_BOWRING_STEPS: Final = 5
_VINCENTY_STEPS: Final = 60
_BISECTIONS: Final = 90
_POLAR_RADIUS_M: Final = WGS84_EQUATORIAL_RADIUS_M * (1.0 - WGS84_FLATTENING)


def itrf_to_geodetic(
    position_m: npt.ArrayLike,
    radius_m: float = WGS84_EQUATORIAL_RADIUS_M,
    flattening: float = WGS84_FLATTENING,
) -> tuple[Array, Array, Array]:
    """Return geodetic latitude, longitude and altitude of points in ITRF.

    Bowring, "Transformation from spatial to geographical coordinates", Survey Review 23 (1976), iterated; the
    altitude by the form without a singularity at the poles (Bowring, Survey Review 28, 1985).

    Parameters
    ----------
    position_m
        Shape (3,) or (3, N), ITRF, more than 50 km from the centre.
    radius_m, flattening
        Equatorial radius and flattening of the ellipsoid; 0 for a sphere. Default WGS-84.

    Returns
    -------
    (latitude_rad, longitude_rad, altitude_m)
        Scalars (shape ()) or shape (N,); longitude in [-pi, pi].

    Raises
    ------
    ValueError
        If the shape is another one.
    """
    position = np.asarray(position_m, dtype=np.float64)
    if position.shape[:1] != (3,) or position.ndim > 2:
        raise ValueError(f"expected positions of shape (3,) or (3, N), got {position.shape}")
    x, y, z = position
    axis_distance = np.hypot(x, y)
    eccentricity2 = flattening * (2.0 - flattening)
    second2 = eccentricity2 / (1.0 - eccentricity2)
    polar_m = radius_m * (1.0 - flattening)
    radial = np.hypot(axis_distance, z)
    reduced = np.arctan2(z * (1.0 - flattening) * (1.0 + second2 * polar_m / radial), axis_distance)
    latitude = reduced
    for _ in range(_BOWRING_STEPS):
        latitude = np.arctan2(
            z + second2 * polar_m * np.sin(reduced) ** 3,
            axis_distance - eccentricity2 * radius_m * np.cos(reduced) ** 3,
        )
        reduced = np.arctan2((1.0 - flattening) * np.sin(latitude), np.cos(latitude))
    sine, cosine = np.sin(latitude), np.cos(latitude)
    altitude = axis_distance * cosine + z * sine - radius_m * np.sqrt(1.0 - eccentricity2 * sine**2)
    return np.asarray(latitude), np.asarray(np.arctan2(y, x)), np.asarray(altitude)


def geodetic_to_itrf(
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    altitude_m: npt.ArrayLike,
    radius_m: float = WGS84_EQUATORIAL_RADIUS_M,
    flattening: float = WGS84_FLATTENING,
) -> Array:
    """Return positions in ITRF, shape (3,) or (3, N), of geodetic coordinates; the inverse of `itrf_to_geodetic`."""
    latitude, longitude, altitude = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (latitude_rad, longitude_rad, altitude_m))
    )
    eccentricity2 = flattening * (2.0 - flattening)
    sine, cosine = np.sin(latitude), np.cos(latitude)
    normal = radius_m / np.sqrt(1.0 - eccentricity2 * sine**2)
    across = (normal + altitude) * cosine
    return np.array(
        [across * np.cos(longitude), across * np.sin(longitude), (normal * (1.0 - eccentricity2) + altitude) * sine]
    )


def local_east_north_up(latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike) -> Array:
    """Return the unit vectors east, north, up (geodetic) in ITRF as rows: shape (3, 3) or (3, 3, N).

    ``basis[0]`` is east, ``basis[1]`` north, ``basis[2]`` up. At a pole the longitude decides what east is.
    """
    latitude, longitude = np.broadcast_arrays(
        np.asarray(latitude_rad, dtype=np.float64), np.asarray(longitude_rad, dtype=np.float64)
    )
    sin_lat, cos_lat = np.sin(latitude), np.cos(latitude)
    sin_lon, cos_lon = np.sin(longitude), np.cos(longitude)
    return np.array(
        [
            [-sin_lon, cos_lon, np.zeros_like(sin_lon)],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        ]
    )


def _series(squared_cosine: Array) -> tuple[Array, Array]:
    """Return A and B of Vincenty (1975), equations 3 and 4."""
    u2 = squared_cosine * (WGS84_EQUATORIAL_RADIUS_M**2 / _POLAR_RADIUS_M**2 - 1.0)
    a = 1.0 + u2 / 16384.0 * (4096.0 + u2 * (-768.0 + u2 * (320.0 - 175.0 * u2)))
    b = u2 / 1024.0 * (256.0 + u2 * (-128.0 + u2 * (74.0 - 47.0 * u2)))
    return a, b


def _arc_correction(b: Array, sin_sigma: Array, cos_sigma: Array, cos_twice_mid: Array) -> Array:
    """Return the difference of arcs on the auxiliary sphere, Vincenty (1975), equation 6."""
    twice2 = 2.0 * cos_twice_mid**2 - 1.0
    inner = cos_sigma * twice2 - b / 6.0 * cos_twice_mid * (4.0 * sin_sigma**2 - 3.0) * (4.0 * cos_twice_mid**2 - 3.0)
    return np.asarray(b * sin_sigma * (cos_twice_mid + b / 4.0 * inner))


def _longitude_loss(sin_alpha: Array, sigma: Array, sin_sigma: Array, cos_sigma: Array, cos_twice_mid: Array) -> Array:
    """Return longitude on the sphere minus longitude on the ellipsoid, Vincenty (1975), equations 10 and 11."""
    f, squared_cosine = WGS84_FLATTENING, 1.0 - sin_alpha**2
    c = f / 16.0 * squared_cosine * (4.0 + f * (4.0 - 3.0 * squared_cosine))
    inner = cos_twice_mid + c * cos_sigma * (2.0 * cos_twice_mid**2 - 1.0)
    return np.asarray((1.0 - c) * f * sin_alpha * (sigma + c * sin_sigma * inner))


def geodesic_distance_m(
    latitude1_rad: npt.ArrayLike,
    longitude1_rad: npt.ArrayLike,
    latitude2_rad: npt.ArrayLike,
    longitude2_rad: npt.ArrayLike,
) -> Array:
    """Return the geodesic distance in m on the WGS-84 ellipsoid, element by element.

    Vincenty, "Direct and inverse solutions of geodesics on the ellipsoid", Survey Review 23 (1975): below 1 mm. Where
    his iteration fails, near the antipode, the azimuth is found by bisection as Karney (J. Geodesy 87, 2013) shows.
    """
    lat1, lon1, lat2, lon2 = np.broadcast_arrays(
        *(
            np.asarray(value, dtype=np.float64)
            for value in (latitude1_rad, longitude1_rad, latitude2_rad, longitude2_rad)
        )
    )
    shape = lat1.shape
    lat1, lat2 = lat1.ravel(), lat2.ravel()
    difference = np.abs(np.remainder(lon2.ravel() - lon1.ravel() + np.pi, 2.0 * np.pi) - np.pi)
    reduced1 = np.arctan2((1.0 - WGS84_FLATTENING) * np.sin(lat1), np.cos(lat1))
    reduced2 = np.arctan2((1.0 - WGS84_FLATTENING) * np.sin(lat2), np.cos(lat2))
    distance, done = _vincenty_inverse(reduced1, reduced2, difference)
    if not done.all():
        late = ~done
        distance[late] = _antipodal_inverse(reduced1[late], reduced2[late], difference[late])
    return distance.reshape(shape)


def _vincenty_inverse(reduced1: Array, reduced2: Array, difference: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    sin1, cos1, sin2, cos2 = np.sin(reduced1), np.cos(reduced1), np.sin(reduced2), np.cos(reduced2)
    lam = difference.copy()
    done = np.zeros(lam.shape, dtype=bool)
    for _ in range(_VINCENTY_STEPS):
        sin_lam, cos_lam = np.sin(lam), np.cos(lam)
        sin_sigma = np.hypot(cos2 * sin_lam, cos1 * sin2 - sin1 * cos2 * cos_lam)
        cos_sigma = sin1 * sin2 + cos1 * cos2 * cos_lam
        sigma = np.arctan2(sin_sigma, cos_sigma)
        sin_alpha = cos1 * cos2 * sin_lam / np.where(sin_sigma > 0.0, sin_sigma, 1.0)
        squared_cosine = np.maximum(0.0, 1.0 - sin_alpha**2)
        # On the equator the line has no middle in the sense of the formula, and its terms vanish
        on_equator = squared_cosine < 1e-15
        cos_twice_mid = np.where(
            on_equator, 0.0, cos_sigma - 2.0 * sin1 * sin2 / np.where(on_equator, 1.0, squared_cosine)
        )
        cos_twice_mid = np.clip(cos_twice_mid, -1.0, 1.0)
        loss = _longitude_loss(sin_alpha, sigma, sin_sigma, cos_sigma, cos_twice_mid)
        moved = np.abs(difference + loss - lam)
        lam = np.where(done, lam, difference + loss)
        # Beyond pi the iteration has left its domain, and so it has near the antipode
        done |= (moved < 1e-13) & (lam <= np.pi) & (sigma < np.pi - 0.02)
        if done.all():
            break
    a, b = _series(squared_cosine)
    arc = sigma - _arc_correction(b, sin_sigma, cos_sigma, cos_twice_mid)
    return np.asarray(_POLAR_RADIUS_M * a * arc), done


def _antipodal_inverse(reduced1: Array, reduced2: Array, difference: Array) -> Array:
    """Return the distance by bisection of the azimuth at the point farther from the equator (Karney 2013)."""
    # His canonical case: the first point is the farther from the equator and lies in the south
    swap = np.abs(reduced2) > np.abs(reduced1)
    first, second = np.where(swap, reduced2, reduced1), np.where(swap, reduced1, reduced2)
    flip = np.where(first > 0.0, -1.0, 1.0)
    # Not quite on the equator, so that the longitude is a function of the azimuth there too
    first = np.minimum(flip * first, -1e-12)
    second = flip * second
    sin1, cos1, sin2, cos2 = np.sin(first), np.cos(first), np.sin(second), np.cos(second)
    # Counted from east, for near the equator all turns on a hair's breadth about it
    low, high = np.full_like(first, -0.5 * np.pi), np.full_like(first, 0.5 * np.pi)
    distance = np.zeros_like(first)
    # cos2^2 - cos1^2 without cancellation
    across = (sin1 - sin2) * (sin1 + sin2)
    for _ in range(_BISECTIONS):
        from_east = 0.5 * (low + high)
        sin_alpha = np.cos(from_east) * cos1
        cos_azimuth1 = -np.sin(from_east)
        cos_azimuth2 = np.sqrt(np.maximum(0.0, (cos_azimuth1 * cos1) ** 2 + across)) / cos2
        sigma1 = np.arctan2(sin1, cos_azimuth1 * cos1)
        # From south of the equator to the first passage of the other latitude northbound: never back
        sigma = np.maximum(0.0, np.arctan2(sin2, cos_azimuth2 * cos2) - sigma1)
        omega = np.arctan2(sin_alpha * sin2, cos_azimuth2 * cos2) - np.arctan2(sin_alpha * sin1, cos_azimuth1 * cos1)
        sin_sigma, cos_sigma, cos_twice_mid = np.sin(sigma), np.cos(sigma), np.cos(2.0 * sigma1 + sigma)
        loss = _longitude_loss(sin_alpha, sigma, sin_sigma, cos_sigma, cos_twice_mid)
        too_far = np.maximum(0.0, omega) - loss > difference
        low, high = np.where(too_far, low, from_east), np.where(too_far, from_east, high)
        a, b = _series(1.0 - sin_alpha**2)
        distance = _POLAR_RADIUS_M * a * (sigma - _arc_correction(b, sin_sigma, cos_sigma, cos_twice_mid))
    return np.asarray(distance)


def destination(
    latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike, bearing_rad: npt.ArrayLike, distance_m: npt.ArrayLike
) -> tuple[Array, Array]:
    """Return the point at a bearing and a distance along the WGS-84 geodesic (Vincenty 1975, direct).

    Parameters
    ----------
    latitude_rad, longitude_rad
        Where it starts, geodetic.
    bearing_rad
        Clockwise from north.
    distance_m
        Along the geodesic, in m.

    Returns
    -------
    (latitude_rad, longitude_rad)
        Shape of the broadcast inputs; longitude in [-pi, pi).
    """
    latitude, longitude, bearing, distance = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (latitude_rad, longitude_rad, bearing_rad, distance_m))
    )
    f = WGS84_FLATTENING
    reduced = np.arctan2((1.0 - f) * np.sin(latitude), np.cos(latitude))
    sin1, cos1 = np.sin(reduced), np.cos(reduced)
    sin_bearing, cos_bearing = np.sin(bearing), np.cos(bearing)
    sigma1 = np.arctan2(sin1, cos1 * cos_bearing)
    sin_alpha = cos1 * sin_bearing
    a, b = _series(np.asarray(1.0 - sin_alpha**2))
    arc = distance / (_POLAR_RADIUS_M * a)
    sigma = arc
    # The correction contracts by the flattening each time: 8 steps are below rounding
    for _ in range(8):
        sigma = arc + _arc_correction(b, np.sin(sigma), np.cos(sigma), np.cos(2.0 * sigma1 + sigma))
    sin_sigma, cos_sigma = np.sin(sigma), np.cos(sigma)
    across = sin1 * sin_sigma - cos1 * cos_sigma * cos_bearing
    end = np.arctan2(sin1 * cos_sigma + cos1 * sin_sigma * cos_bearing, (1.0 - f) * np.hypot(sin_alpha, across))
    lam = np.arctan2(sin_sigma * sin_bearing, cos1 * cos_sigma - sin1 * sin_sigma * cos_bearing)
    loss = _longitude_loss(sin_alpha, np.asarray(sigma), sin_sigma, cos_sigma, np.cos(2.0 * sigma1 + sigma))
    return np.asarray(end), np.asarray(np.remainder(longitude + lam - loss + np.pi, 2.0 * np.pi) - np.pi)
