"""A replay of its own for one reader: the same frames for the same request, so that a cut changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from steppe.flight.result import Flight
from steppe.io.summary import utc_text
from steppe.server.frames import burn_at, phase_at, values_at
from steppe.server.ring import sse
from steppe.server.session import PERIOD_S, Session
from steppe.server.state import Watch


async def replay(
    session: Session, from_s: float, rate: float, after: int | None, sample: Flight | None = None
) -> AsyncIterator[str]:
    """Yield frames from a moment on; frame n shows the moment ``from_s + n * rate * 0.1 s``.

    What was foreseen at these moments comes between them: ``landing`` and ``recovery``, without numbers.

    Parameters
    ----------
    session
        Whose flight is shown; of a simulation or of telemetry only what was shown already.
    from_s
        Seconds after the epoch.
    rate
        Seconds of flight in a second of the wall.
    after
        Number of the last frame that the reader has; None begins with frame 0.
    sample
        A return of the campaign to show instead; it is known to its end, and nothing was foreseen in it.
    """
    watch = Watch()
    number = 0 if after is None else after + 1
    due_s = time.monotonic()
    told: tuple[Any, Any] = (None, None)
    while not session.closing:
        last_s = _last_s(session, sample)
        moment_s = min(from_s + number * rate * PERIOD_S, last_s)
        if sample is None:
            landing, recovery = _foreseen(session, moment_s)
            for name, now, before in (("landing", landing, told[0]), ("recovery", recovery, told[1])):
                if now is not None and now != before:
                    yield sse(name, None, now)
            told = (landing, recovery)
        yield sse("frame", number, _frame(session, sample or session.flight, watch, moment_s, sample is not None))
        if moment_s >= last_s:
            yield sse("end", number + 1, {"time_s": moment_s})
            return
        number += 1
        due_s += PERIOD_S
        await asyncio.sleep(max(due_s - time.monotonic(), 0.0))


def _last_s(session: Session, sample: Flight | None) -> float:
    if sample is not None:
        return float(sample.track.columns["time_s"][-1])
    return session.clock.last_s if session.kind == "replay" else session.shown_s


def _foreseen(session: Session, moment_s: float) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the prediction that held at a moment, and what the recovery force did then."""
    found = session.outlook.at(moment_s)
    landing = None if found is None or found.time_s > moment_s else found.landing
    recovery = session.outlook.document(moment_s)
    return landing, recovery if recovery["state"] == "ready" else None


def _frame(session: Session, flight: Flight, watch: Watch, moment_s: float, other: bool) -> dict[str, Any]:
    body = {"time_s": moment_s, "utc": utc_text(flight.utc_at(moment_s))}
    if session.feed is not None and not other:
        return {**body, "burn": None, **session.feed.past(flight, moment_s)}
    values = values_at(flight, moment_s)
    name, label = phase_at(flight, moment_s)
    ballistic_s = None if other else session.ballistic_s
    return {
        **body,
        "phase": {"event": name, "label": label},
        "state": watch.judge(flight, moment_s, values.get("load_g"), ballistic_s).document(),
        "values": values,
        "burn": burn_at(flight, moment_s),
    }
