"""Reads winds on pressure levels (GFS, ERA5) from NetCDF or GRIB: the columns about a place, at the times of the file.

Variables are known by their names in GFS and ERA5 files or by their CF standard names, and every unit is read from
the file. Geopotential heights turn pressure levels into altitudes; without them a file cannot be used.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.environment.soundings.checks import Heading, RawLevel, profile_of
from steppe.environment.soundings.grib import check_grib
from steppe.environment.soundings.reading import kind_of
from steppe.environment.soundings.records import Floats, WindField, WindProfile
from steppe.errors import ConfigError, EnvironmentDataError

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "east": ("u", "ugrd", "ugrdprs", "u-component_of_wind_isobaric", "eastward_wind"),
    "north": ("v", "vgrd", "vgrdprs", "v-component_of_wind_isobaric", "northward_wind"),
    "height": (
        "gh", "hgt", "hgtprs", "geopotential_height", "geopotential_height_isobaric", "z", "geopotential",
    ),
    "level": ("isobaricinhpa", "isobaricinpa", "pressure_level", "level", "lev", "plev", "isobaric", "air_pressure"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon"),
    "time": ("valid_time", "time", "time1"),
}  # fmt: skip
_KNOT: Final = 1852.0 / 3600.0
_SPEED: Final = {"ms-1": 1.0, "m/s": 1.0, "knots": _KNOT, "knot": _KNOT, "kt": _KNOT}
_HEIGHT: Final = {"gpm": 1.0, "m": 1.0, "m2s-2": 1.0 / STANDARD_GRAVITY_M_S2, "m2/s2": 1.0 / STANDARD_GRAVITY_M_S2}
_PRESSURE: Final = {"hpa": 100.0, "millibars": 100.0, "mb": 100.0, "mbar": 100.0, "pa": 1.0}
_DEGREES: Final = ("degrees_north", "degrees_east", "degree_north", "degree_east", "degrees", "degree")


def read_grid(path: Path, latitude_deg: float, longitude_deg: float) -> WindField:
    """Return the columns of a grid about a place, with bilinear weights.

    Parameters
    ----------
    path
        NetCDF (classic or NetCDF-4) or GRIB file with wind and geopotential on pressure levels.
    latitude_deg, longitude_deg
        The place.

    Raises
    ------
    ConfigError
        If the file cannot be read, a variable or unit is missing, or a column is impossible.
    EnvironmentDataError
        If the grid does not cover the place; the message says its extent.
    """
    source = str(path)
    data = _open(path)
    try:
        return _field(data, source, latitude_deg, longitude_deg)
    except (OSError, RuntimeError) as error:
        # Values are read when they are used, so damage inside a file shows only now
        words = " ".join(str(error).split())[:200]
        raise ConfigError(f"cannot read the grid: {words}; fetch it again", source=source) from error
    finally:
        data.close()


def _open(path: Path) -> Any:
    kind = kind_of(path)
    if kind not in ("netcdf", "grib"):
        raise ConfigError(
            "expected a grid in NetCDF or GRIB, got a sounding; write wind.model = 'sounding'", source=str(path)
        )
    needs = "h5netcdf" if kind == "netcdf" else "cfgrib"
    try:
        import xarray

        if kind == "grib":
            check_grib(path)
            options: dict[str, Any] = {"indexpath": "", "filter_by_keys": {"typeOfLevel": "isobaricInhPa"}}
            return xarray.open_dataset(path, engine="cfgrib", backend_kwargs=options, decode_timedelta=True)
        # Whatever reads it here: h5netcdf or netCDF4, and SciPy for the classic form
        return xarray.open_dataset(path)
    except ImportError as error:
        raise ConfigError(
            f"reading grids needs xarray and {needs}; get them with: pip install 'steppe[weather]'", source=str(path)
        ) from error
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, TypeError) as error:
        # xarray reports a missing engine as ValueError and a damaged file by what its engine raises
        words = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"cannot read the grid: {words}; fetch it again or install steppe[weather]", source=str(path)
        ) from error


def _field(data: Any, source: str, latitude_deg: float, longitude_deg: float) -> WindField:
    data, time_name = _with_time(data, source)
    level_name = _name(data, "level", source)
    variables = {}
    for key in ("east", "north", "height"):
        variable = data[_name(data, key, source)]
        extra = [dim for dim in variable.dims if dim not in _dims(data, level_name, time_name, source)]
        if any(variable.sizes[dim] != 1 for dim in extra):
            raise ConfigError(f"expected one member, got several along {', '.join(map(str, extra))}", source=source)
        variables[key] = variable.squeeze(extra, drop=True)
    rows, columns = (
        _neighbours(data, key, value, source)
        for key, value in (("latitude", latitude_deg), ("longitude", longitude_deg))
    )
    pressure_pa = np.asarray(data[level_name].values, np.float64) * _factor(
        data[level_name], _PRESSURE, source, "pressure"
    )
    order = np.argsort(-pressure_pa)
    lat_name, lon_name = _name(data, "latitude", source), _name(data, "longitude", source)
    dims = (time_name, level_name, lat_name, lon_name)
    part = {lat_name: [index for index, _ in rows], lon_name: [index for index, _ in columns]}
    factors = {"east": _SPEED, "north": _SPEED, "height": _HEIGHT}
    values = {
        key: np.asarray(variable.isel(part).transpose(*dims).values, np.float64)[:, order]
        * _factor(variable, factors[key], source, key)
        for key, variable in variables.items()
    }
    times = _times(data[time_name], source)
    latitudes, longitudes = data[lat_name].values, data[lon_name].values
    fields = []
    for t, utc in enumerate(times):
        nodes = []
        for i, (row, row_weight) in enumerate(rows):
            for j, (column, column_weight) in enumerate(columns):
                if row_weight * column_weight > 0.0:
                    place = (float(latitudes[row]), (float(longitudes[column]) + 180.0) % 360.0 - 180.0)
                    cut = {key: value[t, :, i, j] for key, value in values.items()}
                    nodes.append((_column(cut, pressure_pa[order], utc, place, source), row_weight * column_weight))
        fields.append(tuple(nodes))
    rising = sorted(range(len(times)), key=lambda index: times[index])
    name = str(data.attrs.get("GRIB_centreDescription") or data.attrs.get("institution") or Path(source).name)
    return WindField(tuple(times[n] for n in rising), tuple(fields[n] for n in rising), name, source)


def _column(
    cut: dict[str, Floats], pressure_pa: Floats, utc: datetime, place: tuple[float, float], source: str
) -> WindProfile:
    """Return one column; levels without values lie below the ground."""
    levels, missing = [], 0
    for number, pressure in enumerate(pressure_pa):
        east, north, height = (float(cut[key][number]) for key in ("east", "north", "height"))
        if not all(map(math.isfinite, (east, north, height))):
            missing += 1
            continue
        if height < -500.0:  # 1000 hPa under a deep low; below every landing zone
            missing += 1
            continue
        levels.append(RawLevel(number + 1, height, float(pressure), east, north))
    name = f"{place[0]:g} N {place[1]:g} E"
    return profile_of(levels, Heading(utc, place[0], place[1], name, source, 1, "level"), missing)


def _name(data: Any, key: str, source: str) -> str:
    """Return the name that a file gives to what we need."""
    known: dict[str, Hashable] = {str(name).lower(): name for name in (*data.variables, *data.dims)}
    for name in _NAMES[key]:
        if name in known:
            return str(known[name])
    for name, variable in data.variables.items():
        if variable.attrs.get("standard_name") in _NAMES[key]:
            return str(name)
    found = ", ".join(sorted(map(str, data.variables))[:20])
    raise ConfigError(f"expected a variable {' or '.join(_NAMES[key][:4])} ({key}), found {found}", source=source)


def _dims(data: Any, level_name: str, time_name: str, source: str) -> tuple[str, ...]:
    return (time_name, level_name, _name(data, "latitude", source), _name(data, "longitude", source))


def _with_time(data: Any, source: str) -> tuple[Any, str]:
    """Return the data with one dimension of valid times, and its name (a forecast has a start and a step)."""
    name = _name(data, "time", source)
    coordinate = data[name]
    if coordinate.ndim == 0:
        data = data.drop_vars([other for other in ("time", "step") if other != name and other in data.coords])
        return data.expand_dims(name), name
    if coordinate.ndim > 1:
        raise ConfigError(
            "expected one start or one step of a forecast, got several of both; split the file", source=source
        )
    (dim,) = coordinate.dims
    if dim != name:
        data = data.drop_vars([other for other in ("time", "step") if other != name and other in data.coords])
        data = data.swap_dims({dim: name})
    return data, name


def _times(coordinate: Any, source: str) -> list[datetime]:
    values = coordinate.values
    if not np.issubdtype(values.dtype, np.datetime64):
        raise ConfigError(
            f"expected times as 'hours since ...', got {coordinate.attrs.get('units', values.dtype)}", source=source
        )
    seconds = values.astype("datetime64[s]").astype(np.int64)
    return [datetime.fromtimestamp(int(second), UTC) for second in seconds]


def _factor(variable: Any, factors: dict[str, float], source: str, key: str) -> float:
    """Return what turns the unit of a variable into SI."""
    given = str(variable.attrs.get("units", ""))
    plain = given.lower().replace("**", "").replace("^", "").replace(" ", "")
    if plain not in factors:
        known = ", ".join(factors)
        raise ConfigError(f"expected the {key} '{variable.name}' in one of {known}, got {given!r}", source=source)
    return factors[plain]


def _neighbours(data: Any, key: str, value_deg: float, source: str) -> list[tuple[int, float]]:
    """Return the two nodes about a latitude or longitude with their linear weights."""
    coordinate = data[_name(data, key, source)]
    nodes = np.asarray(coordinate.values, np.float64)
    if coordinate.ndim != 1 or str(coordinate.attrs.get("units", "degrees")) not in _DEGREES:
        raise ConfigError(f"expected {key} in degrees on a regular grid, not a projected one", source=source)
    if key == "longitude":
        # Count from the first node eastwards, so that 0 to 360 and -180 to 180 are the same and a globe closes
        start = float(nodes[0])
        turned = (nodes - start) % 360.0
        value = (value_deg - start) % 360.0
        order = np.argsort(turned)
        step = float(np.diff(turned[order]).max()) if nodes.size > 1 else 0.0
        closes = nodes.size > 2 and 360.0 - turned[order[-1]] <= 1.01 * step
        places = np.append(turned[order], 360.0) if closes else turned[order]
        indices = np.append(order, order[0]) if closes else order
        if not closes and value > places[-1] and 360.0 - value < 1e-6:
            value = 0.0
    else:
        order = np.argsort(nodes)
        places, indices, value = nodes[order], order, value_deg
    if not places[0] - 1e-9 <= value <= places[-1] + 1e-9:
        sign = "N" if key == "latitude" else "E"
        raise EnvironmentDataError(
            f"{source}: the grid covers {key}s from {float(nodes.min()):g} to {float(nodes.max()):g} deg {sign} and "
            f"not the landing at {value_deg:.3f} deg {sign}; fetch an area that holds it"
        )
    if places.size == 1:
        return [(int(indices[0]), 1.0)]
    upper = int(np.clip(np.searchsorted(places, value), 1, places.size - 1))
    share = float((value - places[upper - 1]) / (places[upper] - places[upper - 1]))
    share = min(max(share, 0.0), 1.0)
    return [(int(indices[upper - 1]), 1.0 - share), (int(indices[upper]), share)]
