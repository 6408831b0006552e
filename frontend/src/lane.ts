// The names of the events above the strips, each with a line down to its moment.

import type { EventRow } from "./document.ts";
import { Sheet } from "./panel.ts";
import { FONT, palette } from "./theme.ts";

const TURN = (-38 * Math.PI) / 180;
// Lines of text of 11 px at 38 degrees need their height over sin(38 deg) between them
const GAP = 21;
const FOOT = 14;

/** Moves places apart so that neighbours keep a gap, each as near to its own as that allows. */
export function spread(wanted: number[], gap: number, low: number, high: number): number[] {
  const groups: { sum: number; count: number }[] = [];
  const middle = (one: { sum: number; count: number }): number => one.sum / one.count;
  wanted.forEach((place, i) => {
    // Without the gaps the order is all that must be kept: neighbours that cross share the mean
    groups.push({ sum: place - i * gap, count: 1 });
    while (groups.length > 1 && middle(groups[groups.length - 2]) > middle(groups[groups.length - 1])) {
      const last = groups.pop()!;
      const before = groups[groups.length - 1];
      groups[groups.length - 1] = { sum: before.sum + last.sum, count: before.count + last.count };
    }
  });
  const room = high - low - gap * (wanted.length - 1);
  const flat = groups.flatMap((one) => Array<number>(one.count).fill(Math.min(Math.max(middle(one), low), low + Math.max(room, 0))));
  return flat.map((place, i) => place + i * gap);
}

export class EventLane {
  private readonly sheet: Sheet;
  private readonly events: () => EventRow[];
  private readonly window: () => [number, number];
  private readonly area: () => { left: number; width: number } | null;

  constructor(holder: HTMLElement, events: () => EventRow[], window: () => [number, number], area: () => { left: number; width: number } | null) {
    this.sheet = new Sheet(holder, "Names of the events", "lane");
    this.events = events;
    this.window = window;
    this.area = area;
  }

  draw(): void {
    const pen = this.sheet.begin();
    const area = this.area();
    if (area === null) return;
    const p = palette();
    const left = area.left - this.sheet.canvas.getBoundingClientRect().left;
    const [from, to] = this.window();
    const events = this.events().filter((one) => one.time_s >= from && one.time_s <= to).sort((a, b) => a.time_s - b.time_s);
    const own = events.map((one) => left + ((one.time_s - from) / (to - from)) * area.width);
    pen.font = `11px ${FONT}`;
    const moved = spread(own, GAP, left, left + area.width);
    const bottom = this.sheet.height;
    events.forEach((event, i) => {
      pen.strokeStyle = p.faint;
      pen.lineWidth = 0.8;
      pen.beginPath();
      pen.moveTo(own[i], bottom);
      pen.lineTo(moved[i], bottom - FOOT);
      pen.stroke();
      pen.save();
      // Near the right edge a name leans the other way
      const leans = moved[i] + pen.measureText(event.label).width * Math.cos(TURN) > this.sheet.width - 2;
      pen.translate(moved[i] + (leans ? -2 : 2), bottom - FOOT - 2);
      pen.rotate(leans ? -TURN : TURN);
      pen.textAlign = leans ? "right" : "left";
      pen.fillStyle = p.soft;
      pen.textBaseline = "middle";
      pen.fillText(event.label, 0, 0);
      pen.restore();
    });
  }
}
