"""Puts packets of telemetry in order of time: what comes twice, late, too late, or from another time altogether."""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from dataclasses import dataclass, field, replace
from typing import Final

from steppe.flight.estimation import Measurement

# A late packet is put in its place if it is no older than this beside the newest
WINDOW_S: Final = 30.0
# Assumed: no pass over a ground station is silent for so long; what is farther ahead may have a wrong clock
AHEAD_S: Final = 600.0
# As in the filter: the third in a row is believed; a run of so many may have been wrong before it
BELIEVED_AFTER: Final = 3
_LONGEST_WRONG: Final = 10
# An ephemeris of long steps is not ahead of itself
_USUAL: Final = 3.0
_SAME_S: Final = 1e-6
# Assumed: what is sent again in another form is rounded to less than this
_SAME_M: Final = 1.0
_SAME_M_S: Final = 0.1
KEPT: Final = 20_000


def _time(packet: Measurement) -> float:
    return packet.time_s


def _agree(one: Measurement, two: Measurement) -> bool:
    """Return whether two packets of one moment say the same; what only one of them says is no contradiction."""
    if math.dist(one.position_m, two.position_m) > _SAME_M:
        return False
    if one.velocity_m_s is None or two.velocity_m_s is None:
        return True
    return math.dist(one.velocity_m_s, two.velocity_m_s) <= _SAME_M_S


@dataclass(slots=True)
class Order:
    """Packets in order of time, and how many were not as they should.

    Attributes
    ----------
    seen
        Packets that are believed, in order of time.
    aside
        Packets in a row that are far ahead or behind; the third is believed, and those before it.
    duplicates, conflicts, late, lost, dismissed
        Twice there; of a moment that another place or velocity is known of, the first is kept; put in their place; not
        used since they came too late; taken out again since their time was wrong.
    apart_m
        How far apart the places of the last conflict are.
    """

    seen: list[Measurement] = field(default_factory=list)
    aside: list[Measurement] = field(default_factory=list)
    duplicates: int = 0
    conflicts: int = 0
    apart_m: float = 0.0
    late: int = 0
    lost: int = 0
    dismissed: int = 0

    def copy(self) -> Order:
        """Return a draft: what is done to it is not done here."""
        return replace(self, seen=list(self.seen), aside=list(self.aside))

    def add(self, packet: Measurement) -> int:
        """Put a packet where it belongs; returns the number of the first packet that is now another."""
        end = len(self.seen)
        at = bisect.bisect_left(self.seen, packet.time_s, key=_time)
        same = [one for one in self.seen[max(at - 1, 0) : at + 1] if abs(one.time_s - packet.time_s) <= _SAME_S]
        if same:
            if any(_agree(one, packet) for one in same):
                self.duplicates += 1
            else:
                self.conflicts += 1
                self.apart_m = math.dist(same[0].position_m, packet.position_m)
            return end
        if not self.seen:
            self.seen.append(packet)
            return 0
        ahead_s = packet.time_s - self.seen[-1].time_s
        if -WINDOW_S <= ahead_s <= max(AHEAD_S, _USUAL * self.period_s):
            self.aside.clear()
            self.late += ahead_s < 0.0
            self.seen.insert(at, packet)
            return at
        self.lost += ahead_s < 0.0
        return self._put_aside(packet)

    def _put_aside(self, packet: Measurement) -> int:
        end = len(self.seen)
        if self.aside and packet.time_s <= self.aside[-1].time_s:
            self.aside.clear()
        self.aside.append(packet)
        first = bisect.bisect_right(self.seen, self.aside[-1].time_s + WINDOW_S, key=_time)
        wrong = end - first
        if len(self.aside) < max(BELIEVED_AFTER, wrong) or wrong > _LONGEST_WRONG:
            del self.aside[: -(_LONGEST_WRONG + 1)]
            return end
        first = bisect.bisect_left(self.seen, self.aside[0].time_s, key=_time)
        between = [one for one in self.seen[first:] if one.time_s <= self.aside[-1].time_s + WINDOW_S]
        self.dismissed += wrong
        self.lost -= len(self.aside) if wrong else 0
        self.seen[first:] = sorted([*between, *self.aside], key=_time)
        self.aside = []
        return first

    def trim(self) -> int:
        """Forget the oldest where there are too many; returns how many."""
        extra = KEPT // 10 if len(self.seen) > KEPT else 0
        extra = max(extra, len(self.seen) - KEPT)
        del self.seen[:extra]
        return extra

    @property
    def period_s(self) -> float:
        """The usual interval of the packets, s; 1 before there are two."""
        steps = [two.time_s - one.time_s for one, two in itertools.pairwise(self.seen[-20:])]
        return statistics.median(steps) if steps else 1.0

    @property
    def aside_s(self) -> float:
        """How far the packets set aside are ahead of the others, s; negative where they are behind."""
        return self.aside[-1].time_s - self.seen[-1].time_s if self.aside and self.seen else 0.0
