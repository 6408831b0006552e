from datetime import UTC, date, datetime, timedelta, timezone
from importlib.resources import files

import pytest

from steppe.environment.space_weather import bundled_table, space_weather_at
from steppe.errors import EnvironmentDataError


def test_the_storm_of_october_2003_is_in_the_table():
    # CelesTrak space weather data: F10.7 of 2003-10-29 291.7, daily ap of the 30th 191; the largest ap there is is 400
    weather = space_weather_at(datetime(2003, 10, 30, 10, tzinfo=UTC))
    assert weather.status == "observed"
    assert weather.note == ""
    assert weather.f107_sfu == pytest.approx(291.7)
    assert weather.ap[0] == 191.0
    assert bundled_table().ap.max() == 400


def test_the_seven_ap_values_are_those_that_msis_asks_for():
    table = bundled_table()
    row = (date(2020, 5, 10) - table.first).days
    history = table.ap[row - 3 : row + 1].reshape(-1).astype(float)
    weather = space_weather_at(datetime(2020, 5, 10, 7, 59, tzinfo=UTC))
    now = 24 + 2
    assert weather.ap[1:5] == tuple(history[now - back] for back in range(4))
    assert weather.ap[5] == pytest.approx(history[now - 11 : now - 3].mean())
    assert weather.ap[6] == pytest.approx(history[now - 19 : now - 11].mean())
    assert weather.f107_sfu == pytest.approx(table.f107_tenths[row - 1] / 10.0)
    assert weather.f107a_sfu == pytest.approx(table.f107a_tenths[row] / 10.0)


def test_the_time_zone_is_honoured():
    utc = datetime(2020, 5, 10, 1, tzinfo=UTC)
    assert space_weather_at(utc.astimezone(timezone(timedelta(hours=6)))) == space_weather_at(utc)


def test_every_day_of_the_table_gives_plausible_values():
    table = bundled_table()
    assert 60.0 < table.f107_tenths.min() / 10.0 < table.f107_tenths.max() / 10.0 < 350.0
    assert table.ap.min() >= 0
    assert table.first < table.last_observed < table.last
    for day in (table.first + timedelta(days=3), table.last_observed, table.last):
        space_weather_at(datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC))


def test_fluxes_taken_during_a_radio_burst_are_gone():
    # 938.6 sfu was measured on 2011-03-07 during a burst, between days of 135 to 167 sfu
    weather = space_weather_at(datetime(2011, 3, 8, 12, tzinfo=UTC))
    assert 125.0 < weather.f107_sfu < 165.0


def test_a_predicted_day_says_so():
    day = bundled_table().last
    weather = space_weather_at(datetime(day.year, day.month, day.day, tzinfo=UTC))
    assert weather.status == "predicted"
    assert str(bundled_table().last_observed) in weather.note


def test_a_mean_that_looks_ahead_into_predictions_says_so():
    day = bundled_table().last_observed - timedelta(days=5)
    weather = space_weather_at(datetime(day.year, day.month, day.day, tzinfo=UTC))
    assert weather.status == "observed"
    assert "prediction" in weather.note


@pytest.mark.parametrize("year", [1961, 2095])
def test_outside_the_table_the_medians_stand_in(year):
    weather = space_weather_at(datetime(year, 4, 12, tzinfo=UTC))
    assert weather.status == "fallback"
    assert f"{year}-04-12" in weather.note
    assert 70.0 < weather.f107_sfu == weather.f107a_sfu < 200.0
    assert set(weather.ap) == {weather.ap[0]}


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(EnvironmentDataError, match="time zone"):
        space_weather_at(datetime(2020, 1, 1))


def test_the_table_is_small():
    assert len(files("steppe.data").joinpath("space_weather.npz").read_bytes()) < 400_000
