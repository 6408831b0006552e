"""The figure of a campaign for its crew: speeds of the contact, loads by axis, and how often the capsule tips over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from steppe.view import theme
from steppe.view.crew_quantities import CREW, REPORTED_TIPPED, known, tipped
from steppe.view.sheet import prepare, sheet

_SIZE_IN: Final = (12.0, 4.8)
_BY_COLUMN: Final = {one.column: one for one in CREW}
_SPEEDS: Final = {"landing_vertical_speed_m_s": "across", "landing_horizontal_speed_m_s": "along"}
_LOADS: Final = {"peak_gx_g": "Gx", "peak_gy_g": "Gy", "peak_gz_g": "Gz"}
_SHARES: Final = {"limit_share_gx": "Gx", "limit_share_gy": "Gy *", "limit_share_gz": "Gz *", "landing_beta": "beta"}
_COLOURS: Final = (theme.BLUE, theme.GREEN, theme.VERMILION, theme.PURPLE)
# Clopper and Pearson, 95 %, of 13 in 24: beta quantiles B(0.025; 13, 12) and B(0.975; 14, 11)
_REPORTED_LOW, _REPORTED_HIGH = 0.328, 0.744


def crew_figure(document: Mapping[str, Any]) -> Any:
    """Return violins of contact speeds, loads and shares of limits, and the share that tips; None without any.

    Parameters
    ----------
    document
        Of a `steppe.ensemble.summary.Summary`.
    """
    outputs = document["outputs"]
    there = {one.column for one in known(outputs)}
    groups = [
        (names, heading, label) for names, heading, label in (
            (_SPEEDS, "Speed at contact", "m/s"), (_LOADS, "Peak load by axis", "g"),
            (_SHARES, "Share of the limit", "%"),
        ) if there & names.keys()
    ]  # fmt: skip
    if not groups:
        return None
    about = document["campaign"]
    note = (
        "Width: part of the flights; bar: 1 to 99 %; point: median. Limits: deconditioned crew, NASA-STD-3001; "
        "* assumed. beta: low risk of the contact (Brinkley)."
    )
    rows = f"{about['rows']:,}".replace(",", "\N{THIN SPACE}")
    with theme.themed():
        figure = sheet(_SIZE_IN, f"Crew and contact: {about['mission']}, {rows} flights", note)
        share = tipped(document)
        count = len(groups) + (share is not None)
        width = 1.0 / count
        for number, (names, heading, label) in enumerate(groups):
            axes = figure.add_axes((number * width + 0.052, 0.12, width - 0.075, 0.635))
            _violins(axes, {name: words for name, words in names.items() if name in there}, outputs, heading, label)
        if share is not None:
            _draw_share(figure.add_axes(((count - 1) * width + 0.052, 0.12, width - 0.075, 0.635)), share)
    return figure


def _violins(axes: Any, names: Mapping[str, str], outputs: Mapping[str, Any], heading: str, unit: str) -> None:
    prepare(axes, heading, "", unit)
    highest = 0.0
    for place, name in enumerate(names):
        one, colour = _BY_COLUMN[name], _COLOURS[place]
        factor = 100.0 if unit == "%" else one.factor
        highest = max(highest, _violin(axes, place, outputs[name], factor, colour))
    axes.set_xticks(range(len(names)), list(names.values()))
    axes.tick_params(axis="x", length=0.0, labelcolor=theme.INK)
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.6, len(names) - 0.25)
    if unit == "%":
        axes.axhline(100.0, color=theme.VERMILION, linewidth=1.3, zorder=2)
        highest = max(highest, 112.0)
    axes.set_ylim(0.0, 1.08 * highest)


def _violin(axes: Any, place: float, about: Mapping[str, Any], factor: float, colour: str) -> float:
    """Draw one distribution from its histogram; return how high it reaches."""
    edges = factor * np.asarray(about["histogram"]["edges"], dtype=np.float64)
    counts = np.asarray(about["histogram"]["counts"], dtype=np.float64)
    quantiles = {entry["probability"]: factor * entry["value"] for entry in about["quantiles"]}
    if np.ptp(edges) > 0.0:
        half = np.repeat(0.36 * counts / counts.max(), 2)
        axes.fill_betweenx(np.repeat(edges, 2)[1:-1], place - half, place + half, color=colour, alpha=0.45,
                           linewidth=0.0, zorder=3)  # fmt: skip
    axes.plot([place, place], [quantiles[0.01], quantiles[0.99]], color=colour, linewidth=1.6, zorder=4)
    axes.plot(place, quantiles[0.5], "o", color=colour, markersize=4.5, markeredgecolor="white", zorder=5)
    axes.text(place + 0.4, quantiles[0.5], f"{quantiles[0.5]:.3g}", va="center", fontsize=theme.SMALL,
              color=theme.INK, zorder=6)  # fmt: skip
    # The last thousandth would flatten all the rest
    return float(max(1.15 * quantiles[0.99], quantiles[0.999]))


def _draw_share(axes: Any, share: Mapping[str, Any]) -> None:
    count, reported = REPORTED_TIPPED
    prepare(axes, "On its side", "", "%")
    rows = (
        (share["value"], share["low"], share["high"], theme.BLUE, f"here\n{share['count']} of {share['samples']}"),
        (count / reported, _REPORTED_LOW, _REPORTED_HIGH, theme.INK, f"reported\n{count} of {reported}"),
    )
    for place, (value, low, high, colour, _) in enumerate(rows):
        axes.plot([place, place], [100.0 * low, 100.0 * high], color=colour, linewidth=2.2, zorder=3)
        axes.plot(place, 100.0 * value, "o", color=colour, markersize=7.0, markeredgecolor="white", zorder=4)
        axes.annotate(f"{100.0 * value:.0f} %", (place, 100.0 * value), xytext=(8, 0), textcoords="offset points",
                      va="center", fontsize=theme.SMALL, color=theme.INK)  # fmt: skip
    axes.set_xticks(range(len(rows)), [row[-1] for row in rows])
    axes.tick_params(axis="x", length=0.0, labelcolor=theme.INK)
    axes.grid(visible=False, axis="x")
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_ylim(0.0, 100.0)
