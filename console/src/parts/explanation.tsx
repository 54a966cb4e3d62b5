// Why a call was decided as it was: the engine's own account (docs/policy-reference.md), drawn and never derived again.
import type { ComponentChildren } from "preact";
import { address } from "../router.ts";
import { Decision, type DecisionWord } from "./decision.tsx";
import { Text } from "./text.tsx";
import { Time } from "./time.tsx";
import "./explanation.css";

export interface Explanation {
  id?: string;
  time?: string;
  decision: "allow" | "deny" | "hide" | "approve";
  /** What people are shown. */
  word: DecisionWord;
  enforced: boolean;
  code: string;
  summary: string;
  subject: { grant: string; owner?: string; client?: string };
  call: { server: string; tool: string; args_sha256?: string; args_state?: "given" | "shown" | "not_stored" | "not_shown"; args_redacted?: unknown };
  policy: { name: string; version: number; sha256?: string; origin?: string };
  rule: string;
  pointer: string;
  line?: number;
  note?: string;
  evidence: { path: string; op: string; expected: unknown; actual: string; result: string }[];
  trace: { step: string; result: string; pointer?: string; line?: number }[];
  effects: { forwarded: boolean; quota?: string; result?: string };
  remedy: { retry?: string; after_s?: number; changes: string[]; ask?: string };
  told_agent: string;
  approval?: string;
}

const limited = ["rate_limited", "budget_exceeded"];

/** Who said so: a rule, the default, a broken policy, a person. */
function whoSaid(of: Explanation): string {
  if (of.decision === "allow") return of.rule ? "A rule of the policy allows it." : "No rule is against it.";
  if (of.code === "default_deny") return "No rule names this tool, and the policy's default is to deny.";
  if (of.code === "policy_error") return "The policy could not be evaluated, so the gateway refused. No rule says no.";
  if (of.code === "no_policy") return "The grant carries no policy, so everything is refused.";
  if (of.code === "tool_changed") return "The tool's definition is not the one that was reviewed. A person must look at it.";
  if (of.code === "tool_hidden") return "The policy hides this tool; the agent was told that it does not exist.";
  if (of.code === "unknown_tool") return "The server has no such tool.";
  if (of.code === "approval_denied") return "A person said no.";
  if (of.code === "approval_expired") return "A rule asks for a person, and nobody answered in time.";
  if (of.decision === "approve") return "A rule asks for a person.";
  if (limited.includes(of.code)) return "A limit of the policy is used up.";
  return "A rule of the policy says no.";
}

function effect(of: Explanation): string {
  const server = of.call.server || "the server";
  // A call that nobody made has no id.
  if (!of.id) return of.effects.forwarded ? `The call would go to ${server}.` : `The call would not reach ${server}.`;
  const reached = of.effects.forwarded
    ? of.decision !== "allow" && !of.enforced ? `Observe mode let the call go to ${server}.` : `The call went to ${server}.`
    : `The call did not reach ${server}.`;
  return [reached, quotas[of.effects.quota ?? ""]].filter(Boolean).join(" ");
}

const quotas: Record<string, string> = {
  "none used": "No quota was used.",
  "counted": "It counts against the limits.",
  "to be reserved": "It would count against the limits.",
  "given back": "What it had used of the limits was given back.",
};

const retries: Record<string, string> = {
  never: "Repeating the call gives the same answer.",
  changed_arguments: "The agent may call again with other arguments.",
  after_approval: "The same call runs once a person has agreed.",
  ask_user: "The agent was told to ask its user.",
};

function Trace(props: { of: Explanation }) {
  const { of } = props;
  const refused = of.word !== "allowed";
  const signs: Record<string, [string, string]> = { "ok": ["✓", "passed"], "decided": [refused ? "✕" : "✓", "decided"],
    "not evaluated": ["·", "not evaluated"] };
  return (
    <ol class="trace" aria-label="The way to the decision">
      {of.trace.map((step, i) => {
        const [sign, word] = signs[step.result] ?? ["·", step.result];
        const kind = step.result === "decided" ? "decided" + (refused ? " refused" : "") : step.result === "ok" ? "ok" : "skipped";
        return (
          <li key={i} class={kind}>
            <span aria-hidden="true">{sign}</span>
            <span><Text of={step.step} />{step.result === "not evaluated" && ": not evaluated"}<span class="hidden-visually">{`, ${word}`}</span></span>
            <span class="line">{step.line ? `line ${step.line}` : ""}</span>
          </li>
        );
      })}
    </ol>
  );
}

