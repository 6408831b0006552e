// The phase bar: planned ticks above, actual ticks below, a line for now; a click goes there.

import { element } from "../panel.ts";
import { span, type Model } from "./model.ts";

const SHORT: Record<string, string> = {
  deorbit_ignition: "Burn", deorbit_cutoff: "Coast", module_separation: "Split", entry_interface: "Entry", guidance_start: "Guided entry",
  module_release: "Released", parachute_command: "Parachutes", touchdown: "Landed", start: "Flight",
};

const SCRUB_MS = 150;

export class PhaseBar {
  private readonly track = element("div", { class: "track" });
  private readonly now = element("div", { class: "now" });
  private readonly done = element("div", { class: "done" });
  private version = -1;
  private readonly seek: (time_s: number) => void;
  private range: [number, number] = [0, 1];

  constructor(root: HTMLElement, seek: (time_s: number) => void) {
    this.seek = seek;
    root.append(this.track);
    let last = 0;
    const go = (event: PointerEvent): void => {
      const box = this.track.getBoundingClientRect();
      const part = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
      last = performance.now();
      this.seek(this.range[0] + part * (this.range[1] - this.range[0]));
    };
    this.track.addEventListener("pointerdown", (event) => {
      this.track.setPointerCapture(event.pointerId);
      go(event);
    });
    // Scrubbing: where the pointer is, but not at each of its steps
    this.track.addEventListener("pointermove", (event) => {
      if (event.buttons === 1 && performance.now() - last > SCRUB_MS) go(event);
    });
  }

  private at(time_s: number): number {
    return (100 * (time_s - this.range[0])) / (this.range[1] - this.range[0]);
  }

  private rebuild(model: Model): void {
    this.range = span(model);
    this.track.replaceChildren(this.done);
    const known = model.meta.kind === "feed" ? model.plan.events : model.live.events;
    const borders = known.filter((one) => one.event in SHORT && one.time_s <= this.range[1]);
    borders.forEach((one, i) => {
      const from = Math.max(this.at(one.time_s), 0);
      const to = i + 1 < borders.length ? this.at(borders[i + 1].time_s) : 100;
      if (to <= 0) return;
      const part = element("div", { class: "phase", "data-event": one.event }, element("span", {}, SHORT[one.event]));
      part.style.left = `${from}%`;
      part.style.width = `${Math.max(to - from, 0)}%`;
      part.title = one.label;
      this.track.append(part);
    });
    for (const [events, kind] of [[model.plan.events, "planned"], [model.live.events, "actual"]] as const) {
      for (const one of events) {
        if (one.time_s < this.range[0] || one.time_s > this.range[1]) continue;
        const tick = element("i", { class: `tick ${kind}`, "data-time": String(one.time_s), title: `${one.label}, ${kind}` });
        tick.style.left = `${this.at(one.time_s)}%`;
        this.track.append(tick);
      }
    }
    this.track.append(this.now);
  }

  show(model: Model): void {
    const { frame } = model;
    if (frame === null) return;
    if (this.version !== frame.version) {
      this.version = frame.version;
      this.rebuild(model);
    }
    const part = Math.min(Math.max(this.at(frame.time_s), 0), 100);
    this.now.style.left = `${part}%`;
    this.done.style.width = `${Math.min(Math.max(this.at(frame.shown_s), 0), 100)}%`;
    for (const tick of this.track.querySelectorAll<HTMLElement>(".tick.actual")) {
      tick.hidden = Number(tick.dataset.time) > Math.max(frame.shown_s, frame.time_s);
    }
  }

  renew(): void {
    this.version = -1;
  }
}
