"""How a return ended, as a row of numbers, for lanes and cards alike."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.kernels.canopies import Pulls
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.felt import LOAD_BINS
from steppe.kernels.flow import flow_at
from steppe.kernels.jit import physics
from steppe.kernels.motion import State, World
from steppe.kernels.phase import Motion

# Columns of an end: final time, state and status code, phases begun, largest load in g before the canopies, position at
# the parachute command (ITRF, m), bank reversals, steps; then the `Peaks` besides the load; then what crew and radio go
# through (`steppe.kernels.felt`): end of the blackout in s (0: none), fastest change of the load, time in bins of load
END_TIME, END_STATE, END_CODE, END_PHASES, END_LOAD, END_COMMAND, END_REVERSALS, END_STEPS = 0, 1, 9, 10, 11, 12, 15, 16
# Before them the largest pull of the canopies in N while they fill, its largest share of what the lines hold
END_FLUX, END_HEAT, END_PRESSURE, END_PULL, END_SHARE = 17, 18, 19, 20, 21
END_FELT = END_RADIO = 22
END_JERK, END_LOADS = 23, 24
END_COLUMNS = END_LOADS + LOAD_BINS


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
    now_pa
        The dynamic pressure there.
    """

    load_g: float
    flux_w_m2: float
    heat_j_m2: float
    pressure_pa: float
    last_w_m2: float
    now_pa: float


@physics
def no_peaks(world: World, state: State, counts: bool) -> Peaks:
    """Return the peaks of a return that begins; `counts` where it flies alone and without canopies."""
    flux, pressure, _ = flow_at(world, state, altitude_and_up(world.earth, state[0], state[1], state[2]))
    if not counts:
        return Peaks(0.0, 0.0, 0.0, 0.0, flux, pressure)
    return Peaks(0.0, flux, 0.0, pressure, flux, pressure)


@physics
def peaks_after(world: World, peaks: Peaks, state: State, load_g: float, step_s: float, counts: bool) -> Peaks:
    """Return the peaks after a step that ended in `state`."""
    flux, pressure, _ = flow_at(world, state, altitude_and_up(world.earth, state[0], state[1], state[2]))
    if not counts:
        return Peaks(peaks.load_g, peaks.flux_w_m2, peaks.heat_j_m2, peaks.pressure_pa, flux, pressure)
    return Peaks(
        load_g if load_g > peaks.load_g else peaks.load_g,
        flux if flux > peaks.flux_w_m2 else peaks.flux_w_m2,
        peaks.heat_j_m2 + 0.5 * step_s * (flux + peaks.last_w_m2),
        pressure if pressure > peaks.pressure_pa else peaks.pressure_pa,
        flux,
        pressure,
    )


@physics
def write_end(
    motion: Motion, code: int, phases: float, reversals: float, steps: float, peaks: Peaks, pulls: Pulls,
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
    end[END_PULL], end[END_SHARE] = pulls.most_n, pulls.share
