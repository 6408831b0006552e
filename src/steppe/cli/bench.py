"""``steppe bench``: how fast the kernels fly, and how far their ends lie from the truth."""

from __future__ import annotations

import os
import platform
import time
from enum import StrEnum
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from steppe.cli.terminal import emit_json, emit_rich, message, plain_table

if TYPE_CHECKING:
    from steppe.flight.batch import ReturnCase

INACCURATE: Final = 2
# The bound of the case: an engine whose ends lie farther away has not flown it
LARGEST_ERROR_M: Final = 5.0
_VECTORS: Final = ("sse4.2", "avx", "avx2", "fma", "avx512f", "neon", "sve")

RETURN_MISSION: Final = "ms-21"


class Law(StrEnum):
    """What steers a return."""

    APPARENT_VELOCITY = "apparent-velocity"
    PREDICTOR_CORRECTOR = "predictor-corrector"
    OPEN_LOOP = "open-loop"


app = typer.Typer(help="Measure the kernels on this machine.", no_args_is_help=True, rich_markup_mode="rich")


@app.callback()
def _root() -> None:
    """Measure the kernels on this machine."""


@app.command("entry", epilog="Example:  steppe bench entry --json")
def entry_verb(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    count: Annotated[int, typer.Option("-n", "--count", min=8, max=1_000_000, help="Trajectories.")] = 8192,
    repeat: Annotated[int, typer.Option("--repeat", min=1, max=1000, help="Runs; the median is printed.")] = 9,
) -> None:
    """Fly the dispersed entry case on one core; exit code 2 if an end lies more than 5 m from the truth."""
    report = measure_entry(count, repeat)
    if as_json:
        emit_json(report)
    else:
        table = plain_table("item", "value")
        for item, value in report.items():
            table.add_row(item, _text(value))
        emit_rich(table)
    if not report["max_end_error_m"] <= LARGEST_ERROR_M:
        far = f"{report['max_end_error_m']:.3g} m"
        message(f"error: an end lies {far} from the truth; the case allows {LARGEST_ERROR_M:g} m")
        raise typer.Exit(INACCURATE)


@app.command("return", epilog="Example:  steppe bench return --law predictor-corrector -n 64")
def return_verb(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1_000_000, help="Returns.")] = 1024,
    law: Annotated[Law, typer.Option("--law", help="What steers them.")] = Law.APPARENT_VELOCITY,
    cores: Annotated[int, typer.Option("--cores", min=1, max=1024, help="Threads.")] = 1,
) -> None:
    """Fly guided returns with small errors from the entry interface to the ground, and say what costs how much."""
    report = measure_returns(count, law.value, cores)
    if as_json:
        emit_json(report)
        return
    table = plain_table("item", "value")
    for item, value in report.items():
        if item == "costs":
            for part, milliseconds in value.items():
                table.add_row(f"of which {part}, ms", _text(milliseconds))
        else:
            table.add_row(item, _text(value))
    emit_rich(table)


def measure_returns(count: int, law: str, cores: int) -> dict[str, Any]:
    """Return the speed of whole returns in lanes, and what air, body, guidance and canopies cost of it.

    Each cost is the time that a flight without it saves: an isothermal column without tables, constant coefficients,
    the planned bank profile instead of the law, the flight cut at the parachute command. Without it the flight takes
    another path, so the first three are measured on the entry alone, its phases as long as in the nominal flight; air
    and body, which act to the ground, count for all steps. Compilation is not timed.
    """
    from steppe.config.loader import load_mission
    from steppe.flight.batch import return_case, with_law
    from steppe.kernels import returns as kernel
    from steppe.kernels.ends import END_STEPS
    from steppe.kernels.variants import constant_coefficients, isothermal_air

    def case_under(name: str) -> ReturnCase:
        return return_case(with_law(load_mission(RETURN_MISSION), name))

    def timed(driver: Any, flown: ReturnCase, threads: int = 1) -> tuple[float, Any]:
        return _timed_returns(driver, flown, count, threads)

    def without(**left_out: Any) -> float:
        return timed(_returns_without(**left_out), unguided)[0]

    case = case_under(law)
    unguided = case_under(Law.OPEN_LOOP.value).until("parachute_command").on_the_clock()
    each_ms, ends = timed(kernel.fly_returns, case, cores)
    one_ms = each_ms if cores == 1 else timed(kernel.fly_returns, case)[0]
    cut_ms, _ = timed(kernel.fly_returns, case.until("parachute_command"))
    guided_ms, _ = timed(kernel.fly_returns, case.until("parachute_command").on_the_clock())
    plain_ms, plain_ends = timed(kernel.fly_returns, unguided)
    steps = float(ends[:, END_STEPS].mean())
    scale = steps / float(plain_ends[:, END_STEPS].mean())
    return {
        "returns_per_second_per_core": 1e3 / each_ms,
        "milliseconds_each": each_ms,
        "steps_each": steps,
        "law": law,
        "n": count,
        "failed": _failed(ends),
        "costs": {
            "air": scale * (plain_ms - without(air=isothermal_air)),
            "aero": scale * (plain_ms - without(body=constant_coefficients)),
            "guidance": guided_ms - plain_ms,
            "canopy": one_ms - cut_ms,
        },
        "method": "Runge-Kutta 4, stabilised under the main canopy, steps of the single flight, from entry to ground",
        "mission": RETURN_MISSION,
        "cores": cores,
        **machine(),
    }


