"""Commands to a return under way: it is flown again from its start, and all before the command stays bit for bit.

What a command changes acts only after its moment: the trip of the guidance is a time, the wind changes only below every
altitude that was flown, and a failure replaces phases that have not begun. So the loop of the flight takes the same
steps up to there, and no state has to be saved and restored.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from steppe.config.failure import PARACHUTE_FAILURES, parachute_misfit
from steppe.config.loader import LoadedMission
from steppe.errors import CommandError
from steppe.flight.failing import with_failure
from steppe.flight.result import Flight
from steppe.flight.simulate import Prepared
from steppe.kernels.guide import BALLISTIC
from steppe.kernels.motion import World
from steppe.kernels.wind import Wind

# A trial step of the integrator may look this far below the state that it ends in (derived: sinking 8 km/s, the
# difference of a predicted and a taken step of 2 s stays below 10 m)
_MARGIN_M = 50.0
_LARGEST_WIND_M_S = 150.0


def switched_to_ballistic(prepared: Prepared, flight: Flight, at_s: float) -> Prepared:
    """Return the return in which the crew commands the ballistic descent.

    Parameters
    ----------
    prepared, flight
        What is flown, and its flight so far.
    at_s
        Seconds after the epoch. Before the guidance starts the command waits for its start.

    Raises
    ------
    CommandError
        If nothing is steered any more, or it is ballistic already.
    """
    if prepared.guide.law == BALLISTIC or _time(flight, "module_release") is not None:
        raise CommandError("the descent is ballistic already")
    begins, ends = _time(flight, "guidance_start"), _time(flight, "parachute_command")
    if begins is None:
        raise CommandError("this flight has no guided entry, so there is nothing to switch")
    if ends is not None and at_s >= ends:
        raise CommandError(f"the parachute command came {at_s - ends:.0f} s ago: the capsule is not steered any more")
    trips = prepared.guide.trips
    command_s = max(at_s - begins, 0.0)
    if command_s >= trips.command_s:
        raise CommandError("the descent is ballistic already")
    return prepared.told(prepared.guide._replace(trips=trips._replace(command_s=command_s)))


def with_failure_now(prepared: Prepared, flight: Flight, case: str, at_s: float) -> Prepared:
    """Return the return in which something fails that has not happened yet, as ``[failure]`` of a mission file.

    Parameters
    ----------
    prepared, flight
        What is flown, and its flight so far.
    case
        One of `failures_of`: a module that stays on the capsule, or a parachute that fails.
    at_s
        Seconds after the epoch.

    Raises
    ------
    CommandError
        If it has happened already, or the same part has failed already.
    ConfigError
        If the vehicle has nothing that can fail so.
    """
    failure = prepared.loaded.mission.failure
    canopy = case in PARACHUTE_FAILURES
    if failure is not None and (failure.parachute if canopy else failure.separation) is not None:
        raise CommandError(f"the {'parachute' if canopy else 'separation'} has failed already")
    # What the failure replaces begins with this event
    begins = {"drogue-failure": "drogue"}.get(case, "main_full") if canopy else "module_separation"
    happened = _time(flight, begins)
    if happened is not None and at_s >= happened:
        what = "the parachute opened" if canopy else "the modules parted"
        raise CommandError(f"{what} {at_s - happened:.0f} s ago: it cannot fail any more")
    failed: LoadedMission = with_failure(prepared.loaded, case)
    return Prepared(failed, prepared.ready, prepared.written)


def failures_of(loaded: LoadedMission) -> tuple[str, ...]:
    """Return the failures that a mission can have, as `with_failure_now` takes them."""
    canopies = tuple(case for case in PARACHUTE_FAILURES if parachute_misfit(loaded.vehicle, case) is None)
    if loaded.mission.start.phase not in ("station", "orbit") or loaded.vehicle.split is None:
        return canopies
    stays = (
        f"{module.name.replace('_', '-')}-stays"
        for module in loaded.vehicle.split.modules
        if module.attached_drag_area_m2 is not None
    )
    return (*stays, *canopies)


def with_wind_below(prepared: Prepared, flight: Flight, east_m_s: float, north_m_s: float, at_s: float) -> Prepared:
    """Return the return in another wind below the lowest altitude flown so far; plan and guidance do not know it.

    Parameters
    ----------
    prepared, flight
        What is flown, and its flight so far.
    east_m_s, north_m_s
        Added to the wind. It grows from zero through one layer of the wind table (100 or 500 m) and holds below.
    at_s
        Seconds after the epoch.

    Raises
    ------
    CommandError
        If the wind is no number or too strong, the flight is over, or no layer is left below.
    """
    if not (np.isfinite([east_m_s, north_m_s]).all() and np.hypot(east_m_s, north_m_s) <= _LARGEST_WIND_M_S):
        raise CommandError(f"the wind changes by at most {_LARGEST_WIND_M_S:g} m/s, got {east_m_s:g}, {north_m_s:g}")
    columns = flight.track.columns
    if at_s >= columns["time_s"][-1]:
        raise CommandError("the flight is over")
    flown = columns["altitude_m"][: int(np.searchsorted(columns["time_s"], at_s, side="right"))]
    lowest_m = float(flown.min()) if flown.size else float(columns["altitude_m"][0])
    wind = changed_below(prepared.world.wind, lowest_m - _MARGIN_M, east_m_s, north_m_s)
    world: World = prepared.world._replace(wind=wind)
    return prepared.in_world(world)


def changed_below(wind: Wind, altitude_m: float, east_m_s: float, north_m_s: float) -> Wind:
    """Return a wind that is untouched above an altitude and changed by a constant below.

    Raises
    ------
    CommandError
        If the altitude lies in the lowest layer of the table.
    """
    layers: npt.NDArray[np.float64] = wind.layers.copy()
    # the layer that the change grows through, wholly below the altitude; the top layer holds above the table too
    number = min(int(np.floor((altitude_m - wind.lowest_m) * wind.layers_per_m)) - 1, layers.shape[0] - 2)
    if number < 0:
        raise CommandError("the ground is too near: no layer of the wind is left below the ship")
    for column, change in ((0, east_m_s), (2, north_m_s)):
        layers[:number, column] += change
        layers[number, column] += change
        layers[number, column + 1] -= change
    return wind._replace(layers=layers)


def _time(flight: Flight, name: str) -> float | None:
    event = flight.event(name)
    return None if event is None else event.time_s
