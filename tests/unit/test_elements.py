"""Station orbits from lines and files, and the words with which bad ones are refused."""

import json
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from steppe.errors import ElementsError
from steppe.frames.earth_orientation import eme2000_to_gcrf_matrix, itrf_to_gcrf, itrf_to_teme
from steppe.frames.elements import StationOrbit
from steppe.frames.ephemeris import Ephemeris, Segment
from steppe.frames.tle import checksum

LINES = (
    "1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991",
    "2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482",
)
# Signs and leading zeros written out, as some archives have it
ZEROS = (
    "1 25544U 98067A   03123.95307876 +.00027208 +00000-0 +34901-3 0  9993",
    "2 25544 051.6332 242.4967 0006575 082.9213 024.1414 15.58914238254108",
)
OMM = {
    "OBJECT_NAME": "ISS (ZARYA)",
    "OBJECT_ID": "1998-067A",
    "CENTER_NAME": "EARTH",
    "REF_FRAME": "TEME",
    "TIME_SYSTEM": "UTC",
    "MEAN_ELEMENT_THEORY": "SGP4",
    "EPOCH": "2019-12-09T16:38:29.363424",
    "MEAN_MOTION": "15.50103472",
    "ECCENTRICITY": ".0007417",
    "INCLINATION": "51.6439",
    "RA_OF_ASC_NODE": "211.2001",
    "ARG_OF_PERICENTER": "17.6667",
    "MEAN_ANOMALY": "85.6398",
    "NORAD_CAT_ID": "25544",
    "REV_AT_EPOCH": "20248",
    "BSTAR": ".38792E-4",
    "MEAN_MOTION_DOT": ".1764E-4",
    "MEAN_MOTION_DDOT": "0",
}


def fixed(line: str) -> str:
    return line[:68] + str(checksum(line))


def changed(line: str, column: int, text: str) -> str:
    return fixed(line[: column - 1] + text + line[column - 1 + len(text) :])


@pytest.fixture(scope="module")
def orbit() -> StationOrbit:
    return StationOrbit.from_lines(*LINES, name="ISS")


def test_what_the_lines_say(orbit):
    assert (orbit.object_number, orbit.object_id, orbit.kind) == (25544, "98067A", "tle")
    assert orbit.epoch == datetime(2019, 12, 9, 16, 38, 29, 363424, tzinfo=UTC)
    assert orbit.inclination_rad == pytest.approx(np.radians(51.6439))
    assert orbit.revolution_at_epoch == 20248
    assert orbit.bstar == pytest.approx(0.38792e-4)
    assert orbit.notes == ()
    # 15.50 revolutions a day: Kepler's third law with J2 gives 416 to 419 km
    assert 415e3 < orbit.mean_altitude_m(orbit.epoch) < 420e3


def test_signs_and_leading_zeros_are_read():
    assert StationOrbit.from_lines(*ZEROS).inclination_rad == pytest.approx(np.radians(51.6332))


def test_many_moments_are_those_moments_and_fast(orbit):
    seconds = np.linspace(-7200.0, 7200.0, 5000)
    r, v = orbit.states_itrf(orbit.epoch, seconds)
    assert r.shape == v.shape == (3, 5000)
    for column in (0, 1234, 4999):
        one = orbit.state_itrf(orbit.epoch + timedelta(seconds=float(seconds[column])))
        np.testing.assert_allclose(r[:, column], one[0], atol=0.01)
        np.testing.assert_allclose(v[:, column], one[1], atol=1e-5)
    # The velocity is that of the ITRF track
    slope = (r[:, 2:] - r[:, :-2]) / (seconds[2:] - seconds[:-2])
    assert np.abs(slope - v[:, 1:-1]).max() < 0.05
    assert orbit.states_itrf(orbit.epoch, [])[0].shape == (3, 0)


