"""Proposes launches and returns that keep the rules, with landings by day, and as near to the target stay as can be.

The days are integers since the start of the window; OR-tools CP-SAT chooses them. What is asked of a family of ships
is in ``[rotation]`` of ``ledger.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from steppe.config.loader import load_zone
from steppe.crew.daylight import LandingDay, landing_days, sure_days
from steppe.crew.records import Family, Ledger, Vehicle
from steppe.crew.revolutions import ElementSet
from steppe.errors import ConfigError, PlanError

if TYPE_CHECKING:
    from steppe.flight.opportunity_records import Opportunities
    from steppe.frames.elements import StationOrbit

_SECONDS: Final = 20.0
_STEP: Final = timedelta(days=1)
_WHOLE: Final = ("target_days", "rendezvous_days", "spacing_days", "number")
_TEXTS: Final = ("zone", "vehicle", "name")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of the ships of one family."""

    family: Family
    zone: str
    vehicle: str
    target_days: int
    overlap_days: tuple[int, int]
    rendezvous_days: int
    spacing_days: int
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Flight:
    """A ship of the schedule.

    Attributes
    ----------
    vehicle, family
        Which ship; those already in space keep their launch.
    launch, docking, landing
        Days (UTC midnight).
    flying
        Whether it is in space at the start of the window.
    target_days
        What was aimed at.
    passing
        When the zone passes under the orbit on the day of the landing; None for ships that land at sea.
    """

    vehicle: str
    family: Family
    launch: datetime
    docking: datetime
    landing: datetime
    flying: bool
    target_days: int
    passing: LandingDay | None

    @property
    def days(self) -> int:
        """Days from launch to landing."""
        return (self.landing - self.launch).days


@dataclass(frozen=True, slots=True)
class Rotation:
    """A schedule, whether it is proved to be the best, and the days with daylight of each family with a zone."""

    flights: tuple[Flight, ...]
    optimal: bool
    first: datetime
    last: datetime
    daylight: dict[str, list[LandingDay]]
    plans: dict[str, Plan]
    separation_days: int
    replacement_days: int

    @property
    def off_target_days(self) -> int:
        """Sum of the days over and under the target stays."""
        return sum(abs(one.days - one.target_days) for one in self.flights)


@dataclass(frozen=True, slots=True)
class _Window:
    """First day, days that must be covered, and days beyond them that ships may need."""

    start: datetime
    horizon: int
    reach: int

    @property
    def end(self) -> int:
        """Last day that a variable may take."""
        return self.horizon + self.reach


@dataclass(slots=True)
class _Chain:
    """The ships of one family with their variables."""

    plan: Plan
    names: list[str] = field(default_factory=list)
    launches: list[Any] = field(default_factory=list)
    landings: list[Any] = field(default_factory=list)
    flying: list[bool] = field(default_factory=list)


def propose(ledger: Ledger, elements: ElementSet, first: datetime, last: datetime) -> Rotation:
    """Return a schedule for a window.

    Raises
    ------
    PlanError
        If no schedule keeps the rules; the message says what stands against it as far as it can be told.
    ConfigError
        If OR-tools is not installed, or ``[rotation]`` of the ledger is incomplete.
    """
    require_solver()
    start = datetime.combine(first.astimezone(UTC).date(), time(), UTC)
    plans, traffic = read_plans(ledger)
    window = _Window(start, (last - start).days, 2 * int(max(one.family.life_days for one in plans.values())))
    days = {
        name: landing_days(elements, load_zone(one.zone), start, start + window.end * _STEP)
        for name, one in plans.items()
        if one.zone
    }
    sure = {name: sure_days(found, elements) for name, found in days.items()}
    for spare in (0, 1):  # one more ship each where the last ones would have to land in the dark
        solved = _solve(ledger, (plans, traffic["separation_days"], sure), window, spare)
        if solved is not None:
            flights, optimal = solved
            return Rotation(
                flights, optimal, start, last, days, plans, traffic["separation_days"], traffic["replacement_days"]
            )
    raise PlanError(
        f"no schedule from {start:%Y-%m-%d} to {last:%Y-%m-%d} keeps the rules; loosen overlap_days, life_days or "
        "separation_days in ledger.toml, or choose another window"
    )


def require_solver() -> None:
    """Do nothing if OR-tools is installed.

    Raises
    ------
    ConfigError
        If it is not, with what to install.
    """
    if find_spec("ortools") is None:
        hint = "install it with: pip install 'steppe[recovery]'"
        raise ConfigError(f"a rotation needs OR-tools, which is not installed; {hint}")


