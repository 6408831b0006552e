"""The wind of the day at the landing: soundings or a grid, weighted in time and space, above them the climatology."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from steppe.config.surroundings import Wind as WindChoice
from steppe.config.surroundings import file_paths
from steppe.environment.balanced_wind import FADE_TO_M, balanced_levels
from steppe.environment.soundings.choosing import around, away_m, sift
from steppe.environment.soundings.gridded import read_grid
from steppe.environment.soundings.reading import soundings_of
from steppe.environment.soundings.records import Readings, WindField, WindProfile
from steppe.environment.sourced import Sourced
from steppe.environment.wind_model import layers
from steppe.errors import EnvironmentDataError
from steppe.kernels.wind import Wind

Weighted = tuple[tuple[WindProfile, float], ...]

LAYER_M: Final = 200.0
# Above the top of a column its difference from the climatology fades over this height: the correlation length that the
# dispersions assume for the weather as a whole (soyuz-ms-climatology)
BLEND_M: Final = 10e3
# Stations weigh as 1 / (d^2 + d0^2); d0 keeps a station in the zone from silencing all others (our choice)
CORE_M: Final = 50e3
# The ends of a grid in time hold this long: the step of GFS beyond 120 h
GRID_HOLD_S: Final = 3.0 * 3600.0


def measured_wind(
    choice: WindChoice,
    folder: Path | None,
    utc: datetime,
    latitude_deg: float,
    longitude_deg: float,
    ground_m: float | None = None,
) -> Sourced[Wind]:
    """Return the wind of soundings or of a grid at a time and place.

    Parameters
    ----------
    choice
        The part ``[wind]`` of the mission file, with ``model = "sounding"`` or ``"grid"``.
    folder
        Folder of the mission file; None stands for the current folder.
    utc
        Date of the landing, with a time zone.
    latitude_deg, longitude_deg
        Place of the landing.
    ground_m
        Height of the ground there, on which the wind at 10 m of a grid stands; None leaves that wind out.

    Raises
    ------
    ConfigError
        If a file cannot be read or used.
    EnvironmentDataError
        If the date has no time zone, or no file covers it and the place.
    """
    weighted, notes = measured_columns(choice, folder, utc, latitude_deg, longitude_deg, ground_m)
    name = "grid" if choice.model == "grid" else "soundings"
    return blended(weighted, utc, latitude_deg, longitude_deg, name, notes)


def measured_columns(
    choice: WindChoice,
    folder: Path | None,
    utc: datetime,
    latitude_deg: float,
    longitude_deg: float,
    ground_m: float | None = None,
) -> tuple[Weighted, tuple[str, ...]]:
    """Return the columns of soundings or of a grid with their weights, and what the user must know of them.

    Parameters and errors as `measured_wind`.
    """
    paths = file_paths(choice, folder)
    if choice.model == "grid":
        fields = [read_grid(path, latitude_deg, longitude_deg, ground_m) for path in paths]
        return weights_in_time(fields, utc), ()
    found = soundings_near(paths, utc, choice.within_s)
    good, notes = sift(found, utc, latitude_deg, longitude_deg, choice.within_m, choice.bad_soundings)
    return weights_of_stations(good, utc, latitude_deg, longitude_deg, choice.within_m), notes


def soundings_near(paths: Sequence[Path], utc: datetime, within_s: float) -> Readings:
    """Return the soundings of all files near a time; a file may lack them as long as another has some."""
    found: list[Readings] = []
    missed: list[EnvironmentDataError] = []
    for path in paths:
        try:
            found.append(soundings_of(path, utc, within_s))
        except EnvironmentDataError as error:
            missed.append(error)
    if not found:
        raise missed[0] if missed else EnvironmentDataError("no file of soundings was given; write wind.files")
    return Readings(
        tuple(one for readings in found for one in readings.good),
        tuple(one for readings in found for one in readings.bad),
    )


def weights_of_stations(
    found: Sequence[WindProfile], utc: datetime, latitude_deg: float, longitude_deg: float, within_m: float
) -> Weighted:
    """Return soundings with weights: linear in time at each station, by inverse square of the distance between them.

    Raises
    ------
    EnvironmentDataError
        If every station is too far away.
    """
    stations: dict[str, list[WindProfile]] = {}
    away: dict[str, float] = {}
    for profile in found:
        distance_m = away_m(profile, latitude_deg, longitude_deg)
        away[profile.name] = distance_m
        if distance_m <= within_m:
            stations.setdefault(profile.name, []).append(profile)
    if not stations:
        nearest = ", ".join(f"{name} {distance_m / 1e3:.0f} km" for name, distance_m in sorted(away.items()))
        raise EnvironmentDataError(
            f"no sounding within {within_m / 1e3:g} km of the landing at {latitude_deg:.3f} N {longitude_deg:.3f} E: "
            f"{nearest}; take a nearer station, or raise wind.within_m"
        )
    weighted: list[tuple[WindProfile, float]] = []
    for name, profiles in stations.items():
        share = 1.0 / (away[name] ** 2 + CORE_M**2)
        weighted += [(profile, share * part) for profile, part in _about(profiles, utc)]
    total = sum(weight for _, weight in weighted)
    return tuple((profile, weight / total) for profile, weight in weighted)


def weights_in_time(fields: Sequence[WindField], utc: datetime) -> Weighted:
    """Return the columns of grids before and after a time with their weights.

    Raises
    ------
    EnvironmentDataError
        If the time lies outside the grids by more than three hours.
    """
    steps = {at: columns for field in fields for at, columns in zip(field.utc, field.columns, strict=True)}
    times = sorted(steps)
    hold = timedelta(seconds=GRID_HOLD_S)
    if not times or not times[0] - hold <= utc <= times[-1] + hold:
        covered = f"{times[0]:%Y-%m-%d %H:%M} to {times[-1]:%Y-%m-%d %H:%M} UTC" if times else "no time"
        raise EnvironmentDataError(
            f"{', '.join(field.source for field in fields)}: the grid covers {covered} and not the landing at "
            f"{utc:%Y-%m-%d %H:%M} UTC (its ends hold for 3 h); fetch the hours about the landing"
        )
    weighted = []
    for at, share in _bracket(times, utc):
        weighted += [(profile, share * weight) for profile, weight in steps[at]]
    return tuple(weighted)


def _about(profiles: Sequence[WindProfile], utc: datetime) -> list[tuple[WindProfile, float]]:
    """Return the soundings of a station before and after a time with their linear weights."""
    by_time = {profile.utc: profile for profile in reversed(profiles)}
    return [(by_time[at], share) for at, share in _bracket(sorted(by_time), utc)]


def _bracket(times: Sequence[datetime], utc: datetime) -> list[tuple[datetime, float]]:
    near = around(times, utc)
    if len(near) == 1:
        return [(near[0], 1.0)]
    early, late = near
    share = (utc - early) / (late - early)
    return [(early, 1.0 - share), (late, share)]


def blended(
    weighted: Weighted,
    utc: datetime,
    latitude_deg: float,
    longitude_deg: float,
    name: str,
    notes: Sequence[str] = (),
) -> Sourced[Wind]:
    """Return the mean of weighted columns; above each top its difference from the climatology fades out.

    With the climatology c, a column w_i of weight a_i, its difference d_i = w_i - c (held at its ends) and its cover
    k_i (1 up to its top, falling to 0 over `BLEND_M`), the wind is c + max(k) sum(a_i k_i d_i) / sum(a_i k_i).

    Parameters
    ----------
    weighted
        Columns and weights.
    utc, latitude_deg, longitude_deg
        Time and place of the landing.
    name
        Name of the model.
    notes
        What else the user must know.
    """
    bottom_m = LAYER_M * math.floor(min(float(profile.altitude_m[0]) for profile, _ in weighted) / LAYER_M)
    altitude_m = np.arange(bottom_m, FADE_TO_M + LAYER_M, LAYER_M)
    # Levels of a climatology smoother than 500 m are not in it; the model is slow on many levels
    nodes_m = np.arange(0.0, FADE_TO_M + 1.0, 1000.0)
    base = [
        np.interp(altitude_m, nodes_m, speed) for speed in balanced_levels(utc, latitude_deg, longitude_deg, nodes_m)
    ]
    total = np.zeros_like(altitude_m)
    most = np.zeros_like(altitude_m)
    sums = [np.zeros_like(altitude_m), np.zeros_like(altitude_m)]
    for profile, weight in weighted:
        cover = np.clip(1.0 - (altitude_m - profile.altitude_m[-1]) / BLEND_M, 0.0, 1.0)
        inside_m = np.minimum(altitude_m, profile.altitude_m[-1])
        total += weight * cover
        most = np.maximum(most, cover)
        for part, (speed, mean) in enumerate(zip((profile.east_m_s, profile.north_m_s), base, strict=True)):
            difference = np.interp(inside_m, profile.altitude_m, speed) - np.interp(inside_m, altitude_m, mean)
            sums[part] += weight * cover * difference
    safe = np.where(total > 0.0, total, 1.0)
    east, north = (mean + most * one / safe for mean, one in zip(base, sums, strict=True))
    return Sourced(
        layers(bottom_m, LAYER_M, east, north),
        name,
        " ".join([_note(weighted, name), *notes]),
        _provenance(weighted, utc, name),
    )


def _note(weighted: Weighted, name: str) -> str:
    top_m = max(float(profile.altitude_m[-1]) for profile, _ in weighted)
    bottom_m = min(float(profile.altitude_m[0]) for profile, _ in weighted)
    return (
        f"The wind of the {name} covers {bottom_m:.0f} to {top_m:.0f} m; below, its lowest wind holds, and above, it "
        f"fades into the climatology over {BLEND_M / 1e3:g} km."
    )


def _provenance(weighted: Weighted, utc: datetime, name: str) -> dict[str, str]:
    parts = [
        f"{Path(profile.source).name} {profile.name} {profile.utc.astimezone(UTC):%Y-%m-%dT%H:%MZ} ({weight:.0%})"
        for profile, weight in weighted
    ]
    return {
        "wind": f"{name} of {', '.join(parts)}",
        "wind_source": ", ".join(parts),
        "wind_utc": utc.astimezone(UTC).isoformat(),
        "wind_heights": "; ".join(sorted({profile.heights for profile, _ in weighted})),
        "wind_levels_left_out": str(sum(profile.left_out for profile, _ in weighted)),
    }
