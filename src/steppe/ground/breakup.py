"""Draws the break-up of each sample: piece p of sample i depends on (seed, i, p) alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steppe.config.debris import BreakUp
from steppe.ensemble.streams import (
    Array,
    Indices,
    fill_exponentials,
    fill_quantiles,
    fill_uniforms,
    stream_number,
)
from steppe.ground.pieces import Roster
from steppe.kernels import fragments as fr

# A wild draw must not break a module up above the entry or below where heat and loads have long done it
_LOWEST_M, _HIGHEST_M = 30e3, 130e3


@dataclass(frozen=True, slots=True)
class BreakUps:
    """What the break-ups of some samples are like.

    Attributes
    ----------
    altitude_m
        Module name to the altitude of its break-up, shape (samples,).
    ballistic, heat
        Factors on the ballistic coefficient and on the heat flux, shape (samples, pieces).
    lift_to_drag, roll_rad
        Lift over drag (either sign) and roll, shape (samples, pieces).
    push_m_s
        Added velocity in a frame that is turned at random, so its axes have no name; shape (samples, pieces, 3).
    """

    altitude_m: dict[str, Array]
    ballistic: Array
    heat: Array
    lift_to_drag: Array
    roll_rad: Array
    push_m_s: Array


def draw_breakups(break_up: BreakUp, modules: tuple[str, ...], roster: Roster, seed: int, samples: Indices) -> BreakUps:
    """Draw the break-ups of some samples.

    The random numbers come from Philox4x32-10 with the seed as key and (sample, stream) as counter; the stream is
    named after the body, the piece and what is drawn. So any subset of samples gives the same numbers as all at once,
    and a piece that is added to the catalogue leaves the others alone.

    Parameters
    ----------
    break_up
        The distributions.
    modules
        Names of the modules that break up.
    roster
        The pieces.
    seed, samples
        Seed of the campaign, and numbers of the samples, shape (n,).
    """
    key = np.uint64(seed)
    shape = (samples.size, len(roster))

    def uniform(what: str) -> Array:
        values, column = np.empty(shape), np.empty(samples.size)
        for number, stream in enumerate(roster.streams):
            fill_uniforms(key, samples, stream_number(f"{stream}.{what}"), column)
            values[:, number] = column
        return values

    heights = {}
    for name in modules:
        column = np.empty(samples.size)
        fill_uniforms(key, samples, stream_number(f"debris.{name}.altitude"), column)
        fill_quantiles(column, column)
        heights[name] = np.clip(break_up.altitude_m + break_up.altitude_sigma_m * column, _LOWEST_M, _HIGHEST_M)
    cosine, turn = 2.0 * uniform("cosine") - 1.0, 2.0 * np.pi * uniform("turn")
    speed = roster.added_speed_m_s * uniform("speed")
    sine = np.sqrt(1.0 - cosine * cosine)
    return BreakUps(
        altitude_m=heights,
        ballistic=_lognormal(uniform("ballistic"), break_up.ballistic_factor),
        heat=_lognormal(uniform("heat"), break_up.heat_factor),
        lift_to_drag=break_up.lift_to_drag / 3.0 * _normal(uniform("lift")),
        roll_rad=2.0 * np.pi * uniform("roll"),
        push_m_s=speed[:, :, None] * np.stack([sine * np.cos(turn), sine * np.sin(turn), cosine], axis=2),
    )


def _normal(uniforms: Array) -> Array:
    """Return standard normal values."""
    z: Array = uniforms.reshape(-1).copy()
    fill_quantiles(z, z)
    return z.reshape(uniforms.shape)


def _lognormal(uniforms: Array, factor: float) -> Array:
    """Return factors with the median 1, one sigma of whose logarithm is that of `factor`."""
    exponents: Array = np.log(factor) * _normal(uniforms)
    fill_exponentials(exponents, exponents)
    return exponents


def cases_at(roster: Roster, breakups: BreakUps, row: int, chosen: Indices, state: Array, ground_m: float) -> Array:
    """Return the case rows of some pieces of one sample, all released at one state, shape (29, pieces).

    Parameters
    ----------
    roster, breakups
        The pieces and their draws.
    row
        Which of the samples that were drawn.
    chosen
        Numbers of the pieces.
    state
        Time in s, position in m and velocity in m/s (ITRF), shape (7,).
    ground_m
        Altitude of the ground.
    """
    rows = roster.rows[:, chosen].copy()
    rows[fr.TIME], rows[fr.GROUND] = state[0], ground_m
    rows[fr.X : fr.W + 1] = state[1:7, None]
    rows[fr.U : fr.W + 1] += breakups.push_m_s[row, chosen].T
    rows[fr.AREA] /= breakups.ballistic[row, chosen]
    rows[fr.HEAT_FACTOR] *= breakups.heat[row, chosen]
    # A sphere has no lift, however it turns
    round_ = rows[fr.SHAPE] == 0.0
    rows[fr.LIFT] = np.where(round_, 0.0, breakups.lift_to_drag[row, chosen])
    rows[fr.SINE], rows[fr.COSINE] = np.sin(breakups.roll_rad[row, chosen]), np.cos(breakups.roll_rad[row, chosen])
    return rows
