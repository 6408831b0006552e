// The header: which mission, what time, how long to go, how it is, and how old what is shown is.

import { clockText, dateText, elapsed, fixed, utcText } from "../format.ts";
import { element } from "../panel.ts";
import { zeroOfModel, type Model, type State } from "./model.ts";
import { showState, stateTag, worst } from "./status.ts";

interface Cell {
  root: HTMLElement;
  value: HTMLElement;
}

function cell(name: string, id: string): Cell {
  const value = element("dd", { id });
  return { root: element("div", { class: "cell" }, element("dt", {}, name), value), value };
}

function put(holder: HTMLElement, text: string): void {
  if (holder.textContent !== text) holder.textContent = text;
}

export class Header {
  private readonly utc = cell("UTC", "utc");
  private readonly since = cell("From ignition", "since");
  private readonly togo = cell("To touchdown", "togo");
  private readonly age = cell("Age", "age");
  private readonly mode = cell("Mode", "mode");
  private readonly operator = cell("Commands", "operator");
  private readonly state = stateTag();
  readonly stale = element("strong", { id: "stale", role: "alert" });

  constructor(root: HTMLElement, model: Model) {
    const about = `${model.meta.mission} \u00b7 ${dateText(model.meta.epoch_unix_s)} \u00b7 ${model.meta.vehicle}`;
    const hash = (model.meta.provenance.config_hash ?? "").slice(0, 8);
    const build = `config ${hash || "\u2013"} \u00b7 steppe ${model.meta.provenance.steppe ?? ""}`;
    root.append(
      element("div", { class: "mission" }, element("h1", {}, model.meta.title), element("p", {}, about, element("span", { class: "build" }, build))),
      element("div", { class: "condition" }, this.state, this.stale),
      element("dl", { class: "cells" }, ...[this.utc, this.since, this.togo, this.age, this.mode, this.operator].map((one) => one.root)),
    );
  }

  show(model: Model): void {
    const { frame } = model;
    if (frame === null) return;
    const zero = zeroOfModel(model);
    put(this.utc.value, utcText(model.meta.epoch_unix_s + frame.time_s));
    put(this.since.value, zero.ignition_s === null ? "\u2013" : clockText("ignition", zero, frame.time_s));
    const end = touchdownTime(model);
    put(this.togo.value, end === null ? "\u2013" : end <= frame.time_s ? "down" : elapsed(frame.time_s - end));
    const feed = frame.feed;
    const link: State | null = model.stale_s === null ? null : { level: "serious", word: `STALE ${fixed(model.stale_s, 0)} s`, why: "no frame has come from the server" };
    const fed: State | null = feed !== null && feed.status.level !== "normal" ? feed.status : null;
    put(this.age.value, `${fixed(model.stale_s ?? feed?.age_s ?? 0, 1)} s`);
    put(this.stale, link?.word ?? (feed !== null && feed.status.word.startsWith("STALE") ? feed.status.word : ""));
    showState(this.state, worst([frame.state, ...(link ? [link] : []), ...(fed ? [fed] : [])]));
    put(this.mode.value, modeText(model));
    put(this.operator.value, frame.operator ?? "nobody");
  }
}

function modeText(model: Model): string {
  const { frame } = model;
  if (frame === null) return "";
  const { own } = model;
  if (own !== null) return `${own.sample === null ? "OWN" : `NO. ${own.sample}`} ${own.playing ? `\u00d7${own.rate}` : "HOLD"}`;
  if (frame.kind === "feed") return "LIVE";
  const word = frame.kind === "replay" ? "REPLAY" : "SIM";
  return frame.playing ? `${word} \u00d7${frame.rate}` : `${word} HOLD`;
}

/** When it lands: as predicted, else as flown or planned. */
export function touchdownTime(model: Model): number | null {
  const { landing, frame } = model;
  const flown = model.live.events.find((one) => one.event === "touchdown")?.time_s ?? null;
  if (frame !== null && flown !== null && frame.time_s >= flown) return flown;
  if (landing !== null && landing.touchdown_s !== null && frame !== null && landing.version === frame.version && landing.time_s <= frame.time_s + 1) return landing.touchdown_s;
  return flown ?? model.plan.events.find((one) => one.event === "touchdown")?.time_s ?? null;
}
