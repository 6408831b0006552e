"""NRLMSIS 2.1 as a function of date, place and altitude, with the bundled space weather and never with a download."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.constants import BOLTZMANN_J_K
from steppe.environment.space_weather import SpaceWeatherTable, space_weather_at

Floats = npt.NDArray[np.float64]

VERSION: Final = 2.1
# Columns of the output of pymsis: mass density, nine number densities, temperature
_MASS_DENSITY, _FIRST_SPECIES, _TEMPERATURE = 0, 1, 10


@dataclass(frozen=True, slots=True)
class MsisState:
    """NRLMSIS 2.1 at one place, arrays of shape (dates, altitudes).

    Attributes
    ----------
    density_kg_m3, temperature_k
        Total mass density and temperature.
    pressure_pa
        n k T with n the sum of the number densities.
    """

    density_kg_m3: Floats
    temperature_k: Floats
    pressure_pa: Floats


def run_msis(
    utcs: Sequence[datetime],
    latitude_deg: float,
    longitude_deg: float,
    altitude_m: npt.ArrayLike,
    table: SpaceWeatherTable | None = None,
) -> MsisState:
    """Return NRLMSIS 2.1 (Emmert et al., Earth and Space Science 8, e2020EA001321, 2021; NO: JGR 127, 2022).

    Parameters
    ----------
    utcs
        Dates with time zones; each takes its own solar and geomagnetic indices (storm mode, 3-hour ap).
    latitude_deg, longitude_deg
        Geodetic position.
    altitude_m
        Geodetic altitudes in m, one dimension.
    table
        Space weather; None takes the bundled table.

    Raises
    ------
    EnvironmentDataError
        If a date has no time zone.
    """
    import pymsis

    weather = [space_weather_at(utc, table) for utc in utcs]
    output: Any = pymsis.calculate(
        [np.datetime64(utc.astimezone(UTC).replace(tzinfo=None)) for utc in utcs],
        longitude_deg,
        latitude_deg,
        np.asarray(altitude_m, dtype=np.float64) / 1000.0,
        [day.f107_sfu for day in weather],
        [day.f107a_sfu for day in weather],
        [day.ap for day in weather],
        version=VERSION,
        geomagnetic_activity=-1,
    )
    result = np.asarray(output, dtype=np.float64).reshape(len(utcs), np.size(altitude_m), 11)
    # A species that the model does not give at an altitude is not a number there
    number = np.nansum(result[..., _FIRST_SPECIES:_TEMPERATURE], axis=-1)
    temperature = result[..., _TEMPERATURE]
    return MsisState(result[..., _MASS_DENSITY], temperature, number * BOLTZMANN_J_K * temperature)
