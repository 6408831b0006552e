"""What a mission flies in: Earth, air, wind and ground."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from steppe.config.units import Density, Duration, Length, Number, Speed
from steppe.config.vehicle import Record


class Earth(Record):
    """The shape, rotation and gravity of the Earth.

    `zonal_degree` 0 is a point mass, 2 adds J2, 4 adds J3 and J4.
    """

    shape: Literal["wgs84", "spherical"] = "wgs84"
    rotating: bool = True
    zonal_degree: Literal[0, 2, 3, 4] = 4
    radius_m: Annotated[Length, Field(gt=1e5, le=1e9)] | None = None
    gm_m3_s2: Annotated[Number, Field(gt=0.0, le=1e20)] | None = None
    rotation_rad_s: Annotated[Number, Field(ge=-1e-2, le=1e-2)] | None = None
    j2: Annotated[Number, Field(ge=-0.1, le=0.1)] | None = None
    gravity_m_s2: Annotated[Number, Field(gt=0.0, le=100.0)] | None = None


class Air(Record):
    """The atmosphere: NRLMSIS 2.1 of the date, U.S. Standard 1976, exponential, or none.

    `space_weather` is a CSV file of CelesTrak that replaces the bundled table.
    """

    model: Literal["msis", "us76", "exponential", "none"] = "msis"
    surface_density_kg_m3: Density = 1.225
    scale_height_m: Annotated[Length, Field(gt=100.0, le=100e3)] = 7200.0
    temperature_k: Annotated[Number, Field(gt=1.0, le=5000.0)] = 250.0
    space_weather: str | None = None


class WindLevel(Record):
    """The wind at one altitude: speeds towards the east and towards the north."""

    altitude_m: Annotated[Length, Field(ge=-500.0, le=200e3)]
    east_m_s: Annotated[Speed, Field(ge=-300.0, le=300.0)]
    north_m_s: Annotated[Speed, Field(ge=-300.0, le=300.0)]


class Wind(Record):
    """The wind: climatology (balanced, or the monthly means of the zone), a table, measured or forecast, none.

    With "sounding" and "grid", `file` or `files` name soundings (IGRA2, University of Wyoming, CSV) or grids on
    pressure levels (NetCDF, GRIB); soundings farther than `within_m` or `within_s` from the landing are not used.
    A bad sounding that the landing needs refuses the flight, unless `bad_soundings` is "skip". A wind of a table, a
    sounding or a grid that lies too far from the mean of its month does so too, unless `unusual` is "accept".
    """

    model: Literal["climatology", "monthly", "table", "sounding", "grid", "none"] = "climatology"
    levels: tuple[WindLevel, ...] = ()
    file: str | None = None
    files: tuple[str, ...] = ()
    within_m: Annotated[Length, Field(gt=0.0, le=5000e3)] = 500e3
    within_s: Annotated[Duration, Field(gt=0.0, le=604800.0)] = 43200.0
    bad_soundings: Literal["refuse", "skip"] = "refuse"
    unusual: Literal["refuse", "accept"] = "refuse"

    @model_validator(mode="after")
    def _table_given(self) -> Wind:
        if self.model == "table" and bool(self.levels) == (self.file is not None):
            raise ValueError("wind.model = 'table' needs either wind.levels or wind.file")
        if self.model in ("sounding", "grid"):
            if self.levels or bool(self.files) == (self.file is not None):
                raise ValueError(f"wind.model = '{self.model}' needs either wind.file or wind.files, and no levels")
        elif self.files:
            raise ValueError(f"wind.model = '{self.model}' takes no files; write model = 'sounding' or 'grid'")
        elif self.model != "table" and (self.levels or self.file):
            raise ValueError(
                f"wind.model = '{self.model}' takes no levels and no file; write model = 'table', 'sounding' or 'grid'"
            )
        if any(b.altitude_m <= a.altitude_m for a, b in pairwise(self.levels)):
            raise ValueError("wind.levels must rise in altitude_m")
        return self


class Terrain(Record):
    """The height of the ground at the landing: elevation files (SRTM .hgt, GeoTIFF), and what holds where they end.

    `elsewhere` is "grid", the coarse heights that come with steppe, "zone", the height of the zone everywhere, or
    "plane", a plane through the airfields of the region. `baseline_m` is the length over which a slope is taken.
    """

    file: str | None = None
    files: tuple[str, ...] = ()
    elsewhere: Literal["grid", "zone", "plane"] = "grid"
    baseline_m: Annotated[Length, Field(ge=10.0, le=10e3)] = 200.0

    @model_validator(mode="after")
    def _one_way(self) -> Terrain:
        if self.file is not None and self.files:
            raise ValueError("give either terrain.file or terrain.files")
        return self


def file_paths(choice: Wind | Terrain, folder: Path | None) -> list[Path]:
    """Return the files that a choice names; `folder` is that of the mission file, None stands for the current one."""
    names = choice.files or ((choice.file,) if choice.file is not None else ())
    return [(folder or Path()) / name for name in names]
