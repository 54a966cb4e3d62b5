// Filters of the log that a person gave a name: kept by the browser, for each person their own.
import { type Filter, names } from "./filter.ts";

export interface Saved {
  name: string;
  /** As it stands in the address, its members in one order. */
  query: string;
}

export const mostSaved = 50;
export const longestName = 60;

/** A filter as its query, the same for the same filter. */
export function queryOf(filter: Filter): string {
  const query = new URLSearchParams();
  for (const name of names) if (filter[name]) query.set(name, filter[name]);
  return query.toString();
}

/** What a browser kept; what is no saved filter is passed over. */
export function readSaved(text: string | null): Saved[] {
  try {
    const kept: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(kept)) return [];
    return kept.filter((one): one is Saved => typeof one?.name === "string" && typeof one?.query === "string" &&
      one.name !== "" && one.name.length <= longestName).slice(0, mostSaved);
  } catch {
    return [];
  }
}

/** With one more, by name; one of that name is replaced. Undefined where there are as many as are kept. */
export function withSaved(old: Saved[], one: Saved): Saved[] | undefined {
  const others = old.filter((each) => each.name !== one.name);
  if (others.length >= mostSaved) return undefined;
  return [...others, one].sort((a, b) => a.name.localeCompare(b.name));
}
