// The rules of one block (`tools.<name>`, `risk.<category>`, `all_tools`) as sentences that can be changed.
import { useState } from "preact/hooks";
import { append, removeAt, setAt, type Value, Written } from "../../policy/edit.ts";
import { memberOf, type Node, nodeAt, type Path, pointerOf, textOf } from "../../policy/json_text.ts";
import { numberOf } from "../../policy/operators.ts";
import type { Field } from "../../policy/schema.ts";
import { actionParts, entryParts, limitParts, type Part, rateLimitParts, scopes, windows } from "../../policy/sentence.ts";
import { rootOf } from "../../policy/document.ts";
import { visible } from "../../visible.ts";
import { Text } from "../../parts/text.tsx";
import { ConditionControls, firstCondition, Typed } from "./condition.tsx";
import type { Draft } from "./draft.ts";
import { RawBlock, Sentence } from "./parts.tsx";

export interface Place {
  draft: Draft;
  fields: Field[];
  /** Shows a path of the document in the JSON tab. */
  openJson: (path: Path) => void;
}

/** Sets a member to a text, or takes it away where that is empty. */
function setText(draft: Draft, path: Path, value: string): boolean {
  draft.set(value === "" ? removeAt(draft.text.value, path) : setAt(draft.text.value, path, value));
  return true;
}

/** A part is removed with the list that it leaves empty. */
function removePart(draft: Draft, path: Path): void {
  const without = removeAt(draft.text.value, path);
  const list = nodeAt(rootOf(without), path.slice(0, -1));
  draft.set(list?.kind === "array" && list.items.length === 0 ? removeAt(without, path.slice(0, -1)) : without);
}

/** A rule in words, with its controls behind a button. */
function Rule(props: { parts: Part[]; told?: string; name: string; open: boolean; toggle: () => void; remove: () => void; children: preact.ComponentChildren }) {
  return (
    <li class={"rule" + (props.open ? " open" : "")}>
      <div class="row spread">
        <span><Sentence of={props.parts} />{props.told && <span class="dim">{" – “"}<Text of={props.told} most={200} />{"”"}</span>}</span>
        <span class="row nowrap">
          <button type="button" class="plain" aria-expanded={props.open} onClick={props.toggle}>{props.open ? "Done" : "Change"}<span class="hidden-visually">{" " + props.name}</span></button>
          <button type="button" class="plain" onClick={props.remove}>Remove<span class="hidden-visually">{" " + props.name}</span></button>
        </span>
      </div>
      {props.open && <div class="rule-controls">{props.children}</div>}
    </li>
  );
}

