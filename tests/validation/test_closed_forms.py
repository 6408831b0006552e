"""Closed forms: where the equations of motion can be solved on paper, what is flown must agree.

Each test says where its formula is valid. Where the formula is exact the tolerance is that of the integration; where it
neglects something the tolerance is the size of what it neglects.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import steppe
from steppe.config.compile import aero_record, earth_record
from steppe.config.loader import LoadedMission
from steppe.config.mission import Mission
from steppe.config.surroundings import Earth
from steppe.config.vehicle import Capsule, Engine, Vehicle
from steppe.environment.air import no_air
from steppe.environment.wind import no_wind
from steppe.flight import phases as ph
from steppe.flight.result import Flight
from steppe.flight.running import Run, run_phases, start_row
from steppe.kernels import phase as k
from steppe.kernels.motion import World

pytestmark = pytest.mark.validation

GM_M3_S2, RADIUS_M, SPIN_RAD_S = 3.986004418e14, 6378137.0, 7.292115e-5
STANDARD_GRAVITY_M_S2 = 9.80665
SCALE_HEIGHT_M, SURFACE_DENSITY_KG_M3 = 7200.0, 1.225
AT_REST = {"shape": "spherical", "rotating": False, "zonal_degree": 0}


def body(drag_coefficient: float = 1.0, lift_to_drag: float = 0.0, mass_kg: float = 2000.0) -> dict[str, object]:
    """Return a capsule of 4 m2 whose coefficients depend on nothing."""
    aerodynamics = {"mach": [0.0], "drag_coefficient": [drag_coefficient], "lift_to_drag": [lift_to_drag]}
    return {
        "mass_kg": mass_kg, "reference_area_m2": 4.0, "reference_length_m": 2.0, "nose_radius_m": 2.0,
        "aerodynamics": aerodynamics,
    }  # fmt: skip


def fly(vehicle: dict[str, object], surface: dict[str, object], phase: str = "free", **parts: object) -> Flight:
    """Fly a vehicle from a surface start in still exponential air."""
    air = {"model": "exponential", "surface_density_kg_m3": SURFACE_DENSITY_KG_M3, "scale_height_m": SCALE_HEIGHT_M}
    start = {"utc": "2020-01-01T00:00:00Z", "latitude_deg": 0.0, "longitude_deg": 0.0, **surface}
    document = {
        "name": "closed-form", "vehicle": "body", "start": {"phase": phase, "surface": start}, "air": air,
        "wind": {"model": "none"}, "guidance": {"law": "open-loop"}, "limits": {"load_g": 1000.0}, "earth": AT_REST,
        **parts,
    }  # fmt: skip
    read = Vehicle.model_validate({"name": "body", **vehicle})
    return steppe.fly(LoadedMission(Mission.model_validate(document), read, None, "test", Path()))


def world(**earth: object) -> World:
    """Return an Earth without air."""
    capsule = aero_record(Capsule.model_validate(body()))
    return World(earth_record(Earth.model_validate(earth)), no_air(), no_wind(), capsule)


def coast(around: World, start: np.ndarray, seconds: float, step_s: float = 2.0, every_s: float = 1e9) -> Run:
    """Fly a point without forces other than gravity."""
    phase = ph.Phase("start", {k.STEP_S: step_s, k.TIME_LIMIT_S: 1e9, **ph.after(seconds)})
    return run_phases(around, None, [phase], start, ground_m=-1e6, record_every_s=every_s)


def inertial(run: Run, spin_rad_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return time, place and velocity in the inertial axes that are those of ITRF at time zero: (n,), (n, 3)."""
    time, place, speed = run.record[:, k.TIME], run.record[:, k.X : k.Z + 1], run.record[:, k.U : k.W + 1]
    speed = speed + np.cross([0.0, 0.0, spin_rad_s], place)
    cosine, sine, zero = np.cos(spin_rad_s * time), np.sin(spin_rad_s * time), np.zeros_like(time)
    turn = np.array([[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, zero + 1.0]])
    return time, np.einsum("ijn,nj->ni", turn, place), np.einsum("ijn,nj->ni", turn, speed)


def orbit_start(height_m: float, speed_factor: float, inclination_deg: float, spin_rad_s: float) -> np.ndarray:
    """Return a start at the ascending node, at a factor of the circular speed."""
    radius = RADIUS_M + height_m
    speed = speed_factor * math.sqrt(GM_M3_S2 / radius)
    tilt = math.radians(inclination_deg)
    place = np.array([radius, 0.0, 0.0])
    velocity = speed * np.array([0.0, math.cos(tilt), math.sin(tilt)])
    return start_row(0.0, place, velocity - np.cross([0.0, 0.0, spin_rad_s], place), 1000.0)


