"""On which days the plane of the station's orbit passes over a landing zone by day, months ahead.

Elements months old no longer say where the station is on its orbit, but still how the plane lies: its node turns
steadily under J2. On each day the zone passes once under the rising half of the orbit; landings are planned for days on
which the Sun is up then, and the station is phased (reboosts) to be there. The dates are approximate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from steppe.config.mission import Zone
from steppe.crew.records import SECONDS_PER_DAY
from steppe.crew.revolutions import ElementSet
from steppe.environment.sun import sun_elevation_rad
from steppe.errors import PlanError
from steppe.frames.elements import StationOrbit
from steppe.frames.timescales import utc_to_jd
from steppe.frames.tle import Sgp4Orbit

_J2000_JD: Final = 2451545.0
# Meeus, Astronomical Algorithms, 2nd ed., equation 12.4: sidereal angle at J2000 in deg and its turn a day
_SIDEREAL_DEG: Final = (280.46061837, 360.98564736629)
_MINUTES_PER_DAY: Final = 1440.0
# The node of 95 pairs of element sets (2013 to 2022), turned on under J2, is off by up to 10 deg a year, mostly since
# reboosts change the altitude (ours); 1 deg is 4 min
_NODE_ERROR_MIN_YEAR: Final = 40.0
# The passages come this much earlier each day (tests/unit/test_rotation.py)
_DRIFT_MIN_DAY: Final = 23.4
# Spans of daylight last 14 to 35 days; a wider margin would leave nothing of the shortest
_WIDEST_MARGIN_DAYS: Final = 6


@dataclass(frozen=True, slots=True)
class LandingDay:
    """When the zone passes under the rising half of the orbit on one day, and how high the Sun stands there then."""

    utc: datetime
    sun_elevation_rad: float


def passage_error_min(age_days: float) -> float:
    """Return how many minutes early or late a passage may be with elements of an age."""
    return abs(age_days) / 365.25 * _NODE_ERROR_MIN_YEAR


def edge_error_days(age_days: float) -> float:
    """Return how many days off the edge of a span of daylight may be with elements of an age."""
    return passage_error_min(age_days) / _DRIFT_MIN_DAY


def sure_days(days: list[LandingDay], elements: ElementSet) -> list[LandingDay]:
    """Return the days that are by day even if the elements are as wrong as they may be (at most 6 days are allowed)."""
    dates = {day.utc.date() for day in days}
    sure = []
    for day in days:
        age = (day.utc - elements.utc).total_seconds() / SECONDS_PER_DAY
        margin = min(math.ceil(edge_error_days(age)), _WIDEST_MARGIN_DAYS)
        if all(day.utc.date() + timedelta(days=shift) in dates for shift in range(-margin, margin + 1)):
            sure.append(day)
    return sure


def element_set(orbit: StationOrbit) -> ElementSet:
    """Return the plane and the mean motion of a station's elements.

    Raises
    ------
    PlanError
        If the station is given by an ephemeris, which ends too soon for a plan of months.
    """
    if not isinstance(orbit.orbit, Sgp4Orbit):
        raise PlanError(f"{orbit.source}: a plan of months needs mean elements (two-line elements or OMM)")
    satellite = orbit.orbit.satellite
    motion = float(satellite.no_kozai) * _MINUTES_PER_DAY / (2.0 * math.pi)
    return ElementSet(orbit.epoch, motion, float(satellite.ecco), float(satellite.inclo), float(satellite.nodeo), 0.0)


def landing_days(
    elements: ElementSet, zone: Zone, first: datetime, last: datetime, least_sun_rad: float = 0.0
) -> list[LandingDay]:
    """Return the days between two dates on which the rising pass over a zone is by day, in the order of time.

    Parameters
    ----------
    elements
        Where the plane was.
    zone
        Where to land.
    first, last
        The window.
    least_sun_rad
        Lowest elevation of the Sun that counts as day.

    Raises
    ------
    PlanError
        If the zone lies farther from the equator than the orbit reaches.
    """
    latitude, longitude = math.radians(zone.latitude_deg), math.radians(zone.longitude_deg)
    ratio = math.tan(latitude) / math.tan(elements.inclination_rad)
    if abs(ratio) > 1.0:
        raise PlanError(f"zone '{zone.name}' at {zone.latitude_deg:g} deg lies beyond the orbit of the station")
    from_node = math.asin(ratio)
    found = []
    utc = _under_plane(elements, from_node, longitude, first)
    # The zone turns under the plane 23 minutes earlier each day: once in two months twice within one
    turn = timedelta(days=2.0 * math.pi / (math.radians(_SIDEREAL_DEG[1]) - elements.node_rate_rad_day))
    while utc <= last:
        sun = sun_elevation_rad(utc, latitude, longitude)
        if utc >= first and sun >= least_sun_rad:
            found.append(LandingDay(utc, sun))
        utc += turn
    return list({day.utc.date(): day for day in found}.values())


def node_rad(elements: ElementSet, utc: datetime) -> float:
    """Return the right ascension of the ascending node at a date, turned on at the rate of J2."""
    days = (utc - elements.utc).total_seconds() / SECONDS_PER_DAY
    return math.fmod(elements.node_rad + elements.node_rate_rad_day * days, 2.0 * math.pi)


def _under_plane(elements: ElementSet, from_node: float, longitude: float, date: datetime) -> datetime:
    """Return the moment within half a day of a date at which the zone passes under the rising half of the orbit."""
    midnight, fraction = utc_to_jd(date)
    angle, rate = _SIDEREAL_DEG
    sidereal = math.radians((angle + rate * ((midnight - _J2000_JD) + fraction)) % 360.0)
    apart = node_rad(elements, date) + from_node - sidereal - longitude
    apart = (apart + math.pi) % (2.0 * math.pi) - math.pi
    speed = math.radians(rate) - elements.node_rate_rad_day
    return (date + timedelta(days=apart / speed)).astimezone(UTC)
