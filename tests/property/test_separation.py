"""What must hold for all bodies that part: symmetry, conservation, and measures that no choice of axes changes."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from steppe.config.compile import aero_record, earth_record
from steppe.config.loader import load_vehicle
from steppe.config.surroundings import Earth
from steppe.environment.air import us76_air
from steppe.environment.wind import no_wind
from steppe.flight import phases as ph
from steppe.flight.running import run_phases, start_row
from steppe.ground.approach import closest_approach
from steppe.ground.parting import turned
from steppe.kernels import phase as k
from steppe.kernels.motion import World

WORLD = World(earth_record(Earth()), us76_air(), no_wind(), aero_record(load_vehicle("soyuz-ms").capsule))
SECONDS = 150.0

directions = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: math.hypot(*v) > 0.1)
angles = st.floats(-0.6, 0.6)


def fallen(kick: np.ndarray, mass_kg: float, drag_area_m2: float) -> np.ndarray:
    """Return place and velocity of a module of the Soyuz, 150 s after the split at 140 km."""
    columns = dict(zip((k.KICK_RADIAL, k.KICK_ALONG, k.KICK_CROSS), kick, strict=True))
    phase = ph.Phase(None, {k.FIXED_DRAG_M2: drag_area_m2, k.STEP_S: ph.COAST_STEP_S, **columns, **ph.after(SECONDS)})
    start = start_row(0.0, np.array([6518e3, 0.0, 0.0]), np.array([-190.0, 5000.0, 5600.0]), mass_kg)
    run = run_phases(WORLD, None, [phase], start, ground_m=-1e4)
    return run.begins[-1, k.X : k.W + 1]


@settings(max_examples=25, deadline=None)
@given(direction=directions, speed=st.floats(0.1, 2.0), mass_kg=st.floats(500.0, 3000.0))
def test_equal_bodies_pushed_apart_keep_their_centre(
    direction: tuple[float, float, float], speed: float, mass_kg: float
) -> None:
    """Equal and opposite kicks: the middle flies as if nothing had happened, and the two ways mirror each other.

    To the first order; the second is that of gravity and air over a few hundred metres, and grows with the square of
    the speed. Measured: at most 5 mm for 1 m/s in 150 s.
    """
    kick = speed * np.array(direction) / math.hypot(*direction)
    one, other, neither = (fallen(sign * kick, mass_kg, 10.0) for sign in (1.0, -1.0, 0.0))
    middle = 0.5 * (one + other) - neither
    assert np.linalg.norm(middle[:3]) < 0.01 * speed**2 + 1e-4
    apart = np.linalg.norm(one[:3] - other[:3])
    assert 0.5 * 2.0 * speed * SECONDS < apart < 1.5 * 2.0 * speed * SECONDS


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(0.2, 5.0))
def test_only_drag_area_over_mass_counts(factor: float) -> None:
    """Twice the mass with twice the drag area flies the same way."""
    still = np.zeros(3)
    np.testing.assert_allclose(fallen(still, 1000.0, 8.0), fallen(still, 1000.0 * factor, 8.0 * factor), atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(area=st.floats(1.0, 20.0))
def test_more_drag_falls_behind(area: float) -> None:
    still = np.zeros(3)
    less, more = fallen(still, 1300.0, area), fallen(still, 1300.0, area * 1.2)
    assert (more - less)[:3] @ less[3:] < 0.0


@given(direction=directions, pitch=angles, yaw=angles)
def test_a_turned_direction_stays_a_unit_vector(
    direction: tuple[float, float, float], pitch: float, yaw: float
) -> None:
    length = math.hypot(*direction)
    unit = (direction[0] / length, direction[1] / length, direction[2] / length)
    found = turned(unit, pitch, yaw)
    assert math.isclose(float(np.linalg.norm(found)), 1.0, rel_tol=1e-12)
    # two turns about axes across each other: the angles multiply in their cosines
    assert math.isclose(float(found @ np.array(unit)), math.cos(pitch) * math.cos(yaw), abs_tol=1e-12)
    np.testing.assert_allclose(turned(unit, 0.0, 0.0), unit, atol=1e-15)


@given(
    ways=st.lists(st.tuples(*[st.floats(-50.0, 50.0)] * 3), min_size=3, max_size=30),
    limit_m=st.floats(0.5, 20.0),
    turn=angles,
)
def test_the_closest_approach_is_the_least_distance_after_the_turn_in_any_axes(
    ways: list[tuple[float, float, float]], limit_m: float, turn: float
) -> None:
    way, time = np.array(ways), np.arange(len(ways), dtype=np.float64)
    distance = np.linalg.norm(way, axis=1)
    # where rounding decides whether a point is clear or nearer than the last, two sets of axes may differ
    assume(np.all(np.abs(distance - limit_m) > 1e-6) and np.all(np.abs(np.diff(distance)) > 1e-6))
    found = closest_approach(time, way, limit_m)
    cosine, sine = math.cos(turn), math.sin(turn)
    rotation = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    for other in (closest_approach(time, -way, limit_m), closest_approach(time, way @ rotation.T, limit_m)):
        np.testing.assert_allclose([other.clear_s, other.closest_m], [found.clear_s, found.closest_m], atol=1e-6)
    clear = np.flatnonzero(distance > limit_m)
    later = [i for i in range(int(clear[0]), len(ways) - 1) if distance[i + 1] < distance[i]] if clear.size else []
    assert found.returns == bool(later)
    if later:
        fine = np.linspace(later[0], time[-1], 200 * (len(ways) - 1 - later[0]) + 1)
        dense = np.column_stack([np.interp(fine, time, way[:, axis]) for axis in range(3)])
        least = float(np.linalg.norm(dense, axis=1).min())
        reach = float(np.linalg.norm(np.diff(way, axis=0), axis=1).max()) / 200.0
        assert least - reach <= found.closest_m <= least + 1e-9
