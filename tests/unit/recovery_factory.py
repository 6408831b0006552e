"""Synthetic touchdowns with a known spread, so that no flight is needed."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from steppe.ensemble.footprint import Plane
from steppe.ground.touchdowns import Touchdowns

NOON = datetime(2022, 9, 29, 7, 30, tzinfo=UTC)
GUIDED, BALLISTIC = (47.36, 69.6), (45.3, 64.8)


def touchdowns(
    side: str, middle: tuple[float, float], sd_km: tuple[float, float], count: int = 60, utc: datetime = NOON
) -> Touchdowns:
    z = np.random.default_rng(7).standard_normal((2, count))
    lat, lon = Plane(*middle).to_deg(sd_km[0] * z[0], sd_km[1] * z[1])
    return Touchdowns(side, lat, lon, utc, "made up")


def both(count: int = 60, utc: datetime = NOON) -> tuple[Touchdowns, Touchdowns]:
    return touchdowns("guided", GUIDED, (2.8, 2.4), count, utc), touchdowns(
        "ballistic", BALLISTIC, (13.0, 3.0), count, utc
    )
