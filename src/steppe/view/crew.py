"""The chart of who is aboard and when: one row per person, one bar per stay, its colour the ship that brings them home.

Stays of one crew stand together, so that a ship is one block of one colour; names and ships are written at the bars.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from steppe.crew.products import stays_between
from steppe.crew.records import Ledger, Stay
from steppe.crew.rules import Violation, find_violations
from steppe.errors import OutputError
from steppe.view import theme
from steppe.view.figure import save_figure

_WIDTH_IN: Final = 11.0
_ROW_IN: Final = 0.205
_HEAD_IN: Final = 1.15
_FOOT_IN: Final = 0.75
_LEFT_IN: Final = 1.95
_RIGHT_IN: Final = 0.35
# Families keep their colour family: Russian ships warm, American ones cool; neighbours alternate
_COLOURS: Final = {"Russian": (theme.VERMILION, "#E69F00"), "US": (theme.BLUE, "#56B4E9")}
# Too bright for white letters
_LIGHT: Final = ("#E69F00", "#56B4E9")
_OTHER: Final = (theme.PURPLE, theme.GREEN)
_MOST_ROWS: Final = 140


def crew_figure(ledger: Ledger, first: datetime, last: datetime, title: str = "") -> Any:
    """Return the chart of a window.

    Parameters
    ----------
    ledger
        The ledger.
    first, last
        The window; bars run out of it where stays do.
    title
        Headline; by default what the window shows.

    Raises
    ------
    OutputError
        If matplotlib is not installed, or nobody or too many people are up in the window.
    """
    stays = stays_between(ledger, first, last)
    if not stays:
        raise OutputError(f"nobody in the ledger is up between {first:%Y-%m-%d} and {last:%Y-%m-%d}")
    if len(stays) > _MOST_ROWS:
        raise OutputError(f"{len(stays)} stays do not fit on one chart ({_MOST_ROWS} do); choose a shorter window")
    stays.sort(
        key=lambda s: (_launch(ledger, s), s.up_vehicle, s.landing_utc or datetime.max.replace(tzinfo=UTC), s.person)
    )
    with theme.themed():
        height = _HEAD_IN + _FOOT_IN + _ROW_IN * (len(stays) + 1)
        figure = theme.new_figure(_WIDTH_IN, height)
        box = (
            _LEFT_IN / _WIDTH_IN,
            _FOOT_IN / height,
            1.0 - (_LEFT_IN + _RIGHT_IN) / _WIDTH_IN,
            _ROW_IN * (len(stays) + 1) / height,
        )
        axes = figure.add_axes(box)
        _draw(axes, ledger, stays, (first, last))
        _write_texts(figure, ledger, (first, last), height, title or "Who was aboard the space station")
    return figure


def save_crew_figure(ledger: Ledger, first: datetime, last: datetime, path: Path) -> None:
    """Draw and save in one step.

    Raises
    ------
    OutputError
        As `crew_figure`, or if the file cannot be written.
    """
    save_figure(crew_figure(ledger, first, last), path)


def _launch(ledger: Ledger, stay: Stay) -> datetime:
    return ledger.vehicles[stay.up_vehicle].when("launch") or stay.launch_utc


def _colours(ledger: Ledger, stays: list[Stay]) -> dict[str, str]:
    """Return a colour for each ship of a return; ships that follow one another in a family differ."""
    colours, counts = {}, dict.fromkeys(_COLOURS, 0)
    names = {name for stay in stays for name in (stay.down_vehicle, stay.up_vehicle)}
    for vehicle in ledger.vehicles.values():
        if vehicle.name in names:
            pair, segment = _COLOURS.get(vehicle.family.segment, _OTHER), vehicle.family.segment
            colours[vehicle.name] = pair[counts.setdefault(segment, 0) % 2]
            counts[segment] += 1
    return colours


def _draw(axes: Any, ledger: Ledger, stays: list[Stay], window: tuple[datetime, datetime]) -> None:
    from matplotlib.dates import date2num

    colours = _colours(ledger, stays)
    low, high = (float(date2num(date)) for date in window)
    axes.set_xlim(low, high)
    axes.set_ylim(len(stays) + 0.1, -0.9)
    _calendar_axis(axes, window)
    before = ""
    broken = [one for one in find_violations(ledger, *window) if one.rule in ("seat", "liner")]
    for row, stay in enumerate(stays):
        end = stay.landing_utc or max(ledger.coverage.last_utc, stay.launch_utc + timedelta(days=1))
        begin, stop = float(date2num(stay.launch_utc)), float(date2num(end))
        colour = colours[stay.down_vehicle]
        left, right = max(begin, low), min(stop, high)
        axes.barh(row, right - left, left=left, height=0.68, color=colour, linewidth=0.0, zorder=2)
        if stay.landing_utc is None:  # open: the bar fades out where the ledger ends
            axes.plot(
                [right, min(right + 0.02 * (high - low), high)], [row, row], ":", color=colour, linewidth=2.0, zorder=2
            )
        hatched = any(one.subject == stay.person and stay.holds(one.first_utc) for one in broken)
        _name(axes, row, stay, (left, right, low, high), (colour, hatched))
        if stay.up_vehicle != before and row:
            axes.axhline(row - 0.5, color=theme.GRID, linewidth=0.6, zorder=0.5)
        before = stay.up_vehicle
    axes.set_yticks(range(len(stays)), [f"{stay.person}" for stay in stays], fontsize=theme.SMALL)
    for tick in axes.get_yticklabels():
        tick.set_color(theme.INK)
    _mark_violations(axes, broken, stays, window)


def _calendar_axis(axes: Any, window: tuple[datetime, datetime]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=(window[1] - window[0]).days < 300))
    axes.xaxis.grid(True, color=theme.GRID, linewidth=0.7, zorder=0)
    axes.tick_params(axis="x", length=0, top=False, labeltop=True, labelbottom=True)
    axes.tick_params(axis="y", length=0, pad=5)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _name(axes: Any, row: int, stay: Stay, box: tuple[float, float, float, float], look: tuple[str, bool]) -> None:
    """Write ship and days into a bar if they fit, else beside it; at its end if the beginning is hatched."""
    colour, hatched = look
    left, right, low, high = box
    days = "" if stay.landing_utc is None else f", {stay.days(stay.landing_utc):.0f} d"
    ships = _short(stay.down_vehicle)
    if stay.up_vehicle != stay.down_vehicle:
        ships = f"{_short(stay.up_vehicle)} → {ships}"
    text = f"{ships}{days}"
    inches = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) * (right - left) / (high - low)
    wide = 0.062 * len(text) + 0.12
    shift = 0.05 / (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) * (high - low)
    size = theme.SMALL - 1.0
    if wide <= inches:
        ink = theme.INK if colour in _LIGHT else "white"
        at, side = (right - shift, "right") if hatched else (left + shift, "left")
        axes.text(at, row, text, fontsize=size, color=ink, va="center", ha=side, zorder=3, fontweight="bold")
    elif (high - right) / (high - low) * (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) > wide:
        axes.text(right + shift, row, text, fontsize=size, color=theme.SOFT, va="center", ha="left", zorder=3)
    else:
        axes.text(left - shift, row, text, fontsize=size, color=theme.SOFT, va="center", ha="right", zorder=3)


def _short(vehicle: str) -> str:
    for prefix in ("Soyuz ", "Crew Dragon ", "Boeing "):
        vehicle = vehicle.removeprefix(prefix)
    return vehicle


def _mark_violations(axes: Any, broken: list[Violation], stays: list[Stay], window: tuple[datetime, datetime]) -> None:
    """Hatch the part of a bar in which the person had no proper seat down."""
    from matplotlib.dates import date2num

    low, high = (float(date2num(date)) for date in window)
    for one in broken:
        row = next(i for i, s in enumerate(stays) if s.person == one.subject and s.holds(one.first_utc))
        left = max(float(date2num(one.first_utc)), low)
        right = min(float(date2num(one.last_utc)) if one.last_utc else high, high)
        axes.barh(row, right - left, left=left, height=0.68, facecolor=theme.INK, alpha=0.28, linewidth=0.0, zorder=2.5)
        axes.barh(row, right - left, left=left, height=0.68, facecolor="none", edgecolor="white", hatch="////",
                  linewidth=0.0, zorder=2.6)  # fmt: skip


def _write_texts(figure: Any, ledger: Ledger, window: tuple[datetime, datetime], height: float, title: str) -> None:
    left = 0.25 / _WIDTH_IN
    figure.text(left, 1.0 - 0.40 / height, title, fontsize=14.0, fontweight="bold", color=theme.INK)
    broken = any(one.rule in ("seat", "liner") for one in find_violations(ledger, *window))
    first, last = (f"{date.day} {date:%B %Y}" for date in window)
    meaning = f"{first} to {last}. One bar per stay, from launch to landing; the colour is the ship of the return."
    meaning += " Hatched: no proper seat to leave in." if broken else ""
    figure.text(left, 1.0 - 0.66 / height, meaning, fontsize=theme.NORMAL, color=theme.SOFT)
    lines = (
        f"Russian ships in red and orange, American ones in blue; {'; '.join(ledger.coverage.gaps)}.",
        "Data: J. McDowell, General Catalog of Artificial Space Objects (CC-BY 4.0), and mission pages.",
    )
    for number, line in enumerate(lines):
        figure.text(left, (0.34 - 0.16 * number) / height, line, fontsize=theme.SMALL, color=theme.SOFT)
