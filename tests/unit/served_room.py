"""A control room on a loopback port in a thread of its own, and what a test does to it."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

import uvicorn

from steppe.server.app import build
from steppe.server.serving import bound_socket, server_config
from steppe.server.session import Options, Session, open_session

COMMAND, WATCH = "the-token-to-command", "the token to watch;"
JSON = {"content-type": "application/json"}
HEAD = {**JSON, "authorization": f"Bearer {COMMAND}"}


class Log(logging.Handler):
    """Keeps what the server calls an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


class Served:
    """A server in a thread of its own."""

    def __init__(self, flown: Session, watch: str | None) -> None:
        options = Options(rate=1.0, start_s=flown.clock.time_s, samples=0)
        self.session = open_session(flown.flight, flown.prepared, "simulation", options)
        self.socket = bound_socket("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        self.server = uvicorn.Server(server_config(build(self.session, COMMAND, watch=watch)))
        self.log = Log()
        logging.getLogger("uvicorn.error").addHandler(self.log)
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)
        self.thread.start()
        until = time.monotonic() + 10.0
        while not self.server.started and time.monotonic() < until:
            time.sleep(0.01)
        assert self.server.started

    def stop(self) -> None:
        self.session.closing = True
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()
        logging.getLogger("uvicorn.error").removeHandler(self.log)
        assert self.log.found == []

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            link.request(method, path, body, headers or {})
            answer = link.getresponse()
            found = answer.read(200_000) if "event-stream" not in answer.headers["content-type"] else b""
            return SimpleNamespace(status=answer.status, headers=answer.headers, text=found.decode("utf-8", "replace"))
        finally:
            link.close()

    def order(self, headers: dict[str, str] | None = None, body: Any = None) -> Any:
        sent = json.dumps({"action": "take", "operator": "Anna"}) if body is None else body
        return self.ask("POST", "/api/command", sent, HEAD if headers is None else headers)

    def raw(self, data: bytes) -> bytes:
        """Send bytes and return what comes back until the end, or until nothing comes for three seconds."""
        with socket.create_connection(("127.0.0.1", self.port), 3.0) as link:
            link.sendall(data)
            return until_closed(link)[0]


def until_closed(link: socket.socket) -> tuple[bytes, bool]:
    """Return what came, and whether the other side has closed within the time-out of the socket."""
    parts = []
    try:
        while part := link.recv(65536):
            parts.append(part)
    except TimeoutError:
        return b"".join(parts), False
    except ConnectionError:
        pass
    return b"".join(parts), True


def wait(holds: Any, limit_s: float = 3.0) -> None:
    until = time.monotonic() + limit_s
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    assert holds()
