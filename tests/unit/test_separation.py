"""Dispersed separations: the same samples in any company, plain numbers, honest bounds, and errors that teach."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from steppe.config.dispersions import Dispersions
from steppe.config.loader import LoadedMission, load_dispersions, load_mission
from steppe.ensemble.statistics import upper_bound
from steppe.errors import ConfigError
from steppe.flight.failing import with_failure
from steppe.ground.approach import closest_approach, positions_at
from steppe.ground.separation import PROBABILITIES, Separation, disperse_separation
from steppe.kernels import phase as k
from steppe.view.figure import save_figure
from steppe.view.separation import separation_figure

SAMPLES, SEED = 80, 5


@pytest.fixture(scope="module")
def ms_21() -> LoadedMission:
    return load_mission("ms-21")


@pytest.fixture(scope="module")
def flown(ms_21: LoadedMission) -> Separation:
    said: list[str] = []
    found = disperse_separation(ms_21, SAMPLES, SEED, said.append)
    assert said[-1] == f"{SAMPLES} of {SAMPLES} separations flown"
    return found


# --- the closest approach


def passing(miss_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Out along x, back along x at another y: the way of a body that is pushed ahead and falls behind."""
    time = np.arange(0.0, 41.0)
    along = np.where(time <= 20.0, 3.0 * time, 60.0 - 5.0 * (time - 20.0))
    return time, np.column_stack([along, np.minimum(time, 20.0) / 20.0 * miss_m, np.zeros(41)])


def test_a_passage_is_found_between_the_points() -> None:
    time, way = passing(7.0)
    found = closest_approach(time, way, 4.0)
    assert found.closest_m == pytest.approx(7.0, abs=1e-12)
    assert found.closest_s == pytest.approx(32.0)
    assert found.returns
    # clear where sqrt((3 t)^2 + (0.35 t)^2) = 4, on the chord between two points
    assert found.clear_s == pytest.approx(4.0 / math.hypot(3.0, 0.35), abs=1e-9)


def test_what_only_leaves_has_no_return() -> None:
    time = np.arange(0.0, 10.0)
    found = closest_approach(time, np.column_stack([time, 0 * time, 0 * time]), 2.0)
    assert not found.returns and np.isnan(found.closest_s)
    assert np.isnan(closest_approach(time, np.column_stack([0.1 * time, 0 * time, 0 * time]), 2.0).clear_s)


def test_positions_between_the_samples_are_those_of_a_cubic() -> None:
    def place(t: np.ndarray) -> np.ndarray:
        return np.column_stack([1.0 + 2.0 * t - 3.0 * t**2 + 0.5 * t**3, t, -(t**2)])

    def speed(t: np.ndarray) -> np.ndarray:
        return np.column_stack([2.0 - 6.0 * t + 1.5 * t**2, np.ones_like(t), -2.0 * t])

    own = np.array([0.0, 2.0, 2.0, 5.0, 9.0])
    record = np.zeros((5, k.RECORD_COLUMNS))
    record[:, k.TIME], record[:, k.X : k.Z + 1], record[:, k.U : k.W + 1] = own, place(own), speed(own)
    asked = np.array([0.0, 0.7, 2.0, 3.3, 8.9, 9.0])
    np.testing.assert_allclose(positions_at(record, asked), place(asked), rtol=1e-12, atol=1e-10)


# --- many samples


def test_every_pair_is_followed(flown: Separation) -> None:
    assert [pair.bodies for pair in flown.pairs] == [
        ("capsule", "orbital_module"),
        ("capsule", "instrument_module"),
        ("orbital_module", "instrument_module"),
        ("ship", "station"),
    ]
    assert flown.failed == 0
    for pair in flown.pairs:
        assert pair.samples == SAMPLES
        assert np.all(np.isfinite(pair.clear_s)), "every sample gets clear"
        assert pair.distance_m.shape == (len(PROBABILITIES), pair.time_s.size)
        assert np.all(np.diff(pair.distance_m, axis=0) >= 0.0), "quantiles rise"
        assert pair.distance_m[0, 0] == pytest.approx(pair.initial_m, abs=0.01)


def test_the_limits_are_sums_of_radii(flown: Separation) -> None:
    assert flown.pair("orbital_module", "capsule").limit_m == pytest.approx(1.57 + 1.87)
    assert flown.pair("ship", "station").limit_m == pytest.approx(5.35 + 54.5)
    with pytest.raises(ConfigError, match="no pair of 'capsule' and 'station'"):
        flown.pair("capsule", "station")


def test_the_orbital_module_falls_back_past_the_capsule(flown: Separation) -> None:
    """It is pushed ahead and has five times the drag for its mass, so it comes back; the other one never does."""
    ahead, behind = flown.pair("capsule", "orbital_module"), flown.pair("capsule", "instrument_module")
    assert np.isfinite(ahead.closest_m).all()
    assert 15.0 < float(np.median(ahead.closest_m)) < 45.0
    assert 170.0 < float(np.median(ahead.closest_s)) < 230.0
    assert not np.isfinite(behind.closest_m).any()
    assert behind.recontacts == 0


def test_the_ship_is_where_reports_have_it(flown: Separation) -> None:
    """32 km at the ignition (CSA, MS-11); the spread is that of the burns: 3.3 % of it."""
    pair = flown.pair("ship", "station")
    assert float(np.median(pair.end_m)) == pytest.approx(32e3, rel=0.03)
    assert 0.02 < float(np.std(pair.end_m)) / 32e3 < 0.07
    assert pair.recontacts == 0


