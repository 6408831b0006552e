"""The statistics find what is known on paper, and their bounds hold as often as they say."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from steppe.ensemble import statistics
from steppe.ensemble.footprint import Ellipse, Plane, spread
from steppe.ensemble.sensitivity import drivers, prepare
from steppe.frames.geodetic import geodesic_distance_m


@pytest.mark.parametrize(("n", "p"), [(1, 0.5), (10, 0.01), (1000, 0.997), (100_000, 0.001), (1_000_000, 0.5)])
def test_the_binomial_distribution_is_that_of_scipy(n: int, p: float) -> None:
    ours = statistics.binomial_cdf(n, p)
    assert np.allclose(ours, stats.binom.cdf(np.arange(n + 1), n, p), rtol=0.0, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 3000), p=st.floats(0.001, 0.999), confidence=st.sampled_from([0.9, 0.95, 0.99]))
def test_ranks_cover_the_quantile_and_are_not_wider_than_needed(n: int, p: float, confidence: float) -> None:
    lower, upper = statistics.quantile_ranks(n, p, confidence)
    tail = (1.0 - confidence) / 2.0
    below = stats.binom(n, p).cdf
    assert below(lower - 1) <= tail + 1e-9 and below(lower) > tail - 1e-9
    assert below(upper - 1) >= 1.0 - tail - 1e-9 and below(upper - 2) < 1.0 - tail + 1e-9


def test_ranks_of_the_textbook() -> None:
    # the widest interval that ten values give for their median, X_(2) to X_(9), holds with 97.9 %, and X_(3) to X_(8)
    # with 89.1 % only (David and Nagaraja, Order Statistics, 3rd edition, 2003, section 7.1)
    assert statistics.quantile_ranks(10, 0.5) == (2, 9)
    # with 59 values the greatest lies above the 95 % quantile with 95 % (Wilks, Ann. Math. Stat. 12, 91, 1941)
    assert statistics.quantile_ranks(59, 0.95, 0.90)[1] == 59
    assert statistics.quantile_ranks(58, 0.95, 0.90)[1] == 59  # one more than there are


def test_intervals_of_quantiles_hold_as_often_as_they_say() -> None:
    random = np.random.default_rng(1)
    true = stats.expon.ppf(0.9)
    hits = 0
    for _ in range(1000):
        entry = statistics.quantiles(random.exponential(size=200), [0.9])[0]
        assert entry.low is not None and entry.high is not None
        hits += entry.low <= true <= entry.high
    # 1000 trials of at least 95 %: three standard deviations are 2 %
    assert 0.93 <= hits / 1000 <= 0.99


def test_too_few_values_have_no_outer_bound() -> None:
    entry = statistics.quantiles(np.arange(20.0), [0.99])[0]
    assert entry.high is None and entry.low is not None


@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential"])
def test_standard_errors_are_the_scatter_of_repetitions(draw: str) -> None:
    random = np.random.default_rng(2)
    found = [statistics.moments(getattr(random, draw)(size=400)) for _ in range(1500)]
    for value, error in (("mean", "mean_error"), ("sd", "sd_error")):
        scatter = np.std([getattr(one, value) for one in found])
        assert np.mean([getattr(one, error) for one in found]) == pytest.approx(scatter, rel=0.08)


def test_moments_of_little() -> None:
    assert math.isnan(statistics.moments([1.0]).sd)
    assert statistics.moments([2.0, 2.0, 2.0]).sd_error == 0.0
    assert math.isnan(statistics.moments([]).mean)


@settings(max_examples=60, deadline=None)
@given(samples=st.integers(1, 10**6), part=st.floats(0.0, 1.0))
def test_wilson_is_that_of_scipy(samples: int, part: float) -> None:
    count = round(part * samples)
    ours = statistics.wilson(count, samples)
    theirs = stats.binomtest(count, samples).proportion_ci(method="wilson")
    assert ours.low == pytest.approx(theirs.low, abs=1e-9)
    assert ours.high == pytest.approx(theirs.high, abs=1e-9)
    assert 0.0 <= ours.low <= ours.value <= ours.high <= 1.0


def test_wilson_of_nothing() -> None:
    nothing = statistics.wilson(0, 0)
    assert math.isnan(nothing.value) and (nothing.low, nothing.high) == (0.0, 1.0)


@given(values=st.lists(st.integers(-20, 20), min_size=0, max_size=60), which=st.sampled_from(["high", "low", "far"]))
def test_worst_cases_are_those_of_a_full_sort(values: list[int], which: str) -> None:
    x = np.array(values, dtype=float)
    samples = np.arange(len(x)) + 100
    middle = float(np.median(x)) if len(x) else 0.0
    bad = {"high": lambda v: v, "low": lambda v: -v, "far": lambda v: abs(v - middle)}[which]
    expected = sorted(zip(samples.tolist(), x.tolist(), strict=True), key=lambda pair: (-bad(pair[1]), pair[0]))[:10]
    assert statistics.worst(x, samples, which) == expected


@given(values=st.lists(st.integers(0, 9), max_size=80))
def test_ranks_are_those_of_scipy(values: list[int]) -> None:
    assert np.array_equal(statistics.ranks(values), stats.rankdata(values) if values else np.empty(0))


def test_convergence_doubles() -> None:
    x = np.random.default_rng(3).normal(size=1000)
    steps = statistics.convergence(x)
    assert [step.samples for step in steps] == [16, 32, 64, 128, 256, 512, 1000]
    assert steps[2].sd == pytest.approx(np.std(x[:64], ddof=1))


@settings(max_examples=40, deadline=None)
@given(
    lat=st.floats(-75.0, 75.0), lon=st.floats(-180.0, 180.0), east=st.floats(-300.0, 300.0),
    north=st.floats(-300.0, 300.0),
)  # fmt: skip
def test_the_plane_reads_distances_and_comes_back(lat: float, lon: float, east: float, north: float) -> None:
    plane = Plane(lat, lon)
    found_lat, found_lon = plane.to_deg(east, north)
    back = plane.to_km(found_lat, found_lon)
    assert float(back[0]) == pytest.approx(east, abs=1e-6) and float(back[1]) == pytest.approx(north, abs=1e-6)
    distance = geodesic_distance_m(*np.radians([lat, lon]), np.radians(found_lat), np.radians(found_lon)) * 1e-3
    assert math.hypot(east, north) == pytest.approx(float(distance), rel=3e-3, abs=1e-3)


def _normal_landings(n: int, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    covariance = [[36.0, 12.0], [12.0, 16.0]]
    points = np.random.default_rng(seed).multivariate_normal([0.0, 0.0], covariance, size=n)
    return Plane(47.35, 69.6).to_deg(points[:, 0], points[:, 1])


def test_the_ellipse_is_that_of_the_known_covariance() -> None:
    found = spread(*_normal_landings(200_000))
    assert found is not None
    # eigenvalues of ((36, 12), (12, 16)): 26 +- sqrt(244); the long axis lies atan2(12, l - 16) from north
    assert found.ellipse.major_km == pytest.approx(math.sqrt(26.0 + math.sqrt(244.0)), rel=0.01)
    assert found.ellipse.minor_km == pytest.approx(math.sqrt(26.0 - math.sqrt(244.0)), rel=0.01)
    azimuth = math.degrees(math.atan2(26.0 + math.sqrt(244.0) - 16.0, 12.0))
    assert found.ellipse.azimuth_deg == pytest.approx(azimuth, abs=0.6)
    assert found.correlation == pytest.approx(0.5, abs=0.01)
    assert abs(found.sd_east_km - 6.0) < 4.0 * found.sd_east_error_km
    for footprint in found.footprints:
        # Mahalanobis distances of normal points are Rayleigh distributed
        expected = found.ellipse.major_km * math.sqrt(-2.0 * math.log(1.0 - footprint.share))
        assert footprint.ellipse.major_km == pytest.approx(expected, rel=0.015)
        assert footprint.low is not None and footprint.high is not None
        assert footprint.low.major_km < footprint.ellipse.major_km < footprint.high.major_km


def test_bounds_of_the_footprint_hold_as_often_as_they_say() -> None:
    inside = []
    for seed in range(200):
        found = spread(*_normal_landings(400, seed))
        assert found is not None
        footprint = found.footprints[1]
        assert footprint.low is not None and footprint.high is not None
        # what the true distribution has inside an ellipse, counted with many fresh points
        share = [_share(ellipse, found.plane) for ellipse in (footprint.low, footprint.high)]
        inside.append(share[0] <= footprint.share <= share[1])
    assert np.mean(inside) > 0.92


_FRESH = _normal_landings(20_000, 999)


def _share(ellipse: Ellipse, plane: Plane) -> float:
    east, north = plane.to_km(*_FRESH)
    course = math.radians(ellipse.azimuth_deg)
    x, y = east - ellipse.east_km, north - ellipse.north_km
    along, across = x * math.sin(course) + y * math.cos(course), -x * math.cos(course) + y * math.sin(course)
    return float(np.mean((along / ellipse.major_km) ** 2 + (across / ellipse.minor_km) ** 2 <= 1.0))


def test_a_footprint_holds_its_share_whatever_the_distribution() -> None:
    random = np.random.default_rng(5)
    lat, lon = Plane(50.0, 67.0).to_deg(random.exponential(5.0, 4000), random.standard_t(4, 4000))
    found = spread(lat, lon)
    assert found is not None
    for footprint in found.footprints:
        ring = np.array(footprint.ellipse.ring_km())
        assert np.hypot(*(ring - ring.mean(axis=1, keepdims=True))).max() <= footprint.ellipse.major_km * (1 + 1e-9)
        east, north = found.plane.to_km(lat, lon)
        course = math.radians(footprint.ellipse.azimuth_deg)
        x, y = east - footprint.ellipse.east_km, north - footprint.ellipse.north_km
        along, across = x * math.sin(course) + y * math.cos(course), -x * math.cos(course) + y * math.sin(course)
        radius = (along / footprint.ellipse.major_km) ** 2 + (across / footprint.ellipse.minor_km) ** 2
        assert np.mean(radius <= 1.0) == pytest.approx(footprint.share, abs=1e-3)


def test_few_landings_have_no_outer_bound_and_fewer_no_ellipse() -> None:
    found = spread(*_normal_landings(100))
    assert found is not None
    assert found.footprints[3].high is None and found.footprints[0].high is not None
    assert spread([47.0, 47.1], [69.0, 69.1]) is None
    assert spread([47.0] * 5, [69.0, 69.1, 69.2, 69.3, 69.4]) is not None  # a parallel is curved
    assert spread([47.0] * 5, [69.0] * 5) is None


def test_a_spread_across_the_antimeridian() -> None:
    lat, lon = _normal_landings(2000)
    there = spread(lat, (lon + 110.4 + 180.0) % 360.0 - 180.0)
    here = spread(lat, lon)
    assert here is not None and there is not None
    assert there.ellipse.major_km == pytest.approx(here.ellipse.major_km, rel=1e-9)
    assert abs(there.longitude_deg) == pytest.approx(180.0, abs=0.1)


def _ishigami(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).uniform(-np.pi, np.pi, size=(n, 3))
    return x, np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


@pytest.mark.validation
def test_sobol_indices_of_the_ishigami_function() -> None:
    # Ishigami and Homma, ISUMA '90; analytical first-order indices for a = 7, b = 0.1 (Saltelli et al., Global
    # Sensitivity Analysis: The Primer, 2008): 0.3139, 0.4424 and 0
    x, y = _ishigami(100_000, 6)
    ready = [p for k in range(3) if (p := prepare(f"x{k}", x[:, k]))]
    found = {one.input: one for one in drivers(ready, y)}
    for name, index in (("x0", 0.3139), ("x1", 0.4424), ("x2", 0.0)):
        assert found[name].sobol == pytest.approx(index, abs=0.012)
        assert found[name].sobol_low - 0.003 <= index <= found[name].sobol_high + 0.003
    assert found["x1"].spearman == pytest.approx(0.0, abs=0.02)  # it acts, though not in one direction
    assert next(iter(found)) == "x1"


def test_sobol_bounds_hold_and_noise_gives_nothing() -> None:
    hits, noise = [], []
    for seed in range(60):
        x, y = _ishigami(3000, seed)
        ready = [p for k in range(3) if (p := prepare(f"x{k}", x[:, k]))]
        found = {one.input: one for one in drivers(ready, y)}
        hits.append(found["x0"].sobol_low <= 0.3139 <= found["x0"].sobol_high)
        noise.append(found["x2"].sobol)
    assert np.mean(hits) >= 0.85
    assert np.mean(noise) < 0.006


def test_the_rank_correlation_is_that_of_scipy_and_its_bounds_hold() -> None:
    random = np.random.default_rng(7)
    # of a normal pair with correlation r: 6/pi asin(r/2) (Kendall and Gibbons, Rank Correlation Methods, 5th edition)
    true = 6.0 / math.pi * math.asin(0.6 / 2.0)
    hits = 0
    for _ in range(200):
        a, b = random.multivariate_normal([0, 0], [[1.0, 0.6], [0.6, 1.0]], size=300).T
        ready = prepare("a", a)
        assert ready is not None
        one = drivers([ready], b)[0]
        assert one.spearman == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
        hits += one.spearman_low <= true <= one.spearman_high
    assert 0.9 <= hits / 200 <= 0.995


def test_switches_are_binned_by_value_and_constants_left_out() -> None:
    random = np.random.default_rng(8)
    switch = random.random(4000) < 0.1
    y = 3.0 * switch + random.normal(size=4000)
    ready = prepare("engine_out", switch)
    assert ready is not None and ready.bins == 2
    # variance 9 * 0.1 * 0.9 of the switch in that plus 1 of the noise
    assert drivers([ready], y)[0].sobol == pytest.approx(0.81 / 1.81, abs=0.03)
    assert prepare("constant", np.ones(4000)) is None
    assert prepare("few", np.arange(10)) is None
    assert drivers([ready], np.ones(4000)) == []


def test_a_perfect_input_explains_everything() -> None:
    x = np.random.default_rng(9).normal(size=2000)
    ready = prepare("x", x)
    assert ready is not None
    # what varies inside a bin is lost, most where the output has heavy tails, as a cube has (docs/models/statistics.md)
    for sign, (power, least) in itertools.product((1.0, -1.0), ((1, 0.97), (3, 0.7))):
        one = drivers([ready], sign * x**power)[0]
        assert one.spearman == pytest.approx(sign)
        assert one.sobol > least
