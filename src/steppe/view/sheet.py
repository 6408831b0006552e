"""A sheet of panels with a title and a note: the frame that the figures of loads share."""

from __future__ import annotations

from typing import Any

from steppe.view import theme


def sheet(size_in: tuple[float, float], title: str, note: str) -> Any:
    """Return an empty figure with its own Agg canvas; call it inside `steppe.view.theme.themed`.

    Parameters
    ----------
    size_in
        Width and height in inches.
    title, note
        What stands at the top, and the small line below it.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size_in)
    FigureCanvasAgg(figure)
    width, height = size_in
    left = 0.66 / width
    figure.text(left, 1.0 - 0.37 / height, title, fontsize=theme.TITLE, fontweight="bold", color=theme.INK, va="center")
    figure.text(left, 1.0 - 0.7 / height, note, fontsize=theme.SMALL, color=theme.SOFT, va="center")
    return figure


def prepare(axes: Any, heading: str, x_label: str, y_label: str) -> None:
    """Give a panel its heading, labels and grid."""
    axes.set_title(heading, loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(color=theme.GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=2.5)
