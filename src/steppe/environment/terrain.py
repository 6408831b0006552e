"""The height and slope of the ground: elevation tiles, and a plane through the airfields of the region."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import WGS84_EQUATORIAL_RADIUS_M, WGS84_FLATTENING
from steppe.errors import EnvironmentDataError

Floats = npt.NDArray[np.float64]
Heights = npt.NDArray[np.float32]

# Airfields about the landing zones: latitude, longitude in deg, elevation in m (UAKD, UATT: AIP Kazakhstan; UAKK, UAUR,
# UAOL: Wikipedia; UAUU and UACC from general references, not confirmed)
AIRFIELDS: Final = (
    ("UAKK Karaganda", 49.6714, 73.3364, 538.0),
    ("UAKD Zhezkazgan", 47.7092, 67.7383, 381.0),
    ("UAUR Arkalyk", 50.3250, 66.9600, 388.0),
    ("UAUU Kostanay", 53.2069, 63.5503, 182.0),
    ("UAOL Baikonur", 45.6183, 63.2144, 100.0),
    ("UACC Astana", 51.0220, 71.4670, 355.0),
    ("UATT Aktobe", 50.2461, 57.2033, 226.0),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One rectangle of heights on a geographic grid.

    Attributes
    ----------
    height_m
        Shape (rows, columns), from north to south and from west to east; not a number where nothing is known.
    north_deg, west_deg
        Latitude of the first row and longitude of the first column (the samples themselves, not the edges of pixels).
    latitude_step_deg, longitude_step_deg
        Distance between samples, positive.
    source
        The file.
    """

    height_m: Heights
    north_deg: float
    west_deg: float
    latitude_step_deg: float
    longitude_step_deg: float
    source: str

    @property
    def extent(self) -> str:
        """South, north, west and east edges, for messages."""
        south = self.north_deg - (self.height_m.shape[0] - 1) * self.latitude_step_deg
        east = self.west_deg + (self.height_m.shape[1] - 1) * self.longitude_step_deg
        return f"{south:.4f} to {self.north_deg:.4f} N, {self.west_deg:.4f} to {east:.4f} E"

    def height_at(self, latitude_deg: float, longitude_deg: float) -> float:
        """Return the height in m, bilinear between samples; not a number outside or beside a void."""
        row = (self.north_deg - latitude_deg) / self.latitude_step_deg
        column = ((longitude_deg - self.west_deg + 180.0) % 360.0 - 180.0) / self.longitude_step_deg
        rows, columns = self.height_m.shape
        edge = 1e-6
        if not (-edge <= row <= rows - 1 + edge and -edge <= column <= columns - 1 + edge):
            return math.nan
        i = min(max(int(row), 0), rows - 2)
        j = min(max(int(column), 0), columns - 2)
        s, t = min(max(row - i, 0.0), 1.0), min(max(column - j, 0.0), 1.0)
        near = self.height_m[i : i + 2, j : j + 2]
        weights = np.array([[(1 - s) * (1 - t), (1 - s) * t], [s * (1 - t), s * t]])
        used = weights > 0.0
        return float(np.sum(near[used] * weights[used]))


@dataclass(frozen=True, slots=True)
class Ground:
    """The ground at a place.

    Attributes
    ----------
    height_m
        Height above sea level.
    slope_deg
        Steepest slope over the base line, or None where it is not known.
    baseline_m
        Length over which the slope was taken.
    source
        Tile, plane or zone.
    """

    height_m: float
    slope_deg: float | None
    baseline_m: float
    source: str


