"""One step of many returns: the rows that a lane has, and the vector loop over them.

The loop takes a step of every lane and judges it: step length, roll, accelerometers, end of phase, trouble. What it
cannot settle it leaves to `steppe.kernels.returns`, which looks at that lane alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.kernels.bank import bank_acceleration
from steppe.kernels.canopies import calm_step
from steppe.kernels.deviation import Deviation
from steppe.kernels.flow import build_flow_at
from steppe.kernels.jit import lane_loop, physics
from steppe.kernels.motion import FULL, PLANNED, Forces, Laws, State, World, standing_canopies
from steppe.kernels.navigation import Sensors, sensed_pulse
from steppe.kernels.phase import Rules
from steppe.kernels.variants import kept as same_mass
from steppe.kernels.variants import no_thrust

Array = npt.NDArray[np.float64]

# Lanes of a block, a multiple of every vector width times LLVM's interleaving
BLOCK = 32
# What the vector loop flies: under thrust and opening canopies lanes take the step of the full equations one by one
UNPOWERED = FULL._replace(name="unpowered", push=no_thrust, mass_after=same_mass, canopies=standing_canopies)
UNPOWERED_AS_PLANNED = PLANNED._replace(
    name="unpowered as planned", push=no_thrust, mass_after=same_mass, canopies=standing_canopies
)

# Rows of a lane that change with every step: motion, end function, sensed velocity of the navigation, largest load,
# steps
STATE, BANK, RATE, TIME, BEFORE, FELT, PEAK, STEPS = 0, 8, 9, 10, 11, 12, 13, 14
# Rows of the last step: state after it, altitude there, length, roll acceleration, accelerometers, what to do
LATER, ALTITUDE, LENGTH, TWIST, PULSES, CARE = 15, 23, 24, 25, 26, 29
# Rows of a phase: longest step, next guidance call, longest step that canopies allow, whether a clock ends it, the end
# function as a sum (constant, time, sensed velocity, altitude), skip altitude, last moment, whether its load counts
LONGEST, CALL, CALM, TIMED, SUM, SKIP, LAST, COUNTS = 30, 31, 32, 33, 34, 38, 39, 40
# Whether it is steered, the command, the largest roll rate, whether the accelerometers are read and since when, whether
# every step needs care, and the forces of canopies that stand
STEERED, WANTED, FASTEST, READS, SINCE, ALWAYS, FORCES = 41, 42, 43, 44, 45, 46, 47
FORCES_ROWS = 7
# What a return has for itself: its deviation from the plan, its accelerometers, its roll acceleration, its ground
OWN = FORCES + FORCES_ROWS
READING, ROLLS, GROUND_M = OWN + 5, OWN + 12, OWN + 13
# Peaks besides the load: heat flux, its sum, dynamic pressure, the flux where the last step ended
FLUX, HEAT, PRESSURE, LAST_FLUX = OWN + 14, OWN + 15, OWN + 16, OWN + 17
# Mean load of the last step and dynamic pressure at its end; what is remembered of the step before it
# (`steppe.kernels.felt.Felt`), which this loop leaves alone
LOAD_NOW, PRESSURE_NOW, FELT_BEFORE = OWN + 18, OWN + 19, OWN + 20
LANE_ROWS = OWN + 23
# Values of CARE: none, the step is not settled, guidance is due
NO_CARE, UNSETTLED, DUE = 0.0, 1.0, 2.0


@physics
def next_length(time_s: float, longest_s: float, call_s: float, calm_s: float, left_s: float) -> float:
    """Return the length of a step in s without a branch, as `steppe.kernels.flying.step_length`."""
    to_call = call_s - time_s
    to_call = to_call if to_call > 1e-6 else 1e-6
    step = longest_s if longest_s < to_call else to_call
    step = step if step < calm_s else calm_s
    return step if step < left_s else left_s


@physics
def careless(
    rules: Rules, ground_m: float, after: float, altitude_m: float, load_g: float, skip_altitude_m: float, state: State,
    left_s: float,
) -> bool:  # fmt: skip
    """Return whether a step neither ends a phase nor shows any trouble, without a branch."""
    climb = state[0] * state[3] + state[1] * state[4] + state[2] * state[5]
    total = state[0] + state[1] + state[2] + state[3] + state[4] + state[5] + state[6]
    fine = (after > 0.0) & (altitude_m > ground_m) & (load_g <= rules.load_limit_g) & (left_s >= 0.0)
    return fine & ((climb <= 0.0) | (altitude_m <= skip_altitude_m)) & (state[6] > 0.0) & (math.fabs(total) < math.inf)


@physics
def flat_state(lanes: Array, i: int) -> State:
    """Return the state of lane `i` of a flat block."""
    return (
        lanes[i],
        lanes[BLOCK + i],
        lanes[2 * BLOCK + i],
        lanes[3 * BLOCK + i],
        lanes[4 * BLOCK + i],
        lanes[5 * BLOCK + i],
        lanes[6 * BLOCK + i],
        lanes[7 * BLOCK + i],
    )


@physics
def put_state(lanes: Array, first: int, i: int, state: State) -> None:
    """Store the state of lane `i` of a flat block in the rows from `first`."""
    for row in range(8):
        lanes[(first + row) * BLOCK + i] = state[row]


def build_step_returns(laws: Laws, build_stepper: Callable[[Laws], Any]) -> Any:
    """Return the vector loop over a block of returns: (world, model, rules, lanes), the lanes as a flat array.

    One step of every lane, to the rows LATER; where it needs no care, the motion is carried on by it. The number of
    lanes is fixed, so that LLVM knows the distance of any two rows and needs no check whether they overlap.
    """
    stepper, place, flow_at = build_stepper(laws), laws.place, build_flow_at(laws)

    @lane_loop
    def step_returns(world: World, model: World, rules: Rules, lanes: Array) -> None:
        shared = world.deviation
        for i in range(BLOCK):
            forces = Forces(
                lanes[FORCES * BLOCK + i], lanes[(FORCES + 1) * BLOCK + i], lanes[(FORCES + 2) * BLOCK + i],
                lanes[(FORCES + 3) * BLOCK + i], lanes[(FORCES + 4) * BLOCK + i], lanes[(FORCES + 5) * BLOCK + i],
                lanes[(FORCES + 6) * BLOCK + i], 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
            )  # fmt: skip
            deviation = Deviation(
                shared.profiles, shared.layers, shared.lowest_m, shared.layers_per_m, lanes[OWN * BLOCK + i],
                lanes[(OWN + 1) * BLOCK + i], lanes[(OWN + 2) * BLOCK + i], lanes[(OWN + 3) * BLOCK + i],
                lanes[(OWN + 4) * BLOCK + i],
            )  # fmt: skip
            own = World(world.earth, world.air, world.wind, world.aero, deviation)
            sensors = Sensors(
                lanes[READING * BLOCK + i], lanes[(READING + 1) * BLOCK + i], lanes[(READING + 2) * BLOCK + i],
                lanes[(READING + 3) * BLOCK + i], lanes[(READING + 4) * BLOCK + i], lanes[(READING + 5) * BLOCK + i],
                lanes[(READING + 6) * BLOCK + i], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
            )  # fmt: skip
            state = flat_state(lanes, i)
            bank, rate, time = lanes[BANK * BLOCK + i], lanes[RATE * BLOCK + i], lanes[TIME * BLOCK + i]
            before, felt, peak = lanes[BEFORE * BLOCK + i], lanes[FELT * BLOCK + i], lanes[PEAK * BLOCK + i]
            longest, call = lanes[LONGEST * BLOCK + i], lanes[CALL * BLOCK + i]
            left = before if lanes[TIMED * BLOCK + i] > 0.0 else longest
            step = next_length(time, longest, call, lanes[CALM * BLOCK + i], left)
            twist = lanes[STEERED * BLOCK + i] * bank_acceleration(
                bank, rate, lanes[WANTED * BLOCK + i], lanes[FASTEST * BLOCK + i], lanes[ROLLS * BLOCK + i], step
            )
            later = stepper(own, forces, time, state, step, (bank, rate, twist))
            there = place(world.earth, later[0], later[1], later[2])
            altitude = there[0]
            flux, pressure, speed = flow_at(own, later, there)
            px, py, pz = sensed_pulse(model, sensors, time - lanes[SINCE * BLOCK + i], state, later, step)
            after = (
                lanes[SUM * BLOCK + i]
                + lanes[(SUM + 1) * BLOCK + i] * (time + step)
                + lanes[(SUM + 2) * BLOCK + i] * later[7]
                + lanes[(SUM + 3) * BLOCK + i] * altitude
            )
            load = (later[7] - state[7]) / (step + 1e-12) / STANDARD_GRAVITY_M_S2
            time_left = lanes[LAST * BLOCK + i] - (time + step)
            fine = careless(
                rules, lanes[GROUND_M * BLOCK + i], after, altitude, load, lanes[SKIP * BLOCK + i], later, time_left
            )
            fine = fine & (lanes[ALWAYS * BLOCK + i] == 0.0)
            counts = fine & (lanes[COUNTS * BLOCK + i] > 0.0)
            heat, last_flux = lanes[HEAT * BLOCK + i], lanes[LAST_FLUX * BLOCK + i]
            most_flux, most_pressure = lanes[FLUX * BLOCK + i], lanes[PRESSURE * BLOCK + i]
            felt_later = felt + lanes[READS * BLOCK + i] * math.sqrt(px * px + py * py + pz * pz)
            put_state(lanes, LATER, i, later)
            lanes[LOAD_NOW * BLOCK + i], lanes[PRESSURE_NOW * BLOCK + i] = load, pressure
            lanes[ALTITUDE * BLOCK + i], lanes[LENGTH * BLOCK + i], lanes[TWIST * BLOCK + i] = altitude, step, twist
            lanes[PULSES * BLOCK + i] = px
            lanes[(PULSES + 1) * BLOCK + i] = py
            lanes[(PULSES + 2) * BLOCK + i] = pz
            # Selection and not multiplication: a step that is not settled may hold a NaN
            put_state(lanes, STATE, i, later if fine else state)
            lanes[BANK * BLOCK + i] = bank + step * (rate + 0.5 * step * twist) if fine else bank
            lanes[RATE * BLOCK + i] = rate + step * twist if fine else rate
            lanes[TIME * BLOCK + i] = time + step if fine else time
            lanes[BEFORE * BLOCK + i] = after if fine else before
            lanes[FELT * BLOCK + i] = felt_later if fine else felt
            lanes[PEAK * BLOCK + i] = load if counts & (load > peak) else peak
            lanes[HEAT * BLOCK + i] = heat + 0.5 * step * (flux + last_flux) if counts else heat
            lanes[FLUX * BLOCK + i] = flux if counts & (flux > most_flux) else most_flux
            lanes[PRESSURE * BLOCK + i] = pressure if counts & (pressure > most_pressure) else most_pressure
            lanes[CALM * BLOCK + i] = calm_step(
                pressure, speed, forces.canopy_to_m2, later[6], forces.canopy_from_m2 == forces.canopy_to_m2
            )
            lanes[LAST_FLUX * BLOCK + i] = flux if fine else last_flux
            lanes[STEPS * BLOCK + i] += 1.0
            due = DUE if time + step >= call - 1e-9 else NO_CARE
            lanes[CARE * BLOCK + i] = due if fine else UNSETTLED

    return step_returns
