"""Fly every return that really happened and write what differs: ``docs/validation.md``, its figure and the README.

    python builders/build_validation.py

Replaces ``docs/validation.md``, ``docs/images/validation.png``, ``docs/images/ms-21.png`` and the parts of README.md
between the comments ``<!-- begin NAME -->`` and ``<!-- end NAME -->``. Takes about 10 s.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import steppe
from steppe.frames.geodetic import geodesic_distance_m
from steppe.nomenclature import EVENTS

ROOT = Path(__file__).parents[1]
COARSE_S = 60.0
# Shown in the README: two of the newest, a typical one, and the three weakest of different kinds
README_MISSIONS = ("ms-21", "ms-17", "ms-11", "ms-07", "tma-19", "ms-09", "tma-15", "tma-1", "tma-11")


@dataclass(frozen=True, slots=True)
class Residual:
    """Flown minus published time of one event."""

    mission: str
    event: str
    difference_s: float
    precision_s: float
    planned: bool


def residuals(flight: Any) -> list[Residual]:
    """Return the residuals of a flight; the undocking is given, so it has none."""
    mission = flight.mission.mission
    return [
        Residual(
            mission.name,
            event.name,
            event.difference_s,
            event.published_precision_s or COARSE_S,
            event.name in mission.published.planned_events,
        )
        for event in flight.events
        if event.difference_s is not None and event.name != "undocking"
    ]


def miss_km(flight: Any) -> tuple[float, float] | None:
    """Return how far north and east of the published landing the flown one is, in km."""
    published, landing = flight.mission.mission.published, flight.touchdown
    if landing is None or published.touchdown_latitude_deg is None:
        return None
    there = np.radians([published.touchdown_latitude_deg, published.touchdown_longitude_deg])
    here = np.radians([landing.latitude_deg, landing.longitude_deg])
    north = np.copysign(geodesic_distance_m(*there, here[0], there[1]), here[0] - there[0])
    east = np.copysign(geodesic_distance_m(here[0], there[1], *here), here[1] - there[1])
    return float(north) / 1e3, float(east) / 1e3


def cell(found: Residual | None) -> str:
    """Return a residual for a table: bold if published to the second as flown, * if only planned, ~ to the minute."""
    if found is None:
        return ""
    text = f"{found.difference_s:+.0f}"
    if found.precision_s >= COARSE_S:
        return f"~{text}*" if found.planned else f"~{text}"
    return f"{text}*" if found.planned else f"**{text}**"


def landing_cell(flight: Any) -> str:
    """Return the distance from the published landing for a table."""
    landing = flight.touchdown
    if landing is None:
        return flight.status.name
    return "" if landing.distance_to_published_km is None else f"{landing.distance_to_published_km:.1f}"


def rows_of(flights: list[Any], events: list[str]) -> list[str]:
    """Return the lines of the table of residuals."""
    lines = [
        "| return | law | " + " | ".join(EVENTS[name] for name in events) + " | landing, km | peak load, g |",
        "| --- | --- |" + " ---: |" * (len(events) + 2),
    ]
    for flight in flights:
        found = {one.event: one for one in residuals(flight)}
        law = flight.mission.mission.guidance.law
        cells = [cell(found.get(name)) for name in events]
        name = f"{flight.mission.mission.name}, {flight.epoch:%Y-%m-%d}"
        load = f"{flight.peaks.load_g:.1f}"
        lines.append(f"| {name} | {law} | " + " | ".join(cells) + f" | {landing_cell(flight)} | {load} |")
    return lines


def medians(found: list[Residual]) -> list[str]:
    """Return the lines of the table of medians."""
    lines = [
        "| event | published to | number | median | median size | largest size |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for name in EVENTS:
        for coarse in (False, True):
            chosen = [r for r in found if r.event == name and (r.precision_s >= COARSE_S) == coarse]
            if chosen:
                values = [r.difference_s for r in chosen]
                sizes = [abs(value) for value in values]
                worst = max(chosen, key=lambda r: abs(r.difference_s))
                lines.append(
                    f"| {EVENTS[name]} | {'the minute' if coarse else 'the second'} | {len(chosen)} "
                    f"| {statistics.median(values):+.0f} s | {statistics.median(sizes):.0f} s "
                    f"| {max(sizes):.0f} s ({worst.mission}) |"
                )
    return lines


def headline(flights: list[Any]) -> list[str]:
    """Return the sentences with the numbers that matter, computed."""
    guided = [f for f in flights if f.mission.mission.guidance.law == "predictor-corrector"]
    found = [r for flight in guided for r in residuals(flight)]
    touch = [abs(r.difference_s) for r in found if r.event == "touchdown"]
    sharp = [r.difference_s for r in found if r.event == "deorbit_ignition" and r.precision_s < COARSE_S]
    misses = [f.touchdown.distance_to_published_km for f in guided if f.touchdown]
    misses = [miss for miss in misses if miss is not None]
    loads = [f.peaks.load_g for f in guided]
    landed = sum(f.touchdown is not None for f in flights)
    return [
        f"- {landed} of {len(flights)} returns reach the ground; {len(guided)} are guided, "
        f"{len(flights) - len(guided)} ballistic.",
        f"- Guided touchdown times differ by {statistics.median(touch):.0f} s in the median and {max(touch):.0f} s at "
        f"most; {sum(value <= 60.0 for value in touch)} of {len(touch)} are within a minute.",
        f"- Ignition times published to the second ({len(sharp)}) differ by {min(sharp):+.0f} to {max(sharp):+.0f} s, "
        f"{statistics.median(sharp):+.0f} s in the median.",
        f"- Guided landings with published coordinates ({len(misses)}) lie {statistics.median(misses):.1f} km from "
        f"them in the median, {max(misses):.1f} km at most. Nothing of a published landing enters a flight.",
        f"- Guided peak loads are {min(loads):.1f} to {max(loads):.1f} g; 4 to 5 g are published as typical.",
    ]


def beside_the_plans() -> list[str]:
    """Return the lines of the table of landing times: the planners' own, and steppe's of the same returns."""
    from steppe.flight.records import bundled_records
    from steppe.flight.validate import summarize, validate

    checked = validate(bundled_records(), mode="planned")
    summary = summarize(checked)
    both = [
        (abs(plan), abs(ours.value_s))
        for one in checked
        if one.mode == "guided" and (plan := one.landing_plan_error_s) is not None
        if (ours := one.main.residuals["touchdown_s"]) is not None
    ]
    nearer = sum(ours < plan for plan, ours in both)
    rms = [(sum(pair[side] ** 2 for pair in both) / len(both)) ** 0.5 for side in (0, 1)]
    return [
        f"| {len(both)} guided returns with a published plan | median size | root mean square | largest |",
        "| --- | ---: | ---: | ---: |",
        f"| announced before the flight | {summary['announced_plan_abs_median_s']:.1f} s | {rms[0]:.1f} s "
        f"| {summary['announced_plan_abs_max_s']:.0f} s |",
        f"| steppe | {summary['touchdown_abs_median_s_of_announced']:.1f} s | {rms[1]:.1f} s "
        f"| {max(ours for _, ours in both):.0f} s |",
        "",
        f"steppe is nearer in {nearer} of the {len(both)}.",
    ]


def draw(flights: list[Any], path: Path) -> None:
    """Draw the residuals and the landings."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from steppe.view import theme

    kinds = {
        "deorbit_ignition": (theme.VERMILION, "o"), "module_separation": (theme.PURPLE, "^"),
        "entry_interface": (theme.GREEN, "s"), "parachute_command": ("#8A6D00", "v"), "touchdown": (theme.BLUE, "D"),
    }  # fmt: skip
    with theme.themed():
        figure = Figure(figsize=(11.0, 6.6))
        FigureCanvasAgg(figure)
        left = figure.add_axes((0.085, 0.13, 0.46, 0.76))
        for row, flight in enumerate(flights):
            left.axhline(row, color=theme.GRID, linewidth=0.6, zorder=0)
            for one in residuals(flight):
                if one.event not in kinds:
                    continue
                colour, marker = kinds[one.event]
                if one.precision_s >= COARSE_S:
                    span = (one.difference_s - 60.0, one.difference_s)
                    left.plot(span, (row, row), color=colour, linewidth=1.0, alpha=0.3, zorder=1)
                face = "white" if one.planned else colour
                left.plot(one.difference_s, row, marker, color=colour, markerfacecolor=face, markersize=4.5, zorder=3)
        left.axvline(0.0, color=theme.SOFT, linewidth=0.8, zorder=0.5)
        left.set_yticks(range(len(flights)), [f.mission.mission.name.upper() for f in flights])
        left.set_ylim(len(flights) - 0.3, -0.7)
        left.set_xlabel("flown minus published, s")
        left.set_title("Times", loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
        for name, (colour, marker) in kinds.items():
            left.plot([], [], marker, color=colour, markersize=4.5, label=EVENTS[name])
        left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.075), ncols=5, frameon=False,
                    fontsize=theme.SMALL - 1.0, handletextpad=0.2, columnspacing=1.0)  # fmt: skip
        right = figure.add_axes((0.60, 0.17, 0.385, 0.68))
        draw_landings(right, flights)
        title = f"{len(flights)} returns flown, beside what was published"
        figure.text(0.085, 0.955, title, fontsize=13.0, fontweight="bold", color=theme.INK)
        figure.text(0.085, 0.018, "hollow: published as planned only; a line to the left: published to the minute, so "
                    "up to a minute later than written", fontsize=theme.SMALL, color=theme.SOFT)  # fmt: skip
        figure.savefig(path, dpi=110, metadata={"Software": "steppe"})


