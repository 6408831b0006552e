// The page: Open MCT with the plugins that it needs, ours, and the clock of the flight.
import { openFeed } from "./feed.js";
import { plugin } from "./plugin.js";

const MINUTE = 60_000;
const OFFSETS = { start: -15 * MINUTE, end: MINUTE };

async function begin() {
  const feed = await openFeed();
  const now = feed.now();
  const bounds = { start: now + OFFSETS.start, end: now + OFFSETS.end };
  openmct.setAssetPath("/openmct");
  // A type of object exists only where its plugin is installed: without LADTable the latest values would be blank
  for (const name of ["LocalStorage", "MyItems", "UTCTimeSystem", "Espresso", "LADTable", "PlanLayout", "Timeline"]) {
    openmct.install(openmct.plugins[name]());
  }
  openmct.install(plugin(feed));
  openmct.install(openmct.plugins.Conductor({
    menuOptions: [
      { name: "Fixed", timeSystem: "utc", bounds },
      { name: "Flight", timeSystem: "utc", clock: "steppe", clockOffsets: OFFSETS },
    ],
  }));
  // Started in the fixed mode, and switched when the page stands: a clock that has not ticked would ask for 1970
  openmct.time.setTimeSystem("utc", bounds);
  const asked = new URLSearchParams(location.hash.split("?")[1]);
  openmct.on("start", () => {
    if (asked.get("tc.mode") === "fixed") return;
    openmct.time.setClock("steppe");
    openmct.time.setMode("realtime", OFFSETS);
  });
  if (!location.hash) location.hash = "#/browse/steppe:return/steppe:overview";
  openmct.start(document.getElementById("room"));
}

begin().catch((problem) => {
  document.getElementById("room").textContent =
    `There is no feed to show: ${problem.message}. Start one with: steppe control ms-21`;
});
