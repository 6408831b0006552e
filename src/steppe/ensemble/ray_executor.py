"""Flies a campaign with Ray: each worker flies whole shards and writes them itself; the driver only counts.

A shard is the unit of everything: of work, of retry and of commit. A worker that dies has written its shard or not;
if not, or if nobody knows, another one flies it again to the same bits. So nothing is lost and nothing counts twice.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import socket
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Final

from steppe import errors
from steppe.ensemble.executors import usable_cores
from steppe.ensemble.run import Plan, fly_samples
from steppe.ensemble.store import Campaign
from steppe.ensemble.tally import Tally, tally_of
from steppe.errors import ConfigError, OutputError, SteppeError
from steppe.kernels.jit import source_stamp

# Shards in work or waiting, for each worker: the second one hides the way to the driver and back
_IN_FLIGHT: Final = 2
# How often a shard may lose its worker; then it is the shard, or the machine, that kills them
_ATTEMPTS: Final = 4
# Words of progress and interruptions are looked at this often
_PATIENCE_S: Final = 1.0
# Room for what is shipped (a plan is below 10 MB); shards never go through it
_OBJECT_STORE_BYTES: Final = 100_000_000
# Said before Ray is asked anything: no report to its makers, no warning of an accelerator that nobody asked for
_QUIET: Final = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
# Ray itself tries for minutes to reach a cluster that is not there
_REACH_S: Final = 5.0
_ADDRESS: Final = re.compile(r"(?:ray://)?(?P<host>[^:/]+):(?P<port>\d+)")


@dataclass(frozen=True, slots=True)
class Shipped:
    """What every worker gets once.

    Attributes
    ----------
    stamp
        Version of steppe and hash of its kernels on the driver.
    content
        Plan and campaign, pickled. Ray's own way would share arrays read-only, for which the kernels are not compiled.
    name
        Hash of the content.
    """

    stamp: str
    content: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of steppe on its way from a worker to the user."""

    kind: str
    text: str


class RayExecutor:
    """Flies on the Ray cluster that RAY_ADDRESS names, else on one that is started on this machine and ended again.

    Parameters
    ----------
    cores
        Workers of the cluster that is started; for one that is joined the most shards in work at a time. 0 for all.

    Raises
    ------
    ConfigError
        If Ray is not installed, or nobody answers at the address of the cluster.
    """

    def __init__(self, cores: int = 0) -> None:
        if find_spec("ray") is None:
            raise ConfigError("Ray is not installed; get it with: pip install 'steppe[ray]'", key="--executor ray")
        _check_reachable(os.environ.get("RAY_ADDRESS", ""))
        self.cores = cores

    def run(self, plan: Plan, campaign: Campaign, missing: Sequence[int]) -> Generator[Tally, None, None]:
        """Fly and write shards; see `steppe.ensemble.executors.Executor`."""
        if not missing:
            return
        shipped = ship(plan, campaign)
        with _cluster(self.cores):
            yield from self._fly(shipped, missing)
        # a worker that died while it wrote leaves a temporary file
        campaign.sweep()

    def _fly(
        self, shipped: Shipped, missing: Sequence[int], work: Callable[..., Tally | Refusal] | None = None
    ) -> Generator[Tally, None, None]:
        import ray

        task = ray.remote(work or fly_shard).options(num_cpus=1, max_retries=0, name="steppe shard")
        # in a list, so that a worker fetches it when it first needs it and not for each task
        plan = [ray.put(shipped)]
        waiting, tries, flying = deque(missing), Counter[int](), dict[Any, int]()
        try:
            while waiting or flying:
                while waiting and len(flying) < self._most():
                    number = waiting.popleft()
                    flying[task.remote(plan, shipped.name, number)] = number
                done, _ = ray.wait(list(flying), num_returns=1, timeout=_PATIENCE_S)
                for reference in done:
                    number = flying.pop(reference)
                    part = _result(reference)
                    if part is None:
                        tries[number] += 1
                        if tries[number] == _ATTEMPTS:
                            raise OutputError(_given_up(number))
                        waiting.appendleft(number)
                    yield part or Tally(lost=1)
        finally:
            for reference in flying:
                ray.cancel(reference, force=True)

    def _most(self) -> int:
        """Return how many shards may be in flight; a cluster may have grown since the last question."""
        import ray

        workers = int(ray.cluster_resources().get("CPU", 0))
        if self.cores:
            workers = min(workers, self.cores)
        return _IN_FLIGHT * max(workers, 1)


