"""Do the bodies meet again? Distances after the split into modules and after the undocking, over many samples."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.config.dispersions import Dispersions
from steppe.config.loader import LoadedMission
from steppe.ensemble.campaign import dispersions_of
from steppe.ensemble.cases import Nominal, cases_of, nominal_return
from steppe.ensemble.sampling import draw
from steppe.ensemble.statistics import number, upper_bound, wilson
from steppe.errors import ConfigError
from steppe.ground.approach import closest_approach
from steppe.ground.parting import (
    BREAK_UP_M,
    DEPARTURE_STEP_S,
    MODULE_STEP_S,
    Body,
    Parted,
    Parting,
    record_room,
)

Array = npt.NDArray[np.float64]
Progress = Callable[[str], None]

PROBABILITIES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# The curves rest on at most so many samples, so that memory does not grow with their number; all else on all of them
_CURVES: Final = 4000
_AT_ONCE: Final = 64
# A curve ends where fewer than this part of the samples are still above 70 km: the last ones are not like the others
_UNDER_WAY: Final = 0.95


@dataclass(frozen=True, slots=True)
class Pair:
    """Two bodies over all samples.

    Attributes
    ----------
    bodies
        Their names.
    limit_m
        Sum of their hard-body radii: nearer than this they may touch.
    initial_m
        Distance of their centres while they are joined.
    time_s
        Times after the parting, shape (times,).
    distance_m
        Quantiles of their distance (`PROBABILITIES`), shape (7, times), as long as 95 % of the samples are
        under way.
    clear_s
        When they were first out of reach of each other, shape (samples,); missing where they never were, or where the
        flight failed.
    closest_m, closest_s
        Least distance after it first shrank again, and when, shape (samples,); missing where it only grows.
    end_m
        Distance at the break-up of the first of them, or at the ignition, shape (samples,).
    """

    bodies: tuple[str, str]
    limit_m: float
    initial_m: float
    time_s: Array
    distance_m: Array
    clear_s: Array
    closest_m: Array
    closest_s: Array
    end_m: Array

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.bodies[0]} and {self.bodies[1]}".replace("_", " ")

    @property
    def samples(self) -> int:
        """How many samples were followed to the end."""
        return int(np.isfinite(self.end_m).sum())

    @property
    def recontacts(self) -> int:
        """In how many samples they came within reach of each other again after they were clear."""
        return int((self.closest_m < self.limit_m).sum())

    @property
    def upper_95(self) -> float:
        """Upper bound of the probability of a recontact, exact, one-sided, 95 % (Clopper and Pearson 1934)."""
        return upper_bound(self.recontacts, self.samples)

    def sentence(self) -> str:
        """Return what was found, with its bound."""
        if self.samples == 0:
            return "no sample was followed to the end"
        if self.recontacts == 0:
            return f"no recontact in {self.samples}: below {self.upper_95:.2g} at 95 % (3 / {self.samples})"
        many = "recontact" if self.recontacts == 1 else "recontacts"
        return f"{self.recontacts} {many} in {self.samples}: below {self.upper_95:.2g} at 95 %"

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        share = wilson(self.recontacts, self.samples)
        back = self.closest_m[np.isfinite(self.closest_m)]
        return {
            "bodies": list(self.bodies),
            "samples": self.samples,
            "hard_body_limit_m": self.limit_m,
            "initial_distance_m": self.initial_m,
            "cleared": int(np.isfinite(self.clear_s).sum()),
            "clear_time_s": _quantiles(self.clear_s),
            "returns": int(back.size),
            "minimum_distance_m": _quantiles(self.closest_m),
            "closest_approach_time_s": _quantiles(self.closest_s),
            "smallest_distance_m": number(float(back.min())) if back.size else None,
            "end_distance_m": _quantiles(self.end_m),
            "recontacts": self.recontacts,
            "recontact_probability": number(share.value),
            "recontact_low_95": number(share.low),
            "recontact_high_95": number(share.high),
            "recontact_upper_95": self.upper_95,
            "recontact_sentence": self.sentence(),
            "distance_m": {
                "time_s": [float(value) for value in self.time_s],
                **{
                    _label(p): [number(float(value)) for value in row]
                    for p, row in zip(PROBABILITIES, self.distance_m, strict=True)
                },
            },
        }


@dataclass(frozen=True, slots=True)
class Separation:
    """The partings of a mission over many samples.

    Attributes
    ----------
    mission
        Its name.
    samples, seed
        What was asked for.
    failed
        How many samples did not come down to 70 km, or to the ignition.
    pairs
        Each pair of capsule and modules, and then ship and station.
    notes
        What the reader must know.
    """

    mission: str
    samples: int
    seed: int
    failed: int
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...] = ()

    def pair(self, one: str, other: str) -> Pair:
        """Return the pair of two bodies.

        Raises
        ------
        ConfigError
            If there is none.
        """
        for pair in self.pairs:
            if set(pair.bodies) == {one, other}:
                return pair
        known = "; ".join(pair.name for pair in self.pairs)
        raise ConfigError(f"there is no pair of '{one}' and '{other}', only {known}")

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        return {
            "mission": self.mission,
            "samples": self.samples,
            "seed": self.seed,
            "failed": self.failed,
            "break_up_altitude_m": BREAK_UP_M,
            "pairs": [pair.as_dict() for pair in self.pairs],
            "notes": list(self.notes),
        }


def disperse_separation(
    loaded: LoadedMission,
    samples: int,
    seed: int,
    progress: Progress | None = None,
    *,
    dispersions: Dispersions | None = None,
    cores: int | None = None,
) -> Separation:
    """Fly many separations and tell how near the bodies come to each other again.

    Sample i depends on (seed, i) alone, whatever the number of samples or cores.

    Parameters
    ----------
    loaded
        A mission that starts at the station or in orbit.
    samples, seed
        How many, and of which series.
    progress
        Called with a short sentence now and then.
    dispersions
        Instead of those of the mission.
    cores
        Threads; by default one for each core.

    Raises
    ------
    ConfigError, PlanError
        If the mission does not split, its vehicle does not say how large its parts are, or the numbers cannot be used.
    """
    if samples < 1:
        raise ConfigError(f"expected at least 1 sample, got {samples}", key="-n")
    say = progress or (lambda _: None)
    say("planning the return")
    errors = dispersions_of(loaded) if dispersions is None else dispersions
    nominal = nominal_return(loaded)
    parting = Parting(nominal)
    tables = _tables(parting, samples)
    parts = [range(first, min(first + _AT_ONCE, samples)) for first in range(0, samples, _AT_ONCE)]
    done, failed = 0, 0
    with ThreadPoolExecutor(cores or os.cpu_count() or 1) as pool:
        for lost in pool.map(lambda part: _fly_part(parting, nominal, errors, seed, part, tables), parts):
            failed += lost
            done += 1
            say(f"{min(done * _AT_ONCE, samples)} of {samples} separations flown")
    return Separation(
        loaded.mission.name, samples, seed, failed, tuple(table.pair() for table in tables), _notes(loaded, errors)
    )


class _Table:
    """One pair while it is filled; each sample has its own row, so threads do not meet."""

    def __init__(self, one: Body, other: Body, samples: int, times: int, step_s: float) -> None:
        self.one, self.other = one, other
        self.step_s = step_s
        self.initial_m = math.dist(one.offset_m, other.offset_m)
        self.limit_m = one.radius_m + other.radius_m
        self.distance = np.full((min(samples, _CURVES), times), np.nan, dtype=np.float32)
        self.clear, self.closest, self.closest_time, self.end = (np.full(samples, np.nan) for _ in range(4))

    def fill(self, i: int, parted: Parted) -> None:
        """Take what one sample did."""
        first, second = parted.positions_m[self.one.name], parted.positions_m[self.other.name]
        count = min(len(first), len(second))
        relative = second[:count] - first[:count]
        time_s = self.step_s * np.arange(count, dtype=np.float64)
        distance = np.linalg.norm(relative, axis=1)
        found = closest_approach(time_s, relative, self.limit_m)
        self.clear[i], self.closest[i], self.closest_time[i] = found.clear_s, found.closest_m, found.closest_s
        ends = [parted.breaks_up_s[body.name] for body in (self.one, self.other) if body.name in parted.breaks_up_s]
        self.end[i] = float(np.interp(min(ends, default=time_s[-1]), time_s, distance))
        if i < self.distance.shape[0]:
            room = min(count, self.distance.shape[1])
            self.distance[i, :room] = distance[:room]

    def pair(self) -> Pair:
        """Return the pair with its curves."""
        under_way = np.isfinite(self.distance).mean(axis=0) >= _UNDER_WAY
        curves = np.full((len(PROBABILITIES), self.distance.shape[1]), np.nan)
        if under_way.any():
            curves[:, under_way] = np.nanquantile(self.distance[:, under_way].astype(np.float64), PROBABILITIES, axis=0)
        last = int(np.flatnonzero(under_way)[-1]) + 1 if under_way.any() else 0
        time_s = self.step_s * np.arange(last, dtype=np.float64)
        return Pair(
            (self.one.name, self.other.name), self.limit_m, self.initial_m, time_s, curves[:, :last], self.clear,
            self.closest, self.closest_time, self.end,
        )  # fmt: skip


def _tables(parting: Parting, samples: int) -> tuple[_Table, ...]:
    run = parting.nominal.run
    names = [phase.event for phase in run.phases]
    begun = run.begins[:, 0]
    # the split to the parachute command holds every fall to 70 km with room to spare
    longest = float(begun[names.index("parachute_command")] - begun[names.index("module_separation")])
    tables = [
        _Table(one, other, samples, int(longest / MODULE_STEP_S), MODULE_STEP_S)
        for one, other in combinations(parting.bodies, 2)
    ]
    if parting.departing:
        times = int(parting.ignition_s / DEPARTURE_STEP_S) + 1
        ship, station = parting.departing
        tables.append(_Table(ship, station, samples, times, DEPARTURE_STEP_S))
    return tuple(tables)


def _fly_part(
    parting: Parting, nominal: Nominal, errors: Dispersions, seed: int, part: range, tables: tuple[_Table, ...]
) -> int:
    """Fly some samples; return how many failed."""
    record = record_room()
    drawn = draw(errors, seed, list(part))
    failed = 0
    for i, case in enumerate(cases_of(nominal, drawn)):
        ways = [parting.split(case, drawn, i, record)]
        if parting.departing:
            ways.append(parting.departure(case, drawn, i, record))
        flown = [way for way in ways if way is not None]
        failed += len(flown) < len(ways)
        for table in tables:
            for way in flown:
                if table.one.name in way.positions_m:
                    table.fill(part[i], way)
    return failed


def _notes(loaded: LoadedMission, errors: Dispersions) -> tuple[str, ...]:
    notes = [
        "Speeds, directions and their errors at the separation of the modules are assumptions: nothing was published.",
    ]
    if loaded.mission.failure is not None and loaded.mission.failure.separation is not None:
        name = loaded.mission.failure.module.replace("_", " ")
        notes.append(f"The {name} stays on the capsule and is no body of its own here.")
    if not any("separation" in entry.name for entry in errors.parameter):
        notes.append(f"The dispersions '{errors.name}' hold no errors of the separation: it is flown as planned.")
    return tuple(notes)


def _label(probability: float) -> str:
    return f"p{round(100.0 * probability):02d}"


def _quantiles(values: Array) -> dict[str, float] | None:
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return None
    return {_label(p): float(np.quantile(finite, p)) for p in PROBABILITIES}
