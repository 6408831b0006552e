// What the page knows: the documents that it asked for once, and the newest frame of the stream.

import { unpack, type FlightDocument, type Variable } from "../document.ts";
import type { Clock, Zero } from "../format.ts";

export type Level = "off" | "standby" | "normal" | "caution" | "serious" | "critical";

export interface State {
  level: Level;
  word: string;
  why: string;
}

export interface FeedFrame {
  age_s: number | null;
  status: State;
  residual_m: number | null;
  position_sd_m: number | null;
  packets: number;
  dropped: number;
  late: number;
  jumps: number;
}

export interface Frame {
  time_s: number;
  utc: string;
  kind: string;
  playing: boolean;
  waiting: boolean;
  rate: number;
  version: number;
  shown_s: number;
  operator: string | null;
  phase: { event: string; label: string };
  state: State;
  values: Record<string, number | null>;
  burn: { done_m_s: number; to_go_m_s: number; perigee_m: number } | null;
  feed: FeedFrame | null;
}

export interface Landing {
  time_s: number;
  version: number;
  samples: number;
  landed: number;
  latitude_deg: number[];
  longitude_deg: number[];
  mean_deg: [number, number] | null;
  ring_deg: [number, number][];
  major_km: number | null;
  minor_km: number | null;
  azimuth_deg: number | null;
  touchdown_s: number | null;
  touchdown_sd_s: number | null;
  miss_km: number | null;
  in_zone: number | null;
  winds: Wind[];
}

export interface Wind {
  height_m: number;
  speed_m_s: number;
  from_deg: number;
}

export interface RecoveryPost {
  type: string;
  title: string;
  kind: string;
  task: string;
  count: number;
  place: string;
  side: string;
  airfield: boolean;
  latitude_deg: number;
  longitude_deg: number;
  distance_km: number;
  level: Level;
  status: string;
  why: string;
  after_touchdown_s: number | null;
  eta_s: number | null;
  first: number;
}

export interface RecoveryLimit {
  type: string;
  title: string;
  largest_wind_m_s: number;
  least_visibility_m: number;
  flies_in_icing: boolean;
  works_at_night: boolean;
}

/** What the posted force does about the landing that is foreseen: computed by the server, shown here. */
export interface Recovery {
  state: "ready" | "working" | "none";
  why: string;
  source: string;
  force: string;
  touchdown_s: number;
  latitude_deg: number;
  longitude_deg: number;
  origin: string;
  side: string;
  detection: { name: string; after_touchdown_s: number; share: number };
  light: { sun_elevation_deg: number; night: boolean; next: { what: string; after_touchdown_s: number } | null };
  weather: { wind_m_s: number; wind_from_deg: number; gust_m_s: number; visibility_m: number; icing: boolean };
  posts: RecoveryPost[];
  first: RecoveryPost | null;
  hatch_s: Record<string, number | null> | null;
  hatch_icing_s: Record<string, number | null> | null;
  limits: RecoveryLimit[];
}

/** The three planes of the entry, columns of numbers. */
export interface Planes {
  columns: Record<string, Float64Array>;
}

export interface Message {
  utc: string;
  time_s: number;
  level: Level;
  text: string;
  number: number;
  count: number;
}

export interface PlannedEvent {
  event: string;
  label: string;
  time_s: number;
}

export interface Meta {
  mission: string;
  title: string;
  vehicle: string;
  kind: string;
  epoch_unix_s: number;
  first_s: number;
  last_s: number;
  frame_period_s: number;
  stale_after_s: number;
  variables: Record<string, Variable>;
  planned: PlannedEvent[];
  failures: string[];
  commands: boolean;
  clock: boolean;
  campaign: boolean;
  predicts: boolean;
  prediction: Landing | null;
  recovery: Recovery;
  winds: Wind[];
  messages: Message[];
  provenance: Record<string, string>;
  notes: string[];
  feed: { stale_after_s: number } | null;
}

export interface Model {
  meta: Meta;
  plan: FlightDocument;
  live: FlightDocument;
  /** What is shown: the newest frame of the room, or that of a replay of one's own. */
  frame: Frame | null;
  /** The newest frame of the room, whatever is shown. */
  room: Frame | null;
  own: Own | null;
  landing: Landing | null;
  recovery: Recovery;
  planes: { plan: Planes; live: Planes };
  /** Packets of telemetry that came late, and those that did not fit. */
  marks: { late_s: number[]; jumped_s: number[] };
  messages: Message[];
  clock: Clock;
  /** Seconds of the wall since the last frame that is shown. */
  age_s: number;
  /** Since when no frame has come, s of the wall; null while the link is fresh. */
  stale_s: number | null;
  /** Mean less and plus three standard deviations of a campaign. */
  band: Band | null;
}

