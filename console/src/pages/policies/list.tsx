import { useEffect, useState } from "preact/hooks";
import { may } from "../../api.ts";
import type { PolicyItem } from "../../model.ts";
import { Load, useLoad } from "../../parts/load.tsx";
import { type PolicyVersion, showPolicy } from "../../parts/policies.ts";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { address, place, setQuery } from "../../router.ts";
import { visible } from "../../visible.ts";
import { agentsOf, carriers, listPolicies, refusals, type Tested, testPolicy } from "./api.ts";

interface Detail {
  last?: PolicyVersion;
  tested?: Tested;
}

/** What the list itself does not hold, a few policies at a time, in the order of the rows. */
function useDetails(policies: PolicyItem[]): Map<string, Detail> {
  const [details, setDetails] = useState(new Map<string, Detail>());
  const wanted = policies.map(idOf).join("\n");
  useEffect(() => {
    let over = false;
    const queue = [...policies];
    const take = async () => {
      for (let policy = queue.shift(); policy && !over; policy = queue.shift()) {
        const { server, name } = policy;
        const [shown, tested] = await Promise.allSettled([showPolicy(server, name), testPolicy({ server, policy: name })]);
        if (over) return;
        const detail = { last: shown.status === "fulfilled" ? shown.value.value.versions[0] : undefined,
          tested: tested.status === "fulfilled" ? tested.value : undefined };
        setDetails((old) => new Map(old).set(idOf(policy!), detail));
      }
    };
    for (let i = 0; i < 3; ++i) void take();
    return () => { over = true; };
  }, [wanted]);
  return details;
}

const idOf = (policy: PolicyItem) => `${policy.server}/${policy.name}`;

export function TestState(props: { of: Tested | undefined }) {
  const tested = props.of;
  if (!tested) return <span class="dim">…</span>;
  if (tested.tests.length === 0) return <span class="dim">none</span>;
  if (tested.failed === 0) return <span>{`✓ ${tested.passed} hold`}</span>;
  return <strong class="bad-text">{`✕ ${tested.failed} of ${tested.tests.length} fail`}</strong>;
}

export function Mode(props: { of: "enforce" | "observe" }) {
  return props.of === "observe" ? <span class="mode observe">▨ Observes</span> : <span class="mode">Enforces</span>;
}

function Rows(props: { policies: PolicyItem[]; from: Awaited<ReturnType<typeof carriers>> | undefined; refused: Map<string, number> | undefined }) {
  const details = useDetails(props.policies);
  return (
    <table class="cards policies">
      <thead><tr><th>Policy</th><th>Server</th><th>Version</th><th>Mode</th><th>Agents</th><th class="number">Refused 7 d</th><th>Tests</th><th>Last change</th></tr></thead>
      <tbody>
        {props.policies.map((policy) => {
          const detail = details.get(idOf(policy));
          const agents = props.from ? agentsOf(props.from, policy) : undefined;
          return (
            <tr key={idOf(policy)}>
              <td data-label="Policy">
                <a href={address(["policies", policy.server, policy.name])}><strong><Text of={policy.name} /></strong></a>
                {policy.description && <div class="dim small"><Text of={policy.description} /></div>}
              </td>
              <td class="tight" data-label="Server"><a href={address(["servers", policy.server])}><Text of={policy.server} /></a></td>
              <td class="tight" data-label="Version">{policy.owner === "store" ? `v${policy.version}` : "file"}</td>
              <td class="tight" data-label="Mode"><Mode of={policy.mode} /></td>
              <td class="tight" data-label="Agents">
                {agents === undefined ? "…" : agents.length === 0 ? <span class="dim">none</span>
                  : <a href={address(["agents"], { policy: policy.name, server: policy.server })} title={agents.map((one) => visible(one.label)).join(", ")}>{agents.length}</a>}
              </td>
              <td class="tight number" data-label="Refused in 7 days">
                {props.refused && <a href={address(["audit"], { policy: policy.name, server: policy.server, decision: "refused", since: "7d" })}>{(props.refused.get(idOf(policy)) ?? 0).toLocaleString()}</a>}
              </td>
              <td class="tight" data-label="Tests"><TestState of={detail?.tested} /></td>
              <td data-label="Last change">
                {policy.owner !== "store" ? <span>{"owned by "}<code><Text of={policy.owner} /></code></span>
                  : detail?.last ? <><Time of={detail.last.created} />{" by "}<Text of={detail.last.author} />
                    {detail.last.comment && <div class="dim small"><Text of={detail.last.comment} /></div>}</> : "…"}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function PolicyList() {
  const policies = useLoad(() => listPolicies(), []);
  const from = useLoad(() => carriers(), []);
  const refused = useLoad(() => refusals(), []);
  const server = place.value.query.get("server") ?? "";
  const words = (place.value.query.get("q") ?? "").toLowerCase();
  return (
    <>
      <div class="row spread">
        <h1>Policies</h1>
        {may("policy_manager") && <a class="button primary" href="/policies/new">New policy</a>}
      </div>
      <Load from={policies}>{(found) => {
        const servers = [...new Set(found.map((one) => one.server))].sort();
        const shown = found.filter((one) => (!server || one.server === server) &&
          (!words || `${one.name} ${one.server} ${one.description}`.toLowerCase().includes(words)));
        if (found.length === 0) {
          return (
            <div class="empty">
              <p>No policy yet. A grant without a policy is refused every call.</p>
              {may("policy_manager") && <a class="button primary" href="/policies/new">Make the first policy</a>}
            </div>
          );
        }
        return (
          <>
            <div class="row filters">
              <input type="search" aria-label="Search policies" placeholder="Name, server or description" value={place.value.query.get("q") ?? ""}
                     onInput={(event) => setQuery({ q: event.currentTarget.value })} />
              <select aria-label="Server" value={server} onChange={(event) => setQuery({ server: event.currentTarget.value })}>
                <option value="">All servers</option>
                {servers.map((one) => <option key={one} value={one}>{visible(one)}</option>)}
              </select>
              <span class="dim">{shown.length === found.length ? `${found.length} in force` : `${shown.length} of ${found.length}`}</span>
            </div>
            {shown.length > 0 ? <Rows policies={shown} from={from.value} refused={refused.value} />
              : <p class="empty">{"No policy matches. "}<button type="button" class="plain" onClick={() => setQuery({ q: null, server: null })}>Show all</button></p>}
          </>
        );
      }}</Load>
    </>
  );
}
