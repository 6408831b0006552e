"""Races steppe against other engines on the dispersed entry case, in one run on one core of one machine.

    python bench/race.py [--count 8192] [--repeat 41] [--write bench/RESULTS.md]

Prints a table in Markdown: time, error and ratio. An engine that is not installed says so in its row. The time is the
median of the repeats without compilation and set-up; the error is the largest of the first eight ends against the exact
ones (their last digit is 0.1 m). The engines take turns, so that a machine that slows down slows all of them.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from steppe.environment.air import exponential_air
from steppe.kernels import entry_case, lanes

Array = np.ndarray
HERE = Path(__file__).parent
C_FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp-simd")


@dataclass(frozen=True)
class Engine:
    """One row: `fly` flies some trajectories and returns seconds for one of them and the first eight ends."""

    name: str
    fly: Callable[[], tuple[float, Array]] | None
    why_not: str = ""


def ends_array(states: list[Array], times: list[float]) -> Array:
    """Return ends as steppe's lanes give them, from states (6,) and times."""
    ends = np.zeros((lanes.END_ROWS, len(states)))
    ends[:6] = np.array(states).T
    ends[lanes.END_TIME] = times
    ends[lanes.END_CODE] = 11  # ended
    return ends


def lift_and_drag(cases: Array) -> tuple[Array, Array, Array]:
    """Return drag area over mass, and lift over drag upwards and to the right, of every case."""
    drag = entry_case.DRAG_COEFFICIENT * cases[lanes.DRAG] * entry_case.AREA_M2 / entry_case.MASS_KG
    ratio = entry_case.LIFT_TO_DRAG * cases[lanes.LIFT] / cases[lanes.DRAG]
    return drag, ratio * cases[lanes.COSINE], ratio * cases[lanes.SINE]


def steppe_engine(count: int) -> Engine:
    air = exponential_air(entry_case.SURFACE_DENSITY_KG_M3, entry_case.SCALE_HEIGHT_M, 250.0)
    world, cases = entry_case.entry_world(air), entry_case.entry_cases(count)

    def fly() -> tuple[float, Array]:
        began = time.perf_counter()
        ends = lanes.fly_many(entry_case.fly_entries, world, entry_case.FAST, cases)
        return (time.perf_counter() - began) / count, ends[:, :8]

    fly()
    return Engine(f"**steppe**, {lanes.LANES} lanes, Tsitouras 5", fly)


def c_engine(count: int, step_s: float, folder: str) -> Engine:
    name = f"C kernel, gcc {' '.join(C_FLAGS)}, RK4 with {step_s:g} s steps"
    compiler = shutil.which("gcc")
    if compiler is None:
        return Engine(name, None, "no gcc")
    program = Path(folder) / "entry_simd"
    if not program.exists():
        subprocess.run([compiler, *C_FLAGS, str(HERE / "entry_simd.c"), "-o", str(program), "-lm"], check=True)

    def fly() -> tuple[float, Array]:
        done = subprocess.run([program, str(count), str(step_s)], capture_output=True, encoding="utf-8", check=True)
        each = float(re.search(r"microseconds_each ([\d.]+)", done.stdout).group(1))
        states, times = [], []
        for line in done.stdout.splitlines()[:8]:
            t, latitude, longitude, speed = (float(word) for word in line.split()[2::2])
            latitude, longitude = math.radians(latitude), math.radians(longitude)
            up = (
                math.cos(latitude) * math.cos(longitude),
                math.cos(latitude) * math.sin(longitude),
                math.sin(latitude),
            )
            states.append(np.array([*(entry_case.EARTH.radius_m * part for part in up), speed, 0.0, 0.0]))
            times.append(t)
        return 1e-6 * each, ends_array(states, times)

    return Engine(name, fly)


