// A call that nobody made, decided by the draft.
import { useEffect, useState } from "preact/hooks";
import { get, may, send } from "../../api.ts";
import type { Grant } from "../../model.ts";
import { type Explanation, ExplanationView } from "../../parts/explanation.tsx";
import { messageOf, Problem } from "../../parts/load.tsx";
import { say } from "../../parts/toast.tsx";
import { assemble } from "../../policy/arguments.ts";
import { append, write, Written } from "../../policy/edit.ts";
import { rootOf } from "../../policy/document.ts";
import { nodeAt, readJson } from "../../policy/json_text.ts";
import { sampleOf } from "../../policy/schema.ts";
import { place } from "../../router.ts";
import { visible } from "../../visible.ts";
import { type CatalogueTool, schemaOf } from "./api.ts";
import type { Draft } from "./draft.ts";

const pretty = { line: "\n", unit: "  ", colon: ": " };

export function TryCall(props: { draft: Draft; server: string; tools: CatalogueTool[] | undefined; agents: Grant[] | undefined; valid: boolean }) {
  const { draft, server } = props;
  const tools = props.tools ?? [];
  const record = place.value.query.get("try") ?? place.value.query.get("test");
  const [tool, setTool] = useState("");
  const [args, setArgs] = useState("{}");
  const [agent, setAgent] = useState("");
  const [answered, setAnswered] = useState<{ to: string; answer: Explanation }>();
  const [problem, setProblem] = useState<string>();
  const [note, setNote] = useState<string>();
  const [taken, setTaken] = useState(false);

  // A record of the log, taken over: its tool and agent, and the arguments where they are stored and may be seen.
  useEffect(() => {
    if (!record) return;
    let over = false;
    (async () => {
      const path = encodeURIComponent(record);
      const explained = await get<Explanation>(`/records/${path}/explanation`);
      const stored = may("auditor") ? await get<{ arguments: { path: string; value: string }[] }>(`/audit/arguments/${path}`).then((one) => one.arguments, () => []) : [];
      if (over) return;
      setTool(explained.call.tool);
      setAgent(explained.subject.grant);
      setArgs(stored.length > 0 ? write(assemble(stored), pretty, "") : "{}");
      setNote(stored.length > 0 ? `From ${record}; that its arguments were read is recorded.` : `From ${record}. Its arguments are not stored, or your roles do not see them: write them here.`);
      setTaken(true);
      document.getElementById("try")?.scrollIntoView({ block: "center" });
    })().catch((error) => { if (!over) setProblem(messageOf(error)); });
    return () => { over = true; };
  }, [record]);
  const question = JSON.stringify([draft.text.value, tool, args, agent]);
  const answer = answered?.answer;
  const stale = answered !== undefined && answered.to !== question;

  const choose = async (name: string) => {
    setTool(name);
    if (!tools.some((one) => one.tool === name)) return;
    try {
      const sample = sampleOf(await schemaOf(server, name));
      if (args.trim() === "{}" || args.trim() === "") setArgs(JSON.stringify(sample, null, 2));
    } catch {
      // Without a schema the author writes the arguments alone.
    }
  };
  const wrong = () => {
    const { root, errors } = readJson(args);
    return errors[0]?.message ?? (root.kind === "object" ? undefined : "arguments are an object: { … }");
  };
  const ask = async (event?: Event) => {
    event?.preventDefault();
    const bad = wrong();
    if (bad) return setProblem("The arguments are no JSON: " + bad);
    setProblem(undefined);
    const known = (props.agents ?? []).some((one) => one.label === agent);
    const category = tools.find((one) => one.tool === tool)?.category;
    const subject = { text: draft.text.value, tool, ...(known ? { grant: agent, server } : { server }), ...(category ? { category } : {}) };
    try {
      // The arguments go as they are spelled: 10000.0000000000000001 is no 10000.
      const body = JSON.stringify(subject).slice(0, -1) + ",\"args\":" + args + "}";
      setAnswered({ to: question, answer: await send<Explanation>("POST", "/policies/explain", body) });
    } catch (error) {
      setAnswered(undefined);
      setProblem(messageOf(error));
    }
  };
  // A call that was taken over is decided at once.
  useEffect(() => {
    if (!taken || !props.valid) return;
    setTaken(false);
    void ask();
  }, [taken, props.valid]);
  const saveTest = () => {
    if (!answer) return;
    const known = (props.agents ?? []).find((one) => one.label === agent);
    const tests = nodeAt(rootOf(draft.text.value), ["tests"]);
    const number = (tests?.kind === "array" ? tests.items.length : 0) + 1;
    const grant = known && (Object.keys(known.labels).length > 0 ? { label: known.label, labels: known.labels } : known.label);
    const category = tools.find((one) => one.tool === tool)?.category;
    draft.set(append(draft.text.value, ["tests"], {
      name: `${number}: ${tool} is ${{ allow: "allowed", deny: "denied", hide: "hidden", approve: "asked about" }[answer.decision]}`,
      ...(grant ? { grant } : {}), ...(category ? { category } : {}), tool,
      args: new Written(readJsonCompact(args)), expect: answer.decision, ...(answer.rule && answer.decision !== "allow" ? { rule: answer.rule } : {}),
    }));
    say("Saved as a test of the draft.");
  };
  return (
    <section class="panel" aria-labelledby="try-title" id="try">
      <h2 id="try-title">Try a call</h2>
      <form class="stack tight" onSubmit={(event) => void ask(event)}>
        <div class="row">
          <label class="inline">{"Tool "}
            <input list="try-tools" required value={tool} spellcheck={false} autocomplete="off" onInput={(event) => setTool(event.currentTarget.value)} onChange={(event) => void choose(event.currentTarget.value)} />
          </label>
          <datalist id="try-tools">{tools.map((one) => <option key={one.tool} value={one.tool} />)}</datalist>
          <label class="inline">{"by "}
            <select value={agent} onChange={(event) => setAgent(event.currentTarget.value)}>
              <option value="">any agent</option>
              {(props.agents ?? []).map((one) => <option key={one.id} value={one.label}>{visible(one.label)}</option>)}
              {agent !== "" && !(props.agents ?? []).some((one) => one.label === agent) && <option value={agent}>{visible(agent) + " (not of this policy)"}</option>}
            </select>
          </label>
        </div>
        <label class="field"><span>Arguments</span>
          <textarea rows={Math.min(10, args.split("\n").length + 1)} spellcheck={false} value={args} onInput={(event) => setArgs(event.currentTarget.value)} />
        </label>
        {note && <p class="dim small">{note}</p>}
        <div class="row">
          <button type="submit" disabled={!props.valid || tool === ""}>Decide by the draft</button>
          {answer && !stale && <button type="button" onClick={saveTest}>Save as a test</button>}
        </div>
      </form>
      {problem && <Problem of={problem} />}
      {answer && <div class={stale ? "stale" : undefined}>
        {stale && <p class="dim small">The draft or the call has changed since this answer.</p>}
        <ExplanationView of={answer} />
      </div>}
    </section>
  );
}

/** White space between the values of a JSON text is dropped; their spelling stays. */
function readJsonCompact(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, quoted: string | undefined) => quoted ?? "").replace(/("(?:[^"\\]|\\.)*")|([,:])/g,
    (_, quoted: string | undefined, mark: string | undefined) => quoted ?? mark + " ");
}
