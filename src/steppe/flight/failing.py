"""A separation that fails: a module stays on the capsule, breaks free in the plasma, and the capsule rolls down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from steppe.config.failure import PARACHUTE_FAILURES, Failure, parachute_misfit
from steppe.config.loader import LoadedMission
from steppe.config.vehicle import DiscardedModule
from steppe.errors import ConfigError
from steppe.flight import phases as ph
from steppe.flight.running import Run
from steppe.kernels import derive as d
from steppe.kernels import phase as k
from steppe.kernels.motion import World

# Where a module that stayed breaks free if nothing says otherwise: the altitude at which such modules break up
# (ISO 27875 practice), an assumption; inside the plasma (80.4 to 35.3 km, CSA for MS-11), where that of TMA-11 came off
RELEASE_M = 78e3
# Looking for a dynamic pressure, the stack is flown to here
_LOWEST_M = 15e3


def with_failure(loaded: LoadedMission, name: str) -> LoadedMission:
    """Return a mission in which something fails, as ``[failure]`` in its file would have it.

    Parameters
    ----------
    loaded
        The mission.
    name
        A separation such as ``"instrument-module-stays"``, or a parachute failure such as ``"main-not-disreefed"``.

    Raises
    ------
    ConfigError
        If the mission or its vehicle has nothing that can fail so.
    """
    separates = loaded.mission.start.phase in ("station", "orbit")
    modules = loaded.vehicle.split.modules if loaded.vehicle.split and separates else ()
    stays = [f"{module.name.replace('_', '-')}-stays" for module in modules]
    chutes = [one for one in PARACHUTE_FAILURES if parachute_misfit(loaded.vehicle, one) is None]
    if name not in (*stays, *chutes):
        why = _why_not(loaded, name) or f"got '{name}'"
        what = f"one of {', '.join((*stays, *chutes))}" if stays or chutes else "a vehicle with [split] or a reserve"
        raise ConfigError(f"expected {what}, {why}", source=loaded.source, key="--failure")
    failure, key = loaded.mission.failure, "parachute" if name in chutes else "separation"
    if failure is None:
        failure = Failure.model_validate({key: name})
    elif getattr(failure, key) != name:
        failure = Failure.model_validate({**failure.model_dump(exclude_none=True), key: name})
    misfit = failure.misfit(loaded.vehicle)
    if misfit is not None:
        raise ConfigError(misfit[1], source=loaded.source, key=f"failure.{misfit[0]}")
    return replace(loaded, mission=loaded.mission.model_copy(update={"failure": failure}))


def _why_not(loaded: LoadedMission, name: str) -> str | None:
    """Return why a failure of a known kind cannot happen to a mission."""
    if name in PARACHUTE_FAILURES:
        return f"got '{name}': parachute {parachute_misfit(loaded.vehicle, name)}"
    if name.endswith("-stays") and loaded.mission.start.phase not in ("station", "orbit"):
        return f"got '{name}': that needs a flight that starts at the station or in orbit, so that it separates"
    return None


def stuck_module(loaded: LoadedMission) -> DiscardedModule | None:
    """Return the module that stays on the capsule, or None."""
    failure, split = loaded.mission.failure, loaded.vehicle.split
    if failure is None or split is None or failure.separation is None:
        return None
    return next(module for module in split.modules if module.name == failure.module)


def failed_phases(loaded: LoadedMission, phases: list[ph.Phase], fly: Callable[[list[ph.Phase]], Run], world: World,
                  ) -> tuple[list[ph.Phase], float]:  # fmt: skip
    """Return the phases of a planned flight with its separation failed, and where the module breaks free in m.

    Parameters
    ----------
    loaded
        A mission with a failure.
    phases
        As planned, from the start to the ground.
    fly
        Flies phases from the start.
    world
        For the dynamic pressure.

    Raises
    ------
    ConfigError
        If the dynamic pressure at which the module breaks free is never reached.
    """
    failure = loaded.mission.failure
    if failure is None:
        raise ValueError("the mission has no failure")
    names = [phase.event for phase in phases]
    split = names.index("module_separation")
    landing = names.index("parachute_command") if "parachute_command" in names else len(phases)
    before, after = phases[:split], phases[landing:]
    release_m = failure.release_altitude_m or RELEASE_M
    if failure.release_dynamic_pressure_pa is not None:
        run = fly([*before, *_stack(loaded, _LOWEST_M)])
        release_m = _altitude_of(loaded, run, world, failure.release_dynamic_pressure_pa)
    end = phases[landing - 1].columns
    return [*before, *_stack(loaded, release_m), *_capsule(loaded, release_m, end), *after], release_m


def _stack(loaded: LoadedMission, release_m: float) -> list[ph.Phase]:
    """Return the phases of capsule and module together: no lift, no control."""
    module, failure, capsule = stuck_module(loaded), loaded.mission.failure, loaded.vehicle.capsule
    if module is None or failure is None:
        raise ValueError("the mission has no failure")
    area = failure.drag_area_m2 or module.attached_drag_area_m2 or module.drag_area_m2
    body = {
        k.FIXED_DRAG_M2: area,
        k.STEP_S: ph.ENTRY_STEP_S,
        k.TIME_LIMIT_S: 7200.0,
        k.SKIP_ALTITUDE_M: 200e3,
    }
    interface_m = loaded.mission.guidance.entry_interface_altitude_m
    mass = {k.SET_MASS_KG: capsule.mass_kg + module.mass_kg, k.STEP_S: ph.COAST_STEP_S}
    first = ph.Phase("module_separation", {**body, **mass, **ph.falling_through(max(interface_m, release_m))})
    if release_m >= interface_m:
        return [first]
    return [first, ph.Phase("entry_interface", {**body, **ph.falling_through(release_m)})]


def _capsule(loaded: LoadedMission, release_m: float, end: dict[int, float]) -> list[ph.Phase]:
    """Return the phases of the capsule alone; it rolls from where the guidance would start, or from the release."""
    guidance, vehicle = loaded.mission.guidance, loaded.vehicle
    body = ph.capsule_columns(vehicle)
    free = {**body, k.SET_MASS_KG: vehicle.capsule.mass_kg}
    found: list[ph.Phase] = []
    event = "module_release"
    for name, altitude_m in (
        ("entry_interface", guidance.entry_interface_altitude_m),
        ("guidance_start", guidance.start_altitude_m),
    ):
        if release_m > altitude_m:
            found.append(ph.Phase(event, {**free, **ph.falling_through(altitude_m)}))
            event, free = name, body
    # the phase that the plan has for the steered capsule, with its end
    return [*found, ph.Phase(event, {**free, **{key: value for key, value in end.items() if key != k.SET_MASS_KG}})]


def _altitude_of(loaded: LoadedMission, run: Run, world: World, pressure_pa: float) -> float:
    """Return where a flight first reaches a dynamic pressure on its way down."""
    output = run.derived(world, loaded.vehicle.capsule.nose_radius_m)
    alone = np.flatnonzero(run.record[:, k.PHASE] >= _number(run, "module_separation"))
    pressure, altitude = output[alone, d.DYNAMIC_PRESSURE], output[alone, d.ALTITUDE]
    above = np.flatnonzero(pressure >= pressure_pa)
    if above.size == 0:
        raise ConfigError(
            f"the dynamic pressure of capsule and module reaches only {float(pressure.max()):.0f} Pa down to "
            f"{_LOWEST_M / 1e3:.0f} km, not {pressure_pa:g} Pa",
            source=loaded.source,
            key="failure.release_dynamic_pressure_pa",
        )
    at = max(int(above[0]), 1)
    return float(np.interp(pressure_pa, pressure[at - 1 : at + 1], altitude[at - 1 : at + 1]))


def _number(run: Run, event: str) -> int:
    return next(number for number, phase in enumerate(run.phases) if phase.event == event)
