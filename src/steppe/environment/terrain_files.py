"""Reads elevation files: SRTM tiles and GeoTIFF.

SRTM tiles (.hgt, also zipped) are bare rows of big-endian 16-bit metres above EGM96 mean sea level, north to south and
west to east, void -32768, 1201 or 3601 to a side, with the south-west corner in the name: N47E069 (NASA and USGS,
SRTM_Topo.txt).
GeoTIFF: OGC 19-008r4; only geographic WGS-84 is read.
"""

from __future__ import annotations

import gzip
import logging
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.environment.terrain import Heights, Terrain, Tile
from steppe.errors import ConfigError

VOID: Final = -32768
# Samples to a side -> arc-seconds
_SRTM_SIDES: Final = {3601: 1, 1201: 3}
_LARGEST_TILE: Final = 2 * 3601 * 3601
_CORNER: Final = re.compile(r"([NS])(\d{2})([EW])(\d{3})")
# Lowest and highest land, rounded outwards: the Dead Sea and Mount Everest
LOWEST_M, HIGHEST_M = -500.0, 9000.0
# TIFF tags of GeoTIFF and of GDAL (gdal.org, GTiff driver)
_SCALE, _TIEPOINT, _KEYS, _NO_DATA = 33550, 33922, 34735, 42113
_MODEL_TYPE, _RASTER_TYPE, _GEOGRAPHIC_TYPE = 1024, 1025, 2048
# What tifffile raises on a damaged file besides its own error
_DAMAGE: Final = (OSError, ValueError, KeyError, IndexError, TypeError, RuntimeError, MemoryError, struct.error)
_GEOGRAPHIC, _PIXEL_IS_POINT, _EPSG_WGS84 = 2, 2, 4326


def read_terrain(paths: Sequence[Path]) -> Terrain:
    """Read elevation files.

    Parameters
    ----------
    paths
        SRTM tiles (.hgt, also as .zip or .gz, as the services give them) and GeoTIFF files (.tif, .tiff).

    Raises
    ------
    ConfigError
        If a file cannot be read or used.
    """
    return Terrain(tuple(_read(path) for path in paths))


def _read(path: Path) -> Tile:
    suffix = path.suffix.lower()
    if suffix == ".hgt" or (suffix in (".zip", ".gz") and ".hgt" in path.name.lower()):
        return read_hgt(path)
    if suffix in (".tif", ".tiff"):
        return read_geotiff(path)
    raise ConfigError(
        f"expected an elevation tile whose name ends in .hgt (also .hgt.zip, .hgt.gz), .tif or .tiff, got "
        f"'{path.name}'",
        source=str(path),
    )


