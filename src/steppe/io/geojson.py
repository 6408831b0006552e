"""Ground tracks, events and the landing zone as GeoJSON (RFC 7946), cut at the antimeridian (section 3.1.9)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.constants import SPHERICAL_RADIUS_M
from steppe.files import write_json
from steppe.flight.result import Flight, Track
from steppe.io.summary import summary, utc_text

Floats = npt.NDArray[np.float64]
_CIRCLE_POINTS = 72


def flight_geojson(flight: Flight) -> dict[str, Any]:
    """Return the flight as a FeatureCollection.

    Parameters
    ----------
    flight
        The flight.

    Returns
    -------
    dict
        Features with ``kind`` "track" (a LineString, or a MultiLineString where it crosses 180 degrees; longitude,
        latitude in deg and altitude in m, WGS-84), "event" (points) and "zone" (the circle as a polygon).
    """
    features = [_track(flight, track) for track in (flight.track, *flight.modules) if len(track) > 1]
    for event in summary(flight)["events"]:
        if event["longitude_deg"] is None or event["latitude_deg"] is None:
            continue
        point = [round(_wrap(event["longitude_deg"]), 6), round(event["latitude_deg"], 6)]
        if event["altitude_m"] is not None:
            point.append(round(event["altitude_m"], 1))
        features.append(feature({"type": "Point", "coordinates": point}, {"kind": "event", **event}))
    zone = flight.mission.zone
    if zone is not None:
        about = {"kind": "zone", "name": zone.name, "title": zone.title, "radius_m": zone.radius_m}
        features.append(feature(circle(zone.longitude_deg, zone.latitude_deg, zone.radius_m), about))
    return {"type": "FeatureCollection", "features": features}


def write_geojson(flight: Flight, path: Path) -> None:
    """Write `flight_geojson` to a file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_json(path, flight_geojson(flight))


def split_at_antimeridian(longitude_deg: Floats, *others: Floats) -> list[tuple[Floats, ...]]:
    """Cut a line wherever it crosses longitude 180, and end each piece on that meridian.

    Parameters
    ----------
    longitude_deg
        Longitudes in deg, any turn, shape (n,); neighbours lie less than 180 deg apart.
    *others
        Values that go with them (latitude, altitude), interpolated linearly at the cut; shape (n,) each.

    Returns
    -------
    list
        Pieces as (longitude, *others), longitudes within -180..180.
    """
    wrapped = (np.asarray(longitude_deg, dtype=np.float64) + 180.0) % 360.0 - 180.0
    columns = [wrapped, *(np.asarray(other, dtype=np.float64) for other in others)]
    pieces: list[tuple[Floats, ...]] = []
    head = [column[:0] for column in columns]
    begin = 0
    for k in np.flatnonzero(np.abs(np.diff(wrapped)) > 180.0):
        side = math.copysign(180.0, wrapped[k])
        part = (side - wrapped[k]) / (wrapped[k + 1] + 2.0 * side - wrapped[k])
        cut = [column[k] + part * (column[k + 1] - column[k]) for column in columns[1:]]
        body = [np.concatenate([h, column[begin : k + 1]]) for h, column in zip(head, columns, strict=True)]
        pieces.append(tuple(np.append(b, v) for b, v in zip(body, [side, *cut], strict=True)))
        head = [np.array([v]) for v in (-side, *cut)]
        begin = int(k) + 1
    pieces.append(tuple(np.concatenate([h, column[begin:]]) for h, column in zip(head, columns, strict=True)))
    # a sample that lies on the meridian itself leaves a piece that is a single point
    return [piece for piece in pieces if any(np.ptp(column) > 0.0 for column in piece)] or pieces


def circle(longitude_deg: float, latitude_deg: float, radius_m: float) -> dict[str, Any]:
    """Return a circle on the sphere as a Polygon or, across the antimeridian, a MultiPolygon.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Centre in deg.
    radius_m
        Radius along the ground in m (great circles of a sphere with the equatorial radius, good to 0.4 %).
    """
    ring = circle_ring(longitude_deg, latitude_deg, radius_m)
    if abs(latitude_deg) + math.degrees(radius_m / SPHERICAL_RADIUS_M) >= 90.0:
        ring = _around_pole(ring, math.copysign(90.0, latitude_deg))
        return {"type": "Polygon", "coordinates": [closed(ring)]}
    return polygon(ring)


