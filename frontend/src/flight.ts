// The report of one flight.

import type { Columns, FlightDocument, Track } from "./document.ts";
import { clockText, dateText, fixed, latitude, longitude, utcText, type Clock, type Zero } from "./format.ts";
import { corridorPanel, crewPanel, energyPanel, heatingPanel, landingPanel } from "./descent.ts";
import { EventLane } from "./lane.ts";
import { circle, frameOf, GroundMap, markOf, trackPoints, type Frame, type Line, type MapContent, type Mark } from "./maps.ts";
import { element, Panel, redrawAll, type Table } from "./panel.ts";
import { Plane } from "./plane.ts";
import { Strip, type StripData, type StripSpec } from "./strips.ts";
import { timelineCsv, timelineTable } from "./timeline.ts";

const STRIPS: StripSpec[] = [
  { name: "altitude_m", digits: 2 },
  { name: "airspeed_m_s", digits: 0 },
  { name: "load_g", digits: 2 },
  { name: "heat_flux_w_m2", digits: 1 },
  { name: "bank_deg", digits: 0, beside: "bank_command_deg", besideLabel: "what guidance asks for", quiet: true },
];

export function zeroOf(flight: FlightDocument): Zero {
  const at = (name: string): number | null => flight.events.find((one) => one.event === name)?.time_s ?? null;
  return { epoch_unix_s: flight.epoch_unix_s, ignition_s: at("deorbit_ignition"), entry_s: at("entry_interface") };
}

/** A round moment of the clock shown: midnight of UTC, or its zero; ticks counted from it are round too. */
export function originOf(clock: Clock, zero: Zero): number {
  if (clock === "ignition" && zero.ignition_s !== null) return zero.ignition_s;
  if (clock === "entry" && zero.entry_s !== null) return zero.entry_s;
  return -(zero.epoch_unix_s % 86400);
}

/** The time from a little before the split (or the start) to the ground. */
export function entryWindow(flight: FlightDocument): [number, number] {
  const time_s = flight.tracks[0].columns.time_s;
  const begin = flight.events.find((one) => ["module_separation", "entry_interface", "parachute_command"].includes(one.event));
  return [begin ? begin.time_s - 30 : time_s[0], time_s[time_s.length - 1]];
}

export function columnsTable(columns: Columns, names: string[]): Table {
  const rows: number[][] = [];
  for (let i = 0; i < columns.time_s.length; i += 1) rows.push(names.map((name) => columns[name][i]));
  return { header: names, rows };
}

function trackLines(flight: FlightDocument, from_s: number, labelled: boolean): Line[] {
  return flight.tracks.map((track: Track, i) => ({
    points: trackPoints(track.columns, from_s),
    colour: (p) => (i === 0 ? p.actual : p.modules[(i - 1) % p.modules.length]),
    width: i === 0 ? 2.2 : 1.4,
    label: labelled && i > 0 ? track.label : undefined,
  }));
}

function towns(flight: FlightDocument): Mark[] {
  return flight.towns.map((one) => ({ ...one, label: one.name, kind: "town" as const }));
}

function placeMarks(flight: FlightDocument, labelled: boolean): Mark[] {
  const marks: Mark[] = [];
  if (flight.published) marks.push({ ...flight.published, label: labelled ? "published landing" : "", kind: "published" });
  if (flight.zone) marks.push({ ...flight.zone, label: labelled ? "aim of the zone" : "", kind: "target" });
  return marks;
}

function worldMap(flight: FlightDocument, holder: HTMLElement): GroundMap {
  const end = flight.tracks[0].columns;
  const last = end.time_s.length - 1;
  const split = flight.events.find((one) => one.event === "deorbit_ignition");
  const centre = split ?? { latitude_deg: end.latitude_deg[last], longitude_deg: end.longitude_deg[last] };
  const middle = { latitude_deg: (centre.latitude_deg + end.latitude_deg[last]) / 2 + 8, longitude_deg: (centre.longitude_deg + end.longitude_deg[last]) / 2 };
  const frame: Frame = { ...middle, half_km: 0, kind: "globe" };
  const shown = new Set(["deorbit_ignition", "entry_interface", "touchdown"]);
  const content = (): MapContent => ({
    lines: trackLines(flight, -Infinity, false).slice(0, 1),
    marks: flight.events.filter((one) => shown.has(one.event)).map(markOf),
    rings: [],
  });
  return new GroundMap(holder, "Ground track on the globe", flight.coast, () => frame, content, "map globe");
}

