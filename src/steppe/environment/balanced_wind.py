"""The mean wind that balances the pressure field of NRLMSIS 2.1: climatology of the date and place, no weather.

On a surface of constant geodetic altitude the geostrophic wind is

    u_g = -(dp/dy / rho + dPhi/dy) / f,      v_g = (dp/dx / rho) / f,      f = 2 Omega sin(latitude)

(Holton, An Introduction to Dynamic Meteorology, 4th ed., sections 2.4 and 3.2); dPhi/dy is the slope of the
geopotential along that surface, 4 m/s at 50 km. The eastward part becomes a gradient wind on the circle of latitude,
f u + u^2 tan(latitude) / a = f u_g (Andrews, Holton and Leovy, Middle
Atmosphere Dynamics, 1987, chapter 3). CIRA-86 was made the same way (Fleming et al., NASA TM-100697, 1988).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import EARTH_ROTATION_RAD_S, WGS84_EQUATORIAL_RADIUS_M, WGS84_FLATTENING
from steppe.environment.msis import MsisState, run_msis

Floats = npt.NDArray[np.float64]

# Half width of the differences; 2.5 and 5 deg give the same wind to 0.6 m/s
STEP_DEG: Final = 2.5
# Hours of the day over which the field is averaged, so that tides of 24, 12 and 8 h cancel
HOURS: Final = (0, 3, 6, 9, 12, 15, 18, 21)
# Above the mesopause waves, not balance, make the wind: the balanced wind fades out between these altitudes
FADE_FROM_M: Final = 90e3
FADE_TO_M: Final = 120e3
# Nearer to the equator the balance breaks down (f -> 0); there f of this latitude holds
SMALLEST_LATITUDE_DEG: Final = 15.0
# The differences must not step over a pole, and east and north lose their meaning there
LARGEST_LATITUDE_DEG: Final = 85.0
# Somigliana's formula and WGS-84 constants: NGA.STND.0036_1.0.0_WGS84 (2014), chapters 3 and 4
_EQUATOR_GRAVITY_M_S2: Final = 9.7803253359
_SOMIGLIANA: Final = 1.931852652458e-3
_CENTRIFUGAL_RATIO: Final = 3.449786506841e-3
_ECCENTRICITY_2: Final = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)


def geopotential(altitude_m: Floats, latitude_rad: float) -> Floats:
    """Return the geopotential above the ellipsoid in m2/s2: the integral of the WGS-84 normal gravity to second order.

    Parameters
    ----------
    altitude_m
        Geodetic altitude.
    latitude_rad
        Geodetic latitude.
    """
    sine2 = math.sin(latitude_rad) ** 2
    surface = _EQUATOR_GRAVITY_M_S2 * (1.0 + _SOMIGLIANA * sine2) / math.sqrt(1.0 - _ECCENTRICITY_2 * sine2)
    linear = 1.0 + WGS84_FLATTENING + _CENTRIFUGAL_RATIO - 2.0 * WGS84_FLATTENING * sine2
    z = altitude_m / WGS84_EQUATORIAL_RADIUS_M
    return np.asarray(surface * altitude_m * (1.0 - linear * z + z * z))


def gradient_wind(geostrophic_m_s: Floats, coriolis_rad_s: float, curvature_1_m: float) -> Floats:
    """Solve f u + k u^2 = f u_g for the branch that goes to u_g as k goes to 0, all in m/s.

    Where an anticyclonic flow is too strong to be balanced at all, the strongest balanced wind is returned.

    Parameters
    ----------
    geostrophic_m_s
        u_g.
    coriolis_rad_s
        f.
    curvature_1_m
        k = tan(latitude) / a.
    """
    ratio = 4.0 * curvature_1_m / coriolis_rad_s * geostrophic_m_s
    return np.asarray(2.0 * geostrophic_m_s / (1.0 + np.sqrt(np.maximum(0.0, 1.0 + ratio))))


def balanced_levels(
    utc: datetime, latitude_deg: float, longitude_deg: float, altitude_m: Floats
) -> tuple[Floats, Floats]:
    """Return the balanced wind towards the east and the north in m/s.

    Parameters
    ----------
    utc
        Date with a time zone; the mean of its UT day is taken.
    latitude_deg, longitude_deg
        Geodetic position.
    altitude_m
        Geodetic altitudes; zero wind at the ground and above 120 km.

    Raises
    ------
    EnvironmentDataError
        If the date has no time zone.
    """
    sign = -1.0 if latitude_deg < 0.0 else 1.0
    latitude_deg = sign * min(abs(latitude_deg), LARGEST_LATITUDE_DEG)
    north, south = latitude_deg + STEP_DEG, latitude_deg - STEP_DEG
    centre = _daily_mean(utc, latitude_deg, longitude_deg, altitude_m)
    log_north = _daily_mean(utc, north, longitude_deg, altitude_m)[0]
    log_south = _daily_mean(utc, south, longitude_deg, altitude_m)[0]
    log_east = _daily_mean(utc, latitude_deg, longitude_deg + STEP_DEG, altitude_m)[0]
    log_west = _daily_mean(utc, latitude_deg, longitude_deg - STEP_DEG, altitude_m)[0]

    latitude = math.radians(latitude_deg)
    balance = math.radians(sign * max(abs(latitude_deg), SMALLEST_LATITUDE_DEG))
    coriolis = 2.0 * EARTH_ROTATION_RAD_S * math.sin(balance)
    along_m = 2.0 * math.radians(STEP_DEG) * WGS84_EQUATORIAL_RADIUS_M
    slope = (geopotential(altitude_m, math.radians(north)) - geopotential(altitude_m, math.radians(south))) / along_m
    pressure_over_density = centre[1]
    east = -(pressure_over_density * (log_north - log_south) / along_m + slope) / coriolis
    northward = pressure_over_density * (log_east - log_west) / (along_m * math.cos(latitude)) / coriolis
    east = gradient_wind(east, coriolis, math.tan(latitude) / WGS84_EQUATORIAL_RADIUS_M)
    fade = np.clip((FADE_TO_M - altitude_m) / (FADE_TO_M - FADE_FROM_M), 0.0, 1.0)
    return east * fade, northward * fade


def _daily_mean(utc: datetime, latitude_deg: float, longitude_deg: float, altitude_m: Floats) -> tuple[Floats, Floats]:
    """Return the daily means of ln(p) and of p / rho."""
    midnight = utc.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hours = [midnight + timedelta(hours=hour) for hour in HOURS]
    state: MsisState = run_msis(hours, latitude_deg, longitude_deg, altitude_m)
    log_pressure: Floats = np.mean(np.log(state.pressure_pa), axis=0)
    ratio: Floats = np.mean(state.pressure_pa / state.density_kg_m3, axis=0)
    return log_pressure, ratio
