// The lines of the entry corridor, the same in the report and on the live page.

import type { Corridor, CorridorLine, PossibleEntry } from "./document.ts";
import type { Curve } from "./plane.ts";
import type { Palette } from "./theme.ts";

const STYLE: Record<CorridorLine["kind"], { colour: (p: Palette) => string; dash: number[]; labelAt: number }> = {
  load: { colour: (p) => p.limit, dash: [], labelAt: 0.5 },
  heat_flux: { colour: (p) => p.plan, dash: [5, 3], labelAt: 0.8 },
  equilibrium_glide: { colour: (p) => p.modules[1], dash: [9, 3, 2, 3], labelAt: 0.55 },
};

export const km = (values: ArrayLike<number>): number[] => Array.from(values, (one) => one / 1000);

/** The boundaries over airspeed in m/s and altitude in km. */
export function boundaryCurves(corridor: Corridor): Curve[] {
  const loads = (corridor.lines ?? []).filter((one) => one.kind === "load");
  return (corridor.lines ?? []).map((one) => ({
    x: one.columns.airspeed_m_s, y: km(one.columns.altitude_m), label: one.label, width: one.is_limit ? 2.4 : 1.2, ...STYLE[one.kind],
    // Lines of load lie close together: each has its name further along
    ...(one.kind === "load" ? { labelAt: 0.5 + 0.17 * loads.indexOf(one) } : {}),
  }));
}

/** An entry that could have been flown. */
export function entryCurve(one: PossibleEntry, x: string, y: string, toX: number, toY: number, labelAt: number): Curve {
  return {
    x: Array.from(one.columns[x], (value) => value * toX), y: Array.from(one.columns[y], (value) => value * toY),
    colour: (p) => p.actual, width: 1, dash: [2, 3], label: one.label, labelAt,
  };
}

/** The edges of what can be flown over airspeed in m/s and altitude in km. */
export function edgeCurves(corridor: Corridor): Curve[] {
  return (corridor.entries ?? []).map((one) => entryCurve(one, "airspeed_m_s", "altitude_m", 1, 1e-3, one.kind === "lift_up" ? 0.52 : 0.6));
}
