"""One connection that cannot be held open by sending or by reading slowly."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from steppe.server.limits import client_of

# Assumed: the head of a request is one packet, a megabyte comes in 15 s at 0.5 Mbit/s
HEAD_S: Final = 5.0
BODY_S: Final = 15.0
# A watcher that takes nothing for so long is dropped; its browser comes back and is told what it lost
UNREAD_S: Final = 20.0
# Beyond what is served (uvicorn answers 503 there) a connection is closed unread
MOST_CONNECTIONS: Final = 480
# Assumed: a hundred pages of two streams behind one address, and some that load; others get the rest
MOST_EACH: Final = 260


class Connection(H11Protocol):
    """HTTP/1.1 with a time limit on the head of a request, on its body, and on an answer that is not read.

    The limits hold for the whole head and the whole body: bytes that drip in do not prolong them (slow loris).
    """

    _reading: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None
    _phase: Any = None
    _of: str = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; the first request must come soon."""
        super().connection_made(transport)
        self._of = client_of(self.client[0] if self.client else "")
        mine = sum(getattr(one, "_of", None) == self._of for one in self.connections)
        if len(self.connections) > MOST_CONNECTIONS or mine > MOST_EACH:
            transport.abort()
            return
        self._limit_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_reading()
        self._stop_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        super().data_received(data)
        self._limit_reading()

    def pause_writing(self) -> None:
        """The client reads slower than it is written to."""
        super().pause_writing()
        self._stop_writing()
        self._writing = self.loop.call_later(UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._stop_writing()
        super().resume_writing()

    def _limit_reading(self) -> None:
        phase = self.conn.their_state
        if phase is self._phase and self._reading is not None:
            return
        self._stop_reading()
        limit_s = {h11.IDLE: HEAD_S, h11.SEND_BODY: BODY_S}.get(phase)
        if limit_s is not None and not self.transport.is_closing():
            self._phase, self._reading = phase, self.loop.call_later(limit_s, self.transport.abort)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _stop_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
