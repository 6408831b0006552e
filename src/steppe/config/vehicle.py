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


FillingTime = Annotated[Duration, Field(gt=0.0, le=120.0)]
FillDiameters = Annotated[Number, Field(gt=0.0, le=100.0)]


def _one_way_to_fill(
    what: str, inflation_s: float | None, fill_diameters: float | None, diameter_m: float | None
) -> None:
    """Raise ValueError where a canopy is told two ways to fill, or a way in diameters without its diameter."""
    if inflation_s is not None and fill_diameters is not None:
        raise ValueError(
            f"{what} fills in inflation_s = {inflation_s:g} and along fill_diameters = {fill_diameters:g}; "
            "give one of the two: the diameters fit every speed, the time the one speed it was measured at"
        )
    if fill_diameters is not None and diameter_m is None:
        raise ValueError(
            f"{what} fills along fill_diameters = {fill_diameters:g}, but of which canopy? "
            "Give its diameter_m, laid flat: sqrt(4 / pi x area of the cloth)"
        )


class CanopyStage(Record):
    """One step of the parachute sequence: what triggers it, what drag area it inflates to and how fast.

    A stage starts `delay_s` after the previous stage started, or when the capsule falls through `altitude_m`,
    whichever is later if both are given. `release_mass_kg` leaves the capsule when the stage starts. The opening load
    is compared with the `load_limit_n` of the lines.

    It fills along a way of `fill_diameters` times the `diameter_m` of the canopy laid flat, t = n D / V (Knacke), or
    in a given `inflation_s`; without both in 1 s. Its drag area grows with time to the power `growth_exponent`: 1 for
    ribbon and ringslot canopies, 2 for solid cloth (Knacke). `inflated_diameter_m` is that of the half sphere of air
    that moves with it when it stands; without it that of a cup with a drag coefficient of 1.4.
    """

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]
    delay_s: Duration = 0.0
    altitude_m: Annotated[Length, Field(ge=0.0, le=100e3)] | None = None
    drag_area_m2: Area
    inflation_s: FillingTime | None = None
    fill_diameters: FillDiameters | None = None
    growth_exponent: Annotated[Number, Field(ge=1.0, le=6.0)] = 2.0
    diameter_m: Radius | None = None
    inflated_diameter_m: Radius | None = None
    load_limit_n: Annotated[Force, Field(gt=0.0)] | None = None
    release_mass_kg: Mass = 0.0

    @model_validator(mode="after")
    def _fills_one_way(self) -> CanopyStage:
        _one_way_to_fill(f"stage '{self.name}'", self.inflation_s, self.fill_diameters, self.diameter_m)
        return self


class LandingEngines(Record):
    """Soft-landing engines: fired at a height above the ground measured by the altimeter; `thrust_n` of all `count`."""

    height_m: Annotated[Length, Field(gt=0.0, le=100.0)]
    thrust_n: Force
    burn_s: Annotated[Duration, Field(gt=0.0, le=60.0)]
    specific_impulse_s: Annotated[Number, Field(gt=0.0, le=1000.0)]
    count: Annotated[int, Field(ge=1, le=100)] = 1


