"""A campaign in numbers: one document for every output, the landings, the limits and the drivers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ensemble import statistics
from steppe.ensemble.footprint import Ellipse, Plane, Spread, spread
from steppe.ensemble.manifest import LATITUDE, LONGITUDE, SAMPLE, STATUS_COLUMN, Column, Limit
from steppe.ensemble.sensitivity import Prepared, drivers, prepare
from steppe.ensemble.statistics import CONFIDENCE, Floats, number
from steppe.ensemble.store import Campaign, gather
from steppe.errors import LANDED, STATUS, OutputError

# Columns held at a time; the statistics of one column need a few times its own size on top
_COLUMNS_BYTES: Final = 256_000_000
# Ranks and bins of all inputs at a time (16 bytes a value), and the most samples that add anything to a driver
_DRIVERS_BYTES: Final = 200_000_000
_DRIVERS_SAMPLES: Final = 100_000
_POINTS: Final = 20_000
_MOST_BARS: Final = 60

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a campaign says.

    Attributes
    ----------
    document
        Numbers and texts for JSON (docs/how-to/read-a-campaign.md names its keys).
    shapes
        Outlines on the ground: ``kind`` ("footprint" or "ellipse"), ``share``, ``bound`` ("estimate", "low" or "high")
        and ``ring_deg``, a list of (longitude, latitude) counter-clockwise.
    latitude_deg, longitude_deg
        Landing points to draw, the first 20 000.
    """

    document: dict[str, Any]
    shapes: list[dict[str, Any]]
    latitude_deg: Floats
    longitude_deg: Floats


def summarise(campaign: Campaign, *, partial: bool = False) -> Summary:
    """Return the summary of a campaign.

    Memory does not grow with the number of columns (they are read in groups): 0.5 GB for a million rows of 58 columns.

    Parameters
    ----------
    campaign
        The campaign.
    partial
        Whether an incomplete campaign is summarised as far as it goes.

    Raises
    ------
    OutputError
        If the campaign is incomplete and `partial` is not set, has no rows, or cannot be read.
    """
    if not partial:
        campaign.require_complete()
    spec = campaign.spec
    status = _statuses(campaign, partial)
    landed = status == LANDED
    if not len(status):
        raise OutputError(f"the campaign in {campaign.place} has no rows yet; {campaign.resume_hint()}")
    sample = gather(campaign, [SAMPLE], partial=partial)[SAMPLE]
    outputs: dict[str, Any] = {}
    limits: list[dict[str, Any]] = []
    for column, values in _columns(campaign, list(spec.outputs), len(status), partial):
        outputs[column.name] = _output(column, values, sample)
        limits += [_limit(limit, values) for limit in spec.limits if limit.column == column.name]
    used = _add_drivers(campaign, outputs, partial)
    landings, shapes, latitude, longitude = _landings(campaign, landed, partial)
    missing = campaign.missing_shards()
    document = {
        "campaign": {
            "mission": spec.mission,
            "config_hash": spec.config_hash,
            "seed": spec.seed,
            "samples": spec.samples,
            "rows": len(status),
            "complete": not missing,
            "missing_shards": len(missing),
            "version": spec.version,
            "models": dict(spec.models),
            "created_utc": campaign.created_utc,
        },
        "confidence": CONFIDENCE,
        "statuses": _status_table(status),
        **landings,
        "limits": limits,
        "inputs": {column.name: {"unit": column.unit, "meaning": column.meaning} for column in spec.inputs},
        "outputs": outputs,
        "driver_samples": used,
    }
    return Summary(document, shapes, latitude[:_POINTS], longitude[:_POINTS])


def _statuses(campaign: Campaign, partial: bool) -> npt.NDArray[np.int16]:
    """Return the status codes: a million names would take ten times the memory."""
    codes = {status.name: status.code for status in STATUS.values()}
    parts = [np.empty(0, dtype=np.int16)]
    for batch in campaign.rows([STATUS_COLUMN], partial=partial):
        column = batch.column(STATUS_COLUMN)
        names = column.dictionary.to_pylist()
        unknown = sorted(set(names) - codes.keys())
        if unknown:
            raise OutputError(f"the campaign in {campaign.place} has the unknown status {', '.join(unknown)}")
        table = np.array([codes[name] for name in names], dtype=np.int16)
        parts.append(table[column.indices.to_numpy()])
    return np.concatenate(parts)


