"""Residuals of many returns against the altitude of the station, the season and the year."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steppe.errors import OutputError
from steppe.flight.validate import Checked
from steppe.view.theme import BLUE, FAINT, GRID, HEADING, INK, SMALL, VERMILION, themed

_LABELLED = 3  # the worst are named in the figure


def write_residuals(checked: Sequence[Checked], path: Path) -> None:
    """Draw the residuals of the touchdown times into a file.

    Parameters
    ----------
    checked
        From `steppe.flight.validate.validate`.
    path
        PNG, PDF or SVG, by its ending.

    Raises
    ------
    OutputError
        If matplotlib is missing or the file cannot be written.
    """
    with themed():
        figure = residual_figure(checked)
        try:
            figure.savefig(path, dpi=160)
        except (OSError, ValueError) as problem:
            raise OutputError(f"cannot write the figure {path}: {problem}; use .png, .pdf or .svg") from None


def residual_figure(checked: Sequence[Checked]) -> Any:
    """Return the figure: three panels, guided and ballistic returns told apart by colour and marker."""
    from matplotlib.figure import Figure

    rows = [row for one in checked if (row := _row(one)) is not None]
    with themed():
        figure = Figure(figsize=(9.0, 3.6))
        axes = figure.subplots(1, 3, sharey=True)
        figure.subplots_adjust(left=0.075, right=0.985, top=0.80, bottom=0.16, wspace=0.08)
        labels = ("station's mean altitude at undocking, km", "month of the landing", "year of the landing")
        for at, (axis, label) in enumerate(zip(axes, labels, strict=True)):
            _panel(axis, rows, at, label)
        axes[0].set_ylabel("touchdown, flown minus published, s")
        axes[1].set_xlim(0.5, 13.5)
        largest = max([15.0, *(abs(row[1]) for row in rows)])
        axes[0].set_ylim(-1.15 * largest, 1.15 * largest)
        axes[1].set_xticks([1, 4, 7, 10], ["January", "April", "July", "October"])
        figure.text(0.075, 0.93, "How far the flown touchdown is from the real one", size=HEADING + 2, weight="bold")
        figure.text(0.075, 0.865, "circles: guided; triangles: ballistic; band: 15 s", size=SMALL + 1, color=INK)
    return figure


def _row(one: Checked) -> tuple[tuple[float, float, float], float, bool, str] | None:
    residual = one.main.residuals["touchdown_s"]
    if residual is None or one.station_altitude_km is None or residual.status == "planned":
        return None
    when = residual.published_utc
    part = (when.timetuple().tm_yday - 1) / 365.25
    place = (one.station_altitude_km, 1.0 + 12.0 * part, when.year + part)
    return place, residual.value_s, one.mode == "ballistic", one.id


def _panel(axis: Any, rows: Sequence[tuple[tuple[float, float, float], float, bool, str]], at: int, label: str) -> None:
    axis.axhspan(-15.0, 15.0, color=GRID, zorder=0)
    axis.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    for ballistic, colour, marker in ((False, BLUE, "o"), (True, VERMILION, "^")):
        chosen = [row for row in rows if row[2] is ballistic]
        axis.scatter(
            [row[0][at] for row in chosen], [row[1] for row in chosen], s=22, color=colour, marker=marker, zorder=3
        )
    middle = sum(axis.get_xlim()) / 2.0
    for place, value, _, name in sorted(rows, key=lambda row: -abs(row[1]))[:_LABELLED]:
        side, shift = ("right", -4) if place[at] > middle else ("left", 4)
        axis.annotate(name, (place[at], value), xytext=(shift, 3), textcoords="offset points", size=SMALL, ha=side)
    axis.set_xlabel(label)
