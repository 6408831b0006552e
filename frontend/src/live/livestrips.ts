// Strips over time: the plan dashed, what was flown solid up to now, limits always drawn.

import uPlot from "uplot";
import type { Columns } from "../document.ts";
import { clockText, fixed } from "../format.ts";
import { element } from "../panel.ts";
import { minutes, shortClock } from "../strips.ts";
import { FONT, palette } from "../theme.ts";
import { indexAt, span, zeroOfModel, type Model } from "./model.ts";

interface Spec {
  name: string;
  digits: number;
}

export const STRIPS: Spec[] = [
  { name: "altitude_m", digits: 2 },
  { name: "airspeed_m_s", digits: 0 },
  { name: "load_g", digits: 2 },
  { name: "heat_flux_w_m2", digits: 1 },
];

export const BANK: Spec = { name: "bank_deg", digits: 0 };

/** Values of a column on other times, linear in between; nothing beyond its ends or across a gap. */
function onGrid(columns: Columns, name: string, grid: number[], factor: number): (number | null)[] {
  const times = columns.time_s;
  const values = columns[name];
  if (values === undefined) return grid.map(() => null);
  return grid.map((time_s) => {
    const i = indexAt(times, time_s);
    if (i < 0) return null;
    const here = values[i];
    if (times[i] === time_s || i + 1 >= times.length) return times[i] === time_s && Number.isFinite(here) ? here * factor : null;
    const next = values[i + 1];
    if (!Number.isFinite(here) || !Number.isFinite(next)) return null;
    return (here + ((next - here) * (time_s - times[i])) / (times[i + 1] - times[i])) * factor;
  });
}

export class LiveStrip {
  readonly first = true;
  readonly root: HTMLElement;
  private readonly holder = element("div", { class: "plot" });
  private readonly readout: HTMLElement;
  private readonly spec: Spec;
  private readonly model: () => Model;
  private readonly last: boolean;
  private plot: uPlot | null = null;
  private grid: number[] = [];
  private plan: (number | null)[] = [];
  private actual: (number | null)[] = [];
  private whole = true;
  private low: (number | null)[] = [];
  private high: (number | null)[] = [];

  constructor(spec: Spec, model: () => Model, last: boolean) {
    this.spec = spec;
    this.model = model;
    this.last = last;
    const variable = model().meta.variables[spec.name];
    this.readout = element("span", { class: "readout" });
    const unit = variable.display_unit ? `, ${variable.display_unit}` : "";
    this.root = element("div", { class: last ? "strip last" : "strip", "data-variable": spec.name }, element("div", { class: "strip-head" }, element("span", {}, variable.label + unit), this.readout), this.holder, element("span", { class: "veil" }));
  }

  get canvas(): HTMLCanvasElement | null {
    return this.plot?.ctx.canvas ?? null;
  }

  private window(): [number, number] {
    const model = this.model();
    const [begin, end] = span(model);
    const split = model.plan.events.find((one) => ["module_separation", "entry_interface"].includes(one.event))?.time_s;
    this.whole = split === undefined || (model.frame?.time_s ?? 0) < split - 5;
    return this.whole ? [begin, end] : [split! - 30, end];
  }

