"""Trim aerodynamics: drag and lift coefficient against Mach number, bridged to free-molecular flow."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.kernels.air import clamp, knudsen_number
from steppe.kernels.jit import physics

# Knudsen number half-way between continuum and free-molecular flow in the sine-squared bridge between 1e-3 and 10
# (Wilmoth, Blanchard and Moss, AIAA 98-2625, for blunt capsules)
BRIDGE_KNUDSEN = 0.1


class Aero(NamedTuple):
    """Coefficients of one body on its reference area.

    Attributes
    ----------
    table
        Shape (rows, 4): drag coefficient at the row's Mach number and its change to the next row, then the same for
        the lift coefficient. The last row has no change.
    rows_per_mach
        Rows per unit of Mach number.
    free_drag, free_lift
        Coefficients in free-molecular flow.
    length_m
        Length of the Knudsen number in m.
    """

    table: npt.NDArray[np.float64]
    rows_per_mach: float
    free_drag: float
    free_lift: float
    length_m: float


@physics
def rarefaction(knudsen: float) -> float:
    """Return how far the flow is free-molecular, 0 to 1.

    1 / (1 + (0.1/Kn)^0.75): the branchless twin of sin^2(pi/8 (3 + log10 Kn)), within 0.03 of it from Kn 1e-3 to 10.
    """
    root = math.sqrt(knudsen * (1.0 / BRIDGE_KNUDSEN))
    risen = root * math.sqrt(root)
    return risen / (1.0 + risen)


@physics
def continuum(aero: Aero, mach: float) -> tuple[float, float]:
    """Return drag and lift coefficient at a Mach number in continuum flow."""
    table = aero.table
    row_at = clamp(mach * aero.rows_per_mach, 0.0, table.shape[0] - 1e-9)
    row = int(row_at)
    t = row_at - row
    return table[row, 0] + t * table[row, 1], table[row, 2] + t * table[row, 3]


@physics
def bridged(aero: Aero, drag: float, lift: float, density_kg_m3: float) -> tuple[float, float]:
    """Return drag and lift coefficient between those of continuum flow and of free-molecular flow, by density."""
    free = rarefaction(knudsen_number(density_kg_m3, aero.length_m))
    return drag + free * (aero.free_drag - drag), lift + free * (aero.free_lift - lift)


@physics
def coefficients(aero: Aero, mach: float, density_kg_m3: float) -> tuple[float, float]:
    """Return drag and lift coefficient at a Mach number and density."""
    drag, lift = continuum(aero, mach)
    return bridged(aero, drag, lift, density_kg_m3)
