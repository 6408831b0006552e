"""Deorbit targeting: which pass, when to burn, when to split, where to aim.

Soyuz practice fixes the delta-v; the unknown is the ignition. It is found so that the capsule, flown at the nominal
bank angle, reaches the aim point at the parachute command. The aim point stands off the zone's centre by the planned
drift under the canopies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from steppe.config.compile import guide_record, sensors_record
from steppe.config.loader import LoadedMission
from steppe.config.mission import Deorbit, Zone
from steppe.errors import ENDED, PlanError
from steppe.flight import phases as ph
from steppe.flight.passages import Pass
from steppe.flight.reference import Absorbed, build_reference
from steppe.flight.reference import Start as ReferenceStart
from steppe.flight.running import Run, run_phases
from steppe.flight.surroundings import horizontal, on_surface
from steppe.frames.local import lvlh_basis
from steppe.kernels import phase as k
from steppe.kernels.derive import predict
from steppe.kernels.guide import Guide
from steppe.kernels.motion import World
from steppe.kernels.predictor import FIRST_REVERSAL_M_S, SECOND_REVERSAL_M_S

Vector = npt.NDArray[np.float64]

# From ignition to the overflight of the station, first guess of the search
_IGNITION_LEAD_S = 2080.0
# A capsule with L/D 0.26 reaches about 80 km to each side
CROSSRANGE_LIMIT_M = 110e3
_TOLERANCE_M = 50.0
# The nominal entry changes sides twice, as the closed loop does
NOMINAL_REVERSALS_M_S = (FIRST_REVERSAL_M_S, SECOND_REVERSAL_M_S)


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a return.

    Attributes
    ----------
    ignition_s
        Ignition, in s after the epoch of the flight.
    split_after_cutoff_s
        Timer of the module separation, s after cut-off.
    guide
        What the guidance is told: aim point, course, first side.
    crossrange_m
        How far the zone is to the right of the track flown without lift to the side.
    aim_offset_m
        Where the aim point lies from the zone's centre: ahead and to the right, m.
    absorbed
        How far off the entry may be for the apparent-velocity law.
    """

    ignition_s: float
    split_after_cutoff_s: float
    guide: Guide
    crossrange_m: float
    aim_offset_m: tuple[float, float]
    absorbed: Absorbed | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What the search for the ignition needs: the mission, the world, the undocked ship and the passage."""

    loaded: LoadedMission
    world: World
    start: Vector
    zone: Zone
    passing: Pass
    departs: bool

    @property
    def end_altitude_m(self) -> float:
        """Altitude of the parachute command, or of the stop, in m."""
        parachutes = self.loaded.vehicle.parachutes
        return parachutes.command_altitude_m if parachutes else 10e3

    def before_burn(self, ignition_s: float) -> list[ph.Phase]:
        """Return the phases up to the ignition."""
        if self.departs:
            return ph.departure(self.loaded.vehicle, ignition_s)
        return [ph.coast(self.loaded.vehicle, ph.after(ignition_s), None)] if ignition_s > 0.0 else []

    def deorbit_settings(self) -> Deorbit:
        """Return the operator's burn."""
        deorbit = self.loaded.mission.deorbit
        if deorbit is None:
            raise PlanError(f"{self.loaded.source}: the mission has no [deorbit] section, so no burn can be planned")
        return deorbit

    def burn(self, error_m_s: float = 0.0) -> list[ph.Phase]:
        """Return the deorbit burn; its local vertical turns at the mean rate of the orbit."""
        position_m, velocity_m_s = self.start[k.X : k.Z + 1], self.start[k.U : k.W + 1]
        inertial = velocity_m_s + np.cross([0.0, 0.0, self.world.earth.rotation_rad_s], position_m)
        radius = float(np.linalg.norm(position_m))
        rate = float(np.linalg.norm(np.cross(position_m, inertial))) / radius**2
        return ph.deorbit(self.loaded.vehicle, self.deorbit_settings().delta_v_m_s + error_m_s, rate)

    def to_guidance(self, ignition_s: float) -> tuple[Run, int]:
        """Fly from the start to the altitude where guidance begins; return the run and the number of the burn phase."""
        vehicle, guidance = self.loaded.vehicle, self.loaded.mission.guidance
        phases = self.before_burn(ignition_s)
        burn = len(phases)
        phases += self.burn()
        split_m = vehicle.split.altitude_m if vehicle.split else guidance.entry_interface_altitude_m
        phases.append(ph.coast(vehicle, ph.falling_through(split_m)))
        interface_m, start_m = guidance.entry_interface_altitude_m, guidance.start_altitude_m
        phases += ph.entry(vehicle, interface_m, start_m, self.end_altitude_m, "module_separation")[:2]
        run = run_phases(self.world, None, phases, self.start, ground_m=-1e4)
        return run, burn


