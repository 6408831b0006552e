"""``steppe summary``: what a campaign says, as tables, figures and files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from steppe.cli.terminal import can_draw, emit, emit_json, emit_rich, output_width, plain_table, progress_line
from steppe.view.crew_quantities import SHOWN_APART, known

EXAMPLE: Final = "Example:  steppe summary my-campaign"
_SHOWN_QUANTILES: Final = (0.01, 0.5, 0.99)
_DRIVERS: Final = 3
_WORST: Final = 3
# Narrower terminals see numbers without their bounds and errors: a number that is cut off would mislead
_WIDE: Final = 140
# Of what is shown apart these have their drivers listed; the others follow them or nearly so
_DRIVEN: Final = ("limit_share_gx", "peak_heat_flux_w_m2", "landing_tipped", "landing_beta")


def summary_verb(
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help="The folder or URI of a campaign (steppe disperse --out).")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole summary as JSON instead of tables.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write figures and files; DIR/summary if not given.")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Summarise an unfinished campaign as far as it goes.")
    ] = False,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw the figures.")] = True,
) -> None:
    """Summarise a campaign: quantiles, footprints, probabilities, worst cases, convergence and drivers."""
    from steppe.ensemble.place import local_folder
    from steppe.ensemble.store import Campaign
    from steppe.ensemble.summary import summarise
    from steppe.io.campaign import check_summary_folder, write_summary

    campaign = Campaign.open(folder)
    if not partial:
        _require_complete(campaign)
    target = local_folder(folder) / "summary" if out is None else out
    check_summary_folder(target)
    with progress_line(f"Summarising {campaign.spec.samples} flights"):
        summary = summarise(campaign, partial=partial)
        files = write_summary(summary.document, summary.shapes, target)
        files += _draw(summary, target) if figures else []
        files.append(_report(summary, target))
    if as_json:
        emit_json({**summary.document, "files": [str(path) for path in files]})
        return
    _print(summary.document)
    emit("\nWritten: " + ", ".join(str(path) for path in files))


def _require_complete(campaign: Any) -> None:
    from steppe.errors import OutputError

    try:
        campaign.require_complete()
    except OutputError as error:
        raise OutputError(f"{error}, or summarise what is there with --partial") from None


def _report(summary: Any, target: Path) -> Path:
    from steppe.view.campaign_document import campaign_document
    from steppe.view.report import write_report

    write_report(campaign_document(summary), target / "report.html")
    return target / "report.html"


def _draw(summary: Any, target: Path) -> list[Path]:
    if not can_draw():
        return []
    from steppe.view.campaign import write_figures

    return write_figures(summary, target)


def _print(document: Mapping[str, Any]) -> None:
    about = document["campaign"]
    state = "" if about["complete"] else f" of {about['samples']}, {about['missing_shards']} shards are missing"
    emit(f"{about['mission']}: {about['rows']} flights{state}, seed {about['seed']}\n")
    emit_rich(_status_table(document["statuses"]))
    if document["landing"] is not None:
        emit("")
        emit_rich(_landing_table(document["landing"]))
        emit(_landing_text(document["landing"]))
    if document["zone"] is not None or document["limits"]:
        emit("")
        emit_rich(_probability_table(document))
    crew = _crew_table(document["outputs"])
    plain = {name: about for name, about in document["outputs"].items() if crew is None or name not in SHOWN_APART}
    emit("")
    emit_rich(_output_table(plain))
    if crew is not None:
        emit("")
        emit_rich(crew)
    if any(output.get("worst") for output in document["outputs"].values()):
        emit("")
        emit_rich(_worst_table(document["outputs"]))
        again = f"steppe disperse {about['mission']} --seed {about['seed']} --only SAMPLE"
        emit(f"one of them again, with its trajectory: {again}")
    led = plain | {name: document["outputs"][name] for name in _DRIVEN if name in document["outputs"]}
    if any(output.get("drivers") for output in led.values()):
        emit("")
        emit_rich(_driver_table(led))


def _status_table(statuses: Mapping[str, Any]) -> Any:
    table = plain_table("outcome", "flights", "probability", "95 % bounds", right=("flights", "probability"))
    for name, share in statuses.items():
        table.add_row(name, str(share["count"]), _percent(share["value"]), _between(share))
    return table


def _landing_table(landing: Mapping[str, Any]) -> Any:
    right = ("half axes, km", "azimuth, deg", "area, km2")
    table = plain_table("landings", *right, "95 % bounds of the long half axis, km", right=right)
    rows = [("one sigma", landing["covariance_ellipse"], "")]
    for footprint in landing["footprints"]:
        low, high = (footprint[bound] and _number(footprint[bound]["major_km"]) for bound in ("low", "high"))
        bounds = f"{low or '?'} to {high or '? (few flights)'}"
        rows.append((f"{100 * footprint['share']:g} % footprint", footprint, bounds))
    for name, ellipse, bounds in rows:
        axes = f"{ellipse['major_km']:.2f} × {ellipse['minor_km']:.2f}"
        table.add_row(name, axes, f"{ellipse['azimuth_deg']:.0f}", _number(ellipse["area_km2"]), bounds)
    return table


def _landing_text(landing: Mapping[str, Any]) -> str:
    north, east = landing["mean_latitude_deg"], landing["mean_longitude_deg"]
    return (
        f"spread east {_with_error(landing['sd_east_km'], landing['sd_east_standard_error_km'])} km, "
        f"north {_with_error(landing['sd_north_km'], landing['sd_north_standard_error_km'])} km (one sigma), "
        f"mean {abs(north):.4f} {'N' if north >= 0.0 else 'S'} {abs(east):.4f} {'E' if east >= 0.0 else 'W'}, "
        f"{landing['samples']} landings"
    )


def _probability_table(document: Mapping[str, Any]) -> Any:
    table = plain_table("probability of", "flights", "estimate", "95 % bounds", right=("flights", "estimate"))
    zone = document["zone"]
    if zone is not None:
        inside = zone["landed_inside"]
        name = f"landing in {zone['title'] or zone['name']} ({zone['radius_m'] / 1e3:g} km)"
        table.add_row(name, f"{inside['count']} of {inside['samples']}", _percent(inside["value"]), _between(inside))
    for limit in document["limits"]:
        share, sign = limit["exceeded"], ">" if limit["above"] else "<"
        name = f"{limit['column']} {sign} {limit['bound']:g}"
        table.add_row(name, f"{share['count']} of {share['samples']}", _percent(share["value"]), _between(share))
    return table


def _output_table(outputs: Mapping[str, Any]) -> Any:
    heads = [f"{100 * p:g} %" for p in _SHOWN_QUANTILES]
    table = plain_table("output", "mean", "sd", *heads, right=("mean", "sd", *heads))
    table.columns[0].no_wrap = True
    wide = output_width() >= _WIDE
    quantile = _quantile if wide else _bare_quantile
    for name, about in outputs.items():
        if not about["samples"]:
            table.add_row(name, *["-"] * (2 + len(heads)))
            continue
        mean = _with_error(about["mean"], about["mean_standard_error"] if wide else None)
        sd = _with_error(about["sd"], about["sd_standard_error"] if wide else None)
        shown = [quantile(entry) for entry in about["quantiles"] if entry["probability"] in _SHOWN_QUANTILES]
        table.add_row(name, mean, sd, *shown)
    return table


def _crew_table(outputs: Mapping[str, Any]) -> Any:
    """Return loads, heat, radio and contact in units for people; None where a campaign has none of them."""
    found = known(outputs)
    if not any(one.column in outputs and one.column.startswith(("limit_", "landing_")) for one in found):
        return None
    heads = [f"{100 * p:g} %" for p in _SHOWN_QUANTILES]
    table = plain_table("crew, shield, radio, contact", "mean", *heads, "unit", right=("mean", *heads))
    for one in found:
        about = outputs[one.column]
        shown = [entry["value"] for entry in about["quantiles"] if entry["probability"] in _SHOWN_QUANTILES]
        table.add_row(one.label, *(f"{one.factor * value:.3g}" for value in (about["mean"], *shown)), one.unit)
    return table


def _worst_table(outputs: Mapping[str, Any]) -> Any:
    table = plain_table("output", "worst cases: value (sample)")
    for name, about in outputs.items():
        cases = about.get("worst", [])[:_WORST]
        if cases:
            table.add_row(name, ", ".join(f"{_number(case['value'])} ({case['sample']})" for case in cases))
    return table


def _driver_table(outputs: Mapping[str, Any]) -> Any:
    table = plain_table("output", "drivers: Sobol index with 95 % bounds, rank correlation")
    for name, about in outputs.items():
        found = [driver for driver in about.get("drivers", []) if driver["sobol_low"] > 0.0][:_DRIVERS]
        if about.get("drivers"):
            texts = [
                f"{driver['input']} {driver['sobol']:.2f} ({driver['sobol_low']:.2f} to {driver['sobol_high']:.2f}), "
                f"{driver['spearman']:+.2f}"
                for driver in found
            ]
            table.add_row(name, "\n".join(texts) or "none stands out")
    return table


def _quantile(entry: Mapping[str, Any]) -> str:
    low, high = (f"{entry[bound]:.4g}" if entry[bound] is not None else "?" for bound in ("low", "high"))
    return f"{entry['value']:.4g} ({low}..{high})"


def _bare_quantile(entry: Mapping[str, Any]) -> str:
    return _number(entry["value"])


def _with_error(value: float | None, error: float | None) -> str:
    """Return a value with as many digits as its error allows."""
    if value is None:
        return "-"
    if not error:
        return _number(value)
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{min(digits, 9)}f} ± {error:.{min(digits, 9)}f}"


def _number(value: float) -> str:
    # whole numbers of any size as they are, others with five digits
    return f"{value:.0f}" if abs(value) >= 1e4 and abs(value) < 1e15 else f"{value:.5g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.4g} %"


def _between(share: Mapping[str, Any]) -> str:
    return f"{_percent(share['low'])} to {_percent(share['high'])}"
