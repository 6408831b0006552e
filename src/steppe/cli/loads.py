"""``steppe loads``: what crew, wall and radio of a return go through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from steppe.cli.terminal import can_draw, emit, emit_json, emit_rich, message, plain_table, progress_line
from steppe.errors import ENDED, LANDED, OutputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from steppe.flight.crew import Margin
    from steppe.flight.loads import Loads
    from steppe.flight.result import Flight

NOT_LANDED: Final = 2
EXAMPLE: Final = "Example:  steppe loads tma-11 --out returns/tma-11-loads"


def loads_verb(
    mission: Annotated[str, typer.Argument(help="Name of a preset (see 'steppe missions') or a mission file (.toml).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for loads.json and the figures; without it nothing is written."),
    ] = None,
) -> None:
    """Fly a mission and show the loads on the crew, the heat on the shield and the radio blackout."""
    from steppe.config.loader import load_mission

    loaded = load_mission(mission)
    if out is not None:
        _make(out)
    with progress_line(f"{loaded.mission.name}: loading the models") as progress:
        from steppe.flight.loads import loads_of
        from steppe.flight.simulate import fly

        flight = fly(loaded, progress=progress)
        found = loads_of(flight)
        title = (loaded.mission.title or loaded.mission.name).split(",")[0]
        document = {"mission": loaded.mission.name, "status": flight.status.name, **found.as_dict()}
        files = [] if out is None else _write(found, flight, document, title, out)
    if as_json:
        emit_json({**document, "files": files})
    else:
        emit_rich(*loads_view(found))
        if files:
            emit("Written: " + ", ".join(files))
    if flight.status.code not in (LANDED, ENDED):
        message(f"{loaded.mission.name} did not land: {flight.status.sentence} {flight.status.hint}".rstrip())
        raise typer.Exit(NOT_LANDED)


def loads_view(loads: Loads) -> list[RenderableType]:
    """Return the tables: seats, limits, heat, radio, contact, manifest."""
    seats = plain_table("seat", *_SEAT_COLUMNS, right=_SEAT_COLUMNS)
    for name, seat in loads.seats.items():
        above = [f"{seat.time_above_s[level]:.0f}" for level in sorted(seat.time_above_s)]
        peaks = [f"{seat.peak(axis):.2f}" for axis in ("load_g", "gx", "gy", "gz")]
        seats.add_row(name, *peaks, *above, f"{seat.jerk_g_s:.2f}", f"{seat.canopy_jerk_g_s:.1f}")
    columns = ("share of\nthe limit", "lasting\ns", "load\ng", "limit\ng", "margin\ng")
    limits = plain_table("axis", "crew", *columns, "", right=columns)
    words = {"gx": "Gx, chest to back", "gy": "Gy, sideways", "gz": "Gz, head to foot"}
    for number in range(len(loads.centre.margins)):
        one = max((seat.margins[number] for seat in loads.seats.values()), key=lambda margin: margin.share)
        limits.add_row(
            words[one.axis], one.condition, f"{100.0 * one.share:.0f} %", f"{one.duration_s:.1f}",
            f"{one.load_g:.2f}", f"{one.limit_g:.2f}", f"{one.margin_g:+.2f}", _remark(one),
        )  # fmt: skip
    tables = [seats, "", limits, "", _heat_table(loads), "", _radio_table(loads), ""]
    return [*tables, *_contact_view(loads), *_manifest_view(loads)]


def _remark(one: Margin) -> str:
    words = ["exceeded"] if one.share > 1.0 else []
    return ", ".join(words + (["limit assumed"] if one.assumed else []))


_SEAT_COLUMNS: Final = (
    "peak\ng", "Gx\ng", "Gy\ng", "Gz\ng", "> 1 g\ns", "> 3 g\ns", "> 4 g\ns", "> 8 g\ns", "jerk\ng/s",
    "under canopy\ng/s",
)  # fmt: skip


def _heat_table(loads: Loads) -> Any:
    columns = ("Sutton-Graves\nW/cm²", "Brandis-Johnston\nW/cm²", "wall\nK", "heat load\nkJ/cm²")
    table = plain_table("heat", *columns, right=columns)
    values = loads.heat.as_dict()
    second = values["peak_flux_brandis_johnston_w_m2"]
    table.add_row(
        "peak", f"{(values['peak_flux_w_m2'] or 0.0) * 1e-4:.1f}", "–" if second is None else f"{second * 1e-4:.1f}",
        f"{values['peak_wall_temperature_k']:.0f}", f"{(values['heat_load_j_m2'] or 0.0) * 1e-7:.2f}",
    )  # fmt: skip
    return table


def _radio_table(loads: Loads) -> Any:
    from steppe.flight.blackout import PUBLISHED_ENTRY_S, PUBLISHED_EXIT_S

    columns = ("cut from\ns after entry", "until\ns after entry", "from\nkm", "until\nkm", "at\nm/s")
    table = plain_table("radio", *columns, right=columns)
    for one in loads.blackout.windows:
        if one.begin_s is None or one.end_s is None:
            table.add_row(one.name, *["–"] * len(columns))
            continue
        table.add_row(
            one.name, f"{one.begin_s:.0f}", f"{one.end_s:.0f}", f"{(one.begin_altitude_m or 0.0) / 1e3:.1f}",
            f"{(one.end_altitude_m or 0.0) / 1e3:.1f}", f"{one.end_speed_m_s:.0f}",
        )  # fmt: skip
    table.add_row("published, MS-11", f"{PUBLISHED_ENTRY_S:.0f}", f"{PUBLISHED_EXIT_S:.0f}", "80.4", "35.3", "")
    return table


def _contact_view(loads: Loads) -> list[RenderableType]:
    one = loads.contact
    if one is None:
        return []
    columns = ("down\nm/s", "along\nm/s", "floor\ng", "seat\ng", "stroke\nmm", "beta", "risk of\ninjury", "slides\nm")
    table = plain_table("contact", *columns, right=columns)
    table.add_row(
        "on its side" if one.tips_over else "upright", f"{one.vertical_speed_m_s:.2f}",
        f"{one.horizontal_speed_m_s:.2f}", f"{one.capsule_load_g:.1f}", f"{one.seat_load_g:.1f}",
        f"{1e3 * one.seat_stroke_m:.0f}", f"{one.beta:.2f}", f"{100.0 * one.injury_probability:.2g} %",
        f"{one.dragged_m:.1f}",
    )  # fmt: skip
    return [table, ""]


def _manifest_view(loads: Loads) -> list[RenderableType]:
    one = loads.manifest
    if one is None:
        return []
    text = (
        f"Manifest: {one.mass_change_kg:+.0f} kg, centre of gravity {1e3 * one.shift_x_m:+.1f} mm from the shield, "
        f"{1e3 * one.shift_y_m:+.1f} mm to the right, {1e3 * one.shift_z_m:+.1f} mm to the offset: trim "
        f"{one.trim_angle_deg:.2f} deg ({one.trim_change_deg:+.2f}), L/D {one.lift_to_drag:.3f} "
        f"({one.lift_to_drag_change:+.3f}), drag x {one.drag_factor:.4f}, lift turned {one.roll_of_lift_deg:+.1f} deg"
    )
    return [text, ""]


def _make(folder: Path) -> None:
    """Make the folder before the flight, so that a wrong path is found at once."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise OutputError(f"cannot write to {folder}: {reason}; choose another folder with --out") from problem


def _write(loads: Loads, flight: Flight, document: dict[str, Any], title: str, folder: Path) -> list[str]:
    from steppe.files import write_json

    write_json(folder / "loads.json", document, indent=2)
    files = [str(folder / "loads.json")]
    if not can_draw():
        return files
    from steppe.view.loads import save_loads_figures

    files += [str(path) for path in save_loads_figures(loads, title, folder)]
    if flight.openings:
        from steppe.view.openings import save_openings_figure

        save_openings_figure(flight.openings, f"{title}: how the canopies open", folder / "openings.png")
        files.append(str(folder / "openings.png"))
    return files
