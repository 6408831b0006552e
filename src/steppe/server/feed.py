"""Telemetry of one session: put in order, estimated, and shown beside the plan, with its age and its gaps."""

from __future__ import annotations

import bisect
import itertools
import math
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.constants import STANDARD_GRAVITY_M_S2
from steppe.errors import TelemetryError
from steppe.flight.estimation import Estimate, Measurement, first_estimate, predicted, updated
from steppe.flight.result import Flight
from steppe.frames.geodetic import itrf_to_geodetic
from steppe.io.summary import finite
from steppe.kernels.air import air_at
from steppe.kernels.earth import altitude_and_up
from steppe.kernels.heating import stagnation_heat_flux
from steppe.kernels.motion import World, air_velocity
from steppe.server.frames import phase_at
from steppe.server.order import AHEAD_S, WINDOW_S, Order
from steppe.server.state import State
from steppe.server.telemetry import Source, read_body

Array = npt.NDArray[np.float64]

# Silence of so many usual intervals is a gap, and the value shown is stale
_GAP: Final = 3.0
_SHORTEST_PERIOD_S: Final = 0.5
# Nothing is predicted for longer: by then the filter knows its place to 25 km
_LONGEST_GAP_S: Final = 60.0
# A remark of one kind is made at most so often
_REMARK_S: Final = 10.0
_DRAWS: Final = 8
_MARKS: Final = 500
# A velocity less sure than this is not shown
_UNKNOWN_M_S: Final = 500.0


