// A plane of two numbers: altitude over speed, energy over range, loads over duration, distributions.

import { Labels } from "./labels.ts";
import { Sheet } from "./panel.ts";
import { FONT, palette, type Palette } from "./theme.ts";
import { fixed } from "./format.ts";

export interface Curve {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  colour: (p: Palette) => string;
  dash?: number[];
  width?: number;
  label?: string;
  /** Where on the line its name is tried first, as a share of its length; without it beside its end. */
  labelAt?: number;
}

export interface Spot {
  x: number;
  y: number;
  label: string;
}

export interface PlaneContent {
  xLabel: string;
  yLabel: string;
  curves: Curve[];
  spots: Spot[];
  bars?: { edges: number[]; counts: number[] };
  verticals?: { x: number; label: string }[];
  /** What lies between two curves. */
  between?: [Curve, Curve];
  fromZeroY?: boolean;
  equal?: boolean;
  /** Fixed ranges: x from, x to, y from, y to. */
  ranges?: [number, number, number, number];
  xTicks?: number[];
  yTicks?: number[];
  xTickText?: (value: number) => string;
  yTickText?: (value: number) => string;
  /** For small planes: the names of the axes stand inside. */
  tight?: boolean;
}

interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface View {
  pen: CanvasRenderingContext2D;
  p: Palette;
  box: Area;
  toX: (value: number) => number;
  toY: (value: number) => number;
  labels: Labels;
}

export function niceTicks(low: number, high: number, about: number): number[] {
  const raw = (high - low) / Math.max(about, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw) ?? 10 * power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) ticks.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  return ticks;
}

function tickText(value: number, ticks: number[]): string {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  return fixed(value, Math.min(digits + (Number.isInteger(Math.round(step * 10 ** digits * 1e6) / 1e6) ? 0 : 1), 6));
}

