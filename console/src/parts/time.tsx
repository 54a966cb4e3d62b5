import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

// Made once: a formatter costs a hundred times what it formats.
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function ago(seconds: number): string {
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  return `${Math.floor(seconds / 60)} min ago`;
}

/** "in 3:20", from now to a moment; "over" once it has passed. */
export function countdown(ms: number): string {
  if (ms <= 0) return "over";
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const rest = `${String(Math.floor(seconds / 60) % 60).padStart(hours ? 2 : 1, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** "9 min", "3 h 20 min", "12 days 4 h": in the two greatest units. */
export function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (days > 0) return `${days} ${days === 1 ? "day" : "days"} ${hours} h`;
  return hours > 0 ? `${hours} h ${rest} min` : `${rest} min`;
}

/** The present moment, anew every `ms`, for what counts down or ages. */
export function useNow(ms = 1000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}

/** The present moment of all that ages, anew every quarter of a minute: one clock, however many rows. */
const tick = signal(Date.now());
setInterval(() => { tick.value = Date.now(); }, 15_000);

/** A moment: relative under an hour, else local; UTC on hover. `of`: RFC 3339, or milliseconds. */
export function Time(props: { of: string | number | null | undefined; exact?: boolean }) {
  const now = Math.max(tick.value, Date.now());
  if (props.of === null || props.of === undefined || props.of === "") return <span class="dim">never</span>;
  const moment = new Date(props.of);
  if (Number.isNaN(moment.getTime())) return <span class="dim">unknown</span>;
  const seconds = (now - moment.getTime()) / 1000;
  const local = () => (moment.toDateString() === new Date(now).toDateString() ? clock : calendar).format(moment);
  const text = !props.exact && seconds >= -5 && seconds < 3600 ? ago(Math.max(0, seconds)) : local();
  return <time dateTime={moment.toISOString()} title={moment.toISOString().replace("T", " ").replace("Z", " UTC")}>{text}</time>;
}
