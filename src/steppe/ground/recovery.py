"""Stages the recovery force of a landing: the best posting, what history would do, and the times of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from steppe.config.recovery import RecoveryFile, Weather
from steppe.errors import ConfigError
from steppe.frames.geodetic import geodesic_distance_m
from steppe.ground.airfields import usable_airfields, within_reach
from steppe.ground.places import candidate_places
from steppe.ground.plans import Plan, Radio, Times, first_there
from steppe.ground.posting import UNREACHED_S, Posting, Problem, Rule, best_mean, best_quantile
from steppe.ground.setup import Post, Setup, radio_problem, setup_of
from steppe.ground.touchdowns import Touchdowns

Floats = npt.NDArray[np.float64]
Objective = Literal["mean", "quantile"]
Progress = Callable[[str], None]

# Points of each side that the solver sees; the times that are reported rest on all of them
REPRESENTATIVES: Final = 16
# More helicopters on the ballistic side than this are left to the optimum
_MOST_COMPARED: Final = 4
# Nearer to each other than this the middles of both sides count as one place
_ONE_PLACE_M: Final = 10e3


@dataclass(frozen=True, slots=True)
class Recovery:
    """A staging study.

    Attributes
    ----------
    mission
        Name of the mission.
    force
        The recovery file with the weather of the day.
    guided, ballistic
        The touchdowns.
    setup
        Types and places.
    plans
        What was compared; the last one is the optimum.
    radio
        The aircraft, None if the fleet has none.
    objective
        What was minimised, in words.
    notes
        What the reader must know.
    """

    mission: str
    force: RecoveryFile
    guided: Touchdowns
    ballistic: Touchdowns
    setup: Setup
    plans: tuple[Plan, ...]
    radio: Radio | None
    objective: str
    notes: tuple[str, ...]

    @property
    def optimum(self) -> Plan:
        """The best plan."""
        return self.plans[-1]

    def plan(self, name: str) -> Plan:
        """Return a plan by its name.

        Raises
        ------
        ConfigError
            If there is none.
        """
        for plan in self.plans:
            if plan.name == name:
                return plan
        raise ConfigError(f"there is no plan '{name}', only {', '.join(plan.name for plan in self.plans)}")

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        tasks = self.force.tasks
        return {
            "mission": self.mission,
            "force": self.force.name,
            "force_file": self.force.model_dump(mode="json"),
            "objective": self.objective,
            "ballistic_probability": self.force.ballistic_probability,
            "icing_probability": self.force.icing_probability,
            "weather": self.force.weather.model_dump(mode="json"),
            "touchdowns": {one.side: _touchdowns(one, self.setup) for one in (self.guided, self.ballistic)},
            "candidate_places": len(self.setup.places),
            "hatch_opening_s": tasks.hatch_s,
            "extraction": [
                {"who": who, "after_open_hatch_s": tasks.first_out_s + number * tasks.each_next_s}
                for number, who in enumerate(tasks.order)
            ],
            "plans": [plan.as_dict() for plan in self.plans],
            "radio": None if self.radio is None else self.radio.as_dict(),
            "notes": list(self.notes),
        }


def plan_recovery(
    mission: str,
    force: RecoveryFile,
    guided: Touchdowns,
    ballistic: Touchdowns,
    *,
    objective: Objective = "mean",
    share: float = 0.9,
    source: str = "",
    representatives: int = REPRESENTATIVES,
    progress: Progress | None = None,
) -> Recovery:
    """Return the best posting of a force and those that it is compared with.

    Parameters
    ----------
    mission
        Name for the products.
    force
        The recovery file.
    guided, ballistic
        Where the capsule may come down.
    objective
        "mean": the mean time over all touchdowns and detections with their probabilities, the team counting with
        `waiting.team_weight`; "quantile": the `share` quantile of the first arrival, then the mean.
    share
        Which quantile.
    source
        Where the file came from, for messages.
    representatives
        How many points of each side the solver sees.
    progress
        Called with a short sentence now and then.

    Raises
    ------
    ConfigError
        If the file does not fit together with the landing, or OR-tools is missing.
    SteppeError
        If the solver gives up.
    """
    say = progress or (lambda _: None)
    force, closed = usable_airfields(force, source, guided, ballistic)
    places = candidate_places(force.airfield, force.waiting, guided, ballistic)
    setup, notes = setup_of(force, places, guided, ballistic)
    notes = (*closed, *notes, *within_reach(setup, guided, ballistic, source))
    problem = setup.problem(
        guided.representatives(representatives), ballistic.representatives(representatives), merge=objective == "mean"
    )
    plans = []
    for name, title, rules in _compared(setup, objective):
        say(f"placing the units: {title}")
        found = _solve(problem, rules, objective, share)
        plans.append(plan_of(setup, setup.posts(found.units), guided, ballistic, name, title, found))
    words = f"{100 * share:g} % quantile of the first unit"
    if objective == "mean":
        words = "mean time of first unit and team"
    radio = _place_aircraft(force, places, guided, ballistic)
    said = (*notes, *_apart(guided, ballistic), *_notes(setup, plans[-1]))
    return Recovery(mission, force, guided, ballistic, setup, tuple(plans), radio, words, said)


def plan_of(
    setup: Setup,
    posts: Sequence[Post],
    guided: Touchdowns,
    ballistic: Touchdowns,
    name: str,
    title: str = "",
    posting: Posting | None = None,
) -> Plan:
    """Return what comes of given posts, whether a solver or a person chose them.

    Parameters
    ----------
    setup
        Types and places; the posts must be among them.
    posts
        Who waits where.
    guided, ballistic
        The touchdowns.
    name, title
        For machines, and for people.
    posting
        The answer of the solver; without it nothing is claimed to be the best.
    """
    units = setup.units(posts)
    sides = [times_of(setup, units, points) for points in (guided, ballistic)]
    p = setup.force.ballistic_probability
    mean = (1.0 - p) * sides[0].mean_s("hatch_s") + p * sides[1].mean_s("hatch_s")
    given = posting or Posting(units, mean, 0.0, False)
    icing = {points.side: times_of(setup, units, points, setup.icing) for points in (guided, ballistic)}
    return Plan(name, title or name, tuple(posts), sides[0], sides[1], icing, mean, given)


def first_shares(study: Recovery, plan: Plan) -> list[float]:
    """Return for each post of a plan how probable it is that one of its units is the first at the capsule.

    Both sides count with their probabilities; posts that arrive together share.

    Parameters
    ----------
    study
        The study.
    plan
        One of its plans.
    """
    setup, p = study.setup, study.force.ballistic_probability
    shares = np.zeros(len(plan.posts))
    rows = [int(np.flatnonzero(setup.units([post]))[0]) for post in plan.posts]
    for points, part in ((study.guided, 1.0 - p), (study.ballistic, p)):
        time, weight = setup.arrivals_s(points, setup.detections(points.side))
        shares += part * first_there(time[rows], weight)
    return [float(share) for share in shares]


def _compared(setup: Setup, objective: Objective) -> list[tuple[str, str, tuple[Rule, ...]]]:
    """Return name, title and rules of the plans to compare, the optimum last."""
    found: list[tuple[str, str, tuple[Rule, ...]]] = []
    if setup.helicopters():
        room = setup.helicopters() - setup.rule_guided().least
        steps = range(min(room, _MOST_COMPARED) + 1)
        # each quantile takes a dozen integer programs: only the two that history has seen
        counts = [k for k in steps if objective == "mean" or k in (0, 2)]
        for k in counts:
            title = f"{k} on the ballistic side" if k else "all units on the guided side"
            rule = setup.rule_ballistic(k) if k else setup.rule_nobody()
            found.append((f"ballistic_{k}", title, (setup.rule_guided(), rule)))
        found.append(("optimum", "optimum", (setup.rule_guided(),)))
    else:
        found.append(("optimum", "optimum", ()))
    room_at_airfields = setup.force.waiting.most_at_one * sum(place.airfield for place in setup.places)
    if max(setup.counts) <= room_at_airfields:
        found.insert(0, ("airfields", "airfields only", (setup.rule_airfields(),)))
    return found


def _solve(problem: Problem, rules: tuple[Rule, ...], objective: Objective, share: float) -> Posting:
    bound = replace(problem, rules=rules)
    return best_mean(bound) if objective == "mean" else best_quantile(bound, share)


def times_of(setup: Setup, units: npt.NDArray[np.int64], points: Touchdowns, weather: Weather | None = None) -> Times:
    """Return the times of the units at each option (`Setup.units`); without a weather in that of the day."""
    time, weight = setup.arrivals_s(points, setup.detections(points.side), weather)
    first = np.minimum(time[units > 0].min(axis=0, initial=np.inf), UNREACHED_S)
    team = np.repeat(time, np.where(setup.mask(kind="helicopter"), units, 0), axis=0)
    size = setup.force.waiting.team
    last = np.sort(team, axis=0)[size - 1] if len(team) >= size else np.full(weight.size, UNREACHED_S)
    tasks = setup.force.tasks
    hatch = np.minimum(first + tasks.hatch_s, UNREACHED_S)
    out = np.minimum(hatch + tasks.first_out_s + (len(tasks.order) - 1) * tasks.each_next_s, UNREACHED_S)
    lost = float(weight[first >= UNREACHED_S].sum())
    return Times(points.side, first, np.minimum(last, UNREACHED_S), hatch, out, weight, lost)


def _place_aircraft(
    force: RecoveryFile, places: tuple[Any, ...], guided: Touchdowns, ballistic: Touchdowns
) -> Radio | None:
    for entry in force.fleet:
        unit = force.type_of(entry.type)
        if unit.task != "radio":
            continue
        p = force.ballistic_probability
        sides = ((guided, 1.0 - p), (ballistic, p))
        stands = [(points.representatives(REPRESENTATIVES)[0], part) for points, part in sides]
        count = entry.count - entry.spare
        problem, _ = radio_problem(force, unit, count, places, stands)
        units = best_mean(problem).units
        contact = {}
        for points, _ in sides:
            _, times = radio_problem(force, unit, count, places, [(points, 1.0)])
            contact[points.side] = times[units > 0].min(axis=0)
        posts = tuple(Post(unit.name, places[o], int(units[o])) for o in np.flatnonzero(units))
        return Radio(posts, contact)
    return None


def _apart(guided: Touchdowns, ballistic: Touchdowns) -> tuple[str, ...]:
    """Return a note if both sides are one, as for a flight that starts under its canopy."""
    here, there = (np.radians(points.mean_deg) for points in (guided, ballistic))
    if float(geodesic_distance_m(*here, *there)) > _ONE_PLACE_M:
        return ()
    return ("Guided and ballistic returns of this mission land at one place: the two sides do not differ.",)


def _notes(setup: Setup, best: Plan) -> list[str]:
    force = setup.force
    notes = [
        "Detection is taken from past landings, not from the posts: the search by radio after a ballistic descent was "
        "slow for reasons that no post mends.",
    ]
    spare = [f"{one.spare} {one.type}" for one in force.fleet if one.spare]
    if spare:
        notes.append(f"Spare and not placed: {', '.join(spare)}.")
    for times in (best.guided, best.ballistic):
        if times.unreached > 0.0:
            part = f"{100.0 * times.unreached:.2g} % of the {times.side} touchdowns"
            notes.append(f"{part} are beyond the fuel or the duty of everyone; they count as a day.")
    return notes


def _touchdowns(points: Touchdowns, setup: Setup) -> dict[str, Any]:
    (long, short), course = points.axes_km()
    latitude, longitude = points.mean_deg
    return {
        "origin": points.origin,
        "landed": len(points),
        "failed": points.failed,
        "mean_latitude_deg": latitude,
        "mean_longitude_deg": longitude,
        "sd_long_axis_km": long,
        "sd_short_axis_km": short,
        "long_axis_azimuth_deg": float(np.degrees(course)),
        "touchdown_utc": points.utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sun_elevation_deg": points.sun_elevation_deg,
        "night": setup.night(points),
        "detections": [
            {"name": one.name, "after_touchdown_s": one.after_touchdown_s, "weight": one.weight, "source": one.source}
            for one in setup.detections(points.side)
        ],
    }
