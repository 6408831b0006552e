"""The staging of the recovery force: ways, fuel, weather, places, and the exact postings against brute force."""

from __future__ import annotations

import itertools
import math
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
from recovery_factory import GUIDED, both, touchdowns

from steppe.config.loader import load_recovery, recovery_names
from steppe.config.recovery import Detection, RecoveryFile, Weather
from steppe.errors import ConfigError
from steppe.ground.land import on_land
from steppe.ground.places import candidate_places
from steppe.ground.plans import PROBABILITIES
from steppe.ground.posting import UNREACHED_S, Problem, Rule, best_mean, best_quantile, weighted_quantile
from steppe.ground.reach import Place, grounded, radio_range_m, reach, travel_s
from steppe.ground.recovery import Recovery, first_shares, plan_of, plan_recovery
from steppe.ground.setup import Post, setup_of


@pytest.fixture(scope="module")
def force() -> RecoveryFile:
    return load_recovery("soyuz-kazakhstan")


@pytest.fixture(scope="module")
def study(force: RecoveryFile) -> Recovery:
    return plan_recovery("made-up", force, *both(), representatives=8)


# --- land and places


@pytest.mark.parametrize(
    ("latitude", "longitude", "land"),
    [(47.7, 67.7, True), (42.0, 51.0, False), (36.0, 19.0, False), (0.0, -30.0, False), (40.0, -100.0, True),
     (47.7, 427.7, True)],
)  # fmt: skip
def test_land_and_sea(latitude: float, longitude: float, land: bool) -> None:
    assert on_land(latitude, longitude) == land


def test_all_presets_lie_on_land_and_read() -> None:
    for name in recovery_names():
        assert all(on_land(one.latitude_deg, one.longitude_deg) for one in load_recovery(name).airfield)


def test_field_positions_keep_clear_of_the_touchdowns(force: RecoveryFile) -> None:
    guided, ballistic = both()
    places = candidate_places(force.airfield, force.waiting, guided, ballistic)
    assert [one.airfield for one in places[:7]] == [True] * 7
    for place in places[7:]:
        here = np.radians(place.latitude_deg), np.radians(place.longitude_deg)
        points = guided if place.side == "guided" else ballistic
        from steppe.frames.geodetic import geodesic_distance_m

        way = geodesic_distance_m(*here, np.radians(points.latitude_deg), np.radians(points.longitude_deg))
        assert np.mean(way < 0.995 * force.waiting.clearance_m) <= force.waiting.clearance_probability
    assert {one.side for one in places[:7]} == {"guided", "ballistic"}
    assert len({(one.latitude_deg, one.longitude_deg) for one in places}) == len(places)


def test_representatives_keep_the_mean_and_repeat() -> None:
    points, _ = both(200)
    some, shares = points.representatives(12)
    assert len(some) <= 12 and shares.sum() == pytest.approx(1.0)
    assert shares @ some.latitude_deg == pytest.approx(points.mean_deg[0], abs=1e-4)
    again, _ = points.representatives(12)
    assert np.array_equal(some.latitude_deg, again.latitude_deg)
    assert points.representatives(200)[0] is points


def test_the_axes_of_the_touchdowns() -> None:
    (long, short), course = touchdowns("guided", GUIDED, (9.0, 3.0), 4000).axes_km()
    assert long == pytest.approx(9.0, rel=0.04) and short == pytest.approx(3.0, rel=0.04)
    assert math.degrees(course) == pytest.approx(90.0, abs=2.0)


# --- ways and limits


