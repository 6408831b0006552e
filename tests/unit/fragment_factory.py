"""Single pieces over a standard atmosphere without wind, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.config.compile import earth_record
from steppe.config.debris import Material, Piece
from steppe.config.loader import load_debris
from steppe.config.surroundings import Earth
from steppe.environment.air import us76_air
from steppe.environment.wind import no_wind
from steppe.frames.geodetic import geodetic_to_itrf, local_east_north_up
from steppe.ground.pieces import FALL, fly_pieces, static_rows
from steppe.kernels import fragments as fr
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]


def material(name: str) -> Material:
    """Return a material of the preset."""
    return load_debris("soyuz-ms").material_named(name)


def standard_world(earth: Earth | None = None) -> World:
    """Return the Earth with the U.S. Standard Atmosphere 1976 and no wind."""
    return World(earth_record(earth or Earth()), us76_air(), no_wind(), None)  # type: ignore[arg-type]


def sphere(diameter_m: float, mass_kg: float) -> Piece:
    """Return a sphere."""
    return Piece(name="p", mass_kg=mass_kg, shape="sphere", diameter_m=diameter_m, material="x")


def start(
    altitude_m: float, speed_m_s: float, path_deg: float, heading_deg: float, latitude_deg: float, longitude_deg: float
) -> Array:
    """Return position and velocity over ground (ITRF), shape (6,)."""
    latitude, longitude, path, heading = np.radians([latitude_deg, longitude_deg, path_deg, heading_deg])
    east, north, up = local_east_north_up(latitude, longitude)
    along = np.cos(heading) * north + np.sin(heading) * east
    velocity = speed_m_s * (np.cos(path) * along + np.sin(path) * up)
    return np.concatenate([geodetic_to_itrf(latitude, longitude, altitude_m), velocity])


# A piece of the modules of MS-11 as they break up
BREAK_UP = (78e3, 7560.0, -1.63, 51.25, 39.1, 52.1)


def case_of(piece: Piece, of: Material, where: tuple[float, ...] = BREAK_UP, **rows: float) -> Array:
    """Return the case of a piece that starts cold at a place; `rows` changes rows by the names of the kernels."""
    case = static_rows(piece, of, 300.0)
    case[fr.X : fr.W + 1] = start(*where)
    for name, value in rows.items():
        case[getattr(fr, name)] = value
    return case


def fly(cases: list[Array], world: World | None = None, **changes: Any) -> Array:
    """Fly cases and return their ends, shape (17, n)."""
    return fly_pieces(world or standard_world(), np.stack(cases, axis=1), FALL._replace(**changes))
