"""A table that the kernels read, with where it comes from: what every builder of air and wind hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from steppe.kernels.air import Air
from steppe.kernels.wind import Wind

Table = TypeVar("Table", Air, Wind)


@dataclass(frozen=True, slots=True)
class Sourced(Generic[Table]):
    """A table of the surroundings and where it comes from: ``Sourced[Air]``, ``Sourced[Wind]``.

    Attributes
    ----------
    table
        What the kernels read.
    name
        Name of the model.
    note
        What the user must know about it, or "".
    provenance
        Model, version, dates, indices, place or file, for the products.
    """

    table: Table
    name: str
    note: str
    provenance: dict[str, str]
