"""What people call the outputs of a campaign, in what unit and order, and where other capsules landed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from steppe.ensemble.footprint import spread
from steppe.ensemble.statistics import wilson
from steppe.flight.records import bundled_records, is_ballistic, name_of, position_deg
from steppe.frames.geodetic import geodesic_distance_m
from steppe.view.crew_quantities import CREW

GROUPS: Final = ("Where and when it lands", "Entry", "On the ground", "Crew", "Burn and guidance", "Other")
_LANDING, _ENTRY, _GROUND, _CREW, _GUIDANCE, _OTHER = GROUPS
# Column: group, name; what crew, shield and radio go through is named in `crew_quantities`
_OWN_NAMES: Final = {
    "touchdown_latitude_deg": (_LANDING, "Latitude"),
    "touchdown_longitude_deg": (_LANDING, "Longitude"),
    "touchdown_after_plan_s": (_LANDING, "Later than planned"),
    "miss_km": (_LANDING, "From the centre of the zone"),
    "miss_east_km": (_LANDING, "East of the centre"),
    "miss_north_km": (_LANDING, "North of the centre"),
    "miss_along_km": (_LANDING, "Along the track"),
    "miss_cross_km": (_LANDING, "Right of the track"),
    "entry_flight_path_angle_deg": (_ENTRY, "Path angle at the interface"),
    "peak_load_g": (_ENTRY, "Peak load"),
    "peak_heat_flux_w_m2": (_ENTRY, "Peak heat flux"),
    "heat_load_j_m2": (_ENTRY, "Heat load"),
    "peak_dynamic_pressure_pa": (_ENTRY, "Peak dynamic pressure"),
    "peak_wall_temperature_k": (_ENTRY, "Shield in balance"),
    "blackout_end_s": (_ENTRY, "End of the VHF blackout after entry"),
    "canopy_pull_n": (_GROUND, "Largest pull of the canopies"),
    "canopy_pull_share": (_GROUND, "Pull over what the lines hold"),
    "sink_rate_m_s": (_GROUND, "Sink rate under the canopy"),
    "touchdown_sink_rate_m_s": (_GROUND, "Sink rate at the touchdown"),
    "touchdown_horizontal_speed_m_s": (_GROUND, "Drift at the touchdown"),
    "landing_horizontal_speed_m_s": (_GROUND, "Drift with gust and swing"),
    "landing_vertical_speed_m_s": (_GROUND, "Contact across the ground"),
    "landing_tipped": (_GROUND, "Ends on its side"),
    "landing_tilt_deg": (_GROUND, "Largest tilt"),
    "landing_dragged_m": (_GROUND, "Slides"),
    "landing_seat_load_g": (_CREW, "Load on the seat at the touchdown"),
    "landing_beta": (_CREW, "Brinkley β at the touchdown"),
    "burn_duration_s": (_GUIDANCE, "Duration of the burn"),
    "command_miss_km": (_GUIDANCE, "Parachute command from its aim"),
}  # fmt: skip
NAMES: Final = _OWN_NAMES | {
    one.column: (_CREW, one.label[0].upper() + one.label[1:]) for one in CREW if one.column not in _OWN_NAMES
}
_BY_BEGINNING: Final = {
    "miss_": _LANDING, "touchdown_": _LANDING, "landing_": _GROUND, "peak_": _ENTRY, "heat_": _ENTRY, "entry_": _ENTRY,
    "opening_": _GROUND, "canopy_": _GROUND, "time_above_": _CREW, "crew_": _CREW, "seat_": _CREW, "brinkley_": _CREW,
    "burn_": _GUIDANCE, "command_": _GUIDANCE, "guidance_": _GUIDANCE, "reversal": _GUIDANCE, "propellant": _GUIDANCE,
}  # fmt: skip
# Real landings this many radii of the zone from its centre were meant for it
_MEANT_RADII: Final = 1.5


def group_of(name: str) -> str:
    """Return the group that a column stands in."""
    if name in NAMES:
        return NAMES[name][0]
    return next((group for beginning, group in _BY_BEGINNING.items() if name.startswith(beginning)), _OTHER)


def order_of(name: str) -> tuple[int, int]:
    """Return where a column stands: by group, then in the order of `NAMES`, unknown ones last."""
    known = list(NAMES)
    return GROUPS.index(group_of(name)), known.index(name) if name in NAMES else len(known)


def share_of(one: Mapping[str, Any]) -> dict[str, float] | None:
    """Return the part of the samples with a yes and its 95 % interval (Wilson); None for a number."""
    if not str(one.get("meaning", "")).startswith("1 if "):
        return None
    samples = int(one["samples"])
    found = wilson(round(one["mean"] * samples), samples)
    return {"estimate": found.value, "low": found.low, "high": found.high}


def real_landings(zone: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the published landings of steered returns in a zone, with their covariance ellipse; None below five.

    The records are those that come with steppe, each with its sources. Their coordinates are published to a second or a
    minute of arc; other days, orbits and aim points, so their spread holds more than one flight repeated.
    """
    if zone is None:
        return None
    names, places = [], []
    for number, record in enumerate(bundled_records()):
        place = position_deg(record)
        if place is None or is_ballistic(record):
            continue
        there = np.radians([zone["latitude_deg"], zone["longitude_deg"], *place])
        if float(geodesic_distance_m(*there)) <= _MEANT_RADII * zone["radius_m"]:
            names.append(name_of(record, number))
            places.append(place)
    if len(places) < 5:
        return None
    latitude, longitude = np.array(places, dtype=np.float64).T
    whole = spread(latitude, longitude)
    if whole is None:
        return None
    ring_latitude, ring_longitude = whole.plane.to_deg(*whole.ellipse.ring_km())
    return {
        "names": names,
        "latitude_deg": latitude.tolist(),
        "longitude_deg": longitude.tolist(),
        "ring_deg": np.column_stack([ring_longitude, ring_latitude]).tolist(),
        "sd_east_km": whole.sd_east_km,
        "sd_north_km": whole.sd_north_km,
    }
