"""What every request meets first: host, rate, token and origin; and headers that let a page run only what we serve."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from steppe.server.keys import Keys
from steppe.server.limits import (
    GETS_A_SECOND,
    GETS_AT_ONCE,
    GUESS_COSTS,
    POSTS_A_SECOND,
    POSTS_AT_ONCE,
    Guesses,
    Rates,
    client_of,
)

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
_READS: Final = ("GET", "HEAD")


# A name or an address, or an address of IPv6 in brackets, and a port (RFC 9110, section 7.2)
_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([0-9a-z._-]+))(?::\d{1,5})?", re.ASCII)


def host_name(header: str) -> str:
    """Return the name in a Host header without port and brackets, in lower case; nothing if it is no host."""
    found = _HOST.fullmatch(header.strip().lower())
    return "" if found is None else found[1] or found[2]


class Guard:
    """Refuses what another host, another site, a stranger or a flood sends, and adds the headers.

    Parameters
    ----------
    app
        What it guards.
    keys
        What a request must show.
    hosts
        Names beside the local ones that a request may give; ``"*"`` stands for any address.
    """

    def __init__(self, app: ASGIApp, keys: Keys, hosts: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._keys = keys
        self._hosts = _LOCAL | hosts
        self._posts = Rates(POSTS_A_SECOND, POSTS_AT_ONCE)
        self._gets = Rates(GETS_A_SECOND, GETS_AT_ONCE)
        self._guesses = Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refused(scope, Headers(scope=scope))
        fresh = refusal is None and self._keys.in_query(scope["query_string"])

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for key, value in _HEADERS.items():
                    headers[key] = value
                if fresh:
                    headers.append("set-cookie", self._keys.set_cookie)
                # A body that was refused may still be on its way: it is not waited for
                if message["status"] >= 400 and (refusal is not None or scope["method"] not in _READS):
                    headers["connection"] = "close"
            await send(message)

        await (refusal or self._app)(scope, receive, with_headers)

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the refusal of a request, None if it may pass."""
        name = host_name(headers.get("host", ""))
        if len(headers.getlist("host")) != 1 or (
            name not in self._hosts and not ("*" in self._hosts and _is_address(name))
        ):
            return PlainTextResponse(f"this server does not answer to the host '{name[:80]}'\n", 421)
        if "transfer-encoding" in headers and "content-length" in headers:
            return _no(400, "a body has one length: Content-Length or Transfer-Encoding, not both")
        client = client_of(scope["client"][0] if scope.get("client") else "")
        bucket = self._gets if scope["method"] in _READS else self._posts
        if not bucket.admits(client):
            return _no(429, "too many requests; wait a second", {"retry-after": "1"})
        shown = (headers.get("authorization"), headers.get("cookie"), scope["query_string"])
        watches = self._keys.may_watch(*shown)
        # What is posted is refused without the token of commands: there too it is a guess
        fits = watches and (scope["method"] in _READS or self._keys.may_command(shown[0]))
        if not fits and self._guesses.is_new((client, bucket is self._gets), self._keys.shown(*shown)):
            bucket.owes(client, GUESS_COSTS)
        if not watches:
            text = "the token is missing or wrong; open the address that 'steppe control' printed"
            return _no(401, text, {"www-authenticate": "Bearer"})
        return _foreign(scope, headers)


def _foreign(scope: Scope, headers: Headers) -> Response | None:
    """Return the refusal of a request that a page of another origin has made, None if it is our own or no browser."""
    if scope["method"] in _READS and not scope["path"].startswith("/api/"):
        return None
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in (None, "same-origin", "none"):
        return _no(403, "a page of another site asked for this; it is refused")
    if origin is not None and not _same_origin(origin, headers.get("host", ""), scope.get("scheme", "http")):
        return _no(403, f"a page of '{origin[:80]}' asked for this; it is refused")
    return None


def _same_origin(origin: str, host: str, scheme: str) -> bool:
    """Return whether an Origin header names the host that was asked (RFC 6454, section 7)."""
    try:
        found, asked = urlsplit(origin), urlsplit(f"{scheme}://{host}")
        fallback = {"http": 80, "https": 443}
        return (found.scheme, found.hostname, found.port or fallback.get(found.scheme)) == (
            asked.scheme,
            asked.hostname,
            asked.port or fallback.get(scheme),
        )
    except ValueError:
        return False


def _no(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"ok": False, "error": text}, status, headers)


def _is_address(name: str) -> bool:
    """Return whether a host is written as an address: such a request was not steered here by a name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