@dataclass(slots=True)
class Feed:
    """What telemetry has told.

    Attributes
    ----------
    world, nose_radius_m
        For what is derived from the estimate: the same laws as those of the flight.
    order, estimates
        Packets in order of time, and the estimate after each.
    late_s, jumped_s
        Times of the packets that came out of order, and of those that did not fit: the page marks them.
    jumps
        Packets that were too far off when they came.
    source
        Whose states the first ephemeris message held; None before it.
    remarks
        What is worth a message and was not said yet.
    """

    world: World
    nose_radius_m: float
    order: Order = field(default_factory=Order)
    estimates: list[Estimate] = field(default_factory=list)
    jumps: int = 0
    received_s: float | None = None
    source: Source | None = None
    late_s: list[float] = field(default_factory=list)
    jumped_s: list[float] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    _remarked: dict[str, float] = field(default_factory=dict)
    _columns: tuple[list[Estimate], dict[str, Any]] | None = None

    @property
    def seen(self) -> list[Measurement]:
        """Packets that are believed, in order of time."""
        return self.order.seen

    def take(self, body: bytes, epoch: datetime) -> dict[str, Any]:
        """Take the packets of a body, all or none; slow for a large one, so it runs beside the stream.

        The estimates are made anew once, from the earliest packet on that is new: the order in the body costs nothing.

        Raises
        ------
        TelemetryError
            If it cannot be read.
        """
        packets, source = read_body(body, epoch)
        if source is not None and self.source is not None and source.is_other(self.source):
            raise TelemetryError(f"these are states of {source}, the feed is of {self.source}; nothing was taken")
        before, draft = self.order, self.order.copy()
        last_s = before.seen[-1].time_s if before.seen else None
        first = len(draft.seen)
        for packet in packets:
            late = draft.late
            first = min(first, draft.add(packet), len(draft.seen))
            if draft.late > late:
                _marked(self.late_s, packet.time_s)
        estimates, fresh, jumps = self.estimates[:first], {id(one) for one in packets}, 0
        for packet in draft.seen[first:]:
            estimates.append(self._estimate(estimates[-1] if estimates else None, packet))
            if estimates[-1].jumped and id(packet) in fresh:
                jumps += 1
                _marked(self.jumped_s, packet.time_s)
        taken = sum(id(one) in fresh for one in draft.seen[first:])
        del estimates[: draft.trim()]
        self.order, self.estimates = draft, estimates
        self.source = self.source or source
        # What is sent again, too late or not believed does not make the state shown any younger
        if draft.seen[-1].time_s != last_s:
            self.received_s = time.monotonic()
        self.jumps += jumps
        self._remark(before, jumps, last_s)
        return {
            "taken": taken,
            "duplicates": draft.duplicates - before.duplicates,
            "conflicts": draft.conflicts - before.conflicts,
            "late": draft.late - before.late,
            "too_late": max(draft.lost - before.lost, 0),
            "aside": len(draft.aside) if draft.aside_s > 0.0 else 0,
            "dismissed": draft.dismissed - before.dismissed,
            "jumps": jumps,
            "residual_m": estimates[-1].residual_m,
        }

    def _estimate(self, last: Estimate | None, packet: Measurement) -> Estimate:
        # After so long a silence nothing is known of the place; a state that fell into the Earth is none either
        if last is None or packet.time_s - last.time_s > AHEAD_S:
            return first_estimate(packet)
        with np.errstate(all="ignore"):
            try:
                found = updated(self.world.earth, last, packet)
            except (ArithmeticError, np.linalg.LinAlgError):
                found = None
        if found is not None and np.isfinite(found.mean).all() and np.isfinite(found.covariance).all():
            return found
        return replace(first_estimate(packet), jumped=True)

    def _remark(self, before: Order, jumps: int, last_s: float | None) -> None:
        """Note what an operator should know, each kind at most every 10 s."""
        order, found = self.order, {}
        if jumps:
            found["jump"] = f"{jumps} packets jump; the last residual is {self.estimates[-1].residual_m:.0f} m"
        if order.conflicts > before.conflicts:
            found["conflict"] = (
                f"{order.conflicts - before.conflicts} packets contradict others of the same moment, the last by "
                f"{order.apart_m:.0f} m; the first is kept: are there two sources?"
            )
        if order.lost > before.lost:
            found["late"] = (
                f"{order.lost - before.lost} packets came more than {WINDOW_S:g} s too late and are not used"
            )
        if order.aside_s > 0.0:
            found["ahead"] = f"a packet is {order.aside_s:.0f} s ahead of the others; it waits for a third that agrees"
        if order.dismissed > before.dismissed:
            count = order.dismissed - before.dismissed
            found["wrong"] = f"the time of {count} packets was wrong: those that came since agree on another; dropped"
        later = [one.time_s for one in self.seen if last_s is not None and one.time_s >= last_s]
        silent_s = max((two - one for one, two in itertools.pairwise(later)), default=0.0)
        if silent_s > self.gap_s:
            found["gap"] = f"telemetry is back after a gap of {silent_s:.0f} s"
        now = time.monotonic()
        for kind, text in found.items():
            if now - self._remarked.get(kind, -_REMARK_S) >= _REMARK_S:
                self._remarked[kind] = now
                self.remarks.append(text)

    @property
    def period_s(self) -> float:
        """The usual interval of the packets."""
        return max(self.order.period_s, _SHORTEST_PERIOD_S)

    @property
    def gap_s(self) -> float:
        """Silence for longer than this is a gap."""
        return min(_GAP * self.period_s, _LONGEST_GAP_S)

    def age_s(self, wall_s: float) -> float | None:
        """Return the seconds of the wall since a packet was the newest, None before the first."""
        return None if self.received_s is None else wall_s - self.received_s

    def now_s(self, wall_s: float, fallback_s: float) -> float:
        """Return the moment to show: the newest packet and the time since, until it is stale."""
        age_s = self.age_s(wall_s)
        if age_s is None or not self.seen:
            return fallback_s
        return self.seen[-1].time_s + min(age_s, self.gap_s)

    def status(self, wall_s: float) -> State:
        """Return how the feed is."""
        age_s = self.age_s(wall_s)
        if age_s is None:
            return State("off", "NO TELEMETRY", "no packet has come yet")
        if age_s > self.gap_s:
            return State("serious", f"STALE {age_s:.0f} s", f"no packet for {age_s:.0f} s")
        if self.order.aside_s > 0.0:
            return State("caution", "TIME", f"a packet is {self.order.aside_s:.0f} s ahead of the others")
        if self.estimates[-1].jumped:
            return State("caution", "JUMP", f"the last packet is {self.estimates[-1].residual_m:.0f} m off")
        return State("normal", "FEED", "")

    def frame(self, plan: Flight, now_s: float, wall_s: float) -> dict[str, Any]:
        """Return what a frame says of the feed."""
        status, age_s = self.status(wall_s), self.age_s(wall_s)
        name, label = phase_at(plan, now_s)
        last = self.estimates[-1] if self.estimates else None
        here = None if last is None else predicted(self.world.earth, last, now_s)
        state = status if status.level in ("off", "serious") else State("normal", "TELEMETRY")
        return {
            "phase": {"event": name, "label": label},
            "state": state.document(),
            "values": {} if here is None else self.values(here),
            "burn": None,
            "feed": {
                "age_s": age_s,
                "status": status.document(),
                "residual_m": None if last is None else last.residual_m,
                "position_sd_m": None if here is None else here.position_sd_m,
                "packets": len(self.seen),
                "dropped": self.order.duplicates + self.order.conflicts + self.order.lost + self.order.dismissed,
                "conflicts": self.order.conflicts,
                "late": self.order.late,
                "aside": len(self.order.aside),
                "jumps": self.jumps,
            },
        }

    def values(self, here: Estimate) -> dict[str, float | None]:
        """Return the outputs of an estimate by the laws that the flight is computed with."""
        x, y, z, u, v, w = (float(value) for value in here.mean[:6])
        altitude, up_x, up_y, up_z = altitude_and_up(self.world.earth, x, y, z)
        latitude, longitude, _ = itrf_to_geodetic(here.mean[:3])
        radius = math.sqrt(x * x + y * y + z * z)
        density, inverse_sound = air_at(self.world.air, altitude, x / radius, y / radius, z / radius)
        air_x, air_y, air_z = air_velocity(self.world, altitude, up_x, up_y, up_z)
        airspeed = math.sqrt((u - air_x) ** 2 + (v - air_y) ** 2 + (w - air_z) ** 2)
        ground, climb = math.sqrt(u * u + v * v + w * w), u * up_x + v * up_y + w * up_z
        across = math.hypot(up_x, up_y) + 1e-12
        east = (-u * up_y + v * up_x) / across
        north = math.sqrt(max(ground**2 - climb**2 - east**2, 0.0))
        north = math.copysign(north, w - climb * up_z)
        spin = self.world.earth.rotation_rad_s
        place: dict[str, float | None] = {
            "altitude_m": altitude,
            "latitude_deg": math.degrees(float(latitude)),
            "longitude_deg": math.degrees(float(longitude)),
        }
        moving: dict[str, float | None] = {
            "airspeed_m_s": airspeed,
            "ground_speed_m_s": ground,
            "vertical_speed_m_s": climb,
            "inertial_speed_m_s": math.sqrt((u - spin * y) ** 2 + (v + spin * x) ** 2 + w * w),
            "flight_path_angle_deg": math.degrees(math.atan2(climb, math.hypot(east, north))),
            "heading_deg": math.degrees(math.atan2(east, north)) % 360.0,
            "mach": airspeed * inverse_sound,
            "dynamic_pressure_pa": 0.5 * density * airspeed * airspeed,
            "load_g": float(np.linalg.norm(here.mean[6:9])) / STANDARD_GRAVITY_M_S2,
            "heat_flux_w_m2": float(stagnation_heat_flux(density, airspeed, self.nose_radius_m)),
        }
        # after a single place without a velocity nothing is known of the motion, and a zero would be drawn
        velocity_sd = math.sqrt(float(np.trace(here.covariance[3:6, 3:6])) / 3.0)
        # What a packet makes of nothing known is no number, and JSON has no word for it
        found: dict[str, float | None] = finite(
            place | (moving if velocity_sd < _UNKNOWN_M_S else dict.fromkeys(moving))
        )
        return found

    def columns_document(self) -> dict[str, Any]:
        """Return the estimates as columns; a row without values stands in each gap, so that a line breaks there."""
        rows: list[tuple[float, dict[str, float | None]]] = []
        estimates = self.estimates
        if self._columns is not None and self._columns[0] is estimates:
            return self._columns[1]
        gap_s = self.gap_s
        for estimate in estimates:
            if rows and estimate.time_s - rows[-1][0] > gap_s:
                rows.append((0.5 * (rows[-1][0] + estimate.time_s), {}))
            rows.append((estimate.time_s, self.values(estimate)))
        names = next((list(row) for _, row in rows if row), ["altitude_m", "latitude_deg", "longitude_deg"])
        columns: dict[str, list[float | None]] = {"time_s": [moment for moment, _ in rows]}
        columns |= {name: [row.get(name) for _, row in rows] for name in names}
        document = {"columns": columns, "events": [], "late_s": list(self.late_s), "jumped_s": list(self.jumped_s)}
        # Packets make a new list of estimates: what is kept is that of this very list
        self._columns = (estimates, document)
        return document

    def past(self, plan: Flight, time_s: float) -> dict[str, Any]:
        """Return what a frame of a replay says of a moment: the estimate that holds there, nothing in a gap."""
        known = list(self.estimates)
        at = bisect.bisect_right(known, time_s, key=lambda one: one.time_s) - 1
        name, label = phase_at(plan, time_s)
        fresh = at >= 0 and time_s - known[at].time_s <= self.gap_s
        state = State("normal", "TELEMETRY") if fresh else State("off", "NO TELEMETRY", "no packet is of this moment")
        values = self.values(predicted(self.world.earth, known[at], time_s)) if fresh else {}
        return {"phase": {"event": name, "label": label}, "state": state.document(), "values": values}

    def states(self, at_s: float) -> list[Array] | None:
        """Return states drawn from the estimate for a prediction, None before the first packet."""
        if not self.estimates:
            return None
        return predicted(self.world.earth, self.estimates[-1], at_s).drawn(_DRAWS)

    def plan_s(self, plan: Flight, at_s: float) -> float:
        """Return the moment of the plan whose phase the ship is in: before the cut-off by time, then by altitude."""
        cut = plan.event("deorbit_cutoff") or plan.event("start") or plan.events[0]
        if at_s <= cut.time_s or not self.estimates:
            return at_s
        altitude = self.values(predicted(self.world.earth, self.estimates[-1], at_s))["altitude_m"] or 0.0
        columns = plan.track.columns
        falling = columns["time_s"] > cut.time_s
        below = np.flatnonzero(falling & (columns["altitude_m"] <= altitude))
        return float(columns["time_s"][below[0]]) if below.size else at_s

    def about(self) -> dict[str, Any]:
        """Return what a page should know of the feed."""
        found: dict[str, Any] = {"window_s": WINDOW_S, "stale_after_s": self.gap_s}
        return found | {"object": None if self.source is None else str(self.source)}


def _marked(times: list[float], time_s: float) -> None:
    times.append(time_s)
    del times[:-_MARKS]
