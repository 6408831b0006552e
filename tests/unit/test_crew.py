"""The crew ledger: reading, checks, seats, rules, and what ``steppe crew`` prints."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from crew_ledger import MOVEMENTS, STAYS, write_ledger

from steppe.cli.main import run
from steppe.crew.aboard import aboard_dict, find_person
from steppe.crew.checks import check_ledger, require_sound
from steppe.crew.products import stays_csv
from steppe.crew.reading import parse_utc, read_ledger
from steppe.crew.records import Ledger, iso
from steppe.crew.rules import find_violations
from steppe.crew.seats import seats_of
from steppe.errors import ConfigError


def _at(text: str) -> datetime:
    return parse_utc(text)


@pytest.fixture(scope="module")
def bundled() -> Ledger:
    return read_ledger()


def _errors(folder: Path) -> list[str]:
    return [f"{one.check}: {one}" for one in check_ledger(read_ledger(folder)) if one.level == "error"]


def _json(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, object]:
    assert run([*arguments, "--json"]) == code
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def test_the_small_ledger_has_no_errors(tmp_path: Path) -> None:
    assert _errors(write_ledger(tmp_path)) == []


def test_people_between_undocking_and_landing_are_in_their_ship(bundled: Ledger) -> None:
    answer = aboard_dict(bundled, _at("2018-06-03T12:00Z"))
    places = {one["person"]: (one["place"], one["vehicle_down"]) for one in answer["aboard"]}
    ship, station = ("Soyuz MS-07", "Soyuz MS-07"), ("station", "Soyuz MS-08")
    assert places == {
        "Scott Tingle": ship, "Anton Shkaplerov": ship, "Norishige Kanai": ship,
        "Andrew Feustel": station, "Richard Arnold": station, "Oleg Artemyev": station,
    }  # fmt: skip
    assert sorted(answer["aboard_station"]) == ["Andrew Feustel", "Oleg Artemyev", "Richard Arnold"]


@pytest.mark.parametrize(
    ("when", "in_space", "on_station"),
    [
        ("2018-06-03T09:16:35Z", 6, 6),  # a second before MS-07 undocks
        ("2018-06-03T09:16:37Z", 6, 3),
        ("2018-06-03T12:39:14Z", 3, 3),  # landed at 12:39:13.5
        ("2018-06-06T11:12:38Z", 3, 3),
        ("2018-06-06T11:12:40Z", 6, 3),  # MS-09 on its way
        ("2018-06-08T13:01:09Z", 6, 6),
    ],
)
def test_the_count_changes_at_the_movements(bundled: Ledger, when: str, in_space: int, on_station: int) -> None:
    answer = aboard_dict(bundled, _at(when))
    assert (len(answer["aboard"]), len(answer["aboard_station"])) == (in_space, on_station)


def test_an_unknown_docking_is_said_and_not_guessed(bundled: Ledger) -> None:
    answer = aboard_dict(bundled, _at("2018-03-22T00:00Z"))
    assert {one["place"] for one in answer["aboard"] if one["vehicle_up"] == "Soyuz MS-08"} == {
        "station or Soyuz MS-08"
    }


def test_json_has_the_keys_of_the_interface(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _json(["crew", "--on", "2018-06-03T12:00Z"], capsys)
    aboard = answer["aboard"]
    assert isinstance(aboard, list) and len(aboard) == 6
    assert set(aboard[0]) >= {"person", "agency", "since_utc", "vehicle_down", "days"}
    assert aboard[0]["since_utc"] == "2017-12-17T07:21:01Z"
    assert aboard[0]["days"] == pytest.approx(168.194, abs=0.001)


def test_the_order_of_rows_does_not_matter(tmp_path: Path, bundled: Ledger) -> None:
    data = resources.files("steppe.data").joinpath("crew")
    shuffler = random.Random(7)
    for name in ("stays.csv", "movements.csv", "seats.csv", "conditions.csv"):
        header, *rows = data.joinpath(name).read_text("utf-8").splitlines()
        shuffler.shuffle(rows)
        (tmp_path / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    other = read_ledger(tmp_path)
    for day in range(0, 3400, 97):
        utc = bundled.coverage.first_utc + timedelta(days=day, seconds=1)
        assert aboard_dict(other, utc) == aboard_dict(bundled, utc)
    window = bundled.coverage.first_utc, bundled.coverage.last_utc
    assert find_violations(other, *window) == find_violations(bundled, *window)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "2020-06-01T00:00:00Z,expedition",
            "2019-06-01T00:00:00Z,expedition",
            "stays.csv, line 2: Ada One lands",
        ),
        (
            "Soyuz MS-01,2020-06-01",
            "Soyuz MS-03,2020-06-01",
            "stays.csv, line 2: vehicle 'Soyuz MS-03'",
        ),
        ("Cy Three", "Bo Two", "two-places: stays.csv, line 3; stays.csv, line 4: Bo Two would be in two places"),
        ("2020-11-01T00:00:00Z,expedition", ",expedition", "open-stay: stays.csv, line 3: Bo Two's stay is open, but"),
        (
            "Soyuz MS-02,2020-11-01T00:00:00Z,exp",
            "Soyuz MS-02,2020-11-03T00:00:00Z,exp",
            "landing-differs: stays.csv",
        ),
        ("Soyuz MS-02,docking,2020-05-20T06", "Soyuz MS-02,docking,2020-05-19T06", "order: movements.csv"),
        ("Soyuz MS-01,launch,2020-01-01T00:00:00Z,1,,test\n", "", "Soyuz MS-01 has no launch"),
    ],
)
def test_a_contradiction_names_its_rows(tmp_path: Path, old: str, new: str, expected: str) -> None:
    found = _errors(write_ledger(tmp_path, (old, new)))
    assert any(expected in one for one in found), found
    with pytest.raises(ConfigError, match="line"):
        require_sound(read_ledger(tmp_path))


def test_two_people_with_one_name_are_told_apart_by_agency(tmp_path: Path) -> None:
    found = _errors(write_ledger(tmp_path, ("Cy Three,Roscosmos", "Bo Two,ESA")))
    assert any("if these are two people, tell their names apart" in one for one in found)


def test_too_many_people_for_the_seats(tmp_path: Path) -> None:
    row = "{} Extra,NASA,Soyuz MS-01,2020-01-01T00:00:00Z,Soyuz MS-01,2020-06-01T00:00:00Z,expedition,test\n"
    found = _errors(write_ledger(tmp_path, stays=STAYS + row.format("Di") + row.format("Ed")))
    assert any("4 people leave in Soyuz MS-01, which has 3 seats" in one for one in found)


def test_a_small_difference_of_clocks_is_a_warning(tmp_path: Path) -> None:
    row = "Ada One,Roscosmos,Soyuz MS-01,2020-01-01T00:00:{}Z"
    write_ledger(tmp_path, (row.format("00"), row.format("30")))
    found = check_ledger(read_ledger(tmp_path))
    assert [(one.level, one.check) for one in found if one.check == "launch-differs"] == [("warning", "launch-differs")]


def test_alike_names_are_a_warning(tmp_path: Path) -> None:
    write_ledger(tmp_path, ("Cy Three", "Ada  Onne"))
    assert "spelling" in {one.check for one in check_ledger(read_ledger(tmp_path))}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "2020-06-01T00:00:00Z,expedition",
            "2020-06-01T00:00:00,expedition",
            "line 2: landing_utc.*no zone",
        ),
        ("2020-06-01T00:00:00Z,expedition", "June,expedition", r"stays.csv, line 2: landing_utc.*got 'June'"),
        ("Ada One,Roscosmos", ",Roscosmos", "stays.csv, line 2: person is empty"),
        ("2020-06-01T00:00:00Z,expedition", "2020-06-01T00:00:00Z,tourist", "visit: expected expedition or short"),
        (",expedition,test\nBo", "\nBo", "stays.csv, line 2: expected 8 columns"),
        ("person,agency", "name,agency", "stays.csv, line 1: lacks the columns person"),
        ("Soyuz MS-01,docking", "Soyuz MS-01,berthing", "expected launch or docking or undocking or landing"),
        ("Soyuz MS-02,landing,2020-11-01T00:00:00Z", "Soyuz MS-02,landing,", "only a docking may lack its date"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        read_ledger(write_ledger(tmp_path, (old, new)))


def test_a_vehicle_of_no_family_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'Apollo 1' belongs to no family"):
        read_ledger(write_ledger(tmp_path, movements=MOVEMENTS + "Apollo 1,launch,2020-01-01T00:00:00Z,1,,x\n"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("seats = 3", 'seats = "three"', "families.Soyuz MS.seats: expected a number"),
        ("seats = 3", "stools = 3", "unexpected keyword argument 'stools'"),
        ("last_utc = 2026-02-13T10:15:00Z", "last_utc = 2026-02-13", "coverage.last_utc: expected a date with a zone"),
        ('US = ["NASA"', "US = [1", "segments.US: expected texts"),
        ("[rules]", "[wishes]", "the key 'rules' is missing"),
        ("[rules]", "[rules", "line"),
    ],
)
def test_a_wrong_number_of_the_rules_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = resources.files("steppe.data").joinpath("crew", "ledger.toml").read_text("utf-8")
    assert old in text
    (write_ledger(tmp_path) / "ledger.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=expected):
        read_ledger(tmp_path)


def test_bad_input_gives_one_message_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_ledger(tmp_path, ("Cy Three", "Bo Two"))
    assert run(["crew", "--on", "2020-03-01T00:00Z", "--ledger", str(tmp_path)]) == 1
    assert "stays.csv, line 4" in capsys.readouterr().err
    assert run(["crew", "check", "--ledger", str(tmp_path)]) == 2
    assert run(["crew", "--on", "2020-03-01T00:00"]) == 1
    assert "no zone" in capsys.readouterr().err
    assert run(["crew", "--on", "2020-03-01T00:00Z", "--ledger", str(tmp_path / "none")]) == 1
    assert run(["crew"]) == 1
    assert run(["crew", "--on", "2014-01-01T00:00Z"]) == 1
    assert "complete from 2016-10-30" in capsys.readouterr().err


def test_seats_follow_the_swap_of_three_ships(bundled: Ledger) -> None:
    """Koch came with MS-12 and went with MS-13; the liners changed when MS-15 came (2019-09-25)."""
    stay = next(s for s in bundled.stays if s.person == "Christina Koch")
    seats = seats_of(bundled, stay)
    assert [(seat.vehicle, seat.fit) for seat in seats] == [("Soyuz MS-12", "nominal"), ("Soyuz MS-13", "nominal")]
    assert seats[0].last_utc == bundled.vehicles["Soyuz MS-15"].when("launch")


def test_seats_have_no_gaps(bundled: Ledger) -> None:
    for stay in bundled.stays:
        seats = seats_of(bundled, stay)
        assert seats[0].first_utc == stay.launch_utc and seats[-1].last_utc == stay.landing_utc
        assert all(a.last_utc == b.first_utc for a, b in itertools.pairwise(seats)), stay.person


def test_nobody_has_a_seat_in_a_ship_that_left(tmp_path: Path) -> None:
    """Bo's return ship comes only after the first one has left."""
    later = [("2020-05-20", "2020-08-20")]
    ledger = read_ledger(write_ledger(tmp_path, *later))
    found = [
        one for one in find_violations(ledger, _at("2020-01-01T00:00Z"), _at("2021-01-01T00:00Z")) if one.rule == "seat"
    ]
    assert [(one.subject, iso(one.first_utc), iso(one.last_utc)) for one in found] == [
        ("Bo Two", "2020-05-31T20:00:00Z", "2020-08-20T06:00:00Z")
    ]


