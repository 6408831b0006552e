"""Flies the samples of a campaign: one row for each, whatever becomes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from steppe.config.dispersible import DISPERSIBLES
from steppe.config.dispersions import Dispersions
from steppe.config.mission import Zone
from steppe.ensemble.cases import Case, Nominal, tables_of
from steppe.ensemble.crew_outputs import COLUMNS as CREW_COLUMNS
from steppe.ensemble.crew_outputs import LIMITS as CREW_LIMITS
from steppe.ensemble.crew_outputs import crew_outputs, wall_temperatures_k
from steppe.ensemble.flown import FlownCases, Fly, fly_cases
from steppe.ensemble.grounds import on_the_ground
from steppe.ensemble.manifest import INPUT_PREFIX, SAMPLE, STATUS_COLUMN, CampaignSpec, Column, Limit, ZoneCircle
from steppe.ensemble.sampling import Samples, draw
from steppe.errors import LANDED
from steppe.flight.surroundings import on_surface
from steppe.frames.geodetic import local_east_north_up
from steppe.kernels import derive as d
from steppe.kernels import phase as k
from steppe.kernels.ends import (
    END_CODE,
    END_FLUX,
    END_HEAT,
    END_LOAD,
    END_PHASES,
    END_PRESSURE,
    END_PULL,
    END_SHARE,
    END_STATE,
    END_TIME,
)
from steppe.kernels.flying import fly_phases
from steppe.kernels.guide import Guide

Array = npt.NDArray[np.float64]

# Samples of one flight flown alone
_RECORD_EVERY_S = 1.0
# Samples drawn and flown at once by a thread; the memory of a campaign does not grow with its size
_DRAWN_AT_ONCE = 1024
# A thread for fewer samples would only draw: as many as its lanes
_FEWEST = 32
_ENGINES = "soft_landing_ignition"

_OUTPUTS = (
    Column("touchdown_latitude_deg", "deg", "geodetic latitude of the touchdown", worst="none"),
    Column("touchdown_longitude_deg", "deg", "longitude of the touchdown", worst="none"),
    Column("touchdown_after_plan_s", "s", "touchdown less that of the undispersed flight", worst="far"),
    Column("miss_km", "km", "distance of the touchdown from the centre of the zone"),
    Column("miss_east_km", "km", "touchdown from the centre of the zone, to the east", worst="far"),
    Column("miss_north_km", "km", "touchdown from the centre of the zone, to the north", worst="far"),
    Column("command_miss_km", "km", "parachute command from the aim point, horizontally"),
    Column("peak_load_g", "g", "largest load between entry interface and parachute command"),
    Column("peak_heat_flux_w_m2", "W/m2", "largest stagnation heat flux (Sutton-Graves)"),
    Column("heat_load_j_m2", "J/m2", "stagnation heat flux summed over the entry"),
    Column("peak_dynamic_pressure_pa", "Pa", "largest dynamic pressure of the entry"),
    *CREW_COLUMNS,
    Column(
        "entry_flight_path_angle_deg", "deg", "Earth-relative flight-path angle at the entry interface", worst="far"
    ),
    Column("canopy_pull_n", "N", "largest pull of the canopies while they fill"),
    Column("canopy_pull_share", "1", "largest pull of a stage over what its lines hold; above 1 they part"),
    Column("sink_rate_m_s", "m/s", "rate of descent before the landing engines"),
    Column("touchdown_sink_rate_m_s", "m/s", "rate of descent at the touchdown"),
    Column("touchdown_horizontal_speed_m_s", "m/s", "horizontal speed over ground at the touchdown"),
    Column("landing_tipped", "1", "1 if the capsule ends on its side", worst="none"),
    Column("landing_tilt_deg", "deg", "largest tilt of the capsule after the touchdown", worst="none"),
    Column("landing_vertical_speed_m_s", "m/s", "speed across the ground at the touchdown", worst="none"),
    Column("landing_horizontal_speed_m_s", "m/s", "speed along the ground at the touchdown with gust and swing"),
    Column("landing_dragged_m", "m", "how far the capsule slides after the touchdown"),
    Column("landing_capsule_load_g", "g", "largest load on the floor of the capsule at the touchdown", worst="none"),
    Column("landing_seat_load_g", "g", "largest load on the seat at the touchdown, behind its damper"),
    Column("landing_beta", "1", "Brinkley's beta of the touchdown; above 1 the risk is more than low"),
    Column(
        "landing_injury_probability",
        "1",
        "risk of an injury at the touchdown, by beta, for people in condition",
        worst="none",
    ),
    Column("burn_duration_s", "s", "duration of the deorbit burn", worst="far"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign that is ready to fly: its nominal, its dispersions and its specification."""

    nominal: Nominal
    dispersions: Dispersions
    spec: CampaignSpec


