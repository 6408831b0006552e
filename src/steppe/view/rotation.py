"""The timeline of a proposed rotation: a lane per kind of ship, a bar per ship, and when landings are by day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from steppe.crew.rotation import Flight, Rotation
from steppe.view import theme
from steppe.view.figure import save_figure

_WIDTH_IN: Final = 12.0
_LANE_IN: Final = 1.35
_HEAD_IN: Final = 0.95
_FOOT_IN: Final = 0.85
_LEFT_IN: Final = 1.35
_RIGHT_IN: Final = 0.35
_PAIRS: Final = {"Russian": (theme.VERMILION, "#E69F00"), "US": (theme.BLUE, "#56B4E9")}
# A shorter bar has no room for both dates
_DATES_IN: Final = 0.9
_DAY: Final = "#F3E3A8"
_LIGHT: Final = ("#E69F00", "#56B4E9")


def rotation_figure(rotation: Rotation, note: str) -> Any:
    """Return the timeline.

    Parameters
    ----------
    rotation
        The schedule.
    note
        One line below it, on how exact it is.

    Raises
    ------
    OutputError
        If matplotlib is not installed.
    """
    with theme.themed():
        lanes = list(dict.fromkeys(flight.family.name for flight in rotation.flights))
        height = _HEAD_IN + _FOOT_IN + _LANE_IN * len(lanes)
        figure = theme.new_figure(_WIDTH_IN, height)
        width = 1.0 - (_LEFT_IN + _RIGHT_IN) / _WIDTH_IN
        axes = figure.add_axes((_LEFT_IN / _WIDTH_IN, _FOOT_IN / height, width, _LANE_IN * len(lanes) / height))
        _draw(axes, rotation, lanes)
        left, off = 0.25 / _WIDTH_IN, rotation.off_target_days
        title = f"Who relieves whom, {rotation.first:%B %Y} to {rotation.last:%B %Y}"
        figure.text(left, 1.0 - 0.42 / height, title, fontsize=14.0, fontweight="bold", color=theme.INK)
        kept = "every ship flies its target" if off == 0 else f"{off} days off the target stays in all"
        text = f"One bar per ship, from launch to landing; {kept}. Yellow: the zone passes under the orbit by day."
        figure.text(left, 1.0 - 0.68 / height, text, fontsize=theme.NORMAL, color=theme.SOFT)
        figure.text(left, 0.22 / height, note, fontsize=theme.SMALL, color=theme.SOFT)
    return figure


def save_rotation_figure(rotation: Rotation, note: str, path: Path) -> None:
    """Draw and save in one step.

    Raises
    ------
    OutputError
        As `rotation_figure`, or if the file cannot be written.
    """
    save_figure(rotation_figure(rotation, note), path)


def _draw(axes: Any, rotation: Rotation, lanes: list[str]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    low, high = float(date2num(rotation.first)), float(date2num(rotation.last + timedelta(days=20)))
    axes.set_xlim(low, high)
    axes.set_ylim(len(lanes) - 0.42, -0.56)
    locator = AutoDateLocator(minticks=5, maxticks=12)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    axes.xaxis.grid(True, color=theme.GRID, linewidth=0.7, zorder=0)
    axes.tick_params(axis="both", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_yticks(range(len(lanes)), lanes, fontsize=theme.HEADING)
    for tick in axes.get_yticklabels():
        tick.set_color(theme.INK)
    for lane, name in enumerate(lanes):
        for day in rotation.daylight.get(name, ()):
            if rotation.first <= day.utc <= rotation.last + timedelta(days=20):
                left = float(date2num(day.utc.replace(hour=0, minute=0, second=0, microsecond=0)))
                axes.barh(lane + 0.45, 1.0, left=left, height=0.06, color=_DAY, linewidth=0.0, align="center", zorder=1)
        flights = [one for one in rotation.flights if one.family.name == name]
        for number, flight in enumerate(flights):
            _bar(axes, flight, (lane, number), (low, high))


def _bar(axes: Any, flight: Flight, where: tuple[int, int], limits: tuple[float, float]) -> None:
    """Draw a ship; neighbours stand a little above one another, so that the handover shows."""
    from matplotlib.dates import date2num

    (lane, number), (low, high) = where, limits
    row = lane + (-0.21 if number % 2 == 0 else 0.11)
    colour = _PAIRS.get(flight.family.segment, (theme.PURPLE, theme.GREEN))[number % 2]
    begin, end = float(date2num(flight.launch)), float(date2num(flight.landing))
    left, right = max(begin, low), min(end, high)
    if right <= left:
        return
    axes.barh(row, right - left, left=left, height=0.28, color=colour, linewidth=0.0, zorder=2)
    ink = theme.INK if colour in _LIGHT else "white"
    scale = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) / (high - low)
    name = flight.vehicle.removeprefix("Soyuz ").removeprefix("Crew Dragon ")
    inside = (right - left) * scale
    if inside > 0.066 * len(name) + 0.1:
        text = f"{name}, {flight.days} d" if inside > 0.066 * (len(name) + 7) + 0.1 else name
        style = {"fontsize": theme.SMALL, "fontweight": "bold", "va": "center", "zorder": 3}
        axes.text(left + 0.05 / scale, row, text, color=ink, **style)
    # dates outside the bars: above the upper ones, below the lower ones
    away = row - 0.22 if number % 2 == 0 else row + 0.21
    for date, at, side in ((flight.launch, begin, "left"), (flight.landing, end, "right")):
        if low <= at <= high and inside > _DATES_IN:
            text = f"{date.day} {date:%b}"
            axes.text(at, away, text, fontsize=theme.SMALL - 0.5, color=theme.SOFT, va="center", ha=side, zorder=3)