def test_each_rule_can_be_broken(tmp_path: Path) -> None:
    changes = [
        ("Poisk zenith", "Rassvet nadir"),  # two ships at one port
        ("Bo Two,NASA", "Bo Two,Roscosmos"),  # nobody for the US segment
        ("Soyuz MS-02,2020-11-01T00:00:00Z,exp", "Soyuz MS-02,2021-01-01T00:00:00Z,exp"),  # 226 days
        ("2020-10-31T20", "2020-12-31T20"),
        ("Soyuz MS-02,landing,2020-11-01", "Soyuz MS-02,landing,2021-01-01"),
        ("2020-05-31T20", "2020-05-21T20"),
        ("2020-06-01", "2020-05-22"),
    ]
    ledger = read_ledger(write_ledger(tmp_path, *changes))
    found = find_violations(ledger, _at("2020-01-01T00:00Z"), _at("2021-02-01T00:00Z"))
    assert {one.rule for one in found} == {"port", "segment", "life", "handover"}
    # Bo, who has been there since January, hands over; the last ship leaves nobody
    assert [one.subject for one in found if one.rule == "handover"] == ["Soyuz MS-02"]
    life = next(one for one in found if one.rule == "life")
    assert "226.0 days in space, 11.0 more than its 215" in life.text
    american = read_ledger(write_ledger(tmp_path, *changes[:1], *changes[2:]))
    found = find_violations(american, _at("2020-01-01T00:00Z"), _at("2020-06-01T00:00Z"))
    texts = [one.text for one in found if one.rule == "handover"]
    assert texts == [
        "Soyuz MS-01 leaves the Russian segment after a handover shorter than 5 days: the longest there has been there "
        "1.6 days"
    ]


