"""Frames that travel with a body: LVLH of an orbit, and speed, flight-path angle and heading over the ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from steppe.constants import EARTH_ROTATION_RAD_S, WGS84_EQUATORIAL_RADIUS_M, WGS84_FLATTENING
from steppe.frames.geodetic import geodetic_to_itrf, itrf_to_geodetic, local_east_north_up

Array = npt.NDArray[np.float64]


def inertial_velocity_m_s(
    position_itrf_m: npt.ArrayLike, velocity_itrf_m_s: npt.ArrayLike, rotation_rad_s: float = EARTH_ROTATION_RAD_S
) -> Array:
    """Return v + omega x r along the axes of ITRF: the velocity that the orbit has; shape (3,) or (3, N)."""
    position = np.asarray(position_itrf_m, dtype=np.float64)
    velocity = np.array(velocity_itrf_m_s, dtype=np.float64)
    velocity[0] -= rotation_rad_s * position[1]
    velocity[1] += rotation_rad_s * position[0]
    return velocity


def lvlh_basis(
    position_itrf_m: npt.ArrayLike, velocity_itrf_m_s: npt.ArrayLike, rotation_rad_s: float = EARTH_ROTATION_RAD_S
) -> Array:
    """Return the local orbital frame as rows radial, along-track, cross-track: shape (3, 3) or (3, 3, N).

    Radial points away from the centre, cross-track along the orbital angular momentum, along-track completes the
    right-handed frame (for a circular orbit it is the direction of the inertial velocity).

    Parameters
    ----------
    position_itrf_m, velocity_itrf_m_s
        Shape (3,) or (3, N), ITRF; the velocity is relative to the turning Earth, and the turning is added here, for
        the orbit's plane is that of the inertial velocity.
    rotation_rad_s
        Rate of the Earth.

    Raises
    ------
    ValueError
        If the motion is along the radius: then there is no plane.
    """
    position = np.asarray(position_itrf_m, dtype=np.float64)
    velocity = inertial_velocity_m_s(position, velocity_itrf_m_s, rotation_rad_s)
    momentum = np.cross(position, velocity, axis=0)
    size = np.linalg.norm(momentum, axis=0)
    radius = np.linalg.norm(position, axis=0)
    if not np.all(size > 1e-9 * radius * np.linalg.norm(velocity, axis=0)):
        raise ValueError("no orbital plane: the inertial velocity is zero or along the radius")
    radial, cross_track = position / radius, momentum / size
    return np.array([radial, np.cross(cross_track, radial, axis=0), cross_track])


def relative_lvlh(
    station_position_itrf_m: npt.ArrayLike,
    station_velocity_itrf_m_s: npt.ArrayLike,
    ship_position_itrf_m: npt.ArrayLike,
) -> tuple[Array, Array, Array]:
    """Return where a ship is as seen from the station, in the station's LVLH frame.

    Parameters
    ----------
    station_position_itrf_m, station_velocity_itrf_m_s, ship_position_itrf_m
        Shape (3,) or (3, N) at the same moments, ITRF.

    Returns
    -------
    (radial_m, along_track_m, cross_track_m)
        Straight components, shape () or (N,): up, ahead, and along the orbital angular momentum are positive.
    """
    station = np.asarray(station_position_itrf_m, dtype=np.float64)
    basis = lvlh_basis(station, station_velocity_itrf_m_s)
    offset = np.asarray(ship_position_itrf_m, dtype=np.float64) - station
    radial, along, cross = np.einsum("ij...,j...->i...", basis, offset)
    return np.asarray(radial), np.asarray(along), np.asarray(cross)


def surface_velocity_itrf(
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    speed_m_s: npt.ArrayLike,
    flight_path_angle_rad: npt.ArrayLike,
    heading_rad: npt.ArrayLike,
) -> Array:
    """Return the velocity in ITRF, shape (3,) or (3, N), of a speed, flight-path angle and heading at a place.

    Parameters
    ----------
    latitude_rad, longitude_rad
        Geodetic place; the angles refer to its vertical.
    speed_m_s
        Relative to the turning Earth.
    flight_path_angle_rad
        Above the local horizontal, negative for a descent.
    heading_rad
        Clockwise from north.
    """
    speed, angle, heading, latitude, longitude = np.broadcast_arrays(
        *(
            np.asarray(value, dtype=np.float64)
            for value in (speed_m_s, flight_path_angle_rad, heading_rad, latitude_rad, longitude_rad)
        )
    )
    east, north, up = local_east_north_up(latitude, longitude)
    level = speed * np.cos(angle)
    return np.asarray(level * np.sin(heading) * east + level * np.cos(heading) * north + speed * np.sin(angle) * up)


def surface_start_to_itrf(
    latitude_rad: npt.ArrayLike,
    longitude_rad: npt.ArrayLike,
    altitude_m: npt.ArrayLike,
    speed_m_s: npt.ArrayLike,
    flight_path_angle_rad: npt.ArrayLike,
    heading_rad: npt.ArrayLike,
    radius_m: float = WGS84_EQUATORIAL_RADIUS_M,
    flattening: float = WGS84_FLATTENING,
) -> tuple[Array, Array]:
    """Return position and velocity in ITRF of a start given as people give it.

    Parameters
    ----------
    latitude_rad, longitude_rad, altitude_m
        Geodetic place.
    speed_m_s
        Relative to the turning Earth.
    flight_path_angle_rad
        Above the local horizontal (geodetic), negative for a descent.
    heading_rad
        Clockwise from north.
    radius_m, flattening
        The ellipsoid; default WGS-84.

    Returns
    -------
    (position_m, velocity_m_s)
        ITRF, shape (3,) or (3, N).
    """
    position = geodetic_to_itrf(latitude_rad, longitude_rad, altitude_m, radius_m, flattening)
    return position, surface_velocity_itrf(latitude_rad, longitude_rad, speed_m_s, flight_path_angle_rad, heading_rad)


def itrf_to_surface_motion(
    position_itrf_m: npt.ArrayLike,
    velocity_itrf_m_s: npt.ArrayLike,
    radius_m: float = WGS84_EQUATORIAL_RADIUS_M,
    flattening: float = WGS84_FLATTENING,
) -> tuple[Array, Array, Array]:
    """Return speed in m/s, flight-path angle and heading in rad; the inverse of `surface_start_to_itrf`.

    All are relative to the turning Earth and the geodetic vertical; the heading is in [0, 2 pi), clockwise from
    north. At rest both angles are 0.
    """
    velocity = np.asarray(velocity_itrf_m_s, dtype=np.float64)
    latitude, longitude, _ = itrf_to_geodetic(position_itrf_m, radius_m, flattening)
    basis = local_east_north_up(latitude, longitude)
    east, north, up = np.einsum("ij...,j...->i...", basis, velocity)
    level = np.hypot(east, north)
    heading = np.remainder(np.arctan2(east, north), 2.0 * np.pi)
    return np.hypot(level, up), np.arctan2(up, level), np.where(heading >= 2.0 * np.pi, 0.0, heading)
