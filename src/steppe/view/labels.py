"""Labels that do not overlap: each looks for a free place round its point, and stays away if there is none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.view import theme

Floats = npt.NDArray[np.float64]

# Where a label may stand, as seen from its point; the first free place wins
PLACES: tuple[tuple[float, float], ...] = (
    (1.0, 0.0), (0.8, -0.8), (0.8, 0.8), (-1.0, 0.0), (-0.8, -0.8), (-0.8, 0.8), (0.0, 1.2), (0.0, -1.2),
)  # fmt: skip
_ALIGN = {-1: "right", 0: "center", 1: "left"}
_VERTICAL = {-1: "top", 0: "center", 1: "bottom"}


class Labels:
    """The labels of one axes.

    Parameters
    ----------
    axes
        A matplotlib axes with its final limits and position.
    """

    def __init__(self, axes: Any) -> None:
        self.axes = axes
        # asking for the limits makes matplotlib settle them; before that its transforms are those of an empty axes
        axes.get_xlim(), axes.get_ylim()
        self._renderer = axes.figure.canvas.get_renderer()
        self._taken: list[Any] = []
        self._lines = np.empty((0, 2))

    def avoid_line(self, x: npt.ArrayLike, y: npt.ArrayLike) -> None:
        """Keep labels off a line given in data coordinates."""
        points = self.axes.transData.transform(np.column_stack([np.asarray(x, float), np.asarray(y, float)]))
        points = points[np.all(np.isfinite(points), axis=1)]
        if len(points) < 2:
            return
        # a label is at least 8 pixels high, so a point every 4 pixels leaves no gap to slip through
        length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        steps = np.linspace(0.0, length[-1], min(int(length[-1] / 4.0) + 2, 20000))
        dense = np.column_stack([np.interp(steps, length, points[:, axis]) for axis in (0, 1)])
        self._lines = np.vstack([self._lines, dense])

    def avoid_points(self, x: npt.ArrayLike, y: npt.ArrayLike) -> None:
        """Keep labels off a cloud of points given in data coordinates."""
        points = self.axes.transData.transform(np.column_stack([np.asarray(x, float), np.asarray(y, float)]))
        self._lines = np.vstack([self._lines, points[np.all(np.isfinite(points), axis=1)]])

    def reserve(self, artist: Any) -> None:
        """Keep labels off something that is drawn already."""
        self._taken.append(artist.get_window_extent(self._renderer))

    def reserve_point(self, x: float, y: float, radius: float = 4.0) -> None:
        """Keep labels off a marker, `radius` in pixels."""
        from matplotlib.transforms import Bbox

        px, py = self.axes.transData.transform((x, y))
        self._taken.append(Bbox.from_extents(px - radius, py - radius, px + radius, py + radius))

    def place(
        self,
        text: str,
        x: float,
        y: float,
        *,
        places: tuple[tuple[float, float], ...] = PLACES,
        distances: tuple[float, ...] = (6.0, 13.0, 24.0),
        must: bool = False,
        **style: Any,
    ) -> bool:
        """Write a label beside a point of the data.

        Parameters
        ----------
        text
            What to write.
        x, y
            The point, in data coordinates.
        places
            Directions to try, in order of liking.
        distances
            Distances to try, in points; from the second on a thin leader joins label and point.
        must
            Write it at the first place inside the frame if none is free.
        **style
            Passed to `Axes.annotate`.

        Returns
        -------
        bool
            Whether it was written.
        """
        style = {"fontsize": theme.SMALL, "color": theme.INK, "zorder": 8, **style}
        for number, distance in enumerate(distances):
            for direction in places:
                artist = self._draw(text, x, y, direction, distance, number > 0, style)
                box = self._box(artist)
                leader = self._leader(x, y, box) if number else np.empty((0, 2))
                if self._free(box) and not any(_any_inside(leader, other) for other in self._taken):
                    self._taken.append(box)
                    self._lines = np.vstack([self._lines, leader])
                    return True
                artist.remove()
        return must and self._force(text, x, y, places, distances[0], style)

    def _force(
        self, text: str, x: float, y: float, places: tuple[tuple[float, float], ...], distance: float, style: Any
    ) -> bool:
        """Write a label at the first place inside the frame, whatever it covers."""
        for direction in places:
            artist = self._draw(text, x, y, direction, distance, False, style)
            box = self._box(artist)
            if self._inside(box):
                break
            artist.remove()
        else:
            box = self._box(self._draw(text, x, y, places[0], distance, False, style))
        self._taken.append(box)
        return True

    def _box(self, artist: Any) -> Any:
        from matplotlib.text import Text

        # of the text alone: an annotation's own extent would include its leader
        artist.update_positions(self._renderer)
        return Text.get_window_extent(artist, self._renderer).padded(1.5)

    def _draw(
        self, text: str, x: float, y: float, direction: tuple[float, float], distance: float, leader: bool, style: Any
    ) -> Any:
        dx, dy = direction
        arrow = {"arrowstyle": "-", "color": theme.FAINT, "linewidth": 0.6, "shrinkA": 0.0, "shrinkB": 3.0}
        return self.axes.annotate(
            text,
            (x, y),
            xytext=(dx * distance, dy * distance),
            textcoords="offset points",
            ha=_ALIGN[int(math.copysign(1, dx)) if dx else 0],
            va=_VERTICAL[int(math.copysign(1, dy)) if dy else 0],
            arrowprops=arrow if leader else None,
            **style,
        )

    def _inside(self, box: Any) -> bool:
        frame = self.axes.bbox.padded(-3.0)
        return bool(box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 and box.y1 <= frame.y1)

    def _free(self, box: Any) -> bool:
        if not self._inside(box) or any(box.overlaps(other) for other in self._taken):
            return False
        return not _any_inside(self._lines, box)

    def _leader(self, x: float, y: float, box: Any) -> npt.NDArray[np.float64]:
        """Return points along the leader in pixels, without its first few at the marker, which may be reserved."""
        start = self.axes.transData.transform((x, y))
        end = np.array([np.clip(start[0], box.x0, box.x1), np.clip(start[1], box.y0, box.y1)])
        length = float(np.hypot(*(end - start)))
        part = np.linspace(min(7.0 / max(length, 7.0), 1.0), 1.0, 8)[:-1, None]
        points: npt.NDArray[np.float64] = start + part * (end - start)
        return points


def _any_inside(points: npt.NDArray[np.float64], box: Any) -> bool:
    x, y = points.T
    return bool(np.any((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)))


def beside(axes: Any, x: Floats, y: Floats, pixels: float) -> tuple[Floats, Floats]:
    """Return a line moved to its left by some pixels, so that lines of one way lie side by side.

    Parameters
    ----------
    axes
        A matplotlib axes with its final limits and position.
    x, y
        The line in data coordinates, at least two points.
    pixels
        To the left seen along the line, negative to the right.
    """
    axes.get_xlim(), axes.get_ylim()
    points = axes.transData.transform(np.column_stack([x, y]))
    way = np.gradient(points, axis=0)
    way /= np.maximum(np.hypot(*way.T), 1e-9)[:, None]
    moved = axes.transData.inverted().transform(points + pixels * np.column_stack([-way[:, 1], way[:, 0]]))
    return moved[:, 0], moved[:, 1]


def spread(positions: list[float], gap: float, lowest: float, highest: float) -> list[float]:
    """Move sorted positions as little as needed so that neighbours are `gap` apart, within bounds if they fit.

    Parameters
    ----------
    positions
        Where things belong, rising.
    gap
        The smallest distance between neighbours.
    lowest, highest
        The bounds; the upper one yields if there are too many.
    """
    moved: list[float] = []
    for position in positions:
        moved.append(max(position, moved[-1] + gap if moved else lowest))
    limit = highest
    for k in range(len(moved) - 1, -1, -1):
        moved[k] = min(moved[k], limit)
        limit = moved[k] - gap
    if moved and moved[0] < lowest:
        moved = [lowest + k * gap for k in range(len(moved))]
    return moved
