"""How often a client may ask: a bucket of tokens for each, and a bound on how many are remembered."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

# Assumed: a held key repeats 30 times a second for moments, telemetry comes ten times a second
POSTS_A_SECOND, POSTS_AT_ONCE = 20.0, 60.0
# Assumed: a hundred pages behind one address load at once, each asks about ten documents
GETS_A_SECOND, GETS_AT_ONCE = 100.0, 1500.0
# A guess costs as much as so many requests: nine a second to watch, two a second to command
GUESS_COSTS: Final = 10.0
_CLIENTS: Final = 1024


class Rates:
    """A bucket for each client that fills steadily; what does not fit is refused.

    Parameters
    ----------
    per_second, at_once
        Rate in the long run, and what a full bucket holds.
    clock
        A steady clock, s.
    """

    def __init__(self, per_second: float, at_once: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._at_once, self._clock = per_second, at_once, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, client: str, cost: float = 1.0) -> bool:
        """Take from the bucket of a client; False, and nothing taken, if it holds less than the cost."""
        now = self._clock()
        left, at = self._buckets.pop(client, (self._at_once, now))
        left = min(left + (now - at) * self._per_second, self._at_once)
        fits = left >= cost
        self._keep(client, left - cost if fits else left, now)
        return fits

    def owes(self, client: str, cost: float) -> None:
        """Take from the bucket of a client what is not there too: until that has come, nothing is admitted."""
        now = self._clock()
        left, at = self._buckets.pop(client, (self._at_once, now))
        self._keep(client, min(left + (now - at) * self._per_second, self._at_once) - cost, now)

    def _keep(self, client: str, left: float, now: float) -> None:
        self._buckets[client] = (left, now)
        # The one that was silent longest goes: its bucket is the fullest
        while len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)


class Guesses:
    """Tells a guess from a wrong token that is sent again, as a feed does that was started with an old one.

    So what is set up wrongly does not shut out the operator at the same address, and who guesses is slowed.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, bool], int] = OrderedDict()

    def is_new(self, client: tuple[str, bool], shown: tuple[str | None, ...]) -> bool:
        """Return whether a client, reading or posting, shows another token than last time; kept is only a hash."""
        digest = hash(shown)
        new = self._last.pop(client, None) != digest
        self._last[client] = digest
        while len(self._last) > _CLIENTS:
            self._last.popitem(last=False)
        return new


def client_of(address: str) -> str:
    """Return what stands for a client: its IPv4 address, or the /64 network of IPv6 that one host may fill."""
    try:
        found = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return (
            str(ipaddress.ip_network((found, 64), strict=False))
            if found.ipv4_mapped is None
            else str(found.ipv4_mapped)
        )
    return str(found)
