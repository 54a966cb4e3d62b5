// Where the console is: path and query of the address, which hold the page and every filter of it.
import { signal } from "@preact/signals";

export interface Place {
  path: string;
  query: URLSearchParams;
}

function read(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** The address as it is; changes with every navigation. */
export const place = signal<Place>(read());

addEventListener("popstate", () => { place.value = read(); });

/** Goes to an address of the console. `replace`: Back then skips the one that was left. */
export function go(address: string, replace = false): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  const old = place.value.path;
  place.value = read();
  if (!replace && place.value.path !== old) {
    scrollTo(0, 0);
    // A screen reader goes on from the new page's heading.
    requestAnimationFrame(() => document.getElementById("content")?.focus());
  }
}

/** The address of the present page with members of its query set, or removed where null or empty. */
export function withQuery(members: Record<string, string | null | undefined>): string {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(members)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return place.value.path + (text ? "?" + text : "");
}

/** Sets filters of the present page, without a step for Back. */
export function setQuery(members: Record<string, string | null | undefined>): void {
  go(withQuery(members), true);
}

/** An address made of segments, each escaped: address(["servers", name], {tool}). */
export function address(segments: string[], query: Record<string, string | number | null | undefined> = {}): string {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") set.set(name, String(value));
  }
  const text = set.toString();
  return "/" + segments.map(encodeURIComponent).join("/") + (text ? "?" + text : "");
}

/** The segments of the present path, unescaped; an escape that is none stays as it is. */
export function segments(): string[] {
  return place.value.path.split("/").filter(Boolean).map((one) => {
    try {
      return decodeURIComponent(one);
    } catch {
      return one;
    }
  });
}

/** Lets plain clicks on links of the console navigate without a load. Installed once, on the document. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  const path = link.pathname;
  if (path.startsWith("/api/") || path.startsWith("/v0")) return;
  if (link.hash && path === location.pathname && link.search === location.search) return;
  event.preventDefault();
  go(path + link.search + link.hash);
}
