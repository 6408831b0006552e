"""Messages that do not cry wolf: a state is told when it has held, and what repeats itself is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

# A state must hold so long on the wall before it is told
HOLD_S: Final = 1.0
# The same words within this count as the same message
_SAME_S: Final = 60.0
_TELLING: Final = frozenset({"caution", "serious", "critical"})


@dataclass(frozen=True, slots=True)
class News:
    """What to say."""

    level: str
    text: str


class Announcer:
    """Tells when a state that is not normal begins and ends, each once it has held for `HOLD_S`."""

    def __init__(self) -> None:
        self._told: dict[str, str] | None = None
        self._heard: tuple[str, float] | None = None

    def hear(self, state: dict[str, str], wall_s: float) -> News | None:
        """Take the state of a frame.

        Parameters
        ----------
        state
            ``level``, ``word`` and ``why``.
        wall_s
            A steady clock of the machine, s.
        """
        # the seconds of a stale feed count up, which is no news
        word = state["word"].split(" ", 1)[0] if state["word"].startswith("STALE") else state["word"]
        if self._heard is None or self._heard[0] != word:
            self._heard = (word, wall_s)
            return None
        told = None if self._told is None else self._told["word"]
        if wall_s - self._heard[1] < HOLD_S or told == word:
            return None
        before, self._told = self._told, {**state, "word": word}
        if state["level"] in _TELLING:
            return News(state["level"], f"{word}: {state['why']}" if state["why"] else word)
        if before is not None and before["level"] in _TELLING:
            return News("normal", f"{before['word']} is over")
        return None


def same_message(messages: list[dict[str, Any]], body: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    """Return the message among the last ten that says the same and is not older than a minute."""
    one: dict[str, Any]
    for one in reversed(messages[-10:]):
        same = all(one.get(key) == body.get(key) for key in ("level", "text", "event"))
        if same and (now - datetime.fromisoformat(one["utc"].replace("Z", "+00:00"))).total_seconds() <= _SAME_S:
            return one
    return None
