// The connection of Open MCT with steppe: objects, history, live values, clock.

const SPACE = "steppe";

async function json(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** One stream for all subscriptions; a browser takes it up again by itself where it broke off. */
class Feed {
  constructor(meta) {
    this.meta = meta;
    this.listeners = new Map();
    this.ticks = new Set();
    this.last = (meta.epoch_unix_s + meta.first_s) * 1000;
    this.first = new Promise((done) => {
      this.started = done;
    });
    const source = new EventSource("/api/stream");
    source.addEventListener("frame", (event) => this.take(JSON.parse(event.data), event.lastEventId));
  }

  now() {
    return this.last;
  }

  take(frame, id) {
    const utc = (this.meta.epoch_unix_s + frame.time_s) * 1000;
    const moved = utc !== this.last;
    this.last = utc;
    this.started();
    this.ticks.forEach((one) => one(utc));
    // A held clock sends the same moment again and again
    if (!moved) return;
    for (const [name, value] of Object.entries(frame.values)) {
      if (value === null) continue;
      this.listeners.get(name)?.forEach((one) => one({ utc, value: value * this.meta.variables[name].factor, id }));
    }
  }

  listen(name, callback) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    this.listeners.get(name).add(callback);
    return () => this.listeners.get(name).delete(callback);
  }
}

export async function connect() {
  const meta = await json("/api/meta");
  const feed = new Feed(meta);
  const names = Object.keys(meta.variables).filter((one) => one !== "time_s");

  function objectOf(identifier) {
    if (identifier.key === "return") {
      return { identifier, name: meta.title, type: "folder", location: "ROOT" };
    }
    const variable = meta.variables[identifier.key];
    return {
      identifier,
      name: variable.label,
      type: "steppe.variable",
      location: `${SPACE}:return`,
      telemetry: {
        values: [
          { key: "value", name: variable.label, unit: variable.display_unit, format: "float", hints: { range: 1 } },
          { key: "utc", source: "utc", name: "UTC", format: "utc", hints: { domain: 1 } },
        ],
      },
    };
  }

  const install = (openmct) => {
    openmct.objects.addRoot({ namespace: SPACE, key: "return" });
    openmct.objects.addProvider(SPACE, { get: async (identifier) => objectOf(identifier) });
    openmct.composition.addProvider({
      appliesTo: (object) => object.identifier.namespace === SPACE && object.type === "folder",
      load: async () => names.map((key) => ({ namespace: SPACE, key })),
    });
    openmct.types.addType("steppe.variable", { name: "Variable of a return", cssClass: "icon-telemetry" });
    openmct.telemetry.addProvider({
      supportsRequest: (object) => object.type === "steppe.variable",
      supportsSubscribe: (object) => object.type === "steppe.variable",
      subscribe: (object, callback) => feed.listen(object.identifier.key, callback),
      request: async (object, { start, end, strategy, size }) => {
        const name = object.identifier.key;
        const seconds = (ms) => ms / 1000 - meta.epoch_unix_s;
        const { columns } = await json(`/api/history?from=${seconds(start)}&to=${seconds(end)}`);
        const { factor } = meta.variables[name];
        const rows = columns.time_s.map((time_s, i) => ({ utc: (meta.epoch_unix_s + time_s) * 1000, value: columns[name][i] }));
        const known = rows.filter((one) => one.value !== null).map((one) => ({ ...one, value: one.value * factor }));
        return strategy === "latest" ? known.slice(-(size ?? 1)) : known;
      },
    });
    openmct.time.addClock({
      key: "steppe",
      name: "Flight",
      cssClass: "icon-clock",
      description: "The clock of the return",
      currentValue: () => feed.now(),
      on: (event, callback) => event === "tick" && feed.ticks.add(callback),
      off: (event, callback) => event === "tick" && feed.ticks.delete(callback),
    });
  };
  return { install, feed };
}
