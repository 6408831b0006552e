// The stream: server-sent events, which a browser takes up again by itself where they broke off.

import type { Frame, Landing, Message, Recovery } from "./model.ts";

export interface Handlers {
  frame: (frame: Frame, id: number) => void;
  landing: (landing: Landing) => void;
  message: (message: Message) => void;
  recovery: (recovery: Recovery) => void;
  gap: (from: number, to: number) => void;
}

export class Link {
  private source: EventSource | null = null;
  private last = 0;
  private heard = performance.now();
  /** Ids of frames that came twice or out of order; none should. */
  duplicates = 0;
  private readonly handlers: Handlers;

  constructor(handlers: Handlers) {
    this.handlers = handlers;
  }

  get lastId(): number {
    return this.last;
  }

  /** Seconds of the wall since the last frame. */
  get age_s(): number {
    return (performance.now() - this.heard) / 1000;
  }

  open(): void {
    this.source?.close();
    const source = new EventSource(this.last > 0 ? `/api/stream?id=${this.last}` : "/api/stream");
    this.source = source;
    const take = (event: MessageEvent): any | null => {
      const id = Number(event.lastEventId);
      if (id <= this.last) {
        this.duplicates += 1;
        return null;
      }
      this.last = id;
      return JSON.parse(event.data);
    };
    source.addEventListener("frame", (event) => {
      const body = take(event as MessageEvent);
      if (body === null) return;
      this.heard = performance.now();
      this.handlers.frame(body, this.last);
    });
    source.addEventListener("landing", (event) => {
      const body = take(event as MessageEvent);
      if (body !== null) this.handlers.landing(body);
    });
    source.addEventListener("message", (event) => {
      const body = take(event as MessageEvent);
      if (body !== null) this.handlers.message(body);
    });
    source.addEventListener("recovery", (event) => {
      const body = take(event as MessageEvent);
      if (body !== null) this.handlers.recovery(body);
    });
    source.addEventListener("gap", (event) => {
      const body = JSON.parse((event as MessageEvent).data);
      this.handlers.gap(body.from, body.to);
    });
    source.addEventListener("error", () => {
      // A browser gives up on some failures for good: then a new one goes on after the last that came
      if (source.readyState === EventSource.CLOSED && this.source === source) setTimeout(() => this.source === source && this.open(), 1000);
    });
  }

  close(): void {
    this.source?.close();
    this.source = null;
  }
}
