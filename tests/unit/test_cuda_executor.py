"""The executor for graphics cards, in numba's simulator: it has the inputs of the lanes and lands where they land."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from steppe.cli.main import run
from steppe.config.loader import load_mission
from steppe.ensemble.campaign import plan_campaign, run_campaign
from steppe.ensemble.cuda_executor import chunked
from steppe.ensemble.manifest import INPUT_PREFIX
from steppe.ensemble.store import Campaign, gather

ROOT = Path(__file__).parents[2]

# Two samples in shards of one, one at a time on the card: one shard for each chunk, since shards fly whole
SIMULATED = """
import sys
import numba
from steppe.config.loader import load_mission
from steppe.ensemble.campaign import plan_campaign, run_campaign
from steppe.ensemble.cuda_executor import CudaExecutor
assert numba.config.ENABLE_CUDASIM
plan = plan_campaign(load_mission(sys.argv[1]), "quick.toml", 2, 5, shard_size=1)
tally = run_campaign(plan, sys.argv[2], resume=False, executor=CudaExecutor(at_once=1))
assert (tally.flown, tally.count) == (2, 2), tally
"""


def quick(folder: Path) -> Path:
    """Write an entry without guidance."""
    path = folder / "quick.toml"
    entry = (ROOT / "examples" / "soyuz-from-entry.toml").read_text(encoding="utf-8")
    path.write_text(entry + '\n[guidance]\nlaw = "open-loop"\n', encoding="utf-8")
    return path


def test_a_campaign_in_the_simulator_is_that_of_the_lanes(tmp_path: Path) -> None:
    mission = quick(tmp_path)
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": path}
    words = [sys.executable, "-c", SIMULATED, str(mission), str(tmp_path / "card")]
    done = subprocess.run(words, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    plan = plan_campaign(load_mission(mission), "quick.toml", 2, 5, shard_size=1)
    run_campaign(plan, tmp_path / "lanes", resume=False)
    names = plan.spec.names
    card, lanes = (gather(Campaign.open(tmp_path / where), names) for where in ("card", "lanes"))
    for name in names:
        if name.startswith(INPUT_PREFIX) or name in ("sample", "status"):
            assert card[name].tolist() == lanes[name].tolist(), name
        else:
            assert np.allclose(card[name], lanes[name], rtol=1e-6, atol=1e-6, equal_nan=True), name


def test_shards_that_fly_together_are_whole(tmp_path: Path) -> None:
    plan = plan_campaign(load_mission(quick(tmp_path)), "quick.toml", 95, 5, shard_size=10)
    assert list(chunked(plan, range(10), 34)) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert list(chunked(plan, [0, 4, 9], 5)) == [[0], [4], [9]]
    assert list(chunked(plan, [], 5)) == []


def test_without_a_card_nothing_is_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from numba import cuda

    if cuda.is_available():
        pytest.skip("this machine has an NVIDIA card")
    folder = tmp_path / "campaign"
    assert run(["disperse", str(quick(tmp_path)), "-n", "2", "--executor", "cuda", "--out", str(folder)]) == 1
    assert "steppe doctor" in capsys.readouterr().err
    assert not folder.exists()
