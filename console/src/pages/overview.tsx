import { useEffect } from "preact/hooks";
import { get, may } from "../api.ts";
import { onRecord } from "../live.ts";
import { BarList, Legend, overTime, refusals, TimeColumns } from "../parts/chart.tsx";
import { Copy } from "../parts/copy.tsx";
import { type DecisionWord, decisions } from "../parts/decision.tsx";
import { Load, useLoad } from "../parts/load.tsx";
import { Text } from "../parts/text.tsx";
import { Time } from "../parts/time.tsx";
import { milliseconds, shortRule } from "../record.ts";
import { address, place, withQuery } from "../router.ts";
import "./overview.css";

type Counts = Record<DecisionWord, number> & { calls: number; refused: number; refused_percent: number };

interface Group extends Counts {
  server?: string;
  tool?: string;
  agent?: string;
  policy?: string;
  main_rule?: string;
  main_rule_count?: number;
}

interface Statistics {
  since: string;
  until: string;
  step_s: number;
  totals: Counts;
  waiting: { count: number; oldest_s?: number };
  latency: { calls: number; total_p50_us?: number; total_p95_us?: number; added_p50_us?: number; added_p95_us?: number };
  series: (Counts & { at: string })[];
  refused_tools: Group[];
  refused_agents: Group[];
}

interface Attention {
  kind: string;
  sentence: string;
  count: number;
  since?: string;
  page: string;
  filters: Record<string, string>;
}

const spans: [string, string][] = [["24h", "24 h"], ["7d", "7 days"], ["30d", "30 days"]];
const grave = ["log_broken", "log_not_accepting", "tool_changed", "destructive_unguarded"];
const minor = ["grant_unused"];
const shownRefusals: DecisionWord[] = [...refusals, "would_deny"];

/** The page of an item: of a server its own, else the one that is named, filtered. */
function pageOf(item: Attention): string {
  if (item.page === "servers" && item.filters["server"]) return address(["servers", item.filters["server"]]);
  return address([item.page === "log" ? "audit" : item.page], item.filters);
}

function AttentionList(props: { of: Attention[] }) {
  if (props.of.length === 0) return <p class="empty">Nothing needs you. Every server answers, no call waits, and the log is whole.</p>;
  return (
    <ol class="attention" aria-label="What needs attention, the most harmful first">
      {props.of.map((one, i) => (
        <li key={i} class={grave.includes(one.kind) ? "grave" : minor.includes(one.kind) ? "minor" : one.page === "approvals" ? "waits" : ""}>
          <a data-row href={pageOf(one)}>
            <span><Text of={one.sentence} /></span>{one.since && <span class="age"><Time of={one.since} /></span>}
          </a>
        </li>
      ))}
    </ol>
  );
}

function age(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  return seconds < 60 ? `the oldest for ${seconds} s` : `the oldest for ${Math.round(seconds / 60)} min`;
}

function Tiles(props: { of: Statistics; span: string }) {
  const { of, span } = props;
  const { latency } = of;
  return (
    <div class="tiles">
      <a class={"panel tile" + (of.waiting.count > 0 ? " urgent" : "")} href="/approvals">
        <span class="label">Waiting for a person</span><span class="value">{of.waiting.count.toLocaleString()}</span>
        <span class="more">{of.waiting.count > 0 ? age(of.waiting.oldest_s) : "nothing waits"}</span>
      </a>
      <a class="panel tile" href={address(["audit"], { since: span })}>
        <span class="label">Calls</span><span class="value">{of.totals.calls.toLocaleString()}</span>
        <span class="more">{of.totals.error > 0 ? `${of.totals.error.toLocaleString()} failed behind the gateway` : "none failed behind the gateway"}</span>
      </a>
      <div class="panel tile">
        <span class="label">Refused</span>
        <span class="value"><a href={address(["audit"], { since: span, decision: "refused" })}>{`${of.totals.refused_percent.toLocaleString(undefined, { maximumFractionDigits: 1 })} %`}</a></span>
        <span class="more">
          {shownRefusals.filter((word) => of.totals[word] > 0).map((word, i) => (
            <>{i > 0 && ", "}<a href={address(["audit"], { since: span, decision: word })}>{`${of.totals[word].toLocaleString()} ${decisions[word].word.toLowerCase()}`}</a></>
          ))}
          {of.totals.refused + of.totals.would_deny === 0 && "nothing"}
        </span>
      </div>
      <div class="panel tile">
        <span class="label">Added by the gateway</span>
        <span class="value">{latency.added_p50_us === undefined ? "–" : milliseconds(latency.added_p50_us)}</span>
        <span class="more">{latency.added_p95_us === undefined ? "no call forwarded since the gateway started" : `at the median; 95 % of calls under ${milliseconds(latency.added_p95_us)}, with the server ${milliseconds(latency.total_p95_us)}`}</span>
      </div>
    </div>
  );
}

function CallsByDecision(props: { of: Statistics }) {
  const { of } = props;
  const columns = overTime(of.series, of.step_s);
  const seen = shownRefusals.filter((word) => of.totals[word] > 0);
  const every = of.step_s >= 86_400 ? "day by day" : "hour by hour";
  const range = (since: string, until: string) => address(["audit"], { since, until });
  return (
    <>
      <figure class="chart panel">
        <figcaption>Calls <span class="dim">{every}</span></figcaption>
        <TimeColumns title={`Calls, ${every}`} words={["allowed"]} columns={columns.map((one) => ({ ...one, counts: { allowed: (one.counts as Counts).calls } }))} range={range} />
        <p class="legend dim">Drag over the chart to see the calls of that time.</p>
      </figure>
      <figure class="chart panel">
        <figcaption>Refused <span class="dim">{`${every}, on a scale of its own`}</span></figcaption>
        <TimeColumns title={`Refusals, ${every}`} words={shownRefusals} columns={columns} range={range} />
        {seen.length > 0 ? <Legend words={seen} /> : <p class="legend dim">Nothing was refused.</p>}
      </figure>
    </>
  );
}

