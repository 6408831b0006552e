"""What a campaign is: its specification, the file that keeps it, and how two of them differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from steppe.ensemble.place import Place, place_of
from steppe.errors import ConfigError, OutputError

MANIFEST: Final = "manifest.json"
FORMAT: Final = "steppe-campaign"
FORMAT_VERSION: Final = 1
# Samples in a shard: a second or two of work on one core with the apparent-velocity law
SHARD_SIZE: Final = 4000
# Names of columns with a meaning beyond a number
SAMPLE: Final = "sample"
STATUS_COLUMN: Final = "status"
INPUT_PREFIX: Final = "input_"
LATITUDE: Final = "touchdown_latitude_deg"
LONGITUDE: Final = "touchdown_longitude_deg"
# dtype of a column -> bytes of one value
WIDTHS: Final = {"float64": 8, "float32": 4, "int64": 8, "int32": 4, "int8": 1, "bool": 1, "status": 1}
WORST: Final = ("high", "low", "far", "none")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the rows.

    Attributes
    ----------
    name
        Its name, with the unit at its end; drawn inputs begin with ``input_``.
    unit
        Unit ("1" for a pure number, "" for none).
    meaning
        One line for the reader.
    dtype
        "float64", "float32", "int64", "int32", "int8", "bool" or "status" (names from a small set).
    worst
        Which values are the worst cases: "high", "low", "far" (from the median) or "none".
    """

    name: str
    unit: str
    meaning: str
    dtype: str = "float64"
    worst: str = "high"


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound that a flight should keep.

    Attributes
    ----------
    column
        The column it holds for.
    bound
        Its value, in the unit of the column.
    above
        Whether values above it exceed it; otherwise those below do.
    meaning
        What the bound is and where it comes from.
    """

    column: str
    bound: float
    above: bool = True
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class ZoneCircle:
    """The landing zone: WGS-84 centre in deg, radius in m."""

    name: str
    title: str
    latitude_deg: float
    longitude_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class CampaignSpec:
    """What makes a campaign the one it is; two runs with the same specification write the same rows.

    Attributes
    ----------
    mission
        Name or path of the mission, as ``steppe disperse`` takes it.
    config_hash
        Hash of the whole configuration.
    seed
        Seed of the campaign.
    samples
        Number of flights.
    shard_size
        Samples in a shard; the last one may have fewer.
    columns
        The columns; the first is ``sample`` (int64), the second ``status`` (status).
    version
        Version of steppe.
    models
        Name of each model that took part.
    configuration
        The configuration itself, so that a difference can be named.
    zone
        The landing zone, if there is one.
    limits
        Bounds whose exceedance is counted.
    start
        Event of the undispersed flight where the samples start; "" for shortly before the ignition, or the start of
        the mission.
    """

    mission: str
    config_hash: str
    seed: int
    samples: int
    shard_size: int
    columns: tuple[Column, ...]
    version: str
    models: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    zone: ZoneCircle | None = None
    limits: tuple[Limit, ...] = ()
    start: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The drawn inputs."""
        return tuple(column for column in self.columns if column.name.startswith(INPUT_PREFIX))

    @property
    def outputs(self) -> tuple[Column, ...]:
        """The numbers that a flight gives."""
        special = (SAMPLE, STATUS_COLUMN)
        return tuple(
            column
            for column in self.columns
            if not column.name.startswith(INPUT_PREFIX) and column.name not in special and column.dtype != "status"
        )

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.samples // self.shard_size)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row without compression."""
        return sum(WIDTHS[column.dtype] for column in self.columns)

    def samples_of(self, number: int) -> range:
        """Return the samples of a shard."""
        return range(number * self.shard_size, min((number + 1) * self.shard_size, self.samples))

    def column(self, name: str) -> Column:
        """Return a column by its name (KeyError if there is none)."""
        return {column.name: column for column in self.columns}[name]

    def identity(self) -> str:
        """Return a hash of everything here; every shard carries it."""
        return hashlib.sha256(json.dumps(_plain(self), sort_keys=True).encode()).hexdigest()

    def check(self) -> None:
        """Raise ConfigError if this cannot be a campaign."""
        if self.samples < 1:
            raise ConfigError(f"a campaign needs at least 1 sample, got {self.samples}", key="-n")
        if self.shard_size < 1:
            raise ConfigError(f"a shard needs at least 1 sample, got {self.shard_size}", key="shard size")
        head = [(column.name, column.dtype) for column in self.columns[:2]]
        if head != [(SAMPLE, "int64"), (STATUS_COLUMN, "status")]:
            raise ConfigError(f"the first columns must be {SAMPLE} (int64) and {STATUS_COLUMN} (status), got {head}")
        if len(set(self.names)) != len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise ConfigError(f"columns with the same name: {', '.join(twice)}")
        for column in self.columns:
            if column.dtype not in WIDTHS:
                raise ConfigError(f"expected one of {', '.join(WIDTHS)}, got '{column.dtype}'", key=column.name)
            if column.worst not in WORST:
                raise ConfigError(f"expected one of {', '.join(WORST)}, got '{column.worst}'", key=column.name)
        for limit in self.limits:
            if limit.column not in self.names:
                raise ConfigError(f"there is no column '{limit.column}' to keep a limit", key="limits")


