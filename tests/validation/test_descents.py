"""The descent under the canopies of every guided return that comes with steppe, against published Soyuz figures.

Modelled: each preset from its undocking or ignition to the ground, with its air, its climatological wind and the height
of its zone. Not modelled: the barometric switch of the command, which opens at one altitude here.

Sources
-------
- 14:00 to 14:40 from command to touchdown: published plans of MS-11 (14:18, CSA) and TMA-07M (14:20), both to the
  zone south-east of Zhezkazgan. Lower ground takes its height over the sink rate longer: brought off below; Arkalyk
  (275 m, not 343) lands 9 s later, at 14:49 at most.
- 230 to 80 m/s under the drogue (CSA), to 90 (digest); 35 m/s under the reefed main (CSA).
- 7.2 m/s (24 ft/s, 16 mph) at the ground before the engines (CSA, NASA), +- 0.5 m/s: cold and warm air make +- 0.15 of
  it; the rest is the mass, which was published for no landing.
- 1.0 to 2.6 m/s after the engines (RSC Energia).
"""

from __future__ import annotations

import pytest

import steppe
from steppe.config.loader import mission_names
from steppe.flight.result import Flight

pytestmark = pytest.mark.validation

PUBLISHED_AT_M = 343.0
BALLISTIC = {"tma-1", "tma-11"}
GUIDED = sorted(one for one in mission_names() if one not in BALLISTIC)


@pytest.fixture(scope="module")
def flights() -> dict[str, Flight]:
    return {name: steppe.fly(steppe.load_mission(name)) for name in GUIDED}


def test_the_presets_are_those_meant() -> None:
    laws = {name: steppe.load_mission(name).mission.guidance.law for name in (*GUIDED, *BALLISTIC)}
    assert {name for name, law in laws.items() if law == "ballistic"} == BALLISTIC
    assert len(GUIDED) >= 25


@pytest.mark.parametrize("name", GUIDED)
def test_a_guided_return_descends_as_published(flights: dict[str, Flight], name: str) -> None:
    flight = flights[name]
    opening = {one.stage: one for one in flight.openings}
    assert list(opening) == ["pilot_chutes", "drogue", "main_reefed", "main_full"]
    assert opening["pilot_chutes"].speed_m_s == pytest.approx(230.0, abs=8.0)
    assert 80.0 < opening["main_reefed"].speed_m_s < 90.0
    assert opening["main_full"].speed_m_s == pytest.approx(35.0, abs=1.0)
    assert all(one.force_n < one.limit_n for one in flight.openings if one.stage != "pilot_chutes")
    touchdown, command = flight.touchdown, flight.event("parachute_command")
    assert touchdown is not None and command is not None
    assert touchdown.speed_before_engines_m_s == pytest.approx(7.2, abs=0.5)
    assert 1.0 < touchdown.speed_m_s < 2.6
    zone = flight.mission.zone
    assert zone is not None
    seconds = (touchdown.utc - command.utc).total_seconds()
    assert 14 * 60 < seconds < 14 * 60 + 50
    lower_s = (PUBLISHED_AT_M - zone.ground_height_m) / touchdown.speed_before_engines_m_s
    assert 14 * 60 < seconds - lower_s < 14 * 60 + 40
