"""The rows of one shard as a Parquet file that proves itself: sample numbers, campaign and checksum inside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ensemble.manifest import SAMPLE, CampaignSpec
from steppe.errors import STATUS, OutputError

if TYPE_CHECKING:
    import pyarrow as pa

_IDENTITY: Final = b"steppe.campaign"
_NUMBER: Final = b"steppe.shard"
_CHECKSUM: Final = b"steppe.sha256"


def schema(spec: CampaignSpec) -> pa.Schema:
    """Return the columns of a campaign for Arrow; each field carries ``unit`` and ``meaning``."""
    import pyarrow as pa

    kinds = {
        "float64": pa.float64(),
        "float32": pa.float32(),
        "int64": pa.int64(),
        "int32": pa.int32(),
        "int8": pa.int8(),
        "bool": pa.bool_(),
        "status": pa.dictionary(pa.int8(), pa.string()),
    }
    about = {"mission": spec.mission, "config_hash": spec.config_hash, "seed": spec.seed, "version": spec.version}
    return pa.schema(
        [
            pa.field(column.name, kinds[column.dtype], metadata={"unit": column.unit, "meaning": column.meaning})
            for column in spec.columns
        ],
        metadata={f"steppe.{key}": str(value) for key, value in about.items()},
    )


def as_table(
    spec: CampaignSpec, number: int, rows: pa.Table | Mapping[str, npt.NDArray[Any] | Sequence[str]]
) -> pa.Table:
    """Return the rows as a table of the campaign.

    Raises
    ------
    OutputError
        If columns, row count or sample numbers are not those of the shard.
    """
    import pyarrow as pa

    where = f"shard {number} of '{spec.mission}'"
    if not 0 <= number < spec.shards:
        raise OutputError(f"there is no {where}: the campaign has the shards 0 to {spec.shards - 1}")
    names = list(rows.column_names if isinstance(rows, pa.Table) else rows)
    if set(names) != set(spec.names):
        lacking, extra = set(spec.names) - set(names), set(names) - set(spec.names)
        raise OutputError(f"{where}: missing columns {sorted(lacking)}, unknown columns {sorted(extra)}")
    wanted = schema(spec)
    columns = []
    for field, column in zip(wanted, spec.columns, strict=True):
        values = rows[field.name]
        if column.dtype == "status":
            values = _names(values)
        try:
            columns.append(_array(values, field.type))
        except (pa.ArrowException, ValueError) as problem:
            raise OutputError(f"{where}: column {field.name} is not {column.dtype}: {problem}") from problem
    expected = spec.samples_of(number)
    lengths = {len(column) for column in columns}
    if lengths != {len(expected)}:
        raise OutputError(f"{where}: expected {len(expected)} rows, got {sorted(lengths)}")
    table = pa.Table.from_arrays(columns, schema=wanted)
    if not np.array_equal(table[SAMPLE].to_numpy(), np.arange(expected.start, expected.stop)):
        raise OutputError(f"{where}: expected the samples {expected.start} to {expected.stop - 1} in order")
    return table


def encode(spec: CampaignSpec, number: int, table: pa.Table) -> memoryview:
    """Return the file of a shard: Parquet, zstd, with its checksum in the metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    proof = {
        **(table.schema.metadata or {}),
        _IDENTITY: spec.identity().encode(),
        _NUMBER: str(number).encode(),
        _CHECKSUM: checksum(table).encode(),
    }
    status = [column.name for column in spec.columns if column.dtype == "status"]
    sink = pa.BufferOutputStream()
    # dispersed numbers are all different: a dictionary of them would only cost time
    pq.write_table(table.replace_schema_metadata(proof), sink, compression="zstd", use_dictionary=status)
    return memoryview(sink.getvalue())


def damage(spec: CampaignSpec, number: int, source: Any) -> str:
    """Return what is wrong with a shard, "" if nothing is; `source` is its path, or a file of pyarrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(source, partitioning=None)
    except (OSError, pa.ArrowException) as problem:
        return f"unreadable: {problem}"
    proof = table.schema.metadata or {}
    if proof.get(_IDENTITY) != spec.identity().encode() or proof.get(_NUMBER) != str(number).encode():
        return "it belongs to another campaign or place"
    if table.column_names != list(spec.names):
        return "it has other columns"
    expected = spec.samples_of(number)
    if not np.array_equal(table[SAMPLE].to_numpy(), np.arange(expected.start, expected.stop)):
        return f"its {table.num_rows} rows are not the samples {expected.start} to {expected.stop - 1}"
    return "" if proof.get(_CHECKSUM) == checksum(table).encode() else "its checksum is wrong"


def checksum(table: pa.Table) -> str:
    """Return the SHA-256 of the values, column by column; how they are encoded or chunked does not matter."""
    import pyarrow as pa

    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(name.encode())
        if pa.types.is_dictionary(column.type):
            digest.update("\n".join(map(str, column.to_pylist())).encode())
        else:
            digest.update(np.ascontiguousarray(column.to_numpy()).tobytes())
    return digest.hexdigest()


def _array(values: Any, kind: pa.DataType) -> Any:
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        made = values.cast(kind)
    elif pa.types.is_dictionary(kind):
        made = pa.array(values, pa.string()).dictionary_encode().cast(kind)
    else:
        made = pa.array(np.asarray(values), from_pandas=False).cast(kind)
    if made.null_count:
        raise ValueError("it holds nulls; a number that is not known is NaN")
    return made


def _names(values: Any) -> Any:
    """Return status names for codes; names stay."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray | pa.Array):
        return values
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        return [str(value) for value in array]
    unknown = sorted(set(array.tolist()) - STATUS.keys())
    if unknown:
        raise OutputError(f"no status has the code {', '.join(map(str, unknown))}")
    return [STATUS[int(code)].name for code in array]
