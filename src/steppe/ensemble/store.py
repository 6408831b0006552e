"""A campaign on disk: a manifest, and shards of rows that are there whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ensemble.manifest import MANIFEST, CampaignSpec, differences, manifest_text, read_manifest
from steppe.ensemble.shards import as_table, damage, encode
from steppe.errors import OutputError
from steppe.files import atomic_path, flush_to_disk, is_leftover, output_error, write_text

if TYPE_CHECKING:
    import pyarrow as pa

_SHARD: Final = re.compile(r"shard-(\d{6,})\.parquet")
# Footer and schema of one shard with some 80 described columns, measured 30 kB
_SHARD_OVERHEAD_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Resumed:
    """What was found when a campaign was taken up.

    Attributes
    ----------
    campaign
        The campaign, locked against other writers while this object lives.
    missing
        Numbers of the shards still to fly.
    damaged
        Shard number to what was wrong with it; these were removed and are among the missing.
    """

    campaign: Campaign
    missing: tuple[int, ...]
    damaged: Mapping[int, str]


class Campaign:
    """A folder with ``manifest.json`` and ``shard-000000.parquet``...; shard k holds the samples from k·size on.

    Several processes may write different shards of one campaign at the same time; each opens it for itself.

    Attributes
    ----------
    folder
        Where it is.
    spec
        What it is.
    created_utc
        When it was begun.
    """

    def __init__(self, folder: Path, spec: CampaignSpec, created_utc: str, lock: int | None = None) -> None:
        self.folder = folder
        self.spec = spec
        self.created_utc = created_utc
        self._lock = lock

    @classmethod
    def create(cls, folder: Path, spec: CampaignSpec) -> Campaign:
        """Begin a campaign in a new or empty folder.

        Raises
        ------
        ConfigError
            If the specification cannot be (see `CampaignSpec.check`).
        OutputError
            If the folder is not empty, another process writes there, the disk has no room, or writing fails.
        """
        return open_or_resume(folder, spec, resume=False).campaign

    @classmethod
    def open(cls, folder: Path) -> Campaign:
        """Open a campaign to read it, or to write shards of it from a worker.

        Raises
        ------
        OutputError
            If the folder holds no campaign, or one of another format.
        """
        spec, created = read_manifest(Path(folder))
        return cls(Path(folder), spec, created)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without the lock."""
        return Campaign, (self.folder, self.spec, self.created_utc)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes write to this campaign."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def shard_path(self, number: int) -> Path:
        """Return the file of a shard."""
        return self.folder / f"shard-{number:06d}.parquet"

    def present_shards(self) -> list[int]:
        """Return the numbers of the shards that are there, rising.

        Raises
        ------
        OutputError
            If the folder cannot be read.
        """
        try:
            names = [match[1] for name in os.listdir(self.folder) if (match := _SHARD.fullmatch(name))]
        except OSError as problem:
            raise OutputError(f"cannot read the campaign in {self.folder}: {problem.strerror}") from problem
        return sorted(number for number in map(int, names) if number < self.spec.shards)

    def missing_shards(self) -> list[int]:
        """Return the numbers of the shards that are not there yet, rising."""
        present = set(self.present_shards())
        return [number for number in range(self.spec.shards) if number not in present]

    def write_shard(self, number: int, rows: pa.Table | Mapping[str, npt.NDArray[Any] | Sequence[str]]) -> None:
        """Write one shard; it is on the disk when this returns, and not there at all if it fails.

        Parameters
        ----------
        number
            Which one.
        rows
            All samples of this shard in order, with exactly the columns of the specification: a table, or arrays by
            name. A column of type "status" may be names, or codes of `steppe.errors.STATUS`.

        Raises
        ------
        OutputError
            If the rows are not those of this shard, or the disk refuses them.
        """
        table = as_table(self.spec, number, rows)
        content = encode(self.spec, number, table)
        with atomic_path(self.shard_path(number), durable=True) as temporary:
            with temporary.open("wb") as file:
                file.write(content)

    def rows(self, columns: Sequence[str] | None = None, *, partial: bool = False) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the order of their sample numbers, one batch for each shard.

        Parameters
        ----------
        columns
            Which columns, in this order; all if None.
        partial
            Whether missing shards are left out instead of refused.

        Raises
        ------
        OutputError
            If a shard is missing or cannot be read, or a column is unknown.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = list(self.spec.names if columns is None else columns)
        unknown = sorted(set(names) - set(self.spec.names))
        if unknown:
            raise OutputError(f"the campaign in {self.folder} has no column {', '.join(unknown)}")
        if not partial:
            self.require_complete()
        for number in self.present_shards():
            try:
                table = pq.read_table(self.shard_path(number), columns=names, partitioning=None)
                batches = table.select(names).combine_chunks().to_batches()
            except (OSError, pa.ArrowException) as problem:
                raise OutputError(
                    f"cannot read {self.shard_path(number)}: {problem}; {self.resume_hint()}, which flies it again"
                ) from problem
            if table.num_rows != len(self.spec.samples_of(number)):
                raise OutputError(f"{self.shard_path(number)} has {table.num_rows} rows; {self.resume_hint()}")
            yield from batches

    def require_complete(self) -> None:
        """Raise OutputError, with the way to complete it, if shards are missing."""
        missing = self.missing_shards()
        if missing:
            rows = sum(len(self.spec.samples_of(number)) for number in missing)
            raise OutputError(
                f"the campaign in {self.folder} is not complete: {len(missing)} of {self.spec.shards} shards are "
                f"missing ({rows} of {self.spec.samples} samples), the first is number {missing[0]}; "
                f"{self.resume_hint()}"
            )

    def resume_hint(self) -> str:
        """Return how to complete the campaign, as the end of a sentence."""
        spec = self.spec
        command = f"steppe disperse {spec.mission} -n {spec.samples} --seed {spec.seed} --out {self.folder} --resume"
        return f"complete it with: {command}"


