"""Landing opportunities: on which revolutions a ship can land in which zone, when it burns, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from steppe.config.loader import load_mission, mission_names
from steppe.errors import ElementsError, PlanError, nearest
from steppe.flight.ground import grounded
from steppe.flight.opportunity_planner import IGNITION_LEAD_S, Planner
from steppe.flight.opportunity_records import Opportunities, Opportunity, Request
from steppe.flight.opportunity_search import find_candidates, require_latitude
from steppe.flight.starting import station_orbit
from steppe.frames.elements import StationOrbit
from steppe.frames.ephemeris import Ephemeris

Progress = Callable[[str], None]

# Two months of planning with elements from before the window
MAXIMUM_AGE_DAYS: Final = 75.0
# A crossrange that leaves the guidance room (accept 50 km, limit 80 km; docs/models/opportunities.md)
COMFORTABLE_CROSSRANGE_M: Final = 50e3
_LOOK_AHEAD_DAYS: Final = 14.0
# The passage comes 33 to 39 min after the ignition
_PASSAGE_S: Final = 3600.0


def read_station(name_or_path: str, first: datetime, last: datetime, object_number: int | None = None) -> StationOrbit:
    """Return a station's orbit from a preset, a mission file, or a file of elements or ephemeris.

    Of several element sets the last before the window is taken; if all are later, the last before its end.

    Raises
    ------
    ElementsError
        If there is no such preset or file, or it cannot be used.
    ConfigError
        If a mission file cannot be used.
    """
    path = Path(name_or_path)
    if name_or_path.lower() in mission_names() or path.suffix == ".toml":
        loaded = load_mission(name_or_path)
        return replace(station_orbit(loaded, last), maximum_age_days=MAXIMUM_AGE_DAYS)
    if not path.exists():
        raise ElementsError(
            f"station '{name_or_path}' is neither a file (two-line elements, OMM or OEM) nor the name of a mission; "
            f"{nearest(name_or_path, mission_names())}"
        )
    chosen = None
    for before in (first, last):
        try:
            chosen = StationOrbit.from_file(
                path, before_utc=before, object_number=object_number, maximum_age_days=MAXIMUM_AGE_DAYS
            )
            break
        except ElementsError:
            if before == last:
                raise
    if chosen is None:
        raise ElementsError(f"{path}: no usable elements")
    return chosen


def find_opportunities(request: Request, *, progress: Progress | None = None) -> Opportunities:
    """Find and rank the landing opportunities of a window.

    Raises
    ------
    PlanError
        If the window is empty, no zone is given, a zone lies out of reach of the orbit, or the delta-v exceeds the
        propellant.
    ElementsError
        If the elements are too old for the window.
    """
    say = progress or (lambda _: None)
    request = replace(request, zones=tuple(grounded(zone) for zone in request.zones))
    _check(request)
    say("searching the passages")
    candidates = find_candidates(
        request.orbit, list(request.zones), request.first, request.last + timedelta(seconds=_PASSAGE_S)
    )
    planner = Planner(request, candidates)
    found = []
    for number, one in enumerate(candidates):
        if number % 20 == 0:
            say(f"targeting {number} of {len(candidates)}")
        opportunity = planner.plan(one)
        burning = opportunity.ignition or one.passing_utc - timedelta(seconds=IGNITION_LEAD_S)
        if request.first <= burning <= request.last:
            found.append(opportunity)
    ranked = _ranked(found)
    alternative = None if any(one.reachable for one in ranked) else _alternative(request, ranked)
    return Opportunities(request, tuple(ranked), alternative, _notes(request, planner.notes))


def _check(request: Request) -> None:
    if request.first >= request.last:
        raise PlanError(
            f"the window is empty: it runs from {request.first:%Y-%m-%dT%H:%M:%SZ} to "
            f"{request.last:%Y-%m-%dT%H:%M:%SZ}; --to must be later than --from"
        )
    if not request.zones:
        raise PlanError("no landing zone was given; name one with --zone")
    if request.vehicle.ship is None or request.vehicle.parachutes is None:
        raise PlanError(
            f"vehicle '{request.vehicle.name}' lacks a ship with an engine or parachutes, so no landing can be planned"
        )
    for zone in request.zones:
        require_latitude(request.orbit, zone, request.max_crossrange_m)
    _check_age(request)


def _check_age(request: Request) -> None:
    orbit = request.orbit
    if isinstance(orbit.orbit, Ephemeris):
        if request.last < orbit.orbit.first or request.first > orbit.orbit.last:
            raise ElementsError(
                f"{orbit.source}: the ephemeris runs from {orbit.orbit.first:%Y-%m-%dT%H:%M:%SZ} to "
                f"{orbit.orbit.last:%Y-%m-%dT%H:%M:%SZ}, outside the window; choose a window or a file that fits"
            )
        return
    worst = max(request.first, request.last, key=lambda utc: abs(orbit.age_days(utc)))
    age = orbit.age_days(worst)
    if abs(age) + 1.0 > orbit.maximum_age_days:
        raise ElementsError(
            f"{orbit.source}: the elements are of {orbit.epoch:%Y-%m-%dT%H:%M:%SZ}, {abs(age):.1f} days from "
            f"{worst:%Y-%m-%dT%H:%M:%SZ}; a plan is refused beyond {orbit.maximum_age_days - 1.0:.0f} days. "
            f"The error along the track grows by 2 km a day at first, to minutes after weeks of uncertain drag, and a "
            f"reboost voids the elements altogether. Use elements with an epoch nearer to the window, or a window "
            f"nearer to the elements"
        )


def _ranked(found: Sequence[Opportunity]) -> list[Opportunity]:
    """Number the reachable ones: comfortable crossrange, then daylight, then the earlier pass, then less crossrange."""

    def worth(index: int) -> tuple[bool, bool, int, float, datetime]:
        one = found[index]
        return (
            abs(one.crossrange_m) > COMFORTABLE_CROSSRANGE_M,
            (one.sun_elevation_rad or 0.0) < 0.0,
            one.candidate.pass_of_day,
            abs(one.crossrange_m),
            one.undocking,
        )

    order = sorted((index for index, one in enumerate(found) if one.reachable), key=worth)
    places = {index: place for place, index in enumerate(order, start=1)}
    return [replace(one, rank=places.get(index)) for index, one in enumerate(found)]


def _alternative(request: Request, found: Sequence[Opportunity]) -> str:
    """Return the nearest miss and the next date on which a zone can be reached, as a sentence."""
    said = []
    if found:
        best = min(found, key=lambda one: (abs(one.crossrange_m), one.undocking))
        said.append(
            f"the nearest is zone '{best.candidate.zone.name}' at {best.candidate.passing_utc:%Y-%m-%dT%H:%MZ}: "
            f"{best.reason}"
        )
    later = _next_reachable(request)
    if later is not None and later.ignition is not None:
        said.append(
            f"the next reachable one burns at {later.ignition:%Y-%m-%dT%H:%M:%SZ} for zone "
            f"'{later.candidate.zone.name}' with {abs(later.crossrange_m) / 1e3:.0f} km of crossrange"
        )
    else:
        said.append(f"none follows in the {_LOOK_AHEAD_DAYS:.0f} days after the window that the elements allow")
    return "; ".join(said)


def _next_reachable(request: Request) -> Opportunity | None:
    """Return the first reachable opportunity in the two weeks after the window."""
    after = replace(request, first=request.last, last=request.last + timedelta(days=_LOOK_AHEAD_DAYS))
    try:
        _check_age(after)
        candidates = find_candidates(after.orbit, list(after.zones), after.first, after.last)
    except ElementsError:
        return None
    planner = Planner(after, candidates)
    planned = (planner.plan(one) for one in candidates)
    return next((one for one in planned if one.reachable and one.ignition and one.ignition > request.last), None)


def _notes(request: Request, notes: tuple[str, ...]) -> tuple[str, ...]:
    orbit = request.orbit
    said = [*notes, *orbit.notes]
    if orbit.kind != "oem":
        low, high = sorted((orbit.age_days(request.first), orbit.age_days(request.last)), key=abs)
        said.append(
            f"The elements are of {orbit.epoch:%Y-%m-%dT%H:%M:%SZ}, {abs(low):.1f} to {abs(high):.1f} days from the "
            "window; the column of the along-track uncertainty says what that means without a reboost."
        )
    return tuple(dict.fromkeys(said))
