// The campaign beside the flight: where its returns land, quantiles, convergence, failures; a click replays a return.

import { unpack, type CampaignDocument, type Coast } from "../document.ts";
import { fixed } from "../format.ts";
import { circle, frameOf, GroundMap, projectionOf } from "../maps.ts";
import { element, type Table } from "../panel.ts";
import { Plane } from "../plane.ts";

export const VIEWS = ["footprint", "quantiles", "convergence", "failures"] as const;
export type EnsembleView = (typeof VIEWS)[number];
const TITLES: Record<EnsembleView, string> = { footprint: "Footprint", quantiles: "Quantiles", convergence: "Convergence", failures: "Failures and worst" };

/** Number, status, latitude and longitude of a return. */
type Return = [number, string, number | null, number | null];

export interface EnsembleDocument extends CampaignDocument {
  returns: Return[];
}

export function readEnsemble(raw: any): EnsembleDocument {
  return { ...(unpack(raw) as CampaignDocument), returns: raw.returns };
}

export interface Shown {
  draw?: () => void;
  canvases: HTMLCanvasElement[];
  table: Table;
}

const CLICK_PX = 12;

export function showEnsemble(body: HTMLElement, found: EnsembleDocument, coast: Coast, view: EnsembleView, choose: (view: EnsembleView) => void, replay: (sample: number) => void): Shown {
  const bar = element("div", { class: "views", role: "group", "aria-label": "Views of the ensemble" });
  for (const one of VIEWS) {
    const button = element("button", { type: "button", "data-view": one, "aria-pressed": String(one === view) }, TITLES[one]);
    button.addEventListener("click", () => choose(one));
    bar.append(button);
  }
  body.replaceChildren(element("p", { class: "note" }, found.facts.map((one) => `${one[0]} ${one[1]}`).join(" \u00b7 ")), bar);
  const shown = { footprint, quantiles, convergence, failures }[view](body, found, coast, replay);
  shown.draw?.();
  return shown;
}

function footprint(body: HTMLElement, found: EnsembleDocument, coast: Coast, replay: (sample: number) => void): Shown {
  const holder = element("div", { class: "foot", tabindex: "-1" });
  body.append(holder, element("p", { class: "note" }, "A click replays the nearest return."));
  const landed = found.returns.filter((one): one is [number, string, number, number] => one[2] !== null && one[3] !== null);
  const shapes = found.shapes.filter((one) => one.kind === "footprint" && one.bound === "estimate");
  const outlines = shapes.length ? shapes : found.shapes.filter((one) => one.kind === "ellipse");
  const seen = landed.map((one): [number, number] => [one[3], one[2]]);
  if (found.zone) seen.push([found.zone.longitude_deg, found.zone.latitude_deg]);
  const frame = (ratio: number): ReturnType<typeof frameOf> => frameOf(seen, 4, ratio, 0.12);
  const map = new GroundMap(holder, "Landings of the campaign", coast, frame, () => ({
    lines: [],
    points: { latitude_deg: landed.map((one) => one[2]), longitude_deg: landed.map((one) => one[3]) },
    marks: [...(found.zone ? [{ ...found.zone, label: "aim", kind: "target" as const }] : []), ...found.towns.map((one) => ({ ...one, label: one.name, kind: "town" as const }))],
    rings: [
      ...outlines.map((one) => ({ ring: one.ring_deg, label: `${fixed(one.share * 100, one.share > 0.99 ? 1 : 0)} %` })),
      ...(found.zone?.radius_km ? [{ ring: circle(found.zone, found.zone.radius_km) }] : []),
    ],
  }));
  map.canvas.addEventListener("click", (event) => {
    const box = map.canvas.getBoundingClientRect();
    const projection = projectionOf(frame(box.width / box.height), box.width, box.height);
    let [best, way] = [-1, CLICK_PX];
    for (const one of landed) {
      const at = projection([one[3], one[2]]);
      const far = at ? Math.hypot(at[0] - (event.clientX - box.left), at[1] - (event.clientY - box.top)) : Infinity;
      if (far < way) [best, way] = [one[0], far];
    }
    if (best >= 0) replay(best);
  });
  return { draw: () => map.draw(), canvases: [map.canvas], table: { header: ["sample", "status", "latitude_deg", "longitude_deg"], rows: found.returns } };
}

