"""The staging problem of one recovery: options (a type at a place), arrivals at every touchdown, and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from steppe.config.recovery import Detection, RecoveryFile, UnitType, Weather
from steppe.errors import ConfigError
from steppe.ground.posting import Ints, Problem, Rule
from steppe.ground.reach import Place, contact_s, grounded, reach
from steppe.ground.touchdowns import Touchdowns

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Post:
    """Units of a type that wait at a place."""

    type: str
    place: Place
    count: int


@dataclass(frozen=True, slots=True)
class Setup:
    """Who can wait where. Option o is type o // places at place o % places.

    Attributes
    ----------
    force
        The recovery file.
    types
        The types that are placed here: those that open the hatch and that weather and night do not ground everywhere.
    places
        Where they may wait.
    """

    force: RecoveryFile
    types: tuple[UnitType, ...]
    places: tuple[Place, ...]

    @property
    def of_type(self) -> Ints:
        """Number of the type of each option."""
        return np.repeat(np.arange(len(self.types), dtype=np.int64), len(self.places))

    @property
    def counts(self) -> tuple[int, ...]:
        """Units of each type to place: all but the spare ones."""
        forces = {one.type: one.count - one.spare for one in self.force.fleet}
        return tuple(forces[one.name] for one in self.types)

    def mask(self, side: str | None = None, *, airfield: bool | None = None, kind: str | None = None) -> Bools:
        """Return which options belong to a side, are at airfields or in the field, or are of a kind of unit."""
        chosen = [
            (side is None or place.side == side)
            and (airfield is None or place.airfield == airfield)
            and (kind is None or unit.kind == kind)
            for unit in self.types
            for place in self.places
        ]
        return np.array(chosen, dtype=bool)

    def units(self, posts: Sequence[Post]) -> Ints:
        """Return units at each option for given posts."""
        units = np.zeros(len(self.types) * len(self.places), dtype=np.int64)
        names = [one.name for one in self.types]
        for post in posts:
            units[names.index(post.type) * len(self.places) + self.places.index(post.place)] += post.count
        return units

    def posts(self, units: Ints) -> tuple[Post, ...]:
        """Return the posts of an answer."""
        found = []
        for o in np.flatnonzero(units):
            kind, place = divmod(int(o), len(self.places))
            found.append(Post(self.types[kind].name, self.places[place], int(units[o])))
        return tuple(found)

    def detections(self, side: str) -> tuple[Detection, ...]:
        """Return the ways in which a capsule on a side becomes known."""
        return tuple(one for one in self.force.detection if one.side == side)

    def night(self, points: Touchdowns) -> bool:
        """Return whether it is night at a touchdown."""
        return points.sun_elevation_deg < self.force.night_sun_elevation_deg

    def at_capsule_s(self, points: Touchdowns) -> float:
        """Return the time from overhead to the capsule."""
        tasks = self.force.tasks
        return tasks.approach_night_s if self.night(points) else tasks.approach_s

    def arrivals_s(
        self, points: Touchdowns, detections: Sequence[Detection], weather: Weather | None = None
    ) -> tuple[Floats, Floats]:
        """Return when units of each option are at the capsule, and the probability of each scenario of this side.

        Parameters
        ----------
        points
            Touchdowns.
        detections
            How they become known.
        weather
            Instead of that of the day.

        Returns
        -------
        (time_s, weight)
            Shapes (options, scenarios) and (scenarios,); scenario c·points + p is detection c at point p.
        """
        waiting, weather = self.force.waiting, weather or self.force.weather
        night, at_capsule = self.night(points), self.at_capsule_s(points)
        rows = []
        for unit in self.types:
            can = reach(
                unit, weather, self.places, self.force.airfield, (points.latitude_deg, points.longitude_deg),
                hold_s=waiting.hold_s, standoff_m=waiting.standoff_m,
            )  # fmt: skip
            if grounded(unit, weather, night):
                can = replace(can, possible=np.zeros_like(can.possible))
            rows.append(np.hstack([can.arrival_s(unit, one) for one in detections]) + at_capsule)
        shares = np.array([one.weight for one in detections])
        weight = np.repeat(shares / shares.sum(), len(points)) / len(points)
        return np.vstack(rows), weight

    def problem(
        self, guided: tuple[Touchdowns, Floats], ballistic: tuple[Touchdowns, Floats], *, merge: bool
    ) -> Problem:
        """Return the problem for points that stand for all, each side with the shares of its points.

        Parameters
        ----------
        guided, ballistic
            Touchdowns and their shares.
        merge
            Whether detections after the touchdown become one with their mean delay: their arrivals differ by a
            constant only, so the mean and the best posting for it stay what they are.
        """
        p = self.force.ballistic_probability
        waiting, helicopters = self.force.waiting, self.mask(kind="helicopter")
        team = waiting.team_weight if helicopters.any() else 0.0
        times, weights, teams = [], [], []
        for weather, chance, share in self._weathers(team):
            for (points, shares), part in ((guided, 1.0 - p), (ballistic, p)):
                if part == 0.0:
                    continue
                known = self.detections(points.side)
                known = _merged(known) if merge else known
                time, weight = self.arrivals_s(points, known, weather)
                times.append(time)
                weights.append(chance * part * weight * np.tile(shares, len(known)) * len(points))
                teams.append(np.full(weight.size, share))
        return Problem(
            np.hstack(times), np.concatenate(weights), self.of_type, self.counts, waiting.most_at_one,
            helicopters, waiting.team, np.concatenate(teams),
        )  # fmt: skip

    def _weathers(self, team: float) -> tuple[tuple[Weather, float, float], ...]:
        """Return the weathers of the day, how probable they are and what the team counts in them."""
        weather, chance = self.force.weather, self.force.icing_probability
        if weather.icing or chance == 0.0:
            return ((weather, 1.0, team),)
        return (weather, 1.0 - chance, team), (self.icing, chance, 0.0)

    @property
    def icing(self) -> Weather:
        """The weather of the day with icing."""
        return self.force.weather.model_copy(update={"icing": True})

    def helicopters(self) -> int:
        """Return how many helicopters are placed."""
        return sum(count for one, count in zip(self.types, self.counts, strict=True) if one.kind == "helicopter")

    def rule_guided(self) -> Rule:
        """Return the rule that keeps helicopters in the field of the guided side: as the file says, or all there are.

        Where no position in the field is open, the airfields of that side count.
        """
        least = min(self.force.waiting.least_on_guided_side, self.helicopters())
        field = self.mask("guided", airfield=False, kind="helicopter")
        options = field if field.any() else self.mask("guided", kind="helicopter")
        return Rule(options, least, self.helicopters(), f"at least {least} helicopters on the guided side")

    def rule_ballistic(self, count: int) -> Rule:
        """Return the rule that puts exactly `count` helicopters on the ballistic side."""
        return Rule(self.mask("ballistic", kind="helicopter"), count, count, f"{count} helicopters on that side")

    def rule_nobody(self) -> Rule:
        """Return the rule that nobody at all waits on the ballistic side, as before 2003."""
        return Rule(self.mask("ballistic"), 0, 0, "nobody on the ballistic side")

    def rule_airfields(self) -> Rule:
        """Return the rule that nobody waits in the field."""
        return Rule(self.mask(airfield=False), 0, 0, "airfields only")


def setup_of(
    force: RecoveryFile, places: tuple[Place, ...], guided: Touchdowns, ballistic: Touchdowns
) -> tuple[Setup, tuple[str, ...]]:
    """Return the setup, and notes on what weather and night forbid.

    Raises
    ------
    ConfigError
        If nobody that opens the hatch can move.
    """
    types, notes = [], []
    nights = {points.side: points.sun_elevation_deg < force.night_sun_elevation_deg for points in (guided, ballistic)}
    for entry in force.fleet:
        unit = force.type_of(entry.type)
        stops = {side: grounded(unit, force.weather, night) for side, night in nights.items()}
        for side, why in stops.items():
            if why:
                notes.append(f"{unit.title or unit.name}: grounded on the {side} side ({why}).")
        if unit.task == "hatch" and not all(stops.values()):
            types.append(unit)
    if not types:
        raise ConfigError("nobody who opens the hatch can move: " + " ".join(notes), key="weather")
    for side, night in nights.items():
        if night:
            notes.append(f"Night at the touchdown on the {side} side: the last search takes longer.")
    return Setup(force, tuple(types), places), tuple(notes)


def radio_problem(
    force: RecoveryFile,
    unit: UnitType,
    count: int,
    places: tuple[Place, ...],
    sides: Sequence[tuple[Touchdowns, float]],
) -> tuple[Problem, Floats]:
    """Return the problem of the aircraft that hear the beacon, and the time to radio contact.

    The cost is the time until the capsule is above the radio horizon plus a hundredth of the time until the aircraft
    is overhead, which decides where the first is zero at several places.

    Returns
    -------
    (problem, contact_s)
        With times of shape (places, points).
    """
    overhead, weights = [], []
    for points, part in sides:
        can = reach(
            unit, force.weather, places, force.airfield, (points.latitude_deg, points.longitude_deg),
            hold_s=force.waiting.hold_s, standoff_m=0.0,
        )  # fmt: skip
        overhead.append(np.where(can.possible, can.travel_s, np.inf))
        weights.append(np.full(len(points), part / len(points)))
    ways = np.hstack(overhead)
    contact = contact_s(unit, ways)
    options = np.zeros(len(places), dtype=np.int64)
    weight = np.concatenate(weights)
    everyone = np.ones(len(places), dtype=bool)
    problem = Problem(contact + 0.01 * ways, weight, options, (count,), force.waiting.most_at_one, everyone)
    return problem, contact


def _merged(detections: tuple[Detection, ...]) -> tuple[Detection, ...]:
    """Return the detections with all those after the touchdown as one with their mean delay."""
    late = [one for one in detections if one.after_touchdown_s >= 0.0]
    if len(late) < 2:
        return detections
    weight = sum(one.weight for one in late)
    delay = sum(one.weight * one.after_touchdown_s for one in late) / weight
    one = late[0].model_copy(update={"name": "later", "after_touchdown_s": delay, "weight": weight})
    return (*(one for one in detections if one.after_touchdown_s < 0.0), one)
