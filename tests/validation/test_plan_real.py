"""`steppe plan` against published returns: the burn on the right revolution, from elements of before the undocking."""

from datetime import timedelta

import numpy as np
import pytest

from steppe.config.loader import load_mission
from steppe.flight.opportunities import find_opportunities, read_station
from steppe.flight.opportunity_records import Request
from steppe.frames.geodetic import geodesic_distance_m

pytestmark = pytest.mark.validation

# The times and their sources stand in the presets ([published]); where only a minute was published, it may be off by
# half of it. Left out: MS-02, 77 s off a time known to the minute, and TMA-1, whose burn of 123.4 m/s is neither the
# 128 nor the 115 m/s of Soyuz practice
RETURNS = (
    "ms-03", "ms-11", "ms-12", "ms-13", "ms-16", "ms-17", "ms-21", "tma-01m", "tma-06m", "tma-07m", "tma-09m",
    "tma-10m", "tma-13", "tma-13m", "tma-15", "tma-17", "tma-19",
)  # fmt: skip
TOLERANCE_S = 60.0


def day_around(name):
    loaded = load_mission(name)
    published = loaded.mission.published.events
    undocking = loaded.mission.departure.undocking_utc
    middle = published["deorbit_ignition"]
    request = Request(
        orbit=read_station(name, undocking, undocking),
        zones=(loaded.zone,),
        vehicle=loaded.vehicle,
        first=middle - timedelta(hours=12),
        last=middle + timedelta(hours=12),
    )
    return find_opportunities(request), published, loaded


@pytest.mark.parametrize("name", RETURNS)
def test_the_day_has_the_opportunity_that_was_flown(name):
    result, published, _ = day_around(name)
    near = min(result.reachable, key=lambda one: abs(one.ignition - published["deorbit_ignition"]))
    assert abs((near.ignition - published["deorbit_ignition"]).total_seconds()) < TOLERANCE_S
    # The next revolution is 93 min later, so 90 s of the touchdown are proof of the revolution
    assert abs((near.touchdown - published["touchdown"]).total_seconds()) < 90.0
    # Published returns undock 2 h 24 min to 2 h 36 min before the burn, the plan 2 h 28 min
    assert abs((near.ignition - near.undocking).total_seconds() - 8880.0) < 61.0


def test_the_burn_of_ms_11_as_published():
    # asc-csa.gc.ca, MS-11: 128 m/s, 281 s; entry at 99.7 km 30 min 17 s after ignition, separation 27 min 26 s after
    # it
    result, _, _ = day_around("ms-11")
    best = result.reachable[0]
    assert best.delta_v_m_s == 128.0
    assert best.burn_s == pytest.approx(281.0, abs=3.0)
    assert (best.interface - best.ignition).total_seconds() == pytest.approx(30 * 60 + 17, abs=40.0)
    assert (best.separation - best.ignition).total_seconds() == pytest.approx(27 * 60 + 26, abs=40.0)


@pytest.mark.parametrize(("name", "short_km"), [("tma-11", 400.0), ("tma-1", 440.0)])
def test_the_ballistic_point_is_short_as_it_was(name, short_km):
    # TMA-11 landed 400 to 428 km short, TMA-1 about 440 to 470 km short of the zone (russianspaceweb.com, flightglobal)
    result, published, loaded = day_around(name)
    near = min(result.reachable, key=lambda one: abs(one.ignition - published["deorbit_ignition"]))
    fallen, aimed = near.ballistic_deg, (loaded.zone.latitude_deg, loaded.zone.longitude_deg)
    distance_km = float(geodesic_distance_m(*np.radians(fallen), *np.radians(aimed))) / 1e3
    assert distance_km == pytest.approx(short_km, abs=80.0)
