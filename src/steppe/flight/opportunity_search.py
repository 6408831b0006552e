"""Finds the passages of a station by landing zones: when, on which revolution, how far to the side."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.mission import Zone
from steppe.constants import EARTH_ROTATION_RAD_S, MEAN_RADIUS_M
from steppe.errors import PlanError
from steppe.flight.passages import PASS_LIMIT_M, STEP_S, Pass, direction_of, distance_m, nearest_times_s
from steppe.flight.surroundings import horizontal
from steppe.frames.elements import StationOrbit
from steppe.frames.ephemeris import Ephemeris
from steppe.frames.local import inertial_velocity_m_s

Array = npt.NDArray[np.float64]

# Steps at a time: two weeks, so that a window of months needs little memory
_BLOCK: Final = 40_000
# From the station's passage to the parachute command of the capsule (ours for MS-21, 90 s; the table of
# docs/models/opportunities.md)
_LAG_S: Final = 90.0
# The turning of the Earth bends the track of the slowing capsule to the right of the plane of the orbit; the estimate
# with this much is good to 30 km (ours, 228 targeted returns to four zones, docs/models/opportunities.md)
_BEND_M: Final = 8e3
_REVOLUTION_LIMIT_S: Final = 7200.0
_SECONDS_PER_DAY: Final = 86400.0

# SGP4 loses 1 to 3 km a day along the track: Vallado et al., AIAA 2006-6753, section V
_LINEAR_M_DAY: Final = 2000.0
# Part of the decay that cannot be predicted over weeks: an assumption, of the size of the errors of thermosphere models
# and of forecasts of the solar flux
_DECAY_SHARE: Final = 0.2
_ORBIT_SPEED_M_S: Final = 7660.0
_MEAN_MOTION_RAD_DAY: Final = 2.0 * math.pi * 15.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """One passage of the station by one zone.

    Attributes
    ----------
    zone
        The zone.
    passing_utc
        When the station is nearest to the zone.
    distance_m
        Great-circle distance of the zone from the ground track of the station.
    course_itrf
        Horizontal unit vector of the ground track at the zone.
    crossrange_m
        Estimate of how far the zone is to the right of the capsule's track: the plane of the orbit and the place of
        the zone when the capsule comes by, which is later than the station.
    revolution
        Number of the revolution (it begins at the ascending node), None where the source has no numbers.
    pass_of_day
        1 for the first of a group of passages on consecutive revolutions, 2 for the next, ...
    """

    zone: Zone
    passing_utc: datetime
    distance_m: float
    course_itrf: Array
    crossrange_m: float
    revolution: int | None
    pass_of_day: int

    def seen_from(self, epoch: datetime) -> Pass:
        """Return the passage in seconds after an epoch, as the deorbit targeting takes it."""
        return Pass((self.passing_utc - epoch).total_seconds(), self.distance_m, self.course_itrf)


def find_candidates(orbit: StationOrbit, zones: list[Zone], first: datetime, last: datetime) -> list[Candidate]:
    """Return all ascending passages within 400 km of the zones between two dates, in order of time.

    What counts as ascending: `steppe.flight.passages.is_ascending`.

    Raises
    ------
    ElementsError
        If the orbit gives no state for these dates.
    """
    sites = {zone.name: direction_of(zone) for zone in zones}
    count = math.ceil((last - first).total_seconds() / STEP_S) + 3
    found: list[tuple[Zone, float]] = []
    for begin in range(0, count, _BLOCK):
        # Blocks overlap by two steps, because a maximum needs a neighbour on each side
        seconds: Array = STEP_S * np.arange(begin - 1, min(begin + _BLOCK, count) + 1, dtype=np.float64)
        seconds = seconds[_inside(orbit, first, seconds)]
        if seconds.size < 3:
            continue
        position_m, velocity_m_s = orbit.states_itrf(first, seconds)
        found += [
            (zone, at)
            for zone in zones
            for at in nearest_times_s(sites[zone.name], position_m, velocity_m_s, seconds, PASS_LIMIT_M)
        ]
    span = (last - first).total_seconds()
    found = [(zone, at) for zone, at in found if 0.0 <= at <= span]
    counter = _Counter(orbit, first, last)
    candidates = [
        _candidate(orbit, zone, sites[zone.name], first + timedelta(seconds=at), counter) for zone, at in found
    ]
    return _numbered(candidates)


def _inside(orbit: StationOrbit, first: datetime, seconds: Array) -> npt.NDArray[np.bool_]:
    """Return which times an ephemeris covers; mean elements cover all."""
    if not isinstance(orbit.orbit, Ephemeris):
        return np.ones(seconds.shape, dtype=np.bool_)
    low = (orbit.orbit.first - first).total_seconds()
    high = (orbit.orbit.last - first).total_seconds()
    return (seconds >= low) & (seconds <= high)


def _candidate(orbit: StationOrbit, zone: Zone, site: Array, utc: datetime, counter: _Counter) -> Candidate:
    position_m, velocity_m_s = orbit.state_itrf(utc)
    normal = np.cross(position_m, inertial_velocity_m_s(position_m, velocity_m_s))
    normal /= np.linalg.norm(normal)
    # While the capsule falls behind, the Earth carries the zone to the east
    turn = EARTH_ROTATION_RAD_S * _LAG_S
    later = np.array(
        [
            site[0] * math.cos(turn) - site[1] * math.sin(turn),
            site[0] * math.sin(turn) + site[1] * math.cos(turn),
            site[2],
        ]
    )
    return Candidate(
        zone=zone,
        passing_utc=utc,
        distance_m=distance_m(site, position_m),
        course_itrf=horizontal(site, velocity_m_s),
        crossrange_m=-MEAN_RADIUS_M * math.asin(float(normal @ later)) - _BEND_M,
        revolution=counter.revolution(utc),
        pass_of_day=1,
    )


class _Counter:
    """Counts revolutions at the ascending node, from the number at the epoch of the elements."""

    def __init__(self, orbit: StationOrbit, first: datetime, last: datetime) -> None:
        number = orbit.revolution_at_epoch
        self._at_epoch = number
        if number is None:
            return
        self._from = min(orbit.epoch, first) - timedelta(hours=2)
        # 300 s are 20 deg of the orbit, over which the height above the equator is a straight line near the node
        span = (max(orbit.epoch, last) - self._from).total_seconds() + 600.0
        seconds = np.arange(0.0, span, 300.0)
        position_m, _ = orbit.states_itrf(self._from, seconds)
        z = position_m[2]
        up = np.flatnonzero((z[:-1] < 0.0) & (z[1:] >= 0.0))
        self._nodes = seconds[up] + 300.0 * z[up] / (z[up] - z[up + 1])
        # Elements are often given at the node itself: half a minute on either side of it is the new revolution
        self._before_epoch = self._passed(orbit.epoch + timedelta(seconds=30.0))

    def _passed(self, utc: datetime) -> int:
        return int(np.searchsorted(self._nodes, (utc - self._from).total_seconds()))

    def revolution(self, utc: datetime) -> int | None:
        """Return the number of the revolution at a date."""
        return None if self._at_epoch is None else self._at_epoch + self._passed(utc) - self._before_epoch


def _numbered(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates in order of time, numbered within each group of consecutive revolutions."""
    ordered = sorted(candidates, key=lambda one: (one.passing_utc, one.zone.name))
    last: dict[str, Candidate] = {}
    result = []
    for one in ordered:
        before = last.get(one.zone.name)
        follows = before and (one.passing_utc - before.passing_utc).total_seconds() < _REVOLUTION_LIMIT_S
        if before and follows:
            one = replace(one, pass_of_day=before.pass_of_day + 1)
        last[one.zone.name] = one
        result.append(one)
    return result


