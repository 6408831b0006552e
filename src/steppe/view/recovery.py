"""The figure of a staging study: the map, both footprints with who waits there, and the time to the open hatch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ground.plans import Plan, Times
from steppe.ground.recovery import Recovery
from steppe.ground.touchdowns import Touchdowns
from steppe.io.recovery import posts_of, rings
from steppe.view import theme
from steppe.view.figure import save_figure
from steppe.view.labels import PLACES, Labels
from steppe.view.map import Azimuthal, draw_base, draw_countries, draw_scale, frame_axes
from steppe.view.wording import unit_name

Floats = npt.NDArray[np.float64]

_SIZE_IN: Final = (15.0, 10.2)
# The parts of the sheet in fractions of its width and height: left, bottom, width, height
_MAP: Final = (0.045, 0.395, 0.575, 0.475)
_CURVES: Final = (0.045, 0.088, 0.575, 0.235)
_ZOOMS: Final = {"guided": (0.665, 0.493, 0.315, 0.377), "ballistic": (0.665, 0.065, 0.315, 0.377)}
_COLOURS: Final = {"guided": theme.BLUE, "ballistic": theme.VERMILION}
_MARKERS: Final = {"helicopter": ("o", 8.0), "vehicle": ("s", 5.0), "aircraft": ("^", 7.5)}
# Dots that stand for touchdowns; more only blacken the paper
_DOTS: Final = 400
_SHORTEST_MIN: Final = 5.0
# Where the name of a curve may stand, and what is behind a text that stands among points
_BESIDE: Final = ((-1.0, 0.6), (1.0, -0.6), (-1.0, -0.6), (1.0, 0.6), (1.0, 0.0), (-1.0, 0.0))
_PAPER: Final = {"facecolor": theme.LAND, "edgecolor": "none", "alpha": 0.85, "pad": 0.8}


def recovery_figure(study: Recovery) -> Any:
    """Return the figure of a study.

    Parameters
    ----------
    study
        From `steppe.ground.recovery.plan_recovery`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure with its own Agg canvas.

    Raises
    ------
    OutputError
        If matplotlib is not installed.
    """
    with theme.themed():
        figure = theme.new_figure(*_SIZE_IN)
        _head(figure, study)
        _draw_map(figure.add_axes(_MAP), study)
        for points in (study.guided, study.ballistic):
            _draw_zoom(figure.add_axes(_ZOOMS[points.side]), study, points)
        _draw_curves(figure.add_axes(_CURVES), study)
    return figure


def save_recovery_figure(study: Recovery, path: Path) -> None:
    """Draw and save in one step; the suffix of `path` chooses PNG, PDF or SVG."""
    save_figure(recovery_figure(study), path)


def _head(figure: Any, study: Recovery) -> None:
    best = study.optimum
    figure.text(0.045, 0.957, "Who waits where", fontsize=theme.TITLE, fontweight="bold", va="center")
    about = f"{study.mission}  ·  {study.force.title or study.force.name}"
    figure.text(0.98, 0.957, about, fontsize=theme.HEADING, color=theme.SOFT, ha="right", va="center")
    words = []
    for times in (best.guided, best.ballistic):
        quantiles = " / ".join(_minutes(times.quantile_s("hatch_s", p)) for p in (0.5, 0.9, 0.99))
        words.append(f"{times.side} {quantiles} min")
    said = f"Open hatch after the touchdown, 50 / 90 / 99 %:  {'   ·   '.join(words)}"
    figure.text(0.045, 0.922, said, fontsize=theme.HEADING + 1.0, va="center")
    foot = (
        f"ballistic probability {study.force.ballistic_probability:.3g}  ·  least is the {study.objective}  ·  "
        "coastlines and borders: Natural Earth"
    )
    figure.text(0.045, 0.018, foot, fontsize=theme.SMALL - 1.0, color=theme.FAINT, va="center")


def _draw_map(axes: Any, study: Recovery) -> None:
    """Draw the country with the airfields and both footprints, a line from each airfield to the nearer one."""
    fields = study.force.airfield
    places = [(one.latitude_deg, one.longitude_deg) for one in fields]
    lat, lon = np.array([*places, study.guided.mean_deg, study.ballistic.mean_deg]).T
    centre = Azimuthal(float(lat.min() + lat.max()) / 2.0, float(lon.min() + lon.max()) / 2.0)
    frame_axes(axes, *centre(lon, lat), margin=0.12, smallest_km=200.0)
    draw_base(axes, centre)
    _title(axes, "Airfields, with the distance to the nearer footprint")
    labels = Labels(axes)
    marks = []
    for points in (study.guided, study.ballistic):
        x, y = (float(value) for value in centre(points.mean_deg[1], points.mean_deg[0]))
        marks.append((points, x, y))
        for _, ring in rings(points.latitude_deg, points.longitude_deg):
            rx, ry = centre(*ring.T)
            axes.fill(rx, ry, color=_COLOURS[points.side], alpha=0.35, zorder=3, linewidth=0.0)
        axes.plot(x, y, "+", color=_COLOURS[points.side], markersize=11.0, markeredgewidth=1.6, zorder=5)
        labels.reserve_point(x, y, 12.0)
    stay = {post.place.name: post for post in study.optimum.posts if post.place.airfield}
    legs = _legs(study, fields)
    for one, _, side in legs:
        x, y = (float(value) for value in centre(one.longitude_deg, one.latitude_deg))
        end = next((mx, my) for points, mx, my in marks if points.side == side)
        axes.plot([x, end[0]], [y, end[1]], color=_COLOURS[side], linewidth=0.8, alpha=0.5, zorder=2.5)
        labels.avoid_line([x, end[0]], [y, end[1]])
        axes.plot(x, y, "D", markersize=5.0, color=theme.INK, zorder=6, markeredgecolor="white", markeredgewidth=0.6)
        labels.reserve_point(x, y, 5.0)
    for points, x, y in marks:
        text = f"{points.side} touchdowns\n{_count(study.optimum, points.side)}"
        labels.place(text, x, y, color=_COLOURS[points.side], fontweight="bold", fontsize=theme.NORMAL,
                     distances=(10.0, 18.0, 30.0), must=True)  # fmt: skip
    for one, distance_km, _ in legs:
        x, y = (float(value) for value in centre(one.longitude_deg, one.latitude_deg))
        text = f"{one.name}, {distance_km:.0f} km"
        if one.name in stay:
            text += f"\n{stay[one.name].count} {unit_name(stay[one.name].type)} wait here"
        labels.place(text, x, y, distances=(7.0, 14.0, 24.0), must=True)
    draw_scale(axes, labels)
    draw_countries(axes, centre, labels)


def _legs(study: Recovery, fields: Any) -> list[tuple[Any, float, str]]:
    """Return each airfield with the distance to the nearer footprint and its side."""
    found = []
    for one in fields:
        here = Azimuthal(one.latitude_deg, one.longitude_deg)
        ways = {
            points.side: float(here.distance_km(points.mean_deg[1], points.mean_deg[0]))
            for points in (study.guided, study.ballistic)
        }
        side = min(ways, key=lambda name: ways[name])
        found.append((one, ways[side], side))
    return found


def _count(plan: Plan, side: str) -> str:
    kinds = list(dict.fromkeys(post.type for post in plan.posts))
    words = []
    for kind in kinds:
        number = sum(p.count for p in plan.posts if p.type == kind and p.place.side == side and not p.place.airfield)
        if number:
            words.append(f"{number} {unit_name(kind)}")
    return " and ".join(words) + " in the field" if words else "nobody in the field"


def _draw_zoom(axes: Any, study: Recovery, points: Touchdowns) -> None:
    """Draw one footprint: touchdowns, outlines, and who waits about it."""
    centre = Azimuthal(*points.mean_deg)
    colour = _COLOURS[points.side]
    posts = [post for post in posts_of(study) if post.place.side == points.side and not post.place.airfield]
    outlines = [(share, *centre(*ring.T)) for share, ring in rings(points.latitude_deg, points.longitude_deg)]
    at = [centre(post.place.longitude_deg, post.place.latitude_deg) for post in posts]
    seen = [(x, y) for _, x, y in outlines] + [(np.atleast_1d(x), np.atleast_1d(y)) for x, y in at]
    all_x, all_y = (np.concatenate(part) for part in zip(*seen, strict=True)) if seen else (np.zeros(1), np.zeros(1))
    frame_axes(axes, all_x, all_y, margin=0.22, smallest_km=8.0)
    draw_base(axes, centre)
    night = ", at night" if study.setup.night(points) else ""
    _title(axes, f"The {points.side} side, {points.utc:%H:%M} UTC{night}")
    x, y = centre(points.longitude_deg[:_DOTS], points.latitude_deg[:_DOTS])
    axes.plot(x, y, ".", color=colour, markersize=3.6, alpha=0.5, zorder=3, markeredgewidth=0.0)
    labels = Labels(axes)
    for share, rx, ry in outlines:
        rx, ry = np.append(rx, rx[0]), np.append(ry, ry[0])
        axes.plot(rx, ry, color=colour, linewidth=1.0, linestyle="-" if share == 0.5 else (0, (4, 2)), zorder=3.5)
        labels.avoid_line(rx, ry)
    _draw_posts(axes, labels, study, posts, at)
    for share, rx, ry in outlines:
        top = int(np.argmax(ry))
        labels.place(f"{100 * share:g} %", float(rx[top]), float(ry[top]), color=colour,
                     places=((0.0, 1.0), (0.6, 0.8), (-0.6, 0.8)), distances=(3.0, 8.0), bbox=_PAPER)  # fmt: skip
    draw_scale(axes, labels)


def _draw_posts(axes: Any, labels: Labels, study: Recovery, posts: list[Any], at: list[tuple[Any, Any]]) -> None:
    """Mark the posts; those at one place stand side by side."""
    kinds = {one.name: one.kind for one in study.force.unit_type}
    where: dict[tuple[float, float], list[Any]] = {}
    for post, (x, y) in zip(posts, at, strict=True):
        where.setdefault((round(float(x), 3), round(float(y), 3)), []).append(post)
    for (x, y), here in where.items():
        ways = [(dx, 0.0) for dx in 8.0 * (np.arange(len(here)) - (len(here) - 1) / 2.0)]
        for post, way in zip(here, ways, strict=True):
            marker, size = _MARKERS[kinds[post.type]]
            _mark(axes, x, y, way, marker, size)
            pixel = axes.transData.transform((x, y)) + np.array(way) * axes.figure.dpi / 72.0
            mx, my = axes.transData.inverted().transform(pixel)
            labels.reserve_point(float(mx), float(my), 6.0)
    for (x, y), here in where.items():
        words = [f"{post.count} {unit_name(post.type)}" for post in here]
        text = "\n".join(", ".join(words[k : k + 2]) for k in range(0, len(words), 2))
        length = max(float(np.hypot(x, y)), 1e-9)
        near = 5.0 + 5.0 * len(here)
        # away from the touchdowns if there is room
        labels.place(text, x, y, places=((1.1 * x / length, 1.1 * y / length), *PLACES), must=True, bbox=_PAPER,
                     distances=(7.0, near, near + 10.0, near + 24.0), zorder=9)  # fmt: skip


def _mark(axes: Any, x: float, y: float, way: tuple[float, float], marker: str, size: float) -> None:
    """Draw a mark, moved by some points so that those at one place stay side by side at any scale."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    shift = ScaledTranslation(way[0] / 72.0, way[1] / 72.0, axes.figure.dpi_scale_trans)
    line = Line2D([x], [y], marker=marker, markersize=size, color=theme.INK, markeredgecolor="white",
                  markeredgewidth=0.8, linestyle="none", zorder=7, transform=axes.transData + shift)  # fmt: skip
    axes.add_line(line)


