"""``steppe terrain``: height and slope of the ground at a mission's zone, and a map about it; no flight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from steppe.cli.terminal import emit_json, emit_rich, plain_table, write_sheet
from steppe.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from steppe.flight.terrain_sheet import TerrainSheet

EXAMPLE: Final = "Example:  steppe terrain ms-21 --at '47.3 69.5' --out ground"


def terrain_verb(
    mission: Annotated[str, typer.Argument(help="Preset or mission file, whose zone says where.")],
    file: Annotated[
        list[Path] | None,
        typer.Option("--file", help="Elevation tile (.hgt, GeoTIFF) instead of the mission's; may be repeated."),
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="A further place: 'LATITUDE LONGITUDE' in deg; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for terrain.csv, terrain.json and terrain.png; default: no files."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show height and slope of the ground where a mission is to land."""
    from steppe.config.loader import load_mission
    from steppe.flight.terrain_sheet import terrain_sheet, with_terrain_of

    loaded = load_mission(mission)
    if file:
        loaded = with_terrain_of(loaded, file)
    sheet = terrain_sheet(loaded, [_place(text) for text in at or ()])
    written = [] if out is None else write_terrain(sheet, out)
    if as_json:
        emit_json({**sheet.as_json(), "files": [str(path) for path in written]})
    else:
        emit_rich(*terrain_view(sheet, written))


def _place(text: str) -> tuple[str, float, float]:
    try:
        latitude, longitude = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise ConfigError(f"expected 'LATITUDE LONGITUDE' such as '47.3 69.5', got '{text}'", key="--at") from None
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 360.0):
        raise ConfigError(f"expected a latitude to 90 and a longitude to 180 deg, got '{text}'", key="--at")
    return f"{latitude:g} N {longitude:g} E", latitude, longitude


def terrain_view(sheet: TerrainSheet, written: list[Path]) -> list[RenderableType]:
    """Return the table and the files."""
    table = plain_table("place", "latitude", "longitude", "height\nm", "slope\ndeg", "over\nm", "source",
                        right=("latitude", "longitude", "height\nm", "slope\ndeg", "over\nm"))  # fmt: skip
    for one in sheet.spots:
        ground = one.ground
        known = ground.slope_deg is not None
        table.add_row(
            one.name, f"{one.latitude_deg:.4f}", f"{one.longitude_deg:.4f}", f"{ground.height_m:.0f}",
            f"{ground.slope_deg:.2f}" if known else "–", f"{ground.baseline_m:.0f}" if known else "–", ground.source,
        )  # fmt: skip
    return [table, *(f"wrote {path}" for path in written)]


def write_terrain(sheet: TerrainSheet, folder: Path) -> list[Path]:
    """Write terrain.csv, terrain.json and, with matplotlib, terrain.png; return the files.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """

    def draw(path: Path) -> None:
        from steppe.view.terrain import save_terrain_figure

        save_terrain_figure(sheet, path)

    return write_sheet(sheet, folder, "terrain", draw)
