"""``steppe plan``: on which revolutions a ship can land in which zone, when it burns and what that costs."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from steppe.cli.terminal import emit, emit_json, emit_rich, message, plain_table, progress_line
from steppe.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from steppe.config.mission import Zone
    from steppe.flight.opportunity_records import Opportunities, Opportunity

NONE_REACHABLE: Final = 2
EXAMPLE: Final = "Example:  steppe plan ms-21 --zone zhezkazgan-se --from 2022-09-29 --to 2022-10-03"

_PLACE: Final = re.compile(r"[-+]?\d+(\.\d*)?(,[-+]?\d+(\.\d*)?){1,2}")
_DEFAULT_RADIUS_KM: Final = 30.0
_LARGEST_RADIUS_KM: Final = 1000.0
# Entries of crewed capsules are near -1.7 deg; flatter ones skip out, steeper ones need a burn no tank holds
_ANGLES_DEG: Final = (-6.0, -0.8)
_CROSSRANGES_KM: Final = (0.0, 110.0)
_DELTA_VS_M_S: Final = (10.0, 500.0)
_BEST: Final = 3


def plan_verb(
    station: Annotated[
        str, typer.Argument(help="File of two-line elements, OMM or CCSDS OEM; or a mission, whose station is meant.")
    ],
    zone: Annotated[
        list[str] | None,
        typer.Option("--zone", help="Preset (see 'steppe zones'), zone file or LAT,LON[,RADIUS_KM]; may be repeated."),
    ] = None,
    first: Annotated[str, typer.Option("--from", help="Start of the window for the ignition, UTC.")] = "",
    last: Annotated[str, typer.Option("--to", help="End of the window, UTC.")] = "",
    vehicle: Annotated[str, typer.Option("--vehicle", help="Preset or file of the vehicle.")] = "soyuz-ms",
    delta_v: Annotated[
        float | None,
        typer.Option("--delta-v", help="Fixed delta-v in m/s; default 128 above 395 km of mean altitude, else 115."),
    ] = None,
    entry_angle: Annotated[
        float | None,
        typer.Option("--entry-angle", help="Fixed path angle at 99.7 km in degrees, for example -1.7; solves delta-v."),
    ] = None,
    wind_bias: Annotated[
        bool, typer.Option("--wind-bias/--no-wind-bias", help="Aim upwind of the zone by the drift under the canopies.")
    ] = True,
    max_crossrange: Annotated[
        float, typer.Option("--max-crossrange", help="How far the capsule may steer to the side, km.")
    ] = 80.0,
    daylight: Annotated[bool, typer.Option("--daylight", help="Refuse landings in the dark.")] = False,
    object_number: Annotated[
        int | None, typer.Option("--object", help="Catalogue number, if the file holds several objects.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=0, help="How many rows to print, best first; 0 prints all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write all opportunities to this file as well.")] = None,
) -> None:
    """Find and rank the landing opportunities of a window."""
    window = read_utc(first, "--from"), read_utc(last, "--to")
    if not zone:
        raise ConfigError("name a landing zone, for example --zone zhezkazgan-se (see 'steppe zones')", key="--zone")
    _check_burn(delta_v, entry_angle)
    _check_range(max_crossrange, _CROSSRANGES_KM, "--max-crossrange", "km")
    from steppe.config.loader import load_vehicle

    loaded_vehicle = load_vehicle(vehicle)
    zones = unique([read_zone(text) for text in zone])
    with progress_line("loading the models") as progress:
        from steppe.flight.opportunities import find_opportunities, read_station
        from steppe.flight.opportunity_records import Request

        request = Request(
            orbit=read_station(station, *window, object_number),
            zones=tuple(zones),
            vehicle=loaded_vehicle,
            first=window[0],
            last=window[1],
            delta_v_m_s=delta_v,
            entry_angle_deg=entry_angle,
            wind_bias=wind_bias,
            max_crossrange_m=max_crossrange * 1e3,
            daylight=daylight,
        )
        result = find_opportunities(request, progress=progress)
    _hand_over(result, station, top, as_json, csv)
    if result.alternative is not None:
        message(f"no zone can be reached in the window; {result.alternative}")
        raise typer.Exit(NONE_REACHABLE)


def _check_burn(delta_v: float | None, entry_angle: float | None) -> None:
    """Refuse a burn that is given twice or out of range, in m/s and deg."""
    if delta_v is not None and entry_angle is not None:
        raise ConfigError("give either --delta-v or --entry-angle: the one follows from the other", key="--delta-v")
    _check_range(delta_v, _DELTA_VS_M_S, "--delta-v", "m/s")
    _check_range(entry_angle, _ANGLES_DEG, "--entry-angle", "deg (negative: downwards)")


def _hand_over(result: Opportunities, station: str, top: int, as_json: bool, csv: Path | None) -> None:
    """Write the opportunities to a file where one is asked for, and print them."""
    if csv is not None:
        from steppe.io.opportunities import write_opportunities_csv

        write_opportunities_csv(result, csv)
    if as_json:
        from steppe.io.opportunities import opportunities_dict

        emit_json(opportunities_dict(result, station))
    else:
        _print(result, top)


def read_utc(text: str, option: str) -> datetime:
    """Return a date of the command line; without a zone it is UTC, without a time it is midnight.

    Raises
    ------
    ConfigError
        If the text is no date.
    """
    try:
        value = datetime.fromisoformat(text.strip())
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        expected = "expected a date in UTC, for example 2022-09-29 or 2022-09-29T07:30:00Z"
        raise ConfigError(f"{expected}, got '{text}'" if text else expected, key=option) from None
    if not 1957 <= value.year <= 2099:
        raise ConfigError(f"the year {value.year} is outside 1957 to 2099", key=option)
    return value


def read_zone(text: str) -> Zone:
    """Return a zone from ``LAT,LON[,RADIUS_KM]``, a preset or a file.

    Raises
    ------
    ConfigError
        If there is no such zone, or a number is out of range.
    """
    from steppe.config.loader import load_zone
    from steppe.config.mission import Zone

    if not _PLACE.fullmatch(text.replace(" ", "")):
        if re.fullmatch(r"[-+\d.,\s]+", text):
            raise ConfigError(f"expected LAT,LON or LAT,LON,RADIUS_KM in degrees and km, got '{text}'", key="--zone")
        return load_zone(text)
    latitude, longitude, *rest = (float(part) for part in text.split(","))
    radius_km = rest[0] if rest else _DEFAULT_RADIUS_KM
    _check_range(latitude, (-90.0, 90.0), "--zone", "deg of latitude")
    _check_range(longitude, (-180.0, 180.0), "--zone", "deg of longitude (east positive)")
    _check_range(radius_km, (0.1, _LARGEST_RADIUS_KM), "--zone", "km of radius")
    return Zone(
        name=f"{latitude:g},{longitude:g}", latitude_deg=latitude, longitude_deg=longitude, radius_m=radius_km * 1e3
    )


def unique(zones: list[Zone]) -> list[Zone]:
    """Return the zones without repetitions.

    Raises
    ------
    ConfigError
        If two different zones have one name.
    """
    found: dict[str, Zone] = {}
    for zone in zones:
        if found.setdefault(zone.name, zone) != zone:
            raise ConfigError(f"two different zones have the name '{zone.name}'; rename one", key="--zone")
    return list(found.values())


def _check_range(value: float | None, bounds: tuple[float, float], option: str, unit: str) -> None:
    if value is not None and not bounds[0] <= value <= bounds[1]:
        raise ConfigError(f"expected {bounds[0]:g} to {bounds[1]:g} {unit}, got {value:g}", key=option)


def _print(result: Opportunities, top: int) -> None:
    best = result.reachable
    shown = best if top == 0 else best[:top]
    refused = [one for one in result.found if not one.reachable]
    if not best:
        shown = sorted(refused, key=lambda one: abs(one.crossrange_m))[: top or None]
    if shown:
        emit_rich(_table(shown))
    days = (result.request.last - result.request.first).total_seconds() / 86400.0
    hidden = len(best) - len(shown) if best else 0
    more = f"; {hidden} more with --top 0" if hidden > 0 else ""
    emit(
        f"\n{len(best)} reachable and {len(refused)} unreachable passages in {days:.1f} days{more}. "
        f"Times are UTC; * marks the best."
    )
    for note in result.notes:
        emit(note)


def _table(shown: list[Opportunity]) -> Table:
    table = plain_table(
        "rank", "zone", "rev", "undocking", "ignition", "m/s", "touchdown", "cross km", "FPA deg", "Sun deg", "+- s",
        "ballistic", right=("rank", "rev", "m/s", "cross km", "FPA deg", "Sun deg", "+- s"),
    )  # fmt: skip
    for one in shown:
        mark = "*" if one.rank is not None and one.rank <= _BEST else ""
        table.add_row(
            f"{mark}{one.rank}" if one.rank else "-",
            one.candidate.zone.name,
            "" if one.candidate.revolution is None else f"{one.candidate.revolution}",
            f"{one.undocking:%m-%d %H:%M}",
            f"{one.ignition:%Y-%m-%d %H:%M:%S}" if one.ignition else "",
            _number(one.delta_v_m_s, 1),
            f"{one.touchdown:%H:%M:%S}" if one.touchdown else "",
            f"{one.crossrange_m / 1e3:+.0f}",
            _number(None if one.entry_angle_rad is None else math.degrees(one.entry_angle_rad), 2),
            _number(None if one.sun_elevation_rad is None else math.degrees(one.sun_elevation_rad), 0),
            _number(one.along_track_uncertainty_s, 1),
            "" if one.ballistic_deg is None else f"{one.ballistic_deg[0]:.1f}, {one.ballistic_deg[1]:.1f}",
        )
    return table


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
