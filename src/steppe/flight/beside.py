"""The bodies beside the capsule: the discarded modules, and the station that it left."""

from __future__ import annotations

from steppe.config.loader import LoadedMission
from steppe.config.vehicle import DiscardedModule
from steppe.flight import assemble
from steppe.flight import phases as ph
from steppe.flight.failing import stuck_module
from steppe.flight.result import Departing, Track
from steppe.flight.running import Run, run_phases, start_row
from steppe.flight.starting import Beginning
from steppe.kernels import phase as k
from steppe.kernels.motion import World

MODULE_END_M = ph.MODULE_END_M


def module_phase(module: DiscardedModule, event: str = "module_separation", *, pushed: bool = True) -> ph.Phase:
    """Return the fall of a discarded module, pushed by its springs or not, to `MODULE_END_M`."""
    return ph.module_fall(module, MODULE_END_M, event, pushed=pushed)


def module_tracks(loaded: LoadedMission, run: Run, world: World) -> tuple[Track, ...]:
    """Fly the discarded modules from the split, one that stayed on the capsule from where it broke free."""
    split = loaded.vehicle.split
    if split is None:
        return ()
    names = [phase.event for phase in run.phases[: run.begun]]
    stuck, tracks = stuck_module(loaded), []
    for module in split.modules:
        event = "module_release" if module == stuck else "module_separation"
        if event not in names:
            continue
        begin = run.begins[names.index(event)]
        start = start_row(float(begin[k.TIME]), begin[k.X : k.Z + 1], begin[k.U : k.W + 1], module.mass_kg)
        phases = [module_phase(module, event, pushed=module != stuck)]
        own = run_phases(world, None, phases, start, ground_m=-1e4, record_every_s=1.0)
        # one that breaks free below the end has no track
        if len(own.record) > 1:
            tracks.append(assemble.track_of(module.name, own, world, 1.0, banked=False))
    return tuple(tracks)


def station_phase(drag_m2_kg: float, ignition_s: float) -> ph.Phase:
    """Return the flight of the station, as a body of 1 kg, from the undocking to the ignition."""
    columns = {k.FIXED_DRAG_M2: drag_m2_kg, k.STEP_S: ph.DRIFT_STEP_S}
    return ph.Phase("undocking", {**columns, **ph.after(ignition_s)})


def departing(beginning: Beginning, ignition_s: float, run: Run, track: Track) -> Departing | None:
    """Fly the station beside the ship until the ignition."""
    if beginning.station is None:
        return None
    phases = [station_phase(beginning.station_drag_m2_kg, ignition_s)]
    own = run_phases(beginning.world, None, phases, beginning.station, ground_m=-1e4, record_every_s=10.0)
    station = assemble.track_of("station", own, beginning.world, 1.0, banked=False)
    burns = [i for i in range(run.begun) if run.phases[i].event == "separation_burn"]
    settled_s = float(run.begins[burns[-1] + 1, k.TIME]) if burns else 600.0
    return assemble.departing_of(track, station, settled_s, ignition_s)
