"""The recovery force beside a session: who is posted, and what they do about the landing as it is foreseen now."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from steppe.environment.sun import next_crossing_s
from steppe.ground.plans import PROBABILITIES, Times
from steppe.ground.posting import UNREACHED_S
from steppe.ground.response import Coming, Posted, Response, respond
from steppe.ground.touchdowns import Touchdowns
from steppe.server.winds import from_deg, ground_wind_m_s

if TYPE_CHECKING:
    from steppe.config.loader import LoadedMission
    from steppe.server.session import Session

# The quick posting of a start: some seconds on two cores; a study that counts is made with steppe recover
_RETURNS: Final = 24
_REPRESENTATIVES: Final = 8
_FORCE: Final = "soyuz-kazakhstan"
# Farther from all airfields than this the force of the preset is not the one of this landing
_FARTHEST_M: Final = 2500e3
_KEPT: Final = 500
_LONGEST_TAIL_S: Final = 3600.0
# Upper edge of the Sun at the horizon with refraction (The Astronomical Almanac, section A)
_SUNSET_RAD: Final = math.radians(-0.833)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What was foreseen at a moment of the flight.

    Attributes
    ----------
    time_s
        From when, seconds after the epoch.
    landing
        The prediction as the stream says it, None if there was none.
    response
        What the recovery force does about it, None if nobody is posted.
    touchdown_s
        The touchdown that it rests on.
    """

    time_s: float
    landing: dict[str, Any] | None
    response: Response | None
    touchdown_s: float


@dataclass(slots=True)
class Outlook:
    """What is foreseen, and what was foreseen before, for who looks back.

    Attributes
    ----------
    posted
        The force; None as long as nobody is posted.
    state, why
        ``"working"``, ``"ready"`` or ``"none"``, and the reason for the last.
    """

    posted: Posted | None = None
    state: str = "none"
    why: str = "No recovery force was named; start with --recovery DIR (steppe recover --out DIR)."
    _past: list[Foreseen] = field(default_factory=list)

    def keep(self, found: Foreseen) -> None:
        """Keep what was foreseen; of the same moment the last holds. When there are too many, every other one goes."""
        at = bisect.bisect_left(self._past, found.time_s, key=lambda one: one.time_s)
        if at < len(self._past) and self._past[at].time_s == found.time_s:
            self._past[at] = found
        else:
            self._past.insert(at, found)
        if len(self._past) > _KEPT:
            del self._past[1:-1:2]

    def at(self, time_s: float) -> Foreseen | None:
        """Return what was foreseen last at a moment; before the first of all, the first."""
        at = bisect.bisect_right(self._past, time_s, key=lambda one: one.time_s)
        return self._past[max(at - 1, 0)] if self._past else None

    def document(self, time_s: float) -> dict[str, Any]:
        """Return what the recovery force does at a moment, as plain values."""
        found = self.at(time_s)
        if self.posted is None or found is None or found.response is None:
            return {"state": "working" if self.posted is not None else self.state, "why": self.why}
        return {
            "state": "ready",
            "source": self.posted.source,
            "force": self.posted.force.title or self.posted.force.name,
            **response_document(found.response, found.touchdown_s, time_s),
        }


def quick_posting(loaded: LoadedMission) -> Posted:
    """Post the force of the preset for a mission: few returns, the same solver as ``steppe recover``.

    Raises
    ------
    SteppeError
        If the mission cannot be dispersed, lands elsewhere, or OR-tools is missing.
    """
    from steppe.config.loader import load_recovery
    from steppe.errors import ConfigError
    from steppe.frames.geodetic import geodesic_distance_m
    from steppe.ground.recovery import plan_recovery
    from steppe.ground.touchdowns import flown_touchdowns

    force, zone = load_recovery(_FORCE), loaded.zone
    if zone is not None:
        here = math.radians(zone.latitude_deg), math.radians(zone.longitude_deg)
        ways = [
            float(geodesic_distance_m(*here, math.radians(one.latitude_deg), math.radians(one.longitude_deg)))
            for one in force.airfield
        ]
        if min(ways) > _FARTHEST_M:
            far = f"the recovery force '{_FORCE}' is {min(ways) / 1e3:.0f} km away"
            raise ConfigError(f"{far}; name the force of this landing with --recovery DIR")
    name = loaded.mission.name
    guided, ballistic = (flown_touchdowns(loaded, name, side, _RETURNS, 0) for side in ("guided", "ballistic"))
    study = plan_recovery(name, force, guided, ballistic, representatives=_REPRESENTATIVES)
    posts = study.optimum.posts + (study.radio.posts if study.radio is not None else ())
    return Posted(force, posts, f"Posted at the start of this session, {_RETURNS} returns a side")


def posting_of(session: Session, folder: Path | None) -> Posted:
    """Return the force of a staging study, or post one quickly.

    Raises
    ------
    SteppeError
        If neither can be had.
    """
    from steppe.io.recovery import read_posted

    return read_posted(folder) if folder is not None else quick_posting(session.plan.mission)


