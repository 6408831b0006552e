"""What the operator may order: the clock, and commands that fly the rest of the return anew."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from steppe.errors import CommandError, SteppeError, nearest
from steppe.flight import commanded
from steppe.flight.result import Flight
from steppe.flight.simulate import Prepared, fly_prepared
from steppe.io.summary import utc_text
from steppe.server.lease import LEASE_S
from steppe.server.record import write_record
from steppe.server.session import Session

# From the order to its effect, in seconds of the wall: the time to fly the rest anew
_AHEAD_S: Final = 0.5
_CLOCK: Final = ("play", "hold", "rate", "seek")
_FLOWN: Final = ("ballistic", "fail", "wind")
ACTIONS: Final = ("take", "renew", "release", *_CLOCK, *_FLOWN)

Change = Callable[[Prepared, Flight, float], Prepared]


async def obey(session: Session, order: dict[str, Any]) -> dict[str, Any]:
    """Carry out an order and log it, also in the record of the session.

    Parameters
    ----------
    session
        The session.
    order
        ``action`` and what it needs: ``operator`` (take), ``lease`` (all others), ``value`` (rate), ``time_s`` (seek),
        ``case`` (fail), ``east_m_s`` and ``north_m_s`` (wind).

    Returns
    -------
    dict
        What came of it.

    Raises
    ------
    CommandError
        If it is refused; the reason is its text.
    """
    try:
        return await _obey(session, order)
    finally:
        # Who takes the lease in a hurry does not wait for the disk; the end of the session waits for all of it
        writing = asyncio.ensure_future(write_record(session))
        session.writing.add(writing)
        writing.add_done_callback(session.writing.discard)
        if order.get("action") in _FLOWN:
            await writing


async def _obey(session: Session, order: dict[str, Any]) -> dict[str, Any]:
    action = text_of(order, "action")
    if action not in ACTIONS:
        raise CommandError(f"unknown action '{action[:40]}'; {nearest(action, ACTIONS)}")
    wall_s = time.monotonic()
    if action == "take":
        operator = text_of(order, "operator")
        key = session.lease.take(operator, wall_s)
        _logged(session, operator, action, "commands")
        return {"lease": key, "lease_s": LEASE_S}
    operator = session.lease.require(text_of(order, "lease"), wall_s)
    if action == "renew":
        return {"lease_s": LEASE_S}
    if action == "release":
        session.lease.release()
        return _logged(session, operator, action, "commands no more")
    try:
        if action in _CLOCK:
            return _set_clock(session, operator, action, order)
        return await _fly_on(session, operator, action, order)
    except SteppeError as problem:
        _logged(session, operator, action, f"refused: {problem}", level="caution", refused=True)
        raise CommandError(str(problem)) from None


def _set_clock(session: Session, operator: str, action: str, order: dict[str, Any]) -> dict[str, Any]:
    clock = session.clock
    if session.feed is not None:
        raise CommandError("the clock is that of the telemetry: it cannot be held or moved")
    clock.advance(time.monotonic())
    if action in ("play", "hold"):
        clock.playing = action == "play"
        return _logged(session, operator, action, f"{action} at {clock.time_s:.1f} s")
    if action == "rate":
        clock.set_rate(number_of(order, "value"))
        return _logged(session, operator, action, f"rate {clock.rate:g}")
    # a stored flight is known to its end; of a simulated one only what was shown is fact
    latest_s = clock.last_s if session.kind == "replay" else session.shown_s
    clock.seek(number_of(order, "time_s"), latest_s)
    session.tick()
    return {"time_s": clock.time_s}


async def _fly_on(session: Session, operator: str, action: str, order: dict[str, Any]) -> dict[str, Any]:
    """Fly the return anew with a change; the clock stands at the moment of effect until it is done."""
    if session.prepared is None or session.feed is not None:
        what = "telemetry is not a simulation" if session.feed is not None else "this is a stored flight"
        raise CommandError(f"{what}; for commands run 'steppe control' with the mission")
    change, words = _change(session, action, order)
    async with session.busy:
        clock = session.clock
        if clock.time_s < session.shown_s - 1e-9:
            raise CommandError("you look at the past: jump to the end of what was flown (key End) to command")
        prepared, flight = session.prepared, session.flight
        at_s = _effective(flight, clock.time_s, clock.rate if clock.playing else 0.0)
        changed = change(prepared, flight, at_s)
        clock.cap_s = at_s
        try:
            flown = await asyncio.to_thread(fly_prepared, changed)
            _require_same_past(flight, flown, at_s)
            if action == "ballistic":
                session.ballistic_s = at_s
            session.replaced_by(_noted(flown, session, at_s, operator, words), changed)
        finally:
            clock.cap_s = math.inf
    result = _logged(session, operator, action, words, level="caution", effective_s=at_s)
    return result


def _change(session: Session, action: str, order: dict[str, Any]) -> tuple[Change, str]:
    """Return what an order does to the preparation, and its words."""
    if action == "ballistic":
        return commanded.switched_to_ballistic, "ballistic descent"
    if action == "fail":
        case = text_of(order, "case")
        return (
            lambda prepared, flight, at_s: commanded.with_failure_now(prepared, flight, case, at_s)
        ), f"failure: {case[:60]}"
    east, north = number_of(order, "east_m_s"), number_of(order, "north_m_s")
    return (
        lambda prepared, flight, at_s: commanded.with_wind_below(prepared, flight, east, north, at_s)
    ), f"wind below changed by {east:+g} m/s east, {north:+g} m/s north"


def _effective(flight: Flight, now_s: float, rate: float) -> float:
    """Return the first sample at which a command can act: nothing shown, nor drawn towards, may change."""
    times = flight.track.columns["time_s"]
    at = int(np.searchsorted(times, now_s + _AHEAD_S * rate, side="right"))
    if at >= len(times):
        raise CommandError("the flight is over")
    return float(times[at])


def _require_same_past(before: Flight, after: Flight, at_s: float) -> None:
    """Hold the promise that all up to the command stays bit for bit."""
    old, new = before.track.columns, after.track.columns
    count = int(np.searchsorted(old["time_s"], at_s, side="right"))
    for name, column in old.items():
        if not np.array_equal(column[:count], new[name][:count], equal_nan=True):
            raise CommandError(f"the command would change what was shown ({name}); it is refused. This is a defect")


def _noted(flight: Flight, session: Session, at_s: float, operator: str, words: str) -> Flight:
    earlier = tuple(note for note in session.flight.notes if note.startswith("Commanded"))
    note = f"Commanded by {operator}, effective {utc_text(flight.utc_at(at_s))}: {words}."
    return replace(flight, notes=(*flight.notes, *earlier, note))


def _logged(
    session: Session, operator: str, action: str, text: str, *, level: str = "normal", **more: Any
) -> dict[str, Any]:
    entry = {
        "utc": utc_text(datetime.now(UTC)),
        "flight_utc": utc_text(session.flight.utc_at(session.clock.time_s)),
        "time_s": session.clock.time_s,
        "operator": operator,
        "action": action,
        "text": text,
        **more,
    }
    session.log.append(entry)
    session.say(level, f"{operator}: {text}", **more)
    return entry


def text_of(order: dict[str, Any], name: str) -> str:
    """Return a text of an order.

    Raises
    ------
    CommandError
        If it is missing or no text.
    """
    value = order.get(name)
    # What is printable has no half of a surrogate pair, which no stream could carry on
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise CommandError(f"'{name}' is missing or no short text")
    return value


def number_of(order: dict[str, Any], name: str) -> float:
    """Return a number of an order.

    Raises
    ------
    CommandError
        If it is missing, no number, or not finite.
    """
    value = order.get(name)
    # The comparison also refuses whole numbers that no float can hold, and what is no number
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise CommandError(f"'{name}' is missing or no finite number")
    return float(value)
