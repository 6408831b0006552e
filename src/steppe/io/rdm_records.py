"""What a CCSDS Re-entry Data Message (508.1-B-1) says, as records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Literal

from steppe.errors import MessageError
from steppe.io.rdm_table import OPTIONAL_METADATA

Notation = Literal["kvn", "xml"]

FRAME: Final = "ITRF2000"
PROBABILITIES: Final = ("impact", "burn_up", "break_up", "land_impact", "casualty")


@dataclass(frozen=True, slots=True)
class Reentry:
    """When the body falls through the re-entry altitude for good.

    Attributes
    ----------
    altitude_m
        The altitude; 508.1-B-1 means height above a sphere, steppe gives geodetic height (WGS-84).
    lifetime_s
        From the message's `epoch` to the crossing.
    epoch, window
        The crossing as a date, and the earliest and latest date; None if not given.
    confidence_percent
        How probable the window is.
    """

    altitude_m: float
    lifetime_s: float
    epoch: datetime | None = None
    window: tuple[datetime, datetime] | None = None
    confidence_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A region of impact: `confidence_percent` of the impacts lie inside.

    It reaches along the ground track from the start to the stop point, and `cross_track_m` to either side of the
    nominal impact (508.1-B-1, section 3.5.18: the nominal impact plus and minus the cross-track interval).
    """

    confidence_percent: float
    start_latitude_deg: float
    start_longitude_deg: float
    stop_latitude_deg: float
    stop_longitude_deg: float
    cross_track_m: float


@dataclass(frozen=True, slots=True)
class Impact:
    """Where and when the body or its pieces reach the ground; None and empty where not given.

    Attributes
    ----------
    probability
        Name (one of `PROBABILITIES`) to probability, 0 to 1.
    epoch, window
        Nominal, earliest and latest date.
    latitude_deg, longitude_deg, altitude_m
        The nominal place, geodetic (WGS-84).
    intervals
        At most three, rising in confidence.
    """

    probability: dict[str, float] = field(default_factory=dict)
    epoch: datetime | None = None
    window: tuple[datetime, datetime] | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    intervals: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Position and velocity at a date, Earth-fixed unless the metadata name another frame.

    Attributes
    ----------
    epoch
        The date.
    position_m, velocity_m_s
        Three components each; the velocity is relative to the frame.
    covariance
        The lower triangle, row by row (21 values in m2, m2/s, m2/s2), or None.
    covariance_frame
        Its frame, "" for that of the state.
    """

    epoch: datetime
    position_m: tuple[float, float, float]
    velocity_m_s: tuple[float, float, float]
    covariance: tuple[float, ...] | None = None
    covariance_frame: str = ""


@dataclass(frozen=True, slots=True)
class ReentryMessage:
    """One re-entry message about one body.

    Attributes
    ----------
    message_id, originator, created
        The header; `created` is now if None.
    object_name, designator, object_type, controlled
        Which body: its name, its international designator (or ``UNKNOWN``), ``PAYLOAD``, ``ROCKET BODY``, ``DEBRIS``,
        ``OTHER`` or ``UNKNOWN``, and ``YES``, ``NO`` or ``UNKNOWN``.
    epoch
        The date from which the lifetime counts.
    reentry, impact, state
        What happens to it.
    mass_kg, drag_area_m2, drag_coefficient, ballistic_kg_m2
        The body; None where not given.
    metadata
        Optional keywords of the metadata, for example ``{"ATMOSPHERIC_MODEL": "NRLMSIS 2.1"}``.
    user_defined
        Own parameters, name (capitals) to text, for example the hash of the configuration.
    comments
        Lines at the head.
    """

    message_id: str
    object_name: str
    epoch: datetime
    reentry: Reentry
    impact: Impact | None = None
    state: State | None = None
    designator: str = "UNKNOWN"
    object_type: str = "PAYLOAD"
    controlled: str = "YES"
    originator: str = "STEPPE"
    created: datetime | None = None
    mass_kg: float | None = None
    drag_area_m2: float | None = None
    drag_coefficient: float | None = None
    ballistic_kg_m2: float | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    user_defined: dict[str, str] = field(default_factory=dict)
    comments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse keywords that the standard does not have and intervals that it forbids."""
        for key in self.metadata:
            if key not in OPTIONAL_METADATA:
                raise MessageError(f"metadata: {key} is no optional keyword of a Re-entry Data Message")
        intervals = self.impact.intervals if self.impact else ()
        sizes = [interval.confidence_percent for interval in intervals]
        if len(sizes) > 3 or any(b <= a for a, b in pairwise(sizes)):
            raise MessageError(f"impact.intervals: at most three, rising in confidence (3.5.16), got {sizes}")
        if intervals and self.impact and self.impact.latitude_deg is None:
            raise MessageError("impact.intervals: they need a nominal place of impact")


def utc(value: datetime) -> datetime:
    """Return a date in UTC; one without a zone is taken as UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
