"""Where the columns of the air stand: on the great circle through the target, in the direction of flight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import WGS84_FLATTENING
from steppe.errors import EnvironmentDataError

Vector = npt.NDArray[np.float64]

# An entry covers 22 deg of arc from 99.7 km to the parachutes; the rest of the arc serves the coast before it
DEFAULT_BACK_RAD: Final = math.radians(70.0)
DEFAULT_AHEAD_RAD: Final = math.radians(5.0)
DEFAULT_COLUMNS: Final = 16
# A station at 420 km goes around in 92.5 min; the air changes little in the minutes by which an entry differs
ORBIT_RATE_RAD_S: Final = 2.0 * math.pi / (92.5 * 60.0)


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of the columns.

    Attributes
    ----------
    latitude_deg, longitude_deg
        Geodetic position of each column.
    sine
        Sine of the angle along the track from the middle of the arc, in equal steps.
    axis_itrf
        Unit vector whose scalar product with a direction is that sine.
    time_s
        Time of passage relative to the target in s.
    """

    latitude_deg: Vector
    longitude_deg: Vector
    sine: Vector
    axis_itrf: Vector
    time_s: Vector


def columns_along(
    target: Vector | Sequence[float],
    direction: Vector | Sequence[float],
    back_rad: float = DEFAULT_BACK_RAD,
    ahead_rad: float = DEFAULT_AHEAD_RAD,
    count: int = DEFAULT_COLUMNS,
) -> Columns:
    """Return columns on the great circle through the target, equidistant in the sine from the middle of the arc.

    Parameters
    ----------
    target
        Direction of the target from the centre of the Earth (ITRF), any length.
    direction
        Direction of flight there (ITRF), any length; its part along `target` is ignored.
    back_rad, ahead_rad
        Angle that the arc reaches behind and ahead of the target; together less than pi.
    count
        Number of columns, at least 2.

    Raises
    ------
    EnvironmentDataError
        If a vector is zero or not finite, the direction is vertical, or the arc is empty or half a circle.
    """
    if not (count >= 2 and 0.0 < back_rad + ahead_rad < math.pi):
        raise EnvironmentDataError(
            f"columns need an arc between 0 and 180 deg and at least 2 of them, got "
            f"{math.degrees(back_rad + ahead_rad):g} deg and {count}"
        )
    up = _unit(target, "target")
    flight = _unit(direction, "direction of flight")
    across = flight - np.dot(flight, up) * up
    if np.linalg.norm(across) < 1e-6:
        raise EnvironmentDataError("the direction of flight is vertical above the target; give its horizontal part")
    ahead = across / np.linalg.norm(across)
    middle = 0.5 * (ahead_rad - back_rad)
    reach = math.sin(0.5 * (ahead_rad + back_rad))
    sine = np.linspace(-reach, reach, count)
    angle = middle + np.arcsin(sine)
    places = np.cos(angle)[:, None] * up + np.sin(angle)[:, None] * ahead
    latitude_deg, longitude_deg = _geodetic_deg(places)
    axis = -math.sin(middle) * up + math.cos(middle) * ahead
    return Columns(latitude_deg, longitude_deg, sine, axis, angle / ORBIT_RATE_RAD_S)


def single_column(target: Vector | Sequence[float]) -> Columns:
    """Return one column above the target.

    Raises
    ------
    EnvironmentDataError
        If the vector is zero or not finite.
    """
    latitude_deg, longitude_deg = _geodetic_deg(_unit(target, "target")[None, :])
    return Columns(latitude_deg, longitude_deg, np.zeros(1), np.array([1.0, 0.0, 0.0]), np.zeros(1))


def _unit(vector: Vector | Sequence[float], name: str) -> Vector:
    values = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(values)) if values.shape == (3,) else math.nan
    if not (math.isfinite(length) and length > 0.0):
        raise EnvironmentDataError(f"the {name} must be three finite numbers that are not all zero, got {vector!r}")
    return np.asarray(values / length)


def _geodetic_deg(places: Vector) -> tuple[Vector, Vector]:
    """Return geodetic latitude (on the ellipsoid) and longitude of unit vectors."""
    squeeze = (1.0 - WGS84_FLATTENING) ** 2
    latitude = np.arctan2(places[:, 2], squeeze * np.hypot(places[:, 0], places[:, 1]))
    return np.degrees(latitude), np.degrees(np.arctan2(places[:, 1], places[:, 0]))