function extent(lists: ArrayLike<number>[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (let i = 0; i < list.length; i += 1) {
      if (!Number.isFinite(list[i])) continue;
      if (list[i] < low) low = list[i];
      if (list[i] > high) high = list[i];
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

function rangesOf(content: PlaneContent, box: Area): [number, number, number, number] {
  if (content.ranges) return content.ranges;
  const xs = content.curves.map((one) => one.x);
  const ys = content.curves.map((one) => one.y);
  if (content.bars) xs.push(content.bars.edges);
  if (content.verticals) xs.push(content.verticals.map((one) => one.x));
  let [x0, x1] = extent(xs);
  let [y0, y1] = content.bars ? [0, Math.max(...content.bars.counts, 1)] : extent(ys);
  const fromZero = content.fromZeroY || content.bars !== undefined;
  if (fromZero) y0 = Math.min(0, y0);
  const [px, py] = [0.04 * (x1 - x0 || 1), 0.06 * (y1 - y0 || 1)];
  [x0, x1] = [x0 - px, x1 + px];
  [y0, y1] = [fromZero && y0 === 0 ? 0 : y0 - py, y1 + py];
  if (content.equal) {
    const per = Math.max((x1 - x0) / (box.right - box.left), (y1 - y0) / (box.bottom - box.top));
    const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
    [x0, x1] = [mx - (per * (box.right - box.left)) / 2, mx + (per * (box.right - box.left)) / 2];
    [y0, y1] = [my - (per * (box.bottom - box.top)) / 2, my + (per * (box.bottom - box.top)) / 2];
  }
  return [x0, x1, y0, y1];
}

export class Plane {
  private readonly sheet: Sheet;
  private readonly content: () => PlaneContent;

  constructor(holder: HTMLElement, label: string, content: () => PlaneContent, className = "plane") {
    this.sheet = new Sheet(holder, label, className);
    this.content = content;
  }

  get canvas(): HTMLCanvasElement {
    return this.sheet.canvas;
  }

  draw(): void {
    const pen = this.sheet.begin();
    const { width, height } = this.sheet;
    const p = palette();
    const content = this.content();
    const box = content.tight ? { left: 44, top: 8, right: width - 10, bottom: height - 19 } : { left: content.yLabel ? 50 : 34, top: 10, right: width - 12, bottom: height - (content.xLabel ? 40 : 22) };
    const [x0, x1, y0, y1] = rangesOf(content, box);
    const toX = (value: number): number => box.left + ((value - x0) / (x1 - x0)) * (box.right - box.left);
    const toY = (value: number): number => box.bottom - ((value - y0) / (y1 - y0)) * (box.bottom - box.top);
    const labels = new Labels(pen, { left: box.left + 2, top: box.top - 4, right: box.right + 2, bottom: box.bottom - 2 });
    const view: View = { pen, p, box, toX, toY, labels };
    this.drawAxes(view, [x0, x1, y0, y1], content);
    pen.font = `11px ${FONT}`;
    if (content.tight) {
      labels.avoid({ left: box.right - pen.measureText(content.xLabel).width - 8, right: box.right, top: box.bottom - 18, bottom: box.bottom });
      labels.avoid({ left: box.left, right: box.left + pen.measureText(content.yLabel).width + 10, top: box.top, bottom: box.top + 16 });
    }
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top - 4, box.right - box.left + 4, box.bottom - box.top + 4);
    pen.clip();
    if (content.between) this.fill(view, content.between);
    if (content.bars) this.drawBars(view, content.bars);
    const lines = content.curves.map((curve) => this.drawCurve(view, curve));
    for (const one of content.verticals ?? []) this.drawVertical(view, one);
    for (const spot of content.spots) {
      const [x, y] = [toX(spot.x), toY(spot.y)];
      pen.fillStyle = p.ink;
      pen.beginPath();
      pen.arc(x, y, 2.6, 0, 7);
      pen.fill();
      labels.avoid({ left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 });
    }
    pen.restore();
    for (const spot of content.spots) {
      const [x, y] = [toX(spot.x), toY(spot.y)];
      if (!labels.place(spot.label, x, y, p.ink, p.paper)) labels.place(spot.label, x, y, p.ink, p.paper, true);
    }
    content.curves.forEach((curve, i) => this.nameCurve(view, curve, lines[i]));
  }

  private nameCurve({ p, labels }: View, curve: Curve, points: [number, number][]): void {
    if (!points.length || !curve.label) return;
    const colour = curve.colour(p);
    if (curve.labelAt !== undefined) {
      if (labels.placeAlong(curve.label, points, colour, p.paper, curve, curve.labelAt)) return;
      // In a crowd a name may stand across thin lines, whose halo keeps it readable
      if (labels.placeAlong(curve.label, points, colour, p.paper, curve, curve.labelAt, true)) return;
    }
    // Lines that run close together are named beside a place where they part
    for (const share of [1, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05]) {
      const [x, y] = points[Math.min(Math.round(share * (points.length - 1)), points.length - 1)];
      if (labels.place(curve.label, x, y, colour, p.paper)) return;
    }
  }

  private fill({ pen, p, toX, toY }: View, [one, other]: [Curve, Curve]): void {
    pen.fillStyle = p.band;
    pen.beginPath();
    for (let i = 0; i < one.x.length; i += 1) pen.lineTo(toX(one.x[i]), toY(one.y[i]));
    for (let i = other.x.length - 1; i >= 0; i -= 1) pen.lineTo(toX(other.x[i]), toY(other.y[i]));
    pen.closePath();
    pen.fill();
  }

  private drawBars({ pen, p, box, toX, toY }: View, bars: { edges: number[]; counts: number[] }): void {
    pen.fillStyle = p.actual;
    pen.globalAlpha = 0.75;
    bars.counts.forEach((count, i) => {
      const [a, b] = [toX(bars.edges[i]), toX(bars.edges[i + 1])];
      pen.fillRect(a + 0.5, toY(count), Math.max(b - a - 1, 0.5), box.bottom - toY(count));
    });
    pen.globalAlpha = 1;
  }

  private drawVertical({ pen, p, box, toX, labels }: View, one: { x: number; label: string }): void {
    pen.strokeStyle = p.limit;
    pen.lineWidth = 1.4;
    pen.setLineDash([6, 4]);
    pen.beginPath();
    pen.moveTo(toX(one.x), box.top);
    pen.lineTo(toX(one.x), box.bottom);
    pen.stroke();
    pen.setLineDash([]);
    labels.place(one.label, toX(one.x), box.top + 10, p.limit, p.paper);
  }

  private drawCurve({ pen, p, box, toX, toY, labels }: View, curve: Curve): [number, number][] {
    pen.strokeStyle = curve.colour(p);
    pen.lineWidth = curve.width ?? 1.8;
    pen.setLineDash(curve.dash ?? []);
    pen.beginPath();
    const points: [number, number][] = [];
    let down = false;
    for (let i = 0; i < curve.x.length; i += 1) {
      if (!Number.isFinite(curve.x[i]) || !Number.isFinite(curve.y[i])) {
        down = false;
        continue;
      }
      const at: [number, number] = [toX(curve.x[i]), toY(curve.y[i])];
      if (down) pen.lineTo(at[0], at[1]);
      else pen.moveTo(at[0], at[1]);
      down = true;
      if (at[0] >= box.left - 1 && at[0] <= box.right + 1 && at[1] >= box.top - 1 && at[1] <= box.bottom + 1) points.push(at);
    }
    pen.stroke();
    pen.setLineDash([]);
    labels.avoidLine(points, 6, curve);
    return points;
  }

  private drawAxes({ pen, p, box, toX, toY }: View, [x0, x1, y0, y1]: number[], content: PlaneContent): void {
    pen.font = `11px ${FONT}`;
    pen.lineWidth = 1;
    const xTicks = content.xTicks ?? niceTicks(x0, x1, (box.right - box.left) / 70);
    const yTicks = content.yTicks ?? niceTicks(y0, y1, (box.bottom - box.top) / 40);
    const xText = content.xTickText ?? ((value: number) => tickText(value, xTicks));
    const yText = content.yTickText ?? ((value: number) => tickText(value, yTicks));
    pen.strokeStyle = p.grid;
    pen.fillStyle = p.soft;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const tick of xTicks) {
      pen.beginPath();
      pen.moveTo(toX(tick), box.top);
      pen.lineTo(toX(tick), box.bottom);
      pen.stroke();
      pen.fillText(xText(tick), toX(tick), box.bottom + 5);
    }
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const tick of yTicks) {
      pen.beginPath();
      pen.moveTo(box.left, toY(tick));
      pen.lineTo(box.right, toY(tick));
      pen.stroke();
      pen.fillText(yText(tick), box.left - 6, toY(tick));
    }
    if (content.tight) {
      pen.textAlign = "right";
      pen.textBaseline = "bottom";
      pen.fillText(content.xLabel, box.right - 4, box.bottom - 3);
      pen.textAlign = "left";
      pen.textBaseline = "top";
      pen.fillText(content.yLabel, box.left + 5, box.top + 2);
      return;
    }
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    pen.fillText(content.xLabel, (box.left + box.right) / 2, box.bottom + 38);
    pen.save();
    pen.translate(9, (box.top + box.bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textBaseline = "middle";
    pen.fillText(content.yLabel, 0, 0);
    pen.restore();
  }
}
