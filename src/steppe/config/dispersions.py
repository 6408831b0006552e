"""What a dispersion file may say: distributions of parameters, correlated groups, and profiles of density and wind."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from steppe.config.dispersible import DISPERSIBLES
from steppe.config.units import Length, Number, Speed, parse_quantity
from steppe.config.vehicle import Record
from steppe.errors import nearest

Distribution = Literal["normal", "truncated", "split-normal", "uniform", "lognormal", "empirical", "constant"]

# distribution -> keys that it needs (alternatives separated by |), keys that it may have besides
_KEYS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "normal": (("sigma|sigma3",), ("mean",)),
    "truncated": (("sigma|sigma3", "low|high"), ("mean",)),
    "split-normal": (("sigma_low|sigma3_low", "sigma_high|sigma3_high"), ("median",)),
    "uniform": (("low", "high"), ()),
    "lognormal": (("median", "sigma|sigma3|factor"), ()),
    "empirical": (("values",), ("weights",)),
    "constant": (("value",), ()),
}
# both of these may be given, of all other alternatives only one
_BOTH: Final = "low|high"
# A factor is refused if a value this far out would not be positive: 1 in 1e9 samples lies beyond
_FAR_SIGMA: Final = 6.0
# Beyond this many sigma the normal distribution holds no probability that a double can show
_EMPTY_SIGMA: Final = 30.0

Sigma = Annotated[Number, Field(ge=0.0)]
Source = Annotated[str, Field(min_length=1)]


class Parameter(Record):
    """One dispersed parameter: its distribution and where the numbers come from.

    Values are in the unit that `name` ends in; text such as ``"0.15 m/s"`` carries its own. ``sigma3`` is three sigma.
    A `mean` (`median` of a split distribution) that is not given is the nominal value. A split distribution is half a
    normal one on each side of its median.
    """

    name: str
    distribution: Distribution
    source: Source
    mean: Number | None = None
    sigma: Sigma | None = None
    sigma3: Sigma | None = None
    sigma_low: Sigma | None = None
    sigma3_low: Sigma | None = None
    sigma_high: Sigma | None = None
    sigma3_high: Sigma | None = None
    low: Number | None = None
    high: Number | None = None
    median: Number | None = None
    factor: Annotated[Number, Field(ge=1.0)] | None = None
    values: tuple[Number, ...] | None = None
    weights: tuple[Sigma, ...] | None = None
    value: Number | None = None

    @field_validator("name")
    @classmethod
    def _can_be_dispersed(cls, name: str) -> str:
        if name not in DISPERSIBLES:
            raise ValueError(f"'{name}' is not a parameter that can be dispersed, {nearest(name, DISPERSIBLES)}")
        return name

    @field_validator(
        "mean", "sigma3", "sigma", "sigma_low", "sigma3_low", "sigma_high", "sigma3_high", "low", "high", "median",
        "value", mode="before",
    )  # fmt: skip
    @classmethod
    def _in_its_unit(cls, given: Any, info: ValidationInfo) -> Any:
        logarithm = info.data.get("distribution") == "lognormal" and info.field_name in ("sigma", "sigma3")
        return _number(given, "" if logarithm else info.data.get("name"))

    @field_validator("values", mode="before")
    @classmethod
    def _all_in_their_unit(cls, given: Any, info: ValidationInfo) -> Any:
        return [_number(item, info.data.get("name")) for item in given] if isinstance(given, list | tuple) else given

    @field_validator("high")
    @classmethod
    def _above_low(cls, high: float | None, info: ValidationInfo) -> float | None:
        low = info.data.get("low")
        if high is not None and low is not None and low >= high:
            raise ValueError(f"high = {high:g} must be more than low = {low:g}")
        return high

    @field_validator("median")
    @classmethod
    def _has_a_logarithm(cls, median: float | None, info: ValidationInfo) -> float | None:
        if info.data.get("distribution") == "lognormal" and median is not None and median <= 0.0:
            raise ValueError(f"the median of a lognormal distribution must be above zero, got {median:g}")
        return median

    @field_validator("values")
    @classmethod
    def _some_values(cls, values: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if values is not None and not values:
            raise ValueError("an empirical distribution needs at least one value, got an empty list []")
        return values

    @field_validator("weights")
    @classmethod
    def _one_weight_each(cls, weights: tuple[float, ...] | None, info: ValidationInfo) -> tuple[float, ...] | None:
        values = info.data.get("values")
        if weights is not None and values is not None:
            if len(weights) != len(values):
                raise ValueError(f"needs one weight for each of the {len(values)} values, got {len(weights)}")
            if not 0.0 < math.fsum(weights) < math.inf:
                raise ValueError("the weights must have a finite sum above zero")
        return weights

    @model_validator(mode="after")
    def _keys_fit(self) -> Parameter:
        needed, allowed = _KEYS[self.distribution]
        given = self.model_fields_set - {"name", "distribution", "source"}
        known = {key for group in needed for key in group.split("|")}.union(allowed)
        for key in sorted(given - known):
            takes = ", ".join([group.replace("|", " or ") for group in needed] + list(allowed))
            raise ValueError(f"'{self.name}' is {self.distribution} and takes no '{key}'; it takes {takes}")
        for group in needed:
            found = [key for key in group.split("|") if key in given]
            if not found or (len(found) > 1 and group != _BOTH):
                what = "needs one of" if "|" in group else "needs"
                raise ValueError(f"'{self.name}' is {self.distribution} and {what} {group.replace('|', ', ')}")
        if self.distribution == "truncated":
            self._check_truncation()
        if DISPERSIBLES[self.name].is_factor and self.lowest() <= 0.0:
            raise ValueError(
                f"'{self.name}' is a factor with the nominal value 1 and must stay above zero, but its lowest value "
                f"({_FAR_SIGMA:g} sigma for a normal distribution) is {self.lowest():g}; use factors such as 1.02, "
                "a smaller sigma, a lognormal distribution or a truncated one with low above zero"
            )
        return self

    def _check_truncation(self) -> None:
        sigma = self.spread
        if sigma == 0.0:
            raise ValueError(f"'{self.name}': a truncated distribution needs a sigma above zero, got 0")
        low, high = self.bounds
        if low > self.centre + _EMPTY_SIGMA * sigma or high < self.centre - _EMPTY_SIGMA * sigma:
            raise ValueError(
                f"'{self.name}': between low = {low:g} and high = {high:g} a normal distribution with mean "
                f"{self.centre:g} and sigma {sigma:g} has no probability; move the bounds or the mean"
            )

    @property
    def centre(self) -> float:
        """The mean, or the median of a split distribution, in the unit of the parameter; nominal if not given."""
        given = self.median if self.distribution == "split-normal" else self.mean
        return DISPERSIBLES[self.name].nominal if given is None else given

    @property
    def spread(self) -> float:
        """Sigma in the unit of the parameter; for a lognormal distribution that of the natural logarithm."""
        if self.factor is not None:
            return math.log(self.factor)
        return _one_sigma(self.sigma, self.sigma3)

    @property
    def spreads(self) -> tuple[float, float]:
        """Sigma below and above the median of a split distribution, in the unit of the parameter."""
        return _one_sigma(self.sigma_low, self.sigma3_low), _one_sigma(self.sigma_high, self.sigma3_high)

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound in the unit of the parameter, infinite where none is given."""
        return (-math.inf if self.low is None else self.low), (math.inf if self.high is None else self.high)

    def lowest(self) -> float:
        """Return the lowest value that can be expected: a bound, or six sigma below the mean."""
        if self.distribution == "lognormal":
            return 0.0 if self.median is None else self.median * math.exp(-_FAR_SIGMA * min(self.spread, 100.0))
        if self.distribution == "empirical":
            return min(self.values or (0.0,))
        if self.distribution == "constant":
            return self.value or 0.0
        if self.distribution == "uniform":
            return self.bounds[0]
        sigma = self.spreads[0] if self.distribution == "split-normal" else self.spread
        return max(self.bounds[0], self.centre - _FAR_SIGMA * sigma)