def test_an_orbit_travels_to_other_processes(orbit):
    again = pickle.loads(pickle.dumps(orbit))
    np.testing.assert_array_equal(again.state_itrf(orbit.epoch)[0], orbit.state_itrf(orbit.epoch)[0])


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((LINES[0][:-1], LINES[1]), ["line 1", "69", "68"]),
        ((LINES[0], LINES[1] + "7"), ["line 2", "70"]),
        ((LINES[1], LINES[0]), ["column 1", "expected '1'", "found '2'"]),
        ((LINES[0][:-1] + "4", LINES[1]), ["column 69", "'4'", "add up to 1"]),
        ((LINES[0], LINES[1].replace("51.6439", "51\u00a06439")), ["line 2", "column 12", "not plain text"]),
        ((changed(LINES[0], 24, "5"), LINES[1]), ["column 24", "expected '.'", "found '5'"]),
        ((changed(LINES[0], 21, "3x3"), LINES[1]), ["columns 21 to 32", "epoch day", "3x3"]),
        ((changed(LINES[0], 54, " 38x92-4"), LINES[1]), ["columns 54 to 61", "BSTAR", "38x92-4"]),
        ((changed(LINES[0], 21, "400"), LINES[1]), ["columns 21 to 32", "1 to 366"]),
        ((LINES[0], changed(LINES[1], 3, "25545")), ["'25544'", "'25545'"]),
        ((changed(LINES[0], 3, "I5544"), changed(LINES[1], 3, "I5544")), ["columns 3 to 7", "'I5544'"]),
        ((LINES[0], changed(LINES[1], 9, "251.6439")), ["inclination", "0 to 180", "251.6439"]),
        ((LINES[0], changed(LINES[1], 53, "16.90103472")), ["decayed", "16.9010", "16.6"]),
        ((LINES[0], changed(LINES[1], 27, "2007417")), ["decayed", "perigee"]),
        ((LINES[0], changed(LINES[1], 53, "00.00000000")), ["mean motion", "above 0"]),
        ((LINES[0], changed(LINES[1], 44, "385.6398")), ["mean anomaly", "0 to 360"]),
    ],
)
def test_damaged_lines(lines, words):
    with pytest.raises(ElementsError) as caught:
        StationOrbit.from_lines(*lines, source="my.toml: station")
    for word in ("my.toml: station", *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("days", [16.0, -16.0])
def test_far_from_the_epoch(orbit, days):
    with pytest.raises(ElementsError, match=r"16\.0 days .* limit is 15 days.*17 to 49 km"):
        orbit.state_itrf(orbit.epoch + timedelta(days=days))
    with pytest.raises(ElementsError, match="limit is 15 days"):
        orbit.states_itrf(orbit.epoch, [0.0, days * 86400.0])
    patient = StationOrbit.from_lines(*LINES, maximum_age_days=20.0)
    assert np.linalg.norm(patient.state_itrf(orbit.epoch + timedelta(days=days))[0]) > 6.7e6


def test_a_date_without_zone(orbit):
    with pytest.raises(ElementsError, match="no time zone"):
        orbit.state_itrf(datetime(2019, 12, 9))


def test_decay_while_propagating():
    falling = (changed(LINES[0], 54, " 99999-1"), changed(LINES[1], 53, "16.40103472"))
    doomed = StationOrbit.from_lines(*falling)
    with pytest.raises(ElementsError, match=r"SGP4 stops .* code \d"):
        doomed.state_itrf(doomed.epoch + timedelta(days=14))


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_files_of_lines(tmp_path, orbit):
    two = StationOrbit.from_file(write(tmp_path, "two.tle", "\n".join(LINES)))
    three = StationOrbit.from_file(write(tmp_path, "three.tle", "\r\n".join(("0 ISS (ZARYA)", *LINES, ""))))
    assert two.orbit == three.orbit == orbit.orbit
    assert (two.name, three.name) == ("", "ISS (ZARYA)")


def test_a_file_of_several_sets(tmp_path):
    newer = changed(LINES[0], 19, "19345")
    path = write(tmp_path, "many.tle", "\n".join((newer, LINES[1], *ZEROS, *LINES)))
    assert StationOrbit.from_file(path).epoch.day == 11
    assert StationOrbit.from_file(path, before_utc=datetime(2019, 12, 10, tzinfo=UTC)).epoch.day == 9
    assert StationOrbit.from_file(path, before_utc=datetime(2010, 1, 1, tzinfo=UTC)).epoch.year == 2003
    with pytest.raises(ElementsError, match=r"no element set is older .* 2003-05-03"):
        StationOrbit.from_file(path, before_utc=datetime(2001, 1, 1, tzinfo=UTC))


def test_a_file_of_several_objects(tmp_path):
    other = tuple(changed(line, 3, "48274") for line in LINES)
    path = write(tmp_path, "stations.tle", "\n".join(("ISS", *LINES, "CSS", *other)))
    with pytest.raises(ElementsError, match="25544 ISS, 48274 CSS"):
        StationOrbit.from_file(path)
    assert StationOrbit.from_file(path, object_number=48274).name == "CSS"
    with pytest.raises(ElementsError, match="has no object 5"):
        StationOrbit.from_file(path, object_number=5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("hello\nworld\n", "found no two-line elements"),
        (LINES[0], "line 1: line 1 of a set without its line 2"),
        ("ISS\n\n" + LINES[1], "line 3: line 2 of a set without its line 1"),
        ("ISS\n" + LINES[0] + "\n" + LINES[1][:-1] + "0", "line 3, column 69"),
        ("{", "not valid JSON"),
        ("[1]", "JSON object"),
        ("<omm", "not well-formed XML"),
        ("<ndm/>", "found no orbit mean-elements"),
        ("CCSDS_OEM_VERS = 2.0\nfoo", "not a valid orbit ephemeris message"),
    ],
)
def test_bad_files(tmp_path, text, words):
    with pytest.raises(ElementsError, match=words):
        StationOrbit.from_file(write(tmp_path, "bad.txt", text))