def manifest_text(spec: CampaignSpec, created_utc: str) -> str:
    """Return the manifest file of a campaign (JSON)."""
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "created_utc": created_utc,
        "identity": spec.identity(),
        **_plain(spec),
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_manifest(where: str | Path | Place) -> tuple[CampaignSpec, str]:
    """Return the specification and the date of the campaign in a place.

    Raises
    ------
    OutputError
        If there is none, or it has a format that this version does not know.
    """
    place = place_of(where)
    path = f"{place}/{MANIFEST}"
    content = place.read(MANIFEST)
    if content is None:
        raise OutputError(
            f"{place} holds no campaign: it has no {MANIFEST}; name the --out folder of a steppe disperse"
        )
    try:
        document = json.loads(content.decode("utf-8"))
    except ValueError as problem:
        raise OutputError(f"{path} is damaged, it is not JSON: {problem}") from problem
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise OutputError(f"{place} holds no campaign: its {MANIFEST} is of another kind")
    if document.get("format_version") != FORMAT_VERSION:
        raise OutputError(
            f"{path} has format version {document.get('format_version')}, this steppe reads {FORMAT_VERSION}; "
            f"use the version that wrote it: {document.get('version')}"
        )
    try:
        spec = _from_plain(document)
        spec.check()
    except (KeyError, TypeError, AttributeError, ConfigError) as problem:
        raise OutputError(f"{path} is damaged: {problem}") from problem
    if spec.identity() != document.get("identity"):
        raise OutputError(f"{path} was changed after the campaign was begun; restore it, or begin anew")
    return spec, str(document["created_utc"])


def differences(there: CampaignSpec, asked: CampaignSpec) -> list[str]:
    """Return how two campaigns differ, one line for each key."""
    old, new = dict(_leaves("", _plain(there))), dict(_leaves("", _plain(asked)))
    lines = []
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in old or key not in new or old[key] != new[key]:
            here, wanted = (_shown(side[key]) if key in side else "nothing" for side in (old, new))
            lines.append(f"{key}: {here} is there, {wanted} was asked for")
    return lines


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."


def _plain(spec: CampaignSpec) -> dict[str, Any]:
    """Return the specification as JSON values; a round trip makes tuples lists, as they are when read back."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(spec), default=str))
    if not spec.start:
        # Campaigns written before there was a choice have no such key, and keep their identity
        del plain["start"]
    return plain


def _from_plain(document: Mapping[str, Any]) -> CampaignSpec:
    zone = document["zone"]
    return CampaignSpec(
        mission=document["mission"],
        config_hash=document["config_hash"],
        seed=document["seed"],
        samples=document["samples"],
        shard_size=document["shard_size"],
        columns=tuple(Column(**column) for column in document["columns"]),
        version=document["version"],
        models=document["models"],
        configuration=document["configuration"],
        zone=None if zone is None else ZoneCircle(**zone),
        limits=tuple(Limit(**limit) for limit in document["limits"]),
        start=document.get("start", ""),
    )


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys of nested tables with dots; a list of described things goes by their names."""
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        value = {item["name"]: item for item in value}
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), inner)
    else:
        yield prefix, value
