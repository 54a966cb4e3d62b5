// Another policy for one agent or several: what that changes for each is told first, and it can be taken back.
import { useState } from "preact/hooks";
import { all, get, send } from "../../api.ts";
import { type Grant, isLocked, plural, type PolicyItem } from "../../model.ts";
import { Confirm } from "../../parts/act.tsx";
import { Load, messageOf, useLoad } from "../../parts/load.tsx";
import { type GrantPermissions, permissionWords } from "../../parts/permission.tsx";
import { putPolicy, showPolicy, takeBack } from "../../parts/policies.ts";
import { Text } from "../../parts/text.tsx";
import { say } from "../../parts/toast.tsx";
import { setAt } from "../../policy/edit.ts";
import { address } from "../../router.ts";
import { visible } from "../../visible.ts";

/** Where a grant can go: a policy of its server; `enforced`: a copy of one that observes, which enforces. */
interface Target { policy: PolicyItem; name: string; enforced: boolean }

interface Past { calls: number; counts: Record<"newly_denied" | "newly_allowed" | "newly_asks" | "not_replayable", number>; succeeded: { newly_denied: number } }

const pathOf = (label: string) => `/grants/${encodeURIComponent(label)}`;
const words = new Map<string, string>(permissionWords);

/** Whether a grant carries a policy of its own that may be changed here; `bundles`: names of bundles. */
export function movable(grant: Grant, bundles: Set<string>): boolean {
  return grant.state === "active" && !isLocked(grant.owner) && !bundles.has(grant.server);
}

async function targetsOf(grants: Grant[]): Promise<Target[]> {
  const server = grants[0]!.server;
  const policies = (await all<PolicyItem>("/policies", "policies", { server })).sort((a, b) => a.name.localeCompare(b.name));
  const copies = policies.filter((one) => one.mode === "observe" && !policies.some((other) => other.name === `${one.name}-enforced`))
    .map((policy) => ({ policy, name: `${policy.name}-enforced`, enforced: true }));
  // A copy of what an agent observes by now is what people come for.
  copies.sort((a, b) => Number(grants.some((one) => one.policy === b.policy.name)) - Number(grants.some((one) => one.policy === a.policy.name)));
  const present = policies.map((policy) => ({ policy, name: policy.name, enforced: false }));
  return [...copies, ...present].filter((one) => one.enforced || grants.some((grant) => grant.policy !== one.name));
}

const textOf = async ({ server, name }: PolicyItem) => (await showPolicy(server, name)).value.text;

function Effect(props: { grant: Grant; to: Target }) {
  const { grant: { label, server }, to } = props;
  const loaded = useLoad(async (signal) => {
    const path = pathOf(label) + "/permissions";
    const [now, then, past] = await Promise.all([get<GrantPermissions>(path, {}, signal), get<GrantPermissions>(path, { policy: to.policy.name, mode: to.enforced ? "enforce" : undefined }, signal),
      textOf(to.policy).then((text) => send<Past>("POST", "/policies/simulate", { text, server, grant: label, since: "7d" }))]);
    const tools = now.servers[0]?.tools ?? [];
    const after = new Map((then.servers[0]?.tools ?? []).map((one) => [one.tool, one.decision]));
    return { past, tools: tools.length, changed: tools.filter((one) => one.decision !== after.get(one.tool)).map((one) => ({ tool: one.tool, from: one.decision, to: after.get(one.tool)! })) };
  }, [label, to.name]);
  const observes = to.policy.mode === "observe" && !to.enforced;
  return (
    <li>
      <b><Text of={label} /></b>
      <Load from={loaded}>{({ past, tools, changed }) => (
        <>
          <ul class="changes">
            {changed.slice(0, 8).map((one) => <li key={one.tool}><code><Text of={one.tool} /></code>{`: ${words.get(one.from)} → ${words.get(one.to)}`}</li>)}
            {changed.length > 8 && <li class="dim">{`and ${plural(changed.length - 8, "more tool")}`}</li>}
            {changed.length === 0 && <li>{tools === 0 ? "No tools known: the agent has not listed them yet." : `Each of its ${plural(tools, "tool")} is answered as before.`}</li>}
          </ul>
          <p class="dim">{observes ? "The policy observes: it records what it would refuse, and refuses nothing." : <>
            {"Last 7 days: "}<a href={address(["audit"], { agent: label, since: "7d" })}>{plural(past.calls, "call")}</a>
            {`, ${past.counts.newly_denied.toLocaleString()} of them newly denied`}
            {past.succeeded.newly_denied > 0 && <strong class="failed">{` (${past.succeeded.newly_denied.toLocaleString()} had succeeded)`}</strong>}
            {`, ${past.counts.newly_allowed.toLocaleString()} newly allowed, ${past.counts.newly_asks.toLocaleString()} newly asked for`}
            {past.counts.not_replayable > 0 && `; ${past.counts.not_replayable.toLocaleString()} cannot be replayed`}.</>}</p>
        </>
      )}</Load>
    </li>
  );
}