def test_unreadable_files(tmp_path):
    with pytest.raises(ElementsError, match="cannot be read: No such file"):
        StationOrbit.from_file(tmp_path / "none.tle")
    (tmp_path / "binary.tle").write_bytes(bytes(range(256)))
    with pytest.raises(ElementsError, match="not a text file"):
        StationOrbit.from_file(tmp_path / "binary.tle")


def omm_text(form: str, fields: dict[str, str]) -> str:
    if form == "json":
        return json.dumps([fields])
    if form == "csv":
        return ",".join(fields) + "\n" + ",".join(fields.values()) + "\n"
    if form == "kvn":
        lines = [f"{key} = {value}" for key, value in fields.items()]
        return "CCSDS_OMM_VERS = 2.0\nCOMMENT a = b\n" + "\n".join(lines).replace("51.6439", "51.6439 [deg]") + "\n"
    tags = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    return f"<?xml version='1.0'?><ndm><omm><body><segment><data>{tags}</data></segment></body></omm></ndm>"


@pytest.mark.parametrize("form", ["json", "csv", "kvn", "xml"])
def test_mean_elements_messages_are_the_lines(tmp_path, orbit, form):
    found = StationOrbit.from_file(write(tmp_path, f"iss.{form}", omm_text(form, OMM)))
    assert (found.name, found.object_number, found.kind) == ("ISS (ZARYA)", 25544, "omm")
    assert (found.object_id, found.revolution_at_epoch) == ("1998-067A", 20248)
    utc = orbit.epoch + timedelta(days=3)
    # sgp4init keeps the epoch in one double of days since 1950: 0.3 microseconds, a few millimetres
    np.testing.assert_allclose(found.state_itrf(utc)[0], orbit.state_itrf(utc)[0], atol=0.02)
    assert found.mean_altitude_m(utc) == pytest.approx(orbit.mean_altitude_m(utc), abs=0.1)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("EPOCH", "yesterday", "EPOCH: expected a date"),
        ("EPOCH", "2019-13-09T00:00:00", "expected a date"),
        ("INCLINATION", "steep", "INCLINATION should be a number"),
        ("INCLINATION", "200", "0 to 180 deg"),
        ("MEAN_MOTION", "17.2", "decayed"),
        ("MEAN_MOTION", "", "has no MEAN_MOTION"),
        ("REF_FRAME", "GCRF", "need TEME"),
        ("MEAN_ELEMENT_THEORY", "DSST", "DSST"),
    ],
)
def test_bad_mean_elements_messages(tmp_path, key, value, words):
    with pytest.raises(ElementsError, match=words):
        StationOrbit.from_file(write(tmp_path, "bad.json", omm_text("json", {**OMM, key: value})))


