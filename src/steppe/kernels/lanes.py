"""Many trajectories at once: lanes in structure of arrays, one vector instruction for eight of them.

The inner loop calls the same stepper as a single flight, built over the laws of its case. A lane that arrives is filled
with the next case, so lanes of different lengths do not wait for one another. A lane's numbers depend on its case
alone: the width, the neighbours and the number of threads change no bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from steppe.errors import (
    ENDED,
    NEGATIVE_MASS,
    NOT_A_NUMBER,
    OUT_OF_STEPS,
    OUT_OF_TIME,
    RUNNING,
    ConfigError,
)
from steppe.kernels.air import clamp
from steppe.kernels.jit import lane_loop, physics
from steppe.kernels.motion import Forces, Laws, State, World
from steppe.kernels.refilled import build_refilled, on_threads

Array = npt.NDArray[np.float64]

# Rows of a case: state (ITRF), mass, reference area and factors of the coefficients, sine and cosine of the bank angle
(X, Y, Z, U, V, W, MASS, AREA, LIFT, DRAG, SINE, COSINE) = range(12)
CASE_ROWS = 12
# Rows that a lane has besides: time flown, steps taken, status code
(TIME, STEPS, CODE) = range(12, 15)
LANE_ROWS = 15
# Rows of an end: state, mass, time flown, steps taken, status code
(END_TIME, END_STEPS, END_CODE) = range(7, 10)
END_ROWS = 10

# A multiple of every vector width times LLVM's interleaving, so that no lane runs in a scalar remainder
LANES = 64
WIDTH_UNIT = 32


class Descent(NamedTuple):
    """Where a lane ends and how long its steps are.

    Attributes
    ----------
    end_altitude_m, tolerance_m
        A lane ends where it falls through this altitude, found to within the tolerance.
    step_s
        Longest step below `grow_from_m`.
    grow_from_m, grow_per_m, grow_most
        Above, the step is longer by the factor 1 + grow_per_m (h - grow_from_m), with the sum at most 1 + grow_most.
    time_limit_s, step_limit
        A lane that flies longer or takes more steps ends with a status code.
    shortest_step_s
        A lane whose step by altitude is not longer has collapsed and ends with a status code.
    """

    end_altitude_m: float
    tolerance_m: float
    step_s: float
    grow_from_m: float
    grow_per_m: float
    grow_most: float
    time_limit_s: float
    step_limit: float
    shortest_step_s: float = 1e-6


@physics
def lane_code(
    descent: Descent, altitude_m: float, state: State, time_s: float, steps: float, longest_s: float
) -> float:
    """Return RUNNING, ENDED, or the status code of what went wrong, without a branch (a later line outranks)."""
    code = float(ENDED) if math.fabs(altitude_m - descent.end_altitude_m) < descent.tolerance_m else float(RUNNING)
    code = float(OUT_OF_STEPS) if steps >= descent.step_limit else code
    code = code if longest_s > descent.shortest_step_s else float(OUT_OF_STEPS)
    code = float(OUT_OF_TIME) if time_s > descent.time_limit_s else code
    code = code if state[6] > 0.0 else float(NEGATIVE_MASS)
    total = state[0] + state[1] + state[2] + state[3] + state[4] + state[5] + state[6]
    return code if math.fabs(total) < math.inf else float(NOT_A_NUMBER)


@physics
def step_by_altitude(descent: Descent, altitude_m: float) -> float:
    """Return the longest step in s at an altitude."""
    above = clamp((altitude_m - descent.grow_from_m) * descent.grow_per_m, 0.0, descent.grow_most)
    return descent.step_s * (1.0 + above)


@physics
def step_to_end(descent: Descent, altitude_m: float, climb_m_s: float, longest_s: float) -> float:
    """Return the next step in s: the longest, or Newton's step to the end altitude where that is shorter.

    The last steps are so steps of the integrator itself, back or forth, and the root has its accuracy.
    """
    newton = (descent.end_altitude_m - altitude_m) / climb_m_s
    newton = newton if climb_m_s < 0.0 else longest_s
    return newton if math.fabs(newton) < longest_s else longest_s


def build_step_lanes(laws: Laws, build_stepper: Callable[[Laws], Any]) -> Any:
    """Return the vector loop: every lane one step further.

    Parameters
    ----------
    laws
        The laws of the case.
    build_stepper
        A builder of `steppe.kernels.steppers`.

    Returns
    -------
    Callable
        (world, descent, lanes), with `lanes` of shape (15, width); changes rows X to W, MASS, TIME, STEPS and CODE.
    """
    stepper, place = build_stepper(laws), laws.place

    @lane_loop
    def step_lanes(world: World, descent: Descent, lanes: Array) -> None:
        x, y, z, u, v, w, mass = lanes[X], lanes[Y], lanes[Z], lanes[U], lanes[V], lanes[W], lanes[MASS]
        area, lift, drag, sine, cosine = lanes[AREA], lanes[LIFT], lanes[DRAG], lanes[SINE], lanes[COSINE]
        time, steps, codes = lanes[TIME], lanes[STEPS], lanes[CODE]
        for i in range(x.shape[0]):
            state = (x[i], y[i], z[i], u[i], v[i], w[i], mass[i], 0.0)
            altitude, up_x, up_y, up_z = place(world.earth, state[0], state[1], state[2])
            climb = up_x * state[3] + up_y * state[4] + up_z * state[5]
            longest = step_by_altitude(descent, altitude)
            code = lane_code(descent, altitude, state, time[i], steps[i], longest)
            step = step_to_end(descent, altitude, climb, longest) if code == float(RUNNING) else 0.0
            forces = Forces(
                0.0, area[i], lift[i], drag[i], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            )  # fmt: skip
            state = stepper(world, forces, time[i], state, step, (sine[i], cosine[i], 0.0))
            x[i], y[i], z[i], u[i], v[i], w[i], mass[i], _ = state
            time[i] += step
            steps[i] += 1.0
            codes[i] = code

    return step_lanes


@physics
def load_lane(lanes: Array, lane: int, cases: Array, case: int) -> None:
    """Put a case into a lane."""
    for row in range(CASE_ROWS):
        lanes[row, lane] = cases[row, case]
    lanes[TIME, lane] = 0.0
    lanes[STEPS, lane] = 0.0
    lanes[CODE, lane] = RUNNING


@physics
def lane_room(width: int) -> Array:
    """Return room for lanes."""
    return np.empty((LANE_ROWS, width))


@physics
def has_ended(lanes: Array, lane: int) -> bool:
    """Return whether the last step of a lane found its end."""
    return lanes[CODE, lane] != RUNNING


@physics
def unload_lane(world: World, lanes: Array, lane: int, ends: Array, case: int) -> None:
    """Write where a lane ended; the step that found the end is not counted, for it moved nothing."""
    for row in range(MASS + 1):
        ends[row, case] = lanes[row, lane]
    ends[END_TIME, case] = lanes[TIME, lane]
    ends[END_STEPS, case] = lanes[STEPS, lane] - 1.0
    ends[END_CODE, case] = lanes[CODE, lane]


def build_fly_lanes(step_lanes: Any, variant: str) -> Any:
    """Return the driver over `step_lanes`: flies any number of cases through a fixed number of lanes.

    Parameters
    ----------
    step_lanes
        A loop of `build_step_lanes`.
    variant
        Names its laws and stepper in the compile cache; no two drivers share one.

    Returns
    -------
    Callable
        (world, descent, cases, width, ends): `cases` of shape (12, n) and `ends` of shape (10, n), rows named by the
        constants of this module; `width` a multiple of `WIDTH_UNIT`. Returns how often all lanes were stepped.
    """
    return build_refilled(lane_room, load_lane, step_lanes, has_ended, unload_lane, variant)


def fly_many(
    fly_lanes: Any, world: World, descent: Descent, cases: Array, *, width: int = LANES, threads: int = 1
) -> Array:
    """Fly any number of cases, on one thread or more; neither their number nor the width changes a bit of the result.

    Parameters
    ----------
    fly_lanes
        A driver of `build_fly_lanes`.
    world, descent
        Surroundings, and where and how to fly.
    cases
        Shape (12, n), rows named by the constants of this module; SI, ITRF.
    width
        Lanes of a thread, a multiple of 32.
    threads
        Threads; each flies a share of the cases.

    Returns
    -------
    ndarray
        Shape (10, n): state and mass at the end, time flown in s, steps, status code.

    Raises
    ------
    ConfigError
        If the shape of the cases, the width or the number of threads cannot be used.
    """
    if cases.ndim != 2 or cases.shape[0] != CASE_ROWS:
        raise ConfigError(f"expected an array of shape ({CASE_ROWS}, n), got {cases.shape}", key="cases")
    if width < WIDTH_UNIT or width % WIDTH_UNIT:
        raise ConfigError(f"expected a positive multiple of {WIDTH_UNIT} lanes, got {width}", key="width")

    def share(part: slice) -> Array:
        own = np.ascontiguousarray(cases[:, part], dtype=np.float64)
        ends = np.zeros((END_ROWS, own.shape[1]))
        fly_lanes(world, descent, own, width, ends)
        return ends

    return np.concatenate(on_threads(cases.shape[1], threads, share), axis=1)
