"""``steppe doctor``: what steppe runs on, as a table for people and as JSON for a bug report."""

from __future__ import annotations

import os
import platform
import tempfile
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from steppe.cli.terminal import emit_json, emit_rich, plain_table

_PACKAGES: Final = (
    "numpy", "numba", "llvmlite", "pydantic", "typer", "rich", "sgp4", "pymsis", "pyerfa", "astropy-iers-data",
    "pyarrow", "ccsds-ndm-py", "matplotlib", "tzdata",
)  # fmt: skip
_VECTORS: Final = ("sse4.2", "avx", "avx2", "fma", "avx512f", "neon", "sve")
_MJD_EPOCH: Final = date(1858, 11, 17)


def doctor_verb(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show versions, processor, graphics card, tables and folders that steppe uses."""
    report = examine()
    if as_json:
        emit_json(report)
        return
    table = plain_table("part", "item", "value")
    for part, items in report.items():
        for index, (item, value) in enumerate(items.items()):
            table.add_row("" if index else part, item, _text(value, "not installed" if part == "packages" else "none"))
    emit_rich(table)


def examine() -> dict[str, dict[str, Any]]:
    """Return what steppe runs on: part -> item -> value; a missing thing is None and never an error."""
    import steppe

    return {
        "steppe": {"version": steppe.__version__, "folder": str(Path(steppe.__file__).parent)},
        "python": {"version": platform.python_version(), "system": platform.platform()},
        "packages": {name: _version(name) for name in _PACKAGES},
        "processor": _processor(),
        "cuda": _cuda(),
        "tables": _tables(),
        "compile cache": _cache(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> dict[str, Any]:
    from llvmlite import binding  # type: ignore[import-untyped]

    features = binding.get_host_cpu_features()
    # The cores that this process may use, which a container can make fewer than the machine has
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "name": binding.get_host_cpu_name(),
        "cores": os.cpu_count(),
        "usable cores": usable,
        "vector instructions": [name for name in _VECTORS if features.get(name)],
        "avx2": bool(features.get("avx2")),
        "avx512f": bool(features.get("avx512f")),
    }


def _cuda() -> dict[str, Any]:
    missing: dict[str, Any] = {"available": False, "device": None}
    try:
        from numba import cuda

        if not cuda.is_available():
            return missing
        device = cuda.get_current_device()
        name = device.name
        capability = ".".join(str(part) for part in device.compute_capability)
    except Exception as error:  # noqa: BLE001 - a broken driver raises many kinds, and none may stop the doctor
        return {**missing, "problem": f"{type(error).__name__}: {' '.join(str(error).split())}"}
    return {
        "available": True,
        "device": name.decode() if isinstance(name, bytes) else str(name),
        "compute capability": capability,
    }


def _tables() -> dict[str, Any]:
    import astropy_iers_data as iers

    from steppe.environment.space_weather import bundled_table
    from steppe.errors import EnvironmentDataError

    try:
        weather = bundled_table()
        sun = f"{weather.first} to {weather.last}, observed until {weather.last_observed}"
    except EnvironmentDataError as error:
        sun = str(error)
    first, last = _earth_orientation_range(Path(iers.IERS_A_FILE).read_text(encoding="ascii"))
    from steppe.environment.terrain_grid import DIFFERENCE_M
    from steppe.environment.wind_climatology import PUBLISHED

    return {
        "space weather": sun,
        "wind of the months": f"to 3 km above the ground {PUBLISHED}; above 5 km synthetic, its spread assumed",
        "heights of the ground": f"coarse (SRTM and GMTED2010), +-{DIFFERENCE_M:.0f} m",
        "Earth orientation": f"{first} to {last}",
        "leap seconds known until": _leap_second_expiry(Path(iers.IERS_LEAP_SECOND_FILE).read_text(encoding="ascii")),
    }


def _earth_orientation_range(finals: str) -> tuple[str, str]:
    """Return the first and the last date with UT1 in the text of finals2000A (columns: IERS ReadMe.finals2000A)."""
    days = [float(line[7:15]) for line in finals.splitlines() if line[58:68].strip()]
    first, last = (_MJD_EPOCH + timedelta(days=int(day)) for day in (min(days), max(days)))
    return first.isoformat(), last.isoformat()


def _leap_second_expiry(text: str) -> str | None:
    marker = "File expires on"
    line = next((line for line in text.splitlines() if marker in line), None)
    if line is None:
        return None
    moment = datetime.strptime(line.split(marker)[1].strip(), "%d %B %Y").replace(tzinfo=UTC)
    return moment.date().isoformat()


def _cache() -> dict[str, Any]:
    from steppe.kernels.jit import cache_folder

    folder = cache_folder()
    return {"folder": str(folder), "writable": _writable(folder)}


def _writable(folder: Path) -> bool:
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    try:
        with tempfile.TemporaryDirectory(dir=above, prefix=".steppe-"):
            return True
    except OSError:
        return False


def _text(value: Any, missing: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or missing
    return missing if value is None else str(value)
