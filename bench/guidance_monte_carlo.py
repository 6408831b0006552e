"""Monte Carlo of the guided entry: misses at the parachute command, with and without the fading filters.

    python bench/guidance_monte_carlo.py [FLIGHTS] [PRESET]

Navigation errors and dispersions as in docs/models/navigation.md; the plan and the guidance know none of them. The
comparison switches the filters off in the process (`_FADING_S`) before anything is compiled.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

UPDATES = {"satellite": (10.0, 0.01), "ground": (1000.0 / 3.0, 1.0 / 3.0)}


def main(flights: int, preset: str, filters: bool) -> None:
    from dataclasses import replace

    import steppe.kernels.guidance as kernels

    if not filters:
        kernels._FADING_S = 1e12

    from steppe.config.loader import load_mission
    from steppe.config.mission import Navigation
    from steppe.flight.changes import Changes
    from steppe.flight.simulate import fly

    loaded = load_mission(preset)
    for update, (place_m, speed_m_s) in UPDATES.items():
        rng = np.random.default_rng(1)
        rows = []
        for _ in range(flights):
            errors = Navigation(
                accelerometer_scale=float(rng.normal(0.0, 1e-4)),
                accelerometer_bias_m_s2=tuple(rng.normal(0.0, 100e-6 * 9.80665 / 3.0, 3).tolist()),
                gyro_drift_deg_h=tuple(rng.normal(0.0, 1.0 / 3.0, 3).tolist()),
                position_error_m=tuple(rng.normal(0.0, place_m, 3).tolist()),
                velocity_error_m_s=tuple(rng.normal(0.0, speed_m_s, 3).tolist()),
            )
            changes = Changes(
                density_factor=1.0 + float(rng.normal(0.0, 0.05)),
                lift_to_drag_factor=1.0 + float(rng.normal(0.0, 0.08 / 3.0)),
                drag_factor=1.0 + float(rng.normal(0.0, 0.05 / 3.0)),
            )
            guidance = loaded.mission.guidance.model_copy(update={"navigation": errors})
            mission = loaded.mission.model_copy(update={"guidance": guidance})
            flight = fly(replace(loaded, mission=mission), changes=changes)
            miss = np.hypot(flight.plan["miss_at_command_ahead_km"], flight.plan["miss_at_command_right_km"])
            rows.append((float(miss), flight.peaks.load_g))
        miss, load = np.array(rows).T
        p50, p68, p99 = np.quantile(miss, [0.5, 0.68, 0.997])
        print(
            f"{preset} {update:9s} filters {'on ' if filters else 'off'} {flights} flights: median {p50:.2f}, "
            f"68 % {p68:.2f}, 99.7 % {p99:.2f} km; load up to {load.max():.2f} g",
            flush=True,
        )


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    name = sys.argv[2] if len(sys.argv) > 2 else "ms-21"
    if "STEPPE_FILTERS_OFF" in os.environ:
        main(count, name, filters=False)
    else:
        main(count, name, filters=True)
        # A cache of its own: the compiled code differs, the text of the kernels does not
        folder = os.path.join(os.environ.get("TMPDIR", "/tmp"), "steppe-filters-off")
        changed = {**os.environ, "STEPPE_FILTERS_OFF": "1", "STEPPE_CACHE_DIR": folder}
        subprocess.run([sys.executable, __file__, str(count), name], env=changed, check=True)
