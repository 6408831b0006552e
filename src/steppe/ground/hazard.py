"""Where the pieces fall: areas along the track, polygons that hold a stated share of them (docs/models/hazard.md)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ground.impacts import Impacts
from steppe.ground.outline import hull_of, moved_out
from steppe.ground.sphere import RADIUS_KM, TrackAxes, distance_km, fit_axes

Floats = npt.NDArray[np.float64]

# The last one holds every piece that was flown
SHARES: Final = (0.5, 0.9, 0.99, 1.0)
# Free ground round the outermost piece of a polygon, assumed: no polygon is thinner than twice this
SKIN_KM: Final = 0.5
# Bodies whose pieces leave less than this free along the track share one area (assumed)
_GAP_KM: Final = 100.0
_MOST_KNOTS: Final = 9
_LINE_POINTS: Final = 41
_PIECES_PER_KNOT: Final = 25
_EDGE_KM: Final = 20.0
# Clouds less long than this many widths have no middle line (assumed)
_SLENDER: Final = 3.0
# How stiff the width is between knots, as a part of the weight of the pieces (assumed)
_STIFF: Final = 0.05


@dataclass(frozen=True, slots=True)
class Region:
    """A polygon that holds a share of the pieces of an area.

    Attributes
    ----------
    share
        What it holds at least; 1 for the containment of all.
    contained
        The share of the pieces that it does hold.
    ring_deg
        Longitude and latitude, counter-clockwise, the last corner before the first; shape (k, 2).
    length_km, width_km
        Along the track from end to end, and the largest width across it.
    area_km2
        Its area.
    """

    share: float
    contained: float
    ring_deg: Floats
    length_km: float
    width_km: float
    area_km2: float


@dataclass(frozen=True, slots=True)
class Area:
    """Where the pieces of some bodies fall that overlap along the track.

    Attributes
    ----------
    bodies
        Names of the bodies.
    samples, pieces
        Returns flown, and pieces on the ground of all of them.
    axes
        Along and across the track, from the middle of the pieces.
    along_km, across_km
        Of every piece, left positive; shape (pieces,).
    latitude_deg, longitude_deg
        Of every piece.
    regions
        In order of `SHARES`.
    heel_deg, toe_deg
        Latitude and longitude of the first and the last piece along the track.
    first_utc, last_utc
        Of the impacts.
    """

    bodies: tuple[str, ...]
    samples: int
    pieces: int
    axes: TrackAxes
    along_km: Floats
    across_km: Floats
    latitude_deg: Floats
    longitude_deg: Floats
    regions: tuple[Region, ...]
    heel_deg: tuple[float, float]
    toe_deg: tuple[float, float]
    first_utc: datetime
    last_utc: datetime

    @property
    def containment(self) -> Region:
        """The region that holds every piece."""
        return self.regions[-1]

    def short_of_km(self, place_deg: tuple[float, float], site_deg: tuple[float, float]) -> float:
        """Return how far a place lies from a site (both latitude and longitude in deg): negative beyond it."""
        far = float(distance_km(place_deg[0], place_deg[1], *site_deg))
        (place, site), _ = self.axes.to_km(*(np.array(pair) for pair in zip(place_deg, site_deg, strict=True)))
        return far if place <= site else -far

    def as_dict(self, site_deg: tuple[float, float] | None = None) -> dict[str, Any]:
        """Return it for JSON, with distances from a landing site (latitude and longitude in deg) if there is one."""

        def end(place: tuple[float, float]) -> dict[str, Any]:
            about: dict[str, Any] = {"latitude_deg": place[0], "longitude_deg": place[1]}
            if site_deg is not None:
                about["short_of_site_km"] = self.short_of_km(place, site_deg)
            return about

        return {
            "bodies": list(self.bodies),
            "samples": self.samples,
            "pieces": self.pieces,
            "course_deg": self.axes.course_deg,
            "heel": end(self.heel_deg),
            "toe": end(self.toe_deg),
            "length_km": self.containment.length_km,
            "width_km": self.containment.width_km,
            "first_impact_utc": _utc_text(self.first_utc),
            "last_impact_utc": _utc_text(self.last_utc),
            "regions": [
                {
                    "share": region.share,
                    "contained": region.contained,
                    "length_km": region.length_km,
                    "width_km": region.width_km,
                    "area_km2": region.area_km2,
                }
                for region in self.regions
            ],
        }


def hazard_areas(impacts: Impacts, track_deg: tuple[Floats, Floats] | None = None) -> tuple[Area, ...]:
    """Return the areas in which pieces reach the ground, along the flight; none if no piece does.

    Every piece counts the same, harmful or not: an aircraft is not a person on the ground.

    Parameters
    ----------
    impacts
        The pieces.
    track_deg
        Latitudes and longitudes in deg of the ground track, in the order of flight; see `fit_axes`.
    """
    landed = impacts.where(impacts.landed & np.isfinite(impacts.latitude_deg) & np.isfinite(impacts.longitude_deg))
    if len(landed) == 0:
        return ()
    samples = len(np.unique(impacts.sample))
    whole = fit_axes(landed.latitude_deg, landed.longitude_deg, track_deg)
    along, _ = whole.to_km(landed.latitude_deg, landed.longitude_deg)
    areas = []
    for numbers in _overlapping(landed, along):
        chosen = landed.where(np.isin(landed.body, numbers))
        areas.append(_area(chosen, tuple(landed.bodies[k] for k in numbers), samples, track_deg))
    return tuple(areas)


def _overlapping(landed: Impacts, along_km: Floats) -> list[list[int]]:
    """Return groups of bodies whose pieces overlap along the track, in the order of flight."""
    spans = []
    for body in np.unique(landed.body):
        low, high = np.quantile(along_km[landed.body == body], (0.005, 0.995))
        spans.append((float(low), float(high), int(body)))
    groups: list[list[int]] = []
    end = -math.inf
    for low, high, body in sorted(spans):
        if groups and low - end < _GAP_KM:
            groups[-1].append(body)
        else:
            groups.append([body])
        end = max(end, high)
    return [sorted(group) for group in groups]


def _area(pieces: Impacts, bodies: tuple[str, ...], samples: int, track_deg: tuple[Floats, Floats] | None) -> Area:
    lat, lon = pieces.latitude_deg, pieces.longitude_deg
    axes = fit_axes(lat, lon, track_deg)
    along, across = axes.to_km(lat, lon)
    depth, line = _depths(along, across)
    off = across - np.interp(along, *line)
    first_piece, last_piece = int(np.argmin(along)), int(np.argmax(along))
    times = pieces.time_s[np.isfinite(pieces.time_s)]
    first, last = (float(times.min()), float(times.max())) if len(times) else (0.0, 0.0)
    return Area(
        bodies=bodies,
        samples=samples,
        pieces=len(pieces),
        axes=axes,
        along_km=along,
        across_km=across,
        latitude_deg=lat,
        longitude_deg=lon,
        regions=tuple(_region(axes, along, off, depth, share, line) for share in SHARES),
        heel_deg=(float(lat[first_piece]), float(lon[first_piece])),
        toe_deg=(float(lat[last_piece]), float(lon[last_piece])),
        first_utc=pieces.epoch + timedelta(seconds=first),
        last_utc=pieces.epoch + timedelta(seconds=last),
    )


def _region(axes: TrackAxes, along_km: Floats, off_km: Floats, depth: Floats, share: float, line: Floats) -> Region:
    """Return the convex hull of the deepest pieces, moved out by the rim: hulls of more of them hold those of fewer.

    The hull is that of distances from the middle line: the track bends, and a hull of a bent cloud is too wide.
    """
    bound = float(np.sort(depth)[max(math.ceil(share * len(depth) - 1e-9), 1) - 1])
    inner = np.column_stack([along_km, off_km])[depth <= bound]
    hull = moved_out(hull_of(inner), SKIN_KM)
    ring = _with_short_edges(hull)
    s, c = ring[:, 0], ring[:, 1] + np.interp(ring[:, 0], *line)
    lat, lon = axes.to_deg(s, c)
    return Region(
        share=share,
        contained=float(np.mean(_inside(hull, along_km, off_km))),
        ring_deg=np.column_stack([np.degrees(np.unwrap(np.radians(lon))), lat]),
        length_km=float(np.ptp(s)),
        width_km=_width(hull),
        # on the sphere the strip from the track to a distance c off it has the breadth R sin(c / R)
        area_km2=float(np.sum((s - np.roll(s, -1)) * RADIUS_KM * np.sin((c + np.roll(c, -1)) / 2.0 / RADIUS_KM))),
    )


def _inside(hull: Floats, along_km: Floats, across_km: Floats) -> npt.NDArray[np.bool_]:
    """Return which points lie in a convex polygon that runs counter-clockwise."""
    inside = np.ones(len(along_km), dtype=bool)
    for (x, y), (u, v) in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        inside &= (u - x) * (across_km - y) - (v - y) * (along_km - x) >= 0.0
    return inside


def _width(hull: Floats) -> float:
    """Return the largest extent of a convex polygon across the track: it lies at one of the corners."""
    x, y = hull.T
    ends, tops = np.roll(x, -1), np.roll(y, -1)
    widest = 0.0
    for at in x:
        crossing = (np.minimum(x, ends) <= at) & (np.maximum(x, ends) >= at)
        run = np.where(ends == x, 1.0, ends - x)
        heights = np.where(ends == x, y, y + (at - x) / run * (tops - y))[crossing]
        widest = max(widest, float(np.ptp(heights)))
    return widest


def _with_short_edges(hull: Floats) -> Floats:
    """Return the corners with points between them, close enough for straight edges on a map."""
    parts = []
    for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        steps = max(math.ceil(float(np.hypot(*(b - a))) / _EDGE_KM), 1)
        parts.append(a + (b - a) * (np.arange(steps, dtype=np.float64) / steps)[:, None])
    return np.concatenate(parts)


def _depths(along_km: Floats, across_km: Floats) -> tuple[Floats, Floats]:
    """Return how far out each piece lies, and the middle line as knots, shape (2, k).

    In a long cloud it is the larger of two shares: of the pieces that are nearer to the middle along the track, and of
    those that are nearer to the middle line, in units of the width there. In a compact one it is the distance by the
    covariance (P. C. Mahalanobis, 1936).
    """
    n = len(along_km)
    spread = np.cov(np.stack([along_km, across_km])) if n > 2 else np.diag([1.0, 0.0])
    low, high = np.linalg.eigvalsh(spread)
    if high <= _SLENDER**2 * low:
        points = np.stack([along_km - along_km.mean(), across_km - across_km.mean()])
        knots = np.array([[along_km.min(), along_km.max()], [across_km.mean()] * 2])
        return np.linalg.norm(np.linalg.solve(np.linalg.cholesky(spread), points), axis=0), knots
    low, high = float(along_km.min()), float(along_km.max())
    if high - low < 2.0 * SKIN_KM:
        at = np.array([low - SKIN_KM, high + SKIN_KM])
    else:
        at = np.linspace(low, high, int(np.clip(n // _PIECES_PER_KNOT, 2, _MOST_KNOTS)))
    # a ground track bends like a parabola off its great circle; more freedom would follow single pieces at thin ends
    middle = _parabola(along_km, across_km, np.linspace(at[0], at[-1], _LINE_POINTS))
    off = np.abs(across_km - np.interp(along_km, *middle))
    # a line fitted to few pieces may dip towards nothing where it has none
    width = np.maximum(_smooth_line(at, along_km, off), max(0.25 * float(off.mean()), 1e-3))
    out_along = np.abs(2.0 * (_ranks(along_km) + 0.5) / n - 1.0)
    out_across = (_ranks(off / np.interp(along_km, at, width)) + 1.0) / n
    return np.maximum(out_along, out_across), middle


def _parabola(x: Floats, y: Floats, at: Floats) -> Floats:
    """Return the parabola (a line for few points) that fits points best, as points, shape (2, k)."""
    scale = max(float(np.ptp(x)), 1e-9)
    degree = 2 if len(x) > _PIECES_PER_KNOT else min(len(x) - 1, 1)
    powers = np.vander((x - x[0]) / scale, degree + 1)
    fitted = np.linalg.lstsq(powers, y, rcond=None)[0]
    return np.stack([at, np.vander((at - x[0]) / scale, degree + 1) @ fitted])


def _smooth_line(knots: Floats, x: Floats, y: Floats) -> Floats:
    """Return the values at the knots of the straight pieces that fit points best, with a price on each bend."""
    step = knots[1] - knots[0]
    weights = np.maximum(0.0, 1.0 - np.abs(x[:, None] - knots[None, :]) / step)
    k = len(knots)
    rows, values = [weights], [y]
    if k > 2:
        bend = np.zeros((k - 2, k))
        for j in range(k - 2):
            bend[j, j : j + 3] = 1.0, -2.0, 1.0
        rows.append(bend * math.sqrt(_STIFF * len(x)))
        values.append(np.zeros(k - 2))
    fitted: Floats = np.linalg.lstsq(np.vstack(rows), np.concatenate(values), rcond=None)[0]
    return fitted


def _ranks(values: Floats) -> Floats:
    """Return the rank of each value from 0, equal ones the same: their mean."""
    ordered = np.sort(values)
    low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (low + high - 1) / 2.0


def _utc_text(moment: datetime) -> str:
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
