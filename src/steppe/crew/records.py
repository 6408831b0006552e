"""The rows of the ledger, and what they are together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

SECONDS_PER_DAY: Final = 86400.0
Event = Literal["launch", "docking", "undocking", "landing"]
EVENTS: Final[tuple[Event, ...]] = ("launch", "docking", "undocking", "landing")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row stands: file and line (the header is line 1)."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of one person in space.

    Attributes
    ----------
    person, agency
        As the ledger spells them.
    up_vehicle, down_vehicle
        In which the person left and comes back (planned, while the stay is open).
    launch_utc, landing_utc
        Lift-off and touchdown or splashdown; None while the stay is open.
    visit
        ``"expedition"`` or ``"short"``; short visits count for no segment of the station.
    source
        Who says so.
    place
        Its row.
    """

    person: str
    agency: str
    up_vehicle: str
    launch_utc: datetime
    down_vehicle: str
    landing_utc: datetime | None
    visit: str
    source: str
    place: Place

    def holds(self, utc: datetime) -> bool:
        """Return whether the person is in space at a date."""
        return self.launch_utc <= utc and (self.landing_utc is None or utc < self.landing_utc)

    def days(self, until: datetime) -> float:
        """Return the days of 86400 s in space until the landing, or until a date if that is earlier."""
        end = until if self.landing_utc is None else min(until, self.landing_utc)
        return (end - self.launch_utc).total_seconds() / SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Movement:
    """A launch, docking, undocking or landing of a vehicle; the date of a docking may be unknown."""

    vehicle: str
    event: Event
    utc: datetime | None
    precision_s: float
    port: str
    source: str
    place: Place


@dataclass(frozen=True, slots=True)
class SeatMove:
    """A seat that is not the one of launch or landing: from when, in which vehicle, ``liner`` or ``makeshift``."""

    person: str
    utc: datetime
    vehicle: str
    fit: str
    source: str
    place: Place


