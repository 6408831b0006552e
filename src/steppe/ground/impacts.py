"""What reaches the ground, or does not: one row for each piece of each sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.errors import LANDED

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

# Below this kinetic energy a piece does not count for the risk (NASA-STD-8719.14, requirement 4.7-1)
HARMFUL_J: Final = 15.0


@dataclass(frozen=True, slots=True)
class Impacts:
    """Pieces of dispersed break-ups, one row each; every array has the shape (n,).

    Attributes
    ----------
    epoch
        Date of time zero.
    bodies
        Names of what the pieces come from: the modules, the heat shield, the capsule itself.
    pieces
        Names of the kinds of pieces in the catalogue.
    sample, body, piece
        Number of the sample, index into `bodies`, index into `pieces`.
    status
        Status code of `steppe.errors.STATUS`: LANDED, DEMISED, or what went wrong.
    time_s, latitude_deg, longitude_deg
        When (seconds after the epoch) and where (geodetic) it ended; missing (NaN) where it did not land.
    speed_m_s, mass_kg, section_m2, energy_j
        Airspeed, mass, mean cross-section and kinetic energy at the ground; missing where it did not land.
    """

    epoch: datetime
    bodies: tuple[str, ...]
    pieces: tuple[str, ...]
    sample: Numbers
    body: Numbers
    piece: Numbers
    status: Numbers
    time_s: Array
    latitude_deg: Array
    longitude_deg: Array
    speed_m_s: Array
    mass_kg: Array
    section_m2: Array
    energy_j: Array

    def __len__(self) -> int:
        """Return the number of pieces."""
        return int(self.sample.size)

    @property
    def landed(self) -> npt.NDArray[np.bool_]:
        """Which pieces reached the ground."""
        landed: npt.NDArray[np.bool_] = self.status == LANDED
        return landed

    @property
    def harmful(self) -> npt.NDArray[np.bool_]:
        """Which pieces reached the ground with the energy that counts."""
        return self.landed & (np.nan_to_num(self.energy_j) >= HARMFUL_J)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Impacts:
        """Return some of the rows."""
        names = ("sample", "body", "piece", "status", "time_s", "latitude_deg", "longitude_deg", "speed_m_s",
                 "mass_kg", "section_m2", "energy_j")  # fmt: skip
        rows: dict[str, Any] = {name: getattr(self, name)[chosen] for name in names}
        return Impacts(self.epoch, self.bodies, self.pieces, **rows)
