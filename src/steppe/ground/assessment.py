"""What the falling pieces mean: hazard areas, risk and notices of each scenario, in one record for files and views."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from steppe.ground.hazard import Area, hazard_areas
from steppe.ground.impacts import Impacts
from steppe.ground.notice import Notice, notice
from steppe.ground.population import Population
from steppe.ground.risk import Risk, Rules, assess_risk

Floats = npt.NDArray[np.float64]

# The scenario that areas for others are drawn from
DISPERSED: Final = "dispersed"
# What no standard error shows; the numbers are those of MS-21 with the catalogue that comes with steppe
CATALOGUE_NOTE: Final = (
    "The casualty expectation depends strongly on the catalogue of pieces, which is assumed, and on the heat that "
    "they take: with half the heat flux it is twice as large, with twice the flux a quarter (docs/models/debris.md)."
)


@dataclass(frozen=True, slots=True)
class Return:
    """Which return the pieces belong to.

    Attributes
    ----------
    mission, title
        Its name, and what people call it.
    samples, seed
        Of the dispersed scenario.
    site_deg, site_title
        Latitude and longitude of the planned landing, None without a zone, and its name.
    track_deg
        Latitudes and longitudes of the nominal ground track in the order of flight; empty if unknown.
    entry
        When the nominal flight passes the entry interface, and its height in m; None if unknown.
    first_mass_kg
        Mass of each body before the heat, by name.
    provenance
        Version, hash of the configuration, models.
    """

    mission: str
    title: str
    samples: int
    seed: int
    site_deg: tuple[float, float] | None = None
    site_title: str = ""
    track_deg: tuple[Floats, Floats] = field(default_factory=lambda: (np.empty(0), np.empty(0)))
    entry: tuple[datetime, float] | None = None
    first_mass_kg: dict[str, float] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way the return may go.

    Attributes
    ----------
    impacts
        The pieces.
    areas
        Where they fall, in the order of flight.
    risk
        Whom they may hit.
    """

    impacts: Impacts
    areas: tuple[Area, ...]
    risk: Risk


@dataclass(frozen=True, slots=True)
class Assessment:
    """The pieces of a return, assessed.

    Attributes
    ----------
    about
        Which return.
    scenarios
        By name: ``"nominal"``, ``"ballistic"``, ``"dispersed"``, as far as they were flown.
    notices
        One for each area of the dispersed scenario.
    separation
        What the separation of the modules gave (`Separation.as_dict`); empty if it was not flown.
    """

    about: Return
    scenarios: dict[str, Scenario]
    notices: tuple[Notice, ...]
    separation: dict[str, Any]

    @property
    def main(self) -> Scenario:
        """The dispersed scenario, or the only one there is."""
        return self.scenarios.get(DISPERSED) or next(iter(self.scenarios.values()))

    def summary(self) -> dict[str, Any]:
        """Return everything but the pieces, for JSON."""
        about = self.about
        site = None
        if about.site_deg is not None:
            site = {"title": about.site_title, "latitude_deg": about.site_deg[0], "longitude_deg": about.site_deg[1]}
        return {
            "mission": about.mission,
            "title": about.title,
            "samples": about.samples,
            "seed": about.seed,
            "site": site,
            "provenance": dict(about.provenance),
            "notes": [CATALOGUE_NOTE],
            "separation": self.separation,
            "scenarios": {name: self._scenario(scenario) for name, scenario in self.scenarios.items()},
            "notices": [
                {
                    "begin_utc": _utc(item.begin_utc),
                    "end_utc": _utc(item.end_utc),
                    "share": item.share,
                    "contained": item.contained,
                    "corners_deg": (np.round(item.corners_minutes[:, ::-1] / 60.0, 6)).tolist(),
                }
                for item in self.notices
            ],
        }

    def _scenario(self, scenario: Scenario) -> dict[str, Any]:
        return {
            "hazard_areas": [area.as_dict(self.about.site_deg) for area in scenario.areas],
            "bodies": {
                name: {"first_mass_kg": self.about.first_mass_kg.get(name), **_mass(scenario.impacts, k)}
                for k, name in enumerate(scenario.impacts.bodies)
            },
            "casualty_expectation": scenario.risk.total.casualties,
            "casualty_expectation_error": _known(scenario.risk.total.error),
            "verdict": scenario.risk.total.verdict(scenario.risk.rules.threshold),
        }


def assess(
    about: Return,
    impacts: Mapping[str, Impacts],
    population: Population,
    rules: Rules | None = None,
    separation: Mapping[str, Any] | None = None,
) -> Assessment:
    """Return the hazard areas, risk and notices of the pieces of a return.

    Parameters
    ----------
    about
        Which return.
    impacts
        Pieces by name of the scenario, at least one scenario.
    population
        Who lives there.
    rules
        By what the risk is counted.
    separation
        What the separation of the modules gave.

    Raises
    ------
    EnvironmentDataError
        If the population does not reach where the pieces fall.
    OutputError
        If an area is too large for a notice.
    """
    track = about.track_deg if len(about.track_deg[0]) else None
    scenarios = {
        name: Scenario(pieces, hazard_areas(pieces, track), assess_risk(pieces, population, rules))
        for name, pieces in impacts.items()
    }
    main = scenarios.get(DISPERSED) or next(iter(scenarios.values()))
    notices = tuple(notice(area, about.title.split(",")[0] or about.mission) for area in main.areas)
    return Assessment(about, scenarios, notices, dict(separation or {}))


def _mass(impacts: Impacts, body: int) -> dict[str, float]:
    own = impacts.body == body
    samples = max(len(np.unique(impacts.sample)), 1)
    ground = float(np.nansum(np.where(own & impacts.landed, impacts.mass_kg, 0.0))) / samples
    return {
        "pieces": float(np.count_nonzero(own)) / samples,
        "pieces_on_ground": float(np.count_nonzero(own & impacts.landed)) / samples,
        "mass_on_ground_kg": ground,
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
