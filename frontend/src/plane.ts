// A plane of two numbers: altitude over speed, departure from the station, distributions, drivers.

import { Labels } from "./labels.ts";
import { Sheet } from "./panel.ts";
import { FONT, palette, type Palette } from "./theme.ts";
import { fixed } from "./format.ts";

export interface Curve {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  colour: (p: Palette) => string;
  dash?: number[];
  label?: string;
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
  fromZeroY?: boolean;
  equal?: boolean;
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
  return fixed(value, Math.min(digits + (Number.isInteger(step * 10 ** digits) ? 0 : 1), 6));
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
    const box = { left: 50, top: 10, right: width - 12, bottom: height - 40 };
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
    const toX = (value: number): number => box.left + ((value - x0) / (x1 - x0)) * (box.right - box.left);
    const toY = (value: number): number => box.bottom - ((value - y0) / (y1 - y0)) * (box.bottom - box.top);
    this.drawAxes(pen, box, [x0, x1, y0, y1], toX, toY, content, p);
    const labels = new Labels(pen, { left: box.left + 2, top: box.top, right: box.right, bottom: box.bottom - 2 });
    pen.font = `11px ${FONT}`;
    if (content.bars) {
      pen.fillStyle = p.actual;
      pen.globalAlpha = 0.75;
      content.bars.counts.forEach((count, i) => {
        const [a, b] = [toX(content.bars!.edges[i]), toX(content.bars!.edges[i + 1])];
        pen.fillRect(a + 0.5, toY(count), Math.max(b - a - 1, 0.5), box.bottom - toY(count));
      });
      pen.globalAlpha = 1;
    }
    for (const curve of content.curves) this.drawCurve(pen, curve, toX, toY, labels, p);
    for (const one of content.verticals ?? []) {
      pen.strokeStyle = p.limit;
      pen.setLineDash([6, 4]);
      pen.beginPath();
      pen.moveTo(toX(one.x), box.top);
      pen.lineTo(toX(one.x), box.bottom);
      pen.stroke();
      pen.setLineDash([]);
      labels.place(one.label, toX(one.x), box.top + 10, p.limit, p.paper);
    }
    for (const spot of content.spots) {
      pen.fillStyle = p.ink;
      pen.beginPath();
      pen.arc(toX(spot.x), toY(spot.y), 2.6, 0, 7);
      pen.fill();
      labels.avoid({ left: toX(spot.x) - 4, right: toX(spot.x) + 4, top: toY(spot.y) - 4, bottom: toY(spot.y) + 4 });
    }
    for (const spot of content.spots) labels.place(spot.label, toX(spot.x), toY(spot.y), p.soft, p.paper);
  }

  private drawCurve(pen: CanvasRenderingContext2D, curve: Curve, toX: (v: number) => number, toY: (v: number) => number, labels: Labels, p: Palette): void {
    pen.strokeStyle = curve.colour(p);
    pen.lineWidth = 1.8;
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
      points.push(at);
    }
    pen.stroke();
    pen.setLineDash([]);
    labels.avoidLine(points);
    if (curve.label && points.length) labels.place(curve.label, ...points[points.length - 1], curve.colour(p), p.paper);
  }

  private drawAxes(pen: CanvasRenderingContext2D, box: { left: number; top: number; right: number; bottom: number }, [x0, x1, y0, y1]: number[], toX: (v: number) => number, toY: (v: number) => number, content: PlaneContent, p: Palette): void {
    pen.font = `11px ${FONT}`;
    pen.lineWidth = 1;
    const xTicks = niceTicks(x0, x1, (box.right - box.left) / 70);
    const yTicks = niceTicks(y0, y1, (box.bottom - box.top) / 40);
    pen.strokeStyle = p.grid;
    pen.fillStyle = p.soft;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const tick of xTicks) {
      pen.beginPath();
      pen.moveTo(toX(tick), box.top);
      pen.lineTo(toX(tick), box.bottom);
      pen.stroke();
      pen.fillText(tickText(tick, xTicks), toX(tick), box.bottom + 5);
    }
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const tick of yTicks) {
      pen.beginPath();
      pen.moveTo(box.left, toY(tick));
      pen.lineTo(box.right, toY(tick));
      pen.stroke();
      pen.fillText(tickText(tick, yTicks), box.left - 6, toY(tick));
    }
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    pen.fillText(content.xLabel, (box.left + box.right) / 2, box.bottom + 38);
    pen.save();
    pen.translate(11, (box.top + box.bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textBaseline = "middle";
    pen.fillText(content.yLabel, 0, 0);
    pen.restore();
  }
}
