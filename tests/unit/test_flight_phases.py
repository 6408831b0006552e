"""The phases as rows: what counts as a landing, what is refused before anything flies, what a short flight shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steppe.config.loader import LoadedMission, load_mission, load_vehicle
from steppe.config.mission import Deorbit
from steppe.errors import ConfigError
from steppe.flight import phases
from steppe.flight.checks import require_propellant
from steppe.kernels import phase as k

VEHICLE = load_vehicle("soyuz-ms")


def with_delta_v(delta_v_m_s: float) -> LoadedMission:
    loaded = load_mission("ms-21")
    deorbit = Deorbit(delta_v_m_s=delta_v_m_s)
    return replace(loaded, mission=loaded.mission.model_copy(update={"deorbit": deorbit}))


def test_touching_the_ground_is_a_landing_only_under_the_full_main_canopy() -> None:
    assert VEHICLE.parachutes is not None
    rows = phases.canopies(VEHICLE, VEHICLE.parachutes, 381.0)
    main = next(number for number, phase in enumerate(rows) if phase.event == "main_inflated")
    lands = [phase.columns.get(k.LANDS, 0.0) == 1.0 for phase in rows]
    assert lands == [number >= main for number in range(len(rows))]


def test_each_canopy_grows_from_the_one_before() -> None:
    assert VEHICLE.parachutes is not None
    grown = 0.0
    for phase in phases.canopies(VEHICLE, VEHICLE.parachutes, 381.0):
        if k.fills(phase.row()):
            assert phase.columns[k.CANOPY_FROM_M2] == grown
            grown = phase.columns[k.CANOPY_TO_M2]
    assert grown == max(stage.drag_area_m2 for stage in VEHICLE.parachutes.stages)


def test_the_separation_burns_take_their_propellant() -> None:
    assert VEHICLE.ship is not None
    rows = phases.departure(VEHICLE, 9000.0)
    spent = sum(row.columns.get(k.FLOW_KG_S, 0.0) * row.columns[k.END_VALUE] for row in rows)
    # 2.06 m/s of a ship of 6625 kg at 302 s: 4.6 kg
    assert spent == pytest.approx(6625.0 * 2.06 / (302.0 * 9.80665), rel=2e-3)
    assert sum(row.columns[k.END_VALUE] for row in rows) == pytest.approx(9000.0)


def test_the_largest_delta_v_that_is_named_is_the_largest_that_flies() -> None:
    with pytest.raises(ConfigError, match="at most ") as caught:
        require_propellant(with_delta_v(400.0))
    largest = float(str(caught.value).split("at most ")[1].split(" m/s")[0])
    require_propellant(with_delta_v(largest))
    with pytest.raises(ConfigError, match="needs"):
        require_propellant(with_delta_v(largest + 0.2))
