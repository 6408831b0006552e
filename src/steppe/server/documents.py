"""What the page asks for once: what there is to show, the flights, the campaign, the landing opportunities."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import numpy as np

from steppe.ensemble.campaign import dispersions_of
from steppe.ensemble.manifest import LATITUDE, LONGITUDE, SAMPLE, STATUS_COLUMN
from steppe.errors import SteppeError
from steppe.flight.result import Flight
from steppe.nomenclature import VARIABLES
from steppe.server.frames import VALUES, events_of
from steppe.server.planes import planes_document
from steppe.server.samples import KEPT_SAMPLES, Samples
from steppe.server.session import PERIOD_S, Session, offered_failures
from steppe.server.winds import winds_document
from steppe.view.documents import coast_document, flight_document

# Three missing frames would be 0.3 s, less than a busy browser may pause; a second is what a person notices
STALE_AFTER_S: Final = max(3.0 * PERIOD_S, 1.0)
# Points of a campaign that a page can be asked to draw and to click at
_MOST_RETURNS: Final = 20_000
_RETURN: Final = (SAMPLE, STATUS_COLUMN, LATITUDE, LONGITUDE)
_BEFORE, _AFTER = timedelta(hours=6), timedelta(hours=18)


@dataclass(slots=True)
class Documents:
    """The documents of a session, each made once.

    Parameters
    ----------
    session
        The session.
    """

    session: Session
    samples: Samples = field(init=False)
    _made: dict[tuple[str, int], str] = field(default_factory=dict)
    _planes: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    _samples: dict[int, str] = field(default_factory=dict)
    _opportunities: asyncio.Task[dict[str, Any]] | None = None
    _campaign: asyncio.Task[dict[str, Any]] | None = None
    _band: asyncio.Task[dict[str, Any]] | None = None

    def __post_init__(self) -> None:
        self.samples = Samples(self.session.options.campaign)

    def meta(self) -> dict[str, Any]:
        """Return what there is to show, and what may be ordered."""
        session = self.session
        flight = session.flight
        mission = flight.mission.mission
        names = ("time_s", *VALUES)
        return {
            "mission": mission.name,
            "title": mission.title or mission.name,
            "vehicle": flight.mission.vehicle.name,
            "kind": session.kind,
            "epoch_unix_s": flight.epoch.timestamp(),
            "first_s": session.clock.first_s,
            "last_s": session.clock.last_s,
            "frame_period_s": PERIOD_S,
            "stale_after_s": STALE_AFTER_S,
            "variables": {
                name: {
                    "label": VARIABLES[name].label,
                    "unit": VARIABLES[name].unit,
                    "display_unit": VARIABLES[name].display_unit,
                    "factor": VARIABLES[name].display_factor,
                }
                for name in names
            },
            "planned": events_of(session.plan),
            "failures": list(offered_failures(session)),
            "commands": session.prepared is not None and session.feed is None,
            "clock": session.feed is None,
            "campaign": session.options.campaign is not None,
            "predicts": _predicts(session),
            "prediction": session.prediction,
            "recovery": session.outlook.document(session.clock.time_s),
            "winds": winds_document(session.prepared),
            "messages": session.messages,
            "log": session.log,
            "provenance": dict(flight.provenance),
            "notes": list(flight.notes),
            "feed": None if session.feed is None else session.feed.about(),
        }

    def flight(self, name: str) -> str | None:
        """Return a flight as JSON text: ``plan``, ``live`` (as it is known now), ``feed`` (as estimated), else None.

        Only ``plan`` carries the coast, which is the same for all.
        """
        if name == "feed" and self.session.feed is not None:
            return json.dumps(self.session.feed.columns_document(), allow_nan=False)
        if name not in ("plan", "live"):
            return None
        version = self.session.version if name == "live" else 0
        key = (name, version)
        if key not in self._made:
            flight = self.session.plan if name == "plan" else self.session.flight
            document = flight_document(flight)
            if name == "plan":
                document["coast"] = coast_document()
            else:
                document.pop("coast")
            document["version"] = version
            self._made = {other: text for other, text in self._made.items() if other[0] != name}
            self._made[key] = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return self._made[key]

    def planes(self, name: str) -> dict[str, Any] | None:
        """Return the three planes of ``plan``, ``live`` or ``feed``; None for another name."""
        session = self.session
        if name == "feed" and session.feed is not None:
            columns = session.feed.columns_document()["columns"]
            rows = {key: np.array([math.nan if v is None else v for v in values]) for key, values in columns.items()}
            return planes_document(session.plan, rows) if "airspeed_m_s" in rows else {"columns": {}}
        if name not in ("plan", "live"):
            return None
        key = (name, session.version if name == "live" else 0)
        if key not in self._planes:
            made = planes_document(session.plan if name == "plan" else session.flight)
            self._planes = {other: one for other, one in self._planes.items() if other[0] != name} | {key: made}
        return self._planes[key]

    def planes_text(self, name: str) -> str | None:
        """Return `planes` as JSON text."""
        document = self.planes(name)
        return None if document is None else json.dumps(document, allow_nan=False, separators=(",", ":"))

    def sample_flight(self, number: int) -> Flight:
        """Return a return of the campaign, flown when asked for.

        Raises
        ------
        SteppeError
            If there is no campaign, or no such sample.
        """
        return self.samples.flight(number, self.session.plan)

    def sample_text(self, number: int) -> str:
        """Return a return of the campaign as the JSON text of a flight document with its planes.

        Raises
        ------
        SteppeError
            If there is no campaign, or no such sample.
        """
        if number not in self._samples:
            flight = self.sample_flight(number)
            document = flight_document(flight)
            document.pop("coast")
            document["planes"] = planes_document(flight)
            self._samples[number] = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            while len(self._samples) > KEPT_SAMPLES:
                del self._samples[next(iter(self._samples))]
        return self._samples[number]

    def ensemble(self, name: str) -> dict[str, Any] | None:
        """Return the present ``prediction``, the ``campaign`` of a folder or its ``band``; None for another name."""
        if name == "prediction":
            return {"state": "none"} if self.session.prediction is None else self.session.prediction
        if name not in ("campaign", "band") or self.session.options.campaign is None:
            return None
        if name == "band":
            if self._band is None:
                self._band = asyncio.ensure_future(asyncio.to_thread(_band, self.session))
            return _outcome(self._band)
        if self._campaign is None:
            self._campaign = asyncio.ensure_future(asyncio.to_thread(_campaign, self.session))
        return _outcome(self._campaign)

    def opportunities(self) -> dict[str, Any]:
        """Return the landing opportunities of the day; they are sought when first asked for."""
        if self._opportunities is None:
            self._opportunities = asyncio.ensure_future(asyncio.to_thread(_opportunities, self.session))
        return _outcome(self._opportunities)


def _predicts(session: Session) -> bool:
    """Return whether landings can be predicted: there is something to fly and something that is not known."""
    if session.options.samples <= 0 or session.prepared is None:
        return False
    try:
        dispersions_of(session.prepared.loaded)
    except SteppeError:
        return False
    return True


def _outcome(task: asyncio.Task[dict[str, Any]]) -> dict[str, Any]:
    if not task.done():
        return {"state": "working"}
    problem = task.exception()
    if problem is None:
        return {"state": "ready", **task.result()}
    if isinstance(problem, SteppeError):
        return {"state": "none", "why": str(problem)}
    raise problem


def _campaign(session: Session) -> dict[str, Any]:
    from steppe.ensemble.store import Campaign, gather
    from steppe.ensemble.summary import summarise
    from steppe.view.campaign_document import campaign_document

    folder = session.options.campaign
    if folder is None:
        raise ValueError("no campaign was named")
    store = Campaign.open(folder)
    document = campaign_document(summarise(store, partial=True))
    document.pop("coast")
    rows = gather(store, _RETURN, partial=True, most=_MOST_RETURNS)
    return {**document, "returns": _returns(rows)}


def _returns(rows: dict[str, Any]) -> list[list[Any]]:
    """Return number, status, latitude and longitude of each return; those that did not land keep their number."""
    found = []
    for number, status, lat, lon in zip(*(rows[name].tolist() for name in _RETURN), strict=True):
        known = math.isfinite(lat) and math.isfinite(lon)
        found.append([int(number), str(status), lat if known else None, lon if known else None])
    return found


def _band(session: Session) -> dict[str, Any]:
    from steppe.server.band import band_of

    folder = session.options.campaign
    if folder is None:
        raise ValueError("no campaign was named")
    return band_of(folder, session.plan)


def _opportunities(session: Session) -> dict[str, Any]:
    from steppe.errors import PlanError
    from steppe.flight.opportunities import find_opportunities
    from steppe.flight.opportunity_records import Request
    from steppe.flight.starting import station_orbit
    from steppe.io.opportunities import opportunities_dict

    loaded = session.plan.mission
    mission, zone = loaded.mission, loaded.zone
    if mission.departure is None or zone is None:
        raise PlanError("landing opportunities need a mission that starts at a station")
    undocking = mission.departure.undocking_utc
    request = Request(
        orbit=station_orbit(loaded, undocking),
        zones=(zone,),
        vehicle=loaded.vehicle,
        first=undocking - _BEFORE,
        last=undocking + _AFTER,
    )
    return opportunities_dict(find_opportunities(request), mission.name)
