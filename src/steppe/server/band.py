"""The band of an ensemble on the strips: mean and three standard deviations of some of its flights, over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.ensemble.campaign import fly_one, plan_campaign
from steppe.ensemble.store import Campaign
from steppe.flight.result import Flight

COLUMNS: Final = ("altitude_m", "airspeed_m_s", "load_g", "heat_flux_w_m2")
# Enough for a band: the standard error of its width is 1 / sqrt(2 * 23) = 15 %
FLOWN: Final = 24
_STEP_S: Final = 2.0
_SIGMAS: Final = 3.0


def band_of(folder: Path, flight: Flight) -> dict[str, Any]:
    """Return the band of a campaign that disperses the mission of a flight.

    Parameters
    ----------
    folder
        Folder of the campaign; its seed gives the samples.
    flight
        The flight; gives mission and times.

    Returns
    -------
    dict
        ``time_s`` and for each of `COLUMNS` ``low`` and ``high``: mean less and plus three standard deviations; None
        where fewer than three of the flights are under way.

    Raises
    ------
    ConfigError, OutputError, PlanError
        If the campaign cannot be read or its mission cannot be flown.
    """
    spec = Campaign.open(folder).spec
    count = min(FLOWN, spec.samples)
    plan = plan_campaign(flight.mission, spec.mission, spec.samples, spec.seed)
    tracks = [fly_one(plan, sample).track.columns for sample in range(count)]
    first = max(float(track["time_s"][0]) for track in tracks)
    last = max(float(track["time_s"][-1]) for track in tracks)
    times = np.arange(first, last, _STEP_S)
    body: dict[str, Any] = {"time_s": times.tolist(), "flights": count}
    for name in COLUMNS:
        rows = np.stack([np.interp(times, track["time_s"], track[name], left=np.nan, right=np.nan) for track in tracks])
        under_way = np.isfinite(rows).sum(axis=0)
        known = np.where(np.isfinite(rows), rows, 0.0)
        mean = known.sum(axis=0) / np.maximum(under_way, 1)
        square = (np.where(np.isfinite(rows), rows - mean, 0.0) ** 2).sum(axis=0)
        deviation = np.sqrt(square / np.maximum(under_way - 1, 1))
        low, high = mean - _SIGMAS * deviation, mean + _SIGMAS * deviation
        body[name] = {
            "low": [float(v) if n >= 3 else None for v, n in zip(low, under_way, strict=True)],
            "high": [float(v) if n >= 3 else None for v, n in zip(high, under_way, strict=True)],
        }
    return body
