"""``steppe wind``: the wind that a mission flies through, level by level, beside the month's; no flight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from steppe.cli.terminal import emit_json, emit_rich, plain_table, write_sheet

if TYPE_CHECKING:
    from rich.console import RenderableType

    from steppe.environment.wind_sheet import WindSheet

EXAMPLE: Final = "Example:  steppe wind ms-21 --file zhezkazgan.csv --out winds"


def wind_verb(
    mission: Annotated[str, typer.Argument(help="Preset or mission file, whose zone and date say where and when.")],
    file: Annotated[
        Path | None, typer.Option("--file", help="Sounding, grid or table instead of the mission's wind.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad-soundings", help="Where a sounding is bad, take the others instead of stopping.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for wind.csv, wind.json and wind.png; default: no files.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the wind over the zone at the landing, its sources, and how unusual it is."""
    from steppe.config.loader import load_mission
    from steppe.flight.surroundings import wind_sheet_of, with_bad_soundings_skipped, with_wind_of
    from steppe.io.fetch.services import landing_time

    loaded = load_mission(mission)
    if file is not None:
        loaded = with_wind_of(loaded, file)
    if skip_bad:
        loaded = with_bad_soundings_skipped(loaded)
    sheet = wind_sheet_of(loaded, landing_time(loaded))
    written: list[Path] = []
    if out is not None:
        written = write_wind(sheet, out, loaded.mission.title or loaded.mission.name)
    if as_json:
        emit_json({**sheet.as_json(), "files": [str(path) for path in written]})
    else:
        emit_rich(*wind_view(sheet, written))


def wind_view(sheet: WindSheet, written: list[Path]) -> list[RenderableType]:
    """Return the table, the sources and the notes."""
    from steppe.environment.wind_sheet import SHOWN_M

    right = (
        "km",
        "speed\nm/s",
        "from\ndeg",
        "east\nm/s",
        "north\nm/s",
        "month east\nm/s",
        "month north\nm/s",
        "spread\nm/s",
    )
    table = plain_table(*right, right=right)

    def cell(value: float | None, digits: int) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    rows = {row["altitude_m"]: row for row in sheet.rows()}
    for altitude_m in SHOWN_M:
        row = rows.get(altitude_m)
        if row is not None:
            names = ("speed_m_s", "direction_deg", "east_m_s", "north_m_s")
            usual = ("usual_east_m_s", "usual_north_m_s", "usual_spread_m_s")
            cells = [cell(row[name], 0 if name == "direction_deg" else 1) for name in (*names, *usual)]
            table.add_row(f"{altitude_m / 1e3:g}", *cells)
    about = (
        f"{sheet.model.name}, {sheet.utc:%Y-%m-%d %H:%M} UTC, {sheet.latitude_deg:.3f} N {sheet.longitude_deg:.3f} E"
    )
    parts: list[RenderableType] = [about, "", table, ""]
    if sheet.columns:
        sources = plain_table("source", "time", "weight", "levels", "covers", right=("weight", "levels"))
        for one, weight in sheet.columns:
            covers = f"{one.altitude_m[0] / 1e3:.1f} to {one.altitude_m[-1] / 1e3:.1f} km"
            name = f"{Path(one.source).name} {one.name}"
            sources.add_row(name, f"{one.utc:%Y-%m-%d %H:%M}", f"{weight:.0%}", str(len(one.altitude_m)), covers)
        parts += [sources, ""]
    if sheet.model.note:
        parts.append(sheet.model.note)
    if sheet.usual is not None:
        parts.append(
            f"The month is that of the zone {sheet.usual.zone}: published (GOST R 54084-2010) up to "
            f"{sheet.usual.published_to_m / 1e3:.1f} km, synthetic above 5 km; the spread is on each axis."
        )
    if sheet.warning():
        parts.append(f"WARNING: {sheet.warning()}")
    return [*parts, *(f"wrote {path}" for path in written)]


def write_wind(sheet: WindSheet, folder: Path, title: str) -> list[Path]:
    """Write wind.csv, wind.json and, with matplotlib, wind.png; return the files.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """

    def draw(path: Path) -> None:
        from steppe.view.wind import save_wind_figure

        save_wind_figure(sheet, title, path)

    return write_sheet(sheet, folder, "wind", draw)
