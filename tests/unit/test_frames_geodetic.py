"""Places, directions and local frames: cases whose answer is plain."""

import numpy as np
import pytest

from steppe.constants import EARTH_ROTATION_RAD_S, WGS84_EQUATORIAL_RADIUS_M
from steppe.frames.geodetic import destination, geodesic_distance_m, geodetic_to_itrf, itrf_to_geodetic
from steppe.frames.local import itrf_to_surface_motion, lvlh_basis, relative_lvlh, surface_start_to_itrf

# Polar radius of WGS-84, NGA.STND.0036 table 3.4
POLAR_RADIUS_M = 6356752.3142


def test_pole_and_equator():
    latitude, longitude, altitude = itrf_to_geodetic(
        np.array([[0.0, 0.0, 6378137.0], [0.0, 0.0, 0.0], [POLAR_RADIUS_M, -POLAR_RADIUS_M - 1000.0, 0.0]])
    )
    np.testing.assert_allclose(latitude, [np.pi / 2, -np.pi / 2, 0.0], atol=1e-15)
    np.testing.assert_allclose(altitude, [0.0, 1000.0, 0.0], atol=1e-4)
    assert longitude[2] == 0.0


def test_sphere():
    latitude, longitude, altitude = itrf_to_geodetic([3e6, 4e6, 5e6], radius_m=6.4e6, flattening=0.0)
    assert float(latitude) == pytest.approx(np.pi / 4)
    assert float(longitude) == pytest.approx(np.arctan2(4, 3))
    assert float(altitude) == pytest.approx(np.sqrt(50) * 1e6 - 6.4e6)


def test_one_point_and_many_agree_in_value_and_differ_in_shape():
    one, many = np.array([3e6, 4e6, 5e6]), np.tile([[3e6], [4e6], [5e6]], 4)
    assert itrf_to_geodetic(one)[0].shape == ()
    assert itrf_to_geodetic(many)[2].shape == (4,)
    assert itrf_to_geodetic(many)[2][3] == itrf_to_geodetic(one)[2]
    assert geodetic_to_itrf(np.zeros(4), 0.0, 0.0).shape == (3, 4)
    with pytest.raises(ValueError, match="shape"):
        itrf_to_geodetic(np.zeros((2, 3)))


def test_distance_across_the_date_line():
    here = geodesic_distance_m(0.5, np.radians(179.9), 0.5, np.radians(-179.9))
    assert float(here) == pytest.approx(float(geodesic_distance_m(0.5, -0.1 * np.pi / 180, 0.5, 0.1 * np.pi / 180)))


def test_destination_north_and_east():
    latitude, longitude = destination(0.0, np.radians(179.0), np.pi / 2, WGS84_EQUATORIAL_RADIUS_M * np.radians(2.0))
    assert float(latitude) == pytest.approx(0.0, abs=1e-15)
    assert float(longitude) == pytest.approx(np.radians(-179.0))
    # Quarter of the meridian of WGS-84 is 10 001 965.729 m (half of the geodesic from pole to pole)
    assert float(destination(0.0, 0.0, 0.0, 10001965.729)[0]) == pytest.approx(np.pi / 2, abs=1e-9)


def test_lvlh_uses_the_inertial_velocity():
    # A polar orbit over the equator: seen from the turning Earth the velocity leans to the west, the plane does not
    position = np.array([6.8e6, 0.0, 0.0])
    earth_relative = np.array([0.0, -EARTH_ROTATION_RAD_S * 6.8e6, 7600.0])
    radial, along, cross = lvlh_basis(position, earth_relative)
    np.testing.assert_allclose(radial, [1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(along, [0, 0, 1], atol=1e-15)
    np.testing.assert_allclose(cross, [0, -1, 0], atol=1e-15)


def test_relative_position_has_its_signs():
    station, velocity = np.array([6.8e6, 0.0, 0.0]), np.array([0.0, 7200.0, 0.0])
    ship = station + np.array([-10.0, 20.0, 3.0])
    assert [float(part) for part in relative_lvlh(station, velocity, ship)] == pytest.approx([-10.0, 20.0, 3.0])
    tracks = [np.tile(vector[:, None], 5) for vector in (station, velocity, ship)]
    assert relative_lvlh(*tracks)[1].shape == (5,)


def test_no_plane_is_refused():
    with pytest.raises(ValueError, match="orbital plane"):
        lvlh_basis([0.0, 0.0, 7e6], [0.0, 0.0, 10.0])


def test_surface_start_to_the_east_and_down():
    position, velocity = surface_start_to_itrf(0.0, 0.0, 1e5, 7600.0, np.radians(-1.5), np.pi / 2)
    np.testing.assert_allclose(position, [WGS84_EQUATORIAL_RADIUS_M + 1e5, 0.0, 0.0], atol=1e-9)
    expected = 7600.0 * np.array([-np.sin(np.radians(1.5)), np.cos(np.radians(1.5)), 0.0])
    np.testing.assert_allclose(velocity, expected, atol=1e-9)


def test_motion_at_rest_is_zero():
    assert [float(part) for part in itrf_to_surface_motion([7e6, 0.0, 0.0], np.zeros(3))] == [0.0, 0.0, 0.0]
