"""Flies what becomes of the two modules and of what the capsule drops, for three cases of a return."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.debris import Catalogue
from steppe.config.dispersions import Dispersions
from steppe.config.loader import LoadedMission, load_dispersions
from steppe.config.vehicle import DiscardedModule
from steppe.ensemble.cases import Case, Nominal, nominal_return, tables_of
from steppe.ensemble.flown import fly_cases
from steppe.ensemble.sampling import draw
from steppe.errors import ENDED, LANDED, RUNNING, ConfigError
from steppe.flight import assemble
from steppe.flight import phases as ph
from steppe.flight.result import Track
from steppe.flight.running import Run, no_guide, run_phases, start_row
from steppe.frames.geodetic import itrf_to_geodetic
from steppe.ground.breakup import BreakUps, cases_at, draw_breakups
from steppe.ground.impacts import Impacts
from steppe.ground.pieces import CAPSULE, Roster, fly_pieces, load_debris_of, roster_of
from steppe.kernels import fragments as fr
from steppe.kernels import phase as k
from steppe.kernels.ends import END_CODE, END_PHASES, END_STATE, END_TIME
from steppe.kernels.flying import fly_phases
from steppe.kernels.guide import BALLISTIC
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Progress = Callable[[str], None]

_SPLIT: Final = "module_separation"
_DISPERSIONS: Final = "soyuz-ms"
# Samples that one thread draws at once, as many as its lanes; the memory of a study does not grow with its size
_DRAWN_AT_ONCE: Final = 32
_MODULE_RECORD_ROWS: Final = 1000
_NO_GROUND_M: Final = -1e4
_NO_LIMIT_G: Final = 1e9
# What a piece says of its end: status, time, latitude, longitude, speed, mass
_STATUS, _TIME, _LATITUDE, _LONGITUDE, _SPEED, _MASS = range(6)
_FACTS: Final = 6
_CASES: Final = ("nominal", "ballistic", "dispersed")


@dataclass(frozen=True, slots=True)
class Debris:
    """What comes down beside the crew.

    Attributes
    ----------
    nominal
        The undispersed return; break-up, air and wind differ from sample to sample. The capsule lands as planned.
    ballistic
        As `nominal` until the split, and so for the modules; the capsule flies the ballistic descent.
    dispersed
        Dispersed returns: each sample has its own deorbit burn, split, air, wind, capsule and break-up.
    modules
        The modules of the undispersed return, to below the break-up.
    capsule, ballistic_capsule
        The capsule of the undispersed and of the ballistic return.
    catalogue
        What breaks into what.
    seed, samples
        Seed and number of samples of each case.
    break_up_m
        Module name to the altitudes at which it broke up, shape (samples,).
    first_mass_kg
        Mass of each row of a case before the heat, shape (n,); of the capsule, that of its touchdown.
    """

    nominal: Impacts
    ballistic: Impacts
    dispersed: Impacts
    modules: tuple[Track, ...]
    capsule: Track
    ballistic_capsule: Track
    catalogue: Catalogue
    seed: int
    samples: int
    break_up_m: dict[str, Array]
    first_mass_kg: Array

    def surviving_share(self, impacts: Impacts, body: str) -> float:
        """Return which part of the mass of a module (of what is dropped) reaches the ground, mean over the samples.

        Raises
        ------
        ConfigError
            If the catalogue has no such body.
        """
        found = next((entry for entry in self.catalogue.bodies if entry.name == body), None)
        if found is None:
            raise ConfigError(f"the catalogue '{self.catalogue.name}' has no body '{body}'", key="body")
        chosen = (impacts.body == impacts.bodies.index(body)) & impacts.landed
        return float(impacts.mass_kg[chosen].sum()) / (found.mass_kg * self.samples)


def fly_debris(
    loaded: LoadedMission,
    samples: int,
    seed: int,
    *,
    dispersions: Dispersions | None = None,
    cores: int = 0,
    progress: Progress | None = None,
) -> Debris:
    """Fly the fragments of the modules, what the capsule drops, and the capsule, for three cases of a return.

    Parameters
    ----------
    loaded
        A mission that starts at the station or in orbit, so that the ship splits.
    samples
        How many break-ups of each case, numbered from 0.
    seed
        Seed; with the number of a sample and the name of a piece it gives every random number.
    dispersions
        What the returns, the air and the wind differ by; by default the preset ``soyuz-ms``.
    cores
        Threads; 0 takes all processors. Their number changes no bit.
    progress
        Called with a short sentence now and then.

    Returns
    -------
    Debris
        One row for each piece of each sample, whatever became of it.

    Raises
    ------
    ConfigError
        If the vehicle has no modules or no catalogue of fragments, or the numbers cannot be used.
    PlanError, ElementsError, EnvironmentDataError
        As `steppe.flight.simulate.fly`.
    """
    if samples < 1:
        raise ConfigError(f"expected at least one sample, got {samples}", key="samples")
    if cores < 0:
        raise ConfigError(f"expected 0 (all) or more threads, got {cores}", key="cores")
    catalogue = load_debris_of(loaded)
    say = progress or (lambda _: None)
    say("planning the return")
    plan = _plan(loaded, catalogue, dispersions or load_dispersions(_DISPERSIONS), seed)
    parts = [np.arange(first, min(first + _DRAWN_AT_ONCE, samples)) for first in range(0, samples, _DRAWN_AT_ONCE)]
    # The first part meets what is wrong with seed or files, and compiles, before there are threads
    results = [_fly_part(plan, parts[0])]
    threads = min(cores or os.cpu_count() or 1, max(len(parts) - 1, 1))
    with ThreadPoolExecutor(threads) as pool:
        for result in pool.map(lambda part: _fly_part(plan, part), parts[1:]):
            results.append(result)
            say(f"{min(len(results) * _DRAWN_AT_ONCE, samples)} of {samples} break-ups")
    facts = {name: np.concatenate([result.facts[name] for result in results]) for name in _CASES}
    return Debris(
        **{name: _impacts(plan, facts[name]) for name in _CASES},
        modules=plan.modules,
        capsule=plan.capsule.track,
        ballistic_capsule=plan.ballistic.track,
        catalogue=catalogue,
        seed=int(seed),
        samples=samples,
        break_up_m={name: np.concatenate([result.altitude_m[name] for result in results]) for name in plan.names},
        first_mass_kg=np.tile(np.append(plan.roster.mass_kg, plan.capsule.ends[k.MASS]), samples),
    )


@dataclass(frozen=True, slots=True)
class _Released:
    """The flight of a capsule, as far as what it leaves behind is concerned.

    Attributes
    ----------
    code
        How the flight ended.
    states
        Event to the state when it happened, shape (12,), as the kernels record it.
    ends
        The state at the end, shape (9,) or more: time, position, velocity and mass, as the kernels record them.
    """

    code: int
    states: dict[str, Array]
    ends: Array


@dataclass(frozen=True, slots=True)
class _Flown(_Released):
    """A flight with its track."""

    track: Track


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything that is the same for all samples."""

    nominal: Nominal
    catalogue: Catalogue
    dispersions: Dispersions
    seed: int
    roster: Roster
    members: dict[str, Numbers]
    capsule: _Flown
    ballistic: _Flown
    modules: tuple[Track, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the modules."""
        return tuple(body.name for body in self.catalogue.module)

    def module(self, name: str) -> DiscardedModule:
        """Return a module of the vehicle."""
        split = self.nominal.loaded.vehicle.split
        return next(module for module in (split.modules if split else ()) if module.name == name)


@dataclass(frozen=True, slots=True)
class _Part:
    """Facts of each case, shape (samples, pieces, 6), and altitudes of break-up."""

    facts: dict[str, Array]
    altitude_m: dict[str, Array]


def _plan(loaded: LoadedMission, catalogue: Catalogue, dispersions: Dispersions, seed: int) -> _Plan:
    nominal = nominal_return(loaded)
    if nominal.number(_SPLIT) is None:
        raise ConfigError(
            "the ship does not split in this mission, so nothing breaks up; start it at the station or in orbit",
            source=loaded.source,
            key="start.phase",
        )
    events = {phase.event for phase in nominal.phases}
    for body in catalogue.dropped:
        if body.event not in events:
            known = ", ".join(sorted(event for event in events if event))
            raise ConfigError(
                f"'{body.name}' is dropped at '{body.event}', which does not happen in this mission; it has {known}",
                source=f"debris {catalogue.name}",
                key="dropped.event",
            )
    roster = roster_of(catalogue)
    members = {name: np.flatnonzero(roster.body == number) for number, name in enumerate(roster.bodies[:-1])}
    capsule = _capsule(nominal, nominal.guide.law)
    modules = tuple(_track(nominal, module, capsule.states[_SPLIT]) for module in _modules(loaded))
    ballistic = _capsule(nominal, BALLISTIC)
    return _Plan(nominal, catalogue, dispersions, seed, roster, members, capsule, ballistic, modules)


def _modules(loaded: LoadedMission) -> tuple[DiscardedModule, ...]:
    return loaded.vehicle.split.modules if loaded.vehicle.split else ()


def _capsule(nominal: Nominal, law: int) -> _Flown:
    """Fly the undispersed return with a law of guidance."""
    run = run_phases(
        nominal.world,
        nominal.guide._replace(law=law),
        list(nominal.phases),
        nominal.start,
        ground_m=nominal.ground_m,
        model=nominal.model,
        record_every_s=1.0,
    )
    nose_m = nominal.loaded.vehicle.capsule.nose_radius_m
    track = assemble.track_of(CAPSULE, run, nominal.world, nose_m, banked=True)
    states = _states(nominal, run.begins, run.begun)
    return _Flown(run.status.code, states, run.begins[run.begun].copy(), track)


def _states(nominal: Nominal, begins: Array, begun: int) -> dict[str, Array]:
    states: dict[str, Array] = {}
    for number, phase in enumerate(nominal.phases[:begun]):
        if phase.event is not None:
            states.setdefault(phase.event, begins[number].copy())
    return states


def _track(nominal: Nominal, module: DiscardedModule, split: Array) -> Track:
    end_m = ph.MODULE_END_M
    run: Run = run_phases(
        nominal.world, None, [ph.module_fall(module, end_m)], _module_start(module, split), ground_m=_NO_GROUND_M,
        record_every_s=1.0,
    )  # fmt: skip
    return assemble.track_of(module.name, run, nominal.world, 1.0, banked=False)


def _module_start(module: DiscardedModule, split: Array) -> Array:
    return start_row(float(split[k.TIME]), split[k.X : k.Z + 1], split[k.U : k.W + 1], module.mass_kg)


def _fly_part(plan: _Plan, numbers: Numbers) -> _Part:
    """Fly some samples of all three cases."""
    samples = draw(plan.dispersions, plan.seed, numbers)
    breakups = draw_breakups(plan.catalogue.break_up, plan.names, plan.roster, plan.seed, samples.indices)
    shape = (numbers.size, len(plan.roster) + 1, _FACTS)
    facts = {name: np.full(shape, np.nan) for name in _CASES}
    cases = tables_of(plan.nominal, samples)
    flown = fly_cases(plan.nominal, cases)
    for row, (end, begins) in enumerate(zip(flown.ends, flown.begins, strict=True)):
        own = _Released(
            int(end[END_CODE]), _states(plan.nominal, begins, int(end[END_PHASES])), end[END_TIME : END_STATE + 8]
        )
        case = cases.one(plan.nominal.guide, row)
        _fly_sample(plan, breakups, row, case, own, {name: facts[name][row] for name in _CASES})
    return _Part(facts, breakups.altitude_m)


def _fly_sample(plan: _Plan, breakups: BreakUps, row: int, case: Case, own: _Released, facts: dict[str, Array]) -> None:
    """Fly the pieces of one sample, all in one go, and write their facts; `own` is the dispersed capsule."""
    capsules: dict[str, _Released] = {"nominal": plan.capsule, "ballistic": plan.ballistic, "dispersed": own}
    cases: list[Array] = []
    places: list[tuple[str, Numbers]] = []
    for name, capsule in capsules.items():
        facts[name][-1] = _capsule_facts(capsule)
        for body, state, ground_m, code in _releases(plan, breakups, row, case, name, capsule):
            chosen = plan.members[body]
            facts[name][chosen, _STATUS] = code
            if state is not None:
                cases.append(cases_at(plan.roster, breakups, row, chosen, state, ground_m))
                places.append((name, chosen))
    if cases:
        ends = _facts_of(fly_pieces(case.world, np.concatenate(cases, axis=1)))
        first = 0
        for name, chosen in places:
            facts[name][chosen] = ends[first : first + chosen.size]
            first += chosen.size
    # Until the split the ballistic return is the nominal one, and so are its modules
    for name in plan.names:
        facts["ballistic"][plan.members[name]] = facts["nominal"][plan.members[name]]


def _releases(
    plan: _Plan, breakups: BreakUps, row: int, case: Case, name: str, capsule: _Released
) -> Iterator[tuple[str, Array | None, float, int]]:
    """Yield each body that a capsule leaves behind: name, state where its pieces part or None, ground, status code."""
    break_up = plan.catalogue.break_up
    for body in plan.catalogue.module if name != "ballistic" else ():
        split = capsule.states.get(_SPLIT)
        if split is None:
            yield body.name, None, 0.0, capsule.code
            continue
        code, state = _broken(plan.module(body.name), case.world, split, float(breakups.altitude_m[body.name][row]))
        yield body.name, state, break_up.ground_height_m, code
    for dropped in plan.catalogue.dropped:
        state = capsule.states.get(dropped.event)
        ground_m = case.ground_m if name == "dispersed" else plan.nominal.ground_m
        yield dropped.name, None if state is None else state[: k.W + 1], ground_m, capsule.code


def _broken(module: DiscardedModule, world: World, split: Array, altitude_m: float) -> tuple[int, Array | None]:
    """Fly a module from the split to its break-up; return status code and state there, None if it never gets there."""
    rows = ph.table([ph.module_fall(module, altitude_m)])
    record = np.zeros((_MODULE_RECORD_ROWS, k.RECORD_COLUMNS))
    begins = np.zeros((2, k.RECORD_COLUMNS))
    rules = k.Rules(_NO_GROUND_M, _NO_LIMIT_G, 1e9)
    code, _, begun = fly_phases(
        world, world, no_guide(), rows, _module_start(module, split), rules, record, begins
    )  # fmt: skip
    if code != ENDED:
        return code, None
    return RUNNING, begins[begun, : k.W + 1].copy()


def _facts_of(ends: Array) -> Array:
    """Return the facts of pieces, shape (n, 6), from what the kernels returned."""
    facts = np.full((ends.shape[1], _FACTS), np.nan)
    facts[:, _STATUS] = ends[fr.END_CODE]
    landed = ends[fr.END_CODE] == LANDED
    latitude, longitude, _ = itrf_to_geodetic(ends[fr.X : fr.Z + 1, landed])
    facts[landed, _TIME] = ends[fr.TIME, landed]
    facts[landed, _LATITUDE], facts[landed, _LONGITUDE] = np.degrees(latitude), np.degrees(longitude)
    facts[landed, _SPEED], facts[landed, _MASS] = ends[fr.END_SPEED, landed], ends[fr.MASS, landed]
    return facts


def _capsule_facts(capsule: _Released) -> Array:
    """Return the facts of a capsule; its speed is that over ground."""
    facts = np.full(_FACTS, np.nan)
    facts[_STATUS] = capsule.code
    if capsule.code == LANDED:
        latitude, longitude, _ = itrf_to_geodetic(capsule.ends[k.X : k.Z + 1])
        facts[_TIME] = capsule.ends[k.TIME]
        facts[_LATITUDE], facts[_LONGITUDE] = np.degrees(latitude), np.degrees(longitude)
        facts[_SPEED], facts[_MASS] = np.linalg.norm(capsule.ends[k.U : k.W + 1]), capsule.ends[k.MASS]
    return facts


def _impacts(plan: _Plan, facts: Array) -> Impacts:
    """Return the rows of one case; `facts` has the shape (samples, pieces, 6)."""
    samples, pieces, _ = facts.shape
    roster = plan.roster
    flat = facts.reshape(samples * pieces, _FACTS)
    status = flat[:, _STATUS].astype(np.int64)
    # What has melted away hits nobody: the section of what lands is as much smaller as its surface
    left = facts[:, :-1, _MASS] / roster.mass_kg
    section = np.full((samples, pieces), plan.nominal.loaded.vehicle.capsule.reference_area_m2)
    section[:, :-1] = roster.section_m2 * (1.0 + roster.rows[fr.SHRINKS] * (left - 1.0))
    epoch: datetime = plan.nominal.epoch
    return Impacts(
        epoch=epoch,
        bodies=roster.bodies,
        pieces=roster.pieces,
        sample=np.repeat(np.arange(samples, dtype=np.int64), pieces),
        body=np.tile(np.append(roster.body, len(roster.bodies) - 1), samples),
        piece=np.tile(np.append(roster.piece, len(roster.pieces) - 1), samples),
        status=status,
        time_s=flat[:, _TIME],
        latitude_deg=flat[:, _LATITUDE],
        longitude_deg=flat[:, _LONGITUDE],
        speed_m_s=flat[:, _SPEED],
        mass_kg=flat[:, _MASS],
        section_m2=np.where(status == LANDED, section.reshape(-1), np.nan),
        energy_j=0.5 * flat[:, _MASS] * flat[:, _SPEED] ** 2,
    )
