"""Single returns of the campaign that a session shows, flown again when somebody asks for one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from steppe.ensemble.campaign import fly_one, plan_campaign
from steppe.ensemble.run import Plan
from steppe.ensemble.store import Campaign
from steppe.errors import ConfigError
from steppe.flight.result import Flight

_KEPT: Final = 8


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
                while len(self._flown) > _KEPT:
                    del self._flown[next(iter(self._flown))]
            return self._flown[number]
