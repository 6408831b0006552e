// The report of a campaign.

import type { CampaignDocument } from "./document.ts";
import { fixed, significant } from "./format.ts";
import { provenancePanel } from "./flight.ts";
import { circle, frameOf, GroundMap, type MapContent } from "./maps.ts";
import { element, Panel, Sheet, type Table } from "./panel.ts";
import { Plane } from "./plane.ts";
import { FONT, palette } from "./theme.ts";

function footprintPanel(campaign: CampaignDocument): Panel {
  let map: GroundMap;
  const { latitude_deg, longitude_deg } = campaign.landing;
  const panel = new Panel({
    id: "footprint",
    title: "Where they land",
    note: "outlines hold the share named of all landings",
    csv: () => ({ header: ["latitude_deg", "longitude_deg"], rows: Array.from(latitude_deg, (value, i) => [value, longitude_deg[i]]) }),
    canvases: () => [map.canvas],
  });
  const outlines = campaign.shapes.filter((one) => one.kind === "footprint" && one.bound === "estimate");
  const shapes = outlines.length ? outlines : campaign.shapes.filter((one) => one.kind === "ellipse");
  const seen: [number, number][] = shapes.flatMap((one) => one.ring_deg);
  if (!seen.length) seen.push(...Array.from(latitude_deg, (value, i): [number, number] => [longitude_deg[i], value]));
  if (campaign.zone) seen.push([campaign.zone.longitude_deg, campaign.zone.latitude_deg]);
  const content = (): MapContent => ({
    lines: [],
    points: { latitude_deg, longitude_deg },
    marks: [
      ...(campaign.zone ? [{ ...campaign.zone, label: "aim", kind: "target" as const }] : []),
      ...campaign.towns.map((one) => ({ ...one, label: one.name, kind: "town" as const })),
    ],
    rings: [
      ...shapes.map((one) => ({ ring: one.ring_deg, label: `${fixed(one.share * 100, one.share > 0.99 ? 1 : 0)} %`, colour: (p: ReturnType<typeof palette>) => p.ink })),
      ...(campaign.zone?.radius_km ? [{ ring: circle(campaign.zone, campaign.zone.radius_km) }] : []),
    ],
  });
  map = new GroundMap(panel.body, "Landings on the map", campaign.coast, (ratio) => frameOf(seen, 4, ratio, 0.15), content, "map footprint");
  panel.drawnBy(map);
  return panel;
}

function quantileTable(campaign: CampaignDocument): Panel {
  const shares = campaign.outputs[0]?.quantiles.map((one) => one.share) ?? [];
  const csv = (): Table => ({
    header: ["output", "unit", "mean", "standard_deviation", ...shares.flatMap((one) => [`q${one}`, `q${one}_low`, `q${one}_high`])],
    rows: campaign.outputs.map((one) => [one.name, one.unit, one.mean, one.standard_deviation, ...one.quantiles.flatMap((q) => [q.estimate, q.low, q.high])]),
  });
  const panel = new Panel({ id: "quantiles", title: "Quantiles", note: "small: 95 % confidence", csv });
  const head = element("tr", {}, element("th", { class: "text", scope: "col" }, "Output"), element("th", { scope: "col" }, "Mean"));
  for (const share of shares) head.append(element("th", { scope: "col" }, `${fixed(share * 100, share > 0.99 ? 1 : 0)} %`));
  const body = element("tbody");
  for (const one of campaign.outputs) {
    const unit = one.unit && one.unit !== "1" ? `, ${one.unit}` : "";
    const row = element("tr", { "data-output": one.name }, element("td", { class: "text" }, one.label + unit), element("td", {}, fixed(one.mean, one.digits)));
    for (const q of one.quantiles) {
      const bounds = Number.isFinite(q.low) && Number.isFinite(q.high) && q.low !== null ? `${fixed(q.low, one.digits)} to ${fixed(q.high, one.digits)}` : "";
      row.append(element("td", {}, fixed(q.estimate, one.digits), element("small", {}, bounds)));
    }
    body.append(row);
  }
  panel.body.append(element("div", { class: "scroll" }, element("table", {}, element("thead", {}, head), body)));
  return panel;
}

