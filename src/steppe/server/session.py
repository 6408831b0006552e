"""One mission under way: its clock, the flight flown so far, its commands, its prediction, and what the stream says."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from steppe.ensemble.prediction import Flown, Prediction, flown_of, predict_landing
from steppe.errors import ConfigError, PlanError, SteppeError
from steppe.flight.commanded import failures_of
from steppe.flight.result import Flight
from steppe.flight.simulate import Prepared
from steppe.io.summary import utc_text
from steppe.server.clock import Clock
from steppe.server.feed import Feed
from steppe.server.frames import burn_at, label_of, phase_at, values_at
from steppe.server.lease import Lease
from steppe.server.news import Announcer, same_message
from steppe.server.recovery import Foreseen, Outlook, foreseen_by, posting_of, tail_s
from steppe.server.ring import Ring
from steppe.server.state import Watch
from steppe.server.winds import winds_document

PERIOD_S: Final = 0.1
# A prediction starts this long after the last one began, or after three times as long as that one took
PREDICT_EVERY_S: Final = 5.0
_PREDICT_SHARE: Final = 3.0
_LEAD_S: Final = 60.0
_LOOK_S: Final = 0.25
_MESSAGES_KEPT: Final = 500
# Once a second in so many ticks
_TELL_EVERY: Final = 10


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose.

    Attributes
    ----------
    rate
        Seconds of flight in a second of the wall at the start.
    start_s
        Flight time at the start; None begins 60 s before the ignition, or at the start of the flight.
    samples
        Returns in a prediction; 0 predicts nothing.
    out
        Folder that the flight as commanded is written to.
    campaign
        Folder of a campaign to show.
    playing
        Whether the clock runs at once.
    recovery
        Folder of a staging study.
    post
        Whether to post a recovery force at the start where no study was named.
    """

    rate: float = 10.0
    start_s: float | None = None
    samples: int = 32
    out: Path | None = None
    campaign: Path | None = None
    playing: bool = True
    recovery: Path | None = None
    post: bool = False


