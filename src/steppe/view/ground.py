"""The maps of the flight figure: the way to the ground, the last kilometres, and the whole flight round the world."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.flight.result import Flight, Track
from steppe.io.geojson import circle, split_at_antimeridian
from steppe.view import theme
from steppe.view.labels import PLACES, Labels, beside
from steppe.view.map import (
    Azimuthal,
    draw_base,
    draw_countries,
    draw_scale,
    draw_towns,
    draw_world,
    frame_axes,
    reserve_towns,
)
from steppe.view.panels import BESIDE, entry_window_s, event_name

Floats = npt.NDArray[np.float64]
_ZOOM_KM: Final = 50.0
# Distance of a module's strand from the track of the capsule, in pixels of the figure's own 100 per inch
_STRAND_PX: Final = 3.2
# From high to low: the first ones get their label when there is not room for all
_ON_REGION: Final = ("touchdown", "entry_interface", "module_separation", "peak_load", "guidance_start",
                     "module_release", "parachute_command", "plasma_exit")  # fmt: skip
_ON_WORLD: Final = ("deorbit_ignition", "undocking", "module_separation", "touchdown", "deorbit_cutoff")


def centre(flight: Flight) -> Azimuthal:
    """Return the projection about the aim point, or about the end of the flight if there is none."""
    zone = flight.mission.zone
    if zone is not None:
        return Azimuthal(zone.latitude_deg, zone.longitude_deg)
    columns = flight.track.columns
    return Azimuthal(float(columns["latitude_deg"][-1]), float(columns["longitude_deg"][-1]))


def goes_round_the_world(flight: Flight) -> bool:
    """Return whether most of the track lies outside the map of the entry, so that a map of the world adds something."""
    begin = entry_window_s(flight)[0]
    return bool(begin - flight.track.columns["time_s"][0] > 600.0)


def draw_region(axes: Any, flight: Flight) -> None:
    """Draw the ground track from the entry to the ground, with the modules and the zone."""
    projection = centre(flight)
    begin = entry_window_s(flight)[0]
    x, y = _ground(flight.track, projection, begin)
    parts = [(x, y), *(_ground(module, projection, begin) for module in flight.modules), _zone(flight, projection)]
    all_x, all_y = (np.concatenate(column) for column in zip(*parts, strict=True))
    frame_axes(axes, all_x, all_y, margin=0.13, smallest_km=40.0)
    draw_base(axes, projection)
    axes.set_title("Ground track", loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
    labels = Labels(axes)
    for child in axes.child_axes:
        labels.reserve(child)
    for px, py in parts:
        labels.avoid_line(px, py)
    reserve_towns(axes, projection, labels)
    _draw_zone(axes, flight, projection)
    axes.plot(x, y, color=theme.BLUE, linewidth=2.0, zorder=5)
    _draw_modules(axes, flight, parts[1 : 1 + len(flight.modules)], labels)
    for name in _ON_REGION:
        _mark(axes, flight, name, projection, labels)
    draw_scale(axes, labels)
    draw_towns(axes, projection, labels)
    draw_countries(axes, projection, labels)


def _draw_modules(axes: Any, flight: Flight, ways: list[tuple[Floats, Floats]], labels: Labels) -> None:
    """Draw the modules beside the capsule's track: their own are less than its width away."""
    if flight.modules:
        axes.set_title(BESIDE, loc="right", fontsize=theme.SMALL - 0.5, color=theme.SOFT, pad=4.0)
    for number, (module, way) in enumerate(zip(flight.modules, ways, strict=True)):
        if len(way[0]) < 2:
            continue
        colour, side = theme.module_style(number)
        x, y = beside(axes, *way, side * _STRAND_PX)
        axes.plot(x, y, color=colour, linewidth=1.6, zorder=4.5, solid_capstyle="butt")
        axes.plot(x[-1], y[-1], "o", markersize=3.5, color=colour, zorder=5.5)
        # where the record of a module ends it is not known to have landed: its height is said
        end = theme.shown("altitude_m", float(module.columns["altitude_m"][-1]))
        text = f"{module.body.replace('_', ' ').capitalize()}\nto {end:.0f} km"
        places = ((-0.8, 0.8), (-1.0, 0.3), (-0.5, 1.2)) if side > 0.0 else ((0.8, -0.8), (1.0, -0.3), (0.5, -1.2))
        labels.place(text, float(x[-1]), float(y[-1]), color=colour, places=places + PLACES)


