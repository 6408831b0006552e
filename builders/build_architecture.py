"""Draw ``docs/images/architecture.svg``: the way of the data and the layers that imports follow.

Run it with ``python builders/build_architecture.py [FILE]``; a FILE ending in .png gives a picture to look at.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "docs" / "images" / "architecture.svg"

# left, bottom, width, height of the boxes of the upper row, their headings and lines
FLOW = (
    (0.0, 5.6, 2.3, 1.9, "mission file",
     "mission, vehicle, zone: TOML\nstation orbit: TLE, OMM, OEM\nwind: table or CSV"),
    (2.9, 5.6, 2.3, 1.9, "plan", "which pass, when to burn,\nwhen to split, where to aim\nflight/plan.py"),
    (5.8, 5.6, 2.9, 1.9, "flight",
     "a table of phases through\none right-hand side\nflight/phases.py, kernels/flying.py"),
    (9.3, 5.6, 2.7, 1.9, "products",
     "timeline, Parquet, CCSDS, maps,\nreport, control room, campaigns,\n"
     "debris, recovery: ensemble/,\nground/, io/, view/, server/"),
)  # fmt: skip
LAYERS = (
    ("cli", "one file for each verb; the only place that prints and turns errors into exit codes"),
    ("server", "the control room: one session, its clock and commands, server-sent events, telemetry"),
    ("view", "figures, maps and the report; reads columns and events, knows no physics"),
    ("crew", "the ledger of crews and ships, its rules, rotations"),
    (
        "io  :  ground  :  ensemble",
        "files and messages  :  debris, risk, recovery  :  draws, cases, shards, statistics of campaigns",
    ),
    ("flight", "plan, phases, starts, the run, the result"),
    ("environment", "fills the tables of air and wind: NRLMSIS, US 1976, space weather"),
    ("config  |  frames", "schema, loader, presets, compile to records  |  time scales, Earth orientation, orbits"),
    ("kernels", "the only physics: scalar laws, one right-hand side, the loop; math, numpy, numba only"),
    ("files", "files that are there whole or not at all"),
    ("nomenclature  |  constants  |  errors", "names and units  |  numbers with sources  |  exceptions and statuses"),
)


def box(axes: Any, place: tuple[float, float, float, float], face: str, edge: str) -> None:
    """Draw one box with round corners."""
    from matplotlib.patches import FancyBboxPatch

    left, bottom, width, height = place
    style = "round,pad=0,rounding_size=0.08"
    axes.add_patch(FancyBboxPatch((left, bottom), width, height, boxstyle=style, facecolor=face, edgecolor=edge))


def draw() -> Any:
    """Return the figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from steppe.view import theme

    figure = Figure(figsize=(11.0, 9.05))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    axes.set_xlim(-0.1, 12.1)
    axes.set_ylim(-2.13, 8.1)
    axes.axis("off")
    axes.text(0.0, 7.85, "The way of the data", fontsize=12.0, fontweight="bold", va="center")
    for left, bottom, width, height, heading, lines in FLOW:
        box(axes, (left, bottom, width, height), "#EAF2F8", theme.BLUE)
        middle = left + 0.5 * width
        axes.text(middle, bottom + height - 0.32, heading, fontsize=11.0, fontweight="bold", ha="center", va="center")
        axes.text(middle, bottom + 0.82, lines, fontsize=8.5, ha="center", va="center", linespacing=1.5)
    for before, after in pairwise(FLOW):
        arrow = {"arrowstyle": "-|>", "color": theme.SOFT, "linewidth": 1.2}
        axes.annotate("", (after[0], 6.55), (before[0] + before[2], 6.55), arrowprops=arrow)
    axes.text(0.0, 5.05, "The layers: imports point down only", fontsize=12.0, fontweight="bold", va="center")
    height = 0.56
    for number, (name, what) in enumerate(LAYERS):
        bottom = 4.15 - number * (height + 0.05)
        kernel = name == "kernels"
        box(axes, (0.0, bottom, 12.0, height), "#FBEDE4" if kernel else "#F6F3EC",
            theme.VERMILION if kernel else theme.FAINT)  # fmt: skip
        axes.text(0.2, bottom + 0.5 * height, name, fontsize=9.5, fontweight="bold", va="center")
        axes.text(4.3, bottom + 0.5 * height, what, fontsize=8.8, va="center", color=theme.SOFT)
    return figure


def main() -> int:
    """Draw and save."""
    from steppe.view import theme

    with theme.themed():
        file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
        about = {"Date": None, "Creator": "steppe"} if file.suffix == ".svg" else {"Software": "steppe"}
        draw().savefig(file, dpi=100, metadata=about)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