def _draw_curves(axes: Any, study: Recovery) -> None:
    """Draw how probable an open hatch is after some time, for both sides and the plans that differ."""
    _title(axes, "Open hatch within")
    names = {"airfields": (0, (1, 1.5)), "ballistic_0": (0, (4, 2)), "optimum": "-"}
    plans = [plan for plan in study.plans if plan.name in names]
    latest = max(getattr(plan, side).quantile_s("hatch_s", 0.995) for plan in plans for side in ("guided", "ballistic"))
    axes.set_xscale("log")
    first = min(float(plan.guided.hatch_s.min()) for plan in plans) / 60.0
    axes.set_xlim(min(_SHORTEST_MIN, 0.8 * first), min(1.3 * latest / 60.0, 1440.0))
    axes.set_ylim(0.0, 103.0)
    axes.set_yticks([0, 50, 90, 99], ["0", "50", "90", "99 %"])
    low, high = axes.get_xlim()
    ticks = [tick for tick in (5, 10, 20, 30, 60, 120, 240, 480, 960) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick} min" if tick < 120 else f"{tick // 60} h" for tick in ticks])
    axes.minorticks_off()
    axes.grid(color=theme.GRID, linewidth=0.6)
    axes.tick_params(length=2.5)
    labels = Labels(axes)
    drawn = []
    for plan in plans:
        for side in ("guided", "ballistic"):
            if side == "guided" and plan.name == "ballistic_0":
                continue  # as the optimum: the helicopters of the guided side stay
            x, y = _curve(getattr(plan, side))
            axes.plot(x, y, color=_COLOURS[side], linestyle=names[plan.name], linewidth=1.6, zorder=4)
            labels.avoid_line(x, y)
            drawn.append((plan, side, x, y))
    for plan, side, x, y in drawn:
        text = f"{side}, {plan.title}"
        for share in (30.0, 60.0, 15.0, 45.0, 80.0):
            k = min(int(np.searchsorted(y, share)), len(y) - 1)
            at = float(x[k]), float(y[k])
            if labels.place(text, *at, color=_COLOURS[side], places=_BESIDE, distances=(6.0, 14.0, 26.0)):
                break


def _curve(times: Times) -> tuple[Floats, Floats]:
    """Return the steps of the cumulative distribution: minutes and per cent."""
    order = np.argsort(times.hatch_s, kind="stable")
    minutes = times.hatch_s[order] / 60.0
    reached = 100.0 * np.cumsum(times.weight[order])
    return np.repeat(minutes, 2), np.concatenate([[0.0], np.repeat(reached, 2)[:-1]])


def _title(axes: Any, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)


def _minutes(time_s: float) -> str:
    return "nobody" if time_s >= 86400.0 else f"{time_s / 60.0:.0f}"
