"""Which executor goes by which name."""

from __future__ import annotations

from typing import Final

from steppe.ensemble.executors import Executor, LocalExecutor, usable_cores
from steppe.errors import ConfigError, nearest

NAMES: Final = ("local", "ray", "cuda")


def make_executor(name: str, cores: int) -> Executor:
    """Return an executor by its name.

    Parameters
    ----------
    name
        One of `NAMES`.
    cores
        How many cores of this machine may be used; for a Ray cluster that is joined, how many shards may be in work
        at a time. 0 for all.

    Raises
    ------
    ConfigError
        If there is no such executor, or what it needs is not here.
    """
    if name == "local":
        return LocalExecutor(cores or usable_cores())
    if name == "ray":
        # Ray is an extra, and a card needs its own libraries
        from steppe.ensemble.ray_executor import RayExecutor

        return RayExecutor(cores)
    if name == "cuda":
        from steppe.ensemble.cuda_executor import CudaExecutor

        return CudaExecutor()
    raise ConfigError(f"there is no executor '{name}', {nearest(name, NAMES)}", key="--executor")