def _timed_returns(driver: Any, flown: ReturnCase, count: int, threads: int) -> tuple[float, Any]:
    """Return milliseconds a return (best of seven runs: others may use the machine) and the ends."""
    from steppe.kernels.returns import fly_many_returns

    starts, seconds = flown.dispersed(count), []
    for run in range(8):
        began = time.perf_counter()
        # The first run compiles, for which one return is enough
        ends = fly_many_returns(
            driver, flown.world, flown.model, flown.guide, flown.phases, starts[:1] if run == 0 else starts,
            flown.rules, threads=threads,
        )  # fmt: skip
        seconds.append(time.perf_counter() - began)
    return 1e3 * min(seconds[1:]) * threads / count, ends


def _returns_without(**left_out: Any) -> Any:
    """Return a driver of planned returns with other laws, for example ``air=isothermal_air``."""
    from steppe.kernels.return_steps import UNPOWERED_AS_PLANNED, build_step_returns
    from steppe.kernels.returns import build_fly_returns
    from steppe.kernels.steppers import build_flight_stepper

    loop = build_step_returns(UNPOWERED_AS_PLANNED._replace(**left_out), build_flight_stepper)
    return build_fly_returns(loop, f"bench without {', '.join(left_out)}")


def _failed(ends: Any) -> dict[str, int]:
    """Return how many returns ended how, of those that did not end well."""
    import numpy as np

    from steppe.errors import ENDED, LANDED, STATUS
    from steppe.kernels.ends import END_CODE

    codes, counts = np.unique(ends[:, END_CODE].astype(int), return_counts=True)
    return {
        STATUS[code].name: int(number)
        for code, number in zip(codes.tolist(), counts.tolist(), strict=True)
        if code not in (LANDED, ENDED)
    }


def measure_entry(count: int, repeat: int) -> dict[str, Any]:
    """Return the speed and the errors of the dispersed entry case on one core.

    The errors are the largest of two comparisons: the first eight ends with the exact ones, and all ends with those of
    the same kernel at steps so short that they no longer matter. Compilation is not timed.
    """
    import numpy as np

    from steppe.environment.air import exponential_air
    from steppe.kernels import entry_case
    from steppe.kernels.lanes import fly_many

    air = exponential_air(entry_case.SURFACE_DENSITY_KG_M3, entry_case.SCALE_HEIGHT_M, 250.0)
    world, cases = entry_case.entry_world(air), entry_case.entry_cases(count)
    reference = fly_many(entry_case.fly_entries, world, entry_case.TIGHT, cases)
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        ends = fly_many(entry_case.fly_entries, world, entry_case.FAST, cases)
        seconds.append(time.perf_counter() - began)
    distance_m, speed_m_s, time_s = entry_case.errors_to_exact(ends)
    spread_m, spread_m_s = entry_case.errors_to_reference(ends, reference)
    each_s = float(np.median(seconds)) / count
    return {
        "trajectories_per_second_per_core": 1.0 / each_s,
        "microseconds_each": 1e6 * each_s,
        "best_microseconds_each": 1e6 * min(seconds) / count,
        "max_end_error_m": _finite(max(float(distance_m.max()), spread_m)),
        "max_end_speed_error_m_s": _finite(max(float(speed_m_s.max()), spread_m_s)),
        "max_end_time_error_s": _finite(float(time_s.max())),
        "trajectories": count,
        "runs": repeat,
        "method": f"Tsitouras 5, steps of {entry_case.FAST.step_s:g} to "
        f"{entry_case.FAST.step_s * (1.0 + _growth_at_start(entry_case.FAST)):g} s by altitude",
        "cores": 1,
        **machine(),
    }


def _growth_at_start(descent: Any) -> float:
    from steppe.kernels.entry_case import START_ALTITUDE_M

    growth = (START_ALTITUDE_M - descent.grow_from_m) * descent.grow_per_m
    return float(min(max(growth, 0.0), descent.grow_most))


def machine() -> dict[str, Any]:
    """Return the versions and the processor that a measurement belongs to."""
    from llvmlite import binding  # type: ignore[import-untyped]

    import steppe

    features = binding.get_host_cpu_features()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    names = ("numba", "llvmlite", "numpy")
    packages = {name: version(name) for name in names}
    return {
        "versions": {"steppe": steppe.__version__, **packages, "python": platform.python_version()},
        "processor": binding.get_host_cpu_name(),
        "usable_cores": usable,
        "vector_instructions": [name for name in _VECTORS if features.get(name)],
    }


def _finite(value: float) -> float:
    """Return a value that strict JSON can hold: a case that never ended counts as infinitely far away."""
    return min(value, 1e300)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
