"""How to tell that the right thing came: every file is read as steppe will read it before it enters the cache."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from steppe.errors import FetchError

# A sounding of 00 UTC is released up to an hour before, now and then late
_LAUNCH: Final = timedelta(hours=6)
# Stations of Kazakhstan launch once or twice a day
_DAY: Final = timedelta(days=1)


def check_wyoming(path: Path, name: str, launch: datetime) -> None:
    """Refuse what is no sounding of the asked launch.

    Raises
    ------
    SteppeError
        If it cannot be read or was released at another time.
    """
    from steppe.environment.soundings.wyoming import read_wyoming

    times = [one.utc for one in read_wyoming(path, name)]
    if not any(abs(at - launch) <= _LAUNCH for at in times):
        raise FetchError(f"expected the sounding of {launch:%Y-%m-%d %H} UTC, got {times[0]:%Y-%m-%d %H:%M}")


def check_igra(path: Path, utc: datetime) -> None:
    """Refuse what is no archive of IGRA2 soundings, or has none within a day of a time.

    Raises
    ------
    SteppeError
        If it cannot be read, or does not cover the time.
    """
    from steppe.environment.soundings.igra import igra_readings

    if not zipfile.is_zipfile(path):
        raise FetchError("expected a zip archive")
    igra_readings(path, utc, _DAY.total_seconds())


def check_elements(path: Path, catalogue_number: int) -> None:
    """Refuse what are no elements of an object.

    Raises
    ------
    FetchError
        If they cannot be read or are of another object.
    """
    from steppe.errors import ElementsError
    from steppe.frames.elements import StationOrbit

    try:
        found = StationOrbit.from_file(path).object_number
    except ElementsError as error:
        shown = " ".join(path.read_text(encoding="ascii", errors="replace").split())[:80]
        raise FetchError(f"expected elements of {catalogue_number}, got {shown!r} ({error})") from error
    if found != catalogue_number:
        raise FetchError(f"expected elements of {catalogue_number}, got those of {found}")


def check_space_weather(path: Path) -> None:
    """Refuse what is no table of space weather of CelesTrak.

    Raises
    ------
    SteppeError
        If it cannot be read.
    """
    from steppe.environment.space_weather_file import read_space_weather

    read_space_weather(path)
