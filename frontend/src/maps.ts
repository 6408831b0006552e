// Ground tracks at several scales: azimuthal equidistant about a point, so that distances from it read true.

import { geoArea, geoAzimuthalEquidistant, geoGraticule, geoOrthographic, geoPath, geoCircle, type GeoProjection } from "d3-geo";
import type { Coast, Columns, EventRow, Lines, Place } from "./document.ts";
import { enters, Labels, type Box } from "./labels.ts";
import { Sheet } from "./panel.ts";
import { FONT, palette, type Palette } from "./theme.ts";

const EARTH_KM = 6371.0088;

export interface Shapes {
  land: GeoJSON.MultiPolygon;
  borders: GeoJSON.MultiLineString;
}

function unfold(flat: number[], step: number): [number, number][] {
  const points: [number, number][] = [];
  let x = 0;
  let y = 0;
  for (let i = 0; i < flat.length; i += 2) {
    x += flat[i];
    y += flat[i + 1];
    points.push([x * step, y * step]);
  }
  return points;
}

/** Turns the packed coast into shapes; on the sphere a ring runs clockwise about what it holds. */
function shapesOf(lines: Lines): Shapes {
  const rings = lines.land.map((flat) => {
    const ring = unfold(flat, lines.step_deg);
    const [first, last] = [ring[0], ring[ring.length - 1]];
    if (first[0] !== last[0] || first[1] !== last[1]) ring.push(first);
    const area = geoArea({ type: "Polygon", coordinates: [ring] });
    return area > 2 * Math.PI ? ring.reverse() : ring;
  });
  return {
    land: { type: "MultiPolygon", coordinates: rings.filter((ring) => ring.length > 3).map((ring) => [ring]) },
    borders: { type: "MultiLineString", coordinates: lines.borders.map((flat) => unfold(flat, lines.step_deg)) },
  };
}

const known = new WeakMap<Coast, { region: Shapes; world: Shapes }>();

export function coastShapes(coast: Coast): { region: Shapes; world: Shapes } {
  let found = known.get(coast);
  if (!found) {
    found = { region: shapesOf(coast.region), world: shapesOf(coast.world) };
    known.set(coast, found);
  }
  return found;
}

export interface Line {
  points: [number, number][];
  colour: (p: Palette) => string;
  width?: number;
  dash?: number[];
  label?: string;
}

export interface Mark {
  latitude_deg: number;
  longitude_deg: number;
  label: string;
  kind: "event" | "town" | "target" | "touchdown" | "published" | "sample" | "now" | "post";
  /** What stands there where the label finds no room. */
  short?: string;
  /** Kinds of units at a post, each with its shape; those that stay are hollow. */
  units?: { kind: string; stays: boolean }[];
}

export interface Ring {
  ring: [number, number][];
  label?: string;
  fill?: boolean;
  solid?: boolean;
  width?: number;
  colour?: (p: Palette) => string;
  /** Where on the outline its name is tried first, as a share of its length. */
  labelAt?: number;
}

export interface MapContent {
  lines: Line[];
  marks: Mark[];
  rings: Ring[];
  points?: { latitude_deg: ArrayLike<number>; longitude_deg: ArrayLike<number> };
}

export interface Frame {
  latitude_deg: number;
  longitude_deg: number;
  /** Half the width that must be seen, km; for the globe 0. */
  half_km: number;
  half_high_km?: number;
  kind: "globe" | "plane";
}

