// The panels of the descent: corridor, energy over range, canopies and landing, loads on the crew, heat and radio.

import { boundaryCurves, edgeCurves, entryCurve, km } from "./corridor.ts";
import type { Columns, CrewLoads, FlightDocument, PossibleEntry } from "./document.ts";
import { fixed } from "./format.ts";
import { element, Panel, Sheet, type Table } from "./panel.ts";
import { Plane, type Curve, type PlaneContent, type Spot } from "./plane.ts";
import { FONT, palette } from "./theme.ts";

const COMMAND = "parachute_command";

/** The samples from a time to another, as columns. */
export function cut(columns: Columns, from_s: number, to_s: number): Columns {
  const first = Math.max(columns.time_s.findIndex((one) => one >= from_s), 0);
  const past = columns.time_s.findIndex((one) => one > to_s);
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice(first, past < 0 ? undefined : past)]));
}

function timeOf(flight: FlightDocument, name: string): number | null {
  return flight.events.find((one) => one.event === name)?.time_s ?? null;
}

function long(parts: [string, Columns][], names: string[]): Table {
  const rows = parts.flatMap(([what, columns]) => Array.from(columns[names[0]], (_, i) => [what, ...names.map((name) => columns[name]?.[i] ?? null)]));
  return { header: ["what", ...names], rows };
}

export function corridorPanel(flight: FlightDocument, begin_s: number): Panel {
  const track = flight.tracks[0].columns;
  const { reason, lines = [], entries = [] } = flight.corridor;
  const from_s = reason ? begin_s : (timeOf(flight, "entry_interface") ?? begin_s);
  const to_s = timeOf(flight, COMMAND) ?? Infinity;
  const part = cut(track, from_s, Infinity);
  const spots: Spot[] = flight.events
    .filter((one) => one.time_s >= from_s && one.time_s <= to_s && !(lines.length && one.event === "plasma_exit"))
    .map((one) => ({ x: one.speed_m_s, y: one.altitude_m / 1000, label: one.label }));
  const fastest = part.airspeed_m_s.reduce((best, one) => Math.max(best, one), 0);
  const highest = part.altitude_m.reduce((best, one) => Math.max(best, one), 0) / 1000;
  const panel = new Panel({
    id: "corridor",
    title: "Entry corridor",
    note: reason ? `altitude over airspeed only: ${reason}` : "boundaries of this capsule in the air of this flight",
    csv: () => long(
      [
        ["flown", cut(track, from_s, to_s)],
        ...lines.map((one): [string, Columns] => [one.label, one.columns]),
        ...entries.map((one): [string, Columns] => [one.label, one.columns]),
      ],
      ["airspeed_m_s", "altitude_m", "time_s", "load_g", "heat_flux_w_m2"],
    ),
  });
  const edges = edgeCurves(flight.corridor);
  const curves: Curve[] = [
    ...boundaryCurves(flight.corridor),
    ...edges,
    { x: part.airspeed_m_s, y: km(part.altitude_m), colour: (p) => p.actual, width: 2.4, ...(reason ? {} : { label: "flown", labelAt: 0.42 }) },
  ];
  const plane = new Plane(panel.body, "Entry corridor: altitude over airspeed", (): PlaneContent => ({
    xLabel: "Airspeed, m/s", yLabel: "Altitude, km", spots, curves, fromZeroY: true,
    ...(edges.length === 2 ? { between: [edges[0], edges[1]] as [Curve, Curve] } : {}),
    ...(reason ? {} : { ranges: [0, 1.03 * fastest, 0, Math.max(1.04 * highest, 1)] as [number, number, number, number] }),
  }), "plane tall");
  panel.drawnBy(plane);
  return panel;
}

