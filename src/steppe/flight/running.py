"""Runs phases through the kernels and keeps what comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from steppe.config.compile import guide_record
from steppe.config.mission import Guidance
from steppe.errors import RECORD_FULL, STATUS, Status
from steppe.flight.phases import Phase, table
from steppe.kernels import phase as k
from steppe.kernels.derive import OUTPUT_COLUMNS, derive
from steppe.kernels.flying import fly_phases
from steppe.kernels.guide import Guide
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]

_FIRST_RECORD = 40_000
_LARGEST_RECORD = 40_000_000
_NO_LIMIT_G = 1e9


@dataclass(frozen=True, slots=True)
class Run:
    """What the kernels returned for one body.

    Attributes
    ----------
    status
        How it ended.
    phases
        The phases that were asked for.
    rows
        Their table, shape (n, 31).
    record
        Samples, shape (samples, 12).
    begins
        State at the start of each phase and at the end, shape (n + 1, 12).
    begun
        How many phases began.
    """

    status: Status
    phases: tuple[Phase, ...]
    rows: Array
    record: Array
    begins: Array
    begun: int

    def derived(self, world: World, nose_radius_m: float) -> Array:
        """Return the outputs of every sample, shape (samples, 17); columns as in `steppe.kernels.derive`."""
        output = np.zeros((self.record.shape[0], OUTPUT_COLUMNS))
        derive(world, self.rows, self.begins, self.record, nose_radius_m, output)
        return output


def no_guide() -> Guide:
    """Return a guidance record for bodies that are not steered."""
    return guide_record(Guidance(law="open-loop"), None, 0.0, np.zeros((3, 3)), 1.0)


def start_row(time_s: float, position_m: Array, velocity_m_s: Array, mass_kg: float, bank_rad: float = 0.0) -> Array:
    """Return the start of a run for the kernels: time, state (ITRF), sensed velocity 0, bank angle."""
    return np.array([time_s, *position_m, *velocity_m_s, mass_kg, 0.0, bank_rad])


def run_phases(
    world: World,
    guide: Guide | None,
    phases: list[Phase],
    start: Array,
    *,
    ground_m: float,
    model: World | None = None,
    load_limit_g: float = _NO_LIMIT_G,
    record_every_s: float = 1e9,
) -> Run:
    """Fly one body through its phases; the record grows until it holds the flight.

    `model` is the world that the ship believes in; by default the true one.
    """
    rows = table(phases)
    size = _FIRST_RECORD
    while True:
        record = np.zeros((size, k.RECORD_COLUMNS))
        begins = np.zeros((len(phases) + 1, k.RECORD_COLUMNS))
        code, samples, begun = fly_phases(
            world,
            model or world,
            guide or no_guide(),
            rows,
            start,
            k.Rules(ground_m, load_limit_g, record_every_s),
            record,
            begins,
        )
        if code != RECORD_FULL or size >= _LARGEST_RECORD:
            break
        size *= 8
    return Run(STATUS[code], tuple(phases), rows, record[:samples].copy(), begins[: begun + 1].copy(), begun)
