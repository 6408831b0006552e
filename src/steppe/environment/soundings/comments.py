"""What the comments of a table say: ``# utc = 2022-09-29T12:00Z``, ``# latitude_deg = 47.8``, ..."""

from __future__ import annotations

import re


def said(text: str) -> dict[str, str]:
    """Return time, place and name that the comments of a table give: utc, latitude_deg, longitude_deg, name."""
    found = re.findall(r"^\s*#\s*(utc|latitude_deg|longitude_deg|name)\s*=\s*(\S+)\s*$", text, re.MULTILINE)
    return dict(found)
