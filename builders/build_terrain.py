"""Build ``src/steppe/data/terrain.npz``: the height of the land about the landing zones, coarsely.

Source: the altitude map of pvlib 0.16.1 (BSD-3-Clause), file ``pvlib/data/Altitude.h5``, aggregated by Mapzen from open
data (github.com/tilezen/joerd, docs/data-sources.md). Here that is SRTM and GMTED2010, courtesy of the U.S. Geological
Survey. Cells of 5', in steps of 28 m.

    pip install pvlib==0.16.1 h5py
    python builders/build_terrain.py path/to/pvlib/data/Altitude.h5 src/steppe/data/terrain.npz [path/to/itur/data]

The rule: the mean of three by three cells, which takes the steps of 28 m down to some metres, for the middle of each
cell from 42 to 57 N and 54 to 78 E: every zone, and every ballistic landing that was short of one.

With the data of itur 0.4.0 (ITU-R P.1511-2, another map of heights on 5', in metres) it prints how far the two differ;
nothing of that map goes into the file.

The file holds ``height_m`` (int16, rows from north to south, columns from west to east), ``north_deg``, ``west_deg``
(the middle of the first cell), ``step_deg`` and ``about``.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Grid = npt.NDArray[Any]

SHA256 = "d3cad4677889aca72b92cbc4882e3f95024bf288888ec549362bd44563d0defd"
PER_DEG = 12
STEP_M, LOWEST_M, NO_DATA = 28.0, -450.0, 255
NORTH_DEG, SOUTH_DEG, WEST_DEG, EAST_DEG = 57, 42, 54, 78
ABOUT = (
    "Heights above sea level, mean of 15' about the middles of 5' cells. SRTM and GMTED2010, courtesy of the U.S. "
    "Geological Survey, aggregated by Mapzen, from pvlib 0.16.1 (BSD-3-Clause); smoothed and cut: steppe, "
    "builders/build_terrain.py."
)


def cells(path: Path) -> Grid:
    """Return the heights of the whole Earth in m, rows from the north pole, columns from 180 W."""
    import h5py

    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{path} has the checksum {found}, expected {SHA256} (pvlib 0.16.1)")
    with h5py.File(path) as file:
        coded = file["Altitude"][:]
    return np.where(coded == NO_DATA, np.nan, coded * STEP_M + LOWEST_M)


def smoothed(heights: Grid) -> Grid:
    """Return the mean of three by three cells about each, cut to the region."""
    rows = slice((90 - NORTH_DEG) * PER_DEG, (90 - SOUTH_DEG) * PER_DEG)
    columns = slice((180 + WEST_DEG) * PER_DEG, (180 + EAST_DEG) * PER_DEG)
    total = sum(
        np.roll(heights, (down, across), axis=(0, 1))[rows, columns] for down in (-1, 0, 1) for across in (-1, 0, 1)
    )
    mean: Grid = np.asarray(total) / 9.0
    if not np.all(np.isfinite(mean)):
        raise SystemExit("the region holds cells without a height")
    return np.round(mean).astype(np.int16)


def other_map(folder: Path, latitudes: Grid, longitudes: Grid) -> Grid:
    """Return the heights of ITU-R P.1511-2 at the middles of the cells, bilinear, in m."""
    from scipy.interpolate import RegularGridInterpolator

    def part(name: str) -> Grid:
        with np.load(folder / "1511" / f"v2_{name}.npz") as file:
            values: Grid = file[file.files[0]]
        return values

    axes = part("lat")[::-1, 0], part("lon")[0]
    heights = RegularGridInterpolator(axes, part("topo")[::-1])
    grid: Grid = heights(np.stack(np.meshgrid(latitudes, longitudes, indexing="ij"), axis=-1))
    return grid


def main() -> int:
    """Read, smooth, compare and write."""
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    heights = smoothed(cells(Path(sys.argv[1])))
    step = 1.0 / PER_DEG
    north, west = NORTH_DEG - 0.5 * step, WEST_DEG + 0.5 * step
    np.savez_compressed(
        sys.argv[2],
        height_m=heights,
        north_deg=np.float64(north),
        west_deg=np.float64(west),
        step_deg=np.float64(step),
        about=np.str_(ABOUT),
    )
    sys.stdout.write(f"{heights.shape[0]} x {heights.shape[1]} cells, {heights.min()} to {heights.max()} m\n")
    if len(sys.argv) == 4:
        latitudes = north - step * np.arange(heights.shape[0])
        longitudes = west + step * np.arange(heights.shape[1])
        difference = heights - other_map(Path(sys.argv[3]), latitudes, longitudes)
        flat = heights < 600
        sys.stdout.write(
            f"less ITU-R P.1511-2: mean {difference[flat].mean():+.1f} m, "
            f"root mean square {np.sqrt(np.mean(difference[flat] ** 2)):.1f} m where the land is below 600 m\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
