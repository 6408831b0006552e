"""Every dispersed parameter changes what is flown, in the way that its name says, and nothing else does."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from steppe.config.dispersible import DISPERSIBLES
from steppe.config.dispersions import Density, Dispersions, Parameter, WindProfile
from steppe.config.loader import load_mission
from steppe.ensemble.campaign import dispersions_of
from steppe.ensemble.cases import LEAD_S, Case, Nominal, cases_of, nominal_return, tables_of
from steppe.ensemble.flown import fly_cases
from steppe.ensemble.run import Flown, fly_case
from steppe.ensemble.sampling import draw
from steppe.errors import LANDED, ConfigError
from steppe.flight.batch import with_law
from steppe.kernels import phase as k
from steppe.kernels.air import air_at
from steppe.kernels.deviation import added_wind, coefficient_factors
from steppe.kernels.ends import END_CODE, END_PHASES
from steppe.kernels.motion import World, real_air
from steppe.kernels.wind import wind_at

# Large enough to be seen in any output, small enough to land
_BY_UNIT = {"m": 50.0, "m/s": 0.5, "s": 2.0, "deg": 0.5, "kg": 30.0, "m/s2": 1e-3, "deg/h": 5.0, "1": 1e-3}
# What acts after the trajectory, and values that say more than those of their unit
_ON_THE_GROUND = (
    "landing_speed_error_m_s", "landing_slope_error_deg", "landing_friction_factor", "landing_soil_depth_factor",
    "canopy_cut_error_s",
)  # fmt: skip
_OTHER_VALUES = {"landing_engine_delay_error_s": 0.02, "landing_engines_out_error": 0.1}
_FLOWN = [name for name, row in DISPERSIBLES.items() if row.part == "return" and name not in _ON_THE_GROUND]
ALONG_GLIDE = (0.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def nominal() -> Nominal:
    return nominal_return(load_mission("ms-21"))


def real_wind(world: World, altitude_m: float) -> tuple[float, float]:
    east, north = wind_at(world.wind, altitude_m)
    more_east, more_north = added_wind(world.deviation, altitude_m)
    return east + more_east, north + more_north


def case_with(nominal: Nominal, **values: float) -> Case:
    """Return the case in which some parameters have a fixed value and the others are nominal."""
    entries = tuple(Parameter(name=n, distribution="constant", value=v, source="test") for n, v in values.items())
    return case_of(nominal, Dispersions(parameter=entries))


def case_of(nominal: Nominal, dispersions: Dispersions) -> Case:
    return next(cases_of(nominal, draw(dispersions, 1, [0])))


def fly(nominal: Nominal, case: Case) -> Flown:
    return fly_case(nominal, case, np.zeros((8000, k.RECORD_COLUMNS)))


def began(nominal: Nominal, flown: Flown, event: str) -> Any:
    number = nominal.number(event)
    assert number is not None
    return flown.begins[number]


@pytest.fixture(scope="module")
def undispersed(nominal: Nominal) -> Flown:
    return fly(nominal, case_with(nominal))


def test_without_dispersions_the_sample_is_the_planned_flight(nominal: Nominal, undispersed: Flown) -> None:
    assert undispersed.code == LANDED
    planned = nominal.run.begins[nominal.run.begun]
    # the restart on the way to the ignition is another rounding, nothing more
    assert np.linalg.norm(undispersed.begins[-1, k.X : k.Z + 1] - planned[k.X : k.Z + 1]) < 1.0
    assert undispersed.begins[-1, k.TIME] == pytest.approx(planned[k.TIME], abs=0.01)


def test_the_campaign_starts_before_the_ignition(nominal: Nominal, undispersed: Flown) -> None:
    lit = began(nominal, undispersed, "deorbit_ignition")
    assert lit[k.TIME] - nominal.start[k.TIME] == pytest.approx(LEAD_S, abs=1e-6)


@pytest.mark.parametrize("name", _FLOWN)
def test_every_parameter_changes_the_flight(nominal: Nominal, undispersed: Flown, name: str) -> None:
    known = DISPERSIBLES[name]
    value = 1.05 if known.is_factor else _OTHER_VALUES.get(name, _BY_UNIT[known.unit])
    flown = fly(nominal, case_with(nominal, **{name: value}))
    assert flown.code == LANDED
    common = min(flown.begun, undispersed.begun)  # a heavy capsule touches the ground before the engines burn out
    assert np.abs(flown.begins[:common] - undispersed.begins[:common]).max() > 1e-6, f"{name} has no effect"


@pytest.mark.parametrize("name", DISPERSIBLES)
def test_the_nominal_value_of_a_parameter_changes_no_bit(nominal: Nominal, name: str) -> None:
    plain, same = case_with(nominal), case_with(nominal, **{name: DISPERSIBLES[name].nominal})
    assert plain.rows.tobytes() == same.rows.tobytes()
    assert plain.start.tobytes() == same.start.tobytes()
    assert plain.world.deviation[1:] == same.world.deviation[1:]
    assert (plain.guide, plain.ground_m) == (same.guide, same.ground_m)


# --- the start and the burn


@pytest.mark.parametrize("axis", ["radial", "along", "cross"])
def test_the_start_moves_along_its_axis(nominal: Nominal, axis: str) -> None:
    plain = nominal.start
    place, speed = plain[k.X : k.Z + 1], plain[k.U : k.W + 1]
    errors = {f"station_{axis}_error_m": 100.0, f"station_{axis}_speed_error_m_s": 0.3}
    moved = case_with(nominal, **errors).start - plain
    step, push = moved[k.X : k.Z + 1], moved[k.U : k.W + 1]
    assert np.linalg.norm(step) == pytest.approx(100.0)
    assert np.linalg.norm(push) == pytest.approx(0.3)
    up = place / np.linalg.norm(place)
    across = float(step @ up) / 100.0
    assert across == pytest.approx(1.0 if axis == "radial" else 0.0, abs=1e-9)
    forward = float(step @ speed) / np.linalg.norm(speed) / 100.0
    assert (forward > 0.99) == (axis == "along")


def test_the_errors_of_the_burn(nominal: Nominal, undispersed: Flown) -> None:
    def burn_s(**values: float) -> float:
        flown = fly(nominal, case_with(nominal, **values))
        times = began(nominal, flown, "deorbit_cutoff")[k.TIME] - began(nominal, flown, "deorbit_ignition")[k.TIME]
        return float(times)

    plain = burn_s()
    row = nominal.rows[nominal.number("deorbit_ignition") or 0]
    mass = began(nominal, undispersed, "deorbit_cutoff")[k.MASS]
    # Newton: one m/s more at the end takes mass / thrust seconds
    assert burn_s(delta_v_error_m_s=1.0) - plain == pytest.approx(mass / row[k.THRUST_N], rel=0.01)
    assert burn_s(thrust_factor=1.02) == pytest.approx(plain / 1.02, rel=1e-3)
    assert burn_s(specific_impulse_factor=1.02) > plain  # less mass leaves, so there is more to slow down
    assert burn_s(ship_mass_error_kg=70.0) - plain == pytest.approx(plain * 70.0 / nominal.start[k.MASS], rel=0.01)
    late = fly(nominal, case_with(nominal, ignition_error_s=3.0))
    delay = began(nominal, late, "deorbit_ignition")[k.TIME] - began(nominal, undispersed, "deorbit_ignition")[k.TIME]
    assert delay == pytest.approx(3.0, abs=1e-6)


def test_the_pointing_of_the_burn(nominal: Nominal) -> None:
    burn = nominal.number("deorbit_ignition")
    assert burn is not None
    way = [k.THRUST_RADIAL, k.THRUST_ALONG, k.THRUST_CROSS]
    up = case_with(nominal, burn_pitch_error_deg=2.0).rows[burn, way]
    assert up == pytest.approx([math.sin(math.radians(2.0)), -math.cos(math.radians(2.0)), 0.0])
    aside = case_with(nominal, burn_yaw_error_deg=2.0).rows[burn, way]
    assert aside == pytest.approx([0.0, -math.cos(math.radians(2.0)), math.sin(math.radians(2.0))])
    both = case_with(nominal, burn_yaw_error_deg=2.0, burn_pitch_error_deg=-3.0).rows[burn, way]
    assert np.linalg.norm(both) == pytest.approx(1.0)


# --- the capsule


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("subsonic", -1.0, 1.2), ("supersonic", 1.2, 5.0), ("hypersonic", 5.0, 1e9)],
)
def test_a_drag_factor_scales_its_mach_numbers_alone(nominal: Nominal, name: str, low: float, high: float) -> None:
    deviation = case_with(nominal, **{f"drag_{name}_factor": 1.1}).world.deviation
    for mach in (0.0, 1.0, 1.2, 3.0, 4.8, 5.0, 20.0):
        drag, lift = coefficient_factors(deviation, mach)
        assert drag == pytest.approx(1.1 if low <= mach < high else 1.0)
        # lift goes with it, because the ratio is another parameter
        assert lift == pytest.approx(drag)


def test_lift_to_drag_trim_mass_and_command(nominal: Nominal) -> None:
    drag, lift = coefficient_factors(case_with(nominal, lift_to_drag_factor=1.1).world.deviation, 20.0)
    assert (drag, lift) == (1.0, pytest.approx(1.1))
    drag, lift = coefficient_factors(case_with(nominal, trim_angle_error_deg=1.0).world.deviation, 20.0)
    # docs/models/dispersions.md: one degree more is 6.1 % of the ratio and -1.4 % of the drag
    assert drag == pytest.approx(0.986, rel=2e-3)
    assert lift / drag == pytest.approx(1.061, rel=3e-3)
    heavy = case_with(nominal, capsule_mass_error_kg=25.0).rows - nominal.rows
    assert set(heavy[:, k.SET_MASS_KG]) == {0.0, 25.0}
    early = case_with(nominal, chute_command_error_m=80.0).rows - nominal.rows
    assert np.argwhere(early).tolist() == [[nominal.number("guidance_start"), k.END_VALUE]]
    assert early.max() == pytest.approx(80.0)


def test_the_roll_and_the_sensors(nominal: Nominal) -> None:
    guide = case_with(nominal, bank_rate_factor=1.1).guide
    assert guide.max_rate_rad_s == pytest.approx(1.1 * nominal.guide.max_rate_rad_s)
    assert guide.max_acceleration_rad_s2 == pytest.approx(1.1 * nominal.guide.max_acceleration_rad_s2)
    assert tuple(case_with(nominal).guide.sensors) == (0.0,) * 13
    values = {
        "accelerometer_scale_error": 3e-4,
        "accelerometer_radial_bias_m_s2": 3e-3,
        "accelerometer_cross_bias_m_s2": 4e-3,
        "gyro_along_drift_deg_h": 1.0,
        "navigation_radial_error_m": 30.0,
        "navigation_along_speed_error_m_s": 0.2,
    }
    found = np.array(case_with(nominal, **values).guide.sensors)
    assert found[0] == 3e-4
    assert np.linalg.norm(found[1:4]) == pytest.approx(5e-3)
    assert np.linalg.norm(found[4:7]) == pytest.approx(math.radians(1.0) / 3600.0)
    assert np.linalg.norm(found[10:13]) == pytest.approx(0.2)
    place, up = found[7:10], nominal.update[k.X : k.Z + 1] / np.linalg.norm(nominal.update[k.X : k.Z + 1])
    assert place == pytest.approx(30.0 * up, abs=1e-6)


# --- the air and the wind


def test_the_density_is_multiplied_where_the_profile_says(nominal: Nominal) -> None:
    density = Density(
        altitude_m=(40e3, 80e3), sigma=(0.0, 0.0), bias=(0.0, 0.2), correlation_length_m=10e3, source="test"
    )
    world = case_of(nominal, Dispersions(density=density)).world
    for altitude_m, factor in ((20e3, 1.0), (60e3, 1.1), (61e3, 1.105), (70e3, 1.15), (100e3, 1.2)):
        rho, sound = real_air(world, altitude_m, *ALONG_GLIDE)
        plain, same_sound = air_at(nominal.world.air, altitude_m, *ALONG_GLIDE)
        assert rho == pytest.approx(factor * plain, rel=1e-4), altitude_m
        assert sound == same_sound


@pytest.mark.parametrize("model", ["climatology", "none"])
def test_the_wind_is_added_and_a_profile_of_zeros_changes_nothing(nominal: Nominal, model: str) -> None:
    if model == "none":
        still = nominal.world.wind._replace(layers=np.zeros((1, 4)), layers_per_m=1.0 / 120e3)
        nominal = replace(nominal, world=nominal.world._replace(wind=still))
    profile = WindProfile(
        altitude_m=(0.0, 10e3), sigma_m_s=(0.0, 0.0), bias_east_m_s=(10.0, 30.0), bias_north_m_s=(-5.0, -5.0),
        correlation_length_m=3e3, source="test",
    )  # fmt: skip
    added = case_of(nominal, Dispersions(wind=profile)).world
    unchanged = case_with(nominal).world
    for altitude_m in (0.0, 250.0, 1234.5, 5e3, 9999.0, 30e3, 119e3):
        east, north = wind_at(nominal.world.wind, altitude_m)
        assert real_wind(unchanged, altitude_m) == (east, north)
        more = 10.0 + 20.0 * min(altitude_m / 10e3, 1.0)
        assert real_wind(added, altitude_m) == pytest.approx((east + more, north - 5.0), abs=1e-9)


# --- parachutes and the ground


def test_the_terrain_is_where_the_flight_ends(nominal: Nominal, undispersed: Flown) -> None:
    flown = fly(nominal, case_with(nominal, terrain_height_error_m=100.0))
    plain, higher = (one.begins[-1, k.X : k.Z + 1] for one in (undispersed, flown))
    assert float((higher - plain) @ plain / np.linalg.norm(plain)) == pytest.approx(100.0, abs=1.0)


def test_canopies_grow_and_open_as_their_factors_say(nominal: Nominal) -> None:
    areas = nominal.rows[:, k.CANOPY_TO_M2]
    main = areas >= 0.1 * areas.max()
    assert main.any() and (areas[~main] > 0.0).any()
    large = case_with(nominal, main_drag_area_factor=1.1).rows[:, k.CANOPY_TO_M2]
    assert large == pytest.approx(np.where(main, 1.1, 1.0) * areas)
    drogue = case_with(nominal, drogue_drag_area_factor=1.1).rows[:, k.CANOPY_TO_M2]
    assert drogue == pytest.approx(np.where(main, 1.0, 1.1) * areas)
    slow = case_with(nominal, inflation_time_factor=1.2).rows
    assert slow[:, k.CANOPY_DURATION_S] == pytest.approx(1.2 * nominal.rows[:, k.CANOPY_DURATION_S])


def test_the_reefing_cutters_and_nothing_else_come_later(nominal: Nominal, undispersed: Flown) -> None:
    reefed, full = "main_reefed", "main_full"
    late = fly(nominal, case_with(nominal, reefing_delay_factor=1.25))
    slow = fly(nominal, case_with(nominal, inflation_time_factor=1.2))

    def apart(flown: Flown, first: str, second: str) -> float:
        return float(began(nominal, flown, second)[k.TIME] - began(nominal, flown, first)[k.TIME])

    assert apart(late, reefed, full) == pytest.approx(1.25 * apart(undispersed, reefed, full), abs=1e-6)
    assert apart(late, "drogue", reefed) == pytest.approx(apart(undispersed, "drogue", reefed), abs=1e-6)
    # cutters count from the line stretch, not from the end of the inflation
    assert apart(slow, reefed, full) == pytest.approx(apart(undispersed, reefed, full), abs=1e-6)


def test_the_landing_engines(nominal: Nominal) -> None:
    engines = nominal.number("soft_landing_ignition")
    assert engines is not None
    moved = case_with(nominal, landing_engine_height_error_m=0.2).rows - nominal.rows
    assert np.argwhere(moved).tolist() == [[engines - 1, k.END_VALUE]]
    strong = case_with(nominal, landing_engine_thrust_factor=1.1).rows
    assert strong[engines, k.THRUST_N] == pytest.approx(1.1 * nominal.rows[engines, k.THRUST_N])
    assert strong[engines, k.FLOW_KG_S] == pytest.approx(1.1 * nominal.rows[engines, k.FLOW_KG_S])


# --- the lanes and the loop of a single flight


@pytest.mark.parametrize("law", ["apparent-velocity", "predictor-corrector", "open-loop"])
def test_dispersed_lanes_fly_what_a_single_flight_flies(law: str) -> None:
    loaded = load_mission("ms-21")
    dispersions = dispersions_of(loaded)
    nominal = nominal_return(with_law(loaded, law), "entry")
    samples = draw(dispersions, 3, [0, 1, 2])
    lanes = fly_cases(nominal, tables_of(nominal, samples))
    for i, case in enumerate(cases_of(nominal, samples)):
        alone = fly(nominal, case)
        assert (alone.code, alone.begun) == (lanes.ends[i, END_CODE], lanes.ends[i, END_PHASES])
        there = lanes.begins[i, : alone.begun + 1]
        assert np.abs(alone.begins[:, k.TIME] - there[:, k.TIME]).max() < 1e-6
        # Rounding grows with the guidance: nanometres at the entry, below a tenth of a millimetre at the touchdown
        assert np.abs(alone.begins[:, k.X : k.Z + 1] - there[:, k.X : k.Z + 1]).max() < 1e-4


def test_a_campaign_can_start_at_an_event(nominal: Nominal) -> None:
    entry = nominal_return(load_mission("ms-21"), "entry")
    begun = [phase.event for phase in nominal.run.phases].index("entry_interface")
    assert entry.start.tobytes() == nominal.run.begins[begun, : k.BANK + 1].tobytes()
    assert entry.phases[0].event == "entry_interface"
    flown = fly(entry, case_with(entry))
    planned = nominal.run.begins[nominal.run.begun]
    assert np.linalg.norm(flown.begins[-1, k.X : k.Z + 1] - planned[k.X : k.Z + 1]) < 100.0
    moved = case_with(entry, station_along_error_m=100.0, capsule_mass_error_kg=20.0).start - entry.start
    assert np.linalg.norm(moved[k.X : k.Z + 1]) == pytest.approx(100.0)
    assert moved[k.MASS] == pytest.approx(20.0)
    under = nominal_return(load_mission("ms-21"), "main_inflated")
    assert fly(under, case_with(under)).code == LANDED
    with pytest.raises(ConfigError, match="expected one of ignition, entry, undocking"):
        nominal_return(load_mission("ms-21"), "splashdown")
