"""How a flight looks on the terminal: headline, timeline, facts. Reads a `Flight`, computes no physics."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from steppe.cli.terminal import output_width, plain_table
from steppe.errors import ENDED, LANDED
from steppe.nomenclature import EVENTS, VARIABLES

if TYPE_CHECKING:
    from steppe.flight.result import Contact, Departing, Event, Flight, Opening, Touchdown

_MISSING: Final = "–"
_WIDE: Final = 100  # characters that the whole timeline needs; a narrower one goes without the Mach number
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COARSE_S: Final = 60.0  # published to the minute or worse: show no seconds that nobody published


def flight_view(flight: Flight, *, zone: tzinfo | None = None, folder: Path | None = None) -> list[RenderableType]:
    """Return what ``steppe fly`` prints.

    Parameters
    ----------
    flight
        The flown return.
    zone
        Time zone of the local times; None leaves their column out.
    folder
        Where the results were written, None if nowhere.
    """
    narrow = output_width() < _WIDE
    return ["", _headline(flight), "", _timeline(flight, zone, narrow), "", _facts(flight, folder), ""]


def _headline(flight: Flight) -> Text:
    mission = flight.mission.mission
    good = flight.status.code in (LANDED, ENDED)
    title = mission.title or mission.name
    day = flight.epoch.date().isoformat()
    text = Text(title if day in title else f"{title}, {day}", style="bold")
    text.append("  ")
    text.append(flight.status.sentence, style="green" if good else "bold red")
    return text


def _timeline(flight: Flight, zone: tzinfo | None, narrow: bool) -> Table:
    local = ("local",) if zone is not None else ()
    mach = () if narrow else ("Mach",)
    numbers = ("UTC", *local, "altitude\nkm", "speed\nm/s", *mach, "published", "difference")
    table = plain_table("event", *numbers, right=numbers)
    day: date | None = None
    local_day: date | None = None
    planned = flight.mission.mission.published.planned_events
    for event in flight.events:
        cells = [event_label(event.name), clock(event.utc, day)]
        day = _to_second(event.utc).date()
        if zone is not None:
            moment = event.utc.astimezone(zone)
            cells.append(clock(moment, local_day))
            local_day = _to_second(moment).date()
        cells += [
            number(event.altitude_m * VARIABLES["altitude_m"].display_factor, 2),
            number(event.speed_m_s, 1),
            *(() if narrow else (number(event.mach, 2),)),
            _published(event, planned=event.name in planned),
            difference(event.difference_s),
        ]
        table.add_row(*cells)
    return table


def _facts(flight: Flight, folder: Path | None) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column()
    for label, value in _rows(flight):
        grid.add_row(label, Text(value))
    planned = flight.mission.mission.published.planned_events
    if any(event.name in planned and event.published_utc is not None for event in flight.events):
        grid.add_row("*", Text("published only as planned before the flight"))
    for index, note in enumerate(flight.notes):
        grid.add_row("" if index else "notes", Text(note))
    if folder is not None:
        grid.add_row("written to", Text(str(folder)))
    return grid


def _rows(flight: Flight) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    if flight.touchdown is not None:
        rows += _touchdown_rows(flight.touchdown)
    rows += [("" if index else "canopies", _opening(one)) for index, one in enumerate(flight.openings)]
    if flight.contact is not None:
        rows += _contact_rows(flight.contact)
    peaks = ", ".join(
        f"{VARIABLES[name].label.lower()} {_with_unit(value, name)}"
        for name, value in (
            ("load_g", flight.peaks.load_g),
            ("heat_flux_w_m2", flight.peaks.heat_flux_w_m2),
            ("dynamic_pressure_pa", flight.peaks.dynamic_pressure_pa),
        )
        if math.isfinite(value)
    )
    if peaks:
        rows.append(("peaks", peaks))
    if flight.departing is not None:
        rows.append(("departure", _departure(flight.departing)))
    return rows


def _touchdown_rows(landing: Touchdown) -> list[tuple[str, str]]:
    rows = [("landed at", place(landing.latitude_deg, landing.longitude_deg))]
    if landing.distance_to_zone_km is not None:
        rows.append(("", f"{landing.distance_to_zone_km:.1f} km from the centre of the zone"))
    if landing.distance_to_published_km is not None:
        rows.append(("", f"{landing.distance_to_published_km:.1f} km from the published landing"))
    before, after = landing.speed_before_engines_m_s, landing.speed_m_s
    if math.isfinite(before) and before != after:
        rows.append(("touchdown", f"{before:.1f} m/s before the soft-landing engines, {after:.1f} m/s after them"))
    else:
        rows.append(("touchdown", f"{after:.1f} m/s"))
    return rows


def _opening(one: Opening) -> str:
    limit = f", margin {100.0 * one.margin:+.0f} %" if math.isfinite(one.margin) else ""
    return (
        f"{event_label(one.stage)}: pulls {one.force_n / 1e3:.0f} kN ({one.load_g:.1f} g) {one.after_s:.1f} s after it "
        f"begins to fill at {one.speed_m_s:.0f} m/s{limit}"
    )


def _contact_rows(contact: Contact) -> list[tuple[str, str]]:
    fate = "tips over on its side" if contact.tips_over else f"stays upright, tilts by {contact.tilt_deg:.0f}° at most"
    risk = "low risk" if contact.beta <= 1.0 else "more than low risk"
    return [
        (
            "on the ground",
            f"{contact.vertical_speed_m_s:.1f} m/s down, {contact.horizontal_speed_m_s:.1f} m/s along, "
            f"slope {contact.slope_deg:.1f}°: {fate}, slides {contact.dragged_m:.1f} m",
        ),
        (
            "seats",
            f"{contact.seat_load_g:.1f} g, stroke {100.0 * contact.seat_stroke_m:.0f} cm, dynamic response "
            f"{contact.drx:.1f} chest to back, beta {contact.beta:.2f} ({risk})",
        ),
    ]


def _departure(departing: Departing) -> str:
    fate = "the ship comes back towards the station" if departing.returns else "the ship never comes back"
    factor = VARIABLES["distance_m"].display_factor
    far = departing.distance_at_ignition_m * factor
    return f"{far:.1f} km from the station at ignition; {fate}"


def event_label(name: str) -> str:
    """Return what the timeline calls an event; the stages of the parachutes are named by the vehicle file."""
    return EVENTS.get(name) or name.replace("_", " ").capitalize()


def clock(moment: datetime, previous_day: date | None) -> str:
    """Return the time to the second, under its date where the date is not that of the row above."""
    rounded = _to_second(moment)
    time = rounded.strftime("%H:%M:%S")
    return time if rounded.date() == previous_day else f"{rounded.day} {_MONTHS[rounded.month - 1]}\n{time}"


def difference(seconds: float | None) -> str:
    """Return flown minus published time, in seconds, or as h:mm:ss from ten minutes on."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if abs(whole) < 600:
        return f"{whole:+d} s" if whole else "0 s"
    return ("+" if whole > 0 else "-") + str(timedelta(seconds=abs(whole)))


