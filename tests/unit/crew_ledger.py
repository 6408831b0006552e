"""A small ledger on disk that tests may damage."""

from __future__ import annotations

from pathlib import Path

STAYS = """person,agency,up_vehicle,launch_utc,down_vehicle,landing_utc,visit,source
Ada One,Roscosmos,Soyuz MS-01,2020-01-01T00:00:00Z,Soyuz MS-01,2020-06-01T00:00:00Z,expedition,test
Bo Two,NASA,Soyuz MS-01,2020-01-01T00:00:00Z,Soyuz MS-02,2020-11-01T00:00:00Z,expedition,test
Cy Three,Roscosmos,Soyuz MS-02,2020-05-20T00:00:00Z,Soyuz MS-02,2020-11-01T00:00:00Z,expedition,test
"""
MOVEMENTS = """vehicle,event,utc,precision_s,port,source
Soyuz MS-01,launch,2020-01-01T00:00:00Z,1,,test
Soyuz MS-01,docking,2020-01-01T06:00:00Z,1,Rassvet nadir,test
Soyuz MS-01,undocking,2020-05-31T20:00:00Z,1,Rassvet nadir,test
Soyuz MS-01,landing,2020-06-01T00:00:00Z,1,,test
Soyuz MS-02,launch,2020-05-20T00:00:00Z,1,,test
Soyuz MS-02,docking,2020-05-20T06:00:00Z,1,Poisk zenith,test
Soyuz MS-02,undocking,2020-10-31T20:00:00Z,1,Poisk zenith,test
Soyuz MS-02,landing,2020-11-01T00:00:00Z,1,,test
"""


def write_ledger(folder: Path, *changes: tuple[str, str], stays: str = STAYS, movements: str = MOVEMENTS) -> Path:
    """Write the ledger with texts replaced, which must be there."""
    for old, new in changes:
        assert old in stays + movements, old
        stays, movements = stays.replace(old, new), movements.replace(old, new)
    (folder / "stays.csv").write_text(stays, encoding="utf-8")
    (folder / "movements.csv").write_text(movements, encoding="utf-8")
    return folder
