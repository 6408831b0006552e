"""What crew, wall and radio go through in the returns of a campaign: columns from the sums that the kernels kept."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.trim import force_slope, trim_angle_deg
from steppe.ensemble.cases import Nominal
from steppe.ensemble.manifest import Column, Limit
from steppe.ensemble.sampling import Samples
from steppe.flight.crew import FAN_DEG, LEVELS_G, SEAT_ANGLE_DEG
from steppe.flight.crew_limits import AXES
from steppe.flight.heating import EMISSIVITY
from steppe.kernels.ends import END_JERK, END_LOAD, END_LOADS, END_RADIO
from steppe.kernels.felt import LOAD_BIN_G, LOAD_BINS
from steppe.kernels.heating import radiative_wall_temperature

Array = npt.NDArray[np.float64]

# Durations at which loads are held against the limits, s; rounded, so that no bit of the C library's power shows
_DURATIONS_S: Final = tuple(round(0.5 * 1200.0 ** (number / 95.0), 4) for number in range(96))
_AXIS_WORDS: Final = {"gx": "chest to back", "gy": "sideways", "gz": "head to foot"}
# How far below zero and above the nominal the real trim may turn the force, as in `steppe.config.trim`
_LARGEST_TRIM_ERROR_DEG: Final = 10.0

COLUMNS: Final = (
    *(Column(f"time_above_{level:g}_g_s", "s", f"how long the load of the entry lies above {level:g} g", worst="none")
      for level in LEVELS_G),
    Column("jerk_g_s", "g/s", "fastest change of the load of the entry"),
    *(Column(f"peak_{axis}_g", "g", f"largest load {words} on any seat before the parachutes", worst="none")
      for axis, words in _AXIS_WORDS.items()),
    *(Column(f"limit_share_{axis}", "1", f"largest share of the limit {words} of a deconditioned crew, any seat",
             worst="high" if axis == "gx" else "none")
      for axis, words in _AXIS_WORDS.items()),
    Column("peak_wall_temperature_k", "K", "shield in radiative balance with the largest flux, no ablation",
           worst="none"),
    Column("blackout_end_s", "s", "VHF is back, after the entry interface (electrons in equilibrium)", worst="far"),
)  # fmt: skip
LIMITS: Final = (
    Limit("limit_share_gx", 1.0, True, "what a deconditioned crew may bear chest to back (NASA-STD-3001, table 6.5-1)"),
)


def crew_outputs(nominal: Nominal, samples: Samples, ends: Array, entry_s: Array | None) -> dict[str, Array]:
    """Return the columns of loads, wall and radio that the sums give, each of shape (n,).

    The force of an entry stands at the angle of the trim to the axis of the capsule, so the load on each axis of a seat
    is a fixed part of the whole (`steppe.flight.crew.crew_loads`), and all axes share one set of sums.

    Parameters
    ----------
    nominal, samples
        The trim of the capsule and its errors.
    ends
        What the kernels returned, shape (n, 88).
    entry_s
        Time of the entry interface of each, None if the flights begin below it.
    """
    times = ends[:, END_LOADS : END_LOADS + LOAD_BINS]
    # Time at and above the lower border of each bin
    above = np.ascontiguousarray(times[:, ::-1].cumsum(axis=1)[:, ::-1])
    found = {
        f"time_above_{level:g}_g_s": above[:, round(level / LOAD_BIN_G)] for level in LEVELS_G
    } | {"jerk_g_s": ends[:, END_JERK]}  # fmt: skip
    parts = seat_parts(nominal, samples)
    lasting = lasting_loads_g(above, ends[:, END_LOAD])
    for axis, part in parts.items():
        found[f"peak_{axis}_g"] = part * ends[:, END_LOAD]
        found[f"limit_share_{axis}"] = part * np.max(lasting / limits_g(axis), axis=1)
    if entry_s is not None:
        back = ends[:, END_RADIO]
        found["blackout_end_s"] = np.where(back > 0.0, back - entry_s, np.nan)
    return found


def wall_temperatures_k(flux_w_m2: Array) -> Array:
    """Return the temperature of a wall in radiative balance with each flux."""
    return np.array([radiative_wall_temperature(float(flux), EMISSIVITY) for flux in flux_w_m2])


def seat_parts(nominal: Nominal, samples: Samples) -> dict[str, Array]:
    """Return the largest part of the load that any seat feels on each axis, in size, each of shape (n,)."""
    capsule = nominal.loaded.vehicle.capsule
    angle = trim_angle_deg(capsule)
    # Across ten degrees the slope is straight to 1 %
    low, high = (force_slope(capsule, angle + error) for error in (-1.0, 1.0))
    errors = np.clip(samples.values("trim_angle_error_deg"), -_LARGEST_TRIM_ERROR_DEG, _LARGEST_TRIM_ERROR_DEG)
    slope = force_slope(capsule, angle) + 0.5 * (high - low) * errors
    axial = 1.0 / np.sqrt(1.0 + slope * slope)
    normal = slope * axial
    sine, cosine = math.sin(math.radians(SEAT_ANGLE_DEG)), math.cos(math.radians(SEAT_ANGLE_DEG))
    largest = {axis: np.zeros_like(slope) for axis in AXES}
    for fan in (math.radians(degrees) for degrees in FAN_DEG.values()):
        along, sideways = normal * math.cos(fan), normal * math.sin(fan)
        loads = {"gx": axial * sine - along * cosine, "gy": sideways, "gz": axial * cosine + along * sine}
        for axis, load in loads.items():
            largest[axis] = np.maximum(largest[axis], np.abs(load))
    return largest


def lasting_loads_g(above_s: Array, peak_g: Array) -> Array:
    """Return the load that is met or exceeded for each duration in all, shape (n, durations).

    Parameters
    ----------
    above_s
        Time at and above the lower border of each bin of load, shape (n, bins); linear between the borders.
    peak_g
        The largest load, shape (n,): it lasts no time.
    """
    count, bins = above_s.shape
    wanted = np.array(_DURATIONS_S)
    borders = np.arange(bins) * LOAD_BIN_G
    lasting = np.zeros((count, wanted.size))
    for number in range(count):
        # From the peak down, so that the durations rise
        reached = int(min(peak_g[number] / LOAD_BIN_G, bins - 1)) + 1 if math.isfinite(peak_g[number]) else 0
        if reached == 0:
            continue
        loads = np.append(borders[:reached], peak_g[number])[::-1]
        total = np.append(above_s[number, :reached], 0.0)[::-1]
        lasting[number] = np.interp(wanted, total, loads, right=0.0)
    return lasting


@cache
def limits_g(axis: str) -> Array:
    """Return the limit of a deconditioned crew at each duration, in g, rounded as the durations are."""
    return np.round(AXES[axis][0].at(np.array(_DURATIONS_S)), 6)
