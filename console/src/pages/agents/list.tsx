import { useState } from "preact/hooks";
import { all, get, may } from "../../api.ts";
import type { Grant } from "../../model.ts";
import { plural } from "../../model.ts";
import type { Counts } from "../../parts/stats.ts";
import { Load, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { address, place, setQuery, withQuery } from "../../router.ts";
import { movable, Move } from "./move.tsx";
import { type Gauge, OneGauge } from "./quota.tsx";

export interface Usage { label: string; id: string; url: string; last_call?: string; client?: string; week: Counts; fullest?: Gauge }

/** Servers of grants that are bundles: their members carry the policies. */
export async function bundleNames(signal?: AbortSignal): Promise<Set<string>> {
  const { bundles } = await get<{ bundles?: { name: string }[] }>("/servers", { limit: 1 }, signal);
  return new Set(bundles?.map((one) => one.name));
}

/** What every grant did lately. */
export async function usageOf(signal?: AbortSignal): Promise<Map<string, Usage>> {
  const { grants } = await get<{ grants: Usage[] }>("/usage/grants", {}, signal);
  return new Map(grants.map((one) => [one.id, one]));
}

export function AgentList() {
  const { query } = place.value;
  const loaded = useLoad(async (signal) => {
    const [grants, usage, bundles] = await Promise.all([all<Grant>("/grants", "grants"), usageOf(signal), bundleNames(signal)]);
    return { grants, usage, bundles };
  }, []);
  const [picked, setPicked] = useState<string[]>([]);
  const [moving, setMoving] = useState(false);
  const words = (query.get("q") ?? "").toLowerCase();
  const server = query.get("server");
  const policy = query.get("policy");
  const ended = query.has("ended");
  return (
    <>
      <div class="head"><h1>Agents and grants</h1>{may() && <a class="button primary" href={withQuery({ create: "1" })}>Create a grant</a>}</div>
      <Load from={loaded}>
        {({ grants, usage, bundles }) => {
          if (grants.length === 0) {
            return <div class="empty"><p>No grants yet. A grant lets one agent reach one server, under one policy.</p><p>{may() ? <a class="button" href="/agents?create=1">Create the first grant</a> : "An admin creates them."}</p></div>;
          }
          const found = grants.filter((one) => (ended || one.state === "active") && (!server || one.server === server) &&
            (!policy || one.policy === policy) &&
            (!words || one.label.toLowerCase().includes(words) || one.grant_owner.toLowerCase().includes(words)));
          const chosen = found.filter((one) => picked.includes(one.id) && movable(one, bundles));
          const apart = chosen.some((one) => one.server !== chosen[0]!.server);
          const pick = (id: string) => setPicked(picked.includes(id) ? picked.filter((one) => one !== id) : [...picked, id]);
          const endedCount = grants.filter((one) => one.state !== "active").length;
          return (
            <>
              <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
                <label>Agent or owner<input type="search" data-search value={query.get("q") ?? ""} onInput={(event) => setQuery({ q: event.currentTarget.value })} /></label>
                <label>Server<select value={server ?? ""} onChange={(event) => setQuery({ server: event.currentTarget.value })}>
                  <option value="">all servers</option>{[...new Set(grants.map((one) => one.server))].sort().map((one) => <option key={one} value={one}>{one}</option>)}</select></label>
                <label>Policy<select value={policy ?? ""} onChange={(event) => setQuery({ policy: event.currentTarget.value })}>
                  <option value="">all policies</option>{[...new Set(grants.map((one) => one.policy).filter(Boolean))].sort().map((one) => <option key={one} value={one}>{one}</option>)}</select></label>
                {endedCount > 0 && <label class="row"><input type="checkbox" checked={ended} onChange={() => setQuery({ ended: ended ? null : "1" })} />{`and ${plural(endedCount, "revoked or expired one")}`}</label>}
              </form>
              {chosen.length > 0 && <p class="row" role="status"><b>{`${plural(chosen.length, "agent")} chosen`}</b>
                {apart ? <span>Policies are of one server: choose agents of one alone.</span> : <button type="button" class="primary" onClick={() => setMoving(true)}>Change policy</button>}
                <button type="button" class="plain" onClick={() => setPicked([])}>Choose none</button></p>}
              {moving && chosen.length > 0 && !apart && <Move grants={chosen} done={() => { setPicked([]); loaded.again(); }} onClose={() => setMoving(false)} />}
              {found.length === 0 ? <p class="empty">{"No grant is like that. "}<a href="/agents">Show all</a></p> : (
                <table class="cards dense">
                  <thead><tr><th>Agent</th><th>Owner</th><th>Client seen</th><th>Server</th><th>Policy</th><th>Last call</th><th class="number">Refused, 7 d</th><th>Fullest limit</th></tr></thead>
                  <tbody>{found.map((one) => {
                    const use = usage.get(one.id);
                    return (
                      <tr key={one.id}>
                        <td>{may("policy_manager") && movable(one, bundles) && <input type="checkbox" class="pick" aria-label={`Choose ${one.label}`} checked={picked.includes(one.id)} onChange={() => pick(one.id)} />}
                          <a href={address(["agents", one.state === "active" ? one.label : one.id])}><b><Text of={one.label} /></b></a>{one.state !== "active" && <span class="failed">{` ${one.state}`}</span>}</td>
                        <td data-label="Owner">{one.grant_owner ? <Text of={one.grant_owner} /> : <span class="dim">nobody</span>}</td>
                        <td data-label="Client seen">{use?.client ? <Text of={use.client} /> : <span class="dim">none yet</span>}</td>
                        <td data-label="Server"><a href={address(["servers", one.server])}><Text of={one.server} /></a></td>
                        <td data-label="Policy">{one.policy ? <a href={address(["policies", one.policy], { server: one.server })}><Text of={one.policy} /></a> : <span class="failed">none: every call is refused</span>}</td>
                        <td data-label="Last call">{use?.last_call ? <a href={address(["audit"], { agent: one.label })}><Time of={use.last_call} /></a> : <span class="dim">none yet</span>}</td>
                        <td data-label="Refused, 7 d" class="number">{use?.week.calls ? <a href={address(["audit"], { agent: one.label, since: "7d" })}>{`${use.week.refused_percent} % of ${use.week.calls.toLocaleString()}`}</a> : <span class="dim">–</span>}</td>
                        <td data-label="Fullest limit">{use?.fullest ? <OneGauge of={use.fullest} short /> : <span class="dim">none</span>}</td>
                      </tr>
                    );
                  })}</tbody>
                </table>
              )}
            </>
          );
        }}
      </Load>
    </>
  );
}
