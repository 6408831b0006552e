"""A return across the antimeridian: GeoJSON keeps RFC 7946, KML the order of OGC 12-007r2, CZML the whole zone."""

from __future__ import annotations

import itertools
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steppe.config.loader import load_mission
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.io.czml import flight_czml
from steppe.io.geojson import flight_geojson
from steppe.io.kml import kml_text

EXAMPLE = Path(__file__).parents[2] / "examples" / "soyuz-from-entry.toml"
ZONE = {"longitude_deg": -179.9, "latitude_deg": 47.364, "radius_m": 28e3}
# OGC 12-007r2 (KML 2.3): the order of what a Placemark may hold, of what we write
ORDER = ("name", "Style", "ExtendedData", "Point", "LineString", "Polygon", "MultiGeometry")


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Flight:
    """Soyuz MS-03 from its entry interface, turned about the axis of the Earth so that the zone is cut in half."""
    folder = tmp_path_factory.mktemp("antimeridian")
    lines = [
        f'name = "on-the-line"\ntitle = "On the antimeridian"\nground_height_m = 350\nradius_m = {ZONE["radius_m"]}'
    ]
    lines += [f"latitude_deg = {ZONE['latitude_deg']}\nlongitude_deg = {ZONE['longitude_deg']}\n"]
    (folder / "zone.toml").write_text("\n".join(lines))
    text = EXAMPLE.read_text("utf-8").replace('"zhezkazgan-se"', '"zone.toml"')
    text, count = re.subn(r"longitude_deg = 45.933", f"longitude_deg = {45.933 + 180.1 - 69.608:.3f}", text)
    assert count == 1
    (folder / "mission.toml").write_text(text)
    found = fly(load_mission(folder / "mission.toml"))
    assert found.status.name == "landed"
    longitude = found.track.columns["longitude_deg"]
    assert np.any(np.abs(np.diff((longitude + 180.0) % 360.0 - 180.0)) > 180.0)
    return found


def rings_and_lines(geometry: dict[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    kind, inner = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        return [], [], [inner]
    if kind in ("LineString", "MultiLineString"):
        return [], [inner] if kind == "LineString" else inner, []
    assert kind in ("Polygon", "MultiPolygon")
    return [ring for part in ([inner] if kind == "Polygon" else inner) for ring in part], [], []


def test_geojson_keeps_the_rules(flight: Flight) -> None:
    document = flight_geojson(flight)
    kinds = {}
    for one in document["features"]:
        assert set(one) == {"type", "geometry", "properties"}
        kinds[one["properties"]["kind"]] = one["geometry"]["type"]
        rings, lines, points = rings_and_lines(one["geometry"])
        for ring in rings:
            # section 3.1.6: four positions or more, closed, the outer ring counter-clockwise
            assert len(ring) >= 4 and ring[0] == ring[-1]
            x, y = np.array(ring)[:, :2].T
            assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0.0
        for line in lines:
            assert len(line) >= 2
        for line in (*rings, *lines):
            # section 3.1.9: no part goes across
            assert np.abs(np.diff(np.array(line)[:, 0])).max() < 180.0
        for place in itertools.chain(points, *rings, *lines):
            assert 2 <= len(place) <= 3 and -180.0 <= place[0] <= 180.0 and -90.0 <= place[1] <= 90.0
    assert kinds["zone"] == "MultiPolygon" and kinds["track"] == "MultiLineString"


def away_m(longitude_deg: float, latitude_deg: float) -> float:
    """Distance from the centre of the zone on the sphere of the equatorial radius (haversine)."""
    lat0, lat = math.radians(ZONE["latitude_deg"]), math.radians(latitude_deg)
    lon = math.radians(longitude_deg - ZONE["longitude_deg"])
    half = math.sin((lat - lat0) / 2) ** 2 + math.cos(lat) * math.cos(lat0) * math.sin(lon / 2) ** 2
    return 2.0 * 6378137.0 * math.asin(math.sqrt(half))


def test_czml_shows_the_whole_zone(flight: Flight) -> None:
    czml3 = pytest.importorskip("czml3")
    packets = {packet["id"]: packet for packet in flight_czml(flight)}
    for packet in packets.values():
        czml3.Packet.model_validate(packet)
    ring = np.array(packets["zone"]["polyline"]["positions"]["cartographicDegrees"]).reshape(-1, 3)
    assert ring[0].tolist() == ring[-1].tolist()
    assert [away_m(*place) for place in ring[:, :2]] == pytest.approx([ZONE["radius_m"]] * len(ring), rel=1e-3)
    # on both sides of it
    assert (ring[:, 0] > 0.0).sum() > 20 and (ring[:, 0] < 0.0).sum() > 20


def test_kml_keeps_order_and_range(flight: Flight) -> None:
    root = ET.fromstring(kml_text(flight_geojson(flight), "t", lambda about: about["kind"], lambda _: "#123456"))
    space = root.tag.removesuffix("kml")
    assert space == "{http://www.opengis.net/kml/2.3}"
    placemarks = list(root.iter(f"{space}Placemark"))
    assert len(placemarks) == len(flight_geojson(flight)["features"])
    for one in placemarks:
        held = [ORDER.index(child.tag.removeprefix(space)) for child in one]
        assert held == sorted(held) and held[-1] >= ORDER.index("Point") > held[-2]
    for text in (one.text for one in root.iter(f"{space}coordinates")):
        for place in text.split():
            longitude, latitude, _ = map(float, place.split(","))
            assert -180.0 <= longitude <= 180.0 and -90.0 <= latitude <= 90.0
    rings = [one.find(f"{space}coordinates").text.split() for one in root.iter(f"{space}LinearRing")]
    assert len(rings) == 2 and all(ring[0] == ring[-1] and len(ring) >= 4 for ring in rings)
