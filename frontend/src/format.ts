// Numbers and clocks as people read them; the digits never change their width.

export type Clock = "utc" | "ignition" | "entry";

export interface Zero {
  epoch_unix_s: number;
  ignition_s: number | null;
  entry_s: number | null;
}

const MINUS = "\u2212";

export function fixed(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "\u2013";
  const text = value.toFixed(digits);
  return text.startsWith("-") ? (Number(text) === 0 ? text.slice(1) : MINUS + text.slice(1)) : text;
}

export function signed(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "\u2013";
  const text = fixed(value, digits);
  return text.startsWith(MINUS) ? text : `+${text}`;
}

export function latitude(deg: number, digits = 3): string {
  return `${fixed(Math.abs(deg), digits)}\u00b0 ${deg < 0 ? "S" : "N"}`;
}

export function longitude(deg: number, digits = 3): string {
  return `${fixed(Math.abs(deg), digits)}\u00b0 ${deg < 0 ? "W" : "E"}`;
}

const two = (value: number): string => String(value).padStart(2, "0");

export function utcText(unix_s: number, seconds = true): string {
  const date = new Date((seconds ? Math.round(unix_s) : unix_s) * 1000);
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  return seconds ? `${clock}:${two(date.getUTCSeconds())}` : clock;
}

export function dateText(unix_s: number): string {
  return new Date(unix_s * 1000).toISOString().slice(0, 10);
}

/** Minutes and seconds with a sign: +12:04; hours in front where there are any. */
export function elapsed(seconds: number): string {
  const sign = seconds < -0.5 ? MINUS : "+";
  const whole = Math.round(Math.abs(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours > 0 ? `${sign}${hours}:${rest}` : sign + rest;
}

export function clockText(clock: Clock, zero: Zero, time_s: number): string {
  if (clock === "ignition" && zero.ignition_s !== null) return elapsed(time_s - zero.ignition_s);
  if (clock === "entry" && zero.entry_s !== null) return elapsed(time_s - zero.entry_s);
  return utcText(zero.epoch_unix_s + time_s);
}