def deceleration(flight: Flight) -> tuple[float, float]:
    """Return peak load in m/s2 and its altitude in m, from the parabola through the three highest samples."""
    load, altitude = flight.track.columns["load_g"], flight.track.columns["altitude_m"]
    top = int(np.argmax(load))
    near = slice(top - 1, top + 2)
    curve = np.polyfit(altitude[near] - altitude[top], load[near], 2)
    at = -curve[1] / (2.0 * curve[0])
    return float(np.polyval(curve, at)) * STANDARD_GRAVITY_M_S2, float(altitude[top] + at)


# Allen and Eggers, NACA Report 1381 (1958), equations 17 and 18: ballistic entry, exponential air, constant path angle
def allen_eggers(speed_m_s: float, sine: float, ballistic_kg_m2: float) -> tuple[float, float]:
    """Return peak deceleration in m/s2 and its altitude in m; `ballistic_kg_m2` is m / (CD A)."""
    peak = speed_m_s**2 * sine / (2.0 * math.e * SCALE_HEIGHT_M)
    return peak, SCALE_HEIGHT_M * math.log(SURFACE_DENSITY_KG_M3 * SCALE_HEIGHT_M / (ballistic_kg_m2 * sine))


@pytest.fixture
def fine_steps(monkeypatch):
    """Sample peaks that last a second: the entry step bounds the samples."""
    monkeypatch.setattr(ph, "ENTRY_STEP_S", 0.05)


@pytest.mark.usefixtures("fine_steps")
@pytest.mark.parametrize("angle_deg", [20.0, 50.0, 90.0])
def test_allen_eggers_is_exact_on_a_flat_earth_without_weight(angle_deg):
    """Without weight and curvature nothing is neglected: what is left is the largest Earth that a file can have."""
    surface = {"altitude_m": 150e3, "speed_m_s": 7000.0, "flight_path_angle_deg": -angle_deg}
    # On a radius of 1e6 km the path angle changes by 0.02 deg along the 400 km of the shallowest entry
    earth = {**AT_REST, "radius_m": 1e9, "gravity_m_s2": 1e-6}
    flight = fly({"capsule": body()}, surface, earth=earth, output={"interval_s": 0.05}, stop={"altitude_m": 5000.0})
    peak, altitude = allen_eggers(7000.0, math.sin(math.radians(angle_deg)), 500.0)
    found, where = deceleration(flight)
    assert found == pytest.approx(peak, rel=1e-3)
    assert where == pytest.approx(altitude, abs=10.0)


@pytest.mark.usefixtures("fine_steps")
@pytest.mark.parametrize(
    ("angle_deg", "share", "metres"), [(20.0, 0.02, 150.0), (40.0, 0.01, 100.0), (70.0, 0.01, 50.0)]
)
def test_allen_eggers_holds_for_steep_entries_of_the_real_earth(angle_deg, share, metres):
    """Weight and curvature bend the path: speed and angle of the formula are those of the airless orbit at the peak.

    What is neglected is their change through the few scale heights around the peak: the less, the steeper the entry.
    """
    surface = {"altitude_m": 120e3, "speed_m_s": 7500.0, "flight_path_angle_deg": -angle_deg}
    flight = fly({"capsule": body()}, surface, output={"interval_s": 0.05})
    top, sine = RADIUS_M + 120e3, math.sin(math.radians(angle_deg))
    _, altitude = allen_eggers(7500.0, sine, 500.0)
    below = RADIUS_M + altitude
    speed = math.sqrt(7500.0**2 + 2.0 * GM_M3_S2 * (1.0 / below - 1.0 / top))
    cosine = top * 7500.0 * math.sqrt(1.0 - sine**2) / (below * speed)
    peak, altitude = allen_eggers(speed, math.sqrt(1.0 - cosine**2), 500.0)
    found, where = deceleration(flight)
    assert found == pytest.approx(peak, rel=share)
    assert where == pytest.approx(altitude, abs=metres)


