"""Pieces as the kernels fly them: from a catalogue to columns of numbers, and a flight of any number of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from steppe.config.debris import SHAPES, Catalogue, Material, Piece
from steppe.config.loader import LoadedMission, debris_names, load_debris
from steppe.errors import ConfigError, nearest
from steppe.kernels import fragments as fr
from steppe.kernels.motion import World

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

CAPSULE: Final = "capsule"
# A catalogue may differ by this part from the mass of the module that it is of
_MASS_PART: Final = 0.02

# Drag on the mean projected area of a piece that tumbles at random, against Mach number.
# Mach 10: Newtonian flow, c_p = 1.84 cos^2, gives c_p / 2 for every convex shape (derived). Sphere below: Hoerner,
# Fluid-Dynamic Drag (1965), chapters 3 and 16, subcritical (rough). Others at Mach 0: means over attitude of the
# coefficients of Hoerner, chapter 3 (short cylinder 0.8, cube 0.8 to 1.05, disc 1.17); between: assumption.
_MACH: Final = (0.0, 0.6, 0.8, 1.0, 1.2, 1.4, 2.0, 3.0, 5.0, 10.0)
_DRAG: Final[dict[str, tuple[float, ...]]] = {
    "sphere": (0.47, 0.51, 0.62, 0.80, 0.93, 0.98, 1.00, 0.96, 0.92, 0.92),
    "cylinder": (0.80, 0.83, 0.93, 1.10, 1.20, 1.25, 1.20, 1.08, 0.97, 0.92),
    "box": (0.90, 0.93, 1.03, 1.20, 1.28, 1.30, 1.25, 1.10, 0.98, 0.92),
    "plate": (1.17, 1.19, 1.27, 1.40, 1.48, 1.50, 1.35, 1.15, 1.00, 0.92),
}
_ROWS_PER_MACH: Final = 5.0
# Diffuse reflection at high speed ratio: 2.03 to 2.15 for a sphere from Mach 10 to 30 (DRAMA's table)
_FREE_DRAG: Final = 2.06

# How the outer area of a piece shrinks with its mass (steppe.kernels.fragments.shrunk): spheres are tanks, and DRAMA
# hollows them; sheets melt from their edges, so their thickness stays; the others between (assumption)
_SHRINKS: Final[dict[str, float]] = {"sphere": 0.0, "cylinder": 0.5, "box": 0.5, "plate": 1.0}

# Against steps of a tenth, all kinds of pieces of the Soyuz preset: places move by 26 m (median) to 520 m (a piece that
# loses nearly all of its mass), masses by 0.12 % of the first mass at most, and none lives that should burn up
FALL: Final = fr.Fall(
    end_altitude_m=0.0,
    tolerance_m=0.01,
    longest_s=0.5,
    slow_s=4.0,
    share=0.5,
    slow_share=2.0,
    least_share=0.01,
    time_limit_s=1e9,
    step_limit=500_000.0,
)


def load_debris_of(loaded: LoadedMission) -> Catalogue:
    """Read the catalogue that the vehicle names in ``[split] debris``, else the preset of the vehicle's name.

    Raises
    ------
    ConfigError
        If there is none, if it cannot be used, or if it is not about the modules of the vehicle: their names, and
        their masses to within 2 %.
    """
    vehicle = loaded.vehicle
    if vehicle.split is None:
        raise ConfigError(
            "the vehicle has no [split], so nothing breaks up; add the modules that it leaves behind",
            source=loaded.source,
            key="vehicle.split",
        )
    named = vehicle.split.debris
    if named is None and vehicle.name not in debris_names():
        raise ConfigError(
            f"there is no catalogue of fragments for the vehicle '{vehicle.name}'; write one (docs/models/debris.md) "
            'and name it, for example debris = "my-debris.toml"',
            source=loaded.source,
            key="vehicle.split.debris",
        )
    catalogue = load_debris(named or vehicle.name, loaded.folder, asked_by=loaded.source)
    check_masses(catalogue, {module.name: module.mass_kg for module in vehicle.split.modules})
    return catalogue


def check_masses(catalogue: Catalogue, masses_kg: dict[str, float]) -> None:
    """Refuse a catalogue that is not about the modules of a vehicle; `masses_kg` are theirs, by name."""
    problems = []
    for body in catalogue.module:
        mass_kg = masses_kg.get(body.name)
        if mass_kg is None:
            problems.append(f"the vehicle has no module '{body.name}', {nearest(body.name, masses_kg)}")
        elif abs(body.mass_kg - mass_kg) > _MASS_PART * mass_kg:
            problems.append(f"'{body.name}' weighs {body.mass_kg:g} kg here and {mass_kg:g} kg in the vehicle file")
    known = {body.name for body in catalogue.module}
    problems += [f"nothing is said about the module '{name}'" for name in masses_kg if name not in known]
    if problems:
        raise ConfigError("; ".join(problems), source=f"debris {catalogue.name}", key="module")


def tumble_table() -> fr.Tumble:
    """Return the drag of all shapes; length and shape are those of the piece that flies."""
    mach = np.arange(int(_MACH[-1] * _ROWS_PER_MACH) + 1) / _ROWS_PER_MACH
    table = np.zeros((len(SHAPES), mach.size, 2))
    for number, shape in enumerate(SHAPES):
        drag = np.interp(mach, _MACH, _DRAG[shape])
        table[number, :, 0], table[number, :-1, 1] = drag, np.diff(drag)
    return fr.Tumble(table.reshape(-1, 2), _ROWS_PER_MACH, mach.size - 1.0, _FREE_DRAG, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Roster:
    """All single pieces of a catalogue, in order: modules, dropped parts.

    Attributes
    ----------
    bodies, pieces
        Names of the bodies and of the kinds of pieces; the capsule is the last of both.
    body, piece
        Index into `bodies` and `pieces`, shape (n,).
    streams
        What the random numbers of each piece are named after.
    mass_kg, section_m2, added_speed_m_s
        First mass, mean cross-section on the ground, largest added speed; shape (n,).
    rows
        Case rows for the kernels with everything that is the same for all samples, shape (29, n).
    """

    bodies: tuple[str, ...]
    pieces: tuple[str, ...]
    body: Numbers
    piece: Numbers
    streams: tuple[str, ...]
    mass_kg: Array
    section_m2: Array
    added_speed_m_s: Array
    rows: Array

    def __len__(self) -> int:
        """Return the number of pieces, without the capsule."""
        return int(self.body.size)


def roster_of(catalogue: Catalogue) -> Roster:
    """Return the single pieces of a catalogue."""
    bodies = tuple(body.name for body in catalogue.bodies)
    kinds = tuple(dict.fromkeys(piece.name for body in catalogue.bodies for piece in body.pieces))
    single = [
        (number, piece, f"debris.{body.name}.{piece.name}.{copy}")
        for number, body in enumerate(catalogue.bodies)
        for piece in body.pieces
        for copy in range(piece.number)
    ]
    columns = [
        static_rows(piece, catalogue.material_named(piece.material), catalogue.break_up.temperature_k)
        for _, piece, _ in single
    ]
    fastest = catalogue.break_up.added_speed_m_s
    speeds = [fastest if piece.added_speed_m_s is None else piece.added_speed_m_s for _, piece, _ in single]
    return Roster(
        bodies=(*bodies, CAPSULE),
        pieces=(*kinds, CAPSULE),
        body=np.array([number for number, _, _ in single], dtype=np.int64),
        piece=np.array([kinds.index(piece.name) for _, piece, _ in single], dtype=np.int64),
        streams=tuple(stream for _, _, stream in single),
        mass_kg=np.array([piece.mass_kg for _, piece, _ in single]),
        section_m2=np.array([piece.section_m2 or piece.mean_section_m2 for _, piece, _ in single]),
        added_speed_m_s=np.array(speeds),
        rows=np.stack(columns, axis=1),
    )


def static_rows(piece: Piece, material: Material, temperature_k: float) -> Array:
    """Return the case rows of a piece that do not depend on where it is, shape (29,)."""
    rows = np.zeros(fr.CASE_ROWS)
    rows[fr.MASS] = rows[fr.FIRST_MASS] = piece.mass_kg
    rows[fr.TEMPERATURE] = temperature_k
    rows[fr.AREA] = 0.0 if piece.drag_area_m2 else piece.mean_section_m2
    rows[fr.FIXED] = piece.drag_area_m2 or 0.0
    rows[fr.COSINE] = rows[fr.HEAT_FACTOR] = 1.0
    rows[fr.LENGTH] = piece.longest_m
    rows[fr.SHAPE], rows[fr.SHRINKS] = SHAPES.index(piece.shape), _SHRINKS[piece.shape]
    rows[fr.SURFACE], rows[fr.RADIUS] = piece.surface_m2, piece.heat_radius_m
    rows[fr.CAPACITY], rows[fr.MELTING] = material.specific_heat_j_kg_k, material.melting_k
    rows[fr.FUSION] = material.heat_of_fusion_j_kg
    hot = material.emissivity if material.emissivity_hot is None else material.emissivity_hot
    rows[fr.COLD], rows[fr.HOT], rows[fr.FROM] = material.emissivity, hot, material.emissivity_from_k
    rows[fr.SLOPE] = (hot - material.emissivity) / (material.emissivity_to_k - material.emissivity_from_k)
    return rows


def fly_pieces(world: World, cases: Array, fall: fr.Fall = FALL) -> Array:
    """Fly pieces to the ground, or until they have burned up.

    Parameters
    ----------
    world
        Earth, air and wind; its aerodynamics are not used.
    cases
        Shape (29, n), rows named in `steppe.kernels.fragments`; SI, ITRF.
    fall
        Steps and limits.

    Returns
    -------
    ndarray
        Shape (17, n), rows named in `steppe.kernels.fragments`. A piece's numbers depend on its case alone.

    Raises
    ------
    ConfigError
        If the shape of the cases is another.
    """
    if cases.ndim != 2 or cases.shape[0] != fr.CASE_ROWS:
        raise ConfigError(f"expected an array of shape ({fr.CASE_ROWS}, n), got {cases.shape}", key="cases")
    ends = np.zeros((fr.END_ROWS, cases.shape[1]))
    own = world._replace(aero=tumble_table())  # type: ignore[arg-type]
    # Those that fall longest start first, so that the lanes stay full to the end
    order = np.argsort(cases[fr.MASS] / (cases[fr.AREA] + cases[fr.FIXED]), kind="stable")
    sorted_ends = np.zeros_like(ends)
    fr.fly_fragments(own, fall, np.ascontiguousarray(cases[:, order], dtype=np.float64), fr.BLOCK, sorted_ends)
    ends[:, order] = sorted_ends
    return ends
