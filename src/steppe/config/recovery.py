"""What a recovery file may say: airfields, the fleet, where it may wait, how a capsule is found, and the weather."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from steppe.config.units import Angle, Duration, Latitude, Length, Longitude, Number, Speed
from steppe.config.vehicle import Record
from steppe.errors import nearest

Name = Annotated[str, Field(min_length=1, max_length=64)]
Share = Annotated[Number, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(strict=True, ge=1, le=100)]
Delay = Annotated[float, Duration.__metadata__[0], Field(ge=-3600.0, le=86400.0)]


class Airfield(Record):
    """An airfield with fuel: name, ICAO code, place and where they come from.

    `closed` says why nobody may use it on this day (a runway under repair, no fuel); left out, it is open.
    """

    name: Name
    icao: Annotated[str, Field(pattern=r"^[A-Z]{4}$")]
    latitude_deg: Latitude
    longitude_deg: Longitude
    elevation_m: Annotated[Length, Field(ge=-500.0, le=6000.0)]
    source: Annotated[str, Field(min_length=1)]
    closed: str = ""


# The fastest of each kind: a helicopter 400.87 km/h (FAI record, Westland Lynx, 1986); vehicles and aircraft assumed
_FASTEST_M_S: Final = {"helicopter": 115.0, "aircraft": 300.0, "vehicle": 50.0}


class UnitType(Record):
    """A kind of helicopter, aircraft or vehicle, and what stops it.

    `task` is what it does: "hatch" brings people who open the capsule, "radio" hears its beacon from the air.
    `range_m` is through still air with the fuel that it carries on this day; `reserve_s` of it stays for the search.
    `reaction_s` is from the call until it moves.
    """

    name: Name
    title: str = ""
    kind: Literal["helicopter", "aircraft", "vehicle"]
    task: Literal["hatch", "radio"]
    cruise_speed_m_s: Annotated[Speed, Field(gt=0.0, le=300.0)]
    range_m: Annotated[Length, Field(gt=0.0, le=2e7)]
    reserve_s: Duration
    duty_s: Annotated[Duration, Field(gt=0.0)]
    reaction_s: Duration
    cruise_altitude_m: Annotated[Length, Field(ge=0.0, le=15000.0)] = 0.0
    largest_wind_m_s: Annotated[Speed, Field(gt=0.0, le=100.0)]
    least_visibility_m: Annotated[Length, Field(ge=0.0, le=50000.0)]
    flies_in_icing: bool
    works_at_night: bool

    @model_validator(mode="after")
    def _can_fly(self) -> Self:
        fastest = _FASTEST_M_S[self.kind]
        if self.cruise_speed_m_s > fastest:
            raise ValueError(
                f"'{self.name}' cruises at {self.cruise_speed_m_s:g} m/s, and no {self.kind} is faster than "
                f'{fastest:g} m/s; is it in km/h? write "{self.cruise_speed_m_s:g} km/h"'
            )
        spare_m = self.range_m - self.cruise_speed_m_s * self.reserve_s
        if spare_m <= 0.0:
            raise ValueError(
                f"'{self.name}' has a range of {self.range_m / 1e3:g} km, and its reserve of {self.reserve_s / 60.0:g} "
                f"min takes {(self.range_m - spare_m) / 1e3:.0f} km of it: nothing is left for the way; is range_m in "
                "km?"
            )
        if self.reserve_s >= self.duty_s:
            raise ValueError(
                f"'{self.name}' may work {self.duty_s:g} s and keeps {self.reserve_s:g} s of it in reserve: nothing is "
                "left for the way; is duty_s in hours?"
            )
        return self


class Force(Record):
    """How many units of a type there are, and how many of them are spare: those stay out of the plan."""

    type: Name
    count: Count
    spare: Annotated[int, Field(strict=True, ge=0, le=100)] = 0

    @model_validator(mode="after")
    def _some_are_placed(self) -> Self:
        if self.spare >= self.count:
            raise ValueError(f"{self.spare} spare of {self.count}: at least one unit must be left to place")
        return self


class Detection(Record):
    """One way in which the place of a capsule becomes known, and how often: seconds after the touchdown.

    Negative before it: seen under its parachute.
    """

    name: Name
    side: Literal["guided", "ballistic"]
    after_touchdown_s: Delay
    weight: Annotated[Number, Field(gt=0.0, le=1e6)]
    source: Annotated[str, Field(min_length=1)]


class Waiting(Record):
    """Where units may wait in the field, and what the plan must keep.

    A field position is open if a touchdown within `clearance_m` of it is rarer than `clearance_probability` (of the
    touchdowns of its side). `spacing_m` and `rings` make the grid, in units of the spread along and across.
    """

    rings: Annotated[tuple[Annotated[Number, Field(gt=0.0, le=20.0)], ...], Field(min_length=1, max_length=6)]
    directions: Annotated[int, Field(strict=True, ge=4, le=36)]
    least_distance_m: Annotated[Length, Field(gt=0.0, le=200e3)]
    clearance_m: Annotated[Length, Field(ge=0.0, le=100e3)]
    clearance_probability: Share
    standoff_m: Annotated[Length, Field(ge=0.0, le=100e3)]
    hold_s: Duration
    most_at_one: Count
    team: Annotated[int, Field(strict=True, ge=1, le=10)]
    team_weight: Share
    least_on_guided_side: Annotated[int, Field(strict=True, ge=0, le=100)]


class Tasks(Record):
    """What is done at the capsule, and how long it takes.

    `approach_s` is from overhead to the capsule: last search, landing, walk; `order` names who leaves first.
    """

    approach_s: Duration
    approach_night_s: Duration
    hatch_s: Duration
    first_out_s: Duration
    each_next_s: Duration
    order: Annotated[tuple[Name, ...], Field(min_length=1, max_length=10)]


class Weather(Record):
    """The weather of the day near the ground, the same everywhere; the wind is where it blows to."""

    wind_east_m_s: Annotated[Speed, Field(ge=-60.0, le=60.0)] = 0.0
    wind_north_m_s: Annotated[Speed, Field(ge=-60.0, le=60.0)] = 0.0
    gust_m_s: Annotated[Speed, Field(ge=0.0, le=60.0)] = 0.0
    visibility_m: Annotated[Length, Field(ge=0.0, le=50000.0)] = 10000.0
    icing: bool = False


class RecoveryFile(Record):
    """Everything a recovery is planned from.

    `icing_probability` is the chance that icing stops, on the day itself, what does not fly in it; the plan is made for
    both, the times are reported without and with it.
    """

    name: Name
    title: str = ""
    ballistic_probability: Annotated[Number, Field(ge=0.0, le=1.0)]
    icing_probability: Annotated[Number, Field(ge=0.0, lt=1.0)] = 0.0
    night_sun_elevation_deg: Angle = -6.0
    airfield: Annotated[tuple[Airfield, ...], Field(min_length=1, max_length=60)]
    unit_type: Annotated[tuple[UnitType, ...], Field(min_length=1, max_length=20)]
    fleet: Annotated[tuple[Force, ...], Field(min_length=1, max_length=20)]
    detection: Annotated[tuple[Detection, ...], Field(min_length=2, max_length=40)]
    waiting: Waiting
    tasks: Tasks
    weather: Weather = Weather()
    sources: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [one.name for one in self.unit_type]
        for what, values in (
            ("airfield", [one.name for one in self.airfield]),
            ("unit_type", names),
            ("fleet", [one.type for one in self.fleet]),
        ):
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"{what} names {', '.join(twice)} twice; each may stand once")
        for force in self.fleet:
            if force.type not in names:
                raise ValueError(f"fleet has the unknown type '{force.type}', {nearest(force.type, names)}")
        if not any(self.type_of(force.type).task == "hatch" for force in self.fleet):
            raise ValueError("no unit of the fleet has the task 'hatch': nobody would open the capsule")
        for side in ("guided", "ballistic"):
            if not any(one.side == side for one in self.detection):
                raise ValueError(f"no [[detection]] for the side '{side}'; give at least one for each side")
        return self

    def type_of(self, name: str) -> UnitType:
        """Return a unit type by its name (StopIteration if there is none; the file has been checked)."""
        return next(one for one in self.unit_type if one.name == name)
