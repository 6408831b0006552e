"""The cache of fetched files: each with its SHA-256 beside it, and one manifest of where and when it came from."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from steppe.errors import FetchError, SteppeError
from steppe.files import atomic_path, output_error, write_text
from steppe.io.fetch.download import AbsentError, Manner, download

Outcome = Literal["fetched", "cached", "would fetch"]
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file that is wanted from a service.

    Attributes
    ----------
    kind
        Folder in the cache: ``"winds"``, ``"elements"``, ``"space-weather"``.
    name
        File name in that folder.
    url
        Where it comes from.
    licence
        What may be done with it, in a sentence.
    holds_s
        For how long a copy serves before the service is asked again.
    check
        Raises `SteppeError` if the content is not what was asked for.
    patient
        Whether the service may be asked again after an error.
    others
        Further addresses of the same thing, asked in turn where the one before does not have it.
    """

    kind: str
    name: str
    url: str
    licence: str
    holds_s: float
    check: Callable[[Path], None]
    patient: bool = True
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Got:
    """What became of a wanted file."""

    wanted: Wanted
    path: Path
    outcome: Outcome
    sha256: str = ""
    fetched_utc: str = ""
    url: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "file": str(self.path),
            "url": self.url or self.wanted.url,
            "outcome": self.outcome,
            "sha256": self.sha256 or None,
            "fetched_utc": self.fetched_utc or None,
            "licence": self.wanted.licence,
        }


def default_folder() -> Path:
    """Return the folder of fetched files: ``STEPPE_CACHE_DIR``, else the user's cache folder."""
    chosen = os.environ.get("STEPPE_CACHE_DIR")
    if chosen:
        return Path(chosen) / "fetched"
    import platformdirs

    return Path(platformdirs.user_cache_dir("steppe")) / "fetched"


class _OtherThingError(FetchError):
    """The service answered with something else than was asked for."""


def _page_says(path: Path) -> str:
    """Return what a web page says, where one came instead of data; else an empty text."""
    with path.open("rb") as stream:
        text = stream.read(4096).decode("utf-8", errors="replace")
    if not text.lstrip().startswith("<"):
        return ""
    body = re.sub(r"(?is)<(script|style|head).*?</\1>|<[^>]*>", " ", text)
    said = " ".join(body.split())[:120]
    return f"; a web page came, which says {said!r}" if said else "; a web page came"


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of fetched files.

    Attributes
    ----------
    folder
        Where they are.
    manner
        How downloads behave.
    now
        The present, for the age of copies.
    """

    folder: Path
    manner: Manner = field(default_factory=Manner)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def get(
        self, wanted: Wanted, *, offline: bool = False, refresh: bool = False, dry_run: bool = False, sha256: str = ""
    ) -> Got:
        """Return a file from the cache, or from its service if the copy is missing, old or damaged.

        Parameters
        ----------
        wanted
            The file.
        offline
            Never ask the service: a copy of any age serves.
        refresh
            Ask the service even if the copy is young.
        dry_run
            Say what would be done and do nothing.
        sha256
            The checksum that the file must have, if it is known.

        Raises
        ------
        FetchError
            If the file cannot be had, or has another checksum or content than wanted.
        OutputError
            If the cache cannot be written.
        """
        path = self.folder / wanted.kind / wanted.name
        entry = self._entry(wanted)
        damage = self._damage(path)
        if not damage and entry and (offline or (not refresh and self._age_s(entry) <= wanted.holds_s)):
            self._expect(path, entry["sha256"], sha256)
            return Got(wanted, path, "cached", entry["sha256"], entry["fetched_utc"], str(entry["url"]))
        if dry_run:
            return Got(wanted, path, "would fetch")
        if offline:
            why = damage or "it is not in the manifest"
            raise FetchError(
                f"offline, and {path} cannot be used: {why}; run again without --offline to get {wanted.url}"
            )
        return self._fetch(wanted, path, sha256)

    def _fetch(self, wanted: Wanted, path: Path, sha256: str) -> Got:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise output_error(path.parent, problem) from problem
        with atomic_path(path) as temporary:
            url, digest = self._first(wanted, path, temporary, sha256)
        write_text(Path(f"{path}.sha256"), f"{digest}  {path.name}\n")
        stamp = self.now().astimezone(UTC).isoformat(timespec="seconds")
        entries = self._manifest()
        entries[f"{wanted.kind}/{wanted.name}"] = {
            "url": url,
            "fetched_utc": stamp,
            "bytes": path.stat().st_size,
            "sha256": digest,
            "licence": wanted.licence,
        }
        write_text(self.folder / MANIFEST, json.dumps({"files": entries}, indent=2, sort_keys=True) + "\n")
        return Got(wanted, path, "fetched", digest, stamp, url)

    def _first(self, wanted: Wanted, path: Path, temporary: Path, sha256: str) -> tuple[str, str]:
        """Download from the first address that has what is wanted; return that address and the checksum."""
        first: FetchError | None = None
        for url in (wanted.url, *wanted.others):
            try:
                digest = download(url, temporary, self.manner, patient=wanted.patient)
                self._check(wanted, url, path, temporary)
            except (AbsentError, _OtherThingError) as error:
                first = first or error
                continue
            self._expect(path, digest, sha256)
            return url, digest
        words = f" (and {len(wanted.others)} other addresses of it do not have it)" if wanted.others else ""
        raise FetchError(f"{first}{words}") from first

    def _check(self, wanted: Wanted, url: str, path: Path, temporary: Path) -> None:
        try:
            wanted.check(temporary)
        except SteppeError as error:
            words = str(error).replace(str(temporary), path.name)
            raise _OtherThingError(
                f"{url} gave something else than was asked for: {words}{_page_says(temporary)}"
            ) from error

    def _expect(self, path: Path, got: str, wanted: str) -> None:
        if wanted and got != wanted.lower():
            raise FetchError(f"{path.name}: expected the SHA-256 {wanted.lower()}, got {got}; the file has changed")

    def _damage(self, path: Path) -> str:
        """Return what is wrong with a copy, or an empty text."""
        if not path.is_file():
            return "there is no copy"
        try:
            noted = Path(f"{path}.sha256").read_text(encoding="ascii").split()[0]
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except (OSError, UnicodeDecodeError, IndexError):
            return "it has no readable checksum beside it"
        return "" if noted == found else f"its checksum is {found[:12]}... and not {noted[:12]}... as noted beside it"

    def _entry(self, wanted: Wanted) -> dict[str, Any] | None:
        entry = self._manifest().get(f"{wanted.kind}/{wanted.name}")
        usable = isinstance(entry, dict) and {"sha256", "fetched_utc", "url"} <= entry.keys()
        return entry if usable else None

    def _age_s(self, entry: dict[str, Any]) -> float:
        try:
            return (self.now() - datetime.fromisoformat(entry["fetched_utc"])).total_seconds()
        except (TypeError, ValueError):
            return float("inf")

    def _manifest(self) -> dict[str, Any]:
        try:
            files = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError):
            # A broken manifest costs one more download of each file and nothing else
            return {}
        return files if isinstance(files, dict) else {}
