import { useState } from "preact/hooks";
import { may, send } from "../api.ts";
import { isLocked, plural } from "../model.ts";
import { address } from "../router.ts";
import { useAct } from "./act.tsx";
import { laidOut } from "./compare.ts";
import { Lines } from "./lines.tsx";
import { Load, messageOf, Problem, useLoad } from "./load.tsx";
import { takeBack } from "./policies.ts";
import { State } from "./state.tsx";
import { Text } from "./text.tsx";
import { say } from "./toast.tsx";

export type Posture = "permissive" | "recommended" | "strict";

interface Planned {
  server: string; live: boolean; policy: string; changed: boolean; version?: number; owner?: string; text: string; before?: string;
  why: string[]; warnings: string[]; changes: { tool: string; before: string; after: string }[]; carried_by: string[];
}
export interface Plan { digest: string; policies: Planned[] }
interface Applied { policies: { server: string; policy: string; changed: boolean; version: number }[] }

const postures: [Posture, string][] = [["permissive", "Permissive: limits only"], ["recommended", "Recommended"], ["strict", "Strict: people agree to every change"]];

/** Asks for what is recommended; changes nothing. */
export function recommended(servers: string[], posture: Posture, tool?: string): Promise<Plan> {
  return send<Plan>("POST", "/catalogue/recommend", { servers, ...(tool ? { tool } : { posture }) });
}

async function undo(plan: Plan, applied: Applied): Promise<void> {
  for (const one of applied.policies.filter((each) => each.changed)) {
    const before = plan.policies.find((each) => each.server === one.server)?.version;
    await takeBack(one.server, one.policy, before);
  }
}

/** Puts what was shown in force, and offers the way back. */
export async function applyPlan(plan: Plan, servers: string[], posture: Posture, tool: string | undefined, done: () => void): Promise<void> {
  const applied = await send<Applied>("POST", "/catalogue/apply", { servers, ...(tool ? { tool } : { posture }), digest: plan.digest });
  const changed = applied.policies.filter((one) => one.changed);
  say(`${changed.map((one) => `${one.policy} v${one.version}`).join(", ")} ${changed.length === 1 ? "is" : "are"} in force.`,
    () => void undo(plan, applied).then(() => { say("The policies are as they were."); done(); }, (error) => say(messageOf(error))));
  done();
}

function PlannedPolicy(props: { of: Planned }) {
  const { of } = props;
  return (
    <article class="change" aria-label={`${of.policy} of ${of.server}`}>
      <header>
        <h3><Text of={of.policy} />{" "}<span class="dim">of <Text of={of.server} />{of.version ? `, v${of.version} now` : ", new"}</span></h3>
        <span class="dim">{of.carried_by.length ? <>{"carried by "}{of.carried_by.map((label, index) => <span key={label}>{index > 0 && ", "}<a href={address(["agents", label])}><Text of={label} /></a></span>)}</> : "no grant carries it yet"}</span>
      </header>
      {!of.changed ? <p>It is in force already.</p> : (
        <>
          <ul>{of.why.map((one, index) => <li key={index}><Text of={one} /></li>)}</ul>
          {of.warnings.map((one, index) => <p key={index} class="banner warn"><Text of={one} /></p>)}
          {of.changes.length > 0 && (
            <table class="cards dense">
              <caption>{`${plural(of.changes.length, "tool")} that agents can use otherwise`}</caption>
              <thead><tr><th>Tool</th><th>Now</th><th>Then</th></tr></thead>
              <tbody>{of.changes.map((one) => (
                <tr key={one.tool}><td><a href={address(["tools", of.server, one.tool])}><Text of={one.tool} /></a></td>
                  <td data-label="Now"><State of={one.before} /></td><td data-label="Then"><State of={one.after} /></td></tr>
              ))}</tbody>
            </table>
          )}
          <details open={of.changes.length === 0}>
            <summary>Lines that change in the document</summary>
            <Lines before={of.before ? laidOut(of.before) : ""} after={laidOut(of.text)} label={`Changes of ${of.policy}`} />
          </details>
        </>
      )}
    </article>
  );
}

/** Look at what is recommended for servers, or the rule for one tool, and put it in force. */
export function Recommend(props: { servers: string[]; tool?: string; posture?: Posture; done?: () => void }) {
  const [posture, setPosture] = useState<Posture>(props.posture ?? "recommended");
  const [round, setRound] = useState(0);
  const plan = useLoad(() => recommended(props.servers, posture, props.tool), [props.servers.join("+"), props.tool, posture, round]);
  const act = useAct();
  const again = () => { setRound((old) => old + 1); props.done?.(); };
  return (
    <div class="stack">
      {!props.tool && (
        <label class="row">{"Posture "}
          <select value={posture} onChange={(event) => setPosture(event.currentTarget.value as Posture)}>
            {postures.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
          </select>
        </label>
      )}
      <Load from={plan}>
        {(value) => {
          const changed = value.policies.some((one) => one.changed);
          const live = value.policies.every((one) => one.live);
          const locked = value.policies.find((one) => one.owner && isLocked(one.owner));
          return (
            <>
              {value.policies.map((one) => <PlannedPolicy key={one.server} of={one} />)}
              {act.problem && <Problem of={act.problem} again={() => { act.forget(); again(); }} />}
              {!live && <p class="dim">A server that the gateway does not have gets no policy. Add it first.</p>}
              {locked && <p class="banner info">{"The policy stands in "}<code><Text of={locked.owner} /></code>{"; change it there."}</p>}
              {changed && live && !locked && (may("policy_manager")
                ? <p class="row"><button type="button" class="primary" disabled={act.busy || plan.loading}
                    onClick={() => void act.run(() => applyPlan(value, props.servers, posture, props.tool, again))}>
                    {props.tool ? "Put this rule in force" : value.policies.length === 1 ? "Put this policy in force" : `Put ${value.policies.length} policies in force`}</button>
                  <span class="dim">It counts from the next call on; no client reconnects.</span></p>
                : <p class="dim">Policy managers can put it in force.</p>)}
            </>
          );
        }}
      </Load>
    </div>
  );
}