@pytest.mark.parametrize("lift_to_drag", [1.0, 2.0])
def test_a_lifting_body_glides_as_far_as_the_equilibrium_glide(lift_to_drag):
    """Eggers, Allen and Neice, NACA Report 1382 (1957): range angle = L/2D ln((1 - V2^2/gr) / (1 - V1^2/gr)).

    Valid for a slow glide at small angles: weight less centrifugal force is carried by lift. Radius and gravity are
    those at 60 km; neglected is the weight along the path, which lengthens the glide: against the drag it is
    2 g H / V^2 / (1 - V^2/gr), 1.0 % at the start and 1.8 % at 3 km/s, and the glide descends 20 km (0.3 % of r).
    """
    first, lift_area = 6500.0, 4.0 * lift_to_drag
    radius = RADIUS_M + 60e3
    gravity = GM_M3_S2 / radius**2
    density = 2.0 * 2000.0 * (gravity - first**2 / radius) / (first**2 * lift_area)
    altitude = SCALE_HEIGHT_M * math.log(SURFACE_DENSITY_KG_M3 / density)
    angle = math.degrees(2.0 * gravity * SCALE_HEIGHT_M / (first**2 * lift_to_drag))
    surface = {"altitude_m": altitude, "speed_m_s": first, "flight_path_angle_deg": -angle}
    track = fly({"capsule": body(1.0, lift_to_drag)}, surface, stop={"altitude_m": 20e3}).track.columns
    speed = track["ground_speed_m_s"]
    end = int(np.argmax(speed < 3000.0))
    flown = math.radians(track["longitude_deg"][end])
    ratio = (1.0 - speed[end] ** 2 / (gravity * radius)) / (1.0 - first**2 / (gravity * radius))
    assert 1.0 < flown / (0.5 * lift_to_drag * math.log(ratio)) < 1.03


@pytest.mark.parametrize("speed_factor", [1.0, 1.15])
def test_a_point_mass_orbit_closes_after_the_period_of_kepler(speed_factor):
    """Two-body motion (Vallado, 4th ed., section 2.4): exact; flown in turning axes, closed in inertial ones."""
    around, start = world(shape="spherical", zonal_degree=0), orbit_start(400e3, speed_factor, 51.6, SPIN_RAD_S)
    radius = RADIUS_M + 400e3
    axis = radius / (2.0 - speed_factor**2)
    period = 2.0 * math.pi * math.sqrt(axis**3 / GM_M3_S2)
    run = coast(around, start, period, every_s=8.0)
    _, place, speed = inertial(run, SPIN_RAD_S)
    np.testing.assert_allclose(place[-1], place[0], rtol=0.0, atol=1e-3)
    np.testing.assert_allclose(speed[-1], speed[0], rtol=0.0, atol=1e-6)
    squared, distance = np.sum(speed**2, axis=1), np.linalg.norm(place, axis=1)
    np.testing.assert_allclose(squared, GM_M3_S2 * (2.0 / distance - 1.0 / axis), rtol=1e-11)


def test_a_mission_file_can_ask_for_an_orbit():
    """Phase "free" of a body far above the air: it may climb as it likes, and ends at the time that the file gives."""
    radius = RADIUS_M + 400e3
    axis = radius / (2.0 - 1.02**2)
    period = 2.0 * math.pi * math.sqrt(axis**3 / GM_M3_S2)
    surface = {"altitude_m": 400e3, "speed_m_s": 1.02 * math.sqrt(GM_M3_S2 / radius), "heading_deg": 38.4}
    flight = fly({"capsule": body()}, surface, air={"model": "none"}, stop={"after_s": period})
    assert flight.status.name == "ended"
    columns = flight.track.columns
    assert columns["altitude_m"].max() == pytest.approx(2.0 * axis - radius - RADIUS_M, abs=1.0)
    for name in ("x_m", "y_m", "z_m"):
        assert columns[name][-1] == pytest.approx(columns[name][0], abs=1e-3)


