"""The atomic writing of files, under the name that the writers of `steppe.io` know; it lives in `steppe.files`."""

from __future__ import annotations

from steppe.files import atomic_path, made, output_error, require_marked, write_text

__all__ = ["atomic_path", "made", "output_error", "require_marked", "write_text"]
