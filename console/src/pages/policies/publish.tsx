// Putting a draft in force, and taking that back for a while.
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { messageOf, Problem } from "../../parts/load.tsx";
import { say } from "../../parts/toast.tsx";
import { useNow } from "../../parts/time.tsx";
import { putPolicy, revertPolicy, showPolicy, type Tested, testPolicy } from "./api.ts";
import type { Base, Draft } from "./draft.ts";
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

export function Publish(props: { draft: Draft; onClose: () => void }) {
  const { draft } = props;
  const base = draft.base.value;
  const text = draft.text.value;
  const [comment, setComment] = useState("");
  const [tested, setTested] = useState<Tested>();
  const [problem, setProblem] = useState<string>();
  const [conflict, setConflict] = useState(false);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    testPolicy({ text, server: base.policy.server }).then(setTested, (error) => setProblem(messageOf(error)));
  }, []);
  const fails = (tested?.failed ?? 0) > 0;
  const publish = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const { policy } = await putPolicy(base.policy.server, base.policy.name, text, comment.trim(), base.tag);
      sessionStorage.setItem(keyOf(base), JSON.stringify({ before: base.policy.version, now: policy.version, at: Date.now() }));
      draft.rebase(await live(base));
      say(`Version ${policy.version} of ${policy.name} is in force.`);
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
    <Dialog title={`Publish ${base.policy.name}`} onClose={props.onClose} actions={
      <>
        <button type="button" onClick={props.onClose}>Go on editing</button>
        {conflict ? <button type="button" class="primary" onClick={() => void reread()}>See what changed meanwhile</button>
          : <button type="button" class="primary" disabled={busy || fails || comment.trim() === "" || !tested} onClick={() => void publish()}>{`Publish version ${base.policy.version + 1}`}</button>}
      </>
    }>
      <section class="publish-part">
        <h3>Tests of the document</h3>
        {tested ? <TestResults of={tested} /> : <p class="dim" role="status">Running…</p>}
        {fails && <p class="bad-text">A test that fails blocks publishing. Mend the rule, or the test.</p>}
      </section>
      <label class="field"><span>What this changes, and why</span>
        <input value={comment} maxLength={1000} placeholder="It stands in the history" onInput={(event) => setComment(event.currentTarget.value)} />
      </label>
      {problem && <Problem of={problem} />}
    </Dialog>
  );
}
