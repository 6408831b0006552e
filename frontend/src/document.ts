// What Python hands to the page: one JSON document in the page itself or behind /api.

export interface Variable {
  label: string;
  unit: string;
  display_unit: string;
  factor: number;
}

export interface EventRow {
  event: string;
  label: string;
  time_s: number;
  utc: string;
  altitude_m: number;
  latitude_deg: number;
  longitude_deg: number;
  speed_m_s: number;
  load_g: number | null;
  published_utc: string | null;
  published_precision_s: number | null;
  difference_s: number | null;
}

export interface Limit {
  variable: string;
  value: number;
  label: string;
}

export interface Place {
  name: string;
  latitude_deg: number;
  longitude_deg: number;
  radius_km?: number;
}

export interface Lines {
  step_deg: number;
  land: number[][];
  borders: number[][];
}

export interface Coast {
  region: Lines;
  world: Lines;
}

export type Columns = Record<string, Float64Array>;

export interface Track {
  body: string;
  label: string;
  columns: Columns;
}

export interface CorridorLine {
  kind: "load" | "heat_flux" | "equilibrium_glide";
  value: number | null;
  is_limit: boolean;
  label: string;
  columns: Columns;
}

/** An entry that could have been flown from the same state. */
export interface PossibleEntry {
  kind: "lift_up" | "ballistic";
  label: string;
  peak_load_g: number;
  beyond_m: number;
  columns: Columns;
}

/** The boundaries of the entry, or the reason why there are none. */
export interface Corridor {
  reason: string;
  lines?: CorridorLine[];
  entries?: PossibleEntry[];
  flown?: Columns;
}

export interface Canopy {
  stage: string;
  label: string;
  speed_m_s: number;
  force_n: number;
  load_g: number;
  after_s: number;
  limit_n: number | null;
  margin: number | null;
}

export interface CrewLimit {
  name: string;
  assumed: boolean;
  source: string;
  load_g: number[];
  share: number | null;
  duration_s: number | null;
}

export interface CrewLoads {
  seat: string;
  duration_s: number[];
  axes: { axis: string; label: string; peak_g: number; lasting_g: number[]; limits: CrewLimit[] }[];
  time_above_s: Record<string, number>;
  jerk_g_s: number;
}

export interface RadioWindow {
  name: string;
  frequency_hz: number;
  critical_m3: number;
  begin_s: number | null;
  end_s: number | null;
  end_altitude_m: number | null;
}

export interface Heating {
  peak_flux_w_m2: number;
  peak_flux_brandis_johnston_w_m2: number | null;
  peak_wall_temperature_k: number;
  heat_load_j_m2: number;
  windows: RadioWindow[];
  columns: Columns;
}

export interface FlightDocument {
  kind: "flight";
  mission: string;
  title: string;
  vehicle: string;
  status: string;
  status_sentence: string;
  epoch_unix_s: number;
  variables: Record<string, Variable>;
  events: EventRow[];
  tracks: Track[];
  departure: Columns | null;
  limits: Limit[];
  zone: Place | null;
  published: Place | null;
  towns: Place[];
  touchdown: Record<string, number | string | null> | null;
  corridor: Corridor;
  canopies: Canopy[];
  contact: Record<string, number | boolean | null> | null;
  crew: CrewLoads | null;
  heating: Heating | null;
  facts: [string, string][];
  provenance: Record<string, string>;
  notes: string[];
  coast: Coast;
}

export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

export interface OutputRow {
  name: string;
  group: string;
  label: string;
  meaning: string;
  unit: string;
  quantiles: { share: number; estimate: number; low: number; high: number }[];
  mean: number;
  standard_deviation: number;
  digits: number;
  histogram: { edges: number[]; counts: number[] };
  limit: number | null;
  worst: { sample: number; value: number }[];
  /** For outputs that are yes or no: the part of the returns with a yes. */
  share: Interval | null;
}

/** Published landings of other returns in the same zone. */
export interface RealLandings {
  names: string[];
  latitude_deg: number[];
  longitude_deg: number[];
  ring_deg: [number, number][];
  sd_east_km: number;
  sd_north_km: number;
}

export interface CampaignDocument {
  kind: "campaign";
  mission: string;
  title: string;
  samples: number;
  landed: number;
  failed: Record<string, number>;
  outputs: OutputRow[];
  distributions: { name: string; label: string; unit: string; edges: number[]; counts: number[]; limit: number | null }[];
  drivers: { output: string; label: string; rows: { input: string; rank_correlation: Interval; sobol: Interval | null }[] }[];
  limits: { label: string; meaning: string; probability: Interval }[];
  real: RealLandings | null;
  convergence: { n: number[]; east_km: number[]; north_km: number[] };
  landing: { latitude_deg: Float64Array; longitude_deg: Float64Array };
  shapes: { kind: string; share: number; bound: string; ring_deg: [number, number][] }[];
  zone: Place | null;
  towns: Place[];
  facts: [string, string][];
  provenance: Record<string, string>;
  notes: string[];
  coast: Coast;
}

export type PageDocument = FlightDocument | CampaignDocument;

/** Decodes base64 of little-endian doubles. */
export function decode(text: string): Float64Array {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}

/** Decodes every `columns` in a part of the document, and `flown`. */
function decodeInside(part: any): any {
  if (Array.isArray(part)) return part.map(decodeInside);
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, name === "columns" || name === "flown" ? decodeColumns(value as Record<string, string>) : decodeInside(value)]));
}

function decodeColumns(columns: Record<string, string>): Columns {
  return Object.fromEntries(Object.entries(columns).map(([name, text]) => [name, decode(text)]));
}

/** Turns the parsed JSON into a document with columns of numbers. */
export function unpack(raw: any): PageDocument {
  if (raw.kind === "campaign") {
    return { ...raw, landing: decodeColumns(raw.landing) };
  }
  return {
    ...raw,
    tracks: raw.tracks.map((track: any) => ({ ...track, columns: decodeColumns(track.columns) })),
    departure: raw.departure === null ? null : decodeColumns(raw.departure),
    corridor: decodeInside(raw.corridor ?? { reason: "" }),
    canopies: raw.canopies ?? [],
    contact: raw.contact ?? null,
    crew: raw.crew ?? null,
    heating: decodeInside(raw.heating ?? null),
  };
}

export function readDocument(): PageDocument {
  const holder = document.getElementById("data");
  if (holder === null) throw new Error("the page holds no data");
  return unpack(JSON.parse(holder.textContent ?? ""));
}
