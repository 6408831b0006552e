"""``steppe fetch``: get winds, elements or space weather from their public services into a cache with checksums."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from steppe.cli.terminal import emit, emit_json, progress_line
from steppe.errors import ConfigError, nearest

if TYPE_CHECKING:
    from steppe.io.fetch.cache import Got, Wanted

EXAMPLE: Final = "Example:  steppe fetch winds ms-21 --dry-run"
_KINDS: Final = ("winds", "elements", "space-weather")
_SOURCES: Final = ("wyoming", "igra", "gfs")


def fetch_verb(
    what: Annotated[str, typer.Argument(help="winds, elements or space-weather.")],
    mission: Annotated[
        str | None, typer.Argument(help="Preset or mission file, whose zone and date say which winds.")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Of winds: wyoming, igra or gfs.")] = "wyoming",
    station: Annotated[
        list[str] | None, typer.Option("--station", help="WMO number (or IGRA name) of a station; may be repeated.")
    ] = None,
    utc: Annotated[str, typer.Option("--utc", help="Time of the winds; default: the landing of the mission.")] = "",
    norad: Annotated[int, typer.Option("--norad", help="Catalogue number of the elements; 25544 is the ISS.")] = 25544,
    all_years: Annotated[bool, typer.Option("--all-years", help="Space weather since 1957, not five years.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be fetched, and ask nobody.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Use what the cache has, of any age.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch anew even if the copy is young.")] = False,
    sha256: Annotated[str, typer.Option("--sha256", help="The checksum that the one file must have.")] = "",
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder of the cache; default: the user's cache folder.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url", envvar="STEPPE_FETCH_BASE_URL", help="A mirror: replaces https://HOST of every address."
        ),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Longest wait for the server, s.")] = 60.0,
    tries: Annotated[int, typer.Option("--tries", help="How often a passing failure is tried.")] = 3,
    size_limit: Annotated[int, typer.Option("--size-limit", help="Largest file, in MB.")] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Get winds, elements or space weather into a cache; prints the files and the lines for the mission file."""
    if what not in _KINDS:
        raise ConfigError(f"expected one of {', '.join(_KINDS)}, got '{what}'; {nearest(what, _KINDS)}", key="fetch")
    for key, value in (("--timeout", timeout), ("--tries", tries), ("--size-limit", size_limit)):
        if not value > 0:
            raise ConfigError(f"expected a number above 0, got {value}", key=key)
    from steppe.io.fetch.cache import Cache, default_folder
    from steppe.io.fetch.download import Manner

    wanted = _wanted(what, mission, source, tuple(station or ()), utc, norad, all_years, base_url)
    if sha256 and len(wanted) != 1:
        raise ConfigError(f"a checksum belongs to one file, and these are {len(wanted)}; name one", key="--sha256")
    manner = Manner(timeout_s=timeout, tries=tries, size_limit=size_limit * 1_000_000)
    store = Cache(cache or default_folder(), manner)
    got: list[Got] = []
    with progress_line("fetching") as say:
        for number, one in enumerate(wanted, start=1):
            say(f"{number} of {len(wanted)}: {one.url}")
            got.append(store.get(one, offline=offline, refresh=refresh, dry_run=dry_run, sha256=sha256))
    lines = mission_lines(what, source, got)
    if as_json:
        emit_json({"what": what, "files": [one.as_json() for one in got], "mission_lines": lines})
        return
    emit(_words(got, lines))


def _wanted(
    what: str,
    mission: str | None,
    source: str,
    stations: tuple[str, ...],
    utc: str,
    norad: int,
    all_years: bool,
    base: str | None,
) -> list[Wanted]:
    from steppe.io.fetch import services

    if what == "elements":
        if not 1 <= norad <= 999_999_999:
            raise ConfigError(f"expected a catalogue number from 1 to 999999999, got {norad}", key="--norad")
        return services.elements(norad, base)
    if what == "space-weather":
        return services.space_weather(all_years, base)
    return _winds(mission, source, stations, utc, base)


def _winds(mission: str | None, source: str, stations: tuple[str, ...], utc: str, base: str | None) -> list[Wanted]:
    from steppe.io.fetch import services

    if source not in _SOURCES:
        raise ConfigError(f"expected one of {', '.join(_SOURCES)}, got '{source}'", key="--source")
    loaded = None
    if mission is not None:
        from steppe.config.loader import load_mission

        loaded = load_mission(mission)
    if utc:
        moment = _moment(utc)
    elif loaded is not None:
        moment = services.landing_time(loaded)
    else:
        raise ConfigError("winds need a mission, or --utc with --station", key="fetch winds")
    zone = loaded.zone if loaded is not None else None
    now = datetime.now(UTC)
    if source == "gfs":
        if zone is None:
            raise ConfigError("a forecast needs a mission with a zone, which says where", key="fetch winds")
        return services.gfs_subsets(zone.latitude_deg, zone.longitude_deg, moment, now, base)
    if not stations:
        if zone is None:
            raise ConfigError("name a station with --station, or a mission with a zone", key="fetch winds")
        stations = tuple(one.number for one in services.nearest_stations(zone.latitude_deg, zone.longitude_deg, 2))
    for number in stations:
        if not (number.isalnum() and len(number) in (5, 11)):
            raise ConfigError(
                f"expected a WMO number of 5 digits or an IGRA name of 11, got '{number}'", key="--station"
            )
    if source == "igra":
        return services.igra_archives(stations, moment, now, base)
    return services.wyoming_soundings(stations, moment, base)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ConfigError(f"expected a time such as 2022-09-29T10:57Z, got '{text}'", key="--utc") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def mission_lines(what: str, source: str, got: list[Got]) -> list[str]:
    """Return the lines of a mission file that use what was fetched."""
    names = [_quoted(one.path) for one in got]
    if what == "elements":
        return ["[station]", f"file = {names[0]}"]
    if what == "space-weather":
        return ["[air]", f"space_weather = {names[0]}"]
    model = "grid" if source == "gfs" else "sounding"
    return ["[wind]", f'model = "{model}"', "files = [", *(f"  {name}," for name in names), "]"]


def _quoted(path: Path) -> str:
    """Return a path as a TOML string; a literal one where backslashes would be escapes."""
    text = str(path.absolute())
    return f"'{text}'" if "\\" in text or sys.platform == "win32" else f'"{text}"'


def _words(got: list[Got], lines: list[str]) -> str:
    rows = []
    for one in got:
        rows.append(f"{one.outcome}: {one.path}")
        rows.append(f"  from {one.url or one.wanted.url}")
        if one.sha256:
            rows.append(f"  at {one.fetched_utc}, sha256 {one.sha256}")
        rows.append(f"  {one.wanted.licence}")
    return "\n".join([*rows, "", "for the mission file:", *lines])
