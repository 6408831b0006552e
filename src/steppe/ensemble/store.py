"""A campaign on disk: a manifest, and shards of rows that are there whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ensemble.manifest import MANIFEST, SHARD_SIZE, CampaignSpec, differences, manifest_text, read_manifest
from steppe.ensemble.place import Folder, Place, leftovers, place_of
from steppe.ensemble.shards import as_table, damage, encode
from steppe.errors import ConfigError, OutputError
from steppe.files import is_leftover

if TYPE_CHECKING:
    import pyarrow as pa

_SHARD: Final = re.compile(r"shard-(\d{6,})\.parquet")
# Footer and schema of one shard with some 80 described columns, measured 30 kB
_SHARD_OVERHEAD_BYTES: Final = 65_536
# Shards that are verified at the same time: a store far away answers one question as slowly as many
_VERIFIED_AT_ONCE: Final = 8
# Their numbers are held in memory, and a folder of more files is slow on every disk
_MOST_SHARDS: Final = 10_000_000


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
    """A place with ``manifest.json`` and ``shard-000000.parquet``...; shard k holds the samples from k·size on.

    Several processes may write different shards of one campaign at the same time; each opens it for itself.

    Attributes
    ----------
    place
        Where it is.
    spec
        What it is.
    created_utc
        When it was begun.
    """

    def __init__(self, place: Place, spec: CampaignSpec, created_utc: str, lock: int | None = None) -> None:
        self.place = place
        self.spec = spec
        self.created_utc = created_utc
        self._lock = lock

    @classmethod
    def create(cls, where: str | Path | Place, spec: CampaignSpec) -> Campaign:
        """Begin a campaign in a new or empty place.

        Raises
        ------
        ConfigError
            If the specification cannot be (see `CampaignSpec.check`).
        OutputError
            If the folder is not empty, another process writes there, the disk has no room, or writing fails.
        """
        return open_or_resume(where, spec, resume=False).campaign

    @classmethod
    def open(cls, where: str | Path | Place) -> Campaign:
        """Open a campaign to read it, or to write shards of it from a worker.

        Parameters
        ----------
        where
            A folder, or a URI as `steppe.ensemble.place.place_of` takes it.

        Raises
        ------
        OutputError
            If the folder holds no campaign, or one of another format.
        """
        place = place_of(where)
        return cls(place, *read_manifest(place))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without the lock."""
        return Campaign, (self.place.from_anywhere(), self.spec, self.created_utc)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes write to this campaign."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    @property
    def folder(self) -> Path:
        """The local folder of the campaign.

        Raises
        ------
        OutputError
            If it lies on another file system.
        """
        if not isinstance(self.place, Folder):
            raise OutputError(f"the campaign in {self.place} lies in no local folder")
        return self.place.path

    def shard_path(self, number: int) -> Path:
        """Return the file of a shard in a local folder."""
        return self.folder / shard_name(number)

    def present_shards(self) -> list[int]:
        """Return the numbers of the shards that are there, rising.

        Raises
        ------
        OutputError
            If the folder cannot be read.
        """
        names = [match[1] for name in self.place.names() if (match := _SHARD.fullmatch(name))]
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
        self.place.write(shard_name(number), content)

    def sweep(self) -> None:
        """Remove what killed writers left; only the process that holds the campaign may do so."""
        for name in leftovers(self.place):
            self.place.remove(name)

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
            raise OutputError(f"the campaign in {self.place} has no column {', '.join(unknown)}")
        if not partial:
            self.require_complete()
        for number in self.present_shards():
            where = f"{self.place}/{shard_name(number)}"
            try:
                table = pq.read_table(self.place.source(shard_name(number)), columns=names, partitioning=None)
                batches = table.select(names).combine_chunks().to_batches()
            except (OSError, pa.ArrowException) as problem:
                raise OutputError(
                    f"cannot read {where}: {problem}; {self.resume_hint()}, which flies it again"
                ) from problem
            if table.num_rows != len(self.spec.samples_of(number)):
                raise OutputError(f"{where} has {table.num_rows} rows; {self.resume_hint()}")
            yield from batches

    def require_complete(self) -> None:
        """Raise OutputError, with the way to complete it, if shards are missing."""
        missing = self.missing_shards()
        if missing:
            rows = sum(len(self.spec.samples_of(number)) for number in missing)
            raise OutputError(
                f"the campaign in {self.place} is not complete: {len(missing)} of {self.spec.shards} shards are "
                f"missing ({rows} of {self.spec.samples} samples), the first is number {missing[0]}; "
                f"{self.resume_hint()}"
            )

    def resume_hint(self) -> str:
        """Return how to complete the campaign, as the end of a sentence."""
        spec = self.spec
        command = f"steppe disperse {spec.mission} -n {spec.samples} --seed {spec.seed} --out {self.place}"
        command += f" --shard-size {spec.shard_size}" if spec.shard_size != SHARD_SIZE else ""
        command += f" --from {spec.start}" if spec.start else ""
        return f"complete it with: {command} --resume"


