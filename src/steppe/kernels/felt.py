"""What crew and radio of one return go through, summed step by step: time at each load, fastest change, blackout.

Lanes, card and single flights call the same functions; the sums stand in the row of numbers that a return ends with.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.constants import SUTTON_GRAVES_AIR
from steppe.kernels.jit import physics

# Time in each bin of load; the last bin also holds what lies above it
LOAD_BIN_G = 0.25
LOAD_BINS = 64
# Slowest airspeed in m/s at which VHF (121.75 MHz) is cut, a cubic in the density to the power -1/8 (kg/m3): fitted to
# air in equilibrium at the stagnation point (`steppe.flight.equilibrium_air`) from 1e-4 to 0.1 kg/m3, within 2 m/s
VHF_CUT_M_S = (1844.73230318, 430.73645978, -190.4775926, 44.58518706)
# Outside of these speeds no density of that range stops VHF, or every one does
_SLOWEST_M_S, _FASTEST_M_S = 1800.0, 4000.0


class Felt(NamedTuple):
    """What a return remembers of its last step: mean load in g, length in s, margin of the speed to the cut in m/s."""

    load_g: float
    step_s: float
    cut_m_s: float


NOTHING_FELT = Felt(0.0, 0.0, -1.0)


@physics
def vhf_cut_speed(density_kg_m3: float) -> float:
    """Return the airspeed in m/s below which VHF gets through the air before the shield."""
    y = 1.0 / math.sqrt(math.sqrt(math.sqrt(density_kg_m3)))
    return VHF_CUT_M_S[0] + y * (VHF_CUT_M_S[1] + y * (VHF_CUT_M_S[2] + y * VHF_CUT_M_S[3]))


@physics
def cut_margin(flux_w_m2: float, pressure_pa: float) -> float:
    """Return how much faster than the cut of VHF a capsule flies, in m/s; negative where VHF gets through.

    Speed and density come from the heat flux on a nose of 1 m, k rho^1/2 V^3, and the dynamic pressure, rho V^2 / 2.
    """
    if not pressure_pa > 0.0:
        return -1.0
    ratio = flux_w_m2 / SUTTON_GRAVES_AIR
    speed = math.sqrt(math.sqrt(0.5 * ratio * ratio / pressure_pa))
    if not _SLOWEST_M_S < speed < _FASTEST_M_S:
        return 1.0 if speed > _SLOWEST_M_S else -1.0
    return speed - vhf_cut_speed(2.0 * pressure_pa / (speed * speed))


@physics
def spend(times: npt.NDArray[np.float64], before_g: float, load_g: float, width_s: float) -> None:
    """Add the time in which the load goes from one value to another, linearly, to the bins that it passes."""
    low, high = (before_g, load_g) if before_g < load_g else (load_g, before_g)
    if not 0.0 <= low <= high < math.inf:
        return
    first, last = min(int(low / LOAD_BIN_G), LOAD_BINS - 1), min(int(high / LOAD_BIN_G), LOAD_BINS - 1)
    if first == last:
        times[first] += width_s
        return
    per_g = width_s / (high - low)
    for bin_number in range(first, last + 1):
        bottom = low if bin_number == first else bin_number * LOAD_BIN_G
        top = high if bin_number == last else (bin_number + 1) * LOAD_BIN_G
        times[bin_number] += per_g * (top - bottom)


@physics
def felt_after(
    end: npt.NDArray[np.float64], first: int, felt: Felt, load_g: float, step_s: float, time_s: float,
    flow: tuple[float, float],
) -> Felt:  # fmt: skip
    """Return what is remembered after a step that counts, and add it to the row of the return.

    Parameters
    ----------
    end
        The row; from column `first` on: the end of the blackout in s, the fastest change of the load in g/s, and the
        times in the bins of load in s.
    felt
        What was remembered before.
    load_g, step_s, time_s
        Mean load and length of the step, and the time at its end. The load is linear between the middles of two steps.
    flow
        Heat flux on a nose of 1 m in W/m2 and dynamic pressure in Pa at its end.
    """
    width_s = 0.5 * (felt.step_s + step_s)
    spend(end[first + 2 :], felt.load_g, load_g, width_s)
    if felt.step_s > 0.0 and width_s > 0.0:
        end[first + 1] = max(end[first + 1], math.fabs(load_g - felt.load_g) / width_s)
    margin = cut_margin(flow[0], flow[1])
    if felt.cut_m_s > 0.0 and margin <= 0.0:
        # The margin falls nearly linearly: 2 m/s of speed more or less are a twentieth of a second
        end[first] = time_s - step_s * margin / (margin - felt.cut_m_s)
    return Felt(load_g, step_s, margin)
