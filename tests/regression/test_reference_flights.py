"""Our own numbers, held: event times to 0.05 s, the touchdown to 50 m.

A test here fails when a flight has changed, for better or worse. Then either the change is a mistake, or it is wanted:
write the numbers anew and say in CHANGELOG.md what moved and by how much (the script prints that):

    python tests/regression/test_reference_flights.py

The numbers belong to the data that steppe brings; another version of the libraries moves them by far less.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steppe.config.loader import load_mission
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.frames.geodetic import geodesic_distance_m

REFERENCE = Path(__file__).parent / "reference.json"
# A guided return of each era of the news, and a ballistic one
MISSIONS = ("ms-21", "ms-07", "tma-11")
TIME_S = 0.05
PLACE_M = 50.0


def measured(flight: Flight) -> dict[str, Any]:
    """Return what is held of a flight."""
    assert flight.touchdown is not None
    return {
        "status": flight.status.name,
        "events_s": {event.name: round(event.time_s, 3) for event in flight.events},
        "touchdown_deg": [round(flight.touchdown.latitude_deg, 6), round(flight.touchdown.longitude_deg, 6)],
        "touchdown_m_s": round(flight.touchdown.speed_m_s, 3),
        "load_g": round(flight.peaks.load_g, 3),
        "heat_flux_w_m2": round(flight.peaks.heat_flux_w_m2, -1),
    }


def apart_m(one: list[float], other: list[float]) -> float:
    return float(geodesic_distance_m(*np.radians([*one, *other])))


@pytest.fixture(scope="module", params=MISSIONS)
def pair(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is held, and what is flown."""
    held = json.loads(REFERENCE.read_text("utf-8"))[request.param]
    return held, measured(fly(load_mission(request.param)))


def test_the_events_come_when_they_came(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    held, flown = pair
    assert flown["status"] == held["status"]
    assert list(flown["events_s"]) == list(held["events_s"])
    moved = {name: flown["events_s"][name] - at for name, at in held["events_s"].items()}
    # The peak of the load is that of a sample, and samples are a second apart
    late = {name: s for name, s in moved.items() if abs(s) > (1.0 if name == "peak_load" else 0.0) + TIME_S}
    assert not late


def test_the_capsule_lands_where_it_landed(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    held, flown = pair
    assert apart_m(flown["touchdown_deg"], held["touchdown_deg"]) < PLACE_M
    assert flown["touchdown_m_s"] == pytest.approx(held["touchdown_m_s"], abs=0.01)


def test_the_peaks_are_what_they_were(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    held, flown = pair
    assert flown["load_g"] == pytest.approx(held["load_g"], rel=2e-3)
    assert flown["heat_flux_w_m2"] == pytest.approx(held["heat_flux_w_m2"], rel=2e-3)


def refresh() -> None:
    """Write the numbers anew and print what has moved."""
    old = json.loads(REFERENCE.read_text("utf-8")) if REFERENCE.is_file() else {}
    new = {name: measured(fly(load_mission(name))) for name in MISSIONS}
    for name, now in new.items():
        was = old.get(name)
        if was is None:
            sys.stdout.write(f"{name}: new\n")
            continue
        place = apart_m(now["touchdown_deg"], was["touchdown_deg"])
        late = now["events_s"]["touchdown"] - was["events_s"]["touchdown"]
        load = now["load_g"] - was["load_g"]
        sys.stdout.write(f"{name}: touchdown {late:+.2f} s and {place:.0f} m away, peak load {load:+.3f} g\n")
    REFERENCE.write_text(json.dumps(new, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    refresh()
