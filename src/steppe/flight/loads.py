"""Loads, heat and radio of a flown return in one answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.config.boarding import Boarding, boarding
from steppe.config.loader import load_vehicle
from steppe.errors import ConfigError
from steppe.flight.blackout import Blackout, blackout_of
from steppe.flight.contact_pulse import Pulse, pulse_of
from steppe.flight.crew import FAN_DEG, CrewLoads, crew_loads
from steppe.flight.heating import Heat, heat_of
from steppe.flight.result import Contact, Flight

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loads:
    """What crew, wall and radio go through.

    Attributes
    ----------
    seats
        The load on each seat: centre, left, right.
    heat, blackout
        From the entry interface to the parachute command.
    entry_s
        Time of the entry interface (or of the start), seconds since the epoch.
    manifest
        What the mission's manifest makes of the capsule, None without one.
    contact, pulse
        What happens on the ground, and its first moments in time; None where nothing is known to land.
    """

    seats: dict[str, CrewLoads]
    heat: Heat
    blackout: Blackout
    entry_s: float
    manifest: Boarding | None
    contact: Contact | None = None
    pulse: Pulse | None = None

    @property
    def centre(self) -> CrewLoads:
        """Return the load on the centre seat."""
        return self.seats["centre"]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "crew": {name: one.as_dict() for name, one in self.seats.items()},
            "heat": self.heat.as_dict(),
            "blackout": [window.as_dict() for window in self.blackout.windows],
            "contact": asdict(self.contact) if self.contact else None,
            "manifest": self.manifest.as_dict() if self.manifest else None,
        }


def loads_of(flight: Flight) -> Loads:
    """Return loads, heat and radio of a flight that entered the air.

    Raises
    ------
    ConfigError
        If the flight has no entry.
    """
    columns = flight.track.columns
    time = columns["time_s"]
    command, engines = flight.event("parachute_command"), flight.event("soft_landing_ignition")
    entry = flight.event("entry_interface")
    entry_s = time[0] if entry is None else entry.time_s
    command_s = time[-1] if command is None else command.time_s
    end_s = time[-1] if engines is None else engines.time_s
    falling = (time >= entry_s) & (time <= command_s)
    if falling.sum() < 3:
        raise ConfigError(
            f"{flight.mission.mission.name} has no entry: it begins under the parachute or stops before the air; "
            "fly a mission that enters the atmosphere"
        )
    after = time >= entry_s
    capsule = flight.mission.vehicle.capsule
    air = {name: values[falling] for name, values in columns.items()}
    felt = {name: columns[name][after] for name in ("time_s", "load_g")}
    seats = {seat: crew_loads(felt, capsule, command_s, end_s, seat) for seat in FAN_DEG}
    radius_m = capsule.nose_radius_m
    landing = flight.mission.vehicle.landing
    pulse = pulse_of(landing, flight.contact) if landing and flight.contact else None
    return Loads(
        seats, heat_of(air, radius_m), blackout_of(air, radius_m), float(entry_s), _manifest(flight), flight.contact,
        pulse,
    )  # fmt: skip


def _manifest(flight: Flight) -> Boarding | None:
    """Return the effect of the manifest on the vehicle as filed; None where that file cannot be told any more."""
    loaded = flight.mission
    manifest = loaded.mission.manifest
    if manifest is None or manifest.applied:
        return None
    return boarding(load_vehicle(loaded.mission.vehicle, loaded.folder, asked_by=loaded.source), manifest)
