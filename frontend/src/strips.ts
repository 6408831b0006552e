// Strips over time with one cursor: value against limit, events as ticks, the plan dashed, a band where there is one.

import uPlot from "uplot";
import type { Columns, EventRow, Limit, Variable } from "./document.ts";
import { fixed } from "./format.ts";
import { element } from "./panel.ts";
import { FONT, palette } from "./theme.ts";

export interface StripSpec {
  name: string;
  digits: number;
  log?: boolean;
  /** A second column in the same unit, drawn dashed. */
  beside?: string;
  besideLabel?: string;
  /** No largest value is shown: it says nothing of this one. */
  quiet?: boolean;
}

export interface StripData {
  columns: Columns;
  variables: Record<string, Variable>;
  events: EventRow[];
  limits: Limit[];
  window: [number, number];
  /** A round moment of the clock shown: midnight of UTC, or its zero. */
  origin_s: number;
  clock: (time_s: number) => string;
  plan?: Columns | null;
}

const HEIGHT = 116;
const PRINTED = 78;
const STEPS_S = [10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Ticks on whole minutes of the clock shown. */
export function minutes(low: number, high: number, origin_s: number): number[] {
  const step = STEPS_S.find((one) => (high - low) / one <= 9) ?? 14400;
  const ticks: number[] = [];
  for (let tick = origin_s + Math.ceil((low - origin_s) / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

/** A clock without its seconds where they are none. */
export function shortClock(text: string): string {
  return /^\d\d:\d\d:00$/.test(text) ? text.slice(0, 5) : text;
}

function scaled(values: Float64Array, factor: number, keep: Uint8Array): (number | null)[] {
  const out: (number | null)[] = [];
  for (let i = 0; i < values.length; i += 1) if (keep[i]) out.push(Number.isFinite(values[i]) ? values[i] * factor : null);
  return out;
}

export class Strip {
  readonly first = true;
  readonly root: HTMLElement;
  private plot: uPlot | null = null;
  private readonly readout: HTMLElement;
  private readonly holder: HTMLElement;
  private readonly spec: StripSpec;
  private readonly source: () => StripData;
  private readonly last: boolean;

  constructor(spec: StripSpec, source: () => StripData, last: boolean) {
    this.spec = spec;
    this.source = source;
    this.last = last;
    const { variables } = source();
    const variable = variables[spec.name];
    this.readout = element("span", { class: "readout" });
    this.holder = element("div", { class: "plot" });
    const unit = variable.display_unit ? `, ${variable.display_unit}` : "";
    const name = element("span", {}, element("b", {}, variable.label), unit);
    if (spec.beside && spec.besideLabel) name.append(element("span", { class: "beside" }, ` (dashed: ${spec.besideLabel})`));
    const heading = element("div", { class: "strip-head" }, name, this.readout);
    this.root = element("div", { class: "strip", "data-variable": spec.name }, heading, this.holder);
  }

  get canvas(): HTMLCanvasElement | null {
    return this.plot?.ctx.canvas ?? null;
  }

  /** Left edge and width of the drawn plane in the page, CSS pixels. */
  get area(): { left: number; width: number } | null {
    if (this.plot === null) return null;
    const box = this.plot.bbox;
    return { left: this.plot.over.getBoundingClientRect().left, width: box.width / uPlot.pxRatio };
  }

  draw(): void {
    this.plot?.destroy();
    const data = this.source();
    const { name, digits, beside } = this.spec;
    const variable = data.variables[name];
    const factor = variable.factor;
    const p = palette();
    const times = data.columns.time_s;
    const keep = new Uint8Array(times.length);
    for (let i = 0; i < times.length; i += 1) keep[i] = times[i] >= data.window[0] && times[i] <= data.window[1] ? 1 : 0;
    const x: number[] = [];
    for (let i = 0; i < times.length; i += 1) if (keep[i]) x.push(times[i]);
    const series: uPlot.Series[] = [{}];
    const rows: uPlot.AlignedData = [x] as unknown as uPlot.AlignedData;
    const add = (values: (number | null)[], options: uPlot.Series): void => {
      (rows as (number | null)[][]).push(values);
      series.push({ spanGaps: false, points: { show: false }, pxAlign: 0, ...options });
    };
    if (beside && data.columns[beside]) add(scaled(data.columns[beside], factor, keep), { stroke: p.plan, width: 1.2, dash: [4, 3] });
    add(scaled(data.columns[name], factor, keep), { stroke: p.actual, width: 1.7 });
    const main = series.length - 1;
    const limit = data.limits.find((one) => one.variable === name);
    const values = (rows as (number | null)[][])[main].filter((one): one is number => one !== null);
    const extreme = values.reduce((best, one) => Math.max(best, one), -Infinity);
    // A limit far above would flatten the curve: it is then written and not drawn
    const near = limit !== undefined && limit.value * factor < 1.8 * extreme;
    const top = near ? Math.max(extreme, limit.value * factor * 1.04) : extreme;
    const bottom = values.reduce((best, one) => Math.min(best, one), Infinity);
    const pad = 0.08 * (top - bottom || 1);
    const axis: uPlot.Axis = { stroke: p.soft, font: `11px ${FONT}`, grid: { stroke: p.grid, width: 1 }, ticks: { stroke: p.grid, size: 4 } };
    const options: uPlot.Options = {
      width: Math.max(this.holder.clientWidth, 200),
      height: (document.documentElement.classList.contains("printing") ? PRINTED : HEIGHT) + (this.last ? 22 : 0),
      padding: [4, 8, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "flight" }, drag: { x: true, y: false }, points: { size: 6 } },
      scales: { x: { time: false, range: data.window }, y: { range: [bottom >= 0 && bottom < 0.3 * top ? 0 : bottom - pad, top + pad] } },
      axes: [
        { ...axis, size: this.last ? 26 : 4, values: this.last ? (_plot, ticks) => ticks.map((one) => shortClock(data.clock(one))) : () => [], splits: (_plot, _axis, low, high) => minutes(low, high, data.origin_s) },
        { ...axis, size: 46, space: 26, values: (_plot, ticks) => ticks.map((one) => fixed(one, 6).replace(/\.?0+$/, "")) },
      ],
      series,
      hooks: {
        draw: [(plot) => this.annotate(plot, data, factor, limit, near)],
        setCursor: [(plot) => this.read(plot, main, digits)],
      },
    };
    this.plot = new uPlot(options, rows, this.holder);
    this.plot.ctx.canvas.setAttribute("aria-label", `${variable.label} over time`);
    this.plot.ctx.canvas.setAttribute("role", "img");
    this.read(this.plot, main, digits);
  }

  private read(plot: uPlot, series: number, digits: number): void {
    const at = plot.cursor.idx;
    const values = plot.data[series] as (number | null)[];
    const extreme = values.reduce<number | null>((best, one) => (one !== null && (best === null || one > best) ? one : best), null);
    if (this.spec.quiet && (at === null || at === undefined)) this.readout.textContent = "";
    else this.readout.textContent = at === null || at === undefined ? `max ${fixed(extreme, digits)}` : fixed(values[at], digits);
  }

  private annotate(plot: uPlot, data: StripData, factor: number, limit: Limit | undefined, near: boolean): void {
    const p = palette();
    const pen = plot.ctx;
    const ratio = uPlot.pxRatio;
    const { left, top, width, height } = plot.bbox;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    pen.strokeStyle = p.faint;
    pen.lineWidth = ratio;
    pen.globalAlpha = 0.55;
    for (const event of data.events) {
      const x = plot.valToPos(event.time_s, "x", true);
      pen.beginPath();
      pen.moveTo(x, top);
      pen.lineTo(x, top + height);
      pen.stroke();
    }
    pen.globalAlpha = 1;
    if (limit) {
      const y = near ? plot.valToPos(limit.value * factor, "y", true) : top;
      pen.strokeStyle = p.limit;
      pen.setLineDash([6 * ratio, 4 * ratio]);
      if (near) {
        pen.beginPath();
        pen.moveTo(left, y);
        pen.lineTo(left + width, y);
        pen.stroke();
      }
      pen.setLineDash([]);
      pen.fillStyle = p.limit;
      pen.font = `${11 * ratio}px ${FONT}`;
      pen.textAlign = "right";
      pen.textBaseline = "top";
      pen.fillText(near ? limit.label : `\u2191 ${limit.label}`, left + width - 6 * ratio, y + 3 * ratio);
    }
    pen.restore();
  }
}
