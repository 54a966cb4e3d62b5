import { useEffect, useState } from "preact/hooks";
import { get } from "../../api.ts";
import { categories, plural, severities } from "../../model.ts";
import { Risk } from "../../parts/decision.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Shares } from "../../parts/facts.tsx";
import { Text } from "../../parts/text.tsx";
import { address, place, setQuery, withQuery } from "../../router.ts";

interface ToolFound { server: string; tool: string; outer?: string; gone?: boolean; category: string; severity: string; confidence: number; signals: string[]; description: string; behind_gateway?: string; reviewed?: boolean; override?: object }
interface ServerFound { slug: string; listing: { title?: string; name?: string; description?: string }; sources: string[]; tools: number; by_severity: Record<string, number> }
interface Found { tools?: ToolFound[]; servers?: ServerFound[]; found: number; next?: string }
interface Counts { servers: number; tools: number; by_category: Record<string, number>; by_severity: Record<string, number>; overrides: number }

const signals: [string, string][] = [
  ["handles-secrets", "handles secrets"], ["returns-secrets", "returns secrets"], ["accepts-url", "accepts a URL"],
  ["accepts-path", "accepts a path"], ["accepts-code", "accepts code or a query"], ["accepts-markup", "accepts HTML or a template"],
  ["many-parameters", "many parameters"], ["bulk", "affects several targets"], ["admin", "admin or system level"],
  ["live-infrastructure", "changes live infrastructure"], ["costs-money", "costs money per call"], ["untrusted-content", "reads what others wrote"],
  ["private-data", "reads private data"], ["sends-out", "sends data out"], ["raw-api", "raw API"],
  ["irreversible", "irreversible"], ["opaque-argument", "opaque argument"], ["many-actions", "hides many actions"],
];

const same = (names: readonly string[]) => names.map((one): [string, string] => [one, one]);

function Stack(props: { slug: string }) {
  const chosen = (place.value.query.get("pick") ?? "").split("+").filter(Boolean);
  const picked = chosen.includes(props.slug);
  const next = picked ? chosen.filter((one) => one !== props.slug) : [...chosen, props.slug];
  return <label><input type="checkbox" checked={picked} onChange={() => setQuery({ pick: next.join("+") })} />{" in a stack"}<span class="hidden-visually">{": "}<Text of={props.slug} /></span></label>;
}

