import { useEffect, useState } from "preact/hooks";
import { type ApiError, get, may, send } from "../api.ts";
import { onRecord } from "../live.ts";
import { tellChain } from "../parts/banners.tsx";
import { type DecisionWord, decisions } from "../parts/decision.tsx";
import { Load, messageOf, Problem, useLoad } from "../parts/load.tsx";
import { Text } from "../parts/text.tsx";
import { Time } from "../parts/time.tsx";
import { say } from "../parts/toast.tsx";
import type { LogRecord } from "../record.ts";
import { go, place, segments, withQuery } from "../router.ts";
import { Detail } from "./audit/detail.tsx";
import { Export } from "./audit/export.tsx";
import { asked, type Filter, filterOf, type Name, parseSearch } from "./audit/filter.ts";
import { Histogram } from "./audit/histogram.tsx";
import { SavedFilters } from "./audit/saved_filters.tsx";
import { Calls } from "./audit/table.tsx";
import "./audit.css";

export interface Chain {
  state: "verified" | "broken" | "reading";
  records: number;
  seq?: number;
  at?: string;
  first_bad?: { writer: string; epoch: number; seq: number };
  signatures?: { ok: boolean; at: string };
}

export interface About {
  word?: DecisionWord;
  result?: string;
  duration_us?: number;
}

export interface RecordPage {
  records: LogRecord[];
  about: About[];
  found: number;
  found_is: "exact" | "at_least";
  chain: Chain;
  next?: string;
}

const windows: [string, string][] = [["", "All time"], ["15m", "Last 15 minutes"], ["1h", "Last hour"], ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"], ["30d", "Last 30 days"]];

function ChainState(props: { of: Chain }) {
  const { of } = props;
  if (of.state === "broken") {
    const bad = of.first_bad;
    return <span class="chain broken">{`✕ The chain is broken${bad ? ` at ${bad.writer}/${bad.epoch}/${bad.seq}` : ""}`}</span>;
  }
  if (of.state === "reading") return <span class="chain">{`Reading the log: ${of.records.toLocaleString()} records so far`}</span>;
  return (
    <span class="chain">
      {`✓ Every link followed to record ${(of.seq ?? 0).toLocaleString()}, `}<Time of={of.at} />
      {of.signatures && <>{of.signatures.ok ? "; signatures good, " : "; signatures bad, "}<Time of={of.signatures.at} /></>}
    </span>
  );
}

function FilterBar(props: { filter: Filter }) {
  const { filter } = props;
  const [text, setText] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    const parsed = parseSearch(text);
    if (parsed.q && filter.q) parsed.q = filter.q + " " + parsed.q;
    setText("");
    go(withQuery(parsed));
  };
  const chips = (Object.entries(filter) as [Name, string][]).filter(([name]) => name !== "decision" && name !== "of" &&
    !(name === "since" && windows.some(([value]) => value === filter.since)));
  return (
    <div class="log-filters">
      <form role="search" onSubmit={submit}>
        <input type="search" data-search aria-label="Search the log" placeholder="agent, tool, rule or dec_…; or agent:ci decision:denied"
               value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <select aria-label="Decision" value={filter.decision ?? ""} onChange={(event) => go(withQuery({ decision: event.currentTarget.value }))}>
          <option value="">Every decision</option>
          <option value="refused">Refused in any way</option>
          {Object.entries(decisions).map(([word, { word: shown }]) => <option key={word} value={word}>{shown}</option>)}
        </select>
        <select aria-label="Time" value={windows.some(([value]) => value === (filter.since ?? "")) ? filter.since ?? "" : "custom"}
                onChange={(event) => go(withQuery({ since: event.currentTarget.value, until: null }))}>
          {windows.map(([value, shown]) => <option key={value} value={value}>{shown}</option>)}
          {!windows.some(([value]) => value === (filter.since ?? "")) && <option value="custom" disabled>As chosen</option>}
        </select>
        <button class="primary">Search</button>
      </form>
      {(chips.length > 0 || filter.of) && (
        <ul class="chips" aria-label="Filters">
          {chips.map(([name, value]) => (
            <li class="chip" key={name}>
              <span><span class="dim">{name === "q" ? "has: " : name + ": "}</span><Text of={value} /></span>
              <button type="button" class="plain" aria-label={`Remove the filter ${name}`} onClick={() => go(withQuery({ [name]: null }))}>✕</button>
            </li>
          ))}
          {filter.of === "records" && (
            <li class="chip"><span>every record, not calls alone</span>
              <button type="button" class="plain" aria-label="Show calls alone" onClick={() => go(withQuery({ of: null }))}>✕</button></li>
          )}
          <li><a href={place.value.path}>Clear all</a></li>
        </ul>
      )}
      <SavedFilters filter={filter} />
    </div>
  );
}

