// Three scales of ground track: a base that is drawn when something changes, and a thin layer on top for every frame.

import type { Columns } from "../document.ts";
import { circle, frameOf, GroundMap, projectionOf, trackPoints, type Frame as MapFrame, type Line, type MapContent, type Mark } from "../maps.ts";
import { layered, Sheet, element, toolsOf, type Table } from "../panel.ts";
import { palette } from "../theme.ts";
import { indexAt, span, type Model } from "./model.ts";
import { postMarks } from "./recovery.ts";

interface Projected {
  time_s: number;
  x: number;
  y: number;
  seen: boolean;
}

type Scale = "globe" | "region" | "zone";

export class LiveMap {
  readonly first = false;
  private readonly base: GroundMap;
  private readonly overlay: Sheet;
  private readonly frameAt: (ratio: number) => MapFrame;
  private readonly model: () => Model;
  private way: Projected[] = [];
  private project: (lon: number, lat: number) => [number, number] | null = () => null;
  private pen: CanvasRenderingContext2D | null = null;

  constructor(holder: HTMLElement, scale: Scale, label: string, model: () => Model) {
    this.model = model;
    this.frameAt = (ratio) => mapFrame(scale, model(), ratio);
    this.base = new GroundMap(holder, label, model().plan.coast, this.frameAt, () => content(scale, model()), "map");
    this.overlay = new Sheet(holder, `${label}: the way flown`, "overlay");
    const tools = toolsOf({ id: `map-${scale}`, title: label, csv: () => this.table(), picture: () => layered([this.base.canvas, this.overlay.canvas]) });
    holder.append(element("span", { class: "veil" }), tools);
  }

  /** The way up to now. */
  private table(): Table {
    const { live, frame } = this.model();
    const { time_s, latitude_deg, longitude_deg, altitude_m } = live.tracks[0].columns;
    const end = indexAt(time_s, frame?.time_s ?? -Infinity) + 1;
    const value = (column: Float64Array, i: number): number | null => (Number.isFinite(column?.[i]) ? column[i] : null);
    return { header: ["time_s", "latitude_deg", "longitude_deg", "altitude_m"], rows: Array.from({ length: end }, (_, i) => [time_s[i], value(latitude_deg, i), value(longitude_deg, i), value(altitude_m, i)]) };
  }

  get canvas(): HTMLCanvasElement {
    return this.base.canvas;
  }

  /** Draws all; needed when the size, the theme, the plan or the prediction changes. */
  draw(): void {
    this.base.draw();
    this.pen = this.overlay.begin();
    const { width, height } = this.overlay;
    const projection = projectionOf(this.frameAt(width / height), width, height);
    const middle = projection.invert?.([width / 2, height / 2]) ?? [0, 0];
    const globe = this.frameAt(1).kind === "globe";
    this.project = (lon, lat) => {
      if (globe && far([lon, lat], middle as [number, number])) return null;
      return projection([lon, lat]) as [number, number] | null;
    };
    const columns = this.model().live.tracks[0].columns;
    this.way = projected(columns, this.project, this.model());
    this.step();
  }

  /** Draws the way up to now and where it is now. */
  step(): void {
    const { frame } = this.model();
    const pen = this.pen;
    if (pen === null || frame === null) return;
    const p = palette();
    pen.clearRect(0, 0, this.overlay.width, this.overlay.height);
    pen.strokeStyle = p.actual;
    pen.lineWidth = 2.4;
    pen.lineJoin = "round";
    pen.beginPath();
    let down = false;
    for (const one of this.way) {
      if (one.time_s > frame.time_s) break;
      if (!one.seen) down = false;
      else if (down) pen.lineTo(one.x, one.y);
      else pen.moveTo(one.x, one.y);
      if (one.seen) down = true;
    }
    const { latitude_deg: lat, longitude_deg: lon } = frame.values;
    const at = lat === null || lon === null || lat === undefined || lon === undefined ? null : this.project(lon, lat);
    if (at !== null && down) pen.lineTo(at[0], at[1]);
    pen.stroke();
    if (at === null) return;
    pen.fillStyle = p.actual;
    pen.strokeStyle = p.paper;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(at[0], at[1], 6, 0, 7);
    pen.fill();
    pen.stroke();
    const heading = frame.values.heading_deg;
    if (heading !== null && heading !== undefined && (frame.values.ground_speed_m_s ?? 0) > 60) this.arrow(pen, at, [lon!, lat!], heading, p.actual);
  }

  private arrow(pen: CanvasRenderingContext2D, at: [number, number], place: [number, number], heading: number, colour: string): void {
    const rad = Math.PI / 180;
    const ahead = this.project(place[0] + (0.01 * Math.sin(heading * rad)) / Math.max(Math.cos(place[1] * rad), 0.05), place[1] + 0.01 * Math.cos(heading * rad));
    if (ahead === null) return;
    const turn = Math.atan2(ahead[1] - at[1], ahead[0] - at[0]);
    pen.strokeStyle = colour;
    pen.lineWidth = 2.4;
    pen.beginPath();
    pen.moveTo(at[0] + 7 * Math.cos(turn), at[1] + 7 * Math.sin(turn));
    pen.lineTo(at[0] + 16 * Math.cos(turn), at[1] + 16 * Math.sin(turn));
    pen.stroke();
  }
}

