"""One step of the motion. Each stepper is a Butcher tableau with its source; all take the same arguments.

A stepper is written once and built over a set of laws, as the right-hand side is: `flight_step` flies,
`rk4` predicts what the ship believes.
"""

from __future__ import annotations

from collections.abc import Callable

from steppe.kernels.jit import physics
from steppe.kernels.motion import FULL, PLANNED, Forces, Laws, State, World, build_rates

Moved = Callable[[State, float, State], State]
Stepper = Callable[[World, Forces, float, State, float, tuple[float, float, float]], State]


def build_moved(laws: Laws) -> Moved:
    """Return the function that moves a state along a rate under a set of laws."""
    mass_after = laws.mass_after

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
            mass_after(state[6], step, rate[6]),
            state[7] + step * rate[7],
        )

    return moved


def build_rk4(laws: Laws) -> Stepper:
    """Return the classical fourth-order method under a set of laws."""
    rates, moved, bank_after = build_rates(laws), build_moved(laws), laws.bank_after

    @physics
    def rk4(
        world: World, forces: Forces, time_s: float, state: State, step_s: float,
        bank: tuple[float, float, float],
    ) -> State:  # fmt: skip
        """Return the state after `step_s`: the classical fourth-order method of Kutta (1901).

        `bank` is bank angle, rate and acceleration (rad, rad/s, rad/s2) at the start of the step; the acceleration
        holds through it, so the stages see the true angle.
        """
        half = 0.5 * step_s
        s0, c0 = bank_after(bank, 0.0)
        s1, c1 = bank_after(bank, half)
        s2, c2 = bank_after(bank, step_s)
        k1 = rates(world, forces, time_s, state, s0, c0)
        k2 = rates(world, forces, time_s + half, moved(state, half, k1), s1, c1)
        k3 = rates(world, forces, time_s + half, moved(state, half, k2), s1, c1)
        k4 = rates(world, forces, time_s + step_s, moved(state, step_s, k3), s2, c2)
        sixth = step_s / 6.0
        outer = moved(moved(state, sixth, k1), sixth, k4)
        return moved(moved(outer, 2.0 * sixth, k2), 2.0 * sixth, k3)

    return rk4


# Stages of the stabilised method, from P(z) = 1 + z + z^2/2 + 0.10311 z^3 + 0.0068842 z^4: derived here as the
# polynomial of second order with the smallest |P| on -8 <= z <= -1, which is 0.404. So a fast mode of any rate in there
# is damped to less than half in each step, where RK4 is unstable below z = -2.785
_CALM_FIRST, _CALM_SECOND, _CALM_THIRD = 0.06676366064, 0.20622651793, 0.5
# Products of step and rate up to which it damps so, and up to which RK4 is stable
CALM_LIMIT, OPEN_LIMIT = 8.0, 2.78


def build_flight_stepper(laws: Laws) -> Stepper:
    """Return the method of the flights under a set of laws: RK4, and under a canopy that stands a stabilised method.

    A capsule under a canopy follows the wind and the density slowly, but forgets a disturbance of its speed with the
    rate 2g/v, 3 per second near the ground, which holds RK4 to steps below a second. The stabilised method has four
    stages as well, each from the one before (van der Houwen, *Construction of integration formulas for initial value
    problems*, 1977, section 2), is of second order and damps where RK4 is unstable.
    While a canopy opens, RK4 follows what happens more closely.
    """
    rates, moved, bank_after = build_rates(laws), build_moved(laws), laws.bank_after

    @physics
    def flight_step(
        world: World, forces: Forces, time_s: float, state: State, step_s: float,
        bank: tuple[float, float, float],
    ) -> State:  # fmt: skip
        """Return the state after `step_s`. `bank` as in `rk4`; under a canopy no lift acts."""
        calm = (forces.canopy_to_m2 > 0.0) & (forces.canopy_from_m2 == forces.canopy_to_m2)
        first = step_s * (_CALM_FIRST if calm else 0.5)
        second = step_s * (_CALM_SECOND if calm else 0.5)
        third = step_s * (_CALM_THIRD if calm else 1.0)
        s0, c0 = bank_after(bank, 0.0)
        s1, c1 = bank_after(bank, 0.5 * step_s)
        s2, c2 = bank_after(bank, step_s)
        k1 = rates(world, forces, time_s, state, s0, c0)
        k2 = rates(world, forces, time_s + first, moved(state, first, k1), s1, c1)
        k3 = rates(world, forces, time_s + second, moved(state, second, k2), s1, c1)
        k4 = rates(world, forces, time_s + third, moved(state, third, k3), s2, c2)
        outer = 0.0 if calm else step_s / 6.0
        last = step_s if calm else step_s / 6.0
        state = moved(moved(state, outer, k1), last, k4)
        return moved(moved(state, 2.0 * outer, k2), 2.0 * outer, k3)

    return flight_step