def columns_of(dispersions: Dispersions) -> tuple[Column, ...]:
    """Return the columns of a campaign: sample, status, every drawn input, every output."""
    inputs = tuple(
        Column(INPUT_PREFIX + entry.name, DISPERSIBLES[entry.name].unit, DISPERSIBLES[entry.name].meaning, worst="none")
        for entry in dispersions.parameter
    )
    profiles = (
        Column(INPUT_PREFIX + "density_factor_60_km", "1", "factor on the density of the air at 60 km", worst="none"),
        Column(INPUT_PREFIX + "wind_east_5_km_m_s", "m/s", "added to the wind at 5 km, to the east", worst="none"),
        Column(INPUT_PREFIX + "wind_north_5_km_m_s", "m/s", "added to the wind at 5 km, to the north", worst="none"),
    )
    head = (
        Column(SAMPLE, "", "number of the sample; with the seed it gives every input", "int64", "none"),
        Column(STATUS_COLUMN, "", "how the flight ended", "status", "none"),
    )
    return head + inputs + profiles + _OUTPUTS


def limits_of(nominal: Nominal) -> tuple[Limit, ...]:
    """Return the bounds whose exceedance a summary counts."""
    radius_km = nominal.loaded.zone.radius_m / 1e3 if nominal.loaded.zone else 28.0
    ground = (
        Limit("landing_tipped", 0.5, True, "the capsule ends on its side; of 24 reported landings 13 did"),
        Limit("landing_beta", 1.0, True, "low risk for the crew at the touchdown (Brinkley)"),
    )
    canopies = (Limit("canopy_pull_share", 1.0, True, "what the lines of a canopy hold (load_limit_n of the vehicle)"),)
    return (
        Limit("miss_km", radius_km, True, "radius of the landing zone"),
        Limit("peak_load_g", 5.0, True, "upper end of the published load of guided Soyuz entries (NASA, CSA)"),
        Limit("touchdown_sink_rate_m_s", 2.6, True, "largest touchdown speed under the main parachute (RSC Energia)"),
        *CREW_LIMITS,
        *(canopies if nominal.rows[:, k.PULL_LIMIT_N].any() else ()),
        *(ground if nominal.loaded.vehicle.landing else ()),
    )


def zone_of(nominal: Nominal) -> ZoneCircle | None:
    """Return the landing zone for the manifest."""
    zone = nominal.loaded.zone
    if zone is None:
        return None
    return ZoneCircle(zone.name, zone.title, zone.latitude_deg, zone.longitude_deg, zone.radius_m)