def draw_zoom(axes: Any, flight: Flight) -> None:
    """Draw the last 50 km: track, aim point with its zone, landing and published landing."""
    projection = centre(flight)
    columns = flight.track.columns
    end = Azimuthal(float(columns["latitude_deg"][-1]), float(columns["longitude_deg"][-1]))
    # only the last approach: an earlier pass of the same place does not count
    far = np.flatnonzero(end.distance_km(columns["longitude_deg"], columns["latitude_deg"]) > _ZOOM_KM)
    first = int(far[-1]) + 1 if len(far) else 0
    x, y = projection(columns["longitude_deg"][first:], columns["latitude_deg"][first:])
    zone_x, zone_y = _zone(flight, projection)
    near = len(zone_x) > 0 and float(np.hypot(x[-1], y[-1])) < 3.0 * _ZOOM_KM
    seen = [(x, y), (zone_x, zone_y)] if near else [(x, y)]
    all_x, all_y = (np.concatenate(column) for column in zip(*seen, strict=True))
    frame_axes(axes, all_x, all_y, margin=0.08, smallest_km=2.0)
    draw_base(axes, projection)
    axes.set_title("The last 50 km", loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
    labels = Labels(axes)
    labels.avoid_line(x, y)
    _draw_zone(axes, flight, projection)
    axes.plot(x, y, color=theme.BLUE, linewidth=1.8, zorder=5)
    # no other label may stand beside the mark of the parachute and seem to be its own
    _reserve_event(flight, "parachute_command", projection, labels)
    marks = [(float(x[-1]), float(y[-1]), "o", theme.INK, "Touchdown" if flight.touchdown else "End of the flight")]
    published = flight.mission.mission.published
    if published.touchdown_latitude_deg is not None and published.touchdown_longitude_deg is not None:
        px, py = projection(published.touchdown_longitude_deg, published.touchdown_latitude_deg)
        if axes.get_xlim()[0] < px < axes.get_xlim()[1] and axes.get_ylim()[0] < py < axes.get_ylim()[1]:
            marks.append((float(px), float(py), "D", theme.VERMILION, "Published landing"))
    if near:
        marks.append((0.0, 0.0, "+", theme.SOFT, "Centre of the zone"))
    for mx, my, marker, colour, _ in marks:
        size, edge, width = (7.0, colour, 1.2) if marker == "+" else (5.0, "white", 0.6)
        axes.plot(mx, my, marker, ms=size, color=colour, zorder=7, markeredgecolor=edge, markeredgewidth=width)
        labels.reserve_point(mx, my, 6.0)
    # the main canopy opens within a few hundred metres of it: one mark is enough. Its label may cross the outline of
    # the zone, the others not
    _mark(axes, flight, "parachute_command", projection, labels, distances=(10.0, 17.0, 28.0))
    labels.avoid_line(zone_x, zone_y)
    for mx, my, _, colour, text in marks:
        labels.place(text, mx, my, color=colour, distances=(7.0, 16.0, 28.0, 44.0))
    draw_scale(axes, labels)
    draw_towns(axes, projection, labels)


def draw_world_track(axes: Any, flight: Flight) -> None:
    """Draw the whole track round the world with the events of the descent from orbit."""
    draw_world(axes)
    columns = flight.track.columns
    ignition = flight.event("deorbit_ignition")
    braking = float(columns["time_s"][0]) if ignition is None else ignition.time_s
    labels = Labels(axes)
    for late, colour, width in ((False, theme.FAINT, 0.7), (True, theme.BLUE, 1.2)):
        chosen = (columns["time_s"] >= braking) == late
        if np.count_nonzero(chosen) < 2:
            continue
        for lon, lat in split_at_antimeridian(columns["longitude_deg"][chosen], columns["latitude_deg"][chosen]):
            axes.plot(lon, lat, color=colour, linewidth=width, zorder=4)
            if late:
                labels.avoid_line(lon, lat)
    for name in _ON_WORLD:
        event = flight.event(name)
        if event is not None:
            axes.plot(event.longitude_deg, event.latitude_deg, "o", markersize=2.8, color=theme.INK, zorder=6)
            text = "Ignition" if name == "deorbit_ignition" else "Cut-off" if name == "deorbit_cutoff" else ""
            labels.place(text or event_name(event), event.longitude_deg, event.latitude_deg,
                         fontsize=theme.SMALL - 1.0, distances=(3.5, 9.0))  # fmt: skip


def _ground(track: Track, projection: Azimuthal, begin_s: float) -> tuple[Floats, Floats]:
    late = track.columns["time_s"] >= begin_s
    return projection(track.columns["longitude_deg"][late], track.columns["latitude_deg"][late])


def _zone(flight: Flight, projection: Azimuthal) -> tuple[Floats, Floats]:
    """Return the outline of the landing zone, empty if there is none."""
    zone = flight.mission.zone
    if zone is None:
        return np.empty(0), np.empty(0)
    shape = circle(zone.longitude_deg, zone.latitude_deg, zone.radius_m)
    rings = shape["coordinates"] if shape["type"] == "Polygon" else [part[0] for part in shape["coordinates"]]
    return projection(*np.concatenate([np.array(ring) for ring in rings]).T)


def _draw_zone(axes: Any, flight: Flight, projection: Azimuthal) -> None:
    x, y = _zone(flight, projection)
    if len(x):
        axes.fill(x, y, facecolor=theme.GREEN, alpha=0.14, zorder=2)
        axes.plot(x, y, color=theme.GREEN, linewidth=0.9, zorder=2.1)


def _reserve_event(flight: Flight, name: str, projection: Azimuthal, labels: Labels) -> None:
    event = flight.event(name)
    if event is not None:
        x, y = (float(value) for value in projection(event.longitude_deg, event.latitude_deg))
        labels.reserve_point(x, y, 10.0)


def _mark(
    axes: Any,
    flight: Flight,
    name: str,
    projection: Azimuthal,
    labels: Labels,
    distances: tuple[float, ...] = (6.0, 13.0, 24.0),
) -> None:
    event = flight.event(name)
    if event is None:
        return
    x, y = (float(value) for value in projection(event.longitude_deg, event.latitude_deg))
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    if x0 < x < x1 and y0 < y < y1:
        axes.plot(x, y, "o", markersize=4.0, color=theme.INK, markeredgecolor="white", markeredgewidth=0.6, zorder=6)
        labels.place(event_name(event), x, y, distances=distances)
