"""What differs between the real world of one flight and the planned one: density, wind, drag and lift.

The planned world has `NO_DEVIATION`. A campaign shares one array of profiles between its flights; where the profile of
a flight begins, and its factors on the coefficients, are numbers, so that a SIMD lane can hold them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.kernels.air import clamp, exponential
from steppe.kernels.jit import physics

# Meaning of the last axis of the profiles
LOG_DENSITY, LOG_DENSITY_SLOPE, EAST, EAST_SLOPE, NORTH, NORTH_SLOPE = range(6)
PROFILE_COLUMNS = 6

# Where the three factors on the drag coefficient meet (steppe.config.dispersible), and over how much of Mach number one
# goes over into the other: the spacing of the rows of a Mach table
SUPERSONIC_MACH, HYPERSONIC_MACH = 1.2, 5.0
BAND_MACH = 0.1
# exp is taken as the 4th power of a series that is exact below this
_LARGEST_QUARTER = 0.7


class Deviation(NamedTuple):
    """How the world of a flight deviates from the planned one.

    Attributes
    ----------
    profiles
        Shape (rows, 6): logarithm of the factor on the density at the bottom of a layer and its change through the
        layer, the same for the wind added towards the east and the north in m/s. The rows of a flight lie together.
    layers
        Layers of a flight.
    lowest_m, layers_per_m
        Altitude of the bottom of the first layer in m, inverse height of a layer in 1/m; the ends hold beyond.
    first
        Row of the lowest layer of this flight.
    subsonic, supersonic, hypersonic
        Factors on the drag coefficient, and on the lift coefficient with it: below Mach 1.2, up to Mach 5, above.
    lift_to_drag
        Factor on the lift-to-drag ratio.
    """

    profiles: npt.NDArray[np.float64]
    layers: float
    lowest_m: float
    layers_per_m: float
    first: float
    subsonic: float
    supersonic: float
    hypersonic: float
    lift_to_drag: float


NO_DEVIATION = Deviation(np.zeros((1, PROFILE_COLUMNS)), 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)


@physics
def layer_of(deviation: Deviation, altitude_m: float) -> tuple[int, float]:
    """Return the row of the layer at an altitude and the fraction of the layer climbed."""
    height = clamp((altitude_m - deviation.lowest_m) * deviation.layers_per_m, 0.0, deviation.layers - 1e-9)
    layer = int(height)
    return int(deviation.first) + layer, height - layer


@physics
def density_factor(deviation: Deviation, altitude_m: float) -> float:
    """Return the factor on the density of the air at an altitude; it is held between 1/16 and 16."""
    row, t = layer_of(deviation, altitude_m)
    q = deviation.profiles[row, LOG_DENSITY] + t * deviation.profiles[row, LOG_DENSITY_SLOPE]
    root = exponential(clamp(0.25 * q, -_LARGEST_QUARTER, _LARGEST_QUARTER))
    root *= root
    return root * root


@physics
def added_wind(deviation: Deviation, altitude_m: float) -> tuple[float, float]:
    """Return what is added to the wind towards the east and the north in m/s at an altitude."""
    row, t = layer_of(deviation, altitude_m)
    profiles = deviation.profiles
    east = profiles[row, EAST] + t * profiles[row, EAST_SLOPE]
    return east, profiles[row, NORTH] + t * profiles[row, NORTH_SLOPE]


@physics
def coefficient_factors(deviation: Deviation, mach: float) -> tuple[float, float]:
    """Return the factors on the continuum drag and lift coefficients at a Mach number."""
    risen = clamp((mach - SUPERSONIC_MACH) * (1.0 / BAND_MACH) + 1.0, 0.0, 1.0)
    high = clamp((mach - HYPERSONIC_MACH) * (1.0 / BAND_MACH) + 1.0, 0.0, 1.0)
    drag = deviation.subsonic + risen * (deviation.supersonic - deviation.subsonic)
    drag += high * (deviation.hypersonic - deviation.supersonic)
    return drag, drag * deviation.lift_to_drag
