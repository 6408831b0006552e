"""GeoJSON features as KML 2.3 (OGC 12-007r2) for Google Earth and other globes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from steppe.files import atomic_path

_NAMESPACE: Final = "http://www.opengis.net/kml/2.3"


def kml_text(
    collection: Mapping[str, Any],
    title: str,
    name_of: Callable[[Mapping[str, Any]], str],
    colour_of: Callable[[Mapping[str, Any]], str],
) -> bytes:
    """Return a KML document.

    Parameters
    ----------
    collection
        A GeoJSON FeatureCollection; of positions, only longitude and latitude are kept.
    title
        Name of the document.
    name_of, colour_of
        Give the name and the colour (``"#rrggbb"``) of a feature by its properties.
    """
    ET.register_namespace("", _NAMESPACE)
    root = ET.Element(_tag("kml"))
    document = ET.SubElement(root, _tag("Document"))
    _text(document, "name", title)
    for feature in collection["features"]:
        about = feature["properties"]
        placemark = ET.SubElement(document, _tag("Placemark"))
        _text(placemark, "name", name_of(about))
        _style(placemark, colour_of(about))
        data = ET.SubElement(placemark, _tag("ExtendedData"))
        for key, value in about.items():
            if value is not None:
                entry = ET.SubElement(data, _tag("Data"), name=key)
                _text(entry, "value", str(value))
        _geometry(placemark, feature["geometry"])
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def write_kml(content: bytes, path: Path) -> None:
    """Write a KML document, whole or not at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _tag(name)).text = text


def _style(placemark: ET.Element, colour: str) -> None:
    # KML writes colours as alpha, blue, green, red
    bgr = colour[5:7] + colour[3:5] + colour[1:3]
    style = ET.SubElement(placemark, _tag("Style"))
    line = ET.SubElement(style, _tag("LineStyle"))
    _text(line, "color", f"ff{bgr}")
    _text(line, "width", "2")
    fill = ET.SubElement(style, _tag("PolyStyle"))
    _text(fill, "color", f"22{bgr}")


def _geometry(parent: ET.Element, geometry: Mapping[str, Any]) -> None:
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        _text(ET.SubElement(parent, _tag("Point")), "coordinates", _positions([coordinates]))
    elif kind == "Polygon":
        _polygon(parent, coordinates)
    elif kind == "LineString":
        _line(parent, coordinates)
    elif kind == "MultiLineString":
        several = ET.SubElement(parent, _tag("MultiGeometry"))
        for part in coordinates:
            _line(several, part)
    else:
        several = ET.SubElement(parent, _tag("MultiGeometry"))
        for polygon in coordinates:
            _polygon(several, polygon)


def _line(parent: ET.Element, points: Any) -> None:
    line = ET.SubElement(parent, _tag("LineString"))
    _text(line, "tessellate", "1")
    _text(line, "coordinates", _positions(points))


def _polygon(parent: ET.Element, rings: Any) -> None:
    polygon = ET.SubElement(parent, _tag("Polygon"))
    _text(polygon, "tessellate", "1")
    boundary = ET.SubElement(ET.SubElement(polygon, _tag("outerBoundaryIs")), _tag("LinearRing"))
    _text(boundary, "coordinates", _positions(rings[0]))


def _positions(points: Any) -> str:
    return " ".join(f"{point[0]:.6f},{point[1]:.6f},0" for point in points)
