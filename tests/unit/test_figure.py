"""The figure: what it shows, that nothing overlaps or is cut off, and that it leaves matplotlib as it was."""

from __future__ import annotations

import builtins
import math
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import flight_factory
import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text

from steppe.errors import OutputError
from steppe.flight.result import Flight, Track
from steppe.view.figure import flight_figure, save_figure
from steppe.view.labels import spread
from steppe.view.map import TOWNS, Azimuthal, coast


@pytest.fixture(scope="module")
def flight() -> Flight:
    return flight_factory.complete_flight()


@pytest.fixture(scope="module")
def figure(flight: Flight) -> Any:
    return flight_figure(flight)


def titles(figure: Any) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def texts_of(figure: Any) -> list[Text]:
    """Return all texts but the tick labels, of which matplotlib keeps some that it never draws."""
    texts = list(figure.texts)
    for axes in figure.findobj(matplotlib.axes.Axes):
        texts += [*axes.texts, axes.title, axes._left_title, axes._right_title, axes.xaxis.label, axes.yaxis.label]
    return [text for text in texts if text.get_text().strip()]


@pytest.mark.parametrize("make", [flight_factory.complete_flight, flight_factory.entry_only])
def test_no_text_is_cut_off(make: Any) -> None:
    figure = flight_figure(make())
    figure.canvas.draw()
    renderer, page = figure.canvas.get_renderer(), figure.bbox
    for text in texts_of(figure):
        box = Text.get_window_extent(text, renderer)
        assert box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 and box.y1 <= page.y1, text.get_text()


@pytest.mark.parametrize("make", [flight_factory.complete_flight, flight_factory.entry_only])
def test_no_labels_overlap(make: Any) -> None:
    figure = flight_figure(make())
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = [
        (text.get_text(), Text.get_window_extent(text, renderer))
        for axes in figure.findobj(matplotlib.axes.Axes)
        for text in axes.texts
        # the bounding boxes of slanted text overlap where the text does not
        if text.get_rotation() == 0.0
    ]
    assert len(boxes) > 10
    for k, (first, box) in enumerate(boxes):
        for second, other in boxes[k + 1 :]:
            assert not box.overlaps(other), (first, second)


def test_panels_of_a_whole_return(figure: Any) -> None:
    shown = titles(figure)
    assert shown[:5] == ["Altitude, km", "Airspeed, m/s", "Load, g", "Heat flux, W/cm²", "Bank angle, deg"]
    assert shown[5:] == ["Ground track", "The last 50 km", "Entry corridor", "Leaving the station"]
    texts = " ".join(text.get_text() for text in texts_of(figure))
    for expected in ("Soyuz Test", "Touchdown", "Zhezkazgan", "Entry interface", "Orbital module", "Published landing"):
        assert expected in texts


def test_panels_without_data_are_left_out_and_the_rest_fills_the_sheet() -> None:
    figure = flight_figure(flight_factory.entry_only())
    shown = titles(figure)
    assert "Bank angle, deg" not in shown
    assert "Leaving the station" not in shown
    right = max(axes.get_position().x1 for axes in figure.axes)
    low = min(axes.get_position().y0 for axes in figure.axes)
    assert right == pytest.approx(0.98)
    assert low == pytest.approx(0.085)


def test_strips_show_the_columns_in_display_units(figure: Any, flight: Flight) -> None:
    line = next(line for line in figure.axes[0].lines if line.get_label() == "altitude_m")
    entry = flight.event("entry_interface")
    assert entry is not None
    at_entry = np.interp(0.0, line.get_xdata(), line.get_ydata())
    assert at_entry == pytest.approx(entry.altitude_m / 1000.0, abs=0.1)


def test_a_rolling_capsule_stays_on_the_bank_axis(flight: Flight) -> None:
    columns = dict(flight.track.columns)
    columns["bank_deg"] = 13.0 * (columns["time_s"] - columns["time_s"][0])
    figure = flight_figure(replace(flight, track=Track("capsule", columns)))
    axes = next(axes for axes in figure.axes if axes.get_title(loc="left") == "Bank angle, deg")
    low, high = axes.get_ylim()
    assert -210.0 < low < -179.0 and 179.0 < high < 210.0
    drawn = next(line for line in axes.lines if line.get_label() == "bank_deg").get_ydata()
    assert np.nanmax(np.abs(np.diff(drawn))) < 90.0


def test_saving_gives_the_format_of_the_suffix_and_the_same_bytes_again(figure: Any, tmp_path: Path) -> None:
    heads = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    for kind, head in heads.items():
        for name in ("a", "b"):
            save_figure(figure, tmp_path / f"{name}.{kind}", dpi=40)
        assert (tmp_path / f"a.{kind}").read_bytes().startswith(head)
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    with pytest.raises(OutputError, match=r"\.png, \.pdf or \.svg"):
        save_figure(figure, tmp_path / "a.docx")


def test_the_settings_of_the_user_stay_and_pyplot_is_not_used(flight: Flight) -> None:
    before = dict(matplotlib.rcParams)
    flight_figure(flight)
    assert dict(matplotlib.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_without_matplotlib_the_extra_is_named(flight: Flight, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(OutputError, match=r"pip install 'steppe\[plots\]'"):
        flight_figure(flight)


@given(
    lat0=st.floats(-85.0, 85.0),
    lon0=st.floats(-180.0, 180.0),
    x=st.floats(-4000.0, 4000.0),
    y=st.floats(-4000.0, 4000.0),
)
def test_projection_round_trip_and_true_distance(lat0: float, lon0: float, x: float, y: float) -> None:
    projection = Azimuthal(lat0, lon0)
    lon, lat = projection.inverse(x, y)
    back_x, back_y = projection(lon, lat)
    assert float(back_x) == pytest.approx(x, abs=1e-3)
    assert float(back_y) == pytest.approx(y, abs=1e-3)
    assert float(projection.distance_km(lon, lat)) == pytest.approx(math.hypot(x, y), abs=1e-3)


@given(st.lists(st.floats(0.0, 1.0), max_size=12).map(sorted), st.floats(0.01, 0.08))
def test_spread_keeps_order_and_gap(positions: list[float], gap: float) -> None:
    moved = spread(positions, gap, 0.0, 1.0)
    assert len(moved) == len(positions)
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(moved))
    assert all(value >= -1e-9 for value in moved)


@pytest.mark.parametrize("level", ["region", "world"])
def test_land_is_where_people_live_and_water_is_not(level: str) -> None:
    from matplotlib.path import Path as Outline

    def crossings(lon: float, lat: float) -> int:
        return sum(Outline(ring).contains_point((lon, lat)) for ring in coast(level).land)

    for _, latitude, longitude in TOWNS:
        if (longitude, latitude) != (51.88427, 47.1048):  # Atyrau lies on the shore, within the rounding of 1:110m
            assert crossings(longitude, latitude) % 2 == 1
    # mid Caspian Sea, Black Sea, Arabian Sea
    for longitude, latitude in ((51.0, 42.0), (34.0, 43.3), (62.0, 15.0)):
        assert crossings(longitude, latitude) % 2 == 0


def test_no_ring_of_the_world_runs_across_the_map() -> None:
    for ring in coast("world").land:
        jumps = np.abs(np.diff(ring[:, 0]))
        # only Antarctica's edge along the pole may be long
        assert np.all((jumps < 90.0) | (ring[1:, 1] < -89.0))
