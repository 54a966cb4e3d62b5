// Putting a draft in force, and taking that back for a while.
import { useState } from "preact/hooks";
import { ApiError } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Load, messageOf, Problem, useLoad } from "../../parts/load.tsx";
import { putPolicy, revertPolicy, showPolicy } from "../../parts/policies.ts";
import { Text } from "../../parts/text.tsx";
import { useNow } from "../../parts/time.tsx";
import { say } from "../../parts/toast.tsx";
import { rootOf } from "../../policy/document.ts";
import { setAt } from "../../policy/edit.ts";
import { nodeAt } from "../../policy/json_text.ts";
import { place } from "../../router.ts";
import { diffPolicy, type PolicyDiff, type Tested } from "./api.ts";
import type { Base, Draft } from "./draft.ts";
import { SimulationView, useSimulation } from "./effect.tsx";
import { TestResults } from "./tests.tsx";

const undoFor = 10 * 60 * 1000;

interface Published {
  /** What was in force before, and what is now. */
  before: number;
  now: number;
  at: number;
}

const keyOf = (base: Base) => `doorward.published:${base.policy.server}/${base.policy.name}`;

function lastPublished(base: Base): Published | undefined {
  try {
    const found = JSON.parse(sessionStorage.getItem(keyOf(base)) ?? "null") as Published | null;
    return found && found.now === base.policy.version && Date.now() - found.at < undoFor ? found : undefined;
  } catch {
    return undefined;
  }
}

async function live(base: Base): Promise<Base> {
  const { value, tag } = await showPolicy(base.policy.server, base.policy.name);
  return { ...value, tag };
}

/** For ten minutes after a change: one button back to what was in force before. */
export function UndoBanner(props: { draft: Draft; again: () => void }) {
  const base = props.draft.base.value;
  const [problem, setProblem] = useState<string>();
  useNow(5000);
  const published = lastPublished(base);
  if (!published) return null;
  const undo = async () => {
    try {
      await revertPolicy(base.policy.server, base.policy.name, published.before, base.tag);
      sessionStorage.removeItem(keyOf(base));
      say(`Version ${published.before} is in force again.`);
      props.again();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <div class="banner good row spread">
        <span>{`Version ${published.now} is in force since ${new Date(published.at).toLocaleTimeString()}. The next call of each agent is decided by it.`}</span>
        <button type="button" onClick={undo}>{`Undo: back to version ${published.before}`}</button>
      </div>
      {problem && <Problem of={problem} />}
    </>
  );
}

const words: Record<string, string> = { allowed: "allowed", denied: "denied", hidden: "hidden", rate_limited: "rate-limited", needs_approval: "asks a person",
  depends: "depends on the arguments" };

/** What the draft changes, as the engine says. */
function Meaning(props: { of: PolicyDiff }) {
  const { of } = props;
  return (
    <>
      <p><strong><Text of={of.summary} /></strong>{of.widens && <span class="widens">{" Something passes that did not before."}</span>}</p>
      <ul class="changes">
        {of.tools.slice(0, 12).map((one) => (
          <li key={one.tool}><code><Text of={one.tool} /></code>{one.before === one.after ? `: ${words[one.after] ?? one.after}, by other rules` : `: ${words[one.before] ?? one.before} → ${words[one.after] ?? one.after}`}
            {one.line > 0 && <span class="dim">{` · line ${one.line}`}</span>}</li>
        ))}
        {of.tools.length > 12 && <li class="dim">{`and ${of.tools.length - 12} more tools`}</li>}
        {of.limits.map((one) => <li key={one.rule}>{`Limit ${one.change}: `}<code><Text of={one.rule} /></code>{one.before && one.after ? `: ${one.before} → ${one.after}` : `: ${one.after || one.before}`}</li>)}
        {of.settings.map((one) => <li key={one.name}><code>{one.name}</code>{": "}<Text of={one.before || "not set"} />{" → "}<Text of={one.after || "not set"} /></li>)}
      </ul>
    </>
  );
}

export function Publish(props: { draft: Draft; tested: Tested | undefined; onClose: () => void }) {
  const { draft, tested } = props;
  const base = draft.base.value;
  const text = draft.text.value;
  const { server, name } = base.policy;
  const [comment, setComment] = useState("");
  const [over, setOver] = useState("");
  const [mode, setMode] = useState(modeOf(text));
  const [problem, setProblem] = useState<string>();
  const [conflict, setConflict] = useState(false);
  const [busy, setBusy] = useState(false);
  const final = mode === modeOf(text) ? text : setAt(text, ["mode"], mode);
  const meaning = useLoad(() => diffPolicy(final, server, name), [final]);
  const whose = place.value.query.get("calls") === "server" ? undefined : name;
  const simulated = useSimulation(final, server, whose, "7d", true);
  const fails = (tested?.failed ?? 0) > 0;
  const publish = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const { policy } = await putPolicy(server, name, final, comment.trim(), base.tag, fails ? over.trim() : undefined);
      sessionStorage.setItem(keyOf(base), JSON.stringify({ before: base.policy.version, now: policy.version, at: Date.now() }));
      draft.publish(final, await live(base));
      say(`Version ${policy.version} of ${name} is in force.`);
      props.onClose();
    } catch (error) {
      setConflict(error instanceof ApiError && error.problem.status === 412);
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  const reread = async () => {
    draft.newer.value = await live(base);
    props.onClose();
  };
  return (
    <Dialog title={`Publish ${name}`} onClose={props.onClose} actions={
      <>
        <button type="button" onClick={props.onClose}>Go on editing</button>
        {conflict ? <button type="button" class="primary" onClick={() => void reread()}>See what changed meanwhile</button>
          : <button type="button" class="primary" disabled={busy || (fails && over.trim() === "") || comment.trim() === "" || !tested} onClick={() => void publish()}>{`Publish version ${base.policy.version + 1}`}</button>}
      </>
    }>
      <section class="publish-part">
        <h3>What changes</h3>
        <Load from={meaning}>{(value) => <Meaning of={value} />}</Load>
      </section>
      <section class="publish-part">
        <h3>The last 7 days under it</h3>
        {simulated.problem && <Problem of={simulated.problem} />}
        {simulated.value?.lockout && <div class="banner warn" role="alert"><Text of={simulated.value.lockout} /></div>}
        {simulated.value ? <SimulationView of={simulated.value} server={server} brief /> : !simulated.problem && <p class="dim" role="status">Judging…</p>}
      </section>
      <section class="publish-part">
        <h3>Tests of the document</h3>
        {tested ? <TestResults of={tested} /> : <p class="dim" role="status">Running…</p>}
        {fails && <label class="field"><span class="bad-text">A test that fails blocks publishing. Mend the rule or the test, or say why it is published all the same</span>
          <input value={over} maxLength={1000} placeholder="It is recorded, and stands in the history" onInput={(event) => setOver(event.currentTarget.value)} /></label>}
      </section>
      <label class="field"><span>From then on the policy</span>
        <select value={mode} onChange={(event) => setMode(event.currentTarget.value)}>
          <option value="enforce">enforces: what it refuses does not run</option>
          <option value="observe">observes: it records what it would refuse</option>
        </select>
      </label>
      <label class="field"><span>What this changes, and why</span>
        <input value={comment} maxLength={1000} placeholder="It stands in the history" onInput={(event) => setComment(event.currentTarget.value)} />
      </label>
      {problem && <Problem of={problem} />}
    </Dialog>
  );
}

function modeOf(text: string): string {
  const mode = nodeAt(rootOf(text), ["mode"]);
  return mode?.kind === "string" && mode.value === "observe" ? "observe" : "enforce";
}