def aim_frame(problem: Problem, offset_m: tuple[float, float]) -> Vector:
    """Return aim point, ahead and right as rows, shape (3, 3), for an offset (ahead, right) from the zone's centre."""
    zone = problem.zone
    ground = on_surface(problem.world.earth, zone.latitude_deg, zone.longitude_deg, problem.end_altitude_m)
    ahead = horizontal(ground, problem.passing.course_itrf)
    right = np.cross(ahead, ground / np.linalg.norm(ground))
    aim = ground + offset_m[0] * ahead + offset_m[1] * right
    return np.array([aim, ahead, right])


def miss_of_aim(guide: Guide, position_m: Vector) -> tuple[float, float]:
    """Return how far a position (ITRF, m) lies ahead and to the right of the aim point of a guidance, in m."""
    miss = position_m - np.array([guide.aim_x_m, guide.aim_y_m, guide.aim_z_m])
    ahead = miss @ np.array([guide.ahead_x, guide.ahead_y, guide.ahead_z])
    right = miss @ np.array([guide.right_x, guide.right_y, guide.right_z])
    return float(ahead), float(right)


def nominal_misses(problem: Problem, guide: Guide, run: Run) -> tuple[float, float]:
    """Return the miss ahead and to the right of a lift turned evenly to both sides, in m."""
    sample = run.begins[len(run.phases)]
    row = ph.Phase(None, ph.capsule_columns(problem.loaded.vehicle)).row()
    cosine = guide.reference_cosine
    ends = [predict(problem.world, guide, row, sample, cosine, side, NOMINAL_REVERSALS_M_S) for side in (1.0, -1.0)]
    return 0.5 * (ends[0][0] + ends[1][0]), 0.5 * (ends[0][1] + ends[1][1])


def plan_return(problem: Problem, offset_m: tuple[float, float], fixed_ignition_s: float | None) -> Plan:
    """Find the ignition (unless it is fixed), the split timer and the guidance record.

    Raises
    ------
    PlanError
        If no ignition brings the capsule to the aim point, or the zone is too far to the side.
    """
    loaded = problem.loaded
    guide = guide_record(
        loaded.mission.guidance, loaded.vehicle.capsule.bank, problem.end_altitude_m, aim_frame(problem, offset_m), 1.0
    )
    ignition_s = fixed_ignition_s
    if ignition_s is None:
        ignition_s = _search_ignition(problem, guide)
    run, burn = problem.to_guidance(ignition_s)
    _require_descent(problem, run)
    _, right = nominal_misses(problem, guide, run)
    if abs(right) > CROSSRANGE_LIMIT_M:
        raise PlanError(
            f"zone '{problem.zone.name}' lies {abs(right) / 1e3:.0f} km to the side of the track, "
            f"the capsule reaches about {CROSSRANGE_LIMIT_M / 1e3:.0f} km; choose another revolution or zone"
        )
    timer_s = float(run.begins[burn + 2, k.TIME] - run.begins[burn + 1, k.TIME])
    guide = guide._replace(first_side=-1.0 if right > 0.0 else 1.0)
    guide, absorbed = brief_guidance(loaded, problem.world, guide, run.begins[burn + 2 :])
    return Plan(ignition_s, timer_s, guide, -right, offset_m, absorbed)


