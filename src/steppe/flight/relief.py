"""Slopes of the ground about a zone for a campaign, from the elevation tiles of its mission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.loader import LoadedMission
from steppe.environment.terrain import metres_per_degree
from steppe.flight.ground import LONGEST_BASELINE_M, Elevation

Floats = npt.NDArray[np.float64]

# Slopes every kilometre, to twice the radius of a zone (our choice)
RELIEF_STEP_M: Final = 1000.0
RELIEF_HALF_M: Final = 60e3


@dataclass(frozen=True, slots=True)
class Relief:
    """Slopes of the ground about a zone on a grid, small enough to travel to every worker of a campaign.

    Attributes
    ----------
    south_deg, west_deg
        Place of the first node.
    latitude_step_deg, longitude_step_deg
        Distance between nodes.
    slope_deg
        Slope at the nodes over the base line of the mission, 0 where it is not known, shape (rows, columns).
    """

    south_deg: float
    west_deg: float
    latitude_step_deg: float
    longitude_step_deg: float
    slope_deg: Floats

    def slope_at(self, latitude_deg: Floats, longitude_deg: Floats) -> Floats:
        """Return the slope at the nearest nodes in deg; 0 beyond them and for a place that is not a number."""
        rows, columns = self.slope_deg.shape
        row = np.nan_to_num((latitude_deg - self.south_deg) / self.latitude_step_deg, nan=-1.0)
        column = np.nan_to_num((longitude_deg - self.west_deg) / self.longitude_step_deg, nan=-1.0)
        inside = (row > -0.5) & (row < rows - 0.5) & (column > -0.5) & (column < columns - 0.5)
        i = np.clip(np.rint(row), 0, rows - 1).astype(np.int64)
        j = np.clip(np.rint(column), 0, columns - 1).astype(np.int64)
        slopes: Floats = np.where(inside, self.slope_deg[i, j], 0.0)
        return slopes


def relief_of(loaded: LoadedMission) -> Relief | None:
    """Return the slopes about the zone of a mission; None without tiles, or with a base line of kilometres.

    Raises
    ------
    ConfigError
        If an elevation file cannot be used.
    EnvironmentDataError
        If the files do not cover the centre of the zone.
    """
    choice, zone = loaded.mission.terrain, loaded.zone
    elevation = Elevation.of(loaded)
    if zone is None or elevation is None or not elevation.terrain.tiles or choice.baseline_m > LONGEST_BASELINE_M:
        return None
    up, side = metres_per_degree(zone.latitude_deg)
    half = RELIEF_HALF_M // RELIEF_STEP_M
    nodes = RELIEF_STEP_M * np.arange(-half, half + 1)
    slope = np.zeros((nodes.size, nodes.size))
    for i, north_m in enumerate(nodes):
        for j, east_m in enumerate(nodes):
            place = zone.latitude_deg + north_m / up, zone.longitude_deg + east_m / side
            found = elevation.terrain.ground_at(*place, choice.baseline_m)
            slope[i, j] = found.slope_deg or 0.0 if found is not None else 0.0
    return Relief(
        zone.latitude_deg + nodes[0] / up, zone.longitude_deg + nodes[0] / side, RELIEF_STEP_M / up,
        RELIEF_STEP_M / side, slope,
    )  # fmt: skip
