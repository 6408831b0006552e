"""Finds and reads mission, vehicle and zone files; whatever is wrong with one is said at once, in one message."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from steppe.config.debris import Catalogue
from steppe.config.dispersions import Dispersions
from steppe.config.messages import explain, show
from steppe.config.mission import Mission, Zone
from steppe.config.named_files import copy_name, key_of, named_files, put, tile_of
from steppe.config.recovery import RecoveryFile
from steppe.config.vehicle import Record, Vehicle
from steppe.errors import ConfigError, OutputError, nearest
from steppe.nomenclature import EVENTS

_Model = TypeVar("_Model", bound=Record)

_MISSIONS: Final = "missions"
_VEHICLES: Final = "vehicles"
_ZONES: Final = "zones"
_DISPERSIONS: Final = "dispersions"
_DEBRIS: Final = "debris"
_RECOVERY: Final = "recovery"
_DEBRIS_KEY: Final = "vehicle.split.debris"
_KINDS: Final = {
    _MISSIONS: "mission", _VEHICLES: "vehicle", _ZONES: "zone", _DISPERSIONS: "dispersions", _DEBRIS: "debris",
    _RECOVERY: "recovery",
}  # fmt: skip


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
        return (self.folder or Path()) / named if named and _looks_like_path(named) else None

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
            reason = f"cannot read '{path}': {_reason(problem)}; the path counts from the folder of the mission file"
            raise ConfigError(reason, source=self.source, key=key) from None


def mission_names() -> tuple[str, ...]:
    """Return the names of the missions that come with steppe."""
    return _preset_names(_MISSIONS)


def vehicle_names() -> tuple[str, ...]:
    """Return the names of the vehicles that come with steppe."""
    return _preset_names(_VEHICLES)


def zone_names() -> tuple[str, ...]:
    """Return the names of the landing zones that come with steppe."""
    return _preset_names(_ZONES)


def dispersions_names() -> tuple[str, ...]:
    """Return the names of the sets of dispersions that come with steppe."""
    return _preset_names(_DISPERSIONS)


def debris_names() -> tuple[str, ...]:
    """Return the names of the catalogues of fragments that come with steppe."""
    return _preset_names(_DEBRIS)


def recovery_names() -> tuple[str, ...]:
    """Return the names of the recovery forces that come with steppe."""
    return _preset_names(_RECOVERY)


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
    document, source, folder = _document(_MISSIONS, name_or_path, None, "")
    given_vehicle, given_zone = document.get("vehicle"), document.get("zone")
    plain = dict(document)
    problems: list[tuple[str, str]] = []
    zone: Zone | None = None
    if isinstance(given_zone, Mapping):
        zone, found = _read(Zone, given_zone)
        problems += [(f"zone.{key}" if key else "zone", text) for key, text in found]
        plain["zone"] = "inline"
    elif given_zone is not None and not isinstance(given_zone, str):
        problems.append(("zone", f"= {show(given_zone)}: expected the name of a zone, a path or a table"))
        plain["zone"] = "unusable"
    mission, found = _read(Mission, plain)
    problems += found
    if problems or mission is None:
        raise _config_error(problems, source)
    if zone is not None:
        mission = mission.model_copy(update={"zone": zone})
    elif isinstance(given_zone, str):
        zone = load_zone(given_zone, folder, asked_by=source)
    vehicle = load_vehicle(str(given_vehicle), folder, asked_by=source)
    if mission.manifest is not None and not mission.manifest.applied:
        from steppe.config.boarding import boarded

        vehicle = boarded(vehicle, mission.manifest)
    loaded = LoadedMission(mission, vehicle, zone, source, folder)
    problems = _misfits(mission, vehicle)
    if problems:
        raise _config_error(problems, source)
    for table in named_files(mission):
        loaded.read_beside(table)
    if loaded.debris_file is not None:
        loaded.read_debris()
    return loaded


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
    document, source, _ = _document(_VEHICLES, name_or_path, beside, asked_by)
    return _read_or_raise(Vehicle, document, source)


def load_zone(name_or_path: str | Path, beside: Path | None = None, *, asked_by: str = "") -> Zone:
    """Read a landing zone; parameters and errors as in `load_vehicle`."""
    document, source, _ = _document(_ZONES, name_or_path, beside, asked_by)
    return _read_or_raise(Zone, document, source)


def load_recovery(name_or_path: str | Path, beside: Path | None = None) -> RecoveryFile:
    """Read a recovery force; parameters and errors as in `load_vehicle`."""
    document, source, _ = _document(_RECOVERY, name_or_path, beside, "")
    return _read_or_raise(RecoveryFile, document, source)


def load_dispersions(name_or_path: str | Path, beside: Path | None = None, *, asked_by: str = "") -> Dispersions:
    """Read a set of dispersions; parameters and errors as in `load_vehicle`.

    ``extends = "soyuz-ms"`` takes every table that the file does not give from another set.
    """
    document, source, folder = _document(_DISPERSIONS, name_or_path, beside, asked_by)
    base = document.get("extends")
    if isinstance(base, str):
        # Whole tables of the file replace those of the set that it extends
        below, _, _ = _document(_DISPERSIONS, base, folder, source)
        document = below | {key: value for key, value in document.items() if key != "extends"}
    record, problems = read_dispersions(document)
    if record is None:
        raise _config_error(problems, source)
    return record


def load_debris(name_or_path: str | Path, beside: Path | None = None, *, asked_by: str = "") -> Catalogue:
    """Read a catalogue of fragments; parameters and errors as in `load_vehicle`."""
    document, source, _ = _document(_DEBRIS, name_or_path, beside, asked_by)
    return _read_or_raise(Catalogue, document, source)


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


def write_reproducible(loaded: LoadedMission, folder: Path) -> None:
    """Write ``mission.toml``, ``vehicle.toml`` and the files that both name, so that nothing else is needed.

    Parameters
    ----------
    loaded
        The mission.
    folder
        Where to write; made if it does not exist. ``load_mission(folder / "mission.toml")`` gives the same
        `LoadedMission.config_hash`.

    Raises
    ------
    OutputError
        If the folder or a file in it cannot be written.
    ConfigError
        If a file that the mission names cannot be read any more.
    """
    import tomli_w

    document = loaded.mission.model_dump(mode="python", exclude_none=True)
    document["vehicle"] = "vehicle.toml"
    if loaded.zone is not None:
        document["zone"] = loaded.zone.model_dump(mode="python", exclude_none=True)
    if loaded.mission.manifest is not None:
        document["manifest"]["applied"] = True
    files: dict[str, bytes] = {}
    for place, name in named_files(loaded.mission).items():
        copy = copy_name(place, name)
        put(document, place, copy)
        files[copy] = loaded.read_beside(place)
    vehicle = loaded.vehicle.model_dump(mode="python", exclude_none=True)
    if loaded.debris_file is not None:
        vehicle["split"]["debris"] = "debris.toml"
        files["debris.toml"] = loaded.read_debris()
    files["vehicle.toml"] = tomli_w.dumps(vehicle).encode()
    files["mission.toml"] = tomli_w.dumps(_scalars_first(document)).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            partial = folder / f"{name}.partial"
            partial.write_bytes(content)
            partial.replace(folder / name)
    except OSError as problem:
        reason = f"cannot write the mission into '{folder}': {_reason(problem)}; choose a folder that you can write to"
        raise OutputError(reason) from None


def _scalars_first(document: dict[str, Any]) -> dict[str, Any]:
    """Put plain keys before tables, as a person would write them."""
    return dict(sorted(document.items(), key=lambda item: isinstance(item[1], dict)))


def _preset_names(folder: str) -> tuple[str, ...]:
    entries = resources.files("steppe.config").joinpath("presets", folder).iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml")))


def _document(
    folder: str, name_or_path: str | Path, beside: Path | None, asked_by: str
) -> tuple[dict[str, Any], str, Path | None]:
    """Return the parsed file, its name for messages and its folder (None for a preset)."""
    text = str(name_or_path)
    key = _KINDS[folder] if asked_by else ""
    if isinstance(name_or_path, Path) or _looks_like_path(text):
        path = (beside or Path()) / text
        source = str(path)
        return _parse(_read_text(path, folder, asked_by or source, key), source), source, path.parent
    name = text.strip().lower()
    if name not in _preset_names(folder):
        kind = _KINDS[folder]
        close = nearest(text, _preset_names(folder))
        own = f"; a file of your own is named by its path, for example {text.strip() or 'my'}.toml"
        reason = f"there is no {kind} preset '{text}', {close}{'' if close.startswith('did') else own}"
        raise ConfigError(reason, source=asked_by, key=key)
    source = f"preset {name}"
    content = resources.files("steppe.config").joinpath("presets", folder, f"{name}.toml").read_text("utf-8")
    return _parse(content, source), source, None


def _looks_like_path(text: str) -> bool:
    return "/" in text or os.sep in text or "\\" in text or text.lower().endswith(".toml")


def _read_text(path: Path, folder: str, source: str, key: str) -> str:
    kind = _KINDS[folder]
    try:
        if path.is_dir():
            reason = f"'{path}' is a folder, not a {kind} file; name the file in it, for example {path / kind}.toml"
            raise ConfigError(reason, source=source, key=key)
        if path.exists() and not path.is_file():
            raise ConfigError(f"'{path}' is not a regular file", source=source, key=key)
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        reason = f"there is no {kind} file '{path}'"
        name = path.name.lower().removesuffix(".toml")
        close = nearest(name, _preset_names(folder))
        if close.startswith("did you mean"):
            reason += f"; {close} (a preset, written without .toml)"
        raise ConfigError(reason, source="" if source == str(path) else source, key=key) from None
    except UnicodeDecodeError as problem:
        reason = f"'{path}' is not UTF-8 text (byte {problem.start}); save it as UTF-8 in your editor"
        raise ConfigError(reason, source="" if source == str(path) else source, key=key) from None
    except (OSError, ValueError) as problem:
        reason = f"cannot read the {kind} file '{path}': {_reason(problem)}"
        raise ConfigError(reason, source="" if source == str(path) else source, key=key) from None


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(_syntax_message(str(problem), text), source=source) from None
    except (ValueError, RecursionError) as problem:
        reason = "tables nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise ConfigError(f"not a usable TOML file: {reason}", source=source) from None


def _syntax_message(problem: str, text: str) -> str:
    """Return where the TOML is broken, the line itself, and what usually helps."""
    help_text = (
        'write key = value, text in "quotes", lists as [1, 2], tables as [name], dates as 2022-09-29T07:34:20Z; '
        "each key and table once"
    )
    place = re.search(r"\(at line (\d+), column (\d+)\)", problem)
    if place is None:
        lines = text.count("\n") + 1
        return f"TOML syntax error: {problem} (the file has {lines} lines); {help_text}"
    line, column = int(place[1]), int(place[2])
    rows = text.splitlines()
    shown = rows[line - 1].strip() if line <= len(rows) else ""
    what = problem[: place.start()].strip()
    return f"TOML syntax error at line {line}, column {column}: {what}: {show(shown)}; {help_text}"


def _read(model: type[_Model], document: Mapping[str, Any]) -> tuple[_Model | None, list[tuple[str, str]]]:
    try:
        return model.model_validate(document), []
    except ValidationError as error:
        return None, explain(error, model, document)


def _read_or_raise(model: type[_Model], document: Mapping[str, Any], source: str) -> _Model:
    record, problems = _read(model, document)
    if record is None:
        raise _config_error(problems, source)
    return record


def _config_error(problems: list[tuple[str, str]], source: str) -> ConfigError:
    """Return one error for all problems of one file."""
    lines = [_joined(key, text) for key, text in problems]
    if len(problems) == 1:
        key = problems[0][0]
        error = ConfigError(lines[0], source=source)
        error.key = key
        return error
    error = ConfigError(f"{len(problems)} problems:\n" + "\n".join(f"  {line}" for line in lines), source=source)
    error.key = problems[0][0]
    return error


def _joined(key: str, text: str) -> str:
    if not key:
        return text
    return f"{key} {text}" if text.startswith("= ") else f"{key}: {text}"


def _reason(problem: Exception) -> str:
    if isinstance(problem, OSError):
        return problem.strerror or type(problem).__name__
    return str(problem)


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
