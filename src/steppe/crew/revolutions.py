"""How often the station goes round: the revolution numbers of its two-line elements, joined by its mean motion.

The mean motion of a two-line element set counts from perigee to perigee; a revolution in its numbers is from ascending
node to ascending node, which comes sooner since the perigee turns forward by 3.7 degrees a day (0.010 revolutions).
"""

from __future__ import annotations

import bisect
import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Final

from steppe.constants import WGS84_EQUATORIAL_RADIUS_M, WGS84_GM_M3_S2
from steppe.crew.reading import parse_utc
from steppe.crew.records import SECONDS_PER_DAY

# Second zonal harmonic of WGS-72, which two-line elements belong to: Hoots and Roehrich, Spacetrack Report No. 3 (1980)
_J2: Final = 1.082616e-3
# The numbers have five digits
_ROLLOVER: Final = 100000
# Farther apart than this from a count by the mean motion, a number was reset and not counted
_TRUST_REVOLUTIONS: Final = 30.0
_CIRCLE_DEG: Final = 360.0


@dataclass(frozen=True, slots=True)
class ElementSet:
    """What counts revolutions and places the plane, at the epoch of one element set.

    Attributes
    ----------
    utc
        Epoch.
    mean_motion_per_day
        Anomalistic revolutions a day.
    eccentricity, inclination_rad, node_rad
        Shape, tilt, and right ascension of the ascending node.
    number
        Revolutions, with the fraction since the ascending node, counted on over the rollover.
    """

    utc: datetime
    mean_motion_per_day: float
    eccentricity: float
    inclination_rad: float
    node_rad: float
    number: float

    @property
    def semi_major_axis_m(self) -> float:
        """From the mean motion by Kepler's third law."""
        rate = self.mean_motion_per_day * 2.0 * math.pi / SECONDS_PER_DAY
        return float((WGS84_GM_M3_S2 / rate**2) ** (1.0 / 3.0))

    def _secular(self) -> float:
        ratio = WGS84_EQUATORIAL_RADIUS_M / (self.semi_major_axis_m * (1.0 - self.eccentricity**2))
        return 1.5 * _J2 * ratio**2 * self.mean_motion_per_day

    @property
    def perigee_rate_per_day(self) -> float:
        """Turns of the perigee a day: 3/4 J2 (R/p)^2 n (5 cos^2 i - 1); Vallado, Fundamentals, section 9.6."""
        return 0.5 * self._secular() * (5.0 * math.cos(self.inclination_rad) ** 2 - 1.0)

    @property
    def node_rate_rad_day(self) -> float:
        """Turning of the plane: -3/2 J2 (R/p)^2 n cos i, in rad a day; Vallado, Fundamentals, section 9.6."""
        return -2.0 * math.pi * self._secular() * math.cos(self.inclination_rad)

    @property
    def nodal_per_day(self) -> float:
        """Revolutions a day from node to node."""
        return self.mean_motion_per_day + self.perigee_rate_per_day


@dataclass(frozen=True, slots=True)
class StationMotion:
    """Element sets of one station in the order of time."""

    sets: tuple[ElementSet, ...]

    def nearest(self, utc: datetime) -> ElementSet:
        """Return the set with the epoch nearest to a date."""
        return min(self.sets, key=lambda one: abs((one.utc - utc).total_seconds()))

    def number(self, utc: datetime) -> float:
        """Return the revolutions counted at a date.

        Between two sets the rate changes evenly and is scaled so that the count of the second set comes out: what it
        counted is right whatever reboosts came between. Beyond the sets the rate of the nearest one holds.
        """
        at = bisect.bisect_right([one.utc for one in self.sets], utc)
        if at in (0, len(self.sets)):
            edge = self.sets[0 if at == 0 else -1]
            return edge.number + edge.nodal_per_day * _days(edge.utc, utc)
        before, after = self.sets[at - 1], self.sets[at]
        span = _days(before.utc, after.utc)
        part = _days(before.utc, utc) / span
        counted = (after.number - before.number) / span
        tilt = 0.5 * (after.nodal_per_day - before.nodal_per_day)
        return before.number + span * (counted * part + tilt * (part**2 - part))

    def covers(self, first: datetime, last: datetime) -> bool:
        """Return whether element sets lie before and after a span."""
        return self.sets[0].utc <= first and last <= self.sets[-1].utc


@dataclass(frozen=True, slots=True)
class Way:
    """Revolutions from node to node, inertial distance in m, and whether element sets are on one side only."""

    revolutions: float
    distance_m: float
    extrapolated: bool


def travelled(motion: StationMotion, first: datetime, last: datetime) -> Way:
    """Return how far the station, and whoever is in it, goes between two dates.

    The distance is that of a circle of the semi-major axis per revolution. Launch, rendezvous and descent count as
    the station's orbit, which is wrong by less than two revolutions.
    """
    revolutions = motion.number(last) - motion.number(first)
    axis = 0.5 * (motion.nearest(first).semi_major_axis_m + motion.nearest(last).semi_major_axis_m)
    return Way(revolutions, revolutions * 2.0 * math.pi * axis, not motion.covers(first, last))


@lru_cache(maxsize=1)
def bundled_motion() -> StationMotion:
    """Return the station's motion from the element sets of the 27 bundled returns (those of the mission presets)."""
    records = json.loads(resources.files("steppe.data").joinpath("returns.json").read_text("utf-8"))
    rows = {
        one["epoch_utc"]: (one["line2"], parse_utc(one["epoch_utc"]))
        for record in records
        for one in record.get("station_orbits", ())
        if one["last_before_undocking"]
    }
    return join(sorted((_element_set(line, utc) for line, utc in rows.values()), key=lambda one: one.utc))


def join(sets: list[ElementSet]) -> StationMotion:
    """Return element sets whose numbers count on over the rollover of the five digits.

    Where a number does not fit the mean motion by 30 revolutions, the catalogue renumbered, and the count of the mean
    motion goes on instead.
    """
    joined: list[ElementSet] = []
    for one in sets:
        number = one.number
        if joined:
            last = joined[-1]
            expected = last.number + 0.5 * (last.nodal_per_day + one.nodal_per_day) * _days(last.utc, one.utc)
            number += round((expected - number) / _ROLLOVER) * _ROLLOVER
            if abs(number - expected) > _TRUST_REVOLUTIONS:
                number = expected
        joined.append(
            ElementSet(one.utc, one.mean_motion_per_day, one.eccentricity, one.inclination_rad, one.node_rad, number)
        )
    return StationMotion(tuple(joined))


def _element_set(line2: str, utc: datetime) -> ElementSet:
    inclination, node, perigee, anomaly = (float(line2[a:b]) for a, b in ((8, 16), (17, 25), (34, 42), (43, 51)))
    since_node = ((perigee + anomaly) % _CIRCLE_DEG) / _CIRCLE_DEG
    return ElementSet(
        utc, float(line2[52:63]), float("0." + line2[26:33].strip()), math.radians(inclination), math.radians(node),
        int(line2[63:68]) + since_node,
    )  # fmt: skip


def _days(first: datetime, last: datetime) -> float:
    return (last - first) / timedelta(days=1)
