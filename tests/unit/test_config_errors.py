"""Every bad file gives one ConfigError that names the file, the key, the value and what was expected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steppe.config.loader import load_mission, load_vehicle, load_zone
from steppe.errors import ConfigError

GOOD = """
name = "mine"
vehicle = "soyuz-ms"
zone = "zhezkazgan-se"

[station]
line1 = "1 25544U 98067A   22272.26549602  .00014767  00000-0  26267-3 0  9990"
line2 = "2 25544  51.6450 180.9409 0002599 316.3019 188.2514 15.50383691361327"

[departure]
undocking_utc = 2022-09-29T07:34:20Z

[deorbit]
delta_v_m_s = 128

[guidance]
law = "predictor-corrector"
"""


def refused(tmp_path: Path, text: str | bytes) -> ConfigError:
    path = tmp_path / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load_mission(path)
    assert str(path) in str(caught.value)
    assert "Traceback" not in str(caught.value) and "pydantic" not in str(caught.value)
    return caught.value


def test_the_good_file_is_good(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, "utf-8")
    assert load_mission(path).mission.deorbit.delta_v_m_s == 128.0


# what is replaced, by what, the key that is named, and what the message must say
BAD = [
    ("delta_v_m_s = 128", 'delta_v_m_s = "128 km"', "deorbit.delta_v_m_s", "speed.*'128 km'.*length"),
    ("delta_v_m_s = 128", 'delta_v_m_s = "128 m/fortnight"', "deorbit.delta_v_m_s", "one of the units m/s, km/s"),
    ("delta_v_m_s = 128", "delta_v_m_s = -3", "deorbit.delta_v_m_s", "= -3: .*more than 0 and at most 2000 m/s"),
    ("delta_v_m_s = 128", 'delta_v_m_s = "9 km/s"', "deorbit.delta_v_m_s", "'9 km/s'.*at most 2000 m/s"),
    ("delta_v_m_s = 128", "delta_v_m_s = true", "deorbit.delta_v_m_s", "expected a speed, got true"),
    ("delta_v_m_s = 128", "delta_v_m_s = [1]", "deorbit.delta_v_m_s", "expected a speed"),
    ("delta_v_m_s = 128", "delta_v_m_s = nan", "deorbit.delta_v_m_s", "finite.*nan"),
    ("delta_v_m_s = 128", "delta_v_m_s = 1" + "0" * 400, "deorbit.delta_v_m_s", "finite"),
    ("delta_v_m_s = 128", "", "deorbit.delta_v_m_s", "missing; expected a number more than 0"),
    ("07:34:20Z", "07:34:20", "departure.undocking_utc", "2022-09-29T07:34:20 has no zone"),
    ("2022-09-29T07:34:20Z", '"tomorrow"', "departure.undocking_utc", "'tomorrow'"),
    ("2022-09-29T07:34:20Z", "2022-09-29", "departure.undocking_utc", "date and time"),
    ("2022-09-29T07:34:20Z", "1922-09-29T07:34:20Z", "departure.undocking_utc", "1922 is outside 1957 to 2099"),
    ("2022-09-29T07:34:20Z", "0001-01-01T00:00:00+05:00", "departure.undocking_utc", "outside"),
    ('"soyuz-ms"', '"soyus-ms"', "vehicle", "'soyus-ms', did you mean 'soyuz-ms'"),
    ('"soyuz-ms"', '"mine/too.toml"', "vehicle", "no vehicle file .*too.toml"),
    ('"soyuz-ms"', "3", "vehicle", "= 3: expected text"),
    ('"zhezkazgan-se"', '"zheskazgan-se"', "zone", "did you mean 'zhezkazgan-se'"),
    ('"zhezkazgan-se"', "3", "zone", "= 3: expected the name of a zone"),
    (
        '"zhezkazgan-se"',
        '{name="x", latitude_deg=99, longitude_deg=4}',
        "zone.latitude_deg",
        "= 99.*from -90 to 90 deg",
    ),
    ('zone = "zhezkazgan-se"', "", "", "also needs: zone"),
    ('"predictor-corrector"', '"balistic"', "guidance.law", "'balistic'.*did you mean 'ballistic'"),
    ("[guidance]", "[guidnce]", "guidnce", "unknown key, did you mean 'guidance'"),
    ('law = "predictor-corrector"', 'lw = "ballistic"', "guidance.lw", "unknown key, did you mean 'law'"),
    ("line2 =", 'file = "iss.tle"\nline2 =', "station", "either line1 and line2"),
    (
        "[guidance]",
        "[published.events]\ntuchdown = 2022-01-01T00:00:00Z\n[guidance]",
        "published.events.tuchdown",
        "did you mean 'touchdown'",
    ),
    ("[guidance]", "[stop]\nafter_s = 0\n[guidance]", "stop.after_s", "more than 0 and at most 10000000 s"),
    ("[guidance]", "[earth]\nzonal_degree = 5\n[guidance]", "earth.zonal_degree", "= 5: expected one of 0, 2, 3, 4"),
    ("[guidance]", "[earth]\nrotating = 'maybe'\n[guidance]", "earth.rotating", "true or false"),
    ("[guidance]", "[earth]\ngm_m3_s2 = 'big'\n[guidance]", "earth.gm_m3_s2", "'big': expected a number"),
    ("[guidance]", "earth = 3\n[guidance]", "deorbit.earth", "unknown key"),
]


@pytest.mark.parametrize(("old", "new", "key", "says"), BAD, ids=[f"{new[:30]}" for _, new, _, _ in BAD])
def test_one_error_names_key_and_value_and_range(tmp_path, old, new, key, says):
    assert GOOD.count(old) >= 1
    error = refused(tmp_path, GOOD.replace(old, new))
    assert error.key == key
    assert re.search(says, str(error)), str(error)
    assert len(str(error)) < 1500


def test_all_problems_of_a_file_come_at_once(tmp_path):
    text = (
        GOOD.replace("delta_v_m_s = 128", "delta_v_ms = 128")
        .replace("07:34:20Z", "07:34:20")
        .replace("name =", "nam =")
    )
    lines = str(refused(tmp_path, text)).splitlines()
    assert lines[0].endswith("5 problems:")
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "name",
        "departure.undocking_utc",
        "deorbit.delta_v_m_s",
        "deorbit.delta_v_ms",
        "nam",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (GOOD.replace("[deorbit]", "[deorbit"), "line 13, column 9"),
        ('name = "x\n', "line 1"),
        ("name = 1\nname = 2\n", "line 2"),
        ("a = [1, 2", "TOML syntax error"),
        ("a=" + "[" * 5000, "nested too deeply"),
        (b"\xff\xfen\x00", "not UTF-8 text"),
        (b"name = '\x00'", "line 1"),
    ],
)
def test_a_file_that_is_not_toml_says_where(tmp_path, text, place):
    assert place in str(refused(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ms21", "no mission preset 'ms21', did you mean 'ms-21'"),
        ("nothing like it", "valid choices: ms-02"),
        ("", "no mission preset ''"),
        ("ms-21.toml", "no mission file 'ms-21.toml'; did you mean 'ms-21'"),
        ("/no/such/file", "no mission file '/no/such/file'"),
        ("a\0.toml", "cannot read"),
    ],
)
def test_a_mission_that_does_not_exist(name, says):
    with pytest.raises(ConfigError, match=re.escape(says)):
        load_mission(name)


def test_a_folder_is_not_a_mission(tmp_path):
    with pytest.raises(ConfigError, match="is a folder, not a mission file"):
        load_mission(tmp_path)


def test_a_named_file_that_is_missing(tmp_path):
    text = re.sub(r"line1.*\nline2.*", 'file = "iss.tle"', GOOD)
    error = refused(tmp_path, text)
    assert error.key == "station.file" and "iss.tle" in str(error) and "folder of the mission file" in str(error)


VEHICLE = Path(__file__).resolve().parents[2] / "src/steppe/config/presets/vehicles/soyuz-ms.toml"

BAD_VEHICLES = [
    ("mass_kg = 6625", "mass_kg = 6000", "6340 kg together, more than ship.mass_kg = 6000 kg"),
    ("mass_kg = 6625", "mass_kg = 0", "ship.mass_kg = 0: the allowed range is more than 0"),
    ("propellant_kg = 400", "propellant_kg = 7000", "propellant_kg = 7000 must be less than mass_kg = 6625"),
    ("mach = [0.4", "mach = [0.8", "mach must rise"),
    ("mach = [0.4, ", "mach = [", "got 8, 9 and 9"),
    ('name = "drogue"', 'name = "pilot_chutes"', "a name of its own"),
    ('name = "drogue"', 'name = "Drogue"', "parachutes.stages[1].name = 'Drogue'"),
    ('altitude_m = "5.5 km"', 'altitude_m = "11 km"', "'heat_shield_jettison' waits for 11000 m, above 10750 m"),
    ("{ radial = -0.79, along_track = -0.61 }", "{ radial = 0 }", "burns[1].direction: a direction needs"),
    ('name = "orbital_module"', 'name = "capsule"', "names of their own"),
    ("release_mass_kg = 350", "release_mass_kg = 3000", "release 3050 kg, but capsule.mass_kg is only 2900 kg"),
    ("burn_s = 0.18", "burn_s = 0", "parachutes.landing_engines.burn_s = 0"),
    ("[capsule.bank]", "[capsule.banc]", "capsule.banc: unknown key, did you mean 'bank'"),
]


@pytest.mark.parametrize(("old", "new", "says"), BAD_VEHICLES, ids=[new for _, new, _ in BAD_VEHICLES])
def test_a_vehicle_that_cannot_be(tmp_path, old, new, says):
    text = VEHICLE.read_text("utf-8")
    assert old in text
    path = tmp_path / "v.toml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        load_vehicle(path)
    assert str(path) in str(caught.value)


def test_a_zone_that_cannot_be(tmp_path):
    path = tmp_path / "z.toml"
    path.write_text('name = "z"\nlatitude_deg = "91 deg"\nlongitude_deg = 0\nradius_m = "5 kg"\n', "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_zone(path)
    assert "latitude_deg = '91 deg': the allowed range is from -90 to 90 deg" in str(caught.value)
    assert "radius_m: expected a length" in str(caught.value)