def draw_landings(axes: Any, flights: list[Any]) -> None:
    """Draw flown landings about the published ones."""
    from steppe.view import theme
    from steppe.view.labels import Labels

    for radius in (5.0, 10.0, 20.0):
        angle = np.linspace(0.0, 2.0 * np.pi, 200)
        axes.plot(radius * np.cos(angle), radius * np.sin(angle), color=theme.GRID, linewidth=0.8, zorder=1)
        axes.text(0.866 * radius, -0.5 * radius, f"{radius:.0f} km", fontsize=theme.SMALL - 1.0, color=theme.SOFT,
                  ha="center", va="center", zorder=1.5,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
    axes.plot(0.0, 0.0, "+", color=theme.SOFT, markersize=8.0)
    axes.set_xlim(-23.0, 23.0)
    axes.set_ylim(-23.0, 23.0)
    axes.set_aspect("equal")
    labels = Labels(axes)
    labels.reserve_point(0.0, 0.0, 6.0)
    points = [(flight, miss_km(flight)) for flight in flights]
    for flight, miss in points:
        if miss is not None:
            ballistic = flight.mission.mission.guidance.law == "ballistic"
            colour = theme.VERMILION if ballistic else theme.BLUE
            axes.plot(miss[1], miss[0], "o", color=colour, markersize=4.5, zorder=3)
            labels.reserve_point(miss[1], miss[0])
    for flight, miss in points:
        if miss is not None:
            name = flight.mission.mission.name.upper()
            labels.place(name, miss[1], miss[0], fontsize=theme.SMALL - 0.5, color=theme.SOFT)
    axes.set_xlabel("east of the published landing, km")
    axes.set_ylabel("north of it, km")
    axes.set_title("Landings (red: ballistic)", loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)


def replaced(text: str, name: str, lines: list[str]) -> str:
    """Return a text with the part between its two comments replaced."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    if begin not in text or end not in text:
        raise SystemExit(f"the comments {begin.strip()} and {end} are missing")
    head, rest = text.split(begin, 1)
    tail = rest.split(end, 1)[1]
    return head + begin + "\n".join(lines).rstrip() + f"\n{end}{tail}"


def timeline(flight: Any) -> list[str]:
    """Return what ``steppe fly`` prints for a flight, as plain text."""
    from rich.console import Console

    from steppe.cli.timeline import flight_view

    console = Console(width=100, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(*flight_view(flight, folder=Path("out") / flight.mission.mission.name), sep="\n")
    lines = [line.rstrip() for line in captured.get().strip().splitlines()]
    return ["```text", "$ steppe fly ms-21", "", *lines, "```"]


def main() -> int:
    """Fly and write."""
    from steppe.view.figure import flight_figure, save_figure

    flights = []
    for name in steppe.mission_names():
        print(name, file=sys.stderr)
        flights.append(steppe.fly(steppe.load_mission(name)))
    flights.sort(key=lambda flight: flight.epoch)
    found = [r for flight in flights for r in residuals(flight)]
    events = [name for name in EVENTS if any(r.event == name for r in found)]
    page = ROOT / "docs" / "validation.md"
    text = page.read_text(encoding="utf-8")
    text = replaced(text, "headline", headline(flights))
    text = replaced(text, "medians", medians(found))
    text = replaced(text, "returns", rows_of(flights, events))
    text = replaced(text, "plans", beside_the_plans())
    page.write_text(text, encoding="utf-8")
    images = ROOT / "docs" / "images"
    draw(flights, images / "validation.png")
    by_name = {flight.mission.mission.name: flight for flight in flights}
    save_figure(flight_figure(by_name["ms-21"]), images / "ms-21.png", dpi=100.0)
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    text = replaced(text, "headline", headline(flights))
    text = replaced(text, "timeline", timeline(by_name["ms-21"]))
    shown = ["deorbit_ignition", "module_separation", "entry_interface", "touchdown"]
    text = replaced(text, "returns", rows_of([by_name[name] for name in README_MISSIONS], shown))
    readme.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
