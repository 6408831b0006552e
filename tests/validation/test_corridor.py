"""The corridor against closed forms, against the flown samples and against real ballistic returns.

Modelled: lines of constant load and of constant stagnation flux of the trimmed capsule, the glide in balance at full
lift, and the two entries (lift up, ballistic) that bound what could be flown. Not modelled: limits of the shield
(unpublished), wind in the glide.

Sources
-------
- Constant load: q S sqrt(CD^2 + CL^2) = m n g0; constant flux: Sutton and Graves, NASA TR R-376 (1971).
- Glide in balance: N. X. Vinh, Hypersonic and Planetary Entry Flight Mechanics, section 7.2, on a turning Earth.
- Ballistic returns: TMA-1 (2003) 8 g and 460 km short, TMA-11 (2008) 8.2 g and 428 km short (sources in
  src/steppe/data/returns.json).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from steppe.config.compile import aero_record, earth_record
from steppe.config.loader import load_mission
from steppe.config.surroundings import Earth
from steppe.constants import STANDARD_GRAVITY_M_S2, SUTTON_GRAVES_AIR
from steppe.flight.corridor import (
    Air,
    Corridor,
    Load,
    air_met,
    boundaries,
    corridor_of,
    courses_of,
    loads_of_mission,
)
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.kernels.aero import coefficients

pytestmark = pytest.mark.validation

MASS_KG = 2900.0
SCALE_M = 7200.0
RADIUS_M = 6_378_137.0
GM = 3.986004418e14
LOADS = (Load(4.0), Load(8.0), Load(12.0, "limit"))


@pytest.fixture(scope="module")
def flight() -> Flight:
    return fly(load_mission("ms-21"))


@pytest.fixture(scope="module")
def corridor(flight: Flight) -> Corridor:
    return corridor_of(flight)


def exponential_air() -> Air:
    altitude = np.arange(0.0, 125e3, 250.0)
    return Air(altitude, 1.225 * np.exp(-altitude / SCALE_M), np.full_like(altitude, 300.0))


def lines_of(rotating: bool) -> tuple[list, object]:
    """Lines in an exponential atmosphere about a sphere, on the equator, eastward."""
    capsule = load_mission("ms-21").vehicle.capsule
    speeds = np.linspace(800.0, 7500.0, 40)
    zero, one = np.zeros_like(speeds), np.ones_like(speeds)
    courses = np.column_stack([speeds, one * (RADIUS_M + 60e3), zero, zero, one, zero])
    earth = earth_record(Earth(shape="spherical", zonal_degree=0, rotating=rotating))
    return boundaries(capsule, MASS_KG, earth, exponential_air(), courses, LOADS), capsule


@pytest.fixture(scope="module")
def closed() -> tuple[list, object]:
    return lines_of(rotating=False)


def test_constant_load_is_the_closed_form(closed: tuple[list, object]) -> None:
    lines, capsule = closed
    loads = [one for one in lines if one.kind == "load"]
    assert [(one.value, one.is_limit) for one in loads] == [(4.0, False), (8.0, False), (12.0, True)]
    aero = aero_record(capsule)
    for line in loads:
        assert len(line.speed_m_s) > 30
        for speed, altitude in zip(line.speed_m_s, line.altitude_m, strict=True):
            density = 1.225 * math.exp(-altitude / SCALE_M)
            force = math.hypot(*coefficients(aero, speed / 300.0, density)) * capsule.reference_area_m2
            wanted = 2.0 * MASS_KG * line.value * STANDARD_GRAVITY_M_S2 / (speed**2 * force)
            # The coefficients vary a little between the nodes, 500 m apart
            assert density == pytest.approx(wanted, rel=2e-3)


def test_constant_flux_is_the_closed_form(closed: tuple[list, object]) -> None:
    lines, capsule = closed
    fluxes = [one for one in lines if one.kind == "heat_flux"]
    assert [one.value for one in fluxes] == [25e4, 50e4, 100e4]
    for line in fluxes:
        density = capsule.nose_radius_m * (line.value / (SUTTON_GRAVES_AIR * line.speed_m_s**3)) ** 2
        # An exponential atmosphere is met exactly: the flux is linear in the logarithm
        np.testing.assert_allclose(line.altitude_m, SCALE_M * np.log(1.225 / density), atol=0.1)
        assert 0.85 * 5.670374419e-8 * line.wall_k**4 == pytest.approx(line.value, rel=1e-9)


@pytest.mark.parametrize("rotating", [False, True])
def test_the_glide_carries_what_the_curve_does_not(rotating: bool) -> None:
    lines, capsule = lines_of(rotating)
    (glide,) = (one for one in lines if one.kind == "equilibrium_glide")
    aero = aero_record(capsule)
    for speed, altitude in zip(glide.speed_m_s, glide.altitude_m, strict=True):
        r = RADIUS_M + altitude
        inertial = speed + (7.292115e-5 * r if rotating else 0.0)
        needed = GM / r**2 - inertial**2 / r
        density = 1.225 * math.exp(-altitude / SCALE_M)
        _, lift = coefficients(aero, speed / 300.0, density)
        carried = 0.5 * density * speed**2 * lift * capsule.reference_area_m2 / MASS_KG
        assert carried == pytest.approx(needed, rel=5e-3)
    # The line ends below the speed over the ground at which the inertial speed is orbital at some 80 km
    orbital = math.sqrt(GM / (RADIUS_M + 80e3)) - (7.292115e-5 * (RADIUS_M + 80e3) if rotating else 0.0)
    assert min(orbital, 7500.0) - 180.0 < glide.speed_m_s[-1] < orbital


def test_the_loads_are_those_of_the_mission(corridor: Corridor) -> None:
    lines = [one for one in corridor.lines if one.kind == "load"]
    # 4 and 8 g are nearer than a quarter to what the guidance does at 4.4 and 7 g, which says more
    assert [one.label for one in lines] == ["relief 4.4 g", "trip 7 g", "limit 25 g"]
    assert [one.is_limit for one in lines] == [False, False, True]
    mission = load_mission("ms-21").mission
    guidance = mission.guidance.model_copy(update={"law": "open-loop"})
    unsteered = loads_of_mission(mission.model_copy(update={"guidance": guidance}))
    assert unsteered == (Load(4.0), Load(8.0), Load(25.0, "limit"))


def test_the_flown_samples_agree_with_the_line_that_they_cross(flight: Flight) -> None:
    columns = flight.track.columns
    entry, command = flight.event("entry_interface"), flight.event("parachute_command")
    assert entry is not None and command is not None
    part = (columns["time_s"] > entry.time_s) & (columns["time_s"] < command.time_s)
    # The flight peaks at 4.2 g, so a line of 4 g is crossed
    flown = {name: values[part] for name, values in columns.items()}
    courses = courses_of(flown, np.linspace(250.0, float(flown["airspeed_m_s"].max()), 72))
    capsule, mass_kg = flight.mission.vehicle.capsule, float(flown["mass_kg"][0])
    earth = earth_record(flight.mission.mission.earth)
    line, *_ = boundaries(capsule, mass_kg, earth, air_met(columns), courses, (Load(4.0),))
    speed, altitude, load = (columns[name][part] for name in ("airspeed_m_s", "altitude_m", "load_g"))
    above = altitude > np.interp(speed, line.speed_m_s, line.altitude_m)
    # Beyond a hundredth of the level every sample lies on its side of the line
    clear = np.abs(load - 4.0) > 0.04
    assert clear.sum() > 200
    np.testing.assert_array_equal(above[clear], load[clear] < 4.0)
    assert (~above).any()


def test_the_ballistic_edge_is_that_of_real_ballistic_returns(corridor: Corridor) -> None:
    lift_up, ballistic = corridor.entries
    assert (lift_up.kind, ballistic.kind) == ("lift_up", "ballistic")
    # 8.0 and 8.2 g, 460 and 428 km short, from other entries at other angles: within a tenth and 60 km
    assert ballistic.peak_load_g == pytest.approx(8.1, abs=0.8)
    assert (corridor.flown_m - ballistic.columns["range_m"][-1]) / 1e3 == pytest.approx(444.0, abs=60.0)
    assert lift_up.peak_load_g < 4.0 < ballistic.peak_load_g
    assert lift_up.columns["range_m"][-1] > corridor.flown_m


def test_the_edges_begin_with_the_state_of_the_flight(flight: Flight, corridor: Corridor) -> None:
    entry = flight.event("entry_interface")
    assert entry is not None
    for one in corridor.entries:
        assert one.columns["altitude_m"][0] == pytest.approx(entry.altitude_m, abs=0.5)
        assert one.columns["airspeed_m_s"][0] == pytest.approx(entry.speed_m_s, abs=0.1)


def test_energy_falls_along_the_range(corridor: Corridor) -> None:
    assert corridor.energy_j_kg is not None and corridor.range_to_go_m is not None
    assert np.all(np.diff(corridor.range_to_go_m) <= 0.0)
    assert np.all(np.diff(corridor.energy_j_kg) < 1e3)
    assert corridor.range_to_go_m[-1] == 0.0
    # v^2/2 + g0 h at 99.7 km and 7.63 km/s over the ground
    assert corridor.energy_j_kg[0] == pytest.approx(0.5 * 7626.0**2 + 9.80665 * 99.7e3, rel=0.01)


def test_a_flight_without_an_entry_says_why() -> None:
    found = corridor_of(fly(load_mission("examples/weather-balloon-drop.toml")))
    assert found.lines == () and found.entries == ()
    assert "no entry interface" in found.reason
