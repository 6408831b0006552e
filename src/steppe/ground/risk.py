"""Casualty expectation: whom the pieces may hit, piece by piece (docs/models/risk.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.errors import ConfigError, EnvironmentDataError
from steppe.ground.impacts import HARMFUL_J, Impacts
from steppe.ground.population import Population

Floats = npt.NDArray[np.float64]

# Ground area of a standing person (NASA-STD-8719.14, section 4.7; NSS 1740.14, chapter 7: 0.6 m is its root)
PERSON_M2: Final = 0.36
# Largest casualty expectation of one re-entry (NASA-STD-8719.14, requirement 4.7-1; ISO 27875:2019)
THRESHOLD: Final = 1.0e-4
# Below and above are said only beyond this many standard errors
_SURE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Rules:
    """By what the risk is counted.

    Attributes
    ----------
    harmful_j
        Kinetic energy from which a piece counts.
    person_m2
        Ground area of a person.
    threshold
        Largest acceptable casualty expectation.
    sheltered
        Part of the people under roofs that hold every piece, 0..1. The standards leave it at 0.
    """

    harmful_j: float = HARMFUL_J
    person_m2: float = PERSON_M2
    threshold: float = THRESHOLD
    sheltered: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.sheltered <= 1.0:
            raise ConfigError(f"the sheltered part of the people is 0 to 1, got {self.sheltered:g}")
        if not (self.harmful_j >= 0.0 and self.person_m2 >= 0.0 and self.threshold > 0.0):
            raise ConfigError(
                "the harmful energy and the area of a person are 0 or more, the threshold more than 0; got "
                f"{self.harmful_j:g} J, {self.person_m2:g} m2, {self.threshold:g}"
            )


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one group of pieces contributes; all per return.

    Attributes
    ----------
    casualties
        Casualty expectation.
    error
        Its standard error over the samples; missing (NaN) with fewer than two. It knows nothing of the error of the
        population or of the catalogue of pieces.
    pieces, harmful
        Pieces that reach the ground, and those of them with the energy that counts.
    mass_kg
        Mass that reaches the ground.
    casualty_area_m2
        Sum over the harmful pieces.
    people_per_km2
        Density of people, averaged over the casualty area; missing without a harmful piece.
    """

    casualties: float
    error: float
    pieces: float
    harmful: float
    mass_kg: float
    casualty_area_m2: float
    people_per_km2: float

    def verdict(self, threshold: float) -> str:
        """Return ``"below"``, ``"above"``, or ``"open"`` where the threshold lies within two standard errors."""
        if np.isfinite(self.error) and abs(self.casualties - threshold) <= _SURE * self.error:
            return "open"
        return "below" if self.casualties <= threshold else "above"


