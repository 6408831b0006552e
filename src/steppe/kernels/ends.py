"""How a return ended, as a row of numbers, for lanes and cards alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.kernels.earth import altitude_and_up
from steppe.kernels.flying import Motion
from steppe.kernels.heating import stagnation_heat_flux
from steppe.kernels.jit import physics
from steppe.kernels.motion import FULL, Laws, State, World

# Columns of an end: final time, state and status code, phases begun, largest load in g before the canopies, position at
# the parachute command (ITRF, m), bank reversals, steps; then the `Peaks` besides the load
END_TIME, END_STATE, END_CODE, END_PHASES, END_LOAD, END_COMMAND, END_REVERSALS, END_STEPS = 0, 1, 9, 10, 11, 12, 15, 16
END_FLUX, END_HEAT, END_PRESSURE = 17, 18, 19
END_COLUMNS = 20


class Peaks(NamedTuple):
    """What a capsule goes through while it flies alone and without canopies.

    Attributes
    ----------
    load_g
        Largest mean load of a step.
    flux_w_m2
        Largest stagnation heat flux at the end of a step, for a nose of 1 m radius: it goes with one over its root.
    heat_j_m2
        That flux summed by the trapezoid over the steps.
    pressure_pa
        Largest dynamic pressure at the end of a step.
    last_w_m2
        The flux where the last step ended.
    """

    load_g: float
    flux_w_m2: float
    heat_j_m2: float
    pressure_pa: float
    last_w_m2: float


def build_flow_at(laws: Laws) -> Callable[..., tuple[float, float]]:
    """Return the function that gives heat flux and dynamic pressure under a set of laws."""
    air_law, air_motion = laws.air, laws.air_motion

    @physics
    def flow_at(world: World, state: State, place: tuple[float, float, float, float]) -> tuple[float, float]:
        """Return heat flux on a nose of 1 m in W/m2 and dynamic pressure in Pa; `place` is altitude in m and normal."""
        altitude_m, up_x, up_y, up_z = place
        x, y, z, u, v, w, _, _ = state
        inverse_r = 1.0 / math.sqrt(x * x + y * y + z * z)
        density, _ = air_law(world, altitude_m, x * inverse_r, y * inverse_r, z * inverse_r)
        air_x, air_y, air_z = air_motion(world, altitude_m, up_x, up_y, up_z)
        u, v, w = u - air_x, v - air_y, w - air_z
        squared = u * u + v * v + w * w
        return stagnation_heat_flux(density, math.sqrt(squared), 1.0), 0.5 * density * squared

    return flow_at


flow_at = build_flow_at(FULL)


@physics
def no_peaks(world: World, state: State, counts: bool) -> Peaks:
    """Return the peaks of a return that begins; `counts` where it flies alone and without canopies."""
    flux, pressure = flow_at(world, state, altitude_and_up(world.earth, state[0], state[1], state[2]))
    if not counts:
        return Peaks(0.0, 0.0, 0.0, 0.0, flux)
    return Peaks(0.0, flux, 0.0, pressure, flux)


@physics
def peaks_after(world: World, peaks: Peaks, state: State, load_g: float, step_s: float, counts: bool) -> Peaks:
    """Return the peaks after a step that ended in `state`."""
    flux, pressure = flow_at(world, state, altitude_and_up(world.earth, state[0], state[1], state[2]))
    if not counts:
        return Peaks(peaks.load_g, peaks.flux_w_m2, peaks.heat_j_m2, peaks.pressure_pa, flux)
    return Peaks(
        load_g if load_g > peaks.load_g else peaks.load_g,
        flux if flux > peaks.flux_w_m2 else peaks.flux_w_m2,
        peaks.heat_j_m2 + 0.5 * step_s * (flux + peaks.last_w_m2),
        pressure if pressure > peaks.pressure_pa else peaks.pressure_pa,
        flux,
    )


@physics
def write_end(
    motion: Motion, code: int, phases: float, reversals: float, steps: float, peaks: Peaks,
    end: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Write how a return ended, but for the position at the parachute command."""
    end[END_TIME] = motion.time_s
    for row in range(8):
        end[END_STATE + row] = motion.state[row]
    end[END_CODE] = code
    end[END_PHASES] = phases
    end[END_LOAD] = peaks.load_g
    end[END_REVERSALS] = reversals
    end[END_STEPS] = steps
    end[END_FLUX], end[END_HEAT], end[END_PRESSURE] = peaks.flux_w_m2, peaks.heat_j_m2, peaks.pressure_pa
