"""The U.S. Standard Atmosphere 1976 (NOAA-S/T 76-1562, NASA-TM-X-74335), -5 to 1000 km geometric altitude.

Below 86 km: the layers of constant gradient in geopotential altitude (section 1.2.5, table 4), exactly. Above: the
temperature by the standard's four functions (equations 25 to 31); pressure and molar mass from its printed tables,
because the standard defines them only through numerical integrals. ln p is a cubic between the table's altitudes
with the hydrostatic slope -g M / (R T), so the interpolation keeps the balance that the standard integrates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import (
    AIR_HEAT_RATIO,
    STANDARD_GRAVITY_M_S2,
    US76_EARTH_RADIUS_M,
    US76_GAS_CONSTANT_J_KMOL_K,
    US76_MOLAR_MASS_KG_KMOL,
)
from steppe.errors import EnvironmentDataError

Floats = npt.NDArray[np.float64]

LOWEST_M: Final = -5000.0
HIGHEST_M: Final = 1000e3
_TURBOPAUSE_M: Final = 86e3
_SEA_LEVEL_PRESSURE_PA: Final = 101325.0

# Table 4: geopotential altitude of the base in m', gradient of the molecular-scale temperature in K/m'
_BASES_M: Final = (0.0, 11e3, 20e3, 32e3, 47e3, 51e3, 71e3)
_GRADIENTS_K_M: Final = (-6.5e-3, 0.0, 1.0e-3, 2.8e-3, 0.0, -2.8e-3, -2.0e-3)
_SEA_LEVEL_K: Final = 288.15
_HYDROSTATIC: Final = STANDARD_GRAVITY_M_S2 * US76_MOLAR_MASS_KG_KMOL / US76_GAS_CONSTANT_J_KMOL_K

# Table 8: molar mass over its sea-level value, every 500 m from 80 to 86 km
_RATIO_80_TO_86_KM: Final = (
    1.0, 0.999996, 0.999989, 0.999971, 0.999941, 0.999909, 0.999870,
    0.999829, 0.999786, 0.999741, 0.999694, 0.999641, 0.999579,
)  # fmt: skip

# The printed tables above 86 km: geometric altitude in km, pressure in Pa, molar mass in kg/kmol; the first molar
# mass is that of table 8, which has more digits
_UPPER_KM: Final = (
    *(86, 87, 88, 89, 90, 91, 93, 95, 97, 99, 101, 103, 105, 107, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118),
    *(119, 120, 125, 130, 135, 140, 145, 150, 160, 170, 180, 190, 200, 210, 220, 230, 240, 250, 260, 270, 280, 290),
    *(300, 310, 320, 330, 340, 350, 360, 370, 380, 390, 400, 410, 420, 430, 440, 450, 460, 470, 480, 490, 500, 525),
    *(550, 575, 600, 625, 650, 675, 700, 725, 750, 775, 800, 825, 850, 875, 900, 925, 950, 975, 1000),
)
_UPPER_PRESSURE_PA: Final = (
    3.7338e-1, 3.1259e-1, 2.6173e-1, 2.1919e-1, 1.8359e-1, 1.5381e-1, 1.0801e-1, 7.5966e-2, 5.3571e-2, 3.7948e-2,
    2.7192e-2, 1.9742e-2, 1.4477e-2, 1.0751e-2, 8.1142e-3, 7.1042e-3, 6.2614e-3, 5.5547e-3, 4.9570e-3, 4.4473e-3,
    4.0096e-3, 3.6312e-3, 3.3022e-3, 3.0144e-3, 2.7615e-3, 2.5382e-3, 1.7354e-3, 1.2505e-3, 9.3568e-4, 7.2028e-4,
    5.6691e-4, 4.5422e-4, 3.0395e-4, 2.1210e-4, 1.5271e-4, 1.1266e-4, 8.4736e-5, 6.4756e-5, 5.0149e-5, 3.9276e-5,
    3.1059e-5, 2.4767e-5, 1.9894e-5, 1.6083e-5, 1.3076e-5, 1.0683e-5, 8.7704e-6, 7.2285e-6, 5.9796e-6, 4.9630e-6,
    4.1320e-6, 3.4498e-6, 2.8878e-6, 2.4234e-6, 2.0384e-6, 1.7184e-6, 1.4518e-6, 1.2291e-6, 1.0427e-6, 8.8645e-7,
    7.5517e-7, 6.4468e-7, 5.5155e-7, 4.7292e-7, 4.0642e-7, 3.5011e-7, 3.0236e-7, 2.1200e-7, 1.5137e-7, 1.1028e-7,
    8.2130e-8, 6.2601e-8, 4.8865e-8, 3.9048e-8, 3.1908e-8, 2.6611e-8, 2.2599e-8, 1.9493e-8, 1.7036e-8, 1.5051e-8,
    1.3415e-8, 1.2043e-8, 1.0873e-8, 9.8635e-9, 8.9816e-9, 8.2043e-9, 7.5138e-9,
)  # fmt: skip
_UPPER_MOLAR_MASS: Final = (
    28.9522, 28.95, 28.94, 28.93, 28.91, 28.89, 28.82, 28.73, 28.62, 28.48, 28.30, 28.10, 27.88, 27.64, 27.39, 27.27,
    27.14, 27.02, 26.90, 26.79, 26.68, 26.58, 26.48, 26.38, 26.29, 26.20, 25.80, 25.44, 25.09, 24.75, 24.42, 24.10,
    23.49, 22.90, 22.34, 21.81, 21.30, 20.83, 20.37, 19.95, 19.56, 19.19, 18.85, 18.53, 18.24, 17.97, 17.73, 17.50,
    17.29, 17.09, 16.91, 16.74, 16.57, 16.42, 16.27, 16.13, 15.98, 15.84, 15.70, 15.55, 15.40, 15.25, 15.08, 14.91,
    14.73, 14.54, 14.33, 13.76, 13.09, 12.34, 11.51, 10.62, 9.72, 8.83, 8.00, 7.24, 6.58, 6.01, 5.54, 5.16, 4.85,
    4.60, 4.40, 4.25, 4.12, 4.02, 3.94,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StandardAir:
    """The state of the standard atmosphere, one value per altitude.

    Attributes
    ----------
    density_kg_m3, temperature_k, pressure_pa
        Density, kinetic temperature and pressure.
    speed_of_sound_m_s
        sqrt(1.4 p / rho). Above 86 km the standard gives none; there the ratio of heats stays 1.4.
    """

    density_kg_m3: Floats
    temperature_k: Floats
    pressure_pa: Floats
    speed_of_sound_m_s: Floats


def geopotential_altitude(altitude_m: npt.ArrayLike) -> Floats:
    """Return the geopotential altitude in m' of a geometric altitude in m (equation 18 of the standard)."""
    z = np.asarray(altitude_m, dtype=np.float64)
    return np.asarray(US76_EARTH_RADIUS_M * z / (US76_EARTH_RADIUS_M + z))


