// The feed of steppe control as Open MCT wants it: one stream for all subscriptions, history by column.

async function json(path) {
  const answer = await fetch(path);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${body.error ?? ""}`);
  return body;
}

export class Feed {
  constructor(meta) {
    this.meta = meta;
    this.listeners = new Map();
    this.ticks = new Set();
    this.frame = null;
    this.first = new Promise((done) => {
      this.started = done;
    });
    // A browser takes the stream up again by itself where it broke off
    new EventSource("/api/stream").addEventListener("frame", (event) => this.take(JSON.parse(event.data)));
  }

  /** Milliseconds of Unix time of seconds of the flight. */
  utc(time_s) {
    return (this.meta.epoch_unix_s + time_s) * 1000;
  }

  now() {
    return this.utc(this.frame?.time_s ?? this.meta.first_s);
  }

  take(frame) {
    const held = this.frame?.time_s === frame.time_s;
    this.frame = frame;
    this.started();
    this.ticks.forEach((one) => one(this.now()));
    // A held clock sends the same moment again and again
    if (held) return;
    for (const [name, callbacks] of this.listeners) {
      const datum = this.datum(name);
      if (datum !== null) callbacks.forEach((one) => one(datum));
    }
  }

  /** The present value of a name in the unit for people, null where it is undefined or not told. */
  datum(name) {
    if (this.frame === null) return null;
    const words = { phase: this.frame.phase.label, state: this.frame.state.word };
    const value = words[name] ?? this.frame.values[name] ?? null;
    if (value === null) return null;
    return { utc: this.now(), value: name in words ? value : value * this.meta.variables[name].factor };
  }

  listen(name, callback) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    this.listeners.get(name).add(callback);
    return () => this.listeners.get(name).delete(callback);
  }

  /** Rows between two moments in milliseconds of Unix time, both included. */
  async history(name, start, end) {
    const known = this.meta.variables[name];
    if (known === undefined) return [];
    // Half a millisecond more at each end: a double of Unix milliseconds does not hold the last digits of a row's time
    const [from, to] = [start - 0.5, end + 0.5].map((ms) => ms / 1000 - this.meta.epoch_unix_s);
    const { columns } = await json(`/api/history?names=${name}&from=${from}&to=${to}`);
    return columns.time_s
      .map((time_s, i) => ({ utc: this.utc(time_s), value: columns[name][i] }))
      .filter((one) => one.value !== null)
      .map((one) => ({ ...one, value: one.value * known.factor }));
  }
}

export async function openFeed() {
  const feed = new Feed(await json("/api/meta"));
  await feed.first;
  return feed;
}