/** A replay of one's own. */
export interface Own {
  rate: number;
  playing: boolean;
  /** Number of a return of the campaign; null is the flight of the room. */
  sample: number | null;
}

export interface Band {
  time_s: number[];
  columns: Record<string, { low: (number | null)[]; high: (number | null)[] }>;
}

/** The band of the campaign, as soon as it has been flown. */
export async function loadBand(): Promise<Band | null> {
  for (;;) {
    const { state, time_s, ...columns } = await json("/api/ensemble/band");
    if (state === "ready") return { time_s, columns };
    if (state !== "working") return null;
    await new Promise((done) => setTimeout(done, 1500));
  }
}

export async function json(path: string): Promise<any> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export async function loadModel(): Promise<Model> {
  const [meta, plan, planes] = await Promise.all([json("/api/meta") as Promise<Meta>, json("/api/flight/plan"), loadPlanes("plan")]);
  const planned = unpack(plan) as FlightDocument;
  const model: Model = {
    meta, plan: planned, live: planned, frame: null, room: null, own: null, landing: meta.prediction, recovery: meta.recovery, messages: meta.messages, clock: "utc",
    stale_s: null, age_s: 0, band: null, planes: { plan: planes, live: planes }, marks: { late_s: [], jumped_s: [] },
  };
  await loadShown(model);
  return model;
}

/** Asks for what was flown: the flight of the room as it is now known, or what telemetry has told. */
export async function loadShown(model: Model): Promise<void> {
  const fed = model.meta.kind === "feed";
  const [raw, planes] = await Promise.all([json(fed ? "/api/flight/feed" : "/api/flight/live"), loadPlanes(fed ? "feed" : "live")]);
  if (model.own?.sample !== null && model.own?.sample !== undefined) return;
  model.live = fed ? estimated(raw, model.plan) : { ...(unpack(raw) as FlightDocument), coast: model.plan.coast };
  model.planes.live = planes;
  model.marks = { late_s: raw.late_s ?? [], jumped_s: raw.jumped_s ?? [] };
}

/** Shows a return of the campaign in the place of the flight. */
export async function loadSample(model: Model, sample: number): Promise<void> {
  const raw = await json(`/api/sample/${sample}`);
  model.live = { ...(unpack(raw) as FlightDocument), coast: model.plan.coast };
  model.planes.live = planesOf(raw.planes);
}

function planesOf(raw: any): Planes {
  return { columns: numbersOf(raw.columns) };
}

/** Columns in which null says that nothing is known. */
function numbersOf(columns: Record<string, (number | null)[]>): Record<string, Float64Array> {
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, Float64Array.from(values, (one) => one ?? NaN)]));
}

async function loadPlanes(name: string): Promise<Planes> {
  return planesOf(await json(`/api/planes/${name}`));
}

/** What telemetry has told so far, as a flight whose only track is the estimate. */
function estimated(raw: any, plan: FlightDocument): FlightDocument {
  return { ...plan, events: raw.events ?? [], tracks: [{ body: "capsule", label: "estimate", columns: numbersOf(raw.columns) }] };
}

export function zeroOfModel(model: Model): Zero {
  const at = (name: string): number | null => model.plan.events.find((one) => one.event === name)?.time_s ?? null;
  return { epoch_unix_s: model.meta.epoch_unix_s, ignition_s: at("deorbit_ignition"), entry_s: at("entry_interface") };
}

/** What the phase bar and the strips span: from a little before the ignition to the end. */
export function span(model: Model): [number, number] {
  const lit = model.plan.events.find((one) => one.event === "deorbit_ignition")?.time_s;
  const end = (flight: FlightDocument): number => flight.tracks[0].columns.time_s.at(-1) ?? -Infinity;
  const last = Math.max(end(model.plan), model.meta.kind === "feed" ? -Infinity : end(model.live));
  const first = lit === undefined ? model.meta.first_s : Math.max(lit - 60, model.meta.first_s);
  return [first, last + 0.01 * (last - first)];
}

/** Index of the last sample at or before a moment, -1 before the first. */
export function indexAt(times: Float64Array, time_s: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time_s) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
