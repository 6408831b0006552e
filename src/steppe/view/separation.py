"""The figure of the separations: the distance of each pair against time, with the spread of the samples."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from steppe.errors import OutputError
from steppe.ground.separation import PROBABILITIES, Pair, Separation
from steppe.view import theme
from steppe.view.labels import Labels

_COLUMNS: Final = 2
_EACH_IN: Final = (6.2, 3.7)
_HEAD_IN: Final = 0.72
_LEFT_IN: Final = 0.78
# Lower and upper quantile of a band, how dark it is, and what it holds
_BANDS: Final = ((0.01, 0.99, 0.16, "98 %"), (0.05, 0.95, 0.2, "90 %"))
_LONG_S: Final = 1200.0
# What is nearer than this tells nothing: the bodies are still joined
_LOWEST_M: Final = 1.0
# More dots than these only blacken the paper
_DOTS: Final = 2000


def separation_figure(separation: Separation) -> Any:
    """Return the figure: one panel for each pair.

    Parameters
    ----------
    separation
        From `steppe.ground.separation.disperse_separation`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure with its own Agg canvas.

    Raises
    ------
    OutputError
        If matplotlib is not installed, or no pair has been followed.
    """
    pairs = [pair for pair in separation.pairs if pair.time_s.size > 1]
    if not pairs:
        raise OutputError("cannot draw the separations: no pair of bodies was followed")
    with theme.themed():
        rows = -(-len(pairs) // _COLUMNS)
        columns = min(len(pairs), _COLUMNS)
        width, height = columns * _EACH_IN[0], rows * _EACH_IN[1] + _HEAD_IN
        figure = theme.new_figure(width, height)
        for number, pair in enumerate(pairs):
            row, column = divmod(number, _COLUMNS)
            left = (column * _EACH_IN[0] + _LEFT_IN) / width
            bottom = (height - _HEAD_IN - (row + 1) * _EACH_IN[1] + 0.62) / height
            axes = figure.add_axes(
                (left, bottom, (_EACH_IN[0] - _LEFT_IN - 0.28) / width, (_EACH_IN[1] - 1.25) / height)
            )
            _draw_pair(axes, pair)
        top = 1.0 - 0.34 / height
        figure.text(_LEFT_IN / width, top, "How near they come again", fontsize=theme.TITLE - 2.0, fontweight="bold",
                    va="center")  # fmt: skip
        about = f"{separation.mission}  ·  {separation.samples} samples, seed {separation.seed}"
        figure.text(1.0 - 0.28 / width, top, about, fontsize=theme.HEADING, color=theme.SOFT, ha="right", va="center")
        said = "distance of the centres; line: median, bands: 90 and 98 % of the samples"
        figure.text(_LEFT_IN / width, top - 0.3 / height, said, fontsize=theme.NORMAL, color=theme.SOFT, va="center")
    return figure


def _draw_pair(axes: Any, pair: Pair) -> None:
    long = bool(pair.time_s[-1] > _LONG_S)
    scale = 60.0 if long else 1.0
    time, curves = pair.time_s / scale, np.maximum(pair.distance_m, _LOWEST_M)
    colour = theme.BLUE
    axes.set_yscale("log")
    axes.set_xlim(0.0, float(time[-1]) * 1.1)
    for low, high, alpha, _ in _BANDS:
        axes.fill_between(time, curves[PROBABILITIES.index(low)], curves[PROBABILITIES.index(high)], color=colour,
                          alpha=alpha, linewidth=0.0, zorder=2)  # fmt: skip
    median = curves[PROBABILITIES.index(0.5)]
    axes.plot(time, median, color=colour, linewidth=1.8, zorder=4)
    axes.axhline(pair.limit_m, color=theme.VERMILION, linewidth=1.0, linestyle=(0, (4, 2)), zorder=3)
    nearest = float(np.nanmin(pair.closest_m)) if np.isfinite(pair.closest_m).any() else pair.limit_m
    bottom = min(float(np.nanmin(curves[0])), pair.limit_m, max(nearest, _LOWEST_M)) * 0.5
    axes.set_ylim(max(bottom, _LOWEST_M * 0.5), float(np.nanmax(curves)) * 2.0)
    axes.set_title(
        pair.name.capitalize(), loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK, pad=17.0
    )
    axes.annotate(pair.sentence(), (0.0, 1.0), xycoords="axes fraction", xytext=(0, 5), textcoords="offset points",
                  fontsize=theme.NORMAL, color=theme.VERMILION if pair.recontacts else theme.SOFT)  # fmt: skip
    axes.set_xlabel(f"{'minutes' if long else 'seconds'} after the {'undocking' if long else 'split'}")
    axes.set_ylabel("distance, m")
    axes.yaxis.set_major_formatter(_metres)
    axes.yaxis.set_minor_formatter("")
    axes.grid(axis="y", color=theme.GRID, linewidth=0.6)
    axes.tick_params(length=2.5, which="major")
    axes.tick_params(length=0.0, which="minor")
    _name_curves(axes, pair, time, curves)


def _name_curves(axes: Any, pair: Pair, time: Any, curves: Any) -> None:
    """Write beside each curve what it is, and draw the closest returns."""
    labels = Labels(axes)
    rows = {p: PROBABILITIES.index(p) for p in (0.01, 0.05, 0.5, 0.95, 0.99)}
    for p in rows.values():
        labels.avoid_line(time, curves[p])
    labels.avoid_line(np.array(axes.get_xlim()), np.full(2, pair.limit_m))
    _draw_returns(axes, labels, pair, 60.0 if pair.time_s[-1] > _LONG_S else 1.0)
    reach = f"hulls may touch: {pair.limit_m:.3g} m"
    labels.place(reach, float(time[-1]) * 1.1, pair.limit_m, color=theme.VERMILION,
                 places=((-0.4, 0.8), (-0.4, -0.8)), distances=(4.0,), must=True)  # fmt: skip
    last = float(time[-1])
    labels.place("median", last, float(curves[rows[0.5]][-1]), color=theme.BLUE, fontweight="bold",
                 places=((1.0, 0.0), (1.0, 0.8), (1.0, -0.8)), distances=(4.0,), must=True)  # fmt: skip
    back = np.isfinite(pair.closest_m)
    if back.mean() < 0.5:
        return
    scale = 60.0 if pair.time_s[-1] > _LONG_S else 1.0
    at_m = pair.closest_m[back]
    first_s, low_m, few_m = np.quantile(pair.closest_s[back], 0.01) / scale, *np.quantile(at_m, (0.05, 0.01))
    text = (
        f"dots: closest return of each sample\nmedian {_metres(float(np.median(at_m)))} m, 1 % below {_metres(few_m)} m"
    )
    labels.place(text, float(first_s), float(low_m), places=((-1.0, 0.0), (-1.0, -0.8), (-0.6, -1.2)), color=theme.SOFT,
                 distances=(6.0, 14.0, 26.0), must=True)  # fmt: skip


def _draw_returns(axes: Any, labels: Labels, pair: Pair, scale: float) -> None:
    """Draw the closest return of each sample as a dot, those within reach in the colour of the limit."""
    for touches, colour, size, alpha in ((False, theme.INK, 1.6, 0.3), (True, theme.VERMILION, 3.0, 1.0)):
        chosen = np.flatnonzero(np.isfinite(pair.closest_m) & ((pair.closest_m < pair.limit_m) == touches))[:_DOTS]
        time, distance = pair.closest_s[chosen] / scale, np.maximum(pair.closest_m[chosen], _LOWEST_M * 0.6)
        axes.plot(time, distance, "o", markersize=size, color=colour, alpha=alpha, markeredgewidth=0.0, zorder=5)
        for x, y in zip(time[:200], distance[:200], strict=True):
            labels.reserve_point(float(x), float(y), 1.5)


def _metres(value: float, _: Any = None) -> str:
    """Return metres as people write them: thousands with a thin space."""
    if value < 1.0:
        return f"{value:g}"
    return f"{float(f'{value:.3g}'):,.12g}".replace(",", "\u2009")
