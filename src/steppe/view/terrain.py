"""A map of the heights about a landing zone, with the places whose ground is asked for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.flight.terrain_sheet import TerrainSheet
from steppe.view import theme
from steppe.view.figure import save_figure

# Low to high: grass to bare earth, light enough for marks on it
_COLOURS: Final = ("#DDE7D3", "#EEF0DC", "#F4EAD0", "#E8D3B0", "#D2B38C")
_CONTOURS: Final = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
_MOST_CONTOURS: Final = 12


def terrain_figure(sheet: TerrainSheet) -> Any:
    """Return the map of a sheet.

    Parameters
    ----------
    sheet
        The heights and places.

    Returns
    -------
    matplotlib.figure.Figure
        With its own Agg canvas.

    Raises
    ------
    OutputError
        If matplotlib is not installed.
    """
    with theme.themed():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.colors import LinearSegmentedColormap
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8.2, 8.2))
        FigureCanvasAgg(figure)
        figure.text(0.085, 0.955, sheet.mission, fontsize=theme.TITLE, fontweight="bold", va="center")
        first = sheet.spots[0]
        ground = first.ground
        slope = (
            "" if ground.slope_deg is None else f", slope {ground.slope_deg:.1f}° over {ground.baseline_m / 1e3:g} km"
        )
        words = f"{first.name}: {ground.height_m:.0f} m{slope}"
        figure.text(0.085, 0.915, words, fontsize=theme.HEADING, color=theme.SOFT, va="center")
        axes = figure.add_axes((0.085, 0.075, 0.78, 0.815))
        colours = LinearSegmentedColormap.from_list("ground", _COLOURS)
        known = np.ma.masked_invalid(sheet.height_m)
        shown = axes.pcolormesh(
            sheet.longitude_deg, sheet.latitude_deg, known, cmap=colours, shading="gouraud", rasterized=True
        )
        low, high = float(known.min()), float(known.max())
        step = next((one for one in _CONTOURS if (high - low) / one <= _MOST_CONTOURS), _CONTOURS[-1])
        levels = np.arange(step * math.ceil(low / step), high, step)
        if levels.size:
            lines = axes.contour(
                sheet.longitude_deg, sheet.latitude_deg, known, levels=levels, colors=theme.COAST, linewidths=0.6
            )
            axes.clabel(lines, fontsize=theme.SMALL - 1.0, fmt="%.0f", inline_spacing=2)
        _draw_zone(axes, sheet)
        _draw_spots(axes, sheet)
        axes.set_aspect(1.0 / math.cos(math.radians(first.latitude_deg)))
        axes.set_xlabel("longitude, deg E")
        axes.set_ylabel("latitude, deg N")
        axes.apply_aspect()
        box = axes.get_position()
        bar = figure.add_axes((box.x1 + 0.02, box.y0, 0.02, box.height))
        figure.colorbar(shown, cax=bar, label="height above sea level, m")
        bar.spines[:].set_visible(False)
        figure.text(0.085, 0.02, "heights: " + ", ".join(sheet.sources), fontsize=theme.SMALL - 1.0, color=theme.FAINT)
    return figure


def save_terrain_figure(sheet: TerrainSheet, path: Path) -> None:
    """Draw and save in one step."""
    save_figure(terrain_figure(sheet), path)


def _draw_zone(axes: Any, sheet: TerrainSheet) -> None:
    from steppe.environment.terrain import metres_per_degree

    centre = sheet.spots[0]
    up, side = metres_per_degree(centre.latitude_deg)
    angle = np.linspace(0.0, 2.0 * np.pi, 181)
    axes.plot(
        centre.longitude_deg + sheet.radius_m * np.sin(angle) / side,
        centre.latitude_deg + sheet.radius_m * np.cos(angle) / up,
        color=theme.GREEN,
        linewidth=1.2,
        dashes=(5, 2),
    )


def _draw_spots(axes: Any, sheet: TerrainSheet) -> None:
    colours = (theme.GREEN, theme.BLUE, theme.VERMILION, theme.PURPLE)
    west, east = sheet.longitude_deg[0], sheet.longitude_deg[-1]
    south, north = sheet.latitude_deg[0], sheet.latitude_deg[-1]
    for number, one in enumerate(sheet.spots):
        if not (west <= one.longitude_deg <= east and south <= one.latitude_deg <= north):
            continue
        colour = colours[min(number, len(colours) - 1)]
        axes.plot(one.longitude_deg, one.latitude_deg, marker="+" if number == 0 else "o", color=colour, markersize=7.0)
        # Places close together write to different sides
        below = number % 2 == 0
        axes.annotate(
            f"{one.name}\n{one.ground.height_m:.0f} m", (one.longitude_deg, one.latitude_deg),
            xytext=(8.0, -6.0 if below else 6.0), textcoords="offset points", fontsize=theme.SMALL, color=theme.INK,
            va="top" if below else "bottom",
        )  # fmt: skip
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
