"""What the verbs share: data to standard output, messages to standard error, and nothing that breaks in a pipe."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import typer
from rich.console import Console, RenderableType
from rich.table import Table

from steppe.errors import OutputError

if TYPE_CHECKING:
    from steppe.io.folder import FolderKind

# Wide enough for every table of steppe, so that a pipe or a file never sees a wrapped row
_PIPE_WIDTH: Final = 140
_SIGPIPE_EXIT: Final = 141  # 128 + SIGPIPE, what a shell reports for a tool whose reader went away


def emit(text: str) -> None:
    """Write `text` to standard output; end quietly if the reader of a pipe has gone."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more when it ends and would complain: let it write to nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(_SIGPIPE_EXIT) from None


def emit_json(value: Any) -> None:
    """Write `value` to standard output as strict JSON (no NaN, no Infinity)."""
    emit(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def output_width() -> int:
    """Return how many characters a row of standard output can have."""
    return Console(file=sys.stdout).width if sys.stdout.isatty() else _PIPE_WIDTH


def emit_rich(*parts: RenderableType) -> None:
    """Write tables and texts to standard output, coloured on a terminal and plain in a pipe."""
    is_terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, width=output_width())
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    text = captured.get()
    emit(text if is_terminal else "\n".join(line.rstrip() for line in text.splitlines()))


def message(text: str) -> None:
    """Write one message to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def can_draw() -> bool:
    """Return whether figures can be drawn; say what is missing where they cannot."""
    if find_spec("matplotlib") is not None:
        return True
    message("no figures: matplotlib is not installed; get it with: pip install 'steppe[plots]'")
    return False


class Sheet(Protocol):
    """What a verb shows as a table, as numbers and as a picture."""

    def as_csv(self) -> str:
        """Return it as a table."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""


def write_sheet(sheet: Sheet, folder: Path, name: str, draw: Callable[[Path], None]) -> list[Path]:
    """Write a sheet as .csv, .json and, with matplotlib, .png; return the files.

    Parameters
    ----------
    sheet
        What to write.
    folder
        Where; made if it is not there.
    name
        Of the files, without suffix.
    draw
        Draws the picture into a file.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    from steppe.files import output_error, write_text

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise output_error(folder, problem) from problem
    table, numbers, picture = (folder / f"{name}.{suffix}" for suffix in ("csv", "json", "png"))
    write_text(table, sheet.as_csv())
    write_text(numbers, json.dumps(sheet.as_json(), indent=2, allow_nan=False) + "\n")
    if not can_draw():
        return [table, numbers]
    draw(picture)
    return [table, numbers, picture]


@contextmanager
def progress_line(first: str) -> Iterator[Callable[[str], None]]:
    """Show one changing line on standard error while something runs; silent unless that is a terminal.

    Parameters
    ----------
    first
        The line at the start.

    Yields
    ------
    Callable
        Call it with the next line.
    """
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.markup import escape

    with Console(stderr=True).status(escape(first)) as status:
        yield lambda text: status.update(escape(text))


def plain_table(*headers: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table in the style of all tables of steppe; the columns named in `right` hold numbers."""
    from rich import box

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True, header_style="bold")
    for header in headers:
        if header in right:
            table.add_column(header, justify="right", vertical="bottom", no_wrap=True)
        else:  # texts give way on a narrow terminal, but never altogether
            table.add_column(header, vertical="bottom", min_width=12, overflow="fold")
    return table


def require_out(folder: Path, kind: FolderKind) -> None:
    """Find out before a long computation whether the folder of ``--out`` can be written, and is ours.

    Raises
    ------
    OutputError
        As `steppe.io.folder.require_writable`, with the option that helps.
    """
    from steppe.io.folder import require_writable

    try:
        require_writable(folder, kind)
    except OutputError as problem:
        raise OutputError(f"{problem} (--out)") from None