def _solve(
    ledger: Ledger, asked: tuple[dict[str, Plan], int, dict[str, list[LandingDay]]], window: _Window, spare: int
) -> tuple[tuple[Flight, ...], bool] | None:
    """Return the best schedule with so many ships and whether that is proved; None if there is none."""
    from ortools.sat.python import cp_model

    plans, separation, days = asked
    model = cp_model.CpModel()
    busy: list[Any] = []
    chains = []
    for name, one in plans.items():
        allowed = sorted({(day.utc - window.start).days for day in days[name]}) if name in days else None
        chains.append(_chain(model, ledger, one, window, (allowed, spare)))
        _constrain(model, chains[-1], separation, busy)
    model.add_no_overlap(busy)
    model.minimize(sum(term for chain in chains for term in _costs(model, chain)))
    solver = cp_model.CpSolver()
    # one worker and a fixed seed: the same window gives the same schedule
    solver.parameters.num_workers, solver.parameters.random_seed = 1, 0
    solver.parameters.max_time_in_seconds = _SECONDS
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    flights = [flight for chain in chains for flight in _flights(chain, solver, window.start, days)]
    flights.sort(key=lambda one: (one.launch, one.vehicle))
    return tuple(flights), status == cp_model.OPTIMAL


def read_plans(ledger: Ledger) -> tuple[dict[str, Plan], dict[str, int]]:
    """Return what ``[rotation]`` of the ledger asks of each family, and of the traffic.

    Raises
    ------
    ConfigError
        If a key is missing or a family unknown.
    """
    plans: dict[str, Plan] = {}
    traffic = {"separation_days": 2, "replacement_days": 73}
    for name, values in ledger.rotation.items():
        table: dict[str, Any] = dict(values)
        if name == "traffic":
            traffic |= {key: int(value) for key, value in table.items()}
            continue
        if name not in ledger.families:
            raise ConfigError(f'[rotation."{name}"] is of no family of the ledger', source="ledger.toml")
        try:
            low, high = table.pop("overlap_days")
            plans[name] = Plan(family=ledger.families[name], overlap_days=(int(low), int(high)), **table)
            wrong = [key for key in _WHOLE if type(table[key]) is not int or table[key] < 0]
            wrong += [key for key in _TEXTS if type(table[key]) is not str]
            if wrong:
                raise ValueError(f"{', '.join(wrong)}: expected whole days or numbers, or a text")
        except (KeyError, TypeError, ValueError) as problem:
            raise ConfigError(f"incomplete or wrong: {problem}", source="ledger.toml", key=f"rotation.{name}") from None
    if not plans:
        raise ConfigError("has no [rotation] tables; copy them from the bundled one", source="ledger.toml")
    return plans, traffic


