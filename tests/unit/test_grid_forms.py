"""Grids in the forms in which their services give them: old and new Climate Data Store, THREDDS, NOMADS, wgrib2, GRIB.

The forms follow the services' own descriptions: the conversion pages of ECMWF (confluence.ecmwf.int, "GRIB to netCDF
conversion on new CDS and ADS systems", "ERA5 CDS requests which return a mixture of ERA5 and ERA5T data") and the
catalogues of Unidata and NCEP. The winds are invented.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from wind_files import LEVELS, grid_dataset

from steppe.environment.soundings.gridded import read_grid
from steppe.errors import ConfigError

xr = pytest.importorskip("xarray")
ZONE = (47.367, 69.6)
TIMES = ("2022-09-29T09:00", "2022-09-29T12:00")
NINE, NOON = datetime(2022, 9, 29, 9, tzinfo=UTC), datetime(2022, 9, 29, 12, tzinfo=UTC)
LATITUDES, LONGITUDES = [48.0, 47.75, 47.5, 47.25, 47.0], [69.25, 69.5, 69.75, 70.0]
GROUND_M = 381.0


def blowing(hours, latitude_deg, longitude_deg, height_m):
    return 10.0 + hours + height_m / 1000.0, latitude_deg - 47.0


def expected(altitude_m, hours=0.0):
    """Return what the wind is at an altitude: geometric altitudes are 0.2 % above geopotential heights at most."""
    return 10.0 + hours + altitude_m / 1000.0, ZONE[0] - 47.0


def check(path, hours=(0.0, 3.0), times=(NINE, NOON)):
    field = read_grid(path, *ZONE)
    assert field.utc == times
    for passed, columns in zip(hours, field.columns, strict=True):
        assert sum(weight for _, weight in columns) == pytest.approx(1.0)
        for altitude_m in (2000.0, 9000.0, 20e3):
            east = sum(w * np.interp(altitude_m, one.altitude_m, one.east_m_s) for one, w in columns)
            north = sum(w * np.interp(altitude_m, one.altitude_m, one.north_m_s) for one, w in columns)
            # 1e-3 of the value is what 16 bits of the packing and the two kinds of height leave
            assert (east, north) == pytest.approx(expected(altitude_m, passed), rel=2e-3, abs=0.02)
    return field


def test_the_old_climate_data_store(tmp_path):
    """Packed 16-bit integers, hours since 1900, integer levels in millibars, latitudes from the north."""
    data = grid_dataset(TIMES, LATITUDES, LONGITUDES, blowing)
    data = data.rename(valid_time="time", pressure_level="level")
    data = data.assign_coords(level=("level", data.level.values.astype("int32"), {"units": "millibars"}))
    packing = {}
    for name in "uvz":
        low, high = float(data[name].min()), float(data[name].max())
        scale = (high - low) / 65532.0
        packing[name] = {
            "dtype": "int16",
            "scale_factor": scale,
            "add_offset": (high + low) / 2.0,
            "_FillValue": -32767,
        }
    packing["time"] = {"units": "hours since 1900-01-01 00:00:00.0", "calendar": "gregorian", "dtype": "int32"}
    data.to_netcdf(tmp_path / "e.nc", encoding=packing)
    check(tmp_path / "e.nc")
    data.to_netcdf(tmp_path / "classic.nc", encoding=packing, format="NETCDF3_64BIT", engine="scipy")
    check(tmp_path / "classic.nc")


def test_a_mixture_of_final_and_preliminary_era5(tmp_path):
    """Two experiment versions, each empty where the other has values."""
    data = grid_dataset(TIMES, LATITUDES, LONGITUDES, blowing).rename(valid_time="time", pressure_level="level")
    final = data.where(data.time < np.datetime64("2022-09-29T10:00"))
    late = data.where(data.time > np.datetime64("2022-09-29T10:00"))
    both = xr.concat([final, late], dim=xr.Variable("expver", [1, 5]), combine_attrs="override")
    for name in "uvz":
        both[name].attrs = dict(data[name].attrs)
    both.to_netcdf(tmp_path / "e.nc")
    check(tmp_path / "e.nc")


def test_the_new_climate_data_store(tmp_path):
    """valid_time in seconds since 1970, pressure_level as double, number a scalar, expver a text of each time."""
    data = grid_dataset(TIMES, LATITUDES, LONGITUDES, blowing)
    data = data.assign_coords(number=0, expver=("valid_time", np.array(["0001", "0005"])))
    data["u"].attrs |= {"GRIB_shortName": "u", "long_name": "U component of wind", "standard_name": "eastward_wind"}
    encoding = {"valid_time": {"units": "seconds since 1970-01-01", "dtype": "int64"}}
    for name, order in (("falling", slice(None)), ("rising", slice(None, None, -1))):
        path = tmp_path / f"{name}.nc"
        data.isel(latitude=order, pressure_level=order).to_netcdf(path, encoding=encoding)
        check(path)


def test_gfs_of_thredds(tmp_path):
    """Isobaric levels in Pa from the top, winds and heights on axes of their own, a reference time beside the time."""
    data = grid_dataset(TIMES, LATITUDES, LONGITUDES, blowing, form="gfs")
    level = data.isobaricInhPa.values[::-1] * 100.0
    shape = ("time1", "isobaric1", "lat", "lon")

    def turned(name, axes, unit):
        return (axes, data[name].values[:, ::-1], {"units": unit, "grid_mapping": "LatLon_Projection"})

    other = ("time2", "isobaric2", "lat", "lon")
    made = xr.Dataset(
        {
            "u-component_of_wind_isobaric": turned("u", shape, "m/s"),
            "v-component_of_wind_isobaric": turned("v", shape, "m/s"),
            "Geopotential_height_isobaric": turned("gh", other, "gpm"),
            "LatLon_Projection": ((), 0),
        },
        coords={
            "time1": data.time.values, "time2": data.time.values, "reftime": np.datetime64("2022-09-29T06:00", "ns"),
            "isobaric1": ("isobaric1", level, {"units": "Pa"}), "isobaric2": ("isobaric2", level, {"units": "Pa"}),
            "lat": ("lat", LATITUDES, {"units": "degrees_north"}),
            "lon": ("lon", LONGITUDES, {"units": "degrees_east"}),
        },
    )  # fmt: skip
    made.to_netcdf(tmp_path / "t.nc")
    check(tmp_path / "t.nc")


def test_gfs_of_grads_and_of_wgrib2(tmp_path):
    """NOMADS OPeNDAP: units in brackets of the long name; wgrib2: each level a variable of its own."""
    data = grid_dataset(TIMES, LATITUDES, LONGITUDES, blowing, form="gfs")
    grads = data.rename(u="ugrdprs", v="vgrdprs", gh="hgtprs", isobaricInhPa="lev", latitude="lat", longitude="lon")
    words = {"ugrdprs": "u-component of wind [m/s]", "vgrdprs": "v-component of wind [m/s]", "hgtprs": "height [gpm]"}
    for name, long_name in words.items():
        grads[name].attrs = {"long_name": f"** (1000 975 950.. 3 2 1) {long_name} "}
    grads["lev"].attrs = {"units": "millibar"}
    grads.to_netcdf(tmp_path / "g.nc", encoding={"time": {"units": "days since 1970-01-01", "dtype": "float64"}})
    check(tmp_path / "g.nc")
    parts = {}
    for number, pressure in enumerate(data.isobaricInhPa.values):
        for prefix, name, unit in (("UGRD", "u", "m/s"), ("VGRD", "v", "m/s"), ("HGT", "gh", "gpm")):
            parts[f"{prefix}_{pressure:g}mb"] = (
                data[name].isel(isobaricInhPa=number, drop=True).assign_attrs(units=unit)
            )
    xr.Dataset(parts).to_netcdf(tmp_path / "w.nc")
    check(tmp_path / "w.nc")


def test_a_forecast_of_several_steps(tmp_path):
    """One start and several steps (cfgrib), and several starts of several steps."""
    data = grid_dataset(TIMES, LATITUDES, LONGITUDES, blowing, form="gfs").rename(time="step")
    start = np.datetime64("2022-09-29T06:00", "ns")
    steps = data.step.values - start
    one = data.assign_coords(step=steps, time=start, valid_time=("step", start + steps))
    one.to_netcdf(tmp_path / "s.nc")
    check(tmp_path / "s.nc")
    many = one.drop_vars(["time", "valid_time"]).expand_dims(time=[start, start - np.timedelta64(1, "D")])
    many = many.assign_coords(valid_time=many.time + many.step)
    many.to_netcdf(tmp_path / "m.nc")
    field = read_grid(tmp_path / "m.nc", *ZONE)
    assert (len(field.utc), field.utc[-1]) == (4, NOON)


def test_longitudes_from_0_to_360_and_a_zone_on_a_node_and_at_the_seam(tmp_path):
    data = grid_dataset(TIMES, [90.0, 45.0, 0.0], list(range(0, 360, 30)), blowing)
    data.to_netcdf(tmp_path / "g.nc")
    for longitude_deg in (-15.0, 345.0, 0.0, 359.99, 60.0):
        field = read_grid(tmp_path / "g.nc", 45.0, longitude_deg)
        assert sum(weight for _, weight in field.columns[0]) == pytest.approx(1.0)
        east = sum(w * np.interp(5000.0, one.altitude_m, one.east_m_s) for one, w in field.columns[0])
        assert east == pytest.approx(15.0, abs=0.05)


def test_the_wind_at_ten_metres_stands_on_the_ground(tmp_path):
    data = grid_dataset(TIMES, LATITUDES, LONGITUDES, blowing)
    shape = ("valid_time", "latitude", "longitude")
    still = np.zeros((2, len(LATITUDES), len(LONGITUDES)))
    with_ten = data.assign(u10=(shape, still + 2.5, {"units": "m s**-1"}), v10=(shape, still - 1.0, {"units": "m/s"}))
    with_ten.to_netcdf(tmp_path / "g.nc")
    without = read_grid(tmp_path / "g.nc", *ZONE).columns[0][0][0]
    column = read_grid(tmp_path / "g.nc", *ZONE, ground_m=500.0).columns[0][0][0]
    # The lowest pressure level, 965 hPa at 420 m, lies below this ground
    assert column.left_out == without.left_out + 1
    assert column.altitude_m[0] == pytest.approx(510.0, abs=1.0)
    assert (column.east_m_s[0], column.north_m_s[0]) == (2.5, -1.0)
    assert column.east_m_s[1] == pytest.approx(without.east_m_s[1])


def test_gfs_in_grib_with_uneven_levels_and_the_wind_at_ten_metres(tmp_path):
    """A variable with fewer levels (clwmr) and levels in Pa must not displace the winds."""
    pytest.importorskip("cfgrib")
    eccodes = pytest.importorskip("eccodes")
    path = tmp_path / "gfs.grib2"
    grid = {
        "Ni": 4, "Nj": 5, "latitudeOfFirstGridPointInDegrees": 47.0, "latitudeOfLastGridPointInDegrees": 48.0,
        "longitudeOfFirstGridPointInDegrees": 69.25, "longitudeOfLastGridPointInDegrees": 70.0,
        "iDirectionIncrementInDegrees": 0.25, "jDirectionIncrementInDegrees": 0.25, "jScansPositively": 1,
        "dataDate": 20220929, "dataTime": 600, "indicatorOfUnitOfTimeRange": 1, "forecastTime": 6,
        "significanceOfReferenceTime": 1, "productionStatusOfProcessedData": 0, "typeOfProcessedData": 1,
    }  # fmt: skip

    def message(stream, keys, value):
        handle = eccodes.codes_grib_new_from_samples("regular_ll_pl_grib2")
        for key, entry in {**grid, **keys}.items():
            eccodes.codes_set(handle, key, entry)
        eccodes.codes_set_values(handle, np.full(20, float(value)))
        eccodes.codes_write(handle, stream)
        eccodes.codes_release(handle)

    with path.open("wb") as stream:
        message(stream, {"shortName": "clwmr", "level": 850}, 0.0)
        for pressure, height, _, _ in LEVELS:
            for name, value in (("u", 12.0), ("v", -4.0), ("gh", height)):
                message(stream, {"shortName": name, "level": round(pressure)}, value)
        for name, value in (("10u", 3.0), ("10v", 1.0)):
            keys = {"typeOfFirstFixedSurface": 103, "scaleFactorOfFirstFixedSurface": 0}
            message(stream, {**keys, "scaledValueOfFirstFixedSurface": 10, "shortName": name}, value)
    field = read_grid(path, *ZONE, ground_m=GROUND_M)
    assert field.utc == (NOON,)
    column = field.columns[0][0][0]
    assert (column.east_m_s[0], column.altitude_m[0]) == pytest.approx((3.0, 391.0), abs=0.5)
    assert column.east_m_s[5] == pytest.approx(12.0, rel=2e-3)
    assert len(column.altitude_m) == 1 + len(LEVELS)


def test_what_no_column_can_be_made_of(tmp_path):
    data = grid_dataset(TIMES, LATITUDES, LONGITUDES, blowing)
    model_levels = data.assign_coords(pressure_level=("pressure_level", np.arange(14.0), {"units": "1"}))
    early = data.z.assign_coords(valid_time=data.valid_time - np.timedelta64(30, "D"))
    cases = {
        "expected the pressure 'pressure_level' in one of hpa": model_levels,
        "at the same times and levels, got 0 times": data[["u", "v"]].merge(early.rename(valid_time="time2")),
        "expected 'u' over level, found the axes": data.isel(pressure_level=3, drop=True),
        "the wind begins at .* expected at most 3000 m": data.isel(pressure_level=slice(4, None)),
        r"no wind from \d+ to \d+ m, a gap": data.isel(pressure_level=[0, 1, 2, 5, 6, 7, 8, 9]),
        "order the geopotential": data.drop_vars("z"),
        "on a regular grid": data.rename(latitude="y").assign_coords(
            latitude=(("y", "longitude"), np.zeros((len(LATITUDES), len(LONGITUDES))))
        ),
    }
    for number, (words, one) in enumerate(cases.items()):
        one.to_netcdf(tmp_path / f"{number}.nc")
        with pytest.raises(ConfigError, match=words):
            read_grid(tmp_path / f"{number}.nc", *ZONE)
