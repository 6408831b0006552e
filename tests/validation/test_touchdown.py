"""What happens on the ground, against closed forms.

Modelled: plastic contact of a flat base with Coulomb's friction, rotation about the leading edge, a canopy that pulls
until it is cut, a half-sine in the ground, a seat on spring and damper, Brinkley's oscillators. Not modelled: a capsule
that lands on its edge, a rolling one, motion across the plane.

Sources
-------
- Tripping: angular momentum about the edge, then energy (the criterion of every text on lander stability).
- Half-sine on an oscillator: Harris, Shock and Vibration Handbook, chapter 8 (closed form without damping).
- Short pulses: a step of speed v gives the undamped oscillator v w / g; DRI = 3.96 v for the spine (52.9 rad/s, 0.224,
  the rule of thumb in reports on the dynamic response index).
- Attitude of real landings: 13 of 24 reported ones on their side (reports named in docs/models/landing.md).
- Wind by height: the logarithmic law of the wall (Stull 1988, section 9.7), open country 0.03 m (WMO-No. 8).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steppe.config.loader import load_mission, load_vehicle
from steppe.config.vehicle import Landing
from steppe.constants import STANDARD_GRAVITY_M_S2 as G
from steppe.ensemble.campaign import plan_campaign
from steppe.ensemble.run import fly_samples
from steppe.flight.contact_pulse import pulse_of
from steppe.flight.landing import Conditions, body_of, contact, land
from steppe.kernels import touchdown as t

pytestmark = pytest.mark.validation

MASS_KG, NO_CUT = 2500.0, 5.0


@pytest.fixture(scope="module")
def soyuz() -> Landing:
    landing = load_vehicle("soyuz-ms").landing
    assert landing is not None
    return landing


def landed(landing: Landing, sink: float, along: float, wind: float = 0.0, **more: float) -> dict[str, float]:
    found = land(landing, Conditions(sink, along, 7.3, wind, MASS_KG, **more))
    return {name: float(values[0]) for name, values in found.items()}


def tripping_speed_m_s(body: t.Body, slope: float = 0.0) -> float:
    """Return the speed at which a body whose edge stands just turns over it: angular momentum, then energy."""
    arm = math.hypot(body.radius_m, body.height_m)
    about_edge = body.inertia_kg_m2 + MASS_KG * arm * arm
    low = body.height_m * math.cos(slope) + body.radius_m * math.sin(slope)
    rate = math.sqrt(2.0 * MASS_KG * G * (arm - low) / about_edge)
    return rate * about_edge / (MASS_KG * body.height_m)


@pytest.mark.parametrize("slope_deg", [0.0, 3.0, 8.0])
def test_a_body_whose_edge_stands_trips_at_the_speed_of_the_closed_form(soyuz: Landing, slope_deg: float) -> None:
    """Without a sink rate and with endless friction; one percent for the steps of 5 ms."""
    rough = soyuz.model_copy(update={"friction": 50.0})
    limit = tripping_speed_m_s(body_of(rough), math.radians(slope_deg)) / math.cos(math.radians(slope_deg))
    # by hand: 0.481 m to lift about 5350 kg m2 takes 2.10 rad/s, which 5.6 m/s give; a slope down takes from both
    assert limit == pytest.approx({0.0: 5.6, 3.0: 5.3, 8.0: 4.8}[slope_deg], abs=0.1)
    assert landed(rough, 0.0, 0.98 * limit, slope_deg=slope_deg)["tipped"] == 0.0
    assert landed(rough, 0.0, 1.02 * limit, slope_deg=slope_deg)["tipped"] == 1.0


def test_a_canopy_that_is_not_cut_tips_a_capsule_that_holds_where_its_moment_exceeds_that_of_the_weight(
    soyuz: Landing,
) -> None:
    """Pull m g (w / v)^2 at 1.9 m against the weight at 1.0 m: w = v sqrt(1 / 1.9)."""
    rough = soyuz.model_copy(update={"friction": 50.0})
    limit = 7.3 * math.sqrt(rough.base_radius_m / rough.attachment_height_m)
    for share, tips in ((0.99, 0.0), (1.01, 1.0)):
        assert landed(rough, 1.0, 0.0, share * limit, canopy_cut_error_s=55.0)["tipped"] == tips
    assert landed(rough, 1.0, 0.0, 1.5 * limit, canopy_cut_error_s=-NO_CUT)["tipped"] == 0.0


def test_a_capsule_that_slides_stops_in_the_way_of_friction(soyuz: Landing) -> None:
    smooth = soyuz.model_copy(update={"friction": 0.5})
    # the impact itself takes friction times the sink rate
    assert landed(smooth, 2.0, 5.0)["dragged_m"] == pytest.approx((5.0 - 0.5 * 2.0) ** 2 / (2.0 * 0.5 * G), rel=0.02)
    assert landed(smooth, 2.0, 5.0)["tipped"] == 0.0


def test_the_floor_feels_a_half_sine(soyuz: Landing) -> None:
    """Stopped from v over the depth d: pi v^2 / 4 d at the peak."""
    floor_g = landed(soyuz, 3.0, 0.0)["capsule_load_g"]
    assert floor_g == pytest.approx(1.0 + math.pi * 9.0 / (4.0 * soyuz.soil_depth_m) / G, rel=1e-9)


def test_the_stroke_of_a_short_pulse_is_that_of_a_damped_oscillator_with_a_first_speed(soyuz: Landing) -> None:
    body = body_of(soyuz)
    root = math.sqrt(1.0 - body.seat_damping**2)
    top = math.exp(-body.seat_damping / root * math.acos(body.seat_damping)) / body.seat_frequency_rad_s
    assert landed(soyuz, 3.0, 0.0, soil_depth_factor=0.02)["seat_stroke_m"] == pytest.approx(3.0 * top, rel=0.01)
    # the frequency was derived so that the landing with dead engines just fits
    assert 7.2 * top == pytest.approx(body.seat_stroke_m, rel=0.01)


def response(duration_s: float, change_m_s: float, frequency: float, damping: float) -> float:
    """Return the largest acceleration in g of an oscillator under a half-sine, with steps of the kernel."""
    place = speed = top = 0.0
    step = 1e-5
    for number in range(int((duration_s + 0.2) / step)):
        push = t.half_sine(number * step, duration_s, change_m_s)
        speed += step * t.swing(place, speed, push, frequency, damping)
        place += step * speed
        top = max(top, place)
    return top * frequency * frequency / G


@pytest.mark.parametrize("duration_s", [0.02, 0.06, 0.2])
def test_an_undamped_oscillator_answers_a_half_sine_as_in_the_handbook(duration_s: float) -> None:
    """Harris: with r = T_n / 2 tau, during the pulse the answer (sin a t - r sin w t) / (1 - r^2), after it free."""
    w, a, change = 52.9, math.pi / duration_s, 2.0
    peak = 0.5 * change * a
    r = a / w
    times = np.linspace(0.0, duration_s, 20001)
    during = peak / (1.0 - r * r) * (np.sin(a * times) - r * np.sin(w * times))
    slope = peak / (1.0 - r * r) * a * (np.cos(a * duration_s) - np.cos(w * duration_s))
    after = math.hypot(during[-1], slope / w)
    assert response(duration_s, change, w, 0.0) == pytest.approx(max(float(during.max()), after) / G, rel=0.005)


def test_a_short_pulse_gives_the_index_of_the_rule_of_thumb() -> None:
    assert response(0.001, 1.0, t.FREQUENCY_Z, t.DAMPING_Z) == pytest.approx(3.96, rel=0.01)


def test_the_kernel_integrates_the_sideways_response_like_the_fine_steps(soyuz: Landing) -> None:
    rough = soyuz.model_copy(update={"friction": 50.0})
    found = landed(rough, 1.0, 1.2)
    duration_s = 2.0 * soyuz.soil_depth_m / 1.0
    body = body_of(rough)
    edge, rate = t.edge_speed(body, MASS_KG, 1.2, 1.0, 50.0)
    lost = 1.2 - edge - rate * body.height_m
    assert found["dry"] == pytest.approx(response(duration_s, lost, t.FREQUENCY_Y, t.DAMPING_Y), rel=0.01)


def test_published_touchdown_speeds_stay_inside_the_low_risk_and_dead_engines_do_not_break_the_seat(
    soyuz: Landing,
) -> None:
    """1.4 m/s nominal and 2.6 at most, reserve 4.0 (RSC Energia); 7.2 without engines: hard, and survived (Soyuz)."""
    betas = [landed(soyuz, sink, 0.0)["beta"] for sink in (1.4, 2.6, 4.0, 7.2)]
    assert betas == sorted(betas)
    assert betas[-1] < 1.0
    assert landed(soyuz, 7.2, 0.0)["seat_load_g"] < landed(soyuz, 7.2, 0.0)["capsule_load_g"] / 2.0


@given(along=st.floats(0.0, 15.0), normal=st.floats(0.0, 8.0), friction=st.floats(0.0, 5.0), height=st.floats(0.3, 2.0))
def test_an_impact_never_adds_energy(along: float, normal: float, friction: float, height: float) -> None:
    body = t.Body(1.0, height, 2.5, 1250.0, 37.0, 0.2, 19.7, 0.5, 1.4)
    edge, rate = t.edge_speed(body, MASS_KG, along, normal, friction)
    before = MASS_KG * (along**2 + normal**2)
    after = MASS_KG * ((edge + rate * height) ** 2 + (rate * body.radius_m) ** 2) + body.inertia_kg_m2 * rate**2
    assert after <= before * (1.0 + 1e-9) + 1e-9
    assert edge >= 0.0
    assert rate >= 0.0


@given(wind=st.floats(0.0, 20.0), slope=st.floats(-8.0, 8.0), friction=st.floats(0.2, 2.0))
def test_every_capsule_comes_to_rest_and_the_fate_is_one_of_two(wind: float, slope: float, friction: float) -> None:
    landing = load_vehicle("soyuz-ms").landing
    assert landing is not None
    found = landed(landing, 1.7, wind, wind, slope_deg=slope, friction_factor=friction)
    assert found["tipped"] in (0.0, 1.0)
    assert (found["tilt_deg"] >= 90.0 - 1e-9) == (found["tipped"] == 1.0)
    assert 0.0 <= found["dragged_m"] < 500.0


def test_what_did_not_land_has_no_contact(soyuz: Landing) -> None:
    found = land(soyuz, Conditions(np.array([np.nan, 1.7]), 1.0, 7.3, 1.0, MASS_KG))
    assert np.isnan(found["beta"]).tolist() == [True, False]


def test_the_wind_grows_with_height_by_the_law_of_the_wall(soyuz: Landing) -> None:
    """ln(45 / 0.03) / ln(10 / 0.03) = 7.313 / 5.809; none more at the height of a station."""
    assert t.wind_growth(45.0, 0.03) == pytest.approx(1.259, abs=0.001)
    assert t.wind_growth(10.0, 0.1) == 1.0
    assert (soyuz.canopy_height_m, soyuz.roughness_m) == (45.0, 0.03)


def test_the_risk_of_injury_goes_through_the_three_levels_of_the_criterion() -> None:
    """0.5, 5 and 50 % at the responses 15.2, 18 and 22.8 head to foot (Brinkley; 18 for 5 %: MIL-S-9479)."""
    for response, risk in ((15.2, 0.005), (18.0, 0.05), (22.8, 0.5)):
        assert t.injury_probability(response / 15.2) == pytest.approx(risk, rel=1e-6)
    risks = [t.injury_probability(beta) for beta in np.linspace(0.0, 6.0, 60)]
    assert risks == sorted(risks)
    assert 0.0 <= risks[0] < 1e-6
    assert 0.999 < risks[-1] <= 1.0


def test_the_pulse_in_time_has_the_largest_values_of_the_contact(soyuz: Landing) -> None:
    """The same laws with another integrator: 2 %."""
    found = land(soyuz, Conditions(3.0, 0.0, 7.3, 0.0, MASS_KG))
    one = contact(found, 0.0)
    pulse = pulse_of(soyuz, one)
    assert pulse.floor_g.max() == pytest.approx(one.capsule_load_g, rel=0.02)
    assert pulse.seat_g.max() == pytest.approx(one.seat_load_g, rel=0.02)
    assert pulse.stroke_m.max() == pytest.approx(one.seat_stroke_m, rel=0.02)
    assert pulse.response_g.max() == pytest.approx(one.drx, rel=0.02)


def test_as_many_end_on_their_side_as_were_reported() -> None:
    """13 of 24 reported landings: 33 to 74 % at 95 % (Clopper and Pearson).

    The landings of many days, so the weather of many days: the set without a forecast, whose wind at the ground is that
    of 122 stations in Kazakhstan by day. From the drop of the heat shield on, 600 of MS-21; 2 % of scatter.
    """
    loaded = load_mission("ms-21")
    mission = loaded.mission.model_copy(update={"dispersions": "soyuz-ms-climatology"})
    plan = plan_campaign(replace(loaded, mission=mission), "ms-21", 600, 1, start="heat_shield_jettison")
    rows = fly_samples(plan, range(600))
    assert np.isfinite(rows["landing_tipped"]).all()
    assert 0.328 < rows["landing_tipped"].mean() < 0.744
    # The wind decides: slow ones stand, fast ones fall
    speed = np.abs(rows["landing_horizontal_speed_m_s"])
    assert rows["landing_tipped"][speed < 3.0].mean() < 0.05 < 0.8 < rows["landing_tipped"][speed > 9.0].mean()
