"""The figures of a campaign: the landings on the map, how often which load and touchdown speed, and the drivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.ensemble.manifest import INPUT_PREFIX
from steppe.ensemble.summary import Summary
from steppe.io.geojson import circle
from steppe.view import theme
from steppe.view.campaign_crew import crew_figure
from steppe.view.figure import save_figure
from steppe.view.labels import Labels
from steppe.view.map import Azimuthal, draw_base, draw_scale, draw_towns, frame_axes
from steppe.view.wording import grouped

_MAP_SIZE_IN: Final = (8.2, 8.2)
_TOP_DRIVERS: Final = 10
# What the distributions show if the campaign has it, in this order
DISTRIBUTIONS: Final = ("peak_load_g", "touchdown_sink_rate_m_s", "touchdown_horizontal_speed_m_s")
# What the drivers are shown of if the campaign has it, in this order
DRIVEN: Final = ("miss_along_km", "miss_cross_km", "miss_east_km", "miss_north_km", *DISTRIBUTIONS)
_PANELS: Final = 4
# Behind texts that stand among points
_PAPER: Final = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.8}
# Shares of the landings: line style, from the inner to the outer footprint
_LINES: Final = ((0, ()), (0, (6, 2)), (0, (3, 2)), (0, (1, 1.5)))


def write_figures(summary: Summary, folder: Path) -> list[Path]:
    """Draw what the campaign has values for as PNG files.

    Parameters
    ----------
    summary
        The summary.
    folder
        An existing folder.

    Returns
    -------
    list of Path
        Of ``footprint.png``, ``distributions.png``, ``drivers.png`` and ``crew.png`` those that were drawn.

    Raises
    ------
    OutputError
        If matplotlib is not installed or a file cannot be written.
    """
    drawings: dict[str, Callable[[Summary], Any]] = {
        "footprint.png": footprint_figure,
        "distributions.png": distributions_figure,
        "drivers.png": drivers_figure,
        "crew.png": lambda summary: crew_figure(summary.document),
    }
    written = []
    for name, draw in drawings.items():
        figure = draw(summary)
        if figure is not None:
            save_figure(figure, Path(folder) / name)
            written.append(Path(folder) / name)
    return written


def footprint_figure(summary: Summary) -> Any:
    """Return the map of the landings with footprints and zone; None if fewer than three flights landed."""
    landing, zone = summary.document["landing"], summary.document["zone"]
    if landing is None:
        return None
    with theme.themed():
        figure = theme.new_figure(*_MAP_SIZE_IN)
        axes = figure.add_axes((0.085, 0.05, 0.87, 0.845))
        centre = Azimuthal(landing["mean_latitude_deg"], landing["mean_longitude_deg"])
        rings = [(shape, *_ring(centre, shape["ring_deg"])) for shape in summary.shapes]
        seen = [(x, y) for _, x, y in rings]
        circles = [] if zone is None else _zone_rings(centre, zone)
        seen += circles
        all_x, all_y = (np.concatenate(part) for part in zip(*seen, strict=True))
        frame_axes(axes, all_x, all_y, margin=0.06, smallest_km=4.0)
        draw_base(axes, centre)
        labels = Labels(axes)
        for x, y in circles:
            axes.fill(x, y, color=theme.GREEN, alpha=0.07, zorder=1.5)
            axes.plot(x, y, color=theme.GREEN, linewidth=1.2, zorder=3)
            labels.avoid_line(x, y)
        _points(axes, centre, summary)
        _rings(axes, labels, rings)
        axes.plot(0.0, 0.0, "+", color=theme.INK, markersize=8.0, zorder=7)
        labels.reserve_point(0.0, 0.0, 6.0)
        if zone is not None:
            x, y = (float(value) for value in centre(zone["longitude_deg"], zone["latitude_deg"]))
            axes.plot(x, y, "x", color=theme.GREEN, markersize=6.0, zorder=7)
            labels.place("Centre of the zone", x, y, color=theme.GREEN, distances=(7.0, 16.0, 28.0, 44.0), bbox=_PAPER)
            top = max(circles[0][1])
            at = int(np.argmax(circles[0][1]))
            labels.place(zone["title"] or zone["name"], float(circles[0][0][at]), float(top), color=theme.GREEN,
                         places=((0.0, -1.0), (0.0, 1.0)), distances=(5.0, 10.0))  # fmt: skip
        draw_scale(axes, labels)
        draw_towns(axes, centre, labels)
        _header(figure, summary, "Where they land", _landing_sentence(summary.document))
    return figure


def distributions_figure(summary: Summary) -> Any:
    """Return histograms of peak load and touchdown speeds with quantiles and limits; None if there are none."""
    outputs = summary.document["outputs"]
    names = [name for name in DISTRIBUTIONS if outputs.get(name, {}).get("samples")]
    if not names:
        return None
    with theme.themed():
        figure = theme.new_figure(4.3 * len(names) + 0.6, 4.4)
        width = 1.0 / len(names)
        for k, name in enumerate(names):
            axes = figure.add_axes((k * width + 0.055, 0.135, width - 0.085, 0.6))
            limits = [limit for limit in summary.document["limits"] if limit["column"] == name]
            _histogram(axes, name, outputs[name], limits)
        _header(figure, summary, "Load and touchdown", "Bars: part of the flights; lines: 1, 50 and 99 % quantiles")
    return figure


def drivers_figure(summary: Summary) -> Any:
    """Return the strongest inputs of the main outputs as bars; None if no output has drivers."""
    outputs = summary.document["outputs"]
    known = [name for name in DRIVEN if outputs.get(name, {}).get("drivers")]
    names = (known or [name for name, about in outputs.items() if about.get("drivers")])[:_PANELS]
    if not names:
        return None
    rows = max(min(len(outputs[name]["drivers"]), _TOP_DRIVERS) for name in names)
    columns = 1 if len(names) == 1 else 2
    lines = -(-len(names) // columns)
    height = 1.2 + lines * (0.8 + 0.26 * rows)
    inputs = {name: _short(quantity(name, about["unit"])) for name, about in summary.document["inputs"].items()}
    width = 6.0
    # the names of the inputs stand left of the bars, some 0.075 inch a letter
    margin = 0.5 + 0.075 * max(len(text) for text in inputs.values())
    with theme.themed():
        figure = theme.new_figure(width * columns, height)
        top, bottom = 1.0 - 0.95 / height, 0.15 / height
        each = (top - bottom) / lines
        for k, name in enumerate(names):
            left, line = (k % columns) * width, k // columns
            base = top - (line + 1) * each + 0.35 / height
            box = ((left + margin) / (width * columns), base, (width - margin - 0.3) / (width * columns))
            axes = figure.add_axes((*box, each - 0.7 / height))
            title = quantity(name, outputs[name]["unit"])
            _bars(axes, title, outputs[name]["drivers"][:_TOP_DRIVERS], inputs, rows)
        sentence = (
            "Part of the variance that an input explains (first-order Sobol index, 95 % bounds)  ·  "
            "blue: rises with the input, red: falls  ·  ρ: rank correlation"
        )
        _header(figure, summary, "What drives the result", sentence)
    return figure


def quantity(name: str, unit: str) -> str:
    """Return what people call a column: its name without prefix and unit."""
    ending = "_" + unit.lower().replace("/", "_")
    words = name.removeprefix(INPUT_PREFIX)
    if len(ending) > 1 and words.endswith(ending):
        words = words.removesuffix(ending)
    return words.replace("_", " ").capitalize()


def _short(words: str) -> str:
    return words if len(words) <= 34 else words[:33] + "…"


def _header(figure: Any, summary: Summary, title: str, sentence: str) -> None:
    about = summary.document["campaign"]
    width, height = figure.get_size_inches()
    left = 0.36 / width
    figure.text(left, 1.0 - 0.3 / height, title, fontsize=theme.TITLE * 0.8, fontweight="bold", va="center")
    right = f"{about['mission']}  ·  {grouped(about['rows'])} flights"
    if not about["complete"]:
        right += f" of {grouped(about['samples'])}, incomplete"
    figure.text(1.0 - left, 1.0 - 0.3 / height, right, fontsize=theme.HEADING, color=theme.SOFT, ha="right",
                va="center")  # fmt: skip
    figure.text(left, 1.0 - 0.6 / height, sentence, fontsize=theme.HEADING, va="center")


def _landing_sentence(document: Mapping[str, Any]) -> str:
    landing, zone = document["landing"], document["zone"]
    ellipse = landing["covariance_ellipse"]
    text = (
        f"One sigma {ellipse['major_km']:.2f} × {ellipse['minor_km']:.2f} km, long axis towards "
        f"{ellipse['azimuth_deg']:.0f}°"
    )
    if zone is None:
        return text
    inside = zone["landed_inside"]
    bounds = f"{100 * inside['low']:.4g} to {100 * inside['high']:.4g} %"
    return f"{text}  ·  in the zone {100 * inside['value']:.4g} % ({bounds})  ·  grey: 95 % bounds"


def _ring(centre: Azimuthal, ring_deg: Sequence[Sequence[float]]) -> tuple[Any, Any]:
    ring = np.asarray(ring_deg)
    return centre(*np.vstack([ring, ring[:1]]).T)


def _zone_rings(centre: Azimuthal, zone: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    shape = circle(zone["longitude_deg"], zone["latitude_deg"], zone["radius_m"])
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    return [centre(*np.asarray(polygon[0]).T) for polygon in polygons]


def _points(axes: Any, centre: Azimuthal, summary: Summary) -> None:
    x, y = centre(summary.longitude_deg, summary.latitude_deg)
    # fewer points may be darker: a thousand should look as full as twenty thousand
    alpha = float(np.clip(45.0 / np.sqrt(max(len(x), 1)), 0.3, 0.8))
    size = 2.2 if len(x) > 2000 else 4.0
    axes.plot(x, y, ".", markersize=size, markeredgewidth=0.0, color=theme.BLUE, alpha=alpha, zorder=4, rasterized=True)


def _rings(axes: Any, labels: Labels, rings: Sequence[tuple[Mapping[str, Any], Any, Any]]) -> None:
    shares = sorted({shape["share"] for shape, _, _ in rings if shape["share"] is not None})
    drawn = []
    for shape, x, y in rings:
        if shape["kind"] == "ellipse":
            axes.plot(x, y, color=theme.VERMILION, linewidth=1.6, zorder=6)
            drawn.append(("one sigma", theme.VERMILION, x, y))
        elif shape["bound"] == "estimate":
            style = _LINES[shares.index(shape["share"]) % len(_LINES)]
            axes.plot(x, y, color=theme.INK, linewidth=1.1, linestyle=style, zorder=5.5)
            drawn.append((f"{100 * shape['share']:g} %", theme.INK, x, y))
        elif shape["bound"] == "high":
            low = next((s for s in rings if s[0]["share"] == shape["share"] and s[0]["bound"] == "low"), None)
            if low is not None:
                band_x, band_y = np.concatenate([x, low[1][::-1]]), np.concatenate([y, low[2][::-1]])
                axes.fill(band_x, band_y, color=theme.FAINT, alpha=0.45, linewidth=0.0, zorder=3.5)
    for number, (text, colour, x, y) in enumerate(drawn):
        # rings written on at different courses: lines of labels would run into each other
        at = int((0.75 if colour == theme.VERMILION else 0.1 + 0.1 * number) * len(x))
        written = axes.text(x[at], y[at], text, fontsize=theme.SMALL, color=colour, ha="center", va="center",
                            bbox=_PAPER, zorder=8)  # fmt: skip
        labels.reserve(written)


def _histogram(axes: Any, name: str, about: Mapping[str, Any], limits: Sequence[Mapping[str, Any]]) -> None:
    edges, counts = (np.asarray(about["histogram"][key], dtype=np.float64) for key in ("edges", "counts"))
    if np.ptp(edges) == 0.0:
        edges = edges + np.array([-0.5, 0.5])
    axes.bar(edges[:-1], 100.0 * counts / counts.sum(), width=np.diff(edges), align="edge", color=theme.BLUE,
             alpha=0.75, linewidth=0.0, zorder=3)  # fmt: skip
    high = axes.get_ylim()[1] * 1.18
    axes.set_ylim(0.0, high)
    span = edges[-1] - edges[0]
    near = [bound for bound in limits if edges[0] - 0.5 * span < bound["bound"] < edges[-1] + 0.5 * span]
    axes.set_xlim(*_room(edges, near))
    for bound in near:
        axes.plot([bound["bound"]] * 2, [0.0, 0.78 * high], color=theme.VERMILION, linewidth=1.4, zorder=4)
    axes.set_title(quantity(name, about["unit"]), loc="left", fontsize=theme.HEADING, fontweight="bold",
                   color=theme.INK)  # fmt: skip
    axes.set_xlabel(about["unit"])
    axes.set_ylabel("part of the flights, %")
    axes.tick_params(length=2.5)
    labels = Labels(axes)
    for bound in near:
        text = f"limit {bound['bound']:g}\nexceeded by\n{100 * (bound['exceeded']['value'] or 0.0):.2g} %"
        outward = 1.0 if bound["above"] else -1.0
        labels.place(text, bound["bound"], 0.66 * high, color=theme.VERMILION, must=True,
                     places=((outward, 0.0), (-outward, 0.0)), distances=(4.0,))  # fmt: skip
    for entry in about["quantiles"]:
        if entry["probability"] in (0.01, 0.5, 0.99):
            axes.plot([entry["value"]] * 2, [0.0, 0.9 * high], color=theme.INK, linewidth=0.8, zorder=4)
            text = f"{100 * entry['probability']:g} %\n{entry['value']:.3g}"
            labels.place(text, entry["value"], 0.9 * high, places=((0.0, 1.0), (0.9, 0.9), (-0.9, 0.9)),
                         distances=(2.0, 8.0), must=True)  # fmt: skip


def _room(edges: Any, limits: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Return the limits of a histogram: all bars, and room for a label beside each bound."""
    span = edges[-1] - edges[0]
    low, high = edges[0] - 0.04 * span, edges[-1] + 0.04 * span
    for bound in limits:
        if bound["above"]:
            high = max(high, bound["bound"] + 0.3 * span)
        else:
            low = min(low, bound["bound"] - 0.3 * span)
    return low, high


