"""A sample depends on the seed and its number alone, whatever is drawn beside it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.config.dispersible import DISPERSIBLES
from steppe.config.dispersions import Dispersions
from steppe.config.loader import load_dispersions
from steppe.ensemble.sampling import Samples, draw

SOYUZ = load_dispersions("soyuz-ms")
seeds = st.integers(0, 2**64 - 1)
indices = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=40)


def _bits(samples: Samples) -> dict[str, bytes]:
    tables = {
        "density": samples.density_factor,
        "east": samples.wind_east_m_s,
        "north": samples.wind_north_m_s,
        **samples.columns,
    }
    return {name: np.ascontiguousarray(table).tobytes() for name, table in tables.items()}


def _taken(samples: Samples, order: list[int]) -> dict[str, bytes]:
    tables = {
        "density": samples.density_factor,
        "east": samples.wind_east_m_s,
        "north": samples.wind_north_m_s,
        **samples.columns,
    }
    return {name: np.ascontiguousarray(table[order]).tobytes() for name, table in tables.items()}


@given(seed=seeds, numbers=indices, data=st.data())
@settings(max_examples=40)
def test_any_order_gives_the_same_bits(seed: int, numbers: list[int], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(numbers))))
    assert _bits(draw(SOYUZ, seed, [numbers[i] for i in order])) == _taken(draw(SOYUZ, seed, numbers), order)


@given(seed=seeds, size=st.integers(1, 200), cut=st.integers(1, 70))
@settings(max_examples=30)
def test_any_shard_size_gives_the_same_bits(seed: int, size: int, cut: int) -> None:
    whole = _bits(draw(SOYUZ, seed, np.arange(size)))
    parts = [_bits(draw(SOYUZ, seed, np.arange(first, min(first + cut, size)))) for first in range(0, size, cut)]
    for name, bits in whole.items():
        assert b"".join(part[name] for part in parts) == bits


@given(seed=seeds, numbers=indices, kept=st.sets(st.sampled_from(sorted(DISPERSIBLES))))
@settings(max_examples=40)
def test_other_parameters_and_their_order_change_nothing(seed: int, numbers: list[int], kept: set[str]) -> None:
    pair = {name for group in SOYUZ.correlation for name in group.parameters}
    entries = tuple(entry for entry in reversed(SOYUZ.parameter) if entry.name in kept - pair)
    fewer = _bits(draw(Dispersions(parameter=entries, wind=SOYUZ.wind), seed, numbers))
    all_of_them = _bits(draw(SOYUZ, seed, numbers))
    for name in {entry.name for entry in entries} | {"east", "north"}:
        assert fewer[name] == all_of_them[name]


@given(seed=st.integers(0, 2**64 - 2), number=st.integers(0, 2**63 - 2))
@settings(max_examples=40)
def test_another_seed_or_number_gives_another_sample(seed: int, number: int) -> None:
    here = draw(SOYUZ, seed, [number, number + 1])
    there = draw(SOYUZ, seed + 1, [number])
    # Few values, such as the number of silent engines, repeat
    rough = {entry.name for entry in SOYUZ.parameter if entry.distribution == "empirical"}
    assert len(rough) < len(here.columns) // 2
    for name in here.columns.keys() - rough:
        column = here.columns[name]
        assert column[0] != column[1], name
        assert column[0] != there.columns[name][0], name
