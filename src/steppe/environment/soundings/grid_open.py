"""Opens a grid and finds in it the winds, the heights and the wind at 10 m, by the names of GFS, ERA5 and CF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from steppe.environment.soundings.grib import check_grib
from steppe.environment.soundings.reading import kind_of
from steppe.errors import ConfigError

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "east": ("u", "ugrd", "ugrdprs", "u-component_of_wind_isobaric", "uwnd", "eastward_wind", "u_component_of_wind"),
    "north": ("v", "vgrd", "vgrdprs", "v-component_of_wind_isobaric", "vwnd", "northward_wind", "v_component_of_wind"),
    "height": (
        "gh", "hgt", "hgtprs", "geopotential_height", "geopotential_height_isobaric", "z", "geopotential",
    ),
    "east_10": ("u10", "10u", "ugrd10m", "u-component_of_wind_height_above_ground", "10m_u_component_of_wind"),
    "north_10": ("v10", "10v", "vgrd10m", "v-component_of_wind_height_above_ground", "10m_v_component_of_wind"),
}  # fmt: skip
# GRIB: the keys of ecCodes for each, tried in turn
_ISOBARIC: Final = {"typeOfLevel": "isobaricInhPa"}
_AT_10: Final = {"typeOfLevel": "heightAboveGround", "level": 10}
_GRIB: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "east": ({**_ISOBARIC, "shortName": "u"},),
    "north": ({**_ISOBARIC, "shortName": "v"},),
    "height": ({**_ISOBARIC, "shortName": "gh"}, {**_ISOBARIC, "shortName": "z"}),
    "east_10": ({**_AT_10, "shortName": "10u"}, {"typeOfLevel": "surface", "shortName": "10u"}),
    "north_10": ({**_AT_10, "shortName": "10v"}, {"typeOfLevel": "surface", "shortName": "10v"}),
}
# wgrib2 -netcdf writes each level as a variable of its own: UGRD_500mb
_LAYERS: Final = {"east": "UGRD", "north": "VGRD", "height": "HGT"}
_NEEDED: Final = ("east", "north", "height")


@dataclass(frozen=True, slots=True)
class OpenGrid:
    """The variables of an open grid: ``east``, ``north``, ``height``, and ``east_10``, ``north_10`` if it has them."""

    variables: dict[str, Any]
    name: str


@contextmanager
def opened(path: Path) -> Iterator[OpenGrid]:
    """Open a NetCDF or GRIB file and find its variables.

    Raises
    ------
    ConfigError
        If it is none, cannot be read, or lacks a variable.
    """
    kind = kind_of(path)
    source = str(path)
    if kind not in ("netcdf", "grib"):
        raise ConfigError(
            "expected a grid in NetCDF or GRIB, got a sounding; write wind.model = 'sounding'", source=source
        )
    data: list[Any] = []
    try:
        grid = _open(path, kind, data)
        try:
            yield grid
        except (OSError, RuntimeError) as error:
            # Values are read when they are used, so damage inside a file shows only now
            words = " ".join(str(error).split())[:200]
            raise ConfigError(f"cannot read the grid: {words}; fetch it again", source=source) from error
    finally:
        for one in data:
            one.close()


def _open(path: Path, kind: str, data: list[Any]) -> OpenGrid:
    source = str(path)
    needs = "h5netcdf" if kind == "netcdf" else "cfgrib"
    try:
        import xarray

        if kind == "grib":
            check_grib(path)
            return _grib(path, data, xarray)
        # Whatever reads it here: h5netcdf or netCDF4, and SciPy for the classic form
        data.append(xarray.open_dataset(path))
        return _netcdf(data[0], source)
    except ImportError as error:
        raise ConfigError(
            f"reading grids needs xarray and {needs}; get them with: pip install 'steppe[weather]'", source=source
        ) from error
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, TypeError) as error:
        # xarray reports a missing engine as ValueError and a damaged file by what its engine raises
        words = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"cannot read the grid: {words}; fetch it again or install steppe[weather]", source=source
        ) from error


def _grib(path: Path, data: list[Any], xarray: Any) -> OpenGrid:
    """Open each variable alone: in one data set, those with fewer levels would displace the others."""
    variables: dict[str, Any] = {}
    name = path.name
    for key, choices in _GRIB.items():
        for keys in choices:
            one = xarray.open_dataset(
                path, engine="cfgrib", backend_kwargs={"indexpath": "", "filter_by_keys": keys}, decode_timedelta=True
            )
            data.append(one)
            if one.data_vars:
                variables[key] = one[next(iter(one.data_vars))]
                name = str(one.attrs.get("GRIB_centreDescription") or name)
                break
    _check(variables, [], str(path))
    return OpenGrid(variables, name)


def _netcdf(data: Any, source: str) -> OpenGrid:
    variables = {}
    for key, names in _NAMES.items():
        found = _find(data, names)
        if found is None and key in _LAYERS:
            found = _stacked(data, _LAYERS[key])
        if found is not None:
            variables[key] = found
    _check(variables, sorted(map(str, data.variables)), source)
    return OpenGrid(variables, str(data.attrs.get("institution") or Path(source).name))


def _find(data: Any, names: tuple[str, ...]) -> Any:
    known = {str(name).lower(): name for name in data.data_vars}
    for name in names:
        if name in known:
            return data[known[name]]
    return next((one for one in data.data_vars.values() if one.attrs.get("standard_name") in names), None)


def _stacked(data: Any, prefix: str) -> Any:
    """Return the levels of wgrib2 as one variable over pressure in hPa, or None."""
    import xarray

    pattern = re.compile(rf"{prefix}_(\d+(?:\.\d+)?)mb$")
    levels = sorted((float(found[1]), str(name)) for name in data.data_vars if (found := pattern.match(str(name))))
    if len(levels) < 2:
        return None
    level = xarray.Variable("level", [pressure for pressure, _ in levels], {"units": "hPa"})
    parts = [data[name] for _, name in levels]
    stacked = xarray.concat(parts, dim="level", combine_attrs="drop_conflicts").assign_coords(level=level)
    stacked.attrs["units"] = parts[0].attrs.get("units", "")
    return stacked.rename(prefix)


def _check(variables: dict[str, Any], found: list[str], source: str) -> None:
    missing = next((key for key in _NEEDED if key not in variables), None)
    if missing is None:
        return
    what = f", found {', '.join(found[:20])}" if found else ""
    hint = "; order the geopotential (or its height) with the winds" if missing == "height" else ""
    raise ConfigError(f"expected a variable {' or '.join(_NAMES[missing][:4])} ({missing}){what}{hint}", source=source)
