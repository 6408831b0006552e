"""Stagnation-point heating."""

from __future__ import annotations

import math

from steppe.constants import STEFAN_BOLTZMANN_W_M2_K4, SUTTON_GRAVES_AIR
from steppe.kernels.jit import physics


@physics
def stagnation_heat_flux(density_kg_m3: float, airspeed_m_s: float, nose_radius_m: float) -> float:
    """Return the cold-wall convective heat flux in W/m2.

    Sutton and Graves, NASA TR R-376 (1971): q = k sqrt(rho / r_n) V^3 with k = 1.7415e-4 for air. Radiation is left
    out: below 9 km/s it is nil (Tauber and Sutton, J. Spacecraft 28, 1991).
    """
    return SUTTON_GRAVES_AIR * math.sqrt(density_kg_m3 / nose_radius_m) * airspeed_m_s * airspeed_m_s * airspeed_m_s


@physics
def brandis_johnston_heat_flux(density_kg_m3: float, airspeed_m_s: float, nose_radius_m: float) -> float:
    """Return the convective heat flux in W/m2 by Brandis and Johnston (AIAA 2014-2374); not a number below 3 km/s.

    q = 7.455e-9 rho^0.4705 V^3.089 r_n^-0.52 in W/cm2, for air from 3 to 9.5 km/s, fitted to Navier-Stokes solutions
    with a fully catalytic wall in equilibrium; the coefficients are those in circulation in open code.
    """
    if airspeed_m_s < 3000.0 or airspeed_m_s > 9500.0 or density_kg_m3 <= 0.0:
        return math.nan
    return 1e4 * 7.455e-9 * density_kg_m3**0.4705 * airspeed_m_s**3.089 * nose_radius_m**-0.52


@physics
def radiative_wall_temperature(heat_flux_w_m2: float, emissivity: float) -> float:
    """Return the temperature in K of a wall that radiates all the heat it gets: q = eps sigma T^4 (no ablation)."""
    return (max(heat_flux_w_m2, 0.0) / (emissivity * STEFAN_BOLTZMANN_W_M2_K4)) ** 0.25
