"""What a vehicle file may say. Keys carry their unit; see `steppe.config.units` for quantities with units."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from steppe.config.units import (
    AngularAcceleration,
    AngularRate,
    Area,
    Duration,
    Force,
    Length,
    LoadG,
    Mass,
    Number,
    PositiveMass,
    Speed,
)


class Record(BaseModel):
    """A part of a file: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Unit = Annotated[Number, Field(ge=-1.0, le=1.0)]


class Direction(Record):
    """A direction in the local orbital frame (LVLH as radial, along-track, cross-track); normalised on use."""

    radial: Unit = 0.0
    along_track: Unit = 0.0
    cross_track: Unit = 0.0

    @model_validator(mode="after")
    def _points_somewhere(self) -> Direction:
        if self.radial == self.along_track == self.cross_track == 0.0:
            raise ValueError("a direction needs at least one component that is not zero")
        return self


class Engine(Record):
    """A rocket engine: thrust in vacuum and specific impulse."""

    thrust_n: Force
    specific_impulse_s: Annotated[Number, Field(gt=0.0, le=10000.0)]


class SeparationBurn(Record):
    """A burn of the attitude thrusters after undocking: when, how long, how much, which way.

    `delay_s` counts from the undocking to the start of the burn.
    """

    delay_s: Duration
    duration_s: Duration
    delta_v_m_s: Annotated[Speed, Field(gt=0.0, le=100.0)]
    direction: Direction


class Departure(Record):
    """How the ship leaves the station."""

    spring_speed_m_s: Annotated[Speed, Field(ge=0.0, le=5.0)]
    spring_direction: Direction
    burns: tuple[SeparationBurn, ...] = ()


Radius = Annotated[Length, Field(gt=0.0, le=1000.0)]


class Ship(Record):
    """The whole ship before it splits: mass, drag and engines.

    `hard_body_radius_m` is that of the sphere about its centre that holds all of it in every attitude.
    """

    mass_kg: PositiveMass
    propellant_kg: Mass
    drag_area_m2: Area
    hard_body_radius_m: Radius | None = None
    deorbit_engine: Engine
    burn_attitude: Literal["local", "inertial"] = "local"
    departure: Departure

    @model_validator(mode="after")
    def _propellant_fits(self) -> Ship:
        if self.propellant_kg >= self.mass_kg:
            raise ValueError(f"propellant_kg = {self.propellant_kg:g} must be less than mass_kg = {self.mass_kg:g}")
        return self


class Aerodynamics(Record):
    """Trim aerodynamics of the capsule against Mach number, and the free-molecular limit.

    `drag_coefficient` and `lift_to_drag` belong to `reference_area_m2` of the capsule. Between the continuum and
    the free-molecular limit the kernels bridge in Knudsen number based on `reference_length_m`.
    """

    mach: tuple[Annotated[Number, Field(ge=0.0, le=100.0)], ...] = Field(min_length=1, max_length=64)
    drag_coefficient: tuple[Annotated[Number, Field(gt=0.0, le=10.0)], ...]
    lift_to_drag: tuple[Annotated[Number, Field(ge=-5.0, le=5.0)], ...]
    free_molecular_drag_coefficient: Annotated[Number, Field(gt=0.0, le=10.0)] | None = None
    free_molecular_lift_to_drag: Annotated[Number, Field(ge=-5.0, le=5.0)] | None = None

    @model_validator(mode="after")
    def _same_length_and_rising(self) -> Aerodynamics:
        if not len(self.mach) == len(self.drag_coefficient) == len(self.lift_to_drag):
            raise ValueError(
                "mach, drag_coefficient and lift_to_drag need the same number of values, "
                f"got {len(self.mach)}, {len(self.drag_coefficient)} and {len(self.lift_to_drag)}"
            )
        if any(b <= a for a, b in pairwise(self.mach)):
            raise ValueError("mach must rise from value to value")
        return self


class BankLimits(Record):
    """How fast the capsule can roll about its velocity."""

    max_rate_deg_s: AngularRate
    max_acceleration_deg_s2: AngularAcceleration


class Capsule(Record):
    """The body that enters: the descent module."""

    mass_kg: PositiveMass
    reference_area_m2: Annotated[Area, Field(gt=0.0)]
    reference_length_m: Annotated[Length, Field(gt=0.0, le=1000.0)]
    nose_radius_m: Radius
    hard_body_radius_m: Radius | None = None
    aerodynamics: Aerodynamics
    bank: BankLimits | None = None


