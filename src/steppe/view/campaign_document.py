"""What the report of a campaign reads: the numbers of its summary, as one JSON document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from steppe.ensemble.manifest import INPUT_PREFIX
from steppe.ensemble.summary import Summary
from steppe.io.summary import finite
from steppe.nomenclature import VARIABLES
from steppe.view.campaign import DISTRIBUTIONS, DRIVEN
from steppe.view.descent_document import packed
from steppe.view.documents import coast_document, towns_document
from steppe.view.outputs import NAMES, group_of, order_of, real_landings, share_of

# Of the quantiles those that people ask for
_SHARES: Final = (0.01, 0.05, 0.5, 0.95, 0.99, 0.999)
_DRIVERS: Final = 8
_LARGEST_DRIVEN: Final = 4


def campaign_document(summary: Summary) -> dict[str, Any]:
    """Return a campaign as the document that its report reads; ``frontend/src/document.ts`` names the types.

    Parameters
    ----------
    summary
        From `steppe.ensemble.summary.summarise`.
    """
    about, outputs = summary.document["campaign"], summary.document["outputs"]
    landing, zone = summary.document["landing"], summary.document["zone"]
    statuses = summary.document["statuses"]
    known = {name: outputs[name] for name in sorted(outputs, key=order_of) if outputs[name].get("quantiles")}
    document = {
        "kind": "campaign",
        "mission": about["mission"],
        "title": f"Campaign {about['mission']}",
        "samples": about["rows"],
        "landed": statuses.get("landed", {}).get("count", 0),
        "failed": {name: one["count"] for name, one in statuses.items() if name != "landed"},
        "outputs": [_output(name, one, summary) for name, one in known.items()],
        "distributions": [_distribution(name, known[name], summary) for name in DISTRIBUTIONS if name in known],
        "drivers": [_drivers(name, known[name]) for name in DRIVEN if known.get(name, {}).get("drivers")][
            :_LARGEST_DRIVEN
        ],
        "limits": [_limit(one, outputs) for one in summary.document["limits"]],
        "convergence": _convergence(known),
        "landing": {"latitude_deg": packed(summary.latitude_deg), "longitude_deg": packed(summary.longitude_deg)},
        "shapes": [{key: one[key] for key in ("kind", "share", "bound", "ring_deg")} for one in summary.shapes],
        "zone": None if zone is None else _zone(zone),
        "real": real_landings(zone),
        "towns": towns_document(),
        "facts": _facts(summary, landing, zone),
        "provenance": {
            "steppe": about["version"],
            "mission": about["mission"],
            "config_hash": about["config_hash"],
            "seed": str(about["seed"]),
            "created_utc": about["created_utc"],
            **about["models"],
        },
        "notes": []
        if about["complete"]
        else [f"The campaign is not complete: {about['missing_shards']} shards are missing."],
        "coast": coast_document(),
    }
    result: dict[str, Any] = finite(document)
    return result


def _label(name: str, meaning: str = "") -> str:
    """Return what people call a column: the words of its name without the unit."""
    if name in NAMES:
        return NAMES[name][1]
    if name in VARIABLES:
        return VARIABLES[name].label
    words = name.removeprefix(INPUT_PREFIX)
    for unit in ("_w_m2", "_j_m2", "_m_s2", "_m_s", "_deg_h", "_deg", "_km", "_kg", "_pa", "_g", "_s", "_m"):
        # The length in "at 60 km" is no unit of the value
        if words.endswith(unit) and not words.removesuffix(unit)[-1:].isdigit():
            words = words.removesuffix(unit)
            break
    text = words.replace("_", " ")
    return text[:1].upper() + text[1:] or meaning


def _interval(of: Mapping[str, Any], factor: float = 1.0) -> dict[str, Any]:
    parts = {"estimate": of["value"], "low": of["low"], "high": of["high"]}
    return {name: None if value is None else value * factor for name, value in parts.items()}


def _shown(unit: str) -> tuple[str, float]:
    """Return the unit for people and what a stored value is multiplied by."""
    if unit == "N":
        return "kN", 1e-3
    for variable in VARIABLES.values():
        if variable.unit == unit and variable.display_factor != 1.0 and unit not in ("m", "1"):
            return variable.display_unit, variable.display_factor
    return unit, 1.0


def _digits(one: Mapping[str, Any], factor: float) -> int:
    """Return digits after the point that resolve a hundredth of the spread."""
    spread = abs(one["sd"] or one["mean"] or 1.0) * factor
    return min(max(2 - math.floor(math.log10(spread)), 0), 6) if spread > 0.0 else 3


def _output(name: str, one: Mapping[str, Any], summary: Summary) -> dict[str, Any]:
    unit, factor = _shown(one["unit"])
    bound = next((limit["bound"] for limit in summary.document["limits"] if limit["column"] == name), None)
    shares = [quantile for quantile in one["quantiles"] if quantile["probability"] in _SHARES]
    histogram = one["histogram"]
    return {
        "name": name,
        "group": group_of(name),
        "label": _label(name, one["meaning"]),
        "meaning": one["meaning"],
        "unit": "" if unit == "1" else unit,
        "digits": _digits(one, factor),
        "mean": one["mean"] * factor,
        "standard_deviation": (one["sd"] or 0.0) * factor,
        "quantiles": [{"share": quantile["probability"], **_interval(quantile, factor)} for quantile in shares],
        "histogram": {"edges": [edge * factor for edge in histogram["edges"]], "counts": histogram["counts"]},
        "limit": None if bound is None else bound * factor,
        "worst": [{"sample": row["sample"], "value": row["value"] * factor} for row in one["worst"]],
        "share": share_of(one),
    }


def _distribution(name: str, one: Mapping[str, Any], summary: Summary) -> dict[str, Any]:
    bound = next((limit["bound"] for limit in summary.document["limits"] if limit["column"] == name), None)
    # a limit far outside the values would squeeze them into a corner; the table of limits says it
    near = bound is not None and one["least"] - one["greatest"] < bound - one["greatest"] < 2.0 * (
        one["greatest"] - one["least"]
    )
    about = {"name": name, "label": _label(name), "unit": one["unit"], "limit": bound if near else None}
    return {**about, **one["histogram"]}


def _drivers(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    strongest = sorted(one["drivers"], key=lambda driver: -abs(driver["spearman"] or 0.0))
    for driver in strongest[:_DRIVERS]:
        rank, sobol = (
            {"estimate": driver[key], "low": driver[f"{key}_low"], "high": driver[f"{key}_high"]}
            for key in ("spearman", "sobol")
        )
        rows.append({"input": _label(driver["input"]), "rank_correlation": rank, "sobol": sobol})
    return {"output": name, "label": _label(name).lower(), "rows": rows}


def _limit(limit: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    name, one = limit["column"], outputs.get(limit["column"], {})
    unit, factor = _shown(one.get("unit", ""))
    text = _label(name)
    if not str(one.get("meaning", "")).startswith("1 if "):
        bound = f"{limit['bound'] * factor:g} {unit if unit != '1' else ''}".rstrip()
        text = f"{text} {'above' if limit['above'] else 'below'} {bound}"
    return {"label": text, "meaning": limit["meaning"], "probability": _interval(limit["exceeded"])}


def _convergence(known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    east, north = (known.get(name, {}).get("convergence", []) for name in ("miss_east_km", "miss_north_km"))
    return {
        "n": [step["samples"] for step in east],
        "east_km": [step["sd"] for step in east],
        "north_km": [step["sd"] for step in north],
    }


def _zone(zone: Mapping[str, Any]) -> dict[str, Any]:
    place = {key: zone[key] for key in ("latitude_deg", "longitude_deg")}
    return {"name": zone.get("title") or zone["name"], "radius_km": zone["radius_m"] / 1e3, **place}


def _facts(summary: Summary, landing: Mapping[str, Any] | None, zone: Mapping[str, Any] | None) -> list[list[str]]:
    about = summary.document["campaign"]
    failed = sum(one["count"] for name, one in summary.document["statuses"].items() if name != "landed")
    facts = [["Returns", f"{about['rows']:,}".replace(",", "\u202f")], ["Not landed", str(failed)]]
    if landing is not None:
        facts.append(["Spread east-west", f"{landing['sd_east_km']:.2f} km"])
        facts.append(["Spread north-south", f"{landing['sd_north_km']:.2f} km"])
    if zone is not None:
        inside = zone["landed_inside"]
        facts.append(["In the zone", f"{100 * inside['value']:.4g} %, ≥ {100 * inside['low']:.2f} %"])
    return facts