def shard_name(number: int) -> str:
    """Return the file name of a shard; that it is there means that the shard is complete."""
    return f"shard-{number:06d}.parquet"


def open_or_resume(where: str | Path | Place, spec: CampaignSpec, resume: bool) -> Resumed:
    """Begin a campaign, or take up one that was interrupted.

    What is there is verified (row count, sample numbers, checksum); shards that fail are removed, to be flown again.

    Parameters
    ----------
    where
        A folder, or a URI as `steppe.ensemble.place.place_of` takes it. It is made if it is missing; an empty one is
        used.
    spec
        The campaign that is wanted.
    resume
        Whether a campaign that is there may be continued.

    Raises
    ------
    ConfigError
        If the specification cannot be (no samples, no columns, ...), or the place cannot be understood.
    OutputError
        If the place holds something else, another campaign (with the differences), this one without `resume`, is in
        use by another process, cannot be reached, or has no room for what is missing.
    """
    spec.check()
    place = place_of(where)
    names = place.names()
    has_campaign = MANIFEST in names
    if has_campaign:
        _check_same(place, spec, resume)
    elif any(not is_leftover(name) for name in names):
        raise OutputError(
            f"cannot begin a campaign in {place}: the folder is not empty and holds no campaign ({MANIFEST}); "
            "choose a new or empty folder"
        )
    else:
        check_room(place, spec.samples, spec.row_bytes, spec.shards)
    if spec.shards > _MOST_SHARDS:
        raise ConfigError(
            f"{spec.samples} samples in files of {spec.shard_size} are {spec.shards} files, more than {_MOST_SHARDS}; "
            "put more into each",
            key="--shard-size",
        )
    place.make()
    campaign = Campaign(place, spec, "", place.lock())
    try:
        return _taken_up(campaign, has_campaign)
    except BaseException:
        campaign.close()
        raise


def _taken_up(campaign: Campaign, has_campaign: bool) -> Resumed:
    place, spec = campaign.place, campaign.spec
    campaign.sweep()
    damaged = _remove_damaged(campaign) if has_campaign else {}
    missing = campaign.missing_shards()
    if has_campaign:
        campaign.created_utc = read_manifest(place)[1]
        check_room(place, sum(len(spec.samples_of(number)) for number in missing), spec.row_bytes, len(missing))
    else:
        campaign.created_utc = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        place.write(MANIFEST, manifest_text(spec, campaign.created_utc).encode())
    return Resumed(campaign, tuple(missing), damaged)


def needed_bytes(samples: int, row_bytes: int, shards: int) -> int:
    """Return how much disk some shards need at most: dispersed doubles hardly compress, so they count in full."""
    return samples * row_bytes + shards * _SHARD_OVERHEAD_BYTES


def check_room(where: str | Path | Place, samples: int, row_bytes: int, shards: int) -> None:
    """Raise OutputError if a place has no room for the shards of some samples; a store that does not say has room."""
    place = place_of(where)
    free, needed = place.free_bytes(), needed_bytes(samples, row_bytes, shards)
    if free is not None and needed > free:
        raise OutputError(
            f"no room for the campaign in {place}: {samples} samples of {row_bytes} bytes need up to "
            f"{needed} bytes ({needed / 1e9:.3g} GB), and {free} bytes ({free / 1e9:.3g} GB) are free; "
            "fly fewer samples or choose another disk"
        )


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


def _check_same(place: Place, spec: CampaignSpec, resume: bool) -> None:
    found, _ = read_manifest(place)
    different = differences(found, spec)
    if different:
        shown = "".join(f"\n  {line}" for line in different)
        raise OutputError(
            f"{place} holds another campaign; choose another folder, or ask for the one that is there:{shown}"
        )
    if not resume:
        raise OutputError(f"{place} holds this campaign already; add --resume to complete it, or choose another folder")


def _remove_damaged(campaign: Campaign) -> dict[int, str]:
    def examine(number: int) -> tuple[int, str]:
        return number, damage(campaign.spec, number, campaign.place.whole_source(shard_name(number)))

    with ThreadPoolExecutor(_VERIFIED_AT_ONCE) as pool:
        damaged = {number: reason for number, reason in pool.map(examine, campaign.present_shards()) if reason}
    for number in damaged:
        campaign.place.remove(shard_name(number))
    return damaged
