// The control room: one screen, live, worked by keyboard.

import type { Clock } from "./format.ts";
import { element, joined, toolsOf, type Table } from "./panel.ts";
import { currentTheme, setTheme, startTheme } from "./theme.ts";
import { Digitals } from "./live/digitals.ts";
import { Header } from "./live/header.ts";
import { Link } from "./live/link.ts";
import { LiveMap } from "./live/livemap.ts";
import { BANK, LiveStrip, STRIPS } from "./live/livestrips.ts";
import { indexAt, loadBand, loadModel, loadSample, loadShown, span, zeroOfModel, type Frame, type Landing, type Model, type Recovery } from "./live/model.ts";
import { Orders } from "./live/orders.ts";
import { PhaseBar } from "./live/phasebar.ts";
import { EntryPlanes } from "./live/planes.ts";
import { Player } from "./live/player.ts";
import { Tabs, type Tab } from "./live/tabs.ts";

const KEYS: [string, string][] = [
  ["Space", "play or hold"], ["\u2190 \u2192", "10 s back or on (Shift: 60 s)"], ["Home / End", "first moment, newest moment"], ["[ ]", "slower, faster"],
  ["L", "back to LIVE from your replay"], ["R", "replay for yourself from here"], ["1 \u2026 7", "tabs"], ["S", "strips or entry planes"], ["C", "clock: UTC, from ignition, from entry"], ["T", "light or dark"], ["O", "take or release the command"], ["?", "this list"],
];
const RATES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const CLOCKS: Clock[] = ["utc", "ignition", "entry"];

class Room {
  private readonly model: Model;
  private readonly header: Header;
  private readonly bar: PhaseBar;
  private readonly digitals: Digitals;
  private readonly maps: LiveMap[];
  private readonly strips: LiveStrip[];
  private readonly tabs: Tabs;
  private readonly orders: Orders;
  private readonly player: Player;
  private readonly planes: EntryPlanes;
  private readonly side: HTMLElement;
  // What the room foresees, kept while a replay of one's own shows what was foreseen before
  private kept: { landing: Landing | null; recovery: Recovery };
  private readonly help = element("dialog", { id: "help" });
  private readonly toast = element("div", { id: "toast", role: "status" });
  private readonly asked: URLSearchParams;
  // What the address asked to replay when the page was opened
  private readonly wanted: { at: string | null; play: string | null; sample: string | null };
  readonly link: Link;
  private loading = false;
  private slow = 0;
  private feedAsked = 0;
  // Packets that the columns were asked for with: what came within the second after is asked for later
  private feedPackets = 0;

