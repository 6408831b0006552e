"""What happens on the ground after the flights of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from steppe.ensemble.cases import Nominal
from steppe.ensemble.sampling import Samples
from steppe.errors import LANDED
from steppe.flight.landing import Conditions, land
from steppe.kernels import flying as k
from steppe.kernels.ends import END_CODE, END_STATE

if TYPE_CHECKING:
    from steppe.ensemble.run import FlownCases

Array = npt.NDArray[np.float64]

_COLUMNS: Final = {
    "landing_tipped": "tipped", "landing_tilt_deg": "tilt_deg", "landing_horizontal_speed_m_s": "horizontal_speed_m_s",
    "landing_dragged_m": "dragged_m", "landing_seat_load_g": "seat_load_g", "landing_beta": "beta",
}  # fmt: skip


def on_the_ground(nominal: Nominal, samples: Samples, flown: FlownCases, outputs: dict[str, Array]) -> dict[str, Array]:
    """Return the outputs of the landing, each of shape (n,); nothing where the vehicle does not say what lands.

    Gust and swing add to the horizontal speed of the capsule; the canopy stands in the wind without them.
    """
    landing = nominal.loaded.vehicle.landing
    if landing is None or "touchdown_sink_rate_m_s" not in outputs:
        return {}
    sink, speed = outputs["touchdown_sink_rate_m_s"], outputs["touchdown_horizontal_speed_m_s"]
    landed = flown.ends[:, END_CODE] == LANDED
    found = land(
        landing,
        Conditions(
            sink_rate_m_s=np.where(landed, sink, np.nan),
            horizontal_speed_m_s=speed + samples.values("landing_speed_error_m_s"),
            hang_sink_rate_m_s=outputs.get("sink_rate_m_s", sink),
            wind_m_s=speed,
            mass_kg=flown.ends[:, END_STATE + k.MASS - k.X],
            slope_deg=samples.values("landing_slope_error_deg"),
            friction_factor=samples.values("landing_friction_factor"),
            soil_depth_factor=samples.values("landing_soil_depth_factor"),
            canopy_cut_error_s=samples.values("canopy_cut_error_s"),
        ),
    )
    return {column: found[name] for column, name in _COLUMNS.items()}
