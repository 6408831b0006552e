"""The record of a session: the folder of the flight as commanded, with every order in it."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from steppe.errors import OutputError, SteppeError
from steppe.files import write_text

if TYPE_CHECKING:
    from steppe.server.session import Session

NAME: Final = "commands.json"
_TEXTS: Final = ("utc", "flight_utc", "operator", "action", "text")


async def write_record(session: Session) -> None:
    """Write what is new: the log, and the flight where a command has changed it; only of a simulation with a folder.

    What cannot be written is said to all, and tried again with the next order.
    """
    out = session.options.out
    if out is None or session.kind != "simulation" or not session.log:
        return
    async with session.recording:
        state = (session.version, len(session.log))
        if state == session.recorded:
            return
        text = json.dumps({"commands": session.log}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        known = session.recorded is not None and session.recorded[0] == session.version
        try:
            if known:
                await asyncio.to_thread(write_text, Path(out) / NAME, text)
            else:
                await asyncio.to_thread(_write_all, session, Path(out), text)
            session.recorded = state
        except SteppeError as problem:
            session.say("serious", f"the record is not written: {problem}")


def _write_all(session: Session, out: Path, text: str) -> None:
    from steppe.io.folder import write_folder

    write_folder(session.flight, out, {NAME: lambda path: write_text(path, text)})


def read_record(folder: Path) -> list[dict[str, Any]]:
    """Return the orders of a commanded flight, oldest first; none where the flight was not commanded.

    Raises
    ------
    OutputError
        If the file cannot be read, or an order lacks something.
    """
    path = Path(folder) / NAME
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["commands"]
        for row in rows:
            if not (all(isinstance(row[name], str) for name in _TEXTS) and math.isfinite(row["time_s"])):
                raise ValueError("an order without time, operator or text")
        return list(rows)
    except OSError as problem:
        raise OutputError(f"cannot read {path}: {problem.strerror or type(problem).__name__}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise OutputError(f"cannot read {path}: expected the log of steppe control --out; found {problem}") from None
