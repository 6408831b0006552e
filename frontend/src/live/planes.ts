// The entry in planes: altitude over airspeed in the corridor of the plan, energy over range to go; the bank is a strip below.

import { boundaryCurves } from "../corridor.ts";
import { element, type Table } from "../panel.ts";
import { Plane, type Curve, type Spot } from "../plane.ts";
import { indexAt, type Model, type Planes } from "./model.ts";

interface View {
  x: string;
  y: string;
  xScale: number;
  yScale: number;
  xLabel: string;
  yLabel: string;
  label: string;
  corridor: boolean;
}

const VIEWS: View[] = [
  { x: "airspeed_m_s", y: "altitude_m", xScale: 1, yScale: 1e-3, xLabel: "Airspeed, m/s", yLabel: "Altitude, km", label: "Entry corridor: altitude over airspeed", corridor: true },
  { x: "range_to_go_m", y: "energy_j_kg", xScale: 1e-3, yScale: 1e-6, xLabel: "Range to go, km", yLabel: "Energy, MJ/kg", label: "Energy over range to go", corridor: false },
];

export const PLANE_COLUMNS = ["time_s", "airspeed_m_s", "altitude_m", "energy_j_kg", "range_to_go_m", "bank_deg", "bank_command_deg"];

export class EntryPlanes {
  readonly root = element("div", { class: "planes" });
  private readonly planes: Plane[];
  private readonly model: () => Model;

  constructor(model: () => Model) {
    this.model = model;
    this.planes = VIEWS.map((view) => {
      const holder = element("div", { class: "plane-holder" }, element("span", { class: "veil" }));
      this.root.append(holder);
      return new Plane(holder, view.label, () => this.content(view));
    });
  }

  get canvases(): HTMLCanvasElement[] {
    return this.planes.map((one) => one.canvas);
  }

  draw(): void {
    for (const one of this.planes) one.draw();
  }

  /** The flight up to now beside the plan. */
  table(): Table {
    const { columns } = this.model().planes.live;
    const end = this.end(this.model().planes.live);
    const names = PLANE_COLUMNS.filter((name) => columns[name] !== undefined);
    return { header: names, rows: Array.from({ length: end }, (_, i) => names.map((name) => (Number.isFinite(columns[name][i]) ? columns[name][i] : null))) };
  }

  private end(planes: Planes): number {
    const times = planes.columns.time_s;
    return times === undefined ? 0 : indexAt(times, this.model().frame?.time_s ?? -Infinity) + 1;
  }

  private content(view: View): { xLabel: string; yLabel: string; curves: Curve[]; spots: Spot[]; fromZeroY: boolean; tight: boolean } {
    const { plan, live } = this.model().planes;
    const scaled = (planes: Planes, name: string, scale: number, end: number): Float64Array => (planes.columns[name] ?? new Float64Array()).slice(0, end).map((one) => one * scale);
    const end = this.end(live);
    const flown = { x: scaled(live, view.x, view.xScale, end), y: scaled(live, view.y, view.yScale, end) };
    const curves: Curve[] = [
      { x: scaled(plan, view.x, view.xScale, Infinity), y: scaled(plan, view.y, view.yScale, Infinity), colour: (p) => p.plan, dash: [5, 4] },
      { ...flown, colour: (p) => p.actual },
    ];
    if (view.corridor) curves.push(...boundaryCurves(this.model().plan.corridor));
    const last = flown.x.length - 1;
    const spots = last >= 0 && Number.isFinite(flown.x[last]) ? [{ x: flown.x[last], y: flown.y[last], label: "now" }] : [];
    return { xLabel: view.xLabel, yLabel: view.yLabel, fromZeroY: true, tight: true, curves, spots };
  }
}
