"""The panels of the flight figure that have axes of numbers: strips over time, corridor, departure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.flight.corridor import Entry, Line, corridor_of
from steppe.flight.result import Event, Flight
from steppe.nomenclature import EVENTS, VARIABLES
from steppe.view import theme
from steppe.view.descent_document import entry_label
from steppe.view.labels import Labels, beside, spread

Floats = npt.NDArray[np.float64]

# column, colour, and whether its largest value is worth a note
STRIPS: Final = (
    ("altitude_m", theme.BLUE, False),
    ("airspeed_m_s", theme.BLUE, False),
    ("load_g", theme.VERMILION, True),
    ("heat_flux_w_m2", theme.VERMILION, True),
    ("bank_deg", theme.BLUE, False),
)
_SHORT: Final = {
    "module_separation": "Separation",
    "module_release": "Module breaks free",
    "guidance_start": "Guidance",
    "plasma_exit": "Plasma ends",
    "parachute_command": "Parachute",
    "main_inflated": "Main canopy",
    "heat_shield_jettison": "Shield drop",
    "soft_landing_ignition": "Soft landing",
}
# Minutes shown before the entry interface and after the last event of the entry
_BEFORE_MIN: Final = 1.0
_AFTER_MIN: Final = 1.0
# The separation is shown if it is at most so long before the entry interface, and this lead before it
_LONGEST_MIN: Final = 10.0
_LEAD_S: Final = 15.0
# Boundaries of the corridor: colour and line style
_LINES: Final = {
    "load": (theme.VERMILION, "-"),
    "heat_flux": (theme.PURPLE, (0, (4, 2))),
    "equilibrium_glide": (theme.GREEN, (0, (6, 2, 1, 2))),
}
BESIDE: Final = "modules: side by side with the capsule"
# Distance of a module's strand from the line of the capsule, in pixels of the figure's own 100 per inch
_STRAND_PX: Final = 2.6


def event_name(event: Event) -> str:
    """Return a short name for the figure; a canopy stage goes by its own name."""
    return _SHORT.get(event.name) or EVENTS.get(event.name) or event.name.replace("_", " ").capitalize()


def reference_s(flight: Flight) -> tuple[float, str]:
    """Return the zero of the time axis in s and what it is."""
    entry = flight.event("entry_interface")
    if entry is not None:
        return entry.time_s, "entry interface"
    return float(flight.track.columns["time_s"][0]), "start"


def entry_window_s(flight: Flight) -> tuple[float, float]:
    """Return the time from just before the entry to the open parachute, or the whole flight if it has no entry."""
    time_s = flight.track.columns["time_s"]
    first, last = float(time_s[0]), float(time_s[-1])
    entry = flight.event("entry_interface")
    if entry is None:
        return first, last
    ends = [event.time_s for event in map(flight.event, ("main_inflated", "parachute_command")) if event is not None]
    end = ends[0] + 60.0 * _AFTER_MIN if ends else last
    begin = entry.time_s - 60.0 * _BEFORE_MIN
    split = flight.event("module_separation")
    if split is not None and flight.modules and 0.0 < entry.time_s - split.time_s < 60.0 * _LONGEST_MIN:
        # the modules are shown from where they part
        begin = min(begin, split.time_s - _LEAD_S)
    return max(first, begin), min(last, end)


def strip_columns(flight: Flight) -> list[tuple[str, str, bool]]:
    """Return the rows of `STRIPS` that this flight has values for."""
    begin, end = entry_window_s(flight)
    columns = flight.track.columns
    inside = (columns["time_s"] >= begin) & (columns["time_s"] <= end)
    return [row for row in STRIPS if row[0] in columns and np.any(np.isfinite(columns[row[0]][inside]))]


def draw_strips(all_axes: list[Any], flight: Flight) -> None:
    """Draw the strips over a common time axis, with the events marked through all of them."""
    zero, zero_name = reference_s(flight)
    begin, end = entry_window_s(flight)
    columns = flight.track.columns
    inside = (columns["time_s"] >= begin) & (columns["time_s"] <= end)
    minutes = (columns["time_s"][inside] - zero) / 60.0
    limits = (begin - zero) / 60.0, max((end - zero) / 60.0, (begin - zero) / 60.0 + 1e-3)
    for axes, (name, colour, with_peak) in zip(all_axes, strip_columns(flight), strict=True):
        values = theme.shown(name, columns[name][inside])
        values = _half_turns(values) if name.startswith("bank") else values
        axes.set_xlim(*limits)
        axes.plot(minutes, values, color=colour, zorder=3, label=name)
        title = axes.set_title(theme.label(name), loc="left", fontsize=theme.NORMAL, color=theme.INK, pad=3.0)
        # the line to the label of an early event passes behind the title
        title.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})
        axes.grid(axis="y", color=theme.GRID, linewidth=0.6)
        axes.tick_params(length=2.5, labelbottom=axes is all_axes[-1])
        axes.locator_params(axis="y", nbins=4)
        if name.startswith("bank"):
            _finish_bank(axes, minutes, columns, inside)
        else:
            low = min(0.0, float(np.nanmin(values)))
            axes.set_ylim(low, max(1.12 * float(np.nanmax(values)), low + 1e-3))
        if name == "altitude_m":
            _draw_modules(axes, flight, zero)
        if with_peak:
            command = flight.event("parachute_command")
            # the opening shock of a canopy is no peak of the entry
            entry = np.ones_like(minutes, bool) if command is None else minutes * 60.0 + zero < command.time_s
            _note_peak(axes, minutes, np.where(entry, values, np.nan), name)
    all_axes[-1].set_xlabel(f"minutes after {zero_name}")
    _mark_events(all_axes, flight, zero, (begin, end))


def _draw_modules(axes: Any, flight: Flight, zero: float) -> None:
    """Draw the modules beside the altitude of the capsule: their own is less than the width of the line away."""
    if flight.modules:
        axes.set_title(BESIDE, loc="right", fontsize=theme.SMALL - 0.5, color=theme.SOFT, pad=3.0)
    for number, module in enumerate(flight.modules):
        columns = module.columns
        if len(module) < 2:
            continue
        colour, side = theme.module_style(number)
        height = theme.shown("altitude_m", columns["altitude_m"])
        x, y = beside(axes, (columns["time_s"] - zero) / 60.0, height, side * _STRAND_PX)
        axes.plot(x, y, color=colour, linewidth=1.4, zorder=2.5, solid_capstyle="butt")
        axes.plot(x[-1], y[-1], "o", markersize=2.8, color=colour, zorder=3.5)
        style = {"textcoords": "offset points", "fontsize": theme.SMALL - 0.5, "color": colour, "zorder": 4,
                 "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.4}}  # fmt: skip
        where = {"xytext": (5, 6), "ha": "left"} if side > 0.0 else {"xytext": (-5, -8), "ha": "right"}
        axes.annotate(module.body.replace("_", " "), (x[-1], y[-1]), va="center", **where, **style)


def _finish_bank(axes: Any, minutes: Floats, columns: dict[str, Floats], inside: npt.NDArray[np.bool_]) -> None:
    largest = float(np.nanmax(np.abs(_half_turns(columns["bank_deg"][inside]))))
    if "bank_command_deg" in columns:
        command = _half_turns(columns["bank_command_deg"][inside])
        axes.plot(minutes, command, color=theme.FAINT, linewidth=0.9, zorder=2, linestyle=(0, (3, 2)))
        finite = command[np.isfinite(command)]
        largest = max(largest, float(np.max(np.abs(finite), initial=0.0)))
    step = 45.0 if largest <= 100.0 else 90.0
    axes.set_yticks(np.arange(-180.0, 181.0, step))
    axes.set_ylim(-1.12 * max(largest, 85.0), 1.12 * max(largest, 85.0))
    axes.axhline(0.0, color=theme.FAINT, linewidth=0.6, zorder=1)
    note = "right positive; dashed: command" if "bank_command_deg" in columns else "right positive"
    axes.set_title(note, loc="right", fontsize=theme.SMALL - 0.5, color=theme.SOFT, pad=3.0)


def _half_turns(degrees: Floats) -> Floats:
    """Return angles within -180..180, with a gap where a rolling capsule passes 180."""
    wrapped = (degrees + 180.0) % 360.0 - 180.0
    wrapped[1:][np.abs(np.diff(wrapped)) > 180.0] = np.nan
    return wrapped


def _note_peak(axes: Any, minutes: Floats, values: Floats, name: str) -> None:
    if not np.any(np.isfinite(values)):
        return
    k = int(np.nanargmax(values))
    axes.plot(minutes[k], values[k], "o", markersize=3.5, color=theme.INK, zorder=5)
    left = minutes[k] > 0.5 * sum(axes.get_xlim())
    axes.annotate(
        f"{values[k]:.3g} {VARIABLES[name].display_unit}",
        (minutes[k], values[k]),
        xytext=(-6 if left else 6, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=theme.NORMAL,
        fontweight="bold",
        color=theme.INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
        zorder=5,
    )


def _mark_events(all_axes: list[Any], flight: Flight, zero: float, window: tuple[float, float]) -> None:
    # the stages of the canopy follow within seconds of each other: only the milestones have room
    inside = (e for e in flight.events if e.name in EVENTS and window[0] <= e.time_s <= window[1])
    events = sorted(inside, key=lambda event: event.time_s)
    for event in events:
        for axes in all_axes:
            axes.axvline((event.time_s - zero) / 60.0, color=theme.FAINT, linewidth=0.6, zorder=1.5)
    top = all_axes[0]
    low, high = top.get_xlim()
    pixels = top.get_window_extent().width
    # lines of text at 40 degrees need their height over sin(40 deg) between them
    gap = 14.0 * top.figure.dpi / 72.0 / pixels
    at = [((event.time_s - zero) / 60.0 - low) / (high - low) for event in events]
    for event, own, moved in zip(events, at, spread(at, gap, 0.0, 1.0), strict=True):
        top.annotate(
            event_name(event),
            (own, 1.0),
            xycoords="axes fraction",
            xytext=(moved, 1.0 + 18.0 * top.figure.dpi / 72.0 / top.get_window_extent().height),
            textcoords="axes fraction",
            rotation=40.0,
            rotation_mode="anchor",
            ha="left",
            va="center",
            fontsize=theme.SMALL,
            color=theme.SOFT,
            arrowprops={"arrowstyle": "-", "color": theme.FAINT, "linewidth": 0.6, "shrinkA": 1.0, "shrinkB": 0.0},
            annotation_clip=False,
            zorder=2,
        )


def draw_corridor(axes: Any, flight: Flight) -> None:
    """Draw altitude over airspeed with the boundaries of the entry, and the events on it."""
    corridor = corridor_of(flight)
    entry, command = flight.event("entry_interface"), flight.event("parachute_command")
    begin = entry.time_s if entry is not None and corridor.lines else entry_window_s(flight)[0]
    # what follows under the canopies lies in one corner of this plane, too close together to be told apart
    end = np.inf if command is None else command.time_s
    columns = flight.track.columns
    inside = columns["time_s"] >= begin
    x = theme.shown("airspeed_m_s", columns["airspeed_m_s"][inside])
    y = theme.shown("altitude_m", columns["altitude_m"][inside])
    axes.plot(x, y, color=theme.BLUE, linewidth=2.0, zorder=3)
    title = "Entry corridor" if corridor.lines else "Altitude over airspeed"
    axes.set_title(title, loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
    axes.set_xlabel(theme.label("airspeed_m_s"))
    axes.set_ylabel(theme.label("altitude_m"))
    axes.grid(color=theme.GRID, linewidth=0.6)
    axes.margins(0.06)
    axes.set_ylim(min(0.0, float(np.nanmin(y))), 1.08 * float(np.nanmax(y)))
    axes.tick_params(length=2.5)
    labels = Labels(axes)
    labels.avoid_line(x, y)
    below = ((0.8, -0.8), (1.0, 0.0), (-0.8, 0.8), (-1.0, 0.0), (0.8, 0.8), (0.0, 1.2))
    if corridor.lines:
        # room for the names at the fast ends of the lines
        axes.set_xlim(right=1.24 * float(np.nanmax(x)))
    drawn = [_draw_line(axes, labels, line) for line in corridor.lines]
    _draw_entries(axes, labels, corridor.entries)
    for event in flight.events:
        if not begin <= event.time_s <= end or event.name not in EVENTS or not np.isfinite(event.speed_m_s):
            continue
        # the end of the plasma lies on the peak of the load
        if corridor.lines and event.name == "plasma_exit":
            continue
        px, py = theme.shown("airspeed_m_s", event.speed_m_s), theme.shown("altitude_m", event.altitude_m)
        axes.plot(px, py, "o", markersize=3.0, color=theme.INK, zorder=5)
        labels.place(event_name(event), px, py, places=below, color=theme.SOFT)
    for line, (px, py) in zip(corridor.lines, drawn, strict=True):
        _name_line(labels, line.label, px, py, _LINES[line.kind][0], 1.0 if line.kind == "load" else 0.97)


def _draw_line(axes: Any, labels: Labels, line: Line) -> tuple[Floats, Floats]:
    colour, style = _LINES[line.kind]
    x, y = theme.shown("airspeed_m_s", line.speed_m_s), theme.shown("altitude_m", line.altitude_m)
    axes.plot(x, y, color=colour, linestyle=style, linewidth=1.8 if line.is_limit else 0.9, zorder=2.5)
    labels.avoid_line(x, y)
    return x, y


def _draw_entries(axes: Any, labels: Labels, entries: tuple[Entry, ...]) -> None:
    """Draw the band between lift up and ballistic."""
    sides = []
    for entry in entries:
        x = theme.shown("airspeed_m_s", entry.columns["airspeed_m_s"])
        y = theme.shown("altitude_m", entry.columns["altitude_m"])
        axes.plot(x, y, color=theme.BLUE, linewidth=0.8, linestyle=(0, (1, 2)), zorder=2.6)
        sides.append((x, y))
        _name_line(labels, entry_label(entry), x, y, theme.BLUE, 0.6)
    if len(sides) == 2:
        (x, y), (other_x, other_y) = sides
        corner = np.concatenate([x, other_x[::-1]]), np.concatenate([y, other_y[::-1]])
        axes.fill(*corner, color=theme.BLUE, alpha=0.1, linewidth=0.0, zorder=1.6)


def _name_line(labels: Labels, text: str, x: Floats, y: Floats, colour: str, first: float = 0.97) -> None:
    """Write the name of a line beside one of its points; the fast end has most room."""
    for share in (first, 0.85, 0.7, 0.5, 0.3, 0.1):
        at = min(int(share * len(x)), len(x) - 1)
        if labels.place(text, float(x[at]), float(y[at]), color=colour, fontsize=theme.SMALL - 0.5):
            return


def draw_departure(axes: Any, flight: Flight) -> None:
    """Draw the way of the ship from the station in its LVLH frame: along-track to the right, away from Earth up."""
    departing = flight.departing
    if departing is None:
        return
    columns = departing.columns
    x = theme.shown("along_track_m", columns["along_track_m"])
    y = theme.shown("radial_m", columns["radial_m"])
    axes.plot(x, y, color=theme.BLUE, zorder=3)
    axes.plot(0.0, 0.0, "s", markersize=5.0, color=theme.INK, zorder=5)
    axes.set_title("Leaving the station", loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
    axes.set_xlabel(f"{theme.label('along_track_m')} (in flight direction)")
    axes.set_ylabel(f"{theme.label('radial_m')} (away from the Earth)")
    axes.grid(color=theme.GRID, linewidth=0.6)
    axes.margins(0.1, 0.22)
    axes.tick_params(length=2.5)
    axes.locator_params(nbins=5)
    labels = Labels(axes)
    labels.avoid_line(x, y)
    labels.reserve_point(0.0, 0.0, 6.0)
    distance = theme.shown("distance_m", departing.distance_at_ignition_m)
    ignition = flight.event("deorbit_ignition")
    at = -1 if ignition is None else int(np.argmin(np.abs(columns["time_s"] - ignition.time_s)))
    axes.plot(x[at], y[at], "o", markersize=4.0, color=theme.VERMILION, zorder=5)
    labels.place("Station", 0.0, 0.0, must=True)
    labels.place(f"Ignition\n{distance:.1f} km off", float(x[at]), float(y[at]), color=theme.VERMILION,
                 distances=(6.0, 13.0, 24.0, 40.0, 60.0), must=True)  # fmt: skip
