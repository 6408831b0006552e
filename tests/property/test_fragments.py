"""What must hold for every piece of a break-up."""

from __future__ import annotations

import numpy as np
import pytest
from fragment_factory import BREAK_UP, case_of, fly, material, sphere, standard_world
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.config.debris import Piece
from steppe.config.surroundings import Earth
from steppe.errors import DEMISED, LANDED
from steppe.frames.geodetic import itrf_to_geodetic
from steppe.kernels import fragments as fr

DIAMETERS = st.floats(0.1, 2.0)
DENSITIES = st.floats(20.0, 5000.0)
NEVER = 1e5


def ground_range(ends: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the angle from the start in rad."""
    there = ends[fr.X : fr.Z + 1] / np.linalg.norm(ends[fr.X : fr.Z + 1], axis=0)
    here = first[fr.X : fr.Z + 1] / np.linalg.norm(first[fr.X : fr.Z + 1])
    return np.arccos(here @ there)


@settings(max_examples=15)
@given(DIAMETERS, st.floats(5.0, 500.0), st.floats(1.1, 5.0))
def test_a_heavier_piece_of_the_same_shape_flies_farther(diameter_m: float, mass_kg: float, times: float) -> None:
    cases = [case_of(sphere(diameter_m, m), material("steel"), MELTING=NEVER) for m in (mass_kg, times * mass_kg)]
    ends = fly(cases)
    assert np.all(ends[fr.END_CODE] == LANDED)
    light, heavy = ground_range(ends, cases[0])
    assert heavy > light
    assert ends[fr.END_SPEED, 1] > ends[fr.END_SPEED, 0]


@settings(max_examples=10)
@given(st.floats(0.3, 2.0), st.floats(5.0, 40.0))
def test_what_is_left_of_a_sheet_is_a_smaller_sheet(length_m: float, mass_kg: float) -> None:
    """A quarter of a sheet flies, takes heat and melts as a sheet of half its sides does."""
    whole = Piece(name="p", mass_kg=mass_kg, shape="plate", length_m=length_m, width_m=length_m, material="x")
    half = whole.model_copy(update={"length_m": 0.5 * length_m, "width_m": 0.5 * length_m, "mass_kg": 0.25 * mass_kg})
    left = case_of(whole, material("steel"), MASS=0.25 * mass_kg)
    small = case_of(half, material("steel"), LENGTH=whole.longest_m)
    ends = fly([left, small], least_share=1e-6)
    assert ends[: fr.TIME + 1, 0] == pytest.approx(ends[: fr.TIME + 1, 1], rel=1e-6)


@settings(max_examples=15)
@given(
    st.sampled_from(["aluminium", "titanium", "steel", "copper", "polymer", "electronics"]),
    DIAMETERS, DENSITIES, st.floats(0.3, 3.0),
)  # fmt: skip
def test_heat_in_is_radiated_stored_or_carried_away(
    name: str, diameter_m: float, density: float, factor: float
) -> None:
    of, mass_kg = material(name), density * np.pi / 6.0 * diameter_m**3
    case = case_of(sphere(diameter_m, mass_kg), of, HEAT_FACTOR=factor)
    end = fly([case])[:, 0]
    left = end[fr.MASS]
    stored = left * of.specific_heat_j_kg_k * (end[fr.TEMPERATURE] - 300.0)
    carried = (mass_kg - left) * (of.heat_of_fusion_j_kg + of.specific_heat_j_kg_k * (of.melting_k - 300.0))
    scale = end[fr.END_HEAT] + carried
    assert end[fr.END_HEAT] == pytest.approx(end[fr.END_RADIATED] + stored + carried, abs=1e-9 * scale)
    assert 0.0 <= left <= mass_kg
    assert end[fr.END_HOTTEST] <= of.melting_k + 1e-9
    assert (end[fr.END_CODE] == DEMISED) == (left <= 0.01 * mass_kg)


@settings(max_examples=15)
@given(DIAMETERS, DENSITIES, st.floats(1.05, 3.0))
def test_what_melts_later_keeps_more(diameter_m: float, density: float, times: float) -> None:
    """A higher melting temperature, heat of fusion or specific heat never leaves less mass."""
    mass_kg, of = density * np.pi / 6.0 * diameter_m**3, material("aluminium")
    piece = sphere(diameter_m, mass_kg)
    harder = [
        case_of(piece, of),
        case_of(piece, of, MELTING=times * of.melting_k),
        case_of(piece, of, FUSION=times * of.heat_of_fusion_j_kg),
        case_of(piece, of, CAPACITY=times * of.specific_heat_j_kg_k),
    ]
    left = fly(harder)[fr.MASS] / mass_kg
    # both below 1 % is burned up
    assert np.all(left[1:] >= left[0] - 0.01)


@settings(max_examples=15)
@given(DIAMETERS, st.floats(10.0, 500.0), st.floats(0.02, 0.3))
def test_lift_to_either_side_is_a_mirror_image(diameter_m: float, mass_kg: float, ratio: float) -> None:
    """Along the equator of an Earth that does not turn, right and left are the same."""
    world = standard_world(Earth(rotating=False, zonal_degree=2))
    where = (*BREAK_UP[:3], 90.0, 0.0, 0.0)
    piece = Piece(name="p", mass_kg=mass_kg, shape="box", length_m=diameter_m, width_m=0.5 * diameter_m,
                  height_m=0.3, material="x")  # fmt: skip
    cases = [case_of(piece, material("steel"), where, LIFT=ratio, SINE=side, COSINE=0.0) for side in (1.0, -1.0)]
    ends = fly(cases, world)
    assert ends[fr.Z, 0] == pytest.approx(-ends[fr.Z, 1], abs=1e-3)
    assert ends[fr.Z, 0] < 0.0  # positive roll is to the right, which is south
    assert ends[[fr.X, fr.Y, fr.TIME], 0] == pytest.approx(ends[[fr.X, fr.Y, fr.TIME], 1], rel=1e-9)


@settings(max_examples=15)
@given(st.lists(st.tuples(DIAMETERS, DENSITIES), min_size=2, max_size=70), st.randoms(use_true_random=False))
def test_a_piece_does_not_know_its_neighbours(sizes: list[tuple[float, float]], random: object) -> None:
    cases = [case_of(sphere(d, rho * np.pi / 6.0 * d**3), material("aluminium")) for d, rho in sizes]
    together = fly(cases)
    alone = fly([cases[len(cases) // 2]])[:, 0]
    assert together[:, len(cases) // 2].tobytes() == alone.tobytes()
    order = np.arange(len(cases))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert fly([cases[i] for i in order]).tobytes() == np.ascontiguousarray(together[:, order]).tobytes()


def test_pieces_end_on_the_ground() -> None:
    piece = sphere(0.4, 30.0)
    ends = fly([case_of(piece, material("titanium"), GROUND=height) for height in (0.0, 100.0, 2000.0)])
    _, _, altitude = itrf_to_geodetic(ends[fr.X : fr.Z + 1])
    assert altitude == pytest.approx([0.0, 100.0, 2000.0], abs=0.02)
    assert ends[fr.END_ALTITUDE] == pytest.approx([0.0, 100.0, 2000.0], abs=0.02)