export function energyPanel(flight: FlightDocument): Panel | null {
  const { reason, entries = [], flown } = flight.corridor;
  if (reason || flown === undefined) return null;
  const panel = new Panel({
    id: "energy",
    title: "Energy over range to go",
    note: "0: the parachute command",
    csv: () => long([["flown", flown], ...entries.map((one): [string, Columns] => [one.label, one.columns])], ["range_to_go_m", "energy_j_kg"]),
  });
  const say = (one: PossibleEntry): string => `${one.kind === "lift_up" ? "lift up" : "ballistic"}: ${fixed(Math.abs(one.beyond_m) / 1000, 0)} km ${one.beyond_m < 0 ? "short" : "beyond"}`;
  const plane = new Plane(panel.body, "Energy over range to go", () => ({
    xLabel: "Range to go over the ground, km", yLabel: "Energy, MJ/kg", fromZeroY: true, spots: [],
    curves: [
      ...entries.map((one) => ({ ...entryCurve(one, "range_to_go_m", "energy_j_kg", -1e-3, 1e-6, 0.72), label: say(one) })),
      { x: km(flown.range_to_go_m).map((one) => -one), y: Array.from(flown.energy_j_kg, (one) => one * 1e-6), colour: (p) => p.actual, width: 2.4, label: "flown", labelAt: 0.75 },
    ],
    verticals: [],
    xTickText: (value: number) => fixed(-value, 0),
  }));
  panel.drawnBy(plane);
  return panel;
}

interface Pull {
  label: string;
  value: number;
  limit: number | null;
  note: string;
}

/** One bar for each canopy with the limit of its lines as a tick. */
class Pulls {
  private readonly sheet: Sheet;
  private readonly rows: Pull[];

  constructor(holder: HTMLElement, rows: Pull[]) {
    this.sheet = new Sheet(holder, "Largest pull of each canopy against its limit", "bars");
    this.sheet.canvas.style.height = `${rows.length * 38 + 4}px`;
    this.rows = rows;
  }

  draw(): void {
    const pen = this.sheet.begin();
    const p = palette();
    const { width } = this.sheet;
    pen.font = `12px ${FONT}`;
    const left = Math.max(...this.rows.map((one) => pen.measureText(one.label).width)) + 14;
    const right = width - 14;
    const most = Math.max(...this.rows.map((one) => Math.max(one.value, one.limit ?? 0))) * 1.04;
    const toX = (value: number): number => left + (value / most) * (right - left);
    pen.textBaseline = "middle";
    this.rows.forEach((row, i) => {
      const y = i * 38 + 10;
      const over = row.limit !== null && row.value > row.limit;
      pen.textAlign = "right";
      pen.fillStyle = p.ink;
      pen.fillText(row.label, left - 8, y);
      pen.fillStyle = p.grid;
      pen.fillRect(left, y - 6, right - left, 12);
      pen.fillStyle = over ? p.limit : p.actual;
      pen.fillRect(left, y - 6, toX(row.value) - left, 12);
      if (row.limit !== null) {
        pen.fillStyle = p.limit;
        pen.fillRect(toX(row.limit) - 1, y - 10, 2.5, 20);
      }
      pen.textAlign = "left";
      pen.fillStyle = p.soft;
      pen.fillText(row.note, left, y + 17);
    });
  }
}

/** A list of names and values for people. */
function facts(rows: [string, string][]): HTMLElement {
  const list = element("dl", { class: "small-facts" });
  for (const [name, value] of rows) list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return list;
}

export function landingPanel(flight: FlightDocument): Panel | null {
  const { canopies, contact } = flight;
  if (!canopies.length && contact === null) return null;
  const panel = new Panel({
    id: "landing",
    title: "Under the canopies and on the ground",
    note: canopies.some((one) => one.limit_n !== null) ? "tick: what the lines hold" : undefined,
    csv: () => ({
      header: ["what", "name", "value"],
      rows: [
        ...canopies.flatMap((one) => Object.entries(one).filter(([name]) => name !== "stage" && name !== "label").map(([name, value]) => [one.stage, name, value as number | null])),
        ...Object.entries(contact ?? {}).map(([name, value]) => ["contact", name, typeof value === "boolean" ? Number(value) : value]),
      ],
    }),
  });
  if (canopies.length) {
    const rows = canopies.map((one): Pull => {
      const limit = one.limit_n === null ? "no limit in the vehicle file" : `${fixed(one.margin! * 100, 0)} % below ${fixed(one.limit_n / 1e3, 0)} kN`;
      const beyond = one.margin !== null && one.margin < 0 ? `beyond ${fixed(one.limit_n! / 1e3, 0)} kN` : limit;
      return {
        label: one.label, value: one.force_n / 1e3, limit: one.limit_n === null ? null : one.limit_n / 1e3,
        note: `${fixed(one.force_n / 1e3, 0)} kN, ${one.margin !== null && one.margin >= 0 ? `limit ${fixed(one.limit_n! / 1e3, 0)} kN, margin ${fixed(one.margin * 100, 0)} %` : beyond}; ${fixed(one.load_g, 1)} g, filling from ${fixed(one.speed_m_s, 0)} m/s`,
      };
    });
    const chart = new Pulls(panel.body, rows);
    panel.drawnBy(chart);
  }
  if (contact !== null) panel.body.append(facts(contactFacts(flight, contact)));
  return panel;
}