def number(value: float, digits: int) -> str:
    """Return a number with `digits` decimals and thin groups of thousands, a dash if it is undefined."""
    if not math.isfinite(value):
        return _MISSING
    text = f"{value:,.{digits}f}".replace(",", " ")
    return text.lstrip("-") if float(f"{value:.{digits}f}") == 0.0 else text


def place(latitude_deg: float, longitude_deg: float) -> str:
    """Return a geodetic position for people, for example ``47.349° N 69.600° E``."""
    east = (longitude_deg + 180.0) % 360.0 - 180.0
    north_south = "N" if latitude_deg >= 0.0 else "S"
    east_west = "E" if east >= 0.0 else "W"
    return f"{abs(latitude_deg):.4f}° {north_south} {abs(east):.4f}° {east_west}"


def _published(event: Event, *, planned: bool) -> str:
    if event.published_utc is None:
        return ""
    precision_s = event.published_precision_s
    coarse = precision_s is not None and precision_s >= _COARSE_S
    return ("*" if planned else "") + event.published_utc.strftime("%H:%M" if coarse else "%H:%M:%S")


def _with_unit(value: float, name: str) -> str:
    variable = VARIABLES[name]
    return f"{value * variable.display_factor:.1f} {variable.display_unit}"


def _to_second(moment: datetime) -> datetime:
    return (moment + timedelta(seconds=0.5)).replace(microsecond=0)