def us76(altitude_m: npt.ArrayLike) -> StandardAir:
    """Return the U.S. Standard Atmosphere 1976.

    Parameters
    ----------
    altitude_m
        Geometric altitude in m, any shape, from -5000 to 1,000,000.

    Raises
    ------
    EnvironmentDataError
        If an altitude is outside that range or not a number.
    """
    z = np.asarray(altitude_m, dtype=np.float64)
    if not np.all((z >= LOWEST_M) & (z <= HIGHEST_M)):
        wrong = float(z[~((z >= LOWEST_M) & (z <= HIGHEST_M))].flat[0])
        raise EnvironmentDataError(
            f"the U.S. Standard Atmosphere 1976 covers -5 to 1000 km, got an altitude of {wrong:g} m; "
            "altitudes are in metres"
        )
    low_temperature, low_pressure, low_density = _below_86_km(np.minimum(z, _TURBOPAUSE_M))
    high_temperature, high_pressure, high_density = _above_86_km(np.maximum(z, _TURBOPAUSE_M))
    low = z < _TURBOPAUSE_M
    pressure = np.where(low, low_pressure, high_pressure)
    density = np.where(low, low_density, high_density)
    temperature = np.where(low, low_temperature, high_temperature)
    return StandardAir(density, temperature, pressure, np.sqrt(AIR_HEAT_RATIO * pressure / density))


