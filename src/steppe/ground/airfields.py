"""Which airfields of a recovery file count, and whether its units can reach a touchdown at all."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from steppe.config.recovery import Airfield, RecoveryFile
from steppe.environment.terrain_grid import grid_ground
from steppe.errors import ConfigError
from steppe.frames.geodetic import geodesic_distance_m
from steppe.ground.land import on_land
from steppe.ground.setup import Setup
from steppe.ground.touchdowns import Touchdowns

# How far beyond the heights of the grid within 0.25 deg an airfield may lie. Assumed: of 20 airfields between the Urals
# and Almaty none lies beyond them at all; feet taken for metres and a wrong sign of the place do
_BEYOND_M: Final = 100.0
_ABOUT_DEG: Final = 0.25
# Farther from both sides than any aircraft of a force could help from (An-26: 2,550 km, out and back); our choice
_FARTHEST_M: Final = 2500e3
# Two airfields nearer to each other are one, written twice (our choice)
_SAME_M: Final = 1000.0


def usable_airfields(
    force: RecoveryFile, source: str, guided: Touchdowns, ballistic: Touchdowns
) -> tuple[RecoveryFile, tuple[str, ...]]:
    """Return the force with its open airfields only, and notes on the closed ones.

    Parameters
    ----------
    force
        The recovery file.
    source
        Where it came from, for messages.
    guided, ballistic
        Where the capsule may come down.

    Raises
    ------
    ConfigError
        If an airfield lies in the sea, far from both sides, on another one, or off the height of the ground there, or
        if all are closed.
    """
    for number, one in enumerate(force.airfield):
        problem = (
            _in_the_sea(one)
            or _far_away(one, guided, ballistic)
            or _on_another(one, force.airfield[:number])
            or _off_the_ground(one)
        )
        if problem:
            raise ConfigError(f"airfield '{one.name}' {problem}", source=source, key=f"airfield.{one.icao}")
    open_ones = tuple(one for one in force.airfield if not one.closed)
    if not open_ones:
        raise ConfigError("every airfield is closed; remove 'closed' from one", source=source, key="airfield")
    notes = tuple(f"{one.name} is closed ({one.closed}): nobody waits or refuels there."
                  for one in force.airfield if one.closed)  # fmt: skip
    return force.model_copy(update={"airfield": open_ones}), notes


def within_reach(setup: Setup, guided: Touchdowns, ballistic: Touchdowns, source: str) -> tuple[str, ...]:
    """Return notes on types that cannot come to any touchdown of a side, from wherever they wait.

    Raises
    ------
    ConfigError
        If nobody who opens the hatch comes to any touchdown of either side.
    """
    notes, reached = [], False
    for points in (guided, ballistic):
        times, _ = setup.arrivals_s(points, setup.detections(points.side))
        for number, unit in enumerate(setup.types):
            if np.isfinite(times[setup.of_type == number]).any():
                reached = True
            else:
                notes.append(
                    f"{unit.title or unit.name}: reaches no touchdown on the {points.side} side from any place; what "
                    "stops it is the weather, or range_m, reserve_s or duty_s of its type."
                )
    if not reached:
        raise ConfigError("nobody who opens the hatch reaches a touchdown: " + " ".join(notes), source=source)
    return tuple(notes)


def _in_the_sea(one: Airfield) -> str:
    if on_land(one.latitude_deg, one.longitude_deg):
        return ""
    return (
        f"at {_where(one)} lies in the sea (Natural Earth coastlines); are latitude and longitude exchanged, or is a "
        "sign wrong?"
    )


def _far_away(one: Airfield, guided: Touchdowns, ballistic: Touchdowns) -> str:
    away = min(_away_m(one, *side.mean_deg) for side in (guided, ballistic))
    if away <= _FARTHEST_M:
        return ""
    return (
        f"at {_where(one)} is {away / 1e3:.0f} km from the nearer side of the landing; are latitude and longitude "
        "exchanged, or is a sign wrong? Or does the force belong to another landing zone?"
    )


def _on_another(one: Airfield, others: tuple[Airfield, ...]) -> str:
    for other in others:
        if _away_m(one, other.latitude_deg, other.longitude_deg) < _SAME_M:
            return f"lies where '{other.name}' lies ({_where(one)}); correct the place of one of them"
    return ""


def _off_the_ground(one: Airfield) -> str:
    """Return what is wrong with the height; nothing outside the bundled grid (42 to 57 N, 54 to 78 E)."""
    steps = (-_ABOUT_DEG, 0.0, _ABOUT_DEG)
    found = [grid_ground(one.latitude_deg + north, one.longitude_deg + east) for north in steps for east in steps]
    heights = [ground.height_m for ground in found if ground is not None]
    if len(heights) < len(found) or min(heights) - _BEYOND_M <= one.elevation_m <= max(heights) + _BEYOND_M:
        return ""
    feet = f'is it in feet (write "{one.elevation_m:.0f} ft"), or ' if one.elevation_m > max(heights) else ""
    return (
        f"has an elevation of {one.elevation_m:.0f} m, but the ground about {_where(one)} is {min(heights):.0f} to "
        f"{max(heights):.0f} m high (bundled grid of heights); {feet}is the place wrong?"
    )


def _where(one: Airfield) -> str:
    return f"{one.latitude_deg:g} N {one.longitude_deg:g} E"


def _away_m(one: Airfield, latitude_deg: float, longitude_deg: float) -> float:
    angles = (one.latitude_deg, one.longitude_deg, latitude_deg, longitude_deg)
    return float(geodesic_distance_m(*map(math.radians, angles)))