def require_latitude(orbit: StationOrbit, zone: Zone, crossrange_m: float) -> None:
    """Make sure that the orbit reaches the latitude of a zone.

    Raises
    ------
    PlanError
        If it does not, with the nearest feasible latitude.
    """
    inclination = orbit.inclination_rad
    highest = min(inclination, math.pi - inclination) + crossrange_m / MEAN_RADIUS_M
    if abs(math.radians(zone.latitude_deg)) <= highest:
        return
    feasible = math.copysign(math.degrees(highest), zone.latitude_deg)
    raise PlanError(
        f"zone '{zone.name}' at {zone.latitude_deg:.2f} deg latitude is out of reach: the orbit's inclination is "
        f"{math.degrees(inclination):.2f} deg and the capsule turns at most {crossrange_m / 1e3:.0f} km off its plane, "
        f"so it lands between {math.degrees(highest):.2f} deg south and north; the nearest feasible place on this "
        f"meridian is {feasible:.2f},{zone.longitude_deg:.2f}"
    )


def along_track_uncertainty_s(orbit: StationOrbit, utc: datetime) -> float:
    """Return how early or late the station may be at a date, in s (one sigma, without manoeuvres).

    It grows linearly by 2 km a day (the middle of 1 to 3 km, Vallado et al., AIAA 2006-6753) and quadratically by the
    part of the decay that cannot be predicted: an axis that falls off its prediction by k metres a day leaves
    3/4 n k t^2 along the track. A reboost voids it altogether. An ephemeris is taken as it is: 0.
    """
    if isinstance(orbit.orbit, Ephemeris):
        return 0.0
    days = abs(orbit.age_days(utc))
    span = max(days, 1.0)
    later = orbit.epoch + timedelta(days=span if orbit.age_days(utc) >= 0.0 else -span)
    fall_m_day = abs(orbit.mean_altitude_m(later) - orbit.mean_altitude_m(orbit.epoch)) / span
    quadratic = 0.75 * _MEAN_MOTION_RAD_DAY * _DECAY_SHARE * fall_m_day * days**2
    return math.hypot(_LINEAR_M_DAY * days, quadratic) / _ORBIT_SPEED_M_S
