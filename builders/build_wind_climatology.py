"""Write ``src/steppe/data/wind_climatology.csv``: mean wind and spread by zone, month and altitude.

The mean is the balanced wind of NRLMSIS 2.1 (`steppe.environment.balanced_wind`) on the 15th of each month of 2022, so
it is synthetic: no measured wind is in it. The spread on each axis is that of the dispersion set soyuz-ms-climatology,
times the mean wind of the month between 8 and 12 km over that of the year: weather is stronger where the mean flow is
(assumed; docs/models/wind.md).

    python builders/build_wind_climatology.py
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from steppe.config.loader import load_dispersions, load_zone, zone_names
from steppe.environment.balanced_wind import balanced_levels

TARGET = Path(__file__).parents[1] / "src" / "steppe" / "data" / "wind_climatology.csv"
YEAR = 2022
ALTITUDE_M = np.array([0, 500, 1000, 1500, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10000, 11000, 12000, 14000,
                       16000, 18000, 20000, 25000, 30000, 40000, 50000, 60000, 70000, 80000], dtype=float)  # fmt: skip


def rows() -> list[str]:
    """Return the lines of the table."""
    wind = load_dispersions("soyuz-ms-climatology").wind
    assert wind is not None
    spread = np.interp(ALTITUDE_M, wind.altitude_m, wind.sigma_m_s)
    jet = (ALTITUDE_M >= 8000.0) & (ALTITUDE_M <= 12000.0)
    lines = ["zone,month,altitude_m,mean_east_m_s,mean_north_m_s,spread_m_s"]
    for name in zone_names():
        zone = load_zone(name)
        months = [
            balanced_levels(datetime(YEAR, month, 15, tzinfo=UTC), zone.latitude_deg, zone.longitude_deg, ALTITUDE_M)
            for month in range(1, 13)
        ]
        strength = np.array([np.hypot(east, north)[jet].mean() for east, north in months])
        for month, (east, north) in enumerate(months, start=1):
            factor = strength[month - 1] / strength.mean()
            for level, altitude_m in enumerate(ALTITUDE_M):
                numbers = f"{east[level]:.1f},{north[level]:.1f},{factor * spread[level]:.1f}"
                lines.append(f"{name},{month},{altitude_m:.0f},{numbers}")
    return lines


if __name__ == "__main__":
    TARGET.write_text("\n".join(rows()) + "\n", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")
