// The controls of one condition: field, operator, value.
import { useId, useState } from "preact/hooks";
import { setAt, type Value, Written } from "../../policy/edit.ts";
import { memberOf, type Node, type Path, textOf } from "../../policy/json_text.ts";
import { comparisons, firstValue, isDrawable, numberOf, operators, operatorsFor } from "../../policy/operators.ts";
import { type Field, type FieldType, otherFields } from "../../policy/schema.ts";
import { visible } from "../../visible.ts";
import type { Draft } from "./draft.ts";

export function fieldOf(fields: Field[], path: string): Field | undefined {
  return [...fields, ...otherFields].find((field) => field.path === path);
}

/** What is typed and not taken yet: drawing the page anew does not lose it. */
function useTyping(value: string, take: (value: string) => boolean) {
  const [typed, setTyped] = useState<string>();
  const [wrong, setWrong] = useState(false);
  type From = { currentTarget: { value: string } };
  return {
    value: typed ?? value,
    "aria-invalid": wrong || undefined,
    onInput: ({ currentTarget }: From) => setTyped(currentTarget.value),
    onChange: ({ currentTarget }: From) => {
      const taken = take(currentTarget.value);
      setWrong(!taken);
      if (taken) setTyped(undefined);
    },
    onBlur: ({ currentTarget }: From) => { if (currentTarget.value === value) setTyped(undefined); },
  };
}

/** A text field that tells of a value once it is whole: on Enter, or when it is left. */
export function Typed(props: { label: string; value: string; take: (value: string) => boolean; number?: boolean; list?: string; wide?: boolean; placeholder?: string }) {
  const typing = useTyping(props.value, props.take);
  return (
    <input class={props.wide ? "wide" : props.number ? "short" : undefined} aria-label={props.label} {...typing} list={props.list} inputMode={props.number ? "decimal" : undefined} placeholder={props.placeholder}
           spellcheck={false} autocomplete="off" />
  );
}

