"""The figure of the contact with the ground: speeds, what floor and seat feel, and the response of the body."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from steppe.flight.contact_pulse import Pulse
from steppe.flight.result import Contact
from steppe.kernels.touchdown import LOW_RISK_X, LOW_RISK_Y, LOW_RISK_Z
from steppe.view import theme
from steppe.view.labels import Labels
from steppe.view.sheet import prepare, sheet

_SIZE_IN: Final = (11.0, 4.6)
# Touchdown speeds that RSC Energia publishes: nominal, largest with the main parachute, nominal with the reserve
_PUBLISHED: Final = ((1.4, "nominal"), (2.6, "largest"), (4.0, "under the reserve"))
_REACH: Final = (6.0, 13.0, 24.0, 40.0)


def contact_figure(contact: Contact, pulse: Pulse, title: str) -> Any:
    """Return the figure: speeds across and along the ground, loads over time, responses against low risk."""
    fate = "ends on its side" if contact.tips_over else f"stays upright (largest tilt {contact.tilt_deg:.0f}°)"
    note = (
        f"The capsule {fate} and slides {contact.dragged_m:.1f} m; slope {contact.slope_deg:.1f}°. Soil, seat and c.g. "
        "are assumed or derived (docs/models/landing.md)."
    )
    with theme.themed():
        figure = sheet(_SIZE_IN, title, note)
        _draw_speeds(figure.add_axes((0.065, 0.125, 0.235, 0.625)), contact)
        _draw_pulse(figure.add_axes((0.375, 0.125, 0.33, 0.625)), contact, pulse)
        _draw_responses(figure.add_axes((0.80, 0.125, 0.165, 0.625)), contact)
    return figure


def _draw_speeds(axes: Any, contact: Contact) -> None:
    prepare(axes, "Speed at contact", "Along the ground, m/s", "Across it, down, m/s")
    along, down = contact.horizontal_speed_m_s, contact.vertical_speed_m_s
    right, deepest = max(1.45 * along, 3.0), max(1.3 * down, 5.0)
    axes.set_xlim(0.0, right)
    axes.set_ylim(deepest, 0.0)
    for speed, words in _PUBLISHED:
        axes.axhline(speed, color=theme.FAINT, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
        axes.text(right, speed, f"{words} {speed:g} ", ha="right", va="bottom", fontsize=theme.SMALL - 0.5,
                  color=theme.SOFT)  # fmt: skip
    arrow = {"arrowstyle": "-|>", "color": theme.BLUE, "linewidth": 2.0, "shrinkA": 0.0, "shrinkB": 0.0}
    axes.annotate("", (along, down), xytext=(0.0, 0.0), arrowprops=arrow, zorder=4)
    labels = Labels(axes)
    labels.avoid_line([0.0, along], [0.0, down])
    text = f"{down:.1f} m/s down\n{along:.1f} m/s along"
    labels.place(text, along, down, color=theme.BLUE, must=True, distances=_REACH,
                 places=((0.8, -0.8), (0.8, 0.8), (-0.8, -0.8)))  # fmt: skip


def _draw_pulse(axes: Any, contact: Contact, pulse: Pulse) -> None:
    prepare(axes, "Floor, seat and body", "Time after contact, ms", "Load, g")
    time_ms = 1e3 * pulse.time_s
    curves = (
        ("Floor", pulse.floor_g, theme.SOFT, 1.2), ("Seat behind its damper", pulse.seat_g, theme.BLUE, 2.0),
        ("Response, chest to back", pulse.response_g, theme.VERMILION, 1.4),
    )  # fmt: skip
    top = max(float(values.max()) for _, values, _, _ in curves)
    axes.set_xlim(0.0, float(time_ms[-1]))
    axes.set_ylim(min(0.0, 1.1 * min(float(values.min()) for _, values, _, _ in curves)), 1.35 * top)
    labels = Labels(axes)
    for _, values, colour, width in curves:
        axes.plot(time_ms, values, color=colour, linewidth=width, zorder=3)
        labels.avoid_line(time_ms, values)
    for words, values, colour, _ in curves:
        at = int(np.argmax(values))
        labels.place(f"{words}\n{values[at]:.1f} g", float(time_ms[at]), float(values[at]), color=colour, must=True,
                     places=((0.0, 1.2), (0.8, 0.8), (1.0, 0.0), (-0.8, 0.8)), distances=_REACH)  # fmt: skip
    text = f"the seat gives way by {1e3 * contact.seat_stroke_m:.0f} mm"
    axes.text(0.985, 0.965, text, transform=axes.transAxes, ha="right", va="top", fontsize=theme.SMALL,
              color=theme.SOFT)  # fmt: skip


def _draw_responses(axes: Any, contact: Contact) -> None:
    shares = (
        ("x", contact.drx / LOW_RISK_X), ("y", contact.dry / LOW_RISK_Y), ("z", contact.drz / LOW_RISK_Z),
        ("beta", contact.beta),
    )  # fmt: skip
    prepare(axes, "Share of low risk", "", "")
    columns = np.arange(len(shares))
    colours = [theme.BLUE] * 3 + [theme.INK]
    values = [share for _, share in shares]
    axes.bar(columns, values, width=0.62, color=colours, alpha=0.85, zorder=3)
    axes.set_xticks(columns, [name for name, _ in shares])
    axes.tick_params(axis="x", length=0.0, labelcolor=theme.INK)
    axes.grid(visible=False, axis="x")
    axes.set_ylim(0.0, max(1.25, 1.2 * max(values)))
    axes.axhline(1.0, color=theme.VERMILION, linewidth=1.3, zorder=2)
    axes.annotate("low risk, 0.5 %", (-0.4, 1.0), xytext=(0, 3), textcoords="offset points", fontsize=theme.SMALL,
                  color=theme.VERMILION)  # fmt: skip
    for column, value in zip(columns, values, strict=True):
        axes.annotate(f"{value:.2f}", (column, value), xytext=(0, 3), textcoords="offset points", ha="center",
                      fontsize=theme.SMALL, color=theme.INK)  # fmt: skip
    risk = contact.injury_probability
    words = f"risk of injury {100.0 * risk:.2g} %" if risk >= 1e-6 else "risk of injury below 0.0001 %"
    if math.isfinite(risk):
        axes.set_xlabel(words)