def fly_samples(
    plan: Plan, indices: Sequence[int], cores: int = 1, *, fly: Fly | None = None, at_once: int | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Fly some samples and return their rows as columns; how they are shared out changes no bit.

    `fly` is what flies drawn samples, the lanes of a thread if None, and `at_once` how many of them it gets.
    """
    numbers = np.asarray(indices, dtype=np.int64)
    parts = [part for part in np.array_split(numbers, max(min(cores, numbers.size // _FEWEST), 1)) if part.size]
    if len(parts) == 1:
        return _fly_part(plan, parts[0], fly or fly_cases, at_once or _DRAWN_AT_ONCE)
    with ThreadPoolExecutor(len(parts)) as pool:
        results = list(pool.map(lambda part: _fly_part(plan, part, fly or fly_cases, at_once or _DRAWN_AT_ONCE), parts))
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}


def _fly_part(plan: Plan, numbers: npt.NDArray[np.int64], fly: Fly, at_once: int) -> dict[str, npt.NDArray[Any]]:
    columns = {column.name: np.full(numbers.size, np.nan) for column in plan.spec.columns}
    status = np.zeros(numbers.size, dtype=np.int64)
    for first in range(0, numbers.size, at_once):
        chunk = numbers[first : first + at_once]
        samples = draw(plan.dispersions, plan.spec.seed, chunk)
        here = slice(first, first + chunk.size)
        for name, values in samples.columns.items():
            columns[INPUT_PREFIX + name][here] = values
        for name, values, altitude_m in (
            ("density_factor_60_km", samples.density_factor, 60e3),
            ("wind_east_5_km_m_s", samples.wind_east_m_s, 5e3),
            ("wind_north_5_km_m_s", samples.wind_north_m_s, 5e3),
        ):
            columns[INPUT_PREFIX + name][here] = _at_altitude(samples.altitude_m, values, altitude_m)
        flown = fly(plan.nominal, tables_of(plan.nominal, samples))
        status[here] = flown.ends[:, END_CODE]
        outputs = outputs_of(plan.nominal, flown) | felt_of(plan.nominal, samples, flown)
        outputs |= on_the_ground(plan.nominal, samples, flown, outputs)
        for name, values in outputs.items():
            columns[name][here] = values
    columns[SAMPLE] = numbers
    columns[STATUS_COLUMN] = status
    return columns


def _at_altitude(nodes_m: Array, values: Array, altitude_m: float) -> Array:
    """Return profiles, shape (n, nodes), at one altitude: linear between the nodes, held beyond them."""
    at = min(max((altitude_m - nodes_m[0]) / (nodes_m[-1] - nodes_m[0]), 0.0), 1.0) * (nodes_m.size - 1)
    node = min(int(at), nodes_m.size - 2)
    found: Array = values[:, node] + (at - node) * (values[:, node + 1] - values[:, node])
    return found


@dataclass(frozen=True, slots=True)
class Flown:
    """What the kernels returned for one sample."""

    code: int
    record: Array
    begins: Array
    begun: int


def fly_case(nominal: Nominal, case: Case, record: Array) -> Flown:
    """Fly one sample; `record` is working memory, shape (rows, 12)."""
    begins = np.zeros((case.rows.shape[0] + 1, k.RECORD_COLUMNS))
    rules = k.Rules(case.ground_m, nominal.loaded.mission.limits.load_g, _RECORD_EVERY_S)
    code, samples, begun = fly_phases(
        case.world, nominal.model, case.guide, case.rows, case.start, rules, record, begins
    )
    return Flown(code, record[:samples], begins[: begun + 1], begun)


def outputs_of(nominal: Nominal, flown: FlownCases) -> dict[str, Array]:
    """Return the outputs of samples, each of shape (n,); what a flight did not reach is not a number."""
    ends, begins = flown.ends, flown.begins
    begun, landed = ends[:, END_PHASES], ends[:, END_CODE] == LANDED
    names = [phase.event for phase in nominal.phases]
    outputs: dict[str, Array] = {}

    def put(name: str, reached: npt.NDArray[np.bool_], values: Array) -> None:
        outputs[name] = np.where(reached, values, np.nan)

    def number(event: str) -> int | None:
        return names.index(event) if event in names else None

    alone = next((i for i, row in enumerate(nominal.rows) if k.counts_in_peaks(row)), None)
    if alone is not None:
        # The lanes fly a nose of 1 m; the flux of Sutton and Graves goes with one over the root of its radius
        per_nose = 1.0 / math.sqrt(nominal.loaded.vehicle.capsule.nose_radius_m)
        put("peak_load_g", begun > alone, ends[:, END_LOAD])
        put("peak_heat_flux_w_m2", begun > alone, per_nose * ends[:, END_FLUX])
        put("heat_load_j_m2", begun > alone, per_nose * ends[:, END_HEAT])
        put("peak_dynamic_pressure_pa", begun > alone, ends[:, END_PRESSURE])
    interface, command, engines = number("entry_interface"), number("parachute_command"), number(_ENGINES)
    lit, cut = number("deorbit_ignition"), number("deorbit_cutoff")
    if interface is not None:
        there = _located(nominal, begins[:, interface])
        put("entry_flight_path_angle_deg", begun > interface, np.degrees(there[:, d.PLACE_PATH_ANGLE]))
    if lit is not None and cut is not None:
        put("burn_duration_s", begun > cut, begins[:, cut, k.TIME] - begins[:, lit, k.TIME])
    if command is not None:
        put("command_miss_km", begun > command, _from_aim(nominal.guide, begins[:, command, k.X : k.Z + 1]) / 1e3)
    if command is not None:
        pulled = begun > command
        put("canopy_pull_n", pulled, ends[:, END_PULL])
        if nominal.rows[:, k.PULL_LIMIT_N].any():
            put("canopy_pull_share", pulled, ends[:, END_SHARE])
    if engines is not None:
        put("sink_rate_m_s", begun > engines, -_located(nominal, begins[:, engines])[:, d.PLACE_CLIMB])
    for name, values in _landing(nominal, ends).items():
        put(name, landed, values)
    return outputs


def felt_of(nominal: Nominal, samples: Samples, flown: FlownCases) -> dict[str, Array]:
    """Return the outputs of loads, wall and radio of samples, each of shape (n,); not a number without an entry."""
    alone = next((i for i, row in enumerate(nominal.rows) if k.counts_in_peaks(row)), None)
    if alone is None:
        return {}
    ends, begins = flown.ends, flown.begins
    per_nose = 1.0 / math.sqrt(nominal.loaded.vehicle.capsule.nose_radius_m)
    entry = nominal.number("entry_interface")
    found = crew_outputs(nominal, samples, ends, None if entry is None else begins[:, entry, k.TIME])
    found["peak_wall_temperature_k"] = wall_temperatures_k(per_nose * ends[:, END_FLUX])
    entered = ends[:, END_PHASES] > alone
    return {name: np.where(entered, values, np.nan) for name, values in found.items()}


def _located(nominal: Nominal, rows: Array) -> Array:
    output = np.zeros((rows.shape[0], d.PLACE_COLUMNS))
    d.locate(nominal.world.earth, np.ascontiguousarray(rows), output)
    return output


def _along(vectors: Array, direction: Array) -> Array:
    """Return the parts of vectors, shape (n, 3), along a direction, axis by axis: a product rounds by its size."""
    along: Array = vectors[:, 0] * direction[0] + vectors[:, 1] * direction[1] + vectors[:, 2] * direction[2]
    return along


def _from_aim(guide: Guide, places: Array) -> Array:
    """Return the horizontal distance of places, shape (n, 3), from the aim point of a guidance in m."""
    miss = places - np.array([guide.aim_x_m, guide.aim_y_m, guide.aim_z_m])
    ahead = _along(miss, np.array([guide.ahead_x, guide.ahead_y, guide.ahead_z]))
    right = _along(miss, np.array([guide.right_x, guide.right_y, guide.right_z]))
    distance: Array = np.sqrt(ahead * ahead + right * right)
    return distance


def _landing(nominal: Nominal, ends: Array) -> dict[str, Array]:
    last = np.zeros((ends.shape[0], k.RECORD_COLUMNS))
    last[:, k.TIME : k.SENSED + 1] = ends[:, END_TIME : END_STATE + 8]
    there, places = _located(nominal, last), last[:, k.X : k.Z + 1]
    climb, speed = there[:, d.PLACE_CLIMB], there[:, d.PLACE_SPEED]
    plan_s = nominal.run.begins[nominal.run.begun, k.TIME]
    outputs = {
        "touchdown_latitude_deg": np.degrees(there[:, d.PLACE_LATITUDE]),
        "touchdown_longitude_deg": np.degrees(there[:, d.PLACE_LONGITUDE]),
        "touchdown_after_plan_s": ends[:, END_TIME] - plan_s,
        "touchdown_sink_rate_m_s": -climb,
        "touchdown_horizontal_speed_m_s": np.sqrt(np.maximum(speed * speed - climb * climb, 0.0)),
    }
    zone = nominal.loaded.zone
    if zone is not None:
        outputs |= _miss(nominal, zone, places)
    return outputs


def _miss(nominal: Nominal, zone: Zone, places: Array) -> dict[str, Array]:
    """Return the touchdowns from the centre of the zone on the level plane there (a metre of error in 10 km)."""
    centre = on_surface(nominal.world.earth, zone.latitude_deg, zone.longitude_deg, nominal.ground_m)
    east, north, _ = local_east_north_up(np.radians(zone.latitude_deg), np.radians(zone.longitude_deg))
    to_east, to_north = _along(places - centre, east) / 1e3, _along(places - centre, north) / 1e3
    return {
        "miss_east_km": to_east,
        "miss_north_km": to_north,
        "miss_km": np.sqrt(to_east * to_east + to_north * to_north),
    }