function plain(header: string[], rows: (string | Node)[][]): HTMLElement {
  const cell = (one: string | Node, i: number, tag: "th" | "td"): HTMLElement => element(tag, { class: i < 1 ? "text" : "" }, one);
  return element("table", {}, element("thead", {}, element("tr", {}, ...header.map((one, i) => cell(one, i, "th")))), element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((one, i) => cell(one, i, "td"))))));
}

const named = (one: { label: string; unit: string }): string => `${one.label}${one.unit && one.unit !== "1" ? `, ${one.unit}` : ""}`;

function quantiles(body: HTMLElement, found: EnsembleDocument): Shown {
  const shares = [0.05, 0.5, 0.95, 0.99];
  const of = (one: CampaignDocument["outputs"][number], share: number): CampaignDocument["outputs"][number]["quantiles"][number] | undefined => one.quantiles.find((q) => q.share === share);
  const holder = element("div", { class: "scroll", tabindex: "0" }, plain(["Output", "Mean", "Deviation", ...shares.map((one) => `${fixed(one * 100, 0)} %`)], found.outputs.map((one) => [named(one), fixed(one.mean, one.digits), fixed(one.standard_deviation, one.digits), ...shares.map((share) => bounded(of(one, share), one.digits))])));
  body.append(holder, element("p", { class: "note" }, "Point at a quantile for its 95 % confidence bounds."));
  return {
    canvases: [],
    table: {
      header: ["output", "unit", "mean", "standard_deviation", ...shares.flatMap((one) => [`q${one}`, `q${one}_low`, `q${one}_high`])],
      rows: found.outputs.map((one) => [one.name, one.unit, one.mean, one.standard_deviation, ...shares.flatMap((share) => [of(one, share)?.estimate ?? null, of(one, share)?.low ?? null, of(one, share)?.high ?? null])]),
    },
  };
}

function bounded(one: { estimate: number; low: number; high: number } | undefined, digits: number): HTMLElement {
  return element("span", { title: one ? `95 %: ${fixed(one.low, digits)} to ${fixed(one.high, digits)}` : "" }, fixed(one?.estimate, digits));
}

function convergence(body: HTMLElement, found: EnsembleDocument): Shown {
  const { n, east_km, north_km } = found.convergence;
  const plane = new Plane(body, "Spread of the landings against the number of returns", () => ({
    xLabel: "Returns", yLabel: "One sigma, km", fromZeroY: true, spots: [],
    curves: [{ x: n, y: east_km, colour: (p) => p.actual, label: "east-west" }, { x: n, y: north_km, colour: (p) => p.plan, label: "north-south" }],
  }), "plane");
  return { draw: () => plane.draw(), canvases: [plane.canvas], table: { header: ["n", "east_km", "north_km"], rows: n.map((one, i) => [one, east_km[i], north_km[i]]) } };
}

function failures(body: HTMLElement, found: EnsembleDocument, _coast: Coast, replay: (sample: number) => void): Shown {
  const link = (sample: number, text: string): HTMLElement => {
    const button = element("button", { type: "button", "data-sample": String(sample), title: `Replay return ${sample}` }, text);
    button.addEventListener("click", () => replay(sample));
    return button;
  };
  const failed = Object.entries(found.failed);
  const rows = [["landed", String(found.landed), ""] as (string | Node)[]].concat(
    failed.map(([name, count]) => [name.replaceAll("_", " "), String(count), element("span", {}, ...found.returns.filter((one) => one[1] === name).slice(0, 4).map((one) => link(one[0], `no. ${one[0]}`)))]),
  );
  const ranked = found.outputs.filter((one) => one.worst.length && !one.share);
  const worst = ranked.map((one) => [named(one), ...one.worst.slice(0, 2).map((row) => link(row.sample, `${fixed(row.value, one.digits)} (${row.sample})`))]);
  body.append(element("div", { class: "scroll", tabindex: "0" }, plain(["Ended as", "Returns", "Replay"], rows), plain(["Worst of", "value (return)", ""], worst)));
  return {
    canvases: [],
    table: { header: ["status_or_output", "sample", "value"], rows: [["landed", null, found.landed], ...failed.map(([name, count]) => [name, null, count] as (string | number | null)[]), ...ranked.flatMap((one) => one.worst.map((row) => [one.name, row.sample, row.value] as (string | number | null)[]))] },
  };
}
