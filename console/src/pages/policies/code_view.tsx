import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf, Problem } from "../../parts/load.tsx";
import { fieldsOf } from "../../policy/schema.ts";
import { place, setQuery } from "../../router.ts";
import { type CatalogueTool, type Finding, schemaOf } from "./api.ts";
import type { CodeEditor } from "./code.ts";
import type { Draft } from "./draft.ts";

// The editor is heavy; it comes when a text is first shown.
const code = () => import("./code.ts");

/** Argument paths of tools, asked for when completion first wants them. */
function useFields(server: string, tools: CatalogueTool[] | undefined): (tool: string | undefined) => string[] {
  const known = useRef(new Map<string, string[]>());
  const asked = useRef(new Set<string>());
  return (tool) => {
    const names = new Set((tools ?? []).map((one) => one.tool));
    for (const name of tool !== undefined && names.has(tool) ? [tool] : []) {
      if (asked.current.has(name)) continue;
      asked.current.add(name);
      schemaOf(server, name).then((schema) => known.current.set(name, fieldsOf(schema).map((field) => field.path)), () => undefined);
    }
    if (tool !== undefined) return known.current.get(tool) ?? [];
    return [...new Set([...known.current.values()].flat())];
  };
}

/** The document as text. */
export function CodeView(props: { draft: Draft; server: string; tools: CatalogueTool[] | undefined; findings: Finding[] | undefined }) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeEditor | undefined>(undefined);
  const typing = useRef(false);
  const [problem, setProblem] = useState<string>();
  const [ready, setReady] = useState(false);
  const { draft } = props;
  const fields = useFields(props.server, props.tools);
  const names = useRef({ tools: [] as string[], fields });
  names.current = { tools: (props.tools ?? []).map((tool) => tool.tool), fields };
  const text = draft.text.value;
  const at = place.value.query.get("at");
  useEffect(() => {
    let over = false;
    code().then((module) => {
      if (over || !host.current) return;
      editor.current = module.openEditor(host.current, {
        text: draft.text.value, names: () => names.current,
        typed: (now) => { draft.type(now, !typing.current); typing.current = true; },
      });
      setReady(true);
    }, (error) => setProblem(messageOf(error)));
    return () => { over = true; editor.current?.close(); editor.current = undefined; };
  }, []);
  // The text as it is now: this runs after the page is drawn, and somebody may have typed on since.
  useEffect(() => { editor.current?.set(draft.text.peek()); }, [text, ready]);
  useEffect(() => { if (props.findings) editor.current?.show(props.findings); }, [props.findings, ready]);
  useEffect(() => {
    if (!ready || at === null) return;
    editor.current?.go(Number(at));
    setQuery({ at: null });
  }, [at, ready]);
  if (problem) return <Problem of={"The editor could not be loaded. " + problem} again={() => location.reload()} />;
  return (
    <>
      {!ready && <p class="dim" role="status">Loading the editor…</p>}
      <div ref={host} class="code" />
      <p class="dim small">Ctrl+Space completes, Ctrl+F searches. Escape, then Tab leaves the text.</p>
    </>
  );
}
