"""Physical constants: value, unit and source, and nothing else."""

from __future__ import annotations

from typing import Final

# World Geodetic System 1984, NGA.STND.0036_1.0.0_WGS84 (2014), table 3.1
WGS84_EQUATORIAL_RADIUS_M: Final = 6378137.0
WGS84_FLATTENING: Final = 1.0 / 298.257223563
WGS84_GM_M3_S2: Final = 3.986004418e14
EARTH_ROTATION_RAD_S: Final = 7.292115e-5

# Zonal harmonics of EGM2008 (Pavlis et al., JGR 117, B04406, 2012), unnormalised from C20, C30, C40
EARTH_J2: Final = 1.08262617e-3
EARTH_J3: Final = -2.53241e-6
EARTH_J4: Final = -1.61989e-6

# Mean radius of the spherical Earth in the dispersed entry case: the WGS-84 equatorial radius
SPHERICAL_RADIUS_M: Final = 6378137.0
# Mean radius of WGS-84, (2 a + b) / 3 (Moritz, Geodetic Reference System 1980, R1), for areas and the hazard areas
MEAN_RADIUS_M: Final = 6371008.77

# Standard gravity, 3rd CGPM (1901): the unit of load and of specific impulse
STANDARD_GRAVITY_M_S2: Final = 9.80665

# Molar gas constant as fixed in the U.S. Standard Atmosphere 1976, section 1.2 (8.31432, not the SI value of 2019)
US76_GAS_CONSTANT_J_KMOL_K: Final = 8314.32
US76_MOLAR_MASS_KG_KMOL: Final = 28.9644
US76_EARTH_RADIUS_M: Final = 6356766.0
AIR_HEAT_RATIO: Final = 1.4

# Sutton and Graves, NASA TR R-376 (1971): cold-wall stagnation heating in air, SI, W/m2
SUTTON_GRAVES_AIR: Final = 1.7415e-4

# Stefan-Boltzmann constant (SI 2019)
STEFAN_BOLTZMANN_W_M2_K4: Final = 5.670374419e-8

# Boltzmann constant (SI 2019) and hard-sphere diameter of air (Bird 1994, appendix A) for the mean free path
BOLTZMANN_J_K: Final = 1.380649e-23
AIR_MOLECULE_DIAMETER_M: Final = 4.15e-10
AIR_MOLECULE_MASS_KG: Final = 4.8096e-26