  draw(): void {
    this.plot?.destroy();
    const model = this.model();
    const { name } = this.spec;
    const variable = model.meta.variables[name];
    const window = this.window();
    const inside = (time_s: number): boolean => time_s >= window[0] && time_s <= window[1];
    const times = new Set<number>();
    for (const flight of [model.plan, model.live]) for (const one of flight.tracks[0].columns.time_s) if (inside(one)) times.add(one);
    this.grid = [...times].sort((a, b) => a - b);
    this.plan = onGrid(model.plan.tracks[0].columns, name, this.grid, variable.factor);
    this.actual = onGrid(model.live.tracks[0].columns, name, this.grid, variable.factor);
    const band = model.band;
    const edge = (values: (number | null)[] | undefined): (number | null)[] => {
      if (band === null || values === undefined) return this.grid.map(() => null);
      const columns = { time_s: Float64Array.from(band.time_s), edge: Float64Array.from(values, (one) => one ?? NaN) };
      return onGrid(columns, "edge", this.grid, variable.factor);
    };
    this.low = edge(band?.columns[name]?.low);
    this.high = edge(band?.columns[name]?.high);
    const limit = model.plan.limits.find((one) => one.variable === name);
    let [low, high] = [Infinity, -Infinity];
    for (const one of [...this.plan, ...this.actual]) {
      if (one === null) continue;
      low = Math.min(low, one);
      high = Math.max(high, one);
    }
    if (low > high) [low, high] = [0, 1];
    const near = limit !== undefined && limit.value * variable.factor < 1.8 * high;
    if (near) high = Math.max(high, limit.value * variable.factor * 1.04);
    const pad = 0.08 * (high - low || 1);
    const p = palette();
    const zero = zeroOfModel(model);
    const origin = model.clock === "ignition" && zero.ignition_s !== null ? zero.ignition_s : model.clock === "entry" && zero.entry_s !== null ? zero.entry_s : -(zero.epoch_unix_s % 86400);
    const axis: uPlot.Axis = { stroke: p.soft, font: `11px ${FONT}`, grid: { stroke: p.grid, width: 1 }, ticks: { stroke: p.grid, size: 4 } };
    const series = (stroke: string, width: number, dash?: number[]): uPlot.Series => ({ stroke, width, dash, points: { show: false }, spanGaps: false, pxAlign: 0 });
    this.plot = new uPlot(
      {
        width: Math.max(this.holder.clientWidth, 100),
        height: Math.max(this.holder.clientHeight, 40),
        padding: [5, 10, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: "control" }, drag: { x: false, y: false }, points: { size: 5 } },
        scales: { x: { time: false, range: window }, y: { range: [low >= 0 && low < 0.3 * high ? 0 : low - pad, high + pad] } },
        axes: [
          { ...axis, size: this.last ? 24 : 3, values: this.last ? (_plot, ticks) => ticks.map((one) => shortClock(clockText(model.clock, zero, one))) : () => [], splits: (_plot, _axis, from, to) => minutes(from, to, origin) },
          { ...axis, size: 44, space: 16, values: (_plot, ticks) => ticks.map((one) => fixed(one, 6).replace(/\.?0+$/, "")) },
        ],
        series: [{}, series(p.plan, 1.3, [5, 4]), series(p.actual, 1.9), series("transparent", 0), series("transparent", 0)],
        bands: [{ series: [4, 3], fill: p.band }],
        hooks: { draw: [(plot) => this.annotate(plot, limit, near, variable.factor)], setCursor: [() => this.read()] },
      },
      this.data(),
      this.holder,
    );
    this.plot.ctx.canvas.setAttribute("role", "img");
    this.plot.ctx.canvas.setAttribute("aria-label", `${variable.label} over time`);
    this.read();
  }

  private data(): uPlot.AlignedData {
    const { frame } = this.model();
    const now = frame?.time_s ?? -Infinity;
    return [this.grid, this.plan, this.actual.map((one, i) => (this.grid[i] <= now ? one : null)), this.low, this.high] as uPlot.AlignedData;
  }

  step(): void {
    const { frame, plan } = this.model();
    if (this.plot === null || frame === null) return;
    const split = plan.events.find((one) => ["module_separation", "entry_interface"].includes(one.event))?.time_s;
    const whole = split === undefined || frame.time_s < split - 5;
    if (whole !== this.whole) this.draw();
    else this.plot.setData(this.data(), false), this.plot.redraw(false, false);
    this.read();
  }

  /** Writes the value of now, or of where the cursor is. */
  read(): void {
    const { frame, meta } = this.model();
    const at = this.plot?.cursor.idx;
    const variable = meta.variables[this.spec.name];
    const now = frame?.values[this.spec.name];
    const pointed = at === null || at === undefined ? null : (this.actual[at] ?? null);
    const text = pointed !== null && this.grid[at!] <= (frame?.time_s ?? 0) ? fixed(pointed, this.spec.digits) : now === null || now === undefined ? "\u2013" : fixed(now * variable.factor, this.spec.digits);
    if (this.readout.textContent !== text) this.readout.textContent = text;
  }

  /** Packets that came late, and those that did not fit, at the foot of the strip. */
  private marks(plot: uPlot, pen: CanvasRenderingContext2D, ratio: number): void {
    const { late_s, jumped_s } = this.model().marks;
    const y = plot.bbox.top + plot.bbox.height - 4 * ratio;
    const p = palette();
    pen.lineWidth = 1.2 * ratio;
    for (const time_s of late_s) {
      const x = plot.valToPos(time_s, "x", true);
      pen.strokeStyle = p.soft;
      pen.beginPath();
      pen.moveTo(x - 3 * ratio, y + 3 * ratio);
      pen.lineTo(x, y - 3 * ratio);
      pen.lineTo(x + 3 * ratio, y + 3 * ratio);
      pen.closePath();
      pen.stroke();
    }
    for (const time_s of jumped_s) {
      const x = plot.valToPos(time_s, "x", true);
      pen.strokeStyle = p.limit;
      pen.beginPath();
      pen.moveTo(x - 3 * ratio, y - 3 * ratio);
      pen.lineTo(x + 3 * ratio, y + 3 * ratio);
      pen.moveTo(x + 3 * ratio, y - 3 * ratio);
      pen.lineTo(x - 3 * ratio, y + 3 * ratio);
      pen.stroke();
    }
  }

  private annotate(plot: uPlot, limit: { value: number; label: string } | undefined, near: boolean, factor: number): void {
    const { frame } = this.model();
    const p = palette();
    const pen = plot.ctx;
    const ratio = uPlot.pxRatio;
    const { left, top, width, height } = plot.bbox;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    if (frame !== null) {
      const x = plot.valToPos(frame.time_s, "x", true);
      pen.strokeStyle = p.ink;
      pen.globalAlpha = 0.6;
      pen.lineWidth = ratio;
      pen.beginPath();
      pen.moveTo(x, top);
      pen.lineTo(x, top + height);
      pen.stroke();
      pen.globalAlpha = 1;
      const value = frame.values[this.spec.name];
      if (value !== null && value !== undefined) {
        pen.fillStyle = p.actual;
        pen.beginPath();
        pen.arc(x, plot.valToPos(value * factor, "y", true), 3.2 * ratio, 0, 7);
        pen.fill();
      }
    }
    this.marks(plot, pen, ratio);
    if (limit) {
      const y = near ? plot.valToPos(limit.value * factor, "y", true) : top;
      pen.strokeStyle = p.limit;
      pen.fillStyle = p.limit;
      pen.lineWidth = ratio;
      pen.setLineDash([6 * ratio, 4 * ratio]);
      if (near) {
        pen.beginPath();
        pen.moveTo(left, y);
        pen.lineTo(left + width, y);
        pen.stroke();
      }
      pen.font = `${11 * ratio}px ${FONT}`;
      pen.textAlign = "left";
      pen.textBaseline = "top";
      pen.strokeStyle = p.paper;
      pen.lineWidth = 4 * ratio;
      const text = near ? limit.label : `\u2191 ${limit.label}`;
      // Beside the line of now, not across it
      const now = frame === null ? -Infinity : plot.valToPos(frame.time_s, "x", true);
      const begin = left + 6 * ratio;
      const x = now > left && now < begin + pen.measureText(text).width + 4 * ratio ? now + 6 * ratio : begin;
      pen.strokeText(text, x, y + 2 * ratio);
      pen.fillText(text, x, y + 2 * ratio);
    }
    pen.restore();
  }
}
