"""Where a return under way will land: a small campaign from its present state, with what is not known from here on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from steppe.config.dispersions import Dispersions
from steppe.ensemble.campaign import dispersions_of
from steppe.ensemble.cases import Nominal
from steppe.ensemble.footprint import Plane, spread
from steppe.ensemble.manifest import STATUS_COLUMN, CampaignSpec
from steppe.ensemble.run import Plan, columns_of, fly_samples
from steppe.errors import LANDED
from steppe.flight import phases as ph
from steppe.flight.running import Run
from steppe.flight.sequence import ground_m_of
from steppe.flight.simulate import Prepared, run_prepared
from steppe.kernels import phase as k
from steppe.kernels.guide import BALLISTIC, Guide
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]

_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Flown:
    """A return as the kernels flew it, kept so that it can be predicted from any of its moments.

    Attributes
    ----------
    prepared
        What was flown.
    model, guide
        The world that the ship believes in and what its guidance is told.
    run
        Samples at least every second.
    dispersions
        What is not known.
    """

    prepared: Prepared
    model: World
    guide: Guide
    run: Run
    dispersions: Dispersions


@dataclass(frozen=True, slots=True)
class Prediction:
    """The landing as it is foreseen.

    Attributes
    ----------
    time_s
        From when it is predicted, seconds after the epoch.
    samples, landed
        Returns flown, and how many landed.
    latitude_deg, longitude_deg
        Their landings.
    mean_deg
        Latitude and longitude of their mean.
    ring_deg
        Longitude and latitude of the ellipse that holds 90 % of them; empty with fewer than three.
    major_km, minor_km, azimuth_deg
        Half axes of this ellipse and course of the long one.
    touchdown_s, touchdown_sd_s
        Median time of the touchdown after the epoch and its standard deviation.
    miss_km
        Distance of the mean from the centre of the zone, None without one.
    in_zone
        Share inside the zone, None without one.
    """

    time_s: float
    samples: int
    landed: int
    latitude_deg: Array
    longitude_deg: Array
    mean_deg: tuple[float, float] | None
    ring_deg: tuple[tuple[float, float], ...]
    major_km: float | None
    minor_km: float | None
    azimuth_deg: float | None
    touchdown_s: float | None
    touchdown_sd_s: float | None
    miss_km: float | None
    in_zone: float | None


def flown_of(prepared: Prepared) -> Flown:
    """Fly a prepared return for its predictions.

    Raises
    ------
    ConfigError
        If there are no dispersions for its vehicle.
    """
    model, guide, run = run_prepared(prepared, record_every_s=1.0)
    return Flown(prepared, model, guide, run, dispersions_of(prepared.loaded).of_the_return())


def predict_landing(
    flown: Flown, at_s: float, samples: int = 64, seed: int = 1, states: Sequence[Array] | None = None
) -> Prediction | None:
    """Predict the landing from a moment of a flight.

    Parameters
    ----------
    flown
        From `flown_of`.
    at_s
        Seconds after the epoch.
    samples, seed
        Size and seed of the campaign; the same numbers give the same prediction.
    states
        Positions and velocities (ITRF, m and m/s, shape (6,)) that the ship may have there, drawn from the
        uncertainty of an estimate; the samples are shared out among them. None takes the state of the flight.

    Returns
    -------
    Prediction or None
        None where nothing is left to fly.
    """
    nominal = nominal_from(flown, at_s)
    if nominal is None:
        return None
    starts = [nominal.start] if states is None else [_moved(nominal.start, state) for state in states]
    columns = columns_of(flown.dispersions)
    spec = CampaignSpec(
        mission=flown.prepared.loaded.mission.name,
        config_hash=flown.prepared.loaded.config_hash,
        seed=seed,
        samples=samples,
        shard_size=samples,
        columns=columns,
        version=version("steppe"),
    )
    parts = []
    for numbers, start in zip(np.array_split(np.arange(samples), len(starts)), starts, strict=True):
        if numbers.size:
            plan = Plan(replace(nominal, start=start), flown.dispersions, spec)
            parts.append(fly_samples(plan, [int(number) for number in numbers]))
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _prediction(flown, nominal, at_s, rows)


def nominal_from(flown: Flown, at_s: float) -> Nominal | None:
    """Return what is left of a flight as the nominal of a campaign; None where nothing is left.

    Guidance and navigation begin anew there: the filter of the air and the count of reversals are lost. A filling under
    way goes on.
    """
    run = flown.run
    if run.record.shape[0] == 0 or at_s >= run.record[-1, k.TIME]:
        return None
    sample = run.record[max(int(np.searchsorted(run.record[:, k.TIME], at_s, side="right")) - 1, 0)]
    number = int(sample[k.PHASE])
    begun_s = float(run.begins[number, k.TIME])
    left = (_begun(flown.prepared.world, run, number, sample), *run.phases[number + 1 :])
    alone = next((i for i, row in enumerate(run.rows) if row[k.AERO_AREA_M2] > 0.0), number)
    update = sample if alone <= number else run.begins[min(alone, run.begun)]
    return Nominal(
        loaded=flown.prepared.loaded,
        world=flown.prepared.world,
        model=flown.model,
        guide=_told(flown, sample, begun_s),
        phases=left,
        start=sample[: k.BANK + 1].copy(),
        update=update.copy(),
        run=run,
        ground_m=ground_m_of(flown.prepared.loaded.zone),
        epoch=flown.prepared.epoch,
    )


def _begun(world: World, run: Run, number: int, sample: Array) -> ph.Phase:
    """Return the phase under way as one that begins now: what happened at its start is not done again."""
    phase, begin = run.phases[number], run.begins[number]
    columns = dict(phase.columns)
    for once in (k.KICK_RADIAL, k.KICK_ALONG, k.KICK_CROSS, k.RELEASE_KG, k.SET_MASS_KG):
        columns.pop(once, None)
    passed_s = float(sample[k.TIME] - begin[k.TIME])
    if columns.get(k.END_KIND) == k.AFTER_TIME:
        columns[k.END_VALUE] = max(columns[k.END_VALUE] - passed_s, 0.0)
    elif columns.get(k.END_KIND) == k.AT_SENSED_VELOCITY:
        columns[k.END_VALUE] -= float(sample[k.SENSED] - begin[k.SENSED])
    if columns.get(k.THRUST_N, 0.0) > 0.0:
        # a direction fixed in space has pitched up in LVLH since the burn began
        angle = columns.get(k.THRUST_TURN_RAD_S, 0.0) * passed_s
        radial, along = columns.get(k.THRUST_RADIAL, 0.0), columns.get(k.THRUST_ALONG, 0.0)
        columns[k.THRUST_RADIAL] = math.cos(angle) * radial + math.sin(angle) * along
        columns[k.THRUST_ALONG] = math.cos(angle) * along - math.sin(angle) * radial
    if k.fills(run.rows[number]):
        # how fast it fills was settled when it began
        columns[k.CANOPY_DURATION_S] = k.duration_s(world, run.rows[number], k.state_of(begin))
        columns[k.CANOPY_WAY_M] = 0.0
        columns[k.CANOPY_PASSED_S] = passed_s + columns.get(k.CANOPY_PASSED_S, 0.0)
    elif columns.get(k.END_KIND) == k.AFTER_OPENING:
        columns |= ph.after(max(float(run.begins[number + 1, k.TIME] - sample[k.TIME]), 0.0))
    # what is left of a burn is not dispersed: its errors show in the state already
    return ph.Phase(None if phase.event == "deorbit_ignition" else phase.event, columns)


def _told(flown: Flown, sample: Array, begun_s: float) -> Guide:
    """Return the guidance with its trip counted from now, or the ballistic one where it has tripped."""
    guide = flown.guide
    guided = flown.run.rows[int(sample[k.PHASE]), k.GUIDED] > 0.0
    if not guided:
        return guide
    # lift goes on where it is: begun on the first side again, the ship would fly a reversal that nobody commanded
    bank = math.remainder(float(sample[k.BANK]), 2.0 * math.pi)
    if bank != 0.0:
        guide = guide._replace(first_side=math.copysign(1.0, bank))
    left_s = guide.trips.command_s - float(sample[k.TIME] - begun_s)
    if left_s <= 0.0:
        return guide._replace(law=BALLISTIC)
    return guide._replace(trips=guide.trips._replace(command_s=left_s))


def _moved(start: Array, state: Array) -> Array:
    moved = start.copy()
    moved[k.X : k.W + 1] = state
    return moved


def _prediction(flown: Flown, nominal: Nominal, at_s: float, rows: dict[str, npt.NDArray[np.float64]]) -> Prediction:
    landed = rows[STATUS_COLUMN] == LANDED
    latitude, longitude = rows["touchdown_latitude_deg"][landed], rows["touchdown_longitude_deg"][landed]
    times = rows["touchdown_after_plan_s"][landed] + nominal.run.begins[nominal.run.begun, k.TIME]
    found = spread(latitude, longitude)
    holds = None if found is None else next(one for one in found.footprints if one.share == _SHARE).ellipse
    ring: tuple[tuple[float, float], ...] = ()
    if found is not None and holds is not None:
        north, east = found.plane.to_deg(*holds.ring_km())
        ring = tuple(zip(east.tolist(), north.tolist(), strict=True))
    zone, miss_km, in_zone = flown.prepared.loaded.zone, None, None
    if zone is not None and landed.any():
        plane = Plane(zone.latitude_deg, zone.longitude_deg)
        east_km, north_km = plane.to_km(latitude, longitude)
        miss_km = math.hypot(float(east_km.mean()), float(north_km.mean()))
        in_zone = float((np.hypot(east_km, north_km) <= zone.radius_m / 1e3).sum() / landed.size)
    return Prediction(
        time_s=at_s,
        samples=int(landed.size),
        landed=int(landed.sum()),
        latitude_deg=latitude,
        longitude_deg=longitude,
        mean_deg=None if found is None else (found.latitude_deg, found.longitude_deg),
        ring_deg=ring,
        major_km=None if holds is None else holds.major_km,
        minor_km=None if holds is None else holds.minor_km,
        azimuth_deg=None if holds is None else holds.azimuth_deg,
        touchdown_s=float(np.median(times)) if landed.any() else None,
        touchdown_sd_s=float(np.std(times, ddof=1)) if landed.sum() > 1 else None,
        miss_km=miss_km,
        in_zone=in_zone,
    )