/** Search over everything that the catalogue knows, behind the gateway or not. */
export function CatalogueSearch() {
  const { query } = place.value;
  const asked = { query: query.get("q") ?? "", of: query.get("of") ?? "tools", server: query.get("server") ?? "", category: query.get("category") ?? "",
    severity: query.get("least") ?? "", signal: query.get("signal") ?? "" };
  const cursor = query.get("from") ?? "";
  const counts = useLoad((signal) => get<Counts>("/catalogue/counts", {}, signal), []);
  const found = useLoad((signal) => get<Found>("/catalogue", { ...asked, cursor, limit: 50 }, signal), [JSON.stringify(asked), cursor]);
  const [words, setWords] = useState(asked.query);
  useEffect(() => {
    if (words === asked.query) return;
    const wait = setTimeout(() => setQuery({ q: words, from: null }), 200);
    return () => clearTimeout(wait);
  }, [words]);
  const select = (name: string, label: string, empty: string, options: readonly (readonly [string, string])[]) => (
    <label>{label}
      <select value={query.get(name) ?? ""} onChange={(event) => setQuery({ [name]: event.currentTarget.value, from: null })}>
        <option value="">{empty}</option>
        {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </label>
  );
  const picked = query.get("pick") ?? "";
  return (
    <>
      <Load from={counts}>
        {(value) => (
          <>
            <p class="lead">{`The catalogue knows ${plural(value.tools, "tool")} of ${plural(value.servers, "server")}.`}{value.overrides > 0 && ` People said otherwise of ${value.overrides}.`}</p>
            <Shares label="Tools by severity" of={severities.map((kind) => ({ name: kind, kind, count: value.by_severity[kind] ?? 0, href: address(["tools"], { view: "catalogue", least: kind }) }))} />
          </>
        )}
      </Load>
      <form class="filters" role="search" onSubmit={(event) => { event.preventDefault(); setQuery({ q: words, from: null }); }}>
        <label>Words<input type="search" data-search value={words} placeholder="delete, refund, s3 bucket…" onInput={(event) => setWords(event.currentTarget.value)} /></label>
        <label>Look for
          <select value={asked.of} onChange={(event) => setQuery({ of: event.currentTarget.value === "tools" ? null : event.currentTarget.value, from: null })}>
            <option value="tools">tools</option><option value="servers">servers</option>
          </select></label>
        {asked.of === "tools" && select("category", "Category", "any", same(categories))}
        {asked.of === "tools" && select("least", "Severity at least", "any", same(severities))}
        {asked.of === "tools" && select("signal", "Signal", "any", signals)}
        {asked.server && <a class="chip" href={withQuery({ server: null, from: null })}>{"server "}<Text of={asked.server} />{" ✕"}</a>}
      </form>
      <Load from={found}>
        {(value) => value.found === 0 ? <p class="empty">{"Nothing in the catalogue is like that. "}<a href={address(["tools"], { view: "catalogue" })}>Show everything</a></p> : (
          <>
            <p class="row spread"><span class="dim" role="status">{`${value.found >= 10000 ? "10,000 or more" : value.found.toLocaleString()} found`}</span>
              {picked.includes("+") && <a class="button" href={address(["tools"], { stack: picked })}>{`Look at ${picked.split("+").length} servers as a stack`}</a>}</p>
            {value.tools && (
              <table class="cards dense named">
                <thead><tr><th>Tool</th><th>Risk</th><th>What it says of itself</th><th>Signals</th></tr></thead>
                <tbody>{value.tools.map((one) => (
                  <tr key={one.server + "/" + one.tool}>
                    <td><a href={address(["tools", one.server, one.tool])}><Text of={one.tool} /></a><br />
                      <a class="dim" href={address(["tools", one.server])}><Text of={one.server} /></a>{one.behind_gateway && <span class="dim">, connected</span>}{one.gone && <span class="dim">, gone</span>}
                      {one.reviewed === false && <span class="failed">, not reviewed</span>}</td>
                    <td data-label="Risk"><Risk severity={one.severity} category={one.category} />{one.override ? <span class="dim">{" by a person"}</span> : null}</td>
                    <td data-label="Says"><Text of={one.description} /></td>
                    <td data-label="Signals" class="dim">{one.signals.map((signal) => new Map(signals).get(signal) ?? signal).join(", ")}</td>
                  </tr>
                ))}</tbody>
              </table>
            )}
            {value.servers && (
              <table class="cards dense named">
                <thead><tr><th>Server</th><th class="number">Tools</th><th class="number">Critical</th><th class="number">High</th><th>Known from</th><th>Stack</th></tr></thead>
                <tbody>{value.servers.map((one) => (
                  <tr key={one.slug}>
                    <td><a href={address(["tools", one.slug])}><Text of={one.listing.title || one.listing.name || one.slug} /></a>{one.listing.description && <><br /><span class="dim"><Text of={one.listing.description} /></span></>}</td>
                    <td data-label="Tools" class="number"><a href={address(["tools"], { view: "catalogue", server: one.slug })}>{one.tools}</a></td>
                    <td data-label="Critical" class="number">{one.by_severity["critical"] ?? 0}</td>
                    <td data-label="High" class="number">{one.by_severity["high"] ?? 0}</td>
                    <td data-label="Known from">{one.sources.join(", ")}</td>
                    <td><Stack slug={one.slug} /></td>
                  </tr>
                ))}</tbody>
              </table>
            )}
            {value.next && <p><a class="button" href={withQuery({ from: value.next })}>Next page</a></p>}
          </>
        )}
      </Load>
    </>
  );
}