function Entry(props: Place & { list: string; path: Path; node: Node; open: boolean; toggle: () => void }) {
  const { draft, fields, list, path, node } = props;
  const parts = entryParts(list, node);
  const remove = () => removePart(draft, path);
  const name = `${list} ${Number(path.at(-1)) + 1}`;
  if (!parts) {
    return <li><RawBlock name={name} text={draft.text.value.slice(node.from, node.to)} open={() => props.openJson(path)} remove={remove} /></li>;
  }
  const conditions = memberOf(node, "conditions")!.value;
  const items = conditions.kind === "array" ? conditions.items : [];
  const told = list === "approve_if" ? "on_pending" : "on_deny";
  const approvers = memberOf(node, "approvers")?.value;
  return (
    <Rule parts={parts} told={textOf(memberOf(node, told)?.value)} name={name} open={props.open} toggle={props.toggle} remove={remove}>
      <ul class="conditions">
        {items.map((item, index) => (
          <li key={index} class="row">
            <span class="joint">{index > 0 ? "and" : list === "require" ? "Require" : list === "deny_if" ? "Deny when" : "Ask when"}</span>
            <ConditionControls draft={draft} fields={fields} path={[...path, "conditions", index]} node={item} />
            {items.length > 1 && (
              <button type="button" class="plain" onClick={() => draft.set(removeAt(draft.text.value, [...path, "conditions", index]))}>
                Remove<span class="hidden-visually">{` condition ${index + 1}`}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <button type="button" class="plain" onClick={() => draft.set(append(draft.text.value, [...path, "conditions"], firstCondition(fields, list)))}>And another condition</button>
      {list === "approve_if" && (
        <div class="row">
          <label class="inline">{"Asked are "}<Typed label="Groups of approvers" value={approvers?.kind === "array" ? approvers.items.map(textOf).join(", ") : ""} placeholder="everyone who approves"
            take={(typed) => {
              const names = typed.split(",").map((one) => one.trim()).filter(Boolean);
              draft.set(names.length === 0 ? removeAt(draft.text.value, [...path, "approvers"]) : setAt(draft.text.value, [...path, "approvers"], names));
              return true;
            }} /></label>
          <label class="inline">{"within "}<Typed label="Time to answer" value={textOf(memberOf(node, "expires")?.value)} placeholder="10m"
            take={(typed) => (typed === "" || /^[1-9][0-9]{0,6}[smhd]$/.test(typed)) && setText(draft, [...path, "expires"], typed)} /></label>
        </div>
      )}
      <label class="field"><span>{list === "approve_if" ? "The agent is told while it waits" : "The agent is told"}</span>
        <Typed label={list === "approve_if" ? "The agent is told while it waits" : "The agent is told"} wide value={textOf(memberOf(node, told)?.value)} placeholder="The gateway's own words"
               take={(typed) => [...typed].length <= 500 && setText(draft, [...path, told], typed)} />
      </label>
    </Rule>
  );
}

function windowValue(typed: string): Value | undefined {
  const text = typed.trim();
  if (windows.includes(text)) return text;
  return /^[1-9][0-9]{0,7}$/.test(text) && Number(text) <= 31622400 ? Number(text) : undefined;
}

function Limit(props: Place & { path: Path; node: Node; open: boolean; toggle: () => void }) {
  const { draft, path, node, fields } = props;
  const parts = limitParts(node);
  const remove = () => removePart(draft, path);
  const name = `limit ${Number(path.at(-1)) + 1}`;
  if (!parts) return <li><RawBlock name={name} text={draft.text.value.slice(node.from, node.to)} open={() => props.openJson(path)} remove={remove} /></li>;
  const member = (key: string) => memberOf(node, key)?.value;
  const set = (key: string, value: Value) => { draft.set(setAt(draft.text.value, [...path, key], value)); return true; };
  const max = member("max")!;
  const window = member("window")!;
  const amount = textOf(member("amount"));
  const numbers = fields.filter((field) => field.type === "number" && field.path.startsWith("args") && !field.path.includes("[*]"));
  return (
    <Rule parts={parts} told={textOf(member("on_deny"))} name={name} open={props.open} toggle={props.toggle} remove={remove}>
      <div class="row">
        <label class="inline">{"At most "}<Typed label="Maximum" number value={max.kind === "number" ? max.spelled : ""} take={(typed) => {
          const value = numberOf(typed);
          if (!value || value.text.startsWith("-") || (amount === "" && !/^\d+$/.test(value.text))) return false;
          return set("max", value);
        }} /></label>
        <label class="inline">{"of "}<select aria-label="What is counted" value={amount} onChange={(event) => {
          const value = event.currentTarget.value;
          if (value) return void set("amount", value);
          const whole = max.kind === "number" && !/^\d+$/.test(max.spelled);
          const text = removeAt(draft.text.value, [...path, "amount"]);
          draft.set(whole ? setAt(text, [...path, "max"], Math.ceil(Number(max.spelled))) : text);
        }}>
          <option value="">calls</option>
          {[...new Set([...numbers.map((field) => field.path), ...(amount ? [amount] : [])])].map((one) => <option key={one} value={one}>{visible(one)}</option>)}
        </select></label>
        <label class="inline">{"per "}<Typed label="Window" value={window.kind === "string" ? window.value : window.kind === "number" ? window.spelled : ""} list="policy-windows" take={(typed) => {
          const value = windowValue(typed);
          if (value === undefined) return false;
          let text = setAt(draft.text.value, [...path, "window"], value);
          // A counter that is named by its window goes on being so.
          const counter = textOf(member("counter"));
          const named = `-per-${textOf(window)}`;
          if (typeof value === "string" && counter.endsWith(named)) text = setAt(text, [...path, "counter"], counter.slice(0, -named.length) + `-per-${value}`);
          draft.set(text);
          return true;
        }} /></label>
        <datalist id="policy-windows">{windows.map((one) => <option key={one} value={one} />)}</datalist>
        <label class="inline">{"for "}<select aria-label="Scope" value={textOf(member("scope"))} onChange={(event) => set("scope", event.currentTarget.value)}>
          {Object.entries(scopes).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select></label>
      </div>
      <div class="row">
        <label class="inline">{"Counter "}<Typed label="Counter" value={textOf(member("counter"))} take={(typed) => typed.trim() !== "" && set("counter", typed.trim())} /></label>
        <span class="dim small">Limits of the same counter, window and scope share one count.</span>
      </div>
      <label class="field"><span>The agent is told</span>
        <Typed label="The agent is told" wide value={textOf(member("on_deny"))} placeholder="The gateway's own words" take={(typed) => [...typed].length <= 500 && setText(draft, [...path, "on_deny"], typed)} />
      </label>
    </Rule>
  );
}

const lists = ["deny_if", "require", "approve_if"] as const;
const inAction = ["action", "reason", "approvers", "expires", "on_pending"];

/** A name for a counter that nothing else in the block has. */
function freshCounter(path: Path, window: string, block: Node | undefined): string {
  const own = path[0] === "all_tools" ? "calls" : String(path[1]).replace(/[^A-Za-z0-9_-]+/g, "_") || "calls";
  const wanted = `${own}-per-${window}`;
  const limits = memberOf(block ?? { kind: "null", from: 0, to: 0 }, "limits")?.value;
  const taken = limits?.kind === "array" ? limits.items.map((item) => textOf(memberOf(item, "counter")?.value)) : [];
  let name = wanted;
  for (let n = 2; taken.includes(name); ++n) name = `${wanted}-${n}`;
  return name;
}

/** The block at a path, which may not be there yet. */
export function RuleBlock(props: Omit<Place, "fields"> & { fields: Field[] | undefined; path: Path; what: string }) {
  const { draft, path } = props;
  const fields = props.fields ?? [];
  const waits = props.fields === undefined;
  const [open, setOpen] = useState<string>();
  const block = nodeAt(rootOf(draft.text.value), path);
  const members = block?.kind === "object" ? block.members : [];
  if (block && block.kind !== "object") return <RawBlock name={path.map(String).join(".")} text={draft.text.value.slice(block.from, block.to)} open={() => props.openJson(path)} />;
  const toggle = (of: Path) => setOpen(open === pointerOf(of) ? undefined : pointerOf(of));
  const count = (list: string) => { const node = memberOf(block ?? { kind: "null", from: 0, to: 0 }, list)?.value; return node?.kind === "array" ? node.items.length : 0; };
  const add = (list: string, value: Value) => {
    const action = textOf(memberOf(block ?? { kind: "null", from: 0, to: 0 }, "action")?.value);
    // Deny and hide stand alone in their block; a rule beside them means that they no longer hold for every call.
    let text = draft.text.value;
    if (action === "deny" || action === "hide") {
      text = removeAt(text, [...path, "action"]);
      if (memberOf(block!, "reason")) text = removeAt(text, [...path, "reason"]);
    }
    draft.set(append(text, [...path, list], value));
    setOpen(pointerOf([...path, list, count(list)]));
  };
  const action = block && actionParts(block);
  const known = new Set<string>([...lists, "limits", ...(action ? inAction : []), ...(block && rateLimitParts(nodeAt(block, ["rate_limit"]) ?? block) ? ["rate_limit"] : [])]);
  const odd = members.filter((member) => !known.has(member.key) ||
    ([...lists, "limits"].includes(member.key) && member.value.kind !== "array"));
  const rate = memberOf(block ?? { kind: "null", from: 0, to: 0 }, "rate_limit")?.value;
  const rateParts = rate && rateLimitParts(rate);
  return (
    <div class="rules">
      <ul>
        {action && (
          <li class="rule"><div class="row spread"><span><Sentence of={action} /></span>
            <button type="button" class="plain" onClick={() => draft.set(inAction.filter((one) => memberOf(block!, one)).reduce((text, one) => removeAt(text, [...path, one]), draft.text.value))}>Remove<span class="hidden-visually"> action</span></button>
          </div></li>
        )}
        {lists.flatMap((list) => {
          const node = memberOf(block ?? { kind: "null", from: 0, to: 0 }, list)?.value;
          return node?.kind === "array" ? node.items.map((item, index) => {
            const own = [...path, list, index];
            return <Entry key={pointerOf(own)} draft={draft} fields={fields} openJson={props.openJson} list={list} path={own} node={item} open={open === pointerOf(own)} toggle={() => toggle(own)} />;
          }) : [];
        })}
        {(() => {
          const node = memberOf(block ?? { kind: "null", from: 0, to: 0 }, "limits")?.value;
          return node?.kind === "array" ? node.items.map((item, index) => {
            const own = [...path, "limits", index];
            return <Limit key={pointerOf(own)} draft={draft} fields={fields} openJson={props.openJson} path={own} node={item} open={open === pointerOf(own)} toggle={() => toggle(own)} />;
          }) : null;
        })()}
        {rate && rateParts && (
          <Rule parts={rateParts} name="rate limit" open={open === "rate"} toggle={() => setOpen(open === "rate" ? undefined : "rate")} remove={() => draft.set(removeAt(draft.text.value, [...path, "rate_limit"]))}>
            <div class="row">
              <label class="inline">{"At most "}<Typed label="Maximum" number value={textSpelled(memberOf(rate, "max")?.value)} take={(typed) => {
                if (!/^\d{1,12}$/.test(typed.trim())) return false;
                draft.set(setAt(draft.text.value, [...path, "rate_limit", "max"], new Written(typed.trim().replace(/^0+(?=\d)/, ""))));
                return true;
              }} />{" calls in "}</label>
              <label class="inline"><Typed label="Window" value={textSpelled(memberOf(rate, "window")?.value)} take={(typed) => {
                const value = windowValue(typed);
                if (value === undefined) return false;
                draft.set(setAt(draft.text.value, [...path, "rate_limit", "window"], value));
                return true;
              }} />{" seconds, in each session"}</label>
            </div>
          </Rule>
        )}
        {odd.map((member) => (
          <li key={member.key}><RawBlock name={member.key} text={draft.text.value.slice(member.value.from, member.value.to)} open={() => props.openJson([...path, member.key])}
            remove={() => draft.set(removeAt(draft.text.value, [...path, member.key]))} /></li>
        ))}
      </ul>
      <div class="row add-rules" role="group" aria-label={`Add a rule to ${visible(props.what)}`}>
        <button type="button" disabled={waits} onClick={() => add("deny_if", { conditions: [firstCondition(fields, "deny_if")] })}>Deny when…</button>
        <button type="button" disabled={waits} onClick={() => add("require", { conditions: [firstCondition(fields, "require")] })}>Require…</button>
        <button type="button" disabled={waits} onClick={() => add("approve_if", { conditions: [firstCondition(fields, "approve_if")] })}>Ask when…</button>
        <button type="button" disabled={waits} onClick={() => add("limits", { counter: freshCounter(path, "hour", block), window: "hour", max: 60, scope: "grant" })}>Limit…</button>
      </div>
    </div>
  );
}

function textSpelled(node: Node | undefined): string {
  return node?.kind === "number" ? node.spelled : textOf(node);
}
