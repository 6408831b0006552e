"""The coarse heights of the land about the landing zones that come with steppe: SRTM and GMTED2010 on 5'.

What it is and how it was made: ``builders/build_terrain.py`` and docs/models/terrain.md.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import as_file, files
from typing import Final

import numpy as np

from steppe.environment.terrain import Ground, Tile

SOURCE: Final = "bundled grid of 5'"
# Root mean square of the differences to ITU-R P.1511-2, another map of 5', where the land is below 600 m (the builder)
DIFFERENCE_M: Final = 15.0


@cache
def bundled_tile() -> Tile:
    """Return the grid: middles of its cells from 42 to 57 N and 54 to 78 E, means over 15', in m above sea level."""
    with as_file(files("steppe.data").joinpath("terrain.npz")) as path, np.load(path) as grid:
        step = float(grid["step_deg"])
        return Tile(
            height_m=grid["height_m"].astype(np.float32),
            north_deg=float(grid["north_deg"]),
            west_deg=float(grid["west_deg"]),
            latitude_step_deg=step,
            longitude_step_deg=step,
            source=SOURCE,
        )


def grid_ground(latitude_deg: float, longitude_deg: float) -> Ground | None:
    """Return the height at a place, None outside the grid; a grid this coarse knows no slope.

    Parameters
    ----------
    latitude_deg, longitude_deg
        Geodetic position.
    """
    height_m = bundled_tile().height_at(latitude_deg, longitude_deg)
    return Ground(height_m, None, 0.0, SOURCE) if math.isfinite(height_m) else None
