// Six fixed levels: each has its shape, its word and its colour, so that none depends on colour alone.

import { element } from "../panel.ts";
import type { Level, State } from "./model.ts";

export const SHAPES: Record<Level, string> = {
  off: "\u25cb", standby: "\u25c7", normal: "\u25cf", caution: "\u25a0", serious: "\u25b2", critical: "\u2716",
};

const ORDER: Level[] = ["off", "standby", "normal", "caution", "serious", "critical"];

export function worst(states: State[]): State {
  return states.reduce((best, one) => (ORDER.indexOf(one.level) > ORDER.indexOf(best.level) ? one : best));
}

export function showState(holder: HTMLElement, state: State): void {
  const text = `${SHAPES[state.level]} ${state.word}`;
  if (holder.textContent !== text) holder.textContent = text;
  holder.className = `state ${state.level}`;
  holder.title = state.why;
}

export function stateTag(): HTMLElement {
  return element("span", { class: "state off", role: "status" });
}
