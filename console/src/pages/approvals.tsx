import { useEffect, useState } from "preact/hooks";
import { all, get } from "../api.ts";
import { useKeys } from "../keys.ts";
import { onRecord } from "../live.ts";
import { Load, useLoad } from "../parts/load.tsx";
import { Text } from "../parts/text.tsx";
import { place, segments, withQuery } from "../router.ts";
import type { Approval } from "./approvals/approval.ts";
import { History, Rules } from "./approvals/history.tsx";
import { type Deciding, Request } from "./approvals/request.tsx";
import "./approvals.css";

const tabs: [string | null, string][] = [[null, "Waiting"], ["history", "History"], ["rules", "By rule"]];

/** How many rules ask for people, by policy: an empty page should say whether it can ever fill. */
async function askingRules(signal: AbortSignal): Promise<{ name: string; server: string; rules: number }[]> {
  const policies = await all<{ name: string; server: string }>("/policies", "policies");
  const counted = await Promise.all(policies.slice(0, 50).map(async (policy) => {
    const { text } = await get<{ text: string }>("/policies/" + encodeURIComponent(policy.name), { server: policy.server }, signal);
    return { ...policy, rules: (text.match(/"approve_if"\s*:\s*\[\s*\{|"action"\s*:\s*"approve"/g) ?? []).length };
  }));
  return counted.filter((one) => one.rules > 0);
}

function NothingWaits() {
  const asking = useLoad(askingRules, []);
  return (
    <div class="empty">
      <p><strong>Nothing waits.</strong> A call that a rule wants looked at appears here at once.</p>
      <Load from={asking}>{(policies) => policies.length === 0 ? (
        <p>No policy asks people. In the editor of a <a href="/policies">policy</a>, choose Ask for a tool, or add <code>approve_if</code> with the arguments that matter.</p>
      ) : (
        <p>
          {"Policies that ask: "}
          {policies.map((one, i) => <>{i > 0 && ", "}<a href={`/policies/${encodeURIComponent(one.name)}?server=${encodeURIComponent(one.server)}`}><Text of={one.name} /></a>{` (${one.rules} ${one.rules === 1 ? "rule" : "rules"})`}</>)}
        </p>
      )}</Load>
    </div>
  );
}

/** The request that a key is for: the focused one, else the first. */
function chosen(requests: Approval[]): Approval | undefined {
  const id = document.activeElement?.closest(".request")?.querySelector("[data-request]")?.getAttribute("data-request");
  return requests.find((one) => one.id === id) ?? requests[0];
}

function Waiting() {
  const waiting = useLoad((signal) => get<{ approvals: Approval[] }>("/approvals", { state: "pending", limit: 200 }, signal), []);
  const [deciding, setDeciding] = useState<{ id: string; how: Deciding }>();
  useEffect(() => onRecord((record) => { if (/^approval\.|^reset$/.test(record.event)) waiting.again(); }), [waiting.again]);
  const requests = [...(waiting.value?.approvals ?? [])].sort((a, b) => a.expires.localeCompare(b.expires));
  const ask = (how: Deciding) => {
    const request = chosen(requests);
    if (request) setDeciding({ id: request.id, how });
  };
  useKeys([{ key: "a", what: "approve the chosen request, after a question", act: () => ask("once") },
    { key: "d", what: "deny the chosen request, with a reason", act: () => ask("deny") }]);
  return (
    <Load from={waiting}>{() => requests.length === 0 ? <NothingWaits /> : (
      <ul class="requests" aria-label="Requests, the one that expires first at the top">
        {requests.map((one) => (
          <li key={one.id}>
            <Request of={one} deciding={deciding?.id === one.id ? deciding.how : undefined}
                     decide={(how) => setDeciding(how && { id: one.id, how })} onDone={waiting.again} />
          </li>
        ))}
      </ul>
    )}</Load>
  );
}

function One(props: { id: string }) {
  const found = useLoad(async (signal) => (await get<{ approval: Approval }>("/approvals/" + encodeURIComponent(props.id), {}, signal)).approval, [props.id]);
  const [deciding, setDeciding] = useState<Deciding>();
  useEffect(() => onRecord((record) => { if (record.event.startsWith("approval.")) found.again(); }), [found.again]);
  const waits = found.value?.state === "pending";
  useKeys([{ key: "a", what: "approve this request, after a question", act: () => { if (waits) setDeciding("once"); } },
    { key: "d", what: "deny this request, with a reason", act: () => { if (waits) setDeciding("deny"); } }]);
  return (
    <>
      <p><a href="/approvals">All that wait</a></p>
      <Load from={found}>{(request) => <Request of={request} alone deciding={deciding} decide={setDeciding} onDone={found.again} />}</Load>
    </>
  );
}

export default function Approvals() {
  const id = segments()[1];
  const tab = place.value.query.get("tab");
  if (id) return <><h1>Approval</h1><One id={id} /></>;
  return (
    <>
      <h1>Approvals</h1>
      <ul class="tabs" aria-label="Views">
        {tabs.map(([name, title]) => <li key={title}><a href={withQuery({ tab: name })} aria-current={tab === name ? "page" : undefined}>{title}</a></li>)}
      </ul>
      {tab === "history" ? <History /> : tab === "rules" ? <Rules /> : <Waiting />}
    </>
  );
}