def _status_table(status: npt.NDArray[np.int16]) -> dict[str, Any]:
    codes, counts = np.unique(status, return_counts=True)
    order = np.lexsort((codes, -counts))
    return {STATUS[int(codes[k])].name: asdict(statistics.wilson(int(counts[k]), len(status))) for k in order}


def _columns(
    campaign: Campaign, columns: list[Column], rows: int, partial: bool
) -> Iterator[tuple[Column, npt.NDArray[Any]]]:
    """Yield columns with their values, as many read at a time as memory allows."""
    group = max(1, _COLUMNS_BYTES // (8 * max(rows, 1)))
    for begin in range(0, len(columns), group):
        some = columns[begin : begin + group]
        values = gather(campaign, [column.name for column in some], partial=partial)
        for column in some:
            yield column, values.pop(column.name).astype(np.float64, copy=False)


def _output(column: Column, values: Floats, sample: npt.NDArray[np.int64]) -> dict[str, Any]:
    finite = np.isfinite(values)
    x = values[finite]
    about: dict[str, Any] = {
        "unit": column.unit,
        "meaning": column.meaning,
        "samples": len(x),
        "without_value": len(values) - len(x),
    }
    if not len(x):
        return about
    cases = [] if column.worst == "none" else statistics.worst(x, sample[finite], column.worst)
    counts, edges = np.histogram(x, bins=_bars(len(x))) if np.ptp(x) > 0.0 else (np.array([len(x)]), np.repeat(x[0], 2))
    return {
        **about,
        **_moments(statistics.moments(x)),
        "least": float(x.min()),
        "greatest": float(x.max()),
        "quantiles": [asdict(quantile) for quantile in statistics.quantiles(x)],
        "worst_is": column.worst,
        "worst": [{SAMPLE: number, "value": value} for number, value in cases],
        "convergence": [_moments(step) for step in statistics.convergence(x)],
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def _bars(samples: int) -> int:
    """Return how many bars a histogram has: twice the cube root of the samples (the Rice rule), at most 60."""
    return min(math.ceil(2.0 * float(np.cbrt(samples))), _MOST_BARS)


def _moments(of: statistics.Moments) -> dict[str, Any]:
    return {
        "samples": of.samples,
        "mean": number(of.mean),
        "mean_standard_error": number(of.mean_error),
        "sd": number(of.sd),
        "sd_standard_error": number(of.sd_error),
    }


def _limit(limit: Limit, values: Floats) -> dict[str, Any]:
    x = values[np.isfinite(values)]
    exceeded = int(np.count_nonzero(x > limit.bound if limit.above else x < limit.bound))
    about = {**asdict(limit), "without_value": len(values) - len(x)}
    return {**about, "exceeded": _proportion(statistics.wilson(exceeded, len(x)))}


def _proportion(of: statistics.Proportion) -> dict[str, Any]:
    return {**asdict(of), "value": number(of.value)}


def _add_drivers(campaign: Campaign, outputs: dict[str, Any], partial: bool) -> int:
    """Put the drivers into the outputs; return from how many samples they come."""
    names = [column.name for column in campaign.spec.inputs]
    if not names:
        return 0
    most = min(_DRIVERS_SAMPLES, _DRIVERS_BYTES // (16 * len(names)))
    drawn = gather(campaign, names, partial=partial, most=most)
    rows = len(drawn[names[0]])
    # outputs that are known for the same samples share the ranks of the inputs
    masks: dict[bytes, list[str]] = {}
    for name in outputs:
        values = gather(campaign, [name], partial=partial, most=most)[name].astype(np.float64)
        masks.setdefault(np.packbits(np.isfinite(values)).tobytes(), []).append(name)
    for packed, members in masks.items():
        known = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=rows).astype(bool)
        ready = _prepared(drawn, known)
        for name in members:
            values = gather(campaign, [name], partial=partial, most=most)[name].astype(np.float64)[known]
            outputs[name]["drivers"] = [asdict(driver) for driver in drivers(ready, values)]
    return rows


def _prepared(drawn: dict[str, npt.NDArray[Any]], known: Bools) -> list[Prepared]:
    finite = {name: values[known].astype(np.float64) for name, values in drawn.items()}
    ready = (prepare(name, values) for name, values in finite.items() if np.all(np.isfinite(values)))
    return [one for one in ready if one is not None]


def _landings(
    campaign: Campaign, landed: Bools, partial: bool
) -> tuple[dict[str, Any], list[dict[str, Any]], Floats, Floats]:
    """Return the part of the document on the landings, its outlines and the points."""
    nothing = np.empty(0)
    if not {LATITUDE, LONGITUDE} <= set(campaign.spec.names):
        return {"landing": None, "zone": None}, [], nothing, nothing
    place = gather(campaign, [LATITUDE, LONGITUDE], partial=partial)
    landed = landed & np.isfinite(place[LATITUDE]) & np.isfinite(place[LONGITUDE])
    lat, lon = (place[name][landed].astype(np.float64) for name in (LATITUDE, LONGITUDE))
    found = spread(lat, lon)
    return (
        {"landing": None if found is None else _spread(found), "zone": _zone(campaign, lat, lon, len(landed))},
        [] if found is None else _shapes(found),
        lat,
        lon,
    )


def _zone(campaign: Campaign, latitude_deg: Floats, longitude_deg: Floats, flown: int) -> dict[str, Any] | None:
    """Return how often the zone is hit; a flight that did not land did not land in it."""
    zone = campaign.spec.zone
    if zone is None:
        return None
    distance = np.hypot(*Plane(zone.latitude_deg, zone.longitude_deg).to_km(latitude_deg, longitude_deg))
    inside = int(np.count_nonzero(distance * 1e3 <= zone.radius_m))
    return {**asdict(zone), "landed_inside": _proportion(statistics.wilson(inside, flown))}


def _spread(found: Spread) -> dict[str, Any]:
    return {
        "samples": found.samples,
        "mean_latitude_deg": found.latitude_deg,
        "mean_longitude_deg": found.longitude_deg,
        "sd_east_km": found.sd_east_km,
        "sd_east_standard_error_km": found.sd_east_error_km,
        "sd_north_km": found.sd_north_km,
        "sd_north_standard_error_km": found.sd_north_error_km,
        "correlation": found.correlation,
        "covariance_ellipse": _axes(found.ellipse),
        "footprints": [
            {
                "share": footprint.share,
                **(_axes(footprint.ellipse) or {}),
                "low": _axes(footprint.low),
                "high": _axes(footprint.high),
            }
            for footprint in found.footprints
        ],
    }


def _axes(ellipse: Ellipse | None) -> dict[str, float] | None:
    if ellipse is None:
        return None
    return {
        "major_km": ellipse.major_km,
        "minor_km": ellipse.minor_km,
        "azimuth_deg": ellipse.azimuth_deg,
        "area_km2": math.pi * ellipse.major_km * ellipse.minor_km,
    }


def _shapes(found: Spread) -> list[dict[str, Any]]:
    shapes = [_shape(found, "ellipse", None, "estimate", found.ellipse)]
    for footprint in found.footprints:
        for bound, ellipse in (("estimate", footprint.ellipse), ("low", footprint.low), ("high", footprint.high)):
            if ellipse is not None:
                shapes.append(_shape(found, "footprint", footprint.share, bound, ellipse))
    return shapes


def _shape(found: Spread, kind: str, share: float | None, bound: str, ellipse: Ellipse) -> dict[str, Any]:
    lat, lon = found.plane.to_deg(*ellipse.ring_km())
    return {
        "kind": kind,
        "share": share,
        "bound": bound,
        "major_km": ellipse.major_km,
        "minor_km": ellipse.minor_km,
        "azimuth_deg": ellipse.azimuth_deg,
        "ring_deg": np.column_stack([lon, lat]).tolist(),
    }
