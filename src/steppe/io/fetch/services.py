"""Which addresses give winds, elements and space weather.

The forms of the addresses are from the services' own pages and from programs that used them in 2025 and 2026
(docs/how-to/fetch-weather-and-elements.md); this project could not try them itself. What came is checked by
`steppe.io.fetch.contents` before it enters the cache.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from steppe.config.loader import LoadedMission
from steppe.environment.soundings.stations import STATIONS, Station
from steppe.errors import FetchError
from steppe.frames.geodetic import geodesic_distance_m
from steppe.io.fetch import contents
from steppe.io.fetch.cache import Wanted

IGRA: Final = "https://www.ncei.noaa.gov/data/integrated-global-radiosonde-archive/access"
WYOMING: Final = "https://weather.uwyo.edu/wsgi/sounding"
NOMADS: Final = "https://nomads.ncep.noaa.gov/cgi-bin/filter_gfs_0p25.pl"
CELESTRAK: Final = "https://celestrak.org"
_LAST_TLE_NUMBER: Final = 99999

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
    """Return the soundings of stations before and after a time (00 and 12 UTC).

    The site chooses the source itself where none is named; if it has nothing, the coded messages (FM35) and those of
    full resolution (BUFR) are asked for by name, for a station can be in one and not in the other.
    """
    early = utc.replace(hour=utc.hour // 12 * 12, minute=0, second=0, microsecond=0)
    wanted = []
    for number in numbers:
        for launch in (early, early + timedelta(hours=12)):
            moment = quote(f"{launch:%Y-%m-%d %H}:00:00", safe=":")
            query = f"datetime={moment}&id={number}&type=TEXT:CSV"
            name = f"uwyo-{number}-{launch:%Y%m%d%H}.csv"
            url, *others = (at_base(f"{WYOMING}?{query}{source}", base) for source in ("", "&src=FM35", "&src=BUFR"))
            check = partial(contents.check_wyoming, name=name, launch=launch)
            wanted.append(Wanted("winds", name, url, _WYOMING_LICENCE, _FOR_EVER_S, check, others=tuple(others)))
    return wanted


def igra_archives(numbers: Sequence[str], utc: datetime, now: datetime, base: str | None = None) -> list[Wanted]:
    """Return the IGRA2 files of stations of Kazakhstan: of the last years if they can hold the time, else of all years.

    The name of the short file says the year with which it begins, this or the last by the time of the year; the file of
    all years (tens of MB) is renewed daily too and serves where neither is there.
    """
    recent = utc.year >= now.year - 1
    years = [year for year in (now.year, now.year - 1) if year <= utc.year] if recent else []
    wanted = []
    for number in numbers:
        identifier = number if len(number) == 11 else f"KZM000{number}"
        names = [f"data-y2d/{identifier}-data-beg{year}.txt.zip" for year in years]
        names.append(f"data-por/{identifier}-data.txt.zip")
        url, *others = (at_base(f"{IGRA}/{name}", base) for name in names)
        name = f"{identifier}-{'data-recent' if recent else 'data'}.txt.zip"
        holds_s = 24 * _HOUR_S if recent else _FOR_EVER_S
        check = partial(contents.check_igra, utc=utc)
        wanted.append(Wanted("winds", name, url, _NOAA, holds_s, check, others=tuple(others)))
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
    from steppe.environment.soundings.grib import check_grib

    first = int((utc - run).total_seconds() // (3 * _HOUR_S)) * 3
    area = {
        "subregion": "", "toplat": f"{latitude_deg + _GFS_MARGIN_DEG:.2f}",
        "bottomlat": f"{latitude_deg - _GFS_MARGIN_DEG:.2f}", "leftlon": f"{longitude_deg - _GFS_MARGIN_DEG:.2f}",
        "rightlon": f"{longitude_deg + _GFS_MARGIN_DEG:.2f}",
    }  # fmt: skip
    levels = {f"lev_{level}_mb": "on" for level in _GFS_LEVELS} | {"lev_10_m_above_ground": "on"}
    variables = {f"var_{name}": "on" for name in ("UGRD", "VGRD", "HGT")}
    wanted = []
    for step in (first, first + 3):
        file = f"gfs.t{run:%H}z.pgrb2.0p25.f{step:03d}"
        query = urlencode({"dir": f"/gfs.{run:%Y%m%d}/{run:%H}/atmos", "file": file, **variables, **levels, **area})
        name = f"gfs-{run:%Y%m%d%H}-f{step:03d}-{latitude_deg:.2f}N{longitude_deg:.2f}E.grib2"
        wanted.append(Wanted("winds", name, at_base(f"{NOMADS}?{query}", base), _GFS_LICENCE, _FOR_EVER_S, check_grib))
    return wanted


def elements(catalogue_number: int, base: str | None = None) -> list[Wanted]:
    """Return the present elements of an object; CelesTrak renews them every two hours and wants no retries.

    Two-line elements; for a catalogue number above 99999, which they have no room for, an OMM in KVN.
    """
    form, suffix = ("TLE", "tle") if catalogue_number <= _LAST_TLE_NUMBER else ("KVN", "omm")
    url = at_base(f"{CELESTRAK}/NORAD/elements/gp.php?CATNR={catalogue_number}&FORMAT={form}", base)
    check = partial(contents.check_elements, catalogue_number=catalogue_number)
    name = f"{catalogue_number}.{suffix}"
    return [Wanted("elements", name, url, _CELESTRAK_LICENCE, 2 * _HOUR_S, check, patient=False)]


def space_weather(all_years: bool, base: str | None = None) -> list[Wanted]:
    """Return the daily space weather of the last five years, or since 1957."""
    name = "SW-All.csv" if all_years else "SW-Last5Years.csv"
    url = at_base(f"{CELESTRAK}/SpaceData/{name}", base)
    check = contents.check_space_weather
    return [Wanted("space-weather", name, url, _CELESTRAK_LICENCE, 24 * _HOUR_S, check, patient=False)]