class DiscardedModule(Record):
    """A part that flies on alone after the split and burns.

    `centre_distance_m` lies between its centre and the capsule's while they are joined, `hard_body_radius_m` is that
    of the sphere about it that holds all of it: separations need both. `attached_drag_area_m2` is the drag area of
    module and capsule together, for a failed separation.
    """

    name: Annotated[str, Field(min_length=1, max_length=64)]
    mass_kg: PositiveMass
    drag_area_m2: Annotated[Area, Field(gt=0.0)]
    separation_speed_m_s: Annotated[Speed, Field(ge=0.0, le=20.0)]
    separation_direction: Direction
    centre_distance_m: Annotated[Length, Field(ge=0.0, le=1000.0)] | None = None
    hard_body_radius_m: Radius | None = None
    attached_drag_area_m2: Annotated[Area, Field(gt=0.0)] | None = None


class Split(Record):
    """The separation into modules: planned altitude (the timer is set for it) and the parts left behind.

    `debris` names the catalogue of their fragments: a preset, or a path that counts from the folder of the mission.
    """

    altitude_m: Annotated[Length, Field(ge=80e3, le=1000e3)]
    modules: tuple[DiscardedModule, ...] = Field(min_length=1)
    debris: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> Split:
        names = [module.name for module in self.modules]
        taken = {"ship", "capsule", "station"}.intersection(names)
        if taken or len(set(names)) != len(names):
            raise ValueError(f"modules need names of their own (not ship, capsule, station), got {', '.join(names)}")
        return self


class CanopyStage(Record):
    """One step of the parachute sequence: what triggers it, what drag area it inflates to and how fast.

    A stage starts `delay_s` after the previous stage started, or when the capsule falls through `altitude_m`,
    whichever is later if both are given. `release_mass_kg` leaves the capsule when the stage starts.
    """

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]
    delay_s: Duration = 0.0
    altitude_m: Annotated[Length, Field(ge=0.0, le=100e3)] | None = None
    drag_area_m2: Area
    inflation_s: Annotated[Duration, Field(gt=0.0, le=120.0)] = 1.0
    release_mass_kg: Mass = 0.0


class LandingEngines(Record):
    """Soft-landing engines: fired at a height above the ground measured by the altimeter."""

    height_m: Annotated[Length, Field(gt=0.0, le=100.0)]
    thrust_n: Force
    burn_s: Annotated[Duration, Field(gt=0.0, le=60.0)]
    specific_impulse_s: Annotated[Number, Field(gt=0.0, le=1000.0)]


class Parachutes(Record):
    """The parachute sequence from the command to the ground, and the landing engines."""

    command_altitude_m: Annotated[Length, Field(ge=100.0, le=50e3)]
    stages: tuple[CanopyStage, ...] = Field(min_length=1, max_length=16)
    landing_engines: LandingEngines | None = None

    @model_validator(mode="after")
    def _stages_in_order(self) -> Parachutes:
        names = [stage.name for stage in self.stages]
        if len(set(names)) != len(names):
            raise ValueError(f"each canopy stage needs a name of its own, got {', '.join(names)}")
        last = self.command_altitude_m
        for stage in self.stages:
            if stage.altitude_m is not None:
                if stage.altitude_m > last:
                    raise ValueError(
                        f"stage '{stage.name}' waits for {stage.altitude_m:g} m, above {last:g} m of the command "
                        "or of a stage before it; write the stages in the order of the descent"
                    )
                last = stage.altitude_m
        return self


class Vehicle(Record):
    """A vehicle file: the capsule is required; ship, split and parachutes only for the phases that need them."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    title: str = ""
    sources: tuple[str, ...] = ()
    ship: Ship | None = None
    split: Split | None = None
    capsule: Capsule
    parachutes: Parachutes | None = None
    load_limit_g: LoadG | None = None
    crew: Annotated[int, Field(ge=0, le=20)] | None = None

    @model_validator(mode="after")
    def _masses_fit(self) -> Vehicle:
        if self.ship and self.split:
            parts = self.capsule.mass_kg + sum(module.mass_kg for module in self.split.modules)
            if parts > self.ship.mass_kg:
                raise ValueError(
                    f"capsule and split.modules weigh {parts:g} kg together, more than ship.mass_kg = "
                    f"{self.ship.mass_kg:g} kg"
                )
        if self.parachutes:
            dropped = sum(stage.release_mass_kg for stage in self.parachutes.stages)
            if dropped >= self.capsule.mass_kg:
                raise ValueError(
                    f"parachutes.stages release {dropped:g} kg, but capsule.mass_kg is only {self.capsule.mass_kg:g} kg"
                )
        return self


GuidanceLaw = Literal["predictor-corrector", "apparent-velocity", "open-loop", "ballistic"]