def oem_text(orbit: StationOrbit, frame: str, extra: str = "", system: str = "UTC", shift_s: float = 0.0) -> str:
    start = datetime(2019, 12, 10, tzinfo=UTC)
    seconds = np.arange(0.0, 4 * 3600.0, 240.0)
    r, v = orbit.states_itrf(start, seconds)
    if frame == "TEME":
        r, v = itrf_to_teme(start, r, v, seconds)
    elif frame != "ITRF":
        r, v = itrf_to_gcrf(start, r, v, seconds)
        if frame == "EME2000":
            r, v = eme2000_to_gcrf_matrix().T @ r, eme2000_to_gcrf_matrix().T @ v
    times = [f"{start + timedelta(seconds=float(s) + shift_s):%Y-%m-%dT%H:%M:%S.%f}" for s in seconds]
    rows = [
        f"{time} " + " ".join(f"{value / 1e3:.9f}" for value in (*r[:, i], *v[:, i])) for i, time in enumerate(times)
    ]
    return (
        "CCSDS_OEM_VERS = 2.0\nCREATION_DATE = 2019-12-09T00:00:00\nORIGINATOR = TEST\n\nMETA_START\n"
        "OBJECT_NAME = ISS\nOBJECT_ID = 1998-067-A\nCENTER_NAME = EARTH\n"
        f"REF_FRAME = {frame}\nTIME_SYSTEM = {system}\nSTART_TIME = {times[0]}\nSTOP_TIME = {times[-1]}\n{extra}"
        "META_STOP\n\n" + "\n".join(rows) + "\n"
    )


@pytest.mark.parametrize(
    ("frame", "extra", "error_m"),
    [
        ("EME2000", "", 1.0),
        ("GCRF", "INTERPOLATION = HERMITE\nINTERPOLATION_DEGREE = 7\n", 1.0),
        ("TEME", "INTERPOLATION = LAGRANGE\nINTERPOLATION_DEGREE = 9\n", 1.0),
        ("ITRF", "", 1.0),
        ("ICRF", "INTERPOLATION = LINEAR\nINTERPOLATION_DEGREE = 1\n", 70e3),
    ],
)
def test_ephemeris_messages(tmp_path, orbit, frame, extra, error_m):
    found = StationOrbit.from_file(write(tmp_path, "iss.oem", oem_text(orbit, frame, extra)))
    assert (found.kind, found.name, found.object_number, found.revolution_at_epoch) == ("oem", "ISS", 0, None)
    start, seconds = datetime(2019, 12, 10, 1, tzinfo=UTC), np.arange(0.0, 7200.0, 7.0)
    (r, v), (r_true, v_true) = found.states_itrf(start, seconds), orbit.states_itrf(start, seconds)
    # The velocity of SGP4 is not quite the derivative of its position (2 cm/s): Hermite feels it as 0.6 m
    worst = np.linalg.norm(r - r_true, axis=0).max()
    assert worst < error_m
    if error_m > 1e3:
        # A chord of 240 s under the arc: (omega 240 s)^2 / 8 of the radius is 62 km; else the file was not obeyed
        assert worst > 50e3
        return
    assert np.linalg.norm(v - v_true, axis=0).max() < 0.05
    # Osculating mean over a revolution against the mean axis of SGP4: they part at the second order of J2
    assert found.mean_altitude_m(start) == pytest.approx(orbit.mean_altitude_m(start), abs=500.0)
    assert found.inclination_rad == pytest.approx(orbit.inclination_rad, abs=np.radians(0.06))


