"""Single returns of the campaign that a session shows, flown again when somebody asks for one, and not too often."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from steppe.ensemble.campaign import fly_one, plan_campaign
from steppe.ensemble.run import Plan
from steppe.ensemble.store import Campaign
from steppe.errors import ConfigError, SteppeError
from steppe.flight.result import Flight
from steppe.server.limits import Rates

KEPT_SAMPLES: Final = 8
# A return and its document take 0.2 to 0.4 s of a core (measured), which the stream shares.
# Assumed: a person looks at each for some seconds; the kept ones cost nothing
_EACH_A_SECOND, _EACH_AT_ONCE = 0.5, 5.0
_ALL_A_SECOND, _ALL_AT_ONCE = 1.0, 10.0
_LARGEST_DIGITS: Final = 9


class TooManyError(SteppeError):
    """More returns are asked for than may be flown beside the stream."""


def sample_number(text: str) -> int:
    """Return the number of a sample.

    Raises
    ------
    ConfigError
        If it is no whole number from 0 on, or a huge one.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _LARGEST_DIGITS):
        raise ConfigError(f"a sample is a whole number from 0 on, got '{text[:40]}'")
    return int(text)


@dataclass(slots=True)
class Samples:
    """Flies samples of a campaign, one at a time, and keeps the last few.

    Parameters
    ----------
    folder
        Folder of the campaign, None without one.
    """

    folder: Path | None
    _plan: Plan | None = None
    _flown: dict[int, Flight] = field(default_factory=dict)
    _busy: threading.Lock = field(default_factory=threading.Lock)
    _each: Rates = field(default_factory=lambda: Rates(_EACH_A_SECOND, _EACH_AT_ONCE))
    _all: Rates = field(default_factory=lambda: Rates(_ALL_A_SECOND, _ALL_AT_ONCE))

    def admit(self, number: int, client: str) -> None:
        """Count what a client asks for, unless it is kept.

        Raises
        ------
        TooManyError
            If that is more than may be flown beside the stream.
        """
        if number not in self._flown and not (self._each.admits(client) and self._all.admits("")):
            raise TooManyError("too many returns are asked for at once; wait some seconds")

    def flight(self, number: int, like: Flight) -> Flight:
        """Return a sample as a flight with its full output.

        Parameters
        ----------
        number
            Of the sample.
        like
            The flight of the session: the campaign must be of its mission.

        Raises
        ------
        SteppeError
            If there is no campaign or no such sample, or the campaign is of another mission.
        """
        if self.folder is None:
            raise ConfigError("this session shows no campaign", key="--campaign")
        with self._busy:
            if self._plan is None:
                spec = Campaign.open(self.folder).spec
                if spec.config_hash != like.mission.config_hash:
                    raise ConfigError("the campaign is of a mission with other values: its samples cannot be replayed")
                self._plan = plan_campaign(like.mission, spec.mission, spec.samples, spec.seed)
            if number not in self._flown:
                self._flown[number] = fly_one(self._plan, number)
                while len(self._flown) > KEPT_SAMPLES:
                    del self._flown[next(iter(self._flown))]
            return self._flown[number]
