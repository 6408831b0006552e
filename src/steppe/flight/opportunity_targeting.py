"""Targets one landing opportunity: ignition (and delta-v) to the aim point, then the flight from entry to ground."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.compile import guide_record
from steppe.config.mission import Deorbit, Guidance
from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.errors import ENDED, LANDED, PlanError
from steppe.flight import phases as ph
from steppe.flight.plan import Problem, aim_frame, nominal_misses
from steppe.flight.running import Run, run_phases
from steppe.kernels import phase as k
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.guide import Guide

Array = npt.NDArray[np.float64]
Pair = tuple[float, float]

# First guesses, improved by every solved opportunity: from ignition to the passage of the station at 415 km, metres of
# range per second of ignition, per m/s of delta-v, and radians of path angle per m/s (reference: ours, 417 km)
_LEAD_S: Final = 2250.0
_RANGE_PER_S: Final = 7100.0
_RANGE_PER_M_S: Final = -73e3
_ANGLE_PER_M_S: Final = math.radians(-0.024)
_DELTA_V_M_S: Final = 128.0

_RANGE_TOLERANCE_M: Final = 200.0
_ANGLE_TOLERANCE_RAD: Final = math.radians(2e-4)
_ROUNDS: Final = 25
_LARGEST_STEP_S: Final = 600.0
_LARGEST_STEP_M_S: Final = 15.0
# The drift to the burn is flown once, to this long before the first guess of the ignition
_MARGIN_S: Final = 200.0
# The guidance is called this seldom in a plan; against once a second the touchdown moves by 1.6 s at most
# (docs/models/opportunities.md) and a flight takes a quarter of the time
_GUIDANCE_PERIOD_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class Experience:
    """What solved opportunities teach the next one.

    Attributes
    ----------
    lead_s
        From ignition to the passage of the station.
    range_per_s
        Metres of range per second of ignition.
    delta_v_m_s
        Delta-v of the burn.
    drift_m
        Drift from the parachute command to the ground, ahead and to the right.
    """

    lead_s: float = _LEAD_S
    range_per_s: float = _RANGE_PER_S
    delta_v_m_s: float = _DELTA_V_M_S
    drift_m: Pair = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of an opportunity.

    Attributes
    ----------
    delta_v_m_s
        Fixed delta-v; None solves for the entry angle.
    entry_angle_rad
        Path angle relative to the Earth at the entry interface; None lets it float.
    wind_bias
        Whether the aim point stands off the zone by the drift under the canopies.
    max_crossrange_m
        How far to the side the capsule may steer.
    """

    delta_v_m_s: float | None
    entry_angle_rad: float | None
    wind_bias: bool
    max_crossrange_m: float


@dataclass(frozen=True, slots=True)
class Solution:
    """One targeted return; times in s after the undocking, positions in ITRF, m.

    Attributes
    ----------
    ignition_s, separation_s, interface_s, parachute_s, touchdown_s
        Times of the events.
    delta_v_m_s, burn_s, propellant_kg
        The burn.
    entry_angle_rad
        Path angle relative to the Earth at the entry interface.
    crossrange_m
        How far the aim point is to the right of the track flown without lift to the side.
    touchdown_itrf_m, ballistic_itrf_m
        Where the capsule lands, and where it would after a ballistic entry; None where it does not land.
    """

    ignition_s: float
    separation_s: float
    interface_s: float
    parachute_s: float
    touchdown_s: float
    delta_v_m_s: float
    burn_s: float
    propellant_kg: float
    entry_angle_rad: float
    crossrange_m: float
    touchdown_itrf_m: Array
    ballistic_itrf_m: Array | None