@pytest.mark.parametrize("inclination_deg", [51.6, 97.0])
def test_the_node_drifts_as_j2_turns_it(inclination_deg):
    """Vallado, 4th ed., equation 9-37: -3/2 n J2 (R/p)^2 cos i, first order in J2.

    The nodes are taken where the orbit crosses the equator to the north, where the short-period terms repeat. The
    formula asks for mean elements; the start gives osculating ones, which differ by about J2 in a.
    """
    around, start = world(shape="wgs84", zonal_degree=2), orbit_start(420e3, 1.0, inclination_deg, SPIN_RAD_S)
    time, place, speed = inertial(coast(around, start, 86400.0, step_s=5.0, every_s=20.0), SPIN_RAD_S)
    rising = np.flatnonzero((place[:-1, 2] < 0.0) & (place[1:, 2] >= 0.0))
    momentum = np.cross(place, speed)
    node = np.unwrap(np.arctan2(momentum[:, 0], -momentum[:, 1]))
    share = -place[rising, 2] / (place[rising + 1, 2] - place[rising, 2])
    at = time[rising] + share * (time[rising + 1] - time[rising])
    crossing = node[rising] + share * (node[rising + 1] - node[rising])
    measured = (crossing[-1] - crossing[0]) / (at[-1] - at[0])
    axis = RADIUS_M + 420e3
    rate = -1.5 * math.sqrt(GM_M3_S2 / axis**3) * 1.08262617e-3 * (RADIUS_M / axis) ** 2
    assert measured == pytest.approx(rate * math.cos(math.radians(inclination_deg)), rel=0.01)


def zonal_energy(place: np.ndarray) -> np.ndarray:
    """Return the potential energy per mass of zonal harmonics to degree 4, with numpy's own Legendre polynomials."""
    distance = np.linalg.norm(place, axis=1)
    sine, ratio = place[:, 2] / distance, RADIUS_M / distance
    harmonics = {2: 1.08262617e-3, 3: -2.53241e-6, 4: -1.61989e-6}
    series = 1.0 - sum(
        j * ratio**degree * np.polynomial.Legendre.basis(degree)(sine) for degree, j in harmonics.items()
    )
    return np.asarray(-GM_M3_S2 / distance * series)


@pytest.mark.parametrize("inclination_deg", [0.0, 51.6, 90.0])
def test_energy_and_momentum_about_the_axis_are_conserved_in_zonal_gravity(inclination_deg):
    """The potential is that of an axisymmetric Earth, so both are exact integrals (also J3 and J4), and the Jacobi
    integral of the turning axes with them. The potential here is written apart from the force of the kernels."""
    around, start = world(), orbit_start(350e3, 1.03, inclination_deg, SPIN_RAD_S)
    run = coast(around, start, 6000.0, step_s=2.0, every_s=8.0)
    _, place, speed = inertial(run, SPIN_RAD_S)
    energy = 0.5 * np.sum(speed**2, axis=1) + zonal_energy(place)
    momentum = np.cross(place, speed)[:, 2]
    size = np.linalg.norm(np.cross(place[0], speed[0]))
    np.testing.assert_allclose(energy, energy[0], rtol=1e-12)
    np.testing.assert_allclose(momentum, momentum[0], rtol=0.0, atol=1e-12 * size)
    fixed, relative = run.record[:, k.X : k.Z + 1], run.record[:, k.U : k.W + 1]
    centrifugal = 0.5 * SPIN_RAD_S**2 * (fixed[:, 0] ** 2 + fixed[:, 1] ** 2)
    jacobi = 0.5 * np.sum(relative**2, axis=1) + zonal_energy(fixed) - centrifugal
    np.testing.assert_allclose(jacobi, jacobi[0], rtol=1e-12)


def test_all_of_the_momentum_is_conserved_in_a_central_field():
    around, start = world(shape="spherical", zonal_degree=0), orbit_start(350e3, 1.03, 51.6, SPIN_RAD_S)
    _, place, speed = inertial(coast(around, start, 6000.0, every_s=8.0), SPIN_RAD_S)
    momentum = np.cross(place, speed)
    np.testing.assert_allclose(momentum, np.broadcast_to(momentum[0], momentum.shape), rtol=0.0, atol=0.1)
    assert np.linalg.norm(momentum[0]) > 5e10  # so 0.1 m2/s are 2e-12 of it


def test_turning_axes_and_inertial_axes_fly_the_same_orbit():
    """Coriolis and centrifugal terms are nothing but the turning of the axes, whatever its rate."""
    still = inertial(coast(world(rotating=False), orbit_start(400e3, 1.0, 51.6, 0.0), 5400.0, every_s=8.0), 0.0)
    fast = 10.0 * SPIN_RAD_S
    turning = coast(world(rotation_rad_s=fast), orbit_start(400e3, 1.0, 51.6, fast), 5400.0, every_s=8.0)
    np.testing.assert_allclose(inertial(turning, fast)[1], still[1], rtol=0.0, atol=0.02)


