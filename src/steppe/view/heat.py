"""The figure of heat and radio: what the shield gets, and when the plasma cuts the radio."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from steppe.flight.blackout import PUBLISHED_ENTRY_S, PUBLISHED_EXIT_S
from steppe.flight.loads import Loads
from steppe.view import theme
from steppe.view.labels import Labels
from steppe.view.sheet import prepare, sheet

_SIZE_IN: Final = (11.0, 4.6)
# Steered entries take 480 to 510 s to the parachutes, ballistic ones less than 400; the published one was steered
_STEERED_S: Final = 440.0
# Distances of a label from its point, in points
_REACH: Final = (6.0, 13.0, 24.0, 40.0)
_NOTE: Final = (
    "Wall: no ablation, emissivity 0.85. Electrons: equilibrium at the stagnation point, an upper bound. "
    "Red bars: the radio is cut."
)


def heat_figure(loads: Loads, title: str) -> Any:
    """Return the figure: heat flux and wall over time, electrons and blackout over time."""
    with theme.themed():
        figure = sheet(_SIZE_IN, title, _NOTE)
        _draw_heat(figure.add_axes((0.065, 0.125, 0.385, 0.625)), loads)
        _draw_blackout(figure.add_axes((0.595, 0.125, 0.37, 0.625)), loads)
    return figure


def _draw_heat(axes: Any, loads: Loads) -> None:
    heat = loads.heat
    time = heat.time_s - loads.entry_s
    prepare(axes, "Heat at the stagnation point", "Time after entry interface, s", theme.label("heat_flux_w_m2"))
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
    at = int(np.searchsorted(time, 0.3 * time[-1]))
    labels.place(f"Wall, peak {heat.wall_k.max():.0f} K", float(time[at]),
                 float(heat.wall_k[at] * axes.get_ylim()[1] / wall.get_ylim()[1]), color=theme.VERMILION, must=True,
                 places=((-0.8, 0.8), (-1.0, 0.0), (0.8, -0.8)), distances=_REACH)  # fmt: skip


def _draw_blackout(axes: Any, loads: Loads) -> None:
    blackout = loads.blackout
    prepare(axes, "Electrons before the shield, and what they stop", "Time after entry interface, s", "Electrons, 1/m³")
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