/** Nothing fits: what each filter keeps out, the one first without which most would be there. */
function Nothing(props: { filter: Filter }) {
  const set = (Object.keys(props.filter) as Name[]).filter((name) => name !== "of");
  const without = useLoad(async (signal) => {
    const counts = await Promise.all(set.map(async (name) => {
      const page = await get<RecordPage>("/records", { ...asked({ ...props.filter, [name]: undefined }), limit: 1 }, signal);
      return { name, found: page.found };
    }));
    return counts.filter((one) => one.found > 0).sort((a, b) => b.found - a.found);
  }, [JSON.stringify(props.filter)]);
  if (set.length === 0) {
    return <p class="empty">No calls yet. The log begins with the gateway; the first call of an agent appears here at once.</p>;
  }
  return (
    <div class="empty">
      <p>No call fits all of these filters.</p>
      <Load from={without}>{(rows) => rows.length === 0 ? <p>{"Nor would any without one of them. "}<a href="/audit">Clear all</a></p> : (
        <ul>{rows.map((one) => (
          <li key={one.name}>
            <a href={withQuery({ [one.name]: null })}>{"Without "}<strong>{one.name === "q" ? "the search" : one.name}</strong></a>
            {`: ${one.found.toLocaleString()} ${one.found === 1 ? "call" : "calls"}`}
          </li>
        ))}</ul>
      )}</Load>
    </div>
  );
}

function Verify() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const verify = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const done = await send<{ ok: boolean; records: number; checkpoints: number; first_bad?: { reason: string; seq: number } }>("POST", "/audit/verify");
      if (done.ok) say(`The log is whole: ${done.records.toLocaleString()} records and ${done.checkpoints.toLocaleString()} signed checkpoints agree.`);
      else setProblem(`The log is not whole. Record ${done.first_bad?.seq}: ${done.first_bad?.reason}`);
    } catch (error) {
      setProblem(messageOf(error as ApiError));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" onClick={() => void verify()} disabled={busy}>{busy ? "Verifying…" : "Verify the log"}</button>
      {problem && <Problem of={problem} />}
    </>
  );
}

/** How many calls were decided since the list was read. */
function useNews(key: string): [number, () => void] {
  const [news, setNews] = useState(0);
  useEffect(() => {
    setNews(0);
    return onRecord((record) => { if (record.event === "call.intent" || record.event === "call.denied") setNews((old) => old + 1); });
  }, [key]);
  return [news, () => setNews(0)];
}

export default function Audit() {
  const filter = filterOf(place.value.query);
  const key = JSON.stringify(filter);
  const id = segments()[1];
  const first = useLoad(async (signal) => ({ ...await get<RecordPage>("/records", { ...asked(filter), limit: 50 }, signal), filter }), [key]);
  const [older, setOlder] = useState<{ key: string; pages: RecordPage[] }>({ key, pages: [] });
  const [exporting, setExporting] = useState(false);
  const [news, seen] = useNews(key + String(first.loading));
  useEffect(() => { setOlder({ key, pages: [] }); }, [first.value]);
  useEffect(() => { tellChain(first.value?.chain); }, [first.value]);
  const pages = first.value ? [first.value, ...(older.key === key ? older.pages : [])] : [];
  const next = pages[pages.length - 1]?.next;
  const more = async () => {
    try {
      const page = await get<RecordPage>("/records", { ...asked(filter), limit: 100, cursor: next });
      setOlder((old) => ({ key, pages: [...(old.key === key ? old.pages : []), page] }));
    } catch (error) {
      say(messageOf(error));
    }
  };
  const shown = pages.reduce((sum, page) => sum + page.records.length, 0);
  return (
    <>
      <div class="audit-head">
        <h1>Audit log</h1>
        {first.value ? <ChainState of={first.value.chain} /> : first.loading && <span class="chain">Reading the log</span>}
        {may("auditor") && (
          <span class="row"><Verify /><button type="button" onClick={() => setExporting(true)}>Export</button></span>
        )}
      </div>
      <FilterBar filter={filter} />
      <div class={"audit" + (id ? " open" : "")}>
        <section class="list" aria-label="Calls">
          <Load from={first}>{(page) => page.records.length === 0 ? <Nothing filter={filter} /> : (
            <>
              <p class="count-line" role="status">
                <strong>{`${page.found_is === "at_least" ? "at least " : ""}${page.found.toLocaleString()} ${asked(filter).of === "calls"
                  ? page.found === 1 ? "call" : "calls" : page.found === 1 ? "record" : "records"}`}</strong>
                {news > 0 && <button type="button" class="plain" onClick={() => { seen(); first.again(); }}>{`${news.toLocaleString()} new: show`}</button>}
                {asked(filter).of === "calls" && <a href={withQuery({ of: "records" })}>every record, changes and approvals too</a>}
              </p>
              {/* Its figures are asked for once the list stands: they take longer. */}
              <Histogram filter={page.filter} />
              <Calls pages={pages} selected={id} />
              <p class="row dim">
                {`${shown.toLocaleString()} shown. `}
                {next && <button type="button" onClick={() => void more()}>Show older</button>}
              </p>
            </>
          )}</Load>
        </section>
        {id && <Detail id={id} close={withQuery({}).replace(/^[^?]*/, "/audit")} />}
      </div>
      {exporting && <Export filter={filter} onClose={() => setExporting(false)} />}
    </>
  );
}
