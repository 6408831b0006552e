"""What a campaign draws: the generator, the distributions, the profiles, and what a dispersion file may not say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

from steppe.config.dispersible import DISPERSIBLES
from steppe.config.dispersions import Dispersions
from steppe.config.loader import dispersions_names, load_dispersions, load_vehicle
from steppe.config.trim import trim_effect
from steppe.ensemble import streams
from steppe.ensemble.profiles import STREAMS
from steppe.ensemble.sampling import Samples, draw, triangular_root
from steppe.errors import ConfigError

N = 100_000


def _parse(text: str) -> Dispersions:
    return Dispersions.model_validate(tomllib.loads(text))


def _one(keys: str, name: str = "delta_v_error_m_s", n: int = N) -> np.ndarray[Any, Any]:
    return draw(_parse(f'[[parameter]]\nname = "{name}"\nsource = "test"\n{keys}'), 7, np.arange(n)).columns[name]


@pytest.fixture(scope="module")
def soyuz() -> Samples:
    return draw(load_dispersions("soyuz-ms"), 2024, np.arange(N))


# --- the generator


@pytest.mark.validation
@pytest.mark.parametrize(
    ("counter_and_key", "words"),
    [
        ((0,) * 6, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 6, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers(counter_and_key: tuple[int, ...], words: tuple[int, ...]) -> None:
    """Random123 (Salmon et al., SC11), tests/kat_vectors, philox4x32 with 10 rounds."""
    assert tuple(map(int, streams.philox(*(np.uint64(word) for word in counter_and_key)))) == words


def test_the_counter_holds_sample_stream_and_block_and_the_key_the_seed() -> None:
    seed, sample, stream, block = 0x1122334455667788, 0x0000000700000005, 0x99AABBCC, 3
    counter = (5, 7, stream, block, 0x55667788, 0x11223344)
    a, b, c, d = (int(word) for word in streams.philox(*(np.uint64(word) for word in counter)))
    expected = ((((b << 32) | a) >> 12) * 2 + 1, (((d << 32) | c) >> 12) * 2 + 1)
    found = streams.uniform_pair(np.uint64(seed), sample, stream, block)
    assert found == (expected[0] * 2.0**-53, expected[1] * 2.0**-53)


@pytest.mark.validation
def test_normal_quantiles_are_those_of_scipy() -> None:
    p = np.concatenate(
        [np.logspace(-300, -0.4, 5000), 1.0 - np.logspace(-15.9, -0.4, 5000), np.linspace(0.01, 0.49, 999)]
    )
    out = np.empty_like(p)
    streams.fill_quantiles(p, out)
    np.testing.assert_allclose(out, scipy.special.ndtri(p), rtol=3e-15)


@pytest.mark.validation
def test_normal_probabilities_are_those_of_scipy() -> None:
    z = np.linspace(-36.0, 9.0, 20_001)
    out = np.empty_like(z)
    streams.fill_probabilities(z, out)
    np.testing.assert_allclose(out, scipy.special.ndtr(z), rtol=3e-13)
    assert streams.normal_probability(-np.inf) == 0.0
    assert streams.normal_probability(np.inf) == 1.0


def test_exponential_and_logarithm_are_right_to_the_last_places() -> None:
    x = np.linspace(-690.0, 690.0, 20_001)
    out = np.empty((1, x.size))
    streams.fill_exponentials(x.reshape(1, -1), out)
    np.testing.assert_allclose(out[0], np.exp(x), rtol=5e-16)
    for value in (1e-300, 0.3, 0.70710678, 1.0, 1.5, 7e200):
        assert streams.logarithm(value) == pytest.approx(np.log(value), rel=4e-16)


def test_streams_have_numbers_of_their_own() -> None:
    names = (*DISPERSIBLES, *STREAMS)
    assert len({streams.stream_number(name) for name in names}) == len(names)
    # the number of a name is for ever: a campaign that is continued with a later version must draw the same
    assert streams.stream_number("thrust_factor") == int.from_bytes(bytes.fromhex("0a8d2c1b"), "little")


def test_the_bits_of_a_sample_never_change() -> None:
    """Drawn with version 0.1.0: a campaign begun with one version and machine goes on with another."""
    first, _ = streams.uniform_pair(np.uint64(1), 12345, streams.stream_number("thrust_factor"), 0)
    assert first.hex() == "0x1.0c0bdab4f597cp-3"
    assert streams.normal_quantile(first).hex() == "-0x1.1f4a9253df638p+0"


def test_uniforms_are_uniform_and_independent() -> None:
    indices = np.arange(N)
    columns = []
    for seed, stream in ((0, 1), (0, 2), (1, 1), (2**64 - 1, 1)):
        out = np.empty(N)
        streams.fill_uniforms(np.uint64(seed), indices, stream, out)
        assert scipy.stats.kstest(out, "uniform").pvalue > 1e-3
        # neighbouring samples, and pairs on a grid of cells
        assert abs(np.corrcoef(out[1:], out[:-1])[0, 1]) < 4.0 / np.sqrt(N)
        columns.append(out)
    away = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(away).max() < 4.5 / np.sqrt(N)
    cells = np.histogram2d(columns[0], columns[1], bins=16)[0].ravel()
    assert scipy.stats.chisquare(cells).pvalue > 1e-3


# --- the distributions


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ('distribution = "normal"\nmean = 2\nsigma = 0.5', scipy.stats.norm(2.0, 0.5)),
        ('distribution = "normal"\nsigma3 = "1.5 m/s"', scipy.stats.norm(0.0, 0.5)),
        (
            'distribution = "truncated"\nmean = 1\nsigma = 2\nlow = 0\nhigh = 3',
            scipy.stats.truncnorm(-0.5, 1.0, 1.0, 2.0),
        ),
        ('distribution = "truncated"\nsigma = 1\nlow = 4', scipy.stats.truncnorm(4.0, np.inf)),
        ('distribution = "truncated"\nsigma = 1\nhigh = -9', scipy.stats.truncnorm(-np.inf, -9.0)),
        ('distribution = "uniform"\nlow = -1\nhigh = 3', scipy.stats.uniform(-1.0, 4.0)),
        ('distribution = "lognormal"\nmedian = 2\nsigma = 0.3', scipy.stats.lognorm(0.3, scale=2.0)),
        ('distribution = "lognormal"\nmedian = 2\nfactor = 1.5', scipy.stats.lognorm(np.log(1.5), scale=2.0)),
    ],
)
def test_a_distribution_is_the_one_that_the_file_names(keys: str, expected: Any) -> None:
    values = _one(keys)
    assert scipy.stats.kstest(values, expected.cdf).pvalue > 1e-3
    assert values.mean() == pytest.approx(expected.mean(), abs=4.5 * expected.std() / np.sqrt(N))
    assert values.std() == pytest.approx(expected.std(), rel=0.02)


def test_truncated_values_stay_inside() -> None:
    values = _one('distribution = "truncated"\nsigma = 5\nlow = -0.25\nhigh = 1')
    assert values.min() >= -0.25
    assert values.max() <= 1.0
    assert values.min() < -0.249
    assert values.max() > 0.999


def test_a_split_distribution_is_half_a_normal_one_on_each_side() -> None:
    values = _one('distribution = "split-normal"\nsigma3_low = 0.18\nsigma3_high = 0.09', "lift_to_drag_factor")
    assert np.mean(values < 1.0) == pytest.approx(0.5, abs=0.007)
    below, above = 1.0 - values[values < 1.0], values[values >= 1.0] - 1.0
    assert np.sqrt(np.mean(below**2)) == pytest.approx(0.06, rel=0.02)
    assert np.sqrt(np.mean(above**2)) == pytest.approx(0.03, rel=0.02)


def test_empirical_values_come_with_their_weights() -> None:
    values = _one('distribution = "empirical"\nvalues = [3, 1, 2]\nweights = [1, 0, 3]')
    assert set(np.unique(values)) == {2.0, 3.0}
    assert np.mean(values == 3.0) == pytest.approx(0.25, abs=0.007)


def test_a_constant_is_constant_and_what_is_not_given_nominal() -> None:
    file = '[[parameter]]\nname = "thrust_factor"\ndistribution = "constant"\nvalue = 0.98\nsource = "test"'
    samples = draw(_parse(file), 0, np.arange(5))
    assert samples.values("thrust_factor").tolist() == [0.98] * 5
    assert samples.values("drag_subsonic_factor").tolist() == [1.0] * 5
    assert samples.values("ignition_error_s").tolist() == [0.0] * 5
    assert np.all(samples.density_factor == 1.0)
    assert np.all(samples.wind_east_m_s == 0.0)
    with pytest.raises(ConfigError, match="did you mean 'thrust_factor'"):
        samples.values("thrust_facto")


# --- correlated groups

_GROUP = """
[[parameter]]
name = "drag_hypersonic_factor"
distribution = "normal"
sigma3 = 0.05
source = "test"
[[parameter]]
name = "lift_to_drag_factor"
distribution = "lognormal"
median = 1
sigma3 = 0.1
source = "test"
[[parameter]]
name = "ignition_error_s"
distribution = "uniform"
low = -1
high = 1
source = "test"
[[correlation]]
parameters = ["drag_hypersonic_factor", "lift_to_drag_factor", "ignition_error_s"]
matrix = [[1, 0.6, -0.3], [0.6, 1, 0.2], [-0.3, 0.2, 1]]
source = "test"
"""


def test_correlations_are_recovered_and_the_distributions_kept() -> None:
    columns = draw(_parse(_GROUP), 3, np.arange(N)).columns
    normals = [scipy.stats.norm.ppf(scipy.stats.rankdata(column) / (N + 1)) for column in columns.values()]
    expected = np.array([[1, 0.6, -0.3], [0.6, 1, 0.2], [-0.3, 0.2, 1]])
    np.testing.assert_allclose(np.corrcoef(normals), expected, atol=0.012)
    assert scipy.stats.kstest(columns["ignition_error_s"], scipy.stats.uniform(-1, 2).cdf).pvalue > 1e-3
    assert scipy.stats.kstest(columns["drag_hypersonic_factor"], scipy.stats.norm(1, 0.05 / 3).cdf).pvalue > 1e-3


def test_the_root_of_a_singular_matrix_gives_it_back() -> None:
    matrix = ((1.0, 1.0, 0.5), (1.0, 1.0, 0.5), (0.5, 0.5, 1.0))
    root = np.array(triangular_root(matrix))
    np.testing.assert_allclose(root @ root.T, matrix, atol=1e-15)


def test_a_heavier_capsule_makes_a_heavier_ship(soyuz: Samples) -> None:
    assert np.array_equal(soyuz.columns["capsule_mass_error_kg"], soyuz.columns["ship_mass_error_kg"])


# --- profiles


def test_density_has_its_sigma_at_every_altitude_and_stays_positive(soyuz: Samples) -> None:
    assert soyuz.density_factor.min() > 0.0
    logs = np.log(soyuz.density_factor)
    expected = np.interp(
        soyuz.altitude_m, [0, 20e3, 40e3, 50e3, 85e3, 90e3], [0.015, 0.015, 0.03, 0.035, 0.07, 0.10]
    )  # fmt: skip
    np.testing.assert_allclose(logs.std(axis=0), expected, rtol=0.015)
    assert np.abs(logs.mean(axis=0) / expected).max() < 4.5 / np.sqrt(N)


def test_density_is_correlated_in_two_layers_with_waves_above(soyuz: Samples) -> None:
    correlation = np.corrcoef(np.log(soyuz.density_factor), rowvar=False)

    def between(low_km: int, high_km: int) -> float:
        return float(correlation[low_km // 2, high_km // 2])

    assert between(10, 20) == pytest.approx(np.exp(-10 / 15), abs=0.015)
    assert between(0, 30) == pytest.approx(np.exp(-30 / 15), abs=0.015)
    # the step from 68 to 70 km has 0.3, the next one the length of 15 km and, at 72 km, a wave share of 2/15 of 0.5
    assert between(68, 70) == pytest.approx(0.3, abs=0.015)
    assert between(60, 70) == pytest.approx(0.3 * np.exp(-8 / 15), abs=0.015)
    assert between(70, 72) == pytest.approx(np.exp(-2 / 15) * np.sqrt(1 - 0.5 * 2 / 15), abs=0.015)
    assert between(90, 100) == pytest.approx(0.5 * np.exp(-10 / 15) + 0.5 * np.exp(-10 / 3), abs=0.015)


def test_wind_has_its_sigma_and_its_correlation_length(soyuz: Samples) -> None:
    expected = np.interp(soyuz.altitude_m, [0, 10e3, 20e3, 80e3], [3, 5, 10, 20])
    for wind in (soyuz.wind_east_m_s, soyuz.wind_north_m_s):
        np.testing.assert_allclose(wind.std(axis=0), expected, rtol=0.015)
        correlation = np.corrcoef(wind, rowvar=False)
        for lag in (1, 2, 4):
            np.testing.assert_allclose(np.diagonal(correlation, lag), np.exp(-2 * lag / 3), atol=0.015)
    across = np.corrcoef(soyuz.wind_east_m_s, soyuz.wind_north_m_s, rowvar=False)[:61, 61:]
    assert np.abs(across).max() < 5.0 / np.sqrt(N)


def test_a_bias_shifts_the_mean() -> None:
    file = """
    [grid]
    highest_m = 20000
    [density]
    altitude_m = [0, 20000]
    sigma = [0, 0]
    bias = [0.0, -0.1]
    correlation_length_m = 5000
    source = "test"
    [wind]
    altitude_m = [0, 10000]
    sigma_m_s = [0, 0]
    bias_east_m_s = [1, 3]
    correlation_length_m = "2 km"
    source = "test"
    """
    samples = draw(_parse(file), 0, [0])
    np.testing.assert_allclose(samples.density_factor[0], np.linspace(1.0, 0.9, 11))
    np.testing.assert_allclose(samples.wind_east_m_s[0], [1, 1.4, 1.8, 2.2, 2.6, 3, 3, 3, 3, 3, 3])
    assert np.all(samples.wind_north_m_s == 0.0)


# --- the set that comes with steppe


def test_the_soyuz_set_covers_the_registry_with_sources() -> None:
    assert "soyuz-ms" in dispersions_names()
    entries = {entry.name: entry for entry in load_dispersions("soyuz-ms").parameter}
    assert set(entries) == set(DISPERSIBLES)
    assert all(len(entry.source) > 10 for entry in entries.values())
    assert entries["chute_command_error_m"].spread == 50.0


def test_a_larger_angle_of_attack_lifts_more_and_drags_less() -> None:
    """Slopes of the Newtonian cap at 17 deg (sin d = 1.1 / 2.235), by hand: 6.1 % of L/D and -1.36 % of CD per deg."""
    change, factor = trim_effect(load_vehicle("soyuz-ms").capsule, np.array([-0.01, 0.0, 0.01]))
    assert change[1] == 0.0
    assert factor[1] == 1.0
    assert (change[2] - change[0]) / 0.02 / 0.26 == pytest.approx(0.061, abs=0.001)
    assert (factor[2] - factor[0]) / 0.02 == pytest.approx(-0.0136, abs=0.0003)


# --- what cannot be used


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ('distribution = "normal"\nsigma = -1', "parameter.ignition_error_s.sigma", ["-1", "at least 0"]),
        ('distribution = "normal"\nsigma = nan', "parameter.ignition_error_s.sigma", ["finite"]),
        ('distribution = "normal"\nsigma = "1 m"', "parameter.ignition_error_s.sigma", ["1 m", "time"]),
        ('distribution = "normal"', "parameter.ignition_error_s", ["sigma", "sigma3"]),
        ('distribution = "normal"\nsigma = 1\nsigma3 = 3', "parameter.ignition_error_s", ["needs one of", "sigma3"]),
        ('distribution = "normal"\nsigma = 1\nlow = 0', "parameter.ignition_error_s", ["takes no 'low'"]),
        ('distribution = "gaussian"\nsigma = 1', "parameter.ignition_error_s.distribution", ["gaussian", "normal"]),
        ('distribution = "uniform"\nlow = 2\nhigh = 2', "parameter.ignition_error_s.high", ["high = 2", "low = 2"]),
        ('distribution = "uniform"\nlow = 2', "parameter.ignition_error_s", ["needs high"]),
        ('distribution = "truncated"\nsigma = 0\nlow = 2', "parameter.ignition_error_s", ["above zero"]),
        ('distribution = "truncated"\nsigma = 1\nlow = 99', "parameter.ignition_error_s", ["no probability", "99"]),
        ('distribution = "lognormal"\nmedian = 0\nsigma = 1', "parameter.ignition_error_s.median", ["above zero", "0"]),
        ('distribution = "lognormal"\nmedian = 1\nfactor = 0.9', "parameter.ignition_error_s.factor", ["0.9", "1"]),
        ('distribution = "empirical"\nvalues = []', "parameter.ignition_error_s.values", ["at least one"]),
        ('distribution = "empirical"\nvalues = [1]\nweights = [-1]', "parameter.ignition_error_s.weights[0]", ["-1"]),
        ('distribution = "empirical"\nvalues = [1]\nweights = [0]', "parameter.ignition_error_s.weights", ["sum"]),
        ('distribution = "empirical"\nvalues = [1]\nweights = [1, 2]', "parameter.ignition_error_s.weights", ["got 2"]),
        ('distribution = "normal"\nsigma = 1\nsgima = 1', "parameter.ignition_error_s.sgima", ["did you mean 'sigma'"]),
    ],
)
def test_an_impossible_distribution_is_refused(tmp_path: Path, keys: str, key: str, words: list[str]) -> None:
    _refused(tmp_path, f'[[parameter]]\nname = "ignition_error_s"\nsource = "test"\n{keys}', key, words)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (
            '[[parameter]]\nname = "thrust_factr"\ndistribution = "constant"\nvalue = 1\nsource = "x"',
            "parameter.thrust_factr.name",
            ["did you mean 'thrust_factor'"],
        ),
        (
            '[[parameter]]\nname = "thrust_factor"\ndistribution = "normal"\nsigma = 1',
            "parameter.thrust_factor.source",
            ["missing"],
        ),
        (
            '[[parameter]]\nname = "thrust_factor"\ndistribution = "normal"\nmean = 0\nsigma = 0.1\nsource = "x"',
            "parameter.thrust_factor",
            ["above zero", "1.02"],
        ),
        (_GROUP.replace("0.6, 1, 0.2", "0.5, 1, 0.2"), "correlation[0].matrix", ["not symmetric", "0.5", "0.6"]),
        (_GROUP.replace("0.6, 1, 0.2", "0.6, 0.9, 0.2"), "correlation[0].matrix", ["diagonal", "0.9"]),
        (_GROUP.replace("[0.6, 1, 0.2],", ""), "correlation[0].matrix", ["3 rows"]),
        (_GROUP.replace("0.3", "0.9"), "correlation[0].matrix", ["smallest eigenvalue is -0.18 "]),
        (_GROUP.replace('"ignition_error_s"]', '"bank_rate_factor"]'), "", ["bank_rate_factor", "no [[parameter]]"]),
        (_GROUP + _GROUP[: _GROUP.index("[[correlation]]")], "", ["2 times"]),
        ("[densty]\nsigma = [1]", "densty", ["did you mean 'density'"]),
        (
            '[wind]\naltitude_m = [0, 1]\nsigma_m_s = [1]\ncorrelation_length_m = 1\nsource = "x"',
            "wind",
            ["sigma_m_s", "2 altitudes", "got 1"],
        ),
        (
            '[wind]\naltitude_m = [1, 0]\nsigma_m_s = [1, 1]\ncorrelation_length_m = 1\nsource = "x"',
            "wind",
            ["altitude_m must rise"],
        ),
        (
            '[density]\naltitude_m = [0]\nsigma = [-0.1]\ncorrelation_length_m = 1\nsource = "x"',
            "density.sigma[0]",
            ["-0.1"],
        ),
        ("[grid]\nspacing_m = 7000", "grid", ["whole number of steps"]),
    ],
)
def test_an_impossible_file_is_refused(tmp_path: Path, text: str, key: str, words: list[str]) -> None:
    _refused(tmp_path, text, key, words)


def _refused(folder: Path, text: str, key: str, words: list[str]) -> None:
    path = folder / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_dispersions(path)
    assert caught.value.key == key
    for word in (str(path), *words):
        assert word in str(caught.value)


def test_a_wrong_preset_name_is_answered_with_the_right_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'soyuz-ms'"):
        load_dispersions("soyuz-m")


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True])
def test_a_seed_out_of_range_is_refused(seed: Any) -> None:
    with pytest.raises(ConfigError, match="seed"):
        draw(Dispersions(), seed, [0])


@pytest.mark.parametrize("indices", [[-1], [0.5], [[0]]])
def test_wrong_sample_numbers_are_refused(indices: Any) -> None:
    with pytest.raises(ConfigError, match="sample numbers"):
        draw(Dispersions(), 0, indices)
