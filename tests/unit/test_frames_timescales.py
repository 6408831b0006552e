"""Leap seconds, UT1 and what is said about dates that no table covers."""

from datetime import UTC, datetime, timedelta, timezone

import erfa
import numpy as np
import pytest

from steppe.errors import EnvironmentDataError
from steppe.frames import earth_orientation, iers, timescales


def test_terrestrial_time_as_erfa_has_it():
    utc = datetime(2022, 9, 29, 10, 57, 12, 250000, tzinfo=UTC)
    tai = erfa.utctai(*erfa.dtf2d("UTC", 2022, 9, 29, 10, 57, 12.25))
    expected = sum(erfa.taitt(*tai))
    day, fraction = timescales.utc_to_tt_jd(utc)
    assert (day - 2459851.5) + fraction == pytest.approx(expected - 2459851.5, abs=1e-9)
    assert 0.0 <= fraction < 1.0


def test_a_time_zone_is_honoured():
    moscow = timezone(timedelta(hours=3))
    assert timescales.utc_to_jd(datetime(2022, 9, 29, 13, tzinfo=moscow)) == timescales.utc_to_jd(
        datetime(2022, 9, 29, 10, tzinfo=UTC)
    )


def test_a_date_without_zone_is_refused():
    with pytest.raises(EnvironmentDataError, match="no time zone"):
        timescales.utc_to_jd(datetime(2022, 9, 29))


@pytest.mark.parametrize(
    ("utc", "leap_s"),
    [
        (datetime(1972, 1, 1, tzinfo=UTC), 10.0),
        (datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC), 36.0),
        (datetime(2017, 1, 1, tzinfo=UTC), 37.0),
        (datetime(2045, 1, 1, tzinfo=UTC), 37.0),
    ],
)
def test_leap_seconds(utc, leap_s):
    assert timescales.tai_minus_utc_s(utc) == leap_s


def test_ut1_jumps_with_the_leap_second_and_only_then():
    before = timescales.ut1_minus_utc_s(datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC))
    after = timescales.ut1_minus_utc_s(datetime(2017, 1, 1, tzinfo=UTC))
    assert after - before == pytest.approx(1.0, abs=1e-4)
    noon = timescales.ut1_minus_utc_s(datetime(2016, 12, 31, 12, tzinfo=UTC))
    assert noon == pytest.approx(before, abs=2e-3)


def test_the_years_before_bulletin_a_come_from_c04():
    # EOP 20 C04, 1 January 1962: 0.0326338 s
    assert timescales.ut1_minus_utc_s(datetime(1962, 1, 1, tzinfo=UTC)) == pytest.approx(0.0326338)
    assert timescales.earth_orientation(datetime(1972, 6, 1, tzinfo=UTC)).kind == "measured"


def test_before_utc_there_is_no_utc():
    with pytest.raises(EnvironmentDataError, match="1960"):
        timescales.utc_to_tai_jd(datetime(1958, 1, 1, tzinfo=UTC))


def test_beyond_the_tables_the_fallback_is_told():
    utc = datetime(2050, 1, 1, tzinfo=UTC)
    found = timescales.earth_orientation(utc)
    assert (found.kind, found.ut1_minus_utc_s) == ("none", 0.0)
    assert "0.9 s" in found.note
    notes = timescales.time_notes(utc)
    assert any("leap second table expires" in note for note in notes)
    assert found.note in notes


def test_measured_dates_need_no_note_and_predictions_do():
    assert timescales.time_notes(datetime(2022, 9, 29, tzinfo=UTC)) == ()
    last = datetime(1858, 11, 17, tzinfo=UTC) + timedelta(days=iers.last_day() - 2)
    assert "prediction" in timescales.earth_orientation(last).note


def test_an_array_over_the_end_of_the_tables_is_flagged_as_none():
    days = np.array([iers.last_day() - 10.0, iers.last_day() + 10.0])
    values, kind = iers.orientation_values(days)
    assert kind == "none"
    assert values[0, 0] != 0.0
    assert (values[:, 1] == 0.0).all()


def test_arrays_and_single_moments_agree():
    utc = datetime(2022, 9, 29, 7, tzinfo=UTC)
    seconds = np.linspace(0.0, 90000.0, 7)
    position, velocity = np.array([6.7e6, 1e5, 2e5]), np.array([100.0, 5000.0, 5500.0])
    for turn in (earth_orientation.teme_to_itrf, earth_orientation.gcrf_to_itrf):
        r, v = turn(utc, np.tile(position[:, None], 7), np.tile(velocity[:, None], 7), seconds)
        for column, offset in enumerate(seconds):
            r_one, v_one = turn(utc + timedelta(seconds=float(offset)), position, velocity)
            np.testing.assert_allclose(r[:, column], r_one, atol=5e-3)
            np.testing.assert_allclose(v[:, column], v_one, atol=5e-6)


def test_rotation_matrices_move_vectors_as_the_states_do():
    utc = datetime(2022, 9, 29, 7, tzinfo=UTC)
    position = np.array([6.7e6, 1e5, 2e5])
    for matrix, turn in (
        (earth_orientation.teme_to_itrf_matrix(utc), earth_orientation.teme_to_itrf),
        (earth_orientation.gcrf_to_itrf_matrix(utc), earth_orientation.gcrf_to_itrf),
    ):
        np.testing.assert_allclose(matrix @ position, turn(utc, position, np.zeros(3))[0], atol=1e-8)


def test_a_body_at_rest_on_the_ground_does_not_move_in_itrf():
    utc, ground = datetime(2022, 9, 29, 7, tzinfo=UTC), np.array([6378137.0, 0.0, 0.0])
    r, v = earth_orientation.itrf_to_gcrf(utc, ground, np.zeros(3))
    # 7.292115e-5 rad/s times the equatorial radius
    assert np.linalg.norm(v) == pytest.approx(465.1011, abs=1e-3)
    assert np.linalg.norm(r) == pytest.approx(6378137.0)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="shape"):
        earth_orientation.teme_to_itrf(datetime(2022, 1, 1, tzinfo=UTC), np.zeros(2), np.zeros(2))


def test_a_damaged_table_is_told(monkeypatch, tmp_path):
    broken = tmp_path / "finals2000A.all"
    broken.write_bytes(b"73 1 2 41684.00 I  x\n" * 3)
    layout = (broken, 21, 41684, 3)
    monkeypatch.setattr(iers, "_finals_layout", lambda: layout)
    iers._finals_record.cache_clear()
    with pytest.raises(EnvironmentDataError, match="astropy-iers-data"):
        iers._finals_record(41685)
    iers._finals_record.cache_clear()
