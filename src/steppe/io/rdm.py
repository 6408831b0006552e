"""CCSDS Re-entry Data Messages (508.1-B-1) of the bodies of a return: key-value notation (KVN) and XML, out and in."""

from __future__ import annotations

from pathlib import Path

from steppe.errors import MessageError
from steppe.files import atomic_path
from steppe.io.rdm_convert import from_text, to_text
from steppe.io.rdm_records import Notation, ReentryMessage


def rdm_text(message: ReentryMessage, notation: Notation = "kvn") -> str:
    """Return a message as text.

    Raises
    ------
    OutputError
        If it breaks a rule of the standard.
    """
    return to_text(message, notation)


def write_rdm(path: Path, message: ReentryMessage, notation: Notation | None = None) -> None:
    """Write a message, whole or not at all.

    Parameters
    ----------
    path
        The file; ``.xml`` means XML, everything else (``.rdm``) key-value notation, unless `notation` says otherwise.
    message
        The message.

    Raises
    ------
    OutputError
        If the message breaks a rule of the standard, or the file cannot be written.
    """
    path = Path(path)
    text = rdm_text(message, notation or ("xml" if path.suffix.lower() == ".xml" else "kvn"))
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="ascii", newline="\n")


def read_rdm(path: Path) -> ReentryMessage:
    """Read a message in either notation.

    Orbit determination parameters and the place of comments are not kept, dates are rounded to microseconds.

    Raises
    ------
    MessageError
        If the file cannot be read, is no Re-entry Data Message, or breaks a rule of it; line and keyword are named.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise MessageError(
            f"{path}: not a text file (byte {problem.start}); expected a Re-entry Data Message"
        ) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise MessageError(f"cannot read {path}: {reason}") from None
    return from_text(text, str(path))