function contactFacts(flight: FlightDocument, contact: Record<string, number | boolean | null>): [string, string][] {
  const of = (name: string): number | null => (typeof contact[name] === "number" ? (contact[name] as number) : null);
  const before = flight.touchdown?.speed_before_engines_m_s;
  const rows: [string, string | null][] = [
    ["Under the canopy", typeof before === "number" ? `${fixed(before, 1)} m/s` : null],
    ["Contact", `${fixed(of("vertical_speed_m_s"), 1)} m/s down, ${fixed(of("horizontal_speed_m_s"), 1)} along`],
    ["Slope of the ground", `${fixed(of("slope_deg"), 1)}°`],
    ["Capsule", contact.tips_over ? "tips over" : `stays upright, tilts ${fixed(of("tilt_deg"), 0)}°`],
    ["Slides", `${fixed(of("dragged_m"), 1)} m`],
    ["Seat", `${fixed(of("seat_load_g"), 1)} g, stroke ${fixed((of("seat_stroke_m") ?? NaN) * 100, 0)} cm`],
    ["Floor", `${fixed(of("capsule_load_g"), 1)} g`],
    ["Brinkley β", `${fixed(of("beta"), 2)}, ${(of("beta") ?? 0) <= 1 ? "low risk" : "more than low risk"} (1)`],
  ];
  return rows.filter((one): one is [string, string] => one[1] !== null && !one[1].startsWith("\u2013"));
}

const DECADES = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];

export function crewPanel(crew: CrewLoads | null): Panel | null {
  if (crew === null) return null;
  const panel = new Panel({
    id: "crew",
    title: "Loads on the crew",
    note: `${crew.seat} seat: what lasted so long, and what may`,
    csv: () => ({
      header: ["duration_s", ...crew.axes.flatMap((one) => [`${one.axis}_g`, ...one.limits.map((limit) => `${one.axis}_limit_${limit.name}_g`)])],
      rows: crew.duration_s.map((duration, i) => [duration, ...crew.axes.flatMap((one) => [one.lasting_g[i], ...one.limits.map((limit) => limit.load_g[i])])]),
    }),
  });
  const holder = element("div", { class: "axes" });
  panel.body.append(holder);
  const x = crew.duration_s.map(Math.log10);
  for (const axis of crew.axes) {
    const worst = axis.limits.reduce((best, one) => Math.max(best, one.name === "deconditioned" ? (one.share ?? 0) : 0), 0);
    const tight = axis.limits.find((one) => one.name === "deconditioned") ?? axis.limits[0];
    const top = 1.12 * Math.max(...(tight?.load_g ?? [1]), ...axis.lasting_g);
    const box = element("div", { class: "axis" });
    const head = element("div", { class: "axis-head" }, element("b", {}, axis.label), element("span", {}, `${fixed(worst * 100, 0)} % of the limit${tight?.assumed ? " (assumed)" : ""}`));
    box.append(head);
    holder.append(box);
    // The log of nothing is nowhere: durations that the flight does not reach
    const nothing = axis.lasting_g.every((one) => one === 0);
    const lasted = axis.lasting_g.map((one) => (one > 0 || nothing ? one : NaN));
    const plane = new Plane(box, `Load ${axis.label} by duration`, () => ({
      xLabel: "Duration, s", yLabel: "", spots: [], ranges: [x[0], x[x.length - 1], 0, top],
      xTicks: DECADES.map(Math.log10).filter((one) => one <= x[x.length - 1] + 1e-9).filter((_, i) => i % 3 === 1),
      xTickText: (value: number) => String(Number((10 ** value).toPrecision(1))),
      yTickText: (value: number) => `${fixed(value, top < 4 ? 1 : 0)} g`,
      curves: [
        ...axis.limits.filter((one) => one === tight).map((one): Curve => ({
          x, y: one.load_g, colour: (p) => p.limit, width: 2,
          dash: one.assumed ? [5, 3] : [], label: one.name, labelAt: 0.3,
        })),
        { x, y: lasted, colour: (p) => p.actual, width: 2.4, label: "felt", labelAt: 0.45 },
      ],
    }), "plane axis-plane");
    panel.drawnBy(plane);
  }
  const above = Object.entries(crew.time_above_s).map(([level, seconds]): [string, string] => [`Above ${level} g`, `${fixed(seconds, 0)} s`]);
  panel.body.append(facts([...above, ["Fastest change", `${fixed(crew.jerk_g_s, 2)} g/s`]]));
  return panel;
}

