"""Wind as a table of layers: speeds towards the east and the north, linear in each layer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.kernels.air import clamp
from steppe.kernels.jit import physics


class Wind(NamedTuple):
    """A tabulated wind.

    Attributes
    ----------
    layers
        Shape (layers, 4): speed to the east at the bottom of the layer in m/s and its change through the layer,
        then the same to the north.
    lowest_m
        Altitude of the bottom of the first layer in m; below it the wind of the bottom holds.
    layers_per_m
        Inverse height of a layer in 1/m. Above the table the wind of its top holds.
    """

    layers: npt.NDArray[np.float64]
    lowest_m: float
    layers_per_m: float


@physics
def wind_at(wind: Wind, altitude_m: float) -> tuple[float, float]:
    """Return the wind towards the east and towards the north in m/s at a geodetic altitude in m."""
    layers = wind.layers
    height = clamp((altitude_m - wind.lowest_m) * wind.layers_per_m, 0.0, layers.shape[0] - 1e-9)
    layer = int(height)
    t = height - layer
    east = layers[layer, 0] + t * layers[layer, 1]
    north = layers[layer, 2] + t * layers[layer, 3]
    return east, north
