"""Bodies of requests: of a kind that no form of another site can send, and never larger than allowed."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

# None of these can be sent across origins without being asked for first (Fetch, section 2.2.2)
JSON_TYPES: Final = ("application/json",)
PACKET_TYPES: Final = (*JSON_TYPES, "application/x-ndjson", "application/xml", "application/octet-stream")
_DRAINED: Final = 4
_DRAIN_S: Final = 1.0


class BodyError(Exception):
    """A body is refused.

    Attributes
    ----------
    status
        Of the answer.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


async def body_of(request: Request, largest: int, types: tuple[str, ...]) -> bytes:
    """Return the body of a request; no more than allowed is ever held.

    Parameters
    ----------
    request
        The request.
    largest
        Bytes that are allowed.
    types
        Media types that are allowed.

    Raises
    ------
    BodyError
        If the type is another, it is too large, or the client has gone.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in types:
        raise BodyError(415, f"expected Content-Type {' or '.join(types)}, got '{kind[:40] or 'none'}'")
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length[:20]) > largest:
        raise await _too_large(request, largest)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > largest:
                raise await _too_large(request, largest)
            parts.append(part)
    except ClientDisconnect:
        raise BodyError(400, "the client has gone") from None
    return b"".join(parts)


async def _too_large(request: Request, largest: int) -> BodyError:
    """Return the refusal; a little of the rest is thrown away, so that an honest client reads it before the end."""
    size = 0
    try:
        async with asyncio.timeout(_DRAIN_S):
            while size <= _DRAINED * largest:
                message = await request.receive()
                size += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    break
    except TimeoutError:
        pass
    return BodyError(413, f"at most {largest} bytes are taken at once; send less or several")
