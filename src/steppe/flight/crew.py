"""What the crew feels: the load of a flown return in the axes of the body, against what people may be given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.config.trim import force_slope, trim_angle_deg
from steppe.config.vehicle import Capsule
from steppe.flight.crew_limits import AXES, ORTHOSTATIC_NOTE, lasting_g, time_above_s

Array = npt.NDArray[np.float64]

LEVELS_G: Final = (1.0, 3.0, 4.0, 8.0)
# Between the spine and the axis of the capsule. Assumed: the angle of the Kazbek couch was not found in print; all
# sources agree that the load acts from chest to back. 80 deg leaves 17 % of it from head to foot
SEAT_ANGLE_DEG: Final = 80.0
# How far the outer seats are turned about the axis of the capsule. Assumed: the three lie as a fan, knees together
FAN_DEG: Final = {"centre": 0.0, "left": -30.0, "right": 30.0}
_DURATIONS_S: Final = np.geomspace(0.5, 600.0, 200)


@dataclass(frozen=True, slots=True)
class Margin:
    """The distance of one axis to one limit.

    Attributes
    ----------
    axis, condition
        ``gx``, ``gy`` or ``gz``; the name of the limit.
    share
        The largest share of the limit that is used over all durations; above 1 it is exceeded.
    duration_s, load_g, limit_g, margin_g
        Where that is: the load that lasted so long, what may, and the difference.
    assumed
        True if the limit has no source.
    """

    axis: str
    condition: str
    share: float
    duration_s: float
    load_g: float
    limit_g: float
    margin_g: float
    assumed: bool


@dataclass(frozen=True, slots=True)
class CrewLoads:
    """The load on one seat.

    Attributes
    ----------
    seat
        ``centre``, ``left`` or ``right``.
    command_s
        Time of the parachute command.
    time_s, load_g, gx, gy, gz
        The history, shape (n,): total load and its parts, all in g. gx is positive from chest to back ("eyeballs in"),
        gz from head to foot, gy to the right: the direction in which the body is pressed.
    time_above_s
        Level in g to seconds of total load above it, until the parachute command.
    jerk_g_s, canopy_jerk_g_s
        The fastest change of the load on the way to the parachute command, and under the canopies until the engines of
        the landing fire; of recorded samples, so a faster change between two samples is not seen.
    margins
        By axis and condition.
    """

    seat: str
    command_s: float
    time_s: Array
    load_g: Array
    gx: Array
    gy: Array
    gz: Array
    time_above_s: dict[float, float]
    jerk_g_s: float
    canopy_jerk_g_s: float
    margins: tuple[Margin, ...]

    def peak(self, axis: str) -> float:
        """Return the largest ``load_g``, ``gx``, ``gy`` or ``gz`` (in size) before the parachutes, in g."""
        values: Array = getattr(self, axis)[self.time_s <= self.command_s]
        return float(values[int(np.argmax(np.abs(values)))])

    def margin(self, axis: str, condition: str) -> Margin | None:
        """Return one margin, None if there is no such limit."""
        return next((one for one in self.margins if (one.axis, one.condition) == (axis, condition)), None)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        margins = [{name: getattr(one, name) for name in Margin.__slots__} for one in self.margins]
        return {
            "seat": self.seat,
            "peak_load_g": self.peak("load_g"),
            **{f"peak_{axis}_g": self.peak(axis) for axis in AXES},
            **{f"time_above_{level:g}_g_s": seconds for level, seconds in self.time_above_s.items()},
            "jerk_g_s": self.jerk_g_s,
            "canopy_peak_load_g": float(self.load_g[self.time_s > self.command_s].max(initial=0.0)),
            "canopy_jerk_g_s": self.canopy_jerk_g_s,
            "margins": margins,
            "note": ORTHOSTATIC_NOTE,
        }


def load_values(time_s: Array, load_g: Array) -> dict[str, float]:
    """Return the values of a load history that a campaign keeps for each sample.

    Parameters
    ----------
    time_s, load_g
        From the entry interface to the parachute command, shape (n,).

    Returns
    -------
    dict
        ``time_above_1_g_s`` and so on, ``load_limit_share`` (of the limit of a deconditioned crew, chest to back, with
        all of the load in that direction; above 1 it is exceeded), ``jerk_g_s``.
    """
    limit = AXES["gx"][0]
    values = {f"time_above_{level:g}_g_s": time_above_s(time_s, load_g, level) for level in LEVELS_G}
    values["load_limit_share"] = float(np.max(lasting_g(time_s, load_g, _DURATIONS_S) / limit.at(_DURATIONS_S)))
    values["jerk_g_s"] = _jerk(time_s, load_g)
    return values


def crew_loads(
    columns: dict[str, Array], capsule: Capsule, command_s: float, end_s: float, seat: str = "centre",
    seat_angle_deg: float = SEAT_ANGLE_DEG,
) -> CrewLoads:  # fmt: skip
    """Return the load on one seat from the first sample to the ignition of the landing engines.

    On the way to the parachute command the force stands at the angle of the trimmed cap to the axis of the capsule
    (`steppe.config.trim.force_slope`), to the side that presses towards the feet (assumed); under the canopies along
    the axis. The 30 deg at which the capsule hangs for the first minutes, and the impact, are left out.

    Parameters
    ----------
    columns
        ``time_s`` and ``load_g`` from the entry interface to the ground.
    capsule
        For its trim.
    command_s, end_s
        Times of the parachute command and of the end (landing engines), seconds since the epoch.
    seat
        ``centre``, ``left`` or ``right``.
    seat_angle_deg
        Between spine and axis.
    """
    use = columns["time_s"] < end_s
    time, load = columns["time_s"][use], columns["load_g"][use]
    slope = force_slope(capsule, trim_angle_deg(capsule))
    tilt = np.where(time <= command_s, math.atan(slope), 0.0)
    gx, gy, gz = body_axes(load, tilt, math.radians(seat_angle_deg), math.radians(FAN_DEG[seat]))
    entry = time <= command_s
    return CrewLoads(
        seat, command_s, time, load, gx, gy, gz,
        {level: time_above_s(time[entry], load[entry], level) for level in LEVELS_G},
        _jerk(time[entry], load[entry]), _jerk(time[~entry], load[~entry]),
        tuple(_margins(time, {"gx": gx, "gy": gy, "gz": gz})),
    )  # fmt: skip


def body_axes(load_g: Array, tilt: Array, seat_angle: float, fan: float) -> tuple[Array, Array, Array]:
    """Return gx, gy, gz of a load at an angle `tilt` to the capsule's axis, for a seat; angles in rad.

    The spine stands at `seat_angle` to the axis, in the plane of the tilt turned by `fan` about the axis. The size of
    the load is kept: gx^2 + gy^2 + gz^2 is its square.
    """
    axial, normal = load_g * np.cos(tilt), load_g * np.sin(tilt)
    along, sideways = normal * math.cos(fan), normal * math.sin(fan)
    sine, cosine = math.sin(seat_angle), math.cos(seat_angle)
    return axial * sine - along * cosine, sideways, axial * cosine + along * sine


def _margins(time: Array, axes: dict[str, Array]) -> list[Margin]:
    found = []
    for axis, limits in AXES.items():
        lasting = lasting_g(time, np.abs(axes[axis]), _DURATIONS_S)
        for limit in limits:
            allowed = limit.at(_DURATIONS_S)
            at = int(np.argmax(lasting / allowed))
            found.append(
                Margin(
                    axis, limit.name, float(lasting[at] / allowed[at]), float(_DURATIONS_S[at]), float(lasting[at]),
                    float(allowed[at]), float(allowed[at] - lasting[at]), limit.assumed,
                )
            )  # fmt: skip
    return found


def _jerk(time: Array, load: Array) -> float:
    if len(time) < 2:
        return 0.0
    return float(np.max(np.abs(np.diff(load) / np.maximum(np.diff(time), 1e-9))))
