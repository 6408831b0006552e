"""``steppe bench``: what it prints, and its exit code for an engine that misses the exact ends."""

from __future__ import annotations

import json
import math

import pytest

from steppe.cli import bench
from steppe.cli.main import run


def test_bench_entry_prints_strict_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "entry", "--json", "-n", "64", "--repeat", "1"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["trajectories_per_second_per_core"] == pytest.approx(1e6 / report["microseconds_each"])
    assert 0.0 < report["max_end_error_m"] < 1.0
    assert 0.0 < report["max_end_speed_error_m_s"] < 0.01
    assert report["cores"] == 1
    assert set(report["versions"]) == {"steppe", "numba", "llvmlite", "numpy", "python"}


def test_bench_entry_fails_when_an_end_is_too_far(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "LARGEST_ERROR_M", 1e-6)
    assert run(["bench", "entry", "-n", "64", "--repeat", "1"]) == bench.INACCURATE
    assert "from the truth" in capsys.readouterr().err


def test_bench_refuses_too_few(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "entry", "-n", "3"]) == 1
    assert "8" in capsys.readouterr().err


def test_a_case_that_never_ended_is_infinitely_far() -> None:
    assert bench._finite(math.inf) == 1e300
