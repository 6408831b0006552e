"""Trajectories as CCSDS Orbit Ephemeris Messages, version 2.0 in key-value notation (CCSDS 502.0-B-2, 2009)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.errors import OutputError
from steppe.files import atomic_path
from steppe.flight.result import Flight, Track

Floats = npt.NDArray[np.float64]
_STATE = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")

# A sample is left out only where the interpolation that the message names gives it back within this
_THINNING_TOLERANCE_M = 0.01
_BLOCK = 10
# 502.0-B-2 section 7.3.2: a KVN line has at most 254 characters, blanks and key included
_COMMENT_LENGTH = 240


def write_oem(flight: Flight, folder: Path, created: datetime | None = None) -> list[Path]:
    """Write one OEM for the ship and its capsule (continuous) and one for each discarded module.

    Frame ITRF2000 (the newest ITRF name of the standard's list, annex A; at the metre level of a flight all its
    realisations agree), UTC, km and km/s; the velocity is relative to the turning Earth.

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
        The files, named after the bodies.

    Raises
    ------
    OutputError
        If a file cannot be written, or a trajectory breaks a rule of the standard.
    """
    created = created or datetime.now(UTC)
    written: list[Path] = []
    for track in (flight.track, *flight.modules):
        if len(track) == 0:
            continue
        path = Path(folder) / f"{free_name(slug(track.body), written)}.oem"
        message = oem(flight, track, created)
        with atomic_path(path) as temporary:
            temporary.write_text(message, encoding="ascii", newline="\n")
        written.append(path)
    return written


def oem(flight: Flight, track: Track, created: datetime) -> str:
    """Return the message of one body as text.

    Raises
    ------
    OutputError
        If the trajectory breaks a rule of the standard.
    """
    import ccsds_ndm

    keep = thin(track)
    epochs = [epoch_text(flight.epoch, time_s) for time_s in track.columns["time_s"][keep]]
    states_km = np.column_stack([track.columns[name][keep] for name in _STATE]) * 1e-3
    metadata = ccsds_ndm.OemMetadata(
        object_name=_object_name(flight, track),
        object_id="UNKNOWN",
        center_name="EARTH",
        ref_frame="ITRF2000",
        time_system="UTC",
        start_time=epochs[0],
        stop_time=epochs[-1],
        interpolation="HERMITE",
        interpolation_degree=3,
        comment=[
            "Earth-fixed frame of the IERS (ITRF), not distinguished from WGS 84; velocity relative to the Earth",
            f"Samples are left out where cubic Hermite interpolation meets them within {_THINNING_TOLERANCE_M} m",
        ],
    )
    header = ccsds_ndm.OdmHeader(
        creation_date=epoch_text(created.astimezone(UTC).replace(microsecond=0), 0.0, digits=0),
        originator="STEPPE",
        comment=_comments(flight),
    )
    try:
        data = ccsds_ndm.OemData.from_numpy(epochs, states_km)
        message = ccsds_ndm.Oem(header, [ccsds_ndm.OemSegment(metadata, data)])
        # issue 2 has every keyword that is used here, and every reader knows it
        message.version = "2.0"
        return str(message.to_str("kvn"))
    except (ccsds_ndm.NdmError, ValueError) as problem:
        raise OutputError(f"cannot write the trajectory of '{track.body}' as a CCSDS OEM: {problem}") from problem


def epoch_text(epoch: datetime, time_s: float, digits: int = 9) -> str:
    """Return a CCSDS calendar date `time_s` seconds after `epoch`.

    Nanoseconds, because a microsecond is 8 mm of an orbit and Python's dates have no more.
    """
    scale = 10**9
    total = epoch.microsecond * 1000 + round(float(time_s) * scale)
    whole, rest = divmod(total, scale)
    text = (epoch.replace(microsecond=0, tzinfo=None) + timedelta(seconds=whole)).isoformat()
    return f"{text}.{rest:09d}"[: len(text) + 1 + digits] if digits else text


def thin(track: Track) -> npt.NDArray[np.intp]:
    """Return the indices of the samples to write: strictly rising times, all finite, without the superfluous ones.

    Inside a block of ten samples all are left out if the cubic through its ends (positions and velocities) meets
    them within a centimetre, which holds in free flight and fails in a burn, in the air and under a canopy.
    """
    time_s = track.columns["time_s"]
    state = np.column_stack([track.columns[name] for name in _STATE])
    usable = np.flatnonzero(np.isfinite(time_s) & np.all(np.isfinite(state), axis=1))
    # the last of several samples at one nanosecond counts: it holds the state after a jump
    ticks = np.rint(time_s[usable] * 1e9).astype(np.int64)
    rising = usable[np.concatenate([np.diff(ticks) > 0, [True]])] if len(usable) else usable
    kept: list[npt.NDArray[np.intp]] = []
    for begin in range(0, len(rising), _BLOCK):
        block = rising[begin : begin + _BLOCK + 1]
        smooth = len(block) > 2 and _misfit_m(time_s[block], state[block]) < _THINNING_TOLERANCE_M
        kept.append(block[:1] if smooth else block[:_BLOCK])
    if kept:
        kept.append(rising[-1:])
    return np.unique(np.concatenate(kept)) if kept else rising


def _misfit_m(time_s: Floats, state: Floats) -> float:
    """Return how far the inner samples lie from the cubic Hermite curve through the outer two, in m."""
    span = time_s[-1] - time_s[0]
    t = ((time_s[1:-1] - time_s[0]) / span)[:, None]
    first, last = state[0], state[-1]
    curve = (
        (1.0 + 2.0 * t) * (1.0 - t) ** 2 * first[:3]
        + t * (1.0 - t) ** 2 * span * first[3:]
        + t * t * (3.0 - 2.0 * t) * last[:3]
        + t * t * (t - 1.0) * span * last[3:]
    )
    return float(np.max(np.linalg.norm(curve - state[1:-1, :3], axis=1)))


def _object_name(flight: Flight, track: Track) -> str:
    mission: Any = flight.mission.mission
    # "Soyuz MS-21, landing of ...": the ship is what stands before the comma
    ship = _ascii((mission.title or mission.name).split(",")[0])
    return ship if track is flight.track else f"{ship} {_ascii(track.body)}"


def _comments(flight: Flight) -> list[str]:
    rows = [
        f"Mission {flight.mission.mission.name}, status {flight.status.name}",
        *(f"{key}: {value}" for key, value in sorted(flight.provenance.items())),
    ]
    return [_ascii(row)[:_COMMENT_LENGTH] for row in rows]


def _ascii(text: str) -> str:
    """Return printable ASCII on one line, all that 502.0-B-2 section 7.3.3 allows."""
    return re.sub(r"[^\x20-\x7e]+", "?", " ".join(text.split()))


def slug(name: str) -> str:
    """Return a file name for a body: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "body"


def free_name(name: str, taken: list[Path]) -> str:
    """Return the name, or the name with a number if a file of that stem is taken."""
    used = {path.stem for path in taken}
    number = 2
    chosen = name
    while chosen in used:
        chosen, number = f"{name}-{number}", number + 1
    return chosen
