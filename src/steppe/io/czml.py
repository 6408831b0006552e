"""The flight as CZML, which Cesium plays: paths, events and the zone over the clock of the flight."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.files import write_json
from steppe.flight.result import Flight, Track
from steppe.io.geojson import circle_ring, closed
from steppe.io.summary import utc_text
from steppe.nomenclature import EVENTS

# Samples nearer in time than this are left out: Cesium interpolates between
_SPACING_S: Final = 1.0
_CAPSULE: Final = [0, 114, 178, 255]
_MODULES: Final = ([155, 79, 128, 255], [0, 128, 93, 255])
_ZONE: Final = [85, 96, 107, 255]


def flight_czml(flight: Flight) -> list[dict[str, Any]]:
    """Return the packets of a CZML document.

    Parameters
    ----------
    flight
        The flight.

    Returns
    -------
    list
        The document packet with the clock, one packet for each body (``position`` in the Earth-fixed frame, m, linear
        interpolation), one for each event (from its moment on) and one for the zone.
    """
    times = flight.track.columns["time_s"]
    interval = f"{utc_text(flight.utc_at(times[0]))}/{utc_text(flight.utc_at(times[-1]))}"
    mission = flight.mission.mission
    lit = flight.event("deorbit_ignition")
    clock = {
        "interval": interval,
        "currentTime": utc_text(flight.utc_at(times[0] if lit is None else lit.time_s)),
        "multiplier": 10,
        "range": "CLAMPED",
        "step": "SYSTEM_CLOCK_MULTIPLIER",
    }
    packets: list[dict[str, Any]] = [
        {"id": "document", "name": mission.title or mission.name, "version": "1.0", "clock": clock},
        _body(flight, flight.track, _CAPSULE),
    ]
    packets += [_body(flight, track, _MODULES[i % 2]) for i, track in enumerate(flight.modules) if len(track) > 1]
    packets += _events(flight, interval)
    zone = _zone(flight)
    return packets if zone is None else [*packets, zone]


def write_czml(flight: Flight, path: Path) -> None:
    """Write `flight_czml` to a file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_json(path, flight_czml(flight))


def _body(flight: Flight, track: Track, colour: list[int]) -> dict[str, Any]:
    columns = track.columns
    times = columns["time_s"]
    kept = [0]
    for number in range(1, len(times)):
        if times[number] - times[kept[-1]] >= _SPACING_S:
            kept.append(number)
    # the end belongs to the flight, however near it is; positions at the same moment break a path
    if kept[-1] != len(times) - 1:
        if times[-1] - times[kept[-1]] < 1e-3 and len(kept) > 1:
            kept.pop()
        kept.append(len(times) - 1)
    rows = np.stack([columns[name][kept] for name in ("time_s", "x_m", "y_m", "z_m")], axis=1)
    rows[:, 0] -= times[0]
    first, last = utc_text(flight.utc_at(times[0])), utc_text(flight.utc_at(times[-1]))
    label = track.body.replace("_", " ")
    return {
        "id": track.body,
        "name": label,
        "availability": f"{first}/{last}",
        "position": {
            "epoch": first,
            "referenceFrame": "FIXED",
            "interpolationAlgorithm": "LINEAR",
            "interpolationDegree": 1,
            "cartesian": [round(float(value), 3) for row in rows for value in row],
        },
        "path": {"material": {"solidColor": {"color": {"rgba": colour}}}, "width": 2, "leadTime": 0},
        "point": {"color": {"rgba": colour}, "pixelSize": 9},
        "label": {"text": label, "font": "12pt sans-serif", "pixelOffset": {"cartesian2": [12, -12]}},
    }


def _events(flight: Flight, interval: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    stop = interval.split("/")[1]
    for event in flight.events:
        place = [event.longitude_deg, event.latitude_deg, event.altitude_m]
        begin = utc_text(event.utc)
        # an event in the last millisecond is after the rounded end
        if not np.isfinite(place).all() or begin > stop:
            continue
        found.append(
            {
                "id": f"event-{event.name}",
                "name": EVENTS.get(event.name, event.name.replace("_", " ")),
                "availability": f"{begin}/{stop}",
                "description": f"{begin}, {event.altitude_m / 1e3:.2f} km, {event.speed_m_s:.0f} m/s",
                "position": {"cartographicDegrees": [round(value, 6) for value in place]},
                "point": {"color": {"rgba": _ZONE}, "pixelSize": 6},
            }
        )
    return found


def _zone(flight: Flight) -> dict[str, Any] | None:
    zone = flight.mission.zone
    if zone is None:
        return None
    # A line in space: it needs no cut at the antimeridian, and a cut would lose what lies beyond
    ring = circle_ring(zone.longitude_deg, zone.latitude_deg, zone.radius_m)
    ring[:, 0] = (ring[:, 0] + 180.0) % 360.0 - 180.0
    return {
        "id": "zone",
        "name": zone.title or zone.name,
        "polyline": {
            "positions": {"cartographicDegrees": [value for point in closed(ring) for value in (*point, 0.0)]},
            "material": {"solidColor": {"color": {"rgba": _ZONE}}},
            "clampToGround": True,
            "width": 2,
        },
    }
