"""The two keys of a control room: one to watch, another to command; how a request shows them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from steppe.errors import ConfigError

SHORTEST_TOKEN: Final = 8
COOKIE: Final = "steppe_watch"


@dataclass(frozen=True, slots=True)
class Keys:
    """What a request must show.

    Attributes
    ----------
    command
        Bearer token of commands and telemetry; it may watch too.
    watch
        Token for everything else; None where whoever reaches the port may watch.

    Raises
    ------
    ConfigError
        If a token is short, or both are the same.
    """

    command: str
    watch: str | None = None
    _cookie: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name, token in (("--token", self.command), ("--watch-token", self.watch)):
            if token is not None and (len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
                raise ConfigError(f"a token has at least {SHORTEST_TOKEN} letters, all of them ASCII", key=name)
        if self.watch is not None:
            if secrets.compare_digest(self.watch, self.command):
                raise ConfigError("who may watch could command: give two different tokens", key="--watch-token")
            # Not the token itself: what a browser stores opens this server only, and has no letters to escape
            made = hmac.new(self.watch.encode(), b"steppe control: watch", hashlib.sha256).hexdigest()
            object.__setattr__(self, "_cookie", made)

    def may_command(self, authorization: str | None) -> bool:
        """Return whether an Authorization header carries the token of commands."""
        return bearer_fits(authorization, self.command)

    def may_watch(self, authorization: str | None, cookie: str | None, query: bytes) -> bool:
        """Return whether a request may see anything: by cookie, by ``?token=`` or by bearer token of either kind."""
        if self.watch is None:
            return True
        return (
            bearer_fits(authorization, self.watch)
            or self.may_command(authorization)
            or self.in_query(query)
            or _same(_cookie_of(cookie), self._cookie)
        )

    def in_query(self, query: bytes) -> bool:
        """Return whether the address carries the token to watch, which a cookie then replaces."""
        if self.watch is None:
            return False
        given = _tokens_of(query)
        return len(given) == 1 and _same(given[0], self.watch)

    def shown(self, authorization: str | None, cookie: str | None, query: bytes) -> tuple[str | None, ...]:
        """Return what a request shows as tokens, of whatever it asks."""
        return authorization, _cookie_of(cookie), *_tokens_of(query)

    @property
    def set_cookie(self) -> str:
        """The Set-Cookie header: no script reads it, no other site sends it (RFC 6265bis, section 5.6.7)."""
        return f"{COOKIE}={self._cookie}; Path=/; HttpOnly; SameSite=Strict"


def bearer_fits(header: str | None, token: str) -> bool:
    """Return whether an Authorization header carries the token (compared in constant time)."""
    scheme, _, given = (header or "").partition(" ")
    return scheme.lower() == "bearer" and _same(given.strip(), token)


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _tokens_of(query: bytes) -> list[str]:
    try:
        return parse_qs(query.decode("ascii"), max_num_fields=20).get("token", [])
    except ValueError:
        return []


def _cookie_of(header: str | None) -> str:
    try:
        found = SimpleCookie(header or "").get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
