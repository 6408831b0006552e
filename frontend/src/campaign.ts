// The report of a campaign.

import type { CampaignDocument, Interval, OutputRow } from "./document.ts";
import { fixed } from "./format.ts";
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
    note: campaign.real
      ? "dashed: share of the landings inside; crosses: published landings"
      : "dashed: share of the landings inside",
    csv: () => ({ header: ["latitude_deg", "longitude_deg"], rows: Array.from(latitude_deg, (value, i) => [value, longitude_deg[i]]) }),
  });
  const outlines = campaign.shapes.filter((one) => one.kind === "footprint" && one.bound === "estimate");
  const shapes = outlines.length ? outlines : campaign.shapes.filter((one) => one.kind === "ellipse");
  const seen: [number, number][] = shapes.flatMap((one) => one.ring_deg);
  if (!seen.length) seen.push(...Array.from(latitude_deg, (value, i): [number, number] => [longitude_deg[i], value]));
  if (campaign.real) seen.push(...campaign.real.ring_deg, ...campaign.real.names.map((_, i): [number, number] => [campaign.real!.longitude_deg[i], campaign.real!.latitude_deg[i]]));
  if (campaign.zone) seen.push([campaign.zone.longitude_deg, campaign.zone.latitude_deg]);
  const content = (): MapContent => ({
    lines: [],
    points: { latitude_deg, longitude_deg },
    marks: [
      ...(campaign.zone ? [{ ...campaign.zone, label: "aim", kind: "target" as const }] : []),
      ...(campaign.real?.names ?? []).map((_, i) => ({ latitude_deg: campaign.real!.latitude_deg[i], longitude_deg: campaign.real!.longitude_deg[i], label: "", kind: "published" as const })),
      ...campaign.towns.map((one) => ({ ...one, label: one.name, kind: "town" as const })),
    ],
    rings: [
      ...shapes.map((one) => ({ ring: one.ring_deg, label: `${fixed(one.share * 100, one.share > 0.99 ? 1 : 0)} %`, colour: (p: ReturnType<typeof palette>) => p.ink })),
      ...(campaign.real ? [{ ring: campaign.real.ring_deg, solid: true, width: 1.6, label: `${campaign.real.names.length} real landings, 1 σ: ${fixed(campaign.real.sd_east_km, 1)} × ${fixed(campaign.real.sd_north_km, 1)} km`, labelAt: 0.75, colour: (p: ReturnType<typeof palette>) => p.limit }] : []),
      ...(campaign.zone?.radius_km ? [{ ring: circle(campaign.zone, campaign.zone.radius_km), label: `zone, ${fixed(campaign.zone.radius_km, 0)} km`, labelAt: 0.25 }] : []),
    ],
  });
  map = new GroundMap(panel.body, "Landings on the map", campaign.coast, (ratio) => frameOf(seen, 4, ratio, 0.15), content, "map footprint");
  panel.drawnBy(map);
  return panel;
}

/** The distribution of one output in its row, with the limit where it lies within. */
class Spark {
  private readonly sheet: Sheet;
  private readonly of: OutputRow;

  constructor(holder: HTMLElement, of: OutputRow) {
    this.sheet = new Sheet(holder, `Distribution of ${of.label}`, "spark");
    this.of = of;
  }

  draw(): void {
    const pen = this.sheet.begin();
    const p = palette();
    const { edges, counts } = this.of.histogram;
    const [low, high] = [edges[0], edges[edges.length - 1]];
    const most = Math.max(...counts, 1);
    const { width, height: whole } = this.sheet;
    const floor = whole - 3;
    const toX = (value: number): number => 2 + ((value - low) / (high - low || 1)) * (width - 4);
    pen.fillStyle = p.grid;
    pen.fillRect(0, floor, width, 1);
    pen.fillStyle = p.actual;
    counts.forEach((count, i) => {
      const height = (count / most) * (floor - 1);
      pen.fillRect(toX(edges[i]), floor - height, Math.max(toX(edges[i + 1]) - toX(edges[i]) - 0.5, 0.7), height);
    });
    const { limit } = this.of;
    if (limit !== null && limit > low && limit < high) {
      pen.fillStyle = p.limit;
      pen.fillRect(toX(limit) - 0.75, 0, 1.5, floor + 3);
    }
  }
}

function outputsCsv(campaign: CampaignDocument): Table {
  const shares = campaign.outputs[0]?.quantiles.map((one) => one.share) ?? [];
  const worst = [1, 2, 3].flatMap((rank) => [`worst_${rank}`, `worst_${rank}_sample`]);
  return {
    header: ["output", "unit", "mean", "standard_deviation", ...shares.flatMap((one) => [`q${one}`, `q${one}_low`, `q${one}_high`]), ...worst],
    rows: campaign.outputs.map((one) => [
      one.name, one.unit, one.mean, one.standard_deviation,
      ...one.quantiles.flatMap((q) => [q.estimate, q.low, q.high]),
      ...[0, 1, 2].flatMap((rank) => [one.worst[rank]?.value ?? null, one.worst[rank]?.sample ?? null]),
    ]),
  };
}