function distributionPanels(campaign: CampaignDocument): HTMLElement[] {
  return campaign.distributions.map((one) => {
    let plane: Plane;
    const panel = new Panel({
      id: `distribution-${one.name}`,
      title: one.label,
      csv: () => ({ header: ["from", "to", "count"], rows: one.counts.map((count, i) => [one.edges[i], one.edges[i + 1], count]) }),
      canvases: () => [plane.canvas],
    });
    plane = new Plane(panel.body, one.label, () => ({
      xLabel: one.unit ? `${one.label}, ${one.unit}` : one.label, yLabel: "Returns", curves: [], spots: [], bars: one,
      verticals: one.limit === null ? [] : [{ x: one.limit, label: `limit ${significant(one.limit)}` }],
    }), "plane small");
    panel.drawnBy(plane);
    return panel.root;
  });
}

class Bars {
  private readonly sheet: Sheet;
  private readonly rows: { label: string; value: number; low: number; high: number }[];

  constructor(holder: HTMLElement, label: string, rows: { label: string; value: number; low: number; high: number }[]) {
    this.sheet = new Sheet(holder, label, "bars");
    this.sheet.canvas.style.height = `${rows.length * 22 + 26}px`;
    this.rows = rows;
  }

  get canvas(): HTMLCanvasElement {
    return this.sheet.canvas;
  }

  draw(): void {
    const pen = this.sheet.begin();
    const p = palette();
    const { width } = this.sheet;
    pen.font = `12px ${FONT}`;
    const names = Math.max(...this.rows.map((one) => pen.measureText(one.label).width)) + 14;
    const [left, right] = [names, width - 44];
    const toX = (value: number): number => left + ((value + 1) / 2) * (right - left);
    pen.strokeStyle = p.grid;
    pen.fillStyle = p.soft;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const tick of [-1, -0.5, 0, 0.5, 1]) {
      pen.beginPath();
      pen.moveTo(toX(tick), 0);
      pen.lineTo(toX(tick), this.rows.length * 22);
      pen.stroke();
      pen.fillText(fixed(tick, 1), toX(tick), this.rows.length * 22 + 6);
    }
    pen.textBaseline = "middle";
    this.rows.forEach((row, i) => {
      const y = i * 22 + 11;
      pen.textAlign = "right";
      pen.fillStyle = p.ink;
      pen.fillText(row.label, left - 8, y);
      pen.fillStyle = p.actual;
      pen.globalAlpha = 0.8;
      pen.fillRect(Math.min(toX(0), toX(row.value)), y - 5, Math.abs(toX(row.value) - toX(0)), 10);
      pen.globalAlpha = 1;
      pen.strokeStyle = p.ink;
      pen.beginPath();
      pen.moveTo(toX(row.low), y);
      pen.lineTo(toX(row.high), y);
      pen.stroke();
      pen.textAlign = "left";
      pen.fillStyle = p.soft;
      pen.fillText(fixed(row.value, 2), right + 8, y);
    });
  }
}

function driverPanels(campaign: CampaignDocument): HTMLElement[] {
  return campaign.drivers.map((one) => {
    let bars: Bars;
    const panel = new Panel({
      id: `drivers-${one.output}`,
      title: `What drives: ${one.label}`,
      note: "rank correlation with its 95 % interval",
      csv: () => ({
        header: ["input", "rank_correlation", "low", "high", "sobol_first", "sobol_low", "sobol_high"],
        rows: one.rows.map((row) => [row.input, row.rank_correlation.estimate, row.rank_correlation.low, row.rank_correlation.high, row.sobol?.estimate ?? null, row.sobol?.low ?? null, row.sobol?.high ?? null]),
      }),
      canvases: () => [bars.canvas],
    });
    bars = new Bars(panel.body, `What drives ${one.label}`, one.rows.map((row) => ({ label: row.input, value: row.rank_correlation.estimate, low: row.rank_correlation.low, high: row.rank_correlation.high })));
    panel.drawnBy(bars);
    return panel.root;
  });
}

