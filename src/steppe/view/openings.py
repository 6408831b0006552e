"""The figure of the canopies: how they slow the capsule, what they pull against what they hold, how they grow."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.flight.result import Opening
from steppe.view import theme
from steppe.view.figure import save_figure
from steppe.view.labels import Labels

_SIZE_IN: Final = (9.0, 8.2)
_NOTE: Final = "Pull: what the capsule feels less its own drag, so with the inertia of the air in the canopies."
# Between the looks at two stages (a reserve opens minutes after the drogue) the time is left out
_GAP_S: Final = 20.0
_AFTER_S: Final = 3.0
# The last canopy is shown for so long after it is full
_LAST_S: Final = 6.0


def save_openings_figure(openings: tuple[Opening, ...], title: str, path: Path) -> None:
    """Draw how the canopies of a flight open into a file; PNG, PDF or SVG by its suffix.

    Raises
    ------
    OutputError
        If matplotlib is not installed or the file cannot be written.
    """
    save_figure(openings_figure(openings, title), path)


def openings_figure(openings: tuple[Opening, ...], title: str) -> Any:
    """Return the figure: airspeed, pull against the limit and drag area over time since the first canopy."""
    with theme.themed():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=_SIZE_IN)
        FigureCanvasAgg(figure)
        figure.text(0.075, 0.958, title, fontsize=theme.TITLE, fontweight="bold", color=theme.INK, va="center")
        figure.text(0.076, 0.922, _NOTE, fontsize=theme.SMALL, color=theme.SOFT, va="center")
        curves, skipped = _curves(openings)
        rows = (
            ("airspeed_m_s", 1.0, "Airspeed, m/s"),
            ("pull_n", 1e-3, "Pull, kN"),
            ("drag_area_m2", 1.0, "Drag area, m²"),
        )
        for number, (name, scale, label) in enumerate(rows):
            axes = figure.add_axes((0.085, 0.655 - 0.288 * number, 0.885, 0.225))
            _draw(axes, openings, curves, (name, scale, label))
            if number < len(rows) - 1:
                axes.set_xticklabels([])
        less = f", less {skipped:.0f} s between two of them" if skipped else ""
        axes.set_xlabel(f"Time after the first canopy begins to fill, s{less}")
    return figure


def _curves(openings: tuple[Opening, ...]) -> tuple[list[dict[str, Any]], float]:
    """Return the curve of each stage up to the next on a time axis without long waits, and how long these were in s."""
    begins = [float(one.curve["time_s"][0]) for one in openings]
    skipped, ended = 0.0, begins[0]
    curves: list[dict[str, Any]] = []
    for number, one in enumerate(openings):
        time = one.curve["time_s"]
        full_s = float(time[int(np.argmax(one.curve["drag_area_m2"]))])
        until = begins[number + 1] if number + 1 < len(begins) else full_s + _LAST_S
        shown = time <= until
        curve = {name: values[shown] for name, values in one.curve.items()}
        if begins[number] - ended > _GAP_S:
            skipped += begins[number] - ended - _AFTER_S
        curve["shown_s"] = curve["time_s"] - begins[0] - skipped
        ended = float(curve["time_s"][-1])
        curves.append(curve)
    return curves, skipped


def _draw(axes: Any, openings: tuple[Opening, ...], curves: list[dict[str, Any]], row: tuple[str, float, str]) -> None:
    name, scale, label = row
    axes.set_ylabel(label)
    axes.grid(color=theme.GRID, linewidth=0.6)
    axes.tick_params(length=2.5)
    axes.set_xlim(0.0, float(curves[-1]["shown_s"][-1]))
    most = max(float(curve[name].max()) for curve in curves) * scale
    limits = [one.limit_n * scale for one in openings if math.isfinite(one.limit_n)] if name == "pull_n" else []
    axes.set_ylim(0.0, 1.18 * max([most, *limits]))
    for one, curve in zip(openings, curves, strict=True):
        axes.plot(curve["shown_s"], curve[name] * scale, color=theme.BLUE, zorder=4)
        if name == "pull_n" and math.isfinite(one.limit_n):
            ends = [float(curve["shown_s"][0]), float(curve["shown_s"][-1])]
            axes.plot(ends, [one.limit_n * scale] * 2, color=theme.VERMILION, linewidth=1.6, zorder=3)
    labels = Labels(axes)
    for curve in curves:
        labels.avoid_line(curve["shown_s"], curve[name] * scale)
    for limit in sorted(set(limits)):
        labels.avoid_line([0.0, float(curves[-1]["shown_s"][-1])], [limit, limit])
    for one, curve in zip(openings, curves, strict=True):
        _tell(labels, one, curve, row)
    if limits:
        labels.place("what the lines hold", float(curves[-1]["shown_s"][-1]), limits[-1], color=theme.VERMILION,
                     must=True, places=((-1.0, 1.0), (-1.0, -1.0)))  # fmt: skip


def _tell(labels: Labels, one: Opening, curve: dict[str, Any], row: tuple[str, float, str]) -> None:
    """Name a stage where it begins, its peak in the pull."""
    name, scale, _ = row
    values = curve[name] * scale
    at = int(np.argmax(values)) if name == "pull_n" else 0 if name == "airspeed_m_s" else len(values) - 1
    words = one.stage.replace("_", " ")
    if name == "airspeed_m_s":
        text = f"{words}, {values[0]:.0f} m/s"
    elif name == "pull_n":
        margin = f", margin {100.0 * one.margin:+.0f} %" if math.isfinite(one.margin) else ""
        text = f"{words}\n{values[at]:.0f} kN, {one.load_g:.1f} g{margin}"
    else:
        text = f"{words}, {values[at]:.0f} m²"
    # A label to the left needs room there
    leftward = name == "drag_area_m2" and float(curve["shown_s"][at]) > _GAP_S / 4.0
    places = ((-1.0, 0.0), (-0.8, 0.8)) if leftward else ((0.8, 0.8), (1.0, 0.0))
    labels.place(text, float(curve["shown_s"][at]), float(values[at]), color=theme.INK, must=True,
                 places=(*places, (-0.8, 0.8), (0.8, -0.8), (-1.0, 0.0)), distances=(5.0, 12.0, 24.0))  # fmt: skip
