"""The heat of a flown entry: two correlations of the stagnation flux, and the wall that radiates it away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.kernels.heating import brandis_johnston_heat_flux, radiative_wall_temperature

Array = npt.NDArray[np.float64]

# Charred ablators radiate with 0.85 to 0.9 (common engineering value; nothing was published for Soyuz)
EMISSIVITY: Final = 0.85


@dataclass(frozen=True, slots=True)
class Heat:
    """The heat at the stagnation point; arrays have one value per sample of the entry.

    Attributes
    ----------
    time_s
        Seconds since the epoch.
    flux_w_m2
        Sutton and Graves.
    second_flux_w_m2
        Brandis and Johnston, NaN below 3 km/s.
    wall_k
        Temperature of a wall in radiative balance with `flux_w_m2`.
    load_j_m2
        The integral of `flux_w_m2`.
    """

    time_s: Array
    flux_w_m2: Array
    second_flux_w_m2: Array
    wall_k: Array
    load_j_m2: float

    def as_dict(self) -> dict[str, float | None]:
        """Return the peaks as plain values."""
        second = self.second_flux_w_m2[np.isfinite(self.second_flux_w_m2)]
        return {
            "peak_flux_w_m2": float(self.flux_w_m2.max()),
            "peak_flux_brandis_johnston_w_m2": float(second.max()) if second.size else None,
            "peak_wall_temperature_k": float(self.wall_k.max()),
            "heat_load_j_m2": self.load_j_m2,
        }


def heat_of(columns: dict[str, Array], nose_radius_m: float, emissivity: float = EMISSIVITY) -> Heat:
    """Return the heat of the samples of an entry.

    Parameters
    ----------
    columns
        ``time_s``, ``density_kg_m3``, ``airspeed_m_s`` and ``heat_flux_w_m2`` from entry to parachute command.
    nose_radius_m
        Radius of the heat shield.
    emissivity
        Of the wall.
    """
    time, flux = columns["time_s"], columns["heat_flux_w_m2"]
    pairs = zip(columns["density_kg_m3"], columns["airspeed_m_s"], strict=True)
    second = np.array([brandis_johnston_heat_flux(density, speed, nose_radius_m) for density, speed in pairs])
    wall = np.array([radiative_wall_temperature(one, emissivity) for one in flux])
    load = float(np.sum(0.5 * (flux[1:] + flux[:-1]) * np.diff(time)))
    return Heat(time, flux, second, wall, load)
