"""What goes wrong in a mission, unknown to its plan."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, field_validator, model_validator

from steppe.config.units import Area, Length, Number
from steppe.config.vehicle import Record, Vehicle
from steppe.errors import nearest

ParachuteFailure = Literal["drogue-failure", "main-not-disreefed", "main-partly-failed"]
PARACHUTE_FAILURES: Final = get_args(ParachuteFailure)


class Failure(Record):
    """What goes wrong: the plan and its timer do not know it.

    ``separation = "instrument-module-stays"``: at the split the module of that name (``instrument_module`` in the
    vehicle file) stays on the capsule. Both fall together without lift until the module breaks free, at
    `release_altitude_m` or when the dynamic pressure first reaches `release_dynamic_pressure_pa`; then the capsule
    turns its shield forward and rolls. Without either it breaks free at 78 km: an assumption, the altitude at which
    such modules break up (ISO 27875 practice), inside the plasma where that of TMA-11 came off (A. Perminov, RIA
    Novosti, 24 May 2008). `drag_area_m2` of both together is that of the vehicle file if not given.

    ``parachute = "drogue-failure"``: the drogue does not open, so it pulls out no main. ``"main-not-disreefed"``: the
    main parachute stays reefed. ``"main-partly-failed"``: it opens to `main_share` of its drag area. In each of them
    the reserve opens if the capsule falls too fast at its decision altitude.
    """

    separation: str | None = None
    parachute: ParachuteFailure | None = None
    main_share: Annotated[Number, Field(gt=0.0, lt=1.0)] = 0.5
    release_altitude_m: Annotated[Length, Field(ge=15e3, le=200e3)] | None = None
    release_dynamic_pressure_pa: Annotated[Number, Field(gt=0.0, le=1e6)] | None = None
    drag_area_m2: Annotated[Area, Field(gt=0.0)] | None = None

    @field_validator("separation")
    @classmethod
    def _names_what_stays(cls, separation: str | None) -> str | None:
        if separation is not None and not separation.endswith("-stays"):
            raise ValueError(f"expected the module and what it does, 'instrument-module-stays', got '{separation}'")
        return separation

    @model_validator(mode="after")
    def _one_release(self) -> Failure:
        if self.separation is None and self.parachute is None:
            raise ValueError("say what fails: give separation or parachute")
        if self.release_altitude_m is not None and self.release_dynamic_pressure_pa is not None:
            raise ValueError("the module breaks free once: give release_altitude_m or release_dynamic_pressure_pa")
        return self

    @property
    def module(self) -> str:
        """The name of the module that stays, as the vehicle file has it."""
        return (self.separation or "").removesuffix("-stays").replace("-", "_")

    def misfit(self, vehicle: Vehicle) -> tuple[str, str] | None:
        """Return the key and the reason why this cannot happen to a vehicle, or None if it can."""
        if self.parachute is not None:
            why = parachute_misfit(vehicle, self.parachute)
            if why is not None:
                return "parachute", why
        if self.separation is None:
            return None
        modules = {module.name: module for module in vehicle.split.modules} if vehicle.split else {}
        names = [f"{name.replace('_', '-')}-stays" for name in modules]
        if self.module not in modules:
            return "separation", f"'{self.separation}' names no module of vehicle '{vehicle.name}', " + (
                nearest(self.separation, names) if names else "which has no [split]"
            )
        if self.drag_area_m2 is None and modules[self.module].attached_drag_area_m2 is None:
            return "drag_area_m2", (
                f"needs the drag area of capsule and {self.module} together: give it here, or as "
                f"attached_drag_area_m2 of the module in the file of vehicle '{vehicle.name}'"
            )
        top = vehicle.split.altitude_m if vehicle.split else 0.0
        low = vehicle.parachutes.command_altitude_m if vehicle.parachutes else 0.0
        if self.release_altitude_m is not None and not low < self.release_altitude_m < top:
            return "release_altitude_m", (
                f"= {self.release_altitude_m:g} must lie between the parachute command at {low:g} m and the split at "
                f"{top:g} m"
            )
        return None


def parachute_misfit(vehicle: Vehicle, failure: str) -> str | None:
    """Return why the parachutes of a vehicle cannot fail so, or None if they can."""
    stages = vehicle.parachutes.stages if vehicle.parachutes else ()
    if vehicle.parachutes is None or vehicle.parachutes.reserve is None:
        return f"= '{failure}' needs a vehicle with [parachutes.reserve], and '{vehicle.name}' has none"
    areas = [0.0, *(stage.drag_area_m2 for stage in stages)]
    opening = sum(b != a for a, b in pairwise(areas))
    if failure == "drogue-failure" and "drogue" not in [stage.name for stage in stages]:
        return f"= '{failure}' needs a stage named 'drogue' in the parachutes of '{vehicle.name}'"
    if failure == "main-not-disreefed" and opening < 2:
        return f"= '{failure}' needs a canopy that opens in two stages, and that of '{vehicle.name}' opens in one"
    return None
