"""The height of the ground where a flight lands: land, look it up, and fly again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from steppe.config.loader import LoadedMission
from steppe.config.mission import Zone
from steppe.config.surroundings import file_paths
from steppe.environment.terrain import Ground, Terrain, plane_ground
from steppe.environment.terrain_files import read_terrain
from steppe.environment.terrain_grid import grid_ground
from steppe.errors import EnvironmentDataError
from steppe.flight.result import Flight
from steppe.frames.geodetic import geodesic_distance_m

ZONE_HEIGHT: Final = "height of the zone"


def grounded(zone: Zone) -> Zone:
    """Return a zone with a height of the ground: its own, that of the bundled grid at its centre, or sea level."""
    if zone.ground_height_m is not None:
        return zone
    found = grid_ground(zone.latitude_deg, zone.longitude_deg)
    return zone.model_copy(update={"ground_height_m": 0.0 if found is None else found.height_m})


def _on_grid(zone: Zone, latitude_deg: float, longitude_deg: float) -> Ground:
    """Return the ground by the grid; within the zone the grid is lifted to the height that the zone gives itself."""
    here, centre = grid_ground(latitude_deg, longitude_deg), grid_ground(zone.latitude_deg, zone.longitude_deg)
    if here is None:
        return Ground(zone.ground_m, None, 0.0, ZONE_HEIGHT)
    place, middle = np.radians([latitude_deg, longitude_deg]), np.radians([zone.latitude_deg, zone.longitude_deg])
    if centre is None or geodesic_distance_m(*middle, *place) > zone.radius_m:
        return here
    return replace(here, height_m=here.height_m + zone.ground_m - centre.height_m)


# Longest base line whose slope is taken for that under the capsule (our choice)
LONGEST_BASELINE_M: Final = 2000.0


@dataclass(frozen=True, slots=True)
class Elevation:
    """What a mission knows of the height of the ground.

    Attributes
    ----------
    loaded
        The mission.
    terrain
        Its elevation files.
    """

    loaded: LoadedMission
    terrain: Terrain

    @classmethod
    def of(cls, loaded: LoadedMission) -> Elevation | None:
        """Return the elevation of a mission; None where the height of its zone is all there is.

        Raises
        ------
        ConfigError
            If an elevation file cannot be used.
        EnvironmentDataError
            If the files do not cover the centre of the zone.
        """
        choice, zone = loaded.mission.terrain, loaded.zone
        paths = file_paths(choice, loaded.folder)
        if zone is None:
            return None
        beyond = choice.elsewhere == "grid" and grid_ground(zone.latitude_deg, zone.longitude_deg) is None
        if not paths and (beyond or choice.elsewhere == "zone"):
            return None
        terrain = read_terrain(paths)
        if paths and terrain.ground_at(zone.latitude_deg, zone.longitude_deg) is None:
            extents = "; ".join(f"{Path(tile.source).name} {tile.extent}" for tile in terrain.tiles)
            raise EnvironmentDataError(
                f"{loaded.source}: terrain: the files cover {extents}, and not the zone '{zone.name}' at "
                f"{zone.latitude_deg:.3f} N {zone.longitude_deg:.3f} E (or only a void there); add its tile"
            )
        return cls(loaded, terrain)

    def at(self, latitude_deg: float, longitude_deg: float) -> Ground:
        """Return the ground at a place: of a tile, else as the mission chose, of the grid, the plane or the zone."""
        choice, zone = self.loaded.mission.terrain, self.loaded.zone
        found = self.terrain.ground_at(latitude_deg, longitude_deg, choice.baseline_m)
        if found is not None:
            return found
        if choice.elsewhere == "plane":
            return plane_ground(latitude_deg, longitude_deg)
        if choice.elsewhere == "grid" and zone is not None:
            return _on_grid(zone, latitude_deg, longitude_deg)
        return Ground(zone.ground_m if zone else 0.0, None, 0.0, ZONE_HEIGHT)

    def with_height(self, height_m: float) -> LoadedMission:
        """Return the mission with this height of the ground."""
        zone = self.loaded.zone
        if zone is None:
            return self.loaded
        return replace(self.loaded, zone=zone.model_copy(update={"ground_height_m": height_m}))


def planned_ground(loaded: LoadedMission) -> LoadedMission:
    """Return a mission with the height of the ground that its plan knows: at the centre of the zone.

    Raises
    ------
    ConfigError, EnvironmentDataError
        As `Elevation.of`.
    """
    if loaded.zone is None:
        return loaded
    loaded = replace(loaded, zone=grounded(loaded.zone))
    elevation = Elevation.of(loaded)
    if elevation is None or loaded.zone is None:
        return loaded
    return elevation.with_height(elevation.at(loaded.zone.latitude_deg, loaded.zone.longitude_deg).height_m)


def ground_below(loaded: LoadedMission, latitude_deg: float, longitude_deg: float) -> LoadedMission:
    """Return a mission with the height of the ground at its touchdown; unchanged if it has no elevation.

    One round: a round more would move the place by the drift in the time that the difference in height takes, 1 m in
    10 m of height.

    Parameters
    ----------
    loaded
        From `planned_ground`.
    latitude_deg, longitude_deg
        Where it lands.
    """
    elevation = Elevation.of(loaded)
    return loaded if elevation is None else elevation.with_height(elevation.at(latitude_deg, longitude_deg).height_m)


def noted(flight: Flight, loaded: LoadedMission) -> Flight:
    """Return a flight with its mission as the user wrote it, and what it says of the ground where it landed.

    Parameters
    ----------
    flight
        Flown with the mission that `ground_below` returned.
    loaded
        The mission as it was written.
    """
    zone, place = flight.mission.zone, flight.touchdown
    elevation = Elevation.of(planned_ground(loaded))
    provenance = {**flight.provenance, "config_hash": loaded.config_hash}
    notes = flight.notes
    if elevation is not None and zone is not None and place is not None:
        ground = elevation.at(place.latitude_deg, place.longitude_deg)
        # Of kilometres it says nothing about the metres on which a capsule stands
        stands_on = ground.slope_deg is not None and ground.baseline_m <= LONGEST_BASELINE_M
        slope = f"{ground.slope_deg:.2f}" if stands_on else "unknown"
        provenance |= {
            "terrain": ground.source,
            "ground_height_m": f"{ground.height_m:.1f}",
            "ground_slope_deg": slope,
            "ground_slope_baseline_m": f"{ground.baseline_m:g}",
        }
        words = "its slope is not known"
        if ground.slope_deg is not None:
            words = f"slope {ground.slope_deg:.2f} deg over {ground.baseline_m:g} m"
            words += "" if stands_on else ", not that under the capsule"
        notes = (
            *notes,
            f"The ground at the touchdown is {ground.height_m:.0f} m high ({ground.source}; {words}); "
            f"the flight ended at {zone.ground_m:.0f} m.",
        )
    return replace(flight, mission=loaded, provenance=provenance, notes=notes)
