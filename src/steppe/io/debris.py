"""The folder of falling pieces: table of impacts, hazard areas for maps, notice to airmen, risk, re-entry messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from steppe.errors import STATUS
from steppe.files import atomic_path, write_json, write_text
from steppe.ground.assessment import Assessment
from steppe.ground.impacts import Impacts
from steppe.ground.notice import HEAD
from steppe.io.folder import FolderKind, fill_folder
from steppe.io.geojson import feature, line, polygon
from steppe.io.kml import kml_text, write_kml

if TYPE_CHECKING:
    from steppe.io.rdm_records import Interval

DEBRIS_FOLDER: Final = FolderKind("debris assessment", "summary.json", "notices")
# Okabe and Ito, "Color Universal Design" (2008), as in the figures
_COLOURS: Final = {"hazard": "#D55E00", "notice": "#1A2028", "track": "#0072B2", "site": "#009E73", "end": "#1A2028"}
# Column, Arrow type, unit, meaning
_COLUMNS: Final = (
    ("scenario", "string", "", "nominal, ballistic or dispersed"),
    ("sample", "int64", "1", "number of the return"),
    ("body", "string", "", "what the piece comes from"),
    ("piece", "string", "", "kind of piece in the catalogue"),
    ("status", "string", "", "landed, demised, or what went wrong"),
    ("utc", "timestamp", "UTC", "when it reached the ground; null if it did not"),
    ("latitude_deg", "float64", "deg", "where it reached the ground, WGS-84 geodetic"),
    ("longitude_deg", "float64", "deg", "where it reached the ground, WGS-84 geodetic"),
    ("speed_m_s", "float64", "m/s", "airspeed at the ground"),
    ("mass_kg", "float64", "kg", "mass at the ground"),
    ("section_m2", "float64", "m2", "mean cross-section at the ground"),
    ("energy_j", "float64", "J", "kinetic energy at the ground"),
)


def write_debris_folder(
    assessment: Assessment, out: Path, extra: Mapping[str, Callable[[Path], None]] | None = None
) -> list[Path]:
    """Write all products of an assessment.

    ``impacts.parquet``, ``hazard.geojson``, ``hazard.kml``, ``notice.txt``, ``risk.json``, one ``rdm/BODY.rdm`` for
    each body of which a piece may reach the ground (where the entry is known), what `extra` adds, and
    ``summary.json``, which lists the files.

    Parameters
    ----------
    assessment
        The assessment.
    out
        The folder, made if it is missing; an older assessment is replaced, any other folder that is not empty refused.
    extra
        Further files: name to a function that writes it.

    Returns
    -------
    list of Path
        The files, sorted.

    Raises
    ------
    OutputError
        If the folder is not ours to overwrite or cannot be written; it is then as it was before.
    """
    return fill_folder(out, DEBRIS_FOLDER, lambda folder: _write_products(assessment, folder, extra or {}))


def hazard_geojson(assessment: Assessment) -> dict[str, Any]:
    """Return areas, notice polygons, ends, track and site as a FeatureCollection (RFC 7946).

    Returns
    -------
    dict
        Features with ``kind`` "hazard" (one for each scenario, area and share), "notice", "end" (heel and toe),
        "track" and "site".
    """
    features = []
    for name, scenario in assessment.scenarios.items():
        for number, area in enumerate(scenario.areas, start=1):
            about = {"scenario": name, "area": number, "bodies": ", ".join(area.bodies)}
            for region in reversed(area.regions):
                size = {
                    "share": region.share,
                    "contained": round(region.contained, 6),
                    "length_km": round(region.length_km, 2),
                    "width_km": round(region.width_km, 2),
                    "first_impact_utc": _utc(area.first_utc),
                    "last_impact_utc": _utc(area.last_utc),
                }
                features.append(feature(polygon(region.ring_deg), {"kind": "hazard", **about, **size}))
            for end, (lat, lon) in (("heel", area.heel_deg), ("toe", area.toe_deg)):
                features.append(feature(_point(lat, lon), {"kind": "end", "end": end, **about}))
    for number, item in enumerate(assessment.notices, start=1):
        about = {"kind": "notice", "area": number, "begin_utc": _utc(item.begin_utc), "end_utc": _utc(item.end_utc)}
        features.append(feature(polygon(item.corners_minutes[:, ::-1] / 60.0), about))
    lats, lons = assessment.about.track_deg
    if len(lats) > 1:
        features.append(feature(line(lons, lats), {"kind": "track", "name": "nominal ground track"}))
    if assessment.about.site_deg is not None:
        about = {"kind": "site", "name": assessment.about.site_title}
        features.append(feature(_point(*assessment.about.site_deg), about))
    return {"type": "FeatureCollection", "features": features}


def notice_text(assessment: Assessment) -> str:
    """Return all notices with the words to the issuing office before them."""
    return "\n".join([HEAD, *(f"{item.text}\n" for item in assessment.notices)])


def write_impacts(scenarios: Mapping[str, Impacts], path: Path, about: Mapping[str, str] | None = None) -> None:
    """Write the pieces of all scenarios as one Parquet table, with units and meanings in its schema.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {
        "string": pa.dictionary(pa.int32(), pa.string()),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "timestamp": pa.timestamp("ms", tz="UTC"),
    }
    fields = [
        pa.field(name, kinds[kind], metadata={"unit": unit, "meaning": meaning})
        for name, kind, unit, meaning in _COLUMNS
    ]
    metadata = {f"steppe.{key}": value for key, value in (about or {}).items()}
    schema = pa.schema(fields, metadata=metadata)
    tables = [
        pa.table([pa.array(_column(name, scenario, pieces)).cast(field.type) for name, field in
                  zip(schema.names, fields, strict=True)], schema=schema)
        for scenario, pieces in scenarios.items()
    ]  # fmt: skip
    with atomic_path(path) as temporary:
        pq.write_table(pa.concat_tables(tables).unify_dictionaries(), temporary, compression="zstd")


