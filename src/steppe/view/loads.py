"""The figure of the loads on the crew: over time, above levels, and by how long they last against the limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.errors import OutputError
from steppe.flight.crew import CrewLoads
from steppe.flight.crew_limits import AXES, Limit, lasting_g
from steppe.flight.loads import Loads
from steppe.view import theme
from steppe.view.contact import contact_figure
from steppe.view.figure import save_figure
from steppe.view.heat import heat_figure
from steppe.view.labels import Labels
from steppe.view.sheet import prepare, sheet

_SIZE_IN: Final = (11.0, 8.2)
_NOTE: Final = (
    "Couch at 80° to the axis (assumed), worst of three seats. Limits: NASA-STD-3001 (chest to back); thin dotted "
    "lines are assumed, no table was found."
)
_COLOURS: Final = {"gx": theme.BLUE, "gy": theme.GREEN, "gz": theme.VERMILION}
_WORDS: Final = {"gx": "Gx, chest to back", "gy": "Gy, sideways", "gz": "Gz, head to foot"}
# Distances of a label from its point, in points
_REACH: Final = (6.0, 13.0, 24.0, 40.0)
_LINES: Final[dict[str, Any]] = {"deconditioned": "-", "conditioned": (0, (6, 2)), "emergency": (0, (2, 2))}
_LIMIT_WORDS: Final = {
    "deconditioned": "Limit after months in space", "conditioned": "Limit before the flight",
    "emergency": "Limit in an emergency",
}  # fmt: skip
_DURATIONS_S: Final = np.geomspace(0.5, 600.0, 300)


def save_loads_figures(loads: Loads, title: str, folder: Path) -> list[Path]:
    """Draw loads, heat and contact into PNG files.

    Parameters
    ----------
    loads
        What was felt.
    title
        Of the mission.
    folder
        An existing folder.

    Returns
    -------
    list of Path
        ``loads.png``, ``heat.png`` and, where something is known to land, ``contact.png``.

    Raises
    ------
    OutputError
        If matplotlib is not installed or a file cannot be written.
    """
    figures = {"loads.png": loads_figure(loads, f"{title}: load on the crew"),
               "heat.png": heat_figure(loads, f"{title}: heat and radio")}  # fmt: skip
    if loads.contact is not None and loads.pulse is not None:
        figures["contact.png"] = contact_figure(loads.contact, loads.pulse, f"{title}: contact with the ground")
    for name, figure in figures.items():
        save_figure(figure, Path(folder) / name)
    return [Path(folder) / name for name in figures]


def loads_figure(loads: Loads, title: str) -> Any:
    """Return the figure: load over time, time above levels, load by duration against the limits of each axis.

    Raises
    ------
    OutputError
        If the load has fewer than two samples.
    """
    if len(loads.centre.time_s) < 2:
        raise OutputError("cannot draw the loads: there are fewer than two samples")
    with theme.themed():
        figure = sheet(_SIZE_IN, title, _NOTE)
        _draw_history(figure.add_axes((0.065, 0.535, 0.53, 0.32)), loads)
        _draw_levels(figure.add_axes((0.695, 0.535, 0.27, 0.32)), loads.centre)
        _draw_chest(figure.add_axes((0.065, 0.075, 0.53, 0.345)), loads)
        _draw_others(figure.add_axes((0.695, 0.075, 0.27, 0.345)), loads)
    return figure


def _draw_history(axes: Any, loads: Loads) -> None:
    seat = loads.centre
    time = seat.time_s - loads.entry_s
    entry = seat.time_s <= seat.command_s
    prepare(axes, "Load on the centre seat, from the entry to the landing engines",
            "Time after entry interface, s", "Load, g")  # fmt: skip
    tops = [float(getattr(seat, axis).max()) for axis in ("gx", "gz")]
    axes.set_xlim(0.0, float(time[-1]))
    axes.set_ylim(min(0.0, float(seat.gz.min())), max(5.0, 1.25 * max(tops)))
    command_s = seat.command_s - loads.entry_s
    axes.axvline(command_s, color=theme.FAINT, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
    axes.text(command_s, 0.97 * axes.get_ylim()[1], " parachutes", fontsize=theme.SMALL, color=theme.SOFT, va="top")
    labels = Labels(axes)
    for axis in ("gx", "gz"):
        axes.plot(time, getattr(seat, axis), color=_COLOURS[axis], zorder=3)
        labels.avoid_line(time, getattr(seat, axis))
    for axis in ("gx", "gz"):
        values = np.where(entry, getattr(seat, axis), -np.inf)
        at = int(np.argmax(values))
        text = f"{_WORDS[axis]}, peak {values[at]:.1f} g"
        if axis == "gz" and (~entry).any():
            # Under the canopies there is room between the two lines
            at = int(np.searchsorted(time, 0.5 * (command_s + time[-1])))
            labels.place(text, float(time[at]), float(seat.gz[at]), color=_COLOURS[axis], must=True,
                         places=((0.0, 1.2),), distances=_REACH)  # fmt: skip
            continue
        labels.place(text.replace(", peak", "\npeak"), float(time[at]), float(values[at]), color=_COLOURS[axis],
                     must=True, places=((-1.0, 0.0), (-0.8, 0.8), (0.0, 1.2), (0.8, 0.8)),
                     distances=_REACH)  # fmt: skip
    if (~entry).any():
        values = np.where(entry, -np.inf, seat.gx)
        at = int(np.argmax(values))
        labels.place(f"opening {values[at]:.1f} g", float(time[at]), float(values[at]), color=_COLOURS["gx"],
                     distances=_REACH, places=((0.8, 0.8), (1.0, 0.0)))  # fmt: skip


def _draw_levels(axes: Any, seat: CrewLoads) -> None:
    levels = sorted(seat.time_above_s)
    seconds = [seat.time_above_s[level] for level in levels]
    prepare(axes, "Time above, entry only", "Time, s", "")
    rows = np.arange(len(levels))
    axes.barh(rows, seconds, height=0.55, color=theme.BLUE, alpha=0.85, zorder=3)
    axes.set_yticks(rows, [f"{level:g} g" for level in levels])
    axes.tick_params(axis="y", length=0.0, labelcolor=theme.INK)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0.0, 1.22 * max(*seconds, 1.0))
    axes.set_ylim(-0.6, len(levels) - 0.4)
    for row, value in zip(rows, seconds, strict=True):
        text = f"{value:.0f} s" if value > 0.0 else "never"
        axes.annotate(text, (value, row), xytext=(4, 0), textcoords="offset points", va="center",
                      fontsize=theme.SMALL, color=theme.INK)  # fmt: skip


def _duration_axes(axes: Any, heading: str, top_g: float) -> None:
    prepare(axes, heading, "Duration in all, s", "Load, g")
    axes.set_xscale("log")
    axes.set_xlim(0.5, 600.0)
    axes.set_ylim(0.0, top_g)
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes.minorticks_off()


def _worst(loads: Loads, axis: str) -> CrewLoads:
    """Return the seat that uses most of the limit after months in space on an axis."""

    def share(seat: CrewLoads) -> float:
        margin = seat.margin(axis, "deconditioned")
        return -1.0 if margin is None else margin.share

    return max(loads.seats.values(), key=share)


def _draw_limit(axes: Any, labels: Labels, limit: Limit, colour: str) -> Any:
    allowed = limit.at(_DURATIONS_S)
    style: dict[str, Any] = {"linestyle": (0, (1, 1.6)) if limit.assumed else _LINES[limit.name]}
    axes.plot(_DURATIONS_S, allowed, color=colour, linewidth=1.0 if limit.assumed else 1.3, zorder=3, **style)
    labels.avoid_line(_DURATIONS_S, allowed)
    return allowed


def _draw_chest(axes: Any, loads: Loads) -> None:
    seat = _worst(loads, "gx")
    _duration_axes(axes, "Gx, chest to back, by how long it lasts", 20.0)
    lasting = lasting_g(seat.time_s, np.abs(seat.gx), _DURATIONS_S)
    axes.plot(_DURATIONS_S, lasting, color=theme.BLUE, linewidth=2.2, zorder=4)
    labels = Labels(axes)
    labels.avoid_line(_DURATIONS_S, lasting)
    for limit, at_s in zip(AXES["gx"], (0.7, 2.0, 60.0), strict=True):
        colour = theme.VERMILION if limit.name == "deconditioned" else theme.SOFT
        allowed = _draw_limit(axes, labels, limit, colour)
        labels.place(_LIMIT_WORDS[limit.name], at_s, float(np.interp(at_s, _DURATIONS_S, allowed)), color=colour,
                     must=True, places=((0.8, -0.8), (0.8, 0.8), (0.0, 1.2), (0.8, -0.8)))  # fmt: skip
    labels.place("This flight", 1.2, float(np.interp(1.2, _DURATIONS_S, lasting)), color=theme.BLUE, must=True,
                 places=((0.0, 1.2), (0.0, -1.2)))  # fmt: skip
    _mark_margin(axes, labels, seat, "gx")


def _mark_margin(axes: Any, labels: Labels, seat: CrewLoads, axis: str) -> None:
    """Join load and limit where most of the limit is used, and say how much."""
    margin = seat.margin(axis, "deconditioned")
    if margin is None:
        return
    axes.plot([margin.duration_s] * 2, [margin.load_g, margin.limit_g], color=theme.INK, linewidth=1.0, zorder=5)
    text = f"{100.0 * margin.share:.0f} % of the limit\nat {margin.duration_s:.0f} s"
    labels.place(text, margin.duration_s, 0.5 * (margin.load_g + margin.limit_g), must=True,
                 places=((-1.0, 0.0), (-0.8, -0.8), (1.0, 0.0), (-0.8, 0.8)), distances=_REACH)  # fmt: skip


def _draw_others(axes: Any, loads: Loads) -> None:
    curves = {axis: lasting_g(seat.time_s, np.abs(getattr(seat, axis)), _DURATIONS_S)
              for axis, seat in ((axis, _worst(loads, axis)) for axis in ("gy", "gz"))}  # fmt: skip
    highest = max(float(values.max()) for values in curves.values())
    _duration_axes(axes, "Gz and Gy, by how long they last", max(5.5, 1.2 * highest))
    labels = Labels(axes)
    for axis, values in curves.items():
        axes.plot(_DURATIONS_S, values, color=_COLOURS[axis], linewidth=2.2, zorder=4)
        labels.avoid_line(_DURATIONS_S, values)
    for axis in ("gz", "gy"):
        for limit in AXES[axis]:
            colour = _COLOURS[axis] if limit.name == "deconditioned" else theme.SOFT
            allowed = _draw_limit(axes, labels, limit, colour)
            words = "limit, assumed" if limit.assumed else "centrifuge test\nbefore the flight"
            at_s = {"gy": 0.8, "gz": 2.0 if limit.assumed else 20.0}[axis]
            labels.place(f"G{axis[1]} {words}" if limit.assumed else words, at_s,
                         float(np.interp(at_s, _DURATIONS_S, allowed)), color=colour, distances=_REACH,
                         places=((0.8, 0.8), (0.8, -0.8), (-0.8, -0.8), (-0.8, 0.8)))  # fmt: skip
        at_s = {"gz": 1.0, "gy": 3.0}[axis]
        labels.place(_WORDS[axis], at_s, float(np.interp(at_s, _DURATIONS_S, curves[axis])), color=_COLOURS[axis],
                     must=True, places=((0.8, 0.8), (0.8, -0.8)), distances=_REACH)  # fmt: skip