def _bars(
    axes: Any,
    title: str,
    drivers: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    rows: int,
) -> None:
    at = -np.arange(len(drivers), dtype=np.float64)
    value, low, high = (np.array([driver[key] for driver in drivers]) for key in ("sobol", "sobol_low", "sobol_high"))
    # the sign of the rank correlation says in which direction the input moves the output
    colours = [theme.BLUE if driver["spearman"] >= 0.0 else theme.VERMILION for driver in drivers]
    axes.barh(at, value, height=0.62, color=colours, alpha=0.85, zorder=3)
    axes.hlines(at, low, high, color=theme.INK, linewidth=1.0, zorder=4)
    axes.set_yticks(at, [names[driver["input"]] for driver in drivers])
    axes.tick_params(axis="y", length=0.0, labelcolor=theme.INK)
    axes.tick_params(axis="x", length=2.5)
    axes.set_ylim(-rows + 0.4, 0.6)
    axes.set_xlim(0.0, min(max(1.25 * float(high.max()), 0.05), 1.15))
    axes.grid(axis="x", color=theme.GRID, linewidth=0.6, zorder=0)
    for y, driver in zip(at, drivers, strict=True):
        axes.annotate(f"ρ {driver['spearman']:+.2f}", (driver["sobol_high"], y), xytext=(4, 0), va="center",
                      textcoords="offset points", fontsize=theme.SMALL - 1.0, color=theme.SOFT)  # fmt: skip
    axes.set_title(title, loc="left", fontsize=theme.HEADING, fontweight="bold", color=theme.INK)