def heyoka_engine(count: int, tolerance: float) -> Engine:
    name = f"heyoka {version_of('heyoka')}, batches of 8, tolerance {tolerance:g}"
    try:
        import heyoka as hy
    except ImportError:
        return Engine("heyoka", None, "not installed")
    x, y, z, u, v, w = hy.make_vars("x", "y", "z", "u", "v", "w")
    k, up_ratio, right_ratio = hy.par[0], hy.par[1], hy.par[2]
    gm, spin, radius = entry_case.EARTH.gm, entry_case.EARTH.rotation_rad_s, entry_case.EARTH.radius_m
    r2 = x * x + y * y + z * z
    r = hy.sqrt(r2)
    v2 = u * u + v * v + w * w
    speed = hy.sqrt(v2)
    climb = x * u + y * v + z * w
    # v^2 x - (x.v) v and v (v x x) over |v x x| are |v| times upward and |v|^2 times rightward
    across = 1.0 / hy.sqrt(r2 * v2 - climb * climb)
    q = 0.5 * entry_case.SURFACE_DENSITY_KG_M3 * k * hy.exp((radius - r) / entry_case.SCALE_HEIGHT_M)
    lift_up, lift_right = q * up_ratio * speed * across, q * right_ratio * v2 * across
    pull, drag = -gm / (r2 * r), q * speed
    right = (v * z - w * y, w * x - u * z, u * y - v * x)
    force = [
        pull * a - drag * b + lift_up * (v2 * a - climb * b) + lift_right * c
        for a, b, c in zip((x, y, z), (u, v, w), right, strict=True)
    ]
    system = [(x, u), (y, v), (z, w)]
    system += [(u, force[0] + 2.0 * spin * v + spin * spin * x), (v, force[1] - 2.0 * spin * u + spin * spin * y)]
    system += [(w, force[2])]
    end_r = radius + entry_case.END_ALTITUDE_M
    event = hy.t_event_batch(r2 - end_r * end_r, direction=hy.event_direction.negative)
    cases = entry_case.entry_cases(count)
    ratios = np.array(lift_and_drag(cases))
    machine = hy.taylor_adaptive_batch(system, np.zeros((6, 8)), t_events=[event], tol=tolerance, compact_mode=False)

    def fly() -> tuple[float, Array]:
        states, times = [], []
        seconds = 0.0
        for first in range(0, count, 8):
            machine.reset_cooldowns()
            machine.set_time(0.0)
            machine.state[:] = cases[:6, first : first + 8]
            machine.pars[:] = ratios[:, first : first + 8]
            began = time.perf_counter()
            # A terminal event stops the whole batch: the lanes that have arrived wait at their time, the others go on
            until = np.full(8, 2000.0)
            while True:
                machine.propagate_until(until)
                below = np.sqrt(np.sum(machine.state[:3] ** 2, axis=0)) < end_r + 1e-3
                if below.all():
                    break
                until[below] = np.array(machine.time)[below]
            seconds += time.perf_counter() - began
            if first == 0:
                states, times = list(machine.state.T.copy()), list(machine.time)
        return seconds / count, ends_array(states, times)

    return Engine(name, fly)


def scipy_engine(method: str, tolerance: float) -> Engine:
    name = f"scipy {version_of('scipy')} {method}, rtol {tolerance:g}"
    try:
        from scipy.integrate import solve_ivp
    except ImportError:
        return Engine(f"scipy {method}", None, "not installed")
    cases = entry_case.entry_cases(8)
    ratios = np.array(lift_and_drag(cases)).T
    gm, spin, radius = entry_case.EARTH.gm, entry_case.EARTH.rotation_rad_s, entry_case.EARTH.radius_m

    def rates(_: float, s: Array, k: float, up_ratio: float, right_ratio: float) -> tuple[float, ...]:
        x, y, z, u, v, w = s.tolist()
        r2, v2, climb = x * x + y * y + z * z, u * u + v * v + w * w, x * u + y * v + z * w
        r, speed = math.sqrt(r2), math.sqrt(v2)
        q = 0.5 * entry_case.SURFACE_DENSITY_KG_M3 * k * math.exp((radius - r) / entry_case.SCALE_HEIGHT_M)
        across = 1.0 / math.sqrt(r2 * v2 - climb * climb)
        upward, right = q * up_ratio * speed * across, q * right_ratio * v2 * across
        gravity, along = -gm / (r2 * r) + upward * v2, q * speed + upward * climb
        return (
            u, v, w,
            gravity * x - along * u + right * (v * z - w * y) + 2.0 * spin * v + spin * spin * x,
            gravity * y - along * v + right * (w * x - u * z) - 2.0 * spin * u + spin * spin * y,
            gravity * z - along * w + right * (u * y - v * x),
        )  # fmt: skip

    def end(_: float, s: Array, *__: float) -> float:
        return math.sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2]) - radius - entry_case.END_ALTITUDE_M

    end.terminal, end.direction = True, -1.0  # type: ignore[attr-defined]

    def fly() -> tuple[float, Array]:
        began = time.perf_counter()
        flown = [
            solve_ivp(rates, (0.0, 2000.0), cases[:6, i], method, args=tuple(ratios[i]), events=end, rtol=tolerance)
            for i in range(8)
        ]
        seconds = (time.perf_counter() - began) / 8
        return seconds, ends_array([one.y[:, -1] for one in flown], [one.t[-1] for one in flown])

    return Engine(name, fly)


