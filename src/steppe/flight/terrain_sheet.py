"""Height and slope of the ground at the places of a mission, and a map of heights about its zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.config.loader import LoadedMission
from steppe.config.surroundings import Terrain as TerrainChoice
from steppe.environment.terrain import Ground, metres_per_degree
from steppe.environment.terrain_grid import bundled_tile
from steppe.errors import ConfigError
from steppe.flight.ground import Elevation, planned_ground

Floats = npt.NDArray[np.float64]
SIDE_M: Final = 120e3
SAMPLES: Final = 181


@dataclass(frozen=True, slots=True)
class Spot:
    """A named place and the ground there."""

    name: str
    latitude_deg: float
    longitude_deg: float
    ground: Ground


@dataclass(frozen=True, slots=True)
class TerrainSheet:
    """The ground of a mission.

    Attributes
    ----------
    mission
        Its title.
    spots
        The places, the centre of the zone first.
    latitude_deg, longitude_deg
        Axes of the map, rising.
    height_m
        Heights of the map, shape (latitudes, longitudes); not a number where nothing is known.
    radius_m
        Radius of the zone.
    sources
        Where the heights of the map come from.
    """

    mission: str
    spots: tuple[Spot, ...]
    latitude_deg: Floats
    longitude_deg: Floats
    height_m: Floats
    radius_m: float
    sources: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the places and what the map covers, as JSON."""
        known = self.height_m[np.isfinite(self.height_m)]
        return {
            "places": [
                {
                    "name": one.name, "latitude_deg": one.latitude_deg, "longitude_deg": one.longitude_deg,
                    "height_m": one.ground.height_m, "slope_deg": one.ground.slope_deg,
                    "slope_baseline_m": one.ground.baseline_m or None, "source": one.ground.source,
                }
                for one in self.spots
            ],
            "map": {
                "sources": list(self.sources),
                "south_deg": float(self.latitude_deg[0]), "north_deg": float(self.latitude_deg[-1]),
                "west_deg": float(self.longitude_deg[0]), "east_deg": float(self.longitude_deg[-1]),
                "lowest_m": float(known.min()) if known.size else None,
                "highest_m": float(known.max()) if known.size else None,
            },
        }  # fmt: skip

    def as_csv(self) -> str:
        """Return the heights of the map as a table."""
        lines = ["latitude_deg,longitude_deg,height_m"]
        for i, latitude in enumerate(self.latitude_deg):
            for j, longitude in enumerate(self.longitude_deg):
                height = self.height_m[i, j]
                lines.append(f"{latitude:.5f},{longitude:.5f},{height:.1f}" if np.isfinite(height) else
                             f"{latitude:.5f},{longitude:.5f},")  # fmt: skip
        return "\n".join(lines) + "\n"


def with_terrain_of(loaded: LoadedMission, paths: Sequence[Path]) -> LoadedMission:
    """Return a mission whose ground is in elevation files; beyond them the bundled grid holds."""
    names = tuple(str(path.absolute()) for path in paths)
    choice = TerrainChoice.model_validate({"files": names, "elsewhere": "grid"})
    return replace(loaded, mission=loaded.mission.model_copy(update={"terrain": choice}))


def terrain_sheet(loaded: LoadedMission, places: Sequence[tuple[str, float, float]] = ()) -> TerrainSheet:
    """Return the ground at the zone of a mission, at its published landing and at further places.

    A mission that names no elevation file and no other source is shown on the bundled grid.

    Parameters
    ----------
    loaded
        The mission.
    places
        Further places: name, latitude, longitude in deg.

    Raises
    ------
    ConfigError
        If the mission has no zone, or an elevation file cannot be used.
    EnvironmentDataError
        If a place lies beyond every source.
    """
    zone = loaded.zone
    if zone is None:
        raise ConfigError("the mission has no zone, whose ground could be shown", source=loaded.source)
    terrain = loaded.mission.terrain
    if not (terrain.file or terrain.files) and terrain.elsewhere == "zone":
        loaded = with_terrain_of(loaded, ())
    elevation = Elevation.of(planned_ground(loaded))
    if elevation is None:
        raise ConfigError("the mission says nothing of its ground", source=loaded.source)
    wanted = [(f"centre of {zone.name}", zone.latitude_deg, zone.longitude_deg)]
    known = loaded.mission.published
    if known.touchdown_latitude_deg is not None and known.touchdown_longitude_deg is not None:
        wanted.append(("published landing", known.touchdown_latitude_deg, known.touchdown_longitude_deg))
    spots = [Spot(name, lat, lon, elevation.at(lat, lon)) for name, lat, lon in (*wanted, *places)]
    up, side = metres_per_degree(zone.latitude_deg)
    half = 0.5 * SIDE_M
    latitude = zone.latitude_deg + np.linspace(-half, half, SAMPLES) / up
    longitude = zone.longitude_deg + np.linspace(-half, half, SAMPLES) / side
    height = np.array([[_height(elevation, float(lat), float(lon)) for lon in longitude] for lat in latitude])
    tiles = tuple(Path(tile.source).name for tile in elevation.terrain.tiles)
    title = loaded.mission.title or loaded.mission.name
    return TerrainSheet(
        title, tuple(spots), latitude, longitude, height, zone.radius_m, (*tiles, bundled_tile().source)
    )


def _height(elevation: Elevation, latitude_deg: float, longitude_deg: float) -> float:
    for tile in (*elevation.terrain.tiles, bundled_tile()):
        height_m = tile.height_at(latitude_deg, longitude_deg)
        if np.isfinite(height_m):
            return height_m
    return float("nan")