/** All of them, or those before one that failed, which is told; what was done can be taken back. */
async function move(grants: Grant[], to: Target, done: () => void): Promise<void> {
  const { server } = to.policy;
  if (to.enforced) {
    await putPolicy(server, to.name, setAt(await textOf(to.policy), ["mode"], "enforce"), `${to.policy.name} version ${to.policy.version}, enforced for some agents first`);
  }
  const moved: Grant[] = [];
  const undo = async () => {
    try {
      for (const one of moved) await send("PATCH", pathOf(one.label), { policy: one.policy });
      if (to.enforced) await takeBack(server, to.name, undefined);
      say(`${plural(moved.length, "agent")} under the policy of before.`);
    } catch (error) {
      say(messageOf(error));
    }
    done();
  };
  try {
    for (const one of grants) {
      if (one.policy === to.name) continue;
      await send("PATCH", pathOf(one.label), { policy: to.name });
      moved.push(one);
    }
  } catch (error) {
    if (moved.length === 0) throw error;
    say(messageOf(error));
  }
  if (moved.length > 0) say(`${moved.length === 1 ? moved[0]!.label : plural(moved.length, "agent")} under ${to.name} from the next call on.`, () => void undo());
  done();
}

/** `grants`: of one server, each `movable`. */
export function Move(props: { grants: Grant[]; done: () => void; onClose: () => void }) {
  const { grants } = props;
  const loaded = useLoad(() => targetsOf(grants), []);
  const [chosen, setChosen] = useState("");
  const to = loaded.value?.find((one) => one.name === chosen) ?? loaded.value?.[0];
  if (!to) return <Load from={loaded}>{() => <Confirm title="Change policy" verb="Change policy" ready={false} act={async () => {}} onClose={props.onClose}><p>The server has no other policy.</p></Confirm>}</Load>;
  const whom = grants.length === 1 ? grants[0]!.label : plural(grants.length, "agent");
  return (
    <Confirm title={`Change the policy of ${visible(whom)}`} verb="Change policy" act={() => move(grants, to, props.done)} onClose={props.onClose}>
      <label class="field"><span>From the next call on it is judged by</span>
        <select value={to.name} onChange={(event) => setChosen(event.currentTarget.value)}>
          {loaded.value!.map((one) => <option key={one.name} value={one.name}>{visible(one.enforced ? `${one.policy.name}, enforced: as a new policy ${one.name}` : one.name + (one.policy.mode === "observe" ? " (observes only)" : ""))}</option>)}
        </select></label>
      <h3>What changes</h3>
      <ul class="moves" key={to.name}>{grants.map((one) => <Effect key={one.id} grant={one} to={to} />)}</ul>
      <p class="dim">Tokens, open sessions and counts stay.</p>
    </Confirm>
  );
}
