"""The figure of the loads: what the crew feels, what the wall gets, and when the radio is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.flight.blackout import PUBLISHED_ENTRY_S, PUBLISHED_EXIT_S
from steppe.flight.crew_limits import GX, lasting_g
from steppe.flight.loads import Loads
from steppe.view import theme
from steppe.view.figure import save_figure
from steppe.view.labels import Labels

_SIZE_IN: Final = (11.0, 8.2)
# Steered entries take 480 to 510 s to the parachutes, ballistic ones less than 400; the published one was steered
_STEERED_S: Final = 440.0
_NOTE: Final = (
    "Couch at 80° to the axis (assumed). Limits: NASA-STD-3001. Wall: no ablation, emissivity 0.85. "
    "Electrons: equilibrium at the stagnation point, an upper bound."
)
_AXES: Final = (("gx", "chest to back", theme.BLUE), ("gz", "head to foot", theme.VERMILION))
# Distances of a label from its point, in points
_REACH: Final = (6.0, 13.0, 24.0, 40.0)
_LINES: Final = {"deconditioned": "-", "conditioned": (0, (6, 2)), "emergency": (0, (2, 2))}


def save_loads_figure(loads: Loads, title: str, path: Path) -> None:
    """Draw the loads into a file; PNG, PDF or SVG by its suffix.

    Raises
    ------
    OutputError
        If matplotlib is not installed or the file cannot be written.
    """
    save_figure(loads_figure(loads, title), path)


def loads_figure(loads: Loads, title: str) -> Any:
    """Return the figure: load over time, load over duration against the limits, heat and wall, blackout."""
    with theme.themed():
        figure = theme.new_figure(*_SIZE_IN)
        figure.text(0.06, 0.955, title, fontsize=theme.TITLE, fontweight="bold", color=theme.INK, va="center")
        figure.text(0.061, 0.915, _NOTE, fontsize=theme.SMALL, color=theme.SOFT, va="center")
        left, right = (0.065, 0.40), (0.565, 0.40)
        _draw_load(figure.add_axes((left[0], 0.535, left[1], 0.32)), loads)
        _draw_duration(figure.add_axes((right[0], 0.535, right[1], 0.32)), loads)
        _draw_heat(figure.add_axes((left[0], 0.075, left[1], 0.32)), loads)
        _draw_blackout(figure.add_axes((right[0], 0.075, right[1], 0.32)), loads)
    return figure


def _prepare(axes: Any, heading: str, x_label: str, y_label: str) -> None:
    axes.set_title(heading, loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(color=theme.GRID, linewidth=0.6)
    axes.tick_params(length=2.5)


def _draw_load(axes: Any, loads: Loads) -> None:
    seat = loads.centre
    entry = seat.time_s <= loads.heat.time_s[-1]
    time = seat.time_s[entry] - loads.entry_s
    _prepare(axes, "Load on the centre seat", "Time after entry interface, s", "Load, g")
    top = max(5.0, 1.25 * float(seat.load_g[entry].max()))
    axes.set_xlim(0.0, float(time[-1]))
    axes.set_ylim(min(0.0, float(seat.gz[entry].min())), top)
    for name, _, colour in _AXES:
        axes.plot(time, getattr(seat, name)[entry], color=colour, zorder=3)
    labels = Labels(axes)
    for name, _, _ in _AXES:
        labels.avoid_line(time, getattr(seat, name)[entry])
    for name, words, colour in _AXES:
        values = getattr(seat, name)[entry]
        at = int(np.argmax(values))
        text = f"G{name[1]}, {words}\npeak {values[at]:.1f} g"
        labels.place(text, float(time[at]), float(values[at]), color=colour, must=True,
                     places=((-1.0, 0.0), (-0.8, 0.8), (0.0, 1.2), (0.8, 0.8)), distances=_REACH)  # fmt: skip


def _draw_duration(axes: Any, loads: Loads) -> None:
    seat = loads.centre
    durations = np.geomspace(0.5, 600.0, 300)
    _prepare(axes, "Load chest to back by how long it lasts", "Duration in all, s", "Load, g")
    axes.set_xscale("log")
    axes.set_xlim(0.5, 600.0)
    axes.set_ylim(0.0, 20.0)
    axes.set_xticks([1, 3, 10, 30, 100, 300], ["1", "3", "10", "30", "100", "300"])
    axes.minorticks_off()
    lasting = lasting_g(seat.time_s, np.abs(seat.gx), durations)
    axes.plot(durations, lasting, color=theme.BLUE, linewidth=2.0, zorder=4)
    labels = Labels(axes)
    labels.avoid_line(durations, lasting)
    curves = [(limit, limit.at(durations)) for limit in GX]
    for limit, allowed in curves:
        colour = theme.VERMILION if limit.name == "deconditioned" else theme.SOFT
        axes.plot(durations, allowed, color=colour, linestyle=_LINES[limit.name], linewidth=1.2, zorder=3)
        labels.avoid_line(durations, allowed)
    for (limit, allowed), at_s in zip(curves, (0.7, 2.0, 60.0), strict=True):
        words = {"deconditioned": "Limit after months in space", "conditioned": "Limit before the flight",
                 "emergency": "Limit in an emergency"}[limit.name]  # fmt: skip
        colour = theme.VERMILION if limit.name == "deconditioned" else theme.SOFT
        labels.place(words, at_s, float(np.interp(at_s, durations, allowed)), color=colour, must=True,
                     places=((0.8, -0.8), (0.8, 0.8), (0.0, 1.2), (0.8, -0.8)))  # fmt: skip
    labels.place("This flight", 1.2, float(np.interp(1.2, durations, lasting)), color=theme.BLUE, must=True,
                 places=((0.0, 1.2), (0.0, -1.2)))  # fmt: skip
    margin = seat.margin("gx", "deconditioned")
    if margin is not None:
        axes.plot([margin.duration_s] * 2, [margin.load_g, margin.limit_g], color=theme.INK, linewidth=1.0, zorder=5)
        text = f"{100.0 * margin.share:.0f} % of the limit\nat {margin.duration_s:.0f} s"
        labels.place(text, margin.duration_s, 0.5 * (margin.load_g + margin.limit_g), must=True,
                     places=((-1.0, 0.0), (-0.8, -0.8), (1.0, 0.0)), distances=_REACH)  # fmt: skip


def _draw_heat(axes: Any, loads: Loads) -> None:
    heat = loads.heat
    time = heat.time_s - loads.entry_s
    _prepare(axes, "Heat at the stagnation point", "Time after entry interface, s", theme.label("heat_flux_w_m2"))
    flux, second = theme.shown("heat_flux_w_m2", heat.flux_w_m2), theme.shown("heat_flux_w_m2", heat.second_flux_w_m2)
    axes.set_xlim(0.0, float(time[-1]))
    axes.set_ylim(0.0, 1.5 * float(np.nanmax(np.append(second, flux))))
    wall = axes.twinx()
    wall.set_ylim(0.0, 1.12 * float(heat.wall_k.max()))
    wall.set_ylabel("Wall in radiative balance, K", color=theme.VERMILION)
    wall.tick_params(length=2.5)
    wall.plot(time, heat.wall_k, color=theme.VERMILION, linewidth=1.0, zorder=2)
    axes.plot(time, flux, color=theme.BLUE, zorder=3)
    axes.plot(time, second, color=theme.BLUE, linestyle=(0, (4, 2)), linewidth=1.0, zorder=3)
    labels = Labels(axes)
    labels.avoid_line(time, flux)
    labels.avoid_line(time, second)
    labels.avoid_line(time, heat.wall_k * axes.get_ylim()[1] / wall.get_ylim()[1])
    for words, values, colour in (
        ("Brandis and Johnston", second, theme.BLUE), ("Sutton and Graves", flux, theme.BLUE),
    ):  # fmt: skip
        at = int(np.nanargmax(values))
        labels.place(f"{words}\n{values[at]:.0f} W/cm²", float(time[at]), float(values[at]), color=colour, must=True,
                     places=((0.0, 1.2), (0.8, 0.8), (0.0, -1.2), (-0.8, -0.8)), distances=_REACH)  # fmt: skip
    at = int(np.searchsorted(time, 0.18 * time[-1]))
    labels.place(f"Wall, peak {heat.wall_k.max():.0f} K", float(time[at]),
                 float(heat.wall_k[at] * axes.get_ylim()[1] / wall.get_ylim()[1]), color=theme.VERMILION, must=True,
                 places=((-0.8, 0.8), (0.0, 1.2), (0.8, -0.8)))  # fmt: skip


def _draw_blackout(axes: Any, loads: Loads) -> None:
    blackout = loads.blackout
    _prepare(
        axes, "Electrons before the shield, and what they stop", "Time after entry interface, s", "Electrons, 1/m³"
    )
    seen = blackout.electrons_m3 > 0.0
    axes.set_yscale("log")
    end_s = float(blackout.time_s[-1])
    axes.set_xlim(0.0, end_s)
    axes.set_ylim(1e12, 1e22)
    axes.set_yticks([1e12, 1e14, 1e16, 1e18, 1e20, 1e22])
    axes.minorticks_off()
    if end_s > _STEERED_S:
        axes.axvspan(PUBLISHED_ENTRY_S, PUBLISHED_EXIT_S, color=theme.GRID, alpha=0.6, linewidth=0.0, zorder=0)
        axes.text(0.5 * (PUBLISHED_ENTRY_S + PUBLISHED_EXIT_S), 2e12, "plasma as published for MS-11", ha="center",
                  va="bottom", fontsize=theme.SMALL, color=theme.SOFT)  # fmt: skip
    axes.plot(blackout.time_s[seen], blackout.electrons_m3[seen], color=theme.BLUE, zorder=4)
    for window in blackout.windows:
        axes.axhline(window.critical_m3, color=theme.FAINT, linewidth=0.6, zorder=1)
        if window.begin_s is None or window.end_s is None:
            text = f"{window.name}: not cut"
        else:
            axes.plot([window.begin_s, window.end_s], [window.critical_m3] * 2, color=theme.VERMILION, linewidth=3.0,
                      solid_capstyle="butt", zorder=3)  # fmt: skip
            text = f"{window.name}: cut from {window.begin_s:.0f} to {window.end_s:.0f} s"
        lower = window.name.startswith("VHF")
        place = (PUBLISHED_ENTRY_S + 8.0, window.critical_m3)
        axes.annotate(text, place, xytext=(0, -4 if lower else 4),
                      textcoords="offset points", va="top" if lower else "bottom", fontsize=theme.SMALL,
                      color=theme.INK, zorder=6)  # fmt: skip
