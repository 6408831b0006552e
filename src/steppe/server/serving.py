"""Runs the application on a port."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any, Final

from steppe.errors import ConfigError

if TYPE_CHECKING:
    import uvicorn

# Connections that are served, beside the streams those that load a page; more are answered 503
MOST_AT_ONCE: Final = 320
LARGEST_HEAD: Final = 16_384
# What may wait in the kernel for one watcher that reads slowly: some 20 s of frames
_UNSENT: Final = 262_144


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Raises
    ------
    ConfigError
        If the address is not of this machine, or the port is taken or not allowed.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT)
            listening.bind((host, port))
            listening.listen(128)
        except OSError:
            listening.close()
            raise
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise ConfigError(f"cannot serve on {host}, port {port}: {reason}; choose another --port or --host") from None
    return listening


def is_local(listening: socket.socket) -> bool:
    """Return whether only this machine can reach a socket."""
    return ipaddress.ip_address(listening.getsockname()[0].split("%", 1)[0]).is_loopback


def serve(app: Any, listening: socket.socket) -> None:
    """Serve until interrupted."""
    import uvicorn

    uvicorn.Server(server_config(app)).run(sockets=[listening])


def server_config(app: Any) -> uvicorn.Config:
    """Return how the application is served: with a bound on everything that a client can take up."""
    import uvicorn

    from steppe.server.connection import Connection

    return uvicorn.Config(
        app,
        # A stranger cannot fill the log: what is refused is not written there
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=5,
        limit_concurrency=MOST_AT_ONCE,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        http=Connection,
        server_header=False,
        proxy_headers=False,
        ws="none",
    )