@dataclass(slots=True)
class Session:
    """The state of the control room.

    Attributes
    ----------
    flight
        The flight as it is now known; up to the clock it has been shown.
    plan
        The flight as planned, drawn dashed.
    kind
        ``"simulation"``, ``"replay"`` of a stored flight, or ``"feed"`` of telemetry.
    clock, lease, ring
        Time, operator, messages.
    prepared
        What commands are applied to; None for a stored flight.
    version
        Counts the commands that changed the flight.
    log
        Commands, oldest first.
    outlook
        What is foreseen, and the recovery force.
    """

    flight: Flight
    plan: Flight
    kind: str
    options: Options
    clock: Clock
    prepared: Prepared | None = None
    feed: Feed | None = None
    lease: Lease = field(default_factory=Lease)
    ring: Ring = field(default_factory=Ring)
    version: int = 0
    # The furthest moment that was shown: nothing before it may change
    shown_s: float = 0.0
    log: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    prediction: dict[str, Any] | None = None
    closing: bool = False
    # Since when the ballistic descent is commanded
    ballistic_s: float | None = None
    watch: Watch = field(default_factory=Watch)
    outlook: Outlook = field(default_factory=Outlook)
    announcer: Announcer = field(default_factory=Announcer)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    recording: asyncio.Lock = field(default_factory=asyncio.Lock)
    writing: set[asyncio.Future[None]] = field(default_factory=set)
    # Version of the flight and number of orders that are on the disk
    recorded: tuple[int, int] | None = None
    _flown: tuple[int, Flown] | None = None
    _event_at: int = 0
    _told: dict[str, Any] | None = None
    _ticks: int = 0

    def say(self, level: str, text: str, **more: Any) -> None:
        """Add a message and send it to all; what is said again soon raises the count of the one that stands."""
        now = datetime.now(UTC)
        body = {"utc": utc_text(now), "time_s": self.clock.time_s, "level": level, "text": text, "count": 1, **more}
        last = same_message(self.messages, body, now)
        if last is not None:
            body |= {"count": last["count"] + 1, "number": last["number"]}
            self.messages.remove(last)
        else:
            body["number"] = 1 + max((one["number"] for one in self.messages), default=0)
        self.messages.append(body)
        del self.messages[:-_MESSAGES_KEPT]
        self.ring.publish("message", body)

    def frame(self) -> dict[str, Any]:
        """Return the present frame."""
        now_s = self.clock.time_s
        wall_s = time.monotonic()
        body: dict[str, Any] = {
            "time_s": now_s,
            "utc": utc_text(self.flight.utc_at(now_s)),
            "sent_unix_s": time.time(),
            "kind": self.kind,
            "playing": self.clock.playing,
            "waiting": self.clock.waiting,
            "rate": self.clock.rate,
            "version": self.version,
            "shown_s": self.shown_s,
            "operator": self.lease.holder(wall_s),
        }
        if self.feed is not None:
            return {**body, **self.feed.frame(self.flight, now_s, wall_s)}
        values = values_at(self.flight, now_s)
        name, label = phase_at(self.flight, now_s)
        state = self.watch.judge(self.flight, now_s, values.get("load_g"), self.ballistic_s)
        return {
            **body,
            "phase": {"event": name, "label": label},
            "state": state.document(),
            "values": values,
            "burn": burn_at(self.flight, now_s),
            "feed": None,
        }

    def tick(self) -> None:
        """Read the clock and send a frame."""
        wall_s = time.monotonic()
        if self.feed is not None:
            self.clock.time_s = self.feed.now_s(wall_s, self.clock.time_s)
        else:
            self.clock.advance(wall_s)
        self.shown_s = max(self.shown_s, self.clock.time_s)
        for event in self.flight.events[self._event_at :]:
            if event.time_s > self.shown_s:
                break
            self._event_at += 1
            if self.feed is None:
                self.say("normal", label_of(event.name), event=event.name, time_s=event.time_s)
        frame = self.frame()
        news = self.announcer.hear(frame["state"] if self.feed is None else frame["feed"]["status"], wall_s)
        if news is not None:
            self.say(news.level, news.text)
        self.ring.publish("frame", frame)
        if self._ticks % _TELL_EVERY == 0:
            self.tell_recovery()
        self._ticks += 1

    def tell_recovery(self) -> None:
        """Send what the recovery force does, where that has changed."""
        told = self.outlook.document(self.clock.time_s)
        if told != self._told:
            self._told = told
            self.ring.publish("recovery", told)

    def replaced_by(self, flight: Flight, prepared: Prepared) -> None:
        """Go on with a flight that a command has changed."""
        self.flight, self.prepared = flight, prepared
        self.version += 1
        self.clock.last_s = float(flight.track.columns["time_s"][-1])
        self._event_at = sum(event.time_s <= self.shown_s for event in flight.events)

    async def run(self) -> None:
        """Tick until closed; predictions go on beside."""
        beside = [asyncio.create_task(one) for one in (self._predict_for_ever(), self._foresee_for_ever())]
        due_s = time.monotonic()
        try:
            while not self.closing:
                self.tick()
                due_s = max(due_s + PERIOD_S, time.monotonic() - PERIOD_S)
                await asyncio.sleep(max(due_s - time.monotonic(), 0.0))
        finally:
            for one in beside:
                one.cancel()

    async def _predict_for_ever(self) -> None:
        if self.options.samples <= 0 or self.prepared is None:
            return
        while not self.closing:
            begun_s = time.monotonic()
            try:
                await self._predict_once()
            except (ConfigError, PlanError) as problem:
                self.say("caution", f"no landing prediction: {problem}")
                return
            took_s = time.monotonic() - begun_s
            await asyncio.sleep(max(PREDICT_EVERY_S - took_s, _PREDICT_SHARE * took_s - took_s, 0.5))

    async def _foresee_for_ever(self) -> None:
        """Post the force once, then answer each new prediction."""
        outlook, known = self.outlook, None
        if self.options.recovery is not None or self.options.post:
            outlook.state = "working"
            try:
                outlook.posted = await asyncio.to_thread(posting_of, self, self.options.recovery)
            except SteppeError as problem:
                outlook.state, outlook.why = "none", str(problem)
        while not self.closing:
            end_s = float(self.flight.track.columns["time_s"][-1])
            key = (id(self.prediction), self.version, self.clock.time_s >= end_s)
            if key != known:
                known = key
                found: Foreseen | None = await asyncio.to_thread(foreseen_by, self, self.clock.time_s)
                if found is not None:
                    outlook.keep(found)
                    # the clock goes on until the hatch is open: what the force does then is what people wait for
                    self.clock.last_s = float(self.flight.track.columns["time_s"][-1]) + tail_s(self)
                    self.tell_recovery()
            await asyncio.sleep(_LOOK_S)

    async def _predict_once(self) -> None:
        prepared, version, at_s = self.prepared, self.version, self.clock.time_s
        last = self.prediction
        same = last is not None and last["version"] == version and last["time_s"] == at_s
        if prepared is None or same:
            return
        states = None if self.feed is None else self.feed.states(at_s)
        if self.feed is not None and states is None:
            return
        if self._flown is None or self._flown[0] != version:
            flying: Prepared = prepared
            self._flown = (version, await asyncio.to_thread(flown_of, flying))
        plan_s = at_s if self.feed is None else self.feed.plan_s(self.plan, at_s)
        found = await asyncio.to_thread(predict_landing, self._flown[1], plan_s, self.options.samples, 1, states)
        if found is not None and found.touchdown_s is not None:
            found = replace(found, time_s=at_s, touchdown_s=found.touchdown_s + at_s - plan_s)
        if found is not None and version == self.version:
            self.prediction = {**prediction_document(found, version), "winds": winds_document(self.prepared)}
            self.ring.publish("landing", self.prediction)


