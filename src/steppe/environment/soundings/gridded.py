"""Reads winds on pressure levels (GFS, ERA5) from NetCDF or GRIB: the columns about a place, at the times of the file.

Variables are known by their names in GFS and ERA5 files or by their CF standard names (`grid_open`), and every unit is
read from the file. Geopotential heights turn pressure levels into altitudes; without them a file cannot be used. Each
variable is taken on its own axes, for services give them different ones (THREDDS: isobaric, isobaric1, time, time2).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.environment.soundings.checks import Heading, RawLevel, profile_of
from steppe.environment.soundings.grid_open import opened
from steppe.environment.soundings.grid_units import DEGREES, HEIGHT, PRESSURE, SPEED, factor_of, unit_of
from steppe.environment.soundings.records import Floats, WindField, WindProfile
from steppe.errors import ConfigError, EnvironmentDataError

_AXES: Final = {
    "level": re.compile(r"isobaricinh?pa|pressure_level|level|lev|plev|isobaric\d*|air_pressure|pressure"),
    "latitude": re.compile(r"latitude|lat"),
    "longitude": re.compile(r"longitude|lon"),
    "time": re.compile(r"valid_time|time\d*"),
}
_ABOVE_GROUND: Final = re.compile(r"height_?above_?ground\d*|height")
_TEN_M: Final = 10.0
_FACTORS: Final = {"east": SPEED, "north": SPEED, "height": HEIGHT, "east_10": SPEED, "north_10": SPEED}
Nodes = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """One variable in SI about the place: values of shape (times, levels, rows, columns), and its axes."""

    values: Floats
    times: tuple[datetime, ...]
    pressure_pa: tuple[float, ...]
    latitude_deg: tuple[float, ...]
    longitude_deg: tuple[float, ...]
    weights: Floats


def read_grid(path: Path, latitude_deg: float, longitude_deg: float, ground_m: float | None = None) -> WindField:
    """Return the columns of a grid about a place, with bilinear weights.

    Parameters
    ----------
    path
        NetCDF (classic or NetCDF-4) or GRIB file with wind and geopotential on pressure levels.
    latitude_deg, longitude_deg
        The place.
    ground_m
        Height of the ground there. If it is given and the file has the wind at 10 m, that wind stands 10 m above it and
        the pressure levels below are left out.

    Raises
    ------
    ConfigError
        If the file cannot be read, a variable or unit is missing, or a column is impossible.
    EnvironmentDataError
        If the grid does not cover the place; the message says its extent.
    """
    source = str(path)
    place = (latitude_deg, longitude_deg)
    with opened(path) as grid:
        blocks = {key: _block(variable, key, place, source) for key, variable in grid.variables.items()}
        name = grid.name
    wind, north, height = (blocks[key] for key in ("east", "north", "height"))
    for one in (north, height):
        if (one.latitude_deg, one.longitude_deg) != (wind.latitude_deg, wind.longitude_deg):
            raise ConfigError("expected winds and heights on one grid, got several; split the file", source=source)
    times = sorted(set(wind.times) & set(north.times) & set(height.times))
    pressures = sorted(set(wind.pressure_pa) & set(north.pressure_pa) & set(height.pressure_pa), reverse=True)
    if not times or len(pressures) < 2:
        raise ConfigError(
            f"expected wind and height at the same times and levels, got {len(times)} times and {len(pressures)} "
            "levels in common",
            source=source,
        )
    fields = []
    for utc in times:
        nodes = []
        for i, j in np.ndindex(wind.weights.shape):
            if wind.weights[i, j] > 0.0:
                column = _column(blocks, utc, pressures, (i, j), ground_m, source)
                nodes.append((column, float(wind.weights[i, j])))
        fields.append(tuple(nodes))
    return WindField(tuple(times), tuple(fields), name, source)


def _column(
    blocks: dict[str, _Block],
    utc: datetime,
    pressures: list[float],
    node: tuple[int, int],
    ground_m: float | None,
    source: str,
) -> WindProfile:
    """Return one column; levels without values lie below the ground."""
    levels: list[RawLevel] = []
    missing = 0
    floor = -500.0  # 1000 hPa under a deep low; below every landing zone
    surface = _surface(blocks, utc, node) if ground_m is not None else None
    if surface is not None and ground_m is not None:
        floor = ground_m + _TEN_M
        levels.append(RawLevel(0, floor, math.nan, *surface))
    for number, pressure in enumerate(pressures):
        east, north, height = (_value(blocks[key], utc, pressure, node) for key in ("east", "north", "height"))
        if not all(map(math.isfinite, (east, north, height))) or height <= floor:
            missing += 1
            continue
        levels.append(RawLevel(number + 1, height, pressure, east, north))
    at = blocks["east"]
    place = at.latitude_deg[node[0]], (at.longitude_deg[node[1]] + 180.0) % 360.0 - 180.0
    name = f"{place[0]:g} N {place[1]:g} E"
    return profile_of(levels, Heading(utc, *place, name, source, 1, "level"), missing)


def _surface(blocks: dict[str, _Block], utc: datetime, node: tuple[int, int]) -> tuple[float, float] | None:
    """Return the wind at 10 m, or None where the file does not have it at this time and node."""
    found = [blocks.get(key) for key in ("east_10", "north_10")]
    east, north = found
    if east is None or north is None or utc not in east.times or utc not in north.times:
        return None
    if east.values.shape[2:] != blocks["east"].values.shape[2:]:
        return None
    speeds = tuple(float(one.values[one.times.index(utc), 0, *node]) for one in (east, north))
    return (speeds[0], speeds[1]) if all(map(math.isfinite, speeds)) else None


def _value(block: _Block, utc: datetime, pressure_pa: float, node: tuple[int, int]) -> float:
    return float(block.values[block.times.index(utc), block.pressure_pa.index(pressure_pa), *node])


def _block(variable: Any, key: str, place: tuple[float, float], source: str) -> _Block:
    """Return what a variable says about the place, in SI."""
    variable = _one_version(variable)
    variable, times, time_name = _with_times(variable, source)
    lat_name, lon_name = _axis(variable, "latitude", source), _axis(variable, "longitude", source)
    rows = _neighbours(variable[lat_name], "latitude", place[0], source)
    columns = _neighbours(variable[lon_name], "longitude", place[1], source)
    pressures: tuple[float, ...]
    if key.endswith("_10"):
        variable, level_name, pressures = _at_ten(variable), "_level", (math.nan,)
    else:
        level_name = _axis(variable, "level", source)
        factor = factor_of(variable[level_name], PRESSURE, source, "pressure")
        pressures = tuple(round(float(value) * factor, 3) for value in np.atleast_1d(variable[level_name].values))
    if level_name not in variable.dims:
        variable = variable.expand_dims({level_name: len(pressures)})
    dims = (time_name, level_name, lat_name, lon_name)
    extra = [dim for dim in variable.dims if dim not in dims]
    if any(variable.sizes[dim] != 1 for dim in extra):
        raise ConfigError(
            f"expected one member, got several along {', '.join(map(str, extra))}; extract one of them", source=source
        )
    part = {lat_name: [index for index, _ in rows], lon_name: [index for index, _ in columns]}
    cut = variable.squeeze(extra, drop=True).isel(part).transpose(*dims)
    values = np.asarray(cut.values, np.float64) * factor_of(variable, _FACTORS[key], source, key)
    return _Block(
        values,
        times,
        pressures,
        tuple(float(variable[lat_name].values[index]) for index, _ in rows),
        tuple(float(variable[lon_name].values[index]) for index, _ in columns),
        np.outer([weight for _, weight in rows], [weight for _, weight in columns]),
    )


def _one_version(variable: Any) -> Any:
    """Return a variable without the axis of experiment versions: final ERA5 (1) where it is, else preliminary (5)."""
    if "expver" not in variable.dims:
        return variable
    merged = variable.isel(expver=0, drop=True)
    for number in range(1, variable.sizes["expver"]):
        merged = merged.fillna(variable.isel(expver=number, drop=True))
    merged.attrs = dict(variable.attrs)
    return merged


def _axis(variable: Any, key: str, source: str) -> str:
    """Return the name of an axis of a variable."""
    named = [str(name) for name in variable.coords if _AXES[key].fullmatch(str(name).lower())]
    # A name that is also a dimension first: a data set can hold other axes of the kind
    found = next((name for name in named if name in variable.dims), next(iter(named), None))
    if found is None:
        dims = ", ".join(map(str, variable.dims))
        raise ConfigError(f"expected '{variable.name}' over {key}, found the axes {dims}", source=source)
    return found


def _with_times(variable: Any, source: str) -> tuple[Any, tuple[datetime, ...], str]:
    """Return a variable with one axis of valid times, the times, and the name of that axis."""
    named = sorted((str(name) for name in variable.coords if _AXES["time"].fullmatch(str(name).lower())), reverse=True)
    # "valid_time" comes first; of others one that is an axis, because time alone can be the start of a forecast
    name = next((one for one in named if one == "valid_time" or one in variable.dims), next(iter(named), None))
    if name is None:
        raise ConfigError(f"expected '{variable.name}' over time, found no axis of time", source=source)
    coordinate = variable[name]
    times = _times(coordinate, source)
    if coordinate.ndim == 0:
        others = [one for one in ("time", "step") if one != name and one in variable.coords]
        return (
            variable.drop_vars([one for one in others if variable[one].ndim == 0]).expand_dims("_when"),
            times,
            "_when",
        )
    if coordinate.ndim == 1:
        return variable, times, str(coordinate.dims[0])
    # Several starts and several steps of a forecast
    return variable.stack(_when=coordinate.dims, create_index=False), times, "_when"


def _times(coordinate: Any, source: str) -> tuple[datetime, ...]:
    values = np.atleast_1d(coordinate.values).ravel()
    if np.issubdtype(values.dtype, np.datetime64):
        seconds = values.astype("datetime64[s]").astype(np.int64)
        return tuple(datetime.fromtimestamp(int(second), UTC) for second in seconds)
    if values.dtype == object and all(hasattr(value, "isoformat") for value in values):
        # A calendar that counts from the year 1 (GrADS servers) is decoded into cftime
        return tuple(datetime.fromisoformat(value.isoformat()).replace(tzinfo=UTC) for value in values)
    got = coordinate.attrs.get("units", values.dtype)
    raise ConfigError(f"expected times as 'hours since ...', got {got}", source=source)


def _at_ten(variable: Any) -> Any:
    """Return a variable at 10 m above the ground."""
    name = next((str(dim) for dim in variable.dims if _ABOVE_GROUND.fullmatch(str(dim).lower())), None)
    if name is None:
        return variable
    heights = np.asarray(variable[name].values, np.float64)
    return variable.isel({name: int(np.argmin(np.abs(heights - _TEN_M)))}, drop=True)


def _neighbours(coordinate: Any, key: str, value_deg: float, source: str) -> Nodes:
    """Return the two nodes about a latitude or longitude with their linear weights."""
    nodes: npt.NDArray[np.float64] = np.asarray(coordinate.values, np.float64)
    if coordinate.ndim != 1 or (unit_of(coordinate) or "degrees").lower() not in DEGREES:
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
        return ((int(indices[0]), 1.0),)
    upper = int(np.clip(np.searchsorted(places, value), 1, places.size - 1))
    share = float((value - places[upper - 1]) / (places[upper] - places[upper - 1]))
    share = min(max(share, 0.0), 1.0)
    return ((int(indices[upper - 1]), 1.0 - share), (int(indices[upper]), share))