def read_hgt(path: Path) -> Tile:
    """Read an SRTM tile of 1 or 3 arc-seconds.

    Raises
    ------
    ConfigError
        If the name has no corner, the size is another, or heights cannot be.
    """
    source = str(path)
    found = _CORNER.search(path.name.upper())
    if found is None:
        raise ConfigError(
            "the name of an SRTM tile says its south-west corner, for example N47E069.hgt; give the file its name back",
            source=source,
        )
    south = float(found[2]) * (1.0 if found[1] == "N" else -1.0)
    west = float(found[4]) * (1.0 if found[3] == "E" else -1.0)
    content = _unpacked(path, source)
    side = math.isqrt(len(content) // 2)
    if side * side * 2 != len(content) or side not in _SRTM_SIDES:
        raise ConfigError(
            f"expected 25934402 bytes (1 arc-second) or 2884802 bytes (3 arc-seconds), got {len(content)}; "
            "unpack the tile, or fetch it again",
            source=source,
        )
    raw = np.frombuffer(content, dtype=">i2").reshape(side, side)
    step = _SRTM_SIDES[side] / 3600.0
    return Tile(_heights(raw, VOID, source), south + 1.0, west, step, step, source)


def _unpacked(path: Path, source: str) -> bytes:
    """Return the content of a tile, unpacked if it is in a ZIP archive or compressed by gzip."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.lower().endswith(".hgt")]
                if len(names) != 1:
                    shown = ", ".join(archive.namelist()[:5]) or "nothing"
                    raise ConfigError(f"expected one .hgt file in the archive, found {shown}", source=source)
                # A tile is 26 MB at most; more is not one, and a small archive may hold much
                with archive.open(names[0]) as stream:
                    return stream.read(_LARGEST_TILE + 1)
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        if packed:
            with gzip.open(path) as compressed:
                return compressed.read(_LARGEST_TILE + 1)
        return path.read_bytes()
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot read the elevation tile: {reason}", source=source) from error


def _heights(raw: npt.NDArray[Any], void: float | None, source: str) -> Heights:
    heights = raw.astype(np.float32)
    if void is not None:
        heights[raw == void] = math.nan
    known = heights[np.isfinite(heights)]
    if known.size == 0:
        raise ConfigError("the file has no heights, only voids; take another", source=source)
    if known.min() < LOWEST_M or known.max() > HIGHEST_M:
        raise ConfigError(
            f"expected heights from {LOWEST_M:g} to {HIGHEST_M:g} m, got {known.min():g} to {known.max():g}; "
            "are they in feet, or is the byte order wrong?",
            source=source,
        )
    return heights


def read_geotiff(path: Path) -> Tile:
    """Read a GeoTIFF of heights in m on a geographic WGS-84 grid.

    Raises
    ------
    ConfigError
        If tifffile is missing, or the file is unreadable, projected, turned, or has several bands.
    """
    source = str(path)
    try:
        import tifffile
    except ImportError as error:
        message = "reading GeoTIFF needs tifffile; get it with: pip install 'steppe[weather]'"
        raise ConfigError(message, source=source) from error
    # What it says of damage is in the error
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        with tifffile.TiffFile(path) as file:
            if not len(file.pages):
                raise ConfigError("expected a picture of heights, found none in the file", source=source)
            page: Any = file.pages[0]
            tags = {tag.code: tag.value for tag in page.tags.values()}
            raw = np.asarray(page.asarray())
    except (*_DAMAGE, tifffile.TiffFileError) as error:
        raise ConfigError(
            f"cannot read the elevation file: {' '.join(str(error).split())[:200]}", source=source
        ) from error
    if raw.ndim != 2 or min(raw.shape) < 2:
        raise ConfigError(f"expected one band of at least 2 x 2 heights, got shape {raw.shape}", source=source)
    keys = _geo_keys(tags, source)
    scale, tie = tags.get(_SCALE), tags.get(_TIEPOINT)
    if scale is None or tie is None or len(tie) != 6 or min(scale[0], scale[1]) <= 0.0:
        raise ConfigError("expected ModelPixelScale and one ModelTiepoint: a grid along north and east", source=source)
    # The tie point is the corner of a pixel, unless pixels are points
    half = 0.0 if keys.get(_RASTER_TYPE) == _PIXEL_IS_POINT else 0.5
    west = float(tie[3]) + (half - float(tie[0])) * float(scale[0])
    north = float(tie[4]) - (half - float(tie[1])) * float(scale[1])
    if not (-90.0 <= north <= 90.0 and -180.0 <= west <= 360.0):
        raise ConfigError(f"expected a corner in degrees, got {north:g} N {west:g} E", source=source)
    return Tile(_heights(raw, _no_data(tags), source), north, west, float(scale[1]), float(scale[0]), source)


def _no_data(tags: dict[int, Any]) -> float | None:
    try:
        return float(tags[_NO_DATA])
    except (KeyError, ValueError):
        return float(VOID)


def _geo_keys(tags: dict[int, Any], source: str) -> dict[int, int]:
    """Return the short keys of a GeoTIFF, refusing any but geographic WGS-84."""
    directory = [int(value) for value in tags.get(_KEYS, ())]
    keys = {directory[at]: directory[at + 3] for at in range(4, len(directory) - 3, 4) if directory[at + 1] == 0}
    if keys.get(_MODEL_TYPE) != _GEOGRAPHIC or keys.get(_GEOGRAPHIC_TYPE) != _EPSG_WGS84:
        got = f"model type {keys.get(_MODEL_TYPE)}, EPSG {keys.get(_GEOGRAPHIC_TYPE)}" if keys else "no GeoTIFF keys"
        raise ConfigError(
            f"expected geographic coordinates in WGS-84 (EPSG 4326), got {got}; convert it, for example with "
            "gdalwarp -t_srs EPSG:4326",
            source=source,
        )
    return keys
