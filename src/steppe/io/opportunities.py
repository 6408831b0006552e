"""Landing opportunities as plain values for JSON, and as a CSV file with units in its header."""

from __future__ import annotations

import csv
import io
import math
from datetime import datetime
from pathlib import Path
from typing import Any

from steppe.files import write_text
from steppe.flight.opportunity_records import Opportunities, Opportunity


def opportunities_dict(result: Opportunities, station: str) -> dict[str, Any]:
    """Return the answer as plain values; angles in degrees, times in UTC, None where a number does not exist.

    Parameters
    ----------
    result
        The answer.
    station
        What the user named.
    """
    request = result.request
    orbit = request.orbit
    return {
        "station": station,
        "station_name": orbit.name or None,
        "elements_utc": utc_text(orbit.epoch),
        "from": utc_text(request.first),
        "to": utc_text(request.last),
        "vehicle": request.vehicle.name,
        "zones": [zone.name for zone in request.zones],
        "mode": "fixed-delta-v" if request.entry_angle_deg is None else "fixed-entry-angle",
        "entry_angle_deg": request.entry_angle_deg,
        "wind_bias": request.wind_bias,
        "max_crossrange_km": request.max_crossrange_m / 1e3,
        "daylight": request.daylight,
        "reachable": sum(one.reachable for one in result.found),
        "opportunities": [opportunity_dict(one) for one in result.found],
        "alternative": result.alternative,
        "notes": list(result.notes),
    }


def opportunity_dict(one: Opportunity) -> dict[str, Any]:
    """Return one opportunity as plain values."""
    touchdown = one.touchdown_deg or (None, None)
    ballistic = one.ballistic_deg or (None, None)
    return {
        "zone": one.candidate.zone.name,
        "rank": one.rank,
        "reachable": one.reachable,
        "reason": one.reason,
        "revolution": one.candidate.revolution,
        "pass_of_day": one.candidate.pass_of_day,
        "undocking_utc": utc_text(one.undocking),
        "ignition_utc": utc_text(one.ignition),
        "delta_v_m_s": _rounded(one.delta_v_m_s, 3),
        "burn_duration_s": _rounded(one.burn_s, 2),
        "propellant_kg": _rounded(one.propellant_kg, 2),
        "module_separation_utc": utc_text(one.separation),
        "entry_interface_utc": utc_text(one.interface),
        "entry_flight_path_angle_deg": _degrees(one.entry_angle_rad, 4),
        "parachute_utc": utc_text(one.parachute),
        "touchdown_utc": utc_text(one.touchdown),
        "touchdown_latitude_deg": _rounded(touchdown[0], 5),
        "touchdown_longitude_deg": _rounded(touchdown[1], 5),
        "crossrange_km": _rounded(one.crossrange_m / 1e3, 2),
        "sun_elevation_deg": _degrees(one.sun_elevation_rad, 2),
        "ballistic_latitude_deg": _rounded(ballistic[0], 4),
        "ballistic_longitude_deg": _rounded(ballistic[1], 4),
        "along_track_uncertainty_s": _rounded(one.along_track_uncertainty_s, 1),
    }


def write_opportunities_csv(result: Opportunities, path: Path) -> None:
    """Write all opportunities as CSV, one a line, the keys of `opportunity_dict` as header.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    rows = [opportunity_dict(one) for one in result.found]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["zone"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def utc_text(when: datetime | None) -> str | None:
    """Return a date to the millisecond, or None."""
    if when is None:
        return None
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _degrees(value: float | None, digits: int) -> float | None:
    return None if value is None else round(math.degrees(value), digits)
