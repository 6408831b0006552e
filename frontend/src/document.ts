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
  label: string;
  unit: string;
  quantiles: { share: number; estimate: number; low: number; high: number }[];
  mean: number;
  standard_deviation: number;
  digits: number;
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
  limits: { label: string; probability: Interval }[];
  worst: { output: string; label: string; unit: string; digits: number; rows: { sample: number; value: number }[] }[];
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
  };
}

export function readDocument(): PageDocument {
  const holder = document.getElementById("data");
  if (holder === null) throw new Error("the page holds no data");
  return unpack(JSON.parse(holder.textContent ?? ""));
}
