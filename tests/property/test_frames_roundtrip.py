"""There and back again gives what one started from."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.constants import EARTH_ROTATION_RAD_S
from steppe.errors import ElementsError
from steppe.frames import earth_orientation, timescales
from steppe.frames.elements import StationOrbit
from steppe.frames.geodetic import (
    destination,
    geodesic_distance_m,
    geodetic_to_itrf,
    itrf_to_geodetic,
    local_east_north_up,
)
from steppe.frames.local import itrf_to_surface_motion, lvlh_basis, relative_lvlh, surface_start_to_itrf

latitudes = st.floats(-np.pi / 2, np.pi / 2)
longitudes = st.floats(-np.pi, np.pi)
dates = st.datetimes(datetime(1972, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
kilometres = st.floats(-9000.0, 9000.0)
vectors = st.tuples(kilometres, kilometres, kilometres).map(lambda xyz: np.array(xyz) * 1e3)
LINES = (
    "1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991",
    "2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482",
)


@given(latitudes, longitudes, st.floats(-1e6, 1e9), st.sampled_from([0.0, 1 / 298.257223563, 0.1]))
def test_geodetic(latitude, longitude, altitude, flattening):
    place = geodetic_to_itrf(latitude, longitude, altitude, flattening=flattening)
    lat, lon, alt = itrf_to_geodetic(place, flattening=flattening)
    assert float(lat) == pytest.approx(latitude, abs=1e-12)
    assert float(alt) == pytest.approx(altitude, abs=1e-8 + 1e-15 * 1e7 + 1e-15 * abs(altitude))
    # Towards a pole the longitude fades with the distance from the axis
    assert np.hypot(*place[:2]) * abs(np.sin(float(lon) - longitude)) < 1e-6 + 1e-15 * abs(altitude)


@given(latitudes, longitudes, st.floats(0, 2 * np.pi), st.floats(0, 1.9e7))
def test_destination_lies_at_its_distance(latitude, longitude, bearing, distance):
    there = destination(latitude, longitude, bearing, distance)
    assert float(geodesic_distance_m(latitude, longitude, *there)) == pytest.approx(distance, abs=1e-3)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_symmetric_and_bounded(lat1, lon1, lat2, lon2):
    there, back = geodesic_distance_m(lat1, lon1, lat2, lon2), geodesic_distance_m(lat2, lon2, lat1, lon1)
    assert float(there) == pytest.approx(float(back), abs=1e-3)
    assert 0.0 <= float(there) < 20003931.46


@settings(max_examples=40, deadline=None)
@given(dates, vectors, vectors, st.sampled_from(["teme", "gcrf"]))
def test_earth_orientation(utc, position, velocity, frame):
    there, back = (getattr(earth_orientation, name) for name in (f"{frame}_to_itrf", f"itrf_to_{frame}"))
    r, v = there(utc, position, velocity * 1e-3)
    assert np.linalg.norm(r) == pytest.approx(np.linalg.norm(position), abs=1e-7)
    r, v = back(utc, r, v)
    np.testing.assert_allclose(r, position, atol=1e-7)
    np.testing.assert_allclose(v, velocity * 1e-3, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(dates, vectors, vectors, st.sampled_from(["teme_to_itrf", "gcrf_to_itrf"]))
def test_velocity_is_the_derivative_of_position(utc, position, velocity, name):
    turn, step = getattr(earth_orientation, name), 0.5
    seconds = np.array([-step, step])
    moved = position[:, None] + velocity[:, None] * 1e-3 * seconds
    r, _ = turn(utc, moved, np.repeat(velocity[:, None] * 1e-3, 2, axis=1), seconds)
    _, v = turn(utc, position, velocity * 1e-3)
    # Third derivatives of the rotation: (omega^3 r + 3 omega^2 v) step^2 / 6 is 2e-7 m/s, rounding of r 4e-9;
    # precession and the drift of UT1 and the pole add 1e-4 m/s (a leap second jump cannot occur within)
    np.testing.assert_allclose((r[:, 1] - r[:, 0]) / (2 * step), v, atol=1e-3)


@settings(max_examples=50, deadline=None)
@given(dates)
def test_time_scales(utc):
    for there, back in (
        (timescales.utc_to_jd, timescales.jd_to_utc),
        (timescales.utc_to_tai_jd, timescales.tai_jd_to_utc),
        (timescales.utc_to_tt_jd, timescales.tt_jd_to_utc),
        (timescales.utc_to_ut1_jd, timescales.ut1_jd_to_utc),
    ):
        assert abs(back(*there(utc)) - utc) <= timedelta(microseconds=1)


@given(latitudes, longitudes, st.floats(1.0, 8000.0), st.floats(-1.5, 1.5), st.floats(0, 6.28))
def test_surface_start(latitude, longitude, speed, angle, heading):
    latitude *= 0.999
    r, v = surface_start_to_itrf(latitude, longitude, 1e5, speed, angle, heading)
    back = itrf_to_surface_motion(r, v)
    assert float(back[0]) == pytest.approx(speed, rel=1e-12)
    assert float(back[1]) == pytest.approx(angle, abs=1e-10)
    assert abs(np.sin(float(back[2]) - heading)) < 1e-9


@given(latitudes, longitudes)
def test_local_directions_are_a_right_handed_frame(latitude, longitude):
    basis = local_east_north_up(latitude, longitude)
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(basis) == pytest.approx(1.0)


@given(vectors, vectors, vectors)
def test_lvlh(position, velocity, offset):
    velocity = velocity * 1e-3
    inertial = velocity + np.cross([0.0, 0.0, EARTH_ROTATION_RAD_S], position)
    sine = np.linalg.norm(np.cross(position, inertial))
    if sine <= 1e-3 * np.linalg.norm(position) * np.linalg.norm(inertial) or np.linalg.norm(position) < 1.0:
        return
    basis = lvlh_basis(position, velocity)
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-10)
    assert basis[0] @ position == pytest.approx(np.linalg.norm(position))
    assert basis[1] @ inertial > 0.0
    assert abs(basis[2] @ inertial) < 1e-8 * np.linalg.norm(inertial)
    parts = np.array(relative_lvlh(position, velocity, position + offset))
    np.testing.assert_allclose(basis.T @ parts, offset, atol=1e-6)


@settings(max_examples=300)
@given(st.integers(0, 1), st.integers(0, 68), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(which, column, step):
    lines = list(LINES)
    letter = lines[which][column]
    if not letter.isdigit():
        return
    wrong = str((int(letter) + step) % 10)
    lines[which] = lines[which][:column] + wrong + lines[which][column + 1 :]
    with pytest.raises(ElementsError, match=f"line {which + 1}"):
        StationOrbit.from_lines(*lines)


@settings(max_examples=200)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_refused_in_words(line1, line2):
    with pytest.raises(ElementsError):
        StationOrbit.from_lines(line1, line2)


@settings(max_examples=300)
@given(st.integers(0, 1), st.integers(0, 67), st.characters(min_codepoint=32, max_codepoint=126))
def test_any_letter_with_a_right_checksum_is_read_or_refused_in_words(which, column, letter):
    from steppe.frames.tle import checksum

    lines = list(LINES)
    body = lines[which][:column] + letter + lines[which][column + 1 : 68]
    lines[which] = body + str(checksum(body))
    try:
        orbit = StationOrbit.from_lines(*lines)
        orbit.state_itrf(orbit.epoch)
    except ElementsError as error:
        assert "line" in str(error)
