"""The flight in one JSON object: what ``steppe fly --json`` prints and ``events.json`` holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np

from steppe.errors import ConfigError, nearest
from steppe.flight.result import Departing, Event, Flight, Opening, Touchdown, Track


def utc_text(when: datetime) -> str:
    """Return a date as ISO 8601 with milliseconds and Z."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def summary(flight: Flight, timezone: str | None = None) -> dict[str, Any]:
    """Return the flight as plain values, fit for strict JSON.

    Parameters
    ----------
    flight
        The flight.
    timezone
        IANA name such as ``"Asia/Almaty"``; each event then also gets ``local``. The flight itself knows only UTC.

    Returns
    -------
    dict
        ``mission``, ``status``, ``events``, ``peaks``, ``touchdown`` (None if it did not land), ``contact``
        (on the ground), ``openings``, ``departure``, ``modules``, ``plan``, ``provenance``. What is
        undefined (NaN) is None.

    Raises
    ------
    ConfigError
        If the time zone is unknown.
    """
    zone = None if timezone is None else _time_zone(timezone)
    result = {
        "mission": flight.mission.mission.name,
        "status": flight.status.name,
        "status_sentence": flight.status.sentence,
        "status_hint": flight.status.hint,
        "epoch_utc": utc_text(flight.epoch),
        "events": [_event(event, zone) for event in flight.events],
        "peaks": {
            "load_g": flight.peaks.load_g,
            "heat_flux_w_m2": flight.peaks.heat_flux_w_m2,
            "dynamic_pressure_pa": flight.peaks.dynamic_pressure_pa,
        },
        "touchdown": None if flight.touchdown is None else _touchdown(flight.touchdown, zone),
        "contact": None if flight.contact is None else asdict(flight.contact),
        "openings": [opening_facts(one) for one in flight.openings],
        "departure": None if flight.departing is None else _departure(flight.departing),
        "modules": [_module(flight, track) for track in flight.modules],
        "plan": dict(flight.plan),
        "notes": list(flight.notes),
        "provenance": dict(flight.provenance),
    }
    if timezone is not None:
        result["local_time"] = timezone
    clean: dict[str, Any] = finite(result)
    return clean


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # ZoneInfo raises ValueError for a name that leaves its folder and OSError for one that is a folder
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        hint = nearest(name, known) if known else "this system has no time zone data; `pip install tzdata`"
        raise ConfigError(f"there is no time zone '{name}'; {hint}", key="timezone") from None


def _local(when: datetime, zone: ZoneInfo) -> str:
    return when.astimezone(zone).isoformat(timespec="milliseconds")


def _event(event: Event, zone: ZoneInfo | None) -> dict[str, Any]:
    row = {
        "event": event.name,
        "utc": utc_text(event.utc),
        "altitude_m": event.altitude_m,
        "latitude_deg": event.latitude_deg,
        "longitude_deg": event.longitude_deg,
        "speed_m_s": event.speed_m_s,
        "mach": event.mach,
        "published_utc": None if event.published_utc is None else utc_text(event.published_utc),
        "published_precision_s": event.published_precision_s,
        "difference_s": event.difference_s,
    }
    if zone is not None:
        row["local"] = _local(event.utc, zone)
    return row


def _touchdown(touchdown: Touchdown, zone: ZoneInfo | None) -> dict[str, Any]:
    row = {
        "utc": utc_text(touchdown.utc),
        "latitude_deg": touchdown.latitude_deg,
        "longitude_deg": touchdown.longitude_deg,
        "speed_m_s": touchdown.speed_m_s,
        "speed_before_engines_m_s": touchdown.speed_before_engines_m_s,
        "distance_to_zone_km": touchdown.distance_to_zone_km,
        "distance_to_published_km": touchdown.distance_to_published_km,
    }
    if zone is not None:
        row["local"] = _local(touchdown.utc, zone)
    return row


def opening_facts(opening: Opening) -> dict[str, Any]:
    """Return what the products say of the opening of a canopy, without its curve."""
    row = {name: value for name, value in asdict(opening).items() if name != "curve"}
    return {**row, "margin": opening.margin}


def _departure(departing: Departing) -> dict[str, Any]:
    return {
        "distance_at_ignition_m": departing.distance_at_ignition_m,
        "closest_after_separation_m": departing.closest_after_separation_m,
        "returns": bool(departing.returns),
    }


def _module(flight: Flight, track: Track) -> dict[str, Any]:
    row: dict[str, Any] = {"name": track.body}
    if len(track) == 0:
        return row
    row["last_utc"] = utc_text(flight.utc_at(track.columns["time_s"][-1]))
    for name in ("altitude_m", "latitude_deg", "longitude_deg", "airspeed_m_s"):
        if name in track.columns:
            row[f"last_{name}"] = float(track.columns[name][-1])
    return row


def finite(value: Any) -> Any:
    """Return the same structure with plain numbers, and None for NaN and infinity, which JSON cannot say."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