def test_a_ship_with_more_people_than_seats(tmp_path: Path) -> None:
    write_ledger(tmp_path)
    seats = "person,utc,vehicle,fit,source\nAda One,2020-05-21T00:00:00Z,Soyuz MS-02,liner,test\n"
    (tmp_path / "seats.csv").write_text(seats, encoding="utf-8")
    bundled = resources.files("steppe.data").joinpath("crew", "ledger.toml").read_text("utf-8")
    (tmp_path / "ledger.toml").write_text(bundled.replace("seats = 3", "seats = 2"), encoding="utf-8")
    found = find_violations(read_ledger(tmp_path), _at("2020-01-01T00:00Z"), _at("2021-02-01T00:00Z"))
    capacity = [one for one in found if one.rule == "capacity"]
    assert [iso(one.first_utc) for one in capacity] == ["2020-05-21T00:00:00Z"]
    assert "2 seats for Ada One, Bo Two, Cy Three" in capacity[0].text


def test_a_person_may_be_named_by_a_part_that_is_unique(bundled: Ledger) -> None:
    assert find_person(bundled, "rubio") == "Frank Rubio"
    with pytest.raises(ConfigError, match="Sergey Korsakov, Sergey Kud-Sverchkov"):
        find_person(bundled, "Sergey")
    with pytest.raises(ConfigError, match="did you mean 'Rubio'"):
        find_person(bundled, "Rubi0")


