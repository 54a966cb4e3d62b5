// One request as an approver wants it: who, what, the exact arguments, why, what happens without an answer, how long left.
import { useState } from "preact/hooks";
import { get, may, send } from "../../api.ts";
import { gatewayNow } from "../../clock.ts";
import { countWaiting } from "../../live.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Load, messageOf, Problem, useLoad } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { countdown, Time, useNow } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { address } from "../../router.ts";
import { shortRule } from "../../record.ts";
import type { Approval } from "./approval.ts";

export type Deciding = "once" | "for" | "deny";

/** The colour of a category; the word tells it. */
const grave: Record<string, string> = { Destructive: "critical", Financial: "high", Execute: "high", Privileged: "critical", Write: "medium" };

/** A call that cannot be undone is approved by typing its tool's name. */
function mustType(request: Approval): boolean {
  return request.category === "Destructive";
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}

/** The arguments, each whole, and beside them what was approved the last time where that differs. */
function Arguments(props: { of: unknown; last: unknown }) {
  const args = props.of;
  if (args === undefined) return <p class="dim">The arguments are shown to approvers and auditors, as long as they are kept.</p>;
  if (args === null || typeof args !== "object" || Array.isArray(args)) return <pre class="fenced"><Text of={asText(args)} /></pre>;
  const entries = Object.entries(args);
  const last = props.last && typeof props.last === "object" ? props.last as Record<string, unknown> : undefined;
  const gone = last ? Object.keys(last).filter((key) => !(key in args)) : [];
  return (
    <table class="args">
      <caption>{`${entries.length} ${entries.length === 1 ? "argument" : "arguments"}, exactly what goes to the server${last ? "; below, where it differs, what was approved last" : ""}`}</caption>
      <thead class="hidden-visually"><tr><th scope="col">Argument</th><th scope="col">Value</th></tr></thead>
      <tbody>
        {entries.map(([key, value]) => {
          const before = last && JSON.stringify(last[key]) !== JSON.stringify(value) ? key in last ? asText(last[key]) : "absent" : undefined;
          return (
            <tr key={key}>
              <td class="mono"><Text of={key} /></td>
              <td class="mono"><Text of={asText(value)} />{before !== undefined && <span class="was">{"last time: "}<Text of={before} /></span>}</td>
            </tr>
          );
        })}
        {gone.map((key) => <tr key={key}><td class="mono"><Text of={key} /></td><td class="dim">absent now; the last time it was there</td></tr>)}
      </tbody>
    </table>
  );
}

/** What was approved before of the same agent and tool: the newest whose arguments are still kept. */
async function lastApproved(request: Approval, signal: AbortSignal): Promise<unknown> {
  if (!may("approver", "auditor")) return undefined;
  const past = await get<{ approvals: Approval[] }>("/approvals", { state: "used", grant: request.grant, limit: 50 }, signal);
  const one = past.approvals.find((old) => old.tool === request.tool && old.server === request.server && old.id !== request.id);
  if (!one) return undefined;
  return (await get<{ approval: Approval }>("/approvals/" + one.id, {}, signal)).approval.arguments;
}