export function heatingPanel(flight: FlightDocument): Panel | null {
  const heating = flight.heating;
  if (heating === null) return null;
  const { columns, windows } = heating;
  const panel = new Panel({
    id: "heating",
    title: "Heat and radio",
    note: "electrons before the shield; a radio is cut above its line",
    csv: () => ({
      header: Object.keys(columns),
      rows: Array.from(columns.time_s, (_, i) => Object.keys(columns).map((name) => (Number.isFinite(columns[name][i]) ? columns[name][i] : null))),
    }),
  });
  const entry_s = timeOf(flight, "entry_interface") ?? columns.time_s[0];
  const x = Array.from(columns.time_s, (one) => one - entry_s);
  const y = Array.from(columns.electrons_m3, (one) => (one > 0 ? Math.log10(one) : NaN));
  const span = [x[0], x[x.length - 1]];
  const low = Math.floor(Math.log10(Math.min(...windows.map((one) => one.critical_m3)))) - 1;
  const high = Math.ceil(y.reduce((best, one) => (one > best ? one : best), low + 4));
  const decades = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter((one) => one % 2 === 0);
  const cutText = (begin: number | null, end: number | null): string => (begin === null || end === null ? "never cut" : `cut ${fixed(begin, 0)} to ${fixed(end, 0)} s`);
  const plane = new Plane(panel.body, "Electron density over time after the entry interface", () => ({
    xLabel: "Seconds after the entry interface", yLabel: "Electrons per m³", spots: [], ranges: [span[0], span[1], low, high + 0.3],
    yTicks: decades, yTickText: (value: number) => `10${String(value).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)])}`,
    curves: [
      ...windows.map((one): Curve => ({
        x: span, y: [Math.log10(one.critical_m3), Math.log10(one.critical_m3)], colour: (p) => p.limit, width: 1.2, dash: [6, 4],
        label: `${one.name}: ${cutText(one.begin_s, one.end_s)}`, labelAt: 0.5,
      })),
      { x, y, colour: (p) => p.actual, width: 2.2 },
    ],
  }));
  panel.drawnBy(plane);
  const second = heating.peak_flux_brandis_johnston_w_m2;
  panel.body.append(facts([
    ["Peak heat flux", `${fixed(heating.peak_flux_w_m2 * 1e-4, 0)} W/cm²`],
    ...(second === null ? [] : [["Brandis–Johnston", `${fixed(second * 1e-4, 0)} W/cm²`] as [string, string]]),
    ["Heat load", `${fixed(heating.heat_load_j_m2 * 1e-7, 1)} kJ/cm²`],
    ["Wall, radiating all", `${fixed(heating.peak_wall_temperature_k, 0)} K`],
  ]));
  return panel;
}