function Overhead(props: { of: Statistics["latency"] }) {
  const { of } = props;
  const rows: [string, number | undefined, number | undefined][] = [["Added by the gateway", of.added_p50_us, of.added_p95_us],
    ["The whole call, with the server", of.total_p50_us, of.total_p95_us]];
  const most = Math.max(1, ...rows.map(([, , p95]) => p95 ?? 0));
  return (
    <figure class="chart panel">
      <figcaption>How long calls take</figcaption>
      {of.calls === 0 ? <p class="dim">No call was forwarded in this time.</p> : (
        <table class="quantiles">
          <caption class="hidden-visually">How long calls take</caption>
          <thead><tr><th scope="col">Part</th><th class="number" scope="col">Half under</th><th class="number" scope="col">95 % under</th></tr></thead>
          <tbody>{rows.map(([name, p50, p95]) => (
            <tr key={name}>
              <th scope="row">{name}
                <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" height="6"><rect class="bar-allowed" width={((p95 ?? 0) / most) * 100} height="4" /></svg>
              </th>
              <td class="number">{milliseconds(p50)}</td><td class="number">{milliseconds(p95)}</td>
            </tr>
          ))}</tbody>
        </table>
      )}
    </figure>
  );
}

function Refused(props: { of: Statistics; span: string }) {
  const { of, span } = props;
  const tools = of.refused_tools.slice(0, 6).map((one) => ({
    name: `${one.server}.${one.tool}`, value: one.refused + one.would_deny,
    href: address(["audit"], { server: one.server, tool: one.tool, since: span }),
    shown: one.refused > 0 || one.would_deny === 0 ? `${one.refused.toLocaleString()} of ${one.calls.toLocaleString()}` : `${one.would_deny.toLocaleString()} would be`,
    more: one.main_rule && <a class="mono" title={one.main_rule} href={address(["audit"], { server: one.server, tool: one.tool, rule: one.main_rule, since: span })}><Text of={shortRule(one.main_rule)} /></a>,
  }));
  const agents = of.refused_agents.slice(0, 6).map((one) => ({
    name: one.agent ?? "", value: one.refused + one.would_deny, href: address(["audit"], { agent: one.agent, since: span }),
    shown: `${(one.refused + one.would_deny).toLocaleString()} of ${one.calls.toLocaleString()}`,
  }));
  return (
    <>
      <figure class="chart panel">
        <figcaption>Tools that were refused most, and by which rule</figcaption>
        {tools.length > 0 ? <BarList bars={tools} word="denied" mono /> : <p class="dim">Nothing was refused.</p>}
      </figure>
      <div class="stack">
        <figure class="chart panel">
          <figcaption>Agents that were refused</figcaption>
          {agents.length > 0 ? <BarList bars={agents} word="denied" /> : <p class="dim">Nobody was refused.</p>}
        </figure>
        <Overhead of={of.latency} />
      </div>
    </>
  );
}

function NoCalls() {
  return (
    <div class="panel">
      <h2>No calls yet</h2>
      <p>Waiting for the first one.</p>
      {may() && <p><a class="button primary" href="/start">Set up in five steps</a></p>}
      <p>{"Or connect a client under "}<a href="/agents">Agents</a>{", then ask it:"}</p>
      <Copy text="List the tools that you have, and call one that only reads." label="A prompt to try" />
    </div>
  );
}

export default function Overview() {
  const asked = place.value.query.get("span") ?? "24h";
  const span = spans.some(([value]) => value === asked) ? asked : "24h";
  const stats = useLoad((signal) => get<Statistics>("/stats", { since: span }, signal), [span]);
  const attention = useLoad((signal) => get<{ items: Attention[] }>("/attention", { limit: 5 }, signal), []);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onRecord((record) => {
      if (!/^call\.(intent|denied)$|^(approval|policy|grant|server|tool|config)\.|^reset$/.test(record.event)) return;
      // Calls come in thousands; the page is drawn anew every few seconds at most.
      timer ??= setTimeout(() => { timer = undefined; stats.again(); attention.again(); }, 5000);
    });
    return () => { stop(); clearTimeout(timer); };
  }, [stats.again, attention.again]);
  return (
    <>
      <div class="overview-head">
        <h1>Overview</h1>
        <ul class="spans" aria-label="Period">
          {spans.map(([value, title]) => <li key={value}><a href={withQuery({ span: value === "24h" ? null : value })} aria-current={value === span ? "true" : undefined}>{title}</a></li>)}
        </ul>
      </div>
      <Load from={attention}>{(value) => <AttentionList of={value.items} />}</Load>
      {(attention.value ?? attention.problem) !== undefined && <Load from={stats}>{(value) => (
        <>
          <Tiles of={value} span={span} />
          {value.totals.calls === 0 ? <NoCalls /> : (
            <div class="charts">
              <CallsByDecision of={value} />
              <Refused of={value} span={span} />
            </div>
          )}
        </>
      )}</Load>}
    </>
  );
}
