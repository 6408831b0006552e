"""A mission with some of its settings changed, for tests."""

from __future__ import annotations

from dataclasses import replace

from steppe.config.loader import LoadedMission


def with_changes(loaded: LoadedMission, **changes: object) -> LoadedMission:
    """Return the mission with settings changed: `section__key=value`; values are not validated again."""
    mission = loaded.mission
    sections: dict[str, dict[str, object]] = {}
    for path, value in changes.items():
        section, key = path.split("__")
        sections.setdefault(section, {})[key] = value
    update = {section: getattr(mission, section).model_copy(update=keys) for section, keys in sections.items()}
    return replace(loaded, mission=mission.model_copy(update=update))
