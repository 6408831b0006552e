"""CZML: a second reader (czml3) takes it, and it says where the capsule was."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from steppe.config.loader import load_mission
from steppe.flight.result import Flight
from steppe.flight.simulate import fly
from steppe.io.czml import flight_czml, write_czml


@pytest.fixture(scope="module")
def flight() -> Flight:
    return fly(load_mission("ms-21"))


def test_a_strict_reader_takes_every_packet(flight: Flight) -> None:
    czml3 = pytest.importorskip("czml3")
    packets = flight_czml(flight)
    for packet in packets:
        czml3.Packet.model_validate(packet)
    assert packets[0]["id"] == "document"
    assert len({packet["id"] for packet in packets}) == len(packets)


def test_the_path_goes_through_the_flight(flight: Flight) -> None:
    body = next(packet for packet in flight_czml(flight) if packet["id"] == "capsule")
    rows = np.array(body["position"]["cartesian"]).reshape(-1, 4)
    columns = flight.track.columns
    assert np.all(np.diff(rows[:, 0]) > 0.0)
    for number, name in enumerate(("x_m", "y_m", "z_m"), 1):
        np.testing.assert_allclose(
            rows[:, number], np.interp(rows[:, 0], columns["time_s"] - columns["time_s"][0], columns[name]), atol=30.0
        )
        assert rows[-1, number] == pytest.approx(columns[name][-1], abs=1e-3)
    # linear between samples a second apart, in an orbit: sagitta g t2 / 8 is about 1 m, over 10 s 120 m
    assert np.diff(rows[:, 0]).max() <= 10.01


def test_every_event_begins_when_it_happens(flight: Flight) -> None:
    packets = {packet["id"]: packet for packet in flight_czml(flight)}
    for event in flight.events:
        begin = packets[f"event-{event.name}"]["availability"].split("/")[0]
        assert abs((datetime.fromisoformat(begin.replace("Z", "+00:00")) - event.utc).total_seconds()) < 1e-3


def test_the_file_is_strict_json(flight: Flight, tmp_path: Path) -> None:
    write_czml(flight, tmp_path / "flight.czml")

    def refuse(name: str) -> float:
        raise AssertionError(name)

    assert json.loads((tmp_path / "flight.czml").read_text("utf-8"), parse_constant=refuse)[0]["version"] == "1.0"