def prediction_document(found: Prediction, version: int) -> dict[str, Any]:
    """Return a prediction as plain values."""
    body = asdict(found)
    body["latitude_deg"], body["longitude_deg"] = found.latitude_deg.tolist(), found.longitude_deg.tolist()
    return {**body, "version": version}


def open_session(flight: Flight, prepared: Prepared | None, kind: str, options: Options) -> Session:
    """Return the session of a flight.

    Raises
    ------
    CommandError
        If the rate is out of range.
    """
    times = flight.track.columns["time_s"]
    first_s, last_s = float(times[0]), float(times[-1])
    lit = flight.event("deorbit_ignition")
    start_s = options.start_s if options.start_s is not None else first_s if lit is None else lit.time_s - _LEAD_S
    clock = Clock(first_s, last_s, max(min(start_s, last_s), first_s), playing=options.playing)
    clock.set_rate(options.rate)
    session = Session(flight, flight, kind, options, clock, prepared, shown_s=clock.time_s)
    session._event_at = sum(event.time_s <= clock.time_s for event in flight.events)
    return session


def offered_failures(session: Session) -> tuple[str, ...]:
    """Return the failures that the operator can command."""
    if session.prepared is None:
        return ()
    try:
        return failures_of(session.prepared.loaded)
    except SteppeError:
        return ()


def open_feed(plan: Flight, prepared: Prepared, options: Options) -> Session:
    """Return a session that shows telemetry beside the plan."""
    times = plan.track.columns["time_s"]
    first_s, last_s = float(times[0]), float(times[-1])
    lit = plan.event("deorbit_ignition")
    clock = Clock(first_s, last_s, first_s if lit is None else lit.time_s)
    feed = Feed(prepared.world, plan.mission.vehicle.capsule.nose_radius_m)
    return Session(plan, plan, "feed", options, clock, prepared, feed=feed, shown_s=clock.time_s)
