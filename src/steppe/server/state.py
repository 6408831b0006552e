"""The state of a return in six fixed levels, each with its word; the page adds the shape and the colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from steppe.errors import ENDED, LANDED
from steppe.flight.result import Flight

# AstroUXDS: shape and colour, six levels, a group shows its worst member
Level = Literal["off", "standby", "normal", "caution", "serious", "critical"]
# The upper end of the published load of guided Soyuz entries (NASA, CSA); a caution leaves below 4.5 g
_LOAD_ON_G, _LOAD_OFF_G = 5.0, 4.5


@dataclass(frozen=True, slots=True)
class State:
    """A level, its word, and why."""

    level: Level
    word: str
    why: str = ""

    def document(self) -> dict[str, str]:
        """Return it as plain values."""
        return {"level": self.level, "word": self.word, "why": self.why}


class Watch:
    """Judges a flight from moment to moment; a caution of the load has hysteresis, so that it does not flicker."""

    def __init__(self) -> None:
        self._loaded = False

    def judge(self, flight: Flight, time_s: float, load_g: float | None, ballistic_s: float | None = None) -> State:
        """Return the worst state that holds at a moment.

        Parameters
        ----------
        flight, time_s
            The flight and seconds after its epoch.
        load_g
            Load there.
        ballistic_s
            Since when the ballistic descent is commanded, None if it is not.
        """
        load = load_g or 0.0
        self._loaded = load > (_LOAD_OFF_G if self._loaded else _LOAD_ON_G)
        if time_s >= float(flight.track.columns["time_s"][-1]):
            level: Level = "normal" if flight.status.code in (LANDED, ENDED) else "critical"
            return State(level, flight.status.name.replace("_", " ").upper(), flight.status.sentence)
        limit_g, failure = flight.mission.mission.limits.load_g, flight.mission.mission.failure
        split, lit = flight.event("module_separation"), flight.event("deorbit_ignition")
        ballistic = ballistic_s is not None and time_s >= ballistic_s
        conditions = (
            (load > 0.9 * limit_g, State("serious", "LOAD", f"{load:.1f} g, limit {limit_g:g} g")),
            (
                failure is not None and failure.separation is not None and split is not None and time_s >= split.time_s,
                State("serious", "FAILED SEPARATION", (failure.separation if failure else None) or ""),
            ),
            (ballistic, State("caution", "BALLISTIC", "the ballistic descent was commanded")),
            (self._loaded, State("caution", "LOAD", f"{load:.1f} g, above {_LOAD_ON_G:g} g")),
            (lit is not None and time_s < lit.time_s, State("standby", "BEFORE IGNITION")),
        )
        return next((state for holds, state in conditions if holds), State("normal", "NORMAL"))
