// The page: Open MCT with the plugins that it needs, ours, and the clock of the flight.
import { connect } from "./plugin.js";

const { install, feed } = await connect();
await feed.first;
openmct.setAssetPath("/openmct");
openmct.install(openmct.plugins.LocalStorage());
openmct.install(openmct.plugins.MyItems());
openmct.install(openmct.plugins.UTCTimeSystem());
openmct.install(openmct.plugins.Espresso());
openmct.install(openmct.plugins.PlanLayout());
openmct.install(install);
const minutes = 60_000;
const now = feed.now();
openmct.install(openmct.plugins.Conductor({
  menuOptions: [
    { name: "Fixed", timeSystem: "utc", bounds: { start: now - 15 * minutes, end: now + minutes } },
    { name: "Flight", timeSystem: "utc", clock: "steppe", clockOffsets: { start: -15 * minutes, end: minutes } },
  ],
}));
openmct.time.setTimeSystem("utc", { start: now - 15 * minutes, end: now + minutes });
// Started in the fixed mode, and switched when the page stands: a clock that has not ticked would ask for 1970
openmct.on("start", () => {
  openmct.time.setClock("steppe");
  openmct.time.setMode("realtime", { start: -15 * minutes, end: minutes });
});
openmct.start(document.getElementById("room"));
