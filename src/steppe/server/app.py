"""The routes of the control room."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from steppe.errors import CommandError, SteppeError, TelemetryError
from steppe.server.bodies import JSON_TYPES, PACKET_TYPES, BodyError, body_of
from steppe.server.documents import Documents
from steppe.server.guard import Guard
from steppe.server.history import history_text
from steppe.server.keys import Keys
from steppe.server.limits import client_of
from steppe.server.orders import obey
from steppe.server.replay import replay
from steppe.server.samples import TooManyError, sample_number
from steppe.server.session import Session
from steppe.view.report import static_text

LARGEST_ORDER: Final = 10_000
LARGEST_TELEMETRY: Final = 1_000_000
# Readers of streams at the same time; of one client: a hundred pages behind one address, each with a replay of its own
READERS: Final = 240
READERS_EACH: Final = 210
_THREADS: Final = 16
_STATIC: Final = {
    "control.js": "text/javascript",
    "control.css": "text/css",
}


@dataclass(slots=True)
class Room:
    """What the routes share.

    Attributes
    ----------
    session, documents
        State and its documents.
    keys
        What an operator and a feed show.
    readers
        Streams that are open, by client.
    heavy
        One at a time makes a long document: the stream does not wait for it.
    flying
        One at a time flies a return of the campaign.
    """

    session: Session
    documents: Documents
    keys: Keys
    readers: Counter[str] = field(default_factory=Counter)
    heavy: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    flying: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))


def build(session: Session, token: str, hosts: frozenset[str] = frozenset(), watch: str | None = None) -> Starlette:
    """Return the application.

    Parameters
    ----------
    session
        The session; it ticks while the application runs.
    token
        Bearer token for commands and telemetry.
    hosts
        Names beside the local ones under which the page may be asked for; ``"*"`` stands for any address.
    watch
        Token for everything else; None lets whoever reaches the port watch.

    Raises
    ------
    ConfigError
        If a token is short, or both are the same.
    """
    keys = Keys(token, watch)
    room = Room(session, Documents(session), keys)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        # So many that neither a command nor a packet waits for a free one: what is long runs one at a time
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "steppe-control"))
        ticking = asyncio.create_task(session.run())
        yield
        session.closing = True
        await asyncio.gather(ticking, *session.writing, return_exceptions=True)

    Handler = Callable[[Room, Request], Awaitable[Response]]  # noqa: N806

    def bound(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            return await handler(room, request)

        return serve

    routes = [
        Route("/", bound(_page)),
        Route("/static/{name}", bound(_static)),
        Route("/api/health", bound(_health)),
        Route("/api/meta", bound(_meta)),
        Route("/api/flight/{name}", bound(_flight)),
        Route("/api/stream", bound(_stream)),
        Route("/api/history", bound(_history)),
        Route("/api/planes/{name}", bound(_planes)),
        Route("/api/sample/{number}", bound(_sample)),
        Route("/api/recovery", bound(_recovery)),
        Route("/api/ensemble/{name}", bound(_ensemble)),
        Route("/api/opportunities", bound(_opportunities)),
        Route("/api/command", bound(_command), methods=["POST"]),
        Route("/api/telemetry", bound(_telemetry), methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Guard, keys=keys, hosts=hosts)])


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    # A text may quote what came, and half a surrogate pair is no UTF-8
    return JSONResponse({"ok": False, "error": text.encode("utf-8", "replace").decode()}, status, headers)


async def _page(_: Room, __: Request) -> Response:
    return Response(static_text("control.html"), media_type="text/html", headers={"cache-control": "no-cache"})


async def _static(_: Room, request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        return PlainTextResponse("there is no such file\n", 404)
    return Response(static_text(name), media_type=_STATIC[name], headers={"cache-control": "no-cache"})


async def _health(room: Room, _: Request) -> Response:
    return JSONResponse({"ok": True, "last_id": room.session.ring.last, "readers": room.readers.total()})


async def _meta(room: Room, _: Request) -> Response:
    return JSONResponse(room.documents.meta())


async def _flight(room: Room, request: Request) -> Response:
    async with room.heavy:
        text = await asyncio.to_thread(room.documents.flight, request.path_params["name"])
    if text is None:
        return _refusal(404, "there is no such flight; expected plan, live or feed")
    return Response(text, media_type="application/json")


async def _ensemble(room: Room, request: Request) -> Response:
    document = room.documents.ensemble(request.path_params["name"])
    if document is None:
        return _refusal(404, "there is no such ensemble; expected prediction, or campaign or band where one was named")
    return JSONResponse(document)


async def _planes(room: Room, request: Request) -> Response:
    async with room.heavy:
        text = await asyncio.to_thread(room.documents.planes_text, request.path_params["name"])
    if text is None:
        return _refusal(404, "there are no such planes; expected plan, live or feed")
    return Response(text, media_type="application/json")


async def _sample(room: Room, request: Request) -> Response:
    """Return one flight of the campaign, flown when asked for."""
    text = await _flown(room, request, request.path_params["number"], room.documents.sample_text)
    return text if isinstance(text, Response) else Response(text, media_type="application/json")


async def _flown(room: Room, request: Request, number: str, make: Callable[[int], Any]) -> Any:
    """Return what is made of a sample, or the refusal: a bounded number in all and of each client, one at a time."""
    try:
        wanted = sample_number(number)
        room.documents.samples.admit(wanted, _client(request))
        async with room.flying:
            return await asyncio.to_thread(make, wanted)
    except TooManyError as problem:
        return _refusal(429, str(problem), {"retry-after": "2"})
    except SteppeError as problem:
        return _refusal(404, str(problem))


def _client(request: Request) -> str:
    return client_of(request.client.host if request.client else "")


async def _recovery(room: Room, _: Request) -> Response:
    """Return what the recovery force does now."""
    return JSONResponse(room.session.outlook.document(room.session.clock.time_s))


async def _opportunities(room: Room, _: Request) -> Response:
    return JSONResponse(room.documents.opportunities())


async def _history(room: Room, request: Request) -> Response:
    """Rows between two moments, of all columns or of those that ``names`` lists."""
    names = tuple(name for name in request.query_params.get("names", "").split(",") if name)
    try:
        begin, end = (_number(request, name, fallback) for name, fallback in (("from", -math.inf), ("to", math.inf)))
        async with room.heavy:
            text = await asyncio.to_thread(history_text, room.session, begin, end, names)
    except CommandError as problem:
        return _refusal(400, str(problem))
    return Response(text, media_type="application/json")


async def _stream(room: Room, request: Request) -> Response:
    """Server-sent events: the session, or with ``from`` a replay of its own, of the flight or of a ``sample``."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    if request.method == "HEAD":
        return Response(media_type="text/event-stream", headers=headers)
    client = _client(request)
    if room.readers.total() >= READERS or room.readers[client] >= READERS_EACH:
        return _refusal(503, f"{READERS} streams, or {READERS_EACH} of this client, are open already; close a page")
    try:
        after = _last_id(request)
        own = "from" in request.query_params or "sample" in request.query_params
        begin, rate = _number(request, "from", 0.0), _number(request, "rate", 1.0)
    except CommandError as problem:
        return _refusal(400, str(problem))
    if own and not 1.0 <= rate <= 1000.0:
        return _refusal(400, f"'rate' is 1 to 1000, got {rate:g}")
    session, wanted = room.session, request.query_params.get("sample")
    sample, first_s, last_s = None, session.clock.first_s, session.clock.last_s
    if wanted is not None:
        sample = await _flown(room, request, wanted, room.documents.sample_flight)
        if isinstance(sample, Response):
            return sample
        times = sample.track.columns["time_s"]
        first_s, last_s = float(times[0]), float(times[-1])
    # A moment far outside of the flight is no moment of any calendar
    begin = min(max(begin, first_s), last_s)
    source = replay(session, begin, rate, after, sample) if own else session.ring.read(after, lambda: session.closing)

    async def counted() -> AsyncIterator[str]:
        room.readers[client] += 1
        try:
            # Many that ask in the same moment have all found room
            if room.readers.total() > READERS or room.readers[client] > READERS_EACH:
                return
            yield "retry: 500\n\n"
            async for item in source:
                yield item
        finally:
            room.readers[client] -= 1
            if not room.readers[client]:
                del room.readers[client]

    return StreamingResponse(counted(), media_type="text/event-stream", headers=headers)