def circle_ring(longitude_deg: float, latitude_deg: float, radius_m: float) -> Floats:
    """Return the corners of `circle`, not closed and not cut: (longitude, latitude) in deg, shape (72, 2)."""
    lat0 = math.radians(latitude_deg)
    reach = radius_m / SPHERICAL_RADIUS_M
    # falling course: counter-clockwise as seen from above, as RFC 7946 section 3.1.6 asks of an outer ring
    course = np.linspace(2.0 * np.pi, 0.0, _CIRCLE_POINTS, endpoint=False)
    lat = np.arcsin(math.sin(lat0) * math.cos(reach) + math.cos(lat0) * math.sin(reach) * np.cos(course))
    east = np.arctan2(np.sin(course) * math.sin(reach) * math.cos(lat0), math.cos(reach) - math.sin(lat0) * np.sin(lat))
    return np.column_stack([_wrap(longitude_deg) + np.degrees(east), np.degrees(lat)])


def polygon(ring: Floats) -> dict[str, Any]:
    """Return a ring of (longitude, latitude) in deg as a Polygon or, across the antimeridian, a MultiPolygon.

    Neighbours lie less than 180 deg apart; a ring that goes round the Earth holds the nearer pole.
    """
    ring = np.asarray(ring, dtype=np.float64)
    ring = np.column_stack([np.unwrap(ring[:, 0], period=360.0), ring[:, 1]])
    if abs(ring[-1, 0] - ring[0, 0]) > 180.0:
        ring = _around_pole(ring, math.copysign(90.0, float(ring[:, 1].mean())))
        return {"type": "Polygon", "coordinates": [closed(ring)]}
    # within one turn, whatever turn the first corner was on
    ring[:, 0] -= 360.0 * np.round(ring[:, 0].mean() / 360.0)
    parts = []
    for shift in (-360.0, 0.0, 360.0):
        part = cut(cut(ring + np.array([shift, 0.0]), -180.0, 1.0), 180.0, -1.0)
        if len(part) > 2 and np.ptp(part[:, 0]) > 0.0:
            parts.append([closed(part)])
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _wrap(longitude_deg: float) -> float:
    return (longitude_deg + 180.0) % 360.0 - 180.0


def _around_pole(ring: Floats, pole_deg: float) -> Floats:
    """Return a ring that holds a pole as a band that reaches up (or down) to it over all longitudes."""
    ring[:, 0] = (ring[:, 0] + 180.0) % 360.0 - 180.0
    ring = ring[np.argsort(ring[:, 0])]
    edge = float(np.interp(180.0, [ring[-1, 0], ring[0, 0] + 360.0], [ring[-1, 1], ring[0, 1]]))
    ring = np.vstack([[-180.0, edge], ring, [180.0, edge], [180.0, pole_deg], [-180.0, pole_deg]])
    return ring if pole_deg > 0.0 else ring[::-1]


def cut(ring: Floats, bound_deg: float, sign: float) -> Floats:
    """Keep the part of a ring on one side of a meridian (Sutherland and Hodgman, CACM 17, 32, 1974)."""
    kept: list[Floats] = []
    for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        inside_a, inside_b = sign * (a[0] - bound_deg) >= 0.0, sign * (b[0] - bound_deg) >= 0.0
        if inside_a:
            kept.append(a)
        if inside_a != inside_b:
            kept.append(a + (b - a) * (bound_deg - a[0]) / (b[0] - a[0]))
    return np.array(kept) if kept else np.empty((0, 2))


def closed(ring: Floats) -> list[list[float]]:
    """Return a ring as positions for GeoJSON, the first one repeated at the end."""
    return [[round(float(x), 6), round(float(y), 6)] for x, y in (*ring, ring[0])]


def _track(flight: Flight, track: Track) -> dict[str, Any]:
    columns = track.columns
    pieces = split_at_antimeridian(columns["longitude_deg"], columns["latitude_deg"], columns["altitude_m"])
    lines = [
        [[round(x, 6), round(y, 6), round(z, 1)] for x, y, z in zip(*(c.tolist() for c in piece), strict=True)]
        for piece in pieces
    ]
    about = {
        "kind": "track",
        "body": track.body,
        "start_utc": utc_text(flight.utc_at(columns["time_s"][0])),
        "stop_utc": utc_text(flight.utc_at(columns["time_s"][-1])),
    }
    if len(lines) == 1:
        return feature({"type": "LineString", "coordinates": lines[0]}, about)
    return feature({"type": "MultiLineString", "coordinates": lines}, about)


def line(longitude_deg: Floats, latitude_deg: Floats) -> dict[str, Any]:
    """Return a line of places in deg as a LineString or, across the antimeridian, a MultiLineString."""
    parts = [np.round(np.column_stack(part), 6).tolist() for part in split_at_antimeridian(longitude_deg, latitude_deg)]
    if len(parts) == 1:
        return {"type": "LineString", "coordinates": parts[0]}
    return {"type": "MultiLineString", "coordinates": parts}


def feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON feature."""
    return {"type": "Feature", "geometry": geometry, "properties": properties}
