"""Builds the air tables that the kernels read: NRLMSIS 2.1 along the track, U.S. Standard 1976, exponential, none.

In each layer ln(rho) is the cubic through four equidistant points of the model (the two borders and the thirds), and
the inverse speed of sound the parabola through the borders that fits the thirds best. Neighbouring layers share their
border, so both are continuous; a kink of the model spoils only the layer that it lies in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.surroundings import Air as AirChoice
from steppe.constants import AIR_HEAT_RATIO, US76_GAS_CONSTANT_J_KMOL_K, US76_MOLAR_MASS_KG_KMOL
from steppe.environment.msis import run_msis
from steppe.environment.sourced import Sourced
from steppe.environment.space_weather import SpaceWeatherTable, bundled_table, space_weather_at
from steppe.environment.space_weather_file import read_space_weather
from steppe.environment.track import Columns, Vector, columns_along, single_column
from steppe.environment.us76 import us76
from steppe.errors import EnvironmentDataError
from steppe.kernels.air import COEFFICIENTS, Air

Floats = npt.NDArray[np.float64]

# NRLMSIS 2.1 gives no density below a geopotential altitude of about -1 km; no landing zone lies below -500 m
LOWEST_M: Final = -500.0
HIGHEST_M: Final = 600.5e3
LAYER_M: Final = 1000.0
# The standard's temperature has kinks; a finer layer keeps the error there below 2e-4
US76_LAYER_M: Final = 100.0
# The kernels' exponential series is good to 3e-13 up to this step of ln(rho) per layer
_LARGEST_STEP: Final = 0.25
# Inverse speed of sound where there is no air: Mach numbers refer to the standard's sea level, 340.294 m/s
_SEA_LEVEL_INVERSE_SOUND: Final = 1.0 / 340.294


def air_for(
    choice: AirChoice,
    utc_target: datetime,
    target: Vector | Sequence[float],
    direction: Vector | Sequence[float] | None,
    folder: Path | None = None,
) -> Sourced[Air]:
    """Return the air that a mission file asks for.

    Parameters
    ----------
    choice
        The part ``[air]`` of the mission file.
    utc_target
        When the ship is expected at the target, with a time zone.
    target
        Direction of the target from the centre of the Earth (ITRF), any length.
    direction
        Direction of flight at the target (ITRF), any length; None tabulates one column above the target.
    folder
        Folder of the mission file, from which ``air.space_weather`` is taken; None stands for the current folder.

    Raises
    ------
    ConfigError
        If the space weather file cannot be used.
    EnvironmentDataError
        If a vector is zero or not finite, or the date has no time zone.
    """
    if choice.model == "none":
        return Sourced(no_air(), "none", "", {"air": "none"})
    if choice.model == "us76":
        return Sourced(us76_air(), "U.S. Standard Atmosphere 1976", "", {"air": "U.S. Standard Atmosphere 1976"})
    if choice.model == "exponential":
        words = f"exponential, {choice.surface_density_kg_m3:g} kg/m3, {choice.scale_height_m:g} m"
        table = exponential_air(choice.surface_density_kg_m3, choice.scale_height_m, choice.temperature_k)
        return Sourced(table, words, "", {"air": words})
    columns = single_column(target) if direction is None else columns_along(target, direction)
    weather = bundled_table()
    if choice.space_weather is not None:
        weather = read_space_weather((folder or Path()) / choice.space_weather)
    return _msis_model(utc_target, columns, weather)


def _msis_model(utc_target: datetime, columns: Columns, table: SpaceWeatherTable) -> Sourced[Air]:
    weather = space_weather_at(utc_target, table)
    moments = [utc_target + timedelta(seconds=float(s)) for s in columns.time_s]
    provenance = {
        "air": "NRLMSIS 2.1",
        "air_utc": utc_target.astimezone(UTC).isoformat(),
        "space_weather": f"{weather.status}: F10.7 {weather.f107_sfu:g}, 81-day mean {weather.f107a_sfu:g}, "
        f"daily ap {weather.ap[0]:g}",
        "space_weather_table": f"{table.source}, observed to {table.last_observed}",
    }
    return Sourced(msis_air(moments, columns, table), "NRLMSIS 2.1", weather.note, provenance)


def exponential_air(surface_density_kg_m3: float, scale_height_m: float, temperature_k: float) -> Air:
    """Return rho = rho_0 exp(-h / H) with one temperature, exact to 1e-9 from -0.5 to 600 km.

    Parameters
    ----------
    surface_density_kg_m3, scale_height_m
        Density at zero altitude and scale height.
    temperature_k
        Temperature that gives the speed of sound, in air of the U.S. Standard 1976 molar mass.
    """
    layer_m = min(LAYER_M, _LARGEST_STEP * scale_height_m)
    count = math.ceil((HIGHEST_M - LOWEST_M) / layer_m)
    layers = np.zeros((1, count, COEFFICIENTS))
    bottom_m = LOWEST_M + layer_m * np.arange(count)
    gas = US76_GAS_CONSTANT_J_KMOL_K / US76_MOLAR_MASS_KG_KMOL
    layers[0, :, 0] = surface_density_kg_m3 * np.exp(-bottom_m / scale_height_m)
    layers[0, :, 1] = -layer_m / scale_height_m
    layers[0, :, 4] = 1.0 / math.sqrt(AIR_HEAT_RATIO * gas * temperature_k)
    layers[0, :, 7] = layers[0, :, 0] * gas * temperature_k
    return _single(layers, layer_m)


def us76_air() -> Air:
    """Return the U.S. Standard Atmosphere 1976 from -0.5 to 600 km."""
    state = us76(_sample_altitudes_m(US76_LAYER_M))
    return _single(_fit(state.density_kg_m3[None, :], state.pressure_pa[None, :]), US76_LAYER_M)


def no_air() -> Air:
    """Return a vacuum; the speed of sound stays that of sea level so that Mach numbers are finite."""
    layers = np.zeros((1, 1, COEFFICIENTS))
    layers[0, 0, 4] = _SEA_LEVEL_INVERSE_SOUND
    return _single(layers, HIGHEST_M - LOWEST_M)


def msis_air(utc_at_columns: Sequence[datetime], columns: Columns, table: SpaceWeatherTable | None = None) -> Air:
    """Return NRLMSIS 2.1 in columns along the track, -0.5 to 600 km in layers of 1 km.

    Parameters
    ----------
    utc_at_columns
        When the ship passes each column, with time zones.
    columns
        Where the columns stand, from `columns_along` or `single_column`.
    table
        Space weather; None takes the bundled table.

    Raises
    ------
    EnvironmentDataError
        If the number of dates differs from the number of columns, or a date has no time zone.
    """
    if len(utc_at_columns) != len(columns.sine):
        raise EnvironmentDataError(f"expected one date per column, got {len(utc_at_columns)} for {len(columns.sine)}")
    altitude_m = _sample_altitudes_m(LAYER_M)
    states = [
        run_msis([utc], latitude, longitude, altitude_m, table)
        for utc, latitude, longitude in zip(utc_at_columns, columns.latitude_deg, columns.longitude_deg, strict=True)
    ]
    layers = _fit(
        np.stack([state.density_kg_m3[0] for state in states]), np.stack([state.pressure_pa[0] for state in states])
    )
    span = float(columns.sine[-1] - columns.sine[0])
    axis = columns.axis_itrf
    return Air(
        layers=layers,
        axis_x=float(axis[0]),
        axis_y=float(axis[1]),
        axis_z=float(axis[2]),
        first_sine=float(columns.sine[0]),
        columns_per_sine=(len(columns.sine) - 1) / span if span > 0.0 else 0.0,
        lowest_m=LOWEST_M,
        layers_per_m=1.0 / LAYER_M,
    )


def _sample_altitudes_m(layer_m: float) -> Floats:
    """Return the borders of the layers and their thirds."""
    count = round((HIGHEST_M - LOWEST_M) / layer_m)
    return np.asarray(LOWEST_M + layer_m / 3.0 * np.arange(3 * count + 1), dtype=np.float64)


def _single(layers: Floats, layer_m: float) -> Air:
    return Air(layers, 1.0, 0.0, 0.0, 0.0, 0.0, LOWEST_M, 1.0 / layer_m)


def _fit(density: Floats, pressure: Floats) -> Floats:
    """Return the coefficients from samples at the borders and thirds, shape (columns, 3 layers + 1)."""
    log = np.log(density)
    inverse_sound = np.sqrt(density / (AIR_HEAT_RATIO * pressure))
    layers: Floats = np.empty((density.shape[0], (density.shape[1] - 1) // 3, COEFFICIENTS))
    bottom, lower, upper, top = (log[:, k : k - 3 or None : 3] for k in range(4))
    first, second, third = lower - bottom, upper - bottom, top - bottom
    # Newton's cubic through t = 0, 1/3, 2/3, 1
    layers[..., 0] = density[:, :-3:3]
    layers[..., 1] = 9.0 * first - 4.5 * second + third
    layers[..., 2] = -22.5 * first + 18.0 * second - 4.5 * third
    layers[..., 3] = 13.5 * first - 13.5 * second + 4.5 * third
    bottom, lower, upper, top = (inverse_sound[:, k : k - 3 or None : 3] for k in range(4))
    # At the thirds t (t - 1) = -2/9; the bend is the mean that they ask for
    bend = -2.25 * (lower + upper - bottom - top)
    layers[..., 4] = bottom
    layers[..., 5] = top - bottom - bend
    layers[..., 6] = bend
    layers[..., 7] = pressure[:, :-3:3]
    return layers
