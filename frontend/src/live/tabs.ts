// The tabs: recovery, prediction, messages, commands, opportunities, ensemble, provenance.

import { fixed, utcText } from "../format.ts";
import { element, joined, toolsOf, type Table } from "../panel.ts";
import { readEnsemble, showEnsemble, VIEWS, type EnsembleDocument, type EnsembleView, type Shown } from "./ensemble.ts";
import { json, type Level, type Model } from "./model.ts";
import type { Orders } from "./orders.ts";
import { recoveryTable, showRecovery, stepRecovery } from "./recovery.ts";
import { SHAPES } from "./status.ts";

export const TABS = ["recovery", "landing", "messages", "commands", "opportunities", "campaign", "provenance"] as const;
export type Tab = (typeof TABS)[number];
const TITLES: Record<Tab, string> = {
  recovery: "Recovery", landing: "Prediction", messages: "Messages", commands: "Commands", opportunities: "Opportunities", campaign: "Ensemble", provenance: "Provenance",
};

function table(header: string[], rows: string[][], text = 1): HTMLElement {
  const cell = (one: string, i: number, tag: "th" | "td"): HTMLElement => element(tag, { class: i < text ? "text" : "" }, one);
  return element("table", {}, element("thead", {}, element("tr", {}, ...header.map((one, i) => cell(one, i, "th")))), element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((one, i) => cell(one, i, "td"))))));
}

export class Tabs {
  readonly root = element("section", { class: "block", id: "tabs" });
  private readonly bar = element("div", { class: "bar", role: "tablist" });
  private readonly body = element("div", { class: "tab-body", role: "tabpanel", tabindex: "0" });
  private readonly model: () => Model;
  private readonly orders: Orders;
  private readonly changed: () => void;
  private readonly known: Tab[];
  private readonly replay: (sample: number) => void;
  /** What is saved of the tab that is open. */
  private saved: Table = { header: [], rows: [] };
  private ensemble: EnsembleDocument | null = null;
  private shown: Shown | null = null;
  private timer = 0;
  tab: Tab = "recovery";
  view: EnsembleView = "footprint";

  constructor(model: () => Model, orders: Orders, changed: () => void, replay: (sample: number) => void) {
    this.replay = replay;
    this.model = model;
    this.orders = orders;
    this.changed = changed;
    const { meta } = model();
    this.known = TABS.filter((one) => (one === "campaign" ? meta.campaign : one === "commands" ? meta.commands : one === "landing" ? meta.predicts : true));
    this.known.forEach((one, i) => {
      const button = element("button", { type: "button", role: "tab", "data-tab": one, id: `tab-${one}` }, element("kbd", {}, String(i + 1)), TITLES[one]);
      button.addEventListener("click", () => this.open(one));
      this.bar.append(button);
    });
    this.root.append(this.bar, this.body, toolsOf({ id: "tab", title: "this tab", csv: () => this.saved, picture: () => joined(this.shown?.canvases ?? []) }));
    this.count();
  }

  number(i: number): void {
    if (this.known[i]) this.open(this.known[i]);
  }

  open(tab: Tab): void {
    this.tab = this.known.includes(tab) ? tab : "recovery";
    clearTimeout(this.timer);
    this.bar.querySelectorAll<HTMLElement>("[role=tab]").forEach((one) => one.setAttribute("aria-selected", String(one.dataset.tab === this.tab)));
    this.shown = null;
    this.saved = { header: [], rows: [] };
    this.body.replaceChildren();
    this.body.setAttribute("aria-labelledby", `tab-${this.tab}`);
    this.fill();
    this.changed();
  }

  /** What changes with every second. */
  step(): void {
    if (this.tab === "recovery") stepRecovery(this.body, this.model());
  }

  /** What changes when news come. */
  news(kind: "landing" | "message" | "recovery"): void {
    const tab: Tab = kind === "message" ? "messages" : kind;
    if (kind === "message") this.count();
    if (tab === this.tab) this.fill();
  }

  draw(): void {
    this.shown?.draw?.();
    if (this.tab === "recovery") this.fill();
  }