@dataclass(frozen=True, slots=True)
class _Descent:
    """A flight from the drift to the start of the guidance, with its misses at the parachute command."""

    run: Run
    ignition_s: float
    delta_v_m_s: float
    ahead_m: float
    right_m: float
    angle_rad: float

    def begin(self, event: str) -> Array:
        """Return the sample at the start of the phase with that event."""
        names = [phase.event for phase in self.run.phases]
        sample: Array = self.run.begins[names.index(event)]
        return sample

    @property
    def guided(self) -> Array:
        """Sample at the start of the guidance."""
        sample: Array = self.run.begins[len(self.run.phases)]
        return sample


def solve(problem: Problem, target: Target, experience: Experience) -> tuple[Solution, Experience]:
    """Target one opportunity.

    Parameters
    ----------
    problem
        Mission, world, ship at the undocking, zone and passage.
    target
        Which mode, and what is allowed.
    experience
        From the opportunity before; its drift is the first guess of this one.

    Returns
    -------
    Solution, Experience
        The opportunity, and what the next one may start from.

    Raises
    ------
    PlanError
        If the ship does not come down, or no burn reaches the aim point.
    """
    drift = experience.drift_m if target.wind_bias else (0.0, 0.0)
    frame = aim_frame(problem, (-drift[0], -drift[1]))
    search = _Search(problem, frame, target, experience)
    descent = search.converge()
    # A little more range than the tolerance leaves costs no flight: the slope is known to a percent
    shift_s = -descent.ahead_m / search.range_per_s
    landing = _land(problem, descent, drift, target.max_crossrange_m)
    opened, landed = _parachute(landing)[k.X : k.Z + 1], landing.begins[landing.begun, k.X : k.Z + 1]
    fall = landed - opened
    drift_now = float(fall @ frame[1]), float(fall @ frame[2])
    if target.wind_bias:
        shift_s -= (drift_now[0] - drift[0]) / search.range_per_s
    found = _solution(problem, descent, landing, shift_s, (drift, drift_now), frame, target)
    ballistic = _ballistic(problem, frame, descent)
    known = Experience(
        lead_s=problem.passing.time_s - found.ignition_s,
        range_per_s=search.range_per_s,
        delta_v_m_s=descent.delta_v_m_s,
        drift_m=drift_now,
    )
    if ballistic is not None:
        ballistic = ballistic + shift_s * search.range_per_s * frame[1]
    return replace(found, ballistic_itrf_m=ballistic), known