function regionMap(flight: FlightDocument, holder: HTMLElement): GroundMap {
  const [begin] = entryWindow(flight);
  const points = trackPoints(flight.tracks[0].columns, begin);
  const shown = new Set(["module_separation", "entry_interface", "peak_load", "parachute_command", "touchdown"]);
  const content = (): MapContent => ({
    lines: trackLines(flight, begin, true),
    marks: [...flight.events.filter((one) => shown.has(one.event)).map(markOf), ...towns(flight)],
    rings: [],
  });
  return new GroundMap(holder, "Ground track from the separation to the landing", flight.coast, (ratio) => frameOf(points, 60, ratio, 0.1), content, "map region");
}

function landingMap(flight: FlightDocument, holder: HTMLElement): GroundMap {
  const command = flight.events.find((one) => one.event === "parachute_command");
  const track = flight.tracks[0].columns;
  const from = command ? command.time_s - 25 : track.time_s[Math.max(track.time_s.length - 60, 0)];
  const points = trackPoints(track, command ? command.time_s : from);
  const wide = [...points];
  if (flight.zone) wide.push([flight.zone.longitude_deg, flight.zone.latitude_deg]);
  if (flight.published) wide.push([flight.published.longitude_deg, flight.published.latitude_deg]);
  const shown = new Set(["parachute_command", "main_inflated", "heat_shield_jettison", "touchdown"]);
  const content = (): MapContent => ({
    lines: trackLines(flight, from, false).slice(0, 1),
    marks: [...flight.events.filter((one) => shown.has(one.event)).map(markOf), ...placeMarks(flight, true), ...towns(flight)],
    rings: flight.zone?.radius_km ? [{ ring: circle(flight.zone, flight.zone.radius_km) }] : [],
  });
  return new GroundMap(holder, "The last kilometres and the landing zone", flight.coast, (ratio) => frameOf(wide, 6, ratio, 0.25), content, "map landing");
}

function factsRow(flight: FlightDocument): HTMLElement {
  const list = element("dl", { class: "facts" });
  for (const [name, value] of flight.facts) list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return list;
}

export function provenancePanel(provenance: Record<string, string>, notes: string[]): Panel {
  const panel = new Panel({ id: "provenance", title: "Where the numbers come from" });
  const list = element("dl", { class: "provenance" });
  for (const [name, value] of Object.entries(provenance)) list.append(element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, value));
  panel.body.append(list);
  for (const note of notes) panel.body.append(element("p", { class: "note" }, note));
  return panel;
}

function mapsPanel(flight: FlightDocument): Panel {
  const maps: GroundMap[] = [];
  const names = ["time_s", "latitude_deg", "longitude_deg", "altitude_m"];
  const panel = new Panel({
    id: "ground-track",
    title: "Ground track",
    note: "the globe, the entry, the landing; distances read true from the middle of each map",
    csv: () => columnsTable(flight.tracks[0].columns, names),
  });
  const [globe, region, landing] = ["globe", "region", "landing"].map((name) => element("div", { class: `holder ${name}` }));
  panel.body.append(element("div", { class: "maps" }, element("div", { class: "pair" }, globe, landing), region));
  maps.push(worldMap(flight, globe), regionMap(flight, region), landingMap(flight, landing));
  maps.forEach((one) => panel.drawnBy(one));
  return panel;
}

function stripsPanel(flight: FlightDocument, clock: () => Clock, zero: Zero): Panel {
  const strips: Strip[] = [];
  const main = flight.tracks[0].columns;
  const present = STRIPS.filter((one) => main[one.name]?.some(Number.isFinite));
  const panel = new Panel({
    id: "strips",
    title: "Entry and descent",
    csv: () => columnsTable(main, ["time_s", ...present.flatMap((one) => (one.beside ? [one.name, one.beside] : [one.name]))]),
  });
  const source = (): StripData => ({
    columns: main,
    variables: flight.variables,
    events: flight.events,
    limits: flight.limits,
    window: entryWindow(flight),
    clock: (time_s) => clockText(clock(), zero, time_s),
    origin_s: originOf(clock(), zero),
  });
  const lane = new EventLane(panel.body, () => flight.events, () => entryWindow(flight), () => strips[0]?.area ?? null);
  panel.drawnBy(lane);
  present.forEach((spec, i) => {
    const strip = new Strip(spec, source, i === present.length - 1);
    strips.push(strip);
    panel.body.append(strip.root);
    panel.drawnBy(strip);
  });
  return panel;
}

