"""One sheet that tells a flight: strips of the entry, ground track, last kilometres, corridor and departure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.errors import ENDED, LANDED, OutputError
from steppe.files import atomic_path
from steppe.flight.result import Flight
from steppe.view import ground, panels, theme

_WIDTH_IN: Final = 15.0
_HEIGHT_IN: Final = 10.4
# The parts of the sheet in fractions of its width and height: left, bottom, width, height
_STRIPS: Final = (0.045, 0.085, 0.315, 0.735)
_MAP: Final = (0.425, 0.435, 0.555, 0.435)
_ROW: Final = (0.425, 0.085, 0.555, 0.275)
_GAP: Final = 0.052
FORMATS: Final = ("png", "pdf", "svg")


def flight_figure(flight: Flight) -> Any:
    """Return the figure of a flight.

    Parameters
    ----------
    flight
        The flight. Panels that it has no values for are left out, and the others take their place.

    Returns
    -------
    matplotlib.figure.Figure
        The figure with its own Agg canvas; pyplot knows nothing of it.

    Raises
    ------
    OutputError
        If matplotlib is not installed, or the flight has fewer than two samples.
    """
    if len(flight.track) < 2:
        raise OutputError("cannot draw the flight: its track has fewer than two samples")
    with theme.themed():
        figure = theme.new_figure(_WIDTH_IN, _HEIGHT_IN)
        _write_header(figure, flight)
        _draw_strips(figure, flight)
        _draw_map(figure, flight)
        _draw_row(figure, flight)
        _write_footer(figure, flight)
    return figure


def save_figure(figure: Any, path: Path, dpi: float = 160.0) -> None:
    """Save a figure, whole or not at all; the suffix of `path` chooses PNG, PDF or SVG.

    Parameters
    ----------
    figure
        From `flight_figure`.
    path
        The file.
    dpi
        Resolution of a PNG in dots per inch.

    Raises
    ------
    OutputError
        If the format is unknown or the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise OutputError(f"cannot save the figure as {path.name}: expected a name ending in .png, .pdf or .svg")
    # without its date the same flight gives the same bytes
    about: dict[str, dict[str, Any]] = {
        "pdf": {"CreationDate": None, "Creator": "steppe"},
        "svg": {"Date": None, "Creator": "steppe"},
        "png": {"Software": "steppe"},
    }
    with theme.themed(), atomic_path(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=about[kind])


def save_flight_figure(flight: Flight, path: Path) -> None:
    """Draw and save in one step, as `steppe.io.folder.write_folder` wants it for its `extra`."""
    save_figure(flight_figure(flight), path)


def _draw_strips(figure: Any, flight: Flight) -> None:
    left, bottom, width, height = _STRIPS
    rows = panels.strip_columns(flight)
    if not rows:
        return
    each = height / len(rows)
    axes = [figure.add_axes((left, bottom + height - (k + 1) * each, width, each - 0.032)) for k in range(len(rows))]
    panels.draw_strips(axes, flight)


def _draw_map(figure: Any, flight: Flight) -> None:
    axes = figure.add_axes(_MAP)
    world = None
    if ground.goes_round_the_world(flight):
        # 150 degrees of latitude by 360 of longitude, in a corner that a track towards the north-east leaves free
        world = axes.inset_axes((0.012, 0.655, 0.405, 0.325), zorder=9)
    ground.draw_region(axes, flight)
    if world is not None:
        ground.draw_world_track(world, flight)


def _draw_row(figure: Any, flight: Flight) -> None:
    drawings: list[Callable[[Any, Flight], None]] = [ground.draw_zoom, panels.draw_corridor]
    if flight.departing is not None:
        drawings.append(panels.draw_departure)
    left, bottom, width, height = _ROW
    each = (width - _GAP * (len(drawings) - 1)) / len(drawings)
    for k, draw in enumerate(drawings):
        draw(figure.add_axes((left + k * (each + _GAP), bottom, each, height)), flight)


def _write_header(figure: Any, flight: Flight) -> None:
    mission, vehicle = flight.mission.mission, flight.mission.vehicle
    figure.text(0.045, 0.962, mission.title or mission.name, fontsize=theme.TITLE, fontweight="bold", va="center")
    end = flight.utc_at(float(flight.track.columns["time_s"][-1]))
    about = [vehicle.title or vehicle.name, f"{end:%d %B %Y}".lstrip("0")]
    figure.text(0.98, 0.962, "  ·  ".join(about), fontsize=theme.HEADING, color=theme.SOFT, ha="right", va="center")
    colour = theme.INK if flight.status.code in (LANDED, ENDED) else theme.VERMILION
    figure.text(0.045, 0.931, _headline(flight), fontsize=theme.HEADING + 1.0, color=colour, va="center")


def _headline(flight: Flight) -> str:
    """Return the outcome in one line."""
    landing = flight.touchdown
    if landing is None:
        return flight.status.sentence
    # to the nearest second, as the timeline has it
    moment = landing.utc + timedelta(seconds=0.5)
    parts = [f"Touchdown {moment:%H:%M:%S} UTC", _place(landing.latitude_deg, landing.longitude_deg)]
    if landing.distance_to_zone_km is not None:
        parts.append(f"{landing.distance_to_zone_km:.1f} km from the centre of the zone")
    if landing.distance_to_published_km is not None:
        parts.append(f"{landing.distance_to_published_km:.1f} km from the published landing")
    if np.isfinite(flight.peaks.load_g):
        parts.append(f"peak load {flight.peaks.load_g:.1f} g")
    return "  ·  ".join(parts)


def _place(latitude_deg: float, longitude_deg: float) -> str:
    east = (longitude_deg + 180.0) % 360.0 - 180.0
    return (
        f"{abs(latitude_deg):.3f}° {'N' if latitude_deg >= 0.0 else 'S'} {abs(east):.3f}° {'E' if east >= 0.0 else 'W'}"
    )


def _write_footer(figure: Any, flight: Flight) -> None:
    shown = [f"steppe {flight.provenance.get('steppe', '')}".rstrip()]
    if "config_hash" in flight.provenance:
        shown.append(f"configuration {flight.provenance['config_hash'][:12]}")
    shown.append("coastlines and borders: Natural Earth; towns: GeoNames, CC BY 4.0")
    figure.text(0.045, 0.018, "  ·  ".join(shown), fontsize=theme.SMALL - 1.0, color=theme.FAINT, va="center")
