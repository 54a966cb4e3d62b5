// The document as choices and sentences. Whatever has no control here is shown as it is written, and kept.
import { useEffect, useMemo, useState } from "preact/hooks";
import { categories } from "../../model.ts";
import { Risk } from "../../parts/decision.tsx";
import { Load, type Loaded } from "../../parts/load.tsx";
import { Text } from "../../parts/text.tsx";
import { removeAt, setAt, type Value } from "../../policy/edit.ts";
import { obstacle, rootOf } from "../../policy/document.ts";
import { isGlob, matches } from "../../policy/glob.ts";
import { memberOf, type Node, nodeAt, type Path, pointerOf } from "../../policy/json_text.ts";
import { type Field, fieldsOf } from "../../policy/schema.ts";
import { blockState, type State, states, toolState, type ToolState } from "../../policy/tool_state.ts";
import { address, place, setQuery } from "../../router.ts";
import { visible } from "../../visible.ts";
import { type CatalogueTool, schemaOf } from "./api.ts";
import { Typed } from "./condition.tsx";
import type { Draft } from "./draft.ts";
import { placeText, RawBlock } from "./parts.tsx";
import { Recommended } from "./recommended.tsx";
import { RuleBlock } from "./rules.tsx";

const stateWords: Record<State, string> = { allow: "Allow", deny: "Deny", hide: "Hide", ask: "Ask", custom: "Custom" };

interface Row {
  tool: string;
  known?: CatalogueTool;
  state: ToolState;
}


function namesOf(root: Node, tools: CatalogueTool[]): string[] {
  const names = new Set(tools.map((tool) => tool.tool));
  const own = nodeAt(root, ["tools"]);
  const hidden = nodeAt(root, ["hide"]);
  for (const member of own?.kind === "object" ? own.members : []) if (!isGlob(member.key)) names.add(member.key);
  for (const item of hidden?.kind === "array" ? hidden.items : []) if (item.kind === "string" && !isGlob(item.value)) names.add(item.value);
  return [...names];
}

function Why(props: { row: Row; openJson: (path: Path) => void }) {
  const { state } = props.row;
  // What holds for every call stands in a part of its own, not at each tool.
  const also = state.also.filter((path) => path[0] !== "all_tools");
  const link = (path: Path) => path.length === 0 ? <>default</>
    : <button type="button" class="plain" onClick={() => props.openJson(path)}>{placeText(path)}</button>;
  return (
    <span class="why dim small">
      {!state.own && <>{state.path.length === 0 ? "by default" : <>{"by "}{link(state.path)}</>}</>}
      {also.length > 0 && <>{state.own ? "also: " : " · also: "}{also.map((path, index) => <span key={pointerOf(path)}>{index > 0 && ", "}{link(path)}</span>)}</>}
    </span>
  );
}

/** Native radios, so that the arrow keys choose. A click on Custom opens the rules. */
function StateChoice(props: { label: string; name: string; state: State; shown: State; unreachable: State[]; reason: string; take: (state: State) => void }) {
  return (
    <div class="five" role="radiogroup" aria-label={props.label}>
      {states.map((state) => {
        const off = props.unreachable.includes(state);
        return (
          <label key={state} class={"one-of-five " + state + (props.shown === state ? " on" : "") + (off ? " off" : "")} title={off ? props.reason : undefined}>
            <input type="radio" name={props.name} value={state} checked={props.shown === state} disabled={off} onChange={() => props.take(state)}
                   onClick={() => { if (props.shown === state && state === "custom") props.take(state); }} />
            <span>{stateWords[state]}</span>
          </label>
        );
      })}
    </div>
  );
}

