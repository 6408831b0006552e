"""The passage of a station by a landing zone: how its nearest point is found, and which one a ship lands on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.mission import Zone
from steppe.constants import MEAN_RADIUS_M
from steppe.errors import PlanError
from steppe.flight.surroundings import horizontal
from steppe.frames.elements import StationOrbit
from steppe.frames.geodetic import geodetic_to_itrf

Array = npt.NDArray[np.float64]

# The ground track moves 2 deg in a step; a parabola through three cosines then finds the maximum to 0.01 s
STEP_S: Final = 30.0
# A capsule with L/D 0.26 reaches about 80 km to each side; the station's own track may be further off because the
# Earth turns 60 to 80 km under the capsule while it falls behind the station
PASS_LIMIT_M: Final = 400e3
# Overflight of the zone after undocking: published returns burn 2 h 24 min to 2 h 36 min after undocking and pass the
# zone about 35 min later; the window is a revolution and a half around that
_EARLIEST_PASS_S: Final = 1.9 * 3600.0
_LATEST_PASS_S: Final = 4.3 * 3600.0
_USUAL_PASS_S: Final = 3.1 * 3600.0


@dataclass(frozen=True, slots=True)
class Pass:
    """One passage of the station by the zone.

    Attributes
    ----------
    time_s
        Seconds after the epoch of the search.
    distance_m
        Great-circle distance of the zone from the ground track.
    course_itrf
        Horizontal unit vector of the ground track at the zone.
    """

    time_s: float
    distance_m: float
    course_itrf: Array


def direction_of(zone: Zone) -> Array:
    """Return the direction of a zone from the centre of the Earth (ITRF), a unit vector of shape (3,)."""
    place = geodetic_to_itrf(np.radians(zone.latitude_deg), np.radians(zone.longitude_deg), 0.0)
    return np.asarray(place / np.linalg.norm(place))


def is_ascending(velocity_itrf_m_s: Array) -> npt.NDArray[np.bool_]:
    """Return which velocities, shape (3, n), belong to a leg that a capsule may land on.

    Near the northern limit of the orbit a leg counts as ascending until the track turns 15 deg to the south, so that
    both usable revolutions of a northern zone are found.
    """
    return np.asarray(velocity_itrf_m_s[2] > -0.25 * np.linalg.norm(velocity_itrf_m_s, axis=0))


def nearest_times_s(
    site: Array, position_itrf_m: Array, velocity_itrf_m_s: Array, seconds: Array, within_m: float = math.inf
) -> list[float]:
    """Return when an ascending ground track is nearest to a site, by a parabola through three samples.

    Parameters
    ----------
    site
        Unit vector (`direction_of`).
    position_itrf_m, velocity_itrf_m_s
        States of the station, shape (3, n).
    seconds
        Their times, shape (n,), `STEP_S` apart.
    within_m
        How far from the ground track the site may be.
    """
    closeness = site @ (position_itrf_m / np.linalg.norm(position_itrf_m, axis=0))
    left, middle, right = closeness[:-2], closeness[1:-1], closeness[2:]
    at = np.flatnonzero((middle >= left) & (middle > right) & is_ascending(velocity_itrf_m_s)[1:-1])
    shift = 0.5 * (left[at] - right[at]) / (left[at] - 2.0 * middle[at] + right[at])
    inside = middle[at] - 0.25 * (left[at] - right[at]) * shift > math.cos(min(within_m / MEAN_RADIUS_M, math.pi))
    return [float(time) for time in (seconds[at + 1] + STEP_S * shift)[inside]]


def distance_m(site: Array, position_itrf_m: Array) -> float:
    """Return the great-circle distance in m of a site, a unit vector, from the point below a position."""
    cosine = float(site @ position_itrf_m / np.linalg.norm(position_itrf_m))
    return MEAN_RADIUS_M * math.acos(max(-1.0, min(cosine, 1.0)))


def find_pass(orbit: StationOrbit, zone: Zone, epoch: datetime) -> Pass:
    """Return the passage of the zone on which a ship that undocks at `epoch` lands.

    Raises
    ------
    PlanError
        If the station does not come near the zone in time, with the nearest approach.
    ElementsError
        If the orbit gives no state for that time.
    """
    seconds = np.arange(_EARLIEST_PASS_S, _LATEST_PASS_S + 0.5 * STEP_S, STEP_S)
    site = direction_of(zone)
    passes = []
    for time_s in nearest_times_s(site, *orbit.states_itrf(epoch, seconds), seconds):
        position_m, velocity_m_s = orbit.state_itrf(epoch + timedelta(seconds=time_s))
        passes.append(Pass(time_s, distance_m(site, position_m), horizontal(site, velocity_m_s)))
    near = [one for one in passes if one.distance_m < PASS_LIMIT_M]
    if near:
        return min(near, key=lambda one: abs(one.time_s - _USUAL_PASS_S))
    best = min(passes, key=lambda one: one.distance_m, default=None)
    closest = (
        f"the nearest passage is {best.distance_m / 1e3:.0f} km away at "
        f"{(epoch + timedelta(seconds=best.time_s)):%Y-%m-%dT%H:%M:%SZ}"
        if best
        else f"the orbit's inclination is {np.degrees(orbit.inclination_rad):.1f} deg"
    )
    raise PlanError(
        f"the orbit does not pass within {PASS_LIMIT_M / 1e3:.0f} km of zone '{zone.name}' "
        f"({zone.latitude_deg:.2f} N {zone.longitude_deg:.2f} E) in the hours after undocking at "
        f"{epoch:%Y-%m-%dT%H:%M:%SZ}: {closest}; choose another undocking time or zone"
    )
