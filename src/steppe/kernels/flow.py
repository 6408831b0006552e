"""The flow that a body meets: heat flux, dynamic pressure, airspeed."""

from __future__ import annotations

import math
from collections.abc import Callable

from steppe.kernels.heating import stagnation_heat_flux
from steppe.kernels.jit import physics
from steppe.kernels.motion import FULL, Laws, State, World


def build_flow_at(laws: Laws) -> Callable[..., tuple[float, float, float]]:
    """Return the function that gives heat flux, dynamic pressure and airspeed under a set of laws."""
    air_law, air_motion = laws.air, laws.air_motion

    @physics
    def flow_at(world: World, state: State, place: tuple[float, float, float, float]) -> tuple[float, float, float]:
        """Return heat flux on a nose of 1 m in W/m2, dynamic pressure in Pa and airspeed in m/s.

        `place` is altitude in m and normal.
        """
        altitude_m, up_x, up_y, up_z = place
        x, y, z, u, v, w, _, _ = state
        inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
        density, _ = air_law(world, altitude_m, x * inverse_r, y * inverse_r, z * inverse_r)
        air_x, air_y, air_z = air_motion(world, altitude_m, up_x, up_y, up_z)
        u, v, w = u - air_x, v - air_y, w - air_z
        squared = u * u + v * v + w * w
        speed = math.sqrt(squared)
        return stagnation_heat_flux(density, speed, 1.0), 0.5 * density * squared, speed

    return flow_at


flow_at = build_flow_at(FULL)
