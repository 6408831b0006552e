"""The lease of the one operator: who holds it may command, everybody else watches; it ends by itself."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from steppe.errors import CommandError

LEASE_S = 60.0
_LONGEST_NAME = 40


@dataclass(slots=True)
class Lease:
    """Who commands, and until when.

    Attributes
    ----------
    operator
        Name of the holder, None while nobody holds it.
    key
        What the holder shows with each command.
    until_s
        When it ends, on the steady clock of the machine.
    """

    operator: str | None = None
    key: str = ""
    until_s: float = 0.0

    def holder(self, wall_s: float) -> str | None:
        """Return the name of the holder, None if the lease is free or has run out."""
        return self.operator if wall_s < self.until_s else None

    def take(self, operator: str, wall_s: float) -> str:
        """Give the lease to an operator and return its key.

        Raises
        ------
        CommandError
            If another holds it, or the name is empty or too long.
        """
        name = " ".join(operator.split())
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise CommandError(f"say who you are in 1 to {_LONGEST_NAME} letters")
        holder = self.holder(wall_s)
        if holder is not None:
            raise CommandError(f"{holder} commands; the lease ends {self.until_s - wall_s:.0f} s after the last sign")
        self.operator, self.key, self.until_s = name, secrets.token_urlsafe(18), wall_s + LEASE_S
        return self.key

    def require(self, key: str, wall_s: float) -> str:
        """Return the name of the operator whose key this is, and prolong the lease.

        Raises
        ------
        CommandError
            If the key is not that of the present lease.
        """
        holder = self.holder(wall_s)
        if holder is None or not secrets.compare_digest(self.key.encode(), key.encode()):
            raise CommandError(f"{holder} commands" if holder else "take the lease first: action 'take'")
        self.until_s = wall_s + LEASE_S
        return holder

    def release(self) -> None:
        """Let it go."""
        self.operator, self.key, self.until_s = None, "", 0.0
