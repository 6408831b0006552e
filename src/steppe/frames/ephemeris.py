"""Interpolation of tabulated states, as an orbit ephemeris message asks for it (CCSDS 502.0-B-3, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from steppe.errors import ElementsError
from steppe.frames.earth_orientation import eme2000_to_gcrf_matrix, gcrf_to_itrf, teme_to_itrf

Array = npt.NDArray[np.float64]
Frame = Literal["TEME", "GCRF", "EME2000", "ITRF"]
Method = Literal["HERMITE", "LAGRANGE", "LINEAR"]

# Four states with velocities: at 4 min steps in low orbit within 2 mm of a circular orbit
DEFAULT_METHOD: Final[Method] = "HERMITE"
DEFAULT_DEGREE: Final = 7
# Rounding of file times: a microsecond before the first state is still the first state
_TIME_SLACK_S: Final = 1e-5


@dataclass(frozen=True)
class Segment:
    """States of one stretch without a manoeuvre.

    Attributes
    ----------
    epoch
        UTC of ``seconds`` = 0.
    seconds
        Times of the states, rising, shape (M,).
    states
        Position in m and velocity in m/s, shape (6, M).
    frame
        Frame of the states.
    method, degree
        How to interpolate.
    first_s, last_s
        The span in which the states may be used.
    """

    epoch: datetime
    seconds: Array
    states: Array
    frame: Frame
    method: Method
    degree: int
    first_s: float
    last_s: float

    def at(self, seconds: Array) -> tuple[Array, Array]:
        """Return positions and velocities, each (3, N), in the frame of the segment at seconds after its epoch."""
        hermite = self.method == "HERMITE"
        count = (self.degree + 1) // 2 if hermite else self.degree + 1
        count = min(max(count, 2), self.seconds.size)
        after = np.searchsorted(self.seconds, seconds, side="right")
        first = np.clip(after - count // 2 - count % 2, 0, self.seconds.size - count)
        window = first[:, None] + np.arange(count)
        nodes = (self.seconds[window] - seconds[:, None]).T
        values = self.states[:, window].transpose(2, 0, 1)
        if hermite:
            return _hermite(nodes, values[:, :3], values[:, 3:])
        polynomial = _newton_at_zero(nodes, values)[0]
        return polynomial[:3], polynomial[3:]

    def to_itrf(self, seconds: Array) -> tuple[Array, Array]:
        """Return ITRF positions and velocities (relative to the turning Earth) at seconds after the epoch."""
        return self._turned(*self.at(seconds), seconds)

    def given_itrf(self) -> tuple[Array, Array]:
        """Return the states themselves, not interpolated, in ITRF."""
        return self._turned(self.states[:3], self.states[3:], self.seconds)

    def _turned(self, position: Array, velocity: Array, seconds: Array) -> tuple[Array, Array]:
        if self.frame == "ITRF":
            return position, velocity
        if self.frame == "TEME":
            return teme_to_itrf(self.epoch, position, velocity, seconds)
        if self.frame == "EME2000":
            bias = eme2000_to_gcrf_matrix()
            position, velocity = bias @ position, bias @ velocity
        return gcrf_to_itrf(self.epoch, position, velocity, seconds)


def _evaluate(nodes: Array, coefficients: list[Array]) -> tuple[Array, Array]:
    """Evaluate a Newton polynomial and its derivative at time zero."""
    value, slope = coefficients[-1], np.zeros_like(coefficients[-1])
    for node, coefficient in zip(nodes[len(coefficients) - 2 :: -1], coefficients[-2::-1], strict=True):
        slope = value - node * slope
        value = coefficient - node * value
    return value, slope


def _newton_at_zero(nodes: Array, values: Array) -> tuple[Array, Array]:
    """Interpolate at time zero: nodes (M, N), values (M, K, N)."""
    column, coefficients = values, [values[0]]
    for order in range(1, len(nodes)):
        column = (column[1:] - column[:-1]) / (nodes[order:] - nodes[:-order])[:, None, :]
        coefficients.append(column[0])
    return _evaluate(nodes, coefficients)


def _hermite(nodes: Array, position: Array, velocity: Array) -> tuple[Array, Array]:
    """Interpolate positions with their velocities at time zero, by divided differences on doubled nodes."""
    doubled = np.repeat(nodes, 2, axis=0)
    values = np.repeat(position, 2, axis=0)
    column = np.empty((len(doubled) - 1, *position.shape[1:]))
    column[0::2] = velocity
    column[1::2] = (position[1:] - position[:-1]) / (nodes[1:] - nodes[:-1])[:, None, :]
    coefficients = [values[0], column[0]]
    for order in range(2, len(doubled)):
        column = (column[1:] - column[:-1]) / (doubled[order:] - doubled[:-order])[:, None, :]
        coefficients.append(column[0])
    return _evaluate(doubled, coefficients)


@dataclass(frozen=True)
class Ephemeris:
    """Segments in order of time."""

    segments: tuple[Segment, ...]

    @property
    def first(self) -> datetime:
        """The first usable moment (UTC)."""
        return min(part.epoch + timedelta(seconds=part.first_s) for part in self.segments)

    @property
    def last(self) -> datetime:
        """The last usable moment (UTC)."""
        return max(part.epoch + timedelta(seconds=part.last_s) for part in self.segments)

    def states_itrf(self, utc: datetime, seconds: Array, source: str) -> tuple[Array, Array]:
        """Return ITRF positions and velocities, each (3, N), at seconds after a date.

        Raises
        ------
        ElementsError
            If a moment lies outside all segments.
        """
        position, velocity = np.empty((3, seconds.size)), np.empty((3, seconds.size))
        missing = np.ones(seconds.size, dtype=bool)
        # The later segment wins where two meet: it begins with the state after the manoeuvre
        for part in reversed(self.segments):
            local = seconds + (utc - part.epoch).total_seconds()
            inside = missing & (local >= part.first_s - _TIME_SLACK_S) & (local <= part.last_s + _TIME_SLACK_S)
            if inside.any():
                position[:, inside], velocity[:, inside] = part.to_itrf(local[inside])
                missing &= ~inside
        if missing.any():
            moment = utc + timedelta(seconds=float(seconds[np.flatnonzero(missing)[0]]))
            raise ElementsError(
                f"{source}: the ephemeris reaches from {self.first:%Y-%m-%dT%H:%M:%SZ} to "
                f"{self.last:%Y-%m-%dT%H:%M:%SZ} and has no state for {moment:%Y-%m-%dT%H:%M:%SZ}. "
                "Use an ephemeris of that day, or dates within this one."
            )
        return position, velocity
