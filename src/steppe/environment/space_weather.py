"""Solar flux and geomagnetic activity of a date, from a table that ships with steppe; nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from steppe.errors import EnvironmentDataError

Indices = npt.NDArray[np.int16]

_UNIX_DAY: Final = date(1970, 1, 1)
# ap 57 hours back needs the rows of the three days before
_HISTORY_DAYS: Final = 3
# The centred 81-day mean looks 40 days ahead
_MEAN_REACH_DAYS: Final = 40


@dataclass(frozen=True, slots=True)
class SpaceWeather:
    """What NRLMSIS wants to know about the Sun and the magnetosphere.

    Attributes
    ----------
    f107_sfu
        Observed 10.7 cm flux of the previous day, in 1e-22 W/m2/Hz.
    f107a_sfu
        Its 81-day mean centred on the day.
    ap
        Daily ap; 3-hour ap now, 3, 6 and 9 hours before; mean ap of 12 to 33 and of 36 to 57 hours before.
    status
        ``"observed"``, ``"predicted"`` or ``"fallback"``.
    note
        One sentence for the user when the values are not fully observed, else "".
    """

    f107_sfu: float
    f107a_sfu: float
    ap: tuple[float, float, float, float, float, float, float]
    status: Literal["observed", "predicted", "fallback"]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SpaceWeatherTable:
    """A table, such as the bundled one; one row per day.

    Attributes
    ----------
    first, last_observed, last
        First day, last observed day and last (predicted) day.
    ap
        3-hour ap, shape (days, 8).
    ap_daily, f107_tenths, f107a_tenths
        Daily ap, daily flux and centred 81-day mean flux in tenths of a solar flux unit.
    source
        Where the table comes from, with the checksum of its CSV.
    """

    first: date
    last_observed: date
    last: date
    ap: Indices
    ap_daily: Indices
    f107_tenths: Indices
    f107a_tenths: Indices
    source: str


@cache
def bundled_table() -> SpaceWeatherTable:
    """Return the table that ships with steppe.

    Raises
    ------
    EnvironmentDataError
        If the file is missing or broken, that is, if the installation is damaged.
    """
    place = files("steppe.data").joinpath("space_weather.npz")
    try:
        with place.open("rb") as stream, np.load(stream) as stored:
            first = _UNIX_DAY + timedelta(days=int(stored["first_day"]))
            days = len(stored["ap_daily"])
            return SpaceWeatherTable(
                first=first,
                last_observed=first + timedelta(days=int(stored["observed_days"]) - 1),
                last=first + timedelta(days=days - 1),
                ap=stored["ap"],
                ap_daily=stored["ap_daily"],
                f107_tenths=stored["f107"],
                f107a_tenths=stored["f107a"],
                source=f"{stored['source']}, sha256 {str(stored['sha256'])[:16]}",
            )
    except (OSError, KeyError, ValueError) as error:
        raise EnvironmentDataError(
            f"the space weather table of this installation cannot be read ({error}); install steppe again"
        ) from error


def space_weather_at(utc: datetime, table: SpaceWeatherTable | None = None) -> SpaceWeather:
    """Return the solar and geomagnetic indices of a date.

    Outside the table, and in its first three days, the medians of the observed days stand in: they are the typical
    Sun of the two and a half cycles since 1998, not the Sun of the date, and `note` says so.

    Parameters
    ----------
    utc
        Date with a time zone.
    table
        Another table than the bundled one.

    Raises
    ------
    EnvironmentDataError
        If `utc` has no time zone.
    """
    if utc.tzinfo is None:
        raise EnvironmentDataError(f"space weather needs a date with a time zone, got {utc.isoformat()}; add UTC")
    moment = utc.astimezone(UTC)
    table = bundled_table() if table is None else table
    today = moment.date()
    row = (today - table.first).days
    if row < _HISTORY_DAYS or today > table.last:
        return _typical(table, today)
    at = row * 8 + moment.hour // 3
    three_hourly = table.ap.reshape(-1).astype(np.float64)
    ap = (
        float(table.ap_daily[row]),
        float(three_hourly[at]),
        float(three_hourly[at - 1]),
        float(three_hourly[at - 2]),
        float(three_hourly[at - 3]),
        float(np.mean(three_hourly[at - 11 : at - 3])),
        float(np.mean(three_hourly[at - 19 : at - 11])),
    )
    predicted = today > table.last_observed
    return SpaceWeather(
        f107_sfu=float(table.f107_tenths[row - 1]) / 10.0,
        f107a_sfu=float(table.f107a_tenths[row]) / 10.0,
        ap=ap,
        status="predicted" if predicted else "observed",
        note=_note_near_the_end(table, today),
    )


def _note_near_the_end(table: SpaceWeatherTable, today: date) -> str:
    """Return what the user must know about a day near the end of the observations."""
    if today > table.last_observed:
        return f"Space weather of {today} is a prediction; the table is observed to {table.last_observed}."
    if today > table.last_observed - timedelta(days=_MEAN_REACH_DAYS):
        return f"The 81-day mean flux of {today} contains predictions after {table.last_observed}."
    return ""


def _typical(table: SpaceWeatherTable, today: date) -> SpaceWeather:
    """Return the medians of the observed days."""
    observed = slice(0, (table.last_observed - table.first).days + 1)
    flux = float(np.median(table.f107a_tenths[observed])) / 10.0
    ap = float(np.median(table.ap_daily[observed]))
    return SpaceWeather(
        f107_sfu=flux,
        f107a_sfu=flux,
        ap=(ap, ap, ap, ap, ap, ap, ap),
        status="fallback",
        note=(
            f"No space weather for {today}: the table covers {table.first + timedelta(days=_HISTORY_DAYS)} to "
            f"{table.last}. The medians of its observed days stand in (F10.7 = {flux:.1f}, ap = {ap:.0f}); "
            "this changes the density by 3 % at most below 120 km, but by a factor of three at 420 km."
        ),
    )
