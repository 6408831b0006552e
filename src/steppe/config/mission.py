"""What a mission file and a zone file may say."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from steppe.config.failure import Failure
from steppe.config.manifest import Manifest
from steppe.config.surroundings import Air, Earth, Terrain, Wind
from steppe.config.units import Angle, Duration, Latitude, Length, LoadG, Longitude, Number, Speed
from steppe.config.vehicle import GuidanceLaw, Record


def _read_utc(value: Any) -> datetime:
    given = value
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise ValueError(f"expected a date and time with a zone, for example 2022-09-29T07:34:20Z, got '{given}'")
    if value.tzinfo is None:
        raise ValueError(f"the time {value.isoformat()} has no zone; write it in UTC, with a Z at the end")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"the time {value.isoformat()} is outside the years 1957 to 2099") from None


def _in_the_space_age(value: datetime) -> datetime:
    if not 1957 <= value.year <= 2099:
        raise ValueError(f"the year {value.year} is outside 1957 to 2099")
    return value


Utc = Annotated[datetime, BeforeValidator(_read_utc), AfterValidator(_in_the_space_age)]


class Zone(Record):
    """A landing zone: centre, radius and height of the ground at the centre.

    A zone that does not give its height takes that of the grid that comes with steppe, and sea level beyond the grid.
    """

    name: Annotated[str, Field(min_length=1, max_length=64)]
    title: str = ""
    latitude_deg: Latitude
    longitude_deg: Longitude
    radius_m: Annotated[Length, Field(gt=0.0, le=1000e3)] = 30e3
    ground_height_m: Annotated[Length, Field(ge=-500.0, le=9000.0)] | None = None
    sources: tuple[str, ...] = ()

    @property
    def ground_m(self) -> float:
        """Height of the ground in m: what is given, or sea level; `steppe.flight.ground.grounded` fills it in."""
        return 0.0 if self.ground_height_m is None else self.ground_height_m


class Station(Record):
    """The station's orbit: two lines, or a file (TLE, OMM or OEM) beside the mission file.

    `hard_body_radius_m` is that of the sphere that holds all of it: half of the 109 m of the ISS (NASA).
    """

    name: str = "station"
    hard_body_radius_m: Annotated[Length, Field(gt=0.0, le=1000.0)] = 54.5
    line1: str | None = None
    line2: str | None = None
    file: str | None = None
    source: str = ""

    @model_validator(mode="after")
    def _one_orbit(self) -> Station:
        lines = self.line1 is not None and self.line2 is not None
        if lines == (self.file is not None) or (self.line1 is None) != (self.line2 is None):
            raise ValueError("give either line1 and line2 (a two-line element set) or file (a TLE, OMM or OEM file)")
        return self


class DepartureChoice(Record):
    """The operator's choice of when to leave."""

    undocking_utc: Utc


class Deorbit(Record):
    """The operator's choice of the burn: how much, and when; without `ignition_utc` steppe plans the ignition.

    The errors are what the burn does otherwise than planned: the plan and the guidance do not know them.
    """

    delta_v_m_s: Annotated[Speed, Field(gt=0.0, le=2000.0)]
    ignition_utc: Utc | None = None
    ignition_error_s: Annotated[Number, Field(ge=-600.0, le=600.0)] = 0.0
    delta_v_error_m_s: Annotated[Number, Field(ge=-50.0, le=50.0)] = 0.0


class SurfaceStart(Record):
    """A start given as geodetic position and Earth-relative velocity (Earth-fixed frame).

    `speed_m_s`, `flight_path_angle_deg` and `heading_deg` describe the velocity relative to the turning Earth;
    heading is clockwise from north.
    """

    utc: Utc
    altitude_m: Annotated[Length, Field(ge=-500.0, le=50000e3)]
    latitude_deg: Latitude
    longitude_deg: Longitude
    speed_m_s: Annotated[Speed, Field(ge=0.0, le=20000.0)]
    flight_path_angle_deg: Annotated[Angle, Field(ge=-90.0, le=90.0)] = 0.0
    heading_deg: Angle = 90.0
    bank_deg: Angle = 0.0