def brief_guidance(loaded: LoadedMission, world: World, guide: Guide, begins: Vector) -> tuple[Guide, Absorbed | None]:
    """Return the guidance record with its sensor errors and, for the apparent-velocity law, its reference entries.

    `begins` holds the states at the last update of the navigation (the split), at the entry interface and at the start
    of the guidance, shape (3, 12).
    """
    update, last = begins[0], begins[-1]
    basis = lvlh_basis(update[k.X : k.Z + 1], update[k.U : k.W + 1])
    guide = guide._replace(sensors=sensors_record(loaded.mission.guidance.navigation, basis))
    if loaded.mission.guidance.law != "apparent-velocity":
        return guide, None
    row = ph.Phase(None, ph.capsule_columns(loaded.vehicle)).row()
    reference, absorbed = build_reference(world, guide, ReferenceStart(last, row, float(update[k.SENSED])))
    return guide._replace(reference=reference), absorbed


def _require_descent(problem: Problem, run: Run) -> None:
    if run.status.code != ENDED:
        delta_v = problem.deorbit_settings().delta_v_m_s
        raise PlanError(
            f"after a burn of {delta_v:.1f} m/s the ship does not come down to the entry ({run.status.sentence}); "
            f"raise deorbit.delta_v_m_s (from 420 km a Soyuz needs about 128 m/s)"
        )


def _search_ignition(problem: Problem, guide: Guide) -> float:
    """Return the ignition time in s by the secant method on the range miss."""

    def miss(at_s: float) -> float:
        run, _ = problem.to_guidance(at_s)
        _require_descent(problem, run)
        return nominal_misses(problem, guide, run)[0]

    first = problem.passing.time_s - _IGNITION_LEAD_S
    miss_first = miss(first)
    second = first - np.clip(miss_first / 7000.0, -900.0, 900.0)
    for _ in range(20):
        miss_second = miss(second)
        if abs(miss_second) < _TOLERANCE_M:
            return float(second)
        slope = (miss_second - miss_first) / (second - first) if second != first else 7000.0
        slope = float(np.clip(slope, 2000.0, 12000.0))
        first, miss_first = second, miss_second
        second = second - float(np.clip(miss_second / slope, -600.0, 600.0))
    raise PlanError(
        f"no ignition near {first:.0f} s after undocking brings the capsule to zone '{problem.zone.name}' "
        f"(miss {miss_second / 1e3:.1f} km); check deorbit.delta_v_m_s and guidance.reference_bank_deg"
    )


def plan_facts(plan: Plan | None, guide: Guide, run: Run) -> dict[str, float | str | None]:
    """Return what the plan and its flight say of the burn and the aim, for people; empty without a plan."""
    if plan is None:
        return {}
    names = [phase.event for phase in run.phases[: run.begun]]
    facts: dict[str, float | str | None] = {
        "ignition_s": plan.ignition_s,
        "split_after_cutoff_s": plan.split_after_cutoff_s,
        "crossrange_km": plan.crossrange_m / 1e3,
        "aim_offset_ahead_km": plan.aim_offset_m[0] / 1e3,
        "aim_offset_right_km": plan.aim_offset_m[1] / 1e3,
    }
    if "parachute_command" in names:
        opened = run.begins[names.index("parachute_command"), k.X : k.Z + 1]
        ahead, right = miss_of_aim(guide, opened)
        facts["miss_at_command_ahead_km"], facts["miss_at_command_right_km"] = ahead / 1e3, right / 1e3
    if plan.absorbed is not None:
        facts["absorbs_early_s"], facts["absorbs_late_s"] = plan.absorbed.early_s, plan.absorbed.late_s
        facts["absorbs_short_km"], facts["absorbs_long_km"] = plan.absorbed.short_m / 1e3, plan.absorbed.long_m / 1e3
    if "deorbit_cutoff" in names:
        lit, cut = names.index("deorbit_ignition"), names.index("deorbit_cutoff")
        facts["burn_duration_s"] = float(run.begins[cut, k.TIME] - run.begins[lit, k.TIME])
        facts["delta_v_m_s"] = float(run.begins[cut, k.SENSED] - run.begins[lit, k.SENSED])
        facts["propellant_kg"] = float(run.begins[lit, k.MASS] - run.begins[cut, k.MASS])
    return facts