class Reserve(Record):
    """The reserve parachute: looked at once, on the way down through `decision_altitude_m`.

    It opens where the sink rate there is above `sink_limit_m_s`, beside whatever of the main parachute stands: first
    reefed for `reefed_s`, then full. Above `drogue_sink_m_s` a drogue, or the canopy more deeply reefed, of
    `drogue_drag_area_m2` slows the capsule for `drogue_s` before. Under it the landing engines fire at
    `engine_height_m`, if that is given. It fills as a stage does, along `reefed_fill_diameters` (in a second if that is
    not given) and along `fill_diameters` or in `inflation_s`; the drogue along `drogue_fill_diameters` of
    `drogue_diameter_m`.
    """

    decision_altitude_m: Annotated[Length, Field(ge=100.0, le=50e3)]
    sink_limit_m_s: Annotated[Speed, Field(gt=0.0, le=500.0)]
    reefed_drag_area_m2: Annotated[Area, Field(gt=0.0)]
    reefed_s: Annotated[Duration, Field(gt=0.0, le=120.0)]
    drag_area_m2: Annotated[Area, Field(gt=0.0)]
    inflation_s: FillingTime | None = None
    fill_diameters: FillDiameters | None = None
    reefed_fill_diameters: FillDiameters | None = None
    growth_exponent: Annotated[Number, Field(ge=1.0, le=6.0)] = 2.0
    diameter_m: Radius | None = None
    inflated_diameter_m: Radius | None = None
    drogue_drag_area_m2: Annotated[Area, Field(gt=0.0)] | None = None
    drogue_s: Annotated[Duration, Field(gt=0.0, le=120.0)] | None = None
    drogue_sink_m_s: Annotated[Speed, Field(gt=0.0, le=500.0)] | None = None
    drogue_diameter_m: Radius | None = None
    drogue_fill_diameters: FillDiameters | None = None
    engine_height_m: Annotated[Length, Field(gt=0.0, le=100.0)] | None = None

    @model_validator(mode="after")
    def _fills_one_way(self) -> Reserve:
        _one_way_to_fill("the reserve", self.inflation_s, self.fill_diameters, self.diameter_m)
        _one_way_to_fill("the reefed reserve", None, self.reefed_fill_diameters, self.diameter_m)
        _one_way_to_fill("the drogue of the reserve", None, self.drogue_fill_diameters, self.drogue_diameter_m)
        return self

    @model_validator(mode="after")
    def _drogue_is_whole(self) -> Reserve:
        told = {
            "drogue_drag_area_m2": self.drogue_drag_area_m2, "drogue_s": self.drogue_s,
            "drogue_sink_m_s": self.drogue_sink_m_s,
        }  # fmt: skip
        missing = [name for name, value in told.items() if value is None]
        if missing and len(missing) < len(told):
            raise ValueError(f"a drogue of the reserve needs {', '.join(told)} together; {', '.join(missing)} missing")
        return self


class Parachutes(Record):
    """The parachute sequence from the command to the ground, the reserve, and the landing engines.

    The air in the canopies has inertia: `apparent_mass_coefficient` times the half sphere under each; 0 leaves it out.
    """

    command_altitude_m: Annotated[Length, Field(ge=100.0, le=50e3)]
    apparent_mass_coefficient: Annotated[Number, Field(ge=0.0, le=5.0)] = 0.0
    stages: tuple[CanopyStage, ...] = Field(min_length=1, max_length=16)
    reserve: Reserve | None = None
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


Short = Annotated[Length, Field(gt=0.0, le=100.0)]


class Landing(Record):
    """What decides whether the capsule stays upright and what its crew feels: a flat base, a canopy, a seat.

    `inertia_kg_m2` is about the centre of gravity, across the axis, at `centre_height_m` above the base; the risers
    hold at `attachment_height_m`. `friction` is that of the base and its edge in the soil, which stops the capsule in
    `soil_depth_m`. After the touchdown the canopy drifts `canopy_slack_m` before its lines are taut; it is cut
    `canopy_cut_s` after the touchdown. The seat gives way by `seat_stroke_m`; spring and damper of it by their natural
    frequency and damping ratio. The canopy stands `canopy_height_m` above the ground when the capsule lands; the wind
    there is that of 10 m by the logarithmic law over ground of `roughness_m`.
    """

    base_radius_m: Short
    centre_height_m: Short
    attachment_height_m: Short
    inertia_kg_m2: Annotated[Number, Field(gt=0.0, le=1e9)]
    friction: Annotated[Number, Field(ge=0.0, le=10.0)]
    soil_depth_m: Short
    canopy_slack_m: Annotated[Length, Field(gt=0.0, le=1000.0)]
    canopy_cut_s: Duration
    seat_stroke_m: Short
    seat_frequency_rad_s: Annotated[Number, Field(gt=0.0, le=1000.0)]
    seat_damping: Annotated[Number, Field(ge=0.0, le=10.0)]
    canopy_height_m: Annotated[Length, Field(ge=10.0, le=500.0)] = 10.0
    roughness_m: Annotated[Length, Field(ge=1e-4, le=1.0)] = 0.03

    @model_validator(mode="after")
    def _risers_on_top(self) -> Landing:
        if self.attachment_height_m < self.centre_height_m:
            raise ValueError(
                f"attachment_height_m = {self.attachment_height_m:g} lies below the centre of gravity at "
                f"centre_height_m = {self.centre_height_m:g}; a capsule hangs from above"
            )
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
    landing: Landing | None = None
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
