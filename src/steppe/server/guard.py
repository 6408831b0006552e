"""What every request meets first: the name of the host, and headers that let a page run nothing but what we serve."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def host_name(header: str) -> str:
    """Return the name in a Host header without port and brackets, in lower case."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].split("]", 1)[0]
    return text.rsplit(":", 1)[0] if text.count(":") == 1 else text


class Guard:
    """Refuses requests that name another host (DNS rebinding), and adds the headers.

    Parameters
    ----------
    app
        What it guards.
    hosts
        Names beside the local ones that a request may give.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._hosts = _LOCAL | hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = host_name(Headers(scope=scope).get("host", ""))
        if name not in self._hosts and not ("*" in self._hosts and _is_address(name)):
            refusal = PlainTextResponse(f"this server does not answer to the host '{name[:80]}'\n", 421)
            await refusal(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for key, value in _HEADERS.items():
                    headers[key] = value
            await send(message)

        await self._app(scope, receive, with_headers)


def _is_address(name: str) -> bool:
    """Return whether a host is written as an address: such a request was not steered here by a name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def bearer_fits(header: str | None, token: str) -> bool:
    """Return whether an Authorization header carries the token (compared in constant time)."""
    scheme, _, given = (header or "").partition(" ")
    return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), token.encode())