@dataclass(frozen=True, slots=True)
class Terrain:
    """Elevation tiles, the first of which that knows a place answers for it."""

    tiles: tuple[Tile, ...]

    def ground_at(self, latitude_deg: float, longitude_deg: float, baseline_m: float = 200.0) -> Ground | None:
        """Return height and slope, or None where no tile knows the height.

        The slope is by central differences over the base line, half of it to each side, towards the north and the
        east: tan(slope) = sqrt((dh/dx)^2 + (dh/dy)^2).

        Parameters
        ----------
        latitude_deg, longitude_deg
            Geodetic position.
        baseline_m
            Base line of the differences.
        """
        for tile in self.tiles:
            height_m = tile.height_at(latitude_deg, longitude_deg)
            if math.isfinite(height_m):
                slope = self._slope_deg(latitude_deg, longitude_deg, baseline_m)
                return Ground(height_m, slope, baseline_m, Path(tile.source).name)
        return None

    def _height(self, latitude_deg: float, longitude_deg: float) -> float:
        heights = (tile.height_at(latitude_deg, longitude_deg) for tile in self.tiles)
        return next((height_m for height_m in heights if math.isfinite(height_m)), math.nan)

    def _slope_deg(self, latitude_deg: float, longitude_deg: float, baseline_m: float) -> float | None:
        per_latitude, per_longitude = metres_per_degree(latitude_deg)
        up, side = 0.5 * baseline_m / per_latitude, 0.5 * baseline_m / per_longitude
        north = self._height(latitude_deg + up, longitude_deg) - self._height(latitude_deg - up, longitude_deg)
        east = self._height(latitude_deg, longitude_deg + side) - self._height(latitude_deg, longitude_deg - side)
        steepest = math.hypot(north, east) / baseline_m
        return math.degrees(math.atan(steepest)) if math.isfinite(steepest) else None


def metres_per_degree(latitude_deg: float) -> tuple[float, float]:
    """Return the length of a degree of latitude and of longitude on WGS-84 in m (radii of curvature)."""
    square = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)
    part = 1.0 - square * math.sin(math.radians(latitude_deg)) ** 2
    meridian = WGS84_EQUATORIAL_RADIUS_M * (1.0 - square) / part**1.5
    normal = WGS84_EQUATORIAL_RADIUS_M / math.sqrt(part)
    return math.radians(meridian), math.radians(normal * max(math.cos(math.radians(latitude_deg)), 1e-9))


def plane() -> tuple[Floats, float]:
    """Return the plane through the airfields by least squares, and its residual.

    Returns
    -------
    tuple
        Height at 48 N 68 E in m and its slopes in m per degree of latitude and of longitude; root mean square of the
        residuals in m with the degrees of freedom taken off (seven airfields, three numbers).
    """
    places = np.array([row[1:] for row in AIRFIELDS])
    matrix = np.column_stack([np.ones(len(places)), places[:, 0] - 48.0, places[:, 1] - 68.0])
    fitted: Floats = np.linalg.lstsq(matrix, places[:, 2], rcond=None)[0]
    residual = places[:, 2] - matrix @ fitted
    return fitted, float(np.sqrt(np.sum(residual**2) / (len(places) - 3)))


def plane_ground(latitude_deg: float, longitude_deg: float) -> Ground:
    """Return the height on the plane through the airfields.

    Raises
    ------
    EnvironmentDataError
        If the place lies outside the airfields by more than two degrees, where the plane says nothing.
    """
    latitudes = [row[1] for row in AIRFIELDS]
    longitudes = [row[2] for row in AIRFIELDS]
    box = min(latitudes) - 2.0, max(latitudes) + 2.0, min(longitudes) - 2.0, max(longitudes) + 2.0
    if not (box[0] <= latitude_deg <= box[1] and box[2] <= longitude_deg <= box[3]):
        raise EnvironmentDataError(
            f"the plane of heights covers {box[0]:.1f} to {box[1]:.1f} N and {box[2]:.1f} to {box[3]:.1f} E and not "
            f"{latitude_deg:.3f} N {longitude_deg:.3f} E; write terrain.elsewhere = 'zone'"
        )
    (height, north, east), error = plane()
    value = float(height + north * (latitude_deg - 48.0) + east * (longitude_deg - 68.0))
    return Ground(value, None, 0.0, f"plane through seven airfields, +-{error:.0f} m")