  constructor(model: Model) {
    this.model = model;
    this.asked = new URLSearchParams(location.hash.slice(1));
    this.wanted = { at: this.asked.get("at"), play: this.asked.get("play"), sample: this.asked.get("sample") };
    const clock = this.asked.get("clock") as Clock;
    if (CLOCKS.includes(clock)) model.clock = clock;
    const get = (): Model => this.model;
    this.kept = { landing: model.landing, recovery: model.recovery };
    this.orders = new Orders(this.asked.get("token"), this.asked.get("operator") ?? "operator", (text) => this.say(text));
    this.header = new Header(document.querySelector("body > header")!, model);
    const nav = document.querySelector("nav")!;
    this.player = new Player(model, {
      frame: (frame) => this.display(frame),
      landing: (landing) => this.foreseen(landing, this.model.recovery),
      recovery: (recovery) => this.foreseen(this.model.landing, recovery),
      changed: () => this.turned(),
    });
    const way = element("div", { class: "way" });
    nav.append(way, this.player.root);
    this.bar = new PhaseBar(way, (time_s) => this.seek(time_s));
    const left = element("div", { class: "left" });
    this.digitals = new Digitals(left, model);
    const holder = (name: string, title: string): HTMLElement => element("div", { class: `holder ${name}` }, element("h2", {}, title));
    const [region, globe, zone] = [holder("region", "Entry"), holder("globe", "Globe"), holder("zone", "Landing zone")];
    const right = element("div", { class: "right" });
    document.querySelector("main")!.append(left, element("div", { class: "centre" }, region, element("div", { class: "pair" }, globe, zone)), right);
    this.maps = [
      new LiveMap(region, "region", "Ground track of the entry", get), new LiveMap(globe, "globe", "Ground track on the globe", get), new LiveMap(zone, "zone", "Landing zone", get),
    ];
    const heading = element("div", { class: "bar", role: "tablist" });
    for (const [side, title] of [["strips", "Strips"], ["planes", "Entry planes"]]) {
      const button = element("button", { type: "button", role: "tab", "data-side": side }, title);
      button.addEventListener("click", () => this.turnSide(side));
      heading.append(button);
    }
    heading.append(element("small", { class: "fill" }, "dashed: plan, solid: flown"), toolsOf({ id: "strips", title: "the strips", csv: () => this.table(), picture: () => joined(this.drawn()) }));
    this.planes = new EntryPlanes(get);
    const bank = new LiveStrip(BANK, get, true);
    this.planes.root.append(bank.root);
    this.strips = [...STRIPS.map((spec, i) => new LiveStrip(spec, get, i === STRIPS.length - 1)), bank];
    this.side = element("section", { class: "block", id: "strips", "data-side": this.asked.get("side") === "planes" ? "planes" : "strips" }, heading);
    const strips = this.side;
    strips.append(element("div", { class: "over-time" }, ...this.strips.slice(0, -1).map((one) => one.root)), this.planes.root);
    this.tabs = new Tabs(get, this.orders, () => this.remember(), (sample) => void this.replaySample(sample));
    this.tabs.openView(this.asked.get("view"));
    right.append(strips, this.tabs.root);
    this.fillHelp();
    document.body.append(this.help, this.toast);
    this.link = new Link({
      frame: (frame) => this.take(frame),
      landing: (landing) => {
        this.kept.landing = landing;
        if (this.model.own === null) this.foreseen(landing, this.model.recovery);
      },
      recovery: (recovery) => {
        this.kept.recovery = recovery;
        if (this.model.own === null) this.foreseen(this.model.landing, recovery);
      },
      message: (message) => {
        // What is said again raises the count of the one that stands
        this.model.messages = [...this.model.messages.filter((one) => one.number !== message.number), message];
        this.tabs.news("message");
        if (message.level !== "normal" && message.level !== "standby") this.say(message.text);
      },
      gap: (from, to) => this.say(`The link was away too long: frames ${from} to ${to} were not seen.`),
    });
  }

