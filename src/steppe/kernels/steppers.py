"""One step of the motion. Each stepper is a Butcher tableau with its source; all take the same arguments."""

from __future__ import annotations

from steppe.kernels.bank import sine_cosine
from steppe.kernels.jit import physics
from steppe.kernels.motion import Forces, State, World, rates


@physics
def moved(state: State, step: float, rate: State) -> State:
    """Return state + step * rate."""
    return (
        state[0] + step * rate[0],
        state[1] + step * rate[1],
        state[2] + step * rate[2],
        state[3] + step * rate[3],
        state[4] + step * rate[4],
        state[5] + step * rate[5],
        state[6] + step * rate[6],
        state[7] + step * rate[7],
    )


@physics
def rk4(
    world: World, forces: Forces, time_s: float, state: State, step_s: float,
    bank: tuple[float, float, float],
) -> State:  # fmt: skip
    """Return the state after `step_s`: the classical fourth-order method of Kutta (1901).

    `bank` is bank angle, rate and acceleration (rad, rad/s, rad/s2) at the start of the step; the acceleration holds
    through it, so the stages see the true angle.
    """
    angle, turn, twist = bank
    half = 0.5 * step_s
    s0, c0 = sine_cosine(angle)
    s1, c1 = sine_cosine(angle + half * (turn + 0.5 * half * twist))
    s2, c2 = sine_cosine(angle + step_s * (turn + half * twist))
    k1 = rates(world, forces, time_s, state, s0, c0)
    k2 = rates(world, forces, time_s + half, moved(state, half, k1), s1, c1)
    k3 = rates(world, forces, time_s + half, moved(state, half, k2), s1, c1)
    k4 = rates(world, forces, time_s + step_s, moved(state, step_s, k3), s2, c2)
    sixth = step_s / 6.0
    outer = moved(moved(state, sixth, k1), sixth, k4)
    return moved(moved(outer, 2.0 * sixth, k2), 2.0 * sixth, k3)