@pytest.mark.parametrize("drag_area_m2", [100.0, 700.0])
def test_under_a_canopy_the_body_falls_at_its_terminal_velocity(drag_area_m2):
    """V = sqrt(2 m g / (rho CD A)); the body lags behind it by V^2 / (2 g H), less than 4e-4 at 24 m/s."""
    stage = {"name": "main", "drag_area_m2": drag_area_m2, "inflation_s": 2.0}
    vehicle = {"capsule": body(), "parachutes": {"command_altitude_m": 3000.0, "stages": [stage]}}
    surface = {"altitude_m": 3000.0, "speed_m_s": 100.0, "flight_path_angle_deg": -80.0}
    flight = fly(vehicle, surface, "canopy")
    assert flight.status.name == "landed"
    weight = 2000.0 * GM_M3_S2 / RADIUS_M**2
    expected = math.sqrt(2.0 * weight / (SURFACE_DENSITY_KG_M3 * (drag_area_m2 + 4.0)))
    assert flight.touchdown is not None
    assert flight.touchdown.speed_m_s == pytest.approx(expected, rel=2.0 * expected**2 / (2.0 * 9.8 * SCALE_HEIGHT_M))


@pytest.mark.parametrize("degree", [0, 4])
def test_a_burn_gives_the_velocity_of_the_rocket_equation(degree):
    """Tsiolkovsky: sensed velocity = Isp g0 ln(m0 / m1), exact in any gravity, for gravity is not sensed."""
    engine, mass = Engine(thrust_n=2950.0, specific_impulse_s=302.0), 7000.0
    start = orbit_start(400e3, 1.0, 51.6, SPIN_RAD_S)
    start[k.MASS] = mass
    burn = ph.Phase("deorbit_ignition", {**ph.burn_columns(engine, 0.0), **ph.after(280.0)})
    end = run_phases(world(zonal_degree=degree), None, [burn], start, ground_m=-1e6).begins[-1]
    exhaust = 302.0 * STANDARD_GRAVITY_M_S2
    assert end[k.MASS] == pytest.approx(mass - 280.0 * 2950.0 / exhaust, rel=1e-12)
    assert end[k.SENSED] == pytest.approx(exhaust * math.log(mass / end[k.MASS]), rel=1e-9)


def test_the_cut_off_on_sensed_velocity_is_a_root_and_not_the_end_of_a_step():
    engine = Engine(thrust_n=2950.0, specific_impulse_s=302.0)
    start = orbit_start(400e3, 1.0, 51.6, SPIN_RAD_S)
    start[k.MASS] = 7000.0
    cut_off = {k.END_KIND: k.AT_SENSED_VELOCITY, k.END_VALUE: 128.0}
    burn = ph.Phase("deorbit_ignition", {**ph.burn_columns(engine, 0.0), **cut_off})
    end = run_phases(world(), None, [burn], start, ground_m=-1e6).begins[-1]
    exhaust = 302.0 * STANDARD_GRAVITY_M_S2
    seconds = 7000.0 * (1.0 - math.exp(-128.0 / exhaust)) * exhaust / 2950.0
    assert end[k.SENSED] == pytest.approx(128.0, abs=1e-7)
    assert end[k.TIME] == pytest.approx(seconds, abs=1e-6)


def test_a_body_thrown_up_in_constant_gravity_comes_back_after_twice_the_rise():
    """Height v^2 / 2g and duration 2 v / g: exact; the method is exact for a parabola, so the touch is a root."""
    surface = {"altitude_m": 0.0, "speed_m_s": 300.0, "flight_path_angle_deg": 90.0}
    earth = {**AT_REST, "gravity_m_s2": STANDARD_GRAVITY_M_S2}
    flight = fly({"capsule": body()}, surface, earth=earth, air={"model": "none"}, output={"interval_s": 0.5})
    assert flight.status.name == "landed"
    time, altitude = flight.track.columns["time_s"], flight.track.columns["altitude_m"]
    assert time[-1] == pytest.approx(600.0 / STANDARD_GRAVITY_M_S2, abs=1e-6)
    np.testing.assert_allclose(altitude, 300.0 * time - 0.5 * STANDARD_GRAVITY_M_S2 * time**2, rtol=0.0, atol=1e-4)
    assert altitude.max() == pytest.approx(300.0**2 / (2.0 * STANDARD_GRAVITY_M_S2), abs=0.5 * 9.81 * 0.25**2)
    assert flight.touchdown is not None
    assert flight.touchdown.speed_m_s == pytest.approx(300.0, abs=1e-4)
