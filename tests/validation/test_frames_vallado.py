"""Frames and SGP4 against published numbers."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from steppe.frames.earth_orientation import gcrf_to_itrf, itrf_to_gcrf, itrf_to_teme, teme_to_itrf
from steppe.frames.elements import StationOrbit
from steppe.frames.geodetic import geodesic_distance_m
from steppe.frames.iers import ARCSECOND_RAD, Orientation
from steppe.frames.timescales import earth_orientation

pytestmark = pytest.mark.validation

# Vallado, Crawford, Hujsak, Kelso, "Revisiting Spacetrack Report #3", AIAA 2006-6753, appendix C, and Vallado,
# "Fundamentals of Astrodynamics and Applications", example 3-15 (the state in GCRF)
UTC_2004 = datetime(2004, 4, 6, 7, 51, 28, 386009, tzinfo=UTC)
PAPER = Orientation(-0.4399619, -0.140682 * ARCSECOND_RAD, 0.333309 * ARCSECOND_RAD)
ITRF_M = np.array([-1033.4793830, 7901.2952754, 6380.3565958]) * 1e3
ITRF_M_S = np.array([-3.225636520, -2.872451450, 5.531924446]) * 1e3
TEME_M = np.array([5094.18016210, 6127.64465950, 6380.34453270]) * 1e3
TEME_M_S = np.array([-4.746131487, 0.785818041, 5.531931288]) * 1e3
GCRF_M = np.array([5102.5089579, 6123.0114007, 6378.1369282]) * 1e3
GCRF_M_S = np.array([-4.7432201570, 0.7905364970, 5.5337557270]) * 1e3
# His programs keep the Julian date in one double: 4.7e-10 days, rounded to half of it, is 2.0e-5 s, in which the
# Earth turns this place (7970 km from the axis) by 12 mm
TOLERANCE_M = 0.012
TOLERANCE_M_S = 1e-5


@pytest.mark.parametrize(
    ("turn", "position", "velocity"), [(teme_to_itrf, TEME_M, TEME_M_S), (gcrf_to_itrf, GCRF_M, GCRF_M_S)]
)
def test_to_itrf_as_published(turn, position, velocity):
    r, v = turn(UTC_2004, position, velocity, orientation=PAPER)
    assert np.linalg.norm(r - ITRF_M) < TOLERANCE_M
    assert np.linalg.norm(v - ITRF_M_S) < TOLERANCE_M_S


@pytest.mark.parametrize(
    ("turn", "position", "velocity"), [(itrf_to_teme, TEME_M, TEME_M_S), (itrf_to_gcrf, GCRF_M, GCRF_M_S)]
)
def test_from_itrf_as_published(turn, position, velocity):
    r, v = turn(UTC_2004, ITRF_M, ITRF_M_S, orientation=PAPER)
    assert np.linalg.norm(r - position) < TOLERANCE_M
    assert np.linalg.norm(v - velocity) < TOLERANCE_M_S


def test_iers_tables_give_the_orientation_of_the_paper():
    # The IERS has revised its tables since (the pole by 0.2 mas).
    # The paper takes the values of midnight; UT1 - UTC moves by 0.5 ms till the moment, which is 0.28 m here
    midnight = earth_orientation(datetime(2004, 4, 6, tzinfo=UTC))
    assert midnight.kind == "measured"
    assert midnight.ut1_minus_utc_s == pytest.approx(-0.4399619, abs=5e-5)
    assert midnight.pole_x_rad == pytest.approx(PAPER.pole_x_rad, abs=5e-4 * ARCSECOND_RAD)
    assert midnight.pole_y_rad == pytest.approx(PAPER.pole_y_rad, abs=5e-4 * ARCSECOND_RAD)
    r, _ = teme_to_itrf(UTC_2004, TEME_M, TEME_M_S)
    assert 0.1 < np.linalg.norm(r - ITRF_M) < 0.4


# SGP4 verification case 00005, file tcppver.out of AIAA 2006-6753: minutes, km, km/s in TEME
CASE_00005 = (
    "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
    "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
)
CASE_00005_STATES = [
    (0.0, [7022.46529266, -1400.08296755, 0.03995155], [1.893841015, 6.405893759, 4.534807250]),
    (360.0, [-7154.03120202, -3783.17682504, -3536.19412294], [4.741887409, -4.151817765, -2.093935425]),
]


def test_sgp4_verification_case_through_our_frames():
    orbit = StationOrbit.from_lines(*CASE_00005)
    minutes = np.array([row[0] for row in CASE_00005_STATES])
    r, v = orbit.states_itrf(orbit.epoch, minutes * 60.0)
    r, v = itrf_to_teme(orbit.epoch, r, v, minutes * 60.0)
    # The epoch as a date is rounded to a microsecond: 7 mm at 7 km/s
    for column, (_, position, velocity) in enumerate(CASE_00005_STATES):
        np.testing.assert_allclose(r[:, column], np.array(position) * 1e3, atol=0.01)
        np.testing.assert_allclose(v[:, column], np.array(velocity) * 1e3, atol=1e-5)


# Station vector of the manual of the sgp4 package (pypi.org/project/sgp4): JD 2458826.5 + 0.8625
ISS_2019 = (
    "1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991",
    "2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482",
)


def test_station_vector_of_the_sgp4_manual():
    orbit = StationOrbit.from_lines(*ISS_2019)
    utc = datetime(2019, 12, 9, tzinfo=UTC) + timedelta(days=0.8625)
    r, v = itrf_to_teme(utc, *orbit.state_itrf(utc))
    np.testing.assert_allclose(r / 1e3, [-6088.92, -936.13, -2866.44], atol=0.01)
    np.testing.assert_allclose(v / 1e3, [-1.525, -5.538, 5.068], atol=1e-3)


# Karney, "Algorithms for geodesics", J. Geodesy 87 (2013), section 4: -30, 0 to 29.9, 179.8 deg; the others from his
# GeographicLib (geodesics over a pole and near the antipode on the equator)
GEODESICS = [
    ((-30.0, 0.0, 29.9, 179.8), 19989832.827610),
    ((0.0, 0.0, 0.5, 179.5), 19936288.578965),
    ((0.0, 0.0, 0.5, 179.7), 19944127.420750),
    ((0.0, 0.0, 0.0, 180.0), 20003931.458625),
    ((0.0, 0.0, 0.0, 179.5), 19980861.908891),
    ((0.2, 0.0, 0.2, 179.2), 19926450.878736),
    ((-0.2, 0.0, -0.2, 179.9), 19959145.883159),
    ((-0.000836, 0.0, 0.000836, 179.02), 19928415.241816),
    ((0.0, 0.0, 0.0, 178.3), 19848265.208441),
    ((90.0, 0.0, -90.0, 0.0), 20003931.458625),
    ((45.0, 10.0, -45.0, -170.0), 20003931.458625),
    ((40.6, -73.8, 51.6, -0.5), 5551759.400319),
    ((47.3, 69.6, 46.8, 70.1), 67328.879646),
    ((10.0, 20.0, 10.0, 20.0), 0.0),
]


@pytest.mark.parametrize(("places_deg", "distance_m"), GEODESICS)
def test_geodesic_distance(places_deg, distance_m):
    # Vincenty's series end at the third power of the flattening: 0.1 mm
    assert float(geodesic_distance_m(*np.radians(places_deg))) == pytest.approx(distance_m, abs=2e-4)


def test_geodesic_of_flinders_peak_and_buninyon():
    # Geocentric Datum of Australia technical manual: 54972.271 m on GRS80, whose polar radius differs by 0.1 mm
    def dms(d, m, s):
        return np.radians(abs(d) + m / 60 + s / 3600) * np.sign(d)

    places = (dms(-37, 57, 3.72030), dms(144, 25, 29.52440), dms(-37, 39, 10.15610), dms(143, 55, 35.38390))
    assert float(geodesic_distance_m(*places)) == pytest.approx(54972.271, abs=1e-3)
