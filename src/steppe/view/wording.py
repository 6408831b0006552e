"""Numbers and names as people write them in figures."""

from __future__ import annotations


def grouped(number: int) -> str:
    """Return a whole number with a thin space between the thousands (ISO 80000-1, section 7.3)."""
    return f"{number:,}".replace(",", "\N{THIN SPACE}")


def count_of(number: int, word: str) -> str:
    """Return a number with its word."""
    return f"{grouped(number)} {word}{'' if number == 1 else 's'}"


def spoken(name: str) -> str:
    """Return what people call a body or a kind of piece."""
    return name.replace("_", " ").replace("-", " ").capitalize()


def unit_name(kind: str) -> str:
    """Return what people call a type of recovery unit, whose key is small: mi-8 is a Mi-8, pem a PEM."""
    short = kind.isalpha() and len(kind) <= 4
    return kind.upper() if short else kind[:1].upper() + kind[1:]
