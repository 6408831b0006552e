"""The wind of a mission over altitude: speed, direction, and the parts to the east and the north beside the month's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.environment.wind_sheet import WindSheet, direction_deg
from steppe.view import theme
from steppe.view.figure import save_figure

_PANELS: Final = (0.055, 0.2983, 0.5416, 0.785)
_WIDTH, _BOTTOM, _HEIGHT = 0.195, 0.105, 0.685
_MARKS: Final = ("o", "s", "^", "D", "v", "P")
# More levels than this are drawn as a line alone
_MOST_MARKS: Final = 80


def wind_figure(sheet: WindSheet, title: str) -> Any:
    """Return the figure of a wind.

    Parameters
    ----------
    sheet
        The wind.
    title
        What it belongs to.

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
        from matplotlib.figure import Figure

        figure = Figure(figsize=(12.0, 6.4))
        FigureCanvasAgg(figure)
        figure.text(0.055, 0.945, title, fontsize=theme.TITLE, fontweight="bold", va="center")
        about = f"{sheet.utc:%d %B %Y %H:%M} UTC  ·  {sheet.latitude_deg:.2f}° N {sheet.longitude_deg:.2f}° E".lstrip(
            "0"
        )
        figure.text(0.98, 0.945, about, fontsize=theme.HEADING, color=theme.SOFT, ha="right", va="center")
        warning = sheet.warning()
        colour = theme.VERMILION if warning else theme.SOFT
        figure.text(0.055, 0.885, warning or _sentence(sheet), fontsize=theme.HEADING, color=colour, va="center")
        axes = [figure.add_axes((left, _BOTTOM, _WIDTH, _HEIGHT)) for left in _PANELS]
        _draw_speed(axes[0], sheet)
        _draw_direction(axes[1], sheet)
        _draw_part(axes[2], sheet, 0, "towards the east")
        _draw_part(axes[3], sheet, 1, "towards the north")
        for number, one in enumerate(axes):
            one.set_ylim(0.0, sheet.altitude_m[-1] / 1e3)
            one.grid(visible=True, color=theme.GRID, linewidth=0.6)
            one.set_axisbelow(True)
            if number:
                one.tick_params(labelleft=False)
        axes[0].set_ylabel("altitude, km")
        _legend(figure, axes[3], axes[0])
        figure.text(0.055, 0.022, _footer(sheet), fontsize=theme.SMALL - 1.0, color=theme.FAINT, va="center")
    return figure


def save_wind_figure(sheet: WindSheet, title: str, path: Path) -> None:
    """Draw and save in one step."""
    save_figure(wind_figure(sheet, title), path)


def _sentence(sheet: WindSheet) -> str:
    speed = np.hypot(sheet.east_m_s, sheet.north_m_s)
    low = sheet.altitude_m <= 20e3
    at = int(np.argmax(np.where(low, speed, -1.0)))
    return f"{sheet.model.name}: strongest below 20 km {speed[at]:.0f} m/s at {sheet.altitude_m[at] / 1e3:.1f} km"


def _footer(sheet: WindSheet) -> str:
    if sheet.usual is None:
        return "no monthly table for this place"
    return (
        f"month: mean and one spread of the zone {sheet.usual.zone}; up to {sheet.usual.published_to_m / 1e3:.1f} km "
        "GOST R 54084-2010, above 5 km synthetic (NRLMSIS 2.1 in balance, spread assumed), between them interpolated"
    )


def _draw_speed(axes: Any, sheet: WindSheet) -> None:
    height = sheet.altitude_m / 1e3
    for number, (one, weight) in enumerate(sheet.columns):
        _levels(
            axes, number, np.hypot(one.east_m_s, one.north_m_s), one.altitude_m / 1e3, f"{_name(one)} ({weight:.0%})"
        )
    usual = sheet.usual_at(sheet.altitude_m)
    if usual is not None:
        axes.plot(np.hypot(usual[0], usual[1]), height, color=theme.FAINT, linewidth=1.2, dashes=(5, 2))
    axes.plot(np.hypot(sheet.east_m_s, sheet.north_m_s), height, color=theme.BLUE, linewidth=1.8, label="flown")
    axes.set_xlim(left=0.0)
    axes.set_xlabel("speed, m/s")
    axes.set_title("Speed", fontsize=theme.HEADING, loc="left", color=theme.INK)


