import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.ts";
import { useKeys } from "../keys.ts";
import { connected, onRecord } from "../live.ts";
import { Columns, order } from "../parts/chart.tsx";
import { Decision, decisions, type DecisionWord } from "../parts/decision.tsx";
import { Load, useLoad } from "../parts/load.tsx";
import { Text } from "../parts/text.tsx";
import { Time, useNow } from "../parts/time.tsx";
import { plural } from "../model.ts";
import { agentOf, type LogRecord, shortRule, targetOf, wordOf } from "../record.ts";
import { address, place, setQuery } from "../router.ts";
import { visible } from "../visible.ts";
import "./live.css";

const mostKept = 300;
const seconds = 60;

/** In at most 60 characters: the author's words, else the rule. */
function reasonOf(record: LogRecord): string {
  const text = (record.reason ?? "").replace(/^\[[A-Z ]+\] /, "") || (record.rule ? shortRule(record.rule) : "");
  return text.length > 60 ? text.slice(0, 59) + "…" : text;
}

/** A decision about what an agent wants; handshakes and lists are none. */
function isDecision(record: LogRecord): boolean {
  return (record.event === "call.intent" || record.event === "call.denied") && Boolean(record.tool || record.target);
}

/** Calls a second of the last minute. */
function Spark(props: { of: LogRecord[] }) {
  const now = useNow(1000);
  const columns = Array.from({ length: seconds }, (_, i) => ({ label: `${seconds - i} s ago`, counts: {} as Partial<Record<DecisionWord, number>> }));
  for (const record of props.of) {
    const age = Math.floor((now - Date.parse(record.time)) / 1000);
    const word = wordOf(record);
    const column = columns[seconds - 1 - age];
    if (word && column) column.counts[word] = (column.counts[word] ?? 0) + 1;
  }
  return (
    <figure class="spark panel">
      <div><Columns plain title="Calls by decision in the last minute" columns={columns} words={order} of="When" /></div>
      <figcaption><span>a minute ago</span><span>{plural(columns.reduce((all, one) => all + Object.values(one.counts).reduce((sum, count) => sum + count, 0), 0), "call")} in the last minute</span><span>now</span></figcaption>
    </figure>
  );
}

export default function Live() {
  const agent = place.value.query.get("agent") ?? "";
  const decision = place.value.query.get("decision") ?? "";
  const before = useLoad((signal) => get<{ records: LogRecord[] }>("/records", { of: "calls", limit: 50 }, signal), []);
  const [came, setCame] = useState<LogRecord[]>([]);
  const [held, setHeld] = useState<LogRecord[]>([]);
  const [paused, setPaused] = useState(false);
  const isPaused = useRef(paused);
  isPaused.current = paused;
  useEffect(() => onRecord((record) => {
    if (record.event === "reset") return before.again();
    if (!isDecision(record)) return;
    (isPaused.current ? setHeld : setCame)((old) => [record, ...old].slice(0, mostKept));
  }), []);
  const go = () => {
    setCame((old) => [...held, ...old].slice(0, mostKept));
    setHeld([]);
    setPaused(false);
  };
  useKeys([{ key: "p", what: "pause, and go on", act: () => (paused ? go() : setPaused(true)) }]);
  const known = new Set(came.map((one) => one.id));
  const everything = [...came, ...(before.value?.records ?? []).filter((one) => isDecision(one) && !known.has(one.id))];
  const agents = [...new Set([...everything.map(agentOf), agent])].filter(Boolean).sort();
  const shown = everything.filter((one) => (!agent || agentOf(one) === agent) && (!decision || wordOf(one) === decision)).slice(0, mostKept);
  return (
    <>
      <h1>Live</h1>
      <div class="live-bar">
        {paused ? <button type="button" class="primary" onClick={go}>{`Resume${held.length > 0 ? `: ${held.length}${held.length === mostKept ? " or more" : ""} new` : ""}`}</button>
          : <button type="button" onClick={() => setPaused(true)}>Pause</button>}
        <label>Follow
          <select value={agent} onChange={(event) => setQuery({ agent: event.currentTarget.value })}>
            <option value="">every agent</option>
            {agents.map((one) => <option key={one} value={one}>{visible(one)}</option>)}
          </select>
        </label>
        <label>Show
          <select value={decision} onChange={(event) => setQuery({ decision: event.currentTarget.value })}>
            <option value="">every decision</option>
            {Object.entries(decisions).map(([word, own]) => <option key={word} value={word}>{own.word}</option>)}
          </select>
        </label>
        <span class={"dim up" + (connected.value && !paused ? " on" : "")} role="status">{paused ? "Paused." : connected.value ? "Connected." : "Connecting."}</span>
      </div>
      <Spark of={everything} />
      <Load from={before}>{() => shown.length === 0 ? (
        <p class="empty">
          {connected.value ? "Connected. Nothing is happening." : "Connecting to the gateway."}
          {everything[0] && <>{" The last call was "}<Time of={everything[0].time} />{"."}</>}
        </p>
      ) : (
        <ol class="stream" aria-label="Decisions, the newest at the top">
          {shown.map((one) => {
            const word = wordOf(one);
            return (
              <li key={`${one.writer}/${one.epoch}/${one.seq}`} class={known.has(one.id) ? "new" : ""}>
                <a data-row href={address(["audit", one.id ?? ""])}><Time of={one.time} exact /></a>
                <span>{word && <Decision of={word} />}</span>
                <span class="agent"><Text of={agentOf(one)} /></span>
                <span class={"tool" + (one.tool ? " mono" : " dim")}><Text of={targetOf(one)} /></span>
                <span class="why">{reasonOf(one) && <Text of={reasonOf(one)} />}</span>
              </li>
            );
          })}
        </ol>
      )}</Load>
    </>
  );
}
