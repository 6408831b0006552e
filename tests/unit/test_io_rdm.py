"""Re-entry Data Messages: round trips, the examples of the blue book, and what is no message.

The blue-book texts are figures C-1, C-2 and C-4 of CCSDS 508.1-B-1, which steppe did not write. The order and the
units of what steppe writes are checked against tables 3-1 to 3-3 as typed here, not against the table of the code.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ccsds_ndm
import flight_factory
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.errors import MessageError, OutputError
from steppe.io.rdm import rdm_text, read_rdm, write_rdm
from steppe.io.rdm_build import intervals_of, rdm_of, rdm_of_track, write_flight_messages
from steppe.io.rdm_records import Impact, Interval, Reentry, ReentryMessage, State

T0 = datetime(2022, 9, 29, 7, 34, 20, tzinfo=UTC)

FIGURE_C1 = """CCSDS_RDM_VERS = 1.0
CREATION_DATE = 2018-04-22T09:31:34.00
ORIGINATOR = ESA
MESSAGE_ID = ESA/20180422-001

OBJECT_NAME = SPACEOBJECT
INTERNATIONAL_DESIGNATOR = 2018-099B
CONTROLLED_REENTRY = NO
CENTER_NAME = EARTH
TIME_SYSTEM = UTC
EPOCH_TZERO = 2018-04-22T00:00:00.00

ORBIT_LIFETIME = 23.0 [d]
REENTRY_ALTITUDE = 150.0 [km]
"""

_COVARIANCE = (("CX_X", 0.1), ("CY_X", 0.1), ("CY_Y", 0.1), ("CZ_X", 0.1), ("CZ_Y", 0.1), ("CZ_Z", 0.1),
               ("CX_DOT_X", 0.02), ("CX_DOT_Y", 0.02), ("CX_DOT_Z", 0.02), ("CX_DOT_X_DOT", 0.006),
               ("CY_DOT_X", 0.02), ("CY_DOT_Y", 0.02), ("CY_DOT_Z", 0.02), ("CY_DOT_X_DOT", 0.006),
               ("CY_DOT_Y_DOT", 0.006), ("CZ_DOT_X", 0.02), ("CZ_DOT_Y", 0.02), ("CZ_DOT_Z", 0.02),
               ("CZ_DOT_X_DOT", 0.004), ("CZ_DOT_Y_DOT", 0.004), ("CZ_DOT_Z_DOT", 0.004))  # fmt: skip


def unit_of_covariance(key: str) -> str:
    return {0: "km**2", 1: "km**2/s", 2: "km**2/s**2"}[key.count("_DOT")]


FIGURE_C2 = (
    FIGURE_C1.split("OBJECT_NAME")[0]
    + """OBJECT_NAME = SPACEOBJECT
INTERNATIONAL_DESIGNATOR = 2018-099B
CATALOG_NAME = SATCAT
OBJECT_DESIGNATOR = 81594
OBJECT_TYPE = ROCKET BODY
OBJECT_OWNER = ESA
CONTROLLED_REENTRY = NO
CENTER_NAME = EARTH
TIME_SYSTEM = UTC
EPOCH_TZERO = 2018-04-22T09:00:00.00
REF_FRAME = EME2000
GRAVITY_MODEL = EGM-96: 36D 360
ATMOSPHERIC_MODEL = NRLMSISE-00
N_BODY_PERTURBATIONS = MOON
SOLAR_RAD_PRESSURE = NO
EARTH_TIDES = ESR
INTRACK_THRUST = NO
REENTRY_DISINTEGRATION = MASS-LOSS + BREAK-UP
PREVIOUS_MESSAGE_ID = ESA/20180421-007
NEXT_MESSAGE_EPOCH = 2018-04-23T09:00:00

