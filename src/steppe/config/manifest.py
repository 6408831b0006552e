"""Who sits where and what comes back: the ``[manifest]`` of a mission file."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, model_validator

from steppe.config.units import Length, Mass, Number
from steppe.config.vehicle import Record

# NASA press kit of Expedition 10 (spaceflightnow.com/station/exp10): 50 kg come back with three people, 150 with two
ALLOWANCE_KG: Final = {3: 50.0, 2: 150.0, 1: 150.0, 0: 150.0}

Place = Annotated[Length, Field(ge=-3.0, le=3.0)]


class Seat(Record):
    """One seat and who lies in it.

    Suit: 10 kg (Sokol KV-2, 10 to 12 kg: en.wikipedia.org/wiki/Sokol_space_suit). The liner cast to the body: 10 kg,
    assumed. A person of 80 kg is assumed in the mass of the vehicle file.
    """

    name: str = ""
    empty: bool = False
    person_kg: Annotated[Number, Field(ge=40.0, le=120.0)] = 80.0
    suit_kg: Annotated[Mass, Field(le=50.0)] = 10.0
    liner_kg: Annotated[Mass, Field(le=50.0)] = 10.0

    @property
    def mass_kg(self) -> float:
        """What the seat holds; an empty one has no liner either."""
        return 0.0 if self.empty else self.person_kg + self.suit_kg + self.liner_kg


class Cargo(Record):
    """Returned cargo: how much, and where in the axes of the capsule.

    `x_m` counts from the apex of the heat shield towards the hatch, `z_m` from the axis to the side to which the centre
    of gravity is offset, `y_m` to the right of both. The place is assumed: containers between the seats and the wall.
    """

    name: str = ""
    mass_kg: Annotated[Mass, Field(le=500.0)]
    x_m: Place = 0.7
    y_m: Place = 0.0
    z_m: Place = 0.3


class Manifest(Record):
    """The people, their seats and the returned cargo.

    Left out, everything is as in the vehicle file: three people of 80 kg and 50 kg of cargo. `applied` says that the
    vehicle file has these masses in it already; steppe writes it beside the results of a flight.
    """

    centre: Seat = Seat()
    left: Seat = Seat()
    right: Seat = Seat()
    cargo: tuple[Cargo, ...] = (Cargo(name="returned samples", mass_kg=50.0),)
    applied: bool = False

    @property
    def crew(self) -> int:
        """How many people are on board."""
        return sum(not seat.empty for seat in (self.centre, self.left, self.right))

    @model_validator(mode="after")
    def _within_the_allowance(self) -> Manifest:
        carried, allowed = sum(item.mass_kg for item in self.cargo), ALLOWANCE_KG[self.crew]
        if carried > allowed:
            raise ValueError(f"cargo weighs {carried:g} kg; with {self.crew} on board {allowed:g} kg may come back")
        return self
