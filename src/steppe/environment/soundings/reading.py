"""Finds out what a file of winds is, by its content, and reads soundings of any kind."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import numpy as np

from steppe.environment.soundings.comments import said
from steppe.environment.soundings.igra import igra_readings
from steppe.environment.soundings.records import Readings, WindProfile
from steppe.environment.soundings.wyoming import wyoming_readings
from steppe.environment.text_files import encoding_of, read_text
from steppe.environment.wind_table import is_header, levels_from_csv
from steppe.errors import ConfigError, EnvironmentDataError

Kind = Literal["igra", "wyoming", "csv", "netcdf", "grib"]

_LOOKED_AT: Final = 65536
_IGRA: Final = re.compile(r"#[A-Z]{2}[A-Z0-9]{9} \d{4} [ \d]\d [ \d]\d")
_READABLE: Final = (
    "an IGRA2 file (text or zip), a University of Wyoming sounding, a table with the columns altitude_m, speed_m_s, "
    "direction_deg (other units in the names), NetCDF or GRIB on pressure levels"
)


def kind_of(path: Path) -> Kind:
    """Return what kind of wind file this is, by its first bytes.

    Raises
    ------
    ConfigError
        If the file cannot be read or is none of the kinds.
    """
    source = str(path)
    try:
        with path.open("rb") as stream:
            start = stream.read(_LOOKED_AT)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"cannot read the wind file: {reason}; check wind.files", source=source) from None
    if start.startswith((b"\x89HDF", b"CDF")):
        return "netcdf"
    if start.startswith(b"GRIB"):
        return "grib"
    if start.startswith(b"PK"):
        return "igra"
    if start.startswith(b"\x1f\x8b"):
        raise ConfigError("the file is compressed with gzip; unpack it (gunzip) and give what is in it", source=source)
    text = start.decode(encoding_of(start), errors="replace")
    if _IGRA.match(text):
        return "igra"
    if re.search(r"PRES\s+HGHT", text) or "wind speed_" in text or "uwyo.edu" in text.lower():
        return "wyoming"
    rows = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    if is_header(next(rows, "")):
        return "csv"
    shown = text.lstrip()[:40].splitlines()[0] if text.strip() else "an empty file"
    hint = ": a web page, perhaps the error of a service; fetch it again" if shown.startswith("<") else ""
    raise ConfigError(f"expected {_READABLE}; the file begins with {shown!r}{hint}", source=source)


def read_soundings(path: Path, utc: datetime, within_s: float) -> tuple[WindProfile, ...]:
    """Return the soundings of a file near a time; see `soundings_of`.

    Raises
    ------
    ConfigError
        As there, and if a sounding near the time is bad.
    EnvironmentDataError
        As there.
    """
    return soundings_of(path, utc, within_s).all_good()


def soundings_of(path: Path, utc: datetime, within_s: float) -> Readings:
    """Return the soundings of a file near a time, good and bad.

    Parameters
    ----------
    path
        IGRA2, University of Wyoming, or a CSV table with the comments ``# utc = ...``, ``# latitude_deg = ...`` and
        ``# longitude_deg = ...``.
    utc
        The time, with a time zone.
    within_s
        How far from it, in s.

    Raises
    ------
    ConfigError
        If the file cannot be read or used, or is a grid.
    EnvironmentDataError
        If no sounding is near the time.
    """
    kind = kind_of(path)
    if kind == "igra":
        return igra_readings(path, utc, within_s)
    if kind in ("netcdf", "grib"):
        raise ConfigError("expected a sounding, got a grid; write wind.model = 'grid'", source=str(path))
    found = wyoming_readings(path) if kind == "wyoming" else Readings((read_csv_sounding(path),))
    near = Readings(
        tuple(one for one in found.good if abs((one.utc - utc).total_seconds()) <= within_s),
        tuple(one for one in found.bad if abs((one.utc - utc).total_seconds()) <= within_s),
    )
    if not near.good and not near.bad:
        every = sorted([*(one.utc for one in found.good), *(one.utc for one in found.bad)])
        times = ", ".join(f"{at:%Y-%m-%d %H:%M}" for at in every[:6])
        raise EnvironmentDataError(
            f"{path}: no sounding within {within_s / 3600.0:g} h of {utc:%Y-%m-%d %H:%M} UTC; the file has {times}; "
            "take one nearer to the landing, or raise wind.within_s"
        )
    return near


def read_csv_sounding(path: Path) -> WindProfile:
    """Return the column of a CSV table (`steppe.environment.wind.wind_from_csv`) whose comments say where and when.

    Raises
    ------
    ConfigError
        If the file cannot be used or does not say where and when it was measured.
    """
    levels = np.array(levels_from_csv(path))
    given = _said(path)
    try:
        utc = datetime.fromisoformat(given["utc"].replace("Z", "+00:00"))
        place = float(given["latitude_deg"]), float(given["longitude_deg"])
        if utc.tzinfo is None or not (-90.0 <= place[0] <= 90.0 and -180.0 <= place[1] <= 360.0):
            raise ValueError
    except (KeyError, ValueError):
        raise ConfigError(
            "a sounding must say when and where it was; add the lines '# utc = 2022-09-29T06:00Z', "
            "'# latitude_deg = 47.8' and '# longitude_deg = 67.7', or use wind.model = 'table'",
            source=str(path),
        ) from None
    return WindProfile(
        altitude_m=levels[:, 0],
        east_m_s=levels[:, 1],
        north_m_s=levels[:, 2],
        utc=utc.astimezone(UTC),
        latitude_deg=place[0],
        longitude_deg=place[1],
        name=given.get("name", path.stem),
        source=str(path),
        heights="geometric altitudes as given",
    )


def says_where(path: Path) -> bool:
    """Return whether the comments of a CSV table say when and where it was measured."""
    return {"utc", "latitude_deg", "longitude_deg"} <= _said(path).keys()


def _said(path: Path) -> dict[str, str]:
    """Return the values that the comments of a CSV table give."""
    try:
        return said(read_text(path))
    except UnicodeDecodeError:
        return {}
