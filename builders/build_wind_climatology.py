"""Write ``src/steppe/data/wind_climatology.csv``: mean wind and spread by zone, month and altitude.

**The lowest 3 km** above the ground are GOST R 54084-2010 (`wind_standard`): the mean zonal wind as printed, the mean
meridional wind from speed and direction of the mean vector, the spread on each axis from the mean square of the speed,
2 spread^2 = mean^2 + deviation^2 - (mean vector)^2. A mean vector that contradicts the printed zonal wind by more than
0.15 m/s is a misprint of one of them; its meridional wind is taken from its neighbours in height. Between places linear
in latitude and longitude, between the middles of the seasons linear in time.

**From 5 km upwards** it is synthetic: the mean is the balanced wind of NRLMSIS 2.1 (`steppe.environment.balanced_wind`)
on the 15th of each month of 2022, no measured wind is in it. The spread is that of the dispersion set
soyuz-ms-climatology, times the mean wind of the month between 8 and 12 km over that of the year: weather is stronger
where the mean flow is (assumed; docs/models/wind.md). Between the two it is linear in altitude.

    python builders/build_wind_climatology.py
"""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from steppe.config.loader import load_dispersions, load_zone, zone_names
from steppe.environment.balanced_wind import balanced_levels

sys.path.insert(0, str(Path(__file__).parent))
from wind_standard import HEIGHTS_M, SEASONS, WIND

Floats = npt.NDArray[np.float64]
TARGET = Path(__file__).parents[1] / "src" / "steppe" / "data" / "wind_climatology.csv"
YEAR = 2022
ALTITUDE_M = np.array([5000, 6000, 7000, 8000, 9000, 10000, 11000, 12000, 14000, 16000, 18000, 20000, 25000, 30000,
                       40000, 50000, 60000, 70000, 80000], dtype=float)  # fmt: skip
MISPRINT_M_S = 0.15


def standard(place: tuple[int, int], season: str) -> Floats:
    """Return mean east, mean north and spread at the heights of the standard, shape (3, heights), m/s."""
    east, north, spread = [], [], []
    for zonal, _, speed, deviation, vector, comes_from in WIND[place][season]:
        angle = math.radians(comes_from)
        agrees = abs(zonal + vector * math.sin(angle)) <= MISPRINT_M_S
        mean_north = -vector * math.cos(angle)
        east.append(zonal)
        north.append(mean_north if agrees else math.nan)
        square = zonal**2 + (mean_north**2 if agrees else 0.0)
        spread.append(math.sqrt(0.5 * (speed**2 + deviation**2 - square)))
    columns = np.array([east, north, spread])
    known = np.isfinite(columns[1])
    columns[1] = np.interp(HEIGHTS_M, np.array(HEIGHTS_M)[known], columns[1, known])
    return columns


def of_month(latitude_deg: float, longitude_deg: float, month: int) -> Floats:
    """Return the standard at a place in a month, bilinear and linear between the middles of the seasons."""
    row, column = (latitude_deg - 45.0) / 5.0, (longitude_deg - 60.0) / 10.0
    i = min(int(row), 1)
    s, t = row - i, column
    before, share = divmod((month - 1) / 3.0, 1.0)
    total = np.zeros((3, len(HEIGHTS_M)))
    for k, season_weight in ((int(before), 1.0 - share), (int(before) + 1, share)):
        season = SEASONS[k % 4]
        for place, weight in (
            ((45 + 5 * i, 60), (1 - s) * (1 - t)), ((45 + 5 * i, 70), (1 - s) * t),
            ((50 + 5 * i, 60), s * (1 - t)), ((50 + 5 * i, 70), s * t),
        ):  # fmt: skip
            total += season_weight * weight * standard(place, season)
    return total


def rows() -> list[str]:
    """Return the lines of the table."""
    wind = load_dispersions("soyuz-ms-climatology").wind
    assert wind is not None
    spread = np.interp(ALTITUDE_M, wind.altitude_m, wind.sigma_m_s)
    jet = (ALTITUDE_M >= 8000.0) & (ALTITUDE_M <= 12000.0)
    lines = ["zone,month,altitude_m,mean_east_m_s,mean_north_m_s,spread_m_s,source"]
    for name in zone_names():
        zone = load_zone(name)
        place = zone.latitude_deg, zone.longitude_deg
        months = [balanced_levels(datetime(YEAR, month, 15, tzinfo=UTC), *place, ALTITUDE_M) for month in range(1, 13)]
        strength = np.array([np.hypot(east, north)[jet].mean() for east, north in months])
        for month, (east, north) in enumerate(months, start=1):
            factor = strength[month - 1] / strength.mean()
            below = of_month(*place, month)
            for level, height_m in enumerate(HEIGHTS_M):
                numbers = ",".join(f"{value:.1f}" for value in below[:, level])
                lines.append(f"{name},{month},{zone.ground_height_m + height_m:.0f},{numbers},GOST R 54084-2010")
            for level, altitude_m in enumerate(ALTITUDE_M):
                numbers = f"{east[level]:.1f},{north[level]:.1f},{factor * spread[level]:.1f}"
                lines.append(f"{name},{month},{altitude_m:.0f},{numbers},synthetic")
    return lines


def compare() -> None:
    """Print how far the synthetic mean and spread lie from the standard at its top, 3 km above the ground."""
    wind = load_dispersions("soyuz-ms-climatology").wind
    assert wind is not None
    for name in zone_names():
        zone = load_zone(name)
        altitude_m = np.array(HEIGHTS_M) + zone.ground_height_m
        place = zone.latitude_deg, zone.longitude_deg
        for month in (1, 4, 7, 10):
            below = of_month(*place, month)
            made = balanced_levels(datetime(YEAR, month, 15, tzinfo=UTC), *place, altitude_m)
            spread = np.interp(altitude_m, wind.altitude_m, wind.sigma_m_s)
            print(name, month, *(f"{altitude_m[k]:.0f} m: east {made[0][k]:.1f} / {below[0, k]:.1f}, north "
                  f"{made[1][k]:.1f} / {below[1, k]:.1f}, spread {spread[k]:.1f} / {below[2, k]:.1f}; "
                  for k in (0, 4, 8)))  # fmt: skip


if __name__ == "__main__":
    TARGET.write_text("\n".join(rows()) + "\n", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size} bytes; made / standard:")
    compare()
