"""Measures of what a person can see."""

from __future__ import annotations

from typing import Any

_CHANNELS = """
(name) => {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found.match(/[\\d.]+/g).slice(0, 3).map(Number);
}
"""


def _luminance(page: Any, name: str) -> float:
    """Relative luminance of a colour of the style sheet (WCAG 2.1)."""
    parts = [value / 255.0 for value in page.evaluate(_CHANNELS, name)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(page: Any, text: str, ground: str) -> float:
    """Contrast ratio of two colours of the style sheet (WCAG 2.1)."""
    one, other = sorted((_luminance(page, text), _luminance(page, ground)), reverse=True)
    return (one + 0.05) / (other + 0.05)
