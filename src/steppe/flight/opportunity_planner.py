"""Plans one landing opportunity after the other; each starts from what the one before has taught."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.compile import earth_record
from steppe.config.loader import LoadedMission
from steppe.config.mission import Deorbit, DepartureChoice, Mission, Station, Zone
from steppe.environment.sun import sun_elevation_rad
from steppe.errors import ElementsError, PlanError
from steppe.flight.opportunity_records import Opportunity, Request
from steppe.flight.opportunity_search import Candidate, along_track_uncertainty_s
from steppe.flight.opportunity_targeting import Experience, Solution, Target, largest_delta_v_m_s, solve
from steppe.flight.plan import Problem
from steppe.flight.records import delta_v_by_rule
from steppe.flight.running import start_row
from steppe.flight.surroundings import on_surface, surroundings
from steppe.frames.geodetic import itrf_to_geodetic
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]

# Undocking to ignition: 2 h 27 min to 2 h 30 min on published returns (asc-csa.gc.ca, MS-11; nasa.gov, Soyuz landing
# timeline); the middle, about 1.6 revolutions
UNDOCKING_LEAD_S: Final = 2.0 * 3600.0 + 28.0 * 60.0
# First guess of the time from ignition to the passage of the station at 415 km (docs/models/opportunities.md)
IGNITION_LEAD_S: Final = 2250.0

# Beyond the reach by more than this the estimate of the search decides (it is good to 30 km)
_ESTIMATE_MARGIN_M: Final = 30e3
# Up to this many candidates each has its own air and wind; else those of each zone hold for this many days
_OWN_WORLDS: Final = 40
_WORLD_DAYS: Final = 5.0
# The published span is 3 min wide
_UNDOCKING_SLACK_S: Final = 60.0
_SECONDS_PER_DAY: Final = 86400.0
# The passages of one group come this much earlier every day: 16 revolutions of 92.9 min less a day
_EARLIER_PER_DAY: Final = timedelta(minutes=24.0)


def default_delta_v_m_s(mean_altitude_m: float) -> float:
    """Return the delta-v of Soyuz practice for a mean altitude of the station: 128 m/s above 395 km, else 115 m/s."""
    return delta_v_by_rule(mean_altitude_m)[0]


class Planner:
    """Plans candidates one after the other; each starts from what the one before has taught."""

    def __init__(self, request: Request, candidates: Sequence[Candidate]) -> None:
        self._request = request
        self._share = len(candidates) > _OWN_WORLDS
        self._worlds: dict[tuple[str, int], World] = {}
        self._known: dict[str, Experience] = {}
        self._missions: dict[tuple[str, float], LoadedMission] = {}
        self.notes: tuple[str, ...] = ()

    def plan(self, candidate: Candidate) -> Opportunity:
        """Plan one candidate."""
        request = self._request
        undocking = self._undocking(candidate)
        uncertainty_s = along_track_uncertainty_s(request.orbit, candidate.passing_utc)
        aside = candidate.crossrange_m
        if abs(aside) > request.max_crossrange_m + _ESTIMATE_MARGIN_M:
            return _beyond(candidate, undocking, _too_far(request, aside, "about "), uncertainty_s)
        try:
            solution = self._solve(candidate, undocking)
            if abs(solution.ignition_s - UNDOCKING_LEAD_S) > _UNDOCKING_SLACK_S:
                undocking = self._undocking(candidate)
                solution = self._solve(candidate, undocking)
        except (PlanError, ElementsError) as problem:
            return _beyond(candidate, undocking, str(problem), uncertainty_s)
        return _opportunity(request, candidate, undocking, solution, uncertainty_s)

    def _undocking(self, candidate: Candidate) -> datetime:
        """Return the latest comfortable undocking, by what is known of the time from ignition to passage."""
        known = self._known.get(candidate.zone.name)
        lead_s = known.lead_s if known else IGNITION_LEAD_S
        return (candidate.passing_utc - timedelta(seconds=UNDOCKING_LEAD_S + lead_s)).replace(microsecond=0)

    def _solve(self, candidate: Candidate, undocking: datetime) -> Solution:
        request, zone = self._request, candidate.zone
        delta_v = request.delta_v_m_s
        if delta_v is None:
            delta_v = default_delta_v_m_s(request.orbit.mean_altitude_m(candidate.passing_utc))
        loaded = self._mission(zone, delta_v, undocking)
        position_m, velocity_m_s = request.orbit.state_itrf(undocking)
        ship = request.vehicle.ship
        mass_kg = ship.mass_kg if ship else 0.0
        bank_rad = math.radians(loaded.mission.guidance.reference_bank_deg)
        start = start_row(0.0, position_m, velocity_m_s, mass_kg, bank_rad)
        problem = Problem(
            loaded, self._world(loaded, candidate), start, zone, candidate.seen_from(undocking), departs=True
        )
        angle = request.entry_angle_deg
        target = Target(
            None if angle is not None else delta_v,
            None if angle is None else math.radians(angle),
            request.wind_bias,
            request.max_crossrange_m,
        )
        known = self._known.get(zone.name) or next(iter(self._known.values()), Experience())
        solution, self._known[zone.name] = solve(problem, target, known)
        largest = largest_delta_v_m_s(problem)
        if solution.delta_v_m_s > largest:
            raise PlanError(
                f"needs {solution.delta_v_m_s:.1f} m/s, the propellant of '{request.vehicle.name}' gives "
                f"{largest:.1f} m/s"
            )
        return solution

    def _mission(self, zone: Zone, delta_v: float, undocking: datetime) -> LoadedMission:
        key = (zone.name, delta_v)
        if key not in self._missions:
            orbit, vehicle = self._request.orbit, self._request.vehicle
            mission = Mission(
                name="plan",
                vehicle=vehicle.name,
                zone=zone.name,
                station=Station(name=orbit.name or "station", file=orbit.source),
                departure=DepartureChoice(undocking_utc=undocking),
                deorbit=Deorbit(delta_v_m_s=delta_v),
            )
            self._missions[key] = LoadedMission(mission, vehicle, zone, "plan", None)
        return self._missions[key]

    def _world(self, loaded: LoadedMission, candidate: Candidate) -> World:
        """Return air and wind of the passage; in a long window those of the middle of five days."""
        utc, key = candidate.passing_utc, (candidate.zone.name, len(self._worlds))
        if self._share:
            days = (utc - self._request.first).total_seconds() / _SECONDS_PER_DAY
            key = (candidate.zone.name, int(days // _WORLD_DAYS))
            middle = (key[1] + 0.5) * _WORLD_DAYS
            whole = round(middle - days)
            utc += timedelta(days=whole) - whole * _EARLIER_PER_DAY
        if key not in self._worlds:
            zone = candidate.zone
            site = on_surface(earth_record(loaded.mission.earth), zone.latitude_deg, zone.longitude_deg, 0.0)
            around = surroundings(loaded, utc, site, candidate.course_itrf)
            self._worlds[key] = around.world
            self.notes = tuple(dict.fromkeys((*self.notes, *around.notes)))
        return self._worlds[key]


def _beyond(candidate: Candidate, undocking: datetime, reason: str, uncertainty_s: float) -> Opportunity:
    """Return a candidate out of reach, with what is known without a burn."""
    return Opportunity(
        candidate=candidate,
        reachable=False,
        reason=reason,
        rank=None,
        undocking=undocking,
        ignition=None,
        separation=None,
        interface=None,
        parachute=None,
        touchdown=None,
        delta_v_m_s=None,
        burn_s=None,
        propellant_kg=None,
        entry_angle_rad=None,
        crossrange_m=candidate.crossrange_m,
        touchdown_deg=None,
        ballistic_deg=None,
        sun_elevation_rad=None,
        along_track_uncertainty_s=uncertainty_s,
    )


def _too_far(request: Request, crossrange_m: float, about: str = "") -> str:
    side = "right" if crossrange_m > 0.0 else "left"
    return (
        f"the zone lies {about}{abs(crossrange_m) / 1e3:.0f} km to the {side} of the track, the capsule steers "
        f"{request.max_crossrange_m / 1e3:.0f} km to the side"
    )


def _degrees(place_m: Array) -> tuple[float, float]:
    latitude, longitude, _ = itrf_to_geodetic(place_m)
    return math.degrees(float(latitude)), math.degrees(float(longitude))


def _opportunity(
    request: Request, candidate: Candidate, undocking: datetime, solution: Solution, uncertainty_s: float
) -> Opportunity:
    """Turn a solution into dates and degrees, and judge it."""

    def utc(seconds: float) -> datetime:
        return undocking + timedelta(seconds=seconds)

    latitude, longitude = _degrees(solution.touchdown_itrf_m)
    touchdown = utc(solution.touchdown_s)
    sun = sun_elevation_rad(touchdown, math.radians(latitude), math.radians(longitude))
    reason = None
    if abs(solution.crossrange_m) > request.max_crossrange_m:
        reason = _too_far(request, solution.crossrange_m)
    elif request.daylight and sun < 0.0:
        reason = f"dark: the Sun stands at {math.degrees(sun):.1f} deg at touchdown, and daylight was asked for"
    return Opportunity(
        candidate=candidate,
        reachable=reason is None,
        reason=reason,
        rank=None,
        undocking=undocking,
        ignition=utc(solution.ignition_s),
        separation=utc(solution.separation_s),
        interface=utc(solution.interface_s),
        parachute=utc(solution.parachute_s),
        touchdown=touchdown,
        delta_v_m_s=solution.delta_v_m_s,
        burn_s=solution.burn_s,
        propellant_kg=solution.propellant_kg,
        entry_angle_rad=solution.entry_angle_rad,
        crossrange_m=solution.crossrange_m,
        touchdown_deg=(latitude, longitude),
        ballistic_deg=None if solution.ballistic_itrf_m is None else _degrees(solution.ballistic_itrf_m),
        sun_elevation_rad=sun,
        along_track_uncertainty_s=uncertainty_s,
    )