@dataclass(frozen=True, slots=True)
class Risk:
    """The casualty expectation of one return, taken apart.

    Attributes
    ----------
    samples
        Returns that were flown.
    rules
        By what it was counted.
    population, population_title
        Source of the population, and the same in a few words.
    total
        All pieces.
    by_body
        By what the pieces come from, in the order of `Impacts.bodies`.
    by_piece
        By body and kind of piece, the largest first; only those of which one reaches the ground.
    by_country
        Casualty expectation by ISO 3166 alpha-2 code, the largest first; empty without countries in the population.
    """

    samples: int
    rules: Rules
    population: str
    population_title: str
    total: Expectation
    by_body: dict[str, Expectation]
    by_piece: dict[tuple[str, str], Expectation]
    by_country: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON: snake_case names with units, missing numbers as None."""
        rules = self.rules
        return {
            "samples": self.samples,
            "threshold": rules.threshold,
            "harmful_energy_j": rules.harmful_j,
            "person_m2": rules.person_m2,
            "sheltered": rules.sheltered,
            "population": self.population,
            **_as_dict(self.total, rules),
            "bodies": {name: _as_dict(part, rules) for name, part in self.by_body.items()},
            "pieces": [
                {"body": body, "piece": piece, **_as_dict(part, rules)} for (body, piece), part in self.by_piece.items()
            ],
            "countries": self.by_country,
        }


def casualty_area_m2(section_m2: npt.ArrayLike, person_m2: float = PERSON_M2) -> Floats:
    """Return the area in which a piece hits a person: (sqrt(person) + sqrt(section))**2, in m2.

    Both are taken as squares that touch (NASA-STD-8719.14, section 4.7; NSS 1740.14, chapter 7).

    Parameters
    ----------
    section_m2
        Mean cross-section of the piece in m2.
    person_m2
        Ground area of a person in m2.
    """
    area: Floats = np.square(np.sqrt(person_m2) + np.sqrt(np.asarray(section_m2, dtype=np.float64)))
    return area


def assess_risk(
    impacts: Impacts, population: Population, rules: Rules | None = None, samples: int | None = None
) -> Risk:
    """Return the casualty expectation of dispersed pieces.

    Every sample is a return with the same probability; its casualties are the sum over its harmful pieces of casualty
    area times people per area at the impact, and the expectation is their mean.

    Parameters
    ----------
    impacts
        The pieces.
    population
        Who lives there.
    rules
        By what it is counted; the standards' if not given.
    samples
        Number of returns flown, more than there are in `impacts` if some left no piece at all.

    Raises
    ------
    EnvironmentDataError
        If pieces fall where the population has no numbers.
    """
    rules = rules or Rules()
    numbers, row_sample = np.unique(impacts.sample, return_inverse=True)
    count = max(len(numbers), samples or 0, 1)
    landed = impacts.landed
    harmful = landed & (np.nan_to_num(impacts.energy_j) >= rules.harmful_j)
    density = np.zeros(len(impacts))
    density[landed] = _density(impacts, landed, population)
    area = np.where(harmful, casualty_area_m2(np.nan_to_num(impacts.section_m2), rules.person_m2), 0.0)
    columns = _Columns(
        row_sample, landed, harmful, np.where(landed, np.nan_to_num(impacts.mass_kg), 0.0), area,
        area * density * 1e-6 * (1.0 - rules.sheltered), density, count,
    )  # fmt: skip
    bodies = {name: columns.group(impacts.body == k) for k, name in enumerate(impacts.bodies)}
    pieces = {}
    for body, piece in sorted(set(zip(impacts.body[landed].tolist(), impacts.piece[landed].tolist(), strict=True))):
        chosen = (impacts.body == body) & (impacts.piece == piece)
        pieces[impacts.bodies[body], impacts.pieces[piece]] = columns.group(chosen)
    ranked = dict(sorted(pieces.items(), key=lambda entry: -entry[1].casualties))
    everything = np.ones(len(impacts), dtype=bool)
    return Risk(
        samples=count,
        rules=rules,
        population=population.source,
        population_title=population.title,
        total=columns.group(everything),
        by_body=bodies,
        by_piece=ranked,
        by_country=_by_country(impacts, harmful, columns.casualties / count, population),
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """One value for each piece: its sample, what it is, and what it may do."""

    sample: npt.NDArray[np.intp]
    landed: npt.NDArray[np.bool_]
    harmful: npt.NDArray[np.bool_]
    mass_kg: Floats
    area_m2: Floats
    casualties: Floats
    density_per_km2: Floats
    count: int

    def group(self, chosen: npt.NDArray[np.bool_]) -> Expectation:
        """Return the expectation of some pieces."""
        each = np.bincount(self.sample[chosen], weights=self.casualties[chosen], minlength=self.count)
        area = float(self.area_m2[chosen].sum())
        people = float(np.sum(self.area_m2[chosen] * self.density_per_km2[chosen]))
        return Expectation(
            casualties=float(each.mean()),
            error=float(each.std(ddof=1) / np.sqrt(self.count)) if self.count > 1 else float("nan"),
            pieces=float(np.count_nonzero(self.landed & chosen)) / self.count,
            harmful=float(np.count_nonzero(self.harmful & chosen)) / self.count,
            mass_kg=float(self.mass_kg[chosen].sum()) / self.count,
            casualty_area_m2=area / self.count,
            people_per_km2=people / area if area > 0.0 else float("nan"),
        )


def _density(impacts: Impacts, landed: npt.NDArray[np.bool_], population: Population) -> Floats:
    lat, lon = impacts.latitude_deg[landed], impacts.longitude_deg[landed]
    density = population.density_per_km2(lat, lon)
    missed = ~np.isfinite(density)
    if missed.any():
        grid = population.grids[-1]
        rows, columns = grid.density_per_km2.shape
        first = int(np.argmax(missed))
        raise EnvironmentDataError(
            f"the population ({population.title}) has no numbers for {int(missed.sum())} of {len(missed)} impacts, "
            f"such as {lat[first]:.2f} N {lon[first]:.2f} E; it covers {grid.south_deg:g} to "
            f"{grid.south_deg + rows * grid.step_deg:g} N, {grid.west_deg:g} to "
            f"{grid.west_deg + columns * grid.step_deg:g} E: use a raster that covers the footprint or the bundled grid"
        )
    return density


def _by_country(
    impacts: Impacts, harmful: npt.NDArray[np.bool_], casualties: Floats, population: Population
) -> dict[str, float]:
    if len(population.countries) < 2 or not harmful.any():
        return {}
    codes = population.country(impacts.latitude_deg[harmful], impacts.longitude_deg[harmful])
    sums = {str(code): float(casualties[harmful][codes == code].sum()) for code in np.unique(codes) if code}
    return dict(sorted(sums.items(), key=lambda entry: -entry[1]))


def _as_dict(part: Expectation, rules: Rules) -> dict[str, Any]:
    def known(value: float) -> float | None:
        return value if np.isfinite(value) else None

    return {
        "casualty_expectation": part.casualties,
        "casualty_expectation_error": known(part.error),
        "verdict": part.verdict(rules.threshold),
        "pieces_on_ground": part.pieces,
        "pieces_harmful": part.harmful,
        "mass_on_ground_kg": part.mass_kg,
        "casualty_area_m2": part.casualty_area_m2,
        "people_per_km2": known(part.people_per_km2),
    }
