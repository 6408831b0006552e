"""Writes a mission with everything that it names into one folder, from which it flies again the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steppe.config.loader import LoadedMission
from steppe.config.named_files import copy_name, named_files, put
from steppe.config.toml_files import reason_of
from steppe.errors import OutputError


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
        reason = (
            f"cannot write the mission into '{folder}': {reason_of(problem)}; choose a folder that you can write to"
        )
        raise OutputError(reason) from None


def _scalars_first(document: dict[str, Any]) -> dict[str, Any]:
    """Put plain keys before tables, as a person would write them."""
    return dict(sorted(document.items(), key=lambda item: isinstance(item[1], dict)))
