"""Build ``src/steppe/data/coastlines.npz`` from the TopoJSON of the npm package ``world-atlas``.

Source: Natural Earth 4.1.0 (public domain, naturalearthdata.com/about/terms-of-use), as packed by world-atlas 2.0.2
(ISC licence, github.com/topojson/world-atlas): ``countries-50m.json`` and ``countries-110m.json``.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python builders/build_coastlines.py package src/steppe/data/coastlines.npz

The file holds, for each of the two levels ``region`` (50m, cut to 0..100 E, 10 S..65 N) and ``world`` (110m):
``<level>_land`` closed rings and ``<level>_border`` open lines, both as int16 pairs (longitude, latitude) in units of
``<level>_step_deg``, and ``*_starts`` with the index of the first point of each line.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Line = npt.NDArray[np.float64]

# west, south, east, north: from the Gulf of Guinea, where a Soyuz brakes, to the Altai
REGION_DEG = (0.0, -10.0, 100.0, 65.0)
WORLD_DEG = (-180.0, -90.0, 180.0, 90.0)
REGION_STEP_DEG = 0.0036
WORLD_STEP_DEG = 0.01
# Rings smaller than this across would be a dot on any of our maps
SMALLEST_RING_DEG = {"region": 0.05, "world": 0.5}


def decode_arcs(topology: dict[str, Any]) -> list[Line]:
    """Return the arcs in degrees: TopoJSON stores integer differences, a scale and a shift."""
    scale = np.array(topology["transform"]["scale"])
    shift = np.array(topology["transform"]["translate"])
    return [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]


def ring_of(arcs: list[Line], indices: list[int]) -> Line:
    """Join arcs to a closed ring; index ~i means arc i backwards."""
    parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
    return np.concatenate([part if k == 0 else part[1:] for k, part in enumerate(parts)])


def polygons(geometry: dict[str, Any]) -> list[list[list[int]]]:
    """Return the polygons of a geometry, each a list of rings, each a list of arc indices."""
    if geometry["type"] == "GeometryCollection":
        return [polygon for child in geometry["geometries"] for polygon in polygons(child)]
    if geometry["type"] == "Polygon":
        return [geometry["arcs"]]
    return geometry["arcs"] if geometry["type"] == "MultiPolygon" else []


def border_arcs(topology: dict[str, Any]) -> list[int]:
    """Return the arcs that two countries share; an arc with one owner is a coast."""
    owners: dict[int, set[int]] = {}
    for number, country in enumerate(topology["objects"]["countries"]["geometries"]):
        for polygon in polygons(country):
            for ring in polygon:
                for index in ring:
                    owners.setdefault(index if index >= 0 else ~index, set()).add(number)
    return sorted(arc for arc, owned_by in owners.items() if len(owned_by) > 1)


def cut_ring(ring: Line, box: tuple[float, float, float, float]) -> Line:
    """Cut a ring to a box (Sutherland and Hodgman, CACM 17, 32, 1974)."""
    west, south, east, north = box
    for axis, bound, sign in ((0, west, 1.0), (0, east, -1.0), (1, south, 1.0), (1, north, -1.0)):
        kept: list[Line] = []
        for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            inside_a, inside_b = sign * (a[axis] - bound) >= 0.0, sign * (b[axis] - bound) >= 0.0
            if inside_a:
                kept.append(a)
            if inside_a != inside_b:
                kept.append(a + (b - a) * (bound - a[axis]) / (b[axis] - a[axis]))
        if len(kept) < 3:
            return np.empty((0, 2))
        ring = np.array(kept)
    return ring


def cut_land(ring: Line, box: tuple[float, float, float, float]) -> list[Line]:
    """Cut a ring that may cross the antimeridian or go round a pole: world-atlas has sewn it together there."""
    longitude = np.unwrap(ring[:, 0], period=360.0)
    ring = np.column_stack([longitude, ring[:, 1]])
    turn = np.unwrap([longitude[-1], longitude[0]], period=360.0)[1] - longitude[0]
    if abs(turn) > 180.0:
        pole = -90.0 if ring[:, 1].mean() < 0.0 else 90.0
        last = ring[0] + [turn, 0.0]
        ring = np.vstack([ring, last, [last[0], pole], [ring[0, 0], pole]])
    parts = [cut_ring(ring + np.array([shift, 0.0]), box) for shift in (-720.0, -360.0, 0.0, 360.0, 720.0)]
    return [part for part in parts if len(part) > 2]


def cut_line(line: Line, box: tuple[float, float, float, float]) -> list[Line]:
    """Return the runs of a line whose points lie in a box."""
    west, south, east, north = box
    inside = (line[:, 0] >= west) & (line[:, 0] <= east) & (line[:, 1] >= south) & (line[:, 1] <= north)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
    return [line[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]


def quantise(line: Line, step_deg: float) -> npt.NDArray[np.int16]:
    """Return a line in steps, without points that fall on their predecessor."""
    points = np.rint(line / step_deg).astype(np.int64)
    moved = np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])
    return points[moved].astype(np.int16)


def pack(name: str, lines: list[Line], step_deg: float) -> dict[str, npt.NDArray[Any]]:
    """Return one array of points and one of starts."""
    rows = [row for row in (quantise(line, step_deg) for line in lines) if len(row) > 1]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    return {name: np.concatenate(rows), f"{name}_starts": starts.astype(np.int32)}


def level(path: Path, name: str, box: tuple[float, float, float, float], step_deg: float) -> dict[str, Any]:
    """Return the arrays of one level."""
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = decode_arcs(topology)
    rings = [ring_of(arcs, ring)[:-1] for polygon in polygons(topology["objects"]["land"]) for ring in polygon]
    parts = [part for ring in rings for part in cut_land(ring, box)]
    land = [part for part in parts if np.ptp(part, axis=0).max() >= SMALLEST_RING_DEG[name]]
    border = [run for index in border_arcs(topology) for run in cut_line(arcs[index], box)]
    return {
        f"{name}_step_deg": np.float64(step_deg),
        **pack(f"{name}_land", land, step_deg),
        **pack(f"{name}_border", border, step_deg),
    }


def main(source: Path, target: Path) -> None:
    """Read the two TopoJSON files under `source` and write `target`."""
    files = {"region": source / "countries-50m.json", "world": source / "countries-110m.json"}
    arrays = level(files["region"], "region", REGION_DEG, REGION_STEP_DEG)
    arrays |= level(files["world"], "world", WORLD_DEG, WORLD_STEP_DEG)
    np.savez_compressed(target, **arrays)
    for path in files.values():
        print(f"{path.name}  sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    print(f"{target}: {target.stat().st_size} bytes, {sum(len(v) for k, v in arrays.items() if v.ndim == 2)} points")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python builders/build_coastlines.py FOLDER_WITH_TOPOJSON TARGET.npz")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