def _draw_direction(axes: Any, sheet: WindSheet) -> None:
    for number, (one, _) in enumerate(sheet.columns):
        pairs = zip(one.east_m_s, one.north_m_s, strict=True)
        _levels(
            axes, number, np.array([direction_deg(*pair) for pair in pairs]), one.altitude_m / 1e3, None, lined=False
        )
    pairs = zip(sheet.east_m_s, sheet.north_m_s, strict=True)
    angles = np.array([direction_deg(*pair) for pair in pairs])
    angles[np.hypot(sheet.east_m_s, sheet.north_m_s) < 0.05] = np.nan
    # A line across the whole panel where the wind turns through north would say the opposite
    broken = np.append(np.abs(np.diff(angles)) > 180.0, False)
    axes.plot(np.where(broken, np.nan, angles), sheet.altitude_m / 1e3, color=theme.BLUE, linewidth=1.8)
    axes.set_xlim(0.0, 360.0)
    axes.set_xticks([0, 90, 180, 270, 360], ["N", "E", "S", "W", "N"])
    axes.set_xlabel("where it comes from")
    axes.set_title("Direction", fontsize=theme.HEADING, loc="left", color=theme.INK)


def _draw_part(axes: Any, sheet: WindSheet, part: int, words: str) -> None:
    height = sheet.altitude_m / 1e3
    usual = sheet.usual_at(sheet.altitude_m)
    if usual is not None:
        mean, spread = usual[part], usual[2]
        axes.fill_betweenx(
            height, mean - spread, mean + spread, color=theme.GRID, linewidth=0.0, label="month, one spread"
        )
        axes.plot(mean, height, color=theme.FAINT, linewidth=1.2, dashes=(5, 2), label="mean of the month")
    for number, (one, _) in enumerate(sheet.columns):
        _levels(axes, number, (one.east_m_s, one.north_m_s)[part], one.altitude_m / 1e3, None)
    axes.axvline(0.0, color=theme.FAINT, linewidth=0.6)
    axes.plot((sheet.east_m_s, sheet.north_m_s)[part], height, color=theme.BLUE, linewidth=1.8)
    axes.set_xlabel("m/s")
    axes.set_title(f"Part {words}", fontsize=theme.HEADING, loc="left", color=theme.INK)


def _levels(axes: Any, number: int, values: Any, height_km: Any, label: str | None, *, lined: bool = True) -> None:
    """Draw the levels of a sounding; many of them as a thin line alone."""
    colour = theme.MODULE_COLOURS[number % len(theme.MODULE_COLOURS)]
    many = len(values) > _MOST_MARKS
    axes.plot(
        values,
        height_km,
        color=colour,
        linewidth=0.7 if lined or many else 0.0,
        marker="" if many else _MARKS[number % len(_MARKS)],
        markersize=3.2,
        markeredgewidth=0.0,
        label=label,
        zorder=3.0,
    )


def _name(one: Any) -> str:
    return f"{one.name}, {one.utc:%d %b %H:%M}"


def _legend(figure: Any, parts: Any, speed: Any) -> None:
    handles, labels = speed.get_legend_handles_labels()
    more, words = parts.get_legend_handles_labels()
    order = [*zip(handles, labels, strict=True)][::-1] + [*zip(more, words, strict=True)][::-1]
    # One row under the sentence, flown first
    figure.legend(
        [handle for handle, _ in order], [word for _, word in order], loc="upper left", bbox_to_anchor=(0.048, 0.872),
        ncols=min(len(order), 6), frameon=False, fontsize=theme.SMALL, handlelength=1.8, columnspacing=1.4,
    )  # fmt: skip