def ship(plan: Plan, campaign: Campaign) -> Shipped:
    """Return what the workers need."""
    content = pickle.dumps((plan, campaign), protocol=5)
    return Shipped(_stamp(), content, hashlib.sha256(content).hexdigest())


def fly_shard(shipped: list[Any], name: str, number: int) -> Tally | Refusal:
    """Fly and write one shard in a worker.

    Parameters
    ----------
    shipped
        One reference to a `Shipped`.
    name
        Its name: a worker that has it already does not fetch it again.
    number
        The shard.
    """
    try:
        plan, campaign = _unpacked(_Reference(name, shipped[0]))
        rows = fly_samples(plan, plan.spec.samples_of(number), 1)
        campaign.write_shard(number, rows)
    except SteppeError as problem:
        return Refusal(type(problem).__name__, str(problem))
    return tally_of(rows)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A reference that is the same as another one if the names are."""

    name: str
    value: Any = field(compare=False)


@lru_cache(maxsize=1)
def _unpacked(reference: _Reference) -> tuple[Plan, Campaign]:
    import ray

    shipped = ray.get(reference.value)
    if shipped.stamp != _stamp():
        raise ConfigError(
            f"the worker on {socket.gethostname()} has steppe {_stamp()}, the driver {shipped.stamp}; "
            "install the same version on all machines",
            key="--executor ray",
        )
    plan, campaign = pickle.loads(shipped.content)
    _check_place(campaign)
    return plan, campaign


def _check_place(campaign: Campaign) -> None:
    """Refuse a folder that another machine has for itself."""
    try:
        same = Campaign.open(campaign.place).spec == campaign.spec
    except OutputError as problem:
        raise OutputError(
            f"the worker on {socket.gethostname()} does not see the campaign in {campaign.place} ({problem}); choose a "
            "folder that all machines share, or a store like s3://bucket/folder"
        ) from problem
    if not same:
        raise OutputError(f"the worker on {socket.gethostname()} sees another campaign in {campaign.place}")


def _stamp() -> str:
    return f"{version('steppe')} with the kernels {source_stamp()}"


def _result(reference: Any) -> Tally | None:
    """Return what a worker has flown, or None if it was lost.

    Raises
    ------
    SteppeError
        What the worker was refused.
    """
    import ray
    from ray import exceptions

    lost = (
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.OutOfMemoryError,
        exceptions.ObjectLostError,
    )
    try:
        found = ray.get(reference)
    except lost:
        return None
    except exceptions.RayTaskError as problem:
        if isinstance(problem.cause, ImportError):
            raise ConfigError(
                f"a worker cannot load steppe ({problem.cause}); install the same version on all machines",
                key="--executor ray",
            ) from problem
        raise
    if isinstance(found, Refusal):
        raise getattr(errors, found.kind)(found.text)
    assert isinstance(found, Tally)
    return found


def _given_up(number: int) -> str:
    return (
        f"shard {number} lost its worker {_ATTEMPTS} times (killed, out of memory, or its machine went away); the "
        "shards that were written are there: mend the machine and complete the campaign with --resume"
    )


def _check_reachable(address: str) -> None:
    found = _ADDRESS.fullmatch(address)
    if found is None:  # "auto" and the like: Ray knows
        return
    try:
        socket.create_connection((found["host"], int(found["port"])), timeout=_REACH_S).close()
    except (OSError, OverflowError) as problem:
        raise ConfigError(
            f"no Ray cluster answers at {address} ({problem}); check it, or unset it to start a small one here",
            key="RAY_ADDRESS",
        ) from problem


@contextmanager
def _cluster(cores: int) -> Iterator[None]:
    """Join or start a cluster for a while; one that the caller has joined already is used and left alone."""
    address = os.environ.get("RAY_ADDRESS")
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"logging_level": "error", "log_to_driver": False}
    own = {
        "num_cpus": cores or usable_cores(),
        "include_dashboard": False,
        "object_store_memory": _OBJECT_STORE_BYTES,
    }
    try:
        ray.init(address=address, **quiet) if address else ray.init(address="local", **own, **quiet)
    except (OSError, RuntimeError, ValueError, TimeoutError) as problem:
        reason = " ".join(str(problem).split())
        if address:
            raise ConfigError(
                f"cannot join the Ray cluster at {address}: {reason}; if it asks for a token, set "
                "RAY_AUTH_MODE=token and RAY_AUTH_TOKEN as on its machines",
                key="RAY_ADDRESS",
            ) from problem
        raise ConfigError(f"cannot start Ray on this machine: {reason}", key="--executor ray") from problem
    try:
        yield
    finally:
        ray.shutdown()
