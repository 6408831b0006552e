"""``steppe control``: the live control room of a mission, a stored flight, or a feed of telemetry."""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

import typer

from steppe.cli.terminal import emit_json, message, progress_line
from steppe.errors import ConfigError, nearest

if TYPE_CHECKING:
    from steppe.flight.result import Flight
    from steppe.server.keys import Keys
    from steppe.server.session import Options, Session

_NOBODY: Final = "none"
EXAMPLE: Final = "Example:  steppe control ms-21 --rate 10"


def control_verb(
    mission: Annotated[
        str,
        typer.Argument(help="Preset or mission file, which is flown; or the folder of a flight, which is replayed."),
    ],
    rate: Annotated[float, typer.Option("--rate", min=1.0, max=1000.0, help="Seconds of flight per second.")] = 10.0,
    first: Annotated[
        str, typer.Option("--from", help="Where the clock starts: an event or seconds; default: before the ignition.")
    ] = "",
    hold: Annotated[bool, typer.Option("--hold", help="Start with the clock held.")] = False,
    feed: Annotated[
        bool, typer.Option("--feed", help="Show telemetry that is posted to /api/telemetry, beside the plan.")
    ] = False,
    host: Annotated[
        str,
        typer.Option("--host", help="Address to serve on; others than this machine can reach it only if you name one."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8472,
    token: Annotated[
        str | None, typer.Option("--token", help="Token for commands and telemetry; default: a new random one.")
    ] = None,
    watch_token: Annotated[
        str | None,
        typer.Option(
            "--watch-token",
            help="Token to watch; default: none on this machine, a new random one where --host names another address.",
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", min=0, max=10000, help="Returns in each landing prediction; 0: none.")
    ] = 32,
    campaign: Annotated[Path | None, typer.Option("--campaign", help="Folder of a campaign to show beside.")] = None,
    recovery: Annotated[
        str,
        typer.Option(
            "--recovery",
            metavar="DIR|none",
            help="Staging study to show (steppe recover --out DIR); default: one in the folder of the flight, else "
            "the force is posted at the start; none: no recovery force.",
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the flight as commanded, with the log of commands.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print address and token as JSON before serving.")] = False,
) -> None:
    """Serve the control-room page until interrupted."""
    _require_web()
    from steppe.server.keys import Keys
    from steppe.server.serving import bound_socket, is_local, serve
    from steppe.server.session import Options

    keys = Keys(token or secrets.token_urlsafe(18), watch_token or None)
    listening = bound_socket(host, port)
    try:
        local = is_local(listening)
        if not local and keys.watch is None:
            keys = Keys(keys.command, secrets.token_urlsafe(18))
        with progress_line(f"{mission}: loading the models") as progress:
            study = _study(mission, recovery)
            post = study is None and recovery != _NOBODY
            options = Options(rate, None, samples, out, campaign, not hold, recovery=study, post=post)
            session = open_mission(mission, options, first=first, feed=feed, progress=progress)
        from steppe.server.app import build

        hosts = frozenset({host.lower()} if local else {host.lower(), "*"})
        address = f"http://{host if ':' not in host else f'[{host}]'}:{listening.getsockname()[1]}/"
        if as_json:
            emit_json(_shown(address, keys) | {"kind": session.kind})
        else:
            _announce(address, keys, local=local)
        serve(build(session, keys.command, hosts, keys.watch), listening)
    finally:
        listening.close()


def _shown(address: str, keys: Keys) -> dict[str, str | None]:
    page = address if keys.watch is None else f"{address}?token={quote(keys.watch, safe='')}"
    return {"address": address, "page": page, "token": keys.command, "watch_token": keys.watch}


def _announce(address: str, keys: Keys, *, local: bool) -> None:
    """Say where to watch and to command."""
    page = _shown(address, keys)["page"]
    message(f"to watch      {page}\nto command    {page}#token={quote(keys.command, safe='')}\nstop with Ctrl-C")
    if not local:
        message("others can reach this port and read what passes: on a network that you do not trust use ssh -L")


def _study(mission: str, recovery: str) -> Path | None:
    """Return the folder of the staging study: the one that was named, else one in the folder of the flight.

    Raises
    ------
    OutputError, ConfigError
        If one was named that cannot be read.
    """
    from steppe.io.recovery import find_recovery, read_posted

    if recovery == _NOBODY:
        return None
    if not recovery:
        return find_recovery(Path(mission))
    found = find_recovery(Path(recovery)) or Path(recovery)
    # refused now, and not when somebody looks
    read_posted(found)
    return found


def _require_web() -> None:
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise ConfigError(f"the control room needs {' and '.join(missing)}; get it with: pip install 'steppe[web]'")


def open_mission(mission: str, options: Options, *, first: str = "", feed: bool = False, progress: object = None,
                 ) -> Session:  # fmt: skip
    """Return the session of a mission, or of the folder of a flight.

    Raises
    ------
    SteppeError
        If it cannot be read or flown.
    """
    from dataclasses import replace

    from steppe.server.session import open_session

    folder = Path(mission)
    if folder.is_dir():
        if feed:
            raise ConfigError("telemetry needs the mission, not the folder of a flight", key="--feed")
        from steppe.io.stored import read_folder
        from steppe.server.record import read_record

        stored = read_folder(folder)
        session = open_session(stored, None, "replay", replace(options, start_s=_start(stored, first)))
        session.log.extend(read_record(folder))
        return session
    from steppe.config.loader import load_mission
    from steppe.flight.simulate import fly_prepared, prepare

    say = progress if callable(progress) else None
    prepared = prepare(load_mission(mission), progress=say)
    flight = fly_prepared(prepared, progress=say)
    if feed:
        from steppe.server.session import open_feed

        return open_feed(flight, prepared, options)
    return open_session(flight, prepared, "simulation", replace(options, start_s=_start(flight, first)))


def _start(flight: Flight, first: str) -> float | None:
    """Return the moment that ``--from`` names."""
    if not first:
        return None
    found = flight.event(first)
    if found is not None:
        return found.time_s
    try:
        return float(first)
    except ValueError:
        names = [event.name for event in flight.events]
        raise ConfigError(
            f"'{first}' is no event and no number of seconds; {nearest(first, names)}", key="--from"
        ) from None
