"""What a posted recovery force does about a landing that is foreseen: who comes, when, and when the hatch is open.

The laws are those of the staging study (`steppe.ground.reach`, `steppe.ground.setup`); here the posts are given and the
touchdown moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from steppe.config.recovery import Detection, RecoveryFile, UnitType, Weather
from steppe.errors import ConfigError
from steppe.frames.geodetic import geodesic_distance_m
from steppe.ground.plans import Times, first_there
from steppe.ground.reach import Place, Reach, contact_s, grounded, reach
from steppe.ground.recovery import times_of
from steppe.ground.setup import Post, Setup
from steppe.ground.touchdowns import Touchdowns


@dataclass(frozen=True, slots=True)
class Posted:
    """A force that waits.

    Attributes
    ----------
    force
        The recovery file with the weather of the day.
    posts
        Who waits where, those who listen too.
    source
        Where the posts come from, in words.
    """

    force: RecoveryFile
    posts: tuple[Post, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Steps:
    """Seconds after the touchdown at which a unit is where; NaN where it never is.

    Attributes
    ----------
    move_s, standoff_s, leave_s, overhead_s, capsule_s
        Off the ground, at the stand-off distance, from there on, over the capsule, at the capsule. An aircraft that
        listens has `overhead_s` alone: when it hears the beacon.
    """

    move_s: float = math.nan
    standoff_s: float = math.nan
    leave_s: float = math.nan
    overhead_s: float = math.nan
    capsule_s: float = math.nan


@dataclass(frozen=True, slots=True)
class Coming:
    """What one post does.

    Attributes
    ----------
    post, unit
        Who waits where, and the type.
    distance_m
        Geodesic from the post to the middle of the touchdowns.
    stopped
        Why nobody comes, an empty text if somebody does.
    called_s
        When it is called, seconds after the touchdown.
    steps
        When it is where, for the middle of the touchdowns and the likeliest detection.
    first
        Probability that one of its units is the first at the capsule, over all touchdowns and detections.
    """

    post: Post
    unit: UnitType
    distance_m: float
    stopped: str
    called_s: float
    steps: Steps
    first: float

    def status(self, after_s: float) -> tuple[str, str]:
        """Return level and word at a moment, seconds after the touchdown (negative before it)."""
        if self.stopped:
            return "caution", "stays"
        if self.unit.task == "radio":
            return ("normal", "in range") if after_s >= self.steps.overhead_s else ("standby", "patrols")
        at = self.steps
        words = (
            (at.capsule_s, "at capsule"), (at.overhead_s, "searches"), (at.leave_s, "closes in"),
            (at.standoff_s, "stands off"), (at.move_s, "under way"), (self.called_s, "called"),
        )  # fmt: skip
        word = next((word for begins_s, word in words if after_s >= begins_s), "")
        return ("normal", word) if word else ("standby", "waits")


@dataclass(frozen=True, slots=True)
class Response:
    """What the force does about a landing.

    Attributes
    ----------
    points
        The touchdowns that are foreseen.
    weather
        The weather that was counted with.
    night
        Whether it is night at the touchdown.
    detection, likelihood
        The likeliest way in which the capsule becomes known, and its share among those of its side.
    coming
        What each post does, the soonest first; who does not come last.
    times, icing
        Hatch and crew over all touchdowns and detections in this weather, and the same with icing; None if nobody of
        those who open the hatch is posted.
    """

    points: Touchdowns
    weather: Weather
    night: bool
    detection: Detection
    likelihood: float
    coming: tuple[Coming, ...]
    times: Times | None
    icing: Times | None


def respond(posted: Posted, points: Touchdowns, wind_m_s: tuple[float, float] | None = None) -> Response:
    """Return what a posted force does about a landing.

    Parameters
    ----------
    posted
        The force.
    points
        Touchdowns that are foreseen, at least one; their `side` chooses the detections.
    wind_m_s
        Wind near the ground towards east and north instead of that of the file.
    """
    force = posted.force
    if wind_m_s is not None:
        # the file allows 60 m/s; no helicopter flies in more, so nothing is lost
        east, north = (min(max(value, -60.0), 60.0) for value in wind_m_s)
        weather = force.weather.model_copy(update={"wind_east_m_s": east, "wind_north_m_s": north})
        force = force.model_copy(update={"weather": weather})
    openers = tuple(post for post in posted.posts if force.type_of(post.type).task == "hatch")
    known = dict.fromkeys(post.type for post in openers)
    places = tuple(dict.fromkeys(post.place for post in openers))
    setup = Setup(force, tuple(force.type_of(name) for name in known), places)
    detections = setup.detections(points.side)
    likeliest = max(detections, key=lambda one: one.weight)
    firsts = [0.0] * len(openers)
    times = icing = None
    if openers:
        rows = [int(np.flatnonzero(setup.units([post]))[0]) for post in openers]
        time, weight = setup.arrivals_s(points, detections)
        firsts = [float(share) for share in first_there(time[rows], weight)]
        units = setup.units(openers)
        times, icing = (times_of(setup, units, points, one) for one in (force.weather, setup.icing))
    shares = dict(zip(openers, firsts, strict=True))
    coming = [_coming(setup, post, points, likeliest, shares.get(post, 0.0)) for post in posted.posts]
    coming.sort(key=lambda one: (bool(one.stopped), one.unit.task == "radio", _last(one.steps.capsule_s)))
    share = likeliest.weight / sum(one.weight for one in detections)
    return Response(points, force.weather, setup.night(points), likeliest, share, tuple(coming), times, icing)


def posted_from(force: RecoveryFile, rows: list[dict[str, object]], source: str) -> Posted:
    """Return a posted force from plain rows with the keys of `steppe.ground.plans.post_dict`.

    Raises
    ------
    ConfigError
        If a row names an unknown type, or lacks something.
    """
    posts = []
    for number, row in enumerate(rows, 1):
        try:
            latitude, longitude = float(str(row["latitude_deg"])), float(str(row["longitude_deg"]))
            count = row["count"]
            place = Place(str(row["place"]), latitude, longitude, str(row["side"]), bool(row["airfield"]))
            name = str(row["type"])
        except (KeyError, TypeError, ValueError) as problem:
            raise ConfigError(f"post {number} lacks or spoils {problem}", source=source) from None
        good = isinstance(count, int) and count > 0 and abs(latitude) <= 90.0 and abs(longitude) <= 360.0
        if not good or all(one.name != name for one in force.unit_type):
            raise ConfigError(f"post {number}: no place, no count, or an unknown type '{name[:40]}'", source=source)
        posts.append(Post(name, place, int(str(count))))
    if not posts:
        raise ConfigError("nobody is posted", source=source)
    return Posted(force, tuple(posts), source)


def _coming(setup: Setup, post: Post, points: Touchdowns, likeliest: Detection, first: float) -> Coming:
    """Return what a post does about the middle of the touchdowns."""
    force = setup.force
    unit, night = force.type_of(post.type), setup.night(points)
    latitude, longitude = points.mean_deg
    here = (math.radians(post.place.latitude_deg), math.radians(post.place.longitude_deg))
    distance_m = float(geodesic_distance_m(*here, math.radians(latitude), math.radians(longitude)))
    radio = unit.task == "radio"
    can = reach(
        unit, force.weather, (post.place,), force.airfield, (np.array([latitude]), np.array([longitude])),
        hold_s=force.waiting.hold_s, standoff_m=0.0 if radio else force.waiting.standoff_m,
    )  # fmt: skip
    stopped = grounded(unit, force.weather, night) or ("" if can.possible[0, 0] else "fuel or duty")
    steps = Steps()
    if not stopped and radio:
        steps = Steps(overhead_s=float(contact_s(unit, can.travel_s)[0, 0]))
    elif not stopped:
        steps = _steps(unit, can, likeliest, setup.at_capsule_s(points))
    return Coming(post, unit, distance_m, stopped, likeliest.after_touchdown_s, steps, first)


def _steps(unit: UnitType, can: Reach, detection: Detection, at_capsule_s: float) -> Steps:
    """Return when a unit is where, as `Reach.arrival_s` has it."""
    travel_s, overhead_s = float(can.travel_s[0, 0]), float(can.arrival_s(unit, detection)[0, 0])
    last_s = min(travel_s, can.standoff_s)
    move_s = detection.after_touchdown_s + unit.reaction_s
    if travel_s <= can.standoff_s:
        # who waits within the stand-off distance does not move before the touchdown
        move_s = max(move_s, overhead_s - travel_s)
    return Steps(move_s, move_s + travel_s - last_s, overhead_s - last_s, overhead_s, overhead_s + at_capsule_s)


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value
