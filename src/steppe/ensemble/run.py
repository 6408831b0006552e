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
from steppe.ensemble.cases import Case, Nominal, cases_of
from steppe.ensemble.manifest import INPUT_PREFIX, SAMPLE, STATUS_COLUMN, CampaignSpec, Column, Limit, ZoneCircle
from steppe.ensemble.sampling import draw
from steppe.errors import LANDED
from steppe.flight.plan import miss_of_aim
from steppe.flight.surroundings import on_surface
from steppe.frames.geodetic import itrf_to_geodetic, local_east_north_up
from steppe.kernels import derive as d
from steppe.kernels import flying as k
from steppe.kernels.derive import OUTPUT_COLUMNS, derive

Array = npt.NDArray[np.float64]

# Samples of one flight that outputs are taken from: every second of the entry and every step of the openings
_RECORD_EVERY_S = 1.0
_RECORD_ROWS = 8000
# Samples drawn at once; the memory of a campaign does not grow with its size
_DRAWN_AT_ONCE = 256

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
    Column(
        "entry_flight_path_angle_deg", "deg", "Earth-relative flight-path angle at the entry interface", worst="far"
    ),
    Column("sink_rate_m_s", "m/s", "rate of descent before the landing engines"),
    Column("touchdown_sink_rate_m_s", "m/s", "rate of descent at the touchdown"),
    Column("touchdown_horizontal_speed_m_s", "m/s", "horizontal speed over ground at the touchdown"),
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
    return (
        Limit("miss_km", radius_km, True, "radius of the landing zone"),
        Limit("peak_load_g", 5.0, True, "upper end of the published load of guided Soyuz entries (NASA, CSA)"),
        Limit("touchdown_sink_rate_m_s", 2.6, True, "largest touchdown speed under the main parachute (RSC Energia)"),
    )


def zone_of(nominal: Nominal) -> ZoneCircle | None:
    """Return the landing zone for the manifest."""
    zone = nominal.loaded.zone
    if zone is None:
        return None
    return ZoneCircle(zone.name, zone.title, zone.latitude_deg, zone.longitude_deg, zone.radius_m)


def fly_samples(plan: Plan, indices: Sequence[int], cores: int = 1) -> dict[str, npt.NDArray[Any]]:
    """Fly some samples and return their rows as columns; how they are shared out changes no bit."""
    numbers = np.asarray(indices, dtype=np.int64)
    parts = [part for part in np.array_split(numbers, max(cores, 1)) if part.size]
    if len(parts) == 1:
        return _fly_part(plan, parts[0])
    with ThreadPoolExecutor(len(parts)) as pool:
        results = list(pool.map(lambda part: _fly_part(plan, part), parts))
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}


