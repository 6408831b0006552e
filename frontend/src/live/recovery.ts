// The recovery force: who comes to the landing that is foreseen now, when, and when the hatch is open. The server counts.

import { clockText, elapsed, fixed } from "../format.ts";
import type { Mark } from "../maps.ts";
import { element, type Table } from "../panel.ts";
import { zeroOfModel, type Model, type Recovery, type RecoveryPost } from "./model.ts";
import { SHAPES } from "./status.ts";

const SHAPE: Record<string, string> = { helicopter: "\u25cf", vehicle: "\u25a0", aircraft: "\u25b2" };
const minutes = (seconds: number | null | undefined): string => (seconds === null || seconds === undefined ? "\u2013" : fixed(seconds / 60, 1));
const three = (one: Record<string, number | null> | null): string => (one === null ? "\u2013" : ["50", "90", "99"].map((share) => minutes(one[share])).join(" / "));

export function recoveryTable(found: Recovery): Table {
  const names = ["type", "count", "kind", "place", "side", "latitude_deg", "longitude_deg", "distance_km", "status", "why", "after_touchdown_s", "eta_s", "first"] as const;
  return { header: [...names], rows: (found.posts ?? []).map((one) => names.map((name) => one[name] as string | number | null)) };
}

/** Types are keys of the file of the force: mi-8 is a Mi-8, pem a PEM. */
export function typeName(type: string): string {
  return /^[a-z]{2,4}$/.test(type) ? type.toUpperCase() : type.charAt(0).toUpperCase() + type.slice(1);
}

/** Fills the tab; rows that find no room are summed up in a line. */
export function showRecovery(body: HTMLElement, model: Model): void {
  const found = model.recovery;
  if (found.state !== "ready") {
    body.replaceChildren(element("p", { class: "note" }, found.state === "working" ? "The recovery force is being posted\u2026" : found.why));
    return;
  }
  const zero = zeroOfModel(model);
  const first = found.first;
  const lead = element("p", { class: "lead", id: "first" });
  if (first === null || first.eta_s === null) lead.append(element("strong", { class: "state-critical" }, `${SHAPES.critical} nobody reaches it`), " by its fuel, duty and weather");
  else lead.append(element("strong", {}, `First ${typeName(first.type)} ${clockText(model.clock, zero, first.eta_s)}`), ", ", element("span", { id: "first-in" }), `, from ${placed(first, found.side)}`);
  const rows = found.posts.map((one, i) => row(one, i, model));
  const table = element("table", { class: "posts" }, element("thead", {}, element("tr", {}, ...["Status", "Units", "Waits", "km", "There", "min", "First"].map((one, i) => element("th", { class: i < 3 ? "text" : "" }, one)))), element("tbody", {}, ...rows));
  const more = element("p", { class: "note more" });
  const { detection } = found;
  const when = detection.after_touchdown_s < 0 ? `${minutes(-detection.after_touchdown_s)} min before` : `${minutes(detection.after_touchdown_s)} min after`;
  const note = element("p", { class: "note" }, `Counted to ${found.origin.startsWith("the touchdown") ? "" : "the middle of "}${found.origin}. Found as ${fixed(100 * detection.share, 0)}\u00a0% were: ${detection.name}, ${when} touchdown. ${found.source}.`);
  body.replaceChildren(lead, facts(found), table, more, note);
  stepRecovery(body, model);
  let hidden = 0;
  while (body.scrollHeight > body.clientHeight + 1 && hidden < rows.length - 3) {
    hidden += 1;
    rows[rows.length - hidden].hidden = true;
    const left = found.posts.slice(rows.length - hidden);
    more.textContent = `and ${left.reduce((sum, one) => sum + one.count, 0)} later: ${counted(left)}`;
  }
}

/** What runs: the time until the first is there. */
export function stepRecovery(body: HTMLElement, model: Model): void {
  const eta = model.recovery.first?.eta_s;
  const holder = body.querySelector("#first-in");
  if (holder === null || model.frame === null || eta === null || eta === undefined) return;
  const left = eta - model.frame.time_s;
  const text = left > 0 ? `in ${elapsed(left).slice(1)}` : "is there";
  if (holder.textContent !== text) holder.textContent = text;
}

/** Where it waits; the side is said where it is the other one. */
function placed(one: RecoveryPost, side: string): string {
  return one.place.replace(/, (guided|ballistic) side$/, (_all, its: string) => (its === side ? "" : `, ${its}`));
}