def _number(given: Any, name: Any) -> Any:
    """Read text with a unit by the unit of the parameter; numbers pass, and what is neither is left to the checks."""
    known = DISPERSIBLES.get(name)
    if not isinstance(given, str) or (known is None and name):
        return float(given) if isinstance(given, int) and not isinstance(given, bool) else given
    if known is None or not known.kind:
        unit = f" in {known.unit}" if known is not None and known.unit != "1" else ""
        raise ValueError(f"expected a bare number{unit}, got '{given}'")
    return parse_quantity(given, known.kind)


def _one_sigma(sigma: float | None, sigma3: float | None) -> float:
    return sigma if sigma is not None else (sigma3 or 0.0) / 3.0


class Correlation(Record):
    """A group of parameters drawn together: the correlation matrix of the normal variables behind them.

    Parameters that are not normal keep their distribution (Gaussian copula).
    """

    parameters: tuple[str, ...] = Field(min_length=2)
    matrix: tuple[tuple[Annotated[Number, Field(ge=-1.0, le=1.0)], ...], ...]
    source: Source

    @field_validator("matrix")
    @classmethod
    def _is_one(cls, matrix: tuple[tuple[float, ...], ...], info: ValidationInfo) -> tuple[tuple[float, ...], ...]:
        names = info.data.get("parameters")
        if names is None:
            return matrix
        size = len(names)
        if len(matrix) != size or any(len(row) != size for row in matrix):
            shape = f"{len(matrix)} rows of {', '.join(str(len(row)) for row in matrix)}"
            raise ValueError(
                f"a correlation matrix of {size} parameters has {size} rows of {size} numbers, got {shape}"
            )
        for i, row in enumerate(matrix):
            if row[i] != 1.0:
                raise ValueError(f"the diagonal of a correlation matrix is 1, got {row[i]:g} for '{names[i]}'")
            for j in range(i):
                if row[j] != matrix[j][i]:
                    raise ValueError(
                        f"not symmetric: {row[j]:g} for '{names[i]}' with '{names[j]}', but {matrix[j][i]:g} for "
                        f"'{names[j]}' with '{names[i]}'"
                    )
        import numpy as np

        smallest = float(np.linalg.eigvalsh(np.array(matrix))[0])
        if smallest < -1e-10:
            raise ValueError(
                f"not a correlation matrix: its smallest eigenvalue is {smallest:.3g} and must not be negative; no "
                "variables can be correlated like this, bring the largest values nearer to zero"
            )
        return matrix


