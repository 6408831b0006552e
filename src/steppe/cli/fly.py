"""``steppe fly``: fly one mission, show the timeline, write the folder."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from steppe.cli.terminal import can_draw, emit_json, emit_rich, message, plain_table, progress_line, require_out
from steppe.errors import ENDED, LANDED, ConfigError, nearest

if TYPE_CHECKING:
    from rich.console import RenderableType

    from steppe.config.loader import LoadedMission
    from steppe.flight.explain import Effect
    from steppe.flight.result import Flight

NOT_LANDED: Final = 2
EXAMPLE: Final = "Example:  steppe fly ms-21 --timezone Europe/London --out returns/ms-21"


def fly_verb(
    mission: Annotated[str, typer.Argument(help="Name of a preset (see 'steppe missions') or a mission file (.toml).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON, and write files only if --out is given.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the results; default: out/NAME, NAME from the mission.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="Show local times as well, for example Europe/London.")
    ] = None,
    no_figure: Annotated[bool, typer.Option("--no-figure", help="Leave the figure out.")] = False,
    failure: Annotated[
        str | None,
        typer.Option("--failure", help="Let something fail, for example: instrument-module-stays, main-not-disreefed."),
    ] = None,
    wind: Annotated[
        Path | None,
        typer.Option("--wind", help="Fly in the wind of this file (sounding, grid or table) instead of the mission's."),
    ] = None,
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad-soundings", help="Where a sounding is bad, fly with the others instead of stopping."),
    ] = False,
    unusual_wind: Annotated[
        bool,
        typer.Option("--unusual-wind", help="Fly even if the wind is stronger than the month knows (knots for m/s?)."),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also list how many seconds and kilometres each input contributes.")
    ] = False,
) -> None:
    """Fly a mission from its start to the ground and print its timeline."""
    zone = None if timezone is None else find_timezone(timezone)
    loaded = _as_asked(mission, failure, wind, skip_bad, unusual_wind)
    folder = out if out is not None else None if as_json else default_folder(loaded.mission.name)
    if folder is not None:
        from steppe.io.folder import FLIGHT_FOLDER

        require_out(folder, FLIGHT_FOLDER)
    with progress_line(f"{loaded.mission.name}: loading the models") as progress:
        from steppe.flight.simulate import fly

        flight = fly(loaded, progress=progress)
        if folder is not None:
            progress(f"{loaded.mission.name}: writing {folder}")
            write_results(flight, folder, figure=not no_figure, timezone=timezone)
        effects = None
        if explain and flight.status.code == LANDED:
            from steppe.flight.explain import explain as explain_flight

            effects = explain_flight(loaded, flight=flight, progress=progress)
    if as_json:
        _print_json(flight, effects, timezone)
    else:
        _print_timeline(flight, effects, zone, folder)
    if explain and effects is None and flight.status.code == ENDED:
        message(f"nothing to explain: {loaded.mission.name} stops before the ground")
    if flight.status.code not in (LANDED, ENDED):
        message(f"{loaded.mission.name} did not land: {flight.status.sentence} {flight.status.hint}".rstrip())
        raise typer.Exit(NOT_LANDED)


def _as_asked(
    mission: str, failure: str | None, wind: Path | None, skip_bad: bool, unusual_wind: bool
) -> LoadedMission:
    """Return the mission with the failure and the wind of the command line."""
    from steppe.config.loader import load_mission

    loaded = load_mission(mission)
    if failure is not None:
        from steppe.flight.failing import with_failure

        loaded = with_failure(loaded, failure)
    if wind is not None:
        from steppe.flight.surroundings import with_wind_of

        loaded = with_wind_of(loaded, wind)
    if skip_bad:
        from steppe.flight.surroundings import with_bad_soundings_skipped

        loaded = with_bad_soundings_skipped(loaded)
    if unusual_wind:
        from steppe.flight.surroundings import with_unusual_wind_accepted

        loaded = with_unusual_wind_accepted(loaded)
    return loaded


def _print_json(flight: Flight, effects: tuple[Effect, ...] | None, timezone: str | None) -> None:
    from steppe.io.summary import summary

    document = summary(flight, timezone)
    if effects is not None:
        from steppe.flight.explain import as_json

        document["explain"] = as_json(effects)
    emit_json(document)


def _print_timeline(
    flight: Flight, effects: tuple[Effect, ...] | None, zone: tzinfo | None, folder: Path | None
) -> None:
    from steppe.cli.timeline import flight_view

    emit_rich(*flight_view(flight, zone=zone, folder=folder))
    if effects is not None:
        emit_rich(*effects_view(effects))


def effects_view(effects: tuple[Effect, ...]) -> list[RenderableType]:
    """Return the table of ``steppe fly --explain``."""

    def cell(value: float | None, digits: int) -> str:
        return "–" if value is None else f"{value:+.{digits}f}"

    numbers = ("touchdown\ns", "along\nkm", "across\nkm", "peak load\ng", "ignition\nif replanned, s")
    table = plain_table("what one change does", *numbers, right=numbers)
    for one in effects:
        table.add_row(
            one.label if one.status == "landed" else f"{one.label} ({one.status})",
            cell(one.touchdown_s, 1),
            cell(one.along_track_km, 2),
            cell(one.cross_track_km, 2),
            cell(one.peak_load_g, 2),
            cell(one.replanned_ignition_s, 1),
        )
    note = "The plan (ignition, timer, aim point) does not know the change, the guidance works against it; last column:"
    return [table, "", f"{note} if the plan knew.", ""]


def find_timezone(name: str) -> tzinfo:
    """Return the time zone of that IANA name.

    Parameters
    ----------
    name
        For example ``"Europe/London"``.

    Raises
    ------
    ConfigError
        If there is no such zone; the message names the nearest one.
    """
    import zoneinfo

    names = zoneinfo.available_timezones()
    if name in names:
        return zoneinfo.ZoneInfo(name)
    if not names:
        raise ConfigError("this system has no time zone data; get it with: pip install tzdata", key="--timezone")
    # People know the city and not the region: look at the last part too
    cities = {zone.rsplit("/", 1)[-1].lower(): zone for zone in sorted(names)}
    city = cities.get(name.strip().lower().replace(" ", "_"))
    hint = f"did you mean '{city}'?" if city else nearest(name, names)
    raise ConfigError(f"unknown time zone '{name}'; {hint}", key="--timezone")


def default_folder(mission_name: str) -> Path:
    """Return ``out/<mission name>``, with everything that is no plain file name turned into a hyphen."""
    plain = re.sub(r"[^\w.-]+", "-", mission_name).strip("-.")
    return Path("out") / (plain or "mission")


def write_results(flight: Flight, folder: Path, *, figure: bool, timezone: str | None = None) -> None:
    """Write the results of a flight, with the figure if that is wanted and matplotlib is installed."""
    from steppe.io.folder import write_folder
    from steppe.view.documents import flight_document
    from steppe.view.report import write_report

    extra: dict[str, Callable[[Path], None]] = {"report.html": lambda path: write_report(flight_document(flight), path)}
    figure = figure and can_draw()
    extra |= _surroundings_files(flight, figure=figure)
    if figure:

        def draw(path: Path) -> None:
            from steppe.view.figure import save_flight_figure

            save_flight_figure(flight, path)

        extra["figure.png"] = draw
    write_folder(flight, folder, extra=extra, timezone=timezone)


def _surroundings_files(flight: Flight, *, figure: bool) -> dict[str, Callable[[Path], None]]:
    """Return what shows the wind and the ground of a flight, where its mission says more of them than the default."""
    from steppe.files import write_text

    loaded = flight.mission
    title = loaded.mission.title or loaded.mission.name
    files: dict[str, Callable[[Path], None]] = {}
    if loaded.mission.wind.model in ("sounding", "grid", "table", "monthly") and (
        loaded.zone is not None or loaded.mission.start.surface is not None
    ):
        from steppe.flight.surroundings import wind_sheet_of

        # The wind is that of the time at which the flight passes the zone, which measured winds note
        said = flight.provenance.get("wind_utc")
        end = flight.utc_at(float(flight.track.columns["time_s"][-1]))
        sheet = wind_sheet_of(loaded, datetime.fromisoformat(said) if said else end)
        files["wind.csv"] = lambda path: write_text(path, sheet.as_csv())
        if figure:
            from steppe.view.wind import save_wind_figure

            files["wind.png"] = lambda path: save_wind_figure(sheet, title, path)
    terrain = loaded.mission.terrain
    if figure and loaded.zone is not None and (terrain.file or terrain.files):
        from steppe.flight.terrain_sheet import terrain_sheet
        from steppe.view.terrain import save_terrain_figure

        place = flight.touchdown
        spots = [] if place is None else [("touchdown", place.latitude_deg, place.longitude_deg)]
        ground = terrain_sheet(loaded, spots)
        files["terrain.png"] = lambda path: save_terrain_figure(ground, path)
    return files
