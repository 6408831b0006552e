"""The returns of the graphics card: its function on the processor, its kernel in numba's simulator and on a card."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import returns_case

from steppe.errors import ConfigError
from steppe.kernels import cuda as card
from steppe.kernels import ends as e
from steppe.kernels import returns
from steppe.kernels.return_care import Setting

COUNT = 6

# Flies returns in the simulator, one thread each, and prints their ends
SIMULATED = """
import json, numba.cuda, returns_case as c
from steppe.kernels import cuda as card
assert numba.config.ENABLE_CUDASIM
ends = card.fly_returns_cuda(c.world(), c.world(), c.guide(), c.phases(), c.starts(3), c.RULES)
print(json.dumps(ends.tolist()))
"""


@pytest.fixture(scope="module")
def lanes() -> np.ndarray:
    world = returns_case.world()
    return returns.fly_many_returns(
        returns.fly_returns, world, world, returns_case.guide(), returns_case.phases(), returns_case.starts(COUNT),
        returns_case.RULES,
    )  # fmt: skip


def _same(ends: np.ndarray, lanes: np.ndarray) -> None:
    assert np.array_equal(ends[:, e.END_CODE], lanes[:, e.END_CODE])
    assert np.array_equal(ends[:, e.END_STEPS], lanes[:, e.END_STEPS])
    assert np.allclose(ends, lanes, rtol=1e-11, atol=1e-5)


def test_the_function_of_the_card_flies_what_the_lanes_fly(lanes: np.ndarray) -> None:
    world = returns_case.world()
    setting = Setting(world, world, returns_case.guide(), returns_case.RULES)
    tables = card.make_tables(setting, returns_case.phases(), returns_case.starts(COUNT))
    card.fly_returns_one_by_one(setting, tables)
    _same(tables.returns.ends, lanes)


def test_the_function_of_the_card_flies_dispersed_cases() -> None:
    setting, cases = returns_case.dispersed(COUNT)
    tables, shape = [], (COUNT, returns_case.phases().shape[1] + 1, 12)
    for _ in range(2):
        tables.append(
            card.make_tables(setting, returns_case.phases(), returns_case.starts(COUNT), cases, np.zeros(shape))
        )
    card.fly_returns_one_by_one(setting, tables[0])
    returns.fly_dispersed_returns(setting, tables[1].returns, returns.make_room(returns.WIDTH))
    _same(tables[0].returns.ends, tables[1].returns.ends)
    assert np.allclose(tables[0].returns.begins, tables[1].returns.begins, rtol=0.0, atol=1e-5)


def test_the_kernel_runs_in_the_simulator(lanes: np.ndarray) -> None:
    here = str(Path(__file__).parent)
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", SIMULATED], env=environment, capture_output=True, encoding="utf-8", timeout=300,
        check=True,
    )  # fmt: skip
    _same(np.array(json.loads(done.stdout)), lanes[:3])


def _has_card() -> bool:
    from numba import cuda

    return bool(cuda.is_available())


def test_the_kernel_runs_on_a_card(lanes: np.ndarray) -> None:
    if not _has_card():
        pytest.skip("this machine has no NVIDIA card that numba can use ('steppe doctor' says more)")
    world = returns_case.world()
    ends = card.fly_returns_cuda(
        world, world, returns_case.guide(), returns_case.phases(), returns_case.starts(COUNT), returns_case.RULES
    )
    _same(ends, lanes)


def test_a_machine_without_a_card_is_told_so() -> None:
    if _has_card():
        pytest.skip("this machine has an NVIDIA card")
    world = returns_case.world()
    with pytest.raises(ConfigError, match="steppe doctor"):
        card.fly_returns_cuda(
            world, world, returns_case.guide(), returns_case.phases(), returns_case.starts(1), returns_case.RULES
        )


def test_wrong_shapes_are_explained() -> None:
    world = returns_case.world()
    setting = Setting(world, world, returns_case.guide(), returns_case.RULES)
    with pytest.raises(ConfigError, match=r"shape \(n, 10\)"):
        card.make_tables(setting, returns_case.phases(), np.zeros((2, 3)))
    with pytest.raises(ConfigError, match="phases"):
        card.make_tables(setting, np.zeros((3, 1, 31)), returns_case.starts(2))
    with pytest.raises(ConfigError, match="cases"):
        card.make_tables(setting, returns_case.phases(), returns_case.starts(2), np.zeros((2, 3)))
    with pytest.raises(ConfigError, match="profiles that begin"):
        card.make_tables(setting, returns_case.phases(), returns_case.starts(2), np.full((2, 21), 7.0))
    with pytest.raises(ConfigError, match="begins"):
        card.make_tables(setting, returns_case.phases(), returns_case.starts(2), None, np.zeros((2, 2, 12)))
