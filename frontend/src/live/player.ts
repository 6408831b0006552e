// A replay of one's own: the same frames, from where and as fast as one likes; nobody else sees it.

import { element } from "../panel.ts";
import { elapsed } from "../format.ts";
import { SHAPES } from "./status.ts";
import type { Frame, Landing, Model, Recovery } from "./model.ts";

export const OWN_RATES = [1, 4, 10, 60];

export interface Shown {
  frame: (frame: Frame) => void;
  landing: (landing: Landing) => void;
  recovery: (recovery: Recovery) => void;
  /** The replay has begun, changed its pace, or ended. */
  changed: () => void;
}

type Part = Pick<Frame, "time_s" | "utc" | "phase" | "state" | "values" | "burn">;

export class Player {
  readonly root = element("div", { class: "player", role: "group", "aria-label": "Your replay" });
  private readonly live = element("button", { type: "button", id: "live", title: "Back to LIVE (L)" }, "LIVE");
  private readonly hold = element("button", { type: "button", id: "own-hold", title: "Hold or play your replay (Space)" });
  private readonly paces: HTMLButtonElement[];
  private readonly model: Model;
  private readonly shown: Shown;
  private source: EventSource | null = null;

  constructor(model: Model, shown: Shown) {
    this.model = model;
    this.shown = shown;
    this.live.addEventListener("click", () => this.end());
    this.hold.addEventListener("click", () => this.turn());
    this.paces = OWN_RATES.map((rate) => {
      const button = element("button", { type: "button", "data-rate": String(rate), title: `Your replay at ${rate} s of flight a second` }, `\u00d7${rate}`);
      button.addEventListener("click", () => this.pace(rate));
      return button;
    });
    this.root.append(this.live, this.hold, ...this.paces);
  }

  /** Begins to replay from a moment, or goes there. */
  seek(time_s: number): void {
    const { meta, room } = this.model;
    const own = this.model.own ?? { rate: 10, playing: this.model.frame?.playing ?? true, sample: null };
    const last = own.sample !== null ? Infinity : meta.kind === "replay" ? meta.last_s : (room?.shown_s ?? meta.last_s);
    if (meta.kind !== "replay" && own.sample === null && time_s >= last) return this.end();
    this.model.own = own;
    this.open(Math.min(Math.max(time_s, meta.first_s), last));
    this.shown.changed();
  }

  /** Replays a return of the campaign; its flight must stand in the model already. */
  sample(number: number, time_s: number): void {
    this.model.own = { rate: this.model.own?.rate ?? 10, playing: true, sample: number };
    this.model.landing = null;
    this.open(time_s);
    this.shown.changed();
  }

  turn(): void {
    const { own, frame } = this.model;
    if (frame === null) return;
    if (own === null) this.model.own = { rate: 10, playing: false, sample: null };
    else own.playing = !own.playing;
    this.open(frame.time_s);
    this.shown.changed();
  }

  pace(rate: number): void {
    const { own, frame } = this.model;
    if (frame === null) return;
    this.model.own = { rate, playing: true, sample: own?.sample ?? null };
    this.open(frame.time_s);
    this.shown.changed();
  }

  faster(up: boolean): void {
    const now = this.model.own?.rate ?? 1;
    const next = up ? OWN_RATES.find((one) => one > now) : [...OWN_RATES].reverse().find((one) => one < now);
    if (next !== undefined) this.pace(next);
  }

  end(): void {
    this.source?.close();
    this.source = null;
    if (this.model.own === null) return;
    this.model.own = null;
    this.shown.changed();
  }

  private open(from_s: number): void {
    this.source?.close();
    const own = this.model.own!;
    const which = own.sample === null ? "" : `&sample=${own.sample}`;
    const source = new EventSource(`/api/stream?from=${from_s}&rate=${own.rate}${which}`);
    this.source = source;
    const mine = (act: (body: any) => void) => (event: Event): void => {
      if (this.source === source) act(JSON.parse((event as MessageEvent).data));
    };
    source.addEventListener("landing", mine((body) => this.shown.landing(body)));
    source.addEventListener("recovery", mine((body) => this.shown.recovery(body)));
    source.addEventListener("frame", mine((body) => {
      this.shown.frame(this.whole(body));
      // One frame is all that a replay at rest shows
      if (!own.playing) source.close();
    }));
    source.addEventListener("end", mine(() => {
      source.close();
      own.playing = false;
      this.shown.changed();
    }));
  }

  /** A frame of a replay says what was flown; the rest is that of the room. */
  private whole(part: Part): Frame {
    const own = this.model.own!;
    const room = this.model.room!;
    const version = own.sample === null ? room.version : -1 - own.sample;
    const shown_s = own.sample === null ? room.shown_s : part.time_s;
    return { ...room, ...part, feed: null, playing: own.playing, rate: own.rate, waiting: false, version, shown_s };
  }

  show(): void {
    const { own, room, frame } = this.model;
    document.body.classList.toggle("own", own !== null);
    const word = "LIVE";
    const ahead = own !== null && own.sample === null && room !== null && frame !== null ? ` ${elapsed(room.time_s - frame.time_s)}` : "";
    const alarm = own !== null && room !== null && ["caution", "serious", "critical"].includes(room.state.level) ? `${SHAPES[room.state.level]} ${room.state.word} ` : "";
    put(this.live, own === null ? `\u25cf ${word}` : `\u25c2 ${alarm}${word}${ahead}`);
    this.live.className = own !== null && alarm && room !== null ? room.state.level : "";
    this.live.setAttribute("aria-pressed", String(own === null));
    put(this.hold, own?.playing ? "\u275a\u275a" : own === null ? "\u275a\u275a" : "\u25b6");
    this.hold.setAttribute("aria-label", own?.playing || own === null ? "Hold your view" : "Play your replay");
    for (const one of this.paces) one.setAttribute("aria-pressed", String(own !== null && own.playing && Number(one.dataset.rate) === own.rate));
  }
}

function put(holder: HTMLElement, text: string): void {
  if (holder.textContent !== text) holder.textContent = text;
}