const argumentStates: Record<string, string> = {
  not_stored: "The log keeps no values of this call, so rules over arguments cannot be shown with what they met.",
  not_shown: "Values of this call are stored; auditors and admins may see them.",
};

/** The call's arguments as they were stored, secrets taken out before. */
function Arguments(props: { of: Explanation["call"] }) {
  const args = props.of.args_redacted;
  const state = argumentStates[props.of.args_state ?? ""];
  if (args === undefined) return state ? <p class="dim">{state}</p> : null;
  const entries = args !== null && typeof args === "object" && !Array.isArray(args) ? Object.entries(args) : [["", args] as const];
  return (
    <table class="arguments">
      <caption>{entries.length === 1 ? "1 argument" : `${entries.length} arguments`}</caption>
      <thead class="hidden-visually"><tr><th scope="col">Argument</th><th scope="col">Value</th></tr></thead>
      <tbody>{entries.map(([key, value]) => (
        <tr key={key}><td class="mono"><Text of={key} /></td><td class="mono"><Text of={typeof value === "string" ? value : JSON.stringify(value, null, 1)} /></td></tr>
      ))}</tbody>
    </table>
  );
}

/** Where the rule stands in the policy's editor. */
export function ruleAddress(of: Explanation): string {
  return address(["policies", of.policy.name], { server: of.call.server, at: of.pointer || of.rule, version: of.policy.version });
}

export function ExplanationView(props: { of: Explanation; actions?: ComponentChildren }) {
  const { of } = props;
  const word = of.word;
  const told = of.told_agent && of.told_agent !== of.summary;
  return (
    <section class="explanation" aria-label="Explanation">
      <p class="headline">
        <Decision of={word} />
        <strong class="mono"><Text of={(of.call.server ? of.call.server + "." : "") + of.call.tool} /></strong>
        {of.subject.grant && <span><Text of={of.subject.grant} />{of.subject.owner && <>{" ("}<Text of={of.subject.owner} />{")"}</>}</span>}
        {of.time && <Time of={of.time} exact />}
      </p>
      <p class="summary"><Text of={of.summary} /></p>
      {of.note && <p>{"The policy's author says: "}<Text of={of.note} /></p>}
      <p>{whoSaid(of)}{" "}{effect(of)}</p>
      <Arguments of={of.call} />
      {of.trace.length > 0 && <Trace of={of} />}
      <dl class="facts">
        {of.evidence.length > 0 && (
          <>
            <dt>Compared</dt>
            <dd><ul>{of.evidence.map((one, i) => (
              <li key={i}><code><Text of={`${one.path} ${one.op} ${JSON.stringify(one.expected)}`} /></code>
                {one.actual !== "" && <>{", was "}<code><Text of={one.actual} /></code></>}{`: ${one.result}`}</li>
            ))}</ul></dd>
          </>
        )}
        {of.policy.name && (
          <>
            <dt>Policy</dt>
            <dd>{of.policy.origin === "draft" ? <Text of={of.policy.name} />
              : <a href={address(["policies", of.policy.name], { server: of.call.server })}><Text of={of.policy.name} /></a>}
              {` v${of.policy.version}`}{of.policy.sha256 && <a class="mono" title={of.policy.sha256} href={address(["audit"], { policy: of.policy.sha256 })}>{` sha256 ${of.policy.sha256.slice(0, 12)}`}</a>}
              {of.policy.origin && <span class="dim">{", "}<Text of={of.policy.origin} /></span>}</dd>
          </>
        )}
        {of.rule && <><dt>Rule</dt><dd><code><Text of={of.rule} /></code></dd></>}
        {of.subject.client && <><dt>Client</dt><dd><Text of={of.subject.client} /></dd></>}
        {word !== "allowed" && (of.remedy.changes.length > 0 || of.remedy.ask || of.remedy.retry) && (
          <>
            <dt>What would change it</dt>
            <dd>
              {of.remedy.changes.length > 0 && <ul>{of.remedy.changes.map((one, i) => <li key={i}><Text of={one} /></li>)}</ul>}
              {of.remedy.ask && <p>{"Ask "}<Text of={of.remedy.ask} />{"."}</p>}
              {of.remedy.after_s ? <p>{`It works again after ${of.remedy.after_s} s.`}</p>
                : of.remedy.retry && retries[of.remedy.retry] && <p>{retries[of.remedy.retry]}</p>}
            </dd>
          </>
        )}
      </dl>
      {told && (
        <div class="fenced">
          <span class="whose">Told the agent, in these words</span>
          <pre><Text of={of.told_agent} /></pre>
        </div>
      )}
      {props.actions && <div class="row">{props.actions}</div>}
    </section>
  );
}
