import { useState } from "preact/hooks";
import { get, may, send } from "../../api.ts";
import { type Grant, isLocked, plural } from "../../model.ts";
import { Confirm } from "../../parts/act.tsx";
import { Connect } from "../../parts/connect.tsx";
import { Decision } from "../../parts/decision.tsx";
import { Facts, Trail } from "../../parts/facts.tsx";
import { Load, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { type LogRecord, shortRule, targetOf, wordOf } from "../../record.ts";
import { address, go } from "../../router.ts";
import { WhatItCan } from "./can.tsx";
import { type Made, Shown } from "./create.tsx";
import { bundleNames, usageOf } from "./list.tsx";
import { movable, Move } from "./move.tsx";
import { type Gauge, Gauges } from "./quota.tsx";

function Limits(props: { label: string }) {
  const loaded = useLoad((signal) => get<{ limits: Gauge[] }>(`/grants/${encodeURIComponent(props.label)}/quotas`, {}, signal), [props.label]);
  return <Load from={loaded}>{(value) => <Gauges of={value.limits} />}</Load>;
}

function RecentCalls(props: { label: string }) {
  const loaded = useLoad((signal) => get<{ records: LogRecord[] }>("/records", { agent: props.label, of: "calls", limit: 40 }, signal), [props.label]);
  return (
    <Load from={loaded}>
      {(value) => {
        const calls = value.records.filter((one) => one.verdict && one.tool).slice(0, 10);
        if (calls.length === 0) return <p class="dim">It has called nothing yet.</p>;
        return (
          <table class="cards dense">
            <thead><tr><th>Time</th><th>Tool</th><th>Decision</th><th>Rule</th></tr></thead>
            <tbody>{calls.map((one) => {
              const word = wordOf(one);
              return (
                <tr key={one.id ?? one.seq}>
                  <td><a href={address(["audit", one.id ?? ""], { agent: props.label })}><Time of={one.time} /></a></td>
                  <td data-label="Tool"><Text of={targetOf(one)} /></td>
                  <td data-label="Decision">{word && <Decision of={word} />}</td>
                  <td data-label="Rule" class="mono"><Text of={shortRule(one.rule)} /></td>
                </tr>
              );
            })}</tbody>
          </table>
        );
      }}
    </Load>
  );
}

/** Says what a revocation cuts off before it does. */
function Revoke(props: { grant: Grant; done: () => void; onClose: () => void }) {
  const { label } = props.grant;
  const hour = useLoad((signal) => get<{ records: LogRecord[]; next?: string }>("/records", { agent: label, of: "calls", since: "1h", limit: 1000 }, signal), [label]);
  if (!hour.value) return <Load from={hour}>{() => null}</Load>;
  const calls = hour.value.records.filter((one) => one.verdict && one.tool);
  const tools = [...new Set(calls.map(targetOf))].slice(0, 4);
  return (
    <Confirm title={`Revoke ${label}`} verb="Revoke grant" danger typed={calls.length > 0 ? label : undefined} onClose={props.onClose}
             act={async () => { await send("DELETE", `/grants/${encodeURIComponent(label)}`); say(`${label} is revoked.`); props.done(); }}>
      <p>{"From the next request on its token is refused, and its open streams close. It cannot be taken back; a new grant has a new token."}</p>
      {calls.length > 0
        ? <p><b><a href={address(["audit"], { agent: label, since: "1h" })}>{`${plural(calls.length, "call")}${hour.value.next ? " or more" : ""} in the last hour`}</a></b>{": "}<Text of={tools.join(", ")} />{". The agent is at work."}</p>
        : <p>It called nothing in the last hour.</p>}
    </Confirm>
  );
}

export function AgentPage(props: { label: string }) {
  const path = `/grants/${encodeURIComponent(props.label)}`;
  const loaded = useLoad(async (signal) => {
    const [shown, usage, bundles] = await Promise.all([get<{ grant: Grant }>(path, {}, signal), usageOf(signal), bundleNames(signal)]);
    return { grant: shown.grant, use: usage.get(shown.grant.id), bundles };
  }, [props.label]);
  const [asked, setAsked] = useState<"rotate" | "revoke" | "move">();
  const [made, setMade] = useState<Made>();
  return (
    <>
      <Trail to="/agents">Agents and grants</Trail>
      <Load from={loaded}>
        {({ grant, use, bundles }) => {
          const locked = isLocked(grant.owner);
          const active = grant.state === "active";
          return (
            <>
              <div class="head"><h1><Text of={grant.label} />{!active && <span class="failed">{` ${grant.state}`}</span>}</h1>
                <span class="row">
                  {may("policy_manager") && movable(grant, bundles) && <button type="button" onClick={() => setAsked("move")}>Change policy</button>}
                  {may() && active && !locked && <>{grant.holder === "token" && <button type="button" onClick={() => setAsked("rotate")}>{"Rotate token"}</button>}
                  <button type="button" class="danger" onClick={() => setAsked("revoke")}>{"Revoke "}<Text of={grant.label} /></button></>}</span>
              </div>
              <Facts of={[
                ["Owner", grant.grant_owner ? <Text of={grant.grant_owner} /> : <span class="dim">nobody</span>],
                ["Server", <a href={address(["servers", grant.server])}><Text of={grant.server} /></a>],
                ["Policy", grant.policy ? <a href={address(["policies", grant.policy], { server: grant.server })}><Text of={grant.policy} /></a> : <span class="failed">none: every call is refused</span>],
                ["Client seen", use?.client ? <Text of={use.client} /> : <span class="dim">none yet</span>],
                ["Refused in 7 days", use?.week.calls ? <a href={address(["audit"], { agent: grant.label, since: "7d" })}>{`${use.week.refused_percent} % of ${plural(use.week.calls, "call")}`}</a> : undefined],
                ["Proved by", grant.holder === "identity" ? "an access token of an issuer" : grant.holder === "certificate" ? "a certificate" : <>{"a token that ends in "}<code>{grant.token_hint}</code></>],
                ["Created", <Time of={grant.created} />],
                ["Expires", grant.expires ? <Time of={grant.expires} exact /> : "never"],
                ["Labels", Object.keys(grant.labels).length ? <Text of={Object.entries(grant.labels).map(([key, value]) => `${key}=${value}`).join(", ")} /> : undefined],
                ["Owned by", locked ? <><code><Text of={grant.owner} /></code>{" (locked)"}</> : undefined],
              ]} />
              {made && <section><Shown of={made} /></section>}
              {active && <section><h2>What it can do</h2><WhatItCan key={grant.policy} label={grant.label} /></section>}
              {active && <section><h2>Limits</h2><Limits key={grant.policy} label={grant.label} /></section>}
              <section><div class="head"><h2>Recent calls</h2><a href={address(["audit"], { agent: grant.label })}>All of its calls</a></div><RecentCalls label={grant.label} /></section>
              {active && !made && <section><h2>Connect a client</h2><Connect label={grant.label} /></section>}
              {asked === "move" && <Move grants={[grant]} done={loaded.again} onClose={() => setAsked(undefined)} />}
              {asked === "revoke" && <Revoke grant={grant} done={() => go(address(["agents"], { ended: 1 }))} onClose={() => setAsked(undefined)} />}
              {asked === "rotate" && (
                <Confirm title={`Rotate the token of ${grant.label}`} verb="Rotate token" onClose={() => setAsked(undefined)}
                         act={async () => { setMade(await send<Made>("POST", path + "/rotate")); loaded.again(); }}>
                  <p>The present token is refused from then on. Clients that hold it must be given the new one, which is shown once.</p>
                </Confirm>
              )}
            </>
          );
        }}
      </Load>
    </>
  );
}