Triple = tuple[Number, Number, Number]


class StateStart(Record):
    """A start given as position and velocity vectors in an Earth-fixed (ITRF) or inertial (TEME, GCRF) frame."""

    utc: Utc
    frame: Literal["ITRF", "TEME", "GCRF"] = "ITRF"
    position_m: Triple
    velocity_m_s: Triple
    bank_deg: Angle = 0.0


PhaseName = Literal["station", "orbit", "entry", "free", "canopy"]


class Start(Record):
    """Where the flight begins.

    ``phase = "station"`` (the default) begins docked; the other phases need `state` or `surface`:
    "orbit" begins with the deorbit burn, "entry" with the capsule alone, "free" flies one body without guidance,
    "canopy" begins with the parachute command.
    """

    phase: PhaseName = "station"
    state: StateStart | None = None
    surface: SurfaceStart | None = None

    @model_validator(mode="after")
    def _state_when_needed(self) -> Start:
        given = (self.state is not None) + (self.surface is not None)
        if self.phase == "station" and given:
            raise ValueError("a flight that starts at the station takes its state from [station]; remove it here")
        if self.phase != "station" and given != 1:
            raise ValueError(f"a flight that starts in phase '{self.phase}' needs either start.state or start.surface")
        return self


class Navigation(Record):
    """Errors of the navigation: sensors, and position and velocity at the last update before the entry.

    Vectors are in the local orbital frame of the update: radial, along-track, cross-track. All zero is perfect.
    """

    accelerometer_scale: Annotated[Number, Field(ge=-0.1, le=0.1)] = 0.0
    accelerometer_bias_m_s2: Triple = (0.0, 0.0, 0.0)
    gyro_drift_deg_h: Triple = (0.0, 0.0, 0.0)
    position_error_m: Triple = (0.0, 0.0, 0.0)
    velocity_error_m_s: Triple = (0.0, 0.0, 0.0)


class Guidance(Record):
    """How the entry is steered, and what turns it into the ballistic descent.

    `ballistic_after_s` commands the ballistic descent that long after the guidance starts. The trips do it by
    themselves: a sensed load that lasts, a tilt of the platform, or (apparent-velocity law) an entry time too far off.
    `relief_load_g` is the sensed load above which lift is turned up.

    The nominal bank angle is `reference_bank_deg` at 4 km/s and its cosine grows by `cosine_per_km_s` with speed.
    Derived, for nothing was published: 64 deg and 0.03 give 2427 km from entry interface to the parachutes (MS-03,
    Russo and Bortolato) and the 4 to 5 g of every report; a constant 60 deg gives the same range at 3.9 g.
    """

    law: GuidanceLaw = "predictor-corrector"
    entry_interface_altitude_m: Annotated[Length, Field(ge=50e3, le=200e3)] = 99.7e3
    start_altitude_m: Annotated[Length, Field(ge=20e3, le=150e3)] = 80.4e3
    period_s: Annotated[Duration, Field(gt=0.0, le=60.0)] = 1.0
    ballistic_roll_rate_deg_s: Annotated[Number, Field(gt=0.0, le=180.0)] = 13.0
    reference_bank_deg: Annotated[Number, Field(ge=0.0, le=180.0)] = 64.0
    cosine_per_km_s: Annotated[Number, Field(ge=-0.5, le=0.5)] = 0.03
    initial_bank_side: Literal["left", "right"] = "right"
    relief_load_g: LoadG = 4.4
    ballistic_after_s: Annotated[Duration, Field(ge=0.0)] | None = None
    trip_load_g: LoadG = 7.0
    trip_load_time_s: Duration = 5.0
    trip_tilt_deg: Annotated[Number, Field(gt=0.0, le=180.0)] = 60.0
    trip_entry_time_s: Annotated[Duration, Field(gt=0.0)] = 40.0
    navigation: Navigation = Navigation()
    bank_table_time_s: tuple[Annotated[Number, Field(ge=0.0)], ...] = ()
    bank_table_deg: tuple[Annotated[Number, Field(ge=-360.0, le=360.0)], ...] = ()

    @model_validator(mode="after")
    def _table_fits(self) -> Guidance:
        if len(self.bank_table_time_s) != len(self.bank_table_deg):
            raise ValueError("bank_table_time_s and bank_table_deg need the same number of values")
        times = self.bank_table_time_s
        if any(b <= a for a, b in pairwise(times)):
            raise ValueError("bank_table_time_s must rise from value to value")
        return self