def test_products_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str], bundled: Ledger) -> None:
    words = ["crew", "--from", "2022-07-01", "--to", "2023-12-31", "--out", str(tmp_path / "out")]
    assert run([*words, "--database", str(tmp_path / "crew.sqlite")]) == 0
    capsys.readouterr()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["crew.csv", "crew.ics", "crew.png"]
    text = (tmp_path / "out" / "crew.csv").read_text(encoding="utf-8")
    assert text == stays_csv(bundled, datetime(2022, 7, 1, tzinfo=UTC), datetime(2023, 12, 31, tzinfo=UTC))
    base = sqlite3.connect(tmp_path / "crew.sqlite")
    try:
        assert base.execute("SELECT COUNT(*) FROM stays").fetchone() == (121,)
    finally:
        base.close()


def test_the_text_forms_say_what_the_json_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["crew", "--on", "2018-06-03T12:00Z"]) == 0
    assert "6 in space, 3 of them aboard the station" in capsys.readouterr().out
    assert run(["crew", "Rubio"]) == 0
    assert "370.89" in capsys.readouterr().out
    assert run(["crew", "check"]) == 0
    assert "0 errors" in capsys.readouterr().out
    assert run(["crew", "rules", "--from", "2018-01-01", "--to", "2019-01-01"]) == 0
    assert run(["crew", "rules", "--from", "2022-12-01", "--to", "2023-03-01"]) == 2
