"""The ledger as an SQLite database: in memory for the checks, or a file that any tool can query."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from steppe.crew.records import Ledger
from steppe.files import atomic_path

_SCHEMA: Final = """
CREATE TABLE vehicles (name TEXT PRIMARY KEY, family TEXT NOT NULL, seats INTEGER NOT NULL, life_days REAL NOT NULL);
CREATE TABLE movements (vehicle TEXT NOT NULL, event TEXT NOT NULL, utc TEXT, precision_s REAL NOT NULL,
  port TEXT NOT NULL, source TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL);
CREATE TABLE stays (person TEXT NOT NULL, agency TEXT NOT NULL, up_vehicle TEXT NOT NULL, launch_utc TEXT NOT NULL,
  down_vehicle TEXT NOT NULL, landing_utc TEXT, visit TEXT NOT NULL, source TEXT NOT NULL, file TEXT NOT NULL,
  line INTEGER NOT NULL);
CREATE TABLE seats (person TEXT NOT NULL, utc TEXT NOT NULL, vehicle TEXT NOT NULL, fit TEXT NOT NULL,
  source TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL);
CREATE TABLE conditions (vehicle TEXT NOT NULL, utc TEXT NOT NULL, state TEXT NOT NULL, what TEXT NOT NULL,
  source TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL);
CREATE VIEW landings AS SELECT vehicle, MAX(utc) AS utc FROM movements WHERE event = 'landing' GROUP BY vehicle;
CREATE VIEW launches AS SELECT vehicle, MIN(utc) AS utc FROM movements WHERE event = 'launch' GROUP BY vehicle;
"""


def text_of(utc: datetime | None) -> str | None:
    """Return a date as text of fixed width, so that the order of texts is the order of dates."""
    return None if utc is None else utc.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def open_database(ledger: Ledger, path: str = ":memory:") -> sqlite3.Connection:
    """Return a new database with all rows of a ledger."""
    base = sqlite3.connect(path)
    base.executescript(_SCHEMA)
    base.executemany(
        "INSERT INTO vehicles VALUES (?, ?, ?, ?)",
        [(one.name, one.family.name, one.family.seats, one.family.life_days) for one in ledger.vehicles.values()],
    )
    base.executemany(
        "INSERT INTO movements VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.vehicle,
                one.event,
                text_of(one.utc),
                one.precision_s,
                one.port,
                one.source,
                one.place.file,
                one.place.line,
            )
            for vehicle in ledger.vehicles.values()
            for one in vehicle.movements
        ],
    )
    base.executemany(
        "INSERT INTO stays VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.person, one.agency, one.up_vehicle, text_of(one.launch_utc), one.down_vehicle,
                text_of(one.landing_utc), one.visit, one.source, one.place.file, one.place.line,
            )
            for one in ledger.stays
        ],
    )  # fmt: skip
    base.executemany(
        "INSERT INTO seats VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(s.person, text_of(s.utc), s.vehicle, s.fit, s.source, s.place.file, s.place.line) for s in ledger.seats],
    )
    base.executemany(
        "INSERT INTO conditions VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(c.vehicle, text_of(c.utc), c.state, c.what, c.source, c.place.file, c.place.line) for c in ledger.conditions],
    )
    base.commit()
    return base


def write_database(ledger: Ledger, path: Path) -> None:
    """Write a ledger into an SQLite file, whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with atomic_path(path) as temporary:
        open_database(ledger, str(temporary)).close()
