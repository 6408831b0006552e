"""The clock of a session: flight time that plays, holds, runs faster, and stops where a command is being computed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from steppe.errors import CommandError

SLOWEST, FASTEST = 1.0, 1000.0


@dataclass(slots=True)
class Clock:
    """Flight time against the time of the wall.

    Attributes
    ----------
    first_s, last_s
        What can be shown, seconds after the epoch.
    time_s
        Flight time at the last reading.
    rate
        Seconds of flight in a second of the wall.
    playing
        Whether time runs.
    cap_s
        Time does not pass this moment until it is lifted: a command takes effect there and is still being flown.
    """

    first_s: float
    last_s: float
    time_s: float
    rate: float = 1.0
    playing: bool = True
    cap_s: float = math.inf
    _read_at: float | None = None

    def advance(self, wall_s: float) -> float:
        """Read the clock.

        Parameters
        ----------
        wall_s
            A steady clock of the machine, s.

        Returns
        -------
        float
            Flight time, s after the epoch.
        """
        if self._read_at is not None and self.playing:
            passed = max(wall_s - self._read_at, 0.0)
            self.time_s = max(min(self.time_s + passed * self.rate, self.last_s, self.cap_s), self.first_s)
        self._read_at = wall_s
        return self.time_s

    @property
    def waiting(self) -> bool:
        """Whether it stands at its cap."""
        return self.playing and self.time_s >= self.cap_s

    def set_rate(self, rate: float) -> None:
        """Set how fast it runs.

        Raises
        ------
        CommandError
            If the rate is out of range.
        """
        if not SLOWEST <= rate <= FASTEST:
            raise CommandError(f"the rate is {SLOWEST:g} to {FASTEST:g}, got {rate:g}")
        self.rate = rate

    def seek(self, time_s: float, latest_s: float) -> None:
        """Jump to a moment that has been flown.

        Raises
        ------
        CommandError
            If it is no moment of the flight.
        """
        if not math.isfinite(time_s):
            raise CommandError("the moment to jump to is no number")
        self.time_s = max(min(time_s, latest_s, self.cap_s), self.first_s)