function far(a: [number, number], b: [number, number]): boolean {
  const rad = Math.PI / 180;
  const cosine = Math.sin(a[1] * rad) * Math.sin(b[1] * rad) + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * Math.cos((a[0] - b[0]) * rad);
  return cosine < 0.01;
}

function projected(columns: Columns, project: (lon: number, lat: number) => [number, number] | null, model: Model): Projected[] {
  const { time_s, latitude_deg, longitude_deg } = columns;
  const way: Projected[] = [];
  const [begin] = span(model);
  for (let i = Math.max(indexAt(time_s, begin), 0); i < time_s.length; i += 1) {
    const at = Number.isFinite(latitude_deg[i]) ? project(longitude_deg[i], latitude_deg[i]) : null;
    way.push({ time_s: time_s[i], x: at?.[0] ?? 0, y: at?.[1] ?? 0, seen: at !== null });
  }
  return way;
}

function mapFrame(scale: Scale, model: Model, ratio: number): MapFrame {
  const plan = model.plan;
  const track = plan.tracks[0].columns;
  const at = (name: string): number | null => plan.events.find((one) => one.event === name)?.time_s ?? null;
  const last = track.time_s.length - 1;
  const end: [number, number] = [track.longitude_deg[last], track.latitude_deg[last]];
  if (scale === "globe") {
    const lit = plan.events.find((one) => one.event === "deorbit_ignition") ?? { latitude_deg: end[1], longitude_deg: end[0] };
    return { latitude_deg: (lit.latitude_deg + end[1]) / 2 + 8, longitude_deg: (lit.longitude_deg + end[0]) / 2, half_km: 0, kind: "globe" };
  }
  if (scale === "region") {
    const begin = at("module_separation") ?? at("entry_interface") ?? track.time_s[0];
    return frameOf([...trackPoints(track, begin - 60), ...ring(model)], 60, ratio, 0.12);
  }
  const command = at("parachute_command");
  const points: [number, number][] = command === null ? [end] : trackPoints(track, command);
  if (plan.zone?.radius_km) points.push(...circle(plan.zone, plan.zone.radius_km));
  // A landing far from the zone has its own frame: where it is and how large
  const where = ring(model);
  const away = where.length > 0 && model.landing !== null && (model.landing.miss_km ?? 0) > 3 * (plan.zone?.radius_km ?? 30);
  const opens = model.live.events.find((one) => one.event === "parachute_command")?.time_s;
  const descent = away && opens !== undefined && model.meta.kind !== "feed" ? trackPoints(model.live.tracks[0].columns, opens) : [];
  return frameOf(away ? [...where, ...descent] : [...points, ...where], 6, ratio, 0.12);
}

function ring(model: Model): [number, number][] {
  return model.landing === null ? [] : model.landing.ring_deg;
}

function planLine(model: Model, from_s: number): Line {
  return { points: trackPoints(model.plan.tracks[0].columns, from_s), colour: (p) => p.plan, width: 1.5, dash: [6, 4] };
}

function content(scale: Scale, model: Model): MapContent {
  const plan = model.plan;
  const [begin] = span(model);
  const named: Record<Scale, string[]> = {
    globe: ["deorbit_ignition", "entry_interface"],
    region: ["module_separation", "entry_interface", "peak_load", "parachute_command"],
    zone: ["parachute_command", "main_inflated"],
  };
  const marks: Mark[] = plan.events
    .filter((one) => named[scale].includes(one.event))
    .map((one) => ({ latitude_deg: one.latitude_deg, longitude_deg: one.longitude_deg, label: one.label, kind: "event" }));
  if (scale !== "globe") marks.push(...plan.towns.map((one) => ({ ...one, label: one.name, kind: "town" as const })));
  const rings: MapContent["rings"] = [];
  if (scale !== "globe" && model.landing !== null && model.landing.ring_deg.length > 0) rings.push({ ring: model.landing.ring_deg, label: scale === "zone" ? "landing, 90 %" : undefined, fill: true, colour: (p) => p.actual });
  if (scale !== "globe" && plan.zone?.radius_km) rings.push({ ring: circle(plan.zone, plan.zone.radius_km), label: scale === "zone" ? "zone" : undefined });
  if (scale === "zone" && plan.zone) marks.push({ ...plan.zone, label: "aim", kind: "target" });
  if (scale === "zone") marks.push(...postMarks(model.recovery));
  const points = scale === "zone" && model.landing !== null ? { latitude_deg: model.landing.latitude_deg, longitude_deg: model.landing.longitude_deg } : undefined;
  const command = plan.events.find((one) => one.event === "parachute_command")?.time_s;
  const from = scale === "zone" && command !== undefined ? command - 40 : begin;
  const lines = [planLine(model, from)];
  const first = model.recovery.state === "ready" ? model.recovery.first : null;
  if (scale === "zone" && first !== null) {
    const ends: [number, number][] = [[first.longitude_deg, first.latitude_deg], [model.recovery.longitude_deg, model.recovery.latitude_deg]];
    lines.push({ points: ends, colour: (p) => p.ink, width: 1, dash: [2, 3] });
  }
  return { lines, marks, rings, points };
}