function convergencePanel(campaign: CampaignDocument): Panel {
  let plane: Plane;
  const { n, east_km, north_km } = campaign.convergence;
  const panel = new Panel({
    id: "convergence",
    title: "Spread against the number of returns",
    csv: () => ({ header: ["n", "east_km", "north_km"], rows: n.map((value, i) => [value, east_km[i], north_km[i]]) }),
    canvases: () => [plane.canvas],
  });
  plane = new Plane(panel.body, "Convergence of the spread", () => ({
    xLabel: "Returns", yLabel: "One sigma, km", fromZeroY: true, spots: [],
    curves: [
      { x: n, y: east_km, colour: (p) => p.actual, label: "east-west" },
      { x: n, y: north_km, colour: (p) => p.plan, label: "north-south" },
    ],
  }), "plane small");
  panel.drawnBy(plane);
  return panel;
}

function worstPanel(campaign: CampaignDocument): Panel {
  const panel = new Panel({
    id: "worst",
    title: "Worst cases",
    note: "the number flies it again: steppe disperse … --only N",
    csv: () => ({ header: ["output", "unit", "sample", "value"], rows: campaign.worst.flatMap((one) => one.rows.map((row) => [one.output, one.unit, row.sample, row.value])) }),
  });
  const body = element("tbody");
  for (const one of campaign.worst) {
    const unit = one.unit && one.unit !== "1" ? `, ${one.unit}` : "";
    const cells = one.rows.slice(0, 5).map((row) => element("td", {}, fixed(row.value, one.digits), element("small", {}, `no. ${row.sample}`)));
    body.append(element("tr", {}, element("td", { class: "text" }, one.label + unit), ...cells));
  }
  panel.body.append(element("div", { class: "scroll" }, element("table", {}, body)));
  return panel;
}

function limitsPanel(campaign: CampaignDocument): Panel | null {
  if (!campaign.limits.length) return null;
  const panel = new Panel({
    id: "limits",
    title: "Limits",
    note: "share of returns beyond, with its 95 % Wilson interval",
    csv: () => ({ header: ["limit", "share", "low", "high"], rows: campaign.limits.map((one) => [one.label, one.probability.estimate, one.probability.low, one.probability.high]) }),
  });
  const body = element("tbody");
  for (const one of campaign.limits) {
    const { estimate, low, high } = one.probability;
    body.append(element("tr", {}, element("td", { class: "text" }, one.label), element("td", {}, `${fixed(100 * estimate, 2)} %`, element("small", {}, `${fixed(100 * low, 2)} to ${fixed(100 * high, 2)} %`))));
  }
  panel.body.append(element("table", {}, body));
  return panel;
}

/** Builds the report of a campaign into the page. */
export function showCampaign(campaign: CampaignDocument, root: HTMLElement): void {
  const facts = element("dl", { class: "facts" });
  for (const [name, value] of campaign.facts) facts.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  const limits = limitsPanel(campaign);
  root.append(
    facts,
    element("div", { class: "row halves" }, footprintPanel(campaign).root, element("div", { class: "stack" }, ...(limits ? [limits.root] : []), convergencePanel(campaign).root, ...distributionPanels(campaign).slice(0, 1))),
    element("div", { class: "row thirds" }, ...distributionPanels(campaign).slice(1)),
    quantileTable(campaign).root,
    element("div", { class: "row halves" }, ...driverPanels(campaign)),
    worstPanel(campaign).root,
    provenancePanel(campaign.provenance, campaign.notes).root,
  );
}
