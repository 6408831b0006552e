"""Where the capsule may come down: the dispersed landings of a guided return and of its ballistic variant."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from steppe.config.loader import LoadedMission
from steppe.ensemble.campaign import plan_campaign
from steppe.ensemble.footprint import Plane
from steppe.ensemble.manifest import LATITUDE, LONGITUDE, STATUS_COLUMN
from steppe.ensemble.run import fly_samples
from steppe.ensemble.store import Campaign, gather
from steppe.environment.sun import sun_elevation_rad
from steppe.errors import LANDED, STATUS, ConfigError, PlanError

Floats = npt.NDArray[np.float64]
Side = Literal["guided", "ballistic"]

# A covariance needs three points, a quantile of 99 % many more; below this nothing is said
_FEWEST: Final = 10
_LLOYD_STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class Touchdowns:
    """The landings of one side.

    Attributes
    ----------
    side
        "guided" or "ballistic".
    latitude_deg, longitude_deg
        Touchdown points, shape (n,), geodetic WGS-84.
    utc
        Touchdown of the undispersed flight.
    origin
        Where the points come from, in words.
    failed
        Flights that did not land; they are left out.
    """

    side: str
    latitude_deg: Floats
    longitude_deg: Floats
    utc: datetime
    origin: str
    failed: int = 0

    def __len__(self) -> int:
        """Return the number of landings."""
        return int(self.latitude_deg.size)

    @property
    def mean_deg(self) -> tuple[float, float]:
        """Mean latitude and longitude in deg."""
        return float(self.latitude_deg.mean()), float(self.longitude_deg.mean())

    @property
    def sun_elevation_deg(self) -> float:
        """Elevation of the Sun at the mean point at the touchdown."""
        lat, lon = (math.radians(value) for value in self.mean_deg)
        return math.degrees(sun_elevation_rad(self.utc, lat, lon))

    def axes_km(self) -> tuple[tuple[float, float], float]:
        """Return the standard deviations along the two main axes in km, and the course of the long one in rad."""
        east, north = Plane(*self.mean_deg).to_km(self.latitude_deg, self.longitude_deg)
        if len(self) < 2:
            return (0.0, 0.0), 0.0
        values, vectors = np.linalg.eigh(np.cov(east, north))
        long, short = math.sqrt(max(values[1], 0.0)), math.sqrt(max(values[0], 0.0))
        return (long, short), math.atan2(vectors[0, 1], vectors[1, 1]) % math.pi

    def representatives(self, most: int) -> tuple[Touchdowns, Floats]:
        """Return at most `most` points that stand for all, and the share of each.

        Lloyd's algorithm (IEEE Trans. Inf. Theory 28, 1982) from starts that lie farthest apart: the same points give
        the same representatives. With fewer landings than `most` these stand for themselves.
        """
        if len(self) <= most:
            return self, np.full(len(self), 1.0 / len(self))
        plane = Plane(*self.mean_deg)
        points = np.column_stack(plane.to_km(self.latitude_deg, self.longitude_deg))
        centres = _far_apart(points, most)
        nearest = np.zeros(len(self), dtype=np.int64)
        for _ in range(_LLOYD_STEPS):
            distance = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2)
            nearest = distance.argmin(axis=1)
            moved = np.array([points[nearest == k].mean(axis=0) if np.any(nearest == k) else centres[k]
                              for k in range(most)])  # fmt: skip
            if np.array_equal(moved, centres):
                break
            centres = moved
        counts = np.bincount(nearest, minlength=most)
        used = counts > 0
        lat, lon = plane.to_deg(centres[used, 0], centres[used, 1])
        return replace(self, latitude_deg=lat, longitude_deg=lon), counts[used] / len(self)


def flown_touchdowns(
    loaded: LoadedMission, mission: str, side: Side, samples: int, seed: int, cores: int | None = None
) -> Touchdowns:
    """Fly a small campaign of one side in memory.

    Parameters
    ----------
    loaded
        The mission; its guidance law is exchanged for the ballistic one, or for the predictor-corrector if the mission
        itself is ballistic and the guided side is asked for. A failed separation is left out.
    mission
        Its name for messages.
    side
        Which side.
    samples, seed
        How many, and of which series: sample i has the same errors on both sides.
    cores
        Threads; all by default.

    Raises
    ------
    ConfigError, PlanError
        If the mission cannot be flown or too few flights land.
    """
    law = loaded.mission.guidance.law
    if side == "ballistic":
        law = "ballistic"
    elif law == "ballistic":
        law = "predictor-corrector"
    changed = loaded.mission.model_copy(
        update={"guidance": loaded.mission.guidance.model_copy(update={"law": law}), "failure": None}
    )
    plan = plan_campaign(replace(loaded, mission=changed), mission, samples, seed)
    nominal = plan.nominal
    if nominal.run.status.code != LANDED:
        raise PlanError(f"the undispersed {side} return of {mission} does not land: {nominal.run.status.sentence}")
    rows = fly_samples(plan, range(samples), cores or os.cpu_count() or 1)
    landed = rows[STATUS_COLUMN] == LANDED
    utc = nominal.epoch + timedelta(seconds=float(nominal.run.record[-1, 0]))
    origin = f"{samples} {side} returns flown here, seed {seed}, guidance {law}"
    origin += ", without the failure of the mission file" if loaded.mission.failure is not None else ""
    return _touchdowns(side, rows[LATITUDE], rows[LONGITUDE], landed, utc, origin)


def campaign_touchdowns(folder: Path, loaded: LoadedMission, utc: datetime) -> Touchdowns:
    """Return the guided landings of a campaign that ``steppe disperse`` has flown.

    Parameters
    ----------
    folder
        Its folder.
    loaded
        The mission that it must be of.
    utc
        Touchdown of the undispersed flight.

    Raises
    ------
    OutputError
        If the folder holds no complete campaign.
    ConfigError
        If it is a campaign of another mission, of ballistic returns, or of returns whose separation fails.
    """
    campaign = Campaign.open(folder)
    spec = campaign.spec
    if spec.config_hash != loaded.config_hash:
        raise ConfigError(
            f"the campaign in {folder} is of the mission '{spec.mission}' with other values than those of "
            f"{loaded.source}; name the mission that it was flown with, or fly it anew with steppe disperse",
            key="--campaign",
        )
    if loaded.mission.guidance.law == "ballistic":
        raise ConfigError(
            f"the campaign in {folder} is of ballistic returns, and a recovery is planned from guided ones; leave "
            "--campaign out, or name a campaign with another guidance.law",
            key="--campaign",
        )
    failed = loaded.mission.failure and loaded.mission.failure.separation
    if failed:
        raise ConfigError(
            f"the campaign in {folder} is of returns in which '{failed}', which fall without "
            "lift, and a recovery is planned from guided ones; leave --campaign out, or name a campaign without it",
            key="--campaign",
        )
    campaign.require_complete()
    rows = gather(campaign, [STATUS_COLUMN, LATITUDE, LONGITUDE])
    landed = rows[STATUS_COLUMN] == STATUS[LANDED].name
    origin = f"campaign {folder}, {len(landed)} returns, seed {spec.seed}"
    return _touchdowns("guided", rows[LATITUDE], rows[LONGITUDE], landed, utc, origin)


def _touchdowns(
    side: str, lat: Floats, lon: Floats, landed: npt.NDArray[np.bool_], utc: datetime, origin: str
) -> Touchdowns:
    landed = landed & np.isfinite(lat) & np.isfinite(lon)
    if landed.sum() < _FEWEST:
        raise ConfigError(
            f"only {int(landed.sum())} of {landed.size} {side} returns landed; a footprint needs at least {_FEWEST}; "
            "fly more samples, or look into the failures with steppe summary",
            key="-n",
        )
    return Touchdowns(side, lat[landed], lon[landed], utc, origin, int((~landed).sum()))


def _far_apart(points: Floats, count: int) -> Floats:
    """Return `count` of the points: the one nearest the mean first, then each time the farthest from all so far."""
    chosen = [int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmin())]
    distance = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return points[chosen]
