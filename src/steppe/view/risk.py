"""The risk chart: casualty expectation by body and by kind of piece against the limit."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from steppe.ground.assessment import Assessment
from steppe.ground.risk import Expectation, Risk
from steppe.view import theme
from steppe.view.wording import count_of, spoken

_TOP: Final = 10
_ROW_IN: Final = 0.34
# Expectations below this part of the limit are drawn at the left edge: they are as good as nothing
_LEAST: Final = 1e-4
_COLOURS: Final = {"below": theme.GREEN, "open": "#8A6D00", "above": theme.VERMILION}
_SAID: Final = {"below": "below the limit", "open": "not told from the limit", "above": "above the limit"}


def risk_figure(assessment: Assessment) -> Any:
    """Return the chart; None if no piece can hit anyone.

    Raises
    ------
    OutputError
        If matplotlib is not installed.
    """
    risk = assessment.main.risk
    if risk.total.casualties <= 0.0:
        return None
    rows = [("All pieces", risk.total)]
    ranked = sorted(risk.by_body.items(), key=lambda entry: -entry[1].casualties)
    rows += [(spoken(name), part) for name, part in ranked]
    pieces = list(risk.by_piece.items())[:_TOP]
    height = 1.75 + _ROW_IN * (max(len(rows), len(pieces)) + 0.4)
    with theme.themed():
        figure = theme.new_figure(12.6, height)
        _header(figure, assessment, height)
        bottom, top = 0.75 / height, 1.0 - 1.25 / height
        _draw_bodies(figure.add_axes((0.135, bottom, 0.385, top - bottom)), assessment, rows)
        _draw_pieces(figure.add_axes((0.70, bottom, 0.26, top - bottom)), risk, pieces)
        note = (
            f"Population: {risk.population_title}; its error is not in the bars. Bars: two standard errors of the "
            "simulation."
        )
        figure.text(0.025, 0.17 / height, note, fontsize=theme.SMALL - 1.0, color=theme.FAINT, va="center")
    return figure


def _header(figure: Any, assessment: Assessment, height: float) -> None:
    about, risk = assessment.about, assessment.main.risk
    figure.text(0.025, 1.0 - 0.3 / height, "Whom they may hit", fontsize=theme.TITLE * 0.8, fontweight="bold",
                va="center")  # fmt: skip
    right = f"{about.title or about.mission}  ·  {count_of(about.samples, 'return')}"
    figure.text(0.975, 1.0 - 0.3 / height, right, fontsize=theme.HEADING, color=theme.SOFT, ha="right", va="center")
    verdict = risk.total.verdict(risk.rules.threshold)
    text = (
        f"Casualty expectation of one return {written(risk.total)}, {_SAID[verdict]} of "
        f"{scientific(risk.rules.threshold)}"
    )
    figure.text(0.025, 1.0 - 0.6 / height, text, fontsize=theme.HEADING, va="center")


def scientific(value: float, digits: int = 0) -> str:
    """Return a number as 1.2 × 10⁻⁵."""
    if value == 0.0:
        return "0"
    power = math.floor(math.log10(abs(value)) + 1e-12)
    factor = f"{value / 10.0**power:.{digits}f}"
    if factor.startswith("10"):
        power, factor = power + 1, f"{1.0:.{digits}f}"
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}" if float(factor) == 1.0 and not digits else f"{factor} × 10{raised}"


def written(part: Expectation) -> str:
    """Return an expectation with its standard error."""
    if part.casualties == 0.0:
        return "none"
    power = math.floor(math.log10(part.casualties) + 1e-12)
    text = scientific(part.casualties, 1)
    # an error that would read 0.0 says nothing
    if not part.error / 10.0**power >= 0.05:
        return text
    factor, rest = text.split(" × ")
    return f"({factor} ± {part.error / 10.0**power:.1f}) × {rest}"


def _draw_bodies(axes: Any, assessment: Assessment, rows: list[tuple[str, Expectation]]) -> None:
    risk = assessment.main.risk
    limit = risk.rules.threshold
    values = [part.casualties for _, part in rows if part.casualties > 0.0]
    low = max(min(values) / 3.0, limit * _LEAST)
    high = max(max(part.casualties + 2.0 * np.nan_to_num(part.error) for _, part in rows), limit) * 25.0
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(-len(rows) + 0.4, 0.75)
    axes.axvspan(limit, high, color=theme.VERMILION, alpha=0.06, linewidth=0.0, zorder=0)
    axes.axvline(limit, color=theme.VERMILION, linewidth=1.4, zorder=2)
    axes.annotate(f"limit {scientific(limit)}", (limit, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                  textcoords="offset points", ha="center", va="bottom", fontsize=theme.SMALL,
                  color=theme.VERMILION)  # fmt: skip
    for number, (_, part) in enumerate(rows):
        colour = _COLOURS[part.verdict(limit)]
        value = min(max(part.casualties, low), high)
        axes.plot([low, value], [-number] * 2, color=theme.GRID, linewidth=1.0, zorder=1)
        if np.isfinite(part.error):
            ends = np.clip(part.casualties + np.array([-2.0, 2.0]) * part.error, low, high)
            axes.plot(ends, [-number] * 2, color=colour, linewidth=2.4, alpha=0.45, zorder=3, solid_capstyle="butt")
        axes.plot(value, -number, "o", markersize=7.0 if number == 0 else 5.5, color=colour, zorder=4)
        right = min(part.casualties + 2.0 * np.nan_to_num(part.error), high) if part.casualties else low
        axes.annotate(written(part), (max(right, low), -number), xytext=(7, 0), textcoords="offset points",
                      va="center", fontsize=theme.SMALL, color=theme.INK, zorder=5)  # fmt: skip
    axes.set_yticks([-k for k in range(len(rows))], [name for name, _ in rows])
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.tick_params(axis="y", length=0.0, labelcolor=theme.INK, labelsize=theme.NORMAL)
    axes.tick_params(axis="x", which="both", length=2.5)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("casualty expectation of one return")


def _draw_pieces(axes: Any, risk: Risk, pieces: list[tuple[tuple[str, str], Expectation]]) -> None:
    rows = max(len(pieces), 1)
    at = -np.arange(len(pieces), dtype=np.float64)
    share = np.array([100.0 * part.casualties / risk.total.casualties for _, part in pieces])
    axes.barh(at, share, height=0.55, color=theme.BLUE, alpha=0.75, zorder=3)
    axes.set_yticks(at, [f"{spoken(piece)}\u2009·\u2009{spoken(body).lower()}" for (body, piece), _ in pieces])
    axes.tick_params(axis="y", length=0.0, labelcolor=theme.INK)
    axes.set_ylim(-rows + 0.4, 0.75)
    axes.set_xlim(0.0, 1.28 * float(share.max()))
    for y, value in zip(at, share, strict=True):
        axes.annotate(f"{value:.0f} %" if value >= 1.0 else "below 1 %", (value, y), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=theme.SMALL, color=theme.INK)  # fmt: skip
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_title("What it is made of", loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
