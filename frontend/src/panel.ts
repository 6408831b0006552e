// A panel: heading, what it exports, and a body that is drawn anew when its size or the theme changes.

import { pictureOf } from "./picture.ts";

export interface Drawable {
  /** Whether others take their size from it. */
  readonly first?: boolean;
  draw(): void;
}

export interface Table {
  header: string[];
  rows: (string | number | null)[][];
}

const drawables: Drawable[] = [];

export function redrawAll(): void {
  for (const one of drawables) if (one.first) one.draw();
  // uPlot takes up its room in a microtask of its own, queued before this one
  queueMicrotask(() => {
    for (const one of drawables) if (!one.first) one.draw();
  });
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, string> = {}, ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function csvText(table: Table): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return "";
    const text = String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [table.header, ...table.rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = element("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

export interface PanelOptions {
  id: string;
  title: string;
  note?: string;
  csv?: () => Table;
}

/** What the buttons of a panel save; without a picture, or an empty one, there is nothing to save as PNG. */
export interface Saved extends PanelOptions {
  picture?: () => HTMLCanvasElement | null;
}

/** The buttons that save what a panel shows. */
export function toolsOf(options: Saved): HTMLElement {
  const tools = element("span", { class: "tools" });
  if (options.picture) {
    const button = element("button", { type: "button", "aria-label": `Save ${options.title} as PNG` }, "PNG");
    button.addEventListener("click", () => options.picture!()?.toBlob((blob) => blob && download(`${options.id}.png`, blob)));
    tools.append(button);
  }
  if (options.csv) {
    const button = element("button", { type: "button", "aria-label": `Save ${options.title} as CSV` }, "CSV");
    button.addEventListener("click", () => {
      download(`${options.id}.csv`, new Blob([csvText(options.csv!())], { type: "text/csv" }));
    });
    tools.append(button);
  }
  return tools;
}

/** Canvases one under the other on the paper of the page; null without any. */
export function joined(canvases: HTMLCanvasElement[]): HTMLCanvasElement | null {
  if (!canvases.length) return null;
  const sheet = element("canvas");
  sheet.width = Math.max(...canvases.map((one) => one.width));
  sheet.height = canvases.reduce((sum, one) => sum + one.height, 0);
  const pen = sheet.getContext("2d")!;
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim();
  pen.fillRect(0, 0, sheet.width, sheet.height);
  let top = 0;
  for (const one of canvases) {
    pen.drawImage(one, 0, top);
    top += one.height;
  }
  return sheet;
}

/** Canvases that lie on each other as one. */
export function layered(canvases: HTMLCanvasElement[]): HTMLCanvasElement {
  const sheet = element("canvas");
  sheet.width = canvases[0].width;
  sheet.height = canvases[0].height;
  const pen = sheet.getContext("2d")!;
  for (const one of canvases) pen.drawImage(one, 0, 0);
  return sheet;
}

export class Panel {
  readonly root: HTMLElement;
  readonly body: HTMLElement;

  constructor(options: PanelOptions) {
    this.body = element("div", { class: "body" });
    const heading = element("h2", {}, options.title);
    if (options.note) heading.append(element("small", {}, options.note));
    this.root = element("section", { class: "panel", id: options.id }, element("header", {}, heading, toolsOf({ ...options, picture: () => pictureOf(this.root) })), this.body);
  }

  drawnBy(drawable: Drawable): void {
    drawables.push(drawable);
  }
}

/** A canvas that fills its holder at the resolution of the screen. */
export class Sheet {
  readonly canvas: HTMLCanvasElement;
  width = 0;
  height = 0;

  constructor(holder: HTMLElement, label: string, className = "") {
    this.canvas = element("canvas", { role: "img", "aria-label": label, class: className });
    holder.append(this.canvas);
  }

  /** Clears the canvas and returns its pen in CSS pixels. */
  begin(): CanvasRenderingContext2D {
    const box = this.canvas.getBoundingClientRect();
    const ratio = Math.max(window.devicePixelRatio || 1, 2);
    this.width = Math.max(box.width, 1);
    this.height = Math.max(box.height, 1);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const pen = this.canvas.getContext("2d")!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    return pen;
  }
}
