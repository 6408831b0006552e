"""Orbit ephemeris messages as telemetry: frames, units, objects and times, and what is refused with which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.cli.control import open_mission
from steppe.errors import TelemetryError
from steppe.frames.earth_orientation import eme2000_to_gcrf_matrix, itrf_to_gcrf
from steppe.frames.timescales import tai_minus_utc_s
from steppe.server.feed import Feed
from steppe.server.session import Options, Session, open_feed
from steppe.server.telemetry import Source, read_body

EPOCH = datetime(2022, 9, 29, 10, tzinfo=UTC)
PLACE_KM, SPEED_KM_S = (4302.0, 3660.0, 3231.0), (-5.601, 2.712, 4.36)


def oem(*rows: str, frame: str = "ITRF2000", system: str = "UTC", name: str = "SOYUZ MS-21", number: str = "2022-028A",
        centre: str = "EARTH") -> str:  # fmt: skip
    times = [row.split()[0] for row in rows] or ["2022-09-29T10:00:00"]
    return (
        "CCSDS_OEM_VERS = 2.0\nCREATION_DATE = 2022-09-29T10:00:00\nORIGINATOR = TEST\nMETA_START\n"
        f"OBJECT_NAME = {name}\nOBJECT_ID = {number}\nCENTER_NAME = {centre}\nREF_FRAME = {frame}\n"
        f"TIME_SYSTEM = {system}\nSTART_TIME = {times[0]}\nSTOP_TIME = {times[-1]}\nMETA_STOP\n"
        + "\n".join(rows)
        + "\n"
    )


def row(second: float = 0.0, place: tuple[float, ...] = PLACE_KM, speed: tuple[float, ...] = SPEED_KM_S) -> str:
    when = (EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return " ".join([when, *(f"{value:.9f}" for value in (*place, *speed))])


def refused(text: str) -> str:
    with pytest.raises(TelemetryError) as problem:
        read_body(text.encode(), EPOCH)
    return str(problem.value)


def test_a_message_of_one_state_is_telemetry() -> None:
    (found,), source = read_body(oem(row(1.5)).encode(), EPOCH)
    assert found.time_s == pytest.approx(1.5, abs=1e-6)
    assert found.position_m == pytest.approx([1e3 * value for value in PLACE_KM], abs=1e-6)
    assert found.velocity_m_s == pytest.approx([1e3 * value for value in SPEED_KM_S], abs=1e-6)
    assert source == Source("SOYUZ MS-21", "2022-028A")


def test_inertial_states_are_turned_into_those_of_the_earth() -> None:
    """The same state given in EME2000, GCRF and ITRF is the same packet: to 1 mm, the rounding of a nanometre text."""
    itrf = np.array([PLACE_KM]).T * 1e3, np.array([SPEED_KM_S]).T * 1e3
    place, speed = itrf_to_gcrf(EPOCH, *itrf, np.zeros(1))
    bias = eme2000_to_gcrf_matrix()
    for frame, matrix in (("GCRF", np.eye(3)), ("EME2000", bias.T)):
        given_m, given_m_s = (matrix @ place)[:, 0], (matrix @ speed)[:, 0]
        # inertial: another speed, and tens of degrees elsewhere
        assert np.linalg.norm(given_m - itrf[0][:, 0]) > 1e5
        (found,), _ = read_body(oem(row(0.0, given_m * 1e-3, given_m_s * 1e-3), frame=frame).encode(), EPOCH)
        assert found.position_m == pytest.approx(itrf[0][:, 0], abs=1e-3)
        assert found.velocity_m_s == pytest.approx(itrf[1][:, 0], abs=1e-5)


def test_other_time_systems_are_read() -> None:
    (found,), _ = read_body(oem(row(0.0), system="TAI").encode(), EPOCH)
    assert found.time_s == pytest.approx(-tai_minus_utc_s(EPOCH))


def test_what_cannot_be_used_is_refused_in_words() -> None:
    metres = tuple(1e3 * value for value in PLACE_KM)
    for text, words in (
        (oem(row(0.0, metres)), "km: the unit of an OEM"),
        (oem(row(0.0, PLACE_KM, tuple(1e3 * value for value in SPEED_KM_S))), "km/s: the unit of an OEM"),
        (oem(row(3 * 86400.0)), "3.0 days from the flight"),
        (oem(row(0.0), row(-3 * 86400.0)), "times must rise"),
        (oem(row(0.0), row(3 * 86400.0)), "segment 1, state 2"),
        (oem(row(0.0), frame="RTN"), "REF_FRAME 'RTN' is not read; use EME2000"),
        (oem(row(0.0), system="UT1"), "TIME_SYSTEM 'UT1' is not read"),
        (oem(row(0.0), centre="MOON"), "CENTER_NAME"),
        (oem(row(0.0)) + "META_START" + oem(row(9.0), number="X").partition("META_START")[2], "several objects"),
        (oem(), "telemetry"),
        (oem(row(0.0).replace("4302", "nan")), "telemetry"),
        (oem("9999-366T23:59:60 4302 3660 3231 -5 2 4"), "expected a date"),
        (oem("0001-01-01T00:00:00 4302 3660 3231 -5 2 4", system="TAI"), "telemetry"),
        (oem("0001-01-01T00:00:00 4302 3660 3231 -5 2 4"), "another mission"),
        (oem("0001-01-01T00:00:00 4302 3660 3231 -5 2 4", frame="EME2000"), "another mission"),
        (oem("9999-12-31T23:59:59 4302 3660 3231 -5 2 4", frame="TEME", system="GPS"), "another mission"),
    ):  # fmt: skip
        assert words in refused(text), text


def test_an_entity_that_grows_is_not_grown() -> None:
    """The billion laughs, and a file of this machine as an entity."""
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    for entity in (f'<!ENTITY a0 "ha">{laughs}', '<!ENTITY a11 SYSTEM "file:///etc/passwd">'):
        text = f'<?xml version="1.0"?><!DOCTYPE oem [{entity}]><oem id="CCSDS_OEM_VERS" version="2.0">&a11;</oem>'
        found = refused(text)
        assert "root:" not in found and len(found) < 2000


@given(st.data())
@settings(max_examples=60)
def test_a_spoilt_message_is_refused_and_nothing_else(data: st.DataObject) -> None:
    text = oem(row(0.0), row(1.0))
    at = data.draw(st.integers(20, len(text) - 1))
    text = text[:at] + data.draw(st.text(max_size=8)) + text[at + data.draw(st.integers(0, 8)) :]
    try:
        found, _ = read_body(text.encode("utf-8", "replace"), EPOCH)
    except TelemetryError:
        return
    assert all(np.isfinite([one.time_s, *one.position_m]).all() for one in found)


# --- whose states they are


@pytest.fixture(scope="module")
def opened() -> Session:
    return open_mission("ms-21", Options(samples=0), feed=True)


@pytest.fixture
def feed(opened: Session) -> Feed:
    return open_feed(opened.plan, opened.prepared, Options(samples=0)).feed


def test_the_feed_stays_with_one_object(feed: Feed) -> None:
    feed.take(oem(row(0.0)).encode(), EPOCH)
    assert feed.about()["object"] == "SOYUZ MS-21 (2022-028A)"
    before = list(feed.seen)
    for name, number in (("ISS", "1998-067A"), ("SOYUZ MS-21", "1998-067A"), ("ISS", "UNKNOWN")):
        with pytest.raises(TelemetryError, match=r"the feed is of SOYUZ MS-21 \(2022-028A\)"):
            feed.take(oem(row(1.0), name=name, number=number).encode(), EPOCH)
    assert feed.seen == before
    # the same object by another name, or in other letters
    for second, name, number in ((1.0, "MS-21", "2022-028-A"), (2.0, "Soyuz-MS 21", "UNKNOWN")):
        assert feed.take(oem(row(second), name=name, number=number).encode(), EPOCH)["taken"] == 1


def test_a_refused_message_names_no_object(feed: Feed) -> None:
    with pytest.raises(TelemetryError):
        feed.take(oem(row(0.0), row(3 * 86400.0), name="ISS", number="1998-067A").encode(), EPOCH)
    assert feed.source is None and feed.seen == []
