// The connection of Open MCT with steppe: objects, history, live values, clock.
import { SPACE, treeOf } from "./objects.js";

const TYPE = "steppe.variable";

export function plugin(feed) {
  const tree = treeOf(feed);

  return (openmct) => {
    const isOurs = (object) => object.type === TYPE;
    // In real time nothing is shown before its moment, even if a stored flight knows it
    const upTo = (end) => (openmct.time.isRealTime() ? Math.min(end, feed.now()) : end);

    openmct.objects.addRoot({ namespace: SPACE, key: "return" });
    // Open MCT changes what it is given: each gets a copy
    openmct.objects.addProvider(SPACE, { get: async ({ key }) => structuredClone(tree.get(key)) });
    openmct.types.addType(TYPE, { name: "Variable of a return", cssClass: "icon-telemetry" });
    openmct.telemetry.addProvider({
      supportsRequest: isOurs,
      supportsSubscribe: isOurs,
      subscribe: (object, callback) => feed.listen(object.identifier.key, callback),
      request: async ({ identifier: { key } }, { start, end, strategy, size }) => {
        const present = feed.datum(key);
        if (strategy !== "latest") return feed.history(key, start, upTo(end));
        // The frame itself where it is asked for: what is shown is what was sent, to the bit
        if (present !== null && start <= present.utc && present.utc <= end && upTo(end) === present.utc) return [present];
        return (await feed.history(key, start, upTo(end))).slice(-(size ?? 1));
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
}
