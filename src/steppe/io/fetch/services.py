"""Which addresses give winds, elements and space weather, and how to tell that the right thing came.

The forms of the addresses are from the pages and from programs that used them in 2025 and 2026; docs/how-to lists
which ones this project could not try itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from steppe.config.loader import LoadedMission
from steppe.errors import FetchError
from steppe.frames.geodetic import geodesic_distance_m
from steppe.io.fetch.cache import Wanted

IGRA: Final = "https://www.ncei.noaa.gov/data/integrated-global-radiosonde-archive/access"
WYOMING: Final = "https://weather.uwyo.edu/wsgi/sounding"
NOMADS: Final = "https://nomads.ncep.noaa.gov/cgi-bin/filter_gfs_0p25.pl"
CELESTRAK: Final = "https://celestrak.org"
ISS_CATALOGUE_NUMBER: Final = 25544

_HOUR_S: Final = 3600.0
_FOR_EVER_S: Final = math.inf
# From the undocking to the landing, and from the ignition: the usual three and a half hours and 54 minutes of a Soyuz
_UNDOCKING_TO_LANDING: Final = timedelta(hours=3, minutes=20)
_IGNITION_TO_LANDING: Final = timedelta(minutes=54)
# A run of GFS is complete some five hours after its start; NOMADS keeps about ten days
_GFS_DELAY: Final = timedelta(hours=5)
_GFS_KEPT: Final = timedelta(days=9)
_GFS_REACH: Final = timedelta(hours=384)
_GFS_LEVELS: Final = (
    1000, 975, 950, 925, 900, 850, 800, 750, 700, 650, 600, 550, 500, 450, 400, 350, 300, 250, 200, 150, 100, 70, 50,
    40, 30, 20, 15, 10,
)  # fmt: skip
_GFS_MARGIN_DEG: Final = 1.0
_NOAA: Final = "NOAA, work of the US government, free to use; cite IGRA2: doi 10.7289/V5X63K0Q"
_GFS_LICENCE: Final = "NOAA NCEP, work of the US government, free to use"
_WYOMING_LICENCE: Final = "University of Wyoming, Department of Atmospheric Science; no licence stated, name the source"
_CELESTRAK_LICENCE: Final = (
    "CelesTrak (T.S. Kelso), free to use; name the source and obey celestrak.org/usage-policy.php"
)


@dataclass(frozen=True, slots=True)
class Station:
    """A radiosonde station: WMO number, name, and its place to a tenth of a degree."""

    number: str
    name: str
    latitude_deg: float
    longitude_deg: float


# Stations about the landing zones; places to a tenth of a degree, good enough to choose by (the files say their own)
STATIONS: Final = (
    Station("35671", "Zhezkazgan", 47.8, 67.7),
    Station("35394", "Karaganda", 49.8, 73.2),
    Station("35229", "Aktobe", 50.3, 57.2),
    Station("28952", "Kostanay", 53.2, 63.6),
    Station("38064", "Kyzylorda", 44.8, 65.5),
)


def landing_time(loaded: LoadedMission) -> datetime:
    """Return when a mission lands, to the half hour that choosing a sounding needs.

    Raises
    ------
    FetchError
        If the mission does not say when it begins.
    """
    mission = loaded.mission
    given = mission.start.state or mission.start.surface
    if given is not None:
        return given.utc
    if mission.deorbit is not None and mission.deorbit.ignition_utc is not None:
        return mission.deorbit.ignition_utc + _IGNITION_TO_LANDING
    if mission.departure is not None:
        return mission.departure.undocking_utc + _UNDOCKING_TO_LANDING
    raise FetchError(f"{loaded.source}: the mission says no date; give --utc")


def nearest_stations(latitude_deg: float, longitude_deg: float, count: int) -> tuple[Station, ...]:
    """Return the stations nearest to a place."""

    def away_m(station: Station) -> float:
        angles = (station.latitude_deg, station.longitude_deg, latitude_deg, longitude_deg)
        return float(geodesic_distance_m(*map(math.radians, angles)))

    return tuple(sorted(STATIONS, key=away_m)[:count])


def at_base(url: str, base: str | None) -> str:
    """Return an address on a mirror: the part after the host stays."""
    if base is None:
        return url
    parts = urlsplit(url)
    return base.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


def wyoming_soundings(numbers: Sequence[str], utc: datetime, base: str | None = None) -> list[Wanted]:
    """Return the soundings of stations before and after a time (00 and 12 UTC)."""
    early = utc.replace(hour=utc.hour // 12 * 12, minute=0, second=0, microsecond=0)
    wanted = []
    for number in numbers:
        for launch in (early, early + timedelta(hours=12)):
            moment = quote(f"{launch:%Y-%m-%d %H}:00:00", safe=":")
            query = f"datetime={moment}&id={number}&src=FM35&type=TEXT:LIST"
            name = f"uwyo-{number}-{launch:%Y%m%d%H}.html"
            url = at_base(f"{WYOMING}?{query}", base)
            wanted.append(Wanted("winds", name, url, _WYOMING_LICENCE, _FOR_EVER_S, _is_wyoming))
    return wanted


def igra_archives(numbers: Sequence[str], utc: datetime, now: datetime, base: str | None = None) -> list[Wanted]:
    """Return the IGRA2 files of stations of Kazakhstan: of this year if that holds the time, else of all years."""
    recent = utc.year == now.year
    folder, word, holds_s = (
        ("data-y2d", f"data-beg{now.year}", 24 * _HOUR_S) if recent else ("data-por", "data", _FOR_EVER_S)
    )
    wanted = []
    for number in numbers:
        identifier = number if len(number) == 11 else f"KZM000{number}"
        name = f"{identifier}-{word}.txt.zip"
        url = at_base(f"{IGRA}/{folder}/{name}", base)
        wanted.append(Wanted("winds", name, url, _NOAA, holds_s, _is_igra))
    return wanted


def gfs_subsets(
    latitude_deg: float, longitude_deg: float, utc: datetime, now: datetime, base: str | None = None
) -> list[Wanted]:
    """Return the two GFS forecasts about a time, cut to a square about a place.

    Raises
    ------
    FetchError
        If the time lies outside what NOMADS keeps and GFS reaches.
    """
    latest = min(now - _GFS_DELAY, utc)
    run = latest.replace(hour=latest.hour // 6 * 6, minute=0, second=0, microsecond=0)
    if utc < now - _GFS_KEPT or utc > run + _GFS_REACH:
        raise FetchError(
            f"GFS at NOMADS covers about {now - _GFS_KEPT:%Y-%m-%d} to {now + _GFS_REACH:%Y-%m-%d}, and not "
            f"{utc:%Y-%m-%d %H:%M}; for the past use --source wyoming or igra, or a file of ERA5"
        )
    first = int((utc - run).total_seconds() // (3 * _HOUR_S)) * 3
    area = {
        "subregion": "", "toplat": f"{latitude_deg + _GFS_MARGIN_DEG:.2f}",
        "bottomlat": f"{latitude_deg - _GFS_MARGIN_DEG:.2f}", "leftlon": f"{longitude_deg - _GFS_MARGIN_DEG:.2f}",
        "rightlon": f"{longitude_deg + _GFS_MARGIN_DEG:.2f}",
    }  # fmt: skip
    levels = {f"lev_{level}_mb": "on" for level in _GFS_LEVELS}
    variables = {f"var_{name}": "on" for name in ("UGRD", "VGRD", "HGT")}
    wanted = []
    for step in (first, first + 3):
        file = f"gfs.t{run:%H}z.pgrb2.0p25.f{step:03d}"
        query = urlencode({"dir": f"/gfs.{run:%Y%m%d}/{run:%H}/atmos", "file": file, **variables, **levels, **area})
        name = f"gfs-{run:%Y%m%d%H}-f{step:03d}-{latitude_deg:.2f}N{longitude_deg:.2f}E.grib2"
        wanted.append(Wanted("winds", name, at_base(f"{NOMADS}?{query}", base), _GFS_LICENCE, _FOR_EVER_S, _is_grib))
    return wanted


def elements(catalogue_number: int, base: str | None = None) -> list[Wanted]:
    """Return the present two-line elements of an object; CelesTrak renews them every two hours and wants no retries."""

    def is_elements(path: Path) -> None:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
        if not any(line.startswith(f"1 {catalogue_number:05d}") for line in lines):
            raise FetchError(f"expected two-line elements of {catalogue_number}, got {' '.join(lines)[:80]!r}")

    url = at_base(f"{CELESTRAK}/NORAD/elements/gp.php?CATNR={catalogue_number}&FORMAT=TLE", base)
    name = f"{catalogue_number}.tle"
    return [Wanted("elements", name, url, _CELESTRAK_LICENCE, 2 * _HOUR_S, is_elements, patient=False)]


def space_weather(all_years: bool, base: str | None = None) -> list[Wanted]:
    """Return the daily space weather of the last five years, or since 1957."""
    name = "SW-All.csv" if all_years else "SW-Last5Years.csv"
    url = at_base(f"{CELESTRAK}/SpaceData/{name}", base)
    return [Wanted("space-weather", name, url, _CELESTRAK_LICENCE, 24 * _HOUR_S, _is_space_weather, patient=False)]


def _is_space_weather(path: Path) -> None:
    with path.open(encoding="utf-8", errors="replace") as stream:
        first = stream.readline().strip()
    if not first.startswith("DATE,") or "F10.7_OBS" not in first:
        raise FetchError(f"expected a table that begins with DATE, got {first[:80]!r}")


def _is_wyoming(path: Path) -> None:
    from steppe.environment.soundings.wyoming import read_wyoming

    read_wyoming(path)


def _is_igra(path: Path) -> None:
    import zipfile

    if not zipfile.is_zipfile(path):
        raise FetchError("expected a zip archive")
    with zipfile.ZipFile(path) as archive:
        name = next((name for name in archive.namelist() if name.endswith(".txt")), None)
        if name is None:
            raise FetchError(f"expected a .txt file in the archive, got {archive.namelist()[:5]}")
        with archive.open(name) as stream:
            first = stream.readline().decode("ascii", errors="replace")
    if not re.match(r"#[A-Z]{2}[A-Z0-9]{9} \d{4}", first):
        raise FetchError(f"expected soundings of IGRA2, got {first[:60]!r}")


def _is_grib(path: Path) -> None:
    with path.open("rb") as stream:
        start = stream.read(4)
        stream.seek(-4, 2)
        end = stream.read(4)
    if (start, end) != (b"GRIB", b"7777"):
        raise FetchError(f"expected whole GRIB messages, got {start!r} to {end!r}")