def _layer_bases() -> tuple[Floats, Floats]:
    """Return molecular-scale temperature and pressure at the bases of the seven layers."""
    temperatures, pressures = [_SEA_LEVEL_K], [_SEA_LEVEL_PRESSURE_PA]
    for base, top, gradient in zip(_BASES_M[:-1], _BASES_M[1:], _GRADIENTS_K_M[:-1], strict=True):
        below, step = temperatures[-1], top - base
        above = below + gradient * step
        factor = (
            np.exp(-_HYDROSTATIC * step / below) if gradient == 0.0 else (below / above) ** (_HYDROSTATIC / gradient)
        )
        temperatures.append(above)
        pressures.append(float(pressures[-1] * factor))
    return np.array(temperatures), np.array(pressures)


def _below_86_km(z: Floats) -> tuple[Floats, Floats, Floats]:
    """Return temperature, pressure and density by equations 23, 33a, 33b and 42."""
    base_temperature, base_pressure = _layer_bases()
    height = geopotential_altitude(z)
    layer = np.clip(np.searchsorted(_BASES_M, height, side="right") - 1, 0, len(_BASES_M) - 1)
    gradient = np.asarray(_GRADIENTS_K_M)[layer]
    above_base = height - np.asarray(_BASES_M)[layer]
    at_base = base_temperature[layer]
    molecular = at_base + gradient * above_base
    slanted = np.where(gradient == 0.0, 1.0, gradient)
    exponent = np.where(
        gradient == 0.0, -_HYDROSTATIC * above_base / at_base, -_HYDROSTATIC / slanted * np.log(molecular / at_base)
    )
    pressure = base_pressure[layer] * np.exp(exponent)
    density = pressure * US76_MOLAR_MASS_KG_KMOL / (US76_GAS_CONSTANT_J_KMOL_K * molecular)
    ratio = np.interp(z, np.linspace(80e3, 86e3, len(_RATIO_80_TO_86_KM)), _RATIO_80_TO_86_KM)
    return molecular * ratio, pressure, density


def upper_temperature(altitude_m: npt.ArrayLike) -> Floats:
    """Return the kinetic temperature in K from 86 to 1000 km (equations 25 to 31)."""
    z = np.asarray(altitude_m, dtype=np.float64)
    ellipse = 263.1905 - 76.3232 * np.sqrt(np.maximum(0.0, 1.0 - ((z - 91e3) / 19.9429e3) ** 2))
    line = 240.0 + 12e-3 * (z - 110e3)
    xi = (z - 120e3) * (US76_EARTH_RADIUS_M + 120e3) / (US76_EARTH_RADIUS_M + z)
    exosphere = 1000.0 - 640.0 * np.exp(-0.01875e-3 * np.maximum(xi, 0.0))
    return np.asarray(
        np.select([z <= 91e3, z <= 110e3, z <= 120e3], [np.full_like(z, 186.8673), ellipse, line], exosphere)
    )


def _hermite(x: Floats, nodes: Floats, values: Floats, slopes: Floats) -> Floats:
    """Return the piecewise cubic with the given values and slopes at the nodes."""
    left = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, len(nodes) - 2)
    width = nodes[left + 1] - nodes[left]
    t = (x - nodes[left]) / width
    rise = values[left + 1] - values[left]
    a, b = slopes[left] * width, slopes[left + 1] * width
    return np.asarray(values[left] + t * (a + t * (3.0 * rise - 2.0 * a - b + t * (a + b - 2.0 * rise))))


def _above_86_km(z: Floats) -> tuple[Floats, Floats, Floats]:
    """Return temperature, pressure and density: equations for T, tables for p and M, rho = p M / (R T)."""
    nodes = np.asarray(_UPPER_KM, dtype=np.float64) * 1e3
    molar = np.asarray(_UPPER_MOLAR_MASS)
    weight = STANDARD_GRAVITY_M_S2 * (US76_EARTH_RADIUS_M / (US76_EARTH_RADIUS_M + nodes)) ** 2 * molar
    slopes = -weight / (US76_GAS_CONSTANT_J_KMOL_K * upper_temperature(nodes))
    pressure = np.exp(_hermite(z, nodes, np.log(_UPPER_PRESSURE_PA), slopes))
    molar_here = _hermite(z, nodes, molar, np.gradient(molar, nodes))
    temperature = upper_temperature(z)
    return temperature, pressure, pressure * molar_here / (US76_GAS_CONSTANT_J_KMOL_K * temperature)