def rocketpy_engine() -> Engine:
    name = f"RocketPy {version_of('rocketpy')}"
    if version_of("rocketpy") == "":
        return Engine("RocketPy", None, "not installed")
    return Engine(name, None, "cannot express the case: flat frame at the launch site, no banked lift")


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def processor() -> str:
    """Return the processor as the system and the compiler name it."""
    from llvmlite import binding

    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text(encoding="utf-8")) if info.exists() else None
    features = binding.get_host_cpu_features()
    vectors = ", ".join(name for name in ("avx2", "avx512f") if features.get(name)) or "no AVX2"
    return f"{found.group(1) if found else platform.processor()} ({binding.get_host_cpu_name()}; {vectors})"


def race(engines: list[Engine], repeat: int) -> str:
    """Let the engines take turns; return the table in Markdown."""
    seconds: dict[str, list[float]] = {engine.name: [] for engine in engines}
    ends: dict[str, Array] = {}
    for _ in range(repeat):
        for engine in engines:
            if engine.fly is not None:
                each, ends[engine.name] = engine.fly()
                seconds[engine.name].append(each)
    first = statistics.median(seconds[engines[0].name])
    rows = [
        "| engine | µs each (median) | best | largest end error m | speed error m/s | time against steppe |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for engine in engines:
        if engine.fly is None:
            rows.append(f"| {engine.name} | {engine.why_not} | | | | |")
            continue
        each = statistics.median(seconds[engine.name])
        place_m, speed_m_s, _ = entry_case.errors_to_exact(ends[engine.name])
        rows.append(
            f"| {engine.name} | {1e6 * each:.3g} | {1e6 * min(seconds[engine.name]):.3g} | {place_m.max():.2g} "
            f"| {speed_m_s.max():.2g} | {each / first:.3g} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=8192, help="trajectories of the fast engines, a multiple of 64")
    parser.add_argument("--repeat", type=int, default=41)
    parser.add_argument("--write", type=Path, help="also write the result to this file")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # one core for all, the children too
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        engines = [
            steppe_engine(options.count),
            c_engine(options.count, 2.0, folder),
            c_engine(options.count, 1.0, folder),
            heyoka_engine(options.count, 1e-6),
            heyoka_engine(options.count, 1e-12),
            scipy_engine("RK45", 1e-6),
            scipy_engine("DOP853", 1e-9),
            rocketpy_engine(),
        ]
        table = race(engines, options.repeat)
    text = "\n".join([
        "# The dispersed entry case, raced",
        "",
        f"Machine: {processor()}, one core. Python {platform.python_version()}, numba {version_of('numba')}, "
        f"llvmlite {version_of('llvmlite')}, numpy {version_of('numpy')}; {platform.system()} {platform.machine()}; "
        f"{time.strftime('%Y-%m-%d')}.",
        f"Command: `python bench/race.py --count {options.count} --repeat {options.repeat}`. "
        "Errors of the first eight ends against the exact ones, whose last printed digit is 0.1 m.",
        "",
        table,
        "",
        "The C kernel reports the speed of its last whole step, which is its speed error.",
    ])  # fmt: skip
    print(text)
    if options.write:
        options.write.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
