"""What happens on the ground after the flights of a campaign."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.ensemble.cases import Nominal
from steppe.ensemble.flown import FlownCases
from steppe.ensemble.sampling import Samples
from steppe.errors import LANDED
from steppe.flight.landing import Conditions, canopy_wind_factor, land
from steppe.kernels import phase as k
from steppe.kernels.ends import END_CODE, END_STATE

Array = npt.NDArray[np.float64]

_COLUMNS: Final = {
    "landing_tipped": "tipped", "landing_tilt_deg": "tilt_deg", "landing_vertical_speed_m_s": "vertical_speed_m_s",
    "landing_horizontal_speed_m_s": "horizontal_speed_m_s", "landing_dragged_m": "dragged_m",
    "landing_capsule_load_g": "capsule_load_g", "landing_seat_load_g": "seat_load_g", "landing_beta": "beta",
    "landing_injury_probability": "injury_probability",
}  # fmt: skip
# What a landing needs to know of a flight; the last one may be missing
_NEEDED: Final = ("touchdown_sink_rate_m_s", "touchdown_horizontal_speed_m_s")


def on_the_ground(nominal: Nominal, samples: Samples, flown: FlownCases, outputs: dict[str, Array]) -> dict[str, Array]:
    """Return the outputs of the landing, each of shape (n,); nothing where the vehicle does not say what lands."""
    landed = flown.ends[:, END_CODE] == LANDED
    mass_kg = np.where(landed, flown.ends[:, END_STATE + k.MASS - k.X], np.nan)
    found = landings(nominal, samples, outputs, mass_kg)
    return {column: found[name] for column, name in _COLUMNS.items()} if found else {}


def landings(nominal: Nominal, samples: Samples, outputs: dict[str, Array], mass_kg: Array) -> dict[str, Array]:
    """Return all that `steppe.flight.landing.land` says of the landings of samples; empty where nothing lands.

    The canopy stands in the wind of its height; gust and swing add to the horizontal speed of the capsule alone. The
    slope is that of the elevation tiles at each touchdown, if the mission has some, plus what is drawn.

    Parameters
    ----------
    nominal, samples
        The landing of the vehicle, and its errors.
    outputs
        Rate of descent and horizontal speed at the touchdown, and the rate before the engines, each of shape (n,).
    mass_kg
        At the touchdown, shape (n,); not a number for what did not land.
    """
    landing = nominal.loaded.vehicle.landing
    if landing is None or not all(name in outputs for name in _NEEDED):
        return {}
    sink, ground = (outputs[name] for name in _NEEDED)
    speed = canopy_wind_factor(landing) * ground
    slope_deg = samples.values("landing_slope_error_deg")
    if nominal.relief is not None:
        place = outputs["touchdown_latitude_deg"], outputs["touchdown_longitude_deg"]
        slope_deg = slope_deg + nominal.relief.slope_at(*place)
    # A capsule on high ground may land before its engines are due
    hang = outputs.get("sink_rate_m_s", sink)
    hang = np.where(np.isfinite(hang), hang, sink)
    return land(
        landing,
        Conditions(
            sink_rate_m_s=sink,
            horizontal_speed_m_s=speed + samples.values("landing_speed_error_m_s"),
            hang_sink_rate_m_s=hang,
            wind_m_s=speed,
            mass_kg=mass_kg,
            slope_deg=slope_deg,
            friction_factor=samples.values("landing_friction_factor"),
            soil_depth_factor=samples.values("landing_soil_depth_factor"),
            canopy_cut_error_s=samples.values("canopy_cut_error_s"),
        ),
    )
