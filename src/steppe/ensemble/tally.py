"""How far a campaign is, in numbers that can be added up in any order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.ensemble.manifest import STATUS_COLUMN
from steppe.errors import LANDED, STATUS


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a campaign, or a part of it, is.

    Attributes
    ----------
    flown
        Samples flown in this run.
    wanted
        Samples that this run has to fly.
    failed
        Status name to how many ended so; landings are not among them.
    count, mean_km, spread_km
        Landings so far, and mean and standard deviation of the touchdown to the east and north, km; not a number for
        a mission without a zone to measure from.
    found
        Samples that an earlier run had flown; they count in `failed`, `count` and the spread.
    lost
        Workers that were lost; what they flew was flown again.
    """

    flown: int = 0
    wanted: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    count: int = 0
    mean_km: tuple[float, float] = (0.0, 0.0)
    spread_km: tuple[float, float] = (0.0, 0.0)
    found: int = 0
    lost: int = 0

    def with_part(self, part: Tally) -> Tally:
        """Return the tally with that of some more samples (Chan, Golub and LeVeque, 1979, for the spread)."""
        failed = dict(self.failed)
        for name, count in part.failed.items():
            failed[name] = failed.get(name, 0) + count
        more = replace(self, flown=self.flown + part.flown, failed=failed, lost=self.lost + part.lost)
        if part.count == 0:
            return more
        total = self.count + part.count
        mean, old = np.array(part.mean_km), np.array(self.mean_km)
        squares = np.array(part.spread_km) ** 2 * part.count + np.array(self.spread_km) ** 2 * self.count
        squares += (mean - old) ** 2 * self.count * part.count / total
        merged = old + (mean - old) * part.count / total
        spread = np.sqrt(squares / total)
        return replace(
            more,
            count=total,
            mean_km=(float(merged[0]), float(merged[1])),
            spread_km=(float(spread[0]), float(spread[1])),
        )


def tally_of(rows: dict[str, npt.NDArray[Any]]) -> Tally:
    """Return the tally of some rows; their status is a column of codes."""
    status = rows[STATUS_COLUMN]
    codes, counts = np.unique(status[status != LANDED], return_counts=True)
    failed = {STATUS[int(code)].name: int(count) for code, count in zip(codes, counts, strict=True)}
    landed = status == LANDED
    if not landed.any():
        return Tally(flown=status.size, failed=failed)
    points = np.stack([rows["miss_east_km"][landed], rows["miss_north_km"][landed]])
    mean, spread = points.mean(axis=1), points.std(axis=1)
    return Tally(
        flown=status.size,
        failed=failed,
        count=int(landed.sum()),
        mean_km=(float(mean[0]), float(mean[1])),
        spread_km=(float(spread[0]), float(spread[1])),
    )