# Tsitouras (Comput. Math. Appl. 62, 770, 2011), table 1: nodes, stages and weights of the fifth-order pair
_C2, _C3, _C4, _C5 = 0.161, 0.327, 0.9, 0.9800255409045097
_A32 = 0.3354806554923570
_A42, _A43 = -6.359448489975075, 4.362295432869581
_A52, _A53, _A54 = -11.74888356406283, 7.495539342889836, -0.09249506636175525
_A62, _A63, _A64, _A65 = -12.92096931784711, 8.159367898576159, -0.07158497328140100, -0.02826905039406838
_B1, _B2, _B3 = 0.09646076681806523, 0.01, 0.4798896504144996
_B4, _B5, _B6 = 1.379008574103742, -3.290069515436081, 2.324710524099774
# The first column follows from the nodes: the row sums of a Runge-Kutta method are its nodes
_A31, _A41, _A51 = _C3 - _A32, _C4 - _A42 - _A43, _C5 - _A52 - _A53 - _A54
_A61 = 1.0 - _A62 - _A63 - _A64 - _A65


def build_tsit5(laws: Laws) -> Stepper:
    """Return the fifth-order method of Tsitouras under a set of laws."""
    rates, moved, bank_after = build_rates(laws), build_moved(laws), laws.bank_after

    @physics
    def tsit5(
        world: World, forces: Forces, time_s: float, state: State, step_s: float,
        bank: tuple[float, float, float],
    ) -> State:  # fmt: skip
        """Return the state after `step_s`: six stages, fifth order. `bank` as in `rk4`."""
        h = step_s
        s, c = bank_after(bank, 0.0)
        k1 = rates(world, forces, time_s, state, s, c)
        s, c = bank_after(bank, _C2 * h)
        k2 = rates(world, forces, time_s + _C2 * h, moved(state, _C2 * h, k1), s, c)
        s, c = bank_after(bank, _C3 * h)
        stage = moved(moved(state, _A31 * h, k1), _A32 * h, k2)
        k3 = rates(world, forces, time_s + _C3 * h, stage, s, c)
        s, c = bank_after(bank, _C4 * h)
        stage = moved(moved(moved(state, _A41 * h, k1), _A42 * h, k2), _A43 * h, k3)
        k4 = rates(world, forces, time_s + _C4 * h, stage, s, c)
        s, c = bank_after(bank, _C5 * h)
        stage = moved(moved(moved(moved(state, _A51 * h, k1), _A52 * h, k2), _A53 * h, k3), _A54 * h, k4)
        k5 = rates(world, forces, time_s + _C5 * h, stage, s, c)
        s, c = bank_after(bank, h)
        stage = moved(moved(moved(state, _A61 * h, k1), _A62 * h, k2), _A63 * h, k3)
        stage = moved(moved(stage, _A64 * h, k4), _A65 * h, k5)
        k6 = rates(world, forces, time_s + h, stage, s, c)
        state = moved(moved(moved(state, _B1 * h, k1), _B2 * h, k2), _B3 * h, k3)
        return moved(moved(moved(state, _B4 * h, k4), _B5 * h, k5), _B6 * h, k6)

    return tsit5


moved = build_moved(FULL)
rk4 = build_rk4(PLANNED)
tsit5 = build_tsit5(FULL)
flight_step = build_flight_stepper(FULL)
