// The digitals on the left: state, burn, landing, events; digits never change their width.

import { clockText, fixed, latitude, longitude, signed } from "../format.ts";
import { element } from "../panel.ts";
import { zeroOfModel, type FeedFrame, type Model } from "./model.ts";

type Read = (model: Model) => string;

interface Row {
  label: string;
  unit: string;
  read: Read;
  name?: string;
}

function value(name: string, digits: number, factor = 1): Read {
  return (model) => {
    const found = model.frame?.values[name];
    return found === null || found === undefined ? "\u2013" : fixed(found * factor, digits);
  };
}

/** The roll of the ballistic descent runs on; people read an angle within half a turn. */
const turned = (name: string): Read => (model) => {
  const found = model.frame?.values[name];
  return found === null || found === undefined ? "\u2013" : fixed(((((found + 180) % 360) + 360) % 360) - 180, 0);
};
const BANK: Read = (model) => `${turned("bank_command_deg")(model)} / ${turned("bank_deg")(model)}`;
const at = (name: string, write: (deg: number) => string): Read => (model) => {
  const found = model.frame?.values[name];
  return found === null || found === undefined ? "\u2013" : write(found);
};

const ALWAYS: Row[] = [
  { label: "Altitude", unit: "km", read: value("altitude_m", 3, 1e-3), name: "altitude_m" },
  { label: "Speed over ground", unit: "m/s", read: value("ground_speed_m_s", 1), name: "ground_speed_m_s" },
  { label: "Airspeed", unit: "m/s", read: value("airspeed_m_s", 1), name: "airspeed_m_s" },
  { label: "Vertical speed", unit: "m/s", read: value("vertical_speed_m_s", 1), name: "vertical_speed_m_s" },
  { label: "Path angle", unit: "\u00b0", read: value("flight_path_angle_deg", 2), name: "flight_path_angle_deg" },
  { label: "Heading", unit: "\u00b0", read: value("heading_deg", 1), name: "heading_deg" },
  { label: "Latitude", unit: "", read: at("latitude_deg", (one) => latitude(one, 4)), name: "latitude_deg" },
  { label: "Longitude", unit: "", read: at("longitude_deg", (one) => longitude(one, 4)), name: "longitude_deg" },
  { label: "Load", unit: "g", read: value("load_g", 2), name: "load_g" },
];
const FLIGHT: Row[] = [
  { label: "Mach", unit: "", read: value("mach", 2), name: "mach" },
  { label: "Dynamic pressure", unit: "kPa", read: value("dynamic_pressure_pa", 2, 1e-3), name: "dynamic_pressure_pa" },
  { label: "Heat flux", unit: "W/cm\u00b2", read: value("heat_flux_w_m2", 1, 1e-4), name: "heat_flux_w_m2" },
  { label: "Bank, command / actual", unit: "\u00b0", read: BANK, name: "bank" },
];
const BURN: Row[] = [
  { label: "Burn: \u0394v done", unit: "m/s", read: (model) => fixed(model.frame?.burn?.done_m_s, 2), name: "done" },
  { label: "Burn: \u0394v to go", unit: "m/s", read: (model) => fixed(model.frame?.burn?.to_go_m_s, 2), name: "to_go" },
  { label: "Perigee if cut off now", unit: "km", read: (model) => fixed((model.frame?.burn?.perigee_m ?? NaN) / 1e3, 1), name: "perigee" },
  { label: "Mass", unit: "kg", read: value("mass_kg", 0), name: "mass_kg" },
];

const fed = (digits: number, of: (feed: FeedFrame) => number | null): Read => (model) => {
  const feed = model.room?.feed;
  return feed === null || feed === undefined ? "\u2013" : fixed(of(feed), digits);
};
const FEED: Row[] = [
  { label: "Packets / position \u00b1", unit: "m", read: (model) => `${fed(0, (one) => one.packets)(model)} / ${fed(0, (one) => one.position_sd_m)(model)}`, name: "packets" },
  { label: "Late \u25b5 / twice or too late", unit: "", read: (model) => `${fed(0, (one) => one.late)(model)} / ${fed(0, (one) => one.dropped)(model)}`, name: "late" },
  { label: "Jumps \u00d7 / last residual", unit: "m", read: (model) => `${fed(0, (one) => one.jumps)(model)} / ${fed(0, (one) => one.residual_m)(model)}`, name: "jumps" },
];

