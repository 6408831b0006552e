"""steppe plans, flies and checks the return of a crewed capsule from a docked station to the ground.

The names below are loaded when they are first used, so that ``import steppe`` costs nothing:

>>> import steppe
>>> flight = steppe.fly(steppe.load_mission("ms-21"))  # doctest: +SKIP
>>> flight.touchdown.latitude_deg  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from steppe.config.loader import LoadedMission, load_mission, mission_names, vehicle_names, zone_names
    from steppe.config.mission import Mission, Zone
    from steppe.config.vehicle import Vehicle
    from steppe.errors import SteppeError
    from steppe.flight.result import Event, Flight, Track
    from steppe.flight.simulate import fly
    from steppe.io.folder import write_folder
    from steppe.io.summary import summary

    __version__: str

__all__ = [
    "Event",
    "Flight",
    "LoadedMission",
    "Mission",
    "SteppeError",
    "Track",
    "Vehicle",
    "Zone",
    "__version__",
    "fly",
    "load_mission",
    "mission_names",
    "summary",
    "vehicle_names",
    "write_folder",
    "zone_names",
]

_HOMES: Final[dict[str, str]] = {
    "Event": "steppe.flight.result",
    "Flight": "steppe.flight.result",
    "LoadedMission": "steppe.config.loader",
    "Mission": "steppe.config.mission",
    "SteppeError": "steppe.errors",
    "Track": "steppe.flight.result",
    "Vehicle": "steppe.config.vehicle",
    "Zone": "steppe.config.mission",
    "fly": "steppe.flight.simulate",
    "load_mission": "steppe.config.loader",
    "mission_names": "steppe.config.loader",
    "summary": "steppe.io.summary",
    "vehicle_names": "steppe.config.loader",
    "write_folder": "steppe.io.folder",
    "zone_names": "steppe.config.loader",
}


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("steppe")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0+uninstalled"


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name == "__version__":
        value: Any = _version()
    elif name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'steppe' has no attribute {name!r}; it has: {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names beside what is loaded already."""
    return sorted({*globals(), *__all__})