class Grid(Record):
    """The altitudes at which profiles are drawn; between them they are meant to be linear."""

    lowest_m: Annotated[Length, Field(ge=-500.0, le=50e3)] = 0.0
    highest_m: Annotated[Length, Field(gt=0.0, le=500e3)] = 120e3
    spacing_m: Annotated[Length, Field(ge=50.0, le=50e3)] = 2000.0

    @model_validator(mode="after")
    def _whole_steps(self) -> Grid:
        steps = (self.highest_m - self.lowest_m) / self.spacing_m
        if steps < 1.0 or abs(steps - round(steps)) > 1e-6:
            raise ValueError(
                f"from lowest_m = {self.lowest_m:g} to highest_m = {self.highest_m:g} must be a whole number of steps "
                f"of spacing_m = {self.spacing_m:g}, got {steps:g}"
            )
        return self

    def altitudes_m(self) -> tuple[float, ...]:
        """Return the altitudes of the nodes in m, rising."""
        count = round((self.highest_m - self.lowest_m) / self.spacing_m) + 1
        return tuple(self.lowest_m + step * self.spacing_m for step in range(count))


Altitudes = Annotated[tuple[Annotated[Length, Field(ge=-500.0, le=500e3)], ...], Field(min_length=1)]
CorrelationLength = Annotated[Length, Field(gt=0.0, le=1000e3)]