def _fly_part(plan: Plan, numbers: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
    columns = {column.name: np.full(numbers.size, np.nan) for column in plan.spec.columns}
    status = np.zeros(numbers.size, dtype=np.int64)
    record = np.zeros((_RECORD_ROWS, k.RECORD_COLUMNS))
    for first in range(0, numbers.size, _DRAWN_AT_ONCE):
        chunk = numbers[first : first + _DRAWN_AT_ONCE]
        samples = draw(plan.dispersions, plan.spec.seed, chunk)
        here = slice(first, first + chunk.size)
        for name, values in samples.columns.items():
            columns[INPUT_PREFIX + name][here] = values
        for name, values, altitude_m in (
            ("density_factor_60_km", samples.density_factor, 60e3),
            ("wind_east_5_km_m_s", samples.wind_east_m_s, 5e3),
            ("wind_north_5_km_m_s", samples.wind_north_m_s, 5e3),
        ):
            columns[INPUT_PREFIX + name][here] = [np.interp(altitude_m, samples.altitude_m, row) for row in values]
        for offset, case in enumerate(cases_of(plan.nominal, samples)):
            flown = fly_case(plan.nominal, case, record)
            status[first + offset] = flown.code
            for name, value in outputs_of(plan.nominal, case, flown).items():
                columns[name][first + offset] = value
    columns[SAMPLE] = numbers
    columns[STATUS_COLUMN] = status
    return columns


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
    code, samples, begun = k.fly_phases(
        case.world, nominal.model, case.guide, case.rows, case.start, rules, record, begins
    )
    return Flown(code, record[:samples], begins[: begun + 1], begun)


def outputs_of(nominal: Nominal, case: Case, flown: Flown) -> dict[str, float]:
    """Return the outputs of a sample; those that a flight did not reach are missing."""
    nose_m = nominal.loaded.vehicle.capsule.nose_radius_m
    alone = flown.record[np.isin(flown.record[:, k.PHASE], np.flatnonzero(case.rows[:, k.LIFT_FACTOR] > 0.0))]
    begins = _derived(case, flown, flown.begins, nose_m)
    names = [phase.event for phase in nominal.phases]
    outputs: dict[str, float] = {}
    if alone.shape[0]:
        entry = _derived(case, flown, alone, nose_m)
        outputs["peak_load_g"] = float(entry[:, d.LOAD].max())
        outputs["peak_heat_flux_w_m2"] = float(entry[:, d.HEAT_FLUX].max())
        outputs["heat_load_j_m2"] = float(entry[-1, d.HEAT_LOAD])
        outputs["peak_dynamic_pressure_pa"] = float(entry[:, d.DYNAMIC_PRESSURE].max())

    def at(event: str) -> int | None:
        return names.index(event) if event in names and names.index(event) < flown.begun else None

    interface, command, engines = at("entry_interface"), at("parachute_command"), at("soft_landing_ignition")
    lit, cut = at("deorbit_ignition"), at("deorbit_cutoff")
    if interface is not None:
        outputs["entry_flight_path_angle_deg"] = float(np.degrees(begins[interface, d.PATH_ANGLE]))
    if lit is not None and cut is not None:
        outputs["burn_duration_s"] = float(flown.begins[cut, k.TIME] - flown.begins[lit, k.TIME])
    if command is not None:
        outputs["command_miss_km"] = math.hypot(*miss_of_aim(nominal.guide, flown.begins[command, k.X : k.Z + 1])) / 1e3
    if engines is not None:
        outputs["sink_rate_m_s"] = float(-begins[engines, d.VERTICAL_SPEED])
    if flown.code == LANDED:
        outputs |= _landing(nominal, flown, begins)
    return outputs


def _derived(case: Case, flown: Flown, rows: Array, nose_m: float) -> Array:
    output = np.zeros((rows.shape[0], OUTPUT_COLUMNS))
    derive(case.world, case.rows, flown.begins, np.ascontiguousarray(rows), nose_m, output)
    return output


def _landing(nominal: Nominal, flown: Flown, begins: Array) -> dict[str, float]:
    last, place = begins[flown.begun], flown.begins[flown.begun, k.X : k.Z + 1]
    latitude, longitude, _ = itrf_to_geodetic(place)
    climb, ground = last[d.VERTICAL_SPEED], last[d.GROUND_SPEED]
    plan_s = nominal.run.begins[nominal.run.begun, k.TIME]
    outputs = {
        "touchdown_latitude_deg": float(np.degrees(latitude)),
        "touchdown_longitude_deg": float(np.degrees(longitude)),
        "touchdown_after_plan_s": float(flown.begins[flown.begun, k.TIME] - plan_s),
        "touchdown_sink_rate_m_s": float(-climb),
        "touchdown_horizontal_speed_m_s": float(np.sqrt(max(ground * ground - climb * climb, 0.0))),
    }
    zone = nominal.loaded.zone
    if zone is not None:
        outputs |= _miss(nominal, zone, place)
    return outputs


def _miss(nominal: Nominal, zone: Zone, place: Array) -> dict[str, float]:
    """Return the touchdown from the centre of the zone on the level plane there (a metre of error in 10 km)."""
    centre = on_surface(nominal.world.earth, zone.latitude_deg, zone.longitude_deg, nominal.ground_m)
    east, north, _ = local_east_north_up(np.radians(zone.latitude_deg), np.radians(zone.longitude_deg))
    to_east, to_north = float((place - centre) @ east) / 1e3, float((place - centre) @ north) / 1e3
    return {"miss_east_km": to_east, "miss_north_km": to_north, "miss_km": float(np.hypot(to_east, to_north))}