function shareRow(one: OutputRow, share: Interval, columns: number): HTMLElement {
  const holder = element("div", { class: "share-bar" }, element("span", { style: `width:${fixed(100 * share.estimate, 2)}%` }));
  const text = `of the returns; 95 % between ${fixed(100 * share.low, 1)} and ${fixed(100 * share.high, 1)} %`;
  return element(
    "tr", { "data-output": one.name, title: one.meaning },
    element("td", { class: "text" }, one.label), element("td", { class: "spark-cell" }, holder),
    element("td", {}, `${fixed(100 * share.estimate, 1)} %`), element("td", { class: "text soft", colspan: String(columns) }, text),
  );
}

function outputRow(panel: Panel, one: OutputRow, shares: number[]): HTMLElement {
  const holder = element("td", { class: "spark-cell" });
  panel.drawnBy(new Spark(holder, one));
  const name = element("td", { class: "text" }, one.label);
  if (one.unit) name.append(element("span", { class: "soft" }, `, ${one.unit}`));
  const row = element("tr", { "data-output": one.name, title: one.meaning }, name, holder, element("td", {}, fixed(one.mean, one.digits)), element("td", {}, fixed(one.standard_deviation, one.digits)));
  for (const share of shares) {
    const q = one.quantiles.find((other) => other.share === share);
    const known = q !== undefined && q.low !== null && q.high !== null;
    row.append(element("td", known ? { title: `95 %: ${fixed(q.low, one.digits)} to ${fixed(q.high, one.digits)}` } : {}, fixed(q?.estimate, one.digits)));
  }
  const worst = one.worst[0];
  row.append(element("td", {}, worst ? fixed(worst.value, one.digits) : ""), element("td", { class: "soft" }, worst ? one.worst.slice(0, 3).map((other) => String(other.sample)).join(", ") : ""));
  return row;
}

function outputsTable(campaign: CampaignDocument): Panel {
  const shares = campaign.outputs[0]?.quantiles.map((one) => one.share) ?? [];
  const panel = new Panel({
    id: "quantiles",
    title: "All outputs",
    note: "upright tick: limit; worst: its value and the numbers of the three worst (steppe disperse … --only N flies one again)",
    csv: () => outputsCsv(campaign),
  });
  const head = element("tr", {}, element("th", { class: "text", scope: "col" }, "Output"), element("th", { class: "text", scope: "col" }, "Distribution"));
  const titles = ["Mean", "1 σ", ...shares.map((one) => `${fixed(one * 100, one > 0.99 ? 1 : 0)} %`), "Worst", "Sample numbers"];
  for (const title of titles) head.append(element("th", { scope: "col" }, title));
  const table = element("table", { class: "outputs" }, element("thead", {}, head));
  for (const group of [...new Set(campaign.outputs.map((one) => one.group))]) {
    const body = element("tbody", {}, element("tr", { class: "group" }, element("th", { class: "text", scope: "rowgroup", colspan: String(titles.length + 2) }, group)));
    for (const one of campaign.outputs.filter((other) => other.group === group)) {
      body.append(one.share ? shareRow(one, one.share, titles.length - 1) : outputRow(panel, one, shares));
    }
    table.append(body);
  }
  panel.body.append(table);
  return panel;
}

function distributionPanels(campaign: CampaignDocument): HTMLElement[] {
  return campaign.distributions.map((one) => {
    let plane: Plane;
    const panel = new Panel({
      id: `distribution-${one.name}`,
      title: one.label,
      csv: () => ({ header: ["from", "to", "count"], rows: one.counts.map((count, i) => [one.edges[i], one.edges[i + 1], count]) }),
    });
    plane = new Plane(panel.body, one.label, () => ({
      xLabel: one.unit ? `${one.label}, ${one.unit}` : one.label, yLabel: "Returns", curves: [], spots: [], bars: one,
      verticals: one.limit === null ? [] : [{ x: one.limit, label: `limit ${Number(one.limit.toPrecision(4))}${one.unit ? ` ${one.unit}` : ""}` }],
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
  });
  plane = new Plane(panel.body, "Convergence of the spread", () => ({
    xLabel: "Returns", yLabel: "One sigma, km", fromZeroY: true, spots: [],
    curves: [
      { x: n, y: east_km, colour: (p) => p.actual, label: `east-west ${fixed(east_km[east_km.length - 1], 2)} km` },
      { x: n, y: north_km, colour: (p) => p.plan, label: `north-south ${fixed(north_km[north_km.length - 1], 2)} km` },
    ],
  }), "plane small");
  panel.drawnBy(plane);
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
    body.append(element("tr", {}, element("td", { class: "text" }, one.label, element("small", {}, one.meaning)), element("td", {}, `${fixed(100 * estimate, 2)} %`, element("small", {}, `${fixed(100 * low, 2)} to ${fixed(100 * high, 2)} %`))));
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
    outputsTable(campaign).root,
    element("div", { class: "row halves" }, ...driverPanels(campaign)),
    provenancePanel(campaign.provenance, campaign.notes).root,
  );
}
