"""Whole returns in lanes: the numbers of a single flight and of plain Python, the same bits for every width."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import returns_case

from steppe.errors import LANDED, LOAD_LIMIT, NEGATIVE_MASS, NOT_A_NUMBER, OUT_OF_TIME, SKIPPED_OUT, STATUS, ConfigError
from steppe.kernels import ends as e
from steppe.kernels import phase as k
from steppe.kernels import returns
from steppe.kernels.flying import fly_phases

COUNT = 70

# Flies two returns for a few guided seconds without the compiler, and prints their ends
PLAIN = """
import json, returns_case as c
from steppe.kernels import phase as k, returns
assert not hasattr(returns.fly_returns, "inspect_asm")
rows = c.phases()[:, :2]
rows[0, 0, [k.END_KIND, k.END_VALUE]] = k.AFTER_TIME, 3.2
rows[0, 1, [k.END_KIND, k.END_VALUE]] = k.AFTER_TIME, 4.0
ends = returns.fly_many_returns(returns.fly_returns, c.world(), c.world(), c.guide(), rows, c.starts(2), c.RULES)
print(json.dumps(ends.tolist()))
"""


def _fly(starts: np.ndarray, phases: np.ndarray | None = None, rules: k.Rules = returns_case.RULES, **options: int):  # type: ignore[no-untyped-def]
    world, rows = returns_case.world(), returns_case.phases() if phases is None else phases
    return returns.fly_many_returns(
        returns.fly_returns, world, world, returns_case.guide(), rows, starts, rules, **options
    )


@pytest.fixture(scope="module")
def ends() -> np.ndarray:
    return _fly(returns_case.starts(COUNT))


def test_all_returns_land(ends: np.ndarray) -> None:
    assert np.all(ends[:, e.END_CODE] == LANDED)
    assert np.all(ends[:, e.END_PHASES] == 5)
    assert np.all((ends[:, e.END_LOAD] > 2.0) & (ends[:, e.END_LOAD] < 20.0))


def test_lanes_fly_what_a_single_flight_flies(ends: np.ndarray) -> None:
    world, rows = returns_case.world(), returns_case.phases()[0]
    for case in (0, 3, COUNT - 1):
        record, begins = np.zeros((20_000, k.RECORD_COLUMNS)), np.zeros((6, k.RECORD_COLUMNS))
        code, _, begun = fly_phases(
            world,
            world,
            returns_case.guide(),
            rows,
            returns_case.starts(COUNT)[case],
            returns_case.RULES,
            record,
            begins,
        )
        last = begins[begun]
        assert (code, begun) == (ends[case, e.END_CODE], ends[case, e.END_PHASES])
        assert ends[case, e.END_TIME] == pytest.approx(last[k.TIME], abs=1e-6)
        assert np.allclose(ends[case, 1:9], last[k.X : k.SENSED + 1], rtol=0.0, atol=1e-6)
        command = slice(e.END_COMMAND, e.END_COMMAND + 3)
        assert np.allclose(ends[case, command], begins[2, k.X : k.Z + 1], rtol=0.0, atol=1e-6)


def test_lanes_agree_with_plain_python() -> None:
    here = str(Path(__file__).parent)
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN], env=environment, capture_output=True, encoding="utf-8", timeout=300, check=True
    )
    rows = returns_case.phases()[:, :2]
    rows[0, 0, [k.END_KIND, k.END_VALUE]] = k.AFTER_TIME, 3.2
    rows[0, 1, [k.END_KIND, k.END_VALUE]] = k.AFTER_TIME, 4.0
    plain, compiled = np.array(json.loads(done.stdout)), _fly(returns_case.starts(2), rows)
    assert compiled[0, e.END_STEPS] == 15
    assert np.allclose(plain, compiled, rtol=1e-13, atol=1e-7)


@pytest.mark.parametrize("width", [64, 96])
def test_width_changes_no_bit(ends: np.ndarray, width: int) -> None:
    assert np.array_equal(_fly(returns_case.starts(COUNT), width=width), ends)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(ends: np.ndarray, threads: int) -> None:
    assert np.array_equal(_fly(returns_case.starts(COUNT), threads=threads), ends)


def test_number_of_returns_changes_no_bit(ends: np.ndarray) -> None:
    starts = returns_case.starts(COUNT)
    assert np.array_equal(_fly(starts[:33]), ends[:33])
    assert _fly(starts[:0]).shape == (0, e.END_COLUMNS)


def test_own_phases_fly_the_same(ends: np.ndarray) -> None:
    rows = returns_case.phases().repeat(COUNT, axis=0)
    assert np.array_equal(_fly(returns_case.starts(COUNT), rows), ends)


def test_a_bad_return_ends_alone(ends: np.ndarray) -> None:
    starts = returns_case.starts(COUNT)
    starts[3, 1], starts[20, 5], starts[40, 7], starts[41, 7], starts[50, 0] = np.nan, np.inf, -1.0, 0.0, np.nan
    bad = {3: NOT_A_NUMBER, 20: NOT_A_NUMBER, 40: NEGATIVE_MASS, 50: NOT_A_NUMBER}
    flown = _fly(starts)
    for case, code in bad.items():
        assert flown[case, e.END_CODE] == code
        assert STATUS[int(flown[case, e.END_CODE])].hint
    assert flown[41, e.END_CODE] in (NOT_A_NUMBER, NEGATIVE_MASS)
    good = np.setdiff1d(np.arange(COUNT), [*bad, 41])
    assert np.array_equal(flown[good], ends[good])


def test_a_return_that_skips_out_says_so(ends: np.ndarray) -> None:
    starts = returns_case.starts(COUNT)
    starts[5, 4:7] *= 1.6
    starts[5, 4] = 2000.0
    flown = _fly(starts)
    assert flown[5, e.END_CODE] == SKIPPED_OUT
    assert np.array_equal(np.delete(flown, 5, axis=0), np.delete(ends, 5, axis=0))


def test_limits_of_load_and_time() -> None:
    flown = _fly(returns_case.starts(4), rules=k.Rules(300.0, 1.0, 1e9))
    assert np.all(flown[:, e.END_CODE] == LOAD_LIMIT)
    rows = returns_case.phases()
    rows[0, 1, k.TIME_LIMIT_S] = 10.0
    assert np.all(_fly(returns_case.starts(4), rows)[:, e.END_CODE] == OUT_OF_TIME)


def test_wrong_shapes_are_explained() -> None:
    with pytest.raises(ConfigError, match=r"shape \(n, 10\)"):
        _fly(np.zeros((3, 4)))
    with pytest.raises(ConfigError, match="phases"):
        _fly(returns_case.starts(2), np.zeros((3, 1, 31)))
    with pytest.raises(ConfigError, match="multiple of 32"):
        _fly(returns_case.starts(2), width=20)
    with pytest.raises(ConfigError, match="at least one thread"):
        _fly(returns_case.starts(2), threads=0)
