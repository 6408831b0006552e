"""A campaign on real Ray workers: killed ones lose nothing, refusals reach the user, nothing is left running."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from steppe.cli.main import run
from steppe.config.loader import load_mission
from steppe.ensemble import ray_executor
from steppe.ensemble.campaign import plan_campaign, run_campaign
from steppe.ensemble.ray_executor import RayExecutor
from steppe.ensemble.run import Plan
from steppe.ensemble.store import Campaign, open_or_resume
from steppe.ensemble.tally import Tally
from steppe.errors import ConfigError, OutputError

pytest.importorskip("ray")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for the workers in /proc")

ROOT = Path(__file__).parents[2]
OPEN_LOOP = '\n[guidance]\nlaw = "open-loop"\n'


@pytest.fixture(scope="module")
def mission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An entry without guidance, which flies in three milliseconds."""
    path = tmp_path_factory.mktemp("mission") / "quick.toml"
    entry = (ROOT / "examples" / "soyuz-from-entry.toml").read_text(encoding="utf-8")
    path.write_text(entry + OPEN_LOOP, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plan(mission: Path) -> Plan:
    return plan_campaign(load_mission(mission), str(mission), 600, 5, shard_size=30)


@pytest.fixture(scope="module")
def local(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same campaign, flown here."""
    folder = tmp_path_factory.mktemp("local") / "campaign"
    run_campaign(plan, folder, resume=False, cores=1)
    return folder


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    with ray_executor._cluster(2):
        yield


def shards(folder: Path) -> dict[str, bytes]:
    """Return the files of the shards: not a bit may differ. The manifest has the date."""
    assert {path.name for path in folder.iterdir()} - {"manifest.json"} == {p.name for p in folder.glob("shard-*")}
    return {path.name: path.read_bytes() for path in folder.glob("shard-*.parquet")}


def processes_below(parent: int) -> dict[int, str]:
    """Return the processes that descend from one, with their command lines."""
    parents, commands = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    found: dict[int, str] = {}
    for number in sorted(parents):
        above = number
        while above in parents and above != parent:
            above = parents[above]
        if above == parent and number != parent:
            found[number] = commands[number]
    return found


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.usefixtures("two_workers")
def test_a_worker_killed_at_work_loses_and_doubles_nothing(plan: Plan, local: Path, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one(tally: Tally) -> None:
        at_work = [pid for pid, command in processes_below(os.getpid()).items() if command.startswith("ray::steppe")]
        if len(killed) < 2 and tally.flown >= 60 * (len(killed) + 1) and at_work:
            os.kill(at_work[0], signal.SIGKILL)
            killed.append(at_work[0])

    tally = run_campaign(plan, tmp_path / "a", resume=False, executor=RayExecutor(), report=kill_one)
    assert len(killed) == 2
    assert 1 <= tally.lost <= 2  # a worker may have been between two shards when it was hit
    assert (tally.flown, tally.count + sum(tally.failed.values())) == (600, 600)
    assert shards(tmp_path / "a") == shards(local)


@pytest.mark.usefixtures("two_workers")
def test_a_refusal_of_a_worker_ends_the_campaign_with_its_message(plan: Plan, tmp_path: Path) -> None:
    def pull_the_plug(tally: Tally) -> None:
        shutil.rmtree(tmp_path / "a", ignore_errors=True)

    # A worker that had begun cannot write; one that begins after the plug was pulled finds no campaign
    refusals = r"cannot write .*parent folder does not exist|does not see the campaign in .* holds no campaign"
    with pytest.raises(OutputError, match=refusals):
        run_campaign(plan, tmp_path / "a", resume=False, executor=RayExecutor(), report=pull_the_plug)


@pytest.mark.usefixtures("two_workers")
def test_a_shard_that_kills_its_workers_is_given_up(plan: Plan, tmp_path: Path) -> None:
    def deadly(shipped: list[object], name: str, number: int) -> Tally:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return Tally(flown=30)

    taken = open_or_resume(tmp_path / "a", plan.spec, resume=False)
    lost = 0
    with pytest.raises(OutputError, match="shard 3 lost its worker 4 times"):
        for part in RayExecutor()._fly(ray_executor.ship(plan, taken.campaign), taken.missing[:6], deadly):
            lost += part.lost
    assert lost == 3


@pytest.mark.usefixtures("two_workers")
def test_a_defect_in_a_worker_keeps_its_name(plan: Plan, tmp_path: Path) -> None:
    def faulty(shipped: list[object], name: str, number: int) -> Tally:
        raise ZeroDivisionError("a defect")

    taken = open_or_resume(tmp_path / "a", plan.spec, resume=False)
    with pytest.raises(ZeroDivisionError, match="a defect"):
        list(RayExecutor()._fly(ray_executor.ship(plan, taken.campaign), taken.missing[:2], faulty))


@pytest.mark.usefixtures("two_workers")
def test_workers_of_another_version_or_machine_are_refused(plan: Plan, tmp_path: Path) -> None:
    import ray

    campaign = Campaign.create(tmp_path / "a", plan.spec)
    other = ray_executor.Shipped("another steppe", b"", "other")
    refused = ray_executor.fly_shard([ray.put(other)], "other", 0)
    assert isinstance(refused, ray_executor.Refusal) and "install the same version" in refused.text
    shipped = ray_executor.ship(plan, campaign)
    # another machine has a folder of that name, and nothing in it
    (tmp_path / "a" / "manifest.json").unlink()
    refused = ray_executor.fly_shard([ray.put(shipped)], shipped.name, 0)
    assert isinstance(refused, ray_executor.Refusal) and "does not see the campaign" in refused.text


def test_a_killed_driver_leaves_no_worker_and_resumes(mission: Path, local: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    words = ["disperse", str(mission), "-n", "600", "--seed", "5", "--shard-size", "30", "--out", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "default"}
    environment.pop("RAY_ADDRESS", None)
    driver = subprocess.Popen(
        [sys.executable, "-m", "steppe.cli.main", *words, "--executor", "ray", "--cores", "2"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    give_up = time.monotonic() + 60.0
    while driver.poll() is None and len(list(folder.glob("shard-*"))) < 4:
        assert time.monotonic() < give_up
        time.sleep(0.005)
    below = processes_below(driver.pid)
    driver.send_signal(signal.SIGKILL)
    _, said = driver.communicate()
    assert any("raylet" in command for command in below.values())
    assert said == b""  # Ray is quiet
    there = len(list(folder.glob("shard-*.parquet")))
    assert 4 <= there < 20
    # two helpers of Ray, DashboardAgent and RuntimeEnvAgent, look for their server for a minute or more and end then
    serving = [pid for pid, command in below.items() if "Agent" not in command]
    while left := [pid for pid in serving if is_alive(pid)]:
        assert time.monotonic() < give_up, [below[pid] for pid in left]
        time.sleep(0.2)
    assert run([*words, "--resume", "--cores", "2"]) == 0
    assert shards(folder) == shards(local)


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_executor, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'steppe\[ray\]'"):
        RayExecutor()


def test_a_cluster_that_does_not_answer_is_said_at_once(
    mission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else gets this port
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{taken.getsockname()[1]}")
        folder = tmp_path / "campaign"
        assert run(["disperse", str(mission), "-n", "5", "--executor", "ray", "--out", str(folder)]) == 1
    assert "RAY_ADDRESS: no Ray cluster answers" in capsys.readouterr().err
    assert not folder.exists()
