"""What a flight leaves behind: columns, events, status and provenance. Data only; no plotting, no files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from steppe.config.loader import LoadedMission
from steppe.errors import Status

Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Event:
    """One moment of the flight.

    Attributes
    ----------
    name
        One of the names in `steppe.nomenclature.EVENTS`, or the name of a canopy stage.
    time_s
        Seconds since the epoch of the flight.
    utc
        The same as a date.
    altitude_m, latitude_deg, longitude_deg
        Geodetic position on WGS-84 (or on the sphere that the mission chose).
    speed_m_s
        Speed relative to the air.
    mach
        Mach number; without meaning above about 100 km, where the flow is free-molecular.
    published_utc
        When it really happened, if that was published.
    published_precision_s
        How precisely that was published, in seconds.
    """

    name: str
    time_s: float
    utc: datetime
    altitude_m: float
    latitude_deg: float
    longitude_deg: float
    speed_m_s: float
    mach: float
    published_utc: datetime | None = None
    published_precision_s: float | None = None

    @property
    def difference_s(self) -> float | None:
        """Flown minus published time in seconds, or None if nothing was published."""
        return None if self.published_utc is None else (self.utc - self.published_utc).total_seconds()


@dataclass(frozen=True, slots=True)
class Track:
    """The trajectory of one body as columns of equal length; names, units and frames are in `nomenclature`.

    Attributes
    ----------
    body
        ``"ship"``, ``"capsule"``, ``"station"`` or the name of a discarded module.
    columns
        Name to values, one value per sample; every name is in `steppe.nomenclature.VARIABLES`.
    """

    body: str
    columns: dict[str, Column]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.columns["time_s"])


@dataclass(frozen=True, slots=True)
class Touchdown:
    """The moment and the place of the landing, and its distance from where the real one was."""

    utc: datetime
    latitude_deg: float
    longitude_deg: float
    speed_m_s: float
    speed_before_engines_m_s: float
    distance_to_zone_km: float | None
    distance_to_published_km: float | None


@dataclass(frozen=True, slots=True)
class Contact:
    """What happens on the ground; docs/models/landing.md says what is assumed.

    Attributes
    ----------
    vertical_speed_m_s, horizontal_speed_m_s
        Across and along the ground at the first contact.
    slope_deg
        Of the ground, taken to fall in the direction of the motion.
    tips_over, tilt_deg
        Whether the capsule ends on its side, and its largest tilt.
    dragged_m
        How far it slides until it rests.
    capsule_load_g, seat_load_g, seat_stroke_m
        The largest load of the floor and of the seat on its damper, and how far that gives way.
    drx, dry, drz, beta
        Brinkley's dynamic responses chest to back, sideways and head to foot; beta at most 1 is a low risk.
    injury_probability
        Of people in condition, by beta.
    """

    vertical_speed_m_s: float
    horizontal_speed_m_s: float
    slope_deg: float
    tips_over: bool
    tilt_deg: float
    dragged_m: float
    capsule_load_g: float
    seat_load_g: float
    seat_stroke_m: float
    drx: float
    dry: float
    drz: float
    beta: float
    injury_probability: float


@dataclass(frozen=True, slots=True)
class Opening:
    """How one canopy opens.

    Attributes
    ----------
    stage
        Name of the stage in the vehicle file (or of the reserve).
    speed_m_s, dynamic_pressure_pa
        When it begins to fill.
    force_n, load_g, after_s
        The largest pull of the canopies while it fills and stands, the sensed load then, and how long after its begin.
    factor
        The largest pull over the drag of the full stage at the first dynamic pressure (Knacke's opening force factor).
    fill_diameters
        Way at the first speed in its filling time, in diameters; not a number without a diameter.
    limit_n
        What its lines hold, not a number if the vehicle file does not say.
    curve
        ``time_s`` (after the epoch), ``airspeed_m_s``, ``pull_n`` and ``drag_area_m2`` of the filling and after, in
        steps of 20 ms at most; not in the products.
    """

    stage: str
    speed_m_s: float
    dynamic_pressure_pa: float
    force_n: float
    load_g: float
    after_s: float
    factor: float
    fill_diameters: float
    limit_n: float
    curve: dict[str, Column] = field(default_factory=dict, compare=False, repr=False)

    @property
    def margin(self) -> float:
        """The limit over the pull, less 1; negative where it is exceeded."""
        return self.limit_n / self.force_n - 1.0


@dataclass(frozen=True, slots=True)
class Peaks:
    """The largest values of the entry: load in g, stagnation heat flux in W/m2, dynamic pressure in Pa."""

    load_g: float
    heat_flux_w_m2: float
    dynamic_pressure_pa: float


@dataclass(frozen=True, slots=True)
class Departing:
    """How the ship left the station.

    Attributes
    ----------
    columns
        ``time_s``, ``radial_m``, ``along_track_m``, ``cross_track_m``, ``distance_m`` of the ship relative to the
        station in the station's LVLH frame.
    distance_at_ignition_m
        Distance when the deorbit burn begins.
    closest_after_separation_m
        The smallest distance after the last separation burn has ended and the ship has left its vicinity.
    returns
        True if the distance ever shrinks again below what it was when the last separation burn ended.
    """

    columns: dict[str, Column]
    distance_at_ignition_m: float
    closest_after_separation_m: float
    returns: bool


@dataclass(frozen=True, slots=True)
class Flight:
    """A flown return.

    Attributes
    ----------
    mission
        The mission with its vehicle and zone, as loaded.
    status
        How it ended.
    epoch
        The date at `time_s` = 0.
    track
        The ship until the split, then the capsule to the ground: one continuous trajectory.
    modules
        The discarded modules.
    events
        In order of time.
    provenance
        Version, hash of the configuration, names of the models, dates of the tables.
    contact
        What happens on the ground, None if the vehicle does not say what lands.
    openings
        How each canopy opens, in order of time.
    """

    mission: LoadedMission
    status: Status
    epoch: datetime
    track: Track
    modules: tuple[Track, ...]
    events: tuple[Event, ...]
    peaks: Peaks
    touchdown: Touchdown | None
    departing: Departing | None
    plan: dict[str, float | str | None]
    provenance: dict[str, str]
    notes: tuple[str, ...] = field(default=())
    contact: Contact | None = None
    openings: tuple[Opening, ...] = ()

    def utc_at(self, time_s: float) -> datetime:
        """Return the date at `time_s` seconds after the epoch, rounded to microseconds."""
        return self.epoch + timedelta(seconds=float(time_s))

    def event(self, name: str) -> Event | None:
        """Return the event of that name, or None if it did not happen."""
        return next((event for event in self.events if event.name == name), None)
