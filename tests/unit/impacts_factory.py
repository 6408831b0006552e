"""Synthetic pieces on the ground, for the tests of what is made of them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from steppe.errors import DEMISED, LANDED
from steppe.ground.impacts import Impacts
from steppe.ground.sphere import axes_at

EPOCH = datetime(2023, 3, 28, 9, 57, tzinfo=UTC)


def impacts_at(latitude_deg, longitude_deg, **columns) -> Impacts:
    """Return pieces at given places; everything else is the same for all unless given."""
    lat = np.atleast_1d(np.asarray(latitude_deg, dtype=float))
    lon = np.atleast_1d(np.asarray(longitude_deg, dtype=float))
    n = len(lat)
    rows = {
        "sample": np.arange(n),
        "body": np.zeros(n, dtype=np.int64),
        "piece": np.zeros(n, dtype=np.int64),
        "status": np.full(n, LANDED),
        "time_s": np.linspace(3000.0, 3600.0, n),
        "speed_m_s": np.full(n, 40.0),
        "mass_kg": np.full(n, 5.0),
        "section_m2": np.full(n, 0.25),
        "energy_j": np.full(n, 4000.0),
        "bodies": ("orbital_module",),
        "pieces": ("tank",),
        **columns,
    }
    bodies, pieces = rows.pop("bodies"), rows.pop("pieces")
    return Impacts(EPOCH, bodies, pieces, latitude_deg=lat, longitude_deg=lon, **rows)


def breakup(samples: int = 40, seed: int = 1) -> Impacts:
    """Return something like a Soyuz: modules along 800 km of track, a heat shield and a capsule at the site."""
    random = np.random.default_rng(seed)
    axes = axes_at(47.3, 69.6, 52.0)
    bodies = ("orbital_module", "service_module", "heat_shield", "capsule")
    pieces = ("tank", "frame", "shield", "capsule")
    rows = []
    for sample in range(samples):
        for body, kinds, mean, spread in ((0, (0, 1, 1), -1000.0, 150.0), (1, (0, 0, 1), -900.0, 170.0)):
            for kind in kinds:
                along = random.normal(mean + 200.0 * (kind == 0), spread)
                rows.append((sample, body, kind, along, random.normal(0.0, 9.0), 60.0 if kind == 0 else 12.0))
        rows.append((sample, 2, 2, random.normal(-4.0, 2.0), random.normal(0.0, 2.0), 150.0))
        rows.append((sample, 3, 3, random.normal(0.0, 2.5), random.normal(0.0, 2.5), 2800.0))
    sample, body, piece, along, across, mass = (np.array(column) for column in zip(*rows, strict=True))
    status = np.where((body < 2) & (random.random(len(body)) < 0.2), DEMISED, LANDED)
    gone = status == DEMISED
    lat, lon = axes.to_deg(along, across)

    def known(values):
        return np.where(gone, np.nan, values)

    return Impacts(
        EPOCH, bodies, pieces, sample, body, piece, status, known(3000.0 - 0.6 * along), known(lat), known(lon),
        known(np.sqrt(mass) * 8.0), known(mass), known(0.05 * mass ** (2 / 3)), known(32.0 * mass**2),
    )  # fmt: skip