class Output(Record):
    """What is recorded."""

    interval_s: Annotated[Duration, Field(gt=0.0)] = 1.0


class Stop(Record):
    """An end before the touchdown: an altitude on the way down, or a time after the start."""

    altitude_m: Annotated[Length, Field(ge=-500.0, le=1000e3)] | None = None
    after_s: Annotated[Duration, Field(gt=0.0)] | None = None


class Limits(Record):
    """What ends the flight as a failure."""

    load_g: LoadG = 25.0


class Published(Record):
    """What was published about the real return: shown beside the flight and never used by it.

    `planned_events` names those of `events` whose only published time is a plan from before the flight.
    """

    sources: tuple[str, ...] = ()
    events: dict[str, Utc] = Field(default_factory=dict)
    planned_events: tuple[str, ...] = ()
    precision_s: dict[str, Annotated[Number, Field(gt=0.0)]] = Field(default_factory=dict)
    touchdown_latitude_deg: Latitude | None = None
    touchdown_longitude_deg: Longitude | None = None
    launch_utc: Utc | None = None
    crew: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_of_events(self) -> Published:
        for key, names in (("precision_s", self.precision_s), ("planned_events", self.planned_events)):
            for name in names:
                if name not in self.events:
                    raise ValueError(f"{key} names the event '{name}', which published.events does not have")
        return self


class Mission(Record):
    """A mission file."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    title: str = ""
    vehicle: str
    zone: str | Zone | None = None
    station: Station | None = None
    departure: DepartureChoice | None = None
    deorbit: Deorbit | None = None
    start: Start = Start()
    stop: Stop | None = None
    earth: Earth = Earth()
    air: Air = Air()
    wind: Wind = Wind()
    terrain: Terrain = Terrain()
    guidance: Guidance = Guidance()
    limits: Limits = Limits()
    failure: Failure | None = None
    output: Output = Output()
    dispersions: str | None = None
    manifest: Manifest | None = None
    published: Published = Published()

    @model_validator(mode="after")
    def _complete(self) -> Mission:
        if self.start.phase == "station":
            missing = [key for key in ("station", "departure", "deorbit", "zone") if getattr(self, key) is None]
            if missing:
                raise ValueError(f"a flight from the station also needs: {', '.join(missing)}")
        if self.departure and self.deorbit and self.deorbit.ignition_utc:
            if self.deorbit.ignition_utc <= self.departure.undocking_utc:
                raise ValueError("deorbit.ignition_utc must be later than departure.undocking_utc")
        separates = self.failure is not None and self.failure.separation is not None
        if separates and self.start.phase not in ("station", "orbit"):
            raise ValueError("a failed separation needs a flight that separates: start at the station or in orbit")
        if self.start.phase == "orbit" and self.deorbit is None:
            raise ValueError("a flight that starts in orbit also needs [deorbit]")
        if self.guidance.law == "predictor-corrector" and self.start.phase in ("orbit", "entry") and self.zone is None:
            raise ValueError("predictor-corrector guidance needs a zone to steer to; give zone or another guidance.law")
        return self
