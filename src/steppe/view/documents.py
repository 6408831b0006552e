"""What the pages read: a flight as one JSON document of numbers, columns and lines of the coast; no drawing here."""

from __future__ import annotations

import functools
import math
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.flight.result import Event, Flight, Track
from steppe.io.summary import finite, summary
from steppe.nomenclature import EVENTS, VARIABLES
from steppe.view.descent_document import descent_document, packed
from steppe.view.map import TOWNS

Floats = npt.NDArray[np.float64]

# Columns that the pages show or export; the others stay in flight.parquet
COLUMNS: Final = (
    "time_s", "altitude_m", "latitude_deg", "longitude_deg", "airspeed_m_s", "mach", "vertical_speed_m_s",
    "flight_path_angle_deg", "load_g", "heat_flux_w_m2", "dynamic_pressure_pa", "bank_deg", "bank_command_deg",
)  # fmt: skip
# A module needs no more than its way
MODULE_COLUMNS: Final = ("time_s", "altitude_m", "latitude_deg", "longitude_deg", "airspeed_m_s")


@functools.cache
def coast_document() -> dict[str, Any]:
    """Return the bundled coast as whole steps from point to point: ``region`` and ``world``, each land and borders."""
    with resources.files("steppe.data").joinpath("coastlines.npz").open("rb") as file, np.load(file) as data:
        return {
            level: {
                "step_deg": float(data[f"{level}_step_deg"]),
                "land": _steps(data[f"{level}_land"], data[f"{level}_land_starts"]),
                "borders": _steps(data[f"{level}_border"], data[f"{level}_border_starts"]),
            }
            for level in ("region", "world")
        }


def _steps(points: npt.NDArray[np.int16], starts: npt.NDArray[np.int32]) -> list[list[int]]:
    lines = np.split(points.astype(np.int64), starts[1:-1])
    return [np.diff(line, axis=0, prepend=[[0, 0]]).ravel().tolist() for line in lines]


def towns_document() -> list[dict[str, Any]]:
    """Return the towns of the maps."""
    return [{"name": name, "latitude_deg": latitude, "longitude_deg": longitude} for name, latitude, longitude in TOWNS]


def variables_document(names: tuple[str, ...] = COLUMNS) -> dict[str, Any]:
    """Return label and units of some variables, for the pages."""
    return {
        name: {
            "label": VARIABLES[name].label,
            "unit": VARIABLES[name].unit,
            "display_unit": VARIABLES[name].display_unit,
            "factor": VARIABLES[name].display_factor,
        }
        for name in names
    }


def flight_document(flight: Flight) -> dict[str, Any]:
    """Return a flight as the document that the report and the live page read.

    Parameters
    ----------
    flight
        The flight.

    Returns
    -------
    dict
        Strict JSON: the summary of `steppe.io.summary`, the tracks as packed columns (every sample of flight.parquet,
        bit for bit), limits, zone, coast. ``frontend/src/document.ts`` names the types.
    """
    about, mission = summary(flight), flight.mission.mission
    events = [{**row, **_more(flight, event)} for row, event in zip(about["events"], flight.events, strict=True)]
    departing = flight.departing
    document = {
        "kind": "flight",
        "mission": mission.name,
        "title": mission.title or mission.name,
        "vehicle": flight.mission.vehicle.name,
        "status": flight.status.name,
        "status_sentence": flight.status.sentence,
        "epoch_unix_s": flight.epoch.timestamp(),
        "variables": variables_document(),
        "events": events,
        "tracks": [
            track_document(flight.track, COLUMNS),
            *(track_document(one, MODULE_COLUMNS) for one in flight.modules),
        ],
        "departure": None if departing is None else {name: packed(one) for name, one in departing.columns.items()},
        "limits": limits_document(flight),
        "zone": zone_document(flight),
        "published": published_document(flight),
        "towns": towns_document(),
        "touchdown": about["touchdown"],
        **descent_document(flight),
        "facts": _facts(flight),
        "provenance": about["provenance"],
        "notes": about["notes"],
        "coast": coast_document(),
    }
    result: dict[str, Any] = finite(document)
    return result


def track_document(track: Track, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the columns of a track that a page needs."""
    columns = {name: packed(track.columns[name]) for name in names if name in track.columns}
    return {"body": track.body, "label": track.body.replace("_", " "), "columns": columns}


def limits_document(flight: Flight) -> list[dict[str, Any]]:
    """Return the limits that a page draws: the load at which the flight would have ended."""
    load_g = flight.mission.mission.limits.load_g
    return [{"variable": "load_g", "value": load_g, "label": f"limit {load_g:g} g"}] if math.isfinite(load_g) else []


def zone_document(flight: Flight) -> dict[str, Any] | None:
    """Return the landing zone."""
    zone = flight.mission.zone
    if zone is None:
        return None
    return {
        "name": zone.title or zone.name,
        "latitude_deg": zone.latitude_deg,
        "longitude_deg": zone.longitude_deg,
        "radius_km": zone.radius_m / 1e3,
    }


def published_document(flight: Flight) -> dict[str, Any] | None:
    """Return where the real capsule landed, if that was published."""
    known = flight.mission.mission.published
    if known.touchdown_latitude_deg is None or known.touchdown_longitude_deg is None:
        return None
    place = {"latitude_deg": known.touchdown_latitude_deg, "longitude_deg": known.touchdown_longitude_deg}
    return {"name": "published landing", **place}


def _more(flight: Flight, event: Event) -> dict[str, Any]:
    """Return what the summary does not say of an event: its name for people, its time, the load there."""
    columns = flight.track.columns
    load = float(np.interp(event.time_s, columns["time_s"], columns["load_g"])) if "load_g" in columns else math.nan
    label = EVENTS.get(event.name, event.name.replace("_", " ").capitalize())
    return {"label": label, "time_s": event.time_s, "load_g": load}


def _facts(flight: Flight) -> list[list[str]]:
    """Return the row of large numbers on top of the report."""
    facts = [["Peak load", f"{flight.peaks.load_g:.2f} g"]]
    facts.append(["Peak heat flux", f"{flight.peaks.heat_flux_w_m2 * 1e-4:.0f} W/cm²"])
    burn, speed = flight.plan.get("burn_duration_s"), flight.plan.get("delta_v_m_s")
    if isinstance(burn, float) and isinstance(speed, float):
        facts.insert(0, ["Deorbit burn", f"{burn:.0f} s, {speed:.0f} m/s"])
    interface = flight.event("entry_interface")
    if interface is not None and "flight_path_angle_deg" in flight.track.columns:
        columns = flight.track.columns
        angle = float(np.interp(interface.time_s, columns["time_s"], columns["flight_path_angle_deg"]))
        facts.append(["Entry angle", f"{angle:.2f}°".replace("-", "−")])
    landing = flight.touchdown
    if landing is not None:
        facts.append(["Under the engines", f"{landing.speed_before_engines_m_s:.1f} → {landing.speed_m_s:.1f} m/s"])
        if landing.distance_to_zone_km is not None:
            facts.append(["From the aim", f"{landing.distance_to_zone_km:.1f} km"])
        if landing.distance_to_published_km is not None:
            facts.append(["From the real landing", f"{landing.distance_to_published_km:.1f} km"])
    return facts
