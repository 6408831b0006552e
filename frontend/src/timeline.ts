// The timeline: what was flown beside what was published.

import type { EventRow } from "./document.ts";
import { fixed, signed, type Clock, type Zero, clockText } from "./format.ts";
import { element, type Table } from "./panel.ts";

function publishedText(event: EventRow): string {
  if (event.published_utc === null) return "";
  const text = event.published_utc.slice(11, 19);
  return (event.published_precision_s ?? 1) >= 60 ? text.slice(0, 5) : text;
}

/** A difference is shown no finer than the published time is known. */
function differenceText(event: EventRow): string {
  if (event.difference_s === null) return "";
  return (event.published_precision_s ?? 1) >= 60 ? `${signed(event.difference_s / 60, 0)} min` : `${signed(event.difference_s, 0)} s`;
}

export function timelineTable(events: EventRow[], clock: Clock, zero: Zero): HTMLTableElement {
  const head = element("tr", {});
  const titles = [clock === "utc" ? "UTC" : clock === "ignition" ? "From ignition" : "From entry", "Event", "km", "m/s", "g", "Published", "Off"];
  titles.forEach((title, i) => head.append(element("th", { scope: "col", class: i === 1 ? "text" : "" }, title)));
  const body = element("tbody");
  for (const event of events) {
    const row = element("tr", { "data-event": event.event, "data-time": String(event.time_s) });
    const cells: [string, string][] = [
      [clockText(clock, zero, event.time_s), "when"],
      [event.label, "text"],
      [fixed(event.altitude_m / 1000, 2), "altitude"],
      [fixed(event.speed_m_s, 1), "speed"],
      [fixed(event.load_g, 2), "load"],
      [publishedText(event), "published"],
      [differenceText(event), "difference"],
    ];
    for (const [text, name] of cells) row.append(element("td", { class: name }, text));
    body.append(row);
  }
  return element("table", { class: "timeline" }, element("thead", {}, head), body);
}

export function timelineCsv(events: EventRow[]): Table {
  const names: (keyof EventRow)[] = [
    "event", "time_s", "utc", "altitude_m", "latitude_deg", "longitude_deg", "speed_m_s", "load_g", "published_utc",
    "published_precision_s", "difference_s",
  ];
  return { header: names, rows: events.map((event) => names.map((name) => event[name] ?? null)) };
}