function departurePanel(flight: FlightDocument): Panel | null {
  const columns = flight.departure;
  if (columns === null) return null;
  const km = (name: string): Float64Array => columns[name].map((one) => one / 1000);
  const [x, y] = [km("along_track_m"), km("radial_m")];
  const last = x.length - 1;
  let plane: Plane;
  const panel = new Panel({
    id: "departure",
    title: "Departure seen from the station",
    csv: () => columnsTable(columns, Object.keys(columns)),
  });
  plane = new Plane(panel.body, "Departure seen from the station", () => ({
    xLabel: "Along the track, km (positive: ahead)", yLabel: "Upwards, km", curves: [{ x, y, colour: (p) => p.actual }],
    spots: [{ x: 0, y: 0, label: "station" }, { x: x[last], y: y[last], label: "ignition" }], equal: true,
  }));
  panel.drawnBy(plane);
  return panel;
}

function roots(panels: (Panel | null)[]): HTMLElement[] {
  return panels.filter((one): one is Panel => one !== null).map((one) => one.root);
}

/** Two panels side by side; a last one alone takes the whole width. */
function pairs(panels: HTMLElement[]): HTMLElement[] {
  const rows: HTMLElement[] = [];
  for (let i = 0; i < panels.length; i += 2) {
    const both = panels.slice(i, i + 2);
    rows.push(element("div", { class: both.length === 2 ? "row halves" : "row" }, ...both));
  }
  return rows;
}

/** Builds the report of a flight into the page. */
export function showFlight(flight: FlightDocument, root: HTMLElement, clockButtons: HTMLElement): void {
  const zero = zeroOf(flight);
  let clock: Clock = "utc";
  const timeline = new Panel({ id: "timeline", title: "Timeline", note: "published times beside the flown ones", csv: () => timelineCsv(flight.events) });
  const refresh = (): void => timeline.body.replaceChildren(timelineTable(flight.events, clock, zero));
  refresh();
  const choices: [Clock, string][] = [["utc", "UTC"]];
  if (zero.ignition_s !== null) choices.push(["ignition", "from ignition"]);
  if (zero.entry_s !== null) choices.push(["entry", "from entry"]);
  for (const [value, label] of choices) {
    const button = element("button", { type: "button", "aria-pressed": String(value === clock), "data-clock": value }, label);
    button.addEventListener("click", () => {
      clock = value;
      clockButtons.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
      refresh();
      redrawAll();
    });
    clockButtons.append(button);
  }
  root.append(
    factsRow(flight),
    element("div", { class: "row wide-right" }, timeline.root, mapsPanel(flight).root),
    element("div", { class: "row wide-left" }, stripsPanel(flight, () => clock, zero).root, element("div", { class: "stack" }, ...roots([corridorPanel(flight, entryWindow(flight)[0]), energyPanel(flight)]))),
    ...pairs(roots([landingPanel(flight), crewPanel(flight.crew), heatingPanel(flight), departurePanel(flight)])),
    provenancePanel(flight.provenance, flight.notes).root,
  );
}

export function flightHeading(flight: FlightDocument): [string, string] {
  const landing = flight.touchdown;
  if (landing === null) return [`${flight.title}`, `${dateText(flight.epoch_unix_s)} · ${flight.status_sentence}`];
  const end = flight.events.find((one) => one.event === "touchdown");
  const when = end ? utcText(flight.epoch_unix_s + end.time_s) : "";
  const where = `${latitude(Number(landing.latitude_deg))}, ${longitude(Number(landing.longitude_deg))}`;
  return [flight.title, `${dateText(flight.epoch_unix_s)} · touchdown ${when} UTC at ${where}, ${fixed(Number(landing.speed_m_s), 1)} m/s`];
}
