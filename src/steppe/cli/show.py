"""``steppe missions``, ``vehicles``, ``zones`` and ``show``: what is built in, and its text to copy."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from steppe.cli.terminal import emit, emit_json, emit_rich, plain_table
from steppe.errors import ConfigError, nearest

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class Kind(StrEnum):
    """The kinds of presets."""

    MISSION = "mission"
    VEHICLE = "vehicle"
    ZONE = "zone"
    RECOVERY = "recovery"


def missions_verb(as_json: AsJson = False) -> None:
    """List the missions that are built in."""
    from steppe.config.loader import load_mission

    rows = []
    for name in _names(Kind.MISSION):
        loaded = load_mission(name)
        mission = loaded.mission
        departure = mission.departure
        rows.append(
            {
                "name": name,
                "title": mission.title,
                "vehicle": mission.vehicle,
                "zone": mission.zone if isinstance(mission.zone, str) else getattr(mission.zone, "name", None),
                "undocking_utc": None if departure is None else departure.undocking_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
    _print_rows(rows, as_json)


def vehicles_verb(as_json: AsJson = False) -> None:
    """List the vehicles that are built in."""
    from steppe.config.loader import load_vehicle

    rows = []
    for name in _names(Kind.VEHICLE):
        vehicle = load_vehicle(name)
        rows.append(
            {
                "name": name,
                "title": vehicle.title,
                "crew": vehicle.crew,
                "ship_mass_kg": None if vehicle.ship is None else vehicle.ship.mass_kg,
                "capsule_mass_kg": vehicle.capsule.mass_kg,
            }
        )
    _print_rows(rows, as_json)


def zones_verb(as_json: AsJson = False) -> None:
    """List the landing zones that are built in."""
    from steppe.config.loader import load_zone

    rows = []
    for name in _names(Kind.ZONE):
        zone = load_zone(name)
        rows.append(
            {
                "name": name,
                "title": zone.title,
                "latitude_deg": zone.latitude_deg,
                "longitude_deg": zone.longitude_deg,
                "radius_km": zone.radius_m / 1000.0,
            }
        )
    _print_rows(rows, as_json)


def show_verb(
    name: Annotated[str, typer.Argument(help="Name of a mission, a vehicle, a zone or a recovery force.")],
    kind: Annotated[
        Kind | None, typer.Option("--kind", help="What to look for, if two presets have the same name.")
    ] = None,
) -> None:
    """Print the file of a preset, to copy and to change."""
    kinds = list(Kind) if kind is None else [kind]
    found = [of for of in kinds if name in _names(of)]
    if not found:
        every = {choice for of in kinds for choice in _names(of)}
        what = "preset" if kind is None else kind.value
        raise ConfigError(f"there is no {what} '{name}'; {nearest(name, every)}")
    if len(found) > 1:
        options = " or ".join(f"--kind {of.value}" for of in found)
        raise ConfigError(f"'{name}' is the name of {len(found)} presets; say which with {options}")
    emit(_text(found[0], name))


def _names(kind: Kind) -> tuple[str, ...]:
    from steppe.config import loader

    listings: dict[Kind, Callable[[], Any]] = {
        Kind.MISSION: loader.mission_names,
        Kind.VEHICLE: loader.vehicle_names,
        Kind.ZONE: loader.zone_names,
        Kind.RECOVERY: loader.recovery_names,
    }
    return tuple(listings[kind]())


def _text(kind: Kind, name: str) -> str:
    from steppe.config import toml_files

    return toml_files.preset_text(toml_files.Kind(kind.value), name)


def _print_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        emit_json(rows)
        return
    keys = list(rows[0]) if rows else []
    right = tuple(key for key in keys if all(isinstance(row[key], int | float | None) for row in rows))
    table = plain_table(*keys, right=right)
    for row in rows:
        table.add_row(*("" if row[key] is None else f"{row[key]}" for key in keys))
    emit_rich(table)