export function distanceKm(a: [number, number], b: [number, number]): number {
  const rad = Math.PI / 180;
  const [lonA, latA, lonB, latB] = [a[0] * rad, a[1] * rad, b[0] * rad, b[1] * rad];
  const h = Math.sin((latB - latA) / 2) ** 2 + Math.cos(latA) * Math.cos(latB) * Math.sin((lonB - lonA) / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** A frame about the middle of some points that holds them all. */
export function frameOf(points: [number, number][], smallest_km: number, ratio: number, margin = 0.12): Frame {
  const rad = Math.PI / 180;
  let sum = [0, 0, 0];
  for (const [lon, lat] of points) {
    sum = [
      sum[0] + Math.cos(lat * rad) * Math.cos(lon * rad),
      sum[1] + Math.cos(lat * rad) * Math.sin(lon * rad),
      sum[2] + Math.sin(lat * rad),
    ];
  }
  let centre: [number, number] = [
    Math.atan2(sum[1], sum[0]) / rad,
    Math.atan2(sum[2], Math.hypot(sum[0], sum[1])) / rad,
  ];
  let wide = 0;
  let high = 0;
  for (let round = 0; round < 3; round += 1) {
    const flat = geoAzimuthalEquidistant().rotate([-centre[0], -centre[1]]).scale(EARTH_KM).translate([0, 0]).clipAngle(179);
    const flats = points.map((point) => flat(point) ?? [0, 0]);
    const xs = flats.map((point) => point[0]);
    const ys = flats.map((point) => point[1]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    wide = (x1 - x0) / 2;
    high = (y1 - y0) / 2;
    const middle = flat.invert!([(x0 + x1) / 2, (y0 + y1) / 2]);
    if (middle) centre = middle as [number, number];
  }
  const half = Math.max(wide * (1 + margin), high * (1 + margin) * ratio, smallest_km);
  return { latitude_deg: centre[1], longitude_deg: centre[0], half_km: half, kind: "plane" };
}

export function projectionOf(frame: Frame, width: number, height: number): GeoProjection {
  if (frame.kind === "globe") {
    const radius = Math.min(width, height) / 2 - 6;
    return geoOrthographic().rotate([-frame.longitude_deg, -frame.latitude_deg]).scale(radius).translate([width / 2, height / 2]).clipAngle(90);
  }
  const perKm = width / 2 / frame.half_km;
  return geoAzimuthalEquidistant()
    .rotate([-frame.longitude_deg, -frame.latitude_deg])
    .scale(EARTH_KM * perKm)
    .translate([width / 2, height / 2])
    .clipAngle(120)
    .clipExtent([[-2, -2], [width + 2, height + 2]]);
}

const NICE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];

// Room of the buttons that stand in the right corner of a map
const TOOLS_PX = 84;

/** The bar of a length, on the left, or on the right where a track runs through the left corner. */
function drawScale(pen: CanvasRenderingContext2D, frame: Frame, width: number, height: number, tracks: [number, number][][], p: Palette): Box {
  const perKm = width / 2 / frame.half_km;
  const wanted = (width * 0.22) / perKm;
  const length = NICE.reduce((best, one) => (one <= wanted ? one : best), NICE[0]);
  const corner: Box = { left: 0, top: height - 32, right: 20 + length * perKm, bottom: height };
  const [left, bottom] = [tracks.some((one) => enters(one, corner)) ? width - TOOLS_PX - length * perKm : 12, height - 12];
  const right = left + length * perKm;
  pen.strokeStyle = p.soft;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(left, bottom - 4);
  pen.lineTo(left, bottom);
  pen.lineTo(right, bottom);
  pen.lineTo(right, bottom - 4);
  pen.stroke();
  pen.fillStyle = p.soft;
  pen.font = `11px ${FONT}`;
  pen.textAlign = "center";
  pen.textBaseline = "bottom";
  pen.strokeStyle = p.paper;
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.strokeText(`${length} km`, (left + right) / 2, bottom - 4);
  pen.fillText(`${length} km`, (left + right) / 2, bottom - 4);
  return { left: left - 4, top: bottom - 22, right: right + 4, bottom: bottom + 4 };
}

/** A helicopter is a disc, a vehicle a square, an aircraft a triangle. */
function drawUnit(pen: CanvasRenderingContext2D, kind: string, stays: boolean, x: number, y: number, p: Palette): void {
  pen.beginPath();
  if (kind === "vehicle") pen.rect(x - 3.6, y - 3.6, 7.2, 7.2);
  else if (kind === "aircraft") {
    pen.moveTo(x, y - 4.8);
    pen.lineTo(x + 4.8, y + 3.8);
    pen.lineTo(x - 4.8, y + 3.8);
    pen.closePath();
  } else pen.arc(x, y, 4.2, 0, 7);
  pen.fillStyle = stays ? p.paper : p.ink;
  pen.strokeStyle = stays ? p.ink : p.paper;
  pen.lineWidth = 1.2;
  pen.fill();
  pen.stroke();
}

function markBox(mark: Mark, at: [number, number]): { left: number; top: number; right: number; bottom: number } {
  const half = 4 + 5 * Math.max((mark.units?.length ?? 1) - 1, 0);
  return { left: at[0] - half, top: at[1] - 4, right: at[0] + half, bottom: at[1] + 4 };
}

function drawMark(pen: CanvasRenderingContext2D, mark: Mark, x: number, y: number, p: Palette): void {
  pen.lineWidth = 1.6;
  pen.strokeStyle = p.ink;
  pen.fillStyle = p.ink;
  if (mark.kind === "post") {
    const units = mark.units ?? [];
    units.forEach((one, i) => drawUnit(pen, one.kind, one.stays, x + 10 * (i - (units.length - 1) / 2), y, p));
    return;
  }
  pen.beginPath();
  if (mark.kind === "target") {
    pen.strokeStyle = p.soft;
    pen.moveTo(x - 6, y);
    pen.lineTo(x + 6, y);
    pen.moveTo(x, y - 6);
    pen.lineTo(x, y + 6);
    pen.stroke();
  } else if (mark.kind === "published") {
    pen.strokeStyle = p.limit;
    pen.moveTo(x - 4.5, y - 4.5);
    pen.lineTo(x + 4.5, y + 4.5);
    pen.moveTo(x + 4.5, y - 4.5);
    pen.lineTo(x - 4.5, y + 4.5);
    pen.stroke();
  } else if (mark.kind === "town") {
    pen.fillStyle = p.soft;
    pen.rect(x - 2, y - 2, 4, 4);
    pen.fill();
  } else if (mark.kind === "touchdown" || mark.kind === "now") {
    pen.fillStyle = p.actual;
    pen.strokeStyle = p.paper;
    pen.arc(x, y, 5, 0, 7);
    pen.fill();
    pen.stroke();
  } else {
    pen.arc(x, y, 2.4, 0, 7);
    pen.fill();
  }
}

export class GroundMap {
  private readonly sheet: Sheet;
  private readonly coast: Coast;
  private readonly frame: (ratio: number) => Frame;
  private readonly content: () => MapContent;

  constructor(holder: HTMLElement, label: string, coast: Coast, frame: (ratio: number) => Frame, content: () => MapContent, className = "map") {
    this.sheet = new Sheet(holder, label, className);
    this.coast = coast;
    this.frame = frame;
    this.content = content;
  }

  get canvas(): HTMLCanvasElement {
    return this.sheet.canvas;
  }

  draw(): void {
    const pen = this.sheet.begin();
    const { width, height } = this.sheet;
    const p = palette();
    const frame = this.frame(width / height);
    const projection = projectionOf(frame, width, height);
    const path = geoPath(projection, pen);
    this.drawBase(pen, path, frame, p);
    const content = this.content();
    const labels = new Labels(pen, { left: 4, top: 4, right: width - 4, bottom: height - 4 });
    const flat = (one: Line): [number, number][] => one.points.map((point) => projection(point)).filter((at): at is [number, number] => at !== null);
    if (frame.kind === "plane") labels.avoid(drawScale(pen, frame, width, height, content.lines.map(flat), p));
    for (const mark of content.marks) {
      // The names of the outlines keep clear of the posts, which are drawn later
      const at = mark.kind === "post" ? projection([mark.longitude_deg, mark.latitude_deg]) : null;
      if (at) labels.avoid(markBox(mark, at));
    }
    this.drawRings(pen, path, content, p);
    this.drawPoints(pen, projection, content, p);
    this.nameRings(pen, projection, content, labels, p);
    this.drawLines(pen, path, projection, content, labels, p);
    this.drawMarks(pen, projection, content, labels, p, frame);
  }

  private drawBase(pen: CanvasRenderingContext2D, path: ReturnType<typeof geoPath>, frame: Frame, p: Palette): void {
    const { width, height } = this.sheet;
    const shapes = coastShapes(this.coast);
    const near = frame.kind === "plane" && frame.half_km < 2600 && frame.longitude_deg > 15 && frame.longitude_deg < 85 && frame.latitude_deg > 0;
    const chosen = near ? shapes.region : shapes.world;
    if (frame.kind === "globe") {
      pen.fillStyle = p.water;
      pen.beginPath();
      path({ type: "Sphere" });
      pen.fill();
    } else {
      pen.fillStyle = p.water;
      pen.fillRect(0, 0, width, height);
    }
    pen.fillStyle = p.land;
    pen.beginPath();
    path(chosen.land);
    pen.fill();
    pen.strokeStyle = p.coast;
    pen.lineWidth = 0.7;
    pen.stroke();
    pen.strokeStyle = p.border;
    pen.lineWidth = 0.8;
    pen.beginPath();
    path(chosen.borders);
    pen.stroke();
    const step = frame.kind === "globe" ? 30 : frame.half_km > 1500 ? 20 : frame.half_km > 300 ? 5 : frame.half_km > 60 ? 1 : frame.half_km > 15 ? 0.25 : 0.05;
    pen.strokeStyle = p.border;
    pen.lineWidth = 0.5;
    pen.beginPath();
    const net = geoGraticule().step([step, step]);
    if (step < 5) {
      // Only what is near: a net of 0.05 degrees about the whole Earth has a million points
      const [x, y] = [frame.longitude_deg, frame.latitude_deg];
      const high = (3 * frame.half_km) / 111;
      const wide = high / Math.max(Math.cos((y * Math.PI) / 180), 0.1);
      net.extent([[x - wide, Math.max(y - high, -89.9)], [x + wide, Math.min(y + high, 89.9)]]).precision(step);
    }
    path(net());
    pen.stroke();
  }

  private drawRings(pen: CanvasRenderingContext2D, path: ReturnType<typeof geoPath>, content: MapContent, p: Palette): void {
    for (const one of content.rings) {
      const line: GeoJSON.LineString = { type: "LineString", coordinates: [...one.ring, one.ring[0]] };
      pen.beginPath();
      path(line);
      if (one.fill) {
        pen.fillStyle = p.band;
        pen.fill();
      }
      pen.strokeStyle = one.colour ? one.colour(p) : p.soft;
      pen.lineWidth = one.width ?? 1;
      pen.setLineDash(one.fill || one.solid ? [] : [4, 3]);
      pen.stroke();
      pen.setLineDash([]);
    }
  }

  /** Each outline is named on itself and above the points, neighbours at different places. */
  private nameRings(pen: CanvasRenderingContext2D, projection: GeoProjection, content: MapContent, labels: Labels, p: Palette): void {
    pen.font = `11px ${FONT}`;
    const flat = content.rings.map((one) => [...one.ring, one.ring[0]].map((point) => projection(point)).filter((point): point is [number, number] => point !== null));
    flat.forEach((points, i) => labels.avoidLine(points, 6, content.rings[i]));
    content.rings.forEach((one, i) => {
      if (!one.label) return;
      const colour = one.colour ? one.colour(p) : p.ink;
      const halo = content.points ? p.land : p.paper;
      pen.font = `600 11px ${FONT}`;
      const wished = one.labelAt ?? 0.08 + 0.13 * (i % 7);
      // Outlines that run side by side are named across each other rather than not at all
      if ([false, true].some((over) => labels.placeAlong(one.label!, flat[i], colour, halo, one, wished, over))) return;
      const out = flat[i].reduce((best, point) => (point[1] < best[1] ? point : best), flat[i][0]);
      if (out) labels.place(one.label, out[0], out[1], colour, halo);
    });
    pen.font = `11px ${FONT}`;
  }

  private drawPoints(pen: CanvasRenderingContext2D, projection: GeoProjection, content: MapContent, p: Palette): void {
    if (!content.points) return;
    const { latitude_deg, longitude_deg } = content.points;
    pen.fillStyle = p.actual;
    const size = latitude_deg.length > 2000 ? 2 : 3;
    pen.globalAlpha = latitude_deg.length > 2000 ? 0.3 : 0.6;
    for (let i = 0; i < latitude_deg.length; i += 1) {
      const at = projection([longitude_deg[i], latitude_deg[i]]);
      if (at) pen.fillRect(at[0] - size / 2, at[1] - size / 2, size, size);
    }
    pen.globalAlpha = 1;
  }

  private drawLines(pen: CanvasRenderingContext2D, path: ReturnType<typeof geoPath>, projection: GeoProjection, content: MapContent, labels: Labels, p: Palette): void {
    pen.font = `11px ${FONT}`;
    for (const one of content.lines) {
      pen.strokeStyle = one.colour(p);
      pen.lineWidth = one.width ?? 1.8;
      pen.setLineDash(one.dash ?? []);
      pen.beginPath();
      path({ type: "LineString", coordinates: one.points });
      pen.stroke();
      pen.setLineDash([]);
    }
    const { width, height } = this.sheet;
    for (const one of content.lines) {
      const seen = one.points.map((point) => projection(point)).filter((at): at is [number, number] => at !== null && at[0] > 0 && at[0] < width && at[1] > 0 && at[1] < height);
      labels.avoidLine(seen);
    }
    for (const one of content.lines) {
      if (!one.label || one.points.length === 0) continue;
      const at = projection(one.points[one.points.length - 1]);
      if (at) labels.place(one.label, at[0], at[1], one.colour(p), p.paper);
    }
  }

  private drawMarks(pen: CanvasRenderingContext2D, projection: GeoProjection, content: MapContent, labels: Labels, p: Palette, frame: Frame): void {
    pen.font = `11px ${FONT}`;
    const { width, height } = this.sheet;
    const order: Mark["kind"][] = ["touchdown", "now", "published", "target", "post", "event", "sample", "town"];
    const marks = [...content.marks].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
    const seen: [Mark, number, number][] = [];
    for (const mark of marks) {
      const point: [number, number] = [mark.longitude_deg, mark.latitude_deg];
      const at = projection(point);
      const hidden = frame.kind === "globe" && distanceKm(point, [frame.longitude_deg, frame.latitude_deg]) > 9990;
      // A town at the very edge would be cut
      const edge = mark.kind === "town" ? 8 : 0;
      if (!at || hidden || at[0] < edge || at[0] > width - edge || at[1] < edge || at[1] > height - edge) continue;
      labels.avoid(markBox(mark, at));
      seen.push([mark, at[0], at[1]]);
    }
    for (const [mark, x, y] of [...seen].reverse()) if (mark.kind !== "town") drawMark(pen, mark, x, y, p);
    const name = (on: Labels, [mark, x, y]: [Mark, number, number]): boolean => {
      const gap = 7 + 5 * Math.max((mark.units?.length ?? 1) - 1, 0);
      const colour = mark.kind === "town" ? p.soft : p.ink;
      return mark.label !== "" && [mark.label, mark.short].some((text) => text !== undefined && on.place(text, x, y, colour, p.paper, false, 11, gap));
    };
    // Who comes first takes the room: the order is kept that names most
    const turned = [...seen].reverse().sort((a, b) => order.indexOf(a[0].kind) - order.indexOf(b[0].kind));
    const count = (list: [Mark, number, number][]): number => {
      const trial = labels.trial();
      return list.filter((one) => name(trial, one)).length;
    };
    for (const one of count(turned) > count(seen) ? turned : seen) {
      const [mark, x, y] = one;
      const named = name(labels, one);
      // A town that finds no room for its name would be a riddle
      if (mark.kind === "town" && named) drawMark(pen, mark, x, y, p);
    }
  }
}

/** d3-geo takes points closer than 1e-6 rad (6 m) for one and drops them; so the line keeps only points farther apart. */
export function thinned(points: [number, number][]): [number, number][] {
  const kept: [number, number][] = [];
  for (const point of points) {
    const last = kept[kept.length - 1];
    if (!last || distanceKm(last, point) > 0.015) kept.push(point);
  }
  const end = points[points.length - 1];
  if (kept.length > 1 && end) kept[kept.length - 1] = end;
  return kept;
}

export function trackPoints(columns: Columns, from_s = -Infinity, to_s = Infinity): [number, number][] {
  const { time_s, latitude_deg, longitude_deg } = columns;
  const points: [number, number][] = [];
  for (let i = 0; i < time_s.length; i += 1) {
    if (time_s[i] >= from_s && time_s[i] <= to_s) points.push([longitude_deg[i], latitude_deg[i]]);
  }
  return thinned(points);
}

export function circle(place: Place, radius_km: number): [number, number][] {
  const shape = geoCircle().center([place.longitude_deg, place.latitude_deg]).radius((radius_km / EARTH_KM) * (180 / Math.PI)).precision(3)();
  return shape.coordinates[0] as [number, number][];
}

export function markOf(event: EventRow): Mark {
  return { latitude_deg: event.latitude_deg, longitude_deg: event.longitude_deg, label: event.label, kind: event.event === "touchdown" ? "touchdown" : "event" };
}
