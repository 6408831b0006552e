"""Catalogues of fragments, and the debris of a return."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fragment_factory import case_of, fly, material, sphere

from steppe.config.debris import Piece
from steppe.config.loader import debris_names, load_debris, load_mission
from steppe.config.reproducible import write_reproducible
from steppe.errors import DEMISED, LANDED, ConfigError
from steppe.frames.geodetic import geodesic_distance_m
from steppe.ground import debris as db
from steppe.ground.pieces import check_masses, fly_pieces, load_debris_of, roster_of
from steppe.kernels import fragments as fr

SMALL = """
name = "small"
[break_up]
altitude_m = "78 km"
altitude_sigma_m = 3000
ballistic_factor = 1.5
heat_factor = 1.25
lift_to_drag = 0.2
added_speed_m_s = 50
source = "test"
[[material]]
name = "steel"
density_kg_m3 = 7951
specific_heat_j_kg_k = 586
melting_k = 1665
heat_of_fusion_j_kg = 270300
emissivity = 0.4
source = "test"
[[module]]
name = "orbital_module"
mass_kg = 100
pieces = [{ name = "ball", number = 10, mass_kg = 10, shape = "sphere", diameter_m = 0.3, material = "steel" }]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "small.toml"
    path.write_text(text)
    return path


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_preset_closes_and_fits_the_vehicle() -> None:
    assert "soyuz-ms" in debris_names()
    catalogue = load_debris_of(load_mission("ms-21"))
    for body in catalogue.bodies:
        total = body.vented_kg + sum(piece.number * piece.mass_kg for piece in body.pieces)
        assert total == pytest.approx(body.mass_kg, abs=0.5)
    vehicle = load_mission("ms-21").vehicle
    assert vehicle.parachutes is not None
    released = {stage.name: stage.release_mass_kg for stage in vehicle.parachutes.stages}
    released["parachute_command"] = released["pilot_chutes"]
    for body in catalogue.dropped:
        assert body.mass_kg == released[body.event]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("mass_kg = 100", "mass_kg = 120", "pieces and vented_kg weigh 100.0 kg together, but mass_kg = 120"),
        ('material = "steel" }', 'material = "stel" }', "did you mean 'steel'?"),
        ("diameter_m = 0.3", "length_m = 0.3", "'ball' is a sphere and needs diameter_m"),
        ("number = 10", "number = 0", "at least 1|from 1 to 1000"),
        ("emissivity = 0.4", "emissivity = 0.4\nemissivity_hot = 0.2", "must not be below emissivity"),
        ("added_speed_m_s = 50", "added_speed = 50", "did you mean 'added_speed_m_s'"),
    ],
)
def test_a_wrong_catalogue_says_what_is_wrong(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in SMALL
    with pytest.raises(ConfigError, match=says):
        load_debris(written(tmp_path, SMALL.replace(old, new)))


def test_a_catalogue_must_be_of_the_vehicle(tmp_path: Path) -> None:
    catalogue = load_debris(written(tmp_path, SMALL))
    with pytest.raises(ConfigError, match="nothing is said about the module 'instrument_module'"):
        check_masses(catalogue, {"orbital_module": 100.0, "instrument_module": 2140.0})
    with pytest.raises(ConfigError, match="weighs 100 kg here and 1300 kg in the vehicle file"):
        check_masses(catalogue, {"orbital_module": 1300.0})
    with pytest.raises(ConfigError, match="the vehicle has no module 'orbital_module', did you mean 'orbit_module'"):
        check_masses(catalogue, {"orbit_module": 100.0})


def test_a_catalogue_of_its_own_is_copied_and_counts_with_its_content(tmp_path: Path) -> None:
    write_reproducible(load_mission("ms-21"), tmp_path)
    vehicle = tmp_path / "vehicle.toml"
    text = vehicle.read_text()
    assert text.count("[split]") == 1
    vehicle.write_text(text.replace("[split]", '[split]\ndebris = "small.toml"'))
    with pytest.raises(ConfigError, match=r"cannot read '.*small\.toml'"):
        load_mission(tmp_path / "mission.toml")
    file = written(tmp_path, SMALL)
    loaded = load_mission(tmp_path / "mission.toml")
    first = loaded.config_hash
    write_reproducible(loaded, tmp_path / "copy")
    again = load_mission(tmp_path / "copy" / "mission.toml")
    assert (tmp_path / "copy" / "debris.toml").read_bytes() == file.read_bytes()
    assert again.config_hash == first != load_mission("ms-21").config_hash
    file.write_text(SMALL.replace("lift_to_drag = 0.2", "lift_to_drag = 0.3"))
    assert load_mission(tmp_path / "mission.toml").config_hash != first
    assert again.config_hash == first


def test_sizes_of_pieces() -> None:
    box = Piece(name="b", mass_kg=1.0, shape="box", length_m=1.0, width_m=2.0, height_m=3.0, material="x")
    assert box.surface_m2 == 22.0
    assert box.mean_section_m2 == 5.5
    plate = Piece(name="p", mass_kg=1.0, shape="plate", length_m=1.0, width_m=2.0, material="x")
    assert plate.surface_m2 == 4.0
    cylinder = Piece(name="c", mass_kg=1.0, shape="cylinder", diameter_m=2.0, length_m=3.0, material="x")
    assert cylinder.surface_m2 == pytest.approx(8.0 * np.pi)
    ball = sphere(2.0, 1.0)
    # A sphere seen from anywhere shows pi r^2, and is its own radius
    assert ball.mean_section_m2 == pytest.approx(np.pi)
    assert ball.heat_radius_m == 1.0
    # The side of a long cylinder counts for twice its radius
    long = Piece(name="c", mass_kg=1.0, shape="cylinder", diameter_m=0.02, length_m=10.0, material="x")
    assert long.heat_radius_m == pytest.approx(0.02, rel=0.01)


def test_shorter_steps_change_little() -> None:
    pieces = [
        (sphere(0.75, 26.0), "aluminium"),
        (sphere(0.4, 12.0), "titanium"),
        (Piece(name="p", mass_kg=4.75, shape="plate", length_m=0.85, width_m=0.85, material="x"), "aluminium"),
        (Piece(name="p", mass_kg=3.0, shape="cylinder", diameter_m=0.09, length_m=0.25, material="x"), "inconel"),
    ]
    cases = [case_of(piece, material(name)) for piece, name in pieces]
    usual, fine = fly(cases), fly(cases, longest_s=0.1, share=0.25, slow_share=1.0)
    assert np.all(usual[fr.END_CODE] == fine[fr.END_CODE])
    apart_m = np.linalg.norm(usual[fr.X : fr.Z + 1] - fine[fr.X : fr.Z + 1], axis=0)
    # Wind and drag scatter the same pieces by tens of kilometres; the sheet loses most of its mass
    assert apart_m[[0, 1, 3]].max() < 200.0
    assert apart_m.max() < 2000.0
    assert np.abs(usual[fr.MASS] - fine[fr.MASS]).max() / 26.0 < 0.002


def test_cases_of_another_shape_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected an array of shape"):
        fly_pieces(None, np.zeros((3, 4)))  # type: ignore[arg-type]


# --- a return ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def debris() -> db.Debris:
    return db.fly_debris(load_mission("ms-11"), 3, 7, cores=1)


def test_no_piece_is_missing(debris: db.Debris) -> None:
    pieces = len(roster_of(debris.catalogue)) + 1
    for case in (debris.nominal, debris.ballistic, debris.dispersed):
        assert len(case) == 3 * pieces == debris.first_mass_kg.size
        assert set(np.unique(case.status)) <= {LANDED, DEMISED}
        for column in (case.time_s, case.latitude_deg, case.longitude_deg, case.speed_m_s, case.mass_kg,
                       case.section_m2, case.energy_j):  # fmt: skip
            assert np.array_equal(np.isfinite(column), case.landed)
        fragments = case.landed & (case.body < len(case.bodies) - 1)
        assert np.all(case.mass_kg[fragments] <= debris.first_mass_kg[fragments] + 1e-9)
        assert np.all(case.energy_j[case.landed] > 0.0)
        assert 0 < case.harmful.sum() <= case.landed.sum()


def test_threads_and_order_change_no_bit(debris: db.Debris, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "_DRAWN_AT_ONCE", 1)
    again = db.fly_debris(load_mission("ms-11"), 3, 7, cores=2)
    for name in ("nominal", "ballistic", "dispersed"):
        one, other = getattr(debris, name), getattr(again, name)
        for column in ("status", "time_s", "latitude_deg", "longitude_deg", "speed_m_s", "mass_kg", "energy_j"):
            assert getattr(one, column).tobytes() == getattr(other, column).tobytes(), (name, column)
    fewer = db.fly_debris(load_mission("ms-11"), 2, 7, cores=1)
    kept = debris.nominal.where(debris.nominal.sample < 2)
    assert fewer.nominal.latitude_deg.tobytes() == kept.latitude_deg.tobytes()


def test_the_section_is_that_of_what_is_left(debris: db.Debris) -> None:
    roster, case = roster_of(debris.catalogue), debris.nominal
    first = np.tile(np.append(roster.section_m2, np.nan), 3)
    share = case.mass_kg / debris.first_mass_kg
    for name, smaller in (("shell_panel", share), ("gas_bottle", np.ones_like(share)), ("frame", 0.5 + 0.5 * share)):
        rows = case.landed & (case.piece == case.pieces.index(name))
        assert rows.any()
        assert case.section_m2[rows] == pytest.approx(first[rows] * smaller[rows])


def test_another_seed_is_another_break_up(debris: db.Debris) -> None:
    other = db.fly_debris(load_mission("ms-11"), 1, 8, cores=1)
    assert other.break_up_m["orbital_module"][0] != debris.break_up_m["orbital_module"][0]


def test_what_survives_and_where(debris: db.Debris) -> None:
    """10 to 40 % of the mass of large spacecraft survives (Klinkrad); UARS 9 %, ATV 28 % by prediction."""
    case = debris.nominal
    site = debris.capsule.columns
    here = np.radians([site["latitude_deg"][-1], site["longitude_deg"][-1]])
    for name in ("orbital_module", "instrument_module"):
        assert 0.09 < debris.surviving_share(case, name) < 0.40
        rows = (case.body == case.bodies.index(name)) & case.harmful
        places = np.radians([case.latitude_deg[rows], case.longitude_deg[rows]]).T
        short_km = [geodesic_distance_m(*here, *place) / 1e3 for place in places]
        low, high = np.percentile(short_km, [5, 95])
        assert 350.0 < low < high < 1500.0
    assert debris.surviving_share(case, "parachute_cover") == 1.0
    with pytest.raises(ConfigError, match="has no body 'x'"):
        debris.surviving_share(case, "x")


def test_the_ballistic_return_moves_the_capsule_and_not_the_modules(debris: db.Debris) -> None:
    modules = debris.nominal.body < 2
    assert np.array_equal(debris.nominal.latitude_deg[modules], debris.ballistic.latitude_deg[modules], equal_nan=True)
    capsule = debris.nominal.body == len(debris.nominal.bodies) - 1
    shield = debris.nominal.body == debris.nominal.bodies.index("heat_shield")
    for rows in (capsule, shield):
        short_deg = debris.nominal.longitude_deg[rows] - debris.ballistic.longitude_deg[rows]
        # some 420 km short
        assert np.all((short_deg > 3.0) & (short_deg < 7.0))
    # What falls from the capsule falls beside it
    apart = np.abs(debris.nominal.latitude_deg[shield] - debris.nominal.latitude_deg[capsule][0])
    assert apart.max() < 0.1


def test_tracks(debris: db.Debris) -> None:
    assert [track.body for track in debris.modules] == ["orbital_module", "instrument_module"]
    for track in debris.modules:
        assert track.columns["altitude_m"][-1] == pytest.approx(70e3, abs=1.0)
    assert debris.capsule.columns["time_s"][-1] > debris.ballistic_capsule.columns["time_s"][-1]


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least one sample"):
        db.fly_debris(load_mission("ms-11"), 0, 1)
    with pytest.raises(ConfigError, match="threads"):
        db.fly_debris(load_mission("ms-11"), 1, 1, cores=-1)
    with pytest.raises(ConfigError, match="seed"):
        db.fly_debris(load_mission("ms-11"), 1, -1)


def test_a_flight_without_a_split_has_no_debris() -> None:
    mission = load_mission(Path(__file__).parents[2] / "examples" / "apollo-like-entry.toml")
    with pytest.raises(ConfigError, match="split"):
        db.fly_debris(mission, 1, 1)