function DecideDialog(props: { of: Approval; how: Deciding; onClose: () => void; onDone: () => void }) {
  const { of, how } = props;
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState("10");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const deny = how === "deny";
  const ready = deny || !mustType(of) || typed === of.tool;
  const decide = async (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await decideOn(of, how, reason, how === "for" ? Number(minutes) * 60 : undefined);
      props.onDone();
    } catch (error) {
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  const title = deny ? `Deny ${of.tool}` : how === "for" ? `Approve ${of.tool} for a while` : `Approve ${of.tool} once`;
  return (
    <Dialog title={title} onClose={props.onClose} actions={null}>
      <form class="stack" onSubmit={(event) => void decide(event)}>
        {problem && <Problem of={problem} />}
        <p>
          {deny ? "The call does not run. Identical calls are refused until the request would have expired. The agent is told your reason."
            : how === "for" ? "Every identical call of this agent, with exactly these arguments, runs without asking until then. Each is recorded."
              : "The call runs once, with exactly the arguments that you saw."}
        </p>
        {how === "for" && (
          <label class="field"><span>For how long</span>
            <select value={minutes} onChange={(event) => setMinutes(event.currentTarget.value)}>
              {["5", "10", "30", "60", "240"].map((one) => <option key={one} value={one}>{Number(one) < 60 ? `${one} minutes` : `${Number(one) / 60} h`}</option>)}
            </select>
          </label>
        )}
        {!deny && mustType(of) && (
          <label class="field"><span>{"This cannot be undone. Type the tool's name: "}<code><Text of={of.tool} /></code></span>
            <input autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
        )}
        <label class="field"><span>{deny ? "Reason, told to the agent" : "Note for the log (may be empty)"}</span>
          <textarea rows={2} maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <div class="actions">
          <button type="button" onClick={props.onClose}>Cancel</button>
          <button class={deny ? "danger" : "primary"} disabled={busy || !ready}>
            {deny ? "Deny the call" : how === "for" ? "Approve for a while" : "Approve once"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

async function decideOn(of: Approval, how: Deciding, reason: string, for_s?: number): Promise<void> {
  const body: Record<string, unknown> = { shown: of.shown };
  if (reason.trim()) body["reason"] = reason.trim();
  if (for_s) body["for_s"] = for_s;
  const answer = await send<{ approval: Approval }>("POST", `/approvals/${of.id}/${how === "deny" ? "deny" : "approve"}`, body);
  countWaiting();
  const now = answer.approval.state;
  say(how === "deny" ? `Denied ${of.tool} for ${of.grant}.`
    : now === "pending" ? `You agreed to ${of.tool}. It waits for the others who are asked.` : `Approved ${of.tool} for ${of.grant}.`);
}

function Left(props: { expires: string }) {
  useNow();
  const ms = Date.parse(props.expires) - gatewayNow();
  return <span class={"left" + (ms < 120_000 ? " soon" : "")}>{ms > 0 ? `expires in ${countdown(ms)}` : "expired"}</span>;
}

const became: Record<Approval["state"], string> = { pending: "Waits", approved: "Approved, not used yet", used: "Approved and used",
  denied: "Denied", expired: "Expired", cancelled: "Cancelled" };

function askedOf(request: Approval): string {
  const groups = request.groups.map((one) => {
    const who = one.approvers.length > 0 ? one.approvers.join(", ") : "any approver";
    return one.approvals > 1 ? `${one.approvals} of ${who}` : who;
  });
  return groups.join("; and ");
}

/** A card. `deciding` opens the question that a key asked for. */
export function Request(props: { of: Approval; deciding: Deciding | undefined; decide: (how: Deciding | undefined) => void; onDone: () => void; alone?: boolean }) {
  const { of } = props;
  const whole = useLoad(async (signal) => {
    const request = (await get<{ approval: Approval }>("/approvals/" + of.id, {}, signal)).approval;
    return { request, last: await lastApproved(request, signal).catch(() => undefined) };
  }, [of.id, of.state, of.asked]);
  const [problem, setProblem] = useState<string>();
  const waits = of.state === "pending";
  const approveNow = async () => {
    if (mustType(of)) return props.decide("once");
    setProblem(undefined);
    try {
      await decideOn(whole.value?.request ?? of, "once", "");
      props.onDone();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <article class="request panel" aria-label={`${of.tool} for ${of.grant}`}>
      <div class="top">
        <h2 class="mono">{props.alone ? <Text of={of.tool} /> : <a data-row data-request={of.id} href={address(["approvals", of.id])}><Text of={of.tool} /></a>}</h2>
        {waits ? <Left expires={of.expires} /> : <span class="dim">{became[of.state]}</span>}
      </div>
      <p>
        {of.category && <span class={"risk " + (grave[of.category] ?? "low")}><Text of={of.category} /></span>}
        {" "}<strong><Text of={of.grant} /></strong>{of.grant_owner && <>{" of "}<Text of={of.grant_owner} /></>}
        {of.identity && <>{", as "}<Text of={of.identity} /></>}
        {of.client && <>{", by "}<Text of={of.client} /></>}
        {", at "}<Text of={of.server} />
        {of.asked > 1 && <span class="count">{`asked ${of.asked} times`}</span>}
      </p>
      <Load from={whole}>{(value) => <Arguments of={value.request.arguments} last={waits ? value.last : undefined} />}</Load>
      <p>
        {"Asked by the rule "}
        <a class="mono" title={of.rule} href={address(["policies", of.policy ?? ""], { server: of.server, at: of.pointer || of.rule, version: of.policy_version })}><Text of={shortRule(of.rule)} /></a>
        {of.note && <>{": "}<Text of={of.note} /></>}
        <span class="dim">{" Asks "}<Text of={askedOf(of)} />{"."}</span>
      </p>
      {waits ? <p class="dim">{"Without an answer it is refused at "}<Time of={of.expires} exact />{", and the agent is told so."}</p> : (
        <p>
          {of.decided && <>{`${of.state === "denied" ? "Denied" : "Decided"} by `}<Text of={of.decided_by ?? "nobody"} />{" "}<Time of={of.decided} /></>}
          {of.reason && <>{": "}<Text of={of.reason} /></>}
        </p>
      )}
      {of.decision && <p><a href={address(["audit", of.decision])}>The call in the log</a></p>}
      {problem && <Problem of={problem} />}
      {of.open && may("approver") && (waits || of.state === "approved") && (
        <div class="decide">
          {waits && <button type="button" class="primary" disabled={!whole.value} onClick={() => void approveNow()}>Approve once</button>}
          {waits && <button type="button" disabled={!whole.value} onClick={() => props.decide("for")}>Approve for a while…</button>}
          <button type="button" class="danger" onClick={() => props.decide("deny")}>{waits ? "Deny with reason…" : "Take the approval back…"}</button>
        </div>
      )}
      {waits && !may("approver") && <p class="dim">Deciding is for people with the role approver.</p>}
      {props.deciding && (
        <DecideDialog of={whole.value?.request ?? of} how={props.deciding} onClose={() => props.decide(undefined)}
                      onDone={() => { props.decide(undefined); props.onDone(); }} />
      )}
    </article>
  );
}
