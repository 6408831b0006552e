"""Cases for many returns at once: from a mission to starts, phases and guidance, as the lanes take them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from steppe.config.loader import LoadedMission
from steppe.config.mission import Guidance
from steppe.errors import ConfigError
from steppe.flight.phases import table
from steppe.flight.sequence import ground_m_of
from steppe.flight.simulate import rehearse
from steppe.kernels import phase as k
from steppe.kernels.guide import Guide
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]

# What the benchmark scatters at the entry interface, one standard deviation of each component: an accurate navigation
POSITION_SPREAD_M = 500.0
SPEED_SPREAD_M_S = 0.5
SEED = 2026


@dataclass(frozen=True, slots=True)
class ReturnCase:
    """A return from the entry interface on, and what it needs to be flown again.

    Attributes
    ----------
    world, model, guide
        True surroundings, those that the ship believes in, and what its guidance is told.
    phases
        Shape (1, phases, 31).
    events
        The event at the start of each phase, or None.
    start
        Shape (10,): time in s, state (ITRF, SI), bank angle in rad.
    rules
        Ground and load limit.
    durations_s
        How long each phase lasts in the nominal flight, shape (phases,); 0 for one that does not begin.
    """

    world: World
    model: World
    guide: Guide
    phases: Array
    events: tuple[str | None, ...]
    start: Array
    rules: k.Rules
    durations_s: Array

    def until(self, event: str) -> ReturnCase:
        """Return the case cut where an event happens.

        Raises
        ------
        ConfigError
            If no phase begins with the event.
        """
        if event not in self.events:
            raise ConfigError(f"expected one of {[name for name in self.events if name]}, got {event!r}", key="event")
        number = self.events.index(event)
        return replace(
            self,
            phases=self.phases[:, :number].copy(),
            events=self.events[:number],
            durations_s=self.durations_s[:number],
        )

    def on_the_clock(self) -> ReturnCase:
        """Return the case with every phase as long as in the nominal flight, over no ground and without limits.

        So it takes the same steps whatever air and body are like, and times can be compared.
        """
        phases = self.phases.copy()
        phases[:, :, k.END_KIND], phases[:, :, k.END_VALUE] = k.AFTER_TIME, self.durations_s
        phases[:, :, k.SKIP_ALTITUDE_M] = 1e12
        return replace(self, phases=phases, rules=k.Rules(-1e7, 1e9, 1e9))

    def dispersed(self, count: int, seed: int = SEED) -> Array:
        """Return starts with normal errors of position and velocity, shape (count, 10); the first is nominal."""
        generator = np.random.default_rng(seed)
        starts = np.repeat(self.start[None], count, axis=0)
        starts[1:, 1:4] += generator.normal(0.0, POSITION_SPREAD_M, (count, 3))[1:]
        starts[1:, 4:7] += generator.normal(0.0, SPEED_SPREAD_M_S, (count, 3))[1:]
        return starts


def with_law(loaded: LoadedMission, law: str) -> LoadedMission:
    """Return a mission steered by another law."""
    guidance = Guidance.model_validate({**loaded.mission.guidance.model_dump(), "law": law})
    return replace(loaded, mission=loaded.mission.model_copy(update={"guidance": guidance}))


def return_case(loaded: LoadedMission) -> ReturnCase:
    """Plan and fly a mission once, and return what follows from its entry interface on.

    Raises
    ------
    ConfigError, ElementsError, EnvironmentDataError, PlanError
        If the mission cannot be flown as written, or has no entry interface.
    """
    flown = rehearse(loaded)
    loaded, run = flown.loaded, flown.run
    events = tuple(phase.event for phase in run.phases)
    if "entry_interface" not in events[: run.begun]:
        raise ConfigError(
            f"expected a flight that reaches the entry interface, where a batch begins; {run.status.sentence}",
            source=loaded.source,
        )
    first = events.index("entry_interface")
    begin = run.begins[first]
    start = begin[k.TIME : k.BANK + 1].copy()
    ground_m = ground_m_of(loaded.zone)
    rules = k.Rules(ground_m, loaded.mission.limits.load_g, 1e9)
    begun = np.diff(run.begins[first:, k.TIME])
    durations_s = np.concatenate([begun, np.zeros(len(events) - first - begun.size)])
    rows = table(list(run.phases[first:]))[None]
    return ReturnCase(flown.world, flown.model, flown.guide, rows, events[first:], start, rules, durations_s)
