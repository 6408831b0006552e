"""Small files of wind in the forms of their services, written from the documented formats for tests."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

KNOT_M_S = 1852.0 / 3600.0
# pressure hPa, geopotential height m, direction deg, speed m/s: near the standard atmosphere, an invented wind
LEVELS = (
    (965.0, 420, 250, 4.0), (850.0, 1480, 265, 9.0), (700.0, 3020, 270, 14.0), (500.0, 5580, 275, 20.0),
    (400.0, 7190, 280, 26.0), (300.0, 9160, 280, 31.0), (250.0, 10360, 280, 35.0), (200.0, 11780, 280, 36.0),
    (150.0, 13600, 278, 25.0), (100.0, 16180, 275, 18.0), (70.0, 18440, 280, 12.0), (50.0, 20580, 290, 9.0),
    (30.0, 23850, 300, 8.0), (20.0, 26480, 310, 9.0),
)  # fmt: skip

Level = tuple[float, float, float, float]


def igra_sounding(
    utc: datetime,
    levels: Sequence[Level] = LEVELS,
    station: str = "KZM00035671",
    place: tuple[float, float] = (47.8, 67.7167),
) -> str:
    """Return one IGRA2 sounding; a height, direction or speed that is not a number is written as missing."""
    head = (
        f"#{station} {utc:%Y} {utc:%m} {utc:%d} {utc:%H} {utc:%H%M} {len(levels):4d} ncdc-gts ncdc-gts "
        f"{round(place[0] * 1e4):7d} {round(place[1] * 1e4):8d}"
    )
    rows = [head]
    for pressure, height, direction, speed in levels:
        cells = [-9999 if math.isnan(value) else round(value) for value in (height, direction, speed * 10.0)]
        kind = "10" if not math.isnan(pressure) else "30"
        pascals = -9999 if math.isnan(pressure) else round(pressure * 100.0)
        rows.append(f"{kind} -9999 {pascals:6d} {cells[0]:5d} -9999 -9999 -9999 {cells[1]:5d} {cells[2]:5d} ")
    return "\n".join(rows) + "\n"


def write_igra(path: Path, texts: Iterable[str]) -> Path:
    """Write IGRA2 soundings, zipped if the name ends in .zip."""
    text = "".join(texts)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("KZM00035671-data.txt", text)
    else:
        path.write_text(text, encoding="ascii")
    return path


def wyoming_page(
    utc: datetime,
    levels: Sequence[Level] = LEVELS,
    *,
    name: str = "SKNT",
    unit: str = "knot",
    factor: float = 1.0 / KNOT_M_S,
    place: tuple[float, float] = (47.8, 67.7167),
) -> str:
    """Return a page of the University of Wyoming; the speed is multiplied by `factor`."""
    line = "-" * 77
    rows = [
        '<HTML><TITLE>University of Wyoming - Radiosonde Data</TITLE><BODY BGCOLOR="white">',
        f"<H2>35671  Zhezkazgan Observations at {utc:%H}Z {utc:%d %b %Y}</H2>",
        "<PRE>",
        line,
        f"   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   {name}   THTA   THTE   THTV",
        f"    hPa     m      C      C      %    g/kg    deg {unit:>6}     K      K      K ",
        line,
    ]
    for pressure, height, direction, speed in levels:
        wind = f"{'':14}" if math.isnan(speed) else f"{direction:7.0f}{speed * factor:7.1f}"
        rows.append(
            f"{pressure:7.1f}{height:7.0f}{-10.0:7.1f}{-20.0:7.1f}{40:7d}{1.0:7.2f}{wind}{290.0:7.1f}{295.0:7.1f}{291.0:7.1f}"
        )
    rows += [
        "</PRE><H3>Station information and sounding indices</H3><PRE>",
        "                         Station number: 35671",
        f"                       Observation time: {utc:%y%m%d/%H%M}",
        f"                       Station latitude: {place[0]:.2f}",
        f"                      Station longitude: {place[1]:.4f}",
        "                      Station elevation: 345.0",
        "</PRE></BODY></HTML>",
    ]
    return "\n".join(rows) + "\n"


Wind = Callable[[float, float, float, float], tuple[float, float]]


def grid_dataset(
    times: Sequence[str],
    latitudes: Sequence[float],
    longitudes: Sequence[float],
    wind: Wind,
    *,
    form: str = "era5",
    units: str = "m s**-1",
):
    """Return an xarray data set in the form of ERA5 (`era5`, geopotential) or GFS (`gfs`, geopotential height).

    `wind` gives east and north in m/s from hours since the first time, latitude, longitude and height.
    """
    import xarray as xr

    pressure = np.array([level[0] for level in LEVELS])
    height = np.array([level[1] for level in LEVELS], dtype=float)
    stamps = np.array(times, dtype="datetime64[ns]")
    shape = (len(times), len(pressure), len(latitudes), len(longitudes))
    east, north = np.zeros(shape), np.zeros(shape)
    for t, p, i, j in np.ndindex(shape):
        hours = float((stamps[t] - stamps[0]) / np.timedelta64(1, "h"))
        east[t, p, i, j], north[t, p, i, j] = wind(hours, latitudes[i], longitudes[j], height[p])
    heights = np.broadcast_to(height[None, :, None, None], shape)
    if form == "era5":
        dims = ("valid_time", "pressure_level", "latitude", "longitude")
        names, third, unit = ("u", "v", "z"), heights * 9.80665, "m**2 s**-2"
    else:
        dims = ("time", "isobaricInhPa", "latitude", "longitude")
        names, third, unit = ("u", "v", "gh"), heights, "gpm"
    return xr.Dataset(
        {
            names[0]: (dims, east, {"units": units}),
            names[1]: (dims, north, {"units": units}),
            names[2]: (dims, third, {"units": unit}),
        },
        coords={
            dims[0]: stamps,
            dims[1]: (dims[1], pressure, {"units": "hPa"}),
            "latitude": ("latitude", np.array(latitudes, dtype=float), {"units": "degrees_north"}),
            "longitude": ("longitude", np.array(longitudes, dtype=float), {"units": "degrees_east"}),
        },
    )


def write_grib(
    path: Path, utc: datetime, latitudes: Sequence[float], longitudes: Sequence[float], east: float, north: float
) -> Path:
    """Write a GRIB2 file of constant wind on the pressure levels, latitudes from north to south."""
    import eccodes

    with path.open("wb") as stream:
        for pressure, height, _, _ in LEVELS:
            for short_name, value in (("u", east), ("v", north), ("gh", height)):
                handle = eccodes.codes_grib_new_from_samples("regular_ll_pl_grib2")
                for key, entry in {
                    "Ni": len(longitudes), "Nj": len(latitudes),
                    "latitudeOfFirstGridPointInDegrees": latitudes[0],
                    "latitudeOfLastGridPointInDegrees": latitudes[-1],
                    "longitudeOfFirstGridPointInDegrees": longitudes[0],
                    "longitudeOfLastGridPointInDegrees": longitudes[-1],
                    "iDirectionIncrementInDegrees": longitudes[1] - longitudes[0],
                    "jDirectionIncrementInDegrees": latitudes[0] - latitudes[1],
                    "dataDate": int(f"{utc:%Y%m%d}"), "dataTime": int(f"{utc:%H%M}"), "level": round(pressure),
                    "shortName": short_name,
                }.items():  # fmt: skip
                    eccodes.codes_set(handle, key, entry)
                eccodes.codes_set_values(handle, np.full(len(latitudes) * len(longitudes), float(value)))
                eccodes.codes_write(handle, stream)
                eccodes.codes_release(handle)
    return path