  start(): void {
    this.tabs.open((this.asked.get("tab") as Tab) ?? "recovery");
    this.redraw();
    addEventListener("keydown", (event) => this.key(event));
    // A button that was pressed with the pointer shall not take the space bar from the clock
    addEventListener("click", (event) => event.detail > 0 && event.target instanceof HTMLButtonElement && event.target.blur());
    let waiting = 0;
    new ResizeObserver(() => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => this.redraw());
    }).observe(document.querySelector("main")!);
    setInterval(() => this.watch(), 250);
    void this.orders.renew();
    setInterval(() => void this.orders.renew(), 20_000);
    this.link.open();
    if (this.model.meta.campaign) void this.askBand();
  }

  private async askBand(): Promise<void> {
    this.model.band = await loadBand();
    this.visible().forEach((one) => one.draw());
  }

  /** A frame of the room. */
  private take(frame: Frame): void {
    const before = this.model.room;
    this.model.room = frame;
    this.model.stale_s = null;
    if (before !== null && before.version !== frame.version) {
      // What was foreseen before a command holds no more
      if (this.kept.landing?.version !== frame.version) this.kept.landing = null;
      if (this.model.own === null) this.model.landing = this.kept.landing;
      void this.reload();
    }
    if (frame.feed !== null && frame.feed.packets !== this.feedPackets && performance.now() - this.feedAsked > 1000) void this.reload();
    if (this.model.own === null) this.display(frame);
    else this.player.show();
    this.watch();
    if (before === null) this.begin();
  }

  /** The address may name a moment or a return to replay. */
  private begin(): void {
    const { at, play, sample } = this.wanted;
    if (sample !== null && this.model.meta.campaign) void this.replaySample(Number(sample));
    else if (at !== null && Number.isFinite(Number(at))) {
      this.player.seek(Number(at));
      if (play === "no" && this.model.own?.playing) this.player.turn();
    }
  }

  /** Shows a frame, of the room or of a replay of one's own. */
  private display(frame: Frame): void {
    const before = this.model.frame;
    this.model.frame = frame;
    this.show();
    this.maps.forEach((one) => one.step());
    this.slow += 1;
    const jumped = before === null || Math.abs(frame.time_s - before.time_s) > 30;
    if (this.slow % 3 === 0 || jumped) this.visible().forEach((one) => one.step());
    else this.visible().forEach((one) => one.read());
    if (this.slow % 5 === 0 || jumped) {
      this.tabs.step();
      if (this.side.dataset.side === "planes") this.planes.draw();
    }
    document.documentElement.dataset.ready = "yes";
    document.documentElement.dataset.time = String(frame.time_s);
  }

  private visible(): LiveStrip[] {
    return this.side.dataset.side === "planes" ? this.strips.slice(-1) : this.strips.slice(0, -1);
  }

  private foreseen(landing: Landing | null, recovery: Recovery): void {
    const [moved, answered] = [landing !== this.model.landing, recovery !== this.model.recovery];
    const where = (one: Recovery): string => `${one.state} ${one.latitude_deg} ${one.longitude_deg} ${(one.posts ?? []).map((post) => post.after_touchdown_s).join()}`;
    const redrawn = moved || where(recovery) !== where(this.model.recovery);
    this.model.landing = landing;
    this.model.recovery = recovery;
    if (moved) this.tabs.news("landing");
    if (answered) this.tabs.news("recovery");
    if (redrawn) this.maps.forEach((one) => one.draw());
  }

  /** A replay of one's own has begun, changed its pace, or ended. */
  private turned(): void {
    const { own } = this.model;
    if (own === null) {
      this.model.landing = this.kept.landing;
      this.model.recovery = this.kept.recovery;
      this.model.frame = this.model.room;
      void this.reload();
    }
    this.player.show();
    this.remember();
    this.redraw();
  }

  private seek(time_s: number): void {
    if (this.alone) this.player.seek(time_s);
    else void this.orders.send({ action: "seek", time_s });
  }

  /** Who holds no lease, or has begun a replay of one's own, moves nobody else. */
  private get alone(): boolean {
    return this.model.own !== null || !this.orders.holds;
  }

  private async replaySample(sample: number): Promise<void> {
    try {
      await loadSample(this.model, sample);
    } catch (problem) {
      this.say(`Return ${sample} cannot be replayed: ${(problem as Error).message}`);
      return;
    }
    const from = this.model.live.events.find((one) => one.event === "entry_interface") ?? this.model.live.events[0];
    this.bar.renew();
    this.player.sample(sample, from?.time_s ?? this.model.meta.first_s);
  }

  /** A command or new telemetry has changed the flight: what was flown is asked for anew. */
  private async reload(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.feedAsked = performance.now();
    this.feedPackets = this.model.room?.feed?.packets ?? 0;
    try {
      await loadShown(this.model);
      this.bar.renew();
      this.redraw();
    } finally {
      this.loading = false;
    }
  }

  private turnSide(side: string): void {
    this.side.dataset.side = side;
    this.remember();
    this.redraw();
  }

  private drawn(): HTMLCanvasElement[] {
    const strips = this.visible().map((one) => one.canvas).filter((one) => one !== null);
    return this.side.dataset.side === "planes" ? [...this.planes.canvases, ...strips] : strips;
  }

  /** What the side shows, up to now. */
  private table(): Table {
    if (this.side.dataset.side === "planes") return this.planes.table();
    const { columns } = this.model.live.tracks[0];
    const names = ["time_s", ...STRIPS.map((one) => one.name)].filter((name) => columns[name] !== undefined);
    const from = Math.max(indexAt(columns.time_s, span(this.model)[0]), 0);
    const end = indexAt(columns.time_s, this.model.frame?.time_s ?? -Infinity) + 1;
    return { header: names, rows: Array.from({ length: Math.max(end - from, 0) }, (_, i) => names.map((name) => (Number.isFinite(columns[name][from + i]) ? columns[name][from + i] : null))) };
  }

  private watch(): void {
    const age = this.link.age_s;
    this.model.age_s = age;
    this.model.stale_s = age > this.model.meta.stale_after_s ? age : null;
    // A replay of one's own is not stale when the telemetry is: the button LIVE says that
    const feed = this.model.frame?.feed ?? null;
    const word = this.model.stale_s !== null ? `STALE ${Math.floor(this.model.stale_s)} s` : feed !== null && feed.status.word.startsWith("STALE") ? feed.status.word : "";
    document.body.classList.toggle("stale", word !== "");
    document.querySelectorAll(".veil").forEach((one) => {
      if (one.textContent !== word) one.textContent = word;
    });
    if (this.model.stale_s !== null) this.header.show(this.model);
  }

  private show(): void {
    this.header.show(this.model);
    this.bar.show(this.model);
    this.digitals.show(this.model);
    this.player.show();
  }

  redraw(): void {
    this.show();
    this.side.querySelectorAll<HTMLElement>("[role=tab]").forEach((one) => one.setAttribute("aria-selected", String(one.dataset.side === this.side.dataset.side)));
    this.visible().forEach((one) => one.draw());
    if (this.side.dataset.side === "planes") this.planes.draw();
    this.maps.forEach((one) => one.draw());
    this.tabs.draw();
  }

  private say(text: string): void {
    this.toast.textContent = text;
    this.toast.classList.add("seen");
    setTimeout(() => this.toast.textContent === text && this.toast.classList.remove("seen"), 6000);
  }

  private remember(): void {
    this.asked.set("tab", this.tabs.tab);
    this.asked.set("clock", this.model.clock);
    this.asked.set("theme", currentTheme());
    this.asked.set("side", this.side.dataset.side ?? "strips");
    this.asked.set("view", this.tabs.view);
    const { own, frame } = this.model;
    for (const name of ["at", "play", "sample"]) this.asked.delete(name);
    if (own !== null && own.sample !== null) this.asked.set("sample", String(own.sample));
    else if (own !== null && frame !== null) {
      this.asked.set("at", frame.time_s.toFixed(1));
      if (!own.playing) this.asked.set("play", "no");
    }
    history.replaceState(null, "", `#${this.asked}`);
  }

  private fillHelp(): void {
    const list = element("dl", {});
    for (const [key, text] of KEYS) list.append(element("dt", {}, element("kbd", {}, key)), element("dd", {}, text));
    const close = element("button", { type: "button" }, "Close");
    close.addEventListener("click", () => this.help.close());
    this.help.append(element("h2", {}, "Keys"), list, close);
  }

  private seekBy(seconds: number): void {
    const now = this.model.frame?.time_s;
    if (now !== undefined) this.seek(now + seconds);
  }

  private rate(up: boolean): void {
    if (this.alone) return this.player.faster(up);
    const now = this.model.frame?.rate ?? 1;
    const next = up ? RATES.find((one) => one > now) : [...RATES].reverse().find((one) => one < now);
    if (next !== undefined) void this.orders.send({ action: "rate", value: next });
  }

  private turn(): void {
    if (this.alone) this.player.turn();
    else void this.orders.send({ action: this.model.frame?.playing ? "hold" : "play" });
  }

  private last(): void {
    if (!this.alone) void this.orders.send({ action: "seek", time_s: this.model.frame?.shown_s ?? 0 });
    else if (this.model.own?.sample === null || this.model.own === null) this.player.end();
    else this.player.seek(span(this.model)[1]);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (event.target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter")) return;
    const acts: Record<string, () => void> = {
      " ": () => this.turn(),
      ArrowLeft: () => this.seekBy(event.shiftKey ? -60 : -10),
      ArrowRight: () => this.seekBy(event.shiftKey ? 60 : 10),
      Home: () => this.seek(this.alone ? span(this.model)[0] : this.model.meta.first_s),
      End: () => this.last(),
      l: () => this.player.end(),
      r: () => this.model.own ?? this.player.pace(10),
      s: () => this.turnSide(this.side.dataset.side === "planes" ? "strips" : "planes"),
      "[": () => this.rate(false),
      "]": () => this.rate(true),
      c: () => this.nextClock(),
      t: () => this.turnTheme(),
      o: () => void (this.orders.holds ? this.orders.release() : this.orders.take()),
      "?": () => (this.help.open ? this.help.close() : this.help.showModal()),
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? (/^[1-7]$/.test(event.key) ? () => this.tabs.number(Number(event.key) - 1) : undefined);
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  private turnTheme(): void {
    setTheme(currentTheme() === "dark" ? "light" : "dark");
    this.remember();
    this.redraw();
  }

  private nextClock(): void {
    const zero = zeroOfModel(this.model);
    const possible = CLOCKS.filter((one) => one === "utc" || (one === "ignition" ? zero.ignition_s : zero.entry_s) !== null);
    this.model.clock = possible[(possible.indexOf(this.model.clock) + 1) % possible.length];
    this.remember();
    this.redraw();
  }
}

async function start(): Promise<void> {
  startTheme();
  // The cookie stands for the token from now on: it shall not stay in the address or in the history
  if (new URLSearchParams(location.search).has("token")) history.replaceState(null, "", location.pathname + location.hash);
  try {
    const room = new Room(await loadModel());
    room.start();
    // The tests look at the link through this
    (window as any).steppe = room;
  } catch (problem) {
    document.querySelector("main")!.append(element("p", { class: "failure" }, `The control room cannot be shown: ${(problem as Error).message}`));
    throw problem;
  }
}

void start();
