// Keys: what each does on every page, and what a page adds. None acts while something is typed.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { go } from "./router.ts";

export interface Key {
  key: string;
  what: string;
  act: () => void;
}

/** What the present page adds, for the help. */
export const pageKeys = signal<Key[]>([]);
export const helpOpen = signal(false);

export const places: [string, string, string][] = [["o", "/", "Overview"], ["l", "/live", "Live"], ["a", "/approvals", "Approvals"],
  ["u", "/audit", "Audit log"], ["s", "/servers", "Servers"], ["t", "/tools", "Tools"], ["p", "/policies", "Policies"],
  ["g", "/agents", "Agents"]];

let afterG = 0;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, select, textarea, [contenteditable], .cm-editor") !== null;
}

/** Moves to the next (1) or the last (-1) of the rows that a page marks by `data-row`. */
function step(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  if (rows.length === 0) return;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))]!;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function search(): void {
  const field = document.querySelector<HTMLInputElement>("[data-search]");
  field?.focus();
  field?.select();
}

export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const now = Date.now();
  const place = now - afterG < 1500 ? places.find(([key]) => key === event.key) : undefined;
  afterG = 0;
  if (place) go(place[1]);
  else if (event.key === "g") afterG = now;
  else if (event.key === "/") search();
  else if (event.key === "?") helpOpen.value = true;
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else {
    const own = pageKeys.value.find((one) => one.key === event.key);
    if (!own) return;
    own.act();
  }
  event.preventDefault();
}

/** Adds keys while the page is drawn. */
export function useKeys(keys: Key[]): void {
  useEffect(() => { pageKeys.value = keys; });
  useEffect(() => () => { pageKeys.value = []; }, []);
}