def _chain(model: Any, ledger: Ledger, plan: Plan, window: _Window, choice: tuple[list[int] | None, int]) -> _Chain:
    """Return the ships of a family: those in space at the start, then as many as the window needs."""
    from ortools.sat.python import cp_model

    start, (allowed, spare) = window.start, choice
    life = int(plan.family.life_days)
    chain = _Chain(plan)
    for vehicle in _in_space(ledger, plan.family, start):
        launch = vehicle.when("launch") or start
        chain.names.append(vehicle.name)
        chain.launches.append((launch - start) // _STEP)
        chain.flying.append(True)
        if chain.launches[-1] + life < 0:
            raise PlanError(
                f"{vehicle.name} has been in space for {-chain.launches[-1]} days on {start:%Y-%m-%d}, more than its "
                f"{life}: the ledger ends on {ledger.coverage.last_utc:%Y-%m-%d}. Start the window nearer to that, or "
                "give a ledger that goes on (--ledger)"
            )
    nominal = chain.launches[-1] + plan.target_days if chain.launches else plan.overlap_days[0] + plan.rendezvous_days
    number = _next_number(ledger, plan, start)
    while nominal <= window.horizon or spare:
        spare -= nominal > window.horizon
        launch = model.new_int_var(0, window.end, f"{plan.family.name} launch {number}")
        chain.names.append(plan.name.format(number))
        chain.launches.append(launch)
        chain.flying.append(False)
        nominal += plan.target_days - plan.overlap_days[0] - plan.rendezvous_days
        number += 1
    for name in chain.names:
        if allowed is None:
            chain.landings.append(model.new_int_var(0, window.end, f"{name} landing"))
        else:
            inside = [day for day in allowed if 0 <= day <= window.end]
            if not inside:
                raise PlanError(f"no day with a landing in daylight for the {plan.family.name}; choose a longer window")
            chain.landings.append(model.new_int_var_from_domain(cp_model.Domain.from_values(inside), f"{name} landing"))
    if chain.landings:
        model.add(chain.landings[-1] >= window.horizon)  # the last one keeps the station crewed to the end
    return chain


def _in_space(ledger: Ledger, family: Family, start: datetime) -> list[Vehicle]:
    return [one for one in ledger.vehicles.values() if one.family == family and one.in_space(start)]


def _next_number(ledger: Ledger, plan: Plan, start: datetime) -> int:
    """Return the number after the last ship launched before the window, or that of the plan if there is none."""
    before, _, after = plan.name.partition("{}")
    numbers = []
    for vehicle in ledger.vehicles.values():
        digits = vehicle.name.removeprefix(before).removesuffix(after)
        launch = vehicle.when("launch")
        if digits.isdecimal() and launch is not None and launch < start:
            numbers.append(int(digits) + 1)
    return max(numbers, default=plan.number)


def _constrain(model: Any, chain: _Chain, separation: int, busy: list[Any]) -> None:
    plan, launches, landings = chain.plan, chain.launches, chain.landings
    for index, name in enumerate(chain.names):
        model.add(landings[index] - launches[index] <= int(plan.family.life_days))
        if not chain.flying[index]:
            size = plan.rendezvous_days + separation
            busy.append(model.new_fixed_size_interval_var(launches[index], size, f"{name} arrives"))
        busy.append(model.new_fixed_size_interval_var(landings[index], separation, f"{name} leaves"))
        if index + 1 < len(launches) and not chain.flying[index + 1]:
            model.add(launches[index + 1] - launches[index] >= plan.spacing_days)
            overlap = landings[index] - (launches[index + 1] + plan.rendezvous_days)
            model.add(overlap >= plan.overlap_days[0])
            model.add(overlap <= plan.overlap_days[1])


def _costs(model: Any, chain: _Chain) -> list[Any]:
    """Return the days over or under the target of each ship, times its seats."""
    costs = []
    for index, name in enumerate(chain.names):
        off = model.new_int_var(0, 4000, f"{name} off target")
        stay = chain.landings[index] - chain.launches[index]
        model.add(off >= stay - chain.plan.target_days)
        model.add(off >= chain.plan.target_days - stay)
        costs.append(off * chain.plan.family.seats)
    return costs


def _flights(chain: _Chain, solver: Any, start: datetime, days: dict[str, list[LandingDay]]) -> list[Flight]:
    passes = {(day.utc - start).days: day for day in days.get(chain.plan.family.name, ())}
    flights = []
    for index, name in enumerate(chain.names):
        launch, landing = solver.value(chain.launches[index]), solver.value(chain.landings[index])
        docking = start + (launch + chain.plan.rendezvous_days) * _STEP
        passing, target = passes.get(landing), chain.plan.target_days
        span = start + launch * _STEP, docking, start + landing * _STEP
        flights.append(Flight(name, chain.plan.family, *span, chain.flying[index], target, passing))
    return flights


def opportunities_near(orbit: StationOrbit, rotation: Rotation) -> dict[str, Opportunities]:
    """Return the landing opportunities by day within a day of each landing that the station's elements reach.

    The plan of a rotation knows only the plane of the orbit; near the epoch of the elements `steppe plan` also knows
    the revolution, and says when the ship would burn and touch down.

    Raises
    ------
    PlanError
        As `steppe.flight.opportunities.find_opportunities`.
    """
    from steppe.config.loader import load_vehicle
    from steppe.flight.opportunities import MAXIMUM_AGE_DAYS, find_opportunities
    from steppe.flight.opportunity_records import Request

    found = {}
    for flight in rotation.flights:
        plan = rotation.plans[flight.family.name]
        first, last = flight.landing - _STEP, flight.landing + 2 * _STEP
        if not (plan.zone and plan.vehicle) or abs(orbit.age_days(first)) > MAXIMUM_AGE_DAYS - 4.0:
            continue
        request = Request(orbit, (load_zone(plan.zone),), load_vehicle(plan.vehicle), first, last, daylight=True)
        found[flight.vehicle] = find_opportunities(request)
    return found
