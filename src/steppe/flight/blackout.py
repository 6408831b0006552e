"""When the plasma of the entry cuts the radio: electron density at the stagnation point against frequency."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.constants import AIR_MOLECULE_DIAMETER_M, AIR_MOLECULE_MASS_KG
from steppe.flight.equilibrium_air import stagnation

Array = npt.NDArray[np.float64]

# VHF voice of Soyuz (121.75 MHz), satellite UHF, and S band of relays and telemetry
RADIO_HZ: Final = {"VHF 121.75 MHz": 121.75e6, "UHF 250 MHz": 250e6, "S band 2.2 GHz": 2.2e9}
# Electron plasma frequency f = 8.98 sqrt(n) Hz, n per m3: e / (2 pi sqrt(eps0 m_e))
_PLASMA_HZ: Final = 8.98
# Rarefied above this: no thin shock in equilibrium stands before the body (Anderson, Hypersonic and High-Temperature
# Gas Dynamics, chapter 1: the continuum needs a Knudsen number well below 0.03)
_KNUDSEN: Final = 0.01
# Below this no sample is worth the chemistry: 2e3 m/s give 1e11 electrons per m3, a thousandth of what stops VHF
_SLOWEST_M_S: Final = 1800.0

# Plasma of MS-11 (CSA, asc-csa.gc.ca, timeline of expedition 58): entered at 80.4 km, 89 s after 99.7 km, left at
# 35.3 km, 376 s after it. The exit is what the crew reported; it falls on the row of the peak load
PUBLISHED_ENTRY_S: Final = 89.0
PUBLISHED_EXIT_S: Final = 376.0


@dataclass(frozen=True, slots=True)
class Window:
    """The blackout of one frequency.

    Attributes
    ----------
    name
        The radio.
    frequency_hz
        Its frequency.
    critical_m3
        The electron density that reflects it.
    begin_s, end_s
        Seconds after the entry interface; None if it is never cut.
    begin_altitude_m, end_altitude_m, end_speed_m_s
        Where that is.
    """

    name: str
    frequency_hz: float
    critical_m3: float
    begin_s: float | None = None
    end_s: float | None = None
    begin_altitude_m: float | None = None
    end_altitude_m: float | None = None
    end_speed_m_s: float | None = None

    def as_dict(self) -> dict[str, str | float | None]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Blackout:
    """The plasma of an entry.

    Attributes
    ----------
    time_s
        Seconds after the entry interface, shape (n,).
    electrons_m3
        Electron density at the stagnation point in equilibrium; 0 where the air is too thin or the capsule too slow.
    windows
        One for each radio.
    """

    time_s: Array
    electrons_m3: Array
    windows: tuple[Window, ...]


def critical_density_m3(frequency_hz: float) -> float:
    """Return the electron density whose plasma frequency is `frequency_hz`: n = (f / 8.98)^2 per m3."""
    return (frequency_hz / _PLASMA_HZ) ** 2


def blackout_of(columns: dict[str, Array], nose_radius_m: float) -> Blackout:
    """Return the blackout windows of an entry.

    The electrons are those of equilibrium at the stagnation point, where they are densest, and the shock layer is taken
    to lie between antenna and receiver. So the windows are upper bounds for an antenna in the wake.

    Parameters
    ----------
    columns
        ``time_s``, ``altitude_m``, ``density_kg_m3`` and ``airspeed_m_s`` from the entry interface (first sample) to
        the parachute command.
    nose_radius_m
        Radius of the heat shield.
    """
    density, speed = columns["density_kg_m3"], columns["airspeed_m_s"]
    time = columns["time_s"] - columns["time_s"][0]
    path_m = AIR_MOLECULE_MASS_KG / (math.sqrt(2.0) * math.pi * AIR_MOLECULE_DIAMETER_M**2 * density)
    dense = (path_m < _KNUDSEN * nose_radius_m) & (speed > _SLOWEST_M_S)
    electrons = np.zeros_like(density)
    if dense.any():
        electrons[dense] = stagnation(density[dense], speed[dense]).electron_density_m3
    windows = tuple(_window(name, hertz, time, electrons, columns) for name, hertz in RADIO_HZ.items())
    return Blackout(time, electrons, windows)


def _window(name: str, frequency_hz: float, time: Array, electrons: Array, columns: dict[str, Array]) -> Window:
    critical = critical_density_m3(frequency_hz)
    cut = np.flatnonzero(electrons >= critical)
    if not cut.size:
        return Window(name, frequency_hz, critical)
    first, last = int(cut[0]), int(cut[-1])
    end = float(last)
    if last + 1 < len(time) and electrons[last + 1] > 0.0:
        # the density falls by a constant factor from sample to sample
        steep = math.log(electrons[last] / electrons[last + 1])
        end += math.log(electrons[last] / critical) / steep

    def at(name: str, index: float) -> float:
        return float(np.interp(index, np.arange(len(time)), columns[name]))

    end_s = float(np.interp(end, np.arange(len(time)), time))
    return Window(
        name, frequency_hz, critical, float(time[first]), end_s, at("altitude_m", first), at("altitude_m", end),
        at("airspeed_m_s", end),
    )  # fmt: skip