COMMENT Short term re-entry prediction results
ORBIT_LIFETIME = 5.5 [d]
REENTRY_ALTITUDE = 80.0 [km]
NOMINAL_REENTRY_EPOCH = 2018-04-27T19:45:33
REENTRY_WINDOW_START = 2018-04-27T11:45:33
REENTRY_WINDOW_END = 2018-04-27T22:12:56
PROBABILITY_OF_IMPACT = 0.0
PROBABILITY_OF_BURN_UP = 1.0

COMMENT State vector at the last OD epoch
EPOCH = 2018-04-22T09:30:12
X = 4000.000000 [km]
Y = 4000.000000 [km]
Z = 4000.000000 [km]
X_DOT = 7.000000 [km/s]
Y_DOT = 7.000000 [km/s]
Z_DOT = 7.000000 [km/s]

COMMENT Position/velocity covariance matrix at last OD epoch
COV_REF_FRAME = RTN
"""
    + "".join(f"{key} = {value:.5f} [{unit_of_covariance(key)}]\n" for key, value in _COVARIANCE)
    + """
COMMENT Spacecraft parameters used in OD and re-entry prediction
WET_MASS = 3582 [kg]
DRAG_AREA = 23.3565 [m**2]
DRAG_COEFF = 2.2634

COMMENT OD parameters from batch orbit determination
ACTUAL_OD_SPAN = 3.4554 [d]
TRACKS_AVAILABLE = 18
TRACKS_USED = 17
"""
)


def complete() -> ReentryMessage:
    """Return a message with every field set."""
    epoch = T0 + timedelta(hours=3, seconds=0.25)
    state = State(epoch, (1234567.125, -2e6, 6.1e6), (-7000.5, 1200.25, 0.125), tuple(float(k + 1) for k in range(21)))
    intervals = tuple(
        Interval(p, 46.0 - k, 65.0 - k, 48.0 + k, 70.0 + k, 1e4 * (k + 1)) for k, p in ((0, 50.0), (1, 99.0))
    )
    return rdm_of(
        "SOYUZ MS-21 CAPSULE", "STEPPE/MS-21-1", T0, epoch, 99700.0,
        reentry_window=(epoch - timedelta(seconds=9), epoch + timedelta(seconds=8)), confidence_percent=99.7,
        impact_epoch=epoch + timedelta(minutes=23), impact_place_deg=(47.25, 69.5), intervals=intervals,
        impact_window=(epoch + timedelta(minutes=22), epoch + timedelta(minutes=24)),
        probability={"impact": 1.0, "burn_up": 0.0, "break_up": 0.0, "land_impact": 1.0, "casualty": 1.25e-6},
        state=state, mass_kg=2900.0, drag_area_m2=3.8, drag_coefficient=1.341, ballistic_kg_m2=569.0,
        models={"REF_FRAME": "ITRF2000", "ATMOSPHERIC_MODEL": "NRLMSIS 2.1", "DRAG_PARAMETERS_ALTITUDE": "60"},
        config_hash="0123456789abcdef", comments=["wind: climatology", "seed 7"], designator="2022-028A",
        created=T0,
    )  # fmt: skip


def assert_same(one: Any, other: Any) -> None:
    """Compare two messages; numbers to 16 digits (what the standard allows), all else exactly."""
    assert type(one) is type(other), (one, other)
    if isinstance(one, float):
        assert other == pytest.approx(one, rel=4e-15, abs=1e-18)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            assert_same(getattr(one, name), getattr(other, name))
    else:
        assert one == other


@pytest.mark.parametrize("name", ["capsule.rdm", "capsule.xml"])
def test_a_complete_message_survives_the_way_out_and_in(tmp_path: Path, name: str) -> None:
    write_rdm(tmp_path / name, complete())
    assert_same(complete(), read_rdm(tmp_path / name))
    assert (tmp_path / name).read_text("ascii").startswith("<?xml" if name.endswith("xml") else "CCSDS_RDM_VERS")


dates = st.datetimes(datetime(1960, 1, 1), datetime(2098, 1, 1)).map(lambda date: date.replace(tzinfo=UTC))
words = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/. ", min_size=1, max_size=30).map(str.strip).filter(bool)
angles = st.tuples(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))


@st.composite
def messages(draw: st.DrawFn) -> ReentryMessage:
    window = st.one_of(st.none(), st.tuples(dates, dates))
    # the library refuses ground below the Dead Sea and above Everest
    heights = st.floats(-430.0, 8848.0, allow_subnormal=False)
    large = st.floats(-1e8, 1e8, allow_subnormal=False)
    state = None
    if draw(st.booleans()):
        triple = st.tuples(large, large, large)
        matrix = st.one_of(st.none(), st.tuples(*[large] * 21))
        state = State(draw(dates), draw(triple), draw(triple), draw(matrix), "")
    impact = None
    if draw(st.booleans()):
        place = draw(angles)
        sizes = sorted(set(draw(st.lists(st.floats(0.0, 100.0, allow_subnormal=False), max_size=3))))
        # neighbours that 16 digits cannot tell apart would be the same number in the file
        sizes = [size for k, size in enumerate(sizes) if k == 0 or size - sizes[k - 1] > 1e-9]
        parts = [Interval(p, *draw(angles), *draw(angles), draw(st.floats(0.0, 1e6))) for p in sizes]
        impact = Impact(
            {"casualty": draw(st.floats(0.0, 1.0))}, None, draw(window), *place, draw(heights), tuple(parts)
        )
    reentry = Reentry(
        draw(st.floats(1e4, 1e6)), draw(st.floats(1.0, 1e9)), draw(st.one_of(st.none(), dates)), draw(window)
    )
    metadata = {"REF_FRAME": "ITRF2000"} if state else {}
    mass = draw(st.one_of(st.none(), st.floats(1e-3, 1e6)))
    own = draw(st.dictionaries(st.sampled_from(["CONFIG_HASH", "SEED"]), words))
    comments = tuple(draw(st.lists(words.filter(lambda text: "  " not in text), max_size=3)))
    name = " ".join(draw(words).split())
    return ReentryMessage(
        " ".join(draw(words).split()), name, draw(dates), reentry, impact, state, created=draw(dates), mass_kg=mass,
        metadata=metadata, user_defined={key: " ".join(text.split()) for key, text in own.items()}, comments=comments,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(message=messages(), notation=st.sampled_from(["kvn", "xml"]))
def test_every_message_survives_both_notations(tmp_path_factory: Any, message: ReentryMessage, notation: str) -> None:
    path = tmp_path_factory.mktemp("rdm") / f"any.{'rdm' if notation == 'kvn' else 'xml'}"
    write_rdm(path, message)
    assert_same(message, read_rdm(path))


def test_the_library_reads_the_same_numbers() -> None:
    read = ccsds_ndm.Rdm.from_str(rdm_text(complete()))
    data = read.segment.data
    assert data.atmospheric_reentry_parameters.reentry_altitude == 99.7
    assert data.atmospheric_reentry_parameters.orbit_lifetime == pytest.approx(10800.25 / 86400.0, rel=1e-15)
    assert data.ground_impact_parameters.nominal_impact_lon == 69.5
    assert data.ground_impact_parameters.impact_2_cross_track == 20.0
    assert data.state_vector.y == -2000.0
    assert data.covariance_matrix.cz_dot_z_dot == 21e-6
    assert read.segment.metadata.international_designator == "2022-028A"


# --- against the tables of the standard, typed here from 508.1-B-1: keyword and unit, in order

_INTERVAL = (("CONFIDENCE", "%"), ("START_LON", "deg"), ("START_LAT", "deg"), ("STOP_LON", "deg"), ("STOP_LAT", "deg"),
             ("CROSS_TRACK", "km"))  # fmt: skip
EXPECTED = [
    ("CCSDS_RDM_VERS", ""), ("CREATION_DATE", ""), ("ORIGINATOR", ""), ("MESSAGE_ID", ""), ("OBJECT_NAME", ""),
    ("INTERNATIONAL_DESIGNATOR", ""), ("OBJECT_TYPE", ""), ("CONTROLLED_REENTRY", ""), ("CENTER_NAME", ""),
    ("TIME_SYSTEM", ""), ("EPOCH_TZERO", ""), ("REF_FRAME", ""), ("ATMOSPHERIC_MODEL", ""),
    ("DRAG_PARAMETERS_ALTITUDE", "km"), ("ORBIT_LIFETIME", "d"), ("REENTRY_ALTITUDE", "km"),
    ("NOMINAL_REENTRY_EPOCH", ""), ("REENTRY_WINDOW_START", ""), ("REENTRY_WINDOW_END", ""),
    ("ORBIT_LIFETIME_CONFIDENCE_LEVEL", "%"), ("PROBABILITY_OF_IMPACT", ""), ("PROBABILITY_OF_BURN_UP", ""),
    ("PROBABILITY_OF_BREAK_UP", ""), ("PROBABILITY_OF_LAND_IMPACT", ""), ("PROBABILITY_OF_CASUALTY", ""),
    ("NOMINAL_IMPACT_EPOCH", ""), ("IMPACT_WINDOW_START", ""), ("IMPACT_WINDOW_END", ""), ("IMPACT_REF_FRAME", ""),
    ("NOMINAL_IMPACT_LON", "deg"), ("NOMINAL_IMPACT_LAT", "deg"),
    *((f"IMPACT_1_{key}", unit) for key, unit in _INTERVAL), *((f"IMPACT_2_{key}", unit) for key, unit in _INTERVAL),
    ("EPOCH", ""), ("X", "km"), ("Y", "km"), ("Z", "km"), ("X_DOT", "km/s"), ("Y_DOT", "km/s"), ("Z_DOT", "km/s"),
    *((key, unit_of_covariance(key)) for key, _ in _COVARIANCE),
    ("WET_MASS", "kg"), ("DRAG_AREA", "m**2"), ("DRAG_COEFF", ""), ("BALLISTIC_COEFF", "kg/m**2"),
    ("USER_DEFINED_CONFIG_HASH", ""),
]  # fmt: skip


def test_kvn_has_the_keywords_in_the_order_and_units_of_the_standard() -> None:
    found = []
    for line in rdm_text(complete()).splitlines():
        assert line.isascii() and len(line) <= 254
        if line.strip() and not line.startswith("COMMENT "):
            match = re.fullmatch(r"([A-Z0-9_]+) *= (\S.*?)(?: \[(\S+)\])?", line)
            assert match is not None, line
            found.append((match[1], match[3] or ""))
    assert found == EXPECTED


def test_xml_has_the_tags_blocks_and_units_of_the_standard() -> None:
    text = rdm_text(complete(), "xml")
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<rdm xmlns:xsi=')
    root = ET.fromstring(text.encode())
    assert (root.tag, root.get("id"), root.get("version")) == ("rdm", "CCSDS_RDM_VERS", "1.0")
    assert [child.tag for child in root] == ["header", "body"]
    segment = root.find("body/segment")
    assert segment is not None and [child.tag for child in segment] == ["metadata", "data"]
    data = segment.find("data")
    assert data is not None
    assert [child.tag for child in data] == [
        "atmosphericReentryParameters", "groundImpactParameters", "stateVector", "covarianceMatrix",
        "spacecraftParameters", "userDefinedParameters",
    ]  # fmt: skip
    found = [(one.tag, one.get("units") or "") for one in root.iter() if one.tag.isupper()]
    found = [one for one in found if one[0] not in ("COMMENT", "USER_DEFINED")]
    assert found == EXPECTED[1:-1]


# --- messages that others wrote


def test_figure_c1_of_the_standard(tmp_path: Path) -> None:
    path = tmp_path / "c1.rdm"
    path.write_text(FIGURE_C1)
    read = read_rdm(path)
    assert read.reentry == Reentry(150e3, 23.0 * 86400.0)
    assert read.epoch == datetime(2018, 4, 22, tzinfo=UTC)
    assert (read.controlled, read.impact, read.state) == ("NO", None, None)


def test_figure_c2_of_the_standard_survives_too(tmp_path: Path) -> None:
    path = tmp_path / "c2.rdm"
    path.write_text(FIGURE_C2)
    read = read_rdm(path)
    assert read.state is not None and read.state.covariance is not None
    assert read.state.position_m == (4e6, 4e6, 4e6)
    assert read.state.covariance[6] == pytest.approx(0.02e6)
    assert read.state.covariance_frame == "RTN"
    assert read.reentry.window is not None
    assert read.reentry.window[1] == datetime(2018, 4, 27, 22, 12, 56, tzinfo=UTC)
    assert read.impact == Impact({"impact": 0.0, "burn_up": 1.0})
    assert (read.mass_kg, read.drag_area_m2, read.drag_coefficient) == (3582.0, 23.3565, 2.2634)
    assert read.metadata["GRAVITY_MODEL"] == "EGM-96: 36D 360"
    assert read.comments[0] == "Short term re-entry prediction results"
    write_rdm(tmp_path / "again.xml", read)
    assert_same(read, read_rdm(tmp_path / "again.xml"))


def test_day_of_year_dates_and_a_z_are_read(tmp_path: Path) -> None:
    path = tmp_path / "day.rdm"
    path.write_text(FIGURE_C1.replace("2018-04-22T00:00:00.00", "2018-112T00:00:00.5Z"))
    assert read_rdm(path).epoch == datetime(2018, 4, 22, 0, 0, 0, 500000, tzinfo=UTC)


# --- what is no message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("hello\n", ["line 1", "not a Re-entry Data Message"]),
        ("CCSDS_OEM_VERS = 2.0\n", ["CCSDS OEM", "CCSDS_RDM_VERS"]),
        ("<oem/>", ["<oem>", "<rdm>"]),
        ("<rdm id='CCSDS_RDM_VERS' version='1.0'>", ["well-formed"]),
        ("<!DOCTYPE rdm><rdm/>", ["DOCTYPE"]),
        (FIGURE_C1.replace("_VERS = 1.0", "_VERS = 7.0"), ["CCSDS_RDM_VERS", "7.0"]),
        (FIGURE_C1.replace("150.0 [km]", "150000 [m]"), ["line 14", "REENTRY_ALTITUDE", "[km]", "[m]"]),
        (FIGURE_C1.replace("23.0 [d]", "23.0 [D]"), ["line 13", "ORBIT_LIFETIME", "[d]"]),
        (FIGURE_C1.replace("23.0 [d]", "soon [d]"), ["line 13", "ORBIT_LIFETIME", "number", "soon"]),
        (FIGURE_C1.replace("ORBIT_LIFETIME = 23.0 [d]\n", ""), ["ORBIT_LIFETIME", "mandatory"]),
        (FIGURE_C1.replace("MESSAGE_ID = ESA/20180422-001\n", ""), ["MESSAGE_ID", "mandatory"]),
        (FIGURE_C1.replace("ORBIT_LIFETIME", "ORBIT_LIFETIMES"), ["line 13", "ORBIT_LIFETIMES", "did you mean"]),
        (FIGURE_C1.replace("= EARTH", "="), ["line 9", "CENTER_NAME", "value is missing"]),
        (FIGURE_C1.replace("= EARTH", "= MARS"), ["line 9", "EARTH", "MARS"]),
        (FIGURE_C1.replace("= UTC", "= TAI"), ["TIME_SYSTEM", "TAI"]),
        (FIGURE_C1.replace("= NO", "= MAYBE"), ["MAYBE"]),
        (FIGURE_C1.replace("00:00:00.00", "25:00:00"), ["EPOCH_TZERO", "no such date"]),
        (FIGURE_C1.replace("2018-04-22T00:00:00.00", "yesterday"), ["EPOCH_TZERO", "yesterday"]),
        (FIGURE_C1 + "ORBIT_LIFETIME = 2 [d]\n", ["line 15", "twice"]),
        (FIGURE_C1 + "OBJECT_TYPE = DEBRIS\n", ["line 15", "out of order"]),
        (FIGURE_C1 + "PROBABILITY_OF_IMPACT = 1.5\n", ["1.5"]),
        (FIGURE_C1 + "NOMINAL_IMPACT_LON = 1 [deg]\n", ["NOMINAL_IMPACT_LAT", "missing"]),
        (FIGURE_C1 + "IMPACT_2_CONFIDENCE = 50 [%]\n", ["IMPACT_2_START_LON", "3.5.13"]),
        (FIGURE_C2.replace("REF_FRAME = EME2000\n", "", 1), ["REF_FRAME", "missing"]),
        (FIGURE_C2.replace("CZ_DOT_Z_DOT = 0.00400 [km**2/s**2]\n", ""), ["CZ_DOT_Z_DOT", "missing"]),
        (FIGURE_C2.replace("Y_DOT = 7.000000 [km/s]\n", "", 1), ["Y_DOT", "missing", "3.5.20"]),
        ("what is this", ["line 1"]),
        (FIGURE_C1 + "no equals sign\n", ["line 15", "KEYWORD = value"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_and_keyword(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "bad.rdm"
    path.write_text(text)
    with pytest.raises(MessageError) as caught:
        read_rdm(path)
    for word in ["bad.rdm", *words]:
        assert word in str(caught.value)


def test_a_wrong_unit_in_xml_is_found(tmp_path: Path) -> None:
    path = tmp_path / "bad.xml"
    path.write_text(rdm_text(complete(), "xml").replace('<X units="km">', '<X units="m">'))
    with pytest.raises(MessageError, match=r"<X>: X: expected \[km\], got \[m\]"):
        read_rdm(path)


def test_no_text_no_file(tmp_path: Path) -> None:
    (tmp_path / "picture.rdm").write_bytes(b"\x89PNG\xff\xfe\x00")
    for name, words in (("picture.rdm", "not a text file"), ("missing.rdm", "No such file")):
        with pytest.raises(MessageError, match=words):
            read_rdm(tmp_path / name)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(FIGURE_C2.splitlines()), max_size=60).map("\n".join))
def test_any_text_is_read_or_refused_in_words(tmp_path_factory: Any, text: str) -> None:
    path = tmp_path_factory.mktemp("rdm") / "any.rdm"
    path.write_text(text, "utf-8")
    try:
        read_rdm(path)
    except MessageError as problem:
        assert "any.rdm" in str(problem)


def test_what_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.rdm"
    with pytest.raises(OutputError, match="Longitude"):
        write_rdm(path, replace(complete(), impact=Impact(latitude_deg=1.0, longitude_deg=500.0)))
    with pytest.raises(OutputError, match="finite"):
        write_rdm(path, replace(complete(), reentry=Reentry(float("nan"), 1.0)))
    assert not path.exists()
    with pytest.raises(MessageError, match="no optional keyword"):
        replace(complete(), metadata={"COLOUR": "RED"})
    with pytest.raises(MessageError, match="rising"):
        replace(complete(), impact=Impact({}, None, None, 1.0, 1.0, None, (Interval(9.0, 0, 0, 0, 0, 0),) * 2))


# --- from flights and clouds of impacts


def test_each_body_of_a_flight_has_its_message() -> None:
    flight = flight_factory.complete_flight()
    message = rdm_of_track(flight, flight.track, 99700.0, "STEPPE/1")
    interface = flight.event("entry_interface")
    assert interface is not None and message.reentry.epoch is not None and flight.touchdown is not None
    assert abs((message.reentry.epoch - interface.utc).total_seconds()) < 1.0
    assert message.state is not None and message.impact is not None
    radius_m = float(np.linalg.norm(message.state.position_m))
    assert radius_m == pytest.approx(flight_factory.RADIUS_M + 99700.0, abs=50.0)
    columns = flight.track.columns
    time_s = (message.reentry.epoch - flight.epoch).total_seconds()
    at = int(np.searchsorted(columns["time_s"], time_s)) - 1
    # the state lies on the way: the sample before, moved on with its velocity, is off by half a gravity at most
    moved = [columns[f"{a}_m"][at] + (time_s - columns["time_s"][at]) * columns[f"v{a}_m_s"][at] for a in "xyz"]
    assert float(np.linalg.norm(np.array(moved) - message.state.position_m)) < 6.0
    assert message.impact.latitude_deg == flight.touchdown.latitude_deg
    assert message.user_defined == {"CONFIG_HASH": "0123456789abcdef"}
    assert "air_model: exponential" in message.comments[0]
    module = rdm_of_track(flight, flight.modules[0], 99700.0, "STEPPE/2", probability={"burn_up": 0.6})
    assert module.impact == Impact({"burn_up": 0.6})
    assert "Orbital module" in module.object_name
    for one in (message, module):
        assert "OBJECT_NAME" in rdm_text(one)
    with pytest.raises(MessageError, match="does not fall through"):
        rdm_of_track(flight, flight.track, 900e3, "STEPPE/3")


def test_a_flight_folder_gets_a_message_in_both_notations_for_each_body(tmp_path: Path) -> None:
    flight = flight_factory.complete_flight()
    paths = write_flight_messages(flight, tmp_path, T0)
    names = ["capsule.rdm", "capsule.xml", "orbital-module.rdm", "orbital-module.xml", "service-module.rdm"]
    assert [path.name for path in paths] == [*names, "service-module.xml"]
    for kvn, xml in zip(paths[::2], paths[1::2], strict=True):
        assert_same(read_rdm(kvn), read_rdm(xml))
        assert read_rdm(kvn).metadata["EPHEMERIS_NAME"] == f"{kvn.stem.upper()}.OEM"
    assert len({read_rdm(path).message_id for path in paths}) == 3
    assert write_flight_messages(flight_factory.entry_only(), tmp_path, T0) == []


def test_intervals_hold_the_share_of_impacts_that_they_say() -> None:
    """Gaussian cloud of 300 km by 10 km, heading 60 deg, across the date line: shares within 1.5 % (2 sigma of n)."""
    random = np.random.default_rng(3)
    along, across = 300e3 * random.standard_normal(4000), 10e3 * random.standard_normal(4000)
    heading = np.radians(60.0)
    north, east = along * np.cos(heading) - across * np.sin(heading), along * np.sin(heading) + across * np.cos(heading)
    metre = 1.0 / (np.radians(1.0) * 6378137.0)
    latitude = -40.0 + north * metre
    longitude = (179.5 + east * metre / np.cos(np.radians(-40.0)) + 180.0) % 360.0 - 180.0
    place, intervals = intervals_of(latitude, longitude)
    assert place[0] == pytest.approx(-40.0, abs=0.1)
    for one, share in zip(intervals, (0.5, 0.9, 0.99), strict=True):
        assert -180.0 <= one.start_longitude_deg <= 180.0
        turned_deg = ((one.stop_longitude_deg - one.start_longitude_deg) % 360.0) * np.cos(np.radians(-40.0))
        span = np.hypot(one.stop_latitude_deg - one.start_latitude_deg, turned_deg)
        inside = (np.abs(along) <= span / metre / 2.0) & (np.abs(across) <= one.cross_track_m)
        assert inside.mean() == pytest.approx(share, abs=0.02)
    with pytest.raises(MessageError, match="three impacts"):
        intervals_of(latitude[:2], longitude[:2])
