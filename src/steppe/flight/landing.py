"""On the ground: contact, tipping over, the pull of the canopy and the load on the seats, after the trajectory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.config.vehicle import Landing
from steppe.flight.crew import SEAT_ANGLE_DEG
from steppe.flight.result import Contact, Flight
from steppe.kernels import touchdown as t

Array = npt.NDArray[np.float64]

# Outputs that are one column of the kernel each
_PLAIN: Final = {
    "vertical_speed_m_s": t.NORMAL, "horizontal_speed_m_s": t.SLIDING, "dragged_m": t.DRAGGED,
    "seat_stroke_m": t.STROKE, "capsule_load_g": t.CAPSULE_G, "seat_load_g": t.SEAT_G, "drx": t.DRX, "dry": t.DRY,
    "drz": t.DRZ, "beta": t.BETA, "injury_probability": t.INJURY, "tipped": t.TIPPED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conditions:
    """What some landings begin with, each of shape (n,) or one number for all.

    Attributes
    ----------
    sink_rate_m_s
        At the touchdown, after the landing engines.
    horizontal_speed_m_s
        Over the ground, along the motion; a negative one counts as one in the other direction.
    hang_sink_rate_m_s
        Under the canopy, before the engines: it says how much the canopy pulls in a wind.
    wind_m_s
        Wind at the canopy, in the direction of the motion.
    mass_kg
        At the touchdown.
    slope_deg
        Of the ground, down in the direction of the motion.
    friction_factor, soil_depth_factor, canopy_cut_error_s
        What differs from the vehicle file.
    """

    sink_rate_m_s: Array | float
    horizontal_speed_m_s: Array | float
    hang_sink_rate_m_s: Array | float
    wind_m_s: Array | float
    mass_kg: Array | float
    slope_deg: Array | float = 0.0
    friction_factor: Array | float = 1.0
    soil_depth_factor: Array | float = 1.0
    canopy_cut_error_s: Array | float = 0.0


def body_of(landing: Landing) -> t.Body:
    """Return the body that the kernel lands."""
    return t.Body(
        landing.base_radius_m, landing.centre_height_m, landing.attachment_height_m, landing.inertia_kg_m2,
        landing.canopy_slack_m, landing.seat_stroke_m, landing.seat_frequency_rad_s,
        landing.seat_damping, math.radians(SEAT_ANGLE_DEG),
    )  # fmt: skip


def canopy_wind_factor(landing: Landing) -> float:
    """Return the speed of a capsule that hangs from a canopy over the wind that weather services give at the ground.

    They mean the wind at 10 m; the canopy stands higher, and the capsule goes with the wind there.
    """
    return t.wind_growth(landing.canopy_height_m, landing.roughness_m)


def land(landing: Landing, conditions: Conditions) -> dict[str, Array]:
    """Land capsules.

    Parameters
    ----------
    landing
        From the vehicle file.
    conditions
        Speeds, ground and canopy.

    Returns
    -------
    dict
        Each of shape (n,): ``vertical_speed_m_s`` and ``horizontal_speed_m_s`` across and along the ground, ``tipped``
        (1 if it ends on its side), ``tilt_deg`` (the largest; 90 if it tipped), ``dragged_m`` along the ground,
        ``seat_stroke_m``, ``capsule_load_g``, ``seat_load_g``, the dynamic responses ``drx``, ``dry``, ``drz`` and
        ``beta``, which is at most 1 where Brinkley's criterion sees a low risk, and ``injury_probability`` of people in
        condition. Not a number where an input is not.
    """
    cut_s = landing.canopy_cut_s + np.asarray(conditions.canopy_cut_error_s)
    friction = landing.friction * np.asarray(conditions.friction_factor)
    soil_m = landing.soil_depth_m * np.asarray(conditions.soil_depth_factor)
    given = np.broadcast_arrays(
        conditions.sink_rate_m_s, conditions.horizontal_speed_m_s, np.radians(conditions.slope_deg), friction,
        conditions.mass_kg, conditions.hang_sink_rate_m_s, conditions.wind_m_s, cut_s, soil_m,
    )  # fmt: skip
    table = np.stack([np.ravel(np.asarray(values, dtype=np.float64)) for values in given], axis=1)
    usable = np.isfinite(table).all(axis=1) & (table[:, t.MASS] > 0.0)
    back = table[:, t.ALONG] < 0.0
    for column in (t.ALONG, t.SLOPE, t.WIND):
        table[back, column] *= -1.0
    outputs = np.full((table.shape[0], t.OUTPUT_COLUMNS), np.nan)
    rows = np.ascontiguousarray(table[usable])
    landed = np.zeros((rows.shape[0], t.OUTPUT_COLUMNS))
    t.land_many(body_of(landing), rows, landed)
    outputs[usable] = landed
    found: dict[str, Array] = {name: outputs[:, column] for name, column in _PLAIN.items()}
    found["tilt_deg"] = np.degrees(np.minimum(outputs[:, t.TILT], 0.5 * np.pi))
    return found


def contact_of(flight: Flight) -> Contact | None:
    """Return what happens on the ground after a flight, None without a landing or without [landing] in its vehicle.

    The slope is that of the elevation data at the touchdown if the mission has some, else none; it is taken to fall in
    the direction of the motion, the worst one.
    """
    landing, touchdown = flight.mission.vehicle.landing, flight.touchdown
    if landing is None or touchdown is None:
        return None
    columns = flight.track.columns
    sink, ground = -float(columns["vertical_speed_m_s"][-1]), float(columns["ground_speed_m_s"][-1])
    along = math.sqrt(max(ground * ground - sink * sink, 0.0))
    slope_deg = _slope_deg(flight.provenance)
    along *= canopy_wind_factor(landing)
    found = land(
        landing,
        Conditions(sink, along, touchdown.speed_before_engines_m_s, along, float(columns["mass_kg"][-1]), slope_deg),
    )
    return contact(found, slope_deg)


def contact(found: dict[str, Array], slope_deg: float) -> Contact:
    """Return the first landing of `land` as a record."""
    values: dict[str, Any] = {name: float(found[name][0]) for name in found if name != "tipped"}
    return Contact(slope_deg=slope_deg, tips_over=bool(found["tipped"][0]), **values)


def _slope_deg(provenance: dict[str, str]) -> float:
    try:
        return float(provenance.get("ground_slope_deg", "0"))
    except ValueError:
        return 0.0