function counted(posts: RecoveryPost[]): string {
  const sums = new Map<string, number>();
  for (const one of posts) sums.set(one.type, (sums.get(one.type) ?? 0) + one.count);
  return [...sums].map(([type, count]) => `${count} ${typeName(type)}`).join(", ");
}

function row(one: RecoveryPost, index: number, model: Model): HTMLElement {
  const radio = one.task === "radio";
  const cells: [string, string][] = [
    ["text status", `${SHAPES[one.level]} ${one.status}${one.why ? `: ${one.why}` : ""}`],
    ["text", `${SHAPE[one.kind] ?? ""} ${one.count} ${typeName(one.type)}`],
    ["text", placed(one, model.recovery.side)],
    ["", fixed(one.distance_km, one.distance_km < 100 ? 1 : 0)],
    ["eta", one.eta_s === null ? "\u2013" : radio ? "hears" : clockText(model.clock, zeroOfModel(model), one.eta_s)],
    ["after", minutes(one.after_touchdown_s)],
    ["", radio ? "" : `${fixed(100 * one.first, 0)} %`],
  ];
  return element("tr", { "data-post": String(index), class: one.level }, ...cells.map(([kind, text]) => element("td", kind ? { class: kind } : {}, text)));
}

function facts(found: Recovery): HTMLElement {
  const { light, weather } = found;
  const next = light.next === null ? "" : `, ${light.next.what} ${elapsed(light.next.after_touchdown_s).slice(1)} after touchdown`;
  const flies = found.limits.filter((one) => one.type !== "");
  const icing = flies.filter((one) => !one.flies_in_icing).map((one) => typeName(one.type)).join(", ");
  const winds = flies.map((one) => `${typeName(one.type)} ${fixed(one.largest_wind_m_s, 0)}`).join(", ");
  const night = flies.filter((one) => !one.works_at_night).map((one) => typeName(one.type)).join(", ");
  const shape = (bad: boolean): string => (bad ? SHAPES.caution : SHAPES.normal);
  const wind = weather.wind_m_s + weather.gust_m_s;
  const sight = flies.filter((one) => weather.visibility_m < one.least_visibility_m).map((one) => typeName(one.type));
  const list: [string, string, string][] = [
    ["hatch", "Hatch open 50 / 90 / 99 %", `${three(found.hatch_s)} min after touchdown`],
    ["icing", "The same with icing", `${three(found.hatch_icing_s)} min`],
    ["light", "Daylight", `${shape(light.night)} ${light.night ? "night" : "day"}, Sun ${fixed(light.sun_elevation_deg, 0)}\u00b0${next}${night ? `; not at night: ${night}` : ""}`],
    ["wind", "Wind and gusts", `${shape(flies.some((one) => wind > one.largest_wind_m_s))} ${fixed(wind, 1)} m/s; limits ${winds}`],
    ["air", "Icing, visibility", `${shape(weather.icing || sight.length > 0)} ${weather.icing ? `icing: ${icing} stays` : `none (would stop ${icing || "nobody"})`}, ${fixed(weather.visibility_m / 1000, 0)} km${sight.length ? `: ${sight.join(", ")} stays` : ""}`],
  ];
  const holder = element("dl", { class: "recovery-facts" });
  for (const [id, name, text] of list) holder.append(element("dt", {}, name), element("dd", { id: `recovery-${id}` }, text));
  return holder;
}

/** The posts on the map, those at one place as one mark. */
export function postMarks(found: Recovery): Mark[] {
  if (found.state !== "ready") return [];
  const places = new Map<string, RecoveryPost[]>();
  for (const one of found.posts) {
    const key = `${one.latitude_deg} ${one.longitude_deg}`;
    places.set(key, [...(places.get(key) ?? []), one]);
  }
  return [...places.values()].map((posts) => {
    const soonest = posts.find((one) => one.task === "hatch" && one.after_touchdown_s !== null);
    // The shapes say what waits beside the soonest
    const named = soonest ?? posts[0];
    const label = (named.count > 1 ? `${named.count} ` : "") + typeName(named.type) + (soonest ? ` +${minutes(soonest.after_touchdown_s)} min` : "");
    return { latitude_deg: posts[0].latitude_deg, longitude_deg: posts[0].longitude_deg, label, short: soonest ? `+${minutes(soonest.after_touchdown_s)}` : typeName(posts[0].type), kind: "post" as const, units: posts.map((one) => ({ kind: one.kind, stays: one.why !== "" })) };
  });
}
