"""How many people live where: the coarse grid that comes with steppe, and rasters of GPWv4 (docs/models/risk.md)."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.constants import MEAN_RADIUS_M
from steppe.errors import EnvironmentDataError

Floats = npt.NDArray[np.float64]

# People per km2. The densest square kilometres of the world hold some 150 000 (Mong Kok, Dharavi): more is no density
_DENSEST: Final = 1.0e6
# 30 arc-seconds of the whole world have 933 million cells: more than a computer of the launch site wants to hold
_MOST_CELLS: Final = 250_000_000
_ASC_KEYS: Final = {"ncols", "nrows", "xllcorner", "xllcenter", "yllcorner", "yllcenter", "cellsize", "nodata_value"}
_FACTOR_COUNT: Final = re.compile(r"count", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grid:
    """People per km2 on cells of equal degrees.

    Attributes
    ----------
    west_deg, south_deg
        The outer corner.
    step_deg
        Size of a cell.
    density_per_km2
        Rows from south to north, columns from west to east; people over the area of the whole cell, water included.
    country
        Index into `Population.countries`, same shape; None where that is not known.
    """

    west_deg: float
    south_deg: float
    step_deg: float
    density_per_km2: npt.NDArray[np.float32]
    country: npt.NDArray[np.uint8] | None = None

    def cells(self, latitude_deg: Floats, longitude_deg: Floats) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return row and column of places, -1 in both for those outside."""
        rows, columns = self.density_per_km2.shape
        # a place that is no number lies in no cell
        known = np.isfinite(latitude_deg) & np.isfinite(longitude_deg)
        lat, lon = np.where(known, latitude_deg, -999.0), np.where(known, longitude_deg, 0.0)
        row = np.floor((lat - self.south_deg) / self.step_deg).astype(np.int64)
        # the northern edge belongs to the last row
        row = np.where((row == rows) & (lat <= self.south_deg + rows * self.step_deg + 1e-9), rows - 1, row)
        east = (lon - self.west_deg) % 360.0
        column = np.floor(east / self.step_deg + 1e-9).astype(np.int64)
        outside = (row < 0) | (row >= rows) | (column >= columns)
        return np.where(outside, -1, row), np.where(outside, -1, column)

    def people(self) -> Floats:
        """Return the people of each cell."""
        return self.density_per_km2 * cell_area_km2(self.step_deg, self.latitudes_deg())[:, None]

    def latitudes_deg(self) -> Floats:
        """Return the latitudes of the middles of the rows."""
        middles: Floats = self.south_deg + self.step_deg * (
            np.arange(self.density_per_km2.shape[0], dtype=np.float64) + 0.5
        )
        return middles

    def longitudes_deg(self) -> Floats:
        """Return the longitudes of the middles of the columns."""
        middles: Floats = self.west_deg + self.step_deg * (
            np.arange(self.density_per_km2.shape[1], dtype=np.float64) + 0.5
        )
        return middles