async def _command(room: Room, request: Request) -> Response:
    if not room.keys.may_command(request.headers.get("authorization")):
        return _refusal(401, "the token is missing or wrong; it stands in the address that 'steppe control' printed")
    try:
        body = await body_of(request, LARGEST_ORDER, JSON_TYPES)
    except BodyError as problem:
        return _refusal(problem.status, str(problem))
    try:
        order: Any = json.loads(body)
    except (ValueError, RecursionError):
        return _refusal(400, "expected one JSON object")
    if not isinstance(order, dict):
        return _refusal(400, "expected one JSON object")
    try:
        return JSONResponse({"ok": True, **(await obey(room.session, order))})
    except SteppeError as problem:
        return _refusal(409, str(problem))


async def _telemetry(room: Room, request: Request) -> Response:
    if not room.keys.may_command(request.headers.get("authorization")):
        return _refusal(401, "the token is missing or wrong; it stands in what 'steppe control' printed")
    if room.session.feed is None:
        return _refusal(409, "this session takes no telemetry; start it with: steppe control MISSION --feed")
    try:
        body = await body_of(request, LARGEST_TELEMETRY, PACKET_TYPES)
    except BodyError as problem:
        return _refusal(problem.status, str(problem))
    known = room.session.feed.source
    try:
        async with room.session.busy:
            taken = await asyncio.to_thread(room.session.feed.take, body, room.session.flight.epoch)
    except TelemetryError as problem:
        return _refusal(400, str(problem))
    said, room.session.feed.remarks = room.session.feed.remarks, []
    if known is None and room.session.feed.source is not None:
        room.session.say("normal", f"telemetry is of {room.session.feed.source}; messages of other objects are refused")
    for text in said:
        room.session.say("caution", text)
    return JSONResponse({"ok": True, **taken})


def _last_id(request: Request) -> int | None:
    text = request.headers.get("last-event-id") or request.query_params.get("id")
    if text is None or text == "":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise CommandError("the id of the last event is a whole number")
    return int(text)


def _number(request: Request, name: str, fallback: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return fallback
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise CommandError(f"'{name}' is a number, got '{text[:40]}'")
    return value
