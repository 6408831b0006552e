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
}

export interface Message {
  utc: string;
  time_s: number;
  level: Level;
  text: string;
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
  messages: Message[];
  provenance: Record<string, string>;
  notes: string[];
  feed: { stale_after_s: number } | null;
}

export interface Model {
  meta: Meta;
  plan: FlightDocument;
  live: FlightDocument;
  frame: Frame | null;
  landing: Landing | null;
  messages: Message[];
  clock: Clock;
  /** Since when no frame has come, s of the wall; null while the link is fresh. */
  stale_s: number | null;
  /** Mean less and plus three standard deviations of a campaign. */
  band: Band | null;
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
  const [meta, plan] = await Promise.all([json("/api/meta") as Promise<Meta>, json("/api/flight/plan")]);
  const planned = unpack(plan) as FlightDocument;
  const live = meta.kind === "feed" ? await loadFeed(planned) : await loadLive(planned);
  return { meta, plan: planned, live, frame: null, landing: meta.prediction, messages: meta.messages, clock: "utc", stale_s: null, band: null };
}

export async function loadLive(plan: FlightDocument): Promise<FlightDocument> {
  const raw = await json("/api/flight/live");
  return { ...(unpack(raw) as FlightDocument), coast: plan.coast };
}

/** What telemetry has told so far, as a flight whose only track is the estimate. */
export async function loadFeed(plan: FlightDocument): Promise<FlightDocument> {
  const raw = await json("/api/flight/feed");
  const columns = Object.fromEntries(Object.entries(raw.columns as Record<string, (number | null)[]>).map(([name, values]) => [name, Float64Array.from(values, (one) => one ?? NaN)]));
  return { ...plan, events: raw.events ?? [], tracks: [{ body: "capsule", label: "estimate", columns }] };
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