@dataclass(frozen=True, slots=True)
class Population:
    """Who lives where.

    Attributes
    ----------
    grids
        The first that covers a place answers for it.
    source
        What the numbers are, with their licence.
    title
        The same in a few words.
    countries
        ISO 3166 alpha-2 codes; the first is "" for none.
    """

    grids: tuple[Grid, ...]
    source: str
    title: str
    countries: tuple[str, ...] = ("",)

    def density_per_km2(self, latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> Floats:
        """Return people per km2 at places in deg, shape of the arguments; missing (NaN) where no grid reaches."""
        lat, lon = _places(latitude_deg, longitude_deg)
        density = np.full(lat.shape, np.nan)
        for grid in reversed(self.grids):
            row, column = grid.cells(lat, lon)
            density = np.where(row >= 0, grid.density_per_km2[row, column], density)
        return density

    def country(self, latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> npt.NDArray[np.str_]:
        """Return the code of the country at places in deg, "" at sea and where it is not known."""
        lat, lon = _places(latitude_deg, longitude_deg)
        index = np.zeros(lat.shape, dtype=np.int64)
        for grid in reversed(self.grids):
            if grid.country is not None:
                row, column = grid.cells(lat, lon)
                index = np.where(row >= 0, grid.country[row, column], index)
        return np.array(self.countries)[index]

    def people_near(self, latitude_deg: float, longitude_deg: float, radius_km: float) -> float:
        """Return the people in the cells of the first grid whose middles are within a radius of a place."""
        grid = self.grids[0]
        lat, lon = np.radians(grid.latitudes_deg())[:, None], np.radians(grid.longitudes_deg())[None, :]
        lat0, lon0 = np.radians(latitude_deg), np.radians(longitude_deg)
        cosine = np.sin(lat) * np.sin(lat0) + np.cos(lat) * np.cos(lat0) * np.cos(lon - lon0)
        near = np.arccos(np.clip(cosine, -1.0, 1.0)) * MEAN_RADIUS_M * 1e-3 <= radius_km
        return float(grid.people()[near].sum())


def cell_area_km2(step_deg: float, latitude_deg: npt.ArrayLike) -> Floats:
    """Return the area of cells of the sphere of the Earth's mean radius about latitudes in deg."""
    half, lat = np.radians(step_deg / 2.0), np.radians(np.asarray(latitude_deg, dtype=np.float64))
    area: Floats = (MEAN_RADIUS_M * 1e-3) ** 2 * 2.0 * half * (np.sin(lat + half) - np.sin(lat - half))
    return area


@functools.cache
def bundled_population() -> Population:
    """Return the coarse grid that comes with steppe: 60 S to 60 N, finer from 30 to 60 N and 30 to 110 E.

    Towns of GeoNames (CC BY 4.0) and a rural rest by rule (`builders/build_population.py`); good to a factor of two
    or so over 50 km, and no more than a hint for one cell (docs/models/risk.md).
    """
    with resources.files("steppe.data").joinpath("population.npz").open("rb") as file, np.load(file) as data:
        floor, ratio = float(data["floor"]), float(data["ratio"])
        levels = np.concatenate([[0.0], floor * ratio ** np.arange(255.0)]).astype(np.float32)
        grids = []
        for name in ("region", "world"):
            west, south, step = (float(value) for value in data[f"{name}_west_south_step_deg"])
            grids.append(Grid(west, south, step, levels[data[f"{name}_code"]], data[f"{name}_country"]))
        return Population(
            tuple(grids),
            str(data["about"]),
            "coarse grid from GeoNames, CC BY 4.0",
            tuple(str(code) for code in data["countries"]),
        )


def read_population(path: Path) -> Population:
    """Read a raster of population density or count in longitude and latitude, such as GPWv4 of CIESIN.

    Parameters
    ----------
    path
        An ESRI ASCII grid (.asc) or a GeoTIFF (.tif, .tiff; needs tifffile, in the extra ``weather``). Values are
        people per km2, or people per cell if the name of the file contains "count", as CIESIN names its files. Cells
        without data count as empty: GPWv4 has none of them on inhabited land.

    Raises
    ------
    EnvironmentDataError
        If the file cannot be read, or its extent, cells or values cannot be those of a population in degrees.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if not path.is_file():
        raise EnvironmentDataError(f"there is no population raster {path}; name an .asc or .tif file of GPWv4")
    if kind == ".asc":
        west, south, step, values, missing = _read_asc(path)
    elif kind in (".tif", ".tiff"):
        west, south, step, values, missing = _read_tiff(path)
    else:
        raise EnvironmentDataError(f"{path}: expected an ESRI ASCII grid (.asc) or a GeoTIFF (.tif), got '{kind}'")
    _check_extent(path, west, south, step, values.shape)
    empty = ~np.isfinite(values) if missing is None else ~np.isfinite(values) | (values == np.float32(missing))
    values = np.where(empty, np.float32(0.0), values)
    if values.min() < 0.0:
        raise EnvironmentDataError(
            f"{path}: {values.min():g} people cannot be; if this value means 'no data', the header must say so "
            "(NODATA_value, or GDAL_NODATA in a GeoTIFF)"
        )
    if empty.all():
        raise EnvironmentDataError(f"{path}: every cell is without data")
    if _FACTOR_COUNT.search(path.name):
        lat = south + (np.arange(values.shape[0]) + 0.5) * step
        values = (values / cell_area_km2(step, lat)[:, None]).astype(np.float32)
    if values.max() > _DENSEST:
        raise EnvironmentDataError(
            f"{path}: up to {values.max():.3g} people per km2, more than anywhere; for people per cell, name the file "
            "*count*.tif, as CIESIN does"
        )
    return Population(
        (Grid(west, south, step, values.astype(np.float32)),), f"raster {path.name}", f"raster {path.name}"
    )


def _places(latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> tuple[Floats, Floats]:
    lat, lon = np.broadcast_arrays(
        np.asarray(latitude_deg, dtype=np.float64), np.asarray(longitude_deg, dtype=np.float64)
    )
    return lat, lon


def _check_extent(path: Path, west: float, south: float, step: float, shape: tuple[int, ...]) -> None:
    north, east = south + shape[0] * step, west + shape[1] * step
    slack = 0.01 * step
    if not (step > 0.0 and south >= -90.0 - slack and north <= 90.0 + slack and east - west <= 360.0 + slack):
        raise EnvironmentDataError(
            f"{path}: {south:g} to {north:g} N, {west:g} to {east:g} E is no part of the world in degrees; expected "
            "a raster in longitude and latitude (WGS-84, EPSG:4326)"
        )
    if not -360.0 <= west <= 360.0:
        raise EnvironmentDataError(f"{path}: its western edge is {west:g} deg; expected -180 to 180")


def _read_asc(path: Path) -> tuple[float, float, float, npt.NDArray[np.float32], float | None]:
    """Return west, south, step, values (rows from south) and the value of no data of an ESRI ASCII grid."""
    header: dict[str, float] = {}
    try:
        with path.open(encoding="ascii") as file:
            line = file.readline()
            while (words := line.split()) and words[0].lower() in _ASC_KEYS:
                header[words[0].lower()] = float(words[1])
                line = file.readline()
            columns, rows, step = int(header["ncols"]), int(header["nrows"]), header["cellsize"]
            _check_size(path, rows, columns)
            values = np.empty((rows, columns), dtype=np.float32)
            for row in range(rows):
                cells = np.array(line.split(), dtype=np.float32)
                if len(cells) != columns:
                    raise EnvironmentDataError(
                        f"{path}: row {row + 1} of {rows} has {len(cells)} values, not {columns}; is the file cut?"
                    )
                values[rows - 1 - row] = cells
                line = file.readline()
    except KeyError as problem:
        raise EnvironmentDataError(f"{path}: the header lacks {problem}; expected an ESRI ASCII grid") from problem
    except (OSError, ValueError, IndexError) as problem:
        raise EnvironmentDataError(f"{path}: not an ESRI ASCII grid: {problem}") from problem
    corners = []
    for axis in ("x", "y"):
        if f"{axis}llcorner" in header:
            corners.append(header[f"{axis}llcorner"])
        elif f"{axis}llcenter" in header:
            corners.append(header[f"{axis}llcenter"] - step / 2.0)
        else:
            raise EnvironmentDataError(f"{path}: the header has neither {axis}llcorner nor {axis}llcenter")
    return corners[0], corners[1], step, values, header.get("nodata_value")


def _check_size(path: Path, rows: int, columns: int) -> None:
    if rows < 1 or columns < 1:
        raise EnvironmentDataError(f"{path}: {rows} rows and {columns} columns hold nothing")
    if rows * columns > _MOST_CELLS:
        raise EnvironmentDataError(
            f"{path}: {rows * columns / 1e6:.0f} million cells are too many to hold; take the 2.5 arc-minute raster of "
            "the same data, or a cut of this one"
        )


def _read_tiff(path: Path) -> tuple[float, float, float, npt.NDArray[np.float32], float | None]:
    """Return west, south, step, values (rows from south) and the value of no data of a GeoTIFF (OGC 19-008r4)."""
    try:
        import tifffile
    except ImportError as problem:
        raise EnvironmentDataError(
            f"{path}: GeoTIFF needs tifffile, which is not installed; install it with: pip install 'steppe[weather]'"
        ) from problem
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            _check_size(path, *page.shape[:2])
            tags = {tag.code: tag.value for tag in page.tags.values()}
            values = np.asarray(page.asarray(), dtype=np.float32)
    except (OSError, ValueError, IndexError, tifffile.TiffFileError) as problem:
        raise EnvironmentDataError(f"{path}: cannot be read as a GeoTIFF: {problem}") from problem
    if values.ndim != 2 or 33550 not in tags or 33922 not in tags:
        raise EnvironmentDataError(
            f"{path}: expected one layer with ModelPixelScale and ModelTiepoint (a north-up GeoTIFF in degrees)"
        )
    keys = np.reshape(tags.get(34735, (1, 1, 0, 0)), (-1, 4))
    key = {int(row[0]): int(row[3]) for row in keys[1:]}
    if key.get(1024, 2) != 2:
        raise EnvironmentDataError(f"{path}: the GeoTIFF is projected; expected longitude and latitude (EPSG:4326)")
    wide, high = (float(value) for value in tags[33550][:2])
    if abs(wide - high) > 1e-6 * high:
        raise EnvironmentDataError(f"{path}: cells of {wide:g} x {high:g} deg; expected square ones")
    column, row, _, x, y, _ = (float(value) for value in tags[33922][:6])
    # a raster of points gives their middles, one of areas its corner
    half = 0.5 if key.get(1025, 1) == 2 else 0.0
    west, north = x - (column + half) * wide, y + (row + half) * high
    missing = tags.get(42113)
    # rows of a GeoTIFF run from north
    return west, north - values.shape[0] * high, high, values[::-1], None if missing is None else _number(missing)


def _number(text: Any) -> float | None:
    try:
        return float(str(text).strip("\x00 "))
    except ValueError:
        return None
