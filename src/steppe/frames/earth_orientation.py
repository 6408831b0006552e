"""Rotations between the frames of orbits (TEME, GCRF, EME2000) and the frame of the turning Earth (ITRF).

TEME goes by GMST of 1982 and polar motion, as in Vallado, Crawford, Hujsak and Kelso, "Revisiting Spacetrack
Report #3", AIAA 2006-6753, appendix C; GCRF by the CIO-based IAU 2006/2000A of the IERS Conventions (2010), chapter 5.
Velocities in ITRF are relative to the turning Earth.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import EARTH_ROTATION_RAD_S
from steppe.errors import EnvironmentDataError
from steppe.frames import iers
from steppe.frames.iers import Orientation
from steppe.frames.timescales import MJD_ZERO_JD, SECONDS_PER_DAY, TT_MINUS_TAI_S, utc_mjd

Array = npt.NDArray[np.float64]
State = tuple[Array, Array]

# The celestial pole is computed hourly and blended linearly: below 1e-9 rad, millimetres at orbit height
_POLE_STEP_DAYS: Final = 1.0 / 24.0


class _Moments:
    """UTC moments as arrays, and what the tables say about them."""

    def __init__(self, utc: datetime, seconds: npt.ArrayLike | None, orientation: Orientation | None) -> None:
        day, since_midnight_s = utc_mjd(utc)
        self.day_jd = day + MJD_ZERO_JD
        offset = np.zeros(1) if seconds is None else np.atleast_1d(np.asarray(seconds, dtype=np.float64))
        if not np.isfinite(offset).all():
            raise EnvironmentDataError("expected finite seconds since the epoch, got NaN or infinity")
        self.fraction = (since_midnight_s + offset) / SECONDS_PER_DAY
        mjd = day + self.fraction
        if orientation is None:
            self.values = iers.orientation_values(mjd)[0]
        else:
            values = (
                orientation.ut1_minus_utc_s,
                orientation.pole_x_rad,
                orientation.pole_y_rad,
                orientation.cip_dx_rad,
                orientation.cip_dy_rad,
            )
            self.values = np.repeat(np.array(values)[:, None], mjd.size, axis=1)
        self.mjd = mjd

    @property
    def ut1(self) -> tuple[float, Array]:
        return self.day_jd, self.fraction + self.values[0] / SECONDS_PER_DAY

    @property
    def tt_fraction(self) -> Array:
        days, inverse = np.unique(np.floor(self.mjd), return_inverse=True)
        leap_s = np.array([iers.tai_minus_utc_at(day) for day in days])[inverse]
        return self.fraction + (leap_s + TT_MINUS_TAI_S) / SECONDS_PER_DAY


def _turn(angle_rad: Array) -> Array:
    """Return rotations of the axes about z, shape (N, 3, 3)."""
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    matrix = np.zeros((angle_rad.size, 3, 3))
    matrix[:, 0, 0] = matrix[:, 1, 1] = cosine
    matrix[:, 0, 1], matrix[:, 1, 0] = sine, -sine
    matrix[:, 2, 2] = 1.0
    return matrix


def _teme(moments: _Moments) -> tuple[Array, Array]:
    import erfa

    _, pole_x, pole_y, _, _ = moments.values
    polar = np.asarray(erfa.pom00(pole_x, pole_y, 0.0))
    return polar @ _turn(np.asarray(erfa.gmst82(*moments.ut1))), polar


def _gcrf(moments: _Moments) -> tuple[Array, Array]:
    import erfa

    tt = moments.tt_fraction
    steps = max(1, int(np.ceil((tt.max() - tt.min()) / _POLE_STEP_DAYS)))
    nodes = np.linspace(tt.min(), tt.max(), steps + 1) if tt.max() > tt.min() else tt[:1]
    x, y, s = (np.interp(tt, nodes, values) for values in erfa.xys06a(moments.day_jd, nodes))
    _, pole_x, pole_y, dx, dy = moments.values
    celestial = np.asarray(erfa.c2ixys(x + dx, y + dy, s))
    polar = np.asarray(erfa.pom00(pole_x, pole_y, erfa.sp00(moments.day_jd, tt)))
    return polar @ _turn(np.asarray(erfa.era00(*moments.ut1))) @ celestial, polar


def _vectors(value: npt.ArrayLike) -> tuple[Array, bool]:
    array = np.asarray(value, dtype=np.float64)
    if array.shape[:1] != (3,) or array.ndim > 2:
        raise ValueError(f"expected vectors of shape (3,) or (3, N), got {array.shape}")
    return (array[:, None], True) if array.ndim == 1 else (array, False)


def _apply(matrix: Array, vectors: Array) -> Array:
    if matrix.shape[0] == 1:
        return np.asarray(matrix[0] @ vectors)
    return np.asarray(np.einsum("nij,jn->in", matrix, vectors))


def _to_earth(rotation: Array, polar: Array, position_m: npt.ArrayLike, velocity_m_s: npt.ArrayLike) -> State:
    (r, single), (v, _) = _vectors(position_m), _vectors(velocity_m_s)
    position = _apply(rotation, r)
    # The Earth turns about the pole of date, which polar motion tilts a little from the z axis of ITRF
    spin = EARTH_ROTATION_RAD_S * polar[:, :, 2].T
    velocity = _apply(rotation, v) - np.cross(spin, position, axis=0)
    single = single and position.shape[1] == 1
    return (position[:, 0], velocity[:, 0]) if single else (position, velocity)


def _from_earth(rotation: Array, polar: Array, position_m: npt.ArrayLike, velocity_m_s: npt.ArrayLike) -> State:
    (r, single), (v, _) = _vectors(position_m), _vectors(velocity_m_s)
    back = rotation.transpose(0, 2, 1)
    spin = EARTH_ROTATION_RAD_S * polar[:, :, 2].T
    position, velocity = _apply(back, r), _apply(back, v + np.cross(spin, r, axis=0))
    single = single and position.shape[1] == 1
    return (position[:, 0], velocity[:, 0]) if single else (position, velocity)


def teme_to_itrf_matrix(utc: datetime, orientation: Orientation | None = None) -> Array:
    """Return the rotation from TEME to ITRF, shape (3, 3) (AIAA 2006-6753, appendix C)."""
    return np.asarray(_teme(_Moments(utc, None, orientation))[0][0])


def gcrf_to_itrf_matrix(utc: datetime, orientation: Orientation | None = None) -> Array:
    """Return the rotation from GCRF to ITRF, shape (3, 3) (IAU 2006/2000A, IERS Conventions 2010, chapter 5)."""
    return np.asarray(_gcrf(_Moments(utc, None, orientation))[0][0])


def eme2000_to_gcrf_matrix() -> Array:
    """Return the constant rotation from the mean equator and equinox of J2000 to GCRF (frame bias, about 23 mas)."""
    import erfa

    return np.asarray(erfa.bp06(2451545.0, 0.0)[0], dtype=np.float64).T


def teme_to_itrf(
    utc: datetime,
    position_m: npt.ArrayLike,
    velocity_m_s: npt.ArrayLike,
    seconds: npt.ArrayLike | None = None,
    orientation: Orientation | None = None,
) -> State:
    """Turn states from TEME (the frame of SGP4) to ITRF.

    Parameters
    ----------
    utc
        The moment, with a zone.
    position_m, velocity_m_s
        Shape (3,) or (3, N), TEME.
    seconds
        Seconds after `utc` of each state, shape (N,); without it all states are at `utc`.
    orientation
        Earth orientation to use instead of the IERS tables.

    Returns
    -------
    (position_m, velocity_m_s)
        ITRF, same shape; the velocity is relative to the turning Earth.

    Raises
    ------
    EnvironmentDataError
        If the date has no zone or lies before UTC.
    """
    return _to_earth(*_teme(_Moments(utc, seconds, orientation)), position_m, velocity_m_s)


def itrf_to_teme(
    utc: datetime,
    position_m: npt.ArrayLike,
    velocity_m_s: npt.ArrayLike,
    seconds: npt.ArrayLike | None = None,
    orientation: Orientation | None = None,
) -> State:
    """Turn states from ITRF (velocity relative to the turning Earth) to TEME; see `teme_to_itrf`."""
    return _from_earth(*_teme(_Moments(utc, seconds, orientation)), position_m, velocity_m_s)


def gcrf_to_itrf(
    utc: datetime,
    position_m: npt.ArrayLike,
    velocity_m_s: npt.ArrayLike,
    seconds: npt.ArrayLike | None = None,
    orientation: Orientation | None = None,
) -> State:
    """Turn states from GCRF (ICRF axes, centre of the Earth) to ITRF; see `teme_to_itrf`."""
    return _to_earth(*_gcrf(_Moments(utc, seconds, orientation)), position_m, velocity_m_s)


def itrf_to_gcrf(
    utc: datetime,
    position_m: npt.ArrayLike,
    velocity_m_s: npt.ArrayLike,
    seconds: npt.ArrayLike | None = None,
    orientation: Orientation | None = None,
) -> State:
    """Turn states from ITRF (velocity relative to the turning Earth) to GCRF; see `teme_to_itrf`."""
    return _from_earth(*_gcrf(_Moments(utc, seconds, orientation)), position_m, velocity_m_s)
