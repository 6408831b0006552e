"""The summary of a campaign as files: JSON, and the footprint as GeoJSON and KML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from steppe.files import made, require_marked, write_json
from steppe.io.geojson import circle, feature, polygon
from steppe.io.kml import kml_text, write_kml

_MARKER: Final = "summary.json"
# Okabe and Ito, "Color Universal Design" (2008), as in the figures
_COLOURS: Final = {"zone": "#009E73", "ellipse": "#1A2028", "footprint": "#0072B2", "mean": "#D55E00"}


def footprint_geojson(document: Mapping[str, Any], shapes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the footprint as a FeatureCollection (RFC 7946, cut at the antimeridian).

    Parameters
    ----------
    document
        The summary.
    shapes
        Outlines with ``ring_deg`` (longitude, latitude); their other keys become properties.

    Returns
    -------
    dict
        Features with ``kind`` "footprint", "ellipse", "mean" and "zone".
    """
    features = []
    for shape in shapes:
        about = {key: value for key, value in shape.items() if key != "ring_deg"}
        features.append(feature(polygon(shape["ring_deg"]), about))
    landing, zone = document["landing"], document["zone"]
    if landing is not None:
        point = [round(landing["mean_longitude_deg"], 6), round(landing["mean_latitude_deg"], 6)]
        features.append(feature({"type": "Point", "coordinates": point}, {"kind": "mean", "of": landing["samples"]}))
    if zone is not None:
        about = {"kind": "zone", "name": zone["name"], "title": zone["title"], "radius_m": zone["radius_m"]}
        features.append(feature(circle(zone["longitude_deg"], zone["latitude_deg"], zone["radius_m"]), about))
    return {"type": "FeatureCollection", "features": features}


def check_summary_folder(folder: Path) -> None:
    """Raise OutputError if the folder holds anything that is not an older summary."""
    require_marked(Path(folder), "the summary", "summary", _MARKER)


def write_summary(document: Mapping[str, Any], shapes: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Write ``summary.json`` and, if there are landings, ``footprint.geojson`` and ``footprint.kml``.

    Parameters
    ----------
    document, shapes
        The summary and its outlines.
    folder
        Where; made if it is missing.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OutputError
        If the folder is not ours to write to (`check_summary_folder`), or the disk refuses.
    """
    check_summary_folder(folder)
    folder = made(Path(folder))
    files = [folder / _MARKER]
    write_json(files[0], document, indent=2)
    if shapes:
        collection = footprint_geojson(document, shapes)
        files += [folder / "footprint.geojson", folder / "footprint.kml"]
        write_json(files[1], collection)
        title = f"Landings of {document['campaign']['mission']}, {document['landing']['samples']} flights"
        write_kml(kml_text(collection, title, _name, lambda about: _COLOURS[about["kind"]]), files[2])
    return files


def _name(about: Mapping[str, Any]) -> str:
    if about["kind"] == "footprint":
        bound = {"estimate": "", "low": ", lower bound", "high": ", upper bound"}[about["bound"]]
        return f"{100.0 * about['share']:g} % of the landings{bound}"
    if about["kind"] == "ellipse":
        return "Covariance ellipse (one sigma)"
    if about["kind"] == "mean":
        return "Mean landing point"
    return str(about["title"] or about["name"])