function Choice(props: { label: string; value: string; of: [string, string][]; take: (value: string) => void }) {
  return (
    <select aria-label={props.label} value={props.value} onChange={(event) => props.take(event.currentTarget.value)}>
      {props.of.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
    </select>
  );
}

function listOf(node: Node): string[] {
  return node.kind === "array" ? node.items.map((item) => (item.kind === "string" ? item.value : item.kind === "number" ? item.spelled : ""))
    : node.kind === "string" ? [node.value] : [];
}

/** One value a line: a comma may be part of a value. */
function Lines(props: { label: string; of: string[]; take: (lines: string[]) => boolean }) {
  const typing = useTyping(props.of.join("\n"), (text) => props.take(text.split("\n").map((line) => line.trim()).filter(Boolean)));
  return (
    <textarea aria-label={props.label + ", one a line"} {...typing} rows={Math.min(6, props.of.length + 1)} spellcheck={false} />
  );
}

function ValueControl(props: { op: string; value: Node; field: Field | undefined; take: (value: Value) => void }) {
  const { op, value, field, take } = props;
  const type: FieldType = field?.type ?? "unknown";
  const number = (typed: string) => {
    const found = numberOf(typed);
    if (found) take(found);
    return found !== undefined;
  };
  switch (operators[op]?.entry) {
    case "number":
      return <Typed label="Value" number value={value.kind === "number" ? value.spelled : ""} take={number} />;
    case "present":
      return <Choice label="Value" value={String(value.kind === "boolean" && value.value)} of={[["true", "yes"], ["false", "no"]]} take={(one) => take(one === "true")} />;
    case "length": {
      const own = value.kind === "object" ? value.members[0] : undefined;
      const comparison = own?.key ?? "lte";
      return (
        <>
          <Choice label="Comparison" value={comparison} of={Object.entries(comparisons)} take={(one) => take({ [one]: own?.value.kind === "number" ? new Written(own.value.spelled) : 100 })} />
          <Typed label="Length" number value={own?.value.kind === "number" ? own.value.spelled : ""} take={(typed) => {
            if (!/^\d{1,9}$/.test(typed.trim())) return false;
            take({ [comparison]: Number(typed) });
            return true;
          }} />
        </>
      );
    }
    case "list":
    case "strings":
    case "texts": {
      const numbers = value.kind === "array" && value.items.every((item) => item.kind === "number");
      return <Lines label="Values" of={listOf(value)} take={(lines) => {
        if (lines.length === 0) return false;
        if (!numbers && type !== "number") {
          take(lines.length === 1 && operators[op]!.entry === "texts" ? lines[0]! : lines);
          return true;
        }
        const spelled = lines.map(numberOf);
        if (spelled.some((one) => one === undefined)) return false;
        take(spelled as Written[]);
        return true;
      }} />;
    }
    case "text":
      return <Typed label="Value" wide value={textOf(value)} take={(typed) => { take(typed); return true; }} />;
    default: {
      if (field?.values && field.values.length > 0) {
        const own = value.kind === "string" || value.kind === "boolean" ? value.value : value.kind === "number" ? Number(value.spelled) : "";
        const offered = field.values.includes(own) ? field.values : [...field.values, own];
        return <Choice label="Value" value={JSON.stringify(own)} of={offered.map((one) => [JSON.stringify(one), visible(String(one))])} take={(one) => take(JSON.parse(one))} />;
      }
      if (value.kind === "boolean" || type === "boolean") {
        return <Choice label="Value" value={String(value.kind === "boolean" && value.value)} of={[["true", "true"], ["false", "false"]]} take={(one) => take(one === "true")} />;
      }
      if (value.kind === "number" || type === "number") {
        return <Typed label="Value" number value={value.kind === "number" ? value.spelled : textOf(value)} take={number} />;
      }
      return <Typed label="Value" wide value={textOf(value)} take={(typed) => { take(typed); return true; }} />;
    }
  }
}

/** A condition of an entry. `path`: where it stands. */
export function ConditionControls(props: { draft: Draft; path: Path; node: Node; fields: Field[] }) {
  const { draft, path, node, fields } = props;
  const list = useId();
  const own = textOf(memberOf(node, "path")?.value);
  const op = textOf(memberOf(node, "op")?.value);
  const value = memberOf(node, "value")?.value;
  const field = fieldOf(fields, own);
  const type = field?.type ?? "unknown";
  const set = (member: string, to: Value) => draft.set(setAt(draft.text.value, [...path, member], to));
  const setField = (typed: string) => {
    const wanted = typed.trim();
    const full = fieldOf(fields, wanted) ? wanted : fieldOf(fields, "args." + wanted) ? "args." + wanted : wanted;
    if (!/^(args|identity|grant|tool|time)[.[]/.test(full)) return false;
    const next = fieldOf(fields, full);
    let text = setAt(draft.text.value, [...path, "path"], full);
    const kind = next?.type ?? "unknown";
    const fits = operatorsFor(kind).includes(op);
    const nextOp = fits ? op : operatorsFor(kind)[0]!;
    if (!fits) text = setAt(text, [...path, "op"], nextOp);
    if (!fits || (next && next.type !== type)) text = setAt(text, [...path, "value"], firstValue(nextOp, kind, next?.values));
    draft.set(text);
    return true;
  };
  const setOperator = (next: string) => {
    let text = setAt(draft.text.value, [...path, "op"], next);
    if (!value || !isDrawable(next, value)) text = setAt(text, [...path, "value"], firstValue(next, type, field?.values));
    draft.set(text);
  };
  const offered = operatorsFor(type);
  return (
    <span class="condition">
      <Typed label="Field" value={own} list={list} take={setField} />
      <datalist id={list}>
        {[...fields, ...otherFields].map((one) => <option key={one.path} value={one.path}>{one.type === "unknown" ? "" : one.type}</option>)}
      </datalist>
      <Choice label="Operator" value={op} of={(offered.includes(op) ? offered : [...offered, op]).map((one) => [one, operators[one]?.words ?? one])} take={setOperator} />
      {value && <ValueControl op={op} value={value} field={field} take={(to) => set("value", to)} />}
    </span>
  );
}

/** What a new condition asks: of the first argument that has an order, else of the first. */
export function firstCondition(fields: Field[], list: string): Value {
  const known = fields.filter((field) => field.path.startsWith("args"));
  const field = known.find((one) => one.type === "number") ?? known.find((one) => one.values) ?? known[0];
  if (!field) return { path: "args.name", op: "exists", value: true };
  if (list === "require") {
    const optional = known.find((one) => !one.required) ?? field;
    return { path: optional.path, op: "exists", value: true };
  }
  const op = field.type === "number" ? "gt" : field.values ? "eq" : operatorsFor(field.type)[0]!;
  return { path: field.path, op, value: firstValue(op, field.type, field.values) };
}
