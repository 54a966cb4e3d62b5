// Recorded calls under the draft: what would change, for whom. The gateway judges; this shows.
import { useEffect, useState } from "preact/hooks";
import { send } from "../../api.ts";
import { messageOf, Problem } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { Time } from "../../parts/time.tsx";
import { address, place, setQuery } from "../../router.ts";

export type Change = "newly_denied" | "newly_allowed" | "newly_asks" | "not_replayable" | "unchanged";

export interface Group {
  change: Change;
  agent: string;
  tool: string;
  was: string;
  was_rule: string;
  now: string;
  rule: string;
  pointer: string;
  line: number;
  why: string;
  calls: number;
  succeeded: number;
  last: string;
  examples: string[];
}

export interface Simulation {
  calls: number;
  window: { since: string; until: string; whole: boolean; oldest?: string };
  counts: Record<Change, number>;
  succeeded: Record<Change, number>;
  groups: Group[];
  groups_left_out: number;
  notes: string[];
  lockout: string;
}

/** `policy`: whose calls are judged; without it, all of the server's. */
export const simulate = (subject: { text: string; server: string; policy?: string; since?: string }) =>
  send<Simulation>("POST", "/policies/simulate", subject);

export const changes: Record<Change, string> = {
  newly_denied: "Allowed → denied", newly_allowed: "Denied → allowed", newly_asks: "Newly asks", not_replayable: "Cannot be replayed",
  unchanged: "Unchanged",
};
const order = Object.keys(changes) as Change[];
const windows = [["1h", "Last hour"], ["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"]] as const;

function GroupRow(props: { of: Group; server: string }) {
  const { of } = props;
  return (
    <li>
      <div><b>{of.calls.toLocaleString()}</b>{of.calls === 1 ? " call of " : " calls of "}<code><Text of={of.tool} /></code>{" by "}<Text of={of.agent} />
        {of.change === "newly_denied" && of.succeeded > 0 && <strong class="bad-text">{` · ${of.succeeded.toLocaleString()} had succeeded`}</strong>}</div>
      <div class="dim small">
        {of.change === "not_replayable" ? of.why : of.rule !== "" ? <>{"by "}<code><Text of={of.rule} /></code>{of.line > 0 && ` · line ${of.line}`}</>
          : of.was_rule !== "" ? <>{"was refused by "}<code><Text of={of.was_rule} /></code></> : null}
        {" · last "}<Time of={of.last} />
      </div>
      <div class="small">{of.examples.slice(0, 3).map((id, index) => <span key={id}>{index > 0 && " · "}<a href={address(["audit", id])}>{index === 0 ? "newest call" : `call ${index + 1}`}</a></span>)}</div>
    </li>
  );
}

/** Counts and, below the one that is open, its calls. */
export function SimulationView(props: { of: Simulation; server: string; brief?: boolean }) {
  const { of } = props;
  const changed = order.filter((one) => one !== "unchanged" && one !== "not_replayable" && of.counts[one] > 0);
  const [open, setOpen] = useState<Change | null | undefined>();
  const shown = open === undefined ? changed[0] : open ?? undefined;
  const groups = of.groups.filter((group) => group.change === shown);
  if (of.calls === 0) return <p class="dim">No call was recorded in this window, so there is nothing to judge.</p>;
  return (
    <>
      <p class="effect-answer">
        {changed.length === 0 ? <strong>No recorded call changes its answer.</strong>
          : <strong>{`${changed.reduce((sum, one) => sum + of.counts[one], 0).toLocaleString()} of ${of.calls.toLocaleString()} calls change their answer.`}</strong>}
      </p>
      <ul class="buckets">
        {order.map((one) => {
          const harm = one === "newly_denied" && of.succeeded[one] > 0;
          return (
            <li key={one}>
              <button type="button" aria-expanded={shown === one} disabled={of.counts[one] === 0 || one === "unchanged"} class={"bucket" + (harm ? " harm" : "")}
                      onClick={() => setOpen(shown === one ? null : one)}>
                <span>{changes[one]}</span><b>{of.counts[one].toLocaleString()}</b>
              </button>
            </li>
          );
        })}
      </ul>
      {shown && groups.length > 0 && (
        <ul class="groups" aria-label={changes[shown]}>
          {groups.slice(0, props.brief ? 5 : 20).map((group, index) => <GroupRow key={index} of={group} server={props.server} />)}
          {groups.length > (props.brief ? 5 : 20) && <li class="dim">{`and ${groups.length - (props.brief ? 5 : 20)} more groups`}</li>}
        </ul>
      )}
      {!props.brief && (
        <details class="small dim limits-of-it">
          <summary>What these numbers do not know</summary>
          <ul>
            {of.notes.map((note) => <li key={note}><Text of={note} /></li>)}
            {!of.window.whole && <li>Only the newest calls of this window were judged.</li>}
            <li>Argument rules need stored values; counters start empty at the edge of the window.</li>
            <li>An agent that is refused behaves differently afterwards; these calls were made without that.</li>
          </ul>
        </details>
      )}
    </>
  );
}

export interface Simulated {
  value?: Simulation;
  problem?: string;
  loading: boolean;
}

/** Judges a text a moment after its last change; the old answer stays until the new one comes. */
export function useSimulation(text: string, server: string, policy: string | undefined, since: string, valid: boolean): Simulated {
  const [state, setState] = useState<Simulated>({ loading: true });
  useEffect(() => {
    if (!valid) return setState((old) => ({ ...old, loading: false }));
    let over = false;
    const timer = setTimeout(() => {
      setState((old) => ({ ...old, loading: true }));
      simulate({ text, server, policy, since }).then(
        (value) => { if (!over) setState({ value, loading: false }); },
        (error) => { if (!over) setState((old) => ({ value: old.value, problem: messageOf(error), loading: false })); });
    }, 600);
    return () => { over = true; clearTimeout(timer); };
  }, [text, server, policy, since, valid]);
  return state;
}

export function Effect(props: { text: string; server: string; name: string; valid: boolean }) {
  const query = place.value.query;
  const since = query.get("since") ?? "7d";
  const whose = query.get("calls") === "server" ? undefined : props.name;
  const { value, problem, loading } = useSimulation(props.text, props.server, whose, since, props.valid);
  return (
    <section class="panel effect" aria-labelledby="effect-title">
      <h2 id="effect-title">Effect on past traffic</h2>
      <div class="row small">
        <select aria-label="Window" value={since} onChange={(event) => setQuery({ since: event.currentTarget.value === "7d" ? null : event.currentTarget.value })}>
          {windows.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
        <select aria-label="Whose calls" value={whose ? "" : "server"} onChange={(event) => setQuery({ calls: event.currentTarget.value })}>
          <option value="">Calls under this policy</option>
          <option value="server">All calls to the server</option>
        </select>
        <span class="dim" role="status">{!props.valid ? "Waits until the draft is valid" : loading ? "Judging…" : ""}</span>
      </div>
      {problem && <Problem of={problem} />}
      {value?.lockout && <div class="banner warn"><Text of={value.lockout} /></div>}
      {value && <SimulationView of={value} server={props.server} />}
    </section>
  );
}
