"""What makes a flight senseless before it begins, said in the words of the mission file."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from steppe.config.compile import earth_record
from steppe.config.loader import LoadedMission
from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.errors import ConfigError
from steppe.frames.geodetic import itrf_to_geodetic
from steppe.kernels.earth import Earth

# What a start may lose on its way through the frames
_ROUNDING_M = 1.0


def geodetic_altitude_m(earth: Earth, position_itrf_m: npt.NDArray[np.float64]) -> float:
    """Return the height of a place (ITRF, shape (3,), m) above the ellipsoid of the mission in m."""
    _, _, altitude = itrf_to_geodetic(position_itrf_m, earth.radius_m, 1.0 - earth.polar_m / earth.radius_m)
    return float(altitude)


def require_above_ground(loaded: LoadedMission, position_itrf_m: npt.NDArray[np.float64]) -> None:
    """Refuse a start inside the Earth or below the ground of the zone.

    Raises
    ------
    ConfigError
        With the height and what it was compared with.
    """
    earth = earth_record(loaded.mission.earth)
    distance_m = float(np.linalg.norm(position_itrf_m))
    if distance_m < 0.9 * earth.polar_m:
        raise ConfigError(
            f"the start lies {distance_m / 1e3:.0f} km from the centre, inside the Earth "
            f"(radius {earth.radius_m / 1e3:.0f} km); positions are in metres",
            source=loaded.source,
            key="start",
        )
    altitude_m = geodetic_altitude_m(earth, position_itrf_m)
    ground_m = loaded.zone.ground_m if loaded.zone else 0.0
    if altitude_m < ground_m - _ROUNDING_M:
        where = f"ground_height_m of zone '{loaded.zone.name}'" if loaded.zone else "a zone can set ground_height_m"
        raise ConfigError(
            f"the start at {altitude_m:.0f} m lies below the ground at {ground_m:.0f} m ({where})",
            source=loaded.source,
            key="start",
        )


def require_stop_below_start(loaded: LoadedMission, position_itrf_m: npt.NDArray[np.float64]) -> None:
    """Refuse a stop at an altitude that the flight cannot fall through because it starts below.

    Raises
    ------
    ConfigError
        With both altitudes.
    """
    stop = loaded.mission.stop
    if stop is None or stop.altitude_m is None:
        return
    altitude_m = geodetic_altitude_m(earth_record(loaded.mission.earth), position_itrf_m)
    if stop.altitude_m >= altitude_m:
        raise ConfigError(
            f"the flight stops when it falls through {stop.altitude_m:.0f} m, but that is above the start at "
            f"{altitude_m:.0f} m; give a lower altitude, or stop.after_s",
            source=loaded.source,
            key="stop.altitude_m",
        )


def require_propellant(loaded: LoadedMission) -> None:
    """Refuse a deorbit burn that needs more propellant than the separation burns leave in the ship.

    The rocket equation, with the separation burns at the specific impulse of the deorbit engine.

    Raises
    ------
    ConfigError
        With the need, what there is, and the largest delta-v that it gives.
    """
    ship, deorbit = loaded.vehicle.ship, loaded.mission.deorbit
    if ship is None or deorbit is None:
        return
    exhaust_m_s = ship.deorbit_engine.specific_impulse_s * STANDARD_GRAVITY_M_S2
    leaving = ship.departure.burns if loaded.mission.start.phase == "station" else ()
    mass_kg = ship.mass_kg * math.exp(-sum(burn.delta_v_m_s for burn in leaving) / exhaust_m_s)
    left_kg = ship.propellant_kg - (ship.mass_kg - mass_kg)
    needed_kg = mass_kg * -math.expm1(-deorbit.delta_v_m_s / exhaust_m_s)
    if needed_kg <= left_kg:
        return
    largest_m_s = exhaust_m_s * math.log(mass_kg / (mass_kg - left_kg)) if left_kg > 0.0 else 0.0
    raise ConfigError(
        f"{deorbit.delta_v_m_s:g} m/s needs {needed_kg:.0f} kg of propellant, vehicle '{loaded.vehicle.name}' has "
        f"{max(left_kg, 0.0):.0f} kg at the ignition; give at most {math.floor(10.0 * largest_m_s) / 10.0:g} m/s, or "
        "raise ship.propellant_kg",
        source=loaded.source,
        key="deorbit.delta_v_m_s",
    )