def arrays(*pairs: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array(pairs)
    return values[:, 0], values[:, 1]


def test_wind_triangle(force: RecoveryFile) -> None:
    unit = force.type_of("mi-8")
    start, north, east = arrays((47.0, 69.0)), arrays((48.0, 69.0)), arrays((47.0, 69.01))
    still = travel_s(unit, Weather(), start, north)[0]
    assert still == pytest.approx(111_175.0 / 62.5, rel=1e-3)
    wind = Weather(wind_north_m_s=12.5)
    assert travel_s(unit, wind, start, north)[0] == pytest.approx(still * 62.5 / 75.0)
    assert travel_s(unit, wind, north, start)[0] == pytest.approx(still * 62.5 / 50.0)
    across = travel_s(unit, wind, start, east)[0] / travel_s(unit, Weather(), start, east)[0]
    assert across == pytest.approx(62.5 / math.sqrt(62.5**2 - 12.5**2), rel=1e-4)
    pem = force.type_of("pem")
    assert np.array_equal(travel_s(pem, wind, start, north), travel_s(pem, Weather(), start, north))


def test_a_wind_stronger_than_the_unit_stops_it(force: RecoveryFile) -> None:
    slow = force.type_of("mi-8").model_copy(update={"cruise_speed_m_s": 20.0})
    strong = Weather(wind_north_m_s=25.0)
    assert np.isinf(travel_s(slow, strong, arrays((48.0, 69.0)), arrays((47.0, 69.0)))[0])
    assert np.isinf(travel_s(slow, strong, arrays((47.0, 69.0)), arrays((47.0, 70.0)))[0])
    assert np.isfinite(travel_s(slow, strong, arrays((47.0, 69.0)), arrays((48.0, 69.0)))[0])


def test_fuel_counts_ferry_hold_way_search_and_home(force: RecoveryFile) -> None:
    """One airfield at the equator, a place 1 deg east of it, a point another degree on: 1 + 1 + 2 deg and the times."""
    unit = force.type_of("mi-8")
    field = force.airfield[0].model_copy(update={"latitude_deg": 0.0, "longitude_deg": 0.0})
    places = (Place("field", 0.0, 1.0, "guided", False), Place("base", 0.0, 0.0, "guided", True))
    degree = 111_319.49
    for slack_m, possible in ((10.0, True), (-10.0, False)):
        needed = 4.0 * degree + (unit.reserve_s + 600.0) * unit.cruise_speed_m_s
        tank = unit.model_copy(update={"range_m": needed + slack_m})
        found = reach(tank, Weather(), places, (field,), arrays((0.0, 2.0)), hold_s=600.0, standoff_m=0.0)
        assert found.possible[0, 0] == possible
        assert found.possible[1, 0]  # from the airfield itself no ferry and no hold
    tired = unit.model_copy(update={"duty_s": 3600.0})
    assert not reach(tired, Weather(), places, (field,), arrays((0.0, 2.0)), hold_s=600.0, standoff_m=0.0).possible[
        0, 0
    ]


def test_arrival_before_and_after_the_detection(force: RecoveryFile) -> None:
    unit = force.type_of("mi-8").model_copy(update={"reaction_s": 60.0})
    places = (Place("near", 0.0, 0.05, "guided", True), Place("far", 0.0, 1.0, "guided", True))
    can = reach(unit, Weather(), places, force.airfield, arrays((0.0, 0.0)), hold_s=0.0, standoff_m=2500.0)
    can = can.__class__(can.travel_s, np.ones_like(can.possible), can.standoff_s)
    known = lambda s: Detection(name="x", side="guided", after_touchdown_s=s, weight=1, source="made up")  # noqa: E731
    near_s, far_s = can.travel_s[:, 0]
    # long before: all stand 2.5 km away, 40 s
    assert can.arrival_s(unit, known(-3600.0))[:, 0] == pytest.approx([40.0, 40.0])
    assert can.arrival_s(unit, known(300.0))[:, 0] == pytest.approx([360.0 + near_s, 360.0 + far_s])
    # on the way when it lands
    assert can.arrival_s(unit, known(-600.0))[1, 0] == pytest.approx(far_s - 540.0)


@pytest.mark.parametrize(
    ("weather", "night", "why"),
    [
        (Weather(), False, ""),
        (Weather(), True, ""),
        (Weather(icing=True), False, "icing"),
        (Weather(wind_east_m_s=15.0, gust_m_s=6.0), False, "wind with gusts 21 m/s, limit 20 m/s"),
        (Weather(visibility_m=500.0), False, "visibility 500 m, at least 2000 m needed"),
    ],
)
def test_what_grounds_a_helicopter(force: RecoveryFile, weather: Weather, night: bool, why: str) -> None:
    assert grounded(force.type_of("mi-8"), weather, night) == why
    assert grounded(force.type_of("mi-8").model_copy(update={"works_at_night": False}), Weather(), True) == "night"


def test_radio_horizon(force: RecoveryFile) -> None:
    assert radio_range_m(force.type_of("an-26")) == pytest.approx(319.1e3, abs=100.0)
    assert radio_range_m(force.type_of("pem")) == 0.0


# --- exact postings


def made_up(seed: int, places: int, scenarios: int, units: tuple[int, ...], team_weight: float = 0.3) -> Problem:
    """Helicopters and vehicles at random places; some ways are closed."""
    random = np.random.default_rng(seed)
    where, points = random.normal(size=(places, 2)), random.normal(size=(scenarios, 2))
    way = np.linalg.norm(where[:, None] - points[None], axis=2)
    time = np.vstack([way * 900.0 * (1 + 8 * kind) for kind in range(len(units))])
    time[random.random(time.shape) < 0.1] = np.inf
    weight = random.random(scenarios)
    of_type = np.repeat(np.arange(len(units)), places)
    return Problem(time, weight / weight.sum(), of_type, units, 2, of_type == 0, 2, np.full(scenarios, team_weight))


def every_posting(problem: Problem) -> list[np.ndarray]:
    found = []
    for units in itertools.product(range(problem.most + 1), repeat=problem.of_type.size):
        z = np.array(units)
        if all(z[problem.of_type == k].sum() == count for k, count in enumerate(problem.count)):
            if all(rule.least <= z[rule.options].sum() <= rule.most for rule in problem.rules):
                found.append(z)
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("units", [(1, 1), (3, 2)])
def test_the_solver_finds_what_brute_force_finds(seed: int, units: tuple[int, ...]) -> None:
    problem = made_up(seed, 3, 7, units)
    best = min(problem.mean_s(z) for z in every_posting(problem))
    found = best_mean(problem)
    assert found.proven and found.gap < 1e-6
    assert found.objective_s == pytest.approx(best, rel=1e-6)
    assert problem.mean_s(found.units) == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_quantile_is_that_of_brute_force_and_then_the_mean(seed: int, share: float) -> None:
    problem = made_up(seed + 20, 3, 7, (2, 1))
    every = every_posting(problem)
    best = min(problem.quantile_s(z, share) for z in every)
    mean = min(problem.mean_s(z) for z in every if problem.quantile_s(z, share) <= best + 1e-9)
    found = best_quantile(problem, share)
    assert found.proven
    assert found.objective_s == pytest.approx(best)
    assert problem.mean_s(found.units) == pytest.approx(mean, rel=1e-6)


def test_rules_bind_and_contradictions_are_said() -> None:
    problem = made_up(1, 4, 5, (3,))
    only = np.array([False, False, True, True])
    ruled = Problem(problem.time_s, problem.weight, problem.of_type, (3,), 2, problem.team_type, 2, problem.team_weight,
                    (Rule(~only, 0, 0, "the last two places only"),))  # fmt: skip
    assert best_mean(ruled).units[:2].sum() == 0
    crowded = Problem(problem.time_s, problem.weight, problem.of_type, (5,), 2, problem.team_type, 2,
                      problem.team_weight, ruled.rules)  # fmt: skip
    with pytest.raises(ConfigError, match=r"no posting of 5 units keeps all the rules: the last two places only"):
        best_mean(crowded)


def test_a_symmetric_case_has_a_symmetric_answer() -> None:
    """Two equal clusters and two units: one at each, and the mirror image costs the same."""
    time = np.array([[0.0, 100.0], [100.0, 0.0]])
    problem = Problem(time, np.array([0.5, 0.5]), np.zeros(2, dtype=np.int64), (2,), 2, np.ones(2, dtype=bool))
    found = best_mean(problem)
    assert found.units.tolist() == [1, 1] and found.objective_s == pytest.approx(0.0, abs=1e-9)
    one = Problem(time, problem.weight, problem.of_type, (1,), 2, problem.team_type)
    assert best_mean(one).objective_s == pytest.approx(50.0)
    assert one.mean_s(np.array([1, 0])) == one.mean_s(np.array([0, 1]))


def test_nobody_in_reach_counts_a_day() -> None:
    problem = Problem(
        np.full((1, 2), np.inf), np.array([0.5, 0.5]), np.zeros(1, dtype=np.int64), (1,), 1, np.ones(1, bool)
    )
    assert best_mean(problem).objective_s == pytest.approx(UNREACHED_S)


def test_weighted_quantile() -> None:
    values, weight = np.array([3.0, 1.0, 2.0]), np.array([0.25, 0.5, 0.25])
    assert [weighted_quantile(values, weight, share) for share in (0.5, 0.51, 0.75, 0.99)] == [1.0, 2.0, 2.0, 3.0]


def test_without_or_tools_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.linear_solver.python", None)
    with pytest.raises(ConfigError, match=r"pip install 'steppe\[recovery\]'"):
        best_mean(made_up(1, 3, 3, (1,)))


# --- the whole study


def test_merging_late_detections_changes_nothing(force: RecoveryFile) -> None:
    guided, ballistic = both(12)
    places = candidate_places(force.airfield, force.waiting, guided, ballistic)
    setup, _ = setup_of(force, places, guided, ballistic)
    stands = [points.representatives(6) for points in (guided, ballistic)]
    short, long = (setup.problem(stands[0], stands[1], merge=merge) for merge in (True, False))
    assert short.weight.sum() == pytest.approx(1.0) and long.weight.sum() == pytest.approx(1.0)
    assert short.weight.size < long.weight.size
    units = np.zeros(short.of_type.size, dtype=np.int64)
    units[[8, 9, 30]] = [2, 1, 3]
    assert short.mean_s(units) == pytest.approx(long.mean_s(units), rel=1e-9)


def test_plans_are_proven_ordered_and_complete(study: Recovery) -> None:
    assert [plan.name for plan in study.plans] == ["airfields", *(f"ballistic_{k}" for k in range(5)), "optimum"]
    best = study.optimum.posting.objective_s
    for plan in study.plans:
        assert plan.posting.proven and plan.posting.gap < 1e-6
        assert sum(post.count for post in plan.posts if post.type == "mi-8") == 10
        assert sum(post.count for post in plan.posts if post.type == "pem") == 6
    assert all(plan.posting.objective_s >= best - 1e-6 for plan in study.plans[1:])
    assert min(plan.posting.objective_s for plan in study.plans[1:-1]) == pytest.approx(best, rel=1e-9)
    for k in range(5):
        assert study.plan(f"ballistic_{k}").count("ballistic", "mi-8") == k
    assert all(post.place.side == "guided" for post in study.plan("ballistic_0").posts)
    assert all(post.place.airfield for post in study.plan("airfields").posts)
    with pytest.raises(ConfigError, match="there is no plan 'best', only airfields"):
        study.plan("best")


def test_units_on_the_ballistic_side_shorten_only_its_times(study: Recovery) -> None:
    none, two = study.plan("ballistic_0"), study.plan("ballistic_2")
    assert two.ballistic.mean_s("hatch_s") < none.ballistic.mean_s("hatch_s") - 300.0
    assert two.guided.mean_s("hatch_s") == pytest.approx(none.guided.mean_s("hatch_s"), abs=30.0)


def test_times_follow_each_other(study: Recovery) -> None:
    times, tasks = study.optimum.guided, study.force.tasks
    assert np.all(times.team_s >= times.first_s)
    assert times.hatch_s == pytest.approx(times.first_s + tasks.hatch_s)
    assert times.last_out_s == pytest.approx(times.hatch_s + tasks.first_out_s + 2 * tasks.each_next_s)
    rows = [times.quantile_s("hatch_s", p) for p in PROBABILITIES]
    assert rows == sorted(rows)
    assert times.unreached == 0.0


def test_first_shares_sum_to_one(study: Recovery) -> None:
    assert sum(first_shares(study, study.optimum)) == pytest.approx(1.0)


def test_icing_leaves_the_vehicles(force: RecoveryFile) -> None:
    iced = force.model_copy(update={"weather": Weather(icing=True)})
    study = plan_recovery("made-up", iced, *both(30), representatives=5)
    assert {post.type for post in study.optimum.posts} == {"pem"}
    assert any("grounded on the guided side (icing)" in note for note in study.notes)


def test_one_place_for_both_sides_is_said(force: RecoveryFile) -> None:
    near = touchdowns("guided", GUIDED, (2.0, 2.0), 20), touchdowns("ballistic", GUIDED, (2.0, 2.0), 20)
    assert any("land at one place" in note for note in plan_recovery("x", force, *near, representatives=3).notes)


def test_nobody_can_move(force: RecoveryFile) -> None:
    storm = force.model_copy(update={"weather": Weather(wind_east_m_s=45.0)})
    with pytest.raises(ConfigError, match=r"nobody who opens the hatch can move: .*wind with gusts 45 m/s"):
        plan_recovery("made-up", storm, *both(30))


def test_the_night_takes_longer(force: RecoveryFile) -> None:
    midnight = datetime(2022, 9, 29, 19, 0, tzinfo=UTC)
    day, night = (
        plan_recovery("made-up", force, *both(20, utc), representatives=5) for utc in (both()[0].utc, midnight)
    )
    longer = night.optimum.guided.quantile_s("first_s", 0.5) - day.optimum.guided.quantile_s("first_s", 0.5)
    assert longer == pytest.approx(force.tasks.approach_night_s - force.tasks.approach_s)
    assert any("Night" in note for note in night.notes) and not any("Night" in note for note in day.notes)


def test_posts_of_a_person_are_evaluated(study: Recovery) -> None:
    place = next(one for one in study.setup.places if one.name == "Zhezkazgan")
    plan = plan_of(study.setup, [Post("mi-8", place, 3)], study.guided, study.ballistic, "mine")
    assert not plan.posting.proven
    way_s = 145e3 / 62.5  # Zhezkazgan is 145 km from the middle of the guided touchdowns
    late = max(way_s + 120.0 - 300.0, 0.0) + 240.0
    assert plan.guided.quantile_s("first_s", 0.5) == pytest.approx(late, abs=180.0)


def test_the_quantile_objective_beats_the_mean_at_its_own_game(force: RecoveryFile, study: Recovery) -> None:
    guided, ballistic = both()
    found = plan_recovery("made-up", force, guided, ballistic, objective="quantile", share=0.99, representatives=8)
    setup = study.setup
    problem = setup.problem(guided.representatives(8), ballistic.representatives(8), merge=False)
    by_mean = problem.quantile_s(setup.units(study.optimum.posts), 0.99)
    assert found.optimum.posting.proven
    assert found.optimum.posting.objective_s <= by_mean + 1e-6
    assert [plan.name for plan in found.plans] == ["airfields", "ballistic_0", "ballistic_2", "optimum"]


def test_an_airfield_in_the_sea_is_refused(force: RecoveryFile) -> None:
    wet = force.airfield[0].model_copy(update={"latitude_deg": 42.0, "longitude_deg": 51.0})
    with pytest.raises(ConfigError, match=r"mine\.toml: airfield\.UAKK: .*'Karaganda' at 42 N 51 E lies in the sea"):
        plan_recovery("x", force.model_copy(update={"airfield": (wet,)}), *both(), source="mine.toml")


def test_a_closed_airfield_is_left_out_and_said(force: RecoveryFile) -> None:
    shut = force.airfield[1].model_copy(update={"closed": "runway under repair"})
    changed = force.model_copy(update={"airfield": (force.airfield[0], shut, *force.airfield[2:])})
    study = plan_recovery("x", changed, *both(20), representatives=5)
    assert "Zhezkazgan is closed (runway under repair): nobody waits or refuels there." in study.notes
    assert all(place.name != "Zhezkazgan" for place in study.setup.places)
    everything = tuple(one.model_copy(update={"closed": "strike"}) for one in force.airfield)
    with pytest.raises(ConfigError, match="every airfield is closed"):
        plan_recovery("x", force.model_copy(update={"airfield": everything}), *both())


def with_range(force: RecoveryFile, range_m: float, *, vehicles: bool) -> RecoveryFile:
    types = tuple(
        one.model_copy(update={"range_m": range_m}) if one.kind == "helicopter" else one for one in force.unit_type
    )
    fleet = tuple(one for one in force.fleet if vehicles or one.type != "pem")
    return force.model_copy(update={"unit_type": types, "fleet": fleet})


def test_a_type_that_reaches_no_touchdown_is_said_and_nobody_at_all_is_refused(force: RecoveryFile) -> None:
    """Zhezkazgan is 145 km from the guided side: out, back and half an hour of search take 400 km."""
    study = plan_recovery("x", with_range(force, 250e3, vehicles=True), *both(20), representatives=5)
    assert any(note.startswith("Mi-8MTV helicopter: reaches no touchdown on the guided side") for note in study.notes)
    with pytest.raises(ConfigError, match="nobody who opens the hatch reaches a touchdown"):
        plan_recovery("x", with_range(force, 250e3, vehicles=False), *both(20), representatives=5)