@pytest.mark.parametrize(("method", "degree", "error_m"), [("HERMITE", 7, 0.005), ("LAGRANGE", 9, 0.3)])
def test_interpolation_of_a_circular_orbit(method, degree, error_m):
    radius_m, rate_rad_s, times = 6.8e6, 2 * np.pi / 5560.0, np.arange(0.0, 7200.0, 240.0)

    def states(seconds):
        angle = rate_rad_s * seconds
        place = radius_m * np.array([np.cos(angle), np.sin(angle), 0 * angle])
        return np.vstack((place, rate_rad_s * np.array([-place[1], place[0], 0 * angle])))

    part = Segment(datetime(2020, 1, 1, tzinfo=UTC), times, states(times), "ITRF", method, degree, 0.0, times[-1])
    wanted = np.append(np.arange(0.0, times[-1], 11.0), times[-1])
    r, v = part.at(wanted)
    np.testing.assert_allclose(r, states(wanted)[:3], rtol=0.0, atol=error_m)
    np.testing.assert_allclose(v, states(wanted)[3:], rtol=0.0, atol=error_m * 3e-2)


def test_two_segments_meet_at_a_manoeuvre():
    times = np.array([0.0, 60.0, 120.0])

    def part(start_s, speed_m_s):
        states = np.zeros((6, 3))
        states[0] = 7e6 + speed_m_s * times
        states[3] = speed_m_s
        epoch = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=start_s)
        return Segment(epoch, times, states, "ITRF", "HERMITE", 3, 0.0, 120.0)

    both = Ephemeris((part(0.0, 1.0), part(120.0, 2.0)))
    _, v = both.states_itrf(datetime(2020, 1, 1, tzinfo=UTC), np.array([0.0, 119.0, 120.0, 200.0]), "here")
    np.testing.assert_allclose(v[0], [1.0, 1.0, 2.0, 2.0])


def test_an_ephemeris_in_xml(tmp_path, orbit):
    from ccsds_ndm import Oem

    xml = Oem.from_str(oem_text(orbit, "TEME")).to_str("xml")
    found = StationOrbit.from_file(write(tmp_path, "iss.xml", xml))
    utc = datetime(2019, 12, 10, 2, tzinfo=UTC)
    assert np.linalg.norm(found.state_itrf(utc)[0] - orbit.state_itrf(utc)[0]) < 1.0


def test_an_ephemeris_in_another_time_scale(tmp_path, orbit):
    start = datetime(2019, 12, 10, 1, tzinfo=UTC)
    # 37 s between TAI and UTC in 2019, 18 s between GPS and UTC, 69.184 s between TT and UTC
    for system, shift_s in (("TAI", 37.0), ("GPS", 18.0), ("TT", 69.184)):
        path = write(tmp_path, "iss.oem", oem_text(orbit, "TEME", system=system, shift_s=shift_s))
        assert np.linalg.norm(StationOrbit.from_file(path).state_itrf(start)[0] - orbit.state_itrf(start)[0]) < 1.0


def test_outside_an_ephemeris(tmp_path, orbit):
    text = oem_text(orbit, "TEME", "USEABLE_START_TIME = 2019-12-10T00:10:00\n")
    found = StationOrbit.from_file(write(tmp_path, "iss.oem", text))
    for utc in (datetime(2019, 12, 10, 0, 5, tzinfo=UTC), datetime(2019, 12, 11, tzinfo=UTC)):
        with pytest.raises(ElementsError, match=r"reaches from 2019-12-10T00:10:00Z to 2019-12-10T03:56:00Z"):
            found.state_itrf(utc)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("REF_FRAME = TEME", "REF_FRAME = TOD", "use EME2000, GCRF, ICRF, TEME or ITRF"),
        ("CENTER_NAME = EARTH", "CENTER_NAME = MARS", "MARS"),
        ("TIME_SYSTEM = UTC", "TIME_SYSTEM = MET", "MET"),
        ("2019-12-10T00:04:00.000000 ", "2019-12-10T00:00:00.000000 ", "times must rise"),
        ("META_STOP", "INTERPOLATION = SPLINE\nINTERPOLATION_DEGREE = 3\nMETA_STOP", "SPLINE"),
    ],
)
def test_bad_ephemerides(tmp_path, orbit, old, new, words):
    text = oem_text(orbit, "TEME")
    assert old in text
    with pytest.raises(ElementsError, match=words):
        StationOrbit.from_file(write(tmp_path, "bad.oem", text.replace(old, new)))
