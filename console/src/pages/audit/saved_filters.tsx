import { useEffect, useState } from "preact/hooks";
import { session } from "../../api.ts";
import { Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";
import { visible } from "../../visible.ts";
import { type Filter } from "./filter.ts";
import { longestName, mostSaved, queryOf, readSaved, type Saved, withSaved } from "./saved.ts";

/** The saved filters of who is signed in, also as another tab changes them. */
function useSaved(): [Saved[], (next: Saved[]) => void] {
  const key = "doorward.filters." + (session.value?.name ?? "");
  const read = () => {
    try {
      return readSaved(localStorage.getItem(key));
    } catch {
      return [];
    }
  };
  const [saved, setSaved] = useState<Saved[]>(read);
  useEffect(() => {
    setSaved(read());
    const changed = (event: StorageEvent) => { if (event.key === key) setSaved(read()); };
    addEventListener("storage", changed);
    return () => removeEventListener("storage", changed);
  }, [key]);
  const keep = (next: Saved[]) => {
    try {
      localStorage.setItem(key, JSON.stringify(next));
      setSaved(next);
    } catch {
      say("This browser keeps nothing, so no filter can be saved.");
    }
  };
  return [saved, keep];
}

export function SavedFilters(props: { filter: Filter }) {
  const [saved, keep] = useSaved();
  const [name, setName] = useState<string>();
  const query = queryOf(props.filter);
  useEffect(() => setName(undefined), [query]);
  const known = saved.some((one) => one.query === query);
  const save = (event: Event) => {
    event.preventDefault();
    const next = name?.trim() ? withSaved(saved, { name: name.trim(), query }) : undefined;
    if (!next) return say(`${mostSaved} filters are saved already. Forget one of them first.`);
    keep(next);
    setName(undefined);
  };
  const forget = (one: Saved) => {
    keep(saved.filter((each) => each !== one));
    say(`Forgot the filter ${one.name}.`, () => keep(saved));
  };
  const offers = query !== "" && !known;
  if (saved.length === 0 && !offers) return null;
  return (
    <div class="row saved">
      {saved.length > 0 && (
        <>
          <span class="dim">Saved</span>
          <ul class="chips" aria-label="Saved filters">
            {saved.map((one) => (
              <li class="chip" key={one.name} aria-current={one.query === query ? "true" : undefined}>
                <a href={"/audit?" + one.query}><Text of={one.name} /></a>
                <button type="button" class="plain" aria-label={`Forget the filter ${visible(one.name)}`} onClick={() => forget(one)}>✕</button>
              </li>
            ))}
          </ul>
        </>
      )}
      {offers && (name === undefined
        ? <button type="button" class="plain" onClick={() => setName("")}>Save this filter…</button>
        : (
          <form class="row" onSubmit={save} onKeyDown={(event) => { if (event.key === "Escape") setName(undefined); }}>
            <input aria-label="Name of the filter" placeholder="Name of the filter" required maxLength={longestName} autocomplete="off" value={name}
                   ref={(field) => { if (field && document.activeElement === document.body) field.focus(); }} onInput={(event) => setName(event.currentTarget.value)} />
            <button>Save filter</button>
            <button type="button" class="plain" onClick={() => setName(undefined)}>Cancel</button>
          </form>
        ))}
    </div>
  );
}