def _column(name: str, scenario: str, pieces: Impacts) -> Any:
    import pyarrow as pa

    if name == "scenario":
        return pa.array([scenario] * len(pieces), pa.string()).dictionary_encode()
    if name in ("body", "piece"):
        names = pieces.bodies if name == "body" else pieces.pieces
        index = np.asarray(getattr(pieces, name), dtype=np.int32)
        return pa.DictionaryArray.from_arrays(index, pa.array(list(names), pa.string()))
    if name == "status":
        words = [STATUS[int(code)].name if int(code) in STATUS else str(code) for code in pieces.status]
        return pa.array(words, pa.string()).dictionary_encode()
    if name == "utc":
        start = np.datetime64(pieces.epoch.replace(tzinfo=None), "ms")
        known = np.isfinite(pieces.time_s)
        moments = start + np.where(known, 1000.0 * np.nan_to_num(pieces.time_s), 0.0).astype("timedelta64[ms]")
        return pa.array(moments, pa.timestamp("ms"), mask=~known)
    values = getattr(pieces, name)
    return pa.array(values) if values.dtype.kind == "i" else pa.array(values, mask=~np.isfinite(values))


def _write_products(assessment: Assessment, folder: Path, extra: Mapping[str, Callable[[Path], None]]) -> list[str]:
    about = {"mission": assessment.about.mission, **assessment.about.provenance}
    write_impacts({k: v.impacts for k, v in assessment.scenarios.items()}, folder / "impacts.parquet", about)
    collection = hazard_geojson(assessment)
    write_json(folder / "hazard.geojson", collection)
    title = f"Falling pieces of {assessment.about.title or assessment.about.mission}"
    write_kml(kml_text(collection, title, _name, lambda item: _COLOURS[item["kind"]]), folder / "hazard.kml")
    write_text(folder / "notice.txt", notice_text(assessment))
    risks = {name: part.risk.as_dict() for name, part in assessment.scenarios.items()}
    write_json(folder / "risk.json", risks, indent=2)
    _write_messages(assessment, folder / "rdm")
    for name, write in extra.items():
        write(folder / name)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    files = sorted({*files, DEBRIS_FOLDER.marker})
    write_json(folder / DEBRIS_FOLDER.marker, {**assessment.summary(), "files": files}, indent=2)
    return files


def _write_messages(assessment: Assessment, folder: Path) -> None:
    """Write a re-entry message for each body of which pieces reach the ground in the dispersed scenario."""
    from steppe.io.rdm import write_rdm
    from steppe.io.rdm_build import intervals_of, rdm_of

    about, main = assessment.about, assessment.main
    if about.entry is None:
        return
    crossing, altitude_m = about.entry
    for number, body in enumerate(main.impacts.bodies):
        own = main.impacts.where(main.impacts.body == number)
        landed = own.where(own.landed)
        if len(landed) == 0:
            continue
        place: tuple[float, float] | None = None
        intervals: tuple[Interval, ...] = ()
        if len(landed) > 2:
            place, intervals = intervals_of(landed.latitude_deg, landed.longitude_deg)
        times = [own.epoch + timedelta(seconds=float(value)) for value in np.quantile(landed.time_s, (0.0, 0.5, 1.0))]
        samples = len(np.unique(own.sample))
        hit = len(np.unique(landed.sample)) / samples
        message = rdm_of(
            f"{about.title.split(',')[0] or about.mission} {body}",
            f"{about.mission}-{body}",
            main.impacts.epoch,
            crossing,
            altitude_m,
            impact_epoch=times[1],
            impact_window=(times[0], times[2]),
            impact_place_deg=place,
            intervals=intervals,
            # for so small numbers the probability of one casualty or more is their expectation
            probability={"impact": hit, "burn_up": 1.0 - hit,
                         "casualty": min(main.risk.by_body[body].casualties, 1.0)},
            config_hash=about.provenance.get("config_hash", ""),
            comments=[f"{key}: {text}" for key, text in sorted(about.provenance.items())],
            object_type="DEBRIS",
            controlled="YES",
        )  # fmt: skip
        folder.mkdir(exist_ok=True)
        write_rdm(folder / f"{body}.rdm", message)


def _name(about: Mapping[str, Any]) -> str:
    kind = about["kind"]
    if kind == "hazard":
        held = "all pieces" if about["share"] == 1.0 else f"{100.0 * about['share']:g} % of the pieces"
        return f"{about['scenario']}, {about['bodies'].replace('_', ' ')}: {held}"
    if kind == "end":
        return f"{about['end']} ({about['scenario']}, area {about['area']})"
    if kind == "notice":
        return f"Notice to airmen, area {about['area']}"
    return str(about["name"])


def _point(latitude_deg: float, longitude_deg: float) -> dict[str, Any]:
    east = (longitude_deg + 180.0) % 360.0 - 180.0
    return {"type": "Point", "coordinates": [round(east, 6), round(latitude_deg, 6)]}


def _utc(moment: datetime) -> str:
    return (moment + timedelta(milliseconds=500)).strftime("%Y-%m-%dT%H:%M:%SZ")