function windText(model: Model, level: number): string {
  const winds = model.landing?.winds ?? model.meta.winds;
  const one = winds[level];
  return one === undefined ? "\u2013" : `${fixed(one.from_deg, 0)}\u00b0 ${fixed(one.speed_m_s, 1)}`;
}

function block(title: string, id: string): { root: HTMLElement; body: HTMLElement; note: HTMLElement } {
  const note = element("small");
  const body = element("div", { class: "body" });
  return { root: element("section", { class: "block", id }, element("h2", {}, title, note), body), body, note };
}

class Rows {
  private readonly cells: [Row, HTMLElement][] = [];
  readonly root = element("dl", { class: "rows" });

  constructor(rows: Row[]) {
    for (const row of rows) {
      const cell = element("dd", row.name ? { "data-value": row.name } : {});
      this.cells.push([row, cell]);
      this.root.append(element("dt", {}, row.label), cell, element("dd", { class: "unit" }, row.unit));
    }
  }

  show(model: Model): void {
    for (const [row, cell] of this.cells) {
      const text = row.read(model);
      if (cell.textContent !== text) cell.textContent = text;
    }
  }
}

function ageText(seconds: number): string {
  return seconds < 120 ? `${fixed(seconds, 0)} s` : `${fixed(seconds / 60, 0)} min`;
}

export class Digitals {
  private readonly always = new Rows(ALWAYS);
  private readonly flight: Rows;
  private readonly burn = new Rows(BURN);
  private readonly landing: Rows;
  private readonly fed: Rows;
  private readonly events = block("Events", "events");
  private readonly state = block("State", "digitals");
  private readonly ground = block("Landing", "landing");
  private rows: { time_s: number; actual: HTMLElement; delta: HTMLElement; name: string; root: HTMLElement }[] = [];
  private shape = "";
  private readonly limit: string;

  constructor(root: HTMLElement, model: Model) {
    const limit = model.plan.limits.find((one) => one.variable === "load_g");
    const radius = model.plan.zone?.radius_km;
    this.landing = new Rows([
      { label: "Predicted latitude", unit: "", read: (m) => (m.landing?.mean_deg ? latitude(m.landing.mean_deg[0], 3) : "\u2013") },
      { label: "Predicted longitude", unit: "", read: (m) => (m.landing?.mean_deg ? longitude(m.landing.mean_deg[1], 3) : "\u2013") },
      { label: "Ellipse 90 %, half axes", unit: "km", read: (m) => `${fixed(m.landing?.major_km, 1)} \u00d7 ${fixed(m.landing?.minor_km, 1)}` },
      { label: "Miss of the mean", unit: "km", read: (m) => fixed(m.landing?.miss_km, 1), name: "miss_km" },
      { label: radius ? `Inside the zone (${fixed(radius, 0)} km)` : "Inside the zone", unit: "%", read: (m) => fixed(m.landing?.in_zone === null || m.landing === null ? null : 100 * m.landing.in_zone, 0) },
      { label: "Touchdown \u00b1", unit: "s", read: (m) => fixed(m.landing?.touchdown_sd_s, 0) },
      { label: "Wind at 10 m from", unit: "m/s", read: (m) => windText(m, 0), name: "wind" },
      ...(model.meta.kind === "feed" ? [] : [{ label: "Wind at 5 km from", unit: "m/s", read: (m: Model) => windText(m, 2) }]),
    ]);
    // Telemetry tells no bank, and its packets need the room
    this.flight = new Rows(model.meta.kind === "feed" ? FLIGHT.slice(0, -1) : FLIGHT);
    this.fed = new Rows(model.meta.kind === "feed" ? FEED : []);
    this.state.body.append(this.always.root, this.flight.root, this.burn.root, this.fed.root);
    this.limit = limit ? `load ${limit.label} \u00b7 ` : "";
    this.ground.body.append(this.landing.root);
    root.append(this.state.root, this.ground.root, this.events.root);
  }

