"""Finds and reads mission, vehicle and zone files; whatever is wrong with one is said at once, in one message."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from steppe.config.debris import Catalogue
from steppe.config.dispersions import Dispersions
from steppe.config.messages import config_error, explain, show
from steppe.config.mission import Mission, Zone
from steppe.config.named_files import key_of, named_files, put, tile_of
from steppe.config.recovery import RecoveryFile
from steppe.config.toml_files import Document, Kind, looks_like_path, preset_names, read_document, reason_of
from steppe.config.vehicle import Record, Vehicle
from steppe.errors import ConfigError, nearest
from steppe.nomenclature import EVENTS

_Model = TypeVar("_Model", bound=Record)

_DEBRIS_KEY: Final = "vehicle.split.debris"


@dataclass(frozen=True, slots=True)
class LoadedMission:
    """A mission with everything that it names.

    Attributes
    ----------
    mission
        The mission file.
    vehicle
        The vehicle that it names, with the people and the cargo of the mission's manifest in it.
    zone
        The zone that it names or contains, None if it has none.
    source
        Where the mission came from, for messages: a path, or ``preset ms-21``.
    folder
        The folder of the mission file, where files named in it are looked for; None for a preset.
    """

    mission: Mission
    vehicle: Vehicle
    zone: Zone | None
    source: str
    folder: Path | None

    @property
    def config_hash(self) -> str:
        """SHA-256 of all values (canonical JSON), and of the files that the mission names instead of their names."""
        content: dict[str, Any] = {
            # what a manifest changes is in the vehicle
            "mission": self.mission.model_dump(mode="json", exclude={"vehicle", "zone", "manifest"}),
            "vehicle": self.vehicle.model_dump(mode="json"),
            "zone": self.zone.model_dump(mode="json") if self.zone else None,
        }
        for place, name in named_files(self.mission).items():
            # The name of an elevation tile says where it lies, so it counts as content
            tile = tile_of(place, name)
            put(content["mission"], place, tile + hashlib.sha256(self.read_beside(place)).hexdigest())
        if self.debris_file is not None:
            content["vehicle"]["split"]["debris"] = hashlib.sha256(self.read_debris()).hexdigest()
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def file_beside(self, table: str) -> Path:
        """Return the path of a file that ``[station]``, ``[air]``, ``[wind]`` or ``[terrain]`` names.

        Parameters
        ----------
        table
            ``"station"``, ``"air"``, ``"wind"``, ``"terrain"``, or one of a list: ``"wind.files[0]"``.

        Raises
        ------
        ConfigError
            If the mission names no such file.
        """
        name = named_files(self.mission).get(table)
        if name is None:
            raise ConfigError("the mission names no file here", source=self.source, key=key_of(table))
        return (self.folder or Path()) / name

    def read_beside(self, table: str) -> bytes:
        """Return the content of a file that ``[station]``, ``[wind]`` or ``[terrain]`` names.

        Raises
        ------
        ConfigError
            If the file cannot be read.
        """
        return self._read(self.file_beside(table), key_of(table))

    @property
    def debris_file(self) -> Path | None:
        """The catalogue of fragments that ``[split]`` of the vehicle names by its path, None for that of a preset."""
        named = self.vehicle.split.debris if self.vehicle.split else None
        return (self.folder or Path()) / named if named and looks_like_path(named) else None

    def read_debris(self) -> bytes:
        """Return the content of the catalogue of fragments that the vehicle names by its path.

        Raises
        ------
        ConfigError
            If it names none, or it cannot be read.
        """
        path = self.debris_file
        if path is None:
            raise ConfigError("the vehicle names no file here", source=self.source, key=_DEBRIS_KEY)
        return self._read(path, _DEBRIS_KEY)

    def _read(self, path: Path, key: str) -> bytes:
        try:
            return path.read_bytes()
        except (OSError, ValueError) as problem:
            reason = f"cannot read '{path}': {reason_of(problem)}; the path counts from the folder of the mission file"
            raise ConfigError(reason, source=self.source, key=key) from None


def mission_names() -> tuple[str, ...]:
    """Return the names of the missions that come with steppe."""
    return preset_names(Kind.MISSION)


def vehicle_names() -> tuple[str, ...]:
    """Return the names of the vehicles that come with steppe."""
    return preset_names(Kind.VEHICLE)


def zone_names() -> tuple[str, ...]:
    """Return the names of the landing zones that come with steppe."""
    return preset_names(Kind.ZONE)


def dispersions_names() -> tuple[str, ...]:
    """Return the names of the sets of dispersions that come with steppe."""
    return preset_names(Kind.DISPERSIONS)


def debris_names() -> tuple[str, ...]:
    """Return the names of the catalogues of fragments that come with steppe."""
    return preset_names(Kind.DEBRIS)


def recovery_names() -> tuple[str, ...]:
    """Return the names of the recovery forces that come with steppe."""
    return preset_names(Kind.RECOVERY)


def load_mission(name_or_path: str | Path) -> LoadedMission:
    """Read a mission with its vehicle and zone.

    Parameters
    ----------
    name_or_path
        The name of a preset (``ms-21``, in any case), or the path of a TOML file: anything with a folder in it or
        ending in ``.toml``.

    Raises
    ------
    ConfigError
        If a file is missing or unreadable, or says something that cannot be used; all problems of that file at once.
    """
    file = read_document(Kind.MISSION, name_or_path)
    source, folder = file.source, file.folder
    mission, zone = _mission_and_zone(file)
    vehicle = load_vehicle(str(file.content.get("vehicle")), folder, asked_by=source)
    if mission.manifest is not None and not mission.manifest.applied:
        from steppe.config.boarding import boarded

        vehicle = boarded(vehicle, mission.manifest)
    loaded = LoadedMission(mission, vehicle, zone, source, folder)
    problems = _misfits(mission, vehicle)
    if problems:
        raise config_error(problems, source)
    for table in named_files(mission):
        loaded.read_beside(table)
    if loaded.debris_file is not None:
        loaded.read_debris()
    return loaded


def _mission_and_zone(file: Document) -> tuple[Mission, Zone | None]:
    """Return the mission of a file and its zone, which may stand in it as a table or be named."""
    given = file.content.get("zone")
    plain = dict(file.content)
    problems: list[tuple[str, str]] = []
    zone: Zone | None = None
    if isinstance(given, Mapping):
        zone, found = _read(Zone, given)
        problems += [(f"zone.{key}" if key else "zone", text) for key, text in found]
        plain["zone"] = "inline"
    elif given is not None and not isinstance(given, str):
        problems.append(("zone", f"= {show(given)}: expected the name of a zone, a path or a table"))
        plain["zone"] = "unusable"
    mission, found = _read(Mission, plain)
    problems += found
    if problems or mission is None:
        raise config_error(problems, file.source)
    if zone is not None:
        return mission.model_copy(update={"zone": zone}), zone
    return mission, load_zone(given, file.folder, asked_by=file.source) if isinstance(given, str) else None


def load_vehicle(name_or_path: str | Path, beside: Path | None = None, *, asked_by: str = "") -> Vehicle:
    """Read a vehicle.

    Parameters
    ----------
    name_or_path
        The name of a preset, or the path of a TOML file.
    beside
        The folder that a relative path counts from; None is the working folder.
    asked_by
        The mission file that names the vehicle, for messages.

    Raises
    ------
    ConfigError
        As in `load_mission`.
    """
    return _read_or_raise(Vehicle, read_document(Kind.VEHICLE, name_or_path, beside, asked_by))


def load_zone(name_or_path: str | Path, beside: Path | None = None, *, asked_by: str = "") -> Zone:
    """Read a landing zone; parameters and errors as in `load_vehicle`."""
    return _read_or_raise(Zone, read_document(Kind.ZONE, name_or_path, beside, asked_by))


def load_recovery(name_or_path: str | Path, beside: Path | None = None) -> RecoveryFile:
    """Read a recovery force; parameters and errors as in `load_vehicle`."""
    return _read_or_raise(RecoveryFile, read_document(Kind.RECOVERY, name_or_path, beside))


def read_recovery(document: dict[str, Any], source: str) -> RecoveryFile:
    """Return a recovery force from its document; errors as in `load_vehicle`."""
    return _read_or_raise(RecoveryFile, Document(document, source, None))


def load_dispersions(name_or_path: str | Path, beside: Path | None = None, *, asked_by: str = "") -> Dispersions:
    """Read a set of dispersions; parameters and errors as in `load_vehicle`.

    ``extends = "soyuz-ms"`` takes every table that the file does not give from another set.
    """
    file = read_document(Kind.DISPERSIONS, name_or_path, beside, asked_by)
    content, base = file.content, file.content.get("extends")
    if isinstance(base, str):
        # Whole tables of the file replace those of the set that it extends
        below = read_document(Kind.DISPERSIONS, base, file.folder, file.source)
        content = below.content | {key: value for key, value in content.items() if key != "extends"}
    record, problems = read_dispersions(content)
    if record is None:
        raise config_error(problems, file.source)
    return record


def load_debris(name_or_path: str | Path, beside: Path | None = None, *, asked_by: str = "") -> Catalogue:
    """Read a catalogue of fragments; parameters and errors as in `load_vehicle`."""
    return _read_or_raise(Catalogue, read_document(Kind.DEBRIS, name_or_path, beside, asked_by))


def read_dispersions(document: Mapping[str, Any]) -> tuple[Dispersions | None, list[tuple[str, str]]]:
    """Return the dispersions in a parsed document, or None and (key, sentence) for every problem.

    Keys name the parameter instead of its number: ``parameter.thrust_factor.sigma3``.
    """
    record, problems = _read(Dispersions, document)
    entries = document.get("parameter")

    def named(match: re.Match[str]) -> str:
        entry = entries[int(match[1])] if isinstance(entries, list) else None
        name = entry.get("name") if isinstance(entry, Mapping) else None
        return f"parameter.{name}" if isinstance(name, str) and name.isidentifier() else match[0]

    return record, [(re.sub(r"^parameter\[(\d+)\]", named, key), text) for key, text in problems]


def _read(model: type[_Model], document: Mapping[str, Any]) -> tuple[_Model | None, list[tuple[str, str]]]:
    try:
        return model.model_validate(document), []
    except ValidationError as error:
        return None, explain(error, model, document)


def _read_or_raise(model: type[_Model], file: Document) -> _Model:
    record, problems = _read(model, file.content)
    if record is None:
        raise config_error(problems, file.source)
    return record


def _misfits(mission: Mission, vehicle: Vehicle) -> list[tuple[str, str]]:
    """Return what the mission asks for and its vehicle does not have."""
    phase, law = mission.start.phase, mission.guidance.law
    complete = mission.stop is None
    needs = (
        ("ship", phase in ("station", "orbit"), vehicle.ship),
        ("split", phase in ("station", "orbit"), vehicle.split),
        ("parachutes", phase == "canopy" or (complete and phase in ("station", "orbit")), vehicle.parachutes),
        ("capsule.bank", law == "predictor-corrector" and phase in ("station", "orbit", "entry"), vehicle.capsule.bank),
    )
    problems = [
        (
            "vehicle",
            f"= {mission.vehicle!r}: a flight from phase '{phase}' with guidance '{law}' needs [{section}] in "
            f"the file of vehicle '{vehicle.name}'; add it there, or choose another vehicle",
        )
        for section, needed, given in needs
        if needed and given is None
    ]
    misfit = mission.failure.misfit(vehicle) if mission.failure else None
    if misfit is not None:
        problems.append((f"failure.{misfit[0]}", misfit[1]))
    stages = [stage.name for stage in vehicle.parachutes.stages] if vehicle.parachutes else []
    for name in mission.published.events:
        if name not in EVENTS and name not in stages:
            problems.append((f"published.events.{name}", f"unknown event, {nearest(name, (*EVENTS, *stages))}"))
    return problems
