// The gateway's clock, by which requests expire and records are dated; the browser's may be another.
import { signal } from "@preact/signals";

/** How far the gateway's clock is ahead of the browser's, in ms; what a request's way explains counts as none. */
export const ahead = signal(0);
const noise = 5000;

/** The gateway said that it was `text` between two moments of the browser. */
export function learnTime(text: string | undefined, before: number, after: number): void {
  const off = text ? Date.parse(text) - (before + after) / 2 : 0;
  ahead.value = Math.abs(off) > noise + (after - before) ? off : 0;
}

export function gatewayNow(): number {
  return Date.now() + ahead.value;
}
