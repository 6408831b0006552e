"""Rows of what has been shown between two moments, for programs that ask for history (Open MCT)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.errors import CommandError, nearest
from steppe.server.session import Session


def history_text(session: Session, begin_s: float, end_s: float, names: tuple[str, ...] = ()) -> str:
    """Return rows as JSON text: ``epoch_unix_s`` and ``columns``; what is undefined is null.

    A stored flight is known to its end, of a simulation what was shown, of telemetry what was estimated.

    Parameters
    ----------
    session
        The session.
    begin_s, end_s
        First and last moment, seconds after the epoch; may be infinite.
    names
        Columns beside ``time_s``; none stands for all.

    Raises
    ------
    CommandError
        If there is no column of a name.
    """
    columns = _columns(session)
    for name in names:
        # Telemetry does not tell all that a frame can show: what it has never told is a column of nothing
        if name not in columns and session.feed is None:
            raise CommandError(f"there is no column '{name[:40]}'; {nearest(name[:40], columns)}")
    latest_s = end_s if session.kind == "replay" else min(end_s, session.shown_s)
    times = np.asarray(columns["time_s"], dtype=np.float64)
    keep = (times >= begin_s) & (times <= latest_s)
    wanted = ("time_s", *(name for name in names if name != "time_s")) if names else tuple(columns)
    rows = {name: _known(columns[name], keep) if name in columns else [None] * int(keep.sum()) for name in wanted}
    return json.dumps({"epoch_unix_s": session.flight.epoch.timestamp(), "columns": rows}, allow_nan=False)


def _columns(session: Session) -> dict[str, npt.NDArray[np.float64]]:
    if session.feed is None:
        return dict(session.flight.track.columns)
    told: dict[str, list[float | None]] = session.feed.columns_document()["columns"]
    return {name: np.array(values, dtype=np.float64) for name, values in told.items()}


def _known(column: npt.NDArray[np.float64], keep: npt.NDArray[np.bool_]) -> list[Any]:
    kept = column[keep]
    found: list[Any] = kept.tolist()
    for at in np.flatnonzero(~np.isfinite(kept)):
        found[at] = None
    return found
