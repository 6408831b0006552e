"""What a debris file may say: materials, what the discarded modules and the capsule leave behind, and its spread."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from steppe.config.units import Area, Length, Mass, Number, PositiveMass, Speed
from steppe.config.vehicle import Record
from steppe.errors import nearest

Shape = Literal["sphere", "cylinder", "box", "plate"]
SHAPES: Final[tuple[Shape, ...]] = ("sphere", "cylinder", "box", "plate")

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]
Source = Annotated[str, Field(min_length=1)]
Emissivity = Annotated[Number, Field(gt=0.0, le=1.0)]
Kelvin = Annotated[Number, Field(ge=100.0, le=10000.0)]
Factor = Annotated[Number, Field(ge=1.0, le=10.0)]
Dimension = Annotated[Length, Field(gt=0.0, le=100.0)]

# shape -> the dimensions that it has
_DIMENSIONS: Final[dict[str, tuple[str, ...]]] = {
    "sphere": ("diameter_m",),
    "cylinder": ("diameter_m", "length_m"),
    "box": ("length_m", "width_m", "height_m"),
    "plate": ("length_m", "width_m"),
}
# Masses of a catalogue are written to the kilogram
_MASS_TOLERANCE_KG: Final = 0.5


class Material(Record):
    """A material under heat: one specific heat up to the melting temperature, and an emissivity that may rise.

    The emissivity is `emissivity` up to `emissivity_from_k`, then linear to `emissivity_hot` at `emissivity_to_k`.
    """

    name: Name
    title: str = ""
    density_kg_m3: Annotated[Number, Field(gt=0.0, le=25000.0)]
    specific_heat_j_kg_k: Annotated[Number, Field(gt=0.0, le=10000.0)]
    melting_k: Kelvin
    heat_of_fusion_j_kg: Annotated[Number, Field(gt=0.0, le=1e8)]
    emissivity: Emissivity
    emissivity_hot: Emissivity | None = None
    emissivity_from_k: Kelvin = 300.0
    emissivity_to_k: Kelvin = 10000.0
    source: Source

    @model_validator(mode="after")
    def _rises(self) -> Material:
        if self.emissivity_hot is not None and self.emissivity_hot < self.emissivity:
            raise ValueError(
                f"'{self.name}': emissivity_hot = {self.emissivity_hot:g} must not be below emissivity = "
                f"{self.emissivity:g}"
            )
        if self.emissivity_from_k >= self.emissivity_to_k:
            raise ValueError(f"'{self.name}': emissivity_from_k must be below emissivity_to_k")
        return self


class Piece(Record):
    """A kind of pieces: how many, what each weighs, its outer shape and its material.

    `drag_area_m2` replaces the drag of the shape (a canopy); `section_m2` replaces the mean cross-section that counts
    on the ground. `added_speed_m_s` replaces the largest added speed of the break-up.
    """

    name: Name
    title: str = ""
    number: Annotated[int, Field(ge=1, le=1000)] = 1
    mass_kg: Annotated[PositiveMass, Field(ge=0.01)]
    shape: Shape
    diameter_m: Dimension | None = None
    length_m: Dimension | None = None
    width_m: Dimension | None = None
    height_m: Dimension | None = None
    material: Name
    drag_area_m2: Annotated[Area, Field(gt=0.0)] | None = None
    section_m2: Annotated[Area, Field(gt=0.0)] | None = None
    added_speed_m_s: Annotated[Speed, Field(ge=0.0, le=1000.0)] | None = None
    source: Source = "assumption"

    @model_validator(mode="after")
    def _has_its_dimensions(self) -> Piece:
        needed = _DIMENSIONS[self.shape]
        for key in ("diameter_m", "length_m", "width_m", "height_m"):
            given = getattr(self, key) is not None
            if given != (key in needed):
                what = f"takes no {key}" if given else f"needs {key}"
                raise ValueError(f"'{self.name}' is a {self.shape} and {what}; it has {', '.join(needed)}")
        return self

    def _size(self, key: str) -> float:
        return float(getattr(self, key) or 0.0)

    @property
    def surface_m2(self) -> float:
        """The whole outer surface in m2; of a plate both sides."""
        d, a, b, c = (self._size(key) for key in ("diameter_m", "length_m", "width_m", "height_m"))
        if self.shape == "sphere":
            return math.pi * d * d
        if self.shape == "cylinder":
            return math.pi * d * a + 0.5 * math.pi * d * d
        return 2.0 * (a * b + b * c + c * a)

    @property
    def mean_section_m2(self) -> float:
        """The mean projected area in m2: a quarter of the surface of a convex body (Cauchy)."""
        return 0.25 * self.surface_m2

    @property
    def longest_m(self) -> float:
        """The largest dimension in m."""
        return max(self._size(key) for key in ("diameter_m", "length_m", "width_m", "height_m"))

    @property
    def heat_radius_m(self) -> float:
        """The radius in m of the sphere that takes the same mean flux; a mean of 1 / sqrt(r) over the surface.

        Derived (docs/models/debris.md): the stagnation line of a cylinder takes 1 / sqrt 2 of the flux of a sphere of
        its radius, so 2 r counts for its side; a flat face takes the mean over its area and over all attitudes of the
        laminar flux of an inclined plate, see `_flat_face`.
        """
        d, a, b, c = (self._size(key) for key in ("diameter_m", "length_m", "width_m", "height_m"))
        if self.shape == "sphere":
            return 0.5 * d
        if self.shape == "cylinder":
            # Chords 2 r cos(psi) across the end: 8 / (pi sqrt(2 r)) times the integral of cos^1.5 from 0 to pi/2, 0.874
            parts = [(math.pi * d * a, 1.0 / math.sqrt(d)), (0.5 * math.pi * d * d, _flat_face(2.2256 / math.sqrt(d)))]
        else:
            faces = [(x, y) for x, y in ((a, b), (b, c), (c, a)) if x > 0.0 and y > 0.0]
            parts = [(2.0 * x * y, _flat_face(_mean_inverse_root(x, y))) for x, y in faces]
        mean = sum(area * root for area, root in parts) / sum(area for area, _ in parts)
        return 1.0 / (mean * mean)


# Laminar flux of a plate inclined by phi, at s from its leading edge, over that of a sphere of radius r at its
# stagnation point: _PLATE sin(phi) cos(phi)^1/2 (r / s)^1/2. Derived by Lees' similarity (Jet Propulsion 26 (1956) 259)
# with Newtonian pressure and tangential speed: _PLATE = 1 / (2 k^1/2), k = (2 / 12.5)^1/2 the velocity gradient r/V
# du/ds of the sphere at a density ratio of 12.5 across the shock (9 to 15 from 4 to 7.5 km/s: 0.73 to 0.83)
_PLATE: Final = 0.79
# Mean over all attitudes, half of which turn the face away: 1/2 of the integral of x (1 - x^2)^1/4 from 0 to 1
_ATTITUDES: Final = 0.2
# Mean flux of a tumbling sphere over that at its stagnation point (steppe.kernels.heating.TUMBLING_SHARE)
_SPHERE: Final = 0.27471
_DIRECTIONS: Final = 64


def _flat_face(mean_inverse_root: float) -> float:
    """Return 1 / sqrt(r) of the sphere with the mean flux of a flat face, from the mean of s^-1/2 over the face."""
    return _ATTITUDES * _PLATE * mean_inverse_root / _SPHERE


def _mean_inverse_root(length_m: float, width_m: float) -> float:
    """Return the mean of 1 / sqrt(s) over a rectangle and over all directions of the flow along it, in m^-1/2.

    s is the distance from the edge where the flow comes on. Lines of flow are `longest` in the middle of the rectangle
    and go to nothing over `corner` at both sides; one of length L adds 2 sqrt(L).
    """
    total = 0.0
    for number in range(_DIRECTIONS):
        turn = 0.5 * math.pi * (number + 0.5) / _DIRECTIONS
        cosine, sine = math.cos(turn), math.sin(turn)
        longest = min(length_m / cosine, width_m / sine)
        corner = longest * sine * cosine
        total += 2.0 * math.sqrt(longest) * (length_m * sine + width_m * cosine - 2.0 / 3.0 * corner)
    return total / (_DIRECTIONS * length_m * width_m)


class Debris(Record):
    """Pieces of one body; their masses and what is vented make up its mass."""

    name: Name
    mass_kg: PositiveMass
    vented_kg: Mass = 0.0
    source: Source = "assumption"
    pieces: tuple[Piece, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _weighs_what_it_says(self) -> Debris:
        total = self.vented_kg + sum(piece.number * piece.mass_kg for piece in self.pieces)
        if abs(total - self.mass_kg) > _MASS_TOLERANCE_KG:
            raise ValueError(
                f"'{self.name}': pieces and vented_kg weigh {total:.1f} kg together, but mass_kg = {self.mass_kg:g}; "
                "change a piece or the mass so that none is lost"
            )
        names = [piece.name for piece in self.pieces]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"'{self.name}': the piece '{name}' appears {names.count(name)} times; use number")
        return self


class Dropped(Debris):
    """What leaves the capsule when an event happens (the name of a canopy stage, or `parachute_command`)."""

    event: Name


class BreakUp(Record):
    """How the modules break up, and how much that differs from sample to sample and from piece to piece.

    `altitude` is normal. `ballistic_factor` and `heat_factor` are one sigma of log-normal factors on the ballistic
    coefficient and on the heat flux of a piece. The lift over drag is normal with `lift_to_drag` as three sigma, about
    a random roll; the added speed uniform up to `added_speed_m_s`, in a random direction.
    """

    altitude_m: Annotated[Length, Field(ge=30e3, le=130e3)]
    altitude_sigma_m: Annotated[Length, Field(ge=0.0, le=20e3)]
    ballistic_factor: Factor
    heat_factor: Factor
    lift_to_drag: Annotated[Number, Field(ge=0.0, le=2.0)]
    added_speed_m_s: Annotated[Speed, Field(ge=0.0, le=1000.0)]
    temperature_k: Kelvin = 300.0
    ground_height_m: Annotated[Length, Field(ge=-500.0, le=9000.0)] = 0.0
    source: Source


class Catalogue(Record):
    """A debris file."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    title: str = ""
    break_up: BreakUp
    material: tuple[Material, ...] = Field(min_length=1)
    module: tuple[Debris, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    @field_validator("material")
    @classmethod
    def _materials_differ(cls, materials: tuple[Material, ...]) -> tuple[Material, ...]:
        names = [material.name for material in materials]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the material '{name}' appears {names.count(name)} times; give it once")
        return materials

    @model_validator(mode="after")
    def _names_fit(self) -> Catalogue:
        known = {material.name for material in self.material}
        bodies = [body.name for body in self.bodies]
        for body in self.bodies:
            if bodies.count(body.name) > 1 or body.name == "capsule":
                raise ValueError(f"the body '{body.name}' needs a name of its own, and not 'capsule'")
            for piece in body.pieces:
                if piece.material not in known:
                    raise ValueError(
                        f"'{body.name}': the piece '{piece.name}' is of '{piece.material}', which is no material of "
                        f"this file, {nearest(piece.material, known)}"
                    )
        return self

    @property
    def bodies(self) -> tuple[Debris, ...]:
        """Modules, then what is dropped."""
        return (*self.module, *self.dropped)

    def material_named(self, name: str) -> Material:
        """Return a material of the file."""
        return next(material for material in self.material if material.name == name)