class _Search:
    """Newton steps on ignition and delta-v with slopes that change little from one opportunity to the next."""

    def __init__(self, problem: Problem, frame: Array, target: Target, experience: Experience) -> None:
        self.problem = problem
        self.frame = frame
        self._guide = _guide(problem, frame, problem.loaded.mission.guidance, 1.0)
        self._target = target
        self.range_per_s = experience.range_per_s
        self._delta_v = target.delta_v_m_s or experience.delta_v_m_s
        self._ignition_s = problem.passing.time_s - experience.lead_s
        self._late = self._drift_to(self._ignition_s - _MARGIN_S)

    def _drift_to(self, at_s: float) -> Array:
        run = run_phases(self.problem.world, None, self.problem.before_burn(at_s), self.problem.start, ground_m=-1e4)
        row: Array = run.begins[run.begun]
        return row

    def converge(self) -> _Descent:
        """Return the descent that meets the aim point (and the entry angle) within the tolerances."""
        before: _Descent | None = None
        for _ in range(_ROUNDS):
            descent = self._fly()
            angle = self._target.entry_angle_rad
            angle_miss = 0.0 if angle is None else descent.angle_rad - angle
            if abs(descent.ahead_m) < _RANGE_TOLERANCE_M and abs(angle_miss) < _ANGLE_TOLERANCE_RAD:
                return descent
            self._learn(before, descent)
            before = descent
            change = _bounded(-angle_miss / _ANGLE_PER_M_S, _LARGEST_STEP_M_S)
            self._delta_v = max(self._delta_v + change, 1.0)
            step = -(descent.ahead_m + _RANGE_PER_M_S * change) / self.range_per_s
            self._ignition_s += _bounded(step, _LARGEST_STEP_S)
        raise PlanError(
            f"the search for the burn did not settle: {descent.ahead_m / 1e3:+.1f} km of range and an entry angle of "
            f"{math.degrees(descent.angle_rad):.2f} deg remain at {self._delta_v:.1f} m/s"
        )

    def _learn(self, before: _Descent | None, now: _Descent) -> None:
        if before is None or abs(now.delta_v_m_s - before.delta_v_m_s) > 1e-9:
            return
        moved = now.ignition_s - before.ignition_s
        if abs(moved) > 0.5:
            self.range_per_s = min(max((now.ahead_m - before.ahead_m) / moved, 5000.0), 9000.0)

    def _fly(self) -> _Descent:
        """Fly the present guess from the drift to the start of the guidance."""
        if self._ignition_s <= self._late[k.TIME]:
            self._late = self._drift_to(self._ignition_s - _MARGIN_S)
        loaded = self.problem.loaded
        deorbit = Deorbit(delta_v_m_s=self._delta_v)
        mission = loaded.mission.model_copy(update={"deorbit": deorbit})
        problem = replace(self.problem, loaded=replace(loaded, mission=mission))
        vehicle, guidance = loaded.vehicle, mission.guidance
        waiting = ph.coast(vehicle, ph.after(self._ignition_s - float(self._late[k.TIME])), None)
        split_m = vehicle.split.altitude_m if vehicle.split else guidance.entry_interface_altitude_m
        phases = [waiting, *problem.burn(), ph.coast(vehicle, ph.falling_through(split_m))]
        interface_m, start_m = guidance.entry_interface_altitude_m, guidance.start_altitude_m
        phases += ph.entry(vehicle, interface_m, start_m, problem.end_altitude_m, "module_separation")[:2]
        run = run_phases(problem.world, None, phases, self._late[: k.BANK + 1], ground_m=-1e4)
        if run.status.code != ENDED:
            raise PlanError(
                f"after a burn of {self._delta_v:.1f} m/s the ship does not come down to the entry "
                f"({run.status.sentence}); raise the delta-v"
            )
        ahead, right = nominal_misses(problem, self._guide, run)
        return _Descent(run, self._ignition_s, self._delta_v, ahead, right, _path_angle(problem, run))


def _bounded(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)


def _start(sample: Array, bank_rad: float) -> Array:
    """Return the row that starts a run from a sample."""
    row = sample[: k.BANK + 1].copy()
    row[k.BANK] = bank_rad
    return row


def _path_angle(problem: Problem, run: Run) -> float:
    """Return the path angle relative to the Earth at the entry interface in rad, negative downwards."""
    names = [phase.event for phase in run.phases]
    sample = run.begins[names.index("entry_interface")]
    velocity = sample[k.U : k.W + 1]
    _, up_x, up_y, up_z = altitude_and_up(problem.world.earth, sample[k.X], sample[k.Y], sample[k.Z])
    return math.asin(float(velocity @ np.array([up_x, up_y, up_z])) / float(np.linalg.norm(velocity)))


def _guide(problem: Problem, frame: Array, guidance: Guidance, side: float) -> Guide:
    return guide_record(guidance, problem.loaded.vehicle.capsule.bank, problem.end_altitude_m, frame, side)


def _from_guidance(problem: Problem, guide: Guide, descent: _Descent, side: float) -> Run:
    """Fly from the start of the guidance, banked to one side, to the ground."""
    loaded = problem.loaded
    vehicle, guidance = loaded.vehicle, loaded.mission.guidance
    steered = ph.entry(
        vehicle, guidance.entry_interface_altitude_m, guidance.start_altitude_m, problem.end_altitude_m, "start"
    )[2]
    if vehicle.parachutes is None:
        raise PlanError(f"vehicle '{vehicle.name}' has no parachutes, so its landing cannot be planned")
    phases = [steered, *ph.canopies(vehicle, vehicle.parachutes, problem.zone.ground_m)]
    bank_rad = side * math.radians(guidance.reference_bank_deg)
    ground_m = problem.zone.ground_m
    return run_phases(problem.world, guide, phases, _start(descent.guided, bank_rad), ground_m=ground_m)


