"""Stagnation-point heating, and the mean over the surface of a tumbling piece."""

from __future__ import annotations

import math

from steppe.constants import STEFAN_BOLTZMANN_W_M2_K4, SUTTON_GRAVES_AIR
from steppe.kernels.air import clamp, exponential
from steppe.kernels.jit import physics

# Detra, Kemp and Riddell, Jet Propulsion 27 (1957) 1256, in SI: W/m2 for a radius in m, with the density and the speed
# that it is scaled by; the constants are those of ESA DRAMA 4.1.4 (see docs/models/debris.md)
DETRA_W_M2, DETRA_DENSITY_KG_M3, DETRA_SPEED_M_S = 1.1035e8, 1.225, 7925.0
# Mean over the surface of a sphere of the flux at its stagnation point: 0.275 in ORSAT (Rochelle et al. 1997), 0.27471
# in DRAMA. A sphere meets every incidence equally, and so does each part of a body that tumbles at random, so the mean
# of its flux over all attitudes is the same share
TUMBLING_SHARE = 0.27471
# Part of the energy of free molecules that the wall keeps (Matting, J. Spacecraft 8 (1971) 35; DRAMA: 0.78)
ACCOMMODATION = 0.8
# Heat capacity of cold air at constant pressure, J/(kg K)
AIR_CAPACITY_J_KG_K = 1004.5


@physics
def stagnation_heat_flux(density_kg_m3: float, airspeed_m_s: float, nose_radius_m: float) -> float:
    """Return the cold-wall convective heat flux in W/m2.

    Sutton and Graves, NASA TR R-376 (1971): q = k sqrt(rho / r_n) V^3 with k = 1.7415e-4 for air. Radiation is left
    out: below 9 km/s it is nil (Tauber and Sutton, J. Spacecraft 28, 1991).
    """
    return SUTTON_GRAVES_AIR * math.sqrt(density_kg_m3 / nose_radius_m) * airspeed_m_s * airspeed_m_s * airspeed_m_s


@physics
def detra_heat_flux(density_kg_m3: float, airspeed_m_s: float, nose_radius_m: float) -> float:
    """Return the cold-wall convective heat flux at a stagnation point in W/m2.

    Detra, Kemp and Riddell (1957): q = k r^-1/2 (rho / rho_0)^1/2 (V / V_0)^3.15. The power 0.15 is taken as
    1/8 + 1/64 + 1/128 by square roots, which no lane has to call a library for: within 0.3 % from 1 to 8 km/s.
    """
    x = airspeed_m_s * (1.0 / DETRA_SPEED_M_S)
    eighth = math.sqrt(math.sqrt(math.sqrt(x)))
    part = math.sqrt(math.sqrt(math.sqrt(eighth)))
    density = math.sqrt(density_kg_m3 * (1.0 / DETRA_DENSITY_KG_M3) / nose_radius_m)
    return DETRA_W_M2 * density * x * x * x * eighth * part * math.sqrt(part)


@physics
def tumbling_heat_flux(density_kg_m3: float, airspeed_m_s: float, radius_m: float) -> float:
    """Return the cold-wall heat flux in W/m2, mean over the surface of a convex piece that tumbles at random.

    Continuum: `TUMBLING_SHARE` of the stagnation flux. Free molecules: accommodation x rho V^3 / 2 on the mean
    projected area, a quarter of the surface (Cauchy). Between: q_c (1 - exp(-q_f / q_c)) (Matting 1971, n = 1).
    """
    continuum = TUMBLING_SHARE * detra_heat_flux(density_kg_m3, airspeed_m_s, radius_m) + 1e-30
    free = 0.125 * ACCOMMODATION * density_kg_m3 * airspeed_m_s * airspeed_m_s * airspeed_m_s
    # exp(-x) is the 64th power of exp(-x / 64); beyond x = 44 it is below 1e-19
    power = exponential(clamp(-free / continuum * (1.0 / 64.0), -0.69, 0.0))
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    return continuum * (1.0 - power)


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
