"""Hazard areas and notices hold what they say, wherever on Earth and whatever the cloud looks like."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from impacts_factory import breakup, impacts_at
from matplotlib.path import Path as Outline

from steppe.errors import DEMISED, ConfigError, OutputError
from steppe.ground.hazard import SHARES, hazard_areas
from steppe.ground.notice import notice, parse_position, position
from steppe.ground.outline import enclose, holds
from steppe.ground.sphere import axes_at, distance_km, fit_axes, places_of, unit_vectors

LATITUDES = st.floats(-89.0, 89.0)
LONGITUDES = st.floats(-180.0, 180.0)
COURSES = st.floats(0.0, 359.0)


def cloud(latitude_deg, longitude_deg, course_deg, n, long_km, wide_km, seed=0):
    random = np.random.default_rng(seed)
    axes = axes_at(latitude_deg, longitude_deg, course_deg)
    return axes.to_deg(random.normal(0.0, long_km, n), random.normal(0.0, wide_km, n))


def share_inside(ring_deg, latitude_deg, longitude_deg) -> float:
    """Count points inside a ring on the plane that touches the sphere at its middle, where this test looks alone."""
    middle = places_of(unit_vectors(ring_deg[:, 1], ring_deg[:, 0]).mean(axis=1))
    plane = axes_at(float(middle[0]), float(middle[1]), 0.0).basis

    def flat(lat, lon):
        up, north, west = np.tensordot(plane, unit_vectors(lat, lon), axes=1)
        return np.column_stack([-west / up, north / up])

    outline = Outline(flat(ring_deg[:, 1], ring_deg[:, 0]))
    return float(np.mean(outline.contains_points(flat(latitude_deg, longitude_deg))))


@given(LATITUDES, LONGITUDES, COURSES, st.floats(-3000.0, 3000.0), st.floats(-500.0, 500.0))
def test_along_and_across_come_back(lat: float, lon: float, course: float, along: float, across: float) -> None:
    axes = axes_at(lat, lon, course)
    again = axes.to_km(*axes.to_deg(along, across))
    assert np.allclose(again, (along, across), atol=1e-6)


@given(LATITUDES, LONGITUDES, COURSES)
def test_along_is_the_distance_on_the_course(lat: float, lon: float, course: float) -> None:
    place = axes_at(lat, lon, course).to_deg(700.0, 0.0)
    assert distance_km(*place, lat, lon) == pytest.approx(700.0, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(LATITUDES, LONGITUDES, COURSES, st.integers(1, 400), st.sampled_from([(200.0, 8.0), (4.0, 3.0), (50.0, 0.0)]))
def test_each_region_holds_the_share_it_states(lat, lon, course, n, size) -> None:
    places = cloud(lat, lon, course, n, *size, seed=n)
    (area,) = hazard_areas(impacts_at(*places))
    for share, region in zip(SHARES, area.regions, strict=True):
        inside = share_inside(region.ring_deg, *places)
        assert inside >= share - 1e-9
        assert region.contained >= share - 1e-9
        # and not much more: at most a piece or two, or what the free rim catches
        if size == (200.0, 8.0):
            assert inside <= share + 0.25 + 3.0 / n
    lengths = [region.length_km for region in area.regions]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize("where", [(0.0, 180.0), (0.0, -179.9), (89.9, 10.0), (-90.0, 0.0), (90.0, 0.0)])
def test_antimeridian_and_poles(where) -> None:
    places = cloud(*where, 40.0, 300, 150.0, 10.0)
    (area,) = hazard_areas(impacts_at(*places))
    assert share_inside(area.containment.ring_deg, *places) == 1.0
    assert 600.0 < area.containment.length_km < 1200.0


def test_a_ring_runs_counter_clockwise() -> None:
    for size in ((200.0, 8.0), (4.0, 3.0)):
        (area,) = hazard_areas(impacts_at(*cloud(47.0, 69.0, 50.0, 100, *size)))
        x, y = area.containment.ring_deg.T
        assert np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0.0


def test_half_of_a_round_cloud_lies_in_its_circle() -> None:
    (area,) = hazard_areas(impacts_at(*cloud(47.0, 69.0, 50.0, 4000, 20.0, 20.0)))
    # half of a round normal cloud lies within 1.1774 sigma
    assert area.regions[0].area_km2 == pytest.approx(math.pi * (1.1774 * 20.0 + 0.5) ** 2, rel=0.06)


def test_length_and_width_of_a_known_rectangle() -> None:
    axes = axes_at(45.0, 60.0, 50.0)
    along, across = (part.ravel() for part in np.meshgrid(np.linspace(-400.0, 400.0, 81), np.linspace(-15.0, 15.0, 7)))
    (area,) = hazard_areas(impacts_at(*axes.to_deg(along, across)))
    assert area.containment.length_km == pytest.approx(801.0, abs=0.1)
    assert area.containment.width_km == pytest.approx(31.0, abs=0.5)
    assert area.containment.area_km2 == pytest.approx(801.0 * 31.0, rel=0.01)
    # the first and the last piece may be opposite corners: 800 km by 30 km
    assert 799.9 < distance_km(*area.heel_deg, *area.toe_deg) < 800.7


def test_heel_is_behind_the_toe_and_both_are_seen_from_the_site() -> None:
    areas = hazard_areas(breakup(50))
    modules, site = areas[0], (47.3, 69.6)
    heel, toe = modules.short_of_km(modules.heel_deg, site), modules.short_of_km(modules.toe_deg, site)
    assert heel > toe > 0.0
    assert heel - toe == pytest.approx(modules.containment.length_km, rel=0.01)
    beyond = axes_at(47.3, 69.6, 52.0).to_deg(30.0, 0.0)
    assert modules.short_of_km((float(beyond[0]), float(beyond[1])), site) == pytest.approx(-30.0, abs=0.01)


def test_bodies_that_overlap_share_an_area_and_others_do_not() -> None:
    areas = hazard_areas(breakup(50))
    assert [area.bodies for area in areas] == [("orbital_module", "service_module"), ("heat_shield", "capsule")]
    assert sum(area.pieces for area in areas) == int(breakup(50).landed.sum())


def test_the_ground_track_gives_the_direction() -> None:
    lat, lon = axes_at(47.0, 69.0, 230.0).to_deg(np.linspace(-500.0, 500.0, 11), 0.0)
    places = cloud(47.0, 69.0, 50.0, 100, 100.0, 5.0)
    assert fit_axes(*places, (lat, lon)).course_deg == pytest.approx(230.0, abs=2.0)
    assert fit_axes(*places).course_deg == pytest.approx(50.0, abs=2.0)
    round_cloud = cloud(47.0, 69.0, 0.0, 400, 5.0, 5.0)
    assert fit_axes(*round_cloud, (lat, lon)).course_deg == pytest.approx(230.0, abs=1.0)


def test_times_are_those_of_the_first_and_last_impact() -> None:
    pieces = impacts_at([47.0, 47.1, 47.2], [69.0, 69.1, 69.2], time_s=np.array([3300.0, 3000.4, 3599.6]))
    (area,) = hazard_areas(pieces)
    said = area.as_dict()
    assert (said["first_impact_utc"], said["last_impact_utc"]) == ("2023-03-28T10:47:00Z", "2023-03-28T10:57:00Z")
    json.dumps(said, allow_nan=False)


def test_nothing_on_the_ground_is_no_area() -> None:
    assert hazard_areas(impacts_at([np.nan], [np.nan], status=np.array([DEMISED]))) == ()


@settings(deadline=None, max_examples=60)
@given(
    LATITUDES, LONGITUDES, COURSES, st.integers(1, 200), st.integers(3, 12),
    st.sampled_from([(300.0, 10.0), (3.0, 3.0), (0.0, 0.0), (80.0, 0.0)]),
)  # fmt: skip
def test_the_polygon_of_a_notice_holds_its_places(lat, lon, course, n, corners, size) -> None:
    places = cloud(lat, lon, course, n, *size, seed=n)
    minutes = enclose(*places, corners=corners)
    assert np.all(holds(minutes, *places))
    assert len(minutes) <= max(corners, 4)
    # seen with other eyes: a path on the plane, corners as written
    assert share_inside(minutes[:, ::-1] / 60.0, *places) == 1.0


def test_places_round_the_world_fit_no_notice() -> None:
    with pytest.raises(OutputError, match="60 deg"):
        enclose([0.0, 0.0, 0.0], [0.0, 140.0, 70.0])


@given(st.integers(-90 * 60, 90 * 60), st.integers(-180 * 60 + 1, 180 * 60))
def test_coordinates_come_back_from_their_text(latitude_minutes: int, longitude_minutes: int) -> None:
    text = position(latitude_minutes, longitude_minutes)
    assert re.fullmatch(r"\d{4}[NS] \d{5}[EW]", text)
    assert parse_position(text) == (latitude_minutes, longitude_minutes)


def test_coordinates_as_they_are_written() -> None:
    assert position(47 * 60 + 22, 69 * 60 + 36) == "4722N 06936E"
    assert position(-5, -181 * 60) == "0005S 17900E"
    assert parse_position("4722N06936E") == (2842, 4176)
    for text in ("4760N 06936E", "9100N 00000E", "4722N 18001E", "4722 6936", ""):
        with pytest.raises(ConfigError):
            parse_position(text)


@pytest.mark.parametrize("share", SHARES)
def test_a_notice_in_the_layout_of_icao(share: float) -> None:
    area = hazard_areas(breakup(100))[0]
    item = notice(area, "Союз Soyuz MS-21, «Гагарин»", share)
    lines = item.text.splitlines()
    assert lines[0] == "(____/____ NOTAMN"
    assert re.fullmatch(r"Q\) ____/QRTCA/IV/BO/W/000/999/\d{4}[NS]\d{5}[EW]\d{3}", lines[1])
    assert re.fullmatch(r"A\) ____ B\) \d{10} C\) \d{10}", lines[2])
    assert lines[3].startswith("E) ") and lines[-1] == "F) SFC G) UNL)"
    assert max(map(len, lines)) <= 69
    assert item.text.isascii() and item.text == item.text.upper() and item.text.count("(") == item.text.count(")") - 7
    places = [parse_position(text) for text in re.findall(r"\d{4}[NS] \d{5}[EW]", " ".join(lines[3:-1]))]
    # the polygon is closed, and what it says holds the share it claims
    assert places[0] == places[-1] and 3 <= len(places) - 1 <= 6
    corners = np.array(places[:-1])
    inside = float(np.mean(holds(corners, area.latitude_deg, area.longitude_deg)))
    assert inside >= share and inside == item.contained


def test_a_notice_begins_before_and_ends_after_on_full_five_minutes() -> None:
    area = hazard_areas(breakup(100))[0]
    item = notice(area, "SOYUZ MS-21")
    assert (area.first_utc - item.begin_utc).total_seconds() >= 900.0
    assert (item.end_utc - area.last_utc).total_seconds() >= 900.0
    assert item.begin_utc.minute % 5 == 0 and item.begin_utc.second == 0
    assert f"B) {item.begin_utc:%y%m%d%H%M}" in item.text


def test_the_circle_of_line_q_holds_the_polygon() -> None:
    area = hazard_areas(breakup(100))[0]
    item = notice(area, "SOYUZ MS-21")
    found = re.search(r"/(\d{4}[NS]\d{5}[EW])(\d{3})$", item.text.splitlines()[1])
    assert found is not None
    lat, lon = parse_position(found[1])
    far_nm = distance_km(*(item.corners_minutes / 60.0).T, lat / 60.0, lon / 60.0) / 1.852
    assert far_nm.max() <= int(found[2]) <= far_nm.max() + 1.0


def test_an_unknown_share_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"0\.5, 0\.9, 0\.99, 1"):
        notice(hazard_areas(breakup(20))[0], "SOYUZ", 0.7)
