"""The report: one HTML file with its data, its scripts and its styles inside, which asks no other host for anything."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from steppe.errors import OutputError
from steppe.files import write_text

# Nothing is loaded and nothing is sent: the page may only run what stands in it
_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="steppe {version}">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<header></header>
<main></main>
<noscript><p>This report draws itself with JavaScript; the numbers are in the files beside it.</p></noscript>
<script type="application/json" id="data">{data}</script>
<script>
{script}
</script>
</body>
</html>
"""


@cache
def static_text(name: str) -> str:
    """Return a built file of the front end.

    Raises
    ------
    OutputError
        If it is missing: the front end was not built.
    """
    try:
        return resources.files("steppe.view").joinpath("static", name).read_text("utf-8")
    except FileNotFoundError:
        raise OutputError(
            f"the page file {name} is missing from this installation; in a checkout build it with: "
            "cd frontend && npm ci && npm run build"
        ) from None


def report_html(document: Mapping[str, Any]) -> str:
    """Return the page of a document.

    Parameters
    ----------
    document
        From `steppe.view.documents.flight_document` or `steppe.view.campaign_document.campaign_document`.
    """
    # "</" would end the script element, wherever it stands in the data
    data = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("</", "<\\/")
    return _PAGE.format(
        policy=_POLICY,
        version=html.escape(str(document["provenance"].get("steppe", ""))),
        title=html.escape(str(document["title"])),
        style=static_text("page.css"),
        data=data.replace("<!--", "<\\u0021--"),
        script=static_text("report.js"),
    )


def write_report(document: Mapping[str, Any], path: Path) -> None:
    """Write the report, whole or not at all.

    Raises
    ------
    OutputError
        If the front end is missing or the file cannot be written.
    """
    write_text(Path(path), report_html(document))
