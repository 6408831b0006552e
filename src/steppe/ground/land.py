"""Whether a place lies on land, by the bundled Natural Earth coastlines."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# west, south, east, north of the finer coastlines (src/steppe/data/README.md)
_REGION_DEG: Final = (0.0, -10.0, 100.0, 65.0)


def on_land(latitude_deg: float, longitude_deg: float) -> bool:
    """Return whether a place lies on land (Natural Earth, 1:50m in 0..100 E, 10 S..65 N, else 1:110m).

    The Caspian Sea counts as sea, other lakes as land: they are not in the file. Good to about 1 km at a coast of the
    finer lines and 10 km elsewhere.

    Parameters
    ----------
    latitude_deg, longitude_deg
        Geodetic, WGS-84; any turn of longitude.
    """
    east = (longitude_deg + 180.0) % 360.0 - 180.0
    west, south, far_east, north = _REGION_DEG
    level = "region" if west < east < far_east and south < latitude_deg < north else "world"
    crossings = sum(_crossings(ring, east, latitude_deg) for ring in _rings(level))
    # seas inside land are rings of their own, so the number of borders on the way out decides
    return crossings % 2 == 1


@functools.cache
def _rings(level: str) -> tuple[Floats, ...]:
    with resources.files("steppe.data").joinpath("coastlines.npz").open("rb") as file, np.load(file) as data:
        points = data[f"{level}_land"] * float(data[f"{level}_step_deg"])
        return tuple(np.split(points, data[f"{level}_land_starts"][1:-1]))


def _crossings(ring: Floats, x: float, y: float) -> int:
    """Return how often a ring crosses the ray from a point to the east (even-odd rule)."""
    x0, y0 = ring.T
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    spans = (y0 > y) != (y1 > y)
    at = x0[spans] + (y - y0[spans]) / (y1[spans] - y0[spans]) * (x1[spans] - x0[spans])
    return int(np.count_nonzero(at > x))