class Density(Record):
    """Density of the air relative to the model: (1 + bias) exp(sigma x), x normal and correlated in altitude.

    `sigma`, `bias` and `wave_share` belong to `altitude_m` and are linear between; the ends hold beyond. The
    correlation of x falls by e in `correlation_length_m`; across `layer_boundary_m` it is `layer_correlation` for one
    step of the grid. `wave_share` of the variance is a second series with a correlation length of its own.
    """

    altitude_m: Altitudes
    sigma: tuple[Annotated[Number, Field(ge=0.0, le=1.0)], ...]
    source: Source
    correlation_length_m: CorrelationLength
    layer_boundary_m: Length | None = None
    layer_correlation: Annotated[Number, Field(ge=-1.0, le=1.0)] | None = None
    wave_share: tuple[Annotated[Number, Field(ge=0.0, le=1.0)], ...] = ()
    wave_correlation_length_m: CorrelationLength | None = None
    bias: tuple[Annotated[Number, Field(gt=-1.0, le=10.0)], ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Density:
        _check_nodes(self.altitude_m, {"sigma": self.sigma}, {"wave_share": self.wave_share, "bias": self.bias})
        if bool(self.wave_share) != (self.wave_correlation_length_m is not None):
            raise ValueError("waves need both wave_share and wave_correlation_length_m")
        if (self.layer_boundary_m is None) != (self.layer_correlation is None):
            raise ValueError("two layers need both layer_boundary_m and layer_correlation")
        return self


class WindProfile(Record):
    """Wind added to the model's: bias + sigma x, x normal, correlated in altitude, east and north independent."""

    altitude_m: Altitudes
    sigma_m_s: tuple[Annotated[Speed, Field(ge=0.0, le=200.0)], ...]
    source: Source
    correlation_length_m: CorrelationLength
    bias_east_m_s: tuple[Annotated[Speed, Field(ge=-200.0, le=200.0)], ...] = ()
    bias_north_m_s: tuple[Annotated[Speed, Field(ge=-200.0, le=200.0)], ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> WindProfile:
        optional = {"bias_east_m_s": self.bias_east_m_s, "bias_north_m_s": self.bias_north_m_s}
        _check_nodes(self.altitude_m, {"sigma_m_s": self.sigma_m_s}, optional)
        return self


def _check_nodes(
    altitude_m: tuple[float, ...], needed: dict[str, tuple[float, ...]], optional: dict[str, tuple[float, ...]]
) -> None:
    if any(b <= a for a, b in pairwise(altitude_m)):
        raise ValueError("altitude_m must rise from value to value")
    for key, values in (needed | {key: values for key, values in optional.items() if values}).items():
        if len(values) != len(altitude_m):
            raise ValueError(f"{key} needs one value for each of the {len(altitude_m)} altitudes, got {len(values)}")


class Dispersions(Record):
    """A dispersion file: everything that differs from flight to flight of a campaign."""

    name: Annotated[str, Field(min_length=1, max_length=64)] = "dispersions"
    title: str = ""
    parameter: tuple[Parameter, ...] = ()
    correlation: tuple[Correlation, ...] = ()
    grid: Grid = Grid()
    density: Density | None = None
    wind: WindProfile | None = None

    @model_validator(mode="after")
    def _names_fit(self) -> Dispersions:
        names = [entry.name for entry in self.parameter]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the parameter '{name}' appears {names.count(name)} times; give it once")
        grouped: list[str] = []
        for number, group in enumerate(self.correlation):
            for name in group.parameters:
                if name not in names:
                    raise ValueError(
                        f"correlation[{number}].parameters names '{name}', which has no [[parameter]] of its own, "
                        f"{nearest(name, names)}"
                    )
                if DISPERSIBLES[name].part != DISPERSIBLES[group.parameters[0]].part:
                    raise ValueError(
                        f"correlation[{number}] joins '{name}', which changes the {DISPERSIBLES[name].part}, with "
                        f"'{group.parameters[0]}', which changes the {DISPERSIBLES[group.parameters[0]].part}; "
                        "only what changes the same can be correlated"
                    )
                if name in grouped:
                    raise ValueError(f"'{name}' stands in two correlations or twice in one; put all into one matrix")
                grouped.append(name)
        return self

    def of_the_return(self) -> Dispersions:
        """Return what a campaign of returns flies: without what only the separations know."""
        kept = tuple(entry for entry in self.parameter if DISPERSIBLES[entry.name].part == "return")
        names = {entry.name for entry in kept}
        groups = tuple(group for group in self.correlation if names.issuperset(group.parameters))
        return self.model_copy(update={"parameter": kept, "correlation": groups})
