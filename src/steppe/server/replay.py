"""A replay of its own for one reader: the same frames for the same request, so that a cut changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from steppe.io.summary import utc_text
from steppe.server.frames import phase_at, values_at
from steppe.server.ring import sse
from steppe.server.session import PERIOD_S, Session
from steppe.server.state import Watch


async def replay(session: Session, from_s: float, rate: float, after: int | None) -> AsyncIterator[str]:
    """Yield frames from a moment on; frame n shows the moment ``from_s + n * rate * 0.1 s``.

    Parameters
    ----------
    session
        Whose flight is shown; of a simulation only what was shown already.
    from_s
        Seconds after the epoch.
    rate
        Seconds of flight in a second of the wall.
    after
        Number of the last frame that the reader has; None begins with frame 0.
    """
    flight, watch = session.flight, Watch()
    number = 0 if after is None else after + 1
    due_s = time.monotonic()
    while not session.closing:
        last_s = session.clock.last_s if session.kind == "replay" else session.shown_s
        moment_s = min(from_s + number * rate * PERIOD_S, last_s)
        values = values_at(flight, moment_s)
        name, label = phase_at(flight, moment_s)
        body = {
            "time_s": moment_s,
            "utc": utc_text(flight.utc_at(moment_s)),
            "phase": {"event": name, "label": label},
            "state": watch.judge(flight, moment_s, values.get("load_g")).document(),
            "values": values,
        }
        yield sse("frame", number, body)
        if moment_s >= last_s:
            yield sse("end", number + 1, {"time_s": moment_s})
            return
        number += 1
        due_s += PERIOD_S
        await asyncio.sleep(max(due_s - time.monotonic(), 0.0))
