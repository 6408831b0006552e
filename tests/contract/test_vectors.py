"""The lane loop is compiled to vector instructions: nobody loses the six-fold by accident."""

from __future__ import annotations

import re

import numpy as np
import pytest
from llvmlite import binding

from steppe.environment.air import exponential_air
from steppe.ground.pieces import FALL, tumble_table
from steppe.kernels import entry_case, fragments, lanes, return_steps, returns
from steppe.kernels.phase import Rules

# Arithmetic on packed doubles in registers of 256 or 512 bits
_PACKED = re.compile(r"\bv(?:mul|fn?m(?:add|sub)\d{3}|div|sqrt)pd\b[^\n]*%[yz]mm")
_SCALAR = re.compile(r"\bv(?:mul|fn?m(?:add|sub)\d{3}|div|sqrt)sd\b")
_LIBM = re.compile(r"\bcall\w*\s+[^\n]*\b(?:exp|log|pow|sin|cos|tan|atan2?|acos|asin)\b")


@pytest.fixture(scope="module")
def assembly() -> str:
    if not binding.get_host_cpu_features().get("avx2"):
        pytest.skip(f"the processor {binding.get_host_cpu_name()} has no AVX2, so the lanes are no vectors here")
    air = exponential_air(entry_case.SURFACE_DENSITY_KG_M3, entry_case.SCALE_HEIGHT_M, 250.0)
    rows = entry_case.entry_cases(64)
    table = rows.repeat(2, axis=0)[: lanes.LANE_ROWS].copy()
    # The loop is not cached by itself, so this call compiles it whether or not its driver came from the disk
    entry_case.step_entries(entry_case.entry_world(air), entry_case.FAST, table)
    return next(iter(entry_case.step_entries.inspect_asm().values()))


def test_the_lane_loop_is_vectorised(assembly: str) -> None:
    # Six stages with some forty multiplications each; AVX2 and AVX-512 both give more than 400
    assert len(_PACKED.findall(assembly)) > 200


def test_nothing_is_left_to_scalars_but_the_remainder(assembly: str) -> None:
    packed, scalar = len(_PACKED.findall(assembly)), len(_SCALAR.findall(assembly))
    assert scalar < 1.5 * packed


def test_every_square_root_is_packed(assembly: str) -> None:
    # Three a stage: radius, airspeed, direction of lift
    assert len(re.findall(r"vsqrtpd[^\n]*%[yz]mm", assembly)) >= 18


def test_the_loop_calls_no_libm(assembly: str) -> None:
    assert _LIBM.findall(assembly) == []


def test_noalias_stays_confined(assembly: str) -> None:
    """The flag is set for this loop only, never as numba's default."""
    from numba.core.compiler import Flags

    assert assembly
    assert not Flags().noalias


@pytest.fixture(scope="module", params=["step_returns", "step_dispersed_returns"])
def returns_assembly(request: pytest.FixtureRequest) -> str:
    if not binding.get_host_cpu_features().get("avx2"):
        pytest.skip(f"the processor {binding.get_host_cpu_name()} has no AVX2, so the lanes are no vectors here")
    air = exponential_air(entry_case.SURFACE_DENSITY_KG_M3, entry_case.SCALE_HEIGHT_M, 250.0)
    world, rows = entry_case.entry_world(air), np.ones(return_steps.LANE_ROWS * return_steps.BLOCK)
    rows[return_steps.OWN * return_steps.BLOCK :] = 0.0
    loop = getattr(returns, request.param)
    loop(world, world, Rules(0.0, 1e9, 1e9), rows)
    return next(iter(loop.inspect_asm().values()))


def test_the_loop_over_returns_is_vectorised(returns_assembly: str) -> None:
    """The laws with tables, without and with deviations; AVX-512 gives 1200 packed instructions and 14 scalar ones."""
    packed, scalar = len(_PACKED.findall(returns_assembly)), len(_SCALAR.findall(returns_assembly))
    assert packed > 500
    assert scalar < 0.2 * packed


def test_the_loop_over_returns_calls_no_libm(returns_assembly: str) -> None:
    assert _LIBM.findall(returns_assembly) == []


def test_the_loop_over_fragments_is_vectorised() -> None:
    """Tables of drag by shape and two steps of heat besides the motion; AVX-512 gives 1000 packed and 7 scalar."""
    if not binding.get_host_cpu_features().get("avx2"):
        pytest.skip(f"the processor {binding.get_host_cpu_name()} has no AVX2, so the lanes are no vectors here")
    air = exponential_air(entry_case.SURFACE_DENSITY_KG_M3, entry_case.SCALE_HEIGHT_M, 250.0)
    world = entry_case.entry_world(air)._replace(aero=tumble_table())  # type: ignore[arg-type]
    fragments.step_fragments(world, FALL, np.ones(fragments.LANE_ROWS * fragments.BLOCK))
    text = next(iter(fragments.step_fragments.inspect_asm().values()))
    packed, scalar = len(_PACKED.findall(text)), len(_SCALAR.findall(text))
    assert packed > 500
    assert scalar < 0.2 * packed
    assert _LIBM.findall(text) == []
