// The report: one file that opens anywhere, light and dark, and prints.

import { showCampaign } from "./campaign.ts";
import { readDocument } from "./document.ts";
import { flightHeading, showFlight } from "./flight.ts";
import { element, redrawAll } from "./panel.ts";
import { currentTheme, setTheme, startTheme } from "./theme.ts";

const SHAPES: Record<string, string> = { landed: "●", ended: "●", campaign: "●" };

function start(): void {
  startTheme();
  const data = readDocument();
  const root = document.querySelector("main")!;
  const clocks = element("span", { class: "clocks", role: "group", "aria-label": "Clock" });
  const [title, line] = data.kind === "flight" ? flightHeading(data) : [data.title, `${data.samples} returns dispersed, ${data.landed} landed`];
  const state = data.kind === "flight" ? data.status : "campaign";
  const word = data.kind === "flight" ? data.status.replaceAll("_", " ") : "campaign";
  const good = state in SHAPES;
  const theme = element("button", { type: "button", id: "theme" }, "light / dark");
  theme.addEventListener("click", () => {
    setTheme(currentTheme() === "dark" ? "light" : "dark");
    redrawAll();
  });
  document.querySelector("body > header")!.append(
    element("div", { class: "title" }, element("h1", {}, title), element("p", {}, line)),
    element("span", { class: `status ${good ? "good" : "bad"}` }, `${SHAPES[state] ?? "▲"} ${word}`),
    clocks,
    theme,
  );
  if (data.kind === "flight") showFlight(data, root, clocks);
  else showCampaign(data, root);
  redrawAll();
  // A panel takes its size from its neighbours and from the window
  let waiting = 0;
  const watcher = new ResizeObserver(() => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(redrawAll);
  });
  document.querySelectorAll(".panel").forEach((one) => watcher.observe(one));
  let before = currentTheme();
  addEventListener("beforeprint", () => {
    before = currentTheme();
    setTheme("light");
    // The layout of the sheet of paper, before the browser asks for it, so that the canvases are drawn at its size
    document.documentElement.classList.add("printing");
    redrawAll();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    setTheme(before);
    redrawAll();
  });
  document.documentElement.dataset.ready = "yes";
}

start();