def open_or_resume(folder: Path, spec: CampaignSpec, resume: bool) -> Resumed:
    """Begin a campaign, or take up one that was interrupted.

    What is there is verified (row count, sample numbers, checksum); shards that fail are removed, to be flown again.

    Parameters
    ----------
    folder
        Where. It is made if it is missing; an empty one is used.
    spec
        The campaign that is wanted.
    resume
        Whether a campaign that is there may be continued.

    Raises
    ------
    ConfigError
        If the specification cannot be (no samples, no columns, ...).
    OutputError
        If the folder holds something else, another campaign (with the differences), this one without `resume`, is in
        use by another process, or the disk has no room for what is missing.
    """
    spec.check()
    folder = Path(folder)
    names = _names_in(folder)
    has_campaign = MANIFEST in names
    if has_campaign:
        _check_same(folder, spec, resume)
    elif any(not is_leftover(name) for name in names):
        raise OutputError(
            f"cannot begin a campaign in {folder}: the folder is not empty and holds no campaign ({MANIFEST}); "
            "choose a new or empty folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        flush_to_disk(folder.absolute().parent)
        lock = _lock(folder)
        for name in names:
            if is_leftover(name):
                (folder / name).unlink(missing_ok=True)
    except OSError as problem:
        raise output_error(folder, problem) from problem
    created = read_manifest(folder)[1] if has_campaign else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    campaign = Campaign(folder, spec, created, lock)
    damaged = _remove_damaged(campaign)
    missing = campaign.missing_shards()
    _check_room(folder, spec, missing)
    if not has_campaign:
        write_text(folder / MANIFEST, manifest_text(spec, created), durable=True)
    return Resumed(campaign, tuple(missing), damaged)


def needed_bytes(spec: CampaignSpec, shards: Sequence[int] | None = None) -> int:
    """Return how much disk the shards need at most: dispersed doubles hardly compress, so they count in full."""
    numbers = range(spec.shards) if shards is None else shards
    rows = sum(len(spec.samples_of(number)) for number in numbers) if shards is not None else spec.samples
    return rows * spec.row_bytes + len(numbers) * _SHARD_OVERHEAD_BYTES


def gather(
    campaign: Campaign, columns: Sequence[str], *, partial: bool = False, most: int | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Return whole columns as arrays in the order of the sample numbers; memory is that of these columns.

    Parameters
    ----------
    campaign
        The campaign.
    columns
        Their names. A "status" column comes as an array of names.
    partial
        As in `Campaign.rows`.
    most
        How many rows at most, the first ones; all if None.
    """
    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in columns}
    found_rows = 0
    for batch in campaign.rows(columns, partial=partial):
        for name in columns:
            parts[name].append(batch.column(name).to_numpy(zero_copy_only=False))
        found_rows += batch.num_rows
        if most is not None and found_rows >= most:
            break
    kinds = {column.name: column.dtype for column in campaign.spec.columns}
    empty = {name: np.empty(0, dtype=np.dtype("O" if kinds[name] == "status" else kinds[name])) for name in columns}
    return {name: np.concatenate([empty[name], *found])[:most] for name, found in parts.items()}


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise OutputError(f"cannot begin a campaign in {folder}: it is a file; name a folder") from None
    except OSError as problem:
        raise output_error(folder, problem) from problem


def _check_same(folder: Path, spec: CampaignSpec, resume: bool) -> None:
    found, _ = read_manifest(folder)
    different = differences(found, spec)
    if different:
        shown = "".join(f"\n  {line}" for line in different)
        raise OutputError(
            f"{folder} holds another campaign; choose another folder, or ask for the one that is there:{shown}"
        )
    if not resume:
        raise OutputError(
            f"{folder} holds this campaign already; add --resume to complete it, or choose another folder"
        )


def _lock(folder: Path) -> int | None:
    """Keep other processes from continuing the same campaign; the system lets go when this process dies."""
    try:
        import fcntl
    except ImportError:  # Windows: there two writers harm nothing but the time they take
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OutputError(
            f"another process is flying the campaign in {folder}; wait for it, or choose another folder"
        ) from None
    except OSError:  # a file system without locks
        os.close(handle)
        return None
    return handle


def _remove_damaged(campaign: Campaign) -> dict[int, str]:
    damaged = {}
    for number in campaign.present_shards():
        path = campaign.shard_path(number)
        reason = damage(campaign.spec, number, path)
        if reason:
            damaged[number] = reason
            try:
                path.unlink()
            except OSError as problem:
                raise output_error(path, problem) from problem
    return damaged


def _check_room(folder: Path, spec: CampaignSpec, missing: Sequence[int]) -> None:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as problem:
        raise output_error(folder, problem) from problem
    needed = needed_bytes(spec, missing)
    if needed > free:
        rows = sum(len(spec.samples_of(number)) for number in missing)
        raise OutputError(
            f"no room for the campaign in {folder}: {rows} samples of {spec.row_bytes} bytes need up to "
            f"{needed / 1e9:.3g} GB, and {free / 1e9:.3g} GB are free; fly fewer samples or choose another disk"
        )