  openView(view: string | null): void {
    if (VIEWS.includes(view as EnsembleView)) this.view = view as EnsembleView;
  }

  /** How many messages of the levels that matter there are, on the tab itself. */
  private count(): void {
    const button = this.bar.querySelector("#tab-messages");
    if (button === null) return;
    const of = (level: Level): number => this.model().messages.filter((one) => one.level === level).reduce((sum, one) => sum + one.count, 0);
    const words = (["critical", "serious", "caution"] as Level[]).filter((one) => of(one) > 0).map((one) => `${SHAPES[one]}${of(one)}`);
    let badge = button.querySelector(".badge");
    if (badge === null) button.append((badge = element("span", { class: "badge" })));
    badge.textContent = words.length ? ` ${words.join(" ")}` : "";
  }

  private fill(): void {
    const fillers: Record<Tab, () => void> = {
      recovery: () => this.recovery(), landing: () => this.landing(), messages: () => this.messages(), commands: () => this.commands(),
      opportunities: () => void this.opportunities(), campaign: () => void this.campaign(), provenance: () => this.provenance(),
    };
    fillers[this.tab]();
  }

  private recovery(): void {
    showRecovery(this.body, this.model());
    this.saved = recoveryTable(this.model().recovery);
  }

  /** A table that is shown and can be saved. */
  private rows(header: string[], rows: string[][], text = 1): HTMLElement {
    this.saved = { header, rows };
    return table(header, rows, text);
  }

  private landing(): void {
    const { landing, meta } = this.model();
    if (landing === null) {
      this.body.replaceChildren(element("p", { class: "note" }, "The first prediction is being computed."));
      return;
    }
    const rows: string[][] = [
      ["Returns flown from here", String(landing.samples)],
      ["of them landed", String(landing.landed)],
      ["Predicted from", landing.time_s === undefined ? "" : `${utcText(meta.epoch_unix_s + landing.time_s)} UTC`],
      ["Touchdown, median", landing.touchdown_s === null ? "\u2013" : `${utcText(meta.epoch_unix_s + landing.touchdown_s)} \u00b1 ${fixed(landing.touchdown_sd_s, 1)} s`],
      ["Ellipse that holds 90 %", `${fixed(landing.major_km, 2)} \u00d7 ${fixed(landing.minor_km, 2)} km, course ${fixed(landing.azimuth_deg, 0)}\u00b0`],
      ["Mean from the aim of the zone", `${fixed(landing.miss_km, 2)} km`],
      ["Inside the zone", landing.in_zone === null ? "\u2013" : `${fixed(landing.in_zone * landing.samples, 0)} of ${landing.samples}`],
    ];
    for (const one of landing.winds ?? []) rows.push([`Wind ${one.height_m < 1000 ? `${fixed(one.height_m, 0)} m` : `${fixed(one.height_m / 1000, 0)} km`} above the zone`, `${fixed(one.speed_m_s, 1)} m/s from ${fixed(one.from_deg, 0)}\u00b0`]);
    this.body.replaceChildren(this.rows(["Prediction", ""], rows), element("p", { class: "note" }, "Dispersed from the present state with what is not known from here on; the cloud is in the map of the zone."));
  }

  private messages(): void {
    const { messages, meta } = this.model();
    const rows = [...messages].reverse().slice(0, 60).map((one) => [utcText(meta.epoch_unix_s + one.time_s), `${SHAPES[one.level]} ${one.level}`, one.count > 1 ? `${one.text} (\u00d7${one.count})` : one.text]);
    this.body.replaceChildren(rows.length ? this.rows(["UTC of flight", "Level", "Message"], rows, 3) : element("p", { class: "note" }, "Nothing has happened yet."));
  }

