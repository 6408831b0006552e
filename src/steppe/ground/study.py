"""From flown fragments to what an assessment has to know of the return."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from steppe.config.loader import LoadedMission
from steppe.flight.result import Track
from steppe.ground.assessment import Return

if TYPE_CHECKING:
    from steppe.ground.debris import Debris


def return_of(loaded: LoadedMission, debris: Debris) -> Return:
    """Return what an assessment has to know of the return that was flown.

    Parameters
    ----------
    loaded
        The mission.
    debris
        What was flown of it.
    """
    mission, zone = loaded.mission, loaded.zone
    track = debris.capsule
    dispersed = debris.dispersed
    masses = np.bincount(dispersed.body, weights=debris.first_mass_kg, minlength=len(dispersed.bodies))
    return Return(
        mission=mission.name,
        title=mission.title,
        samples=debris.samples,
        seed=debris.seed,
        site_deg=None if zone is None else (zone.latitude_deg, zone.longitude_deg),
        site_title="" if zone is None else zone.title or zone.name,
        track_deg=(track.columns["latitude_deg"], track.columns["longitude_deg"]),
        entry=_entry(track, debris.nominal.epoch, mission.guidance.entry_interface_altitude_m),
        first_mass_kg={name: float(masses[k]) / debris.samples for k, name in enumerate(dispersed.bodies)},
        provenance={"config_hash": loaded.config_hash},
    )


def _entry(track: Track, epoch: datetime, altitude_m: float) -> tuple[datetime, float] | None:
    """Return when the track falls through an altitude for good, and the altitude; None if it never does."""
    height, time_s = track.columns["altitude_m"], track.columns["time_s"]
    above = np.flatnonzero(height >= altitude_m)
    if len(above) == 0 or above[-1] == len(height) - 1:
        return None
    k = int(above[-1])
    part = (height[k] - altitude_m) / (height[k] - height[k + 1])
    return epoch + timedelta(seconds=float(time_s[k] + part * (time_s[k + 1] - time_s[k]))), altitude_m
