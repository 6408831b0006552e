"""Stagnation-point heating."""

from __future__ import annotations

import math

from steppe.constants import SUTTON_GRAVES_AIR
from steppe.kernels.jit import physics


@physics
def stagnation_heat_flux(density_kg_m3: float, airspeed_m_s: float, nose_radius_m: float) -> float:
    """Return the cold-wall convective heat flux in W/m2.

    Sutton and Graves, NASA TR R-376 (1971): q = k sqrt(rho / r_n) V^3 with k = 1.7415e-4 for air. Radiation is left
    out: below 9 km/s it is nil (Tauber and Sutton, J. Spacecraft 28, 1991).
    """
    return SUTTON_GRAVES_AIR * math.sqrt(density_kg_m3 / nose_radius_m) * airspeed_m_s * airspeed_m_s * airspeed_m_s
