"""What the stream sends, numbered without gaps and kept for a while, so that a reader who was cut off can go on."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

# Five minutes at ten a second: longer than a browser needs to come back
KEPT = 3000
# A reader that was up to date may fall behind by so many, 10 s of frames: older ones would be taken for the present
QUEUE = 100
_LOOK_S = 0.5


def sse(kind: str, number: int | None, body: dict[str, Any]) -> str:
    """Return one server-sent event (WHATWG HTML, section 9.2)."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(body, ensure_ascii=False, allow_nan=False)}\n\n"


class Ring:
    """The last messages of a session.

    Parameters
    ----------
    kept
        How many are kept.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._items: deque[str] = deque(maxlen=kept)
        self._next = 1
        self._news = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the newest message, 0 before the first."""
        return self._next - 1

    def publish(self, kind: str, body: dict[str, Any]) -> int:
        """Keep a message and wake the readers; returns its number."""
        number = self._next
        self._items.append(sse(kind, number, body))
        self._next += 1
        news, self._news = self._news, asyncio.Event()
        news.set()
        return number

    async def read(self, after: int | None, ends: Callable[[], bool]) -> AsyncIterator[str]:
        """Yield messages from the one after a number on, or from the newest; each once and in order.

        Where messages are lost, because the reader was away for too long or reads too slowly, it is told so by an
        event ``gap``. Who comes back gets all that is kept; who was up to date and falls behind by more than `QUEUE`
        goes on with the newest.
        """
        current = False
        wanted = self._next if after is None or after >= self._next else after + 1
        while not ends():
            first = self._next - len(self._items)
            current = current or wanted >= self._next
            if current and self._next - wanted > QUEUE:
                first = self._next - 1
            if wanted < first:
                yield sse("gap", None, {"from": wanted, "to": first - 1})
                wanted = first
            while wanted < self._next:
                oldest = self._next - len(self._items)
                if wanted < oldest or (current and self._next - wanted > QUEUE):
                    break
                item = self._items[wanted - oldest]
                wanted += 1
                yield item
            news = self._news
            if wanted < self._next:
                continue
            try:
                await asyncio.wait_for(news.wait(), _LOOK_S)
            except TimeoutError:
                continue