  show(model: Model): void {
    const burning = model.frame?.burn !== null && model.frame?.burn !== undefined;
    this.burn.root.hidden = !burning;
    this.flight.root.hidden = burning;
    this.always.show(model);
    (burning ? this.burn : this.flight).show(model);
    this.landing.show(model);
    this.fed.show(model);
    const { landing, frame } = model;
    const age = `${this.limit}age ${fixed(Math.max(model.age_s, model.frame?.feed?.age_s ?? 0), 1)} s`;
    if (this.state.note.textContent !== age) this.state.note.textContent = age;
    const note = (model.own?.sample ?? null) !== null ? `not foreseen in return ${model.own!.sample}` : landing === null ? (model.meta.predicts ? "being computed" : "no prediction") : `${landing.samples} returns, ${ageText(Math.max((frame?.time_s ?? 0) - landing.time_s, 0))} of flight ago`;
    if (this.ground.note.textContent !== note) this.ground.note.textContent = note;
    this.showEvents(model);
  }

  private showEvents(model: Model): void {
    const { frame } = model;
    if (frame === null) return;
    const shape = `${frame.version} ${model.clock} ${model.live.events.length}`;
    if (shape !== this.shape) {
      this.shape = shape;
      this.build(model);
    }
    const zero = zeroOfModel(model);
    const seen = model.own?.sample !== null && model.own !== null ? frame.time_s : Math.max(frame.time_s, frame.shown_s);
    let next = true;
    for (const row of this.rows) {
      const actual = model.live.events.find((one) => one.event === row.name);
      const done = actual !== undefined && actual.time_s <= seen;
      const text = done ? clockText(model.clock, zero, actual.time_s) : "";
      if (row.actual.textContent !== text) row.actual.textContent = text;
      const delta = done && Number.isFinite(row.time_s) ? signed(actual.time_s - row.time_s, 1) : "";
      if (row.delta.textContent !== delta) row.delta.textContent = delta;
      row.root.classList.toggle("done", done);
      // Telemetry tells no events, and a return of the campaign has not all: the next one is then that of the plan
      const ahead = !done && !(row.time_s <= frame.time_s && (model.meta.kind === "feed" || (model.own?.sample ?? null) !== null));
      row.root.classList.toggle("next", ahead && next);
      if (ahead) next = false;
    }
  }

  private build(model: Model): void {
    const zero = zeroOfModel(model);
    const planned = new Map(model.plan.events.map((one) => [one.event, one]));
    const names = new Map([...model.plan.events, ...model.live.events].map((one) => [one.event, one.label]));
    const minor = new Set(["separation_burn", "drogue", "main_reefed", "main_full", "symmetric_hang", "pilot", "drift"]);
    const time = (name: string): number => model.live.events.find((one) => one.event === name)?.time_s ?? planned.get(name)?.time_s ?? Infinity;
    const shown = [...names.keys()].filter((name) => !minor.has(name)).sort((a, b) => time(a) - time(b));
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...["Event", "Planned", "Actual", "\u0394 s"].map((one, i) => element("th", { scope: "col", class: i ? "" : "text" }, one)))));
    const body = element("tbody");
    this.rows = shown.map((name) => {
      const plan = planned.get(name);
      const actual = element("td", { class: "actual" });
      const delta = element("td", { class: "delta" });
      const root = element("tr", { "data-event": name }, element("td", { class: "text" }, names.get(name) ?? name), element("td", {}, plan ? clockText(model.clock, zero, plan.time_s) : ""), actual, delta);
      body.append(root);
      return { time_s: plan?.time_s ?? NaN, actual, delta, name, root };
    });
    table.append(body);
    this.events.body.replaceChildren(table);
  }
}