def _land(problem: Problem, descent: _Descent, drift: Pair, max_crossrange_m: float) -> Run:
    """Fly the guided entry, as far to the side as the capsule may steer, to the ground."""
    short = _bounded(descent.right_m, max_crossrange_m) - descent.right_m
    frame = aim_frame(problem, (-drift[0], -drift[1] - short))
    guidance = problem.loaded.mission.guidance.model_copy(update={"period_s": _GUIDANCE_PERIOD_S})
    side = -1.0 if descent.right_m > 0.0 else 1.0
    run = _from_guidance(problem, _guide(problem, frame, guidance, side), descent, side)
    if run.status.code != LANDED:
        raise PlanError(f"the capsule does not land: {run.status.sentence} {run.status.hint}".rstrip())
    return run


def _ballistic(problem: Problem, frame: Array, descent: _Descent) -> Array | None:
    """Return where the capsule lands if it rolls steadily from the start of the guidance, ITRF in m."""
    guide = _guide(problem, frame, Guidance(law="ballistic"), 1.0)
    run = _from_guidance(problem, guide, descent, 1.0)
    if run.status.code != LANDED:
        return None
    landed: Array = run.begins[run.begun, k.X : k.Z + 1]
    return landed.copy()


def _parachute(landing: Run) -> Array:
    names = [phase.event for phase in landing.phases]
    sample: Array = landing.begins[names.index("parachute_command")]
    return sample


def _solution(
    problem: Problem, descent: _Descent, landing: Run, shift_s: float, drifts: tuple[Pair, Pair], frame: Array,
    target: Target,
) -> Solution:  # fmt: skip
    """Put the pieces together; all times move with the last correction of the ignition."""
    lit, cut = descent.begin("deorbit_ignition"), descent.begin("deorbit_cutoff")
    guessed, drift = drifts
    aimed = drift if target.wind_bias else (0.0, 0.0)
    aside = guessed[1] - aimed[1] if target.wind_bias else 0.0
    crossrange = aside - descent.right_m
    short = crossrange - _bounded(crossrange, target.max_crossrange_m)
    # The guidance brings the capsule to the aim point, or as near as its reach to the side allows
    place = aim_frame(problem, (-aimed[0], -aimed[1] - short))[0] + drift[0] * frame[1] + drift[1] * frame[2]
    command = _parachute(landing)
    return Solution(
        ignition_s=float(lit[k.TIME]) + shift_s,
        separation_s=float(descent.begin("module_separation")[k.TIME]) + shift_s,
        interface_s=float(descent.begin("entry_interface")[k.TIME]) + shift_s,
        parachute_s=float(command[k.TIME]) + shift_s,
        touchdown_s=float(landing.begins[landing.begun, k.TIME]) + shift_s,
        delta_v_m_s=descent.delta_v_m_s,
        burn_s=float(cut[k.TIME] - lit[k.TIME]),
        propellant_kg=float(lit[k.MASS] - cut[k.MASS]),
        entry_angle_rad=descent.angle_rad,
        crossrange_m=crossrange,
        touchdown_itrf_m=place,
        ballistic_itrf_m=None,
    )


def largest_delta_v_m_s(problem: Problem) -> float:
    """Return the delta-v that the propellant of the ship gives (rocket equation)."""
    ship = problem.loaded.vehicle.ship
    if ship is None:
        raise PlanError(
            f"vehicle '{problem.loaded.vehicle.name}' has no ship with an engine, so no burn can be planned"
        )
    exhaust = ship.deorbit_engine.specific_impulse_s * STANDARD_GRAVITY_M_S2
    return exhaust * math.log(ship.mass_kg / (ship.mass_kg - ship.propellant_kg))