@dataclass(frozen=True, slots=True)
class Condition:
    """A vehicle that is no longer (or again) fit: ``impaired`` or ``fit`` from a date."""

    vehicle: str
    utc: datetime
    state: str
    what: str
    source: str
    place: Place


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of vehicle: seats, permitted days in space, whether seats need a custom liner, whose segment flies it."""

    name: str
    prefix: str
    seats: int
    life_days: float
    liner: bool
    segment: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """From when to when the ledger is complete, and what it leaves out."""

    first_utc: datetime
    last_utc: datetime
    gaps: tuple[str, ...]
    transit_up_days: float
    transit_down_days: float


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle and its movements in the order of time; dates that are unknown are None."""

    name: str
    family: Family
    movements: tuple[Movement, ...]

    def _first(self, event: Event) -> Movement | None:
        return next((one for one in self.movements if one.event == event), None)

    def when(self, event: Event) -> datetime | None:
        """Return the date of the first launch or docking, or of the last undocking or landing."""
        chosen = [one.utc for one in self.movements if one.event == event and one.utc is not None]
        if not chosen:
            return None
        return min(chosen) if event in ("launch", "docking") else max(chosen)

    @property
    def arrival_utc(self) -> datetime | None:
        """The first docking if known, else the launch."""
        return self.when("docking") or self.when("launch")

    @property
    def departure_utc(self) -> datetime | None:
        """The last undocking if it follows the last docking, else the landing; None while it has not left."""
        left, landed = self.when("undocking"), self.when("landing")
        docked = max((one.utc for one in self.movements if one.event == "docking" and one.utc), default=None)
        return left if left is not None and (docked is None or left > docked) else landed

    def days(self, until: datetime) -> float:
        """Return the days from the launch until the landing, or until a date if that is earlier."""
        first, last = self.when("launch"), self.when("landing")
        if first is None:
            return 0.0
        return ((until if last is None else min(until, last)) - first).total_seconds() / SECONDS_PER_DAY

    def in_space(self, utc: datetime) -> bool:
        """Return whether the vehicle is between launch and landing."""
        first, last = self.when("launch"), self.when("landing")
        return first is not None and first <= utc and (last is None or utc < last)

    def berth(self, utc: datetime, coverage: Coverage) -> tuple[str, str]:
        """Return how the vehicle relates to the station at a date, and its port ("" if unknown).

        Returns
        -------
        tuple of str
            ``"docked"``, ``"free"``, ``"uncertain"`` (so near to a launch or landing that it may be either, since the
            ledger lacks the docking or undocking) or ``"ground"``.
        """
        if not self.in_space(utc):
            return "ground", ""
        dated = [one for one in self.movements if one.utc is not None and one.utc <= utc]
        last = max(dated, key=lambda one: (one.utc or utc, EVENTS.index(one.event)))
        known_docking = any(one.event == "docking" and one.utc for one in self.movements)
        if last.event == "undocking":
            return "free", ""
        if last.event == "launch":
            if known_docking:
                return "free", ""
            if last.utc is not None and utc - last.utc < timedelta(days=coverage.transit_up_days):
                return "uncertain", ""
        landing, left = self.when("landing"), self.when("undocking")
        left_known = left is not None and landing is not None and left > (last.utc or utc)
        if landing is not None and not left_known and landing - utc < timedelta(days=coverage.transit_down_days):
            return "uncertain", ""
        ports = [one.port for one in self.movements if one.event == "docking" and (one.utc is None or one.utc <= utc)]
        return "docked", ports[-1] if ports else ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything; rows in the order of time, then of names, so that the order in the files does not matter.

    Attributes
    ----------
    stays, vehicles, seats, conditions
        The rows.
    families
        Kinds of vehicles by name.
    coverage
        What the ledger covers.
    segments
        Agencies that are trained for each segment of the station.
    rules
        Numbers of the rules, and of ``[rotation]``.
    source
        The folder, or "the bundled ledger".
    """

    stays: tuple[Stay, ...]
    vehicles: dict[str, Vehicle]
    seats: tuple[SeatMove, ...]
    conditions: tuple[Condition, ...]
    families: dict[str, Family]
    coverage: Coverage
    segments: dict[str, tuple[str, ...]]
    rules: dict[str, float]
    rotation: dict[str, dict[str, object]]
    source: str

    def aboard(self, utc: datetime) -> list[Stay]:
        """Return the stays that hold at a date."""
        return [stay for stay in self.stays if stay.holds(utc)]

    def persons(self) -> list[str]:
        """Return the names, sorted."""
        return sorted({stay.person for stay in self.stays})

    def end_utc(self) -> datetime:
        """Return the last date that the rows speak of."""
        dates = [self.coverage.last_utc, *_dates(self.stays)]
        return max(dates)


def _dates(stays: Iterable[Stay]) -> Iterable[datetime]:
    for stay in stays:
        yield stay.landing_utc or stay.launch_utc


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found.

    Attributes
    ----------
    level
        ``"error"`` (the ledger contradicts itself), ``"warning"`` (it may be wrong) or ``"note"`` (what sources
        disagree on, or what is open).
    check
        Machine-readable name of the check.
    text
        What is wrong, with the values.
    places
        The rows.
    """

    level: str
    check: str
    text: str
    places: tuple[Place, ...] = ()

    def __str__(self) -> str:
        where = "; ".join(str(place) for place in self.places)
        return f"{where}: {self.text}" if where else self.text


def iso(utc: datetime | None) -> str | None:
    """Return a date as text with Z, in whole or tenth seconds; None stays None."""
    if utc is None:
        return None
    rounded = utc.astimezone(UTC).replace(microsecond=round(utc.microsecond / 1e5) * 100000 % 1000000)
    text = rounded.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rounded.microsecond // 100000}Z" if rounded.microsecond else f"{text}Z"