def foreseen_by(session: Session, time_s: float) -> Foreseen | None:
    """Return the landing that a session foresees, and what its force does about it; None if nothing lands."""
    landing, flight = session.prediction, session.flight
    down_s = float(flight.track.columns["time_s"][-1])
    if time_s >= down_s:
        landing = None
    if landing is not None and (landing["version"] != session.version or landing["touchdown_s"] is None):
        landing = None
    touchdown_s = down_s if landing is None else float(landing["touchdown_s"])
    at_s = time_s if landing is None else float(landing["time_s"])
    posted = session.outlook.posted
    points = _points(session, landing, touchdown_s)
    if posted is None or points is None:
        return Foreseen(at_s, landing, None, touchdown_s)
    wind = None if session.prepared is None else ground_wind_m_s(session.prepared)
    return Foreseen(at_s, landing, respond(posted, points, wind), touchdown_s)


def tail_s(session: Session) -> float:
    """Return how long after the touchdown there is something to see: until the hatch is open in 99 % of all cases."""
    found = session.outlook.at(math.inf)
    if session.kind == "feed" or session.flight.touchdown is None or found is None or found.response is None:
        return 0.0
    times = found.response.times
    return 0.0 if times is None else min(times.quantile_s("hatch_s", PROBABILITIES[-1]), _LONGEST_TAIL_S)


def _points(session: Session, landing: dict[str, Any] | None, touchdown_s: float) -> Touchdowns | None:
    flight = session.flight
    ballistic = session.ballistic_s is not None or flight.mission.mission.guidance.law == "ballistic"
    side = "ballistic" if ballistic else "guided"
    utc = flight.epoch + timedelta(seconds=touchdown_s)
    if landing is not None:
        latitude, longitude = np.array(landing["latitude_deg"]), np.array(landing["longitude_deg"])
        return Touchdowns(side, latitude, longitude, utc, f"{latitude.size} returns predicted from the present state")
    down = flight.touchdown
    if down is None:
        return None
    words = "the touchdown as flown"
    if session.clock.time_s < touchdown_s:
        words = "the touchdown as stored" if session.kind == "replay" else "the touchdown of the flight without errors"
    here = np.array([down.latitude_deg]), np.array([down.longitude_deg])
    return Touchdowns(side, *here, utc, words)


def response_document(response: Response, touchdown_s: float, time_s: float) -> dict[str, Any]:
    """Return a response as plain values; ``eta_s`` and ``touchdown_s`` are seconds after the epoch."""
    points, weather = response.points, response.weather
    latitude, longitude = points.mean_deg
    after_s = time_s - touchdown_s
    posts = [_post(one, touchdown_s, after_s) for one in response.coming]
    opening = [one for one in posts if one["task"] == "hatch" and one["eta_s"] is not None]
    return {
        "touchdown_s": touchdown_s,
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "origin": points.origin,
        "side": points.side,
        "detection": {
            "name": response.detection.name,
            "after_touchdown_s": response.detection.after_touchdown_s,
            "share": response.likelihood,
        },
        "light": _light(response),
        "weather": {
            "wind_m_s": math.hypot(weather.wind_east_m_s, weather.wind_north_m_s),
            "wind_from_deg": from_deg(weather.wind_east_m_s, weather.wind_north_m_s),
            "gust_m_s": weather.gust_m_s,
            "visibility_m": weather.visibility_m,
            "icing": weather.icing,
        },
        "posts": posts,
        "first": opening[0] if opening else None,
        "hatch_s": _quantiles(response.times),
        "hatch_icing_s": _quantiles(response.icing),
        "limits": _limits(response),
    }


def _post(one: Coming, touchdown_s: float, after_s: float) -> dict[str, Any]:
    place = one.post.place
    level, word = one.status(after_s)
    end_s = one.steps.overhead_s if one.unit.task == "radio" else one.steps.capsule_s
    known = math.isfinite(end_s)
    return {
        "type": one.post.type,
        "title": one.unit.title or one.unit.name,
        "kind": one.unit.kind,
        "task": one.unit.task,
        "count": one.post.count,
        "place": place.name,
        "side": place.side,
        "airfield": place.airfield,
        "latitude_deg": place.latitude_deg,
        "longitude_deg": place.longitude_deg,
        "distance_km": one.distance_m / 1e3,
        "level": level,
        "status": word,
        "why": one.stopped,
        "after_touchdown_s": end_s if known else None,
        "eta_s": touchdown_s + end_s if known else None,
        "first": one.first,
    }


def _quantiles(times: Times | None) -> dict[str, float | None] | None:
    if times is None:
        return None
    found = {f"{100 * share:g}": times.quantile_s("hatch_s", share) for share in PROBABILITIES}
    return {name: None if value >= UNREACHED_S else value for name, value in found.items()}


def _light(response: Response) -> dict[str, Any]:
    points = response.points
    latitude, longitude = (math.radians(value) for value in points.mean_deg)
    elevation = points.sun_elevation_deg
    left = next_crossing_s(points.utc, latitude, longitude, _SUNSET_RAD)
    up = math.radians(elevation) >= _SUNSET_RAD
    return {
        "sun_elevation_deg": elevation,
        "night": response.night,
        "next": None if left is None else {"what": "sunset" if up else "sunrise", "after_touchdown_s": left},
    }


def _limits(response: Response) -> list[dict[str, Any]]:
    kinds = {one.unit.name: one for one in reversed(response.coming)}
    return [
        {
            "type": name,
            "title": one.unit.title or name,
            "largest_wind_m_s": one.unit.largest_wind_m_s,
            "least_visibility_m": one.unit.least_visibility_m,
            "flies_in_icing": one.unit.flies_in_icing,
            "works_at_night": one.unit.works_at_night,
        }
        for name, one in reversed(kinds.items())
    ]
