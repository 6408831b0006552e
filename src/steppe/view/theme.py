"""The look of the figures: one palette, one set of sizes, and the door to matplotlib, which is an extra."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

from steppe.errors import OutputError
from steppe.nomenclature import VARIABLES

# Okabe and Ito, "Color Universal Design" (2008): told apart by people with any colour vision
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#9B4F80"
# Discarded modules, in the order of the vehicle file
MODULE_COLOURS: Final = (PURPLE, GREEN, "#8A6D00", "#5B6570")

INK: Final = "#1A2028"
SOFT: Final = "#5B6570"
FAINT: Final = "#9AA3AD"
GRID: Final = "#E4E8EC"
LAND: Final = "#F6F3EC"
WATER: Final = "#E3EDF4"
COAST: Final = "#8FA3B3"
BORDER: Final = "#CFC8B8"

SMALL: Final = 7.5
NORMAL: Final = 8.5
HEADING: Final = 9.5
TITLE: Final = 18.0

_RC: Final[dict[str, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": NORMAL,
    "text.color": INK,
    "text.usetex": False,
    "axes.unicode_minus": True,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": SOFT,
    "axes.labelsize": NORMAL,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.facecolor": "white",
    "xtick.color": FAINT,
    "xtick.labelcolor": SOFT,
    "xtick.labelsize": SMALL,
    "ytick.color": FAINT,
    "ytick.labelcolor": SOFT,
    "ytick.labelsize": SMALL,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "figure.dpi": 100.0,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    # text stays text in the files that editors open
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    # the same flight gives the same bytes
    "svg.hashsalt": "steppe",
}


def themed() -> AbstractContextManager[Any]:
    """Return the context in which figures are built and saved; it leaves the user's settings as they were.

    Raises
    ------
    OutputError
        If matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as problem:
        raise OutputError(
            "figures need matplotlib, which is not installed; install it with: pip install 'steppe[plots]'"
        ) from problem
    context: AbstractContextManager[Any] = matplotlib.rc_context(_RC)
    return context


def new_figure(width_in: float, height_in: float) -> Any:
    """Return an empty figure with its own Agg canvas, so that no window and no global state is touched.

    Call it in the context of `themed`, which says it well where matplotlib is missing.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in))
    FigureCanvasAgg(figure)
    return figure


def module_style(number: int) -> tuple[str, float]:
    """Return the colour of a module's strand and on which side of the capsule's track it lies: 1 left, -1 right, ..."""
    return MODULE_COLOURS[number % len(MODULE_COLOURS)], (1.0 if number % 2 == 0 else -1.0) * (1.0 + number // 2)


def label(name: str) -> str:
    """Return what an axis calls a column: its label and its unit for people."""
    variable = VARIABLES[name]
    return f"{variable.label}, {variable.display_unit}" if variable.display_unit else variable.label


def shown(name: str, values: Any) -> Any:
    """Return the values of a column in its unit for people."""
    return values * VARIABLES[name].display_factor
