"""The first moments of a landing in time: what floor, seat and body feel, by the laws that give its largest values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.vehicle import Landing
from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.flight.landing import body_of
from steppe.flight.result import Contact
from steppe.kernels import touchdown as t

Array = npt.NDArray[np.float64]

_STEP_S: Final = 0.0005
_LONGEST_S: Final = 0.35


@dataclass(frozen=True, slots=True)
class Pulse:
    """Floor, seat and body of the first moments, each of shape (n,).

    Attributes
    ----------
    time_s
        After the contact.
    floor_g, seat_g
        Load on the floor, and on the body behind the damper of its seat; 1 g before.
    response_g
        Brinkley's dynamic response chest to back; its largest value is `drx`.
    stroke_m
        How far the seat gives way.
    """

    time_s: Array
    floor_g: Array
    seat_g: Array
    response_g: Array
    stroke_m: Array


def pulse_of(landing: Landing, contact: Contact) -> Pulse:
    """Return the pulse of a contact at its speed across the ground, in the soil of the vehicle file.

    Parameters
    ----------
    landing
        Soil and seat, from the vehicle file.
    contact
        Its vertical speed counts.
    """
    body, normal = body_of(landing), contact.vertical_speed_m_s
    duration_s = 2.0 * landing.soil_depth_m / max(normal, 0.1)
    time = np.arange(0.0, min(duration_s + 0.15, _LONGEST_S), _STEP_S)
    toward = math.sin(body.seat_angle_rad)
    place = speed = lag = lag_speed = 0.0
    rows = np.empty((time.size, 4))
    for number, now in enumerate(time):
        floor, seat = t.half_sine(now, duration_s, normal), t.seat_push(body, place, speed)
        rows[number] = floor, seat, t.FREQUENCY_X * t.FREQUENCY_X * lag, place
        lag_speed += _STEP_S * t.swing(lag, lag_speed, toward * seat, t.FREQUENCY_X, t.DAMPING_X)
        lag += _STEP_S * lag_speed
        speed += _STEP_S * (floor - seat)
        place += _STEP_S * speed
    floor_g, seat_g, response_g = (rows[:, column] / STANDARD_GRAVITY_M_S2 for column in range(3))
    return Pulse(time, 1.0 + floor_g, 1.0 + seat_g, toward + response_g, rows[:, 3])
