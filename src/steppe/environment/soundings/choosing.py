"""Which soundings a landing needs, and what becomes of bad ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from steppe.environment.soundings.records import BadSounding, Readings, WindProfile
from steppe.errors import ConfigError
from steppe.frames.geodetic import geodesic_distance_m

WhenBad = Literal["refuse", "skip"]
_SHOWN: Final = 3


def away_m(one: WindProfile | BadSounding, latitude_deg: float, longitude_deg: float) -> float:
    """Return the distance of a sounding from a place in m."""
    angles = (one.latitude_deg, one.longitude_deg, latitude_deg, longitude_deg)
    return float(geodesic_distance_m(*map(math.radians, angles)))


def around(times: Sequence[datetime], utc: datetime) -> tuple[datetime, ...]:
    """Return the times before and after a moment, or the nearest one at an end (or exactly there).

    Parameters
    ----------
    times
        Rising, at least one.
    utc
        The moment.
    """
    after = next((n for n, at in enumerate(times) if at >= utc), len(times))
    if after == len(times) or times[after] == utc or after == 0:
        return (times[min(after, len(times) - 1)],)
    return (times[after - 1], times[after])


def sift(
    found: Readings, utc: datetime, latitude_deg: float, longitude_deg: float, within_m: float, when_bad: WhenBad
) -> tuple[tuple[WindProfile, ...], tuple[str, ...]]:
    """Return the soundings to use, and notes about those that were left out.

    A bad sounding of a station too far away says nothing. One that the landing does not need, because others lie
    nearer to it in time on that side, is left out with a note. One that it needs is refused, unless `when_bad` is
    "skip": then the next sounding in time takes its place.

    Parameters
    ----------
    found
        Soundings near the landing in time.
    utc, latitude_deg, longitude_deg
        Time and place of the landing.
    within_m
        How far a station may be.
    when_bad
        What becomes of a bad sounding that is needed.

    Raises
    ------
    ConfigError
        If a bad sounding is needed, or nothing else is left.
    """
    bad = [one for one in found.bad if away_m(one, latitude_deg, longitude_deg) <= within_m]
    if not bad:
        # Stations too far away are the business of the weights, which name them
        if not found.good and found.bad:
            raise found.bad[0].error
        return found.good, ()
    notes = []
    for one in bad:
        every: list[WindProfile | BadSounding] = [*found.good, *found.bad]
        times = sorted({other.utc for other in every if other.name == one.name})
        twin = any(other.name == one.name and other.utc == one.utc for other in found.good)
        needed = one.utc in around(times, utc) and not twin
        if needed and when_bad == "refuse":
            raise _refusal(one, found)
        why = "bad, and skipped as asked" if needed else "bad, and not needed at this time"
        notes.append(f"The sounding {one.name} {one.utc:%Y-%m-%dT%H:%MZ} is {why}: {one.error}.")
    if not found.good:
        raise ConfigError(f"no good sounding is left; the first bad one: {bad[0].error}")
    return found.good, tuple(notes)


def _refusal(one: BadSounding, found: Readings) -> ConfigError:
    others = sorted(found.good, key=lambda other: abs(other.utc - one.utc))
    if others:
        shown = ", ".join(f"{other.name} {other.utc:%Y-%m-%dT%H:%MZ}" for other in others[:_SHOWN])
        hint = (
            f"{len(others)} other good near the landing ({shown}): to fly with them, write "
            "wind.bad_soundings = 'skip' or give --skip-bad-soundings"
        )
    else:
        hint = "no other is near the landing"
    return ConfigError(f"{one.error} (the sounding {one.name} {one.utc:%Y-%m-%dT%H:%MZ}; {hint})")
