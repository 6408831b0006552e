"""How much acceleration people may be given, by axis, duration and condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_NASA = (
    "NASA-STD-3001 volume 2, revision F, section 6.5.1 [V2 6064], table 6.5-1, sustained acceleration, seated, chest "
    "to back; read from a transcription of the table, not from the standard itself"
)
_ASSUMED = "assumed: the table of NASA-STD-3001 for this axis was not found; "


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the acceleration that lasts.

    Attributes
    ----------
    name
        Condition of the crew.
    duration_s, load_g
        Points of the curve, rising in duration; linear in the logarithm of the duration between them, constant outside.
    source
        Where the numbers come from.
    assumed
        True if no source was found.
    """

    name: str
    duration_s: tuple[float, ...]
    load_g: tuple[float, ...]
    source: str
    assumed: bool = False

    def at(self, duration_s: Array) -> Array:
        """Return the acceleration that may last that long, in g."""
        return np.interp(np.log(np.maximum(duration_s, 1e-3)), np.log(self.duration_s), self.load_g)


# After half a year in space the heart is smaller, the blood less, the muscles weaker: the first row holds
GX: Final = (
    Limit("deconditioned", (0.5, 10.0, 30.0, 50.0, 90.0, 120.0, 150.0), (14.0, 10.0, 8.0, 6.3, 5.0, 4.3, 4.0), _NASA),
    Limit("conditioned", (0.5, 5.0, 300.0), (19.0, 16.0, 7.5), _NASA),
    Limit("emergency", (0.5, 120.0, 300.0, 1200.0), (38.0, 8.8, 7.5, 5.0), _NASA),
)
GY: Final = (
    Limit("deconditioned", (0.5, 150.0), (2.0, 1.0), _ASSUMED + "2 g for a moment, 1 g for long", assumed=True),
)
GZ: Final = (
    Limit(
        "deconditioned", (30.0, 150.0), (2.5, 1.0),
        _ASSUMED + "half of the 5 g for 30 s of the centrifuge test before the flight, 1 g for long", assumed=True,
    ),
    Limit(
        "conditioned", (30.0, 60.0), (5.0, 3.0),
        "acceptance test of cosmonauts on the centrifuge, head to foot: 5 g and 3 g for 30 s each, one after the other "
        "(Roscosmos, tass.ru/kosmos/26280427); a test that everybody passes, not a limit",
    ),
)  # fmt: skip
AXES: Final = {"gx": GX, "gy": GY, "gz": GZ}

ORTHOSTATIC_NOTE: Final = (
    "After half a year in weightlessness people tolerate less: ballistic descents after 164 to 169 days brought "
    "disturbed vision, hard breathing and speech more often than steered ones (Kotovskaya et al., Human Physiology 41, "
    "2015, doi 10.1134/S0362119715070051), standing up at the landing site can end in grey-out (the same, 45, 2019, "
    "doi 10.1134/S0362119719070090). No curve here covers standing up: keep the crew lying down until they are helped."
)


def lasting_g(time_s: Array, load_g: Array, duration_s: Array) -> Array:
    """Return the load that is met or exceeded for each duration in all, in g (0 where the flight is shorter).

    Times above a level are summed over the whole history, not taken from the longest stretch: two peaks count as one
    that lasts as long as both, which is on the safe side.

    Parameters
    ----------
    time_s, load_g
        The history, shape (n,), linear between samples.
    duration_s
        Durations, shape (m,).
    """
    middle, width = 0.5 * (load_g[1:] + load_g[:-1]), np.diff(time_s)
    order = np.argsort(-middle, kind="stable")
    total = np.cumsum(width[order])
    return np.interp(duration_s, total, middle[order], left=float(middle.max(initial=0.0)), right=0.0)


def time_above_s(time_s: Array, load_g: Array, level_g: float) -> float:
    """Return how long the load lies above a level, in s; the history is linear between samples."""
    low, high = np.minimum(load_g[1:], load_g[:-1]), np.maximum(load_g[1:], load_g[:-1])
    sloping = high - low > 1e-12
    share = np.clip((high - level_g) / np.where(sloping, high - low, 1.0), 0.0, 1.0)
    share = np.where(sloping, share, (low > level_g).astype(float))
    return float(np.sum(share * np.diff(time_s)))
