// The control room: one screen, live, worked by keyboard.

import type { Clock } from "./format.ts";
import { element } from "./panel.ts";
import { currentTheme, setTheme, startTheme } from "./theme.ts";
import { Digitals } from "./live/digitals.ts";
import { Header } from "./live/header.ts";
import { Link } from "./live/link.ts";
import { LiveMap } from "./live/livemap.ts";
import { LiveStrip, STRIPS } from "./live/livestrips.ts";
import { loadBand, loadFeed, loadLive, loadModel, zeroOfModel, type Model } from "./live/model.ts";
import { Orders } from "./live/orders.ts";
import { PhaseBar } from "./live/phasebar.ts";
import { Tabs, type Tab } from "./live/tabs.ts";

const KEYS: [string, string][] = [
  ["Space", "play or hold"], ["\u2190 \u2192", "10 s back or on (Shift: 60 s)"], ["Home / End", "first moment, newest moment"], ["[ ]", "slower, faster"],
  ["1 \u2026 7", "tabs"], ["C", "clock: UTC, from ignition, from entry"], ["T", "light or dark"], ["O", "take or release the command"], ["?", "this list"],
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
  private readonly help = element("dialog", { id: "help" });
  private readonly toast = element("div", { id: "toast", role: "status" });
  private readonly asked: URLSearchParams;
  readonly link: Link;
  private loading = false;
  private slow = 0;
  private feedAsked = 0;
  // Packets that the columns were asked for with: what came within the second after is asked for later
  private feedPackets = 0;

  constructor(model: Model) {
    this.model = model;
    this.asked = new URLSearchParams(location.hash.slice(1));
    const clock = this.asked.get("clock") as Clock;
    if (CLOCKS.includes(clock)) model.clock = clock;
    const get = (): Model => this.model;
    this.orders = new Orders(this.asked.get("token"), this.asked.get("operator") ?? "operator", (text) => this.say(text));
    this.header = new Header(document.querySelector("body > header")!, model);
    this.bar = new PhaseBar(document.querySelector("nav")!, (time_s) => void this.orders.send({ action: "seek", time_s }));
    const left = element("div", { class: "left" });
    this.digitals = new Digitals(left, model);
    const holder = (name: string, title: string): HTMLElement => element("div", { class: `holder ${name}` }, element("h2", {}, title));
    const [region, globe, zone] = [holder("region", "Entry"), holder("globe", "Globe"), holder("zone", "Landing zone")];
    const right = element("div", { class: "right" });
    document.querySelector("main")!.append(left, element("div", { class: "centre" }, region, element("div", { class: "pair" }, globe, zone)), right);
    this.maps = [
      new LiveMap(region, "region", "Ground track of the entry", get), new LiveMap(globe, "globe", "Ground track on the globe", get), new LiveMap(zone, "zone", "Landing zone", get),
    ];
    const strips = element("section", { class: "block", id: "strips" }, element("h2", {}, "Strips", element("small", {}, "dashed: plan, solid: flown")));
    this.strips = STRIPS.map((spec, i) => new LiveStrip(spec, get, i === STRIPS.length - 1));
    strips.append(...this.strips.map((one) => one.root));
    this.tabs = new Tabs(get, this.orders, () => this.remember());
    right.append(strips, this.tabs.root);
    this.fillHelp();
    document.body.append(this.help, this.toast);
    this.link = new Link({
      frame: (frame) => this.take(frame),
      landing: (landing) => {
        this.model.landing = landing;
        this.tabs.news("landing");
        this.maps.forEach((one) => one.draw());
      },
      message: (message) => {
        this.model.messages.push(message);
        this.tabs.news("message");
        if (message.level !== "normal" && message.level !== "standby") this.say(message.text);
      },
      gap: (from, to) => this.say(`The link was away too long: frames ${from} to ${to} were not seen.`),
    });
  }

  start(): void {
    this.tabs.open((this.asked.get("tab") as Tab) ?? "corridor");
    this.redraw();
    addEventListener("keydown", (event) => this.key(event));
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
    this.strips.forEach((one) => one.draw());
  }

  private take(frame: NonNullable<Model["frame"]>): void {
    const before = this.model.frame;
    this.model.frame = frame;
    this.model.stale_s = null;
    if (before !== null && before.version !== frame.version) {
      // What was foreseen before a command holds no more
      if (this.model.landing?.version !== frame.version) this.model.landing = null;
      void this.reload();
    }
    if (frame.feed !== null && frame.feed.packets !== this.feedPackets && performance.now() - this.feedAsked > 1000) void this.reload();
    this.show();
    this.watch();
    this.maps.forEach((one) => one.step());
    this.slow += 1;
    if (this.slow % 3 === 0 || before === null) this.strips.forEach((one) => one.step());
    else this.strips.forEach((one) => one.read());
    if (this.slow % 5 === 0 || before === null) this.tabs.step();
    document.documentElement.dataset.ready = "yes";
    document.documentElement.dataset.time = String(frame.time_s);
  }

  /** A command or new telemetry has changed the flight: what was flown is asked for anew. */
  private async reload(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.feedAsked = performance.now();
    this.feedPackets = this.model.frame?.feed?.packets ?? 0;
    try {
      this.model.live = await (this.model.meta.kind === "feed" ? loadFeed(this.model.plan) : loadLive(this.model.plan));
      this.bar.renew();
      this.redraw();
    } finally {
      this.loading = false;
    }
  }

  private watch(): void {
    const age = this.link.age_s;
    this.model.stale_s = age > this.model.meta.stale_after_s ? age : null;
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
  }

  redraw(): void {
    this.show();
    this.strips.forEach((one) => one.draw());
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
    if (now !== undefined) void this.orders.send({ action: "seek", time_s: now + seconds });
  }

  private rate(up: boolean): void {
    const now = this.model.frame?.rate ?? 1;
    const next = up ? RATES.find((one) => one > now) : [...RATES].reverse().find((one) => one < now);
    if (next !== undefined) void this.orders.send({ action: "rate", value: next });
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (event.target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter")) return;
    const acts: Record<string, () => void> = {
      " ": () => void this.orders.send({ action: this.model.frame?.playing ? "hold" : "play" }),
      ArrowLeft: () => this.seekBy(event.shiftKey ? -60 : -10),
      ArrowRight: () => this.seekBy(event.shiftKey ? 60 : 10),
      Home: () => void this.orders.send({ action: "seek", time_s: this.model.meta.first_s }),
      End: () => void this.orders.send({ action: "seek", time_s: this.model.frame?.shown_s ?? 0 }),
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