  private commands(): void {
    const { meta } = this.model();
    const button = (text: string, id: string, act: () => Promise<unknown>): HTMLElement => {
      const made = element("button", { type: "button", id }, text);
      made.addEventListener("click", () => void act());
      return made;
    };
    const lease = element("p", {}, button(this.orders.holds ? "Release the command" : `Take the command as ${this.orders.name}`, "lease", async () => {
      if (this.orders.holds) await this.orders.release();
      else await this.orders.take();
      this.fill();
    }));
    const input = (id: string, label: string): [HTMLElement, HTMLInputElement] => {
      const field = element("input", { id, type: "number", step: "1", value: "0", min: "-150", max: "150" });
      return [element("label", { for: id }, label, field), field];
    };
    const [eastLabel, east] = input("wind-east", "east");
    const [northLabel, north] = input("wind-north", "north");
    const sure = (text: string): boolean => confirm(`${text}\n\nThe rest of the return is flown anew; what was shown stays.`);
    const failures = meta.failures.map((one) => button(`Fail: ${one.replaceAll("-", " ")}`, `fail-${one}`, async () => sure(`Let this fail: ${one.replaceAll("-", " ")}?`) && this.orders.send({ action: "fail", case: one })));
    this.body.replaceChildren(
      lease,
      element("p", { class: "orders" }, button("Ballistic descent now", "ballistic", async () => sure("Switch to the ballistic descent?") && this.orders.send({ action: "ballistic" })), ...failures),
      element("p", { class: "wind" }, "Added wind below, m/s:", eastLabel, northLabel, button("Change the wind", "wind", async () => sure("Change the wind below?") && this.orders.send({ action: "wind", east_m_s: Number(east.value), north_m_s: Number(north.value) }))),
      element("p", { class: "note" }, this.orders.mayCommand ? "A command acts at the next sample of the flight; late ones are refused with the reason." : "You watch: the address has no token."),
    );
  }

  private async opportunities(): Promise<void> {
    const found = await json("/api/opportunities");
    if (this.tab !== "opportunities") return;
    if (found.state === "working") {
      this.body.replaceChildren(element("p", { class: "note" }, "Seeking the landing opportunities of the day\u2026"));
      this.timer = window.setTimeout(() => void this.opportunities(), 2000);
      return;
    }
    if (found.state === "none") {
      this.body.replaceChildren(element("p", { class: "note" }, found.why));
      return;
    }
    const clock = (text: string | null): string => (text === null ? "\u2013" : text.slice(11, 16));
    const rows = found.opportunities.map((one: any) => [one.zone, clock(one.ignition_utc), clock(one.touchdown_utc), fixed(one.crossrange_km, 0), one.sun_elevation_deg === null ? "\u2013" : `${one.sun_elevation_deg > -0.8 ? "day" : "night"} ${fixed(one.sun_elevation_deg, 0)}\u00b0`, one.reachable ? "\u25cf yes" : "\u25cb no"]);
    this.body.replaceChildren(this.rows(["Zone", "Ignition", "Touchdown", "Crossrange km", "Sun", "Reachable"], rows));
  }

  private async campaign(): Promise<void> {
    const found = this.ensemble === null ? await json("/api/ensemble/campaign") : {};
    if (this.tab !== "campaign") return;
    if (found.state === "working") {
      this.body.replaceChildren(element("p", { class: "note" }, "Reading the campaign\u2026"));
      this.timer = window.setTimeout(() => void this.campaign(), 1000);
      return;
    }
    if (found.state === "none") {
      this.body.replaceChildren(element("p", { class: "note" }, found.why));
      return;
    }
    this.ensemble ??= readEnsemble(found);
    const choose = (view: EnsembleView): void => {
      this.view = view;
      this.showCampaign(choose);
      this.changed();
    };
    this.showCampaign(choose);
  }

  private showCampaign(choose: (view: EnsembleView) => void): void {
    this.shown = showEnsemble(this.body, this.ensemble!, this.model().plan.coast, this.view, choose, this.replay);
    this.saved = this.shown.table;
  }

  private provenance(): void {
    const { meta } = this.model();
    const list = element("dl", { class: "provenance" });
    this.saved = { header: ["name", "value"], rows: Object.entries(meta.provenance) };
    for (const [name, value] of Object.entries(meta.provenance)) list.append(element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, value));
    this.body.replaceChildren(list, ...meta.notes.map((one) => element("p", { class: "note" }, one)));
  }
}
