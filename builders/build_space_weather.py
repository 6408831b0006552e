"""Build ``src/steppe/data/space_weather.npz`` from a daily space weather table.

Source: CelesTrak space weather data (celestrak.org/SpaceData, compiled by the Center for Space Standards and
Innovation; free of licence requirements), in one of two forms of CSV:

- CelesTrak's own ``SW-All.csv`` (DATE, AP1 to AP8, AP_AVG, F10.7_OBS, F10.7_OBS_CENTER81, F10.7_DATA_TYPE), or
- the columns date, ap_00 to ap_21, ap_daily, f107_observed, f107_observed_centered81, status.

    python builders/build_space_weather.py SW-All.csv src/steppe/data/space_weather.npz

The file holds ``first_day`` (days since 1970-01-01), ``observed_days`` (how many days from the first are observed; the
rest are predicted), ``ap`` (int16, days by eight), ``ap_daily`` (int16), ``f107`` and ``f107a`` (int16, in tenths of a
solar flux unit), ``source`` and ``sha256`` of the CSV.

A few daily fluxes were taken during a radio burst (938.6 on 2011-03-07, among 135 to 167) or misread; the thermosphere
does not follow them. Where a day differs by more than 35 % from the median of five days, the median stands.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from steppe.environment.space_weather_file import without_bursts

# NRLMSIS runs on observed fluxes; earlier years would add bytes and no mission
FIRST_DAY = date(1998, 1, 1)
CELESTRAK = {
    "date": "DATE",
    "ap_daily": "AP_AVG",
    "f107": "F10.7_OBS",
    "f107a": "F10.7_OBS_CENTER81",
    "status": "F10.7_DATA_TYPE",
    "ap": [f"AP{k}" for k in range(1, 9)],
}
PLAIN = {
    "date": "date",
    "ap_daily": "ap_daily",
    "f107": "f107_observed",
    "f107a": "f107_observed_centered81",
    "status": "status",
    "ap": [f"ap_{hour:02d}" for hour in range(0, 24, 3)],
}


def is_observed(status: str) -> bool:
    """Return True for a measured day; CelesTrak writes OBS, INT (gap interpolated), PRD and PRM."""
    return status.upper() in ("OBSERVED", "OBS", "INT")


def main(source: Path, target: Path) -> None:
    """Read the CSV `source` and write `target`."""
    text = source.read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    names = CELESTRAK if "DATE" in (reader.fieldnames or ()) else PLAIN
    rows = []
    for row in reader:
        day = date.fromisoformat(row[names["date"]])
        # Monthly predictions (PRM) have no daily values
        if day >= FIRST_DAY and all(row[name] for name in names["ap"]):
            rows.append((day, row))
    first = rows[0][0]
    for number, (day, _) in enumerate(rows):
        if day != first + timedelta(days=number):
            sys.exit(f"{source}: expected {first + timedelta(days=number)}, got {day}; the days must follow each other")
    observed = [is_observed(row[names["status"]]) for _, row in rows]
    observed_days = sum(observed)
    if not all(observed[:observed_days]):
        sys.exit(f"{source}: a predicted day lies before an observed one")

    def column(name: str, scale: float) -> np.ndarray:
        return np.array([round(float(row[name]) * scale) for _, row in rows], dtype=np.int16)

    np.savez_compressed(
        target,
        first_day=np.int64((first - date(1970, 1, 1)).days),
        observed_days=np.int64(observed_days),
        ap=np.stack([column(name, 1.0) for name in names["ap"]], axis=1),
        ap_daily=column(names["ap_daily"], 1.0),
        f107=without_bursts(column(names["f107"], 10.0)),
        f107a=column(names["f107a"], 10.0),
        source=np.array("CelesTrak/CSSI space weather data, celestrak.org/SpaceData"),
        sha256=np.array(hashlib.sha256(source.read_bytes()).hexdigest()),
    )
    print(f"{target}: {target.stat().st_size} bytes, {first} to {rows[-1][0]}, {observed_days} of {len(rows)} observed")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python builders/build_space_weather.py TABLE.csv TARGET.npz")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
