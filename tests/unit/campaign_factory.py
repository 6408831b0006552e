"""Synthetic campaigns whose statistics are known on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from steppe.ensemble.footprint import Plane
from steppe.ensemble.manifest import CampaignSpec, Column, Limit, ZoneCircle
from steppe.ensemble.store import Campaign

ZONE = ZoneCircle("zhezkazgan-se", "Zhezkazgan, south-east", 47.35, 69.6, 20e3)
# standard deviations and correlation of the landing points in km, and where their mean lies off the zone
SD_EAST_KM, SD_NORTH_KM, CORRELATION = 6.0, 4.0, 0.5
OFFSET_KM = (2.0, -1.0)
LANDED_CODE, OUT_OF_TIME_CODE = 0, 3
COLUMNS = (
    Column("sample", "1", "number of the sample", "int64"),
    Column("status", "", "outcome", "status"),
    Column("input_density_factor", "1", "factor of the density of the air"),
    Column("input_wind_east_m_s", "m/s", "wind towards the east"),
    Column("input_mass_kg", "kg", "mass of the capsule"),
    Column("input_engine_out", "1", "whether an engine failed", "bool"),
    Column("touchdown_latitude_deg", "deg", "latitude of the touchdown", worst="none"),
    Column("touchdown_longitude_deg", "deg", "longitude of the touchdown", worst="none"),
    Column("miss_east_km", "km", "miss to the east", worst="far"),
    Column("peak_load_g", "g", "greatest load"),
    Column("touchdown_sink_rate_m_s", "m/s", "sink rate at touchdown"),
    Column("touchdown_horizontal_speed_m_s", "m/s", "horizontal speed at touchdown", "float32"),
    Column("propellant_left_kg", "kg", "propellant left after the burn", worst="low"),
)


def spec(samples: int = 1000, shard_size: int = 100, **changed: Any) -> CampaignSpec:
    values: dict[str, Any] = {
        "mission": "ms-21",
        "config_hash": "0123456789abcdef",
        "seed": 7,
        "samples": samples,
        "shard_size": shard_size,
        "columns": COLUMNS,
        "version": "0.1.0",
        "models": {"air": "NRLMSIS 2.1"},
        "configuration": {"deorbit": {"delta_v_m_s": 128.0}, "capsule": {"mass_kg": 2900.0}},
        "zone": ZONE,
        "limits": (Limit("peak_load_g", 5.0, True, "made up"), Limit("propellant_left_kg", 10.0, False)),
    }
    return CampaignSpec(**{**values, **changed})


def rows(samples: range, seed: int = 7, failures: bool = True) -> dict[str, Any]:
    """Return rows that depend on seed and sample number alone."""
    z = np.array([np.random.default_rng((seed, i)).standard_normal(8) for i in samples]).reshape(-1, 8)
    east = SD_EAST_KM * z[:, 0]
    north = SD_NORTH_KM * (CORRELATION * z[:, 0] + np.sqrt(1.0 - CORRELATION**2) * z[:, 1])
    lat, lon = Plane(ZONE.latitude_deg, ZONE.longitude_deg).to_deg(east + OFFSET_KM[0], north + OFFSET_KM[1])
    out = (np.asarray(samples) % 50 == 49) if failures else np.zeros(len(samples), dtype=bool)
    output = {
        "touchdown_latitude_deg": lat,
        "touchdown_longitude_deg": lon,
        "miss_east_km": east + OFFSET_KM[0],
        "peak_load_g": 4.2 + 0.3 * z[:, 2] + 0.1 * z[:, 3],
        "touchdown_sink_rate_m_s": 1.8 + 0.1 * np.abs(z[:, 4]),
        "touchdown_horizontal_speed_m_s": np.hypot(3.0 * z[:, 5], 3.0 * z[:, 6]),
        "propellant_left_kg": 40.0 + 5.0 * z[:, 7],
    }
    return {
        "sample": np.arange(samples.start, samples.stop),
        "status": np.where(out, OUT_OF_TIME_CODE, LANDED_CODE),
        "input_density_factor": 1.0 + 0.1 * z[:, 2],
        "input_wind_east_m_s": 8.0 * z[:, 0],
        "input_mass_kg": 2900.0 + 20.0 * z[:, 3],
        "input_engine_out": z[:, 7] > 2.0,
        **{name: np.where(out, np.nan, values) for name, values in output.items()},
    }


def write(folder: Path, of: CampaignSpec, shards: list[int] | None = None, failures: bool = True) -> Campaign:
    """Write a campaign, or some of its shards."""
    campaign = Campaign.create(folder, of)
    for number in range(of.shards) if shards is None else shards:
        campaign.write_shard(number, rows(of.samples_of(number), of.seed, failures))
    campaign.close()
    return campaign