@pytest.mark.parametrize("cores", [1, 3])
def test_a_sample_is_the_same_in_any_company(ms_21: LoadedMission, flown: Separation, cores: int) -> None:
    few = disperse_separation(ms_21, 20, SEED, cores=cores)
    for one, other in zip(few.pairs, flown.pairs, strict=True):
        for name in ("clear_s", "closest_m", "closest_s", "end_m"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name)[:20], err_msg=name)


def test_another_seed_is_another_series(ms_21: LoadedMission, flown: Separation) -> None:
    other = disperse_separation(ms_21, 4, SEED + 1)
    assert np.all(other.pairs[0].closest_m != flown.pairs[0].closest_m[:4])


def test_nothing_dispersed_means_no_spread(ms_21: LoadedMission) -> None:
    calm = disperse_separation(ms_21, 3, 1, dispersions=Dispersions(name="nothing"))
    for pair in calm.pairs:
        assert np.ptp(pair.end_m) == 0.0
    assert any("no errors of the separation" in note for note in calm.notes)


def test_pushed_up_it_does_not_come_near(ms_21: LoadedMission) -> None:
    """The same push, up instead of ahead: the orbital module passes well above the capsule."""
    split = ms_21.vehicle.split
    assert split is not None
    up = split.modules[0].separation_direction.model_copy(update={"radial": 1.0, "along_track": 0.0})
    modules = (split.modules[0].model_copy(update={"separation_direction": up}), split.modules[1])
    vehicle = ms_21.vehicle.model_copy(update={"split": split.model_copy(update={"modules": modules})})
    found = disperse_separation(replace(ms_21, vehicle=vehicle), 40, SEED).pair("capsule", "orbital_module")
    assert found.recontacts == 0
    assert not np.isfinite(found.closest_m).any() or float(np.nanmin(found.closest_m)) > 40.0


def test_a_module_that_stays_is_no_body_of_its_own(ms_21: LoadedMission) -> None:
    found = disperse_separation(with_failure(ms_21, "instrument-module-stays"), 4, 1)
    assert [pair.bodies for pair in found.pairs] == [("capsule", "orbital_module"), ("ship", "station")]
    assert any("stays on the capsule" in note for note in found.notes)


# --- plain numbers and bounds


def test_the_numbers_are_plain(flown: Separation) -> None:
    document = json.loads(json.dumps(flown.as_dict(), allow_nan=False))
    assert (document["samples"], document["seed"], document["failed"]) == (SAMPLES, SEED, 0)
    first, second = document["pairs"][:2]
    assert first["bodies"] == ["capsule", "orbital_module"]
    assert first["minimum_distance_m"]["p05"] < first["minimum_distance_m"]["p50"]
    assert second["minimum_distance_m"] is None and second["returns"] == 0
    assert second["recontact_probability"] == 0.0
    assert second["recontact_upper_95"] == pytest.approx(3.0 / SAMPLES, rel=0.05)
    assert second["recontact_sentence"].endswith(f"(3 / {SAMPLES})")
    assert len(first["distance_m"]["time_s"]) == len(first["distance_m"]["p50"])


@pytest.mark.parametrize(("count", "samples"), [(0, 10), (0, 1000), (1, 20), (13, 3000), (7, 8), (40, 41)])
def test_the_upper_bound_is_exact(count: int, samples: int) -> None:
    """Clopper and Pearson by the quantile of the beta distribution (scipy)."""
    assert upper_bound(count, samples) == pytest.approx(float(beta.ppf(0.95, count + 1, samples - count)), rel=1e-9)


def test_certainty_has_no_bound_below_one() -> None:
    assert upper_bound(5, 5) == 1.0


# --- errors


def test_a_vehicle_without_sizes_is_told_what_is_missing(ms_21: LoadedMission) -> None:
    capsule = ms_21.vehicle.capsule.model_copy(update={"hard_body_radius_m": None})
    vehicle = ms_21.vehicle.model_copy(update={"capsule": capsule})
    with pytest.raises(ConfigError, match=r"capsule\.hard_body_radius_m in the file of vehicle 'soyuz-ms'"):
        disperse_separation(replace(ms_21, vehicle=vehicle), 2, 1)


def test_a_flight_that_does_not_split_is_refused() -> None:
    entry = load_mission(Path(__file__).resolve().parents[2] / "examples" / "soyuz-from-entry.toml")
    with pytest.raises(ConfigError, match="need a flight that splits"):
        disperse_separation(entry, 2, 1)
    with pytest.raises(ConfigError, match="at least 1 sample"):
        disperse_separation(entry, 0, 1)


def test_a_campaign_draws_nothing_of_the_separation() -> None:
    names = {entry.name for entry in load_dispersions("soyuz-ms").of_the_return().parameter}
    assert "thrust_factor" in names
    assert not any("separation" in name or "departure" in name for name in names)


# --- the figure


def test_the_figure_names_every_pair_and_its_limit(flown: Separation, tmp_path: Path) -> None:
    figure = separation_figure(flown)
    shown = [text.get_text() for axes in figure.axes for text in axes.texts]
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0] == "Capsule and orbital module" and titles[-1] == "Ship and station"
    assert sum("hulls may touch" in text for text in shown) == len(flown.pairs)
    assert sum(text == "median" for text in shown) == len(flown.pairs)
    save_figure(separation_figure(flown), tmp_path / "separation.svg")
    save_figure(separation_figure(flown), tmp_path / "again.svg")
    assert (tmp_path / "separation.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()
