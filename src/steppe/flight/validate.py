"""The proof: plans and flies published returns from what was known before the undocking, and compares.

Each residual is flown minus published, with the precision and the status of what was published. Two modes: *planned*
takes the station's elements, the name of the zone and the undocking time; *as flown* also takes the published ignition
and delta-v.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np

from steppe.errors import LANDED, SteppeError
from steppe.flight import records as rec
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.frames.geodetic import geodesic_distance_m

Mode = Literal["planned", "as-flown", "both"]
UNUSABLE: Final = "unusable"

# name of the residual -> event of the flight, key of the record
RESIDUALS: Final = {
    "ignition_s": ("deorbit_ignition", "deorbit_burn_start_utc"),
    "module_separation_s": ("module_separation", "module_separation_utc"),
    "entry_interface_s": ("entry_interface", "entry_interface_utc"),
    "parachute_s": ("parachute_command", "parachute_open_command_utc"),
    "touchdown_s": ("touchdown", "landing_utc"),
}
# Published to the second or better
SECOND_PRECISE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Residual:
    """Flown minus published in s, how precisely that was published, and as what: actual, reported or planned."""

    value_s: float
    published_utc: datetime
    precision_s: float
    status: str

    @property
    def second_precise(self) -> bool:
        """Return whether the time was published to the second."""
        return self.precision_s <= SECOND_PRECISE_S


@dataclass(frozen=True, slots=True)
class Miss:
    """The place of the touchdown against the published one, in km: distance, further along the course, to its right."""

    distance_km: float
    along_track_km: float
    cross_track_km: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One flight compared with what was published.

    Attributes
    ----------
    status
        Name of the flight's status (``landed``), or ``unusable``.
    residuals
        One entry for each name in `RESIDUALS`; None where nothing was published or the event did not happen.
    miss
        None without published coordinates.
    peak_load_g, burn_duration_s
        Of the flight.
    delta_v_m_s, delta_v_from
        The burn that was asked for, and where it comes from.
    reasons
        What the reader should know: why it is unusable, what was assumed.
    """

    status: str
    residuals: dict[str, Residual | None]
    miss: Miss | None = None
    peak_load_g: float | None = None
    burn_duration_s: float | None = None
    delta_v_m_s: float | None = None
    delta_v_from: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Return whether there is a flight to compare."""
        return self.status != UNUSABLE


@dataclass(frozen=True, slots=True)
class Checked:
    """One record: what it is, and its two comparisons (None for a mode that was not asked for or cannot be flown).

    `conflicts` tells on which fields the sources disagree, and what they say; `landing_plan_error_s` how far the
    landing time announced before the flight was from the real one.
    """

    id: str
    mode: str
    undocking_utc: datetime | None
    zone: str | None
    zone_why: str
    station_altitude_km: float | None
    published_max_g: float | None
    has_position: bool
    planned: Compared | None
    as_flown: Compared | None
    conflicts: tuple[str, ...] = field(default=())
    landing_plan_error_s: float | None = None

    @property
    def main(self) -> Compared:
        """Return the planned comparison, or the one as flown if only that was asked for."""
        return self.planned or self.as_flown or Compared(UNUSABLE, dict.fromkeys(RESIDUALS))

    @property
    def usable(self) -> bool:
        """Return whether the record could be used."""
        return self.main.usable


def validate(
    records: Sequence[rec.Json], *, mode: Mode = "both", progress: Callable[[str], None] | None = None
) -> tuple[Checked, ...]:
    """Plan, fly and compare every record; a record that cannot be used is returned with the reason, never dropped.

    Parameters
    ----------
    records
        From `records.read_records` or `records.bundled_records`.
    mode
        ``"planned"``, ``"as-flown"`` or ``"both"``.
    progress
        Called with the name of each record before it is flown.
    """
    say = progress or (lambda _: None)
    checked = []
    for number, record in enumerate(records):
        say(f"{rec.name_of(record, number)} ({number + 1} of {len(records)})")
        checked.append(check(record, mode=mode, number=number))
    return tuple(checked)


def check(record: rec.Json, *, mode: Mode = "both", number: int = 0) -> Checked:
    """Plan, fly and compare one record; arguments as in `validate`."""
    planned = _planned(record) if mode in ("planned", "both") else None
    as_flown = _as_flown(record) if mode in ("as-flown", "both") else None
    undocking, zone, why, altitude_km, plan_error_s = None, None, "", None, None
    try:
        undocking = rec.moment(record, "undock_utc")
        choice = rec.choose_zone(record)
        zone, why = choice.name, choice.why
        altitude_km = rec.station_altitude_m(record) / 1e3
        plan_error_s = rec.landing_plan_error_s(record)
    except SteppeError:
        pass  # the comparison carries the reason
    load = record.get("max_g")
    return Checked(
        id=rec.name_of(record, number),
        mode="ballistic" if rec.is_ballistic(record) else "guided",
        undocking_utc=undocking,
        zone=zone,
        zone_why=why,
        station_altitude_km=altitude_km,
        published_max_g=float(load) if isinstance(load, int | float) and not isinstance(load, bool) else None,
        has_position=rec.position_deg(record) is not None,
        planned=planned,
        as_flown=as_flown,
        conflicts=rec.conflicts_of(record),
        landing_plan_error_s=plan_error_s,
    )


def _planned(record: rec.Json) -> Compared:
    try:
        delta_v, why = rec.delta_v_by_rule(rec.station_altitude_m(record))
        return _compare(record, why, delta_v, None)
    except SteppeError as problem:
        return Compared(UNUSABLE, dict.fromkeys(RESIDUALS), reasons=(str(problem),))


def _as_flown(record: rec.Json) -> Compared | None:
    """Fly with the published ignition and delta-v; None if no ignition was published, or only as a plan."""
    try:
        ignition = rec.moment(record, "deorbit_burn_start_utc")
        if ignition is None or rec.status_of(record, "deorbit_burn_start_utc") == "planned":
            return None
        delta_v, why = rec.delta_v_by_rule(rec.station_altitude_m(record))
        published = record.get("deorbit_dv_m_s")
        if isinstance(published, int | float) and not isinstance(published, bool):
            delta_v, why = float(published), f"published ({rec.status_of(record, 'deorbit_dv_m_s')})"
        return _compare(record, why, delta_v, ignition)
    except SteppeError as problem:
        return Compared(UNUSABLE, dict.fromkeys(RESIDUALS), reasons=(str(problem),))


def _compare(record: rec.Json, why: str, delta_v_m_s: float, ignition_utc: datetime | None) -> Compared:
    loaded, zone = rec.mission_of(record, ignition_utc=ignition_utc, delta_v_m_s=delta_v_m_s)
    flight = fly(loaded)
    reasons = [] if zone.certain else [zone.why]
    if ignition_utc is not None and rec.precision_s(record, "deorbit_burn_start_utc") > SECOND_PRECISE_S:
        reasons.append("the ignition was published to the minute only: everything after it is as uncertain")
    if flight.status.code != LANDED:
        reasons.append(flight.status.sentence)
    duration = flight.plan.get("burn_duration_s")
    return Compared(
        status=flight.status.name,
        residuals={name: _residual(record, flight, *keys) for name, keys in RESIDUALS.items()},
        miss=_miss(record, flight),
        peak_load_g=flight.peaks.load_g,
        burn_duration_s=float(duration) if isinstance(duration, int | float) else None,
        delta_v_m_s=delta_v_m_s,
        delta_v_from=why,
        reasons=tuple(reasons),
    )


def _residual(record: rec.Json, flight: Flight, event: str, key: str) -> Residual | None:
    published, flown = rec.moment(record, key), flight.event(event)
    if published is None or flown is None:
        return None
    seconds = (flown.utc - published).total_seconds()
    return Residual(seconds, published, rec.precision_s(record, key), rec.status_of(record, key))


def _miss(record: rec.Json, flight: Flight) -> Miss | None:
    """Return where the capsule stands from the published place, along and across the course from the entry."""
    place, landing, entry = rec.position_deg(record), flight.touchdown, flight.event("entry_interface")
    if place is None or landing is None or entry is None:
        return None
    there, here = np.radians(place), np.radians([landing.latitude_deg, landing.longitude_deg])
    distance_km = float(geodesic_distance_m(here[0], here[1], there[0], there[1])) / 1e3
    # course of the great circle from the entry at its end: opposite to the bearing back
    start = np.radians([entry.latitude_deg, entry.longitude_deg])
    course = _bearing(here, start) + math.pi
    offset = _bearing(there, here) - course
    return Miss(distance_km, distance_km * math.cos(offset), distance_km * math.sin(offset))


def _bearing(start: Any, end: Any) -> float:
    """Return the initial bearing in rad of the great circle between two places (latitude, longitude in rad)."""
    turn = end[1] - start[1]
    east = math.sin(turn) * math.cos(end[0])
    north = math.cos(start[0]) * math.sin(end[0]) - math.sin(start[0]) * math.cos(end[0]) * math.cos(turn)
    return math.atan2(east, north)


def summarize(checked: Iterable[Checked], *, as_flown: bool = False) -> dict[str, float | int | None]:
    """Return medians, root mean squares and worst cases.

    ``touchdown_*`` are over the guided returns that were actual or reported landings; ``ballistic_*`` over the others.

    Parameters
    ----------
    checked
        From `validate`.
    as_flown
        Summarize the flights with the published ignition.
    """
    pairs = [(one, one.as_flown if as_flown else one.main) for one in checked]
    usable = [(one, comparison) for one, comparison in pairs if comparison is not None and comparison.usable]
    guided = [(one, comparison) for one, comparison in usable if one.mode == "guided"]
    ballistic = [(one, comparison) for one, comparison in usable if one.mode != "guided"]
    seconds = [abs(value) for _, c in guided if (value := _touchdown_s(c)) is not None]
    signed = [value for _, c in guided if (value := _touchdown_s(c)) is not None]
    # the same returns, as the planners announced them
    announced = [(one.landing_plan_error_s, _touchdown_s(c)) for one, c in guided]
    announced_s = [(abs(plan), abs(ours)) for plan, ours in announced if plan is not None and ours is not None]
    kilometres = [c.miss.distance_km for _, c in guided if c.miss]
    ignitions = [r for _, c in usable if (r := c.residuals["ignition_s"]) is not None]
    precise = [abs(r.value_s) for r in ignitions if r.second_precise]
    loads = [abs(c.peak_load_g - one.published_max_g) for one, c in ballistic if c.peak_load_g and one.published_max_g]
    return {
        "touchdown_abs_median_s": _median(seconds),
        "touchdown_abs_max_s": max(seconds, default=None),
        "touchdown_median_km": _median(kilometres),
        "touchdown_max_km": max(kilometres, default=None),
        "touchdown_mean_s": statistics.fmean(signed) if signed else None,
        "touchdown_rms_s": _rms(signed),
        "touchdown_rms_km": _rms(kilometres),
        "announced_plan_abs_median_s": _median([plan for plan, _ in announced_s]),
        "announced_plan_abs_max_s": max((plan for plan, _ in announced_s), default=None),
        "announced_plan_count": len(announced_s),
        "touchdown_abs_median_s_of_announced": _median([ours for _, ours in announced_s]),
        "guided_returns": sum(one.mode == "guided" for one, _ in pairs),
        "guided_compared": len(seconds),
        "guided_with_position": len(kilometres),
        "ignition_second_precise_abs_median_s": _median(precise),
        "ignition_second_precise_abs_max_s": max(precise, default=None),
        "ignition_second_precise_count": len(precise),
        "ignition_minute_precise_abs_median_s": _median([abs(r.value_s) for r in ignitions if not r.second_precise]),
        "ballistic_returns": sum(one.mode != "guided" for one, _ in pairs),
        "ballistic_along_track_max_km": max((abs(c.miss.along_track_km) for _, c in ballistic if c.miss), default=None),
        "ballistic_load_difference_max_g": max(loads, default=None),
        "ballistic_touchdown_abs_max_s": max(
            (abs(value) for _, c in ballistic if (value := _touchdown_s(c)) is not None), default=None
        ),
        "returns": len(pairs),
        "unusable": sum(comparison is not None and not comparison.usable for _, comparison in pairs),
        "not_landed": sum(comparison.status != "landed" for _, comparison in usable),
    }


def _touchdown_s(compared: Compared) -> float | None:
    """Return the touchdown residual in s, None where only a plan of the landing was published."""
    residual = compared.residuals["touchdown_s"]
    return None if residual is None or residual.status == "planned" else residual.value_s


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _rms(values: Sequence[float]) -> float | None:
    return math.sqrt(statistics.fmean(value * value for value in values)) if values else None


def as_json(checked: Sequence[Checked], *, mode: Mode = "both") -> dict[str, Any]:
    """Return what ``steppe validate --json`` prints: every return, and the summary."""
    document: dict[str, Any] = {"returns": [_one(one) for one in checked], "summary": summarize(checked)}
    if mode == "both":
        document["summary_as_flown"] = summarize(checked, as_flown=True)
    return document


def _one(one: Checked) -> dict[str, Any]:
    return {
        "id": one.id,
        "mode": one.mode,
        **_comparison(one.main),
        "quality": {
            "position": one.has_position,
            "touchdown_second_precise": _second_precise(one.main, "touchdown_s"),
            "ignition_second_precise": _second_precise(one.main, "ignition_s"),
        },
        "published_max_g": one.published_max_g,
        "conflicts": list(one.conflicts),
        "landing_plan_error_s": one.landing_plan_error_s,
        "undocking_utc": None if one.undocking_utc is None else _utc(one.undocking_utc),
        "zone": one.zone,
        "zone_why": one.zone_why,
        "station_altitude_km": one.station_altitude_km,
        "as_flown": None if one.as_flown is None else _comparison(one.as_flown),
    }


def _second_precise(compared: Compared, name: str) -> bool | None:
    residual = compared.residuals[name]
    return None if residual is None else residual.second_precise


def _comparison(one: Compared) -> dict[str, Any]:
    residuals = one.residuals
    return {
        "status": one.status,
        "reasons": list(one.reasons),
        "residuals": {
            **{name: None if residual is None else residual.value_s for name, residual in residuals.items()},
            "touchdown_km": None if one.miss is None else one.miss.distance_km,
        },
        "precision_s": {name: None if r is None else r.precision_s for name, r in residuals.items()},
        "published_status": {name: None if r is None else r.status for name, r in residuals.items()},
        "published_utc": {name: None if r is None else _utc(r.published_utc) for name, r in residuals.items()},
        "along_track_km": None if one.miss is None else one.miss.along_track_km,
        "cross_track_km": None if one.miss is None else one.miss.cross_track_km,
        "peak_load_g": one.peak_load_g,
        "burn_duration_s": one.burn_duration_s,
        "delta_v_m_s": one.delta_v_m_s,
        "delta_v_from": one.delta_v_from,
    }


def _utc(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
