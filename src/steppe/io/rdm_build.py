"""Builds re-entry messages from flights, from clouds of impacts and from plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.constants import SPHERICAL_RADIUS_M
from steppe.errors import MessageError
from steppe.flight.result import Flight, Track
from steppe.io.ccsds import free_name, slug
from steppe.io.rdm import write_rdm
from steppe.io.rdm_records import FRAME, Impact, Interval, Reentry, ReentryMessage, State

Floats = npt.NDArray[np.float64]


def rdm_of(
    object_name: str,
    message_id: str,
    epoch: datetime,
    reentry_epoch: datetime,
    reentry_altitude_m: float,
    *,
    reentry_window: tuple[datetime, datetime] | None = None,
    confidence_percent: float | None = None,
    impact_epoch: datetime | None = None,
    impact_window: tuple[datetime, datetime] | None = None,
    impact_place_deg: tuple[float, float] | None = None,
    intervals: Iterable[Interval] = (),
    probability: Mapping[str, float] | None = None,
    state: State | None = None,
    mass_kg: float | None = None,
    models: Mapping[str, str] | None = None,
    config_hash: str = "",
    comments: Iterable[str] = (),
    **more: Any,
) -> ReentryMessage:
    """Build a message from plain numbers.

    Parameters
    ----------
    object_name, message_id
        Of which body, and a name of the message that the originator uses once.
    epoch, reentry_epoch, reentry_altitude_m
        From when the lifetime counts, when the body falls through the altitude, the altitude in m.
    reentry_window, confidence_percent
        Earliest and latest crossing, and how probable it is that it lies between them.
    impact_epoch, impact_window, impact_place_deg
        When the ground is reached, and where: (latitude, longitude) in deg.
    intervals
        See `intervals_of`.
    probability
        Names of `PROBABILITIES` to 0 to 1.
    state
        Position and velocity at the crossing.
    models
        Optional metadata keywords to text.
    config_hash
        Hash of the configuration: a user-defined parameter and a comment.
    comments
        Lines for people.
    more
        Further fields of `ReentryMessage`.

    Raises
    ------
    MessageError
        If a field breaks a rule of the standard.
    """
    reentry = Reentry(
        reentry_altitude_m, (reentry_epoch - epoch).total_seconds(), reentry_epoch, reentry_window, confidence_percent
    )
    latitude_deg, longitude_deg = impact_place_deg or (None, None)
    impact = Impact(
        dict(probability or {}), impact_epoch, impact_window, latitude_deg, longitude_deg, None, tuple(intervals)
    )
    own = {"CONFIG_HASH": config_hash} if config_hash else {}
    return ReentryMessage(
        message_id, object_name, epoch, reentry, None if impact == Impact() else impact, state,
        mass_kg=mass_kg, metadata=dict(models or {}), user_defined=own, comments=tuple(comments), **more,
    )  # fmt: skip


def intervals_of(
    latitude_deg: Floats, longitude_deg: Floats, confidence_percent: tuple[float, ...] = (50.0, 90.0, 99.0)
) -> tuple[tuple[float, float], tuple[Interval, ...]]:
    """Return the nominal place (latitude, longitude in deg) and the confidence intervals of a cloud of impacts.

    The cloud is laid on the plane that touches the sphere at its median; its first principal axis is the ground track.
    Each interval is central in both directions and holds sqrt(share) of the points in each, so the share in both:
    exact if along-track and cross-track misses are independent.

    Parameters
    ----------
    latitude_deg, longitude_deg
        Impacts, shape (n,), n at least 3.
    confidence_percent
        At most three, rising.

    Raises
    ------
    MessageError
        If there are fewer than three impacts.
    """
    if len(latitude_deg) < 3:
        raise MessageError(f"an interval needs at least three impacts, got {len(latitude_deg)}")
    longitude = np.unwrap(np.asarray(longitude_deg, dtype=float), period=360.0)
    middle = (float(np.median(latitude_deg)), float(np.median(longitude)))
    metres = math.radians(1.0) * SPHERICAL_RADIUS_M
    scale = np.array([metres, metres * math.cos(math.radians(middle[0]))])
    points = np.column_stack([latitude_deg - middle[0], longitude - middle[1]]) * scale
    values, vectors = np.linalg.eigh(np.cov(points.T))
    along = vectors[:, int(np.argmax(values))]
    # the start lies in the west, where a return from the station comes from
    along = along if along[1] >= 0.0 else -along
    across = np.array([-along[1], along[0]])
    found = []
    for percent in confidence_percent:
        tail = 50.0 * (1.0 - math.sqrt(percent / 100.0))
        low, high = np.percentile(points @ along, [tail, 100.0 - tail])
        half = float(np.percentile(np.abs(points @ across), 100.0 - 2.0 * tail))
        start, stop = (np.array(middle) + reach * along / scale for reach in (low, high))
        found.append(Interval(percent, start[0], _wrapped(start[1]), stop[0], _wrapped(stop[1]), half))
    return (middle[0], _wrapped(middle[1])), tuple(found)


def rdm_of_track(flight: Flight, track: Track, altitude_m: float, message_id: str, **more: Any) -> ReentryMessage:
    """Build the message of one body of a flight: the crossing of `altitude_m` with the state there, and the landing.

    Parameters
    ----------
    flight, track
        The flight and one of its bodies.
    altitude_m
        The re-entry altitude, for example that of the entry interface.
    message_id
        The name of the message.
    more
        As in `rdm_of`; for a module the impact, for example.

    Raises
    ------
    MessageError
        If the body does not fall through that altitude.
    """
    columns = track.columns
    height, time_s = columns["altitude_m"], columns["time_s"]
    below = np.flatnonzero((height[1:] < altitude_m) & (height[:-1] >= altitude_m))
    if not below.size:
        raise MessageError(f"'{track.body}' does not fall through {altitude_m / 1e3:g} km")
    at = int(below[-1])
    share = (height[at] - altitude_m) / (height[at] - height[at + 1])

    def value(name: str) -> float:
        return float(columns[name][at] + share * (columns[name][at + 1] - columns[name][at]))

    crossing = flight.utc_at(value("time_s"))
    if not crossing > flight.epoch:
        # ORBIT_LIFETIME must be positive (508.1-B-1, table 3-3)
        raise MessageError(f"'{track.body}' begins at {altitude_m / 1e3:g} km, it does not fall through it")
    x, y, z = (_hermite(columns, axis, at, share) for axis in "xyz")
    u, v, w = (value(name) for name in ("vx_m_s", "vy_m_s", "vz_m_s"))
    landed = flight.touchdown if track is flight.track else None
    if landed is not None:
        more.setdefault("impact_epoch", landed.utc)
        more.setdefault("impact_place_deg", (landed.latitude_deg, landed.longitude_deg))
        more.setdefault("probability", {"impact": 1.0, "burn_up": 0.0})
    if "mass_kg" in columns:
        more.setdefault("mass_kg", value("mass_kg"))
    models = {"REF_FRAME": FRAME, "N_BODY_PERTURBATIONS": "NONE", "SOLAR_RAD_PRESSURE": "NO", "EARTH_TIDES": "NO"}
    models["GRAVITY_MODEL"] = f"EGM2008: {flight.mission.mission.earth.zonal_degree}D 0O"
    models["REENTRY_DISINTEGRATION"] = "NONE"
    if "air" in flight.provenance:
        models["ATMOSPHERIC_MODEL"] = flight.provenance["air"]
    more["models"] = {**models, **more.get("models", {})}
    more.setdefault("config_hash", flight.provenance.get("config_hash", ""))
    more.setdefault("comments", [f"{key}: {text}" for key, text in sorted(flight.provenance.items())])
    more.setdefault("state", State(crossing, (x, y, z), (u, v, w)))
    name = f"{(flight.mission.mission.title or flight.mission.mission.name).split(',')[0]} {track.body}"
    return rdm_of(name, message_id, flight.utc_at(float(time_s[0])), crossing, altitude_m, **more)


def write_flight_messages(flight: Flight, folder: Path, created: datetime | None = None) -> list[Path]:
    """Write the message of the capsule and of each module that falls through the entry interface, in both notations.

    Parameters
    ----------
    flight
        The flight.
    folder
        An existing folder.
    created
        The CREATION_DATE; now if None.

    Returns
    -------
    list of Path
        ``BODY.rdm`` and ``BODY.xml``, named as the ephemerides are.

    Raises
    ------
    OutputError
        If a file cannot be written or a message breaks a rule of the standard.
    """
    mission = flight.mission.mission
    altitude_m = mission.guidance.entry_interface_altitude_m
    written: list[Path] = []
    for track in (flight.track, *flight.modules):
        name = free_name(slug(track.body), written[::2])
        ephemeris = {"EPHEMERIS_NAME": f"{name}.oem"}
        message_id = f"STEPPE/{mission.name}/{name}/{flight.provenance.get('config_hash', '')[:12]}"
        try:
            message = rdm_of_track(flight, track, altitude_m, message_id, models=ephemeris, created=created)
        except MessageError:
            # it began below, or ended above: there is no entry to tell of
            continue
        for suffix in (".rdm", ".xml"):
            written.append(Path(folder) / f"{name}{suffix}")
            write_rdm(written[-1], message)
    return written


def _hermite(columns: Mapping[str, Floats], axis: str, at: int, t: float) -> float:
    """Return a coordinate between two samples by the cubic through both places and velocities.

    A straight line would be off by up to a metre of fall over a second.
    """
    span = float(columns["time_s"][at + 1] - columns["time_s"][at])
    place, speed = columns[f"{axis}_m"][at : at + 2], columns[f"v{axis}_m_s"][at : at + 2]
    ends = (1.0 + 2.0 * t) * (1.0 - t) ** 2 * place[0] + t * t * (3.0 - 2.0 * t) * place[1]
    return float(ends + t * (1.0 - t) * span * ((1.0 - t) * speed[0] - t * speed[1]))


def _wrapped(longitude_deg: float) -> float:
    return (float(longitude_deg) + 180.0) % 360.0 - 180.0
