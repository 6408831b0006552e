"""CCSDS ephemerides, read back by the library and by a reader that shares no code with the writer."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import ccsds_ndm
import flight_factory
import numpy as np
import pytest

from steppe.errors import OutputError
from steppe.flight.result import Flight, Track
from steppe.io.ccsds import epoch_text, oem, thin, write_oem

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATE = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")


@pytest.fixture(scope="module")
def flight() -> Flight:
    return flight_factory.complete_flight()


def read_kvn(text: str) -> tuple[dict[str, str], list[str], list[list[float]]]:
    """Read one segment by the letter of CCSDS 502.0-B-2 section 5."""
    keys: dict[str, str] = {}
    epochs, rows = [], []
    for line in text.splitlines():
        assert len(line) <= 254 and line.isascii()
        if not line.strip() or line.startswith("COMMENT") or line in ("META_START", "META_STOP"):
            continue
        if "=" in line:
            key, value = (part.strip() for part in line.split("=", 1))
            keys[key] = value
        else:
            words = line.split()
            assert len(words) == 7
            epochs.append(words[0])
            rows.append([float(word) for word in words[1:]])
    return keys, epochs, rows


def seconds(epoch: str, start: datetime) -> float:
    whole, fraction = epoch.split(".")
    begin = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return float(Decimal((begin - start.replace(microsecond=0)).total_seconds()) + Decimal("0." + fraction)
                 - Decimal(start.microsecond) / 1000000)  # fmt: skip


def test_every_body_gets_a_message_that_both_readers_understand(flight: Flight, tmp_path: Path) -> None:
    paths = write_oem(flight, tmp_path, CREATED)
    assert [path.name for path in paths] == ["capsule.oem", "orbital-module.oem", "service-module.oem"]
    for path, track in zip(paths, (flight.track, *flight.modules), strict=True):
        message = ccsds_ndm.Oem.from_file(str(path))
        message.validate()
        meta, data = message.segments[0].metadata, message.segments[0].data
        assert (meta.center_name, meta.ref_frame, meta.time_system) == ("EARTH", "ITRF2000", "UTC")
        keys, epochs, rows = read_kvn(path.read_text())
        assert keys["CCSDS_OEM_VERS"] == "2.0"
        assert keys["CREATION_DATE"] == "2026-01-02T03:04:05"
        assert keys["OBJECT_NAME"].startswith("Soyuz Test")
        assert (keys["START_TIME"], keys["STOP_TIME"]) == (epochs[0], epochs[-1])
        assert epochs == list(data.state_vector_epochs)
        np.testing.assert_array_equal(np.array(rows), data.state_vector_numpy)
        time_s = np.array([seconds(epoch, flight.epoch) for epoch in epochs])
        assert np.all(np.diff(time_s) > 0.0)
        index = np.searchsorted(track.columns["time_s"], time_s - 1e-7)
        np.testing.assert_allclose(track.columns["time_s"][index], time_s, atol=1e-9)
        for k, name in enumerate(STATE):
            np.testing.assert_allclose(np.array(rows)[:, k] * 1e3, track.columns[name][index], rtol=0.0, atol=1e-6)
        assert {0, len(track) - 1} <= set(index)


def test_provenance_travels_in_plain_ascii(flight: Flight) -> None:
    text = oem(flight, flight.track, CREATED)
    assert "COMMENT Mission test-return, status landed" in text
    assert "COMMENT steppe: 0.1.0" in text
    assert "COMMENT air_model: exponential, ?" in text


def orbit() -> Track:
    """Return a circular orbit 400 km up, exact in position and velocity, every second."""
    t = np.arange(0.0, 1000.0)
    radius = 6778e3
    rate = math.sqrt(3.986004418e14 / radius**3)
    zero = np.zeros_like(t)
    values = (
        radius * np.cos(rate * t), radius * np.sin(rate * t), zero,
        -radius * rate * np.sin(rate * t), radius * rate * np.cos(rate * t), zero,
    )  # fmt: skip
    return Track("ship", {"time_s": t, **dict(zip(STATE, values, strict=True))})


def test_thinning_drops_free_flight_and_keeps_a_burn() -> None:
    track = orbit()
    kept = thin(track)
    assert len(kept) == 101
    # 0.45 m/s2 for the second half: thrust of a deorbit burn
    columns = {name: values.copy() for name, values in track.columns.items()}
    pushed = np.maximum(columns["time_s"] - 505.0, 0.0)
    columns["z_m"] += 0.5 * 0.45 * pushed**2
    columns["vz_m_s"] += 0.45 * pushed
    burning = thin(Track("ship", columns))
    assert set(range(500, 510)) <= set(burning.tolist())


def test_what_thinning_drops_the_stated_interpolation_gives_back() -> None:
    track = orbit()
    kept = thin(track)
    t, state = track.columns["time_s"], np.column_stack([track.columns[name] for name in STATE])
    from scipy.interpolate import CubicHermiteSpline

    curve = CubicHermiteSpline(t[kept], state[kept, :3], state[kept, 3:])
    assert np.max(np.linalg.norm(curve(t) - state[:, :3], axis=1)) < 0.01


def test_of_equal_times_the_last_is_kept_and_undefined_samples_go() -> None:
    columns = {name: np.array([0.0, 1.0, 1.0, 2.0, 3.0]) for name in ("time_s", *STATE)}
    columns["x_m"] = np.array([7e6, 7e6, 8e6, 9e6, np.nan])
    assert thin(Track("ship", columns)).tolist() == [0, 2, 3]


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "2022-09-29T07:34:20.250000000"),
        (0.75, "2022-09-29T07:34:21.000000000"),
        (1e-9, "2022-09-29T07:34:20.250000001"),
        (-0.5, "2022-09-29T07:34:19.750000000"),
        (59999.9999999, "2022-09-30T00:14:20.249999900"),
    ],
)
def test_epochs_carry_nanoseconds(time_s: float, text: str) -> None:
    assert epoch_text(flight_factory.EPOCH, time_s) == text


def test_two_modules_of_one_name_get_two_files(flight: Flight, tmp_path: Path) -> None:
    twins = replace(flight, modules=(flight.modules[0], flight.modules[0]))
    assert [path.name for path in write_oem(twins, tmp_path)][1:] == ["orbital-module.oem", "orbital-module-2.oem"]


def test_a_folder_that_is_not_there_is_said_in_words(flight: Flight, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="create it first"):
        write_oem(flight, tmp_path / "missing")


def test_another_package_reads_every_ephemeris(flight: Flight, tmp_path: Path) -> None:
    """The reader is the PyPI package oem (MIT), which shares no code with ccsds-ndm-py or with steppe."""
    oem_reader = pytest.importorskip("oem", reason="the second reader is an extra: pip install oem")
    for path, track in zip(write_oem(flight, tmp_path, CREATED), (flight.track, *flight.modules), strict=True):
        read = oem_reader.OrbitEphemerisMessage.open(str(path))
        assert read.version == "2.0"
        states = list(read.states)
        assert len(states) == len(thin(track))
        for state, at in ((states[0], 0), (states[-1], -1)):
            place_m = np.array([track.columns[name][at] for name in STATE])
            read_m = np.concatenate([state.position, state.velocity]) * 1e3
            np.testing.assert_allclose(read_m, place_m, rtol=0.0, atol=1e-6)
            seconds_late = (state.epoch.datetime.replace(tzinfo=UTC) - flight.epoch).total_seconds()
            assert seconds_late == pytest.approx(track.columns["time_s"][at], abs=1e-5)