function ToolRow(props: { draft: Draft; row: Row; server: string; index: number; calls: number | undefined; open: boolean; setOpen: (open: boolean) => void; wanted: boolean; openJson: (path: Path) => void }) {
  const { draft, row, open } = props;
  const [fields, setFields] = useState<Field[]>();
  const known = row.known !== undefined;
  const own = nodeAt(rootOf(draft.text.value), ["tools", row.tool]);
  const ruled = open || (own !== undefined && (row.state.state === "custom" || (row.state.state === "ask" && row.state.own)));
  useEffect(() => {
    if (!ruled || fields) return;
    if (!known) return setFields([]);
    let over = false;
    schemaOf(props.server, row.tool).then((schema) => { if (!over) setFields(fieldsOf(schema)); }, () => { if (!over) setFields([]); });
    return () => { over = true; };
  }, [ruled, known]);
  const take = (state: State) => {
    draft.setTool(row.tool, state, row.known?.category);
    props.setOpen(state === "custom");
  };
  // Custom without a rule yet says nothing in the document; the row shows what is being made.
  const begun = open && (row.state.state === "allow" || row.state.state === "ask") && row.state.path[0] === "tools";
  const shown = begun ? "custom" : row.state.state;
  const pattern = isGlob(row.tool);
  return (
    <li class={"tool" + (props.wanted ? " wanted" : "")} data-wanted={props.wanted || undefined}>
      <div class="tool-line">
        <div class="tool-name">
          <strong><Text of={row.tool} most={160} /></strong>
          {row.known ? <Risk severity={row.known.severity} category={row.known.category} /> : <span class="dim small">not among the server's tools</span>}
          <Why row={row} openJson={props.openJson} />
          {pattern && <span class="dim small">its name reads as a pattern and cannot be set alone</span>}
        </div>
        <div class="tool-calls dim small">
          {props.calls !== undefined && (
            <a href={address(["audit"], { server: props.server, tool: row.tool, since: "30d" })} title="Calls in the last 30 days">{`${props.calls.toLocaleString()} ${props.calls === 1 ? "call" : "calls"}`}</a>
          )}
        </div>
        <StateChoice label={`What happens to ${visible(row.tool)}`} name={`state-${props.index}`} state={row.state.state} shown={shown} unreachable={row.state.unreachable}
                     reason={pattern ? "The name reads as a pattern" : `${placeText(row.state.path)} says more, and no rule rescues a call from another`} take={take} />
      </div>
      {ruled && (
        <div class="tool-rules">
          {begun && row.state.state === "allow" && <p class="dim small">No rule yet, so every call is allowed. Add the first one.</p>}
          <RuleBlock draft={draft} fields={fields} path={["tools", row.tool]} what={row.tool} openJson={props.openJson} />
        </div>
      )}
    </li>
  );
}

function setBlock(draft: Draft, path: Path, state: State): void {
  const values: Record<State, Value> = { allow: {}, custom: {}, deny: { action: "deny" }, hide: { action: "hide" }, ask: { action: "approve" } };
  draft.set(setAt(draft.text.value, path, values[state]));
}

/** A block for many tools: a risk category or a pattern. */
function BroadBlock(props: { draft: Draft; path: Path; title: string; note: string; index: string; fields: Field[]; openJson: (path: Path) => void }) {
  const { draft, path } = props;
  const block = nodeAt(rootOf(draft.text.value), path);
  const [begun, setBegun] = useState(false);
  if (!block) return null;
  const state = blockState(block);
  return (
    <li class="tool">
      <div class="tool-line">
        <div class="tool-name"><strong><Text of={props.title} most={160} /></strong><span class="dim small">{props.note}</span></div>
        <div class="tool-calls"><button type="button" class="plain" onClick={() => draft.set(removeAt(draft.text.value, path))}>Remove<span class="hidden-visually">{" " + visible(props.title)}</span></button></div>
        <StateChoice label={`What happens to ${visible(props.title)}`} name={`broad-${props.index}`} state={state} shown={begun && state === "allow" ? "custom" : state} unreachable={[]} reason=""
                     take={(next) => { if (next !== state) setBlock(draft, path, next); setBegun(next === "custom"); }} />
      </div>
      {(state === "custom" || state === "ask" || begun) && <div class="tool-rules"><RuleBlock draft={draft} fields={props.fields} path={path} what={props.title} openJson={props.openJson} /></div>}
    </li>
  );
}

/** What the document says as a whole. */
function Head(props: { draft: Draft }) {
  const { draft } = props;
  const root = rootOf(draft.text.value);
  const text = (key: string, fallback: string) => { const node = memberOf(root, key)?.value; return node?.kind === "string" ? node.value : fallback; };
  const choose = (key: string, value: string) => draft.set(setAt(draft.text.value, [key], value));
  return (
    <div class="document-head">
      <label class="field wide"><span>Description</span>
        <Typed label="Description" wide value={text("description", "")} take={(typed) => { draft.set(typed === "" ? removeAt(draft.text.value, ["description"]) : setAt(draft.text.value, ["description"], typed)); return true; }} />
      </label>
      <label class="field"><span>Mode</span>
        <select value={text("mode", "enforce")} onChange={(event) => choose("mode", event.currentTarget.value)}>
          <option value="enforce">Enforce</option>
          <option value="observe">Observe: record, refuse nothing</option>
        </select>
      </label>
      <label class="field"><span>Tools that nothing names</span>
        <select value={text("default", "deny")} onChange={(event) => choose("default", event.currentTarget.value)}>
          <option value="deny">Are denied</option>
          <option value="allow">Are allowed</option>
        </select>
      </label>
      <label class="field"><span>A refusal tells the agent</span>
        <select value={text("detail", "full")} onChange={(event) => choose("detail", event.currentTarget.value)}>
          <option value="full">The rule and the values</option>
          <option value="reason">The reason</option>
          <option value="minimal">As little as possible</option>
        </select>
      </label>
    </div>
  );
}

const drawn = new Set(["$schema", "version", "description", "mode", "default", "detail", "hide", "all_tools", "risk", "tools", "tests"]);

function Broad(props: { draft: Draft; tools: CatalogueTool[]; openJson: (path: Path) => void }) {
  const { draft, tools, openJson } = props;
  const root = rootOf(draft.text.value);
  const [pattern, setPattern] = useState("");
  const risk = nodeAt(root, ["risk"]);
  const used = risk?.kind === "object" ? risk.members.map((member) => member.key) : [];
  const own = nodeAt(root, ["tools"]);
  const globs = own?.kind === "object" ? own.members.filter((member) => isGlob(member.key)) : [];
  const hidden = nodeAt(root, ["hide"]);
  const hides = hidden?.kind === "array" ? hidden.items.map((item, index) => ({ index, name: item.kind === "string" ? item.value : "" })).filter((one) => isGlob(one.name)) : [];
  const count = (names: CatalogueTool[]) => `${names.length} of ${tools.length} tools`;
  return (
    <>
      <section class="panel">
        <h2>Every call</h2>
        <p class="dim small">Rules of <code>all_tools</code> hold beside those of each tool: the first denial answers, and nothing rescues a call from it.</p>
        <RuleBlock draft={draft} fields={[]} path={["all_tools"]} what="every call" openJson={openJson} />
      </section>
      <section class="panel">
        <div class="row spread"><h2>By risk and by pattern</h2>
          <div class="row">
            <select aria-label="Add a rule for a risk category" value="" onChange={(event) => { const value = event.currentTarget.value; event.currentTarget.value = ""; if (value) draft.set(setAt(draft.text.value, ["risk", value], { action: "approve" })); }}>
              <option value="">Add a category…</option>
              {categories.filter((one) => !used.includes(one)).map((one) => <option key={one} value={one}>{`${one} (${tools.filter((tool) => tool.category === one).length})`}</option>)}
            </select>
            <form class="row nowrap" onSubmit={(event) => { event.preventDefault(); if (isGlob(pattern)) { draft.set(setAt(draft.text.value, ["tools", pattern], {})); setPattern(""); } }}>
              <input class="short-name" aria-label="A pattern of tool names" placeholder="read_*" value={pattern} onInput={(event) => setPattern(event.currentTarget.value)} />
              <button type="submit" disabled={!isGlob(pattern)}>Add pattern</button>
            </form>
          </div>
        </div>
        {used.length + globs.length + hides.length === 0 && <p class="dim small">One line here covers tools that nobody has read yet: all destructive ones, or all whose names begin alike.</p>}
        <ul class="tools">
          {used.map((category) => (
            <BroadBlock key={"risk" + category} draft={draft} path={["risk", category]} title={category} index={"risk-" + category} fields={[]} openJson={openJson}
                        note={"risk category · " + count(tools.filter((tool) => tool.category === category))} />
          ))}
          {globs.map((member, index) => (
            <BroadBlock key={"glob" + member.key} draft={draft} path={["tools", member.key]} title={member.key} index={"glob-" + index} fields={[]} openJson={openJson}
                        note={"pattern · " + count(tools.filter((tool) => matches(member.key, tool.tool)))} />
          ))}
          {hides.map(({ index, name }) => (
            <li class="tool" key={"hide" + index}>
              <div class="tool-line">
                <div class="tool-name"><strong><Text of={name} most={160} /></strong><span class="dim small">{"hidden pattern · " + count(tools.filter((tool) => matches(name, tool.tool)))}</span></div>
                <div class="tool-calls"><button type="button" class="plain" onClick={() => draft.set(removeAt(draft.text.value, ["hide", index]))}>Remove<span class="hidden-visually">{" " + visible(name)}</span></button></div>
              </div>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

export function Visual(props: { draft: Draft; server: string; tools: Loaded<CatalogueTool[]>; calls: Map<string, number> | undefined; openJson: (path: Path) => void }) {
  const { draft, server, openJson } = props;
  const text = draft.text.value;
  const tools = props.tools.value ?? [];
  // No row before all are known: it would move under somebody's pointer.
  const settled = props.tools.value !== undefined || props.tools.problem !== undefined;
  const wanted = place.value.query.get("tool");
  const [open, setOpen] = useState(new Set<string>(wanted ? [wanted] : []));
  useEffect(() => {
    if (!wanted || !settled) return;
    setOpen((old) => new Set(old).add(wanted));
    document.querySelector("[data-wanted]")?.scrollIntoView({ block: "center" });
  }, [wanted, settled]);
  const wrong = obstacle(text);
  const root = rootOf(text);
  const known = useMemo(() => new Map(tools.map((tool) => [tool.tool, tool])), [props.tools.value]);
  const [recommending, setRecommending] = useState(false);
  const query = place.value.query;
  const words = (query.get("q") ?? "").toLowerCase();
  const only = query.get("state") ?? "";
  const risk = query.get("risk") ?? "";
  if (wrong) {
    return (
      <div class="banner warn">
        <p>{`The document is no JSON at line ${wrong.line}: ${wrong.message}. This view draws it once that is mended.`}</p>
        <button type="button" onClick={() => openJson([])}>Mend it in JSON</button>
      </div>
    );
  }
  const rows: Row[] = namesOf(root, tools).map((tool) => ({ tool, known: known.get(tool), state: toolState(root, tool, known.get(tool)?.category) }));
  const shown = rows.filter((row) => (!words || row.tool.toLowerCase().includes(words) || (row.known?.description ?? "").toLowerCase().includes(words)) &&
    (!only || row.state.state === only) && (!risk || row.known?.category === risk));
  const group = (state: State) => draft.setTools(shown.filter((row) => !row.state.unreachable.includes(state)).map((row) => ({ tool: row.tool, category: row.known?.category })), state);
  const destructive = rows.filter((row) => row.known?.category === "Destructive" && row.state.state !== "hide" && !isGlob(row.tool));
  const rest = root.kind === "object" ? root.members.filter((member) => !drawn.has(member.key)) : [];
  const counts = states.map((state) => ({ state, count: rows.filter((row) => row.state.state === state).length }));
  const filtered = words !== "" || only !== "" || risk !== "";
  return (
    <div class="stack">
      <Head draft={draft} />
      <section class="panel">
        <div class="row spread">
          <h2>{`Tools of this server`}</h2>
          <span class="row small">
            {counts.filter((one) => one.count > 0).map((one) => (
              <button type="button" key={one.state} class="plain" aria-pressed={only === one.state} onClick={() => setQuery({ state: only === one.state ? null : one.state })}>{`${one.count} ${stateWords[one.state].toLowerCase()}`}</button>
            ))}
          </span>
        </div>
        <div class="row filters">
          <input type="search" aria-label="Search tools" placeholder="Tool" value={query.get("q") ?? ""} onInput={(event) => setQuery({ q: event.currentTarget.value })} />
          <select aria-label="Risk" value={risk} onChange={(event) => setQuery({ risk: event.currentTarget.value })}>
            <option value="">Every risk</option>
            {categories.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
          <span class="row">
            {tools.length > 0 && <button type="button" onClick={() => setRecommending(true)}>Recommended…</button>}
            {destructive.length > 0 && (
              <button type="button" onClick={() => draft.setTools(destructive.map((row) => ({ tool: row.tool, category: row.known?.category })), "hide")}>{`Hide all destructive (${destructive.length})`}</button>
            )}
            <select aria-label="Set every tool shown" value="" disabled={shown.length === 0} onChange={(event) => { const value = event.currentTarget.value; event.currentTarget.value = ""; if (value) group(value as State); }}>
              <option value="">{filtered ? `Set the ${shown.length} shown…` : "Set all…"}</option>
              {(["allow", "deny", "hide", "ask"] as const).map((one) => <option key={one} value={one}>{stateWords[one]}</option>)}
            </select>
          </span>
        </div>
        <Load from={props.tools}>{(known) => known.length === 0 && <p class="dim small">The catalogue knows no tools of this server yet. It learns them when an agent lists them, or by <code>doorward scan</code>.</p>}</Load>
        {settled && <ul class="tools">
          {shown.map((row, index) => (
            <ToolRow key={row.tool} draft={draft} row={row} server={server} index={index} calls={props.calls && (props.calls.get(row.tool) ?? 0)} openJson={openJson}
                     wanted={row.tool === wanted} open={open.has(row.tool)} setOpen={(now) => { const next = new Set(open); if (now) next.add(row.tool); else next.delete(row.tool); setOpen(next); }} />
          ))}
        </ul>}
        {settled && rows.length > 0 && shown.length === 0 && <p class="empty">{"No tool matches. "}<button type="button" class="plain" onClick={() => setQuery({ q: null, state: null, risk: null })}>Show all</button></p>}
      </section>
      <Broad draft={draft} tools={tools} openJson={openJson} />
      {recommending && <Recommended draft={draft} server={server} onClose={() => setRecommending(false)} />}
      {rest.length > 0 && (
        <section class="panel">
          <h2>The rest of the document</h2>
          {rest.map((member) => <RawBlock key={member.key} name={member.key} text={text.slice(member.value.from, member.value.to)} open={() => openJson([member.key])} />)}
        </section>
      )}
    </div>
  );
}

