"""A staging study as files: JSON, the posts as CSV, and the map as GeoJSON and KML."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from steppe.config.loader import read_recovery
from steppe.ensemble.footprint import spread
from steppe.errors import OutputError
from steppe.files import json_text, made, require_marked, write_text
from steppe.ground.recovery import Recovery, first_shares
from steppe.ground.response import Posted, posted_from
from steppe.ground.setup import Post
from steppe.io.geojson import feature, polygon
from steppe.io.kml import kml_text, write_kml

MARKER: Final = "recovery.json"
# The outlines of the touchdowns that are drawn
SHARES: Final = (0.5, 0.99)
# Okabe and Ito, "Color Universal Design" (2008), as in the figures
_COLOURS: Final = {"guided": "#0072B2", "ballistic": "#D55E00"}
_AIRFIELD: Final = "#5B6570"
_POSTS: Final = ("plan", "type", "count", "place", "side", "airfield", "latitude_deg", "longitude_deg",
                 "first_at_capsule_probability")  # fmt: skip


def recovery_geojson(study: Recovery) -> dict[str, Any]:
    """Return the optimum on the map as a FeatureCollection (RFC 7946).

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    dict
        Features with ``kind`` "airfield" and "post" (points), "footprint" (polygons that hold a share of the
        touchdowns) and "leg" (lines from a post to the middle of the touchdowns of its side).
    """
    features = []
    for one in study.force.airfield:
        about = {"kind": "airfield", **one.model_dump(exclude={"latitude_deg", "longitude_deg"})}
        features.append(_point(one.longitude_deg, one.latitude_deg, about))
    means = {}
    for points in (study.guided, study.ballistic):
        means[points.side] = points.mean_deg
        for share, ring in rings(points.latitude_deg, points.longitude_deg):
            about = {"kind": "footprint", "side": points.side, "share": share}
            features.append(feature(polygon(ring), about))
    for post in posts_of(study):
        place = post.place
        about = {"kind": "post", "type": post.type, "count": post.count, "place": place.name, "side": place.side}
        features.append(_point(place.longitude_deg, place.latitude_deg, about))
        lat, lon = means[place.side]
        line = [[round(place.longitude_deg, 6), round(place.latitude_deg, 6)], [round(lon, 6), round(lat, 6)]]
        geometry = {"type": "LineString", "coordinates": line}
        about = {"kind": "leg", "type": post.type, "place": place.name, "side": place.side}
        features.append(feature(geometry, about))
    return {"type": "FeatureCollection", "features": features}


def posts_of(study: Recovery) -> tuple[Post, ...]:
    """Return all posts of the optimum, those of the aircraft too."""
    return study.optimum.posts + (study.radio.posts if study.radio is not None else ())


def rings(latitude_deg: Any, longitude_deg: Any) -> list[tuple[float, Any]]:
    """Return the outlines that hold `SHARES` of points: share, and longitude, latitude in deg of shape (n, 2)."""
    found = spread(np.asarray(latitude_deg), np.asarray(longitude_deg))
    if found is None:
        return []
    outlines = []
    for footprint in found.footprints:
        if footprint.share in SHARES:
            lat, lon = found.plane.to_deg(*footprint.ellipse.ring_km())
            outlines.append((footprint.share, np.column_stack([lon, lat])))
    return outlines


def posts_csv(study: Recovery) -> str:
    """Return the posts of every plan as CSV with a header line."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_POSTS)
    for plan in study.plans:
        for post, first in zip(plan.posts, first_shares(study, plan), strict=True):
            table.writerow([plan.name, *_row(post), f"{first:.6f}"])
    for post in study.radio.posts if study.radio is not None else ():
        table.writerow(["radio", *_row(post), ""])
    return text.getvalue()


def check_recovery_folder(folder: Path) -> None:
    """Raise OutputError if the folder holds anything that is not an older study."""
    require_marked(Path(folder), "the study", "staging study", MARKER)


def write_recovery(study: Recovery, folder: Path) -> list[Path]:
    """Write ``recovery.json``, ``posts.csv``, ``recovery.geojson`` and ``recovery.kml``.

    Parameters
    ----------
    study
        The study.
    folder
        Where; made if it is missing.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OutputError
        If the folder is not ours to write to (`check_recovery_folder`), or the disk refuses.
    """
    folder = Path(folder)
    check_recovery_folder(folder)
    collection = recovery_geojson(study)
    title = f"Recovery of {study.mission}, {study.optimum.title}"
    texts = {
        MARKER: json_text(study.as_dict(), indent=2),
        "posts.csv": posts_csv(study),
        "recovery.geojson": json_text(collection),
    }
    made(folder)
    for name, text in texts.items():
        write_text(folder / name, text)
    write_kml(kml_text(collection, title, _name, _colour), folder / "recovery.kml")
    return [*(folder / name for name in texts), folder / "recovery.kml"]


def find_recovery(folder: Path) -> Path | None:
    """Return the folder of a staging study that lies in a folder, or right below it; None without one.

    Of several below it the first by name is taken.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return None
    return next(
        (path.parent for path in (folder / MARKER, *sorted(folder.glob(f"*/{MARKER}"))) if path.is_file()), None
    )


def read_posted(folder: Path) -> Posted:
    """Return the force of a staging study as its optimum posts it.

    Raises
    ------
    OutputError
        If the folder holds no staging study, or one that cannot be read.
    ConfigError
        If its force cannot be used.
    """
    path = Path(folder) / MARKER
    try:
        content = path.read_text(encoding="utf-8")
        study = json.loads(content)
    except OSError:
        raise OutputError(
            f"{folder} holds no {MARKER}; make a staging study with: steppe recover MISSION --out DIR"
        ) from None
    except ValueError as problem:
        raise OutputError(f"{path} is no JSON ({problem}); make it anew with steppe recover") from None
    try:
        document, plans, radio = study["force_file"], study["plans"], study["radio"]
        rows = [*plans[-1]["posts"], *(radio["posts"] if radio is not None else ())]
    except (KeyError, TypeError, IndexError) as problem:
        raise OutputError(f"{path} lacks or spoils {problem}; make it anew with steppe recover") from None
    return posted_from(
        read_recovery(document, str(path)), rows, f"staging study {folder}, {plans[-1].get('title', '')}"
    )


def _point(longitude_deg: float, latitude_deg: float, about: dict[str, Any]) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [round(longitude_deg, 6), round(latitude_deg, 6)]}
    return feature(geometry, about)


def _row(post: Post) -> list[Any]:
    place = post.place
    where = [f"{place.latitude_deg:.5f}", f"{place.longitude_deg:.5f}"]
    return [post.type, post.count, place.name, place.side, str(place.airfield).lower(), *where]


def _name(about: Mapping[str, Any]) -> str:
    if about["kind"] == "airfield":
        return f"{about['name']} ({about['icao']})"
    if about["kind"] == "footprint":
        return f"{100.0 * about['share']:g} % of the {about['side']} touchdowns"
    if about["kind"] == "post":
        return f"{about['count']} {about['type']}, {about['place']}"
    return f"{about['type']} from {about['place']}"


def _colour(about: Mapping[str, Any]) -> str:
    return _COLOURS.get(about.get("side", ""), _AIRFIELD)
